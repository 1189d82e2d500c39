/*
 * key certify: a certificate for a key, since Java, NSS and others look for keys by their
 * certificates. Under sudo the key signs its own; a key with another policy signs no certificate,
 * so a key that is thrown away afterwards does.
 */
#include "cli/keyinfo.h"
#include "cli/session.h"

#include "cli/input.h"
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define DAYS 3650
#define ISSUER "valetkey one-time issuer"

static vk_exit fail_openssl(vk_cli *cli) {
    return vk_cli_fail(cli, VK_EXIT_SYSTEM, "OpenSSL cannot make the certificate");
}

/* ---- What is certified ---- */

static bool set_random_serial(X509 *x509) {
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
    BN_free(number);
    return ok;
}

static bool set_common_name(X509_NAME *name, const char *text) {
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1,
                                      -1, 0) == 1;
}

static bool set_public_key(vk_cli *cli, X509 *x509, const vk_key_info *key) {
    vk_buf info = {0};
    vk_exit exit = vk_object_get(cli, key->object, CKA_PUBLIC_KEY_INFO, &info, NULL);
    const unsigned char *position = info.data;
    EVP_PKEY *pkey = exit == VK_EXIT_OK ? d2i_PUBKEY(NULL, &position, (long)info.len) : NULL;
    bool ok = pkey != NULL && X509_set_pubkey(x509, pkey) == 1;
    EVP_PKEY_free(pkey);
    vk_buf_clear(&info);
    return ok;
}

/* A common name has at most 64 characters. */
static void short_name(const char *label, char name[65]) {
    size_t len = strlen(label);
    while (len > 64 || (len < strlen(label) && ((uint8_t)label[len] & 0xc0) == 0x80)) {
        len--;
    }
    memcpy(name, label, len);
    name[len] = '\0';
}

static bool fill(vk_cli *cli, X509 *x509, const vk_key_info *key, const char *issuer) {
    char name[65];
    short_name(key->label, name);
    return X509_set_version(x509, X509_VERSION_3) == 1 && set_random_serial(x509) &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -60) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x509), DAYS * 24L * 3600) != NULL &&
           set_common_name(X509_get_subject_name(x509), name) &&
           set_common_name(X509_get_issuer_name(x509), issuer != NULL ? issuer : name) &&
           set_public_key(cli, x509, key);
}

/* ---- The signature ---- */

/* Also writes the name of the algorithm, which is the same for both curves, into what is signed. */
static bool sign_with_new_key(X509 *x509) {
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    bool ok = issuer != NULL && X509_sign(x509, issuer, EVP_sha256()) > 0;
    EVP_PKEY_free(issuer);
    return ok;
}

static bool to_der(const uint8_t signature64[64], vk_buf *out) {
    unsigned char *der = NULL;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature64, 32, NULL), *s = BN_bin2bn(signature64 + 32, 32, NULL);
    if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    }
    int len = signature != NULL ? i2d_ECDSA_SIG(signature, &der) : 0;
    if (len > 0) {
        vk_buf_put(out, der, (size_t)len);
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
    return len > 0 && vk_buf_status(out) == VK_OK;
}

/* Puts the session key's signature in place of the one that is there. */
static bool replace_signature(X509 *x509, const vk_buf *der) {
    const ASN1_BIT_STRING *signature;
    X509_get0_signature(&signature, NULL, x509);
    /* OpenSSL has no other way to set a signature that was made elsewhere. */
    return ASN1_BIT_STRING_set((ASN1_BIT_STRING *)(uintptr_t)signature, der->data, (int)der->len) ==
           1;
}

static vk_exit sign_bytes(vk_cli *cli, const vk_key_info *key, unsigned char *bytes, int len,
                          uint8_t signature64[64]) {
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
    CK_ULONG signature_len = 64;
    CK_RV rv = cli->module.f->C_SignInit(cli->session, &mechanism, key->object);
    if (rv == CKR_OK) {
        rv = cli->module.f->C_Sign(cli->session, bytes, (CK_ULONG)len, signature64, &signature_len);
    }
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot sign the certificate", rv);
}

static vk_exit sign_itself(vk_cli *cli, X509 *x509, const vk_key_info *key) {
    unsigned char *bytes = NULL;
    uint8_t signature64[64];
    vk_buf der = {0};
    int len = sign_with_new_key(x509) ? i2d_re_X509_tbs(x509, &bytes) : 0;
    if (len <= 0) {
        return fail_openssl(cli);
    }
    vk_exit exit = sign_bytes(cli, key, bytes, len, signature64);
    if (exit == VK_EXIT_OK && (!to_der(signature64, &der) || !replace_signature(x509, &der))) {
        exit = fail_openssl(cli);
    }
    OPENSSL_free(bytes);
    vk_buf_clear(&der);
    return exit;
}

static vk_exit make(vk_cli *cli, X509 *x509, const vk_key_info *key, bool signs_itself) {
    if (!fill(cli, x509, key, signs_itself ? NULL : ISSUER)) {
        return fail_openssl(cli);
    }
    if (signs_itself) {
        return sign_itself(cli, x509, key);
    }
    return sign_with_new_key(x509) ? VK_EXIT_OK : fail_openssl(cli);
}

/* ---- Keeping it ---- */

static const CK_OBJECT_CLASS class_certificate = CKO_CERTIFICATE;
static const CK_CERTIFICATE_TYPE type_x509 = CKC_X_509;

static vk_exit store(vk_cli *cli, const vk_key_info *key, vk_bytes der) {
    vk_template templ = {0};
    CK_OBJECT_HANDLE object;
    vk_template_ulong(&templ, CKA_CLASS, &class_certificate);
    vk_template_ulong(&templ, CKA_CERTIFICATE_TYPE, &type_x509);
    vk_template_bool(&templ, CKA_TOKEN, true);
    vk_template_bytes(&templ, CKA_LABEL, vk_buf_view(&key->raw_label));
    vk_template_bytes(&templ, CKA_ID, vk_buf_view(&key->id));
    vk_template_bytes(&templ, CKA_VALUE, der);
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, templ.attrs, templ.count, &object);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot keep the certificate", rv);
}

static vk_exit put_pem(vk_cli *cli, X509 *x509) {
    char *text = NULL;
    BIO *memory = BIO_new(BIO_s_mem());
    long len = memory != NULL && PEM_write_bio_X509(memory, x509) == 1
                   ? BIO_get_mem_data(memory, &text)
                   : 0;
    vk_exit exit = len > 0 ? vk_write_file(cli, vk_opt(cli, VK_OPT_OUTPUT),
                                           (vk_bytes){(const uint8_t *)text, (size_t)len})
                           : fail_openssl(cli);
    BIO_free(memory);
    return exit;
}

static vk_exit keep(vk_cli *cli, X509 *x509, const vk_key_info *key) {
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);
    vk_exit exit = len > 0 ? store(cli, key, (vk_bytes){der, (size_t)len}) : fail_openssl(cli);
    OPENSSL_free(der);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_OUTPUT)) {
        exit = put_pem(cli, x509);
    }
    return exit;
}

static vk_exit certify(vk_cli *cli, const vk_key_info *key, bool signs_itself) {
    X509 *x509 = X509_new();
    if (x509 == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = make(cli, x509, key, signs_itself);
    if (exit == VK_EXIT_OK) {
        exit = keep(cli, x509, key);
    }
    X509_free(x509);
    return exit;
}

/* ---- The command ---- */

static vk_exit check_free(vk_cli *cli, const vk_key_info *key) {
    vk_template wanted = {0};
    vk_handles found;
    if (key->id.len == 0) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" has no CKA_ID", key->label);
        return vk_cli_hint(cli, exit, "programs tell by it which certificate is whose: set one");
    }
    vk_template_ulong(&wanted, CKA_CLASS, &class_certificate);
    vk_template_bytes(&wanted, CKA_ID, vk_buf_view(&key->id));
    vk_exit exit = vk_object_find(cli, &wanted, &found);
    size_t count = found.count;
    free(found.list);
    if (exit == VK_EXIT_OK && count > 0) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" has a certificate already",
                           key->label);
    }
    return exit;
}

static void say(vk_cli *cli, const vk_key_info *key, bool signs_itself) {
    vk_say(&cli->out, "The key \"%s\" has a certificate now, %s.\n", key->label,
           signs_itself ? "signed by itself"
                        : "signed by a key that was thrown away, since its policy signs none");
    vk_out_open(&cli->out, NULL, '{');
    vk_out_text(&cli->out, "certified", key->label);
    vk_out_bytes(&cli->out, "id", vk_buf_view(&key->id));
    vk_out_bool(&cli->out, "selfSigned", signs_itself);
    vk_out_close(&cli->out, '}');
}

vk_exit vk_cmd_key_certify(vk_cli *cli) {
    vk_key_info key = {0};
    vk_exit exit = vk_session_begin_user(cli, true);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PRIVATE_KEY, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_free(cli, &key);
    }
    bool signs_itself = key.has_policy && vk_policy_is_sudo(&key.policy);
    if (exit == VK_EXIT_OK) {
        exit = certify(cli, &key, signs_itself);
    }
    if (exit == VK_EXIT_OK) {
        say(cli, &key, signs_itself);
    }
    vk_key_info_clear(&key);
    return exit;
}
