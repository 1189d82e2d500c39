/* Attestation objects of every format, made here; registrations and assertions. */
#include "credential_support.h"
#include "support/vectors.h"

#include <check.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webauthn/attestation.h>
#include <webauthn/cbor.h>

#define NOW 1750000000 /* within the certificates' years */

static const uint8_t model[16] = {0xa0, 0xa1, 0xa2, 0xa3};

/* ---- Objects ---- */

static vk_buf none_object(const made_credential *credential) {
    static const uint8_t empty[] = {0xa0};
    return attestation_object("none", (vk_bytes){empty, 1},
                              vk_buf_view(&credential->auth_data_bytes));
}

static vk_buf packed_signature(const made_credential *credential, EVP_PKEY *key,
                               const char *digest) {
    vk_buf message = packed_message(credential), signature = {0};
    sign_with(key, digest, vk_buf_view(&message), &signature);
    vk_buf_clear(&message);
    return signature;
}

static vk_buf packed_with(const made_credential *credential, const vk_buf *signature,
                          int64_t algorithm, const vk_bytes *certificates, size_t count) {
    vk_buf statement =
        attestation_statement(algorithm, vk_buf_view(signature), certificates, count);
    vk_buf object = attestation_object("packed", vk_buf_view(&statement),
                                       vk_buf_view(&credential->auth_data_bytes));
    vk_buf_clear(&statement);
    return object;
}

/* A packed object, signed with key under algorithm and digest. */
static vk_buf packed_object(const made_credential *credential, EVP_PKEY *key, int64_t algorithm,
                            const char *digest, const vk_bytes *certificates, size_t count) {
    vk_buf signature = packed_signature(credential, key, digest);
    vk_buf object = packed_with(credential, &signature, algorithm, certificates, count);
    vk_buf_clear(&signature);
    return object;
}

static vk_buf self_object(const made_credential *credential) {
    return packed_object(credential, credential->key, -7, "SHA256", NULL, 0);
}

static vk_buf u2f_object(const made_credential *credential, EVP_PKEY *key, vk_bytes certificate) {
    vk_buf message = u2f_message(credential), signature = {0};
    sign_with(key, "SHA256", vk_buf_view(&message), &signature);
    vk_buf statement = attestation_statement(0, vk_buf_view(&signature), &certificate, 1);
    vk_buf object = attestation_object("fido-u2f", vk_buf_view(&statement),
                                       vk_buf_view(&credential->auth_data_bytes));
    vk_buf_clear(&message);
    vk_buf_clear(&signature);
    vk_buf_clear(&statement);
    return object;
}

/* ---- Checks ---- */

static vk_status enroll(const made_credential *credential, vk_bytes object,
                        const vk_attestation_trust *trust, vk_credential *out, vk_error *err) {
    vk_ceremony ceremony = made_ceremony();
    return vk_credential_register(&ceremony, object, vk_buf_view(&credential->client_data), trust,
                                  out, err);
}

/* Registers, clears the object, and looks at the result, the sentence and OpenSSL's queue. */
static void check_object(const made_credential *credential, vk_buf *object,
                         const vk_attestation_trust *trust, vk_status status,
                         vk_attestation_result result) {
    vk_error err = {0};
    vk_credential got = {.sign_count = 99};
    vk_status seen = enroll(credential, vk_buf_view(object), trust, &got, &err);
    ck_assert_msg(seen == status, "%d, not %d: %s", seen, status, err.message);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    if (status == VK_OK) {
        ck_assert_int_eq(got.attestation, result);
        ck_assert_mem_eq(got.point65, credential->auth_data.point65, 65);
        ck_assert(vk_bytes_equal(got.id, credential->auth_data.credential_id));
        ck_assert_uint_eq(got.sign_count, 5);
    } else {
        ck_assert(err.status == status && err.message[0] != '\0' && err.path[0] != '\0');
        ck_assert_uint_eq(got.sign_count, 99);
    }
    vk_buf_clear(object);
}

/* ---- none and self ---- */

START_TEST(test_none) {
    made_credential credential;
    make_credential(model, &credential);
    vk_buf object = none_object(&credential);
    vk_attestation read;
    ck_assert_int_eq(vk_attestation_read(vk_buf_view(&object), &read, NULL), VK_OK);
    ck_assert_int_eq(read.format, VK_ATTESTATION_NONE);
    ck_assert_str_eq(vk_attestation_format_text(read.format), "none");
    check_object(&credential, &object, NULL, VK_OK, VK_ATTESTED_NOT);
    drop_credential(&credential);
}
END_TEST

START_TEST(test_self) {
    made_credential credential;
    make_credential(model, &credential);
    vk_buf object = self_object(&credential);
    check_object(&credential, &object, NULL, VK_OK, VK_ATTESTED_SELF);
    /* signed by another key; under another algorithm's name */
    EVP_PKEY *other = make_key("EC", "P-256");
    object = packed_object(&credential, other, -7, "SHA256", NULL, 0);
    check_object(&credential, &object, NULL, VK_ERR_SIGNATURE, 0);
    object = packed_object(&credential, credential.key, -257, "SHA256", NULL, 0);
    check_object(&credential, &object, NULL, VK_ERR_MISMATCH, 0);
    EVP_PKEY_free(other);
    drop_credential(&credential);
}
END_TEST

/* Every byte of an object counts, with self attestation and the client data's hash. */
START_TEST(test_self_changed_bytes) {
    made_credential credential;
    make_credential(model, &credential);
    vk_buf object = self_object(&credential);
    for (size_t i = 0; i < object.len; i++) {
        vk_credential got;
        vk_error err = {0};
        object.data[i] ^= 1;
        ck_assert_msg(enroll(&credential, vk_buf_view(&object), NULL, &got, &err) != VK_OK,
                      "byte %zu", i);
        ck_assert(err.message[0] != '\0');
        object.data[i] ^= 1;
    }
    vk_buf_put_byte(&credential.client_data, ' '); /* the same JSON, another hash */
    check_object(&credential, &object, NULL, VK_ERR_SIGNATURE, 0);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    drop_credential(&credential);
}
END_TEST

/* ---- Truncation and structure ---- */

static void check_truncations(const vk_buf *object) {
    for (size_t len = 0; len < object->len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, object->data, len);
        vk_attestation read = {.algorithm = 42};
        vk_error err = {0};
        ck_assert_int_eq(vk_attestation_read((vk_bytes){copy, len}, &read, &err), VK_ERR_FORMAT);
        ck_assert_int_eq(read.algorithm, 42);
        ck_assert_str_ne(err.message, "");
        free(copy);
    }
}

START_TEST(test_truncated) {
    made_credential credential;
    vk_buf certificate = {0};
    make_credential(NULL, &credential);
    make_certificate(&(certificate_plan){.key = credential.key}, &certificate);
    vk_bytes x5c = vk_buf_view(&certificate);
    vk_buf objects[] = {none_object(&credential), self_object(&credential),
                        packed_object(&credential, credential.key, -7, "SHA256", &x5c, 1),
                        u2f_object(&credential, credential.key, x5c)};
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        check_truncations(&objects[i]);
        vk_attestation read;
        ck_assert_int_eq(vk_attestation_read(vk_buf_view(&objects[i]), &read, NULL), VK_OK);
        vk_buf_put_byte(&objects[i], 0);
        ck_assert_int_eq(vk_attestation_read(vk_buf_view(&objects[i]), &read, NULL), VK_ERR_FORMAT);
        vk_buf_clear(&objects[i]);
    }
    vk_buf_clear(&certificate);
    drop_credential(&credential);
}
END_TEST

START_TEST(test_formats) {
    static const struct {
        const char *format;
        vk_status status;
    } cases[] = {
        {"tpm", VK_ERR_UNSUPPORTED},
        {"android-key", VK_ERR_UNSUPPORTED},
        {"android-safetynet", VK_ERR_UNSUPPORTED},
        {"apple", VK_ERR_UNSUPPORTED},
        {"compound", VK_ERR_UNSUPPORTED},
        {"None", VK_ERR_UNSUPPORTED},
        {"", VK_ERR_FORMAT},
        {"a b", VK_ERR_FORMAT},
        {"\xff", VK_ERR_FORMAT},
    };
    static const uint8_t empty[] = {0xa0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_attestation read;
        vk_error err = {0};
        vk_buf object = attestation_object(cases[i].format, (vk_bytes){empty, 1}, (vk_bytes){0});
        ck_assert_int_eq(vk_attestation_read(vk_buf_view(&object), &read, &err), cases[i].status);
        ck_assert(cases[i].status != VK_ERR_UNSUPPORTED ||
                  strstr(err.message, cases[i].format) != NULL);
        vk_buf_clear(&object);
    }
}
END_TEST

/* Statements of the wrong shape, as hex. */
START_TEST(test_statements) {
    static const struct {
        const char *format, *statement;
        vk_status status;
    } cases[] = {
        {"none", "0xa0", VK_OK},
        {"none", "0xa1616100", VK_ERR_FORMAT},
        {"none", "0x80", VK_ERR_FORMAT},
        {"none", "0xbfff", VK_ERR_FORMAT},
        {"packed", "0xa0", VK_ERR_FORMAT},
        {"packed", "0xa263616c672663736967420102", VK_OK},
        {"packed", "0xa26373696742010263616c6726", VK_ERR_FORMAT}, /* out of order */
        {"packed", "0xa263616c672663616c6726", VK_ERR_FORMAT},     /* twice */
        {"packed", "0xa263616c67412663736967420102", VK_ERR_FORMAT},
        {"packed", "0xa263616c672663736967623132", VK_ERR_FORMAT},
        {"packed", "0xa263616c671bffffffffffffffff6373696740", VK_ERR_FORMAT},
        {"packed", "0xa263616c67266373696740", VK_OK},
        {"packed", "0xa363616c6726637369674063783563814100", VK_OK},
        {"packed", "0xa363616c672663736967406378356380", VK_ERR_SIZE}, /* no certificate */
        {"packed", "0xa363616c672663736967406378356389404040404040404040", VK_ERR_SIZE},
        {"packed", "0xa363616c67266373696740637835639f40ff", VK_ERR_FORMAT},
        {"packed", "0xa363616c6726637369674063783563816161", VK_ERR_FORMAT},
        {"packed", "0xa363616c6726637369674065656364616100", VK_ERR_FORMAT}, /* ECDAA */
        {"fido-u2f", "0xa2637369674063783563814100", VK_OK},
        {"fido-u2f", "0xa163736967420102", VK_ERR_FORMAT},
        {"fido-u2f", "0xa363616c6726637369674063783563814100", VK_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_attestation read;
        vk_buf statement = vectors_hex(cases[i].statement);
        vk_buf object = attestation_object(cases[i].format, vk_buf_view(&statement), (vk_bytes){0});
        vk_status status = vk_attestation_read(vk_buf_view(&object), &read, NULL);
        ck_assert_msg(status == cases[i].status, "%s: %d", cases[i].statement, status);
        vk_buf_clear(&statement);
        vk_buf_clear(&object);
    }
}
END_TEST

START_TEST(test_too_long) {
    vk_buf object = {0};
    vk_attestation read;
    vk_buf_put_zeros(&object, VK_ATTESTATION_MAX + 1);
    ck_assert_int_eq(vk_attestation_read(vk_buf_view(&object), &read, NULL), VK_ERR_SIZE);
    vk_buf_clear(&object);
}
END_TEST

/* ---- Certificates ---- */

START_TEST(test_algorithms) {
    static const struct {
        const char *type, *group, *digest;
        int64_t algorithm;
        vk_status status;
    } cases[] = {
        {"EC", "P-256", "SHA256", -7, VK_OK},
        {"EC", "P-384", "SHA384", -35, VK_OK},
        {"EC", "P-521", "SHA512", -36, VK_OK},
        {"ED25519", NULL, NULL, -8, VK_OK},
        {"RSA", NULL, "SHA256", -257, VK_OK},
        {"EC", "P-384", "SHA256", -7, VK_ERR_MISMATCH}, /* ES256 is P-256 here */
        {"EC", "secp256k1", "SHA256", -7, VK_ERR_MISMATCH},
        {"RSA", NULL, "SHA256", -7, VK_ERR_MISMATCH},
        {"EC", "P-256", "SHA256", -257, VK_ERR_MISMATCH},
        {"EC", "P-256", "SHA384", -7, VK_ERR_SIGNATURE},
        {"RSA", NULL, "SHA256", -37, VK_ERR_UNSUPPORTED},  /* PS256 */
        {"RSA", NULL, "SHA1", -65535, VK_ERR_UNSUPPORTED}, /* RS1 */
    };
    made_credential credential;
    make_credential(model, &credential);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EVP_PKEY *key = make_key(cases[i].type, cases[i].group);
        vk_buf certificate = {0};
        make_certificate(&(certificate_plan){.key = key}, &certificate);
        vk_bytes x5c = vk_buf_view(&certificate);
        vk_buf object =
            packed_object(&credential, key, cases[i].algorithm, cases[i].digest, &x5c, 1);
        check_object(&credential, &object, NULL, cases[i].status, VK_ATTESTED_SIGNED);
        vk_buf_clear(&certificate);
        EVP_PKEY_free(key);
    }
    drop_credential(&credential);
}
END_TEST

static void check_plan(const made_credential *credential, const certificate_plan *plan,
                       vk_status status) {
    vk_buf certificate = {0};
    make_certificate(plan, &certificate);
    vk_bytes x5c = vk_buf_view(&certificate);
    vk_buf object = packed_object(credential, plan->key, -7, "SHA256", &x5c, 1);
    check_object(credential, &object, NULL, status, VK_ATTESTED_SIGNED);
    vk_buf_clear(&certificate);
}

/* What [8.2.1] asks. */
START_TEST(test_packed_certificates) {
    static const uint8_t other_model[16] = {0xa0, 0xa1, 0xa2, 0xa4};
    made_credential credential;
    EVP_PKEY *key = make_key("EC", "P-256");
    make_credential(model, &credential);
    const struct {
        certificate_plan plan;
        vk_status status;
    } cases[] = {
        {{.key = key}, VK_OK},
        {{.key = key, .aaguid = model}, VK_OK},
        {{.key = key, .aaguid = other_model}, VK_ERR_MISMATCH},
        {{.key = key, .aaguid = model, .aaguid_critical = true}, VK_ERR_FORMAT},
        {{.key = key, .aaguid = model, .aaguid_bare = true}, VK_ERR_FORMAT},
        {{.key = key, .unit = "Authenticator attestation"}, VK_ERR_FORMAT},
        {{.key = key, .unit = ""}, VK_ERR_FORMAT},
        {{.key = key, .country = ""}, VK_ERR_FORMAT},
        {{.key = key, .name = ""}, VK_ERR_FORMAT},
        {{.key = key, .authority = true}, VK_ERR_FORMAT},
        {{.key = key, .no_constraints = true}, VK_ERR_FORMAT},
        {{.key = key, .version_1 = true}, VK_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_plan(&credential, &cases[i].plan, cases[i].status);
    }
    EVP_PKEY_free(key);
    drop_credential(&credential);
}
END_TEST

/* Not a certificate, bytes after one, a signature by another key, and no signature at all. */
START_TEST(test_broken_statements) {
    made_credential credential;
    EVP_PKEY *key = make_key("EC", "P-256"), *other = make_key("EC", "P-256");
    vk_buf certificate = {0};
    make_credential(model, &credential);
    make_certificate(&(certificate_plan){.key = key}, &certificate);
    vk_bytes x5c = vk_buf_view(&certificate);
    vk_buf signature = packed_signature(&credential, key, "SHA256"), none = {0};
    vk_buf object = packed_object(&credential, other, -7, "SHA256", &x5c, 1);
    check_object(&credential, &object, NULL, VK_ERR_SIGNATURE, 0);
    for (size_t len = 0; len < certificate.len; len++) {
        vk_bytes part = {certificate.data, len};
        object = packed_with(&credential, &signature, -7, &part, 1);
        check_object(&credential, &object, NULL, VK_ERR_FORMAT, 0);
    }
    object = packed_with(&credential, &none, -7, &x5c, 1);
    check_object(&credential, &object, NULL, VK_ERR_SIGNATURE, 0);
    vk_buf_put_byte(&certificate, 0);
    x5c = vk_buf_view(&certificate);
    object = packed_with(&credential, &signature, -7, &x5c, 1);
    check_object(&credential, &object, NULL, VK_ERR_FORMAT, 0);
    vk_buf_clear(&signature);
    vk_buf_clear(&certificate);
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
    drop_credential(&credential);
}
END_TEST

/* Damaged certificates: any answer but a crash. */
START_TEST(test_changed_certificate) {
    made_credential credential;
    vk_buf certificate = {0};
    make_credential(model, &credential);
    make_certificate(&(certificate_plan){.key = credential.key, .aaguid = model}, &certificate);
    vk_buf signature = packed_signature(&credential, credential.key, "SHA256");
    size_t refused = 0;
    for (size_t i = 0; i < certificate.len; i++) {
        certificate.data[i] ^= 0x21;
        vk_bytes x5c = vk_buf_view(&certificate);
        vk_attestation_trust trust = {1, &x5c, NOW};
        vk_buf object = packed_with(&credential, &signature, -7, &x5c, 1);
        vk_credential got;
        refused += enroll(&credential, vk_buf_view(&object), &trust, &got, NULL) != VK_OK;
        ck_assert_uint_eq(ERR_peek_error(), 0);
        certificate.data[i] ^= 0x21;
        vk_buf_clear(&object);
    }
    ck_assert_uint_gt(refused, 65); /* those of the key at least */
    vk_buf_clear(&signature);
    vk_buf_clear(&certificate);
    drop_credential(&credential);
}
END_TEST

/* ---- U2F ---- */

static void check_u2f(const made_credential *credential, EVP_PKEY *signer, EVP_PKEY *certified,
                      vk_status status) {
    vk_buf certificate = {0};
    make_certificate(&(certificate_plan){.key = certified, .unit = "any"}, &certificate);
    vk_buf object = u2f_object(credential, signer, vk_buf_view(&certificate));
    check_object(credential, &object, NULL, status, VK_ATTESTED_SIGNED);
    vk_buf_clear(&certificate);
}

START_TEST(test_u2f) {
    made_credential credential, with_model;
    EVP_PKEY *key = make_key("EC", "P-256"), *wide = make_key("EC", "P-384");
    make_credential(NULL, &credential);
    make_credential(model, &with_model);
    check_u2f(&credential, key, key, VK_OK);
    check_u2f(&credential, credential.key, key, VK_ERR_SIGNATURE);
    check_u2f(&credential, wide, wide, VK_ERR_MISMATCH);
    check_u2f(&with_model, key, key, VK_ERR_MISMATCH);
    EVP_PKEY_free(key);
    EVP_PKEY_free(wide);
    drop_credential(&credential);
    drop_credential(&with_model);
}
END_TEST

START_TEST(test_u2f_two_certificates) {
    made_credential credential;
    vk_buf certificate = {0}, signature = {0};
    make_credential(NULL, &credential);
    make_certificate(&(certificate_plan){.key = credential.key}, &certificate);
    vk_bytes x5c[] = {vk_buf_view(&certificate), vk_buf_view(&certificate)};
    vk_buf message = u2f_message(&credential);
    sign_with(credential.key, "SHA256", vk_buf_view(&message), &signature);
    vk_buf statement = attestation_statement(0, vk_buf_view(&signature), x5c, 2);
    vk_buf object = attestation_object("fido-u2f", vk_buf_view(&statement),
                                       vk_buf_view(&credential.auth_data_bytes));
    check_object(&credential, &object, NULL, VK_ERR_FORMAT, 0);
    vk_buf_clear(&certificate);
    vk_buf_clear(&signature);
    vk_buf_clear(&message);
    vk_buf_clear(&statement);
    drop_credential(&credential);
}
END_TEST

/* ---- Chains ---- */

typedef struct chain {
    EVP_PKEY *root_key, *middle_key, *leaf_key;
    vk_buf root, middle, leaf;
} chain;

static chain make_chain(void) {
    chain c = {
        make_key("EC", "P-256"), make_key("EC", "P-256"), make_key("EC", "P-256"), {0}, {0}, {0}};
    make_certificate(&(certificate_plan){.key = c.root_key, .name = "Root", .authority = true},
                     &c.root);
    make_certificate(&(certificate_plan){.key = c.middle_key,
                                         .issuer_key = c.root_key,
                                         .issuer = "Root",
                                         .name = "Middle",
                                         .authority = true},
                     &c.middle);
    make_certificate(
        &(certificate_plan){.key = c.leaf_key, .issuer_key = c.middle_key, .issuer = "Middle"},
        &c.leaf);
    return c;
}

static void drop_chain(chain *c) {
    EVP_PKEY_free(c->root_key);
    EVP_PKEY_free(c->middle_key);
    EVP_PKEY_free(c->leaf_key);
    vk_buf_clear(&c->root);
    vk_buf_clear(&c->middle);
    vk_buf_clear(&c->leaf);
}

static void check_chain(const chain *c, size_t sent, const vk_bytes *anchors, size_t anchor_count,
                        int64_t now, vk_status status) {
    made_credential credential;
    vk_attestation_trust trust = {anchor_count, anchors, now};
    vk_bytes x5c[] = {vk_buf_view(&c->leaf), vk_buf_view(&c->middle)};
    make_credential(model, &credential);
    vk_buf object = packed_object(&credential, c->leaf_key, -7, "SHA256", x5c, sent);
    check_object(&credential, &object, &trust, status, VK_ATTESTED_TRUSTED);
    drop_credential(&credential);
}

START_TEST(test_chains) {
    chain c = make_chain(), stranger = make_chain();
    vk_bytes root = vk_buf_view(&c.root), middle = vk_buf_view(&c.middle),
             leaf = vk_buf_view(&c.leaf), foreign = vk_buf_view(&stranger.root);
    check_chain(&c, 2, &root, 1, NOW, VK_OK);
    check_chain(&c, 1, &middle, 1, NOW, VK_OK); /* an anchor need not be a root */
    check_chain(&c, 1, &leaf, 1, NOW, VK_OK);
    check_chain(&c, 1, &root, 1, NOW, VK_ERR_SIGNATURE);    /* the middle is missing */
    check_chain(&c, 2, &foreign, 1, NOW, VK_ERR_SIGNATURE); /* the same name, another key */
    check_chain(&c, 2, NULL, 0, NOW, VK_ERR_SIGNATURE);
    check_chain(&c, 2, &root, 1, 1500000000, VK_ERR_SIGNATURE);          /* before 2020 */
    check_chain(&c, 2, &root, 1, INT64_C(2300000000), VK_ERR_SIGNATURE); /* after 2040 */
    root.len--;
    check_chain(&c, 2, &root, 1, NOW, VK_ERR_FORMAT);
    drop_chain(&c);
    drop_chain(&stranger);
}
END_TEST

/* ---- The ceremonies ---- */

START_TEST(test_ceremony) {
    static const uint8_t wrong[] = {1, 2, 4};
    made_credential credential;
    make_credential(model, &credential);
    vk_buf object = none_object(&credential);
    vk_bytes client_data = vk_buf_view(&credential.client_data);
    const struct {
        vk_ceremony ceremony;
        vk_status status;
        const char *path;
    } cases[] = {
        {made_ceremony(), VK_OK, ""},
        {{{wrong, 3}, "example.org", "https://example.org", false, false},
         VK_ERR_MISMATCH,
         "clientDataJSON.challenge"},
        {{{wrong, 2}, "example.org", "https://example.org", false, false},
         VK_ERR_MISMATCH,
         "clientDataJSON.challenge"},
        {{made_ceremony().challenge, "example.com", "https://example.org", false, false},
         VK_ERR_MISMATCH,
         "authenticatorData"},
        {{made_ceremony().challenge, "example.org", "https://example.org:8443", false, false},
         VK_ERR_MISMATCH,
         "clientDataJSON.origin"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_credential got;
        vk_error err = {0};
        ck_assert_int_eq(vk_credential_register(&cases[i].ceremony, vk_buf_view(&object),
                                                client_data, NULL, &got, &err),
                         cases[i].status);
        ck_assert_str_eq(err.path, cases[i].path);
    }
    vk_buf_clear(&object);
    drop_credential(&credential);
}
END_TEST

START_TEST(test_flags) {
    static const struct {
        uint8_t flags;
        vk_status status;
    } cases[] = {
        {0x45, VK_OK},             /* UP, UV */
        {0x4d, VK_OK},             /* and BE */
        {0x5d, VK_OK},             /* and BS */
        {0x55, VK_ERR_PROHIBITED}, /* BS without BE */
        {0x44, VK_ERR_PROHIBITED}, /* not present */
        {0x41, VK_ERR_PROHIBITED}, /* not verified */
    };
    made_credential credential;
    make_credential(model, &credential);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        credential.auth_data_bytes.data[32] = cases[i].flags;
        vk_buf object = none_object(&credential);
        check_object(&credential, &object, NULL, cases[i].status, VK_ATTESTED_NOT);
    }
    /* No credential is attested. */
    credential.auth_data_bytes.data[32] = 0x05;
    credential.auth_data_bytes.len = VK_WEBAUTHN_AUTH_DATA_LEN;
    vk_buf object = none_object(&credential);
    check_object(&credential, &object, NULL, VK_ERR_FORMAT, 0);
    drop_credential(&credential);
}
END_TEST

/* ---- What a browser made ---- */

static vk_buf member_hex(const cJSON *object, const char *name) {
    char text[8192];
    snprintf(text, sizeof text, "0x%s", vectors_text(object, name));
    return vectors_hex(text);
}

static vk_bytes text_of(const cJSON *object, const char *name) {
    const char *text = vectors_text(object, name);
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static void register_browser(const cJSON *file, vk_buf *object, vk_credential *out) {
    const cJSON *registration = vectors_get(file, "registration");
    vk_buf challenge = member_hex(registration, "challenge");
    vk_ceremony ceremony = {vk_buf_view(&challenge), vectors_text(file, "rpId"),
                            vectors_text(file, "origin"), true, false};
    const char *format = vectors_text(registration, "attestationFormat");
    *object = member_hex(registration, "attestationObject");
    ck_assert_int_eq(vk_credential_register(&ceremony, vk_buf_view(object),
                                            text_of(registration, "clientDataJSON"), NULL, out,
                                            NULL),
                     VK_OK);
    ck_assert_str_eq(vk_attestation_format_text(out->format), format);
    ck_assert_int_eq(out->attestation,
                     strcmp(format, "none") == 0 ? VK_ATTESTED_NOT : VK_ATTESTED_SIGNED);
    vk_buf_clear(&challenge);
}

static vk_status verify_browser(const cJSON *file, const cJSON *assertion, bool verified,
                                bool cross_origin, vk_credential *credential) {
    uint32_t count = 0;
    vk_buf challenge = member_hex(assertion, "userOpHash");
    vk_buf auth_data = member_hex(assertion, "authenticatorData");
    vk_buf signature = member_hex(assertion, "signatureDer");
    vk_ceremony ceremony = {vk_buf_view(&challenge), vectors_text(file, "rpId"),
                            vectors_text(file, "origin"), verified, cross_origin};
    vk_credential_answer answer = {vk_buf_view(&auth_data), text_of(assertion, "clientDataJSON"),
                                   vk_buf_view(&signature)};
    vk_status status = vk_credential_verify(&ceremony, credential, &answer, &count, NULL);
    if (status == VK_OK) {
        ck_assert_uint_eq(count, vectors_u64(assertion, "signCount"));
        credential->sign_count = count;
        ck_assert_int_eq(vk_credential_verify(&ceremony, credential, &answer, &count, NULL),
                         VK_ERR_MISMATCH); /* the same count again: a copy */
        credential->point65[1] ^= 1;
        ck_assert_int_eq(vk_credential_verify(&ceremony, credential, &answer, &count, NULL),
                         VK_ERR_SIGNATURE);
        credential->point65[1] ^= 1;
    }
    vk_buf_clear(&challenge);
    vk_buf_clear(&auth_data);
    vk_buf_clear(&signature);
    return status;
}

START_TEST(test_browser) {
    size_t unverified = 0, framed = 0;
    for (int i = 1; i <= 8; i++) {
        char name[32];
        vk_buf object;
        vk_credential credential;
        const cJSON *assertion;
        snprintf(name, sizeof name, "webauthn/s%02d.json", i);
        cJSON *file = vectors_load(name);
        register_browser(file, &object, &credential);
        cJSON_ArrayForEach(assertion, vectors_get(file, "assertions")) {
            bool uv = (vectors_u64(assertion, "flags") & VK_WEBAUTHN_FLAG_UV) != 0;
            bool frame = cJSON_IsTrue(vectors_get(assertion, "crossOrigin"));
            if (!uv) {
                ck_assert_int_eq(verify_browser(file, assertion, true, true, &credential),
                                 VK_ERR_PROHIBITED);
                unverified++;
            }
            if (frame) {
                ck_assert_int_eq(verify_browser(file, assertion, true, false, &credential),
                                 VK_ERR_PROHIBITED);
                framed++;
            }
            ck_assert_int_eq(verify_browser(file, assertion, uv, frame, &credential), VK_OK);
        }
        vk_buf_clear(&object);
        cJSON_Delete(file);
    }
    ck_assert_uint_eq(unverified, 2);
    ck_assert_uint_eq(framed, 3);
}
END_TEST

/* ---- Assertions made here: the parts that a browser does not get wrong ---- */

typedef struct made_assertion {
    vk_buf auth_data, client_data, signature;
} made_assertion;

static made_assertion make_assertion(EVP_PKEY *key, const char *type, uint32_t count) {
    made_assertion out = {0};
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    vk_hash hash;
    vk_buf message = {0};
    ck_assert_int_eq(vk_webauthn_auth_data("example.org", 0x05, count, auth_data), VK_OK);
    vk_buf_put(&out.auth_data, auth_data, sizeof auth_data);
    vk_buf_printf(&out.client_data,
                  "{\"type\":\"%s\",\"challenge\":\"AQID\",\"origin\":\"https://example.org\"}",
                  type);
    ck_assert_int_eq(vk_sha256(vk_buf_view(&out.client_data), &hash), VK_OK);
    vk_buf_put(&message, auth_data, sizeof auth_data);
    vk_buf_put(&message, hash.b, sizeof hash.b);
    sign_with(key, "SHA256", vk_buf_view(&message), &out.signature);
    vk_buf_clear(&message);
    return out;
}

static void check_assertion(const made_credential *made, const char *type, uint32_t before,
                            uint32_t now, vk_status status) {
    vk_ceremony ceremony = made_ceremony();
    vk_credential credential = {.sign_count = before};
    uint32_t count = 77;
    vk_error err = {0};
    made_assertion a = make_assertion(made->key, type, now);
    vk_credential_answer answer = {vk_buf_view(&a.auth_data), vk_buf_view(&a.client_data),
                                   vk_buf_view(&a.signature)};
    memcpy(credential.point65, made->auth_data.point65, 65);
    ck_assert_int_eq(vk_credential_verify(&ceremony, &credential, &answer, &count, &err), status);
    ck_assert_uint_eq(count, status == VK_OK ? now : 77);
    ck_assert(status == VK_OK || err.message[0] != '\0');
    vk_buf_clear(&a.auth_data);
    vk_buf_clear(&a.client_data);
    vk_buf_clear(&a.signature);
}

START_TEST(test_assertion) {
    made_credential made;
    make_credential(model, &made);
    check_assertion(&made, "webauthn.get", 5, 6, VK_OK);
    check_assertion(&made, "webauthn.get", 0, 0, VK_OK);
    check_assertion(&made, "webauthn.get", 0, 1, VK_OK);
    check_assertion(&made, "webauthn.get", 5, 5, VK_ERR_MISMATCH);
    check_assertion(&made, "webauthn.get", 5, 0, VK_ERR_MISMATCH);
    check_assertion(&made, "webauthn.get", 0xffffffff, 0, VK_ERR_MISMATCH);
    check_assertion(&made, "webauthn.create", 5, 6, VK_ERR_MISMATCH);
    drop_credential(&made);
}
END_TEST

/* Heads of one byte, of two, of three and of five, as the readers of the product want them, and as
 * the test's own writer has them. */
START_TEST(test_written) {
    static const size_t lengths[] = {0, 1, 23, 24, 255, 256, 65535, 65536};
    static const uint8_t zeroes[65536];
    static const uint8_t empty_map[] = {0xa0};
    const vk_bytes statement = {empty_map, sizeof empty_map};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const vk_bytes data = {zeroes, lengths[i]};
        vk_buf expected = attestation_object("none", statement, data), written = {0};
        ck_assert_int_eq(vk_attestation_write("none", statement, data, &written), VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&written), vk_buf_view(&expected)));
        vk_buf_clear(&written);
        vk_buf_clear(&expected);
    }
}
END_TEST

START_TEST(test_written_is_read) {
    made_credential made;
    vk_attestation read;
    vk_buf statement = {0}, written = {0};
    make_credential(model, &made);
    vk_cbor_put_map(&statement, 0);
    ck_assert_int_eq(vk_attestation_write("none", vk_buf_view(&statement),
                                          vk_buf_view(&made.auth_data_bytes), &written),
                     VK_OK);
    ck_assert_int_eq(vk_attestation_read(vk_buf_view(&written), &read, NULL), VK_OK);
    ck_assert_int_eq(read.format, VK_ATTESTATION_NONE);
    ck_assert(vk_bytes_equal(read.auth_data, vk_buf_view(&made.auth_data_bytes)));
    vk_buf_clear(&statement);
    vk_buf_clear(&written);
    drop_credential(&made);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attestation");
    TCase *tcase = tcase_create("statements");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, test_none);
    tcase_add_test(tcase, test_self);
    tcase_add_test(tcase, test_self_changed_bytes);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_formats);
    tcase_add_test(tcase, test_statements);
    tcase_add_test(tcase, test_too_long);
    tcase_add_test(tcase, test_algorithms);
    tcase_add_test(tcase, test_packed_certificates);
    tcase_add_test(tcase, test_broken_statements);
    tcase_add_test(tcase, test_changed_certificate);
    tcase_add_test(tcase, test_u2f);
    tcase_add_test(tcase, test_u2f_two_certificates);
    tcase_add_test(tcase, test_chains);
    tcase_add_test(tcase, test_written);
    tcase_add_test(tcase, test_written_is_read);
    suite_add_tcase(suite, tcase);
    TCase *ceremonies = tcase_create("ceremonies");
    tcase_set_timeout(ceremonies, 300);
    tcase_add_test(ceremonies, test_ceremony);
    tcase_add_test(ceremonies, test_flags);
    tcase_add_test(ceremonies, test_browser);
    tcase_add_test(ceremonies, test_assertion);
    suite_add_tcase(suite, ceremonies);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
