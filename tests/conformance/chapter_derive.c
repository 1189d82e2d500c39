/* C_DeriveKey by CKM_ECDH1_DERIVE. */
#include "calls.h"
#include "ecdsa_math.h"

#include <string.h>

typedef enum peer {
    GOOD,
    GOOD_DER,
    SHORT,
    LONG,
    NULL_POINT,
    EMPTY,
    BESIDE,
    FROM_OTHER_CURVE,
    INFINITY_BYTE,
    HUGE_LEN
} peer;

static CK_BYTE point[80];

static CK_ECDH1_DERIVE_PARAMS params_of(CK_ULONG curve, peer which) {
    CK_ULONG from = which == FROM_OTHER_CURVE ? 1 - curve : curve;
    CK_ECDH1_DERIVE_PARAMS p = {.kdf = CKD_NULL, .public_data = point, .public_data_len = 65};
    math_public(&curves[from], digest32, point);
    switch (which) {
    case GOOD_DER:
        memmove(point + 2, point, 65);
        point[0] = 4;
        point[1] = 65;
        p.public_data_len = 67;
        break;
    case SHORT:
        p.public_data_len = 64;
        break;
    case LONG:
        p.public_data_len = 66;
        break;
    case NULL_POINT:
        p.public_data = NULL;
        break;
    case EMPTY:
        p.public_data_len = 0;
        break;
    case BESIDE:
        point[64] ^= 1;
        break;
    case INFINITY_BYTE:
        point[0] = 0;
        p.public_data_len = 1;
        break;
    case HUGE_LEN:
        p.public_data_len = ~0UL;
        break;
    default:
        break;
    }
    return p;
}

static CK_RV derive_by(context *c, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                       CK_OBJECT_HANDLE *key) {
    static CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    static CK_ULONG len = 32;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, generic),
                            ATTR(CKA_TOKEN, no),           ATTR(CKA_SENSITIVE, no),
                            ATTR(CKA_EXTRACTABLE, yes),    ATTR(CKA_VALUE_LEN, len)};
    return f->C_DeriveKey(c->session, mechanism, base, templ, COUNT(templ), key);
}

/* What the owner of digest32 agrees on with the key. */
static void agreed(context *c, CK_ULONG curve, CK_OBJECT_HANDLE public_key, CK_BYTE x32[32]) {
    CK_BYTE der[67];
    get_value(c, public_key, CKA_EC_POINT, der, sizeof der);
    math_agree(&curves[curve], digest32, der + 2, x32);
}

/* The low bit is the curve. */
static CK_RV derive(context *c) {
    CK_ULONG curve = c->row->value & 1;
    CK_ECDH1_DERIVE_PARAMS p = params_of(curve, (peer)(c->row->value >> 1));
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    CK_OBJECT_HANDLE key;
    CK_BYTE value[32], wanted[32];
    pair keys = make_pair(c, curve);
    CK_RV rv = derive_by(c, &mechanism, keys.private_key, &key);
    if (rv == CKR_OK) {
        agreed(c, curve, keys.public_key, wanted);
        get_value(c, key, CKA_VALUE, value, sizeof value);
        expect(memcmp(value, wanted, sizeof value) == 0, "it is another secret");
    }
    return rv;
}

/* Two keys agree on the same. */
static CK_RV agree(context *c) {
    pair keys[2] = {make_pair(c, c->row->value), make_pair(c, c->row->value)};
    CK_BYTE values[2][32];
    CK_RV rv = CKR_OK;
    for (int i = 0; i < 2; i++) {
        CK_BYTE der[67];
        CK_OBJECT_HANDLE secret;
        get_value(c, keys[1 - i].public_key, CKA_EC_POINT, der, sizeof der);
        CK_ECDH1_DERIVE_PARAMS p = {.kdf = CKD_NULL, .public_data = der + 2, .public_data_len = 65};
        CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
        rv = derive_by(c, &mechanism, keys[i].private_key, &secret);
        need(rv, "C_DeriveKey");
        get_value(c, secret, CKA_VALUE, values[i], sizeof values[i]);
    }
    expect(memcmp(values[0], values[1], 32) == 0, "they do not agree");
    return rv;
}

static CK_RV null_mechanism(context *c) {
    CK_OBJECT_HANDLE key;
    return derive_by(c, NULL, make_pair(c, P256).private_key, &key);
}

static CK_RV other_mechanism(context *c) {
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE key;
    return derive_by(c, &mechanism, make_pair(c, P256).private_key, &key);
}

static CK_RV no_parameter(context *c) {
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, NULL, c->row->value};
    CK_OBJECT_HANDLE key;
    return derive_by(c, &mechanism, make_pair(c, P256).private_key, &key);
}

static CK_RV short_parameter(context *c) {
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p - 1};
    CK_OBJECT_HANDLE key;
    return derive_by(c, &mechanism, make_pair(c, P256).private_key, &key);
}

static CK_RV by_kdf(context *c) {
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    p.kdf = c->row->value;
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    CK_OBJECT_HANDLE key;
    return derive_by(c, &mechanism, make_pair(c, P256).private_key, &key);
}

static CK_RV of_key(context *c) {
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    CK_OBJECT_HANDLE key;
    return derive_by(c, &mechanism, c->row->value == 0 ? 0 : make_pair(c, P256).public_key, &key);
}

static CK_RV not_for_deriving(context *c) {
    static const CK_ATTRIBUTE never = ATTR(CKA_DERIVE, no);
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    CK_OBJECT_HANDLE key;
    return derive_by(c, &mechanism, make_pair_with(c, P256, never).private_key, &key);
}

static CK_RV null_out(context *c) {
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    return f->C_DeriveKey(c->session, &mechanism, make_pair(c, P256).private_key, NULL, 0, NULL);
}

static CK_RV template_count(context *c) {
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    CK_ATTRIBUTE templ[] = {ATTR(CKA_TOKEN, no)};
    CK_OBJECT_HANDLE key;
    return f->C_DeriveKey(c->session, &mechanism, make_pair(c, P256).private_key, templ,
                          c->row->value, &key);
}

/* "The truncation removes bytes from the leading end of the secret value." */
static CK_RV value_len(context *c) {
    CK_ECDH1_DERIVE_PARAMS p = params_of(P256, GOOD);
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof p};
    CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    CK_ULONG len = c->row->value;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, generic),
                            ATTR(CKA_SENSITIVE, no), ATTR(CKA_EXTRACTABLE, yes),
                            ATTR(CKA_VALUE_LEN, len)};
    CK_OBJECT_HANDLE key;
    CK_BYTE value[32], wanted[32];
    pair keys = make_pair(c, P256);
    CK_RV rv = f->C_DeriveKey(c->session, &mechanism, keys.private_key, templ, COUNT(templ), &key);
    if (rv == CKR_OK && len <= sizeof value) {
        agreed(c, P256, keys.public_key, wanted);
        get_value(c, key, CKA_VALUE, value, len);
        expect(memcmp(value, wanted + sizeof wanted - len, len) == 0, "it is another secret");
    }
    return rv;
}

#define DERIVE(text, answer, what, ...) ROW(C_DeriveKey, text, answer, USER_RW, what, __VA_ARGS__)
#define PEER(text, answer, which)                                                                  \
    DERIVE("secp256k1, the other point " text, answer, derive, .value = (which) << 1 | SECP256K1), \
        DERIVE("P-256, the other point " text, answer, derive, .value = (which) << 1 | P256)
#define BAD                                                                                        \
    IS(CKR_MECHANISM_PARAM_INVALID, CKR_GENERAL_ERROR, CKR_ARGUMENTS_BAD, CKR_PUBLIC_KEY_INVALID,  \
       CKR_DOMAIN_PARAMS_INVALID)
#define TOO_MANY IS(CKR_ARGUMENTS_BAD, CKR_HOST_MEMORY, CKR_TEMPLATE_INCONSISTENT)

static const row rows[] = {
    DERIVE("two secp256k1 keys", IS(CKR_OK), agree, .value = SECP256K1),
    DERIVE("two P-256 keys", IS(CKR_OK), agree, .value = P256),
    PEER("is bare", IS(CKR_OK), GOOD),
    /* 2.40 has both forms, and asks tokens for the bare one only. */
    PEER("is in DER", IS(CKR_OK, CKR_MECHANISM_PARAM_INVALID), GOOD_DER),
    PEER("is one byte short", BAD, SHORT),
    PEER("is one byte long", BAD, LONG),
    PEER("is NULL", BAD, NULL_POINT),
    PEER("has no bytes", BAD, EMPTY),
    PEER("is beside the curve", BAD, BESIDE),
    PEER("is of the other curve", BAD, FROM_OTHER_CURVE),
    PEER("is infinity", BAD, INFINITY_BYTE),
    PEER("has 2^64-1 bytes", BAD, HUGE_LEN),
    DERIVE("NULL mechanism", IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID), null_mechanism),
    DERIVE("a mechanism that signs", IS(CKR_MECHANISM_INVALID), other_mechanism),
    DERIVE("no parameter", IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), no_parameter),
    DERIVE("NULL parameter with a length", IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD),
           no_parameter, .value = sizeof(CK_ECDH1_DERIVE_PARAMS)),
    DERIVE("a parameter one byte short", IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD),
           short_parameter),
    DERIVE("a derivation function that is none", IS(CKR_MECHANISM_PARAM_INVALID), by_kdf,
           .value = 0x7ffffff1),
    DERIVE("key 0", IS(CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID), of_key),
    DERIVE("a public key",
           IS(CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_HANDLE_INVALID),
           of_key, .value = 1),
    DERIVE("CKA_DERIVE is false", IS(CKR_KEY_FUNCTION_NOT_PERMITTED), not_for_deriving),
    DERIVE("NULL handle", IS(CKR_ARGUMENTS_BAD), null_out),
    DERIVE("2^64-1 attributes", TOO_MANY, template_count, .value = ~0UL),
    DERIVE("2^60+1 attributes", TOO_MANY, template_count, .value = (1UL << 60) + 1),
    DERIVE("a secret of 16 bytes", IS(CKR_OK), value_len, .value = 16),
    DERIVE("a secret of 33 bytes",
           IS(CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT,
              CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR),
           value_len, .value = 33),
    DERIVE("a secret of 2^64-1 bytes",
           IS(CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT,
              CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR),
           value_len, .value = ~0UL),
};

CHAPTER(derive);
