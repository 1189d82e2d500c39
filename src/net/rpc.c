#include "net/rpc.h"

#include "net/reply.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vk_rpc {
    vk_http *http;
    uint64_t calls;
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

/* An error may come with any HTTP status; a result with 200 alone. */
static vk_status read_answer(const vk_rpc *rpc, const char *method, vk_bytes answer, long code,
                             cJSON **reply, vk_error *err) {
    vk_error why = {0};
    cJSON *read = NULL;
    vk_status status = vk_reply_read(answer, rpc->calls, &read, &why);
    if (status == VK_OK && code == 200) {
        *reply = read;
        return VK_OK;
    }
    cJSON_Delete(read);
    if (code != 200 && status != VK_ERR_SERVER) {
        status = vk_fail(&why, VK_ERR_SERVER, NULL, "that is no success");
    }
    return fail_call(rpc, method, code, &why, err);
}

vk_status vk_rpc_call(vk_rpc *rpc, const char *method, cJSON *params, cJSON **reply,
                      vk_error *err) {
    vk_buf call = {0}, answer = {0};
    long code = 0;
    vk_status status = write_call(&call, ++rpc->calls, method, params);
    cJSON_Delete(params);
    if (status != VK_OK) {
        (void)vk_fail(err, status, NULL, "%s", vk_status_text(status));
    } else {
        status = vk_http_post(rpc->http, vk_buf_view(&call), &answer, &code, err);
    }
    if (status == VK_OK) {
        status = read_answer(rpc, method, vk_buf_view(&answer), code, reply, err);
    }
    vk_buf_clear(&call);
    vk_buf_clear(&answer);
    return status;
}
