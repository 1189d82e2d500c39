/*
 * The attributes of certificates, of data that mean nothing to the token, of secrets that keys
 * agreed on, and of what the module says of itself; and the names of what sessions have.
 */
#include "pkcs11/attribute.h"
#include "pkcs11/certificate.h"
#include "token/attrs.h"

static vk_bytes value_of(const vk_object *object) {
    return vk_stored_bytes(vk_object_attrs(object), CKA_VALUE);
}

static CK_RV get_key_info(const vk_object *object, vk_buf *out) {
    return vk_ck(vk_certificate_key_info(value_of(object), out), NULL);
}

static CK_RV get_check_value(const vk_object *object, vk_buf *out) {
    return vk_ck(vk_certificate_check_value(value_of(object), out), NULL);
}

/* Numbers are zero where nobody said otherwise. */
static CK_RV put_number(const vk_object *object, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    CK_ULONG zero = 0;
    vk_bytes bytes = {(const uint8_t *)&zero, sizeof zero}, stored;
    if (vk_attrs_get(vk_object_attrs(object), type, &stored) && stored.len == sizeof zero) {
        bytes = stored;
    }
    vk_buf_put(out, bytes.data, bytes.len);
    return CKR_OK;
}

static CK_RV get_category(const vk_object *object, vk_buf *out) {
    return put_number(object, CKA_CERTIFICATE_CATEGORY, out);
}

static CK_RV get_domain(const vk_object *object, vk_buf *out) {
    return put_number(object, CKA_JAVA_MIDP_SECURITY_DOMAIN, out);
}

static CK_RV get_name_hash(const vk_object *object, vk_buf *out) {
    static const CK_MECHANISM_TYPE sha1 = CKM_SHA_1;
    vk_bytes stored;
    if (vk_attrs_get(vk_object_attrs(object), CKA_NAME_HASH_ALGORITHM, &stored)) {
        return put_number(object, CKA_NAME_HASH_ALGORITHM, out);
    }
    vk_buf_put(out, (const uint8_t *)&sha1, sizeof sha1);
    return CKR_OK;
}

/* ---- Names ---- */

static CK_RV get_unique_id(const vk_object *object, vk_buf *out) {
    switch (object->kind) {
    case VK_KIND_DATA:
        vk_buf_printf(out, "data-%lld", (long long)object->stored->id);
        return CKR_OK;
    case VK_KIND_CERTIFICATE:
        vk_buf_printf(out, "certificate-%lld", (long long)object->stored->id);
        return CKR_OK;
    case VK_KIND_PROFILE:
        vk_buf_printf(out, "profile-%lu", object->number);
        return CKR_OK;
    case VK_KIND_MECHANISM:
        vk_buf_printf(out, "mechanism-0x%lx", object->number);
        return CKR_OK;
    default:
        vk_buf_printf(out, "session-%llu", (unsigned long long)object->data->serial);
        return CKR_OK;
    }
}

static CK_RV get_own_number(const vk_object *object, vk_buf *out) {
    vk_buf_put(out, (const uint8_t *)&object->number, sizeof object->number);
    return CKR_OK;
}

/* ---- Secrets ---- */

static bool is_readable(const vk_object *object) {
    const vk_buf *attrs = vk_object_attrs(object);
    return !vk_stored_bool(attrs, CKA_SENSITIVE, false) &&
           vk_stored_bool(attrs, CKA_EXTRACTABLE, true);
}

static CK_RV get_secret(const vk_object *object, vk_buf *out) {
    const vk_data *data = object->data;
    if (!is_readable(object)) {
        return CKR_ATTRIBUTE_SENSITIVE;
    }
    vk_buf_put(out, data->secret + VK_SECRET_LEN - data->secret_len, data->secret_len);
    return CKR_OK;
}

static CK_RV get_secret_len(const vk_object *object, vk_buf *out) {
    CK_ULONG len = object->data->secret_len;
    vk_buf_put(out, (const uint8_t *)&len, sizeof len);
    return CKR_OK;
}

static CK_RV get_key_type(const vk_object *object, vk_buf *out) {
    return put_number(object, CKA_KEY_TYPE, out);
}

/* ---- The table ---- */

#define DATA VK_KINDS_DATA
#define CERT VK_KINDS_CERTIFICATE
#define SECRET VK_KIND_SECRET
#define STORED VK_KINDS_STORED
#define OURS VK_KINDS_STATIC
#define IN_SESSION (VK_KIND_SESSION_DATA | VK_KIND_SESSION_CERTIFICATE | SECRET)
#define THEIRS (DATA | CERT | SECRET)

static const vk_attribute_row rows[] = {
    {CKA_CLASS, DATA, VK_FROM_NUMBER, CKO_DATA, NULL},
    {CKA_CLASS, CERT, VK_FROM_NUMBER, CKO_CERTIFICATE, NULL},
    {CKA_CLASS, SECRET, VK_FROM_NUMBER, CKO_SECRET_KEY, NULL},
    {CKA_CLASS, VK_KIND_PROFILE, VK_FROM_NUMBER, CKO_PROFILE, NULL},
    {CKA_CLASS, VK_KIND_MECHANISM, VK_FROM_NUMBER, CKO_MECHANISM, NULL},
    {CKA_TOKEN, STORED | OURS, VK_FROM_TRUE, 0, NULL},
    {CKA_TOKEN, IN_SESSION, VK_FROM_FALSE, 0, NULL},
    {CKA_PRIVATE, THEIRS, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_PRIVATE, OURS, VK_FROM_FALSE, 0, NULL},
    {CKA_MODIFIABLE, THEIRS, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_MODIFIABLE, OURS, VK_FROM_FALSE, 0, NULL},
    {CKA_COPYABLE, DATA | CERT, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_COPYABLE, SECRET | OURS, VK_FROM_FALSE, 0, NULL},
    {CKA_DESTROYABLE, THEIRS, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_DESTROYABLE, OURS, VK_FROM_FALSE, 0, NULL},
    {CKA_LABEL, THEIRS | OURS, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_UNIQUE_ID, THEIRS | OURS | VK_KINDS_SESSION_KEY, VK_FROM_GETTER, 0, get_unique_id},

    {CKA_APPLICATION, DATA, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_OBJECT_ID, DATA, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_VALUE, DATA | CERT, VK_FROM_STORED_BYTES, 0, NULL},

    {CKA_CERTIFICATE_TYPE, CERT, VK_FROM_NUMBER, CKC_X_509, NULL},
    {CKA_TRUSTED, CERT | SECRET, VK_FROM_FALSE, 0, NULL},
    {CKA_CERTIFICATE_CATEGORY, CERT, VK_FROM_GETTER, 0, get_category},
    {CKA_CHECK_VALUE, CERT, VK_FROM_GETTER, 0, get_check_value},
    {CKA_PUBLIC_KEY_INFO, CERT, VK_FROM_GETTER, 0, get_key_info},
    {CKA_START_DATE, CERT | SECRET, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_END_DATE, CERT | SECRET, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_SUBJECT, CERT, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_ID, CERT | SECRET, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_ISSUER, CERT, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_SERIAL_NUMBER, CERT, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_URL, CERT, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CERT, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_HASH_OF_ISSUER_PUBLIC_KEY, CERT, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_JAVA_MIDP_SECURITY_DOMAIN, CERT, VK_FROM_GETTER, 0, get_domain},
    {CKA_NAME_HASH_ALGORITHM, CERT, VK_FROM_GETTER, 0, get_name_hash},

    {CKA_KEY_TYPE, SECRET, VK_FROM_GETTER, 0, get_key_type},
    {CKA_VALUE, SECRET, VK_FROM_GETTER, 0, get_secret},
    {CKA_VALUE_LEN, SECRET, VK_FROM_GETTER, 0, get_secret_len},
    {CKA_SENSITIVE, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_EXTRACTABLE, SECRET, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_ALWAYS_SENSITIVE, SECRET, VK_FROM_FALSE, 0, NULL},
    {CKA_NEVER_EXTRACTABLE, SECRET, VK_FROM_FALSE, 0, NULL},
    {CKA_LOCAL, SECRET, VK_FROM_FALSE, 0, NULL},
    {CKA_KEY_GEN_MECHANISM, SECRET, VK_FROM_NUMBER, CK_UNAVAILABLE_INFORMATION, NULL},
    {CKA_ENCRYPT, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_DECRYPT, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_SIGN, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_VERIFY, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_WRAP, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_UNWRAP, SECRET, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_DERIVE, SECRET, VK_FROM_STORED_FALSE, 0, NULL},

    {CKA_PROFILE_ID, VK_KIND_PROFILE, VK_FROM_GETTER, 0, get_own_number},
    {CKA_MECHANISM_TYPE, VK_KIND_MECHANISM, VK_FROM_GETTER, 0, get_own_number},
};

const vk_attribute_table vk_ordinary_attributes = {rows, sizeof rows / sizeof rows[0]};
