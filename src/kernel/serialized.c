/* The SDK's serialized account: base64 of JSON. */
#include "base/json.h"

#include <valetkey/serialized.h>

#include <stdlib.h>
#include <string.h>

#define FACTORY_DATA_MAX ((size_t)64 << 10)
#define SIGNATURE_MAX ((size_t)64 << 10)

/* ---- Reading ---- */

static const cJSON *member(const cJSON *object, const char *name) {
    return vk_json_get(object, name);
}

/* [{"policyParams":{...}},...] becomes [{...},...]. */
static vk_status read_policies(const cJSON *policies, const vk_path *path, char **out,
                               vk_error *err) {
    static const char *const names[] = {"policyParams", NULL};
    vk_path at = vk_path_member(path, "policies");
    if (!cJSON_IsArray(policies)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"policies\" must be an array");
    }
    vk_buf text = {0};
    vk_status status = VK_OK;
    size_t index = 0;
    const cJSON *policy;
    vk_buf_put_byte(&text, '[');
    cJSON_ArrayForEach(policy, policies) {
        vk_path here = vk_path_index(&at, index);
        status = vk_json_only(policy, names, &here, err);
        const cJSON *params = member(policy, "policyParams");
        if (status == VK_OK && !cJSON_IsObject(params)) {
            status = vk_fail(err, VK_ERR_FORMAT, here.text, "\"policyParams\" must be an object");
        }
        if (status != VK_OK) {
            vk_buf_clear(&text);
            return status;
        }
        char *printed = vk_json_print(params);
        vk_buf_put_text(&text, index++ > 0 ? "," : "");
        vk_buf_put_text(&text, printed != NULL ? printed : "");
        text.status = printed == NULL ? VK_ERR_MEMORY : text.status;
        vk_text_free(printed);
    }
    vk_buf_put_byte(&text, ']');
    *out = vk_buf_take_text(&text);
    return *out == NULL ? VK_ERR_MEMORY : VK_OK;
}

static vk_status read_permission(const cJSON *params, vk_serialized_account *out, vk_error *err) {
    static const char *const names[] = {"policies", "permissionId", NULL};
    vk_path path = vk_path_member(NULL, "permissionParams");
    vk_status status = vk_json_only(params, names, &path, err);
    if (status == VK_OK) {
        status = vk_json_fixed(params, "permissionId", &path, out->permission_id,
                               sizeof out->permission_id, err);
    }
    return status == VK_OK ? read_policies(member(params, "policies"), &path, &out->policies, err)
                           : status;
}

/* The SDK drops a hook that stands in the action: it never reaches the chain. */
static vk_status check_hook(const cJSON *hook, const vk_path *action, vk_error *err) {
    static const char *const names[] = {"address", NULL};
    vk_path path = vk_path_member(action, "hook");
    vk_address ignored;
    vk_status status = vk_json_only(hook, names, &path, err);
    return status == VK_OK ? vk_json_address(hook, "address", &path, &ignored, err) : status;
}

static vk_status read_action(const cJSON *action, vk_serialized_account *out, vk_error *err) {
    static const char *const names[] = {"selector", "address", "hook", NULL};
    vk_path path = vk_path_member(NULL, "action");
    vk_status status = vk_json_only(action, names, &path, err);
    if (status == VK_OK) {
        status = vk_json_fixed(action, "selector", &path, out->selector, sizeof out->selector, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(action, "address", &path, &out->action_target, err);
    }
    const cJSON *hook = member(action, "hook");
    return status == VK_OK && hook != NULL ? check_hook(hook, &path, err) : status;
}

/* Both are 0 in what the SDK writes, and mean nothing to Kernel 0.3. */
static vk_status check_validity(const cJSON *validity, vk_error *err) {
    static const char *const names[] = {"validAfter", "validUntil", NULL};
    vk_path path = vk_path_member(NULL, "validityData");
    uint64_t after, until;
    vk_status status = vk_json_only(validity, names, &path, err);
    if (status == VK_OK) {
        status = vk_json_u64(validity, "validAfter", &path, UINT64_MAX, &after, err);
    }
    return status == VK_OK ? vk_json_u64(validity, "validUntil", &path, UINT64_MAX, &until, err)
                           : status;
}

static vk_status read_account(const cJSON *params, vk_serialized_account *out, vk_error *err) {
    static const char *const names[] = {"initCode", "accountAddress", NULL};
    vk_path path = vk_path_member(NULL, "accountParams");
    vk_status status = vk_json_only(params, names, &path, err);
    if (status == VK_OK) {
        status =
            vk_json_bytes(params, "initCode", &path, FACTORY_DATA_MAX, &out->factory_data, err);
    }
    return status == VK_OK ? vk_json_address(params, "accountAddress", &path, &out->account, err)
                           : status;
}

static vk_status read_approval(const cJSON *object, vk_serialized_account *out, vk_error *err) {
    vk_status status = VK_OK;
    if (member(object, "isPreInstalled") != NULL) {
        status = vk_json_bool(object, "isPreInstalled", NULL, &out->pre_installed, err);
    }
    if (status == VK_OK && member(object, "enableSignature") != NULL) {
        status = vk_json_bytes(object, "enableSignature", NULL, SIGNATURE_MAX,
                               &out->enable_signature, err);
    }
    const cJSON *authorization = member(object, "eip7702Auth");
    if (status == VK_OK && authorization != NULL && !cJSON_IsObject(authorization)) {
        status = vk_fail(err, VK_ERR_FORMAT, "eip7702Auth", "\"eip7702Auth\" must be an object");
    }
    out->has_private_key = member(object, "privateKey") != NULL;
    return status;
}

static vk_status read_object(const cJSON *object, vk_serialized_account *out, vk_error *err) {
    static const char *const names[] = {"permissionParams", "action",          "validityData",
                                        "accountParams",    "enableSignature", "privateKey",
                                        "eip7702Auth",      "isPreInstalled",  NULL};
    vk_status status = vk_json_only(object, names, NULL, err);
    if (status == VK_OK) {
        status = read_permission(member(object, "permissionParams"), out, err);
    }
    if (status == VK_OK) {
        status = read_action(member(object, "action"), out, err);
    }
    if (status == VK_OK) {
        status = check_validity(member(object, "validityData"), err);
    }
    if (status == VK_OK) {
        status = read_account(member(object, "accountParams"), out, err);
    }
    return status == VK_OK ? read_approval(object, out, err) : status;
}

static size_t without_newline(const char *text, size_t len) {
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    return len;
}

/* cJSON's strings may hold a private key: wipe them before they are freed. */
static void delete_wiped(cJSON *object) {
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        if (cJSON_IsString(item)) {
            vk_wipe(item->valuestring, strlen(item->valuestring));
        }
    }
    cJSON_Delete(object);
}

vk_status vk_serialized_read(const char *text, size_t text_len, vk_serialized_account *out,
                             vk_error *err) {
    if (text_len > VK_SERIALIZED_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL,
                       "a serialized account of %zu bytes is over the limit of %zu", text_len,
                       VK_SERIALIZED_MAX);
    }
    vk_buf json = {0};
    if (vk_base64_read(text, without_newline(text, text_len), &json) != VK_OK) {
        vk_buf_clear(&json);
        return vk_fail(err, VK_ERR_FORMAT, NULL, "the serialized account is not base64");
    }
    cJSON *object = NULL;
    vk_serialized_account account = {0};
    vk_status status = vk_json_parse(vk_buf_view(&json), VK_SERIALIZED_MAX, &object, err);
    if (status == VK_OK) {
        status = read_object(object, &account, err);
    }
    delete_wiped(object);
    vk_buf_clear(&json);
    if (status != VK_OK) {
        vk_serialized_clear(&account);
        return status;
    }
    *out = account;
    return VK_OK;
}

/* ---- Writing ---- */

static void put_hex_member(vk_buf *out, const char *name, vk_bytes bytes) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_hex_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

static void put_address_member(vk_buf *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, "\"%s\":\"%s\"", name, text);
}

static vk_status put_policies(const char *policies, vk_buf *out) {
    cJSON *array = cJSON_Parse(policies);
    if (!cJSON_IsArray(array)) {
        cJSON_Delete(array);
        return VK_ERR_FORMAT;
    }
    const cJSON *policy;
    size_t index = 0;
    cJSON_ArrayForEach(policy, array) {
        char *printed = vk_json_print(policy);
        vk_buf_printf(out, "%s{\"policyParams\":%s}", index++ > 0 ? "," : "",
                      printed != NULL ? printed : "");
        out->status = printed == NULL ? VK_ERR_MEMORY : out->status;
        vk_text_free(printed);
    }
    cJSON_Delete(array);
    return vk_buf_status(out);
}

static vk_status put_json(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "{\"permissionParams\":{\"policies\":[");
    vk_status status = put_policies(account->policies, out);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_text(out, "],");
    put_hex_member(out, "permissionId",
                   (vk_bytes){account->permission_id, sizeof account->permission_id});
    vk_buf_put_text(out, "},\"action\":{");
    put_hex_member(out, "selector", (vk_bytes){account->selector, sizeof account->selector});
    vk_buf_put_byte(out, ',');
    put_address_member(out, "address", &account->action_target);
    vk_buf_put_text(out, "},\"validityData\":{\"validAfter\":0,\"validUntil\":0},"
                         "\"accountParams\":{");
    put_hex_member(out, "initCode", vk_buf_view(&account->factory_data));
    vk_buf_put_byte(out, ',');
    put_address_member(out, "accountAddress", &account->account);
    vk_buf_put_text(out, "},");
    if (account->enable_signature.len > 0 || !account->pre_installed) {
        put_hex_member(out, "enableSignature", vk_buf_view(&account->enable_signature));
        vk_buf_put_byte(out, ',');
    }
    vk_buf_printf(out, "\"isPreInstalled\":%s}", account->pre_installed ? "true" : "false");
    return vk_buf_status(out);
}

vk_status vk_serialized_write(const vk_serialized_account *account, vk_buf *out) {
    vk_buf json = {0};
    vk_status status = put_json(account, &json);
    if (status == VK_OK) {
        vk_base64_put(out, vk_buf_view(&json));
        status = vk_buf_status(out);
    }
    vk_buf_clear(&json);
    return status;
}

void vk_serialized_clear(vk_serialized_account *account) {
    vk_text_free(account->policies);
    vk_buf_clear(&account->factory_data);
    vk_buf_clear(&account->enable_signature);
    *account = (vk_serialized_account){0};
}
