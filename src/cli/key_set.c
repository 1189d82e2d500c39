/* key set: what the SO says of a key. */
#include "cli/keyinfo.h"
#include "cli/session.h"

#include <valetkey/pkcs11.h>

static vk_exit check(vk_cli *cli) {
    bool allow = vk_opt_flag(cli, VK_OPT_ALLOW_LOGINS), refuse = vk_opt_flag(cli, VK_OPT_NO_LOGINS);
    return allow != refuse
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_USAGE, "say one of --allow-logins and --no-logins");
}

static vk_exit write_logins(vk_cli *cli, const vk_key_info *key, const char *value) {
    vk_template t = {0};
    CK_OBJECT_HANDLE made;
    vk_template_ulong(&t, CKA_CLASS, &vk_class_data);
    vk_template_bool(&t, CKA_TOKEN, true);
    vk_template_text(&t, CKA_APPLICATION, VK_APPLICATION_LOGINS);
    vk_template_bytes(&t, CKA_LABEL, vk_buf_view(&key->raw_label));
    vk_template_bytes(&t, CKA_ID, vk_buf_view(&key->id));
    vk_template_text(&t, CKA_VALUE, value);
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, &made);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot change the key", rv);
}

static void say(vk_cli *cli, const vk_key_info *key, bool allowed) {
    vk_out *out = &cli->out;
    vk_say(out, "The key \"%s\" on the token \"%s\" %s.\n", key->label, cli->token_label,
           allowed ? "answers passkey servers" : "answers no passkey server once it has a grant");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", key->label);
    vk_out_bytes(out, "id", vk_buf_view(&key->id));
    vk_out_bool(out, "loginsAllowed", allowed);
    vk_out_close(out, '}');
}

vk_exit vk_cmd_key_set(vk_cli *cli) {
    vk_key_info key = {0};
    bool allowed = vk_opt_flag(cli, VK_OPT_ALLOW_LOGINS);
    vk_exit exit = check(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_so(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &key);
    }
    if (exit == VK_EXIT_OK && !key.p256) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" is no passkey: it is on secp256k1",
                           key.label);
    }
    if (exit == VK_EXIT_OK) {
        exit = write_logins(cli, &key, allowed ? "allowed" : "refused");
    }
    if (exit == VK_EXIT_OK) {
        say(cli, &key, allowed);
    }
    vk_key_info_clear(&key);
    return exit;
}
