/* explain: what an operation does, and the verdict rule by rule, without signing. */
#include "cli/describe.h"
#include "cli/grants.h"
#include "cli/input.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct explain_job {
    vk_buf text;
    vk_userop_request request;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant; /* NULL: none is for the operation */
    vk_grant_state state;
    uint64_t now;
    bool refused;
    char rule[32]; /* the first that said no */
    char reason[VK_REASON_MAX];
} explain_job;

static void clear_job(explain_job *job) {
    vk_buf_clear(&job->text);
    vk_userop_clear(&job->request.op);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    free(job->state.rules);
}

/* 0: unknown */
static uint64_t chain_of(const explain_job *job) {
    if (job->grant != NULL) {
        return job->grant->chain_id;
    }
    if (job->request.has_chain_id) {
        return job->request.chain_id;
    }
    return job->grants.count > 0 ? job->grants.list[0].chain_id : 0;
}

/* ---- Verdicts ---- */

/* One line of the verdict; the first denial is the one that the key would give. */
static void note(vk_cli *cli, explain_job *job, const char *rule, vk_rule_result result,
                 const char *reason) {
    static const char *const words[] = {[VK_RESULT_ALLOWED] = "allowed",
                                        [VK_RESULT_DENIED] = "denied",
                                        [VK_RESULT_SKIPPED] = "skipped"};
    vk_say(&cli->out, "  ");
    vk_say_in(&cli->out, result == VK_RESULT_DENIED ? VK_STYLE_BAD : VK_STYLE_GOOD, words[result]);
    vk_say(&cli->out, "%s %-16s %s\n", result == VK_RESULT_DENIED ? " " : "", rule, reason);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_text(&cli->out, "rule", rule);
    vk_out_text(&cli->out, "result", words[result]);
    vk_out_text(&cli->out, "reason", reason);
    vk_out_close(&cli->out, '}');
    if (result == VK_RESULT_DENIED && !job->refused) {
        job->refused = true;
        snprintf(job->rule, sizeof job->rule, "%s", rule);
        snprintf(job->reason, sizeof job->reason, "%s", reason);
    }
}

/* Is there a grant for this account, chain and permission? */
static void judge_grant(vk_cli *cli, explain_job *job) {
    char field[32] = "grant";
    char reason[VK_REASON_MAX] = "the key has no grant for this account and chain";
    const vk_grant *nearest = job->grant;
    if (nearest == NULL && job->grants.count == 1) {
        nearest = &job->grants.list[0];
    }
    if (job->grants.count == 0) {
        note(cli, job, "grant", VK_RESULT_DENIED,
             "the key has no grant: no account's owner has approved it yet");
    } else if (nearest == NULL || vk_grant_match(nearest, &job->request, field, reason) != VK_OK) {
        note(cli, job, field, VK_RESULT_DENIED, reason);
    } else {
        note(cli, job, "grant", VK_RESULT_ALLOWED, "the key may act for this account");
    }
}

/* Does the nonce's mode fit what was signed before? */
static void judge_mode(vk_cli *cli, explain_job *job) {
    char reason[VK_REASON_MAX] = "";
    bool installs = false;
    vk_status status =
        vk_grant_check_mode(job->grant, &job->state.install, &job->request.op, &installs, reason);
    if (status != VK_OK) {
        note(cli, job, "nonce", VK_RESULT_DENIED, reason);
        return;
    }
    note(cli, job, "nonce", VK_RESULT_ALLOWED,
         installs ? "the operation brings the approval along (enable mode)"
         : job->grant->kind == VK_GRANT_OWNER    ? "the key is the account's owner"
         : job->grant->kind == VK_GRANT_PLUGIN   ? "the plug-in is enabled"
         : job->grant->kind == VK_GRANT_THIRDWEB ? "a thirdweb account takes any nonce"
                                                 : "the permission is installed");
}

static void note_verdict(vk_cli *cli, explain_job *job, const vk_verdict *verdict) {
    if (!verdict->allowed && verdict->rule_index < 0) {
        note(cli, job, verdict->rule, VK_RESULT_DENIED, verdict->reason);
    }
    for (size_t i = 0; i < verdict->count; i++) {
        bool named = !verdict->allowed && (int)i == verdict->rule_index;
        note(cli, job, named ? verdict->rule : vk_rule_name(job->key.policy.rules[i].kind),
             verdict->rules[i].result, verdict->rules[i].reason);
    }
}

/* Without a grant the rules are asked for an account of the usual kind. */
static vk_grant usual_grant(const explain_job *job) {
    bool is_0_6 = job->request.op.entry_point == VK_ENTRY_POINT_0_6;
    vk_grant grant = {.chain_id = chain_of(job)};
    memcpy(grant.account.selector, vk_kernel_execute_selector, sizeof grant.account.selector);
    if (vk_policy_is_thirdweb(&job->key.policy)) {
        grant.kind = VK_GRANT_THIRDWEB;
    } else if (is_0_6) {
        grant.kind = VK_GRANT_OWNER;
        grant.kernel = VK_KERNEL_0_2_4;
    }
    return grant;
}

static vk_exit judge_rules(vk_cli *cli, explain_job *job) {
    vk_verdict verdict;
    vk_grant usual = usual_grant(job);
    const vk_grant *grant = job->grant != NULL ? job->grant : &usual;
    vk_verdict_request asked = {.op = &job->request.op, .now = job->now};
    vk_grant_first_states(grant, &job->key.policy, job->state.rules);
    vk_status status =
        vk_grant_evaluate(grant, &job->key.policy, &asked, job->state.rules, &verdict);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot judge the operation", status);
    }
    note_verdict(cli, job, &verdict);
    vk_verdict_clear(&verdict);
    return VK_EXIT_OK;
}

static vk_exit judge(vk_cli *cli, explain_job *job) {
    if (!job->key.has_policy) {
        note(cli, job, "policy", VK_RESULT_DENIED, "the key has no policy, so it signs nothing");
        return VK_EXIT_OK;
    }
    judge_grant(cli, job);
    if (!job->refused) {
        judge_mode(cli, job);
    }
    return judge_rules(cli, job);
}

/* ---- The whole ---- */

static vk_exit load(vk_cli *cli, explain_job *job) {
    vk_exit exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_load(cli, &job->key, &job->grants);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_operation(cli, &job->grants, &job->text, &job->request);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_choose(cli, &job->grants, &job->request, &job->grant);
    }
    if (exit != VK_EXIT_OK || !job->key.has_policy) {
        return exit;
    }
    return vk_grant_state_read(cli, &job->key, job->grant, &job->state);
}

static void conclude(vk_cli *cli, const explain_job *job) {
    vk_out *out = &cli->out;
    vk_say_in(out, VK_STYLE_HEAD, "Verdict\n");
    vk_say(out, "  The key ");
    vk_say_in(out, job->refused ? VK_STYLE_BAD : VK_STYLE_GOOD,
              job->refused ? "would refuse" : "would sign");
    if (job->refused) {
        vk_say(out, ": %s: %s\n", job->rule, job->reason);
    } else {
        vk_say(out, ".\n");
    }
    if (job->grant != NULL && vk_grant_is_token_only(job->grant)) {
        vk_say(out, "  %s\n", vk_grant_keeper_text(job->grant));
    }
    if (job->grant != NULL) {
        vk_out_text(out, "keptBy", vk_grant_is_token_only(job->grant) ? "token" : "account");
    }
    vk_out_bool(out, "wouldSign", !job->refused);
    if (job->refused) {
        vk_out_text(out, "rule", job->rule);
        vk_out_text(out, "reason", job->reason);
    }
}

static vk_exit explain(vk_cli *cli, explain_job *job) {
    vk_out *out = &cli->out;
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", job->key.label);
    vk_out_u64(out, "at", job->now);
    vk_say_in(out, VK_STYLE_HEAD, "Operation\n");
    vk_exit exit = vk_describe_operation(cli, &job->request.op, chain_of(job), job->grant);
    vk_say_in(out, VK_STYLE_HEAD, "Rules\n");
    vk_out_open(out, "verdicts", '[');
    if (exit == VK_EXIT_OK) {
        exit = judge(cli, job);
    }
    vk_out_close(out, ']');
    conclude(cli, job);
    vk_out_close(out, '}');
    return exit == VK_EXIT_OK && job->refused ? VK_EXIT_REFUSED : exit;
}

vk_exit vk_cmd_explain(vk_cli *cli) {
    explain_job job = {0};
    vk_exit exit = vk_read_time(cli, VK_OPT_AT, (uint64_t)time(NULL), &job.now);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_operation(cli, &job.text);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin(cli, false);
    }
    if (exit == VK_EXIT_OK) {
        exit = load(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = explain(cli, &job);
    }
    clear_job(&job);
    return exit;
}
