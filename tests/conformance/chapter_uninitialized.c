/* Every function before C_Initialize and after C_Finalize. */
#include "calls.h"

static CK_RV after_finalize(context *c) {
    need(f->C_Finalize(NULL), "C_Finalize");
    return c->row->call(c);
}

#define BEFORE(name)                                                                               \
    ROW(name, "before C_Initialize", IS(CKR_CRYPTOKI_NOT_INITIALIZED), LOADED, call_##name),
#define AFTER(name)                                                                                \
    ROW(name, "after C_Finalize", IS(CKR_CRYPTOKI_NOT_INITIALIZED), INITIALIZED, after_finalize,   \
        .call = call_##name),

static const row rows[] = {ALL_CALLS(BEFORE) ALL_CALLS(AFTER)};

CHAPTER(uninitialized);
