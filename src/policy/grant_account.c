/* What grants say of a Kernel account: version, EntryPoint, factory data, owner. */
#include "kernel/version.h"
#include "policy/grant_form.h"

#include <valetkey/webauthn.h>

#include <stdio.h>
#include <string.h>

/* ---- Members ---- */

vk_status vk_grant_read_kernel(const cJSON *object, vk_grant *out, vk_error *err) {
    const char *text;
    if (vk_json_get(object, "kernelVersion") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(object, "kernelVersion", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    out->kernel = vk_kernel_read(text);
    return out->kernel != VK_KERNEL_UNKNOWN
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion",
                         "Kernel \"%.20s\" is not known: v1, 0.0.2, 0.2.2 to 0.2.4 and 0.3.0 to "
                         "0.3.3 are",
                         text);
}

vk_status vk_grant_read_account(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = vk_json_address(object, "account", NULL, &out->account.account, err);
    if (status != VK_OK || vk_json_get(object, "factoryData") == NULL) {
        return status;
    }
    return vk_json_bytes(object, "factoryData", NULL, VK_SERIALIZED_MAX, &out->account.factory_data,
                         err);
}

vk_status vk_grant_read_pre_installed(const cJSON *object, vk_grant *out, vk_error *err) {
    return vk_json_get(object, "preInstalled") == NULL
               ? VK_OK
               : vk_json_bool(object, "preInstalled", NULL, &out->account.pre_installed, err);
}

/* ---- The owner ---- */

vk_root vk_grant_root_of(const vk_signer *signer) {
    vk_root root = {.kind = VK_ROOT_ECDSA, .owner = signer->address};
    if (signer->kind == VK_SIGNER_WEBAUTHN) {
        root = (vk_root){.kind = VK_ROOT_PASSKEY,
                         .point65 = {0x04},
                         .authenticator_id_hash = signer->authenticator_id_hash};
        memcpy(root.point65 + 1, signer->x, sizeof signer->x);
        memcpy(root.point65 + 33, signer->y, sizeof signer->y);
    }
    return root;
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

vk_status vk_grant_read_owner(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_root *root = &out->root;
    const cJSON *owner = vk_json_get(object, "owner");
    if (owner == NULL) {
        return vk_json_get(object, "rootValidator") == NULL
                   ? VK_OK
                   : vk_fail(err, VK_ERR_FORMAT, "rootValidator",
                             "\"rootValidator\" is given without \"owner\"");
    }
    bool passkey = cJSON_IsObject(owner);
    root->kind = passkey ? VK_ROOT_PASSKEY : VK_ROOT_ECDSA;
    vk_status status = passkey ? read_passkey_owner(owner, root, err)
                               : vk_json_address(object, "owner", NULL, &root->owner, err);
    return status == VK_OK ? read_validator(object, root, err) : status;
}

/* ---- What the factory data tell ---- */

static bool same_owner(const vk_root *a, const vk_root *b) {
    return a->kind == b->kind && vk_address_equal(&a->owner, &b->owner) &&
           memcmp(a->point65, b->point65, sizeof a->point65) == 0;
}

static vk_status compare_account(const vk_account_init *init, const vk_grant *grant,
                                 vk_error *err) {
    /* The code that the factories of v1 and 0.0.2 deploy is not known. */
    if (vk_address_is_zero(&init->account) ||
        vk_address_equal(&init->account, &grant->account.account)) {
        return VK_OK;
    }
    char computed[43], stored[43];
    vk_address_text(&init->account, computed);
    vk_address_text(&grant->account.account, stored);
    return vk_fail(err, VK_ERR_MISMATCH,
                   grant->kind == VK_GRANT_PERMISSION ? "accountParams.accountAddress" : "account",
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

static vk_status take_root(const vk_account_init *init, vk_grant *grant, vk_error *err) {
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
    if (init.kernel != VK_KERNEL_UNKNOWN) {
        grant->kernel = init.kernel;
        status = compare_account(&init, grant, err);
    }
    return status == VK_OK ? take_root(&init, grant, err) : status;
}

/* ---- Version and EntryPoint ---- */

static vk_status settle_entry_point(vk_grant *grant, vk_error *err) {
    vk_entry_point published = vk_kernel_entry_point(grant->kernel);
    if (grant->entry_point_version == VK_ENTRY_POINT_UNKNOWN) {
        grant->entry_point_version = published;
        grant->entry_point = vk_entry_point_address(published);
    }
    vk_error inner = {0};
    vk_status status =
        vk_kernel_check_entry_point(grant->kernel, grant->entry_point_version, true, &inner);
    if (status != VK_OK) {
        return vk_fail(err, status, "entryPoint", "%s", inner.message);
    }
    if (grant->entry_point_version != published && grant->account.factory_data.len > 0) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "initCode",
                       "no deployment of Kernel %s for EntryPoint %s is published, so factory data "
                       "cannot be checked: leave it empty and name the account and its owner",
                       vk_kernel_text(grant->kernel),
                       vk_entry_point_text(grant->entry_point_version));
    }
    return VK_OK;
}

static void settle_validator(vk_grant *grant) {
    vk_root *root = &grant->root;
    const vk_validator *published =
        vk_validator_named(root->kind == VK_ROOT_PASSKEY ? "passkey" : "ecdsa", grant->kernel);
    if (root->kind != VK_ROOT_UNKNOWN && vk_address_is_zero(&root->validator) &&
        published != NULL) {
        root->validator = published->address;
    }
}

/* Under EIP-7702 the account is its own owner. */
static void apply_eip7702(vk_grant *grant) {
    if (grant->account.factory_data.len == 0 && grant->root.kind == VK_ROOT_UNKNOWN &&
        grant->kernel >= VK_KERNEL_0_3_0) {
        grant->root.kind = VK_ROOT_ECDSA;
        grant->root.owner = grant->account.account;
    }
}

vk_status vk_grant_settle(vk_grant *grant, vk_error *err) {
    vk_status status = apply_factory_data(grant, err);
    if (status == VK_OK && grant->kernel == VK_KERNEL_UNKNOWN) {
        status = vk_fail(err, VK_ERR_FORMAT, "kernelVersion",
                         "the Kernel version cannot be told from the account: give "
                         "\"kernelVersion\"");
    }
    if (status == VK_OK) {
        status = settle_entry_point(grant, err);
    }
    if (status == VK_OK) {
        settle_validator(grant);
        apply_eip7702(grant);
    }
    return status;
}

vk_status vk_grant_check_validator(const vk_grant *grant, const char *path, vk_error *err) {
    const vk_validator *found;
    vk_error inner = {0};
    if (grant->kernel == VK_KERNEL_V1) {
        return VK_OK;
    }
    vk_status status =
        vk_validator_accept(&grant->root.validator, grant->kernel, false, &found, &inner);
    return status == VK_OK ? VK_OK : vk_fail(err, status, path, "%s", inner.message);
}

/* ---- Approvals ---- */

vk_status vk_grant_check_approval(const vk_grant *grant, const vk_hash *digest, vk_error *err) {
    if (grant->root.kind == VK_ROOT_UNKNOWN && vk_address_is_zero(&grant->root.validator)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "owner",
                       "the account's factory data, which would tell the owner, is not there: give "
                       "\"owner\", so that his approval can be verified");
    }
    if (grant->root.kind == VK_ROOT_UNKNOWN) {
        char validator[43];
        vk_address_text(&grant->root.validator, validator);
        return vk_fail(err, VK_ERR_UNSUPPORTED, "owner",
                       "the account's root validator %s is not one of ZeroDev's, so the owner's "
                       "approval can only be verified if \"owner\" is given",
                       validator);
    }
    return vk_enable_verify(&grant->root, digest, vk_buf_view(&grant->account.enable_signature),
                            err);
}

vk_status vk_grant_derive_id(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                             vk_error *err) {
    vk_status status = vk_policy_permission_id(policy, signer, grant->account.permission_id);
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

bool vk_grant_wants_mode(vk_kernel_version kernel) {
    return kernel >= VK_KERNEL_0_0_2 && kernel <= VK_KERNEL_0_2_4;
}

/* ---- Writing ---- */

void vk_grant_put_account(const vk_grant *grant, vk_buf *out) {
    vk_buf_printf(out, ",\"kernelVersion\":\"%s\"", vk_kernel_text(grant->kernel));
    vk_grant_put_address("account", &grant->account.account, out);
    if (grant->account.factory_data.len > 0) {
        vk_grant_put_bytes("factoryData", vk_buf_view(&grant->account.factory_data), out);
    }
}

/* Also where the factory data tell it, since the reader compares. Under EIP-7702 there is no
 * validator, and the account itself is the owner. */
void vk_grant_put_owner(const vk_root *root, vk_buf *out) {
    if (root->kind == VK_ROOT_UNKNOWN || vk_address_is_zero(&root->validator)) {
        return;
    }
    if (root->kind == VK_ROOT_PASSKEY) {
        vk_buf_put_text(out, ",\"owner\":{\"x\":\"");
        vk_hex_put(out, (vk_bytes){root->point65 + 1, 32});
        vk_buf_put_text(out, "\",\"y\":\"");
        vk_hex_put(out, (vk_bytes){root->point65 + 33, 32});
        vk_buf_put_text(out, "\"}");
    } else {
        vk_grant_put_address("owner", &root->owner, out);
    }
    vk_grant_put_address("rootValidator", &root->validator, out);
}
