/* What makeCredential and getAssertion have in common (CTAP 2.1, 6.1.2 and 6.2.2). */
#include "internal.h"

#include <string.h>

void operation_read_options(wire_map *members, int options, int auth_param, operation *out) {
    wire_item map = wire_get(members, KEY(options), WIRE_MAP, WIRE_OPTIONAL);
    wire_map names = wire_open(&map);
    out->has_rk = wire_any(&names, NAME("rk"), WIRE_OPTIONAL).encoded.data != NULL;
    out->rk = wire_get_bool(&names, NAME("rk"), false);
    out->up = wire_get_bool(&names, NAME("up"), true);
    out->uv = wire_get_bool(&names, NAME("uv"), false);
    wire_require(members, names.status == CTAP_OK, names.status);
    out->auth_param = wire_get_bytes(members, KEY(auth_param), WIRE_OPTIONAL);
    wire_item protocol = wire_get(members, KEY(auth_param + 1), WIRE_UNSIGNED, WIRE_OPTIONAL);
    out->protocol = protocol.number;
}

/* Descriptors: maps with an id and a type. */
uint8_t operation_read_list(const wire_item *list) {
    vk_bytes rest = list->content;
    wire_item element;
    if (list->number > CTAP_MAX_LIST) {
        return CTAP_LIMIT_EXCEEDED;
    }
    while (rest.len > 0 && wire_next(&rest, &element)) {
        wire_map descriptor = wire_open(&element);
        wire_require(&descriptor, element.type == WIRE_MAP, CTAP_UNEXPECTED_TYPE);
        wire_get_bytes(&descriptor, NAME("id"), WIRE_REQUIRED);
        wire_get_text(&descriptor, NAME("type"), WIRE_REQUIRED);
        if (descriptor.status != CTAP_OK) {
            return descriptor.status;
        }
    }
    return CTAP_OK;
}

/* An empty parameter is how platforms of CTAP 2.0 let the user choose an authenticator by touch. */
static uint8_t answer_empty_param(authn *a) {
    uint8_t status = user_touch(a);
    if (status != CTAP_OK) {
        return status;
    }
    return a->pin.set ? CTAP_PIN_INVALID : CTAP_PIN_NOT_SET;
}

uint8_t operation_check_param(authn *a, const operation *op) {
    if (op->auth_param.data == NULL) {
        return CTAP_OK;
    }
    if (op->auth_param.len == 0) {
        return answer_empty_param(a);
    }
    if (op->protocol == 0) {
        return CTAP_MISSING_PARAMETER;
    }
    return pin_protocol_supported(a, op->protocol) ? CTAP_OK : CTAP_INVALID_PARAMETER;
}

/* Can the platform do something about it: use the PIN, or have one set? */
uint8_t operation_uv_missing(const authn *a) {
    bool pin = uv_protected(a) ? a->pin.set : has_feature(a, AUTHN_CLIENT_PIN);
    return pin ? CTAP_PUAT_REQUIRED : CTAP_OPERATION_DENIED;
}

uint8_t operation_check_always_uv(authn *a, operation *op) {
    if (!has_feature(a, AUTHN_ALWAYS_UV) || !op->up) {
        return CTAP_OK;
    }
    if (!uv_protected(a)) {
        return operation_uv_missing(a);
    }
    if (op->auth_param.data == NULL && a->options.uv != AUTHN_UV_NONE) {
        op->uv = true;
    }
    return op->auth_param.data != NULL || op->uv ? CTAP_OK : operation_uv_missing(a);
}

static uint8_t verify_token(authn *a, operation *op, unsigned permission) {
    if (!token_verify(a, op->protocol, op->client_data_hash, op->auth_param, permission) ||
        !a->token.user_verified) {
        return CTAP_PIN_AUTH_INVALID;
    }
    if (a->token.has_rp && memcmp(a->token.rp_id_hash32, op->rp_id_hash32, 32) != 0) {
        return CTAP_PIN_AUTH_INVALID;
    }
    token_bind(a, op->rp_id_hash32);
    op->verified = true;
    op->present = a->token.user_present;
    return CTAP_OK;
}

static uint8_t verify_built_in(authn *a, operation *op) {
    uint8_t status = uv_perform(a);
    if (status == CTAP_UV_INVALID) {
        return operation_uv_missing(a);
    }
    op->verified = op->present = status == CTAP_OK;
    return status;
}

uint8_t operation_verify_user(authn *a, operation *op, unsigned permission) {
    if (op->auth_param.data != NULL) {
        return verify_token(a, op, permission);
    }
    return op->uv ? verify_built_in(a, op) : CTAP_OK;
}

uint8_t operation_touch(authn *a, operation *op) {
    uint8_t status = op->present ? CTAP_OK : user_touch(a);
    op->present = status == CTAP_OK;
    if (op->present) {
        token_spend(a);
    }
    return status;
}
