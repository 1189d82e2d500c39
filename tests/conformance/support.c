#include "conformance.h"

#include <openssl/obj_mac.h>
#include <string.h>

static CK_BYTE secp256k1_oid[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
static CK_BYTE p256_oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

const ec_curve curves[2] = {{"secp256k1", secp256k1_oid, sizeof secp256k1_oid, NID_secp256k1},
                            {"P-256", p256_oid, sizeof p256_oid, NID_X9_62_prime256v1}};

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
CK_OBJECT_CLASS class_data = CKO_DATA, class_public = CKO_PUBLIC_KEY,
                class_private = CKO_PRIVATE_KEY, class_certificate = CKO_CERTIFICATE,
                class_secret = CKO_SECRET_KEY;
CK_KEY_TYPE type_ec = CKK_EC, type_rsa = CKK_RSA;
CK_CERTIFICATE_TYPE type_x509 = CKC_X_509;

CK_BYTE digest32[32] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                        17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

/* ---- Keys ---- */

CK_RV try_pair(context *c, CK_ATTRIBUTE *public_templ, CK_ULONG public_count,
               CK_ATTRIBUTE *private_templ, CK_ULONG private_count, pair *out) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    return f->C_GenerateKeyPair(c->session, &mechanism, public_templ, public_count, private_templ,
                                private_count, &out->public_key, &out->private_key);
}

/* The extra attribute may repeat one that is here. */
pair make_pair_with(context *c, CK_ULONG curve, CK_ATTRIBUTE extra) {
    CK_ATTRIBUTE public_templ[] = {{CKA_EC_PARAMS, curves[curve].oid, curves[curve].oid_len},
                                   ATTR(CKA_TOKEN, no),
                                   ATTR(CKA_VERIFY, yes)};
    CK_ATTRIBUTE private_templ[4] = {ATTR(CKA_TOKEN, no), ATTR(CKA_SIGN, yes),
                                     ATTR(CKA_DERIVE, yes)};
    CK_ULONG count = 0;
    while (count < 3 && private_templ[count].type != extra.type) {
        count++;
    }
    private_templ[count] = extra;
    pair keys;
    need(try_pair(c, public_templ, COUNT(public_templ), private_templ, count < 3 ? 3 : 4, &keys),
         "C_GenerateKeyPair");
    return keys;
}

pair make_pair(context *c, CK_ULONG curve) {
    const CK_ATTRIBUTE is_private = ATTR(CKA_PRIVATE, yes);
    return make_pair_with(c, curve, is_private);
}

/* ---- Objects ---- */

static CK_OBJECT_HANDLE create_data(context *c, CK_BBOOL on_token, CK_BBOOL is_private,
                                    const CK_ATTRIBUTE *extra) {
    static char label[] = "conformance", value[] = "value";
    CK_ATTRIBUTE templ[7] = {ATTR(CKA_CLASS, class_data),   ATTR(CKA_TOKEN, on_token),
                             ATTR(CKA_PRIVATE, is_private), TEXT(CKA_LABEL, label),
                             TEXT(CKA_APPLICATION, label),  TEXT(CKA_VALUE, value)};
    CK_ULONG count = 6;
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    if (extra != NULL) {
        templ[count++] = *extra;
    }
    need(f->C_CreateObject(c->session, templ, count, &object), "C_CreateObject");
    return object;
}

CK_OBJECT_HANDLE make_data(context *c, CK_BBOOL on_token, CK_BBOOL is_private) {
    return create_data(c, on_token, is_private, NULL);
}

CK_OBJECT_HANDLE make_data_with(context *c, CK_ATTRIBUTE extra) {
    return create_data(c, CK_FALSE, CK_FALSE, &extra);
}

CK_RV get_rv(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE templ = {type, NULL, 0};
    return f->C_GetAttributeValue(c->session, object, &templ, 1);
}

void get_value(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *out,
               CK_ULONG len) {
    CK_ATTRIBUTE templ = {type, out, len};
    need(f->C_GetAttributeValue(c->session, object, &templ, 1), "C_GetAttributeValue");
    expect(templ.ulValueLen == len, "attribute 0x%lx has %lu bytes, not %lu", type,
           templ.ulValueLen, len);
}

bool get_bool(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_BBOOL value = 0xff;
    get_value(c, object, type, &value, sizeof value);
    expect(value == CK_TRUE || value == CK_FALSE, "attribute 0x%lx is %u", type, value);
    return value == CK_TRUE;
}

/* ---- Operations ---- */

CK_RV sign_init(context *c, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    return f->C_SignInit(c->session, &mechanism, key);
}

CK_RV verify_init(context *c, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    return f->C_VerifyInit(c->session, &mechanism, key);
}

CK_RV digest_init(context *c) {
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    return f->C_DigestInit(c->session, &mechanism);
}

void must_have(context *c, CK_MECHANISM_TYPE type) {
    CK_MECHANISM_INFO info;
    if (f->C_GetMechanismInfo(c->slot, type, &info) != CKR_OK) {
        skip("the module has no such mechanism");
    }
}

pair begin_sign(context *c, CK_MECHANISM_TYPE type) {
    must_have(c, type);
    pair keys = make_pair(c, P256);
    need(sign_init(c, type, keys.private_key), "C_SignInit");
    return keys;
}

pair begin_verify(context *c, CK_MECHANISM_TYPE type) {
    must_have(c, type);
    pair keys = make_pair(c, P256);
    need(verify_init(c, type, keys.public_key), "C_VerifyInit");
    return keys;
}

void sign_digest(context *c, CK_OBJECT_HANDLE key, CK_BYTE signature64[64]) {
    CK_ULONG len = 64;
    need(sign_init(c, CKM_ECDSA, key), "C_SignInit");
    need(f->C_Sign(c->session, digest32, sizeof digest32, signature64, &len), "C_Sign");
    expect(len == 64, "the signature has %lu bytes", len);
}
