/* What the options of approve say, and which go together. */
#include "cli/approval.h"

#include "cli/input.h"
#include <string.h>

#define BIT(kind) (1u << VK_GRANT_##kind)

/* Options that are not for every kind of grant. */
static const struct {
    vk_option option;
    unsigned kinds;
    const char *where;
} only[] = {
    {VK_OPT_ENABLE_NONCE, BIT(PERMISSION), "permissions (Kernel 0.3.0 on)"},
    {VK_OPT_INSTALLED_AT, BIT(PERMISSION), "permissions (Kernel 0.3.0 on)"},
    {VK_OPT_SPENT, BIT(PERMISSION), "permissions (Kernel 0.3.0 on)"},
    {VK_OPT_USED, BIT(PERMISSION), "permissions (Kernel 0.3.0 on)"},
    {VK_OPT_SELECTOR, BIT(PLUGIN), "plug-ins of Kernel 0.2.x"},
    {VK_OPT_VALID_AFTER, BIT(PLUGIN), "plug-ins of Kernel 0.2.x"},
    {VK_OPT_VALID_UNTIL, BIT(PLUGIN), "plug-ins of Kernel 0.2.x"},
    {VK_OPT_REQUEST, BIT(THIRDWEB), "thirdweb sessions"},
    {VK_OPT_KERNEL_VERSION, BIT(PERMISSION) | BIT(PLUGIN) | BIT(OWNER), "Kernel accounts"},
    {VK_OPT_INDEX, BIT(PERMISSION) | BIT(PLUGIN) | BIT(OWNER), "Kernel accounts"},
    {VK_OPT_AS_OWNER, BIT(OWNER), "Kernel accounts"},
    {VK_OPT_OWNER, BIT(PERMISSION) | BIT(PLUGIN) | BIT(THIRDWEB),
     "keys that are not the owner themselves"},
    {VK_OPT_SIGNATURE, BIT(PERMISSION) | BIT(PLUGIN) | BIT(THIRDWEB),
     "keys that are not the owner themselves"},
    {VK_OPT_OWNER_KEY, BIT(PERMISSION) | BIT(PLUGIN) | BIT(THIRDWEB),
     "keys that are not the owner themselves"},
    {VK_OPT_PRE_INSTALLED, BIT(PERMISSION) | BIT(PLUGIN) | BIT(THIRDWEB),
     "keys that are not the owner themselves"},
};

static vk_exit check_kind(vk_cli *cli, const vk_approval *a) {
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
        if (vk_opt_flag(cli, only[i].option) && (only[i].kinds & (1u << a->kind)) == 0) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is for %s only",
                               vk_opt_name(only[i].option), only[i].where);
        }
    }
    return VK_EXIT_OK;
}

/* ---- Kind, version, EntryPoint ---- */

static vk_exit find_kind(vk_cli *cli, vk_approval *a) {
    if (vk_policy_is_thirdweb(&a->key.policy)) {
        a->kind = VK_GRANT_THIRDWEB;
        return VK_EXIT_OK;
    }
    if (!vk_opt_flag(cli, VK_OPT_KERNEL_VERSION)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "\"approve\" needs --kernel-version V");
    }
    vk_exit exit = vk_read_kernel(cli, &a->kernel);
    a->kind = vk_opt_flag(cli, VK_OPT_AS_OWNER) ? VK_GRANT_OWNER
              : a->kernel >= VK_KERNEL_0_3_0    ? VK_GRANT_PERMISSION
                                                : VK_GRANT_PLUGIN;
    if (exit == VK_EXIT_OK && a->kind == VK_GRANT_PLUGIN && a->kernel < VK_KERNEL_0_2_2) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                           "Kernel %s has no plug-ins that a session key could be: its owner's key "
                           "is approved with --as-owner",
                           vk_kernel_text(a->kernel));
    }
    return exit;
}

static vk_exit find_entry_point(vk_cli *cli, vk_approval *a) {
    if (vk_opt_flag(cli, VK_OPT_ENTRY_POINT)) {
        return vk_read_entry_point(cli, &a->entry_point);
    }
    if (a->kind == VK_GRANT_THIRDWEB) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say which EntryPoint the thirdweb account is deployed for: "
                           "--entry-point 0.6 or --entry-point 0.7");
    }
    return VK_EXIT_OK;
}

/* ---- The account ---- */

static vk_exit check_account(vk_cli *cli, const vk_approval *a) {
    bool account = vk_opt_flag(cli, VK_OPT_ACCOUNT);
    bool owner = vk_opt_flag(cli, VK_OPT_OWNER) || a->kind == VK_GRANT_OWNER;
    if (account && vk_opt_flag(cli, VK_OPT_INDEX)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--account and --index exclude each other");
    }
    if (!owner && !(account && vk_opt_flag(cli, VK_OPT_PRE_INSTALLED))) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           a->kind == VK_GRANT_THIRDWEB
                               ? "say which admin signs: --owner ADDRESS"
                               : "say who owns the account: --owner ADDRESS");
    }
    if (!account && (a->kind == VK_GRANT_THIRDWEB || a->kernel < VK_KERNEL_0_2_2)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "the address of such an account is not computed here: give "
                           "--account ADDRESS");
    }
    return VK_EXIT_OK;
}

static vk_exit derive_account(vk_cli *cli, vk_approval *a) {
    vk_u256 index = vk_u256_from_u64(0);
    vk_account_init init;
    vk_error err = {0};
    vk_exit exit = VK_EXIT_OK;
    bool own = a->kind == VK_GRANT_OWNER;
    if (own ? a->key.p256 : a->owner.passkey) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "a passkey's account is given with --account ADDRESS");
    }
    if (vk_opt_flag(cli, VK_OPT_INDEX)) {
        exit = vk_read_u256(cli, VK_OPT_INDEX, &index);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status =
        vk_account_init_write(a->kernel, own ? &a->key.signer.address : &a->owner.address, &index,
                              &a->account.factory_data);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot make the account's factory data", status);
    }
    status = vk_account_init_read(vk_buf_view(&a->account.factory_data), a->kernel, &init, &err);
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "cannot compute the account's address", &err);
    }
    a->account.account = init.account;
    return VK_EXIT_OK;
}

static vk_exit read_account(vk_cli *cli, vk_approval *a) {
    vk_exit exit = check_account(cli, a);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_OWNER)) {
        a->has_owner = true;
        exit = vk_owner_read(cli, &a->owner);
    }
    if (exit == VK_EXIT_OK && a->kind == VK_GRANT_THIRDWEB && a->owner.passkey) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "an admin of a thirdweb account is an address");
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return vk_opt_flag(cli, VK_OPT_ACCOUNT)
               ? vk_read_address(cli, VK_OPT_ACCOUNT, &a->account.account)
               : derive_account(cli, a);
}

/* ---- The rest ---- */

static vk_exit read_selector(vk_cli *cli, vk_approval *a) {
    static const struct {
        const char *name;
        uint8_t selector[4];
    } functions[] = {{"execute", {0x51, 0x94, 0x54, 0x47}},
                     {"batch", {0x34, 0xfc, 0xd5, 0xbe}},
                     {"delegatecall", {0xb6, 0x8d, 0xf1, 0x6d}}};
    const char *name = vk_opt(cli, VK_OPT_SELECTOR);
    if (a->kind != VK_GRANT_PLUGIN) {
        return VK_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(name != NULL ? name : functions[0].name, functions[i].name) == 0) {
            memcpy(a->account.selector, functions[i].selector, sizeof a->account.selector);
            return VK_EXIT_OK;
        }
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE,
                       "--selector is \"%s\", but must be execute, batch or delegatecall", name);
}

static vk_exit read_numbers(vk_cli *cli, vk_approval *a) {
    a->enable_nonce = 1;
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &a->chain_id);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ENABLE_NONCE)) {
        exit = vk_read_u64(cli, VK_OPT_ENABLE_NONCE, UINT32_MAX, &a->enable_nonce);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_time(cli, VK_OPT_INSTALLED_AT, 0, &a->installed_at);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grant_start_read(cli, &a->start);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_time(cli, VK_OPT_VALID_AFTER, 0, &a->valid_after);
    }
    return exit == VK_EXIT_OK ? vk_read_time(cli, VK_OPT_VALID_UNTIL, 0, &a->valid_until) : exit;
}

vk_exit vk_approval_options(vk_cli *cli, vk_approval *a) {
    vk_exit (*const readers[])(vk_cli *, vk_approval *) = {
        find_kind, find_entry_point, read_numbers, read_account, read_selector};
    vk_exit exit = VK_EXIT_OK;
    a->account.pre_installed = vk_opt_flag(cli, VK_OPT_PRE_INSTALLED);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && exit == VK_EXIT_OK; i++) {
        exit = readers[i](cli, a);
        exit = i == 0 && exit == VK_EXIT_OK ? check_kind(cli, a) : exit;
    }
    return exit;
}
