#include "support/batch.h"

#include <check.h>

cJSON *batch_ask_line(vk_bytes line) {
    vk_buf answer = {0};
    ck_assert_int_eq(vk_batch_answer(line, &answer), VK_OK);
    cJSON *parsed = cJSON_ParseWithLength((const char *)answer.data, answer.len);
    ck_assert_msg(parsed != NULL, "not JSON: %.*s", (int)answer.len, (const char *)answer.data);
    vk_buf_clear(&answer);
    return parsed;
}

cJSON *batch_ask(const char *kind, const char *in, bool sdk) {
    vk_buf line = {0};
    vk_buf_printf(&line, "{\"id\":1,\"kind\":\"%s\"%s,\"in\":", kind,
                  sdk ? ",\"compat\":\"sdk\"" : "");
    vk_buf_put_text(&line, in);
    vk_buf_put_byte(&line, '}');
    cJSON *answer = batch_ask_line(vk_buf_view(&line));
    vk_buf_clear(&line);
    return answer;
}
