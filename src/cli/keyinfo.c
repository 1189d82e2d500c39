#include "cli/keyinfo.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

void vk_key_info_clear(vk_key_info *key) {
    vk_text_free(key->label);
    vk_buf_clear(&key->raw_label);
    vk_buf_clear(&key->id);
    vk_buf_clear(&key->policy_json);
    if (key->has_policy) {
        vk_policy_clear(&key->policy);
    }
    vk_buf_clear(&key->step_up_json);
    if (key->has_step_up) {
        vk_step_up_clear(&key->step_up);
    }
    *key = (vk_key_info){0};
}

bool vk_point_read(vk_bytes value, uint8_t point65[65]) {
    if (value.len == 67 && value.data[0] == 0x04 && value.data[1] == 65) {
        value.data += 2;
        value.len -= 2;
    }
    if (value.len != 65 || value.data[0] != 0x04) {
        return false;
    }
    memcpy(point65, value.data, 65);
    return true;
}

void vk_point_write(const uint8_t point65[65], uint8_t der67[67]) {
    der67[0] = 0x04;
    der67[1] = 65;
    memcpy(der67 + 2, point65, 65);
}

static vk_exit read_label(vk_cli *cli, vk_key_info *key) {
    vk_buf clean = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, CKA_LABEL, &key->raw_label, &present);
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, key->object, CKA_ID, &key->id, &present);
    }
    if (exit == VK_EXIT_OK) {
        vk_put_clean(&clean, vk_buf_view(&key->raw_label));
        key->label = vk_buf_take_text(&clean);
        exit = key->label != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    return exit;
}

static vk_exit read_point(vk_cli *cli, vk_key_info *key) {
    vk_buf params = {0}, point = {0};
    vk_exit exit = vk_object_get(cli, key->object, CKA_EC_PARAMS, &params, NULL);
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, key->object, CKA_EC_POINT, &point, NULL);
    }
    if (exit == VK_EXIT_OK) {
        key->p256 = vk_bytes_equal(vk_buf_view(&params), vk_curve_params(true));
        bool known = key->p256 || vk_bytes_equal(vk_buf_view(&params), vk_curve_params(false));
        if (!known || !vk_point_read(vk_buf_view(&point), key->point65)) {
            exit = vk_cli_fail(cli, VK_EXIT_SYSTEM,
                               "the key \"%s\" is not one of secp256k1 or P-256", key->label);
        }
    }
    vk_buf_clear(&params);
    vk_buf_clear(&point);
    return exit;
}

static vk_exit read_signer(vk_cli *cli, vk_key_info *key) {
    if (!key->p256) {
        vk_address address = vk_address_of_point(key->point65);
        key->signer = vk_signer_ecdsa(&address);
        return VK_EXIT_OK;
    }
    vk_buf hash = {0};
    bool present;
    vk_exit exit =
        vk_object_get(cli, key->object, CKA_VALETKEY_AUTHENTICATOR_ID_HASH, &hash, &present);
    if (exit == VK_EXIT_OK && !present) {
        vk_buf_put_zeros(&hash, 32); /* only the public half is left */
    }
    if (exit == VK_EXIT_OK && hash.len != 32) {
        exit = vk_cli_fail(cli, VK_EXIT_SYSTEM, "the key \"%s\" has a bad authenticator id hash",
                           key->label);
    }
    if (exit == VK_EXIT_OK) {
        vk_hash id_hash;
        memcpy(id_hash.b, hash.data, sizeof id_hash.b);
        key->signer = vk_signer_webauthn(key->point65, &id_hash);
    }
    vk_buf_clear(&hash);
    return exit;
}

static vk_exit read_policy(vk_cli *cli, vk_key_info *key) {
    vk_error err = {0};
    bool present = false;
    vk_exit exit =
        vk_object_get(cli, key->object, CKA_VALETKEY_POLICY, &key->policy_json, &present);
    if (exit != VK_EXIT_OK || !present || key->policy_json.len == 0) {
        return exit;
    }
    vk_status status = vk_policy_read((const char *)key->policy_json.data, key->policy_json.len,
                                      &key->policy, &err);
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "the key's policy cannot be read", &err);
    }
    key->has_policy = true;
    key->has_permission_id = !vk_policy_is_thirdweb(&key->policy);
    if (!key->has_permission_id) {
        return VK_EXIT_OK;
    }
    status = vk_policy_permission_id(&key->policy, &key->signer, key->permission_id);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "the key has no permissionId", status);
}

static vk_exit read_step_up(vk_cli *cli, vk_key_info *key) {
    vk_error err = {0};
    bool present = false;
    vk_buf *json = &key->step_up_json;
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_STEP_UP, json, &present);
    if (exit != VK_EXIT_OK || !present || json->len == 0) {
        return exit;
    }
    if (vk_step_up_read((const char *)json->data, json->len, &key->step_up, &err) != VK_OK) {
        return vk_cli_fail_error(cli, "the key's step-up rule cannot be read", &err);
    }
    key->has_step_up = true;
    return VK_EXIT_OK;
}

static vk_exit read_relaxed(vk_cli *cli, vk_key_info *key) {
    vk_buf names = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_RELAXED, &names, &present);
    key->relaxed = vk_hardening_read_names(vk_buf_view(&names));
    vk_buf_clear(&names);
    return exit;
}

static bool is_text(const vk_buf *value, const char *text) {
    return value->len == strlen(text) && memcmp(value->data, text, value->len) == 0;
}

static vk_exit read_home(vk_cli *cli, vk_key_info *key) {
    vk_buf home = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_HOME, &home, &present);
    key->remote = is_text(&home, "remote");
    key->on_device = is_text(&home, "fido2");
    vk_buf_clear(&home);
    return exit;
}

vk_exit vk_key_read(vk_cli *cli, CK_OBJECT_HANDLE object, vk_key_info *out) {
    *out = (vk_key_info){.object = object};
    vk_exit exit = read_label(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = read_point(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_signer(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_policy(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_relaxed(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_step_up(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_home(cli, out);
    }
    if (exit != VK_EXIT_OK) {
        vk_key_info_clear(out);
    }
    return exit;
}

vk_exit vk_key_denial(vk_cli *cli, CK_OBJECT_HANDLE object, vk_buf *out) {
    vk_buf raw = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, object, CKA_VALETKEY_LAST_DENIAL, &raw, &present);
    vk_put_clean(out, vk_buf_view(&raw));
    vk_buf_put_byte(out, 0);
    vk_buf_clear(&raw);
    if (vk_buf_status(out) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    out->len--;
    return exit;
}

const char *vk_key_type_text(const vk_key_info *key) {
    return key->p256 ? "p256" : "secp256k1";
}

void vk_key_name_text(const vk_key_info *key, char text[133]) {
    if (!key->p256) {
        vk_address_text(&key->signer.address, text);
        return;
    }
    static const char digits[] = "0123456789abcdef";
    memcpy(text, "0x", 2);
    for (size_t i = 0; i < sizeof key->point65; i++) {
        text[2 + 2 * i] = digits[key->point65[i] >> 4];
        text[3 + 2 * i] = digits[key->point65[i] & 15];
    }
    text[132] = '\0';
}

void vk_key_rules_text(const vk_key_info *key, vk_buf *out) {
    for (size_t i = 0; key->has_policy && i < key->policy.count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        vk_buf_put_text(out, vk_rule_name(key->policy.rules[i].kind));
    }
    if (!key->has_policy) {
        vk_buf_put_text(out, "none");
    }
}

void vk_key_say_policy(vk_out *out, const vk_key_info *key) {
    if (!key->has_policy) {
        vk_say(out, "  No policy: the key signs nothing.\n");
        return;
    }
    for (size_t i = 0; i < key->policy.count; i++) {
        vk_buf text = {0};
        vk_rule_describe(&key->policy.rules[i], &text);
        char *sentences = vk_buf_take_text(&text);
        if (sentences == NULL) {
            out->text.status = VK_ERR_MEMORY;
            return;
        }
        vk_say_lines(out, "  ", sentences);
        vk_text_free(sentences);
    }
}

void vk_key_put_json(vk_out *out, const vk_key_info *key) {
    vk_out_text(out, "label", key->label);
    vk_out_bytes(out, "id", vk_buf_view(&key->id));
    vk_out_text(out, "type", vk_key_type_text(key));
    if (!key->p256) {
        vk_out_address(out, "address", &key->signer.address);
    }
    vk_out_bytes(out, "publicKey", (vk_bytes){key->point65, sizeof key->point65});
    if (key->p256) {
        vk_out_bytes(out, "authenticatorIdHash",
                     (vk_bytes){key->signer.authenticator_id_hash.b, 32});
    }
    if (key->has_permission_id) {
        vk_out_bytes(out, "permissionId", (vk_bytes){key->permission_id, 4});
    } else {
        vk_out_null(out, "permissionId");
    }
    vk_out_open(out, "rules", '[');
    for (size_t i = 0; key->has_policy && i < key->policy.count; i++) {
        vk_out_text(out, NULL, vk_rule_name(key->policy.rules[i].kind));
    }
    vk_out_close(out, ']');
}
