/* The operations of tests/vectors/verdicts and session, judged by the policy alone, against the
 * chain; the kind verdict of the batch judges all steps of all files, signatures included. */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define USDC "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"

typedef struct tally {
    size_t cases;
    size_t accepted, denied; /* as on the chain */
    size_t hardened;         /* accepted there, denied by the hardening rule of the file */
    size_t laxer, wrong;     /* must be none */
    size_t messages;         /* skipped: message signatures */
    policy_refusals refusals;
} tally;

/* ---- A case ---- */

static uint16_t flag_of(const cJSON *object) {
    uint8_t flag[2];
    vectors_fixed(object, "flag", flag, sizeof flag);
    return (uint16_t)(flag[0] << 8 | flag[1]);
}

static vk_policy case_policy(const cJSON *one, policy_refusals *refusals) {
    cJSON *params = cJSON_CreateArray();
    const cJSON *rule;
    cJSON_ArrayForEach(rule, vectors_get(one, "policies")) {
        cJSON_AddItemToArray(params, policy_params(rule, NULL));
    }
    vk_policy policy = policy_of_params(params, refusals);
    policy.permission_flag = flag_of(one);
    return policy;
}

/* What the policy installs is what was installed there. */
static void check_installation(const cJSON *one, const vk_policy *policy) {
    const cJSON *rule, *signer_json = vectors_get(one, "signer");
    size_t i = 0;
    cJSON_ArrayForEach(rule, vectors_get(one, "policies")) {
        vk_buf expected = vectors_bytes(rule, "data"), data = {0};
        vk_address address = vectors_address(rule, "address");
        ck_assert(vk_address_equal(&address, &policy->rules[i].address));
        ck_assert_int_eq(vk_rule_encode(&policy->rules[i++], &data), VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&data), vk_buf_view(&expected)));
        vk_buf_clear(&expected);
        vk_buf_clear(&data);
    }
    vk_address address = vectors_address(signer_json, "address");
    vk_signer signer = vk_signer_ecdsa(&address);
    uint8_t id[4], expected_id[4];
    ck_assert_int_eq(vk_policy_permission_id(policy, &signer, id), VK_OK);
    vectors_fixed(one, "permissionId", expected_id, sizeof expected_id);
    ck_assert_mem_eq(id, expected_id, sizeof id);
}

/* The contract opens the first window when it is installed. */
static vk_rule_state *states_at_install(const cJSON *one, const vk_policy *policy) {
    const cJSON *time = cJSON_GetObjectItem(one, "installTimestamp");
    uint64_t installed = time == NULL ? 1000 : (uint64_t)time->valuedouble;
    vk_rule_state *states = calloc(policy->count, sizeof *states);
    ck_assert_ptr_nonnull(states);
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->rules[i].kind == VK_RULE_RATE_LIMIT_RESET) {
            states[i].window = installed + policy->rules[i].u.rate.interval;
        }
    }
    return states;
}

/* How a file is played. */
typedef struct mode {
    vk_hardening_set relaxed;
    const char *hardening; /* the only rule that may speak up */
} mode;

/* Also the error that the bundler got. */
static void compare_error(const cJSON *step, bool accepted, const vk_verdict *verdict) {
    const char *error = accepted ? "" : vectors_text(vectors_get(step, "verdict"), "reason");
    ck_assert_str_eq(verdict->chain_error, error);
}

static void compare(const cJSON *step, const vk_verdict *verdict, const mode *how, tally *t) {
    bool accepted = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
    compare_error(step, accepted, verdict);
    bool named = verdict->hardening != NULL && how->hardening != NULL &&
                 strcmp(verdict->hardening, how->hardening) == 0;
    t->accepted += accepted && verdict->allowed;
    t->denied += !accepted && !verdict->allowed;
    t->laxer += !accepted && verdict->allowed;
    t->hardened += accepted && !verdict->allowed && named;
    t->wrong +=
        (accepted && !verdict->allowed && !named) || (!accepted && verdict->hardening != NULL);
}

static void play_step(const cJSON *one, const cJSON *step, const vk_policy *policy,
                      vk_rule_state *states, const mode *how, tally *t) {
    if (cJSON_GetObjectItem(step, "kind") != NULL) {
        t->messages++;
        return;
    }
    vk_address sender = vectors_address(one, "account");
    const cJSON *block = cJSON_GetObjectItem(step, "blockNumber");
    vk_userop op = policy_step_op(step, &sender);
    op.entry_point = vk_entry_point_read(vectors_text(one, "entryPointVersion"));
    vk_verdict_request request = {.op = &op,
                                  .chain_id = 31337,
                                  .now = vectors_u64(step, "timestamp"),
                                  .has_block = block != NULL,
                                  .block = block == NULL ? 0 : vectors_u64(step, "blockNumber"),
                                  .selector = vk_kernel_execute_selector,
                                  .relaxed = how->relaxed};
    vk_verdict verdict = policy_judge_history(policy, &request, states);
    compare(step, &verdict, how, t);
    vk_verdict_clear(&verdict);
    vk_userop_clear(&op);
}

static void play_case(const cJSON *one, const mode *how, tally *t) {
    t->cases++;
    const cJSON *steps = vectors_get(one, "steps"), *step;
    ck_assert(cJSON_IsTrue(vectors_get(one, "installed")));
    vk_policy policy = case_policy(one, &t->refusals);
    check_installation(one, &policy);
    vk_rule_state *states = states_at_install(one, &policy);
    cJSON_ArrayForEach(step, steps) {
        play_step(one, step, &policy, states, how, t);
    }
    free(states);
    vk_policy_clear(&policy);
}

static tally play(const char *name, const mode *how) {
    cJSON *file = vectors_load(name);
    const cJSON *one;
    tally t = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        play_case(one, how, &t);
    }
    cJSON_Delete(file);
    return t;
}

/* ---- The files ---- */

static const struct {
    const char *file;
    const char *hardening;
    tally expected;
} files[] = {
    {"verdicts/call.json", NULL, {.cases = 230, .accepted = 153, .denied = 188}},
    {"verdicts/gas.json",
     "zero-paymaster",
     {.cases = 205, .accepted = 213, .denied = 203, .hardened = 18}},
    {"verdicts/timestamp.json",
     NULL,
     {.cases = 205, .accepted = 225, .denied = 330, .refusals = {.window = 47}}},
    {"verdicts/ratelimit.json", NULL, {.cases = 205, .accepted = 230, .denied = 255}},
    {"verdicts/ratelimit-reset.json", NULL, {.cases = 205, .accepted = 422, .denied = 190}},
    {"verdicts/combo.json",
     "zero-paymaster",
     {.cases = 205, .accepted = 205, .denied = 227, .messages = 81}},
    {"verdicts/sudo.json",
     "calldata-encoding",
     {.cases = 205, .accepted = 232, .denied = 104, .hardened = 12, .messages = 80}},
};

static void check_tally(const tally *t, const tally *expected, size_t hardened) {
    ck_assert_uint_eq(t->laxer, 0);
    ck_assert_uint_eq(t->wrong, 0);
    ck_assert_uint_eq(t->cases, expected->cases);
    ck_assert_uint_eq(t->denied, expected->denied);
    ck_assert_uint_eq(t->hardened, hardened);
    ck_assert_uint_eq(t->accepted, expected->accepted - hardened);
    ck_assert_uint_eq(t->messages, expected->messages);
    ck_assert_uint_eq(t->refusals.window, expected->refusals.window);
    ck_assert_uint_eq(t->refusals.address, 0);
}

START_TEST(test_verdicts) {
    mode hard = {VK_HARDENING_NONE, files[_i].hardening}, off = {VK_HARDENING_ALL, NULL};
    tally t = play(files[_i].file, &hard);
    check_tally(&t, &files[_i].expected, files[_i].expected.hardened);
    t = play(files[_i].file, &off);
    check_tally(&t, &files[_i].expected, 0);
}
END_TEST

/* ---- Whole sessions that the SDK made ---- */

static vk_userop session_op(const cJSON *operation) {
    char *text = cJSON_PrintUnformatted(vectors_get(operation, "userOp"));
    vk_userop op;
    vk_error err = {0};
    vk_bytes json = {(const uint8_t *)text, strlen(text)};
    vk_status status = vk_userop_read_json(json, VK_ENTRY_POINT_0_7, &op, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    cJSON_free(text);
    return op;
}

/* In the order of the operations; "": accepted. */
static const char *const session_reasons[] = {
    "",
    "",
    "100.000001 USDC is over the limit of 100",
    "recipient 0x90F79bf6EB2c4f870365E785982E1f101E93b906 is not the allowed " ALICE,
    "no permission allows approve on USDC (" USDC ")",
    "no permission allows transfer on WETH (0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2)",
    "1 wei of native value is sent, but none is allowed",
    "",
    "call 2 of 2: recipient 0x90F79bf6EB2c4f870365E785982E1f101E93b906 is not the allowed " ALICE,
    "gas may cost 0.014 ether, over the remaining budget of 0.0058 ether",
    "",
};

static void play_session(const char *name) {
    cJSON *file = vectors_load(name);
    const cJSON *operation;
    char *text = cJSON_PrintUnformatted(vectors_get(file, "policies"));
    vk_policy policy = policy_good(text);
    vk_rule_state states[3] = {0};
    size_t i = 0;
    cJSON_ArrayForEach(operation, vectors_get(file, "operations")) {
        vk_userop op = session_op(operation);
        vk_verdict verdict =
            policy_judge(&policy, &op, vectors_u64(operation, "timestamp"), states);
        const cJSON *accept = vectors_get(vectors_get(operation, "verdict"), "accept");
        ck_assert(verdict.allowed == (bool)cJSON_IsTrue(accept));
        ck_assert_str_eq(verdict.reason, session_reasons[i]);
        vk_verdict_clear(&verdict);
        vk_userop_clear(&op);
        i++;
    }
    ck_assert_uint_eq(i, 11);
    vk_policy_clear(&policy);
    cJSON_free(text);
    cJSON_Delete(file);
}

START_TEST(test_sessions) {
    play_session("session/ecdsa.json");
    play_session("session/passkey.json");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy-verdicts");
    TCase *tests = tcase_create("policy-verdicts");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, test_verdicts, 0, (int)(sizeof files / sizeof files[0]));
    tcase_add_test(tests, test_sessions);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
