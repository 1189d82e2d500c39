#include "batch/in_account.h"

#include "batch/in_owner.h"

#include <string.h>

static const char *const members[] = {"kernelVersion",
                                      "entryPointVersion",
                                      "entryPoint",
                                      "sudo",
                                      "ownerPrivateKey",
                                      "ownerAddress",
                                      "passkey",
                                      "permission",
                                      "validatorAddress",
                                      "validatorEnableData",
                                      "index",
                                      "useMetaFactory",
                                      "hook",
                                      "initConfig",
                                      "factory",
                                      "implementation",
                                      "eip7702Account",
                                      NULL};

static const char *const eip7702_members[] = {"kernelVersion",  "entryPointVersion", "entryPoint",
                                              "implementation", "eip7702Account",    NULL};

static const vk_owner_names owner_names = {.kind = "sudo",
                                           .validator = "validatorAddress",
                                           .secret = "ownerPrivateKey",
                                           .address = "ownerAddress",
                                           .passkey = "passkey"};

/* ---- Permissions as roots ---- */

/* {info: flag2 || address20, data}: an entry of the enable data, which the line keeps. */
static vk_bytes read_entry(const vk_in *policy) {
    static const char *const names[] = {"info", "data", NULL};
    uint8_t info[22];
    vk_in_only(policy, names);
    vk_in_fixed(policy, "info", info, sizeof info);
    vk_bytes data = vk_in_bytes(policy, "data");
    uint8_t *entry = vk_in_alloc(policy, sizeof info + data.len);
    if (entry == NULL) {
        return (vk_bytes){NULL, 0};
    }
    memcpy(entry, info, sizeof info);
    if (data.len > 0) {
        memcpy(entry + sizeof info, data.data, data.len);
    }
    return (vk_bytes){entry, sizeof info + data.len};
}

static vk_policy_entries read_entries(const vk_in *permission) {
    vk_policy_entries out = {0};
    size_t count;
    vk_in list = vk_in_list(permission, "policies", &count);
    if (count > VK_POLICIES_MAX) {
        vk_in_fail(permission, "policies", VK_ERR_SIZE,
                   "%zu policies are more than the %d that fit", count, VK_POLICIES_MAX);
        return out;
    }
    vk_bytes *entries = vk_in_alloc(permission, count * sizeof *entries);
    for (size_t i = 0; entries != NULL && i < count; i++) {
        vk_in policy = vk_in_element(&list, i);
        entries[i] = read_entry(&policy);
        out = (vk_policy_entries){i + 1, entries};
    }
    return out;
}

/* From its parts: policies and an ECDSA session key. */
static void make_permission(const vk_in *permission, vk_account *out) {
    vk_address session = vk_in_address(permission, "signerAddress");
    vk_policy_entries policies = read_entries(permission);
    vk_signer signer = vk_signer_ecdsa(&session);
    if (vk_in_status(permission) != VK_OK) {
        return;
    }
    vk_buf data = {0};
    vk_in_check(permission, NULL, vk_permission_enable_data(&policies, &signer, 0, &data));
    vk_in_check(permission, NULL, vk_permission_id(&policies, &signer, 0, out->permission_id));
    out->enable_data = vk_in_keep(permission, vk_buf_view(&data));
    vk_buf_clear(&data);
    vk_in_same_bytes(permission, "enableData", out->enable_data);
    vk_in_same_bytes(permission, "permissionId",
                     (vk_bytes){out->permission_id, sizeof out->permission_id});
}

/* The SDK calls the zero address the validator of a permission. */
static void read_permission(const vk_in *in, vk_account *out) {
    static const char *const names[] = {"signerAddress", "policies", "permissionId", "enableData",
                                        NULL};
    static const vk_address none;
    vk_in permission = vk_in_object(in, "permission");
    vk_in_only(&permission, names);
    out->root_is_permission = true;
    if (vk_in_has(&permission, "policies")) {
        make_permission(&permission, out);
    } else {
        vk_in_fixed(&permission, "permissionId", out->permission_id, sizeof out->permission_id);
        out->enable_data = vk_in_bytes(&permission, "enableData");
    }
    vk_in_same_address(in, "validatorAddress", &none);
    vk_in_same_bytes(in, "validatorEnableData", out->enable_data);
}

/* ---- Owners ---- */

static bool names_owner(const vk_in *in) {
    return vk_in_has(in, "ownerPrivateKey") || vk_in_has(in, "ownerAddress") ||
           vk_in_has(in, "passkey");
}

static void read_owner(const vk_in *in, vk_account *out) {
    vk_owner owner = vk_in_owner(in, &owner_names, out->kernel);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_buf data = {0};
    out->validator = owner.root.validator;
    vk_in_check(in, NULL, vk_root_enable_data(&owner.root, &data));
    out->enable_data = vk_in_keep(in, vk_buf_view(&data));
    vk_buf_clear(&data);
    vk_in_same_bytes(in, "validatorEnableData", out->enable_data);
}

/* v1 has no validators: an owner's address is all. */
static void read_v1_owner(const vk_in *in, vk_account *out) {
    vk_address owner = {{0}};
    if (vk_in_has(in, "sudo") && strcmp(vk_in_text(in, "sudo"), "ecdsa") != 0) {
        vk_in_fail(in, "sudo", VK_ERR_UNSUPPORTED, "Kernel v1 has ECDSA owners only");
    }
    if (vk_in_has(in, "ownerPrivateKey")) {
        (void)vk_in_private_key(in, "ownerPrivateKey", &owner);
        vk_in_same_address(in, "ownerAddress", &owner);
    } else {
        owner = vk_in_address(in, "ownerAddress");
    }
    out->enable_data = vk_in_keep(in, (vk_bytes){owner.b, sizeof owner.b});
}

/* The validator and its data as they are. */
static void read_validator(const vk_in *in, vk_account *out) {
    if (vk_in_has(in, "sudo")) {
        const char *name = vk_in_text(in, "sudo");
        const vk_validator *named = vk_validator_named(name, out->kernel);
        if (named == NULL) {
            vk_in_fail(in, "sudo", VK_ERR_UNSUPPORTED, "Kernel %s has no validator \"%.20s\"",
                       vk_kernel_text(out->kernel), name);
            return;
        }
        out->validator = named->address;
        vk_in_same_address(in, "validatorAddress", &out->validator);
    } else {
        out->validator = vk_in_address(in, "validatorAddress");
    }
    out->enable_data = vk_in_bytes(in, "validatorEnableData");
}

static void read_root(const vk_in *in, vk_account *out) {
    bool permission = vk_in_has(in, "permission") ||
                      (vk_in_has(in, "sudo") && strcmp(vk_in_text(in, "sudo"), "permission") == 0);
    if (permission) {
        read_permission(in, out);
    } else if (out->kernel == VK_KERNEL_V1) {
        read_v1_owner(in, out);
    } else if (names_owner(in)) {
        read_owner(in, out);
    } else {
        read_validator(in, out);
    }
}

/* ---- The rest ---- */

void vk_in_hook(const vk_in *in, vk_address *hook, vk_bytes *data) {
    static const char *const names[] = {"address", "data", NULL};
    *hook = (vk_address){{0}};
    *data = (vk_bytes){NULL, 0};
    if (!vk_in_has(in, "hook")) {
        return;
    }
    vk_in object = vk_in_object(in, "hook");
    vk_in_only(&object, names);
    *hook = vk_in_address(&object, "address");
    *data = vk_in_bytes_or_empty(&object, "data");
}

void vk_in_init_config(const vk_in *in, vk_account *out) {
    size_t count;
    if (!vk_in_has(in, "initConfig")) {
        return;
    }
    vk_in list = vk_in_list(in, "initConfig", &count);
    out->init_config = vk_in_alloc(in, count * sizeof *out->init_config);
    for (size_t i = 0; out->init_config != NULL && i < count; i++) {
        out->init_config[i] = vk_in_element_bytes(&list, i);
        out->init_config_count = i + 1;
    }
}

static void read_deployment(const vk_in *in, vk_account *out) {
    vk_in_hook(in, &out->hook, &out->hook_data);
    vk_in_init_config(in, out);
    if (vk_in_has(in, "index")) {
        out->index = vk_in_u256(in, "index", 256);
    }
    out->factory = vk_in_address_or_zero(in, "factory");
    out->use_meta_factory = vk_in_bool(in, "useMetaFactory", !vk_in_has(in, "factory"));
}

vk_account vk_in_account(const vk_in *in) {
    vk_account account = {0};
    bool eip7702 = vk_in_has(in, "eip7702Account");
    vk_in_only(in, eip7702 ? eip7702_members : members);
    account.kernel = vk_in_kernel(in, "kernelVersion");
    if (vk_in_has(in, "entryPointVersion") || vk_in_has(in, "entryPoint")) {
        account.entry_point = vk_in_entry_point(in, NULL);
    }
    account.implementation = vk_in_address_or_zero(in, "implementation");
    if (eip7702) {
        account.eip7702 = vk_in_address(in, "eip7702Account");
    } else if (vk_in_status(in) == VK_OK) {
        read_root(in, &account);
        read_deployment(in, &account);
    }
    return vk_in_status(in) == VK_OK ? account : (vk_account){0};
}
