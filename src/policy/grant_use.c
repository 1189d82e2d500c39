/* Grants at work: is an operation for one, what it says, and the signature around the key's part.
 */
#include "kernel/version.h"
#include "policy/grant_form.h"
#include "policy/rule.h"

#include <valetkey/thirdweb_verdict.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNER_PREFIX 0xff

/* ---- Who keeps the key to its policy ---- */

bool vk_grant_is_token_only(const vk_grant *grant) {
    return grant->kind == VK_GRANT_PLUGIN || grant->kind == VK_GRANT_OWNER;
}

const char *vk_grant_keeper_text(const vk_grant *grant) {
    static const char *const texts[VK_GRANT_KINDS] = {
        [VK_GRANT_PERMISSION] = "The account keeps these limits too, whoever has the key.",
        [VK_GRANT_PLUGIN] =
            "The account has no permission plug-in: these limits are kept by this "
            "token alone. Whoever has another copy of the key is not bound by them.",
        [VK_GRANT_OWNER] = "The account has no permission plug-in for its owner: these limits are "
                           "kept by this token alone. Whoever has another copy of the key is not "
                           "bound by them.",
        [VK_GRANT_THIRDWEB] = "The account keeps these limits too, whoever has the key."};
    return texts[grant->kind];
}

/* ---- Matching ---- */

static vk_status mismatch(char field[32], char reason[VK_REASON_MAX], const char *name,
                          const char *given, const char *granted) {
    snprintf(field, 32, "%s", name);
    snprintf(reason, VK_REASON_MAX, "%s is %s, but the grant is for %s", name, given, granted);
    return VK_DENIED;
}

static vk_status match_address(const vk_address *given, const vk_address *granted, const char *name,
                               char field[32], char reason[VK_REASON_MAX]) {
    if (vk_address_equal(given, granted)) {
        return VK_OK;
    }
    char given_text[43], granted_text[43];
    vk_address_text(given, given_text);
    vk_address_text(granted, granted_text);
    return mismatch(field, reason, name, given_text, granted_text);
}

static vk_status match_chain(const vk_grant *grant, const vk_userop_request *request,
                             char field[32], char reason[VK_REASON_MAX]) {
    if (!request->has_chain_id || request->chain_id == grant->chain_id) {
        return VK_OK;
    }
    char given[24], granted[24];
    snprintf(given, sizeof given, "%" PRIu64, request->chain_id);
    snprintf(granted, sizeof granted, "%" PRIu64, grant->chain_id);
    return mismatch(field, reason, "chainId", given, granted);
}

/* Without an address, the form that the operation was read in says which one it is. */
static vk_status match_entry_point(const vk_grant *grant, const vk_userop_request *request,
                                   char field[32], char reason[VK_REASON_MAX]) {
    vk_address version = vk_entry_point_address(request->op.entry_point);
    return match_address(request->has_entry_point ? &request->entry_point : &version,
                         &grant->entry_point, "entryPoint", field, reason);
}

vk_status vk_grant_match(const vk_grant *grant, const vk_userop_request *request, char field[32],
                         char reason[VK_REASON_MAX]) {
    const vk_grant_form *form = vk_grant_form_of(grant->kind);
    vk_status status = match_chain(grant, request, field, reason);
    if (status == VK_OK) {
        status = match_entry_point(grant, request, field, reason);
    }
    if (status == VK_OK) {
        status =
            match_address(&request->op.sender, &grant->account.account, "sender", field, reason);
    }
    if (status != VK_OK || form->match_nonce == NULL) {
        return status;
    }
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(&request->op.nonce);
    snprintf(field, 32, "nonce");
    return form->match_nonce(grant, &nonce, reason);
}

/* ---- Verdicts ---- */

static vk_status evaluate_kernel(const vk_grant *grant, const vk_policy *policy,
                                 vk_verdict_request *request, vk_rule_state *states,
                                 vk_verdict *out) {
    request->valid_after = grant->valid_after;
    request->valid_until = grant->valid_until;
    request->selector = grant->kind == VK_GRANT_OWNER ? NULL : grant->account.selector;
    request->kernel = vk_grant_is_token_only(grant) ? grant->kernel : VK_KERNEL_UNKNOWN;
    return vk_policy_evaluate(policy, request, states, out);
}

/* The session is the policy's one rule, so the verdict of the whole is that rule's too. */
static vk_status add_rule(const vk_thirdweb_permission *permission, vk_verdict *out) {
    out->rules = calloc(1, sizeof *out->rules);
    if (out->rules == NULL) {
        vk_verdict_clear(out);
        return VK_ERR_MEMORY;
    }
    out->count = 1;
    out->rule_index = out->allowed ? -1 : 0;
    out->rules[0].valid_after = vk_thirdweb_low48(&permission->start);
    out->rules[0].valid_until = vk_thirdweb_low48(&permission->end);
    out->rules[0].result = out->allowed ? VK_RESULT_ALLOWED : VK_RESULT_DENIED;
    snprintf(out->rules[0].reason, sizeof out->rules[0].reason, "%s",
             out->allowed ? "targets, native value and time are within the session" : out->reason);
    return VK_OK;
}

static vk_status evaluate_thirdweb(const vk_policy *policy, const vk_verdict_request *request,
                                   vk_verdict *out) {
    *out = (vk_verdict){.rule_index = -1};
    if (!vk_policy_is_thirdweb(policy)) {
        return VK_ERR_ARGUMENT;
    }
    vk_thirdweb_permission permission = vk_thirdweb_permission_of_rule(&policy->rules[0]);
    vk_status status = vk_thirdweb_evaluate(&permission, request, out);
    return status == VK_OK ? add_rule(&permission, out) : status;
}

vk_status vk_grant_evaluate(const vk_grant *grant, const vk_policy *policy,
                            const vk_verdict_request *request, vk_rule_state *states,
                            vk_verdict *out) {
    vk_verdict_request asked = {.op = request->op,
                                .chain_id = grant->chain_id,
                                .now = request->now,
                                .has_block = request->has_block,
                                .block = request->block,
                                .charge = request->charge,
                                .guards = request->guards,
                                .guard_count = request->guard_count,
                                .relaxed = request->relaxed};
    return grant->kind == VK_GRANT_THIRDWEB ? evaluate_thirdweb(policy, &asked, out)
                                            : evaluate_kernel(grant, policy, &asked, states, out);
}

/* ---- Calls ---- */

static vk_status thirdweb_calls(vk_bytes call_data, vk_execution *out, vk_error *err) {
    vk_thirdweb_calls calls = {0};
    vk_status status = vk_thirdweb_calls_decode(call_data, &calls, err);
    if (status == VK_OK) {
        *out = (vk_execution){.call_type = calls.batch ? VK_CALL_BATCH : VK_CALL_SINGLE,
                              .call_count = calls.count,
                              .calls = calls.calls};
    }
    return status;
}

vk_status vk_grant_calls(const vk_grant *grant, vk_bytes call_data, vk_execution *out,
                         vk_error *err) {
    return grant->kind == VK_GRANT_THIRDWEB
               ? thirdweb_calls(call_data, out, err)
               : vk_execution_decode_for(grant->kernel, call_data, out, err);
}

/* ---- Signatures ---- */

void vk_grant_session_part(const vk_grant *grant, vk_bytes signer_part, vk_buf *out) {
    if (grant->kind == VK_GRANT_PERMISSION) {
        vk_permission_signature(signer_part, out);
    } else {
        vk_buf_put(out, signer_part.data, signer_part.len);
    }
}

bool vk_grant_signer_part(const vk_grant *grant, vk_bytes session_part, vk_bytes *out) {
    *out = session_part;
    if (grant->kind != VK_GRANT_PERMISSION) {
        return session_part.len > 0;
    }
    if (session_part.len < 2 || session_part.data[0] != SIGNER_PREFIX) {
        return false;
    }
    *out = (vk_bytes){session_part.data + 1, session_part.len - 1};
    return true;
}

/* ---- Guards ---- */

typedef struct guard_list {
    vk_address *list;
    size_t count;
} guard_list;

/* Once each: a permission's validator is the signer's contract. */
static void add_guard(guard_list *guards, const vk_address *guard) {
    for (size_t i = 0; i < guards->count; i++) {
        if (vk_address_equal(&guards->list[i], guard)) {
            return;
        }
    }
    if (!vk_address_is_zero(guard)) {
        guards->list[guards->count++] = *guard;
    }
}

static void add_root_guards(const vk_grant *grant, guard_list *guards) {
    static const vk_root_kind kinds[] = {VK_ROOT_ECDSA, VK_ROOT_MULTI_CHAIN, VK_ROOT_PASSKEY};
    bool unknown = vk_address_is_zero(&grant->root.validator);
    add_guard(guards, &grant->root.validator);
    for (size_t i = 0; unknown && i < sizeof kinds / sizeof kinds[0]; i++) {
        vk_address validator = vk_root_validator(kinds[i]);
        add_guard(guards, &validator);
    }
}

size_t vk_grant_guards(const vk_grant *grant, const vk_signer *signer,
                       vk_address out[VK_GRANT_GUARDS_MAX]) {
    guard_list guards = {.list = out};
    add_guard(&guards, &signer->contract);
    add_guard(&guards, &grant->entry_point);
    add_guard(&guards, &grant->validator);
    add_root_guards(grant, &guards);
    return guards.count;
}

/* ---- The whole signature ---- */

vk_status vk_grant_attach(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                          vk_buf *out) {
    return vk_grant_form_of(grant->kind)->attach(grant, op, session_part, out);
}

size_t vk_grant_attached_len(const vk_grant *grant, const vk_userop *op, size_t session_part_len) {
    return vk_grant_form_of(grant->kind)->attached_len(grant, op, session_part_len);
}
