#include "net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

/* curl's copy of a part; empty if the URL has none. */
static void take_part(CURLU *url, CURLUPart part, char *out, size_t size) {
    char *text = NULL;
    out[0] = '\0';
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK && text != NULL) {
        snprintf(out, size, "%s", text);
        vk_wipe(text, strlen(text));
    }
    curl_free(text);
}

static bool has_part(CURLU *url, CURLUPart part) {
    char first[2];
    take_part(url, part, first, sizeof first);
    return first[0] != '\0';
}

/* libcurl never asks a name server for localhost. */
static bool is_loopback(const char *host) {
    struct in_addr ip;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &ip) == 1 && ntohl(ip.s_addr) >> 24 == 127);
}

static bool is_plain_host(const char *host) {
    return host[0] != '\0' &&
           host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] == '\0';
}

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "url", "the URL %s", what);
}

static vk_status check_parts(CURLU *url, vk_url *out, vk_error *err) {
    char scheme[16], host[256];
    take_part(url, CURLUPART_SCHEME, scheme, sizeof scheme);
    take_part(url, CURLUPART_HOST, host, sizeof host);
    bool https = strcmp(scheme, "https") == 0;
    if (!is_plain_host(host)) {
        return malformed(err, "names no host, or one that is not plain ASCII");
    }
    if (!https && !(strcmp(scheme, "http") == 0 && is_loopback(host))) {
        return malformed(err, "must begin with https://, or with http:// to a loopback address");
    }
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD)) {
        return malformed(err, "must not hold a user or a password: use a header");
    }
    if (has_part(url, CURLUPART_FRAGMENT)) {
        return malformed(err, "must not have a fragment");
    }
    out->is_loopback = is_loopback(host);
    snprintf(out->name, sizeof out->name, "%s://%s", scheme, host);
    return VK_OK;
}

vk_status vk_url_read(const char *text, vk_url *out, vk_error *err) {
    if (strlen(text) > VK_URL_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "url", "the URL has more than %d bytes", VK_URL_MAX);
    }
    CURLU *url = curl_url();
    if (url == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    vk_url read = {0};
    vk_status status = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK
                           ? check_parts(url, &read, err)
                           : malformed(err, "is malformed, or of another kind than https");
    curl_url_cleanup(url);
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}
