#include "served.h"

#include "support/vectors.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char op_json[] =
    "{\"sender\":\"0x1111111111111111111111111111111111111111\",\"nonce\":\"0x2a\","
    "\"callData\":\"0xabcd\",\"callGasLimit\":\"0x1\",\"verificationGasLimit\":\"0x2\","
    "\"preVerificationGas\":\"0x3\",\"maxFeePerGas\":\"0x5\",\"maxPriorityFeePerGas\":\"0x4\","
    "\"signature\":\"0xff\"}";

void served_start(served *s) {
    char url[80];
    vk_buf text = {0};
    *s = (served){0};
    chain_set(&s->node, "{\"chainId\":31337}");
    s->http = server_start(chain_answer, &s->node);
    s->entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/secret", server_port(s->http));
    vk_buf_printf(&text,
                  "{\"31337\":{\"node\":{\"url\":\"%s\"},\"bundler\":{\"url\":\"%s\"},"
                  "\"paymaster\":{\"url\":\"%s\",\"context\":{\"policy\":\"sp_secret\"}}}}",
                  url, url, url);
    ck_assert(vk_chain_config_read(vk_buf_view(&text), 31337, &s->config, NULL) == VK_OK);
    vk_buf_clear(&text);
    vk_node_config *servers[] = {&s->config.node, &s->config.bundler, &s->config.paymaster};
    for (size_t i = 0; i < 3; i++) {
        servers[i]->backoff_ms = 1;
        servers[i]->seconds = 1;
    }
    vk_bytes json = {(const uint8_t *)op_json, strlen(op_json)};
    ck_assert(vk_userop_read_json(json, VK_ENTRY_POINT_0_7, &s->op, NULL) == VK_OK);
}

void served_stop(served *s) {
    server_stop(s->http);
    chain_clear(&s->node);
    vk_chain_config_clear(&s->config);
    vk_userop_clear(&s->op);
}

void served_set(served *s, const char *method, const char *members, const char *steps) {
    vk_buf state = {0};
    vk_buf_printf(&state, "{\"replies\":{\"%s\":", method);
    vk_buf_put_text(&state, members);
    vk_buf_printf(&state, "},\"script\":{\"%s\":%s}}", method, steps == NULL ? "[]" : steps);
    char *text = vk_buf_take_text(&state);
    ck_assert_ptr_nonnull(text);
    chain_set(&s->node, text);
    vk_text_free(text);
}

void served_recorded(served *s, const char *file, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "net/%s", file);
    cJSON *vectors = vectors_load(path);
    const cJSON *one, *found = NULL;
    cJSON_ArrayForEach(one, vectors_get(vectors, "answers")) {
        found = strcmp(vectors_text(one, "name"), name) == 0 ? one : found;
    }
    ck_assert_msg(found != NULL, "%s", name);
    char *members = cJSON_PrintUnformatted(vectors_get(found, "reply"));
    served_set(s, vectors_text(found, "method"), members, NULL);
    cJSON_free(members);
    cJSON_Delete(vectors);
}

void served_fails(served_call call, vk_status status, const char *says) {
    vk_error err = {0};
    vk_status got = call(&err);
    ck_assert_msg(got == status, "%d, not %d, where \"%s\" was to be said: %s", got, status, says,
                  err.message);
    ck_assert_int_eq(err.status, status);
    ck_assert_msg(strstr(err.message, says) != NULL, "\"%s\" is not in: %s", says, err.message);
    ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
}

void served_refuses(served *s, const char *method, served_call call) {
    char says[128];
    snprintf(says, sizeof says,
             "http://127.0.0.1, asked for %s, answers: the server answers with error -32500: AA23 "
             "reverted 0x?[31m",
             method);
    served_set(s, method,
               "{\"error\":{\"code\":-32500,\"message\":\"AA23 reverted 0x\\u001b[31m\"}}", NULL);
    served_fails(call, VK_ERR_SERVER, says);
    ck_assert_uint_eq(s->node.calls, 1);
}

void served_repeats(served *s, const char *method, served_call call, const char *members) {
    static const struct {
        const char *steps;
        unsigned calls;
        vk_status status;
        const char *says; /* NULL: it gets its answer */
    } cases[] = {
        {"[{\"status\":429},{\"status\":500}]", 3, VK_OK, NULL},
        {"[{\"lost\":true},{\"body\":\"{\",\"more\":5}]", 3, VK_OK, NULL},
        {"[{\"status\":503},{\"status\":502},{\"status\":429}]", 3, VK_ERR_SERVER,
         "HTTP status 429"},
        {"[{\"lost\":true},{\"lost\":true},{\"lost\":true}]", 3, VK_ERR_SERVER,
         "cannot ask http://127.0.0.1: "},
        {"[{\"status\":307,\"head\":\"Location: /other\\r\\n\"}]", 1, VK_ERR_SERVER,
         "HTTP status 307"},
        {"[{\"body\":\"<html>\"}]", 1, VK_ERR_SERVER, "this is not JSON"},
        {"[{\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":0,\\\"result\\\":null}\"}]", 1,
         VK_ERR_SERVER, "the reply is to call 0"},
        {"[{\"body\":\"{}\",\"spaces\":8388608}]", 1, VK_ERR_SIZE, "more than 8388608 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        served_set(s, method, members, cases[i].steps);
        if (cases[i].says == NULL) {
            vk_error err = {0};
            vk_status got = call(&err);
            ck_assert_msg(got == VK_OK, "%s", err.message);
        } else {
            served_fails(call, cases[i].status, cases[i].says);
        }
        ck_assert_msg(s->node.calls == cases[i].calls, "%u calls, not %u, of %s", s->node.calls,
                      cases[i].calls, cases[i].steps);
    }
}
