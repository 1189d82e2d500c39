/*
 * The journal: what the token decided, and what happened to the token itself.
 *
 * Every key has a chain of records of its own, by its public point, which outlives the key; the
 * token has one more, for itself. A record has a sequence number in its chain and a number among
 * all records of the token, and carries the hash of the record before it in both orders. So the
 * newest record stands for all of them; its hash is what the token's state and the anchor hold.
 * Hashes can be checked by anybody who has the file; that nobody rewrote them all is what the MACs
 * say.
 *
 * Thread safety: as token.h.
 */
#ifndef VK_TOKEN_JOURNAL_H
#define VK_TOKEN_JOURNAL_H

#include "token/token.h"

/* What a record is about. Numbers are never reused. */
typedef enum vk_journal_event {
    VK_EVENT_SIGNED = 1, /* the signature was made after this was written */
    VK_EVENT_DENIED = 2,
    VK_EVENT_CHECKPOINT = 3, /* older records of this chain were dropped, see VK_CHECKPOINT_LEN */
    /* Of the token's own chain, or of a key's; the reason says more. */
    VK_EVENT_SETTINGS = 4, /* the SO changed settings of the token, or what the key may do */
    /* Of the token's own chain. */
    VK_EVENT_INITIALIZED = 5, /* the SO initialized the token again */
    VK_EVENT_ANCHOR = 6,      /* the anchor was lost, is damaged or cannot be kept */
    VK_EVENT_ACCEPTED = 7,    /* the SO accepted a state that does not go with the anchor */
    /* Of a key's chain: what became of an operation; the reason says who knows. */
    VK_EVENT_INCLUDED = 8,
    VK_EVENT_GIVEN_BACK = 9, /* it never will be included: its reservation was given back */
    VK_EVENT_RECEIPT = 10    /* what a bundler says of it, see receipt.h; it settles nothing */
} vk_journal_event;

/* "signed", "denied", ...; "unknown". */
const char *vk_journal_event_name(int64_t event);

/*
 * A record; members that do not apply are empty. All bytes are views: the reader's are good until
 * its callback returns.
 *
 * hash is SHA-256 over these, in order: the texts "journal" and the token's serial number, each as
 * 01 and then like bytes; number, point, sequence, time, event, chain_id; form, policy, account,
 * permission_id, operation, rule, reason, hardening, before, after, previous, last. Numbers are 8
 * bytes, big-endian; bytes are their length, 8 bytes, and themselves. mac is HMAC-SHA256 over
 * "journal record", the serial number and hash, written in the same way.
 */
typedef struct vk_journal_record {
    int64_t number;   /* among all records of the token, from 1 */
    int64_t sequence; /* in its chain, from 1 */
    vk_bytes point;   /* 65 bytes of the key; empty: the token's own chain */
    bool is_orphan;   /* its chain is not there; nothing else says so */
    uint64_t time;    /* seconds since 1970 */
    int64_t event;    /* vk_journal_event */
    vk_bytes form;    /* text: which mechanism, "userop" and so on */
    vk_bytes policy;  /* SHA-256 of the policy's text */
    uint64_t chain_id;
    vk_bytes account, permission_id; /* of the grant */
    vk_bytes operation;              /* 32 bytes: userOpHash, or the digest that was to be signed */
    /* Text, of a denial; of what was signed after a touch of a security key: "touch", and why; of a
     * receipt: the bundler's host, and why the calls failed. */
    vk_bytes rule, reason;
    vk_bytes hardening;     /* text: the hardening rule that decided */
    vk_bytes before, after; /* the budget: VK_RULE_STATE_LEN bytes a rule; after is empty
                               where nothing changed. Of a receipt: VK_RECEIPT_FACTS_LEN */
    vk_bytes previous;      /* hash of the record before it in its chain, or zero */
    vk_bytes last;          /* hash of record number - 1, or zero */
    vk_bytes hash, mac;
} vk_journal_record;

/* spent 32 || used 8 || window 8, see vk_rule_state */
#define VK_RULE_STATE_LEN 48

/* Reads one rule's state; false past the end. */
bool vk_journal_rule_state(vk_bytes states, size_t index, vk_rule_state *out);

/*
 * A checkpoint's before: the sequence number of the last record of its chain that was dropped, of
 * which its operation is the hash; and the number of the last of all that were dropped, with its
 * hash: 8 + 8 + 32 bytes.
 */
#define VK_CHECKPOINT_LEN 48

/* Not VK_OK ends the reading, with that status. Must not use the token. */
typedef vk_status (*vk_journal_fn)(void *context, const vk_journal_record *record);
/* Every record in order of its number, from a number on. No login is needed. */
VK_MUST_USE vk_status vk_journal_each(vk_token *token, int64_t from, vk_journal_fn each,
                                      void *context, vk_error *err);

/* ---- Checking ---- */

/* What is wrong with a chain, or with the token as a whole. */
typedef struct vk_journal_finding {
    bool of_token;       /* about all records together: number says which, sequence is 0 */
    uint8_t point65[65]; /* of the key, zero for the token's own chain */
    int64_t sequence;    /* of the record, or of the first of several; 0: the chain as a whole */
    int64_t number;      /* 0: unknown */
    const char *what; /* "edited", "removed", "reordered", "truncated", "unlinked", "mac", "head",
                         "state", "restored", "anchor", "settings", "spend-rules", "key", "grants",
                         "budgets", "nonces", "passkeys" */
    char text[256];   /* one sentence */
} vk_journal_finding;

typedef struct vk_journal_check {
    int64_t records, first, last; /* how many there are, and their numbers */
    int64_t chains;
    int64_t dropped;   /* records that checkpoints stand for */
    bool macs_checked; /* somebody is logged in */
    bool anchor_checked;
    int64_t findings;
} vk_journal_check;

typedef void (*vk_finding_fn)(void *context, const vk_journal_finding *finding);
/* Checks everything that can be checked without a login, and the MACs with one. VK_OK if it could
 * be done, whatever was found: see out->findings. */
VK_MUST_USE vk_status vk_journal_verify(vk_token *token, vk_finding_fn found, void *context,
                                        vk_journal_check *out, vk_error *err);

/* ---- The SO's ---- */

/* Drops the oldest records but the newest keep, each of them told to each first, which may write
 * them somewhere durable. *dropped says how many. */
VK_MUST_USE vk_status vk_journal_rotate(vk_token *token, int64_t keep, vk_journal_fn each,
                                        void *context, int64_t *dropped, vk_error *err);
/* Accepts budgets and journal as they are: what was found wrong with the state as a whole, or with
 * the anchor, no longer stands against signing. Records that were edited stay what they are. */
VK_MUST_USE vk_status vk_journal_accept(vk_token *token, vk_error *err);
VK_MUST_USE vk_status vk_token_set_journal(vk_token *token, vk_journal_mode mode, int64_t max,
                                           vk_error *err);

#endif
