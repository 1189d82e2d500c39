/* What browsers answer: registrations and assertions in JSON, and operations with an assertion. */
#include "fuzz.h"

#include "eth/userop_json.h"
#include "webauthn/response_json.h"

static void is_filled(const vk_buf *bytes, size_t max) {
    FUZZ_REQUIRE(vk_buf_status(bytes) == VK_OK && bytes->len > 0 && bytes->len <= max);
}

static void read_registration(vk_bytes input) {
    vk_registration_response response;
    vk_error err = {0};
    FUZZ_MARK(response);
    vk_status status = vk_registration_response_read(input, &response, &err);
    if (fuzz_read_result(status, &err, &response, sizeof response)) {
        is_filled(&response.id, VK_CREDENTIAL_ID_MAX);
        is_filled(&response.attestation_object, VK_ATTESTATION_MAX);
        is_filled(&response.client_data, VK_CLIENT_DATA_MAX);
        vk_registration_response_clear(&response);
    }
}

static bool are_same(const vk_buf *a, const vk_buf *b) {
    return vk_bytes_equal(vk_buf_view(a), vk_buf_view(b));
}

/* What is written of an assertion is read as the same one. */
static void write_again(const vk_assertion_response *response) {
    vk_buf text = {0};
    vk_assertion_response again;
    vk_assertion_members_write(response, &text);
    FUZZ_REQUIRE(vk_buf_status(&text) == VK_OK);
    FUZZ_REQUIRE(vk_assertion_response_read(vk_buf_view(&text), &again, NULL) == VK_OK);
    FUZZ_REQUIRE(again.id.len == 0 && are_same(&again.auth_data, &response->auth_data) &&
                 are_same(&again.client_data, &response->client_data) &&
                 are_same(&again.signature, &response->signature));
    vk_assertion_response_clear(&again);
    vk_buf_clear(&text);
}

static void check_assertion(vk_assertion_response *response) {
    is_filled(&response->auth_data, VK_RESPONSE_AUTH_DATA_MAX);
    is_filled(&response->client_data, VK_CLIENT_DATA_MAX);
    is_filled(&response->signature, VK_P256_DER_MAX);
    write_again(response);
    vk_assertion_response_clear(response);
}

static void read_assertion(vk_bytes input) {
    vk_assertion_response response;
    vk_error err = {0};
    FUZZ_MARK(response);
    vk_status status = vk_assertion_response_read(input, &response, &err);
    if (fuzz_read_result(status, &err, &response, sizeof response)) {
        check_assertion(&response);
    }
}

/* As CKM_VALETKEY_USEROP_ASSERTION reads it. */
static void read_payload(vk_bytes input) {
    cJSON *json = NULL;
    vk_userop_request request;
    vk_assertion_response response;
    vk_error err = {0};
    const vk_path path = vk_path_member(NULL, "assertion");
    if (vk_json_parse(input, VK_USEROP_MAX, &json, NULL) != VK_OK) {
        return;
    }
    FUZZ_MARK(request);
    vk_status status = vk_userop_read_request_object(json, "assertion", &request, &err);
    if (fuzz_read_result(status, &err, &request, sizeof request)) {
        FUZZ_REQUIRE(request.has_chain_id && request.has_entry_point);
        vk_userop_clear(&request.op);
    }
    vk_error other = {0};
    FUZZ_MARK(response);
    status = vk_assertion_members_read(vk_json_get(json, "assertion"), &path, &response, &other);
    if (fuzz_read_result(status, &other, &response, sizeof response)) {
        FUZZ_REQUIRE(response.id.len == 0);
        check_assertion(&response);
    }
    cJSON_Delete(json);
}

void fuzz_browser_answer(vk_bytes input) {
    static void (*const readers[])(vk_bytes) = {read_registration, read_assertion, read_payload};
    readers[fuzz_choose(&input, 3)](input);
}
