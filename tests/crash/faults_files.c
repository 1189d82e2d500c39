/* Files that cannot be written, and files that are taken away. */
#include "crash/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- Read-only ---- */

#define NOBODY 65534

/* The session is read-only as well: no other can be opened. */
static void reopen_read_only(void) {
    CK_SESSION_HANDLE session;
    client_load(&user.c);
    ck_assert(client_slot(&user.c, WORK_LABEL, &user.c.slot));
    assert_rv(user.c.f->C_OpenSession(user.c.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                      &session),
              CKR_TOKEN_WRITE_PROTECTED);
    assert_rv(user.c.f->C_OpenSession(user.c.slot, CKF_SERIAL_SESSION, NULL, NULL, &user.c.session),
              CKR_OK);
    assert_rv(work_login(&user, CKU_USER), CKR_OK);
}

static void sign_read_only(void) {
    static const ledger_kind kinds[] = {KIND_BUDGET, KIND_ENABLE, KIND_PASSKEY, KIND_DIGEST};
    faults_forget_reasons();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_rv(faults_sign(kinds[i]), CKR_TOKEN_WRITE_PROTECTED);
        faults_assert_reason("the token is read-only");
    }
    assert_rv(faults_sign(KIND_FREE), faults_has_journal ? CKR_TOKEN_WRITE_PROTECTED : CKR_OK);
    assert_rv(faults_sign(KIND_SUDO), CKR_OK);
}

static void reopen(void) {
    client_stop(&user.c);
    ck_assert(work_start(&user, CKU_USER));
}

/* Permissions do not bind root. The module stays loaded: an ordinary user may not find it. */
static void become_user(void) {
    Dl_info info;
    if (geteuid() != 0) {
        return;
    }
    ck_assert_int_ne(dladdr((void *)(uintptr_t)user.c.f->C_Sign, &info), 0);
    ck_assert_ptr_nonnull(dlopen(info.dli_fname, RTLD_NOW));
    client_stop(&user.c);
    faults_give_to(NOBODY);
    ck_assert(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    ck_assert(work_start(&user, CKU_USER));
}

typedef struct modes {
    mode_t directory, file;
} modes;

static const modes read_only_modes[] = {{0700, 0400}, {0500, 0600}, {0500, 0400}};

START_TEST(without_permission_to_write) {
    char path[128];
    become_user();
    client_stop(&user.c);
    faults_token_path(path);
    ck_assert_int_eq(chmod(path, read_only_modes[_i].file), 0);
    ck_assert_int_eq(chmod(home, read_only_modes[_i].directory), 0);
    reopen_read_only();
    sign_read_only();
    ck_assert_int_eq(chmod(home, 0700), 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
    reopen();
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
}
END_TEST

START_TEST(a_read_only_file_system) {
    client_stop(&user.c);
    if (faults_own_mounts("a_read_only_file_system")) {
        ck_assert_int_eq(mount(home, home, NULL, MS_BIND, NULL), 0);
        ck_assert_int_eq(mount(NULL, home, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
        reopen_read_only();
        sign_read_only();
        client_stop(&user.c);
        ck_assert_int_eq(umount2(home, MNT_DETACH), 0);
    }
    ck_assert(work_start(&user, CKU_USER));
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
}
END_TEST

/* ---- Taken away while it is used ---- */

static void log_path(char path[160]) {
    char token[128];
    faults_token_path(token);
    snprintf(path, 160, "%s-wal", token);
}

/* What is in its place is looked at once in a millisecond. */
static void wait_a_moment(void) {
    struct timespec time = {.tv_nsec = 5000000};
    nanosleep(&time, NULL);
}

static void assert_refused(ledger_kind kind, const char *reason) {
    faults_forget_reasons();
    assert_rv(faults_sign(kind), CKR_DEVICE_ERROR);
    faults_assert_reason(reason);
}

static void assert_nothing_is_counted(const char *reason) {
    wait_a_moment();
    assert_refused(KIND_BUDGET, reason);
    assert_refused(KIND_BUDGET, reason);
    assert_refused(KIND_PASSKEY, reason);
    assert_refused(KIND_DIGEST, reason);
}

static void assert_nothing_signs(const char *reason) {
    assert_nothing_is_counted(reason);
    assert_refused(KIND_FREE, reason);
    assert_refused(KIND_SUDO, reason);
}

/* Whoever has it open writes into the token what is in it, when he closes. */
START_TEST(the_log_is_removed) {
    char path[160];
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    log_path(path);
    ck_assert_int_eq(unlink(path), 0);
    assert_nothing_is_counted("-wal: the file was removed while the token was in use");
}
END_TEST

START_TEST(the_log_is_cut_short) {
    static const unsigned parts[] = {0, 1, 2};
    char path[160];
    struct stat info;
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    log_path(path);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(truncate(path, info.st_size * parts[_i] / 3), 0);
    assert_nothing_is_counted("-wal: the file was cut short while the token was in use");
}
END_TEST

START_TEST(the_token_is_removed) {
    char path[128];
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    faults_token_path(path);
    ck_assert_int_eq(unlink(path), 0);
    assert_nothing_signs(".db: the file was removed while the token was in use");
}
END_TEST

START_TEST(the_token_is_replaced) {
    char path[128], command[600];
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    faults_token_path(path);
    snprintf(command, sizeof command, "cp -p '%s' '%s-copy' && mv '%s-copy' '%s'", path, path, path,
             path);
    ck_assert_int_eq(system(command), 0);
    assert_nothing_signs(".db: the file was replaced by another one while the token was in use");
}
END_TEST

START_TEST(the_directory_is_removed) {
    char command[160];
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    ck_assert_int_eq(system(command), 0);
    assert_nothing_signs(".db: the file was removed while the token was in use");
}
END_TEST

/* ---- What a killed creation of a token leaves ---- */

static void leave_draft(char path[128]) {
    snprintf(path, 128, "%s/.new-0123456789abcdef", home);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(close(file), 0);
}

START_TEST(a_draft_that_was_left_goes) {
    char path[128];
    leave_draft(path);
    reopen();
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Whoever makes a token holds the directory's lock. */
START_TEST(a_draft_that_is_worked_on_stays) {
    char path[128];
    leave_draft(path);
    int directory = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert(directory >= 0 && flock(directory, LOCK_EX) == 0);
    reopen();
    ck_assert_int_eq(access(path, F_OK), 0);
    close(directory);
}
END_TEST

Suite *faults_files_suite(void) {
    Suite *suite = suite_create("files");
    TCase *kept = tcase_create("kept");
    tcase_set_timeout(kept, 300);
    tcase_add_checked_fixture(kept, faults_set_up, faults_tear_down);
    tcase_add_loop_test(kept, without_permission_to_write, 0,
                        sizeof read_only_modes / sizeof read_only_modes[0]);
    tcase_add_test(kept, a_read_only_file_system);
    tcase_add_test(kept, the_log_is_removed);
    tcase_add_test(kept, a_draft_that_was_left_goes);
    tcase_add_test(kept, a_draft_that_is_worked_on_stays);
    suite_add_tcase(suite, kept);
    TCase *quiet = tcase_create("kept without journal");
    tcase_set_timeout(quiet, 300);
    tcase_add_checked_fixture(quiet, faults_set_up_without_journal, faults_tear_down);
    tcase_add_loop_test(quiet, without_permission_to_write, 0,
                        sizeof read_only_modes / sizeof read_only_modes[0]);
    tcase_add_test(quiet, a_read_only_file_system);
    suite_add_tcase(suite, quiet);
    TCase *lost = tcase_create("lost");
    tcase_set_timeout(lost, 300);
    tcase_add_checked_fixture(lost, faults_set_up, faults_drop);
    tcase_add_loop_test(lost, the_log_is_cut_short, 0, 3);
    tcase_add_test(lost, the_token_is_removed);
    tcase_add_test(lost, the_token_is_replaced);
    tcase_add_test(lost, the_directory_is_removed);
    suite_add_tcase(suite, lost);
    return suite;
}
