/*
 * A PKCS#11 module in front of the one in $VK_FAIL_MODULE, of whose calls one fails, as that of a
 * device would that is taken away for a moment, or for good: the $VK_FAIL_AT-th, or all from the
 * $VK_FAIL_FROM-th on; they are counted from the first call of $VK_FAIL_AFTER on. What fails does
 * nothing. Calls that only end something are neither counted nor failed. At the end, the number of
 * calls and the first function that failed ("-": none) are written to $VK_FAIL_LOG.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST_PTR real;
static unsigned long calls;
static const char *failed = "-";

static unsigned long number(const char *name) {
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : 0;
}

static bool fails(const char *function) {
    unsigned long at = number("VK_FAIL_AT"), from = number("VK_FAIL_FROM");
    const char *after = getenv("VK_FAIL_AFTER");
    if (calls == 0 && after != NULL && strcmp(after, function) != 0) {
        return false;
    }
    calls++;
    if (calls != at && (from == 0 || calls < from)) {
        return false;
    }
    failed = failed[0] == '-' ? function : failed;
    return true;
}

/* FORWARD(C_Sign, (parameters), (arguments)) */
#define FORWARD(name, parameters, arguments)                                                       \
    static CK_RV failing_##name parameters {                                                       \
        return fails(#name) ? CKR_DEVICE_ERROR : real->name arguments;                             \
    }

FORWARD(C_GetSlotList, (CK_BBOOL present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count),
        (present, list, count))
FORWARD(C_GetSlotInfo, (CK_SLOT_ID slot, CK_SLOT_INFO_PTR info), (slot, info))
FORWARD(C_GetTokenInfo, (CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info), (slot, info))
FORWARD(C_OpenSession,
        (CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR data, CK_NOTIFY notify,
         CK_SESSION_HANDLE_PTR session),
        (slot, flags, data, notify, session))
FORWARD(C_GetSessionInfo, (CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info), (session, info))
FORWARD(C_Login,
        (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len),
        (session, user, pin, pin_len))
FORWARD(C_FindObjectsInit, (CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR templ, CK_ULONG count),
        (session, templ, count))
FORWARD(C_FindObjects,
        (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG max, CK_ULONG_PTR count),
        (session, objects, max, count))
FORWARD(C_GetAttributeValue,
        (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ,
         CK_ULONG count),
        (session, object, templ, count))
FORWARD(C_GenerateRandom, (CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG len),
        (session, out, len))
FORWARD(C_GenerateKeyPair,
        (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR public_templ,
         CK_ULONG public_count, CK_ATTRIBUTE_PTR private_templ, CK_ULONG private_count,
         CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key),
        (session, mechanism, public_templ, public_count, private_templ, private_count, public_key,
         private_key))
FORWARD(C_CreateObject,
        (CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR templ, CK_ULONG count,
         CK_OBJECT_HANDLE_PTR object),
        (session, templ, count, object))
FORWARD(C_DestroyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object), (session, object))
FORWARD(C_SignInit, (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key),
        (session, mechanism, key))
FORWARD(C_Sign,
        (CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
         CK_ULONG_PTR len),
        (session, data, data_len, signature, len))

static CK_FUNCTION_LIST list;

static void put_functions(void) {
    list = *real;
    list.C_GetSlotList = failing_C_GetSlotList;
    list.C_GetSlotInfo = failing_C_GetSlotInfo;
    list.C_GetTokenInfo = failing_C_GetTokenInfo;
    list.C_OpenSession = failing_C_OpenSession;
    list.C_GetSessionInfo = failing_C_GetSessionInfo;
    list.C_Login = failing_C_Login;
    list.C_FindObjectsInit = failing_C_FindObjectsInit;
    list.C_FindObjects = failing_C_FindObjects;
    list.C_GetAttributeValue = failing_C_GetAttributeValue;
    list.C_GenerateRandom = failing_C_GenerateRandom;
    list.C_GenerateKeyPair = failing_C_GenerateKeyPair;
    list.C_CreateObject = failing_C_CreateObject;
    list.C_DestroyObject = failing_C_DestroyObject;
    list.C_SignInit = failing_C_SignInit;
    list.C_Sign = failing_C_Sign;
}

static void write_log(void) {
    const char *path = getenv("VK_FAIL_LOG");
    FILE *log = path != NULL ? fopen(path, "w") : NULL;
    if (log != NULL) {
        fprintf(log, "%lu %s\n", calls, failed);
        fclose(log);
    }
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out) {
    const char *path = getenv("VK_FAIL_MODULE");
    CK_C_GetFunctionList get_list = NULL;
    void *handle = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (handle == NULL) {
        return CKR_GENERAL_ERROR;
    }
    /* POSIX's way to turn an object pointer into a function's. */
    *(void **)&get_list = dlsym(handle, "C_GetFunctionList");
    if (get_list == NULL || get_list(&real) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    put_functions();
    *out = &list;
    return CKR_OK;
}

/* When the module is unloaded. */
__attribute__((destructor)) static void finish(void) {
    write_log();
}
