/* Slots: one a token, one a security key, and one more with an uninitialized token. */
#ifndef VK_PKCS11_SLOT_H
#define VK_PKCS11_SLOT_H

#include "gate/gate.h"
#include "pkcs11/module.h"
#include "pkcs11/view.h"

#include <stdatomic.h>

typedef struct vk_slot {
    CK_SLOT_ID id;
    pthread_mutex_t lock; /* guards opening, login, changes of keys, and the counts */
    char *path;           /* NULL: the token is uninitialized; of a device: it has no store */
    /* NULL until they are needed; then they stay, but for a device that is wiped. Those of a device
     * may come while calls are in that do not hold the lock. */
    _Atomic(vk_token *) token;
    _Atomic(vk_gate *) gate;
    unsigned sessions, rw_sessions;
    atomic_uint users;          /* sessions, with those that were closed while a call is in them */
    atomic_int role;            /* vk_role; written under the lock */
    atomic_uint_fast64_t epoch; /* grows when a login ends: what began before is over */
    vk_views views;
    /* Of a security key's slot (device.h), else NULL and unused. */
    vk_device *device;
    char *place;     /* where it is plugged in, or was */
    char *product;   /* NULL: unknown */
    bool has_uv;     /* built-in user verification; the module's lock guards it */
    bool has_listed; /* what is on it, since the login */
    bool is_ended;   /* what was going on in it when it went */
    atomic_bool is_present, has_event;
    atomic_bool is_doubtful; /* another one seems to be plugged in where it was */
} vk_slot;

/* The slots of a new module: one a token file, then the blank one. */
CK_RV vk_slots_init(vk_module *module);
/* Finds the token files that are not slots yet. A home that cannot be used has none. */
CK_RV vk_slots_refresh(void);
/* Opens the token. The slot's lock is held. CKR_TOKEN_NOT_RECOGNIZED if it is uninitialized,
 * CKR_TOKEN_NOT_PRESENT if the security key is not plugged in; one without a store has no token
 * that could be opened, which is no failure. */
CK_RV vk_slot_open(vk_slot *slot);
/* Is there a token in it? */
bool vk_slot_is_present(const vk_slot *slot);
/* The slot's token from now on; takes it over in any case. The slot's lock is held. */
CK_RV vk_slot_take_token(vk_slot *slot, vk_token *token);
/* It has none any more. The slot's lock is held, and there are no users. */
void vk_slot_drop_token(vk_slot *slot);
/* Ends a login, if there is one. The slot's lock is held. */
void vk_slot_logout(vk_slot *slot);
/* A key was changed: nothing that was read before is used any more. */
void vk_slot_changed(vk_slot *slot);
vk_role vk_slot_role(const vk_slot *slot);
/* A new slot, the last one. The module's lock is held. */
vk_slot *vk_slot_add(vk_module *module);
void vk_slot_free(vk_slot *slot);

/* What the description of a security key's slot begins with; then comes its place. */
#define VK_SLOT_AT "security key at "

/* Pads text with blanks, as Cryptoki's fixed fields want it. */
void vk_pad(CK_UTF8CHAR *field, size_t len, const char *text);

#endif
