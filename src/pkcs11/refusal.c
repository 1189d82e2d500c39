#include "pkcs11/refusal.h"

#include "token/attrs.h"

#include <stdio.h>
#include <string.h>

/* ---- The reason, for CKA_VALETKEY_LAST_DENIAL ---- */

/* As the gate writes it. */
static void write_reason(const vk_error *err, char *text, size_t size) {
    snprintf(text, size, "%s: %s", err->path[0] != '\0' ? err->path : "integrity", err->message);
}

static bool is_kept(vk_slot *slot, int64_t key_id, const char *text) {
    vk_key_record record;
    if (vk_token_key_get(slot->token, key_id, &record) != VK_OK) {
        return false;
    }
    bool same = record.last_denial != NULL && strcmp(record.last_denial, text) == 0;
    vk_key_record_clear(&record);
    return same;
}

/* The gate could not write it, the token may be read-only: then this process remembers it. */
static void remember(vk_session *session, vk_view *view, vk_status status, const vk_error *err) {
    char text[VK_ERROR_PATH_MAX + VK_ERROR_MESSAGE_MAX + 2];
    if (status == VK_DENIED || status == VK_ERR_INTEGRITY) {
        write_reason(err, text, sizeof text);
        bool kept = is_kept(session->slot, view->record.id, text);
        vk_view_set_denial(view, kept ? NULL : text);
    }
}

/* ---- The debug log ---- */

#define LABEL_SHOWN 64

static vk_bytes label_of(const vk_view *view) {
    vk_bytes label = {NULL, 0};
    if (!vk_attrs_get(&view->record.private_attrs, CKA_LABEL, &label)) {
        return (vk_bytes){NULL, 0};
    }
    label.len = label.len < LABEL_SHOWN ? label.len : LABEL_SHOWN;
    return label;
}

/* The chain of a bare operation is that of the only grant. */
static bool chain_of(vk_view *view, const vk_userop_request *request, uint64_t *out) {
    size_t count;
    const vk_grant_record *grants = vk_view_grants(view, &count);
    *out = request->has_chain_id ? request->chain_id : count == 1 ? grants[0].chain_id : 0;
    return *out != 0;
}

static void put_operation(vk_view *view, const vk_userop_request *request, vk_buf *out) {
    vk_address entry_point = vk_entry_point_address(request->op.entry_point);
    uint64_t chain_id;
    char account[43];
    vk_hash hash;
    vk_buf_put_text(out, " operation ");
    if (chain_of(view, request, &chain_id) &&
        vk_userop_hash(&request->op, chain_id, &entry_point, &hash) == VK_OK) {
        vk_hex_put(out, (vk_bytes){hash.b, sizeof hash.b});
        vk_buf_put_text(out, " ");
    }
    vk_address_text(&request->op.sender, account);
    vk_buf_printf(out, "of %s", account);
}

/* " operation 0x... of 0x..."; nothing for what is none. */
static void put_subject(vk_view *view, vk_bytes payload, vk_buf *out) {
    vk_userop_request request;
    if (payload.len > 0 &&
        vk_userop_read_request(payload, VK_ENTRY_POINT_0_7, &request, NULL) == VK_OK) {
        put_operation(view, &request, out);
        vk_userop_clear(&request.op);
    }
}

static bool is_malformed(vk_status status) {
    return status == VK_ERR_FORMAT || status == VK_ERR_RANGE || status == VK_ERR_SIZE ||
           status == VK_ERR_UNSUPPORTED || status == VK_ERR_MISMATCH;
}

/* Such a name is the payload's. */
static bool quotes_payload(vk_status status, const char *message) {
    const char *missing = " is missing";
    size_t len = strlen(message), end = strlen(missing);
    bool is_missing = len >= end && strcmp(message + len - end, missing) == 0;
    return status == VK_ERR_FORMAT && strncmp(message, "member \"", 8) == 0 && !is_missing;
}

/* Typed data have names of their own everywhere; those of an operation are known. */
static bool is_about_operation(const vk_session *session) {
    const vk_mechanism *mechanism = session->signing.mechanism;
    return mechanism == NULL || mechanism->form == VK_GATE_USEROP ||
           mechanism->form == VK_GATE_USEROP_SESSION || mechanism->form == VK_GATE_ASSERTION;
}

static void put_reason(const vk_session *session, vk_status status, const vk_error *err,
                       vk_buf *out) {
    if (status != VK_DENIED) {
        vk_buf_printf(out, ": %s", vk_status_text(status));
    }
    if (is_malformed(status) && !is_about_operation(session)) {
        return;
    }
    if (quotes_payload(status, err->message)) {
        vk_buf_put_text(out, ": a member is unknown, or given twice");
    } else if (err->message[0] != '\0') {
        vk_buf_printf(out, "%s%s: %s", err->path[0] != '\0' ? ": " : "", err->path, err->message);
    }
}

static void log_refusal(const vk_session *session, vk_view *view, vk_status status,
                        const vk_error *err, vk_bytes payload) {
    vk_buf line = {0};
    vk_bytes label = label_of(view);
    vk_buf_put_text(&line, "the key \"");
    vk_buf_put(&line, label.data, label.len);
    vk_buf_put_text(&line, status == VK_DENIED ? "\" refuses" : "\" does not sign");
    put_subject(view, payload, &line);
    put_reason(session, status, err, &line);
    vk_debug("%.*s", (int)line.len, (const char *)line.data);
    vk_buf_clear(&line);
}

void vk_refusal_note(vk_session *session, int64_t key_id, vk_status status, const vk_error *err,
                     vk_bytes payload) {
    vk_view *view;
    if (status == VK_OK || status == VK_ERR_BUFFER) {
        return;
    }
    if (vk_view_get(session->slot, key_id, &view) != VK_OK) {
        vk_debug("a key that cannot be read any more does not sign: %s", vk_status_text(status));
        return;
    }
    remember(session, view, status, err);
    if (vk_debugging()) {
        log_refusal(session, view, status, err, payload);
    }
    vk_view_put(view);
}

void vk_refusal_note_usage(const vk_view *view) {
    vk_bytes label = label_of(view);
    vk_debug("the key \"%.*s\" refuses: its CKA_SIGN is false", (int)label.len,
             (const char *)label.data);
}
