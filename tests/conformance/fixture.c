/* The module, the token that conditions share, and what each condition begins with. */
#include "conformance.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CK_FUNCTION_LIST *f;
CK_C_GetInterface get_interface;
CK_C_GetInterfaceList get_interface_list;

static CK_FUNCTION_LIST_3_0 *functions_3_0;

static const char shared_label[] = "conformance";

/* ---- The module ---- */

static void load_3_0(void *module) {
    CK_VERSION version = {3, 0};
    CK_INTERFACE *interface;
    *(void **)&get_interface = dlsym(module, "C_GetInterface");
    *(void **)&get_interface_list = dlsym(module, "C_GetInterfaceList");
    if (get_interface != NULL && get_interface(NULL, &version, &interface, 0) == CKR_OK) {
        functions_3_0 = interface->pFunctionList;
    }
}

const char *module_load(const char *path) {
    CK_C_GetFunctionList get_list;
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        return dlerror();
    }
    *(void **)&get_list = dlsym(module, "C_GetFunctionList");
    if (get_list == NULL || get_list(&f) != CKR_OK) {
        return "it gives no table of functions";
    }
    load_3_0(module);
    return NULL;
}

CK_FUNCTION_LIST_3_0 *g(void) {
    if (functions_3_0 == NULL) {
        skip("the module has no interface of 3.0");
    }
    return functions_3_0;
}

/* ---- Tokens ---- */

#define SLOTS_MAX 256

static bool has_label(const CK_TOKEN_INFO *info, const char *label) {
    CK_UTF8CHAR padded[32];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    return memcmp(info->label, padded, sizeof padded) == 0;
}

/* The slot of an initialized token with the label, or, without one, of an uninitialized token. */
static CK_SLOT_ID find_slot(const char *label) {
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    need(f->C_GetSlotList(CK_TRUE, NULL, &count), "C_GetSlotList");
    count = SLOTS_MAX;
    need(f->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        need(f->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        bool is_blank = !(info.flags & CKF_TOKEN_INITIALIZED);
        if (label == NULL ? is_blank : !is_blank && has_label(&info, label)) {
            return slots[i];
        }
    }
    skip("there is no such token");
}

CK_SLOT_ID blank_slot(void) {
    return find_slot(NULL);
}

CK_RV init_token(CK_SLOT_ID slot, const char *pin, size_t pin_len, const char *label) {
    CK_UTF8CHAR padded[32];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    return f->C_InitToken(slot, (CK_UTF8CHAR_PTR)(uintptr_t)pin, pin_len, padded);
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin) {
    return f->C_Login(session, user, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
}

CK_RV open_session(CK_SLOT_ID slot, bool rw, CK_SESSION_HANDLE *out) {
    CK_FLAGS flags = CKF_SERIAL_SESSION | (rw ? CKF_RW_SESSION : 0);
    return f->C_OpenSession(slot, flags, NULL, NULL, out);
}

CK_SESSION_HANDLE must_open(CK_SLOT_ID slot, bool rw) {
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    need(open_session(slot, rw, &session), "C_OpenSession");
    return session;
}

CK_STATE state_of(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info;
    need(f->C_GetSessionInfo(session, &info), "C_GetSessionInfo");
    return info.state;
}

/* Some modules give a new token another slot: the label finds it. */
static CK_SLOT_ID make_token(const char *label) {
    CK_UTF8CHAR pin[] = USER_PIN;
    need(init_token(blank_slot(), SO_PIN, strlen(SO_PIN), label), "C_InitToken");
    CK_SLOT_ID slot = find_slot(label);
    CK_SESSION_HANDLE session = must_open(slot, true);
    need(login(session, CKU_SO, SO_PIN), "C_Login");
    need(f->C_InitPIN(session, pin, sizeof pin - 1), "C_InitPIN");
    need(f->C_CloseSession(session), "C_CloseSession");
    return slot;
}

/* ---- Fixtures ---- */

void fixture_prepare(void) {
    need(f->C_Initialize(NULL), "C_Initialize");
    make_token(shared_label);
    need(f->C_Finalize(NULL), "C_Finalize");
}

CK_SLOT_ID another_token(void) {
    static unsigned serial;
    char label[32];
    snprintf(label, sizeof label, "own %ld %u", (long)getpid(), serial++);
    return make_token(label);
}

/* Tokens that conditions make for themselves are not in the way of the others. */
static void choose_home(bool own) {
    static char shared[256];
    static unsigned serial;
    char path[sizeof shared + 32];
    const char *home = getenv("VALETKEY_HOME");
    if (shared[0] == '\0' && home != NULL) {
        snprintf(shared, sizeof shared, "%s", home);
    }
    snprintf(path, sizeof path, "%s-%ld-%u", shared, (long)getpid(), serial);
    serial += own;
    setenv("VALETKEY_HOME", own ? path : shared, 1);
    /* A security key that is plugged in is nobody's business here. */
    setenv("VALETKEY_FIDO2", "off", 1);
}

void fixture_start(context *c) {
    unsigned needs = c->row->fixture;
    choose_home((needs & OWN) != 0);
    if (!(needs & INITIALIZED)) {
        return;
    }
    need(f->C_Initialize(NULL), "C_Initialize");
    c->slot = needs & OWN ? another_token() : find_slot(shared_label);
    if (needs & SESSION) {
        c->session = must_open(c->slot, (needs & RW) != 0);
    }
    if (needs & AS_USER) {
        need(login(c->session, CKU_USER, USER_PIN), "C_Login");
    }
    if (needs & AS_SO) {
        need(login(c->session, CKU_SO, SO_PIN), "C_Login");
    }
}

void fixture_stop(void) {
    (void)f->C_Finalize(NULL);
}
