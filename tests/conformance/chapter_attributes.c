/* C_GetAttributeValue and C_SetAttributeValue. */
#include "calls.h"

#include <string.h>

#define NONE CK_UNAVAILABLE_INFORMATION
#define NO_ATTRIBUTE 0x7fff1234UL

static char label[16], value[16];

static CK_RV get(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ, CK_ULONG count) {
    return f->C_GetAttributeValue(c->session, object, templ, count);
}

/* ---- C_GetAttributeValue: the convention ---- */

static CK_RV get_null(context *c) {
    return get(c, make_data(c, CK_FALSE, CK_FALSE), NULL, c->row->value);
}

static CK_RV get_count(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_LABEL, label, sizeof label}};
    return get(c, make_data(c, CK_FALSE, CK_FALSE), templ, c->row->value);
}

static CK_RV get_of_value(context *c) {
    return get_rv(c, c->row->value, CKA_CLASS);
}

static CK_RV get_length(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_LABEL, NULL, c->row->value}};
    CK_RV rv = get(c, make_data(c, CK_FALSE, CK_FALSE), templ, 1);
    expect(templ[0].ulValueLen == 11, "the length is %lu", templ[0].ulValueLen);
    return rv;
}

/* "conformance" into a buffer of as many bytes as the row says. */
static CK_RV get_into(context *c) {
    CK_ULONG room = c->row->value;
    memset(label, 'x', sizeof label);
    CK_ATTRIBUTE templ[] = {{CKA_LABEL, label, room}};
    CK_RV rv = get(c, make_data(c, CK_FALSE, CK_FALSE), templ, 1);
    if (rv == CKR_OK) {
        expect(templ[0].ulValueLen == 11, "the length is %lu", templ[0].ulValueLen);
        expect(memcmp(label, "conformancexxxxx", 16) == 0, "another value");
    } else {
        expect(templ[0].ulValueLen == NONE, "the length is %lu", templ[0].ulValueLen);
        expect(memcmp(label, "xxxxxxxxxxxxxxxx", 16) == 0, "the buffer changed");
    }
    return rv;
}

/* One attribute that fails stands between two that are still given. */
static CK_RV get_beside(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE bad) {
    CK_OBJECT_CLASS class = NONE;
    CK_BBOOL token = 7;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class), bad, ATTR(CKA_TOKEN, token)};
    CK_RV rv = get(c, object, templ, COUNT(templ));
    expect(templ[1].ulValueLen == NONE, "its length is %lu", templ[1].ulValueLen);
    expect(class != NONE && templ[0].ulValueLen == sizeof class, "the one before is not given");
    expect(token == CK_FALSE && templ[2].ulValueLen == 1, "the one after is not given");
    return rv;
}

static CK_RV get_unknown(context *c) {
    CK_ATTRIBUTE bad = {NO_ATTRIBUTE, value, sizeof value};
    return get_beside(c, make_data(c, CK_FALSE, CK_FALSE), bad);
}

static CK_RV get_short(context *c) {
    CK_ATTRIBUTE bad = {CKA_LABEL, label, 1};
    return get_beside(c, make_data(c, CK_FALSE, CK_FALSE), bad);
}

static CK_RV get_sensitive(context *c) {
    static const CK_ATTRIBUTE sensitive = ATTR(CKA_SENSITIVE, yes);
    CK_ATTRIBUTE bad = {CKA_VALUE, c->row->value != 0 ? value : NULL, c->row->value};
    return get_beside(c, make_pair_with(c, P256, sensitive).private_key, bad);
}

static CK_RV get_all_wrong(context *c) {
    CK_ATTRIBUTE templ[] = {{NO_ATTRIBUTE, value, sizeof value},
                            {CKA_LABEL, label, 1},
                            {CKA_VALUE, value, sizeof value}};
    CK_RV rv = get(c, make_data(c, CK_FALSE, CK_FALSE), templ, COUNT(templ));
    expect(templ[0].ulValueLen == NONE && templ[1].ulValueLen == NONE, "lengths are given");
    expect(templ[2].ulValueLen == 5, "the last one is not given");
    return rv;
}

static CK_RV get_twice(context *c) {
    char other[16];
    CK_ATTRIBUTE templ[] = {{CKA_LABEL, label, sizeof label}, {CKA_LABEL, other, sizeof other}};
    CK_RV rv = get(c, make_data(c, CK_FALSE, CK_FALSE), templ, COUNT(templ));
    expect(templ[0].ulValueLen == 11 && templ[1].ulValueLen == 11, "not both are given");
    return rv;
}

static CK_RV get_empty(context *c) {
    CK_ATTRIBUTE templ[] = {{CKA_OBJECT_ID, value, c->row->value}};
    CK_RV rv = get(c, make_data(c, CK_FALSE, CK_FALSE), templ, 1);
    expect(templ[0].ulValueLen == 0, "the length is %lu", templ[0].ulValueLen);
    return rv;
}

/* ---- What attributes say of keys ---- */

static CK_RV private_attributes(context *c) {
    static const CK_ATTRIBUTE sensitive = ATTR(CKA_SENSITIVE, yes);
    CK_OBJECT_HANDLE key = make_pair_with(c, c->row->value, sensitive).private_key;
    CK_MECHANISM_TYPE mechanism;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    get_value(c, key, CKA_CLASS, &class, sizeof class);
    get_value(c, key, CKA_KEY_TYPE, &type, sizeof type);
    get_value(c, key, CKA_KEY_GEN_MECHANISM, &mechanism, sizeof mechanism);
    expect(class == CKO_PRIVATE_KEY && type == CKK_EC, "class %lu, type %lu", class, type);
    expect(mechanism == CKM_EC_KEY_PAIR_GEN, "made by 0x%lx", mechanism);
    expect(get_bool(c, key, CKA_LOCAL), "CKA_LOCAL is false");
    expect(get_bool(c, key, CKA_SENSITIVE), "CKA_SENSITIVE is false");
    expect(get_bool(c, key, CKA_ALWAYS_SENSITIVE), "CKA_ALWAYS_SENSITIVE is false");
    expect(!get_bool(c, key, CKA_EXTRACTABLE), "CKA_EXTRACTABLE is true");
    expect(get_bool(c, key, CKA_NEVER_EXTRACTABLE), "CKA_NEVER_EXTRACTABLE is false");
    expect(get_bool(c, key, CKA_SIGN) && !get_bool(c, key, CKA_TOKEN), "CKA_SIGN or CKA_TOKEN");
    return CKR_OK;
}

static CK_RV public_attributes(context *c) {
    const ec_curve *on = &curves[c->row->value];
    CK_OBJECT_HANDLE key = make_pair(c, c->row->value).public_key;
    CK_BYTE oid[16], point[67];
    get_value(c, key, CKA_EC_PARAMS, oid, on->oid_len);
    get_value(c, key, CKA_EC_POINT, point, sizeof point);
    expect(memcmp(oid, on->oid, on->oid_len) == 0, "another curve");
    expect(point[0] == 4 && point[1] == 65 && point[2] == 4,
           "the point is no DER octet string of an uncompressed one");
    expect(get_bool(c, key, CKA_LOCAL) && get_bool(c, key, CKA_VERIFY), "CKA_LOCAL or CKA_VERIFY");
    return get_rv(c, key, CKA_EC_POINT);
}

/* "MUST be supported": what the standard's tables have for a class, a value or a refusal each. */
static const CK_ATTRIBUTE_TYPE
    of_all[] = {CKA_CLASS,      CKA_TOKEN,    CKA_PRIVATE,    CKA_LABEL,
                CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE},
    of_keys[] = {CKA_KEY_TYPE, CKA_ID,        CKA_START_DATE,        CKA_END_DATE,
                 CKA_DERIVE,   CKA_LOCAL,     CKA_KEY_GEN_MECHANISM, CKA_ALLOWED_MECHANISMS,
                 CKA_SUBJECT,  CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO},
    of_private_keys[] = {CKA_SENSITIVE,
                         CKA_DECRYPT,
                         CKA_SIGN,
                         CKA_SIGN_RECOVER,
                         CKA_UNWRAP,
                         CKA_EXTRACTABLE,
                         CKA_ALWAYS_SENSITIVE,
                         CKA_NEVER_EXTRACTABLE,
                         CKA_WRAP_WITH_TRUSTED,
                         CKA_ALWAYS_AUTHENTICATE},
    of_public_keys[] = {CKA_ENCRYPT, CKA_VERIFY,  CKA_VERIFY_RECOVER,
                        CKA_WRAP,    CKA_TRUSTED, CKA_EC_POINT};

static CK_RV get_each(context *c, CK_OBJECT_HANDLE object, const CK_ATTRIBUTE_TYPE *types,
                      size_t count) {
    CK_RV first = CKR_OK;
    for (size_t i = 0; i < count; i++) {
        CK_RV rv = get_rv(c, object, types[i]);
        expect(rv == CKR_OK, "attribute 0x%lx gave %s", types[i], rv_name(rv));
        first = first == CKR_OK ? rv : first;
    }
    return first;
}

static CK_RV all_of_private(context *c) {
    CK_OBJECT_HANDLE key = make_pair(c, P256).private_key;
    CK_RV rv = get_each(c, key, of_all, COUNT(of_all));
    rv = rv == CKR_OK ? get_each(c, key, of_keys, COUNT(of_keys)) : rv;
    return rv == CKR_OK ? get_each(c, key, of_private_keys, COUNT(of_private_keys)) : rv;
}

static CK_RV all_of_public(context *c) {
    CK_OBJECT_HANDLE key = make_pair(c, P256).public_key;
    CK_RV rv = get_each(c, key, of_all, COUNT(of_all));
    rv = rv == CKR_OK ? get_each(c, key, of_keys, COUNT(of_keys)) : rv;
    return rv == CKR_OK ? get_each(c, key, of_public_keys, COUNT(of_public_keys)) : rv;
}

static CK_RV all_of_data(context *c) {
    static const CK_ATTRIBUTE_TYPE of_data[] = {CKA_APPLICATION, CKA_OBJECT_ID, CKA_VALUE};
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    CK_RV rv = get_each(c, object, of_all, COUNT(of_all));
    return rv == CKR_OK ? get_each(c, object, of_data, COUNT(of_data)) : rv;
}

static CK_RV no_attribute_of_key(context *c) {
    return get_rv(c, make_pair(c, P256).private_key, CKA_MODULUS);
}

/* ---- C_SetAttributeValue ---- */

static CK_RV set_value(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE attribute) {
    return f->C_SetAttributeValue(c->session, object, &attribute, 1);
}

static CK_RV set_null(context *c) {
    return f->C_SetAttributeValue(c->session, make_data(c, CK_FALSE, CK_FALSE), NULL,
                                  c->row->value);
}

static CK_RV set_count(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, "new")};
    return f->C_SetAttributeValue(c->session, make_data(c, CK_FALSE, CK_FALSE), templ,
                                  c->row->value);
}

static CK_RV set_of_value(context *c) {
    return set_value(c, c->row->value, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "new"));
}

static CK_RV set_on_data(context *c) {
    return set_value(c, make_data(c, CK_FALSE, CK_FALSE), *(const CK_ATTRIBUTE *)c->row->data);
}

static CK_RV set_on_private_key(context *c) {
    static const CK_ATTRIBUTE sensitive = ATTR(CKA_SENSITIVE, yes);
    return set_value(c, make_pair_with(c, P256, sensitive).private_key,
                     *(const CK_ATTRIBUTE *)c->row->data);
}

static CK_RV set_label(context *c) {
    CK_OBJECT_HANDLE object = make_data(c, c->row->value != 0, CK_FALSE);
    CK_RV rv = set_value(c, object, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "new"));
    get_value(c, object, CKA_LABEL, label, 3);
    expect(memcmp(label, "new", 3) == 0, "another label");
    need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    return rv;
}

/* NSS names the halves of a pair after it has made them. */
static CK_RV set_id(context *c) {
    static CK_BYTE id[] = {1, 2, 3, 4};
    CK_BYTE got[sizeof id];
    pair keys = make_pair(c, P256);
    CK_RV rv = set_value(c, keys.private_key, (CK_ATTRIBUTE)ATTR(CKA_ID, id));
    expect_rv(set_value(c, keys.public_key, (CK_ATTRIBUTE)ATTR(CKA_ID, id)), CKR_OK,
              "the public key's");
    get_value(c, keys.private_key, CKA_ID, got, sizeof got);
    expect(memcmp(got, id, sizeof id) == 0, "another CKA_ID");
    return rv;
}

static CK_RV set_empty_label(context *c) {
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    CK_RV rv = set_value(c, object, (CK_ATTRIBUTE){CKA_LABEL, NULL, 0});
    get_value(c, object, CKA_LABEL, label, 0);
    return rv;
}

static CK_RV set_copyable_again(context *c) {
    CK_OBJECT_HANDLE object = make_data_with(c, (CK_ATTRIBUTE)ATTR(CKA_COPYABLE, no));
    CK_RV rv = set_value(c, object, (CK_ATTRIBUTE)ATTR(CKA_COPYABLE, yes));
    expect(!get_bool(c, object, CKA_COPYABLE), "it is copyable now");
    return rv;
}

static CK_RV set_fixed(context *c) {
    CK_OBJECT_HANDLE object = make_data_with(c, (CK_ATTRIBUTE)ATTR(CKA_MODIFIABLE, no));
    return set_value(c, object, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "new"));
}

static CK_RV set_in_read_only(context *c) {
    context reader = *c;
    CK_OBJECT_HANDLE object = make_data(c, CK_TRUE, CK_FALSE);
    reader.session = must_open(c->slot, false);
    CK_RV rv = set_value(&reader, object, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "new"));
    get_value(c, object, CKA_LABEL, label, 11);
    need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    return rv;
}

/* All or nothing. */
static CK_RV set_half(context *c) {
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, "new"), ATTR(CKA_CLASS, class_public)};
    CK_RV rv = f->C_SetAttributeValue(c->session, object, templ, COUNT(templ));
    get_value(c, object, CKA_LABEL, label, 11);
    expect(memcmp(label, "conformance", 11) == 0, "the first one was set");
    return rv;
}

static CK_RV set_twice_named(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, "new"), TEXT(CKA_LABEL, "old")};
    return f->C_SetAttributeValue(c->session, make_data(c, CK_FALSE, CK_FALSE), templ,
                                  COUNT(templ));
}

static CK_ULONG number = 1;

#define GET(text, answer, what, ...)                                                               \
    ROW(C_GetAttributeValue, text, answer, USER_RW, what, __VA_ARGS__)
#define SET(text, answer, what, ...)                                                               \
    ROW(C_SetAttributeValue, text, answer, USER_RW, what, __VA_ARGS__)
#define WITH(type, value, len)                                                                     \
    .data = &(const CK_ATTRIBUTE) {                                                                \
        (type), (void *)(value), (len)                                                             \
    }
#define READ_ONLY(text, what, type, value)                                                         \
    SET(text, IS(CKR_ATTRIBUTE_READ_ONLY), what, WITH(type, &(value), sizeof(value)))
/* Nothing asked, nothing wrong; some modules call it an argument that makes no sense. */
#define NOTHING IS(CKR_OK, CKR_ARGUMENTS_BAD)
#define TOO_MANY IS(CKR_ARGUMENTS_BAD, CKR_HOST_MEMORY, CKR_TEMPLATE_INCONSISTENT)

static const row rows[] = {
    GET("NULL template with a count", IS(CKR_ARGUMENTS_BAD), get_null, .value = 1),
    GET("no attributes", NOTHING, get_count, .ours = CKR_ARGUMENTS_BAD),
    GET("2^64-1 attributes", TOO_MANY, get_count, .value = ~0UL),
    GET("2^60+1 attributes", TOO_MANY, get_count, .value = (1UL << 60) + 1),
    GET("object 0", IS(CKR_OBJECT_HANDLE_INVALID), get_of_value),
    GET("object 2^64-1", IS(CKR_OBJECT_HANDLE_INVALID), get_of_value, .value = ~0UL),
    GET("the length", IS(CKR_OK), get_length),
    GET("the length, and one is given", IS(CKR_OK), get_length, .value = ~0UL),
    GET("a buffer of no bytes", IS(CKR_BUFFER_TOO_SMALL), get_into, .value = 0),
    GET("a buffer one byte short", IS(CKR_BUFFER_TOO_SMALL), get_into, .value = 10),
    GET("a buffer that just fits", IS(CKR_OK), get_into, .value = 11),
    GET("a longer buffer", IS(CKR_OK), get_into, .value = 16),
    GET("a buffer that is said to have 2^64-1 bytes", IS(CKR_OK, CKR_BUFFER_TOO_SMALL), get_into,
        .value = ~0UL),
    GET("an empty value into no bytes", IS(CKR_OK), get_empty),
    GET("an empty value into 16 bytes", IS(CKR_OK), get_empty, .value = 16),
    GET("an unknown one between two others", IS(CKR_ATTRIBUTE_TYPE_INVALID), get_unknown),
    GET("a short buffer between two others", IS(CKR_BUFFER_TOO_SMALL), get_short),
    GET("a sensitive one between two others", IS(CKR_ATTRIBUTE_SENSITIVE), get_sensitive,
        .value = 16),
    GET("the length of a sensitive one between two others", IS(CKR_ATTRIBUTE_SENSITIVE),
        get_sensitive),
    /* Any of the codes that apply. */
    GET("an unknown one and a short buffer", IS(CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL),
        get_all_wrong),
    GET("the same one twice", IS(CKR_OK), get_twice),
    GET("of a secp256k1 private key", IS(CKR_OK), private_attributes, .value = SECP256K1),
    GET("of a P-256 private key", IS(CKR_OK), private_attributes, .value = P256),
    GET("of a secp256k1 public key", IS(CKR_OK), public_attributes, .value = SECP256K1),
    GET("of a P-256 public key", IS(CKR_OK), public_attributes, .value = P256),
    GET("all that a private key has", IS(CKR_OK), all_of_private),
    GET("all that a public key has", IS(CKR_OK), all_of_public),
    GET("all that a data object has", IS(CKR_OK), all_of_data),
    GET("the modulus of an EC key", IS(CKR_ATTRIBUTE_TYPE_INVALID), no_attribute_of_key),

    SET("NULL template with a count", IS(CKR_ARGUMENTS_BAD), set_null, .value = 1),
    SET("no attributes", NOTHING, set_count),
    SET("2^64-1 attributes", TOO_MANY, set_count, .value = ~0UL),
    SET("2^60+1 attributes", TOO_MANY, set_count, .value = (1UL << 60) + 1),
    SET("object 0", IS(CKR_OBJECT_HANDLE_INVALID), set_of_value),
    SET("a label", IS(CKR_OK), set_label),
    SET("a label, on the token", IS(CKR_OK), set_label, .value = 1),
    SET("a label of no bytes", IS(CKR_OK), set_empty_label),
    SET("CKA_ID of a pair", IS(CKR_OK), set_id),
    ROW(C_SetAttributeValue, "a label, in a read-only session", IS(CKR_OK), USER_RO, set_label),
    SET("CKA_COPYABLE, when it is false", IS(CKR_ATTRIBUTE_READ_ONLY), set_copyable_again),
    SET("a label that is NULL", IS(CKR_ATTRIBUTE_VALUE_INVALID, CKR_ARGUMENTS_BAD), set_on_data,
        WITH(CKA_LABEL, NULL, 8)),
    SET("a value of 2^64-1 bytes",
        IS(CKR_ATTRIBUTE_VALUE_INVALID, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY, CKR_ARGUMENTS_BAD),
        set_on_data, WITH(CKA_VALUE, &number, ~0UL)),
    SET("an attribute that is none", IS(CKR_ATTRIBUTE_TYPE_INVALID), set_on_data,
        WITH(NO_ATTRIBUTE, &number, sizeof number)),
    /* The standard's example of an inconsistent template. */
    SET("an attribute of another class",
        IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_READ_ONLY),
        set_on_data, WITH(CKA_EC_POINT, &number, sizeof number),
        .ours = CKR_ATTRIBUTE_TYPE_INVALID),
    READ_ONLY("CKA_CLASS", set_on_data, CKA_CLASS, class_public),
    READ_ONLY("CKA_TOKEN", set_on_data, CKA_TOKEN, yes),
    READ_ONLY("CKA_PRIVATE", set_on_data, CKA_PRIVATE, yes),
    READ_ONLY("CKA_MODIFIABLE", set_on_data, CKA_MODIFIABLE, no),
    SET("CKA_UNIQUE_ID", IS(CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID), set_on_data,
        WITH(CKA_UNIQUE_ID, label, 4)),
    READ_ONLY("CKA_KEY_TYPE", set_on_private_key, CKA_KEY_TYPE, type_rsa),
    READ_ONLY("CKA_LOCAL", set_on_private_key, CKA_LOCAL, no),
    READ_ONLY("CKA_ALWAYS_SENSITIVE", set_on_private_key, CKA_ALWAYS_SENSITIVE, yes),
    READ_ONLY("CKA_NEVER_EXTRACTABLE", set_on_private_key, CKA_NEVER_EXTRACTABLE, yes),
    READ_ONLY("CKA_KEY_GEN_MECHANISM", set_on_private_key, CKA_KEY_GEN_MECHANISM, number),
    READ_ONLY("CKA_SENSITIVE of a sensitive key", set_on_private_key, CKA_SENSITIVE, no),
    READ_ONLY("CKA_EXTRACTABLE of a key that is not", set_on_private_key, CKA_EXTRACTABLE, yes),
    SET("CKA_VALUE of a private key", IS(CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_SENSITIVE),
        set_on_private_key, WITH(CKA_VALUE, &number, sizeof number)),
    SET("one that can be set and one that cannot", IS(CKR_ATTRIBUTE_READ_ONLY), set_half),
    SET("the same one twice", IS(CKR_TEMPLATE_INCONSISTENT, CKR_OK), set_twice_named),
    /* CKR_ATTRIBUTE_READ_ONLY is what 2.20 had for it. */
    SET("CKA_MODIFIABLE is false", IS(CKR_ACTION_PROHIBITED, CKR_ATTRIBUTE_READ_ONLY), set_fixed),
    SET("on the token in a read-only session", IS(CKR_SESSION_READ_ONLY), set_in_read_only),
};

CHAPTER(attributes);
