/* JSON-RPC calls to a server that is slow, rude, or hostile. */
#include "chain.h"

#include <check.h>
#include <net/rpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static chain node;
static server *http;
static vk_rpc *rpc;

static void set_up(void) {
    static const char *const headers[] = {"X-Key: secret"};
    char url[80];
    chain_set(&node, "{\"chainId\":31337}");
    http = server_start(chain_answer, &node);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/secret?key=secret", server_port(http));
    vk_http_config config = {.url = url, .headers = headers, .header_count = 1, .backoff_ms = 1};
    ck_assert(vk_rpc_open(&config, &rpc, NULL) == VK_OK);
}

static void tear_down(void) {
    vk_rpc_close(rpc);
    server_stop(http);
    chain_clear(&node);
}

/* The steps are a JSON array of chain.h's script. */
static vk_status call(const char *steps, cJSON **reply, vk_error *err) {
    vk_buf state = {0};
    vk_buf_printf(&state, "{\"chainId\":31337,\"script\":{\"eth_chainId\":%s}}", steps);
    char *text = vk_buf_take_text(&state);
    chain_set(&node, text);
    vk_text_free(text);
    *reply = NULL;
    return vk_rpc_call(rpc, "eth_chainId", cJSON_CreateArray(), reply, err);
}

START_TEST(test_call) {
    cJSON *reply;
    vk_error err = {0};
    for (int i = 1; i <= 2; i++) {
        ck_assert(call("[]", &reply, &err) == VK_OK);
        ck_assert_str_eq(cJSON_GetObjectItem(reply, "result")->valuestring, "0x7a69");
        cJSON_Delete(reply);
        char body[128];
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"eth_chainId\",\"params\":[]}", i);
        ck_assert_str_eq(node.body, body);
    }
    ck_assert_ptr_nonnull(strstr(node.head, "POST /secret?key=secret HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(node.head, "\r\nX-Key: secret\r\n"));
    ck_assert_ptr_nonnull(strstr(node.head, "\r\nContent-Type: application/json\r\n"));
}
END_TEST

#define BODY(text) "[{\"body\":\"" text "\"}]"
#define REPLY(rest) BODY("{\\\"jsonrpc\\\":\\\"2.0\\\"," rest "}")

/* What comes whole is not asked for again. */
START_TEST(test_no_replies) {
    static const struct {
        const char *steps, *says;
    } cases[] = {
        {BODY(""), "this is not JSON"},
        {BODY("{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"result\\\":\\\"0x1"),
         "this is not JSON"},
        {BODY("[]"), "the reply is not a JSON object"},
        {REPLY("\\\"id\\\":ID"), "the reply has neither \"result\" nor \"error\""},
        {REPLY("\\\"id\\\":ID,\\\"result\\\":1,\\\"error\\\":null"),
         "the reply has both \"result\" and \"error\""},
        {REPLY("\\\"id\\\":999,\\\"result\\\":1"), "id: the reply is to call 999, not to 1"},
        {REPLY("\\\"id\\\":\\\"ID\\\",\\\"result\\\":1"), "id: \"id\" must be an integer"},
        {REPLY("\\\"result\\\":1"), "id: member \"id\" is missing"},
        {BODY("{\\\"jsonrpc\\\":\\\"1.0\\\",\\\"id\\\":ID,\\\"result\\\":1}"),
         "jsonrpc: \"jsonrpc\" is \"1.0\", not \"2.0\""},
        {REPLY("\\\"id\\\":ID,\\\"result\\\":1,\\\"result\\\":2"),
         "member \"result\" occurs twice"},
        {REPLY("\\\"id\\\":ID,\\\"result\\\":1} {"), "there are bytes after the JSON value"},
        {REPLY("\\\"id\\\":ID,\\\"error\\\":{\\\"code\\\":-32601,\\\"message\\\":\\\"no such "
               "method\\\"}"),
         "the server answers with error -32601: no such method"},
        {REPLY("\\\"id\\\":null,\\\"error\\\":{\\\"code\\\":-32700,\\\"message\\\":\\\"bad "
               "call\\\"}"),
         "the server answers with error -32700: bad call"},
        {REPLY("\\\"id\\\":ID,\\\"error\\\":{\\\"code\\\":\\\"x\\\",\\\"message\\\":\\\"m\\\"}"),
         "error.code: \"code\" must be a number"},
        {REPLY("\\\"id\\\":ID,\\\"error\\\":\\\"no\\\""), "member \"message\" is missing"},
        {"[{\"status\":404,\"body\":\"<html>\"}]", " with HTTP status 404: that is no success"},
        {"[{\"status\":200,\"body\":\"null\"}]", "the reply is not a JSON object"},
        {"[{\"status\":400,\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"error\\\":"
         "{\\\"code\\\":-32005,\\\"message\\\":\\\"too fast\\\"}}\"}]",
         " with HTTP status 400: the server answers with error -32005: too fast"},
        {"[{\"status\":201,\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"result\\\":1}"
         "\"}]",
         " with HTTP status 201: that is no success"},
        {"[{\"status\":302,\"head\":\"Location: /other\\r\\n\"}]",
         " with HTTP status 302: that is no success"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tear_down();
        set_up();
        cJSON *reply;
        vk_error err = {0};
        ck_assert_msg(call(cases[i].steps, &reply, &err) == VK_ERR_SERVER, "%s", cases[i].says);
        ck_assert_int_eq(err.status, VK_ERR_SERVER);
        ck_assert_ptr_null(reply);
        ck_assert_uint_eq(node.calls, 1);
        ck_assert_msg(strstr(err.message, cases[i].says) != NULL, "%s", err.message);
        ck_assert_msg(strncmp(err.message, "http://127.0.0.1, asked for eth_chainId, ", 41) == 0,
                      "%s", err.message);
        ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
    }
}
END_TEST

/* What may be over soon is asked for again, three times in all. */
START_TEST(test_tries) {
    static const struct {
        const char *steps;
        unsigned calls;
        const char *says; /* NULL: all is well in the end */
    } cases[] = {
        {"[{\"status\":429},{\"status\":503}]", 3, NULL},
        {"[{\"body\":\"{\",\"more\":5}]", 2, NULL},
        {"[{\"status\":500},{\"status\":502},{\"status\":429}]", 3, "HTTP status 429"},
        {"[{\"body\":\"{\",\"more\":5},{\"body\":\"{\",\"more\":5},{\"body\":\"{\",\"more\":5}]", 3,
         "cannot ask http://127.0.0.1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *reply;
        vk_error err = {0};
        vk_status status = call(cases[i].steps, &reply, &err);
        ck_assert_uint_eq(node.calls, cases[i].calls);
        ck_assert_int_eq(status, cases[i].says == NULL ? VK_OK : VK_ERR_SERVER);
        ck_assert_msg(cases[i].says == NULL || strstr(err.message, cases[i].says) != NULL, "%s",
                      err.message);
        cJSON_Delete(reply);
    }
}
END_TEST

START_TEST(test_one_try) {
    char url[80];
    vk_error err = {0};
    vk_rpc *once;
    cJSON *reply = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server_port(http));
    ck_assert(vk_rpc_open(&(vk_http_config){.url = url, .tries = 1}, &once, &err) == VK_OK);
    chain_set(&node, "{\"script\":{\"eth_chainId\":[{\"status\":503}]}}");
    ck_assert(vk_rpc_call(once, "eth_chainId", cJSON_CreateArray(), &reply, &err) == VK_ERR_SERVER);
    ck_assert_uint_eq(node.calls, 1);
    vk_rpc_close(once);
}
END_TEST

/* What a server says no with, and what it may have done. */
START_TEST(test_refusal) {
    cJSON *reply;
    ck_assert(call(REPLY("\\\"id\\\":ID,\\\"error\\\":{\\\"code\\\":-32500,\\\"message\\\":"
                         "\\\"AA21\\\\u0007 x\\\"}"),
                   &reply, NULL) == VK_ERR_SERVER);
    const vk_refusal *refusal = vk_rpc_refusal(rpc);
    ck_assert_ptr_nonnull(refusal);
    ck_assert_int_eq(refusal->code, -32500);
    ck_assert_str_eq(refusal->words, "AA21? x");
    ck_assert(!vk_rpc_is_unknown(rpc));
    ck_assert(call("[]", &reply, NULL) == VK_OK);
    cJSON_Delete(reply);
    ck_assert(vk_rpc_refusal(rpc) == NULL && !vk_rpc_is_unknown(rpc));
    ck_assert(call("[{\"body\":\"x\"}]", &reply, NULL) == VK_ERR_SERVER);
    ck_assert(vk_rpc_refusal(rpc) == NULL && vk_rpc_is_unknown(rpc));
}
END_TEST

START_TEST(test_huge) {
    cJSON *reply;
    vk_error err = {0};
    char steps[512];
    static const char good[] =
        "{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"result\\\":\\\"0x1\\\"}";
    snprintf(steps, sizeof steps, "[{\"body\":\"%s\",\"spaces\":%zu}]", good,
             VK_HTTP_ANSWER_MAX - 100);
    ck_assert(call(steps, &reply, &err) == VK_OK);
    cJSON_Delete(reply);
    snprintf(steps, sizeof steps, "[{\"body\":\"%s\",\"spaces\":%zu}]", good, VK_HTTP_ANSWER_MAX);
    ck_assert(call(steps, &reply, &err) == VK_ERR_SIZE);
    ck_assert_uint_eq(node.calls, 1);
    ck_assert_str_eq(err.message, "the answer of http://127.0.0.1 has more than 8388608 bytes");
}
END_TEST

START_TEST(test_nobody_there) {
    cJSON *reply = NULL;
    vk_error err = {0};
    server_stop(http);
    ck_assert(vk_rpc_call(rpc, "eth_chainId", cJSON_CreateArray(), &reply, &err) == VK_ERR_SERVER);
    ck_assert_msg(strncmp(err.message, "cannot ask http://127.0.0.1: ", 29) == 0, "%s",
                  err.message);
    ck_assert_ptr_null(reply);
    http = server_start(chain_answer, &node);
}
END_TEST

/* An http server that no proxy of the environment stands before. */
START_TEST(test_no_proxy) {
    cJSON *reply;
    vk_error err = {0};
    setenv("http_proxy", "http://127.0.0.1:9/", 1);
    setenv("all_proxy", "http://127.0.0.1:9/", 1);
    ck_assert(call("[]", &reply, &err) == VK_OK);
    cJSON_Delete(reply);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_rpc");
    TCase *tests = tcase_create("net_rpc");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_call);
    tcase_add_test(tests, test_no_replies);
    tcase_add_test(tests, test_tries);
    tcase_add_test(tests, test_one_try);
    tcase_add_test(tests, test_refusal);
    tcase_add_test(tests, test_huge);
    tcase_add_test(tests, test_nobody_there);
    tcase_add_test(tests, test_no_proxy);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
