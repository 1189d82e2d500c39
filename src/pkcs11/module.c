#include "pkcs11/module.h"
#include "pkcs11/entry.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static vk_module *current;   /* NULL: not initialized */
static vk_module *forgotten; /* reachable, so that leak checkers know that it is no accident */
static bool prepared, exiting;

/* ---- Life ---- */

vk_module *vk_module_lock(void) {
    pthread_mutex_lock(&lock);
    if (current == NULL) {
        pthread_mutex_unlock(&lock);
    }
    return current;
}

void vk_module_unlock(void) {
    pthread_mutex_unlock(&lock);
}

void *vk_grow(void *array, size_t *cap, size_t count, size_t item_size) {
    if (count < *cap) {
        return array;
    }
    size_t wanted = *cap == 0 ? 16 : *cap * 2;
    void *grown = reallocarray(array, wanted, item_size);
    if (grown != NULL) {
        *cap = wanted;
    }
    return grown;
}

/* A child has its parent's memory, but not its threads, and must not use its files: whatever a lock
 * guards may be half done. So everything is forgotten where it stands, and nothing is freed. */
static void forget_in_child(void) {
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    forgotten = current;
    current = NULL;
}

/* OpenSSL and SQLite may be gone before the last caller is: from here on nothing is touched. */
static void forget_at_exit(void) {
    pthread_mutex_lock(&lock);
    forgotten = current;
    current = NULL;
    exiting = true;
    pthread_mutex_unlock(&lock);
}

/* Once in a process; children inherit it. */
static bool prepare(void) {
    if (prepared) {
        return true;
    }
    /* OpenSSL's exit handler is to be registered before ours, so that ours runs first. */
    prepared = OPENSSL_init_crypto(0, NULL) == 1 && atexit(forget_at_exit) == 0 &&
               pthread_atfork(NULL, NULL, forget_in_child) == 0;
    return prepared;
}

static void destroy(vk_module *module) {
    for (size_t i = 0; i < module->session_cap; i++) {
        vk_session_put(module->sessions[i]);
    }
    vk_handles_clear(&module->handles);
    for (size_t i = 0; i < module->slot_count; i++) {
        vk_slot_free(module->slots[i]);
    }
    free(module->sessions);
    free(module->slots);
    if (module->home != NULL) {
        vk_home_sweep(module->home);
    }
    vk_text_free(module->home);
    pthread_mutex_destroy(&module->listing);
    free(module);
}

static vk_module *create(void) {
    vk_module *module = calloc(1, sizeof *module);
    if (module == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&module->listing, NULL) != 0) {
        free(module);
        return NULL;
    }
    vk_status status = vk_home_path(&module->home);
    if (status != VK_OK) {
        module->home = NULL;
        vk_debug("no home directory for tokens: %s", vk_status_text(status));
    }
    if (vk_slots_init(module) != CKR_OK) {
        destroy(module);
        return NULL;
    }
    return module;
}

static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *args) {
    if (args == NULL) {
        return CKR_OK;
    }
    int callbacks = (args->CreateMutex != NULL) + (args->DestroyMutex != NULL) +
                    (args->LockMutex != NULL) + (args->UnlockMutex != NULL);
    if (args->pReserved != NULL || (callbacks != 0 && callbacks != 4)) {
        return CKR_ARGUMENTS_BAD;
    }
    return callbacks == 4 && !(args->flags & CKF_OS_LOCKING_OK) ? CKR_CANT_LOCK : CKR_OK;
}

/* With the lock held, so that of several threads one initializes. */
static CK_RV initialize(void) {
    if (exiting) {
        return CKR_FUNCTION_FAILED;
    }
    if (current != NULL) {
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    }
    vk_debug_init();
    if (!prepare()) {
        return CKR_HOST_MEMORY;
    }
    current = create();
    return current == NULL ? CKR_HOST_MEMORY : CKR_OK;
}

CK_RV C_Initialize(CK_VOID_PTR init_args) {
    CK_RV rv = check_arguments(init_args);
    if (rv != CKR_OK) {
        return rv;
    }
    pthread_mutex_lock(&lock);
    rv = initialize();
    pthread_mutex_unlock(&lock);
    return rv;
}

CK_RV C_Finalize(CK_VOID_PTR reserved) {
    if (reserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    current = NULL;
    vk_module_unlock();
    destroy(module);
    return CKR_OK;
}

CK_RV C_GetInfo(CK_INFO_PTR info) {
    CK_RV rv = vk_enter();
    if (rv != CKR_OK || info == NULL) {
        return rv != CKR_OK ? rv : CKR_ARGUMENTS_BAD;
    }
    memset(info, 0, sizeof *info);
    info->cryptokiVersion = (CK_VERSION){2, 40};
    info->libraryVersion = (CK_VERSION){0, 1};
    vk_pad(info->manufacturerID, sizeof info->manufacturerID, "valetkey");
    vk_pad(info->libraryDescription, sizeof info->libraryDescription, "Session keys with a policy");
    return CKR_OK;
}

/* ---- Function lists. Not const: callers have been seen to write into them. ---- */

static CK_FUNCTION_LIST functions = {
    .version = {2, 40},
    .C_Initialize = C_Initialize,
    .C_Finalize = C_Finalize,
    .C_GetInfo = C_GetInfo,
    .C_GetFunctionList = C_GetFunctionList,
    .C_GetSlotList = C_GetSlotList,
    .C_GetSlotInfo = C_GetSlotInfo,
    .C_GetTokenInfo = C_GetTokenInfo,
    .C_GetMechanismList = C_GetMechanismList,
    .C_GetMechanismInfo = C_GetMechanismInfo,
    .C_InitToken = C_InitToken,
    .C_InitPIN = C_InitPIN,
    .C_SetPIN = C_SetPIN,
    .C_OpenSession = C_OpenSession,
    .C_CloseSession = C_CloseSession,
    .C_CloseAllSessions = C_CloseAllSessions,
    .C_GetSessionInfo = C_GetSessionInfo,
    .C_GetOperationState = C_GetOperationState,
    .C_SetOperationState = C_SetOperationState,
    .C_Login = C_Login,
    .C_Logout = C_Logout,
    .C_CreateObject = C_CreateObject,
    .C_CopyObject = C_CopyObject,
    .C_DestroyObject = C_DestroyObject,
    .C_GetObjectSize = C_GetObjectSize,
    .C_GetAttributeValue = C_GetAttributeValue,
    .C_SetAttributeValue = C_SetAttributeValue,
    .C_FindObjectsInit = C_FindObjectsInit,
    .C_FindObjects = C_FindObjects,
    .C_FindObjectsFinal = C_FindObjectsFinal,
    .C_EncryptInit = C_EncryptInit,
    .C_Encrypt = C_Encrypt,
    .C_EncryptUpdate = C_EncryptUpdate,
    .C_EncryptFinal = C_EncryptFinal,
    .C_DecryptInit = C_DecryptInit,
    .C_Decrypt = C_Decrypt,
    .C_DecryptUpdate = C_DecryptUpdate,
    .C_DecryptFinal = C_DecryptFinal,
    .C_DigestInit = C_DigestInit,
    .C_Digest = C_Digest,
    .C_DigestUpdate = C_DigestUpdate,
    .C_DigestKey = C_DigestKey,
    .C_DigestFinal = C_DigestFinal,
    .C_SignInit = C_SignInit,
    .C_Sign = C_Sign,
    .C_SignUpdate = C_SignUpdate,
    .C_SignFinal = C_SignFinal,
    .C_SignRecoverInit = C_SignRecoverInit,
    .C_SignRecover = C_SignRecover,
    .C_VerifyInit = C_VerifyInit,
    .C_Verify = C_Verify,
    .C_VerifyUpdate = C_VerifyUpdate,
    .C_VerifyFinal = C_VerifyFinal,
    .C_VerifyRecoverInit = C_VerifyRecoverInit,
    .C_VerifyRecover = C_VerifyRecover,
    .C_DigestEncryptUpdate = C_DigestEncryptUpdate,
    .C_DecryptDigestUpdate = C_DecryptDigestUpdate,
    .C_SignEncryptUpdate = C_SignEncryptUpdate,
    .C_DecryptVerifyUpdate = C_DecryptVerifyUpdate,
    .C_GenerateKey = C_GenerateKey,
    .C_GenerateKeyPair = C_GenerateKeyPair,
    .C_WrapKey = C_WrapKey,
    .C_UnwrapKey = C_UnwrapKey,
    .C_DeriveKey = C_DeriveKey,
    .C_SeedRandom = C_SeedRandom,
    .C_GenerateRandom = C_GenerateRandom,
    .C_GetFunctionStatus = C_GetFunctionStatus,
    .C_CancelFunction = C_CancelFunction,
    .C_WaitForSlotEvent = C_WaitForSlotEvent,
};

static CK_UTF8CHAR interface_name[] = "PKCS 11";
static CK_INTERFACE interfaces[] = {{interface_name, &functions, 0}};

VK_API CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
    if (list == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    *list = &functions;
    return CKR_OK;
}

VK_API CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count) {
    if (count == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    bool fits = *count >= 1;
    *count = 1;
    if (list == NULL) {
        return CKR_OK;
    }
    if (!fits) {
        return CKR_BUFFER_TOO_SMALL;
    }
    list[0] = interfaces[0];
    return CKR_OK;
}

VK_API CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                            CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags) {
    bool known_name = name == NULL || strcmp((const char *)name, (char *)interface_name) == 0;
    bool known_version = version == NULL || (version->major == 2 && version->minor == 40);
    if (interface == NULL || !known_name || !known_version || flags != 0) {
        return CKR_ARGUMENTS_BAD;
    }
    *interface = &interfaces[0];
    return CKR_OK;
}
