/*
 * URLs of servers: https, or http on this machine.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_URL_H
#define VK_NET_URL_H

#include <valetkey/bytes.h>

#define VK_URL_MAX 2048
#define VK_SERVER_NAME_MAX 280

typedef struct vk_url {
    bool is_loopback;
    /* "https://host": all of it that may be said. Paths and queries hold keys of the server's
     * customers. */
    char name[VK_SERVER_NAME_MAX];
} vk_url;

/*
 * Checks a URL: https, or http to a loopback address; no user, no password, no fragment.
 * VK_ERR_FORMAT if not; the error does not repeat it. *out is untouched on failure.
 */
VK_MUST_USE vk_status vk_url_read(const char *text, vk_url *out, vk_error *err);

#endif
