#include "cli/owner_key.h"

#include "cli/object.h"
#include "cli/pin.h"
#include "cli/session.h"
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

/* n of secp256k1, and half of it */
static const vk_u256 group_order = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                     0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                     0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41}};
static const vk_u256 half_order = {{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
                                    0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0}};

bool vk_owner_signature_finish(const vk_address *owner, const vk_hash *digest,
                               uint8_t signature65[65]) {
    vk_u256 s = vk_u256_from_be(signature65 + 32, 32);
    if (vk_u256_cmp(&s, &half_order) > 0) {
        vk_u256 low;
        if (!vk_u256_sub(&group_order, &s, &low)) {
            return false;
        }
        memcpy(signature65 + 32, low.be, sizeof low.be);
    }
    for (uint8_t v = 27; v <= 28; v++) {
        vk_address signer;
        signature65[64] = v;
        if (vk_ecdsa_recover(digest, signature65, &signer) == VK_OK &&
            vk_address_equal(&signer, owner)) {
            return true;
        }
    }
    return false;
}

/* ---- Finding the key ---- */

/* A place where the key may be: one token of one module. */
typedef struct owner_search {
    vk_cli *cli;
    P11KitUri *uri;
    CK_FUNCTION_LIST_PTR f;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    bool found;
} owner_search;

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

static vk_exit login(owner_search *search, const CK_TOKEN_INFO *info) {
    char label[33];
    size_t len = sizeof info->label;
    vk_pin pin = {0};
    if ((info->flags & CKF_LOGIN_REQUIRED) == 0) {
        return VK_EXIT_OK;
    }
    while (len > 0 && info->label[len - 1] == ' ') {
        len--;
    }
    snprintf(label, sizeof label, "%.*s", (int)len, (const char *)info->label);
    vk_exit exit = get_pin(search->cli, search->uri, label, &pin);
    if (exit == VK_EXIT_OK) {
        CK_RV rv = search->f->C_Login(search->session, CKU_USER, pin.text, pin.len);
        if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
            exit = vk_cli_fail_rv(search->cli, "cannot log in to the owner's token", rv);
        }
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

/* The first private key with the URI's label and id. */
static CK_RV find_key(owner_search *search) {
    vk_template wanted = {0};
    static const CK_ATTRIBUTE_TYPE named[] = {CKA_LABEL, CKA_ID};
    CK_ULONG count = 0;
    vk_template_ulong(&wanted, CKA_CLASS, &vk_class_private);
    vk_template_ulong(&wanted, CKA_KEY_TYPE, &vk_key_type_ec);
    for (size_t i = 0; i < 2; i++) {
        const CK_ATTRIBUTE *attr = p11_kit_uri_get_attribute(search->uri, named[i]);
        if (attr != NULL) {
            vk_template_bytes(&wanted, named[i], (vk_bytes){attr->pValue, attr->ulValueLen});
        }
    }
    CK_RV rv = search->f->C_FindObjectsInit(search->session, wanted.attrs, wanted.count);
    if (rv == CKR_OK) {
        rv = search->f->C_FindObjects(search->session, &search->key, 1, &count);
        CK_RV final_rv = search->f->C_FindObjectsFinal(search->session);
        rv = rv == CKR_OK ? final_rv : rv;
    }
    search->found = rv == CKR_OK && count == 1;
    return rv;
}

/* Looks into one token; leaves the session open where the key was found. */
static vk_exit search_token(owner_search *search, CK_SLOT_ID slot) {
    CK_TOKEN_INFO info;
    if (search->f->C_GetTokenInfo(slot, &info) != CKR_OK ||
        (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
        !p11_kit_uri_match_token_info(search->uri, &info)) {
        return VK_EXIT_OK;
    }
    CK_RV rv = search->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &search->session);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(search->cli, "cannot open the owner's token", rv);
    }
    vk_exit exit = login(search, &info);
    if (exit == VK_EXIT_OK) {
        rv = find_key(search);
        exit = rv == CKR_OK ? VK_EXIT_OK
                            : vk_cli_fail_rv(search->cli, "cannot search the owner's token", rv);
    }
    if (!search->found) {
        search->f->C_CloseSession(search->session);
    }
    return exit;
}

static vk_exit search_module(owner_search *search, CK_FUNCTION_LIST_PTR f) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = sizeof slots / sizeof slots[0];
    vk_exit exit = VK_EXIT_OK;
    search->f = f;
    CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(search->cli, "cannot list the tokens of the owner key's module", rv);
    }
    for (CK_ULONG i = 0; i < count && exit == VK_EXIT_OK && !search->found; i++) {
        exit = search_token(search, slots[i]);
    }
    return exit;
}

/* Without a token's name the PIN would be tried on every token there is. */
static bool names_token(P11KitUri *uri) {
    const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(uri);
    return info->label[0] != '\0' || info->serialNumber[0] != '\0';
}

/* ---- Signing ---- */

static vk_exit sign(owner_search *search, const vk_hash *digest, uint8_t signature65[65]) {
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_ULONG len = 64;
    vk_hash copy = *digest;
    CK_RV rv = search->f->C_SignInit(search->session, &mechanism, search->key);
    if (rv == CKR_OK) {
        rv = search->f->C_Sign(search->session, copy.b, sizeof copy.b, signature65, &len);
    }
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(search->cli, "the owner's key does not sign", rv);
    }
    return len == 64 ? VK_EXIT_OK
                     : vk_cli_fail(search->cli, VK_EXIT_INPUT,
                                   "the owner's key gave a signature of %lu bytes, not 64", len);
}

static vk_exit sign_in_module(owner_search *search, CK_FUNCTION_LIST_PTR f, const vk_address *owner,
                              const vk_hash *digest, uint8_t signature65[65]) {
    vk_exit exit = search_module(search, f);
    if (exit != VK_EXIT_OK || !search->found) {
        return exit;
    }
    exit = sign(search, digest, signature65);
    search->f->C_CloseSession(search->session);
    if (exit == VK_EXIT_OK && !vk_owner_signature_finish(owner, digest, signature65)) {
        char text[43];
        vk_address_text(owner, text);
        exit = vk_cli_fail(search->cli, VK_EXIT_INPUT,
                           "the key of --owner-key is not that of the owner %s", text);
    }
    return exit;
}

static vk_exit sign_in_registered(owner_search *search, const vk_address *owner,
                                  const vk_hash *digest, uint8_t signature65[65]) {
    CK_FUNCTION_LIST_PTR *modules = p11_kit_modules_load_and_initialize(0);
    vk_exit exit = VK_EXIT_OK;
    if (modules == NULL) {
        return vk_cli_fail(search->cli, VK_EXIT_SYSTEM, "cannot load p11-kit's modules: %s",
                           p11_kit_message());
    }
    for (size_t i = 0; modules[i] != NULL && exit == VK_EXIT_OK && !search->found; i++) {
        exit = sign_in_module(search, modules[i], owner, digest, signature65);
    }
    p11_kit_modules_finalize_and_release(modules);
    return exit;
}

static vk_exit sign_in_path(owner_search *search, const char *path, const vk_address *owner,
                            const vk_hash *digest, uint8_t signature65[65]) {
    vk_module module;
    vk_exit exit = vk_module_load(search->cli, path, &module);
    if (exit == VK_EXIT_OK) {
        exit = sign_in_module(search, module.f, owner, digest, signature65);
        vk_module_unload(&module);
    }
    return exit;
}

vk_exit vk_owner_key_sign(vk_cli *cli, const vk_address *owner, const vk_hash *digest,
                          uint8_t signature65[65]) {
    owner_search search = {.cli = cli, .uri = p11_kit_uri_new()};
    if (search.uri == NULL) {
        return vk_cli_no_memory(cli);
    }
    int parsed = p11_kit_uri_parse(vk_opt(cli, VK_OPT_OWNER_KEY),
                                   P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, search.uri);
    if (parsed != P11_KIT_URI_OK) {
        p11_kit_uri_free(search.uri);
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--owner-key: %s", p11_kit_uri_message(parsed));
    }
    if (!names_token(search.uri)) {
        p11_kit_uri_free(search.uri);
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--owner-key must name the token: pkcs11:token=LABEL;object=LABEL");
    }
    const char *path = p11_kit_uri_get_module_path(search.uri);
    vk_exit exit = path != NULL ? sign_in_path(&search, path, owner, digest, signature65)
                                : sign_in_registered(&search, owner, digest, signature65);
    if (exit == VK_EXIT_OK && !search.found) {
        exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "no token has the key of --owner-key");
        exit = vk_cli_hint(cli, exit,
                           "a module that p11-kit does not know needs "
                           "module-path=/path/to/module.so in the URI");
    }
    p11_kit_uri_free(search.uri);
    return exit;
}
