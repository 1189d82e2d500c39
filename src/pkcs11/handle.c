#include "pkcs11/handle.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"

#include <stdlib.h>

/* From here on handles are computed: of four numbers in a row three are for an operation that
 * waits, the last is a session object's. */
#define SESSION_PLACE 3
#define PENDING_BASE ((CK_OBJECT_HANDLE)1 << 31)
#define HANDLES_MAX ((size_t)PENDING_BASE - 1)

/* ---- The table ---- */

static size_t hash_of(const vk_ref *ref) {
    uint64_t hash = (uint64_t)ref->key_id * 0x9E3779B97F4A7C15u;
    hash = (hash ^ (uint64_t)ref->grant_id ^ ((uint64_t)ref->slot_id << 32) ^ (uint64_t)ref->kind) *
           0xD6E8FEB86659FD93u;
    return (size_t)(hash ^ (hash >> 32));
}

static bool same(const vk_ref *a, const vk_ref *b) {
    return a->slot_id == b->slot_id && a->kind == b->kind && a->key_id == b->key_id &&
           a->grant_id == b->grant_id;
}

/* The bucket that holds ref, or the free one where it belongs. */
static uint32_t *bucket_of(const vk_handles *handles, const vk_ref *ref) {
    size_t mask = handles->bucket_count - 1;
    size_t i = hash_of(ref) & mask;
    while (handles->buckets[i] != 0 && !same(&handles->refs[handles->buckets[i] - 1], ref)) {
        i = (i + 1) & mask;
    }
    return &handles->buckets[i];
}

/* Keeps the buckets at most half full. */
static bool make_room(vk_handles *handles) {
    if (handles->count * 2 < handles->bucket_count) {
        return true;
    }
    vk_handles bigger = *handles;
    bigger.bucket_count = handles->bucket_count == 0 ? 64 : handles->bucket_count * 2;
    bigger.buckets = calloc(bigger.bucket_count, sizeof *bigger.buckets);
    if (bigger.buckets == NULL) {
        return false;
    }
    for (size_t i = 0; i < handles->count; i++) {
        *bucket_of(&bigger, &handles->refs[i]) = (uint32_t)(i + 1);
    }
    free(handles->buckets);
    *handles = bigger;
    return true;
}

static bool append(vk_handles *handles, const vk_ref *ref) {
    vk_ref *refs = handles->count < HANDLES_MAX
                       ? vk_grow(handles->refs, &handles->cap, handles->count, sizeof *refs)
                       : NULL;
    if (refs == NULL) {
        return false;
    }
    handles->refs = refs;
    handles->refs[handles->count++] = *ref;
    return true;
}

static CK_RV find_or_add(vk_handles *handles, const vk_ref *ref, CK_OBJECT_HANDLE *out) {
    if (!make_room(handles)) {
        return CKR_HOST_MEMORY;
    }
    uint32_t *bucket = bucket_of(handles, ref);
    if (*bucket == 0) {
        if (!append(handles, ref)) {
            return CKR_HOST_MEMORY;
        }
        *bucket = (uint32_t)handles->count;
    }
    *out = *bucket;
    return CKR_OK;
}

/* ---- Computed handles ---- */

static const vk_kind pending_kinds[] = {VK_KIND_USEROP, VK_KIND_DIGEST, VK_KIND_ASSERTION};
#define PENDING_KINDS (sizeof pending_kinds / sizeof pending_kinds[0])

CK_OBJECT_HANDLE vk_handle_of_pending(int64_t pending_id, vk_kind kind) {
    CK_OBJECT_HANDLE place = 0;
    while (pending_kinds[place] != kind) {
        place++;
    }
    return PENDING_BASE + ((CK_OBJECT_HANDLE)pending_id << 2) + place;
}

static CK_RV get_pending(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE handle, vk_ref *out) {
    CK_OBJECT_HANDLE place = handle & 3;
    if (place >= PENDING_KINDS) {
        return CKR_OBJECT_HANDLE_INVALID;
    }
    *out = (vk_ref){.slot_id = slot_id,
                    .kind = pending_kinds[place],
                    .pending_id = (int64_t)((handle - PENDING_BASE) >> 2)};
    return CKR_OK;
}

/* ---- Of which login ---- */

/* Above all numbers, which are smaller: an operation's grow by one each. The marks begin anew after
 * half a million logins. */
#define LOGIN_SHIFT 44
_Static_assert(sizeof(CK_OBJECT_HANDLE) == 8, "a handle has no room for a login's number");
#define LOGINS (((CK_OBJECT_HANDLE)1 << (63 - LOGIN_SHIFT)) - 1)
#define NUMBER_MASK (((CK_OBJECT_HANDLE)1 << LOGIN_SHIFT) - 1)

static CK_OBJECT_HANDLE mark_of(uint64_t epoch) {
    return (epoch % LOGINS + 1) << LOGIN_SHIFT;
}

CK_OBJECT_HANDLE vk_handle_of_login(CK_OBJECT_HANDLE handle, uint64_t epoch) {
    return handle | mark_of(epoch);
}

bool vk_handle_is_given(CK_OBJECT_HANDLE handle, bool is_private, uint64_t epoch) {
    return (handle & ~NUMBER_MASK) == (is_private ? mark_of(epoch) : 0);
}

/* ---- Under the module's lock ---- */

CK_RV vk_handle_of(const vk_ref *ref, CK_OBJECT_HANDLE *out) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    CK_RV rv = find_or_add(&module->handles, ref, out);
    vk_module_unlock();
    return rv;
}

/* Handles grow, so the newest comes last. */
static bool add_of_session(vk_handles *handles, const vk_ref *ref, CK_OBJECT_HANDLE *out) {
    vk_session_ref *grown = vk_grow(handles->of_sessions, &handles->session_cap,
                                    handles->session_objects, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    handles->of_sessions = grown;
    *out = PENDING_BASE + (++handles->sessions_made << 2) + SESSION_PLACE;
    grown[handles->session_objects++] = (vk_session_ref){*out, *ref};
    return true;
}

CK_RV vk_handle_add(const vk_ref *ref, CK_OBJECT_HANDLE *out) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    bool added = add_of_session(&module->handles, ref, out);
    vk_module_unlock();
    return added ? CKR_OK : CKR_HOST_MEMORY;
}

static int compare_handles(const void *key, const void *element) {
    const CK_OBJECT_HANDLE wanted = *(const CK_OBJECT_HANDLE *)key;
    const vk_session_ref *ref = element;
    return wanted < ref->handle ? -1 : wanted > ref->handle;
}

static const vk_ref *find(const vk_handles *handles, CK_OBJECT_HANDLE handle) {
    if (handle < PENDING_BASE) {
        return handle != 0 && handle <= handles->count ? &handles->refs[handle - 1] : NULL;
    }
    const vk_session_ref *found =
        handles->session_objects > 0
            ? bsearch(&handle, handles->of_sessions, handles->session_objects,
                      sizeof *handles->of_sessions, compare_handles)
            : NULL;
    return found != NULL ? &found->ref : NULL;
}

static bool is_computed(CK_OBJECT_HANDLE handle) {
    return handle >= PENDING_BASE && (handle & 3) != SESSION_PLACE;
}

CK_RV vk_handle_get(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE handle, vk_ref *out) {
    handle &= NUMBER_MASK;
    if (is_computed(handle)) {
        return get_pending(slot_id, handle, out);
    }
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    const vk_ref *ref = find(&module->handles, handle);
    CK_RV rv = ref != NULL && ref->slot_id == slot_id ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
    if (rv == CKR_OK) {
        *out = *ref;
    }
    if (rv == CKR_OK && ref->data != NULL) {
        atomic_fetch_add(&ref->data->users, 1);
    }
    vk_module_unlock();
    return rv;
}

static bool matches(const vk_ref *ref, const vk_handle_filter *filter) {
    return ref->slot_id == filter->slot_id &&
           (filter->owner == 0 || ref->data->owner == filter->owner) &&
           (!filter->private_only || ref->data->is_private);
}

/* Drops those that match, or the one of them with this handle; how many. */
static size_t drop_matching(vk_handles *handles, const vk_handle_filter *filter,
                            CK_OBJECT_HANDLE only) {
    size_t kept = 0;
    for (size_t i = 0; i < handles->session_objects; i++) {
        const vk_session_ref *object = &handles->of_sessions[i];
        if ((only == 0 || only == object->handle) && matches(&object->ref, filter)) {
            vk_data_put(object->ref.data);
        } else {
            handles->of_sessions[kept++] = *object;
        }
    }
    size_t dropped = handles->session_objects - kept;
    handles->session_objects = kept;
    return dropped;
}

void vk_handle_drop(const vk_handle_filter *filter) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return;
    }
    drop_matching(&module->handles, filter, 0);
    vk_module_unlock();
}

bool vk_handle_drop_one(CK_OBJECT_HANDLE handle) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return false;
    }
    size_t dropped = 0;
    const vk_ref *ref = find(&module->handles, handle);
    if (ref != NULL && ref->data != NULL) {
        const vk_handle_filter filter = {.slot_id = ref->slot_id};
        dropped = drop_matching(&module->handles, &filter, handle);
    }
    vk_module_unlock();
    return dropped > 0;
}

void vk_handle_forget_token(CK_SLOT_ID slot_id) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return;
    }
    for (size_t i = 0; i < module->handles.count; i++) {
        vk_ref *ref = &module->handles.refs[i];
        if (ref->slot_id == slot_id && !(ref->kind & VK_KINDS_STATIC)) {
            ref->slot_id = CK_UNAVAILABLE_INFORMATION; /* which no slot has */
        }
    }
    vk_module_unlock();
}

static bool push(CK_OBJECT_HANDLE **list, size_t *cap, size_t *count, CK_OBJECT_HANDLE handle) {
    CK_OBJECT_HANDLE *grown = vk_grow(*list, cap, *count, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    *list = grown;
    grown[(*count)++] = handle;
    return true;
}

CK_RV vk_handle_session_objects(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE **out, size_t *count) {
    const vk_handle_filter filter = {.slot_id = slot_id};
    size_t cap = 0;
    bool enough = true;
    *out = NULL;
    *count = 0;
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    const vk_handles *handles = &module->handles;
    for (size_t i = 0; i < handles->session_objects && enough; i++) {
        const vk_session_ref *object = &handles->of_sessions[i];
        if (matches(&object->ref, &filter)) {
            enough = push(out, &cap, count, object->handle);
        }
    }
    vk_module_unlock();
    return enough ? CKR_OK : CKR_HOST_MEMORY;
}

void vk_handles_clear(vk_handles *handles) {
    for (size_t i = 0; i < handles->session_objects; i++) {
        vk_data_put(handles->of_sessions[i].ref.data);
    }
    free(handles->refs);
    free(handles->buckets);
    free(handles->of_sessions);
}
