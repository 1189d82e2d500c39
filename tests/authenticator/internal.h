/*
 * What the files of the authenticator share. One lock guards all of it. A worker thread executes
 * commands, one at a time, and holds the lock but while it waits for the user; connections hand
 * reports in and get reports out under the same lock.
 */
#ifndef VK_TESTS_AUTHENTICATOR_INTERNAL_H
#define VK_TESTS_AUTHENTICATOR_INTERNAL_H

#include "authenticator.h"
#include "crypto.h"
#include "ctap.h"
#include "wire.h"

#include <pthread.h>

/* ---- CTAPHID: hid.c ---- */

#define HID_PACKET 64
#define HID_MESSAGE_MAX 7609
#define HID_CHANNELS 16 /* of one connection */

/* A connection. What sends must not block: it is called under the lock. */
typedef struct port {
    struct port *next;
    authn *device;
    uint32_t channels[HID_CHANNELS];
    size_t channel_count;
    bool gone; /* unplugged, or beyond help: nothing is sent any more */
    void (*send)(struct port *port, const uint8_t packet[HID_PACKET]);
} port;

typedef enum hid_state { HID_IDLE, HID_RECEIVING, HID_RUNNING } hid_state;

/* The one message that the device has to do with. */
typedef struct transaction {
    hid_state state;
    uint64_t number; /* how many there were */
    port *from;      /* NULL once its connection is gone */
    uint32_t channel;
    uint8_t command;
    uint8_t sequence;
    uint64_t deadline; /* of the next report, while it is received */
    bool cancelled;    /* by CTAPHID_CANCEL: it ends with an error */
    bool aborted;      /* nobody waits for the reply */
    size_t expected, len;
    uint8_t data[HID_MESSAGE_MAX];
} transaction;

typedef enum hid_keepalive { HID_PROCESSING = 1, HID_UPNEEDED = 2 } hid_keepalive;

void hid_attach(authn *a, port *p);
/* Ends what the connection waits for; nothing uses it after that. */
void hid_detach(authn *a, port *p);
void hid_receive(port *p, const uint8_t packet[HID_PACKET]);
/* The rest of a message did not come in time. */
void hid_expire(authn *a);
/* To whoever waits for the running command. */
void hid_keepalive_send(authn *a, hid_keepalive status);
/* At most so many reports of the reply. */
void hid_reply(authn *a, vk_bytes message, size_t packets_max);
/* Waits until the worker is done with an aborted command. */
void hid_abort(authn *a);

/* ---- PIN/UV: pin_protocol.c, pin.c, pin_token.c ---- */

typedef struct pin_protocol {
    p256_key agreement;
    uint8_t token32[32];
} pin_protocol;

typedef struct pin_secret {
    unsigned protocol; /* 1 or 2 */
    uint8_t hmac_key32[32], aes_key32[32];
} pin_secret;

typedef struct pin_state {
    bool set;
    uint8_t hash16[16];
    size_t length; /* in code points */
    int retries, tries_in_a_row;
    int uv_retries;
    pin_protocol protocols[2];
} pin_state;

/* The pinUvAuthToken that is in use. */
typedef struct token_state {
    bool in_use;
    unsigned protocol;
    unsigned permissions;
    bool has_rp;
    uint8_t rp_id_hash32[32];
    bool user_present; /* verified with a touch, which counts once */
    bool user_verified;
    bool used;
    uint64_t since;
} token_state;

bool pin_protocol_supported(const authn *a, uint64_t number);
/* New agreement keys and tokens for both protocols. */
void pin_protocols_reset(authn *a);
void pin_agreement_reset(authn *a, unsigned protocol);
void pin_put_agreement(authn *a, unsigned protocol, vk_buf *out);
/* cose: the platform's key. */
uint8_t pin_agree(const authn *a, unsigned protocol, const wire_item *cose, pin_secret *out);
bool pin_verify(const pin_secret *secret, vk_bytes message, vk_bytes mac);
/* False if the length is wrong; appends to out. */
bool pin_decrypt(const pin_secret *secret, vk_bytes in, vk_buf *out);
void pin_encrypt(const pin_secret *secret, vk_bytes in, vk_buf *out);

/* False if the PIN is too short or too long. */
bool pin_store(authn *a, vk_bytes pin);
/* CTAP_OK unless too many were wrong. */
uint8_t pin_check_blocked(const authn *a);
/* Counts a try; a wrong one makes a new agreement key. */
uint8_t pin_try(authn *a, const pin_secret *secret, vk_bytes pin_hash_enc);

void token_begin(authn *a, unsigned protocol, unsigned permissions, bool user_present);
void token_bind(authn *a, const uint8_t rp_id_hash32[32]);
void token_reset(authn *a);
/* Is mac that of the token in use over the message, and does it permit this? */
bool token_verify(authn *a, uint64_t protocol, vk_bytes message, vk_bytes mac, unsigned permission);
/* After the user was there: all permissions but one are spent. */
void token_spend(authn *a);
/* Whether some form of user verification protects the authenticator. */
bool uv_protected(const authn *a);
/* Built-in user verification; its touch is user presence as well. */
uint8_t uv_perform(authn *a);

/* ---- Credentials: credential.c ---- */

#define CREDENTIAL_ID_MAX 128
#define NAME_MAX_BYTES 64

typedef struct short_name {
    bool present;
    size_t len;
    char text[NAME_MAX_BYTES];
} short_name;

typedef struct credential {
    uint8_t id[CREDENTIAL_ID_MAX];
    size_t id_len;
    p256_key key; /* of a wrapped one only the private part */
    bool discoverable;
    uint8_t protect; /* level, 1 to 3 */
    bool hmac_secret;
    bool large_blob;
    size_t blob_len;
    uint8_t blob[CTAP_MAX_BLOB];
    /* Of discoverable ones only: */
    uint8_t rp_id_hash32[32];
    char rp_id[256];
    uint8_t user_id[64];
    size_t user_id_len;
    short_name rp_name, user_name, display_name;
} credential;

/* Discoverable credentials, the oldest first. */
typedef struct credential_store {
    credential *items;
    size_t count, max;
} credential_store;

void name_set(short_name *out, vk_bytes text);
/* Replaces one of the same user at the same relying party; false if the store is full. */
bool credential_add(authn *a, const credential *made);
void credential_delete(authn *a, size_t index);
/* The stored or wrapped credential that belongs to this relying party. */
bool credential_find(authn *a, vk_bytes id, const uint8_t rp_id_hash32[32], credential *out);
/* An id that holds the credential itself. */
void credential_wrap(authn *a, const uint8_t rp_id_hash32[32], credential *made);
/* 32 bytes that belong to the credential and the label. */
void credential_derive(const authn *a, const credential *c, const char *label, uint8_t out32[32]);
void credential_put_descriptor(vk_buf *out, const credential *c, const uint8_t *id);
void credential_put_user(vk_buf *out, const credential *c, bool names);
void credential_put_public_key(vk_buf *out, const p256_key *key);
/* Forgets everything: all credentials, wrapped ones too, large blobs, the PIN. */
void state_reset(authn *a);

/* ---- Operations with a credential: operation.c, extensions.c, auth_data.c ---- */

typedef struct operation {
    vk_bytes client_data_hash, rp_id;
    uint8_t rp_id_hash32[32];
    wire_item list, extensions;
    bool rk, up, uv;
    bool has_rk;
    vk_bytes auth_param; /* data is NULL if there is none */
    uint64_t protocol;
    bool verified, present; /* what is known of the user by now */
} operation;

/* Members "options", pinUvAuthParam, pinUvAuthProtocol at these keys. */
void operation_read_options(wire_map *members, int options, int auth_param, operation *out);
uint8_t operation_read_list(const wire_item *list);
uint8_t operation_check_param(authn *a, const operation *op);
/* The status for user verification that is needed and was not asked for, or failed. */
uint8_t operation_uv_missing(const authn *a);
uint8_t operation_check_always_uv(authn *a, operation *op);
uint8_t operation_verify_user(authn *a, operation *op, unsigned permission);
uint8_t operation_touch(authn *a, operation *op);

typedef struct extension_request {
    uint8_t protect; /* 0: not asked for */
    bool hmac_secret, large_blob_key, min_pin_length;
    bool blob;
    vk_bytes blob_value; /* at creation */
    pin_secret secret;   /* in an assertion with hmac_secret */
    uint8_t salts[64];
    size_t salts_len;
} extension_request;

uint8_t extensions_read_creation(const authn *a, const operation *op, extension_request *out);
uint8_t extensions_read_assertion(const authn *a, const operation *op, extension_request *out);
/* Nothing is put if there is no output. */
void extensions_put_creation(authn *a, const operation *op, const extension_request *request,
                             const credential *c, vk_buf *out);
void extensions_put_assertion(authn *a, const extension_request *request, const credential *c,
                              bool verified, vk_buf *out);

/* made: NULL in an assertion. */
void auth_data_put(authn *a, const uint8_t rp_id_hash32[32], unsigned flags, const credential *made,
                   const vk_buf *extensions, vk_buf *out);

/* ---- Commands that others continue: walk.c ---- */

/* What getNextAssertion and the like go on with; any other command ends it. */
typedef struct walk {
    uint8_t command, subcommand; /* that began it; 0: none */
    uint32_t channel;
    uint64_t at_ms;
    size_t *items; /* indices of stored credentials */
    size_t count, next;
    /* Of getAssertion: */
    uint8_t client_data_hash32[32];
    uint8_t rp_id_hash32[32];
    bool present, verified;
    extension_request extensions;
} walk;

void walk_begin(authn *a, uint8_t command, uint8_t subcommand);
void walk_add(authn *a, size_t index);
/* The next credential; NULL if the client has no business to ask. */
const credential *walk_next(authn *a, uint8_t command, uint8_t subcommand);
void walk_end(authn *a);

/* ---- The user: user.c ---- */

typedef struct user_state {
    authn_touch_mode mode;
    unsigned after_ms;
    bool waiting, touched;
} user_state;

/* Waits for a touch; CTAP_OK, or how it ended. */
uint8_t user_touch(authn *a);

/* ---- Commands ---- */

typedef uint8_t ctap_handler(authn *a, const wire_item *request, vk_buf *reply);
ctap_handler ctap_get_info, ctap_make_credential, ctap_get_assertion, ctap_get_next_assertion,
    ctap_client_pin, ctap_credential_management, ctap_large_blobs;
/* The status byte and what follows. */
void ctap_execute(authn *a, vk_bytes request, vk_buf *reply);
/* The mistakes that are about replies; how many reports of it are sent. */
size_t reply_spoil(authn *a, uint8_t command, vk_buf *reply);

/* ---- The device ---- */

struct server;

struct authn {
    authn_options options;
    char pin_rp[256]; /* options.min_pin_rp */
    uint8_t aaguid16[16];
    uint32_t features, mistakes;
    char path[32];
    authn *next; /* of those in this process */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* anything that somebody may wait for */
    pthread_t worker;
    bool stop, plugged;
    uint64_t plugged_at;
    port *ports;
    uint32_t last_channel;
    transaction transaction;
    struct server *server; /* NULL unless there is a socket */

    user_state user;
    pin_state pin;
    token_state token;
    credential_store store;
    walk walk;
    vk_buf large_blobs, large_blobs_new;
    size_t large_blobs_expected;
    uint32_t counter;
    uint8_t wrap_key32[32], derive_key32[32];
    p256_key attestation_key;
    vk_buf attestation_root, attestation_leaf;
};

bool has_feature(const authn *a, authn_feature feature);
bool has_mistake(const authn *a, authn_mistake mistake);
uint64_t now_ms(void);
/* Until something changes, but not beyond the time. */
void wait_until(authn *a, uint64_t deadline_ms);
/* What authn_unplug does, under the lock; the server removes the socket when it gets to it. */
void device_unplug(authn *a);
/* NULL if there is none of that path. */
authn *device_find(const char *path);
void *device_run(void *context);

/* ---- The socket: server.c ---- */

void server_wake(struct server *s);
/* Under the lock. */
bool server_listen(authn *a);
void server_wait_down(authn *a);
void server_free(authn *a);

#endif
