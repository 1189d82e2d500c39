#include "batch/batch.h"

#include <string.h>

const char *vk_batch_code(vk_status status) {
    switch (status) {
    case VK_ERR_FORMAT:
        return "FORMAT";
    case VK_ERR_RANGE:
        return "RANGE";
    case VK_ERR_SIZE:
        return "SIZE";
    case VK_ERR_UNSUPPORTED:
        return "UNSUPPORTED";
    case VK_ERR_MISMATCH:
        return "MISMATCH";
    case VK_ERR_SIGNATURE:
        return "SIGNATURE";
    case VK_ERR_POLICY:
        return "POLICY";
    case VK_ERR_MEMORY:
        return "MEMORY";
    default:
        return "INTERNAL";
    }
}

/* ---- Answers ---- */

static void put_id(vk_buf *out, const cJSON *id) {
    char *text = id == NULL ? NULL : vk_json_print(id);
    vk_buf_put_text(out, "{\"id\":");
    vk_buf_put_text(out, text == NULL ? "null" : text);
    vk_text_free(text);
}

static void put_error(vk_buf *out, const vk_error *err) {
    vk_buf_printf(
        out, ",\"ok\":false,\"error\":{\"code\":\"%s\",\"message\":", vk_batch_code(err->status));
    vk_json_put_string(out, err->message[0] == '\0' ? vk_status_text(err->status) : err->message);
    if (err->path[0] != '\0') {
        vk_buf_put_text(out, ",\"path\":");
        vk_json_put_string(out, err->path);
    }
    vk_buf_put_text(out, "}}");
}

/* ---- One request ---- */

static const vk_batch_kind *find_kind(const cJSON *request, vk_error *err) {
    const char *name;
    if (vk_json_text(request, "kind", NULL, &name, err) != VK_OK) {
        return NULL;
    }
    for (const vk_batch_kind *kind = vk_batch_kinds; kind->name != NULL; kind++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    vk_fail(err, VK_ERR_UNSUPPORTED, "kind", "there is no kind \"%.40s\"", name);
    return NULL;
}

static vk_status read_compat(const cJSON *request, bool *sdk, vk_error *err) {
    const char *text = NULL;
    *sdk = false;
    if (vk_json_get(request, "compat") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(request, "compat", NULL, &text, err);
    *sdk = status == VK_OK && strcmp(text, "sdk") == 0;
    return status != VK_OK || *sdk
               ? status
               : vk_fail(err, VK_ERR_UNSUPPORTED, "compat",
                         "\"compat\" is \"%.20s\", but only \"sdk\" is known", text);
}

static vk_status check_hardening(const vk_batch_kind *kind, const cJSON *request, vk_error *err) {
    return kind->hardens || vk_json_get(request, "hardening") == NULL
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, "hardening",
                         "\"hardening\" has no meaning for the kind \"%s\", which gives no "
                         "verdicts",
                         kind->name);
}

static vk_status handle(const vk_batch_kind *kind, const cJSON *request, bool sdk, vk_buf *out,
                        vk_error *err) {
    vk_in_line *line = vk_in_line_new(sdk, err);
    if (line == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "out of memory");
    }
    vk_in_line_set_hardening(line, vk_json_get(request, "hardening"));
    const cJSON *in = vk_json_get(request, "in");
    vk_reply reply = {.buf = out};
    vk_in root = vk_in_root(line, in, "in");
    vk_status status = vk_in_status(&root);
    if (status == VK_OK) {
        status = kind->handler(&root, sdk, &reply, err);
    }
    if (vk_in_status(&root) != VK_OK) {
        status = vk_in_status(&root);
    }
    vk_in_line_free(line);
    if (status != VK_OK && err->status != status) {
        status = vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    return status;
}

static vk_status answer_request(const cJSON *request, vk_buf *out, vk_error *err) {
    static const char *const members[] = {"id", "kind", "in", "compat", "hardening", NULL};
    bool sdk;
    vk_status status = vk_json_only(request, members, NULL, err);
    if (status != VK_OK) {
        return status;
    }
    const vk_batch_kind *kind = find_kind(request, err);
    if (kind == NULL) {
        return err->status;
    }
    status = read_compat(request, &sdk, err);
    if (status == VK_OK) {
        status = check_hardening(kind, request, err);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_text(out, ",\"ok\":true,\"out\":{");
    status = handle(kind, request, sdk, out, err);
    vk_buf_put_text(out, "}}");
    return status;
}

/* A request may hold private keys. */
static void wipe_texts(cJSON *value) {
    for (; value != NULL; value = value->next) {
        if (cJSON_IsString(value)) {
            vk_wipe(value->valuestring, strlen(value->valuestring));
        }
        wipe_texts(value->child);
    }
}

vk_status vk_batch_answer(vk_bytes line, vk_buf *out) {
    vk_error err = {0};
    cJSON *request = NULL;
    vk_status status = vk_json_parse(line, VK_BATCH_LINE_MAX, &request, &err);
    put_id(out, vk_json_get(request, "id"));
    size_t start = out->len;
    if (status == VK_OK) {
        status = answer_request(request, out, &err);
    }
    if (vk_buf_status(out) == VK_ERR_SIZE) {
        if (status == VK_OK) {
            status = vk_fail(&err, VK_ERR_SIZE, NULL, "the answer is too long");
        }
        out->status = VK_OK; /* for the error, also one found behind what is too long */
    }
    if (status != VK_OK && vk_buf_status(out) == VK_OK) {
        out->len = start;
        put_error(out, &err);
    }
    wipe_texts(request);
    cJSON_Delete(request);
    return vk_buf_status(out);
}

vk_status vk_batch_answer_too_long(vk_buf *out) {
    vk_error err = {0};
    vk_fail(&err, VK_ERR_SIZE, NULL, "the line has more than %zu bytes", VK_BATCH_LINE_MAX);
    put_id(out, NULL);
    put_error(out, &err);
    return vk_buf_status(out);
}
