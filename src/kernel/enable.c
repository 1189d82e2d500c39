#include "eth/abi.h"
#include "kernel/version.h"

#include <valetkey/eth.h>
#include <valetkey/permission.h>

#include <inttypes.h>
#include <string.h>

static const char enable_type[] =
    "Enable(bytes21 validationId,uint32 nonce,address hook,bytes validatorData,bytes hookData,"
    "bytes selectorData)";

void vk_enable_selector_data(const vk_enable *enable, uint8_t out[VK_SELECTOR_DATA_LEN]) {
    /* selector4 || target20 || actionHook20 || abi(bytes 0xff, bytes 0x0000) */
    memset(out, 0, VK_SELECTOR_DATA_LEN);
    memcpy(out, enable->selector, 4);
    memcpy(out + 4, enable->action_target.b, 20);
    uint8_t *abi = out + 44;
    abi[VK_WORD - 1] = 2 * VK_WORD;
    abi[2 * VK_WORD - 1] = 4 * VK_WORD;
    abi[3 * VK_WORD - 1] = 1;
    abi[3 * VK_WORD] = 0xff;
    abi[5 * VK_WORD - 1] = 2;
}

/* 0x02 || permissionId4 || 16 zero bytes */
static void validation_id(const vk_enable *enable, uint8_t out21[21]) {
    memset(out21, 0, 21);
    out21[0] = VK_NONCE_PERMISSION;
    memcpy(out21 + 1, enable->permission_id, 4);
}

static void put_hash(vk_buf *out, vk_bytes data) {
    vk_hash hash = vk_keccak256(data);
    vk_buf_put(out, hash.b, sizeof hash.b);
}

vk_status vk_enable_digest(const vk_enable *enable, vk_hash *out) {
    const vk_kernel_deployment *kernel = vk_kernel_deployed(enable->kernel);
    if (kernel == NULL) {
        return VK_ERR_UNSUPPORTED;
    }
    uint8_t id21[21], selector_data[VK_SELECTOR_DATA_LEN];
    validation_id(enable, id21);
    vk_enable_selector_data(enable, selector_data);
    vk_buf words = {0};
    put_hash(&words, (vk_bytes){(const uint8_t *)enable_type, sizeof enable_type - 1});
    vk_abi_put_fixed(&words, id21, sizeof id21);
    vk_abi_put_u64(&words, enable->nonce);
    vk_abi_put_address(&words, &enable->hook);
    put_hash(&words, enable->enable_data);
    put_hash(&words, enable->hook_data);
    put_hash(&words, (vk_bytes){selector_data, sizeof selector_data});
    vk_status status = vk_buf_status(&words);
    if (status == VK_OK) {
        vk_hash struct_hash = vk_keccak256(vk_buf_view(&words));
        vk_hash domain =
            vk_eip712_domain("Kernel", kernel->domain_version, enable->chain_id, &enable->account);
        *out = vk_eip712_digest(&domain, &struct_hash);
    }
    vk_buf_clear(&words);
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
    const vk_kernel_deployment *kernel = vk_kernel_deployed(enable->kernel);
    if (kernel == NULL) {
        return VK_ERR_UNSUPPORTED;
    }
    uint8_t id21[21], selector_data[VK_SELECTOR_DATA_LEN];
    char account[43], hook[43];
    validation_id(enable, id21);
    vk_enable_selector_data(enable, selector_data);
    vk_address_text(&enable->account, account);
    vk_address_text(&enable->hook, hook);
    vk_buf_put_text(out, typed_data_types);
    vk_buf_printf(out,
                  "\"domain\":{\"name\":\"Kernel\",\"version\":\"%s\",\"chainId\":%" PRIu64
                  ",\"verifyingContract\":\"%s\"},\"message\":{\"validationId\":\"",
                  kernel->domain_version, enable->chain_id, account);
    vk_hex_put(out, (vk_bytes){id21, sizeof id21});
    vk_buf_printf(out, "\",\"nonce\":%" PRIu32 ",\"hook\":\"%s\"", enable->nonce, hook);
    put_member(out, "validatorData", enable->enable_data);
    put_member(out, "hookData", enable->hook_data);
    put_member(out, "selectorData", (vk_bytes){selector_data, sizeof selector_data});
    vk_buf_put_text(out, "}}");
    return vk_buf_status(out);
}
