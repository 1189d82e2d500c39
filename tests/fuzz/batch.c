/* The batch protocol: any line has one answer, which is JSON with the line's id. The kinds of
 * verdicts allow with hardening only what they allow without. */
#include "fuzz.h"

#include "batch/batch.h"

static void check_id(vk_bytes line, const cJSON *answer) {
    cJSON *request = NULL;
    const cJSON *id = NULL, *echo = cJSON_GetObjectItemCaseSensitive(answer, "id");
    FUZZ_REQUIRE(echo != NULL);
    if (vk_json_parse(line, VK_BATCH_LINE_MAX, &request, NULL) == VK_OK) {
        id = vk_json_get(request, "id");
    }
    FUZZ_REQUIRE(id == NULL ? cJSON_IsNull(echo) : cJSON_Compare(id, echo, true));
    cJSON_Delete(request);
}

static void check_error(const cJSON *error) {
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(error, "code");
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(error, "message");
    FUZZ_REQUIRE(cJSON_IsString(code) && strcmp(code->valuestring, "INTERNAL") != 0);
    FUZZ_REQUIRE(cJSON_IsString(message) && message->valuestring[0] != '\0');
}

static cJSON *answer_to(vk_bytes line) {
    vk_buf out = {0};
    FUZZ_REQUIRE(vk_batch_answer(line, &out) == VK_OK);
    FUZZ_REQUIRE(memchr(out.data, '\n', out.len) == NULL);
    cJSON *answer = cJSON_ParseWithLength((const char *)out.data, out.len);
    FUZZ_REQUIRE(cJSON_IsObject(answer));
    vk_buf_clear(&out);
    return answer;
}

void fuzz_batch(vk_bytes input) {
    cJSON *answer = answer_to(input);
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(answer, "ok");
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(answer, "out");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    FUZZ_REQUIRE(cJSON_IsBool(ok) && cJSON_GetArraySize(answer) == 3);
    check_id(input, answer);
    if (cJSON_IsTrue(ok)) {
        FUZZ_REQUIRE(cJSON_IsObject(result));
    } else {
        check_error(error);
    }
    cJSON_Delete(answer);
}

/* ---- Verdicts ---- */

static cJSON *ask(const char *kind, const char *hardening, vk_bytes in) {
    vk_buf line = {0};
    vk_buf_printf(&line, "{\"kind\":\"%s\",\"hardening\":\"%s\",\"in\":", kind, hardening);
    vk_buf_put(&line, in.data, in.len);
    vk_buf_put_byte(&line, '}');
    cJSON *answer = answer_to(vk_buf_view(&line));
    vk_buf_clear(&line);
    return answer;
}

static const cJSON *member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void compare_steps(const cJSON *hard, const cJSON *off) {
    bool accepted = cJSON_IsTrue(member(hard, "accept")),
         chain = cJSON_IsTrue(member(off, "accept"));
    bool hardened = member(hard, "hardening") != NULL;
    FUZZ_REQUIRE(chain || !accepted);
    FUZZ_REQUIRE(!accepted || !hardened);
    FUZZ_REQUIRE(hardened || accepted == chain);
    FUZZ_REQUIRE(accepted == (member(hard, "reason") == NULL));
    FUZZ_REQUIRE(chain == (member(off, "reason") == NULL));
}

/* "in" may have its own "hardening", which is then the same for both. */
void fuzz_verdict_case(vk_bytes input) {
    static const char *const kinds[] = {"verdict", "thirdweb_verdict"};
    const char *kind = kinds[fuzz_choose(&input, 2)];
    cJSON *hard = ask(kind, "on", input), *off = ask(kind, "off", input);
    FUZZ_REQUIRE(cJSON_IsTrue(member(hard, "ok")) == cJSON_IsTrue(member(off, "ok")));
    const cJSON *hard_steps = member(member(hard, "out"), "steps");
    const cJSON *off_step = member(member(off, "out"), "steps"), *step;
    FUZZ_REQUIRE(cJSON_GetArraySize(hard_steps) == cJSON_GetArraySize(off_step));
    off_step = off_step == NULL ? NULL : off_step->child;
    cJSON_ArrayForEach(step, hard_steps) {
        compare_steps(step, off_step);
        off_step = off_step->next;
    }
    cJSON_Delete(hard);
    cJSON_Delete(off);
}
