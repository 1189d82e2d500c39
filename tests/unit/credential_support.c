#include "credential_support.h"

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- CBOR ---- */

void cbor_head(vk_buf *out, unsigned major, uint64_t number) {
    unsigned bytes = number < 24            ? 0
                     : number <= 0xff       ? 1
                     : number <= 0xffff     ? 2
                     : number <= 0xffffffff ? 4
                                            : 8;
    unsigned log = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
    vk_buf_put_byte(out, (uint8_t)(major << 5 | (bytes == 0 ? number : 24 + log)));
    for (unsigned i = bytes; i > 0; i--) {
        vk_buf_put_byte(out, (uint8_t)(number >> (8 * (i - 1))));
    }
}

void cbor_text(vk_buf *out, const char *text) {
    cbor_head(out, 3, strlen(text));
    vk_buf_put_text(out, text);
}

void cbor_bytes(vk_buf *out, vk_bytes bytes) {
    cbor_head(out, 2, bytes.len);
    vk_buf_put(out, bytes.data, bytes.len);
}

void cbor_int(vk_buf *out, int64_t number) {
    if (number < 0) {
        cbor_head(out, 1, (uint64_t)(-1 - number));
    } else {
        cbor_head(out, 0, (uint64_t)number);
    }
}

/* ---- Keys ---- */

EVP_PKEY *make_key(const char *type, const char *group) {
    EVP_PKEY *key = strcmp(type, "EC") == 0    ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
                    : strcmp(type, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048)
                                               : EVP_PKEY_Q_keygen(NULL, NULL, type);
    ck_assert_ptr_nonnull(key);
    return key;
}

void key_point(EVP_PKEY *key, uint8_t point65[65]) {
    size_t len = 0;
    ck_assert_int_eq(
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point65, 65, &len), 1);
    ck_assert_uint_eq(len, 65);
}

void sign_with(EVP_PKEY *key, const char *digest, vk_bytes message, vk_buf *out) {
    uint8_t signature[1024];
    size_t len = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key, NULL), 1);
    ck_assert_int_eq(EVP_DigestSign(context, signature, &len, message.data, message.len), 1);
    EVP_MD_CTX_free(context);
    vk_buf_put(out, signature, len);
}

/* ---- Certificates ---- */

static void put_name(X509_NAME *name, const char *field, const char *value) {
    if (value[0] != '\0') {
        ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC,
                                                    (const unsigned char *)value, -1, -1, 0),
                         1);
    }
}

static X509_NAME *make_name(const certificate_plan *plan, const char *common_name) {
    X509_NAME *name = X509_NAME_new();
    put_name(name, "C", plan->country == NULL ? "DE" : plan->country);
    put_name(name, "O", "Valetkey");
    put_name(name, "OU", plan->unit == NULL ? "Authenticator Attestation" : plan->unit);
    put_name(name, "CN", common_name);
    return name;
}

static void put_constraints(X509 *certificate, bool authority) {
    BASIC_CONSTRAINTS constraints = {.ca = authority ? 0xff : 0, .pathlen = NULL};
    ck_assert_int_eq(
        X509_add1_ext_i2d(certificate, NID_basic_constraints, &constraints, 1, X509V3_ADD_DEFAULT),
        1);
}

static void put_aaguid(X509 *certificate, const certificate_plan *plan) {
    uint8_t bytes[18] = {0x04, 0x10};
    memcpy(bytes + 2, plan->aaguid, 16);
    ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    size_t skipped = plan->aaguid_bare ? 2 : 0;
    ck_assert_int_eq(ASN1_OCTET_STRING_set(value, bytes + skipped, (int)(sizeof bytes - skipped)),
                     1);
    X509_EXTENSION *extension =
        X509_EXTENSION_create_by_OBJ(NULL, id, plan->aaguid_critical, value);
    ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(id);
}

static void put_names(X509 *certificate, const certificate_plan *plan) {
    const char *own = plan->name == NULL ? "Test" : plan->name;
    X509_NAME *subject = make_name(plan, own);
    certificate_plan plain = {0};
    X509_NAME *issuer =
        plan->issuer == NULL ? make_name(plan, own) : make_name(&plain, plan->issuer);
    X509_set_subject_name(certificate, subject);
    X509_set_issuer_name(certificate, issuer);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
}

void make_certificate(const certificate_plan *plan, vk_buf *out) {
    X509 *certificate = X509_new();
    X509_set_version(certificate, plan->version_1 ? X509_VERSION_1 : X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20400101000000Z");
    put_names(certificate, plan);
    X509_set_pubkey(certificate, plan->key);
    if (!plan->no_constraints && !plan->version_1) {
        put_constraints(certificate, plan->authority);
    }
    if (plan->aaguid != NULL) {
        put_aaguid(certificate, plan);
    }
    EVP_PKEY *issuer = plan->issuer_key == NULL ? plan->key : plan->issuer_key;
    const EVP_MD *digest = EVP_PKEY_is_a(issuer, "ED25519") ? NULL : EVP_sha256();
    ck_assert_int_gt(X509_sign(certificate, issuer, digest), 0);
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    ck_assert_int_gt(len, 0);
    vk_buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    X509_free(certificate);
}

/* ---- Credentials ---- */

void make_credential(const uint8_t *aaguid, made_credential *out) {
    static const uint8_t id[] = {0xc1, 0xc2, 0xc3, 0xc4};
    static const char client_data[] =
        "{\"type\":\"webauthn.create\",\"challenge\":\"AQID\",\"origin\":\"https://example.org\"}";
    *out = (made_credential){.key = make_key("EC", "P-256")};
    vk_auth_data *data = &out->auth_data;
    ck_assert_int_eq(vk_sha256((vk_bytes){(const uint8_t *)"example.org", 11}, &data->rp_id_hash),
                     VK_OK);
    data->flags = VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV | VK_WEBAUTHN_FLAG_AT;
    data->sign_count = 5;
    data->credential_id = (vk_bytes){id, sizeof id};
    if (aaguid != NULL) {
        memcpy(data->aaguid, aaguid, sizeof data->aaguid);
    }
    key_point(out->key, data->point65);
    ck_assert_int_eq(vk_auth_data_write(data, &out->auth_data_bytes), VK_OK);
    vk_buf_put_text(&out->client_data, client_data);
    ck_assert_int_eq(vk_sha256(vk_buf_view(&out->client_data), &out->client_data_hash), VK_OK);
}

void drop_credential(made_credential *credential) {
    EVP_PKEY_free(credential->key);
    vk_buf_clear(&credential->auth_data_bytes);
    vk_buf_clear(&credential->client_data);
}

vk_buf packed_message(const made_credential *credential) {
    vk_buf out = {0};
    vk_buf_put(&out, credential->auth_data_bytes.data, credential->auth_data_bytes.len);
    vk_buf_put(&out, credential->client_data_hash.b, 32);
    return out;
}

vk_buf u2f_message(const made_credential *credential) {
    const vk_auth_data *data = &credential->auth_data;
    vk_buf out = {0};
    vk_buf_put_byte(&out, 0);
    vk_buf_put(&out, data->rp_id_hash.b, 32);
    vk_buf_put(&out, credential->client_data_hash.b, 32);
    vk_buf_put(&out, data->credential_id.data, data->credential_id.len);
    vk_buf_put(&out, data->point65, 65);
    return out;
}

vk_buf attestation_object(const char *format, vk_bytes statement, vk_bytes auth_data) {
    vk_buf out = {0};
    cbor_head(&out, 5, 3);
    cbor_text(&out, "fmt");
    cbor_text(&out, format);
    cbor_text(&out, "attStmt");
    vk_buf_put(&out, statement.data, statement.len);
    cbor_text(&out, "authData");
    cbor_bytes(&out, auth_data);
    return out;
}

vk_buf attestation_statement(int64_t algorithm, vk_bytes signature, const vk_bytes *certificates,
                             size_t count) {
    vk_buf out = {0};
    cbor_head(&out, 5, 1u + (algorithm != 0) + (count > 0));
    if (algorithm != 0) {
        cbor_text(&out, "alg");
        cbor_int(&out, algorithm);
    }
    cbor_text(&out, "sig");
    cbor_bytes(&out, signature);
    if (count > 0) {
        cbor_text(&out, "x5c");
        cbor_head(&out, 4, count);
    }
    for (size_t i = 0; i < count; i++) {
        cbor_bytes(&out, certificates[i]);
    }
    return out;
}

vk_ceremony made_ceremony(void) {
    static const uint8_t challenge[] = {1, 2, 3};
    return (vk_ceremony){.challenge = {challenge, sizeof challenge},
                         .rp_id = "example.org",
                         .origin = "https://example.org",
                         .require_user_verified = true};
}
