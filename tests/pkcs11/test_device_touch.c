/* The touch that a signature waits for: how it ends, and what goes on meanwhile. */
#include "device_support.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <valetkey/pkcs11.h>

#define SIGNATURE_MAX 4096

typedef struct signer {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_RV rv;
} signer;

static void *sign_in_thread(void *context) {
    signer *s = context;
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    s->rv = device_sign(s->session, s->key, 5, signature, &len);
    return NULL;
}

/* A signature that waits for a touch that never comes. */
static pthread_t wait_for_touch(signer *s) {
    pthread_t thread;
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, sign_in_thread, s), 0);
    ck_assert(authn_wait_for_touch(device, 5000));
    return thread;
}

/* Under a policy, so that the journal has what it does. */
static signer new_signer(void) {
    static char always[] = "[{\"type\":\"timestamp\",\"policyAddress\":"
                           "\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\",\"policyFlag\":"
                           "\"0x0000\",\"validAfter\":1,\"validUntil\":0}]";
    signer s = {.session = device_login()};
    s.key = device_key_under(s.session, "bot", always).private_key;
    return s;
}

START_TEST(a_touch_is_waited_for) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    ck_assert(authn_touch(device, 5000));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(other_slots_go_on_meanwhile) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair other = GENERATE(session, p256, "other");
    ck_assert_int_eq(
        sign_once(session, other.private_key, CKM_ECDSA, (vk_bytes){digest, 32}, signature, &len),
        CKR_OK);
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_uint_ne(device_flags() & CKF_USER_PIN_INITIALIZED, 0);
    ck_assert(authn_touch(device, 5000));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(a_touch_is_cancelled_by_a_logout) {
    signer s = new_signer();
    CK_SESSION_HANDLE other = device_session();
    pthread_t thread = wait_for_touch(&s);
    ck_assert_int_eq(f->C_Logout(other), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
}
END_TEST

START_TEST(a_touch_is_cancelled_by_the_session) {
    CK_FUNCTION_LIST_3_0 *f3;
    CK_INTERFACE *interface;
    CK_C_GetInterface get_interface;
    CK_VERSION version = {3, 0};
    *(void **)&get_interface = dlsym(module, "C_GetInterface");
    ck_assert_int_eq(get_interface((CK_UTF8CHAR_PTR) "PKCS 11", &version, &interface, 0), CKR_OK);
    f3 = interface->pFunctionList;
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    ck_assert_int_eq(f3->C_SessionCancel(s.session, CKF_SIGN), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
    authn_set_touch(device, AUTHN_TOUCH_NOW, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(a_touch_is_cancelled_by_finalize) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
}
END_TEST

START_TEST(a_touch_times_out) {
    signer s = new_signer();
    f->C_Finalize(NULL);
    configure("fido2-timeout = 1");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    s.session = device_login();
    s.key = find_object(s.session, CKO_PRIVATE_KEY, "bot");
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
    /* It does not go on blinking: the next touch would be taken for this one. */
    usleep(200000);
    ck_assert(!authn_wait_for_touch(device, 0));
    authn_set_touch(device, AUTHN_TOUCH_NOW, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(a_touch_is_declined) {
    signer s = new_signer();
    authn_set_touch(device, AUTHN_TOUCH_DENIED, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_REJECTED);
    ck_assert_str_eq(last_denial(s.session, s.key), "touch: it was declined on the security key");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal WHERE rule = 'touch'"), 1);
}
END_TEST

START_TEST(it_is_pulled_out_while_it_waits) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    authn_unplug(device);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_DEVICE_REMOVED);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("touches of security keys");
    TCase *tcase = tcase_create("plugged in");
    tcase_add_checked_fixture(tcase, start_device, stop_device);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_touch_is_waited_for);
    tcase_add_test(tcase, other_slots_go_on_meanwhile);
    tcase_add_test(tcase, a_touch_is_cancelled_by_the_session);
    tcase_add_test(tcase, a_touch_is_cancelled_by_finalize);
    tcase_add_test(tcase, a_touch_is_cancelled_by_a_logout);
    tcase_add_test(tcase, a_touch_times_out);
    tcase_add_test(tcase, a_touch_is_declined);
    tcase_add_test(tcase, it_is_pulled_out_while_it_waits);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
