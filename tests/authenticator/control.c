#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_LEN 512
/* How long "touch" waits for an operation that wants one. */
#define TOUCH_WAIT_MS 10000

struct control {
    authn *device;
    struct sockaddr_un at;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    int client;           /* -1: none */
    bool stop;
};

/* ---- Values ---- */

bool control_set_touch(authn *a, const char *mode) {
    char *end;
    unsigned long ms = strtoul(mode, &end, 10);
    if (strcmp(mode, "now") == 0) {
        authn_set_touch(a, AUTHN_TOUCH_NOW, 0);
    } else if (strcmp(mode, "never") == 0) {
        authn_set_touch(a, AUTHN_TOUCH_NEVER, 0);
    } else if (strcmp(mode, "denied") == 0) {
        authn_set_touch(a, AUTHN_TOUCH_DENIED, 0);
    } else if (end != mode && *end == '\0' && ms <= 3600000) {
        authn_set_touch(a, AUTHN_TOUCH_AFTER, (unsigned)ms);
    } else {
        return false;
    }
    return true;
}

bool control_read_names(const char *names, uint32_t (*named)(const char *, size_t),
                        uint32_t *bits) {
    *bits = 0;
    if (strcmp(names, "none") == 0) {
        return true;
    }
    for (;;) {
        size_t len = strcspn(names, ",");
        uint32_t bit = named(names, len);
        if (bit == 0) {
            return false;
        }
        *bits |= bit;
        if (names[len] == '\0') {
            return true;
        }
        names += len + 1;
    }
}

/* ---- Commands ---- */

static const char *misbehave(authn *a, const char *names) {
    uint32_t mistakes;
    if (!control_read_names(names, authn_mistake_named, &mistakes)) {
        return "error no such mistake";
    }
    authn_misbehave(a, mistakes);
    return "ok";
}

static const char *number(char *out, long value) {
    snprintf(out, LINE_LEN, "ok %ld", value);
    return out;
}

static const char *set_uv(authn *a, const char *text) {
    if (strcmp(text, "succeeds") != 0 && strcmp(text, "fails") != 0) {
        return "error succeeds or fails";
    }
    authn_set_uv(a, text[0] == 's' ? AUTHN_UV_SUCCEEDS : AUTHN_UV_FAILS);
    return "ok";
}

/* buffer: for an answer with a number. */
static const char *answer(authn *a, char *line, char buffer[LINE_LEN]) {
    char *value = strchr(line, ' ');
    if (value != NULL) {
        *value++ = '\0';
        if (strcmp(line, "touch") == 0) {
            return control_set_touch(a, value) ? "ok" : "error now, never, denied or milliseconds";
        }
        if (strcmp(line, "uv") == 0) {
            return set_uv(a, value);
        }
        return strcmp(line, "misbehave") == 0 ? misbehave(a, value) : "error no such command";
    }
    if (strcmp(line, "touch") == 0) {
        return authn_touch(a, TOUCH_WAIT_MS) ? "ok" : "error nothing waits for a touch";
    }
    if (strcmp(line, "wait") == 0) {
        return authn_wait_for_touch(a, TOUCH_WAIT_MS) ? "ok" : "error nothing waits for a touch";
    }
    if (strcmp(line, "unplug") == 0) {
        authn_unplug(a);
        return "ok";
    }
    if (strcmp(line, "plug") == 0) {
        return authn_plug(a) ? "ok" : "error it cannot listen";
    }
    if (strcmp(line, "pin-retries") == 0) {
        return number(buffer, authn_pin_retries(a));
    }
    if (strcmp(line, "credentials") == 0) {
        return number(buffer, (long)authn_credential_count(a));
    }
    return strcmp(line, "counter") == 0 ? number(buffer, (long)authn_counter(a))
                                        : "error no such command";
}

/* ---- The socket ---- */

static void answer_lines(authn *a, FILE *stream) {
    char line[LINE_LEN], buffer[LINE_LEN];
    while (fgets(line, sizeof line, stream) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        fprintf(stream, "%s\n", answer(a, line, buffer));
        if (fflush(stream) != 0) {
            return;
        }
    }
}

/* control_stop shuts the client's socket down, so it must know which it is. */
static bool set_client(control *c, int fd) {
    pthread_mutex_lock(&c->lock);
    c->client = fd;
    bool go_on = !c->stop;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

/* One client after the other. */
static void *run(void *context) {
    control *c = context;
    for (;;) {
        int fd = accept(c->listener, NULL, NULL);
        FILE *stream = fd < 0 ? NULL : fdopen(fd, "r+");
        if (stream == NULL) {
            return NULL; /* control_stop */
        }
        if (set_client(c, fd)) {
            answer_lines(c->device, stream);
        }
        set_client(c, -1);
        fclose(stream);
    }
}

static bool address(const char *path, struct sockaddr_un *out) {
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    errno = ENAMETOOLONG;
    return snprintf(out->sun_path, sizeof out->sun_path, "%s", path) < (int)sizeof out->sun_path;
}

static bool listen_at(control *c, const char *path) {
    if (!address(path, &c->at)) {
        return false;
    }
    c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->listener < 0) {
        return false;
    }
    if (bind(c->listener, (struct sockaddr *)&c->at, sizeof c->at) != 0 ||
        listen(c->listener, 16) != 0) {
        int error = errno;
        close(c->listener);
        errno = error;
        return false;
    }
    return true;
}

control *control_start(authn *a, const char *path) {
    control *c = calloc(1, sizeof *c);
    if (c == NULL || !listen_at(c, path)) {
        free(c);
        return NULL;
    }
    c->device = a;
    c->client = -1;
    pthread_mutex_init(&c->lock, NULL);
    if (pthread_create(&c->thread, NULL, run, c) != 0) {
        abort();
    }
    return c;
}

void control_stop(control *c) {
    unlink(c->at.sun_path);
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    shutdown(c->listener, SHUT_RDWR);
    if (c->client >= 0) {
        shutdown(c->client, SHUT_RDWR);
    }
    pthread_mutex_unlock(&c->lock);
    authn_unplug(c->device);
    pthread_join(c->thread, NULL);
    close(c->listener);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

bool control_tell(const char *path, const char *line) {
    struct sockaddr_un at;
    char reply[LINE_LEN] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || !address(path, &at) || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror(path);
        return false;
    }
    dprintf(fd, "%s\n", line);
    FILE *stream = fdopen(fd, "r");
    if (stream == NULL || fgets(reply, sizeof reply, stream) == NULL) {
        fprintf(stderr, "%s: no answer\n", path);
        return false;
    }
    fclose(stream);
    fputs(reply, stdout);
    return strncmp(reply, "ok", 2) == 0;
}
