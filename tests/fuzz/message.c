/* Requests to sign a message. */
#include "fuzz.h"

void fuzz_message(vk_bytes input) {
    vk_message_payload payload, again;
    vk_error err = {0};
    FUZZ_MARK(payload);
    vk_status status = vk_message_payload_read(input, VK_PAYLOAD_REQUEST, &payload, &err);
    if (!fuzz_read_result(status, &err, &payload, sizeof payload)) {
        return;
    }
    FUZZ_REQUIRE(vk_message_payload_read(input, VK_PAYLOAD_REQUEST, &again, NULL) == VK_OK);
    FUZZ_REQUIRE(memcmp(&payload.hash, &again.hash, sizeof payload.hash) == 0);
    FUZZ_REQUIRE(payload.has_account);
    FUZZ_REQUIRE(payload.is_typed_data ||
                 !(payload.domain.has_chain_id || payload.domain.has_verifying_contract));
}
