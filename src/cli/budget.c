/* budget list, budget release: what the nonces of a grant hold of its budget. */
#include "cli/held.h"
#include "cli/input.h"

#include "policy/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- budget list ---- */

static void say_time(vk_out *out, const char *what, uint64_t time) {
    vk_buf text = {0};
    vk_put_time(&text, time);
    vk_say(out, "%s %.*s", what, (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void say_gas(vk_out *out, const vk_u256 *gas) {
    vk_buf text = {0};
    vk_put_ether(&text, gas);
    vk_say(out, ", gas at most %.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void say_operations(vk_out *out, const char *indent, const vk_reservation *r) {
    for (size_t i = 0; i < r->operation_count; i++) {
        vk_buf hash = {0};
        vk_hex_put(&hash, (vk_bytes){r->operations[i].b, 32});
        vk_say(out, "%soperation %.*s\n", indent, (int)hash.len, (const char *)hash.data);
        vk_buf_clear(&hash);
    }
    if (!r->is_complete) {
        vk_say(out, "%sand operations that are not known here\n", indent);
    }
}

static void say_reservation(vk_out *out, const vk_reservation *r) {
    char nonce[67];
    vk_u256_hex(&r->nonce, nonce);
    vk_say(out, "    nonce %s  ", nonce);
    if (r->included_at != 0) {
        say_time(out, "included", r->included_at);
    } else if (r->signed_at != 0) {
        say_time(out, "open since", r->signed_at);
    } else {
        vk_say(out, "open");
    }
    say_gas(out, &r->charge.gas);
    vk_say(out, "\n");
    say_operations(out, "      ", r);
}

static void out_time(vk_out *out, const char *name, uint64_t time) {
    if (time != 0) {
        vk_out_u64(out, name, time);
    } else {
        vk_out_null(out, name);
    }
}

static void out_operations(vk_out *out, const vk_reservation *r) {
    vk_out_open(out, "operations", '[');
    for (size_t i = 0; i < r->operation_count; i++) {
        vk_out_bytes(out, NULL, (vk_bytes){r->operations[i].b, 32});
    }
    vk_out_close(out, ']');
    vk_out_bool(out, "complete", r->is_complete);
}

static void out_reservation(vk_out *out, const vk_reservation *r) {
    char nonce[67], gas[79];
    vk_u256_hex(&r->nonce, nonce);
    vk_u256_decimal(&r->charge.gas, gas);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "nonce", nonce);
    vk_out_text(out, "gas", gas);
    out_time(out, "signedAt", r->signed_at);
    out_time(out, "includedAt", r->included_at);
    out_operations(out, r);
    vk_out_close(out, '}');
}

static void list_each(vk_out *out, const vk_reservation *list, size_t count) {
    vk_out_open(out, "reservations", '[');
    for (size_t i = 0; i < count; i++) {
        say_reservation(out, &list[i]);
        out_reservation(out, &list[i]);
    }
    vk_out_close(out, ']');
}

static vk_exit list_grant(vk_cli *cli, vk_token *token, const vk_held_grant *held) {
    const vk_grant_record *grant = held->grant;
    vk_out *out = &cli->out;
    vk_error err = {0};
    vk_reservation *list;
    size_t count;
    char account[43];
    vk_status status = vk_token_reservations(token, grant, &list, &count, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot read the budget", status, &err);
    }
    vk_address_text(&grant->account, account);
    vk_say_in(out, VK_STYLE_HEAD, held->key->label);
    vk_say(out, "  %s on chain %" PRIu64 ": %zu nonce%s\n", account, grant->chain_id, count,
           count == 1 ? "" : "s");
    vk_held_grant_open(out, held);
    list_each(out, list, count);
    vk_out_close(out, '}');
    vk_reservations_free(list, count);
    return VK_EXIT_OK;
}

static vk_exit list_keys(vk_cli *cli, vk_token *token, const vk_held_keys *keys) {
    vk_exit exit = VK_EXIT_OK;
    size_t listed = 0;
    vk_out_open(&cli->out, NULL, '{');
    vk_out_open(&cli->out, "grants", '[');
    for (size_t i = 0; i < keys->count; i++) {
        const vk_held_key *key = &keys->list[i];
        for (size_t j = 0; j < key->grant_count && exit == VK_EXIT_OK; j++) {
            exit = list_grant(cli, token, &(vk_held_grant){key, &key->grants[j]});
            listed++;
        }
    }
    vk_out_close(&cli->out, ']');
    vk_out_close(&cli->out, '}');
    if (listed == 0) {
        vk_say(&cli->out, "There are no grants.\n");
    }
    return exit;
}

static vk_exit with_keys(vk_cli *cli, vk_token *token,
                         vk_exit (*use)(vk_cli *, vk_token *, const vk_held_keys *)) {
    vk_held_keys keys;
    vk_exit exit = vk_held_keys_load(cli, token, &keys);
    if (exit == VK_EXIT_OK) {
        exit = use(cli, token, &keys);
        vk_held_keys_clear(&keys);
    }
    return exit;
}

static vk_exit list(vk_cli *cli, vk_token *token) {
    return with_keys(cli, token, list_keys);
}

vk_exit vk_cmd_budget_list(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open_user, list);
}

/* ---- budget release ---- */

static vk_exit choose_grant(vk_cli *cli, const vk_held_keys *keys, vk_held_grant *out) {
    size_t count = vk_held_grants_count(keys, 0, out);
    if (count == 1) {
        return VK_EXIT_OK;
    }
    if (count == 0) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no such grant on the token \"%s\"",
                           cli->token_label);
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE, "there are %zu grants like that", count);
    return vk_cli_hint(cli, exit, "choose one with --label or --id, --chain-id and --account");
}

static void say_released(vk_out *out, const vk_held_grant *held, const vk_reservation *r) {
    const vk_grant_record *grant = held->grant;
    char text[67], account[43];
    vk_u256_hex(&r->nonce, text);
    vk_address_text(&grant->account, account);
    vk_say(out, "Given back to the key \"%s\" for %s on chain %" PRIu64 ": nonce %s.\n",
           held->key->label, account, grant->chain_id, text);
    say_operations(out, "  ", r);
    vk_held_grant_open(out, held);
    vk_out_text(out, "nonce", text);
    out_operations(out, r);
    vk_out_bool(out, "released", true);
    vk_out_close(out, '}');
}

static const vk_reservation *find_nonce(const vk_reservation *list, size_t count,
                                        const vk_u256 *nonce) {
    for (size_t i = 0; i < count; i++) {
        if (vk_u256_cmp(&list[i].nonce, nonce) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

/* Just what is then shown: nothing that is signed meanwhile. */
static vk_status release_one(vk_token *token, const vk_held_grant *held, vk_settlement *what,
                             vk_out *out, vk_error *err) {
    vk_reservation *list;
    size_t count;
    vk_status status = vk_token_reservations(token, what->grant, &list, &count, err);
    if (status != VK_OK) {
        return status;
    }
    what->judged = find_nonce(list, count, &what->nonce);
    status = vk_token_settle(token, what, err);
    if (status == VK_OK && what->judged != NULL) {
        say_released(out, held, what->judged);
    }
    vk_reservations_free(list, count);
    return status;
}

static vk_exit release_of(vk_cli *cli, vk_token *token, const vk_held_keys *keys) {
    vk_held_grant held;
    vk_error err = {0};
    vk_settlement what = {.outcome = VK_OUTCOME_GONE,
                          .is_installed = vk_opt_flag(cli, VK_OPT_PRE_INSTALLED),
                          .why = "the SO gives it back"};
    vk_exit exit = vk_read_quantity(cli, VK_OPT_NONCE, &what.nonce);
    if (exit == VK_EXIT_OK) {
        exit = choose_grant(cli, keys, &held);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    what.grant = held.grant;
    what.policy = &held.key->policy;
    vk_status status = release_one(token, &held, &what, &cli->out, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "nothing is given back", status, &err);
}

static vk_exit release(vk_cli *cli, vk_token *token) {
    return with_keys(cli, token, release_of);
}

vk_exit vk_cmd_budget_release(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open_so, release);
}
