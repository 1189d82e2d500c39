/* What differs from EntryPoint to EntryPoint: names, EIP-7702, paymaster signatures, windows. */
#include "userop_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define EP06 VK_ENTRY_POINT_0_6
#define EP07 VK_ENTRY_POINT_0_7
#define EP08 VK_ENTRY_POINT_0_8
#define EP09 VK_ENTRY_POINT_0_9

/* ---- Names and numbers of the JSON form ---- */

#define A20 "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
#define BITS_128 "\"0x100000000000000000000000000000000\"" /* one more than fit */
#define BASE                                                                                       \
    "\"callData\":\"0x\",\"sender\":\"" A20 "\",\"nonce\":\"0x0\",\"callGasLimit\":\"0x1\","       \
    "\"preVerificationGas\":\"0x3\",\"maxFeePerGas\":\"0x4\",\"maxPriorityFeePerGas\":\"0x5\""
#define LIMIT ",\"verificationGasLimit\":\"0x2\""
#define FACTORY ",\"factory\":\"" A20 "\",\"factoryData\":\"0x01\""
#define PAYMASTER                                                                                  \
    ",\"paymaster\":\"" A20                                                                        \
    "\",\"paymasterVerificationGasLimit\":\"0x1\",\"paymasterPostOpGasLimit\":\"0x1\""
#define AUTH(rest)                                                                                 \
    ",\"eip7702Auth\":{\"address\":\"" A20 "\",\"chainId\":\"0x1\",\"nonce\":\"0x0\"" rest "}"
#define SIGNED(parity) ",\"r\":\"0x1\",\"s\":\"0x2\",\"yParity\":\"" parity "\""

typedef struct json_case {
    vk_entry_point version;
    const char *members;
    vk_status status;
    const char *path;
} json_case;

static const json_case json_cases[] = {
    {EP06, LIMIT, VK_OK, ""},
    {EP06, LIMIT ",\"initCode\":\"0x\",\"paymasterAndData\":\"0x\"", VK_OK, ""},
    {EP06, ",\"verificationGasLimit\":" BITS_128, VK_OK, ""},
    {EP06, LIMIT FACTORY, VK_ERR_FORMAT, "factory"},
    {EP06, LIMIT PAYMASTER, VK_ERR_FORMAT, "paymaster"},
    {EP06, LIMIT ",\"initCode\":\"0x0\"", VK_ERR_FORMAT, "initCode"},
    {EP07, LIMIT FACTORY PAYMASTER, VK_OK, ""},
    {EP07, LIMIT ",\"initCode\":\"0x\"", VK_ERR_FORMAT, "initCode"},
    {EP07, LIMIT ",\"paymasterAndData\":\"0x\"", VK_ERR_FORMAT, "paymasterAndData"},
    {EP07, ",\"verificationGasLimit\":" BITS_128, VK_ERR_RANGE, "verificationGasLimit"},
    {EP08, ",\"verificationGasLimit\":" BITS_128, VK_ERR_RANGE, "verificationGasLimit"},
    {EP09, ",\"verificationGasLimit\":" BITS_128, VK_ERR_RANGE, "verificationGasLimit"},
    {EP09, ",\"verificationGasLimit\":2", VK_ERR_FORMAT, "verificationGasLimit"},
    {EP09, ",\"verificationGasLimit\":\"2\"", VK_ERR_FORMAT, "verificationGasLimit"},
    {EP08, LIMIT PAYMASTER ",\"paymasterSignature\":\"0x\"", VK_ERR_FORMAT, "paymasterSignature"},
    {EP09, LIMIT PAYMASTER ",\"paymasterSignature\":\"0x\"", VK_OK, ""},
    {EP09, LIMIT ",\"paymasterSignature\":\"0x\"", VK_ERR_FORMAT, "paymasterSignature"},
    {EP09, LIMIT ",\"paymasterPostOpGasLimit\":\"0x1\"", VK_ERR_FORMAT, "paymasterPostOpGasLimit"},
    {EP09, LIMIT ",\"paymaster\":\"" A20 "\"", VK_ERR_FORMAT, "paymasterVerificationGasLimit"},
    {EP07, LIMIT ",\"factory\":\"0x7702\",\"factoryData\":\"0x\"", VK_ERR_FORMAT, "factory"},
    {EP08, LIMIT ",\"factory\":\"0x7702\"", VK_OK, ""},
    {EP09, LIMIT ",\"factory\":\"0x7702\",\"factoryData\":\"0x01\"", VK_OK, ""},
    {EP08, LIMIT ",\"factory\":\"0x770200\"", VK_ERR_FORMAT, "factory"},
    {EP08, LIMIT ",\"factory\":\"" A20 "\"", VK_OK, ""},
    {EP08, LIMIT AUTH(""), VK_OK, ""},
    {EP08, LIMIT AUTH(SIGNED("0x01")), VK_OK, ""},
    {EP08, LIMIT AUTH(SIGNED("0x02")), VK_ERR_RANGE, "eip7702Auth.yParity"},
    {EP08, LIMIT AUTH(",\"r\":\"0x1\""), VK_ERR_FORMAT, "eip7702Auth.s"},
    {EP08, LIMIT AUTH(SIGNED("0x0") ",\"v\":\"0x1b\""), VK_OK, ""},
    {EP08, LIMIT AUTH(SIGNED("0x1") ",\"v\":\"0x1\""), VK_OK, ""},
    {EP08, LIMIT AUTH(SIGNED("0x1") ",\"v\":\"0x1b\""), VK_ERR_MISMATCH, "eip7702Auth.v"},
    {EP08, LIMIT AUTH(",\"v\":\"0x1b\""), VK_ERR_FORMAT, "eip7702Auth.r"},
    {EP08, LIMIT AUTH(",\"delegate\":\"0x1\""), VK_ERR_FORMAT, "eip7702Auth.delegate"},
    {EP08, LIMIT ",\"eip7702Auth\":{}", VK_ERR_FORMAT, "eip7702Auth.address"},
    {EP08, LIMIT ",\"eip7702Auth\":1", VK_ERR_FORMAT, "eip7702Auth"},
    {EP08, LIMIT ",\"authorization\":{}", VK_ERR_FORMAT, "authorization"},
};

START_TEST(test_json) {
    const json_case *c = &json_cases[_i];
    vk_buf text = {0};
    vk_buf_printf(&text, "{%s%s}", BASE, c->members);
    vk_userop op = {.nonce = {{9}}};
    vk_error err = {0};
    vk_status status = vk_userop_read_json(vk_buf_view(&text), c->version, &op, &err);
    ck_assert_msg(status == c->status, "%s: %d %s", c->members, status, err.message);
    ck_assert_str_eq(err.path, c->path);
    if (status == VK_OK) {
        vk_userop_clear(&op);
    } else {
        ck_assert_uint_eq(op.nonce.be[0], 9);
        ck_assert_str_ne(err.message, "");
    }
    vk_buf_clear(&text);
}
END_TEST

/* What the JSON left out is not written, but for what was added since. */
START_TEST(test_absent_members) {
    static const char text[] = "{" BASE LIMIT "}";
    vk_userop op;
    vk_buf out = {0};
    ck_assert_int_eq(vk_userop_read_json(text_bytes(text), EP06, &op, NULL), VK_OK);
    op.signature = text_bytes("!");
    ck_assert_int_eq(vk_userop_write_json(&op, &out), VK_OK);
    char *written = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(written);
    ck_assert_ptr_null(strstr(written, "initCode"));
    ck_assert_ptr_null(strstr(written, "paymaster"));
    ck_assert_ptr_nonnull(strstr(written, "\"signature\":\"0x21\""));
    vk_text_free(written);
    vk_userop_clear(&op);
}
END_TEST

/* ---- EIP-7702 ---- */

static vk_userop marked_op(vk_entry_point version) {
    vk_userop op = plain_op(version);
    op.factory = (vk_address){{0x77, 0x02}};
    return op;
}

static vk_userop authorized(vk_userop op, const vk_address *delegate) {
    op.has_authorization = true;
    op.authorization.address = *delegate;
    return op;
}

/* The delegate takes the factory's place in the hash, and only there. */
START_TEST(test_7702_hash) {
    static const vk_address delegate = {{0xde, 1, 2, 3}};
    for (vk_entry_point version = EP08; version <= EP09; version++) {
        vk_userop op = authorized(marked_op(version), &delegate), deployed = plain_op(version);
        deployed.factory = delegate;
        ck_assert(same_hash(&op, &deployed));
        op.spelling.short_marker = true;
        ck_assert(same_hash(&op, &deployed));
        op.factory_data = deployed.factory_data = (vk_bytes){NULL, 0};
        ck_assert(same_hash(&op, &deployed));
        op.sdk = true;
        ck_assert(same_hash(&op, &deployed));
    }
}
END_TEST

START_TEST(test_7702_needs_authorization) {
    for (vk_entry_point version = EP08; version <= EP09; version++) {
        vk_userop op = marked_op(version);
        vk_address entry_point = vk_entry_point_address(version);
        vk_userop_packed packed;
        vk_buf storage = {0};
        vk_hash hash;
        vk_error err = {0};
        ck_assert_int_eq(vk_userop_hash(&op, 1, &entry_point, &hash), VK_ERR_FORMAT);
        ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_HASH, &packed, &storage, &err),
                         VK_ERR_FORMAT);
        ck_assert_str_eq(err.path, "authorization");
        ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_SEND, &packed, &storage, &err), VK_OK);
        op.sdk = true;
        ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_HASH, &packed, &storage, &err), VK_OK);
        ck_assert(vk_bytes_equal(packed.init_code, (vk_bytes){op.factory.b, sizeof op.factory.b}));
        vk_buf_clear(&storage);
    }
}
END_TEST

/* The contracts before 0.8 know of no marker. viem's hash does. */
START_TEST(test_7702_before_0_8) {
    static const vk_address delegate = {{0xde, 1, 2, 3}};
    vk_userop op = marked_op(EP07), with = authorized(op, &delegate);
    ck_assert(same_hash(&op, &with));
    with.sdk = true;
    ck_assert(!same_hash(&op, &with));
    static const uint8_t init_code[22] = {0x77, 0x02, [20] = 5, [21] = 6};
    static const uint8_t replaced[22] = {0xde, 1, 2, 3, [20] = 5, [21] = 6};
    vk_userop joined = plain_op(EP06), deployed = joined;
    joined.init_code = (vk_bytes){init_code, sizeof init_code};
    deployed.init_code = (vk_bytes){replaced, sizeof replaced};
    joined = authorized(joined, &delegate);
    ck_assert(!same_hash(&joined, &deployed));
    joined.sdk = true;
    ck_assert(same_hash(&joined, &deployed));
}
END_TEST

static void check_init_code(vk_userop op, const void *expected, size_t len) {
    vk_userop_packed packed;
    vk_buf storage = {0};
    ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_SEND, &packed, &storage, NULL), VK_OK);
    ck_assert(vk_bytes_equal(packed.init_code, (vk_bytes){expected, len}));
    vk_buf_clear(&storage);
}

/* Two bytes suffice where nothing follows; else the contract would not find the data. */
START_TEST(test_7702_short_marker) {
    static const uint8_t padded[21] = {0x77, 0x02, [20] = 'x'};
    vk_userop op = marked_op(EP08);
    op.spelling.short_marker = true;
    op.factory_data = text_bytes("x");
    check_init_code(op, padded, 21);
    op.sdk = true;
    check_init_code(op, "\x77\x02x", 3);
    op.sdk = false;
    op.factory_data.len = 0;
    check_init_code(op, "\x77\x02", 2);
    op.spelling.short_marker = false;
    check_init_code(op, padded, 20);

    vk_userop_packed packed = {.init_code = {padded, 2}};
    vk_userop again;
    vk_error err = {0};
    ck_assert_int_eq(vk_userop_unpack(&packed, EP08, &again, NULL), VK_OK);
    ck_assert(again.spelling.short_marker && again.has_factory);
    check_init_code(again, "\x77\x02", 2);
    vk_userop_clear(&again);
    ck_assert_int_eq(vk_userop_unpack(&packed, EP07, &again, &err), VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "initCode");
    packed.init_code.len = 3;
    ck_assert_int_eq(vk_userop_unpack(&packed, EP08, &again, &err), VK_ERR_FORMAT);
}
END_TEST

/* viem's yParity. */
START_TEST(test_authorization_json) {
    static const struct {
        uint8_t parity;
        const char *end;
    } cases[] = {
        {1, "\"yParity\":\"0x01\"}}"},
        {0, "\"yParity\":\"0x0000000000000000000000000000000000000000000000000000000000000000\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_userop op = plain_op(EP08), again;
        op.has_authorization = true;
        op.authorization = (vk_authorization){.address = {{1}},
                                              .chain_id = 2,
                                              .nonce = UINT64_MAX,
                                              .r = {{4}},
                                              .s = {{5}},
                                              .y_parity = cases[i].parity};
        vk_buf out = {0};
        ck_assert_int_eq(vk_userop_write_json(&op, &out), VK_OK);
        size_t len = strlen(cases[i].end);
        ck_assert_uint_gt(out.len, len);
        ck_assert_mem_eq(out.data + out.len - len, cases[i].end, len);
        ck_assert_int_eq(vk_userop_read_json(vk_buf_view(&out), EP08, &again, NULL), VK_OK);
        const vk_authorization *a = &op.authorization, *b = &again.authorization;
        ck_assert(again.has_authorization && vk_address_equal(&a->address, &b->address));
        ck_assert(a->chain_id == b->chain_id && a->nonce == b->nonce);
        ck_assert_mem_eq(a->r.be, b->r.be, 32);
        ck_assert_mem_eq(a->s.be, b->s.be, 32);
        ck_assert_uint_eq(a->y_parity, b->y_parity);
        vk_userop_clear(&again);
        vk_buf_clear(&out);
    }
}
END_TEST

/* ---- The paymaster's signature, EntryPoint 0.9 ---- */

#define MAGIC "\x22\xe3\x25\xa2\x97\x43\x96\x56"
/* Bytes of a literal that may hold NULs. */
#define LITERAL(text) ((vk_bytes){(const uint8_t *)(text), sizeof(text) - 1})

static vk_userop signed_op(vk_bytes signature) {
    vk_userop op = plain_op(EP09);
    op.has_paymaster_signature = true;
    op.paymaster_signature = signature;
    return op;
}

static void check_paymaster(const vk_userop *op, vk_userop_purpose purpose, vk_bytes end) {
    vk_userop_packed packed;
    vk_buf storage = {0};
    ck_assert_int_eq(vk_userop_pack(op, purpose, &packed, &storage, NULL), VK_OK);
    vk_bytes got = packed.paymaster_and_data;
    ck_assert_uint_eq(got.len, 52 + end.len);
    ck_assert(vk_bytes_equal((vk_bytes){got.data + 52, end.len}, end));
    vk_buf_clear(&storage);
}

START_TEST(test_paymaster_signature) {
    vk_userop op = signed_op(LITERAL("abc")), other = signed_op(LITERAL("another"));
    check_paymaster(&op, VK_USEROP_TO_SEND,
                    LITERAL("paymaster data"
                            "abc\0\3" MAGIC));
    check_paymaster(&op, VK_USEROP_TO_HASH, LITERAL("paymaster data" MAGIC));
    ck_assert(same_hash(&op, &other));
    vk_userop without = plain_op(EP09);
    ck_assert(!same_hash(&op, &without));
    other.sdk = true;
    ck_assert(same_hash(&op, &other));
}
END_TEST

/* To the contract no signature; it hashes the length too, which viem leaves out. */
START_TEST(test_empty_paymaster_signature) {
    vk_userop op = signed_op((vk_bytes){NULL, 0}), as_data = plain_op(EP09);
    check_paymaster(&op, VK_USEROP_TO_SEND,
                    LITERAL("paymaster data"
                            "\0\0" MAGIC));
    check_paymaster(&op, VK_USEROP_TO_HASH,
                    LITERAL("paymaster data"
                            "\0\0" MAGIC));
    as_data.paymaster_data = LITERAL("paymaster data"
                                     "\0\0" MAGIC);
    ck_assert(same_hash(&op, &as_data));
    op.sdk = true;
    check_paymaster(&op, VK_USEROP_TO_SEND,
                    LITERAL("paymaster data"
                            "\0\0" MAGIC));
    check_paymaster(&op, VK_USEROP_TO_HASH, LITERAL("paymaster data" MAGIC));
}
END_TEST

/* The contract does not know who put the end there. */
START_TEST(test_paymaster_data_like_signature) {
    vk_userop op = plain_op(EP09), split = signed_op(LITERAL("abc"));
    op.paymaster_data = LITERAL("paymaster data"
                                "abc\0\3" MAGIC);
    ck_assert(same_hash(&op, &split));
    vk_userop before = op;
    before.entry_point = EP08;
    check_paymaster(&before, VK_USEROP_TO_HASH, op.paymaster_data);

    vk_userop_packed packed;
    vk_buf storage = {0};
    vk_error err = {0};
    op.paymaster_data = LITERAL("abc\0\4" MAGIC);
    ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_HASH, &packed, &storage, &err),
                     VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "paymasterData");
    op.paymaster_data = LITERAL("\3" MAGIC); /* too short for a suffix */
    check_paymaster(&op, VK_USEROP_TO_HASH, op.paymaster_data);
    vk_buf_clear(&storage);
}
END_TEST

START_TEST(test_paymaster_signature_read_back) {
    uint8_t sent[52 + 3 + 2 + 8] = {1};
    memcpy(sent + 52, "abc\0\2" MAGIC, 13);
    vk_userop_packed packed = {.paymaster_and_data = {sent, sizeof sent}};
    vk_userop op;
    vk_error err = {0};
    ck_assert_int_eq(vk_userop_unpack(&packed, EP09, &op, NULL), VK_OK);
    ck_assert(op.has_paymaster_signature);
    ck_assert(vk_bytes_equal(op.paymaster_data, LITERAL("a")));
    ck_assert(vk_bytes_equal(op.paymaster_signature, LITERAL("bc")));
    vk_userop_clear(&op);
    ck_assert_int_eq(vk_userop_unpack(&packed, EP08, &op, NULL), VK_OK);
    ck_assert(!op.has_paymaster_signature && op.paymaster_data.len == 13);
    vk_userop_clear(&op);
    sent[52 + 4] = 4;
    ck_assert_int_eq(vk_userop_unpack(&packed, EP09, &op, &err), VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "paymasterAndData");
    packed.paymaster_and_data.len = 51;
    ck_assert_int_eq(vk_userop_unpack(&packed, EP09, &op, &err), VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "paymasterAndData");
}
END_TEST

START_TEST(test_paymaster_signature_refused) {
    vk_buf big = {0};
    vk_buf_put_zeros(&big, 65536);
    vk_userop op = signed_op(vk_buf_view(&big));
    vk_userop_packed packed;
    vk_buf storage = {0};
    vk_error err = {0};
    ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_SEND, &packed, &storage, &err), VK_ERR_RANGE);
    ck_assert_str_eq(err.path, "paymasterSignature");
    op.paymaster_signature.len--;
    ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_SEND, &packed, &storage, &err), VK_OK);
    op.entry_point = EP08;
    ck_assert_int_eq(vk_userop_pack(&op, VK_USEROP_TO_SEND, &packed, &storage, &err),
                     VK_ERR_UNSUPPORTED);
    ck_assert_str_eq(err.path, "paymasterSignature");
    vk_buf_clear(&storage);
    vk_buf_clear(&big);
}
END_TEST

/* ---- Windows ---- */

#define FLAG (UINT64_C(1) << 47)
#define MAX48 ((UINT64_C(1) << 48) - 1)

static const struct {
    uint64_t after, until, time, block;
    bool accepted[VK_ENTRY_POINT_0_9 + 1]; /* by version */
} windows[] = {
    {100, 200, 99, 0, {0}},
    {100, 200, 100, 0, {[EP06] = true, [EP07] = true}},
    {100, 200, 101, 0, {[EP06] = true, [EP07] = true, [EP08] = true, [EP09] = true}},
    {100, 200, 200, 0, {[EP06] = true, [EP07] = true, [EP08] = true, [EP09] = true}},
    {100, 200, 201, 150, {0}},
    {0, 0, 0, 0, {[EP06] = true, [EP07] = true}},
    {0, 0, 1, 0, {[EP06] = true, [EP07] = true, [EP08] = true, [EP09] = true}},
    {100, 0, MAX48, 0, {[EP06] = true, [EP07] = true, [EP08] = true, [EP09] = true}},
    {200, 100, 150, 0, {0}},
    /* Block numbers: both bounds are greater than 2^47. */
    {FLAG + 100, FLAG + 200, 1, 100, {0}},
    {FLAG + 100, FLAG + 200, 1, 101, {[EP09] = true}},
    {FLAG + 100, FLAG + 200, 1, 200, {[EP09] = true}},
    {FLAG + 100, FLAG + 200, 1, 201, {0}},
    {FLAG + 100, FLAG + 200, FLAG + 150, 1, {[EP06] = true, [EP07] = true, [EP08] = true}},
    {FLAG + 100, 0, 1, 101, {[EP09] = true}},
    {FLAG, FLAG + 5, 1, 1, {0}},
    {FLAG, FLAG + 5, FLAG + 1, 9, {[EP06] = true, [EP07] = true, [EP08] = true, [EP09] = true}},
    {100, FLAG + 200, 101, 5, {[EP06] = true, [EP07] = true, [EP08] = true, [EP09] = true}},
    {FLAG + 100, 200, 150, 150, {0}},
    {0, MAX48 + 1, 1, 1, {0}},
    {MAX48 + 1, 0, MAX48 + 2, 1, {0}},
};

START_TEST(test_windows) {
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        for (vk_entry_point version = VK_ENTRY_POINT_UNKNOWN; version <= EP09; version++) {
            ck_assert_msg(vk_entry_point_in_window(version, windows[i].after, windows[i].until,
                                                   windows[i].time, windows[i].block) ==
                              windows[i].accepted[version],
                          "%zu: EntryPoint %s", i, vk_entry_point_text(version));
        }
    }
}
END_TEST

START_TEST(test_validation) {
    vk_validation validation = {
        .valid_after = 0x010203040506, .valid_until = 0x0708090a0b0c, .result = {{0x0d, [19] = 1}}};
    static const uint8_t expected[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, [31] = 1};
    vk_u256 word, untouched = {{9}};
    ck_assert_int_eq(vk_validation_pack(&validation, &word), VK_OK);
    ck_assert_mem_eq(word.be, expected, 32);
    vk_validation again = vk_validation_unpack(&word);
    ck_assert(again.valid_after == validation.valid_after);
    ck_assert(again.valid_until == validation.valid_until);
    ck_assert(vk_address_equal(&again.result, &validation.result));
    validation.valid_after = MAX48 + 1;
    ck_assert_int_eq(vk_validation_pack(&validation, &untouched), VK_ERR_RANGE);
    validation.valid_after = MAX48;
    validation.valid_until = UINT64_MAX;
    ck_assert_int_eq(vk_validation_pack(&validation, &untouched), VK_ERR_RANGE);
    ck_assert_uint_eq(untouched.be[0], 9);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("userop rules");
    TCase *tests = tcase_create("rules");
    tcase_add_loop_test(tests, test_json, 0, sizeof json_cases / sizeof json_cases[0]);
    tcase_add_test(tests, test_absent_members);
    tcase_add_test(tests, test_7702_hash);
    tcase_add_test(tests, test_7702_needs_authorization);
    tcase_add_test(tests, test_7702_before_0_8);
    tcase_add_test(tests, test_7702_short_marker);
    tcase_add_test(tests, test_authorization_json);
    tcase_add_test(tests, test_paymaster_signature);
    tcase_add_test(tests, test_empty_paymaster_signature);
    tcase_add_test(tests, test_paymaster_data_like_signature);
    tcase_add_test(tests, test_paymaster_signature_read_back);
    tcase_add_test(tests, test_paymaster_signature_refused);
    tcase_add_test(tests, test_windows);
    tcase_add_test(tests, test_validation);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
