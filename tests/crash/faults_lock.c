/* Another process holds the token's lock for longer than anybody waits. */
#include "crash/faults.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t holder;

static int hold(const char *sql, int ready) {
    char path[128];
    sqlite3 *db;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    faults_token_path(path);
    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 5000) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK || write(ready, "x", 1) != 1) {
        return 1;
    }
    for (;;) {
        pause();
    }
}

/* Returns once it is held. */
static void start_holder(const char *sql) {
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    holder = fork();
    ck_assert_int_ge(holder, 0);
    if (holder == 0) {
        _exit(hold(sql, ends[1]));
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
}

static void stop_holder(void) {
    int status;
    ck_assert_int_eq(kill(holder, SIGKILL), 0);
    ck_assert_int_eq(waitpid(holder, &status, 0), holder);
}

START_TEST(somebody_writes) {
    start_holder("BEGIN IMMEDIATE");
    assert_rv(faults_sign(KIND_FREE), faults_has_journal ? CKR_FUNCTION_FAILED : CKR_OK);
    assert_rv(faults_sign(KIND_SUDO), CKR_OK);
    assert_rv(faults_sign(KIND_BUDGET), CKR_FUNCTION_FAILED);
    faults_assert_reason("another process holds the token's lock");
    stop_holder();
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
}
END_TEST

/* Nothing can be read either. */
START_TEST(somebody_has_it_alone) {
    client_stop(&user.c);
    start_holder("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; "
                 "UPDATE key SET last_denial = last_denial");
    client_load(&user.c);
    user.c.slot = 0;
    faults_forget_reasons();
    assert_rv(client_open(&user.c), CKR_FUNCTION_FAILED);
    faults_assert_reason("another process holds the token's lock");
    stop_holder();
    client_stop(&user.c);
    ck_assert(work_start(&user, CKU_USER));
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
}
END_TEST

Suite *faults_lock_suite(void) {
    Suite *suite = suite_create("locks");
    TCase *cases = tcase_create("locks");
    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, faults_set_up, faults_tear_down);
    tcase_add_test(cases, somebody_writes);
    tcase_add_test(cases, somebody_has_it_alone);
    suite_add_tcase(suite, cases);
    TCase *quiet = tcase_create("locks without journal");
    tcase_set_timeout(quiet, 120);
    tcase_add_checked_fixture(quiet, faults_set_up_without_journal, faults_tear_down);
    tcase_add_test(quiet, somebody_writes);
    suite_add_tcase(suite, quiet);
    return suite;
}
