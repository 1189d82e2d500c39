/* C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal. */
#include "calls.h"

static CK_ATTRIBUTE of_data = ATTR(CKA_CLASS, class_data);
static CK_ULONG number = 1;

static CK_RV init(context *c, CK_ATTRIBUTE *templ, CK_ULONG count) {
    return f->C_FindObjectsInit(c->session, templ, count);
}

static CK_ULONG count_found(context *c, CK_ATTRIBUTE *templ, CK_ULONG templ_count) {
    CK_OBJECT_HANDLE found[256];
    CK_ULONG count = 0;
    need(init(c, templ, templ_count), "C_FindObjectsInit");
    need(f->C_FindObjects(c->session, found, COUNT(found), &count), "C_FindObjects");
    need(f->C_FindObjectsFinal(c->session), "C_FindObjectsFinal");
    return count;
}

/* ---- Arguments ---- */

static CK_RV init_null(context *c) {
    return init(c, NULL, c->row->value);
}

static CK_RV init_count(context *c) {
    return init(c, &of_data, c->row->value);
}

/* Nothing can have such a value; whether that is an error is not said. */
static CK_RV find_none(context *c) {
    CK_ATTRIBUTE templ = *(const CK_ATTRIBUTE *)c->row->data;
    CK_OBJECT_HANDLE object;
    CK_ULONG count = 0;
    CK_RV rv = init(c, &templ, 1);
    if (rv == CKR_OK) {
        need(f->C_FindObjects(c->session, &object, 1, &count), "C_FindObjects");
        expect(count == 0, "something was found");
    }
    return rv;
}

static CK_RV find_count_null(context *c) {
    CK_OBJECT_HANDLE object;
    need(init(c, NULL, 0), "C_FindObjectsInit");
    return f->C_FindObjects(c->session, &object, 1, NULL);
}

static CK_RV find_objects_null(context *c) {
    CK_ULONG count;
    need(init(c, NULL, 0), "C_FindObjectsInit");
    return f->C_FindObjects(c->session, NULL, 1, &count);
}

/* ---- States ---- */

static CK_RV init_twice(context *c) {
    need(init(c, NULL, 0), "C_FindObjectsInit");
    CK_RV rv = init(c, NULL, 0);
    expect_rv(f->C_FindObjectsFinal(c->session), CKR_OK, "C_FindObjectsFinal");
    return rv;
}

static CK_RV find_after_final(context *c) {
    need(init(c, NULL, 0), "C_FindObjectsInit");
    need(f->C_FindObjectsFinal(c->session), "C_FindObjectsFinal");
    return call_C_FindObjects(c);
}

static CK_RV final_twice(context *c) {
    need(init(c, NULL, 0), "C_FindObjectsInit");
    need(f->C_FindObjectsFinal(c->session), "C_FindObjectsFinal");
    return f->C_FindObjectsFinal(c->session);
}

static CK_RV init_failed(context *c) {
    (void)init(c, NULL, 1);
    return call_C_FindObjects(c);
}

static CK_RV two_sessions(context *c) {
    context other = *c;
    other.session = must_open(c->slot, false);
    need(init(c, NULL, 0), "C_FindObjectsInit");
    CK_RV rv = init(&other, NULL, 0);
    expect_rv(f->C_FindObjectsFinal(c->session), CKR_OK, "C_FindObjectsFinal");
    expect_rv(call_C_FindObjects(&other), CKR_OK, "C_FindObjects in the other session");
    return rv;
}

/* ---- What is found ---- */

static CK_RV none_at_a_time(context *c) {
    CK_OBJECT_HANDLE object;
    CK_ULONG count = 7;
    (void)make_data(c, CK_FALSE, CK_FALSE);
    need(init(c, &of_data, 1), "C_FindObjectsInit");
    CK_RV rv = f->C_FindObjects(c->session, &object, 0, &count);
    expect(count == 0, "%lu were found", count);
    return rv;
}

static CK_RV one_at_a_time(context *c) {
    CK_OBJECT_HANDLE first = make_data(c, CK_FALSE, CK_FALSE), last = 0, object = 0;
    CK_OBJECT_HANDLE second = make_data(c, CK_FALSE, CK_FALSE);
    CK_ULONG count = 1, all = 0;
    bool has_first = false, has_second = false;
    need(init(c, &of_data, 1), "C_FindObjectsInit");
    CK_RV rv = CKR_OK;
    while (rv == CKR_OK && count == 1 && all < 1000) {
        rv = f->C_FindObjects(c->session, &object, 1, &count);
        has_first = has_first || object == first;
        has_second = has_second || object == second;
        expect(count == 0 || object != last, "the same object twice");
        last = object;
        all += count;
    }
    expect(has_first && has_second, "an object was not found");
    expect_rv(f->C_FindObjects(c->session, &object, 1, &count), CKR_OK, "after the last one");
    expect(count == 0, "one more was found");
    return rv;
}

static CK_RV many_at_a_time(context *c) {
    CK_OBJECT_HANDLE found[256];
    CK_ULONG count = 0;
    (void)make_data(c, CK_FALSE, CK_FALSE);
    need(init(c, &of_data, 1), "C_FindObjectsInit");
    CK_RV rv = f->C_FindObjects(c->session, found, ~0UL, &count);
    expect(count > 0 && count < COUNT(found), "%lu were found", count);
    return rv;
}

static CK_RV of_other_session(context *c) {
    context other = *c;
    other.session = must_open(c->slot, false);
    CK_ULONG before = count_found(&other, &of_data, 1);
    (void)make_data(c, CK_FALSE, CK_FALSE);
    expect(count_found(&other, &of_data, 1) == before + 1, "it is not found");
    return CKR_OK;
}

/* Only what has exactly these bytes; and all that the template asks for. */
static CK_RV exact_ones(context *c) {
    static char name[] = "a name of its own", start[] = "a name", other[] = "another";
    CK_ATTRIBUTE whole[] = {TEXT(CKA_LABEL, name), ATTR(CKA_CLASS, class_data)};
    CK_ATTRIBUTE beginning[] = {TEXT(CKA_LABEL, start)};
    CK_ATTRIBUTE half[] = {TEXT(CKA_LABEL, name), TEXT(CKA_APPLICATION, other)};
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    CK_RV rv = f->C_SetAttributeValue(c->session, object, whole, 1);
    expect(count_found(c, whole, COUNT(whole)) == 1, "it is not found");
    expect(count_found(c, beginning, 1) == 0, "it is found by the beginning of its label");
    expect(count_found(c, half, COUNT(half)) == 0, "it is found although it differs");
    return rv;
}

static CK_RV by_place(context *c) {
    CK_ATTRIBUTE on_token[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE in_session[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, no)};
    CK_ULONG before = count_found(c, on_token, COUNT(on_token));
    (void)make_data(c, CK_FALSE, CK_FALSE);
    expect(count_found(c, in_session, COUNT(in_session)) == 1, "it is not found in the session");
    expect(count_found(c, on_token, COUNT(on_token)) == before, "it is found on the token");
    return CKR_OK;
}

static CK_RV private_ones(context *c) {
    CK_ULONG before = count_found(c, &of_data, 1);
    (void)make_data(c, CK_TRUE, CK_TRUE);
    expect(count_found(c, &of_data, 1) == before + 1, "the user does not find it");
    need(f->C_Logout(c->session), "C_Logout");
    expect(count_found(c, &of_data, 1) <= before, "it is found without a login");
    need(login(c->session, CKU_USER, USER_PIN), "C_Login");
    expect(count_found(c, &of_data, 1) == before + 1, "the user does not find it again");
    return CKR_OK;
}

static CK_RV destroyed_meanwhile(context *c) {
    CK_OBJECT_HANDLE object = make_data(c, CK_FALSE, CK_FALSE);
    need(init(c, &of_data, 1), "C_FindObjectsInit");
    need(f->C_DestroyObject(c->session, object), "C_DestroyObject");
    return call_C_FindObjects(c);
}

/* 3.0: mechanisms are objects, found by those who ask for them only. */
static CK_RV mechanisms_hidden(context *c) {
    CK_OBJECT_HANDLE found[256];
    CK_ULONG count = 0;
    need(init(c, NULL, 0), "C_FindObjectsInit");
    CK_RV rv = f->C_FindObjects(c->session, found, COUNT(found), &count);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_OBJECT_CLASS class = CKO_DATA;
        get_value(c, found[i], CKA_CLASS, &class, sizeof class);
        expect(class != CKO_MECHANISM && class != CKO_HW_FEATURE, "class %lu is found", class);
    }
    return rv;
}

#define INIT(text, answer, what, ...)                                                              \
    ROW(C_FindObjectsInit, text, answer, USER_RW, what, __VA_ARGS__)
#define FIND(text, answer, what, ...) ROW(C_FindObjects, text, answer, USER_RW, what, __VA_ARGS__)
#define WITH(type, value, len)                                                                     \
    .data = &(const CK_ATTRIBUTE) {                                                                \
        (type), (void *)(value), (len)                                                             \
    }
#define TOO_MANY IS(CKR_ARGUMENTS_BAD, CKR_HOST_MEMORY, CKR_TEMPLATE_INCONSISTENT)

static const row rows[] = {
    INIT("NULL template with a count", IS(CKR_ARGUMENTS_BAD), init_null, .value = 1),
    INIT("NULL template", IS(CKR_OK), init_null),
    INIT("2^64-1 attributes", TOO_MANY, init_count, .value = ~0UL),
    INIT("2^60+1 attributes", TOO_MANY, init_count, .value = (1UL << 60) + 1),
    INIT("an attribute that is NULL", IS(CKR_ATTRIBUTE_VALUE_INVALID, CKR_ARGUMENTS_BAD, CKR_OK),
         find_none, WITH(CKA_LABEL, NULL, 8)),
    INIT("an attribute that is none", IS(CKR_OK, CKR_ATTRIBUTE_TYPE_INVALID), find_none,
         WITH(0x7fff1234, &number, sizeof number)),
    INIT("a class of one byte", IS(CKR_OK, CKR_ATTRIBUTE_VALUE_INVALID), find_none,
         WITH(CKA_CLASS, &number, 1)),
    INIT("a class without bytes", IS(CKR_OK, CKR_ATTRIBUTE_VALUE_INVALID), find_none,
         WITH(CKA_CLASS, NULL, 0)),
    INIT("the value of a private key", IS(CKR_OK, CKR_ATTRIBUTE_SENSITIVE), find_none,
         WITH(CKA_VALUE, digest32, 32)),
    INIT("twice", IS(CKR_OPERATION_ACTIVE), init_twice),
    INIT("in two sessions", IS(CKR_OK), two_sessions),
    ROW(C_FindObjectsInit, "nobody is logged in", IS(CKR_OK), PUBLIC_RO, init_null),

    FIND("without C_FindObjectsInit", IS(CKR_OPERATION_NOT_INITIALIZED), call_C_FindObjects),
    FIND("after C_FindObjectsInit failed", IS(CKR_OPERATION_NOT_INITIALIZED), init_failed),
    FIND("after C_FindObjectsFinal", IS(CKR_OPERATION_NOT_INITIALIZED), find_after_final),
    FIND("NULL count", IS(CKR_ARGUMENTS_BAD), find_count_null),
    FIND("NULL objects", IS(CKR_ARGUMENTS_BAD), find_objects_null),
    FIND("none at a time", IS(CKR_OK, CKR_ARGUMENTS_BAD), none_at_a_time),
    FIND("one at a time", IS(CKR_OK), one_at_a_time),
    FIND("2^64-1 at a time", IS(CKR_OK), many_at_a_time),
    FIND("objects of another session", IS(CKR_OK), of_other_session),
    ROW(C_FindObjects, "private objects", IS(CKR_OK), OWN | USER_RW, private_ones),
    FIND("no more than the template says", IS(CKR_OK), exact_ones),
    FIND("by CKA_TOKEN", IS(CKR_OK), by_place),
    FIND("an object that was destroyed meanwhile", IS(CKR_OK), destroyed_meanwhile),
    FIND("no mechanisms", IS(CKR_OK), mechanisms_hidden),

    ROW(C_FindObjectsFinal, "without C_FindObjectsInit", IS(CKR_OPERATION_NOT_INITIALIZED), USER_RW,
        call_C_FindObjectsFinal),
    ROW(C_FindObjectsFinal, "twice", IS(CKR_OPERATION_NOT_INITIALIZED), USER_RW, final_twice),
};

CHAPTER(search);
