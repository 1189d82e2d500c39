/* The curves of session keys. */
#ifndef VK_BASE_CURVE_H
#define VK_BASE_CURVE_H

typedef enum vk_curve { VK_CURVE_SECP256K1 = 1, VK_CURVE_P256 = 2 } vk_curve;

/* OpenSSL's "EC" by its object identifier. By its name, OpenSSL would take the methods of the
 * program's engine if there is one (libp11's, in openssl -engine pkcs11): those sign with our key
 * when they are given it, but know no EVP_PKEY_fromdata, with which it is made. */
#define VK_OPENSSL_EC "1.2.840.10045.2.1"

#endif
