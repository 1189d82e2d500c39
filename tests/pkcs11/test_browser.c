/* Passkeys of browsers: what comes in, and what does not. */
#include "browser.h"
#include "message_support.h"

#include <string.h>

static pair pair_of(CK_OBJECT_HANDLE key) {
    return (pair){key, key};
}

/* ---- What comes in ---- */

static void expect_hex(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
                       const char *digits) {
    CK_BYTE value[2048];
    vk_buf text = {0}, expected = {0};
    CK_ULONG len = get_value(session, key, type, value, sizeof value);
    vk_hex_put(&text, (vk_bytes){value, len});
    vk_buf_printf(&expected, "0x%s", digits);
    ck_assert_msg(vk_bytes_equal(vk_buf_view(&text), vk_buf_view(&expected)), "0x%lx is %.*s", type,
                  (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    vk_buf_clear(&expected);
}

static void expect_string(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
                          const char *expected) {
    char text[1024] = {0};
    get_value(session, key, type, text, sizeof text - 1);
    ck_assert_str_eq(text, expected);
}

static void expect_registered(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const browser *b) {
    CK_BYTE point[67];
    const cJSON *r = b->registration;
    expect_string(session, key, CKA_VALETKEY_HOME, "remote");
    expect_string(session, key, CKA_VALETKEY_RP_ID, vectors_text(b->vector, "rpId"));
    expect_string(session, key, CKA_VALETKEY_ORIGIN, vectors_text(b->vector, "origin"));
    expect_string(session, key, CKA_VALETKEY_POLICY, BROWSER_POLICY);
    expect_string(session, key, CKA_VALETKEY_RULES, "gas");
    expect_string(session, key, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                  vectors_text(r, "clientDataJSON"));
    expect_hex(session, key, CKA_VALETKEY_ATTESTATION, vectors_text(r, "attestationObject"));
    expect_hex(session, key, CKA_VALETKEY_CREDENTIAL_ID, vectors_text(r, "credentialId"));
    expect_hex(session, key, CKA_VALETKEY_AUTHENTICATOR_ID_HASH,
               vectors_text(r, "authenticatorIdHash"));
    expect_hex(session, key, CKA_VALETKEY_AAGUID, vectors_text(r, "aaguid"));
    get_value(session, key, CKA_EC_POINT, point, sizeof point);
    vk_buf spki = {0};
    vk_buf_printf(&spki, "0x%s", vectors_text(r, "publicKeySpki"));
    char *text = vk_buf_take_text(&spki);
    vk_buf der = vectors_hex(text);
    ck_assert_mem_eq(der.data + der.len - 65, point + 2, 65);
    vk_buf_clear(&der);
    vk_text_free(text);
    ck_assert_int_eq(get_rv(session, key, CKA_VALETKEY_REGISTRATION_CHALLENGE),
                     CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(get_rv(session, key, CKA_VALETKEY_TRUST_ANCHORS), CKR_ATTRIBUTE_TYPE_INVALID);
}

START_TEST(every_registration_becomes_a_public_key) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_ATTRIBUTE privates[] = {ATTR(CKA_CLASS, class_private)};
    CK_ATTRIBUTE publics[] = {ATTR(CKA_CLASS, class_public)};
    for (int i = 1; i <= BROWSER_PASSKEYS; i++) {
        browser b = browser_open(i);
        CK_OBJECT_HANDLE key = browser_import(session, &b);
        expect_registered(session, key, &b);
        ck_assert_uint_eq(find_all(session, privates, 1, NULL), 0);
        ck_assert_uint_eq(find_all(session, publics, 1, NULL), 1);
        ck_assert_int_eq(f->C_DestroyObject(session, key), CKR_OK);
        ck_assert_uint_eq(find_all(session, publics, 1, NULL), 0);
        ck_assert_int_eq(count_rows("SELECT count(*) FROM key"), 0);
        browser_close(&b);
    }
}
END_TEST

/* Not by any search, and by no handle. */
START_TEST(there_is_no_private_half) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser b = browser_open(1);
    CK_OBJECT_HANDLE key = browser_import(session, &b);
    CK_BYTE point[67], id[] = "browser";
    get_value(session, key, CKA_EC_POINT, point, sizeof point);
    CK_ATTRIBUTE by_label[] = {TEXT(CKA_LABEL, "k"), ATTR(CKA_CLASS, class_private)};
    CK_ATTRIBUTE by_id[] = {{CKA_ID, id, 7}, ATTR(CKA_CLASS, class_private)};
    CK_ATTRIBUTE by_point[] = {ATTR(CKA_EC_POINT, point), ATTR(CKA_CLASS, class_private)};
    CK_ATTRIBUTE by_sign[] = {ATTR(CKA_SIGN, yes)};
    CK_ATTRIBUTE by_home[] = {TEXT(CKA_VALETKEY_HOME, "remote")};
    CK_OBJECT_HANDLE found = 0;
    ck_assert_uint_eq(find_all(session, by_label, COUNT(by_label), NULL), 0);
    ck_assert_uint_eq(find_all(session, by_id, COUNT(by_id), NULL), 0);
    ck_assert_uint_eq(find_all(session, by_point, COUNT(by_point), NULL), 0);
    ck_assert_uint_eq(find_all(session, by_sign, COUNT(by_sign), NULL), 0);
    ck_assert_uint_eq(find_all(session, by_home, COUNT(by_home), &found), 1);
    ck_assert_uint_eq(found, key);
    ck_assert_uint_ne(find_object(session, CKO_DATA, "k"), 0); /* its policy */
    /* The other half cannot be put beside it, nor can it be made twice. */
    registration r = registration_of(&b);
    ck_assert_int_eq(registration_create(session, &r, &found), CKR_TEMPLATE_INCONSISTENT);
    registration_clear(&r);
    browser_close(&b);
}
END_TEST

START_TEST(it_is_called_as_its_user_calls_it) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser b = browser_open(3);
    CK_OBJECT_HANDLE key = browser_import(session, &b);
    CK_ATTRIBUTE renamed[] = {TEXT(CKA_LABEL, "other")}, old[] = {TEXT(CKA_LABEL, "k")};
    ck_assert_int_eq(f->C_SetAttributeValue(session, key, renamed, 1), CKR_OK);
    ck_assert_uint_eq(find_all(session, old, 1, NULL), 0);
    ck_assert_uint_eq(find_all(session, renamed, 1, NULL), 2); /* and its policy */
    ck_assert_int_eq(f->C_SetAttributeValue(session, key, old, 1), CKR_OK);
    grant_approved(session, pair_of(key), CHAIN, 0);
    /* Only the user changes or removes it. */
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(f->C_SetAttributeValue(session, key, renamed, 1), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(f->C_DestroyObject(session, key), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(f->C_DestroyObject(session, key), CKR_OK);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM approval"), 0);
    browser_close(&b);
}
END_TEST

/* A public key that was there becomes the passkey. */
START_TEST(a_public_key_is_completed) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser b = browser_open(1);
    CK_OBJECT_HANDLE key = browser_import(session, &b), bare;
    CK_BYTE point[67];
    get_value(session, key, CKA_EC_POINT, point, sizeof point);
    ck_assert_int_eq(f->C_DestroyObject(session, key), CKR_OK);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_public), ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, yes), ATTR(CKA_EC_PARAMS, p256),
                            ATTR(CKA_EC_POINT, point)};
    ck_assert_int_eq(f->C_CreateObject(session, templ, COUNT(templ), &bare), CKR_OK);
    ck_assert_int_eq(get_rv(session, bare, CKA_VALETKEY_HOME), CKR_ATTRIBUTE_TYPE_INVALID);
    key = browser_import(session, &b);
    ck_assert_uint_eq(key, bare);
    expect_registered(session, key, &b);
    browser_close(&b);
}
END_TEST

/* ---- What does not come in ---- */

static void refuse(CK_SESSION_HANDLE session, registration *r, CK_RV expected) {
    CK_OBJECT_HANDLE out;
    ck_assert_int_eq(registration_create(session, r, &out), expected);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM key"), 0);
}

static void refuse_text(CK_SESSION_HANDLE session, const browser *b, CK_ATTRIBUTE_TYPE type,
                        const char *text, CK_RV expected) {
    registration r = registration_of(b);
    registration_set(&r, type, text, strlen(text));
    refuse(session, &r, expected);
    registration_clear(&r);
}

START_TEST(wrong_client_data) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser b = browser_open(1);
    const char *client_data = vectors_text(b.registration, "clientDataJSON");
    const cJSON *assertion = cJSON_GetArrayItem(vectors_get(b.vector, "assertions"), 0);
    refuse_text(session, &b, CKA_VALETKEY_ORIGIN, "http://localhost:8081",
                CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_RP_ID, "localhost.example", CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_REGISTRATION_CHALLENGE, "another challenge",
                CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_REGISTRATION_CHALLENGE, "short",
                CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                vectors_text(assertion, "clientDataJSON"), CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_ATTESTATION_CLIENT_DATA, "{}",
                CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_ATTESTATION, client_data, CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_text(session, &b, CKA_VALETKEY_POLICY, "[{\"type\":\"nonsense\"}]",
                CKR_ATTRIBUTE_VALUE_INVALID);
    /* The right type, said of an assertion: only "create" becomes "get". */
    char other[1024];
    snprintf(other, sizeof other, "{\"type\":\"webauthn.get\"%s", strchr(client_data, ','));
    refuse_text(session, &b, CKA_VALETKEY_ATTESTATION_CLIENT_DATA, other,
                CKR_ATTRIBUTE_VALUE_INVALID);
    browser_close(&b);
}
END_TEST

/* Where authData begins in the attestation of s01: behind its heads. */
static uint8_t *auth_data_in(registration *r) {
    static const uint8_t rp_id_hash[] = {0x49, 0x96, 0x0d, 0xe5};
    for (size_t i = 0; i + sizeof rp_id_hash < r->attestation.len; i++) {
        if (memcmp(r->attestation.data + i, rp_id_hash, sizeof rp_id_hash) == 0) {
            return r->attestation.data + i;
        }
    }
    ck_abort_msg("there is no authData");
    return NULL;
}

static void refuse_byte(CK_SESSION_HANDLE session, const browser *b, size_t at, uint8_t flip,
                        CK_RV expected) {
    registration r = registration_of(b);
    auth_data_in(&r)[at] ^= flip;
    refuse(session, &r, expected);
    registration_clear(&r);
}

START_TEST(wrong_attestations) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser none = browser_open(1), packed = browser_open(2);
    refuse_byte(session, &none, 0, 0x01, CKR_ATTRIBUTE_VALUE_INVALID);  /* another site's */
    refuse_byte(session, &none, 32, 0x01, CKR_ACTION_PROHIBITED);       /* UP */
    refuse_byte(session, &none, 32, 0x04, CKR_ACTION_PROHIBITED);       /* UV */
    refuse_byte(session, &none, 32, 0x10, CKR_ACTION_PROHIBITED);       /* BS without BE */
    refuse_byte(session, &none, 32, 0x40, CKR_ATTRIBUTE_VALUE_INVALID); /* AT */
    refuse_byte(session, &none, 32, 0x80, CKR_ATTRIBUTE_VALUE_INVALID); /* ED */
    refuse_byte(session, &none, 54, 0xff, CKR_ATTRIBUTE_VALUE_INVALID); /* length of the id */
    /* The last byte of all is one of the point's, which is then off the curve. */
    registration r = registration_of(&none);
    r.attestation.data[r.attestation.len - 1] ^= 1;
    refuse(session, &r, CKR_ATTRIBUTE_VALUE_INVALID);
    registration_clear(&r);
    /* What the statement is of: the count, and the credential id. */
    refuse_byte(session, &packed, 36, 0x01, CKR_ATTRIBUTE_VALUE_INVALID);
    refuse_byte(session, &packed, 55, 0x01, CKR_ATTRIBUTE_VALUE_INVALID);
    for (size_t len = 1; len < 194; len += 7) {
        r = registration_of(&none);
        registration_set(&r, CKA_VALETKEY_ATTESTATION, r.attestation.data, len);
        refuse(session, &r, CKR_ATTRIBUTE_VALUE_INVALID);
        registration_clear(&r);
    }
    browser_close(&none);
    browser_close(&packed);
}
END_TEST

START_TEST(incomplete_templates) {
    static const CK_ATTRIBUTE_TYPE needed[] = {
        CKA_VALETKEY_ATTESTATION, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
        CKA_VALETKEY_REGISTRATION_CHALLENGE, CKA_VALETKEY_RP_ID, CKA_VALETKEY_ORIGIN};
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser b = browser_open(1);
    for (size_t i = 0; i < COUNT(needed); i++) {
        registration r = registration_of(&b);
        registration_drop(&r, needed[i]);
        refuse(session, &r, CKR_TEMPLATE_INCOMPLETE);
        registration_clear(&r);
    }
    registration r = registration_of(&b);
    registration_set(&r, CKA_EC_PARAMS, secp256k1, sizeof secp256k1);
    refuse(session, &r, CKR_TEMPLATE_INCONSISTENT);
    registration_set(&r, CKA_EC_PARAMS, p256, sizeof p256);
    registration_set(&r, CKA_TOKEN, &no, sizeof no);
    refuse(session, &r, CKR_TEMPLATE_INCONSISTENT);
    registration_set(&r, CKA_TOKEN, &yes, sizeof yes);
    registration_set(&r, CKA_VALETKEY_CREDENTIAL_ID, p256, sizeof p256);
    refuse(session, &r, CKR_ATTRIBUTE_READ_ONLY);
    registration_drop(&r, CKA_VALETKEY_CREDENTIAL_ID);
    CK_BYTE point[65] = {0x04};
    registration_set(&r, CKA_EC_POINT, point, sizeof point);
    refuse(session, &r, CKR_ATTRIBUTE_VALUE_INVALID);
    registration_clear(&r);
    browser_close(&b);
}
END_TEST

START_TEST(only_the_user_brings_one_in) {
    browser b = browser_open(1);
    registration r = registration_of(&b);
    CK_OBJECT_HANDLE out;
    CK_SESSION_HANDLE session = open_session("plain", true);
    refuse(session, &r, CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    refuse(session, &r, CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    CK_SESSION_HANDLE reader = open_session("plain", false);
    refuse(reader, &r, CKR_SESSION_READ_ONLY);
    /* Nothing of it is a generated pair's to tell on its public half. */
    CK_MECHANISM make = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE half[] = {ATTR(CKA_EC_PARAMS, p256), TEXT(CKA_VALETKEY_RP_ID, "localhost"),
                           ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE other[] = {ATTR(CKA_TOKEN, yes)};
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &make, half, COUNT(half), other, 1, &out, &out),
                     CKR_ATTRIBUTE_READ_ONLY);
    registration_clear(&r);
    browser_close(&b);
}
END_TEST

/* ---- Whom to believe ---- */

/* The one certificate of a packed attestation, a view into it. */
static vk_bytes certificate_in(const registration *r) {
    vk_attestation attestation;
    ck_assert_int_eq(vk_attestation_read(vk_buf_view(&r->attestation), &attestation, NULL), VK_OK);
    ck_assert_uint_gt(attestation.certificate_count, 0);
    return attestation.certificates[attestation.certificate_count - 1];
}

START_TEST(trust_anchors) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    browser none = browser_open(1), packed = browser_open(2), other = browser_open(8);
    registration r = registration_of(&packed), unsigned_one = registration_of(&none);
    registration stranger = registration_of(&other);
    vk_bytes anchor = certificate_in(&r), strange = certificate_in(&stranger);
    CK_OBJECT_HANDLE key;
    vk_buf both = {0};
    vk_buf_put(&both, strange.data, strange.len);
    vk_buf_put(&both, anchor.data, anchor.len);
    registration_set(&unsigned_one, CKA_VALETKEY_TRUST_ANCHORS, anchor.data, anchor.len);
    refuse(session, &unsigned_one, CKR_ATTRIBUTE_VALUE_INVALID);
    registration_set(&r, CKA_VALETKEY_TRUST_ANCHORS, anchor.data, anchor.len - 1);
    refuse(session, &r, CKR_ATTRIBUTE_VALUE_INVALID);
    if (!vk_bytes_equal(anchor, strange)) {
        registration_set(&r, CKA_VALETKEY_TRUST_ANCHORS, strange.data, strange.len);
        refuse(session, &r, CKR_ATTRIBUTE_VALUE_INVALID);
    }
    registration_set(&r, CKA_VALETKEY_TRUST_ANCHORS, both.data, both.len);
    ck_assert_int_eq(registration_create(session, &r, &key), CKR_OK);
    vk_buf_clear(&both);
    registration_clear(&r);
    registration_clear(&unsigned_one);
    registration_clear(&stranger);
    browser_close(&none);
    browser_close(&packed);
    browser_close(&other);
}
END_TEST

Suite *browser_suite(void) {
    Suite *suite = suite_create("passkeys of browsers");
    TCase *in = started_case("registrations");
    tcase_add_test(in, every_registration_becomes_a_public_key);
    tcase_add_test(in, there_is_no_private_half);
    tcase_add_test(in, it_is_called_as_its_user_calls_it);
    tcase_add_test(in, a_public_key_is_completed);
    tcase_add_test(in, wrong_client_data);
    tcase_add_test(in, wrong_attestations);
    tcase_add_test(in, incomplete_templates);
    tcase_add_test(in, only_the_user_brings_one_in);
    tcase_add_test(in, trust_anchors);
    suite_add_tcase(suite, in);
    suite_add_tcase(suite, assertion_case());
    return suite;
}
