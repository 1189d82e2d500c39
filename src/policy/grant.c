/* Grants: a policy and a signer tied to an account, and the owner's approval of that. */
#include "base/json.h"
#include "kernel/version.h"

#include <valetkey/eth.h>
#include <valetkey/grant.h>
#include <valetkey/webauthn.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRANT_JSON_MAX (VK_SERIALIZED_MAX + 4096)
#define INSTALLED_AT_MAX (((uint64_t)1 << 48) - 1)

/* ---- Reading ---- */

static vk_status read_chain(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = vk_json_u64(object, "chainId", NULL, UINT64_MAX, &out->chain_id, err);
    if (status != VK_OK) {
        return status;
    }
    out->entry_point_version = VK_ENTRY_POINT_0_7;
    out->entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    if (vk_json_get(object, "entryPoint") == NULL) {
        return VK_OK;
    }
    vk_address given;
    status = vk_json_address(object, "entryPoint", NULL, &given, err);
    if (status != VK_OK || vk_address_equal(&given, &out->entry_point)) {
        return status;
    }
    char expected[43], actual[43];
    vk_address_text(&out->entry_point, expected);
    vk_address_text(&given, actual);
    return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                   "Kernel 0.3.1 on works with EntryPoint 0.7 (%s), not with %s", expected, actual);
}

bool vk_grant_supports(vk_kernel_version kernel) {
    return kernel >= VK_KERNEL_0_3_1 && kernel <= VK_KERNEL_0_3_3;
}

static vk_status read_kernel(const cJSON *object, vk_grant *out, vk_error *err) {
    const char *text;
    if (vk_json_get(object, "kernelVersion") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(object, "kernelVersion", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    out->kernel = vk_kernel_read(text);
    return vk_grant_supports(out->kernel)
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion",
                         "Kernel \"%.20s\" is not supported: 0.3.1, 0.3.2 and "
                         "0.3.3 are",
                         text);
}

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

static vk_status read_passkey_owner(const cJSON *owner, vk_root *out, vk_error *err) {
    static const char *const names[] = {"x", "y", NULL};
    vk_path path = vk_path_member(NULL, "owner");
    vk_status status = vk_json_only(owner, names, &path, err);
    out->point65[0] = 0x04;
    if (status == VK_OK) {
        status = vk_json_fixed(owner, "x", &path, out->point65 + 1, 32, err);
    }
    if (status == VK_OK) {
        status = vk_json_fixed(owner, "y", &path, out->point65 + 33, 32, err);
    }
    if (status == VK_OK && vk_p256_check_point(out->point65) != VK_OK) {
        status = vk_fail(err, VK_ERR_FORMAT, path.text, "the owner is not a point of P-256");
    }
    return status;
}

static vk_status read_validator(const cJSON *object, vk_root *root, vk_error *err) {
    bool passkey = root->kind == VK_ROOT_PASSKEY;
    root->validator = vk_root_validator(root->kind);
    if (vk_json_get(object, "rootValidator") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_address(object, "rootValidator", NULL, &root->validator, err);
    if (status != VK_OK) {
        return status;
    }
    vk_root_kind kind = vk_root_kind_of(&root->validator);
    if (kind == VK_ROOT_UNKNOWN || (kind == VK_ROOT_PASSKEY) != passkey) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "rootValidator",
                       "\"rootValidator\" is not a validator of ZeroDev for %s owners",
                       passkey ? "passkey" : "ECDSA");
    }
    root->kind = kind;
    return VK_OK;
}

/* The owner as the grant's JSON tells it; VK_ROOT_UNKNOWN if it does not. */
static vk_status read_owner(const cJSON *object, vk_root *out, vk_error *err) {
    const cJSON *owner = vk_json_get(object, "owner");
    if (owner == NULL) {
        return vk_json_get(object, "rootValidator") == NULL
                   ? VK_OK
                   : vk_fail(err, VK_ERR_FORMAT, "rootValidator",
                             "\"rootValidator\" is given without \"owner\"");
    }
    bool passkey = cJSON_IsObject(owner);
    out->kind = passkey ? VK_ROOT_PASSKEY : VK_ROOT_ECDSA;
    vk_status status = passkey ? read_passkey_owner(owner, out, err)
                               : vk_json_address(object, "owner", NULL, &out->owner, err);
    return status == VK_OK ? read_validator(object, out, err) : status;
}

/* ---- What the factory data tells ---- */

static bool same_owner(const vk_root *a, const vk_root *b) {
    return a->kind == b->kind && vk_address_equal(&a->owner, &b->owner) &&
           memcmp(a->point65, b->point65, sizeof a->point65) == 0;
}

static vk_status compare_account(const vk_account_init *init, const vk_grant *grant,
                                 vk_error *err) {
    if (vk_address_equal(&init->account, &grant->account.account)) {
        return VK_OK;
    }
    char computed[43], stored[43];
    vk_address_text(&init->account, computed);
    vk_address_text(&grant->account.account, stored);
    return vk_fail(err, VK_ERR_MISMATCH, "accountParams.accountAddress",
                   "the account's factory data deploys %s, not %s", computed, stored);
}

static void owner_text(const vk_root *root, char text[140]) {
    if (root->kind != VK_ROOT_PASSKEY) {
        vk_address_text(&root->owner, text);
        return;
    }
    text += sprintf(text, "x||y 0x");
    for (size_t i = 1; i < sizeof root->point65; i++) {
        text += sprintf(text, "%02x", root->point65[i]);
    }
}

static vk_status check_root(const vk_account_init *init, vk_grant *grant, vk_error *err) {
    if (init->root.kind == VK_ROOT_UNKNOWN) {
        if (grant->root.kind == VK_ROOT_UNKNOWN) {
            grant->root.validator = init->root.validator;
        }
        return VK_OK;
    }
    if (grant->root.kind != VK_ROOT_UNKNOWN && !same_owner(&grant->root, &init->root)) {
        char given[140], told[140];
        owner_text(&grant->root, given);
        owner_text(&init->root, told);
        return vk_fail(err, VK_ERR_MISMATCH, "owner",
                       "the owner %s is not the one in the account's factory data, %s, or has "
                       "another validator there",
                       given, told);
    }
    grant->root = init->root;
    return VK_OK;
}

static vk_status apply_factory_data(vk_grant *grant, vk_error *err) {
    if (grant->account.factory_data.len == 0) {
        return VK_OK;
    }
    vk_account_init init;
    vk_status status =
        vk_account_init_read(vk_buf_view(&grant->account.factory_data), grant->kernel, &init, err);
    if (status != VK_OK) {
        return status;
    }
    if (init.kernel != VK_KERNEL_UNKNOWN && !vk_grant_supports(init.kernel)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "initCode",
                       "the account's factory data is of Kernel %s: 0.3.1, 0.3.2 and 0.3.3 are "
                       "supported",
                       vk_kernel_text(init.kernel));
    }
    if (init.kernel != VK_KERNEL_UNKNOWN) {
        grant->kernel = init.kernel;
        status = compare_account(&init, grant, err);
    }
    return status == VK_OK ? check_root(&init, grant, err) : status;
}

/* Under EIP-7702 the account is its own owner. */
static void apply_eip7702(vk_grant *grant) {
    if (grant->account.factory_data.len == 0 && grant->root.kind == VK_ROOT_UNKNOWN) {
        grant->root.kind = VK_ROOT_ECDSA;
        grant->root.owner = grant->account.account;
    }
}

static vk_status read_object(const cJSON *object, vk_grant *out, vk_error *err) {
    static const char *const names[] = {
        "chainId",       "kernelVersion", "entryPoint", "serializedAccount", "owner",
        "rootValidator", "enableNonce",   "hook",       "installedAt",       NULL};
    vk_status status = vk_json_only(object, names, NULL, err);
    vk_status (*const readers[])(const cJSON *, vk_grant *, vk_error *) = {
        read_chain, read_kernel, read_account, read_nonce, read_hook, read_installed_at};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && status == VK_OK; i++) {
        status = readers[i](object, out, err);
    }
    if (status == VK_OK) {
        status = read_owner(object, &out->root, err);
    }
    if (status == VK_OK) {
        status = apply_factory_data(out, err);
    }
    if (status == VK_OK && out->kernel == VK_KERNEL_UNKNOWN) {
        status = vk_fail(err, VK_ERR_FORMAT, "kernelVersion",
                         "the Kernel version cannot be told from the account: give "
                         "\"kernelVersion\"");
    }
    if (status == VK_OK) {
        apply_eip7702(out);
    }
    return status;
}

vk_status vk_grant_read_checked(const char *json, size_t json_len, const vk_policy *policy,
                                const vk_signer *signer, vk_grant *out, vk_error *err) {
    cJSON *object = NULL;
    vk_grant grant = {0};
    vk_status status =
        vk_json_parse((vk_bytes){(const uint8_t *)json, json_len}, GRANT_JSON_MAX, &object, err);
    if (status == VK_OK) {
        status = read_object(object, &grant, err);
    }
    if (status == VK_OK) {
        status = vk_policy_enable_data(policy, signer, &grant.enable_data);
    }
    cJSON_Delete(object);
    if (status != VK_OK) {
        vk_grant_clear(&grant);
        return status;
    }
    *out = grant;
    return VK_OK;
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
    vk_status status = hash_rule(stored, &a);
    if (status == VK_OK) {
        status = hash_rule(own, &b);
    }
    if (status != VK_OK || memcmp(a.b, b.b, sizeof a.b) == 0) {
        return status;
    }
    vk_path list = vk_path_member(NULL, "permissionParams.policies");
    vk_path path = vk_path_index(&list, index);
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
    if (grant->account.pre_installed) {
        return VK_OK;
    }
    if (grant->root.kind == VK_ROOT_UNKNOWN) {
        char validator[43];
        vk_address_text(&grant->root.validator, validator);
        return vk_fail(err, VK_ERR_UNSUPPORTED, "owner",
                       "the account's root validator %s is not one of ZeroDev's, so the owner's "
                       "approval can only be verified if \"owner\" is given",
                       validator);
    }
    vk_enable enable;
    vk_hash digest;
    vk_grant_enable(grant, &enable);
    vk_status status = vk_enable_digest(&enable, &digest);
    return status == VK_OK ? vk_enable_verify(&grant->root, &digest,
                                              vk_buf_view(&grant->account.enable_signature), err)
                           : status;
}

vk_status vk_grant_read(const char *json, size_t json_len, const vk_policy *policy,
                        const vk_signer *signer, vk_grant *out, vk_error *err) {
    vk_grant grant;
    vk_status status = vk_grant_read_checked(json, json_len, policy, signer, &grant, err);
    if (status != VK_OK) {
        return status;
    }
    status = check_policies(&grant, policy, err);
    if (status == VK_OK) {
        status = check_permission_id(&grant, policy, signer, err);
    }
    if (status == VK_OK) {
        status = check_approval(&grant, err);
    }
    if (status != VK_OK) {
        vk_grant_clear(&grant);
        return status;
    }
    *out = grant;
    return VK_OK;
}

/* ---- Writing ---- */

/* Also where the factory data tells it, since the reader compares. Under EIP-7702 there is no
 * validator, and the account itself is the owner. */
static void put_owner(const vk_root *root, vk_buf *out) {
    if (root->kind == VK_ROOT_UNKNOWN || vk_address_is_zero(&root->validator)) {
        return;
    }
    char text[43];
    if (root->kind == VK_ROOT_PASSKEY) {
        vk_buf_put_text(out, ",\"owner\":{\"x\":\"");
        vk_hex_put(out, (vk_bytes){root->point65 + 1, 32});
        vk_buf_put_text(out, "\",\"y\":\"");
        vk_hex_put(out, (vk_bytes){root->point65 + 33, 32});
        vk_buf_put_text(out, "\"}");
    } else {
        vk_address_text(&root->owner, text);
        vk_buf_printf(out, ",\"owner\":\"%s\"", text);
    }
    vk_address_text(&root->validator, text);
    vk_buf_printf(out, ",\"rootValidator\":\"%s\"", text);
}

vk_status vk_grant_write(const vk_grant *grant, vk_buf *out) {
    char entry_point[43];
    vk_address_text(&grant->entry_point, entry_point);
    vk_buf_printf(out,
                  "{\"chainId\":%" PRIu64 ",\"kernelVersion\":\"%s\",\"entryPoint\":\"%s\","
                  "\"serializedAccount\":\"",
                  grant->chain_id, vk_kernel_text(grant->kernel), entry_point);
    vk_status status = vk_serialized_write(&grant->account, out);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_byte(out, '"');
    put_owner(&grant->root, out);
    vk_buf_printf(out, ",\"enableNonce\":%" PRIu32, grant->enable_nonce);
    if (!vk_address_is_zero(&grant->hook)) {
        char hook[43];
        vk_address_text(&grant->hook, hook);
        vk_buf_printf(out, ",\"hook\":\"%s\"", hook);
    }
    if (grant->installed_at != 0) {
        vk_buf_printf(out, ",\"installedAt\":%" PRIu64, grant->installed_at);
    }
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

void vk_grant_clear(vk_grant *grant) {
    vk_serialized_clear(&grant->account);
    vk_buf_clear(&grant->enable_data);
    *grant = (vk_grant){0};
}
