/* The grant before it is signed, and what is signed for it. */
#include "cli/approval.h"

#include <inttypes.h>
#include <string.h>

static void put_entry_point(const vk_approval *a, vk_buf *out) {
    if (a->entry_point != VK_ENTRY_POINT_UNKNOWN) {
        vk_address address = vk_entry_point_address(a->entry_point);
        vk_buf_put_text(out, ",\"entryPoint\":\"");
        vk_hex_put(out, (vk_bytes){address.b, sizeof address.b});
        vk_buf_put_byte(out, '"');
    }
}

static void put_bytes(const char *name, vk_bytes bytes, vk_buf *out) {
    vk_buf_printf(out, ",\"%s\":\"", name);
    vk_hex_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

/* ---- Kernel ---- */

static void put_account(const vk_approval *a, vk_buf *out) {
    vk_buf_printf(out, ",\"kernelVersion\":\"%s\"", vk_kernel_text(a->kernel));
    put_bytes("account", (vk_bytes){a->account.account.b, 20}, out);
    if (a->account.factory_data.len > 0) {
        put_bytes("factoryData", vk_buf_view(&a->account.factory_data), out);
    }
}

static vk_status put_permission(const vk_approval *a, vk_buf *out) {
    vk_buf serialized = {0};
    bool told = a->account.factory_data.len > 0;
    vk_grant_text text = {.chain_id = a->chain_id,
                          .kernel = a->kernel,
                          .entry_point = a->entry_point,
                          .owner = a->has_owner && !told ? &a->owner : NULL,
                          .enable_nonce = a->enable_nonce,
                          .installed_at = a->installed_at,
                          .start = a->start};
    vk_status status = vk_serialized_write(&a->account, &serialized);
    text.serialized = vk_buf_view(&serialized);
    if (status == VK_OK) {
        vk_grant_text_write(&text, out);
    }
    vk_buf_clear(&serialized);
    return status;
}

static vk_status put_plugin(const vk_approval *a, vk_buf *out) {
    vk_buf_printf(out, "{\"kind\":\"plugin\",\"chainId\":%" PRIu64, a->chain_id);
    put_entry_point(a, out);
    put_account(a, out);
    if (a->has_owner && a->account.factory_data.len == 0) {
        vk_owner_put(&a->owner, out);
    }
    put_bytes("selector", (vk_bytes){a->account.selector, sizeof a->account.selector}, out);
    vk_buf_printf(out, ",\"validAfter\":%" PRIu64 ",\"validUntil\":%" PRIu64, a->valid_after,
                  a->valid_until);
    vk_buf_put_text(out, a->account.pre_installed ? ",\"preInstalled\":true}"
                                                  : ",\"enableSignature\":\"0x\"}");
    return VK_OK;
}

static vk_status put_own(const vk_approval *a, vk_buf *out) {
    vk_buf_printf(out, "{\"kind\":\"owner\",\"chainId\":%" PRIu64, a->chain_id);
    put_entry_point(a, out);
    put_account(a, out);
    vk_buf_put_byte(out, '}');
    return VK_OK;
}

/* ---- thirdweb ---- */

static vk_status put_thirdweb(const vk_approval *a, vk_buf *out) {
    static const uint8_t none[65];
    vk_buf_printf(out, "{\"kind\":\"thirdweb\",\"chainId\":%" PRIu64, a->chain_id);
    put_entry_point(a, out);
    put_bytes("account", (vk_bytes){a->account.account.b, 20}, out);
    if (a->account.pre_installed) {
        vk_buf_put_text(out, ",\"preInstalled\":true}");
        return VK_OK;
    }
    put_bytes("admin", (vk_bytes){a->owner.address.b, 20}, out);
    vk_buf_put_text(out, ",\"request\":");
    vk_status status = vk_thirdweb_request_write(&a->request, out);
    put_bytes("signature", (vk_bytes){none, sizeof none}, out);
    vk_buf_put_byte(out, '}');
    return status;
}

/* ---- What is signed ---- */

static vk_status sign_what(vk_approval *a, vk_error *err) {
    vk_enable enable;
    vk_enable_v2 enable_v2;
    vk_thirdweb_hashes hashes = {0};
    vk_status status = VK_OK;
    const vk_thirdweb_request *request = &a->grant.request;
    switch (a->kind) {
    case VK_GRANT_PERMISSION:
        vk_grant_enable(&a->grant, &enable);
        status = vk_enable_digest(&enable, &a->digest);
        return status == VK_OK ? vk_enable_typed_data(&enable, &a->typed_data) : status;
    case VK_GRANT_PLUGIN:
        vk_grant_enable_v2(&a->grant, &enable_v2);
        status = vk_enable_v2_digest(&enable_v2, &a->digest, err);
        return status == VK_OK ? vk_enable_v2_typed_data(&enable_v2, &a->typed_data, err) : status;
    case VK_GRANT_THIRDWEB:
        status =
            vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, a->chain_id, &a->account.account,
                             VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT, &hashes, err);
        a->digest = hashes.digest;
        return status == VK_OK ? vk_thirdweb_typed_data(request, a->chain_id, &a->account.account,
                                                        &a->typed_data)
                               : status;
    case VK_GRANT_OWNER:
        break;
    }
    return VK_OK;
}

vk_exit vk_approval_draft(vk_cli *cli, vk_approval *a) {
    static vk_status (*const writers[VK_GRANT_KINDS])(const vk_approval *, vk_buf *) = {
        [VK_GRANT_PERMISSION] = put_permission,
        [VK_GRANT_PLUGIN] = put_plugin,
        [VK_GRANT_OWNER] = put_own,
        [VK_GRANT_THIRDWEB] = put_thirdweb};
    vk_buf json = {0};
    vk_error err = {0};
    vk_status status = writers[a->kind](a, &json);
    status = status == VK_OK ? vk_buf_status(&json) : status;
    if (status == VK_OK) {
        status = vk_grant_read_unapproved((const char *)json.data, json.len, &a->key.policy,
                                          &a->key.signer, &a->grant, &err);
    }
    vk_buf_clear(&json);
    if (status == VK_OK && !a->account.pre_installed) {
        status = sign_what(a, &err);
    }
    if (status == VK_OK) {
        return VK_EXIT_OK;
    }
    return err.message[0] != '\0'
               ? vk_cli_fail_error(cli, "the account cannot be approved for", &err)
               : vk_cli_fail_status(cli, "cannot make what is to be signed", status);
}
