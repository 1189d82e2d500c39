/* explain: what an operation does, and the verdict rule by rule, without signing. */
#include "cli/explain.h"

#include "cli/input.h"
#include "cli/message.h"
#include "cli/session.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

void vk_explain_clear(vk_explain *job) {
    vk_operation_calls_clear(&job->calls);
    vk_buf_clear(&job->text);
    vk_userop_clear(&job->request.op);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    free(job->state.rules);
}

uint64_t vk_explain_chain(const vk_explain *job) {
    if (job->grant != NULL) {
        return job->grant->chain_id;
    }
    if (job->request.has_chain_id) {
        return job->request.chain_id;
    }
    return job->grants.count == 1 ? job->grants.list[0].chain_id : 0;
}

const vk_grant *vk_explain_grant(const vk_explain *job) {
    return job->grant != NULL ? job->grant : &job->usual;
}

/* Without a grant the rules are asked for an account of the usual kind. */
static void set_usual(vk_explain *job) {
    vk_grant *usual = &job->usual;
    *usual = (vk_grant){.chain_id = vk_explain_chain(job), .kernel = VK_KERNEL_0_3_1};
    memcpy(usual->account.selector, vk_kernel_execute_selector, sizeof usual->account.selector);
    if (job->key.has_policy && vk_policy_is_thirdweb(&job->key.policy)) {
        usual->kind = VK_GRANT_THIRDWEB;
    } else if (job->request.op.entry_point == VK_ENTRY_POINT_0_6) {
        usual->kind = VK_GRANT_OWNER;
        usual->kernel = VK_KERNEL_0_2_4;
    }
}

/* ---- The budgets to judge by ---- */

static bool is_rate_limit(const vk_rule *rule) {
    return rule->kind == VK_RULE_RATE_LIMIT || rule->kind == VK_RULE_RATE_LIMIT_RESET;
}

static bool is_gas(const vk_rule *rule) {
    return rule->kind == VK_RULE_GAS;
}

static vk_exit check_has(vk_cli *cli, const vk_policy *policy, bool (*is_it)(const vk_rule *rule),
                         vk_option option, const char *name) {
    for (size_t i = 0; i < policy->count; i++) {
        if (is_it(&policy->rules[i])) {
            return VK_EXIT_OK;
        }
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE,
                       "--%s is for keys under a %s rule, which this key's "
                       "policy has not",
                       vk_opt_name(option), name);
}

static vk_exit set_spent(vk_cli *cli, vk_explain *job) {
    const vk_policy *policy = &job->key.policy;
    vk_u256 spent;
    if (!vk_opt_flag(cli, VK_OPT_SPENT)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_read_wei(cli, VK_OPT_SPENT, &spent);
    if (exit == VK_EXIT_OK) {
        exit = check_has(cli, policy, is_gas, VK_OPT_SPENT, "gas");
    }
    for (size_t i = 0; i < policy->count && exit == VK_EXIT_OK; i++) {
        if (is_gas(&policy->rules[i])) {
            job->state.rules[i].spent = spent;
        }
    }
    return exit;
}

/* A window that is over counts nothing, so that a number given means one that is open. */
static void set_rule_used(const vk_rule *rule, uint64_t used, uint64_t now, vk_rule_state *state) {
    state->used = used;
    if (rule->kind == VK_RULE_RATE_LIMIT_RESET && state->window <= now) {
        state->window = now + rule->u.rate.interval;
    }
}

static vk_exit set_used(vk_cli *cli, vk_explain *job) {
    const vk_policy *policy = &job->key.policy;
    uint64_t used = 0;
    if (!vk_opt_flag(cli, VK_OPT_USED)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_read_u64(cli, VK_OPT_USED, UINT64_MAX, &used);
    if (exit == VK_EXIT_OK) {
        exit = check_has(cli, policy, is_rate_limit, VK_OPT_USED, "rate-limit");
    }
    for (size_t i = 0; i < policy->count && exit == VK_EXIT_OK; i++) {
        if (is_rate_limit(&policy->rules[i])) {
            set_rule_used(&policy->rules[i], used, job->now, &job->state.rules[i]);
        }
    }
    return exit;
}

static vk_exit load_state(vk_cli *cli, vk_explain *job) {
    vk_exit exit = VK_EXIT_OK;
    if (job->key.has_policy) {
        exit = vk_grant_state_read(cli, &job->key, job->grant, &job->state);
    }
    if (exit == VK_EXIT_OK && job->grant != NULL) {
        vk_grant_first_states(job->grant, &job->key.policy, job->state.rules);
    }
    if (exit == VK_EXIT_OK) {
        exit = set_spent(cli, job);
    }
    return exit == VK_EXIT_OK ? set_used(cli, job) : exit;
}

/* ---- The whole ---- */

vk_exit vk_explain_open_key(vk_cli *cli, vk_explain *job) {
    bool has_pin = vk_opt_flag(cli, VK_OPT_PIN_FILE) || vk_opt_flag(cli, VK_OPT_PIN_FD);
    vk_exit exit = has_pin ? vk_session_begin_user(cli, false) : vk_session_begin(cli, false);
    return exit == VK_EXIT_OK ? has_pin ? vk_key_select_signing(cli, &job->key)
                                        : vk_key_select(cli, CKO_PUBLIC_KEY, &job->key)
                              : exit;
}

static vk_exit read_calls(vk_cli *cli, vk_explain *job) {
    const vk_grant *grant = vk_explain_grant(job);
    vk_status status = grant->kind == VK_GRANT_THIRDWEB
                           ? vk_operation_calls_read_thirdweb(&job->request.op, &job->calls)
                           : vk_operation_calls_read(&job->request.op, grant->kernel, &job->calls);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

vk_exit vk_explain_load(vk_cli *cli, vk_explain *job) {
    vk_exit exit = vk_grants_load(cli, &job->key, &job->grants);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_operation(cli, &job->grants, &job->text, &job->request);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_choose(cli, &job->grants, &job->request, &job->grant);
    }
    if (exit == VK_EXIT_OK) {
        set_usual(job);
        exit = load_state(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grant_spends_read(cli, &job->key, job->grant, &job->spends);
    }
    return exit == VK_EXIT_OK ? read_calls(cli, job) : exit;
}

static vk_exit say(vk_cli *cli, const vk_explain *job) {
    vk_out *out = &cli->out;
    vk_out_open(out, NULL, '{');
    vk_explain_headline(out, job);
    vk_exit exit = vk_explain_operation(cli, job);
    vk_explain_findings(cli, job);
    vk_out_close(out, '}');
    return exit == VK_EXIT_OK && job->judgement.refusal != NULL ? VK_EXIT_REFUSED : exit;
}

static vk_exit explain_operation(vk_cli *cli) {
    vk_explain job = {.now = 0};
    vk_exit exit = vk_read_time(cli, VK_OPT_AT, (uint64_t)time(NULL), &job.now);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_operation(cli, &job.text);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_explain_open_key(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_explain_load(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_explain_judge(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = say(cli, &job);
    }
    vk_explain_clear(&job);
    return exit;
}

vk_exit vk_cmd_explain(vk_cli *cli) {
    if (vk_message_given(cli)) {
        return vk_explain_message(cli);
    }
    vk_exit exit = vk_message_check_unused(cli);
    return exit == VK_EXIT_OK ? explain_operation(cli) : exit;
}
