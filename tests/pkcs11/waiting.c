#include "waiting.h"

#include "../support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

userop_templ userop_of(const char *label, const char *text) {
    static char application[] = VK_APPLICATION_USEROP;
    return (userop_templ){.attrs = {ATTR(CKA_CLASS, class_data),
                                    ATTR(CKA_TOKEN, yes),
                                    TEXT(CKA_APPLICATION, application),
                                    {CKA_LABEL, (void *)label, strlen(label)},
                                    {CKA_VALUE, (void *)text, strlen(text)}},
                          .count = 5};
}

CK_RV create(CK_SESSION_HANDLE session, userop_templ *templ, CK_OBJECT_HANDLE *out) {
    return f->C_CreateObject(session, templ->attrs, templ->count, out);
}

CK_RV write_userop(CK_SESSION_HANDLE session, const char *label, const char *text,
                   CK_OBJECT_HANDLE *out) {
    userop_templ templ = userop_of(label, text);
    return create(session, &templ, out);
}

CK_ULONG find_application(CK_SESSION_HANDLE session, const char *application,
                          CK_OBJECT_HANDLE *first) {
    CK_ATTRIBUTE templ = {CKA_APPLICATION, (void *)application, strlen(application)};
    return find_all(session, &templ, 1, first);
}

CK_ULONG waiting(CK_SESSION_HANDLE session) {
    return find_application(session, VK_APPLICATION_USEROP, NULL) +
           find_application(session, VK_APPLICATION_DIGEST, NULL) +
           find_application(session, VK_APPLICATION_ASSERTION, NULL);
}

CK_OBJECT_HANDLE beside(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE userop,
                        const char *application) {
    CK_BYTE hash[32];
    CK_OBJECT_HANDLE found;
    ck_assert_uint_eq(get_value(session, userop, CKA_VALETKEY_USEROP_HASH, hash, sizeof hash), 32);
    CK_ATTRIBUTE templ[] = {{CKA_APPLICATION, (void *)application, strlen(application)},
                            ATTR(CKA_VALETKEY_USEROP_HASH, hash)};
    ck_assert_uint_eq(find_all(session, templ, COUNT(templ), &found), 1);
    return found;
}

void digest_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE userop, CK_BYTE digest[32]) {
    CK_OBJECT_HANDLE object = beside(session, userop, VK_APPLICATION_DIGEST);
    ck_assert_uint_eq(get_value(session, object, CKA_VALUE, digest, 32), 32);
}

CK_OBJECT_HANDLE pend(const sdk_key *sdk, const char *label, int index, CK_BYTE digest[32]) {
    CK_OBJECT_HANDLE userop;
    char *text = sdk_userop(sdk, index);
    ck_assert_int_eq(write_userop(sdk->session, label, text, &userop), CKR_OK);
    free(text);
    digest_of(sdk->session, userop, digest);
    return userop;
}

CK_RV sign_digest(const sdk_key *sdk, const CK_BYTE digest[32], CK_BYTE signature[64]) {
    CK_ULONG len = 64;
    return sign_once(sdk->session, sdk->key, CKM_ECDSA, (vk_bytes){digest, 32}, signature, &len);
}

void assert_signature(const sdk_key *sdk, int index, const CK_BYTE signature[64]) {
    vk_buf expected = vectors_bytes(sdk_operation(sdk, index), "signature");
    ck_assert_ptr_nonnull(memmem(expected.data, expected.len, signature, 64));
    vk_buf_clear(&expected);
}

uint64_t gas_left(const sdk_key *sdk) {
    CK_BYTE left[32];
    ck_assert_uint_eq(get_value(sdk->session, sdk->key, CKA_VALETKEY_GAS_LEFT, left, 32), 32);
    vk_u256 value = vk_u256_from_be(left, 32);
    return vk_u256_low64(&value);
}

char *changed(const sdk_key *sdk, int index, const char *member, const char *value) {
    cJSON *op = cJSON_Duplicate(vectors_get(sdk_operation(sdk, index), "userOp"), true);
    cJSON_ReplaceItemInObjectCaseSensitive(op, member, cJSON_CreateString(value));
    char *text = cJSON_PrintUnformatted(op);
    cJSON_Delete(op);
    return text;
}

char *numbered(const sdk_key *sdk, int index, unsigned number) {
    char nonce[80];
    const cJSON *op = vectors_get(sdk_operation(sdk, index), "userOp");
    snprintf(nonce, sizeof nonce, "%s", vectors_text(op, "nonce"));
    snprintf(nonce + strlen(nonce) - 4, 5, "%04x", number);
    return changed(sdk, index, "nonce", nonce);
}

sdk_key enabled_ecdsa(void) {
    CK_BYTE digest[32], signature[64];
    clock_set(NOON);
    sdk_key sdk = sdk_ecdsa();
    pend(&sdk, "sdk", 0, digest);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    assert_signature(&sdk, 0, signature);
    return sdk;
}

void done(sdk_key *sdk) {
    cJSON_Delete(sdk->vector);
}
