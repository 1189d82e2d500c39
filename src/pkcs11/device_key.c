/* Keys on a security key: C_GenerateKeyPair there, and what is kept of a credential. */
#include "base/utf8.h"
#include "pkcs11/attribute.h"
#include "pkcs11/device.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

#include <string.h>
#include <valetkey/pkcs11.h>

#define STORE_LABEL "FIDO2 security key"

/* ---- The store ---- */

static char *copy_path(const vk_token *token) {
    vk_buf text = {0};
    vk_buf_put_text(&text, vk_token_path(token));
    return vk_buf_take_text(&text);
}

static CK_RV take_store(vk_slot *slot, vk_token *store) {
    char *path = copy_path(store);
    CK_RV rv = path != NULL ? vk_slot_take_token(slot, store) : CKR_HOST_MEMORY;
    if (path == NULL) {
        vk_token_close(store);
    }
    if (rv == CKR_OK && vk_module_lock() != NULL) {
        slot->path = path;
        path = NULL;
        vk_module_unlock();
    }
    vk_text_free(path);
    return rv;
}

/* The home stays what it is while the call is in. */
static CK_RV find_home(const char **out) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    *out = module->home;
    vk_module_unlock();
    return *out != NULL ? CKR_OK : CKR_DEVICE_ERROR;
}

static vk_status open_store(vk_slot *slot, const char *home, vk_token **out, vk_error *err) {
    char *path;
    *out = NULL;
    vk_status status = vk_device_find_store(slot->device, home, &path, err);
    if (status == VK_OK && path != NULL) {
        status = vk_token_open(path, out, err);
    }
    vk_text_free(path);
    return status;
}

CK_RV vk_device_seek_store(vk_slot *slot) {
    vk_error err = {0};
    const char *home;
    vk_token *store;
    if (slot->token != NULL) {
        return CKR_OK;
    }
    CK_RV rv = find_home(&home);
    if (rv == CKR_OK) {
        rv = vk_ck(open_store(slot, home, &store, &err), &err);
    }
    return rv == CKR_OK && store != NULL ? take_store(slot, store) : rv;
}

static CK_RV make_store(vk_slot *slot) {
    vk_error err = {0};
    char label[VK_TOKEN_LABEL_LEN + 1];
    const char *home;
    vk_token *store;
    CK_RV rv = find_home(&home);
    if (rv != CKR_OK) {
        return rv;
    }
    snprintf(label, sizeof label, "%s", slot->product != NULL ? slot->product : STORE_LABEL);
    vk_utf8_clean(label);
    rv = vk_ck(vk_device_make_store(slot->device, home, label, &store, &err), &err);
    return rv == CKR_OK ? take_store(slot, store) : rv;
}

/* Makes it unless there is one. The slot's lock is held, and the user is logged in: not to a store
 * that came since, which wants a login of its own. */
static CK_RV need_store(vk_slot *slot) {
    if (slot->token != NULL) {
        return CKR_OK;
    }
    CK_RV rv = vk_device_seek_store(slot);
    if (rv == CKR_OK && slot->token != NULL) {
        vk_debug("another process has made a store for the security key: log in again");
        vk_slot_logout(slot);
        return CKR_USER_NOT_LOGGED_IN;
    }
    return rv == CKR_OK ? make_store(slot) : rv;
}

/* ---- The template ---- */

static const CK_ATTRIBUTE_TYPE wishes[] = {CKA_VALETKEY_DISCOVERABLE, CKA_VALETKEY_CRED_PROTECT,
                                           CKA_VALETKEY_HMAC_SECRET};

bool vk_device_is_wished(const vk_key_template *key) {
    vk_bytes ignored;
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        if (vk_attrs_get(&key->attrs, wishes[i], &ignored)) {
            return true;
        }
    }
    return key->challenge.len > 0;
}

static CK_RV check_template(const vk_key_template *key) {
    if (!key->token) {
        vk_debug("keys of a session are not made by a security key");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (key->curve != VK_CURVE_P256) {
        vk_debug("a security key has keys on P-256 only");
        return CKR_CURVE_NOT_SUPPORTED;
    }
    if (vk_stored_bytes(&key->attrs, CKA_VALETKEY_STEP_UP).len > 0) {
        vk_debug("a key on a security key is touched for every signature anyway");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (key->credential_id.len > 0 || key->authenticator_id_hash.len > 0 || key->use_sign_count) {
        vk_debug("the credential id and the sign count are the security key's to choose");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    return CKR_OK;
}

static vk_device_wish wish_of(const vk_key_record *record, vk_bytes challenge, const char *name) {
    const vk_buf *attrs = &record->private_attrs;
    vk_bytes protect = vk_stored_bytes(attrs, CKA_VALETKEY_CRED_PROTECT);
    return (vk_device_wish){.user_id = vk_stored_bytes(attrs, CKA_VALETKEY_USER_HANDLE),
                            .challenge = challenge,
                            .user_name = name,
                            .discoverable = vk_stored_bool(attrs, CKA_VALETKEY_DISCOVERABLE, false),
                            .hmac_secret = vk_stored_bool(attrs, CKA_VALETKEY_HMAC_SECRET, false),
                            .protect = protect.len == 1 ? protect.data[0] : VK_FIDO2_PROTECT_UV};
}

/* ---- What came of it ---- */

static vk_status set_bool(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, bool value) {
    const uint8_t byte = value ? CK_TRUE : CK_FALSE;
    return vk_attrs_set(attrs, type, (vk_bytes){&byte, 1});
}

static vk_status keep_made(const vk_fido2_made *made, vk_buf *attrs) {
    vk_status status =
        vk_attrs_set(attrs, CKA_VALETKEY_AAGUID, (vk_bytes){made->aaguid, sizeof made->aaguid});
    if (status == VK_OK) {
        status =
            vk_attrs_set(attrs, CKA_VALETKEY_ATTESTATION, vk_buf_view(&made->attestation_object));
    }
    if (status == VK_OK) {
        status = vk_attrs_set(attrs, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                              vk_buf_view(&made->client_data));
    }
    if (status == VK_OK) {
        status = set_bool(attrs, CKA_VALETKEY_HMAC_SECRET, made->has_hmac_secret);
    }
    return status == VK_OK ? set_bool(attrs, CKA_LOCAL, true) : status;
}

static vk_status add(vk_slot *slot, vk_key_record *record, const vk_fido2_made *made,
                     vk_error *err) {
    vk_key_names names;
    vk_status status = keep_made(made, &record->private_attrs);
    if (status == VK_OK) {
        status = set_bool(&record->public_attrs, CKA_LOCAL, true);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_record_names(record, &names);
    return vk_gate_device_add(slot->gate, record, &names, err);
}

/* What the template names is had, or refused. */
static vk_status check_protect(vk_slot *slot, const vk_key_record *record, vk_error *err) {
    vk_fido2_info info;
    if (vk_stored_bytes(&record->private_attrs, CKA_VALETKEY_CRED_PROTECT).len == 0) {
        return VK_OK;
    }
    vk_status status = vk_fido2_get_info(vk_device_fido2(slot->device), &info, err);
    return status == VK_OK && !info.has_cred_protect
               ? vk_fail(err, VK_ERR_UNSUPPORTED, "CKA_VALETKEY_CRED_PROTECT",
                         "the security key has no credProtect")
               : status;
}

/* A credential that the store did not take is not left behind, where it can be deleted at all. */
static vk_status make(vk_slot *slot, vk_key_record *record, vk_bytes challenge, vk_error *err) {
    vk_fido2_made made;
    vk_buf name = {0};
    vk_bytes label = vk_stored_bytes(&record->private_attrs, CKA_LABEL);
    vk_buf_put(&name, label.data, label.len < 64 ? label.len : 64);
    char *text = vk_buf_take_text(&name);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_utf8_clean(text);
    vk_device_wish wish = wish_of(record, challenge, text[0] != '\0' ? text : "valetkey");
    vk_status status = vk_gate_device_make(slot->gate, record, &wish, &made, err);
    if (status == VK_OK) {
        status = add(slot, record, &made, err);
        if (status != VK_OK && wish.discoverable) {
            vk_status ignored = vk_gate_device_delete(slot->gate, record, NULL);
            (void)ignored;
        }
        vk_fido2_made_clear(&made);
    }
    vk_text_free(text);
    return status;
}

static CK_RV make_in_store(vk_slot *slot, vk_key_record *record, vk_bytes challenge) {
    vk_error err = {0};
    CK_RV rv = vk_ck_template(check_protect(slot, record, &err), &err);
    if (rv == CKR_OK) {
        rv = need_store(slot);
    }
    if (rv == CKR_OK) {
        rv = vk_ck_template(make(slot, record, challenge, &err), &err);
        vk_slot_changed(slot);
    }
    return rv;
}

CK_RV vk_device_generate(vk_session *session, const vk_key_template *public_half,
                         const vk_key_template *private_half, int64_t *key_id) {
    vk_slot *slot = session->slot;
    vk_key_record record;
    CK_RV rv = check_template(private_half);
    if (rv == CKR_OK) {
        rv = vk_key_template_record(private_half, &record);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    vk_buf_put(&record.public_attrs, public_half->attrs.data, public_half->attrs.len);
    rv = vk_ck(vk_buf_status(&record.public_attrs), NULL);
    if (rv == CKR_OK) {
        vk_session_asks(session, slot->device);
        pthread_mutex_lock(&slot->lock);
        rv = make_in_store(slot, &record, private_half->challenge);
        pthread_mutex_unlock(&slot->lock);
        vk_session_asks(session, NULL);
    }
    *key_id = record.id;
    vk_key_record_clear(&record);
    return rv;
}

/* ---- C_DestroyObject ---- */

/* A record that was edited may name somebody else's credential. */
static vk_status forget_credential(vk_slot *slot, const vk_key_record *record, vk_error *err) {
    vk_status status = vk_token_key_vouch(slot->token, record, err);
    if (status == VK_ERR_INTEGRITY) {
        return VK_OK;
    }
    return status == VK_OK ? vk_gate_device_delete(slot->gate, record, err) : status;
}

vk_status vk_device_forget_key(vk_slot *slot, int64_t key_id, vk_error *err) {
    vk_key_record record;
    vk_status status = vk_token_key_get(slot->token, key_id, &record);
    if (status != VK_OK) {
        return status;
    }
    bool is_resident = record.home == VK_HOME_FIDO2 &&
                       vk_stored_bool(&record.private_attrs, CKA_VALETKEY_DISCOVERABLE, false);
    if (is_resident) {
        status = forget_credential(slot, &record, err);
    }
    vk_key_record_clear(&record);
    return status;
}
