/* Operations there and back: JSON, ABI, packed members, the calldata of handleOps. */
#include "userop_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 200

static const vk_address no_address;

static vk_buf json_of(const vk_userop *op) {
    vk_buf text = {0};
    ck_assert_int_eq(vk_userop_write_json(op, &text), VK_OK);
    return text;
}

static vk_buf abi_of(const vk_userop *op) {
    vk_buf abi = {0};
    vk_address entry_point = vk_entry_point_address(op->entry_point);
    ck_assert_int_eq(vk_userop_write_abi(op, 1, &entry_point, &abi), VK_OK);
    return abi;
}

/* ---- Round trips ---- */

static void check_json(const vk_userop *op) {
    vk_buf text = json_of(op);
    vk_userop again;
    vk_error err = {0};
    ck_assert_msg(vk_userop_read_json(vk_buf_view(&text), op->entry_point, &again, &err) == VK_OK,
                  "%s: %s", err.path, err.message);
    vk_buf text_again = json_of(&again);
    ck_assert(vk_bytes_equal(vk_buf_view(&text), vk_buf_view(&text_again)));
    ck_assert(same_hash(op, &again));
    ck_assert(vk_bytes_equal(op->signature, again.signature));
    vk_buf_clear(&text_again);
    vk_userop_clear(&again);
    vk_buf_clear(&text);
}

static void check_abi(const vk_userop *op) {
    vk_buf abi = abi_of(op);
    vk_userop_request request;
    vk_error err = {0};
    ck_assert_msg(vk_userop_read_abi(vk_buf_view(&abi), op->entry_point, &request, &err) == VK_OK,
                  "%s", err.message);
    vk_buf text = json_of(op), text_again = json_of(&request.op);
    ck_assert(vk_bytes_equal(vk_buf_view(&text), vk_buf_view(&text_again)));
    ck_assert(same_hash(op, &request.op));
    vk_buf_clear(&text);
    vk_buf_clear(&text_again);
    vk_userop_clear(&request.op);
    vk_buf_clear(&abi);
}

START_TEST(test_round_trips) {
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        for (unsigned seed = 0; seed < SEEDS; seed++) {
            vk_userop op = sample_op(version, seed);
            check_json(&op);
            check_abi(&op);
            vk_userop_clear(&op);
        }
    }
}
END_TEST

/* The signature is in no hash, and everything else in each. */
START_TEST(test_hash_covers) {
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop op = plain_op(version), other = op;
        other.signature = text_bytes("another");
        ck_assert(same_hash(&op, &other));
        vk_u256 *numbers[] = {&other.nonce,
                              &other.call_gas_limit,
                              &other.verification_gas_limit,
                              &other.pre_verification_gas,
                              &other.max_fee_per_gas,
                              &other.max_priority_fee_per_gas,
                              &other.paymaster_verification_gas_limit,
                              &other.paymaster_post_op_gas_limit};
        size_t count = version == VK_ENTRY_POINT_0_6 ? 6 : 8;
        for (size_t i = 0; i < count; i++) {
            numbers[i]->be[16] ^= 0x80;
            ck_assert_msg(!same_hash(&op, &other), "number %zu", i);
            numbers[i]->be[16] ^= 0x80;
        }
        bool joined = version == VK_ENTRY_POINT_0_6;
        vk_bytes *views[] = {&other.call_data, joined ? &other.init_code : &other.factory_data,
                             joined ? &other.paymaster_and_data : &other.paymaster_data};
        for (size_t i = 0; i < 3; i++) {
            views[i]->len--;
            ck_assert_msg(!same_hash(&op, &other), "bytes %zu", i);
            views[i]->len++;
        }
        other.sender.b[19] ^= 1;
        ck_assert(!same_hash(&op, &other));
    }
}
END_TEST

START_TEST(test_hash_is_bound) {
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop op = plain_op(version);
        vk_address entry_point = vk_entry_point_address(version);
        vk_hash one = hash_of(&op), other;
        ck_assert_int_eq(vk_userop_hash(&op, 2, &entry_point, &other), VK_OK);
        ck_assert_mem_ne(one.b, other.b, sizeof one.b);
        ck_assert_int_eq(vk_userop_hash(&op, 1, &no_address, &other), VK_OK);
        ck_assert_mem_ne(one.b, other.b, sizeof one.b);
    }
}
END_TEST

/* ---- Damaged input ---- */

START_TEST(test_truncated_abi) {
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop op = plain_op(version);
        vk_buf abi = abi_of(&op);
        vk_userop_request request;
        for (size_t len = 0; len < abi.len; len++) {
            uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees any byte beyond */
            memcpy(exact + 1, abi.data, len);
            vk_error err = {0};
            ck_assert_int_eq(
                vk_userop_read_abi((vk_bytes){exact + 1, len}, version, &request, &err),
                VK_ERR_FORMAT);
            ck_assert_str_ne(err.message, "");
            free(exact);
        }
        vk_buf_put_byte(&abi, 0);
        ck_assert_int_eq(vk_userop_read_abi(vk_buf_view(&abi), version, &request, NULL),
                         VK_ERR_FORMAT);
        vk_buf_clear(&abi);
    }
}
END_TEST

/* Whatever bit of the ABI form is changed: refused, or another operation, written as it was read.
 */
START_TEST(test_changed_abi) {
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop op = plain_op(version);
        vk_buf abi = abi_of(&op);
        int refused = 0;
        for (size_t bit = 0; bit < 8 * abi.len; bit++) {
            abi.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            vk_userop_request request;
            if (vk_userop_read_abi(vk_buf_view(&abi), version, &request, NULL) == VK_OK) {
                vk_buf again = {0};
                ck_assert_int_eq(vk_userop_write_abi(&request.op, request.chain_id,
                                                     &request.entry_point, &again),
                                 VK_OK);
                ck_assert(vk_bytes_equal(vk_buf_view(&abi), vk_buf_view(&again)));
                vk_buf_clear(&again);
                vk_userop_clear(&request.op);
            } else {
                refused++;
            }
            abi.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        /* At least the upper halves of five offsets and four lengths. */
        ck_assert_int_gt(refused, 9 * 128);
        vk_buf_clear(&abi);
    }
}
END_TEST

START_TEST(test_truncated_json) {
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop op = sample_op(version, 3), out;
        vk_buf text = json_of(&op);
        for (size_t len = 0; len < text.len; len++) {
            ck_assert_int_eq(vk_userop_read_json((vk_bytes){text.data, len}, version, &out, NULL),
                             VK_ERR_FORMAT);
        }
        vk_buf_clear(&text);
        vk_userop_clear(&op);
    }
}
END_TEST

static void check_too_large(vk_userop *op, vk_u256 *number, const char *name) {
    vk_u256 before = *number;
    *number = (vk_u256){{0}};
    number->be[15] = 1; /* 2^128 */
    vk_address entry_point = no_address;
    vk_buf out = {0};
    vk_userop_packed packed;
    vk_hash hash;
    vk_error err = {0};
    vk_buf_put_byte(&out, 7);
    ck_assert_int_eq(vk_userop_hash(op, 1, &entry_point, &hash), VK_ERR_RANGE);
    ck_assert_int_eq(vk_userop_write_abi(op, 1, &entry_point, &out), VK_ERR_RANGE);
    ck_assert_uint_eq(out.len, 1);
    ck_assert_int_eq(vk_userop_pack(op, VK_USEROP_TO_SEND, &packed, &out, &err), VK_ERR_RANGE);
    ck_assert_str_eq(err.path, name);
    vk_buf_clear(&out);
    *number = before;
}

START_TEST(test_ranges) {
    for (vk_entry_point version = VK_ENTRY_POINT_0_7; version <= LAST_VERSION; version++) {
        vk_userop op = plain_op(version);
        check_too_large(&op, &op.call_gas_limit, "callGasLimit");
        check_too_large(&op, &op.verification_gas_limit, "verificationGasLimit");
        check_too_large(&op, &op.max_fee_per_gas, "maxFeePerGas");
        check_too_large(&op, &op.max_priority_fee_per_gas, "maxPriorityFeePerGas");
        check_too_large(&op, &op.paymaster_verification_gas_limit, "paymasterVerificationGasLimit");
        check_too_large(&op, &op.paymaster_post_op_gas_limit, "paymasterPostOpGasLimit");
    }
}
END_TEST

START_TEST(test_versions) {
    vk_userop op = plain_op(VK_ENTRY_POINT_0_6), out;
    vk_userop_packed packed = {.nonce = op.nonce};
    vk_buf storage = {0};
    vk_hash hash;
    ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_HASH, &packed, &storage, NULL),
                     VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_userop_unpack(&packed, VK_ENTRY_POINT_0_6, &out, NULL), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_userop_unpack(&packed, VK_ENTRY_POINT_UNKNOWN, &out, NULL),
                     VK_ERR_UNSUPPORTED);
    op.entry_point = VK_ENTRY_POINT_UNKNOWN;
    ck_assert_int_eq(vk_userop_hash(&op, 1, &no_address, &hash), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_userop_write_json(&op, &storage), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_userop_write_abi(&op, 1, &no_address, &storage), VK_ERR_UNSUPPORTED);
    ck_assert_uint_eq(storage.len, 0);
    ck_assert_int_eq(vk_userop_read_json(text_bytes("{}"), VK_ENTRY_POINT_UNKNOWN, &out, NULL),
                     VK_ERR_ARGUMENT);
    vk_buf_clear(&storage);
}
END_TEST

/* ---- handleOps ---- */

static void check_selector(vk_entry_point version, const uint8_t *calldata) {
    static const char joined[] = "handleOps((address,uint256,bytes,bytes,uint256,uint256,uint256,"
                                 "uint256,uint256,bytes,bytes)[],address)";
    static const char packed[] = "handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,"
                                 "bytes,bytes)[],address)";
    vk_hash hash = vk_keccak256(text_bytes(version == VK_ENTRY_POINT_0_6 ? joined : packed));
    ck_assert_mem_eq(calldata, hash.b, 4);
}

static uint64_t word_at(const vk_buf *buf, size_t position) {
    ck_assert_uint_le(position + 32, buf->len);
    vk_u256 word = vk_u256_from_be(buf->data + position, 32);
    ck_assert(vk_u256_fits(&word, 64));
    return vk_u256_low64(&word);
}

#define COUNT 3

/* Every element is the tuple that follows chainId, entryPoint and 0x60 in the ABI form. */
static void check_elements(const vk_userop *ops, const vk_buf *calldata) {
    size_t start = 4 + 3 * 32, end = start + COUNT * 32;
    for (size_t i = 0; i < COUNT; i++) {
        vk_buf abi = abi_of(&ops[i]);
        size_t at = start + word_at(calldata, start + i * 32), len = abi.len - 96;
        ck_assert_uint_eq(at, end);
        ck_assert_uint_le(at + len, calldata->len);
        ck_assert_mem_eq(calldata->data + at, abi.data + 96, len);
        end = at + len;
        vk_buf_clear(&abi);
    }
    ck_assert_uint_eq(end, calldata->len);
}

START_TEST(test_handle_ops) {
    vk_address beneficiary = {{0xaa, [19] = 0xbb}};
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop ops[COUNT] = {plain_op(version), sample_op(version, 4), sample_op(version, 5)};
        vk_buf calldata = {0};
        ck_assert_int_eq(vk_userop_write_handle_ops(ops, COUNT, &beneficiary, &calldata, NULL),
                         VK_OK);
        check_selector(version, calldata.data);
        ck_assert_uint_eq(word_at(&calldata, 4), 64);
        ck_assert_mem_eq(calldata.data + 4 + 32 + 12, beneficiary.b, 20);
        ck_assert_uint_eq(word_at(&calldata, 4 + 64), COUNT);
        check_elements(ops, &calldata);
        vk_buf_clear(&calldata);
        vk_userop_clear(&ops[1]);
        vk_userop_clear(&ops[2]);
    }
}
END_TEST

/* viem 2.47.10 encodes the two plain operations, the second with nonce 3, to calldata that hashes
 * to this. */
START_TEST(test_handle_ops_as_viem) {
    static const char joined[] =
        "0x23f81e08c9fbbfe470a64b79b362cce7d0fe85522220b5b23c4ea759af657b08";
    static const char packed[] =
        "0xcf8a741e8568bce017cdd02473d99e8f5b312d6764e70db886defb5afa3f6222";
    vk_address beneficiary = {{0xaa, [19] = 0xbb}};
    for (vk_entry_point version = FIRST_VERSION; version <= LAST_VERSION; version++) {
        vk_userop ops[2] = {plain_op(version), plain_op(version)};
        ops[1].nonce = vk_u256_from_u64(3);
        vk_buf calldata = {0};
        vk_hash expected;
        const char *text = version == VK_ENTRY_POINT_0_6 ? joined : packed;
        ck_assert_int_eq(vk_hex_read_fixed(text, strlen(text), expected.b, sizeof expected.b),
                         VK_OK);
        ck_assert_int_eq(vk_userop_write_handle_ops(ops, 2, &beneficiary, &calldata, NULL), VK_OK);
        vk_hash hash = vk_keccak256(vk_buf_view(&calldata));
        ck_assert_mem_eq(hash.b, expected.b, sizeof hash.b);
        vk_buf_clear(&calldata);
    }
}
END_TEST

START_TEST(test_handle_ops_refused) {
    vk_userop ops[2] = {plain_op(VK_ENTRY_POINT_0_8), plain_op(VK_ENTRY_POINT_0_9)};
    vk_buf out = {0};
    vk_buf_put_text(&out, "before");
    vk_error err = {0};
    ck_assert_int_eq(vk_userop_write_handle_ops(ops, 2, &no_address, &out, &err), VK_ERR_MISMATCH);
    ck_assert_str_eq(err.path, "ops[1]");
    ops[1] = ops[0];
    ops[1].call_gas_limit.be[0] = 1;
    ck_assert_int_eq(vk_userop_write_handle_ops(ops, 2, &no_address, &out, &err), VK_ERR_RANGE);
    ck_assert_str_eq(err.path, "ops[1].callGasLimit");
    ck_assert_int_eq(vk_userop_write_handle_ops(ops, 0, &no_address, &out, &err), VK_ERR_ARGUMENT);
    ck_assert_str_eq(err.path, "ops");
    ck_assert(vk_bytes_equal(vk_buf_view(&out), text_bytes("before")));
    vk_buf_clear(&out);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("userop forms");
    TCase *tests = tcase_create("forms");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_round_trips);
    tcase_add_test(tests, test_hash_covers);
    tcase_add_test(tests, test_hash_is_bound);
    tcase_add_test(tests, test_truncated_abi);
    tcase_add_test(tests, test_changed_abi);
    tcase_add_test(tests, test_truncated_json);
    tcase_add_test(tests, test_ranges);
    tcase_add_test(tests, test_versions);
    tcase_add_test(tests, test_handle_ops);
    tcase_add_test(tests, test_handle_ops_as_viem);
    tcase_add_test(tests, test_handle_ops_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
