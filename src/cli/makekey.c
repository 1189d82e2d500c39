#include "cli/makekey.h"

#include "cli/findings.h"
#include "cli/input.h"
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

#define RANDOM_ID_LEN 8

void vk_new_key_clear(vk_new_key *key) {
    vk_buf_clear(&key->id);
    vk_buf_clear(&key->policy);
    vk_buf_clear(&key->credential_id);
    vk_buf_clear(&key->credential_id_hash);
    vk_buf_clear(&key->step_up);
    vk_buf_clear(&key->user_handle);
    vk_buf_clear(&key->protect);
}

static vk_exit read_credential(vk_cli *cli, vk_new_key *out) {
    bool has_id = vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID);
    if (has_id && vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID_HASH)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--authenticator-id and --authenticator-id-hash exclude each other");
    }
    if (has_id) {
        return vk_read_authenticator_id(cli, &out->credential_id);
    }
    if (!vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID_HASH)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_read_hex(cli, VK_OPT_AUTHENTICATOR_ID_HASH, 32, &out->credential_id_hash);
    if (exit == VK_EXIT_OK && out->credential_id_hash.len != 32) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "--authenticator-id-hash has 32 bytes, not %zu",
                           out->credential_id_hash.len);
    }
    return exit;
}

#define USER_HANDLE_MAX 64

/* What only a security key makes of a credential. */
static vk_exit read_device(vk_cli *cli, vk_new_key *out) {
    const char *protect = vk_opt(cli, VK_OPT_CRED_PROTECT);
    vk_exit exit = VK_EXIT_OK;
    if (vk_opt_flag(cli, VK_OPT_USER_HANDLE)) {
        exit = vk_read_hex(cli, VK_OPT_USER_HANDLE, USER_HANDLE_MAX, &out->user_handle);
    }
    if (exit != VK_EXIT_OK || protect == NULL) {
        return exit;
    }
    if (protect[0] < '1' || protect[0] > '3' || protect[1] != '\0') {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--cred-protect is 1, 2 or 3, not \"%s\"", protect);
    }
    vk_buf_put_byte(&out->protect, (uint8_t)(protect[0] - '0'));
    return vk_buf_status(&out->protect) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

vk_exit vk_new_key_read_passkey(vk_cli *cli, vk_new_key *out) {
    vk_exit exit = VK_EXIT_OK;
    if (vk_opt(cli, VK_OPT_LABEL)[0] == '\0') {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "a key's label must not be empty");
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ID)) {
        exit = vk_read_hex(cli, VK_OPT_ID, 255, &out->id);
    }
    return exit == VK_EXIT_OK ? vk_findings_check_options(cli) : exit;
}

vk_exit vk_new_key_read(vk_cli *cli, vk_new_key *out) {
    vk_exit exit = vk_read_curve(cli, &out->p256);
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_read_passkey(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_credential(cli, out);
    }
    return exit == VK_EXIT_OK ? read_device(cli, out) : exit;
}

vk_exit vk_new_key_read_policy(vk_cli *cli, vk_new_key *out) {
    static const vk_lint_subject unknown;
    vk_policy policy;
    vk_exit exit = vk_read_policy(cli, &out->policy, &policy);
    if (exit == VK_EXIT_OK) {
        exit = vk_findings_of(cli, &policy, &unknown);
        vk_policy_clear(&policy);
    }
    return exit;
}

vk_exit vk_new_key_choose_id(vk_cli *cli, vk_new_key *key) {
    uint8_t random[RANDOM_ID_LEN];
    if (key->id.len > 0) {
        return VK_EXIT_OK;
    }
    CK_RV rv = cli->module.f->C_GenerateRandom(cli->session, random, sizeof random);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(cli, "cannot choose an id for the key", rv);
    }
    vk_buf_put(&key->id, random, sizeof random);
    return vk_buf_status(&key->id) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

void vk_new_key_common(const vk_cli *cli, const vk_new_key *key, vk_template *t) {
    vk_template_ulong(t, CKA_KEY_TYPE, &vk_key_type_ec);
    vk_template_bool(t, CKA_TOKEN, true);
    vk_template_text(t, CKA_LABEL, vk_opt(cli, VK_OPT_LABEL));
    vk_template_bytes(t, CKA_ID, vk_buf_view(&key->id));
}

void vk_new_key_private(const vk_cli *cli, const vk_new_key *key, vk_template *t) {
    vk_template_bool(t, CKA_PRIVATE, true);
    vk_template_bool(t, CKA_SENSITIVE, true);
    vk_template_bool(t, CKA_SIGN, true);
    if (key->policy.len > 0) {
        vk_template_bytes(t, CKA_VALETKEY_POLICY, vk_buf_view(&key->policy));
    }
    if (vk_opt_flag(cli, VK_OPT_RP_ID)) {
        vk_template_text(t, CKA_VALETKEY_RP_ID, vk_opt(cli, VK_OPT_RP_ID));
    }
    if (vk_opt_flag(cli, VK_OPT_ORIGIN)) {
        vk_template_text(t, CKA_VALETKEY_ORIGIN, vk_opt(cli, VK_OPT_ORIGIN));
    }
    if (vk_opt_flag(cli, VK_OPT_SIGN_COUNT)) {
        vk_template_bool(t, CKA_VALETKEY_USE_SIGN_COUNT, true);
    }
    if (vk_opt_flag(cli, VK_OPT_DISCOVERABLE)) {
        vk_template_bool(t, CKA_VALETKEY_DISCOVERABLE, true);
    }
    if (key->user_handle.len > 0) {
        vk_template_bytes(t, CKA_VALETKEY_USER_HANDLE, vk_buf_view(&key->user_handle));
    }
    if (key->protect.len > 0) {
        vk_template_bytes(t, CKA_VALETKEY_CRED_PROTECT, vk_buf_view(&key->protect));
    }
    if (key->credential_id.len > 0) {
        vk_template_bytes(t, CKA_VALETKEY_CREDENTIAL_ID, vk_buf_view(&key->credential_id));
    }
    if (key->step_up.len > 0) {
        vk_template_bytes(t, CKA_VALETKEY_STEP_UP, vk_buf_view(&key->step_up));
    }
    if (key->credential_id_hash.len > 0) {
        vk_template_bytes(t, CKA_VALETKEY_AUTHENTICATOR_ID_HASH,
                          vk_buf_view(&key->credential_id_hash));
    }
}

void vk_new_key_public(const vk_new_key *key, vk_template *t) {
    vk_template_bool(t, CKA_PRIVATE, false);
    vk_template_bool(t, CKA_VERIFY, true);
    vk_template_bytes(t, CKA_EC_PARAMS, vk_curve_params(key->p256));
}

vk_exit vk_new_key_check_label(vk_cli *cli) {
    const char *label = vk_opt(cli, VK_OPT_LABEL);
    const CK_OBJECT_CLASS *classes[] = {&vk_class_public, &vk_class_private};
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < 2 && exit == VK_EXIT_OK; i++) {
        vk_template wanted = {0};
        vk_handles found;
        vk_template_ulong(&wanted, CKA_CLASS, classes[i]);
        vk_template_text(&wanted, CKA_LABEL, label);
        exit = vk_object_find(cli, &wanted, &found);
        if (exit == VK_EXIT_OK && found.count > 0) {
            exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                               "the token \"%s\" has a key labelled \"%s\" already",
                               cli->token_label, label);
            exit = vk_cli_hint(cli, exit, "choose another label");
        }
        free(found.list);
    }
    return exit;
}

static void say_key(vk_out *out, const vk_key_info *key, const vk_cli *cli,
                    const vk_new_key_news *news) {
    char name[133];
    char id[11];
    vk_key_name_text(key, name);
    vk_say(out, "%s the %s key \"%s\" on the token \"%s\".\n", news->verb,
           key->p256 ? "P-256" : "secp256k1", key->label, cli->token_label);
    vk_say_field(out, key->p256 ? "public key" : "address", "%s", name);
    if (key->has_permission_id) {
        snprintf(id, sizeof id, "0x%02x%02x%02x%02x", key->permission_id[0], key->permission_id[1],
                 key->permission_id[2], key->permission_id[3]);
        vk_say_field(out, "permissionId", "%s", id);
    }
    if (news->attestation != NULL) {
        vk_say_field(out, "attestation", "%s", news->attestation);
    }
    vk_say_in(out, VK_STYLE_HEAD, "Policy\n");
    vk_key_say_policy(out, key);
}

static void say_next(vk_out *out, const vk_key_info *key, bool has_grant) {
    if (!key->has_policy && key->on_device) {
        vk_say(out,
               "A key on a security key gets its policy when it is made, or never: this one can "
               "log in at passkey servers, but signs no operation.\n"
               "For a session key: valetkey key create --policy FILE, with another label\n");
    } else if (!key->has_policy) {
        vk_say(out, "Next: the SO gives it a policy (a valetkey-policy data object).\n");
    } else if (has_grant) {
        vk_say(out, "Next: valetkey sign --label '%s' --input FILE\n", key->label);
    } else if (vk_policy_is_thirdweb(&key->policy)) {
        vk_say(out,
               "Next: valetkey approve --label '%s' --chain-id N --entry-point V "
               "--account ADDRESS --owner ADMIN\n",
               key->label);
    } else {
        vk_say(out,
               "Next: valetkey approve --label '%s' --chain-id N --kernel-version V "
               "--owner ADDRESS --index 0\n",
               key->label);
    }
}

vk_exit vk_new_key_say(vk_cli *cli, CK_OBJECT_HANDLE object, const vk_new_key_news *news) {
    vk_key_info key;
    vk_exit exit = vk_key_read(cli, object, &key);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    say_key(&cli->out, &key, cli, news);
    say_next(&cli->out, &key, news->has_grant);
    vk_out_open(&cli->out, NULL, '{');
    vk_key_put_json(&cli->out, &key);
    vk_out_bool(&cli->out, "granted", news->has_grant);
    if (news->attestation != NULL) {
        vk_out_text(&cli->out, "attestation", news->attestation);
    }
    vk_out_findings(&cli->out, &cli->findings);
    vk_out_close(&cli->out, '}');
    vk_key_info_clear(&key);
    return VK_EXIT_OK;
}
