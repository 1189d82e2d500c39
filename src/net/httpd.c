#include "net/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS_MAX 80
#define CONNECTION_MEMORY ((size_t)32 << 10)
#define ASKED_HEADERS_MAX 512

struct vk_httpd {
    struct MHD_Daemon *daemon;
    char *origin;
    size_t body_max;
    vk_httpd_fn answer;
    void *context;
    bool is_loopback;
    char address[ADDRESS_MAX];
};

/* A request that is being received. */
typedef struct request {
    vk_buf body;
} request;

/* ---- Origins ---- */

typedef enum origin_kind { ORIGIN_NONE, ORIGIN_OURS, ORIGIN_OTHER } origin_kind;

static const char *header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static origin_kind origin_of(const vk_httpd *httpd, struct MHD_Connection *connection) {
    const char *origin = header(connection, "Origin");
    if (origin == NULL) {
        return ORIGIN_NONE;
    }
    return strcmp(origin, httpd->origin) == 0 ? ORIGIN_OURS : ORIGIN_OTHER;
}

/* ---- Answers ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
    (void)MHD_add_response_header(response, name, value);
}

static void add_cors(const vk_httpd *httpd, struct MHD_Response *response) {
    add_header(response, "Access-Control-Allow-Origin", httpd->origin);
    add_header(response, "Access-Control-Allow-Credentials", "true");
}

/* Takes the body over. */
static enum MHD_Result send_body(const vk_httpd *httpd, struct MHD_Connection *connection,
                                 unsigned code, vk_buf *body) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
    vk_buf_clear(body);
    if (response == NULL) {
        return MHD_NO;
    }
    add_header(response, "Content-Type", "application/json");
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Vary", "Origin");
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED) {
        add_header(response, "Allow", "POST, OPTIONS");
    }
    if (origin_of(httpd, connection) == ORIGIN_OURS) {
        add_cors(httpd, response);
    }
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(const vk_httpd *httpd, struct MHD_Connection *connection,
                              unsigned code, const char *text) {
    vk_buf body = {0};
    vk_buf_printf(&body, "{\"error\":\"%s\"}", text);
    return send_body(httpd, connection, code, &body);
}

/* ---- Preflights ---- */

/* A list of header names; anything else is not repeated. */
static bool is_name_list(const char *text) {
    return strlen(text) <= ASKED_HEADERS_MAX &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-_!#$%&'*+.^`|~, ")] == '\0';
}

/* What a browser asks before it lets the page ask: any header, since the caller may add some. */
static enum MHD_Result answer_preflight(const vk_httpd *httpd, struct MHD_Connection *connection) {
    const char *asked = header(connection, "Access-Control-Request-Headers");
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    add_cors(httpd, response);
    add_header(response, "Vary", "Origin");
    add_header(response, "Access-Control-Allow-Methods", "POST");
    add_header(response, "Access-Control-Allow-Headers",
               asked != NULL && is_name_list(asked) ? asked : "Content-Type");
    add_header(response, "Access-Control-Max-Age", "600");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_NO_CONTENT, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- Requests ---- */

static bool is_too_long(const vk_httpd *httpd, struct MHD_Connection *connection) {
    const char *length = header(connection, "Content-Length");
    return length != NULL && strtoull(length, NULL, 10) > httpd->body_max;
}

static enum MHD_Result too_long(const vk_httpd *httpd, struct MHD_Connection *connection) {
    return refuse(httpd, connection, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long");
}

/* By the head alone. *answered: nothing more is to be done. */
static enum MHD_Result look_at_head(const vk_httpd *httpd, struct MHD_Connection *connection,
                                    const char *method, bool *answered) {
    origin_kind origin = origin_of(httpd, connection);
    *answered = true;
    if (origin == ORIGIN_OTHER) {
        return refuse(httpd, connection, MHD_HTTP_FORBIDDEN,
                      "this server is not for pages of that origin");
    }
    if (strcmp(method, "OPTIONS") == 0 && origin == ORIGIN_OURS) {
        return answer_preflight(httpd, connection);
    }
    if (strcmp(method, "POST") != 0) {
        return refuse(httpd, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only POST is answered");
    }
    if (is_too_long(httpd, connection)) {
        return too_long(httpd, connection);
    }
    *answered = false;
    return MHD_YES;
}

static enum MHD_Result begin(const vk_httpd *httpd, struct MHD_Connection *connection,
                             const char *method, void **state) {
    bool answered;
    enum MHD_Result result = look_at_head(httpd, connection, method, &answered);
    if (answered) {
        return result;
    }
    *state = calloc(1, sizeof(request));
    return *state != NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result take(const vk_httpd *httpd, request *r, const char *data, size_t *len) {
    /* Without a Content-Length the end shows late; who sends more than that is not answered. */
    if (r->body.len + *len > httpd->body_max) {
        return MHD_NO;
    }
    vk_buf_put(&r->body, data, *len);
    *len = 0;
    return vk_buf_status(&r->body) == VK_OK ? MHD_YES : MHD_NO;
}

static enum MHD_Result finish(const vk_httpd *httpd, struct MHD_Connection *connection,
                              const char *path, const request *r) {
    vk_buf answer = {0};
    unsigned code = httpd->answer(httpd->context, path, vk_buf_view(&r->body), &answer);
    if (vk_buf_status(&answer) != VK_OK) {
        vk_buf_clear(&answer);
        return MHD_NO;
    }
    return send_body(httpd, connection, code, &answer);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **state) {
    const vk_httpd *httpd = context;
    (void)version;
    if (*state == NULL) {
        return begin(httpd, connection, method, state);
    }
    return *len > 0 ? take(httpd, *state, data, len) : finish(httpd, connection, path, *state);
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code) {
    request *r = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (r != NULL) {
        vk_buf_clear(&r->body);
        free(r);
        *state = NULL;
    }
}

/* ---- Where ---- */

typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} socket_address;

static vk_status bad_address(vk_error *err) {
    return vk_fail(err, VK_ERR_FORMAT, NULL,
                   "where to listen is an IP address, or localhost, and a port: 127.0.0.1:8787, "
                   "[::1]:8787");
}

static bool read_port(const char *text, uint16_t *out) {
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    *out = (uint16_t)port;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port <= UINT16_MAX;
}

static bool read_host(const char *host, socket_address *out) {
    *out = (socket_address){.v4.sin_family = AF_INET};
    if (strcmp(host, "localhost") == 0) {
        out->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return true;
    }
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        return true;
    }
    size_t len = strlen(host);
    char inside[ADDRESS_MAX];
    *out = (socket_address){.v6.sin6_family = AF_INET6};
    if (len < 3 || len >= sizeof inside || host[0] != '[' || host[len - 1] != ']') {
        return false;
    }
    memcpy(inside, host + 1, len - 2);
    inside[len - 2] = '\0';
    return inet_pton(AF_INET6, inside, &out->v6.sin6_addr) == 1;
}

static vk_status read_address(const char *text, vk_httpd *httpd, socket_address *out,
                              vk_error *err) {
    uint16_t port;
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    if (len == 0 || len >= sizeof httpd->address || !read_port(colon + 1, &port)) {
        return bad_address(err);
    }
    memcpy(httpd->address, text, len);
    httpd->address[len] = '\0';
    if (!read_host(httpd->address, out)) {
        return bad_address(err);
    }
    if (out->any.sa_family == AF_INET) {
        out->v4.sin_port = htons(port);
        httpd->is_loopback = ntohl(out->v4.sin_addr.s_addr) >> 24 == 127;
    } else {
        out->v6.sin6_port = htons(port);
        httpd->is_loopback = IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr);
    }
    return VK_OK;
}

/* Puts the port that it has behind the host. */
static void note_port(vk_httpd *httpd) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_BIND_PORT);
    size_t len = strlen(httpd->address);
    snprintf(httpd->address + len, sizeof httpd->address - len, ":%u",
             info != NULL ? (unsigned)info->port : 0);
}

/* ---- Life ---- */

/* What the library has to say is not for anybody. */
__attribute__((format(printf, 2, 0))) static void log_nothing(void *context, const char *format,
                                                              va_list args) {
    (void)context;
    (void)format;
    (void)args;
}

static struct MHD_Daemon *start_daemon(vk_httpd *httpd, const socket_address *address) {
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG;
    flags |= address->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    return MHD_start_daemon(flags, 0, NULL, NULL, handle, httpd, MHD_OPTION_EXTERNAL_LOGGER,
                            log_nothing, NULL, MHD_OPTION_SOCK_ADDR, &address->any,
                            MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)VK_HTTPD_CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)VK_HTTPD_IDLE_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static void release(vk_httpd *httpd) {
    free(httpd->origin);
    free(httpd);
}

static vk_status listen_at(vk_httpd *httpd, const vk_httpd_config *config, vk_error *err) {
    socket_address address;
    vk_status status = read_address(config->listen, httpd, &address, err);
    if (status != VK_OK) {
        return status;
    }
    errno = 0;
    httpd->daemon = start_daemon(httpd, &address);
    if (httpd->daemon == NULL) {
        return vk_fail(err, VK_ERR_SERVER, NULL, "cannot listen at %s: %s", config->listen,
                       errno != 0 ? strerror(errno) : "libmicrohttpd does not say why");
    }
    note_port(httpd);
    return VK_OK;
}

vk_status vk_httpd_start(const vk_httpd_config *config, vk_httpd **out, vk_error *err) {
    vk_httpd *httpd = calloc(1, sizeof *httpd);
    *out = NULL;
    if (httpd == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    httpd->body_max = config->body_max;
    httpd->answer = config->answer;
    httpd->context = config->context;
    httpd->origin = strdup(config->origin);
    vk_status status = httpd->origin != NULL
                           ? listen_at(httpd, config, err)
                           : vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    if (status != VK_OK) {
        release(httpd);
        return status;
    }
    *out = httpd;
    return VK_OK;
}

const char *vk_httpd_address(const vk_httpd *httpd) {
    return httpd->address;
}

bool vk_httpd_is_loopback(const vk_httpd *httpd) {
    return httpd->is_loopback;
}

static unsigned connections(const vk_httpd *httpd) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info != NULL ? info->num_connections : 0;
}

void vk_httpd_stop(vk_httpd *httpd) {
    const struct timespec step = {0, 20000000};
    if (httpd == NULL) {
        return;
    }
    MHD_socket listener = MHD_quiesce_daemon(httpd->daemon);
    for (int i = 0; i < VK_HTTPD_END_SECONDS * 50 && connections(httpd) > 0; i++) {
        nanosleep(&step, NULL);
    }
    MHD_stop_daemon(httpd->daemon);
    if (listener != MHD_INVALID_SOCKET) {
        close(listener);
    }
    release(httpd);
}
