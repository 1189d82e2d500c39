/* Reading the SDK's serialized account: base64 of JSON. */
#include "base/json.h"

#include <valetkey/eth.h>
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

static vk_status read_hook(const cJSON *hook, const vk_path *action, vk_address *out,
                           vk_error *err) {
    static const char *const names[] = {"address", NULL};
    vk_path path = vk_path_member(action, "hook");
    vk_status status = vk_json_only(hook, names, &path, err);
    return status == VK_OK ? vk_json_address(hook, "address", &path, out, err) : status;
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
    out->has_action_hook = hook != NULL;
    return status == VK_OK && hook != NULL ? read_hook(hook, &path, &out->action_hook, err)
                                           : status;
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

static vk_status read_authorization(const cJSON *object, vk_serialized_account *out,
                                    vk_error *err) {
    const cJSON *authorization = member(object, "eip7702Auth");
    if (authorization == NULL) {
        return VK_OK;
    }
    if (!cJSON_IsObject(authorization)) {
        return vk_fail(err, VK_ERR_FORMAT, "eip7702Auth", "\"eip7702Auth\" must be an object");
    }
    out->eip7702_auth = vk_json_print(authorization);
    return out->eip7702_auth == NULL ? VK_ERR_MEMORY : VK_OK;
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
    out->multi_chain = member(object, "isPreInstalled") == NULL;
    out->has_private_key = member(object, "privateKey") != NULL;
    return status == VK_OK ? read_authorization(object, out, err) : status;
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

/* The JSON of a text; delete_wiped it. */
static vk_status decode(const char *text, size_t text_len, cJSON **out, vk_error *err) {
    if (text_len > VK_SERIALIZED_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL,
                       "a serialized account of %zu bytes is over the limit of %zu", text_len,
                       VK_SERIALIZED_MAX);
    }
    vk_buf json = {0};
    vk_status status = vk_base64_read(text, without_newline(text, text_len), &json);
    if (status != VK_OK) {
        vk_fail(err, status, NULL, "the serialized account is not base64");
    } else {
        status = vk_json_parse(vk_buf_view(&json), VK_SERIALIZED_MAX, out, err);
    }
    vk_buf_clear(&json);
    return status;
}

vk_status vk_serialized_read(const char *text, size_t text_len, vk_serialized_account *out,
                             vk_error *err) {
    cJSON *object = NULL;
    vk_serialized_account account = {0};
    vk_status status = decode(text, text_len, &object, err);
    if (status == VK_OK) {
        status = read_object(object, &account, err);
    }
    delete_wiped(object);
    if (status != VK_OK) {
        vk_serialized_clear(&account);
        return status;
    }
    *out = account;
    return VK_OK;
}

static vk_status read_private_key(const cJSON *object, uint8_t secret32[32], vk_error *err) {
    vk_address address;
    if (member(object, "privateKey") == NULL) {
        return vk_fail(err, VK_ERR_NOT_FOUND, "privateKey",
                       "the serialized account carries no private key");
    }
    vk_status status = vk_json_fixed(object, "privateKey", NULL, secret32, 32, err);
    if (status == VK_OK && vk_ecdsa_address(secret32, &address) != VK_OK) {
        status =
            vk_fail(err, VK_ERR_RANGE, "privateKey", "\"privateKey\" is no secp256k1 private key");
    }
    return status;
}

vk_status vk_serialized_read_private_key(const char *text, size_t text_len, uint8_t secret32[32],
                                         vk_error *err) {
    cJSON *object = NULL;
    uint8_t secret[32] = {0};
    vk_status status = decode(text, text_len, &object, err);
    if (status == VK_OK) {
        status = read_private_key(object, secret, err);
    }
    if (status == VK_OK) {
        memcpy(secret32, secret, sizeof secret);
    }
    vk_wipe(secret, sizeof secret);
    delete_wiped(object);
    return status;
}

vk_status vk_serialized_check_id(const vk_serialized_account *account, const uint8_t id4[4],
                                 vk_error *err) {
    const uint8_t *stored = account->permission_id;
    if (memcmp(stored, id4, sizeof account->permission_id) == 0) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_MISMATCH, "permissionParams.permissionId",
                   "the stored permissionId 0x%02x%02x%02x%02x is not the recomputed one of the "
                   "policies and the session key, 0x%02x%02x%02x%02x",
                   stored[0], stored[1], stored[2], stored[3], id4[0], id4[1], id4[2], id4[3]);
}

void vk_serialized_clear(vk_serialized_account *account) {
    vk_text_free(account->policies);
    vk_text_free(account->eip7702_auth);
    vk_buf_clear(&account->factory_data);
    vk_buf_clear(&account->enable_signature);
    *account = (vk_serialized_account){0};
}
