/* The standard way: which key, whose login, what a passkey signs, other processes, edited rows. */
#include "../support/clock.h"
#include "waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Which key ---- */

START_TEST(keys_are_not_confused) {
    sdk_key sdk = enabled_ecdsa(), pass = sdk_passkey(sdk.session, "pass", false);
    CK_BYTE digest[32], other[32], signature[64];
    CK_OBJECT_HANDLE none;
    pend(&sdk, "sdk", 1, digest);
    pend(&pass, "pass", 0, other);
    ck_assert_int_eq(sign_digest(&pass, digest, signature), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(sign_digest(&sdk, other, signature), CKR_FUNCTION_REJECTED);
    char *text = sdk_userop(&sdk, 7);
    ck_assert_int_eq(write_userop(sdk.session, "pass", text, &none), CKR_FUNCTION_REJECTED);
    expect_text(&pass, CKA_VALETKEY_LAST_DENIAL, "sender: ");
    ck_assert_int_eq(write_userop(sdk.session, "nobody", text, &none), CKR_TEMPLATE_INCONSISTENT);
    free(text);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    ck_assert_int_eq(sign_digest(&pass, other, signature), CKR_OK);
    done(&sdk);
    done(&pass);
}
END_TEST

static void set_id(const sdk_key *sdk, CK_BYTE *id) {
    CK_ATTRIBUTE attribute = {CKA_ID, id, 1};
    ck_assert_int_eq(f->C_SetAttributeValue(sdk->session, sdk->key, &attribute, 1), CKR_OK);
}

static CK_RV write_with_id(const sdk_key *sdk, int index, char *label, CK_BYTE *id,
                           CK_OBJECT_HANDLE *out) {
    char *text = sdk_userop(sdk, index);
    userop_templ templ = userop_of(label, text);
    templ.attrs[templ.count++] = (CK_ATTRIBUTE){CKA_ID, id, 1};
    CK_RV rv = create(sdk->session, &templ, out);
    free(text);
    return rv;
}

START_TEST(one_label_for_two_keys) {
    sdk_key sdk = enabled_ecdsa(), pass = sdk_passkey(sdk.session, "pass", false);
    CK_ATTRIBUTE label = TEXT(CKA_LABEL, "sdk");
    CK_BYTE ids[] = {1, 2}, digest[32], signature[64];
    CK_OBJECT_HANDLE userop, none;
    set_id(&sdk, &ids[0]);
    set_id(&pass, &ids[1]);
    ck_assert_int_eq(f->C_SetAttributeValue(pass.session, pass.key, &label, 1), CKR_OK);
    char *text = sdk_userop(&sdk, 1);
    ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &none), CKR_TEMPLATE_INCONSISTENT);
    free(text);
    ck_assert_int_eq(write_with_id(&sdk, 1, "sdk", &ids[1], &none), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(write_with_id(&sdk, 1, "other", &ids[0], &none), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(write_with_id(&sdk, 1, "sdk", &ids[0], &userop), CKR_OK);
    CK_ATTRIBUTE by_id[] = {ATTR(CKA_CLASS, class_data), {CKA_ID, &ids[0], 1}};
    ck_assert_uint_eq(find_all(sdk.session, by_id, COUNT(by_id), NULL), 2);
    digest_of(sdk.session, userop, digest);
    ck_assert_int_eq(sign_digest(&pass, digest, signature), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    done(&sdk);
    done(&pass);
}
END_TEST

/* ---- Who ---- */

START_TEST(the_user_writes_and_sees) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32];
    CK_OBJECT_HANDLE userop = pend(&sdk, "sdk", 1, digest), none;
    CK_SESSION_HANDLE ro = open_session("plain", false);
    char *text = sdk_userop(&sdk, 7);
    ck_assert_int_eq(write_userop(ro, "sdk", text, &none), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_CloseSession(ro), CKR_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(f->C_Logout(sdk.session), CKR_OK);
        if (i == 1) {
            ck_assert_int_eq(try_login(sdk.session, CKU_SO, SO_PIN), CKR_OK);
        }
        ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &none), CKR_USER_NOT_LOGGED_IN);
        ck_assert_uint_eq(waiting(sdk.session), 0);
        ck_assert_int_eq(get_rv(sdk.session, userop, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
        ck_assert_int_eq(f->C_DestroyObject(sdk.session, userop), CKR_OBJECT_HANDLE_INVALID);
        if (i == 0) {
            ck_assert_int_eq(try_login(sdk.session, CKU_USER, USER_PIN), CKR_OK);
        }
    }
    free(text);
    done(&sdk);
}
END_TEST

START_TEST(templates_that_are_refused) {
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE none;
    char *text = sdk_userop(&sdk, 1);
    userop_templ in_session = userop_of("sdk", text);
    in_session.attrs[1] = (CK_ATTRIBUTE)ATTR(CKA_TOKEN, no);
    ck_assert_int_eq(create(sdk.session, &in_session, &none), CKR_TEMPLATE_INCONSISTENT);
    userop_templ nameless = userop_of("sdk", text);
    nameless.attrs[3] = nameless.attrs[4];
    nameless.count = 4;
    ck_assert_int_eq(create(sdk.session, &nameless, &none), CKR_TEMPLATE_INCOMPLETE);
    userop_templ empty = userop_of("sdk", "");
    ck_assert_int_eq(create(sdk.session, &empty, &none), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(write_userop(sdk.session, "sdk", "{\"sender\":1}", &none),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    char *large = malloc(200000);
    memset(large, ' ', 199999);
    large[199999] = '\0';
    memcpy(large, text, strlen(text));
    ck_assert_int_eq(write_userop(sdk.session, "sdk", large, &none), CKR_ATTRIBUTE_VALUE_INVALID);
    free(large);
    ck_assert_int_eq(write_data(sdk.session, VK_APPLICATION_DIGEST, "sdk", text, &none),
                     CKR_TEMPLATE_INCONSISTENT);
    free(text);
    pair keys = GENERATE(sdk.session, secp256k1, "bare");
    (void)keys;
    text = sdk_userop(&sdk, 1);
    ck_assert_int_eq(write_userop(sdk.session, "bare", text, &none), CKR_FUNCTION_REJECTED);
    free(text);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    done(&sdk);
}
END_TEST

START_TEST(handles_that_mean_nothing) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    static const CK_OBJECT_HANDLE handles[] = {0x7fffffff, 0x80000000, 0x80000003, 0x80000004,
                                               ~(CK_OBJECT_HANDLE)0};
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    for (size_t i = 0; i < COUNT(handles); i++) {
        ck_assert_int_eq(get_rv(session, handles[i], CKA_CLASS), CKR_OBJECT_HANDLE_INVALID);
        ck_assert_int_eq(f->C_DestroyObject(session, handles[i]), CKR_OBJECT_HANDLE_INVALID);
        ck_assert_int_eq(f->C_SignInit(session, &ecdsa, handles[i]), CKR_KEY_HANDLE_INVALID);
    }
}
END_TEST

/* ---- Passkeys ---- */

/* SHA-256 of what the assertion object says; its sign count. */
static uint32_t read_assertion(const sdk_key *sdk, CK_OBJECT_HANDLE userop, vk_hash *signed_hash,
                               vk_buf *signed_bytes) {
    char text[1024];
    CK_OBJECT_HANDLE object = beside(sdk->session, userop, VK_APPLICATION_ASSERTION);
    CK_ULONG len = get_value(sdk->session, object, CKA_VALUE, text, sizeof text);
    cJSON *json = cJSON_ParseWithLength(text, len);
    vk_buf auth_data = vectors_bytes(json, "authenticatorData");
    const char *client_data = vectors_text(json, "clientDataJSON");
    vk_hash client_hash;
    ck_assert_int_eq(
        vk_sha256((vk_bytes){(const uint8_t *)client_data, strlen(client_data)}, &client_hash),
        VK_OK);
    vk_buf_put(signed_bytes, auth_data.data, auth_data.len);
    vk_buf_put(signed_bytes, client_hash.b, 32);
    ck_assert_int_eq(vk_sha256(vk_buf_view(signed_bytes), signed_hash), VK_OK);
    ck_assert_uint_eq(auth_data.len, 37);
    const uint8_t *count = auth_data.data + 33;
    uint32_t sign_count =
        (uint32_t)count[0] << 24 | (uint32_t)count[1] << 16 | (uint32_t)count[2] << 8 | count[3];
    vk_buf_clear(&auth_data);
    cJSON_Delete(json);
    return sign_count;
}

static CK_RV verify(const sdk_key *sdk, const CK_BYTE digest[32], CK_BYTE signature[64]) {
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE public_key = find_object(sdk->session, CKO_PUBLIC_KEY, "pass");
    ck_assert_int_eq(f->C_VerifyInit(sdk->session, &ecdsa, public_key), CKR_OK);
    return f->C_Verify(sdk->session, (CK_BYTE_PTR)digest, 32, signature, 64);
}

START_TEST(an_assertion_says_what_is_signed) {
    clock_set(NOON);
    sdk_key sdk = sdk_passkey(login("plain", CKU_USER), "pass", false);
    CK_BYTE digest[32], signature[64];
    CK_ULONG len = sizeof signature;
    vk_hash hash;
    vk_buf bytes = {0}, again = {0};
    CK_OBJECT_HANDLE userop = pend(&sdk, "pass", 0, digest);
    ck_assert_uint_eq(read_assertion(&sdk, userop, &hash, &bytes), 0);
    ck_assert_mem_eq(digest, hash.b, 32);
    ck_assert_uint_eq(waiting(sdk.session), 3);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    ck_assert_int_eq(verify(&sdk, digest, signature), CKR_OK);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    /* The bytes themselves, hashed by the token. */
    userop = pend(&sdk, "pass", 1, digest);
    read_assertion(&sdk, userop, &hash, &again);
    ck_assert_int_eq(
        sign_once(sdk.session, sdk.key, CKM_ECDSA_SHA256, vk_buf_view(&again), signature, &len),
        CKR_OK);
    ck_assert_int_eq(verify(&sdk, digest, signature), CKR_OK);
    vk_buf_clear(&bytes);
    vk_buf_clear(&again);
    done(&sdk);
}
END_TEST

/* Writes the operation with this number; the sign count of its assertion. */
static uint32_t pend_counted(const sdk_key *sdk, unsigned number, CK_BYTE digest[32]) {
    CK_OBJECT_HANDLE userop;
    vk_hash hash;
    vk_buf bytes = {0};
    char *text = numbered(sdk, 1, number);
    ck_assert_int_eq(write_userop(sdk->session, "pass", text, &userop), CKR_OK);
    free(text);
    uint32_t sign_count = read_assertion(sdk, userop, &hash, &bytes);
    digest_of(sdk->session, userop, digest);
    vk_buf_clear(&bytes);
    return sign_count;
}

START_TEST(sign_counts_only_grow) {
    clock_set(NOON);
    sdk_key sdk = sdk_passkey(login("plain", CKU_USER), "pass", true);
    CK_BYTE digests[4][32], signature[64], count[4];
    pend(&sdk, "pass", 0, digests[0]);
    ck_assert_int_eq(sign_digest(&sdk, digests[0], signature), CKR_OK);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(pend_counted(&sdk, i, digests[i]), i + 2);
    }
    ck_assert_int_eq(sign_digest(&sdk, digests[0], signature), CKR_OK);
    ck_assert_int_eq(sign_digest(&sdk, digests[2], signature), CKR_OK);
    ck_assert_int_eq(sign_digest(&sdk, digests[1], signature), CKR_FUNCTION_REJECTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL,
                "signCount: the assertion has the sign count 3, but 4 was signed since: ");
    ck_assert_int_eq(sign_digest(&sdk, digests[3], signature), CKR_OK);
    get_value(sdk.session, sdk.key, CKA_VALETKEY_SIGN_COUNT, count, sizeof count);
    ck_assert_mem_eq(count, "\0\0\0\5", 4);
    ck_assert_uint_eq(pend_counted(&sdk, 1, digests[1]), 6);
    done(&sdk);
}
END_TEST

/* ---- Keys that sign digests freely ---- */

#define RATED_SUDO                                                                                 \
    "[{\"type\":\"sudo\",\"policyFlag\":\"0x0000\"},{\"type\":\"rate-limit\","                     \
    "\"policyFlag\":\"0x0000\",\"interval\":1,\"count\":3,\"startAt\":0}]"

/* An account that has the key's permission already. */
static char *installed_grant(const sdk_key *sdk, const uint8_t id4[4]) {
    vk_serialized_account account = {.policies = RATED_SUDO, .pre_installed = true};
    vk_buf serialized = {0}, json = {0};
    account.account = vectors_address(sdk->vector, "account");
    memcpy(account.permission_id, id4, 4);
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    ck_assert_int_eq(vk_serialized_write(&account, &serialized), VK_OK);
    vk_buf_printf(&json,
                  "{\"chainId\":31337,\"kernelVersion\":\"0.3.1\",\"entryPoint\":\"%s\","
                  "\"serializedAccount\":\"%.*s\"}",
                  vectors_text(sdk->vector, "entryPoint"), (int)serialized.len, serialized.data);
    vk_buf_clear(&serialized);
    return vk_buf_take_text(&json);
}

/* A key under sudo and a rate limit, with a grant; the vector lends its operations. */
static sdk_key rated_sudo(void) {
    sdk_key sdk = {.vector = vectors_load("session/ecdsa.json"),
                   .session = login("plain", CKU_USER)};
    CK_ATTRIBUTE policy = TEXT(CKA_VALETKEY_POLICY, RATED_SUDO);
    const pair_args args = {secp256k1, sizeof secp256k1, "sudo", &policy, 1};
    uint8_t id4[4];
    pair keys;
    ck_assert_int_eq(try_generate(sdk.session, &args, &keys), CKR_OK);
    sdk.key = keys.private_key;
    get_value(sdk.session, sdk.key, CKA_VALETKEY_PERMISSION_ID, id4, 4);
    char *grant = installed_grant(&sdk, id4);
    ck_assert_int_eq(write_data(sdk.session, VK_APPLICATION_GRANT, "sudo", grant, &sdk.grant),
                     CKR_OK);
    vk_text_free(grant);
    return sdk;
}

static uint64_t count_left(const sdk_key *sdk) {
    CK_BYTE left[8];
    ck_assert_uint_eq(get_value(sdk->session, sdk->key, CKA_VALETKEY_COUNT_LEFT, left, 8), 8);
    vk_u256 value = vk_u256_from_be(left, 8);
    return vk_u256_low64(&value);
}

START_TEST(a_digest_of_a_sudo_key_that_waits_is_its_operation) {
    clock_set(NOON);
    sdk_key sdk = rated_sudo();
    CK_BYTE digest[32], other[32] = {1}, signature[64], id4[4];
    CK_OBJECT_HANDLE userop;
    char nonce[80];
    get_value(sdk.session, sdk.key, CKA_VALETKEY_PERMISSION_ID, id4, 4);
    snprintf(nonce, sizeof nonce, "0x0002%02x%02x%02x%02x%052x", id4[0], id4[1], id4[2], id4[3], 0);
    char *text = changed(&sdk, 1, "nonce", nonce);
    ck_assert_int_eq(sign_digest(&sdk, other, signature), CKR_OK);
    ck_assert_uint_eq(count_left(&sdk), 3);
    ck_assert_int_eq(write_userop(sdk.session, "sudo", text, &userop), CKR_OK);
    digest_of(sdk.session, userop, digest);
    ck_assert_int_eq(sign_digest(&sdk, other, signature), CKR_OK);
    ck_assert_uint_eq(count_left(&sdk), 3);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    ck_assert_uint_eq(count_left(&sdk), 2);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    /* It waits no more, so it is a digest like any other. */
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    ck_assert_uint_eq(count_left(&sdk), 2);
    free(text);
    done(&sdk);
}
END_TEST

/* ---- Other processes ---- */

/* Exit status: which of the steps failed. */
static int sign_in_child(CK_BYTE expected[32]) {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object, key;
    CK_BYTE digest[32], signature[64];
    CK_ULONG len = 64, found;
    CK_ATTRIBUTE value = {CKA_VALUE, digest, sizeof digest};
    CK_ATTRIBUTE by_application = TEXT(CKA_APPLICATION, VK_APPLICATION_DIGEST);
    CK_ATTRIBUTE by_class = ATTR(CKA_CLASS, class_private);
    if (f->C_Initialize(NULL) != CKR_OK ||
        f->C_OpenSession(slot_of("plain"), CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK ||
        try_login(session, CKU_USER, USER_PIN) != CKR_OK) {
        return 1;
    }
    if (f->C_FindObjectsInit(session, &by_application, 1) != CKR_OK ||
        f->C_FindObjects(session, &object, 1, &found) != CKR_OK || found != 1 ||
        f->C_FindObjectsFinal(session) != CKR_OK ||
        f->C_GetAttributeValue(session, object, &value, 1) != CKR_OK ||
        memcmp(digest, expected, sizeof digest) != 0) {
        return 2;
    }
    if (f->C_FindObjectsInit(session, &by_class, 1) != CKR_OK ||
        f->C_FindObjects(session, &key, 1, &found) != CKR_OK || found != 1 ||
        f->C_FindObjectsFinal(session) != CKR_OK) {
        return 3;
    }
    CK_RV rv = sign_once(session, key, CKM_ECDSA, (vk_bytes){digest, 32}, signature, &len);
    return rv == CKR_OK && f->C_Finalize(NULL) == CKR_OK ? 0 : 4;
}

START_TEST(a_forked_process_signs_what_its_parent_wrote) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], signature[64];
    uint64_t before = gas_left(&sdk);
    pend(&sdk, "sdk", 1, digest);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(sign_in_child(digest));
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    ck_assert_uint_lt(gas_left(&sdk), before);
    done(&sdk);
}
END_TEST

/* ---- Past the store ---- */

START_TEST(edited_rows_are_not_signed) {
    static const char *const edits[] = {
        "UPDATE pending SET payload = payload || x'20'",
        "UPDATE pending SET made_wall = made_wall + 30",
        "UPDATE pending SET grant_id = grant_id + 1",
        "UPDATE pending SET key_id = key_id + 1",
    };
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], signature[64];
    for (size_t i = 0; i < COUNT(edits); i++) {
        CK_OBJECT_HANDLE userop = pend(&sdk, "sdk", 1, digest);
        clock_set(NOON + 30);
        edit_tokens(edits[i]);
        CK_RV rv = sign_digest(&sdk, digest, signature);
        ck_assert_msg(rv == CKR_DEVICE_ERROR || rv == CKR_KEY_FUNCTION_NOT_PERMITTED, "%s: 0x%lx",
                      edits[i], rv);
        ck_assert_int_eq(get_rv(sdk.session, userop, CKA_VALUE), CKR_DEVICE_ERROR);
        ck_assert_uint_eq(waiting(sdk.session), 0);
        edit_tokens("DELETE FROM pending");
        clock_set(NOON);
    }
    done(&sdk);
}
END_TEST

/* The digest of one operation, the payload of another: the index leads to nothing. */
START_TEST(an_edited_digest_signs_nothing_else) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], signature[64];
    pend(&sdk, "sdk", 1, digest);
    edit_tokens("UPDATE pending SET digest = zeroblob(32)");
    memset(digest, 0, sizeof digest);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_DEVICE_ERROR);
    done(&sdk);
}
END_TEST

Suite *pending_keys_suite(void) {
    Suite *suite = suite_create("pending keys");
    TCase *tcase = started_case("pending keys");
    tcase_add_test(tcase, keys_are_not_confused);
    tcase_add_test(tcase, one_label_for_two_keys);
    tcase_add_test(tcase, the_user_writes_and_sees);
    tcase_add_test(tcase, templates_that_are_refused);
    tcase_add_test(tcase, handles_that_mean_nothing);
    tcase_add_test(tcase, an_assertion_says_what_is_signed);
    tcase_add_test(tcase, sign_counts_only_grow);
    tcase_add_test(tcase, a_digest_of_a_sudo_key_that_waits_is_its_operation);
    tcase_add_test(tcase, a_forked_process_signs_what_its_parent_wrote);
    tcase_add_test(tcase, edited_rows_are_not_signed);
    tcase_add_test(tcase, an_edited_digest_signs_nothing_else);
    suite_add_tcase(suite, tcase);
    return suite;
}
