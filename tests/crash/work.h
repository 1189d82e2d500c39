/*
 * Steps of a program that uses a token, each written down in the ledger before and after. A step is
 * false when something answered as nothing may: the ledger has the failure then.
 */
#ifndef VK_TESTS_WORK_H
#define VK_TESTS_WORK_H

#include "crash/ledger.h"
#include "support/client.h"

#define WORK_LABEL "main" /* of the token that signs */

typedef struct worker {
    ledger *l;
    ledger_member *me;
    client c; /* with a session of its own */
    dice d;
    bool restless; /* others log this process out at any moment */
} worker;

/* Text of a PIN's number. */
void work_pin(unsigned number, bool so, char out[24]);

/* Loads the module, finds the token and logs in. */
bool work_start(worker *w, CK_USER_TYPE user);
/* A thread's worker: the same module, another session. */
bool work_fork(const worker *w, ledger_member *me, uint64_t seed, worker *out);
/* A login with the PIN as it is now, or as it is becoming. */
CK_RV work_login(worker *w, CK_USER_TYPE user);

/* Fails the ledger: what answered rv. True for what a logout explains in a restless process. */
bool work_failed(worker *w, const char *what, const char *label, CK_RV rv);

/* Finds all that a session sees, and reads what is public of one of them. */
bool work_read(worker *w);

/* ---- The user's steps ---- */

/* Signs with a random key that can sign; true as well when there is none. */
bool work_sign(worker *w);
bool work_sign_with(worker *w, ledger_key *key);
bool work_can_sign(const ledger_key *key);
/* Signs an entry whose key, mode, nonce and price are set. CKR_OK, or why not. */
CK_RV work_sign_entry(worker *w, CK_OBJECT_HANDLE key, ledger_signature *entry);
/* Makes or imports a key, with a grant if its kind needs one. True as well if the ledger is full.
 */
bool work_make(worker *w, ledger_kind kind, bool imported);
/* The same of an entry whose kind, secret, budget and policy are set. */
bool work_make_key(worker *w, ledger_key *key);
/* A grant for a key that has its policy and no grant; one more, on another chain. */
bool work_grant(worker *w, ledger_key *key);
bool work_grant_chain(worker *w, ledger_key *key, uint64_t chain_id);
/* Removes an imported key, and imports it again. */
bool work_remove(worker *w, ledger_key *key);
bool work_import_again(worker *w, ledger_key *key);
/* The PIN of whoever is logged in. */
bool work_change_pin(worker *w, ledger_pin *pin, bool so);

/* ---- The SO's ---- */

/* A policy for a key that was made without. */
bool work_set_policy(worker *w, ledger_key *key);
/* Another token; one of these, made anew. */
bool work_new_token(worker *w);
bool work_renew_token(worker *w, ledger_token *token);
void work_token_label(const ledger *l, const ledger_token *token, unsigned number, char out[32]);

/* A random key of which this is true, or NULL. */
ledger_key *work_pick(worker *w, bool (*is_wanted)(const ledger_key *key));

#endif
