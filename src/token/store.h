/* What the files of this folder share: the token itself, its lock, its keys, its rows. */
#ifndef VK_TOKEN_STORE_H
#define VK_TOKEN_STORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "token/anchor_slot.h"
#include "token/crypt.h"
#include "token/db.h"
#include "token/group.h"
#include "token/scope.h"
#include "token/token.h"

#define VK_TRUST_TEXT 320

/* An anchor's file that is being written, and what is in it as far as we know. */
#define VK_ANCHOR_SLOTS 2
typedef struct vk_anchor_file {
    int file; /* 0: not open */
    char text[VK_ANCHOR_SLOTS * VK_ANCHOR_SLOT_LEN];
    bool is_known; /* text is what we wrote last, slot newest of it with this counter */
    int newest;
    int64_t counter;
} vk_anchor_file;

/* What is known of the token's state outside of its file. */
typedef struct vk_trust {
    char *anchor_path; /* NULL: no anchor can be kept */
    vk_anchor_file anchor_file;
    bool is_restored;
    bool is_accepting;        /* the SO is about to believe it */
    bool is_starting_over;    /* the SO empties it, whatever it is */
    bool has_anchor;          /* a whole one was read, or one was written */
    char text[VK_TRUST_TEXT]; /* why */
    vk_state newest;          /* that this process has seen */
    vk_state pending;         /* becomes the newest when the transaction is committed */
} vk_trust;

/* A denial that was written a moment ago. */
typedef struct vk_recent_denial {
    vk_hash identity;
    int64_t at_ms;
} vk_recent_denial;

#define VK_RECENT_DENIALS 16

/* In secret memory, while somebody is logged in. */
typedef struct vk_token_keys {
    uint8_t token[32]; /* what both PINs wrap */
    uint8_t seal[32];  /* seals private keys */
    uint8_t mac[32];   /* authenticates rows */
    vk_mac *mac_of;    /* at work; owned */
} vk_token_keys;

/* What tells that the records changed. The count has no MAC, since it moves without a login too:
 * who puts it back must not hide what the SO set, so what vouches for that is compared as well. */
typedef struct vk_changes {
    int64_t count;
    vk_hash settings, relaxed; /* MACs; zero: there is none */
    vk_hash spend_rules;       /* digest; zero: there are none */
} vk_changes;

struct vk_token {
    pthread_mutex_t lock;
    char *path;
    vk_db db;
    char serial[VK_TOKEN_SERIAL_LEN + 1];
    vk_role role;
    vk_token_keys *keys;          /* NULL while nobody is logged in */
    unsigned unsaved_failures[3]; /* by role: wrong PINs that could not be written */
    int64_t data_version;         /* SQLite's, when it was last looked up */
    int64_t budgets_checked;      /* SQLite's, when every budget was checked; -1: not yet */
    vk_changes changes;           /* of the records, then */
    vk_group group;
    vk_scope scope; /* of the transactions of decisions */
    vk_trust trust;
    vk_recent_denial recent[VK_RECENT_DENIALS];
    unsigned recent_next;
    vk_token *next_open; /* see fork.h */
    _Atomic uint64_t generation;
    _Atomic int64_t looked_up_ms;
    _Atomic int64_t present_ms; /* when the file was last seen in its place */
};

void vk_token_lock(vk_token *token);
void vk_token_unlock(vk_token *token);
/* Takes the lock and begins a transaction; if that fails, the lock is free again. */
VK_MUST_USE vk_status vk_token_begin(vk_token *token, vk_error *err);
/* Commits a change of the records if status is VK_OK, else rolls back; frees the lock. Returns what
 * became of it, and sees that err says something. */
VK_MUST_USE vk_status vk_token_end(vk_token *token, vk_status status, vk_error *err);

/* The same, and the lock stays. */
VK_MUST_USE vk_status vk_token_finish(vk_token *token, vk_status status, vk_error *err);
/* The same two for decisions, which leave the records alone. */
VK_MUST_USE vk_status vk_token_end_decisions(vk_token *token, vk_status status, vk_error *err);
VK_MUST_USE vk_status vk_token_finish_decisions(vk_token *token, vk_status status, vk_error *err);
/* Sees that err says something about a failure; returns status. */
vk_status vk_token_explain(vk_error *err, vk_status status);

/* The same as vk_token_end for a change of who can log in: PINs are no records, and the state says
 * nothing of them. */
VK_MUST_USE vk_status vk_token_end_logins(vk_token *token, vk_status status, vk_error *err);

/* All that follow are called with the lock held. */
/* VK_ERR_NOT_LOGGED_IN unless this role is. */
VK_MUST_USE vk_status vk_token_needs(const vk_token *token, vk_role role);
/* The same unless anybody is. */
VK_MUST_USE vk_status vk_token_needs_login(const vk_token *token);
/* Wipes what a login gave. */
void vk_token_forget(vk_token *token);
/* The records changed: bumps the generation. */
void vk_token_changed(vk_token *token);
/* The same for other processes, which look it up; part of the transaction that changes them. */
VK_MUST_USE vk_status vk_token_mark_changed(vk_token *token, vk_error *err);
/* SQLite's number that changes when others write, as of now. */
VK_MUST_USE vk_status vk_token_data_version(vk_token *token, int64_t *out, vk_error *err);
/* Looks up whether others wrote, and whether they changed the records. */
VK_MUST_USE vk_status vk_token_look_up(vk_token *token, vk_error *err);

/* ---- Files (file.c) ---- */

/* VK_ERR_PERMISSIONS unless it is a directory of ours that only we can write to. */
VK_MUST_USE vk_status vk_file_check_home(const char *home, vk_error *err);
/* The same for a token's file, and the directory it stands in. */
VK_MUST_USE vk_status vk_file_check_token(const char *path, vk_error *err);
/* directory/name; free with vk_text_free. */
char *vk_file_join(const char *directory, const char *name);
/* Like mkdir -p -m 700. */
VK_MUST_USE vk_status vk_file_make_directories(const char *directory, vk_error *err);
VK_MUST_USE vk_status vk_file_failed(vk_error *err, const char *path, const char *what);

/* ---- PINs (pin.c) ---- */

VK_MUST_USE vk_status vk_pin_check_length(size_t len);
/* Wraps the token's key under a new PIN and gives it all tries. */
VK_MUST_USE vk_status vk_pin_write(vk_db *db, const char *serial, vk_role role, const uint8_t *pin,
                                   size_t len, const uint8_t token_key32[32]);
/* Counts a failure; VK_OK gives the token's key. */
VK_MUST_USE vk_status vk_pin_unwrap(vk_token *token, vk_role role, const uint8_t *pin, size_t len,
                                    uint8_t token_key32[32]);
/* How many tries are left; *present: there is such a PIN. */
VK_MUST_USE vk_status vk_pin_tries(vk_token *token, vk_role role, bool *present, unsigned *tries);
VK_MUST_USE vk_status vk_pin_remove(vk_db *db, vk_role role, vk_error *err);
/* In secret memory; NULL if there is none. */
vk_token_keys *vk_token_keys_new(void);
void vk_token_keys_free(vk_token_keys *keys); /* NULL allowed; wipes */
/* The subkeys of keys->token. */
VK_MUST_USE vk_status vk_token_keys_derive(vk_token_keys *keys);
/* Nobody is logged in: now somebody is who unwrapped the token's key into keys, if status says that
 * he could; returns what became of it. Takes keys over (login.c). */
VK_MUST_USE vk_status vk_login_enter(vk_token *token, vk_role role, vk_token_keys *keys,
                                     vk_status status);

/* Somebody is logged in and unwrapped a key again: VK_ERR_INTEGRITY if it is not the token's, as of
 * a row that was wrapped elsewhere (login.c). */
VK_MUST_USE vk_status vk_login_check_key(const vk_token *token, const uint8_t token_key32[32]);

/* ---- Enrolments (enrolment.c) ---- */

bool vk_enrolment_is_sound(const vk_enrolment *enrolment);
/* Adds a sound one; new->id is set. */
VK_MUST_USE vk_status vk_enrolment_write(vk_db *db, const char *serial, vk_enrolment *new,
                                         const uint8_t secret32[32], const uint8_t token_key32[32],
                                         vk_error *err);
/* *touch_only: those of them that are not verified. */
VK_MUST_USE vk_status vk_enrolments_count(vk_token *token, size_t *out, size_t *touch_only,
                                          vk_error *err);
/* Is it the store of a security key, by its name? */
bool vk_token_is_device_store(const vk_token *token);

/* ---- Users of the passkey server (passkey.c) ---- */

/* Is every row as it was written? */
VK_MUST_USE vk_status vk_passkeys_check(vk_token *token, vk_error *err);

/* ---- Authenticated rows (row.c) ---- */

/* What says which kind of row of which token a MAC is of; the row's members follow. */
void vk_row_head(vk_buf *out, const char *kind, const char *serial);
/* Ends data. */
VK_MUST_USE vk_status vk_row_mac(const vk_token_keys *keys, vk_buf *data, uint8_t mac32[32]);
/* Ends data. VK_OK while nobody is logged in; VK_ERR_INTEGRITY. */
VK_MUST_USE vk_status vk_row_check(const vk_token *token, vk_buf *data, vk_bytes mac,
                                   vk_error *err);
VK_MUST_USE vk_status vk_row_broken(vk_error *err);

/* The MAC of the count of budgets in the token's own row. */
VK_MUST_USE vk_status vk_row_budgets_mac(const vk_token_keys *keys, const char *serial,
                                         int64_t count, uint8_t mac32[32]);

/* Turns every hardening rule on (relax.c). */
VK_MUST_USE vk_status vk_relaxed_reset(vk_token *token, vk_error *err);

/* ---- Settings (setup.c) ---- */

VK_MUST_USE vk_status vk_settings_mac(const vk_token_keys *keys, const char *serial,
                                      const vk_token_settings *settings, uint8_t mac32[32]);
void vk_settings_default(vk_token_settings *out);
/* Authenticated while somebody is logged in. */
VK_MUST_USE vk_status vk_settings_read(vk_token *token, vk_token_settings *out, vk_error *err);
VK_MUST_USE vk_status vk_settings_write(vk_token *token, const vk_token_settings *settings,
                                        vk_error *err);

/* ---- The state (state.c), and what vouches for it outside of the file (trust.c) ---- */

VK_MUST_USE vk_status vk_state_mac(const vk_token_keys *keys, const char *serial,
                                   const vk_state *state, uint8_t mac32[32]);
/* Authenticated while somebody is logged in. */
VK_MUST_USE vk_status vk_state_read(vk_token *token, vk_state *out, vk_error *err);
/* The same in a transaction that will write: a file of version 1 gets its first MAC. */
VK_MUST_USE vk_status vk_state_begin(vk_token *token, vk_state *out, vk_error *err);
VK_MUST_USE vk_status vk_state_write(vk_token *token, const vk_state *state, vk_error *err);
/* Counts a change of the records, if somebody is logged in; *moved: vk_trust_committed is due.
 * VK_ERR_INTEGRITY if the state is not to be trusted, unless the SO starts over. */
VK_MUST_USE vk_status vk_state_bump(vk_token *token, bool *moved, vk_error *err);

/* Looks for the anchor, at login, and notes in the journal if it is gone. A state that cannot be
 * read is not trusted until it can be, and goes with the anchor. */
void vk_trust_begin(vk_token *token);
void vk_trust_end(vk_token *token);
/* VK_ERR_INTEGRITY with the reason if the file was put back from a copy. */
VK_MUST_USE vk_status vk_trust_needed(const vk_token *token, vk_error *err);
/* Does a state go with an anchor? If not, text says why not. */
bool vk_trust_compare(vk_token *token, const vk_state *anchor, const vk_state *state,
                      char text[VK_TRUST_TEXT]);
/* What a transaction finds must not be older than what was there before. */
void vk_trust_check_state(vk_token *token, const vk_state *state);
/* The pending state is on disk: writes the anchor. */
void vk_trust_committed(vk_token *token);
/* At the begin of a transaction, if the file is not trusted: another process may have accepted it
 * meanwhile, or written the anchor that it did not go with. */
void vk_trust_look_again(vk_token *token);
/* Records are about to be dropped. */
void vk_trust_before_drop(vk_token *token);
/* The SO accepted the state that was just committed. */
void vk_trust_accept(vk_token *token);

/* ---- The journal (journal.c, chain.c, journal_rotate.c) ---- */

struct vk_journal_record;
typedef vk_status (*vk_journal_walk_fn)(void *context, const struct vk_journal_record *record);

/* A record that is written, but may be rolled back with its part of the transaction. */
typedef struct vk_journal_added {
    vk_scope_chain *chain;
    int64_t sequence;
    vk_hash hash;
} vk_journal_added;

/* Numbers, links, hashes and writes it. */
VK_MUST_USE vk_status vk_journal_put(vk_token *token, struct vk_journal_record *record,
                                     vk_journal_added *out, vk_error *err);
/* Its part of the transaction is done. */
void vk_journal_added_stands(vk_token *token, const vk_journal_added *added);
/* Adds a record to the token's own chain. */
VK_MUST_USE vk_status vk_journal_note(vk_token *token, int event, vk_error *err, const char *format,
                                      ...) __attribute__((format(printf, 4, 5)));
VK_MUST_USE vk_status vk_journal_hash(const vk_token *token, const struct vk_journal_record *record,
                                      vk_hash *out);
VK_MUST_USE vk_status vk_journal_mac(const vk_token *token, const vk_hash *hash, uint8_t mac32[32]);
VK_MUST_USE vk_status vk_chain_mac(const vk_token *token, vk_bytes point, int64_t sequence,
                                   const vk_hash *head, uint8_t mac32[32]);
/* Drops all records up to a number and writes a checkpoint into each of their chains. */
VK_MUST_USE vk_status vk_journal_drop(vk_token *token, int64_t through, vk_error *err);
/* The numbers of the first and the last record; 0: there are none. */
VK_MUST_USE vk_status vk_journal_ends(vk_token *token, int64_t *first, int64_t *last,
                                      vk_error *err);
VK_MUST_USE vk_status vk_journal_walk(vk_token *token, int64_t from, vk_journal_walk_fn each,
                                      void *context, vk_error *err);
/* A row of one of the statements with all columns: views, as long as the query stands there. */
void vk_journal_parse(const vk_query *query, struct vk_journal_record *out);
/* Drops the oldest records if there are more than the settings allow. */
VK_MUST_USE vk_status vk_journal_keep_bounded(vk_token *token, vk_error *err);
/* For scope.c. */
VK_MUST_USE vk_status vk_scope_flush_chains(vk_token *token, vk_error *err);
VK_MUST_USE vk_status vk_scope_flush_state(vk_token *token, vk_error *err);
void vk_scope_clear_chains(vk_scope_chain *chain);

/* ---- Key rows (key_row.c) ---- */

/* A row: what a record shows, and the rest. */
typedef struct vk_key_row {
    vk_key_record record;
    bool is_sealed;
    uint8_t sealed[VK_SEALED_LEN];
    vk_buf names[4]; /* private label and ckid, public label and ckid */
} vk_key_row;

VK_MUST_USE vk_status vk_key_row_read(vk_db *db, int64_t id, vk_key_row *out);
/* Inserts (id 0) or updates; sets id and moves the version on. */
VK_MUST_USE vk_status vk_key_row_write(vk_db *db, vk_key_row *row, vk_error *err);
void vk_key_row_clear(vk_key_row *row);
/* Copies a half's names. */
void vk_key_row_name_private(vk_key_row *row, const vk_key_names *names);
void vk_key_row_name_public(vk_key_row *row, const vk_key_names *names);
/* The seal covers the record, and which grants the key has. Those that opening found are appended
 * to grant_ids (NULL: they do not matter), an int64_t each. */
VK_MUST_USE vk_status vk_key_reseal(vk_token *token, const vk_key_record *record,
                                    const uint8_t secret32[32], vk_error *err);
VK_MUST_USE vk_status vk_key_open(vk_token *token, const vk_key_record *record,
                                  const uint8_t sealed[VK_SEALED_LEN], uint8_t secret32[32],
                                  vk_buf *grant_ids, vk_error *err);
/* Opens the seal of a key for what that says about its row. */
VK_MUST_USE vk_status vk_key_check(vk_token *token, int64_t id, vk_error *err);

/* ---- Everything (rows_verify.c) ---- */

/* what: "key", "grants", "budgets", "nonces", "passkeys". */
typedef void (*vk_rows_fn)(void *context, const char *what, const char *text);
/* Finds rows that were edited. Somebody is logged in. */
VK_MUST_USE vk_status vk_rows_verify(vk_token *token, vk_rows_fn found, void *context,
                                     vk_error *err);

/* ---- Grants and budgets (grant.c, budget.c) ---- */

/* The version and the point of a key that has its private half; VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_store_key_point(vk_token *token, int64_t key_id, int64_t *version,
                                         uint8_t point65[65], vk_error *err);
/* VK_ERR_INTEGRITY unless mac is that of exactly this grant of the key with this point. */
VK_MUST_USE vk_status vk_store_check_grant(const vk_token *token, const vk_grant_record *grant,
                                           const uint8_t point65[65], vk_bytes mac, vk_error *err);

/* Makes an empty budget unless there is one, and keeps the count of all of them. */
/* vk_token_grants with the lock held. */
VK_MUST_USE vk_status vk_grants_read(vk_token *token, int64_t key_id, vk_grant_record **out,
                                     size_t *count, vk_error *err);
/* Is every budget there, and as it was written? */
VK_MUST_USE vk_status vk_budgets_check(vk_token *token, vk_error *err);
VK_MUST_USE vk_status vk_budget_ensure(vk_token *token, const vk_hash *subject, vk_error *err);
/* The id alone; VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_budget_find(vk_token *token, const vk_hash *subject, int64_t *id,
                                     vk_error *err);
/* For who has no policy at hand: as many rules as the row has, which are none in a fresh one. */
#define VK_RULES_AS_STORED SIZE_MAX
VK_MUST_USE vk_status vk_budget_read(vk_token *token, const vk_hash *subject, size_t rule_count,
                                     int64_t *id, vk_budget *out, vk_error *err);
/* VK_RULE_STATE_LEN bytes each. */
void vk_budget_put_rules(vk_buf *out, const vk_rule_state *rules, size_t count);
void vk_budget_get_rule(const uint8_t *bytes, vk_rule_state *out);
VK_MUST_USE vk_status vk_budget_write(vk_token *token, const vk_hash *subject,
                                      const vk_budget *budget, vk_error *err);

/* ---- What was signed for a nonce (nonce.c) ---- */

#define VK_OPERATIONS_MAX 64

typedef struct vk_nonce_row {
    vk_nonce_charge charge; /* not present: there is no row */
    uint64_t signed_at;     /* of the first signature, seconds; 0: unknown */
    uint64_t included_at;   /* of the block that has one of them; 0: open */
    uint64_t signed_count;  /* different operations; 0: unknown, a row of before version 6 */
    size_t operation_count; /* as many of them as there is room for */
    vk_hash operations[VK_OPERATIONS_MAX];
    size_t spend_count;
    vk_spend spends[VK_SPENDS_MAX];
} vk_nonce_row;

VK_MUST_USE vk_status vk_nonce_read(vk_token *token, int64_t budget_id, const vk_hash *subject,
                                    const vk_u256 *nonce, vk_nonce_row *out, vk_error *err);
VK_MUST_USE vk_status vk_nonce_write(vk_token *token, int64_t budget_id, const vk_hash *subject,
                                     const vk_u256 *nonce, const vk_nonce_row *row, vk_error *err);
VK_MUST_USE vk_status vk_nonce_remove(vk_token *token, int64_t budget_id, const vk_u256 *nonce,
                                      vk_error *err);
/* Another operation is signed for it. */
void vk_nonce_add_operation(vk_nonce_row *row, const vk_hash *operation, uint64_t now);
/* Every row of a budget, in order of their nonces. Not VK_OK ends it. */
typedef vk_status (*vk_nonce_fn)(void *context, const vk_u256 *nonce, const vk_nonce_row *row);
VK_MUST_USE vk_status vk_nonce_each(vk_token *token, int64_t budget_id, const vk_hash *subject,
                                    vk_nonce_fn each, void *context, vk_error *err);

/* ---- Spend rules (spend.c, spend_count.c, spend_reserve.c) ---- */

struct vk_spend_set;
struct vk_spend_rule;

/* Those that digest is of; their states too are authenticated while somebody is logged in.
 * vk_spend_set_clear. */
VK_MUST_USE vk_status vk_spends_read(vk_token *token, const vk_hash *digest,
                                     struct vk_spend_set *out, vk_error *err);
/* What stands in the file, whatever it is worth: what cannot be read is removed, and the rest gets
 * new MACs; *digest is theirs. *were_edited: they were not as digest said. */
VK_MUST_USE vk_status vk_spends_accept(vk_token *token, vk_hash *digest, bool *were_edited,
                                       vk_error *err);
VK_MUST_USE vk_status vk_spends_digest(const vk_token *token, const struct vk_spend_set *set,
                                       vk_hash *out);
VK_MUST_USE vk_status vk_spend_write(vk_token *token, const struct vk_spend_rule *rule,
                                     vk_error *err);
VK_MUST_USE vk_status vk_spend_write_state(vk_token *token, const struct vk_spend_rule *rule,
                                           vk_error *err);
VK_MUST_USE vk_status vk_spend_remove(vk_token *token, int64_t id, vk_error *err);
/* An amount becomes included at a time: see VK_SPEND_BUCKETS. */
void vk_spend_include(struct vk_spend_rule *rule, uint64_t time, const vk_u256 *amount);

/* All rules, owned by the scope. */
VK_MUST_USE vk_status vk_scope_spends(vk_token *token, struct vk_spend_set **out, vk_error *err);
VK_MUST_USE vk_status vk_scope_flush_spends(vk_token *token, vk_error *err);

/* What a decision changes if it is kept. */
typedef struct vk_spend_change {
    size_t count;
    struct {
        struct vk_spend_rule *rule;
        vk_u256 open;
    } rules[VK_SPENDS_MAX];
} vk_spend_change;

/* Does what the operation takes fit the rules? Puts it into its nonce's row. VK_DENIED, rule
 * "spend"; VK_ERR_MISMATCH if the caller knows other rules. */
VK_MUST_USE vk_status vk_spends_reserve(vk_token *token, const vk_decision *decision,
                                        vk_nonce_row *row, vk_spend_change *out, vk_error *err);
void vk_spends_keep(const vk_spend_change *change);
/* What was signed for a nonce is included at that time; 0: never will be. */
VK_MUST_USE vk_status vk_spends_settle(vk_token *token, const vk_nonce_row *row,
                                       uint64_t included_at, vk_error *err);

#endif
