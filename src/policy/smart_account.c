/* Smart accounts that a token keeps: what follows from what they are made of. */
#include <valetkey/account.h>
#include <valetkey/smart_account.h>
#include <valetkey/thirdweb.h>
#include <valetkey/webauthn.h>

#include <string.h>

static const char *const root_kinds[] = {
    [VK_ROOT_ECDSA] = "ecdsa", [VK_ROOT_MULTI_CHAIN] = "multichain", [VK_ROOT_PASSKEY] = "passkey"};

#define ROOT_KINDS (sizeof root_kinds / sizeof root_kinds[0])

const char *vk_root_kind_text(vk_root_kind kind) {
    return (size_t)kind < ROOT_KINDS ? root_kinds[kind] : NULL;
}

vk_root_kind vk_root_kind_read(const char *text) {
    for (size_t i = VK_ROOT_UNKNOWN + 1; i < ROOT_KINDS; i++) {
        if (strcmp(root_kinds[i], text) == 0) {
            return (vk_root_kind)i;
        }
    }
    return VK_ROOT_UNKNOWN;
}

const char *vk_smart_account_kind_text(vk_smart_account_kind kind) {
    return kind == VK_SMART_ACCOUNT_THIRDWEB ? "thirdweb" : "kernel";
}

void vk_smart_account_clear(vk_smart_account *account) {
    vk_buf_clear(&account->factory_data);
    vk_text_free(account->owner_key);
    vk_text_free(account->rp_id);
    vk_text_free(account->origin);
    *account = (vk_smart_account){.kind = VK_SMART_ACCOUNT_KERNEL};
}

/* ---- Owners ---- */

static vk_status check_point(const vk_root *root, vk_error *err) {
    return root->kind != VK_ROOT_PASSKEY || vk_p256_check_point(root->point65) == VK_OK
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, "owner", "the owner is not a point of P-256");
}

/* v1 has no validators: its owner is an address. */
static vk_status settle_validator(vk_smart_account *account, vk_error *err) {
    vk_root *root = &account->root;
    const char *name = vk_root_kind_text(root->kind);
    const vk_validator *validator = name != NULL ? vk_validator_named(name, account->kernel) : NULL;
    if (validator != NULL) {
        root->validator = validator->address;
        return check_point(root, err);
    }
    if (account->kernel == VK_KERNEL_V1 && root->kind == VK_ROOT_ECDSA) {
        root->validator = (vk_address){{0}};
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_UNSUPPORTED, "validator",
                   "an account of Kernel %s cannot be owned through a validator \"%s\"",
                   vk_kernel_text(account->kernel), name != NULL ? name : "");
}

/* ---- Kernel ---- */

bool vk_smart_account_has_factory(const vk_smart_account *account) {
    return account->kind == VK_SMART_ACCOUNT_THIRDWEB ||
           (!account->eip7702 && account->entry_point == vk_kernel_entry_point(account->kernel));
}

bool vk_smart_account_is_computed(const vk_smart_account *account) {
    if (!vk_smart_account_has_factory(account)) {
        return account->eip7702;
    }
    return account->kind == VK_SMART_ACCOUNT_THIRDWEB || account->kernel >= VK_KERNEL_0_2_2;
}

static vk_status needs_address(const vk_smart_account *account, vk_error *err) {
    return vk_address_is_zero(&account->account)
               ? vk_fail(err, VK_ERR_UNSUPPORTED, "account",
                         "the address of an account of Kernel %s on EntryPoint %s cannot be "
                         "computed: it must be given",
                         vk_kernel_text(account->kernel), vk_entry_point_text(account->entry_point))
               : VK_OK;
}

static vk_status compute_kernel(vk_smart_account *account, const vk_account *from, vk_error *err) {
    vk_status status = vk_account_factory(from, &account->factory, err);
    vk_buf_clear(&account->factory_data);
    if (status == VK_OK) {
        status = vk_account_factory_data(from, &account->factory_data, err);
    }
    if (status == VK_OK && vk_smart_account_is_computed(account)) {
        return vk_account_address(from, &account->account, err);
    }
    return status == VK_OK ? needs_address(account, err) : status;
}

/* By the owner: as the code of his own address, or as a contract that he knows. */
static vk_status settle_elsewhere(vk_smart_account *account, vk_error *err) {
    vk_status status =
        vk_kernel_check_entry_point(account->kernel, account->entry_point, true, err);
    account->index = vk_u256_from_u64(0);
    account->factory = (vk_address){{0}};
    vk_buf_clear(&account->factory_data);
    if (status == VK_OK && account->root.kind == VK_ROOT_MULTI_CHAIN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "validator",
                       "only factory data tell a grant that the owner's validator is the "
                       "multi-chain one, and no factory is known that deploys such an account");
    }
    if (status != VK_OK || !account->eip7702) {
        return status == VK_OK ? needs_address(account, err) : status;
    }
    if (account->kernel != VK_KERNEL_0_3_3 || account->root.kind != VK_ROOT_ECDSA) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "eip7702",
                       "an address that delegates to Kernel (EIP-7702) has version 0.3.3, and its "
                       "own key as owner");
    }
    account->root.validator = (vk_address){{0}};
    account->account = account->root.owner;
    return VK_OK;
}

static vk_status settle_kernel(vk_smart_account *account, vk_error *err) {
    vk_buf enable_data = {0};
    if (account->kernel == VK_KERNEL_UNKNOWN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion", "no such version of Kernel");
    }
    if (account->entry_point == VK_ENTRY_POINT_UNKNOWN) {
        account->entry_point = vk_kernel_entry_point(account->kernel);
    }
    vk_status status = settle_validator(account, err);
    if (status != VK_OK || !vk_smart_account_has_factory(account)) {
        return status == VK_OK ? settle_elsewhere(account, err) : status;
    }
    status = vk_root_enable_data(&account->root, &enable_data);
    if (status != VK_OK) {
        status = vk_fail(err, status, "owner", "%s", vk_status_text(status));
    } else {
        const vk_account from = {.kernel = account->kernel,
                                 .entry_point = account->entry_point,
                                 .validator = account->root.validator,
                                 .enable_data = vk_buf_view(&enable_data),
                                 .index = account->index,
                                 .use_meta_factory = true};
        status = compute_kernel(account, &from, err);
    }
    vk_buf_clear(&enable_data);
    return status;
}

/* ---- thirdweb ---- */

static vk_status check_thirdweb(const vk_smart_account *account, vk_error *err) {
    if (account->root.kind != VK_ROOT_ECDSA) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "owner",
                       "the admin of a thirdweb account is an address");
    }
    if (account->entry_point != VK_ENTRY_POINT_0_6 && account->entry_point != VK_ENTRY_POINT_0_7) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                       "a thirdweb account is deployed for EntryPoint 0.6 or 0.7");
    }
    return VK_OK;
}

static vk_status settle_thirdweb(vk_smart_account *account, vk_error *err) {
    static const vk_bytes none = {0};
    vk_status status = check_thirdweb(account, err);
    if (status != VK_OK) {
        return status;
    }
    account->kernel = VK_KERNEL_UNKNOWN;
    account->root.validator = (vk_address){{0}};
    vk_buf_clear(&account->factory_data);
    status = vk_thirdweb_create_account(&account->root.owner, none, &account->factory_data);
    if (status == VK_OK) {
        status = vk_thirdweb_account_address(&account->factory, &account->implementation,
                                             &account->root.owner, none, &account->account);
    }
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

vk_status vk_smart_account_settle(vk_smart_account *account, vk_error *err) {
    return account->kind == VK_SMART_ACCOUNT_THIRDWEB ? settle_thirdweb(account, err)
                                                      : settle_kernel(account, err);
}
