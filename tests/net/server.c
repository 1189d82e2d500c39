#include "server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 65536

struct server {
    int listener;
    unsigned port;
    pthread_t thread;
    server_fn answer;
    void *context;
};

static void require(bool ok, const char *what) {
    if (!ok) {
        perror(what);
        abort();
    }
}

/* ---- One request ---- */

/* Where the body begins, 0 while the head is not whole; *len is what the body will have. */
static size_t body_at(const char *text, size_t *len) {
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = end == NULL ? NULL : strcasestr(text, "\r\nContent-Length:");
    *len = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
    return end == NULL ? 0 : (size_t)(end - text) + 4;
}

/* The request with a NUL; where its body begins, 0 if it does not come whole. */
static size_t receive(int fd, char text[REQUEST_MAX + 1], size_t *body_len) {
    size_t have = 0, start = 0;
    *body_len = 0;
    text[0] = '\0';
    while (have < REQUEST_MAX && (start == 0 || have < start + *body_len)) {
        ssize_t n = recv(fd, text + have, REQUEST_MAX - have, 0);
        if (n <= 0) {
            return 0;
        }
        have += (size_t)n;
        text[have] = '\0';
        start = body_at(text, body_len);
    }
    return start;
}

static void send_all(int fd, const void *data, size_t len) {
    const char *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return; /* the client has had enough */
        }
        p += n;
        len -= (size_t)n;
    }
}

static void send_answer(int fd, const server_answer *answer) {
    vk_buf head = {0};
    vk_buf_printf(&head,
                  "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n"
                  "Connection: close\r\nContent-Length: %zu\r\n%s\r\n",
                  answer->status, answer->body.len + answer->more, answer->head);
    send_all(fd, head.data, head.len);
    send_all(fd, answer->body.data, answer->body.len);
    vk_buf_clear(&head);
}

static void serve_one(const server *s, int fd) {
    char *text = malloc(REQUEST_MAX + 1);
    size_t body_len;
    require(text != NULL, "malloc");
    size_t start = receive(fd, text, &body_len);
    if (start > 0) {
        server_answer answer = {.status = 200};
        vk_bytes body = {(const uint8_t *)text + start, body_len};
        text[start - 1] = '\0';
        s->answer(s->context, text, body, &answer);
        usleep(answer.stall_ms * 1000);
        if (!answer.is_lost) {
            send_answer(fd, &answer);
        }
        vk_buf_clear(&answer.body);
    }
    free(text);
}

/* ---- The server ---- */

static void *run(void *context) {
    const server *s = context;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) {
            return NULL; /* server_stop */
        }
        serve_one(s, fd);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
}

server *server_start(server_fn answer, void *context) {
    server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    require(s != NULL, "calloc");
    s->answer = answer;
    s->context = context;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(s->listener >= 0, "socket");
    require(bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0, "bind");
    require(listen(s->listener, 16) == 0, "listen");
    require(getsockname(s->listener, (struct sockaddr *)&at, &len) == 0, "getsockname");
    s->port = ntohs(at.sin_port);
    require(pthread_create(&s->thread, NULL, run, s) == 0, "pthread_create");
    return s;
}

unsigned server_port(const server *s) {
    return s->port;
}

void server_stop(server *s) {
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    free(s);
}
