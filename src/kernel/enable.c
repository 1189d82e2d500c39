#include "eth/abi.h"

#include <valetkey/eth.h>
#include <valetkey/permission.h>

#include <inttypes.h>
#include <string.h>

static const char enable_type[] =
    "Enable(bytes21 validationId,uint32 nonce,address hook,bytes validatorData,bytes hookData,"
    "bytes selectorData)";

/* Lets only the EntryPoint through. */
static const vk_address only_entry_point_hook = {{0xb2, 0x30, 0xf0, 0xa1, 0xc7, 0xc9, 0x5f,
                                                  0xa1, 0x10, 0x01, 0x64, 0x73, 0x83, 0xc8,
                                                  0xc7, 0xa8, 0xf3, 0x16, 0xb9, 0x00}};

void vk_permission_validation_id(const uint8_t id4[4], uint8_t out21[21]) {
    memset(out21, 0, 21);
    out21[0] = VK_NONCE_PERMISSION;
    memcpy(out21 + 1, id4, 4);
}

vk_address vk_enable_action_hook(vk_kernel_version kernel, const uint8_t selector[4],
                                 const vk_address *action_target) {
    bool own_execute =
        memcmp(selector, vk_kernel_execute_selector, 4) == 0 && vk_address_is_zero(action_target);
    return kernel == VK_KERNEL_0_3_0 && !own_execute ? only_entry_point_hook : (vk_address){{0}};
}

void vk_enable_selector_data(const vk_enable *enable, uint8_t out[VK_SELECTOR_DATA_LEN]) {
    /* selector4 || target20 || actionHook20 || abi(bytes 0xff, bytes 0x0000) */
    memset(out, 0, VK_SELECTOR_DATA_LEN);
    memcpy(out, enable->selector, 4);
    memcpy(out + 4, enable->action_target.b, 20);
    memcpy(out + 24, enable->action_hook.b, 20);
    uint8_t *abi = out + 44;
    abi[VK_WORD - 1] = 2 * VK_WORD;
    abi[2 * VK_WORD - 1] = 4 * VK_WORD;
    abi[3 * VK_WORD - 1] = 1;
    abi[3 * VK_WORD] = 0xff;
    abi[5 * VK_WORD - 1] = 2;
}

static void put_hash(vk_buf *out, vk_bytes data) {
    vk_hash hash = vk_keccak256(data);
    vk_buf_put(out, hash.b, sizeof hash.b);
}

/* The words that the struct hash is of. */
static void put_struct(const vk_enable *enable, vk_buf *out) {
    uint8_t id21[21], selector_data[VK_SELECTOR_DATA_LEN];
    vk_permission_validation_id(enable->permission_id, id21);
    vk_enable_selector_data(enable, selector_data);
    put_hash(out, (vk_bytes){(const uint8_t *)enable_type, sizeof enable_type - 1});
    vk_abi_put_fixed(out, id21, sizeof id21);
    vk_abi_put_u64(out, enable->nonce);
    vk_abi_put_address(out, &enable->hook);
    put_hash(out, enable->enable_data);
    put_hash(out, enable->hook_data);
    put_hash(out, (vk_bytes){selector_data, sizeof selector_data});
}

vk_status vk_enable_hash(const vk_enable *enable, vk_enable_hashes *out) {
    if (!vk_kernel_has_permissions(enable->kernel)) {
        return VK_ERR_UNSUPPORTED;
    }
    vk_buf words = {0};
    put_struct(enable, &words);
    vk_status status = vk_buf_status(&words);
    if (status == VK_OK) {
        out->domain_separator = vk_eip712_domain("Kernel", vk_kernel_domain_version(enable->kernel),
                                                 enable->chain_id, &enable->account);
        out->struct_hash = vk_keccak256(vk_buf_view(&words));
        out->digest = vk_eip712_digest(&out->domain_separator, &out->struct_hash);
    }
    vk_buf_clear(&words);
    return status;
}

vk_status vk_enable_digest(const vk_enable *enable, vk_hash *out) {
    vk_enable_hashes hashes;
    vk_status status = vk_enable_hash(enable, &hashes);
    if (status == VK_OK) {
        *out = hashes.digest;
    }
    return status;
}

static const char typed_data_types[] = "{\"types\":{\"EIP712Domain\":["
                                       "{\"name\":\"name\",\"type\":\"string\"},"
                                       "{\"name\":\"version\",\"type\":\"string\"},"
                                       "{\"name\":\"chainId\",\"type\":\"uint256\"},"
                                       "{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
                                       "\"Enable\":["
                                       "{\"name\":\"validationId\",\"type\":\"bytes21\"},"
                                       "{\"name\":\"nonce\",\"type\":\"uint32\"},"
                                       "{\"name\":\"hook\",\"type\":\"address\"},"
                                       "{\"name\":\"validatorData\",\"type\":\"bytes\"},"
                                       "{\"name\":\"hookData\",\"type\":\"bytes\"},"
                                       "{\"name\":\"selectorData\",\"type\":\"bytes\"}]},"
                                       "\"primaryType\":\"Enable\",";

static void put_member(vk_buf *out, const char *name, vk_bytes value) {
    vk_buf_printf(out, ",\"%s\":\"", name);
    vk_hex_put(out, value);
    vk_buf_put_byte(out, '"');
}

vk_status vk_enable_typed_data(const vk_enable *enable, vk_buf *out) {
    if (!vk_kernel_has_permissions(enable->kernel)) {
        return VK_ERR_UNSUPPORTED;
    }
    uint8_t id21[21], selector_data[VK_SELECTOR_DATA_LEN];
    char account[43], hook[43];
    vk_permission_validation_id(enable->permission_id, id21);
    vk_enable_selector_data(enable, selector_data);
    vk_address_text(&enable->account, account);
    vk_address_text(&enable->hook, hook);
    vk_buf_put_text(out, typed_data_types);
    vk_buf_printf(out,
                  "\"domain\":{\"name\":\"Kernel\",\"version\":\"%s\",\"chainId\":%" PRIu64
                  ",\"verifyingContract\":\"%s\"},\"message\":{\"validationId\":\"",
                  vk_kernel_domain_version(enable->kernel), enable->chain_id, account);
    vk_hex_put(out, (vk_bytes){id21, sizeof id21});
    vk_buf_printf(out, "\",\"nonce\":%" PRIu32 ",\"hook\":\"%s\"", enable->nonce, hook);
    put_member(out, "validatorData", enable->enable_data);
    put_member(out, "hookData", enable->hook_data);
    put_member(out, "selectorData", (vk_bytes){selector_data, sizeof selector_data});
    vk_buf_put_text(out, "}}");
    return vk_buf_status(out);
}
