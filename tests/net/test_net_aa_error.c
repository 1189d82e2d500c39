/* What an EntryPoint's codes mean. */
#include "support/vectors.h"

#include <check.h>
#include <net/aa_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_found) {
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"AA21 didn't pay prefund", "AA21"},
        {"UserOperation reverted during simulation with reason: AA23 reverted 0xb32eeb69", "AA23"},
        {"FailedOp(0, \"AA25 invalid account nonce\")", "AA25"},
        {"see AA10, then AA13", "AA10"},
        {"0xAA2500 is data (AA24)", "AA24"},
        {"BAA21 AAA22 AA33: reverted", "AA33"},
        {"AA2 AA3x AA", ""},
        {"0x00AA24", ""},
        {"aa24", ""},
        {"AA240", ""},
        {"", ""},
        {"A", ""},
        {"AA", ""},
        {"AA2", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char code[5] = "zzzz";
        const char *meaning = vk_aa_meaning(cases[i].text, code);
        ck_assert_str_eq(code, cases[i].code);
        ck_assert((meaning != NULL) == (code[0] != '\0'));
    }
}
END_TEST

/* All that are in core/ of @account-abstraction/contracts 0.6.0, 0.7.0, 0.8.0 and 0.9.0-rc. */
START_TEST(test_all) {
    static const int codes[] = {10, 13, 14, 15, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32, 33, 34,
                                36, 37, 40, 41, 50, 51, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99};
    size_t next = 0;
    for (int i = 0; i < 100; i++) {
        char text[16], code[5];
        snprintf(text, sizeof text, "AA%02d x", i);
        const char *meaning = vk_aa_meaning(text, code);
        bool is_one = next < sizeof codes / sizeof codes[0] && codes[next] == i;
        ck_assert_msg((meaning != NULL) == is_one, "%s", text);
        ck_assert(strncmp(code, text, 4) == 0);
        next += is_one ? 1 : 0;
        if (is_one) {
            ck_assert_msg(strlen(meaning) > 40 && meaning[strlen(meaning) - 1] != '.', "%s",
                          meaning);
        }
    }
    ck_assert_uint_eq(next, sizeof codes / sizeof codes[0]);
}
END_TEST

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

START_TEST(test_reverts) {
    static const struct {
        const char *text, *words; /* NULL: it is none that is known */
    } cases[] = {
        {"reason: AA23 reverted 0xb32eeb69", "AA23 reverted: SignerPrefixNotPresent()"},
        {"AA23 reverted: 0x3F7B7A68", "AA23 reverted: RateLimited()"},
        {"AA23 reverted 0x3e4983f6" ZEROS "02", "AA23 reverted: PolicyFailed(2)"},
        {"AA23 reverted 0x4e487b71" ZEROS "11", "AA23 reverted: Panic(0x11)"},
        {"AA33 reverted 0x08c379a0" ZEROS "20" ZEROS "05"
         "6e6f1b2121000000000000000000000000000000000000000000000000000000",
         "AA33 reverted: Error(\"no?!!\")"},
        {"AA23 reverted 0x", "AA23 reverted: revert()"},
        {"AA23 reverted 0x, it says", "AA23 reverted: revert()"},
        {"AA23 reverted 0x12345678", NULL},
        {"AA23 reverted 0xb32eeb", NULL},
        {"AA23 reverted 0x3e4983f6" ZEROS, NULL},
        {"AA23 reverted 0x3e4983f6ff" ZEROS "02", NULL},
        {"AA23 reverted 0x08c379a0" ZEROS "20" ZEROS "ff", NULL},
        {"AA23 reverted (or OOG)", NULL},
        {"AA24 signature error 0xb32eeb69", NULL},
        {"reverted 0xb32eeb69", NULL},
        {"AA23", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[VK_AA_REVERT_MAX] = "before";
        bool is_known = vk_aa_revert(cases[i].text, out);
        ck_assert_msg(is_known == (cases[i].words != NULL), "%s: %s", cases[i].text, out);
        ck_assert_str_eq(out, is_known ? cases[i].words : "");
    }
}
END_TEST

/* The errors without arguments that tests/vectors/verdicts has of the published contracts. */
START_TEST(test_recorded_reverts) {
    static const char *const names[] = {"CallViolatesParamRule()",
                                        "CallViolatesTargetRule()",
                                        "CallViolatesValueRule()",
                                        "EnableNotApproved()",
                                        "InvalidCallData()",
                                        "InvalidCallType()",
                                        "InvalidNonce()",
                                        "InvalidSignature()",
                                        "InvalidValidator()",
                                        "ParamTooShort()",
                                        "PermissionNotAlllowedForUserOp()",
                                        "PolicySignatureOrderError()",
                                        "RateLimited()",
                                        "SignerPrefixNotPresent()"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)names[i], strlen(names[i])});
        char text[64], wanted[VK_AA_REVERT_MAX], out[VK_AA_REVERT_MAX];
        snprintf(text, sizeof text, "AA23 reverted 0x%02x%02x%02x%02x", hash.b[0], hash.b[1],
                 hash.b[2], hash.b[3]);
        snprintf(wanted, sizeof wanted, "AA23 reverted: %s", names[i]);
        ck_assert_msg(vk_aa_revert(text, out), "%s", names[i]);
        ck_assert_str_eq(out, wanted);
    }
}
END_TEST

/* What alto said of real operations. */
START_TEST(test_recorded) {
    cJSON *vectors = vectors_load("net/bundler.json");
    const cJSON *one;
    int found = 0;
    cJSON_ArrayForEach(one, vectors_get(vectors, "answers")) {
        const char *name = vectors_text(one, "name"), *wanted = strstr(name, "AA");
        if (wanted != NULL) {
            char code[5];
            const cJSON *error = vectors_get(vectors_get(one, "reply"), "error");
            ck_assert_ptr_nonnull(vk_aa_meaning(vectors_text(error, "message"), code));
            ck_assert_str_eq(code, wanted);
            found++;
        }
    }
    ck_assert_int_eq(found, 6);
    cJSON_Delete(vectors);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_aa_error");
    TCase *tests = tcase_create("net_aa_error");
    tcase_add_test(tests, test_found);
    tcase_add_test(tests, test_all);
    tcase_add_test(tests, test_reverts);
    tcase_add_test(tests, test_recorded_reverts);
    tcase_add_test(tests, test_recorded);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
