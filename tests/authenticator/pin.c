/* authenticatorClientPIN (CTAP 2.1, 6.5). */
#include "internal.h"

#include <string.h>

#define PADDED_PIN 64
#define PIN_MAX 63

enum subcommand {
    GET_PIN_RETRIES = 1,
    GET_KEY_AGREEMENT = 2,
    SET_PIN = 3,
    CHANGE_PIN = 4,
    GET_PIN_TOKEN = 5,
    GET_TOKEN_USING_UV = 6,
    GET_UV_RETRIES = 7,
    GET_TOKEN_USING_PIN = 9,
};

typedef struct request {
    unsigned protocol;
    wire_item key_agreement;
    vk_bytes auth_param, new_pin_enc, pin_hash_enc, rp_id;
    uint64_t permissions;
    bool has_permissions;
} request;

/* ---- The PIN ---- */

static size_t code_points(vk_bytes text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += (text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

bool pin_store(authn *a, vk_bytes pin) {
    uint8_t digest32[32];
    size_t length = code_points(pin);
    if (length < a->options.min_pin_length || pin.len > PIN_MAX) {
        return false;
    }
    crypto_sha256(pin, digest32);
    memcpy(a->pin.hash16, digest32, 16);
    a->pin.set = true;
    a->pin.length = length;
    a->pin.retries = CTAP_PIN_RETRIES;
    a->pin.tries_in_a_row = 0;
    return true;
}

uint8_t pin_check_blocked(const authn *a) {
    if (a->pin.retries == 0) {
        return CTAP_PIN_BLOCKED;
    }
    return a->pin.tries_in_a_row >= CTAP_PIN_TRIES_IN_A_ROW ? CTAP_PIN_AUTH_BLOCKED : CTAP_OK;
}

uint8_t pin_try(authn *a, const pin_secret *secret, vk_bytes pin_hash_enc) {
    vk_buf hash = {0};
    a->pin.retries--;
    bool right = pin_decrypt(secret, pin_hash_enc, &hash) && hash.len == 16 &&
                 vk_equal_secret(hash.data, a->pin.hash16, 16);
    vk_buf_clear(&hash);
    if (right) {
        a->pin.retries = CTAP_PIN_RETRIES;
        a->pin.tries_in_a_row = 0;
        return CTAP_OK;
    }
    a->pin.tries_in_a_row++;
    pin_agreement_reset(a, secret->protocol);
    uint8_t status = pin_check_blocked(a);
    return status == CTAP_OK ? CTAP_PIN_INVALID : status;
}

/* The new PIN, padded with zeros to 64 bytes. */
static uint8_t take_new_pin(authn *a, const pin_secret *secret, vk_bytes new_pin_enc) {
    vk_buf padded = {0};
    uint8_t status = CTAP_OK;
    if (!pin_decrypt(secret, new_pin_enc, &padded) || padded.len != PADDED_PIN) {
        status = CTAP_INVALID_PARAMETER;
    } else {
        vk_bytes pin = {padded.data, strnlen((const char *)padded.data, PADDED_PIN)};
        status = pin_store(a, pin) ? CTAP_OK : CTAP_PIN_POLICY_VIOLATION;
    }
    vk_buf_clear(&padded);
    return status;
}

/* ---- Subcommands ---- */

static uint8_t get_pin_retries(authn *a, vk_buf *reply) {
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(3));
    wire_put_int(reply, a->pin.retries);
    wire_member(&map, KEY(4)); /* does it take a power cycle to go on? */
    wire_put_bool(reply, a->pin.tries_in_a_row >= CTAP_PIN_TRIES_IN_A_ROW);
    return CTAP_OK;
}

static uint8_t get_uv_retries(authn *a, vk_buf *reply) {
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(5));
    wire_put_int(reply, a->pin.uv_retries);
    return CTAP_OK;
}

static uint8_t get_key_agreement(authn *a, const request *r, vk_buf *reply) {
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(1));
    pin_put_agreement(a, r->protocol, reply);
    return CTAP_OK;
}

static uint8_t set_pin(authn *a, const request *r) {
    pin_secret secret;
    if (r->auth_param.data == NULL || r->new_pin_enc.data == NULL) {
        return CTAP_MISSING_PARAMETER;
    }
    if (a->pin.set) {
        return CTAP_PIN_AUTH_INVALID;
    }
    uint8_t status = pin_agree(a, r->protocol, &r->key_agreement, &secret);
    if (status != CTAP_OK) {
        return status;
    }
    if (!pin_verify(&secret, r->new_pin_enc, r->auth_param)) {
        return CTAP_PIN_AUTH_INVALID;
    }
    return take_new_pin(a, &secret, r->new_pin_enc);
}

static bool verify_change(const pin_secret *secret, const request *r) {
    vk_buf message = {0};
    vk_buf_put(&message, r->new_pin_enc.data, r->new_pin_enc.len);
    vk_buf_put(&message, r->pin_hash_enc.data, r->pin_hash_enc.len);
    bool ok = pin_verify(secret, vk_buf_view(&message), r->auth_param);
    vk_buf_clear(&message);
    return ok;
}

static uint8_t change_pin(authn *a, const request *r) {
    pin_secret secret;
    if (r->auth_param.data == NULL || r->new_pin_enc.data == NULL || r->pin_hash_enc.data == NULL) {
        return CTAP_MISSING_PARAMETER;
    }
    if (!a->pin.set) {
        return CTAP_PIN_NOT_SET;
    }
    uint8_t status = pin_check_blocked(a);
    if (status == CTAP_OK) {
        status = pin_agree(a, r->protocol, &r->key_agreement, &secret);
    }
    if (status == CTAP_OK && !verify_change(&secret, r)) {
        status = CTAP_PIN_AUTH_INVALID;
    }
    if (status == CTAP_OK) {
        status = pin_try(a, &secret, r->pin_hash_enc);
    }
    if (status == CTAP_OK) {
        status = take_new_pin(a, &secret, r->new_pin_enc);
    }
    if (status == CTAP_OK) {
        token_reset(a);
    }
    return status;
}

/* ---- Tokens ---- */

static uint8_t give_token(authn *a, const request *r, const pin_secret *secret,
                          unsigned permissions, bool user_present, vk_buf *reply) {
    vk_buf sealed = {0};
    uint8_t rp_id_hash32[32];
    token_begin(a, r->protocol, permissions, user_present);
    if (r->rp_id.data != NULL) {
        crypto_sha256(r->rp_id, rp_id_hash32);
        token_bind(a, rp_id_hash32);
    }
    pin_encrypt(secret, (vk_bytes){a->pin.protocols[r->protocol - 1].token32, 32}, &sealed);
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(2));
    wire_put_bytes(reply, sealed.data, sealed.len);
    vk_buf_clear(&sealed);
    return CTAP_OK;
}

static uint8_t token_for_pin(authn *a, const request *r, unsigned permissions, vk_buf *reply) {
    pin_secret secret;
    if (!a->pin.set) {
        return CTAP_PIN_NOT_SET;
    }
    uint8_t status = pin_check_blocked(a);
    if (status == CTAP_OK) {
        status = pin_agree(a, r->protocol, &r->key_agreement, &secret);
    }
    if (status == CTAP_OK) {
        status = pin_try(a, &secret, r->pin_hash_enc);
    }
    return status != CTAP_OK ? status : give_token(a, r, &secret, permissions, false, reply);
}

/* Before there were permissions a token was good for everything: so it is on keys of CTAP 2.1's
 * drafts, which manage credentials already. */
static unsigned default_permissions(const authn *a) {
    const unsigned of_rp = CTAP_PERMIT_MAKE_CREDENTIAL | CTAP_PERMIT_GET_ASSERTION;
    return has_feature(a, AUTHN_PERMISSIONS)
               ? of_rp
               : of_rp | CTAP_PERMIT_CRED_MGMT | CTAP_PERMIT_LARGE_BLOB_WRITE;
}

static uint8_t get_pin_token(authn *a, const request *r, vk_buf *reply) {
    if (r->pin_hash_enc.data == NULL) {
        return CTAP_MISSING_PARAMETER;
    }
    if (r->has_permissions || r->rp_id.data != NULL) {
        return CTAP_INVALID_PARAMETER;
    }
    return token_for_pin(a, r, default_permissions(a), reply);
}

static uint8_t check_permissions(const authn *a, const request *r) {
    const unsigned of_rp = CTAP_PERMIT_MAKE_CREDENTIAL | CTAP_PERMIT_GET_ASSERTION;
    unsigned possible = of_rp;
    possible |= has_feature(a, AUTHN_CRED_MGMT) ? CTAP_PERMIT_CRED_MGMT : 0;
    possible |= has_feature(a, AUTHN_LARGE_BLOBS) ? CTAP_PERMIT_LARGE_BLOB_WRITE : 0;
    if (!r->has_permissions) {
        return CTAP_MISSING_PARAMETER;
    }
    if (r->permissions == 0) {
        return CTAP_INVALID_PARAMETER;
    }
    if ((r->permissions & ~(uint64_t)possible) != 0) {
        return CTAP_UNAUTHORIZED_PERMISSION;
    }
    return (r->permissions & of_rp) != 0 && r->rp_id.data == NULL ? CTAP_MISSING_PARAMETER
                                                                  : CTAP_OK;
}

static uint8_t get_token_using_pin(authn *a, const request *r, vk_buf *reply) {
    uint8_t status =
        r->pin_hash_enc.data == NULL ? CTAP_MISSING_PARAMETER : check_permissions(a, r);
    return status != CTAP_OK ? status : token_for_pin(a, r, (unsigned)r->permissions, reply);
}

static uint8_t get_token_using_uv(authn *a, const request *r, vk_buf *reply) {
    pin_secret secret;
    uint8_t status = check_permissions(a, r);
    if (status == CTAP_OK && a->options.uv == AUTHN_UV_NONE) {
        status = CTAP_NOT_ALLOWED;
    }
    if (status == CTAP_OK) {
        status = pin_agree(a, r->protocol, &r->key_agreement, &secret);
    }
    if (status == CTAP_OK) {
        status = uv_perform(a);
    }
    return status != CTAP_OK ? status
                             : give_token(a, r, &secret, (unsigned)r->permissions, true, reply);
}

/* ---- The command ---- */

static bool is_known(const authn *a, uint64_t subcommand) {
    if (subcommand == GET_TOKEN_USING_UV || subcommand == GET_TOKEN_USING_PIN) {
        return has_feature(a, AUTHN_PERMISSIONS);
    }
    return subcommand == GET_UV_RETRIES ||
           (subcommand >= GET_PIN_RETRIES && subcommand <= GET_PIN_TOKEN);
}

/* Retries are asked for without a protocol. */
static void read_protocol(const authn *a, wire_map *members, uint64_t subcommand, request *out) {
    bool wanted = subcommand != GET_PIN_RETRIES && subcommand != GET_UV_RETRIES;
    uint64_t number = wire_get_unsigned(members, KEY(1), wanted ? WIRE_REQUIRED : WIRE_OPTIONAL, 0);
    wire_require(members, !wanted || pin_protocol_supported(a, number), CTAP_INVALID_PARAMETER);
    out->protocol = (unsigned)number;
}

static uint8_t read_request(const authn *a, const wire_item *map, uint64_t *subcommand,
                            request *out) {
    wire_map members = wire_open(map);
    *out = (request){0};
    *subcommand = wire_get_unsigned(&members, KEY(2), WIRE_REQUIRED, 0);
    wire_require(&members, is_known(a, *subcommand), CTAP_INVALID_SUBCOMMAND);
    read_protocol(a, &members, *subcommand, out);
    bool agrees = *subcommand != GET_PIN_RETRIES && *subcommand != GET_UV_RETRIES &&
                  *subcommand != GET_KEY_AGREEMENT;
    out->key_agreement =
        wire_get(&members, KEY(3), WIRE_MAP, agrees ? WIRE_REQUIRED : WIRE_OPTIONAL);
    out->auth_param = wire_get_bytes(&members, KEY(4), WIRE_OPTIONAL);
    out->new_pin_enc = wire_get_bytes(&members, KEY(5), WIRE_OPTIONAL);
    out->pin_hash_enc = wire_get_bytes(&members, KEY(6), WIRE_OPTIONAL);
    out->has_permissions = wire_any(&members, KEY(9), WIRE_OPTIONAL).encoded.data != NULL;
    out->permissions = wire_get_unsigned(&members, KEY(9), WIRE_OPTIONAL, 0);
    out->rp_id = wire_get_text(&members, KEY(10), WIRE_OPTIONAL);
    return members.status;
}

uint8_t ctap_client_pin(authn *a, const wire_item *map, vk_buf *reply) {
    request r;
    uint64_t subcommand;
    uint8_t status = read_request(a, map, &subcommand, &r);
    if (status != CTAP_OK) {
        return status;
    }
    switch (subcommand) {
    case GET_PIN_RETRIES:
        return get_pin_retries(a, reply);
    case GET_KEY_AGREEMENT:
        return get_key_agreement(a, &r, reply);
    case SET_PIN:
        return set_pin(a, &r);
    case CHANGE_PIN:
        return change_pin(a, &r);
    case GET_PIN_TOKEN:
        return get_pin_token(a, &r, reply);
    case GET_TOKEN_USING_UV:
        return get_token_using_uv(a, &r, reply);
    case GET_UV_RETRIES:
        return get_uv_retries(a, reply);
    default:
        return get_token_using_pin(a, &r, reply);
    }
}
