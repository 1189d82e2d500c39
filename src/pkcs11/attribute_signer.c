/* The vendor attributes that tell what a key signs as: its address, or the passkey that it is,
 * where its private half is, and what it wants a touch for. */
#include "gate/login.h"
#include "pkcs11/attribute.h"
#include "token/attrs.h"

#include <valetkey/credential.h>
#include <valetkey/eth.h>

/* ---- The key as a signer ---- */

static CK_RV get_address(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = &object->view->record;
    if (record->curve != VK_CURVE_SECP256K1) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_address address = vk_address_of_point(record->point65);
    vk_buf_put(out, address.b, sizeof address.b);
    return CKR_OK;
}

/* NULL unless the key is one that makes assertions. */
static const vk_key_record *passkey(const vk_object *object) {
    const vk_key_record *record = &object->view->record;
    return record->has_private && record->curve == VK_CURVE_P256 ? record : NULL;
}

static CK_RV put_optional(vk_buf *out, const char *text) {
    if (text == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put_text(out, text);
    return CKR_OK;
}

static CK_RV get_rp_id(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    return put_optional(out, record != NULL ? record->rp_id : NULL);
}

static CK_RV get_origin(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    return put_optional(out, record != NULL ? record->origin : NULL);
}

static CK_RV get_credential_id(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    if (record == NULL || record->credential_id.len == 0) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, record->credential_id.data, record->credential_id.len);
    return CKR_OK;
}

static CK_RV get_authenticator_id_hash(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    if (record == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, record->authenticator_id_hash.b, sizeof record->authenticator_id_hash.b);
    return CKR_OK;
}

static CK_RV get_use_sign_count(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    if (record == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put_byte(out, record->use_sign_count ? CK_TRUE : CK_FALSE);
    return CKR_OK;
}

/* ---- Where the key is, and the credential that it is there ---- */

static CK_RV get_home(const vk_object *object, vk_buf *out) {
    static const char *const names[] = {
        [VK_HOME_TOKEN] = "token", [VK_HOME_FIDO2] = "fido2", [VK_HOME_REMOTE] = "remote"};
    const vk_key_record *record = &object->view->record;
    return put_optional(out, record->has_private ? names[record->home] : NULL);
}

/* Kept with the private half, shown on both. */
static CK_RV put_kept(const vk_object *object, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    vk_bytes bytes;
    if (record == NULL || !vk_attrs_get(&record->private_attrs, type, &bytes)) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, bytes.data, bytes.len);
    return CKR_OK;
}

#define KEPT(name, type)                                                                           \
    static CK_RV name(const vk_object *object, vk_buf *out) {                                      \
        return put_kept(object, type, out);                                                        \
    }
KEPT(get_user_handle, CKA_VALETKEY_USER_HANDLE)
KEPT(get_discoverable, CKA_VALETKEY_DISCOVERABLE)
KEPT(get_cred_protect, CKA_VALETKEY_CRED_PROTECT)
KEPT(get_hmac_secret, CKA_VALETKEY_HMAC_SECRET)
KEPT(get_kept_aaguid, CKA_VALETKEY_AAGUID)
KEPT(get_attestation, CKA_VALETKEY_ATTESTATION)
KEPT(get_attestation_client_data, CKA_VALETKEY_ATTESTATION_CLIENT_DATA)

/* Of a browser's passkey it stands in the attestation alone. */
static CK_RV get_aaguid(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    vk_attestation attestation;
    vk_auth_data auth_data;
    if (record == NULL || record->home != VK_HOME_REMOTE) {
        return get_kept_aaguid(object, out);
    }
    vk_bytes stored = vk_stored_bytes(&record->private_attrs, CKA_VALETKEY_ATTESTATION);
    vk_status status = vk_attestation_read(stored, &attestation, NULL);
    if (status == VK_OK) {
        status = vk_auth_data_read(attestation.auth_data, &auth_data, NULL);
    }
    if (status == VK_OK) {
        vk_buf_put(out, auth_data.aaguid, sizeof auth_data.aaguid);
    }
    return vk_ck(status, NULL);
}

_Static_assert(CKA_VALETKEY_LOGIN_ALLOWED == VK_ATTR_LOGIN_ALLOWED, "the gate knows it by number");

/* The SO has not spoken of most keys. */
static CK_RV get_login_allowed(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = passkey(object);
    if (record == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    bool allowed = vk_stored_bool(&record->private_attrs, CKA_VALETKEY_LOGIN_ALLOWED, false);
    vk_buf_put_byte(out, allowed ? CK_TRUE : CK_FALSE);
    return CKR_OK;
}

/* ---- Touches ---- */

static CK_RV get_step_up(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = &object->view->record;
    vk_bytes json = vk_stored_bytes(&record->private_attrs, CKA_VALETKEY_STEP_UP);
    if (!record->has_private || json.len == 0) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, json.data, json.len);
    return CKR_OK;
}

/* ---- The table ---- */

#define RESIDENT(type)                                                                             \
    { type, VK_KIND_RESIDENT, VK_FROM_STORED_BYTES, 0, NULL }
#define ROW(type, get)                                                                             \
    { type, VK_KINDS_KEY, VK_FROM_GETTER, 0, get }

static const vk_attribute_row rows[] = {
    ROW(CKA_VALETKEY_STEP_UP, get_step_up),
    ROW(CKA_VALETKEY_ADDRESS, get_address),
    ROW(CKA_VALETKEY_RP_ID, get_rp_id),
    ROW(CKA_VALETKEY_ORIGIN, get_origin),
    ROW(CKA_VALETKEY_CREDENTIAL_ID, get_credential_id),
    ROW(CKA_VALETKEY_AUTHENTICATOR_ID_HASH, get_authenticator_id_hash),
    ROW(CKA_VALETKEY_USE_SIGN_COUNT, get_use_sign_count),
    ROW(CKA_VALETKEY_USER_HANDLE, get_user_handle),
    ROW(CKA_VALETKEY_DISCOVERABLE, get_discoverable),
    ROW(CKA_VALETKEY_CRED_PROTECT, get_cred_protect),
    ROW(CKA_VALETKEY_HMAC_SECRET, get_hmac_secret),
    ROW(CKA_VALETKEY_AAGUID, get_aaguid),
    ROW(CKA_VALETKEY_ATTESTATION, get_attestation),
    ROW(CKA_VALETKEY_ATTESTATION_CLIENT_DATA, get_attestation_client_data),
    ROW(CKA_VALETKEY_HOME, get_home),
    RESIDENT(CKA_VALETKEY_RP_ID),
    RESIDENT(CKA_VALETKEY_CREDENTIAL_ID),
    RESIDENT(CKA_VALETKEY_USER_HANDLE),
    RESIDENT(CKA_VALETKEY_DISCOVERABLE),
    RESIDENT(CKA_VALETKEY_CRED_PROTECT),
    RESIDENT(CKA_VALETKEY_HOME),
    ROW(CKA_VALETKEY_LOGIN_ALLOWED, get_login_allowed),
};

const vk_attribute_table vk_signer_attributes = {rows, sizeof rows / sizeof rows[0]};
