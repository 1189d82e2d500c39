/* C_Login, C_LoginUser, C_Logout. */
#include "calls.h"

#include <string.h>

static CK_UTF8CHAR user_pin[] = USER_PIN;
#define USER_PIN_LEN (sizeof user_pin - 1)

/* ---- C_Login ---- */

static CK_RV login_user_type(context *c) {
    return f->C_Login(c->session, c->row->value, user_pin, USER_PIN_LEN);
}

static CK_RV login_null(context *c) {
    return f->C_Login(c->session, CKU_USER, NULL, c->row->value);
}

static CK_RV login_len(context *c) {
    static CK_UTF8CHAR pin[4096];
    memset(pin, '1', sizeof pin);
    return f->C_Login(c->session, CKU_USER, pin, c->row->value);
}

static CK_RV login_wrong(context *c) {
    CK_RV rv = login(c->session, c->row->value, "wrong-pin");
    expect(state_of(c->session) == CKS_RW_PUBLIC_SESSION, "somebody is logged in");
    return rv;
}

static CK_RV login_as(context *c) {
    return login(c->session, c->row->value, c->row->value == CKU_SO ? SO_PIN : USER_PIN);
}

static CK_RV login_second_session(context *c) {
    CK_SESSION_HANDLE second = must_open(c->slot, true);
    expect(state_of(second) == CKS_RW_USER_FUNCTIONS, "the login is not of all sessions");
    return login(second, CKU_USER, USER_PIN);
}

static CK_RV login_all_sessions(context *c) {
    CK_SESSION_HANDLE second = must_open(c->slot, false);
    CK_RV rv = login(c->session, CKU_USER, USER_PIN);
    expect(state_of(second) == CKS_RO_USER_FUNCTIONS, "the login is not of all sessions");
    return rv;
}

static CK_RV so_with_read_only(context *c) {
    (void)must_open(c->slot, false);
    return login(c->session, CKU_SO, SO_PIN);
}

/* The last answer to wrong PINs. */
static CK_RV lock_pin(context *c, CK_USER_TYPE user) {
    CK_RV rv = CKR_PIN_INCORRECT;
    for (int i = 0; i < 30 && rv == CKR_PIN_INCORRECT; i++) {
        rv = login(c->session, user, "wrong-pin");
    }
    if (rv == CKR_PIN_INCORRECT) {
        skip("PINs are never locked");
    }
    return rv;
}

static CK_RV login_locked(context *c) {
    (void)lock_pin(c, c->row->value);
    return login_as(c);
}

static CK_FLAGS token_flags(context *c) {
    CK_TOKEN_INFO info;
    need(f->C_GetTokenInfo(c->slot, &info), "C_GetTokenInfo");
    return info.flags;
}

static CK_RV flags_after_wrong(context *c) {
    CK_TOKEN_INFO info;
    expect_rv(login(c->session, CKU_USER, "wrong-pin"), CKR_PIN_INCORRECT, "a wrong PIN");
    CK_FLAGS wrong = token_flags(c);
    need(login(c->session, CKU_USER, USER_PIN), "C_Login");
    CK_RV rv = f->C_GetTokenInfo(c->slot, &info);
    expect(wrong & CKF_USER_PIN_COUNT_LOW, "flags are 0x%lx after a wrong PIN", wrong);
    expect(!(info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED)),
           "flags are 0x%lx after the right one", info.flags);
    return rv;
}

static CK_RV flags_of_locked(context *c) {
    CK_TOKEN_INFO info;
    (void)lock_pin(c, CKU_USER);
    CK_RV rv = f->C_GetTokenInfo(c->slot, &info);
    expect(info.flags & CKF_USER_PIN_LOCKED, "flags are 0x%lx", info.flags);
    expect(!(info.flags & CKF_SO_PIN_LOCKED), "the SO's PIN is locked as well");
    return rv;
}

static CK_RV init_pin_of_locked(context *c) {
    (void)lock_pin(c, CKU_USER);
    need(login(c->session, CKU_SO, SO_PIN), "C_Login");
    CK_RV rv = f->C_InitPIN(c->session, user_pin, USER_PIN_LEN);
    need(f->C_Logout(c->session), "C_Logout");
    expect_rv(login(c->session, CKU_USER, USER_PIN), CKR_OK, "the user's login");
    return rv;
}

/* ---- C_LoginUser ---- */

static CK_RV login_user(context *c) {
    CK_RV rv = g()->C_LoginUser(c->session, CKU_USER, user_pin, USER_PIN_LEN, NULL, 0);
    expect(state_of(c->session) == CKS_RW_USER_FUNCTIONS, "nobody is logged in");
    return rv;
}

static CK_RV login_user_name(context *c) {
    CK_UTF8CHAR name[] = "somebody";
    return g()->C_LoginUser(c->session, CKU_USER, user_pin, USER_PIN_LEN, name, 8);
}

static CK_RV login_user_null_name(context *c) {
    return g()->C_LoginUser(c->session, CKU_USER, user_pin, USER_PIN_LEN, NULL, 8);
}

static CK_RV login_user_null_pin(context *c) {
    return g()->C_LoginUser(c->session, CKU_USER, NULL, 8, NULL, 0);
}

/* ---- Context logins ---- */

static const CK_ATTRIBUTE always = ATTR(CKA_ALWAYS_AUTHENTICATE, yes);

static void begin_always(context *c) {
    pair keys = make_pair_with(c, P256, always);
    need(sign_init(c, CKM_ECDSA, keys.private_key), "C_SignInit");
}

/* CKM_ECDSA is not for parts. */
static void begin_always_hashed(context *c) {
    must_have(c, CKM_ECDSA_SHA256);
    need(sign_init(c, CKM_ECDSA_SHA256, make_pair_with(c, P256, always).private_key), "C_SignInit");
}

static CK_RV sign_now(context *c) {
    CK_BYTE out[64];
    CK_ULONG len = sizeof out;
    return f->C_Sign(c->session, digest32, sizeof digest32, out, &len);
}

/* "A call to C_Sign always terminates the active signing operation", but good modules let the login
 * come late. */
static CK_RV sign_without_context(context *c) {
    begin_always(c);
    CK_RV rv = sign_now(c), late = login(c->session, CKU_CONTEXT_SPECIFIC, USER_PIN);
    expect(late == CKR_OK || late == CKR_OPERATION_NOT_INITIALIZED, "the login afterwards gave %s",
           rv_name(late));
    expect_rv(sign_now(c), late, "C_Sign afterwards");
    return rv;
}

static CK_RV sign_with_context(context *c) {
    begin_always(c);
    need(login(c->session, CKU_CONTEXT_SPECIFIC, USER_PIN), "C_Login");
    expect(state_of(c->session) == CKS_RW_USER_FUNCTIONS, "the session's state changed");
    return sign_now(c);
}

static CK_RV parts_with_context(context *c) {
    CK_BYTE out[64];
    CK_ULONG len = sizeof out;
    begin_always_hashed(c);
    need(login(c->session, CKU_CONTEXT_SPECIFIC, USER_PIN), "C_Login");
    need(f->C_SignUpdate(c->session, digest32, 16), "C_SignUpdate");
    need(f->C_SignUpdate(c->session, digest32 + 16, 16), "C_SignUpdate");
    need(f->C_SignFinal(c->session, NULL, &len), "C_SignFinal for the length");
    return f->C_SignFinal(c->session, out, &len);
}

static CK_RV message_without_context(context *c) {
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_FUNCTION_LIST_3_0 *table = g();
    pair keys = make_pair_with(c, P256, always);
    need(table->C_MessageSignInit(c->session, &mechanism, keys.private_key), "C_MessageSignInit");
    return call_C_SignMessage(c);
}

static CK_RV context_unasked(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    CK_RV rv = login(c->session, CKU_CONTEXT_SPECIFIC, USER_PIN);
    expect_rv(sign_now(c), CKR_OK, "C_Sign afterwards");
    return rv;
}

static CK_RV context_elsewhere(context *c) {
    begin_always(c);
    CK_RV rv = login(must_open(c->slot, true), CKU_CONTEXT_SPECIFIC, USER_PIN);
    expect_rv(sign_now(c), CKR_USER_NOT_LOGGED_IN, "C_Sign afterwards");
    return rv;
}

/* "... and this also logs the user out from the token." */
static CK_RV context_locked(context *c) {
    begin_always(c);
    CK_RV rv = lock_pin(c, CKU_CONTEXT_SPECIFIC);
    expect(state_of(c->session) == CKS_RW_PUBLIC_SESSION, "the user is still logged in");
    return rv;
}

static CK_RV update_without_context(context *c) {
    begin_always_hashed(c);
    return f->C_SignUpdate(c->session, digest32, sizeof digest32);
}

static CK_RV context_wrong(context *c) {
    begin_always(c);
    CK_RV rv = login(c->session, CKU_CONTEXT_SPECIFIC, "wrong-pin");
    expect(state_of(c->session) == CKS_RW_USER_FUNCTIONS, "the session's state changed");
    expect_rv(login(c->session, CKU_CONTEXT_SPECIFIC, USER_PIN), CKR_OK, "the right PIN");
    expect_rv(sign_now(c), CKR_OK, "C_Sign afterwards");
    return rv;
}

static CK_RV context_is_for_one(context *c) {
    pair keys = make_pair_with(c, P256, always);
    need(sign_init(c, CKM_ECDSA, keys.private_key), "C_SignInit");
    need(login(c->session, CKU_CONTEXT_SPECIFIC, USER_PIN), "C_Login");
    need(sign_now(c), "C_Sign");
    need(sign_init(c, CKM_ECDSA, keys.private_key), "C_SignInit");
    return sign_now(c);
}

/* ---- C_Logout ---- */

static CK_RV logout(context *c) {
    return f->C_Logout(c->session);
}

static CK_RV logout_all_sessions(context *c) {
    CK_SESSION_HANDLE second = must_open(c->slot, false);
    CK_RV rv = f->C_Logout(second);
    expect(state_of(c->session) == CKS_RW_PUBLIC_SESSION, "the login goes on");
    return rv;
}

/* Private handles are over even if the user comes back, private session objects are destroyed. */
static CK_RV logout_private(context *c) {
    CK_OBJECT_HANDLE hidden = make_data(c, CK_FALSE, CK_TRUE);
    CK_OBJECT_HANDLE seen = make_data(c, CK_FALSE, CK_FALSE);
    CK_RV rv = f->C_Logout(c->session);
    expect_rv(get_rv(c, hidden, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "the private object");
    expect_rv(get_rv(c, seen, CKA_LABEL), CKR_OK, "the public object");
    need(login(c->session, CKU_USER, USER_PIN), "C_Login");
    expect_rv(get_rv(c, hidden, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID,
              "the private object after another login");
    return rv;
}

static CK_RV sign_after_logout(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
    need(f->C_Logout(c->session), "C_Logout");
    return sign_now(c);
}

static CK_RV logout_and_back(context *c) {
    CK_OBJECT_HANDLE hidden = make_data(c, CK_TRUE, CK_TRUE);
    need(f->C_Logout(c->session), "C_Logout");
    need(login(c->session, CKU_USER, USER_PIN), "C_Login");
    return get_rv(c, hidden, CKA_LABEL);
}

static CK_RV logout_key(context *c) {
    CK_ATTRIBUTE public_templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                                   ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE private_templ[] = {ATTR(CKA_TOKEN, yes)};
    pair keys;
    need(try_pair(c, public_templ, 2, private_templ, 1, &keys), "C_GenerateKeyPair");
    need(f->C_Logout(c->session), "C_Logout");
    return sign_init(c, CKM_ECDSA, keys.private_key);
}

static CK_RV logout_stored(context *c) {
    CK_OBJECT_HANDLE hidden = make_data(c, CK_TRUE, CK_TRUE);
    need(f->C_Logout(c->session), "C_Logout");
    CK_RV rv = get_rv(c, hidden, CKA_LABEL);
    expect_rv(f->C_DestroyObject(c->session, hidden), CKR_OBJECT_HANDLE_INVALID, "C_DestroyObject");
    return rv;
}

#define LOGIN(text, answer, needs, user)                                                           \
    ROW(C_Login, text, answer, needs, login_as, .value = (user))
#define LENGTH(text, len)                                                                          \
    ROW(C_Login, text, IS(CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, CKR_ARGUMENTS_BAD),                \
        OWN | PUBLIC_RW, login_len, .value = (len))

static const row rows[] = {
    ROW(C_Login, "a user type that is none", IS(CKR_USER_TYPE_INVALID), PUBLIC_RW, login_user_type,
        .value = 3),
    ROW(C_Login, "user type 2^64-1", IS(CKR_USER_TYPE_INVALID), PUBLIC_RW, login_user_type,
        .value = ~0UL),
    ROW(C_Login, "NULL", IS(CKR_ARGUMENTS_BAD, CKR_PIN_INCORRECT), PUBLIC_RW, login_null),
    ROW(C_Login, "NULL with a length", IS(CKR_ARGUMENTS_BAD), PUBLIC_RW, login_null, .value = 8),
    LENGTH("an empty PIN", 0),
    LENGTH("a PIN of one byte", 1),
    LENGTH("a PIN of 4096 bytes", 4096),
    LENGTH("a PIN of 2^64-1 bytes", ~0UL),
    ROW(C_Login, "the user, a wrong PIN", IS(CKR_PIN_INCORRECT), OWN | PUBLIC_RW, login_wrong,
        .value = CKU_USER),
    ROW(C_Login, "the SO, a wrong PIN", IS(CKR_PIN_INCORRECT), OWN | PUBLIC_RW, login_wrong,
        .value = CKU_SO),
    LOGIN("the user", IS(CKR_OK), PUBLIC_RW, CKU_USER),
    LOGIN("the user in a read-only session", IS(CKR_OK), PUBLIC_RO, CKU_USER),
    LOGIN("the SO", IS(CKR_OK), PUBLIC_RW, CKU_SO),
    LOGIN("the SO in a read-only session", IS(CKR_SESSION_READ_ONLY_EXISTS, CKR_SESSION_READ_ONLY),
          PUBLIC_RO, CKU_SO),
    ROW(C_Login, "the SO while there is a read-only session", IS(CKR_SESSION_READ_ONLY_EXISTS),
        PUBLIC_RW, so_with_read_only),
    LOGIN("the user twice", IS(CKR_USER_ALREADY_LOGGED_IN), USER_RW, CKU_USER),
    LOGIN("the SO twice", IS(CKR_USER_ALREADY_LOGGED_IN), SO_RW, CKU_SO),
    LOGIN("the SO while the user is logged in", IS(CKR_USER_ANOTHER_ALREADY_LOGGED_IN), USER_RW,
          CKU_SO),
    LOGIN("the user while the SO is logged in", IS(CKR_USER_ANOTHER_ALREADY_LOGGED_IN), SO_RW,
          CKU_USER),
    ROW(C_Login, "the user twice, in two sessions", IS(CKR_USER_ALREADY_LOGGED_IN), USER_RW,
        login_second_session),
    ROW(C_Login, "it is of all sessions", IS(CKR_OK), PUBLIC_RW, login_all_sessions),
    ROW(C_Login, "the right PIN after too many wrong ones", IS(CKR_PIN_LOCKED), OWN | PUBLIC_RW,
        login_locked, .value = CKU_USER),
    ROW(C_Login, "the SO's right PIN after too many wrong ones", IS(CKR_PIN_LOCKED),
        OWN | PUBLIC_RW, login_locked, .value = CKU_SO),
    ROW(C_GetTokenInfo, "after a wrong PIN and after the right one", IS(CKR_OK), OWN | PUBLIC_RW,
        flags_after_wrong),
    ROW(C_GetTokenInfo, "after too many wrong PINs", IS(CKR_OK), OWN | PUBLIC_RW, flags_of_locked),
    ROW(C_InitPIN, "of a user whose PIN is locked", IS(CKR_OK), OWN | PUBLIC_RW,
        init_pin_of_locked),
    LOGIN("for an operation that is not active", IS(CKR_OPERATION_NOT_INITIALIZED), USER_RW,
          CKU_CONTEXT_SPECIFIC),
    LOGIN("for an operation, without a login",
          IS(CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN), PUBLIC_RW,
          CKU_CONTEXT_SPECIFIC),
    ROW(C_Login, "for an operation, a wrong PIN", IS(CKR_PIN_INCORRECT), OWN | USER_RW,
        context_wrong),
    ROW(C_Login, "for an operation whose key does not ask for it",
        IS(CKR_OPERATION_NOT_INITIALIZED), USER_RW, context_unasked),
    ROW(C_Login, "for an operation of another session", IS(CKR_OPERATION_NOT_INITIALIZED), USER_RW,
        context_elsewhere),
    ROW(C_Login, "for an operation, too many wrong PINs", IS(CKR_PIN_LOCKED), OWN | USER_RW,
        context_locked),
    ROW(C_Sign, "after the login for the operation", IS(CKR_OK), USER_RW, sign_with_context),
    ROW(C_SignFinal, "after the login for the operation", IS(CKR_OK), USER_RW, parts_with_context),
    ROW(C_SignMessage, "before the login for the message", IS(CKR_USER_NOT_LOGGED_IN), USER_RW,
        message_without_context),
    ROW(C_Sign, "before the login for the operation", IS(CKR_USER_NOT_LOGGED_IN), USER_RW,
        sign_without_context),
    ROW(C_SignUpdate, "before the login for the operation", IS(CKR_USER_NOT_LOGGED_IN), USER_RW,
        update_without_context),
    ROW(C_Sign, "again, without another login for the operation", IS(CKR_USER_NOT_LOGGED_IN),
        USER_RW, context_is_for_one),

    ROW(C_LoginUser, "without a name", IS(CKR_OK), PUBLIC_RW, login_user),
    /* The token's user has no name, and the standard no code for that. */
    ROW(C_LoginUser, "with a name",
        IS(CKR_USER_TYPE_INVALID, CKR_ARGUMENTS_BAD, CKR_OK, CKR_PIN_INCORRECT), PUBLIC_RW,
        login_user_name),
    ROW(C_LoginUser, "NULL name with a length", IS(CKR_ARGUMENTS_BAD), PUBLIC_RW,
        login_user_null_name),
    ROW(C_LoginUser, "NULL PIN", IS(CKR_ARGUMENTS_BAD), PUBLIC_RW, login_user_null_pin),

    ROW(C_Logout, "nobody is logged in", IS(CKR_USER_NOT_LOGGED_IN), PUBLIC_RW, logout),
    ROW(C_Logout, "the user", IS(CKR_OK), USER_RW, logout),
    ROW(C_Logout, "the SO", IS(CKR_OK), SO_RW, logout),
    ROW(C_Logout, "it is of all sessions", IS(CKR_OK), USER_RW, logout_all_sessions),
    ROW(C_Logout, "private objects are gone", IS(CKR_OK), USER_RW, logout_private),
    /* "It may or may not be the case that those operations are still active"; SoftHSM2 signs on. */
    ROW(C_Sign, "after C_Logout",
        IS(CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID, CKR_OK),
        USER_RW, sign_after_logout),
    ROW(C_GetAttributeValue, "a private object after C_Logout", IS(CKR_OBJECT_HANDLE_INVALID),
        OWN | USER_RW, logout_stored),
    /* It is the login that lacks: valetkey says so. */
    ROW(C_SignInit, "a private key after C_Logout",
        IS(CKR_KEY_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_OBJECT_HANDLE_INVALID),
        OWN | USER_RW, logout_key, .ours = CKR_USER_NOT_LOGGED_IN),
    ROW(C_GetAttributeValue, "a private token object's handle, after C_Logout and C_Login",
        IS(CKR_OBJECT_HANDLE_INVALID), OWN | USER_RW, logout_and_back),
};

CHAPTER(logins);
