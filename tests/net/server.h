/* An HTTP server on this machine that a test scripts: one request a connection, one at a time. */
#ifndef VK_TESTS_NET_SERVER_H
#define VK_TESTS_NET_SERVER_H

#include <valetkey/bytes.h>

typedef struct server_answer {
    int status;     /* 200 if it is left alone */
    vk_buf body;    /* the server clears it */
    size_t more;    /* bytes that Content-Length promises besides the body, and that never come */
    char head[256]; /* more header lines, each with "\r\n" */
    unsigned stall_ms; /* before the answer */
    bool is_lost;      /* the connection is closed instead of an answer */
} server_answer;

/* head: the request line and headers. Runs in the server's thread. */
typedef void (*server_fn)(void *context, const char *head, vk_bytes body, server_answer *out);

typedef struct server server;

/* Listens on a free port of 127.0.0.1. Aborts if it cannot. */
server *server_start(server_fn answer, void *context);
unsigned server_port(const server *s);
void server_stop(server *s);

#endif
