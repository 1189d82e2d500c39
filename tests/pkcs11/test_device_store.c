/* The files with what is kept about security keys: edited, renamed, made by others. */
#include "device_support.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

#define SIGNATURE_MAX 4096

static CK_RV make(CK_SESSION_HANDLE session, const char *label, const CK_ATTRIBUTE *extra,
                  CK_ULONG count, pair *out) {
    const pair_args args = {.curve = p256,
                            .curve_len = sizeof p256,
                            .label = label,
                            .extra = extra,
                            .extra_count = count};
    return try_generate(session, &args, out);
}

static size_t count_stores(void) {
    char pattern[256];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.fido2.db", getenv("VALETKEY_HOME"));
    int result = glob(pattern, 0, NULL, &found);
    size_t count = result == 0 ? found.gl_pathc : 0;
    if (result == 0) {
        globfree(&found);
    }
    return count;
}

static void run(const char *command) {
    ck_assert_int_eq(system(command), 0);
}

/* Another process made it meanwhile. */
START_TEST(a_store_that_came_meanwhile_is_found) {
    pair made;
    CK_SESSION_HANDLE session = device_login();
    device_key(session, "first");
    f->C_Finalize(NULL);
    run("mkdir $VALETKEY_HOME/away && mv $VALETKEY_HOME/*.fido2.db $VALETKEY_HOME/away");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    session = device_login();
    run("mv $VALETKEY_HOME/away/* $VALETKEY_HOME");
    ck_assert_int_eq(make(session, "second", NULL, 0, &made), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(make(session, "second", NULL, 0, &made), CKR_OK);
    ck_assert_uint_eq(count_stores(), 1);
    find_object(session, CKO_PRIVATE_KEY, "first");
}
END_TEST

START_TEST(a_login_finds_a_store_that_came_meanwhile) {
    CK_SESSION_HANDLE session = device_login();
    device_key(session, "first");
    f->C_Finalize(NULL);
    run("mkdir $VALETKEY_HOME/away && mv $VALETKEY_HOME/*.fido2.db $VALETKEY_HOME/away");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    session = device_session();
    run("mv $VALETKEY_HOME/away/* $VALETKEY_HOME");
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    find_object(session, CKO_PRIVATE_KEY, "first");
}
END_TEST

/* What is in the file must not choose which credential is deleted. */
START_TEST(an_edited_store_deletes_nothing_on_the_device) {
    CK_SESSION_HANDLE session = device_login();
    const CK_ATTRIBUTE discoverable = ATTR(CKA_VALETKEY_DISCOVERABLE, yes);
    pair made;
    ck_assert_int_eq(make(session, "victim", &discoverable, 1, &made), CKR_OK);
    ck_assert_int_eq(make(session, "bait", &discoverable, 1, &made), CKR_OK);
    f->C_Finalize(NULL);
    edit_tokens("UPDATE key SET credential_id = (SELECT credential_id FROM key WHERE id = 1)"
                " WHERE id = 2 AND home = 1");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    session = device_login();
    ck_assert_int_eq(f->C_DestroyObject(session, find_object(session, CKO_PRIVATE_KEY, "bait")),
                     CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 2);
}
END_TEST

/* A home that cannot be used is no reason to forget about the device for good. */
START_TEST(a_home_that_is_mended_has_its_device) {
    f->C_Finalize(NULL);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    run("touch $VALETKEY_HOME/0123456789abcdef.fido2.db && chmod 666 "
        "$VALETKEY_HOME/0123456789abcdef.fido2.db");
    ck_assert_uint_eq(device_slots(true), 0);
    run("rm $VALETKEY_HOME/0123456789abcdef.fido2.db");
    ck_assert_uint_eq(device_slots(true), 1);
}
END_TEST

/* Each column of a key and of what opens the store: what is edited signs nothing. */
static const char *const edits[] = {
    "UPDATE key SET curve = 1",
    "UPDATE key SET point = randomblob(65)",
    "UPDATE key SET has_private = 0",
    "UPDATE key SET has_public = 0, public_attrs = x'', public_label = NULL, public_ckid = NULL",
    "UPDATE key SET private_attrs = x''",
    "UPDATE key SET public_attrs = x''",
    "UPDATE key SET policy = (SELECT policy FROM key WHERE policy LIKE '%sudo%') WHERE id = 2",
    "UPDATE key SET policy = NULL",
    "UPDATE key SET rp_id = 'other.example'",
    "UPDATE key SET origin = 'https://other.example'",
    "UPDATE key SET credential_id = (SELECT credential_id FROM key WHERE id = 1) WHERE id = 2",
    "UPDATE key SET authenticator_id_hash = zeroblob(32)",
    "UPDATE key SET use_sign_count = 1",
    "UPDATE key SET sealed = randomblob(length(sealed))",
    "UPDATE key SET sealed = (SELECT sealed FROM key WHERE id = 1) WHERE id = 2",
    "UPDATE key SET home = 0, has_blob = 0 WHERE home = 1",
    "UPDATE key SET home = 2 WHERE home = 1",
    "UPDATE key SET has_blob = 0",
    "UPDATE approval SET json = replace(json, '31337', '1')",
    "UPDATE approval SET key_id = 1",
    "DELETE FROM approval",
    "UPDATE budget SET sign_count = 0",
    "UPDATE enrolment SET name = 'x'",
    "UPDATE enrolment SET rp_id = 'x'",
    "UPDATE enrolment SET credential_id = (SELECT credential_id FROM key WHERE id = 2)",
    "UPDATE enrolment SET point = (SELECT point FROM key WHERE id = 2)",
    "UPDATE enrolment SET point = x''",
    "UPDATE enrolment SET salt = zeroblob(32)",
    "UPDATE enrolment SET verified = 0",
    "UPDATE enrolment SET wrapped = randomblob(length(wrapped))",
    "DELETE FROM enrolment",
    "UPDATE token SET serial = '0123456789abcdef'",
};

static CK_RV find_late(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *key) {
    CK_ATTRIBUTE wanted[] = {ATTR(CKA_CLASS, class_private), TEXT(CKA_LABEL, "late")};
    CK_ULONG count = 0;
    CK_RV rv = f->C_FindObjectsInit(session, wanted, COUNT(wanted));
    if (rv == CKR_OK) {
        rv = f->C_FindObjects(session, key, 1, &count);
        f->C_FindObjectsFinal(session);
    }
    return rv == CKR_OK && count == 0 ? CKR_KEY_HANDLE_INVALID : rv;
}

static CK_RV sign_late(CK_BYTE *signature, CK_ULONG *len) {
    CK_OBJECT_HANDLE key;
    CK_SESSION_HANDLE session;
    CK_RV rv =
        f->C_OpenSession(device_slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
    if (rv == CKR_OK) {
        rv = try_login(session, CKU_USER, DEVICE_PIN);
    }
    if (rv == CKR_OK) {
        rv = find_late(session, &key);
    }
    return rv == CKR_OK ? device_sign(session, key, 9, signature, len) : rv;
}

START_TEST(what_is_edited_signs_nothing) {
    static char always[] = "[{\"type\":\"timestamp\",\"policyAddress\":"
                           "\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\",\"policyFlag\":"
                           "\"0x0000\",\"validAfter\":1,\"validUntil\":0}]";
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    CK_SESSION_HANDLE session = device_login();
    device_key(session, "free");
    pair late = device_key_under(session, "late", always);
    ck_assert_int_eq(device_sign(session, late.private_key, 8, signature, &len), CKR_OK);
    f->C_Finalize(NULL);
    if (_i > 0) {
        edit_tokens(edits[_i - 1]);
    }
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    len = sizeof signature;
    CK_RV rv = sign_late(signature, &len);
    ck_assert_msg((rv == CKR_OK) == (_i == 0), "%s: 0x%lx", _i > 0 ? edits[_i - 1] : "none", rv);
}
END_TEST

/* Under the name of an ordinary token it is one that its security key unlocks, whose keys are
 * nowhere. */
START_TEST(a_store_is_no_ordinary_token) {
    CK_UTF8CHAR label[32], pin[] = "1234";
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    CK_OBJECT_HANDLE key;
    CK_SESSION_HANDLE session = device_login();
    device_key(session, "late");
    f->C_Finalize(NULL);
    run("cd $VALETKEY_HOME && for n in *.fido2.db; do mv $n ${n%.fido2.db}.db; done");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    session = open_session(DEVICE_LABEL, true);
    ck_assert_int_eq(try_login(session, CKU_SO, "1234"), CKR_USER_PIN_NOT_INITIALIZED);
    ck_assert_int_eq(try_login(session, CKU_USER, "4321"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_USER, "1234"), CKR_OK);
    ck_assert_int_eq(find_late(session, &key), CKR_OK);
    ck_assert_int_eq(device_sign(session, key, 9, signature, &len), CKR_DEVICE_REMOVED);
    f->C_CloseAllSessions(slot_of(DEVICE_LABEL));
    memset(label, ' ', sizeof label);
    ck_assert_int_ne(f->C_InitToken(slot_of(DEVICE_LABEL), pin, 4, label), CKR_OK);
}
END_TEST

/* ---- The files ---- */

/* What is in the file says nothing that the device's secret does not vouch for. */
START_TEST(an_edited_store_frees_nothing) {
    CK_BYTE signature[4096];
    CK_ULONG len = sizeof signature;
    (void)device_key(device_login(), "bot");
    f->C_Finalize(NULL);
    edit_tokens("UPDATE key SET credential_id = x'0102' WHERE home = 1");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_SESSION_HANDLE session = device_login();
    CK_OBJECT_HANDLE key = find_object(session, CKO_PRIVATE_KEY, "bot");
    ck_assert_int_eq(device_sign(session, key, 5, signature, &len), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(an_edited_enrolment_opens_nothing) {
    (void)device_key(device_login(), "bot");
    f->C_Finalize(NULL);
    edit_tokens("UPDATE enrolment SET salt = zeroblob(32)");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(try_login(device_session(), CKU_USER, DEVICE_PIN), CKR_PIN_INCORRECT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("stores of security keys");
    TCase *tcase = tcase_create("plugged in");
    tcase_add_checked_fixture(tcase, start_device, stop_device);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_store_that_came_meanwhile_is_found);
    tcase_add_test(tcase, a_login_finds_a_store_that_came_meanwhile);
    tcase_add_test(tcase, an_edited_store_deletes_nothing_on_the_device);
    tcase_add_loop_test(tcase, what_is_edited_signs_nothing, 0, (int)COUNT(edits) + 1);
    tcase_add_test(tcase, a_store_is_no_ordinary_token);
    tcase_add_test(tcase, a_home_that_is_mended_has_its_device);
    tcase_add_test(tcase, an_edited_store_frees_nothing);
    tcase_add_test(tcase, an_edited_enrolment_opens_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
