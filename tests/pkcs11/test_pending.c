/* The standard way: an operation is written as a data object, plain CKM_ECDSA signs its digest. */
#include "../support/clock.h"
#include "waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The way ---- */

static void sign_like_the_sdk(const sdk_key *sdk, int index) {
    CK_BYTE digest[32], signature[64];
    vk_hash hash = vectors_hash(sdk_operation(sdk, index), "userOpHash");
    vk_hash expected = vk_eip191_hash(&hash);
    pend(sdk, "sdk", index, digest);
    ck_assert_mem_eq(digest, expected.b, 32);
    ck_assert_int_eq(sign_digest(sdk, digest, signature), CKR_OK);
    assert_signature(sdk, index, signature);
}

static void refuse_like_the_chain(const sdk_key *sdk, int index) {
    CK_OBJECT_HANDLE none;
    char *text = sdk_userop(sdk, index);
    ck_assert_int_eq(write_userop(sdk->session, "sdk", text, &none), CKR_FUNCTION_REJECTED);
    free(text);
}

START_TEST(operations_of_the_sdk) {
    clock_set(NOON);
    sdk_key sdk = sdk_ecdsa();
    int count = cJSON_GetArraySize(vectors_get(sdk.vector, "operations"));
    for (int i = 0; i < count; i++) {
        const cJSON *verdict = vectors_get(sdk_operation(&sdk, i), "verdict");
        if (cJSON_IsTrue(vectors_get(verdict, "accept"))) {
            sign_like_the_sdk(&sdk, i);
        } else {
            refuse_like_the_chain(&sdk, i);
        }
        ck_assert_uint_eq(waiting(sdk.session), 0);
    }
    ck_assert_int_eq(count, 11);
    done(&sdk);
}
END_TEST

START_TEST(a_refusal_leaves_its_reason_and_no_object) {
    sdk_key sdk = enabled_ecdsa();
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    refuse_like_the_chain(&sdk, 2);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "call: 100.000001 USDC is over the limit of 100");
    ck_assert_uint_eq(waiting(sdk.session), 0);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "digest: no operation waits for its signature: ");
    done(&sdk);
}
END_TEST

static void expect_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                         const char *expected) {
    char value[4096];
    CK_ULONG len = get_value(session, object, type, value, sizeof value);
    ck_assert_uint_eq(len, strlen(expected));
    ck_assert_mem_eq(value, expected, len);
}

START_TEST(the_objects_of_an_operation) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE object_id[] = {0x06, 0x03, 0x2a, 0x03, 0x04};
    char *text = sdk_userop(&sdk, 1);
    userop_templ templ = userop_of("sdk", text);
    templ.attrs[templ.count++] = (CK_ATTRIBUTE)ATTR(CKA_PRIVATE, no);
    templ.attrs[templ.count++] = (CK_ATTRIBUTE)ATTR(CKA_OBJECT_ID, object_id);
    CK_OBJECT_HANDLE userop, objects[2];
    ck_assert_int_eq(create(sdk.session, &templ, &userop), CKR_OK);
    objects[0] = userop;
    objects[1] = beside(sdk.session, userop, VK_APPLICATION_DIGEST);
    expect_value(sdk.session, userop, CKA_VALUE, text);
    CK_ULONG size = 0;
    ck_assert_int_eq(f->C_GetObjectSize(sdk.session, userop, &size), CKR_OK);
    ck_assert_uint_gt(size, strlen(text));
    expect_value(sdk.session, userop, CKA_APPLICATION, VK_APPLICATION_USEROP);
    expect_value(sdk.session, objects[1], CKA_APPLICATION, VK_APPLICATION_DIGEST);
    for (size_t i = 0; i < COUNT(objects); i++) {
        expect_value(sdk.session, objects[i], CKA_LABEL, "sdk");
        expect_value(sdk.session, objects[i], CKA_ID, "");
        expect_value(sdk.session, objects[i], CKA_OBJECT_ID, "\x06\x03\x2a\x03\x04");
        ck_assert(get_bool(sdk.session, objects[i], CKA_TOKEN));
        ck_assert(get_bool(sdk.session, objects[i], CKA_PRIVATE));
        ck_assert(!get_bool(sdk.session, objects[i], CKA_MODIFIABLE));
        ck_assert(!get_bool(sdk.session, objects[i], CKA_COPYABLE));
        ck_assert(get_bool(sdk.session, objects[i], CKA_DESTROYABLE));
        CK_ATTRIBUTE label = TEXT(CKA_LABEL, "other");
        CK_OBJECT_HANDLE copy;
        ck_assert_int_eq(f->C_SetAttributeValue(sdk.session, objects[i], &label, 1),
                         CKR_ACTION_PROHIBITED);
        ck_assert_int_eq(f->C_CopyObject(sdk.session, objects[i], NULL, 0, &copy),
                         CKR_ACTION_PROHIBITED);
    }
    ck_assert_uint_eq(find_application(sdk.session, VK_APPLICATION_ASSERTION, NULL), 0);
    free(text);
    done(&sdk);
}
END_TEST

/* ---- Once, and within its time ---- */

START_TEST(a_digest_is_signed_once) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], other[32], signature[64];
    CK_OBJECT_HANDLE userop = pend(&sdk, "sdk", 1, digest);
    pend(&sdk, "sdk", 7, other);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    assert_signature(&sdk, 1, signature);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_FUNCTION_REJECTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "digest: no operation waits with this digest: ");
    ck_assert_int_eq(get_rv(sdk.session, userop, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_uint_eq(waiting(sdk.session), 2);
    done(&sdk);
}
END_TEST

/* What pkcs11-tool does after a failure, and what others do before they know the length. */
START_TEST(questions_and_retries_do_not_use_it_up) {
    sdk_key sdk = enabled_ecdsa();
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32], wrong[32] = {1}, signature[64];
    CK_ULONG len = 0;
    pend(&sdk, "sdk", 1, digest);
    ck_assert_int_eq(sign_digest(&sdk, wrong, signature), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(sdk.session, wrong, 32), CKR_OK);
    len = sizeof signature;
    ck_assert_int_eq(f->C_SignFinal(sdk.session, signature, &len), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(sdk.session, digest, 32, NULL, &len), CKR_OK);
    ck_assert_uint_eq(len, 64);
    len = 63;
    ck_assert_int_eq(f->C_Sign(sdk.session, digest, 32, signature, &len), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(waiting(sdk.session), 2);
    ck_assert_int_eq(f->C_Sign(sdk.session, digest, 32, signature, &len), CKR_OK);
    assert_signature(&sdk, 1, signature);
    pend(&sdk, "sdk", 7, digest);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(sdk.session, digest, 20), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(sdk.session, digest + 20, 12), CKR_OK);
    ck_assert_int_eq(f->C_SignFinal(sdk.session, NULL, &len), CKR_OK);
    ck_assert_int_eq(f->C_SignFinal(sdk.session, signature, &len), CKR_OK);
    assert_signature(&sdk, 7, signature);
    done(&sdk);
}
END_TEST

START_TEST(sixty_seconds) {
    sdk_key sdk = enabled_ecdsa();
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32], signature[64];
    CK_ULONG len = sizeof signature;
    uint64_t before = gas_left(&sdk);
    CK_OBJECT_HANDLE userop = pend(&sdk, "sdk", 1, digest);
    clock_set(NOON + 59);
    ck_assert_uint_eq(waiting(sdk.session), 2);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_OK);
    clock_set(NOON + 60);
    ck_assert_int_eq(f->C_Sign(sdk.session, digest, 32, signature, &len), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(get_rv(sdk.session, userop, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    /* It spent nothing, and can be written again. */
    ck_assert_uint_eq(gas_left(&sdk), before);
    sign_like_the_sdk(&sdk, 1);
    ck_assert_uint_lt(gas_left(&sdk), before);
    done(&sdk);
}
END_TEST

START_TEST(a_clock_that_is_set_back_ends_it) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], signature[64];
    pend(&sdk, "sdk", 1, digest);
    clock_set(NOON - 3600);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_KEY_FUNCTION_NOT_PERMITTED);
    pend(&sdk, "sdk", 1, digest);
    clock_pass(60);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_KEY_FUNCTION_NOT_PERMITTED);
    done(&sdk);
}
END_TEST

/* Threads that all have the digest: one gets the signature. */
typedef struct racer {
    const sdk_key *sdk;
    const CK_BYTE *digest;
    CK_RV rv;
} racer;

static void *race(void *argument) {
    racer *mine = argument;
    CK_BYTE signature[64];
    sdk_key own = *mine->sdk;
    own.session = open_session("plain", false);
    mine->rv = sign_digest(&own, mine->digest, signature);
    return NULL;
}

START_TEST(of_many_threads_one_signs) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], other[32];
    pthread_t threads[8];
    racer racers[8];
    int signed_count = 0;
    pend(&sdk, "sdk", 7, other);
    pend(&sdk, "sdk", 1, digest);
    for (size_t i = 0; i < COUNT(racers); i++) {
        racers[i] = (racer){&sdk, digest, CKR_GENERAL_ERROR};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < COUNT(racers); i++) {
        pthread_join(threads[i], NULL);
        signed_count += racers[i].rv == CKR_OK;
        ck_assert(racers[i].rv == CKR_OK || racers[i].rv == CKR_FUNCTION_REJECTED);
    }
    ck_assert_int_eq(signed_count, 1);
    done(&sdk);
}
END_TEST

/* ---- The verdict is repeated ---- */

START_TEST(the_budget_is_judged_when_it_is_signed) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE first[32], second[32], signature[64];
    CK_OBJECT_HANDLE userop;
    /* 0.0086 ether are left; each of these costs 0.00674. */
    for (unsigned i = 0; i < 2; i++) {
        char *numbered_text = numbered(&sdk, 1, i);
        cJSON *op = cJSON_Parse(numbered_text);
        cJSON_ReplaceItemInObjectCaseSensitive(op, "callGasLimit", cJSON_CreateString("0x52e9e0"));
        char *text = cJSON_PrintUnformatted(op);
        ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &userop), CKR_OK);
        digest_of(sdk.session, userop, i == 0 ? first : second);
        free(text);
        cJSON_Delete(op);
        free(numbered_text);
    }
    ck_assert_int_eq(sign_digest(&sdk, first, signature), CKR_OK);
    uint64_t left = gas_left(&sdk);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sign_digest(&sdk, second, signature), CKR_FUNCTION_REJECTED);
        expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "gas: gas may cost ");
    }
    ck_assert_uint_eq(gas_left(&sdk), left);
    done(&sdk);
}
END_TEST

START_TEST(the_window_is_judged_when_it_is_signed) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], signature[64];
    CK_BYTE until[8];
    get_value(sdk.session, sdk.key, CKA_VALETKEY_VALID_UNTIL, until, sizeof until);
    vk_u256 end = vk_u256_from_be(until, sizeof until);
    clock_set(vk_u256_low64(&end) - 1);
    pend(&sdk, "sdk", 1, digest);
    clock_set(vk_u256_low64(&end) + 1);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_FUNCTION_REJECTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "timestamp: ");
    done(&sdk);
}
END_TEST

/* ---- Several ---- */

START_TEST(several_are_told_apart) {
    sdk_key sdk = enabled_ecdsa();
    static const int indexes[] = {1, 7, 10};
    CK_BYTE digests[3][32], signature[64], tags[] = "abc";
    CK_OBJECT_HANDLE userops[3], found;
    for (size_t i = 0; i < 3; i++) {
        char *text = sdk_userop(&sdk, indexes[i]);
        userop_templ templ = userop_of("sdk", text);
        templ.attrs[templ.count++] = (CK_ATTRIBUTE){CKA_OBJECT_ID, &tags[i], 1};
        ck_assert_int_eq(create(sdk.session, &templ, &userops[i]), CKR_OK);
        digest_of(sdk.session, userops[i], digests[i]);
        free(text);
    }
    ck_assert_uint_eq(waiting(sdk.session), 6);
    ck_assert_uint_eq(find_application(sdk.session, VK_APPLICATION_USEROP, &found), 3);
    ck_assert_uint_eq(found, userops[2]);
    for (int i = 2; i >= 0; i--) {
        CK_ATTRIBUTE wanted[] = {TEXT(CKA_APPLICATION, VK_APPLICATION_DIGEST),
                                 {CKA_OBJECT_ID, &tags[i], 1}};
        CK_BYTE value[32];
        ck_assert_uint_eq(find_all(sdk.session, wanted, 2, &found), 1);
        ck_assert_uint_eq(get_value(sdk.session, found, CKA_VALUE, value, 32), 32);
        ck_assert_mem_eq(value, digests[i], 32);
        ck_assert_int_eq(sign_digest(&sdk, digests[i], signature), CKR_OK);
        assert_signature(&sdk, indexes[i], signature);
    }
    ck_assert_uint_eq(waiting(sdk.session), 0);
    done(&sdk);
}
END_TEST

START_TEST(a_key_has_room_for_64) {
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE userop, last = 0;
    for (unsigned i = 0; i < 65; i++) {
        char *text = numbered(&sdk, 1, i);
        CK_RV rv = write_userop(sdk.session, "sdk", text, &userop);
        ck_assert_msg(rv == (i < 64 ? CKR_OK : CKR_DEVICE_MEMORY), "%u: 0x%lx", i, rv);
        last = i < 64 ? userop : last;
        free(text);
    }
    /* The same again takes no room, and is another object. */
    char *text = numbered(&sdk, 1, 63);
    ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &userop), CKR_OK);
    free(text);
    ck_assert_uint_ne(userop, last);
    ck_assert_int_eq(get_rv(sdk.session, last, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(f->C_DestroyObject(sdk.session, userop), CKR_OK);
    text = numbered(&sdk, 1, 64);
    ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &userop), CKR_OK);
    free(text);
    clock_set(NOON + 60);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    done(&sdk);
}
END_TEST

START_TEST(destroying_one_object_takes_it_back) {
    sdk_key sdk = enabled_ecdsa();
    CK_BYTE digest[32], signature[64];
    CK_OBJECT_HANDLE userop = pend(&sdk, "sdk", 1, digest);
    CK_OBJECT_HANDLE object = beside(sdk.session, userop, VK_APPLICATION_DIGEST);
    CK_SESSION_HANDLE ro = open_session("plain", false);
    ck_assert_int_eq(f->C_DestroyObject(ro, object), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_DestroyObject(sdk.session, object), CKR_OK);
    ck_assert_int_eq(f->C_DestroyObject(sdk.session, userop), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_uint_eq(waiting(sdk.session), 0);
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_KEY_FUNCTION_NOT_PERMITTED);
    done(&sdk);
}
END_TEST

Suite *pending_suite(void) {
    Suite *suite = suite_create("pending");
    TCase *tcase = started_case("pending");
    tcase_add_test(tcase, operations_of_the_sdk);
    tcase_add_test(tcase, a_refusal_leaves_its_reason_and_no_object);
    tcase_add_test(tcase, the_objects_of_an_operation);
    tcase_add_test(tcase, a_digest_is_signed_once);
    tcase_add_test(tcase, questions_and_retries_do_not_use_it_up);
    tcase_add_test(tcase, sixty_seconds);
    tcase_add_test(tcase, a_clock_that_is_set_back_ends_it);
    tcase_add_test(tcase, of_many_threads_one_signs);
    tcase_add_test(tcase, the_budget_is_judged_when_it_is_signed);
    tcase_add_test(tcase, the_window_is_judged_when_it_is_signed);
    tcase_add_test(tcase, several_are_told_apart);
    tcase_add_test(tcase, a_key_has_room_for_64);
    tcase_add_test(tcase, destroying_one_object_takes_it_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
