#include "fuzz.h"

const fuzz_target fuzz_targets[] = {
    {"json", fuzz_json},
    {"text", fuzz_text},
    {"userop_json", fuzz_userop_json},
    {"userop_abi", fuzz_userop_abi},
    {"userop_request", fuzz_userop_request},
    {"receipt", fuzz_receipt},
    {"execution", fuzz_execution},
    {"factory_data", fuzz_factory_data},
    {"enable_data", fuzz_enable_data},
    {"approval", fuzz_approval},
    {"answer", fuzz_answer},
    {"serialized", fuzz_serialized},
    {"grant", fuzz_grant},
    {"smart_account", fuzz_smart_account},
    {"policy", fuzz_policy},
    {"step_up", fuzz_step_up},
    {"verdict", fuzz_verdict},
    {"execute_read", fuzz_execute_read},
    {"session_part", fuzz_session_part},
    {"message_parts", fuzz_message_parts},
    {"any_assertion", fuzz_any_assertion},
    {"webauthn", fuzz_webauthn},
    {"der", fuzz_der},
    {"credential", fuzz_credential},
    {"browser_answer", fuzz_browser_answer},
    {"thirdweb_calls", fuzz_thirdweb_calls},
    {"thirdweb_reply", fuzz_thirdweb_reply},
    {"typed_data", fuzz_typed_data},
    {"message_request", fuzz_message},
    {"batch", fuzz_batch},
    {"verdict_case", fuzz_verdict_case},
    {"anchor", fuzz_anchor},
    {"reply", fuzz_reply},
    {"node_answer", fuzz_node_answer},
    {"rule_numbers", fuzz_rule_numbers},
    {"service_answer", fuzz_service_answer},
    {"chain_config", fuzz_chain_config},
    {"header", fuzz_header},
    {"passkey_answer", fuzz_passkey_answer},
    {"passkey_body", fuzz_passkey_body},
    {"login_request", fuzz_login_request},
    {"calls", fuzz_calls},
    {"fido2", fuzz_fido2},
    {NULL, NULL},
};

const fuzz_target *fuzz_target_named(const char *name) {
    for (const fuzz_target *t = fuzz_targets; t->name != NULL; t++) {
        if (strcmp(t->name, name) == 0) {
            return t;
        }
    }
    return NULL;
}

bool fuzz_read_result(vk_status status, const vk_error *err, const void *out, size_t len) {
    if (status == VK_OK) {
        FUZZ_REQUIRE(err->status == VK_OK);
        return true;
    }
    FUZZ_REQUIRE(err->status == status);
    FUZZ_REQUIRE(err->message[0] != '\0');
    FUZZ_REQUIRE(memchr(err->message, '\0', sizeof err->message) != NULL);
    FUZZ_REQUIRE(memchr(err->path, '\0', sizeof err->path) != NULL);
    const uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++) {
        FUZZ_REQUIRE(bytes[i] == bytes[0] && (bytes[0] == 0xa5 || bytes[0] == 0));
    }
    return false;
}

unsigned fuzz_choose(vk_bytes *input, unsigned count) {
    if (input->len == 0) {
        return 0;
    }
    unsigned choice = input->data[0] % count;
    input->data++;
    input->len--;
    return choice;
}

vk_bytes fuzz_until_nul(vk_bytes *input) {
    const uint8_t *nul = input->len == 0 ? NULL : memchr(input->data, 0, input->len);
    size_t len = nul == NULL ? input->len : (size_t)(nul - input->data);
    size_t used = len + (nul == NULL ? 0 : 1);
    vk_bytes first = {input->data, len};
    *input = (vk_bytes){input->data + used, input->len - used};
    return first;
}
