/* Sessions and the operations that are active in them. */
#ifndef VK_PKCS11_SESSION_H
#define VK_PKCS11_SESSION_H

#include "pkcs11/mechanism.h"
#include "pkcs11/slot.h"

#include <openssl/evp.h>

/* Objects that C_FindObjectsInit found and C_FindObjects has not given out yet. */
typedef struct vk_search {
    bool active;
    CK_OBJECT_HANDLE *found;
    size_t count, cap, next;
} vk_search;

/* What a digest, signature or verification has been given so far. */
typedef struct vk_input {
    bool in_parts;  /* an Update was called */
    EVP_MD_CTX *md; /* hashes the parts */
    vk_buf parts;   /* or the parts themselves */
    bool done;      /* hash is the result: only the output is missing */
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t hash_len;
} vk_input;

typedef struct vk_signing {
    const vk_mechanism *mechanism; /* NULL: not active */
    int64_t key_id;                /* of a key on the token */
    struct vk_data *loose;         /* or one of a session, counted; else NULL */
    bool of_messages; /* C_MessageSignInit began it: many messages, one after the other */
    bool in_message;  /* between C_SignMessageBegin and the last part */
    bool has_last_part;
    bool always_authenticate;
    bool needs_login; /* C_Login(CKU_CONTEXT_SPECIFIC) has not happened yet */
    vk_input input;
} vk_signing;

typedef struct vk_verifying {
    const vk_mechanism *mechanism;
    vk_curve curve;
    uint8_t point65[65];
    bool of_messages, in_message;
    vk_input input;
} vk_verifying;

typedef struct vk_digesting {
    const vk_mechanism *mechanism;
    vk_input input;
} vk_digesting;

typedef struct vk_session {
    CK_SESSION_HANDLE handle;
    vk_slot *slot;
    bool rw;
    atomic_uint users;
    _Atomic(pthread_t) asking; /* the thread that does */
    _Atomic(vk_device *) asks; /* it waits for this security key: C_SessionCancel ends that */
    atomic_uint waits;         /* that have ended */
    pthread_mutex_t lock;      /* guards everything below */
    uint64_t epoch;            /* of the slot, when the operations began */
    vk_search search;
    vk_signing signing;
    vk_verifying verifying;
    vk_digesting digesting;
} vk_session;

/* Finds the session without locking it; the call is counted in. CKR_SESSION_HANDLE_INVALID. */
CK_RV vk_session_enter(CK_SESSION_HANDLE handle, vk_session **out);
CK_RV vk_session_leave(vk_session *session, CK_RV rv);
void vk_session_put(vk_session *session); /* NULL allowed */
/* Closes every session of the slot, whose lock is held. */
CK_RV vk_sessions_close(vk_slot *slot);
/* From now on it waits for a security key; NULL: for none any more. */
void vk_session_asks(vk_session *session, vk_device *device);
/* Ends every operation. The session's lock is held. */
void vk_session_reset(vk_session *session);

void vk_signing_end(vk_signing *signing);
void vk_verifying_end(vk_verifying *verifying);
void vk_digesting_end(vk_digesting *digesting);
void vk_search_end(vk_search *search);

/* Context login: the operation's user says again who he is. */
struct vk_proof;
CK_RV vk_signing_login(vk_session *session, const struct vk_proof *proof);

#endif
