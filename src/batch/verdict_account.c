#include "batch/verdict_account.h"

#include "kernel/version.h"

#include <stdlib.h>
#include <string.h>

/* currentNonce() of an account with nothing but its root validator. */
#define FIRST_NONCE 1

/* An operation on its way through the account. */
typedef struct passage {
    const vk_userop *op;
    const vk_verdict_moment *when;
    vk_kernel_nonce nonce;
    vk_hash hash;
    vk_bytes session_part;
    uint8_t selector[4]; /* granted by now */
    unsigned unusual;    /* about the signature */
} passage;

static void deny_err(vk_verdict_answer *answer, const char *rule, const vk_error *err) {
    vk_verdict_answer_deny(answer, rule, "%s", err->message);
}

/* ---- Installing, in enable mode ---- */

static void check_parts(const vk_verdict_account *account, const vk_enable_parts *parts,
                        vk_verdict_answer *answer) {
    vk_u256 hook = vk_u256_from_be(parts->hook.b, sizeof parts->hook.b);
    if (account->installed) {
        vk_verdict_answer_deny(answer, "nonce",
                               "the permission is installed already, so the approval is used up");
    }
    if (!vk_bytes_equal(parts->enable_data, account->enable_data)) {
        vk_verdict_answer_deny(answer, "approval",
                               "the operation installs another permission than this session");
    }
    if (!vk_u256_fits(&hook, 1)) {
        vk_verdict_answer_deny(answer, "approval",
                               "a permission with a hook is not judged here: the hook must be 0 "
                               "or 1");
    }
}

static void check_approval(const vk_verdict_account *account, const vk_enable_parts *parts,
                           vk_verdict_answer *answer) {
    vk_enable enable = {.kernel = account->kernel,
                        .chain_id = account->chain_id,
                        .account = account->account,
                        .nonce = FIRST_NONCE,
                        .hook = parts->hook,
                        .enable_data = parts->enable_data,
                        .hook_data = parts->hook_data,
                        .action_target = parts->action_target,
                        .action_hook = parts->action_hook};
    memcpy(enable.permission_id, account->permission_id, sizeof enable.permission_id);
    memcpy(enable.selector, parts->selector, sizeof enable.selector);
    vk_hash digest;
    vk_error err = {0};
    vk_status status = vk_enable_digest(&enable, &digest);
    if (status == VK_OK) {
        status = vk_enable_verify(&account->root, &digest, parts->approval, &err);
    }
    if (status != VK_OK) {
        deny_err(answer, "approval", &err);
    }
}

static void enable(const vk_verdict_account *account, passage *p, vk_verdict_answer *answer) {
    vk_enable_parts parts;
    vk_error err = {0};
    if (vk_enable_signature_read(p->op->signature, &parts, &err) != VK_OK) {
        deny_err(answer, "approval", &err);
        return;
    }
    check_parts(account, &parts, answer);
    check_approval(account, &parts, answer);
    memcpy(p->selector, parts.selector, sizeof p->selector);
    p->session_part = parts.session_part;
}

/* ---- Who validates ---- */

static void check_root(const vk_verdict_account *account, const passage *p,
                       vk_verdict_answer *answer) {
    unsigned unusual = 0;
    vk_error err = {0};
    if (account->root.kind != VK_ROOT_ECDSA) {
        vk_verdict_answer_deny(answer, "nonce",
                               "the nonce is for the root validator, whose owner is not known");
    } else if (vk_ecdsa_accepts(&account->root.owner, &p->hash, p->op->signature, &unusual, &err) !=
               VK_OK) {
        deny_err(answer, "signature", &err);
    }
}

static void check_lane(const vk_verdict_account *account, const passage *p,
                       vk_verdict_answer *answer) {
    if (p->nonce.type != VK_NONCE_PERMISSION ||
        memcmp(p->nonce.permission_id, account->permission_id, 4) != 0) {
        vk_verdict_answer_deny(answer, "nonce",
                               "the nonce names a validator or permission that is not installed");
    } else if (p->nonce.mode != VK_NONCE_ENABLE && !account->installed) {
        vk_verdict_answer_deny(answer, "permission", "the permission is not installed yet");
    }
}

/* ---- The session ---- */

static vk_status evaluate(const vk_verdict_account *account, const passage *p,
                          vk_hardening_set relaxed, vk_rule_state *states,
                          vk_verdict_answer *answer) {
    vk_address guards[] = {account->signer.contract, vk_root_validator(VK_ROOT_ECDSA),
                           account->root.validator};
    size_t known = account->root.kind == VK_ROOT_UNKNOWN ? 2 : 3;
    vk_verdict_request request = {.op = p->op,
                                  .chain_id = account->chain_id,
                                  .now = p->when->time,
                                  .has_block = p->when->has_block,
                                  .block = p->when->block,
                                  .selector = p->selector,
                                  .guards = guards,
                                  .guard_count = known,
                                  .relaxed = relaxed};
    vk_verdict verdict;
    vk_status status = vk_policy_evaluate(account->policy, &request, states, &verdict);
    if (status == VK_OK && !verdict.allowed) {
        bool first = answer->rule[0] == '\0';
        vk_verdict_answer_deny(answer, verdict.rule, "%s", verdict.reason);
        answer->hardening = first ? verdict.hardening : answer->hardening;
    }
    if (status == VK_OK) {
        vk_verdict_clear(&verdict);
    }
    return status;
}

static void check_signature(const vk_verdict_account *account, passage *p,
                            vk_verdict_answer *answer) {
    vk_error err = {0};
    vk_bytes signer_part = {NULL, 0};
    vk_status status = vk_permission_signature_read(p->session_part, account->policy->count,
                                                    &signer_part, &p->unusual, &err);
    if (status == VK_OK) {
        status = vk_signer_accepts(&account->signer, &p->hash, signer_part, &p->unusual, &err);
    }
    if (status != VK_OK) {
        deny_err(answer, "signature", &err);
    }
}

/* As the contracts do. Bytes for a policy stand behind the call data that it gets, where the rules
 * take nothing to be: a slice that leads out of its call is then refused unread. */
static vk_status evaluate_exactly(const vk_verdict_account *account, const passage *p,
                                  vk_rule_state *states, vk_verdict_answer *answer) {
    vk_hardening_set relaxed = VK_HARDENING_ALL;
    bool unknown = (p->unusual & VK_UNUSUAL_POLICY_PART) != 0;
    if (unknown) {
        relaxed &= ~vk_hardening_bit(VK_HARDENING_SLICE_BOUNDS);
    }
    vk_status status = evaluate(account, p, relaxed, states, answer);
    answer->hardening = unknown ? NULL : answer->hardening;
    return status;
}

/* What the account's contracts say. states is changed if they accept. */
static vk_status judge(const vk_verdict_account *account, passage *p, vk_rule_state *states,
                       vk_verdict_answer *answer) {
    p->session_part = p->op->signature;
    memcpy(p->selector, account->selector, sizeof p->selector);
    if (p->nonce.type == VK_NONCE_ROOT) {
        check_root(account, p, answer);
        return VK_OK;
    }
    check_lane(account, p, answer);
    if (answer->rule[0] == '\0' && p->nonce.mode == VK_NONCE_ENABLE) {
        enable(account, p, answer);
    }
    if (answer->rule[0] != '\0') {
        return VK_OK;
    }
    check_signature(account, p, answer);
    return evaluate_exactly(account, p, states, answer);
}

/* ---- Hardening of the signature ---- */

static void harden_signature(const vk_verdict_account *account, unsigned unusual,
                             vk_verdict_answer *answer) {
    bool first = answer->rule[0] == '\0';
    if (first && vk_signer_is_unpatched(&account->signer) &&
        (account->relaxed & vk_hardening_bit(VK_HARDENING_UNPATCHED_SIGNER)) == 0) {
        vk_verdict_answer_deny(answer, "signer",
                               "this WebAuthn signer takes any assertion that the key ever made "
                               "for any operation: use 0.0.4");
        answer->hardening = vk_hardening_name(VK_HARDENING_UNPATCHED_SIGNER);
        return;
    }
    if (first && unusual != 0 &&
        (account->relaxed & vk_hardening_bit(VK_HARDENING_SIGNATURE_ENCODING)) == 0) {
        vk_buf words = {0};
        vk_unusual_describe(unusual, &words);
        char *text = vk_buf_take_text(&words);
        vk_verdict_answer_deny(answer, "signature", "the signature has an unusual form: %s",
                               text == NULL ? "" : text);
        answer->hardening = vk_hardening_name(VK_HARDENING_SIGNATURE_ENCODING);
        vk_text_free(text);
    }
}

static vk_status harden(const vk_verdict_account *account, const passage *p, vk_rule_state *states,
                        vk_verdict_answer *answer) {
    if (p->nonce.type == VK_NONCE_ROOT) {
        return VK_OK;
    }
    vk_status status = evaluate(account, p, account->relaxed, states, answer);
    harden_signature(account, p->unusual, answer);
    return status;
}

/* ---- Operations ---- */

static void include(vk_verdict_account *account, const passage *p, const vk_rule_state *states) {
    memcpy(account->states, states, account->policy->count * sizeof *states);
    vk_verdict_lane_use(&account->lanes, &p->op->nonce);
    if (p->nonce.type == VK_NONCE_PERMISSION && p->nonce.mode == VK_NONCE_ENABLE) {
        account->installed = true;
        memcpy(account->selector, p->selector, sizeof account->selector);
    }
}

static vk_status judge_and_include(vk_verdict_account *account, passage *p, vk_rule_state *scratch,
                                   vk_verdict_answer *answer) {
    size_t len = account->policy->count * sizeof *scratch;
    memcpy(scratch, account->states, len);
    vk_status status = judge(account, p, scratch, answer);
    bool accepted = status == VK_OK && answer->rule[0] == '\0';
    if (!accepted) {
        return status;
    }
    vk_rule_state *before = malloc(len + 1);
    if (before == NULL) {
        return VK_ERR_MEMORY;
    }
    memcpy(before, account->states, len);
    status = harden(account, p, before, answer);
    free(before);
    if (status == VK_OK) {
        include(account, p, scratch);
    }
    return status;
}

vk_status vk_verdict_operation(vk_verdict_account *account, const vk_userop *op,
                               const vk_verdict_moment *when, vk_verdict_answer *answer) {
    passage p = {.op = op, .when = when, .nonce = vk_kernel_nonce_decode(&op->nonce)};
    *answer = (vk_verdict_answer){.accept = false};
    vk_verdict_entry_point(op, &account->lanes, answer);
    if (vk_userop_hash(op, account->chain_id, &account->entry_point, &p.hash) != VK_OK) {
        vk_verdict_answer_deny(answer, "userOp", "the EntryPoint cannot hash the operation");
    }
    vk_rule_state *scratch = malloc((account->policy->count + 1) * sizeof *scratch);
    if (scratch == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status =
        answer->rule[0] == '\0' ? judge_and_include(account, &p, scratch, answer) : VK_OK;
    free(scratch);
    answer->accept = answer->rule[0] == '\0';
    return status;
}

/* ---- Messages ---- */

static void check_message_lane(const vk_verdict_account *account, const vk_message_parts *parts,
                               vk_verdict_answer *answer) {
    if (parts->signer.plugin != VK_MESSAGE_PERMISSION || !account->installed ||
        memcmp(parts->signer.permission_id, account->permission_id, 4) != 0) {
        vk_verdict_answer_deny(answer, "signature",
                               "the signature names a validator or permission that is not "
                               "installed");
    }
}

static void check_message_signature(const vk_verdict_account *account,
                                    const vk_verdict_message *message,
                                    const vk_message_parts *parts, unsigned *unusual,
                                    vk_verdict_answer *answer) {
    vk_error err = {0};
    vk_hash digest;
    vk_bytes signer_part = {NULL, 0};
    vk_message wrapped = {.kernel = account->kernel,
                          .chain_id = account->chain_id,
                          .account = account->account,
                          .hash = message->hash,
                          .replayable = parts->replayable};
    vk_status status = vk_message_digest(&wrapped, &digest, &err);
    /* Asked about a message, the account forgets what it skipped for the policies: no part of
     * theirs can stand in front. */
    if (status == VK_OK) {
        status = vk_permission_signature_read(parts->part, 0, &signer_part, unusual, &err);
    }
    if (status == VK_OK) {
        status = vk_signer_accepts(&account->signer, &digest, signer_part, unusual, &err);
    }
    if (status != VK_OK) {
        deny_err(answer, "signature", &err);
    }
    /* The SDK's session keys sign the digest itself, or its EIP-191 hash. */
    *unusual &= ~VK_UNUSUAL_BARE;
}

static vk_status evaluate_message(const vk_verdict_account *account,
                                  const vk_message_request *request, vk_verdict_answer *answer) {
    vk_verdict verdict;
    vk_status status = vk_policy_evaluate_message(account->policy, request, &verdict);
    if (status == VK_OK && !verdict.allowed) {
        vk_verdict_answer_deny(answer, verdict.rule, "%s", verdict.reason);
        answer->hardening = verdict.hardening;
    }
    if (status == VK_OK) {
        vk_verdict_clear(&verdict);
    }
    return status;
}

/* With the owner's own key, which is under no policy. */
static void check_root_message(const vk_verdict_account *account, const vk_verdict_message *message,
                               const vk_message_parts *parts, vk_verdict_answer *answer) {
    unsigned unusual = 0;
    vk_error err = {0};
    vk_hash digest;
    vk_message wrapped = {.kernel = account->kernel,
                          .chain_id = account->chain_id,
                          .account = account->account,
                          .hash = message->hash,
                          .replayable = parts->replayable};
    vk_status status = vk_message_digest(&wrapped, &digest, &err);
    if (status == VK_OK) {
        status = vk_ecdsa_accepts(&account->root.owner, &digest, parts->part, &unusual, &err);
    }
    if (status != VK_OK) {
        deny_err(answer, "signature", &err);
    }
}

static bool is_root(const vk_verdict_account *account, const vk_message_parts *parts) {
    return account->root.kind == VK_ROOT_ECDSA &&
           (parts->signer.plugin == VK_MESSAGE_ROOT ||
            (parts->signer.plugin == VK_MESSAGE_VALIDATOR &&
             vk_address_equal(&parts->signer.validator, &account->root.validator)));
}

static vk_status judge_session_message(const vk_verdict_account *account,
                                       const vk_verdict_message *message,
                                       const vk_message_parts *parts, const vk_verdict_moment *when,
                                       vk_verdict_answer *answer) {
    unsigned unusual = 0;
    vk_message_request request = {.now = when->time,
                                  .has_caller = true,
                                  .caller = message->caller,
                                  .replayable = parts->replayable,
                                  .relaxed = VK_HARDENING_ALL};
    check_message_lane(account, parts, answer);
    vk_status status = evaluate_message(account, &request, answer);
    check_message_signature(account, message, parts, &unusual, answer);
    if (status == VK_OK && answer->rule[0] == '\0') {
        request.relaxed = account->relaxed;
        status = evaluate_message(account, &request, answer);
        harden_signature(account, unusual, answer);
    }
    return status;
}

vk_status vk_verdict_signature(const vk_verdict_account *account, const vk_verdict_message *message,
                               const vk_verdict_moment *when, vk_verdict_answer *answer) {
    vk_message_parts parts;
    vk_error err = {0};
    vk_status status = VK_OK;
    *answer = (vk_verdict_answer){.accept = false};
    if (vk_message_signature_read(account->kernel, message->signature, &parts, &err) != VK_OK) {
        deny_err(answer, "signature", &err);
    } else if (is_root(account, &parts)) {
        check_root_message(account, message, &parts, answer);
    } else {
        status = judge_session_message(account, message, &parts, when, answer);
    }
    answer->accept = status == VK_OK && answer->rule[0] == '\0';
    return status;
}
