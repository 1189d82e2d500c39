/* Finding an owner's key on a PKCS#11 token. */
#include "cli/owner_key.h"

#include "cli/keyinfo.h"
#include "cli/pin.h"
#include <p11-kit/p11-kit.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

/* ---- URIs ---- */

static vk_exit parse_uri(vk_cli *cli, const char *text, P11KitUri *uri) {
    int parsed = p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, uri);
    if (parsed != P11_KIT_URI_OK) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--owner-key: %s", p11_kit_uri_message(parsed));
    }
    /* Without a token's name the PIN would be tried on every token there is. */
    const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(uri);
    if (info->label[0] == '\0' && info->serialNumber[0] == '\0') {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--owner-key must name the token: pkcs11:token=LABEL;object=LABEL");
    }
    return VK_EXIT_OK;
}

char *vk_owner_uri_plain(const char *text) {
    P11KitUri *uri = p11_kit_uri_new();
    char *formatted = NULL;
    vk_buf out = {0};
    if (uri != NULL && p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, uri) ==
                           P11_KIT_URI_OK) {
        p11_kit_uri_set_pin_value(uri, NULL);
        p11_kit_uri_set_pin_source(uri, NULL);
        p11_kit_uri_set_module_name(uri, NULL);
        p11_kit_uri_set_module_path(uri, NULL);
        if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &formatted) ==
            P11_KIT_URI_OK) {
            vk_buf_put_text(&out, formatted);
        }
    }
    free(formatted);
    p11_kit_uri_free(uri);
    return out.len > 0 ? vk_buf_take_text(&out) : NULL;
}

/* ---- Logging in ---- */

static vk_exit get_pin(vk_cli *cli, const P11KitUri *uri, const char *token, vk_pin *out) {
    static const char file_prefix[] = "file:";
    const char *source = p11_kit_uri_get_pin_source(uri);
    if (p11_kit_uri_get_pin_value(uri) != NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "a PIN is never an argument: use --owner-pin-file, "
                           "or pin-source=file:PATH instead of pin-value");
    }
    if (vk_opt_flag(cli, VK_OPT_OWNER_PIN_FILE)) {
        return vk_pin_from_file(cli, vk_opt(cli, VK_OPT_OWNER_PIN_FILE), out);
    }
    if (source != NULL) {
        bool is_uri = strncmp(source, file_prefix, sizeof file_prefix - 1) == 0;
        if (!is_uri && source[0] != '/') {
            return vk_cli_fail(cli, VK_EXIT_USAGE,
                               "pin-source is \"%s\", but must be file:PATH or a path", source);
        }
        return vk_pin_from_file(cli, source + (is_uri ? sizeof file_prefix - 1 : 0), out);
    }
    char prompt[80];
    snprintf(prompt, sizeof prompt, "PIN of the owner's token \"%s\": ", token);
    return vk_pin_ask(cli, prompt, false, "--owner-pin-file FILE", out);
}

static bool is_logged_in(const vk_owner_key *key) {
    CK_SESSION_INFO info;
    return key->f->C_GetSessionInfo(key->session, &info) == CKR_OK &&
           (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

static vk_exit login(const vk_owner_key *key, const CK_TOKEN_INFO *info) {
    char label[33];
    size_t len = sizeof info->label;
    vk_pin pin = {0};
    if (!key->login || (info->flags & CKF_LOGIN_REQUIRED) == 0 || is_logged_in(key)) {
        return VK_EXIT_OK;
    }
    while (len > 0 && info->label[len - 1] == ' ') {
        len--;
    }
    snprintf(label, sizeof label, "%.*s", (int)len, (const char *)info->label);
    vk_exit exit = get_pin(key->cli, key->uri, label, &pin);
    if (exit == VK_EXIT_OK) {
        CK_RV rv = key->f->C_Login(key->session, CKU_USER, pin.text, pin.len);
        if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
            exit = vk_cli_fail_rv(key->cli, "cannot log in to the owner's token", rv);
        }
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

/* ---- Finding the key ---- */

/* The first key with the URI's label and id. */
static CK_RV find_object(vk_owner_key *key) {
    vk_template wanted = {0};
    static const CK_ATTRIBUTE_TYPE named[] = {CKA_LABEL, CKA_ID};
    CK_ULONG count = 0;
    vk_template_ulong(&wanted, CKA_CLASS,
                      key->use == VK_OWNER_SIGN ? &vk_class_private : &vk_class_public);
    vk_template_ulong(&wanted, CKA_KEY_TYPE, &vk_key_type_ec);
    for (size_t i = 0; i < 2; i++) {
        const CK_ATTRIBUTE *attr = p11_kit_uri_get_attribute(key->uri, named[i]);
        if (attr != NULL) {
            vk_template_bytes(&wanted, named[i], (vk_bytes){attr->pValue, attr->ulValueLen});
        }
    }
    CK_RV rv = key->f->C_FindObjectsInit(key->session, wanted.attrs, wanted.count);
    if (rv == CKR_OK) {
        rv = key->f->C_FindObjects(key->session, &key->object, 1, &count);
        CK_RV final_rv = key->f->C_FindObjectsFinal(key->session);
        rv = rv == CKR_OK ? final_rv : rv;
    }
    key->found = rv == CKR_OK && count == 1;
    return rv;
}

static bool is_ours(const CK_TOKEN_INFO *info) {
    static const char name[] = "valetkey";
    return memcmp(info->manufacturerID, name, sizeof name - 1) == 0 &&
           info->manufacturerID[sizeof name - 1] == ' ';
}

/* Looks into one token; leaves the session open where the key was found. */
static vk_exit search_token(vk_owner_key *key, CK_SLOT_ID slot) {
    CK_TOKEN_INFO info;
    if (key->f->C_GetTokenInfo(slot, &info) != CKR_OK ||
        (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
        !p11_kit_uri_match_token_info(key->uri, &info)) {
        return VK_EXIT_OK;
    }
    CK_RV rv = key->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &key->session);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(key->cli, "cannot open the owner's token", rv);
    }
    vk_exit exit = login(key, &info);
    if (exit == VK_EXIT_OK) {
        rv = find_object(key);
        exit = rv == CKR_OK ? VK_EXIT_OK
                            : vk_cli_fail_rv(key->cli, "cannot search the owner's token", rv);
    }
    if (!key->found) {
        key->f->C_CloseSession(key->session);
    }
    key->is_ours = is_ours(&info);
    return exit;
}

static vk_exit search_module(vk_owner_key *key, CK_FUNCTION_LIST_PTR f) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = sizeof slots / sizeof slots[0];
    vk_exit exit = VK_EXIT_OK;
    key->f = f;
    CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(key->cli, "cannot list the tokens of the owner key's module", rv);
    }
    for (CK_ULONG i = 0; i < count && exit == VK_EXIT_OK && !key->found; i++) {
        exit = search_token(key, slots[i]);
    }
    return exit;
}

static vk_exit search_modules(vk_owner_key *key) {
    vk_exit exit = VK_EXIT_OK;
    if (key->module.f != NULL) {
        return search_module(key, key->module.f);
    }
    for (size_t i = 0; key->registered[i] != NULL && exit == VK_EXIT_OK && !key->found; i++) {
        exit = search_module(key, key->registered[i]);
    }
    return exit == VK_EXIT_OK && !key->found && key->cli->module.f != NULL
               ? search_module(key, key->cli->module.f)
               : exit;
}

static vk_exit load(vk_owner_key *key) {
    const char *path = p11_kit_uri_get_module_path(key->uri);
    if (path != NULL) {
        return vk_module_load(key->cli, path, &key->module);
    }
    key->registered = p11_kit_modules_load_and_initialize(0);
    return key->registered != NULL
               ? VK_EXIT_OK
               : vk_cli_fail(key->cli, VK_EXIT_SYSTEM, "cannot load p11-kit's modules: %s",
                             p11_kit_message());
}

/* Where the public half is hidden as well, a PIN that need not be asked for shows it. */
static vk_exit search(vk_owner_key *key) {
    key->login = key->use == VK_OWNER_SIGN;
    vk_exit exit = search_modules(key);
    bool has_pin = vk_opt_flag(key->cli, VK_OPT_OWNER_PIN_FILE) ||
                   p11_kit_uri_get_pin_source(key->uri) != NULL;
    if (exit == VK_EXIT_OK && !key->found && !key->login && has_pin) {
        key->login = true;
        exit = search_modules(key);
    }
    if (exit == VK_EXIT_OK && !key->found) {
        exit = vk_cli_fail(key->cli, VK_EXIT_NOT_FOUND, "no token has the key of --owner-key");
        exit = vk_cli_hint(key->cli, exit,
                           "a module that p11-kit does not know needs "
                           "module-path=/path/to/module.so in the URI");
    }
    return exit;
}

vk_exit vk_owner_key_open(vk_cli *cli, const char *uri, vk_owner_use use, vk_owner_key *out) {
    *out = (vk_owner_key){.cli = cli, .use = use, .uri = p11_kit_uri_new()};
    if (out->uri == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = parse_uri(cli, uri, out->uri);
    if (exit == VK_EXIT_OK) {
        exit = load(out);
    }
    return exit == VK_EXIT_OK ? search(out) : exit;
}

void vk_owner_key_close(vk_owner_key *key) {
    if (key->found) {
        key->f->C_CloseSession(key->session);
    }
    if (key->registered != NULL) {
        p11_kit_modules_finalize_and_release(key->registered);
    }
    vk_module_unload(&key->module);
    p11_kit_uri_free(key->uri);
    *key = (vk_owner_key){.cli = key->cli};
}

/* ---- What it is ---- */

#define ATTRIBUTE_MAX 1024

/* Appends the attribute's value; false if it has none, or one that is too long. */
static bool get(const vk_owner_key *key, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    uint8_t value[ATTRIBUTE_MAX];
    CK_ATTRIBUTE attr = {type, value, sizeof value};
    if (key->f->C_GetAttributeValue(key->session, key->object, &attr, 1) != CKR_OK ||
        attr.ulValueLen > sizeof value) {
        return false;
    }
    vk_buf_put(out, value, attr.ulValueLen);
    return vk_buf_status(out) == VK_OK;
}

void vk_owner_key_text(const vk_owner_key *key, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    vk_buf value = {0};
    if (key->is_ours && get(key, type, &value)) {
        vk_buf_put(out, value.data, value.len);
    }
    vk_buf_clear(&value);
}

static void read_id_hash(const vk_owner_key *key, vk_owner_facts *out) {
    vk_buf hash = {0};
    if (key->is_ours && out->p256 && get(key, CKA_VALETKEY_AUTHENTICATOR_ID_HASH, &hash) &&
        hash.len == sizeof out->authenticator_id_hash.b) {
        memcpy(out->authenticator_id_hash.b, hash.data, hash.len);
        out->has_id_hash = true;
    }
    vk_buf_clear(&hash);
}

vk_exit vk_owner_key_facts(const vk_owner_key *key, vk_owner_facts *out) {
    vk_buf params = {0}, point = {0};
    *out = (vk_owner_facts){.p256 = false};
    bool read = get(key, CKA_EC_PARAMS, &params) && get(key, CKA_EC_POINT, &point) &&
                vk_point_read(vk_buf_view(&point), out->point65);
    out->p256 = vk_bytes_equal(vk_buf_view(&params), vk_curve_params(true));
    bool known = out->p256 || vk_bytes_equal(vk_buf_view(&params), vk_curve_params(false));
    vk_buf_clear(&params);
    vk_buf_clear(&point);
    if (!read || !known) {
        return vk_cli_fail(key->cli, VK_EXIT_INPUT,
                           "the key of --owner-key is not one of secp256k1 or P-256");
    }
    read_id_hash(key, out);
    return VK_EXIT_OK;
}

vk_exit vk_owner_key_look(const vk_owner_key *key, vk_owner_facts *out) {
    vk_owner_key half = *key;
    half.use = VK_OWNER_LOOK;
    CK_RV rv = find_object(&half);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(key->cli, "cannot search the owner's token", rv);
    }
    return half.found ? vk_owner_key_facts(&half, out)
                      : vk_cli_fail(key->cli, VK_EXIT_NOT_FOUND,
                                    "the token does not have the public half of --owner-key");
}
