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
    bool enable_mode;
    size_t session_len; /* bytes of the session key's part */
    size_t full_len;    /* bytes of the finished signature */
    bool has_hash;
    vk_hash hash; /* userOpHash */
} vk_gate_request;

/* VK_DENIED (err->path the field) if it is for none of the key's grants; out then has the hash, if
 * it is known for which chain and EntryPoint. */
VK_MUST_USE vk_status vk_gate_request_read(const vk_loaded *loaded, vk_bytes payload,
                                           vk_gate_request *out, vk_error *err);
void vk_gate_request_clear(vk_gate_request *request);

/* ---- Decisions (decide.c): the verdict, what it moves, and its record ---- */

/* What was asked: a key, a form, and the bytes that were to be signed. */
typedef struct vk_gate_question {
    vk_gate *gate;
    vk_loaded *loaded;
    vk_gate_form form;
    vk_bytes payload;
} vk_gate_question;

/* Durable when it returns VK_OK; *sign_count is what the assertion has to say. */
VK_MUST_USE vk_status vk_gate_decide(const vk_gate_question *question,
                                     const vk_gate_request *request, uint32_t *sign_count,
                                     vk_error *err);
VK_MUST_USE vk_status vk_gate_decide_digest(const vk_gate_question *question, const vk_hash *digest,
                                            vk_error *err);
/* Notes a refusal that came before any verdict, in the journal and as the key's last denial; hash:
 * of the operation, or NULL. The refusal stands whether or not it can be noted. */
void vk_gate_note(const vk_gate_question *question, const vk_hash *hash, vk_status status,
                  const vk_error *why);

/* Appends the session key's part of the signature for an operation hash. */
VK_MUST_USE vk_status vk_gate_session_part(const vk_loaded *loaded, const vk_hash *userop_hash,
                                           uint64_t chain_id, uint32_t sign_count, vk_buf *out);

/* Makes sure that a P-256 record has rpId, origin and credential, and that they are well formed. */
VK_MUST_USE vk_status vk_gate_complete_passkey(vk_key_record *record, vk_error *err);

#endif
