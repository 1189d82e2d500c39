#include "gate/loose_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "keys/keys.h"

struct vk_loose_key {
    vk_key *key;
};

vk_status vk_digest_fit(vk_bytes digest, vk_hash *out) {
    size_t len = digest.len < sizeof out->b ? digest.len : sizeof out->b;
    if (len == 0) {
        return VK_ERR_SIZE;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->b + sizeof out->b - len, digest.data, len);
    return VK_OK;
}

static vk_status make_secret(vk_curve curve, const uint8_t *secret32, uint8_t made32[32],
                             uint8_t point65[65]) {
    if (secret32 == NULL) {
        return vk_key_generate(curve, made32, point65);
    }
    memcpy(made32, secret32, 32);
    return vk_key_public(curve, made32, point65);
}

vk_status vk_loose_key_new(vk_curve curve, const uint8_t *secret32, uint8_t point65[65],
                           vk_loose_key **out) {
    uint8_t made32[32];
    vk_loose_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = make_secret(curve, secret32, made32, point65);
    if (status == VK_OK) {
        status = vk_key_load(curve, made32, &key->key);
    }
    vk_wipe(made32, sizeof made32);
    if (status != VK_OK) {
        free(key);
        return status;
    }
    *out = key;
    return VK_OK;
}

void vk_loose_key_free(vk_loose_key *key) {
    if (key != NULL) {
        vk_key_free(key->key);
        free(key);
    }
}

vk_status vk_loose_key_sign(const vk_loose_key *key, vk_bytes digest, uint8_t signature64[64]) {
    vk_hash fitted;
    vk_status status = vk_digest_fit(digest, &fitted);
    return status == VK_OK ? vk_key_sign(key->key, &fitted, signature64, NULL) : status;
}

vk_status vk_loose_key_agree(const vk_loose_key *key, const uint8_t peer65[65], uint8_t x32[32]) {
    return vk_key_agree(key->key, peer65, x32);
}
