/* session create: a key and its grants in one go, or nothing of it. */
#include "cli/session_create.h"

#include "cli/findings.h"
#include "cli/session.h"
#include "cli/step_up.h"
#include <inttypes.h>
#include <stdlib.h>

/* ---- Options ---- */

static vk_exit check_options(vk_cli *cli) {
    bool signature = vk_opt_flag(cli, VK_OPT_SIGNATURE);
    if (signature &&
        (vk_opt_flag(cli, VK_OPT_OWNER_KEY) || vk_opt_flag(cli, VK_OPT_OWNER_PIN_FILE))) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--signature and --owner-key exclude each other");
    }
    if (vk_opt_flag(cli, VK_OPT_OUTPUT) && !vk_new_session_is_signed(cli)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--output needs the owner's --signature or --owner-key");
    }
    return vk_new_session_check_send(cli);
}

static vk_exit read_nonces(vk_cli *cli, vk_new_session *s) {
    uint64_t values[VK_CHAINS_MAX];
    vk_exit exit = vk_read_enable_nonces(cli, s->chains.count, values);
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        s->nonces[i].value = values[i];
    }
    return exit;
}

static vk_exit read_options(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = check_options(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_read(cli, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_policy(cli, &s->key.policy, &s->policy);
        s->has_policy = exit == VK_EXIT_OK;
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_chains(cli, &s->chains);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ENABLE_NONCE)) {
        exit = read_nonces(cli, s);
    }
    return exit == VK_EXIT_OK ? vk_step_up_from_options(cli, &s->key.step_up) : exit;
}

/* ---- The account ---- */

/* The request that a thirdweb admin signs is a new one each time. */
static vk_exit check_thirdweb(vk_cli *cli, const vk_smart_account *account) {
    if (account->kind != VK_SMART_ACCOUNT_THIRDWEB ||
        (vk_new_session_is_signed(cli) && !vk_opt_flag(cli, VK_OPT_SIGNATURE))) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                               "for a thirdweb account the admin's key has to sign at once: give "
                               "--owner-key URI");
    return vk_cli_hint(cli, exit,
                       "for a wallet, use \"valetkey key create\" and then \"valetkey approve\"");
}

static vk_exit find_account(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = vk_account_find(cli, &s->account);
    const vk_smart_account *account = &s->account.account;
    if (exit == VK_EXIT_OK) {
        exit = vk_new_session_check_servers(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_thirdweb(cli, account);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    s->by_root = account->root.kind == VK_ROOT_MULTI_CHAIN && s->chains.count > 1;
    vk_lint_subject about = {account->entry_point, &account->account};
    return vk_findings_of(cli, &s->policy, &about);
}

/* ---- The approvals ---- */

static vk_exit allocate(vk_cli *cli, vk_new_session *s) {
    s->approvals = calloc(s->chains.count, sizeof *s->approvals);
    s->signatures = calloc(s->chains.count, sizeof *s->signatures);
    s->grants = calloc(s->chains.count, sizeof *s->grants);
    return s->approvals != NULL && s->signatures != NULL && s->grants != NULL
               ? VK_EXIT_OK
               : vk_cli_no_memory(cli);
}

static vk_exit draft(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = allocate(cli, s);
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        const vk_approval_subject subject = {.key = s->pair.public_key,
                                             .account = &s->account.account,
                                             .chain_id = s->chains.list[i],
                                             .enable_nonce = s->nonces[i].value,
                                             .multi_chain = s->by_root};
        exit = vk_approval_of(cli, &subject, &s->approvals[i]);
    }
    return exit == VK_EXIT_OK ? vk_new_session_digests(cli, s) : exit;
}

static vk_exit add_grants(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        if (!s->granted[i]) {
            exit = vk_grant_add(cli, vk_buf_view(&s->approvals[i].key.raw_label),
                                vk_buf_view(&s->grants[i]));
            s->granted[i] = exit == VK_EXIT_OK;
        }
    }
    return exit;
}

/* The key is there; it goes again if this fails. */
static vk_exit approve(vk_cli *cli, vk_new_session *s) {
    bool is_signed = vk_new_session_is_signed(cli);
    vk_exit exit = draft(cli, s);
    if (exit == VK_EXIT_OK && is_signed) {
        exit = vk_new_session_sign(cli, s);
    }
    if (exit == VK_EXIT_OK && is_signed) {
        exit = add_grants(cli, s);
    }
    if (exit != VK_EXIT_OK) {
        vk_new_session_undo(cli, s);
    }
    return exit;
}

static size_t count_granted(const vk_new_session *s) {
    size_t count = 0;
    for (size_t i = 0; i < s->chains.count; i++) {
        count += s->granted[i];
    }
    return count;
}

/* Grants stay with a key that was there before: no token takes one back. */
static vk_exit hint_rest(vk_cli *cli, vk_exit exit, const vk_new_session *s) {
    size_t granted = count_granted(s);
    if (s->is_made) {
        return vk_cli_hint_more(
            cli, exit,
            "the key that was made could not be removed again: the same command "
            "goes on with it, or \"valetkey key remove\" takes it away");
    }
    return s->was_there && granted > 0
               ? vk_cli_hint_more(cli, exit,
                                  "%zu of %zu grants were added: the same command adds the rest",
                                  granted, s->chains.count)
               : exit;
}

static vk_exit make(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = vk_new_session_key(cli, s);
    if (exit == VK_EXIT_OK) {
        s->was_there = !s->is_made;
        exit = approve(cli, s);
    }
    return exit == VK_EXIT_OK ? exit : hint_rest(cli, exit, s);
}

static void clear(vk_new_session *s) {
    for (size_t i = 0; i < s->chains.count; i++) {
        if (s->approvals != NULL) {
            vk_approval_clear(&s->approvals[i]);
        }
        if (s->signatures != NULL) {
            vk_buf_clear(&s->signatures[i]);
        }
        if (s->grants != NULL) {
            vk_buf_clear(&s->grants[i]);
        }
    }
    if (s->has_owner_key) {
        vk_owner_key_close(&s->owner_key);
    }
    free(s->approvals);
    free(s->signatures);
    free(s->grants);
    vk_merkle_clear(&s->tree);
    vk_account_entry_clear(&s->account);
    if (s->has_policy) {
        vk_policy_clear(&s->policy);
    }
    vk_new_key_clear(&s->key);
}

vk_exit vk_cmd_session_create(vk_cli *cli) {
    vk_new_session s = {.by_root = false};
    vk_exit exit = read_options(cli, &s);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = find_account(cli, &s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_new_session_nonces(cli, &s);
    }
    if (exit == VK_EXIT_OK) {
        exit = make(cli, &s);
    }
    if (exit == VK_EXIT_OK) {
        vk_new_session_note_nonces(&s);
    }
    if (exit == VK_EXIT_OK && vk_new_session_is_signed(cli)) {
        exit = vk_new_session_tell(cli, &s);
    } else if (exit == VK_EXIT_OK) {
        vk_new_session_ask(cli, &s);
    }
    clear(&s);
    return exit;
}
