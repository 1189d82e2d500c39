/* Messages for a grant's account: the verdict, and the bytes around the key's signature. */
#include "unit/policy_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

#define CALLER "0x2222222222222222222222222222222222222222"
#define CALLERS "{\"type\":\"signature-caller\",\"allowedCallers\":[\"" CALLER "\"]}"
#define NOW 1800000000
#define CHAIN 8453

static vk_bytes text_bytes(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static vk_grant example(void) {
    return (vk_grant){.chain_id = CHAIN,
                      .entry_point_version = VK_ENTRY_POINT_0_7,
                      .entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7),
                      .kernel = VK_KERNEL_0_3_3,
                      .account = {.permission_id = {1, 2, 3, 4}, .account = {{0x11, 0x11}}}};
}

/* ---- Verdicts ---- */

typedef struct question {
    vk_grant grant;
    const char *policy;
    vk_message_payload payload;
    vk_grant_moment moment;
} question;

static question ask(const char *policy) {
    question q = {.grant = example(),
                  .policy = policy,
                  .moment = {.installed = true, .now = NOW, .relaxed = VK_HARDENING_NONE}};
    q.payload.is_typed_data = true;
    q.payload.domain.has_verifying_contract = true;
    ck_assert_int_eq(vk_address_read(CALLER, 42, &q.payload.domain.verifying_contract), VK_OK);
    return q;
}

static question ask_text(const char *policy) {
    question q = ask(policy);
    ck_assert_int_eq(
        vk_message_payload_read(text_bytes("hello"), VK_PAYLOAD_TEXT, &q.payload, NULL), VK_OK);
    return q;
}

/* rule NULL: allowed. hardening NULL: the chain denies too. */
static void check(const question *q, const char *rule, const char *hardening) {
    vk_policy policy = policy_good(q->policy);
    vk_verdict verdict;
    ck_assert_int_eq(
        vk_grant_evaluate_message(&q->grant, &policy, &q->payload, &q->moment, &verdict), VK_OK);
    ck_assert_str_eq(verdict.rule, rule == NULL ? "" : rule);
    ck_assert_int_eq(verdict.allowed, rule == NULL);
    ck_assert_int_eq(verdict.reason[0] != '\0', rule != NULL);
    ck_assert_str_eq(verdict.hardening == NULL ? "" : verdict.hardening,
                     hardening == NULL ? "" : hardening);
    if (verdict.rule_index >= 0) {
        ck_assert_str_eq(verdict.rules[verdict.rule_index].reason, verdict.reason);
        ck_assert_int_eq(verdict.rules[verdict.rule_index].result, VK_RESULT_DENIED);
    }
    vk_verdict_clear(&verdict);
    vk_policy_clear(&policy);
}

START_TEST(test_callers) {
    question q = ask("[" CALLERS "]");
    check(&q, NULL, NULL);
    q.payload.domain.verifying_contract.b[0] ^= 1;
    check(&q, "signature-caller", NULL);
    q.moment.relaxed = VK_HARDENING_ALL;
    check(&q, "signature-caller", NULL);
    q = ask("[{\"type\":\"signature-caller\",\"allowedCallers\":[]}]");
    check(&q, "signature-caller", NULL);
}
END_TEST

START_TEST(test_unknown_caller) {
    question q = ask_text("[" CALLERS "]");
    check(&q, "signature-caller", "unknown-caller");
    q.moment.relaxed = vk_hardening_bit(VK_HARDENING_UNKNOWN_CALLER);
    check(&q, NULL, NULL);
    q = ask("[" CALLERS "]");
    q.payload.domain.has_verifying_contract = false;
    check(&q, "signature-caller", "unknown-caller");
    /* Nobody may ask: nothing can be relaxed about that. */
    q = ask_text("[{\"type\":\"signature-caller\",\"allowedCallers\":[]}]");
    q.moment.relaxed = VK_HARDENING_ALL;
    check(&q, "signature-caller", NULL);
}
END_TEST

START_TEST(test_open_signature) {
    static const char *const open[] = {
        "[{\"type\":\"sudo\"}]", "[{\"type\":\"gas\",\"allowed\":\"1\"}]",
        "[{\"type\":\"sudo\"},{\"type\":\"signature-caller\",\"policyFlag\":\"0x0002\","
        "\"allowedCallers\":[\"" CALLER "\"]}]"};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        question q = ask(open[i]);
        vk_policy policy = policy_good(open[i]);
        check(&q, "signature", "open-signature");
        ck_assert(!vk_policy_allows_messages(&policy, q.moment.relaxed));
        q.moment.relaxed = vk_hardening_bit(VK_HARDENING_OPEN_SIGNATURE);
        check(&q, NULL, NULL);
        ck_assert(vk_policy_allows_messages(&policy, q.moment.relaxed));
        vk_policy_clear(&policy);
        q = ask_text(open[i]);
        q.moment.relaxed = vk_hardening_bit(VK_HARDENING_OPEN_SIGNATURE);
        check(&q, NULL, NULL);
    }
}
END_TEST

START_TEST(test_flags) {
    static const char json[] = "{\"policies\":[" CALLERS "],\"permissionFlag\":\"0x0002\"}";
    question q = ask(json);
    vk_policy policy = policy_good(json);
    q.moment.relaxed = VK_HARDENING_ALL;
    check(&q, "permission", NULL);
    ck_assert(!vk_policy_allows_messages(&policy, VK_HARDENING_ALL));
    vk_policy_clear(&policy);
    q = ask("{\"policies\":[" CALLERS "],\"permissionFlag\":\"0x0001\"}");
    check(&q, NULL, NULL);
}
END_TEST

#define WINDOW                                                                                     \
    "[" CALLERS ",{\"type\":\"timestamp\",\"validAfter\":1700000000,\"validUntil\":1900000000}]"

START_TEST(test_window) {
    static const uint64_t outside[] = {1699999999, 1900000001};
    question q = ask(WINDOW);
    check(&q, NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        q.moment.now = outside[i];
        q.moment.relaxed = VK_HARDENING_NONE;
        check(&q, "timestamp", "signature-window");
        q.moment.relaxed = vk_hardening_bit(VK_HARDENING_SIGNATURE_WINDOW);
        check(&q, NULL, NULL);
    }
}
END_TEST

START_TEST(test_chain) {
    question q = ask("[" CALLERS "]");
    q.payload.domain.has_chain_id = true;
    q.payload.domain.chain_id = vk_u256_from_u64(CHAIN);
    check(&q, NULL, NULL);
    q.payload.domain.chain_id = vk_u256_from_u64(1);
    check(&q, "domain", "foreign-chain");
    q.moment.relaxed = vk_hardening_bit(VK_HARDENING_FOREIGN_CHAIN);
    check(&q, NULL, NULL);
}
END_TEST

START_TEST(test_replayable) {
    question q = ask("[" CALLERS "]");
    q.payload.replayable = true;
    check(&q, "signature", "replayable-signature");
    q.moment.relaxed = vk_hardening_bit(VK_HARDENING_REPLAYABLE_SIGNATURE);
    check(&q, NULL, NULL);
    q.grant.kernel = VK_KERNEL_0_3_1; /* knows no such signature */
    check(&q, "account", NULL);
}
END_TEST

START_TEST(test_account) {
    question q = ask("[" CALLERS "]");
    q.moment.installed = false;
    check(&q, "permission", NULL);
    /* The account is asked before hardening. */
    q.policy = "[{\"type\":\"sudo\"}]";
    check(&q, "permission", NULL);
    q = ask("[" CALLERS "]");
    q.payload.undeployed = true; /* and no factory data */
    check(&q, "account", NULL);
    for (vk_kernel_version kernel = VK_KERNEL_V1; kernel < VK_KERNEL_0_3_0; kernel++) {
        q = ask("[" CALLERS "]");
        q.grant.kernel = kernel; /* knows no permissions */
        check(&q, "account", NULL);
    }
}
END_TEST

START_TEST(test_addressed) {
    vk_grant grant = example();
    vk_message_payload payload = {.chain_id = 1};
    ck_assert(vk_grant_is_addressed(&grant, &payload));
    payload.has_account = true;
    payload.account = grant.account.account;
    ck_assert(!vk_grant_is_addressed(&grant, &payload));
    payload.chain_id = CHAIN;
    ck_assert(vk_grant_is_addressed(&grant, &payload));
    payload.account.b[19] ^= 1;
    ck_assert(!vk_grant_is_addressed(&grant, &payload));
}
END_TEST

/* ---- Operations in disguise ---- */

static vk_hash ecdsa_digest(const vk_grant *grant, const vk_message_payload *payload) {
    vk_message message;
    vk_hash out;
    vk_grant_message(grant, payload, &message);
    ck_assert_int_eq(vk_message_ecdsa_digest(&message, &out, NULL), VK_OK);
    return out;
}

static bool same(vk_hash a, vk_hash b) {
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

/* Refused, whatever the SO relaxed; and were it signed, it would not be that digest. */
static void assert_disguise(const char *json, const vk_hash *digest) {
    question q = ask("[{\"type\":\"sudo\"}]");
    vk_error err = {0};
    vk_status status =
        vk_message_payload_read(text_bytes(json), VK_PAYLOAD_TYPED_DATA, &q.payload, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    ck_assert(same(q.payload.hash, *digest)); /* it is one */
    q.moment.relaxed = vk_hardening_switchable();
    check(&q, "domain", "own-domain");
    for (int i = 0; i < 2; i++) {
        q.payload.replayable = i == 1;
        vk_hash is_signed = ecdsa_digest(&q.grant, &q.payload);
        ck_assert(!same(is_signed, *digest));
        ck_assert(!same(is_signed, vk_eip191_hash(digest)));
    }
}

#define PACKED_TYPES                                                                               \
    "\"PackedUserOperation\":[{\"name\":\"sender\",\"type\":\"address\"},"                         \
    "{\"name\":\"nonce\",\"type\":\"uint256\"},{\"name\":\"initCode\",\"type\":\"bytes\"},"        \
    "{\"name\":\"callData\",\"type\":\"bytes\"},"                                                  \
    "{\"name\":\"accountGasLimits\",\"type\":\"bytes32\"},"                                        \
    "{\"name\":\"preVerificationGas\",\"type\":\"uint256\"},"                                      \
    "{\"name\":\"gasFees\",\"type\":\"bytes32\"},"                                                 \
    "{\"name\":\"paymasterAndData\",\"type\":\"bytes\"}]"
#define ZEROS "0x0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(test_operation_in_disguise) {
    static const vk_entry_point versions[] = {VK_ENTRY_POINT_0_8, VK_ENTRY_POINT_0_9};
    vk_grant grant = example();
    char account[43], entry_point_text[43], json[2048];
    vk_address_text(&grant.account.account, account);
    for (size_t i = 0; i < 2; i++) {
        vk_userop op = {.entry_point = versions[i],
                        .sender = grant.account.account,
                        .nonce = vk_u256_from_u64(5),
                        .call_data = text_bytes("\xe9\xae\x5c\x53")};
        vk_address entry_point = vk_entry_point_address(versions[i]);
        vk_hash hash;
        ck_assert_int_eq(vk_userop_hash(&op, CHAIN, &entry_point, &hash), VK_OK);
        vk_address_text(&entry_point, entry_point_text);
        snprintf(json, sizeof json,
                 "{\"types\":{" PACKED_TYPES "},\"domain\":{\"name\":\"ERC4337\",\"version\":\"1\","
                 "\"chainId\":%d,\"verifyingContract\":\"%s\"},"
                 "\"primaryType\":\"PackedUserOperation\",\"message\":{\"sender\":\"%s\","
                 "\"nonce\":5,\"initCode\":\"0x\",\"callData\":\"0xe9ae5c53\","
                 "\"accountGasLimits\":\"" ZEROS "\",\"preVerificationGas\":0,"
                 "\"gasFees\":\"" ZEROS "\",\"paymasterAndData\":\"0x\"}}",
                 CHAIN, entry_point_text, account);
        assert_disguise(json, &hash);
    }
}
END_TEST

START_TEST(test_approval_in_disguise) {
    vk_grant grant = example();
    vk_enable enable;
    vk_hash digest;
    vk_buf json = {0};
    vk_grant_enable(&grant, &enable);
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_OK);
    ck_assert_int_eq(vk_enable_typed_data(&enable, &json), VK_OK);
    char *text = vk_buf_take_text(&json);
    assert_disguise(text, &digest);
    vk_text_free(text);
}
END_TEST

/* The wrapped digest of another message, which the account would wrap again. */
START_TEST(test_wrapper_in_disguise) {
    vk_grant grant = example();
    char account[43], json[1024];
    vk_message_payload inner = {.hash = {{0}}};
    vk_hash digest = ecdsa_digest(&grant, &inner);
    vk_address_text(&grant.account.account, account);
    snprintf(json, sizeof json,
             "{\"types\":{\"Kernel\":[{\"name\":\"hash\",\"type\":\"bytes32\"}]},"
             "\"domain\":{\"name\":\"Kernel\",\"version\":\"0.3.3\",\"chainId\":%d,"
             "\"verifyingContract\":\"%s\"},\"primaryType\":\"Kernel\","
             "\"message\":{\"hash\":\"" ZEROS "\"}}",
             CHAIN, account);
    assert_disguise(json, &digest);
}
END_TEST

/* As a text, the hash of an operation gives the very hash that its signature is over; but the
 * account wraps it before the key signs. */
START_TEST(test_hash_as_text) {
    vk_grant grant = example();
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7, .sender = grant.account.account};
    vk_hash hash;
    ck_assert_int_eq(vk_userop_hash(&op, CHAIN, &grant.entry_point, &hash), VK_OK);
    vk_message_payload payload;
    ck_assert_int_eq(
        vk_message_payload_read((vk_bytes){hash.b, sizeof hash.b}, VK_PAYLOAD_TEXT, &payload, NULL),
        VK_OK);
    ck_assert(same(payload.hash, vk_eip191_hash(&hash)));
    vk_hash is_signed = ecdsa_digest(&grant, &payload);
    ck_assert(!same(is_signed, payload.hash) && !same(is_signed, hash) &&
              !same(is_signed, vk_eip191_hash(&payload.hash)));
}
END_TEST

START_TEST(test_own_domains) {
    question q = ask("[{\"type\":\"sudo\"}]");
    q.moment.relaxed = vk_hardening_switchable();
    check(&q, NULL, NULL);
    q.payload.domain.verifying_contract = q.grant.account.account;
    check(&q, "domain", "own-domain");
    q.payload.domain.has_verifying_contract = false;
    check(&q, NULL, NULL);
    q.payload.domain.has_verifying_contract = true;
    for (vk_entry_point v = VK_ENTRY_POINT_0_6; v <= VK_ENTRY_POINT_0_9; v++) {
        q.payload.domain.verifying_contract = vk_entry_point_address(v);
        check(&q, "domain", "own-domain");
    }
    q.grant.entry_point = (vk_address){{0x77}};
    q.payload.domain.verifying_contract = q.grant.entry_point;
    check(&q, "domain", "own-domain");
}
END_TEST

/* ---- Grants of other kinds ---- */

/* Their accounts keep no signature callers, so not even a policy that speaks of them signs any. */
START_TEST(test_other_kinds) {
    static const vk_grant_kind kinds[] = {VK_GRANT_PLUGIN, VK_GRANT_OWNER, VK_GRANT_THIRDWEB};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        vk_error err = {0};
        vk_buf out = {0};
        question q = ask("[" CALLERS "]");
        q.grant.kind = kinds[i];
        q.moment.relaxed = VK_HARDENING_ALL;
        check(&q, "account", NULL);
        q.moment.installed = false;
        check(&q, "account", NULL);
        ck_assert_int_eq(
            vk_grant_message_signature(&q.grant, &q.payload, (vk_bytes){NULL, 0}, &out, &err),
            VK_ERR_UNSUPPORTED);
        ck_assert(strstr(err.message, vk_grant_kind_text(kinds[i])) != NULL);
        ck_assert_uint_eq(out.len, 0);
        vk_buf_clear(&out);
    }
}
END_TEST

/* ---- Bytes ---- */

/* Those that the SDK signed for accounts that are not deployed. Their account is not that of the
 * factory data, so that no grant for it can be read. */
START_TEST(test_undeployed) {
    cJSON *file = vectors_load("message_signature.json");
    const cJSON *one;
    int played = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        if (strcmp(vectors_text(in, "plugin"), "permission-ecdsa") != 0 ||
            cJSON_IsTrue(vectors_get(in, "deployed"))) {
            continue;
        }
        uint8_t secret[32], signature65[65];
        vk_grant grant = {.chain_id = vectors_u64(in, "chainId"),
                          .kernel = vk_kernel_read(vectors_text(in, "kernelVersion"))};
        grant.account.account = vectors_address(in, "account");
        grant.account.factory_data = vectors_bytes(in, "factoryData");
        vectors_fixed(in, "permissionId", grant.account.permission_id, 4);
        vectors_fixed(in, "sessionPrivateKey", secret, sizeof secret);
        vk_message_payload payload = {.undeployed = true, .hash = vectors_hash(in, "hash")};
        vk_hash digest = ecdsa_digest(&grant, &payload);
        ck_assert_int_eq(vk_ecdsa_sign(secret, &digest, signature65), VK_OK);
        vk_buf out = {0}, wanted = vectors_bytes(vectors_get(one, "out"), "signature");
        vk_bytes key_signature = {signature65, sizeof signature65};
        ck_assert_int_eq(vk_grant_message_signature(&grant, &payload, key_signature, &out, NULL),
                         VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&out), vk_buf_view(&wanted)));
        vk_buf_clear(&out);
        vk_buf_clear(&wanted);
        vk_buf_clear(&grant.account.factory_data);
        played++;
    }
    cJSON_Delete(file);
    ck_assert_int_eq(played, 2);
}
END_TEST

/* ---- Guards of operations ---- */

START_TEST(test_guards) {
    vk_grant grant = example();
    vk_address guards[VK_GRANT_GUARDS_MAX], zero = {{0}}, session = {{9}};
    vk_signer signer = vk_signer_ecdsa(&session);
    size_t count = vk_grant_guards(&grant, &signer, guards);
    ck_assert_uint_eq(count, 5); /* each root validator that it may be */
    for (size_t i = 0; i < count; i++) {
        ck_assert(!vk_address_equal(&guards[i], &zero));
    }
    grant.root.validator = (vk_address){{7}};
    ck_assert_uint_eq(vk_grant_guards(&grant, &signer, guards), 3);
    ck_assert(vk_address_equal(&guards[0], &signer.contract));
    ck_assert(vk_address_equal(&guards[1], &grant.entry_point));
    ck_assert(vk_address_equal(&guards[2], &grant.root.validator));
    grant.validator = signer.contract;
    ck_assert_uint_eq(vk_grant_guards(&grant, &signer, guards), 3);
    grant.validator = (vk_address){{8}}; /* a plug-in's */
    ck_assert_uint_eq(vk_grant_guards(&grant, &signer, guards), 4);
    ck_assert(vk_address_equal(&guards[2], &grant.validator));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {test_callers,
                                  test_unknown_caller,
                                  test_open_signature,
                                  test_flags,
                                  test_window,
                                  test_chain,
                                  test_replayable,
                                  test_account,
                                  test_addressed,
                                  test_own_domains,
                                  test_operation_in_disguise,
                                  test_approval_in_disguise,
                                  test_wrapper_in_disguise,
                                  test_hash_as_text,
                                  test_other_kinds,
                                  test_undeployed,
                                  test_guards};
    Suite *suite = suite_create("grants and messages");
    TCase *all = tcase_create("messages");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tcase_add_test(all, tests[i]);
    }
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
