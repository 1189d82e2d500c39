/* The checks of an operation, in the order in which the key would make them. */
#include "cli/explain.h"

#include <stdlib.h>
#include <string.h>

#define NO_RULE (-1)

/* ---- Findings ---- */

static vk_finding *add(vk_explain *job, int rule_index, const char *rule, vk_rule_result result,
                       const char *reason) {
    vk_judgement *judgement = &job->judgement;
    vk_finding *finding = &judgement->findings[judgement->count++];
    *finding = (vk_finding){.rule_index = rule_index, .result = result};
    snprintf(finding->name, sizeof finding->name, "%s", rule);
    snprintf(finding->rule, sizeof finding->rule, "%s", rule);
    snprintf(finding->reason, sizeof finding->reason, "%s", reason);
    return finding;
}

/* The first refusal is the one that the key would give. */
void vk_explain_refuse(vk_explain *job, const char *rule, const char *reason) {
    vk_finding *finding = add(job, NO_RULE, rule, VK_RESULT_DENIED, reason);
    if (job->judgement.refusal == NULL) {
        job->judgement.refusal = finding;
    }
}

static void chain_answers(vk_explain *job, const char *error) {
    snprintf(job->judgement.chain_error, sizeof job->judgement.chain_error, "%s", error);
}

/* ---- The grant ---- */

/* Is there one for this account, chain and permission? */
static void judge_grant(vk_explain *job) {
    char field[32] = "grant";
    char reason[VK_REASON_MAX] = "the key has no grant for this account and chain";
    const vk_grant *nearest = job->grant;
    if (nearest == NULL && job->grants.count == 1) {
        nearest = &job->grants.list[0];
    }
    if (job->grants.count == 0) {
        vk_explain_refuse(job, "grant",
                          "the key has no grant: no account's owner has approved it yet");
    } else if (nearest == NULL || vk_grant_match(nearest, &job->request, field, reason) != VK_OK) {
        vk_explain_refuse(job, field, reason);
    } else {
        add(job, NO_RULE, "grant", VK_RESULT_ALLOWED, "the key may act for this account");
    }
}

/* What the account says to a nonce whose mode does not fit. */
static const char *mode_error(const vk_u256 *nonce) {
    return vk_kernel_nonce_decode(nonce).mode == VK_NONCE_ENABLE
               ? "AA23 reverted: InvalidNonce()" /* approved once, used twice */
               : "AA23 reverted: revert()";      /* there is no signer to ask */
}

static const char *nonce_text(vk_grant_kind kind) {
    return kind == VK_GRANT_OWNER      ? "the key is the account's owner"
           : kind == VK_GRANT_PLUGIN   ? "the plug-in is enabled"
           : kind == VK_GRANT_THIRDWEB ? "a thirdweb account takes any nonce"
                                       : "the permission is installed";
}

/* Does the nonce's mode fit what was signed before? */
static void judge_mode(vk_explain *job) {
    char reason[VK_REASON_MAX] = "";
    bool installs = false;
    const vk_userop *op = &job->request.op;
    if (vk_grant_check_mode(job->grant, &job->state.install, op, &installs, reason) != VK_OK) {
        vk_explain_refuse(job, "nonce", reason);
        chain_answers(job, job->grant->kind == VK_GRANT_PERMISSION ? mode_error(&op->nonce) : "");
        return;
    }
    add(job, NO_RULE, "nonce", VK_RESULT_ALLOWED,
        installs ? "the operation brings the approval along (enable mode)"
                 : nonce_text(job->grant->kind));
}

/* ---- The policy ---- */

static void name_rule(const vk_rule *rule, size_t index, vk_finding *finding) {
    int len = snprintf(finding->name, sizeof finding->name, "%zu %s", index + 1,
                       vk_rule_name(rule->kind));
    if (rule->kind == VK_RULE_CALL && len > 0 && (size_t)len < sizeof finding->name) {
        snprintf(finding->name + len, sizeof finding->name - (size_t)len, " 0.0.%d",
                 (int)rule->u.call.version);
    }
}

static void add_rule(vk_explain *job, const vk_verdict *verdict, size_t index) {
    const vk_rule *rule = &job->key.policy.rules[index];
    const vk_rule_verdict *result = &verdict->rules[index];
    bool denies = !verdict->allowed && verdict->rule_index == (int)index;
    vk_finding *finding = add(job, (int)index, denies ? verdict->rule : vk_rule_name(rule->kind),
                              result->result, result->reason);
    name_rule(rule, index, finding);
    finding->valid_after = result->valid_after;
    finding->valid_until = result->valid_until;
    if (denies && job->judgement.refusal == NULL) {
        job->judgement.refusal = finding;
    }
}

static void intersect(vk_judgement *judgement, uint64_t after, uint64_t until) {
    if (after > judgement->valid_after) {
        judgement->valid_after = after;
    }
    if (until != 0 && (judgement->valid_until == 0 || until < judgement->valid_until)) {
        judgement->valid_until = until;
    }
}

void vk_explain_take_verdict(vk_explain *job, const vk_verdict *verdict) {
    bool is_first = job->judgement.refusal == NULL;
    if (!verdict->allowed && verdict->rule_index < 0) {
        vk_explain_refuse(job, verdict->rule, verdict->reason);
    }
    for (size_t i = 0; i < verdict->count; i++) {
        add_rule(job, verdict, i);
        intersect(&job->judgement, verdict->rules[i].valid_after, verdict->rules[i].valid_until);
    }
    intersect(&job->judgement, vk_explain_grant(job)->valid_after,
              vk_explain_grant(job)->valid_until);
    if (is_first) {
        job->judgement.hardening = verdict->hardening;
        chain_answers(job, verdict->chain_error);
    }
}

static vk_status evaluate(const vk_explain *job, vk_verdict *out) {
    size_t size = job->key.policy.count * sizeof *job->state.rules;
    vk_rule_state *scratch = malloc(size + 1);
    if (scratch == NULL) {
        return VK_ERR_MEMORY;
    }
    memcpy(scratch, job->state.rules, size);
    vk_address guards[VK_GRANT_GUARDS_MAX];
    vk_verdict_request asked = {
        .op = &job->request.op, .now = job->now, .relaxed = job->key.relaxed};
    if (job->grant != NULL) {
        asked.guards = guards;
        asked.guard_count = vk_grant_guards(job->grant, &job->key.signer, guards);
    }
    vk_status status =
        vk_grant_evaluate(vk_explain_grant(job), &job->key.policy, &asked, scratch, out);
    free(scratch);
    return status;
}

static vk_exit judge_rules(vk_cli *cli, vk_explain *job) {
    vk_verdict verdict;
    vk_status status = evaluate(job, &verdict);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot judge the operation", status);
    }
    vk_explain_take_verdict(job, &verdict);
    vk_verdict_clear(&verdict);
    return VK_EXIT_OK;
}

/* ---- Spend rules ---- */

static vk_rule_result judge_amount(const vk_explain *job, const vk_grant_spend *rule,
                                   char reason[VK_REASON_MAX]) {
    vk_u256 amount;
    vk_buf words = {0};
    vk_status status =
        vk_spend_of_operation(&rule->asset, job->grant, &job->request.op, &amount, reason);
    if (status != VK_OK) {
        return VK_RESULT_DENIED;
    }
    vk_spend_standing standing = vk_grant_spend_standing(rule, &amount);
    vk_put_spend_standing(&words, &standing);
    snprintf(reason, VK_REASON_MAX, "%.*s", (int)words.len, (const char *)words.data);
    vk_buf_clear(&words);
    return vk_spend_fits(&standing) ? VK_RESULT_ALLOWED : VK_RESULT_DENIED;
}

void vk_explain_spends(vk_explain *job) {
    char reason[VK_REASON_MAX] = "out of memory";
    for (size_t i = 0; i < job->spends.count; i++) {
        const vk_grant_spend *rule = &job->spends.list[i];
        vk_rule_result result = judge_amount(job, rule, reason);
        vk_finding *finding = add(job, NO_RULE, "spend", result, reason);
        snprintf(finding->name, sizeof finding->name, "spend %s", rule->name);
        if (result == VK_RESULT_DENIED && job->judgement.refusal == NULL) {
            job->judgement.refusal = finding;
        }
    }
}

static void add_touch(vk_explain *job) {
    const vk_judgement *judgement = &job->judgement;
    char reason[VK_REASON_MAX + 128];
    if (judgement->needs_touch) {
        snprintf(reason, sizeof reason, "needs a touch of the security key \"%s\": %s",
                 job->key.step_up.device.name, judgement->touch);
    } else {
        snprintf(reason, sizeof reason, "needs no touch: %s", judgement->touch);
    }
    add(job, NO_RULE, "touch", VK_RESULT_ALLOWED, reason);
}

vk_exit vk_explain_touch(vk_cli *cli, vk_explain *job, const vk_userop *op) {
    vk_judgement *judgement = &job->judgement;
    vk_status status = VK_OK;
    if (!job->key.has_step_up) {
        return VK_EXIT_OK;
    }
    if (op == NULL) {
        judgement->needs_touch = true;
        snprintf(judgement->touch, sizeof judgement->touch, "%s", vk_step_up_message);
    } else {
        status = vk_step_up_judge(&job->key.step_up, vk_explain_grant(job), op,
                                  &judgement->needs_touch, judgement->touch);
    }
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot judge the operation", status);
    }
    add_touch(job);
    return VK_EXIT_OK;
}

vk_exit vk_explain_judge(vk_cli *cli, vk_explain *job) {
    if (!job->key.has_policy) {
        vk_explain_refuse(job, "policy", "the key has no policy, so it signs nothing");
        return VK_EXIT_OK;
    }
    judge_grant(job);
    if (job->judgement.refusal == NULL) {
        judge_mode(job);
    }
    vk_exit exit = judge_rules(cli, job);
    vk_explain_spends(job);
    return exit == VK_EXIT_OK ? vk_explain_touch(cli, job, &job->request.op) : exit;
}
