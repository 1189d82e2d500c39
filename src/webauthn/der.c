#include "webauthn/internal.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

static bool read_scalar(const BIGNUM *number, uint8_t out32[32]) {
    return !BN_is_negative(number) && BN_bn2binpad(number, out32, 32) == 32 &&
           vk_p256_is_scalar(out32);
}

/* The one DER encoding of a value: whatever else OpenSSL may take is not the same when written. */
static bool is_canonical(const ECDSA_SIG *signature, vk_bytes der) {
    unsigned char *again = NULL;
    int len = i2d_ECDSA_SIG(signature, &again);
    bool same = len > 0 && vk_bytes_equal(der, (vk_bytes){again, (size_t)len});
    OPENSSL_free(again);
    return same;
}

static vk_status read_signature(vk_bytes der, uint8_t signature64[64], vk_error *err) {
    const unsigned char *at = der.data;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    if (parsed == NULL || !is_canonical(parsed, der)) {
        ECDSA_SIG_free(parsed);
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the signature is not the DER encoding of a sequence of two integers");
    }
    uint8_t both[64];
    bool in_range = read_scalar(ECDSA_SIG_get0_r(parsed), both) &&
                    read_scalar(ECDSA_SIG_get0_s(parsed), both + 32);
    ECDSA_SIG_free(parsed);
    if (!in_range) {
        return vk_fail(err, VK_ERR_RANGE, NULL,
                       "r and s of the signature must be from 1 to the order of P-256 less one");
    }
    memcpy(signature64, both, sizeof both);
    return VK_OK;
}

vk_status vk_p256_signature_read(vk_bytes der, uint8_t signature64[64], vk_error *err) {
    if (der.len > VK_P256_DER_MAX) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the signature has %zu bytes, more than %d: the most that DER needs",
                       der.len, VK_P256_DER_MAX);
    }
    ERR_set_mark();
    vk_status status = read_signature(der, signature64, err);
    ERR_pop_to_mark();
    return status;
}
