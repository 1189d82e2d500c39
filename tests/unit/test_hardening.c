/*
 * Each hardening rule: a case that only it denies, by name, and that is allowed when just this rule
 * is relaxed. BLOCK_WINDOW is in test_windows.c, SIGNATURE_ENCODING and UNPATCHED_SIGNER in
 * tests/batch/test_verdict_account.c.
 */
#include "policy_support.h"

#include <valetkey/thirdweb_verdict.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ONES "0x1111111111111111111111111111111111111111"
#define GUARD 0x33

/* ---- Names ---- */

START_TEST(test_names) {
    vk_hardening_set all = VK_HARDENING_NONE;
    for (unsigned i = 0; i < VK_HARDENING_RULES; i++) {
        vk_hardening found = VK_HARDENING_RULES;
        const char *name = vk_hardening_name((vk_hardening)i);
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq(vk_hardening_find(name, &found), VK_OK);
        ck_assert_uint_eq(found, i);
        ck_assert_uint_eq(all & vk_hardening_bit((vk_hardening)i), 0);
        all |= vk_hardening_bit((vk_hardening)i);
    }
    ck_assert_uint_eq(all, VK_HARDENING_ALL);
    vk_hardening untouched = VK_HARDENING_ANY_TARGET;
    ck_assert_int_eq(vk_hardening_find("any", &untouched), VK_ERR_NOT_FOUND);
    ck_assert_int_eq(vk_hardening_find("", &untouched), VK_ERR_NOT_FOUND);
    ck_assert_int_eq(untouched, VK_HARDENING_ANY_TARGET);
    ck_assert_ptr_null(vk_hardening_name(VK_HARDENING_RULES));
    ck_assert_uint_eq(vk_hardening_bit(VK_HARDENING_RULES), VK_HARDENING_NONE);
}
END_TEST

START_TEST(test_switchable) {
    static const vk_hardening rules[] = {
        VK_HARDENING_ZERO_PAYMASTER,      VK_HARDENING_PROTECTED_TARGET,
        VK_HARDENING_BUDGET_DELEGATECALL, VK_HARDENING_FOREIGN_CHAIN,
        VK_HARDENING_OPEN_SIGNATURE,      VK_HARDENING_UNKNOWN_CALLER,
        VK_HARDENING_SIGNATURE_WINDOW,    VK_HARDENING_REPLAYABLE_SIGNATURE,
        VK_HARDENING_ANY_TARGET,          VK_HARDENING_ANY_AMOUNT};
    vk_hardening_set expected = VK_HARDENING_NONE;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        expected |= vk_hardening_bit(rules[i]);
    }
    ck_assert_uint_eq(vk_hardening_switchable(), expected);
}
END_TEST

/* ---- What all cases have in common ---- */

/* The verdict with these rules relaxed, on a fresh state. */
typedef vk_verdict (*judge_fn)(void *subject, vk_hardening_set relaxed);

static void check_denied(vk_verdict verdict, vk_hardening rule, const char *names) {
    ck_assert(!verdict.allowed);
    ck_assert_msg(verdict.hardening != NULL, "%s: %s", verdict.rule, verdict.reason);
    ck_assert_str_eq(verdict.hardening, vk_hardening_name(rule));
    ck_assert_str_eq(verdict.rule, names);
    ck_assert_str_ne(verdict.reason, "");
    vk_verdict_clear(&verdict);
}

static void check_allowed(vk_verdict verdict) {
    ck_assert_msg(verdict.allowed, "%s: %s", verdict.rule, verdict.reason);
    ck_assert_ptr_null(verdict.hardening);
    ck_assert_str_eq(verdict.reason, "");
    vk_verdict_clear(&verdict);
}

/* names: what the verdict says is the rule. */
static void check_only(judge_fn judge, void *subject, vk_hardening rule, const char *names) {
    vk_hardening_set bit = vk_hardening_bit(rule);
    check_denied(judge(subject, VK_HARDENING_NONE), rule, names);
    check_denied(judge(subject, VK_HARDENING_ALL & ~bit), rule, names);
    check_allowed(judge(subject, bit));
    check_allowed(judge(subject, VK_HARDENING_ALL));
}

/* ---- Operations ---- */

typedef struct fixture {
    vk_policy policy;
    vk_buf call_data;
    vk_userop op;
    vk_address guard;
} fixture;

static vk_address address_of(uint8_t byte) {
    vk_address out;
    memset(out.b, byte, sizeof out.b);
    return out;
}

static fixture begin(const char *policy, uint8_t call_type, const vk_call *call) {
    fixture f = {.policy = policy_good(policy),
                 .call_data = policy_execute(call_type, call, 1),
                 .guard = address_of(GUARD)};
    f.op = (vk_userop){.entry_point = VK_ENTRY_POINT_0_7,
                       .sender = address_of(0xac),
                       .call_data = vk_buf_view(&f.call_data)};
    return f;
}

static void end(fixture *f) {
    vk_policy_clear(&f->policy);
    vk_buf_clear(&f->call_data);
}

static vk_verdict judge_operation(void *subject, vk_hardening_set relaxed) {
    fixture *f = subject;
    vk_rule_state states[4] = {0};
    vk_verdict_request request = {.op = &f->op,
                                  .chain_id = 1,
                                  .now = 1000,
                                  .selector = vk_kernel_execute_selector,
                                  .guards = &f->guard,
                                  .guard_count = 1,
                                  .relaxed = relaxed};
    vk_verdict verdict;
    ck_assert_uint_le(f->policy.count, 4);
    ck_assert_int_eq(vk_policy_evaluate(&f->policy, &request, states, &verdict), VK_OK);
    return verdict;
}

static void only(fixture *f, vk_hardening rule, const char *names) {
    check_only(judge_operation, f, rule, names);
    end(f);
}

static const vk_call nothing;

START_TEST(test_calldata_encoding) {
    fixture f = begin("[{\"type\":\"sudo\"}]", VK_CALL_SINGLE, &nothing);
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    vk_buf_put_byte(&f.call_data, 0);
    f.op.call_data = vk_buf_view(&f.call_data);
    only(&f, VK_HARDENING_CALLDATA_ENCODING, "callData");
}
END_TEST

START_TEST(test_nonce_mode) {
    fixture f = begin("[{\"type\":\"sudo\"}]", VK_CALL_SINGLE, &nothing);
    f.op.nonce.be[0] = 1;
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    f.op.nonce.be[0] = 2;
    only(&f, VK_HARDENING_NONCE_MODE, "nonce");
    f = begin("[{\"type\":\"sudo\"}]", VK_CALL_SINGLE, &nothing);
    f.op.entry_point = VK_ENTRY_POINT_0_6; /* there it is no mode */
    f.op.nonce.be[0] = 2;
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    end(&f);
}
END_TEST

START_TEST(test_gas_overflow) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000}]", VK_CALL_SINGLE, &nothing);
    f.op.max_fee_per_gas = vk_u256_from_u64(1);
    f.op.pre_verification_gas = vk_u256_from_u64(1000);
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    f.op.pre_verification_gas.be[15] = 1; /* 2^128 + 1000 */
    only(&f, VK_HARDENING_GAS_OVERFLOW, "gas");
}
END_TEST

START_TEST(test_zero_paymaster) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000}]", VK_CALL_SINGLE, &nothing);
    f.policy.rules[0].u.gas.enforce_paymaster = true;
    only(&f, VK_HARDENING_ZERO_PAYMASTER, "gas");
}
END_TEST

#define PERMISSION(version, members)                                                               \
    "{\"type\":\"call\",\"policyVersion\":\"" version "\",\"permissions\":[{" members "}]}"
#define TO_ONES "\"target\":\"" ONES "\""

/* 52 bytes: what 0.0.2 takes for a value is data to the account. */
START_TEST(test_old_delegatecall) {
    static const uint8_t value[32];
    vk_call call = {.target = address_of(0x11), .data = {value, sizeof value}};
    fixture f = begin("[" PERMISSION("0.0.2", TO_ONES ",\"callType\":\"0xff\"") "]",
                      VK_CALL_DELEGATE, &call);
    only(&f, VK_HARDENING_OLD_DELEGATECALL, "call");
    call.data.len = 0; /* as 0.0.3 wants it */
    f = begin("[" PERMISSION("0.0.3", TO_ONES ",\"callType\":\"0xff\"") "]", VK_CALL_DELEGATE,
              &call);
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    end(&f);
}
END_TEST

/* function(bytes), whose argument says that it is longer than the call; byte 0 of it is 0x77. */
START_TEST(test_slice_bounds) {
    static uint8_t data[4 + 2 * 32 + 1] = {1, 2, 3, 4, [35] = 0x20, [67] = 1, [68] = 0x77};
    static const char policy[] = "[" PERMISSION(
        "0.0.5",
        TO_ONES ",\"selector\":\"0x01020304\",\"rules\":[{\"condition\":7,\"offset\":0,"
                "\"params\":["
                "\"0x0000000000000000000000000000000000000000000000000000000000000000\","
                "\"0x0000000000000000000000000000000000000000000000000000000000000001\","
                "\"0x0000000000000000000000000000000000000000000000000000000000000000\"]}]") "]";
    vk_call call = {.target = address_of(0x11), .data = {data, sizeof data}};
    vk_hash hash = vk_keccak256((vk_bytes){data + 68, 1});
    fixture f = begin(policy, VK_CALL_SINGLE, &call);
    f.policy.rules[0].u.call.permissions[0].rules[0].params[2] = vk_u256_from_be(hash.b, 32);
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    end(&f);
    data[67] = 2;
    f = begin(policy, VK_CALL_SINGLE, &call);
    f.policy.rules[0].u.call.permissions[0].rules[0].params[2] = vk_u256_from_be(hash.b, 32);
    only(&f, VK_HARDENING_SLICE_BOUNDS, "call");
}
END_TEST

/* ---- Contracts that keep the limits ---- */

static const uint8_t any_function[4] = {1, 2, 3, 4};

static vk_call call_to(vk_address target) {
    return (vk_call){.target = target, .data = {any_function, sizeof any_function}};
}

static vk_address guarded(int i) {
    static const vk_entry_point versions[] = {VK_ENTRY_POINT_0_6, VK_ENTRY_POINT_0_7,
                                              VK_ENTRY_POINT_0_8, VK_ENTRY_POINT_0_9};
    /* Another than the grant names may keep the account: of another kind, or an older one. */
    static const char *const validators[] = {"0x845adb2c711129d4f3966735ed98a9f09fc4ce57",
                                             "0x8104e3ad430ea6d354d013a6789fdfc71e671c43"};
    vk_policy gas;
    vk_address out;
    switch (i) {
    case 0:
        return address_of(0xac); /* the account */
    case 1:
        return address_of(GUARD);
    case 2:
        gas = policy_good("[{\"type\":\"gas\"}]");
        out = gas.rules[0].address;
        vk_policy_clear(&gas);
        return out;
    case 7:
    case 8:
        ck_assert_int_eq(vk_address_read(validators[i - 7], 42, &out), VK_OK);
        return out;
    default:
        return vk_entry_point_address(versions[i - 3]);
    }
}

/* Whatever the session is under that does not name it. */
START_TEST(test_protected_target) {
    static const char *const policies[] = {
        "[{\"type\":\"gas\",\"allowed\":1000}]",
        "[{\"type\":\"sudo\"},{\"type\":\"gas\",\"allowed\":1000}]",
        "[" PERMISSION("0.0.4", "\"target\":\"0x0000000000000000000000000000000000000000\","
                                "\"selector\":\"0x01020304\"") ",{\"type\":\"gas\"}]"};
    vk_call call = call_to(guarded(_i));
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        fixture f = begin(policies[i], VK_CALL_SINGLE, &call);
        only(&f, VK_HARDENING_PROTECTED_TARGET, "target");
    }
    vk_call batch[] = {nothing, call};
    fixture f = begin(policies[0], VK_CALL_SINGLE, &nothing);
    vk_buf_clear(&f.call_data);
    f.call_data = policy_execute(VK_CALL_BATCH, batch, 2);
    f.op.call_data = vk_buf_view(&f.call_data);
    only(&f, VK_HARDENING_PROTECTED_TARGET, "target");
}
END_TEST

/* A permission for exactly that target and function says that it is meant. */
START_TEST(test_named_target) {
    vk_call call = call_to(guarded(_i));
    fixture f =
        begin("[" PERMISSION("0.0.4", TO_ONES ",\"selector\":\"0x01020304\"") ","
                                                                              "{\"type\":\"gas\"}]",
              VK_CALL_SINGLE, &call);
    f.policy.rules[0].u.call.permissions[0].target = call.target;
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    end(&f);
}
END_TEST

/* Foreign code can call the account as itself, out of every window. */
START_TEST(test_unjudged_delegatecall) {
    vk_call call = call_to(address_of(0x22));
    fixture f = begin("[{\"type\":\"timestamp\",\"validUntil\":2000}]", VK_CALL_DELEGATE, &call);
    only(&f, VK_HARDENING_PROTECTED_TARGET, "target");
    f = begin("[{\"type\":\"sudo\"}]", VK_CALL_DELEGATE, &call); /* nothing to lift */
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    end(&f);
    call = call_to(address_of(0x11)); /* meant */
    f = begin("[{\"type\":\"timestamp\",\"validUntil\":2000}," PERMISSION(
                  "0.0.4", TO_ONES ",\"selector\":\"0x01020304\",\"callType\":\"0xff\"") "]",
              VK_CALL_DELEGATE, &call);
    check_allowed(judge_operation(&f, VK_HARDENING_NONE));
    end(&f);
}
END_TEST

/* In parentheses, as one string of a list. */
#define UNDER(budget)                                                                              \
    ("[" PERMISSION("0.0.4",                                                                       \
                    TO_ONES ",\"selector\":\"0x01020304\",\"callType\":\"0xff\"") "," budget "]")

START_TEST(test_budget_delegatecall) {
    static const char *const policies[] = {
        UNDER("{\"type\":\"gas\",\"allowed\":1000}"),
        UNDER("{\"type\":\"rate-limit\",\"count\":5}"),
        UNDER("{\"type\":\"rate-limit\",\"count\":5,\"interval\":60,\"policyAddress\":"
              "\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\"}")};
    vk_call call = call_to(address_of(0x11));
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        fixture f = begin(policies[i], VK_CALL_DELEGATE, &call);
        only(&f, VK_HARDENING_BUDGET_DELEGATECALL, "delegatecall");
    }
    /* Also where no call rule speaks of it. */
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000}]", VK_CALL_DELEGATE, &call);
    only(&f, VK_HARDENING_BUDGET_DELEGATECALL, "delegatecall");
}
END_TEST

/* ---- Messages ---- */

typedef struct message {
    vk_policy policy;
    vk_message_request request;
} message;

static vk_verdict judge_message(void *subject, vk_hardening_set relaxed) {
    message *m = subject;
    vk_verdict verdict;
    m->request.relaxed = relaxed;
    ck_assert_int_eq(vk_policy_evaluate_message(&m->policy, &m->request, &verdict), VK_OK);
    return verdict;
}

static message message_under(const char *policy) {
    return (message){.policy = policy_good(policy),
                     .request = {.now = 1000, .has_caller = true, .caller = address_of(0x11)}};
}

#define CALLERS "{\"type\":\"signature-caller\",\"allowedCallers\":[\"" ONES "\"]}"

START_TEST(test_open_signature) {
    static const char *const policies[] = {
        "[{\"type\":\"sudo\"}]", "[{\"type\":\"gas\",\"allowed\":1000}]",
        "[" PERMISSION("0.0.4", TO_ONES) "]",
        /* It speaks of operations only. */
        "[{\"type\":\"signature-caller\",\"policyFlag\":\"0x0002\",\"allowedCallers\":[\"" ONES
        "\"]}]"};
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        message m = message_under(policies[i]);
        check_only(judge_message, &m, VK_HARDENING_OPEN_SIGNATURE, "signature");
        vk_policy_clear(&m.policy);
    }
    message m = message_under("[" CALLERS "]");
    check_allowed(judge_message(&m, VK_HARDENING_NONE));
    vk_policy_clear(&m.policy);
}
END_TEST

START_TEST(test_signature_window) {
    message m = message_under("[" CALLERS ",{\"type\":\"timestamp\",\"validAfter\":500,"
                              "\"validUntil\":2000}]");
    check_allowed(judge_message(&m, VK_HARDENING_NONE));
    static const uint64_t outside[] = {499, 2001};
    for (size_t i = 0; i < 2; i++) {
        m.request.now = outside[i];
        check_only(judge_message, &m, VK_HARDENING_SIGNATURE_WINDOW, "timestamp");
    }
    m.policy.rules[1].flag = VK_FLAG_NOT_FOR_SIGNATURE;
    check_allowed(judge_message(&m, VK_HARDENING_NONE));
    vk_policy_clear(&m.policy);
}
END_TEST

START_TEST(test_replayable_signature) {
    message m = message_under("[" CALLERS "]");
    m.request.replayable = true;
    check_only(judge_message, &m, VK_HARDENING_REPLAYABLE_SIGNATURE, "signature");
    vk_policy_clear(&m.policy);
}
END_TEST

/* Typed data of a contract that the policy names, for the account 0xac.. on chain 1. */
static message typed_message(vk_typed_domain *domain) {
    message m = message_under("[" CALLERS "]");
    *domain = (vk_typed_domain){.has_chain_id = true,
                                .chain_id = vk_u256_from_u64(1),
                                .has_verifying_contract = true,
                                .verifying_contract = address_of(0x11)};
    m.request.domain = domain;
    m.request.chain_id = 1;
    m.request.account = address_of(0xac);
    m.request.entry_point = address_of(0xe9);
    return m;
}

START_TEST(test_own_domain) {
    vk_typed_domain domain;
    message m = typed_message(&domain);
    check_allowed(judge_message(&m, VK_HARDENING_NONE));
    const vk_address own[] = {m.request.account, m.request.entry_point,
                              vk_entry_point_address(VK_ENTRY_POINT_0_8)};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        domain.verifying_contract = own[i];
        check_only(judge_message, &m, VK_HARDENING_OWN_DOMAIN, "domain");
    }
    vk_policy_clear(&m.policy);
}
END_TEST

START_TEST(test_foreign_chain) {
    vk_typed_domain domain;
    message m = typed_message(&domain);
    domain.chain_id = vk_u256_from_u64(2);
    check_only(judge_message, &m, VK_HARDENING_FOREIGN_CHAIN, "domain");
    domain.has_chain_id = false;
    check_allowed(judge_message(&m, VK_HARDENING_NONE));
    vk_policy_clear(&m.policy);
}
END_TEST

START_TEST(test_unknown_caller) {
    vk_typed_domain domain;
    message m = typed_message(&domain);
    m.request.has_caller = domain.has_verifying_contract = false;
    check_only(judge_message, &m, VK_HARDENING_UNKNOWN_CALLER, "signature-caller");
    m.request.domain = NULL;
    check_only(judge_message, &m, VK_HARDENING_UNKNOWN_CALLER, "signature-caller");
    vk_policy_clear(&m.policy);
}
END_TEST

/* What the chain refuses is no matter of hardening. */
START_TEST(test_message_denied) {
    message m = message_under("[" CALLERS "]");
    m.request.caller = address_of(0x12);
    m.request.replayable = true;
    vk_verdict verdict = judge_message(&m, VK_HARDENING_NONE);
    ck_assert_str_eq(verdict.rule, "signature-caller");
    ck_assert_ptr_null(verdict.hardening);
    vk_verdict_clear(&verdict);
    m.policy.permission_flag = VK_FLAG_NOT_FOR_SIGNATURE;
    verdict = judge_message(&m, VK_HARDENING_ALL);
    ck_assert_str_eq(verdict.rule, "permission");
    vk_verdict_clear(&verdict);
    vk_policy_clear(&m.policy);
}
END_TEST

/* ---- thirdweb ---- */

typedef struct session {
    vk_address target;
    vk_thirdweb_permission permission;
    vk_userop op;
    vk_buf call_data;
} session;

static void begin_session(session *s, vk_address target) {
    vk_call call = {.target = address_of(0x11)};
    vk_thirdweb_calls calls = {.count = 1, .calls = &call};
    *s = (session){.target = target};
    s->permission = (vk_thirdweb_permission){.target_count = 1,
                                             .targets = &s->target,
                                             .native_limit = vk_u256_from_u64(5),
                                             .end = vk_u256_from_u64(2000)};
    ck_assert_int_eq(vk_thirdweb_calls_encode(&calls, &s->call_data), VK_OK);
    s->op = (vk_userop){.entry_point = VK_ENTRY_POINT_0_6,
                        .sender = address_of(0xac),
                        .call_data = vk_buf_view(&s->call_data)};
}

static vk_verdict judge_session(void *subject, vk_hardening_set relaxed) {
    session *s = subject;
    vk_verdict_request request = {.op = &s->op, .chain_id = 1, .now = 1000, .relaxed = relaxed};
    vk_verdict verdict;
    ck_assert_int_eq(vk_thirdweb_evaluate(&s->permission, &request, &verdict), VK_OK);
    return verdict;
}

static vk_verdict judge_session_message(void *subject, vk_hardening_set relaxed) {
    session *s = subject;
    vk_message_request request = {
        .now = 1000, .has_caller = true, .caller = address_of(0x11), .relaxed = relaxed};
    vk_verdict verdict;
    ck_assert_int_eq(vk_thirdweb_evaluate_message(&s->permission, &request, &verdict), VK_OK);
    return verdict;
}

static void end_session(session *s) {
    vk_buf_clear(&s->call_data);
}

START_TEST(test_any_target) {
    session s;
    begin_session(&s, address_of(0x11));
    check_allowed(judge_session(&s, VK_HARDENING_NONE));
    check_allowed(judge_session_message(&s, VK_HARDENING_NONE));
    s.target = address_of(0);
    check_only(judge_session, &s, VK_HARDENING_ANY_TARGET, "targets");
    check_only(judge_session_message, &s, VK_HARDENING_ANY_TARGET, "targets");
    s.permission.is_admin = true; /* an admin may do everything */
    check_allowed(judge_session(&s, VK_HARDENING_NONE));
    check_allowed(judge_session_message(&s, VK_HARDENING_NONE));
    end_session(&s);
}
END_TEST

START_TEST(test_any_amount) {
    session s;
    begin_session(&s, address_of(0x11));
    memset(s.permission.native_limit.be, 0xff, 32);
    check_only(judge_session, &s, VK_HARDENING_ANY_AMOUNT, "limit");
    s.permission.native_limit.be[31] = 0xfe;
    check_allowed(judge_session(&s, VK_HARDENING_NONE));
    end_session(&s);
}
END_TEST

START_TEST(test_thirdweb_encoding) {
    session s;
    begin_session(&s, address_of(0x11));
    vk_buf_put_byte(&s.call_data, 0);
    s.op.call_data = vk_buf_view(&s.call_data);
    check_only(judge_session, &s, VK_HARDENING_CALLDATA_ENCODING, "callData");
    end_session(&s);
}
END_TEST

/* Under the wildcard, that is: where it is not approved by name. */
START_TEST(test_thirdweb_protected) {
    static const vk_hardening_set wildcard = UINT32_C(1) << VK_HARDENING_ANY_TARGET;
    session s;
    begin_session(&s, address_of(0));
    s.op.sender = address_of(0x11);
    check_denied(judge_session(&s, wildcard), VK_HARDENING_PROTECTED_TARGET, "target");
    check_allowed(judge_session(&s, wildcard | vk_hardening_bit(VK_HARDENING_PROTECTED_TARGET)));
    s.target = address_of(0x11);
    check_allowed(judge_session(&s, VK_HARDENING_NONE));
    end_session(&s);
}
END_TEST

/* ---- Order: the first in the list is the one that is named ---- */

START_TEST(test_order) {
    vk_call call = call_to(address_of(0xac));
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000}]", VK_CALL_DELEGATE, &call);
    f.policy.rules[0].u.gas.enforce_paymaster = true;
    f.op.max_fee_per_gas = vk_u256_from_u64(1);
    f.op.pre_verification_gas.be[15] = 1;
    f.op.nonce.be[0] = 2;
    vk_buf_put_byte(&f.call_data, 0);
    f.op.call_data = vk_buf_view(&f.call_data);
    static const vk_hardening order[] = {
        VK_HARDENING_CALLDATA_ENCODING, VK_HARDENING_NONCE_MODE,
        VK_HARDENING_GAS_OVERFLOW,      VK_HARDENING_ZERO_PAYMASTER,
        VK_HARDENING_PROTECTED_TARGET,  VK_HARDENING_BUDGET_DELEGATECALL};
    vk_hardening_set relaxed = VK_HARDENING_NONE;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        vk_verdict verdict = judge_operation(&f, relaxed);
        ck_assert_str_eq(verdict.hardening, vk_hardening_name(order[i]));
        vk_verdict_clear(&verdict);
        relaxed |= vk_hardening_bit(order[i]);
    }
    check_allowed(judge_operation(&f, relaxed));
    end(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hardening");
    TCase *tests = tcase_create("hardening");
    tcase_add_test(tests, test_names);
    tcase_add_test(tests, test_switchable);
    tcase_add_test(tests, test_calldata_encoding);
    tcase_add_test(tests, test_nonce_mode);
    tcase_add_test(tests, test_gas_overflow);
    tcase_add_test(tests, test_zero_paymaster);
    tcase_add_test(tests, test_old_delegatecall);
    tcase_add_test(tests, test_slice_bounds);
    tcase_add_loop_test(tests, test_protected_target, 0, 9);
    tcase_add_loop_test(tests, test_named_target, 0, 9);
    tcase_add_test(tests, test_unjudged_delegatecall);
    tcase_add_test(tests, test_budget_delegatecall);
    tcase_add_test(tests, test_own_domain);
    tcase_add_test(tests, test_foreign_chain);
    tcase_add_test(tests, test_open_signature);
    tcase_add_test(tests, test_unknown_caller);
    tcase_add_test(tests, test_signature_window);
    tcase_add_test(tests, test_replayable_signature);
    tcase_add_test(tests, test_message_denied);
    tcase_add_test(tests, test_any_target);
    tcase_add_test(tests, test_any_amount);
    tcase_add_test(tests, test_thirdweb_encoding);
    tcase_add_test(tests, test_thirdweb_protected);
    tcase_add_test(tests, test_order);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
