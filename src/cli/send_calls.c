/* The calls of --call: TARGET[,VALUE[,DATA]], one or several. */
#include "cli/send.h"

#include "base/wei.h"
#include "cli/input.h"

#include <stdlib.h>
#include <string.h>

#define CALL_DATA_MAX ((size_t)512 << 10)

typedef struct called {
    vk_call *list; /* data: into bytes */
    size_t count;
    vk_buf *bytes;
} called;

static void clear_calls(called *calls) {
    for (size_t i = 0; i < calls->count; i++) {
        vk_buf_clear(&calls->bytes[i]);
    }
    free(calls->bytes);
    free(calls->list);
}

/* Up to the next comma; moves *text behind it. NULL behind the last part. */
static const char *next_part(const char **text, size_t *len) {
    const char *part = *text;
    if (part == NULL) {
        return NULL;
    }
    *len = strcspn(part, ",");
    *text = part[*len] == ',' ? part + *len + 1 : NULL;
    return part;
}

static bool read_call(const char *text, vk_call *call, vk_buf *data) {
    size_t len = 0;
    const char *rest = text;
    const char *part = next_part(&rest, &len);
    if (vk_address_read(part, len, &call->target) != VK_OK) {
        return false;
    }
    part = next_part(&rest, &len);
    if (part != NULL && len > 0 && !vk_wei_read(part, len, &call->value)) {
        return false;
    }
    part = next_part(&rest, &len);
    if (part != NULL && len > 0 && vk_hex_read(part, len, CALL_DATA_MAX, data) != VK_OK) {
        return false;
    }
    call->data = vk_buf_view(data);
    return rest == NULL;
}

static vk_exit read_calls(vk_cli *cli, called *out) {
    size_t count = cli->options.call_count;
    out->list = calloc(count, sizeof *out->list);
    out->bytes = calloc(count, sizeof *out->bytes);
    if (out->list == NULL || out->bytes == NULL) {
        return vk_cli_no_memory(cli);
    }
    for (; out->count < count; out->count++) {
        const char *text = cli->options.calls[out->count];
        if (!read_call(text, &out->list[out->count], &out->bytes[out->count])) {
            out->count++;
            return vk_cli_fail(cli, VK_EXIT_USAGE,
                               "--call is \"%.200s\", but must be TARGET,VALUE,DATA, like "
                               "0x7099...79C8,0.1ether or 0xA0b8...eB48,0,0xa9059cbb...",
                               text);
        }
    }
    return VK_EXIT_OK;
}

static vk_status encode(const vk_sending *s, const called *calls, vk_buf *out, vk_error *err) {
    bool is_batch = calls->count > 1;
    if (s->grant->kind == VK_GRANT_THIRDWEB) {
        const vk_thirdweb_calls form = {
            .batch = is_batch, .count = calls->count, .calls = calls->list};
        return vk_thirdweb_calls_encode(&form, out);
    }
    const vk_execution execution = {.call_type = is_batch ? VK_CALL_BATCH : VK_CALL_SINGLE,
                                    .call_count = calls->count,
                                    .calls = calls->list};
    return vk_execution_encode_for(s->grant->kernel, &s->grant->account.account, &execution, out,
                                   err);
}

vk_exit vk_send_check_calls(vk_cli *cli) {
    called calls = {.list = NULL};
    vk_exit exit = read_calls(cli, &calls);
    clear_calls(&calls);
    return exit;
}

vk_exit vk_send_calls(vk_cli *cli, vk_sending *s) {
    called calls = {.list = NULL};
    vk_error err = {0};
    vk_exit exit = read_calls(cli, &calls);
    if (exit == VK_EXIT_OK) {
        vk_status status = encode(s, &calls, &s->call_data, &err);
        exit = status == VK_OK ? VK_EXIT_OK : vk_cli_fail_with(cli, "--call", status, &err);
    }
    clear_calls(&calls);
    s->op.call_data = vk_buf_view(&s->call_data);
    return exit;
}
