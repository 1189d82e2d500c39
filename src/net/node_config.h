/*
 * What the SO sets for a chain's node, JSON:
 *   {"url":"https://..."[,"headers":{"Authorization":"..."}][,"maxBlocks":10000]}
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_NODE_CONFIG_H
#define VK_NET_NODE_CONFIG_H

#include "base/json.h"
#include "net/http.h"

#define VK_NODE_CONFIG_MAX ((size_t)16 << 10)
#define VK_NODE_HEADERS_MAX 16
#define VK_NODE_BLOCKS_DEFAULT 10000
#define VK_NODE_BLOCKS_MOST 10000000

/* URLs and headers may be secrets: clear it. */
typedef struct vk_node_config {
    char *url;
    size_t header_count;
    char *headers[VK_NODE_HEADERS_MAX]; /* "Name: value" */
    uint64_t max_blocks;                /* that one call for logs may span */
    unsigned backoff_ms, seconds;       /* see http.h; not part of the text */
} vk_node_config;

/* Unknown members, headers that cannot be sent, and those that the client itself sends are
 * failures, which repeat no value. *out is empty on failure. */
VK_MUST_USE vk_status vk_node_config_read(vk_bytes json, vk_node_config *out, vk_error *err);
/* The same of a value that was parsed; path is its own (NULL: the root). */
VK_MUST_USE vk_status vk_node_config_of(const cJSON *value, const vk_path *path,
                                        vk_node_config *out, vk_error *err);
/* URL and headers alone; other members are the caller's to check. */
VK_MUST_USE vk_status vk_node_config_server(const cJSON *value, const vk_path *path,
                                            vk_node_config *out, vk_error *err);
void vk_node_config_clear(vk_node_config *config);
/* The same for http.h; it points into config. */
vk_http_config vk_node_config_http(const vk_node_config *config);
/* Frees a parsed text that holds secrets. */
void vk_json_free_secret(cJSON *value);

#endif
