/*
 * Kinds webauthn and webauthn_signature. The first: what a real browser registered and signed
 * (tests/vectors/webauthn), asked for as a script would, compared with what OpenSSL and the chain
 * said of it.
 */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 8
#define ASSERTIONS 3

static cJSON *load(int number) {
    char name[32];
    snprintf(name, sizeof name, "webauthn/s%02d.json", number);
    return vectors_load(name);
}

/* ---- The request ---- */

static void copy(cJSON *to, const cJSON *from, const char *name) {
    cJSON_AddItemToObject(to, name, cJSON_Duplicate(vectors_get(from, name), true));
}

static cJSON *registration_of(const cJSON *file) {
    static const char *const names[] = {"attestationObject", "clientDataJSON", "challenge"};
    cJSON *out = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        copy(out, vectors_get(file, "registration"), names[i]);
    }
    copy(out, file, "origin");
    copy(out, file, "rpId");
    return out;
}

static cJSON *assertion_of(const cJSON *one) {
    static const char *const names[] = {"clientDataJSON", "authenticatorData", "signatureDer",
                                        "userOpHash"};
    cJSON *out = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        copy(out, one, names[i]);
    }
    return out;
}

static cJSON *request_of(const cJSON *file) {
    const cJSON *one;
    cJSON *request = cJSON_CreateObject();
    cJSON *in = cJSON_AddObjectToObject(request, "in");
    cJSON_AddStringToObject(request, "id", vectors_text(file, "id"));
    cJSON_AddStringToObject(request, "kind", "webauthn");
    cJSON_AddItemToObject(in, "registration", registration_of(file));
    cJSON *list = cJSON_AddArrayToObject(in, "assertions");
    cJSON_ArrayForEach(one, vectors_get(file, "assertions")) {
        cJSON_AddItemToArray(list, assertion_of(one));
    }
    return request;
}

static cJSON *ask(const cJSON *request) {
    char *line = cJSON_PrintUnformatted(request);
    cJSON *answer = batch_ask_line((vk_bytes){(uint8_t *)line, strlen(line)});
    cJSON_free(line);
    return answer;
}

/* ---- The answer ---- */

static void check_same(const cJSON *want, const char *want_name, const cJSON *got,
                       const char *got_name) {
    ck_assert_msg(cJSON_Compare(vectors_get(want, want_name), vectors_get(got, got_name), true),
                  "%s", got_name);
}

static void check_registration(const cJSON *want, const cJSON *got) {
    static const char *const names[] = {
        "publicKeyX", "publicKeyY",        "credentialId", "authenticatorIdHash",
        "signerData", "attestationFormat", "signCount"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_same(want, names[i], got, names[i]);
    }
}

static bool check_assertion(const cJSON *want, const cJSON *got) {
    const cJSON *chain = vectors_get(want, "chain");
    check_same(want, "opensslVerifies", got, "verified");
    check_same(want, "flags", got, "flags");
    check_same(want, "signCount", got, "signCount");
    check_same(want, "sNormalized", got, "sNormalized");
    check_same(chain, "signaturePrecompile", got, "signaturePrecompile");
    check_same(chain, "signatureFallback", got, "signatureFallback");
    check_same(chain, "accepted", got, "accepted");
    return cJSON_IsTrue(vectors_get(got, "accepted"));
}

START_TEST(test_files) {
    int accepted = 0, refused = 0;
    for (int number = 1; number <= FILES; number++) {
        cJSON *file = load(number), *request = request_of(file), *answer = ask(request);
        const cJSON *out = vectors_get(answer, "out");
        const cJSON *got = vectors_get(out, "assertions");
        check_registration(vectors_get(file, "registration"), out);
        ck_assert_int_eq(cJSON_GetArraySize(got), ASSERTIONS);
        for (int i = 0; i < ASSERTIONS; i++) {
            bool yes = check_assertion(cJSON_GetArrayItem(vectors_get(file, "assertions"), i),
                                       cJSON_GetArrayItem(got, i));
            *(yes ? &accepted : &refused) += 1;
        }
        cJSON_Delete(answer);
        cJSON_Delete(request);
        cJSON_Delete(file);
    }
    ck_assert_int_eq(accepted, 22);
    ck_assert_int_eq(refused, 2); /* the user was not verified */
}
END_TEST

/* ---- Faults ---- */

/* One member of the request replaced (NULL: removed, or added where it was not). */
typedef struct fault {
    const char *object; /* "registration", or "assertion": the second */
    const char *member;
    const char *value;
    const char *code;
    const char *path;
} fault;

static cJSON *object_of(cJSON *request, const char *name) {
    cJSON *in = cJSON_GetObjectItem(request, "in");
    return strcmp(name, "registration") == 0
               ? cJSON_GetObjectItem(in, name)
               : cJSON_GetArrayItem(cJSON_GetObjectItem(in, "assertions"), 1);
}

static void check_fault(const cJSON *file, const fault *f) {
    cJSON *request = request_of(file);
    cJSON *object = object_of(request, f->object);
    cJSON_DeleteItemFromObjectCaseSensitive(object, f->member);
    if (f->value != NULL) {
        cJSON_AddStringToObject(object, f->member, f->value);
    }
    cJSON *answer = ask(request);
    const cJSON *error = vectors_get(answer, "error");
    ck_assert_str_eq(vectors_text(error, "code"), f->code);
    ck_assert_str_eq(vectors_text(error, "path"), f->path);
    cJSON_Delete(answer);
    cJSON_Delete(request);
}

START_TEST(test_faults) {
    static const fault faults[] = {
        {"registration", "origin", "http://localhost:8081", "MISMATCH",
         "in.registration.clientDataJSON.origin"},
        {"registration", "challenge", "00", "MISMATCH", "in.registration.clientDataJSON.challenge"},
        {"registration", "rpId", "example", "MISMATCH", "in.registration.authenticatorData"},
        {"registration", "attestationObject", "a0", "FORMAT", "in.registration.attestationObject"},
        {"registration", "attestationObject", "0x", "FORMAT", "in.registration.attestationObject"},
        {"registration", "attestationObject", NULL, "FORMAT", "in.registration.attestationObject"},
        {"registration", "clientDataJSON", "{}", "FORMAT", "in.registration.clientDataJSON"},
        {"registration", "extra", "", "FORMAT", "in.registration.extra"},
        {"assertion", "signatureDer", "30", "FORMAT", "in.assertions[1].signatureDer"},
        {"assertion", "authenticatorData", "00", "FORMAT", "in.assertions[1].authenticatorData"},
        {"assertion", "userOpHash", "00", "FORMAT", "in.assertions[1].userOpHash"},
        {"assertion", "clientDataJSON", "{}", "FORMAT", "in.assertions[1].clientDataJSON"},
        {"assertion", "extra", "", "FORMAT", "in.assertions[1].extra"},
    };
    cJSON *file = load(1);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        check_fault(file, &faults[i]);
    }
    cJSON_Delete(file);
}
END_TEST

/* Another operation than the one that was signed: a good signature that the chain refuses. */
START_TEST(test_other_operation) {
    cJSON *file = load(1), *request = request_of(file);
    cJSON *first = object_of(request, "assertion");
    char *digits = cJSON_GetObjectItem(first, "userOpHash")->valuestring;
    digits[0] = digits[0] == '0' ? '1' : '0';
    cJSON *answer = ask(request);
    const cJSON *got = cJSON_GetArrayItem(vectors_get(vectors_get(answer, "out"), "assertions"), 1);
    ck_assert(cJSON_IsTrue(vectors_get(got, "verified")));
    ck_assert(cJSON_IsFalse(vectors_get(got, "accepted")));
    cJSON_Delete(answer);
    cJSON_Delete(request);
    cJSON_Delete(file);
}
END_TEST

/* ---- Kind webauthn_signature: what its own cases do not show ---- */

static cJSON *signature_request(void) {
    cJSON *file = vectors_load("webauthn_signature.json");
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "id", "1");
    cJSON_AddStringToObject(request, "kind", "webauthn_signature");
    copy(request, vectors_get(file, "cases")->child, "in");
    cJSON_Delete(file);
    return request;
}

static void put_text(cJSON *object, const char *name, const char *value) {
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddStringToObject(object, name, value);
}

static void check_signature_fault(const char *object, const char *member, const char *value,
                                  const char *code) {
    char path[64];
    cJSON *request = signature_request();
    cJSON *in = cJSON_GetObjectItem(request, "in");
    put_text(object == NULL ? in : cJSON_GetObjectItem(in, object), member, value);
    cJSON *answer = ask(request);
    const cJSON *error = vectors_get(answer, "error");
    snprintf(path, sizeof path, "in%s%s", object == NULL ? "" : ".", object == NULL ? "" : object);
    ck_assert_msg(strcmp(vectors_text(error, "code"), code) == 0, "%s: %s", member,
                  vectors_text(error, "message"));
    ck_assert_msg(strncmp(vectors_text(error, "path"), path, strlen(path)) == 0, "%s",
                  vectors_text(error, "path"));
    cJSON_Delete(answer);
    cJSON_Delete(request);
}

START_TEST(test_signature_faults) {
    static const char zero[] = "0x0000000000000000000000000000000000000000000000000000000000000000";
    check_signature_fault(NULL, "signerVersion", "0.0.5", "UNSUPPORTED");
    check_signature_fault(NULL, "hash", zero, "MISMATCH");
    check_signature_fault(NULL, "extra", "", "FORMAT");
    check_signature_fault("passkey", "pubX", "1", "FORMAT");
    check_signature_fault("passkey", "pubY", "-1", "FORMAT");
    check_signature_fault("passkey", "authenticatorId", "AQ==", "FORMAT");
    check_signature_fault("passkey", "authenticatorId", "AQ", "MISMATCH");
    check_signature_fault("passkey", "authenticatorIdHash", zero, "MISMATCH");
    check_signature_fault("passkey", "extra", "", "FORMAT");
    check_signature_fault("assertion", "challenge", zero, "MISMATCH");
    check_signature_fault("assertion", "signedDigest", zero, "MISMATCH");
    check_signature_fault("assertion", "authenticatorData", "0x", "MISMATCH");
    check_signature_fault("assertion", "clientDataJSONText", "{}", "MISMATCH");
    check_signature_fault("assertion", "signatureDer", "0x3006020101020100", "RANGE");
    check_signature_fault("assertion", "signatureDer", "0x30800201010201010000", "FORMAT");
}
END_TEST

static cJSON *ask_with(cJSON *request, bool sdk) {
    cJSON_DeleteItemFromObjectCaseSensitive(request, "compat");
    if (sdk) {
        cJSON_AddStringToObject(request, "compat", "sdk");
    }
    return ask(request);
}

/* U+00E9 in the client data: one character for the chain, two in the package's bytes. */
START_TEST(test_not_ascii) {
    cJSON *request = signature_request();
    cJSON *assertion = cJSON_GetObjectItem(cJSON_GetObjectItem(request, "in"), "assertion");
    put_text(assertion, "clientDataJSON", "0xc3a92274797065223a22776562617574686e2e67657422");
    put_text(assertion, "clientDataJSONText", "\xc3\xa9\"type\":\"webauthn.get\"");
    cJSON_DeleteItemFromObjectCaseSensitive(assertion, "signedDigest");
    cJSON *right = ask_with(request, false), *package = ask_with(request, true);
    ck_assert_ptr_nonnull(strstr(vectors_text(vectors_get(right, "out"), "signature"),
                                 "17c3a92274797065223a22776562617574686e2e67657422"));
    ck_assert_ptr_nonnull(strstr(vectors_text(vectors_get(package, "out"), "signature"),
                                 "19c383c2a92274797065223a22776562617574686e2e67657422"));
    cJSON_Delete(right);
    cJSON_Delete(package);
    cJSON_Delete(request);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch webauthn");
    TCase *tests = tcase_create("browser");
    tcase_add_test(tests, test_files);
    tcase_add_test(tests, test_faults);
    tcase_add_test(tests, test_other_operation);
    tcase_add_test(tests, test_signature_faults);
    tcase_add_test(tests, test_not_ascii);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
