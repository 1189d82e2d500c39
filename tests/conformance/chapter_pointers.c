/*
 * Pointers that may point anywhere. Values of attributes, parameters of mechanisms and PINs are
 * bytes to a caller, who may keep them at odd addresses; attributes, lengths and handles are not,
 * for they have a type that says where they may be.
 */
#include "calls.h"

#include <openssl/sha.h>
#include <string.h>

/* An odd address with a copy of the bytes. */
static CK_BYTE *odd(const void *bytes, size_t len) {
    static _Alignas(16) CK_BYTE places[8][128];
    static unsigned next;
    CK_BYTE *place = places[next++ % COUNT(places)] + 1;
    memcpy(place, bytes, len);
    return place;
}

#define ODD(type, value)                                                                           \
    { (type), odd(&(value), sizeof(value)), sizeof(value) }

static char label[] = "conformance";

static CK_RV create(context *c) {
    CK_ATTRIBUTE templ[] = {
        ODD(CKA_CLASS, class_data), ODD(CKA_TOKEN, no), {CKA_LABEL, odd(label, 11), 11}};
    CK_OBJECT_HANDLE object;
    CK_BYTE got[11];
    CK_RV rv = f->C_CreateObject(c->session, templ, COUNT(templ), &object);
    need(rv, "C_CreateObject");
    get_value(c, object, CKA_LABEL, got, sizeof got);
    expect(memcmp(got, label, sizeof got) == 0, "another label");
    return rv;
}

static CK_RV get(context *c) {
    CK_BYTE *place = odd(&class_data, sizeof class_data);
    CK_OBJECT_CLASS class;
    CK_ATTRIBUTE templ[] = {{CKA_CLASS, place, sizeof class}};
    CK_RV rv = f->C_GetAttributeValue(c->session, make_pair(c, P256).public_key, templ, 1);
    memcpy(&class, place, sizeof class);
    expect(class == CKO_PUBLIC_KEY, "class %lu", class);
    return rv;
}

static CK_RV find(context *c) {
    CK_ATTRIBUTE templ[] = {ODD(CKA_CLASS, class_data)};
    CK_OBJECT_HANDLE object;
    CK_ULONG count = 0;
    (void)make_data(c, CK_FALSE, CK_FALSE);
    need(f->C_FindObjectsInit(c->session, templ, 1), "C_FindObjectsInit");
    CK_RV rv = f->C_FindObjects(c->session, &object, 1, &count);
    expect(count == 1, "nothing is found");
    return rv;
}

static CK_RV generate(context *c) {
    static CK_MECHANISM_TYPE allowed[] = {CKM_ECDSA, CKM_ECDSA_SHA256};
    CK_ATTRIBUTE public_templ[] = {
        ODD(CKA_CLASS, class_public),
        ODD(CKA_KEY_TYPE, type_ec),
        {CKA_EC_PARAMS, odd(curves[P256].oid, curves[P256].oid_len), curves[P256].oid_len}};
    CK_ATTRIBUTE private_templ[] = {ODD(CKA_CLASS, class_private), ODD(CKA_KEY_TYPE, type_ec),
                                    ODD(CKA_ALLOWED_MECHANISMS, allowed)};
    pair keys;
    return try_pair(c, public_templ, COUNT(public_templ), private_templ, COUNT(private_templ),
                    &keys);
}

static CK_RV set(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_LABEL, odd(label, 11), 11}};
    return f->C_SetAttributeValue(c->session, make_data(c, CK_FALSE, CK_FALSE), templ, 1);
}

static CK_RV log_in(context *c) {
    return f->C_Login(c->session, CKU_USER, odd(USER_PIN, sizeof USER_PIN), sizeof USER_PIN - 1);
}

static CK_RV derive(context *c) {
    static CK_BYTE point[67];
    pair keys = make_pair(c, P256);
    get_value(c, keys.public_key, CKA_EC_POINT, point, sizeof point);
    CK_ECDH1_DERIVE_PARAMS p = {
        .kdf = CKD_NULL, .public_data = odd(point + 2, 65), .public_data_len = 65};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, odd(&p, sizeof p), sizeof p};
    CK_ULONG len = 32;
    CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    CK_ATTRIBUTE templ[] = {ODD(CKA_CLASS, class_secret), ODD(CKA_KEY_TYPE, generic),
                            ODD(CKA_VALUE_LEN, len)};
    CK_OBJECT_HANDLE key;
    return f->C_DeriveKey(c->session, &mechanism, keys.private_key, templ, COUNT(templ), &key);
}

static CK_RV sign_and_verify(context *c) {
    CK_BYTE *data = odd(digest32, 32), *signature = odd(digest32, 32);
    CK_ULONG len = 64;
    pair keys = begin_sign(c, CKM_ECDSA);
    need(f->C_Sign(c->session, data, 32, signature, &len), "C_Sign");
    need(verify_init(c, CKM_ECDSA, keys.public_key), "C_VerifyInit");
    return f->C_Verify(c->session, data, 32, signature, 64);
}

/* ---- One buffer for both ---- */

static CK_RV sign_in_place(context *c) {
    CK_BYTE buffer[64];
    CK_ULONG len = sizeof buffer;
    memcpy(buffer, digest32, 32);
    pair keys = begin_sign(c, CKM_ECDSA);
    need(f->C_Sign(c->session, buffer, 32, buffer, &len), "C_Sign");
    need(verify_init(c, CKM_ECDSA, keys.public_key), "C_VerifyInit");
    return f->C_Verify(c->session, digest32, 32, buffer, 64);
}

static CK_RV digest_in_place(context *c) {
    CK_BYTE buffer[32];
    CK_ULONG len = sizeof buffer;
    memcpy(buffer, digest32, 32);
    CK_BYTE wanted[32];
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = f->C_Digest(c->session, buffer, 32, buffer, &len);
    SHA256(digest32, 32, wanted);
    expect(memcmp(buffer, wanted, sizeof wanted) == 0, "another digest");
    return rv;
}

/* ---- More than 256 attributes are none that anybody means, but no reason to die ---- */

static CK_RV many_attributes(context *c) {
    static CK_ATTRIBUTE templ[4096];
    CK_OBJECT_HANDLE object;
    for (size_t i = 0; i < COUNT(templ); i++) {
        templ[i] = (CK_ATTRIBUTE)ATTR(CKA_CLASS, class_data);
    }
    return f->C_CreateObject(c->session, templ, COUNT(templ), &object);
}

static CK_RV many_questions(context *c) {
    static CK_ATTRIBUTE templ[200];
    for (size_t i = 0; i < COUNT(templ); i++) {
        templ[i] = (CK_ATTRIBUTE){CKA_LABEL, NULL, 0};
    }
    return f->C_GetAttributeValue(c->session, make_data(c, CK_FALSE, CK_FALSE), templ,
                                  COUNT(templ));
}

static const row rows[] = {
    ROW(C_CreateObject, "values at odd addresses", IS(CKR_OK), USER_RW, create),
    ROW(C_GetAttributeValue, "a value to an odd address", IS(CKR_OK), USER_RW, get),
    ROW(C_SetAttributeValue, "a value at an odd address", IS(CKR_OK), USER_RW, set),
    ROW(C_FindObjectsInit, "a value at an odd address", IS(CKR_OK), USER_RW, find),
    ROW(C_GenerateKeyPair, "values at odd addresses", IS(CKR_OK), USER_RW, generate),
    ROW(C_DeriveKey, "the parameter and values at odd addresses", IS(CKR_OK), USER_RW, derive),
    ROW(C_Login, "a PIN at an odd address", IS(CKR_OK), PUBLIC_RW, log_in),
    ROW(C_Verify, "data and signature at odd addresses", IS(CKR_OK), USER_RW, sign_and_verify),
    ROW(C_Sign, "the signature over the data", IS(CKR_OK), USER_RW, sign_in_place),
    ROW(C_Digest, "the digest over the data", IS(CKR_OK), USER_RW, digest_in_place),
    ROW(C_CreateObject, "4096 attributes", IS(CKR_TEMPLATE_INCONSISTENT, CKR_ARGUMENTS_BAD, CKR_OK),
        USER_RW, many_attributes, .ours = CKR_ARGUMENTS_BAD),
    ROW(C_GetAttributeValue, "200 attributes", IS(CKR_OK), USER_RW, many_questions),
};

CHAPTER(pointers);
