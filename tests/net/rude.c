#include "rude.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rude {
    rude_kind kind;
    const char *body;
    int listener;
    unsigned port, connections, requests;
    pthread_t thread;
};

static void require(bool ok, const char *what) {
    if (!ok) {
        perror(what);
        abort();
    }
}

/* A whole request; false if the connection ends before. */
static bool receive(int fd) {
    static char text[65536];
    size_t have = 0;
    for (;;) {
        ssize_t n = recv(fd, text + have, sizeof text - 1 - have, 0);
        if (n <= 0) {
            return false;
        }
        have += (size_t)n;
        text[have] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "\r\nContent-Length:");
        if (end != NULL && length != NULL &&
            have >= (size_t)(end - text) + 4 + strtoul(length + 17, NULL, 10)) {
            return true;
        }
    }
}

static void answer(const rude *r, int fd) {
    char text[1024];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       strlen(r->body), r->body);
    require(send(fd, text, (size_t)len, MSG_NOSIGNAL) == len, "send");
}

static void *run(void *context) {
    rude *r = context;
    for (;;) {
        int fd = accept(r->listener, NULL, NULL);
        if (fd < 0) {
            return NULL; /* rude_stop */
        }
        r->connections++;
        while (r->kind == RUDE_FORGETS && receive(fd)) {
            if (++r->requests > 1) {
                break;
            }
            answer(r, fd);
            /* The client may use this connection again, or another one: whichever comes first. */
            struct timeval patience = {.tv_usec = 300000};
            require(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0,
                    "setsockopt");
        }
        close(fd);
    }
}

rude *rude_start(rude_kind kind, const char *body) {
    rude *r = calloc(1, sizeof *r);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    require(r != NULL, "calloc");
    r->kind = kind;
    r->body = body;
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(r->listener >= 0, "socket");
    require(bind(r->listener, (struct sockaddr *)&at, sizeof at) == 0, "bind");
    require(listen(r->listener, 16) == 0, "listen");
    require(getsockname(r->listener, (struct sockaddr *)&at, &len) == 0, "getsockname");
    r->port = ntohs(at.sin_port);
    require(pthread_create(&r->thread, NULL, run, r) == 0, "pthread_create");
    return r;
}

unsigned rude_port(const rude *r) {
    return r->port;
}

void rude_stop(rude *r, unsigned *connections, unsigned *requests) {
    shutdown(r->listener, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->listener);
    *connections = r->connections;
    *requests = r->requests;
    free(r);
}
