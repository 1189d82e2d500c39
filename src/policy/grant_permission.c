/* Grants of permissions: a policy and a signer tied to a Kernel account of 0.3.0 on. */
#include "policy/grant_form.h"

#include <valetkey/eth.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INSTALLED_AT_MAX (((uint64_t)1 << 48) - 1)

/* ---- Reading ---- */

static vk_status read_account(const cJSON *object, vk_grant *out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, "serializedAccount", NULL, &text, err);
    return status == VK_OK ? vk_serialized_read(text, strlen(text), &out->account, err) : status;
}

static vk_status read_nonce(const cJSON *object, vk_grant *out, vk_error *err) {
    uint64_t nonce = 1;
    vk_status status = VK_OK;
    if (vk_json_get(object, "enableNonce") != NULL) {
        status = vk_json_u64(object, "enableNonce", NULL, UINT32_MAX, &nonce, err);
    }
    out->enable_nonce = (uint32_t)nonce;
    return status;
}

/* An operation under a real hook is wrapped in executeUserOp, which the policies here do not read.
 */
static vk_status read_hook(const cJSON *object, vk_grant *out, vk_error *err) {
    if (vk_json_get(object, "hook") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_address(object, "hook", NULL, &out->hook, err);
    vk_u256 value = vk_u256_from_be(out->hook.b, sizeof out->hook.b);
    if (status == VK_OK && !vk_u256_fits(&value, 1)) {
        status = vk_fail(err, VK_ERR_UNSUPPORTED, "hook",
                         "permissions with a hook are not supported: \"hook\" must be the zero "
                         "address or 0x0000000000000000000000000000000000000001");
    }
    return status;
}

static vk_status read_installed_at(const cJSON *object, vk_grant *out, vk_error *err) {
    if (vk_json_get(object, "installedAt") == NULL) {
        return VK_OK;
    }
    if (!out->account.pre_installed) {
        return vk_fail(err, VK_ERR_FORMAT, "installedAt",
                       "\"installedAt\" is only for a permission that is installed already "
                       "(\"isPreInstalled\" of the serialized account)");
    }
    return vk_json_u64(object, "installedAt", NULL, INSTALLED_AT_MAX, &out->installed_at, err);
}

static vk_status check_version(const vk_grant *grant, const char *path, vk_error *err) {
    return grant->kernel == VK_KERNEL_UNKNOWN || vk_kernel_has_permissions(grant->kernel)
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, path,
                         "Kernel %s has no permissions, 0.3.0 on have them: a grant for it is of "
                         "the kind \"plugin\" or \"owner\"",
                         vk_kernel_text(grant->kernel));
}

static vk_status read_members(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = vk_grant_read_kernel(object, out, err);
    if (status == VK_OK) {
        status = check_version(out, "kernelVersion", err);
    }
    vk_status (*const readers[])(const cJSON *, vk_grant *, vk_error *) = {
        read_account, read_nonce, read_hook, read_installed_at, vk_grant_read_owner};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && status == VK_OK; i++) {
        status = readers[i](object, out, err);
    }
    if (status == VK_OK) {
        status = vk_grant_settle(out, err);
    }
    return status == VK_OK ? check_version(out, "initCode", err) : status;
}

static vk_status derive(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                        vk_error *err) {
    grant->validator = signer->contract;
    vk_status status = vk_policy_enable_data(policy, signer, &grant->enable_data);
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

/* ---- Checking ---- */

/* What the chain gets of a rule: flag2 || address20 || policyData, hashed for the message. */
static vk_status hash_rule(const vk_rule *rule, vk_hash *out) {
    uint8_t flag[2] = {(uint8_t)(rule->flag >> 8), (uint8_t)rule->flag};
    vk_buf entry = {0};
    vk_buf_put(&entry, flag, sizeof flag);
    vk_buf_put(&entry, rule->address.b, sizeof rule->address.b);
    vk_status status = vk_rule_encode(rule, &entry);
    if (status == VK_OK) {
        *out = vk_keccak256(vk_buf_view(&entry));
    }
    vk_buf_clear(&entry);
    return status;
}

static vk_status compare_rule(const vk_rule *stored, const vk_rule *own, size_t index,
                              vk_error *err) {
    vk_hash a, b;
    vk_path list = vk_path_member(NULL, "permissionParams.policies");
    vk_path path = vk_path_index(&list, index);
    vk_status status = hash_rule(stored, &a);
    if (status == VK_OK) {
        status = hash_rule(own, &b);
    }
    if (status != VK_OK) {
        return vk_fail(err, status, path.text, "%s", vk_status_text(status));
    }
    if (memcmp(a.b, b.b, sizeof a.b) == 0) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_MISMATCH, path.text,
                   "the account's policy (%s, encoded with hash 0x%02x%02x%02x%02x...) is not the "
                   "key's (%s, 0x%02x%02x%02x%02x...)",
                   vk_rule_name(stored->kind), a.b[0], a.b[1], a.b[2], a.b[3],
                   vk_rule_name(own->kind), b.b[0], b.b[1], b.b[2], b.b[3]);
}

static vk_status compare_policies(const vk_policy *stored, const vk_policy *own, vk_error *err) {
    if (stored->count != own->count) {
        return vk_fail(err, VK_ERR_MISMATCH, "permissionParams.policies",
                       "the account has %zu policies, the key %zu", stored->count, own->count);
    }
    vk_status status = VK_OK;
    for (size_t i = 0; i < own->count && status == VK_OK; i++) {
        status = compare_rule(&stored->rules[i], &own->rules[i], i, err);
    }
    return status;
}

static vk_status check_policies(const vk_grant *grant, const vk_policy *policy, vk_error *err) {
    vk_policy stored;
    vk_status status =
        vk_policy_read(grant->account.policies, strlen(grant->account.policies), &stored, err);
    if (status == VK_OK) {
        status = compare_policies(&stored, policy, err);
        vk_policy_clear(&stored);
    }
    return status;
}

static vk_status check_permission_id(const vk_grant *grant, const vk_policy *policy,
                                     const vk_signer *signer, vk_error *err) {
    uint8_t id4[4];
    vk_status status = vk_policy_permission_id(policy, signer, id4);
    return status == VK_OK ? vk_serialized_check_id(&grant->account, id4, err) : status;
}

static vk_status check_approval(const vk_grant *grant, vk_error *err) {
    vk_enable enable;
    vk_hash digest;
    vk_grant_enable(grant, &enable);
    vk_status status = vk_enable_digest(&enable, &digest);
    return status == VK_OK ? vk_grant_check_approval(grant, &digest, err) : status;
}

static vk_status check(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                       vk_error *err) {
    vk_status status = check_policies(grant, policy, err);
    return status == VK_OK ? check_permission_id(grant, policy, signer, err) : status;
}

/* ---- Writing ---- */

static vk_status write_members(const vk_grant *grant, vk_buf *out) {
    vk_buf_printf(out, ",\"kernelVersion\":\"%s\",\"serializedAccount\":\"",
                  vk_kernel_text(grant->kernel));
    vk_status status = vk_serialized_write(&grant->account, out);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_byte(out, '"');
    vk_grant_put_owner(&grant->root, out);
    vk_buf_printf(out, ",\"enableNonce\":%" PRIu32, grant->enable_nonce);
    if (!vk_address_is_zero(&grant->hook)) {
        vk_grant_put_address("hook", &grant->hook, out);
    }
    if (grant->installed_at != 0) {
        vk_buf_printf(out, ",\"installedAt\":%" PRIu64, grant->installed_at);
    }
    return vk_buf_status(out);
}

/* ---- At work ---- */

void vk_grant_enable(const vk_grant *grant, vk_enable *out) {
    const vk_serialized_account *account = &grant->account;
    *out = (vk_enable){.kernel = grant->kernel,
                       .chain_id = grant->chain_id,
                       .account = account->account,
                       .nonce = grant->enable_nonce,
                       .hook = grant->hook,
                       .enable_data = vk_buf_view(&grant->enable_data),
                       .action_target = account->action_target,
                       .action_hook = vk_enable_action_hook(grant->kernel, account->selector,
                                                            &account->action_target)};
    memcpy(out->permission_id, account->permission_id, sizeof out->permission_id);
    memcpy(out->selector, account->selector, sizeof out->selector);
}

static vk_status match_nonce(const vk_grant *grant, const vk_kernel_nonce *nonce,
                             char reason[VK_REASON_MAX]) {
    const uint8_t *given = nonce->permission_id, *granted = grant->account.permission_id;
    if (nonce->mode > VK_NONCE_ENABLE) {
        snprintf(reason, VK_REASON_MAX,
                 "the nonce has mode %02x, but only 00 (default) and 01 (enable) are known",
                 nonce->mode);
        return VK_DENIED;
    }
    if (nonce->type != VK_NONCE_PERMISSION) {
        snprintf(reason, VK_REASON_MAX,
                 "the nonce has validation type %02x, but the grant is for a permission (02)",
                 nonce->type);
        return VK_DENIED;
    }
    if (memcmp(given, granted, 4) != 0) {
        snprintf(reason, VK_REASON_MAX,
                 "the nonce names permission 0x%02x%02x%02x%02x, but the grant is for "
                 "0x%02x%02x%02x%02x",
                 given[0], given[1], given[2], given[3], granted[0], granted[1], granted[2],
                 granted[3]);
        return VK_DENIED;
    }
    return VK_OK;
}

static vk_status attach(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                        vk_buf *out) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(&op->nonce);
    if (nonce.mode == VK_NONCE_DEFAULT) {
        vk_buf_put(out, session_part.data, session_part.len);
        return vk_buf_status(out);
    }
    if (nonce.mode != VK_NONCE_ENABLE || grant->account.pre_installed) {
        return VK_ERR_UNSUPPORTED;
    }
    vk_enable enable;
    vk_grant_enable(grant, &enable);
    return vk_enable_signature(&enable, vk_buf_view(&grant->account.enable_signature), session_part,
                               out);
}

static size_t attached_len(const vk_grant *grant, const vk_userop *op, size_t session_part_len) {
    vk_enable enable;
    if (!vk_grant_installs(grant, op)) {
        return session_part_len;
    }
    vk_grant_enable(grant, &enable);
    return vk_enable_signature_len(&enable, grant->account.enable_signature.len, session_part_len);
}

static const char *const members[] = {"kind",  "chainId",           "kernelVersion", "entryPoint",
                                      "owner", "serializedAccount", "rootValidator", "enableNonce",
                                      "hook",  "installedAt",       "start",         NULL};

const vk_grant_form vk_grant_form_permission = {.name = "permission",
                                                .members = members,
                                                .read = read_members,
                                                .derive = derive,
                                                .check = check,
                                                .check_approval = check_approval,
                                                .write = write_members,
                                                .match_nonce = match_nonce,
                                                .attach = attach,
                                                .attached_len = attached_len};
