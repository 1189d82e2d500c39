#include "socket_io.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PACKET 64

static void *open_socket(const char *path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int *fd = malloc(sizeof *fd);
    if (fd == NULL || strlen(path) >= sizeof at.sun_path) {
        free(fd);
        return NULL;
    }
    strcpy(at.sun_path, path);
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*fd < 0 || connect(*fd, (struct sockaddr *)&at, sizeof at) != 0) {
        if (*fd >= 0) {
            close(*fd);
        }
        free(fd);
        return NULL;
    }
    return fd;
}

static void close_socket(void *handle) {
    close(*(int *)handle);
    free(handle);
}

static int read_socket(void *handle, unsigned char *out, size_t len, int ms) {
    struct pollfd ready = {.fd = *(int *)handle, .events = POLLIN};
    if (poll(&ready, 1, ms) != 1) {
        return -1;
    }
    ssize_t n = recv(ready.fd, out, len, 0);
    return n == (ssize_t)len ? (int)n : -1;
}

/* libfido2 puts the report's number in front. */
static int write_socket(void *handle, const unsigned char *report, size_t len) {
    if (len != PACKET + 1) {
        return -1;
    }
    return send(*(int *)handle, report + 1, PACKET, MSG_NOSIGNAL) == PACKET ? (int)len : -1;
}

const fido_dev_io_t *socket_io(void) {
    static const fido_dev_io_t io = {open_socket, close_socket, read_socket, write_socket};
    return &io;
}
