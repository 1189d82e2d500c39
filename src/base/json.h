/*
 * JSON from outside, on top of cJSON: exact names, no duplicates, no trailing bytes, paths in
 * errors.
 */
#ifndef VK_BASE_JSON_H
#define VK_BASE_JSON_H

#include <cjson/cJSON.h>
#include <valetkey/bytes.h>

#define VK_JSON_DEPTH_MAX 32
#define VK_JSON_VALUES_MAX (1 << 18)

/*
 * Parses one JSON value (UTF-8, at most max bytes, at most VK_JSON_DEPTH_MAX levels and
 * VK_JSON_VALUES_MAX values). Control
 * characters, NUL escapes, invalid UTF-8, members named twice in one object, and bytes after the
 * value are VK_ERR_FORMAT. Free with cJSON_Delete.
 */
VK_MUST_USE vk_status vk_json_parse(vk_bytes text, size_t max, cJSON **out, vk_error *err);

/* The member with exactly this name, or NULL. */
const cJSON *vk_json_get(const cJSON *object, const char *name);

/* Where a value stands, for errors. Writers truncate; they never overflow. */
typedef struct vk_path {
    char text[VK_ERROR_PATH_MAX];
} vk_path;
vk_path vk_path_member(const vk_path *parent, const char *name); /* parent NULL: the root */
vk_path vk_path_index(const vk_path *parent, size_t index);

/* VK_ERR_FORMAT, naming the member, if object is not an object or has a member that is not in the
 * NULL-terminated list. */
VK_MUST_USE vk_status vk_json_only(const cJSON *object, const char *const *names,
                                   const vk_path *path, vk_error *err);

/*
 * Typed members. path is that of the object. A missing member is VK_ERR_FORMAT ("... is missing");
 * the wrong type VK_ERR_FORMAT; a number that does not fit VK_ERR_RANGE.
 */
VK_MUST_USE vk_status vk_json_text(const cJSON *object, const char *name, const vk_path *path,
                                   const char **out, vk_error *err);
VK_MUST_USE vk_status vk_json_bool(const cJSON *object, const char *name, const vk_path *path,
                                   bool *out, vk_error *err);
/* A JSON integer up to 2^53 - 1 and up to max. */
VK_MUST_USE vk_status vk_json_u64(const cJSON *object, const char *name, const vk_path *path,
                                  uint64_t max, uint64_t *out, vk_error *err);
/* "0x..." hex of a number of at most bits bits. */
VK_MUST_USE vk_status vk_json_quantity(const cJSON *object, const char *name, const vk_path *path,
                                       unsigned bits, vk_u256 *out, vk_error *err);
/* A decimal text, "0x" text, or JSON integer: what the SDK writes for a bigint. */
VK_MUST_USE vk_status vk_json_bigint(const cJSON *object, const char *name, const vk_path *path,
                                     unsigned bits, vk_u256 *out, vk_error *err);
VK_MUST_USE vk_status vk_json_address(const cJSON *object, const char *name, const vk_path *path,
                                      vk_address *out, vk_error *err);
/* "0x" and exactly 2 * len digits. */
VK_MUST_USE vk_status vk_json_fixed(const cJSON *object, const char *name, const vk_path *path,
                                    uint8_t *out, size_t len, vk_error *err);
/* Appends to out. */
VK_MUST_USE vk_status vk_json_bytes(const cJSON *object, const char *name, const vk_path *path,
                                    size_t max, vk_buf *out, vk_error *err);

/* Appends text as a JSON string with its quotes. */
void vk_json_put_string(vk_buf *out, const char *text);
/* Compact text; integers up to 2^53 - 1 exactly, which cJSON's printer does not do. NULL when out
 * of memory; free with vk_text_free. */
VK_MUST_USE char *vk_json_print(const cJSON *value);

#endif
