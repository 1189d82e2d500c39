/* key set: what the SO says of a key. */
#include "cli/session.h"
#include "cli/step_up.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

/* ---- What is to be said ---- */

static vk_exit check(vk_cli *cli) {
    int words = vk_opt_flag(cli, VK_OPT_ALLOW_LOGINS) + vk_opt_flag(cli, VK_OPT_NO_LOGINS) +
                vk_step_up_given(cli) + vk_opt_flag(cli, VK_OPT_NO_STEP_UP);
    return words == 1 ? VK_EXIT_OK
                      : vk_cli_fail(cli, VK_EXIT_USAGE,
                                    "say one of --allow-logins, --no-logins, --step-up (or "
                                    "--step-up-device and when) and --no-step-up");
}

static vk_exit create_word(vk_cli *cli, const vk_key_info *key, const char *application,
                           vk_bytes value) {
    vk_template t = {0};
    CK_OBJECT_HANDLE made;
    vk_template_ulong(&t, CKA_CLASS, &vk_class_data);
    vk_template_bool(&t, CKA_TOKEN, true);
    vk_template_text(&t, CKA_APPLICATION, application);
    vk_template_bytes(&t, CKA_LABEL, vk_buf_view(&key->raw_label));
    vk_template_bytes(&t, CKA_ID, vk_buf_view(&key->id));
    vk_template_bytes(&t, CKA_VALUE, value);
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, &made);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot change the key", rv);
}

/* Begins what is said; more follows. */
static void say_key(vk_cli *cli, const vk_key_info *key, const char *what) {
    vk_say(&cli->out, "The key \"%s\" on the token \"%s\" %s.\n", key->label, cli->token_label,
           what);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_text(&cli->out, "label", key->label);
    vk_out_bytes(&cli->out, "id", vk_buf_view(&key->id));
}

/* ---- Logins ---- */

static vk_exit set_logins(vk_cli *cli, const vk_key_info *key) {
    bool allowed = vk_opt_flag(cli, VK_OPT_ALLOW_LOGINS);
    const char *word = allowed ? "allowed" : "refused";
    if (!key->p256) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" is no passkey: it is on secp256k1",
                           key->label);
    }
    vk_exit exit = create_word(cli, key, VK_APPLICATION_LOGINS,
                               (vk_bytes){(const uint8_t *)word, strlen(word)});
    if (exit == VK_EXIT_OK) {
        say_key(cli, key,
                allowed ? "answers passkey servers"
                        : "answers no passkey server once it has a grant");
        vk_out_bool(&cli->out, "loginsAllowed", allowed);
    }
    return exit;
}

/* ---- The step-up rule ---- */

static vk_exit set_step_up(vk_cli *cli, const vk_key_info *key, vk_bytes rule) {
    vk_exit exit = create_word(cli, key, VK_APPLICATION_STEP_UP, rule);
    if (exit == VK_EXIT_OK) {
        say_key(cli, key, "has a new step-up rule");
        vk_out_raw(&cli->out, "stepUp", rule);
    }
    return exit;
}

static vk_exit destroy_rules(vk_cli *cli, const vk_key_info *key, const vk_handles *rules) {
    if (rules->count == 0) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the key \"%s\" has no step-up rule",
                           key->label);
    }
    CK_RV rv = cli->module.f->C_DestroyObject(cli->session, rules->list[0]);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot change the key", rv);
}

static vk_exit remove_step_up(vk_cli *cli, const vk_key_info *key) {
    vk_template t = {0};
    vk_handles rules = {0};
    vk_template_ulong(&t, CKA_CLASS, &vk_class_data);
    vk_template_text(&t, CKA_APPLICATION, VK_APPLICATION_STEP_UP);
    vk_template_bytes(&t, CKA_LABEL, vk_buf_view(&key->raw_label));
    vk_template_bytes(&t, CKA_ID, vk_buf_view(&key->id));
    vk_exit exit = vk_object_find(cli, &t, &rules);
    if (exit == VK_EXIT_OK) {
        exit = destroy_rules(cli, key, &rules);
    }
    free(rules.list);
    if (exit == VK_EXIT_OK) {
        say_key(cli, key, "has no step-up rule any more");
        vk_out_null(&cli->out, "stepUp");
    }
    return exit;
}

/* ---- Any of them ---- */

static vk_exit set(vk_cli *cli, const vk_key_info *key, vk_bytes rule) {
    if (vk_step_up_given(cli)) {
        return set_step_up(cli, key, rule);
    }
    return vk_opt_flag(cli, VK_OPT_NO_STEP_UP) ? remove_step_up(cli, key) : set_logins(cli, key);
}

vk_exit vk_cmd_key_set(vk_cli *cli) {
    vk_key_info key = {0};
    vk_buf rule = {0};
    vk_exit exit = check(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_so(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_step_up_from_options(cli, &rule);
    }
    if (exit == VK_EXIT_OK) {
        exit = set(cli, &key, vk_buf_view(&rule));
    }
    if (exit == VK_EXIT_OK) {
        vk_out_close(&cli->out, '}');
    }
    vk_buf_clear(&rule);
    vk_key_info_clear(&key);
    return exit;
}
