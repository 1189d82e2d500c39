/* Keys whose private half is elsewhere: what their seals say, and the counts of their assertions.
 */
#include <stdlib.h>
#include <string.h>

#include "support.h"

static vk_token *user_token(void) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    return token;
}

static vk_key_record record_of(unsigned n, vk_key_home where, bool has_blob) {
    vk_key_record record = record_new(n);
    record.home = where;
    record.has_blob = has_blob;
    return record;
}

static int64_t add_elsewhere(vk_token *token, unsigned n, vk_key_home where, bool has_blob) {
    vk_key_record record = record_of(n, where, has_blob);
    vk_key_names names = names_of(n);
    assert_ok(vk_token_key_add(token, &record, &names, NULL, NULL));
    ck_assert(record.has_private);
    int64_t id = record.id;
    vk_key_record_clear(&record);
    return id;
}

static vk_key_record get(vk_token *token, int64_t id) {
    vk_key_record record;
    assert_ok(vk_token_key_get(token, id, &record));
    return record;
}

/* ---- Records ---- */

static void is_kept(vk_token **token, unsigned n, vk_key_home where, bool has_blob) {
    uint8_t secret[32], none[32] = {0};
    int64_t id = add_elsewhere(*token, n, where, has_blob);
    *token = token_reopen(*token);
    assert_ok(login(*token, VK_ROLE_USER, USER_PIN));
    vk_key_record record = get(*token, id), expected = record_of(n, where, has_blob);
    expected.id = id;
    expected.version = record.version;
    ck_assert(records_equal(&record, &expected));
    assert_ok(vk_token_key_vouch(*token, &record, NULL));
    memset(secret, 1, sizeof secret);
    assert_ok(unseal(*token, &record, secret));
    ck_assert_mem_eq(secret, none, sizeof none);
    vk_key_record_clear(&record);
    vk_key_record_clear(&expected);
}

START_TEST(records_are_kept) {
    vk_token *token = user_token();
    is_kept(&token, 0, VK_HOME_FIDO2, true);
    is_kept(&token, 1, VK_HOME_FIDO2, false);
    is_kept(&token, 2, VK_HOME_REMOTE, false);
    is_kept(&token, 3, VK_HOME_REMOTE, true);
    vk_token_close(token);
}
END_TEST

/* Whatever is given for a secret, it is not what is sealed. */
START_TEST(a_secret_is_ignored) {
    vk_token *token = user_token();
    vk_key_record record = record_of(0, VK_HOME_FIDO2, false);
    vk_key_names names = names_of(0);
    uint8_t secret[32], none[32] = {0};
    secret_of(0, secret);
    assert_ok(vk_token_key_add(token, &record, &names, secret, NULL));
    assert_ok(unseal(token, &record, secret));
    ck_assert_mem_eq(secret, none, sizeof none);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

static void is_refused(vk_token *token, vk_key_record record) {
    vk_key_names names = names_of(0);
    uint8_t secret[32] = {1};
    assert_status(vk_token_key_add(token, &record, &names, secret, NULL), VK_ERR_ARGUMENT);
    vk_key_record_clear(&record);
}

START_TEST(unsound_ones_are_refused) {
    vk_token *token = user_token();
    vk_key_record record = record_of(0, VK_HOME_FIDO2, false);
    record.curve = VK_CURVE_SECP256K1;
    is_refused(token, record);
    record = record_of(0, VK_HOME_REMOTE, false);
    record.curve = VK_CURVE_SECP256K1;
    is_refused(token, record);
    record = record_of(0, VK_HOME_FIDO2, false);
    vk_buf_clear(&record.credential_id);
    is_refused(token, record);
    is_refused(token, record_of(0, VK_HOME_TOKEN, true));
    is_refused(token, record_of(0, (vk_key_home)3, false));
    vk_token_logout(token);
    record = record_of(0, VK_HOME_FIDO2, false);
    vk_key_names names = names_of(0);
    assert_status(vk_token_key_add(token, &record, &names, NULL, NULL), VK_ERR_NOT_LOGGED_IN);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

static void assert_home(vk_token *token, int64_t id, bool has_private, vk_key_home where,
                        bool has_blob) {
    vk_key_record record = get(token, id);
    ck_assert(record.has_private == has_private && record.home == where &&
              record.has_blob == has_blob);
    if (has_private) {
        assert_ok(vk_token_key_vouch(token, &record, NULL));
    }
    vk_key_record_clear(&record);
}

/* Each half may come first; what is left when the private one goes is nowhere. */
START_TEST(halves_come_and_go) {
    vk_token *token = user_token();
    vk_key_record half = record_new(0), whole = record_of(0, VK_HOME_FIDO2, true);
    vk_key_names names = names_of(0);
    assert_ok(vk_token_key_add(token, &half, &names, NULL, NULL));
    assert_home(token, half.id, false, VK_HOME_TOKEN, false);
    assert_ok(vk_token_key_add(token, &whole, &names, NULL, NULL));
    ck_assert_int_eq(whole.id, half.id);
    assert_home(token, half.id, true, VK_HOME_FIDO2, true);
    assert_status(vk_token_key_add(token, &whole, &names, NULL, NULL), VK_ERR_EXISTS);
    assert_ok(vk_token_key_remove(token, half.id, false, true));
    assert_home(token, half.id, true, VK_HOME_FIDO2, true);
    assert_ok(vk_token_key_add(token, &half, &names, NULL, NULL));
    assert_home(token, half.id, true, VK_HOME_FIDO2, true);
    assert_ok(vk_token_key_remove(token, half.id, true, false));
    assert_home(token, half.id, false, VK_HOME_TOKEN, false);
    vk_key_record_clear(&half);
    vk_key_record_clear(&whole);
    vk_token_close(token);
}
END_TEST

START_TEST(an_update_moves_no_home) {
    vk_token *token = user_token();
    int64_t id = add_elsewhere(token, 1, VK_HOME_FIDO2, true);
    vk_key_record record = get(token, id);
    vk_key_names names = names_of(1);
    record.home = VK_HOME_TOKEN;
    record.has_blob = false;
    assert_ok(vk_token_key_update(token, &record, &names, NULL));
    vk_key_record_clear(&record);
    assert_home(token, id, true, VK_HOME_FIDO2, true);
    vk_token_close(token);
}
END_TEST

/* They have grants and budgets like others. */
START_TEST(grants_are_sealed_in) {
    vk_token *token = user_token();
    int64_t id = add_elsewhere(token, 1, VK_HOME_FIDO2, true);
    vk_grant_record grant = grant_add(token, id, 1);
    assert_ok(reserve(token, &grant, 1, 10));
    assert_home(token, id, true, VK_HOME_FIDO2, true);
    char *path = path_of(token);
    raw(path, "DELETE FROM approval");
    vk_key_record record = get(token, id);
    assert_status(vk_token_key_vouch(token, &record, NULL), VK_ERR_INTEGRITY);
    vk_key_record_clear(&record);
    vk_grant_record_clear(&grant);
    free(path);
    vk_token_close(token);
}
END_TEST

/* ---- Edits ---- */

static void edit_is_found(vk_token *token, int64_t id, const char *edit, const char *undo) {
    char *path = path_of(token);
    vk_key_record record;
    raw(path, edit);
    vk_status status = vk_token_key_get(token, id, &record);
    if (status == VK_OK) {
        status = vk_token_key_vouch(token, &record, NULL);
        vk_key_record_clear(&record);
    }
    ck_assert_msg(status == VK_ERR_INTEGRITY, "%s: %s", edit, vk_status_text(status));
    raw(path, undo);
    record = get(token, id);
    assert_ok(vk_token_key_vouch(token, &record, NULL));
    vk_key_record_clear(&record);
    free(path);
}

START_TEST(edited_homes_are_found) {
    static const char *const edits[] = {"UPDATE key SET home = 0",
                                        "UPDATE key SET home = 0, has_blob = 0",
                                        "UPDATE key SET home = 2",
                                        "UPDATE key SET home = 3",
                                        "UPDATE key SET home = -1",
                                        "UPDATE key SET home = 1.5",
                                        "UPDATE key SET has_blob = 0",
                                        "UPDATE key SET has_blob = 2",
                                        "UPDATE key SET credential_id = x'01'",
                                        "UPDATE key SET policy = '[]'"};
    vk_token *token = user_token();
    int64_t id = add_elsewhere(token, 1, VK_HOME_FIDO2, true);
    char *path = path_of(token);
    char *undo =
        raw_text(path, "SELECT 'UPDATE key SET home = 1, has_blob = 1, credential_id = x'''"
                       "|| hex(credential_id) || ''', policy = ''' || policy || ''''"
                       " FROM key");
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        edit_is_found(token, id, edits[i], undo);
    }
    free(undo);
    free(path);
    vk_token_close(token);
}
END_TEST

/* A public half is nowhere, and one that is here has no blob. */
START_TEST(impossible_homes_are_found) {
    vk_token *token = user_token();
    vk_key_record half = record_new(0), record;
    vk_key_names names = names_of(0);
    assert_ok(vk_token_key_add(token, &half, &names, NULL, NULL));
    char *path = path_of(token);
    raw(path, "UPDATE key SET home = 1");
    assert_status(vk_token_key_get(token, half.id, &record), VK_ERR_INTEGRITY);
    raw(path, "UPDATE key SET home = 0, has_blob = 1");
    assert_status(vk_token_key_get(token, half.id, &record), VK_ERR_INTEGRITY);
    vk_key_record_clear(&half);
    free(path);
    vk_token_close(token);
}
END_TEST

/* ---- Policies ---- */

START_TEST(the_policy_of_a_security_key_stays) {
    vk_token *token = user_token();
    int64_t ids[] = {add_elsewhere(token, 0, VK_HOME_FIDO2, true),
                     add_elsewhere(token, 1, VK_HOME_FIDO2, false),
                     add_elsewhere(token, 2, VK_HOME_REMOTE, false)};
    vk_error err = {0};
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    for (size_t i = 0; i < 2; i++) {
        assert_status(vk_token_key_set_policy(token, ids[i], "[]", &err), VK_ERR_PROHIBITED);
        ck_assert_ptr_nonnull(strstr(err.message, "was given when it was made"));
    }
    assert_ok(vk_token_key_set_policy(token, ids[2], "[]", NULL));
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_key_record record = get(token, ids[2]);
    ck_assert_str_eq(record.policy, "[]");
    vk_key_record_clear(&record);
    assert_home(token, ids[2], true, VK_HOME_REMOTE, false);
    vk_token_close(token);
}
END_TEST

/* ---- Sign counts ---- */

typedef struct fixture {
    vk_token *token;
    char *path;
    uint8_t point65[65];
    vk_grant_record grants[2]; /* of one key */
} fixture;

static fixture fixture_new(void) {
    fixture f = {.token = user_token()};
    int64_t id = add_elsewhere(f.token, 1, VK_HOME_FIDO2, true);
    f.path = path_of(f.token);
    f.grants[0] = grant_add(f.token, id, 1);
    f.grants[1] = grant_add(f.token, id, 2);
    point_of(1, f.point65);
    return f;
}

static void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grants[0]);
    vk_grant_record_clear(&f->grants[1]);
    vk_token_close(f->token);
    free(f->path);
}

static vk_status count(const fixture *f, size_t grant, uint32_t sign_count) {
    return vk_token_count_assertion(f->token, &f->grants[grant], f->point65, sign_count, NULL);
}

static uint32_t counted(const fixture *f, size_t grant) {
    vk_budget budget = budget_of(f->token, &f->grants[grant]);
    uint32_t sign_count = budget.sign_count;
    vk_budget_clear(&budget);
    return sign_count;
}

START_TEST(counts_go_up) {
    fixture f = fixture_new();
    assert_ok(count(&f, 0, 1));
    assert_ok(count(&f, 0, 7));
    f.token = token_reopen(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    ck_assert_uint_eq(counted(&f, 0), 7);
    assert_status(count(&f, 0, 7), VK_DENIED);
    assert_status(count(&f, 0, 3), VK_DENIED);
    assert_status(count(&f, 0, 0), VK_DENIED);
    assert_ok(count(&f, 0, UINT32_MAX));
    assert_status(count(&f, 0, UINT32_MAX), VK_DENIED);
    ck_assert_uint_eq(counted(&f, 0), UINT32_MAX);
    fixture_free(&f);
}
END_TEST

/* A copy of the security key gives itself away under whichever grant it signs. */
START_TEST(grants_of_a_key_count_together) {
    fixture f = fixture_new();
    vk_error err = {0};
    assert_ok(count(&f, 0, 5));
    assert_status(vk_token_count_assertion(f.token, &f.grants[1], f.point65, 4, &err), VK_DENIED);
    ck_assert_str_eq(err.path, "signCount");
    ck_assert_str_eq(err.message, "the authenticator's counter is 4, but 5 was seen before: it may "
                                  "be a copy");
    assert_status(count(&f, 1, 0), VK_DENIED);
    assert_ok(count(&f, 1, 6));
    assert_status(count(&f, 0, 6), VK_DENIED);
    ck_assert_uint_eq(counted(&f, 0), 5);
    ck_assert_uint_eq(counted(&f, 1), 6);
    fixture_free(&f);
}
END_TEST

/* Another key's count is its own. */
START_TEST(keys_count_apart) {
    fixture f = fixture_new();
    uint8_t point[65];
    point_of(2, point);
    vk_grant_record other = grant_add(f.token, add_elsewhere(f.token, 2, VK_HOME_FIDO2, false), 1);
    assert_ok(count(&f, 0, 5));
    assert_ok(vk_token_count_assertion(f.token, &other, point, 2, NULL));
    vk_grant_record_clear(&other);
    fixture_free(&f);
}
END_TEST

START_TEST(nothing_is_written_for_zero) {
    fixture f = fixture_new();
    int64_t counter = raw_int(f.path, "SELECT counter FROM state");
    assert_ok(count(&f, 0, 0));
    assert_ok(count(&f, 1, 0));
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), counter);
    assert_ok(count(&f, 0, 1));
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), counter + 1);
    assert_status(count(&f, 0, 1), VK_DENIED);
    ck_assert_int_eq(raw_int(f.path, "SELECT counter FROM state"), counter + 1);
    fixture_free(&f);
}
END_TEST

/* What else the budget says stays, whether it was fresh or not; decisions go on. */
START_TEST(budgets_stay_otherwise) {
    fixture f = fixture_new();
    assert_ok(count(&f, 0, 1));
    assert_ok(reserve(f.token, &f.grants[0], 1, 100));
    assert_ok(count(&f, 0, 2));
    assert_ok(reserve(f.token, &f.grants[0], 2, 10));
    assert_ok(reserve(f.token, &f.grants[1], 1, 1));
    assert_ok(count(&f, 1, 3));
    vk_budget budget = budget_of(f.token, &f.grants[0]);
    ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), 110);
    ck_assert_uint_eq(budget.rules[0].used, 2);
    ck_assert_uint_eq(budget.sign_count, 2);
    vk_budget_clear(&budget);
    ck_assert_uint_eq(counted(&f, 1), 3);
    fixture_free(&f);
}
END_TEST

START_TEST(counting_needs_the_user) {
    fixture f = fixture_new();
    vk_token_logout(f.token);
    assert_status(count(&f, 0, 1), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_status(count(&f, 0, 1), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    f.point65[64] ^= 1;
    assert_status(count(&f, 0, 1), VK_ERR_MISMATCH);
    f.point65[64] ^= 1;
    f.grants[0].id += 100;
    assert_status(count(&f, 0, 1), VK_ERR_NOT_FOUND);
    f.grants[0].id -= 100;
    assert_ok(count(&f, 0, 1));
    fixture_free(&f);
}
END_TEST

START_TEST(edits_are_found_when_counting) {
    static const char *const edits[] = {
        "UPDATE budget SET sign_count = 0",
        "UPDATE budget SET rules = zeroblob(48)",
        "DELETE FROM budget WHERE id = (SELECT max(id) FROM budget)",
        "DELETE FROM approval WHERE id = (SELECT max(id) FROM approval)",
        "UPDATE approval SET account = zeroblob(20)",
        "UPDATE key SET point = zeroblob(65)",
        "UPDATE key SET home = 2",
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        fixture f = fixture_new();
        assert_ok(count(&f, 1, 5));
        raw(f.path, edits[i]);
        vk_status status = count(&f, 0, 6), expected = VK_ERR_INTEGRITY;
        if (strstr(edits[i], "point") != NULL) {
            expected = VK_ERR_MISMATCH;
        }
        ck_assert_msg(status == expected, "%s: %s", edits[i], vk_status_text(status));
        fixture_free(&f);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {records_are_kept,
                                  a_secret_is_ignored,
                                  unsound_ones_are_refused,
                                  halves_come_and_go,
                                  an_update_moves_no_home,
                                  grants_are_sealed_in,
                                  edited_homes_are_found,
                                  impossible_homes_are_found,
                                  the_policy_of_a_security_key_stays,
                                  counts_go_up,
                                  grants_of_a_key_count_together,
                                  keys_count_apart,
                                  nothing_is_written_for_zero,
                                  budgets_stay_otherwise,
                                  counting_needs_the_user,
                                  edits_are_found_when_counting};
    return RUN_TESTS("token keys elsewhere", tests);
}
