/* C_DeriveKey: what a key agrees on with another one by Diffie-Hellman. */
#include "base/secret.h"
#include "pkcs11/attribute.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

#include <string.h>

/* ---- What is wanted ---- */

static CK_RV check_parameter(const CK_MECHANISM *mechanism, uint8_t peer65[65]) {
    CK_ECDH1_DERIVE_PARAMS parameter;
    if (mechanism->ulParameterLen != sizeof parameter || mechanism->pParameter == NULL) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    memcpy(&parameter, mechanism->pParameter, sizeof parameter);
    const vk_bytes point = {parameter.public_data, parameter.public_data_len};
    bool is_plain = parameter.kdf == CKD_NULL && parameter.shared_data_len == 0;
    bool is_point = point.data != NULL && vk_point_read(point, peer65);
    return is_plain && is_point ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

static CK_RV take_len(const CK_ATTRIBUTE *attribute, vk_data *data) {
    CK_ULONG len;
    if (!vk_attribute_number(attribute, &len) || len == 0 || len > VK_SECRET_LEN) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    data->secret_len = len;
    return CKR_OK;
}

static CK_RV keep(const CK_ATTRIBUTE *attribute, bool is_well_formed, vk_data *data) {
    if (!is_well_formed) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    vk_status status = vk_attrs_set(&data->attrs, attribute->type, vk_attribute_bytes(attribute));
    return vk_ck_template(status, NULL);
}

static CK_RV take(const CK_ATTRIBUTE *attribute, vk_data *data) {
    CK_ULONG number;
    bool flag;
    switch (attribute->type) {
    case CKA_CLASS:
        return vk_attribute_must_be_number(attribute, CKO_SECRET_KEY);
    case CKA_TOKEN:
        return vk_attribute_must_be(attribute, false);
    case CKA_VALUE_LEN:
        return take_len(attribute, data);
    case CKA_KEY_TYPE:
        return keep(attribute, vk_attribute_number(attribute, &number), data);
    case CKA_LABEL:
    case CKA_ID:
        return keep(attribute, true, data);
    case CKA_PRIVATE:
    case CKA_MODIFIABLE:
    case CKA_DESTROYABLE:
    case CKA_SENSITIVE:
    case CKA_EXTRACTABLE:
    case CKA_ENCRYPT:
    case CKA_DECRYPT:
    case CKA_SIGN:
    case CKA_VERIFY:
    case CKA_WRAP:
    case CKA_UNWRAP:
    case CKA_DERIVE:
    case CKA_COPYABLE:
        return keep(attribute, vk_attribute_bool(attribute, &flag), data);
    default:
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
}

/* A generic secret unless the template says what it is the key of. */
static CK_RV add_type(vk_data *data) {
    static const CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    vk_bytes known;
    if (vk_attrs_get(&data->attrs, CKA_KEY_TYPE, &known)) {
        return CKR_OK;
    }
    const vk_bytes bytes = {(const uint8_t *)&generic, sizeof generic};
    return vk_ck(vk_attrs_set(&data->attrs, CKA_KEY_TYPE, bytes), NULL);
}

static CK_RV read_template(const CK_ATTRIBUTE *templ, CK_ULONG count, vk_data *data) {
    CK_RV rv = vk_template_check(templ, count);
    for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
        rv = take(&templ[i], data);
    }
    data->is_private = vk_stored_bool(&data->attrs, CKA_PRIVATE, false);
    return rv == CKR_OK ? add_type(data) : rv;
}

/* ---- The agreement ---- */

static CK_RV check_key(const vk_object *key, CK_MECHANISM_TYPE mechanism) {
    if (!(key->kind & VK_KINDS_PRIVATE_KEY)) {
        return vk_wrong_key(key->kind);
    }
    if (!vk_object_bool(key, CKA_DERIVE, false)) {
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    }
    return vk_object_allows(key, mechanism) ? CKR_OK : CKR_MECHANISM_INVALID;
}

static vk_status agree_on_token(const vk_object *key, const uint8_t peer65[65], uint8_t x32[32],
                                vk_error *err) {
    vk_status status = vk_view_vouch(key->view, err);
    return status == VK_OK ? vk_gate_agree(key->slot->gate, key->view->record.id, peer65, x32, err)
                           : status;
}

static CK_RV agree(const vk_object *key, const uint8_t peer65[65], uint8_t x32[32]) {
    vk_error err = {0};
    vk_status status = key->kind == VK_KIND_PRIVATE
                           ? agree_on_token(key, peer65, x32, &err)
                           : vk_loose_key_agree(key->data->key, peer65, x32);
    switch (status) {
    case VK_ERR_FORMAT:
        return CKR_MECHANISM_PARAM_INVALID;
    case VK_ERR_MISMATCH: /* changed by somebody else at this moment: it can be tried again */
        return CKR_FUNCTION_FAILED;
    case VK_DENIED:
        vk_debug("%s", err.message);
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    default:
        return vk_ck(status, &err);
    }
}

static CK_RV fill(const vk_object *key, const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *templ,
                  CK_ULONG count, vk_data *data) {
    uint8_t peer65[65];
    CK_RV rv = check_key(key, mechanism->mechanism);
    if (rv == CKR_OK) {
        rv = check_parameter(mechanism, peer65);
    }
    if (rv == CKR_OK) {
        rv = read_template(templ, count, data);
    }
    if (rv == CKR_OK) {
        data->secret = vk_secret_alloc(VK_SECRET_LEN);
        rv = data->secret != NULL ? agree(key, peer65, data->secret) : CKR_HOST_MEMORY;
    }
    return rv;
}

static CK_RV derive_from(vk_session *session, const vk_object *key, const CK_MECHANISM *mechanism,
                         const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out) {
    vk_data *data = vk_data_new(session->handle, VK_KIND_SECRET);
    if (data == NULL) {
        return CKR_HOST_MEMORY;
    }
    data->secret_len = VK_SECRET_LEN;
    CK_RV rv = fill(key, mechanism, templ, count, data);
    if (rv != CKR_OK) {
        vk_data_put(data);
        return rv;
    }
    return vk_data_publish(session->slot, data, out);
}

static CK_RV derive(vk_session *session, const CK_MECHANISM *wanted, CK_OBJECT_HANDLE base,
                    const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out) {
    const vk_mechanism *mechanism;
    vk_object key;
    CK_RV rv = out == NULL ? CKR_ARGUMENTS_BAD : vk_mechanism_find(wanted, CKF_DERIVE, &mechanism);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_object_open(session, base, &key);
    if (rv != CKR_OK) {
        return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
    }
    rv = derive_from(session, &key, wanted, templ, count, out);
    vk_object_close(&key);
    return rv;
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base_key,
                  CK_ATTRIBUTE_PTR templ, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK
               ? rv
               : vk_leave_session(session, derive(session, mechanism, base_key, templ, count, key));
}
