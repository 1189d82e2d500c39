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

/* ---- What an account answers ---- */

static void read_permissions(vk_bytes input) {
    vk_thirdweb_session session;
    vk_error err = {0};
    vk_address signer = {{0}};
    if (input.len >= 64) {
        memcpy(signer.b, input.data + 44, sizeof signer.b);
    }
    FUZZ_MARK(session);
    vk_status status = vk_thirdweb_read_permissions(input, &signer, &session, &err);
    if (!fuzz_read_result(status, &err, &session, sizeof session)) {
        return;
    }
    FUZZ_REQUIRE(session.target_count <= VK_THIRDWEB_TARGETS_MAX);
    FUZZ_REQUIRE(input.len == 32 * (7 + session.target_count));
    FUZZ_REQUIRE((session.targets == NULL) == (session.target_count == 0));
    vk_thirdweb_session_clear(&session);
}

static void read_admins(vk_bytes input) {
    size_t count;
    vk_error err = {0};
    FUZZ_MARK(count);
    vk_status status = vk_thirdweb_read_admins(input, &count, &err);
    if (fuzz_read_result(status, &err, &count, sizeof count)) {
        FUZZ_REQUIRE(input.len == 32 * (2 + count));
    }
}

static void read_request(vk_bytes input) {
    bool is_good;
    vk_address admin;
    vk_error err = {0};
    FUZZ_MARK(admin);
    vk_status status = vk_thirdweb_read_request(input, &is_good, &admin, &err);
    if (fuzz_read_result(status, &err, &admin, sizeof admin)) {
        FUZZ_REQUIRE(input.len == 64 && input.data[31] == is_good);
    }
}

void fuzz_thirdweb_reply(vk_bytes input) {
    static void (*const readers[])(vk_bytes) = {read_permissions, read_admins, read_request};
    readers[fuzz_choose(&input, 3)](input);
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
