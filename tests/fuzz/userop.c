/* UserOperations, as JSON and as ABI. */
#include "fuzz.h"

static vk_hash hash_of(const vk_userop *op) {
    vk_hash hash = {{0}};
    vk_address entry_point = vk_entry_point_address(op->entry_point);
    FUZZ_REQUIRE(vk_userop_hash(op, 1, &entry_point, &hash) == VK_OK);
    return hash;
}

static vk_buf json_of(const vk_userop *op) {
    vk_buf json = {0};
    FUZZ_REQUIRE(vk_userop_write_json(op, &json) == VK_OK);
    return json;
}

/* What was read is written, and read again as the same operation. */
void fuzz_userop_json(vk_bytes input) {
    static const vk_entry_point versions[] = {VK_ENTRY_POINT_0_6, VK_ENTRY_POINT_0_7,
                                              VK_ENTRY_POINT_0_8, VK_ENTRY_POINT_0_9};
    vk_entry_point version = versions[fuzz_choose(&input, 4)];
    vk_userop op, again;
    vk_error err = {0};
    FUZZ_MARK(op);
    if (!fuzz_read_result(vk_userop_read_json(input, version, &op, &err), &err, &op, sizeof op)) {
        return;
    }
    if (version != VK_ENTRY_POINT_0_7) {
        vk_userop_clear(&op);
        return;
    }
    vk_buf json = json_of(&op);
    FUZZ_REQUIRE(vk_userop_read_json(vk_buf_view(&json), version, &again, NULL) == VK_OK);
    vk_buf json_again = json_of(&again);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&json), vk_buf_view(&json_again)));
    vk_hash a = hash_of(&op), b = hash_of(&again);
    FUZZ_REQUIRE(memcmp(&a, &b, sizeof a) == 0);
    vk_buf_clear(&json);
    vk_buf_clear(&json_again);
    vk_userop_clear(&op);
    vk_userop_clear(&again);
}

/* ABI is read in its canonical form only, so that it is written again as it was. */
static void write_abi(vk_bytes input, const vk_userop_request *request) {
    vk_buf abi = {0};
    vk_status status =
        vk_userop_write_abi(&request->op, request->chain_id, &request->entry_point, &abi);
    if (input.data[0] != '{') {
        FUZZ_REQUIRE(status == VK_OK && vk_bytes_equal(vk_buf_view(&abi), input));
    } else if (status == VK_OK && abi.len <= VK_USEROP_MAX) {
        vk_userop_request again;
        vk_buf abi_again = {0};
        FUZZ_REQUIRE(vk_userop_read_request(vk_buf_view(&abi), VK_ENTRY_POINT_0_7, &again, NULL) ==
                     VK_OK);
        FUZZ_REQUIRE(vk_userop_write_abi(&again.op, again.chain_id, &again.entry_point,
                                         &abi_again) == VK_OK);
        FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&abi), vk_buf_view(&abi_again)));
        vk_buf_clear(&abi_again);
        vk_userop_clear(&again.op);
    }
    vk_buf_clear(&abi);
}

void fuzz_userop_request(vk_bytes input) {
    vk_userop_request request;
    vk_error err = {0};
    FUZZ_MARK(request);
    vk_status status = vk_userop_read_request(input, VK_ENTRY_POINT_0_7, &request, &err);
    if (!fuzz_read_result(status, &err, &request, sizeof request)) {
        return;
    }
    FUZZ_REQUIRE(input.data[0] == '{' || (request.has_chain_id && request.has_entry_point));
    if (request.has_chain_id && request.has_entry_point) {
        write_abi(input, &request);
    }
    vk_userop_clear(&request.op);
}
