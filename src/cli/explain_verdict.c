/* What the checks found, as text or as JSON members. */
#include "cli/explain.h"

#include <inttypes.h>
#include <string.h>

/* ---- The first lines ---- */

void vk_explain_headline(vk_out *out, const vk_explain *job) {
    const vk_finding *refusal = job->judgement.refusal;
    vk_out_text(out, "label", job->key.label);
    vk_out_u64(out, "at", job->now);
    if (refusal == NULL) {
        vk_say_in(out, VK_STYLE_GOOD, "Allowed");
        vk_say(out, ": the key \"%s\" would sign", job->key.label);
        if (job->judgement.needs_touch) {
            vk_say(out, " after a touch of the security key \"%s\"", job->key.step_up.device.name);
        }
        vk_say(out, ".\n\n");
    } else {
        vk_say_in(out, VK_STYLE_BAD, "Refused");
        vk_say(out, ": %s.\n\n", refusal->reason);
    }
}

/* ---- What was judged by ---- */

static void say_time(vk_cli *cli, uint64_t now) {
    vk_buf words = {0};
    vk_put_time(&words, now);
    vk_say_field(&cli->out, "judged at", "%.*s%s", (int)words.len, (const char *)words.data,
                 vk_opt_flag(cli, VK_OPT_AT) ? " (--at)" : "");
    vk_buf_clear(&words);
}

static void say_spent(vk_cli *cli, const vk_rule *rule, const vk_rule_state *state) {
    vk_buf words = {0};
    vk_put_ether(&words, &state->spent);
    vk_buf_put_text(&words, " of ");
    vk_put_ether(&words, &rule->u.gas.allowed);
    vk_say_field(&cli->out, "gas spent", "%.*s before this operation%s", (int)words.len,
                 (const char *)words.data, vk_opt_flag(cli, VK_OPT_SPENT) ? " (--spent)" : "");
    vk_buf_clear(&words);
}

static void say_used(vk_cli *cli, const vk_rule *rule, const vk_rule_state *state, uint64_t now) {
    bool resets = rule->kind == VK_RULE_RATE_LIMIT_RESET;
    bool is_over = resets && state->window <= now;
    vk_say_field(&cli->out, "used", "%" PRIu64 " of %" PRIu64 " operations%s before this one%s",
                 is_over ? 0 : state->used, rule->u.rate.count, resets ? " of the window" : "",
                 vk_opt_flag(cli, VK_OPT_USED) ? " (--used)" : "");
}

static void say_state(vk_cli *cli, const vk_explain *job) {
    say_time(cli, job->now);
    for (size_t i = 0; job->state.rules != NULL && i < job->key.policy.count; i++) {
        const vk_rule *rule = &job->key.policy.rules[i];
        if (rule->kind == VK_RULE_GAS) {
            say_spent(cli, rule, &job->state.rules[i]);
        } else if (rule->kind == VK_RULE_RATE_LIMIT || rule->kind == VK_RULE_RATE_LIMIT_RESET) {
            say_used(cli, rule, &job->state.rules[i], job->now);
        }
    }
}

/* ---- Findings ---- */

static void say_finding(vk_out *out, const vk_finding *finding) {
    static const char *const words[] = {[VK_RESULT_ALLOWED] = "allowed",
                                        [VK_RESULT_DENIED] = "refused",
                                        [VK_RESULT_SKIPPED] = "skipped"};
    vk_say(out, "  %-14s ", finding->name);
    vk_say_in(out, finding->result == VK_RESULT_DENIED ? VK_STYLE_BAD : VK_STYLE_GOOD,
              words[finding->result]);
    vk_say(out, "  %s\n", finding->reason);
}

static void put_result(vk_out *out, const char *name, const vk_finding *finding) {
    static const char *const words[] = {[VK_RESULT_ALLOWED] = "allowed",
                                        [VK_RESULT_DENIED] = "denied",
                                        [VK_RESULT_SKIPPED] = "skipped"};
    vk_out_text(out, name, finding->rule);
    vk_out_text(out, "result", words[finding->result]);
    vk_out_text(out, "reason", finding->reason);
}

/* Every check, and those that are rules of the policy with all that they say. */
static void put_verdicts(vk_out *out, const vk_judgement *judgement) {
    vk_out_open(out, "verdicts", '[');
    for (size_t i = 0; i < judgement->count; i++) {
        vk_out_open(out, NULL, '{');
        put_result(out, "rule", &judgement->findings[i]);
        vk_out_close(out, '}');
    }
    vk_out_close(out, ']');
}

static void put_state(vk_out *out, const vk_rule *rule, const vk_rule_state *state) {
    char wei[79];
    if (rule->kind == VK_RULE_GAS) {
        vk_u256_decimal(&state->spent, wei);
        vk_out_text(out, "spent", wei);
    } else if (rule->kind == VK_RULE_RATE_LIMIT || rule->kind == VK_RULE_RATE_LIMIT_RESET) {
        vk_out_u64(out, "used", state->used);
    }
    if (rule->kind == VK_RULE_RATE_LIMIT_RESET) {
        vk_out_u64(out, "windowEnd", state->window);
    }
}

static void put_rules(vk_out *out, const vk_explain *job) {
    vk_out_open(out, "rules", '[');
    for (size_t i = 0; i < job->judgement.count; i++) {
        const vk_finding *finding = &job->judgement.findings[i];
        if (finding->rule_index < 0) {
            continue;
        }
        vk_out_open(out, NULL, '{');
        vk_out_u64(out, "index", (uint64_t)finding->rule_index);
        put_result(out, "type", finding);
        vk_out_u64(out, "validAfter", finding->valid_after);
        vk_out_u64(out, "validUntil", finding->valid_until);
        if (job->state.rules != NULL) {
            put_state(out, &job->key.policy.rules[finding->rule_index],
                      &job->state.rules[finding->rule_index]);
        }
        vk_out_close(out, '}');
    }
    vk_out_close(out, ']');
}

/* ---- The verdict ---- */

static void put_optional(vk_out *out, const char *name, const char *text) {
    if (text == NULL || text[0] == '\0') {
        vk_out_null(out, name);
    } else {
        vk_out_text(out, name, text);
    }
}

static void put_verdict(vk_out *out, const vk_judgement *judgement) {
    const vk_finding *refusal = judgement->refusal;
    vk_out_open(out, "verdict", '{');
    vk_out_bool(out, "accept", refusal == NULL);
    put_optional(out, "rule", refusal != NULL ? refusal->rule : NULL);
    put_optional(out, "reason", refusal != NULL ? refusal->reason : NULL);
    put_optional(out, "hardening", judgement->hardening);
    vk_out_close(out, '}');
    put_optional(out, "chainError", judgement->chain_error);
    vk_out_bool(out, "wouldSign", refusal == NULL);
    if (refusal != NULL) {
        vk_out_text(out, "rule", refusal->rule);
        vk_out_text(out, "reason", refusal->reason);
    }
}

static void say_chain(vk_out *out, const vk_judgement *judgement) {
    if (judgement->refusal != NULL && strcmp(judgement->refusal->rule, "spend") == 0) {
        vk_say(out, "No chain knows spend rules: this token alone keeps them.\n");
    } else if (judgement->hardening != NULL) {
        vk_say(out, "On the chain it would pass: this is the hardening rule %s.\n",
               judgement->hardening);
    } else if (judgement->chain_error[0] != '\0') {
        vk_say(out, "On the chain this would have been: %s\n", judgement->chain_error);
    }
}

/* What the reader would not expect: that nobody else keeps the limits. */
static void say_keeper(vk_out *out, const vk_grant *grant) {
    if (grant != NULL && vk_grant_is_token_only(grant)) {
        vk_say(out, "%s\n", vk_grant_keeper_text(grant));
    }
}

static void say_key(vk_out *out, const vk_key_info *key) {
    const uint8_t *id = key->permission_id;
    vk_say_in(out, VK_STYLE_HEAD, "Rules");
    vk_say(out, " of the key \"%s\"", key->label);
    if (key->has_permission_id) {
        vk_say(out, ", permission 0x%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
    }
    vk_say(out, "\n");
}

static void put_touch(vk_out *out, const vk_explain *job) {
    if (job->judgement.touch[0] == '\0') {
        return;
    }
    vk_out_open(out, "touch", '{');
    vk_out_bool(out, "needed", job->judgement.needs_touch);
    vk_out_text(out, "device", job->key.step_up.device.name);
    vk_out_text(out, "reason", job->judgement.touch);
    vk_out_close(out, '}');
}

void vk_explain_findings(vk_cli *cli, const vk_explain *job) {
    vk_out *out = &cli->out;
    say_key(out, &job->key);
    say_state(cli, job);
    for (size_t i = 0; i < job->judgement.count; i++) {
        say_finding(out, &job->judgement.findings[i]);
    }
    say_chain(out, &job->judgement);
    say_keeper(out, job->grant);
    put_verdicts(out, &job->judgement);
    put_rules(out, job);
    put_touch(out, job);
    put_verdict(out, &job->judgement);
}
