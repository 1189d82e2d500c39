/*
 * Every step of tests/vectors/verdicts through the kinds verdict and thirdweb_verdict: without
 * hardening the chain's verdict, both ways; with it equal, or stricter by a rule that is counted
 * here. Laxer is never.
 */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
    size_t steps, agreed, laxer;
    size_t unnamed; /* stricter without a rule's name, or a name where the chain denies too */
    size_t hardened[VK_HARDENING_RULES];
} tally;

/* ---- One case ---- */

/* What a program would be given: not what became of it. */
static char *without_verdicts(const cJSON *one) {
    cJSON *in = cJSON_Duplicate(one, true), *step, *request;
    cJSON_ArrayForEach(step, cJSON_GetObjectItem(in, "steps")) {
        cJSON_DeleteItemFromObject(step, "verdict");
        cJSON_DeleteItemFromObject(step, "variant");
        cJSON_DeleteItemFromObject(step, "canonical");
    }
    cJSON_ArrayForEach(request, cJSON_GetObjectItem(in, "requests")) {
        cJSON_DeleteItemFromObject(request, "verdict");
    }
    char *text = vk_json_print(in);
    ck_assert_ptr_nonnull(text);
    cJSON_Delete(in);
    return text;
}

static cJSON *ask(const char *kind, const cJSON *one, bool hardening) {
    vk_buf line = {0};
    char *in = without_verdicts(one);
    vk_buf_printf(&line, "{\"id\":1,\"kind\":\"%s\"%s,\"in\":", kind,
                  hardening ? "" : ",\"hardening\":\"off\"");
    vk_buf_put_text(&line, in);
    vk_buf_put_byte(&line, '}');
    cJSON *answer = batch_ask_line(vk_buf_view(&line));
    vk_text_free(in);
    vk_buf_clear(&line);
    return answer;
}

static void count_hardening(const cJSON *answer, tally *t) {
    vk_hardening rule;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(answer, "hardening");
    if (name != NULL && vk_hardening_find(name->valuestring, &rule) == VK_OK) {
        t->hardened[rule]++;
    } else {
        t->unnamed++;
    }
}

static void compare(const char *id, const cJSON *step, const cJSON *answer, tally *t) {
    bool chain = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
    bool own = cJSON_IsTrue(vectors_get(answer, "accept"));
    bool named = cJSON_HasObjectItem(answer, "hardening");
    t->steps++;
    t->agreed += chain == own;
    if (chain == own) {
        ck_assert_msg(!named, "%s: a hardening rule decided nothing", id);
        ck_assert_msg(own == !cJSON_HasObjectItem(answer, "reason"), "%s", id);
    } else if (chain) {
        count_hardening(answer, t);
    } else {
        printf("%s: laxer than the chain\n", id);
        t->laxer++;
    }
}

static void play_case(const cJSON *one, bool hardening, tally *t) {
    bool thirdweb = cJSON_HasObjectItem(one, "accountType");
    cJSON *answer = ask(thirdweb ? "thirdweb_verdict" : "verdict", one, hardening);
    const char *id = vectors_text(one, "id");
    ck_assert_msg(cJSON_IsTrue(vectors_get(answer, "ok")), "%s: %s", id,
                  cJSON_PrintUnformatted(answer));
    const cJSON *step, *answers = vectors_get(vectors_get(answer, "out"), "steps");
    int i = 0;
    ck_assert_int_eq(cJSON_GetArraySize(answers), cJSON_GetArraySize(vectors_get(one, "steps")));
    cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
        compare(id, step, cJSON_GetArrayItem(answers, i++), t);
    }
    cJSON_Delete(answer);
}

/* ---- The files ---- */

#define RULES_MAX 10

static const struct {
    const char *name;
    size_t steps;
    struct {
        vk_hardening rule;
        size_t count;
    } hardened[RULES_MAX]; /* ends with a count of 0 */
} files[] = {
    {"call", 341, {{0}}},
    {"gas", 416, {{VK_HARDENING_ZERO_PAYMASTER, 18}}},
    {"timestamp", 555, {{0}}},
    {"ratelimit", 485, {{0}}},
    {"ratelimit-reset", 612, {{0}}},
    {"signature", 636, {{VK_HARDENING_OPEN_SIGNATURE, 113}, {VK_HARDENING_SIGNATURE_WINDOW, 19}}},
    {"combo", 513, {{VK_HARDENING_OPEN_SIGNATURE, 53}, {VK_HARDENING_SIGNATURE_WINDOW, 1}}},
    {"sudo", 416, {{VK_HARDENING_OPEN_SIGNATURE, 73}, {VK_HARDENING_CALLDATA_ENCODING, 12}}},
    {"signer-ecdsa", 228, {{VK_HARDENING_SIGNATURE_ENCODING, 78}}},
    {"signer-webauthn", 126, {{0}}},
    {"enable", 73, {{0}}},
    /* Random and hostile ones (tests/differential). */
    {"differential",
     435,
     {{VK_HARDENING_OPEN_SIGNATURE, 19},
      {VK_HARDENING_CALLDATA_ENCODING, 24},
      {VK_HARDENING_PROTECTED_TARGET, 9},
      {VK_HARDENING_SIGNATURE_ENCODING, 4},
      {VK_HARDENING_BUDGET_DELEGATECALL, 3},
      {VK_HARDENING_ZERO_PAYMASTER, 3}}},
    {"thirdweb", 430, {{VK_HARDENING_ANY_TARGET, 5}, {VK_HARDENING_CALLDATA_ENCODING, 7}}},
};

static tally play(int i, bool hardening) {
    char path[64];
    tally t = {0};
    snprintf(path, sizeof path, "verdicts/%s.json", files[i].name);
    cJSON *file = vectors_load(path);
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        play_case(one, hardening, &t);
    }
    cJSON_Delete(file);
    ck_assert_uint_eq(t.steps, files[i].steps);
    ck_assert_uint_eq(t.laxer, 0);
    ck_assert_uint_eq(t.unnamed, 0);
    return t;
}

START_TEST(test_chain) {
    tally t = play(_i, false);
    ck_assert_uint_eq(t.agreed, files[_i].steps);
}
END_TEST

START_TEST(test_hardening) {
    tally t = play(_i, true);
    size_t stricter = 0;
    for (size_t k = 0; k < RULES_MAX && files[_i].hardened[k].count > 0; k++) {
        ck_assert_uint_eq(t.hardened[files[_i].hardened[k].rule], files[_i].hardened[k].count);
        stricter += files[_i].hardened[k].count;
    }
    ck_assert_uint_eq(t.agreed, files[_i].steps - stricter);
}
END_TEST

/* ---- The member "hardening" ---- */

/* A message of a sudo key, which is refused by open-signature alone. */
#define CASE                                                                                       \
    "\"kernelVersion\":\"0.3.1\",\"entryPointVersion\":\"0.7\",\"chainId\":31337,\"account\":"     \
    "\"0xf0cfef5762353e185a350945e8394ee2a198643a\",\"signer\":{\"type\":\"ecdsa\",\"address\":"   \
    "\"0x28c2f2eea99d96a4fa74c80ce74b4b51e3dd10ba\"},\"policies\":[{\"type\":\"sudo\"}],"          \
    "\"steps\":["                                                                                  \
    "{\"kind\":\"erc1271\",\"timestamp\":1760000000,"                                              \
    "\"caller\":\"0x0dd9faba11222508abbc771cd358e35c5b6aa291\","                                   \
    "\"hash\":\"0x969c8f64a6835ccf885631002bc6ca2949e49fb8d6c027277bb1529e42eb4be1\","             \
    "\"signature\":\"0x02198aa2e3ffe8ae5fd6219203a268502e423dcc0329def2e818ea88c0d7876d90476fb40a" \
    "085cc631ee7200ffae8c72566cf865a3b1291c92200b02bc3e63ae60d0003a5e5b1b\"}]"

static const struct {
    const char *request, *in; /* members: nothing, or "hardening" */
    bool accept;
    const char *path; /* of the error; NULL: none */
} members[] = {
    {"", "", false, NULL},
    {",\"hardening\":\"on\"", "", false, NULL},
    {",\"hardening\":\"off\"", "", true, NULL},
    {",\"hardening\":[]", "", false, NULL},
    {",\"hardening\":[\"open-signature\"]", "", true, NULL},
    {",\"hardening\":[\"any-target\",\"open-signature\",\"open-signature\"]", "", true, NULL},
    {",\"hardening\":[\"any-target\"]", "", false, NULL},
    /* In the case itself: that is the one that counts. */
    {"", "\"hardening\":\"off\",", true, NULL},
    {",\"hardening\":\"on\"", "\"hardening\":[\"open-signature\"],", true, NULL},
    {",\"hardening\":\"off\"", "\"hardening\":\"on\",", false, NULL},
    /* Faults. */
    {",\"hardening\":\"none\"", "", false, "hardening"},
    {",\"hardening\":true", "", false, "hardening"},
    {",\"hardening\":null", "", false, "hardening"},
    {",\"hardening\":[\"open-signature\",\"open\"]", "", false, "hardening[1]"},
    {",\"hardening\":[1]", "", false, "hardening[0]"},
    {"", "\"hardening\":[\"open\"],", false, "in.hardening[0]"},
};

START_TEST(test_member) {
    vk_buf line = {0};
    vk_buf_put_text(&line, "{\"kind\":\"verdict\"");
    vk_buf_put_text(&line, members[_i].request);
    vk_buf_put_text(&line, ",\"in\":{");
    vk_buf_put_text(&line, members[_i].in);
    vk_buf_put_text(&line, CASE "}}");
    cJSON *answer = batch_ask_line(vk_buf_view(&line));
    if (members[_i].path != NULL) {
        ck_assert_str_eq(vectors_text(vectors_get(answer, "error"), "path"), members[_i].path);
    } else {
        const cJSON *step = vectors_get(vectors_get(answer, "out"), "steps")->child;
        ck_assert(cJSON_IsTrue(vectors_get(step, "accept")) == members[_i].accept);
        ck_assert(cJSON_HasObjectItem(step, "hardening") == !members[_i].accept);
    }
    cJSON_Delete(answer);
    vk_buf_clear(&line);
}
END_TEST

/* Kinds that give no verdicts do not take it. */
START_TEST(test_other_kind) {
    static const char line[] = "{\"kind\":\"nonce_key\",\"hardening\":\"off\",\"in\":{\"string\":"
                               "\"a\",\"entryPointVersion\":\"0.7\"}}";
    cJSON *answer = batch_ask_line((vk_bytes){(const uint8_t *)line, sizeof line - 1});
    ck_assert_str_eq(vectors_text(vectors_get(answer, "error"), "path"), "hardening");
    cJSON_Delete(answer);
}
END_TEST

int main(void) {
    int count = (int)(sizeof files / sizeof files[0]);
    Suite *suite = suite_create("batch-verdicts");
    TCase *tests = tcase_create("batch-verdicts");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, test_chain, 0, count);
    tcase_add_loop_test(tests, test_hardening, 0, count);
    tcase_add_loop_test(tests, test_member, 0, (int)(sizeof members / sizeof members[0]));
    tcase_add_test(tests, test_other_kind);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
