/* C_CreateObject, C_CopyObject, C_DestroyObject, C_GetObjectSize. */
#include "calls.h"

#include <string.h>

static char label[] = "conformance";
static CK_ULONG number = 1;
static CK_BYTE byte = 2;
static CK_OBJECT_CLASS class_none = 0x12345678;
static CK_KEY_TYPE type_none = 0x12345678;

/* ---- C_CreateObject ---- */

static CK_RV create(context *c, CK_ATTRIBUTE *templ, CK_ULONG count) {
    CK_OBJECT_HANDLE object = 4711;
    CK_RV rv = f->C_CreateObject(c->session, templ, count, &object);
    expect(rv == CKR_OK || object == 4711 || object == CK_INVALID_HANDLE,
           "an error, and an object");
    return rv;
}

static CK_RV create_null(context *c) {
    return create(c, NULL, c->row->value);
}

static CK_RV create_null_out(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data)};
    return f->C_CreateObject(c->session, templ, COUNT(templ), NULL);
}

static CK_RV create_count(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data)};
    return create(c, templ, c->row->value);
}

/* The attribute in the row's data, and what a data object needs beside it. */
static CK_RV create_with(context *c) {
    const CK_ATTRIBUTE *extra = c->row->data;
    CK_ATTRIBUTE templ[3] = {*extra};
    CK_ULONG count = 1;
    if (extra->type != CKA_CLASS) {
        templ[count++] = (CK_ATTRIBUTE)ATTR(CKA_CLASS, class_data);
    }
    if (extra->type != CKA_LABEL) {
        templ[count++] = (CK_ATTRIBUTE)TEXT(CKA_LABEL, label);
    }
    return create(c, templ, count);
}

static CK_RV create_twice_named(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_LABEL, label),
                            TEXT(CKA_LABEL, label)};
    return create(c, templ, COUNT(templ));
}

static CK_RV create_twice_otherwise(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_LABEL, label),
                            TEXT(CKA_LABEL, "another")};
    return create(c, templ, COUNT(templ));
}

static CK_RV create_without_class(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, label)};
    return create(c, templ, COUNT(templ));
}

static CK_RV create_where(context *c) {
    CK_BBOOL on_token = c->row->value & 1, is_private = c->row->value >> 1 & 1;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, on_token),
                            ATTR(CKA_PRIVATE, is_private), TEXT(CKA_LABEL, label)};
    CK_OBJECT_HANDLE object;
    CK_RV rv = f->C_CreateObject(c->session, templ, COUNT(templ), &object);
    if (rv == CKR_OK && on_token) {
        need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    }
    return rv;
}

static CK_RV create_empty_value(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), {CKA_VALUE, NULL, 0}};
    return create(c, templ, COUNT(templ));
}

/* ---- Certificates ---- */

static CK_RV certificate(context *c, CK_ATTRIBUTE extra) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_certificate), extra};
    return create(c, templ, COUNT(templ));
}

static CK_RV certificate_without_type(context *c) {
    return certificate(c, (CK_ATTRIBUTE)TEXT(CKA_SUBJECT, label));
}

static CK_RV certificate_without_value(context *c) {
    return certificate(c, (CK_ATTRIBUTE)ATTR(CKA_CERTIFICATE_TYPE, type_x509));
}

static CK_RV certificate_of_no_type(context *c) {
    return certificate(c, (CK_ATTRIBUTE)ATTR(CKA_CERTIFICATE_TYPE, type_none));
}

static CK_RV certificate_trusted(context *c) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_certificate),
                            ATTR(CKA_CERTIFICATE_TYPE, type_x509), ATTR(CKA_TRUSTED, yes),
                            TEXT(CKA_SUBJECT, label), TEXT(CKA_VALUE, label)};
    return create(c, templ, COUNT(templ));
}

/* ---- C_CopyObject ---- */

static CK_RV copy(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ, CK_ULONG count) {
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv = f->C_CopyObject(c->session, object, templ, count, &made);
    expect(rv != CKR_OK || (made != object && made != CK_INVALID_HANDLE), "no new object");
    return rv;
}

static CK_RV copy_value(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, label)};
    return copy(c, c->row->value, templ, COUNT(templ));
}

static CK_RV copy_null_out(context *c) {
    return f->C_CopyObject(c->session, make_data(c, CK_FALSE, CK_FALSE), NULL, 0, NULL);
}

static CK_RV copy_null_template(context *c) {
    return copy(c, make_data(c, CK_FALSE, CK_FALSE), NULL, c->row->value);
}

static CK_RV copy_count(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, label)};
    return copy(c, make_data(c, CK_FALSE, CK_FALSE), templ, c->row->value);
}

static CK_RV copy_with(context *c) {
    CK_ATTRIBUTE templ = *(const CK_ATTRIBUTE *)c->row->data;
    return copy(c, make_data(c, CK_FALSE, CK_FALSE), &templ, 1);
}

static CK_RV copy_forbidden(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, label)};
    CK_OBJECT_HANDLE object = make_data_with(c, (CK_ATTRIBUTE)ATTR(CKA_COPYABLE, no));
    return copy(c, object, templ, COUNT(templ));
}

static CK_RV copy_renamed(context *c) {
    static char name[] = "copy";
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, name)};
    CK_OBJECT_HANDLE made;
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    char text[11], copied[4], value[5];
    CK_RV rv = f->C_CopyObject(c->session, object, templ, COUNT(templ), &made);
    get_value(c, object, CKA_LABEL, text, sizeof text);
    get_value(c, made, CKA_LABEL, copied, sizeof copied);
    get_value(c, made, CKA_VALUE, value, sizeof value);
    expect(memcmp(text, "conformance", 11) == 0, "the original changed");
    expect(memcmp(copied, "copy", 4) == 0, "the copy has another label");
    expect(memcmp(value, "value", 5) == 0, "the copy has another value");
    return rv;
}

/* The attribute in the row's data is the copy's, and no more the original's than before. */
static CK_OBJECT_HANDLE copied_with(context *c, CK_OBJECT_HANDLE object, CK_RV *rv) {
    CK_ATTRIBUTE templ = *(const CK_ATTRIBUTE *)c->row->data;
    CK_BBOOL is_so = *(const CK_BBOOL *)templ.pValue, was = get_bool(c, object, templ.type);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    *rv = f->C_CopyObject(c->session, object, &templ, 1, &made);
    need(*rv, "C_CopyObject");
    expect(get_bool(c, made, templ.type) == is_so, "the copy has another value");
    expect(get_bool(c, object, templ.type) == was, "the original changed");
    return made;
}

static CK_RV copy_where(context *c) {
    CK_RV rv;
    CK_OBJECT_HANDLE made = copied_with(c, make_data(c, CK_FALSE, CK_FALSE), &rv);
    need(f->C_DestroyObject(c->session, made), "C_DestroyObject");
    return rv;
}

static CK_RV copy_unmodifiable(context *c) {
    CK_ATTRIBUTE name = TEXT(CKA_LABEL, label);
    CK_RV rv;
    CK_OBJECT_HANDLE made = copied_with(c, make_data(c, CK_FALSE, CK_FALSE), &rv);
    expect(f->C_SetAttributeValue(c->session, made, &name, 1) != CKR_OK, "the copy is modifiable");
    return rv;
}

static CK_RV copy_undestroyable(context *c) {
    CK_RV rv;
    CK_OBJECT_HANDLE made = copied_with(c, make_data(c, CK_FALSE, CK_FALSE), &rv);
    expect_rv(f->C_DestroyObject(c->session, made), CKR_ACTION_PROHIBITED, "C_DestroyObject");
    return rv;
}

static CK_RV copy_off_token(context *c) {
    context reader = *c;
    CK_RV rv;
    CK_OBJECT_HANDLE object = make_data(c, CK_TRUE, CK_FALSE);
    reader.session = must_open(c->slot, false);
    (void)copied_with(&reader, object, &rv);
    need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    return rv;
}

/* Whether it may be copied is for the token to say, and then so it is. */
static CK_RV copy_private_key(context *c) {
    CK_ATTRIBUTE templ[] = {TEXT(CKA_LABEL, label)};
    CK_OBJECT_HANDLE key = make_pair(c, P256).private_key;
    CK_RV rv = copy(c, key, templ, COUNT(templ));
    expect(rv == (get_bool(c, key, CKA_COPYABLE) ? CKR_OK : CKR_ACTION_PROHIBITED),
           "CKA_COPYABLE says otherwise");
    return rv;
}

/* A key that nobody may read is not made readable by a copy. */
static CK_RV copy_key_readable(context *c) {
    CK_ATTRIBUTE templ[] = {*(const CK_ATTRIBUTE *)c->row->data};
    static const CK_ATTRIBUTE sensitive = ATTR(CKA_SENSITIVE, yes);
    return copy(c, make_pair_with(c, P256, sensitive).private_key, templ, COUNT(templ));
}

/* ---- C_DestroyObject, C_GetObjectSize ---- */

static CK_RV destroy_value(context *c) {
    return f->C_DestroyObject(c->session, c->row->value);
}

static CK_RV destroy_twice(context *c) {
    CK_OBJECT_HANDLE object = make_data(c, c->row->value != 0, CK_FALSE);
    need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    return f->C_DestroyObject(c->session, object);
}

static CK_RV destroyed_handle(context *c) {
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    (void)make_data(c, CK_FALSE, CK_FALSE);
    return get_rv(c, object, CKA_LABEL);
}

static CK_RV destroy_forbidden(context *c) {
    CK_OBJECT_HANDLE object = make_data_with(c, (CK_ATTRIBUTE)ATTR(CKA_DESTROYABLE, no));
    CK_RV rv = f->C_DestroyObject(c->session, object);
    expect_rv(get_rv(c, object, CKA_LABEL), CKR_OK, "the object");
    return rv;
}

static CK_RV destroy_private_half(context *c) {
    pair keys = make_pair(c, P256);
    CK_RV rv = f->C_DestroyObject(c->session, keys.private_key);
    expect_rv(get_rv(c, keys.public_key, CKA_EC_POINT), CKR_OK, "the public key");
    return rv;
}

static CK_RV destroy_in_read_only(context *c) {
    context reader = *c;
    CK_OBJECT_HANDLE object = make_data(c, CK_TRUE, CK_FALSE);
    reader.session = must_open(c->slot, false);
    CK_RV rv = f->C_DestroyObject(reader.session, object);
    expect_rv(f->C_DestroyObject(c->session, object), CKR_OK, "in a read-write session");
    return rv;
}

static CK_RV destroy_of_other_session(context *c) {
    return f->C_DestroyObject(must_open(c->slot, false), make_data(c, CK_FALSE, CK_FALSE));
}

/* ---- Two tokens ---- */

/* A handle of one token means nothing in a session of another. */
static CK_RV object_of_other_token(context *c) {
    context other = *c;
    CK_OBJECT_HANDLE object = make_data(c, c->row->value != 0, CK_FALSE);
    other.session = must_open(another_token(), true);
    expect_rv(f->C_DestroyObject(other.session, object), CKR_OBJECT_HANDLE_INVALID,
              "C_DestroyObject");
    return get_rv(&other, object, CKA_LABEL);
}

/* ---- Sizes ---- */

static CK_RV size_null(context *c) {
    return f->C_GetObjectSize(c->session, make_data(c, CK_FALSE, CK_FALSE), NULL);
}

static CK_RV size_value(context *c) {
    CK_ULONG size;
    return f->C_GetObjectSize(c->session, c->row->value, &size);
}

static CK_RV size_data(context *c) {
    CK_ULONG size = 0;
    CK_RV rv = f->C_GetObjectSize(c->session, make_data(c, CK_FALSE, CK_FALSE), &size);
    expect(size > 0, "no size");
    return rv;
}

#define WITH(type, value, len)                                                                     \
    .data = &(const CK_ATTRIBUTE) {                                                                \
        (type), (void *)(value), (len)                                                             \
    }
#define CREATE(text, answer, what, ...)                                                            \
    ROW(C_CreateObject, text, answer, USER_RW, what, __VA_ARGS__)
#define HUGE_COUNT(name, text, what, number)                                                       \
    ROW(name, text, IS(CKR_ARGUMENTS_BAD, CKR_TEMPLATE_INCONSISTENT, CKR_HOST_MEMORY), USER_RW,    \
        what, .value = (number))
#define COPY(text, answer, what, ...) ROW(C_CopyObject, text, answer, USER_RW, what, __VA_ARGS__)

/* A pointer that is NULL although the attribute has a length is an argument, too. */
#define BAD_VALUE CKR_ATTRIBUTE_VALUE_INVALID
/* The standard's example of an inconsistent template; to many modules it is no attribute at all. */
#define FORBIDDEN(text, type, value)                                                               \
    CREATE(text,                                                                                   \
           IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_READ_ONLY),     \
           create_with, WITH(type, &(value), sizeof(value)), .ours = CKR_ATTRIBUTE_TYPE_INVALID)

static const row rows[] = {
    CREATE("NULL template with a count", IS(CKR_ARGUMENTS_BAD), create_null, .value = 1),
    CREATE("NULL template", IS(CKR_TEMPLATE_INCOMPLETE, CKR_ARGUMENTS_BAD), create_null),
    CREATE("NULL handle", IS(CKR_ARGUMENTS_BAD), create_null_out),
    HUGE_COUNT(C_CreateObject, "2^64-1 attributes", create_count, ~0UL),
    HUGE_COUNT(C_CreateObject, "2^60+1 attributes", create_count, (1UL << 60) + 1),
    CREATE("no class", IS(CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID),
           create_without_class),
    CREATE("a class that is none", IS(BAD_VALUE), create_with,
           WITH(CKA_CLASS, &class_none, sizeof class_none)),
    CREATE("a secret key", IS(CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE), create_with,
           WITH(CKA_CLASS, &class_secret, sizeof class_secret)),
    CREATE("a class of one byte", IS(BAD_VALUE), create_with, WITH(CKA_CLASS, &class_none, 1)),
    CREATE("a class without bytes", IS(BAD_VALUE), create_with, WITH(CKA_CLASS, NULL, 0)),
    CREATE("a class that is NULL", IS(BAD_VALUE, CKR_ARGUMENTS_BAD), create_with,
           WITH(CKA_CLASS, NULL, sizeof class_none)),
    CREATE("an attribute that is none", IS(CKR_ATTRIBUTE_TYPE_INVALID), create_with,
           WITH(0x7fff1234, &number, sizeof number)),
    CREATE("attribute 2^64-1", IS(CKR_ATTRIBUTE_TYPE_INVALID), create_with,
           WITH(~0UL, &number, sizeof number)),
    FORBIDDEN("an attribute of another class", CKA_MODULUS, number),
    FORBIDDEN("an attribute of keys that only the token sets", CKA_LOCAL, yes),
    /* New in 3.0. */
    CREATE("CKA_UNIQUE_ID", IS(CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID), create_with,
           WITH(CKA_UNIQUE_ID, label, 4)),
    CREATE("an attribute twice", IS(CKR_TEMPLATE_INCONSISTENT, CKR_OK), create_twice_named),
    /* "Two different values for the same attribute" are inconsistent; SoftHSM2 takes the last. */
    CREATE("an attribute twice, with two values", IS(CKR_TEMPLATE_INCONSISTENT, CKR_OK),
           create_twice_otherwise),
    CREATE("CKA_TOKEN without bytes", IS(BAD_VALUE), create_with, WITH(CKA_TOKEN, NULL, 0)),
    CREATE("CKA_TOKEN that is NULL", IS(BAD_VALUE, CKR_ARGUMENTS_BAD), create_with,
           WITH(CKA_TOKEN, NULL, 1)),
    CREATE("CKA_TOKEN of 8 bytes", IS(BAD_VALUE), create_with,
           WITH(CKA_TOKEN, &number, sizeof number)),
    /* A CK_BBOOL is CK_TRUE or CK_FALSE; some modules take any byte. */
    CREATE("CKA_TOKEN 2", IS(BAD_VALUE, CKR_OK), create_with, WITH(CKA_TOKEN, &byte, 1)),
    CREATE("CKA_PRIVATE 2", IS(BAD_VALUE, CKR_OK), create_with, WITH(CKA_PRIVATE, &byte, 1)),
    CREATE("CKA_MODIFIABLE of 8 bytes", IS(BAD_VALUE), create_with,
           WITH(CKA_MODIFIABLE, &number, sizeof number)),
    CREATE("a label that is NULL", IS(BAD_VALUE, CKR_ARGUMENTS_BAD), create_with,
           WITH(CKA_LABEL, NULL, 8)),
    CREATE("a value of 2^64-1 bytes",
           IS(BAD_VALUE, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY, CKR_ARGUMENTS_BAD), create_with,
           WITH(CKA_VALUE, &number, ~0UL)),
    CREATE("a value of 2^63 bytes",
           IS(BAD_VALUE, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY, CKR_ARGUMENTS_BAD), create_with,
           WITH(CKA_VALUE, &number, 1UL << 63)),
    CREATE("an empty value", IS(CKR_OK), create_empty_value),
    ROW(C_CreateObject, "on the token in a read-only session", IS(CKR_SESSION_READ_ONLY), USER_RO,
        create_where, .value = 1),
    ROW(C_CreateObject, "of a read-only session", IS(CKR_OK), USER_RO, create_where),
    ROW(C_CreateObject, "private on the token, nobody is logged in", IS(CKR_USER_NOT_LOGGED_IN),
        PUBLIC_RW, create_where, .value = 3),
    ROW(C_CreateObject, "private in the session, nobody is logged in", IS(CKR_USER_NOT_LOGGED_IN),
        PUBLIC_RW, create_where, .value = 2),
    ROW(C_CreateObject, "private, the SO is logged in", IS(CKR_USER_NOT_LOGGED_IN), SO_RW,
        create_where, .value = 2),
    ROW(C_CreateObject, "public in the session, nobody is logged in", IS(CKR_OK), PUBLIC_RW,
        create_where),
    ROW(C_CreateObject, "public on the token, the user is logged in", IS(CKR_OK), USER_RW,
        create_where, .value = 1),

    CREATE("a certificate without a type", IS(CKR_TEMPLATE_INCOMPLETE, BAD_VALUE),
           certificate_without_type),
    CREATE("a certificate without a value", IS(CKR_TEMPLATE_INCOMPLETE), certificate_without_value),
    CREATE("a certificate of a type that is none", IS(BAD_VALUE, CKR_TEMPLATE_INCONSISTENT),
           certificate_of_no_type),
    /* Only the SO may say so; for the user the standard has no code. */
    CREATE("a certificate that the user trusts", IS(CKR_ATTRIBUTE_READ_ONLY, BAD_VALUE),
           certificate_trusted, .ours = BAD_VALUE),

    COPY("object 0", IS(CKR_OBJECT_HANDLE_INVALID), copy_value),
    COPY("object 2^64-1", IS(CKR_OBJECT_HANDLE_INVALID), copy_value, .value = ~0UL),
    COPY("NULL handle", IS(CKR_ARGUMENTS_BAD), copy_null_out),
    COPY("NULL template with a count", IS(CKR_ARGUMENTS_BAD), copy_null_template, .value = 1),
    /* SoftHSM2 wants a template. */
    COPY("NULL template", IS(CKR_OK, CKR_ARGUMENTS_BAD), copy_null_template),
    HUGE_COUNT(C_CopyObject, "2^64-1 attributes", copy_count, ~0UL),
    HUGE_COUNT(C_CopyObject, "2^60+1 attributes", copy_count, (1UL << 60) + 1),
    COPY("with another label", IS(CKR_OK), copy_renamed),
    COPY("with another class", IS(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT), copy_with,
         WITH(CKA_CLASS, &class_public, sizeof class_public)),
    COPY("an attribute that is none", IS(CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT),
         copy_with, WITH(0x7fff1234, &number, sizeof number)),
    COPY("CKA_UNIQUE_ID", IS(CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID), copy_with,
         WITH(CKA_UNIQUE_ID, label, 4)),
    COPY("CKA_TOKEN of 8 bytes", IS(BAD_VALUE), copy_with, WITH(CKA_TOKEN, &number, sizeof number)),
    COPY("CKA_COPYABLE is false", IS(CKR_ACTION_PROHIBITED), copy_forbidden),
    COPY("a sensitive key that is not in the copy",
         IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED),
         copy_key_readable, WITH(CKA_SENSITIVE, &no, sizeof no), .ours = CKR_ACTION_PROHIBITED),
    COPY("a key that can be extracted from the copy",
         IS(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED),
         copy_key_readable, WITH(CKA_EXTRACTABLE, &yes, sizeof yes), .ours = CKR_ACTION_PROHIBITED),
    COPY("a private key", IS(CKR_OK, CKR_ACTION_PROHIBITED), copy_private_key,
         .ours = CKR_ACTION_PROHIBITED),
    COPY("onto the token", IS(CKR_OK), copy_where, WITH(CKA_TOKEN, &yes, sizeof yes)),
    COPY("private", IS(CKR_OK), copy_where, WITH(CKA_PRIVATE, &yes, sizeof yes)),
    COPY("CKA_MODIFIABLE false", IS(CKR_OK), copy_unmodifiable,
         WITH(CKA_MODIFIABLE, &no, sizeof no)),
    COPY("CKA_DESTROYABLE false", IS(CKR_OK), copy_undestroyable,
         WITH(CKA_DESTROYABLE, &no, sizeof no)),
    COPY("off the token, in a read-only session", IS(CKR_OK), copy_off_token,
         WITH(CKA_TOKEN, &no, sizeof no)),
    ROW(C_CopyObject, "onto the token in a read-only session", IS(CKR_SESSION_READ_ONLY), USER_RO,
        copy_with, WITH(CKA_TOKEN, &yes, sizeof yes)),
    ROW(C_CopyObject, "private, nobody is logged in", IS(CKR_USER_NOT_LOGGED_IN), PUBLIC_RW,
        copy_with, WITH(CKA_PRIVATE, &yes, sizeof yes)),

    ROW(C_DestroyObject, "object 0", IS(CKR_OBJECT_HANDLE_INVALID), USER_RW, destroy_value),
    ROW(C_DestroyObject, "object 2^64-1", IS(CKR_OBJECT_HANDLE_INVALID), USER_RW, destroy_value,
        .value = ~0UL),
    ROW(C_DestroyObject, "twice", IS(CKR_OBJECT_HANDLE_INVALID), USER_RW, destroy_twice),
    ROW(C_DestroyObject, "twice, on the token", IS(CKR_OBJECT_HANDLE_INVALID), USER_RW,
        destroy_twice, .value = 1),
    ROW(C_DestroyObject, "CKA_DESTROYABLE is false", IS(CKR_ACTION_PROHIBITED), USER_RW,
        destroy_forbidden),
    ROW(C_DestroyObject, "on the token in a read-only session", IS(CKR_SESSION_READ_ONLY), USER_RW,
        destroy_in_read_only),
    ROW(C_DestroyObject, "the private key of a pair", IS(CKR_OK), USER_RW, destroy_private_half),
    ROW(C_DestroyObject, "of another session", IS(CKR_OK), USER_RW, destroy_of_other_session),
    ROW(C_GetAttributeValue, "a destroyed object's handle, after another was made",
        IS(CKR_OBJECT_HANDLE_INVALID), USER_RW, destroyed_handle),

    ROW(C_GetAttributeValue, "a session object of another token", IS(CKR_OBJECT_HANDLE_INVALID),
        OWN | USER_RW, object_of_other_token),
    ROW(C_GetAttributeValue, "an object of another token", IS(CKR_OBJECT_HANDLE_INVALID),
        OWN | USER_RW, object_of_other_token, .value = 1),

    ROW(C_GetObjectSize, "NULL", IS(CKR_ARGUMENTS_BAD), USER_RW, size_null),
    ROW(C_GetObjectSize, "object 0", IS(CKR_OBJECT_HANDLE_INVALID), USER_RW, size_value),
    ROW(C_GetObjectSize, "a data object", IS(CKR_OK), USER_RW, size_data),
};

CHAPTER(objects);
