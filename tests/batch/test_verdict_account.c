/* The account of the kind verdict, where no recorded case leads. */
#include "batch/verdict_account.h"
#include "unit/policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TARGET "0x1111111111111111111111111111111111111111"

static const uint8_t secret[32] = {[31] = 7};

typedef struct world {
    vk_policy policy;
    vk_verdict_account account;
    vk_rule_state states[4];
    vk_verdict_lane lanes[8];
    vk_buf call_data, signature;
    vk_userop op;
} world;

static void begin(world *w, const char *policy, const vk_call *call) {
    vk_address session;
    *w = (world){.policy = policy_good(policy)};
    ck_assert_int_eq(vk_ecdsa_address(secret, &session), VK_OK);
    w->account = (vk_verdict_account){.kernel = VK_KERNEL_0_3_1,
                                      .entry_point_version = VK_ENTRY_POINT_0_7,
                                      .entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7),
                                      .chain_id = 1,
                                      .account = {{0xac}},
                                      .policy = &w->policy,
                                      .signer = vk_signer_ecdsa(&session),
                                      .installed = true,
                                      .states = w->states,
                                      .lanes = {.lanes = w->lanes},
                                      .relaxed = VK_HARDENING_ALL};
    memcpy(w->account.selector, vk_kernel_execute_selector, 4);
    w->call_data = policy_execute(VK_CALL_SINGLE, call, 1);
    w->op = (vk_userop){.entry_point = VK_ENTRY_POINT_0_7,
                        .sender = {{0xac}},
                        .nonce = {{VK_NONCE_DEFAULT, VK_NONCE_PERMISSION}},
                        .call_data = vk_buf_view(&w->call_data)};
}

static void end(world *w) {
    vk_policy_clear(&w->policy);
    vk_buf_clear(&w->call_data);
    vk_buf_clear(&w->signature);
}

/* Signed, with these bytes for policies in front. */
static vk_verdict_answer judge(world *w, const char *policy_parts) {
    vk_verdict_moment now = {.time = 1000};
    vk_verdict_answer answer;
    vk_hash hash;
    uint8_t signature65[65];
    ck_assert_int_eq(vk_userop_hash(&w->op, 1, &w->account.entry_point, &hash), VK_OK);
    hash = vk_eip191_hash(&hash);
    ck_assert_int_eq(vk_ecdsa_sign(secret, &hash, signature65), VK_OK);
    vk_buf_clear(&w->signature);
    w->signature = vectors_hex(policy_parts);
    vk_buf_put_byte(&w->signature, 0xff);
    vk_buf_put(&w->signature, signature65, sizeof signature65);
    w->op.signature = vk_buf_view(&w->signature);
    ck_assert_int_eq(vk_verdict_operation(&w->account, &w->op, &now, &answer), VK_OK);
    w->op.nonce.be[31]++;
    return answer;
}

/* ---- A slice that leads to the bytes for its policy ---- */

/* function(bytes): an offset of 32, a length of 4,096, and nothing behind it. */
static const uint8_t call_of_bytes[4 + 64] = {1, 2, 3, 4, [35] = 0x20, [66] = 0x10};

/* Byte 100 behind the length is the first for the policy: behind 36 bytes of padding, the empty
 * paymaster and the length of the signature. params: 100, 1, the hash of a zero. */
#define ZERO_THERE(start)                                                                          \
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.5\",\"permissions\":[{\"target\":\"" TARGET       \
    "\",\"selector\":\"0x01020304\",\"rules\":[{\"condition\":7,\"offset\":0,\"params\":["         \
    "\"0x00000000000000000000000000000000000000000000000000000000000000" start "\","               \
    "\"0x0000000000000000000000000000000000000000000000000000000000000001\","                      \
    "\"0xbc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a\"]}]}]}]"

START_TEST(test_policy_part_behind_slice) {
    vk_call call = {.data = {call_of_bytes, sizeof call_of_bytes}};
    memset(call.target.b, 0x11, sizeof call.target.b);
    world w;
    begin(&w, ZERO_THERE("64"), &call);
    vk_verdict_answer answer = judge(&w, "0x");
    ck_assert_msg(answer.accept, "%s", answer.reason);
    answer = judge(&w, "0x00000000000000000177"); /* the contract reads 77 there */
    ck_assert(!answer.accept);
    ck_assert_str_eq(answer.rule, "call");
    ck_assert_ptr_null(answer.hardening);
    answer = judge(&w, "0x000000000000000000"); /* an empty one is not looked at either */
    ck_assert(!answer.accept);
    end(&w);
}
END_TEST

/* What stands before a policy's bytes is as it is without them. */
START_TEST(test_policy_part) {
    vk_call call = {.data = {NULL, 0}};
    world w;
    begin(&w, "[{\"type\":\"sudo\"}]", &call);
    vk_verdict_answer answer = judge(&w, "0x00000000000000000177");
    ck_assert_msg(answer.accept, "%s", answer.reason);
    w.account.relaxed = VK_HARDENING_NONE;
    w.op.nonce.be[31]--;
    w.op.nonce.be[23]++;
    answer = judge(&w, "0x00000000000000000177");
    ck_assert(!answer.accept);
    ck_assert_str_eq(answer.hardening, "signature-encoding");
    end(&w);
}
END_TEST

/* ---- Hardening rules about signatures ---- */

/* The same operation and signature, on an account that is as it was. */
static vk_verdict_answer ask(world *w, vk_hardening_set relaxed) {
    vk_verdict_moment now = {.time = 1000};
    vk_verdict_answer answer;
    w->account.relaxed = relaxed;
    w->account.lanes.count = 0;
    ck_assert_int_eq(vk_verdict_operation(&w->account, &w->op, &now, &answer), VK_OK);
    return answer;
}

/* Only that rule denies. */
static void check_only(world *w, vk_hardening rule, const char *names) {
    vk_hardening_set bit = vk_hardening_bit(rule);
    const vk_hardening_set denied[] = {VK_HARDENING_NONE, VK_HARDENING_ALL & ~bit};
    const vk_hardening_set allowed[] = {bit, VK_HARDENING_ALL};
    for (size_t i = 0; i < 2; i++) {
        vk_verdict_answer answer = ask(w, denied[i]);
        ck_assert(!answer.accept);
        ck_assert_str_eq(answer.hardening, vk_hardening_name(rule));
        ck_assert_str_eq(answer.rule, names);
        answer = ask(w, allowed[i]);
        ck_assert_msg(answer.accept, "%s", answer.reason);
        ck_assert_ptr_null(answer.hardening);
    }
}

START_TEST(test_signature_encoding) {
    vk_call call = {.target = {{1}}};
    world w;
    begin(&w, "[{\"type\":\"sudo\"}]", &call);
    (void)judge(&w, "0x");
    w.op.nonce.be[31] = 0;
    ck_assert(ask(&w, VK_HARDENING_NONE).accept);
    /* The compact form: v in the highest bit of s. */
    w.signature.data[33] |= w.signature.data[65] == 28 ? 0x80 : 0;
    w.op.signature.len = 65;
    check_only(&w, VK_HARDENING_SIGNATURE_ENCODING, "signature");
    ck_assert_str_eq(ask(&w, VK_HARDENING_NONE).reason,
                     "the signature has an unusual form: the compact form of 64 bytes");
    end(&w);
}
END_TEST

/* A recorded operation of a passkey, as if the permission had another version of the signer. */
static void begin_passkey(world *w, const cJSON *one, const char *version) {
    static const vk_call none;
    const cJSON *signer = vectors_get(one, "signer"), *step = vectors_get(one, "steps")->child;
    uint8_t point65[65] = {0x04};
    vk_hash id_hash = vectors_hash(signer, "authenticatorIdHash");
    begin(w, "[{\"type\":\"sudo\"}]", &none);
    vectors_fixed(signer, "x", point65 + 1, 32);
    vectors_fixed(signer, "y", point65 + 33, 32);
    ck_assert_int_eq(vk_signer_webauthn_of(version, point65, &id_hash, &w->account.signer), VK_OK);
    w->account.chain_id = vectors_u64(one, "chainId");
    w->account.account = vectors_address(one, "account");
    w->op = policy_step_op(step, &w->account.account);
    memcpy(w->account.permission_id, w->op.nonce.be + 2, 4);
    w->signature = vectors_bytes(vectors_get(step, "userOp"), "signature");
    w->op.signature = vk_buf_view(&w->signature);
}

START_TEST(test_unpatched_signer) {
    static const char *const old[] = {"0.0.1", "0.0.2", "0.0.3"};
    cJSON *file = vectors_load("verdicts/signer-webauthn.json");
    const cJSON *one = vectors_get(file, "cases")->child;
    ck_assert(cJSON_IsTrue(
        vectors_get(vectors_get(vectors_get(one, "steps")->child, "verdict"), "accept")));
    world w;
    begin_passkey(&w, one, "0.0.4");
    ck_assert(ask(&w, VK_HARDENING_NONE).accept);
    vk_userop_clear(&w.op);
    end(&w);
    for (size_t i = 0; i < 3; i++) {
        begin_passkey(&w, one, old[i]);
        check_only(&w, VK_HARDENING_UNPATCHED_SIGNER, "signer");
        vk_userop_clear(&w.op);
        end(&w);
    }
    cJSON_Delete(file);
}
END_TEST

/* ---- The first denial is the one that is named ---- */

START_TEST(test_unknown_block) {
    vk_call call = {.data = {NULL, 0}};
    world w;
    begin(&w, "[{\"type\":\"timestamp\",\"validAfter\":\"140737488355338\"}]", &call);
    w.account.entry_point_version = w.op.entry_point = VK_ENTRY_POINT_0_9;
    w.account.entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_9);
    vk_verdict_answer answer = judge(&w, "0x");
    ck_assert(!answer.accept);
    ck_assert_str_eq(answer.rule, "time");
    ck_assert_str_eq(answer.hardening, "block-window");
    w.account.signer.address.b[0] ^= 1; /* now it is the signature that is refused first */
    w.op.nonce.be[31]--;
    answer = judge(&w, "0x");
    ck_assert_str_eq(answer.rule, "signature");
    ck_assert_ptr_null(answer.hardening);
    end(&w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch-verdict-account");
    TCase *tests = tcase_create("batch-verdict-account");
    tcase_add_test(tests, test_policy_part_behind_slice);
    tcase_add_test(tests, test_policy_part);
    tcase_add_test(tests, test_signature_encoding);
    tcase_add_test(tests, test_unpatched_signer);
    tcase_add_test(tests, test_unknown_block);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
