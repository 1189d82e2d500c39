/* Grants at work: the SDK's sessions signature by signature, and operations for something else. */
#include "grant_support.h"
#include "kernel_support.h"

#include <valetkey/eth.h>
#include <valetkey/webauthn.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- The SDK's sessions ---- */

static void put_assertion(const cJSON *assertion, bool precompile, vk_buf *out) {
    const char *client_data = vectors_text(assertion, "clientDataJSON");
    vk_buf auth_data = vectors_bytes(assertion, "authenticatorData");
    vk_webauthn_assertion parts = {
        .auth_data = vk_buf_view(&auth_data),
        .client_data = {(const uint8_t *)client_data, strlen(client_data)},
        .use_precompiled = precompile};
    vectors_fixed(assertion, "r", parts.r, sizeof parts.r);
    vectors_fixed(assertion, "s", parts.s, sizeof parts.s);
    vk_p256_lower_s(parts.s);
    ck_assert_int_eq(vk_webauthn_encode(&parts, out), VK_OK);
    vk_buf_clear(&auth_data);
}

/* 0xff || the signer's part, made as the session key makes it. */
static vk_buf session_part(const grant_session *session, const cJSON *operation,
                           const vk_hash *hash) {
    vk_buf signer_part = {0}, out = {0};
    if (session->signer.kind == VK_SIGNER_ECDSA) {
        vk_hash personal = vk_eip191_hash(hash);
        uint8_t signature[65];
        kernel_sign(vectors_get(session->file, "session"), "privateKey", &personal, signature);
        vk_buf_put(&signer_part, signature, sizeof signature);
    } else {
        uint64_t chain_id = vectors_u64(session->file, "chainId");
        put_assertion(vectors_get(operation, "assertion"),
                      vk_webauthn_chain_has_precompile(chain_id), &signer_part);
    }
    vk_permission_signature(vk_buf_view(&signer_part), &out);
    vk_buf_clear(&signer_part);
    return out;
}

static vk_userop_request read_operation(const cJSON *operation) {
    char *text = cJSON_PrintUnformatted(vectors_get(operation, "userOp"));
    vk_userop_request request;
    vk_error err = {0};
    vk_status status = vk_userop_read_request((vk_bytes){(const uint8_t *)text, strlen(text)},
                                              VK_ENTRY_POINT_0_7, &request, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    cJSON_free(text);
    return request;
}

static vk_status accepts(const grant_session *session, const vk_grant *grant, const vk_userop *op) {
    unsigned unusual = 1;
    vk_error err = {0};
    vk_status status =
        vk_grant_accepts(grant, &session->policy, &session->signer, op, &unusual, &err);
    ck_assert_int_eq(status, status == VK_OK ? VK_OK : err.status);
    ck_assert_msg(status != VK_OK || unusual == 0, "unusual: %x", unusual);
    ck_assert(status == VK_OK || err.message[0] != '\0');
    return status;
}

/* The SDK's signature is good for this operation as it is, and for none that is another. */
static void check_accepted(const grant_session *session, const vk_grant *grant, const vk_userop *op,
                           vk_bytes signature) {
    vk_userop other = *op;
    vk_bytes part;
    vk_error err = {0};
    other.signature = signature;
    ck_assert_int_eq(accepts(session, grant, &other), VK_OK);
    ck_assert_int_eq(vk_grant_detach(grant, &other, &part, &err), VK_OK);
    ck_assert(part.data >= signature.data && part.data[0] == 0xff);
    other.signature.len /= 2;
    ck_assert_int_eq(accepts(session, grant, &other), VK_ERR_SIGNATURE);
    other.signature.len = 0;
    ck_assert_int_eq(accepts(session, grant, &other), VK_ERR_SIGNATURE);
    other.signature = signature;
    other.call_gas_limit = vk_u256_from_u64(1);
    ck_assert_int_eq(accepts(session, grant, &other), VK_ERR_SIGNATURE);
}

static void check_operation(const grant_session *session, const vk_grant *grant,
                            const cJSON *operation) {
    char field[32], reason[VK_REASON_MAX];
    vk_userop_request request = read_operation(operation);
    ck_assert_int_eq(vk_grant_match(grant, &request, field, reason), VK_OK);
    vk_hash hash, expected = vectors_hash(operation, "userOpHash");
    ck_assert_int_eq(vk_userop_hash(&request.op, grant->chain_id, &grant->entry_point, &hash),
                     VK_OK);
    ck_assert_mem_eq(hash.b, expected.b, sizeof hash.b);

    vk_buf part = session_part(session, operation, &hash), signature = {0}, hex = {0};
    ck_assert_int_eq(vk_grant_attach(grant, &request.op, vk_buf_view(&part), &signature), VK_OK);
    vk_hex_put(&hex, vk_buf_view(&signature));
    const char *text = vectors_text(operation, "signature");
    ck_assert_uint_eq(hex.len, strlen(text));
    ck_assert_int_eq(strncasecmp((const char *)hex.data, text, hex.len), 0);
    check_accepted(session, grant, &request.op, vk_buf_view(&signature));
    vk_buf_clear(&part);
    vk_buf_clear(&signature);
    vk_buf_clear(&hex);
    vk_userop_clear(&request.op);
}

static void check_session(const char *name) {
    grant_session session = grant_session_load(name);
    vk_grant grant = grant_good(&session, grant_json(&session, grant_account(&session), ""));
    const cJSON *operation;
    size_t count = 0;
    cJSON_ArrayForEach(operation, vectors_get(session.file, "operations")) {
        check_operation(&session, &grant, operation);
        count++;
    }
    ck_assert_uint_eq(count, 11);
    vk_grant_clear(&grant);
    grant_session_clear(&session);
}

START_TEST(test_sessions) {
    check_session("session/ecdsa.json");
    check_session("session/passkey.json");
}
END_TEST

/* ---- One grant and its first two operations ---- */

static grant_session session;
static vk_grant grant;
static vk_userop_request enable_request, default_request;

static void load(void) {
    session = grant_session_load("session/ecdsa.json");
    grant = grant_good(&session, grant_json(&session, grant_account(&session), ""));
    const cJSON *operations = vectors_get(session.file, "operations");
    enable_request = read_operation(cJSON_GetArrayItem(operations, 0));
    default_request = read_operation(cJSON_GetArrayItem(operations, 1));
}

static void clear(void) {
    vk_userop_clear(&enable_request.op);
    vk_userop_clear(&default_request.op);
    vk_grant_clear(&grant);
    grant_session_clear(&session);
}

/* ---- For this grant? ---- */

/* Denied for this field, with both values in the reason. */
static void check_denied(const vk_userop_request *request, const char *name, const char *given,
                         const char *granted) {
    char field[32], reason[VK_REASON_MAX];
    ck_assert_int_eq(vk_grant_match(&grant, request, field, reason), VK_DENIED);
    ck_assert_str_eq(field, name);
    ck_assert_msg(strstr(reason, given) != NULL && strstr(reason, granted) != NULL, "%s", reason);
}

START_TEST(test_match) {
    char field[32], reason[VK_REASON_MAX];
    vk_userop_request request = enable_request;
    request.has_chain_id = request.has_entry_point = true;
    request.chain_id = 31337;
    request.entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    ck_assert_int_eq(vk_grant_match(&grant, &request, field, reason), VK_OK);
}
END_TEST

START_TEST(test_another_chain) {
    vk_userop_request request = enable_request;
    request.has_chain_id = true;
    request.chain_id = 137;
    check_denied(&request, "chainId", " 137,", " 31337");
}
END_TEST

START_TEST(test_another_entry_point) {
    vk_userop_request request = enable_request;
    request.has_entry_point = true;
    request.entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_6);
    check_denied(&request, "entryPoint", "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789",
                 "0x0000000071727De22E5E9d8BAf0edAc6f37da032");
}
END_TEST

START_TEST(test_another_sender) {
    vk_userop_request request = enable_request;
    memset(request.op.sender.b, 0x11, sizeof request.op.sender.b);
    check_denied(&request, "sender", "0x1111111111111111111111111111111111111111",
                 "0x364fe8e7d96fC0cE795E3602928df956E382c4b3");
}
END_TEST

START_TEST(test_another_nonce) {
    vk_userop_request request = enable_request;
    request.op.nonce.be[0] = 2;
    check_denied(&request, "nonce", "mode 02", "01 (enable)");
    request = enable_request;
    request.op.nonce.be[1] = VK_NONCE_ROOT;
    check_denied(&request, "nonce", "type 00", "(02)");
    request.op.nonce.be[1] = VK_NONCE_VALIDATOR;
    check_denied(&request, "nonce", "type 01", "(02)");
    request = enable_request;
    request.op.nonce.be[5] ^= 1;
    check_denied(&request, "nonce", "0x2bed801f", "0x2bed801e");
}
END_TEST

/* On the chain only the permissionId counts: the rest of the identifier, the custom key and the
 * sequence are free. */
START_TEST(test_nonce_lanes) {
    char field[32], reason[VK_REASON_MAX];
    vk_userop_request request = enable_request;
    memset(request.op.nonce.be + 6, 0xab, 26);
    ck_assert_int_eq(vk_grant_match(&grant, &request, field, reason), VK_OK);
}
END_TEST

/* ---- Installed? ---- */

static void check_mode(const vk_install *install, const vk_u256 *nonce, bool allowed,
                       bool installs) {
    char reason[VK_REASON_MAX] = "";
    bool does = !installs;
    vk_userop op = {.nonce = *nonce};
    vk_status status = vk_grant_check_mode(&grant, install, &op, &does, reason);
    ck_assert_msg(status == (allowed ? VK_OK : VK_DENIED), "%d: %s", status, reason);
    ck_assert(allowed == (reason[0] == '\0'));
    if (allowed) {
        ck_assert(does == installs);
    }
}

START_TEST(test_modes) {
    vk_install none = {0};
    check_mode(&none, &default_request.op.nonce, false, false);
    check_mode(&none, &enable_request.op.nonce, true, true);
    vk_install used = {.enabled = true, .enable_nonce = enable_request.op.nonce};
    check_mode(&used, &default_request.op.nonce, true, false);
    check_mode(&used, &enable_request.op.nonce, true, true);
    vk_u256 later = enable_request.op.nonce;
    later.be[31]++;
    check_mode(&used, &later, false, false);
}
END_TEST

START_TEST(test_modes_when_installed) {
    vk_install none = {0};
    grant.account.pre_installed = true;
    check_mode(&none, &default_request.op.nonce, true, false);
    check_mode(&none, &enable_request.op.nonce, false, false);
}
END_TEST

/* ---- The first window ---- */

static const char limits[] =
    "[{\"type\":\"sudo\",\"policyFlag\":\"0x0000\"},"
    "{\"type\":\"rate-limit\",\"policyAddress\":\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\","
    "\"policyFlag\":\"0x0000\",\"interval\":60,\"count\":2},"
    "{\"type\":\"rate-limit\",\"policyFlag\":\"0x0000\",\"interval\":60,\"count\":2,"
    "\"startAt\":0}]";

/* What the first states are, from these; the window of the one with reset is told. */
static void check_first_states(const vk_policy *policy, vk_rule_state reset, uint64_t window) {
    vk_rule_state states[3] = {{.used = 0}, reset, {.used = 0}}, untouched[3];
    memcpy(untouched, states, sizeof states);
    vk_grant_first_states(&grant, policy, states);
    untouched[1].window = window;
    ck_assert_mem_eq(states, untouched, sizeof states);
}

START_TEST(test_first_states) {
    vk_policy policy;
    vk_rule_state none = {.used = 0}, started = {.used = 1, .window = 77};
    ck_assert_int_eq(vk_policy_read(limits, strlen(limits), &policy, NULL), VK_OK);
    grant.installed_at = 1000;
    check_first_states(&policy, none, 0); /* not pre-installed */
    grant.account.pre_installed = true;
    check_first_states(&policy, none, 1060);
    check_first_states(&policy, started, 77);
    grant.installed_at = 0;
    check_first_states(&policy, none, 0);
    vk_policy_clear(&policy);
}
END_TEST

static const char counted[] =
    "[{\"type\":\"gas\",\"policyFlag\":\"0x0000\",\"allowed\":\"1000\"},"
    "{\"type\":\"rate-limit\",\"policyAddress\":\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\","
    "\"policyFlag\":\"0x0000\",\"interval\":60,\"count\":2},"
    "{\"type\":\"rate-limit\",\"policyFlag\":\"0x0000\",\"interval\":60,\"count\":2,"
    "\"startAt\":0}]";

/* What was counted elsewhere is a least amount, so that it never counts twice. */
START_TEST(test_start) {
    vk_policy policy;
    vk_rule_state states[3] = {{.used = 0}}, later[3];
    ck_assert_int_eq(vk_policy_read(counted, strlen(counted), &policy, NULL), VK_OK);
    grant.start = (vk_grant_start){.spent = vk_u256_from_u64(70), .used = 1, .at = 1000};
    vk_grant_first_states(&grant, &policy, states);
    ck_assert_uint_eq(vk_u256_low64(&states[0].spent), 70);
    ck_assert_uint_eq(states[1].used, 1);
    ck_assert_uint_eq(states[1].window, 1060);
    ck_assert_uint_eq(states[2].used, 1);
    states[0].spent = vk_u256_from_u64(90);
    states[1] = (vk_rule_state){.used = 2, .window = 1200};
    states[2].used = 2;
    memcpy(later, states, sizeof later);
    vk_grant_first_states(&grant, &policy, states);
    ck_assert_mem_eq(states, later, sizeof later);
    vk_policy_clear(&policy);
}
END_TEST

START_TEST(test_give_back) {
    vk_policy policy;
    vk_nonce_charge charge = {.present = true, .gas = vk_u256_from_u64(30), .window = 1000};
    vk_rule_state states[3] = {
        {.spent = vk_u256_from_u64(100)}, {.used = 2, .window = 1050}, {.used = 2}};
    ck_assert_int_eq(vk_policy_read(counted, strlen(counted), &policy, NULL), VK_OK);
    vk_policy_give_back(&policy, &charge, states);
    ck_assert_uint_eq(vk_u256_low64(&states[0].spent), 70);
    ck_assert_uint_eq(states[1].used, 1);
    ck_assert_uint_eq(states[2].used, 1);
    /* Counted in a window that is over; and more than was ever spent. */
    charge.window = 900;
    charge.gas = vk_u256_from_u64(71);
    vk_policy_give_back(&policy, &charge, states);
    ck_assert_uint_eq(vk_u256_low64(&states[0].spent), 70);
    ck_assert_uint_eq(states[1].used, 1);
    ck_assert_uint_eq(states[2].used, 0);
    charge.present = false;
    charge.gas = vk_u256_from_u64(1);
    vk_policy_give_back(&policy, &charge, states);
    ck_assert_uint_eq(vk_u256_low64(&states[0].spent), 70);
    vk_policy_clear(&policy);
}
END_TEST

/* ---- Attaching ---- */

static vk_status attach(const vk_userop *op, vk_buf *out) {
    return vk_grant_attach(&grant, op, (vk_bytes){(const uint8_t *)"part", 4}, out);
}

START_TEST(test_attach_default) {
    vk_buf out = {0};
    ck_assert_int_eq(attach(&default_request.op, &out), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&out), (vk_bytes){(const uint8_t *)"part", 4}));
    vk_buf_clear(&out);
}
END_TEST

START_TEST(test_attach_enable_len) {
    vk_buf out = {0};
    vk_enable enable;
    vk_grant_enable(&grant, &enable);
    ck_assert_int_eq(attach(&enable_request.op, &out), VK_OK);
    ck_assert_uint_eq(out.len, vk_enable_signature_len(&enable, 65, 4));
    vk_buf_clear(&out);
}
END_TEST

START_TEST(test_attach_refused) {
    vk_buf out = {0};
    vk_userop other = default_request.op;
    other.nonce.be[0] = 2;
    ck_assert_int_eq(attach(&other, &out), VK_ERR_UNSUPPORTED);
    grant.account.pre_installed = true;
    ck_assert_int_eq(attach(&enable_request.op, &out), VK_ERR_UNSUPPORTED);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("grant-use");
    TCase *sessions = tcase_create("sessions");
    tcase_add_test(sessions, test_sessions);
    suite_add_tcase(suite, sessions);
    TCase *tests = tcase_create("grant-use");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_add_test(tests, test_match);
    tcase_add_test(tests, test_another_chain);
    tcase_add_test(tests, test_another_entry_point);
    tcase_add_test(tests, test_another_sender);
    tcase_add_test(tests, test_another_nonce);
    tcase_add_test(tests, test_nonce_lanes);
    tcase_add_test(tests, test_modes);
    tcase_add_test(tests, test_modes_when_installed);
    tcase_add_test(tests, test_first_states);
    tcase_add_test(tests, test_start);
    tcase_add_test(tests, test_give_back);
    tcase_add_test(tests, test_attach_default);
    tcase_add_test(tests, test_attach_enable_len);
    tcase_add_test(tests, test_attach_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
