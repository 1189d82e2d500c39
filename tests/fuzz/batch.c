/* The batch protocol: any line has one answer, which is JSON with the line's id. */
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

void fuzz_batch(vk_bytes input) {
    vk_buf out = {0};
    FUZZ_REQUIRE(vk_batch_answer(input, &out) == VK_OK);
    FUZZ_REQUIRE(memchr(out.data, '\n', out.len) == NULL);
    cJSON *answer = cJSON_ParseWithLength((const char *)out.data, out.len);
    FUZZ_REQUIRE(cJSON_IsObject(answer));
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
    vk_buf_clear(&out);
}
