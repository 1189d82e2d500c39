/* The node and the bundler: JSON-RPC by libcurl and cJSON. See bot.c. */
#define _POSIX_C_SOURCE 200809L
#include "bot.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)1 << 20)

void bot_die(int status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("bot: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(status);
}

void bot_must(vk_status status, const char *what, const vk_error *err) {
    if (status != VK_OK) {
        bot_die(1, "%s: %s", what,
                err == NULL || err->message[0] == '\0' ? vk_status_text(status) : err->message);
    }
}

size_t bot_read_file(const char *path, char *out, size_t max) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        bot_die(1, "%s: %s", path, strerror(errno));
    }
    setvbuf(file, NULL, _IONBF, 0); /* no other copy of a PIN */
    size_t len = fread(out, 1, max, file);
    if (ferror(file) || len == max) {
        bot_die(1, "%s cannot be read, or is too long", path);
    }
    fclose(file);
    return len;
}

vk_buf bot_text(const char *format, ...) {
    char text[512];
    vk_buf out = {0};
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    vk_buf_put(&out, text, len > 0 && (size_t)len < sizeof text ? (size_t)len : 0);
    return out;
}

char *bot_take_text(vk_buf *from) {
    char *text = vk_buf_take_text(from);
    bot_must(text == NULL ? VK_ERR_MEMORY : VK_OK, "text", NULL);
    return text;
}

/* ---- The servers ---- */

void bot_read_chains(bot *b, const char *path) {
    static char text[1 << 16];
    char chain_id[21];
    cJSON *chains = cJSON_ParseWithLength(text, bot_read_file(path, text, sizeof text));
    snprintf(chain_id, sizeof chain_id, "%" PRIu64, b->grant.chain_id);
    const cJSON *chain = cJSON_GetObjectItemCaseSensitive(chains, chain_id);
    const char *names[] = {"node", "bundler"};
    char **urls[] = {&b->node, &b->bundler};
    for (int i = 0; i < 2; i++) {
        const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(chain, names[i]), "url"));
        *urls[i] = url != NULL ? strdup(url) : NULL;
        if (*urls[i] == NULL) {
            bot_die(1, "%s names no %s of chain %s", path, names[i], chain_id);
        }
    }
    cJSON_Delete(chains);
}

static size_t take(char *data, size_t size, size_t count, void *answer) {
    vk_buf *to = answer;
    if (size * count > ANSWER_MAX - to->len) {
        return 0;
    }
    vk_buf_put(to, data, size * count);
    return vk_buf_status(to) == VK_OK ? size * count : 0;
}

static CURLcode post(const char *url, const char *body, vk_buf *answer) {
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (curl == NULL || headers == NULL) {
        bot_die(1, "libcurl cannot be set up");
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

void bot_host(const char *url, char *out, size_t size) {
    CURLU *parts = curl_url();
    char *host = NULL;
    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        bot_die(1, "the URL of a server names no host");
    }
    snprintf(out, size, "%s", host);
    curl_free(host);
    curl_url_cleanup(parts);
}

cJSON *bot_try_ask(const char *url, const char *method, vk_buf params, vk_error *err) {
    vk_buf body = {0}, answer = {0};
    bot_must(vk_buf_status(&params), method, NULL);
    vk_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%.*s}", method,
                  (int)params.len, (const char *)params.data);
    vk_buf_clear(&params);
    char *text = bot_take_text(&body);
    CURLcode code = post(url, text, &answer);
    vk_text_free(text);
    cJSON *reply = cJSON_ParseWithLength((const char *)answer.data, answer.len);
    cJSON *result = cJSON_DetachItemFromObjectCaseSensitive(reply, "result");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(reply, "error");
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    if (cJSON_IsObject(error)) {
        vk_fail(err, VK_DENIED, NULL, "the server says: %.300s", why != NULL ? why : "no");
    } else if (result == NULL) {
        vk_fail(err, VK_ERR_SERVER, NULL, "no answer: %s",
                code == CURLE_OK ? "what comes is no JSON-RPC" : curl_easy_strerror(code));
    }
    cJSON_Delete(reply);
    vk_buf_clear(&answer);
    return result;
}

cJSON *bot_ask(const char *url, const char *method, vk_buf params) {
    vk_error err = {0};
    cJSON *result = bot_try_ask(url, method, params, &err);
    bot_must(result == NULL ? err.status : VK_OK, method, &err);
    return result;
}

vk_buf bot_ask_bytes(const char *url, const char *method, vk_buf params) {
    cJSON *result = bot_ask(url, method, params);
    const char *text = cJSON_GetStringValue(result);
    vk_buf out = {0};
    bot_must(text == NULL ? VK_ERR_FORMAT : vk_hex_read(text, strlen(text), ANSWER_MAX, &out),
             method, NULL);
    cJSON_Delete(result);
    return out;
}
