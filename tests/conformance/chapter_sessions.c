/* Opening and closing sessions, their state, and what is left of Cryptoki 1. */
#include "calls.h"

/* ---- C_OpenSession ---- */

static CK_RV open_parallel(context *c) {
    CK_SESSION_HANDLE session;
    return f->C_OpenSession(c->slot, CKF_RW_SESSION, NULL, NULL, &session);
}

static CK_RV open_null(context *c) {
    return f->C_OpenSession(c->slot, CKF_SERIAL_SESSION, NULL, NULL, NULL);
}

static CK_RV open_blank(context *c) {
    CK_SESSION_HANDLE session;
    (void)c;
    return open_session(blank_slot(), true, &session);
}

static CK_RV open_read_only(context *c) {
    CK_SESSION_HANDLE session;
    return open_session(c->slot, false, &session);
}

static CK_RV open_second(context *c) {
    CK_SESSION_HANDLE second = CK_INVALID_HANDLE;
    CK_RV rv = open_session(c->slot, true, &second);
    expect(second != CK_INVALID_HANDLE && second != c->session, "the handle is %lu", second);
    return rv;
}

static CK_RV notify(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application) {
    (void)session;
    (void)event;
    (void)application;
    return CKR_OK;
}

static CK_RV open_with_callback(context *c) {
    CK_SESSION_HANDLE session;
    return f->C_OpenSession(c->slot, CKF_SERIAL_SESSION, c, notify, &session);
}

/* ---- Closing ---- */

static CK_RV close_twice(context *c) {
    need(f->C_CloseSession(c->session), "C_CloseSession");
    return f->C_CloseSession(c->session);
}

static CK_RV close_one_of_two(context *c) {
    CK_SESSION_HANDLE second = must_open(c->slot, true);
    CK_RV rv = f->C_CloseSession(second);
    expect(state_of(c->session) == CKS_RW_USER_FUNCTIONS, "the login ended");
    return rv;
}

static CK_RV close_last(context *c) {
    CK_RV rv = f->C_CloseSession(c->session);
    expect(state_of(must_open(c->slot, true)) == CKS_RW_PUBLIC_SESSION, "the login goes on");
    return rv;
}

static CK_RV close_all(context *c) {
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE second = must_open(c->slot, false);
    CK_RV rv = f->C_CloseAllSessions(c->slot);
    expect_rv(f->C_GetSessionInfo(second, &info), CKR_SESSION_HANDLE_INVALID, "the second");
    expect_rv(f->C_GetSessionInfo(c->session, &info), CKR_SESSION_HANDLE_INVALID, "the first");
    expect(state_of(must_open(c->slot, true)) == CKS_RW_PUBLIC_SESSION, "the login goes on");
    return rv;
}

static CK_RV close_none(context *c) {
    return f->C_CloseAllSessions(c->slot);
}

/* Its objects go with it, and nobody else's. */
static CK_RV close_with_objects(context *c) {
    context other = *c;
    other.session = must_open(c->slot, true);
    CK_OBJECT_HANDLE its = make_data(c, CK_FALSE, CK_FALSE);
    CK_OBJECT_HANDLE others = make_data(&other, CK_FALSE, CK_FALSE);
    CK_RV rv = f->C_CloseSession(c->session);
    expect_rv(get_rv(&other, its, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "its object");
    expect_rv(get_rv(&other, others, CKA_LABEL), CKR_OK, "the other session's object");
    return rv;
}

/* Sessions and logins of another token stay. */
static CK_RV close_all_of_other_token(context *c) {
    CK_SLOT_ID other = another_token();
    CK_SESSION_HANDLE session = must_open(other, true);
    need(login(session, CKU_USER, USER_PIN), "C_Login on the other token");
    CK_RV rv = f->C_CloseAllSessions(c->slot);
    expect(state_of(session) == CKS_RW_USER_FUNCTIONS, "the login on the other token ended");
    return rv;
}

static CK_RV login_on_one_token(context *c) {
    return state_of(must_open(another_token(), true)) == CKS_RW_PUBLIC_SESSION
               ? call_C_GetSessionInfo(c)
               : CKR_USER_ALREADY_LOGGED_IN;
}

/* ---- C_GetSessionInfo ---- */

static CK_RV info_null(context *c) {
    return f->C_GetSessionInfo(c->session, NULL);
}

static CK_RV info_of_state(context *c) {
    CK_FLAGS flags = CKF_SERIAL_SESSION | (c->row->fixture & RW ? CKF_RW_SESSION : 0);
    CK_SESSION_INFO info;
    CK_RV rv = f->C_GetSessionInfo(c->session, &info);
    expect(info.slotID == c->slot, "slot %lu", info.slotID);
    expect(info.flags == flags, "flags are 0x%lx", info.flags);
    expect(info.state == c->row->value, "state %lu, not %lu", info.state, c->row->value);
    return rv;
}

/* ---- C_SessionCancel ---- */

static CK_RV cancel_value(context *c) {
    return g()->C_SessionCancel(c->session, c->row->value);
}

static CK_RV cancel_sign(context *c) {
    CK_BYTE out[64];
    CK_ULONG len = sizeof out;
    (void)begin_sign(c, CKM_ECDSA);
    CK_RV rv = g()->C_SessionCancel(c->session, CKF_SIGN);
    expect_rv(f->C_Sign(c->session, digest32, 32, out, &len), CKR_OPERATION_NOT_INITIALIZED,
              "C_Sign");
    return rv;
}

static CK_RV cancel_other(context *c) {
    CK_BYTE out[64];
    CK_ULONG len = sizeof out;
    (void)begin_sign(c, CKM_ECDSA);
    CK_RV rv = g()->C_SessionCancel(c->session, CKF_VERIFY | CKF_DIGEST | CKF_FIND_OBJECTS);
    expect_rv(f->C_Sign(c->session, digest32, 32, out, &len), CKR_OK, "C_Sign");
    return rv;
}

static CK_RV cancel_all(context *c) {
    CK_FUNCTION_LIST_3_0 *table = g();
    CK_ULONG count;
    CK_OBJECT_HANDLE object;
    (void)begin_verify(c, CKM_ECDSA);
    need(digest_init(c), "C_DigestInit");
    need(f->C_FindObjectsInit(c->session, NULL, 0), "C_FindObjectsInit");
    CK_RV rv = table->C_SessionCancel(c->session, CKF_VERIFY | CKF_DIGEST | CKF_FIND_OBJECTS);
    expect_rv(f->C_Verify(c->session, digest32, 32, digest32, 32), CKR_OPERATION_NOT_INITIALIZED,
              "C_Verify");
    expect_rv(f->C_DigestUpdate(c->session, digest32, 32), CKR_OPERATION_NOT_INITIALIZED,
              "C_DigestUpdate");
    expect_rv(f->C_FindObjects(c->session, &object, 1, &count), CKR_OPERATION_NOT_INITIALIZED,
              "C_FindObjects");
    return rv;
}

static void begin_messages(context *c) {
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_FUNCTION_LIST_3_0 *table = g();
    pair keys = make_pair(c, P256);
    need(table->C_MessageSignInit(c->session, &mechanism, keys.private_key), "C_MessageSignInit");
    need(table->C_MessageVerifyInit(c->session, &mechanism, keys.public_key),
         "C_MessageVerifyInit");
}

static CK_RV cancel_messages(context *c) {
    begin_messages(c);
    CK_RV rv = g()->C_SessionCancel(c->session, CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY);
    expect_rv(call_C_SignMessage(c), CKR_OPERATION_NOT_INITIALIZED, "C_SignMessage");
    expect_rv(call_C_VerifyMessage(c), CKR_OPERATION_NOT_INITIALIZED, "C_VerifyMessage");
    return rv;
}

static CK_RV cancel_beside_messages(context *c) {
    begin_messages(c);
    CK_RV rv = g()->C_SessionCancel(c->session, CKF_SIGN | CKF_VERIFY);
    expect_rv(g()->C_MessageSignFinal(c->session), CKR_OK, "C_MessageSignFinal");
    expect_rv(g()->C_MessageVerifyFinal(c->session), CKR_OK, "C_MessageVerifyFinal");
    return rv;
}

/* ---- Random bytes ---- */

static CK_RV random_null(context *c) {
    return f->C_GenerateRandom(c->session, NULL, c->row->value);
}

static CK_RV random_twice(context *c) {
    CK_BYTE a[32] = {0}, b[32] = {0};
    need(f->C_GenerateRandom(c->session, a, sizeof a), "C_GenerateRandom");
    CK_RV rv = f->C_GenerateRandom(c->session, b, sizeof b);
    bool same = true;
    for (size_t i = 0; i < sizeof a; i++) {
        same = same && a[i] == b[i];
    }
    expect(!same, "the same bytes twice");
    return rv;
}

#define STATE(text, needs, state)                                                                  \
    ROW(C_GetSessionInfo, text, IS(CKR_OK), needs, info_of_state, .value = (state))

static const row rows[] = {
    ROW(C_OpenSession, "without CKF_SERIAL_SESSION", IS(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
        INITIALIZED, open_parallel),
    ROW(C_OpenSession, "NULL", IS(CKR_ARGUMENTS_BAD), INITIALIZED, open_null),
    ROW(C_OpenSession, "an uninitialized token", IS(CKR_TOKEN_NOT_RECOGNIZED), INITIALIZED,
        open_blank),
    ROW(C_OpenSession, "read-only while the SO is logged in", IS(CKR_SESSION_READ_WRITE_SO_EXISTS),
        SO_RW, open_read_only),
    ROW(C_OpenSession, "read-only while the user is logged in", IS(CKR_OK), USER_RW,
        open_read_only),
    ROW(C_OpenSession, "a second one", IS(CKR_OK), PUBLIC_RW, open_second),
    ROW(C_OpenSession, "with a callback", IS(CKR_OK), INITIALIZED, open_with_callback),

    ROW(C_CloseSession, "twice", IS(CKR_SESSION_HANDLE_INVALID), PUBLIC_RO, close_twice),
    ROW(C_CloseSession, "one of two", IS(CKR_OK), USER_RW, close_one_of_two),
    ROW(C_CloseSession, "the last one logs out", IS(CKR_OK), USER_RW, close_last),
    ROW(C_CloseSession, "its objects go", IS(CKR_OK), USER_RW, close_with_objects),
    ROW(C_CloseAllSessions, "all of two", IS(CKR_OK), USER_RW, close_all),
    ROW(C_CloseAllSessions, "none is open", IS(CKR_OK), INITIALIZED, close_none),

    ROW(C_CloseAllSessions, "another token's stay", IS(CKR_OK), OWN | USER_RW,
        close_all_of_other_token),
    ROW(C_GetSessionInfo, "a login is of one token", IS(CKR_OK), OWN | USER_RW, login_on_one_token),

    ROW(C_GetSessionInfo, "NULL", IS(CKR_ARGUMENTS_BAD), PUBLIC_RO, info_null),
    STATE("read-only", PUBLIC_RO, CKS_RO_PUBLIC_SESSION),
    STATE("read-write", PUBLIC_RW, CKS_RW_PUBLIC_SESSION),
    STATE("read-only, the user is logged in", USER_RO, CKS_RO_USER_FUNCTIONS),
    STATE("read-write, the user is logged in", USER_RW, CKS_RW_USER_FUNCTIONS),
    STATE("the SO is logged in", SO_RW, CKS_RW_SO_FUNCTIONS),

    ROW(C_SessionCancel, "no flags", IS(CKR_OK), USER_RW, cancel_value),
    ROW(C_SessionCancel, "nothing is active", IS(CKR_OK), USER_RW, cancel_value,
        .value = CKF_SIGN | CKF_VERIFY | CKF_DIGEST | CKF_FIND_OBJECTS),
    /* The standard says nothing of flags that it does not name. */
    ROW(C_SessionCancel, "unknown flags", IS(CKR_OK, CKR_OPERATION_CANCEL_FAILED), USER_RW,
        cancel_value, .value = 1UL << 63),
    ROW(C_SessionCancel, "a signature", IS(CKR_OK), USER_RW, cancel_sign),
    ROW(C_SessionCancel, "others than the one that is active", IS(CKR_OK), USER_RW, cancel_other),
    ROW(C_SessionCancel, "all at once", IS(CKR_OK), USER_RW, cancel_all),
    ROW(C_SessionCancel, "messages", IS(CKR_OK), USER_RW, cancel_messages),
    ROW(C_SessionCancel, "a signature, while messages are signed", IS(CKR_OK), USER_RW,
        cancel_beside_messages),

    ROW(C_GenerateRandom, "NULL with a length", IS(CKR_ARGUMENTS_BAD), PUBLIC_RO, random_null,
        .value = 32),
    /* Nothing into nowhere: both answers can be argued for. */
    ROW(C_GenerateRandom, "NULL without a length", IS(CKR_OK, CKR_ARGUMENTS_BAD), PUBLIC_RO,
        random_null, .ours = CKR_ARGUMENTS_BAD),
    ROW(C_GenerateRandom, "32 bytes", IS(CKR_OK), PUBLIC_RO, random_twice),
    ROW(C_SeedRandom, "32 bytes", IS(CKR_OK, CKR_RANDOM_SEED_NOT_SUPPORTED), PUBLIC_RO,
        call_C_SeedRandom),
};

CHAPTER(sessions);
