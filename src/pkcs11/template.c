#include "pkcs11/template.h"
#include "gate/login.h"
#include "pkcs11/attribute.h"
#include "pkcs11/hide.h"
#include "policy/step_up.h"
#include "token/attrs.h"
#include "token/crypt.h"

#include <string.h>
#include <valetkey/credential.h>

/* ---- Reading templates ---- */

CK_RV vk_template_check(const CK_ATTRIBUTE *templ, CK_ULONG count) {
    if ((templ == NULL && count > 0) || count > VK_TEMPLATE_MAX) {
        return CKR_ARGUMENTS_BAD;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        if (templ[i].pValue == NULL && templ[i].ulValueLen > 0) {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        if (vk_template_find(templ, i, templ[i].type) != NULL) {
            return CKR_TEMPLATE_INCONSISTENT;
        }
    }
    return CKR_OK;
}

const CK_ATTRIBUTE *vk_template_find(const CK_ATTRIBUTE *templ, CK_ULONG count,
                                     CK_ATTRIBUTE_TYPE type) {
    for (CK_ULONG i = 0; i < count; i++) {
        if (templ[i].type == type) {
            return &templ[i];
        }
    }
    return NULL;
}

bool vk_attribute_number(const CK_ATTRIBUTE *attribute, CK_ULONG *out) {
    if (attribute->ulValueLen != sizeof *out || attribute->pValue == NULL) {
        return false;
    }
    memcpy(out, attribute->pValue, sizeof *out);
    return true;
}

bool vk_attribute_bool(const CK_ATTRIBUTE *attribute, bool *out) {
    if (attribute->ulValueLen != 1 || attribute->pValue == NULL) {
        return false;
    }
    CK_BBOOL value = *(const CK_BBOOL *)attribute->pValue;
    *out = value == CK_TRUE;
    return value == CK_TRUE || value == CK_FALSE;
}

vk_bytes vk_attribute_bytes(const CK_ATTRIBUTE *attribute) {
    return (vk_bytes){attribute->pValue, attribute->ulValueLen};
}

CK_RV vk_template_class(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_CLASS *out) {
    const CK_ATTRIBUTE *class = vk_template_find(templ, count, CKA_CLASS);
    if (class == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    return vk_attribute_number(class, out) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* ---- Curves and points ---- */

static const uint8_t secp256k1_oid[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
static const uint8_t p256_oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

vk_bytes vk_curve_oid(vk_curve curve) {
    return curve == VK_CURVE_SECP256K1 ? (vk_bytes){secp256k1_oid, sizeof secp256k1_oid}
                                       : (vk_bytes){p256_oid, sizeof p256_oid};
}

bool vk_curve_of_oid(vk_bytes oid, vk_curve *out) {
    if (vk_bytes_equal(oid, vk_curve_oid(VK_CURVE_SECP256K1))) {
        *out = VK_CURVE_SECP256K1;
        return true;
    }
    *out = VK_CURVE_P256;
    return vk_bytes_equal(oid, vk_curve_oid(VK_CURVE_P256));
}

bool vk_point_read(vk_bytes value, uint8_t point65[65]) {
    if (value.len == 67 && value.data[0] == 0x04 && value.data[1] == 65) {
        value = (vk_bytes){value.data + 2, 65};
    }
    if (value.len != 65 || value.data[0] != 0x04) {
        return false;
    }
    memcpy(point65, value.data, 65);
    return true;
}

/* ---- What may be said of a key ---- */

_Static_assert(CKA_VALETKEY_STEP_UP == VK_ATTR_STEP_UP, "the gate reads what is kept here");

typedef enum template_meaning {
    IS_CLASS = 1,
    IS_KEY_TYPE,
    IS_TOKEN,
    MUST_BE_TRUE,
    MUST_BE_FALSE,
    MUST_BE_EMPTY,
    KEPT_BOOL,
    KEPT_NAME,
    HARMLESS_BOOL, /* clients send it; what it asks for is not given, which takes nothing away */
    IS_MECHANISMS,
    IS_CURVE,
    IS_POINT,
    IS_SECRET,
    IS_POLICY,
    IS_RP_ID,
    IS_ORIGIN,
    IS_CREDENTIAL_ID,
    IS_AUTHENTICATOR_ID_HASH,
    IS_USE_SIGN_COUNT,
    KEPT_USER_HANDLE,
    KEPT_PROTECT,
    KEPT_STEP_UP,
    IS_ATTESTATION,
    IS_ATTESTATION_CLIENT_DATA,
    IS_CHALLENGE,
    IS_TRUST_ANCHORS,
    READ_ONLY
} template_meaning;

typedef struct template_row {
    CK_ATTRIBUTE_TYPE type;
    unsigned kinds;
    template_meaning meaning;
} template_row;

#define PRIV VK_KIND_PRIVATE
#define PUB VK_KIND_PUBLIC
#define BOTH VK_KINDS_KEY

static const template_row rows[] = {
    {CKA_CLASS, BOTH, IS_CLASS},
    {CKA_KEY_TYPE, BOTH, IS_KEY_TYPE},
    {CKA_TOKEN, BOTH, IS_TOKEN},
    {CKA_PRIVATE, PRIV, MUST_BE_TRUE},
    {CKA_PRIVATE, PUB, KEPT_BOOL},
    {CKA_MODIFIABLE, BOTH, KEPT_BOOL},
    {CKA_DESTROYABLE, BOTH, KEPT_BOOL},
    {CKA_COPYABLE, PRIV, HARMLESS_BOOL},
    {CKA_COPYABLE, PUB, KEPT_BOOL},
    {CKA_LABEL, BOTH, KEPT_NAME},
    {CKA_ID, BOTH, KEPT_NAME},
    {CKA_SUBJECT, BOTH, KEPT_NAME},
    {CKA_START_DATE, BOTH, MUST_BE_EMPTY},
    {CKA_END_DATE, BOTH, MUST_BE_EMPTY},
    {CKA_DERIVE, BOTH, KEPT_BOOL},
    {CKA_ALLOWED_MECHANISMS, BOTH, IS_MECHANISMS},
    {CKA_EC_PARAMS, BOTH, IS_CURVE},
    {CKA_LOCAL, BOTH, READ_ONLY},
    {CKA_KEY_GEN_MECHANISM, BOTH, READ_ONLY},
    {CKA_PUBLIC_KEY_INFO, PUB, READ_ONLY},
    {CKA_UNIQUE_ID, BOTH, READ_ONLY},

    {CKA_SENSITIVE, PRIV, MUST_BE_TRUE},
    {CKA_EXTRACTABLE, PRIV, MUST_BE_FALSE},
    {CKA_ALWAYS_SENSITIVE, PRIV, READ_ONLY},
    {CKA_NEVER_EXTRACTABLE, PRIV, READ_ONLY},
    {CKA_SIGN, PRIV, KEPT_BOOL},
    {CKA_SIGN_RECOVER, PRIV, HARMLESS_BOOL},
    {CKA_DECRYPT, PRIV, HARMLESS_BOOL},
    {CKA_UNWRAP, PRIV, HARMLESS_BOOL},
    {CKA_WRAP_WITH_TRUSTED, PRIV, HARMLESS_BOOL},
    {CKA_ALWAYS_AUTHENTICATE, PRIV, KEPT_BOOL},
    {CKA_VALUE, PRIV, IS_SECRET},

    {CKA_VERIFY, PUB, KEPT_BOOL},
    {CKA_VERIFY_RECOVER, PUB, HARMLESS_BOOL},
    {CKA_ENCRYPT, PUB, HARMLESS_BOOL},
    {CKA_WRAP, PUB, HARMLESS_BOOL},
    {CKA_TRUSTED, PUB, MUST_BE_FALSE},
    {CKA_EC_POINT, PUB, IS_POINT},

    {CKA_VALETKEY_POLICY, PRIV, IS_POLICY},
    {CKA_VALETKEY_RP_ID, PRIV, IS_RP_ID},
    {CKA_VALETKEY_ORIGIN, PRIV, IS_ORIGIN},
    {CKA_VALETKEY_CREDENTIAL_ID, PRIV, IS_CREDENTIAL_ID},
    {CKA_VALETKEY_AUTHENTICATOR_ID_HASH, PRIV, IS_AUTHENTICATOR_ID_HASH},
    {CKA_VALETKEY_USE_SIGN_COUNT, PRIV, IS_USE_SIGN_COUNT},
    {CKA_VALETKEY_USER_HANDLE, PRIV, KEPT_USER_HANDLE},
    {CKA_VALETKEY_DISCOVERABLE, PRIV, KEPT_BOOL},
    {CKA_VALETKEY_CRED_PROTECT, PRIV, KEPT_PROTECT},
    {CKA_VALETKEY_HMAC_SECRET, PRIV, KEPT_BOOL},
    {CKA_VALETKEY_REGISTRATION_CHALLENGE, PRIV, IS_CHALLENGE},
    {CKA_VALETKEY_STEP_UP, PRIV, KEPT_STEP_UP},

    /* A browser's passkey has no private half. */
    {CKA_VALETKEY_POLICY, PUB, IS_POLICY},
    {CKA_VALETKEY_RP_ID, PUB, IS_RP_ID},
    {CKA_VALETKEY_ORIGIN, PUB, IS_ORIGIN},
    {CKA_VALETKEY_ATTESTATION, PUB, IS_ATTESTATION},
    {CKA_VALETKEY_ATTESTATION_CLIENT_DATA, PUB, IS_ATTESTATION_CLIENT_DATA},
    {CKA_VALETKEY_REGISTRATION_CHALLENGE, PUB, IS_CHALLENGE},
    {CKA_VALETKEY_TRUST_ANCHORS, PUB, IS_TRUST_ANCHORS},
};

static template_meaning meaning_of(vk_kind kind, CK_ATTRIBUTE_TYPE type) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type && (rows[i].kinds & kind)) {
            return rows[i].meaning;
        }
    }
    return 0;
}

CK_RV vk_attribute_must_be_number(const CK_ATTRIBUTE *attribute, CK_ULONG expected) {
    CK_ULONG number;
    if (!vk_attribute_number(attribute, &number)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    return number == expected ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

CK_RV vk_attribute_must_be(const CK_ATTRIBUTE *attribute, bool expected) {
    bool value;
    if (!vk_attribute_bool(attribute, &value)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (value != expected) {
        vk_debug("attribute 0x%lx must be %s", attribute->type, expected ? "true" : "false");
    }
    return value == expected ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV keep_bool(const CK_ATTRIBUTE *attribute, vk_buf *attrs) {
    bool value;
    if (!vk_attribute_bool(attribute, &value)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    return attrs == NULL
               ? CKR_OK
               : vk_ck(vk_attrs_set(attrs, attribute->type, vk_attribute_bytes(attribute)), NULL);
}

static CK_RV keep_name(const CK_ATTRIBUTE *attribute, vk_buf *attrs) {
    if (attribute->ulValueLen > VK_NAME_MAX) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    return vk_ck(vk_attrs_set(attrs, attribute->type, vk_attribute_bytes(attribute)), NULL);
}

/* Kept as 8 bytes each, big-endian, so that the file means the same on every machine. */
static CK_RV keep_mechanisms(const CK_ATTRIBUTE *attribute, vk_buf *attrs) {
    CK_MECHANISM_TYPE type;
    vk_buf list = {0};
    if (attribute->ulValueLen % sizeof type != 0 || attribute->ulValueLen > VK_NAME_MAX) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    for (CK_ULONG at = 0; at < attribute->ulValueLen; at += sizeof type) {
        memcpy(&type, (const CK_BYTE *)attribute->pValue + at, sizeof type);
        vk_canonical_u64(&list, type);
    }
    vk_status status = vk_buf_status(&list);
    if (status == VK_OK) {
        status = vk_attrs_set(attrs, attribute->type, vk_buf_view(&list));
    }
    vk_buf_clear(&list);
    return vk_ck(status, NULL);
}

/* Text becomes a C string later on, so it holds no NUL. */
static CK_RV take_text(const CK_ATTRIBUTE *attribute, size_t max, vk_bytes *out) {
    vk_bytes text = vk_attribute_bytes(attribute);
    if (text.len == 0 || text.len > max || memchr(text.data, '\0', text.len) != NULL) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    *out = text;
    return CKR_OK;
}

static CK_RV take_bytes(const CK_ATTRIBUTE *attribute, size_t min, size_t max, vk_bytes *out) {
    vk_bytes bytes = vk_attribute_bytes(attribute);
    if (bytes.len < min || bytes.len > max) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    *out = bytes;
    return CKR_OK;
}

static CK_RV keep_bytes(const CK_ATTRIBUTE *attribute, size_t min, size_t max, vk_buf *attrs) {
    vk_bytes bytes;
    CK_RV rv = take_bytes(attribute, min, max, &bytes);
    return rv == CKR_OK ? vk_ck(vk_attrs_set(attrs, attribute->type, bytes), NULL) : rv;
}

/* A level of credProtect. */
static bool is_protect(const CK_ATTRIBUTE *attribute) {
    vk_bytes bytes = vk_attribute_bytes(attribute);
    return bytes.len == 1 && bytes.data[0] >= VK_FIDO2_PROTECT_OPTIONAL &&
           bytes.data[0] <= VK_FIDO2_PROTECT_UV;
}

static CK_RV take_curve(const CK_ATTRIBUTE *attribute, vk_key_template *key) {
    key->has_curve =
        vk_curve_of_oid(vk_attribute_bytes(attribute), &key->curve) && !vk_hides(key->curve);
    return key->has_curve ? CKR_OK : CKR_CURVE_NOT_SUPPORTED;
}

static CK_RV take_passkey(const CK_ATTRIBUTE *attribute, template_meaning meaning,
                          vk_key_template *key) {
    key->has_passkey = true;
    switch (meaning) {
    case IS_RP_ID:
        return take_text(attribute, 253, &key->rp_id);
    case IS_ORIGIN:
        return take_text(attribute, 255, &key->passkey_origin);
    case IS_CREDENTIAL_ID:
        return take_bytes(attribute, 1, 1023, &key->credential_id);
    case IS_AUTHENTICATOR_ID_HASH:
        return take_bytes(attribute, 32, 32, &key->authenticator_id_hash);
    default:
        return vk_attribute_bool(attribute, &key->use_sign_count) ? CKR_OK
                                                                  : CKR_ATTRIBUTE_VALUE_INVALID;
    }
}

#define TRUST_ANCHORS_MAX ((size_t)64 << 10)

static CK_RV take_registration(const CK_ATTRIBUTE *attribute, template_meaning meaning,
                               vk_key_template *key) {
    key->has_registration = true;
    switch (meaning) {
    case IS_ATTESTATION:
        return take_bytes(attribute, 1, VK_ATTESTATION_MAX, &key->attestation);
    case IS_ATTESTATION_CLIENT_DATA:
        return take_bytes(attribute, 1, VK_CLIENT_DATA_MAX, &key->attestation_client_data);
    case IS_CHALLENGE:
        return take_bytes(attribute, VK_LOGIN_CHALLENGE_MIN, VK_LOGIN_CHALLENGE_MAX,
                          &key->challenge);
    default:
        return take_bytes(attribute, 1, TRUST_ANCHORS_MAX, &key->trust_anchors);
    }
}

static bool is_vendors(CK_ATTRIBUTE_TYPE type) {
    return type >= VK_CKA(0) && type <= VK_CKA(0xff);
}

static CK_RV take(const CK_ATTRIBUTE *attribute, vk_key_template *key) {
    template_meaning meaning = meaning_of(key->kind, attribute->type);
    bool imported = key->origin == VK_KEY_IMPORTED;
    /* Of a pair that is generated the private half tells these. */
    if (key->kind == VK_KIND_PUBLIC && !imported && is_vendors(attribute->type)) {
        return CKR_ATTRIBUTE_READ_ONLY;
    }
    switch (meaning) {
    case IS_CLASS:
        return vk_attribute_must_be_number(
            attribute, key->kind == VK_KIND_PRIVATE ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY);
    case IS_KEY_TYPE:
        return vk_attribute_must_be_number(attribute, CKK_EC);
    case IS_TOKEN:
        return vk_attribute_bool(attribute, &key->token) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
    case MUST_BE_TRUE:
    case MUST_BE_FALSE:
        return vk_attribute_must_be(attribute, meaning == MUST_BE_TRUE);
    case MUST_BE_EMPTY:
        return attribute->ulValueLen == 0 ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
    case KEPT_BOOL:
        return keep_bool(attribute, &key->attrs);
    case HARMLESS_BOOL:
        return keep_bool(attribute, NULL);
    case KEPT_NAME:
        return keep_name(attribute, &key->attrs);
    case IS_MECHANISMS:
        return keep_mechanisms(attribute, &key->attrs);
    case IS_CURVE:
        return take_curve(attribute, key);
    case IS_POINT:
        return imported ? take_bytes(attribute, 65, 67, &key->point) : CKR_TEMPLATE_INCONSISTENT;
    case IS_SECRET:
        return imported ? take_bytes(attribute, 1, 1024, &key->secret) : CKR_TEMPLATE_INCONSISTENT;
    case IS_POLICY:
        return take_text(attribute, VK_POLICY_JSON_MAX, &key->policy);
    case IS_RP_ID:
    case IS_ORIGIN:
    case IS_CREDENTIAL_ID:
    case IS_AUTHENTICATOR_ID_HASH:
    case IS_USE_SIGN_COUNT:
        return take_passkey(attribute, meaning, key);
    case KEPT_USER_HANDLE:
        key->has_passkey = true;
        return keep_bytes(attribute, 1, 64, &key->attrs);
    case KEPT_PROTECT:
        return is_protect(attribute) ? keep_bytes(attribute, 1, 1, &key->attrs)
                                     : CKR_ATTRIBUTE_VALUE_INVALID;
    case KEPT_STEP_UP:
        return keep_bytes(attribute, 1, VK_STEP_UP_JSON_MAX, &key->attrs);
    case IS_ATTESTATION:
    case IS_ATTESTATION_CLIENT_DATA:
    case IS_CHALLENGE:
    case IS_TRUST_ANCHORS:
        return take_registration(attribute, meaning, key);
    case READ_ONLY:
        return CKR_ATTRIBUTE_READ_ONLY;
    }
    return is_vendors(attribute->type) ? CKR_ATTRIBUTE_READ_ONLY : CKR_ATTRIBUTE_TYPE_INVALID;
}

CK_RV vk_key_template_read(const CK_ATTRIBUTE *templ, CK_ULONG count, vk_key_template *out) {
    CK_RV rv = vk_template_check(templ, count);
    for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
        rv = take(&templ[i], out);
        if (rv != CKR_OK) {
            vk_debug("attribute 0x%lx of the template is refused", templ[i].type);
        }
    }
    return rv;
}

void vk_key_template_clear(vk_key_template *key) {
    vk_buf_clear(&key->attrs);
}

/* ---- A record ---- */

static char *text_of(vk_bytes bytes) {
    return bytes.len > 0 ? strndup((const char *)bytes.data, bytes.len) : NULL;
}

static bool copied(const char *text, vk_bytes from) {
    return text != NULL || from.len == 0;
}

CK_RV vk_key_template_record(const vk_key_template *key, vk_key_record *out) {
    if (key->has_passkey && key->curve != VK_CURVE_P256) {
        vk_debug("rpId, origin and credential belong to P-256 keys");
        return CKR_TEMPLATE_INCONSISTENT;
    }
    *out = (vk_key_record){.curve = key->curve,
                           .policy = text_of(key->policy),
                           .rp_id = text_of(key->rp_id),
                           .origin = text_of(key->passkey_origin),
                           .use_sign_count = key->use_sign_count};
    vk_buf_put(&out->credential_id, key->credential_id.data, key->credential_id.len);
    vk_buf_put(&out->private_attrs, key->attrs.data, key->attrs.len);
    if (key->authenticator_id_hash.len == sizeof out->authenticator_id_hash.b) {
        memcpy(out->authenticator_id_hash.b, key->authenticator_id_hash.data,
               key->authenticator_id_hash.len);
    }
    bool complete = copied(out->policy, key->policy) && copied(out->rp_id, key->rp_id) &&
                    copied(out->origin, key->passkey_origin) &&
                    vk_buf_status(&out->credential_id) == VK_OK &&
                    vk_buf_status(&out->private_attrs) == VK_OK;
    if (!complete) {
        vk_key_record_clear(out);
        return CKR_HOST_MEMORY;
    }
    return CKR_OK;
}
