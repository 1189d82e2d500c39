/* explain of a message: for whom it is, and the verdict rule by rule, without signing. */
#include "cli/input.h"
#include "cli/message.h"
#include "cli/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

typedef struct message_job {
    vk_cli_message message;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant; /* NULL: the key has none */
    vk_grant_state state;
    uint64_t now;
    vk_verdict verdict;
} message_job;

static void clear_job(message_job *job) {
    vk_message_clear(&job->message);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    vk_verdict_clear(&job->verdict);
    free(job->state.rules);
}

/* ---- The message ---- */

static void describe_domain(vk_out *out, const vk_typed_domain *domain) {
    if (domain->has_verifying_contract) {
        char contract[43];
        vk_address_text(&domain->verifying_contract, contract);
        vk_say_field(out, "checked by", "%s", contract);
        vk_out_address(out, "verifyingContract", &domain->verifying_contract);
    }
    if (domain->has_chain_id) {
        char chain_id[79];
        vk_u256_decimal(&domain->chain_id, chain_id);
        vk_say_field(out, "domain", "chain %s", chain_id);
        vk_out_text(out, "domainChainId", chain_id);
    }
}

static void describe_account(vk_out *out, const vk_message_payload *payload) {
    char account[43];
    if (payload->has_account) {
        vk_address_text(&payload->account, account);
        vk_say_field(out, "account", "%s on chain %" PRIu64, account, payload->chain_id);
        vk_out_address(out, "account", &payload->account);
        vk_out_u64(out, "chainId", payload->chain_id);
    }
}

static void describe(vk_out *out, const message_job *job) {
    const vk_message_payload *payload = &job->message.payload;
    vk_say_in(out, VK_STYLE_HEAD, "Message\n");
    vk_out_open(out, "message", '{');
    vk_say_field(out, "kind", "%s",
                 payload->is_typed_data ? "typed data (EIP-712)" : "text (EIP-191)");
    vk_out_bool(out, "typedData", payload->is_typed_data);
    describe_account(out, payload);
    describe_domain(out, &payload->domain);
    vk_out_bytes(out, "hash", (vk_bytes){payload->hash.b, sizeof payload->hash.b});
    vk_out_close(out, '}');
}

/* ---- The verdict ---- */

static void deny(message_job *job, const char *rule, const char *reason) {
    job->verdict = (vk_verdict){.rule_index = -1};
    snprintf(job->verdict.rule, sizeof job->verdict.rule, "%s", rule);
    snprintf(job->verdict.reason, sizeof job->verdict.reason, "%s", reason);
}

static vk_exit judge(vk_cli *cli, message_job *job) {
    if (!job->key.has_policy) {
        deny(job, "policy", "the key has no policy, so it signs nothing");
        return VK_EXIT_OK;
    }
    if (job->grant == NULL) {
        deny(job, "grant", "the key has no grant: no account's owner has approved it yet");
        return VK_EXIT_OK;
    }
    vk_grant_moment moment = {.installed =
                                  job->grant->account.pre_installed || job->state.install.enabled,
                              .now = job->now,
                              .relaxed = job->key.relaxed};
    vk_status status = vk_grant_evaluate_message(job->grant, &job->key.policy,
                                                 &job->message.payload, &moment, &job->verdict);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot judge the message", status);
}

static void say_rule(vk_out *out, const char *rule, vk_rule_result result, const char *reason) {
    static const char *const words[] = {[VK_RESULT_ALLOWED] = "allowed",
                                        [VK_RESULT_DENIED] = "denied",
                                        [VK_RESULT_SKIPPED] = "skipped"};
    bool denied = result == VK_RESULT_DENIED;
    vk_say(out, "  ");
    vk_say_in(out, denied ? VK_STYLE_BAD : VK_STYLE_GOOD, words[result]);
    vk_say(out, "%s %-16s %s\n", denied ? " " : "", rule, reason);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "rule", rule);
    vk_out_text(out, "result", words[result]);
    vk_out_text(out, "reason", reason);
    vk_out_close(out, '}');
}

static void say_rules(vk_out *out, const message_job *job) {
    const vk_verdict *verdict = &job->verdict;
    vk_say_in(out, VK_STYLE_HEAD, "Rules\n");
    vk_out_open(out, "verdicts", '[');
    if (!verdict->allowed && verdict->rule_index < 0) {
        say_rule(out, verdict->rule, VK_RESULT_DENIED, verdict->reason);
    }
    for (size_t i = 0; i < verdict->count; i++) {
        say_rule(out, vk_rule_name(job->key.policy.rules[i].kind), verdict->rules[i].result,
                 verdict->rules[i].reason);
    }
    vk_out_close(out, ']');
}

static void conclude(vk_out *out, const vk_verdict *verdict) {
    vk_say_in(out, VK_STYLE_HEAD, "Verdict\n");
    vk_say(out, "  The key ");
    vk_say_in(out, verdict->allowed ? VK_STYLE_GOOD : VK_STYLE_BAD,
              verdict->allowed ? "would sign" : "would refuse");
    vk_out_bool(out, "wouldSign", verdict->allowed);
    if (verdict->allowed) {
        vk_say(out, ".\n");
        return;
    }
    vk_say(out, ": %s: %s\n", verdict->rule, verdict->reason);
    vk_out_text(out, "rule", verdict->rule);
    vk_out_text(out, "reason", verdict->reason);
    if (verdict->hardening != NULL) {
        vk_say(out, "  (hardening rule %s: the account itself would accept it)\n",
               verdict->hardening);
        vk_out_text(out, "hardening", verdict->hardening);
    }
}

/* ---- The whole ---- */

static vk_exit load(vk_cli *cli, message_job *job) {
    vk_exit exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_load(cli, &job->key, &job->grants);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_message_choose(cli, &job->key, &job->grants, &job->message, &job->grant);
    }
    if (exit != VK_EXIT_OK || !job->key.has_policy) {
        return exit;
    }
    return vk_grant_state_read(cli, &job->key, job->grant, &job->state);
}

static void explain(vk_out *out, const message_job *job) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", job->key.label);
    vk_out_u64(out, "at", job->now);
    describe(out, job);
    say_rules(out, job);
    conclude(out, &job->verdict);
    vk_out_close(out, '}');
}

vk_exit vk_explain_message(vk_cli *cli) {
    message_job job = {0};
    vk_exit exit = vk_read_time(cli, VK_OPT_AT, (uint64_t)time(NULL), &job.now);
    if (exit == VK_EXIT_OK) {
        exit = vk_message_read(cli, &job.message);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin(cli, false);
    }
    if (exit == VK_EXIT_OK) {
        exit = load(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = judge(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        explain(&cli->out, &job);
        exit = job.verdict.allowed ? VK_EXIT_OK : VK_EXIT_REFUSED;
    }
    clear_job(&job);
    return exit;
}
