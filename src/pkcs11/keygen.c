/* C_GenerateKeyPair, and the key pairs that C_CreateObject brings in. */
#include "pkcs11/attribute.h"
#include "pkcs11/device.h"
#include "pkcs11/registration.h"
#include "pkcs11/session_key.h"
#include "token/attrs.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>
#include <valetkey/webauthn.h>

/* ---- C_GenerateKeyPair ---- */

typedef struct key_pair {
    vk_key_template public_half, private_half;
} key_pair;

static CK_RV may_make_key(const vk_session *session) {
    if (!session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    return vk_slot_role(session->slot) == VK_ROLE_USER ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

/* The curve is the public half's to tell; the private half may repeat it. */
static CK_RV agree_on_curve(key_pair *pair) {
    vk_key_template *public_half = &pair->public_half, *private_half = &pair->private_half;
    if (!public_half->has_curve) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    if (private_half->has_curve && private_half->curve != public_half->curve) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    private_half->curve = public_half->curve;
    return CKR_OK;
}

static vk_status set_local(vk_buf *attrs) {
    static const uint8_t yes = CK_TRUE;
    return vk_attrs_set(attrs, CKA_LOCAL, (vk_bytes){&yes, 1});
}

static vk_status add_generated(vk_slot *slot, vk_key_record *record, vk_error *err) {
    vk_key_names names;
    vk_status status = set_local(&record->private_attrs);
    if (status == VK_OK) {
        status = set_local(&record->public_attrs);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_record_names(record, &names);
    return vk_gate_generate(slot->gate, record, &names, err);
}

static CK_RV generate(vk_slot *slot, const key_pair *pair, int64_t *key_id) {
    vk_key_record record;
    vk_error err = {0};
    CK_RV rv = vk_key_template_record(&pair->private_half, &record);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_buf_put(&record.public_attrs, pair->public_half.attrs.data, pair->public_half.attrs.len);
    vk_status status = vk_buf_status(&record.public_attrs);
    if (status == VK_OK) {
        pthread_mutex_lock(&slot->lock);
        status = add_generated(slot, &record, &err);
        vk_slot_changed(slot);
        pthread_mutex_unlock(&slot->lock);
    }
    *key_id = record.id;
    vk_key_record_clear(&record);
    return vk_ck_template(status, &err);
}

typedef struct generate_args {
    const CK_MECHANISM *mechanism;
    const CK_ATTRIBUTE *public_templ, *private_templ;
    CK_ULONG public_count, private_count;
    CK_OBJECT_HANDLE *public_key, *private_key;
} generate_args;

static CK_RV read_templates(const generate_args *args, key_pair *pair) {
    CK_RV rv = vk_key_template_read(args->public_templ, args->public_count, &pair->public_half);
    if (rv == CKR_OK) {
        rv = vk_key_template_read(args->private_templ, args->private_count, &pair->private_half);
    }
    return rv == CKR_OK ? agree_on_curve(pair) : rv;
}

static CK_RV generate_on_token(vk_session *session, const generate_args *args,
                               const key_pair *pair) {
    int64_t key_id = 0;
    CK_RV rv = may_make_key(session);
    if (rv == CKR_OK) {
        rv = session->slot->device != NULL
                 ? vk_device_generate(session, &pair->public_half, &pair->private_half, &key_id)
                 : generate(session->slot, pair, &key_id);
    }
    if (rv == CKR_OK) {
        rv = vk_key_handle(session, key_id, VK_KIND_PUBLIC, args->public_key);
    }
    return rv == CKR_OK ? vk_key_handle(session, key_id, VK_KIND_PRIVATE, args->private_key) : rv;
}

static CK_RV generate_pair(vk_session *session, const generate_args *args, key_pair *pair) {
    if (pair->public_half.token != pair->private_half.token) {
        vk_debug("both halves are on the token, or both are of the session");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (session->slot->device == NULL && vk_device_is_wished(&pair->private_half.attrs)) {
        vk_debug("that is for keys on a security key");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (pair->private_half.token || session->slot->device != NULL) {
        return generate_on_token(session, args, pair);
    }
    return vk_session_pair(session, &pair->public_half, &pair->private_half, args->public_key,
                           args->private_key);
}

static bool lacks_template(const generate_args *args) {
    return (args->public_templ == NULL && args->public_count > 0) ||
           (args->private_templ == NULL && args->private_count > 0);
}

static CK_RV generate_key_pair(vk_session *session, const generate_args *args) {
    const vk_mechanism *mechanism;
    if (args->public_key == NULL || args->private_key == NULL || lacks_template(args)) {
        return CKR_ARGUMENTS_BAD;
    }
    CK_RV rv = vk_mechanism_find(args->mechanism, CKF_GENERATE_KEY_PAIR, &mechanism);
    if (rv != CKR_OK) {
        return rv;
    }
    key_pair pair = {.public_half = {.kind = VK_KIND_PUBLIC},
                     .private_half = {.kind = VK_KIND_PRIVATE}};
    rv = read_templates(args, &pair);
    if (rv == CKR_OK) {
        rv = generate_pair(session, args, &pair);
    }
    vk_key_template_clear(&pair.public_half);
    vk_key_template_clear(&pair.private_half);
    return rv;
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism,
                        CK_ATTRIBUTE_PTR public_templ, CK_ULONG public_count,
                        CK_ATTRIBUTE_PTR private_templ, CK_ULONG private_count,
                        CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key) {
    const generate_args args = {mechanism,     public_templ, private_templ, public_count,
                                private_count, public_key,   private_key};
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, generate_key_pair(session, &args));
}

/* ---- A private key from outside ---- */

/* Big-endian, shorter or longer than 32 bytes by leading zeros only. */
static bool read_secret(vk_bytes value, uint8_t secret32[32]) {
    while (value.len > 32 && value.data[0] == 0) {
        value.data++;
        value.len--;
    }
    if (value.len > 32) {
        return false;
    }
    memset(secret32, 0, 32);
    memcpy(secret32 + 32 - value.len, value.data, value.len);
    return true;
}

/* The public half gets the names of the private one, until it is created with its own. */
static vk_status name_public_half(vk_key_record *record) {
    static const CK_ATTRIBUTE_TYPE shared[] = {CKA_LABEL, CKA_ID, CKA_SUBJECT};
    vk_status status = VK_OK;
    for (size_t i = 0; i < sizeof shared / sizeof shared[0] && status == VK_OK; i++) {
        vk_bytes bytes;
        if (vk_attrs_get(&record->private_attrs, shared[i], &bytes)) {
            status = vk_attrs_set(&record->public_attrs, shared[i], bytes);
        }
    }
    return status;
}

static vk_status add_imported(vk_slot *slot, vk_key_record *record, const uint8_t secret32[32],
                              vk_error *err) {
    vk_key_names names;
    vk_status status = name_public_half(record);
    if (status != VK_OK) {
        return status;
    }
    vk_record_names(record, &names);
    pthread_mutex_lock(&slot->lock);
    status = vk_gate_import(slot->gate, record, &names, secret32, err);
    vk_slot_changed(slot);
    pthread_mutex_unlock(&slot->lock);
    return status;
}

static CK_RV import_on_token(vk_session *session, const vk_key_template *key,
                             const uint8_t secret32[32], CK_OBJECT_HANDLE *out) {
    vk_key_record record;
    vk_error err = {0};
    CK_RV rv = may_make_key(session);
    if (rv == CKR_OK) {
        rv = vk_key_template_record(key, &record);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_ck_template(add_imported(session->slot, &record, secret32, &err), &err);
    int64_t key_id = record.id;
    vk_key_record_clear(&record);
    return rv == CKR_OK ? vk_key_handle(session, key_id, VK_KIND_PRIVATE, out) : rv;
}

static CK_RV import(vk_session *session, vk_key_template *key, CK_OBJECT_HANDLE *out) {
    uint8_t secret32[32];
    if (!read_secret(key->secret, secret32)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (session->slot->device != NULL || vk_device_is_wished(&key->attrs)) {
        vk_wipe(secret32, sizeof secret32);
        vk_debug("a security key takes no private key from outside");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    CK_RV rv = key->token ? import_on_token(session, key, secret32, out)
                          : vk_session_import(session, key, secret32, out);
    vk_wipe(secret32, sizeof secret32);
    return rv;
}

CK_RV vk_create_private_key(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                            CK_OBJECT_HANDLE *out) {
    vk_key_template key = {.kind = VK_KIND_PRIVATE, .origin = VK_KEY_IMPORTED};
    CK_RV rv = vk_key_template_read(templ, count, &key);
    if (rv == CKR_OK && (!key.has_curve || key.secret.len == 0)) {
        rv = CKR_TEMPLATE_INCOMPLETE;
    }
    if (rv == CKR_OK) {
        rv = import(session, &key, out);
    }
    vk_key_template_clear(&key);
    return rv;
}

/* ---- A public key from outside ---- */

static vk_status check_point(vk_curve curve, const uint8_t point65[65]) {
    return curve == VK_CURVE_SECP256K1 ? vk_secp256k1_check_point(point65)
                                       : vk_p256_check_point(point65);
}

/* The id of the key with this point, 0 if there is none. */
static vk_status find_point(vk_token *token, const uint8_t point65[65], int64_t *key_id) {
    const vk_key_filter filter = {.point65 = point65};
    int64_t *ids = NULL;
    size_t count = 0;
    vk_status status = vk_token_key_find(token, &filter, &ids, &count);
    *key_id = status == VK_OK && count > 0 ? ids[0] : 0;
    free(ids);
    return status;
}

/* What the template says replaces what the half that is there says; the rest stays. */
static vk_status merge(const vk_buf *from, vk_buf *to) {
    size_t position = 0;
    uint64_t type;
    vk_bytes bytes;
    vk_status status = VK_OK;
    while (status == VK_OK && vk_attrs_next(from, &position, &type, &bytes)) {
        status = vk_attrs_set(to, type, bytes);
    }
    return status;
}

/* The half that is there may be hidden from the caller, or closed to changes. */
static vk_status may_replace(const vk_slot *slot, const vk_key_record *record) {
    const vk_buf *attrs = &record->public_attrs;
    if (!record->has_public) {
        return VK_OK;
    }
    if (vk_stored_bool(attrs, CKA_PRIVATE, false) && vk_slot_role(slot) != VK_ROLE_USER) {
        return VK_ERR_NOT_LOGGED_IN;
    }
    return vk_stored_bool(attrs, CKA_MODIFIABLE, true) ? VK_OK : VK_ERR_PROHIBITED;
}

static vk_status update_public(vk_slot *slot, int64_t key_id, const vk_key_template *key,
                               vk_error *err) {
    vk_key_record record;
    vk_key_names names;
    vk_status status = vk_token_key_get(slot->token, key_id, &record);
    if (status != VK_OK) {
        return status;
    }
    status = record.curve == key->curve ? may_replace(slot, &record) : VK_ERR_FORMAT;
    if (status == VK_OK && record.has_private) {
        status = vk_token_key_vouch(slot->token, &record, err);
    }
    if (status == VK_OK) {
        status = merge(&key->attrs, &record.public_attrs);
    }
    /* The half that nobody sees is called as the one that is seen. */
    if (status == VK_OK && record.home == VK_HOME_REMOTE) {
        status = merge(&key->attrs, &record.private_attrs);
    }
    if (status == VK_OK) {
        record.has_public = true;
        vk_record_names(&record, &names);
        status = vk_token_key_update(slot->token, &record, &names, err);
    }
    vk_key_record_clear(&record);
    return status;
}

static vk_status add_public(vk_token *token, const vk_key_template *key, const uint8_t point65[65],
                            int64_t *key_id, vk_error *err) {
    vk_key_record record = {.curve = key->curve, .has_public = true};
    vk_key_names names;
    memcpy(record.point65, point65, sizeof record.point65);
    vk_buf_put(&record.public_attrs, key->attrs.data, key->attrs.len);
    vk_status status = vk_buf_status(&record.public_attrs);
    if (status == VK_OK) {
        vk_record_names(&record, &names);
        status = vk_token_key_add(token, &record, &names, NULL, err);
    }
    *key_id = record.id;
    vk_key_record_clear(&record);
    return status;
}

static CK_RV store_public(vk_slot *slot, const vk_key_template *key, const uint8_t point65[65],
                          int64_t *key_id) {
    vk_error err = {0};
    pthread_mutex_lock(&slot->lock);
    vk_status status = VK_ERR_MISMATCH;
    /* Another process may change the key between its reading and its writing: once more, then. */
    for (int i = 0; i < 2 && status == VK_ERR_MISMATCH; i++) {
        status = find_point(slot->token, point65, key_id);
        if (status == VK_OK) {
            status = *key_id != 0 ? update_public(slot, *key_id, key, &err)
                                  : add_public(slot->token, key, point65, key_id, &err);
        }
    }
    vk_slot_changed(slot);
    pthread_mutex_unlock(&slot->lock);
    return vk_ck_template(status, &err);
}

static CK_RV may_make_public(const vk_session *session, const vk_key_template *key) {
    bool is_private = vk_stored_bool(&key->attrs, CKA_PRIVATE, false);
    if (is_private && vk_slot_role(session->slot) != VK_ROLE_USER) {
        return CKR_USER_NOT_LOGGED_IN;
    }
    return vk_object_may_change(session, true);
}

static CK_RV check_public(const vk_key_template *key, uint8_t point65[65]) {
    if (!key->has_curve || key->point.len == 0) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    bool is_point = vk_point_read(key->point, point65) && check_point(key->curve, point65) == VK_OK;
    return is_point ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV public_on_token(vk_session *session, const vk_key_template *key,
                             const uint8_t point65[65], CK_OBJECT_HANDLE *out) {
    int64_t key_id = 0;
    CK_RV rv = may_make_public(session, key);
    if (rv == CKR_OK) {
        rv = store_public(session->slot, key, point65, &key_id);
    }
    return rv == CKR_OK ? vk_key_handle(session, key_id, VK_KIND_PUBLIC, out) : rv;
}

CK_RV vk_create_public_key(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                           CK_OBJECT_HANDLE *out) {
    vk_key_template key = {.kind = VK_KIND_PUBLIC, .origin = VK_KEY_IMPORTED};
    uint8_t point65[65];
    CK_RV rv = vk_key_template_read(templ, count, &key);
    if (rv == CKR_OK && vk_is_registration(&key)) {
        rv = vk_create_registered(session, &key, out);
        vk_key_template_clear(&key);
        return rv;
    }
    if (rv == CKR_OK) {
        rv = check_public(&key, point65);
    }
    if (rv == CKR_OK) {
        rv = key.token ? public_on_token(session, &key, point65, out)
                       : vk_session_public(session, &key, point65, out);
    }
    vk_key_template_clear(&key);
    return rv;
}
