/* The processes of a run of the crash test: each works until it is killed, or told to stop. */
#ifndef VK_TESTS_ROLES_H
#define VK_TESTS_ROLES_H

#include "crash/processes.h"

typedef enum role {
    ROLE_MAKER,  /* the user: makes, grants, removes; two threads sign */
    ROLE_SIGNER, /* the user: three threads sign */
    ROLE_SO,     /* policies, the SO's PIN; a thread makes tokens */
    ROLES
} role;

/* Each process has so many members of the ledger, the first is its main thread. */
#define ROLE_THREADS 4

/* Forks process number process. It ends with 0 after an orderly stop, and with its parent. */
pid_t role_start(ledger *l, role as, unsigned process, uint64_t seed);

#endif
