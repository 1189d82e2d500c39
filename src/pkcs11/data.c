/* Making data objects: of the session, or as the way to give a key a policy or a grant, or an
 * operation to sign. */
#include "pkcs11/attribute.h"
#include "pkcs11/key_data.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

/* ---- Session objects ---- */

static CK_RV take(const CK_ATTRIBUTE *attribute, vk_data *data) {
    bool flag;
    switch (attribute->type) {
    case CKA_CLASS:
    case CKA_TOKEN:
        return CKR_OK;
    case CKA_PRIVATE:
    case CKA_MODIFIABLE:
    case CKA_COPYABLE:
    case CKA_DESTROYABLE:
        if (!vk_attribute_bool(attribute, &flag)) {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        break;
    case CKA_LABEL:
    case CKA_APPLICATION:
    case CKA_OBJECT_ID:
    case CKA_VALUE:
        break;
    default:
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_status status = vk_attrs_set(&data->attrs, attribute->type, vk_attribute_bytes(attribute));
    return vk_ck_template(status, NULL);
}

static CK_RV fill(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count, vk_data *data) {
    CK_RV rv = CKR_OK;
    for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
        rv = take(&templ[i], data);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    data->is_private = vk_stored_bool(&data->attrs, CKA_PRIVATE, false);
    bool is_user = vk_slot_role(session->slot) == VK_ROLE_USER;
    return data->is_private && !is_user ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

/* Takes data over. */
static CK_RV publish(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count, vk_data *data,
                     CK_OBJECT_HANDLE *out) {
    const vk_ref ref = {.slot_id = session->slot->id, .kind = VK_KIND_SESSION, .data = data};
    CK_RV rv = fill(session, templ, count, data);
    if (rv == CKR_OK) {
        rv = vk_handle_add(&ref, out);
    }
    if (rv != CKR_OK) {
        vk_data_put(data);
    }
    return rv;
}

static CK_RV create_in_session(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                               CK_OBJECT_HANDLE *out) {
    vk_data *data = vk_data_new(session->handle);
    return data == NULL ? CKR_HOST_MEMORY : publish(session, templ, count, data, out);
}

static CK_RV check_copy(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    if (!vk_object_bool(object, CKA_COPYABLE, true)) {
        return CKR_ACTION_PROHIBITED;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        bool flag = false;
        switch (templ[i].type) {
        case CKA_CLASS:
            return CKR_ATTRIBUTE_READ_ONLY;
        case CKA_TOKEN:
            if (!vk_attribute_bool(&templ[i], &flag)) {
                return CKR_ATTRIBUTE_VALUE_INVALID;
            }
            if (flag) {
                return CKR_TEMPLATE_INCONSISTENT;
            }
            break;
        default:
            break;
        }
    }
    return CKR_OK;
}

CK_RV vk_copy_data(vk_session *session, const vk_object *object, const CK_ATTRIBUTE *templ,
                   CK_ULONG count, CK_OBJECT_HANDLE *out) {
    CK_RV rv = check_copy(object, templ, count);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_data *data = vk_data_new(session->handle);
    if (data == NULL) {
        return CKR_HOST_MEMORY;
    }
    pthread_mutex_lock(&object->data->lock);
    vk_buf_put(&data->attrs, object->data->attrs.data, object->data->attrs.len);
    pthread_mutex_unlock(&object->data->lock);
    return publish(session, templ, count, data, out);
}

/* ---- valetkey-policy and valetkey-grant ---- */

typedef vk_status (*gate_call)(vk_gate *gate, int64_t key_id, const char *json, size_t json_len,
                               vk_error *err);

static CK_RV through_gate(vk_slot *slot, gate_call call, const vk_key_data *data, int64_t *key_id) {
    const vk_bytes json = vk_attribute_bytes(data->value);
    vk_error err = {0};
    CK_RV rv = vk_key_data_find(slot, data, key_id);
    if (rv != CKR_OK) {
        return rv;
    }
    if (json.len == 0) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    pthread_mutex_lock(&slot->lock);
    vk_status status = call(slot->gate, *key_id, (const char *)json.data, json.len, &err);
    vk_slot_changed(slot);
    pthread_mutex_unlock(&slot->lock);
    return vk_ck_template(status, &err);
}

static CK_RV create_policy(vk_session *session, const vk_key_data *data, CK_OBJECT_HANDLE *out) {
    vk_role role = vk_slot_role(session->slot);
    int64_t key_id;
    if (role != VK_ROLE_SO) {
        vk_debug("only the SO changes a policy");
        return role == VK_ROLE_USER ? CKR_ATTRIBUTE_READ_ONLY : CKR_USER_NOT_LOGGED_IN;
    }
    CK_RV rv = through_gate(session->slot, vk_gate_set_policy, data, &key_id);
    return rv == CKR_OK ? vk_key_handle(session, key_id, VK_KIND_POLICY, out) : rv;
}

/* The newest grant of the key is the one that was added. */
static CK_RV newest_grant(vk_session *session, int64_t key_id, CK_OBJECT_HANDLE *out) {
    vk_view *view;
    size_t count;
    vk_status status = vk_view_get(session->slot, key_id, &view);
    if (status != VK_OK) {
        return vk_ck(status, NULL);
    }
    vk_object object;
    CK_RV rv = CKR_FUNCTION_FAILED;
    const vk_grant_record *grants = vk_view_grants(view, &count);
    if (count > 0 && vk_object_of_view(view, VK_KIND_GRANT, grants[count - 1].id, &object)) {
        rv = vk_object_handle(&object, out);
    }
    vk_view_put(view);
    return rv;
}

static CK_RV create_grant(vk_session *session, const vk_key_data *data, CK_OBJECT_HANDLE *out) {
    int64_t key_id;
    if (vk_slot_role(session->slot) != VK_ROLE_USER) {
        return CKR_USER_NOT_LOGGED_IN;
    }
    CK_RV rv = through_gate(session->slot, vk_gate_add_grant, data, &key_id);
    return rv == CKR_OK ? newest_grant(session, key_id, out) : rv;
}

static CK_RV create_on_token(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                             CK_OBJECT_HANDLE *out) {
    const CK_ATTRIBUTE *application = vk_template_find(templ, count, CKA_APPLICATION);
    bool is_policy = vk_is_application(application, VK_APPLICATION_POLICY);
    vk_key_data data;
    if (!is_policy && !vk_is_application(application, VK_APPLICATION_GRANT)) {
        vk_debug("the token keeps no data objects but %s, %s and %s", VK_APPLICATION_POLICY,
                 VK_APPLICATION_GRANT, VK_APPLICATION_USEROP);
        return CKR_TEMPLATE_INCONSISTENT;
    }
    CK_RV rv = vk_object_may_change(session, true);
    if (rv == CKR_OK) {
        rv = vk_key_data_read(templ, count, &data);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    return is_policy ? create_policy(session, &data, out) : create_grant(session, &data, out);
}

CK_RV vk_create_data(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                     CK_OBJECT_HANDLE *out) {
    const CK_ATTRIBUTE *token = vk_template_find(templ, count, CKA_TOKEN);
    const CK_ATTRIBUTE *application = vk_template_find(templ, count, CKA_APPLICATION);
    bool on_token = false;
    if (token != NULL && !vk_attribute_bool(token, &on_token)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (vk_is_application(application, VK_APPLICATION_USEROP)) {
        return vk_create_userop(session, on_token, templ, count, out);
    }
    return on_token ? create_on_token(session, templ, count, out)
                    : create_in_session(session, templ, count, out);
}
