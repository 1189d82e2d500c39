/*
 * Grants of plug-ins: the session key is the key of a validator of its own in a Kernel account of
 * 0.2.x, which the owner allows for the calls of one function. The account knows no policy.
 */
#include "policy/grant_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TIME_MAX (((uint64_t)1 << 48) - 1)
#define MODE_LEN 4

/* The functions of the account whose calls the policy can read. */
static const uint8_t selectors[][4] = {
    {0x51, 0x94, 0x54, 0x47}, {0x34, 0xfc, 0xd5, 0xbe}, {0xb6, 0x8d, 0xf1, 0x6d}};

/* ---- Reading ---- */

static vk_status read_selector(const cJSON *object, vk_grant *out, vk_error *err) {
    uint8_t *selector = out->account.selector;
    memcpy(selector, selectors[0], sizeof selectors[0]);
    if (vk_json_get(object, "selector") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_fixed(object, "selector", NULL, selector, sizeof selectors[0], err);
    for (size_t i = 0; i < sizeof selectors / sizeof selectors[0] && status == VK_OK; i++) {
        if (memcmp(selector, selectors[i], sizeof selectors[i]) == 0) {
            return VK_OK;
        }
    }
    return status != VK_OK
               ? status
               : vk_fail(err, VK_ERR_UNSUPPORTED, "selector",
                         "0x%02x%02x%02x%02x is none of execute (0x51945447), executeBatch "
                         "(0x34fcd5be) and executeDelegateCall (0xb68df16d), so no policy could "
                         "read its calls",
                         selector[0], selector[1], selector[2], selector[3]);
}

static vk_status read_time(const cJSON *object, const char *name, uint64_t *out, vk_error *err) {
    return vk_json_get(object, name) == NULL ? VK_OK
                                             : vk_json_u64(object, name, NULL, TIME_MAX, out, err);
}

static vk_status read_window(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = read_time(object, "validAfter", &out->valid_after, err);
    if (status == VK_OK) {
        status = read_time(object, "validUntil", &out->valid_until, err);
    }
    bool closed = out->valid_until != 0 && out->valid_after > out->valid_until;
    if (status == VK_OK && closed) {
        status = vk_fail(err, VK_ERR_POLICY, "validAfter",
                         "the window of the approval can never be open: it begins at %" PRIu64
                         ", after its end at %" PRIu64
                         " (the SDK writes the two the other way round than the contract reads "
                         "them)",
                         out->valid_after, out->valid_until);
    }
    return status;
}

static vk_status read_approval(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = vk_grant_read_pre_installed(object, out, err);
    bool given = vk_json_get(object, "enableSignature") != NULL;
    if (status == VK_OK && given && out->account.pre_installed) {
        return vk_fail(err, VK_ERR_FORMAT, "enableSignature",
                       "\"enableSignature\" is given, but the plug-in is installed already");
    }
    return status != VK_OK || out->account.pre_installed
               ? status
               : vk_json_bytes(object, "enableSignature", NULL, VK_SERIALIZED_MAX,
                               &out->account.enable_signature, err);
}

static vk_status check_version(const vk_grant *grant, vk_error *err) {
    return grant->kernel >= VK_KERNEL_0_2_2 && grant->kernel <= VK_KERNEL_0_2_4
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion",
                         "grants of the kind \"plugin\" are for Kernel 0.2.2, 0.2.3 and 0.2.4, "
                         "not for %s",
                         vk_kernel_text(grant->kernel));
}

static vk_status read_members(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status (*const readers[])(const cJSON *, vk_grant *, vk_error *) = {
        vk_grant_read_kernel, vk_grant_read_account, read_selector,
        read_window,          read_approval,         vk_grant_read_owner};
    vk_status status = VK_OK;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && status == VK_OK; i++) {
        status = readers[i](object, out, err);
    }
    if (status == VK_OK) {
        status = vk_grant_settle(out, err);
    }
    return status == VK_OK ? check_version(out, err) : status;
}

static vk_status derive(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                        vk_error *err) {
    vk_root root = vk_grant_root_of(signer);
    const vk_validator *validator =
        vk_validator_named(root.kind == VK_ROOT_PASSKEY ? "passkey" : "ecdsa", grant->kernel);
    vk_status status =
        validator == NULL ? VK_ERR_UNSUPPORTED : vk_root_enable_data(&root, &grant->enable_data);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    grant->validator = validator->address;
    return vk_grant_derive_id(grant, policy, signer, err);
}

/* ---- Checking ---- */

/* The validator keeps one key an account. */
static vk_status check_contract(const vk_grant *grant, const vk_signer *signer, vk_error *err) {
    if (!vk_address_equal(&grant->validator, &grant->root.validator)) {
        return VK_OK;
    }
    char text[43];
    vk_address_text(&grant->validator, text);
    bool passkey = signer->kind == VK_SIGNER_WEBAUTHN;
    return vk_fail(err, VK_ERR_UNSUPPORTED, "rootValidator",
                   "the owner is kept by the %s validator (%s), the one that the session key would "
                   "be enabled in: it keeps one key an account, so enabling this one would replace "
                   "the owner. Use %s key",
                   passkey ? "passkey" : "ECDSA", text, passkey ? "a secp256k1" : "a passkey");
}

static vk_status check(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                       vk_error *err) {
    (void)policy;
    vk_status status = check_contract(grant, signer, err);
    return status == VK_OK && grant->root.kind != VK_ROOT_UNKNOWN
               ? vk_grant_check_validator(grant, "rootValidator", err)
               : status;
}

static vk_status check_approval(const vk_grant *grant, vk_error *err) {
    vk_enable_v2 enable;
    vk_hash digest;
    vk_grant_enable_v2(grant, &enable);
    vk_status status = vk_enable_v2_digest(&enable, &digest, err);
    return status == VK_OK ? vk_grant_check_approval(grant, &digest, err) : status;
}

/* ---- Writing ---- */

static vk_status write_members(const vk_grant *grant, vk_buf *out) {
    const vk_serialized_account *account = &grant->account;
    vk_grant_put_account(grant, out);
    vk_grant_put_owner(&grant->root, out);
    vk_grant_put_bytes("selector", (vk_bytes){account->selector, sizeof account->selector}, out);
    vk_buf_printf(out, ",\"validAfter\":%" PRIu64 ",\"validUntil\":%" PRIu64, grant->valid_after,
                  grant->valid_until);
    if (account->pre_installed) {
        vk_buf_put_text(out, ",\"preInstalled\":true");
    } else {
        vk_grant_put_bytes("enableSignature", vk_buf_view(&account->enable_signature), out);
    }
    return vk_buf_status(out);
}

/* ---- At work ---- */

void vk_grant_enable_v2(const vk_grant *grant, vk_enable_v2 *out) {
    *out = (vk_enable_v2){.kernel = grant->kernel,
                          .chain_id = grant->chain_id,
                          .account = grant->account.account,
                          .valid_after = grant->valid_after,
                          .valid_until = grant->valid_until,
                          .validator = grant->validator,
                          .enable_data = vk_buf_view(&grant->enable_data)};
    memcpy(out->selector, grant->account.selector, sizeof out->selector);
}

static vk_status attach(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                        vk_buf *out) {
    vk_enable_v2 enable;
    if (!vk_grant_installs(grant, op)) {
        return vk_v2_signature(VK_V2_PLUGIN, session_part, out);
    }
    vk_grant_enable_v2(grant, &enable);
    return vk_enable_v2_signature(&enable, vk_buf_view(&grant->account.enable_signature),
                                  session_part, out, NULL);
}

static size_t attached_len(const vk_grant *grant, const vk_userop *op, size_t session_part_len) {
    vk_enable_v2 enable;
    if (!vk_grant_installs(grant, op)) {
        return MODE_LEN + session_part_len;
    }
    vk_grant_enable_v2(grant, &enable);
    return vk_enable_v2_signature_len(&enable, grant->account.enable_signature.len,
                                      session_part_len);
}

static const char *const members[] = {
    "key",        "kind",        "chainId",         "kernelVersion", "entryPoint",
    "account",    "factoryData", "owner",           "rootValidator", "selector",
    "validAfter", "validUntil",  "enableSignature", "preInstalled",  "start",
    NULL};

const vk_grant_form vk_grant_form_plugin = {.name = "plugin",
                                            .members = members,
                                            .read = read_members,
                                            .derive = derive,
                                            .check = check,
                                            .check_approval = check_approval,
                                            .write = write_members,
                                            .attach = attach,
                                            .attached_len = attached_len};
