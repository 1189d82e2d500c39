/* What nonces hold of a budget, and what becomes of it; the nodes that may be asked. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "token/journal.h"
#include "token/reservation.h"

static const char limits[] =
    "[{\"type\":\"gas\",\"policyFlag\":\"0x0000\",\"allowed\":\"1000\"},"
    "{\"type\":\"rate-limit\",\"policyFlag\":\"0x0000\",\"count\":5,\"interval\":0,\"startAt\":0},"
    "{\"type\":\"timestamp\",\"policyFlag\":\"0x0000\",\"validAfter\":0,\"validUntil\":9}]";

typedef struct fixture {
    vk_token *token;
    vk_grant_record grant;
    vk_policy policy;
} fixture;

static fixture begin(void) {
    fixture f = {.token = token_new(home)};
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    f.grant = grant_add(f.token, key_add(f.token, 0), 1);
    assert_ok(vk_policy_read(limits, strlen(limits), &f.policy, NULL));
    return f;
}

static void end(fixture *f) {
    vk_policy_clear(&f->policy);
    vk_grant_record_clear(&f->grant);
    vk_token_close(f->token);
}

static vk_status settle(const fixture *f, uint64_t nonce, vk_outcome outcome) {
    const vk_settlement what = {.grant = &f->grant,
                                .nonce = vk_u256_from_u64(nonce),
                                .outcome = outcome,
                                .included_at = outcome == VK_OUTCOME_INCLUDED ? 1234 : 0,
                                .policy = &f->policy,
                                .why = "a test says so"};
    return vk_token_settle(f->token, &what, NULL);
}

static uint64_t spent(const fixture *f) {
    vk_budget budget = budget_of(f->token, &f->grant);
    uint64_t sum = vk_u256_low64(&budget.rules[0].spent);
    vk_budget_clear(&budget);
    return sum;
}

static size_t count(const fixture *f, vk_reservation *first) {
    vk_reservation *list;
    size_t n;
    assert_ok(vk_token_reservations(f->token, &f->grant, &list, &n, NULL));
    if (n > 0) {
        *first = list[0];
    }
    vk_reservations_free(list, n);
    return n;
}

START_TEST(are_listed_by_nonce) {
    fixture f = begin();
    vk_reservation first;
    ck_assert_uint_eq(count(&f, &first), 0);
    assert_ok(reserve(f.token, &f.grant, 7, 100));
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    ck_assert_uint_eq(count(&f, &first), 2);
    ck_assert_uint_eq(vk_u256_low64(&first.nonce), 3);
    ck_assert_uint_eq(vk_u256_low64(&first.charge.gas), 50);
    ck_assert_uint_eq(first.operation_count, 1);
    ck_assert(first.is_complete);
    ck_assert_uint_ne(first.signed_at, 0);
    ck_assert_uint_eq(first.included_at, 0);
    vk_token_logout(f.token);
    vk_reservation *list;
    size_t n;
    assert_status(vk_token_reservations(f.token, &f.grant, &list, &n, NULL), VK_ERR_NOT_LOGGED_IN);
    end(&f);
}
END_TEST

START_TEST(included_keeps_what_is_reserved) {
    fixture f = begin();
    vk_reservation first;
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    assert_ok(settle(&f, 3, VK_OUTCOME_INCLUDED));
    ck_assert_uint_eq(count(&f, &first), 1);
    ck_assert_uint_eq(first.included_at, 1234);
    ck_assert_uint_eq(spent(&f), 50);
    assert_status(settle(&f, 3, VK_OUTCOME_INCLUDED), VK_ERR_EXISTS);
    assert_status(settle(&f, 3, VK_OUTCOME_GONE), VK_ERR_PROHIBITED);
    ck_assert_uint_eq(spent(&f), 50);
    end(&f);
}
END_TEST

START_TEST(gone_gives_it_back) {
    fixture f = begin();
    vk_reservation first;
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    assert_ok(reserve(f.token, &f.grant, 4, 30));
    assert_status(settle(&f, 5, VK_OUTCOME_GONE), VK_ERR_NOT_FOUND);
    assert_ok(settle(&f, 3, VK_OUTCOME_GONE));
    ck_assert_uint_eq(spent(&f), 30);
    ck_assert_uint_eq(count(&f, &first), 1);
    assert_status(settle(&f, 3, VK_OUTCOME_GONE), VK_ERR_NOT_FOUND);
    f.token = token_reopen(f.token);
    assert_status(settle(&f, 4, VK_OUTCOME_GONE), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    ck_assert_uint_eq(spent(&f), 30);
    assert_ok(settle(&f, 4, VK_OUTCOME_GONE));
    ck_assert_uint_eq(spent(&f), 0);
    vk_journal_check check;
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert_int_eq(check.findings, 0);
    end(&f);
}
END_TEST

static vk_status take_nothing_more(void *context, vk_budget *budget, vk_nonce_charge *charge,
                                   vk_error *err) {
    (void)context;
    (void)budget;
    (void)err;
    charge->present = true;
    return VK_OK;
}

/* A fee bump: another operation with a nonce. */
static vk_status sign_another(const fixture *f, uint64_t nonce, uint8_t operation) {
    question q;
    vk_key_record record;
    assert_ok(vk_token_key_get(f->token, f->grant.key_id, &record));
    question_init(&q, &f->grant, record.point65, nonce, take_nothing_more, NULL);
    q.decision.key_version = record.version;
    q.decision.operation.b[0] = operation;
    vk_key_record_clear(&record);
    return vk_token_decide(f->token, &q.decision, NULL);
}

/* A node was asked about what was signed until then; the new one may be what used the nonce. */
START_TEST(gone_is_said_of_what_was_judged) {
    fixture f = begin();
    vk_reservation *list;
    size_t n;
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    assert_ok(vk_token_reservations(f.token, &f.grant, &list, &n, NULL));
    ck_assert_uint_eq(n, 1);
    vk_settlement what = {.grant = &f.grant,
                          .nonce = vk_u256_from_u64(3),
                          .outcome = VK_OUTCOME_GONE,
                          .judged = &list[0],
                          .policy = &f.policy,
                          .why = "a test says so"};
    assert_ok(sign_another(&f, 3, 0xaa));
    assert_status(vk_token_settle(f.token, &what, NULL), VK_ERR_MISMATCH);
    ck_assert_uint_eq(spent(&f), 50);
    vk_reservations_free(list, n);
    assert_ok(vk_token_reservations(f.token, &f.grant, &list, &n, NULL));
    ck_assert_uint_eq(list[0].operation_count, 2);
    what.judged = &list[0];
    assert_ok(vk_token_settle(f.token, &what, NULL));
    ck_assert_uint_eq(spent(&f), 0);
    /* The same count again, of another operation. */
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    assert_ok(sign_another(&f, 3, 0xbb));
    assert_status(vk_token_settle(f.token, &what, NULL), VK_ERR_MISMATCH);
    vk_reservations_free(list, n);
    end(&f);
}
END_TEST

/* Of so many that their hashes are not all kept, the number still tells. */
START_TEST(one_more_than_are_kept) {
    fixture f = begin();
    vk_reservation *list;
    size_t n;
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    for (uint8_t i = 1; i <= 70; i++) {
        assert_ok(sign_another(&f, 3, i));
    }
    assert_ok(vk_token_reservations(f.token, &f.grant, &list, &n, NULL));
    ck_assert_uint_eq(list[0].signed_count, 71);
    ck_assert_uint_eq(list[0].operation_count, 64);
    vk_settlement what = {.grant = &f.grant,
                          .nonce = vk_u256_from_u64(3),
                          .outcome = VK_OUTCOME_GONE,
                          .judged = &list[0],
                          .policy = &f.policy,
                          .why = "a test says so"};
    assert_ok(sign_another(&f, 3, 71));
    assert_status(vk_token_settle(f.token, &what, NULL), VK_ERR_MISMATCH);
    vk_reservations_free(list, n);
    end(&f);
}
END_TEST

/* What was signed before a start that was declared later may be in it. */
START_TEST(gone_takes_nothing_from_the_start) {
    fixture f = begin();
    vk_reservation first;
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    assert_ok(vk_token_key_remove(f.token, f.grant.key_id, true, true));
    vk_text_free(f.grant.json);
    f.grant.key_id = key_add(f.token, 0);
    f.grant.json = strdup("{\"chainId\":1,\"start\":{\"spent\":\"40\",\"at\":3000000000}}");
    assert_ok(vk_token_grant_add(f.token, &f.grant, NULL));
    assert_ok(settle(&f, 3, VK_OUTCOME_GONE));
    ck_assert_uint_eq(spent(&f), 50);
    ck_assert_uint_eq(count(&f, &first), 0);
    end(&f);
}
END_TEST

/* Somebody with the file makes an operation disappear, so that its nonce looks like another's. */
START_TEST(edited_rows_are_found) {
    static const char *const edits[] = {
        "UPDATE nonce SET operations = x''",          "UPDATE nonce SET signed_count = 2",
        "UPDATE nonce SET signed_at = signed_at + 1", "UPDATE nonce SET included_at = 9",
        "UPDATE nonce SET spends = zeroblob(40)",     "UPDATE nonce SET signed_count = 0"};
    fixture f = begin();
    char *path = path_of(f.token);
    assert_ok(reserve(f.token, &f.grant, 3, 50));
    raw(path, "CREATE TABLE kept AS SELECT * FROM nonce");
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        raw(path, edits[i]);
        assert_status(settle(&f, 3, VK_OUTCOME_GONE), VK_ERR_INTEGRITY);
        raw(path, "DELETE FROM nonce; INSERT INTO nonce SELECT * FROM kept");
    }
    raw(path, "DROP TABLE kept");
    assert_ok(settle(&f, 3, VK_OUTCOME_GONE));
    free(path);
    end(&f);
}
END_TEST

/* ---- Nodes ---- */

static void assert_node(vk_token *token, uint64_t chain_id, const char *expected) {
    char *json;
    assert_ok(vk_token_node(token, chain_id, &json, NULL));
    ck_assert_str_eq(json, expected);
    free(json);
}

START_TEST(nodes_are_the_sos) {
    static const char node[] = "{\"url\":\"https://node.example/secret\"}";
    fixture f = begin();
    char *json, *path = path_of(f.token);
    assert_status(vk_token_set_node(f.token, 1, node, NULL), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_set_node(f.token, 10, "{}", NULL));
    assert_ok(vk_token_set_node(f.token, 1, node, NULL));
    assert_node(f.token, 1, node);
    vk_token_logout(f.token);
    assert_status(vk_token_node(f.token, 1, &json, NULL), VK_ERR_NOT_LOGGED_IN);
    uint64_t *ids;
    size_t n;
    assert_ok(vk_token_nodes(f.token, &ids, &n, NULL));
    ck_assert_uint_eq(n, 2);
    ck_assert(ids[0] == 1 && ids[1] == 10);
    free(ids);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    assert_node(f.token, 1, node);
    assert_status(vk_token_node(f.token, 2, &json, NULL), VK_ERR_NOT_FOUND);
    raw(path, "UPDATE node SET sealed = (SELECT sealed FROM node WHERE chain_id = 1)"
              " WHERE chain_id = 10");
    assert_status(vk_token_node(f.token, 10, &json, NULL), VK_ERR_INTEGRITY);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM node WHERE instr(sealed, 'secret') > 0"),
                     0);
    free(path);
    end(&f);
}
END_TEST

START_TEST(a_node_can_be_removed) {
    fixture f = begin();
    char *json;
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_set_node(f.token, 1, "{}", NULL));
    assert_ok(vk_token_set_node(f.token, 1, NULL, NULL));
    assert_status(vk_token_node(f.token, 1, &json, NULL), VK_ERR_NOT_FOUND);
    end(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {are_listed_by_nonce,    included_keeps_what_is_reserved,
                                  gone_gives_it_back,     gone_is_said_of_what_was_judged,
                                  one_more_than_are_kept, gone_takes_nothing_from_the_start,
                                  edited_rows_are_found,  nodes_are_the_sos,
                                  a_node_can_be_removed};
    return RUN_TESTS("reservations", tests);
}
