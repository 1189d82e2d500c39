#include "batch/in.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of memory that lives as long as its line. */
typedef struct piece {
    struct piece *next;
    void (*clear)(void *data); /* of what the data owns; NULL: nothing */
    size_t len;
    _Alignas(max_align_t) uint8_t data[];
} piece;

struct vk_in_line {
    vk_status status;
    bool sdk;
    const cJSON *hardening;
    vk_error *err;
    piece *pieces;
};

vk_in_line *vk_in_line_new(bool sdk, vk_error *err) {
    vk_in_line *line = calloc(1, sizeof *line);
    if (line != NULL) {
        line->sdk = sdk;
        line->err = err;
    }
    return line;
}

void vk_in_line_free(vk_in_line *line) {
    if (line == NULL) {
        return;
    }
    while (line->pieces != NULL) {
        piece *first = line->pieces;
        line->pieces = first->next;
        if (first->clear != NULL) {
            first->clear(first->data);
        }
        vk_wipe(first->data, first->len);
        free(first);
    }
    free(line);
}

vk_in vk_in_root(vk_in_line *line, const cJSON *value, const char *path) {
    vk_in in = {.value = value, .line = line};
    snprintf(in.path.text, sizeof in.path.text, "%s", path);
    if (!cJSON_IsObject(value)) {
        vk_in_fail(&in, NULL, VK_ERR_FORMAT, "\"%s\" must be an object", path);
    }
    return in;
}

void *vk_in_alloc_owner(const vk_in *in, size_t len, void (*clear)(void *data)) {
    piece *p = calloc(1, sizeof *p + len);
    if (p == NULL) {
        vk_in_fail(in, NULL, VK_ERR_MEMORY, "out of memory");
        return NULL;
    }
    p->clear = clear;
    p->len = len;
    p->next = in->line->pieces;
    in->line->pieces = p;
    return p->data;
}

void *vk_in_alloc(const vk_in *in, size_t len) {
    return vk_in_alloc_owner(in, len, NULL);
}

vk_bytes vk_in_keep(const vk_in *in, vk_bytes bytes) {
    uint8_t *copy = bytes.len > 0 ? vk_in_alloc(in, bytes.len) : NULL;
    if (copy == NULL) {
        return (vk_bytes){NULL, 0};
    }
    memcpy(copy, bytes.data, bytes.len);
    return (vk_bytes){copy, bytes.len};
}

void vk_in_line_set_hardening(vk_in_line *line, const cJSON *value) {
    line->hardening = value;
}

const cJSON *vk_in_line_hardening(const vk_in *in) {
    return in->line->hardening;
}

/* ---- Faults ---- */

vk_status vk_in_status(const vk_in *in) {
    return in->line->status;
}

bool vk_in_sdk(const vk_in *in) {
    return in->line->sdk;
}

static bool ok(const vk_in *in) {
    return in->line->status == VK_OK;
}

static vk_path path_of(const vk_in *in, const char *name) {
    return name == NULL ? in->path : vk_path_member(&in->path, name);
}

void vk_in_fail(const vk_in *in, const char *name, vk_status status, const char *format, ...) {
    if (!ok(in)) {
        return;
    }
    char message[VK_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    in->line->status = vk_fail(in->line->err, status, path_of(in, name).text, "%s", message);
}

void vk_in_check(const vk_in *in, const char *name, vk_status status) {
    if (status != VK_OK) {
        vk_in_fail(in, name, status, "%s", vk_status_text(status));
    }
}

void vk_in_check_error(const vk_in *in, const char *name, vk_status status, const vk_error *err) {
    if (status == VK_OK || !ok(in)) {
        return;
    }
    vk_path at = path_of(in, name);
    size_t len = strlen(at.text);
    if (err->path[0] == '[') {
        snprintf(at.text + len, sizeof at.text - len, "%.100s", err->path);
    } else if (err->path[0] != '\0') {
        snprintf(at.text + len, sizeof at.text - len, ".%.100s", err->path);
    }
    in->line->status = vk_fail(in->line->err, status, at.text, "%s", err->message);
}

/* The fault that a JSON reader has put into the line's error already. */
static void keep(const vk_in *in, vk_status status) {
    if (ok(in)) {
        in->line->status = status;
    }
}

void vk_in_only(const vk_in *in, const char *const *names) {
    if (ok(in)) {
        keep(in, vk_json_only(in->value, names, &in->path, in->line->err));
    }
}

/* ---- Members ---- */

bool vk_in_has(const vk_in *in, const char *name) {
    const cJSON *value = vk_json_get(in->value, name);
    return value != NULL && !cJSON_IsNull(value);
}

const char *vk_in_text(const vk_in *in, const char *name) {
    const char *text = "";
    if (ok(in)) {
        keep(in, vk_json_text(in->value, name, &in->path, &text, in->line->err));
    }
    return ok(in) ? text : "";
}

bool vk_in_bool(const vk_in *in, const char *name, bool absent) {
    bool value = absent;
    if (ok(in) && vk_in_has(in, name)) {
        keep(in, vk_json_bool(in->value, name, &in->path, &value, in->line->err));
    }
    return value;
}

vk_u256 vk_in_u256(const vk_in *in, const char *name, unsigned bits) {
    vk_u256 value = {{0}};
    if (ok(in)) {
        keep(in, vk_json_bigint(in->value, name, &in->path, bits, &value, in->line->err));
    }
    return ok(in) ? value : vk_u256_from_u64(0);
}

uint64_t vk_in_u64(const vk_in *in, const char *name, uint64_t max) {
    vk_u256 value = vk_in_u256(in, name, 64);
    uint64_t number = vk_u256_low64(&value);
    if (number > max) {
        vk_in_fail(in, name, VK_ERR_RANGE, "\"%s\" is more than %llu", name,
                   (unsigned long long)max);
        return 0;
    }
    return number;
}

uint64_t vk_in_u64_or(const vk_in *in, const char *name, uint64_t max, uint64_t absent) {
    return vk_in_has(in, name) ? vk_in_u64(in, name, max) : absent;
}

vk_address vk_in_address(const vk_in *in, const char *name) {
    vk_address value = {{0}};
    if (ok(in)) {
        keep(in, vk_json_address(in->value, name, &in->path, &value, in->line->err));
    }
    return value;
}

vk_address vk_in_address_or_zero(const vk_in *in, const char *name) {
    return vk_in_has(in, name) ? vk_in_address(in, name) : (vk_address){{0}};
}

void vk_in_fixed(const vk_in *in, const char *name, uint8_t *out, size_t len) {
    memset(out, 0, len);
    if (ok(in)) {
        keep(in, vk_json_fixed(in->value, name, &in->path, out, len, in->line->err));
    }
}

vk_hash vk_in_hash(const vk_in *in, const char *name) {
    vk_hash value;
    vk_in_fixed(in, name, value.b, sizeof value.b);
    return value;
}

/* Bytes of a "0x" text, for the line to keep. */
static vk_bytes decode(const vk_in *in, const vk_path *at, const char *text) {
    size_t len = strlen(text) / 2;
    vk_buf bytes = {0};
    vk_status status = vk_hex_read(text, strlen(text), len, &bytes);
    uint8_t *copy = NULL;
    if (status != VK_OK) {
        keep(in, vk_fail(in->line->err, status, at->text,
                         "the value must be \"0x\" and an even number of hex digits"));
    } else if (bytes.len > 0) {
        copy = vk_in_alloc(in, bytes.len);
    }
    vk_bytes out = {copy, copy == NULL ? 0 : bytes.len};
    if (copy != NULL) {
        memcpy(copy, bytes.data, bytes.len);
    }
    vk_buf_clear(&bytes);
    return out;
}

vk_bytes vk_in_bytes(const vk_in *in, const char *name) {
    const char *text = vk_in_text(in, name);
    vk_path at = path_of(in, name);
    return ok(in) ? decode(in, &at, text) : (vk_bytes){NULL, 0};
}

vk_bytes vk_in_bytes_or_empty(const vk_in *in, const char *name) {
    return vk_in_has(in, name) ? vk_in_bytes(in, name) : (vk_bytes){NULL, 0};
}

/* ---- Objects and lists ---- */

static vk_in child(const vk_in *in, const char *name) {
    return (vk_in){vk_json_get(in->value, name), path_of(in, name), in->line};
}

vk_in vk_in_object(const vk_in *in, const char *name) {
    vk_in out = child(in, name);
    if (!cJSON_IsObject(out.value)) {
        vk_in_fail(&out, NULL, VK_ERR_FORMAT,
                   out.value == NULL ? "\"%s\" is missing" : "\"%s\" must be an object", name);
    }
    return out;
}

vk_in vk_in_list(const vk_in *in, const char *name, size_t *count) {
    vk_in out = child(in, name);
    *count = 0;
    if (!cJSON_IsArray(out.value)) {
        vk_in_fail(&out, NULL, VK_ERR_FORMAT,
                   out.value == NULL ? "\"%s\" is missing" : "\"%s\" must be an array", name);
        return out;
    }
    *count = (size_t)cJSON_GetArraySize(out.value);
    if (*count > VK_IN_LIST_MAX) {
        vk_in_fail(&out, NULL, VK_ERR_SIZE, "\"%s\" has more than %d elements", name,
                   VK_IN_LIST_MAX);
        *count = 0;
    }
    return out;
}

vk_in vk_in_element(const vk_in *list, size_t index) {
    return (vk_in){cJSON_GetArrayItem(list->value, (int)index), vk_path_index(&list->path, index),
                   list->line};
}

static const char *element_text(const vk_in *element) {
    if (!cJSON_IsString(element->value)) {
        vk_in_fail(element, NULL, VK_ERR_FORMAT, "the element must be a text");
        return NULL;
    }
    return element->value->valuestring;
}

vk_bytes vk_in_element_bytes(const vk_in *list, size_t index) {
    vk_in element = vk_in_element(list, index);
    const char *text = element_text(&element);
    return ok(list) ? decode(list, &element.path, text) : (vk_bytes){NULL, 0};
}

vk_address vk_in_element_address(const vk_in *list, size_t index) {
    vk_in element = vk_in_element(list, index);
    const char *text = element_text(&element);
    vk_address out = {{0}};
    if (ok(list) && vk_address_read(text, strlen(text), &out) != VK_OK) {
        vk_in_fail(&element, NULL, VK_ERR_FORMAT,
                   "the element must be an address: \"0x\" and 40 hex digits, with the right "
                   "checksum if of mixed case");
    }
    return out;
}
