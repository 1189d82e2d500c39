/* Values of arguments as people write them, to the words they are in the call data. */
#include "policy/abi_form.h"

#include <string.h>

#define HEX_WORD_LEN (2 + 64)
#define JSON_INTEGER_MAX 9007199254740991.0

static bool is_hex(const char *text) {
    return strncmp(text, "0x", 2) == 0 &&
           strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2);
}

static bool is_decimal(const char *text) {
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static bool is_number(const vk_abi_type *type) {
    return type->kind == VK_ABI_UINT || type->kind == VK_ABI_INT;
}

static vk_status fail(vk_error *err, vk_status status, const vk_path *path, const char *what) {
    return vk_fail(err, status, path->text, "%s", what);
}

static vk_status number_of_json(const cJSON *value, const vk_path *path, vk_u256 *out,
                                vk_error *err) {
    double number = value->valuedouble;
    if (number < 0 || number > JSON_INTEGER_MAX || (double)(uint64_t)number != number) {
        return fail(err, VK_ERR_RANGE, path,
                    "a JSON number must be an integer from 0 to 2^53 - 1; larger ones are decimal "
                    "texts, negative ones words of 64 hex digits");
    }
    *out = vk_u256_from_u64((uint64_t)number);
    return VK_OK;
}

static vk_status number_of_text(const char *text, const vk_path *path, vk_u256 *out,
                                vk_error *err) {
    vk_status status = is_hex(text) ? vk_u256_read_hex(text, strlen(text), out)
                                    : vk_u256_read_decimal(text, strlen(text), out);
    return status == VK_OK
               ? VK_OK
               : fail(err, status, path,
                      "the value must be a number of at most 256 bits: a JSON integer, decimal or "
                      "\"0x\" text");
}

/* ---- As the contract needs it ---- */

/* The bits from bit upward, of a word whose bits are numbered from the least. */
static bool same_bits_from(const vk_u256 *word, unsigned bit, bool set) {
    for (; bit < 256; bit++) {
        bool is_set = (word->be[31 - bit / 8] >> bit % 8 & 1) != 0;
        if (is_set != set) {
            return false;
        }
    }
    return true;
}

static vk_status check_number(const vk_abi_type *type, bool whole_word, const vk_u256 *word,
                              const vk_path *path, vk_error *err) {
    bool fits = type->kind == VK_ABI_UINT ? vk_u256_fits(word, type->size)
                                          : same_bits_from(word, type->size - 1, false);
    bool negative =
        type->kind == VK_ABI_INT && whole_word && same_bits_from(word, type->size - 1, true);
    return fits || negative
               ? VK_OK
               : vk_fail(err, VK_ERR_RANGE, path->text, "the value does not fit %sint%u",
                         type->kind == VK_ABI_UINT ? "u" : "", type->size);
}

static vk_status number_word(const cJSON *value, const vk_abi_type *type, const vk_path *path,
                             vk_u256 *out, vk_error *err) {
    const char *text = cJSON_IsString(value) ? value->valuestring : NULL;
    bool whole_word = text != NULL && is_hex(text) && strlen(text) == HEX_WORD_LEN;
    vk_status status = text != NULL ? number_of_text(text, path, out, err)
                       : cJSON_IsNumber(value)
                           ? number_of_json(value, path, out, err)
                           : fail(err, VK_ERR_FORMAT, path,
                                  "the value of a number must be a JSON integer, decimal or "
                                  "\"0x\" text");
    return status == VK_OK ? check_number(type, whole_word, out, path, err) : status;
}

static vk_status address_word(const cJSON *value, const vk_path *path, vk_u256 *out,
                              vk_error *err) {
    vk_address address;
    if (!cJSON_IsString(value)) {
        return fail(err, VK_ERR_FORMAT, path, "the value of an address must be a text");
    }
    const char *text = value->valuestring;
    if (vk_address_read(text, strlen(text), &address) == VK_OK) {
        *out = vk_u256_from_be(address.b, sizeof address.b);
        return VK_OK;
    }
    return vk_hex_read_fixed(text, strlen(text), out->be, sizeof out->be) == VK_OK &&
                   vk_u256_fits(out, 160)
               ? VK_OK
               : fail(err, VK_ERR_FORMAT, path,
                      "the value must be an address: \"0x\" and 40 hex digits, with the right "
                      "checksum if in mixed case");
}

static vk_status bool_word(const cJSON *value, const vk_path *path, vk_u256 *out, vk_error *err) {
    bool text = cJSON_IsString(value) && is_hex(value->valuestring);
    if (text && vk_u256_read_hex(value->valuestring, strlen(value->valuestring), out) == VK_OK &&
        vk_u256_fits(out, 1)) {
        return VK_OK;
    }
    *out = vk_u256_from_u64(cJSON_IsTrue(value));
    return cJSON_IsBool(value)
               ? VK_OK
               : fail(err, VK_ERR_FORMAT, path, "the value of a bool must be true or false");
}

/* Left-aligned in its word: all N bytes, or the whole word as it is, for limits between values. */
static vk_status fixed_bytes_word(const cJSON *value, const vk_abi_type *type, const vk_path *path,
                                  vk_u256 *out, vk_error *err) {
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    size_t len = strlen(text), size = type->size;
    *out = (vk_u256){{0}};
    if (vk_hex_read_fixed(text, len, out->be, size) == VK_OK ||
        vk_hex_read_fixed(text, len, out->be, sizeof out->be) == VK_OK) {
        return VK_OK;
    }
    return vk_fail(
        err, VK_ERR_FORMAT, path->text,
        "the value of a bytes%zu must be \"0x\" and %zu hex digits, or the whole word of "
        "64",
        size, 2 * size);
}

static vk_status right_word(const cJSON *value, const vk_abi_type *type, const vk_path *path,
                            vk_u256 *out, vk_error *err) {
    switch (type->kind) {
    case VK_ABI_UINT:
    case VK_ABI_INT:
        return number_word(value, type, path, out, err);
    case VK_ABI_ADDRESS:
        return address_word(value, path, out, err);
    case VK_ABI_BOOL:
        return bool_word(value, path, out, err);
    case VK_ABI_FIXED_BYTES:
        return fixed_bytes_word(value, type, path, out, err);
    default:
        return fail(err, VK_ERR_POLICY, path,
                    "the argument is not a single word of the call data, so it cannot be compared "
                    "as a whole: parts of a string or bytes can (condition 7), words of others by "
                    "\"rules\"");
    }
}

/* ---- As the SDK has it: everything stands at the right end of its word ---- */

static vk_status sdk_text(const char *text, const vk_abi_type *type, const vk_path *path,
                          vk_u256 *out, vk_error *err) {
    size_t len = strlen(text);
    *out = (vk_u256){{0}};
    if (is_hex(text) && len > 2) {
        return number_of_text(text, path, out, err);
    }
    if (is_hex(text)) {
        return VK_OK;
    }
    if (is_number(type) && is_decimal(text)) {
        return number_of_text(text, path, out, err);
    }
    if (len > sizeof out->be) {
        return vk_fail(err, VK_ERR_SIZE, path->text, "the text has %zu bytes, more than a word",
                       len);
    }
    *out = vk_u256_from_be((const uint8_t *)text, len);
    return VK_OK;
}

static vk_status sdk_word(const cJSON *value, const vk_abi_type *type, const vk_path *path,
                          vk_u256 *out, vk_error *err) {
    if (cJSON_IsString(value)) {
        return sdk_text(value->valuestring, type, path, out, err);
    }
    if (cJSON_IsNumber(value)) {
        return number_of_json(value, path, out, err);
    }
    *out = vk_u256_from_u64(cJSON_IsTrue(value));
    return cJSON_IsBool(value) ? VK_OK
                               : fail(err, VK_ERR_FORMAT, path,
                                      "the value must be a number, a text, true or false");
}

vk_status vk_abi_value_word(const cJSON *value, const vk_abi_type *type, bool sdk,
                            const vk_path *path, vk_u256 *out, vk_error *err) {
    return sdk ? sdk_word(value, type, path, out, err) : right_word(value, type, path, out, err);
}

/* ---- Content ---- */

vk_status vk_abi_value_bytes(const cJSON *value, const vk_abi_type *type, const vk_path *path,
                             vk_buf *out, vk_error *err) {
    if (type->kind != VK_ABI_STRING && type->kind != VK_ABI_BYTES) {
        return fail(err, VK_ERR_POLICY, path,
                    "condition 7 (slice equal) is for arguments of type string and bytes");
    }
    if (!cJSON_IsString(value)) {
        return fail(err, VK_ERR_FORMAT, path, "the value must be a text");
    }
    const char *text = value->valuestring;
    if (type->kind == VK_ABI_STRING || !is_hex(text)) {
        vk_buf_put_text(out, text);
        return vk_buf_status(out);
    }
    return vk_hex_read(text, strlen(text), strlen(text), out) == VK_OK
               ? VK_OK
               : fail(err, VK_ERR_FORMAT, path, "hex must have an even number of digits");
}
