/* What the files of gate/ share. */
#ifndef VK_GATE_INTERNAL_H
#define VK_GATE_INTERNAL_H

#include "gate/loaded.h"

#include <pthread.h>
#include <valetkey/webauthn.h>

struct vk_gate {
    vk_token *token;
    pthread_mutex_t lock; /* guards what follows */
    vk_loaded_table table;
    uint64_t forgotten; /* how often everything was forgotten */
};

/* The first and the longest: seconds since 1970. */
uint64_t vk_gate_now(void);

/* An operation, understood: whose grant it is for and how long its signature will be. */
typedef struct vk_gate_request {
    vk_userop_request request;
    vk_loaded_grant *grant; /* of the loaded key */
    vk_hash hash;           /* of the operation */
    bool uses_approval;     /* one that is good for one operation only */
    size_t session_len;     /* bytes of the session key's part */
    size_t full_len;        /* bytes of the finished signature */
} vk_gate_request;

/* VK_DENIED (err->path the field) if it is for none of the key's grants. */
VK_MUST_USE vk_status vk_gate_request_read(const vk_loaded *loaded, vk_bytes payload,
                                           vk_gate_request *out, vk_error *err);
void vk_gate_request_clear(vk_gate_request *request);

/* What a key signs for an operation. */
typedef struct vk_gate_to_sign {
    vk_hash digest;
    /* Of a passkey: what the digest is of. */
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    vk_buf client_data;
} vk_gate_to_sign;
/* Clear it in either case. */
VK_MUST_USE vk_status vk_gate_to_sign_make(const vk_loaded *loaded, const vk_hash *userop_hash,
                                           uint32_t sign_count, vk_gate_to_sign *out);
void vk_gate_to_sign_clear(vk_gate_to_sign *to_sign);

/* How many bytes the key's signer makes. */
VK_MUST_USE vk_status vk_gate_signer_len(const vk_loaded *loaded, size_t *out);
/* Appends what the key's signer makes for an operation hash: r || s || v, or an encoded assertion.
 */
VK_MUST_USE vk_status vk_gate_signer_part(const vk_loaded *loaded, const vk_hash *userop_hash,
                                          uint64_t chain_id, uint32_t sign_count, vk_buf *out);

/* One decision about an operation. */
typedef struct vk_gate_decision {
    bool is_trial; /* judge only: nothing is spent */
    /* Of the assertion. 0: it gets the next one; otherwise it has that one already. 0 afterwards:
     * the key does not count. */
    uint32_t sign_count;
} vk_gate_decision;
/* The verdict and, unless it is a trial, what it spends, durable when this returns VK_OK. */
VK_MUST_USE vk_status vk_gate_decide(vk_gate *gate, const vk_loaded *loaded,
                                     const vk_gate_request *request, vk_gate_decision *decision,
                                     vk_error *err);
/* Keeps a refusal as the key's last denial; other statuses leave it alone. */
void vk_gate_note(vk_gate *gate, int64_t key_id, vk_status status, const vk_error *err);

/* Does an operation of the key wait to be signed as a digest? Otherwise VK_DENIED. */
VK_MUST_USE vk_status vk_gate_pending_any(vk_gate *gate, const vk_loaded *loaded, vk_error *err);
/* Signs the digest, r || s, if it is that of an operation that waits, which is then over. *found:
 * it is one; VK_DENIED if not. */
VK_MUST_USE vk_status vk_gate_pending_sign(vk_gate *gate, const vk_loaded *loaded,
                                           const vk_hash *digest, uint8_t signature64[64],
                                           bool *found, vk_error *err);

/* ---- Messages ---- */

bool vk_gate_is_message(vk_gate_form form);
/* VK_DENIED if the key can sign no message at all. */
VK_MUST_USE vk_status vk_gate_message_allows(const vk_loaded *loaded, vk_error *err);
/* As vk_gate_sign, for the forms of messages. */
VK_MUST_USE vk_status vk_gate_sign_message(vk_gate *gate, const vk_loaded *loaded,
                                           vk_gate_form form, vk_bytes payload, uint8_t *out,
                                           size_t *out_len, vk_error *err);

/* Makes sure that a P-256 record has rpId, origin and credential, and that they are well formed. */
VK_MUST_USE vk_status vk_gate_complete_passkey(vk_key_record *record, vk_error *err);

#endif
