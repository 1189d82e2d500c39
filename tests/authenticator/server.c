/* The Unix socket: one thread for all connections, which never waits for one of them. */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32

typedef struct connection {
    port port;
    int fd; /* -1: free */
} connection;

struct server {
    authn *device;
    struct sockaddr_un at;
    int listener; /* -1 while it is unplugged */
    int wake;
    pthread_t thread;
    connection connections[CONNECTIONS_MAX];
};

void server_wake(struct server *s) {
    uint64_t one = 1;
    crypto_require(write(s->wake, &one, sizeof one) == sizeof one, "eventfd");
}

static void drain(struct server *s) {
    uint64_t count;
    crypto_require(read(s->wake, &count, sizeof count) == sizeof count, "eventfd");
}

/* ---- Connections; all under the lock ---- */

/* A client that does not read loses its connection. */
static void connection_send(port *p, const uint8_t packet[HID_PACKET]) {
    connection *c = (connection *)p;
    if (send(c->fd, packet, HID_PACKET, MSG_DONTWAIT | MSG_NOSIGNAL) != HID_PACKET) {
        p->gone = true;
        server_wake(p->device->server);
    }
}

static void close_connection(connection *c) {
    hid_detach(c->port.device, &c->port);
    close(c->fd);
    c->fd = -1;
}

static void accept_connection(struct server *s) {
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        connection *c = &s->connections[i];
        if (c->fd < 0) {
            *c = (connection){.fd = fd, .port.send = connection_send};
            hid_attach(s->device, &c->port);
            return;
        }
    }
    close(fd);
}

/* One report, so that all connections have their turn. */
static void serve_connection(connection *c) {
    uint8_t packet[HID_PACKET + 1];
    ssize_t len = recv(c->fd, packet, sizeof packet, MSG_DONTWAIT);
    if (len == HID_PACKET) {
        hid_receive(&c->port, packet);
    } else if (len >= 0 || (errno != EAGAIN && errno != EINTR)) {
        c->port.gone = true; /* the end, or no report */
    }
}

static void close_gone(struct server *s) {
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (s->connections[i].fd >= 0 && s->connections[i].port.gone) {
            close_connection(&s->connections[i]);
        }
    }
}

/* ---- The thread ---- */

static void close_all(struct server *s) {
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (s->connections[i].fd >= 0) {
            close_connection(&s->connections[i]);
        }
    }
    if (s->listener >= 0) {
        unlink(s->at.sun_path);
        close(s->listener);
        s->listener = -1;
        pthread_cond_broadcast(&s->device->changed);
    }
}

/* What to poll: the wake-up, the listener, then connections in their order; -1 is skipped. */
static void list(const struct server *s, struct pollfd fds[CONNECTIONS_MAX + 2]) {
    fds[0] = (struct pollfd){.fd = s->wake, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = s->listener, .events = POLLIN};
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        fds[i + 2] = (struct pollfd){.fd = s->connections[i].fd, .events = POLLIN};
    }
}

/* Those that ended come first: what they began must not stand in the way of the others. */
static void serve_ready(struct server *s, const struct pollfd fds[CONNECTIONS_MAX + 2]) {
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if ((fds[i + 2].revents & (POLLHUP | POLLERR)) != 0) {
            s->connections[i].port.gone = true;
        }
    }
    close_gone(s);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (s->connections[i].fd >= 0 && (fds[i + 2].revents & POLLIN) != 0) {
            serve_connection(&s->connections[i]);
        }
    }
    close_gone(s);
    if (s->listener >= 0 && (fds[1].revents & POLLIN) != 0) {
        accept_connection(s);
    }
}

static void *run(void *context) {
    struct server *s = context;
    authn *a = s->device;
    struct pollfd fds[CONNECTIONS_MAX + 2];
    pthread_mutex_lock(&a->lock);
    while (!a->stop) {
        if (!a->plugged) {
            close_all(s);
        }
        list(s, fds);
        pthread_mutex_unlock(&a->lock);
        poll(fds, CONNECTIONS_MAX + 2, -1);
        if ((fds[0].revents & POLLIN) != 0) {
            drain(s);
        }
        pthread_mutex_lock(&a->lock);
        if (a->plugged) {
            serve_ready(s, fds);
        }
    }
    close_all(s);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- From outside ---- */

void server_wait_down(authn *a) {
    while (a->server != NULL && a->server->listener >= 0) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
}

bool server_listen(authn *a) {
    struct server *s = a->server;
    if (s == NULL) {
        return true;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&s->at, sizeof s->at) != 0 || listen(fd, 16) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = error;
        return false;
    }
    s->listener = fd;
    server_wake(s);
    return true;
}

static struct server *new_server(authn *a, const char *path) {
    struct server *s = calloc(1, sizeof *s);
    crypto_require(s != NULL, "calloc");
    s->device = a;
    s->listener = -1;
    s->wake = eventfd(0, EFD_CLOEXEC);
    crypto_require(s->wake >= 0, "eventfd");
    s->at.sun_family = AF_UNIX;
    snprintf(s->at.sun_path, sizeof s->at.sun_path, "%s", path);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        s->connections[i].fd = -1;
    }
    return s;
}

bool authn_serve(authn *a, const char *path) {
    if (a->server != NULL || strlen(path) >= sizeof a->server->at.sun_path) {
        errno = a->server != NULL ? EBUSY : ENAMETOOLONG;
        return false;
    }
    struct server *s = new_server(a, path);
    pthread_mutex_lock(&a->lock);
    a->server = s;
    bool ok = server_listen(a);
    if (!ok) {
        a->server = NULL;
    }
    pthread_mutex_unlock(&a->lock);
    if (!ok) {
        int error = errno;
        close(s->wake);
        free(s);
        errno = error;
        return false;
    }
    crypto_require(pthread_create(&s->thread, NULL, run, s) == 0, "pthread_create");
    return true;
}

/* After a->stop was set. */
void server_free(authn *a) {
    if (a->server != NULL) {
        server_wake(a->server);
        pthread_join(a->server->thread, NULL);
        close(a->server->wake);
        free(a->server);
        a->server = NULL;
    }
}
