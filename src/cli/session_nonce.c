/* session create: at which nonce each chain's approvals are. One that is approved with another is
 * good for nothing there. */
#include "cli/session_create.h"

#include "cli/chain_file.h"
#include "net/chain_state.h"

#include <inttypes.h>

/* Of an account that is not deployed, once it is. */
#define FIRST_NONCE 1

/* ---- What a node says ---- */

static vk_status check_chain(const vk_node *node, uint64_t said, uint64_t chain_id, vk_error *err) {
    return said == chain_id ? VK_OK
                            : vk_fail(err, VK_ERR_SERVER, NULL, "%s is on chain %" PRIu64,
                                      vk_node_name(node), said);
}

static vk_status ask(const vk_chain_config *config, const vk_address *account,
                     vk_account_state *out, vk_error *err) {
    static const uint8_t no_permission[4];
    vk_node *node = NULL;
    uint64_t said = 0;
    vk_status status = vk_node_open(&config->node, &node, err);
    if (status == VK_OK) {
        status = vk_node_chain_id(node, &said, err);
    }
    if (status == VK_OK) {
        status = check_chain(node, said, config->chain_id, err);
    }
    if (status == VK_OK) {
        status = vk_node_account_state(node, account, no_permission, out, err);
    }
    vk_node_close(node);
    return status;
}

/* ---- What comes of it ---- */

static vk_exit fail(vk_cli *cli, uint64_t chain_id, vk_error *err) {
    char what[80];
    snprintf(what, sizeof what, "cannot ask for the account's nonce on chain %" PRIu64, chain_id);
    vk_exit exit = vk_cli_fail_with(cli, what, VK_ERR_SERVER, err);
    return vk_cli_hint(cli, exit,
                       "if you know its currentNonce(), say it with --enable-nonce, one for all "
                       "chains or one for each");
}

static void take(const vk_account_state *state, vk_approval_nonce *nonce) {
    nonce->value = state->current_nonce;
    nonce->from = state->is_deployed ? VK_NONCE_OF_CHAIN : VK_NONCE_UNDEPLOYED;
}

static void compare(const vk_account_state *state, uint64_t chain_id, uint64_t given) {
    if (state->current_nonce != given) {
        vk_cli_warn("on chain %" PRIu64 " the account's approvals are at nonce %" PRIu32
                    ", not at %" PRIu64 ": what is approved with that %s",
                    chain_id, state->current_nonce, given,
                    state->current_nonce > given ? "is good for nothing there"
                                                 : "comes alive there when the account gets that "
                                                   "far");
    }
}

/* The nonce that the user gave stands, whatever a node says. */
static vk_exit settle(vk_cli *cli, const vk_chain_config *config, const vk_new_session *s,
                      vk_approval_nonce *nonce) {
    vk_account_state state;
    vk_error err = {0};
    bool is_given = vk_opt_flag(cli, VK_OPT_ENABLE_NONCE);
    vk_status status = ask(config, &s->account.account.account, &state, &err);
    if (status == VK_ERR_MEMORY) {
        return vk_cli_no_memory(cli);
    }
    if (status != VK_OK && !is_given) {
        return fail(cli, config->chain_id, &err);
    }
    if (status != VK_OK) {
        vk_cli_warn("nobody compared --enable-nonce with chain %" PRIu64 ": %s", config->chain_id,
                    err.message);
    } else if (is_given) {
        compare(&state, config->chain_id, nonce->value);
    } else {
        take(&state, nonce);
    }
    return VK_EXIT_OK;
}

/* ---- All chains ---- */

static vk_exit settle_chain(vk_cli *cli, vk_new_session *s, size_t i) {
    vk_chain_config config = {.chain_id = 0};
    bool found = false;
    vk_exit exit = vk_chain_file_find(cli, s->chains.list[i], &found, &config);
    if (exit == VK_EXIT_OK && found) {
        exit = settle(cli, &config, s, &s->nonces[i]);
        vk_chain_config_clear(&config);
    }
    return exit;
}

static bool has_nonces(const vk_smart_account *account) {
    return account->kind == VK_SMART_ACCOUNT_KERNEL && account->kernel >= VK_KERNEL_0_3_0;
}

/* A node that says more than is true has an approval made that comes alive later: the
 * owner is to know before he signs. */
static void note_unusual(const vk_new_session *s) {
    for (size_t i = 0; i < s->chains.count; i++) {
        if (s->nonces[i].from == VK_NONCE_OF_CHAIN && s->nonces[i].value != FIRST_NONCE) {
            vk_cli_note("it is approved with nonce %" PRIu64 " on chain %" PRIu64
                        ", which the account has there by the word of the node",
                        s->nonces[i].value, s->chains.list[i]);
        }
    }
}

vk_exit vk_new_session_nonces(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = VK_EXIT_OK;
    if (!has_nonces(&s->account.account)) {
        return VK_EXIT_OK;
    }
    for (size_t i = 0; i < s->chains.count && !vk_opt_flag(cli, VK_OPT_ENABLE_NONCE); i++) {
        s->nonces[i] = (vk_approval_nonce){.value = FIRST_NONCE, .from = VK_NONCE_UNASKED};
    }
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        exit = settle_chain(cli, s, i);
    }
    if (exit == VK_EXIT_OK) {
        note_unusual(s);
    }
    return exit;
}

/* Appends "chains 1 and 10", those of that source; nothing if there is none. */
static void put_chains(const vk_new_session *s, vk_nonce_source from, vk_buf *out) {
    vk_chain_list list = {.count = 0};
    for (size_t i = 0; i < s->chains.count; i++) {
        if (s->nonces[i].from == from) {
            list.list[list.count++] = s->chains.list[i];
        }
    }
    if (list.count > 0) {
        vk_chains_put(&list, out);
    }
}

void vk_new_session_note_nonces(const vk_new_session *s) {
    vk_buf undeployed = {0}, unasked = {0};
    if (has_nonces(&s->account.account)) {
        put_chains(s, VK_NONCE_UNDEPLOYED, &undeployed);
        put_chains(s, VK_NONCE_UNASKED, &unasked);
    }
    if (undeployed.len > 0) {
        vk_cli_note("the account is not deployed on %.*s: it is approved there with nonce %d, its "
                    "first",
                    (int)undeployed.len, (const char *)undeployed.data, FIRST_NONCE);
    }
    if (unasked.len > 0) {
        vk_cli_note("no node of %.*s is in the chain file: it is approved there with nonce %d, "
                    "which is good as long as the account's currentNonce() is that",
                    (int)unasked.len, (const char *)unasked.data, FIRST_NONCE);
    }
    vk_buf_clear(&undeployed);
    vk_buf_clear(&unasked);
}
