/*
 * Serves a chain's node, its bundler and its paymaster as FILE says, read anew for every call,
 * until it is killed. Prints its URL first. Usage: bundler FILE
 *
 * FILE: {"chainId":N,"log":"PATH","answers":{"METHOD":ANSWER}}; of eth_call, METHOD is
 * "eth_call:0x<selector>", or, of one contract, "eth_call:0x<selector>:0x<address>". ANSWER is
 * {"result":X}, {"error":{"code":N,"message":"..."}},
 * {"drop":true} (the connection is closed), {"hash":true}: the userOpHash of the operation that was
 * sent, {"nonce":N}: the EntryPoint's nonce N of the lane that is asked for, or
 * {"turns":[ANSWER,...]}: another one each time that the method is called, the last one then on.
 * With a member "stall" it comes so many milliseconds later.
 * Each call's method is a line of the log, from which turns are counted; of a method without an
 * answer "?" is behind.
 * A member "exact" of FILE has answers by the whole data of an eth_call, which come before those of
 * "answers": {"0x<data>":ANSWER}.
 */
#include "base/json.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valetkey/userop.h>

static cJSON *read_file(const char *path) {
    static char text[1 << 20];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        abort();
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cJSON *json = cJSON_Parse(text);
    if (json == NULL) {
        fprintf(stderr, "%s is no JSON\n", path);
        abort();
    }
    return json;
}

static const cJSON *first_param(const cJSON *call) {
    return cJSON_GetArrayItem(vk_json_get(call, "params"), 0);
}

/* "exact": what is answered to an eth_call with just these data. */
static const cJSON *find_exact(const cJSON *script, const cJSON *call, const cJSON *otherwise) {
    const char *data = cJSON_GetStringValue(vk_json_get(first_param(call), "data"));
    const cJSON *found = data != NULL ? vk_json_get(vk_json_get(script, "exact"), data) : NULL;
    return found != NULL ? found : otherwise;
}

/* "eth_call:0x35567e1a", or the method's name. */
static void name_call(const cJSON *call, char name[96]) {
    const char *method = cJSON_GetStringValue(vk_json_get(call, "method"));
    const char *data = cJSON_GetStringValue(vk_json_get(first_param(call), "data"));
    if (method != NULL && strcmp(method, "eth_call") == 0 && data != NULL) {
        snprintf(name, 96, "eth_call:%.10s", data);
    } else {
        snprintf(name, 96, "%s", method != NULL ? method : "");
    }
}

/* Of one contract, or of any. */
static const cJSON *find_answer(const cJSON *script, const cJSON *call, const char *name) {
    char of_contract[160];
    const char *to = cJSON_GetStringValue(vk_json_get(first_param(call), "to"));
    const cJSON *answers = vk_json_get(script, "answers"), *found = NULL;
    if (to != NULL) {
        snprintf(of_contract, sizeof of_contract, "%s:%s", name, to);
        found = vk_json_get(answers, of_contract);
    }
    return found != NULL ? found : vk_json_get(answers, name);
}

static void write_log(const cJSON *script, const char *name, bool known) {
    const char *path = cJSON_GetStringValue(vk_json_get(script, "log"));
    FILE *log = path != NULL ? fopen(path, "a") : NULL;
    if (log != NULL) {
        fprintf(log, "%s%s\n", name, known ? "" : " ?");
        fclose(log);
    }
}

/* How often is the method in the log? */
static int count_calls(const cJSON *script, const char *name) {
    const char *path = cJSON_GetStringValue(vk_json_get(script, "log"));
    FILE *log = path != NULL ? fopen(path, "r") : NULL;
    char line[128];
    int count = 0;
    while (log != NULL && fgets(line, sizeof line, log) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        count += strcmp(line, name) == 0;
    }
    if (log != NULL) {
        fclose(log);
    }
    return count;
}

/* The answer whose turn it is; the call is in the log. */
static const cJSON *take_turn(const cJSON *script, const char *name, const cJSON *answer) {
    const cJSON *turns = vk_json_get(answer, "turns");
    int count = cJSON_GetArraySize(turns), call = count_calls(script, name);
    return turns == NULL ? answer : cJSON_GetArrayItem(turns, (call > count ? count : call) - 1);
}

/* As the chain would hash it. */
static void put_hash(const cJSON *script, const cJSON *call, vk_buf *out) {
    vk_address entry_point;
    vk_userop op;
    vk_hash hash;
    char *text = cJSON_PrintUnformatted(first_param(call));
    const char *address = cJSON_GetStringValue(cJSON_GetArrayItem(vk_json_get(call, "params"), 1));
    uint64_t chain = (uint64_t)cJSON_GetNumberValue(vk_json_get(script, "chainId"));
    if (address == NULL || vk_address_read(address, strlen(address), &entry_point) != VK_OK ||
        vk_userop_read_json((vk_bytes){(const uint8_t *)text, strlen(text)},
                            vk_entry_point_of_address(&entry_point), &op, NULL) != VK_OK) {
        vk_buf_put_text(out, "\"error\":{\"code\":-32602,\"message\":\"no operation\"}");
    } else if (vk_userop_hash(&op, chain, &entry_point, &hash) == VK_OK) {
        vk_buf_put_text(out, "\"result\":\"");
        vk_hex_put(out, (vk_bytes){hash.b, sizeof hash.b});
        vk_buf_put_text(out, "\"");
        vk_userop_clear(&op);
    }
    cJSON_free(text);
}

static void put_member(const cJSON *answer, const char *name, vk_buf *out) {
    char *text = cJSON_PrintUnformatted(vk_json_get(answer, name));
    vk_buf_printf(out, "\"%s\":", name);
    vk_buf_put_text(out, text);
    cJSON_free(text);
}

/* getNonce(address,uint192): the key's 24 bytes, then the sequence. */
static void put_nonce(const cJSON *call, double sequence, vk_buf *out) {
    const char *data = cJSON_GetStringValue(vk_json_get(first_param(call), "data"));
    const char *key = data != NULL && strlen(data) == 2 + 8 + 128 ? data + 2 + 8 + 64 + 16 : "";
    vk_buf_printf(out, "\"result\":\"0x%s%016llx\"", key, (unsigned long long)sequence);
}

static void put_answer(const cJSON *script, const cJSON *call, const cJSON *answer, vk_buf *out) {
    answer = find_exact(script, call, answer);
    vk_buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%d,",
                  (int)cJSON_GetNumberValue(vk_json_get(call, "id")));
    if (answer == NULL) {
        vk_buf_put_text(out, "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}");
    } else if (vk_json_get(answer, "hash") != NULL) {
        put_hash(script, call, out);
    } else if (vk_json_get(answer, "nonce") != NULL) {
        put_nonce(call, cJSON_GetNumberValue(vk_json_get(answer, "nonce")), out);
    } else {
        put_member(answer, vk_json_get(answer, "error") != NULL ? "error" : "result", out);
    }
    vk_buf_put_text(out, "}");
}

static void answer(void *context, const char *head, vk_bytes body, server_answer *out) {
    char name[96];
    cJSON *script = read_file(context),
          *call = cJSON_ParseWithLength((const char *)body.data, body.len);
    (void)head;
    name_call(call, name);
    const cJSON *found = find_answer(script, call, name);
    write_log(script, name, found != NULL);
    found = take_turn(script, name, found);
    if (vk_json_get(found, "stall") != NULL) {
        out->stall_ms = (unsigned)cJSON_GetNumberValue(vk_json_get(found, "stall"));
    }
    if (found != NULL && vk_json_get(found, "drop") != NULL) {
        out->more = 1;
    } else {
        put_answer(script, call, found, &out->body);
    }
    cJSON_Delete(call);
    cJSON_Delete(script);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("Usage: bundler FILE\n", stderr);
        return 2;
    }
    server *s = server_start(answer, argv[1]);
    printf("http://127.0.0.1:%u/secret-path\n", server_port(s));
    fflush(stdout);
    for (;;) {
        pause();
    }
}
