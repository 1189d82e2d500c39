/* CTAPHID reports over a SOCK_SEQPACKET socket, a packet each. */
#include "keys/fido2_device.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPORT_LEN 64

typedef struct channel {
    int socket;
} channel;

bool vk_fido2_is_unix(const char *path) {
    return strncmp(path, VK_FIDO2_UNIX, strlen(VK_FIDO2_UNIX)) == 0;
}

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *file = path + strlen(VK_FIDO2_UNIX);
    if (!vk_fido2_is_unix(path) || strlen(file) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, file, strlen(file) + 1);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

vk_fido2_presence vk_fido2_unix_look(const char *path) {
    int fd = connect_to(path);
    if (fd >= 0) {
        close(fd);
        return VK_FIDO2_THERE;
    }
    return errno == EACCES || errno == EPERM ? VK_FIDO2_FORBIDDEN : VK_FIDO2_GONE;
}

static void *open_channel(const char *path) {
    channel *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->socket = connect_to(path);
    if (made->socket < 0) {
        free(made);
        return NULL;
    }
    return made;
}

static void close_channel(void *handle) {
    channel *used = handle;
    close(used->socket);
    free(used);
}

static bool wait_for_packet(int socket, int ms) {
    struct pollfd waited = {.fd = socket, .events = POLLIN};
    int ready;
    do {
        ready = poll(&waited, 1, ms);
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

static int read_report(void *handle, unsigned char *report, size_t len, int ms) {
    const channel *used = handle;
    if (len != REPORT_LEN || !wait_for_packet(used->socket, ms)) {
        return -1;
    }
    ssize_t got = recv(used->socket, report, len, 0);
    return got == REPORT_LEN ? REPORT_LEN : -1;
}

/* libfido2 puts the number of the report in front, as hidraw wants it. */
static int write_report(void *handle, const unsigned char *report, size_t len) {
    const channel *used = handle;
    if (len != REPORT_LEN + 1) {
        return -1;
    }
    ssize_t sent = send(used->socket, report + 1, REPORT_LEN, MSG_NOSIGNAL);
    return sent == REPORT_LEN ? (int)len : -1;
}

const fido_dev_io_t vk_fido2_unix_io = {
    .open = open_channel, .close = close_channel, .read = read_report, .write = write_report};

void vk_fido2_places_add(vk_fido2_places *places, const char *path) {
    if (places->count >= VK_FIDO2_PLACES_MAX) {
        return;
    }
    int fd = connect_to(path);
    if (fd < 0) {
        return;
    }
    close(fd);
    vk_fido2_place place = {.path = strdup(path)};
    if (place.path != NULL) {
        places->list[places->count++] = place;
    }
}
