/* Several processes, SIGKILL, a full disk: nothing committed is lost, nothing half done is left. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "support/limits.h"
#include "token/receipt.h"

#define PROCESSES 4
#define RESERVATIONS 50
#define KILLS 40

typedef struct shared {
    char *path;
    vk_grant_record grant;
    unsigned number; /* of the process */
    int report;      /* where a process says what it has committed */
} shared;

static shared shared_new(void) {
    shared s = {0};
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    s.grant = grant_add(token, key_add(token, 0), 1);
    s.path = path_of(token);
    vk_token_close(token);
    return s;
}

static void shared_free(shared *s) {
    vk_grant_record_clear(&s->grant);
    free(s->path);
}

static pid_t start(int (*body)(const shared *), const shared *s) {
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(body(s));
    }
    return child;
}

typedef struct progress {
    int64_t keys, reservations, receipts;
} progress;

/* What left the process has a record, and the chain goes with the anchor. */
static void assert_journal(vk_token *token, const progress *said) {
    vk_journal_check check;
    vk_error err = {0};
    assert_ok(vk_journal_verify(token, NULL, NULL, &check, &err));
    ck_assert_int_eq(check.findings, 0);
    ck_assert(check.macs_checked && check.anchor_checked);
    ck_assert_int_ge(check.records, said->reservations + said->receipts);
    ck_assert_int_le(check.records, said->reservations + said->receipts + 1);
}

static int64_t count_receipts(const char *path) {
    return raw_int(path, "SELECT count(*) FROM journal WHERE event = 10");
}

/* ---- Processes at once ---- */

static int reserve_many(const shared *s) {
    vk_token *token;
    if (vk_token_open(s->path, &token, NULL) != VK_OK ||
        login(token, VK_ROLE_USER, USER_PIN) != VK_OK) {
        return 1;
    }
    for (unsigned i = 0; i < RESERVATIONS; i++) {
        if (reserve(token, &s->grant, s->number * RESERVATIONS + i, s->number + 1) != VK_OK) {
            return 2;
        }
    }
    vk_token_close(token);
    return 0;
}

START_TEST(sums_are_exact_across_processes) {
    shared s = shared_new();
    pid_t children[PROCESSES];
    int result;
    for (s.number = 0; s.number < PROCESSES; s.number++) {
        children[s.number] = start(reserve_many, &s);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(children[i], &result, 0), children[i]);
        ck_assert_int_eq(result, 0);
    }
    vk_token *token = token_open_as(s.path, VK_ROLE_USER);
    vk_budget budget = budget_of(token, &s.grant);
    ck_assert_uint_eq(budget.rules[0].used, PROCESSES * RESERVATIONS);
    ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), RESERVATIONS * (1 + 2 + 3 + 4));
    ck_assert_int_eq(raw_int(s.path, "SELECT count(*) FROM nonce"), PROCESSES * RESERVATIONS);
    assert_journal(token, &(progress){.reservations = PROCESSES * RESERVATIONS});
    vk_budget_clear(&budget);
    vk_token_close(token);
    shared_free(&s);
}
END_TEST

/* ---- SIGKILL ---- */

/* As key_add() of a record like this one, without an assertion: libcheck writes each one into a
 * file that this process has from the test, and half of it if it is killed in between. */
static bool add_like(vk_token *token, const vk_key_record *like, unsigned n) {
    uint8_t secret[32];
    vk_key_record record = *like;
    vk_key_names names = names_of(n);
    point_of(n, record.point65);
    secret_of(n, secret);
    return vk_token_key_add(token, &record, &names, secret, NULL) == VK_OK;
}

static vk_status give_receipt(vk_token *token, const vk_grant_record *grant, uint64_t nonce) {
    uint8_t point65[65];
    vk_receipt receipt = {.chain_id = grant->chain_id, .account = grant->account, .bundler = "b"};
    point_of(0, point65);
    memcpy(receipt.operation.b, &nonce, sizeof nonce);
    return vk_token_add_receipt(token, point65, &receipt, NULL);
}

/* Key number n is the n-th key: the first was there before. */
static int work_forever(const shared *s) {
    vk_token *token = token_open_as(s->path, VK_ROLE_USER);
    vk_budget budget = budget_of(token, &s->grant);
    vk_key_record like = record_new(1);
    progress done = {raw_int(s->path, "SELECT count(*) FROM key"), (int64_t)budget.rules[0].used,
                     count_receipts(s->path)};
    for (;;) {
        if (write(s->report, &done, sizeof done) != sizeof done) {
            return 1;
        }
        if (reserve(token, &s->grant, (uint64_t)done.reservations, 1) != VK_OK) {
            return 2;
        }
        done.reservations++;
        if (write(s->report, &done, sizeof done) != sizeof done) {
            return 1;
        }
        if (give_receipt(token, &s->grant, (uint64_t)done.reservations - 1) != VK_OK) {
            return 4;
        }
        done.receipts++;
        if (write(s->report, &done, sizeof done) != sizeof done) {
            return 1;
        }
        if (!add_like(token, &like, (unsigned)done.keys)) {
            return 3;
        }
        done.keys++;
    }
}

static progress last_report(int from) {
    progress last = {0}, next;
    while (read(from, &next, sizeof next) == (ssize_t)sizeof next) {
        last = next;
    }
    return last;
}

static void sleep_us(unsigned us) {
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&time, NULL);
}

/* Starts the work, kills it a random moment after its first report; what it last said. */
static progress kill_worker(shared *s) {
    int ends[2], result;
    progress first;
    ck_assert_int_eq(pipe(ends), 0);
    s->report = ends[1];
    pid_t child = start(work_forever, s);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &first, sizeof first), (ssize_t)sizeof first);
    sleep_us((unsigned)rand() % 30000);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    ck_assert_int_eq(WIFSIGNALED(result) ? WTERMSIG(result) : 0, SIGKILL);
    progress last = last_report(ends[0]);
    close(ends[0]);
    return last.reservations > 0 ? last : first;
}

static void assert_whole(vk_token *token, int64_t at_least, progress *now) {
    int64_t *ids;
    size_t count;
    uint8_t secret[32], expected[32];
    assert_ok(vk_token_key_find(token, &(vk_key_filter){0}, &ids, &count));
    ck_assert_int_ge((int64_t)count, at_least);
    ck_assert_int_le((int64_t)count, at_least + 1);
    for (size_t i = 0; i < count; i++) {
        vk_key_record record;
        assert_ok(vk_token_key_get(token, ids[i], &record));
        assert_ok(unseal(token, &record, secret));
        secret_of((unsigned)i, expected);
        ck_assert_mem_eq(secret, expected, 32);
        vk_key_record_clear(&record);
    }
    now->keys = (int64_t)count;
    free(ids);
}

START_TEST(killed_at_any_moment) {
    shared s = shared_new();
    srand(1);
    for (int i = 0; i < KILLS; i++) {
        progress said = kill_worker(&s), found;
        vk_token *token = token_open_as(s.path, VK_ROLE_USER);
        assert_whole(token, said.keys, &found);
        assert_journal(token, &said);
        vk_budget budget = budget_of(token, &s.grant);
        ck_assert_uint_ge(budget.rules[0].used, (uint64_t)said.reservations);
        ck_assert_uint_le(budget.rules[0].used, (uint64_t)said.reservations + 1);
        ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), budget.rules[0].used);
        ck_assert_int_ge(count_receipts(s.path), said.receipts);
        ck_assert_int_le(count_receipts(s.path), said.receipts + 1);
        vk_budget_clear(&budget);
        vk_token_close(token);
    }
    ck_assert_int_gt(raw_int(s.path, "SELECT count(*) FROM key"), 1);
    ck_assert_int_gt(count_receipts(s.path), 1);
    shared_free(&s);
}
END_TEST

static vk_token_new new_args(void) {
    return (vk_token_new){
        .label = "t", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
}

static int create_one(const shared *s) {
    vk_token *token;
    vk_token_new args = new_args();
    (void)s;
    if (vk_token_create(home, &args, &token, NULL) != VK_OK) {
        return 1;
    }
    vk_token_close(token);
    return 0;
}

static size_t assert_all_open(void) {
    char **paths;
    size_t count;
    vk_token *token;
    vk_token_info info;
    assert_ok(vk_home_tokens(home, &paths, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        assert_ok(vk_token_open(paths[i], &token, NULL));
        assert_ok(vk_token_get_info(token, &info));
        ck_assert_str_eq(info.label, "t");
        vk_token_close(token);
    }
    vk_home_free(paths, count);
    return count;
}

START_TEST(killed_while_a_token_is_made) {
    int result;
    srand(2);
    for (int i = 0; i < KILLS; i++) {
        pid_t child = start(create_one, NULL);
        sleep_us((unsigned)rand() % 150000);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &result, 0), child);
        assert_all_open();
    }
    size_t before = assert_all_open();
    ck_assert_int_eq(create_one(NULL), 0);
    ck_assert_uint_eq(assert_all_open(), before + 1);
}
END_TEST

START_TEST(tokens_are_made_at_once) {
    pid_t children[PROCESSES];
    int result;
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = start(create_one, NULL);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(children[i], &result, 0), children[i]);
        ck_assert_int_eq(result, 0);
    }
    ck_assert_uint_eq(assert_all_open(), PROCESSES);
}
END_TEST

/* ---- A full disk ---- */

START_TEST(full_disk_loses_nothing) {
    shared s = shared_new();
    vk_token *token = token_open_as(s.path, VK_ROLE_USER);
    uint64_t committed = 0;
    limit_files(200000);
    vk_status status = VK_OK;
    while ((status = reserve(token, &s.grant, committed, 1)) == VK_OK) {
        ck_assert_uint_lt(++committed, 10000);
    }
    assert_status(status, VK_ERR_STORE_FULL);
    vk_key_record record = record_new(1);
    vk_key_names names = names_of(1);
    uint8_t secret[32] = {0};
    vk_error err;
    assert_status(vk_token_key_add(token, &record, &names, secret, &err), VK_ERR_STORE_FULL);
    ck_assert_int_ne(err.message[0], 0);
    vk_budget budget = budget_of(token, &s.grant);
    ck_assert_uint_eq(budget.rules[0].used, committed);
    vk_budget_clear(&budget);
    limit_files(RLIM_INFINITY);
    assert_ok(reserve(token, &s.grant, committed, 1));
    token = token_reopen(token);
    budget = budget_of(token, &s.grant);
    ck_assert_uint_eq(budget.rules[0].used, committed + 1);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_journal(token, &(progress){.reservations = (int64_t)committed + 1});
    vk_budget_clear(&budget);
    vk_key_record_clear(&record);
    vk_token_close(token);
    shared_free(&s);
}
END_TEST

/* Wrong PINs that cannot be written down are not free. */
START_TEST(full_disk_gives_no_tries) {
    shared s = shared_new();
    vk_token *token;
    vk_token_info info;
    assert_ok(vk_token_open(s.path, &token, NULL));
    limit_files(4000);
    for (int i = 0; i < VK_PIN_TRIES; i++) {
        assert_status(login(token, VK_ROLE_USER, "wrong"), VK_ERR_STORE_FULL);
    }
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_LOCKED);
    assert_ok(vk_token_get_info(token, &info));
    ck_assert_uint_eq(info.user_tries_left, 0);
    limit_files(RLIM_INFINITY);
    vk_token_close(token);
    shared_free(&s);
}
END_TEST

START_TEST(full_disk_makes_no_token) {
    vk_token *token;
    vk_token_new args = new_args();
    vk_error err;
    static const rlim_t limits[] = {0, 4096, 16384, 32768, 40000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        limit_files(limits[i]);
        vk_status status = vk_token_create(home, &args, &token, &err);
        limit_files(RLIM_INFINITY);
        assert_status(status, VK_ERR_STORE_FULL);
        ck_assert_int_ne(err.message[0], 0);
        ck_assert_uint_eq(assert_all_open(), 0);
    }
    assert_ok(vk_token_create(home, &args, &token, &err));
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {sums_are_exact_across_processes, killed_at_any_moment,
                                  killed_while_a_token_is_made,    tokens_are_made_at_once,
                                  full_disk_loses_nothing,         full_disk_gives_no_tries,
                                  full_disk_makes_no_token};
    return RUN_TESTS("token crashes", tests);
}
