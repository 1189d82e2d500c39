/* Several threads at once; meant to be run under ThreadSanitizer as well. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS 8
#define ROUNDS 50

static pair keys;

/* The number of the step that failed; 0: none. */
static int use_once(CK_SESSION_HANDLE session) {
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32] = {1}, signature[64], label[8];
    CK_ULONG len = sizeof signature, count;
    CK_ATTRIBUTE attribute = {CKA_LABEL, label, sizeof label};
    CK_OBJECT_HANDLE found[8];
    if (f->C_SignInit(session, &ecdsa, keys.private_key) != CKR_OK ||
        f->C_Sign(session, digest, sizeof digest, signature, &len) != CKR_OK) {
        return 1;
    }
    if (f->C_VerifyInit(session, &ecdsa, keys.public_key) != CKR_OK ||
        f->C_Verify(session, digest, sizeof digest, signature, len) != CKR_OK) {
        return 2;
    }
    if (f->C_GetAttributeValue(session, keys.private_key, &attribute, 1) != CKR_OK) {
        return 3;
    }
    if (f->C_FindObjectsInit(session, NULL, 0) != CKR_OK ||
        f->C_FindObjects(session, found, COUNT(found), &count) != CKR_OK ||
        f->C_FindObjectsFinal(session) != CKR_OK || count < 3) {
        return 4;
    }
    return 0;
}

typedef struct work {
    CK_SLOT_ID slot;
    int failed_step;
} work;

static int use_session(CK_SLOT_ID slot) {
    CK_SESSION_HANDLE session;
    if (f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK) {
        return 5;
    }
    int step = use_once(session);
    return f->C_CloseSession(session) == CKR_OK ? step : 6;
}

static void *run(void *argument) {
    work *mine = argument;
    for (int i = 0; i < ROUNDS && mine->failed_step == 0; i++) {
        mine->failed_step = use_session(mine->slot);
    }
    return NULL;
}

START_TEST(sessions_work_side_by_side) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    work works[THREADS];
    pthread_t threads[THREADS];
    keys = GENERATE(session, secp256k1, "k");
    for (int i = 0; i < THREADS; i++) {
        works[i] = (work){.slot = slot_of("sudo")};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &works[i]), 0);
    }
    CK_ATTRIBUTE label = TEXT(CKA_LABEL, "other");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(f->C_SetAttributeValue(session, keys.private_key, &label, 1), CKR_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(works[i].failed_step == 0, "step %d failed", works[i].failed_step);
    }
}
END_TEST

static void *initialize(void *count) {
    if (f->C_Initialize(NULL) == CKR_OK) {
        __atomic_add_fetch((int *)count, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

START_TEST(one_of_many_initializes) {
    pthread_t threads[THREADS];
    int count = 0;
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, initialize, &count), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
}
END_TEST

/* ---- C_Finalize while others are in ---- */

#define LIVES 12

static atomic_bool over;

/* What a call may say when the module ends under it, and what the calls after it then say. */
static bool is_expected(CK_RV rv) {
    switch (rv) {
    case CKR_OK:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OPERATION_NOT_INITIALIZED:
        return true;
    default:
        return false;
    }
}

static CK_RV sign_in_new_session(CK_SLOT_ID slot, CK_OBJECT_HANDLE key) {
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    CK_SESSION_HANDLE session;
    CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = f->C_SignInit(session, &ecdsa, key);
    if (rv == CKR_OK) {
        rv = f->C_Sign(session, digest, sizeof digest, signature, &len);
    }
    CK_RV closed = f->C_CloseSession(session);
    return rv == CKR_OK ? closed : rv;
}

typedef struct late_work {
    CK_SLOT_ID slot;
    CK_OBJECT_HANDLE key;
    CK_RV unexpected;
    unsigned long signatures;
} late_work;

static void *sign_until_over(void *argument) {
    late_work *mine = argument;
    while (!atomic_load(&over) && mine->unexpected == CKR_OK) {
        CK_RV rv = sign_in_new_session(mine->slot, mine->key);
        mine->signatures += rv == CKR_OK;
        mine->unexpected = is_expected(rv) ? CKR_OK : rv;
    }
    return NULL;
}

/* The first object that is found has the same handle in every life. */
static CK_OBJECT_HANDLE first_key(void) {
    return find_object(login("sudo", CKU_USER), CKO_PRIVATE_KEY, "k");
}

START_TEST(finalizes_while_others_sign) {
    late_work works[THREADS];
    pthread_t threads[THREADS];
    GENERATE(login("sudo", CKU_USER), secp256k1, "k");
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_OBJECT_HANDLE key = first_key();
    atomic_store(&over, false);
    for (int i = 0; i < THREADS; i++) {
        works[i] = (late_work){.slot = slot_of("sudo"), .key = key};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_until_over, &works[i]), 0);
    }
    for (int i = 0; i < LIVES; i++) {
        ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
        ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
        ck_assert_uint_eq(first_key(), key);
    }
    atomic_store(&over, true);
    unsigned long signatures = 0;
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(works[i].unexpected == CKR_OK, "unexpected 0x%lx", works[i].unexpected);
        signatures += works[i].signatures;
    }
    ck_assert_uint_gt(signatures, 0);
}
END_TEST

static void *finalize(void *count) {
    if (f->C_Finalize(NULL) == CKR_OK) {
        __atomic_add_fetch((int *)count, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

START_TEST(one_of_many_finalizes) {
    pthread_t threads[THREADS];
    int count = 0;
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, finalize, &count), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(count, 1);
}
END_TEST

Suite *thread_suite(void) {
    Suite *suite = suite_create("threads");
    TCase *started = started_case("started");
    tcase_add_test(started, sessions_work_side_by_side);
    tcase_add_test(started, finalizes_while_others_sign);
    suite_add_tcase(suite, started);
    TCase *bare = tcase_create("bare");
    tcase_add_checked_fixture(bare, fresh_home, remove_home);
    tcase_add_test(bare, one_of_many_initializes);
    tcase_add_test(bare, one_of_many_finalizes);
    suite_add_tcase(suite, bare);
    return suite;
}
