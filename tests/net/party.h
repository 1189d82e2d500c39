/* What the tests of the passkey server's own side share: a token, a server on it, and passkeys that
 * are made here, with keys that OpenSSL signs with. Failures abort the test through libcheck. */
#ifndef VK_TESTS_NET_PARTY_H
#define VK_TESTS_NET_PARTY_H

#include <base/json.h>
#include <check.h>
#include <net/relying_party.h>
#include <openssl/evp.h>

#define RP_ID "app.example"
#define ORIGIN "https://app.example"

/* ---- A token, a server ---- */

extern vk_token *token;
extern vk_relying_party *rp;

/* A new token that is being served; tear_down removes it. */
void party_set_up(void);
void party_tear_down(void);

typedef enum party_directory_name {
    PARTY_TOKENS,
    PARTY_ANCHORS,
    PARTY_COPIES, /* empty */
    PARTY_DIRECTORIES
} party_directory_name;
const char *party_directory(party_directory_name which);

/* Closes the two; and serves a token that was just opened. */
void party_close(void);
void party_serve(void);

/* The answer, which must be JSON; cJSON_Delete it. */
cJSON *ask(const char *path, const char *body, unsigned code);
const char *text_of(const cJSON *object, const char *name);
void refuse(const char *path, const char *body, unsigned code, const char *why);

/* ---- A passkey ---- */

typedef struct passkey {
    EVP_PKEY *key;
    uint8_t point65[65];
    uint32_t count;
    uint8_t flags; /* besides AT */
    const char *origin, *rp_id, *type;
    bool cross_origin;
} passkey;

passkey make_passkey(void); /* EVP_PKEY_free its key */
vk_bytes id_of(const passkey *p);
void put64(vk_buf *out, const char *name, vk_bytes bytes);

/* ---- Conversations ---- */

typedef struct options {
    char challenge[128], user_id[80];
} options;

options registration_options(void);
options login_challenge(void);

/* What a browser sends; rest: more members of the response. vk_text_free them. */
char *registration_body(const passkey *p, const options *o, const char *rest);
char *login_body(const passkey *p, const options *o, const char *rest);

void register_it(const passkey *p);
void log_in(const passkey *p);
void refuse_registration(const passkey *p, const char *rest, unsigned code, const char *why);
void refuse_login(const passkey *p, const char *rest, const char *why);

#endif
