/*
 * Anchors that are gone, rotation and settings of the journal. The program stands in for fdatasync,
 * to know what a power cut would leave of an anchor.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "anchored.h"
#include "token/journal.h"
#include "token/store.h"

static char synced[4096];
static size_t synced_len;

static void keep_synced(int file) {
    static const char ending[] = ".anchor";
    char link[40], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t len = readlink(link, path, sizeof path);
    if (len > (ssize_t)strlen(ending) &&
        memcmp(path + len - strlen(ending), ending, strlen(ending)) == 0) {
        len = pread(file, synced, sizeof synced, 0);
        synced_len = len > 0 ? (size_t)len : 0;
    }
}

__attribute__((visibility("default"))) int fdatasync(int file) {
    keep_synced(file);
    return (int)syscall(SYS_fdatasync, file);
}

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
/* Root may write whatever the mode says. */
static void use_an_anchor_that_is_read_only(void) {
    home = home_new();
    anchors_elsewhere(1);
    fixture f = fixture_new();
    ck_assert_int_eq(chmod(f.anchor, 0400), 0);
    for (uint64_t login = 0; login < 2; login++) {
        close_and_reopen(&f);
        ck_assert_int_eq(events(&f, VK_EVENT_ANCHOR), 1);
        assert_ok(reserve(f.token, &f.grant, 10 + login, 1));
    }
    ck_assert_int_eq(chmod(f.anchor, 0600), 0);
    close_and_reopen(&f);
    assert_ok(reserve(f.token, &f.grant, 20, 1));
    ck_assert(is_clean(f.token));
    ck_assert_int_eq(events(&f, VK_EVENT_ANCHOR), 1);
    fixture_free(&f);
    home_remove(home);
}

START_TEST(an_anchor_that_cannot_be_written_is_noted_once) {
    run_as_user(use_an_anchor_that_is_read_only);
}
END_TEST

START_TEST(a_torn_anchor_still_counts) {
    fixture f = fixture_new();
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    back_up(&f);
    reserve_many(f.token, &f, 3, 6);
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
    become(&f, VK_ROLE_USER);
    assert_ok(reserve(f.token, &f.grant, 20, 1));
    ck_assert(is_clean(f.token));
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

#define MANY 200

typedef struct member {
    const fixture *f;
    const vk_grant_record *grant;
    unsigned key;
    uint64_t nonce;
    vk_status status;
} member;

static vk_status use(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)err;
    budget->rules[0].used++;
    charge->present = true;
    return VK_OK;
}

/* Asks for nothing first: that would wait for the lock outside of the queue. */
static void *be_member(void *arg) {
    member *m = arg;
    question q;
    uint8_t point65[65];
    point_of(m->key, point65);
    question_init(&q, m->grant, point65, m->nonce, use, NULL);
    m->status = vk_token_decide(m->f->token, &q.decision, NULL);
    return NULL;
}

static void wait_for_queue(vk_token *token) {
    for (size_t waiting = 0; waiting < MANY;) {
        usleep(1000);
        pthread_mutex_lock(&token->group.lock);
        waiting = token->group.waiting;
        pthread_mutex_unlock(&token->group.lock);
    }
}

/* All of them wait until the lock is free, so that a group has more than one rotation drops. */
static void sign_as_one(const fixture *f, const vk_grant_record *other) {
    static pthread_t threads[MANY];
    static member members[MANY];
    vk_token_lock(f->token);
    for (unsigned i = 0; i < MANY; i++) {
        members[i] = (member){f, i < 60 ? other : &f->grant, i < 60, 100 + i, VK_ERR_BUSY};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, be_member, &members[i]), 0);
    }
    wait_for_queue(f->token);
    vk_token_unlock(f->token);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        assert_ok(members[i].status);
    }
}

/* The process is killed before it has written the anchor; that one goes with the file all the same.
 */
START_TEST(a_group_larger_than_the_journal) {
    fixture f = fixture_new();
    vk_grant_record other = grant_add(f.token, key_add(f.token, 1), 1);
    char *before = name_with(f.anchor, ".before", "");
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    int64_t counter = raw_int(f.path, "SELECT counter FROM state");
    copy_bytes(f.anchor, before);
    sign_as_one(&f, &other);
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), counter + 1);
    ck_assert_int_gt(raw_int(f.path, "SELECT min(number) FROM journal"), 1);
    ck_assert(is_clean(f.token));
    ck_assert_int_eq(rename(before, f.anchor), 0);
    close_and_reopen(&f);
    reserve_many(f.token, &f, 1000, 20);
    ck_assert_int_le(raw_int(f.path, "SELECT count(*) FROM journal"), VK_JOURNAL_MAX_LEAST + 5);
    ck_assert(is_clean(f.token));
    vk_text_free(before);
    vk_grant_record_clear(&other);
    fixture_free(&f);
}
END_TEST

/* The machine loses power: the anchor is what was last on the disk. */
static void cut_power(fixture *f) {
    FILE *file = fopen(f->anchor, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(synced, 1, synced_len, file), synced_len);
    ck_assert_int_eq(fclose(file), 0);
}

static void drop_all_by_hand(fixture *f) {
    int64_t dropped;
    become(f, VK_ROLE_SO);
    assert_ok(vk_journal_rotate(f->token, 0, NULL, NULL, &dropped, NULL));
    ck_assert_int_gt(dropped, 0);
}

START_TEST(what_is_dropped_is_in_no_synced_anchor) {
    fixture f = fixture_new();
    int64_t first = 1;
    unsigned rotations = 0;
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    for (uint64_t i = 2; i < 3 * VK_JOURNAL_MAX_LEAST; i++) {
        assert_ok(reserve(f.token, &f.grant, i, 1));
        int64_t now = raw_int(f.path, "SELECT min(number) FROM journal");
        if (now != first) {
            cut_power(&f);
            ck_assert(is_clean(f.token));
            rotations++;
        }
        first = now;
    }
    ck_assert_uint_gt(rotations, 5);
    drop_all_by_hand(&f);
    cut_power(&f);
    close_and_reopen(&f);
    assert_ok(reserve(f.token, &f.grant, 9999, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* The anchor that the SO overruled does not come back with the power. */
START_TEST(what_was_accepted_is_in_a_synced_anchor) {
    fixture f = fixture_new();
    back_up(&f);
    reserve_many(f.token, &f, 2, 3);
    put_back(&f);
    accept_as_so(&f);
    cut_power(&f);
    close_and_reopen(&f);
    assert_ok(reserve(f.token, &f.grant, 9, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

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
    reserve_many(f.token, &f, 2, 9);
    assert_status(vk_journal_rotate(f.token, 4, NULL, NULL, &dropped, NULL), VK_ERR_NOT_LOGGED_IN);
    become(&f, VK_ROLE_SO);
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
    become(&f, VK_ROLE_SO);
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
    const TTest *const tests[] = {a_lost_anchor_is_noted_once,
                                  a_damaged_anchor_is_noted,
                                  an_anchor_that_cannot_be_written_is_noted_once,
                                  a_torn_anchor_still_counts,
                                  no_place_for_an_anchor,
                                  two_processes_share_an_anchor,
                                  an_edited_state_can_be_accepted,
                                  a_group_larger_than_the_journal,
                                  what_is_dropped_is_in_no_synced_anchor,
                                  what_was_accepted_is_in_a_synced_anchor,
                                  old_records_are_dropped,
                                  records_are_dropped_by_hand,
                                  settings_are_the_sos};
    return RUN_TESTS("anchors and rotation", tests);
}
