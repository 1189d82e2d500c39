/*
 * A FIDO2 authenticator in software, for tests: CTAP 2.1 in CTAPHID reports of 64 bytes, in process
 * behind libfido2's I/O hook and on a Unix socket. Its state is in memory only. What it can be told
 * to do wrong is in authn_mistake; README.md says what it supports.
 *
 * Every function may be called from any thread; they abort when there is no memory.
 */
#ifndef VK_TESTS_AUTHENTICATOR_H
#define VK_TESTS_AUTHENTICATOR_H

#include <fido.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct authn authn;

/* Names for the command line are those of CTAP (see authn_feature_named). */
typedef enum authn_feature {
    AUTHN_CLIENT_PIN = 1 << 0,
    AUTHN_CRED_MGMT = 1 << 1,
    AUTHN_CRED_PROTECT = 1 << 2,
    AUTHN_HMAC_SECRET = 1 << 3,
    AUTHN_CRED_BLOB = 1 << 4,
    AUTHN_LARGE_BLOBS = 1 << 5, /* with the extension largeBlobKey */
    AUTHN_RESIDENT_KEYS = 1 << 6,
    AUTHN_MAKE_CRED_UV_NOT_RQD = 1 << 7,
    AUTHN_PIN_PROTOCOL_1 = 1 << 8,
    AUTHN_PIN_PROTOCOL_2 = 1 << 9,
    AUTHN_MIN_PIN_LENGTH = 1 << 10, /* the extension */
    AUTHN_PERMISSIONS = 1 << 11, /* pinUvAuthToken; without it the tokens are those of CTAP 2.0 */
    /* Those above are on unless they are switched off, those below are off. */
    AUTHN_ALWAYS_UV = 1 << 12,
    AUTHN_X5C = 1 << 13, /* attestation by a certificate, not by the credential itself */
    AUTHN_SYNCED =
        1 << 14, /* credentials are backed up: BE and BS are set and no counter is kept */
} authn_feature;

typedef enum authn_uv {
    AUTHN_UV_NONE, /* no built-in user verification */
    AUTHN_UV_SUCCEEDS,
    AUTHN_UV_FAILS,
} authn_uv;

typedef enum authn_touch_mode {
    AUTHN_TOUCH_NOW,
    AUTHN_TOUCH_AFTER, /* so many milliseconds */
    AUTHN_TOUCH_NEVER, /* until authn_touch */
    AUTHN_TOUCH_DENIED,
} authn_touch_mode;

/* Zero is the default everywhere. */
typedef struct authn_options {
    const char *pin; /* NULL: none is set */
    const uint8_t *aaguid16;
    uint32_t with, without; /* features, on top of what is on by default */
    authn_uv uv;
    unsigned min_pin_length;   /* 4 */
    const char *min_pin_rp;    /* the relying party that may learn it */
    size_t max_credentials;    /* discoverable ones: 25 */
    size_t max_large_blobs;    /* bytes: 1024, the least there may be */
    authn_touch_mode touch;    /* at once */
    unsigned touch_ms;         /* for AUTHN_TOUCH_AFTER */
    unsigned touch_timeout_ms; /* 30000 */
    unsigned reset_window_ms;  /* reset works only so long after it was plugged; 0: always */
} authn_options;

/* Never NULL. It is plugged in. */
authn *authn_new(const authn_options *options); /* NULL: all defaults */
/* Devices that are open in this process must be closed first. */
void authn_free(authn *a); /* NULL allowed */

/* ---- The user ---- */

void authn_set_touch(authn *a, authn_touch_mode mode, unsigned ms);
/* Touches it, as soon as an operation asks for that; false if none does within so many
 * milliseconds, or if it is not plugged in. */
bool authn_touch(authn *a, unsigned wait_ms);
/* True once an operation waits for a touch; otherwise false, as above. */
bool authn_wait_for_touch(authn *a, unsigned wait_ms);
/* What built-in user verification, if it has one, will say. */
void authn_set_uv(authn *a, authn_uv uv);

/* ---- The plug ---- */

/* Connections die, the socket is removed, operations end; a power cycle, what is stored stays. */
void authn_unplug(authn *a);
/* False if it cannot listen on its socket again. */
bool authn_plug(authn *a);

/* ---- What it does wrong ---- */

typedef enum authn_mistake {
    /* In authenticator data, over which the signature is then good. */
    AUTHN_COUNTER_BACK = 1 << 0,
    AUTHN_COUNTER_STAYS = 1 << 1,
    AUTHN_WRONG_RP_ID = 1 << 2,
    AUTHN_NO_UP = 1 << 3,
    AUTHN_NO_UV = 1 << 4,
    AUTHN_BS_WITHOUT_BE = 1 << 5,
    AUTHN_WRONG_BLOB = 1 << 6, /* the credBlob of an assertion has one bit flipped */
    AUTHN_OFF_CURVE = 1 << 7,  /* the new credential's public key is no point of the curve */
    /* In keys and signatures. */
    AUTHN_HIGH_S = 1 << 8,
    AUTHN_WRONG_KEY = 1 << 9,        /* an assertion signed by another key */
    AUTHN_BAD_ATTESTATION = 1 << 10, /* the statement's signature has one bit flipped */
    AUTHN_WRONG_ID = 1 << 11,        /* the credential id has one bit flipped */
    /* In replies to makeCredential, getAssertion and getNextAssertion. */
    AUTHN_GARBAGE = 1 << 12,     /* no CBOR */
    AUTHN_TRUNCATED = 1 << 13,   /* half of the reply, in a whole message */
    AUTHN_INDEFINITE = 1 << 14,  /* a map of indefinite length */
    AUTHN_LONG_REPLY = 1 << 15,  /* one more member, so that it is as long as a message can be */
    AUTHN_UNPLUG = 1 << 16,      /* it is unplugged in the middle of the reply */
    AUTHN_STALL = 1 << 17,       /* neither reply nor keep-alive until the connection ends */
    AUTHN_WRONG_ERROR = 1 << 18, /* a status that CTAP does not know, whatever happened */
    AUTHN_EVERYWHERE = 1 << 19,  /* the former hit replies to all commands, getInfo included */
} authn_mistake;

/* From now on; 0 is none. */
void authn_misbehave(authn *a, uint32_t mistakes);

/* The bit that a name stands for, 0 if there is none: "counter-back", "clientPin". */
uint32_t authn_mistake_named(const char *name, size_t len);
uint32_t authn_feature_named(const char *name, size_t len);

/* ---- Looking inside ---- */

int authn_pin_retries(authn *a);
size_t authn_credential_count(authn *a); /* discoverable ones */
uint32_t authn_counter(authn *a);        /* the last that was sent */
/* The certificate that issued the one of AUTHN_X5C, in DER; it lives as long as the authenticator.
 */
const uint8_t *authn_attestation_root(authn *a, size_t *len);

/* ---- In process ---- */

/* For fido_dev_set_io_functions, and the path for fido_dev_open then. */
const fido_dev_io_t *authn_io(void);
const char *authn_path(const authn *a);

/* ---- On a socket ---- */

/* Listens on a Unix socket of type SOCK_SEQPACKET. A packet is one report of 64 bytes, without
 * report number, in either direction. False, with errno set, if it cannot. */
bool authn_serve(authn *a, const char *path);

#endif
