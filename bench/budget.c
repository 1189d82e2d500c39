/*
 * Durable signatures per second by number of threads: keys with a gas budget, which also write a
 * record each, beside keys whose policy remembers nothing, without and with a record, and beside
 * what the disk can do. Slices of each in turn, medians and ratios. All threads share one key, or
 * have a key each.
 *
 * Usage: budget [SLICES [SECONDS_PER_SLICE [NAME]]], with $VALETKEY_HOME on the disk to measure;
 * NAME: only lines whose name contains it. With bench/.libs/slow-sync.so in LD_PRELOAD every sync
 * takes 5 ms longer.
 */
#include "session_key.h"
#include "token/journal.h"

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

/* A token with its keys, the plain ones under a policy that remembers nothing. */
typedef struct side {
    client client;
    CK_SESSION_HANDLE sessions[THREADS_MAX];
    key plain[THREADS_MAX], budgeted[THREADS_MAX];
} side;

typedef struct bench {
    side journaled, silent; /* silent: the SO has switched the journal off */
    atomic_uint_fast64_t sequence;
} bench;

typedef struct subject {
    const char *name;
    int threads; /* 0: syncs of a file */
    bool is_budgeted, has_key_each, is_silent;
    int base; /* index of the subject that the ratio is against; -1: none */
    double rates[SLICES_MAX];
} subject;

static subject subjects[] = {
    {.name = "syncs of a file", .base = -1},
    {.name = "no budget, no record, 1 thread", .threads = 1, .is_silent = true, .base = -1},
    {.name = "no budget, 1 thread", .threads = 1, .base = 1},
    {.name = "budget, 1 thread", .threads = 1, .is_budgeted = true, .base = 1},
    {.name = "no budget, no record, 8 threads", .threads = 8, .is_silent = true, .base = -1},
    {.name = "no budget, 8 threads", .threads = 8, .base = 4},
    {.name = "budget, 8 threads", .threads = 8, .is_budgeted = true, .base = 4},
    {.name = "budget, 8 threads, a key each",
     .threads = 8,
     .is_budgeted = true,
     .has_key_each = true,
     .base = 4},
    {.name = "no budget, no record, 32 threads", .threads = 32, .is_silent = true, .base = -1},
    {.name = "no budget, 32 threads", .threads = 32, .base = 8},
    {.name = "budget, 32 threads", .threads = 32, .is_budgeted = true, .base = 8},
    {.name = "budget, 32 threads, a key each",
     .threads = 32,
     .is_budgeted = true,
     .has_key_each = true,
     .base = 8},
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
    const side *side;
    const key *key;
    CK_SESSION_HANDLE session;
    double end;
    size_t count;
} worker;

static void sign_once(worker *w) {
    client c = w->side->client;
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
    const side *where = s->is_silent ? &b->silent : &b->journaled;
    const key *keys = s->is_budgeted ? where->budgeted : where->plain;
    double start = now();
    for (int i = 0; i < s->threads; i++) {
        const key *one = &keys[s->has_key_each ? i : 0];
        workers[i] = (worker){b, where, one, where->sessions[i], start + seconds, 0};
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
    printf("%-34s %10s %14s %9s\n", "signatures", "per second", "of no record", "of syncs");
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

static void make_keys(side *where) {
    char label[32];
    client *c = &where->client;
    for (int i = 0; i < THREADS_MAX; i++) {
        snprintf(label, sizeof label, "plain %d", i);
        where->plain[i].handle = session_key_new(c, label, false, (uint8_t)(i + 1),
                                                 session_policies, where->plain[i].id4);
        snprintf(label, sizeof label, "budget %d", i);
        where->budgeted[i].handle = session_key_new(c, label, false, (uint8_t)(i + 101),
                                                    session_policies_gas, where->budgeted[i].id4);
        CK_RV rv =
            c->f->C_OpenSession(c->slot, CKF_SERIAL_SESSION, NULL, NULL, &where->sessions[i]);
        must(rv == CKR_OK, "C_OpenSession");
    }
}

/* PKCS#11 has no way to say this: the newest token's file is opened once more. */
static void switch_journal_off(void) {
    char **paths;
    size_t count;
    vk_token *token;
    const uint8_t *pin = (const uint8_t *)CLIENT_SO_PIN;
    must(vk_home_tokens(getenv("VALETKEY_HOME"), &paths, &count, NULL) == VK_OK, "the tokens");
    must(vk_token_open(paths[count - 1], &token, NULL) == VK_OK, "the token");
    must(vk_token_login(token, VK_ROLE_SO, pin, strlen(CLIENT_SO_PIN)) == VK_OK, "the SO's login");
    must(vk_token_set_journal(token, VK_JOURNAL_OFF, VK_JOURNAL_MAX_DEFAULT, NULL) == VK_OK,
         "the journal's settings");
    vk_token_close(token);
    vk_home_free(paths, count);
}

static void set_up(bench *b) {
    client_start(&b->journaled.client, "bench");
    make_keys(&b->journaled);
    b->silent.client = client_add(&b->journaled.client, "silent");
    make_keys(&b->silent);
    switch_journal_off();
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
    client_stop(&b.journaled.client);
    return 0;
}
