/* Grants, budgets and decisions. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static vk_token *user_token(void) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    return token;
}

static bool grants_equal(const vk_grant_record *a, const vk_grant_record *b) {
    return a->id == b->id && a->key_id == b->key_id && strcmp(a->json, b->json) == 0 &&
           a->chain_id == b->chain_id && vk_address_equal(&a->entry_point, &b->entry_point) &&
           vk_address_equal(&a->account, &b->account) &&
           memcmp(a->permission_id, b->permission_id, 4) == 0;
}

static uint64_t spent(vk_token *token, const vk_grant_record *grant) {
    vk_budget budget = budget_of(token, grant);
    uint64_t value = vk_u256_low64(&budget.rules[0].spent);
    ck_assert_uint_eq(budget.count, RULES);
    vk_budget_clear(&budget);
    return value;
}

/* ---- Grants ---- */

START_TEST(come_back_in_order) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1), other = key_add(token, 2);
    vk_grant_record added[3], *back;
    size_t count;
    static const uint64_t chains[] = {UINT64_MAX, 1, 42161};
    for (size_t i = 0; i < 3; i++) {
        added[i] = grant_add(token, id, chains[i]);
        vk_grant_record elsewhere = grant_add(token, other, chains[i]);
        vk_grant_record_clear(&elsewhere);
    }
    for (int pass = 0; pass < 2; pass++) {
        assert_ok(vk_token_grants(token, id, &back, &count, NULL));
        ck_assert_uint_eq(count, 3);
        for (size_t i = 0; i < 3; i++) {
            ck_assert(grants_equal(&added[i], &back[i]));
        }
        vk_grant_records_free(back, count);
        vk_token_logout(token);
    }
    for (size_t i = 0; i < 3; i++) {
        vk_grant_record_clear(&added[i]);
    }
    vk_token_close(token);
}
END_TEST

START_TEST(one_per_chain_account_and_permission) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record first = grant_add(token, id, 1), second = grant_new(id, 1);
    vk_error err;
    assert_status(vk_token_grant_add(token, &second, &err), VK_ERR_EXISTS);
    second.account.b[0] ^= 1;
    assert_ok(vk_token_grant_add(token, &second, NULL));
    vk_grant_record_clear(&second);
    second = grant_new(id, 1);
    second.permission_id[3] ^= 1;
    assert_ok(vk_token_grant_add(token, &second, NULL));
    vk_grant_record_clear(&first);
    vk_grant_record_clear(&second);
    vk_token_close(token);
}
END_TEST

START_TEST(need_the_user_and_a_private_key) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_new(id, 1), nowhere = grant_new(id + 1, 1);
    assert_status(vk_token_grant_add(token, &nowhere, NULL), VK_ERR_NOT_FOUND);
    vk_token_logout(token);
    assert_status(vk_token_grant_add(token, &grant, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_status(vk_token_grant_add(token, &grant, NULL), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_ok(vk_token_grant_add(token, &grant, NULL));
    vk_grant_record_clear(&grant);
    vk_grant_record_clear(&nowhere);
    vk_token_close(token);
}
END_TEST

START_TEST(do_not_change_the_version) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1), version = key_version(token, id);
    vk_grant_record grant = grant_add(token, id, 1);
    assert_ok(reserve(token, &grant, 1, 1));
    ck_assert_int_eq(key_version(token, id), version);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

/* ---- Decisions ---- */

/* What a decision found, and what it puts in its place. */
typedef struct state {
    vk_budget budget;
    vk_rule_state rules[RULES];
    vk_nonce_charge charge;
} state;

static void copy_state(const vk_budget *budget, const vk_nonce_charge *charge, state *to) {
    ck_assert_uint_eq(budget->count, RULES);
    to->budget = *budget;
    memcpy(to->rules, budget->rules, sizeof to->rules);
    to->charge = *charge;
}

static vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    copy_state(budget, charge, context);
    budget->rules[0].used = 5;
    budget->enabled = true;
    charge->present = true;
    return vk_fail(err, VK_DENIED, "test", "no");
}

static state state_of(vk_token *token, const vk_grant_record *grant, uint64_t nonce) {
    state found;
    assert_status(decide(token, grant, nonce, refuse, &found), VK_DENIED);
    return found;
}

static vk_status fill(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)err;
    budget->enabled = true;
    budget->sign_count = UINT32_MAX;
    memset(budget->enable_nonce.be, 0xee, 32);
    memset(budget->rules[2].spent.be, 0xff, 32);
    budget->rules[1] = (vk_rule_state){.used = UINT64_MAX, .window = UINT64_MAX - 1};
    *charge = (vk_nonce_charge){true, budget->rules[2].spent, UINT64_MAX};
    copy_state(budget, charge, context);
    return VK_OK;
}

START_TEST(every_member_comes_back) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    state first = state_of(token, &grant, 9), written;
    ck_assert(!first.budget.enabled && !first.charge.present && first.budget.sign_count == 0);
    ck_assert(vk_u256_is_zero(&first.rules[2].spent));
    assert_ok(decide(token, &grant, 9, fill, &written));
    token = token_reopen(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    state back = state_of(token, &grant, 9);
    ck_assert(back.budget.enabled && back.budget.sign_count == UINT32_MAX);
    ck_assert_mem_eq(&back.budget.enable_nonce, &written.budget.enable_nonce, 32);
    ck_assert_mem_eq(back.rules, written.rules, sizeof back.rules);
    ck_assert(back.charge.present && back.charge.window == UINT64_MAX);
    ck_assert_mem_eq(&back.charge.gas, &written.charge.gas, 32);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

START_TEST(a_refusal_changes_nothing) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    state_of(token, &grant, 1);
    state found = state_of(token, &grant, 1);
    ck_assert(!found.budget.enabled && !found.charge.present && found.rules[0].used == 0);
    assert_ok(reserve(token, &grant, 1, 7));
    ck_assert_uint_eq(spent(token, &grant), 7);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

static vk_status decide_with(vk_token *token, const vk_grant_record *grant, int64_t version,
                             size_t rule_count) {
    state found;
    vk_decision decision = {.grant = grant,
                            .key_version = version,
                            .rule_count = rule_count,
                            .decide = refuse,
                            .context = &found};
    return vk_token_decide(token, &decision, NULL);
}

START_TEST(refused_when_something_is_missing) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    int64_t version = key_version(token, id);
    assert_status(decide_with(token, &grant, version + 1, RULES), VK_ERR_MISMATCH);
    assert_status(decide_with(token, &grant, version, VK_POLICIES_MAX + 1), VK_ERR_ARGUMENT);
    grant.id++;
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_NOT_FOUND);
    grant.id--;
    vk_token_logout(token);
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_ok(reserve(token, &grant, 1, 1));
    assert_status(decide_with(token, &grant, version, RULES + 1), VK_ERR_INTEGRITY);
    assert_ok(vk_token_key_remove(token, id, true, false));
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_NOT_FOUND);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

static vk_status drop_a_rule(void *context, vk_budget *budget, vk_nonce_charge *charge,
                             vk_error *err) {
    (void)context;
    (void)charge;
    (void)err;
    budget->count--;
    return VK_OK;
}

START_TEST(the_rules_stay_as_many) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    assert_status(decide(token, &grant, 1, drop_a_rule, NULL), VK_ERR_ARGUMENT);
    assert_ok(reserve(token, &grant, 1, 1));
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

/* The caller's copy counts: it may have been read before the login. */
START_TEST(a_changed_copy_is_refused) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    grant.json[2] ^= 1;
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_INTEGRITY);
    grant.json[2] ^= 1;
    grant.account.b[0] ^= 1;
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_INTEGRITY);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

START_TEST(budgets_are_per_grant) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record one = grant_add(token, id, 1), two = grant_add(token, id, 2);
    assert_ok(reserve(token, &one, 1, 5));
    assert_ok(reserve(token, &two, 1, 6));
    assert_ok(reserve(token, &one, 1, 7));
    ck_assert_uint_eq(spent(token, &one), 12);
    ck_assert_uint_eq(spent(token, &two), 6);
    vk_grant_record_clear(&one);
    vk_grant_record_clear(&two);
    vk_token_close(token);
}
END_TEST

START_TEST(budgets_outlive_keys) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    assert_ok(reserve(token, &grant, 3, 50));
    vk_grant_record_clear(&grant);
    for (int i = 1; i < 3; i++) {
        assert_ok(vk_token_key_remove(token, id, true, true));
        id = key_add(token, 1);
        grant = grant_add(token, id, 1);
        ck_assert_uint_eq(spent(token, &grant), (uint64_t)i * 50);
        state found = state_of(token, &grant, 3);
        ck_assert(found.charge.present && vk_u256_low64(&found.charge.gas) == 50);
        assert_ok(reserve(token, &grant, 3, 50));
        vk_grant_record_clear(&grant);
    }
    vk_token_close(token);
}
END_TEST

/* ---- Locks ---- */

START_TEST(busy_when_another_process_writes) {
    vk_token *token = user_token();
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    sqlite3 *other;
    ck_assert_int_eq(sqlite3_open(vk_token_path(token), &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_BUSY);
    vk_token_info info;
    assert_ok(vk_token_get_info(token, &info));
    ck_assert_uint_eq(spent(token, &grant), 0);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    assert_ok(reserve(token, &grant, 1, 1));
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {come_back_in_order,
                                  one_per_chain_account_and_permission,
                                  need_the_user_and_a_private_key,
                                  do_not_change_the_version,
                                  every_member_comes_back,
                                  a_refusal_changes_nothing,
                                  refused_when_something_is_missing,
                                  the_rules_stay_as_many,
                                  a_changed_copy_is_refused,
                                  budgets_are_per_grant,
                                  budgets_outlive_keys,
                                  busy_when_another_process_writes};
    return RUN_TESTS("token grants", tests);
}
