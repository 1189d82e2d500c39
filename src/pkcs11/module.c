#include "pkcs11/module.h"
#include "pkcs11/device.h"
#include "pkcs11/entry.h"
#include "pkcs11/hide.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* no call is left in, or finalized */
static vk_module *current;                                /* NULL: not initialized */
static atomic_uint calls;                                 /* how many are in */
static atomic_bool finalizing;
/* Reachable, so that leak checkers know that it is no accident; nobody reads it, which the compiler
 * is not to know. */
static vk_module *volatile forgotten;
static bool prepared, exiting;

/* ---- Life ---- */

vk_module *vk_module_lock(void) {
    pthread_mutex_lock(&lock);
    vk_module *module = current;
    if (module == NULL) {
        /* From here on current is another thread's to set. */
        pthread_mutex_unlock(&lock);
    }
    return module;
}

void vk_module_unlock(void) {
    pthread_mutex_unlock(&lock);
}

void vk_module_count_in(void) {
    atomic_fetch_add(&calls, 1);
}

/* Between its two steps the module may be freed, so only what is static is looked at. */
void vk_module_count_out(void) {
    if (atomic_fetch_sub(&calls, 1) == 1 && atomic_load(&finalizing)) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
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
    changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    atomic_store(&calls, 0);
    atomic_store(&finalizing, false);
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
    for (size_t i = 0; i < module->ignored_count; i++) {
        free(module->ignored[i]);
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
    while (atomic_load(&finalizing)) {
        pthread_cond_wait(&changed, &lock);
    }
    if (exiting) {
        return CKR_FUNCTION_FAILED;
    }
    if (current != NULL) {
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    }
    vk_debug_init();
    vk_hide_init();
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

/* A call that is in may be about to wait for a touch, so one cancel may not be enough. */
static void wait_a_while(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&changed, &lock, &until);
}

/* With the lock held. New calls find no module; those that are in can go on using it. */
static vk_module *take_module(void) {
    vk_module *module = current;
    current = NULL;
    atomic_store(&finalizing, true);
    while (atomic_load(&calls) > 0) {
        vk_devices_cancel(module);
        wait_a_while();
    }
    return module;
}

CK_RV C_Finalize(CK_VOID_PTR reserved) {
    if (reserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    if (vk_module_lock() == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    vk_module *module = take_module();
    vk_module_unlock();
    destroy(module);
    pthread_mutex_lock(&lock);
    atomic_store(&finalizing, false);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return CKR_OK;
}

static CK_RV get_info(CK_INFO *info, CK_VERSION version) {
    if (info == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    memset(info, 0, sizeof *info);
    info->cryptokiVersion = version;
    info->libraryVersion = (CK_VERSION){0, 1};
    vk_pad(info->manufacturerID, sizeof info->manufacturerID, "valetkey");
    vk_pad(info->libraryDescription, sizeof info->libraryDescription, "Session keys with a policy");
    return CKR_OK;
}

CK_RV C_GetInfo(CK_INFO_PTR info) {
    CK_RV rv = vk_enter();
    return rv != CKR_OK ? rv : vk_leave(get_info(info, (CK_VERSION){2, 40}));
}

CK_RV vk_C_GetInfo_3_0(CK_INFO_PTR info) {
    CK_RV rv = vk_enter();
    return rv != CKR_OK ? rv : vk_leave(get_info(info, (CK_VERSION){3, 0}));
}
