#include "net/rpc.h"

#include "net/aa_error.h"
#include "net/node_config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vk_rpc {
    vk_http *http;
    uint64_t calls;
    bool is_refused;
    vk_refusal refusal; /* if it is */
    bool is_unknown;
};

vk_status vk_rpc_open(const vk_http_config *config, vk_rpc **out, vk_error *err) {
    vk_rpc *rpc = calloc(1, sizeof *rpc);
    *out = NULL;
    if (rpc == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    vk_status status = vk_http_open(config, &rpc->http, err);
    if (status != VK_OK) {
        vk_rpc_close(rpc);
        return status;
    }
    *out = rpc;
    return VK_OK;
}

void vk_rpc_close(vk_rpc *rpc) {
    if (rpc != NULL) {
        vk_http_close(rpc->http);
        free(rpc);
    }
}

const char *vk_rpc_name(const vk_rpc *rpc) {
    return vk_http_name(rpc->http);
}

static vk_status write_call(vk_buf *out, uint64_t id, const char *method, const cJSON *params) {
    char *text = params == NULL ? NULL : vk_json_print(params);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":", id,
                  method);
    vk_buf_put_text(out, text);
    vk_buf_put_byte(out, '}');
    vk_wipe(text, strlen(text)); /* it may have secrets of the server's customers */
    vk_text_free(text);
    return vk_buf_status(out);
}

/* A failure of the answer is one of the server, whatever it is about. */
static vk_status fail_call(const vk_rpc *rpc, const char *method, long code, const vk_error *why,
                           vk_error *err) {
    char http[32] = "";
    if (code != 200) {
        snprintf(http, sizeof http, " with HTTP status %ld", code);
    }
    return vk_fail(err, why->status == VK_ERR_MEMORY ? VK_ERR_MEMORY : VK_ERR_SERVER, NULL,
                   "%s, asked for %s, answers%s: %s%s%s", vk_rpc_name(rpc), method, http, why->path,
                   why->path[0] != '\0' ? ": " : "", why->message);
}

#define INTERNAL_ERROR (-32603)

/*
 * A call was not carried out if the server says what is wrong with it, or turned it away with an
 * HTTP status of 300 to 499 (408 is a time that ran out). A server that failed, or one before it
 * that lost sight of it, may have done anything; but what an EntryPoint said of an operation is
 * clear.
 */
static bool is_clear_no(const vk_rpc *rpc, long code) {
    char aa[5];
    bool turned_away = code >= 300 && code < 500 && code != 408;
    bool failed = code / 100 == 5 || rpc->refusal.code == INTERNAL_ERROR;
    if (!rpc->is_refused) {
        return turned_away;
    }
    return turned_away || !failed || vk_aa_meaning(rpc->refusal.words, aa) != NULL;
}

/* An error may come with any HTTP status; a result with 200 alone. */
static vk_status read_answer(vk_rpc *rpc, const char *method, vk_bytes answer, long code,
                             cJSON **reply, vk_error *err) {
    vk_error why = {0};
    cJSON *read = NULL;
    vk_status status = vk_reply_read(answer, rpc->calls, &read, &rpc->refusal, &why);
    rpc->is_refused = status == VK_ERR_SERVER;
    if (status == VK_OK && code == 200) {
        *reply = read;
        return VK_OK;
    }
    cJSON_Delete(read);
    rpc->is_unknown = !is_clear_no(rpc, code);
    if (code != 200 && status != VK_ERR_SERVER) {
        (void)vk_fail(&why, VK_ERR_SERVER, NULL, "that is no success");
    }
    return fail_call(rpc, method, code, &why, err);
}

vk_status vk_rpc_call(vk_rpc *rpc, const char *method, cJSON *params, cJSON **reply,
                      vk_error *err) {
    vk_buf call = {0}, answer = {0};
    long code = 0;
    rpc->is_refused = rpc->is_unknown = false;
    vk_status status = write_call(&call, ++rpc->calls, method, params);
    vk_json_free_secret(params);
    if (status != VK_OK) {
        (void)vk_fail(err, status, NULL, "%s", vk_status_text(status));
    } else {
        status = vk_http_post(rpc->http, vk_buf_view(&call), &answer, &code, err);
        rpc->is_unknown = status != VK_OK && vk_http_was_connected(rpc->http);
    }
    if (status == VK_OK) {
        status = read_answer(rpc, method, vk_buf_view(&answer), code, reply, err);
    }
    vk_buf_clear(&call);
    vk_buf_clear(&answer);
    return status;
}

const vk_refusal *vk_rpc_refusal(const vk_rpc *rpc) {
    return rpc->is_refused ? &rpc->refusal : NULL;
}

bool vk_rpc_is_unknown(const vk_rpc *rpc) {
    return rpc->is_unknown;
}

vk_status vk_rpc_read(const vk_rpc *rpc, const char *method, vk_status status, const vk_error *why,
                      vk_error *err) {
    bool is_kept = status == VK_ERR_MEMORY || status == VK_ERR_NOT_FOUND;
    return status == VK_OK ? VK_OK
                           : vk_fail(err, is_kept ? status : VK_ERR_SERVER, NULL,
                                     "%s, asked for %s, answers: %s%s%s", vk_rpc_name(rpc), method,
                                     why->path, why->path[0] != '\0' ? ": " : "", why->message);
}
