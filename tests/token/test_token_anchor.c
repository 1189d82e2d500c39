/* Older files put back, anchors that are gone, rotation and settings of the journal. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "token/journal.h"
#include "token/store.h"

typedef struct fixture {
    vk_token *token;
    char *path, *backup, *anchor;
    vk_grant_record grant;
} fixture;

static char *name_with(const char *a, const char *b, const char *c) {
    vk_buf out = {0};
    vk_buf_printf(&out, "%s%s%s", a, b, c);
    char *text = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(text);
    return text;
}

static fixture fixture_new(void) {
    anchors_elsewhere(0);
    fixture f = {.token = token_new(home)};
    vk_token_info info;
    f.path = path_of(f.token);
    f.backup = name_with(f.path, ".backup", "");
    assert_ok(vk_token_get_info(f.token, &info));
    char *directory = name_with(home, "/anchors-0/", info.serial);
    f.anchor = name_with(directory, ".anchor", "");
    vk_text_free(directory);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    f.grant = grant_add(f.token, key_add(f.token, 0), 1);
    assert_ok(reserve(f.token, &f.grant, 1, 1));
    return f;
}

static void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grant);
    vk_token_close(f->token);
    free(f->path);
    vk_text_free(f->backup);
    vk_text_free(f->anchor);
}

static void copy_file(const char *from, const char *to) {
    char sql[1200];
    snprintf(sql, sizeof sql, "VACUUM INTO '%s'", to);
    remove(to);
    raw(from, sql);
    ck_assert_int_eq(chmod(to, 0600), 0);
}

static void back_up(const fixture *f) {
    copy_file(f->path, f->backup);
}

static void reopen(fixture *f, vk_role role) {
    assert_ok(vk_token_open(f->path, &f->token, NULL));
    assert_ok(login(f->token, role, role == VK_ROLE_SO ? SO_PIN : USER_PIN));
}

/* Closes the token and puts the copy in its place. */
static void put_back(fixture *f) {
    vk_token_close(f->token);
    ck_assert_int_eq(rename(f->backup, f->path), 0);
    reopen(f, VK_ROLE_USER);
}

static void note_first(void *context, const vk_journal_finding *finding) {
    const char **what = context;
    *what = *what == NULL ? finding->what : *what;
}

/* What verification says first, or NULL. */
static const char *first_finding(vk_token *token) {
    static const char *what;
    vk_journal_check check;
    what = NULL;
    assert_ok(vk_journal_verify(token, note_first, &what, &check, NULL));
    ck_assert((check.findings > 0) == (what != NULL));
    return what;
}

static bool is_clean(vk_token *token) {
    return first_finding(token) == NULL;
}

static bool is_found(vk_token *token, const char *expected) {
    const char *what = first_finding(token);
    return what != NULL && strcmp(what, expected) == 0;
}

static vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)budget;
    (void)charge;
    return vk_fail(err, VK_DENIED, "gas", "no");
}

static vk_status allow(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)budget;
    (void)charge;
    (void)err;
    return VK_OK;
}

static vk_status decide_plain(const fixture *f) {
    question q;
    uint8_t point65[65];
    point_of(0, point65);
    question_init(&q, &f->grant, point65, 5, allow, NULL);
    q.decision.grant = NULL;
    return vk_token_decide(f->token, &q.decision, NULL);
}

static void assert_refused(fixture *f) {
    question q;
    vk_error err = {0};
    uint8_t point65[65];
    point_of(0, point65);
    question_init(&q, &f->grant, point65, 99, allow, NULL);
    assert_status(vk_token_decide(f->token, &q.decision, &err), VK_ERR_INTEGRITY);
    ck_assert_ptr_nonnull(strstr(err.message, "valetkey audit accept"));
    ck_assert(is_found(f->token, "restored"));
}

static void accept_as_so(fixture *f) {
    vk_token_logout(f->token);
    assert_ok(login(f->token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_journal_accept(f->token, NULL));
    vk_token_logout(f->token);
    assert_ok(login(f->token, VK_ROLE_USER, USER_PIN));
}

static int64_t events(const fixture *f, int event) {
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM journal WHERE event = %d", event);
    return raw_int(f->path, sql);
}

static void set_max(fixture *f, int64_t max) {
    vk_token_logout(f->token);
    assert_ok(login(f->token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_set_journal(f->token, VK_JOURNAL_ON, max, NULL));
    vk_token_logout(f->token);
    assert_ok(login(f->token, VK_ROLE_USER, USER_PIN));
}

/* ---- Older files ---- */

START_TEST(an_older_file_is_found) {
    fixture f = fixture_new();
    back_up(&f);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    put_back(&f);
    assert_refused(&f);
    assert_status(decide_plain(&f), VK_ERR_INTEGRITY);
    assert_status(decide(f.token, &f.grant, 7, refuse, NULL), VK_ERR_INTEGRITY);
    assert_status(vk_journal_accept(f.token, NULL), VK_ERR_NOT_LOGGED_IN);
    accept_as_so(&f);
    ck_assert_int_eq(events(&f, VK_EVENT_ACCEPTED), 1);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* Signatures that need no budget, and their records, must not make it as new as its anchor. */
START_TEST(an_older_file_does_not_catch_up) {
    fixture f = fixture_new();
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    back_up(&f);
    for (uint64_t i = 2; i < 30; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
    }
    put_back(&f);
    int64_t before = raw_int(f.path, "SELECT counter FROM state");
    for (int i = 0; i < 2 * VK_JOURNAL_MAX_LEAST; i++) {
        assert_status(decide_plain(&f), VK_ERR_INTEGRITY);
    }
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), before);
    vk_token_close(f.token);
    reopen(&f, VK_ROLE_USER);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

/* The anchor's record was dropped: by a file with another history. Or just now. */
START_TEST(an_anchor_whose_record_was_dropped) {
    fixture f = fixture_new();
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    back_up(&f);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    put_back(&f);
    vk_token_close(f.token);
    anchors_elsewhere(1);
    reopen(&f, VK_ROLE_USER);
    for (uint64_t i = 100; i < 100 + 2 * VK_JOURNAL_MAX_LEAST; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
    }
    vk_token_close(f.token);
    anchors_elsewhere(0);
    reopen(&f, VK_ROLE_USER);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

#define MANY 200

typedef struct member {
    const fixture *f;
    const vk_grant_record *grant;
    uint64_t nonce;
    vk_status status;
} member;

static void *be_member(void *arg) {
    member *m = arg;
    m->status = reserve(m->f->token, m->grant, m->nonce, 1);
    return NULL;
}

/* All of them wait until the lock is free, so that a group has more than one rotation drops. */
START_TEST(a_group_larger_than_the_journal) {
    fixture f = fixture_new();
    vk_grant_record other = grant_add(f.token, key_add(f.token, 1), 1);
    static pthread_t threads[MANY];
    static member members[MANY];
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    vk_token_lock(f.token);
    for (uint64_t i = 0; i < MANY; i++) {
        members[i] = (member){&f, i < 60 ? &other : &f.grant, 100 + i, VK_ERR_BUSY};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, be_member, &members[i]), 0);
        usleep(1000);
    }
    usleep(100000);
    vk_token_unlock(f.token);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        assert_ok(members[i].status);
    }
    ck_assert(is_clean(f.token));
    vk_grant_record_clear(&other);
    fixture_free(&f);
}
END_TEST

/* What was newest before the copy was accepted is no continuation of it. */
START_TEST(the_newer_file_put_back_after_all) {
    fixture f = fixture_new();
    char *newer = name_with(f.path, ".newer", "");
    back_up(&f);
    for (uint64_t i = 2; i < 20; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
    }
    copy_file(f.path, newer);
    put_back(&f);
    accept_as_so(&f);
    vk_token_close(f.token);
    ck_assert_int_eq(rename(newer, f.path), 0);
    reopen(&f, VK_ROLE_USER);
    assert_refused(&f);
    vk_text_free(newer);
    fixture_free(&f);
}
END_TEST

/* A copy that is used under another anchor goes its own way, and comes back. */
START_TEST(a_copy_used_elsewhere_is_found) {
    fixture f = fixture_new();
    back_up(&f);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    vk_token_close(f.token);
    ck_assert_int_eq(rename(f.backup, f.path), 0);
    anchors_elsewhere(1);
    reopen(&f, VK_ROLE_USER);
    for (uint64_t i = 2; i < 20; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
    }
    vk_token_close(f.token);
    anchors_elsewhere(0);
    reopen(&f, VK_ROLE_USER);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

START_TEST(an_older_file_is_found_when_only_keys_changed) {
    fixture f = fixture_new();
    back_up(&f);
    key_add(f.token, 7);
    put_back(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

START_TEST(an_older_file_is_found_without_a_journal) {
    fixture f = fixture_new();
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_set_journal(f.token, VK_JOURNAL_OFF, VK_JOURNAL_MAX_DEFAULT, NULL));
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    back_up(&f);
    question q;
    uint8_t point65[65];
    point_of(0, point65);
    question_init(&q, &f.grant, point65, 9, allow, NULL);
    q.decision.entry = NULL;
    assert_ok(vk_token_decide(f.token, &q.decision, NULL));
    put_back(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

/* ---- Anchors ---- */

START_TEST(a_lost_anchor_is_noted_once) {
    fixture f = fixture_new();
    vk_token_logout(f.token);
    ck_assert_int_eq(unlink(f.anchor), 0);
    ck_assert(is_found(f.token, "anchor"));
    for (int i = 0; i < 2; i++) {
        assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
        ck_assert_int_eq(events(&f, VK_EVENT_ANCHOR), 1);
        ck_assert_int_eq(access(f.anchor, F_OK), 0);
        vk_token_logout(f.token);
    }
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

START_TEST(a_damaged_anchor_is_noted) {
    fixture f = fixture_new();
    vk_token_logout(f.token);
    FILE *file = fopen(f.anchor, "w");
    fputs("valetkey-anchor 1 nonsense", file);
    ck_assert_int_eq(fclose(file), 0);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    ck_assert_int_eq(events(&f, VK_EVENT_ANCHOR), 1);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* One of two slots: an anchor that was being written when the power went. */
START_TEST(a_torn_anchor_still_counts) {
    fixture f = fixture_new();
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    back_up(&f);
    for (uint64_t i = 3; i < 9; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
    }
    FILE *file = fopen(f.anchor, "r+");
    fputs("valetkey-anchor 1 torn", file);
    ck_assert_int_eq(fclose(file), 0);
    put_back(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

START_TEST(no_place_for_an_anchor) {
    fixture f = fixture_new();
    vk_token_logout(f.token);
    ck_assert_int_eq(setenv("VALETKEY_ANCHOR_DIR", "/proc/none", 1), 0);
    for (int i = 0; i < 2; i++) {
        assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
        assert_ok(reserve(f.token, &f.grant, 2 + (uint64_t)i, 1));
        ck_assert_int_eq(events(&f, VK_EVENT_ANCHOR), 1);
        vk_token_logout(f.token);
    }
    anchors_elsewhere(0);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    assert_ok(reserve(f.token, &f.grant, 9, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* The anchor is newer than what this process saw last: another one wrote in between. */
START_TEST(two_processes_share_an_anchor) {
    fixture f = fixture_new();
    vk_token *other = token_open_as(f.path, VK_ROLE_USER);
    for (uint64_t i = 2; i < 12; i++) {
        assert_ok(reserve(i % 2 == 0 ? other : f.token, &f.grant, i, 1));
    }
    vk_token_close(other);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    assert_ok(reserve(f.token, &f.grant, 20, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* The other process is told by the file itself. */
START_TEST(accepted_by_another_process) {
    fixture f = fixture_new();
    back_up(&f);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    put_back(&f);
    assert_refused(&f);
    vk_token *so = token_open_as(f.path, VK_ROLE_SO);
    assert_ok(vk_journal_accept(so, NULL));
    vk_token_close(so);
    assert_ok(reserve(f.token, &f.grant, 3, 1));
    fixture_free(&f);
}
END_TEST

/* A state that somebody edited keeps everybody from signing, until the SO has looked at it. */
START_TEST(an_edited_state_can_be_accepted) {
    static const char *const edits[] = {"UPDATE state SET counter = 1", "DELETE FROM state",
                                        "UPDATE token SET journal = 0", "DELETE FROM journal",
                                        "UPDATE journal_key SET sequence = 7"};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        fixture f = fixture_new();
        raw(f.path, edits[i]);
        ck_assert(!is_clean(f.token));
        accept_as_so(&f);
        assert_ok(reserve(f.token, &f.grant, 2, 1));
        vk_token_info info;
        assert_ok(vk_token_get_info(f.token, &info));
        ck_assert_int_eq(info.settings.journal, VK_JOURNAL_ON);
        fixture_free(&f);
    }
}
END_TEST

/* ---- Rotation ---- */

START_TEST(old_records_are_dropped) {
    fixture f = fixture_new();
    vk_grant_record others[3];
    for (unsigned i = 0; i < 3; i++) {
        others[i] = grant_add(f.token, key_add(f.token, i + 1), 1);
    }
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    for (uint64_t i = 0; i < 400; i++) {
        assert_ok(reserve(f.token, i < 9 ? &others[i % 3] : &f.grant, 10 + i, 1));
        ck_assert_int_le(raw_int(f.path, "SELECT count(*) FROM journal"), VK_JOURNAL_MAX_LEAST + 5);
        ck_assert(i % 50 != 0 || is_clean(f.token));
    }
    ck_assert_int_gt(raw_int(f.path, "SELECT min(number) FROM journal"), 250);
    /* The others have nothing but their checkpoints left, and go on from there. */
    assert_ok(reserve(f.token, &others[0], 1, 1));
    ck_assert(is_clean(f.token));
    raw(f.path, "DELETE FROM journal WHERE number = (SELECT min(number) FROM journal)");
    ck_assert(is_found(f.token, "removed"));
    for (unsigned i = 0; i < 3; i++) {
        vk_grant_record_clear(&others[i]);
    }
    fixture_free(&f);
}
END_TEST

typedef struct exported {
    int64_t count, last;
    bool is_done;
    vk_status status;
} exported;

static vk_status export_record(void *context, const vk_journal_record *record) {
    exported *e = context;
    if (record == NULL) {
        e->is_done = true;
        return e->status;
    }
    e->count++;
    e->last = record->number;
    return VK_OK;
}

START_TEST(records_are_dropped_by_hand) {
    fixture f = fixture_new();
    int64_t dropped;
    exported e = {0};
    for (uint64_t i = 2; i <= 10; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
    }
    assert_status(vk_journal_rotate(f.token, 4, NULL, NULL, &dropped, NULL), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    e.status = VK_ERR_STORE_FULL;
    assert_status(vk_journal_rotate(f.token, 4, export_record, &e, &dropped, NULL),
                  VK_ERR_STORE_FULL);
    ck_assert_int_eq(dropped, 0);
    ck_assert_int_eq(raw_int(f.path, "SELECT count(*) FROM journal"), 10);
    e = (exported){0};
    assert_ok(vk_journal_rotate(f.token, 4, export_record, &e, &dropped, NULL));
    ck_assert(e.is_done && e.count == 6 && e.last == 6 && dropped == 6);
    ck_assert_int_eq(raw_int(f.path, "SELECT count(*) FROM journal"), 5);
    ck_assert(is_clean(f.token));
    assert_ok(vk_journal_rotate(f.token, 100, export_record, &e, &dropped, NULL));
    ck_assert_int_eq(dropped, 0);
    assert_ok(vk_journal_rotate(f.token, 0, NULL, NULL, &dropped, NULL));
    ck_assert_int_eq(dropped, 5);
    ck_assert(is_clean(f.token));
    raw(f.path, "UPDATE journal SET before = zeroblob(48)");
    ck_assert(is_found(f.token, "edited"));
    fixture_free(&f);
}
END_TEST

/* ---- Settings ---- */

START_TEST(settings_are_the_sos) {
    fixture f = fixture_new();
    vk_error err = {0};
    vk_token_info info;
    assert_status(vk_token_set_journal(f.token, VK_JOURNAL_OFF, 1000, &err), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_status(vk_token_set_journal(f.token, VK_JOURNAL_OFF, 99, &err), VK_ERR_RANGE);
    ck_assert_str_eq(err.path, "journal-max");
    assert_ok(vk_token_set_journal(f.token, VK_JOURNAL_ALL, 1000, NULL));
    assert_ok(vk_token_get_info(f.token, &info));
    ck_assert_int_eq(info.settings.journal, VK_JOURNAL_ALL);
    ck_assert_int_eq(info.settings.journal_max, 1000);
    ck_assert_int_eq(events(&f, VK_EVENT_SETTINGS), 1);
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {an_older_file_is_found,
                                  an_older_file_does_not_catch_up,
                                  an_anchor_whose_record_was_dropped,
                                  a_group_larger_than_the_journal,
                                  the_newer_file_put_back_after_all,
                                  a_copy_used_elsewhere_is_found,
                                  an_older_file_is_found_when_only_keys_changed,
                                  an_older_file_is_found_without_a_journal,
                                  a_lost_anchor_is_noted_once,
                                  a_damaged_anchor_is_noted,
                                  a_torn_anchor_still_counts,
                                  no_place_for_an_anchor,
                                  two_processes_share_an_anchor,
                                  accepted_by_another_process,
                                  an_edited_state_can_be_accepted,
                                  old_records_are_dropped,
                                  records_are_dropped_by_hand,
                                  settings_are_the_sos};
    return RUN_TESTS("anchors and rotation", tests);
}
