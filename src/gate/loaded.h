/*
 * Keys that the gate has ready: record, parsed policy, grants and the unsealed private key.
 * A loaded key is read-only and counted; it stays valid until it is put back.
 */
#ifndef VK_GATE_LOADED_H
#define VK_GATE_LOADED_H

#include "gate/gate.h"
#include "keys/keys.h"
#include "policy/step_up.h"
#include "token/spend.h"

#include <stdatomic.h>

typedef struct vk_loaded_spend {
    int64_t rule_id;
    vk_spend_asset asset;
} vk_loaded_spend;

typedef struct vk_loaded_grant {
    vk_grant_record record;
    vk_grant grant;
    /* Once true it stays so: saves the store a visit. */
    atomic_bool enabled;
    /* The spend rules that name it. */
    size_t spend_count;
    vk_loaded_spend *spends; /* owned */
} vk_loaded_grant;

typedef struct vk_loaded {
    vk_key_record record;
    vk_policy policy; /* count 0: the key has none */
    vk_hash policy_hash;
    bool is_journaled; /* its decisions are written into the journal */
    bool journals_logins;
    vk_signer signer;
    vk_hardening_set relaxed; /* hardening rules that are off on the token */
    vk_hash spend_rules;      /* digest of the token's */
    size_t grant_count;
    vk_loaded_grant *grants;
    vk_step_up *step_up; /* NULL: it never wants a touch; owned */
    vk_key *key;         /* NULL: it is elsewhere */
    uint64_t generation;
    atomic_size_t users;
    struct vk_loaded *next;
} vk_loaded;

#define VK_LOADED_BUCKETS 256
#define VK_LOADED_MAX 4096

typedef struct vk_loaded_table {
    size_t count;
    vk_loaded *buckets[VK_LOADED_BUCKETS];
} vk_loaded_table;

VK_MUST_USE vk_status vk_loaded_get(vk_gate *gate, int64_t key_id, vk_loaded **out, vk_error *err);
void vk_loaded_put(vk_loaded *loaded); /* NULL allowed */
/* The next one who wants the key reads it anew. */
void vk_loaded_forget(vk_gate *gate, int64_t key_id);
/* Does a spend rule name one of its grants? Then a digest, or a message, could spend unseen. */
bool vk_loaded_is_counted(const vk_loaded *loaded);
void vk_loaded_forget_all(vk_gate *gate);

#endif
