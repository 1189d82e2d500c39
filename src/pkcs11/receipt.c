/* Receipts of operations: an object that is written becomes a record of the journal. */
#include "pkcs11/attribute.h"
#include "pkcs11/key_data.h"
#include "pkcs11/template.h"

#define ATTRIBUTES_MAX 16 /* more than vk_key_data_read takes */

/* What is kept of it is the record. The object that comes back is the session's, and data objects
 * have no CKA_ID. */
static CK_RV keep_object(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                         CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE kept[ATTRIBUTES_MAX];
    CK_ULONG kept_count = 0;
    for (CK_ULONG i = 0; i < count && kept_count < ATTRIBUTES_MAX; i++) {
        if (templ[i].type != CKA_TOKEN && templ[i].type != CKA_ID) {
            kept[kept_count++] = templ[i];
        }
    }
    return vk_create_ordinary(session, CKO_DATA, kept, kept_count, out);
}

static CK_RV write_record(vk_slot *slot, const vk_key_data *data) {
    const vk_bytes json = vk_attribute_bytes(data->value);
    vk_error err = {0};
    int64_t key_id;
    CK_RV rv = vk_key_data_find(slot, data, &key_id);
    if (rv != CKR_OK) {
        return rv;
    }
    /* The gate has locks of its own. */
    return vk_ck_template(
        vk_gate_add_receipt(slot->gate, key_id, (const char *)json.data, json.len, &err), &err);
}

CK_RV vk_create_receipt(vk_session *session, bool on_token, const CK_ATTRIBUTE *templ,
                        CK_ULONG count, CK_OBJECT_HANDLE *out) {
    vk_key_data data;
    CK_RV rv = vk_object_may_change(session, on_token);
    /* A security key without keys has no journal. */
    if (rv == CKR_OK && session->slot->token == NULL) {
        rv = CKR_TOKEN_WRITE_PROTECTED;
    }
    if (rv == CKR_OK && vk_slot_role(session->slot) != VK_ROLE_USER) {
        rv = CKR_USER_NOT_LOGGED_IN;
    }
    if (rv == CKR_OK) {
        rv = vk_key_data_read(templ, count, &data);
    }
    if (rv == CKR_OK) {
        rv = write_record(session->slot, &data);
    }
    return rv == CKR_OK ? keep_object(session, templ, count, out) : rv;
}
