/* What the files of gate/ share. */
#ifndef VK_GATE_INTERNAL_H
#define VK_GATE_INTERNAL_H

#include "gate/device.h"
#include "gate/loaded.h"
#include "token/clock.h"

#include <pthread.h>
#include <valetkey/webauthn.h>

struct vk_gate {
    vk_token *token;
    vk_device *device;    /* of the token's keys that are on a security key; NULL: it is not here */
    pthread_mutex_t lock; /* guards what follows */
    vk_loaded_table table;
    uint64_t forgotten; /* how often everything was forgotten */
};

/* An operation, understood: whose grant it is for and how long its signature will be. */
typedef struct vk_gate_request {
    vk_userop_request request;
    vk_loaded_grant *grant; /* of the loaded key */
    bool has_hash;
    vk_hash hash;       /* userOpHash */
    bool uses_approval; /* one that is good for one operation only */
    size_t session_len; /* bytes of the session key's part */
    size_t full_len;    /* bytes of the finished signature */
} vk_gate_request;

/* VK_DENIED (err->path the field) if it is for none of the key's grants; out then has the hash, if
 * it is known for which chain and EntryPoint. */
VK_MUST_USE vk_status vk_gate_request_read(const vk_loaded *loaded, vk_bytes payload,
                                           vk_gate_request *out, vk_error *err);
/* The same of a request that is read already, as out->request. Clear it in either case. */
VK_MUST_USE vk_status vk_gate_request_complete(const vk_loaded *loaded, vk_gate_request *out,
                                               vk_error *err);
/* The lengths, where the signer makes that many bytes. */
void vk_gate_request_measure(vk_gate_request *request, size_t signer_len);
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
/* A signature that is decided. */
typedef struct vk_gate_signing {
    vk_gate *gate;
    const vk_loaded *loaded;
    const vk_loaded_grant *grant;
    vk_hash challenge;   /* userOpHash, or what a message comes to */
    uint32_t sign_count; /* of an assertion that is made here */
} vk_gate_signing;
/* Appends what the key's signer makes: r || s || v, or an encoded assertion. */
VK_MUST_USE vk_status vk_gate_signer_part(const vk_gate_signing *signing, vk_buf *out,
                                          vk_error *err);

/* What was asked: a key, a form, and the bytes that were to be signed. */
typedef struct vk_gate_question {
    vk_gate *gate;
    vk_loaded *loaded;
    vk_gate_form form;
    vk_bytes payload;
    const vk_touch *touch; /* NULL: no security key can be asked */
} vk_gate_question;

/* ---- Keys that are elsewhere (device_key.c) ---- */

/* VK_DENIED if a key that is on a security key, or with a browser, cannot be used in this form. */
VK_MUST_USE vk_status vk_gate_home_allows(const vk_loaded *loaded, vk_gate_form form,
                                          vk_error *err);
/* How long the security key's authenticatorData is. */
size_t vk_gate_device_auth_data_len(const vk_loaded *loaded);
/* vk_gate_signer_part by the security key: asks for its touch, and counts what it counted. */
VK_MUST_USE vk_status vk_gate_device_sign(const vk_gate_signing *signing, vk_buf *out,
                                          vk_error *err);

/* ---- Keys that are with a browser (remote_key.c) ---- */

/* As vk_gate_sign, of an operation and the assertion that was made for it. */
VK_MUST_USE vk_status vk_gate_sign_assertion(const vk_gate_question *question, uint8_t *out,
                                             size_t *out_len, vk_error *err);

/* ---- Decisions (decide.c): the verdict, what it moves, and its record ---- */

/* Loads the key that is asked; put it back. One that was edited gets that as its last denial. */
VK_MUST_USE vk_status vk_gate_load(vk_gate_question *question, int64_t key_id, vk_error *err);

typedef struct vk_gate_decision {
    bool is_trial; /* judge only: nothing is spent, and only a refusal is written down */
    /* Of the assertion. 0: it gets the next one; otherwise it has that one already. 0 afterwards:
     * the key does not count. */
    uint32_t sign_count;
    vk_buf touched; /* which security key was touched for it, and why: text with its NUL; empty */
} vk_gate_decision;
void vk_gate_decision_clear(vk_gate_decision *decision);
/* The verdict and, unless it is a trial, what it spends, durable when this returns VK_OK. */
VK_MUST_USE vk_status vk_gate_decide(const vk_gate_question *question,
                                     const vk_gate_request *request, vk_gate_decision *decision,
                                     vk_error *err);
VK_MUST_USE vk_status vk_gate_decide_digest(const vk_gate_question *question, const vk_hash *digest,
                                            const vk_gate_decision *decision, vk_error *err);
/* Notes a refusal that came before any verdict, in the journal and as the key's last denial; hash:
 * of the operation, or NULL. The refusal stands whether or not it can be noted. */
void vk_gate_note(const vk_gate_question *question, const vk_hash *hash, vk_status status,
                  const vk_error *why);

/* The same of what a security key, or its user, did with an operation that was allowed: the record
 * of the decision, which stands, is followed by why no signature came of it. */
void vk_gate_note_unsigned(const vk_gate_question *question, const vk_hash *hash, vk_status status,
                           const vk_error *why);

/* For decisions of other kinds: the record of one, to be completed, and the decision it is of. */
vk_journal_entry vk_gate_entry(const vk_gate_question *question, const vk_hash *hash);
vk_decision vk_gate_decision_with(const vk_gate_question *question, vk_journal_entry *entry);
/* Is what is decided of the question written into the journal? */
bool vk_gate_is_journaled(const vk_gate_question *question);
/* A verdict that moved nothing still leaves its record before the signature leaves. */
VK_MUST_USE vk_status vk_gate_record(const vk_gate_question *question, vk_journal_entry *entry,
                                     vk_status status, vk_error *err);

/* Does an operation of the key wait to be signed as a digest? Otherwise VK_DENIED. */
VK_MUST_USE vk_status vk_gate_pending_any(vk_gate *gate, const vk_loaded *loaded, vk_error *err);
/* Signs the digest, r || s, if it is that of an operation that waits, which is then over. *found:
 * it is one; VK_DENIED if not. */
VK_MUST_USE vk_status vk_gate_pending_sign(const vk_gate_question *question, const vk_hash *digest,
                                           uint8_t signature64[64], bool *found, vk_error *err);

/* ---- Touches (step_up.c) ---- */

/* Is the step-up rule in the record's attributes, if there is one, well formed? */
VK_MUST_USE vk_status vk_gate_check_step_up(const vk_key_record *record, vk_error *err);
VK_MUST_USE vk_status vk_gate_load_step_up(vk_loaded *loaded, vk_error *err);

/* What a touch is asked for. */
typedef struct vk_step_up_request {
    const vk_hash *hash;          /* userOpHash, or what a message or a digest is */
    const vk_loaded_grant *grant; /* NULL: none */
    const char *reason;           /* why it is needed */
} vk_step_up_request;
/* Asks for it; a refusal is noted. What is to be said of it in the record is appended. The key has
 * a rule. */
VK_MUST_USE vk_status vk_gate_ask_touch(const vk_gate_question *question,
                                        const vk_step_up_request *request, vk_buf *touched,
                                        vk_error *err);
/* Before an operation is decided: judges it, and asks for the touch if the key's rule wants one. */
VK_MUST_USE vk_status vk_gate_step_up(const vk_gate_question *question,
                                      const vk_gate_request *request, vk_gate_decision *decision,
                                      vk_error *err);

/* ---- Messages ---- */

bool vk_gate_is_message(vk_gate_form form);
/* VK_DENIED if the key can sign no message at all. */
VK_MUST_USE vk_status vk_gate_message_allows(const vk_loaded *loaded, vk_error *err);
/* As vk_gate_sign, for the forms of messages. */
VK_MUST_USE vk_status vk_gate_sign_message(const vk_gate_question *question, uint8_t *out,
                                           size_t *out_len, vk_error *err);

/* ---- Logins (login.c) ---- */

/* VK_DENIED if the key has a grant, and the SO did not allow logins. */
VK_MUST_USE vk_status vk_gate_login_allows(const vk_loaded *loaded, vk_error *err);
/* As vk_gate_sign, for VK_GATE_LOGIN. */
VK_MUST_USE vk_status vk_gate_sign_login(const vk_gate_question *question, uint8_t *out,
                                         size_t *out_len, vk_error *err);

/* The same by the security key: asks for its touch. client_data has the challenge. */
VK_MUST_USE vk_status vk_gate_device_login(const vk_gate_question *question, vk_bytes challenge,
                                           vk_bytes client_data,
                                           uint8_t auth_data37[VK_WEBAUTHN_AUTH_DATA_LEN],
                                           uint8_t signature64[64], vk_error *err);

/* Checks the policy, or gives the record the token's default, and completes a passkey. */
VK_MUST_USE vk_status vk_gate_complete(vk_gate *gate, vk_key_record *record, vk_error *err);
/* Makes sure that a P-256 record has rpId, origin and credential, and that they are well formed. */
VK_MUST_USE vk_status vk_gate_complete_passkey(vk_key_record *record, vk_error *err);

#endif
