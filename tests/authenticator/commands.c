/* Which command is which; selection and reset. */
#include "internal.h"

#include <string.h>

static uint8_t selection(authn *a, const wire_item *request, vk_buf *reply) {
    (void)request;
    (void)reply;
    return user_touch(a);
}

static uint8_t reset(authn *a, const wire_item *request, vk_buf *reply) {
    (void)request;
    (void)reply;
    unsigned window = a->options.reset_window_ms;
    if (window > 0 && now_ms() - a->plugged_at > window) {
        return CTAP_NOT_ALLOWED;
    }
    uint8_t status = user_touch(a);
    if (status == CTAP_OK) {
        state_reset(a);
        token_reset(a);
        pin_protocols_reset(a);
    }
    return status;
}

typedef struct command {
    uint8_t number;
    bool has_parameters;
    authn_feature feature; /* 0: always there */
    ctap_handler *handle;
} command;

static const command commands[] = {
    {CTAP_MAKE_CREDENTIAL, true, 0, ctap_make_credential},
    {CTAP_GET_ASSERTION, true, 0, ctap_get_assertion},
    {CTAP_GET_INFO, false, 0, ctap_get_info},
    {CTAP_CLIENT_PIN, true, AUTHN_CLIENT_PIN, ctap_client_pin},
    {CTAP_RESET, false, 0, reset},
    {CTAP_GET_NEXT_ASSERTION, false, 0, ctap_get_next_assertion},
    {CTAP_CREDENTIAL_MANAGEMENT, true, AUTHN_CRED_MGMT, ctap_credential_management},
    {CTAP_CREDENTIAL_MANAGEMENT_PREVIEW, true, AUTHN_CRED_MGMT, ctap_credential_management},
    {CTAP_SELECTION, false, AUTHN_PERMISSIONS, selection},
    {CTAP_LARGE_BLOBS, true, AUTHN_LARGE_BLOBS, ctap_large_blobs},
};

static const command *find(const authn *a, uint8_t number) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const command *c = &commands[i];
        if (c->number == number && (c->feature == 0 || has_feature(a, c->feature))) {
            return c;
        }
    }
    return NULL;
}

/* Where parameters are needed they are one map, and nothing follows; elsewhere there are none. */
static uint8_t read_parameters(const command *c, vk_bytes rest, wire_item *out) {
    *out = (wire_item){0};
    if (!c->has_parameters) {
        return rest.len == 0 ? CTAP_OK : CTAP_INVALID_LENGTH;
    }
    if (rest.len == 0) {
        return CTAP_MISSING_PARAMETER;
    }
    if (!wire_next(&rest, out) || rest.len > 0) {
        return CTAP_INVALID_CBOR;
    }
    return out->type == WIRE_MAP ? CTAP_OK : CTAP_UNEXPECTED_TYPE;
}

static uint8_t run(authn *a, vk_bytes request, vk_buf *reply) {
    const command *c = find(a, request.data[0]);
    wire_item parameters;
    if (c == NULL) {
        return CTAP_INVALID_COMMAND;
    }
    if (request.len > CTAP_MAX_MESSAGE) {
        return CTAP_REQUEST_TOO_LARGE;
    }
    if (c->handle != ctap_get_next_assertion && c->handle != ctap_credential_management) {
        walk_end(a); /* those two see to it themselves */
    }
    uint8_t status = read_parameters(c, (vk_bytes){request.data + 1, request.len - 1}, &parameters);
    return status == CTAP_OK ? c->handle(a, &parameters, reply) : status;
}

void ctap_execute(authn *a, vk_bytes request, vk_buf *reply) {
    vk_buf_put_byte(reply, CTAP_OK);
    uint8_t status = run(a, request, reply);
    if (status != CTAP_OK) {
        reply->data[0] = status;
        reply->len = 1;
    }
}
