/* Readers that several rule types share. */
#include "policy/rule.h"

#include <string.h>

vk_status vk_rule_list(const cJSON *object, const char *name, const vk_path *path, size_t max,
                       const cJSON **out, size_t *count, vk_error *err) {
    const cJSON *list = vk_json_get(object, name);
    vk_path at = vk_path_member(path, name);
    if (list == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "member \"%s\" is missing", name);
    }
    if (!cJSON_IsArray(list)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be an array", name);
    }
    size_t size = (size_t)cJSON_GetArraySize(list);
    if (size > max) {
        return vk_fail(err, VK_ERR_SIZE, at.text, "\"%s\" has %zu elements, more than %zu", name,
                       size, max);
    }
    *out = list;
    *count = size;
    return VK_OK;
}

vk_status vk_rule_flag(const cJSON *object, const char *name, const vk_path *path, uint16_t *out,
                       vk_error *err) {
    *out = 0;
    if (vk_json_get(object, name) == NULL) {
        return VK_OK;
    }
    uint8_t bytes[2];
    vk_status status = vk_json_fixed(object, name, path, bytes, sizeof bytes, err);
    if (status == VK_OK) {
        *out = (uint16_t)(bytes[0] << 8 | bytes[1]);
    }
    return status;
}

vk_status vk_rule_check_flag(uint16_t flag, const char *name, const vk_path *path, vk_error *err) {
    if ((flag & ~(VK_FLAG_NOT_FOR_USER_OP | VK_FLAG_NOT_FOR_SIGNATURE)) == 0) {
        return VK_OK;
    }
    vk_path at = vk_path_member(path, name);
    return vk_fail(err, VK_ERR_POLICY, at.text,
                   "\"%s\" is 0x%04x, but only the bits 0x0001 and 0x0002 have a meaning", name,
                   flag);
}

vk_status vk_rule_number(const cJSON *object, const char *name, const vk_path *path, unsigned bits,
                         vk_u256 *out, vk_error *err) {
    if (vk_json_get(object, name) == NULL) {
        return VK_OK;
    }
    return vk_json_bigint(object, name, path, bits, out, err);
}

vk_status vk_rule_number48(const cJSON *object, const char *name, const vk_path *path,
                           uint64_t *out, vk_error *err) {
    vk_u256 value = vk_u256_from_u64(*out);
    vk_status status = vk_rule_number(object, name, path, VK_BITS_TIME, &value, err);
    if (status == VK_OK) {
        *out = vk_u256_low64(&value);
    }
    return status;
}

vk_status vk_rule_address(const cJSON *object, const vk_path *path, const char *published,
                          vk_address *out, vk_error *err) {
    if (vk_json_get(object, "policyAddress") == NULL) {
        return vk_address_read(published, strlen(published), out);
    }
    return vk_json_fixed(object, "policyAddress", path, out->b, sizeof out->b, err);
}

bool vk_rule_find_address(const vk_address *address, const char *const *published, size_t count,
                          size_t *index) {
    char text[43];
    vk_address_text(address, text);
    for (*index = 0; *index < count; ++*index) {
        if (strcmp(text, published[*index]) == 0) {
            return true;
        }
    }
    return false;
}

vk_status vk_rule_not_published(const vk_address *given, const char *const *published, size_t count,
                                const vk_path *path, vk_error *err) {
    vk_path at = vk_path_member(path, "policyAddress");
    char text[43];
    vk_address_text(given, text);
    vk_buf list = {0};
    for (size_t i = 0; i < count; i++) {
        vk_buf_printf(&list, "%s%s", i == 0 ? "" : ", ", published[i]);
    }
    char *expected = vk_buf_take_text(&list);
    vk_status status = vk_fail(err, VK_ERR_POLICY, at.text,
                               "the policy address is %s, but the published one is %s%s", text,
                               count == 1 ? "" : "one of ", expected == NULL ? "?" : expected);
    vk_text_free(expected);
    return status;
}

vk_status vk_rule_check_address(const vk_rule *rule, const char *published, const vk_path *path,
                                vk_error *err) {
    size_t ignored;
    return vk_rule_find_address(&rule->address, &published, 1, &ignored)
               ? VK_OK
               : vk_rule_not_published(&rule->address, &published, 1, path, err);
}
