#include "eth/userop_tuple.h"
#include "eth/abi.h"
#include "eth/userop_pack.h"

#include <string.h>

#define PACKED_MEMBERS 9
#define JOINED_MEMBERS 11
#define DYNAMIC_MAX 4

/* ---- Writing ---- */

/* The head is written at once; what it points to waits for its end. */
typedef struct tuple {
    vk_buf *out;
    size_t end; /* of head and data so far, from the tuple's start */
    vk_bytes waiting[DYNAMIC_MAX];
    size_t count;
} tuple;

static void put_bytes(tuple *t, vk_bytes data) {
    vk_abi_put_u64(t->out, t->end);
    t->end += vk_abi_bytes_size(data.len);
    t->waiting[t->count++] = data;
}

static void put_waiting(const tuple *t) {
    for (size_t i = 0; i < t->count; i++) {
        vk_abi_put_bytes(t->out, t->waiting[i]);
    }
}

static void put_joined(const vk_userop *op, vk_buf *out) {
    tuple t = {.out = out, .end = JOINED_MEMBERS * VK_WORD};
    vk_abi_put_address(out, &op->sender);
    vk_abi_put_u256(out, &op->nonce);
    put_bytes(&t, op->init_code);
    put_bytes(&t, op->call_data);
    vk_abi_put_u256(out, &op->call_gas_limit);
    vk_abi_put_u256(out, &op->verification_gas_limit);
    vk_abi_put_u256(out, &op->pre_verification_gas);
    vk_abi_put_u256(out, &op->max_fee_per_gas);
    vk_abi_put_u256(out, &op->max_priority_fee_per_gas);
    put_bytes(&t, op->paymaster_and_data);
    put_bytes(&t, op->signature);
    put_waiting(&t);
}

static void put_packed(const vk_userop_packed *packed, vk_buf *out) {
    tuple t = {.out = out, .end = PACKED_MEMBERS * VK_WORD};
    vk_abi_put_address(out, &packed->sender);
    vk_abi_put_u256(out, &packed->nonce);
    put_bytes(&t, packed->init_code);
    put_bytes(&t, packed->call_data);
    vk_buf_put(out, packed->account_gas_limits, sizeof packed->account_gas_limits);
    vk_abi_put_u256(out, &packed->pre_verification_gas);
    vk_buf_put(out, packed->gas_fees, sizeof packed->gas_fees);
    put_bytes(&t, packed->paymaster_and_data);
    put_bytes(&t, packed->signature);
    put_waiting(&t);
}

vk_status vk_userop_put_tuple(const vk_userop *op, vk_buf *out, vk_error *err) {
    if (op->entry_point == VK_ENTRY_POINT_0_6) {
        put_joined(op, out);
        return vk_buf_status(out);
    }
    vk_buf storage = {0};
    vk_userop_packed packed;
    vk_status status = vk_userop_pack(op, VK_USEROP_TO_SEND, &packed, &storage, err);
    if (status == VK_OK) {
        put_packed(&packed, out);
        status = vk_buf_status(out);
    }
    vk_buf_clear(&storage);
    return status;
}

/* ---- Reading ---- */

/* The first failure. */
static vk_status all(const vk_status *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (results[i] != VK_OK) {
            return results[i];
        }
    }
    return VK_OK;
}

static vk_status get_packed(vk_bytes body, vk_userop_packed *out) {
    const uint8_t *gas_limits = NULL, *fees = NULL;
    vk_status results[PACKED_MEMBERS] = {
        vk_abi_address(body, 0, &out->sender),
        vk_abi_u256(body, 1 * VK_WORD, &out->nonce),
        vk_abi_bytes(body, 2 * VK_WORD, &out->init_code),
        vk_abi_bytes(body, 3 * VK_WORD, &out->call_data),
        vk_abi_word(body, 4 * VK_WORD, &gas_limits),
        vk_abi_u256(body, 5 * VK_WORD, &out->pre_verification_gas),
        vk_abi_word(body, 6 * VK_WORD, &fees),
        vk_abi_bytes(body, 7 * VK_WORD, &out->paymaster_and_data),
        vk_abi_bytes(body, 8 * VK_WORD, &out->signature),
    };
    vk_status status = all(results, PACKED_MEMBERS);
    if (status == VK_OK) {
        memcpy(out->account_gas_limits, gas_limits, sizeof out->account_gas_limits);
        memcpy(out->gas_fees, fees, sizeof out->gas_fees);
    }
    return status;
}

/* The views point into body. */
static vk_status get_joined(vk_bytes body, vk_userop *out) {
    vk_status results[JOINED_MEMBERS] = {
        vk_abi_address(body, 0, &out->sender),
        vk_abi_u256(body, 1 * VK_WORD, &out->nonce),
        vk_abi_bytes(body, 2 * VK_WORD, &out->init_code),
        vk_abi_bytes(body, 3 * VK_WORD, &out->call_data),
        vk_abi_u256(body, 4 * VK_WORD, &out->call_gas_limit),
        vk_abi_u256(body, 5 * VK_WORD, &out->verification_gas_limit),
        vk_abi_u256(body, 6 * VK_WORD, &out->pre_verification_gas),
        vk_abi_u256(body, 7 * VK_WORD, &out->max_fee_per_gas),
        vk_abi_u256(body, 8 * VK_WORD, &out->max_priority_fee_per_gas),
        vk_abi_bytes(body, 9 * VK_WORD, &out->paymaster_and_data),
        vk_abi_bytes(body, 10 * VK_WORD, &out->signature),
    };
    return all(results, JOINED_MEMBERS);
}

vk_status vk_userop_get_tuple(vk_bytes body, vk_entry_point version, vk_userop *out,
                              vk_error *err) {
    bool joined = version == VK_ENTRY_POINT_0_6;
    vk_userop op = {.entry_point = version};
    vk_userop_packed packed;
    vk_status status = joined ? get_joined(body, &op) : get_packed(body, &packed);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL,
                       "this is not the ABI encoding of an operation of EntryPoint %s",
                       vk_entry_point_text(version));
    }
    if (!joined) {
        return vk_userop_unpack(&packed, version, out, err);
    }
    status = vk_userop_own(&op, err);
    if (status == VK_OK) {
        *out = op;
    }
    return status;
}
