/* A token that goes with an anchor, and copies of it. */
#ifndef VK_TESTS_TOKEN_ANCHORED_H
#define VK_TESTS_TOKEN_ANCHORED_H

#include "support.h"

typedef struct fixture {
    vk_token *token;
    char *path, *backup, *anchor;
    vk_grant_record grant;
} fixture;

/* The user is logged in and has signed once, nonce 1. */
fixture fixture_new(void);
void fixture_free(fixture *f);
/* a, b and c in a row; free with vk_text_free. */
char *name_with(const char *a, const char *b, const char *c);

/* ---- Copies ---- */

void copy_file(const char *from, const char *to);
/* Of a file that is no database. */
void copy_bytes(const char *from, const char *to);
void back_up(const fixture *f);
/* Closes the token, puts the copy in its place and logs in. */
void put_back(fixture *f);
/* The copy's rows for those of the file, which stays open. */
void put_rows_back(const fixture *f);
void reopen(fixture *f, vk_role role);
/* The same after closing it. */
void close_and_reopen(fixture *f);

/* ---- What is signed ---- */

/* As many reservations of 1, nonces from the first one on. */
void reserve_many(vk_token *token, const fixture *f, uint64_t first, uint64_t count);
vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err);
/* A decision that needs no budget. */
vk_status decide_plain(const fixture *f);
/* One that needs a budget and leaves no record. */
vk_status decide_unrecorded(const fixture *f);
/* Nothing is signed, and verification says why. */
void assert_refused(fixture *f);

/* ---- What the SO does ---- */

/* Another login, of this role. */
void become(fixture *f, vk_role role);
void accept_as_so(fixture *f);
void set_max(fixture *f, int64_t max);

/* ---- What is written ---- */

/* What verification says first, or NULL. */
const char *first_finding(vk_token *token);
bool is_clean(vk_token *token);
bool is_found(vk_token *token, const char *expected);
int64_t events(const fixture *f, int event);

#endif
