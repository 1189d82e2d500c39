/* What the files of this folder share: the token itself, its lock, its keys, its rows. */
#ifndef VK_TOKEN_STORE_H
#define VK_TOKEN_STORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "token/crypt.h"
#include "token/db.h"
#include "token/group.h"
#include "token/scope.h"
#include "token/token.h"

/* In secret memory, while somebody is logged in. */
typedef struct vk_token_keys {
    uint8_t token[32]; /* what both PINs wrap */
    uint8_t seal[32];  /* seals private keys */
    uint8_t mac[32];   /* authenticates rows */
    vk_mac *mac_of;    /* at work; owned */
} vk_token_keys;

struct vk_token {
    pthread_mutex_t lock;
    char *path;
    vk_db db;
    char serial[VK_TOKEN_SERIAL_LEN + 1];
    vk_role role;
    vk_token_keys *keys;          /* NULL while nobody is logged in */
    unsigned unsaved_failures[3]; /* by role: wrong PINs that could not be written */
    int64_t data_version;         /* SQLite's, when it was last looked up */
    int64_t changes;              /* of the records, then */
    vk_group group;
    vk_scope scope;      /* of the transactions of decisions */
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

/* The same for decisions, which leave the records alone. */
VK_MUST_USE vk_status vk_token_end_decisions(vk_token *token, vk_status status, vk_error *err);
/* Sees that err says something about a failure; returns status. */
vk_status vk_token_explain(vk_error *err, vk_status status);

/* All that follow are called with the lock held. */
/* VK_ERR_NOT_LOGGED_IN unless this role is. */
VK_MUST_USE vk_status vk_token_needs(const vk_token *token, vk_role role);
/* Wipes what a login gave. */
void vk_token_forget(vk_token *token);
/* The records changed: bumps the generation. */
void vk_token_changed(vk_token *token);
/* The same for other processes, which look it up; part of the transaction that changes them. */
VK_MUST_USE vk_status vk_token_mark_changed(vk_token *token, vk_error *err);
/* Looks up whether others wrote, and whether they changed the records. */
VK_MUST_USE vk_status vk_token_look_up(vk_token *token, vk_error *err);

/* ---- Files (file.c) ---- */

/* VK_ERR_PERMISSIONS unless it is a directory of ours that only we can write to. */
VK_MUST_USE vk_status vk_file_check_home(const char *home, vk_error *err);
/* The same for a token's file, and the directory it stands in. */
VK_MUST_USE vk_status vk_file_check_token(const char *path, vk_error *err);
/* directory/name; free with vk_text_free. */
char *vk_file_join(const char *directory, const char *name);
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
/* In secret memory; NULL if there is none. */
vk_token_keys *vk_token_keys_new(void);
void vk_token_keys_free(vk_token_keys *keys); /* NULL allowed; wipes */
/* The subkeys of keys->token. */
VK_MUST_USE vk_status vk_token_keys_derive(vk_token_keys *keys);

/* ---- Authenticated rows (row.c) ---- */

/* What says which kind of row of which token a MAC is of; the row's members follow. */
void vk_row_head(vk_buf *out, const char *kind, const char *serial);
/* Ends data. */
VK_MUST_USE vk_status vk_row_mac(const vk_token_keys *keys, vk_buf *data, uint8_t mac32[32]);
/* Ends data. VK_OK while nobody is logged in; VK_ERR_INTEGRITY. */
VK_MUST_USE vk_status vk_row_check(const vk_token *token, vk_buf *data, vk_bytes mac,
                                   vk_error *err);
VK_MUST_USE vk_status vk_row_broken(vk_error *err);

/* The MACs in the token's own row. */
VK_MUST_USE vk_status vk_row_default_mac(const vk_token_keys *keys, const char *serial,
                                         bool default_sudo, uint8_t mac32[32]);
VK_MUST_USE vk_status vk_row_budgets_mac(const vk_token_keys *keys, const char *serial,
                                         int64_t count, uint8_t mac32[32]);

/* Turns every hardening rule on (relax.c). */
VK_MUST_USE vk_status vk_relaxed_reset(vk_token *token, vk_error *err);

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
VK_MUST_USE vk_status vk_key_seal(const vk_token *token, const vk_key_record *record,
                                  const uint8_t secret32[32], uint8_t sealed[VK_SEALED_LEN]);
VK_MUST_USE vk_status vk_key_open(const vk_token *token, const vk_key_record *record,
                                  const uint8_t sealed[VK_SEALED_LEN], uint8_t secret32[32],
                                  vk_error *err);

/* ---- Grants and budgets (grant.c, budget.c) ---- */

/* The version and the point of a key that has its private half; VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_store_key_point(vk_token *token, int64_t key_id, int64_t *version,
                                         uint8_t point65[65], vk_error *err);
/* VK_ERR_INTEGRITY unless mac is that of exactly this grant of the key with this point. */
VK_MUST_USE vk_status vk_store_check_grant(const vk_token *token, const vk_grant_record *grant,
                                           const uint8_t point65[65], vk_bytes mac, vk_error *err);

/* Whose budget it is: SHA-256(point || chain || EntryPoint || account || permissionId). */
VK_MUST_USE vk_status vk_budget_subject(const uint8_t point65[65], const vk_grant_record *grant,
                                        vk_hash *out);
/* Makes an empty budget unless there is one, and keeps the count of all of them. */
VK_MUST_USE vk_status vk_budget_ensure(vk_token *token, const vk_hash *subject, vk_error *err);
VK_MUST_USE vk_status vk_budget_read(vk_token *token, const vk_hash *subject, size_t rule_count,
                                     int64_t *id, vk_budget *out, vk_error *err);
VK_MUST_USE vk_status vk_budget_write(vk_token *token, const vk_hash *subject,
                                      const vk_budget *budget, vk_error *err);
VK_MUST_USE vk_status vk_store_nonce_read(vk_token *token, int64_t budget_id,
                                          const vk_hash *subject, const vk_u256 *nonce,
                                          vk_nonce_charge *out, vk_error *err);
VK_MUST_USE vk_status vk_store_nonce_write(vk_token *token, int64_t budget_id,
                                           const vk_hash *subject, const vk_u256 *nonce,
                                           const vk_nonce_charge *charge, vk_error *err);

#endif
