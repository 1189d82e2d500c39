/* Older files put back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchored.h"
#include "token/journal.h"

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
    reserve_many(f.token, &f, 2, 28);
    put_back(&f);
    int64_t before = raw_int(f.path, "SELECT counter FROM state");
    for (int i = 0; i < 2 * VK_JOURNAL_MAX_LEAST; i++) {
        assert_status(decide_plain(&f), VK_ERR_INTEGRITY);
    }
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), before);
    close_and_reopen(&f);
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
    anchors_elsewhere(1);
    close_and_reopen(&f);
    reserve_many(f.token, &f, 100, 2 * VK_JOURNAL_MAX_LEAST);
    anchors_elsewhere(0);
    close_and_reopen(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

/* What was newest before the copy was accepted is no continuation of it. */
START_TEST(the_newer_file_put_back_after_all) {
    fixture f = fixture_new();
    char *newer = name_with(f.path, ".newer", "");
    back_up(&f);
    reserve_many(f.token, &f, 2, 18);
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
    reserve_many(f.token, &f, 2, 18);
    anchors_elsewhere(0);
    close_and_reopen(&f);
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
    become(&f, VK_ROLE_SO);
    assert_ok(vk_token_set_journal(f.token, VK_JOURNAL_OFF, VK_JOURNAL_MAX_DEFAULT, NULL));
    become(&f, VK_ROLE_USER);
    back_up(&f);
    assert_ok(decide_unrecorded(&f));
    put_back(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

/* ---- While it is open ---- */

START_TEST(an_older_file_is_found_while_open) {
    fixture f = fixture_new();
    back_up(&f);
    reserve_many(f.token, &f, 2, 4);
    put_rows_back(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

static vk_status try_key(vk_token *token, unsigned n, vk_error *err) {
    uint8_t secret[32];
    vk_key_record record = record_new(n);
    vk_key_names names = names_of(n);
    secret_of(n, secret);
    vk_status status = vk_token_key_add(token, &record, &names, secret, err);
    vk_key_record_clear(&record);
    return status;
}

static void assert_no_change(fixture *f) {
    vk_error err = {0};
    int64_t counter = raw_int(f->path, "SELECT counter FROM state");
    assert_status(try_key(f->token, 7, &err), VK_ERR_INTEGRITY);
    ck_assert_str_eq(err.path, "anchor");
    ck_assert_ptr_nonnull(strstr(err.message, "valetkey audit accept"));
    ck_assert_int_eq(raw_int(f->path, "SELECT counter FROM state"), counter);
    ck_assert_int_eq(raw_int(f->path, "SELECT count(*) FROM key"), 1);
}

/* A change of the records is the first that finds it; nothing catches up with the anchor then. */
START_TEST(no_change_in_an_older_file) {
    fixture f = fixture_new();
    back_up(&f);
    reserve_many(f.token, &f, 2, 4);
    put_rows_back(&f);
    assert_no_change(&f);
    for (int i = 0; i < 10; i++) {
        assert_refused(&f);
        assert_no_change(&f);
    }
    close_and_reopen(&f);
    assert_no_change(&f);
    assert_refused(&f);
    accept_as_so(&f);
    key_add(f.token, 7);
    assert_ok(reserve(f.token, &f.grant, 9, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* As an edited one, it does not keep the SO from making it empty; that is no reason to trust it. */
START_TEST(an_older_file_is_started_over) {
    static const vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = sizeof SO_PIN - 1};
    fixture f = fixture_new();
    back_up(&f);
    reserve_many(f.token, &f, 2, 4);
    put_back(&f);
    int64_t counter = raw_int(f.path, "SELECT counter FROM state");
    assert_ok(vk_token_reinit(f.token, &args, NULL));
    ck_assert_int_eq(raw_int(f.path, "SELECT count(*) FROM key"), 0);
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), counter);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_status(try_key(f.token, 7, NULL), VK_ERR_INTEGRITY);
    assert_ok(vk_journal_accept(f.token, NULL));
    assert_ok(try_key(f.token, 7, NULL));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* ---- A state that could not be read at login ---- */

static void break_state(const fixture *f) {
    raw(f->path, "UPDATE state SET counter = counter + 1");
}

START_TEST(an_older_state_instead_of_a_broken_one) {
    fixture f = fixture_new();
    back_up(&f);
    reserve_many(f.token, &f, 2, 4);
    break_state(&f);
    close_and_reopen(&f);
    assert_no_change(&f);
    assert_status(decide_plain(&f), VK_ERR_INTEGRITY);
    put_rows_back(&f);
    assert_refused(&f);
    assert_no_change(&f);
    fixture_free(&f);
}
END_TEST

/* The same without an anchor, which nobody would miss. */
START_TEST(an_older_state_and_no_anchor) {
    fixture f = fixture_new();
    back_up(&f);
    reserve_many(f.token, &f, 2, 4);
    break_state(&f);
    ck_assert_int_eq(unlink(f.anchor), 0);
    close_and_reopen(&f);
    put_rows_back(&f);
    assert_status(reserve(f.token, &f.grant, 9, 1), VK_ERR_INTEGRITY);
    assert_no_change(&f);
    close_and_reopen(&f);
    ck_assert_int_eq(events(&f, VK_EVENT_ANCHOR), 1);
    fixture_free(&f);
}
END_TEST

START_TEST(a_broken_state_that_comes_back) {
    fixture f = fixture_new();
    reserve_many(f.token, &f, 2, 4);
    back_up(&f);
    break_state(&f);
    close_and_reopen(&f);
    assert_status(reserve(f.token, &f.grant, 9, 1), VK_ERR_INTEGRITY);
    put_rows_back(&f);
    assert_ok(reserve(f.token, &f.grant, 9, 1));
    ck_assert(is_clean(f.token));
    fixture_free(&f);
}
END_TEST

/* ---- Records that were dropped ---- */

/* More than the journal keeps, so that what was newest before is dropped, and its checkpoint. */
#define MUCH (3 * VK_JOURNAL_MAX_LEAST)

/* What the other process remembers is gone, but the anchor goes with the file. */
START_TEST(a_process_that_rested_goes_on) {
    fixture f = fixture_new();
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    vk_token *rested = token_open_as(f.path, VK_ROLE_USER);
    for (uint64_t i = 0; i < 3; i++) {
        reserve_many(rested, &f, 1000 * i, 2);
        reserve_many(f.token, &f, 1000 * i + 100, MUCH);
    }
    key_add(rested, 7);
    reserve_many(f.token, &f, 5000, MUCH);
    vk_token_logout(rested);
    assert_ok(login(rested, VK_ROLE_USER, USER_PIN));
    reserve_many(rested, &f, 6000, 1);
    ck_assert(is_clean(rested));
    vk_token_close(rested);
    fixture_free(&f);
}
END_TEST

/* There is nothing but what it remembers, and nothing that speaks against the file. */
START_TEST(a_process_that_rested_without_an_anchor) {
    fixture f = fixture_new();
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    ck_assert_int_eq(setenv("VALETKEY_ANCHOR_DIR", "/proc/none", 1), 0);
    close_and_reopen(&f);
    vk_token *rested = token_open_as(f.path, VK_ROLE_USER);
    reserve_many(rested, &f, 2, 2);
    reserve_many(f.token, &f, 100, MUCH);
    back_up(&f);
    reserve_many(rested, &f, 1000, 2);
    put_rows_back(&f);
    assert_status(reserve(rested, &f.grant, 1100, 1), VK_ERR_INTEGRITY);
    vk_token_close(rested);
    fixture_free(&f);
}
END_TEST

static void use_backup_elsewhere(const fixture *f, uint64_t count) {
    anchors_elsewhere(1);
    vk_token *copy = token_open_as(f->backup, VK_ROLE_USER);
    reserve_many(copy, f, 1000, count);
    vk_token_close(copy);
    anchors_elsewhere(0);
}

/* A copy that went its own way lost the record too; but this anchor does not go with it. */
START_TEST(a_copy_without_the_record_is_no_continuation) {
    fixture f = fixture_new();
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    back_up(&f);
    reserve_many(f.token, &f, 2, 2);
    use_backup_elsewhere(&f, MUCH);
    put_rows_back(&f);
    assert_refused(&f);
    assert_no_change(&f);
    assert_refused(&f);
    fixture_free(&f);
}
END_TEST

/* An anchor that is older than what the process knows was put back as well. */
START_TEST(an_older_anchor_vouches_for_nothing) {
    fixture f = fixture_new();
    char *anchor = name_with(f.anchor, ".older", "");
    back_up(&f);
    copy_bytes(f.anchor, anchor);
    reserve_many(f.token, &f, 2, 4);
    put_rows_back(&f);
    ck_assert_int_eq(rename(anchor, f.anchor), 0);
    for (int i = 0; i < 3; i++) {
        assert_status(reserve(f.token, &f.grant, 9, 1), VK_ERR_INTEGRITY);
        assert_status(try_key(f.token, 7, NULL), VK_ERR_INTEGRITY);
    }
    vk_text_free(anchor);
    fixture_free(&f);
}
END_TEST

/* The anchor's record is its key's last: the key's checkpoint names it, whatever came after. */
START_TEST(a_checkpoint_names_what_its_chain_lost) {
    fixture f = fixture_new();
    vk_grant_record other = grant_add(f.token, key_add(f.token, 1), 1);
    set_max(&f, VK_JOURNAL_MAX_LEAST);
    assert_ok(reserve(f.token, &other, 1, 1));
    char *anchor = name_with(f.anchor, ".older", "");
    copy_bytes(f.anchor, anchor);
    reserve_many(f.token, &f, 100, VK_JOURNAL_MAX_LEAST + 30);
    ck_assert_int_gt(raw_int(f.path, "SELECT min(number) FROM journal"), 10);
    ck_assert_int_eq(rename(anchor, f.anchor), 0);
    close_and_reopen(&f);
    assert_ok(reserve(f.token, &f.grant, 9, 1));
    ck_assert(is_clean(f.token));
    vk_text_free(anchor);
    vk_grant_record_clear(&other);
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

int main(void) {
    const TTest *const tests[] = {an_older_file_is_found,
                                  an_older_file_does_not_catch_up,
                                  an_anchor_whose_record_was_dropped,
                                  the_newer_file_put_back_after_all,
                                  a_copy_used_elsewhere_is_found,
                                  an_older_file_is_found_when_only_keys_changed,
                                  an_older_file_is_found_without_a_journal,
                                  an_older_file_is_found_while_open,
                                  no_change_in_an_older_file,
                                  an_older_file_is_started_over,
                                  an_older_state_instead_of_a_broken_one,
                                  an_older_state_and_no_anchor,
                                  a_broken_state_that_comes_back,
                                  a_process_that_rested_goes_on,
                                  a_process_that_rested_without_an_anchor,
                                  a_copy_without_the_record_is_no_continuation,
                                  an_older_anchor_vouches_for_nothing,
                                  a_checkpoint_names_what_its_chain_lost,
                                  accepted_by_another_process};
    return RUN_TESTS("files that were put back", tests);
}
