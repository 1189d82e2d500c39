/* What keys on a security key sign, and what they do not; answers of the device that are wrong. */
#include "device_support.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>
#include <valetkey/userop.h>
#include <valetkey/webauthn.h>

#define SIGNATURE_MAX 4096

static void get_point(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, uint8_t point65[65]) {
    CK_BYTE der[67];
    ck_assert_uint_eq(get_value(session, key, CKA_EC_POINT, der, sizeof der), 67);
    memcpy(point65, der + 2, 65);
}

static vk_hash hash_of(unsigned sequence) {
    char *text = device_operation(sequence);
    vk_userop_request request;
    vk_hash hash;
    vk_error err = {0};
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    ck_assert_msg(vk_userop_read_request((vk_bytes){(const uint8_t *)text, strlen(text)},
                                         VK_ENTRY_POINT_0_7, &request, &err) == VK_OK,
                  "%s", err.message);
    ck_assert_int_eq(vk_userop_hash(&request.op, 31337, &entry_point, &hash), VK_OK);
    vk_userop_clear(&request.op);
    free(text);
    return hash;
}

START_TEST(its_signature_is_the_finished_one) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG asked = 0, len = sizeof signature;
    uint8_t point65[65];
    char *operation = device_operation(7);
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP, NULL, 0};
    uint32_t counter = authn_counter(device);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, made.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)operation, strlen(operation), NULL, &asked),
                     CKR_OK);
    /* How long it will be is known without a touch. */
    ck_assert_uint_eq(authn_counter(device), counter);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)operation, strlen(operation), signature, &len),
                     CKR_OK);
    ck_assert_uint_eq(asked, len);
    vk_hash hash = hash_of(7);
    vk_error err = {0};
    get_point(session, made.public_key, point65);
    ck_assert_msg(vk_webauthn_verify((vk_bytes){signature, len}, &hash, point65, &err) == VK_OK,
                  "%s", err.message);
    free(operation);
}
END_TEST

START_TEST(high_s_is_folded) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    uint8_t point65[65];
    vk_hash hash = hash_of(1);
    vk_error err = {0};
    authn_misbehave(device, AUTHN_HIGH_S);
    ck_assert_int_eq(device_sign(session, made.private_key, 1, signature, &len), CKR_OK);
    get_point(session, made.public_key, point65);
    ck_assert_int_eq(vk_webauthn_verify((vk_bytes){signature, len}, &hash, point65, &err), VK_OK);
}
END_TEST

START_TEST(what_is_wrong_with_an_answer_is_found) {
    static const struct {
        uint32_t mistakes;
        CK_RV rv;
    } cases[] = {
        {AUTHN_WRONG_RP_ID, CKR_DEVICE_ERROR},     {AUTHN_NO_UP, CKR_DEVICE_ERROR},
        {AUTHN_NO_UV, CKR_DEVICE_ERROR},           {AUTHN_BS_WITHOUT_BE, CKR_DEVICE_ERROR},
        {AUTHN_WRONG_KEY, CKR_DEVICE_ERROR},       {AUTHN_WRONG_ID, CKR_DEVICE_ERROR},
        {AUTHN_GARBAGE, CKR_DEVICE_ERROR},         {AUTHN_TRUNCATED, CKR_DEVICE_ERROR},
        {AUTHN_INDEFINITE, CKR_DEVICE_ERROR},      {AUTHN_WRONG_ERROR, CKR_DEVICE_ERROR},
        {AUTHN_WRONG_BLOB, CKR_FUNCTION_REJECTED}, {AUTHN_COUNTER_STAYS, CKR_FUNCTION_REJECTED}};
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX], untouched[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_OK);
    memset(untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < COUNT(cases); i++) {
        authn_misbehave(device, 0);
        len = sizeof signature;
        ck_assert_int_eq(device_sign(session, made.private_key, 100 + (unsigned)i, signature, &len),
                         CKR_OK);
        memset(signature, 0xa5, sizeof signature);
        len = sizeof signature;
        authn_misbehave(device, cases[i].mistakes);
        CK_RV rv = device_sign(session, made.private_key, (unsigned)i + 1, signature, &len);
        ck_assert_msg(rv == cases[i].rv, "case %zu: 0x%lx", i, rv);
        ck_assert_mem_eq(signature, untouched, sizeof signature);
    }
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "signCount: "));
    authn_misbehave(device, 0);
    len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 99, signature, &len), CKR_OK);
}
END_TEST

START_TEST(a_counter_that_goes_back_is_a_copy) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_OK);
    authn_misbehave(device, AUTHN_COUNTER_BACK);
    len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 1, signature, &len),
                     CKR_FUNCTION_REJECTED);
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "may be a copy"));
}
END_TEST

START_TEST(a_synced_credential_keeps_no_counter) {
    const authn_options options = {.pin = DEVICE_PIN, .with = AUTHN_SYNCED};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    for (unsigned i = 0; i < 3; i++) {
        CK_BYTE signature[SIGNATURE_MAX];
        CK_ULONG len = sizeof signature;
        ck_assert_int_eq(device_sign(session, made.private_key, i, signature, &len), CKR_OK);
    }
}
END_TEST

START_TEST(it_signs_no_digest) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    static const CK_MECHANISM_TYPE mechanisms[] = {CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDSA_SHA1};
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        CK_MECHANISM mechanism = {mechanisms[i], NULL, 0};
        ck_assert_int_eq(f->C_SignInit(session, &mechanism, made.private_key),
                         CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
    ck_assert_ptr_nonnull(
        strstr(last_denial(session, made.private_key), "device: no FIDO2 security key signs a "));
    char *operation = device_operation(0);
    CK_OBJECT_HANDLE pending;
    ck_assert_int_eq(write_data(session, VK_APPLICATION_USEROP, "bot", operation, &pending),
                     CKR_FUNCTION_REJECTED);
    free(operation);
}
END_TEST

/* The policy comes first: what it refuses is no matter for the device. */
START_TEST(what_is_refused_asks_for_no_touch) {
    static char never[] = "[{\"type\":\"timestamp\",\"policyAddress\":"
                          "\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\",\"policyFlag\":"
                          "\"0x0000\",\"validAfter\":1,\"validUntil\":2}]";
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key_under(session, "late", never);
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    uint32_t counter = authn_counter(device);
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len),
                     CKR_FUNCTION_REJECTED);
    ck_assert_uint_eq(authn_counter(device), counter);
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "timestamp: "));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("signatures of security keys");
    TCase *tcase = tcase_create("plugged in");
    tcase_add_checked_fixture(tcase, start_device, stop_device);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, its_signature_is_the_finished_one);
    tcase_add_test(tcase, high_s_is_folded);
    tcase_add_test(tcase, what_is_wrong_with_an_answer_is_found);
    tcase_add_test(tcase, a_counter_that_goes_back_is_a_copy);
    tcase_add_test(tcase, a_synced_credential_keeps_no_counter);
    tcase_add_test(tcase, it_signs_no_digest);
    tcase_add_test(tcase, what_is_refused_asks_for_no_touch);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
