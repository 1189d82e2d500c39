/* Receipts in the journal: of what was signed, once, and moving nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "token/db.h"
#include "token/receipt.h"
#include "token/reservation.h"

/* Of key 0 the operations 1 to 3 are signed, of key 1 the operation 4. */
typedef struct fixture {
    vk_token *token;
    char *path;
    vk_grant_record grants[2];
    uint8_t points[2][65];
} fixture;

static fixture fixture_new(void) {
    fixture f = {.token = token_new(home)};
    f.path = path_of(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    for (unsigned i = 0; i < 2; i++) {
        f.grants[i] = grant_add(f.token, key_add(f.token, i), 1);
        point_of(i, f.points[i]);
    }
    for (uint64_t nonce = 1; nonce <= 4; nonce++) {
        assert_ok(reserve(f.token, &f.grants[nonce == 4], nonce, 100));
    }
    return f;
}

static void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grants[0]);
    vk_grant_record_clear(&f->grants[1]);
    vk_token_close(f->token);
    free(f->path);
}

/* Of the operation that support.c makes for a nonce. */
static vk_receipt receipt_of(uint64_t nonce) {
    vk_receipt receipt = {.chain_id = 1,
                          .nonce = vk_u256_from_u64(nonce),
                          .reason = "0x08c379a0",
                          .transaction = {{7}},
                          .block = UINT64_C(1) << 60,
                          .actual_gas_cost = vk_u256_from_u64(12345),
                          .bundler = "bundler.example"};
    memcpy(receipt.operation.b, &nonce, sizeof nonce);
    memset(receipt.account.b, 0xac, sizeof receipt.account.b);
    return receipt;
}

static vk_status add(fixture *f, unsigned key, const vk_receipt *receipt) {
    return vk_token_add_receipt(f->token, f->points[key], receipt, NULL);
}

/* ---- What the journal has ---- */

typedef struct found {
    int64_t records, receipts;
    vk_receipt last;
    bool is_whole;
    uint8_t point65[65], permission_id[4];
} found;

static vk_status look(void *context, const vk_journal_record *record) {
    found *out = context;
    out->records++;
    if (record->event == VK_EVENT_RECEIPT) {
        out->receipts++;
        out->is_whole = vk_journal_receipt(record, &out->last);
        ck_assert_uint_eq(record->point.len, sizeof out->point65);
        ck_assert_uint_eq(record->permission_id.len, sizeof out->permission_id);
        memcpy(out->point65, record->point.data, sizeof out->point65);
        memcpy(out->permission_id, record->permission_id.data, sizeof out->permission_id);
    }
    return VK_OK;
}

static found find(vk_token *token) {
    found out = {0};
    assert_ok(vk_journal_each(token, 0, look, &out, NULL));
    return out;
}

/* What is wrong with the journal. */
static int64_t findings(vk_token *token) {
    vk_journal_check check;
    assert_ok(vk_journal_verify(token, NULL, NULL, &check, NULL));
    ck_assert(check.macs_checked && check.anchor_checked);
    return check.findings;
}

START_TEST(says_what_was_said) {
    fixture f = fixture_new();
    vk_receipt receipt = receipt_of(2);
    assert_ok(add(&f, 0, &receipt));
    found all = find(f.token);
    ck_assert_int_eq(all.records, 5);
    ck_assert_int_eq(all.receipts, 1);
    ck_assert(all.is_whole);
    ck_assert_mem_eq(&all.last, &receipt, sizeof receipt);
    ck_assert_mem_eq(all.point65, f.points[0], 65);
    ck_assert_mem_eq(all.permission_id, f.grants[0].permission_id, 4);
    ck_assert_int_eq(findings(f.token), 0);
    receipt = receipt_of(4);
    receipt.success = true;
    memset(receipt.reason, 0, sizeof receipt.reason);
    assert_ok(add(&f, 1, &receipt));
    all = find(f.token);
    ck_assert_mem_eq(&all.last, &receipt, sizeof receipt);
    f.token = token_reopen(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    ck_assert_int_eq(findings(f.token), 0);
    fixture_free(&f);
}
END_TEST

/* What a bundler says gives nothing back, and settles nothing. */
START_TEST(moves_no_budget) {
    fixture f = fixture_new();
    vk_reservation *list;
    size_t count;
    vk_receipt receipt = receipt_of(2);
    receipt.success = true;
    assert_ok(add(&f, 0, &receipt));
    vk_budget budget = budget_of(f.token, &f.grants[0]);
    ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), 300);
    ck_assert_uint_eq(budget.rules[0].used, 3);
    vk_budget_clear(&budget);
    assert_ok(vk_token_reservations(f.token, &f.grants[0], &list, &count, NULL));
    ck_assert_uint_eq(count, 3);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(list[i].included_at, 0);
    }
    vk_reservations_free(list, count);
    fixture_free(&f);
}
END_TEST

/* ---- Only once ---- */

START_TEST(the_same_again_is_one) {
    fixture f = fixture_new();
    vk_receipt receipt = receipt_of(1);
    vk_token *other = token_open_as(f.path, VK_ROLE_USER);
    assert_ok(add(&f, 0, &receipt));
    assert_ok(add(&f, 0, &receipt));
    assert_ok(vk_token_add_receipt(other, f.points[0], &receipt, NULL));
    /* Another bundler may say the same. */
    snprintf(receipt.bundler, sizeof receipt.bundler, "other.example");
    assert_ok(add(&f, 0, &receipt));
    /* Signed again: still the same operation. */
    assert_ok(reserve(f.token, &f.grants[0], 1, 100));
    assert_ok(add(&f, 0, &receipt));
    found all = find(f.token);
    ck_assert_int_eq(all.receipts, 1);
    ck_assert_str_eq(all.last.bundler, "bundler.example");
    vk_token_close(other);
    fixture_free(&f);
}
END_TEST

START_TEST(another_of_the_same_operation_is_refused) {
    fixture f = fixture_new();
    vk_error err = {0};
    vk_receipt receipt = receipt_of(1);
    assert_ok(add(&f, 0, &receipt));
    receipt.block++;
    assert_status(vk_token_add_receipt(f.token, f.points[0], &receipt, &err), VK_ERR_PROHIBITED);
    ck_assert_ptr_nonnull(strstr(err.message, "another receipt"));
    receipt = receipt_of(1);
    receipt.success = !receipt.success;
    assert_status(add(&f, 0, &receipt), VK_ERR_PROHIBITED);
    ck_assert_int_eq(find(f.token).receipts, 1);
    fixture_free(&f);
}
END_TEST

#define WRITERS 4

START_TEST(of_several_processes_one_writes) {
    fixture f = fixture_new();
    pid_t children[WRITERS];
    int result;
    vk_token_close(f.token);
    fflush(NULL);
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            vk_token *token;
            bool ok = vk_token_open(f.path, &token, NULL) == VK_OK &&
                      login(token, VK_ROLE_USER, USER_PIN) == VK_OK;
            for (uint64_t nonce = 1; nonce <= 3 && ok; nonce++) {
                vk_receipt receipt = receipt_of(nonce);
                ok = vk_token_add_receipt(token, f.points[0], &receipt, NULL) == VK_OK;
            }
            _exit(ok ? 0 : 1);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(waitpid(children[i], &result, 0), children[i]);
        ck_assert_int_eq(result, 0);
    }
    f.token = token_open_as(f.path, VK_ROLE_USER);
    ck_assert_int_eq(find(f.token).receipts, 3);
    ck_assert_int_eq(findings(f.token), 0);
    fixture_free(&f);
}
END_TEST

/* ---- Of what was signed ---- */

static vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)budget;
    (void)charge;
    return vk_fail(err, VK_DENIED, "gas", "too dear");
}

START_TEST(what_was_never_signed_has_none) {
    fixture f = fixture_new();
    vk_error err = {0};
    vk_receipt foreign = receipt_of(4), unknown = receipt_of(9), denied = receipt_of(5),
               elsewhere = receipt_of(1);
    assert_status(decide(f.token, &f.grants[0], 5, refuse, NULL), VK_DENIED);
    assert_status(vk_token_add_receipt(f.token, f.points[0], &unknown, &err), VK_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "no record that this key signed"));
    assert_status(add(&f, 0, &foreign), VK_ERR_NOT_FOUND);
    assert_status(add(&f, 0, &denied), VK_ERR_NOT_FOUND);
    elsewhere.chain_id = 2;
    assert_status(add(&f, 0, &elsewhere), VK_ERR_MISMATCH);
    elsewhere = receipt_of(1);
    elsewhere.account.b[0] ^= 1;
    assert_status(add(&f, 0, &elsewhere), VK_ERR_MISMATCH);
    ck_assert_int_eq(find(f.token).receipts, 0);
    /* Nothing is left of it. */
    assert_ok(reserve(f.token, &f.grants[0], 6, 1));
    ck_assert_int_eq(findings(f.token), 0);
    fixture_free(&f);
}
END_TEST

/* A record that somebody made up is no signature's. */
START_TEST(edited_records_vouch_for_nothing) {
    fixture f = fixture_new();
    vk_receipt receipt = receipt_of(9);
    raw(f.path, "UPDATE journal SET operation = x'0900000000000000"
                "000000000000000000000000000000000000000000000000' WHERE number = 1");
    usleep(3000);
    assert_status(add(&f, 0, &receipt), VK_ERR_INTEGRITY);
    ck_assert_int_gt(findings(f.token), 0);
    fixture_free(&f);
}
END_TEST

START_TEST(is_the_users) {
    fixture f = fixture_new();
    vk_receipt receipt = receipt_of(1);
    vk_token_logout(f.token);
    assert_status(add(&f, 0, &receipt), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_status(add(&f, 0, &receipt), VK_ERR_NOT_LOGGED_IN);
    ck_assert_int_eq(find(f.token).receipts, 0);
    fixture_free(&f);
}
END_TEST

/* ---- The file ---- */

START_TEST(edited_receipts_are_found) {
    fixture f = fixture_new();
    vk_receipt receipt = receipt_of(1);
    assert_ok(add(&f, 0, &receipt));
    raw(f.path, "UPDATE journal SET before = zeroblob(104) WHERE event = 10");
    usleep(3000);
    ck_assert_int_gt(findings(f.token), 0);
    ck_assert(!find(f.token).is_whole);
    fixture_free(&f);
}
END_TEST

START_TEST(are_found_by_their_index) {
    fixture f = fixture_new();
    char *plan = raw_plan(f.path, vk_sql_texts[VK_SQL_JOURNAL_RECEIPT]);
    ck_assert_msg(strstr(plan, "journal_receipt") != NULL, "%s", plan);
    vk_text_free(plan);
    fixture_free(&f);
}
END_TEST

/* Rotation drops them as it drops others. */
START_TEST(are_dropped_with_the_others) {
    fixture f = fixture_new();
    vk_receipt receipt = receipt_of(1);
    int64_t dropped;
    assert_ok(add(&f, 0, &receipt));
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_journal_rotate(f.token, 0, NULL, NULL, &dropped, NULL));
    ck_assert_int_eq(dropped, 5);
    ck_assert_int_eq(findings(f.token), 0);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    receipt = receipt_of(2);
    assert_status(add(&f, 0, &receipt), VK_ERR_NOT_FOUND);
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {says_what_was_said,
                                  moves_no_budget,
                                  the_same_again_is_one,
                                  another_of_the_same_operation_is_refused,
                                  of_several_processes_one_writes,
                                  what_was_never_signed_has_none,
                                  edited_records_vouch_for_nothing,
                                  is_the_users,
                                  edited_receipts_are_found,
                                  are_found_by_their_index,
                                  are_dropped_with_the_others};
    return RUN_TESTS("receipts", tests);
}
