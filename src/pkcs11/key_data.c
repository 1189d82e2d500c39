#include "pkcs11/key_data.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

#include <stdlib.h>
#include <string.h>

bool vk_is_application(const CK_ATTRIBUTE *application, const char *text) {
    const vk_bytes wanted = {(const uint8_t *)text, strlen(text)};
    return application != NULL && vk_bytes_equal(vk_attribute_bytes(application), wanted);
}

CK_RV vk_key_data_read(const CK_ATTRIBUTE *templ, CK_ULONG count, vk_key_data *out) {
    *out = (vk_key_data){0};
    for (CK_ULONG i = 0; i < count; i++) {
        switch (templ[i].type) {
        case CKA_CLASS:
        case CKA_TOKEN:
        case CKA_PRIVATE:
        case CKA_MODIFIABLE:
            break;
        case CKA_APPLICATION:
            out->application = &templ[i];
            break;
        case CKA_LABEL:
            out->label = &templ[i];
            break;
        case CKA_ID:
            out->id = &templ[i];
            break;
        case CKA_OBJECT_ID:
            out->object_id = &templ[i];
            break;
        case CKA_VALUE:
            out->value = &templ[i];
            break;
        default:
            return CKR_ATTRIBUTE_TYPE_INVALID;
        }
    }
    bool named = out->label != NULL || out->id != NULL;
    return named && out->value != NULL ? CKR_OK : CKR_TEMPLATE_INCOMPLETE;
}

/* ---- Which key is meant ---- */

static bool has_name(const vk_buf *attrs, const CK_ATTRIBUTE *name) {
    vk_bytes stored = {0};
    return vk_attrs_get(attrs, name->type, &stored) &&
           vk_bytes_equal(stored, vk_attribute_bytes(name));
}

/* Asks the key itself: nothing authenticates the index that it was found in. */
static bool is_called(const vk_key_record *record, const CK_ATTRIBUTE *name) {
    return name == NULL || has_name(&record->private_attrs, name) ||
           has_name(&record->public_attrs, name);
}

static bool is_meant(const vk_key_record *record, const vk_key_data *data) {
    return record->has_private && is_called(record, data->label) && is_called(record, data->id);
}

/* Counts the keys that are meant among the ids; *key_id is the last one. */
static vk_status count_meant(vk_slot *slot, const vk_key_data *data, const int64_t *ids,
                             size_t count, size_t *found, int64_t *key_id) {
    for (size_t i = 0; i < count; i++) {
        vk_view *view;
        vk_status status = vk_view_get(slot, ids[i], &view);
        if (status == VK_ERR_NOT_FOUND) {
            continue; /* removed since, or hidden */
        }
        if (status != VK_OK) {
            return status;
        }
        if (is_meant(&view->record, data)) {
            *key_id = ids[i];
            (*found)++;
        }
        vk_view_put(view);
    }
    return VK_OK;
}

static void explain(const vk_key_data *data, size_t found) {
    bool is_vague = data->id == NULL && found > 1;
    vk_debug("%zu private keys have that %s, where one must%s", found,
             data->id == NULL      ? "label"
             : data->label == NULL ? "id"
                                   : "label and id",
             is_vague ? ": say which one with CKA_ID" : "");
}

CK_RV vk_key_data_find(vk_slot *slot, const vk_key_data *data, int64_t *key_id) {
    const vk_bytes label = data->label != NULL ? vk_attribute_bytes(data->label) : (vk_bytes){0};
    const vk_bytes id = data->id != NULL ? vk_attribute_bytes(data->id) : (vk_bytes){0};
    const vk_key_filter filter = {.label = data->label != NULL ? &label : NULL,
                                  .ckid = data->id != NULL ? &id : NULL};
    int64_t *ids = NULL;
    size_t count = 0, found = 0;
    vk_status status = vk_token_key_find(slot->token, &filter, &ids, &count);
    if (status == VK_OK) {
        status = count_meant(slot, data, ids, count, &found, key_id);
    }
    free(ids);
    if (status == VK_OK && found != 1) {
        explain(data, found);
        return CKR_TEMPLATE_INCONSISTENT;
    }
    return vk_ck(status, NULL);
}
