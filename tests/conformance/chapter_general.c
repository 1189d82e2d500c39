/* General-purpose functions: C_Initialize, C_Finalize, C_GetInfo, and the tables of functions. */
#include "calls.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- C_Initialize, C_Finalize ---- */

static CK_RV no_mutex(void) {
    return CKR_OK;
}

static CK_RV create_mutex(void **mutex) {
    static int some;
    *mutex = &some;
    return no_mutex();
}

static CK_RV use_mutex(void *mutex) {
    (void)mutex;
    return no_mutex();
}

#define CREATE 1
#define DESTROY 2
#define LOCK 4
#define UNLOCK 8

static CK_C_INITIALIZE_ARGS with_callbacks(CK_ULONG which, CK_FLAGS flags) {
    return (CK_C_INITIALIZE_ARGS){.CreateMutex = which & CREATE ? create_mutex : NULL,
                                  .DestroyMutex = which & DESTROY ? use_mutex : NULL,
                                  .LockMutex = which & LOCK ? use_mutex : NULL,
                                  .UnlockMutex = which & UNLOCK ? use_mutex : NULL,
                                  .flags = flags};
}

static CK_RV initialize_callbacks(context *c) {
    CK_C_INITIALIZE_ARGS args = with_callbacks(c->row->value, 0);
    return f->C_Initialize(&args);
}

static CK_RV initialize_callbacks_or_os(context *c) {
    CK_C_INITIALIZE_ARGS args = with_callbacks(c->row->value, CKF_OS_LOCKING_OK);
    return f->C_Initialize(&args);
}

static CK_RV initialize_flags(context *c) {
    CK_C_INITIALIZE_ARGS args = {.flags = c->row->value};
    return f->C_Initialize(&args);
}

static CK_RV initialize_reserved(context *c) {
    CK_C_INITIALIZE_ARGS args = {.pReserved = c};
    CK_RV rv = f->C_Initialize(&args);
    expect_rv(call_C_GetInfo(c), CKR_CRYPTOKI_NOT_INITIALIZED, "C_GetInfo afterwards");
    return rv;
}

static CK_RV initialize_null(context *c) {
    (void)c;
    return f->C_Initialize(NULL);
}

static CK_RV initialize_again(context *c) {
    need(f->C_Finalize(NULL), "C_Finalize");
    CK_RV rv = f->C_Initialize(NULL);
    expect_rv(call_C_GetInfo(c), CKR_OK, "C_GetInfo afterwards");
    return rv;
}

static CK_RV finalize_reserved(context *c) {
    CK_RV rv = f->C_Finalize(c);
    expect_rv(call_C_GetInfo(c), CKR_OK, "C_GetInfo afterwards");
    return rv;
}

static CK_RV finalize_twice(context *c) {
    (void)c;
    need(f->C_Finalize(NULL), "C_Finalize");
    return f->C_Finalize(NULL);
}

static CK_RV finalize_with_sessions(context *c) {
    (void)must_open(c->slot, true);
    need(digest_init(c), "C_DigestInit");
    return f->C_Finalize(NULL);
}

/* What the body answers in a forked child; an exit status would have room for one byte of it. */
static CK_RV in_child(context *c, body what) {
    int ends[2], status = 0;
    CK_RV rv = CKR_GENERAL_ERROR;
    if (pipe(ends) != 0) {
        return rv;
    }
    pid_t child = fork();
    if (child == 0) {
        rv = what(c);
        _exit(write(ends[1], &rv, sizeof rv) == sizeof rv ? 0 : 1);
    }
    close(ends[1]);
    expect(read(ends[0], &rv, sizeof rv) == sizeof rv, "the child does not answer");
    close(ends[0]);
    expect(waitpid(child, &status, 0) == child && status == 0, "the child died");
    return rv;
}

static CK_RV child_info(context *c) {
    return in_child(c, call_C_GetInfo);
}

static CK_RV child_initialize(context *c) {
    return in_child(c, initialize_null);
}

/* ---- C_GetInfo ---- */

static bool is_padded(const CK_UTF8CHAR *text, size_t len) {
    return memchr(text, '\0', len) == NULL;
}

static CK_RV get_info(context *c) {
    CK_INFO info;
    (void)c;
    CK_RV rv = f->C_GetInfo(&info);
    expect(info.cryptokiVersion.major == 2, "the version is %u", info.cryptokiVersion.major);
    expect(info.flags == 0, "flags are 0x%lx", info.flags);
    expect(is_padded(info.manufacturerID, sizeof info.manufacturerID), "a NUL in the manufacturer");
    expect(is_padded(info.libraryDescription, sizeof info.libraryDescription),
           "a NUL in the description");
    return rv;
}

static CK_RV get_info_null(context *c) {
    (void)c;
    return f->C_GetInfo(NULL);
}

static CK_RV get_info_3_0(context *c) {
    CK_INFO info;
    (void)c;
    CK_RV rv = g()->C_GetInfo(&info);
    expect(info.cryptokiVersion.major == 3, "the version is %u", info.cryptokiVersion.major);
    return rv;
}

/* ---- Tables ---- */

/* Every table is a version and then nothing but functions. */
static void expect_full(const void *table, size_t functions, unsigned major, unsigned minor) {
    CK_VERSION version;
    memcpy(&version, table, sizeof version);
    expect(version.major == major && version.minor == minor, "the table says %u.%u", version.major,
           version.minor);
    void *const *function = (void *const *)table + 1;
    for (size_t i = 0; i < functions; i++) {
        expect(function[i] != NULL, "function %zu is NULL", i);
    }
}

static CK_RV function_list(context *c) {
    CK_FUNCTION_LIST_PTR list;
    (void)c;
    CK_RV rv = f->C_GetFunctionList(&list);
    expect_full(list, 68, 2, 40);
    return rv;
}

static CK_RV function_list_null(context *c) {
    (void)c;
    return f->C_GetFunctionList(NULL);
}

static void must_have_interfaces(void) {
    if (get_interface == NULL || get_interface_list == NULL) {
        skip("the module has no interfaces");
    }
}

static CK_RV interface_list_null(context *c) {
    (void)c;
    must_have_interfaces();
    return get_interface_list(NULL, NULL);
}

static CK_RV interface_list(context *c) {
    CK_INTERFACE list[16];
    CK_ULONG count = COUNT(list);
    (void)c;
    must_have_interfaces();
    CK_RV rv = get_interface_list(list, &count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        expect(list[i].pInterfaceName != NULL && list[i].pFunctionList != NULL,
               "interface %lu is empty", i);
    }
    return rv;
}

typedef struct wish {
    const char *name;
    CK_VERSION version;
    CK_FLAGS flags;
} wish;

static CK_RV interface_wish(context *c) {
    const wish *w = c->row->data;
    CK_VERSION version = w->version;
    CK_INTERFACE *interface = NULL;
    must_have_interfaces();
    CK_RV rv = get_interface((CK_UTF8CHAR_PTR)(uintptr_t)w->name,
                             version.major == 0 ? NULL : &version, &interface, w->flags);
    expect(rv != CKR_OK || (interface != NULL && interface->pFunctionList != NULL),
           "CKR_OK, and no interface");
    if (rv == CKR_OK && w->name != NULL) {
        expect(strcmp((const char *)interface->pInterfaceName, w->name) == 0,
               "it is of another name");
    }
    if (rv == CKR_OK && version.major != 0) {
        expect_full(interface->pFunctionList, version.major == 2 ? 68 : 92, version.major,
                    version.minor);
    }
    return rv;
}

static CK_RV interface_null(context *c) {
    (void)c;
    must_have_interfaces();
    return get_interface(NULL, NULL, NULL, 0);
}

#define WISH(...)                                                                                  \
    .data = &(const wish) {                                                                        \
        __VA_ARGS__                                                                                \
    }
#define ALL (CREATE | DESTROY | LOCK | UNLOCK)
#define SOME_CALLBACKS(text, which)                                                                \
    ROW(C_Initialize, text, IS(CKR_ARGUMENTS_BAD), LOADED, initialize_callbacks, .value = (which))

static const row rows[] = {
    ROW(C_Initialize, "NULL", IS(CKR_OK), LOADED, initialize_null),
    ROW(C_Initialize, "no flags, no callbacks", IS(CKR_OK), LOADED, initialize_flags),
    ROW(C_Initialize, "CKF_OS_LOCKING_OK", IS(CKR_OK), LOADED, initialize_flags,
        .value = CKF_OS_LOCKING_OK),
    ROW(C_Initialize, "no threads may be made", IS(CKR_OK, CKR_NEED_TO_CREATE_THREADS), LOADED,
        initialize_flags, .value = CKF_LIBRARY_CANT_CREATE_OS_THREADS),
    ROW(C_Initialize, "all callbacks or the system's locks", IS(CKR_OK), LOADED,
        initialize_callbacks_or_os, .value = ALL),
    /* A module that cannot use the application's locks says so. */
    ROW(C_Initialize, "all callbacks and nothing else", IS(CKR_OK, CKR_CANT_LOCK), LOADED,
        initialize_callbacks, .value = ALL, .ours = CKR_CANT_LOCK),
    SOME_CALLBACKS("without CreateMutex", ALL & ~CREATE),
    SOME_CALLBACKS("without DestroyMutex", ALL & ~DESTROY),
    SOME_CALLBACKS("without LockMutex", ALL & ~LOCK),
    SOME_CALLBACKS("without UnlockMutex", ALL & ~UNLOCK),
    SOME_CALLBACKS("CreateMutex alone", CREATE),
    SOME_CALLBACKS("UnlockMutex alone", UNLOCK),
    ROW(C_Initialize, "some callbacks or the system's locks", IS(CKR_ARGUMENTS_BAD), LOADED,
        initialize_callbacks_or_os, .value = LOCK),
    ROW(C_Initialize, "pReserved is not NULL", IS(CKR_ARGUMENTS_BAD), LOADED, initialize_reserved),
    ROW(C_Initialize, "twice", IS(CKR_CRYPTOKI_ALREADY_INITIALIZED), INITIALIZED, initialize_null),
    ROW(C_Initialize, "after C_Finalize", IS(CKR_OK), INITIALIZED, initialize_again),
    ROW(C_Initialize, "in a child of an initialized process",
        IS(CKR_OK, CKR_CRYPTOKI_ALREADY_INITIALIZED), PUBLIC_RO, child_initialize),
    /* The standard leaves a child undefined until it calls C_Initialize; SoftHSM2 goes on. */
    ROW(C_GetInfo, "in a child of an initialized process", IS(CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK),
        PUBLIC_RO, child_info),
    ROW(C_Finalize, "pReserved is not NULL", IS(CKR_ARGUMENTS_BAD), INITIALIZED, finalize_reserved),
    ROW(C_Finalize, "twice", IS(CKR_CRYPTOKI_NOT_INITIALIZED), INITIALIZED, finalize_twice),
    ROW(C_Finalize, "sessions are open", IS(CKR_OK), USER_RW, finalize_with_sessions),

    ROW(C_GetInfo, "NULL", IS(CKR_ARGUMENTS_BAD), INITIALIZED, get_info_null),
    ROW(C_GetInfo, "what it says", IS(CKR_OK), INITIALIZED, get_info),
    ROW(C_GetInfo, "what the table of 3.0 says", IS(CKR_OK), INITIALIZED, get_info_3_0),

    ROW(C_GetFunctionList, "NULL", IS(CKR_ARGUMENTS_BAD), LOADED, function_list_null),
    ROW(C_GetFunctionList, "before C_Initialize", IS(CKR_OK), LOADED, function_list),
    ROW(C_GetInterfaceList, "NULL", IS(CKR_ARGUMENTS_BAD), LOADED, interface_list_null),
    ROW(C_GetInterfaceList, "before C_Initialize", IS(CKR_OK), LOADED, interface_list),
    ROW(C_GetInterface, "NULL", IS(CKR_ARGUMENTS_BAD), LOADED, interface_null),
    ROW(C_GetInterface, "any", IS(CKR_OK), LOADED, interface_wish, WISH(.name = NULL)),
    ROW(C_GetInterface, "PKCS 11 of any version", IS(CKR_OK), LOADED, interface_wish,
        WISH(.name = "PKCS 11")),
    ROW(C_GetInterface, "PKCS 11 2.40", IS(CKR_OK), LOADED, interface_wish,
        WISH(.name = "PKCS 11", .version = {2, 40})),
    ROW(C_GetInterface, "PKCS 11 3.0", IS(CKR_OK), LOADED, interface_wish,
        WISH(.name = "PKCS 11", .version = {3, 0})),
    ROW(C_GetInterface, "3.0 of any name", IS(CKR_OK), LOADED, interface_wish,
        WISH(.version = {3, 0})),
    /* The standard names no code for what is not there. */
    ROW(C_GetInterface, "a version that is none", IS(CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED),
        LOADED, interface_wish, WISH(.name = "PKCS 11", .version = {9, 9})),
    ROW(C_GetInterface, "a name that is none", IS(CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED), LOADED,
        interface_wish, WISH(.name = "PKCS 12")),
    ROW(C_GetInterface, "the beginning of the name", IS(CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED),
        LOADED, interface_wish, WISH(.name = "PKCS")),
    ROW(C_GetInterface, "a flag that is none", IS(CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED), LOADED,
        interface_wish, WISH("PKCS 11", {3, 0}, 0x80)),
};

CHAPTER(general);
