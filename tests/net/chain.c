#include "chain.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chain_set(chain *c, const char *json) {
    chain_clear(c);
    c->state = cJSON_Parse(json);
    if (c->state == NULL) {
        fprintf(stderr, "this is no JSON: %s\n", json);
        abort();
    }
}

void chain_clear(chain *c) {
    cJSON_Delete(c->state);
    *c = (chain){0};
}

static uint64_t number(const chain *c, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(c->state, name);
    return item == NULL ? 0 : (uint64_t)item->valuedouble;
}

static uint64_t quantity(const cJSON *item) {
    return strtoull(cJSON_GetStringValue(item), NULL, 16);
}

/* ---- Results ---- */

static void put_hash(vk_buf *out, uint64_t block) {
    vk_buf_printf(out, "\"0xb10c%060" PRIx64 "\"", block);
}

static void put_block(const chain *c, const cJSON *params, vk_buf *out) {
    const cJSON *which = cJSON_GetArrayItem(params, 0);
    bool finalized = strcmp(cJSON_GetStringValue(which), "finalized") == 0;
    uint64_t block = finalized ? number(c, "finalized") : quantity(which);
    if (block > number(c, "finalized") || block < number(c, "pruned")) {
        vk_buf_put_text(out, "null");
        return;
    }
    vk_buf_printf(out,
                  "{\"number\":\"0x%" PRIx64 "\",\"timestamp\":\"0x%" PRIx64 "\",\"hash\":", block,
                  number(c, "genesis") + block * number(c, "blockTime"));
    put_hash(out, block);
    vk_buf_put_text(out, ",\"transactions\":[]}");
}

static void put_call(const chain *c, const cJSON *params, vk_buf *out) {
    const cJSON *call = cJSON_GetArrayItem(params, 0);
    char name[2048];
    snprintf(name, sizeof name, "%s:%s",
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call, "to")),
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call, "data")));
    for (char *p = name; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    const cJSON *calls = cJSON_GetObjectItemCaseSensitive(c->state, "calls");
    const char *answer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(calls, name));
    vk_buf_printf(out, "\"%s\"", answer == NULL ? "0x" : answer);
}

static void put_log(const cJSON *log, vk_buf *out) {
    char *text = cJSON_PrintUnformatted(log);
    text[strlen(text) - 1] = '\0';
    vk_buf_put_text(out, text);
    if (cJSON_GetObjectItemCaseSensitive(log, "blockHash") == NULL) {
        vk_buf_put_text(out, ",\"blockHash\":");
        put_hash(out, quantity(cJSON_GetObjectItemCaseSensitive(log, "blockNumber")));
    }
    vk_buf_put_byte(out, '}');
    cJSON_free(text);
}

static void put_logs(const chain *c, const cJSON *params, vk_buf *out) {
    const cJSON *filter = cJSON_GetArrayItem(params, 0), *log;
    uint64_t from = quantity(cJSON_GetObjectItemCaseSensitive(filter, "fromBlock"));
    uint64_t to = quantity(cJSON_GetObjectItemCaseSensitive(filter, "toBlock"));
    bool everywhere = number(c, "everywhere") == 1, any = false;
    vk_buf_put_byte(out, '[');
    cJSON_ArrayForEach(log, cJSON_GetObjectItemCaseSensitive(c->state, "logs")) {
        uint64_t block = quantity(cJSON_GetObjectItemCaseSensitive(log, "blockNumber"));
        if (everywhere || (block >= from && block <= to)) {
            vk_buf_put_text(out, any ? "," : "");
            put_log(log, out);
            any = true;
        }
    }
    vk_buf_put_byte(out, ']');
}

/* ---- Replies ---- */

static bool is_too_long(const chain *c, const cJSON *params) {
    const cJSON *filter = cJSON_GetArrayItem(params, 0);
    uint64_t from = quantity(cJSON_GetObjectItemCaseSensitive(filter, "fromBlock"));
    uint64_t to = quantity(cJSON_GetObjectItemCaseSensitive(filter, "toBlock"));
    return number(c, "maxBlocks") > 0 && to - from >= number(c, "maxBlocks");
}

static void put_members(const cJSON *members, vk_buf *out) {
    char *text = cJSON_PrintUnformatted(members);
    vk_buf_put_text(out, text + 1);
    cJSON_free(text);
}

static void put_reply(const chain *c, const cJSON *call, const char *method, vk_buf *out) {
    const cJSON *replies = cJSON_GetObjectItemCaseSensitive(c->state, "replies");
    const cJSON *members = cJSON_GetObjectItemCaseSensitive(replies, method);
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(call, "params");
    double id = cJSON_GetObjectItemCaseSensitive(call, "id")->valuedouble;
    vk_buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%.0f,", id);
    if (members != NULL) {
        put_members(members, out);
        return;
    }
    if (strcmp(method, "eth_getLogs") == 0 && is_too_long(c, params)) {
        vk_buf_put_text(out, "\"error\":{\"code\":-32005,\"message\":\"range too long\"}}");
        return;
    }
    vk_buf_put_text(out, "\"result\":");
    if (strcmp(method, "eth_chainId") == 0) {
        vk_buf_printf(out, "\"0x%" PRIx64 "\"", number(c, "chainId"));
    } else if (strcmp(method, "eth_getBlockByNumber") == 0) {
        put_block(c, params, out);
    } else if (strcmp(method, "eth_call") == 0) {
        put_call(c, params, out);
    } else if (strcmp(method, "eth_getLogs") == 0) {
        put_logs(c, params, out);
    } else {
        vk_buf_put_text(out, "null");
    }
    vk_buf_put_byte(out, '}');
}

/* "ID" in the body becomes the call's. */
static void put_scripted(const char *body, double id, vk_buf *out) {
    const char *at;
    while ((at = strstr(body, "ID")) != NULL) {
        vk_buf_put(out, body, (size_t)(at - body));
        vk_buf_printf(out, "%.0f", id);
        body = at + 2;
    }
    vk_buf_put_text(out, body);
}

/* In pieces: they have to be there before the client has waited long. */
static void put_spaces(size_t count, vk_buf *out) {
    uint8_t piece[4096];
    memset(piece, ' ', sizeof piece);
    for (; count > 0; count -= count < sizeof piece ? count : sizeof piece) {
        vk_buf_put(out, piece, count < sizeof piece ? count : sizeof piece);
    }
}

/* Takes the next answer for the method out of the script; false: as usual. */
static bool put_from_script(const chain *c, const cJSON *call, const char *method,
                            server_answer *out) {
    cJSON *list = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(c->state, "script"), method);
    cJSON *step = cJSON_DetachItemFromArray(list, 0);
    bool is_scripted = cJSON_IsObject(step);
    if (is_scripted) {
        const cJSON *status = cJSON_GetObjectItemCaseSensitive(step, "status");
        const cJSON *more = cJSON_GetObjectItemCaseSensitive(step, "more");
        const cJSON *stall = cJSON_GetObjectItemCaseSensitive(step, "stall");
        const cJSON *spaces = cJSON_GetObjectItemCaseSensitive(step, "spaces");
        const char *body = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(step, "body"));
        const char *head = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(step, "head"));
        out->status = status == NULL ? 200 : status->valueint;
        out->stall_ms = stall == NULL ? 0 : (unsigned)stall->valueint;
        out->is_lost = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(step, "lost"));
        out->more = more == NULL ? 0 : (size_t)more->valueint;
        snprintf(out->head, sizeof out->head, "%s", head == NULL ? "" : head);
        put_scripted(body == NULL ? "" : body,
                     cJSON_GetObjectItemCaseSensitive(call, "id")->valuedouble, &out->body);
        put_spaces(spaces != NULL ? (size_t)spaces->valueint : 0, &out->body);
    }
    cJSON_Delete(step);
    return is_scripted;
}

void chain_answer(void *context, const char *head, vk_bytes body, server_answer *out) {
    chain *c = context;
    cJSON *call = cJSON_ParseWithLength((const char *)body.data, body.len);
    const char *method = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call, "method"));
    c->calls++;
    snprintf(c->head, sizeof c->head, "%s", head);
    snprintf(c->body, sizeof c->body, "%.*s", (int)body.len, (const char *)body.data);
    if (method == NULL) {
        out->status = 400;
    } else if (!put_from_script(c, call, method, out)) {
        put_reply(c, call, method, &out->body);
    }
    cJSON_Delete(call);
}
