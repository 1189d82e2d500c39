/* C_SignInit, C_Sign, C_SignUpdate, C_SignFinal. */
#include "calls.h"
#include "ecdsa_math.h"

#include <openssl/sha.h>
#include <string.h>

static CK_BYTE out[80];

static CK_RV sign(context *c, CK_BYTE *data, CK_ULONG len) {
    CK_ULONG out_len = sizeof out;
    return f->C_Sign(c->session, data, len, out, &out_len);
}

static CK_RV update(context *c) {
    return f->C_SignUpdate(c->session, digest32, sizeof digest32);
}

static CK_RV final(context *c) {
    CK_ULONG out_len = sizeof out;
    return f->C_SignFinal(c->session, out, &out_len);
}

/* ---- C_SignInit ---- */

static CK_RV init_null(context *c) {
    return f->C_SignInit(c->session, NULL, make_pair(c, P256).private_key);
}

static CK_RV init_type(context *c) {
    return sign_init(c, c->row->value, make_pair(c, P256).private_key);
}

static CK_RV init_with(context *c, void *parameter, CK_ULONG len) {
    CK_MECHANISM mechanism = {CKM_ECDSA, parameter, len};
    return f->C_SignInit(c->session, &mechanism, make_pair(c, P256).private_key);
}

static CK_RV init_parameter(context *c) {
    return init_with(c, digest32, 8);
}

static CK_RV init_null_parameter(context *c) {
    return init_with(c, NULL, 8);
}

static CK_RV init_empty_parameter(context *c) {
    return init_with(c, digest32, 0);
}

static CK_RV init_key_of_value(context *c) {
    return sign_init(c, CKM_ECDSA, c->row->value);
}

static CK_RV init_public(context *c) {
    return sign_init(c, CKM_ECDSA, make_pair(c, P256).public_key);
}

static CK_RV init_data(context *c) {
    return sign_init(c, CKM_ECDSA, make_data(c, CK_FALSE, CK_FALSE));
}

static CK_RV init_destroyed(context *c) {
    pair keys = make_pair(c, P256);
    need(f->C_DestroyObject(c->session, keys.private_key), "C_DestroyObject");
    return sign_init(c, CKM_ECDSA, keys.private_key);
}

static CK_RV init_not_for_signing(context *c) {
    static const CK_ATTRIBUTE never = ATTR(CKA_SIGN, no);
    return sign_init(c, CKM_ECDSA, make_pair_with(c, P256, never).private_key);
}

static CK_RV init_not_allowed(context *c) {
    static CK_MECHANISM_TYPE other = CKM_ECDSA_SHA256;
    static const CK_ATTRIBUTE allowed = ATTR(CKA_ALLOWED_MECHANISMS, other);
    return sign_init(c, CKM_ECDSA, make_pair_with(c, P256, allowed).private_key);
}

static CK_RV init_twice(context *c) {
    pair keys = begin_sign(c, CKM_ECDSA);
    CK_RV rv = sign_init(c, CKM_ECDSA, keys.private_key);
    expect_rv(sign(c, digest32, 32), CKR_OK, "C_Sign afterwards");
    return rv;
}

static CK_RV init_cancels(context *c) {
    pair keys = begin_sign(c, CKM_ECDSA);
    CK_RV rv = f->C_SignInit(c->session, NULL, CK_INVALID_HANDLE);
    expect_rv(sign_init(c, CKM_ECDSA, keys.private_key),
              rv == CKR_OK ? CKR_OK : CKR_OPERATION_ACTIVE, "C_SignInit");
    return rv;
}

static CK_RV init_failed(context *c) {
    (void)sign_init(c, CKM_ECDSA, CK_INVALID_HANDLE);
    return sign(c, digest32, 32);
}

static CK_RV init_elsewhere(context *c) {
    context other = *c;
    other.session = must_open(c->slot, false);
    pair keys = begin_sign(c, CKM_ECDSA);
    CK_RV rv = sign_init(&other, CKM_ECDSA, keys.private_key);
    expect_rv(sign(c, digest32, 32), CKR_OK, "C_Sign");
    expect_rv(sign(&other, digest32, 32), CKR_OK, "C_Sign in the other session");
    return rv;
}

/* ---- Operations ---- */

static CK_RV sign_twice(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    need(sign(c, digest32, 32), "C_Sign");
    return sign(c, digest32, 32);
}

static CK_RV sign_after_update(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    need(update(c), "C_SignUpdate");
    return sign(c, digest32, 32);
}

static CK_RV final_after_whole(context *c) {
    expect(sign_after_update(c) != CKR_OK, "C_Sign gave CKR_OK");
    return final(c);
}

static CK_RV update_after_final(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    need(update(c), "C_SignUpdate");
    need(final(c), "C_SignFinal");
    return update(c);
}

static CK_RV final_twice(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    need(update(c), "C_SignUpdate");
    need(final(c), "C_SignFinal");
    return final(c);
}

static CK_RV final_after_sign(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    need(sign(c, digest32, 32), "C_Sign");
    return final(c);
}

static CK_RV null_data(context *c) {
    (void)begin_sign(c, c->row->value);
    return sign(c, NULL, 32);
}

static CK_RV null_part(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    return f->C_SignUpdate(c->session, NULL, 32);
}

static CK_RV null_len(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    return f->C_Sign(c->session, digest32, 32, out, NULL);
}

static CK_RV null_len_final(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    need(update(c), "C_SignUpdate");
    return f->C_SignFinal(c->session, out, NULL);
}

static CK_RV huge_data(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    return sign(c, digest32, ~0UL);
}

static CK_RV after_error(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    expect_rv(sign(c, NULL, 32), CKR_ARGUMENTS_BAD, "C_Sign");
    return sign(c, digest32, 32);
}

static CK_RV final_after_error(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    expect_rv(f->C_SignUpdate(c->session, NULL, 32), CKR_ARGUMENTS_BAD, "C_SignUpdate");
    return final(c);
}

/* An Init that fails leaves what is active alone. */
static CK_RV after_failed_init(context *c) {
    pair keys = begin_sign(c, CKM_ECDSA);
    expect(sign_init(c, CKM_SHA256, keys.private_key) != CKR_OK, "C_SignInit gave CKR_OK");
    return sign(c, digest32, 32);
}

static CK_RV destroyed_meanwhile(context *c) {
    pair keys = begin_sign(c, CKM_ECDSA);
    need(f->C_DestroyObject(c->session, keys.private_key), "C_DestroyObject");
    return sign(c, digest32, 32);
}

static CK_RV other_operations(context *c) {
    CK_OBJECT_HANDLE object;
    CK_ULONG count;
    pair keys = begin_sign(c, CKM_ECDSA);
    CK_RV rv = verify_init(c, CKM_ECDSA, keys.public_key);
    if (rv == CKR_OPERATION_ACTIVE) {
        skip("the module does one thing at a time");
    }
    need(rv, "C_VerifyInit");
    need(digest_init(c), "C_DigestInit");
    need(f->C_FindObjectsInit(c->session, NULL, 0), "C_FindObjectsInit");
    need(f->C_FindObjects(c->session, &object, 1, &count), "C_FindObjects");
    return sign(c, digest32, 32);
}

/* ---- Signatures ---- */

/* Of the row's number of bytes, in parts or at once, by CKM_ECDSA_SHA256. */
static CK_RV sign_hashed(context *c, bool in_parts) {
    CK_BYTE data[100], der[67], digest[32];
    CK_ULONG len = c->row->value;
    memset(data, 'd', sizeof data);
    pair keys = begin_sign(c, CKM_ECDSA_SHA256);
    get_value(c, keys.public_key, CKA_EC_POINT, der, sizeof der);
    CK_RV rv;
    if (in_parts) {
        for (CK_ULONG at = 0; at < len; at++) {
            need(f->C_SignUpdate(c->session, data + at, 1), "C_SignUpdate");
        }
        rv = final(c);
    } else {
        rv = sign(c, data, len);
    }
    SHA256(data, len, digest);
    expect(math_verify(&curves[P256], der + 2, digest, sizeof digest, out), "it is not valid");
    return rv;
}

static CK_RV sign_at_once(context *c) {
    return sign_hashed(c, false);
}

static CK_RV sign_in_parts(context *c) {
    return sign_hashed(c, true);
}

static CK_RV ecdsa_in_parts(context *c) {
    CK_BYTE der[67];
    pair keys = begin_sign(c, CKM_ECDSA);
    get_value(c, keys.public_key, CKA_EC_POINT, der, sizeof der);
    CK_RV rv = f->C_SignUpdate(c->session, digest32, 16);
    if (rv == CKR_OK) {
        need(f->C_SignUpdate(c->session, digest32 + 16, 16), "C_SignUpdate");
        rv = final(c);
        expect(math_verify(&curves[P256], der + 2, digest32, 32, out), "it is not valid");
    }
    return rv;
}

#define INIT(text, answer, what, ...) ROW(C_SignInit, text, answer, USER_RW, what, __VA_ARGS__)
#define SIGN(name, text, answer, what, ...) ROW(name, text, answer, USER_RW, what, __VA_ARGS__)
#define NOT_ACTIVE IS(CKR_OPERATION_NOT_INITIALIZED)
/* SoftHSM2 says so of keys, too. */
#define NO_KEY IS(CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID)
#define WRONG_KEY                                                                                  \
    IS(CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_HANDLE_INVALID,          \
       CKR_OBJECT_HANDLE_INVALID)

static const row rows[] = {
    INIT("NULL mechanism",
         IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID, CKR_OPERATION_NOT_INITIALIZED), init_null),
    INIT("a mechanism that is none", IS(CKR_MECHANISM_INVALID), init_type, .value = 0x7ffffff1),
    INIT("a mechanism that digests", IS(CKR_MECHANISM_INVALID), init_type, .value = CKM_SHA256),
    INIT("a mechanism that makes keys", IS(CKR_MECHANISM_INVALID), init_type,
         .value = CKM_EC_KEY_PAIR_GEN),
    INIT("a mechanism of RSA keys", IS(CKR_MECHANISM_INVALID, CKR_KEY_TYPE_INCONSISTENT), init_type,
         .value = CKM_RSA_PKCS),
    /* Modules that look at no parameter because there is none do no harm. */
    INIT("a parameter where none belongs", IS(CKR_MECHANISM_PARAM_INVALID, CKR_OK), init_parameter),
    INIT("NULL parameter with a length", IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD, CKR_OK),
         init_null_parameter),
    INIT("a parameter without a length", IS(CKR_OK, CKR_MECHANISM_PARAM_INVALID),
         init_empty_parameter),
    INIT("key 0", NO_KEY, init_key_of_value),
    INIT("key 2^64-1", NO_KEY, init_key_of_value, .value = ~0UL),
    INIT("a public key", WRONG_KEY, init_public),
    INIT("a data object",
         IS(CKR_KEY_HANDLE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT),
         init_data),
    INIT("a destroyed key", NO_KEY, init_destroyed),
    INIT("CKA_SIGN is false", IS(CKR_KEY_FUNCTION_NOT_PERMITTED), init_not_for_signing),
    INIT("a mechanism that the key does not allow", IS(CKR_MECHANISM_INVALID), init_not_allowed),
    INIT("twice", IS(CKR_OPERATION_ACTIVE), init_twice),
    INIT("NULL mechanism, a signature is active",
         IS(CKR_OK, CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE), init_cancels),
    INIT("in two sessions", IS(CKR_OK), init_elsewhere),

    SIGN(C_Sign, "without C_SignInit", NOT_ACTIVE, call_C_Sign),
    SIGN(C_SignUpdate, "without C_SignInit", NOT_ACTIVE, call_C_SignUpdate),
    SIGN(C_SignFinal, "without C_SignInit", NOT_ACTIVE, call_C_SignFinal),
    SIGN(C_Sign, "after C_SignInit failed", NOT_ACTIVE, init_failed),
    SIGN(C_Sign, "twice", NOT_ACTIVE, sign_twice),
    SIGN(C_SignFinal, "twice", NOT_ACTIVE, final_twice),
    SIGN(C_SignFinal, "after C_Sign", NOT_ACTIVE, final_after_sign),
    SIGN(C_SignUpdate, "after C_SignFinal", NOT_ACTIVE, update_after_final),
    SIGN(C_Sign, "after C_SignUpdate",
         IS(CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_FUNCTION_FAILED),
         sign_after_update),
    SIGN(C_SignFinal, "after C_Sign that came after C_SignUpdate", NOT_ACTIVE, final_after_whole),
    SIGN(C_Sign, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_data, .value = CKM_ECDSA),
    SIGN(C_Sign, "NULL data with a length, hashed", IS(CKR_ARGUMENTS_BAD), null_data,
         .value = CKM_ECDSA_SHA256),
    SIGN(C_SignUpdate, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_part),
    SIGN(C_Sign, "NULL length", IS(CKR_ARGUMENTS_BAD), null_len),
    SIGN(C_SignFinal, "NULL length", IS(CKR_ARGUMENTS_BAD), null_len_final),
    SIGN(C_Sign, "a digest of 2^64-1 bytes", IS(CKR_DATA_LEN_RANGE, CKR_HOST_MEMORY), huge_data),
    /* SoftHSM2 goes on after bad arguments. */
    SIGN(C_Sign, "after an error", IS(CKR_OPERATION_NOT_INITIALIZED, CKR_OK), after_error),
    SIGN(C_SignFinal, "after an error", IS(CKR_OPERATION_NOT_INITIALIZED, CKR_OK),
         final_after_error),
    SIGN(C_Sign, "after another C_SignInit failed", IS(CKR_OK), after_failed_init),
    SIGN(C_Sign, "the key was destroyed meanwhile",
         IS(CKR_OK, CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID,
            CKR_OPERATION_NOT_INITIALIZED),
         destroyed_meanwhile),
    /* The standard lets a token do one thing at a time; ours does each kind once. */
    SIGN(C_Sign, "while other operations are active", IS(CKR_OK), other_operations),
    SIGN(C_Sign, "hashed, no bytes", IS(CKR_OK), sign_at_once),
    SIGN(C_Sign, "hashed, 100 bytes", IS(CKR_OK), sign_at_once, .value = 100),
    SIGN(C_SignFinal, "hashed, no parts", IS(CKR_OK), sign_in_parts),
    SIGN(C_SignFinal, "hashed, 100 parts", IS(CKR_OK), sign_in_parts, .value = 100),
    /* A mechanism of one part in the standard: pkcs11-tool gives it in several anyway. */
    SIGN(C_SignUpdate, "CKM_ECDSA in parts",
         IS(CKR_OK, CKR_FUNCTION_NOT_SUPPORTED, CKR_OPERATION_NOT_INITIALIZED,
            CKR_MECHANISM_INVALID),
         ecdsa_in_parts),
};

CHAPTER(sign);
