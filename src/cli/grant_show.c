/* Grants as "key show" and "session show" show them. */
#include "cli/grant_show.h"

#include "cli/account.h"
#include "cli/input.h"
#include "cli/rule_left.h"
#include "cli/spends.h"
#include "policy/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* ---- Budgets ---- */

static void put_gas(vk_out *out, const vk_rule *rule, const vk_rule_left *left) {
    char ether[82], allowed[82], wei[79];
    vk_u256_scaled(&left->gas, 18, ether);
    vk_u256_scaled(&rule->u.gas.allowed, 18, allowed);
    vk_u256_decimal(&left->gas, wei);
    vk_say_field(out, "  gas left", "%s of %s ether", ether, allowed);
    vk_out_text(out, "gasLeft", wei);
}

static void say_time(vk_out *out, const char *name, uint64_t when) {
    vk_buf text = {0};
    vk_put_time(&text, when);
    vk_say_field(out, name, "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void put_count(vk_out *out, const vk_rule *rule, const vk_rule_left *left) {
    vk_say_field(out, "  count left", "%" PRIu64 " of %" PRIu64, left->count, rule->u.rate.count);
    vk_out_u64(out, "countLeft", left->count);
    if (left->has_next) {
        say_time(out, "  next from", left->next);
        vk_out_u64(out, "nextTime", left->next);
    }
    if (left->window_end != 0) {
        say_time(out, "  window ends", left->window_end);
        vk_out_u64(out, "windowEnd", left->window_end);
    }
}

/* What is left of one rule's budget. */
static void put_rule_state(vk_out *out, const vk_rule *rule, const vk_rule_state *state) {
    const vk_rule_left left = vk_rule_left_of(rule, state);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "rule", vk_rule_name(rule->kind));
    if (rule->kind == VK_RULE_GAS) {
        put_gas(out, rule, &left);
    } else {
        put_count(out, rule, &left);
    }
    vk_out_close(out, '}');
}

/* ---- Spend rules ---- */

static void put_spend(vk_out *out, const vk_grant_spend *rule) {
    vk_u256 none = vk_u256_from_u64(0);
    vk_spend_standing standing = vk_grant_spend_standing(rule, &none);
    vk_u256 left = vk_spend_left(&rule->limit, &standing.spent);
    vk_buf text = {0};
    char units[79];
    vk_put_spend_amount(&text, &rule->asset, &left);
    vk_buf_put_text(&text, " left of ");
    vk_put_spend_amount(&text, &rule->asset, &rule->limit);
    vk_buf_put_text(&text, " in ");
    vk_put_duration(&text, rule->period);
    vk_say_field(out, "  spend rule", "\"%s\": %.*s", rule->name, (int)text.len,
                 (const char *)text.data);
    vk_buf_clear(&text);
    vk_u256_decimal(&left, units);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "name", rule->name);
    vk_out_text(out, "left", units);
    vk_out_close(out, '}');
}

static vk_exit put_spends(vk_cli *cli, const vk_key_info *key, const vk_grant *grant) {
    vk_grant_spends spends;
    vk_exit exit = vk_grant_spends_read(cli, key, grant, &spends);
    vk_out_open(&cli->out, "spendRules", '[');
    for (size_t i = 0; exit == VK_EXIT_OK && i < spends.count; i++) {
        put_spend(&cli->out, &spends.list[i]);
    }
    vk_out_close(&cli->out, ']');
    return exit;
}

/* ---- Grants ---- */

static const char *grant_name(vk_grant_kind kind) {
    static const char *const names[VK_GRANT_KINDS] = {[VK_GRANT_PERMISSION] = "  permission",
                                                      [VK_GRANT_PLUGIN] = "  plug-in",
                                                      [VK_GRANT_OWNER] = "  owner",
                                                      [VK_GRANT_THIRDWEB] = "  session"};
    return names[kind];
}

static vk_exit put_grant(vk_cli *cli, const vk_key_info *key, const vk_grant *grant) {
    vk_out *out = &cli->out;
    vk_grant_state state;
    char account[43];
    vk_exit exit = vk_grant_state_read(cli, key, grant, &state);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_address_text(&grant->account.account, account);
    bool kernel = grant->kind != VK_GRANT_THIRDWEB;
    vk_say(out, "  chain %" PRIu64 ", account %s, %s%s, EntryPoint %s\n", grant->chain_id, account,
           kernel ? "Kernel " : "thirdweb", kernel ? vk_kernel_text(grant->kernel) : "",
           vk_entry_point_text(grant->entry_point_version));
    vk_say_field(out, grant_name(grant->kind), "%s", vk_grant_install_text(grant, &state));
    if (vk_grant_is_token_only(grant)) {
        vk_say_field(out, "  limits", "%s", vk_grant_keeper_text(grant));
    }
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "kind", vk_grant_kind_text(grant->kind));
    vk_out_text(out, "keptBy", vk_grant_is_token_only(grant) ? "token" : "account");
    vk_out_u64(out, "chainId", grant->chain_id);
    vk_out_address(out, "account", &grant->account.account);
    if (kernel) {
        vk_out_text(out, "kernelVersion", vk_kernel_text(grant->kernel));
    }
    vk_out_address(out, "entryPoint", &grant->entry_point);
    vk_out_bool(out, "preInstalled", grant->account.pre_installed);
    vk_out_bool(out, "enabled", state.install.enabled);
    vk_out_open(out, "budgets", '[');
    for (size_t i = 0; i < key->policy.count; i++) {
        if (vk_rule_counts(&key->policy.rules[i])) {
            put_rule_state(out, &key->policy.rules[i], &state.rules[i]);
        }
    }
    vk_out_close(out, ']');
    exit = put_spends(cli, key, grant);
    vk_out_close(out, '}');
    free(state.rules);
    return exit;
}

/* ---- Which of them ---- */

static vk_exit check_one(vk_cli *cli, const vk_key_info *key, size_t count) {
    if (count == 1) {
        return VK_EXIT_OK;
    }
    if (count == 0) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the key \"%s\" has no such session", key->label);
        return vk_cli_hint(cli, exit, "see \"valetkey session list\"");
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_USAGE, "the key \"%s\" has %zu such sessions", key->label, count);
    return vk_cli_hint(cli, exit, "choose one with --chain-id N, --account ADDRESS or both");
}

/* ---- All of them ---- */

static vk_exit put_wanted(vk_cli *cli, const vk_key_info *key, const vk_grant_choice *wanted,
                          const vk_grants *grants) {
    vk_out *out = &cli->out;
    vk_exit exit = VK_EXIT_OK;
    vk_say_in(out, VK_STYLE_HEAD, "Grants\n");
    if (grants->count == 0) {
        vk_say(out, "  None: no account's owner has approved the key.\n");
    }
    vk_out_open(out, "grants", '[');
    for (size_t i = 0; i < grants->count && exit == VK_EXIT_OK; i++) {
        if (vk_grant_is_chosen(&grants->list[i], wanted)) {
            exit = put_grant(cli, key, &grants->list[i]);
        }
    }
    vk_out_close(out, ']');
    return exit;
}

vk_exit vk_key_put_grants(vk_cli *cli, const vk_key_info *key, bool one) {
    vk_grants grants;
    vk_grant_choice wanted = {.has_chain_id = false};
    const vk_grant *chosen;
    vk_exit exit = vk_grants_load(cli, key, &grants);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = one ? vk_grant_choice_read(cli, &wanted) : VK_EXIT_OK;
    if (exit == VK_EXIT_OK && one) {
        exit = check_one(cli, key, vk_grants_chosen(&grants, &wanted, &chosen));
    }
    if (exit == VK_EXIT_OK) {
        exit = put_wanted(cli, key, &wanted, &grants);
    }
    vk_grants_clear(&grants);
    return exit;
}
