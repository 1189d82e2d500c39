/*
 * The crash test. Each run: three processes with four threads each use one token, and are killed at
 * random moments; in some runs the power is cut as well. Then another process looks at everything.
 * One run in two gets a new token, the others go on with what the run before left.
 *
 * Usage: crash [-s SEED] [-t SECONDS] RUNS. Ends early, in order, after so many seconds. After a
 * failure the directory stays, the exit status is 1.
 */
#include "crash/inspect.h"
#include "crash/roles.h"
#include "support/powercut.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES ROLES
#define PATIENCE_MS 60000
#define SERIES_MAX 12

typedef struct totals {
    unsigned runs, tokens, kills, power_cuts, stops, left, refused, keys, side_tokens;
    unsigned interrupted[STEPS];
} totals;

typedef struct test {
    ledger *l;
    dice d;
    uint64_t seed;
    char place[PATH_MAX - 64];
    char home[PATH_MAX], anchors[PATH_MAX], copy[PATH_MAX];
    char template_home[PATH_MAX], template_anchors[PATH_MAX];
    pid_t pids[PROCESSES];
    totals n;
} test;

static void die(const char *what) {
    perror(what);
    exit(2);
}

static void shell(const char *what, const char *a, const char *b) {
    char command[3 * PATH_MAX];
    snprintf(command, sizeof command, "%s '%s' '%s'", what, a, b);
    if (system(command) != 0) {
        die(command);
    }
}

/* ---- Tokens ---- */

static void new_place(test *t) {
    const char *base = getenv("TMPDIR");
    snprintf(t->place, sizeof t->place, "%s/vk-crash-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(t->place) == NULL) {
        die(t->place);
    }
    snprintf(t->home, sizeof t->home, "%s/home", t->place);
    snprintf(t->anchors, sizeof t->anchors, "%s/anchors", t->place);
    snprintf(t->template_home, sizeof t->template_home, "%s/template", t->place);
    snprintf(t->template_anchors, sizeof t->template_anchors, "%s/template-anchors", t->place);
    snprintf(t->copy, sizeof t->copy, "%s/synced", t->place);
    if (setenv("VALETKEY_HOME", t->home, 1) != 0 ||
        setenv("VALETKEY_ANCHOR_DIR", t->anchors, 1) != 0) {
        die("setenv");
    }
}

/* The token that every fresh run begins with: logins are slow, so it is made once. */
static bool make_template(test *t) {
    t->l = ledger_new();
    bool made = processes_run(processes_make_token, t->l, 0);
    if (!made) {
        fprintf(stderr, "crash: %s\n", t->l->failure);
    } else if (rename(t->home, t->template_home) != 0 ||
               rename(t->anchors, t->template_anchors) != 0) {
        die(t->template_home);
    }
    ledger_free(t->l);
    return made;
}

static void fresh_token(test *t) {
    shell("rm -rf", t->home, t->copy);
    shell("rm -rf", t->anchors, t->copy);
    shell("cp -a", t->template_home, t->home);
    shell("cp -a", t->template_anchors, t->anchors);
    t->l = ledger_new();
    t->n.tokens++;
}

/* ---- One run ---- */

static void start_all(test *t, uint64_t seed) {
    atomic_store(&t->l->ready, 0);
    atomic_store(&t->l->stop, false);
    memset(t->l->members, 0, sizeof t->l->members);
    for (unsigned i = 0; i < PROCESSES; i++) {
        t->pids[i] = role_start(t->l, (role)i, i, seed);
    }
}

static void wait_until_all_work(const test *t) {
    uint64_t end = processes_now_ms() + PATIENCE_MS;
    while (atomic_load(&t->l->ready) < PROCESSES && !atomic_load(&t->l->failed) &&
           processes_now_ms() < end) {
        processes_sleep_us(200);
    }
}

/* The process of a thread that has just begun this step, or any, if none does so soon. */
static unsigned wait_for_step(test *t, ledger_step step) {
    uint64_t end = processes_now_ms() + 300;
    while (processes_now_ms() < end) {
        for (unsigned i = 0; i < PROCESSES * ROLE_THREADS; i++) {
            if (atomic_load(&t->l->members[i].step) == (int)step) {
                return i / ROLE_THREADS;
            }
        }
    }
    return dice_below(&t->d, PROCESSES);
}

/* While the processes start; when all work; or in the middle of a step. Which is the first to go?
 */
static unsigned wait_for_the_moment(test *t) {
    static const ledger_step steps[] = {STEP_GENERATE, STEP_IMPORT, STEP_GRANT, STEP_POLICY,
                                        STEP_REMOVE,   STEP_PIN,    STEP_TOKEN, STEP_SIGN};
    if (dice_percent(&t->d, 20)) {
        processes_sleep_us(dice_below(&t->d, 200000));
        return dice_below(&t->d, PROCESSES);
    }
    wait_until_all_work(t);
    processes_sleep_us(dice_below(&t->d, dice_percent(&t->d, 25) ? 300000 : 60000));
    if (dice_percent(&t->d, 40)) {
        return dice_below(&t->d, PROCESSES);
    }
    ledger_step step = steps[dice_below(&t->d, sizeof steps / sizeof steps[0])];
    unsigned process = wait_for_step(t, step);
    processes_sleep_us(dice_below(&t->d, step == STEP_PIN || step == STEP_TOKEN ? 150000 : 1500));
    return process;
}

static void kill_one(test *t, unsigned process) {
    for (unsigned i = 0; i < ROLE_THREADS; i++) {
        t->n.interrupted[atomic_load(&t->l->members[process * ROLE_THREADS + i].step)]++;
    }
    kill(t->pids[process], SIGKILL);
    int status = processes_wait(t->l, t->pids[process]);
    t->pids[process] = 0;
    t->n.kills++;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        ledger_fail(t->l, "process %u ended by itself: 0x%x", process, (unsigned)status);
    }
}

static void stop_rest(test *t) {
    atomic_store(&t->l->stop, true);
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (t->pids[i] != 0) {
            int status = processes_wait(t->l, t->pids[i]);
            t->n.stops++;
            if (status != 0) {
                ledger_fail(t->l, "process %u ended with 0x%x", i, (unsigned)status);
            }
        }
    }
}

/* With pauses in which the others go on; some runs spare the last ones. */
static void kill_some(test *t, unsigned first, bool power_cut) {
    unsigned count = power_cut ? PROCESSES : 1 + dice_below(&t->d, PROCESSES);
    for (unsigned i = 0; i < count; i++) {
        kill_one(t, (first + i) % PROCESSES);
        if (!power_cut) {
            processes_sleep_us(dice_below(&t->d, 15000));
        }
    }
    stop_rest(t);
}

static bool look(ledger *l, unsigned process, uint64_t seed) {
    (void)process;
    worker w = {.l = l, .me = &l->members[0], .d = dice_new(seed, 99)};
    return inspect(&w);
}

static bool look_at_everything(test *t, uint64_t seed) {
    ledger_settle(t->l);
    return !atomic_load(&t->l->failed) && processes_run(look, t->l, seed) &&
           inspect_directory(t->l, t->home) && inspect_journal(t->l, t->place);
}

static bool run(test *t) {
    uint64_t seed = dice_next(&t->d);
    bool power_cut = dice_percent(&t->d, 30);
    if (power_cut) {
        shell("rm -rf", t->copy, t->copy);
        shell("mkdir -p -m 700", t->copy, t->copy);
        powercut_watch(t->home, t->copy);
    }
    start_all(t, seed);
    kill_some(t, wait_for_the_moment(t), power_cut);
    if (power_cut) {
        powercut_strike();
        t->n.power_cuts++;
    }
    t->n.runs++;
    return look_at_everything(t, seed);
}

/* ---- All runs ---- */

static void add_up(test *t) {
    for (unsigned i = 0; i < atomic_load(&t->l->signature_count); i++) {
        const ledger_signature *s = &t->l->signatures[i];
        t->n.left += s->left;
        t->n.refused += atomic_load(&s->outcome) == OUTCOME_REFUSED;
    }
    t->n.keys += atomic_load(&t->l->key_count);
    t->n.side_tokens += atomic_load(&t->l->token_count);
}

/* Runs on one token, until the ledger is rather full. */
static bool run_series(test *t, unsigned runs, uint64_t end) {
    unsigned length = dice_percent(&t->d, 75) ? 1 : 2 + dice_below(&t->d, SERIES_MAX - 1);
    bool held = true;
    fresh_token(t);
    for (unsigned i = 0; i < length && t->n.runs < runs && processes_now_ms() < end && held; i++) {
        held = run(t);
    }
    if (!held) {
        printf("\ncrash: run %u, seed %llu: %s\nThe directory stays: %s\n", t->n.runs,
               (unsigned long long)t->seed, t->l->failure, t->place);
    }
    add_up(t);
    ledger_free(t->l);
    return held;
}

static void print_totals(const test *t, double seconds) {
    const totals *n = &t->n;
    printf("%u runs in %.0f s, seed %llu: %u processes killed, %u stopped in order, the power cut "
           "%u times; %u tokens began, %u were made beside, %u keys\n",
           n->runs, seconds, (unsigned long long)t->seed, n->kills, n->stops, n->power_cuts,
           n->tokens, n->side_tokens, n->keys);
    printf("%u signatures left, %u were refused, no budget was exceeded\nkilled while:", n->left,
           n->refused);
    for (int i = 0; i < STEPS; i++) {
        if (n->interrupted[i] > 0) {
            printf(" %s %u;", ledger_step_name((ledger_step)i), n->interrupted[i]);
        }
    }
    printf("\nafter every run: each signature that left is in the journal, which is whole\n");
}

/* A test that interrupts nothing proves nothing. */
static bool was_thorough(const totals *n) {
    static const ledger_step steps[] = {STEP_LOGIN, STEP_SIGN,   STEP_GENERATE, STEP_IMPORT,
                                        STEP_GRANT, STEP_POLICY, STEP_PIN,      STEP_TOKEN};
    for (size_t i = 0; n->runs >= 200 && i < sizeof steps / sizeof steps[0]; i++) {
        if (n->interrupted[steps[i]] == 0) {
            printf("crash: no thread was killed while %s\n", ledger_step_name(steps[i]));
            return false;
        }
    }
    if (n->left == 0) {
        printf("crash: no signature left\n");
    }
    return n->left > 0;
}

static bool run_all(test *t, unsigned runs, unsigned seconds) {
    uint64_t start = processes_now_ms(), end = seconds == 0 ? UINT64_MAX : start + seconds * 1000u;
    while (t->n.runs < runs && processes_now_ms() < end) {
        if (!run_series(t, runs, end)) {
            return false;
        }
    }
    print_totals(t, (double)(processes_now_ms() - start) / 1000);
    return was_thorough(&t->n);
}

static int usage(void) {
    fprintf(stderr, "usage: crash [-s SEED] [-t SECONDS] RUNS\n");
    return 2;
}

int main(int argc, char **argv) {
    static test t;
    unsigned seconds = 0;
    t.seed = (uint64_t)time(NULL);
    for (int option; (option = getopt(argc, argv, "s:t:")) != -1;) {
        if (option == 's') {
            t.seed = strtoull(optarg, NULL, 10);
        } else if (option == 't') {
            seconds = (unsigned)strtoul(optarg, NULL, 10);
        } else {
            return usage();
        }
    }
    if (optind + 1 != argc) {
        return usage();
    }
    printf("crash: seed %llu\n", (unsigned long long)t.seed);
    t.d = dice_new(t.seed, 0);
    new_place(&t);
    if (!make_template(&t) || !run_all(&t, (unsigned)strtoul(argv[optind], NULL, 10), seconds)) {
        return 1;
    }
    shell("rm -rf", t.place, t.place);
    return 0;
}
