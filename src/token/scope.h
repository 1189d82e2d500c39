/*
 * What a transaction of decisions knows: the rows that it has read and authenticated, each once,
 * and the budgets that it will write. It has the write lock, so nobody else can change them.
 *
 * What it knows is kept for the next transaction. That one forgets it if another connection wrote
 * to the file in between, if keys or grants were changed, if the login ended, or if the commit
 * failed; so a row is either still the one that was authenticated, or it is read again.
 */
#ifndef VK_TOKEN_SCOPE_H
#define VK_TOKEN_SCOPE_H

#include "token/token.h"

#define VK_SCOPE_BUCKETS 256
#define VK_SCOPE_MAX 8192

/* The token's state: how often it was written, and the newest of all records of the journal. */
typedef struct vk_state {
    int64_t counter, number;
    vk_hash head;        /* of record number; zero while there is none */
    vk_hash spend_rules; /* SHA-256 of them all; zero: there are none */
    bool is_anchored;    /* there is a file outside that says the same, or nearly */
    bool is_adopted;     /* false: the file is of version 1 and nobody has logged in since */
} vk_state;

/* A chain of the journal: of a key, or, without a point, of the token. */
typedef struct vk_scope_chain {
    uint8_t point65[65];
    size_t point_len;
    int64_t id, sequence;
    vk_hash head;
    bool is_changed;
    struct vk_scope_chain *next, *next_changed;
    /* While records are dropped: the last of them. */
    bool is_dropping;
    int64_t dropped;
    vk_hash dropped_hash;
    struct vk_scope_chain *next_dropped;
} vk_scope_chain;

/* A grant that was checked, or the key's own budget. */
typedef struct vk_scope_grant {
    vk_grant_record record;
    int64_t key_version;
    vk_hash subject;
    struct vk_scope_grant *next;
} vk_scope_grant;

typedef struct vk_scope_budget {
    vk_hash subject;
    int64_t id;
    vk_budget now;
    bool is_changed;
    struct vk_scope_budget *next, *next_changed;
} vk_scope_budget;

typedef struct vk_scope {
    uint64_t generation;  /* of the token, when the transaction began */
    int64_t data_version; /* SQLite's, then */
    size_t count;         /* of grants and budgets */
    vk_scope_grant *grants[VK_SCOPE_BUCKETS];
    vk_scope_budget *budgets[VK_SCOPE_BUCKETS];
    vk_scope_chain *chains[VK_SCOPE_BUCKETS];
    vk_scope_budget *changed;
    vk_scope_chain *changed_chains;
    int64_t last_chain_id;       /* 0: not looked up yet */
    struct vk_spend_set *spends; /* NULL: not read yet */
    vk_state state, stored;      /* as it will be, and as it was before the transaction */
    bool has_state, has_changed;
    int64_t journal_max;   /* 0: not looked up yet */
    int64_t next_rotation; /* the number of a record at which there may be too many */
} vk_scope;

/* To be called when a transaction has begun that decides, or writes into the journal. *by_others
 * (may be NULL): another connection wrote since the last one. */
VK_MUST_USE vk_status vk_scope_begin(vk_token *token, bool *by_others, vk_error *err);
/* Both in one, for a change that is no decision: the transaction's begin, and its state. */
VK_MUST_USE vk_status vk_scope_open(vk_token *token, vk_state **state, vk_error *err);
/* The same for one that the user makes, of a token that is trusted. */
VK_MUST_USE vk_status vk_scope_open_user(vk_token *token, vk_error *err);
/* Forgets everything. */
void vk_scope_clear(vk_scope *scope);

/* Whose budget is asked for, once key and grant are what they should be. VK_ERR_MISMATCH if the key
 * has another version. */
VK_MUST_USE vk_status vk_scope_subject(vk_token *token, const vk_grant_record *grant,
                                       int64_t key_version, vk_hash *out, vk_error *err);
/* The same for a key alone. */
VK_MUST_USE vk_status vk_scope_key(vk_token *token, int64_t key_id, int64_t key_version,
                                   vk_error *err);
/* The budget, owned by the scope. */
VK_MUST_USE vk_status vk_scope_budget_of(vk_token *token, const vk_hash *subject, size_t rule_count,
                                         vk_scope_budget **out, vk_error *err);
/* The budget will be written. */
void vk_scope_note_change(vk_token *token, vk_scope_budget *budget);
/* The token's state, owned by the scope. Nothing can be written without it. */
VK_MUST_USE vk_status vk_scope_state(vk_token *token, vk_state **out, vk_error *err);
/* A chain, owned by the scope; a new one has sequence 0. */
VK_MUST_USE vk_status vk_scope_chain_of(vk_token *token, vk_bytes point, vk_scope_chain **out,
                                        vk_error *err);
/* A record was added to it. */
void vk_scope_note_record(vk_token *token, vk_scope_chain *chain, int64_t sequence,
                          const vk_hash *hash);
/* Writes what changed, and with it the state. */
VK_MUST_USE vk_status vk_scope_flush(vk_token *token, vk_error *err);

#endif
