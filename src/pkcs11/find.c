#include "pkcs11/attribute.h"
#include "pkcs11/template.h"

#include <stdlib.h>
#include <string.h>

void vk_search_end(vk_search *search) {
    free(search->found);
    *search = (vk_search){0};
}

/* What is looked for. */
typedef struct find_query {
    const CK_ATTRIBUTE *templ;
    CK_ULONG count;
    unsigned kinds; /* that can match at all */
    vk_buf scratch;
} find_query;

static CK_RV push(vk_search *search, CK_OBJECT_HANDLE handle) {
    CK_OBJECT_HANDLE *found = vk_grow(search->found, &search->cap, search->count, sizeof *found);
    if (found == NULL) {
        return CKR_HOST_MEMORY;
    }
    search->found = found;
    found[search->count++] = handle;
    return CKR_OK;
}

static bool matches(const vk_object *object, find_query *query) {
    for (CK_ULONG i = 0; i < query->count; i++) {
        if (!vk_attribute_is(object, &query->templ[i], &query->scratch)) {
            return false;
        }
    }
    return vk_object_visible(object);
}

/* ---- What can match: saves reading what cannot ---- */

static unsigned kinds_of_class(CK_OBJECT_CLASS class) {
    switch (class) {
    case CKO_PRIVATE_KEY:
        return VK_KIND_PRIVATE | VK_KIND_SESSION_PRIVATE;
    case CKO_PUBLIC_KEY:
        return VK_KIND_PUBLIC | VK_KIND_SESSION_PUBLIC;
    case CKO_DATA:
        return VK_KINDS_TOKEN_DATA | VK_KINDS_PENDING | VK_KINDS_DATA;
    case CKO_CERTIFICATE:
        return VK_KINDS_CERTIFICATE;
    case CKO_SECRET_KEY:
        return VK_KIND_SECRET;
    case CKO_PROFILE:
        return VK_KIND_PROFILE;
    case CKO_MECHANISM:
        return VK_KIND_MECHANISM;
    default:
        return 0;
    }
}

#define EVERY_KIND (VK_KINDS_TOKEN | VK_KINDS_PENDING | VK_KINDS_STORED | VK_KINDS_SESSION)
#define KINDS_WITH_ID                                                                              \
    (VK_KINDS_KEY | VK_KINDS_SESSION_KEY | VK_KINDS_CERTIFICATE | VK_KIND_SECRET | VK_KINDS_PENDING)

/* What the module says of itself is found by who asks for it: the standard has it so for mechanisms,
 * and profiles are a class that clients of 2.40 do not know. */
static unsigned possible_kinds(const CK_ATTRIBUTE *templ, CK_ULONG count, vk_role role) {
    unsigned kinds = EVERY_KIND;
    const CK_ATTRIBUTE *class = vk_template_find(templ, count, CKA_CLASS);
    const CK_ATTRIBUTE *token = vk_template_find(templ, count, CKA_TOKEN);
    CK_OBJECT_CLASS number;
    bool on_token;
    if (class != NULL) {
        kinds = vk_attribute_number(class, &number) ? kinds_of_class(number) : 0;
    }
    if (token != NULL) {
        bool known = vk_attribute_bool(token, &on_token);
        kinds &= !known ? 0 : on_token ? ~(unsigned)VK_KINDS_SESSION : VK_KINDS_SESSION;
    }
    if (vk_template_find(templ, count, CKA_ID) != NULL) {
        kinds &= KINDS_WITH_ID;
    }
    const unsigned of_the_user = VK_KIND_PRIVATE | VK_KIND_SESSION_PRIVATE | VK_KINDS_PENDING;
    return role == VK_ROLE_USER ? kinds : kinds & ~of_the_user;
}

/* ---- Objects of the token ---- */

static CK_RV add_if(vk_view *view, vk_kind kind, int64_t grant_id, find_query *query,
                    vk_search *search) {
    vk_object object;
    CK_OBJECT_HANDLE handle;
    if (!(query->kinds & kind) || !vk_object_of_view(view, kind, grant_id, &object) ||
        !matches(&object, query)) {
        return CKR_OK;
    }
    CK_RV rv = vk_object_handle(&object, &handle);
    return rv == CKR_OK ? push(search, handle) : rv;
}

static CK_RV search_grants(vk_view *view, find_query *query, vk_search *search) {
    size_t count = 0;
    const vk_grant_record *grants = NULL;
    if (query->kinds & VK_KINDS_GRANT) {
        grants = vk_view_grants(view, &count);
    }
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = add_if(view, VK_KIND_GRANT, grants[i].id, query, search);
        if (rv == CKR_OK) {
            rv = add_if(view, VK_KIND_ACCOUNT, grants[i].id, query, search);
        }
    }
    return rv;
}

static CK_RV search_view(vk_view *view, find_query *query, vk_search *search) {
    CK_RV rv = add_if(view, VK_KIND_PRIVATE, 0, query, search);
    if (rv == CKR_OK) {
        rv = add_if(view, VK_KIND_PUBLIC, 0, query, search);
    }
    if (rv == CKR_OK) {
        rv = add_if(view, VK_KIND_POLICY, 0, query, search);
    }
    return rv == CKR_OK ? search_grants(view, query, search) : rv;
}

static CK_RV search_keys(vk_slot *slot, const int64_t *ids, size_t count, find_query *query,
                         vk_search *search) {
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        vk_view *view;
        vk_status status = vk_view_get(slot, ids[i], &view);
        if (status == VK_ERR_NOT_FOUND) {
            continue;
        }
        if (status != VK_OK) {
            return vk_ck(status, NULL);
        }
        rv = search_view(view, query, search);
        vk_view_put(view);
    }
    return rv;
}

static CK_RV search_token(vk_slot *slot, find_query *query, vk_search *search) {
    const CK_ATTRIBUTE *label = vk_template_find(query->templ, query->count, CKA_LABEL);
    const CK_ATTRIBUTE *id = vk_template_find(query->templ, query->count, CKA_ID);
    const CK_ATTRIBUTE *point = vk_template_find(query->templ, query->count, CKA_EC_POINT);
    const vk_bytes label_bytes = label != NULL ? vk_attribute_bytes(label) : (vk_bytes){0};
    const vk_bytes id_bytes = id != NULL ? vk_attribute_bytes(id) : (vk_bytes){0};
    uint8_t point65[65];
    if (point != NULL && !vk_point_read(vk_attribute_bytes(point), point65)) {
        return CKR_OK;
    }
    const vk_key_filter filter = {.label = label != NULL ? &label_bytes : NULL,
                                  .ckid = id != NULL ? &id_bytes : NULL,
                                  .point65 = point != NULL ? point65 : NULL};
    int64_t *ids = NULL;
    size_t count = 0;
    CK_RV rv = vk_ck(vk_token_key_find(slot->token, &filter, &ids, &count), NULL);
    if (rv == CKR_OK) {
        rv = search_keys(slot, ids, count, query, search);
    }
    free(ids);
    return rv;
}

/* ---- Other objects ---- */

/* One that is gone, or cannot be read, is none. */
static CK_RV push_if(vk_session *session, CK_OBJECT_HANDLE handle, find_query *query,
                     vk_search *search) {
    vk_object object;
    if (vk_object_open(session, handle, &object) != CKR_OK) {
        return CKR_OK;
    }
    CK_RV rv = matches(&object, query) ? push(search, handle) : CKR_OK;
    vk_object_close(&object);
    return rv;
}

static CK_RV push_ref(vk_session *session, vk_kind kind, int64_t number, find_query *query,
                      vk_search *search) {
    const vk_ref ref = {.slot_id = session->slot->id, .kind = kind, .key_id = number};
    CK_OBJECT_HANDLE handle;
    CK_RV rv = vk_handle_of(&ref, &handle);
    return rv == CKR_OK ? push_if(session, handle, query, search) : rv;
}

static CK_RV search_stored_class(vk_session *session, uint64_t class, vk_kind kind,
                                 find_query *query, vk_search *search) {
    const CK_ATTRIBUTE *label = vk_template_find(query->templ, query->count, CKA_LABEL);
    const CK_ATTRIBUTE *id = vk_template_find(query->templ, query->count, CKA_ID);
    const vk_bytes label_bytes = label != NULL ? vk_attribute_bytes(label) : (vk_bytes){0};
    const vk_bytes id_bytes = id != NULL ? vk_attribute_bytes(id) : (vk_bytes){0};
    const vk_object_filter filter = {.class = &class,
                                     .label = label != NULL ? &label_bytes : NULL,
                                     .ckid = id != NULL ? &id_bytes : NULL};
    int64_t *ids;
    size_t count;
    vk_error err = {0};
    if (!(query->kinds & kind)) {
        return CKR_OK;
    }
    vk_status status = vk_token_object_find(session->slot->token, &filter, &ids, &count, &err);
    CK_RV rv = vk_ck(status, &err);
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = push_ref(session, kind, ids[i], query, search);
    }
    free(ids);
    return rv;
}

static CK_RV search_stored(vk_session *session, find_query *query, vk_search *search) {
    CK_RV rv = search_stored_class(session, CKO_CERTIFICATE, VK_KIND_CERTIFICATE, query, search);
    return rv == CKR_OK ? search_stored_class(session, CKO_DATA, VK_KIND_DATA, query, search) : rv;
}

/* What the module says of itself. */
static CK_RV search_static(vk_session *session, find_query *query, vk_search *search) {
    static const CK_ULONG profiles[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER};
    const vk_mechanism *mechanism;
    CK_RV rv = CKR_OK;
    for (size_t i = 0; (query->kinds & VK_KIND_PROFILE) && i < 2 && rv == CKR_OK; i++) {
        rv = push_ref(session, VK_KIND_PROFILE, (int64_t)profiles[i], query, search);
    }
    for (size_t i = 0; (query->kinds & VK_KIND_MECHANISM) && rv == CKR_OK; i++) {
        mechanism = vk_mechanism_at(i);
        if (mechanism == NULL) {
            break;
        }
        rv = push_ref(session, VK_KIND_MECHANISM, (int64_t)mechanism->type, query, search);
    }
    return rv;
}

static CK_RV search_sessions(vk_session *session, find_query *query, vk_search *search) {
    CK_OBJECT_HANDLE *handles = NULL;
    size_t count = 0;
    CK_RV rv = vk_handle_session_objects(session->slot->id, &handles, &count);
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = push_if(session, handles[i], query, search);
    }
    free(handles);
    return rv;
}

static CK_RV search_operation(vk_session *session, int64_t pending_id, find_query *query,
                              vk_search *search) {
    static const vk_kind kinds[] = {VK_KIND_USEROP, VK_KIND_DIGEST, VK_KIND_ASSERTION};
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && rv == CKR_OK; i++) {
        if (query->kinds & kinds[i]) {
            rv = push_if(session, vk_handle_of_pending(pending_id, kinds[i]), query, search);
        }
    }
    return rv;
}

static CK_RV search_pending(vk_session *session, find_query *query, vk_search *search) {
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

static CK_RV search_all(vk_session *session, find_query *query, vk_search *search) {
    CK_RV rv = CKR_OK;
    if (query->kinds & VK_KINDS_TOKEN) {
        rv = search_token(session->slot, query, search);
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
    find_query query = {.templ = templ, .count = count};
    query.kinds = possible_kinds(templ, count, vk_slot_role(session->slot));
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
