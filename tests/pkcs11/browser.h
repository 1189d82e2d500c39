/* A browser with the passkeys of tests/vectors/webauthn: their registrations as templates, and
 * assertions of theirs for other challenges, by their private keys. */
#ifndef VK_TESTS_PKCS11_BROWSER_H
#define VK_TESTS_PKCS11_BROWSER_H

#include "../support/vectors.h"
#include "support.h"

#include <openssl/evp.h>

#define BROWSER_PASSKEYS 8
#define BROWSER_POLICY "[{\"type\":\"gas\",\"allowed\":\"10000000000000000\"}]"

typedef struct browser {
    cJSON *vector;
    const cJSON *registration;
    EVP_PKEY *key;
} browser;

/* The passkey of s01.json to s08.json. */
browser browser_open(int number);
void browser_close(browser *b);

/* The template of C_CreateObject for its registration; label "k". */
typedef struct registration {
    vk_buf attestation, challenge;
    CK_ATTRIBUTE templ[20];
    CK_ULONG count;
} registration;
registration registration_of(const browser *b);
void registration_clear(registration *r);
/* Replaces an attribute, or adds it. */
void registration_set(registration *r, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len);
void registration_drop(registration *r, CK_ATTRIBUTE_TYPE type);
CK_RV registration_create(CK_SESSION_HANDLE session, registration *r, CK_OBJECT_HANDLE *out);
/* All of it, as it is. */
CK_OBJECT_HANDLE browser_import(CK_SESSION_HANDLE session, const browser *b);

/* An assertion, to be spoilt. */
typedef struct answer {
    vk_buf auth_data, client_data, signature;
} answer;
/* Like the vector's assertion with this index, for another challenge. */
answer browser_answer(const browser *b, int index, const vk_hash *challenge);
/* Signs again what was changed. */
void answer_sign(const browser *b, answer *a);
/* With s in the upper half of the order. */
void answer_sign_high(const browser *b, answer *a);
void answer_clear(answer *a);

/* Operations for the account that grant_approved gave the key "k" on CHAIN (message_support.h). */
typedef struct operation {
    char *json; /* of the operation; vk_text_free it */
    vk_hash hash;
} operation;
/* is_first: it brings the approval along. */
operation operation_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, bool is_first,
                       uint64_t sequence);
/* What C_Sign takes; extra stands before the last brace. vk_text_free it. */
char *payload_of(const operation *op, const answer *a, const char *extra);

#endif
