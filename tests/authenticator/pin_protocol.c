/* PIN/UV auth protocols 1 and 2 (CTAP 2.1, 6.5.6 and 6.5.7). */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define IV_LEN 16

static const uint8_t zero_iv[IV_LEN];

bool pin_protocol_supported(const authn *a, uint64_t number) {
    return (number == 1 && has_feature(a, AUTHN_PIN_PROTOCOL_1)) ||
           (number == 2 && has_feature(a, AUTHN_PIN_PROTOCOL_2));
}

void pin_agreement_reset(authn *a, unsigned protocol) {
    p256_generate(&a->pin.protocols[protocol - 1].agreement);
}

void pin_protocols_reset(authn *a) {
    for (unsigned protocol = 1; protocol <= 2; protocol++) {
        pin_agreement_reset(a, protocol);
        crypto_random(a->pin.protocols[protocol - 1].token32, 32);
    }
}

void pin_put_agreement(authn *a, unsigned protocol, vk_buf *out) {
    const p256_key *key = &a->pin.protocols[protocol - 1].agreement;
    wire_writer cose = wire_begin(out);
    wire_member(&cose, KEY(1));
    wire_put_int(out, 2);
    wire_member(&cose, KEY(3));
    wire_put_int(out, CTAP_ECDH_ES_HKDF_256);
    wire_member(&cose, KEY(-1));
    wire_put_int(out, 1);
    wire_member(&cose, KEY(-2));
    wire_put_bytes(out, key->x32, 32);
    wire_member(&cose, KEY(-3));
    wire_put_bytes(out, key->y32, 32);
}

static void derive(const uint8_t shared32[32], unsigned protocol, pin_secret *out) {
    out->protocol = protocol;
    if (protocol == 1) {
        crypto_sha256((vk_bytes){shared32, 32}, out->hmac_key32);
        memcpy(out->aes_key32, out->hmac_key32, 32);
    } else {
        crypto_hkdf(shared32, "CTAP2 HMAC key", out->hmac_key32);
        crypto_hkdf(shared32, "CTAP2 AES key", out->aes_key32);
    }
}

uint8_t pin_agree(const authn *a, unsigned protocol, const wire_item *cose, pin_secret *out) {
    wire_map key = wire_open(cose);
    uint8_t shared32[32];
    bool right = wire_get_int(&key, KEY(1), WIRE_REQUIRED, 0) == 2;
    right &= wire_get_int(&key, KEY(3), WIRE_REQUIRED, 0) == CTAP_ECDH_ES_HKDF_256;
    right &= wire_get_int(&key, KEY(-1), WIRE_REQUIRED, 0) == 1;
    vk_bytes x = wire_get_bytes(&key, KEY(-2), WIRE_REQUIRED);
    vk_bytes y = wire_get_bytes(&key, KEY(-3), WIRE_REQUIRED);
    wire_require(&key, right && x.len == 32 && y.len == 32, CTAP_INVALID_PARAMETER);
    if (key.status == CTAP_OK) {
        const p256_key *mine = &a->pin.protocols[protocol - 1].agreement;
        wire_require(&key, p256_agree(mine, x.data, y.data, shared32), CTAP_INVALID_PARAMETER);
    }
    if (key.status == CTAP_OK) {
        derive(shared32, protocol, out);
        vk_wipe(shared32, sizeof shared32);
    }
    return key.status;
}

bool pin_verify(const pin_secret *secret, vk_bytes message, vk_bytes mac) {
    uint8_t right32[32];
    crypto_hmac(secret->hmac_key32, message, right32);
    return mac.len == (secret->protocol == 1 ? 16 : 32) &&
           vk_equal_secret(mac.data, right32, mac.len);
}

static void cbc(const pin_secret *secret, bool encrypt, const uint8_t iv16[IV_LEN], vk_bytes in,
                vk_buf *out) {
    uint8_t *result = malloc(in.len + 1);
    crypto_require(result != NULL, "malloc");
    crypto_cbc(encrypt, secret->aes_key32, iv16, in, result);
    vk_buf_put(out, result, in.len);
    vk_wipe(result, in.len);
    free(result);
}

bool pin_decrypt(const pin_secret *secret, vk_bytes in, vk_buf *out) {
    const uint8_t *iv = zero_iv;
    if (secret->protocol == 2) {
        if (in.len < IV_LEN) {
            return false;
        }
        iv = in.data;
        in = (vk_bytes){in.data + IV_LEN, in.len - IV_LEN};
    }
    if (in.len == 0 || in.len % 16 != 0) {
        return false;
    }
    cbc(secret, false, iv, in, out);
    return true;
}

void pin_encrypt(const pin_secret *secret, vk_bytes in, vk_buf *out) {
    uint8_t iv[IV_LEN] = {0};
    if (secret->protocol == 2) {
        crypto_random(iv, sizeof iv);
        vk_buf_put(out, iv, sizeof iv);
    }
    cbc(secret, true, iv, in, out);
}
