/* The attributes that PKCS#11 names. */
#include "base/json.h"
#include "gate/login.h"
#include "pkcs11/attribute.h"
#include "pkcs11/template.h"

#include <string.h>
#include <time.h>

/* ---- Keys ---- */

static bool is_local(const vk_object *object) {
    return vk_stored_bool(vk_object_attrs(object), CKA_LOCAL, false);
}

/* Made here, so it was never anywhere else. */
static CK_RV get_local(const vk_object *object, vk_buf *out) {
    vk_buf_put_byte(out, is_local(object) ? CK_TRUE : CK_FALSE);
    return CKR_OK;
}

static CK_RV get_key_gen_mechanism(const vk_object *object, vk_buf *out) {
    CK_MECHANISM_TYPE type = is_local(object) ? CKM_EC_KEY_PAIR_GEN : CK_UNAVAILABLE_INFORMATION;
    vk_buf_put(out, &type, sizeof type);
    return CKR_OK;
}

static CK_RV get_ec_params(const vk_object *object, vk_buf *out) {
    vk_curve curve;
    (void)vk_object_point(object, &curve);
    vk_bytes oid = vk_curve_oid(curve);
    vk_buf_put(out, oid.data, oid.len);
    return CKR_OK;
}

static CK_RV get_ec_point(const vk_object *object, vk_buf *out) {
    static const uint8_t octet_string[] = {0x04, 65};
    vk_curve curve;
    vk_buf_put(out, octet_string, sizeof octet_string);
    vk_buf_put(out, vk_object_point(object, &curve), 65);
    return CKR_OK;
}

/* SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { ecPublicKey, curve }, BIT STRING point }. */
static CK_RV get_public_key_info(const vk_object *object, vk_buf *out) {
    static const uint8_t ec_public_key[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    static const uint8_t bit_string[] = {0x03, 66, 0x00};
    vk_curve number;
    const uint8_t *point65 = vk_object_point(object, &number);
    vk_bytes curve = vk_curve_oid(number);
    size_t algorithm_len = sizeof ec_public_key + curve.len;
    vk_buf_put_byte(out, 0x30);
    vk_buf_put_byte(out, (uint8_t)(2 + algorithm_len + sizeof bit_string + 65));
    vk_buf_put_byte(out, 0x30);
    vk_buf_put_byte(out, (uint8_t)algorithm_len);
    vk_buf_put(out, ec_public_key, sizeof ec_public_key);
    vk_buf_put(out, curve.data, curve.len);
    vk_buf_put(out, bit_string, sizeof bit_string);
    vk_buf_put(out, point65, 65);
    return CKR_OK;
}

static void put_mechanism(const vk_object *object, CK_MECHANISM_TYPE type, vk_buf *out) {
    if (vk_mechanism_is_allowed(vk_object_attrs(object), type)) {
        vk_buf_put(out, (const uint8_t *)&type, sizeof type);
    }
}

static void put_mechanisms(const vk_object *object, const CK_MECHANISM_TYPE *types, size_t count,
                           vk_buf *out) {
    for (size_t i = 0; i < count; i++) {
        put_mechanism(object, types[i], out);
    }
}

static CK_RV put_message_mechanisms(const vk_object *object, const vk_policy *policy, vk_buf *out) {
    static const CK_MECHANISM_TYPE messages[] = {CKM_VALETKEY_MESSAGE, CKM_VALETKEY_TYPED_DATA,
                                                 CKM_VALETKEY_MESSAGE_REQUEST};
    vk_hardening_set relaxed;
    vk_status status = vk_token_relaxed(object->slot->token, &relaxed, NULL);
    if (status == VK_OK && vk_policy_allows_messages(policy, relaxed)) {
        put_mechanisms(object, messages, sizeof messages / sizeof messages[0], out);
    }
    return vk_ck(status, NULL);
}

/* What an ordinary key does. */
static void put_ordinary_mechanisms(const vk_object *object, vk_buf *out) {
    static const CK_MECHANISM_TYPE others[] = {CKM_ECDSA_SHA1,   CKM_ECDSA_SHA224,
                                               CKM_ECDSA_SHA384, CKM_ECDSA_SHA512,
                                               CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE};
    put_mechanisms(object, others, sizeof others / sizeof others[0], out);
}

static void put_login_mechanism(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = &object->view->record;
    if (record->curve == VK_CURVE_P256 && record->home != VK_HOME_REMOTE) {
        put_mechanism(object, CKM_VALETKEY_PASSKEY_LOGIN, out);
    }
}

/* Those that the key can be used with, of which its template may allow some only. */
static CK_RV get_allowed_mechanisms(const vk_object *object, vk_buf *out) {
    /* CKM_ECDSA signs the digests of operations that were written as data objects; those of
     * passkeys are hashes by SHA-256. A key that is elsewhere signs none. */
    static const CK_MECHANISM_TYPE operations[] = {CKM_VALETKEY_USEROP,
                                                   CKM_VALETKEY_USEROP_SESSION};
    const vk_policy *policy = vk_view_policy(object->view);
    put_login_mechanism(object, out);
    if (policy == NULL) {
        return CKR_OK;
    }
    const vk_key_record *record = &object->view->record;
    bool is_here = record->home == VK_HOME_TOKEN, is_sudo = vk_policy_is_sudo(policy);
    put_mechanisms(object, operations, sizeof operations / sizeof operations[0], out);
    if (is_here) {
        put_mechanism(object, CKM_ECDSA, out);
    }
    if (is_here && (is_sudo || record->curve == VK_CURVE_P256)) {
        put_mechanism(object, CKM_ECDSA_SHA256, out);
    }
    if (is_here && is_sudo) {
        put_ordinary_mechanisms(object, out);
    }
    return put_message_mechanisms(object, policy, out);
}

static CK_RV get_loose_mechanisms(const vk_object *object, vk_buf *out) {
    static const CK_MECHANISM_TYPE hashed[] = {CKM_ECDSA, CKM_ECDSA_SHA256};
    put_mechanisms(object, hashed, sizeof hashed / sizeof hashed[0], out);
    put_ordinary_mechanisms(object, out);
    return CKR_OK;
}

static CK_RV get_verifying_mechanisms(const vk_object *object, vk_buf *out) {
    static const CK_MECHANISM_TYPE verifying[] = {CKM_ECDSA,        CKM_ECDSA_SHA1,
                                                  CKM_ECDSA_SHA224, CKM_ECDSA_SHA256,
                                                  CKM_ECDSA_SHA384, CKM_ECDSA_SHA512};
    put_mechanisms(object, verifying, sizeof verifying / sizeof verifying[0], out);
    return CKR_OK;
}

/* Through the public half of a browser's passkey its policy is asked. */
static CK_RV get_public_mechanisms(const vk_object *object, vk_buf *out) {
    bool is_remote = object->view->record.home == VK_HOME_REMOTE;
    if (is_remote && vk_view_policy(object->view) != NULL) {
        put_mechanism(object, CKM_VALETKEY_USEROP_ASSERTION, out);
    }
    return get_verifying_mechanisms(object, out);
}

/* Of a pair that the token has, no half derives where the private one may not. */
static CK_RV get_derive(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = &object->view->record;
    bool derives = vk_stored_bool(vk_object_attrs(object), CKA_DERIVE, false) &&
                   record->home != VK_HOME_REMOTE;
    if (record->has_private) {
        const vk_policy *policy = vk_view_policy(object->view);
        derives &= policy != NULL && vk_policy_is_sudo(policy) &&
                   object->view->record.home == VK_HOME_TOKEN;
    }
    vk_buf_put_byte(out, derives ? CK_TRUE : CK_FALSE);
    return CKR_OK;
}

/* A CK_DATE, or nothing for a time that has none. */
static void put_date(vk_buf *out, uint64_t seconds) {
    struct tm day;
    char text[16];
    time_t when = (time_t)seconds;
    if (seconds != 0 && gmtime_r(&when, &day) != NULL && day.tm_year <= 9999 - 1900 &&
        strftime(text, sizeof text, "%Y%m%d", &day) == sizeof(CK_DATE)) {
        vk_buf_put_text(out, text);
    }
}

static CK_RV get_start_date(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    vk_window window;
    if (policy != NULL && vk_policy_window(policy, &window)) {
        put_date(out, window.after);
    }
    return CKR_OK;
}

static CK_RV get_end_date(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    vk_window window;
    if (policy != NULL && vk_policy_window(policy, &window)) {
        put_date(out, window.until);
    }
    return CKR_OK;
}

/* ---- Data objects of a key ---- */

static CK_RV get_key_label(const vk_object *object, vk_buf *out) {
    vk_key_names names;
    vk_record_names(&object->view->record, &names);
    vk_buf_put(out, names.private_label.data, names.private_label.len);
    return CKR_OK;
}

static CK_RV get_key_ckid(const vk_object *object, vk_buf *out) {
    vk_key_names names;
    vk_record_names(&object->view->record, &names);
    vk_buf_put(out, names.private_ckid.data, names.private_ckid.len);
    return CKR_OK;
}

static CK_RV get_application(const vk_object *object, vk_buf *out) {
    switch (object->kind) {
    case VK_KIND_POLICY:
        vk_buf_put_text(out, VK_APPLICATION_POLICY);
        return CKR_OK;
    case VK_KIND_LOGINS:
        vk_buf_put_text(out, VK_APPLICATION_LOGINS);
        return CKR_OK;
    case VK_KIND_STEP_UP:
        vk_buf_put_text(out, VK_APPLICATION_STEP_UP);
        return CKR_OK;
    case VK_KIND_GRANT:
        vk_buf_put_text(out, VK_APPLICATION_GRANT);
        return CKR_OK;
    default:
        vk_buf_put_text(out, VK_APPLICATION_ACCOUNT);
        return CKR_OK;
    }
}

static CK_RV get_nothing(const vk_object *object, vk_buf *out) {
    (void)object;
    (void)out;
    return CKR_OK;
}

/* The serialized account in the grant's JSON, which the store has authenticated. */
static CK_RV get_account(const vk_object *object, vk_buf *out) {
    vk_error err = {0};
    cJSON *json = NULL;
    const char *account = "";
    const vk_bytes text = {(const uint8_t *)object->grant->json, strlen(object->grant->json)};
    vk_status status = vk_json_parse(text, VK_BUF_MAX, &json, &err);
    if (status != VK_OK) {
        return vk_ck(status, &err);
    }
    status = vk_json_text(json, "serializedAccount", NULL, &account, &err);
    vk_buf_put_text(out, account);
    cJSON_Delete(json);
    return vk_ck(status, &err);
}

static bool allows_logins(const vk_object *object) {
    return vk_stored_bool(&object->view->record.private_attrs, CKA_VALETKEY_LOGIN_ALLOWED, false);
}

static CK_RV get_step_up(const vk_object *object, vk_buf *out) {
    vk_bytes json = vk_stored_bytes(&object->view->record.private_attrs, CKA_VALETKEY_STEP_UP);
    vk_buf_put(out, json.data, json.len);
    return CKR_OK;
}

static CK_RV get_data_value(const vk_object *object, vk_buf *out) {
    switch (object->kind) {
    case VK_KIND_STEP_UP:
        return get_step_up(object, out);
    case VK_KIND_POLICY:
        vk_buf_put_text(out, object->view->record.policy);
        return CKR_OK;
    case VK_KIND_LOGINS:
        vk_buf_put_text(out, allows_logins(object) ? VK_LOGINS_ALLOWED : VK_LOGINS_REFUSED);
        return CKR_OK;
    case VK_KIND_GRANT:
        vk_buf_put_text(out, object->grant->json);
        return CKR_OK;
    default:
        return get_account(object, out);
    }
}

static const char *kind_name(vk_kind kind) {
    switch (kind) {
    case VK_KIND_PRIVATE:
        return "private";
    case VK_KIND_PUBLIC:
        return "public";
    case VK_KIND_POLICY:
        return "policy";
    case VK_KIND_LOGINS:
        return "logins";
    case VK_KIND_STEP_UP:
        return "step-up";
    case VK_KIND_GRANT:
        return "grant";
    default:
        return "account";
    }
}

/* Unique in the token, and the same in every process. */
static CK_RV get_unique_id(const vk_object *object, vk_buf *out) {
    vk_buf_printf(out, "%s-%lld", kind_name(object->kind), (long long)object->view->record.id);
    if (object->grant != NULL) {
        vk_buf_printf(out, "-%lld", (long long)object->grant->id);
    }
    return CKR_OK;
}

/* ---- The table ---- */

#define TOKEN_PRIV VK_KIND_PRIVATE
#define TOKEN_PUB VK_KIND_PUBLIC
#define LOOSE_PRIV VK_KIND_SESSION_PRIVATE
#define LOOSE_PUB (VK_KIND_SESSION_PUBLIC | VK_KIND_RESIDENT)
#define PRIV (TOKEN_PRIV | LOOSE_PRIV)
#define PUB (TOKEN_PUB | LOOSE_PUB)
#define TOKEN_KEYS VK_KINDS_KEY
#define LOOSE_KEYS VK_KINDS_SESSION_KEY
#define KEYS (PRIV | PUB)
#define OURS VK_KINDS_TOKEN_DATA
#define WAITING VK_KINDS_PENDING

static const vk_attribute_row rows[] = {
    {CKA_CLASS, PRIV, VK_FROM_NUMBER, CKO_PRIVATE_KEY, NULL},
    {CKA_CLASS, PUB, VK_FROM_NUMBER, CKO_PUBLIC_KEY, NULL},
    {CKA_CLASS, OURS | WAITING, VK_FROM_NUMBER, CKO_DATA, NULL},
    {CKA_TOKEN, TOKEN_KEYS | VK_KIND_RESIDENT | OURS | WAITING, VK_FROM_TRUE, 0, NULL},
    {CKA_TOKEN, LOOSE_KEYS, VK_FROM_FALSE, 0, NULL},
    {CKA_PRIVATE, PRIV | WAITING, VK_FROM_TRUE, 0, NULL},
    {CKA_PRIVATE, PUB, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_PRIVATE, OURS, VK_FROM_FALSE, 0, NULL},
    {CKA_MODIFIABLE, KEYS, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_MODIFIABLE, OURS | WAITING, VK_FROM_FALSE, 0, NULL},
    {CKA_COPYABLE, PRIV | OURS | WAITING, VK_FROM_FALSE, 0, NULL},
    {CKA_COPYABLE, PUB, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_DESTROYABLE, KEYS, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_DESTROYABLE, OURS & ~VK_KIND_STEP_UP, VK_FROM_FALSE, 0, NULL},
    {CKA_DESTROYABLE, WAITING | VK_KIND_STEP_UP, VK_FROM_TRUE, 0, NULL},
    {CKA_LABEL, KEYS, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_LABEL, OURS | WAITING, VK_FROM_GETTER, 0, get_key_label},
    {CKA_UNIQUE_ID, TOKEN_KEYS | OURS, VK_FROM_GETTER, 0, get_unique_id},

    {CKA_KEY_TYPE, KEYS, VK_FROM_NUMBER, CKK_EC, NULL},
    {CKA_ID, KEYS, VK_FROM_STORED_BYTES, 0, NULL},
    /* Keys may share a label: which rule is destroyed must be clear. */
    {CKA_ID, VK_KIND_STEP_UP, VK_FROM_GETTER, 0, get_key_ckid},
    {CKA_SUBJECT, KEYS, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_START_DATE, TOKEN_KEYS, VK_FROM_GETTER, 0, get_start_date},
    {CKA_END_DATE, TOKEN_KEYS, VK_FROM_GETTER, 0, get_end_date},
    {CKA_START_DATE, LOOSE_KEYS, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_END_DATE, LOOSE_KEYS, VK_FROM_STORED_BYTES, 0, NULL},
    {CKA_DERIVE, TOKEN_KEYS, VK_FROM_GETTER, 0, get_derive},
    {CKA_DERIVE, LOOSE_PRIV | LOOSE_PUB, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_LOCAL, KEYS, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_KEY_GEN_MECHANISM, KEYS, VK_FROM_GETTER, 0, get_key_gen_mechanism},
    {CKA_EC_PARAMS, KEYS, VK_FROM_GETTER, 0, get_ec_params},
    {CKA_EC_POINT, KEYS, VK_FROM_GETTER, 0, get_ec_point},
    {CKA_PUBLIC_KEY_INFO, KEYS, VK_FROM_GETTER, 0, get_public_key_info},

    {CKA_SENSITIVE, PRIV, VK_FROM_TRUE, 0, NULL},
    {CKA_ALWAYS_SENSITIVE, PRIV, VK_FROM_GETTER, 0, get_local},
    {CKA_EXTRACTABLE, PRIV, VK_FROM_FALSE, 0, NULL},
    {CKA_NEVER_EXTRACTABLE, PRIV, VK_FROM_GETTER, 0, get_local},
    {CKA_SIGN, PRIV, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_SIGN_RECOVER, PRIV, VK_FROM_FALSE, 0, NULL},
    {CKA_DECRYPT, PRIV, VK_FROM_FALSE, 0, NULL},
    {CKA_UNWRAP, PRIV, VK_FROM_FALSE, 0, NULL},
    {CKA_WRAP_WITH_TRUSTED, PRIV, VK_FROM_FALSE, 0, NULL},
    {CKA_ALWAYS_AUTHENTICATE, PRIV, VK_FROM_STORED_FALSE, 0, NULL},
    {CKA_ALLOWED_MECHANISMS, TOKEN_PRIV, VK_FROM_GETTER, 0, get_allowed_mechanisms},
    {CKA_ALLOWED_MECHANISMS, LOOSE_PRIV, VK_FROM_GETTER, 0, get_loose_mechanisms},
    {CKA_ALLOWED_MECHANISMS, TOKEN_PUB, VK_FROM_GETTER, 0, get_public_mechanisms},
    {CKA_ALLOWED_MECHANISMS, LOOSE_PUB, VK_FROM_GETTER, 0, get_verifying_mechanisms},
    {CKA_VALUE, PRIV, VK_FROM_SECRET, 0, NULL},

    {CKA_VERIFY, PUB, VK_FROM_STORED_TRUE, 0, NULL},
    {CKA_VERIFY_RECOVER, PUB, VK_FROM_FALSE, 0, NULL},
    {CKA_ENCRYPT, PUB, VK_FROM_FALSE, 0, NULL},
    {CKA_WRAP, PUB, VK_FROM_FALSE, 0, NULL},
    {CKA_TRUSTED, PUB, VK_FROM_FALSE, 0, NULL},

    {CKA_APPLICATION, OURS, VK_FROM_GETTER, 0, get_application},
    {CKA_OBJECT_ID, OURS, VK_FROM_GETTER, 0, get_nothing},
    {CKA_VALUE, OURS, VK_FROM_GETTER, 0, get_data_value},
};

const vk_attribute_table vk_standard_attributes = {rows, sizeof rows / sizeof rows[0]};
