/*
 * Decisions of several threads that share a transaction. To get them into one, the write lock is
 * held from outside until all of them wait. The program stands in for fdatasync, to count syncs and
 * to let them fail.
 */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "token/journal.h"
#include "token/store.h"

#define THREADS 8

static atomic_int syncs;
static atomic_bool syncs_fail;

__attribute__((visibility("default"))) int fdatasync(int file) {
    atomic_fetch_add(&syncs, 1);
    if (atomic_load(&syncs_fail)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, file);
}

typedef struct job {
    vk_token *token;
    const vk_grant_record *grant;
    vk_decide_fn decide; /* NULL: uses the budget once */
    unsigned number, rounds;
    vk_status status;
    vk_error err;
} job;

static vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    budget->rules[0].used = 1000;
    charge->present = true;
    return vk_fail(err, VK_DENIED, "rule", "the reason");
}

static vk_status use(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)err;
    budget->rules[0].used++;
    charge->present = true;
    return VK_OK;
}

/* Keys in these tests never change: asking what they are would wait for the lock. */
static vk_status once(job *j, unsigned round) {
    question q;
    uint8_t point65[65];
    point_of((unsigned)j->grant->key_id - 1, point65);
    question_init(&q, j->grant, point65, j->number * 1000 + round,
                  j->decide != NULL ? j->decide : use, NULL);
    return vk_token_decide(j->token, &q.decision, &j->err);
}

static void *run_job(void *arg) {
    job *j = arg;
    for (unsigned i = 0; i < j->rounds && j->status == VK_OK; i++) {
        uint64_t generation;
        j->status = once(j, i);
        if (j->status == VK_OK) {
            j->status = vk_token_generation(j->token, &generation);
        }
    }
    return NULL;
}

static void start(job *jobs, pthread_t *threads) {
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i].number = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    }
}

static void finish(const pthread_t *threads) {
    for (unsigned i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

static void wait_for_queue(vk_token *token) {
    for (size_t waiting = 0; waiting < THREADS;) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        pthread_mutex_lock(&token->group.lock);
        waiting = token->group.waiting;
        pthread_mutex_unlock(&token->group.lock);
    }
}

static sqlite3 *hold_lock(const vk_token *token) {
    sqlite3 *other;
    ck_assert_int_eq(sqlite3_open(vk_token_path(token), &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return other;
}

/* Runs one decision of each job, all of them in one transaction. */
static void run_together(vk_token *token, job *jobs) {
    pthread_t threads[THREADS];
    sqlite3 *other = hold_lock(token);
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i].rounds = 1;
    }
    start(jobs, threads);
    wait_for_queue(token);
    atomic_store(&syncs, 0);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    finish(threads);
}

typedef struct fixture {
    vk_token *token;
    vk_grant_record grants[3];
} fixture;

static fixture fixture_new(void) {
    fixture f = {.token = token_new(home)};
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    for (unsigned i = 0; i < 3; i++) {
        f.grants[i] = grant_add(f.token, key_add(f.token, i), 1);
    }
    return f;
}

static void fixture_free(fixture *f) {
    for (unsigned i = 0; i < 3; i++) {
        vk_grant_record_clear(&f->grants[i]);
    }
    vk_token_close(f->token);
}

static uint64_t used(vk_token *token, const vk_grant_record *grant) {
    vk_budget budget = budget_of(token, grant);
    uint64_t count = budget.rules[0].used;
    vk_budget_clear(&budget);
    return count;
}

START_TEST(one_wait_for_all) {
    fixture f = fixture_new();
    job jobs[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){.token = f.token, .grant = &f.grants[i % 3]};
    }
    run_together(f.token, jobs);
    ck_assert_int_eq(atomic_load(&syncs), 1);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_ok(jobs[i].status);
    }
    ck_assert_uint_eq(used(f.token, &f.grants[0]), 3);
    ck_assert_uint_eq(used(f.token, &f.grants[2]), 2);
    fixture_free(&f);
}
END_TEST

/* Key 1 is refused, the budget of key 2 was edited, key 0 signs. */
START_TEST(each_has_its_own_result) {
    fixture f = fixture_new();
    raw(vk_token_path(f.token), "UPDATE budget SET enabled = 1 WHERE id = 3");
    job jobs[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){.token = f.token, .grant = &f.grants[i % 3]};
        jobs[i].decide = i % 3 == 1 ? refuse : NULL;
    }
    run_together(f.token, jobs);
    static const vk_status expected[] = {VK_OK, VK_DENIED, VK_ERR_INTEGRITY};
    for (unsigned i = 0; i < THREADS; i++) {
        assert_status(jobs[i].status, expected[i % 3]);
    }
    ck_assert_str_eq(jobs[1].err.path, "rule");
    ck_assert_str_eq(jobs[1].err.message, "the reason");
    ck_assert_uint_eq(used(f.token, &f.grants[0]), 3);
    ck_assert_uint_eq(used(f.token, &f.grants[1]), 0);
    ck_assert_int_eq(raw_int(vk_token_path(f.token), "SELECT count(*) FROM nonce"), 3);
    fixture_free(&f);
}
END_TEST

START_TEST(all_fail_when_the_commit_fails) {
    fixture f = fixture_new();
    assert_ok(reserve(f.token, &f.grants[0], 77, 1));
    job jobs[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){.token = f.token, .grant = &f.grants[0]};
    }
    jobs[5].decide = refuse;
    atomic_store(&syncs_fail, true);
    run_together(f.token, jobs);
    atomic_store(&syncs_fail, false);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_status(jobs[i].status, i == 5 ? VK_DENIED : VK_ERR_STORE);
    }
    ck_assert_uint_eq(used(f.token, &f.grants[0]), 1);
    assert_ok(reserve(f.token, &f.grants[0], 78, 1));
    ck_assert_uint_eq(used(f.token, &f.grants[0]), 2);
    ck_assert_int_eq(raw_int(vk_token_path(f.token), "SELECT count(*) FROM nonce"), 2);
    fixture_free(&f);
}
END_TEST

static sqlite3 *broken;
static int decided;

/* The last of them breaks the transaction off, as SQLite does by itself when memory or the disk
 * fails. */
static vk_status break_off(void *context, vk_budget *budget, vk_nonce_charge *charge,
                           vk_error *err) {
    if (++decided < THREADS) {
        return use(context, budget, charge, err);
    }
    ck_assert_int_eq(sqlite3_exec(broken, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    return vk_fail(err, VK_ERR_STORE, NULL, "disk I/O error");
}

START_TEST(nothing_is_written_after_the_transaction) {
    fixture f = fixture_new();
    const char *path = vk_token_path(f.token);
    assert_ok(reserve(f.token, &f.grants[0], 77, 1));
    int64_t counter = raw_int(path, "SELECT counter FROM state");
    job jobs[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){.token = f.token, .grant = &f.grants[0], .decide = break_off};
    }
    broken = f.token->db.handle;
    run_together(f.token, jobs);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_status(jobs[i].status, VK_ERR_STORE);
    }
    ck_assert_uint_eq(used(f.token, &f.grants[0]), 1);
    ck_assert_int_eq(raw_int(path, "SELECT counter FROM state"), counter);
    vk_journal_check check;
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert(check.findings == 0 && check.records == 1);
    assert_ok(reserve(f.token, &f.grants[0], 78, 1));
    ck_assert_uint_eq(used(f.token, &f.grants[0]), 2);
    fixture_free(&f);
}
END_TEST

/* What SQLite does when the disk is full while it drops records. */
static void break_off_drops(vk_token *token, bool on) {
    sqlite3 *handle = token->db.handle;
    ck_assert_int_eq(sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, on, NULL),
                     SQLITE_OK);
    const char *sql = on ? "CREATE TEMP TRIGGER full BEFORE DELETE ON main.journal BEGIN"
                           " SELECT RAISE(ROLLBACK, 'full'); END"
                         : "DROP TRIGGER full";
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
}

START_TEST(a_rotation_that_breaks_off_leaves_nothing) {
    fixture f = fixture_new();
    vk_journal_check check;
    int64_t dropped;
    for (uint64_t nonce = 0; nonce < 10; nonce++) {
        assert_ok(reserve(f.token, &f.grants[0], nonce, 1));
    }
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    break_off_drops(f.token, true);
    assert_status(vk_journal_rotate(f.token, 2, NULL, NULL, &dropped, NULL), VK_ERR_STORE);
    break_off_drops(f.token, false);
    ck_assert_int_eq(dropped, 0);
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert(check.findings == 0 && check.records == 10);
    assert_ok(vk_journal_rotate(f.token, 2, NULL, NULL, &dropped, NULL));
    ck_assert_int_eq(dropped, 8);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    assert_ok(reserve(f.token, &f.grants[0], 10, 1));
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert(check.findings == 0 && check.dropped == 8);
    fixture_free(&f);
}
END_TEST

/* What was not committed is not what the next transaction builds upon. */
START_TEST(settings_that_were_not_written) {
    fixture f = fixture_new();
    vk_journal_check check;
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    atomic_store(&syncs_fail, true);
    assert_status(vk_token_set_journal(f.token, VK_JOURNAL_ALL, 1000, NULL), VK_ERR_STORE);
    atomic_store(&syncs_fail, false);
    assert_ok(vk_token_set_journal(f.token, VK_JOURNAL_ALL, 1000, NULL));
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert(check.findings == 0 && check.records == 1);
    fixture_free(&f);
}
END_TEST

START_TEST(all_are_told_that_the_token_is_busy) {
    fixture f = fixture_new();
    job jobs[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){.token = f.token, .grant = &f.grants[0], .rounds = 1};
    }
    sqlite3 *other = hold_lock(f.token);
    start(jobs, threads);
    finish(threads);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_status(jobs[i].status, VK_ERR_BUSY);
    }
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    assert_ok(reserve(f.token, &f.grants[0], 1, 1));
    fixture_free(&f);
}
END_TEST

/* What a transaction knows from the one before is forgotten when others write to the file. */
START_TEST(an_edit_between_two_decisions_is_noticed) {
    static const char *const edits[] = {"UPDATE budget SET sign_count = 7 WHERE id = 1",
                                        "DELETE FROM approval WHERE id = 1",
                                        "UPDATE key SET version = version + 1 WHERE id = 1"};
    static const vk_status expected[] = {VK_ERR_INTEGRITY, VK_ERR_NOT_FOUND, VK_ERR_MISMATCH};
    for (unsigned i = 0; i < 3; i++) {
        fixture f = fixture_new();
        vk_decision decision = {.grant = &f.grants[0],
                                .key_version = key_version(f.token, f.grants[0].key_id),
                                .rule_count = RULES,
                                .decide = refuse};
        assert_ok(reserve(f.token, &f.grants[0], 1, 1));
        assert_status(vk_token_decide(f.token, &decision, NULL), VK_DENIED);
        raw(vk_token_path(f.token), edits[i]);
        assert_status(vk_token_decide(f.token, &decision, NULL), expected[i]);
        fixture_free(&f);
    }
}
END_TEST

/* That others wrote is forgotten neither by who looks for changed keys, nor by who looks at a
 * budget. */
START_TEST(a_look_in_between_hides_nothing) {
    fixture f = fixture_new();
    vk_token *other = token_open_as(vk_token_path(f.token), VK_ROLE_USER);
    for (uint64_t i = 0; i < 10; i++) {
        uint64_t generation;
        assert_ok(reserve(f.token, &f.grants[0], 10 * i + 1, 1));
        assert_ok(reserve(other, &f.grants[0], 10 * i + 2, 1));
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        assert_ok(vk_token_generation(f.token, &generation));
        assert_ok(vk_token_generation(other, &generation));
        ck_assert_uint_eq(used(f.token, &f.grants[0]), 2 * i + 2);
    }
    vk_token_close(other);
    fixture_free(&f);
}
END_TEST

/* ---- Processes ---- */

#define PROCESSES 4
#define ROUNDS 20

typedef struct shared {
    const char *path;
    const vk_grant_record *grant;
    unsigned number;
} shared;

static int reserve_in_threads(void *arg) {
    const shared *s = arg;
    job jobs[THREADS];
    pthread_t threads[THREADS];
    vk_token *token = token_open_as(s->path, VK_ROLE_USER);
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){.token = token, .grant = s->grant, .rounds = ROUNDS};
    }
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i].number = s->number * THREADS + i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    }
    finish(threads);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_ok(jobs[i].status);
    }
    vk_token_close(token);
    return 0;
}

static pid_t start_process(shared *s) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(reserve_in_threads(s));
    }
    return child;
}

START_TEST(threads_in_several_processes) {
    fixture f = fixture_new();
    char *path = path_of(f.token);
    pid_t children[PROCESSES];
    int result;
    vk_token_close(f.token);
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = start_process(&(shared){path, &f.grants[0], i});
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(children[i], &result, 0), children[i]);
        ck_assert_int_eq(result, 0);
    }
    f.token = token_open_as(path, VK_ROLE_USER);
    ck_assert_uint_eq(used(f.token, &f.grants[0]), PROCESSES * THREADS * ROUNDS);
    vk_journal_check check;
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert(check.findings == 0 && check.records == PROCESSES * THREADS * ROUNDS);
    free(path);
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {one_wait_for_all,
                                  each_has_its_own_result,
                                  all_fail_when_the_commit_fails,
                                  nothing_is_written_after_the_transaction,
                                  a_rotation_that_breaks_off_leaves_nothing,
                                  settings_that_were_not_written,
                                  all_are_told_that_the_token_is_busy,
                                  an_edit_between_two_decisions_is_noticed,
                                  a_look_in_between_hides_nothing,
                                  threads_in_several_processes};
    return RUN_TESTS("group commit", tests);
}
