#include "pkcs11/attribute.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

#include <string.h>

/* ---- One value ---- */

void vk_object_lock(const vk_object *object) {
    if (object->kind & VK_KINDS_SESSION) {
        pthread_mutex_lock(&object->data->lock);
    }
}

void vk_object_unlock(const vk_object *object) {
    if (object->kind & VK_KINDS_SESSION) {
        pthread_mutex_unlock(&object->data->lock);
    }
}

vk_bytes vk_stored_bytes(const vk_buf *attrs, CK_ATTRIBUTE_TYPE type) {
    vk_bytes bytes;
    return vk_attrs_get(attrs, type, &bytes) ? bytes : (vk_bytes){0};
}

bool vk_stored_bool(const vk_buf *attrs, CK_ATTRIBUTE_TYPE type, bool absent) {
    vk_bytes bytes;
    return vk_attrs_get(attrs, type, &bytes) && bytes.len == 1 ? bytes.data[0] != CK_FALSE : absent;
}

bool vk_object_bool(const vk_object *object, CK_ATTRIBUTE_TYPE type, bool absent) {
    vk_object_lock(object);
    bool is_true = vk_stored_bool(vk_object_attrs(object), type, absent);
    vk_object_unlock(object);
    return is_true;
}

bool vk_object_allows(const vk_object *object, CK_MECHANISM_TYPE type) {
    vk_object_lock(object);
    bool allows = vk_mechanism_is_allowed(vk_object_attrs(object), type);
    vk_object_unlock(object);
    return allows;
}

static void put_bool(vk_buf *out, bool value) {
    vk_buf_put_byte(out, value ? CK_TRUE : CK_FALSE);
}

static void put_stored(const vk_object *object, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    vk_bytes bytes = vk_stored_bytes(vk_object_attrs(object), type);
    vk_buf_put(out, bytes.data, bytes.len);
}

static CK_RV from_row(const vk_object *object, const vk_attribute_row *row, vk_buf *out) {
    switch (row->source) {
    case VK_FROM_TRUE:
    case VK_FROM_FALSE:
        put_bool(out, row->source == VK_FROM_TRUE);
        return CKR_OK;
    case VK_FROM_STORED_TRUE:
    case VK_FROM_STORED_FALSE:
        put_bool(out, vk_stored_bool(vk_object_attrs(object), row->type,
                                     row->source == VK_FROM_STORED_TRUE));
        return CKR_OK;
    case VK_FROM_NUMBER:
        vk_buf_put(out, &row->number, sizeof row->number);
        return CKR_OK;
    case VK_FROM_STORED_BYTES:
        put_stored(object, row->type, out);
        return CKR_OK;
    case VK_FROM_SECRET:
        return CKR_ATTRIBUTE_SENSITIVE;
    case VK_FROM_GETTER:
        return row->get(object, out);
    }
    return CKR_GENERAL_ERROR;
}

static const vk_attribute_table *const tables[] = {
    &vk_standard_attributes, &vk_policy_attributes,  &vk_signer_attributes,
    &vk_grant_attributes,    &vk_pending_attributes, &vk_ordinary_attributes};
#define TABLES (sizeof tables / sizeof tables[0])

static const vk_attribute_row *find_row(vk_kind kind, CK_ATTRIBUTE_TYPE type) {
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const vk_attribute_row *row = &tables[t]->rows[i];
            if (row->type == type && (row->kinds & kind)) {
                return row;
            }
        }
    }
    return NULL;
}

CK_RV vk_attribute_get(const vk_object *object, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    const vk_attribute_row *row = find_row(object->kind, type);
    if (row == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_object_lock(object);
    CK_RV rv = from_row(object, row, out);
    vk_object_unlock(object);
    return rv == CKR_OK ? vk_ck(vk_buf_status(out), NULL) : rv;
}

bool vk_attribute_is(const vk_object *object, const CK_ATTRIBUTE *wanted, vk_buf *scratch) {
    scratch->len = 0;
    return vk_attribute_get(object, wanted->type, scratch) == CKR_OK &&
           vk_bytes_equal(vk_buf_view(scratch), vk_attribute_bytes(wanted));
}

static vk_match match_of(bool same) {
    return same ? VK_MATCH_YES : VK_MATCH_NO;
}

vk_match vk_attribute_of_kind(vk_kind kind, const CK_ATTRIBUTE *wanted) {
    const vk_attribute_row *row = find_row(kind, wanted->type);
    const vk_bytes value = vk_attribute_bytes(wanted);
    if (row == NULL || row->source == VK_FROM_SECRET) {
        return VK_MATCH_NO;
    }
    if (row->source == VK_FROM_TRUE || row->source == VK_FROM_FALSE) {
        const CK_BBOOL fixed = row->source == VK_FROM_TRUE ? CK_TRUE : CK_FALSE;
        return match_of(vk_bytes_equal(value, (vk_bytes){&fixed, sizeof fixed}));
    }
    if (row->source == VK_FROM_NUMBER) {
        const vk_bytes fixed = {(const uint8_t *)&row->number, sizeof row->number};
        return match_of(vk_bytes_equal(value, fixed));
    }
    return VK_MATCH_UNKNOWN;
}

/* ---- C_GetAttributeValue ---- */

static CK_RV get_one(const vk_object *object, CK_ATTRIBUTE *wanted) {
    vk_buf value = {0};
    CK_RV rv = vk_attribute_get(object, wanted->type, &value);
    if (rv == CKR_OK && wanted->pValue != NULL && wanted->ulValueLen < value.len) {
        rv = CKR_BUFFER_TOO_SMALL;
    }
    if (rv == CKR_OK && wanted->pValue != NULL && value.len > 0) {
        memcpy(wanted->pValue, value.data, value.len);
    }
    wanted->ulValueLen = rv == CKR_OK ? value.len : CK_UNAVAILABLE_INFORMATION;
    vk_buf_clear(&value);
    return rv;
}

/* These concern one attribute; the others are still given. */
static bool is_about_one(CK_RV rv) {
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
           rv == CKR_BUFFER_TOO_SMALL;
}

static CK_RV get_all(const vk_object *object, CK_ATTRIBUTE *templ, CK_ULONG count) {
    CK_RV first = CKR_OK;
    for (CK_ULONG i = 0; i < count; i++) {
        CK_RV rv = get_one(object, &templ[i]);
        if (rv != CKR_OK && !is_about_one(rv)) {
            return rv;
        }
        first = first == CKR_OK ? rv : first;
    }
    return first;
}

static CK_RV get_attributes(vk_session *session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *templ,
                            CK_ULONG count) {
    vk_object object;
    if (templ == NULL || count == 0 || count > VK_TEMPLATE_MAX) {
        return CKR_ARGUMENTS_BAD;
    }
    CK_RV rv = vk_object_open(session, handle, &object);
    if (rv == CKR_OK) {
        rv = get_all(&object, templ, count);
        vk_object_close(&object);
    }
    return rv;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ,
                          CK_ULONG count) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, get_attributes(session, object, templ, count));
}

/* ---- C_GetObjectSize: the bytes of what can be read ---- */

static void put_all(const vk_object *object, const vk_attribute_table *table, vk_buf *out) {
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kinds & object->kind) {
            CK_RV ignored = vk_attribute_get(object, table->rows[i].type, out);
            (void)ignored;
        }
    }
}

static CK_ULONG size_of(const vk_object *object) {
    vk_buf all = {0};
    put_all(object, &vk_standard_attributes, &all);
    put_all(object, &vk_pending_attributes, &all);
    put_all(object, &vk_ordinary_attributes, &all);
    CK_ULONG size = vk_buf_status(&all) == VK_OK ? all.len : CK_UNAVAILABLE_INFORMATION;
    vk_buf_clear(&all);
    return size;
}

static CK_RV get_size(vk_session *session, CK_OBJECT_HANDLE handle, CK_ULONG *size) {
    vk_object object;
    CK_RV rv = size == NULL ? CKR_ARGUMENTS_BAD : vk_object_open(session, handle, &object);
    if (rv == CKR_OK) {
        *size = size_of(&object);
        vk_object_close(&object);
    }
    return rv;
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ULONG_PTR size) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, get_size(session, object, size));
}

/* ---- C_SetAttributeValue ---- */

#define ANY_KEY (VK_KINDS_KEY | VK_KINDS_SESSION_KEY | VK_KIND_SECRET)

static bool is_settable(vk_kind kind, CK_ATTRIBUTE_TYPE type) {
    if (kind & (VK_KINDS_DATA | VK_KINDS_CERTIFICATE)) {
        return vk_ordinary_is_settable(kind, type);
    }
    return type == CKA_LABEL || type == CKA_ID || (type == CKA_SUBJECT && kind != VK_KIND_SECRET);
}

static CK_RV check_settable(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    for (CK_ULONG i = 0; i < count; i++) {
        if (find_row(object->kind, templ[i].type) == NULL) {
            return CKR_ATTRIBUTE_TYPE_INVALID;
        }
        if (!is_settable(object->kind, templ[i].type)) {
            return CKR_ATTRIBUTE_READ_ONLY;
        }
        bool is_key = (object->kind & ANY_KEY) != 0;
        if (templ[i].ulValueLen > (is_key ? VK_NAME_MAX : VK_ATTRS_VALUE_MAX)) {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
    }
    return CKR_OK;
}

static vk_status set_all(vk_buf *attrs, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    vk_status status = VK_OK;
    for (CK_ULONG i = 0; i < count && status == VK_OK; i++) {
        status = vk_attrs_set(attrs, templ[i].type, vk_attribute_bytes(&templ[i]));
    }
    return status;
}

static vk_status set_on_data(vk_data *data, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    pthread_mutex_lock(&data->lock);
    vk_status status = set_all(&data->attrs, templ, count);
    pthread_mutex_unlock(&data->lock);
    return status;
}

/* The record is read again under the slot's lock, so that no change of another thread is lost. What
 * is sealed with the change has to be sound before. */
static vk_status set_on_key(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count,
                            vk_error *err) {
    vk_token *token = object->slot->token;
    vk_key_record record;
    vk_key_names names;
    vk_status status = vk_token_key_get(token, object->view->record.id, &record);
    if (status != VK_OK) {
        return status;
    }
    /* Nobody sees the other half of a key that is with a browser, so it is called the same. */
    bool is_remote = record.home == VK_HOME_REMOTE;
    status = record.has_private ? vk_token_key_vouch(token, &record, err) : VK_OK;
    if (status == VK_OK && (object->kind == VK_KIND_PUBLIC || is_remote)) {
        status = set_all(&record.public_attrs, templ, count);
    }
    if (status == VK_OK && (object->kind == VK_KIND_PRIVATE || is_remote)) {
        status = set_all(&record.private_attrs, templ, count);
    }
    if (status == VK_OK) {
        vk_record_names(&record, &names);
        status = vk_token_key_update(token, &record, &names, err);
    }
    vk_key_record_clear(&record);
    vk_slot_changed(object->slot);
    return status;
}

static vk_status set_on_stored(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count,
                               vk_error *err) {
    vk_object_record *record = object->stored;
    int64_t id = record->id;
    vk_object_record_clear(record);
    vk_status status = vk_token_object_get(object->slot->token, id, record, err);
    if (status == VK_OK) {
        status = set_all(&record->attrs, templ, count);
    }
    return status == VK_OK ? vk_stored_update(object, err) : status;
}

static CK_RV set_on_token(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    vk_error err = {0};
    vk_status status = VK_ERR_MISMATCH;
    pthread_mutex_lock(&object->slot->lock);
    /* Another process may change the object between its reading and its writing: once more, then.
     */
    for (int i = 0; i < 2 && status == VK_ERR_MISMATCH; i++) {
        status = object->kind & VK_KINDS_STORED ? set_on_stored(object, templ, count, &err)
                                                : set_on_key(object, templ, count, &err);
    }
    pthread_mutex_unlock(&object->slot->lock);
    return vk_ck_template(status, &err);
}

static CK_RV set_on_object(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    return object->kind & VK_KINDS_SESSION
               ? vk_ck_template(set_on_data(object->data, templ, count), NULL)
               : set_on_token(object, templ, count);
}

static CK_RV may_set(const vk_session *session, const vk_object *object, const CK_ATTRIBUTE *templ,
                     CK_ULONG count) {
    CK_RV rv = vk_object_may_change(session, !(object->kind & VK_KINDS_SESSION));
    if (rv == CKR_OK) {
        rv = check_settable(object, templ, count);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    return vk_object_bool(object, CKA_MODIFIABLE, true) ? CKR_OK : CKR_ACTION_PROHIBITED;
}

static CK_RV set_attributes(vk_session *session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE *templ,
                            CK_ULONG count) {
    vk_object object;
    CK_RV rv = vk_template_check(templ, count);
    if (rv == CKR_OK) {
        rv = vk_object_open(session, handle, &object);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    rv = object.kind & (VK_KINDS_TOKEN_DATA | VK_KINDS_PENDING | VK_KINDS_STATIC)
             ? CKR_ACTION_PROHIBITED
             : may_set(session, &object, templ, count);
    if (rv == CKR_OK) {
        rv = set_on_object(&object, templ, count);
    }
    vk_object_close(&object);
    return rv;
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR templ,
                          CK_ULONG count) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, set_attributes(session, object, templ, count));
}
