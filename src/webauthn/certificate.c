#include "webauthn/certificate.h"

#include "webauthn/internal.h"
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

static const char path[] = "attStmt.x5c";

vk_status vk_certificate_read(vk_bytes der, X509 **out, vk_error *err) {
    const unsigned char *at = der.data;
    X509 *certificate = der.len == 0 ? NULL : d2i_X509(NULL, &at, (long)der.len);
    if (certificate == NULL || at != der.data + der.len) {
        X509_free(certificate);
        return vk_fail(err, VK_ERR_FORMAT, path, "%zu bytes of \"x5c\" are not one certificate",
                       der.len);
    }
    *out = certificate;
    return VK_OK;
}

/* ---- Signatures ---- */

/* COSE algorithms with the keys that WebAuthn allows for them [5.8.5]. */
typedef struct algorithm {
    int64_t cose;
    const char *name;
    const char *key_type;
    const char *group;  /* of an EC key */
    const char *digest; /* NULL: the algorithm has its own */
} algorithm;

static const algorithm algorithms[] = {
    {VK_COSE_ES256, "ES256", "EC", "prime256v1", "SHA256"},
    {-8, "EdDSA", "ED25519", NULL, NULL},
    {-35, "ES384", "EC", "secp384r1", "SHA384"},
    {-36, "ES512", "EC", "secp521r1", "SHA512"},
    {-257, "RS256", "RSA", NULL, "SHA256"},
};

static const algorithm *find_algorithm(int64_t cose) {
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (algorithms[i].cose == cose) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static bool key_fits(EVP_PKEY *key, const algorithm *a) {
    char group[32] = "";
    if (key == NULL || EVP_PKEY_is_a(key, a->key_type) != 1) {
        return false;
    }
    return a->group == NULL || (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                                strcmp(group, a->group) == 0);
}

static bool verify(EVP_PKEY *key, const char *digest, vk_bytes message, vk_bytes signature) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context != NULL &&
        EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify(context, signature.data, signature.len, message.data, message.len) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

vk_status vk_certificate_verify(X509 *certificate, int64_t cose, vk_bytes message,
                                vk_bytes signature, vk_error *err) {
    const algorithm *a = find_algorithm(cose);
    if (a == NULL) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "attStmt.alg",
                       "attestation algorithm %lld is not supported: -7, -8, -35, -36 and -257 are",
                       (long long)cose);
    }
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key_fits(key, a)) {
        return vk_fail(err, VK_ERR_MISMATCH, path, "the certificate's key is not one for %s",
                       a->name);
    }
    return verify(key, a->digest, message, signature)
               ? VK_OK
               : vk_fail(err, VK_ERR_SIGNATURE, "attStmt.sig",
                         "the attestation signature is not one of its certificate's key");
}

vk_status vk_certificate_check_p256(X509 *certificate, vk_error *err) {
    return key_fits(X509_get0_pubkey(certificate), find_algorithm(VK_COSE_ES256))
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, path,
                         "the certificate's key is not one of P-256, as fido-u2f needs");
}

/* ---- Requirements of packed ---- */

/* Exactly one of its kind in the subject. */
static const ASN1_STRING *subject_member(X509 *certificate, int nid) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0) {
        return NULL;
    }
    return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

static bool is_text(const ASN1_STRING *value, const char *text) {
    return value != NULL && (size_t)ASN1_STRING_length(value) == strlen(text) &&
           memcmp(ASN1_STRING_get0_data(value), text, strlen(text)) == 0;
}

static vk_status check_subject(X509 *certificate, vk_error *err) {
    static const int needed[] = {NID_countryName, NID_organizationName, NID_commonName};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const ASN1_STRING *value = subject_member(certificate, needed[i]);
        if (value == NULL || ASN1_STRING_length(value) == 0) {
            return vk_fail(err, VK_ERR_FORMAT, path, "the certificate's subject must have one %s",
                           OBJ_nid2ln(needed[i]));
        }
    }
    if (ASN1_STRING_length(subject_member(certificate, NID_countryName)) != 2) {
        return vk_fail(err, VK_ERR_FORMAT, path,
                       "the country of the certificate's subject must have two letters");
    }
    if (!is_text(subject_member(certificate, NID_organizationalUnitName),
                 "Authenticator Attestation")) {
        return vk_fail(err, VK_ERR_FORMAT, path,
                       "the organizational unit of the certificate's subject must be "
                       "\"Authenticator Attestation\"");
    }
    return VK_OK;
}

static vk_status check_not_authority(X509 *certificate, vk_error *err) {
    int critical = 0;
    BASIC_CONSTRAINTS *constraints =
        X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, NULL);
    bool good = constraints != NULL && !constraints->ca;
    BASIC_CONSTRAINTS_free(constraints);
    return good ? VK_OK
                : vk_fail(err, VK_ERR_FORMAT, path,
                          "the certificate must say by its basic constraints that it is no "
                          "authority");
}

static X509_EXTENSION *find_aaguid(X509 *certificate, bool *twice) {
    ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
    int at = id == NULL ? -1 : X509_get_ext_by_OBJ(certificate, id, -1);
    *twice = at >= 0 && X509_get_ext_by_OBJ(certificate, id, at) >= 0;
    ASN1_OBJECT_free(id);
    return at < 0 ? NULL : X509_get_ext(certificate, at);
}

/* id-fido-gen-ce-aaguid: an OCTET STRING in the extension's own. */
static vk_status check_aaguid(X509 *certificate, const uint8_t aaguid[16], vk_error *err) {
    static const uint8_t head[] = {0x04, 0x10};
    bool twice = false;
    X509_EXTENSION *extension = find_aaguid(certificate, &twice);
    if (extension == NULL) {
        return VK_OK;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
    const uint8_t *bytes = ASN1_STRING_get0_data(value);
    if (twice || X509_EXTENSION_get_critical(extension) ||
        ASN1_STRING_length(value) != (int)sizeof head + 16 ||
        memcmp(bytes, head, sizeof head) != 0) {
        return vk_fail(err, VK_ERR_FORMAT, path,
                       "the certificate's aaguid extension must stand once, not critical, with 16 "
                       "bytes");
    }
    return memcmp(bytes + sizeof head, aaguid, 16) == 0
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, path,
                         "the certificate is for another aaguid than that of authData");
}

vk_status vk_certificate_check_packed(X509 *certificate, const uint8_t aaguid[16], vk_error *err) {
    if (X509_get_version(certificate) != X509_VERSION_3) {
        return vk_fail(err, VK_ERR_FORMAT, path, "the certificate must be of version 3");
    }
    vk_status status = check_subject(certificate, err);
    if (status == VK_OK) {
        status = check_not_authority(certificate, err);
    }
    return status == VK_OK ? check_aaguid(certificate, aaguid, err) : status;
}

/* ---- The chain ---- */

static vk_status read_others(const vk_bytes *ders, size_t count, STACK_OF(X509) * out,
                             vk_error *err) {
    for (size_t i = 0; i < count; i++) {
        X509 *certificate = NULL;
        vk_status status = vk_certificate_read(ders[i], &certificate, err);
        if (status != VK_OK) {
            return status;
        }
        if (sk_X509_push(out, certificate) <= 0) {
            X509_free(certificate);
            return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
        }
    }
    return VK_OK;
}

static vk_status fill_store(X509_STORE *store, const vk_attestation_trust *trust, vk_error *err) {
    for (size_t i = 0; i < trust->anchor_count; i++) {
        X509 *anchor = NULL;
        vk_status status = vk_certificate_read(trust->anchors[i], &anchor, NULL);
        if (status != VK_OK) {
            return vk_fail(err, status, NULL, "trust anchor %zu is not one certificate", i);
        }
        int added = X509_STORE_add_cert(store, anchor);
        X509_free(anchor);
        if (added != 1) {
            return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
        }
    }
    return VK_OK;
}

static vk_status verify_chain(X509_STORE *store, X509 *certificate, STACK_OF(X509) * others,
                              int64_t now, vk_error *err) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL || X509_STORE_CTX_init(context, store, certificate, others) != 1) {
        X509_STORE_CTX_free(context);
        return vk_fail(err, VK_ERR_CRYPTO, NULL, "%s", vk_status_text(VK_ERR_CRYPTO));
    }
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)now);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    bool good = X509_verify_cert(context) == 1;
    int reason = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    return good ? VK_OK
                : vk_fail(err, VK_ERR_SIGNATURE, path,
                          "the certificate does not chain to a trust anchor: %s",
                          X509_verify_cert_error_string(reason));
}

vk_status vk_certificate_check_chain(X509 *certificate, const vk_bytes *others, size_t count,
                                     const vk_attestation_trust *trust, vk_error *err) {
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *stack = sk_X509_new_null();
    vk_status status = VK_ERR_MEMORY;
    if (store != NULL && stack != NULL) {
        status = fill_store(store, trust, err);
        if (status == VK_OK) {
            status = read_others(others, count, stack, err);
        }
        if (status == VK_OK) {
            status = verify_chain(store, certificate, stack, trust->now, err);
        }
    } else {
        vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    sk_X509_pop_free(stack, X509_free);
    X509_STORE_free(store);
    return status;
}
