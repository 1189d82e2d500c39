#include "pkcs11/device.h"
#include "base/utf8.h"
#include "pkcs11/entry.h"

#include <stdlib.h>
#include <string.h>

/* ---- What is plugged in ---- */

static bool is_place(const vk_fido2_places *places, const char *path) {
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->list[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* One that does not answer is not asked again and again, as long as it is plugged in. Nor is it
 * given up because another program uses it now, or the home cannot be read. */
static bool is_of_device(vk_status status) {
    return status == VK_ERR_DEVICE || status == VK_ERR_UNSUPPORTED || status == VK_ERR_REMOVED ||
           status == VK_ERR_CANCELED;
}

static bool is_ignored(const vk_module *module, const char *path) {
    for (size_t i = 0; i < module->ignored_count; i++) {
        if (strcmp(module->ignored[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static void ignore(vk_module *module, const char *path) {
    char *copy = module->ignored_count < VK_FIDO2_PLACES_MAX ? strdup(path) : NULL;
    if (copy != NULL) {
        module->ignored[module->ignored_count++] = copy;
    }
}

static void forget_ignored(vk_module *module, const vk_fido2_places *places) {
    size_t kept = 0;
    for (size_t i = 0; i < module->ignored_count; i++) {
        if (is_place(places, module->ignored[i])) {
            module->ignored[kept++] = module->ignored[i];
        } else {
            free(module->ignored[i]);
        }
    }
    module->ignored_count = kept;
}

static bool is_present_at(const vk_module *module, const char *place) {
    for (size_t i = 0; i < module->slot_count; i++) {
        const vk_slot *slot = module->slots[i];
        if (slot->device != NULL && atomic_load(&slot->is_present) &&
            strcmp(slot->place, place) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Going ---- */

/* A call that is in the slot now fails by itself; what it leaves is ended at the next look. */
static void end_sessions(vk_slot *slot) {
    if (pthread_mutex_trylock(&slot->lock) == 0) {
        vk_sessions_close(slot);
        pthread_mutex_unlock(&slot->lock);
        slot->is_ended = true;
    }
}

/* The listing lock, which is held, keeps slots from being added; the module's must not be, for the
 * sake of the slot's. */
static void note_gone(vk_module *module, const vk_fido2_places *places) {
    for (size_t i = 0; i < module->slot_count; i++) {
        vk_slot *slot = module->slots[i];
        if (slot->device == NULL) {
            continue;
        }
        bool is_gone = atomic_exchange(&slot->is_doubtful, false) || !is_place(places, slot->place);
        if (atomic_load(&slot->is_present) && is_gone) {
            atomic_store(&slot->is_present, false);
            atomic_store(&slot->has_event, atomic_load(&module->has_looked));
            slot->is_ended = false;
        }
        if (!atomic_load(&slot->is_present) && !slot->is_ended) {
            end_sessions(slot);
        }
    }
}

/* ---- Coming ---- */

/* What was plugged in, before it has a slot. */
typedef struct arrival {
    const vk_fido2_place *place;
    vk_device *device;
    char *store; /* NULL: it has none */
    bool has_uv;
} arrival;

static void drop_arrival(arrival *a) {
    vk_device_free(a->device);
    vk_text_free(a->store);
}

static vk_status meet(const char *home, unsigned timeout, arrival *a, vk_error *err) {
    vk_fido2_info info = {0};
    vk_status status = vk_device_new(a->place->path, timeout, &a->device);
    if (status == VK_OK) {
        status = vk_fido2_get_info(vk_device_fido2(a->device), &info, err);
    }
    a->has_uv = info.has_uv;
    return status == VK_OK ? vk_device_find_store(a->device, home, &a->store, err) : status;
}

static vk_slot *new_slot(vk_module *module, arrival *a) {
    vk_slot *slot = vk_slot_add(module);
    char *place = strdup(a->place->path);
    if (slot == NULL || place == NULL) {
        free(place);
        return NULL;
    }
    slot->place = place;
    slot->product = a->place->product != NULL ? strdup(a->place->product) : NULL;
    if (slot->product != NULL) {
        vk_utf8_clean(slot->product);
    }
    slot->path = a->store;
    slot->device = a->device;
    a->store = NULL;
    a->device = NULL;
    return slot;
}

/* By its store; one without is known by nothing but its place. */
static bool was_in(const vk_slot *slot, const arrival *a) {
    if (slot->device == NULL || atomic_load(&slot->is_present) || !slot->is_ended) {
        return false;
    }
    return a->store != NULL ? slot->path != NULL && strcmp(slot->path, a->store) == 0
                            : slot->path == NULL && strcmp(slot->place, a->place->path) == 0;
}

/* The slot that the device had before. */
static vk_slot *find_slot(const vk_module *module, const arrival *a) {
    for (size_t i = 0; i < module->slot_count; i++) {
        if (was_in(module->slots[i], a)) {
            return module->slots[i];
        }
    }
    return NULL;
}

static CK_RV take_slot_again(vk_slot *slot, const arrival *a) {
    char *place = strdup(a->place->path);
    if (place == NULL || vk_fido2_move(vk_device_fido2(slot->device), place) != VK_OK) {
        free(place);
        return CKR_HOST_MEMORY;
    }
    free(slot->place);
    slot->place = place;
    return CKR_OK;
}

/* With the module's lock held. */
static CK_RV settle(vk_module *module, arrival *a) {
    vk_slot *slot = find_slot(module, a);
    CK_RV rv = slot != NULL ? take_slot_again(slot, a) : CKR_OK;
    if (slot == NULL) {
        slot = new_slot(module, a);
        rv = slot != NULL ? CKR_OK : CKR_HOST_MEMORY;
    }
    if (rv == CKR_OK) {
        slot->has_uv = a->has_uv;
        atomic_store(&slot->is_present, true);
        atomic_store(&slot->has_event, atomic_load(&module->has_looked));
    }
    return rv;
}

/* Devices are asked without the module's lock. */
static CK_RV welcome(vk_module *module, unsigned timeout, const vk_fido2_place *place) {
    vk_error err = {0};
    arrival a = {.place = place};
    CK_RV rv = CKR_OK;
    if (is_present_at(module, place->path) || is_ignored(module, place->path)) {
        return CKR_OK;
    }
    vk_status status = meet(module->home, timeout, &a, &err);
    if (status != VK_OK) {
        vk_debug("%s: %s: %s", place->path, vk_status_text(status), err.message);
        if (is_of_device(status)) {
            ignore(module, place->path);
        }
    } else if (vk_module_lock() != NULL) {
        rv = settle(module, &a);
        vk_module_unlock();
    } else {
        rv = CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    drop_arrival(&a);
    return rv;
}

/* ---- Looking ---- */

static CK_RV look(vk_module *module, const vk_home_settings *settings) {
    vk_fido2_places places = {.count = 0};
    if (settings->fido2 == VK_FIDO2_ON) {
        vk_fido2_places_scan(&places);
    }
    for (size_t i = 0; i < settings->fido2_device_count; i++) {
        vk_fido2_places_add(&places, settings->fido2_devices[i]);
    }
    CK_RV rv = CKR_OK;
    forget_ignored(module, &places);
    note_gone(module, &places);
    for (size_t i = 0; i < places.count && rv == CKR_OK; i++) {
        rv = welcome(module, settings->fido2_timeout, &places.list[i]);
    }
    vk_fido2_places_clear(&places);
    atomic_store(&module->has_looked, true);
    return rv;
}

CK_RV vk_devices_refresh(vk_module *module) {
    vk_home_settings settings;
    vk_error err = {0};
    if (module->home == NULL) {
        return CKR_OK;
    }
    vk_status status = vk_home_settings_read(module->home, &settings, &err);
    if (status != VK_OK) {
        vk_debug("no security keys: %s: %s", vk_status_text(status), err.message);
        return CKR_OK;
    }
    module->looks = settings.fido2 != VK_FIDO2_OFF;
    if (module->looks) {
        return look(module, &settings);
    }
    atomic_store(&module->has_looked, true);
    return CKR_OK;
}

size_t vk_devices_present(vk_device **out, size_t max) {
    size_t count = 0;
    if (vk_slots_refresh() != CKR_OK) {
        vk_debug("cannot look for security keys: those that are known are asked");
    }
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return 0;
    }
    for (size_t i = 0; i < module->slot_count && count < max; i++) {
        vk_slot *slot = module->slots[i];
        if (slot->device != NULL && vk_slot_is_present(slot)) {
            out[count++] = slot->device;
        }
    }
    vk_module_unlock();
    return count;
}

bool vk_devices_are_present(bool with_uv) {
    bool found = false;
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return false;
    }
    for (size_t i = 0; i < module->slot_count && !found; i++) {
        const vk_slot *slot = module->slots[i];
        found = slot->device != NULL && vk_slot_is_present(slot) && (slot->has_uv || !with_uv);
    }
    vk_module_unlock();
    return found;
}

void vk_devices_cancel(vk_module *module) {
    for (size_t i = 0; i < module->slot_count; i++) {
        if (module->slots[i]->device != NULL) {
            vk_fido2_cancel(vk_device_fido2(module->slots[i]->device));
        }
    }
}

bool vk_devices_take_event(const vk_module *module, CK_SLOT_ID *id) {
    for (size_t i = 0; i < module->slot_count; i++) {
        vk_slot *slot = module->slots[i];
        if (slot->device != NULL && atomic_exchange(&slot->has_event, false)) {
            *id = slot->id;
            return true;
        }
    }
    return false;
}
