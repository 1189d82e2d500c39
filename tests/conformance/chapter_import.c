/* Keys from outside: C_CreateObject of private and public keys of both curves. */
#include "calls.h"
#include "ecdsa_math.h"

#include <string.h>

/* ---- Private keys ---- */

typedef enum scalar { ZERO, SMALLEST, LARGEST, ORDER, ORDER_AND_ONE, ALL_ONES, ORDINARY } scalar;

static void scalar_of(CK_ULONG curve, scalar which, CK_BYTE out32[32]) {
    static const int from_order[] = {[LARGEST] = -1, [ORDER] = 0, [ORDER_AND_ONE] = 1};
    memset(out32, which == ALL_ONES ? 0xff : 0, 32);
    if (which == SMALLEST) {
        out32[31] = 1;
    } else if (which == ORDINARY) {
        memcpy(out32, digest32, 32);
    } else if (which >= LARGEST && which <= ORDER_AND_ONE) {
        math_order(&curves[curve], from_order[which], out32);
    }
}

static CK_RV create_private(context *c, CK_ULONG curve, CK_BYTE *value, CK_ULONG len,
                            CK_OBJECT_HANDLE *key) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_private),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, no),
                            ATTR(CKA_SIGN, yes),
                            {CKA_EC_PARAMS, curves[curve].oid, curves[curve].oid_len},
                            {CKA_VALUE, value, len}};
    return f->C_CreateObject(c->session, templ, COUNT(templ), key);
}

typedef struct secret {
    CK_ULONG curve;
    scalar value;
    int zeros;    /* leading ones more; negative: bytes less */
    CK_BYTE lead; /* the first one of those */
} secret;

static CK_RV import(context *c) {
    const secret *s = c->row->data;
    CK_BYTE value[64] = {0};
    CK_OBJECT_HANDLE key;
    CK_ULONG more = s->zeros > 0 ? (CK_ULONG)s->zeros : 0;
    CK_ULONG less = s->zeros < 0 ? (CK_ULONG)-s->zeros : 0;
    value[0] = s->lead;
    scalar_of(s->curve, s->value, value + more);
    CK_RV rv = create_private(c, s->curve, value + less, 32 + more - less, &key);
    if (rv == CKR_OK && c->row->answers[0] == CKR_OK) {
        CK_BYTE signature[64];
        sign_digest(c, key, signature);
        if (less == 0) {
            CK_BYTE point65[65];
            math_public(&curves[s->curve], value + more, point65);
            expect(math_verify(&curves[s->curve], point65, digest32, 32, signature),
                   "it signs as another key");
        }
    }
    return rv;
}

static CK_RV import_len(context *c) {
    static CK_BYTE value[4096];
    CK_OBJECT_HANDLE key;
    memset(value, 1, sizeof value);
    return create_private(c, P256, value, c->row->value, &key);
}

static CK_RV import_null(context *c) {
    CK_OBJECT_HANDLE key;
    return create_private(c, P256, NULL, 32, &key);
}

static CK_RV import_attributes(context *c) {
    CK_OBJECT_HANDLE key;
    CK_MECHANISM_TYPE type;
    CK_RV rv = create_private(c, c->row->value, digest32, 32, &key);
    need(rv, "C_CreateObject");
    get_value(c, key, CKA_KEY_GEN_MECHANISM, &type, sizeof type);
    expect(type == CK_UNAVAILABLE_INFORMATION, "made by 0x%lx", type);
    expect(!get_bool(c, key, CKA_LOCAL), "CKA_LOCAL is true");
    expect(!get_bool(c, key, CKA_ALWAYS_SENSITIVE), "CKA_ALWAYS_SENSITIVE is true");
    expect(!get_bool(c, key, CKA_NEVER_EXTRACTABLE), "CKA_NEVER_EXTRACTABLE is true");
    return rv;
}

/* All that a private key needs but the attribute in the row. */
static CK_RV import_without(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                            {CKA_VALUE, digest32, 32},
                            ATTR(CKA_CLASS, class_private),
                            ATTR(CKA_KEY_TYPE, type_ec)};
    CK_OBJECT_HANDLE key;
    templ[c->row->value] = templ[3];
    return f->C_CreateObject(c->session, templ, 3, &key);
}

/* "If it does not support the attribute, the command SHALL return CKR_ATTRIBUTE_TYPE_INVALID"; if
 * it does, it sees that this is no key, let alone the same. */
static CK_RV import_with_info(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_private),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            {CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                            {CKA_VALUE, digest32, 32},
                            {CKA_PUBLIC_KEY_INFO, digest32, 32}};
    CK_OBJECT_HANDLE key;
    return f->C_CreateObject(c->session, templ, COUNT(templ), &key);
}

static CK_RV import_type_rsa(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                            {CKA_VALUE, digest32, 32},
                            ATTR(CKA_CLASS, class_private),
                            ATTR(CKA_KEY_TYPE, type_rsa)};
    CK_OBJECT_HANDLE key;
    return f->C_CreateObject(c->session, templ, COUNT(templ), &key);
}

/* ---- Public keys ---- */

typedef enum form {
    RAW,
    DER,
    DER_LENGTH_WRONG,
    DER_CUT,
    COMPRESSED,
    HYBRID,
    INFINITY_POINT,
    NOT_ON_CURVE,
    OTHER_CURVE,
    X_TOO_LARGE,
    NO_BYTES,
    ALL_ZERO
} form;

static CK_ULONG der_of(const CK_BYTE point65[65], CK_BYTE *out) {
    out[0] = 4;
    out[1] = 65;
    memcpy(out + 2, point65, 65);
    return 67;
}

static CK_ULONG point_of(CK_ULONG curve, form which, CK_BYTE *out) {
    CK_BYTE point65[65];
    math_public(&curves[which == OTHER_CURVE ? 1 - curve : curve], digest32, point65);
    CK_ULONG len = der_of(point65, out);
    switch (which) {
    case RAW:
        memcpy(out, point65, 65);
        return 65;
    case DER_LENGTH_WRONG:
        out[1] = 64;
        return len;
    case DER_CUT:
        return len - 1;
    case COMPRESSED:
        out[1] = 33;
        out[2] = 2 + (point65[64] & 1);
        return 35;
    case HYBRID:
        out[2] = 6 + (point65[64] & 1);
        return len;
    case INFINITY_POINT:
        out[1] = 1;
        out[2] = 0;
        return 3;
    case NOT_ON_CURVE:
        out[66] ^= 1;
        return len;
    case X_TOO_LARGE:
        memset(out + 3, 0xff, 32);
        return len;
    case ALL_ZERO:
        memset(out + 3, 0, 64);
        return len;
    case NO_BYTES:
        return 0;
    default:
        return len;
    }
}

static CK_RV import_point(context *c) {
    const ec_curve *on = &curves[c->row->value & 1];
    CK_BYTE point[80];
    CK_ULONG len = point_of(c->row->value & 1, (form)(c->row->value >> 1), point);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, no),
                            {CKA_EC_PARAMS, on->oid, on->oid_len},
                            {CKA_EC_POINT, point, len}};
    CK_OBJECT_HANDLE key;
    CK_RV rv = f->C_CreateObject(c->session, templ, COUNT(templ), &key);
    if (rv == CKR_OK && (c->row->value >> 1 == RAW || c->row->value >> 1 == DER)) {
        CK_BYTE got[67], wanted[67];
        (void)point_of(c->row->value & 1, DER, wanted);
        get_value(c, key, CKA_EC_POINT, got, sizeof got);
        expect(memcmp(got, wanted, sizeof got) == 0, "the point is another one");
    }
    return rv;
}

static CK_RV point_without_curve(context *c) {
    CK_BYTE point[80];
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            {CKA_EC_POINT, point, point_of(P256, DER, point)}};
    CK_OBJECT_HANDLE key;
    return f->C_CreateObject(c->session, templ, COUNT(templ), &key);
}

#define MAKE(text, answer, what, ...) ROW(C_CreateObject, text, answer, USER_RW, what, __VA_ARGS__)
#define SECRET(text, answer, ...)                                                                  \
    MAKE("a secp256k1 private key: " text, answer, import,                                         \
         .data = &(const secret){SECP256K1, __VA_ARGS__}),                                         \
        MAKE("a P-256 private key: " text, answer, import,                                         \
             .data = &(const secret){P256, __VA_ARGS__})
#define POINT(text, answer, which)                                                                 \
    MAKE("a secp256k1 public key: " text, answer, import_point,                                    \
         .value = (which) << 1 | SECP256K1),                                                       \
        MAKE("a P-256 public key: " text, answer, import_point, .value = (which) << 1 | P256)

#define BAD CKR_ATTRIBUTE_VALUE_INVALID
/* Modules that leave the key to a library do not look at it before they use it. */
#define NOT_A_KEY IS(BAD, CKR_OK, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED)
#define NOT_A_POINT IS(BAD, CKR_PUBLIC_KEY_INVALID, CKR_DOMAIN_PARAMS_INVALID, CKR_OK)

static const row rows[] = {
    SECRET("32 bytes", IS(CKR_OK), ORDINARY, 0, 0),
    SECRET("1", IS(CKR_OK), SMALLEST, 0, 0),
    SECRET("n - 1", IS(CKR_OK), LARGEST, 0, 0),
    SECRET("a leading zero", IS(CKR_OK), ORDINARY, 1, 0),
    SECRET("16 leading zeros", IS(CKR_OK), ORDINARY, 16, 0),
    SECRET("31 bytes", IS(CKR_OK), ORDINARY, -1, 0),
    SECRET("1 in one byte", IS(CKR_OK), SMALLEST, -31, 0),
    SECRET("33 bytes", IS(BAD, CKR_OK, CKR_GENERAL_ERROR), ORDINARY, 1, 1),
    SECRET("0", NOT_A_KEY, ZERO, 0, 0),
    SECRET("0 in one byte", NOT_A_KEY, ZERO, -31, 0),
    SECRET("n", NOT_A_KEY, ORDER, 0, 0),
    SECRET("n + 1", NOT_A_KEY, ORDER_AND_ONE, 0, 0),
    SECRET("2^256 - 1", NOT_A_KEY, ALL_ONES, 0, 0),
    MAKE("a private key of 48 bytes", IS(BAD, CKR_OK), import_len, .value = 48),
    MAKE("a private key of 4096 bytes", IS(BAD, CKR_OK), import_len, .value = 4096),
    MAKE("a private key of 2^64-1 bytes", IS(BAD, CKR_HOST_MEMORY, CKR_ARGUMENTS_BAD), import_len,
         .value = ~0UL),
    MAKE("a private key of no bytes", IS(CKR_TEMPLATE_INCOMPLETE, BAD, CKR_OK), import_len,
         .ours = BAD),
    MAKE("a private key that is NULL", IS(BAD, CKR_ARGUMENTS_BAD), import_null),
    MAKE("a private key without a curve", IS(CKR_TEMPLATE_INCOMPLETE), import_without),
    MAKE("a private key without a value", IS(CKR_TEMPLATE_INCOMPLETE), import_without, .value = 1),
    MAKE("a private EC key of another type",
         IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID, BAD, CKR_TEMPLATE_INCOMPLETE),
         import_type_rsa),
    MAKE("a private key with another CKA_PUBLIC_KEY_INFO", IS(CKR_ATTRIBUTE_TYPE_INVALID, BAD),
         import_with_info),
    MAKE("what a secp256k1 private key says", IS(CKR_OK), import_attributes, .value = SECP256K1),
    MAKE("what a P-256 private key says", IS(CKR_OK), import_attributes, .value = P256),

    POINT("DER", IS(CKR_OK), DER),
    /* 2.40's text means DER; before that, and in many programs, it is the bare point. */
    POINT("bare", IS(CKR_OK, BAD), RAW),
    POINT("DER with a wrong length", NOT_A_POINT, DER_LENGTH_WRONG),
    POINT("DER that is cut off", NOT_A_POINT, DER_CUT),
    POINT("compressed", NOT_A_POINT, COMPRESSED),
    POINT("hybrid", NOT_A_POINT, HYBRID),
    POINT("infinity", NOT_A_POINT, INFINITY_POINT),
    POINT("beside the curve", NOT_A_POINT, NOT_ON_CURVE),
    POINT("of the other curve", NOT_A_POINT, OTHER_CURVE),
    POINT("x is larger than p", NOT_A_POINT, X_TOO_LARGE),
    POINT("(0, 0)", NOT_A_POINT, ALL_ZERO),
    POINT("no bytes", IS(BAD, CKR_TEMPLATE_INCOMPLETE, CKR_OK), NO_BYTES),
    MAKE("a public key without a curve", IS(CKR_TEMPLATE_INCOMPLETE), point_without_curve),
};

CHAPTER(import);
