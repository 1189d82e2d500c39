/* What a software key is made of, for the files of this folder. */
#ifndef VK_KEYS_SOFTWARE_H
#define VK_KEYS_SOFTWARE_H

#include "keys/keys.h"

#include <openssl/evp.h>
#include <secp256k1.h>

/* Making a context ready costs OpenSSL a tenth of a signature, and locks that threads share. */
#define VK_IDLE_MAX 8

struct vk_key {
    vk_curve curve;
    uint8_t *secret32;                         /* secp256k1: vk_secret_alloc */
    secp256k1_context *context;                /* secp256k1: blinded, read-only once made */
    EVP_PKEY *pkey;                            /* P-256 */
    _Atomic(EVP_PKEY_CTX *) idle[VK_IDLE_MAX]; /* P-256: ready to sign; who signs takes one out */
};

#endif
