/* key show, session show */
#include "cli/grant_show.h"
#include "cli/session.h"
#include "cli/step_up.h"

#include <valetkey/pkcs11.h>

static void say_key(vk_out *out, const vk_key_info *key) {
    char name[133];
    vk_key_name_text(key, name);
    vk_say_in(out, VK_STYLE_HEAD, key->label);
    vk_say(out, "\n");
    vk_say_field(out, "type", "%s", vk_key_type_text(key));
    vk_say_field(out, key->p256 ? "public key" : "address", "%s", name);
    if (!out->json && key->id.len > 0) {
        vk_say(out, "  %-14s ", "id");
        vk_out_hex_line(out, vk_buf_view(&key->id));
    }
    if (!out->json && key->has_permission_id) {
        vk_say(out, "  %-14s ", "permissionId");
        vk_out_hex_line(out, (vk_bytes){key->permission_id, 4});
    }
}

/* Did the SO let a passkey answer servers although it has a grant? */
static vk_exit put_logins(vk_cli *cli, const vk_key_info *key) {
    vk_buf value = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_LOGIN_ALLOWED, &value, &present);
    bool allowed = value.len == 1 && value.data[0] == CK_TRUE;
    if (present) {
        vk_out_bool(&cli->out, "loginsAllowed", allowed);
    }
    if (allowed) {
        vk_say_field(&cli->out, "logins", "allowed by the SO");
    }
    vk_buf_clear(&value);
    return exit;
}

/* An attribute of a P-256 key, as text or in hex. */
typedef struct passkey_member {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    bool in_hex;
} passkey_member;

static vk_exit put_member(vk_cli *cli, const vk_key_info *key, const passkey_member *member) {
    vk_buf raw = {0}, clean = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, member->type, &raw, &present);
    if (member->in_hex) {
        vk_hex_put(&clean, vk_buf_view(&raw));
    } else {
        vk_put_clean(&clean, vk_buf_view(&raw));
    }
    char *text = vk_buf_take_text(&clean);
    if (present && text != NULL) {
        vk_say_field(&cli->out, member->name, "%s", text);
        vk_out_text(&cli->out, member->name, text);
    }
    vk_text_free(text);
    vk_buf_clear(&raw);
    return exit;
}

/* What it is to a relying party, where its private key is, and what a security key said of it. */
static vk_exit put_passkey(vk_cli *cli, const vk_key_info *key) {
    static const passkey_member members[] = {
        {CKA_VALETKEY_RP_ID, "rpId", false},
        {CKA_VALETKEY_ORIGIN, "origin", false},
        {CKA_VALETKEY_HOME, "home", false},
        {CKA_VALETKEY_AAGUID, "aaguid", true},
        {CKA_VALETKEY_DEVICE_POLICY_DIGEST, "devicePolicyDigest", true}};
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; key->p256 && i < sizeof members / sizeof members[0] && exit == VK_EXIT_OK;
         i++) {
        exit = put_member(cli, key, &members[i]);
    }
    return exit == VK_EXIT_OK && key->p256 ? put_logins(cli, key) : exit;
}

/* Nothing to say of the ordinary case. */
static void put_home(vk_out *out, const vk_key_info *key) {
    if (key->remote) {
        vk_say_field(out, "private key", "with a browser");
    }
}

/* ---- The rest ---- */

static vk_exit put_denial(vk_cli *cli, const vk_key_info *key) {
    vk_buf denial = {0};
    vk_exit exit = vk_key_denial(cli, key->object, &denial);
    if (exit == VK_EXIT_OK && denial.len > 0) {
        vk_say_in(&cli->out, VK_STYLE_HEAD, "Last refusal\n");
        vk_say(&cli->out, "  %s\n", (const char *)denial.data);
        vk_out_text(&cli->out, "lastDenial", (const char *)denial.data);
    } else if (exit == VK_EXIT_OK) {
        vk_out_null(&cli->out, "lastDenial");
    }
    vk_buf_clear(&denial);
    return exit;
}

static void put_policy(vk_out *out, const vk_key_info *key) {
    vk_say_in(out, VK_STYLE_HEAD, "Policy\n");
    vk_key_say_policy(out, key);
    if (key->has_policy) {
        vk_out_raw(out, "policy", vk_buf_view(&key->policy_json));
    } else {
        vk_out_null(out, "policy");
    }
    vk_out_open(out, "policyText", '[');
    for (size_t i = 0; key->has_policy && i < key->policy.count; i++) {
        vk_buf text = {0};
        vk_rule_describe(&key->policy.rules[i], &text);
        char *sentences = vk_buf_take_text(&text);
        vk_out_text(out, NULL, sentences != NULL ? sentences : "");
        vk_text_free(sentences);
    }
    vk_out_close(out, ']');
}

static vk_exit show(vk_cli *cli, bool one) {
    vk_key_info key = {0};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &key);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_out_open(&cli->out, NULL, '{');
    say_key(&cli->out, &key);
    vk_key_put_json(&cli->out, &key);
    put_home(&cli->out, &key);
    exit = put_passkey(cli, &key);
    put_policy(&cli->out, &key);
    vk_step_up_say(&cli->out, &key);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_put_grants(cli, &key, one);
    }
    if (exit == VK_EXIT_OK) {
        exit = put_denial(cli, &key);
    }
    vk_out_close(&cli->out, '}');
    vk_key_info_clear(&key);
    return exit;
}

vk_exit vk_cmd_key_show(vk_cli *cli) {
    return show(cli, false);
}

vk_exit vk_cmd_session_show(vk_cli *cli) {
    return show(cli, true);
}
