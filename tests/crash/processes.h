/* Children that work on one ledger, their threads, and somebody who watches that they go on. */
#ifndef VK_TESTS_PROCESSES_H
#define VK_TESTS_PROCESSES_H

#include "crash/work.h"

#include <sys/types.h>

/* False: the process ends with 1. */
typedef bool (*process_body)(ledger *l, unsigned process, uint64_t seed);

/* Forks a child; it ends with its parent. */
pid_t processes_fork(process_body body, ledger *l, unsigned process, uint64_t seed);
/*
 * Waits for a child. One that takes longer than a minute hangs: what every thread does is printed,
 * the child aborted (the sanitizers print its stacks then), the ledger failed, the status -1.
 */
int processes_wait(ledger *l, pid_t pid);
/* Forks one and waits for it; true if it ended with 0. */
bool processes_run(process_body body, ledger *l, uint64_t seed);
/* Waits for children that end by themselves, as long as some thread of each takes steps. */
bool processes_wait_all(ledger *l, const pid_t *pids, unsigned count);

/* A step of a thread; false ends the thread. */
typedef bool (*work_step)(worker *w);
/*
 * Starts count threads, each with a session of its own and the member of the ledger behind w->me,
 * and waits for them: each repeats its step, limit times at most (0: no limit), until the ledger
 * says stop or has failed.
 */
bool processes_threads(const worker *w, const work_step *steps, unsigned count, unsigned limit,
                       uint64_t seed);

/* The body that makes the token that signs, with PINs number 0. */
bool processes_make_token(ledger *l, unsigned process, uint64_t seed);

uint64_t processes_now_ms(void);
void processes_sleep_us(unsigned microseconds);

#endif
