#include "grant_support.h"

#include "base/json.h"
#include "kernel_support.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

grant_session grant_session_load(const char *name) {
    grant_session session = {.file = vectors_load(name)};
    session.signer = kernel_signer(vectors_get(session.file, "session"));
    char *text = vk_json_print(vectors_get(session.file, "policies"));
    ck_assert_int_eq(vk_policy_read(text, strlen(text), &session.policy, NULL), VK_OK);
    vk_text_free(text);
    return session;
}

void grant_session_clear(grant_session *session) {
    vk_policy_clear(&session->policy);
    cJSON_Delete(session->file);
}

cJSON *grant_account(const grant_session *session) {
    const char *text = vectors_text(session->file, "serializedAccount");
    vk_buf json = {0};
    ck_assert_int_eq(vk_base64_read(text, strlen(text), &json), VK_OK);
    cJSON *account = cJSON_ParseWithLength((const char *)json.data, json.len);
    ck_assert_ptr_nonnull(account);
    vk_buf_clear(&json);
    return account;
}

void grant_flip_digit(cJSON *object, const char *name, size_t index) {
    const char *text = vectors_text(object, name);
    ck_assert_uint_lt(2 + index, strlen(text));
    char *copy = strdup(text);
    copy[2 + index] = copy[2 + index] == '5' ? '6' : '5';
    grant_set_text(object, name, copy);
    free(copy);
}

void grant_set_text(cJSON *object, const char *name, const char *text) {
    ck_assert(cJSON_ReplaceItemInObjectCaseSensitive(object, name, cJSON_CreateString(text)));
}

void grant_set_hex(cJSON *object, const char *name, vk_bytes bytes) {
    vk_buf hex = {0};
    vk_hex_put(&hex, bytes);
    char *text = vk_buf_take_text(&hex);
    grant_set_text(object, name, text);
    vk_text_free(text);
}

char *grant_json(const grant_session *session, cJSON *account, const char *members) {
    char *text = vk_json_print(account);
    vk_buf json = {0};
    vk_buf_printf(&json, "{\"chainId\":%" PRIu64 ",\"serializedAccount\":\"",
                  vectors_u64(session->file, "chainId"));
    vk_base64_put(&json, (vk_bytes){(const uint8_t *)text, strlen(text)});
    vk_buf_printf(&json, "\"%s}", members);
    vk_text_free(text);
    cJSON_Delete(account);
    return vk_buf_take_text(&json);
}

vk_grant grant_good(const grant_session *session, char *json) {
    vk_grant grant;
    vk_error err = {0};
    vk_status status =
        vk_grant_read(json, strlen(json), &session->policy, &session->signer, &grant, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    vk_text_free(json);
    return grant;
}

void grant_refused(const grant_session *session, char *json, vk_status status, const char *path) {
    vk_grant grant;
    vk_error err = {0};
    vk_status actual =
        vk_grant_read(json, strlen(json), &session->policy, &session->signer, &grant, &err);
    ck_assert_msg(actual == status, "%d, not %d: %s: %s", actual, status, err.path, err.message);
    ck_assert_int_eq(err.status, status);
    ck_assert_str_eq(err.path, path);
    ck_assert_uint_gt(strlen(err.message), 10);
    vk_text_free(json);
}

void grant_approve(const grant_session *session, cJSON *account, const char *members) {
    char *json = grant_json(session, cJSON_Duplicate(account, true), members);
    vk_grant grant;
    vk_error err = {0};
    vk_status status =
        vk_grant_read_checked(json, strlen(json), &session->policy, &session->signer, &grant, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    vk_enable enable;
    vk_hash digest;
    vk_grant_enable(&grant, &enable);
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_OK);
    uint8_t signature[65];
    kernel_sign(vectors_get(session->file, "owner"), "privateKey", &digest, signature);
    grant_set_hex(account, "enableSignature", (vk_bytes){signature, sizeof signature});
    vk_grant_clear(&grant);
    vk_text_free(json);
}
