#include "eth/abi_type.h"

#include <string.h>

static vk_status no_type(const vk_path *path, const char *text, vk_error *err) {
    vk_path at = vk_path_member(path, "type");
    return vk_fail(err, VK_ERR_FORMAT, at.text,
                   "\"%.40s\" is no type of a JSON ABI, such as \"uint256\", \"bytes32[]\" or "
                   "\"tuple\"",
                   text);
}

/* ---- Elementary types ---- */

/* A decimal number without leading zeros that makes up the whole text; 0: there is none. */
static uint64_t whole_number(const char *text, size_t len) {
    uint64_t value = 0;
    if (len == 0 || len > 10 || text[0] == '0') {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    return value;
}

static bool begins(const char *text, size_t len, const char *with, uint64_t *number) {
    size_t with_len = strlen(with);
    if (len < with_len || memcmp(text, with, with_len) != 0) {
        return false;
    }
    *number = whole_number(text + with_len, len - with_len);
    return true;
}

static bool sized_type(const char *text, size_t len, vk_abi_type *out) {
    uint64_t number;
    if (begins(text, len, "bytes", &number)) {
        out->kind = VK_ABI_FIXED_BYTES;
        out->size = (unsigned)number;
        return number >= 1 && number <= 32;
    }
    bool is_unsigned = begins(text, len, "uint", &number);
    if (!is_unsigned && !begins(text, len, "int", &number)) {
        return false;
    }
    out->kind = is_unsigned ? VK_ABI_UINT : VK_ABI_INT;
    out->size = (unsigned)number;
    return number >= 8 && number <= 256 && number % 8 == 0;
}

static bool elementary_type(const char *text, size_t len, vk_abi_type *out) {
    static const struct {
        const char *name;
        vk_abi_type type;
    } plain[] = {{"address", {.kind = VK_ABI_ADDRESS}},
                 {"bool", {.kind = VK_ABI_BOOL}},
                 {"function", {.kind = VK_ABI_FIXED_BYTES, .size = 24}},
                 {"bytes", {.kind = VK_ABI_BYTES, .dynamic = true}},
                 {"string", {.kind = VK_ABI_STRING, .dynamic = true}}};
    *out = (vk_abi_type){0};
    bool found = sized_type(text, len, out);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0] && !found; i++) {
        if (strlen(plain[i].name) == len && memcmp(plain[i].name, text, len) == 0) {
            *out = plain[i].type;
            found = true;
        }
    }
    out->words = 1;
    return found;
}

/* ---- Tuples and arrays ---- */

static vk_status too_large(const vk_path *path, vk_error *err) {
    return vk_fail(err, VK_ERR_SIZE, path->text, "the type takes more than 2^32 words");
}

/* What a list of types comes to. */
typedef struct type_list {
    vk_abi_type *types; /* NULL: only the sum is wanted */
    size_t count;
    bool dynamic;
    uint64_t words;
} type_list;

static vk_status add_type(const cJSON *item, const vk_path *list_path, vk_buf *names,
                          type_list *list, vk_error *err) {
    vk_abi_type type;
    vk_path path = vk_path_index(list_path, list->count);
    if (list->count == VK_ABI_PARAMS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, list_path->text, "the list has more than %d elements",
                       VK_ABI_PARAMS_MAX);
    }
    vk_buf_put_text(names, list->count == 0 ? "" : ",");
    vk_status status = vk_abi_type_read(item, &path, names, &type, err);
    if (status != VK_OK) {
        return status;
    }
    if (list->types != NULL) {
        list->types[list->count] = type;
    }
    list->count++;
    list->dynamic = list->dynamic || type.dynamic;
    list->words += type.words;
    return VK_OK;
}

/* Appends the types in parentheses; a missing list is an empty one. */
static vk_status read_list(const cJSON *object, const char *name, const vk_path *path,
                           vk_buf *names, type_list *list, vk_error *err) {
    const cJSON *array = vk_json_get(object, name), *item;
    vk_path at = vk_path_member(path, name);
    if (array != NULL && !cJSON_IsArray(array)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be an array", name);
    }
    vk_buf_put_byte(names, '(');
    cJSON_ArrayForEach(item, array) {
        vk_status status = add_type(item, &at, names, list, err);
        if (status != VK_OK) {
            return status;
        }
    }
    vk_buf_put_byte(names, ')');
    return vk_buf_status(names);
}

static vk_status read_tuple(const cJSON *parameter, const vk_path *path, vk_buf *name,
                            vk_abi_type *out, vk_error *err) {
    type_list members = {0};
    vk_status status = read_list(parameter, "components", path, name, &members, err);
    if (status != VK_OK) {
        return status;
    }
    if (members.count == 0) {
        vk_path at = vk_path_member(path, "components");
        return vk_fail(err, VK_ERR_FORMAT, at.text, "a tuple has at least one component");
    }
    if (members.words > VK_ABI_WORDS_MAX) {
        return too_large(path, err);
    }
    *out = (vk_abi_type){.kind = VK_ABI_COMPOSITE,
                         .dynamic = members.dynamic,
                         .words = members.dynamic ? 1 : members.words};
    return VK_OK;
}

/* One pair of brackets; *text moves behind it. */
static vk_status wrap_array(const char **text, const vk_path *path, vk_abi_type *type,
                            vk_error *err) {
    const char *close = strchr(*text, ']');
    size_t len = close == NULL ? 0 : (size_t)(close - *text) - 1;
    uint64_t length = whole_number(*text + 1, len);
    if (**text != '[' || close == NULL || (len > 0 && length == 0)) {
        return no_type(path, *text, err);
    }
    type->kind = VK_ABI_COMPOSITE;
    type->dynamic = type->dynamic || len == 0;
    if (!type->dynamic && length > VK_ABI_WORDS_MAX / type->words) {
        return too_large(path, err);
    }
    type->words = type->dynamic ? 1 : type->words * length;
    *text = close + 1;
    return VK_OK;
}

vk_status vk_abi_type_read(const cJSON *parameter, const vk_path *path, vk_buf *name,
                           vk_abi_type *out, vk_error *err) {
    const char *text;
    if (!cJSON_IsObject(parameter)) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "a parameter must be an object");
    }
    vk_status status = vk_json_text(parameter, "type", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    size_t len = strcspn(text, "[");
    const char *rest = text + len;
    if (len == 5 && memcmp(text, "tuple", 5) == 0) {
        status = read_tuple(parameter, path, name, out, err);
    } else if (elementary_type(text, len, out)) {
        vk_buf_put(name, text, len);
    } else {
        status = no_type(path, text, err);
    }
    vk_buf_put_text(name, rest);
    for (int arrays = 0; *rest != '\0' && status == VK_OK; arrays++) {
        status = arrays < VK_ABI_ARRAYS_MAX
                     ? wrap_array(&rest, path, out, err)
                     : vk_fail(err, VK_ERR_SIZE, path->text,
                               "the type has more than %d pairs of brackets", VK_ABI_ARRAYS_MAX);
    }
    return status == VK_OK ? vk_buf_status(name) : status;
}

vk_status vk_abi_function_read(const cJSON *function, const vk_path *path, vk_buf *signature,
                               vk_abi_type *types, size_t *count, vk_error *err) {
    const char *name;
    vk_status status = vk_json_text(function, "name", path, &name, err);
    if (status != VK_OK) {
        return status;
    }
    type_list inputs = {.types = types};
    vk_buf_put_text(signature, name);
    status = read_list(function, "inputs", path, signature, &inputs, err);
    *count = inputs.count;
    return status;
}
