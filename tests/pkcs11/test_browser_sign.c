/* Passkeys of browsers: what their assertions sign. */
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

/* The members of a payload, both of the inner ones empty. */
#define EMPTY_MEMBERS                                                                              \
    "{\"chainId\":8453,\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\","             \
    "\"userOp\":{},\"assertion\":{}}"

START_TEST(malformed_payloads) {
    static const char *const bad[] = {"", "{}", "[]", "null", "{\"assertion\":{}}", EMPTY_MEMBERS};
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

TCase *assertion_case(void) {
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
    return signatures;
}
