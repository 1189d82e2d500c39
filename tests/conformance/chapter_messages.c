/* Signing and verifying messages, as 3.0 has it. */
#include "calls.h"

static CK_BYTE out[80];
static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0}, hashed = {CKM_ECDSA_SHA256, NULL, 0};

/* ---- Steps ---- */

static pair begin_signing(context *c) {
    CK_FUNCTION_LIST_3_0 *table = g();
    pair keys = make_pair(c, P256);
    need(table->C_MessageSignInit(c->session, &hashed, keys.private_key), "C_MessageSignInit");
    return keys;
}

static pair begin_verifying(context *c) {
    CK_FUNCTION_LIST_3_0 *table = g();
    pair keys = make_pair(c, P256);
    need(table->C_MessageVerifyInit(c->session, &hashed, keys.public_key), "C_MessageVerifyInit");
    return keys;
}

static CK_RV sign(context *c) {
    CK_ULONG len = sizeof out;
    return g()->C_SignMessage(c->session, NULL, 0, digest32, 32, out, &len);
}

static CK_RV sign_begin(context *c) {
    return g()->C_SignMessageBegin(c->session, NULL, 0);
}

static CK_RV sign_part(context *c) {
    return g()->C_SignMessageNext(c->session, NULL, 0, digest32, 16, NULL, NULL);
}

static CK_RV sign_last(context *c) {
    CK_ULONG len = sizeof out;
    return g()->C_SignMessageNext(c->session, NULL, 0, digest32 + 16, 16, out, &len);
}

static CK_RV verify(context *c) {
    return g()->C_VerifyMessage(c->session, NULL, 0, digest32, 32, out, 64);
}

static CK_RV verify_begin(context *c) {
    return g()->C_VerifyMessageBegin(c->session, NULL, 0);
}

static CK_RV verify_part(context *c) {
    return g()->C_VerifyMessageNext(c->session, NULL, 0, digest32, 16, NULL, 0);
}

static CK_RV verify_last(context *c) {
    return g()->C_VerifyMessageNext(c->session, NULL, 0, digest32 + 16, 16, out, 64);
}

/* ---- Beginning ---- */

static CK_RV init_null(context *c) {
    return g()->C_MessageSignInit(c->session, NULL, make_pair(c, P256).private_key);
}

static CK_RV init_key(context *c) {
    return g()->C_MessageSignInit(c->session, &ecdsa, CK_INVALID_HANDLE);
}

static CK_RV init_public(context *c) {
    return g()->C_MessageSignInit(c->session, &ecdsa, make_pair(c, P256).public_key);
}

static CK_RV init_type(context *c) {
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    return g()->C_MessageSignInit(c->session, &mechanism, make_pair(c, P256).private_key);
}

static CK_RV init_twice(context *c) {
    pair keys = begin_signing(c);
    return g()->C_MessageSignInit(c->session, &ecdsa, keys.private_key);
}

static CK_RV init_while_signing(context *c) {
    pair keys = begin_sign(c, CKM_ECDSA);
    return g()->C_MessageSignInit(c->session, &ecdsa, keys.private_key);
}

static CK_RV sign_init_while_messages(context *c) {
    pair keys = begin_signing(c);
    return sign_init(c, CKM_ECDSA, keys.private_key);
}

static CK_RV init_cancels(context *c) {
    pair keys = begin_signing(c);
    CK_RV rv = g()->C_MessageSignInit(c->session, NULL, CK_INVALID_HANDLE);
    expect_rv(g()->C_MessageSignInit(c->session, &ecdsa, keys.private_key),
              rv == CKR_OK ? CKR_OK : CKR_OPERATION_ACTIVE, "C_MessageSignInit");
    return rv;
}

static CK_RV verify_init_while_messages(context *c) {
    pair keys = begin_verifying(c);
    return verify_init(c, CKM_ECDSA, keys.public_key);
}

static CK_RV init_while_verifying(context *c) {
    pair keys = begin_verify(c, CKM_ECDSA);
    return g()->C_MessageVerifyInit(c->session, &ecdsa, keys.public_key);
}

static CK_RV verify_init_null(context *c) {
    return g()->C_MessageVerifyInit(c->session, NULL, make_pair(c, P256).public_key);
}

static CK_RV verify_init_key(context *c) {
    return g()->C_MessageVerifyInit(c->session, &ecdsa, CK_INVALID_HANDLE);
}

static CK_RV verify_init_private(context *c) {
    return g()->C_MessageVerifyInit(c->session, &ecdsa, make_pair(c, P256).private_key);
}

static CK_RV verify_init_twice(context *c) {
    pair keys = begin_verifying(c);
    return g()->C_MessageVerifyInit(c->session, &ecdsa, keys.public_key);
}

/* ---- Order of signing ---- */

/* Signs after C_SignInit, which began something else. */
static CK_RV message_of_signature(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    return sign(c);
}

static CK_RV signature_of_messages(context *c) {
    (void)begin_signing(c);
    return call_C_Sign(c);
}

static CK_RV update_of_messages(context *c) {
    (void)begin_signing(c);
    return call_C_SignUpdate(c);
}

static CK_RV final_of_messages(context *c) {
    (void)begin_signing(c);
    return call_C_SignFinal(c);
}

static CK_RV next_without_begin(context *c) {
    (void)begin_signing(c);
    return sign_part(c);
}

static CK_RV begin_twice(context *c) {
    (void)begin_signing(c);
    need(sign_begin(c), "C_SignMessageBegin");
    return sign_begin(c);
}

static CK_RV whole_within_parts(context *c) {
    (void)begin_signing(c);
    need(sign_begin(c), "C_SignMessageBegin");
    return sign(c);
}

static CK_RV next_after_last(context *c) {
    (void)begin_signing(c);
    need(sign_begin(c), "C_SignMessageBegin");
    need(sign_last(c), "C_SignMessageNext");
    return sign_part(c);
}

static CK_RV after_final(context *c) {
    (void)begin_signing(c);
    need(g()->C_MessageSignFinal(c->session), "C_MessageSignFinal");
    return sign(c);
}

static CK_RV final_twice(context *c) {
    (void)begin_signing(c);
    need(g()->C_MessageSignFinal(c->session), "C_MessageSignFinal");
    return g()->C_MessageSignFinal(c->session);
}

/* CKR_OPERATION_ACTIVE is among its codes, without a word of when; it may as well end the message.
 */
static CK_RV final_within_message(context *c) {
    (void)begin_signing(c);
    need(sign_begin(c), "C_SignMessageBegin");
    return g()->C_MessageSignFinal(c->session);
}

/* One C_MessageSignInit, many messages. */
static CK_RV many_messages(context *c) {
    pair keys = begin_signing(c);
    for (int i = 0; i < 3; i++) {
        need(sign(c), "C_SignMessage");
        need(sign_begin(c), "C_SignMessageBegin");
        need(sign_part(c), "C_SignMessageNext");
        need(sign_last(c), "C_SignMessageNext");
    }
    need(g()->C_MessageVerifyInit(c->session, &hashed, keys.public_key), "C_MessageVerifyInit");
    expect_rv(verify(c), CKR_OK, "C_VerifyMessage");
    return g()->C_MessageSignFinal(c->session);
}

/* An error ends its message, not the whole. */
static CK_RV after_error(context *c) {
    CK_ULONG len = sizeof out;
    (void)begin_signing(c);
    expect_rv(g()->C_SignMessage(c->session, NULL, 0, NULL, 32, out, &len), CKR_ARGUMENTS_BAD,
              "C_SignMessage");
    return sign(c);
}

static CK_RV begin_after_error(context *c) {
    (void)begin_signing(c);
    need(sign_begin(c), "C_SignMessageBegin");
    expect_rv(g()->C_SignMessageNext(c->session, NULL, 0, NULL, 16, NULL, NULL), CKR_ARGUMENTS_BAD,
              "C_SignMessageNext");
    expect_rv(sign_part(c), CKR_OPERATION_NOT_INITIALIZED, "C_SignMessageNext afterwards");
    return sign_begin(c);
}

static CK_RV with_parameter(context *c) {
    CK_ULONG len = sizeof out;
    (void)begin_signing(c);
    return g()->C_SignMessage(c->session, digest32, 8, digest32, 32, out, &len);
}

static CK_RV with_null_parameter(context *c) {
    CK_ULONG len = sizeof out;
    (void)begin_signing(c);
    return g()->C_SignMessage(c->session, NULL, 8, digest32, 32, out, &len);
}

static CK_RV null_data(context *c) {
    CK_ULONG len = sizeof out;
    (void)begin_signing(c);
    return g()->C_SignMessage(c->session, NULL, 0, NULL, 32, out, &len);
}

static CK_RV null_len(context *c) {
    (void)begin_signing(c);
    return g()->C_SignMessage(c->session, NULL, 0, digest32, 32, out, NULL);
}

static CK_RV null_part(context *c) {
    (void)begin_signing(c);
    need(sign_begin(c), "C_SignMessageBegin");
    return g()->C_SignMessageNext(c->session, NULL, 0, NULL, 16, NULL, NULL);
}

/* ---- Order of verifying ---- */

static pair signed_message(context *c) {
    pair keys = begin_signing(c);
    need(sign(c), "C_SignMessage");
    need(g()->C_MessageVerifyInit(c->session, &hashed, keys.public_key), "C_MessageVerifyInit");
    return keys;
}

static CK_RV verify_many(context *c) {
    (void)signed_message(c);
    need(verify(c), "C_VerifyMessage");
    need(verify_begin(c), "C_VerifyMessageBegin");
    need(verify_part(c), "C_VerifyMessageNext");
    need(verify_last(c), "C_VerifyMessageNext");
    out[7] ^= 1;
    expect_rv(verify(c), CKR_SIGNATURE_INVALID, "C_VerifyMessage of another signature");
    out[7] ^= 1;
    return verify(c);
}

static CK_RV verify_begin_after_invalid(context *c) {
    (void)signed_message(c);
    out[7] ^= 1;
    need(verify_begin(c), "C_VerifyMessageBegin");
    need(verify_part(c), "C_VerifyMessageNext");
    expect_rv(verify_last(c), CKR_SIGNATURE_INVALID, "C_VerifyMessageNext");
    return verify_begin(c);
}

static CK_RV verify_short(context *c) {
    (void)signed_message(c);
    return g()->C_VerifyMessage(c->session, NULL, 0, digest32, 32, out, 63);
}

static CK_RV verify_null(context *c) {
    (void)begin_verifying(c);
    return g()->C_VerifyMessage(c->session, NULL, 0, digest32, 32, NULL, 64);
}

static CK_RV verify_null_data(context *c) {
    (void)begin_verifying(c);
    return g()->C_VerifyMessage(c->session, NULL, 0, NULL, 32, out, 64);
}

static CK_RV verify_next_without_begin(context *c) {
    (void)begin_verifying(c);
    return verify_part(c);
}

static CK_RV verify_begin_twice(context *c) {
    (void)begin_verifying(c);
    need(verify_begin(c), "C_VerifyMessageBegin");
    return verify_begin(c);
}

static CK_RV verify_within_parts(context *c) {
    (void)begin_verifying(c);
    need(verify_begin(c), "C_VerifyMessageBegin");
    return verify(c);
}

static CK_RV verify_of_messages(context *c) {
    (void)begin_verifying(c);
    return call_C_Verify(c);
}

static CK_RV message_of_verification(context *c) {
    (void)begin_verify(c, CKM_ECDSA);
    return verify(c);
}

static CK_RV verify_final_twice(context *c) {
    (void)begin_verifying(c);
    need(g()->C_MessageVerifyFinal(c->session), "C_MessageVerifyFinal");
    return g()->C_MessageVerifyFinal(c->session);
}

static CK_RV verify_with_parameter(context *c) {
    (void)begin_verifying(c);
    return g()->C_VerifyMessage(c->session, digest32, 8, digest32, 32, out, 64);
}

#define MESSAGE(name, text, answer, what) ROW(name, text, answer, USER_RW, what)
#define NOT_ACTIVE IS(CKR_OPERATION_NOT_INITIALIZED)
#define ACTIVE IS(CKR_OPERATION_ACTIVE)
#define NO_KEY IS(CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID)
#define WRONG_KEY IS(CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT)
#define PARAMETER IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD)

static const row rows[] = {
    MESSAGE(C_MessageSignInit, "NULL mechanism",
            IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID, CKR_OPERATION_NOT_INITIALIZED), init_null),
    MESSAGE(C_MessageSignInit, "a mechanism that digests", IS(CKR_MECHANISM_INVALID), init_type),
    MESSAGE(C_MessageSignInit, "key 0", NO_KEY, init_key),
    MESSAGE(C_MessageSignInit, "a public key", WRONG_KEY, init_public),
    MESSAGE(C_MessageSignInit, "twice", ACTIVE, init_twice),
    MESSAGE(C_MessageSignInit, "a signature is active", ACTIVE, init_while_signing),
    MESSAGE(C_MessageSignInit, "NULL mechanism, messages are signed",
            IS(CKR_OK, CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE), init_cancels),
    MESSAGE(C_SignInit, "messages are signed", ACTIVE, sign_init_while_messages),
    MESSAGE(C_SignMessage, "without C_MessageSignInit", NOT_ACTIVE, call_C_SignMessage),
    MESSAGE(C_SignMessageBegin, "without C_MessageSignInit", NOT_ACTIVE, call_C_SignMessageBegin),
    MESSAGE(C_SignMessageNext, "without C_MessageSignInit", NOT_ACTIVE, call_C_SignMessageNext),
    MESSAGE(C_MessageSignFinal, "without C_MessageSignInit", NOT_ACTIVE, call_C_MessageSignFinal),
    MESSAGE(C_SignMessage, "after C_SignInit", NOT_ACTIVE, message_of_signature),
    MESSAGE(C_Sign, "after C_MessageSignInit", NOT_ACTIVE, signature_of_messages),
    MESSAGE(C_SignUpdate, "after C_MessageSignInit", NOT_ACTIVE, update_of_messages),
    MESSAGE(C_SignFinal, "after C_MessageSignInit", NOT_ACTIVE, final_of_messages),
    MESSAGE(C_SignMessageNext, "without C_SignMessageBegin", NOT_ACTIVE, next_without_begin),
    MESSAGE(C_SignMessageNext, "after the last part", NOT_ACTIVE, next_after_last),
    MESSAGE(C_SignMessageBegin, "twice", ACTIVE, begin_twice),
    MESSAGE(C_SignMessage, "within a message of parts", ACTIVE, whole_within_parts),
    MESSAGE(C_SignMessage, "after C_MessageSignFinal", NOT_ACTIVE, after_final),
    MESSAGE(C_MessageSignFinal, "twice", NOT_ACTIVE, final_twice),
    MESSAGE(C_MessageSignFinal, "within a message of parts", IS(CKR_OK, CKR_OPERATION_ACTIVE),
            final_within_message),
    MESSAGE(C_MessageSignFinal, "after many messages", IS(CKR_OK), many_messages),
    MESSAGE(C_SignMessage, "after an error", IS(CKR_OK), after_error),
    MESSAGE(C_SignMessageBegin, "after a part that failed", IS(CKR_OK), begin_after_error),
    MESSAGE(C_SignMessage, "a parameter where none belongs", PARAMETER, with_parameter),
    MESSAGE(C_SignMessage, "NULL parameter with a length", PARAMETER, with_null_parameter),
    MESSAGE(C_SignMessage, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_data),
    MESSAGE(C_SignMessage, "NULL length", IS(CKR_ARGUMENTS_BAD), null_len),
    MESSAGE(C_SignMessageNext, "NULL part with a length", IS(CKR_ARGUMENTS_BAD), null_part),

    MESSAGE(C_MessageVerifyInit, "NULL mechanism",
            IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID, CKR_OPERATION_NOT_INITIALIZED),
            verify_init_null),
    MESSAGE(C_MessageVerifyInit, "key 0", NO_KEY, verify_init_key),
    MESSAGE(C_MessageVerifyInit, "a private key", WRONG_KEY, verify_init_private),
    MESSAGE(C_MessageVerifyInit, "twice", ACTIVE, verify_init_twice),
    MESSAGE(C_MessageVerifyInit, "a verification is active", ACTIVE, init_while_verifying),
    MESSAGE(C_VerifyInit, "messages are verified", ACTIVE, verify_init_while_messages),
    MESSAGE(C_VerifyMessage, "without C_MessageVerifyInit", NOT_ACTIVE, call_C_VerifyMessage),
    MESSAGE(C_VerifyMessageBegin, "without C_MessageVerifyInit", NOT_ACTIVE,
            call_C_VerifyMessageBegin),
    MESSAGE(C_VerifyMessageNext, "without C_MessageVerifyInit", NOT_ACTIVE,
            call_C_VerifyMessageNext),
    MESSAGE(C_MessageVerifyFinal, "without C_MessageVerifyInit", NOT_ACTIVE,
            call_C_MessageVerifyFinal),
    MESSAGE(C_VerifyMessage, "after C_VerifyInit", NOT_ACTIVE, message_of_verification),
    MESSAGE(C_Verify, "after C_MessageVerifyInit", NOT_ACTIVE, verify_of_messages),
    MESSAGE(C_VerifyMessageNext, "without C_VerifyMessageBegin", NOT_ACTIVE,
            verify_next_without_begin),
    MESSAGE(C_VerifyMessageBegin, "twice", ACTIVE, verify_begin_twice),
    MESSAGE(C_VerifyMessage, "within a message of parts", ACTIVE, verify_within_parts),
    MESSAGE(C_MessageVerifyFinal, "twice", NOT_ACTIVE, verify_final_twice),
    MESSAGE(C_VerifyMessage, "after many messages", IS(CKR_OK), verify_many),
    MESSAGE(C_VerifyMessageBegin, "after a message in parts that is not valid", IS(CKR_OK),
            verify_begin_after_invalid),
    MESSAGE(C_VerifyMessage, "a signature of 63 bytes", IS(CKR_SIGNATURE_LEN_RANGE), verify_short),
    MESSAGE(C_VerifyMessage, "NULL signature", IS(CKR_ARGUMENTS_BAD), verify_null),
    MESSAGE(C_VerifyMessage, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), verify_null_data),
    MESSAGE(C_VerifyMessage, "a parameter where none belongs", PARAMETER, verify_with_parameter),
};

CHAPTER(messages);
