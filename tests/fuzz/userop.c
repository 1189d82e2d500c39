/* UserOperations, as JSON and as ABI. */
#include "fuzz.h"

static const vk_entry_point versions[] = {VK_ENTRY_POINT_0_6, VK_ENTRY_POINT_0_7,
                                          VK_ENTRY_POINT_0_8, VK_ENTRY_POINT_0_9};

/* Both have the same hash, or neither has one. */
static void same_hash(const vk_userop *a, const vk_userop *b) {
    vk_hash hash_a = {{0}}, hash_b = {{0}};
    vk_address entry_point = vk_entry_point_address(a->entry_point);
    vk_status status = vk_userop_hash(a, 1, &entry_point, &hash_a);
    FUZZ_REQUIRE(vk_userop_hash(b, 1, &entry_point, &hash_b) == status);
    FUZZ_REQUIRE(memcmp(&hash_a, &hash_b, sizeof hash_a) == 0);
}

static vk_buf json_of(const vk_userop *op) {
    vk_buf json = {0};
    FUZZ_REQUIRE(vk_userop_write_json(op, &json) == VK_OK);
    return json;
}

/* What was read is written, and read again as the same operation. */
void fuzz_userop_json(vk_bytes input) {
    vk_entry_point version = versions[fuzz_choose(&input, 4)];
    vk_userop op, again;
    vk_error err = {0};
    FUZZ_MARK(op);
    if (!fuzz_read_result(vk_userop_read_json(input, version, &op, &err), &err, &op, sizeof op)) {
        return;
    }
    vk_buf json = json_of(&op);
    FUZZ_REQUIRE(vk_userop_read_json(vk_buf_view(&json), version, &again, NULL) == VK_OK);
    vk_buf json_again = json_of(&again);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&json), vk_buf_view(&json_again)));
    same_hash(&op, &again);
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

/* Canonical encoding only; what was read can be packed, hashed and sent. */
void fuzz_userop_abi(vk_bytes input) {
    vk_entry_point version = versions[fuzz_choose(&input, 4)];
    vk_userop_request request;
    vk_error err = {0};
    FUZZ_MARK(request);
    vk_status status = vk_userop_read_abi(input, version, &request, &err);
    if (!fuzz_read_result(status, &err, &request, sizeof request)) {
        return;
    }
    vk_buf abi = {0}, calls = {0};
    vk_address beneficiary = {{1}};
    FUZZ_REQUIRE(vk_userop_write_abi(&request.op, request.chain_id, &request.entry_point, &abi) ==
                 VK_OK);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&abi), input));
    FUZZ_REQUIRE(vk_userop_write_handle_ops(&request.op, 1, &beneficiary, &calls, NULL) == VK_OK);
    same_hash(&request.op, &request.op);
    vk_buf_clear(&abi);
    vk_buf_clear(&calls);
    vk_userop_clear(&request.op);
}

/* What was read is written, and read again as the same. */
void fuzz_receipt(vk_bytes input) {
    vk_receipt receipt, again;
    vk_error err = {0};
    FUZZ_MARK(receipt);
    vk_status status = vk_receipt_read((const char *)input.data, input.len, &receipt, &err);
    if (!fuzz_read_result(status, &err, &receipt, sizeof receipt)) {
        return;
    }
    vk_buf json = {0};
    FUZZ_REQUIRE(strlen(receipt.reason) <= VK_RECEIPT_REASON_LEN);
    FUZZ_REQUIRE(strpbrk(receipt.bundler, "/@?#& ") == NULL);
    FUZZ_REQUIRE(vk_receipt_write(&receipt, &json) == VK_OK);
    FUZZ_REQUIRE(vk_receipt_read((const char *)json.data, json.len, &again, NULL) == VK_OK);
    FUZZ_REQUIRE(memcmp(&receipt, &again, sizeof receipt) == 0);
    vk_buf_clear(&json);
}
