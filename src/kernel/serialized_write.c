/* Writing the SDK's serialized account: members in its order, base64 around them. */
#include "base/json.h"

#include <valetkey/serialized.h>

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

static void put_action(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "\"action\":{");
    put_hex_member(out, "selector", (vk_bytes){account->selector, sizeof account->selector});
    vk_buf_put_byte(out, ',');
    put_address_member(out, "address", &account->action_target);
    if (account->has_action_hook) {
        vk_buf_put_text(out, ",\"hook\":{");
        put_address_member(out, "address", &account->action_hook);
        vk_buf_put_byte(out, '}');
    }
    vk_buf_put_byte(out, '}');
}

static vk_status put_permission(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "\"permissionParams\":{\"policies\":[");
    vk_status status = put_policies(account->policies, out);
    vk_buf_put_text(out, "],");
    put_hex_member(out, "permissionId",
                   (vk_bytes){account->permission_id, sizeof account->permission_id});
    vk_buf_put_byte(out, '}');
    return status;
}

static void put_account(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "\"accountParams\":{");
    put_hex_member(out, "initCode", vk_buf_view(&account->factory_data));
    vk_buf_put_byte(out, ',');
    put_address_member(out, "accountAddress", &account->account);
    vk_buf_put_byte(out, '}');
}

/* The members at the end, which are there or not. */
static void put_approval(const vk_serialized_account *account, const uint8_t *secret32,
                         vk_buf *out) {
    if (account->enable_signature.len > 0 || !account->pre_installed) {
        vk_buf_put_byte(out, ',');
        put_hex_member(out, "enableSignature", vk_buf_view(&account->enable_signature));
    }
    if (secret32 != NULL) {
        vk_buf_put_byte(out, ',');
        put_hex_member(out, "privateKey", (vk_bytes){secret32, 32});
    }
    if (account->eip7702_auth != NULL) {
        vk_buf_put_text(out, ",\"eip7702Auth\":");
        vk_buf_put_text(out, account->eip7702_auth);
    }
    if (!account->multi_chain || account->pre_installed) {
        vk_buf_printf(out, ",\"isPreInstalled\":%s", account->pre_installed ? "true" : "false");
    }
}

vk_status vk_serialized_write_json(const vk_serialized_account *account, const uint8_t *secret32,
                                   vk_buf *out) {
    vk_buf_put_byte(out, '{');
    vk_status status = put_permission(account, out);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_byte(out, ',');
    put_action(account, out);
    vk_buf_put_text(out, ",\"validityData\":{\"validAfter\":0,\"validUntil\":0},");
    put_account(account, out);
    put_approval(account, secret32, out);
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

vk_status vk_serialized_write(const vk_serialized_account *account, vk_buf *out) {
    vk_buf json = {0};
    vk_status status = vk_serialized_write_json(account, NULL, &json);
    if (status == VK_OK) {
        vk_base64_put(out, vk_buf_view(&json));
        status = vk_buf_status(out);
    }
    vk_buf_clear(&json);
    return status;
}
