#include "crash/processes.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define THREADS_MAX 16

uint64_t processes_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void processes_sleep_us(unsigned microseconds) {
    struct timespec time = {.tv_sec = microseconds / 1000000,
                            .tv_nsec = (long)(microseconds % 1000000) * 1000};
    nanosleep(&time, NULL);
}

/* ---- Children ---- */

pid_t processes_fork(process_body body, ledger *l, unsigned process, uint64_t seed) {
    pid_t parent = getpid();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        abort();
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(2);
        }
        _exit(body(l, process, seed) ? 0 : 1);
    }
    return child;
}

static void print_members(const ledger *l) {
    for (unsigned i = 0; i < LEDGER_MEMBERS; i++) {
        const ledger_member *member = &l->members[i];
        unsigned long at = atomic_load(&member->at);
        if (at > 0) {
            fprintf(stderr, "thread %u, step %lu: %s\n", i, at,
                    ledger_step_name((ledger_step)atomic_load(&member->step)));
        }
    }
}

static unsigned long steps_taken(const ledger *l) {
    unsigned long sum = 0;
    for (unsigned i = 0; i < LEDGER_MEMBERS; i++) {
        sum += atomic_load(&l->members[i].at);
    }
    return sum;
}

static bool has_ended(pid_t pid, int *status) {
    pid_t ended = waitpid(pid, status, WNOHANG);
    if (ended < 0 && errno != EINTR) {
        perror("waitpid");
        abort();
    }
    return ended == pid;
}

/* Gives it time to print what it knows. */
static void abort_child(pid_t pid) {
    int status;
    kill(pid, SIGABRT);
    processes_sleep_us(3000000);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

int processes_wait(ledger *l, pid_t pid) {
    int status;
    unsigned long steps = steps_taken(l);
    uint64_t end = processes_now_ms() + PATIENCE_MS;
    while (!has_ended(pid, &status)) {
        if (steps_taken(l) != steps) {
            steps = steps_taken(l);
            end = processes_now_ms() + PATIENCE_MS;
        }
        if (processes_now_ms() > end) {
            ledger_fail(l, "a process hangs");
            print_members(l);
            abort_child(pid);
            return -1;
        }
        processes_sleep_us(500);
    }
    return status;
}

static bool ended_well(ledger *l, int status) {
    return status == 0 || ledger_fail(l, "a process ended with 0x%x", (unsigned)status);
}

bool processes_run(process_body body, ledger *l, uint64_t seed) {
    return ended_well(l, processes_wait(l, processes_fork(body, l, 0, seed)));
}

bool processes_wait_all(ledger *l, const pid_t *pids, unsigned count) {
    bool held = true;
    for (unsigned i = 0; i < count; i++) {
        held = ended_well(l, processes_wait(l, pids[i])) && held;
    }
    return held;
}

/* ---- Threads ---- */

typedef struct thread {
    pthread_t id;
    worker w;
    work_step step;
    unsigned limit;
} thread;

static bool goes_on(const thread *t, unsigned steps) {
    return !atomic_load(&t->w.l->stop) && !atomic_load(&t->w.l->failed) &&
           (t->limit == 0 || steps < t->limit);
}

static void *work(void *argument) {
    thread *t = argument;
    for (unsigned i = 0; goes_on(t, i) && t->step(&t->w); i++) {
    }
    ledger_step_begin(t->w.me, STEP_FINISH);
    return NULL;
}

bool processes_threads(const worker *w, const work_step *steps, unsigned count, unsigned limit,
                       uint64_t seed) {
    thread threads[THREADS_MAX];
    for (unsigned i = 0; i < count; i++) {
        threads[i].step = steps[i];
        threads[i].limit = limit;
        if (!work_fork(w, w->me + 1 + i, seed, &threads[i].w)) {
            return false;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&threads[i].id, NULL, work, &threads[i]) != 0) {
            abort();
        }
    }
    atomic_fetch_add(&w->l->ready, 1);
    ledger_step_begin(w->me, STEP_IDLE);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i].id, NULL);
    }
    return true;
}

/* ---- The token ---- */

bool processes_make_token(ledger *l, unsigned process, uint64_t seed) {
    (void)process;
    (void)seed;
    char so[24], user[24];
    worker w = {.l = l, .me = &l->members[0]};
    work_pin(0, true, so);
    work_pin(0, false, user);
    client_load(&w.c);
    w.c.slot = client_empty_slot(&w.c);
    CK_RV rv = client_init_token(&w.c, w.c.slot, so, WORK_LABEL);
    if (rv == CKR_OK) {
        rv = client_open(&w.c);
    }
    if (rv == CKR_OK) {
        rv = client_login(&w.c, CKU_SO, so);
    }
    if (rv == CKR_OK) {
        rv = w.c.f->C_InitPIN(w.c.session, (CK_UTF8CHAR *)user, strlen(user));
    }
    client_stop(&w.c);
    return rv == CKR_OK || work_failed(&w, "making", WORK_LABEL, rv);
}
