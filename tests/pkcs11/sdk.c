#include "sdk.h"

#include <stdlib.h>
#include <string.h>

static char *grant_json(const cJSON *vector) {
    cJSON *grant = cJSON_CreateObject();
    cJSON_AddNumberToObject(grant, "chainId", (double)vectors_u64(vector, "chainId"));
    cJSON_AddStringToObject(grant, "kernelVersion", vectors_text(vector, "kernelVersion"));
    cJSON_AddStringToObject(grant, "entryPoint", vectors_text(vector, "entryPoint"));
    cJSON_AddStringToObject(grant, "serializedAccount", vectors_text(vector, "serializedAccount"));
    char *text = cJSON_PrintUnformatted(grant);
    cJSON_Delete(grant);
    return text;
}

#define TEMPLATE_MAX 16

/* What every imported key has, and then what is the curve's. */
static void import_key(sdk_key *sdk, char *label, const CK_ATTRIBUTE *extra, CK_ULONG extra_count) {
    uint8_t secret[32];
    char *policy = cJSON_PrintUnformatted(vectors_get(sdk->vector, "policies"));
    vectors_fixed(vectors_get(sdk->vector, "session"), "privateKey", secret, sizeof secret);
    CK_ATTRIBUTE templ[TEMPLATE_MAX] = {
        ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec),
        ATTR(CKA_TOKEN, yes),           {CKA_LABEL, label, strlen(label)},
        ATTR(CKA_VALUE, secret),        {CKA_VALETKEY_POLICY, policy, strlen(policy)}};
    CK_ULONG count = 6;
    for (CK_ULONG i = 0; i < extra_count; i++) {
        templ[count++] = extra[i];
    }
    ck_assert_int_eq(f->C_CreateObject(sdk->session, templ, count, &sdk->key), CKR_OK);
    free(policy);
}

static void import_grant(sdk_key *sdk, const char *label) {
    char *grant = grant_json(sdk->vector);
    ck_assert_int_eq(write_data(sdk->session, VK_APPLICATION_GRANT, label, grant, &sdk->grant),
                     CKR_OK);
    free(grant);
}

sdk_key sdk_ecdsa(void) {
    sdk_key sdk = {.vector = vectors_load("session/ecdsa.json"),
                   .session = login("plain", CKU_USER)};
    const CK_ATTRIBUTE curve = ATTR(CKA_EC_PARAMS, secp256k1);
    import_key(&sdk, "sdk", &curve, 1);
    import_grant(&sdk, "sdk");
    return sdk;
}

sdk_key sdk_passkey(CK_SESSION_HANDLE session, char *label, bool counts) {
    sdk_key sdk = {.vector = vectors_load("session/passkey.json"), .session = session};
    const cJSON *made = vectors_get(sdk.vector, "session");
    const char *rp_id = vectors_text(made, "rpId"), *origin = vectors_text(made, "origin");
    vk_hash id_hash = vectors_hash(made, "authenticatorIdHash");
    CK_BBOOL use_sign_count = counts ? CK_TRUE : CK_FALSE;
    const CK_ATTRIBUTE extra[] = {ATTR(CKA_EC_PARAMS, p256),
                                  {CKA_VALETKEY_RP_ID, (void *)rp_id, strlen(rp_id)},
                                  {CKA_VALETKEY_ORIGIN, (void *)origin, strlen(origin)},
                                  ATTR(CKA_VALETKEY_AUTHENTICATOR_ID_HASH, id_hash.b),
                                  ATTR(CKA_VALETKEY_USE_SIGN_COUNT, use_sign_count)};
    import_key(&sdk, label, extra, COUNT(extra));
    import_grant(&sdk, label);
    return sdk;
}

const cJSON *sdk_operation(const sdk_key *sdk, int index) {
    return cJSON_GetArrayItem(vectors_get(sdk->vector, "operations"), index);
}

char *sdk_userop(const sdk_key *sdk, int index) {
    return cJSON_PrintUnformatted(vectors_get(sdk_operation(sdk, index), "userOp"));
}

void expect_text(const sdk_key *sdk, CK_ATTRIBUTE_TYPE type, const char *expected) {
    char text[2048] = {0};
    get_value(sdk->session, sdk->key, type, text, sizeof text - 1);
    ck_assert_msg(strstr(text, expected) != NULL, "0x%lx is %s", type, text);
}
