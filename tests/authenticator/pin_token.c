/* The pinUvAuthToken and what it permits (CTAP 2.1, 6.5.2 and 6.5.5), and built-in user
 * verification. */
#include "internal.h"

#include <string.h>

#define UNUSED_MS (30 * 1000)
#define LIFETIME_MS (10 * 60 * 1000)

void token_begin(authn *a, unsigned protocol, unsigned permissions, bool user_present) {
    token_reset(a);
    crypto_random(a->pin.protocols[protocol - 1].token32, 32);
    a->token = (token_state){.in_use = true,
                             .protocol = protocol,
                             .permissions = permissions,
                             .user_present = user_present,
                             .user_verified = true,
                             .since = now_ms()};
}

void token_bind(authn *a, const uint8_t rp_id_hash32[32]) {
    a->token.has_rp = true;
    memcpy(a->token.rp_id_hash32, rp_id_hash32, 32);
}

void token_reset(authn *a) {
    a->token = (token_state){0};
}

static bool is_expired(const token_state *token) {
    uint64_t age = now_ms() - token->since;
    return age > LIFETIME_MS || (!token->used && age > UNUSED_MS);
}

bool token_verify(authn *a, uint64_t protocol, vk_bytes message, vk_bytes mac,
                  unsigned permission) {
    token_state *token = &a->token;
    pin_secret secret = {.protocol = token->protocol};
    if (!token->in_use || token->protocol != protocol || is_expired(token)) {
        return false;
    }
    memcpy(secret.hmac_key32, a->pin.protocols[token->protocol - 1].token32, 32);
    if (!pin_verify(&secret, message, mac) || (token->permissions & permission) == 0) {
        return false;
    }
    token->used = true;
    return true;
}

void token_spend(authn *a) {
    a->token.user_present = false;
    a->token.user_verified = false;
    a->token.permissions &= CTAP_PERMIT_LARGE_BLOB_WRITE;
}

/* ---- Built-in user verification ---- */

bool uv_protected(const authn *a) {
    return a->pin.set || a->options.uv != AUTHN_UV_NONE;
}

uint8_t uv_perform(authn *a) {
    if (a->pin.uv_retries == 0) {
        return CTAP_UV_BLOCKED;
    }
    uint8_t status = user_touch(a);
    if (status != CTAP_OK) {
        return status;
    }
    if (a->options.uv == AUTHN_UV_SUCCEEDS) {
        a->pin.uv_retries = CTAP_UV_RETRIES;
        return CTAP_OK;
    }
    a->pin.uv_retries--;
    return a->pin.uv_retries == 0 ? CTAP_UV_BLOCKED : CTAP_UV_INVALID;
}
