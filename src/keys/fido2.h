/*
 * FIDO2 authenticators (CTAP 2), through libfido2: what they are asked for, and the checks of what
 * they answer. Every byte that comes back is untrusted: rpIdHash, flags, credential id, public key
 * and signature are checked here; what an answer means for a budget or a policy is the gate's.
 *
 * A place is where an authenticator is reached: a path of libfido2 ("/dev/hidraw3"), or "unix:" and
 * the absolute path of a SOCK_SEQPACKET socket that takes and gives one CTAPHID report, 64 bytes, a
 * packet.
 *
 * Thread safety: one operation at a time uses an authenticator, others wait; vk_fido2_cancel may be
 * called at any time, and does not wait for its turn.
 */
#ifndef VK_KEYS_FIDO2_H
#define VK_KEYS_FIDO2_H

#include <pthread.h>
#include <valetkey/credential.h>

typedef struct vk_fido2 vk_fido2;

/* ---- Where authenticators are ---- */

#define VK_FIDO2_UNIX "unix:"
#define VK_FIDO2_PLACES_MAX 64

typedef struct vk_fido2_place {
    char *path;
    char *product; /* what the system calls it, for people; NULL: nothing */
} vk_fido2_place;

typedef struct vk_fido2_places {
    vk_fido2_place list[VK_FIDO2_PLACES_MAX];
    size_t count;
} vk_fido2_places;

/* Appends those that the system finds on its buses. None if it cannot look. */
void vk_fido2_places_scan(vk_fido2_places *places);
/* Appends a "unix:" place if somebody listens there. */
void vk_fido2_places_add(vk_fido2_places *places, const char *path);
void vk_fido2_places_clear(vk_fido2_places *places);

/* ---- An authenticator ---- */

#define VK_FIDO2_PIN_MIN 4
#define VK_FIDO2_PIN_MAX 63
#define VK_FIDO2_PIN_TRIES 8

/* What it says of itself (authenticatorGetInfo), unchecked. */
typedef struct vk_fido2_info {
    uint8_t aaguid[16];
    uint8_t major, minor, build; /* of the firmware */
    bool takes_pin, has_pin;
    bool has_uv; /* built-in user verification, set up: a finger, for instance */
    bool always_uv;
    bool lists; /* credential management */
    bool has_hmac_secret, has_cred_blob, has_cred_protect;
    unsigned pin_min;          /* characters */
    unsigned pin_tries;        /* left; 0: locked until it is reset */
    unsigned free_credentials; /* discoverable ones that still fit; 0: none, or unknown */
} vk_fido2_info;

/* Nothing is opened yet: every operation opens the place and closes it, so that other programs
 * can use the authenticator in between. timeout_seconds: how long a touch is waited for. */
VK_MUST_USE vk_status vk_fido2_new(const char *path, unsigned timeout_seconds, vk_fido2 **out);
void vk_fido2_free(vk_fido2 *fido2); /* NULL allowed; forgets the PIN */
/* It is plugged in at another place now, and nobody is logged in. */
VK_MUST_USE vk_status vk_fido2_move(vk_fido2 *fido2, const char *path);

/*
 * Operations, all of them: VK_ERR_REMOVED if it is gone, VK_ERR_BUSY if another program seems to
 * use it, VK_ERR_DEVICE for what it should not answer, or if it does not, VK_ERR_CANCELED if the
 * touch was cancelled or did not come in time, VK_DENIED (path "touch") if it was declined. Of the
 * PIN: VK_ERR_PIN_INCORRECT, VK_ERR_PIN_LOCKED, VK_ERR_PIN_NOT_SET.
 */

/* VK_ERR_UNSUPPORTED for what is no FIDO2 authenticator. While an operation waits for a touch, what
 * it said before. */
VK_MUST_USE vk_status vk_fido2_get_info(vk_fido2 *fido2, vk_fido2_info *out, vk_error *err);

/* Ends the operation that has begun, if any: it answers VK_ERR_CANCELED unless it is through. Waits
 * for that, at most a second. */
void vk_fido2_cancel(vk_fido2 *fido2);
/* The same if it is this thread's: others may wait for their turn. */
void vk_fido2_cancel_of(vk_fido2 *fido2, pthread_t owner);

/* ---- Its PIN ---- */

/* Asks the authenticator, without a touch, whether it is the PIN, and keeps it in locked memory for
 * the operations that need it, until one of them finds that it is not the PIN any more. A PIN that
 * cannot be one is not asked about, nor counted. */
VK_MUST_USE vk_status vk_fido2_log_in(vk_fido2 *fido2, const uint8_t *pin, size_t len,
                                      vk_error *err);
/* Asks about it only. NULL stands for built-in verification, which every operation asks for as long
 * as nobody has logged in with a PIN: VK_ERR_ARGUMENT where that is not so. */
VK_MUST_USE vk_status vk_fido2_check_pin(vk_fido2 *fido2, const uint8_t *pin, size_t len,
                                         vk_error *err);
/* Forgets it, after it has ended what waits for a touch, or for its turn to. */
void vk_fido2_log_out(vk_fido2 *fido2);
/* Is a PIN kept? Waits for the operation that is going on. */
bool vk_fido2_is_logged_in(vk_fido2 *fido2);
/* old_len 0: the first PIN of an authenticator that has none. VK_ERR_PIN_LENGTH for a new one that
 * it does not take. */
VK_MUST_USE vk_status vk_fido2_set_pin(vk_fido2 *fido2, const uint8_t *old_pin, size_t old_len,
                                       const uint8_t *new_pin, size_t new_len, vk_error *err);
/* Wipes it, with all its credentials. It wants a touch, and most want to be just plugged in. */
VK_MUST_USE vk_status vk_fido2_reset(vk_fido2 *fido2, vk_error *err);

/* ---- Credentials ---- */

/* Levels of credProtect. */
#define VK_FIDO2_PROTECT_NONE 0
#define VK_FIDO2_PROTECT_OPTIONAL 1
#define VK_FIDO2_PROTECT_ID 2 /* shown only to who knows the id, or the PIN */
#define VK_FIDO2_PROTECT_UV 3

/* An ES256 credential to be made. */
typedef struct vk_fido2_wish {
    const char *rp_id;
    const char *origin;
    vk_bytes challenge; /* of a server; empty: a random one */
    vk_bytes user_id;   /* 1 to 64 bytes */
    const char *user_name;
    bool discoverable;
    bool touch_only; /* it is for touches: made without verification where nobody can be verified */
    /* Extensions; left out where they are not supported. */
    bool hmac_secret;
    int protect;
    const vk_hash *blob; /* credBlob; NULL: none */
} vk_fido2_wish;

typedef struct vk_fido2_made {
    vk_buf credential_id;
    uint8_t point65[65];
    uint8_t aaguid[16];
    uint8_t flags;
    uint32_t sign_count;
    bool has_blob, has_hmac_secret;
    vk_attestation_result attestation;
    vk_buf attestation_object; /* WebAuthn's, and the client data that its statement is of */
    vk_buf client_data;
} vk_fido2_made;

/* Wants a touch, and the PIN or built-in verification, but see touch_only. The attestation is
 * verified. */
VK_MUST_USE vk_status vk_fido2_make(vk_fido2 *fido2, const vk_fido2_wish *wish, vk_fido2_made *out,
                                    vk_error *err);
void vk_fido2_made_clear(vk_fido2_made *made);

/* What is asked of a credential. */
typedef struct vk_fido2_question {
    const char *rp_id, *origin;
    vk_bytes credential_id;
    const uint8_t *point65;
    vk_bytes challenge;
    vk_bytes client_data;  /* with that challenge and origin */
    bool with_blob;        /* give credBlob, too */
    const uint8_t *salt32; /* for hmac-secret; NULL: not wanted */
    bool touch_only;       /* who touches it need not be verified; hmac-secret's is another then */
    vk_bytes pin;          /* for this question alone; empty: the one that was kept */
} vk_fido2_question;

#define VK_FIDO2_AUTH_DATA_MAX 256

typedef struct vk_fido2_answer {
    uint8_t auth_data[VK_FIDO2_AUTH_DATA_MAX];
    size_t auth_data_len;
    uint8_t signature64[64]; /* r || s, low s */
    uint32_t sign_count;
    bool has_blob;
    vk_hash blob;         /* as it was signed in auth_data */
    uint8_t secret32[32]; /* hmac-secret's, if it was wanted. Wipe it. */
} vk_fido2_answer;

/* An assertion with user presence and, but for touch_only, user verification. VK_ERR_NOT_FOUND: the
 * credential is not on this authenticator. */
VK_MUST_USE vk_status vk_fido2_assert(vk_fido2 *fido2, const vk_fido2_question *question,
                                      vk_fido2_answer *out, vk_error *err);

/* Which of these credentials is on it, as it says? Asks for no touch and no PIN. *index is count if
 * none is. */
VK_MUST_USE vk_status vk_fido2_which(vk_fido2 *fido2, const char *rp_id, const vk_bytes *ids,
                                     size_t count, size_t *index, vk_error *err);
/* Is this one on it, by a signature? What only says so is not to be given a PIN. No touch either.
 */
VK_MUST_USE vk_status vk_fido2_proves(vk_fido2 *fido2, const char *rp_id, vk_bytes id,
                                      const uint8_t point65[65], bool *out, vk_error *err);

/* A discoverable credential that was found on it. */
typedef struct vk_fido2_resident {
    char *rp_id;
    char *user_name; /* NULL: none */
    vk_buf user_id, credential_id;
    uint8_t point65[65];
    int protect;
} vk_fido2_resident;

typedef struct vk_fido2_residents {
    vk_fido2_resident *list;
    size_t count;
} vk_fido2_residents;

/* Its discoverable ES256 credentials; others are left out. Needs vk_fido2_log_in. */
VK_MUST_USE vk_status vk_fido2_list(vk_fido2 *fido2, vk_fido2_residents *out, vk_error *err);
void vk_fido2_residents_clear(vk_fido2_residents *residents);
/* Deletes one. Needs vk_fido2_log_in, or built-in verification. VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_fido2_delete(vk_fido2 *fido2, vk_bytes credential_id, vk_error *err);

#endif
