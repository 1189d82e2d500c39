/*
 * The one way to a private key. Knows nothing of Cryptoki.
 *
 * A request goes through: parse (eth/), match with a grant, verdict (policy/), reservation (token/,
 * durable), raw signature (keys/), wrapping (kernel/, webauthn/). Nothing is spent before the
 * verdict and nothing leaves before it is durable.
 *
 * Thread safety: a vk_gate belongs to one token and may be used from several threads.
 */
#ifndef VK_GATE_GATE_H
#define VK_GATE_GATE_H

#include "token/token.h"
#include <valetkey/grant.h>

typedef struct vk_gate vk_gate;

VK_MUST_USE vk_status vk_gate_new(vk_token *token, vk_gate **out);
/* Forgets every loaded key; the token stays open. */
void vk_gate_free(vk_gate *gate);
/* Forgets every loaded key (logout, finalize). */
void vk_gate_forget(vk_gate *gate);

/* ---- Making keys ---- */

/* record: curve, attributes, policy and passkey members as wanted; point65 is filled in. The policy
 * is checked (VK_ERR_POLICY; where valetkey.conf says "lint = error", for lint's findings too); a
 * missing one becomes the token's default. */
VK_MUST_USE vk_status vk_gate_generate(vk_gate *gate, vk_key_record *record,
                                       const vk_key_names *names, vk_error *err);
VK_MUST_USE vk_status vk_gate_import(vk_gate *gate, vk_key_record *record,
                                     const vk_key_names *names, const uint8_t secret32[32],
                                     vk_error *err);

/* What a browser answered when a passkey was made, and what it had been asked. */
typedef struct vk_gate_registration {
    vk_bytes attestation_object, client_data;
    vk_bytes challenge;
    const uint8_t *point65; /* the key that is expected; NULL: any */
    size_t anchor_count;    /* 0: any attestation is good that holds, "none" too */
    const vk_bytes *anchors;
} vk_gate_registration;
/* Adds a key whose private half is with a browser. record: attributes, policy, rpId and origin;
 * the rest is what the registration says, if it holds. VK_ERR_MISMATCH, VK_ERR_PROHIBITED,
 * VK_ERR_SIGNATURE as vk_credential_register. */
VK_MUST_USE vk_status vk_gate_import_remote(vk_gate *gate, vk_key_record *record,
                                            const vk_key_names *names,
                                            const vk_gate_registration *registration,
                                            vk_error *err);

#define VK_GATE_BATCH 1000

/* How many keys are made at once, and what tells them apart. */
typedef struct vk_gate_many {
    size_t count;
    /* Sets the attributes of the key with this index, and its names, which are good until the next
     * call. The token is locked meanwhile. */
    vk_status (*name)(void *context, size_t index, vk_key_record *record, vk_key_names *names);
    /* So many are made, and durable. */
    void (*made)(void *context, size_t count);
    void *context;
} vk_gate_many;
/* Makes many keys that are like record but for their names, and a passkey's credential, which is
 * not given: the policy is checked once. They are written in batches of VK_GATE_BATCH, each of
 * which is there as a whole or not at all, whatever becomes of the process; a failure leaves those
 * before it. record is used up: clear it. */
VK_MUST_USE vk_status vk_gate_generate_many(vk_gate *gate, vk_key_record *record,
                                            const vk_gate_many *many, vk_error *err);

/* ---- What a key is ---- */

/* The signer of a key's permission. */
VK_MUST_USE vk_status vk_gate_signer(const vk_key_record *record, vk_signer *out);

/* Checks a grant for a key and adds it. */
VK_MUST_USE vk_status vk_gate_add_grant(vk_gate *gate, int64_t key_id, const char *json,
                                        size_t json_len, vk_error *err);
/* Checks a policy for a key and sets it (SO). */
VK_MUST_USE vk_status vk_gate_set_policy(vk_gate *gate, int64_t key_id, const char *json,
                                         size_t json_len, vk_error *err);

/* "allowed" or "refused": may the key answer logins although it has a grant (SO)? */
VK_MUST_USE vk_status vk_gate_set_logins(vk_gate *gate, int64_t key_id, const char *text,
                                         size_t len, vk_error *err);
/* The attribute of the private half with its step-up rule (policy/step_up.h), JSON. */
#define VK_ATTR_STEP_UP 0x80564B43UL
/* Checks a step-up rule for a key and sets it (SO); empty: the key has none any more. */
VK_MUST_USE vk_status vk_gate_set_step_up(vk_gate *gate, int64_t key_id, const char *json,
                                          size_t json_len, vk_error *err);

/* ---- Signing ---- */

typedef struct vk_device vk_device; /* see device.h */

/* How a signature gets at the security keys that are plugged in, if its key wants a touch. */
typedef struct vk_touch {
    /* Those that are plugged in now; they stay as long as the call. */
    size_t (*devices)(void *context, vk_device **out, size_t max);
    /* From now on this one is waited for; NULL: none any more. */
    void (*asks)(void *context, vk_device *device);
    void *context;
} vk_touch;

typedef enum vk_gate_form {
    VK_GATE_USEROP,         /* the finished signature */
    VK_GATE_USEROP_SESSION, /* the session key's part */
    VK_GATE_DIGEST, /* r || s over a digest: any one, of any length, for keys under sudo, else
                     * the 32 bytes of an operation that waits */
    /* The account's signature (ERC-1271) of a payload of valetkey/message_payload.h. */
    VK_GATE_TEXT,
    VK_GATE_TYPED_DATA,
    VK_GATE_MESSAGE_REQUEST,
    VK_GATE_OTHER_DIGEST, /* r || s over what another hash than SHA-256 gave: keys under sudo */
    VK_GATE_AGREEMENT,    /* no signature but Diffie-Hellman: keys under sudo that count nothing */
    VK_GATE_ASSERTION,    /* the finished signature of an operation and a browser's assertion */
    VK_GATE_LOGIN         /* an assertion for a server, of a payload of gate/login.h */
} vk_gate_form;

/* Are these the attributes of the private half that the key's seal vouches for? VK_ERR_MISMATCH:
 * no, the key was changed since they were read; VK_ERR_INTEGRITY: somebody edited them. */
VK_MUST_USE vk_status vk_gate_vouches(vk_gate *gate, int64_t key_id, vk_bytes private_attrs,
                                      vk_error *err);
/* May the key be used in this form at all? VK_DENIED with a reason if its policy speaks against it.
 * Called when an operation begins. */
VK_MUST_USE vk_status vk_gate_allows(vk_gate *gate, int64_t key_id, vk_gate_form form,
                                     vk_error *err);

/*
 * Signs payload. With out NULL only *out_len is set. *out_len too small: VK_ERR_BUFFER, *out_len
 * set, nothing spent. Denied: VK_DENIED, err->path the rule, err->message the reason, which is also
 * kept as the key's last denial.
 *
 * A key with a step-up rule may want a touch, after the verdict and before anything is spent:
 * VK_ERR_REMOVED if its security key is not there, VK_ERR_CANCELED, VK_DENIED with the rule
 * "touch". touch NULL: no security key is.
 */
VK_MUST_USE vk_status vk_gate_sign(vk_gate *gate, int64_t key_id, vk_gate_form form,
                                   vk_bytes payload, const vk_touch *touch, uint8_t *out,
                                   size_t *out_len, vk_error *err);

/* The x coordinate of the point that the key and peer65 share, if VK_GATE_AGREEMENT is allowed.
 * Wipe it. VK_ERR_FORMAT if peer65 is no point of the key's curve. */
VK_MUST_USE vk_status vk_gate_agree(vk_gate *gate, int64_t key_id, const uint8_t peer65[65],
                                    uint8_t x32[32], vk_error *err);

/* The longest payload of VK_GATE_ASSERTION. */
#define VK_GATE_ASSERTION_MAX ((size_t)1280 << 10)

/*
 * The standard way: judges the operation like vk_gate_sign and spends nothing. What is allowed
 * waits (see token/pending.h) until vk_gate_sign gets its digest, which repeats the verdict, spends
 * and signs, once. object_id may be empty. *id is that of token/pending.h.
 */
VK_MUST_USE vk_status vk_gate_pend(vk_gate *gate, int64_t key_id, vk_bytes payload,
                                   vk_bytes object_id, int64_t *id, vk_error *err);

/* ---- Afterwards ---- */

/* What a bundler says became of an operation that the key signed (valetkey/receipt.h), for the
 * key's journal: see token/receipt.h. Nothing is written of keys that are not journaled. */
VK_MUST_USE vk_status vk_gate_add_receipt(vk_gate *gate, int64_t key_id, const char *json,
                                          size_t json_len, vk_error *err);

#endif
