#include "userop_support.h"

#include <check.h>
#include <string.h>

/* Numbers that are the same on every machine. */
typedef struct sequence {
    uint64_t state;
} sequence;

static unsigned next(sequence *s, unsigned below) {
    s->state = s->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(s->state >> 33) % below;
}

static void fill(sequence *s, uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)next(s, 256);
    }
}

/* Zero, all bits set, or something between. */
static vk_u256 number(sequence *s, size_t bytes) {
    uint8_t be[32] = {0};
    unsigned kind = next(s, 4);
    if (kind == 0) {
        memset(be, 0xff, bytes);
    } else if (kind > 1) {
        fill(s, be, bytes);
    }
    return vk_u256_from_be(be, bytes);
}

static vk_address address(sequence *s) {
    vk_address out;
    fill(s, out.b, sizeof out.b);
    return out;
}

/* Into storage, which has room, so that it never moves. */
static vk_bytes bytes(sequence *s, vk_buf *storage, size_t least) {
    uint8_t data[100] = {0};
    size_t len = least + next(s, 70);
    size_t start = storage->len;
    fill(s, data, len);
    vk_buf_put(storage, data, len);
    return (vk_bytes){len == 0 ? NULL : storage->data + start, len};
}

static void add_factory(sequence *s, vk_userop *op) {
    op->has_factory = true;
    op->factory = address(s);
    op->factory_data = bytes(s, &op->storage, 0);
}

static void add_paymaster(sequence *s, vk_userop *op) {
    op->has_paymaster = true;
    op->paymaster = address(s);
    op->paymaster_verification_gas_limit = number(s, 16);
    op->paymaster_post_op_gas_limit = number(s, 16);
    op->paymaster_data = bytes(s, &op->storage, 0);
    if (op->entry_point == VK_ENTRY_POINT_0_9 && next(s, 2) == 0) {
        op->has_paymaster_signature = true;
        op->paymaster_signature = bytes(s, &op->storage, 0);
    }
}

vk_userop sample_op(vk_entry_point version, unsigned seed) {
    sequence s = {seed};
    vk_userop op = {.entry_point = version, .sender = address(&s), .nonce = number(&s, 32)};
    vk_buf_put_zeros(&op.storage, 1000);
    op.storage.len = 0;
    size_t wide = version == VK_ENTRY_POINT_0_6 ? 32 : 16;
    op.call_gas_limit = number(&s, wide);
    op.verification_gas_limit = number(&s, wide);
    op.pre_verification_gas = number(&s, 32);
    op.max_fee_per_gas = number(&s, wide);
    op.max_priority_fee_per_gas = number(&s, wide);
    op.call_data = bytes(&s, &op.storage, 0);
    op.signature = bytes(&s, &op.storage, 0);
    unsigned optional = next(&s, 4);
    if (version == VK_ENTRY_POINT_0_6) {
        op.init_code = bytes(&s, &op.storage, 20);
        op.paymaster_and_data = bytes(&s, &op.storage, 0);
        return op;
    }
    if ((optional & 1) != 0) {
        add_factory(&s, &op);
    }
    if ((optional & 2) != 0) {
        add_paymaster(&s, &op);
    }
    return op;
}

vk_bytes text_bytes(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

vk_userop plain_op(vk_entry_point version) {
    vk_userop op = {.entry_point = version,
                    .sender = {{1}},
                    .nonce = vk_u256_from_u64(2),
                    .call_data = text_bytes("call"),
                    .call_gas_limit = vk_u256_from_u64(3),
                    .verification_gas_limit = vk_u256_from_u64(4),
                    .pre_verification_gas = vk_u256_from_u64(5),
                    .max_fee_per_gas = vk_u256_from_u64(6),
                    .max_priority_fee_per_gas = vk_u256_from_u64(7),
                    .signature = text_bytes("signature")};
    if (version == VK_ENTRY_POINT_0_6) {
        op.init_code = text_bytes("a factory's address and data");
        op.paymaster_and_data = text_bytes("a paymaster's address and data");
        return op;
    }
    op.has_factory = op.has_paymaster = true;
    op.factory = (vk_address){{8}};
    op.factory_data = text_bytes("factory data");
    op.paymaster = (vk_address){{9}};
    op.paymaster_verification_gas_limit = vk_u256_from_u64(10);
    op.paymaster_post_op_gas_limit = vk_u256_from_u64(11);
    op.paymaster_data = text_bytes("paymaster data");
    return op;
}

vk_hash hash_of(const vk_userop *op) {
    vk_address entry_point = vk_entry_point_address(op->entry_point);
    vk_hash hash;
    ck_assert_int_eq(vk_userop_hash(op, 1, &entry_point, &hash), VK_OK);
    return hash;
}

bool same_hash(const vk_userop *a, const vk_userop *b) {
    vk_hash left = hash_of(a), right = hash_of(b);
    return memcmp(left.b, right.b, sizeof left.b) == 0;
}
