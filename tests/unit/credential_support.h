/* Making keys, certificates, signatures and attestation objects for tests. Aborts on failure. */
#ifndef VK_TESTS_CREDENTIAL_SUPPORT_H
#define VK_TESTS_CREDENTIAL_SUPPORT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <valetkey/valetkey.h>

/* CBOR: a head of major type 0 to 7; strings; the shortest form. */
void cbor_head(vk_buf *out, unsigned major, uint64_t number);
void cbor_text(vk_buf *out, const char *text);
void cbor_bytes(vk_buf *out, vk_bytes bytes);
void cbor_int(vk_buf *out, int64_t number);

/* "EC" with a group, "RSA" or "ED25519" with NULL. */
EVP_PKEY *make_key(const char *type, const char *group);
void key_point(EVP_PKEY *key, uint8_t point65[65]);
/* digest NULL: EdDSA. Appends. */
void sign_with(EVP_PKEY *key, const char *digest, vk_bytes message, vk_buf *out);

/* What a certificate is like; {0} with key and issuer_key is a good one for packed. */
typedef struct certificate_plan {
    EVP_PKEY *key;
    EVP_PKEY *issuer_key; /* NULL: signed with key */
    const char *issuer;   /* common name; NULL: that of the subject */
    const char *name;     /* common name, "Test" if NULL */
    const char *unit;     /* organizational unit; NULL: the right one */
    const char *country;  /* NULL: "DE"; "" : none */
    bool authority;       /* basic constraints CA */
    bool no_constraints;
    bool version_1;
    const uint8_t *aaguid; /* extension with these 16 bytes; NULL: none */
    bool aaguid_critical;
    bool aaguid_bare; /* without its inner OCTET STRING */
} certificate_plan;
/* Valid from 2020 to 2040. Appends DER. */
void make_certificate(const certificate_plan *plan, vk_buf *out);

/* A credential as an authenticator makes it for rpId "example.org". */
typedef struct made_credential {
    EVP_PKEY *key;
    vk_auth_data auth_data;
    vk_buf auth_data_bytes;
    vk_buf client_data; /* webauthn.create, challenge bytes 01 02 03, https://example.org */
    vk_hash client_data_hash;
} made_credential;
/* aaguid NULL: zero. */
void make_credential(const uint8_t *aaguid, made_credential *out);
void drop_credential(made_credential *credential);
/* authData || clientDataHash; 0x00 || rpIdHash || clientDataHash || id || point. */
vk_buf packed_message(const made_credential *credential);
vk_buf u2f_message(const made_credential *credential);

/* {"fmt", "attStmt", "authData"}: statement is the encoded attStmt. */
vk_buf attestation_object(const char *format, vk_bytes statement, vk_bytes auth_data);
/* {"alg"?, "sig"[, "x5c"]}: algorithm 0 leaves "alg" out. */
vk_buf attestation_statement(int64_t algorithm, vk_bytes signature, const vk_bytes *certificates,
                             size_t count);

/* What the made registration answers. */
vk_ceremony made_ceremony(void);

#endif
