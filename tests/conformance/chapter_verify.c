/* C_VerifyInit, C_Verify, C_VerifyUpdate, C_VerifyFinal. */
#include "calls.h"
#include "ecdsa_math.h"

#include <string.h>

static CK_BYTE signature[80];

static CK_RV verify(context *c, CK_BYTE *data, CK_ULONG len, CK_ULONG signature_len) {
    return f->C_Verify(c->session, data, len, signature, signature_len);
}

static CK_RV update(context *c) {
    return f->C_VerifyUpdate(c->session, digest32, sizeof digest32);
}

static CK_RV final(context *c) {
    return f->C_VerifyFinal(c->session, signature, 64);
}

/* ---- C_VerifyInit ---- */

static CK_RV init_null(context *c) {
    return f->C_VerifyInit(c->session, NULL, make_pair(c, P256).public_key);
}

static CK_RV init_type(context *c) {
    return verify_init(c, c->row->value, make_pair(c, P256).public_key);
}

static CK_RV init_with(context *c, void *parameter, CK_ULONG len) {
    CK_MECHANISM mechanism = {CKM_ECDSA, parameter, len};
    return f->C_VerifyInit(c->session, &mechanism, make_pair(c, P256).public_key);
}

static CK_RV init_parameter(context *c) {
    return init_with(c, digest32, 8);
}

static CK_RV init_null_parameter(context *c) {
    return init_with(c, NULL, 8);
}

static CK_RV init_key_of_value(context *c) {
    return verify_init(c, CKM_ECDSA, c->row->value);
}

static CK_RV init_private(context *c) {
    return verify_init(c, CKM_ECDSA, make_pair(c, P256).private_key);
}

static CK_RV init_data(context *c) {
    return verify_init(c, CKM_ECDSA, make_data(c, CK_FALSE, CK_FALSE));
}

static CK_RV init_destroyed(context *c) {
    pair keys = make_pair(c, P256);
    need(f->C_DestroyObject(c->session, keys.public_key), "C_DestroyObject");
    return verify_init(c, CKM_ECDSA, keys.public_key);
}

static CK_RV init_not_for_verifying(context *c) {
    CK_ATTRIBUTE public_templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                                   ATTR(CKA_VERIFY, no)};
    pair keys;
    need(try_pair(c, public_templ, COUNT(public_templ), NULL, 0, &keys), "C_GenerateKeyPair");
    return verify_init(c, CKM_ECDSA, keys.public_key);
}

static CK_RV init_not_allowed(context *c) {
    static CK_MECHANISM_TYPE other = CKM_ECDSA_SHA256;
    CK_ATTRIBUTE public_templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                                   ATTR(CKA_ALLOWED_MECHANISMS, other)};
    pair keys;
    need(try_pair(c, public_templ, COUNT(public_templ), NULL, 0, &keys), "C_GenerateKeyPair");
    return verify_init(c, CKM_ECDSA, keys.public_key);
}

static CK_RV init_twice(context *c) {
    pair keys = begin_verify(c, CKM_ECDSA);
    return verify_init(c, CKM_ECDSA, keys.public_key);
}

static CK_RV init_cancels(context *c) {
    pair keys = begin_verify(c, CKM_ECDSA);
    CK_RV rv = f->C_VerifyInit(c->session, NULL, CK_INVALID_HANDLE);
    expect_rv(verify_init(c, CKM_ECDSA, keys.public_key),
              rv == CKR_OK ? CKR_OK : CKR_OPERATION_ACTIVE, "C_VerifyInit");
    return rv;
}

/* ---- Operations ---- */

/* digest32 is signed, and ready to be verified by CKM_ECDSA. */
static void begin_signed(context *c) {
    pair keys = make_pair(c, P256);
    sign_digest(c, keys.private_key, signature);
    need(verify_init(c, CKM_ECDSA, keys.public_key), "C_VerifyInit");
}

static CK_RV verify_len(context *c) {
    begin_signed(c);
    return verify(c, digest32, 32, c->row->value);
}

static CK_RV verify_len_final(context *c) {
    (void)begin_verify(c, CKM_ECDSA_SHA256);
    need(update(c), "C_VerifyUpdate");
    return f->C_VerifyFinal(c->session, signature, c->row->value);
}

static CK_RV verify_other_data(context *c) {
    CK_BYTE other[32] = {7};
    begin_signed(c);
    return verify(c, other, sizeof other, 64);
}

static CK_RV verify_other_key(context *c) {
    sign_digest(c, make_pair(c, P256).private_key, signature);
    need(verify_init(c, CKM_ECDSA, make_pair(c, P256).public_key), "C_VerifyInit");
    return verify(c, digest32, 32, 64);
}

/* Public keys are for everybody. */
static CK_RV verify_without_login(context *c) {
    vector v = {.digest_len = 0};
    CK_BYTE der[67] = {4, 65};
    vector_ordinary(&curves[P256], &v);
    memcpy(der + 2, v.point65, 65);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            {CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                            {CKA_EC_POINT, der, sizeof der}};
    CK_OBJECT_HANDLE key;
    need(f->C_CreateObject(c->session, templ, COUNT(templ), &key), "C_CreateObject");
    need(verify_init(c, CKM_ECDSA, key), "C_VerifyInit");
    return f->C_Verify(c->session, v.digest, v.digest_len, v.signature, 64);
}

/* An Init that fails leaves what is active alone. */
static CK_RV verify_after_failed_init(context *c) {
    begin_signed(c);
    expect(verify_init(c, CKM_ECDSA, CK_INVALID_HANDLE) != CKR_OK, "C_VerifyInit gave CKR_OK");
    return verify(c, digest32, 32, 64);
}

static CK_RV verify_twice(context *c) {
    begin_signed(c);
    need(verify(c, digest32, 32, 64), "C_Verify");
    return verify(c, digest32, 32, 64);
}

static CK_RV verify_after_invalid(context *c) {
    begin_signed(c);
    signature[5] ^= 1;
    expect_rv(verify(c, digest32, 32, 64), CKR_SIGNATURE_INVALID, "C_Verify");
    return verify(c, digest32, 32, 64);
}

static CK_RV verify_after_short(context *c) {
    begin_signed(c);
    expect_rv(verify(c, digest32, 32, 63), CKR_SIGNATURE_LEN_RANGE, "C_Verify");
    return verify(c, digest32, 32, 64);
}

static CK_RV final_after_error(context *c) {
    (void)begin_verify(c, CKM_ECDSA_SHA256);
    expect_rv(f->C_VerifyUpdate(c->session, NULL, 32), CKR_ARGUMENTS_BAD, "C_VerifyUpdate");
    return final(c);
}

static CK_RV login_meanwhile(context *c) {
    begin_signed(c);
    CK_SESSION_HANDLE second = must_open(c->slot, true);
    expect_rv(login(second, CKU_USER, USER_PIN), CKR_USER_ALREADY_LOGGED_IN, "C_Login");
    return verify(c, digest32, 32, 64);
}

static CK_RV verify_after_update(context *c) {
    (void)begin_verify(c, CKM_ECDSA_SHA256);
    need(update(c), "C_VerifyUpdate");
    return verify(c, digest32, 32, 64);
}

static CK_RV final_after_whole(context *c) {
    expect(verify_after_update(c) != CKR_OK, "C_Verify gave CKR_OK");
    return final(c);
}

static CK_RV final_after_verify(context *c) {
    begin_signed(c);
    need(verify(c, digest32, 32, 64), "C_Verify");
    return final(c);
}

static CK_RV update_after_final(context *c) {
    (void)begin_verify(c, CKM_ECDSA_SHA256);
    need(update(c), "C_VerifyUpdate");
    memset(signature, 1, sizeof signature);
    expect_rv(final(c), CKR_SIGNATURE_INVALID, "C_VerifyFinal");
    return update(c);
}

static CK_RV null_data(context *c) {
    (void)begin_verify(c, c->row->value);
    return verify(c, NULL, 32, 64);
}

static CK_RV null_part(context *c) {
    (void)begin_verify(c, CKM_ECDSA_SHA256);
    return f->C_VerifyUpdate(c->session, NULL, 32);
}

static CK_RV null_signature(context *c) {
    (void)begin_verify(c, CKM_ECDSA);
    return f->C_Verify(c->session, digest32, 32, NULL, 64);
}

static CK_RV null_signature_final(context *c) {
    (void)begin_verify(c, CKM_ECDSA_SHA256);
    need(update(c), "C_VerifyUpdate");
    return f->C_VerifyFinal(c->session, NULL, 64);
}

static CK_RV huge_data(context *c) {
    (void)begin_verify(c, CKM_ECDSA);
    return verify(c, digest32, ~0UL, 64);
}

/* The first bytes of digest32 are signed by CKM_ECDSA_SHA256, and ready to be verified. */
static void begin_hashed(context *c, CK_ULONG signed_len) {
    CK_ULONG len = 64;
    pair keys = begin_sign(c, CKM_ECDSA_SHA256);
    need(f->C_Sign(c->session, digest32, signed_len, signature, &len), "C_Sign");
    need(verify_init(c, CKM_ECDSA_SHA256, keys.public_key), "C_VerifyInit");
}

static CK_RV hashed(context *c, bool in_parts) {
    begin_hashed(c, c->row->value);
    if (!in_parts) {
        return verify(c, digest32, 32, 64);
    }
    need(f->C_VerifyUpdate(c->session, digest32, 1), "C_VerifyUpdate");
    need(f->C_VerifyUpdate(c->session, digest32 + 1, 31), "C_VerifyUpdate");
    return final(c);
}

static CK_RV hashed_without_parts(context *c) {
    begin_hashed(c, 0);
    return final(c);
}

static CK_RV hashed_at_once(context *c) {
    return hashed(c, false);
}

static CK_RV hashed_in_parts(context *c) {
    return hashed(c, true);
}

#define INIT(text, answer, what, ...) ROW(C_VerifyInit, text, answer, USER_RW, what, __VA_ARGS__)
#define VERIFY(name, text, answer, what, ...) ROW(name, text, answer, USER_RW, what, __VA_ARGS__)
#define NOT_ACTIVE IS(CKR_OPERATION_NOT_INITIALIZED)
/* SoftHSM2 says so of keys, too. */
#define NO_KEY IS(CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID)
#define WRONG_KEY                                                                                  \
    IS(CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_HANDLE_INVALID,          \
       CKR_OBJECT_HANDLE_INVALID)
#define LENGTH(name, text, what, len)                                                              \
    VERIFY(name, text, IS(CKR_SIGNATURE_LEN_RANGE), what, .value = (len))

static const row rows[] = {
    INIT("NULL mechanism",
         IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID, CKR_OPERATION_NOT_INITIALIZED), init_null),
    INIT("a mechanism that is none", IS(CKR_MECHANISM_INVALID), init_type, .value = 0x7ffffff1),
    INIT("a mechanism that digests", IS(CKR_MECHANISM_INVALID), init_type, .value = CKM_SHA256),
    /* Modules that look at no parameter because there is none do no harm. */
    INIT("a parameter where none belongs", IS(CKR_MECHANISM_PARAM_INVALID, CKR_OK), init_parameter),
    INIT("NULL parameter with a length", IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD, CKR_OK),
         init_null_parameter),
    INIT("key 0", NO_KEY, init_key_of_value),
    INIT("key 2^64-1", NO_KEY, init_key_of_value, .value = ~0UL),
    INIT("a private key", WRONG_KEY, init_private),
    INIT("a data object",
         IS(CKR_KEY_HANDLE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT),
         init_data),
    INIT("a destroyed key", NO_KEY, init_destroyed),
    INIT("CKA_VERIFY is false", IS(CKR_KEY_FUNCTION_NOT_PERMITTED), init_not_for_verifying),
    INIT("a mechanism that the key does not allow", IS(CKR_MECHANISM_INVALID), init_not_allowed),
    INIT("twice", IS(CKR_OPERATION_ACTIVE), init_twice),
    INIT("NULL mechanism, a verification is active",
         IS(CKR_OK, CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE), init_cancels),

    VERIFY(C_Verify, "without C_VerifyInit", NOT_ACTIVE, call_C_Verify),
    VERIFY(C_VerifyUpdate, "without C_VerifyInit", NOT_ACTIVE, call_C_VerifyUpdate),
    VERIFY(C_VerifyFinal, "without C_VerifyInit", NOT_ACTIVE, call_C_VerifyFinal),
    VERIFY(C_Verify, "a good signature", IS(CKR_OK), verify_len, .value = 64),
    VERIFY(C_Verify, "other data", IS(CKR_SIGNATURE_INVALID), verify_other_data),
    VERIFY(C_Verify, "another key", IS(CKR_SIGNATURE_INVALID), verify_other_key),
    ROW(C_Verify, "nobody is logged in", IS(CKR_OK), PUBLIC_RO, verify_without_login),
    LENGTH(C_Verify, "a signature of no bytes", verify_len, 0),
    LENGTH(C_Verify, "a signature of 63 bytes", verify_len, 63),
    LENGTH(C_Verify, "a signature of 65 bytes", verify_len, 65),
    LENGTH(C_Verify, "a signature of 72 bytes", verify_len, 72),
    LENGTH(C_Verify, "a signature of 2^64-1 bytes", verify_len, ~0UL),
    LENGTH(C_VerifyFinal, "a signature of 63 bytes", verify_len_final, 63),
    LENGTH(C_VerifyFinal, "a signature of 65 bytes", verify_len_final, 65),
    VERIFY(C_Verify, "twice", NOT_ACTIVE, verify_twice),
    VERIFY(C_Verify, "after an invalid signature", NOT_ACTIVE, verify_after_invalid),
    VERIFY(C_Verify, "after a short signature", NOT_ACTIVE, verify_after_short),
    /* SoftHSM2 goes on after bad arguments. */
    VERIFY(C_VerifyFinal, "after an error",
           IS(CKR_OPERATION_NOT_INITIALIZED, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE),
           final_after_error),
    VERIFY(C_Verify, "after a login that failed", IS(CKR_OK), login_meanwhile),
    VERIFY(C_Verify, "after another C_VerifyInit failed", IS(CKR_OK), verify_after_failed_init),
    VERIFY(C_VerifyFinal, "after C_Verify that came after C_VerifyUpdate", NOT_ACTIVE,
           final_after_whole),
    VERIFY(C_VerifyFinal, "after C_Verify", NOT_ACTIVE, final_after_verify),
    VERIFY(C_VerifyUpdate, "after C_VerifyFinal", NOT_ACTIVE, update_after_final),
    VERIFY(C_Verify, "after C_VerifyUpdate",
           IS(CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_FUNCTION_FAILED),
           verify_after_update),
    VERIFY(C_Verify, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_data,
           .value = CKM_ECDSA),
    VERIFY(C_Verify, "NULL data with a length, hashed", IS(CKR_ARGUMENTS_BAD), null_data,
           .value = CKM_ECDSA_SHA256),
    VERIFY(C_VerifyUpdate, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_part),
    VERIFY(C_Verify, "NULL signature", IS(CKR_ARGUMENTS_BAD), null_signature),
    VERIFY(C_VerifyFinal, "NULL signature", IS(CKR_ARGUMENTS_BAD), null_signature_final),
    VERIFY(C_Verify, "a digest of 2^64-1 bytes", IS(CKR_DATA_LEN_RANGE, CKR_HOST_MEMORY),
           huge_data),
    VERIFY(C_Verify, "hashed", IS(CKR_OK), hashed_at_once, .value = 32),
    VERIFY(C_Verify, "hashed, other data", IS(CKR_SIGNATURE_INVALID), hashed_at_once, .value = 31),
    VERIFY(C_VerifyFinal, "hashed, two parts", IS(CKR_OK), hashed_in_parts, .value = 32),
    VERIFY(C_VerifyFinal, "hashed, other parts", IS(CKR_SIGNATURE_INVALID), hashed_in_parts,
           .value = 31),
    VERIFY(C_VerifyFinal, "hashed, no parts", IS(CKR_OK), hashed_without_parts),
};

CHAPTER(verify);
