/* budget resolve: asks nodes what became of what is reserved. */
#include "cli/held.h"

#include "gate/gate.h"
#include "net/settle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What was found of a reservation; all but the first two leave it as it is. */
typedef enum fate {
    FATE_INCLUDED,
    FATE_RELEASED,
    FATE_OPEN,
    FATE_SKIPPED,
    FATE_FAILED, /* the node could not be asked, or the token not be written */
    FATES
} fate;

static const struct {
    const char *name, *text;
} fates[FATES] = {[FATE_INCLUDED] = {"included", "included"},
                  [FATE_RELEASED] = {"released", "given back"},
                  [FATE_OPEN] = {"open", "still open"},
                  [FATE_SKIPPED] = {"skipped", "without a node"},
                  [FATE_FAILED] = {"failed", "failed"}};

typedef struct resolving {
    vk_cli *cli;
    vk_token *token;
    uint64_t counts[FATES];
    vk_exit worst; /* of what failed */
    /* The grant at work. */
    const vk_held_key *key;
    const vk_grant_record *grant;
    vk_signer signer;
    vk_kernel_version kernel; /* UNKNOWN: none that a permission is installed on */
    vk_node *node;
} resolving;

/* ---- What is said ---- */

static void out_fate(vk_out *out, const resolving *r, const char *nonce, fate what,
                     const char *why) {
    vk_held_grant_open(out, &(vk_held_grant){r->key, r->grant});
    vk_out_text(out, "nonce", nonce);
    vk_out_text(out, "outcome", fates[what].name);
    vk_out_text(out, "why", why);
    vk_out_close(out, '}');
}

static void say_fate(resolving *r, const vk_reservation *reservation, fate what, const char *why) {
    vk_out *out = &r->cli->out;
    char nonce[67], account[43];
    vk_u256_hex(&reservation->nonce, nonce);
    vk_address_text(&r->grant->account, account);
    vk_say(out, "%s  %s on chain %" PRIu64 ": nonce %s\n", r->key->label, account,
           r->grant->chain_id, nonce);
    vk_say(out, "    %s: %s\n", fates[what].text, why);
    out_fate(out, r, nonce, what, why);
    r->counts[what]++;
}

/* The first failure's exit status is the command's. */
static void say_failure(resolving *r, const vk_reservation *reservation, const vk_error *err) {
    const char *message = err->message[0] != '\0' ? err->message : vk_status_text(err->status);
    say_fate(r, reservation, FATE_FAILED, message);
    if (r->worst == VK_EXIT_OK) {
        r->worst = err->status == VK_ERR_SERVER ? VK_EXIT_SERVER : VK_EXIT_SYSTEM;
    }
}

static void say_counts(const resolving *r) {
    vk_out *out = &r->cli->out;
    uint64_t total = 0;
    for (size_t i = 0; i < FATES; i++) {
        total += r->counts[i];
        vk_out_u64(out, fates[i].name, r->counts[i]);
    }
    if (total == 0) {
        vk_say(out, "Nothing is open.\n");
        return;
    }
    for (size_t i = 0; i < FATES; i++) {
        vk_say(out, "%s%" PRIu64 " %s", i == 0 ? "" : ", ", r->counts[i], fates[i].text);
    }
    vk_say(out, ".\n");
}

/* ---- One reservation ---- */

static vk_status write_down(resolving *r, const vk_reservation *reservation,
                            const vk_settle_answer *answer, vk_error *err) {
    vk_settlement what = {.grant = r->grant,
                          .nonce = reservation->nonce,
                          .outcome = answer->outcome,
                          .judged = reservation,
                          .included_at = answer->included_at,
                          .is_installed = answer->is_installed,
                          .policy = &r->key->policy,
                          .why = answer->why};
    return vk_token_settle(r->token, &what, err);
}

static void resolve_one(resolving *r, const vk_reservation *reservation) {
    vk_settle_question question = {r->grant, r->kernel, &r->key->policy, &r->signer, reservation};
    vk_settle_answer answer;
    vk_error err = {0};
    vk_status status = vk_settle_ask(r->node, &question, &answer, &err);
    if (status == VK_OK && !answer.is_open) {
        status = write_down(r, reservation, &answer, &err);
    }
    if (status == VK_ERR_MISMATCH) {
        say_fate(r, reservation, FATE_OPEN, err.message);
    } else if (status != VK_OK) {
        err.status = status;
        say_failure(r, reservation, &err);
    } else if (answer.is_open) {
        say_fate(r, reservation, FATE_OPEN, answer.why);
    } else {
        bool included = answer.outcome == VK_OUTCOME_INCLUDED;
        say_fate(r, reservation, included ? FATE_INCLUDED : FATE_RELEASED, answer.why);
    }
}

/* ---- The reservations of a grant ---- */

/* What of the grant decides how an unused nonce is judged. */
static vk_status read_grant(resolving *r, vk_error *err) {
    const char *json = r->grant->json;
    vk_grant grant;
    vk_status status = vk_gate_signer(&r->key->record, &r->signer);
    if (status == VK_OK) {
        status =
            vk_grant_read_checked(json, strlen(json), &r->key->policy, &r->signer, &grant, err);
    }
    if (status == VK_OK) {
        r->kernel = grant.kind == VK_GRANT_PERMISSION ? grant.kernel : VK_KERNEL_UNKNOWN;
        vk_grant_clear(&grant);
    }
    return status;
}

/* VK_ERR_NOT_FOUND if the SO set none for the chain. */
static vk_status open_node(resolving *r, vk_error *err) {
    char *json = NULL;
    vk_node_config config;
    vk_status status = vk_token_node(r->token, r->grant->chain_id, &json, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_node_config_read((vk_bytes){(const uint8_t *)json, strlen(json)}, &config, err);
    vk_wipe(json, strlen(json));
    free(json);
    if (status == VK_OK) {
        status = vk_node_open(&config, &r->node, err);
        vk_node_config_clear(&config);
    }
    return status;
}

static vk_status prepare(resolving *r, vk_error *err) {
    vk_status status = open_node(r, err);
    if (status == VK_OK) {
        status = read_grant(r, err);
        status = status == VK_ERR_NOT_FOUND ? VK_ERR_INTEGRITY : status;
    }
    return status;
}

static void resolve_list(resolving *r, const vk_reservation *list, size_t count) {
    vk_error err = {0};
    vk_status status = prepare(r, &err);
    for (size_t i = 0; i < count; i++) {
        if (list[i].included_at != 0) {
            continue;
        }
        if (status == VK_OK) {
            resolve_one(r, &list[i]);
        } else if (status == VK_ERR_NOT_FOUND) {
            say_fate(r, &list[i], FATE_SKIPPED, "the SO has set no node for this chain");
        } else {
            err.status = status;
            say_failure(r, &list[i], &err);
        }
    }
    vk_node_close(r->node);
    r->node = NULL;
}

static vk_exit resolve_grant(resolving *r) {
    vk_error err = {0};
    vk_reservation *list;
    size_t count;
    vk_status status = vk_token_reservations(r->token, r->grant, &list, &count, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(r->cli, "cannot read the budget", status, &err);
    }
    resolve_list(r, list, count);
    vk_reservations_free(list, count);
    return VK_EXIT_OK;
}

/* ---- All ---- */

static vk_exit resolve_keys(resolving *r, const vk_held_keys *keys) {
    vk_out *out = &r->cli->out;
    vk_exit exit = VK_EXIT_OK;
    vk_out_open(out, NULL, '{');
    vk_out_open(out, "reservations", '[');
    for (size_t i = 0; i < keys->count; i++) {
        r->key = &keys->list[i];
        for (size_t j = 0; j < r->key->grant_count && exit == VK_EXIT_OK; j++) {
            r->grant = &r->key->grants[j];
            exit = resolve_grant(r);
        }
    }
    vk_out_close(out, ']');
    say_counts(r);
    vk_out_close(out, '}');
    return exit == VK_EXIT_OK ? r->worst : exit;
}

vk_exit vk_cmd_budget_resolve(vk_cli *cli) {
    resolving r = {.cli = cli};
    vk_held_keys keys;
    vk_exit exit = vk_store_open_user(cli, &r.token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = vk_held_keys_load(cli, r.token, &keys);
    if (exit == VK_EXIT_OK) {
        exit = resolve_keys(&r, &keys);
        vk_held_keys_clear(&keys);
    }
    vk_token_close(r.token);
    return exit;
}
