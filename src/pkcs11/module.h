/*
 * What lives between C_Initialize and C_Finalize. Every call counts itself in and out, and
 * C_Finalize waits for those that are still in.
 *
 * Locks, in the order in which they may be taken: a session's, a slot's, the listing lock, the
 * module's. The module's is held for table look-ups only; nothing is called that could wait.
 */
#ifndef VK_PKCS11_MODULE_H
#define VK_PKCS11_MODULE_H

#include "gate/device.h"
#include "pkcs11/ck3.h"
#include "pkcs11/handle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct vk_slot;
struct vk_session;

typedef struct vk_module {
    char *home;              /* NULL: there is none */
    pthread_mutex_t listing; /* held while token files are listed or made */
    /* Slot ids are indexes; slots never go away before C_Finalize. */
    struct vk_slot **slots;
    size_t slot_count, slot_cap;
    struct vk_slot *blank; /* the one with the uninitialized token */
    /* Security keys (device.c); the listing lock guards them. */
    bool looks;                         /* for them at all */
    atomic_bool has_looked;             /* for those that are plugged in */
    char *ignored[VK_FIDO2_PLACES_MAX]; /* places of what does not answer */
    size_t ignored_count;
    struct vk_session **sessions;
    size_t session_cap;
    CK_ULONG session_serial;
    vk_handles handles;
} vk_module;

/* The module with its lock held, or NULL, nothing held, when it is not initialized, or not any
 * more. */
vk_module *vk_module_lock(void);
void vk_module_unlock(void);
/* Counts a call in, with the lock held, so that the module stays until the call is counted out. */
void vk_module_count_in(void);
/* Counts a call out; the module may be gone afterwards. */
void vk_module_count_out(void);

/* C_GetInfo of the table of 3.0. */
CK_RV vk_C_GetInfo_3_0(CK_INFO_PTR info);

/* The array with room for one more item, moved if need be; NULL: no memory, array unchanged. */
void *vk_grow(void *array, size_t *cap, size_t count, size_t item_size);

#endif
