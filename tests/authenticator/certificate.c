#include "crypto.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

/* WebAuthn, 8.2.1: the AAGUID, in an extension of its own. */
#define AAGUID_OID "1.3.6.1.4.1.45724.1.1.4"
#define DAY (24 * 60 * 60L)

static void set_name(X509_NAME *name, const char *unit, const char *common_name) {
    const char *const parts[][2] = {
        {"C", "SE"}, {"O", "valetkey tests"}, {"OU", unit}, {"CN", common_name}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        crypto_require(X509_NAME_add_entry_by_txt(name, parts[i][0], MBSTRING_ASC,
                                                  (const unsigned char *)parts[i][1], -1, -1,
                                                  0) == 1,
                       "X509_NAME_add_entry_by_txt");
    }
}

static void add_extension(X509 *certificate, int nid, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    crypto_require(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* An octet string of 16 bytes in the extension's octet string. */
static void add_aaguid(X509 *certificate, const uint8_t aaguid16[16]) {
    uint8_t value[18] = {4, 16};
    memcpy(value + 2, aaguid16, 16);
    ASN1_OCTET_STRING *wrapped = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *oid = OBJ_txt2obj(AAGUID_OID, 1);
    crypto_require(oid != NULL && ASN1_OCTET_STRING_set(wrapped, value, sizeof value) == 1,
                   AAGUID_OID);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, wrapped);
    crypto_require(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, AAGUID_OID);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(wrapped);
    ASN1_OBJECT_free(oid);
}

static X509 *begin(long serial, EVP_PKEY *key) {
    X509 *certificate = X509_new();
    crypto_require(certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                       ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1 &&
                       X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) != NULL &&
                       X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * DAY) != NULL &&
                       X509_set_pubkey(certificate, key) == 1,
                   "X509_new");
    return certificate;
}

static void finish(X509 *certificate, EVP_PKEY *issuer_key, vk_buf *out) {
    unsigned char *der = NULL;
    crypto_require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "X509_sign");
    int len = i2d_X509(certificate, &der);
    crypto_require(len > 0, "i2d_X509");
    vk_buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
}

void certificate_make(const uint8_t aaguid16[16], const p256_key *key, vk_buf *root, vk_buf *leaf) {
    p256_key root_key;
    p256_generate(&root_key);
    EVP_PKEY *issuer = p256_load(&root_key), *subject = p256_load(key);

    X509 *top = begin(1, issuer);
    set_name(X509_get_subject_name(top), "Authenticator Attestation Root", "Root");
    crypto_require(X509_set_issuer_name(top, X509_get_subject_name(top)) == 1, "issuer");
    add_extension(top, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(top, NID_key_usage, "critical,keyCertSign");
    finish(top, issuer, root);

    X509 *certificate = begin(2, subject);
    set_name(X509_get_subject_name(certificate), "Authenticator Attestation", "Authenticator");
    crypto_require(X509_set_issuer_name(certificate, X509_get_subject_name(top)) == 1, "issuer");
    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
    add_aaguid(certificate, aaguid16);
    finish(certificate, issuer, leaf);

    X509_free(certificate);
    X509_free(top);
    EVP_PKEY_free(subject);
    EVP_PKEY_free(issuer);
    vk_wipe(&root_key, sizeof root_key);
}
