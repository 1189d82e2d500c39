/* Clocks that go back: nothing is refilled, nothing opens again. */
#include "crash/faults.h"
#include "support/clock.h"

#include <stdio.h>
#include <string.h>

#define NOW 1800000000u
#define HOUR 3600u

static ledger_key *key;

static void set_up(void) {
    clock_set(NOW);
    faults_set_up();
}

/* One of three keys whose rules know the time. */
static void make(const char *policy) {
    key = ledger_key_new(user.l, KIND_BUDGET);
    key->policy_text = policy;
    ck_assert_msg(work_make_key(&user, key), "%s", user.l->failure);
}

static CK_RV sign_at(uint64_t seconds, unsigned nonce) {
    clock_set(seconds);
    return faults_sign_nonce(key, nonce);
}

static void assert_denied_at(uint64_t seconds, unsigned nonce, const char *reason) {
    char text[1024];
    CK_ULONG count, len = sizeof text - 1;
    CK_OBJECT_HANDLE object;
    assert_rv(sign_at(seconds, nonce), CKR_FUNCTION_REJECTED);
    assert_rv(client_find(&user.c, CKO_PRIVATE_KEY, key->label, &object, &count), CKR_OK);
    assert_rv(client_read(&user.c, object, CKA_VALETKEY_LAST_DENIAL, text, &len), CKR_OK);
    text[len] = '\0';
    ck_assert_msg(strstr(text, reason) != NULL, "\"%s\" is not in \"%s\"", reason, text);
}

START_TEST(a_window_is_not_refilled) {
    make("[{\"type\":\"sudo\"},{\"type\":\"rate-limit\",\"policyAddress\":"
         "\"0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B\",\"interval\":7200,\"count\":2}]");
    assert_rv(sign_at(NOW, 0), CKR_OK);
    assert_rv(sign_at(NOW + 1, 1), CKR_OK);
    assert_denied_at(NOW + 2, 2, "all 2 operations are used until");
    assert_denied_at(NOW - HOUR, 2, "all 2 operations are used until");
    assert_rv(sign_at(NOW - HOUR, 1), CKR_OK); /* counted already */
    assert_denied_at(NOW + 2 * HOUR - 1, 2, "all 2 operations are used until");
    assert_rv(sign_at(NOW + 2 * HOUR, 2), CKR_OK);
    assert_rv(sign_at(NOW + HOUR, 3), CKR_OK);
    assert_denied_at(NOW + HOUR, 4, "all 2 operations are used until");
    assert_denied_at(NOW + 3 * HOUR, 4, "all 2 operations are used until");
}
END_TEST

START_TEST(the_next_time_stays) {
    make("[{\"type\":\"sudo\"},{\"type\":\"rate-limit\",\"interval\":3600,\"count\":3,"
         "\"startAt\":1800000000}]");
    assert_denied_at(NOW - 1, 0, "the next operation is allowed from");
    assert_rv(sign_at(NOW, 0), CKR_OK);
    assert_rv(sign_at(NOW + HOUR, 1), CKR_OK);
    assert_denied_at(NOW, 2, "the next operation is allowed from");
    assert_denied_at(NOW + HOUR, 2, "the next operation is allowed from");
    assert_rv(sign_at(NOW + 2 * HOUR, 2), CKR_OK);
    assert_denied_at(NOW + HOUR, 3, "all 3 operations are used");
    assert_denied_at(NOW + 9 * HOUR, 3, "all 3 operations are used");
}
END_TEST

START_TEST(a_count_stays) {
    make("[{\"type\":\"timestamp\",\"validAfter\":1799999000,\"validUntil\":1800007200},"
         "{\"type\":\"rate-limit\",\"interval\":0,\"count\":2,\"startAt\":0}]");
    assert_rv(sign_at(NOW, 0), CKR_OK);
    assert_denied_at(NOW - HOUR, 1, "timestamp: ");
    assert_denied_at(NOW + 3 * HOUR, 1, "timestamp: ");
    assert_rv(sign_at(NOW, 1), CKR_OK);
    assert_denied_at(NOW - 500, 2, "all 2 operations are used");
}
END_TEST

/* The gas of every kind of key is what it was. */
START_TEST(budgets_stay) {
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    clock_set(NOW - HOUR);
    assert_rv(faults_sign(KIND_BUDGET), CKR_OK);
    assert_rv(faults_sign(KIND_PASSKEY), CKR_OK);
    clock_set(NOW - 2 * HOUR);
}
END_TEST

Suite *faults_clock_suite(void) {
    Suite *suite = suite_create("clocks");
    TCase *timed = tcase_create("time rules");
    tcase_set_timeout(timed, 120);
    tcase_add_checked_fixture(timed, set_up, faults_drop);
    tcase_add_test(timed, a_window_is_not_refilled);
    tcase_add_test(timed, the_next_time_stays);
    tcase_add_test(timed, a_count_stays);
    suite_add_tcase(suite, timed);
    TCase *budgets = tcase_create("budgets");
    tcase_set_timeout(budgets, 120);
    tcase_add_checked_fixture(budgets, set_up, faults_tear_down);
    tcase_add_test(budgets, budgets_stay);
    suite_add_tcase(suite, budgets);
    return suite;
}
