#include "ecdsa_math.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int ok, const char *what) {
    if (ok != 1) {
        fprintf(stderr, "ecdsa_math: %s\n", what);
        abort();
    }
}

/* ---- A workshop: one curve, some numbers, all freed at the end ---- */

typedef struct work {
    BN_CTX *ctx;
    EC_GROUP *group;
    const BIGNUM *n;
    BIGNUM *p;
} work;

static work open_work(const ec_curve *on) {
    work w = {.ctx = BN_CTX_new(), .group = EC_GROUP_new_by_curve_name(on->nid)};
    must(w.ctx != NULL && w.group != NULL, "a curve");
    BN_CTX_start(w.ctx);
    w.n = EC_GROUP_get0_order(w.group);
    w.p = BN_CTX_get(w.ctx);
    must(EC_GROUP_get_curve(w.group, w.p, NULL, NULL, w.ctx), "its prime");
    return w;
}

static void close_work(work *w) {
    BN_CTX_end(w->ctx);
    BN_CTX_free(w->ctx);
    EC_GROUP_free(w->group);
}

static BIGNUM *number(const work *w) {
    BIGNUM *made = BN_CTX_get(w->ctx);
    must(made != NULL, "a number");
    return made;
}

static BIGNUM *number_of(const work *w, const CK_BYTE *bytes, size_t len) {
    BIGNUM *made = number(w);
    must(BN_bin2bn(bytes, (int)len, made) != NULL, "a number");
    return made;
}

static BIGNUM *word(const work *w, BN_ULONG value) {
    BIGNUM *made = number(w);
    must(BN_set_word(made, value), "a number");
    return made;
}

static void put32(const BIGNUM *value, CK_BYTE out32[32]) {
    must(BN_bn2binpad(value, out32, 32) == 32, "32 bytes");
}

static BIGNUM *times(const work *w, const BIGNUM *a, const BIGNUM *b) {
    BIGNUM *made = number(w);
    must(BN_mod_mul(made, a, b, w->n, w->ctx), "a product");
    return made;
}

static BIGNUM *plus(const work *w, const BIGNUM *a, const BIGNUM *b) {
    BIGNUM *made = number(w);
    must(BN_mod_add(made, a, b, w->n, w->ctx), "a sum");
    return made;
}

static BIGNUM *minus(const work *w, const BIGNUM *a, const BIGNUM *b) {
    BIGNUM *made = number(w);
    must(BN_mod_sub(made, a, b, w->n, w->ctx), "a difference");
    return made;
}

static BIGNUM *inverse(const work *w, const BIGNUM *a) {
    BIGNUM *made = number(w);
    must(BN_mod_inverse(made, a, w->n, w->ctx) != NULL, "an inverse");
    return made;
}

/* a * G + b * P; P may be NULL. */
static EC_POINT *sum(const work *w, const BIGNUM *a, const EC_POINT *p, const BIGNUM *b) {
    EC_POINT *made = EC_POINT_new(w->group);
    must(made != NULL && EC_POINT_mul(w->group, made, a, p, b, w->ctx), "a point");
    return made;
}

static void put_point(const work *w, const EC_POINT *point, CK_BYTE point65[65]) {
    size_t len =
        EC_POINT_point2oct(w->group, point, POINT_CONVERSION_UNCOMPRESSED, point65, 65, w->ctx);
    must(len == 65, "65 bytes");
}

static BIGNUM *x_of(const work *w, const EC_POINT *point) {
    BIGNUM *x = number(w);
    must(EC_POINT_get_affine_coordinates(w->group, point, x, NULL, w->ctx), "a coordinate");
    return x;
}

static BIGNUM *digest_of(const work *w, const CK_BYTE *digest, size_t len) {
    BIGNUM *z = number_of(w, digest, len < 32 ? len : 32);
    must(BN_nnmod(z, z, w->n, w->ctx), "a remainder");
    return z;
}

/* ---- What chapters ask for ---- */

void math_order(const ec_curve *on, int more, CK_BYTE out32[32]) {
    work w = open_work(on);
    BIGNUM *value = number(&w);
    must(BN_copy(value, w.n) != NULL, "a copy");
    must(more < 0 ? BN_sub_word(value, (BN_ULONG)-more) : BN_add_word(value, (BN_ULONG)more),
         "a little more");
    put32(value, out32);
    close_work(&w);
}

void math_public(const ec_curve *on, const CK_BYTE secret32[32], CK_BYTE point65[65]) {
    work w = open_work(on);
    EC_POINT *point = sum(&w, number_of(&w, secret32, 32), NULL, NULL);
    put_point(&w, point, point65);
    EC_POINT_free(point);
    close_work(&w);
}

bool math_verify(const ec_curve *on, const CK_BYTE point65[65], const CK_BYTE *digest, size_t len,
                 const CK_BYTE signature64[64]) {
    work w = open_work(on);
    EC_POINT *key = EC_POINT_new(w.group);
    must(EC_POINT_oct2point(w.group, key, point65, 65, w.ctx), "a point");
    BIGNUM *r = number_of(&w, signature64, 32), *s = number_of(&w, signature64 + 32, 32);
    bool valid = !BN_is_zero(r) && !BN_is_zero(s) && BN_cmp(r, w.n) < 0 && BN_cmp(s, w.n) < 0;
    if (valid) {
        BIGNUM *by_s = inverse(&w, s);
        EC_POINT *point =
            sum(&w, times(&w, digest_of(&w, digest, len), by_s), key, times(&w, r, by_s));
        valid = !EC_POINT_is_at_infinity(w.group, point);
        if (valid) {
            BIGNUM *x = x_of(&w, point);
            must(BN_nnmod(x, x, w.n, w.ctx), "a remainder");
            valid = BN_cmp(x, r) == 0;
        }
        EC_POINT_free(point);
    }
    EC_POINT_free(key);
    close_work(&w);
    return valid;
}

void math_agree(const ec_curve *on, const CK_BYTE secret32[32], const CK_BYTE point65[65],
                CK_BYTE x32[32]) {
    work w = open_work(on);
    EC_POINT *other = EC_POINT_new(w.group);
    must(EC_POINT_oct2point(w.group, other, point65, 65, w.ctx), "a point");
    EC_POINT *point = sum(&w, word(&w, 0), other, number_of(&w, secret32, 32));
    put32(x_of(&w, point), x32);
    EC_POINT_free(point);
    EC_POINT_free(other);
    close_work(&w);
}

/* ---- Signatures with a known key ---- */

/* s = (z + r d) / k, of the digest that is in out. */
static void sign_with(const work *w, const BIGNUM *d, const BIGNUM *k, vector *out) {
    EC_POINT *key = sum(w, d, NULL, NULL), *point = sum(w, k, NULL, NULL);
    BIGNUM *r = x_of(w, point);
    must(BN_nnmod(r, r, w->n, w->ctx), "a remainder");
    BIGNUM *z = digest_of(w, out->digest, out->digest_len);
    BIGNUM *s = times(w, plus(w, z, times(w, r, d)), inverse(w, k));
    BIGNUM *other = minus(w, word(w, 0), s);
    put_point(w, key, out->point65);
    put32(r, out->signature);
    put32(BN_cmp(s, other) < 0 ? s : other, out->signature + 32);
    EC_POINT_free(key);
    EC_POINT_free(point);
}

static void sign_digest_with(const ec_curve *on, BN_ULONG key, const CK_BYTE *digest, size_t len,
                             vector *out) {
    work w = open_work(on);
    memcpy(out->digest, digest, len);
    out->digest_len = len;
    sign_with(&w, word(&w, key), word(&w, 0x123456789abcdef), out);
    close_work(&w);
}

#define KEY 0xfedcba987654321

void vector_ordinary(const ec_curve *on, vector *out) {
    sign_digest_with(on, KEY, digest32, 32, out);
}

void vector_high_s(const ec_curve *on, vector *out) {
    vector_ordinary(on, out);
    work w = open_work(on);
    put32(minus(&w, word(&w, 0), number_of(&w, out->signature + 32, 32)), out->signature + 32);
    close_work(&w);
}

void vector_digest_zero(const ec_curve *on, vector *out) {
    const CK_BYTE zeros[32] = {0};
    sign_digest_with(on, KEY, zeros, sizeof zeros, out);
}

void vector_digest_order(const ec_curve *on, vector *out) {
    CK_BYTE order[32];
    math_order(on, 0, order);
    sign_digest_with(on, KEY, order, sizeof order, out);
}

void vector_digest_ones(const ec_curve *on, vector *out) {
    CK_BYTE ones[32];
    memset(ones, 0xff, sizeof ones);
    sign_digest_with(on, KEY, ones, sizeof ones, out);
}

void vector_digest_long(const ec_curve *on, vector *out) {
    CK_BYTE digest64[64];
    for (size_t i = 0; i < sizeof digest64; i++) {
        digest64[i] = (CK_BYTE)(200 - i);
    }
    sign_digest_with(on, KEY, digest64, sizeof digest64, out);
}

void vector_digest_short(const ec_curve *on, vector *out) {
    sign_digest_with(on, KEY, digest32, 20, out);
}

void vector_key_one(const ec_curve *on, vector *out) {
    sign_digest_with(on, 1, digest32, 32, out);
}

void vector_key_last(const ec_curve *on, vector *out) {
    work w = open_work(on);
    memcpy(out->digest, digest32, 32);
    out->digest_len = 32;
    sign_with(&w, minus(&w, word(&w, 0), word(&w, 1)), word(&w, 0x123456789abcdef), out);
    close_work(&w);
}

/* ---- Signatures whose sum of points is chosen ---- */

/* z = r d makes both of the sum's points the same, z = - r d each other's negative. */
static void with_key_one(const ec_curve *on, bool same, vector *out) {
    work w = open_work(on);
    BIGNUM *k = word(&w, 0x123456789abcdef), *one = word(&w, 1);
    EC_POINT *key = sum(&w, one, NULL, NULL), *point = sum(&w, k, NULL, NULL);
    BIGNUM *r = x_of(&w, point);
    must(BN_nnmod(r, r, w.n, w.ctx), "a remainder");
    BIGNUM *z = same ? r : minus(&w, word(&w, 0), r);
    BIGNUM *s = times(&w, plus(&w, r, r), inverse(&w, k));
    put_point(&w, key, out->point65);
    put32(z, out->digest);
    out->digest_len = 32;
    put32(r, out->signature);
    put32(s, out->signature + 32);
    EC_POINT_free(key);
    EC_POINT_free(point);
    close_work(&w);
}

void vector_doubling(const ec_curve *on, vector *out) {
    with_key_one(on, true, out);
}

void vector_infinity(const ec_curve *on, vector *out) {
    with_key_one(on, false, out);
}

/* The key for which (r, s) signs digest32 with this point: Q = (s R - z G) / r. */
static void key_for(const work *w, const EC_POINT *point, const BIGNUM *r, const BIGNUM *s,
                    vector *out) {
    BIGNUM *by_r = inverse(w, r), *z = digest_of(w, digest32, 32);
    EC_POINT *key = sum(w, times(w, minus(w, word(w, 0), z), by_r), point, times(w, s, by_r));
    put_point(w, key, out->point65);
    memcpy(out->digest, digest32, 32);
    out->digest_len = 32;
    put32(r, out->signature);
    put32(s, out->signature + 32);
    EC_POINT_free(key);
}

void vector_s_one(const ec_curve *on, vector *out) {
    work w = open_work(on);
    EC_POINT *point = sum(&w, word(&w, 0x123456789abcdef), NULL, NULL);
    BIGNUM *r = x_of(&w, point);
    must(BN_nnmod(r, r, w.n, w.ctx), "a remainder");
    key_for(&w, point, r, word(&w, 1), out);
    EC_POINT_free(point);
    close_work(&w);
}

/* The first point whose x is base or a little more; sets r to that little. */
static EC_POINT *point_near(const work *w, const BIGNUM *base, BIGNUM *r) {
    EC_POINT *point = EC_POINT_new(w->group);
    BIGNUM *x = number(w);
    for (BN_ULONG i = 1; i < 1000; i++) {
        must(BN_copy(x, base) != NULL && BN_add_word(x, i) && BN_cmp(x, w->p) < 0, "an x");
        if (EC_POINT_set_compressed_coordinates(w->group, point, x, 0, w->ctx) == 1) {
            must(BN_set_word(r, i), "a number");
            return point;
        }
    }
    must(0, "a point");
    return NULL;
}

static void with_small_r(const ec_curve *on, bool wraps, bool says_more, vector *out) {
    work w = open_work(on);
    BIGNUM *r = number(&w), *s = word(&w, 0x123456789abcdef);
    EC_POINT *point = point_near(&w, wraps ? w.n : word(&w, 0), r);
    key_for(&w, point, r, s, out);
    if (says_more) {
        must(BN_add(r, r, w.n), "a sum");
        put32(r, out->signature);
    }
    EC_POINT_free(point);
    close_work(&w);
}

void vector_r_wraps(const ec_curve *on, vector *out) {
    with_small_r(on, true, false, out);
}

void vector_r_wraps_not(const ec_curve *on, vector *out) {
    with_small_r(on, true, true, out);
}

void vector_r_small(const ec_curve *on, vector *out) {
    with_small_r(on, false, false, out);
}

void vector_r_small_more(const ec_curve *on, vector *out) {
    with_small_r(on, false, true, out);
}

void vector_r_off_curve(const ec_curve *on, vector *out) {
    work w = open_work(on);
    EC_POINT *point = EC_POINT_new(w.group);
    BN_ULONG x = 1;
    while (EC_POINT_set_compressed_coordinates(w.group, point, word(&w, x), 0, w.ctx) == 1) {
        x++;
    }
    EC_POINT_free(point);
    vector_ordinary(on, out);
    put32(word(&w, x), out->signature);
    close_work(&w);
}
