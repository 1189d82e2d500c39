/* Every function with a session that is none, every function of slots with a slot that is none. */
#include "calls.h"

static CK_RV session_of_value(context *c) {
    c->session = c->row->value;
    return c->row->call(c);
}

/* Another session keeps the login. */
static CK_RV closed_session(context *c) {
    (void)must_open(c->slot, true);
    need(f->C_CloseSession(c->session), "C_CloseSession");
    return c->row->call(c);
}

static CK_RV session_of_before(context *c) {
    need(f->C_Finalize(NULL), "C_Finalize");
    need(f->C_Initialize(NULL), "C_Initialize");
    return c->row->call(c);
}

static CK_RV slot_of_value(context *c) {
    c->slot = c->row->value;
    return c->row->call(c);
}

static CK_RV closed_handle_again(context *c) {
    CK_SESSION_HANDLE closed = c->session;
    need(f->C_CloseSession(closed), "C_CloseSession");
    (void)must_open(c->slot, true);
    return c->row->call(c);
}

#define INVALID CKR_SESSION_HANDLE_INVALID

#define SESSIONS(name, answer)                                                                     \
    ROW(name, "session 0", answer, PUBLIC_RO, session_of_value, .call = call_##name),              \
        ROW(name, "a session that never was", answer, PUBLIC_RO, session_of_value,                 \
            .call = call_##name, .value = ~0UL - 5),                                               \
        ROW(name, "a closed session", answer, USER_RW, closed_session, .call = call_##name),       \
        ROW(name, "a session of before C_Finalize", answer, USER_RW, session_of_before,            \
            .call = call_##name),
#define SUPPORTED(name) SESSIONS(name, IS(INVALID))
/* A module need not look at the session before it says that it has no such function. */
#define UNSUPPORTED(name) SESSIONS(name, IS(INVALID, CKR_FUNCTION_NOT_SUPPORTED))
#define LEGACY(name) SESSIONS(name, IS(INVALID, CKR_FUNCTION_NOT_PARALLEL))
#define SLOT(name)                                                                                 \
    ROW(name, "a slot that never was", IS(CKR_SLOT_ID_INVALID), INITIALIZED, slot_of_value,        \
        .call = call_##name, .value = 987654321),                                                  \
        ROW(name, "slot 2^64-1", IS(CKR_SLOT_ID_INVALID), INITIALIZED, slot_of_value,              \
            .call = call_##name, .value = ~0UL),

static const row rows[] = {
    CALLS_OF_SLOTS(SLOT) CALLS_OF_SESSIONS(SUPPORTED) CALLS_OF_3_0(SUPPORTED)
        CALLS_OF_OTHERS(UNSUPPORTED) CALLS_OF_OTHERS_3_0(UNSUPPORTED) CALLS_OF_LEGACY(LEGACY)
            ROW(C_GetSessionInfo, "a closed session, after another one was opened", IS(INVALID),
                PUBLIC_RW, closed_handle_again, .call = call_C_GetSessionInfo),
};

CHAPTER(handles);
