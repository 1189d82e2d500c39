#include "base/json.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct scan {
    const uint8_t *p;
    size_t left;
    size_t depth;
    size_t separators; /* one less than an array's values: what bounds the parser's memory */
    bool in_string;
} scan;

static bool scan_escape(scan *s) {
    if (s->left < 2) {
        return false;
    }
    bool nul = s->p[1] == 'u' && s->left >= 6 && memcmp(s->p + 2, "0000", 4) == 0;
    s->p += 2;
    s->left -= 2;
    return !nul;
}

/* One character; false for what cJSON would let through although it is not JSON text. */
static bool scan_one(scan *s) {
    uint8_t c = s->p[0];
    if (s->in_string && c == '\\') {
        return scan_escape(s);
    }
    bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (c < 0x20 && (s->in_string || !space)) {
        return false;
    }
    if (c == '"') {
        s->in_string = !s->in_string;
    } else if (!s->in_string && (c == '{' || c == '[')) {
        s->depth++;
    } else if (!s->in_string && (c == '}' || c == ']') && s->depth > 0) {
        s->depth--;
    } else if (!s->in_string && c == ',') {
        s->separators++;
    } else if (!s->in_string && c >= 0x80) {
        return false;
    }
    size_t len = vk_utf8_len(s->p, s->left);
    s->p += len;
    s->left -= len;
    return len > 0 && s->depth <= VK_JSON_DEPTH_MAX && s->separators < VK_JSON_VALUES_MAX;
}

static bool scan_text(vk_bytes text) {
    scan s = {.p = text.data, .left = text.len};
    while (s.left > 0) {
        if (!scan_one(&s)) {
            return false;
        }
    }
    return true;
}

/* Objects from outside have a few dozen members; the bound keeps the search below cheap. */
#define MEMBERS_MAX 256

static vk_status check_names(const cJSON *object, vk_error *err) {
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        if (++count > MEMBERS_MAX) {
            return vk_fail(err, VK_ERR_SIZE, NULL, "an object has more than %d members",
                           MEMBERS_MAX);
        }
        for (const cJSON *other = item->next; other != NULL; other = other->next) {
            if (strcmp(item->string, other->string) == 0) {
                return vk_fail(err, VK_ERR_FORMAT, item->string, "member \"%.60s\" occurs twice",
                               item->string);
            }
        }
    }
    return VK_OK;
}

static vk_status check_tree(const cJSON *value, vk_error *err) {
    vk_status status = cJSON_IsObject(value) ? check_names(value, err) : VK_OK;
    const cJSON *item;
    cJSON_ArrayForEach(item, value) {
        if (status != VK_OK) {
            return status;
        }
        status = check_tree(item, err);
    }
    return status;
}

static bool only_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p == end;
}

vk_status vk_json_parse(vk_bytes text, size_t max, cJSON **out, vk_error *err) {
    if (text.len > max) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "%zu bytes of JSON are more than the limit of %zu",
                       text.len, max);
    }
    if (!scan_text(text)) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "this is not JSON in UTF-8, or is nested more than %d levels deep, or has "
                       "more than %d values",
                       VK_JSON_DEPTH_MAX, VK_JSON_VALUES_MAX);
    }
    const char *start = (const char *)text.data;
    const char *end = NULL;
    cJSON *json = text.len == 0 ? NULL : cJSON_ParseWithLengthOpts(start, text.len, &end, false);
    if (json == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, NULL, "this is not JSON");
    }
    vk_status status =
        only_space(end, start + text.len)
            ? check_tree(json, err)
            : vk_fail(err, VK_ERR_FORMAT, NULL, "there are bytes after the JSON value");
    if (status != VK_OK) {
        cJSON_Delete(json);
        return status;
    }
    *out = json;
    return VK_OK;
}

const cJSON *vk_json_get(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

vk_path vk_path_member(const vk_path *parent, const char *name) {
    vk_path path;
    bool root = parent == NULL || parent->text[0] == '\0';
    if (snprintf(path.text, sizeof path.text, "%s%s%s", root ? "" : parent->text, root ? "" : ".",
                 name) < 0) {
        path.text[0] = '\0';
    }
    return path;
}

vk_path vk_path_index(const vk_path *parent, size_t index) {
    vk_path path;
    if (snprintf(path.text, sizeof path.text, "%s[%zu]", parent == NULL ? "" : parent->text,
                 index) < 0) {
        path.text[0] = '\0';
    }
    return path;
}

vk_status vk_json_only(const cJSON *object, const char *const *names, const vk_path *path,
                       vk_error *err) {
    const char *where = path == NULL ? "" : path->text;
    if (!cJSON_IsObject(object)) {
        return vk_fail(err, VK_ERR_FORMAT, where, "a JSON object is expected here");
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        const char *const *name = names;
        while (*name != NULL && strcmp(*name, item->string) != 0) {
            name++;
        }
        if (*name == NULL) {
            vk_path at = vk_path_member(path, item->string);
            return vk_fail(err, VK_ERR_FORMAT, at.text, "member \"%.60s\" is unknown",
                           item->string);
        }
    }
    return VK_OK;
}

/* The member, or the failure noted and NULL. */
static const cJSON *require(const cJSON *object, const char *name, const vk_path *path,
                            vk_error *err) {
    const cJSON *item = vk_json_get(object, name);
    if (item == NULL) {
        vk_path at = vk_path_member(path, name);
        (void)vk_fail(err, VK_ERR_FORMAT, at.text, "member \"%s\" is missing", name);
    }
    return item;
}

static vk_status wrong(const char *name, const vk_path *path, vk_status status, const char *what,
                       vk_error *err) {
    vk_path at = vk_path_member(path, name);
    return vk_fail(err, status, at.text, "\"%s\" must be %s", name, what);
}

vk_status vk_json_text(const cJSON *object, const char *name, const vk_path *path, const char **out,
                       vk_error *err) {
    const cJSON *item = require(object, name, path, err);
    if (item == NULL) {
        return VK_ERR_FORMAT;
    }
    if (!cJSON_IsString(item)) {
        return wrong(name, path, VK_ERR_FORMAT, "a string", err);
    }
    *out = item->valuestring;
    return VK_OK;
}

vk_status vk_json_bool(const cJSON *object, const char *name, const vk_path *path, bool *out,
                       vk_error *err) {
    const cJSON *item = require(object, name, path, err);
    if (item == NULL) {
        return VK_ERR_FORMAT;
    }
    if (!cJSON_IsBool(item)) {
        return wrong(name, path, VK_ERR_FORMAT, "true or false", err);
    }
    *out = cJSON_IsTrue(item);
    return VK_OK;
}

#define JSON_INTEGER_MAX 9007199254740991.0

static bool is_integer(const cJSON *item) {
    return cJSON_IsNumber(item) && item->valuedouble >= 0 &&
           item->valuedouble <= JSON_INTEGER_MAX &&
           (double)(uint64_t)item->valuedouble == item->valuedouble;
}

vk_status vk_json_u64(const cJSON *object, const char *name, const vk_path *path, uint64_t max,
                      uint64_t *out, vk_error *err) {
    const cJSON *item = require(object, name, path, err);
    if (item == NULL) {
        return VK_ERR_FORMAT;
    }
    if (!is_integer(item)) {
        return wrong(name, path, cJSON_IsNumber(item) ? VK_ERR_RANGE : VK_ERR_FORMAT,
                     "an integer from 0 to 2^53 - 1", err);
    }
    uint64_t value = (uint64_t)item->valuedouble;
    if (value > max) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, VK_ERR_RANGE, at.text, "\"%s\" is %" PRIu64 ", more than %" PRIu64,
                       name, value, max);
    }
    *out = value;
    return VK_OK;
}

static vk_status check_bits(const char *name, const vk_path *path, unsigned bits,
                            const vk_u256 *value, vk_u256 *out, vk_error *err) {
    if (!vk_u256_fits(value, bits)) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, VK_ERR_RANGE, at.text, "\"%s\" does not fit %u bits", name, bits);
    }
    *out = *value;
    return VK_OK;
}

vk_status vk_json_quantity(const cJSON *object, const char *name, const vk_path *path,
                           unsigned bits, vk_u256 *out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    vk_u256 value;
    status = vk_u256_read_hex(text, strlen(text), &value);
    if (status != VK_OK) {
        return wrong(name, path, status, "\"0x\" and 1 to 64 hex digits", err);
    }
    return check_bits(name, path, bits, &value, out, err);
}

vk_status vk_json_bigint(const cJSON *object, const char *name, const vk_path *path, unsigned bits,
                         vk_u256 *out, vk_error *err) {
    const cJSON *item = require(object, name, path, err);
    if (item == NULL) {
        return VK_ERR_FORMAT;
    }
    vk_u256 value;
    vk_status status = VK_ERR_FORMAT;
    if (is_integer(item)) {
        value = vk_u256_from_u64((uint64_t)item->valuedouble);
        status = VK_OK;
    } else if (cJSON_IsString(item)) {
        const char *text = item->valuestring;
        status = strncmp(text, "0x", 2) == 0 ? vk_u256_read_hex(text, strlen(text), &value)
                                             : vk_u256_read_decimal(text, strlen(text), &value);
    } else if (cJSON_IsNumber(item)) {
        status = VK_ERR_RANGE;
    }
    if (status != VK_OK) {
        return wrong(name, path, status,
                     "a non-negative integer: a JSON number below 2^53, decimal or \"0x\" text",
                     err);
    }
    return check_bits(name, path, bits, &value, out, err);
}

vk_status vk_json_address(const cJSON *object, const char *name, const vk_path *path,
                          vk_address *out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_address_read(text, strlen(text), out);
    if (status != VK_OK) {
        return wrong(name, path, status,
                     "an address: \"0x\" and 40 hex digits, with the right checksum if in mixed "
                     "case",
                     err);
    }
    return VK_OK;
}

vk_status vk_json_fixed(const cJSON *object, const char *name, const vk_path *path, uint8_t *out,
                        size_t len, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_hex_read_fixed(text, strlen(text), out, len) != VK_OK) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be \"0x\" and %zu hex digits",
                       name, 2 * len);
    }
    return VK_OK;
}

vk_status vk_json_bytes(const cJSON *object, const char *name, const vk_path *path, size_t max,
                        vk_buf *out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_hex_read(text, strlen(text), max, out);
    if (status == VK_ERR_FORMAT) {
        return wrong(name, path, status, "\"0x\" and an even number of hex digits", err);
    }
    if (status != VK_OK) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, status, at.text, "\"%s\" has more than %zu bytes", name, max);
    }
    return VK_OK;
}

static bool is_plain(char c) {
    return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

void vk_json_put_string(vk_buf *out, const char *text) {
    vk_buf_put_byte(out, '"');
    for (const char *p = text; *p != '\0';) {
        const char *start = p;
        while (is_plain(*p)) {
            p++;
        }
        vk_buf_put(out, start, (size_t)(p - start));
        if (*p == '"' || *p == '\\') {
            vk_buf_put_byte(out, '\\');
            vk_buf_put_byte(out, (uint8_t)*p++);
        } else if (*p != '\0') {
            vk_buf_printf(out, "\\u%04x", (unsigned char)*p++);
        }
    }
    vk_buf_put_byte(out, '"');
}

/* ---- Printing ---- */

static void put_value(vk_buf *out, const cJSON *value);

static void put_children(vk_buf *out, const cJSON *value) {
    const cJSON *item;
    cJSON_ArrayForEach(item, value) {
        if (item != value->child) {
            vk_buf_put_byte(out, ',');
        }
        if (cJSON_IsObject(value)) {
            vk_json_put_string(out, item->string);
            vk_buf_put_byte(out, ':');
        }
        put_value(out, item);
    }
}

/* cJSON prints 15 digits of a number, one less than the largest integers have. */
static void put_scalar(vk_buf *out, const cJSON *value) {
    double number = value->valuedouble;
    if (cJSON_IsNumber(value) && number >= -JSON_INTEGER_MAX && number <= JSON_INTEGER_MAX &&
        (double)(int64_t)number == number) {
        vk_buf_printf(out, "%" PRId64, (int64_t)number);
        return;
    }
    char *text = cJSON_PrintUnformatted(value);
    if (text == NULL) {
        out->status = VK_ERR_MEMORY;
        return;
    }
    vk_buf_put_text(out, text);
    cJSON_free(text);
}

static void put_value(vk_buf *out, const cJSON *value) {
    if (cJSON_IsString(value)) {
        vk_json_put_string(out, value->valuestring);
    } else if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        vk_buf_put_byte(out, cJSON_IsObject(value) ? '{' : '[');
        put_children(out, value);
        vk_buf_put_byte(out, cJSON_IsObject(value) ? '}' : ']');
    } else {
        put_scalar(out, value);
    }
}

char *vk_json_print(const cJSON *value) {
    vk_buf text = {0};
    put_value(&text, value);
    return vk_buf_take_text(&text);
}
