/* Authenticator data, with the mistakes that are made in it. */
#include "internal.h"

#include <string.h>

static uint32_t next_counter(authn *a) {
    if (has_feature(a, AUTHN_SYNCED)) {
        return 0;
    }
    if (has_mistake(a, AUTHN_COUNTER_BACK)) {
        a->counter--;
    } else if (!has_mistake(a, AUTHN_COUNTER_STAYS)) {
        a->counter++;
    }
    return a->counter;
}

static unsigned spoil_flags(const authn *a, unsigned flags) {
    if (has_feature(a, AUTHN_SYNCED)) {
        flags |= CTAP_BE | CTAP_BS;
    }
    if (has_mistake(a, AUTHN_NO_UP)) {
        flags &= ~(unsigned)CTAP_UP;
    }
    if (has_mistake(a, AUTHN_NO_UV)) {
        flags &= ~(unsigned)CTAP_UV;
    }
    if (has_mistake(a, AUTHN_BS_WITHOUT_BE)) {
        flags = (flags | CTAP_BS) & ~(unsigned)CTAP_BE;
    }
    return flags;
}

static void put_attested(const authn *a, const credential *made, vk_buf *out) {
    uint8_t id[CREDENTIAL_ID_MAX];
    p256_key key = made->key;
    memcpy(id, made->id, made->id_len);
    id[0] ^= has_mistake(a, AUTHN_WRONG_ID);
    key.y32[31] ^= has_mistake(a, AUTHN_OFF_CURVE); /* y and -y differ in the last bit, and more */
    vk_buf_put(out, a->aaguid16, 16);
    vk_buf_put_byte(out, (uint8_t)(made->id_len >> 8));
    vk_buf_put_byte(out, (uint8_t)made->id_len);
    vk_buf_put(out, id, made->id_len);
    credential_put_public_key(out, &key);
    vk_wipe(&key, sizeof key);
}

void auth_data_put(authn *a, const uint8_t rp_id_hash32[32], unsigned flags, const credential *made,
                   const vk_buf *extensions, vk_buf *out) {
    uint8_t hash32[32];
    memcpy(hash32, rp_id_hash32, 32);
    hash32[0] ^= has_mistake(a, AUTHN_WRONG_RP_ID);
    flags |= made != NULL ? CTAP_AT : 0;
    flags |= extensions->len > 0 ? CTAP_ED : 0;
    uint32_t counter = next_counter(a);
    vk_buf_put(out, hash32, 32);
    vk_buf_put_byte(out, (uint8_t)spoil_flags(a, flags));
    for (int shift = 24; shift >= 0; shift -= 8) {
        vk_buf_put_byte(out, (uint8_t)(counter >> shift));
    }
    if (made != NULL) {
        put_attested(a, made, out);
    }
    vk_buf_put(out, extensions->data, extensions->len);
}
