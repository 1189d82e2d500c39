#include "cli/approval.h"

#include "base/json.h"
#include "cli/input.h"
#include "policy/rule.h"
#include <string.h>

void vk_approval_clear(vk_approval *approval) {
    vk_key_info_clear(&approval->key);
    vk_serialized_clear(&approval->account);
    vk_buf_clear(&approval->enable_data);
    vk_buf_clear(&approval->typed_data);
}

/* ---- The account ---- */

static vk_exit check_options(vk_cli *cli) {
    bool account = vk_opt_flag(cli, VK_OPT_ACCOUNT);
    bool owner = vk_opt_flag(cli, VK_OPT_OWNER);
    if (account && vk_opt_flag(cli, VK_OPT_INDEX)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--account and --index exclude each other");
    }
    if (!owner && !(account && vk_opt_flag(cli, VK_OPT_PRE_INSTALLED))) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "say who owns the account: --owner ADDRESS");
    }
    return VK_EXIT_OK;
}

static vk_exit derive_account(vk_cli *cli, vk_approval *a) {
    vk_u256 index = vk_u256_from_u64(0);
    vk_account_init init;
    vk_error err = {0};
    vk_exit exit = VK_EXIT_OK;
    if (a->owner.passkey) {
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
        vk_account_init_write(a->kernel, &a->owner.address, &index, &a->account.factory_data);
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
    vk_exit exit = check_options(cli);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_OWNER)) {
        a->has_owner = true;
        exit = vk_owner_read(cli, &a->owner);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return vk_opt_flag(cli, VK_OPT_ACCOUNT)
               ? vk_read_address(cli, VK_OPT_ACCOUNT, &a->account.account)
               : derive_account(cli, a);
}

static vk_exit read_numbers(vk_cli *cli, vk_approval *a) {
    a->enable_nonce = 1;
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &a->chain_id);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_kernel(cli, &a->kernel);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ENABLE_NONCE)) {
        exit = vk_read_u64(cli, VK_OPT_ENABLE_NONCE, UINT32_MAX, &a->enable_nonce);
    }
    return exit;
}

/* ---- The key ---- */

/*
 * The policies as a serialized account takes them: an array of bare policyParams. What the caller
 * gave is kept, and the rules of a policy given as an ABI are written out as well, so that every
 * reader has the same ones.
 */
static vk_status put_policies(const vk_policy *policy, const cJSON *json, vk_buf *out) {
    const cJSON *item = (cJSON_IsObject(json) ? vk_json_get(json, "policies") : json)->child;
    vk_status status = VK_OK;
    vk_buf_put_text(out, "[");
    for (size_t i = 0; i < policy->count && status == VK_OK; i++, item = item->next) {
        const cJSON *inner = vk_json_get(item, "policyParams");
        vk_buf_put_text(out, i > 0 ? "," : "");
        status = vk_rule_write(&policy->rules[i], inner != NULL ? inner : item, out);
    }
    vk_buf_put_text(out, "]");
    return status;
}

static vk_exit copy_policies(vk_cli *cli, vk_approval *a) {
    cJSON *json = NULL;
    vk_error err = {0};
    vk_buf text = {0};
    if (vk_json_parse(vk_buf_view(&a->key.policy_json), VK_POLICY_JSON_MAX, &json, &err) != VK_OK) {
        return vk_cli_fail_error(cli, "the key's policy cannot be read", &err);
    }
    vk_status status = put_policies(&a->key.policy, json, &text);
    cJSON_Delete(json);
    if (status != VK_OK) {
        vk_buf_clear(&text);
        return vk_cli_fail_status(cli, "cannot write the policy", status);
    }
    a->account.policies = vk_buf_take_text(&text);
    return a->account.policies != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit read_key(vk_cli *cli, vk_approval *a) {
    vk_exit exit = vk_key_select(cli, CKO_PUBLIC_KEY, &a->key);
    if (exit == VK_EXIT_OK && !a->key.has_policy) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the key \"%s\" has no policy, so there is nothing to approve",
                           a->key.label);
        return vk_cli_hint(cli, exit, "make the key with --policy FILE");
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    memcpy(a->account.permission_id, a->key.permission_id, 4);
    memcpy(a->account.selector, vk_kernel_execute_selector, 4);
    vk_status status = vk_policy_enable_data(&a->key.policy, &a->key.signer, &a->enable_data);
    return status == VK_OK ? copy_policies(cli, a)
                           : vk_cli_fail_status(cli, "cannot encode the policy", status);
}

/* ---- What is signed ---- */

static vk_enable enable_of(const vk_approval *a) {
    vk_enable enable = {.kernel = a->kernel,
                        .chain_id = a->chain_id,
                        .account = a->account.account,
                        .nonce = (uint32_t)a->enable_nonce,
                        .enable_data = vk_buf_view(&a->enable_data)};
    memcpy(enable.permission_id, a->account.permission_id, sizeof enable.permission_id);
    memcpy(enable.selector, a->account.selector, sizeof enable.selector);
    return enable;
}

static vk_exit make_digest(vk_cli *cli, vk_approval *a) {
    vk_enable enable = enable_of(a);
    vk_status status = vk_enable_digest(&enable, &a->digest);
    if (status == VK_OK) {
        status = vk_enable_typed_data(&enable, &a->typed_data);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make the typed data", status);
}

vk_exit vk_approval_read(vk_cli *cli, vk_approval *out) {
    vk_exit exit = read_numbers(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = read_account(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_key(cli, out);
    }
    return exit == VK_EXIT_OK ? make_digest(cli, out) : exit;
}

/* ---- The grant ---- */

static vk_exit check_grant(vk_cli *cli, const vk_approval *a, const vk_buf *json) {
    vk_grant grant;
    vk_error err = {0};
    vk_status status = vk_grant_read((const char *)json->data, json->len, &a->key.policy,
                                     &a->key.signer, &grant, &err);
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "the approval does not hold", &err);
    }
    vk_grant_clear(&grant);
    return VK_EXIT_OK;
}

vk_exit vk_approval_finish(vk_cli *cli, vk_approval *a, vk_bytes signature, vk_buf *serialized,
                           vk_buf *grant) {
    vk_grant_text text = {.chain_id = a->chain_id,
                          .kernel = a->kernel,
                          .owner =
                              a->has_owner && a->account.factory_data.len == 0 ? &a->owner : NULL,
                          .enable_nonce = a->enable_nonce};
    a->account.pre_installed = vk_opt_flag(cli, VK_OPT_PRE_INSTALLED);
    vk_exit exit = vk_read_time(cli, VK_OPT_INSTALLED_AT, 0, &text.installed_at);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_buf_put(&a->account.enable_signature, signature.data, signature.len);
    vk_status status = vk_serialized_write(&a->account, serialized);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot write the serialized account", status);
    }
    text.serialized = vk_buf_view(serialized);
    vk_grant_text_write(&text, grant);
    return vk_buf_status(grant) == VK_OK ? check_grant(cli, a, grant) : vk_cli_no_memory(cli);
}
