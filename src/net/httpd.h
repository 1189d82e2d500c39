/*
 * A small HTTP server for JSON, on libmicrohttpd: POST alone, one origin of pages, bounded bodies,
 * a bounded number of connections, and one thread that answers one request after another. TLS is
 * for somebody in front of it.
 *
 * Pages of the origin are let in by CORS, with credentials; a request that names another origin is
 * refused, whatever it asks for.
 */
#ifndef VK_NET_HTTPD_H
#define VK_NET_HTTPD_H

#include <valetkey/bytes.h>

#define VK_HTTPD_CONNECTIONS_MAX 64
#define VK_HTTPD_IDLE_SECONDS 10
#define VK_HTTPD_END_SECONDS 2 /* that requests have to end in when the server does */

typedef struct vk_httpd vk_httpd;

/* Answers a POST: appends JSON, returns the HTTP status. Runs in the server's thread. */
typedef unsigned (*vk_httpd_fn)(void *context, const char *path, vk_bytes body, vk_buf *answer);

typedef struct vk_httpd_config {
    const char *listen; /* "127.0.0.1:8787", "[::1]:0" (any free port), "localhost:9000" */
    const char *origin; /* of pages; "https://app.example" */
    size_t body_max;
    vk_httpd_fn answer;
    void *context;
} vk_httpd_config;

/* VK_ERR_FORMAT for the address; VK_ERR_SERVER, with the reason, if it cannot be listened at. */
VK_MUST_USE vk_status vk_httpd_start(const vk_httpd_config *config, vk_httpd **out, vk_error *err);
/* "127.0.0.1:8787", with the port that it is */
const char *vk_httpd_address(const vk_httpd *httpd);
/* Can only this machine reach it? */
bool vk_httpd_is_loopback(const vk_httpd *httpd);
/* Takes no more requests, and waits for those that are being answered. */
void vk_httpd_stop(vk_httpd *httpd); /* NULL allowed */

#endif
