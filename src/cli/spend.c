/* spend: rules that limit what several grants spend together. */
#include "token/spend.h"
#include "cli/held.h"
#include "cli/input.h"
#include "cli/spends.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Showing ---- */

/* Amounts are told in the asset's unit, and in JSON in its smallest. */
static void say_amount(vk_out *out, const char *field, const char *member,
                       const vk_spend_asset *asset, const vk_u256 *amount, const char *more) {
    vk_buf text = {0};
    char units[79];
    vk_put_spend_amount(&text, asset, amount);
    vk_say_field(out, field, "%.*s%s", (int)text.len, (const char *)text.data, more);
    vk_buf_clear(&text);
    vk_u256_decimal(amount, units);
    vk_out_text(out, member, units);
}

static void say_asset(vk_out *out, const vk_spend_asset *asset) {
    vk_buf text = {0};
    vk_put_spend_asset(&text, asset);
    vk_say_field(out, "of", "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    vk_out_bool(out, "native", asset->native);
    if (!asset->native) {
        vk_out_address(out, "token", &asset->token);
    }
    vk_out_u64(out, "chainId", asset->chain_id);
}

static void say_standing(vk_out *out, const vk_spend_rule *rule) {
    uint64_t now = (uint64_t)time(NULL);
    vk_u256 included = vk_spend_included(rule, now), spent = vk_spend_spent(rule, now);
    vk_u256 left = vk_spend_left(&rule->limit, &spent);
    vk_buf words = {0};
    vk_buf_put_text(&words, " in ");
    vk_put_duration(&words, rule->period);
    char *period = vk_buf_take_text(&words);
    const char *text = period == NULL ? "" : period;
    say_amount(out, "at most", "limit", &rule->asset, &rule->limit, text);
    vk_out_u64(out, "period", rule->period);
    say_asset(out, &rule->asset);
    say_amount(out, "open", "open", &rule->asset, &rule->open,
               ", signed and not known to be included");
    say_amount(out, "included", "included", &rule->asset, &included, text);
    say_amount(out, "left", "left", &rule->asset, &left, "");
    vk_text_free(period);
}

static void say_grant(vk_out *out, const vk_held_key *key, const vk_grant_record *grant) {
    char account[43];
    vk_address_text(&grant->account, account);
    vk_say_field(out, "grant", "\"%s\" for %s", key->label, account);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", key->label);
    vk_out_address(out, "account", &grant->account);
    vk_out_address(out, "entryPoint", &grant->entry_point);
    vk_out_bytes(out, "permissionId", (vk_bytes){grant->permission_id, 4});
    vk_out_close(out, '}');
}

static size_t say_grants_of(vk_out *out, const vk_spend_rule *rule, const vk_held_key *key) {
    size_t count = 0;
    for (size_t i = 0; i < key->grant_count; i++) {
        vk_hash subject;
        if (vk_budget_subject(key->record.point65, &key->grants[i], &subject) == VK_OK &&
            vk_spend_names(rule, &subject)) {
            say_grant(out, key, &key->grants[i]);
            count++;
        }
    }
    return count;
}

static void say_rule(vk_out *out, const vk_spend_rule *rule, const vk_held_keys *keys) {
    size_t said = 0;
    vk_out_open(out, NULL, '{');
    vk_say_in(out, VK_STYLE_HEAD, rule->name);
    vk_say(out, "\n");
    vk_out_text(out, "name", rule->name);
    say_standing(out, rule);
    vk_out_open(out, "grants", '[');
    for (size_t i = 0; i < keys->count; i++) {
        said += say_grants_of(out, rule, &keys->list[i]);
    }
    vk_out_close(out, ']');
    if (said < rule->grant_count) {
        vk_say_field(out, "grants", "%zu of keys that are not on the token",
                     rule->grant_count - said);
    }
    vk_out_u64(out, "grantsOfOtherKeys", rule->grant_count - said);
    vk_out_close(out, '}');
}

static void say_rules(vk_out *out, const vk_spend_set *set, const vk_held_keys *keys) {
    vk_out_open(out, NULL, '{');
    vk_out_open(out, "rules", '[');
    for (size_t i = 0; i < set->count; i++) {
        say_rule(out, &set->rules[i], keys);
    }
    vk_out_close(out, ']');
    vk_out_close(out, '}');
    if (set->count == 0) {
        vk_say(out, "There are no spend rules.\n");
    }
}

/* All of them, whatever options chose a grant. */
static vk_exit list(vk_cli *cli, vk_token *token) {
    vk_spend_set set;
    vk_held_keys keys;
    vk_error err = {0};
    vk_status status = vk_token_spends(token, &set, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot read the spend rules", status, &err);
    }
    vk_exit exit = vk_held_keys_load(cli, token, &keys);
    if (exit == VK_EXIT_OK) {
        say_rules(&cli->out, &set, &keys);
        vk_held_keys_clear(&keys);
    }
    vk_spend_set_clear(&set);
    return exit;
}

vk_exit vk_cmd_spend_list(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open, list);
}

/* ---- Changing ---- */

static void say_done(vk_out *out, const char *name, const char *what) {
    vk_out_open(out, NULL, '{');
    vk_say(out, "The spend rule \"%s\" is %s.\n", name, what);
    vk_out_text(out, "name", name);
    vk_out_bool(out, what, true);
    vk_out_close(out, '}');
}

static vk_exit read_asset(vk_cli *cli, vk_spend_asset *out) {
    out->native = vk_opt_flag(cli, VK_OPT_NATIVE);
    if (out->native == vk_opt_flag(cli, VK_OPT_ERC20)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say what is counted: either --native or --erc20 ADDRESS");
    }
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &out->chain_id);
    return exit == VK_EXIT_OK && !out->native ? vk_read_address(cli, VK_OPT_ERC20, &out->token)
                                              : exit;
}

static vk_exit read_name(vk_cli *cli, vk_spend_rule *out) {
    const char *name = vk_opt(cli, VK_OPT_NAME);
    if (strlen(name) > VK_SPEND_NAME_MAX) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--name has %zu characters, but at most %d may be",
                           strlen(name), VK_SPEND_NAME_MAX);
    }
    snprintf(out->name, sizeof out->name, "%s", name);
    return VK_EXIT_OK;
}

static vk_exit read_rule(vk_cli *cli, vk_spend_rule *out) {
    vk_exit exit = read_name(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = read_asset(cli, &out->asset);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_duration(cli, VK_OPT_PERIOD, &out->period);
    }
    if (exit == VK_EXIT_OK &&
        vk_spend_read_amount(&out->asset, vk_opt(cli, VK_OPT_LIMIT), &out->limit) != VK_OK) {
        exit = vk_bad_value(cli, VK_OPT_LIMIT,
                            "smallest units, or an amount with its unit, which must be known "
                            "here: 0.5ether, 100USDC");
    }
    return exit;
}

static vk_exit set_rule(vk_cli *cli, const vk_spend_rule *rule) {
    vk_token *token = NULL;
    vk_error err = {0};
    vk_exit exit = vk_store_open_so(cli, &token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_token_spend_set(token, rule, &err);
    exit = status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot set the spend rule", status, &err);
    if (exit == VK_EXIT_OK) {
        say_done(&cli->out, rule->name, "set");
    }
    vk_token_close(token);
    return exit;
}

vk_exit vk_cmd_spend_set(vk_cli *cli) {
    vk_spend_rule *rule = calloc(1, sizeof *rule);
    if (rule == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = read_rule(cli, rule);
    if (exit == VK_EXIT_OK) {
        exit = set_rule(cli, rule);
    }
    free(rule);
    return exit;
}

static vk_exit remove_rule(vk_cli *cli, vk_token *token) {
    vk_error err = {0};
    const char *name = vk_opt(cli, VK_OPT_NAME);
    vk_status status = vk_token_spend_remove(token, name, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot remove the spend rule", status, &err);
    }
    say_done(&cli->out, name, "removed");
    return VK_EXIT_OK;
}

vk_exit vk_cmd_spend_remove(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open_so, remove_rule);
}

/* ---- Grants ---- */

/* The rule's chain says which are meant where the options do not. */
static vk_exit rule_chain(vk_cli *cli, vk_token *token, uint64_t *out) {
    vk_spend_set set;
    vk_error err = {0};
    const char *name = vk_opt(cli, VK_OPT_NAME);
    vk_status status = vk_token_spends(token, &set, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot read the spend rules", status, &err);
    }
    const vk_spend_rule *rule = vk_spend_find(&set, name);
    *out = rule != NULL ? rule->asset.chain_id : 0;
    vk_exit exit = rule != NULL
                       ? VK_EXIT_OK
                       : vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no spend rule \"%s\"", name);
    vk_spend_set_clear(&set);
    return exit;
}

static vk_exit choose(vk_cli *cli, const vk_held_keys *keys, uint64_t chain_id,
                      vk_held_grant *out) {
    size_t count = vk_held_grants_count(keys, chain_id, out);
    if (count == 1) {
        return VK_EXIT_OK;
    }
    if (count == 0) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "there is no such grant on the rule's chain %" PRIu64, chain_id);
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                               "there are %zu grants like that on chain %" PRIu64, count, chain_id);
    return vk_cli_hint(cli, exit, "choose one with --label or --id, and --account");
}

static vk_exit name_chosen(vk_cli *cli, vk_token *token, const vk_held_grant *c, bool is_named) {
    vk_error err = {0};
    vk_out *out = &cli->out;
    const char *name = vk_opt(cli, VK_OPT_NAME);
    char account[43];
    vk_status status = vk_token_spend_name(token, name, c->grant, is_named, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot change the spend rule", status, &err);
    }
    vk_address_text(&c->grant->account, account);
    vk_say(out, "The spend rule \"%s\" counts the key \"%s\" for %s%s.\n", name, c->key->label,
           account, is_named ? "" : " no more");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "name", name);
    vk_out_text(out, "label", c->key->label);
    vk_out_u64(out, "chainId", c->grant->chain_id);
    vk_out_address(out, "account", &c->grant->account);
    vk_out_bool(out, "counted", is_named);
    vk_out_close(out, '}');
    return VK_EXIT_OK;
}

static vk_exit name_one(vk_cli *cli, vk_token *token, bool is_named) {
    vk_held_keys keys;
    vk_held_grant c;
    uint64_t chain_id;
    vk_exit exit = rule_chain(cli, token, &chain_id);
    if (exit == VK_EXIT_OK) {
        exit = vk_held_keys_load(cli, token, &keys);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = choose(cli, &keys, chain_id, &c);
    if (exit == VK_EXIT_OK) {
        exit = name_chosen(cli, token, &c, is_named);
    }
    vk_held_keys_clear(&keys);
    return exit;
}

static vk_exit add_grant(vk_cli *cli, vk_token *token) {
    return name_one(cli, token, true);
}

static vk_exit remove_grant(vk_cli *cli, vk_token *token) {
    return name_one(cli, token, false);
}

vk_exit vk_cmd_spend_add_grant(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open_so, add_grant);
}

vk_exit vk_cmd_spend_remove_grant(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open_so, remove_grant);
}
