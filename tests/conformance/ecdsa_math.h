/* ECDSA by hand, with libcrypto's numbers and points, to make signatures that nobody would make. */
#ifndef VK_TESTS_ECDSA_MATH_H
#define VK_TESTS_ECDSA_MATH_H

#include "conformance.h"

typedef struct vector {
    CK_BYTE point65[65];
    CK_BYTE digest[64];
    CK_ULONG digest_len;
    CK_BYTE signature[64];
} vector;

/* Makes the vector of this name on the curve. */
typedef void (*vector_maker)(const ec_curve *on, vector *out);

/* n and a little. */
void math_order(const ec_curve *on, int more, CK_BYTE out32[32]);
void math_public(const ec_curve *on, const CK_BYTE secret32[32], CK_BYTE point65[65]);
bool math_verify(const ec_curve *on, const CK_BYTE point65[65], const CK_BYTE *digest, size_t len,
                 const CK_BYTE signature64[64]);

/* x of the point times the secret: what ECDH gives. */
void math_agree(const ec_curve *on, const CK_BYTE secret32[32], const CK_BYTE point65[65],
                CK_BYTE x32[32]);

void vector_ordinary(const ec_curve *on, vector *out);     /* of digest32, s is low */
void vector_high_s(const ec_curve *on, vector *out);       /* the same with n - s */
void vector_digest_zero(const ec_curve *on, vector *out);  /* of 32 zeros */
void vector_digest_order(const ec_curve *on, vector *out); /* of n, which is 0 as well */
void vector_digest_ones(const ec_curve *on, vector *out);  /* of 2^256 - 1 */
void vector_digest_long(const ec_curve *on, vector *out);  /* of 64 bytes: the first 32 count */
void vector_digest_short(const ec_curve *on,
                         vector *out);                 /* of 20 bytes: they are a small number */
void vector_key_one(const ec_curve *on, vector *out);  /* the key is the generator */
void vector_key_last(const ec_curve *on, vector *out); /* the key is its negative */
void vector_doubling(const ec_curve *on, vector *out); /* both points of the sum are the same */
void vector_infinity(const ec_curve *on, vector *out); /* the sum is no point: never valid */
void vector_s_one(const ec_curve *on, vector *out);    /* s is 1 */
void vector_r_wraps(const ec_curve *on, vector *out);  /* the point's x is r + n */
void vector_r_wraps_not(const ec_curve *on,
                        vector *out);                 /* the same, but the signature says r + n */
void vector_r_small(const ec_curve *on, vector *out); /* the point's x is a small r */
void vector_r_small_more(const ec_curve *on, vector *out); /* the same, but it says r + n */
void vector_r_off_curve(const ec_curve *on, vector *out);  /* r is the x of no point */

#endif
