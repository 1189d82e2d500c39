/* Step-up rules as JSON. */
#include "policy/step_up.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

/* ---- Reading ---- */

static vk_status wrong(vk_error *err, const vk_path *path, const char *name, const char *what) {
    vk_path at = vk_path_member(path, name);
    return vk_fail(err, VK_ERR_FORMAT, at.text, "%s", what);
}

static bool is_printable(const char *text) {
    const uint8_t *p = (const uint8_t *)text;
    size_t left = strlen(text), len = 1;
    for (; left > 0 && len > 0; left -= len, p += len) {
        len = vk_utf8_printable_len(p, left);
    }
    return left == 0;
}

static vk_status read_name(const cJSON *object, const vk_path *path, char out[], vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, "name", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    size_t len = strlen(text);
    if (len == 0 || len > VK_STEP_UP_NAME_MAX || !is_printable(text)) {
        return wrong(err, path, "name", "must be 1 to 64 bytes without control characters");
    }
    memcpy(out, text, len + 1);
    return VK_OK;
}

/* Such text goes into clientDataJSON as it is. */
static bool is_plain(const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return len > 0 && len <= VK_STEP_UP_RP_ID_MAX;
}

static vk_status read_rp_id(const cJSON *object, const vk_path *path, vk_step_up_device *out,
                            vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, "rpId", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    if (!is_plain(text)) {
        return wrong(err, path, "rpId", "must be 1 to 253 printable ASCII characters");
    }
    memcpy(out->rp_id, text, strlen(text) + 1);
    return VK_OK;
}

static vk_status read_credential(const cJSON *object, const vk_path *path, vk_step_up_device *out,
                                 vk_error *err) {
    vk_buf id = {0};
    vk_status status =
        vk_json_bytes(object, "credentialId", path, sizeof out->credential_id, &id, err);
    if (status == VK_OK && id.len == 0) {
        status = wrong(err, path, "credentialId", "is empty");
    }
    if (status == VK_OK) {
        memcpy(out->credential_id, id.data, id.len);
        out->credential_id_len = id.len;
        status = vk_json_fixed(object, "publicKey", path, out->point65, sizeof out->point65, err);
    }
    vk_buf_clear(&id);
    if (status == VK_OK && vk_p256_check_point(out->point65) != VK_OK) {
        return wrong(err, path, "publicKey", "must be 0x04, X and Y of a point on P-256");
    }
    return status;
}

static vk_status read_device(const cJSON *json, vk_step_up_device *out, vk_error *err) {
    static const char *const names[] = {"name",      "rpId",     "credentialId",
                                        "publicKey", "verified", NULL};
    vk_path path = vk_path_member(NULL, "device");
    const cJSON *device = vk_json_get(json, "device");
    if (device == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, path.text, "is missing");
    }
    vk_status status = vk_json_only(device, names, &path, err);
    if (status == VK_OK) {
        status = read_name(device, &path, out->name, err);
    }
    if (status == VK_OK) {
        status = read_rp_id(device, &path, out, err);
    }
    if (status == VK_OK) {
        status = read_credential(device, &path, out, err);
    }
    return status == VK_OK && vk_json_get(device, "verified") != NULL
               ? vk_json_bool(device, "verified", &path, &out->verified, err)
               : status;
}

/* Decimal only: a number in JSON, or in hex, is easily one of another unit. */
static vk_status read_above(const cJSON *json, vk_step_up *out, vk_error *err) {
    const char *text;
    vk_path path = {.text = ""};
    vk_status status = vk_json_text(json, "above", &path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0') {
        return wrong(err, NULL, "above", "must be wei in decimal digits, as text");
    }
    out->has_above = true;
    return vk_json_bigint(json, "above", &path, 256, &out->above, err);
}

/* Only call rules say something of a call alone: the others remember, or look at a clock. */
static vk_status check_rules(const vk_policy *policy, const vk_path *path, vk_error *err) {
    for (size_t i = 0; i < policy->count; i++) {
        vk_path at = vk_path_index(path, i);
        if (policy->rules[i].kind != VK_RULE_CALL) {
            return vk_fail(err, VK_ERR_POLICY, at.text, "must be a call rule, not \"%s\"",
                           vk_rule_name(policy->rules[i].kind));
        }
        if (policy->rules[i].flag != 0) {
            return vk_fail(err, VK_ERR_POLICY, at.text, "a policyFlag means nothing here");
        }
    }
    return VK_OK;
}

static vk_status read_rules(const cJSON *array, const vk_path *path, vk_policy *out,
                            vk_error *err) {
    vk_error inner = {0};
    char *text = vk_json_print(array);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_policy_read(text, strlen(text), out, &inner);
    vk_text_free(text);
    if (status != VK_OK) {
        return vk_fail(err, status, "unless", "%s%s%.300s", inner.path,
                       inner.path[0] != '\0' ? ": " : "",
                       inner.message[0] != '\0' ? inner.message : vk_status_text(status));
    }
    status = check_rules(out, path, err);
    if (status != VK_OK) {
        vk_policy_clear(out);
    }
    return status;
}

static vk_status read_unless(const cJSON *json, vk_step_up *out, vk_error *err) {
    static const char *const names[] = {"name", "policies", NULL};
    vk_path path = vk_path_member(NULL, "unless");
    vk_path of_rules = vk_path_member(&path, "policies");
    const cJSON *unless = vk_json_get(json, "unless");
    vk_status status = vk_json_only(unless, names, &path, err);
    if (status == VK_OK) {
        status = read_name(unless, &path, out->unless_name, err);
    }
    if (status != VK_OK) {
        return status;
    }
    const cJSON *array = vk_json_get(unless, "policies");
    if (!cJSON_IsArray(array)) {
        return vk_fail(err, VK_ERR_FORMAT, of_rules.text, "must be an array of call rules");
    }
    status = read_rules(array, &of_rules, &out->unless, err);
    out->has_unless = status == VK_OK;
    return status;
}

static vk_status read_all(const cJSON *json, vk_step_up *out, vk_error *err) {
    static const char *const names[] = {"device", "above", "unless", NULL};
    vk_path root = {.text = ""};
    vk_status status = vk_json_only(json, names, &root, err);
    if (status == VK_OK) {
        status = read_device(json, &out->device, err);
    }
    if (status == VK_OK && vk_json_get(json, "above") != NULL) {
        status = read_above(json, out, err);
    }
    if (status == VK_OK && vk_json_get(json, "unless") != NULL) {
        status = read_unless(json, out, err);
    }
    if (status == VK_OK && !out->has_above && !out->has_unless) {
        status = vk_fail(err, VK_ERR_FORMAT, NULL,
                         "it must say \"above\" or \"unless\": when a touch is needed");
    }
    return status;
}

vk_status vk_step_up_read(const char *json, size_t json_len, vk_step_up *out, vk_error *err) {
    cJSON *parsed = NULL;
    memset(out, 0, sizeof *out);
    vk_status status = vk_json_parse((vk_bytes){(const uint8_t *)json, json_len},
                                     VK_STEP_UP_JSON_MAX, &parsed, err);
    if (status == VK_OK) {
        status = read_all(parsed, out, err);
        cJSON_Delete(parsed);
    }
    if (status != VK_OK) {
        vk_step_up_clear(out);
    }
    return status;
}

void vk_step_up_clear(vk_step_up *rule) {
    vk_policy_clear(&rule->unless);
    memset(rule, 0, sizeof *rule);
}

/* ---- Writing ---- */

static void put_device(const vk_step_up_device *device, vk_buf *out) {
    vk_buf_put_text(out, "{\"device\":{\"name\":");
    vk_json_put_string(out, device->name);
    vk_buf_put_text(out, ",\"rpId\":");
    vk_json_put_string(out, device->rp_id);
    vk_buf_put_text(out, ",\"credentialId\":\"");
    vk_hex_put(out, (vk_bytes){device->credential_id, device->credential_id_len});
    vk_buf_put_text(out, "\",\"publicKey\":\"");
    vk_hex_put(out, (vk_bytes){device->point65, sizeof device->point65});
    vk_buf_put_text(out, device->verified ? "\",\"verified\":true}" : "\"}");
}

void vk_step_up_write(const vk_step_up_device *device, const char *above, const char *unless_name,
                      const char *unless, vk_buf *out) {
    put_device(device, out);
    if (above != NULL) {
        vk_buf_put_text(out, ",\"above\":");
        vk_json_put_string(out, above);
    }
    if (unless != NULL) {
        vk_buf_put_text(out, ",\"unless\":{\"name\":");
        vk_json_put_string(out, unless_name);
        vk_buf_put_text(out, ",\"policies\":");
        vk_buf_put_text(out, unless);
        vk_buf_put_text(out, "}");
    }
    vk_buf_put_text(out, "}");
}
