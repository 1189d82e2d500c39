/* The hardening rules that the SO turns off. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "token/journal.h"
#include "token/store.h"

static const vk_hardening_set open_signature = UINT32_C(1) << VK_HARDENING_OPEN_SIGNATURE;
static const vk_hardening_set unknown_caller = UINT32_C(1) << VK_HARDENING_UNKNOWN_CALLER;

static vk_hardening_set relaxed(vk_token *token) {
    vk_hardening_set set = VK_HARDENING_ALL;
    assert_ok(vk_token_relaxed(token, &set, NULL));
    return set;
}

START_TEST(so_turns_them_off_and_on) {
    vk_token *token = token_new(home);
    ck_assert_uint_eq(relaxed(token), VK_HARDENING_NONE);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    ck_assert_uint_eq(relaxed(token), VK_HARDENING_NONE);
    assert_ok(vk_token_relax(token, open_signature | unknown_caller, VK_HARDENING_NONE, NULL));
    ck_assert_uint_eq(relaxed(token), open_signature | unknown_caller);
    assert_ok(vk_token_relax(token, VK_HARDENING_NONE, open_signature, NULL));
    ck_assert_uint_eq(relaxed(token), unknown_caller);
    token = token_reopen(token);
    ck_assert_uint_eq(relaxed(token), unknown_caller);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    ck_assert_uint_eq(relaxed(token), unknown_caller);
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_relax(token, vk_hardening_switchable(), VK_HARDENING_NONE, NULL));
    ck_assert_uint_eq(relaxed(token), vk_hardening_switchable());
    vk_token_close(token);
}
END_TEST

START_TEST(only_the_so) {
    vk_token *token = token_new(home);
    assert_status(vk_token_relax(token, open_signature, VK_HARDENING_NONE, NULL),
                  VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_status(vk_token_relax(token, open_signature, VK_HARDENING_NONE, NULL),
                  VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_relax(token, VK_HARDENING_NONE, open_signature, NULL),
                  VK_ERR_NOT_LOGGED_IN);
    ck_assert_uint_eq(relaxed(token), VK_HARDENING_NONE);
    vk_token_close(token);
}
END_TEST

START_TEST(only_switchable_ones) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        vk_error err = {0};
        vk_hardening_set bit = vk_hardening_bit((vk_hardening)i);
        bool may = (vk_hardening_switchable() & bit) != 0;
        assert_status(vk_token_relax(token, bit, VK_HARDENING_NONE, &err),
                      may ? VK_OK : VK_ERR_PROHIBITED);
        ck_assert_str_eq(err.path, may ? "" : vk_hardening_name((vk_hardening)i));
        ck_assert_uint_eq(relaxed(token), may ? bit : VK_HARDENING_NONE);
        assert_ok(vk_token_relax(token, VK_HARDENING_NONE, bit, NULL));
    }
    assert_status(vk_token_relax(token, open_signature, open_signature, NULL), VK_ERR_ARGUMENT);
    vk_token_close(token);
}
END_TEST

/* An edited file is found, and without a login it can only claim. */
START_TEST(edited) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    vk_hardening_set set;
    raw(path, "UPDATE token SET relaxed = 'open-signature'");
    ck_assert_uint_eq(relaxed(token), open_signature);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_status(vk_token_relaxed(token, &set, NULL), VK_ERR_INTEGRITY);
    ck_assert_uint_eq(set, VK_HARDENING_NONE);
    vk_token_logout(token);
    raw(path, "UPDATE token SET relaxed = ''");
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_relax(token, unknown_caller, VK_HARDENING_NONE, NULL));
    raw(path, "UPDATE token SET relaxed = 'unknown-caller,open-signature'");
    assert_status(vk_token_relaxed(token, &set, NULL), VK_ERR_INTEGRITY);
    assert_status(vk_token_relax(token, VK_HARDENING_NONE, open_signature, NULL), VK_ERR_INTEGRITY);
    raw(path, "UPDATE token SET relaxed = 'unknown-caller'");
    ck_assert_uint_eq(relaxed(token), unknown_caller);
    raw(path, "UPDATE token SET relaxed_mac = x''");
    assert_status(vk_token_relaxed(token, &set, NULL), VK_ERR_INTEGRITY);
    vk_token_close(token);
    free(path);
}
END_TEST

/* A name of a later version, and of a rule that nobody can turn off: neither is off. */
START_TEST(names_of_others) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    raw(path, "UPDATE token SET relaxed = 'from-the-future,unknown-caller,own-domain'");
    ck_assert_uint_eq(relaxed(token), unknown_caller);
    vk_token_close(token);
    free(path);
}
END_TEST

/* Also within the millisecond in which nobody would look. */
static uint64_t generation_of(vk_token *token) {
    uint64_t generation = 0;
    vk_token_lock(token);
    assert_ok(vk_token_look_up(token, NULL));
    vk_token_unlock(token);
    assert_ok(vk_token_generation(token, &generation));
    return generation;
}

START_TEST(others_hear_of_it) {
    vk_token *token = token_new(home), *other = NULL;
    assert_ok(vk_token_open(vk_token_path(token), &other, NULL));
    uint64_t before = generation_of(other);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_relax(token, open_signature, VK_HARDENING_NONE, NULL));
    ck_assert_uint_ne(before, generation_of(other));
    vk_token_close(other);
    vk_token_close(token);
}
END_TEST

/* Somebody with the file hides that the records changed: not what the SO set. */
START_TEST(others_hear_of_it_without_the_count) {
    vk_token *token = token_new(home), *other = NULL;
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_relax(token, open_signature, VK_HARDENING_NONE, NULL));
    assert_ok(vk_token_open(vk_token_path(token), &other, NULL));
    for (int i = 0; i < 2; i++) {
        uint64_t before = generation_of(other);
        assert_ok(i == 0 ? vk_token_relax(token, VK_HARDENING_NONE, open_signature, NULL)
                         : vk_token_set_journal(token, VK_JOURNAL_ALL, 1000, NULL));
        raw(vk_token_path(token), "UPDATE state SET changes = changes - 1");
        ck_assert_uint_ne(generation_of(other), before);
    }
    vk_token_close(other);
    vk_token_close(token);
}
END_TEST

static vk_status keep_reason(void *context, const vk_journal_record *record) {
    char *last = context;
    ck_assert_int_eq(record->event, VK_EVENT_SETTINGS);
    ck_assert_uint_lt(record->reason.len, 64);
    memcpy(last, record->reason.data, record->reason.len);
    last[record->reason.len] = '\0';
    return VK_OK;
}

static void last_reason_is(vk_token *token, const char *expected) {
    char last[64] = "";
    assert_ok(vk_journal_each(token, 1, keep_reason, last, NULL));
    ck_assert_str_eq(last, expected);
}

START_TEST(the_journal_tells) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_relax(token, open_signature | unknown_caller, VK_HARDENING_NONE, NULL));
    last_reason_is(token, "hardening rules turned off: open-signature,unknown-caller");
    assert_ok(vk_token_relax(token, VK_HARDENING_NONE, VK_HARDENING_ALL, NULL));
    last_reason_is(token, "hardening rules turned off: none");
    vk_token_close(token);
}
END_TEST

START_TEST(starting_over_turns_all_on) {
    vk_token *token = token_new(home);
    const vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_relax(token, open_signature, VK_HARDENING_NONE, NULL));
    assert_ok(vk_token_reinit(token, &args, NULL));
    ck_assert_uint_eq(relaxed(token), VK_HARDENING_NONE);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    ck_assert_uint_eq(relaxed(token), VK_HARDENING_NONE);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {so_turns_them_off_and_on,
                                  only_the_so,
                                  only_switchable_ones,
                                  edited,
                                  names_of_others,
                                  others_hear_of_it,
                                  others_hear_of_it_without_the_count,
                                  the_journal_tells,
                                  starting_over_turns_all_on};
    return RUN_TESTS("token hardening", tests);
}
