#include "pkcs11/slot.h"
#include "pkcs11/device.h"
#include "pkcs11/entry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Slots ---- */

void vk_pad(CK_UTF8CHAR *field, size_t len, const char *text) {
    size_t text_len = strnlen(text, len);
    memcpy(field, text, text_len);
    memset(field + text_len, ' ', len - text_len);
}

vk_slot *vk_slot_add(vk_module *module) {
    vk_slot **slots =
        vk_grow(module->slots, &module->slot_cap, module->slot_count, sizeof *module->slots);
    if (slots == NULL) {
        return NULL;
    }
    module->slots = slots;
    vk_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    if (vk_views_init(&slot->views) != VK_OK || pthread_mutex_init(&slot->lock, NULL) != 0) {
        free(slot);
        return NULL;
    }
    slot->id = module->slot_count;
    atomic_init(&slot->role, VK_ROLE_NONE);
    atomic_init(&slot->epoch, 0);
    atomic_init(&slot->users, 0);
    atomic_init(&slot->is_present, false);
    atomic_init(&slot->has_event, false);
    atomic_init(&slot->is_doubtful, false);
    slots[module->slot_count++] = slot;
    return slot;
}

static void free_store(vk_token *token, vk_gate *gate) {
    vk_gate_free(gate);
    if (token != NULL) {
        vk_token_close(token);
    }
}

void vk_slot_free(vk_slot *slot) {
    vk_views_drop(&slot->views);
    pthread_mutex_destroy(&slot->views.lock);
    free_store(slot->token, slot->gate);
    vk_text_free(slot->path);
    vk_device_free(slot->device);
    free(slot->place);
    free(slot->product);
    pthread_mutex_destroy(&slot->lock);
    free(slot);
}

vk_role vk_slot_role(const vk_slot *slot) {
    return (vk_role)atomic_load_explicit(&slot->role, memory_order_acquire);
}

void vk_slot_changed(vk_slot *slot) {
    vk_views_drop(&slot->views);
    if (slot->gate != NULL) {
        vk_gate_forget(slot->gate);
    }
}

void vk_slot_logout(vk_slot *slot) {
    if (vk_slot_role(slot) == VK_ROLE_NONE) {
        return;
    }
    const vk_handle_filter filter = {.slot_id = slot->id, .private_only = true};
    atomic_store(&slot->role, VK_ROLE_NONE);
    atomic_fetch_add(&slot->epoch, 1);
    if (slot->token != NULL) {
        vk_token_logout(slot->token);
    }
    if (slot->device != NULL) {
        vk_device_log_out(slot->device);
        slot->has_listed = false;
    }
    vk_slot_changed(slot);
    vk_handle_drop(&filter);
}

bool vk_slot_is_present(const vk_slot *slot) {
    return slot->device == NULL || atomic_load(&slot->is_present);
}

CK_RV vk_slot_take_token(vk_slot *slot, vk_token *token) {
    vk_gate *gate;
    CK_RV rv = vk_ck(vk_gate_new(token, &gate), NULL);
    if (rv != CKR_OK) {
        vk_token_close(token);
        return rv;
    }
    vk_gate_set_device(gate, slot->device);
    slot->gate = gate;
    slot->token = token;
    return CKR_OK;
}

void vk_slot_drop_token(vk_slot *slot) {
    vk_token *token = slot->token;
    vk_gate *gate = slot->gate;
    vk_slot_changed(slot);
    vk_handle_forget_token(slot->id);
    slot->token = NULL;
    slot->gate = NULL;
    free_store(token, gate);
}

/* A file that is there but is no token, or one that was damaged. */
static CK_RV unreadable(vk_status status, const vk_error *err) {
    CK_RV rv = vk_ck(status, err);
    switch (status) {
    case VK_ERR_FORMAT:
    case VK_ERR_UNSUPPORTED:
    case VK_ERR_INTEGRITY:
        return CKR_TOKEN_NOT_RECOGNIZED;
    case VK_ERR_NOT_FOUND:
        return CKR_TOKEN_NOT_PRESENT;
    default:
        return rv;
    }
}

CK_RV vk_slot_open(vk_slot *slot) {
    if (!vk_slot_is_present(slot)) {
        return CKR_TOKEN_NOT_PRESENT;
    }
    if (slot->token != NULL) {
        return CKR_OK;
    }
    if (slot->path == NULL) {
        return slot->device != NULL ? CKR_OK : CKR_TOKEN_NOT_RECOGNIZED;
    }
    vk_error err = {0};
    vk_token *token;
    vk_status status = vk_token_open(slot->path, &token, &err);
    return status == VK_OK ? vk_slot_take_token(slot, token) : unreadable(status, &err);
}

/* ---- The list of slots ---- */

static bool is_listed(const vk_module *module, const char *path) {
    for (size_t i = 0; i < module->slot_count; i++) {
        const char *known = module->slots[i]->path;
        if (known != NULL && strcmp(known, path) == 0) {
            return true;
        }
    }
    return false;
}

static CK_RV list_new(vk_module *module, char **paths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (is_listed(module, paths[i])) {
            continue;
        }
        char *path = strdup(paths[i]);
        vk_slot *slot = path == NULL ? NULL : vk_slot_add(module);
        if (slot == NULL) {
            free(path);
            return CKR_HOST_MEMORY;
        }
        slot->path = path;
    }
    return CKR_OK;
}

/* Paths of the token files; none, with the reason in the debug log, if the home cannot be used. */
static char **read_home(const char *home, size_t *count) {
    char **paths = NULL;
    vk_error err = {0};
    *count = 0;
    vk_status status = home != NULL ? vk_home_tokens(home, &paths, count, &err) : VK_OK;
    if (status != VK_OK) {
        vk_debug("no tokens: %s: %s", vk_status_text(status), err.message);
        *count = 0;
        return NULL;
    }
    return paths;
}

CK_RV vk_slots_init(vk_module *module) {
    size_t count;
    char **paths = read_home(module->home, &count);
    CK_RV rv = list_new(module, paths, count);
    vk_home_free(paths, count);
    if (rv == CKR_OK) {
        module->blank = vk_slot_add(module);
    }
    return module->blank != NULL ? rv : CKR_HOST_MEMORY;
}

/* Takes the listing lock. The module stays while the call is in. */
static CK_RV enter_listing(vk_module **out) {
    *out = vk_module_lock();
    if (*out == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    vk_module_unlock();
    pthread_mutex_lock(&(*out)->listing);
    return CKR_OK;
}

static CK_RV list_home(vk_module *module) {
    size_t count;
    char **paths = read_home(module->home, &count);
    CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;
    if (vk_module_lock() != NULL) {
        rv = list_new(module, paths, count);
        vk_module_unlock();
    }
    vk_home_free(paths, count);
    return rv;
}

CK_RV vk_slots_refresh(void) {
    vk_module *module;
    CK_RV rv = enter_listing(&module);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = list_home(module);
    if (rv == CKR_OK) {
        rv = vk_devices_refresh(module);
    }
    pthread_mutex_unlock(&module->listing);
    return rv;
}

static size_t count_slots(const vk_module *module, bool only_present) {
    size_t count = 0;
    for (size_t i = 0; i < module->slot_count; i++) {
        count += !only_present || vk_slot_is_present(module->slots[i]);
    }
    return count;
}

/* Initialized tokens first; the blank one is the last. */
static CK_RV write_list(const vk_module *module, bool only_present, CK_SLOT_ID *list,
                        CK_ULONG *count) {
    size_t wanted = count_slots(module, only_present);
    bool fits = *count >= wanted;
    *count = wanted;
    if (list == NULL || !fits) {
        return list == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    }
    for (size_t i = 0; i < module->slot_count; i++) {
        const vk_slot *slot = module->slots[i];
        if (slot != module->blank && (!only_present || vk_slot_is_present(slot))) {
            *list++ = slot->id;
        }
    }
    *list = module->blank->id;
    return CKR_OK;
}

/* Some clients bring an array along without having asked how long it has to be. */
static bool has_looked(void) {
    const vk_module *module = vk_module_lock();
    if (module == NULL) {
        return true;
    }
    bool looked = atomic_load(&module->has_looked);
    vk_module_unlock();
    return looked;
}

static CK_RV slot_list(bool only_present, CK_SLOT_ID *list, CK_ULONG *count) {
    if (count == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    CK_RV rv = list == NULL || !has_looked() ? vk_slots_refresh() : CKR_OK;
    if (rv != CKR_OK) {
        return rv;
    }
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    rv = write_list(module, only_present, list, count);
    vk_module_unlock();
    return rv;
}

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count) {
    CK_RV rv = vk_enter();
    return rv != CKR_OK ? rv : vk_leave(slot_list(token_present != CK_FALSE, list, count));
}

/* Of a security key's slot people want to know where it is plugged in; that changes when it comes
 * back elsewhere, with the module's lock held. */
static void describe(const vk_slot *slot, char *text, size_t size) {
    if (slot->device == NULL || vk_module_lock() == NULL) {
        snprintf(text, size, "valetkey slot %lu", (unsigned long)slot->id);
        return;
    }
    snprintf(text, size, "%s%s", VK_SLOT_AT, slot->place);
    vk_module_unlock();
}

static CK_RV slot_info(const vk_slot *slot, CK_SLOT_INFO *info) {
    char text[sizeof info->slotDescription + 1];
    if (info == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    describe(slot, text, sizeof text);
    memset(info, 0, sizeof *info);
    vk_pad(info->slotDescription, sizeof info->slotDescription, text);
    vk_pad(info->manufacturerID, sizeof info->manufacturerID, "valetkey");
    info->flags = vk_slot_is_present(slot) ? CKF_TOKEN_PRESENT : 0;
    if (slot->device != NULL) {
        info->flags |= CKF_REMOVABLE_DEVICE | CKF_HW_SLOT;
    }
    return CKR_OK;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO_PTR info) {
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    return rv != CKR_OK ? rv : vk_leave(slot_info(slot, info));
}

#define EVENT_POLL_MS 500

/* Looks once. CKR_NO_EVENT if nothing happened; where nothing ever will, nobody needs to wait. */
static CK_RV look_for_event(CK_FLAGS flags, CK_SLOT_ID *slot) {
    vk_module *module;
    CK_RV rv = vk_slots_refresh();
    if (rv == CKR_OK) {
        rv = enter_listing(&module);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_devices_take_event(module, slot) ? CKR_OK : CKR_NO_EVENT;
    if (!module->looks && !(flags & CKF_DONT_BLOCK)) {
        rv = CKR_FUNCTION_NOT_SUPPORTED;
    }
    pthread_mutex_unlock(&module->listing);
    return rv;
}

/* Nothing tells of devices that come and go on all their buses, so they are looked for. C_Finalize
 * ends the wait: then there is no module any more. */
static CK_RV wait_for_event(CK_FLAGS flags, CK_SLOT_ID *slot, const void *reserved) {
    const struct timespec pause = {.tv_nsec = EVENT_POLL_MS * 1000000L};
    if (slot == NULL || reserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    CK_RV rv = look_for_event(flags, slot);
    while (rv == CKR_NO_EVENT && !(flags & CKF_DONT_BLOCK)) {
        nanosleep(&pause, NULL);
        rv = look_for_event(flags, slot);
    }
    return rv;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved) {
    CK_RV rv = vk_enter();
    return rv != CKR_OK ? rv : vk_leave(wait_for_event(flags, slot, reserved));
}

/* ---- C_InitToken ---- */

/* The token's file is there: from now on the slot is that token's, and another one is blank. */
static CK_RV settle(vk_slot *slot, vk_token *token) {
    char *path = strdup(vk_token_path(token));
    if (path == NULL) {
        vk_token_close(token);
        return CKR_HOST_MEMORY;
    }
    CK_RV rv = vk_slot_take_token(slot, token);
    if (rv != CKR_OK) {
        free(path);
        return rv;
    }
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        free(path);
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    slot->path = path;
    vk_slot *blank = vk_slot_add(module);
    if (blank != NULL) {
        module->blank = blank;
    }
    vk_module_unlock();
    return blank == NULL ? CKR_HOST_MEMORY : CKR_OK;
}

/* The listing lock keeps a refresh from giving the new file a slot of its own. */
static vk_status make_token(const char *home, vk_token_new *args, vk_token **out, vk_error *err) {
    vk_home_settings settings;
    if (home == NULL) {
        return vk_fail(err, VK_ERR_STORE, NULL, "no home for tokens");
    }
    vk_status status = vk_home_settings_read(home, &settings, err);
    if (status != VK_OK) {
        return status;
    }
    args->default_sudo = settings.default_sudo;
    return vk_token_create(home, args, out, err);
}

static CK_RV create_token(vk_slot *slot, vk_token_new *args) {
    vk_module *module;
    CK_RV rv = enter_listing(&module);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_error err = {0};
    vk_token *token;
    vk_status status = make_token(module->home, args, &token, &err);
    rv = status == VK_OK ? settle(slot, token) : vk_ck(status, &err);
    pthread_mutex_unlock(&module->listing);
    return rv;
}

static CK_RV reinit_token(vk_slot *slot, vk_token_new *args) {
    if (slot->sessions > 0) {
        return CKR_SESSION_EXISTS;
    }
    vk_token_info info;
    CK_RV rv = vk_slot_open(slot);
    if (rv == CKR_OK) {
        rv = vk_ck(vk_token_get_info(slot->token, &info), NULL);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    vk_error err = {0};
    args->default_sudo = info.settings.default_sudo;
    rv = vk_ck(vk_token_reinit(slot->token, args, &err), &err);
    vk_slot_changed(slot);
    return rv;
}

static CK_RV init_token(vk_slot *slot, const CK_BYTE *pin, CK_ULONG pin_len,
                        const CK_UTF8CHAR *label32) {
    char label[VK_TOKEN_LABEL_LEN + 1] = {0};
    memcpy(label, label32, VK_TOKEN_LABEL_LEN);
    for (size_t len = VK_TOKEN_LABEL_LEN; len > 0 && label[len - 1] == ' '; len--) {
        label[len - 1] = '\0';
    }
    vk_token_new args = {.label = label, .so_pin = pin, .so_pin_len = pin_len};
    pthread_mutex_lock(&slot->lock);
    CK_RV rv = slot->device != NULL ? vk_device_wipe(slot)
               : slot->path == NULL ? create_token(slot, &args)
                                    : reinit_token(slot, &args);
    pthread_mutex_unlock(&slot->lock);
    return rv;
}

CK_RV C_InitToken(CK_SLOT_ID id, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label) {
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = pin == NULL || label == NULL ? CKR_ARGUMENTS_BAD : init_token(slot, pin, pin_len, label);
    return vk_leave(rv);
}
