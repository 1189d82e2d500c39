/* Passkeys of browsers: what comes in, what does not, and what their assertions sign. */
#include "browser.h"
#include "message_support.h"

#include <string.h>

static pair pair_of(CK_OBJECT_HANDLE key) {
    return (pair){key, key};
}

static void expect_denial(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *begins) {
    char text[1024] = {0};
    get_value(session, key, CKA_VALETKEY_LAST_DENIAL, text, sizeof text - 1);
    ck_assert_msg(strncmp(text, begins, strlen(begins)) == 0, "the last denial is %s", text);
}

static CK_RV sign_payload(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *payload,
                          CK_BYTE *signature, CK_ULONG *len) {
    const vk_bytes data = {(const uint8_t *)payload, strlen(payload)};
    return sign_once(session, key, CKM_VALETKEY_USEROP_ASSERTION, data, signature, len);
}

static CK_RV sign_answer(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const operation *op,
                         const answer *a, vk_buf *out) {
    CK_BYTE signature[16384];
    CK_ULONG len = sizeof signature;
    char *payload = payload_of(op, a, "");
    CK_RV rv = sign_payload(session, key, payload, signature, &len);
    if (rv == CKR_OK && out != NULL) {
        vk_buf_put(out, signature, len);
    }
    vk_text_free(payload);
    return rv;
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

/* ---- Signatures ---- */

static void expect_finished(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const operation *op,
                            const answer *a, vk_bytes signature) {
    CK_BYTE point[67];
    uint8_t signature64[64];
    vk_buf encoded = {0};
    vk_webauthn_assertion assertion = {.auth_data = vk_buf_view(&a->auth_data),
                                       .client_data = vk_buf_view(&a->client_data),
                                       .use_precompiled = vk_webauthn_chain_has_precompile(CHAIN)};
    ck_assert_int_eq(vk_p256_signature_read(vk_buf_view(&a->signature), signature64, NULL), VK_OK);
    memcpy(assertion.r, signature64, 32);
    memcpy(assertion.s, signature64 + 32, 32);
    vk_p256_lower_s(assertion.s);
    ck_assert_int_eq(vk_webauthn_encode(&assertion, &encoded), VK_OK);
    ck_assert_uint_eq(signature.len, encoded.len + 1);
    ck_assert_int_eq(signature.data[0], 0xff);
    ck_assert_mem_eq(signature.data + 1, encoded.data, encoded.len);
    get_value(session, key, CKA_EC_POINT, point, sizeof point);
    ck_assert_int_eq(vk_webauthn_verify(vk_buf_view(&encoded), &op->hash, point + 2, NULL), VK_OK);
    vk_buf_clear(&encoded);
}

/* Every assertion of every vector, made again for an operation: good where the chain said so. */
START_TEST(assertions_sign_as_the_chain_judged_them) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    int accepted = 0, refused = 0;
    for (int i = 1; i <= BROWSER_PASSKEYS; i++) {
        browser b = browser_open(i);
        CK_OBJECT_HANDLE key = browser_import(session, &b);
        grant_installed(session, pair_of(key), CHAIN, 0);
        for (int j = 0; j < cJSON_GetArraySize(vectors_get(b.vector, "assertions")); j++) {
            const cJSON *made = cJSON_GetArrayItem(vectors_get(b.vector, "assertions"), j);
            bool good = cJSON_IsTrue(vectors_get(vectors_get(made, "chain"), "accepted"));
            operation op = operation_of(session, key, false, (uint64_t)j);
            answer a = browser_answer(&b, j, &op.hash);
            vk_buf signature = {0};
            ck_assert_int_eq(sign_answer(session, key, &op, &a, &signature),
                             good ? CKR_OK : CKR_FUNCTION_REJECTED);
            if (good) {
                expect_finished(session, key, &op, &a, vk_buf_view(&signature));
                accepted++;
            } else {
                expect_denial(session, key, "assertion: authenticatorData: the user was not veri");
                refused++;
            }
            vk_buf_clear(&signature);
            answer_clear(&a);
            vk_text_free(op.json);
        }
        ck_assert_int_eq(f->C_DestroyObject(session, key), CKR_OK);
        browser_close(&b);
    }
    ck_assert_int_eq(accepted, 22);
    ck_assert_int_eq(refused, 2);
}
END_TEST

/* A passkey with a grant and an operation for it. */
typedef struct fixture {
    CK_SESSION_HANDLE session;
    browser b;
    CK_OBJECT_HANDLE key;
    operation op;
} fixture;

static fixture set_up(bool approved) {
    fixture x = {.session = login("plain", CKU_USER), .b = browser_open(1)};
    x.key = browser_import(x.session, &x.b);
    (approved ? grant_approved : grant_installed)(x.session, pair_of(x.key), CHAIN, 0);
    x.op = operation_of(x.session, x.key, approved, 0);
    return x;
}

static void tear_down(fixture *x) {
    vk_text_free(x->op.json);
    browser_close(&x->b);
}

static void gas_left(const fixture *x, uint8_t left[32]) {
    ck_assert_uint_eq(get_value(x->session, x->key, CKA_VALETKEY_GAS_LEFT, left, 32), 32);
}

static void expect_unspent(const fixture *x) {
    uint8_t left[32];
    vk_u256 all;
    gas_left(x, left);
    ck_assert_int_eq(vk_u256_read_decimal("10000000000000000", 17, &all), VK_OK);
    ck_assert_mem_eq(left, all.be, sizeof left);
}

START_TEST(an_approval_comes_along_once) {
    fixture x = set_up(true);
    uint8_t before[32], after[32];
    vk_buf first = {0}, second = {0};
    answer a = browser_answer(&x.b, 0, &x.op.hash);
    gas_left(&x, before);
    ck_assert_int_eq(sign_answer(x.session, x.key, &x.op, &a, &first), CKR_OK);
    gas_left(&x, after);
    ck_assert_mem_ne(before, after, sizeof before);
    answer_clear(&a);
    operation next = operation_of(x.session, x.key, false, 0);
    a = browser_answer(&x.b, 1, &next.hash);
    answer_sign_high(&x.b, &a);
    ck_assert_int_eq(sign_answer(x.session, x.key, &next, &a, &second), CKR_OK);
    expect_finished(x.session, x.key, &next, &a, vk_buf_view(&second));
    /* In enable mode the owner's approval stands around the same form. */
    ck_assert_uint_gt(first.len, second.len + 500);
    CK_BYTE count[4];
    get_value(x.session, x.key, CKA_VALETKEY_SIGN_COUNT, count, sizeof count);
    ck_assert_int_eq(count[3], 3);
    answer_clear(&a);
    vk_buf_clear(&first);
    vk_buf_clear(&second);
    vk_text_free(next.json);
    tear_down(&x);
}
END_TEST

START_TEST(lengths_cost_nothing) {
    fixture x = set_up(false);
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP_ASSERTION, NULL, 0};
    CK_BYTE signature[8192];
    CK_ULONG len = 0, expected;
    answer a = browser_answer(&x.b, 0, &x.op.hash);
    char *payload = payload_of(&x.op, &a, "");
    CK_BYTE *data = (CK_BYTE *)payload;
    ck_assert_int_eq(f->C_SignInit(x.session, &mechanism, x.key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(x.session, data, strlen(payload), NULL, &len), CKR_OK);
    expected = len--;
    ck_assert_int_eq(f->C_Sign(x.session, data, strlen(payload), signature, &len),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, expected);
    expect_unspent(&x);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal"), 0);
    ck_assert_int_eq(f->C_Sign(x.session, data, strlen(payload), signature, &len), CKR_OK);
    ck_assert_uint_eq(len, expected);
    /* In parts, too; the counter has gone on. */
    operation next = operation_of(x.session, x.key, false, 1);
    answer b = browser_answer(&x.b, 1, &next.hash);
    char *again = payload_of(&next, &b, "");
    len = sizeof signature;
    ck_assert_int_eq(f->C_SignInit(x.session, &mechanism, x.key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(x.session, (CK_BYTE *)again, 100), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(x.session, (CK_BYTE *)again + 100, strlen(again) - 100),
                     CKR_OK);
    ck_assert_int_eq(f->C_SignFinal(x.session, signature, &len), CKR_OK);
    vk_text_free(payload);
    vk_text_free(again);
    vk_text_free(next.json);
    answer_clear(&a);
    answer_clear(&b);
    tear_down(&x);
}
END_TEST

typedef void (*spoil)(const browser *b, answer *a);

static void replace_text(vk_buf *text, const char *from, const char *to) {
    vk_buf_put_byte(text, 0);
    char *at = strstr((char *)text->data, from);
    ck_assert_ptr_nonnull(at);
    vk_buf out = {0};
    vk_buf_put(&out, text->data, (size_t)(at - (char *)text->data));
    vk_buf_put_text(&out, to);
    vk_buf_put_text(&out, at + strlen(from));
    vk_buf_clear(text);
    *text = out;
}

static void other_origin(const browser *b, answer *a) {
    replace_text(&a->client_data, "localhost:8080", "localhost:8081");
    answer_sign(b, a);
}
static void other_type(const browser *b, answer *a) {
    replace_text(&a->client_data, "webauthn.get", "webauthn.create");
    answer_sign(b, a);
}
static void other_challenge(const browser *b, answer *a) {
    const vk_hash other = {{1}};
    answer_clear(a);
    *a = browser_answer(b, 0, &other);
}
static void challenge_elsewhere(const browser *b, answer *a) {
    replace_text(&a->client_data, "{\"type\":\"webauthn.get\",", "{ \"type\":\"webauthn.get\",");
    answer_sign(b, a);
}
static void other_site(const browser *b, answer *a) {
    a->auth_data.data[0] ^= 1;
    answer_sign(b, a);
}
static void not_present(const browser *b, answer *a) {
    a->auth_data.data[32] &= 0xfe;
    answer_sign(b, a);
}
static void not_verified(const browser *b, answer *a) {
    a->auth_data.data[32] &= 0xfb;
    answer_sign(b, a);
}
static void backed_up(const browser *b, answer *a) {
    a->auth_data.data[32] |= 0x10;
    answer_sign(b, a);
}
static void trailing_byte(const browser *b, answer *a) {
    vk_buf_put_byte(&a->auth_data, 0);
    answer_sign(b, a);
}
static void other_key(const browser *b, answer *a) {
    browser other = browser_open(3);
    (void)b;
    answer_sign(&other, a);
    browser_close(&other);
}
static void changed_later(const browser *b, answer *a) {
    (void)b;
    a->auth_data.data[36] ^= 0x40;
}
static void no_der(const browser *b, answer *a) {
    (void)b;
    a->signature.data[0] ^= 1;
}

START_TEST(assertions_that_do_not_hold) {
    static const struct {
        spoil how;
        const char *denial;
    } cases[] = {
        {other_origin, "assertion: clientDataJSON.origin: the origin is"},
        {other_type, "assertion: clientDataJSON.type: the type is webauthn.create"},
        {other_challenge, "assertion: clientDataJSON.challenge: "},
        {challenge_elsewhere, "assertion: clientDataJSON: the challenge is another one, or else"},
        {other_site, "assertion: authenticatorData: rpIdHash"},
        {not_present, "assertion: authenticatorData: the user was not present"},
        {not_verified, "assertion: authenticatorData: the user was not verified"},
        {backed_up, "assertion: authenticatorData: backed up"},
        {trailing_byte, "assertion: authenticatorData: "},
        {other_key, "assertion: signature: "},
        {changed_later, "assertion: signature: "},
        {no_der, "assertion: signature: "},
    };
    fixture x = set_up(false);
    for (size_t i = 0; i < COUNT(cases); i++) {
        answer a = browser_answer(&x.b, 0, &x.op.hash);
        cases[i].how(&x.b, &a);
        ck_assert_int_eq(sign_answer(x.session, x.key, &x.op, &a, NULL), CKR_FUNCTION_REJECTED);
        expect_denial(x.session, x.key, cases[i].denial);
        answer_clear(&a);
    }
    expect_unspent(&x);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal"), COUNT(cases));
    tear_down(&x);
}
END_TEST

/* A good assertion does not help an operation that the policy refuses, and is not used up by it. */
START_TEST(the_policy_is_asked) {
    fixture x = set_up(false);
    operation dear = x.op;
    vk_buf text = {0};
    vk_buf_put_text(&text, x.op.json);
    replace_text(&text, "\"maxFeePerGas\":\"0x3b9aca00\"", "\"maxFeePerGas\":\"0x3b9aca000000\"");
    dear.json = vk_buf_take_text(&text);
    vk_userop op;
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    const vk_bytes json = {(const uint8_t *)dear.json, strlen(dear.json)};
    ck_assert_int_eq(vk_userop_read_json(json, VK_ENTRY_POINT_0_7, &op, NULL), VK_OK);
    ck_assert_int_eq(vk_userop_hash(&op, CHAIN, &entry_point, &dear.hash), VK_OK);
    vk_userop_clear(&op);
    answer a = browser_answer(&x.b, 0, &dear.hash);
    ck_assert_int_eq(sign_answer(x.session, x.key, &dear, &a, NULL), CKR_FUNCTION_REJECTED);
    expect_denial(x.session, x.key, "gas: ");
    expect_unspent(&x);
    answer_clear(&a);
    a = browser_answer(&x.b, 0, &x.op.hash);
    ck_assert_int_eq(sign_answer(x.session, x.key, &x.op, &a, NULL), CKR_OK);
    answer_clear(&a);
    vk_text_free(dear.json);
    tear_down(&x);
}
END_TEST

START_TEST(a_counter_goes_up) {
    fixture x = set_up(false);
    answer a = browser_answer(&x.b, 1, &x.op.hash);
    ck_assert_int_eq(sign_answer(x.session, x.key, &x.op, &a, NULL), CKR_OK);
    answer_clear(&a);
    operation next = operation_of(x.session, x.key, false, 1);
    a = browser_answer(&x.b, 0, &next.hash); /* counts less */
    ck_assert_int_eq(sign_answer(x.session, x.key, &next, &a, NULL), CKR_FUNCTION_REJECTED);
    expect_denial(x.session, x.key, "signCount: ");
    answer_clear(&a);
    a = browser_answer(&x.b, 2, &next.hash);
    ck_assert_int_eq(sign_answer(x.session, x.key, &next, &a, NULL), CKR_OK);
    answer_clear(&a);
    vk_text_free(next.json);
    tear_down(&x);
}
END_TEST

START_TEST(malformed_payloads) {
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"assertion\":{}}",
        "{\"chainId\":8453,\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\","
        "\"userOp\":{},\"assertion\":{}}"};
    fixture x = set_up(false);
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_int_eq(sign_payload(x.session, x.key, bad[i], signature, &len), CKR_DATA_INVALID);
    }
    /* An operation without an assertion, one with more than that, and one twice. */
    ck_assert_int_eq(sign_payload(x.session, x.key, x.op.json, signature, &len), CKR_DATA_INVALID);
    answer a = browser_answer(&x.b, 0, &x.op.hash);
    char *more = payload_of(&x.op, &a, ",\"more\":1");
    char *twice = payload_of(&x.op, &a, ",\"chainId\":8453");
    ck_assert_int_eq(sign_payload(x.session, x.key, more, signature, &len), CKR_DATA_INVALID);
    ck_assert_int_eq(sign_payload(x.session, x.key, twice, signature, &len), CKR_DATA_INVALID);
    vk_text_free(more);
    vk_text_free(twice);
    vk_buf_put_zeros(&a.signature, 100);
    ck_assert_int_eq(sign_answer(x.session, x.key, &x.op, &a, NULL), CKR_DATA_LEN_RANGE);
    expect_unspent(&x);
    answer_clear(&a);
    tear_down(&x);
}
END_TEST

START_TEST(no_other_mechanism_signs_with_it) {
    static const CK_MECHANISM_TYPE others[] = {CKM_ECDSA,
                                               CKM_ECDSA_SHA256,
                                               CKM_VALETKEY_USEROP,
                                               CKM_VALETKEY_USEROP_SESSION,
                                               CKM_VALETKEY_MESSAGE,
                                               CKM_VALETKEY_TYPED_DATA,
                                               CKM_VALETKEY_MESSAGE_REQUEST};
    fixture x = set_up(false);
    for (size_t i = 0; i < COUNT(others); i++) {
        CK_MECHANISM mechanism = {others[i], NULL, 0};
        ck_assert_int_eq(f->C_SignInit(x.session, &mechanism, x.key),
                         CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
    CK_OBJECT_HANDLE out;
    ck_assert_int_eq(write_data(x.session, VK_APPLICATION_USEROP, "k", x.op.json, &out),
                     CKR_FUNCTION_REJECTED);
    CK_MECHANISM_TYPE allowed[16];
    CK_ULONG len = get_value(x.session, x.key, CKA_ALLOWED_MECHANISMS, allowed, sizeof allowed);
    ck_assert_uint_gt(len, sizeof allowed[0]);
    ck_assert_uint_eq(allowed[0], CKM_VALETKEY_USEROP_ASSERTION);
    /* And no other key signs by this one. */
    CK_MECHANISM assertion = {CKM_VALETKEY_USEROP_ASSERTION, NULL, 0};
    pair keys = GENERATE(x.session, p256, "here");
    ck_assert_int_eq(f->C_SignInit(x.session, &assertion, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_SignInit(x.session, &assertion, keys.public_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_Logout(x.session), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(x.session, &assertion, x.key), CKR_USER_NOT_LOGGED_IN);
    tear_down(&x);
}
END_TEST

/* Somebody with the files cannot make it a key of another home, nor of another site. */
START_TEST(the_seal_vouches_for_it) {
    static const char *const edits[] = {"UPDATE key SET origin = 'https://evil.example'",
                                        "UPDATE key SET home = 0", "UPDATE key SET policy = '[]'"};
    for (size_t i = 0; i < COUNT(edits); i++) {
        fixture x = set_up(false);
        answer a = browser_answer(&x.b, 0, &x.op.hash);
        edit_tokens(edits[i]);
        CK_RV rv = sign_answer(x.session, x.key, &x.op, &a, NULL);
        ck_assert_msg(rv == CKR_DEVICE_ERROR, "0x%lx after %s", rv, edits[i]);
        answer_clear(&a);
        tear_down(&x);
        stop();
        start();
    }
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
    TCase *signatures = started_case("assertions");
    tcase_add_test(signatures, assertions_sign_as_the_chain_judged_them);
    tcase_add_test(signatures, an_approval_comes_along_once);
    tcase_add_test(signatures, lengths_cost_nothing);
    tcase_add_test(signatures, assertions_that_do_not_hold);
    tcase_add_test(signatures, the_policy_is_asked);
    tcase_add_test(signatures, a_counter_goes_up);
    tcase_add_test(signatures, malformed_payloads);
    tcase_add_test(signatures, no_other_mechanism_signs_with_it);
    tcase_add_test(signatures, the_seal_vouches_for_it);
    suite_add_tcase(suite, signatures);
    return suite;
}
