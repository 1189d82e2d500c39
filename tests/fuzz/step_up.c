/* Step-up rules, and what they say of operations. */
#include "fuzz.h"

#include "policy/step_up.h"

/* What was read is within its bounds. */
static void check_rule(const vk_step_up *rule) {
    FUZZ_REQUIRE(rule->has_above || rule->has_unless);
    FUZZ_REQUIRE(rule->device.name[0] != '\0' && rule->device.rp_id[0] != '\0');
    FUZZ_REQUIRE(memchr(rule->device.name, '\0', sizeof rule->device.name) != NULL);
    FUZZ_REQUIRE(memchr(rule->device.rp_id, '\0', sizeof rule->device.rp_id) != NULL);
    FUZZ_REQUIRE(rule->device.credential_id_len > 0);
    FUZZ_REQUIRE(rule->device.credential_id_len <= sizeof rule->device.credential_id);
    FUZZ_REQUIRE(vk_p256_check_point(rule->device.point65) == VK_OK);
    for (size_t i = 0; i < rule->unless.count; i++) {
        FUZZ_REQUIRE(rule->unless.rules[i].kind == VK_RULE_CALL && rule->unless.rules[i].flag == 0);
    }
}

/* The device and the amount are written as they are read. */
static void check_written(const vk_step_up *rule) {
    vk_buf json = {0};
    vk_step_up again;
    char above[79];
    vk_u256_decimal(&rule->above, above);
    vk_step_up_write(&rule->device, above, NULL, NULL, &json);
    FUZZ_REQUIRE(vk_step_up_read((const char *)json.data, json.len, &again, NULL) == VK_OK);
    FUZZ_REQUIRE(memcmp(&again.device, &rule->device, sizeof again.device) == 0);
    FUZZ_REQUIRE(vk_u256_cmp(&again.above, &rule->above) == 0);
    vk_step_up_clear(&again);
    vk_buf_clear(&json);
}

static void check_text(const vk_step_up *rule) {
    vk_buf text = {0};
    vk_step_up_describe(rule, &text);
    FUZZ_REQUIRE(vk_buf_status(&text) == VK_OK && text.len > 0);
    FUZZ_REQUIRE(text.data[text.len - 1] != '\n');
    vk_buf_clear(&text);
}

/* Calls that cannot be read are always touched for. */
static void judge(const vk_step_up *rule, const vk_userop *op, vk_kernel_version kernel) {
    const vk_grant grant = {
        .kind = VK_GRANT_OWNER, .chain_id = 1, .kernel = kernel, .account.account = op->sender};
    char reason[VK_REASON_MAX] = "";
    bool needed = false;
    vk_execution execution = {0};
    FUZZ_REQUIRE(vk_step_up_judge(rule, &grant, op, &needed, reason) == VK_OK);
    FUZZ_REQUIRE(reason[0] != '\0' && memchr(reason, '\0', sizeof reason) != NULL);
    FUZZ_REQUIRE(needed ||
                 vk_execution_decode_for(kernel, op->call_data, &execution, NULL) == VK_OK);
    vk_execution_clear(&execution);
}

void fuzz_step_up(vk_bytes input) {
    vk_step_up rule;
    vk_error err = {0};
    vk_userop_request request;
    vk_bytes json = fuzz_until_nul(&input);
    FUZZ_MARK(rule);
    vk_status status = vk_step_up_read((const char *)json.data, json.len, &rule, &err);
    if (!fuzz_read_result(status, &err, &rule, sizeof rule)) {
        return;
    }
    check_rule(&rule);
    check_written(&rule);
    check_text(&rule);
    if (vk_userop_read_request(input, VK_ENTRY_POINT_0_7, &request, NULL) == VK_OK) {
        for (vk_kernel_version kernel = VK_KERNEL_V1; kernel <= VK_KERNEL_0_3_3; kernel++) {
            judge(&rule, &request.op, kernel);
        }
        vk_userop_clear(&request.op);
    }
    vk_step_up_clear(&rule);
}
