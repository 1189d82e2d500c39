/* Keys: add, get, find, update, policy, remove. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "token/db.h"

#include <valetkey/eth.h>

static vk_token *user_token(void) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    return token;
}

static void become(vk_token *token, vk_role role) {
    vk_token_logout(token);
    assert_ok(login(token, role, role == VK_ROLE_SO ? SO_PIN : USER_PIN));
}

static vk_key_record get(vk_token *token, int64_t id) {
    vk_key_record record;
    assert_ok(vk_token_key_get(token, id, &record));
    return record;
}

static void assert_unseals(vk_token *token, int64_t id, unsigned n) {
    uint8_t secret[32], expected[32];
    vk_key_record record = get(token, id);
    assert_ok(unseal(token, &record, secret));
    secret_of(n, expected);
    ck_assert_mem_eq(secret, expected, 32);
    vk_key_record_clear(&record);
}

static vk_status add(vk_token *token, vk_key_record *record, unsigned n, bool with_secret) {
    uint8_t secret[32];
    vk_key_names names = names_of(n);
    vk_error err;
    secret_of(n, secret);
    return vk_token_key_add(token, record, &names, with_secret ? secret : NULL, &err);
}

/* One half of number n's key. */
static int64_t add_half(vk_token *token, unsigned n, bool is_private) {
    vk_key_record record = record_new(n);
    record.has_public = !is_private;
    record.has_private = is_private;
    assert_ok(add(token, &record, n, is_private));
    int64_t id = record.id;
    vk_key_record_clear(&record);
    return id;
}

/* ---- Adding and reading ---- */

START_TEST(comes_back_as_it_was) {
    vk_token *token = user_token();
    vk_key_record record = record_new(7);
    assert_ok(add(token, &record, 7, true));
    ck_assert_int_gt(record.id, 0);
    token = token_reopen(token);
    vk_key_record back = get(token, record.id);
    ck_assert(records_equal(&record, &back));
    uint8_t secret[32];
    assert_status(unseal(token, &back, secret), VK_ERR_NOT_LOGGED_IN);
    become(token, VK_ROLE_SO);
    assert_status(unseal(token, &back, secret), VK_ERR_NOT_LOGGED_IN);
    become(token, VK_ROLE_USER);
    assert_unseals(token, record.id, 7);
    vk_key_record_clear(&back);
    assert_status(vk_token_key_get(token, record.id + 1, &back), VK_ERR_NOT_FOUND);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

/* A record with nothing but what it must have. */
START_TEST(keeps_absence) {
    vk_token *token = user_token();
    vk_key_record record = {.curve = VK_CURVE_SECP256K1, .point65 = {4, 1}, .has_private = true};
    vk_key_names none = {0};
    uint8_t secret[32] = {1};
    assert_ok(vk_token_key_add(token, &record, &none, secret, NULL));
    vk_key_record back = get(token, record.id);
    ck_assert(records_equal(&record, &back));
    ck_assert_ptr_null(back.policy);
    ck_assert_ptr_null(back.last_denial);
    vk_key_record_clear(&back);
    vk_token_close(token);
}
END_TEST

START_TEST(needs_a_login_for_a_secret) {
    vk_token *token = token_new(home);
    vk_key_record record = record_new(1);
    assert_status(add(token, &record, 1, true), VK_ERR_NOT_LOGGED_IN);
    int64_t id = add_half(token, 1, false);
    vk_key_record half = get(token, id);
    ck_assert(half.has_public && !half.has_private);
    ck_assert_ptr_null(half.policy);
    uint8_t secret[32];
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_status(unseal(token, &half, secret), VK_ERR_NOT_FOUND);
    vk_key_record_clear(&half);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

START_TEST(refuses_bad_records) {
    vk_token *token = user_token();
    vk_key_record record = record_new(1);
    record.has_public = false;
    assert_status(add(token, &record, 1, false), VK_ERR_ARGUMENT);
    record.curve = (vk_curve)3;
    assert_status(add(token, &record, 1, true), VK_ERR_ARGUMENT);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

START_TEST(one_private_key_per_point) {
    vk_token *token = user_token();
    key_add(token, 1);
    vk_key_record record = record_new(1);
    assert_status(add(token, &record, 1, true), VK_ERR_EXISTS);
    assert_status(add(token, &record, 1, false), VK_ERR_EXISTS);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

START_TEST(private_half_completes_public) {
    vk_token *token = user_token();
    int64_t id = add_half(token, 1, false);
    ck_assert_int_eq(add_half(token, 1, true), id);
    vk_key_record whole = get(token, id), expected = record_new(1);
    expected.id = id;
    expected.version = whole.version;
    ck_assert(records_equal(&whole, &expected));
    ck_assert_int_eq(whole.version, 2);
    assert_unseals(token, id, 1);
    vk_key_record_clear(&whole);
    vk_key_record_clear(&expected);
    vk_token_close(token);
}
END_TEST

START_TEST(public_half_completes_private) {
    vk_token *token = user_token();
    int64_t id = add_half(token, 1, true);
    vk_token_logout(token);
    vk_key_record record = record_new(1);
    assert_status(add(token, &record, 1, false), VK_ERR_NOT_LOGGED_IN);
    vk_key_record_clear(&record);
    become(token, VK_ROLE_USER);
    ck_assert_int_eq(add_half(token, 1, false), id);
    vk_key_record whole = get(token, id);
    ck_assert(whole.has_private && whole.has_public);
    ck_assert_ptr_nonnull(whole.policy);
    ck_assert_uint_gt(whole.public_attrs.len, 0);
    assert_unseals(token, id, 1);
    vk_key_record_clear(&whole);
    vk_token_close(token);
}
END_TEST

START_TEST(ids_are_not_reused) {
    vk_token *token = user_token();
    int64_t first = key_add(token, 1);
    assert_ok(vk_token_key_remove(token, first, true, true));
    ck_assert_int_gt(key_add(token, 1), first);
    vk_token_close(token);
}
END_TEST

/* ---- Finding ---- */

static void assert_found(vk_token *token, const vk_key_filter *filter, size_t expected_count,
                         const int64_t *expected) {
    int64_t *ids;
    size_t count;
    assert_ok(vk_token_key_find(token, filter, &ids, &count));
    ck_assert_uint_eq(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(ids[i], expected[i]);
    }
    free(ids);
}

START_TEST(finds_by_names) {
    vk_token *token = user_token();
    int64_t id[9];
    for (unsigned n = 0; n < 8; n++) {
        id[n] = key_add(token, n);
    }
    id[8] = add_half(token, 8, false);
    vk_key_names names = names_of(1), others = names_of(2);
    vk_bytes empty = {0};
    vk_key_record record = record_new(5);
    assert_found(token, &(vk_key_filter){0}, 9, id);
    assert_found(token, &(vk_key_filter){.label = &names.private_label}, 2,
                 (int64_t[]){id[1], id[5]});
    assert_found(token, &(vk_key_filter){.ckid = &names.public_ckid}, 2, (int64_t[]){id[1], id[5]});
    assert_found(token, &(vk_key_filter){.label = &names.public_label, .ckid = &names.public_ckid},
                 2, (int64_t[]){id[1], id[5]});
    assert_found(token, &(vk_key_filter){.label = &names.public_label, .ckid = &others.public_ckid},
                 0, NULL);
    assert_found(token, &(vk_key_filter){.point65 = record.point65}, 1, &id[5]);
    assert_found(token, &(vk_key_filter){.label = &names.public_label, .point65 = record.point65},
                 1, &id[5]);
    assert_found(token, &(vk_key_filter){.label = &others.public_label, .point65 = record.point65},
                 0, NULL);
    assert_found(token, &(vk_key_filter){.label = &empty}, 0, NULL);
    vk_key_names zero = names_of(0);
    assert_found(token, &(vk_key_filter){.label = &zero.public_label}, 3,
                 (int64_t[]){id[0], id[4], id[8]});
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

/* A label and an id match only if they are of the same half. */
START_TEST(halves_match_separately) {
    vk_token *token = user_token();
    vk_key_record record = record_new(1);
    uint8_t secret[32] = {1};
    vk_key_names one = names_of(1), two = names_of(2);
    vk_key_names mixed = {one.private_label, one.private_ckid, two.public_label, two.public_ckid};
    assert_ok(vk_token_key_add(token, &record, &mixed, secret, NULL));
    assert_found(token, &(vk_key_filter){.label = &one.private_label}, 1, &record.id);
    assert_found(token, &(vk_key_filter){.label = &two.public_label}, 1, &record.id);
    assert_found(token, &(vk_key_filter){.label = &two.public_label, .ckid = &two.public_ckid}, 1,
                 &record.id);
    assert_found(token, &(vk_key_filter){.label = &one.private_label, .ckid = &two.public_ckid}, 0,
                 NULL);
    assert_found(token,
                 &(vk_key_filter){.label = &one.private_label,
                                  .ckid = &two.public_ckid,
                                  .point65 = record.point65},
                 0, NULL);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

START_TEST(finds_by_addresses) {
    vk_token *token = user_token();
    vk_key_record record = record_new(0);
    record.curve = VK_CURVE_SECP256K1;
    assert_ok(add(token, &record, 0, true));
    int64_t id[3] = {record.id, key_add(token, 1), key_add(token, 2)};
    vk_grant_record grants[] = {grant_add(token, id[0], 1), grant_add(token, id[2], 1),
                                grant_add(token, id[2], 2)};
    vk_address address = vk_address_of_point(record.point65), other = {{1}};
    assert_found(token, &(vk_key_filter){.address = &address}, 1, id);
    assert_found(token, &(vk_key_filter){.address = &other}, 0, NULL);
    assert_found(token, &(vk_key_filter){.account = &grants[0].account}, 2,
                 (int64_t[]){id[0], id[2]});
    assert_found(token, &(vk_key_filter){.account = &other}, 0, NULL);
    assert_ok(vk_token_key_remove(token, id[0], true, false));
    assert_found(token, &(vk_key_filter){.address = &address}, 1, id);
    assert_found(token, &(vk_key_filter){.account = &grants[0].account}, 1, &id[2]);
    for (size_t i = 0; i < 3; i++) {
        vk_grant_record_clear(&grants[i]);
    }
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

/* No statement that looks for keys goes through the table. */
START_TEST(search_uses_the_indexes) {
    static const vk_sql searches[] = {VK_SQL_KEY_READ,         VK_SQL_KEY_OF_POINT,
                                      VK_SQL_KEY_FIND_LABEL,   VK_SQL_KEY_FIND_CKID,
                                      VK_SQL_KEY_FIND_BOTH,    VK_SQL_KEY_FIND_POINT,
                                      VK_SQL_KEY_FIND_ADDRESS, VK_SQL_KEY_FIND_ACCOUNT,
                                      VK_SQL_KEY_OUTLINES,     VK_SQL_GRANT_OF_KEY};
    vk_token *token = token_new(home);
    char *path = path_of(token);
    vk_token_close(token);
    for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++) {
        const char *sql = vk_sql_texts[searches[i]];
        char *plan = raw_plan(path, sql);
        ck_assert_msg(strstr(plan, "SEARCH") != NULL, "%s: %s", sql, plan);
        ck_assert_msg(strstr(plan, "SCAN") == NULL, "%s: %s", sql, plan);
        vk_text_free(plan);
    }
    free(path);
}
END_TEST

/* ---- Changing ---- */

START_TEST(update_changes_attributes_and_names) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_key_record record = get(token, id);
    vk_key_names names = names_of(2);
    vk_buf_put_text(&record.private_attrs, " and more");
    vk_buf_put_text(&record.public_attrs, " and more");
    assert_ok(vk_token_key_update(token, &record, &names, NULL));
    vk_key_record back = get(token, id);
    ck_assert_int_gt(back.version, record.version);
    record.version = back.version;
    ck_assert(records_equal(&record, &back));
    assert_found(token, &(vk_key_filter){.label = &names.public_label}, 1, &id);
    names = names_of(1);
    assert_found(token, &(vk_key_filter){.label = &names.public_label}, 0, NULL);
    assert_unseals(token, id, 1);
    vk_key_record_clear(&record);
    vk_key_record_clear(&back);
    vk_token_close(token);
}
END_TEST

/* Whatever the caller's copy says: an update moves no policy and no key. */
START_TEST(update_changes_nothing_else) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_key_record before = get(token, id), record = get(token, id), after;
    vk_key_names names = names_of(1);
    record.policy[2] = 'X';
    record.rp_id[0] = 'X';
    record.origin[0] = 'X';
    record.point65[1] ^= 1;
    record.curve = VK_CURVE_SECP256K1;
    record.use_sign_count = false;
    record.authenticator_id_hash.b[0] ^= 1;
    record.credential_id.data[0] ^= 1;
    assert_ok(vk_token_key_update(token, &record, &names, NULL));
    after = get(token, id);
    before.version = after.version;
    ck_assert(records_equal(&before, &after));
    vk_key_record_clear(&before);
    vk_key_record_clear(&record);
    vk_key_record_clear(&after);
    vk_token_close(token);
}
END_TEST

START_TEST(update_needs_the_user_and_a_fresh_copy) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1), half = add_half(token, 2, false);
    vk_key_record record = get(token, id), public_half = get(token, half);
    vk_key_names names = names_of(1);
    assert_ok(vk_token_key_update(token, &record, &names, NULL));
    assert_status(vk_token_key_update(token, &record, &names, NULL), VK_ERR_MISMATCH);
    uint8_t secret[32];
    assert_status(unseal(token, &record, secret), VK_ERR_MISMATCH);
    vk_key_record_clear(&record);
    record = get(token, id);
    become(token, VK_ROLE_SO);
    assert_status(vk_token_key_update(token, &record, &names, NULL), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(token);
    assert_status(vk_token_key_update(token, &record, &names, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_ok(vk_token_key_update(token, &public_half, &names, NULL));
    vk_key_record_clear(&public_half);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

START_TEST(so_sets_a_policy_until_the_first_grant) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1), half = add_half(token, 2, false);
    int64_t version = key_version(token, id);
    assert_status(vk_token_key_set_policy(token, id, "[]", NULL), VK_ERR_NOT_LOGGED_IN);
    become(token, VK_ROLE_SO);
    assert_ok(vk_token_key_set_policy(token, id, "[1]", NULL));
    assert_ok(vk_token_key_set_policy(token, id, "[2]", NULL));
    assert_status(vk_token_key_set_policy(token, half, "[2]", NULL), VK_ERR_NOT_FOUND);
    assert_status(vk_token_key_set_policy(token, id, NULL, NULL), VK_ERR_ARGUMENT);
    vk_key_record record = get(token, id);
    ck_assert_str_eq(record.policy, "[2]");
    ck_assert_int_eq(record.version, version + 2);
    vk_key_record_clear(&record);
    become(token, VK_ROLE_USER);
    assert_unseals(token, id, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    become(token, VK_ROLE_SO);
    vk_error err;
    assert_status(vk_token_key_set_policy(token, id, "[3]", &err), VK_ERR_PROHIBITED);
    ck_assert_ptr_nonnull(strstr(err.message, "grants"));
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

START_TEST(denial_is_kept) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1), version = key_version(token, id);
    uint64_t before, after;
    assert_ok(vk_token_key_set_denial(token, id, "over the limit"));
    assert_ok(vk_token_generation(token, &before));
    assert_ok(vk_token_key_set_denial(token, id, "over the limit"));
    assert_ok(vk_token_generation(token, &after));
    ck_assert_uint_eq(before, after);
    vk_key_record record = get(token, id);
    ck_assert_str_eq(record.last_denial, "over the limit");
    ck_assert_int_eq(record.version, version);
    vk_key_record_clear(&record);
    assert_unseals(token, id, 1);
    assert_ok(vk_token_key_set_denial(token, id, NULL));
    record = get(token, id);
    ck_assert_ptr_null(record.last_denial);
    vk_key_record_clear(&record);
    vk_token_close(token);
}
END_TEST

/* ---- Removing ---- */

START_TEST(removes_the_private_half) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    char *path = path_of(token);
    vk_grant_record grant = grant_add(token, id, 1), *grants;
    size_t count;
    assert_ok(reserve(token, &grant, 1, 10));
    assert_ok(vk_token_key_set_denial(token, id, "why"));
    vk_token_logout(token);
    assert_status(vk_token_key_remove(token, id, true, false), VK_ERR_NOT_LOGGED_IN);
    become(token, VK_ROLE_USER);
    assert_ok(vk_token_key_remove(token, id, true, false));
    vk_key_record left = get(token, id);
    ck_assert(left.has_public && !left.has_private);
    ck_assert_uint_gt(left.public_attrs.len, 0);
    ck_assert(left.policy == NULL && left.last_denial == NULL && left.rp_id == NULL);
    ck_assert_int_eq(raw_int(path, "SELECT sealed IS NULL FROM key"), 1);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM budget"), 1);
    assert_ok(vk_token_grants(token, id, &grants, &count, NULL));
    ck_assert_uint_eq(count, 0);
    assert_status(vk_token_key_remove(token, id, true, false), VK_ERR_NOT_FOUND);
    vk_token_logout(token);
    assert_ok(vk_token_key_remove(token, id, false, true));
    assert_status(vk_token_key_remove(token, id, true, true), VK_ERR_NOT_FOUND);
    vk_key_record_clear(&left);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
    free(path);
}
END_TEST

START_TEST(removes_the_public_half) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_token_logout(token);
    assert_status(vk_token_key_remove(token, id, false, true), VK_ERR_NOT_LOGGED_IN);
    become(token, VK_ROLE_USER);
    assert_ok(vk_token_key_remove(token, id, false, true));
    vk_key_record left = get(token, id);
    ck_assert(left.has_private && !left.has_public);
    ck_assert_uint_eq(left.public_attrs.len, 0);
    vk_key_record_clear(&left);
    assert_unseals(token, id, 1);
    assert_ok(vk_token_key_remove(token, id, true, true));
    assert_status(vk_token_key_get(token, id, &left), VK_ERR_NOT_FOUND);
    vk_token_close(token);
}
END_TEST

START_TEST(a_broken_key_can_be_removed) {
    vk_token *token = user_token();
    vk_key_record record;
    char *path = path_of(token);
    int64_t id = key_add(token, 1);
    raw(path, "UPDATE key SET point = x'00', curve = 9");
    assert_status(vk_token_key_get(token, id, &record), VK_ERR_INTEGRITY);
    assert_ok(vk_token_key_remove(token, id, true, true));
    assert_status(vk_token_key_get(token, id, &record), VK_ERR_NOT_FOUND);
    vk_token_close(token);
    free(path);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {comes_back_as_it_was,
                                  keeps_absence,
                                  needs_a_login_for_a_secret,
                                  refuses_bad_records,
                                  one_private_key_per_point,
                                  private_half_completes_public,
                                  public_half_completes_private,
                                  ids_are_not_reused,
                                  finds_by_names,
                                  finds_by_addresses,
                                  halves_match_separately,
                                  search_uses_the_indexes,
                                  update_changes_attributes_and_names,
                                  update_changes_nothing_else,
                                  update_needs_the_user_and_a_fresh_copy,
                                  so_sets_a_policy_until_the_first_grant,
                                  denial_is_kept,
                                  removes_the_private_half,
                                  removes_the_public_half,
                                  a_broken_key_can_be_removed};
    return RUN_TESTS("token keys", tests);
}
