#include "pkcs11/object.h"
#include "base/secret.h"
#include "pkcs11/attribute.h"
#include "pkcs11/certificate.h"
#include "pkcs11/device.h"
#include "pkcs11/hide.h"
#include "pkcs11/session_key.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

#include <stdlib.h>
#include <string.h>

/* ---- Objects of sessions ---- */

vk_data *vk_data_new(CK_SESSION_HANDLE owner, vk_kind kind) {
    static atomic_uint_fast64_t serial;
    vk_data *data = calloc(1, sizeof *data);
    if (data == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&data->lock, NULL) != 0) {
        free(data);
        return NULL;
    }
    data->owner = owner;
    data->kind = kind;
    data->serial = atomic_fetch_add(&serial, 1) + 1;
    atomic_init(&data->users, 1);
    return data;
}

void vk_data_put(vk_data *data) {
    if (data != NULL && atomic_fetch_sub(&data->users, 1) == 1) {
        vk_loose_key_free(data->key);
        vk_secret_free(data->secret, VK_SECRET_LEN);
        vk_buf_clear(&data->attrs);
        pthread_mutex_destroy(&data->lock);
        free(data);
    }
}

CK_RV vk_data_publish(const vk_slot *slot, vk_data *data, CK_OBJECT_HANDLE *out) {
    const vk_ref ref = {.slot_id = slot->id, .kind = data->kind, .data = data};
    CK_RV rv = vk_handle_add(&ref, out);
    if (rv != CKR_OK) {
        vk_data_put(data);
    }
    return rv;
}

/* ---- Opening ---- */

/* Only permissions have the SDK's text; no other kind of grant has a text of that name in it. */
static bool has_account(const vk_grant_record *grant) {
    return strstr(grant->json, "\"serializedAccount\":") != NULL;
}

bool vk_object_of_view(vk_view *view, vk_kind kind, int64_t grant_id, vk_object *out) {
    *out = (vk_object){.slot = view->slot, .kind = kind, .view = view};
    switch (kind) {
    case VK_KIND_PRIVATE:
        /* What the token has of a key that is with a browser is no key. */
        return view->record.has_private && view->record.home != VK_HOME_REMOTE;
    case VK_KIND_PUBLIC:
        return view->record.has_public;
    case VK_KIND_POLICY:
        return view->record.has_private && view->record.policy != NULL;
    case VK_KIND_LOGINS:
        return view->record.has_private &&
               vk_stored_bytes(&view->record.private_attrs, CKA_VALETKEY_LOGIN_ALLOWED).len > 0;
    case VK_KIND_STEP_UP:
        return view->record.has_private &&
               vk_stored_bytes(&view->record.private_attrs, CKA_VALETKEY_STEP_UP).len > 0;
    case VK_KIND_GRANT:
    case VK_KIND_ACCOUNT:
        out->grant = view->record.has_private ? vk_view_grant(view, grant_id) : NULL;
        return out->grant != NULL && (kind == VK_KIND_GRANT || has_account(out->grant));
    default:
        return false;
    }
}

/* Keys that are hidden have no view; what a process keeps to itself it knows. */
static bool is_hidden(const vk_object *object) {
    vk_bytes der;
    vk_curve curve;
    return object->kind == VK_KIND_CERTIFICATE && vk_hides_anything() &&
           vk_attrs_get(&object->stored->attrs, CKA_VALUE, &der) &&
           vk_certificate_curve(der, &curve) && vk_hides(curve);
}

bool vk_object_is_private(const vk_object *object) {
    if (object->kind == VK_KIND_PUBLIC) {
        return object->view->public_is_private;
    }
    if (object->kind & VK_KINDS_SESSION) {
        return object->data->is_private;
    }
    if (object->kind & VK_KINDS_STORED) {
        return object->stored->is_private;
    }
    return (object->kind & (VK_KIND_PRIVATE | VK_KINDS_PENDING)) != 0;
}

bool vk_object_visible(const vk_object *object) {
    return !is_hidden(object) &&
           (!vk_object_is_private(object) || vk_slot_role(object->slot) == VK_ROLE_USER);
}

CK_RV vk_object_open_ref(vk_slot *slot, const vk_ref *ref, vk_object *out) {
    if (ref->kind & VK_KINDS_STATIC) {
        *out = (vk_object){.slot = slot, .kind = ref->kind, .number = (CK_ULONG)ref->key_id};
        return CKR_OK;
    }
    /* Handles that are computed mean something in every slot, also in one without a store. */
    if (slot->token == NULL) {
        return CKR_OBJECT_HANDLE_INVALID;
    }
    if (ref->kind & VK_KINDS_STORED) {
        return vk_stored_open(slot, ref, out);
    }
    if (ref->kind & VK_KINDS_PENDING) {
        return vk_pending_open(slot, ref, out);
    }
    vk_view *view;
    vk_status status = vk_view_get(slot, ref->key_id, &view);
    if (status != VK_OK) {
        return status == VK_ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : vk_ck(status, NULL);
    }
    if (!vk_object_of_view(view, ref->kind, ref->grant_id, out)) {
        vk_view_put(view);
        return CKR_OBJECT_HANDLE_INVALID;
    }
    return CKR_OK;
}

static bool is_given(const vk_object *object, CK_OBJECT_HANDLE handle) {
    bool is_marked = !(object->kind & VK_KINDS_SESSION) && vk_object_is_private(object);
    return vk_handle_is_given(handle, is_marked, atomic_load(&object->slot->epoch));
}

CK_RV vk_object_open(vk_session *session, CK_OBJECT_HANDLE handle, vk_object *out) {
    vk_ref ref;
    CK_RV rv = vk_handle_get(session->slot->id, handle, &ref);
    if (rv == CKR_OK && (ref.kind & VK_KINDS_SESSION)) {
        *out = (vk_object){.slot = session->slot, .kind = ref.kind, .data = ref.data};
    } else if (rv == CKR_OK) {
        rv = vk_object_open_ref(session->slot, &ref, out);
    }
    if (rv == CKR_OK && !(is_given(out, handle) && vk_object_visible(out))) {
        vk_object_close(out);
        rv = CKR_OBJECT_HANDLE_INVALID;
    }
    return rv;
}

void vk_object_close(vk_object *object) {
    vk_view_put(object->view);
    vk_data_put(object->data);
    if (object->pending != NULL) {
        vk_pending_clear(object->pending);
        free(object->pending);
    }
    if (object->stored != NULL) {
        vk_object_record_clear(object->stored);
        free(object->stored);
    }
    *object = (vk_object){0};
}

/* More than were ever written: somebody edited the file. */
#define PENDING_IDS ((int64_t)1 << 40)

CK_RV vk_ref_handle(vk_slot *slot, const vk_ref *ref, bool is_private, CK_OBJECT_HANDLE *out) {
    CK_RV rv = CKR_OK;
    if (ref->kind & VK_KINDS_PENDING) {
        rv = ref->pending_id < PENDING_IDS ? CKR_OK : CKR_DEVICE_ERROR;
        *out = vk_handle_of_pending(ref->pending_id, ref->kind);
    } else {
        rv = vk_handle_of(ref, out);
    }
    if (rv == CKR_OK && is_private) {
        *out = vk_handle_of_login(*out, atomic_load(&slot->epoch));
    }
    return rv;
}

CK_RV vk_object_handle(const vk_object *object, CK_OBJECT_HANDLE *out) {
    const vk_ref ref = {.slot_id = object->slot->id,
                        .kind = object->kind,
                        .key_id = object->view->record.id,
                        .grant_id = object->grant != NULL ? object->grant->id : 0};
    return vk_ref_handle(object->slot, &ref, vk_object_is_private(object), out);
}

CK_RV vk_key_handle(vk_session *session, int64_t key_id, vk_kind kind, CK_OBJECT_HANDLE *out) {
    const vk_ref ref = {.slot_id = session->slot->id, .kind = kind, .key_id = key_id};
    vk_object object;
    /* That of the other kinds needs no look, which could fail where the change did not. */
    if (kind != VK_KIND_PUBLIC) {
        return vk_ref_handle(session->slot, &ref, kind == VK_KIND_PRIVATE, out);
    }
    CK_RV rv = vk_object_open_ref(session->slot, &ref, &object);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_object_handle(&object, out);
    vk_object_close(&object);
    return rv;
}

const vk_buf *vk_object_attrs(const vk_object *object) {
    static const vk_buf none;
    if (object->kind & VK_KINDS_SESSION) {
        return &object->data->attrs;
    }
    if (object->kind & VK_KINDS_STORED) {
        return &object->stored->attrs;
    }
    if (object->kind & VK_KINDS_STATIC) {
        return &none;
    }
    return object->kind == VK_KIND_PUBLIC ? &object->view->record.public_attrs
                                          : &object->view->record.private_attrs;
}

CK_RV vk_wrong_key(vk_kind kind) {
    return kind & (VK_KINDS_KEY | VK_KINDS_SESSION_KEY) ? CKR_KEY_FUNCTION_NOT_PERMITTED
                                                        : CKR_KEY_HANDLE_INVALID;
}

const uint8_t *vk_object_point(const vk_object *object, vk_curve *curve) {
    bool is_loose = (object->kind & VK_KINDS_SESSION_KEY) != 0;
    *curve = is_loose ? object->data->curve : object->view->record.curve;
    return is_loose ? object->data->point65 : object->view->record.point65;
}

void vk_record_names(const vk_key_record *record, vk_key_names *out) {
    *out = (vk_key_names){.private_label = vk_stored_bytes(&record->private_attrs, CKA_LABEL),
                          .private_ckid = vk_stored_bytes(&record->private_attrs, CKA_ID),
                          .public_label = vk_stored_bytes(&record->public_attrs, CKA_LABEL),
                          .public_ckid = vk_stored_bytes(&record->public_attrs, CKA_ID)};
}

CK_RV vk_object_may_change(const vk_session *session, bool token_object) {
    if (!token_object) {
        return CKR_OK;
    }
    if (!session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    /* A security key has nothing on it before its first key is made. */
    return session->slot->token == NULL ? CKR_TOKEN_WRITE_PROTECTED : CKR_OK;
}

/* ---- C_CreateObject, C_CopyObject ---- */

static CK_RV create_object(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                           CK_OBJECT_HANDLE *out) {
    CK_OBJECT_CLASS class;
    CK_RV rv = out == NULL ? CKR_ARGUMENTS_BAD : vk_template_check(templ, count);
    if (rv == CKR_OK) {
        rv = vk_template_class(templ, count, &class);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    switch (class) {
    case CKO_DATA:
        return vk_create_data(session, templ, count, out);
    case CKO_PRIVATE_KEY:
        return vk_create_private_key(session, templ, count, out);
    case CKO_PUBLIC_KEY:
        return vk_create_public_key(session, templ, count, out);
    case CKO_CERTIFICATE:
        return vk_create_ordinary(session, class, templ, count, out);
    case CKO_SECRET_KEY:
    case CKO_DOMAIN_PARAMETERS:
        return CKR_TEMPLATE_INCONSISTENT; /* a class, but none that can be created here */
    default:
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
}

CK_RV C_CreateObject(CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR templ, CK_ULONG count,
                     CK_OBJECT_HANDLE_PTR out) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, create_object(session, templ, count, out));
}

static CK_RV copy_object(vk_session *session, CK_OBJECT_HANDLE source, const CK_ATTRIBUTE *templ,
                         CK_ULONG count, CK_OBJECT_HANDLE *out) {
    vk_object object;
    CK_RV rv = out == NULL ? CKR_ARGUMENTS_BAD : vk_template_check(templ, count);
    if (rv == CKR_OK) {
        rv = vk_object_open(session, source, &object);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (object.kind & (VK_KINDS_DATA | VK_KINDS_CERTIFICATE)) {
        rv = vk_copy_ordinary(session, &object, templ, count, out);
    } else if (object.kind & VK_KINDS_PUBLIC_KEY) {
        rv = vk_copy_public_key(session, &object, templ, count, out);
    } else {
        rv = CKR_ACTION_PROHIBITED;
    }
    vk_object_close(&object);
    return rv;
}

CK_RV C_CopyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE source, CK_ATTRIBUTE_PTR templ,
                   CK_ULONG count, CK_OBJECT_HANDLE_PTR out) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK
               ? rv
               : vk_leave_session(session, copy_object(session, source, templ, count, out));
}

/* ---- C_DestroyObject ---- */

static bool is_destroyable(const vk_object *object) {
    if (object->kind & (VK_KINDS_PENDING | VK_KIND_STEP_UP)) {
        return true;
    }
    return !(object->kind & (VK_KINDS_TOKEN_DATA | VK_KINDS_STATIC)) &&
           vk_object_bool(object, CKA_DESTROYABLE, true);
}

static CK_RV destroy_key(const vk_object *object) {
    vk_slot *slot = object->slot;
    vk_error err = {0};
    bool is_private = object->kind == VK_KIND_PRIVATE;
    /* The record goes with the one half that is shown. */
    bool is_whole = object->view->record.home == VK_HOME_REMOTE;
    int64_t key_id = object->view->record.id;
    pthread_mutex_lock(&slot->lock);
    vk_status status = is_private ? vk_device_forget_key(slot, key_id, &err) : VK_OK;
    if (status == VK_OK) {
        status = vk_token_key_remove(slot->token, key_id, is_private || is_whole, !is_private);
    }
    vk_slot_changed(slot);
    pthread_mutex_unlock(&slot->lock);
    return vk_ck(status, &err);
}

/* The SO's rule is the SO's to take away. */
static CK_RV destroy_step_up(const vk_object *object) {
    vk_slot *slot = object->slot;
    vk_error err = {0};
    if (vk_slot_role(slot) != VK_ROLE_SO) {
        vk_debug("only the SO changes a step-up rule");
        return vk_slot_role(slot) == VK_ROLE_USER ? CKR_ACTION_PROHIBITED : CKR_USER_NOT_LOGGED_IN;
    }
    pthread_mutex_lock(&slot->lock);
    vk_status status = vk_gate_set_step_up(slot->gate, object->view->record.id, NULL, 0, &err);
    vk_slot_changed(slot);
    pthread_mutex_unlock(&slot->lock);
    return vk_ck(status, &err);
}

static CK_RV destroy_of_kind(const vk_object *object, CK_OBJECT_HANDLE handle) {
    if (object->kind & VK_KINDS_SESSION) {
        return vk_handle_drop_one(handle) ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
    }
    if (object->kind & VK_KINDS_PENDING) {
        return vk_pending_destroy(object);
    }
    if (object->kind == VK_KIND_STEP_UP) {
        return destroy_step_up(object);
    }
    return object->kind & VK_KINDS_STORED ? vk_stored_destroy(object) : destroy_key(object);
}

static CK_RV destroy_object(vk_session *session, CK_OBJECT_HANDLE handle) {
    vk_object object;
    CK_RV rv = vk_object_open(session, handle, &object);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_object_may_change(session, !(object.kind & VK_KINDS_SESSION));
    if (rv == CKR_OK && !is_destroyable(&object)) {
        rv = CKR_ACTION_PROHIBITED;
    }
    if (rv == CKR_OK) {
        rv = object.kind == VK_KIND_RESIDENT ? vk_device_destroy_resident(session, &object, handle)
                                             : destroy_of_kind(&object, handle);
    }
    vk_object_close(&object);
    return rv;
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, destroy_object(session, object));
}
