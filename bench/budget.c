/*
 * Durable signatures per second by number of threads: keys with a gas budget beside keys whose
 * policy remembers nothing, and beside what the disk can do. Slices of each in turn, medians and
 * ratios. All threads share one key ("one"), or have a key each ("each").
 *
 * Usage: budget [SLICES [SECONDS_PER_SLICE [NAME]]], with $VALETKEY_HOME on the disk to measure;
 * NAME: only lines whose name contains it. With bench/.libs/slow-sync.so in LD_PRELOAD every sync
 * takes 5 ms longer.
 */
#include "session_key.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 32
#define SLICES_MAX 99

typedef struct key {
    CK_OBJECT_HANDLE handle;
    uint8_t id4[4];
} key;

typedef struct bench {
    client client;
    CK_SESSION_HANDLE sessions[THREADS_MAX];
    key plain[THREADS_MAX], budgeted[THREADS_MAX];
    atomic_uint_fast64_t sequence;
} bench;

typedef struct subject {
    const char *name;
    int threads; /* 0: syncs of a file */
    bool is_budgeted, has_key_each;
    int base; /* index of the subject that the ratio is against; -1: none */
    double rates[SLICES_MAX];
} subject;

static subject subjects[] = {
    {"syncs of a file", 0, false, false, -1, {0}},
    {"no budget, 1 thread", 1, false, false, -1, {0}},
    {"budget, 1 thread", 1, true, false, 1, {0}},
    {"no budget, 8 threads, one key", 8, false, false, -1, {0}},
    {"budget, 8 threads, one key", 8, true, false, 3, {0}},
    {"budget, 8 threads, a key each", 8, true, true, 3, {0}},
    {"no budget, 32 threads, one key", 32, false, false, -1, {0}},
    {"budget, 32 threads, one key", 32, true, false, 6, {0}},
    {"budget, 32 threads, a key each", 32, true, true, 6, {0}},
};

#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- What the disk can do ---- */

/* Appends a page and waits for it, as a commit does. */
static double sync_slice(double seconds) {
    char path[1024], page[4096] = {0};
    snprintf(path, sizeof path, "%s/syncs", getenv("VALETKEY_HOME"));
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    must(file >= 0, "open");
    double start = now(), elapsed;
    size_t count = 0;
    do {
        off_t at = (off_t)(count % 1000 * sizeof page);
        must(pwrite(file, page, sizeof page, at) == sizeof page, "write");
        must(fdatasync(file) == 0, "fdatasync");
        count++;
        elapsed = now() - start;
    } while (elapsed < seconds);
    close(file);
    unlink(path);
    return (double)count / elapsed;
}

/* ---- Signatures ---- */

typedef struct worker {
    bench *b;
    const key *key;
    CK_SESSION_HANDLE session;
    double end;
    size_t count;
} worker;

static void sign_once(worker *w) {
    client c = w->b->client;
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    vk_buf operation = session_operation(w->key->id4, atomic_fetch_add(&w->b->sequence, 1));
    c.session = w->session;
    CK_RV rv = client_sign(&c, w->key->handle, CKM_VALETKEY_USEROP, vk_buf_view(&operation),
                           signature, &len);
    if (rv != CKR_OK) {
        fprintf(stderr, "bench: C_Sign: 0x%lx\n", rv);
        exit(1);
    }
    vk_buf_clear(&operation);
}

static void *work(void *arg) {
    worker *w = arg;
    while (now() < w->end) {
        sign_once(w);
        w->count++;
    }
    return NULL;
}

static double sign_slice(bench *b, const subject *s, double seconds) {
    pthread_t threads[THREADS_MAX];
    worker workers[THREADS_MAX];
    const key *keys = s->is_budgeted ? b->budgeted : b->plain;
    double start = now();
    for (int i = 0; i < s->threads; i++) {
        workers[i] =
            (worker){b, &keys[s->has_key_each ? i : 0], b->sessions[i], start + seconds, 0};
        must(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "pthread_create");
    }
    size_t count = 0;
    for (int i = 0; i < s->threads; i++) {
        pthread_join(threads[i], NULL);
        count += workers[i].count;
    }
    return (double)count / (now() - start);
}

static double slice(bench *b, const subject *s, double seconds) {
    return s->threads == 0 ? sync_slice(seconds) : sign_slice(b, s, seconds);
}

/* ---- Medians ---- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(subject *s, int slices) {
    qsort(s->rates, (size_t)slices, sizeof s->rates[0], compare);
    return s->rates[slices / 2];
}

static void print(int slices) {
    double medians[SUBJECTS];
    printf("%-34s %10s %14s %9s\n", "signatures", "per second", "of no budget", "of syncs");
    for (size_t i = 0; i < SUBJECTS; i++) {
        medians[i] = median(&subjects[i], slices);
        printf("%-34s %10.0f", subjects[i].name, medians[i]);
        if (subjects[i].base >= 0) {
            printf(" %14.2f %9.2f", medians[i] / medians[subjects[i].base],
                   medians[i] / medians[0]);
        }
        printf("\n");
    }
}

/* ---- Keys ---- */

static void set_up(bench *b) {
    char label[32];
    client_start(&b->client, "bench");
    for (int i = 0; i < THREADS_MAX; i++) {
        snprintf(label, sizeof label, "plain %d", i);
        b->plain[i].handle = session_key_new(&b->client, label, false, (uint8_t)(i + 1),
                                             session_policies, b->plain[i].id4);
        snprintf(label, sizeof label, "budget %d", i);
        b->budgeted[i].handle = session_key_new(&b->client, label, false, (uint8_t)(i + 101),
                                                session_policies_gas, b->budgeted[i].id4);
        CK_RV rv = b->client.f->C_OpenSession(b->client.slot, CKF_SERIAL_SESSION, NULL, NULL,
                                              &b->sessions[i]);
        must(rv == CKR_OK, "C_OpenSession");
    }
}

int main(int argc, char **argv) {
    int slices = argc > 1 ? atoi(argv[1]) : 9;
    double seconds = argc > 2 ? atof(argv[2]) : 0.5;
    const char *name = argc > 3 ? argv[3] : "";
    if (slices < 1 || slices > SLICES_MAX || seconds <= 0 || getenv("VALETKEY_HOME") == NULL) {
        fprintf(stderr, "usage: VALETKEY_HOME=DIR budget [SLICES [SECONDS_PER_SLICE [NAME]]]\n");
        return 1;
    }
    static bench b;
    set_up(&b);
    for (int i = 0; i < slices; i++) {
        for (size_t j = 0; j < SUBJECTS; j++) {
            if (strstr(subjects[j].name, name) != NULL) {
                subjects[j].rates[i] = slice(&b, &subjects[j], seconds);
            }
        }
    }
    print(slices);
    client_stop(&b.client);
    return 0;
}
