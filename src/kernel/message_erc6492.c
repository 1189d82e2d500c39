#include "eth/abi.h"

#include <valetkey/message.h>

#include <string.h>

#define HEAD_LEN (3 * VK_WORD)
#define MAGIC_LEN 32

static bool is_magic(const uint8_t *data) {
    for (size_t i = 0; i < MAGIC_LEN; i += 2) {
        if (data[i] != 0x64 || data[i + 1] != 0x92) {
            return false;
        }
    }
    return true;
}

static void put_magic(vk_buf *out) {
    for (size_t i = 0; i < MAGIC_LEN; i += 2) {
        vk_buf_put_byte(out, 0x64);
        vk_buf_put_byte(out, 0x92);
    }
}

vk_status vk_erc6492_wrap(const vk_erc6492 *from, vk_buf *out) {
    vk_abi_put_address(out, &from->factory);
    vk_abi_put_u64(out, HEAD_LEN);
    vk_abi_put_u64(out, HEAD_LEN + vk_abi_bytes_size(from->factory_data.len));
    vk_abi_put_bytes(out, from->factory_data);
    vk_abi_put_bytes(out, from->signature);
    put_magic(out);
    return vk_buf_status(out);
}

bool vk_erc6492_is_wrapped(vk_bytes signature) {
    return signature.len >= MAGIC_LEN && is_magic(signature.data + signature.len - MAGIC_LEN);
}

/* The members where the writer puts them, and nothing behind them. */
static bool read_members(vk_bytes body, vk_erc6492 *out) {
    size_t data_at, signature_at;
    if (vk_abi_address(body, 0, &out->factory) != VK_OK ||
        vk_abi_size(body, VK_WORD, body.len, &data_at) != VK_OK ||
        vk_abi_size(body, 2 * VK_WORD, body.len, &signature_at) != VK_OK ||
        vk_abi_bytes(body, VK_WORD, &out->factory_data) != VK_OK ||
        vk_abi_bytes(body, 2 * VK_WORD, &out->signature) != VK_OK) {
        return false;
    }
    size_t expected = HEAD_LEN + vk_abi_bytes_size(out->factory_data.len);
    return data_at == HEAD_LEN && signature_at == expected &&
           body.len == expected + vk_abi_bytes_size(out->signature.len);
}

vk_status vk_erc6492_unwrap(vk_bytes wrapped, vk_erc6492 *out, vk_error *err) {
    vk_erc6492 result;
    if (!vk_erc6492_is_wrapped(wrapped)) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the signature does not end in the 32 bytes of ERC-6492");
    }
    vk_bytes body = {wrapped.data, wrapped.len - MAGIC_LEN};
    if (!read_members(body, &result)) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the ERC-6492 wrapper is not the canonical encoding of factory, factory "
                       "data and signature");
    }
    *out = result;
    return VK_OK;
}
