#include "base/json.h"
#include "eth/abi.h"
#include "eth/userop_tuple.h"

#include <string.h>

/* Drops what was appended from start on, if status says that it is not whole. */
static vk_status finish(vk_buf *out, size_t start, vk_status status) {
    status = status == VK_OK ? vk_buf_status(out) : status;
    if (status != VK_OK && out->len > start) {
        out->len = start;
    }
    return status;
}

/* ---- abi(uint256 chainId, address entryPoint, operation) ---- */

vk_status vk_userop_write_abi(const vk_userop *op, uint64_t chain_id, const vk_address *entry_point,
                              vk_buf *out) {
    size_t start = out->len;
    vk_abi_put_u64(out, chain_id);
    vk_abi_put_address(out, entry_point);
    vk_abi_put_u64(out, 3 * VK_WORD);
    return finish(out, start, vk_userop_put_tuple(op, out, NULL));
}

static vk_status check_canonical(vk_bytes abi, const vk_userop_request *request, vk_error *err) {
    vk_buf again = {0};
    vk_status status =
        vk_userop_write_abi(&request->op, request->chain_id, &request->entry_point, &again);
    if (status == VK_OK && !vk_bytes_equal(abi, vk_buf_view(&again))) {
        status =
            vk_fail(err, VK_ERR_FORMAT, NULL, "the ABI encoding of the operation is not canonical");
    }
    vk_buf_clear(&again);
    return status;
}

static vk_status read_request(vk_bytes abi, vk_entry_point version, vk_userop_request *out,
                              vk_error *err) {
    vk_u256 chain_id = {{0}};
    vk_bytes body = {0};
    bool ok = vk_abi_u256(abi, 0, &chain_id) == VK_OK && vk_u256_fits(&chain_id, 64) &&
              vk_abi_address(abi, VK_WORD, &out->entry_point) == VK_OK &&
              vk_abi_tail(abi, 2 * VK_WORD, &body) == VK_OK;
    out->chain_id = vk_u256_low64(&chain_id);
    return ok ? vk_userop_get_tuple(body, version, &out->op, err)
              : vk_fail(err, VK_ERR_FORMAT, NULL,
                        "this is not the ABI encoding of (uint256 chainId, address entryPoint, "
                        "operation)");
}

vk_status vk_userop_read_abi(vk_bytes abi, vk_entry_point version, vk_userop_request *out,
                             vk_error *err) {
    vk_userop_request request = {.has_chain_id = true, .has_entry_point = true};
    if (abi.len > VK_USEROP_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "%zu bytes are more than the limit of %zu", abi.len,
                       VK_USEROP_MAX);
    }
    vk_status status = read_request(abi, version, &request, err);
    if (status == VK_OK) {
        status = check_canonical(abi, &request, err);
    }
    if (status != VK_OK) {
        vk_userop_clear(&request.op);
        return status;
    }
    *out = request;
    return VK_OK;
}

/* ---- handleOps ---- */

/* handleOps((address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes)[],
 * address) */
static const uint8_t handle_joined[4] = {0x1f, 0xad, 0x94, 0x8c};
/* handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address) */
static const uint8_t handle_packed[4] = {0x76, 0x5e, 0x82, 0x7f};

static const uint8_t *handle_ops_selector(vk_entry_point version) {
    return version == VK_ENTRY_POINT_0_6 ? handle_joined : handle_packed;
}

/* The failure of ops[index]: err has the path within the operation. */
static vk_status fail_at(size_t index, vk_status status, vk_error *err) {
    if (err == NULL) {
        return status;
    }
    vk_error inner = *err;
    vk_path ops = vk_path_member(NULL, "ops");
    vk_path at = vk_path_index(&ops, index);
    if (inner.path[0] != '\0') {
        at = vk_path_member(&at, inner.path);
    }
    return vk_fail(err, status, at.text, "%s",
                   inner.message[0] == '\0' ? vk_status_text(status) : inner.message);
}

static vk_status check_same(const vk_userop *op, vk_entry_point version, vk_error *err) {
    return op->entry_point == version
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, NULL,
                         "the operation is of EntryPoint %s, the first one of %s",
                         vk_entry_point_text(op->entry_point), vk_entry_point_text(version));
}

/* The offsets count from behind the number of elements, and are filled in as they become known. */
static vk_status put_array(const vk_userop *ops, size_t count, vk_buf *out, vk_error *err) {
    vk_abi_put_u64(out, count);
    size_t start = out->len;
    vk_buf_put_zeros(out, count * VK_WORD);
    vk_status status = vk_buf_status(out);
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        vk_u256 offset = vk_u256_from_u64(out->len - start);
        memcpy(out->data + start + i * VK_WORD, offset.be, VK_WORD);
        status = check_same(&ops[i], ops[0].entry_point, err);
        if (status == VK_OK) {
            status = vk_userop_put_tuple(&ops[i], out, err);
        }
        if (status != VK_OK) {
            return fail_at(i, status, err);
        }
    }
    return status;
}

vk_status vk_userop_write_handle_ops(const vk_userop *ops, size_t count,
                                     const vk_address *beneficiary, vk_buf *out, vk_error *err) {
    if (count == 0) {
        return vk_fail(err, VK_ERR_ARGUMENT, "ops", "there is no operation");
    }
    if (err != NULL) {
        *err = (vk_error){0};
    }
    size_t start = out->len;
    vk_buf_put(out, handle_ops_selector(ops[0].entry_point), 4);
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_address(out, beneficiary);
    return finish(out, start, put_array(ops, count, out, err));
}
