/* Finding the function that an ABI form means. */
#include "policy/abi_form.h"

#include <valetkey/eth.h>

#include <string.h>

#define SIGNATURES_SHOWN 200 /* bytes, in a message */

/* What is looked for: a name, or a whole signature; and perhaps a selector. */
typedef struct wanted {
    const char *name;
    const uint8_t *selector; /* NULL: any */
    size_t found;            /* of that name */
    size_t matching;         /* of that selector, too */
    vk_buf signatures;       /* of those of that name */
} wanted;

static void selector_of(const vk_buf *signature, uint8_t selector[4]) {
    vk_hash hash = vk_keccak256(vk_buf_view(signature));
    memcpy(selector, hash.b, 4);
}

static bool is_function(const cJSON *item, const char *name) {
    const cJSON *type = vk_json_get(item, "type"), *own = vk_json_get(item, "name");
    size_t len = strcspn(name, "(");
    return cJSON_IsString(type) && strcmp(type->valuestring, "function") == 0 &&
           cJSON_IsString(own) && strlen(own->valuestring) == len &&
           memcmp(own->valuestring, name, len) == 0;
}

static void note(wanted *search, const vk_buf *signature, const vk_abi_function *one,
                 vk_abi_function *out) {
    const char *text = (const char *)signature->data;
    bool whole = strchr(search->name, '(') != NULL;
    if (whole && (strlen(search->name) != signature->len ||
                  memcmp(search->name, text, signature->len) != 0)) {
        return;
    }
    if (search->found > 0 && memcmp(out->selector, one->selector, 4) == 0) {
        return; /* the same once more */
    }
    bool match = search->selector == NULL || memcmp(search->selector, one->selector, 4) == 0;
    if (search->found == 0 || (match && search->matching == 0)) {
        *out = *one;
    }
    vk_buf_put_text(&search->signatures, search->found == 0 ? "" : ", ");
    vk_buf_put(&search->signatures, text, signature->len);
    search->found++;
    search->matching += match;
}

static vk_status look_at(const cJSON *item, const vk_path *path, wanted *search,
                         vk_abi_function *out, vk_error *err) {
    if (!cJSON_IsObject(item)) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "an element of an ABI must be an object");
    }
    if (!is_function(item, search->name)) {
        return VK_OK;
    }
    vk_abi_function one = {0};
    vk_buf signature = {0};
    vk_status status = vk_abi_function_read(item, path, &signature, one.inputs, &one.count, err);
    if (status == VK_OK) {
        selector_of(&signature, one.selector);
        note(search, &signature, &one, out);
        status = vk_buf_status(&search->signatures);
    }
    vk_buf_clear(&signature);
    return status;
}

/* Of several functions of one name, the one that is meant must be told. */
static vk_status check_found(wanted *search, bool sdk, const vk_path *path, vk_error *err) {
    vk_path at = vk_path_member(
        path, search->found == 0 || search->selector == NULL ? "functionName" : "selector");
    if (search->found == 0) {
        return vk_fail(err, VK_ERR_POLICY, at.text, "\"abi\" has no function \"%.80s\"",
                       search->name);
    }
    if (search->matching == 1 || (sdk && search->found == 1)) {
        return VK_OK;
    }
    size_t len = search->signatures.len;
    int shown = len < SIGNATURES_SHOWN ? (int)len : SIGNATURES_SHOWN;
    return vk_fail(
        err, VK_ERR_POLICY, at.text,
        search->matching == 0
            ? "\"selector\" is not that of \"%.80s\" in \"abi\", which has %.*s"
            : "\"%.80s\" is overloaded: give \"selector\", or as \"functionName\" one of %.*s",
        search->name, shown, (const char *)search->signatures.data);
}

/* out is the first of that name, or better. */
static vk_status search_abi(const cJSON *permission, const vk_path *path, bool sdk, wanted *search,
                            vk_abi_function *out, vk_error *err) {
    const cJSON *abi = vk_json_get(permission, "abi"), *item;
    vk_path list = vk_path_member(path, "abi");
    vk_status status = vk_json_text(permission, "functionName", path, &search->name, err);
    if (status == VK_OK && !cJSON_IsArray(abi)) {
        status = vk_fail(err, VK_ERR_FORMAT, list.text, "\"abi\" must be an array");
    }
    size_t i = 0;
    cJSON_ArrayForEach(item, abi) {
        if (status != VK_OK) {
            return status;
        }
        vk_path at = vk_path_index(&list, i++);
        status = look_at(item, &at, search, out, err);
    }
    return status == VK_OK ? check_found(search, sdk, path, err) : status;
}

vk_status vk_abi_function_find(const cJSON *permission, const vk_path *path,
                               const uint8_t *selector, bool sdk, vk_abi_function *out,
                               vk_error *err) {
    wanted search = {.selector = selector};
    vk_status status = search_abi(permission, path, sdk, &search, out, err);
    vk_buf_clear(&search.signatures);
    return status;
}
