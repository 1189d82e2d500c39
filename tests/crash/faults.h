/*
 * What the tests of faults share: a token with a key of each kind in a directory of its own, used
 * through the module in this process; what it says on standard error is kept.
 */
#ifndef VK_TESTS_FAULTS_H
#define VK_TESTS_FAULTS_H

#include "crash/work.h"

#include <check.h>
#include <sys/types.h>

extern worker user;   /* logged in */
extern char home[64]; /* the token's directory */
extern bool faults_has_journal;

/* Before all tests: logins and PINs are slow, so the token that each test gets a copy of is made
 * once. And after them. */
void faults_make_template(void);
void faults_remove_template(void);

/* Fixtures; libcheck runs each test in a process of its own. The directory alone, then the rest. */
void faults_new_home(void);
void faults_copy_token(void);
void faults_set_up(void); /* both */
/* The same; then the SO switches the journal off. */
void faults_set_up_without_journal(void);
/* Closes in order; then another process inspects everything (inspect.h). */
void faults_tear_down(void);
/* Closes only: where a test destroys what was durable. */
void faults_drop(void);

/* What this process mounts from now on, others do not see. Only root may: else false, and the log
 * has that the test is skipped, which scripts/check.sh counts. */
bool faults_own_mounts(const char *test);
/* Everything belongs to this user from now on. */
void faults_give_to(uid_t user_id);
/* The token's file. */
void faults_token_path(char path[128]);
ledger_key *faults_key(ledger_kind kind);
/* Signs a new operation, or digest. Nothing may be written unless it is CKR_OK. */
CK_RV faults_sign(ledger_kind kind);
/* The same of an operation with this nonce. */
CK_RV faults_sign_nonce(ledger_key *key, unsigned nonce);

/* What was said on standard error since the last call has this part. */
void faults_assert_reason(const char *part);
void faults_forget_reasons(void);

#define assert_rv(expression, expected)                                                            \
    do {                                                                                           \
        CK_RV actual_ = (expression);                                                              \
        ck_assert_msg(actual_ == (expected), "%s: 0x%lx, expected %s", #expression, actual_,       \
                      #expected);                                                                  \
    } while (0)

Suite *faults_disk_suite(void);
Suite *faults_files_suite(void);
Suite *faults_lock_suite(void);
Suite *faults_clock_suite(void);

#endif
