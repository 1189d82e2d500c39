/* Disks that are full or fail. */
#include "crash/faults.h"
#include "support/disk.h"
#include "support/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* A fault, and what the token answers while it lasts. */
typedef struct disk_fault {
    disk_call call;
    int error;
    uint64_t times; /* 0: as long as it lasts */
    CK_RV rv;
    const char *reason;
} disk_fault;

static const disk_fault faults[] = {
    {DISK_WRITE, ENOSPC, 0, CKR_DEVICE_MEMORY, "no space left"},
    {DISK_WRITE, ENOSPC, 1, CKR_DEVICE_MEMORY, "no space left"},
    {DISK_WRITE, EDQUOT, 0, CKR_DEVICE_MEMORY, "no space left"},
    {DISK_WRITE, EIO, 0, CKR_DEVICE_ERROR, "cannot be read or written"},
    {DISK_WRITE, EROFS, 0, CKR_TOKEN_WRITE_PROTECTED, "read-only"},
    {DISK_SYNC, EIO, 0, CKR_DEVICE_ERROR, "cannot be read or written"},
    {DISK_SYNC, EIO, 1, CKR_DEVICE_ERROR, "cannot be read or written"},
    {DISK_SYNC, ENOSPC, 1, CKR_DEVICE_MEMORY, "no space left"},
};
#define FAULTS (sizeof faults / sizeof faults[0])

static void begin(const disk_fault *f, uint64_t skip) {
    disk_fail(f->call, home, skip, f->times, f->error);
}

/* How many calls failed while it lasted. */
static uint64_t end(const disk_fault *f) {
    uint64_t failed = disk_failed(f->call);
    disk_fail(f->call, home, 0, 0, 0);
    return failed;
}

/* Lets the first call of a step fail, then the second, and so on, until all succeed. */
static unsigned fail_each_call(const disk_fault *f, CK_RV (*step)(void)) {
    for (unsigned skip = 0; skip < 100; skip++) {
        begin(f, skip);
        CK_RV rv = step();
        if (end(f) == 0) {
            assert_rv(rv, CKR_OK);
            return skip;
        }
        ck_assert_msg(rv == f->rv, "call %u fails with %d: 0x%lx", skip, f->error, rv);
        faults_assert_reason(f->reason);
    }
    ck_abort_msg("it never succeeds");
    return 0;
}

static CK_RV sign_budgeted(void) {
    return faults_sign(KIND_BUDGET);
}

static CK_RV sign_digest(void) {
    return faults_sign(KIND_DIGEST);
}

static CK_RV sign_assertion(void) {
    return faults_sign(KIND_PASSKEY);
}

static CK_RV sign_recorded(void) {
    return faults_sign(KIND_FREE);
}

static void sign_without_disk(const disk_fault *f, ledger_kind kind) {
    begin(f, 0);
    assert_rv(faults_sign(kind), CKR_OK);
    ck_assert_uint_eq(end(f), 0);
}

static CK_RV make_key(void) {
    static unsigned number;
    char label[24];
    CK_OBJECT_HANDLE made, found;
    CK_ULONG count;
    snprintf(label, sizeof label, "made %u", number++);
    const client_key key = {.label = label, .policy = "[{\"type\":\"sudo\"}]"};
    CK_RV rv = client_make(&user.c, &key, &made);
    if (rv != CKR_OK) {
        assert_rv(client_find(&user.c, CKO_PRIVATE_KEY, label, &found, &count), CKR_OK);
        ck_assert_uint_eq(count, 0);
    }
    return rv;
}

START_TEST(nothing_leaves_a_failing_disk) {
    const disk_fault *f = &faults[_i];
    ck_assert_uint_ge(fail_each_call(f, sign_budgeted), 1);
    ck_assert_uint_ge(fail_each_call(f, sign_digest), 1);
    ck_assert_uint_ge(fail_each_call(f, sign_assertion), 1);
    ck_assert_uint_ge(fail_each_call(f, sign_recorded), 1);
    ck_assert_uint_ge(fail_each_call(f, make_key), 1);
    sign_without_disk(f, KIND_SUDO);
}
END_TEST

START_TEST(without_journal_a_free_key_needs_no_disk) {
    const disk_fault *f = &faults[_i];
    ck_assert_uint_ge(fail_each_call(f, sign_budgeted), 1);
    sign_without_disk(f, KIND_FREE);
}
END_TEST

static CK_RV change_pin(void) {
    char pin[24];
    work_pin(0, false, pin);
    return user.c.f->C_SetPIN(user.c.session, (CK_UTF8CHAR *)pin, strlen(pin), (CK_UTF8CHAR *)pin,
                              strlen(pin));
}

/* The log that SQLite makes with the first change is nothing without its name. */
START_TEST(the_name_of_the_log_is_durable) {
    static const disk_fault name = {.call = DISK_SYNC_DIRECTORY, .error = EIO};
    begin(&name, 0);
    assert_rv(sign_budgeted(), CKR_DEVICE_ERROR);
    ck_assert_uint_ge(end(&name), 1);
    faults_assert_reason("the directory cannot be written");
    assert_rv(sign_budgeted(), CKR_OK);
}
END_TEST

/* Computing one is slow, so that not every fault is tried. */
START_TEST(the_pin_stays) {
    ck_assert_uint_ge(fail_each_call(&faults[0], change_pin), 1);
}
END_TEST

/* ---- Real limits ---- */

START_TEST(a_limit_on_files) {
    assert_rv(sign_budgeted(), CKR_OK);
    limit_files(8192);
    assert_rv(sign_budgeted(), CKR_DEVICE_MEMORY);
    assert_rv(faults_sign(KIND_SUDO), CKR_OK);
    limit_files(RLIM_INFINITY);
    faults_assert_reason("no space left");
    assert_rv(sign_budgeted(), CKR_OK);
}
END_TEST

/* A file that takes what is left. */
static void fill(const char *path) {
    static const char zeros[1024];
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(file, 0);
    while (write(file, zeros, sizeof zeros) > 0) {
    }
    ck_assert_int_eq(errno, ENOSPC);
    close(file);
}

static bool has_small_disk;

static void set_up_small_disk(void) {
    faults_new_home();
    has_small_disk = faults_own_mounts("a_full_disk");
    if (has_small_disk) {
        ck_assert_int_eq(mount("tmpfs", home, "tmpfs", 0, "size=600k,mode=0700"), 0);
    }
    faults_copy_token();
}

static void full_disk(void) {
    char path[80];
    snprintf(path, sizeof path, "%s/filler", home);
    unsigned before = 0;
    fill(path);
    while (faults_sign(KIND_BUDGET) == CKR_OK) {
        ck_assert_uint_lt(++before, 100); /* what SQLite has room for already */
    }
    faults_forget_reasons();
    assert_rv(sign_budgeted(), CKR_DEVICE_MEMORY);
    faults_assert_reason("no space left");
    assert_rv(make_key(), CKR_DEVICE_MEMORY);
    assert_rv(faults_sign(KIND_SUDO), CKR_OK);
    ck_assert_int_eq(unlink(path), 0);
    assert_rv(sign_digest(), CKR_OK);
}

START_TEST(a_full_disk) {
    if (has_small_disk) {
        full_disk();
    }
}
END_TEST

Suite *faults_disk_suite(void) {
    Suite *suite = suite_create("failing disks");
    TCase *cases = tcase_create("faults");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, faults_set_up, faults_tear_down);
    tcase_add_loop_test(cases, nothing_leaves_a_failing_disk, 0, FAULTS);
    tcase_add_test(cases, the_name_of_the_log_is_durable);
    tcase_add_test(cases, the_pin_stays);
    tcase_add_test(cases, a_limit_on_files);
    suite_add_tcase(suite, cases);
    TCase *quiet = tcase_create("faults without journal");
    tcase_set_timeout(quiet, 300);
    tcase_add_checked_fixture(quiet, faults_set_up_without_journal, faults_tear_down);
    tcase_add_loop_test(quiet, without_journal_a_free_key_needs_no_disk, 0, FAULTS);
    suite_add_tcase(suite, quiet);
    TCase *small = tcase_create("a small disk");
    tcase_set_timeout(small, 300);
    tcase_add_checked_fixture(small, set_up_small_disk, faults_tear_down);
    tcase_add_test(small, a_full_disk);
    suite_add_tcase(suite, small);
    return suite;
}
