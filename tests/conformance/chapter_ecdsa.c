/* Signatures at the edges of ECDSA, on both curves, made when they are needed (ecdsa_math.c). */
#include "calls.h"
#include "ecdsa_math.h"

#include <string.h>

static CK_RV verify_vector(context *c, const ec_curve *on, vector *v, CK_ULONG signature_len) {
    CK_BYTE der[67] = {4, 65};
    memcpy(der + 2, v->point65, 65);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, no),
                            ATTR(CKA_VERIFY, yes),
                            {CKA_EC_PARAMS, on->oid, on->oid_len},
                            {CKA_EC_POINT, der, sizeof der}};
    CK_OBJECT_HANDLE key;
    need(f->C_CreateObject(c->session, templ, COUNT(templ), &key), "C_CreateObject");
    need(verify_init(c, CKM_ECDSA, key), "C_VerifyInit");
    return f->C_Verify(c->session, v->digest, v->digest_len, v->signature, signature_len);
}

/* ---- Whole vectors ---- */

typedef struct made {
    vector_maker make;
    CK_ULONG curve;
} made;

static CK_RV verify_made(context *c) {
    const made *m = c->row->data;
    vector v = {.digest_len = 0};
    m->make(&curves[m->curve], &v);
    bool valid = math_verify(&curves[m->curve], v.point65, v.digest, v.digest_len, v.signature);
    expect(valid == (c->row->answers[0] == CKR_OK), "the vector itself is wrong");
    return verify_vector(c, &curves[m->curve], &v, 64);
}

/* ---- One half of a good signature replaced ---- */

typedef enum half { IS_ZERO, IS_ORDER, IS_MORE, IS_ONES, IS_ONE, IS_OTHER_HALF } half;

typedef struct spoilt {
    CK_ULONG curve;
    size_t at; /* 0: r, 32: s */
    half what;
    bool both;
} spoilt;

static void spoil(const spoilt *how, size_t at, CK_BYTE signature[64]) {
    CK_BYTE *bytes = signature + at;
    switch (how->what) {
    case IS_ZERO:
    case IS_ONE:
        memset(bytes, 0, 32);
        bytes[31] = how->what == IS_ONE;
        break;
    case IS_ONES:
        memset(bytes, 0xff, 32);
        break;
    case IS_OTHER_HALF:
        memcpy(bytes, signature + 32 - at, 32);
        break;
    default:
        math_order(&curves[how->curve], how->what == IS_MORE, bytes);
    }
}

static CK_RV verify_spoilt(context *c) {
    const spoilt *how = c->row->data;
    vector v = {.digest_len = 0};
    vector_ordinary(&curves[how->curve], &v);
    spoil(how, how->at, v.signature);
    if (how->both) {
        spoil(how, 32 - how->at, v.signature);
    }
    expect(!math_verify(&curves[how->curve], v.point65, v.digest, v.digest_len, v.signature),
           "the vector itself is wrong");
    return verify_vector(c, &curves[how->curve], &v, 64);
}

static CK_RV verify_bit(context *c) {
    vector v = {.digest_len = 0};
    vector_ordinary(&curves[c->row->value & 1], &v);
    v.signature[c->row->value >> 1] ^= 0x10;
    return verify_vector(c, &curves[c->row->value & 1], &v, 64);
}

static CK_RV verify_digest_bit(context *c) {
    vector v = {.digest_len = 0};
    vector_ordinary(&curves[c->row->value], &v);
    v.digest[31] ^= 1;
    return verify_vector(c, &curves[c->row->value], &v, 64);
}

static CK_RV verify_swapped(context *c) {
    CK_BYTE r[32];
    vector v = {.digest_len = 0};
    vector_ordinary(&curves[c->row->value], &v);
    memcpy(r, v.signature, 32);
    memcpy(v.signature, v.signature + 32, 32);
    memcpy(v.signature + 32, r, 32);
    return verify_vector(c, &curves[c->row->value], &v, 64);
}

/* ---- What the module signs ---- */

static CK_RV sign_len(context *c, CK_ULONG curve, CK_ULONG len) {
    CK_BYTE data[128], signature[64], der[67];
    CK_ULONG signature_len = sizeof signature;
    pair keys = make_pair(c, curve);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (CK_BYTE)(0x80 + i);
    }
    get_value(c, keys.public_key, CKA_EC_POINT, der, sizeof der);
    need(sign_init(c, CKM_ECDSA, keys.private_key), "C_SignInit");
    CK_RV rv = f->C_Sign(c->session, data, len, signature, &signature_len);
    if (rv == CKR_OK) {
        expect(signature_len == 64, "the signature has %lu bytes", signature_len);
        expect(math_verify(&curves[curve], der + 2, data, len, signature), "it is not valid");
        need(verify_init(c, CKM_ECDSA, keys.public_key), "C_VerifyInit");
        expect_rv(f->C_Verify(c->session, data, len, signature, 64), CKR_OK, "C_Verify");
    }
    return rv;
}

static CK_RV sign_of_value(context *c) {
    return sign_len(c, c->row->value & 1, c->row->value >> 1);
}

static CK_RV sign_edge(context *c) {
    const made *m = c->row->data;
    CK_BYTE signature[64], der[67];
    CK_ULONG len = sizeof signature;
    vector v = {.digest_len = 0};
    m->make(&curves[m->curve], &v);
    pair keys = make_pair(c, m->curve);
    get_value(c, keys.public_key, CKA_EC_POINT, der, sizeof der);
    need(sign_init(c, CKM_ECDSA, keys.private_key), "C_SignInit");
    CK_RV rv = f->C_Sign(c->session, v.digest, v.digest_len, signature, &len);
    expect(math_verify(&curves[m->curve], der + 2, v.digest, v.digest_len, signature),
           "it is not valid");
    return rv;
}

/* Chains take no other; the standard does not ask for it. */
static CK_RV sign_low(context *c) {
    pair keys = make_pair(c, c->row->value);
    CK_BYTE middle[32], signature[64];
    math_order(&curves[c->row->value], 0, middle);
    for (size_t i = 32; i-- > 0;) {
        middle[i] = (CK_BYTE)(middle[i] >> 1 | (i > 0 ? middle[i - 1] << 7 : 0));
    }
    CK_RV rv = CKR_OK;
    for (int i = 0; i < 32; i++) {
        sign_digest(c, keys.private_key, signature);
        if (memcmp(signature + 32, middle, 32) > 0) {
            rv = CKR_SIGNATURE_INVALID;
        }
    }
    return rv;
}

#define BOTH(name, text, answer, what, type, ...)                                                  \
    ROW(name, "secp256k1, " text, answer, USER_RW, what,                                           \
        .data = &(const type){__VA_ARGS__, .curve = SECP256K1}),                                   \
        ROW(name, "P-256, " text, answer, USER_RW, what,                                           \
            .data = &(const type){__VA_ARGS__, .curve = P256})
#define VALID(text, maker) BOTH(C_Verify, text, IS(CKR_OK), verify_made, made, .make = (maker))
#define INVALID(text, maker)                                                                       \
    BOTH(C_Verify, text, IS(CKR_SIGNATURE_INVALID), verify_made, made, .make = (maker))
#define SPOILT(text, ...)                                                                          \
    BOTH(C_Verify, text, IS(CKR_SIGNATURE_INVALID), verify_spoilt, spoilt, __VA_ARGS__)
#define EDGE(text, maker) BOTH(C_Sign, text, IS(CKR_OK), sign_edge, made, .make = (maker))
#define BY_CURVE(name, text, answer, what)                                                         \
    ROW(name, "secp256k1, " text, answer, USER_RW, what, .value = SECP256K1),                      \
        ROW(name, "P-256, " text, answer, USER_RW, what, .value = P256)
#define SIGN_LEN(len, answer)                                                                      \
    ROW(C_Sign, "secp256k1, a digest of " #len " bytes", answer, USER_RW, sign_of_value,           \
        .value = (len) << 1 | SECP256K1),                                                          \
        ROW(C_Sign, "P-256, a digest of " #len " bytes", answer, USER_RW, sign_of_value,           \
            .value = (len) << 1 | P256)
#define BIT(byte)                                                                                  \
    ROW(C_Verify, "secp256k1, a bit of byte " #byte " is wrong", IS(CKR_SIGNATURE_INVALID),        \
        USER_RW, verify_bit, .value = (byte) << 1 | SECP256K1),                                    \
        ROW(C_Verify, "P-256, a bit of byte " #byte " is wrong", IS(CKR_SIGNATURE_INVALID),        \
            USER_RW, verify_bit, .value = (byte) << 1 | P256)
/* The standard lets a digest be longer than the order, or not. */
#define LONG IS(CKR_OK, CKR_DATA_LEN_RANGE)

static const row rows[] = {
    VALID("an ordinary signature", vector_ordinary),
    VALID("a high s", vector_high_s),
    VALID("a digest of zeros", vector_digest_zero),
    VALID("a digest that is n", vector_digest_order),
    VALID("a digest of ones", vector_digest_ones),
    VALID("a digest of 64 bytes", vector_digest_long),
    VALID("a digest of 20 bytes", vector_digest_short),
    VALID("the key is the generator", vector_key_one),
    VALID("the key is the generator's negative", vector_key_last),
    VALID("both points of the sum are the same", vector_doubling),
    INVALID("the sum is no point", vector_infinity),
    VALID("s is 1", vector_s_one),
    VALID("the point's x is r + n", vector_r_wraps),
    INVALID("the point's x is r + n, and so says the signature", vector_r_wraps_not),
    VALID("the point's x is a small r", vector_r_small),
    INVALID("r + n instead of a small r", vector_r_small_more),
    INVALID("r is the x of no point", vector_r_off_curve),
    SPOILT("r is 0", .at = 0, .what = IS_ZERO),
    SPOILT("s is 0", .at = 32, .what = IS_ZERO),
    SPOILT("r and s are 0", .at = 0, .what = IS_ZERO, .both = true),
    SPOILT("r is 1", .at = 0, .what = IS_ONE),
    SPOILT("s is 1 for another key", .at = 32, .what = IS_ONE),
    SPOILT("r and s are 1", .at = 0, .what = IS_ONE, .both = true),
    SPOILT("r is n", .at = 0, .what = IS_ORDER),
    SPOILT("s is n", .at = 32, .what = IS_ORDER),
    SPOILT("r and s are n", .at = 0, .what = IS_ORDER, .both = true),
    SPOILT("r is n + 1", .at = 0, .what = IS_MORE),
    SPOILT("s is n + 1", .at = 32, .what = IS_MORE),
    SPOILT("r is 2^256 - 1", .at = 0, .what = IS_ONES),
    SPOILT("s is 2^256 - 1", .at = 32, .what = IS_ONES),
    SPOILT("r and s are 2^256 - 1", .at = 0, .what = IS_ONES, .both = true),
    SPOILT("s is r", .at = 32, .what = IS_OTHER_HALF),
    BY_CURVE(C_Verify, "r and s are swapped", IS(CKR_SIGNATURE_INVALID), verify_swapped),
    BY_CURVE(C_Verify, "a bit of the digest is wrong", IS(CKR_SIGNATURE_INVALID),
             verify_digest_bit),
    BIT(0),
    BIT(31),
    BIT(32),
    BIT(63),

    SIGN_LEN(0, IS(CKR_DATA_LEN_RANGE, CKR_OK, CKR_ARGUMENTS_BAD)),
    SIGN_LEN(1, IS(CKR_OK)),
    SIGN_LEN(20, IS(CKR_OK)),
    SIGN_LEN(31, IS(CKR_OK)),
    SIGN_LEN(32, IS(CKR_OK)),
    SIGN_LEN(33, LONG),
    SIGN_LEN(48, LONG),
    SIGN_LEN(64, LONG),
    SIGN_LEN(128, LONG),
    EDGE("a digest of zeros", vector_digest_zero),
    EDGE("a digest that is n", vector_digest_order),
    EDGE("a digest of ones", vector_digest_ones),
    BY_CURVE(C_Sign, "s is low", IS(CKR_OK, CKR_SIGNATURE_INVALID), sign_low),
};

CHAPTER(ecdsa);
