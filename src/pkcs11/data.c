/* Making data objects: those that give a key a policy or a grant, or an operation to sign, and
 * others. */
#include "pkcs11/attribute.h"
#include "pkcs11/key_data.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

/* ---- valetkey-policy, valetkey-logins, valetkey-step-up and valetkey-grant ---- */

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

/* What the SO says of a key, and nobody else. */
static const struct sos_word {
    const char *application, *what;
    gate_call call;
    vk_kind kind;
} sos_words[] = {
    {VK_APPLICATION_POLICY, "a policy", vk_gate_set_policy, VK_KIND_POLICY},
    {VK_APPLICATION_LOGINS, "what is said of logins", vk_gate_set_logins, VK_KIND_LOGINS},
    {VK_APPLICATION_STEP_UP, "a step-up rule", vk_gate_set_step_up, VK_KIND_STEP_UP}};

static const struct sos_word *sos_word(const CK_ATTRIBUTE *application) {
    for (size_t i = 0; i < sizeof sos_words / sizeof sos_words[0]; i++) {
        if (vk_is_application(application, sos_words[i].application)) {
            return &sos_words[i];
        }
    }
    return NULL;
}

static CK_RV create_as_so(vk_session *session, const vk_key_data *data, CK_OBJECT_HANDLE *out) {
    const struct sos_word *word = sos_word(data->application);
    vk_role role = vk_slot_role(session->slot);
    int64_t key_id;
    if (role != VK_ROLE_SO) {
        vk_debug("only the SO changes %s", word->what);
        return role == VK_ROLE_USER ? CKR_ATTRIBUTE_READ_ONLY : CKR_USER_NOT_LOGGED_IN;
    }
    CK_RV rv = through_gate(session->slot, word->call, data, &key_id);
    return rv == CKR_OK ? vk_key_handle(session, key_id, word->kind, out) : rv;
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

typedef CK_RV (*create_call)(vk_session *session, const vk_key_data *data, CK_OBJECT_HANDLE *out);

/* What a data object of this application does to its key; NULL: nothing. */
static create_call call_for(const CK_ATTRIBUTE *application) {
    if (sos_word(application) != NULL) {
        return create_as_so;
    }
    return vk_is_application(application, VK_APPLICATION_GRANT) ? create_grant : NULL;
}

static CK_RV create_on_token(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                             CK_OBJECT_HANDLE *out) {
    create_call create = call_for(vk_template_find(templ, count, CKA_APPLICATION));
    vk_key_data data;
    if (create == NULL) {
        return vk_create_ordinary(session, CKO_DATA, templ, count, out);
    }
    CK_RV rv = vk_object_may_change(session, true);
    if (rv == CKR_OK) {
        rv = vk_key_data_read(templ, count, &data);
    }
    return rv == CKR_OK ? create(session, &data, out) : rv;
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
    if (vk_is_application(application, VK_APPLICATION_RECEIPT)) {
        return vk_create_receipt(session, on_token, templ, count, out);
    }
    return on_token ? create_on_token(session, templ, count, out)
                    : vk_create_ordinary(session, CKO_DATA, templ, count, out);
}
