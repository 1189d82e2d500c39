/* thirdweb accounts, and typed data. */
#include "fuzz.h"

/* The contract reads more than is written; what is canonical is written again as it was. */
void fuzz_thirdweb_calls(vk_bytes input) {
    vk_thirdweb_calls calls;
    vk_error err = {0};
    FUZZ_MARK(calls);
    vk_status status = vk_thirdweb_calls_decode(input, &calls, &err);
    if (!fuzz_read_result(status, &err, &calls, sizeof calls)) {
        return;
    }
    vk_buf out = {0};
    size_t total = 0;
    for (size_t i = 0; i < calls.count; i++) {
        total += calls.calls[i].data.len;
    }
    if (calls.canonical || total <= input.len) {
        FUZZ_REQUIRE(vk_thirdweb_calls_encode(&calls, &out) == VK_OK);
        FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&out), input) == calls.canonical);
    }
    vk_buf_clear(&out);
    vk_thirdweb_calls_clear(&calls);
}

void fuzz_typed_data(vk_bytes input) {
    vk_hash digest, again;
    vk_error err = {0};
    FUZZ_MARK(digest);
    vk_status status = vk_typed_data_digest(input, &digest, &err);
    if (fuzz_read_result(status, &err, &digest, sizeof digest)) {
        FUZZ_REQUIRE(vk_typed_data_digest(input, &again, NULL) == VK_OK);
        FUZZ_REQUIRE(memcmp(&digest, &again, sizeof digest) == 0);
    }
}
