#include "net/http.h"

#include "net/header.h"
#include "net/url.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct vk_http {
    CURL *curl;
    struct curl_slist *headers;
    char *base; /* the URL; a secret, maybe */
    vk_url url;
    unsigned tries, backoff_ms;
    size_t answer_max;
    bool was_connected;
};

/* Where an answer goes. */
typedef struct taking {
    vk_buf *answer;
    size_t max;
} taking;

/* ---- Setting up ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started;

static void start_curl(void) {
    started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool add_header(vk_http *http, const char *header) {
    struct curl_slist *list = curl_slist_append(http->headers, header);
    if (list != NULL) {
        http->headers = list;
    }
    return list != NULL;
}

static bool has_header(const vk_http_config *config, const char *name) {
    for (size_t i = 0; i < config->header_count; i++) {
        if (vk_header_is(config->headers[i], name)) {
            return true;
        }
    }
    return false;
}

/* "Expect:" keeps curl from waiting for a "100 Continue" that few servers send. */
static bool add_headers(vk_http *http, const vk_http_config *config) {
    bool ok = (has_header(config, "Content-Type") ||
               add_header(http, "Content-Type: application/json")) &&
              add_header(http, "Accept: application/json") && add_header(http, "Expect:");
    for (size_t i = 0; i < config->header_count && ok; i++) {
        ok = add_header(http, config->headers[i]);
    }
    return ok;
}

/* What goes to this machine goes through nobody else. */
static bool set_route(const vk_http *http, const char *url) {
    CURL *curl = http->curl;
    const char *scheme = strncmp(http->url.name, "http:", 5) == 0 ? "http" : "https";
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK &&
           (!http->url.is_loopback || curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK);
}

static bool set_safety(CURL *curl, const vk_http_config *config) {
    long seconds = config->seconds > 0 ? (long)config->seconds : (long)VK_HTTP_SECONDS;
    return curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)VK_HTTP_CONNECT_SECONDS) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds) == CURLE_OK;
}

/* More than the limit ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *context) {
    const taking *t = context;
    vk_buf *answer = t->answer;
    size_t len = size * count;
    if (answer->len + len > t->max) {
        answer->status = VK_ERR_SIZE;
        return 0;
    }
    vk_buf_put(answer, data, len);
    return vk_buf_status(answer) == VK_OK ? len : 0;
}

static vk_status set_up(vk_http *http, const vk_http_config *config, vk_error *err) {
    vk_status status = vk_url_read(config->url, &http->url, err);
    if (status != VK_OK) {
        return status;
    }
    http->base = strdup(config->url);
    http->curl = curl_easy_init();
    bool ok = http->base != NULL && http->curl != NULL && add_headers(http, config) &&
              set_route(http, config->url) && set_safety(http->curl, config) &&
              (config->tries != 1 ||
               curl_easy_setopt(http->curl, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK) &&
              (!config->keeps_cookies ||
               curl_easy_setopt(http->curl, CURLOPT_COOKIEFILE, "") == CURLE_OK) &&
              curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
              curl_easy_setopt(http->curl, CURLOPT_USERAGENT, "valetkey") == CURLE_OK &&
              curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK;
    return ok ? VK_OK : vk_fail(err, VK_ERR_SERVER, NULL, "libcurl cannot be set up");
}

vk_status vk_http_open(const vk_http_config *config, vk_http **out, vk_error *err) {
    *out = NULL;
    if (pthread_once(&once, start_curl) != 0 || started != CURLE_OK) {
        return vk_fail(err, VK_ERR_SERVER, NULL, "libcurl cannot be set up");
    }
    vk_http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    http->tries = config->tries > 0 ? config->tries : VK_HTTP_TRIES;
    http->backoff_ms = config->backoff_ms > 0 ? config->backoff_ms : VK_HTTP_BACKOFF_MS;
    http->answer_max = config->answer_max > 0 ? config->answer_max : VK_HTTP_ANSWER_MAX;
    vk_status status = set_up(http, config, err);
    if (status != VK_OK) {
        vk_http_close(http);
        return status;
    }
    *out = http;
    return VK_OK;
}

void vk_http_close(vk_http *http) {
    if (http == NULL) {
        return;
    }
    curl_easy_cleanup(http->curl);
    for (struct curl_slist *item = http->headers; item != NULL; item = item->next) {
        vk_wipe(item->data, strlen(item->data));
    }
    curl_slist_free_all(http->headers);
    if (http->base != NULL) {
        vk_wipe(http->base, strlen(http->base));
        free(http->base);
    }
    free(http);
}

const char *vk_http_name(const vk_http *http) {
    return http->url.name;
}

/* ---- Asking ---- */

static bool is_of_network(CURLcode code) {
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
           code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
           code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
           code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

static bool is_worth_another(CURLcode code, long http_code) {
    return code == CURLE_OK ? http_code == 429 || http_code / 100 == 5 : is_of_network(code);
}

static void wait_before(const vk_http *http, unsigned tries_done) {
    uint64_t ms = (uint64_t)http->backoff_ms << (tries_done - 1);
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
}

/* The time at which the connection, and over it TLS, stood; zero if it never did. */
static bool is_connected(const vk_http *http) {
    bool is_tls = strncmp(http->url.name, "https:", 6) == 0;
    curl_off_t at = 0;
    /* What cannot be told counts as connected. */
    return curl_easy_getinfo(http->curl,
                             is_tls ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T,
                             &at) != CURLE_OK ||
           at > 0;
}

static CURLcode post_once(vk_http *http, vk_bytes body, vk_buf *answer, long *http_code) {
    CURL *curl = http->curl;
    taking into = {answer, http->answer_max};
    vk_buf_clear(answer);
    *http_code = 0;
    if (curl_easy_setopt(curl, CURLOPT_WRITEDATA, &into) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.data) != CURLE_OK) {
        return CURLE_FAILED_INIT;
    }
    CURLcode code = curl_easy_perform(curl);
    http->was_connected = http->was_connected || code == CURLE_OK || is_connected(http);
    return code == CURLE_OK ? curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, http_code) : code;
}

vk_status vk_http_post(vk_http *http, vk_bytes body, vk_buf *answer, long *code, vk_error *err) {
    http->was_connected = false;
    CURLcode done = post_once(http, body, answer, code);
    for (unsigned i = 1; i < http->tries && is_worth_another(done, *code); i++) {
        wait_before(http, i);
        done = post_once(http, body, answer, code);
    }
    if (answer->status == VK_ERR_SIZE) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "the answer of %s has more than %zu bytes",
                       http->url.name, http->answer_max);
    }
    return done == CURLE_OK ? VK_OK
                            : vk_fail(err, VK_ERR_SERVER, NULL, "cannot ask %s: %s", http->url.name,
                                      curl_easy_strerror(done));
}

bool vk_http_was_connected(const vk_http *http) {
    return http->was_connected;
}

/* The URL as a whole must still be one of this server. */
static vk_status set_place(vk_http *http, const char *url, vk_error *err) {
    vk_url read;
    vk_status status = vk_url_read(url, &read, err);
    if (status != VK_OK) {
        return status;
    }
    if (strcmp(read.name, http->url.name) != 0) {
        return vk_fail(err, VK_ERR_FORMAT, "url", "the URL cannot have a path behind it");
    }
    return curl_easy_setopt(http->curl, CURLOPT_URL, url) == CURLE_OK
               ? VK_OK
               : vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
}

vk_status vk_http_post_at(vk_http *http, const char *path, vk_bytes body, vk_buf *answer,
                          long *code, vk_error *err) {
    vk_buf joined = {0};
    vk_buf_put_text(&joined, http->base);
    vk_buf_put_text(&joined, path);
    char *url = vk_buf_take_text(&joined);
    if (url == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    vk_status status = set_place(http, url, err);
    vk_wipe(url, strlen(url));
    vk_text_free(url);
    return status == VK_OK ? vk_http_post(http, body, answer, code, err) : status;
}
