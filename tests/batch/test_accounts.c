/* Kinds account_address, factory_data and execute_calldata: members that say the same twice, and
 * what is refused where. */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Asks with the text of "in". */
/* The same, with an object that is consumed. */
static cJSON *ask_with(const char *kind, cJSON *in) {
    char *text = cJSON_PrintUnformatted(in);
    cJSON *answer = batch_ask(kind, text, false);
    cJSON_free(text);
    cJSON_Delete(in);
    return answer;
}

static void check_error(cJSON *answer, const char *what, const char *code, const char *path) {
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    ck_assert_msg(error != NULL, "%s is not refused", what);
    ck_assert_msg(strcmp(vectors_text(error, "code"), code) == 0 &&
                      strcmp(vectors_text(error, "path"), path) == 0,
                  "%s: %s at %s", what, vectors_text(error, "code"), vectors_text(error, "path"));
    ck_assert_int_ne(vectors_text(error, "message")[0], '\0');
    cJSON_Delete(answer);
}

static void check_out(cJSON *answer, const cJSON *one) {
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(answer, "out");
    ck_assert_msg(cJSON_Compare(out, vectors_get(one, "out"), true), "%s", vectors_text(one, "id"));
    cJSON_Delete(answer);
}

/* ---- Accounts that are told with fewer members ---- */

static cJSON *without(const cJSON *one, const char *const *names) {
    cJSON *in = cJSON_Duplicate(vectors_get(one, "in"), true);
    for (; *names != NULL; names++) {
        cJSON_DeleteItemFromObject(in, *names);
    }
    return in;
}

static bool is_permission(const cJSON *one) {
    return cJSON_GetObjectItem(vectors_get(one, "in"), "permission") != NULL;
}

static void check_fewer(const cJSON *one) {
    static const char *const validator[] = {"validatorAddress", "validatorEnableData", NULL};
    static const char *const owner[] = {"sudo", "ownerPrivateKey", "ownerAddress", "passkey", NULL};
    static const char *const who[] = {"ownerPrivateKey", "ownerAddress", "passkey",
                                      "validatorAddress", NULL};
    static const char *const defaults[] = {"entryPointVersion", NULL};
    check_out(ask_with("account_address", without(one, validator)), one);
    check_out(ask_with("account_address", without(one, defaults)), one);
    if (!is_permission(one)) {
        check_out(ask_with("account_address", without(one, owner)), one);
        check_out(ask_with("account_address", without(one, who)), one);
    }
}

START_TEST(test_fewer_members) {
    cJSON *file = vectors_load("account_address.json");
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_fewer(one);
    }
    cJSON_Delete(file);
}
END_TEST

/* ---- Members that contradict each other ---- */

static void change_last_digit(cJSON *object, const char *name) {
    char *text = cJSON_GetObjectItemCaseSensitive(object, name)->valuestring;
    char *last = text + strlen(text) - 1;
    *last = *last == '0' ? '1' : '0';
}

static void check_contradiction(const cJSON *one, const char *name) {
    char path[64];
    cJSON *in = cJSON_Duplicate(vectors_get(one, "in"), true);
    if (cJSON_GetObjectItemCaseSensitive(in, name) == NULL) {
        cJSON_Delete(in);
        return;
    }
    change_last_digit(in, name);
    strcpy(path, "in.");
    strcat(path, name);
    check_error(ask_with("account_address", in), vectors_text(one, "id"), "MISMATCH", path);
}

START_TEST(test_contradictions) {
    cJSON *file = vectors_load("account_address.json");
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_contradiction(one, "ownerAddress");
        check_contradiction(one, "validatorAddress");
        check_contradiction(one, "validatorEnableData");
    }
    cJSON_Delete(file);
}
END_TEST

START_TEST(test_permission) {
    cJSON *file = vectors_load("account_address.json");
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (!is_permission(one)) {
            continue;
        }
        cJSON *in = cJSON_Duplicate(vectors_get(one, "in"), true);
        cJSON *permission = cJSON_GetObjectItem(in, "permission");
        cJSON_DeleteItemFromObject(permission, "policies");
        cJSON_DeleteItemFromObject(permission, "signerAddress");
        check_out(ask_with("account_address", in), one);
        in = cJSON_Duplicate(vectors_get(one, "in"), true);
        change_last_digit(cJSON_GetObjectItem(in, "permission"), "permissionId");
        check_error(ask_with("account_address", in), "permissionId", "MISMATCH",
                    "in.permission.permissionId");
        in = cJSON_Duplicate(vectors_get(one, "in"), true);
        change_last_digit(cJSON_GetObjectItem(in, "permission"), "enableData");
        check_error(ask_with("account_address", in), "enableData", "MISMATCH",
                    "in.permission.enableData");
        count++;
    }
    ck_assert_uint_eq(count, 2);
    cJSON_Delete(file);
}
END_TEST

/* ---- What is refused ---- */

#define A20 "\"0x00000000000000000000000000000000000000a1\""
#define B20 "\"0x00000000000000000000000000000000000000b2\""
#define RAW "\"validatorAddress\":" A20 ",\"validatorEnableData\":\"0x01\""
#define CALL "{\"to\":" A20 ",\"value\":1,\"data\":\"0x12345678\"}"

typedef struct refusal {
    const char *kind, *in, *code, *path;
} refusal;

static const refusal refused[] = {
    {"account_address", "{\"kernelVersion\":\"0.3.4\"," RAW "}", "UNSUPPORTED", "in.kernelVersion"},
    {"account_address", "{\"kernelVersion\":\"0.0.2\"," RAW "}", "UNSUPPORTED", "in"},
    {"account_address", "{\"kernelVersion\":\"v1\",\"ownerAddress\":" A20 "}", "UNSUPPORTED", "in"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\",\"entryPointVersion\":\"0.6\"," RAW "}",
     "UNSUPPORTED", "in.entryPointVersion"},
    {"account_address", "{\"kernelVersion\":\"0.2.4\",\"entryPointVersion\":\"0.7\"," RAW "}",
     "UNSUPPORTED", "in.entryPointVersion"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\",\"entryPointVersion\":\"0.8\"," RAW "}",
     "UNSUPPORTED", "in.entryPointVersion"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\",\"implementation\":" A20 "," RAW "}",
     "UNSUPPORTED", "in.implementation"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\"}", "FORMAT", "in.validatorAddress"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\",\"owner\":1," RAW "}", "FORMAT", "in.owner"},
    {"account_address",
     "{\"kernelVersion\":\"0.2.4\",\"sudo\":\"multichain\",\"ownerAddress\":" A20 "}",
     "UNSUPPORTED", "in.sudo"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\",\"sudo\":\"x\"," RAW "}", "UNSUPPORTED",
     "in.sudo"},
    {"account_address",
     "{\"kernelVersion\":\"0.3.1\",\"index\":\"1157920892373161954235709850086879"
     "07853269984665640564039457584007913129639936\"," RAW "}",
     "RANGE", "in.index"},
    {"account_address", "{\"kernelVersion\":\"0.3.1\",\"eip7702Account\":" A20 "}", "UNSUPPORTED",
     "in"},
    {"account_address", "{\"kernelVersion\":\"0.3.3\",\"eip7702Account\":" A20 ",\"index\":0}",
     "FORMAT", "in.index"},
    {"account_address",
     "{\"kernelVersion\":\"0.3.1\",\"permission\":{\"signerAddress\":" A20
     ",\"policies\":[{\"info\":\"0x00\",\"data\":\"0x\"}]}}",
     "FORMAT", "in.permission.policies[0].info"},
    {"factory_data", "{\"kernelVersion\":\"0.3.3\",\"eip7702Account\":" A20 "}", "UNSUPPORTED",
     "in.eip7702Account"},
    {"factory_data", "{\"kernelVersion\":\"0.2.4\",\"hook\":{\"address\":" A20 "}," RAW "}",
     "UNSUPPORTED", "in"},
    {"factory_data", "{\"kernelVersion\":\"0.3.0\",\"initConfig\":[\"0x00\"]," RAW "}",
     "UNSUPPORTED", "in"},
    {"factory_data", "{\"kernelVersion\":\"0.3.1\",\"initConfig\":[\"0x00\",\"0x0\"]," RAW "}",
     "FORMAT", "in.initConfig[1]"},
    {"factory_data", "{\"kernelVersion\":\"0.3.1\",\"hook\":{\"data\":\"0x\"}," RAW "}", "FORMAT",
     "in.hook.address"},
    {"factory_data", "{\"kernelVersion\":\"v1\"}", "FORMAT", "in.ownerAddress"},
    {"factory_data", "{\"kernelVersion\":\"v1\",\"sudo\":\"passkey\",\"ownerAddress\":" A20 "}",
     "UNSUPPORTED", "in.sudo"},
    {"execute_calldata", "{\"kernelVersion\":\"0.3.1\",\"calls\":[]}", "FORMAT", "in.calls"},
    {"execute_calldata", "{\"kernelVersion\":\"0.3.1\"}", "FORMAT", "in.calls"},
    {"execute_calldata", "{\"kernelVersion\":\"0.3.1\",\"calls\":[" CALL ",7]}", "FORMAT",
     "in.calls[1]"},
    {"execute_calldata", "{\"kernelVersion\":\"0.3.1\",\"calls\":[{\"to\":\"0x01\"}]}", "FORMAT",
     "in.calls[0].to"},
    {"execute_calldata",
     "{\"kernelVersion\":\"0.3.1\",\"calls\":[" CALL "," CALL "],\"callType\":\"delegatecall\"}",
     "UNSUPPORTED", "in.callType"},
    {"execute_calldata",
     "{\"kernelVersion\":\"0.3.1\",\"calls\":[" CALL "],\"callType\":\"batch\"}", "FORMAT",
     "in.callType"},
    {"execute_calldata", "{\"kernelVersion\":\"0.3.1\",\"calls\":[" CALL "],\"execType\":\"0x02\"}",
     "FORMAT", "in.execType"},
    {"execute_calldata", "{\"kernelVersion\":\"0.2.4\",\"calls\":[" CALL "],\"execType\":\"0x01\"}",
     "UNSUPPORTED", "in"},
    {"execute_calldata", "{\"kernelVersion\":\"0.2.4\",\"calls\":[" CALL "],\"hooked\":true}",
     "UNSUPPORTED", "in"},
};

START_TEST(test_refused) {
    const refusal *r = &refused[_i];
    check_error(batch_ask(r->kind, r->in, false), r->in, r->code, r->path);
}
END_TEST

/* ---- Deployments of one's own, and EIP-7702 ---- */

static char *address_of(const char *in) {
    cJSON *answer = batch_ask("account_address", in, false);
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(answer, "out");
    ck_assert_msg(out != NULL, "%s", in);
    char *address = strdup(vectors_text(out, "address"));
    cJSON_Delete(answer);
    return address;
}

START_TEST(test_own_deployment) {
    char *own =
        address_of("{\"kernelVersion\":\"0.3.1\",\"entryPointVersion\":\"0.8\",\"factory\":" A20
                   ",\"implementation\":" B20 "," RAW "}");
    char *other = address_of("{\"kernelVersion\":\"0.3.1\",\"entryPointVersion\":\"0.9\","
                             "\"factory\":" A20 ",\"implementation\":" A20 "," RAW "}");
    char *published = address_of("{\"kernelVersion\":\"0.3.1\"," RAW "}");
    ck_assert_str_ne(own, other);
    ck_assert_str_ne(own, published);
    free(own);
    free(other);
    free(published);
}
END_TEST

START_TEST(test_eip7702) {
    cJSON *answer = batch_ask("account_address",
                              "{\"kernelVersion\":\"0.3.3\",\"eip7702Account\":" A20 "}", false);
    const cJSON *out = vectors_get(answer, "out");
    ck_assert_int_eq(cJSON_GetArraySize(out), 2);
    ck_assert_str_eq(vectors_text(out, "address"), "0x00000000000000000000000000000000000000a1");
    ck_assert_str_eq(vectors_text(out, "implementation"),
                     "0xd6cedde84be40893d153be9d467cd6ad37875b28");
    cJSON_Delete(answer);
}
END_TEST

#define DELEGATED                                                                                  \
    "{\"kernelVersion\":\"0.3.3\",\"account\":\"0x7e5f4552091a69125d5dfcb7b8c2659029395bdf\","     \
    "\"chainId\":\"1\",\"plugin\":\"ecdsa\",\"eip7702\":true,\"message\":{\"text\":\"hello\"},"    \
    "\"ownerPrivateKey\":"                                                                         \
    "\"0x0000000000000000000000000000000000000000000000000000000000000001\""

/* Before its delegation, an EIP-7702 account has no factory for ERC-6492 to name. */
START_TEST(test_delegated_message) {
    cJSON *deployed = batch_ask("message_signature", DELEGATED ",\"deployed\":true}", false);
    cJSON *before = batch_ask("message_signature", DELEGATED ",\"deployed\":false}", false);
    const cJSON *out = vectors_get(before, "out");
    ck_assert_int_eq(strlen(vectors_text(out, "signature")), 2 + 2 * 66);
    ck_assert_str_eq(vectors_text(out, "signature"),
                     vectors_text(vectors_get(deployed, "out"), "signature"));
    cJSON_Delete(deployed);
    cJSON_Delete(before);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch accounts");
    TCase *tests = tcase_create("accounts");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_fewer_members);
    tcase_add_test(tests, test_contradictions);
    tcase_add_test(tests, test_permission);
    tcase_add_loop_test(tests, test_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(tests, test_own_deployment);
    tcase_add_test(tests, test_eip7702);
    tcase_add_test(tests, test_delegated_message);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
