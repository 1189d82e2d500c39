/* session create: the session key. */
#include "cli/session_create.h"

#include "cli/grants.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

/* ---- A key that is there ---- */

/* Do both policies mean the same on the chain? */
static vk_exit compare_policy(vk_cli *cli, const vk_new_session *s, const vk_key_info *key,
                              bool *same) {
    vk_buf wanted = {0}, found = {0};
    bool thirdweb = vk_policy_is_thirdweb(&s->policy);
    *same = key->has_policy && thirdweb == vk_policy_is_thirdweb(&key->policy);
    if (!*same) {
        return VK_EXIT_OK;
    }
    if (thirdweb) {
        *same = vk_bytes_equal(vk_buf_view(&s->key.policy), vk_buf_view(&key->policy_json));
        return VK_EXIT_OK;
    }
    vk_status status = vk_policy_enable_data(&s->policy, &key->signer, &wanted);
    if (status == VK_OK) {
        status = vk_policy_enable_data(&key->policy, &key->signer, &found);
    }
    *same = vk_bytes_equal(vk_buf_view(&wanted), vk_buf_view(&found));
    vk_buf_clear(&wanted);
    vk_buf_clear(&found);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot compare the policies", status);
}

static vk_exit compare_text(vk_cli *cli, const vk_key_info *key, vk_option option,
                            CK_ATTRIBUTE_TYPE type, bool *same) {
    vk_buf value = {0};
    bool present = false;
    const char *wanted = vk_opt(cli, option);
    if (wanted == NULL) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_object_get(cli, key->object, type, &value, &present);
    *same = *same && vk_bytes_equal(vk_buf_view(&value),
                                    (vk_bytes){(const uint8_t *)wanted, strlen(wanted)});
    vk_buf_clear(&value);
    return exit;
}

static vk_exit check_same(vk_cli *cli, const vk_new_session *s, const vk_key_info *key) {
    bool same = false;
    vk_exit exit = compare_policy(cli, s, key, &same);
    same = same && key->p256 == s->key.p256 && !key->remote;
    if (exit == VK_EXIT_OK) {
        exit = compare_text(cli, key, VK_OPT_RP_ID, CKA_VALETKEY_RP_ID, &same);
    }
    if (exit == VK_EXIT_OK) {
        exit = compare_text(cli, key, VK_OPT_ORIGIN, CKA_VALETKEY_ORIGIN, &same);
    }
    if (exit == VK_EXIT_OK && !same) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the token \"%s\" has a key labelled \"%s\" already, and it is another: "
                           "its type or its policy is not this one",
                           cli->token_label, key->label);
        exit = vk_cli_hint(cli, exit, "choose another label");
    }
    return exit;
}

static bool take_grant(vk_new_session *s, const vk_grant *grant) {
    for (size_t i = 0; i < s->chains.count; i++) {
        if (s->chains.list[i] == grant->chain_id &&
            vk_address_equal(&grant->account.account, &s->account.account.account)) {
            s->granted[i] = true;
            return true;
        }
    }
    return false;
}

/* A call that was interrupted may have added some of these grants; others make it another session.
 */
static vk_exit check_grants(vk_cli *cli, vk_new_session *s, const vk_key_info *key) {
    vk_grants grants;
    size_t mine = 0;
    vk_exit exit = vk_grants_load(cli, key, &grants);
    for (size_t i = 0; exit == VK_EXIT_OK && i < grants.count; i++) {
        mine += take_grant(s, &grants.list[i]);
    }
    if (exit == VK_EXIT_OK && (mine < grants.count || mine == s->chains.count)) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" has %s already", key->label,
                           mine < grants.count ? "other grants" : "these grants");
        exit = vk_cli_hint(cli, exit,
                           "\"valetkey approve\" adds grants to a key; for another session choose "
                           "another label");
    }
    vk_grants_clear(&grants);
    return exit;
}

static vk_exit use_key(vk_cli *cli, vk_new_session *s) {
    vk_key_info key = {0};
    vk_exit exit = vk_key_select(cli, CKO_PUBLIC_KEY, &key);
    if (exit == VK_EXIT_OK) {
        s->pair.public_key = key.object;
        exit = check_same(cli, s, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_grants(cli, s, &key);
    }
    vk_key_info_clear(&key);
    return exit;
}

/* ---- A new one ---- */

static vk_exit make_key(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = vk_new_key_check_label(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_choose_id(cli, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_generate(cli, &s->key, &s->pair);
    }
    s->is_made = exit == VK_EXIT_OK;
    return exit;
}

vk_exit vk_new_session_key(vk_cli *cli, vk_new_session *s) {
    vk_handles found = {0};
    vk_exit exit = vk_key_handles(cli, CKO_PUBLIC_KEY, &found);
    size_t count = found.count;
    free(found.list);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return count > 0 ? use_key(cli, s) : make_key(cli, s);
}

void vk_new_session_undo(vk_cli *cli, vk_new_session *s) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    if (!s->is_made) {
        return;
    }
    CK_RV rv = f->C_DestroyObject(cli->session, s->pair.private_key);
    CK_RV public_rv = f->C_DestroyObject(cli->session, s->pair.public_key);
    s->is_made = rv != CKR_OK || public_rv != CKR_OK;
}
