/*
 * onchain_thirdweb.json: what isValidSigner and isActiveSigner answered, through the verdict, and
 * the requests that an account took, through the account of the kind thirdweb_verdict. Without
 * hardening the chain's answers; with it equal, or stricter by a rule that is counted here.
 */
#include "batch/thirdweb_account.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS_ROOM 8
#define SIGNERS_ROOM 32

/* executeBatch of nothing: good for every signer that is active. */
#define EMPTY_BATCH                                                                                \
    "0x47e1da2a"                                                                                   \
    "0000000000000000000000000000000000000000000000000000000000000060"                             \
    "0000000000000000000000000000000000000000000000000000000000000080"                             \
    "00000000000000000000000000000000000000000000000000000000000000a0"                             \
    "0000000000000000000000000000000000000000000000000000000000000000"                             \
    "0000000000000000000000000000000000000000000000000000000000000000"                             \
    "0000000000000000000000000000000000000000000000000000000000000000"

/* targets: memory for those of the request. */
static vk_thirdweb_request read_request(const cJSON *json, vk_address targets[TARGETS_ROOM]) {
    const cJSON *item;
    vk_thirdweb_request request = {
        .signer = vectors_address(json, "signer"),
        .is_admin = (uint8_t)vectors_u64(json, "isAdmin"),
        .targets = targets,
        .native_limit = vectors_u256(json, "nativeTokenLimitPerTransaction"),
        .start = vectors_u256(json, "permissionStartTimestamp"),
        .end = vectors_u256(json, "permissionEndTimestamp"),
        .request_start = vectors_u256(json, "reqValidityStartTimestamp"),
        .request_end = vectors_u256(json, "reqValidityEndTimestamp"),
        .uid = vectors_hash(json, "uid"),
    };
    cJSON_ArrayForEach(item, vectors_get(json, "approvedTargets")) {
        ck_assert_uint_lt(request.target_count, TARGETS_ROOM);
        vk_address *target = &targets[request.target_count++];
        ck_assert_int_eq(vk_address_read(item->valuestring, strlen(item->valuestring), target),
                         VK_OK);
    }
    return request;
}

static vk_verdict judge(const vk_thirdweb_permission *permission, const vk_address *account,
                        vk_bytes call_data, uint64_t now, vk_hardening_set relaxed) {
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7, .sender = *account, .call_data = call_data};
    vk_verdict_request request = {.op = &op, .chain_id = 1, .now = now, .relaxed = relaxed};
    vk_verdict verdict;
    ck_assert_int_eq(vk_thirdweb_evaluate(permission, &request, &verdict), VK_OK);
    ck_assert(verdict.allowed == (verdict.reason[0] == '\0'));
    return verdict;
}

/* ---- isValidSigner ---- */

typedef struct tally {
    size_t allowed, denied;
    size_t hardened[VK_HARDENING_RULES];
} tally;

static void compare(const vk_verdict *verdict, bool valid, const char *what, tally *t) {
    vk_hardening rule;
    ck_assert_msg(valid || !verdict->allowed, "laxer than the chain: %s", what);
    t->allowed += verdict->allowed;
    t->denied += !valid;
    if (verdict->allowed || !valid) {
        ck_assert_msg(verdict->hardening == NULL, "%s: %s", what, verdict->hardening);
        return;
    }
    ck_assert_msg(verdict->hardening != NULL, "%s: %s", what, verdict->reason);
    ck_assert_int_eq(vk_hardening_find(verdict->hardening, &rule), VK_OK);
    t->hardened[rule]++;
}

static void check_signer(const cJSON *one, vk_hardening_set relaxed, tally *t) {
    const cJSON *in = vectors_get(one, "in"), *check;
    vk_address account = vectors_address(in, "account"), targets[TARGETS_ROOM];
    vk_thirdweb_request request = read_request(vectors_get(in, "request"), targets);
    vk_thirdweb_permission permission = vk_thirdweb_permission_of(&request);
    cJSON_ArrayForEach(check, vectors_get(vectors_get(one, "out"), "checks")) {
        const cJSON *data = cJSON_GetObjectItemCaseSensitive(check, "callData");
        vk_buf call_data = vectors_hex(data == NULL ? EMPTY_BATCH : data->valuestring);
        uint64_t now = vectors_u64(in, "referenceTime") + vectors_u64(check, "relativeTime");
        vk_verdict verdict = judge(&permission, &account, vk_buf_view(&call_data), now, relaxed);
        compare(&verdict, cJSON_IsTrue(vectors_get(check, "valid")), vectors_text(check, "what"),
                t);
        vk_verdict_clear(&verdict);
        vk_buf_clear(&call_data);
    }
}

static tally check_signers(vk_hardening_set relaxed) {
    cJSON *file = vectors_load("onchain_thirdweb.json");
    const cJSON *one;
    tally t = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (cJSON_HasObjectItem(vectors_get(one, "out"), "checks")) {
            check_signer(one, relaxed, &t);
        }
    }
    cJSON_Delete(file);
    return t;
}

START_TEST(test_valid_signer) {
    tally t = check_signers(VK_HARDENING_ALL);
    ck_assert_uint_eq(t.allowed, 36);
    ck_assert_uint_eq(t.denied, 44);
    t = check_signers(VK_HARDENING_NONE);
    ck_assert_uint_eq(t.allowed, 15);
    ck_assert_uint_eq(t.denied, 44);
    /* More values than targets, fewer data than targets, execute cut after the value. */
    ck_assert_uint_eq(t.hardened[VK_HARDENING_CALLDATA_ENCODING], 12);
    ck_assert_uint_eq(t.hardened[VK_HARDENING_ANY_TARGET], 9);
}
END_TEST

/* ---- The window, at its edges ---- */

START_TEST(test_window) {
    vk_address account = {{1}}, target = {{2}};
    vk_thirdweb_permission permission = {.target_count = 1,
                                         .targets = &target,
                                         .start = vk_u256_from_u64(1000),
                                         .end = vk_u256_from_u64(2000)};
    static const struct {
        uint64_t now;
        bool open;
    } times[] = {{999, false}, {1000, true}, {1999, true}, {2000, false}};
    vk_buf call_data = vectors_hex(EMPTY_BATCH);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        vk_verdict verdict =
            judge(&permission, &account, vk_buf_view(&call_data), times[i].now, VK_HARDENING_ALL);
        ck_assert(verdict.allowed == times[i].open);
        ck_assert_str_eq(verdict.rule, times[i].open ? "" : "window");
        vk_verdict_clear(&verdict);
    }
    vk_buf_clear(&call_data);
}
END_TEST

/* ---- Requests, in order ---- */

typedef struct world {
    vk_thirdweb_account account;
    vk_thirdweb_signer signers[SIGNERS_ROOM];
    vk_hash uids[SIGNERS_ROOM];
    size_t accepted, refused;
} world;

static void begin(const cJSON *in, world *w) {
    *w = (world){.account = {.chain_id = vectors_u64(in, "chainId"),
                             .account = vectors_address(in, "account")}};
    vk_address admin = vectors_address(in, "adminAddress");
    w->account.signers = w->signers;
    w->account.uids = w->uids;
    vk_thirdweb_account_admin(&w->account, &admin);
}

static vk_thirdweb_permission permission_of(const world *w, const vk_address *signer) {
    for (size_t i = 0; i < w->account.signer_count; i++) {
        if (vk_address_equal(&w->signers[i].address, signer)) {
            return w->signers[i].permission;
        }
    }
    return (vk_thirdweb_permission){.is_admin = false};
}

/* isActiveSigner does not ask whether it is an admin. */
static bool is_active(const world *w, vk_thirdweb_permission permission, uint64_t now) {
    vk_buf call_data = vectors_hex(EMPTY_BATCH);
    permission.is_admin = false;
    vk_verdict verdict =
        judge(&permission, &w->account.account, vk_buf_view(&call_data), now, VK_HARDENING_ALL);
    bool active = verdict.allowed;
    vk_verdict_clear(&verdict);
    vk_buf_clear(&call_data);
    return active;
}

static void check_step(const cJSON *step, vk_address targets[TARGETS_ROOM], world *w) {
    const char *what = vectors_text(step, "what");
    vk_thirdweb_request request = read_request(vectors_get(step, "request"), targets);
    vk_buf signature = vectors_bytes(step, "signature");
    uint64_t now = vectors_u64(step, "time");
    size_t before = w->account.uid_count;
    ck_assert_int_eq(
        vk_thirdweb_account_request(&w->account, &request, vk_buf_view(&signature), now), VK_OK);
    bool accepted = w->account.uid_count == before + 1;
    vk_thirdweb_permission permission = permission_of(w, &request.signer);
    ck_assert_msg(accepted == cJSON_IsTrue(vectors_get(step, "accepted")), "%s", what);
    ck_assert_msg(permission.is_admin == cJSON_IsTrue(vectors_get(step, "signerIsAdmin")), "%s",
                  what);
    ck_assert_msg(is_active(w, permission, now) ==
                      cJSON_IsTrue(vectors_get(step, "signerIsActive")),
                  "%s", what);
    *(accepted ? &w->accepted : &w->refused) += 1;
    vk_buf_clear(&signature);
}

static void play_requests(const cJSON *one, size_t *accepted, size_t *refused) {
    vk_address targets[SIGNERS_ROOM][TARGETS_ROOM]; /* the account keeps them */
    const cJSON *step;
    world w;
    size_t i = 0;
    begin(vectors_get(one, "in"), &w);
    cJSON_ArrayForEach(step, vectors_get(vectors_get(one, "out"), "steps")) {
        ck_assert_uint_lt(i, SIGNERS_ROOM - 1);
        check_step(step, targets[i++], &w);
    }
    *accepted += w.accepted;
    *refused += w.refused;
}

START_TEST(test_requests) {
    cJSON *file = vectors_load("onchain_thirdweb.json");
    const cJSON *one;
    size_t accepted = 0, refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (cJSON_HasObjectItem(vectors_get(one, "out"), "steps")) {
            play_requests(one, &accepted, &refused);
        }
    }
    ck_assert_uint_eq(accepted, 12);
    ck_assert_uint_eq(refused, 8);
    cJSON_Delete(file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch-thirdweb-account");
    TCase *tests = tcase_create("batch-thirdweb-account");
    tcase_add_test(tests, test_valid_signer);
    tcase_add_test(tests, test_window);
    tcase_add_test(tests, test_requests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
