#include "eth/abi.h"

#include <valetkey/permission.h>
#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#include <string.h>

#define PARTS 5
#define HOOK_LEN 20

void vk_permission_signature(vk_bytes signer_part, vk_buf *out) {
    vk_buf_put_byte(out, 0xff);
    vk_buf_put(out, signer_part.data, signer_part.len);
}

vk_status vk_permission_stub(vk_signer_kind kind, vk_buf *out) {
    uint8_t signature65[65];
    vk_buf_put_byte(out, 0xff);
    if (kind == VK_SIGNER_WEBAUTHN) {
        return vk_webauthn_stub(out);
    }
    vk_ecdsa_stub(signature65);
    vk_buf_put(out, signature65, sizeof signature65);
    return kind == VK_SIGNER_ECDSA ? vk_buf_status(out) : VK_ERR_ARGUMENT;
}

/* hook20 || abi(validatorData, hookData, selectorData, enableSig, userOpSig) */
static void put_parts(const vk_address *hook, const vk_bytes parts[PARTS], vk_buf *out) {
    vk_buf_put(out, hook->b, HOOK_LEN);
    uint64_t offset = PARTS * VK_WORD;
    for (size_t i = 0; i < PARTS; i++) {
        vk_abi_put_u64(out, offset);
        offset += vk_abi_bytes_size(parts[i].len);
    }
    for (size_t i = 0; i < PARTS; i++) {
        vk_abi_put_bytes(out, parts[i]);
    }
}

vk_status vk_enable_signature(const vk_enable *enable, vk_bytes approval, vk_bytes session_part,
                              vk_buf *out) {
    uint8_t selector_data[VK_SELECTOR_DATA_LEN];
    vk_enable_selector_data(enable, selector_data);
    vk_bytes parts[PARTS] = {enable->enable_data, enable->hook_data,
                             (vk_bytes){selector_data, sizeof selector_data}, approval,
                             session_part};
    put_parts(&enable->hook, parts, out);
    return vk_buf_status(out);
}

size_t vk_enable_signature_len(const vk_enable *enable, size_t approval_len,
                               size_t session_part_len) {
    return HOOK_LEN + PARTS * VK_WORD + vk_abi_bytes_size(enable->enable_data.len) +
           vk_abi_bytes_size(enable->hook_data.len) + vk_abi_bytes_size(VK_SELECTOR_DATA_LEN) +
           vk_abi_bytes_size(approval_len) + vk_abi_bytes_size(session_part_len);
}

/* ---- Reading ---- */

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "signature", "%s", what);
}

/* The parts in the one layout of the writer: each begins where the one before ends. */
static bool read_parts(vk_bytes body, vk_bytes parts[PARTS]) {
    size_t expected = PARTS * VK_WORD;
    for (size_t i = 0; i < PARTS; i++) {
        size_t offset;
        if (vk_abi_size(body, i * VK_WORD, body.len, &offset) != VK_OK || offset != expected ||
            vk_abi_bytes(body, i * VK_WORD, &parts[i]) != VK_OK) {
            return false;
        }
        expected += vk_abi_bytes_size(parts[i].len);
    }
    return expected == body.len;
}

static bool read_selector_data(vk_bytes data, vk_enable_parts *out) {
    if (data.len != VK_SELECTOR_DATA_LEN) {
        return false;
    }
    memcpy(out->selector, data.data, sizeof out->selector);
    memcpy(out->action_target.b, data.data + 4, sizeof out->action_target.b);
    memcpy(out->action_hook.b, data.data + 24, sizeof out->action_hook.b);
    vk_enable same = {.action_target = out->action_target, .action_hook = out->action_hook};
    uint8_t canonical[VK_SELECTOR_DATA_LEN];
    memcpy(same.selector, out->selector, sizeof same.selector);
    vk_enable_selector_data(&same, canonical);
    return memcmp(canonical, data.data, sizeof canonical) == 0;
}

vk_status vk_enable_signature_read(vk_bytes signature, vk_enable_parts *out, vk_error *err) {
    vk_enable_parts result = {0};
    vk_bytes parts[PARTS];
    if (signature.len < HOOK_LEN) {
        return malformed(err, "the signature is shorter than its hook");
    }
    memcpy(result.hook.b, signature.data, HOOK_LEN);
    if (!read_parts((vk_bytes){signature.data + HOOK_LEN, signature.len - HOOK_LEN}, parts)) {
        return malformed(err, "the signature is not the canonical encoding of the five parts of "
                              "enable mode");
    }
    if (!read_selector_data(parts[2], &result)) {
        return malformed(err, "the selector data are not selector, target and hook of an action "
                              "with the SDK's install data");
    }
    result.enable_data = parts[0];
    result.hook_data = parts[1];
    result.approval = parts[3];
    result.session_part = parts[4];
    *out = result;
    return VK_OK;
}
