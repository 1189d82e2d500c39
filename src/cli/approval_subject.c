/* An approval for an account that the token keeps. */
#include "cli/approval.h"

#include <inttypes.h>
#include <string.h>

static vk_exit find_kind(vk_cli *cli, const vk_smart_account *account, vk_approval *a) {
    bool session = vk_policy_is_thirdweb(&a->key.policy);
    bool thirdweb = account->kind == VK_SMART_ACCOUNT_THIRDWEB;
    if (session != thirdweb) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "the policy is %s, but the account is %s",
                           session ? "a thirdweb session" : "one of Kernel accounts",
                           thirdweb ? "thirdweb's" : "a Kernel account");
    }
    if (thirdweb) {
        a->kind = VK_GRANT_THIRDWEB;
    } else if (account->kernel >= VK_KERNEL_0_3_0) {
        a->kind = VK_GRANT_PERMISSION;
    } else if (account->kernel >= VK_KERNEL_0_2_2) {
        a->kind = VK_GRANT_PLUGIN;
    } else {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_INPUT, "Kernel %s has no plug-ins that a session key could be",
                        vk_kernel_text(account->kernel));
        return vk_cli_hint(cli, exit,
                           "its owner's own key is approved with \"valetkey approve --as-owner\"");
    }
    return VK_EXIT_OK;
}

static void take_owner(const vk_root *root, vk_owner *out) {
    out->passkey = root->kind == VK_ROOT_PASSKEY;
    out->address = root->owner;
    memcpy(out->x, root->point65 + 1, sizeof out->x);
    memcpy(out->y, root->point65 + 33, sizeof out->y);
}

static vk_exit take_account(vk_cli *cli, const vk_approval_subject *subject, vk_approval *a) {
    const vk_smart_account *account = subject->account;
    static const uint8_t execute_v2[4] = {0x51, 0x94, 0x54, 0x47};
    /* Who is not told is the account itself: that is what EIP-7702 is to a grant. */
    a->has_owner = !account->eip7702;
    take_owner(&account->root, &a->owner);
    a->kernel = account->kernel;
    a->entry_point = account->entry_point;
    a->account.account = account->account;
    a->account.multi_chain = subject->multi_chain;
    if (a->kind == VK_GRANT_PLUGIN) {
        memcpy(a->account.selector, execute_v2, sizeof execute_v2);
    }
    if (a->kind != VK_GRANT_THIRDWEB) {
        vk_buf_put(&a->account.factory_data, account->factory_data.data, account->factory_data.len);
    }
    return vk_buf_status(&a->account.factory_data) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

vk_exit vk_approval_of(vk_cli *cli, const vk_approval_subject *subject, vk_approval *out) {
    vk_exit exit = vk_key_read(cli, subject->key, &out->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_approval_take_key(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = find_kind(cli, subject->account, out);
    }
    if (exit == VK_EXIT_OK) {
        out->chain_id = subject->chain_id;
        out->enable_nonce = subject->enable_nonce;
        exit = take_account(cli, subject, out);
    }
    if (exit == VK_EXIT_OK && out->kind == VK_GRANT_THIRDWEB) {
        exit = vk_approval_request(cli, out);
    }
    return exit == VK_EXIT_OK ? vk_approval_draft(cli, out) : exit;
}
