/*
 * Grants of owners: the key is the root validator's own, of any Kernel account. The account lets it
 * do everything.
 */
#include "kernel/version.h"
#include "policy/grant_form.h"

#include <stdio.h>
#include <string.h>

#define MODE_LEN 4

/* ---- Reading ---- */

static vk_status read_validator(const cJSON *object, vk_grant *out, vk_error *err) {
    return vk_json_get(object, "rootValidator") == NULL
               ? VK_OK
               : vk_json_address(object, "rootValidator", NULL, &out->root.validator, err);
}

static vk_status read_members(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = vk_grant_read_kernel(object, out, err);
    if (status == VK_OK) {
        status = vk_grant_read_account(object, out, err);
    }
    return status == VK_OK ? read_validator(object, out, err) : status;
}

/* Where none was named, that of the factory data. */
static vk_status find_validator(vk_grant *grant, vk_error *err) {
    vk_account_init init;
    vk_bytes factory_data = vk_buf_view(&grant->account.factory_data);
    if (factory_data.len == 0 || !vk_address_is_zero(&grant->root.validator)) {
        return VK_OK;
    }
    vk_status status = vk_account_init_read(factory_data, grant->kernel, &init, err);
    if (status == VK_OK) {
        grant->root.validator = init.root.validator;
    }
    return status;
}

/* The key as the owner, in that validator, or in the published one of its kind. */
static vk_status take_key(vk_grant *grant, const vk_signer *signer, vk_error *err) {
    char text[43];
    vk_address validator = grant->root.validator;
    grant->root = vk_grant_root_of(signer);
    if (vk_address_is_zero(&validator)) {
        return VK_OK;
    }
    bool passkey = grant->root.kind == VK_ROOT_PASSKEY;
    grant->root.kind = vk_root_kind_of(&validator);
    grant->root.validator = validator;
    if (grant->root.kind != VK_ROOT_UNKNOWN && (grant->root.kind == VK_ROOT_PASSKEY) == passkey) {
        return VK_OK;
    }
    vk_address_text(&validator, text);
    return vk_fail(err, VK_ERR_MISMATCH, "rootValidator",
                   "%s is not a validator of ZeroDev for %s owners, which this key would be one of",
                   text, passkey ? "passkey" : "ECDSA");
}

static vk_status derive(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                        vk_error *err) {
    vk_status status = find_validator(grant, err);
    if (status == VK_OK) {
        status = take_key(grant, signer, err);
    }
    if (status == VK_OK) {
        status = vk_grant_settle(grant, err);
    }
    return status == VK_OK ? vk_grant_derive_id(grant, policy, signer, err) : status;
}

/* ---- Checking ---- */

/* Whether it is the owner there, only the chain knows if the account has no factory data. */
static vk_status check(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                       vk_error *err) {
    (void)policy;
    if (grant->kernel == VK_KERNEL_V1 && signer->kind == VK_SIGNER_WEBAUTHN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion",
                       "the owner of a Kernel v1 account is a secp256k1 key");
    }
    return vk_grant_check_validator(grant, "rootValidator", err);
}

/* ---- Writing ---- */

static vk_status write_members(const vk_grant *grant, vk_buf *out) {
    vk_grant_put_account(grant, out);
    if (!vk_address_is_zero(&grant->root.validator)) {
        vk_grant_put_address("rootValidator", &grant->root.validator, out);
    }
    return vk_buf_status(out);
}

/* ---- At work ---- */

/* Before 0.3.0 the nonce says nothing of who signs. */
static vk_status match_nonce(const vk_grant *grant, const vk_kernel_nonce *nonce,
                             char reason[VK_REASON_MAX]) {
    if (grant->kernel < VK_KERNEL_0_3_0 ||
        (nonce->mode == VK_NONCE_DEFAULT && nonce->type == VK_NONCE_ROOT)) {
        return VK_OK;
    }
    snprintf(reason, VK_REASON_MAX,
             "the nonce has mode %02x and validation type %02x, but the key is the account's owner "
             "(mode 00, type 00)",
             nonce->mode, nonce->type);
    return VK_DENIED;
}

static vk_status attach(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                        vk_buf *out) {
    (void)op;
    if (vk_grant_wants_mode(grant->kernel)) {
        return vk_v2_signature(VK_V2_ROOT, session_part, out);
    }
    vk_buf_put(out, session_part.data, session_part.len);
    return vk_buf_status(out);
}

static size_t attached_len(const vk_grant *grant, const vk_userop *op, size_t session_part_len) {
    (void)op;
    return session_part_len + (vk_grant_wants_mode(grant->kernel) ? MODE_LEN : 0);
}

static const char *const members[] = {"key",        "kind",    "chainId",     "kernelVersion",
                                      "entryPoint", "account", "factoryData", "rootValidator",
                                      "start",      NULL};

const vk_grant_form vk_grant_form_owner = {.name = "owner",
                                           .members = members,
                                           .read = read_members,
                                           .derive = derive,
                                           .check = check,
                                           .write = write_members,
                                           .match_nonce = match_nonce,
                                           .attach = attach,
                                           .attached_len = attached_len};
