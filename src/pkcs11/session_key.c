#include "pkcs11/session_key.h"

#include "pkcs11/attribute.h"
#include "token/attrs.h"

#include <string.h>

/* What makes a session key of the token means nothing here. */
static CK_RV check_template(const vk_session *session, const vk_key_template *key) {
    bool is_private =
        key->kind == VK_KIND_PRIVATE || vk_stored_bool(&key->attrs, CKA_PRIVATE, false);
    vk_bytes step_up = vk_stored_bytes(&key->attrs, CKA_VALETKEY_STEP_UP);
    if (key->policy.len > 0 || key->has_passkey || key->has_registration || step_up.len > 0) {
        vk_debug("policies, step-up rules and passkeys are for token objects");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    return is_private && vk_slot_role(session->slot) != VK_ROLE_USER ? CKR_USER_NOT_LOGGED_IN
                                                                     : CKR_OK;
}

static vk_data *new_half(const vk_session *session, vk_key_template *key,
                         const uint8_t point65[65]) {
    bool is_private = key->kind == VK_KIND_PRIVATE;
    vk_data *data =
        vk_data_new(session->handle, is_private ? VK_KIND_SESSION_PRIVATE : VK_KIND_SESSION_PUBLIC);
    if (data == NULL) {
        return NULL;
    }
    data->is_private = is_private || vk_stored_bool(&key->attrs, CKA_PRIVATE, false);
    data->curve = key->curve;
    memcpy(data->point65, point65, sizeof data->point65);
    data->attrs = key->attrs;
    key->attrs = (vk_buf){0};
    return data;
}

static CK_RV publish_half(vk_session *session, vk_key_template *key, const uint8_t point65[65],
                          vk_loose_key *secret, CK_OBJECT_HANDLE *out) {
    vk_data *data = new_half(session, key, point65);
    if (data == NULL) {
        vk_loose_key_free(secret);
        return CKR_HOST_MEMORY;
    }
    data->key = secret;
    return vk_data_publish(session->slot, data, out);
}

static vk_status set_local(vk_key_template *key) {
    static const uint8_t yes = CK_TRUE;
    return vk_attrs_set(&key->attrs, CKA_LOCAL, (vk_bytes){&yes, 1});
}

static CK_RV publish_pair(vk_session *session, vk_key_template *public_half,
                          vk_key_template *private_half, CK_OBJECT_HANDLE *public_key,
                          CK_OBJECT_HANDLE *private_key) {
    uint8_t point65[65];
    vk_loose_key *secret;
    CK_RV rv = vk_ck(vk_loose_key_new(private_half->curve, NULL, point65, &secret), NULL);
    if (rv == CKR_OK) {
        rv = publish_half(session, private_half, point65, secret, private_key);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    rv = publish_half(session, public_half, point65, NULL, public_key);
    if (rv != CKR_OK) {
        vk_handle_drop_one(*private_key);
    }
    return rv;
}

CK_RV vk_session_pair(vk_session *session, vk_key_template *public_half,
                      vk_key_template *private_half, CK_OBJECT_HANDLE *public_key,
                      CK_OBJECT_HANDLE *private_key) {
    CK_RV rv = check_template(session, private_half);
    if (rv == CKR_OK) {
        rv = check_template(session, public_half);
    }
    if (rv == CKR_OK) {
        rv = vk_ck(set_local(private_half), NULL);
    }
    if (rv == CKR_OK) {
        rv = vk_ck(set_local(public_half), NULL);
    }
    return rv == CKR_OK ? publish_pair(session, public_half, private_half, public_key, private_key)
                        : rv;
}

CK_RV vk_session_import(vk_session *session, vk_key_template *key, const uint8_t secret32[32],
                        CK_OBJECT_HANDLE *out) {
    uint8_t point65[65];
    vk_loose_key *secret;
    CK_RV rv = check_template(session, key);
    if (rv == CKR_OK) {
        rv = vk_ck_template(vk_loose_key_new(key->curve, secret32, point65, &secret), NULL);
    }
    return rv == CKR_OK ? publish_half(session, key, point65, secret, out) : rv;
}

CK_RV vk_session_public(vk_session *session, vk_key_template *key, const uint8_t point65[65],
                        CK_OBJECT_HANDLE *out) {
    CK_RV rv = check_template(session, key);
    return rv == CKR_OK ? publish_half(session, key, point65, NULL, out) : rv;
}

/* ---- Copies ---- */

/* The copy's template says what is different, and that it is no token object. */
static CK_RV read_copy(const vk_object *object, const CK_ATTRIBUTE *templ, CK_ULONG count,
                       vk_key_template *out) {
    CK_RV rv = vk_key_template_read(templ, count, out);
    if (rv == CKR_OK && (out->has_curve || out->point.len > 0)) {
        rv = CKR_ATTRIBUTE_READ_ONLY;
    }
    if (rv == CKR_OK && out->token) {
        vk_debug("a public key is on the token once");
        rv = CKR_TEMPLATE_INCONSISTENT;
    }
    return rv == CKR_OK && !vk_object_bool(object, CKA_COPYABLE, true) ? CKR_ACTION_PROHIBITED : rv;
}

/* What the template says replaces what the original says. */
static CK_RV add_original(const vk_object *object, vk_buf *attrs) {
    const vk_buf *original = vk_object_attrs(object);
    size_t position = 0;
    uint64_t type;
    vk_bytes value, known;
    vk_status status = VK_OK;
    while (status == VK_OK && vk_attrs_next(original, &position, &type, &value)) {
        if (type != CKA_LOCAL && !vk_attrs_get(attrs, type, &known)) {
            status = vk_attrs_set(attrs, type, value);
        }
    }
    return vk_ck(status, NULL);
}

static CK_RV copy_locked(const vk_object *object, vk_buf *attrs) {
    vk_object_lock(object);
    CK_RV rv = add_original(object, attrs);
    vk_object_unlock(object);
    return rv;
}

CK_RV vk_copy_public_key(vk_session *session, const vk_object *object, const CK_ATTRIBUTE *templ,
                         CK_ULONG count, CK_OBJECT_HANDLE *out) {
    vk_key_template key = {.kind = VK_KIND_PUBLIC, .origin = VK_KEY_IMPORTED};
    CK_RV rv = read_copy(object, templ, count, &key);
    if (rv == CKR_OK) {
        rv = copy_locked(object, &key.attrs);
    }
    if (rv == CKR_OK) {
        const uint8_t *point65 = vk_object_point(object, &key.curve);
        rv = vk_session_public(session, &key, point65, out);
    }
    vk_key_template_clear(&key);
    return rv;
}
