/*
 * Operations that wait to be signed as digests: three data objects each, which are there as long as
 * the operation waits.
 */
#include "pkcs11/attribute.h"
#include "pkcs11/key_data.h"
#include "pkcs11/template.h"

#include <stdlib.h>

/* ---- C_CreateObject ---- */

static CK_RV may_create(const vk_session *session, bool on_token) {
    if (!on_token) {
        vk_debug("an operation is written as a token object (CKA_TOKEN true)");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    CK_RV rv = vk_object_may_change(session, true);
    if (rv == CKR_OK && vk_slot_role(session->slot) != VK_ROLE_USER) {
        rv = CKR_USER_NOT_LOGGED_IN;
    }
    return rv;
}

static CK_RV may_sign(vk_slot *slot, int64_t key_id) {
    vk_view *view;
    vk_status status = vk_view_get(slot, key_id, &view);
    if (status != VK_OK) {
        return vk_ck(status, NULL);
    }
    CK_RV rv = view->may_sign ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
    vk_view_put(view);
    return rv;
}

/* The gate has locks of its own. */
static CK_RV pend(vk_slot *slot, int64_t key_id, const vk_key_data *data, int64_t *pending_id) {
    const vk_bytes object_id =
        data->object_id != NULL ? vk_attribute_bytes(data->object_id) : (vk_bytes){0};
    vk_error err = {0};
    vk_status status = vk_gate_pend(slot->gate, key_id, vk_attribute_bytes(data->value), object_id,
                                    pending_id, &err);
    return vk_ck_template(status, &err);
}

CK_RV vk_create_userop(vk_session *session, bool on_token, const CK_ATTRIBUTE *templ,
                       CK_ULONG count, CK_OBJECT_HANDLE *out) {
    vk_key_data data;
    int64_t key_id = 0, pending_id = 0;
    CK_RV rv = may_create(session, on_token);
    if (rv == CKR_OK) {
        rv = vk_key_data_read(templ, count, &data);
    }
    if (rv == CKR_OK) {
        rv = vk_key_data_find(session->slot, &data, &key_id);
    }
    if (rv == CKR_OK) {
        rv = may_sign(session->slot, key_id);
    }
    if (rv == CKR_OK) {
        rv = pend(session->slot, key_id, &data, &pending_id);
    }
    if (rv == CKR_OK) {
        const vk_ref ref = {
            .slot_id = session->slot->id, .kind = VK_KIND_USEROP, .pending_id = pending_id};
        rv = vk_ref_handle(session->slot, &ref, true, out);
    }
    return rv;
}

/* ---- Opening and destroying ---- */

static vk_status read_row(vk_slot *slot, int64_t pending_id, vk_pending **out, vk_error *err) {
    *out = malloc(sizeof **out);
    if (*out == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_token_pending_get(slot->token, pending_id, *out, err);
    if (status != VK_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

/* Without a login it cannot be seen; without its key it stands for nothing. */
static bool is_gone(vk_status status) {
    return status == VK_ERR_NOT_FOUND || status == VK_ERR_NOT_LOGGED_IN;
}

CK_RV vk_pending_open(vk_slot *slot, const vk_ref *ref, vk_object *out) {
    vk_error err = {0};
    vk_object object = {.slot = slot, .kind = ref->kind};
    vk_status status = read_row(slot, ref->pending_id, &object.pending, &err);
    if (status == VK_OK) {
        status = vk_view_get(slot, object.pending->key_id, &object.view);
    }
    bool is_none =
        status == VK_OK && ref->kind == VK_KIND_ASSERTION && object.pending->assertion == NULL;
    if (status != VK_OK || is_none) {
        vk_object_close(&object);
        return is_none || is_gone(status) ? CKR_OBJECT_HANDLE_INVALID : vk_ck(status, &err);
    }
    *out = object;
    return CKR_OK;
}

CK_RV vk_pending_destroy(const vk_object *object) {
    vk_error err = {0};
    vk_status status = vk_token_pending_remove(object->slot->token, object->pending->id, &err);
    return vk_ck(status, &err);
}

/* ---- Attributes ---- */

static CK_RV get_application(const vk_object *object, vk_buf *out) {
    switch (object->kind) {
    case VK_KIND_USEROP:
        vk_buf_put_text(out, VK_APPLICATION_USEROP);
        return CKR_OK;
    case VK_KIND_DIGEST:
        vk_buf_put_text(out, VK_APPLICATION_DIGEST);
        return CKR_OK;
    default:
        vk_buf_put_text(out, VK_APPLICATION_ASSERTION);
        return CKR_OK;
    }
}

static CK_RV get_value(const vk_object *object, vk_buf *out) {
    const vk_pending *pending = object->pending;
    switch (object->kind) {
    case VK_KIND_USEROP:
        vk_buf_put(out, pending->payload.data, pending->payload.len);
        return CKR_OK;
    case VK_KIND_DIGEST:
        vk_buf_put(out, pending->digest.b, sizeof pending->digest.b);
        return CKR_OK;
    default:
        vk_buf_put_text(out, pending->assertion);
        return CKR_OK;
    }
}

static CK_RV get_object_id(const vk_object *object, vk_buf *out) {
    vk_buf_put(out, object->pending->object_id.data, object->pending->object_id.len);
    return CKR_OK;
}

static CK_RV get_key_id(const vk_object *object, vk_buf *out) {
    vk_key_names names;
    vk_record_names(&object->view->record, &names);
    vk_buf_put(out, names.private_ckid.data, names.private_ckid.len);
    return CKR_OK;
}

static CK_RV get_userop_hash(const vk_object *object, vk_buf *out) {
    vk_buf_put(out, object->pending->userop_hash.b, sizeof object->pending->userop_hash.b);
    return CKR_OK;
}

static CK_RV get_unique_id(const vk_object *object, vk_buf *out) {
    CK_RV rv = get_application(object, out);
    vk_buf_printf(out, "-%lld", (long long)object->pending->id);
    return rv;
}

#define ROW(type, get)                                                                             \
    { type, VK_KINDS_PENDING, VK_FROM_GETTER, 0, get }

static const vk_attribute_row rows[] = {
    ROW(CKA_APPLICATION, get_application), ROW(CKA_VALUE, get_value),
    ROW(CKA_OBJECT_ID, get_object_id),     ROW(CKA_ID, get_key_id),
    ROW(CKA_UNIQUE_ID, get_unique_id),     ROW(CKA_VALETKEY_USEROP_HASH, get_userop_hash),
};

const vk_attribute_table vk_pending_attributes = {rows, sizeof rows / sizeof rows[0]};
