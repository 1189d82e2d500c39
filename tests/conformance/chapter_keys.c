/* C_GenerateKeyPair. */
#include "calls.h"

#include <string.h>

/* ---- Arguments ---- */

static CK_MECHANISM generation = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
static CK_BBOOL flag_2 = 2;
static CK_ULONG number = 1;

static CK_ATTRIBUTE params(const context *c) {
    const ec_curve *on = &curves[c->row->value];
    return (CK_ATTRIBUTE){CKA_EC_PARAMS, on->oid, on->oid_len};
}

static CK_RV generate_by(context *c, CK_MECHANISM *mechanism) {
    CK_ATTRIBUTE templ[] = {params(c)};
    pair keys;
    return f->C_GenerateKeyPair(c->session, mechanism, templ, 1, NULL, 0, &keys.public_key,
                                &keys.private_key);
}

static CK_RV by_null(context *c) {
    return generate_by(c, NULL);
}

static CK_RV by_type(context *c) {
    CK_MECHANISM mechanism = {c->row->value == 0 ? CKM_ECDSA : 0x7ffffff1, NULL, 0};
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len}};
    pair keys;
    return f->C_GenerateKeyPair(c->session, &mechanism, templ, 1, NULL, 0, &keys.public_key,
                                &keys.private_key);
}

static CK_RV by_parameter(context *c) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, &number, sizeof number};
    return generate_by(c, &mechanism);
}

static CK_RV by_null_parameter(context *c) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 8};
    return generate_by(c, &mechanism);
}

static CK_RV null_public(context *c) {
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE templ[] = {params(c)};
    return f->C_GenerateKeyPair(c->session, &generation, templ, 1, NULL, 0, NULL, &key);
}

static CK_RV null_private(context *c) {
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE templ[] = {params(c)};
    return f->C_GenerateKeyPair(c->session, &generation, templ, 1, NULL, 0, &key, NULL);
}

static CK_RV null_public_template(context *c) {
    pair keys;
    return try_pair(c, NULL, 1, NULL, 0, &keys);
}

static CK_RV null_private_template(context *c) {
    CK_ATTRIBUTE templ[] = {params(c)};
    pair keys;
    return try_pair(c, templ, 1, NULL, 1, &keys);
}

static CK_RV public_count(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len}};
    pair keys;
    return try_pair(c, templ, c->row->value, NULL, 0, &keys);
}

static CK_RV private_count(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len}};
    CK_ATTRIBUTE private_templ[] = {ATTR(CKA_SIGN, yes)};
    pair keys;
    return try_pair(c, templ, 1, private_templ, c->row->value, &keys);
}

/* ---- Curves ---- */

typedef struct bytes {
    CK_ULONG len;
    CK_BYTE data[64];
} bytes;

static CK_RV with_params(context *c) {
    bytes of_row = *(const bytes *)c->row->data;
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, of_row.data, of_row.len}};
    pair keys;
    return try_pair(c, templ, 1, NULL, 0, &keys);
}

static CK_RV without_params(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_VERIFY, yes)};
    pair keys;
    return try_pair(c, templ, 1, NULL, 0, &keys);
}

static CK_RV null_params(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, NULL, 10}};
    pair keys;
    return try_pair(c, templ, 1, NULL, 0, &keys);
}

static CK_RV params_of_huge_len(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_EC_PARAMS, curves[P256].oid, ~0UL}};
    pair keys;
    return try_pair(c, templ, 1, NULL, 0, &keys);
}

/* The other curve for the private half. */
static CK_RV params_differ(context *c) {
    const ec_curve *other = &curves[1 - c->row->value];
    CK_ATTRIBUTE public_templ[] = {params(c)};
    CK_ATTRIBUTE private_templ[] = {{CKA_EC_PARAMS, other->oid, other->oid_len}};
    pair keys;
    return try_pair(c, public_templ, 1, private_templ, 1, &keys);
}

/* ---- Other attributes ---- */

static CK_RV public_with(context *c) {
    CK_ATTRIBUTE templ[] = {params(c), *(const CK_ATTRIBUTE *)c->row->data};
    pair keys;
    return try_pair(c, templ, COUNT(templ), NULL, 0, &keys);
}

static CK_RV private_with(context *c) {
    CK_ATTRIBUTE public_templ[] = {params(c)};
    CK_ATTRIBUTE private_templ[] = {*(const CK_ATTRIBUTE *)c->row->data};
    pair keys = {4711, 4711};
    CK_RV rv = try_pair(c, public_templ, 1, private_templ, 1, &keys);
    expect(rv == CKR_OK || keys.private_key == 4711 || keys.private_key == CK_INVALID_HANDLE,
           "an error, and a key");
    return rv;
}

static CK_ULONG keys_on_token(context *c) {
    static CK_ATTRIBUTE templ[] = {ATTR(CKA_KEY_TYPE, type_ec), ATTR(CKA_TOKEN, yes)};
    CK_OBJECT_HANDLE found[256];
    CK_ULONG count = 0;
    need(f->C_FindObjectsInit(c->session, templ, COUNT(templ)), "C_FindObjectsInit");
    need(f->C_FindObjects(c->session, found, COUNT(found), &count), "C_FindObjects");
    need(f->C_FindObjectsFinal(c->session), "C_FindObjectsFinal");
    return count;
}

/* "A call to C_GenerateKeyPair will never create just one key and return." */
static CK_RV never_just_one(context *c) {
    CK_ATTRIBUTE public_templ[] = {params(c), ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE private_templ[] = {ATTR(CKA_TOKEN, yes), ATTR(CKA_LOCAL, no)};
    CK_ULONG before = keys_on_token(c);
    pair keys;
    CK_RV rv =
        try_pair(c, public_templ, COUNT(public_templ), private_templ, COUNT(private_templ), &keys);
    expect(keys_on_token(c) == before, "a key is left");
    return rv;
}

static CK_RV private_twice_named(context *c) {
    CK_ATTRIBUTE public_templ[] = {params(c)};
    CK_ATTRIBUTE private_templ[] = {ATTR(CKA_SIGN, yes), ATTR(CKA_SIGN, no)};
    pair keys;
    return try_pair(c, public_templ, 1, private_templ, COUNT(private_templ), &keys);
}

/* Without a template for the private half: it has good values for everything. */
static CK_RV nothing_else(context *c) {
    CK_ATTRIBUTE templ[] = {params(c)};
    pair keys = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    CK_RV rv = try_pair(c, templ, 1, NULL, 0, &keys);
    if (rv != CKR_OK) {
        return rv;
    }
    expect(keys.public_key != keys.private_key && keys.public_key != CK_INVALID_HANDLE &&
               keys.private_key != CK_INVALID_HANDLE,
           "no two keys");
    expect(!get_bool(c, keys.private_key, CKA_TOKEN), "it is on the token");
    expect(get_bool(c, keys.private_key, CKA_PRIVATE), "it is not private");
    return rv;
}

static CK_RV on_token(context *c) {
    CK_ATTRIBUTE public_templ[] = {params(c), ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE private_templ[] = {ATTR(CKA_TOKEN, yes)};
    pair keys;
    CK_RV rv = try_pair(c, public_templ, 2, private_templ, 1, &keys);
    if (rv == CKR_OK) {
        expect(get_bool(c, keys.private_key, CKA_TOKEN), "it is not on the token");
        need(f->C_DestroyObject(c->session, keys.private_key), "C_DestroyObject");
        need(f->C_DestroyObject(c->session, keys.public_key), "C_DestroyObject");
    }
    return rv;
}

#define MAKE(text, answer, what, ...)                                                              \
    ROW(C_GenerateKeyPair, text, answer, USER_RW, what, __VA_ARGS__)
#define BOTH(text, answer, what, ...)                                                              \
    ROW(C_GenerateKeyPair, text " (secp256k1)", answer, USER_RW, what, .value = SECP256K1,         \
        __VA_ARGS__),                                                                              \
        ROW(C_GenerateKeyPair, text " (P-256)", answer, USER_RW, what, .value = P256, __VA_ARGS__)
#define WITH(type, value, len)                                                                     \
    .data = &(const CK_ATTRIBUTE) {                                                                \
        (type), (void *)(value), (len)                                                             \
    }
#define BYTES(len, ...)                                                                            \
    .data = &(const bytes) {                                                                       \
        len, {                                                                                     \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define TOO_MANY IS(CKR_ARGUMENTS_BAD, CKR_HOST_MEMORY, CKR_TEMPLATE_INCONSISTENT)
/* 2.40 has CKR_DOMAIN_PARAMS_INVALID, and CKR_CURVE_NOT_SUPPORTED for a curve that is meant. */
#define BAD_CURVE                                                                                  \
    IS(CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,            \
       CKR_GENERAL_ERROR)
/* Which rule a forbidden attribute breaks first is not said. */
#define FORBIDDEN IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID)
#define READ_ONLY IS(CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT)
#define WRONG IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID)
#define BAD_VALUE CKR_ATTRIBUTE_VALUE_INVALID

static const row rows[] = {
    MAKE("NULL mechanism", IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID), by_null),
    MAKE("a mechanism that signs", IS(CKR_MECHANISM_INVALID), by_type),
    MAKE("a mechanism that is none", IS(CKR_MECHANISM_INVALID), by_type, .value = 1),
    MAKE("a parameter where none belongs", IS(CKR_MECHANISM_PARAM_INVALID, CKR_OK), by_parameter),
    MAKE("NULL parameter with a length", IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD, CKR_OK),
         by_null_parameter),
    MAKE("NULL public handle", IS(CKR_ARGUMENTS_BAD), null_public),
    MAKE("NULL private handle", IS(CKR_ARGUMENTS_BAD), null_private),
    MAKE("NULL public template with a count", IS(CKR_ARGUMENTS_BAD), null_public_template),
    MAKE("NULL private template with a count", IS(CKR_ARGUMENTS_BAD), null_private_template),
    MAKE("2^64-1 public attributes", TOO_MANY, public_count, .value = ~0UL),
    MAKE("2^60+1 public attributes", TOO_MANY, public_count, .value = (1UL << 60) + 1),
    MAKE("2^64-1 private attributes", TOO_MANY, private_count, .value = ~0UL),
    MAKE("2^60+1 private attributes", TOO_MANY, private_count, .value = (1UL << 60) + 1),

    MAKE("no curve", IS(CKR_TEMPLATE_INCOMPLETE), without_params),
    MAKE("a curve that is NULL", IS(BAD_VALUE, CKR_ARGUMENTS_BAD), null_params),
    MAKE("a curve of 2^64-1 bytes",
         IS(BAD_VALUE, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ARGUMENTS_BAD,
            CKR_HOST_MEMORY),
         params_of_huge_len, .ours = CKR_CURVE_NOT_SUPPORTED),
    MAKE("a curve without bytes", BAD_CURVE, with_params, BYTES(0, 0)),
    MAKE("a curve of one byte", BAD_CURVE, with_params, BYTES(1, 6)),
    MAKE("secp256k1, cut off", BAD_CURVE, with_params, BYTES(6, 6, 5, 0x2b, 0x81, 4, 0)),
    MAKE("secp256k1, and one more byte", BAD_CURVE, with_params,
         BYTES(8, 6, 5, 0x2b, 0x81, 4, 0, 0x0a, 0)),
    MAKE("secp256k1, the length in two bytes", BAD_CURVE, with_params,
         BYTES(8, 6, 0x81, 5, 0x2b, 0x81, 4, 0, 0x0a)),
    MAKE("P-256, the length too long", BAD_CURVE, with_params,
         BYTES(10, 6, 9, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7)),
    MAKE("bytes that are no DER", BAD_CURVE, with_params, BYTES(4, 0xff, 0xff, 0xff, 0xff)),
    MAKE("the NULL of an implicit curve", BAD_CURVE, with_params, BYTES(2, 5, 0)),
    MAKE("the beginning of explicit parameters", BAD_CURVE, with_params,
         BYTES(5, 0x30, 3, 2, 1, 1)),
    /* 3.0 lets a curve be named in a printable string; no module has to know it so. */
    MAKE("\"secp256k1\"",
         IS(CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
            CKR_GENERAL_ERROR, CKR_OK),
         with_params, BYTES(11, 0x13, 9, 's', 'e', 'c', 'p', '2', '5', '6', 'k', '1')),
    MAKE("brainpoolP256r1",
         IS(CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK,
            CKR_GENERAL_ERROR),
         with_params, BYTES(11, 6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7)),
    BOTH("another curve in the private template",
         IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_READ_ONLY),
         params_differ),

    BOTH("nothing but the curve", IS(CKR_OK), nothing_else),
    BOTH("on the token", IS(CKR_OK), on_token),
    ROW(C_GenerateKeyPair, "on the token in a read-only session", IS(CKR_SESSION_READ_ONLY),
        USER_RO, on_token),
    ROW(C_GenerateKeyPair, "of a read-only session", IS(CKR_OK), USER_RO, nothing_else),
    ROW(C_GenerateKeyPair, "nobody is logged in", IS(CKR_USER_NOT_LOGGED_IN), PUBLIC_RW,
        nothing_else),
    ROW(C_GenerateKeyPair, "on the token, nobody is logged in", IS(CKR_USER_NOT_LOGGED_IN),
        PUBLIC_RW, on_token),
    ROW(C_GenerateKeyPair, "the SO is logged in", IS(CKR_USER_NOT_LOGGED_IN), SO_RW, on_token),

    MAKE("a private template that is refused, on the token", READ_ONLY, never_just_one),
    MAKE("a public key of another class", WRONG, public_with,
         WITH(CKA_CLASS, &class_private, sizeof class_private)),
    MAKE("a private key of another class", WRONG, private_with,
         WITH(CKA_CLASS, &class_public, sizeof class_public)),
    MAKE("a public key of another type", WRONG, public_with,
         WITH(CKA_KEY_TYPE, &type_rsa, sizeof type_rsa)),
    MAKE("a private key of another type", WRONG, private_with,
         WITH(CKA_KEY_TYPE, &type_rsa, sizeof type_rsa)),
    MAKE("a type of one byte", IS(BAD_VALUE), private_with, WITH(CKA_KEY_TYPE, &type_ec, 1)),
    BOTH("a point", FORBIDDEN, public_with, WITH(CKA_EC_POINT, digest32, 32)),
    BOTH("a value", FORBIDDEN, private_with, WITH(CKA_VALUE, digest32, 32)),
    MAKE("CKA_LOCAL", READ_ONLY, private_with, WITH(CKA_LOCAL, &no, sizeof no)),
    MAKE("CKA_ALWAYS_SENSITIVE", READ_ONLY, private_with,
         WITH(CKA_ALWAYS_SENSITIVE, &no, sizeof no)),
    MAKE("CKA_KEY_GEN_MECHANISM", READ_ONLY, private_with,
         WITH(CKA_KEY_GEN_MECHANISM, &number, sizeof number)),
    MAKE("an attribute that is none", IS(CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT),
         private_with, WITH(0x7fff1234, &number, sizeof number)),
    MAKE("an RSA modulus length", IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID),
         public_with, WITH(CKA_MODULUS_BITS, &number, sizeof number),
         .ours = CKR_ATTRIBUTE_TYPE_INVALID),
    MAKE("an attribute twice", IS(CKR_TEMPLATE_INCONSISTENT, CKR_OK), private_twice_named),
    MAKE("CKA_SIGN without bytes", IS(BAD_VALUE), private_with, WITH(CKA_SIGN, NULL, 0)),
    MAKE("CKA_SIGN that is NULL", IS(BAD_VALUE, CKR_ARGUMENTS_BAD), private_with,
         WITH(CKA_SIGN, NULL, 1)),
    MAKE("CKA_SIGN of 8 bytes", IS(BAD_VALUE), private_with,
         WITH(CKA_SIGN, &number, sizeof number)),
    MAKE("mechanisms of 7 bytes", IS(BAD_VALUE), private_with,
         WITH(CKA_ALLOWED_MECHANISMS, &number, 7)),
    MAKE("a date of 7 bytes", IS(BAD_VALUE, CKR_TEMPLATE_INCONSISTENT), private_with,
         WITH(CKA_START_DATE, "2026010", 7), .ours = CKR_TEMPLATE_INCONSISTENT),
    MAKE("CKA_SIGN 2", IS(BAD_VALUE, CKR_OK), private_with, WITH(CKA_SIGN, &flag_2, 1)),
    MAKE("CKA_TOKEN of 8 bytes", IS(BAD_VALUE), public_with,
         WITH(CKA_TOKEN, &number, sizeof number)),
    /* A token may refuse keys that can be read, and says so: valetkey does. */
    MAKE("a key that can be read", IS(CKR_TEMPLATE_INCONSISTENT, CKR_OK), private_with,
         WITH(CKA_EXTRACTABLE, &yes, sizeof yes)),
    MAKE("a key that is not sensitive", IS(CKR_TEMPLATE_INCONSISTENT, CKR_OK), private_with,
         WITH(CKA_SENSITIVE, &no, sizeof no)),
};

CHAPTER(keys);
