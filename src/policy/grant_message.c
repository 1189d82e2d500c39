/* Grants and messages: the verdict on one, and the account's signature around the key's. */
#include "policy/rule.h"

#include <valetkey/grant.h>

#include <stdio.h>
#include <string.h>

#define NO_RULE (-1)

bool vk_grant_is_addressed(const vk_grant *grant, const vk_message_payload *payload) {
    return !payload->has_account || (payload->chain_id == grant->chain_id &&
                                     vk_address_equal(&payload->account, &grant->account.account));
}

void vk_grant_message(const vk_grant *grant, const vk_message_payload *payload, vk_message *out) {
    *out = (vk_message){.kernel = grant->kernel,
                        .chain_id = grant->chain_id,
                        .account = grant->account.account,
                        .hash = payload->hash,
                        .typed_data = payload->is_typed_data,
                        .replayable = payload->replayable};
}

/* ---- The signature ---- */

/* Only a permission says which messages its key may sign. */
static vk_status check_kind(const vk_grant *grant, vk_error *err) {
    return grant->kind == VK_GRANT_PERMISSION
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "kind",
                         "the grant is of kind %s, but messages are signed only with a permission",
                         vk_grant_kind_text(grant->kind));
}

/* The factory, which the factory data says by its form. */
static vk_status read_factory(const vk_grant *grant, vk_address *out, vk_error *err) {
    vk_account account;
    vk_bytes data = vk_buf_view(&grant->account.factory_data);
    if (data.len == 0) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "deployed",
                       "the grant has no factory data that would deploy the account");
    }
    vk_status status = vk_account_read(data, grant->kernel, &account, err);
    if (status == VK_OK) {
        status = vk_account_factory(&account, out, err);
        vk_account_clear(&account);
    }
    return status;
}

static vk_status wrap(const vk_grant *grant, vk_bytes signature, vk_buf *out, vk_error *err) {
    vk_erc6492 parts = {.factory_data = vk_buf_view(&grant->account.factory_data),
                        .signature = signature};
    vk_status status = read_factory(grant, &parts.factory, err);
    return status == VK_OK ? vk_erc6492_wrap(&parts, out) : status;
}

static vk_status put_signature(const vk_grant *grant, const vk_message_payload *payload,
                               vk_bytes key_signature, vk_buf *out, vk_error *err) {
    vk_message message;
    vk_message_signer signer = {.plugin = VK_MESSAGE_PERMISSION};
    vk_grant_message(grant, payload, &message);
    memcpy(signer.permission_id, grant->account.permission_id, sizeof signer.permission_id);
    if (!payload->undeployed) {
        return vk_message_signature(&message, &signer, key_signature, out, err);
    }
    vk_buf signature = {0};
    vk_status status = vk_message_signature(&message, &signer, key_signature, &signature, err);
    if (status == VK_OK) {
        status = wrap(grant, vk_buf_view(&signature), out, err);
    }
    vk_buf_clear(&signature);
    return status;
}

vk_status vk_grant_message_signature(const vk_grant *grant, const vk_message_payload *payload,
                                     vk_bytes key_signature, vk_buf *out, vk_error *err) {
    vk_status status = check_kind(grant, err);
    return status == VK_OK ? put_signature(grant, payload, key_signature, out, err) : status;
}

/* ---- The verdict ---- */

typedef struct vk_refusal {
    const char *rule;
    char reason[VK_REASON_MAX];
} vk_refusal;

/* A signature of no bytes shows whether there can be one at all. */
static vk_status try_signature(const vk_grant *grant, const vk_message_payload *payload,
                               vk_refusal *out) {
    vk_buf trial = {0};
    vk_error err = {.status = VK_OK};
    vk_status status =
        vk_grant_message_signature(grant, payload, (vk_bytes){NULL, 0}, &trial, &err);
    vk_buf_clear(&trial);
    if (status != VK_ERR_UNSUPPORTED) {
        return status;
    }
    out->rule = "account";
    snprintf(out->reason, sizeof out->reason, "%s", err.message);
    return VK_OK;
}

/* What the account itself would refuse, or could not be asked. */
static vk_status check_account(const vk_grant *grant, const vk_message_payload *payload,
                               bool installed, vk_refusal *out) {
    vk_status status = try_signature(grant, payload, out);
    if (status == VK_OK && out->rule == NULL && !installed) {
        out->rule = "permission";
        snprintf(out->reason, sizeof out->reason,
                 "the account does not have the permission yet: it is installed by the first "
                 "operation, in enable mode");
    }
    return status;
}

/* The account is asked before any hardening rule. */
static void refuse(const vk_refusal *refusal, vk_verdict *out) {
    if (out->hardening != NULL) {
        out->hardening = NULL;
        out->rule[0] = '\0';
    }
    out->allowed = false;
    vk_verdict_deny(out, NO_RULE, refusal->rule, refusal->reason);
}

vk_status vk_grant_evaluate_message(const vk_grant *grant, const vk_policy *policy,
                                    const vk_message_payload *payload,
                                    const vk_grant_moment *moment, vk_verdict *out) {
    vk_message_request request = {.now = moment->now,
                                  .has_caller = payload->domain.has_verifying_contract,
                                  .caller = payload->domain.verifying_contract,
                                  .replayable = payload->replayable,
                                  .relaxed = moment->relaxed,
                                  .domain = payload->is_typed_data ? &payload->domain : NULL,
                                  .chain_id = grant->chain_id,
                                  .account = grant->account.account,
                                  .entry_point = grant->entry_point};
    vk_refusal by_account = {0};
    *out = (vk_verdict){.rule_index = NO_RULE};
    vk_status status = check_account(grant, payload, moment->installed, &by_account);
    /* The rules of other kinds are not about messages. */
    if (status == VK_OK && grant->kind == VK_GRANT_PERMISSION) {
        status = vk_policy_evaluate_message(policy, &request, out);
    }
    if (status == VK_OK && by_account.rule != NULL) {
        refuse(&by_account, out);
    }
    return status;
}
