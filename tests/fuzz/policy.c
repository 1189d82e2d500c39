/* Policies, and what they say of operations. */
#include "fuzz.h"

static vk_signer session_key(void) {
    vk_address address = {{1}};
    return vk_signer_ecdsa(&address);
}

/* Every finding has a code, and a sentence that was not cut off. */
static void check_findings(const vk_policy *policy) {
    vk_lint_context context = {.now = 1800000000, .entry_point = VK_ENTRY_POINT_0_8};
    vk_lint_findings findings;
    FUZZ_REQUIRE(vk_lint_policy(policy, &context, &findings) == VK_OK);
    FUZZ_REQUIRE(findings.count <= VK_LINT_FINDINGS_MAX);
    for (size_t i = 0; i < findings.count; i++) {
        FUZZ_REQUIRE(vk_lint_code_text(findings.list[i].code) != NULL);
        size_t len = strlen(findings.list[i].message);
        FUZZ_REQUIRE(len > 0 && len < sizeof findings.list[i].message - 1);
    }
    vk_lint_clear(&findings);
}

/* Everything that was accepted can be looked at, installed and described. */
void fuzz_policy(vk_bytes input) {
    vk_policy policy;
    vk_error err = {0};
    FUZZ_MARK(policy);
    vk_status status = vk_policy_read((const char *)input.data, input.len, &policy, &err);
    if (!fuzz_read_result(status, &err, &policy, sizeof policy)) {
        return;
    }
    vk_signer signer = session_key();
    vk_buf data = {0}, text = {0};
    uint8_t id4[4];
    FUZZ_REQUIRE(policy.count <= VK_POLICIES_MAX);
    check_findings(&policy);
    vk_status installable = vk_policy_is_thirdweb(&policy) ? VK_ERR_UNSUPPORTED : VK_OK;
    FUZZ_REQUIRE(vk_policy_enable_data(&policy, &signer, &data) == installable);
    FUZZ_REQUIRE(data.len % 32 == 0);
    FUZZ_REQUIRE(vk_policy_permission_id(&policy, &signer, id4) == installable);
    for (size_t i = 0; i < policy.count; i++) {
        FUZZ_REQUIRE(vk_rule_name(policy.rules[i].kind) != NULL);
        text.len = 0;
        vk_rule_describe(&policy.rules[i], &text);
        FUZZ_REQUIRE(vk_buf_status(&text) == VK_OK && text.len > 0);
        FUZZ_REQUIRE(text.data[text.len - 1] != '\n');
    }
    vk_buf_clear(&data);
    vk_buf_clear(&text);
    vk_policy_clear(&policy);
}

/* A denial says by which rule and why, and changes no state. */
static void check_verdict(const vk_verdict *verdict, const vk_rule_state *states, size_t count) {
    FUZZ_REQUIRE(verdict->allowed == (verdict->reason[0] == '\0'));
    FUZZ_REQUIRE(verdict->allowed || verdict->rule[0] != '\0');
    FUZZ_REQUIRE(verdict->rule_index >= -1 && verdict->rule_index < (int)count);
    for (size_t i = 0; i < count && !verdict->allowed; i++) {
        FUZZ_REQUIRE(vk_u256_is_zero(&states[i].spent) && states[i].used == 0);
    }
}

static vk_verdict judge(const vk_policy *policy, const vk_userop *op, vk_hardening_set relaxed) {
    static const uint8_t selector[4] = {0xe9, 0xae, 0x5c, 0x53};
    vk_verdict_request request = {
        .op = op, .chain_id = 1, .now = 1800000000, .selector = selector, .relaxed = relaxed};
    vk_rule_state *states = calloc(policy->count + 1, sizeof *states);
    vk_verdict verdict;
    FUZZ_REQUIRE(states != NULL);
    FUZZ_REQUIRE(vk_policy_evaluate(policy, &request, states, &verdict) == VK_OK);
    check_verdict(&verdict, states, policy->count);
    free(states);
    return verdict;
}

/* An account without permissions: call data that nobody can read are refused for good. */
static vk_verdict judge_alone(const vk_policy *policy, const vk_userop *op,
                              vk_kernel_version kernel, vk_hardening_set relaxed) {
    vk_verdict_request request = {
        .op = op, .chain_id = 1, .now = 1800000000, .kernel = kernel, .relaxed = relaxed};
    vk_rule_state *states = calloc(policy->count + 1, sizeof *states);
    vk_verdict verdict;
    FUZZ_REQUIRE(states != NULL);
    FUZZ_REQUIRE(vk_policy_evaluate(policy, &request, states, &verdict) == VK_OK);
    check_verdict(&verdict, states, policy->count);
    FUZZ_REQUIRE(verdict.chain_error[0] == '\0');
    free(states);
    return verdict;
}

static void judge_both(const vk_policy *policy, const vk_userop *op, vk_kernel_version kernel) {
    vk_execution execution = {0};
    vk_status status = vk_execution_decode_for(kernel, op->call_data, &execution, NULL);
    vk_verdict hard = judge_alone(policy, op, kernel, VK_HARDENING_NONE);
    vk_verdict off = judge_alone(policy, op, kernel, VK_HARDENING_ALL);
    FUZZ_REQUIRE(!hard.allowed || off.allowed);
    FUZZ_REQUIRE(!off.allowed || status == VK_OK);
    vk_execution_clear(&execution);
    vk_verdict_clear(&hard);
    vk_verdict_clear(&off);
}

static vk_verdict judge_message(const vk_policy *policy, const vk_userop *op,
                                vk_hardening_set relaxed) {
    vk_message_request request = {.now = 1800000000,
                                  .has_caller = op->has_paymaster,
                                  .caller = op->paymaster,
                                  .replayable = op->call_data.len % 2 == 1,
                                  .relaxed = relaxed};
    vk_verdict verdict;
    FUZZ_REQUIRE(vk_policy_evaluate_message(policy, &request, &verdict) == VK_OK);
    FUZZ_REQUIRE(verdict.allowed == (verdict.reason[0] == '\0'));
    return verdict;
}

/* What is allowed with hardening is allowed without; hardening that is off denies nothing, and
 * changes no denial of the chain's. The operations are of EntryPoint 0.7, which knows no blocks. */
static void compare(vk_verdict hard, vk_verdict some, vk_verdict off, vk_hardening_set relaxed) {
    vk_hardening rule;
    FUZZ_REQUIRE(off.hardening == NULL);
    FUZZ_REQUIRE(!hard.allowed || (some.allowed && off.allowed));
    FUZZ_REQUIRE(!some.allowed || off.allowed);
    FUZZ_REQUIRE(off.allowed || (strcmp(off.reason, hard.reason) == 0 && hard.hardening == NULL));
    FUZZ_REQUIRE(hard.allowed || !off.allowed || hard.hardening != NULL);
    FUZZ_REQUIRE(some.hardening == NULL || (vk_hardening_find(some.hardening, &rule) == VK_OK &&
                                            (vk_hardening_bit(rule) & relaxed) == 0));
    vk_verdict_clear(&hard);
    vk_verdict_clear(&some);
    vk_verdict_clear(&off);
}

static void judge_all(const vk_policy *policy, const vk_userop *op) {
    vk_hardening_set some = (vk_hardening_set)vk_u256_low64(&op->nonce) & VK_HARDENING_ALL;
    compare(judge(policy, op, VK_HARDENING_NONE), judge(policy, op, some),
            judge(policy, op, VK_HARDENING_ALL), some);
    compare(judge_message(policy, op, VK_HARDENING_NONE), judge_message(policy, op, some),
            judge_message(policy, op, VK_HARDENING_ALL), some);
    for (vk_kernel_version kernel = VK_KERNEL_V1; kernel <= VK_KERNEL_0_3_3; kernel++) {
        judge_both(policy, op, kernel);
    }
}

void fuzz_verdict(vk_bytes input) {
    vk_bytes text = fuzz_until_nul(&input);
    vk_policy policy;
    vk_userop op;
    if (vk_policy_read((const char *)text.data, text.len, &policy, NULL) != VK_OK) {
        return;
    }
    if (vk_userop_read_json(input, VK_ENTRY_POINT_0_7, &op, NULL) == VK_OK) {
        judge_all(&policy, &op);
        vk_userop_clear(&op);
    }
    vk_policy_clear(&policy);
}

/* What was read is what it is made of, and is read again as it was written. */
void fuzz_smart_account(vk_bytes input) {
    vk_smart_account account, again;
    vk_error err = {0};
    FUZZ_MARK(account);
    vk_status status = vk_smart_account_read((const char *)input.data, input.len, &account, &err);
    if (!fuzz_read_result(status, &err, &account, sizeof account)) {
        return;
    }
    vk_buf json = {0}, twice = {0};
    FUZZ_REQUIRE(vk_smart_account_write(&account, &json) == VK_OK);
    FUZZ_REQUIRE(vk_smart_account_read((const char *)json.data, json.len, &again, NULL) == VK_OK);
    FUZZ_REQUIRE(vk_smart_account_write(&again, &twice) == VK_OK);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&json), vk_buf_view(&twice)));
    FUZZ_REQUIRE(vk_smart_account_has_factory(&account) == (account.factory_data.len > 0));
    FUZZ_REQUIRE(vk_smart_account_has_factory(&account) == !vk_address_is_zero(&account.factory));
    FUZZ_REQUIRE(account.owner_key == NULL || strstr(account.owner_key, "pin-value") == NULL);
    vk_buf_clear(&json);
    vk_buf_clear(&twice);
    vk_smart_account_clear(&again);
    vk_smart_account_clear(&account);
}
