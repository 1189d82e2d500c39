/*
 * Eight threads in each of four processes on one token: sign under budgets and without, read, find,
 * make and remove keys, add grants, log in and out. No answer but the expected ones, no thread that
 * stands still, and at the end what the token remembers is exactly what has left.
 */
#include "crash/inspect.h"
#include "crash/operation.h"
#include "crash/processes.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_THREAD__)
#define SLOWER 6
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SLOWER 6
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

#define PROCESSES 4
#define THREADS 8
#define MEMBERS (1 + THREADS) /* of a process */
#define STEPS_EACH (60 / SLOWER)
#define SIDE_LABEL "side 0.0"

/* ---- Steps that the crash test has not ---- */

static bool is_free(const ledger_key *key) {
    return !ledger_has_budget(key->kind) && work_can_sign(key);
}

static bool sign_free(worker *w) {
    ledger_key *key = work_pick(w, is_free);
    return key == NULL || work_sign_with(w, key);
}

/* Keys that are removed are shared out among the processes by their number. */
static bool make_or_remove(worker *w) {
    unsigned process = (unsigned)(w->me - w->l->members) / MEMBERS;
    unsigned count = atomic_load(&w->l->key_count), first = dice_below(&w->d, count);
    for (unsigned i = 0; i < count && dice_percent(&w->d, 90); i++) {
        unsigned index = (first + i) % count;
        ledger_key *key = &w->l->keys[index];
        if (index % PROCESSES == process && key->kind == KIND_BUDGET &&
            atomic_load(&key->grant) == FACT_YES && key->imported) {
            return work_remove(w, key) && work_import_again(w, key);
        }
    }
    return work_make(w, KIND_BUDGET, true);
}

static bool is_granted_freely(const ledger_key *key) {
    return key->kind == KIND_FREE;
}

/* Each thread has chains of its own, beside the one that the operations are for. */
static bool grant_more(worker *w) {
    ledger_key *key = work_pick(w, is_granted_freely);
    uint64_t member = (uint64_t)(w->me - w->l->members);
    return work_grant_chain(w, key, member << 32 | atomic_load(&w->me->at));
}

/* Another session, and now and then another token's login. */
static bool use_sessions(worker *w) {
    worker other = *w;
    ledger_step_begin(w->me, STEP_LOGIN);
    bool is_side = dice_percent(&w->d, 10 / SLOWER);
    if (is_side && !client_slot(&other.c, SIDE_LABEL, &other.c.slot)) {
        return ledger_fail(w->l, "the other token is gone");
    }
    CK_RV rv = client_open(&other.c);
    if (rv == CKR_OK && is_side) {
        rv = client_login(&other.c, CKU_SO, CLIENT_SO_PIN);
    }
    if (rv == CKR_OK && is_side) {
        rv = other.c.f->C_Logout(other.c.session);
    }
    if (rv == CKR_OK) {
        rv = other.c.f->C_CloseSession(other.c.session);
    }
    return rv == CKR_OK || work_failed(w, "another session", WORK_LABEL, rv);
}

static bool log_out_and_in(worker *w) {
    ledger_step_begin(w->me, STEP_LOGIN);
    if (!dice_percent(&w->d, 12)) {
        return work_sign(w);
    }
    CK_RV rv = w->c.f->C_Logout(w->c.session);
    if (rv == CKR_OK) {
        rv = work_login(w, CKU_USER);
    }
    return rv == CKR_OK || work_failed(w, "logout and login", WORK_LABEL, rv);
}

/* ---- Processes ---- */

/* The last process is logged out and in all the time. */
static bool be(ledger *l, unsigned process, uint64_t seed) {
    static const work_step busy[THREADS] = {work_sign,      work_sign,  work_sign, sign_free,
                                            make_or_remove, grant_more, work_read, use_sessions};
    static const work_step restless[THREADS] = {work_sign, work_sign, work_sign, sign_free,
                                                work_sign, work_read, work_read, log_out_and_in};
    bool is_last = process == PROCESSES - 1;
    worker w = {.l = l, .me = &l->members[process * MEMBERS], .restless = is_last};
    if (!work_start(&w, CKU_USER) ||
        !processes_threads(&w, is_last ? restless : busy, THREADS, STEPS_EACH, seed)) {
        return false;
    }
    client_stop(&w.c);
    return !atomic_load(&l->failed);
}

/* ---- Before and after ---- */

static bool set_up(ledger *l, unsigned process, uint64_t seed) {
    static const ledger_kind kinds[] = {KIND_BUDGET,  KIND_BUDGET, KIND_BUDGET, KIND_ENABLE,
                                        KIND_PASSKEY, KIND_DIGEST, KIND_FREE,   KIND_SUDO};
    worker w = {.l = l, .me = &l->members[process], .d = dice_new(seed, 98)};
    bool held =
        processes_make_token(l, process, seed) && work_start(&w, CKU_USER) && work_new_token(&w);
    for (size_t i = 0; held && i < sizeof kinds / sizeof kinds[0]; i++) {
        held = work_make(&w, kinds[i], false);
    }
    client_stop(&w.c);
    return held;
}

static bool look(ledger *l, unsigned process, uint64_t seed) {
    worker w = {.l = l, .me = &l->members[process], .d = dice_new(seed, 99)};
    return inspect(&w);
}

static bool run_all(ledger *l, uint64_t seed) {
    pid_t pids[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++) {
        pids[i] = processes_fork(be, l, i, seed);
    }
    return processes_wait_all(l, pids, PROCESSES);
}

static unsigned count_left(const ledger *l) {
    unsigned count = 0;
    for (unsigned i = 0; i < atomic_load(&l->signature_count); i++) {
        count += l->signatures[i].left;
    }
    return count;
}

static bool test(ledger *l, const char *place, const char *home, uint64_t seed) {
    if (!processes_run(set_up, l, seed) || !run_all(l, seed)) {
        return false;
    }
    ledger_settle(l);
    printf("%u signatures left, %u were asked for, with %u keys\n", count_left(l),
           atomic_load(&l->signature_count), atomic_load(&l->key_count));
    return !atomic_load(&l->failed) && processes_run(look, l, seed) && inspect_directory(l, home) &&
           inspect_journal(l, place);
}

int main(int argc, char **argv) {
    char place[] = "/tmp/vk-concurrency-XXXXXX", home[64], anchors[64], command[64];
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    if (mkdtemp(place) == NULL) {
        return EXIT_FAILURE;
    }
    snprintf(home, sizeof home, "%s/home", place);
    snprintf(anchors, sizeof anchors, "%s/anchors", place);
    if (setenv("VALETKEY_HOME", home, 1) != 0 || setenv("VALETKEY_ANCHOR_DIR", anchors, 1) != 0) {
        return EXIT_FAILURE;
    }
    ledger *l = ledger_new();
    bool held = test(l, place, home, seed);
    if (!held) {
        printf("seed %llu: %s\n", (unsigned long long)seed, l->failure);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", place);
    return system(command) == 0 && held ? EXIT_SUCCESS : EXIT_FAILURE;
}
