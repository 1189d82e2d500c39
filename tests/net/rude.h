/* Servers that break connections in ways server.h's does not. */
#ifndef VK_TESTS_NET_RUDE_H
#define VK_TESTS_NET_RUDE_H

typedef enum rude_kind {
    RUDE_CLOSES, /* closes connections unread */
    /* Answers the first request and leaves its connection open; takes every later one, on whatever
     * connection, and closes without an answer. */
    RUDE_FORGETS
} rude_kind;

typedef struct rude rude;

/* body: the answer of RUDE_FORGETS. Aborts if it cannot. */
rude *rude_start(rude_kind kind, const char *body);
unsigned rude_port(const rude *r);
/* Stops; how many connections and whole requests there were. */
void rude_stop(rude *r, unsigned *connections, unsigned *requests);

#endif
