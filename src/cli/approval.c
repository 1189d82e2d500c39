#include "cli/approval.h"

#include "base/json.h"
#include "cli/input.h"
#include "policy/rule.h"
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX 8192
#define ECDSA_LEN 65

void vk_approval_clear(vk_approval *approval) {
    vk_key_info_clear(&approval->key);
    vk_serialized_clear(&approval->account);
    vk_grant_clear(&approval->grant);
    vk_buf_clear(&approval->typed_data);
    free(approval->targets);
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

vk_exit vk_approval_take_key(vk_cli *cli, vk_approval *a) {
    if (!a->key.has_policy) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                                   "the key \"%s\" has no policy, so there is nothing to approve",
                                   a->key.label);
        return vk_cli_hint(cli, exit, "make the key with --policy FILE");
    }
    memcpy(a->account.permission_id, a->key.permission_id, 4);
    memcpy(a->account.selector, vk_kernel_execute_selector, 4);
    return copy_policies(cli, a);
}

vk_exit vk_approval_read(vk_cli *cli, vk_approval *out) {
    vk_exit exit = vk_key_select(cli, CKO_PUBLIC_KEY, &out->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_approval_take_key(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_approval_options(cli, out);
    }
    if (exit == VK_EXIT_OK && out->kind == VK_GRANT_THIRDWEB && !out->account.pre_installed) {
        exit = vk_approval_request(cli, out);
    }
    return exit == VK_EXIT_OK ? vk_approval_draft(cli, out) : exit;
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

vk_exit vk_approval_finish(vk_cli *cli, vk_approval *a, vk_bytes signature, vk_buf *json) {
    vk_buf *approval = &a->grant.account.enable_signature;
    vk_buf_clear(approval);
    vk_buf_put(approval, signature.data, signature.len);
    vk_status status = vk_buf_status(approval);
    if (status == VK_OK) {
        status = vk_grant_write(&a->grant, json);
    }
    return status == VK_OK ? check_grant(cli, a, json)
                           : vk_cli_fail_status(cli, "cannot write the grant", status);
}

/* ---- Signatures ---- */

vk_root vk_approval_root(const vk_approval *a) {
    vk_root root = a->grant.root;
    if (root.kind == VK_ROOT_UNKNOWN && a->has_owner && !a->owner.passkey) {
        root = (vk_root){.kind = VK_ROOT_ECDSA, .owner = a->owner.address};
    }
    return root;
}

vk_exit vk_approval_signature(vk_cli *cli, const char *hex, vk_buf *out) {
    size_t start = out->len, prefix = strncmp(hex, "0x", 2) == 0 ? 2 : 0;
    vk_buf text = {0};
    vk_buf_printf(&text, "0x");
    vk_buf_put_text(&text, hex + prefix);
    vk_status status = vk_buf_status(&text);
    if (status == VK_OK) {
        status = vk_hex_read((const char *)text.data, text.len, SIGNATURE_MAX, out);
    }
    vk_buf_clear(&text);
    if (status != VK_OK || out->len == start) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--signature is \"%.20s%s\", but must be hex digits, 1 to %d bytes", hex,
                           strlen(hex) > 20 ? "..." : "", SIGNATURE_MAX);
    }
    if (out->len - start == ECDSA_LEN && out->data[out->len - 1] < 2) {
        out->data[out->len - 1] = (uint8_t)(out->data[out->len - 1] + 27);
    }
    return VK_EXIT_OK;
}

vk_status vk_approval_product(const vk_approval *a, vk_buf *out) {
    const vk_buf *signature = &a->grant.account.enable_signature;
    vk_buf call = {0};
    vk_status status = VK_OK;
    if (a->kind == VK_GRANT_PERMISSION) {
        status = vk_serialized_write(&a->grant.account, out);
    } else if (a->kind == VK_GRANT_THIRDWEB && signature->len == ECDSA_LEN) {
        status = vk_thirdweb_set_permissions(&a->grant.request, VK_THIRDWEB_ABI_IS_ADMIN,
                                             VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT,
                                             signature->data, &call, NULL);
        vk_hex_put(out, vk_buf_view(&call));
    }
    vk_buf_clear(&call);
    vk_buf_put_byte(out, 0);
    status = status == VK_OK ? vk_buf_status(out) : status;
    out->len -= status == VK_OK ? 1 : 0;
    return status;
}
