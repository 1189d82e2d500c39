/* Making, finding and destroying objects. */
#include "support.h"

#include <string.h>

static CK_RV generate_with(CK_SESSION_HANDLE session, CK_ATTRIBUTE extra) {
    const pair_args args = {.curve = secp256k1,
                            .curve_len = sizeof secp256k1,
                            .label = "with",
                            .extra = &extra,
                            .extra_count = 1};
    pair keys;
    return try_generate(session, &args, &keys);
}

/* ---- C_GenerateKeyPair ---- */

START_TEST(key_pairs_need_the_user) {
    pair keys;
    const pair_args args = {.curve = secp256k1, .curve_len = sizeof secp256k1, .label = "k"};
    CK_SESSION_HANDLE ro = open_session("plain", false), rw = open_session("plain", true);
    ck_assert_int_eq(try_generate(rw, &args, &keys), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(rw, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(try_generate(ro, &args, &keys), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(try_generate(rw, &args, &keys), CKR_OK);
    ck_assert_uint_ne(keys.public_key, keys.private_key);
}
END_TEST

START_TEST(templates_that_would_weaken_are_refused) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_BYTE id[] = {1, 2}, date[] = "20300101", count[4] = {0};
    CK_ULONG long_bool = 1;
    CK_BYTE allowed[] = {1, 2, 3};
    ck_assert_int_eq(generate_with(session, ATTR(CKA_EXTRACTABLE, no)), CKR_OK);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_ID, id)), CKR_OK);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_UNWRAP, no)), CKR_OK);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_EXTRACTABLE, yes)), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_SENSITIVE, no)), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(generate_with(session, TEXT(CKA_END_DATE, date)), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_EC_PARAMS, p256)), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_VALUE, id)), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_LOCAL, yes)), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_VALETKEY_SIGN_COUNT, count)),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_ALLOWED_MECHANISMS, allowed)),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_UNWRAP, long_bool)),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(generate_with(session, (CK_ATTRIBUTE){CKA_ID, NULL, 4}),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(generate_with(session, ATTR(CKA_MODULUS, id)), CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(generate_with(session, TEXT(CKA_VALETKEY_RP_ID, "example.org")),
                     CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(arguments_of_key_generation) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_BYTE p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
    CK_ATTRIBUTE templ[] = {ATTR(CKA_TOKEN, yes), ATTR(CKA_EC_PARAMS, p384)};
    CK_ATTRIBUTE twice[] = {ATTR(CKA_TOKEN, yes), ATTR(CKA_TOKEN, yes)};
    CK_OBJECT_HANDLE a, b;
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &mechanism, templ, 2, templ, 1, &a, &b),
                     CKR_CURVE_NOT_SUPPORTED);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &mechanism, templ, 1, templ, 1, &a, &b),
                     CKR_TEMPLATE_INCOMPLETE);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &mechanism, twice, 2, templ, 1, &a, &b),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &mechanism, templ, 1, templ, 1, NULL, &b),
                     CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, NULL, templ, 1, templ, 1, &a, &b),
                     CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(
        f->C_GenerateKeyPair(session, &mechanism, templ, (CK_ULONG)-1, templ, 1, &a, &b),
        CKR_ARGUMENTS_BAD);
    mechanism.mechanism = CKM_ECDSA;
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &mechanism, templ, 1, templ, 1, &a, &b),
                     CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &mechanism, templ, 1, NULL, 1, &a, &b),
                     CKR_ARGUMENTS_BAD);
}
END_TEST

/* ---- C_FindObjects ---- */

START_TEST(objects_are_found_by_any_attribute) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair a = GENERATE(session, secp256k1, "a"), b = GENERATE(session, p256, "b");
    CK_OBJECT_HANDLE found;
    CK_BYTE point[67], address[20];
    CK_ATTRIBUTE by_point[] = {{CKA_EC_POINT, point, sizeof point}, ATTR(CKA_CLASS, class_public)};
    CK_ATTRIBUTE by_address = ATTR(CKA_VALETKEY_ADDRESS, address);
    CK_ATTRIBUTE by_curve[] = {ATTR(CKA_EC_PARAMS, p256), ATTR(CKA_SIGN, yes)};
    CK_ATTRIBUTE data[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_APPLICATION, "valetkey-policy")};
    CK_ATTRIBUTE unknown = ATTR(CKA_MODULUS, point), secret = ATTR(CKA_VALUE, point);
    CK_ATTRIBUTE certificates = ATTR(CKA_CLASS, class_certificate);
    get_value(session, a.public_key, CKA_EC_POINT, point, sizeof point);
    get_value(session, a.private_key, CKA_VALETKEY_ADDRESS, address, sizeof address);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 6);
    ck_assert_int_eq(find_all(session, by_point, 1, NULL), 2);
    ck_assert_int_eq(find_all(session, by_point, 2, &found), 1);
    ck_assert_uint_eq(found, a.public_key);
    ck_assert_int_eq(find_all(session, &by_address, 1, NULL), 2);
    ck_assert_int_eq(find_all(session, by_curve, 2, &found), 1);
    ck_assert_uint_eq(found, b.private_key);
    ck_assert_int_eq(find_all(session, data, 2, NULL), 2);
    ck_assert_int_eq(find_all(session, &unknown, 1, NULL), 0);
    ck_assert_int_eq(find_all(session, &secret, 1, NULL), 0);
    ck_assert_int_eq(find_all(session, &certificates, 1, NULL), 0);
    ck_assert_uint_eq(find_object(session, CKO_PRIVATE_KEY, "b"), b.private_key);
}
END_TEST

START_TEST(only_the_user_sees_private_keys) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    CK_ATTRIBUTE private_keys = ATTR(CKA_CLASS, class_private);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 2);
    ck_assert_int_eq(get_rv(session, keys.private_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(find_all(session, &private_keys, 1, NULL), 0);
    ck_assert_int_eq(get_rv(session, keys.private_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, keys.public_key, CKA_LABEL), CKR_OK);
    CK_SESSION_HANDLE other = open_session("plain", true);
    ck_assert_int_eq(get_rv(other, keys.public_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

/* The value is never read: no object has one as long. */
START_TEST(nothing_has_a_value_of_that_length) {
    static const CK_ULONG lengths[] = {((CK_ULONG)1 << 63) - 1, (CK_ULONG)1 << 31, (CK_ULONG)-1};
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID, CKA_EC_POINT, CKA_SUBJECT};
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_BYTE byte = 0;
    GENERATE(session, p256, "k");
    for (size_t i = 0; i < COUNT(lengths) * COUNT(types); i++) {
        CK_ATTRIBUTE long_one = {types[i % COUNT(types)], &byte, lengths[i / COUNT(types)]};
        ck_assert_uint_eq(find_all(session, &long_one, 1, NULL), 0);
    }
}
END_TEST

START_TEST(the_search_is_an_operation) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count;
    GENERATE(session, p256, "k");
    ck_assert_int_eq(f->C_FindObjects(session, found, 2, &count), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f->C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f->C_FindObjects(session, found, 2, &count), CKR_OK);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(f->C_FindObjects(session, found, 2, &count), CKR_OK);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(f->C_FindObjects(session, found, 2, &count), CKR_OK);
    ck_assert_int_eq(count, 0);
    ck_assert_int_eq(f->C_FindObjects(session, found, 2, NULL), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_FindObjectsFinal(session), CKR_OK);
    ck_assert_int_eq(f->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_FindObjectsInit(session, NULL, 3), CKR_ARGUMENTS_BAD);
}
END_TEST

/* ---- C_CreateObject ---- */

/* secp256k1: the secret 1 has the generator for its point. */
static CK_BYTE generator[67] = {
    0x04, 0x41, 0x04, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62,
    0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59,
    0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98, 0x48, 0x3a, 0xda, 0x77, 0x26, 0xa3, 0xc4,
    0x65, 0x5d, 0xa4, 0xfb, 0xfc, 0x0e, 0x11, 0x08, 0xa8, 0xfd, 0x17, 0xb4, 0x48, 0xa6,
    0x85, 0x54, 0x19, 0x9c, 0x47, 0xd0, 0x8f, 0xfb, 0x10, 0xd4, 0xb8};

static CK_RV import(CK_SESSION_HANDLE session, CK_BYTE *secret, CK_ULONG len,
                    CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, yes),           ATTR(CKA_EC_PARAMS, secp256k1),
                            TEXT(CKA_LABEL, "imported"),    {CKA_VALUE, secret, len}};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

static CK_RV create_public(CK_SESSION_HANDLE session, CK_BYTE *point, CK_ULONG len,
                           CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public), ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, yes),          ATTR(CKA_EC_PARAMS, secp256k1),
                            TEXT(CKA_LABEL, "its own"),    {CKA_EC_POINT, point, len}};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

START_TEST(importing_a_secret_makes_both_halves) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_BYTE one[1] = {1}, padded[40] = {0}, zero[32] = {0}, too_long[33] = {1}, point[67];
    CK_OBJECT_HANDLE key, again, public_key;
    padded[39] = 2;
    ck_assert_int_eq(import(session, one, sizeof one, &key), CKR_OK);
    public_key = find_object(session, CKO_PUBLIC_KEY, "imported");
    ck_assert_uint_eq(get_value(session, public_key, CKA_EC_POINT, point, sizeof point), 67);
    ck_assert_mem_eq(point, generator, sizeof point);
    ck_assert(!get_bool(session, key, CKA_LOCAL));
    ck_assert(!get_bool(session, key, CKA_NEVER_EXTRACTABLE));
    ck_assert_int_eq(import(session, one, sizeof one, &again), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(import(session, zero, sizeof zero, &again), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(import(session, too_long, sizeof too_long, &again),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(import(session, zero, 0, &again), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(import(session, padded, sizeof padded, &again), CKR_OK);
}
END_TEST

START_TEST(a_public_key_joins_its_private_half) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_BYTE one[1] = {1};
    CK_OBJECT_HANDLE key, first, second;
    ck_assert_int_eq(import(session, one, sizeof one, &key), CKR_OK);
    first = find_object(session, CKO_PUBLIC_KEY, "imported");
    ck_assert_int_eq(create_public(session, generator, 67, &second), CKR_OK);
    ck_assert_uint_eq(first, second);
    ck_assert_uint_eq(find_object(session, CKO_PUBLIC_KEY, "its own"), first);
    ck_assert_uint_eq(find_object(session, CKO_PRIVATE_KEY, "imported"), key);
}
END_TEST

START_TEST(a_public_key_alone) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_BYTE one[1] = {1};
    CK_OBJECT_HANDLE public_key, key;
    ck_assert_int_eq(create_public(session, generator + 2, 65, &public_key), CKR_OK);
    ck_assert_int_eq(create_public(session, generator + 3, 64, &key), CKR_ATTRIBUTE_VALUE_INVALID);
    generator[66] ^= 1;
    ck_assert_int_eq(create_public(session, generator, 67, &key), CKR_ATTRIBUTE_VALUE_INVALID);
    generator[66] ^= 1;
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 1);
    ck_assert_int_eq(get_rv(session, public_key, CKA_VALETKEY_POLICY), CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(import(session, one, sizeof one, &key), CKR_OK);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 3);
}
END_TEST

static CK_RV create_public_with(CK_SESSION_HANDLE session, CK_BBOOL is_private,
                                CK_BBOOL modifiable) {
    CK_OBJECT_HANDLE out;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, yes),
                            ATTR(CKA_EC_PARAMS, secp256k1),
                            {CKA_EC_POINT, generator, 67},
                            ATTR(CKA_PRIVATE, is_private),
                            ATTR(CKA_MODIFIABLE, modifiable)};
    return f->C_CreateObject(session, templ, COUNT(templ), &out);
}

START_TEST(private_public_keys_need_the_user) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    ck_assert_int_eq(create_public_with(session, CK_TRUE, CK_TRUE), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(create_public_with(session, CK_TRUE, CK_TRUE), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(create_public_with(session, CK_FALSE, CK_TRUE), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 0);
}
END_TEST

START_TEST(creating_again_changes_nothing_unmodifiable) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    ck_assert_int_eq(create_public_with(session, CK_FALSE, CK_FALSE), CKR_OK);
    ck_assert_int_eq(create_public_with(session, CK_FALSE, CK_TRUE), CKR_ACTION_PROHIBITED);
}
END_TEST

/* ---- Session objects ---- */

static CK_RV create_session_data(CK_SESSION_HANDLE session, CK_BBOOL is_private,
                                 CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_PRIVATE, is_private),
                            TEXT(CKA_LABEL, "note"), TEXT(CKA_APPLICATION, "test"),
                            TEXT(CKA_VALUE, "hello")};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

START_TEST(session_data_objects) {
    CK_SESSION_HANDLE ro = open_session("plain", false), other = open_session("plain", false);
    CK_OBJECT_HANDLE note, copy, secret;
    CK_ATTRIBUTE change = TEXT(CKA_VALUE, "goodbye"), by_label = TEXT(CKA_LABEL, "note");
    CK_BYTE value[16];
    ck_assert_int_eq(create_session_data(ro, CK_TRUE, &secret), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(create_session_data(ro, CK_FALSE, &note), CKR_OK);
    ck_assert_int_eq(f->C_CopyObject(ro, note, &change, 1, &copy), CKR_OK);
    ck_assert_uint_eq(get_value(ro, copy, CKA_VALUE, value, sizeof value), 7);
    ck_assert_uint_eq(get_value(ro, note, CKA_VALUE, value, sizeof value), 5);
    ck_assert_int_eq(f->C_SetAttributeValue(ro, note, &change, 1), CKR_OK);
    ck_assert_uint_eq(get_value(other, note, CKA_VALUE, value, sizeof value), 7);
    ck_assert_int_eq(find_all(other, &by_label, 1, NULL), 2);
    CK_ULONG size = 0;
    ck_assert_int_eq(f->C_GetObjectSize(ro, note, &size), CKR_OK);
    ck_assert_uint_gt(size, 0);
    ck_assert_int_eq(f->C_DestroyObject(ro, copy), CKR_OK);
    ck_assert_int_eq(f->C_DestroyObject(ro, copy), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(f->C_CloseSession(ro), CKR_OK);
    ck_assert_int_eq(get_rv(other, note, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(logout_removes_private_session_objects) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE open_note, secret;
    ck_assert_int_eq(create_session_data(session, CK_FALSE, &open_note), CKR_OK);
    ck_assert_int_eq(create_session_data(session, CK_TRUE, &secret), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(get_rv(session, open_note, CKA_VALUE), CKR_OK);
    ck_assert_int_eq(get_rv(session, secret, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(other_objects_are_refused) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE out;
    CK_ATTRIBUTE token_data[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, yes),
                                 TEXT(CKA_APPLICATION, "valetkey-digest"), TEXT(CKA_VALUE, "x")};
    CK_ATTRIBUTE certificate = ATTR(CKA_CLASS, class_certificate);
    ck_assert_int_eq(f->C_CreateObject(session, token_data, COUNT(token_data), &out),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(f->C_CreateObject(session, &certificate, 1, &out), CKR_TEMPLATE_INCOMPLETE);
    ck_assert_int_eq(f->C_CreateObject(session, token_data + 1, 1, &out), CKR_TEMPLATE_INCOMPLETE);
    ck_assert_int_eq(f->C_CreateObject(session, NULL, 1, &out), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_CreateObject(session, token_data, COUNT(token_data), NULL),
                     CKR_ARGUMENTS_BAD);
}
END_TEST

/* ---- C_DestroyObject ---- */

START_TEST(destroying_halves) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER), ro = open_session("sudo", false);
    pair keys = GENERATE(session, p256, "k");
    CK_OBJECT_HANDLE policy = find_object(session, CKO_DATA, "k");
    ck_assert_int_eq(f->C_DestroyObject(session, policy), CKR_ACTION_PROHIBITED);
    ck_assert_int_eq(f->C_DestroyObject(ro, keys.private_key), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_DestroyObject(session, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_DestroyObject(session, keys.private_key), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, policy, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 1);
    ck_assert_int_eq(f->C_DestroyObject(session, keys.public_key), CKR_OK);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 0);
    ck_assert_int_eq(f->C_DestroyObject(session, 0), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(f->C_DestroyObject(session, (CK_OBJECT_HANDLE)-1), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_uint_ne(GENERATE(session, p256, "k").private_key, keys.private_key);
    CK_ATTRIBUTE kept = ATTR(CKA_DESTROYABLE, no);
    const pair_args args = {p256, sizeof p256, "kept", &kept, 1};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    ck_assert_int_eq(f->C_DestroyObject(session, keys.private_key), CKR_ACTION_PROHIBITED);
}
END_TEST

START_TEST(objects_outlive_the_process) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    session = login("sudo", CKU_USER);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 3);
}
END_TEST

Suite *object_suite(void) {
    Suite *suite = suite_create("object");
    TCase *keys = started_case("keys");
    tcase_add_test(keys, key_pairs_need_the_user);
    tcase_add_test(keys, templates_that_would_weaken_are_refused);
    tcase_add_test(keys, arguments_of_key_generation);
    tcase_add_test(keys, importing_a_secret_makes_both_halves);
    tcase_add_test(keys, a_public_key_joins_its_private_half);
    tcase_add_test(keys, a_public_key_alone);
    tcase_add_test(keys, private_public_keys_need_the_user);
    tcase_add_test(keys, creating_again_changes_nothing_unmodifiable);
    tcase_add_test(keys, destroying_halves);
    tcase_add_test(keys, objects_outlive_the_process);
    tcase_add_test(keys, nothing_has_a_value_of_that_length);
    suite_add_tcase(suite, keys);
    TCase *find = started_case("find");
    tcase_add_test(find, objects_are_found_by_any_attribute);
    tcase_add_test(find, only_the_user_sees_private_keys);
    tcase_add_test(find, the_search_is_an_operation);
    suite_add_tcase(suite, find);
    TCase *data = started_case("session data");
    tcase_add_test(data, session_data_objects);
    tcase_add_test(data, logout_removes_private_session_objects);
    tcase_add_test(data, other_objects_are_refused);
    suite_add_tcase(suite, data);
    return suite;
}
