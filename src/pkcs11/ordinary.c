/*
 * Certificates, and data that mean nothing to the token: kept for clients, in a session or on the
 * token.
 */
#include "pkcs11/attribute.h"
#include "pkcs11/certificate.h"
#include "pkcs11/key_data.h"
#include "pkcs11/template.h"
#include "token/attrs.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

/* ---- What may be said of them ---- */

typedef enum meaning {
    ELSEWHERE = 1, /* said by what the object is */
    IS_BOOL,
    IS_NUMBER,
    IS_BYTES,
    IS_DATE,
    IS_X509,      /* the only type of certificate */
    MUST_BE_NOT,  /* CK_FALSE */
    IS_COMPUTED,  /* clients give it, the token finds it out itself */
    IS_THE_TOKENS /* nobody gives it */
} meaning;

#define DATA 1
#define CERT 2

static const struct row {
    CK_ATTRIBUTE_TYPE type;
    unsigned classes;
    meaning meaning;
    bool settable; /* also afterwards */
} rows[] = {
    {CKA_CLASS, DATA | CERT, ELSEWHERE, false},
    {CKA_TOKEN, DATA | CERT, ELSEWHERE, false},
    {CKA_PRIVATE, DATA | CERT, IS_BOOL, false},
    {CKA_MODIFIABLE, DATA | CERT, IS_BOOL, false},
    {CKA_COPYABLE, DATA | CERT, IS_BOOL, false},
    {CKA_DESTROYABLE, DATA | CERT, IS_BOOL, false},
    {CKA_LABEL, DATA | CERT, IS_BYTES, true},
    {CKA_UNIQUE_ID, DATA | CERT, IS_THE_TOKENS, false},

    {CKA_APPLICATION, DATA, IS_BYTES, true},
    {CKA_OBJECT_ID, DATA, IS_BYTES, true},
    {CKA_VALUE, DATA, IS_BYTES, true},

    {CKA_CERTIFICATE_TYPE, CERT, IS_X509, false},
    {CKA_TRUSTED, CERT, MUST_BE_NOT, false},
    {CKA_CERTIFICATE_CATEGORY, CERT, IS_NUMBER, false},
    {CKA_CHECK_VALUE, CERT, IS_COMPUTED, false},
    {CKA_PUBLIC_KEY_INFO, CERT, IS_COMPUTED, false},
    {CKA_START_DATE, CERT, IS_DATE, false},
    {CKA_END_DATE, CERT, IS_DATE, false},
    {CKA_SUBJECT, CERT, IS_BYTES, false},
    {CKA_ID, CERT, IS_BYTES, true},
    {CKA_ISSUER, CERT, IS_BYTES, true},
    {CKA_SERIAL_NUMBER, CERT, IS_BYTES, true},
    {CKA_VALUE, CERT, IS_BYTES, false},
    {CKA_URL, CERT, IS_BYTES, false},
    {CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CERT, IS_BYTES, false},
    {CKA_HASH_OF_ISSUER_PUBLIC_KEY, CERT, IS_BYTES, false},
    {CKA_JAVA_MIDP_SECURITY_DOMAIN, CERT, IS_NUMBER, false},
    {CKA_NAME_HASH_ALGORITHM, CERT, IS_NUMBER, false},
};

static const struct row *row_of(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE type) {
    unsigned wanted = class == CKO_DATA ? DATA : CERT;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type && (rows[i].classes & wanted)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_well_formed(meaning wanted, const CK_ATTRIBUTE *attribute) {
    CK_ULONG number;
    bool flag;
    switch (wanted) {
    case IS_BOOL:
        return vk_attribute_bool(attribute, &flag);
    case IS_NUMBER:
        return vk_attribute_number(attribute, &number);
    case IS_DATE:
        return attribute->ulValueLen == 0 || attribute->ulValueLen == sizeof(CK_DATE);
    case IS_X509:
        return vk_attribute_number(attribute, &number) && number == CKC_X_509;
    case MUST_BE_NOT:
        return vk_attribute_bool(attribute, &flag) && !flag;
    default:
        return true;
    }
}

static CK_RV take(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *attribute, vk_buf *attrs) {
    const struct row *row = row_of(class, attribute->type);
    if (row == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (row->meaning == IS_THE_TOKENS) {
        return CKR_ATTRIBUTE_READ_ONLY;
    }
    if (!is_well_formed(row->meaning, attribute)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (row->meaning == ELSEWHERE || row->meaning == IS_COMPUTED) {
        return CKR_OK;
    }
    vk_status status = vk_attrs_set(attrs, attribute->type, vk_attribute_bytes(attribute));
    return vk_ck_template(status, NULL);
}

static CK_RV take_all(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *templ, CK_ULONG count,
                      vk_buf *attrs) {
    CK_RV rv = CKR_OK;
    for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
        rv = take(class, &templ[i], attrs);
        if (rv != CKR_OK) {
            vk_debug("attribute 0x%lx of the template is refused", templ[i].type);
        }
    }
    return rv;
}

/* ---- Making them ---- */

typedef struct draft {
    CK_OBJECT_CLASS class;
    bool on_token;
    vk_buf attrs;
} draft;

static bool has(const vk_buf *attrs, CK_ATTRIBUTE_TYPE type) {
    return vk_stored_bytes(attrs, type).len > 0;
}

static CK_RV complete(draft *d) {
    if (d->class != CKO_CERTIFICATE) {
        return CKR_OK;
    }
    CK_RV rv = vk_ck(vk_certificate_complete(&d->attrs), NULL);
    bool is_there = has(&d->attrs, CKA_VALUE) || has(&d->attrs, CKA_URL);
    return rv == CKR_OK && (!is_there || !has(&d->attrs, CKA_SUBJECT)) ? CKR_TEMPLATE_INCOMPLETE
                                                                       : rv;
}

static bool begins_with(vk_bytes text, const char *prefix) {
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* The names of what the token gives a meaning are its own; a smart account means something to its
 * readers only. */
static CK_RV check_application(const draft *d) {
    static const char open[] = VK_APPLICATION_SMART_ACCOUNT;
    vk_bytes application = vk_stored_bytes(&d->attrs, CKA_APPLICATION);
    bool is_open = application.len == sizeof open - 1 && begins_with(application, open);
    return d->on_token && !is_open && begins_with(application, "valetkey-")
               ? CKR_TEMPLATE_INCONSISTENT
               : CKR_OK;
}

static CK_RV may_make(const vk_session *session, const draft *d) {
    bool is_private = vk_stored_bool(&d->attrs, CKA_PRIVATE, false);
    if (is_private && vk_slot_role(session->slot) != VK_ROLE_USER) {
        return CKR_USER_NOT_LOGGED_IN;
    }
    return vk_object_may_change(session, d->on_token);
}

static vk_object_names names_of(const vk_buf *attrs) {
    return (vk_object_names){vk_stored_bytes(attrs, CKA_LABEL), vk_stored_bytes(attrs, CKA_ID)};
}

static CK_RV store(vk_session *session, draft *d, CK_OBJECT_HANDLE *out) {
    vk_error err = {0};
    vk_slot *slot = session->slot;
    const vk_object_names names = names_of(&d->attrs);
    vk_object_record record = {.class = d->class,
                               .is_private = vk_stored_bool(&d->attrs, CKA_PRIVATE, false),
                               .attrs = d->attrs};
    pthread_mutex_lock(&slot->lock);
    CK_RV rv = vk_ck_template(vk_token_object_add(slot->token, &record, &names, &err), &err);
    pthread_mutex_unlock(&slot->lock);
    if (rv != CKR_OK) {
        return rv;
    }
    const vk_ref ref = {.slot_id = slot->id,
                        .kind = d->class == CKO_DATA ? VK_KIND_DATA : VK_KIND_CERTIFICATE,
                        .key_id = record.id};
    return vk_ref_handle(slot, &ref, record.is_private, out);
}

static CK_RV keep_in_session(vk_session *session, draft *d, CK_OBJECT_HANDLE *out) {
    vk_data *data = vk_data_new(
        session->handle, d->class == CKO_DATA ? VK_KIND_SESSION_DATA : VK_KIND_SESSION_CERTIFICATE);
    if (data == NULL) {
        return CKR_HOST_MEMORY;
    }
    data->is_private = vk_stored_bool(&d->attrs, CKA_PRIVATE, false);
    data->attrs = d->attrs;
    d->attrs = (vk_buf){0};
    return vk_data_publish(session->slot, data, out);
}

static CK_RV make(vk_session *session, draft *d, CK_OBJECT_HANDLE *out) {
    CK_RV rv = complete(d);
    if (rv == CKR_OK) {
        rv = check_application(d);
    }
    if (rv == CKR_OK) {
        rv = may_make(session, d);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    return d->on_token ? store(session, d, out) : keep_in_session(session, d, out);
}

static CK_RV read_token(const CK_ATTRIBUTE *templ, CK_ULONG count, bool *out) {
    const CK_ATTRIBUTE *token = vk_template_find(templ, count, CKA_TOKEN);
    return token == NULL || vk_attribute_bool(token, out) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV vk_create_ordinary(vk_session *session, CK_OBJECT_CLASS class, const CK_ATTRIBUTE *templ,
                         CK_ULONG count, CK_OBJECT_HANDLE *out) {
    draft d = {.class = class};
    CK_RV rv = read_token(templ, count, &d.on_token);
    if (rv == CKR_OK) {
        rv = take_all(class, templ, count, &d.attrs);
    }
    if (rv == CKR_OK && class == CKO_CERTIFICATE &&
        vk_template_find(templ, count, CKA_CERTIFICATE_TYPE) == NULL) {
        rv = CKR_TEMPLATE_INCOMPLETE;
    }
    if (rv == CKR_OK) {
        rv = make(session, &d, out);
    }
    vk_buf_clear(&d.attrs);
    return rv;
}

/* ---- Copies ---- */

/* What may be different in the copy: where it is, who sees it, and what may be set anyway. */
static CK_RV check_copied(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *templ, CK_ULONG count) {
    for (CK_ULONG i = 0; i < count; i++) {
        const struct row *row = row_of(class, templ[i].type);
        bool is_flag = row != NULL && (row->meaning == IS_BOOL || row->type == CKA_TOKEN);
        if (row != NULL && !is_flag && !row->settable) {
            return CKR_ATTRIBUTE_READ_ONLY;
        }
    }
    return CKR_OK;
}

static vk_status copy_attrs(const vk_object *object, vk_buf *out) {
    vk_object_lock(object);
    const vk_buf *attrs = vk_object_attrs(object);
    vk_buf_put(out, attrs->data, attrs->len);
    vk_object_unlock(object);
    return vk_buf_status(out);
}

CK_RV vk_copy_ordinary(vk_session *session, const vk_object *object, const CK_ATTRIBUTE *templ,
                       CK_ULONG count, CK_OBJECT_HANDLE *out) {
    draft d = {.class = object->kind & VK_KINDS_DATA ? CKO_DATA : CKO_CERTIFICATE,
               .on_token = (object->kind & VK_KINDS_STORED) != 0};
    if (!vk_object_bool(object, CKA_COPYABLE, true)) {
        return CKR_ACTION_PROHIBITED;
    }
    CK_RV rv = check_copied(d.class, templ, count);
    if (rv == CKR_OK) {
        rv = read_token(templ, count, &d.on_token);
    }
    if (rv == CKR_OK) {
        rv = vk_ck(copy_attrs(object, &d.attrs), NULL);
    }
    if (rv == CKR_OK) {
        rv = take_all(d.class, templ, count, &d.attrs);
    }
    if (rv == CKR_OK) {
        rv = make(session, &d, out);
    }
    vk_buf_clear(&d.attrs);
    return rv;
}

/* ---- Those that are stored ---- */

CK_RV vk_stored_open(vk_slot *slot, const vk_ref *ref, vk_object *out) {
    vk_error err = {0};
    vk_object_record *record = malloc(sizeof *record);
    if (record == NULL) {
        return CKR_HOST_MEMORY;
    }
    vk_status status = vk_token_object_get(slot->token, ref->key_id, record, &err);
    if (status != VK_OK) {
        free(record);
        return status == VK_ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : vk_ck(status, &err);
    }
    *out = (vk_object){.slot = slot, .kind = ref->kind, .stored = record};
    return CKR_OK;
}

CK_RV vk_stored_destroy(const vk_object *object) {
    vk_error err = {0};
    vk_slot *slot = object->slot;
    pthread_mutex_lock(&slot->lock);
    vk_status status = vk_token_object_remove(slot->token, object->stored->id, &err);
    pthread_mutex_unlock(&slot->lock);
    return status == VK_ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : vk_ck(status, &err);
}

vk_status vk_stored_update(const vk_object *object, vk_error *err) {
    const vk_object_names names = names_of(&object->stored->attrs);
    return vk_token_object_update(object->slot->token, object->stored, &names, err);
}

bool vk_ordinary_is_settable(vk_kind kind, CK_ATTRIBUTE_TYPE type) {
    const struct row *row = row_of(kind & VK_KINDS_DATA ? CKO_DATA : CKO_CERTIFICATE, type);
    return row != NULL && row->settable;
}
