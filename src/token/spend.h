/*
 * Spend rules: at most so much of an asset in a period of time, by all the grants that a rule names
 * together. They are the token's, not a key's: a grant is named by its budget's subject, so a rule
 * outlives a key that is deleted and imported again.
 *
 * What was signed for a nonce counts in every period while nobody knows what became of it, and from
 * the time of its block on for one period once it is included: the period rolls. A nonce counts
 * with the largest amount that was signed for it. A rule counts from when it was set, and a grant
 * from when it was named.
 *
 * The digest of all rules stands in the token's state, which is authenticated and anchored.
 *
 * Thread safety: as token.h.
 */
#ifndef VK_TOKEN_SPEND_H
#define VK_TOKEN_SPEND_H

#include "token/token.h"
#include <valetkey/spend.h>

#define VK_SPEND_NAME_MAX 64
#define VK_SPEND_PERIOD_MAX (UINT64_C(3650) * 86400)
#define VK_SPEND_RULES_MAX 64
#define VK_SPEND_GRANTS_MAX 1024

/* Included amounts are kept together by times of this part of a period, the latest of which counts
 * for all of them. */
#define VK_SPEND_BUCKETS 256
#define VK_SPEND_ENTRIES_MAX (VK_SPEND_BUCKETS + 8)

typedef struct vk_spend_entry {
    uint64_t time; /* seconds since 1970 */
    vk_u256 amount;
} vk_spend_entry;

typedef struct vk_spend_rule {
    int64_t id;                       /* never reused */
    char name[VK_SPEND_NAME_MAX + 1]; /* printable ASCII, unique */
    vk_spend_asset asset;
    vk_u256 limit;
    uint64_t period; /* seconds */
    size_t grant_count;
    vk_hash *grants; /* owned: subjects */
    vk_u256 open;    /* of nonces of which nobody knows what became of them */
    size_t entry_count;
    vk_spend_entry entries[VK_SPEND_ENTRIES_MAX]; /* included, by time */
    bool is_changed;
} vk_spend_rule;

typedef struct vk_spend_set {
    vk_hash digest; /* zero: there are none */
    size_t count;
    vk_spend_rule *rules; /* owned */
} vk_spend_set;

void vk_spend_set_clear(vk_spend_set *set);
/* All rules, by id. Whole, or VK_ERR_INTEGRITY; authenticated while somebody is logged in. */
VK_MUST_USE vk_status vk_token_spends(vk_token *token, vk_spend_set *out, vk_error *err);
/* NULL if there is none. */
vk_spend_rule *vk_spend_find(const vk_spend_set *set, const char *name);
bool vk_spend_names(const vk_spend_rule *rule, const vk_hash *subject);
/* What was included in the period that ends now, and that with what is open; 2^256 - 1 if more. */
vk_u256 vk_spend_included(const vk_spend_rule *rule, uint64_t now);
vk_u256 vk_spend_spent(const vk_spend_rule *rule, uint64_t now);

/* ---- The SO's: each is a record in the journal ---- */

/* Makes a rule of name, asset, limit and period, or changes limit and period of the one with this
 * name. VK_ERR_EXISTS if that has another asset; VK_ERR_RANGE, VK_ERR_SIZE, VK_ERR_FORMAT. */
VK_MUST_USE vk_status vk_token_spend_set(vk_token *token, const vk_spend_rule *rule, vk_error *err);
/* VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_token_spend_remove(vk_token *token, const char *name, vk_error *err);
/* Lets a rule name a grant, or name it no more; what was signed under it stays counted.
 * VK_ERR_NOT_FOUND: no such rule, or it does not name the grant; VK_ERR_EXISTS: it does already;
 * VK_ERR_MISMATCH: of another chain; VK_ERR_SIZE. */
VK_MUST_USE vk_status vk_token_spend_name(vk_token *token, const char *name,
                                          const vk_grant_record *grant, bool is_named,
                                          vk_error *err);

#endif
