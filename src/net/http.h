/*
 * POST of JSON to one server. TLS is verified, redirects are not followed, answers are bounded.
 *
 * Thread safety: one thread at a time uses a vk_http.
 */
#ifndef VK_NET_HTTP_H
#define VK_NET_HTTP_H

#include <valetkey/bytes.h>

#define VK_HTTP_CONNECT_SECONDS 10
#define VK_HTTP_SECONDS 30 /* a try as a whole */
#define VK_HTTP_TRIES 3
#define VK_HTTP_BACKOFF_MS 500 /* before the second try; doubled before each further one */
#define VK_HTTP_ANSWER_MAX ((size_t)8 << 20)

typedef struct vk_http_config {
    const char *url; /* see url.h */
    /* "Name: value", besides those that JSON needs; a Content-Type takes the place of JSON's. */
    const char *const *headers;
    size_t header_count;
    /* 1: a request that must not be sent twice, not even by libcurl, which sends again what a
     * connection that was kept open did not answer; 0: VK_HTTP_TRIES. */
    unsigned tries;
    unsigned backoff_ms; /* 0: VK_HTTP_BACKOFF_MS */
    unsigned seconds;    /* for a try; 0: VK_HTTP_SECONDS */
    size_t answer_max;   /* bytes; 0: VK_HTTP_ANSWER_MAX */
    bool keeps_cookies;  /* what the server sets is sent back to it, as long as this is open */
} vk_http_config;

typedef struct vk_http vk_http;

/* Nothing is sent yet, and config is not needed any more. VK_ERR_FORMAT for the URL. */
VK_MUST_USE vk_status vk_http_open(const vk_http_config *config, vk_http **out, vk_error *err);
void vk_http_close(vk_http *http); /* NULL allowed */
/* "https://host", which is all that messages say of the URL. */
const char *vk_http_name(const vk_http *http);

/*
 * Sends body and reads the answer, whatever its HTTP status, which goes into *code. Tries again
 * after an error of the network, and after the statuses 429 and 500 to 599. VK_ERR_SERVER if there
 * is no answer; VK_ERR_SIZE if it has more bytes than config->answer_max.
 */
VK_MUST_USE vk_status vk_http_post(vk_http *http, vk_bytes body, vk_buf *answer, long *code,
                                   vk_error *err);
/* The same to another place of the same server: the URL, and behind it the path as it is. Who uses
 * this does not use vk_http_post. */
VK_MUST_USE vk_status vk_http_post_at(vk_http *http, const char *path, vk_bytes body,
                                      vk_buf *answer, long *code, vk_error *err);

/* Of the last request, in any of its tries: was there a connection that it could be sent over? */
bool vk_http_was_connected(const vk_http *http);

#endif
