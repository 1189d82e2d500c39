#include "pkcs11/registration.h"

#include <string.h>

#include "token/attrs.h"

#define ANCHORS_MAX 16

bool vk_is_registration(const vk_key_template *key) {
    return key->has_registration || key->has_passkey || key->policy.len > 0;
}

/* ---- What the template has to say ---- */

static CK_RV check_template(const vk_session *session, const vk_key_template *key) {
    if (!key->token || session->slot->device != NULL) {
        vk_debug("a browser's passkey is an object of an ordinary token");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (key->has_curve && key->curve != VK_CURVE_P256) {
        vk_debug("passkeys are on P-256");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    bool is_complete = key->attestation.len > 0 && key->attestation_client_data.len > 0 &&
                       key->challenge.len > 0 && key->rp_id.len > 0 && key->passkey_origin.len > 0;
    if (!is_complete) {
        vk_debug("a registration has an attestation, its client data, challenge, rpId and origin");
        return CKR_TEMPLATE_INCOMPLETE;
    }
    return CKR_OK;
}

static CK_RV may_make(const vk_session *session) {
    if (!session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    return vk_slot_role(session->slot) == VK_ROLE_USER ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

/* How long the DER value is that the bytes begin with, a SEQUENCE whose length takes one or two
 * bytes to say: no certificate is shorter, or longer. 0: it is none. */
static size_t sequence_len(vk_bytes der) {
    size_t digits = der.len > 4 && der.data[0] == 0x30 ? der.data[1] - 0x80U : 0;
    if (digits != 1 && digits != 2) {
        return 0;
    }
    size_t len = der.data[2];
    if (digits == 2) {
        len = len << 8 | der.data[3];
    }
    return len <= der.len - 2 - digits ? 2 + digits + len : 0;
}

/* Views of the certificates that stand one behind another; what they are is seen when they are
 * used. */
static CK_RV split_anchors(vk_bytes all, vk_bytes anchors[ANCHORS_MAX], size_t *count) {
    *count = 0;
    while (all.len > 0) {
        size_t len = *count < ANCHORS_MAX ? sequence_len(all) : 0;
        if (len == 0) {
            vk_debug("trust anchors are at most %d certificates in DER", ANCHORS_MAX);
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        anchors[(*count)++] = (vk_bytes){all.data, len};
        all = (vk_bytes){all.data + len, all.len - len};
    }
    return CKR_OK;
}

/* ---- Making ---- */

/* What is kept with the half that is not shown: its names, and what the key comes from. */
static vk_status keep(const vk_key_template *key, vk_key_record *record) {
    vk_buf_put(&record->public_attrs, key->attrs.data, key->attrs.len);
    vk_status status = vk_buf_status(&record->public_attrs);
    if (status == VK_OK) {
        status = vk_attrs_set(&record->private_attrs, CKA_VALETKEY_ATTESTATION, key->attestation);
    }
    if (status == VK_OK) {
        status = vk_attrs_set(&record->private_attrs, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                              key->attestation_client_data);
    }
    return status;
}

static vk_status import(vk_slot *slot, const vk_key_template *key, vk_key_record *record,
                        const vk_gate_registration *registration, vk_error *err) {
    vk_key_names names;
    vk_status status = keep(key, record);
    if (status != VK_OK) {
        return status;
    }
    vk_record_names(record, &names);
    pthread_mutex_lock(&slot->lock);
    status = vk_gate_import_remote(slot->gate, record, &names, registration, err);
    vk_slot_changed(slot);
    pthread_mutex_unlock(&slot->lock);
    return status;
}

static CK_RV make(vk_session *session, const vk_key_template *key,
                  const vk_gate_registration *registration, CK_OBJECT_HANDLE *out) {
    vk_key_template passkey = *key;
    vk_key_record record;
    vk_error err = {0};
    passkey.curve = VK_CURVE_P256;
    CK_RV rv = vk_key_template_record(&passkey, &record);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_ck_template(import(session->slot, key, &record, registration, &err), &err);
    int64_t key_id = record.id;
    vk_key_record_clear(&record);
    return rv == CKR_OK ? vk_key_handle(session, key_id, VK_KIND_PUBLIC, out) : rv;
}

/* A template may say which point it expects. */
static CK_RV take_point(const vk_key_template *key, uint8_t point65[65],
                        vk_gate_registration *registration) {
    if (key->point.len == 0) {
        return CKR_OK;
    }
    registration->point65 = point65;
    return vk_point_read(key->point, point65) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV vk_create_registered(vk_session *session, const vk_key_template *key, CK_OBJECT_HANDLE *out) {
    uint8_t point65[65];
    vk_bytes anchors[ANCHORS_MAX];
    vk_gate_registration registration = {.attestation_object = key->attestation,
                                         .client_data = key->attestation_client_data,
                                         .challenge = key->challenge,
                                         .anchors = anchors};
    CK_RV rv = check_template(session, key);
    if (rv == CKR_OK) {
        rv = may_make(session);
    }
    if (rv == CKR_OK) {
        rv = split_anchors(key->trust_anchors, anchors, &registration.anchor_count);
    }
    if (rv == CKR_OK) {
        rv = take_point(key, point65, &registration);
    }
    return rv == CKR_OK ? make(session, key, &registration, out) : rv;
}
