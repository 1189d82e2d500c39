/*
 * Discoverable credentials that are on a security key without being keys of its store: other
 * programs made them, or another machine did. They are listed, with what the security key tells of
 * them, and can be deleted; they sign nothing, since no policy was given to them.
 */
#include "pkcs11/attribute.h"
#include "pkcs11/device.h"
#include "token/attrs.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

static vk_status set_text(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, const char *text) {
    return vk_attrs_set(attrs, type, (vk_bytes){(const uint8_t *)text, strlen(text)});
}

static vk_status set_byte(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, uint8_t byte) {
    return vk_attrs_set(attrs, type, (vk_bytes){&byte, 1});
}

/* Whose it is says its label: "user at rpId". */
static vk_status set_label(vk_buf *attrs, const vk_fido2_resident *found) {
    vk_buf label = {0};
    if (found->user_name != NULL) {
        vk_buf_put_text(&label, found->user_name);
        vk_buf_put_text(&label, " at ");
    }
    vk_buf_put_text(&label, found->rp_id);
    vk_status status = vk_buf_status(&label);
    if (status == VK_OK) {
        status = vk_attrs_set(attrs, CKA_LABEL, vk_buf_view(&label));
    }
    vk_buf_clear(&label);
    return status;
}

static vk_status describe(const vk_fido2_resident *found, vk_buf *attrs) {
    vk_status status = set_label(attrs, found);
    if (status == VK_OK) {
        status = set_text(attrs, CKA_VALETKEY_RP_ID, found->rp_id);
    }
    if (status == VK_OK) {
        status =
            vk_attrs_set(attrs, CKA_VALETKEY_CREDENTIAL_ID, vk_buf_view(&found->credential_id));
    }
    if (status == VK_OK) {
        status = vk_attrs_set(attrs, CKA_VALETKEY_USER_HANDLE, vk_buf_view(&found->user_id));
    }
    if (status == VK_OK && found->protect > 0) {
        status = set_byte(attrs, CKA_VALETKEY_CRED_PROTECT, (uint8_t)found->protect);
    }
    if (status == VK_OK) {
        status = set_text(attrs, CKA_VALETKEY_HOME, "fido2");
    }
    static const CK_ATTRIBUTE_TYPE no[] = {CKA_MODIFIABLE, CKA_COPYABLE};
    for (size_t i = 0; i < sizeof no / sizeof no[0] && status == VK_OK; i++) {
        status = set_byte(attrs, no[i], CK_FALSE);
    }
    static const CK_ATTRIBUTE_TYPE yes[] = {CKA_PRIVATE, CKA_LOCAL, CKA_VALETKEY_DISCOVERABLE};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0] && status == VK_OK; i++) {
        status = set_byte(attrs, yes[i], CK_TRUE);
    }
    return status;
}

/* A key of the store is listed as that. */
static bool is_in_store(vk_slot *slot, const uint8_t point65[65]) {
    int64_t *ids = NULL;
    size_t count = 0;
    const vk_key_filter filter = {.point65 = point65};
    if (slot->token == NULL || vk_token_key_find(slot->token, &filter, &ids, &count) != VK_OK) {
        return false;
    }
    free(ids);
    return count > 0;
}

static CK_RV publish(vk_slot *slot, const vk_fido2_resident *found) {
    CK_OBJECT_HANDLE ignored;
    vk_data *data = vk_data_new(0, VK_KIND_RESIDENT);
    if (data == NULL) {
        return CKR_HOST_MEMORY;
    }
    data->is_private = true;
    data->curve = VK_CURVE_P256;
    memcpy(data->point65, found->point65, sizeof data->point65);
    vk_status status = describe(found, &data->attrs);
    if (status != VK_OK) {
        vk_data_put(data);
        return vk_ck(status, NULL);
    }
    return vk_data_publish(slot, data, &ignored);
}

static CK_RV list(vk_slot *slot) {
    vk_fido2_info info;
    vk_fido2_residents found = {0};
    vk_error err = {0};
    vk_fido2 *fido2 = vk_device_fido2(slot->device);
    vk_status status = vk_fido2_get_info(fido2, &info, &err);
    if (status == VK_OK && info.lists && info.has_pin) {
        status = vk_fido2_list(fido2, &found, &err);
    }
    CK_RV rv = vk_ck(status, &err);
    for (size_t i = 0; i < found.count && rv == CKR_OK; i++) {
        rv = is_in_store(slot, found.list[i].point65) ? CKR_OK : publish(slot, &found.list[i]);
    }
    vk_fido2_residents_clear(&found);
    return rv;
}

/* Asking takes the device long, so it is asked once a login; one that does not say has none. */
void vk_device_list_residents(vk_slot *slot) {
    if (slot->device == NULL) {
        return;
    }
    pthread_mutex_lock(&slot->lock);
    if (vk_slot_role(slot) == VK_ROLE_USER && !slot->has_listed) {
        slot->has_listed = true;
        CK_RV ignored = list(slot);
        (void)ignored;
    }
    pthread_mutex_unlock(&slot->lock);
}

CK_RV vk_device_destroy_resident(vk_session *session, const vk_object *object,
                                 CK_OBJECT_HANDLE handle) {
    vk_error err = {0};
    if (!session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    vk_status status =
        vk_fido2_delete(vk_device_fido2(session->slot->device),
                        vk_stored_bytes(&object->data->attrs, CKA_VALETKEY_CREDENTIAL_ID), &err);
    if (status == VK_OK || status == VK_ERR_NOT_FOUND) {
        return vk_handle_drop_one(handle) ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
    }
    return vk_ck(status, &err);
}
