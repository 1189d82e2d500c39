/*
 * Plays tests/vectors/verdicts/thirdweb.json through C_Sign: every case becomes a key whose policy
 * is the session that the account has given its signer, with a grant of the admin's request; every
 * step of the session key becomes an operation, under the case's clock. Any difference fails.
 */
#include "base/json.h"
#include "support/client.h"
#include "support/clock.h"
#include "support/vectors.h"

#include <valetkey/grant.h>
#include <valetkey/thirdweb_verdict.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct counts {
    int cases, sessions;
    int steps, signed_same, denied;
    int hardened; /* accepted by the chain, refused by a hardening rule */
    int as_admin; /* accepted since the signer is an admin, too: not the session's power */
    int other_signer, messages;
    int bad_grants; /* of requests that nobody who may signed */
    int no_key;     /* sessions that may never do anything */
    int wrong;
} counts;

/* ---- What the account knows ---- */

static bool is_accepted(const cJSON *given) {
    return cJSON_IsTrue(vectors_get(vectors_get(given, "verdict"), "accept"));
}

static uint64_t is_admin_of(const cJSON *given) {
    return vectors_u64(vectors_get(given, "request"), "isAdmin");
}

/* The request that set the signer's permissions; NULL: none. */
static const cJSON *session_of(const cJSON *one, bool *is_admin) {
    const cJSON *given, *session = NULL;
    *is_admin = false;
    cJSON_ArrayForEach(given, vectors_get(one, "requests")) {
        if (is_accepted(given) && is_admin_of(given) == VK_THIRDWEB_SET_PERMISSIONS) {
            session = given;
        } else if (is_accepted(given)) {
            *is_admin = is_admin_of(given) == VK_THIRDWEB_ADD_ADMIN;
        }
    }
    return session;
}

/* ---- Key and grant ---- */

static bool is_listed(const cJSON *list, const char *text) {
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        if (strcasecmp(item->valuestring, text) == 0) {
            return true;
        }
    }
    return false;
}

/* Duplicates count once, on the chain as well. */
static char *policy_of(const cJSON *request) {
    static const char *const names[] = {"nativeTokenLimitPerTransaction",
                                        "permissionStartTimestamp", "permissionEndTimestamp"};
    cJSON *policy = cJSON_CreateArray(), *rule = cJSON_CreateObject(), *list = cJSON_CreateArray();
    const cJSON *target;
    cJSON_AddStringToObject(rule, "type", "thirdweb");
    cJSON_ArrayForEach(target, vectors_get(request, "approvedTargets")) {
        if (!is_listed(list, target->valuestring)) {
            cJSON_AddItemToArray(list, cJSON_CreateString(target->valuestring));
        }
    }
    cJSON_AddItemToObject(rule, "approvedTargets", list);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cJSON_AddStringToObject(rule, names[i], vectors_text(request, names[i]));
    }
    cJSON_AddItemToArray(policy, rule);
    char *text = vk_json_print(policy);
    cJSON_Delete(policy);
    return text;
}

static char *grant_of(const cJSON *one, const cJSON *given) {
    char *request = vk_json_print(vectors_get(given, "request"));
    vk_buf out = {0};
    vk_buf_printf(
        &out,
        "{\"kind\":\"thirdweb\",\"chainId\":%llu,\"entryPoint\":\"%s\",\"account\":\"%s\","
        "\"admin\":\"%s\",\"request\":%s,\"signature\":\"%s\"}",
        (unsigned long long)vectors_u64(one, "chainId"), vectors_text(one, "entryPoint"),
        vectors_text(one, "account"), vectors_text(vectors_get(one, "admin"), "address"), request,
        vectors_text(given, "signature"));
    vk_text_free(request);
    return vk_buf_take_text(&out);
}

static CK_OBJECT_HANDLE make_key(client *c, const cJSON *one, const cJSON *given,
                                 const char *label) {
    uint8_t secret[32];
    char *policy = policy_of(vectors_get(given, "request"));
    vectors_fixed(vectors_get(one, "signer"), "privateKey", secret, sizeof secret);
    CK_OBJECT_HANDLE key = client_import(c, label, secret, policy);
    vk_text_free(policy);
    return key;
}

static CK_RV add_grant(client *c, const cJSON *one, const cJSON *given, const char *label) {
    char *grant = grant_of(one, given);
    CK_RV rv = client_grant(c, label, grant);
    vk_text_free(grant);
    return rv;
}

/* ---- Steps ---- */

static void report(const cJSON *one, int step, const char *what, CK_RV rv, counts *n) {
    printf("  %s step %d: %s (0x%lx)\n", vectors_text(one, "id"), step, what, rv);
    n->wrong++;
}

/* "rule: reason" */
static void last_denial(client *c, CK_OBJECT_HANDLE key, char out[1024]) {
    CK_ATTRIBUTE attribute = {CKA_VALETKEY_LAST_DENIAL, out, 1023};
    memset(out, 0, 1024);
    ck_assert_uint_eq(c->f->C_GetAttributeValue(c->session, key, &attribute, 1), CKR_OK);
}

/* Did a hardening rule refuse it? Their sentences are their own. */
static bool is_hardened(client *c, CK_OBJECT_HANDLE key) {
    static const char *const parts[] = {"targets: the session may call any contract",
                                        "limit: the session may send any amount",
                                        "callData: the call data is not the one encoding",
                                        "which could lift this session's limits"};
    char denial[1024];
    last_denial(c, key, denial);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(denial, parts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static char *operation_of(const cJSON *one, const cJSON *step) {
    char *op = vk_json_print(vectors_get(step, "userOp"));
    vk_buf out = {0};
    vk_buf_printf(&out, "{\"chainId\":%llu,\"entryPoint\":\"%s\",\"userOp\":%s}",
                  (unsigned long long)vectors_u64(one, "chainId"), vectors_text(one, "entryPoint"),
                  op);
    vk_text_free(op);
    return vk_buf_take_text(&out);
}

static void judge_signed(const cJSON *one, const cJSON *step, int index, vk_bytes signature,
                         counts *n) {
    vk_buf expected = vectors_bytes(vectors_get(step, "userOp"), "signature");
    if (!is_accepted(step)) {
        report(one, index, "signed what the chain rejects", 0, n);
    } else if (!vk_bytes_equal(vk_buf_view(&expected), signature)) {
        report(one, index, "signed other bytes", 0, n);
    } else {
        n->signed_same++;
    }
    vk_buf_clear(&expected);
}

static void judge_refused(client *c, CK_OBJECT_HANDLE key, const cJSON *one, const cJSON *step,
                          int index, bool is_admin, counts *n) {
    if (!is_accepted(step)) {
        n->denied++;
    } else if (is_admin) {
        n->as_admin++;
    } else if (key != CK_INVALID_HANDLE && is_hardened(c, key)) {
        n->hardened++;
    } else {
        report(one, index, "refused what the chain accepts", 0, n);
    }
}

/* The verdict says what the chain answered; only not why it reverted. */
static void check_error(const cJSON *one, const cJSON *step, const cJSON *session) {
    static const char reverted[] = "AA23 reverted";
    vk_userop_request request;
    vk_policy policy;
    vk_verdict verdict;
    const char *error = vectors_text(vectors_get(step, "verdict"), "reason");
    char *op = operation_of(one, step), *json = policy_of(vectors_get(session, "request"));
    ck_assert_int_eq(vk_userop_read_request((vk_bytes){(uint8_t *)op, strlen(op)},
                                            VK_ENTRY_POINT_0_7, &request, NULL),
                     VK_OK);
    ck_assert_int_eq(vk_policy_read(json, strlen(json), &policy, NULL), VK_OK);
    vk_thirdweb_permission permission = vk_thirdweb_permission_of_rule(&policy.rules[0]);
    vk_verdict_request asked = {.op = &request.op, .now = vectors_u64(step, "timestamp")};
    ck_assert_int_eq(vk_thirdweb_evaluate(&permission, &asked, &verdict), VK_OK);
    size_t len = strcmp(verdict.chain_error, reverted) == 0 ? strlen(reverted) : strlen(error) + 1;
    ck_assert_msg(strncmp(verdict.chain_error, error, len) == 0, "%s: %s, not %s",
                  vectors_text(one, "id"), verdict.chain_error, error);
    vk_verdict_clear(&verdict);
    vk_policy_clear(&policy);
    vk_userop_clear(&request.op);
    vk_text_free(op);
    vk_text_free(json);
}

static void play_step(client *c, CK_OBJECT_HANDLE key, const cJSON *one, const cJSON *step,
                      int index, counts *n) {
    bool is_admin;
    const cJSON *session = session_of(one, &is_admin);
    CK_BYTE signature[256];
    CK_ULONG len = sizeof signature;
    CK_RV rv = CKR_FUNCTION_REJECTED;
    n->steps++;
    clock_set(vectors_u64(step, "timestamp"));
    if (key != CK_INVALID_HANDLE) {
        char *op = operation_of(one, step);
        rv = client_sign(c, key, CKM_VALETKEY_USEROP, (vk_bytes){(const uint8_t *)op, strlen(op)},
                         signature, &len);
        vk_text_free(op);
    }
    if (rv == CKR_OK) {
        judge_signed(one, step, index, (vk_bytes){signature, len}, n);
    } else if (rv == CKR_FUNCTION_REJECTED) {
        judge_refused(c, key, one, step, index, is_admin, n);
        if (key != CK_INVALID_HANDLE && !is_accepted(step)) {
            check_error(one, step, session);
        }
    } else {
        report(one, index, "failed", rv, n);
    }
}

/* A step that somebody else signed is no operation of this key. */
static bool is_of_session(const cJSON *step, counts *n) {
    if (cJSON_HasObjectItem(step, "kind")) {
        n->messages++;
        return false;
    }
    bool session = strcmp(vectors_text(step, "signedBy"), "session") == 0;
    n->other_signer += !session;
    return session;
}

static void play_steps(client *c, CK_OBJECT_HANDLE key, const cJSON *one, counts *n) {
    const cJSON *step;
    int index = 0;
    cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
        if (is_of_session(step, n)) {
            play_step(c, key, one, step, index, n);
        }
        index++;
    }
}

static const char *uid_of(const cJSON *given) {
    return vectors_text(vectors_get(given, "request"), "uid");
}

/* The chain says the same of a number that was used; only it can know. */
static bool is_used(const cJSON *one, const cJSON *given) {
    const cJSON *before;
    cJSON_ArrayForEach(before, vectors_get(one, "requests")) {
        if (before != given && is_accepted(before) && strcmp(uid_of(before), uid_of(given)) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_unsigned(const cJSON *one, const cJSON *given) {
    const cJSON *verdict = vectors_get(given, "verdict");
    return !is_accepted(given) && is_admin_of(given) == VK_THIRDWEB_SET_PERMISSIONS &&
           strstr(vectors_text(verdict, "reason"), "!sig") != NULL && !is_used(one, given);
}

/* A request that no admin signed is no grant. */
static void try_bad_requests(client *c, const cJSON *one, counts *n) {
    const cJSON *given;
    char label[64];
    cJSON_ArrayForEach(given, vectors_get(one, "requests")) {
        snprintf(label, sizeof label, "%s-bad", vectors_text(one, "id"));
        CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
        if (is_unsigned(one, given)) {
            key = make_key(c, one, given, label);
        }
        if (key != CK_INVALID_HANDLE) {
            ck_assert_msg(add_grant(c, one, given, label) != CKR_OK, "%s", label);
            ck_assert_uint_eq(c->f->C_DestroyObject(c->session, key), CKR_OK);
            n->bad_grants++;
        }
    }
}

static void play_case(client *c, const cJSON *one, counts *n) {
    bool is_admin;
    const char *label = vectors_text(one, "id");
    const cJSON *session = session_of(one, &is_admin);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    n->cases++;
    try_bad_requests(c, one, n);
    if (session != NULL) {
        key = make_key(c, one, session, label);
        n->no_key += key == CK_INVALID_HANDLE;
    }
    if (key != CK_INVALID_HANDLE) {
        ck_assert_msg(add_grant(c, one, session, label) == CKR_OK, "%s", label);
        n->sessions++;
    }
    play_steps(c, key, one, n);
}

START_TEST(test_thirdweb) {
    client c;
    counts n = {0};
    cJSON *file = vectors_load("verdicts/thirdweb.json");
    const cJSON *one;
    client_start(&c, "thirdweb");
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        play_case(&c, one, &n);
    }
    client_stop(&c);
    cJSON_Delete(file);
    printf("%d cases, %d sessions, %d steps: %d signed as the chain accepted them, %d denied, %d "
           "accepted ones denied by hardening, %d that only an admin may, %d wrong; %d requests "
           "without an admin's signature refused, %d sessions that no key may have; not played: %d "
           "steps of other signers, %d ERC-1271 steps\n",
           n.cases, n.sessions, n.steps, n.signed_same, n.denied, n.hardened, n.as_admin, n.wrong,
           n.bad_grants, n.no_key, n.other_signer, n.messages);
    fflush(stdout);
    ck_assert_int_eq(n.wrong, 0);
    ck_assert_int_eq(n.cases, 205);
    ck_assert_int_eq(n.steps, 361);
    ck_assert_int_eq(n.signed_same + n.denied + n.hardened + n.as_admin, n.steps);
}
END_TEST

int main(void) {
    char home[] = "/tmp/vk-thirdweb-XXXXXX", command[64];
    if (mkdtemp(home) == NULL || setenv("VALETKEY_HOME", home, 1) != 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("thirdweb");
    TCase *tests = tcase_create("thirdweb");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_thirdweb);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return failed == 0 && system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
