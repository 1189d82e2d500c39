/* C_InitToken, C_InitPIN, C_SetPIN. */
#include "calls.h"

#include <string.h>

static char label32[] = "another                         ";
static char long_pin[4096];

/* A token locks its PINs after fewer wrong ones, or never. */
#define TRIES_MAX 30

static CK_UTF8CHAR_PTR text(const char *of) {
    return (CK_UTF8CHAR_PTR)(uintptr_t)of;
}

static CK_ULONG max_len(context *c) {
    CK_TOKEN_INFO info;
    need(f->C_GetTokenInfo(c->slot, &info), "C_GetTokenInfo");
    memset(long_pin, '1', sizeof long_pin);
    if (info.ulMaxPinLen >= sizeof long_pin) {
        skip("PINs may be longer than any that is tried");
    }
    return info.ulMaxPinLen;
}

static CK_ULONG min_len(context *c) {
    CK_TOKEN_INFO info;
    need(f->C_GetTokenInfo(c->slot, &info), "C_GetTokenInfo");
    return info.ulMinPinLen;
}

/* ---- C_InitToken ---- */

static CK_RV init_null_pin(context *c) {
    return f->C_InitToken(c->slot, NULL, 0, text(label32));
}

static CK_RV init_null_label(context *c) {
    return f->C_InitToken(c->slot, text(SO_PIN), strlen(SO_PIN), NULL);
}

static CK_RV init_wrong_pin(context *c) {
    CK_RV rv = init_token(c->slot, "wrong-pin", 9, "another");
    CK_TOKEN_INFO info;
    need(f->C_GetTokenInfo(c->slot, &info), "C_GetTokenInfo");
    expect(memcmp(info.label, label32, 32) != 0, "it is another token now");
    expect(info.flags & CKF_USER_PIN_INITIALIZED, "the user's PIN is gone");
    return rv;
}

static CK_RV init_locked(context *c) {
    CK_RV rv = CKR_PIN_INCORRECT;
    for (int i = 0; i < TRIES_MAX && rv == CKR_PIN_INCORRECT; i++) {
        rv = init_token(c->slot, "wrong-pin", 9, "another");
    }
    if (rv == CKR_PIN_INCORRECT) {
        skip("PINs are never locked");
    }
    return init_token(c->slot, SO_PIN, strlen(SO_PIN), "another");
}

static CK_RV init_with_session(context *c) {
    return init_token(c->slot, SO_PIN, strlen(SO_PIN), "another");
}

static CK_RV init_blank_short(context *c) {
    CK_ULONG min = min_len(c);
    return init_token(blank_slot(), SO_PIN, min - 1, "another");
}

static CK_RV init_blank_long(context *c) {
    CK_ULONG max = max_len(c);
    return init_token(blank_slot(), long_pin, max + 1, "another");
}

static CK_RV init_blank_huge(context *c) {
    (void)c;
    return init_token(blank_slot(), SO_PIN, ~0UL, "another");
}

static CK_RV init_again(context *c) {
    CK_RV rv = init_token(c->slot, SO_PIN, strlen(SO_PIN), "another");
    CK_TOKEN_INFO info;
    need(f->C_GetTokenInfo(c->slot, &info), "C_GetTokenInfo");
    expect(memcmp(info.label, label32, 32) == 0, "the label stays");
    expect(!(info.flags & CKF_USER_PIN_INITIALIZED), "the user's PIN stays");
    return rv;
}

static CK_RV init_empties(context *c) {
    CK_OBJECT_HANDLE found;
    CK_ULONG count = 1;
    (void)make_data(c, CK_TRUE, CK_FALSE);
    need(f->C_CloseSession(c->session), "C_CloseSession");
    CK_RV rv = init_token(c->slot, SO_PIN, strlen(SO_PIN), "another");
    c->session = must_open(c->slot, true);
    need(f->C_FindObjectsInit(c->session, NULL, 0), "C_FindObjectsInit");
    need(f->C_FindObjects(c->session, &found, 1, &count), "C_FindObjects");
    expect(count == 0, "an object is left");
    return rv;
}

static CK_RV login_before_pin(context *c) {
    need(init_token(c->slot, SO_PIN, strlen(SO_PIN), "another"), "C_InitToken");
    return login(must_open(c->slot, true), CKU_USER, USER_PIN);
}

/* ---- C_InitPIN ---- */

static CK_RV init_pin(context *c) {
    return f->C_InitPIN(c->session, text("another-pin"), 11);
}

static CK_RV init_pin_works(context *c) {
    CK_RV rv = init_pin(c);
    need(f->C_Logout(c->session), "C_Logout");
    expect_rv(login(c->session, CKU_USER, USER_PIN), CKR_PIN_INCORRECT, "the old PIN");
    expect_rv(login(c->session, CKU_USER, "another-pin"), CKR_OK, "the new PIN");
    return rv;
}

static CK_RV init_pin_null(context *c) {
    return f->C_InitPIN(c->session, NULL, 8);
}

static CK_RV init_pin_short(context *c) {
    CK_ULONG min = min_len(c);
    return f->C_InitPIN(c->session, text("another-pin"), min - 1);
}

static CK_RV init_pin_long(context *c) {
    CK_ULONG max = max_len(c);
    return f->C_InitPIN(c->session, text(long_pin), max + 1);
}

static CK_RV init_pin_huge(context *c) {
    return f->C_InitPIN(c->session, text("another-pin"), ~0UL);
}

/* ---- C_SetPIN ---- */

static CK_RV set_pin(context *c, const char *from, const char *to, CK_ULONG to_len) {
    return f->C_SetPIN(c->session, text(from), strlen(from), text(to), to_len);
}

static CK_RV set_pin_works(context *c) {
    bool is_so = (c->row->fixture & AS_SO) != 0, was_in = (c->row->fixture & AS_USER) || is_so;
    const char *old = is_so ? SO_PIN : USER_PIN;
    CK_USER_TYPE user = is_so ? CKU_SO : CKU_USER;
    CK_RV rv = set_pin(c, old, "another-pin", 11);
    if (was_in) {
        need(f->C_Logout(c->session), "C_Logout");
    }
    expect_rv(login(c->session, user, old), CKR_PIN_INCORRECT, "the old PIN");
    expect_rv(login(c->session, user, "another-pin"), CKR_OK, "the new PIN");
    return rv;
}

static CK_RV set_pin_wrong(context *c) {
    return set_pin(c, "wrong-pin", "another-pin", 11);
}

static CK_RV set_pin_short(context *c) {
    CK_ULONG min = min_len(c);
    return set_pin(c, USER_PIN, "another-pin", min - 1);
}

static CK_RV set_pin_long(context *c) {
    CK_ULONG max = max_len(c);
    return set_pin(c, USER_PIN, long_pin, max + 1);
}

static CK_RV set_pin_huge(context *c) {
    return set_pin(c, USER_PIN, "another-pin", ~0UL);
}

static CK_RV set_pin_old_huge(context *c) {
    return f->C_SetPIN(c->session, text(USER_PIN), ~0UL, text("another-pin"), 11);
}

static CK_RV set_pin_null_old(context *c) {
    return f->C_SetPIN(c->session, NULL, 8, text("another-pin"), 11);
}

static CK_RV set_pin_null_new(context *c) {
    return f->C_SetPIN(c->session, text(USER_PIN), strlen(USER_PIN), NULL, 8);
}

static CK_RV set_pin_locked(context *c) {
    CK_RV rv = CKR_PIN_INCORRECT;
    for (int i = 0; i < TRIES_MAX && rv == CKR_PIN_INCORRECT; i++) {
        rv = set_pin_wrong(c);
    }
    if (rv == CKR_PIN_INCORRECT) {
        skip("PINs are never locked");
    }
    return set_pin(c, USER_PIN, "another-pin", 11);
}

static CK_RV set_pin_read_only(context *c) {
    return set_pin(c, USER_PIN, "another-pin", 11);
}

#define OWN_INITIALIZED (OWN | INITIALIZED)
/* C_InitToken has no code for a length: a PIN that cannot be one is a wrong one. */
#define LENGTH(text, what)                                                                         \
    ROW(C_InitToken, text,                                                                         \
        IS(CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, CKR_PIN_INVALID, CKR_ARGUMENTS_BAD), INITIALIZED, \
        what, .ours = CKR_PIN_LEN_RANGE)

static const row rows[] = {
    ROW(C_InitToken, "NULL PIN", IS(CKR_ARGUMENTS_BAD, CKR_PIN_INCORRECT), OWN_INITIALIZED,
        init_null_pin),
    ROW(C_InitToken, "NULL label", IS(CKR_ARGUMENTS_BAD), OWN_INITIALIZED, init_null_label),
    ROW(C_InitToken, "a wrong PIN", IS(CKR_PIN_INCORRECT), OWN_INITIALIZED, init_wrong_pin),
    ROW(C_InitToken, "a session is open", IS(CKR_SESSION_EXISTS), OWN | PUBLIC_RO,
        init_with_session),
    ROW(C_InitToken, "the right PIN after too many wrong ones", IS(CKR_PIN_LOCKED), OWN_INITIALIZED,
        init_locked),
    LENGTH("a short PIN for a new token", init_blank_short),
    LENGTH("a long PIN for a new token", init_blank_long),
    LENGTH("a PIN of 2^64-1 bytes for a new token", init_blank_huge),
    ROW(C_InitToken, "again", IS(CKR_OK), OWN_INITIALIZED, init_again),
    ROW(C_InitToken, "objects are destroyed", IS(CKR_OK), OWN | USER_RW, init_empties),
    ROW(C_Login, "before the user has a PIN", IS(CKR_USER_PIN_NOT_INITIALIZED), OWN_INITIALIZED,
        login_before_pin),

    ROW(C_InitPIN, "in a public session", IS(CKR_USER_NOT_LOGGED_IN), PUBLIC_RW, init_pin),
    ROW(C_InitPIN, "in a read-only session", IS(CKR_USER_NOT_LOGGED_IN, CKR_SESSION_READ_ONLY),
        PUBLIC_RO, init_pin),
    ROW(C_InitPIN, "as the user", IS(CKR_USER_NOT_LOGGED_IN), USER_RW, init_pin),
    ROW(C_InitPIN, "as the SO", IS(CKR_OK), OWN | SO_RW, init_pin_works),
    ROW(C_InitPIN, "NULL", IS(CKR_ARGUMENTS_BAD), SO_RW, init_pin_null),
    ROW(C_InitPIN, "too short", IS(CKR_PIN_LEN_RANGE, CKR_PIN_INVALID), SO_RW, init_pin_short),
    ROW(C_InitPIN, "too long", IS(CKR_PIN_LEN_RANGE, CKR_PIN_INVALID), SO_RW, init_pin_long),
    ROW(C_InitPIN, "2^64-1 bytes", IS(CKR_PIN_LEN_RANGE, CKR_PIN_INVALID, CKR_ARGUMENTS_BAD), SO_RW,
        init_pin_huge),

    ROW(C_SetPIN, "in a public session", IS(CKR_OK), OWN | PUBLIC_RW, set_pin_works),
    ROW(C_SetPIN, "as the user", IS(CKR_OK), OWN | USER_RW, set_pin_works),
    ROW(C_SetPIN, "as the SO", IS(CKR_OK), OWN | SO_RW, set_pin_works),
    ROW(C_SetPIN, "in a read-only session", IS(CKR_SESSION_READ_ONLY), USER_RO, set_pin_read_only),
    ROW(C_SetPIN, "in a read-only session, nobody is logged in", IS(CKR_SESSION_READ_ONLY),
        PUBLIC_RO, set_pin_read_only),
    ROW(C_SetPIN, "the right old PIN after too many wrong ones", IS(CKR_PIN_LOCKED),
        OWN | PUBLIC_RW, set_pin_locked),
    ROW(C_SetPIN, "a wrong old PIN", IS(CKR_PIN_INCORRECT), OWN | USER_RW, set_pin_wrong),
    ROW(C_SetPIN, "an old PIN of 2^64-1 bytes",
        IS(CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, CKR_ARGUMENTS_BAD), OWN | USER_RW,
        set_pin_old_huge),
    ROW(C_SetPIN, "too short", IS(CKR_PIN_LEN_RANGE, CKR_PIN_INVALID), OWN | USER_RW,
        set_pin_short),
    ROW(C_SetPIN, "too long", IS(CKR_PIN_LEN_RANGE, CKR_PIN_INVALID), OWN | USER_RW, set_pin_long),
    ROW(C_SetPIN, "2^64-1 bytes", IS(CKR_PIN_LEN_RANGE, CKR_PIN_INVALID, CKR_ARGUMENTS_BAD),
        OWN | USER_RW, set_pin_huge),
    ROW(C_SetPIN, "NULL old PIN", IS(CKR_ARGUMENTS_BAD), OWN | USER_RW, set_pin_null_old),
    ROW(C_SetPIN, "NULL new PIN", IS(CKR_ARGUMENTS_BAD), OWN | USER_RW, set_pin_null_new),
};

CHAPTER(pins);
