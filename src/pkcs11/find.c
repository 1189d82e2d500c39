#include "pkcs11/find.h"
#include "pkcs11/attribute.h"
#include "pkcs11/device.h"
#include "pkcs11/hide.h"
#include "pkcs11/template.h"

#include <stdlib.h>
#include <string.h>

void vk_search_end(vk_search *search) {
    free(search->found);
    *search = (vk_search){0};
}

CK_RV vk_find_push(vk_search *search, CK_OBJECT_HANDLE handle) {
    CK_OBJECT_HANDLE *found = vk_grow(search->found, &search->cap, search->count, sizeof *found);
    if (found == NULL) {
        return CKR_HOST_MEMORY;
    }
    search->found = found;
    found[search->count++] = handle;
    return CKR_OK;
}

/* One account names every key that has a grant for it. */
static bool has_account(const vk_object *object, const CK_ATTRIBUTE *wanted, vk_buf *scratch) {
    scratch->len = 0;
    bool found = false;
    if (wanted->ulValueLen == sizeof(vk_address) &&
        vk_attribute_get(object, wanted->type, scratch) == CKR_OK) {
        for (size_t at = 0; at + sizeof(vk_address) <= scratch->len; at += sizeof(vk_address)) {
            found |= memcmp(scratch->data + at, wanted->pValue, sizeof(vk_address)) == 0;
        }
    }
    return found;
}

static bool is_so(const vk_object *object, const CK_ATTRIBUTE *wanted, vk_buf *scratch) {
    return vk_attribute_is(object, wanted, scratch) ||
           (wanted->type == CKA_VALETKEY_ACCOUNTS && has_account(object, wanted, scratch));
}

bool vk_find_matches(const vk_object *object, vk_find *query) {
    for (CK_ULONG i = 0; i < query->count; i++) {
        if (!is_so(object, &query->templ[i], &query->scratch)) {
            return false;
        }
    }
    return vk_object_visible(object);
}

/* ---- What can match: saves reading what cannot ---- */

/* Whether the public half is private its outline says. */
static bool is_outlined(vk_kind kind, CK_ATTRIBUTE_TYPE type) {
    return kind == VK_KIND_PUBLIC && type == CKA_PRIVATE;
}

/* Drops the kinds whose objects cannot have the value, and notes those that have to be asked. */
static void restrict_kinds(vk_find *query, const CK_ATTRIBUTE *wanted) {
    for (unsigned kind = 1; kind <= query->kinds; kind <<= 1) {
        vk_match match = vk_attribute_of_kind((vk_kind)kind, wanted);
        if (match == VK_MATCH_NO) {
            query->kinds &= ~kind;
        } else if (match == VK_MATCH_UNKNOWN && !is_outlined((vk_kind)kind, wanted->type)) {
            query->unknown |= kind;
        }
    }
}

#define EVERY_KIND (VK_KINDS_TOKEN | VK_KINDS_PENDING | VK_KINDS_STORED | VK_KINDS_SESSION)

/* What the module says of itself is found by who asks for it: the standard has it so for
 * mechanisms, and profiles are a class that clients of 2.40 do not know. */
static unsigned kinds_for(const vk_find *query) {
    const unsigned of_the_user = VK_KINDS_PRIVATE_KEY | VK_KINDS_PENDING | VK_KIND_RESIDENT;
    bool has_class = vk_template_find(query->templ, query->count, CKA_CLASS) != NULL;
    unsigned kinds = EVERY_KIND | (has_class ? VK_KINDS_STATIC : 0);
    return query->is_user ? kinds : kinds & ~of_the_user;
}

/* No object has a longer value. */
#define VALUE_MAX ((CK_ULONG)1 << 24)

static bool is_possible(const vk_find *query) {
    for (CK_ULONG i = 0; i < query->count; i++) {
        if (query->templ[i].ulValueLen > VALUE_MAX) {
            return false;
        }
    }
    return true;
}

static void find_kinds(vk_find *query) {
    query->kinds = is_possible(query) ? kinds_for(query) : 0;
    /* A grant that was edited is none; and a key may have to be hidden. */
    query->unknown = vk_hides_anything() ? VK_KINDS_TOKEN : VK_KINDS_GRANT;
    for (CK_ULONG i = 0; i < query->count; i++) {
        restrict_kinds(query, &query->templ[i]);
    }
}

void vk_find_name(const vk_find *query, CK_ATTRIBUTE_TYPE type, vk_bytes *name,
                  const vk_bytes **filter) {
    const CK_ATTRIBUTE *attribute = vk_template_find(query->templ, query->count, type);
    if (attribute != NULL) {
        *name = vk_attribute_bytes(attribute);
        *filter = name;
    }
}

/* ---- Other objects ---- */

/* One that is gone, or cannot be read, is none. */
static CK_RV push_if(vk_session *session, CK_OBJECT_HANDLE handle, vk_find *query,
                     vk_search *search) {
    vk_object object;
    if (vk_object_open(session, handle, &object) != CKR_OK) {
        return CKR_OK;
    }
    CK_RV rv = vk_find_matches(&object, query) ? vk_find_push(search, handle) : CKR_OK;
    vk_object_close(&object);
    return rv;
}

static CK_RV push_ref(vk_session *session, const vk_ref *ref, vk_find *query, vk_search *search) {
    vk_object object;
    CK_OBJECT_HANDLE handle;
    CK_RV rv = CKR_OK;
    if (vk_object_open_ref(session->slot, ref, &object) != CKR_OK) {
        return CKR_OK;
    }
    if (vk_find_matches(&object, query)) {
        rv = vk_ref_handle(session->slot, ref, vk_object_is_private(&object), &handle);
        rv = rv == CKR_OK ? vk_find_push(search, handle) : rv;
    }
    vk_object_close(&object);
    return rv;
}

static CK_RV push_number(vk_session *session, vk_kind kind, int64_t number, vk_find *query,
                         vk_search *search) {
    const vk_ref ref = {.slot_id = session->slot->id, .kind = kind, .key_id = number};
    return push_ref(session, &ref, query, search);
}

static CK_RV search_stored_class(vk_session *session, uint64_t class, vk_kind kind, vk_find *query,
                                 vk_search *search) {
    vk_bytes label, id;
    vk_object_filter filter = {.class = &class};
    int64_t *ids;
    size_t count;
    vk_error err = {0};
    if (!(query->kinds & kind)) {
        return CKR_OK;
    }
    vk_find_name(query, CKA_LABEL, &label, &filter.label);
    vk_find_name(query, CKA_ID, &id, &filter.ckid);
    vk_status status = vk_token_object_find(session->slot->token, &filter, &ids, &count, &err);
    CK_RV rv = vk_ck(status, &err);
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = push_number(session, kind, ids[i], query, search);
    }
    free(ids);
    return rv;
}

static CK_RV search_stored(vk_session *session, vk_find *query, vk_search *search) {
    CK_RV rv = search_stored_class(session, CKO_CERTIFICATE, VK_KIND_CERTIFICATE, query, search);
    return rv == CKR_OK ? search_stored_class(session, CKO_DATA, VK_KIND_DATA, query, search) : rv;
}

/* What the module says of itself. */
static CK_RV search_static(vk_session *session, vk_find *query, vk_search *search) {
    static const CK_ULONG profiles[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER};
    const vk_mechanism *mechanism;
    CK_RV rv = CKR_OK;
    for (size_t i = 0; (query->kinds & VK_KIND_PROFILE) && i < 2 && rv == CKR_OK; i++) {
        rv = push_number(session, VK_KIND_PROFILE, (int64_t)profiles[i], query, search);
    }
    for (size_t i = 0; (query->kinds & VK_KIND_MECHANISM) && rv == CKR_OK; i++) {
        mechanism = vk_mechanism_at(i);
        if (mechanism == NULL) {
            break;
        }
        rv = push_number(session, VK_KIND_MECHANISM, (int64_t)mechanism->type, query, search);
    }
    return rv;
}

static CK_RV search_sessions(vk_session *session, vk_find *query, vk_search *search) {
    CK_OBJECT_HANDLE *handles = NULL;
    size_t count = 0;
    CK_RV rv = vk_handle_session_objects(session->slot->id, &handles, &count);
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = push_if(session, handles[i], query, search);
    }
    free(handles);
    return rv;
}

static CK_RV search_operation(vk_session *session, int64_t pending_id, vk_find *query,
                              vk_search *search) {
    static const vk_kind kinds[] = {VK_KIND_USEROP, VK_KIND_DIGEST, VK_KIND_ASSERTION};
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && rv == CKR_OK; i++) {
        if (query->kinds & kinds[i]) {
            const vk_ref ref = {
                .slot_id = session->slot->id, .kind = kinds[i], .pending_id = pending_id};
            rv = push_ref(session, &ref, query, search);
        }
    }
    return rv;
}

static CK_RV search_pending(vk_session *session, vk_find *query, vk_search *search) {
    int64_t *ids = NULL;
    size_t count = 0;
    vk_error err = {0};
    vk_status status = vk_token_pending_list(session->slot->token, 0, &ids, &count, &err);
    CK_RV rv = status == VK_ERR_NOT_LOGGED_IN ? CKR_OK : vk_ck(status, &err);
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = search_operation(session, ids[i], query, search);
    }
    free(ids);
    return rv;
}

/* ---- C_FindObjects ---- */

static CK_RV search_all(vk_session *session, vk_find *query, vk_search *search) {
    CK_RV rv = CKR_OK;
    if (query->kinds & VK_KIND_RESIDENT) {
        vk_device_list_residents(session->slot);
    }
    if (session->slot->token == NULL) {
        query->kinds &= VK_KINDS_SESSION | VK_KINDS_STATIC;
    }
    if (query->kinds & VK_KINDS_TOKEN) {
        rv = vk_find_in_token(session->slot, query, search);
    }
    if (rv == CKR_OK && (query->kinds & VK_KINDS_STORED)) {
        rv = search_stored(session, query, search);
    }
    if (rv == CKR_OK && (query->kinds & VK_KINDS_PENDING)) {
        rv = search_pending(session, query, search);
    }
    if (rv == CKR_OK && (query->kinds & VK_KINDS_SESSION)) {
        rv = search_sessions(session, query, search);
    }
    return rv == CKR_OK ? search_static(session, query, search) : rv;
}

static CK_RV find_init(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    vk_search *search = &session->search;
    CK_RV rv = vk_template_check(templ, count);
    if (rv == CKR_OK && search->active) {
        rv = CKR_OPERATION_ACTIVE;
    }
    if (rv != CKR_OK) {
        return rv;
    }
    vk_find query = {
        .templ = templ, .count = count, .is_user = vk_slot_role(session->slot) == VK_ROLE_USER};
    find_kinds(&query);
    rv = search_all(session, &query, search);
    vk_buf_clear(&query.scratch);
    if (rv != CKR_OK) {
        vk_search_end(search);
    } else {
        search->active = true;
    }
    return rv;
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR templ, CK_ULONG count) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, find_init(session, templ, count));
}

static CK_RV find(vk_session *session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count) {
    vk_search *search = &session->search;
    if (!search->active) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    if (count == NULL || (objects == NULL && max > 0)) {
        return CKR_ARGUMENTS_BAD;
    }
    size_t left = search->count - search->next;
    *count = left < max ? left : max;
    if (*count > 0) {
        memcpy(objects, search->found + search->next, *count * sizeof *objects);
    }
    search->next += *count;
    return CKR_OK;
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE_PTR objects, CK_ULONG max,
                    CK_ULONG_PTR count) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, find(session, objects, max, count));
}

static CK_RV find_final(vk_session *session) {
    bool was_active = session->search.active;
    vk_search_end(&session->search);
    return was_active ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, find_final(session));
}
