/* What the files of gate/ share. */
#ifndef VK_GATE_INTERNAL_H
#define VK_GATE_INTERNAL_H

#include "gate/loaded.h"

#include <pthread.h>

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

/* Appends what the key's signer makes for an operation hash: r || s || v, or an encoded assertion.
 */
VK_MUST_USE vk_status vk_gate_signer_part(const vk_loaded *loaded, const vk_hash *userop_hash,
                                          uint64_t chain_id, uint32_t sign_count, vk_buf *out);

/* Makes sure that a P-256 record has rpId, origin and credential, and that they are well formed. */
VK_MUST_USE vk_status vk_gate_complete_passkey(vk_key_record *record, vk_error *err);

#endif
