/* Assertions: the SDK's bytes, the contract's verdicts, malformed encodings. */
#include "kernel_support.h"

#include <check.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static const char origin[] = "https://wallet.example";

/* ---- The SDK's bytes ---- */

static void check_encoded(const cJSON *one) {
    const cJSON *in = vectors_get(one, "in");
    vk_buf encoded = kernel_assertion(vectors_get(in, "assertion"), vectors_u64(in, "chainId"));
    kernel_check_hex(vk_buf_view(&encoded), vectors_text(vectors_get(one, "out"), "signature"));
    vk_buf_clear(&encoded);
}

static void check_der(const cJSON *one) {
    uint8_t r[32], s[32];
    kernel_der(vectors_get(one, "in"), r, s);
    vk_u256 expected_r = vectors_u256(vectors_get(one, "out"), "r");
    vk_u256 expected_s = vectors_u256(vectors_get(one, "out"), "s");
    ck_assert_mem_eq(r, expected_r.be, 32);
    ck_assert_mem_eq(s, expected_s.be, 32);
}

START_TEST(test_encoding) {
    cJSON *file = vectors_load("webauthn_signature.json");
    const cJSON *one;
    size_t encoded = 0, der = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (cJSON_GetObjectItem(vectors_get(one, "in"), "assertion") != NULL) {
            check_encoded(one);
            encoded++;
        } else {
            check_der(one);
            der++;
        }
    }
    ck_assert_uint_eq(encoded, 35);
    ck_assert_uint_eq(der, 12);
    cJSON_Delete(file);
}
END_TEST

/* usePrecompiled as the SDK decided it, by chain. */
START_TEST(test_precompile) {
    cJSON *file = vectors_load("webauthn_signature.json");
    const cJSON *one;
    size_t yes = 0, no = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *flag = cJSON_GetObjectItem(vectors_get(one, "out"), "usePrecompiled");
        if (flag == NULL) {
            continue;
        }
        bool found =
            vk_webauthn_chain_has_precompile(vectors_u64(vectors_get(one, "in"), "chainId"));
        ck_assert(found == cJSON_IsTrue(flag));
        *(found ? &yes : &no) += 1;
    }
    ck_assert_uint_eq(yes + no, 33);
    ck_assert(vk_webauthn_chain_has_precompile(1));
    ck_assert(vk_webauthn_chain_has_precompile(88153591557));
    ck_assert(!vk_webauthn_chain_has_precompile(0));
    ck_assert(!vk_webauthn_chain_has_precompile(31337));
    cJSON_Delete(file);
}
END_TEST

/* Written out here, not by the code under test: the SDK's bytes and one place of the difference. */
START_TEST(test_as_sdk) {
    static const char text[] = "{\"n\":\"\xc3\xa9\",\"type\":\"webauthn.get\"}";
    static const char doubled[] = "{\"n\":\"\xc3\x83\xc2\xa9\",\"type\":\"webauthn.get\"}";
    vk_webauthn_assertion parts = {.client_data = {(const uint8_t *)text, sizeof text - 1}};
    vk_webauthn_assertion decoded;
    vk_buf right = {0}, sdk = {0};
    size_t location = 0;
    ck_assert_int_eq(vk_webauthn_encode(&parts, &right), VK_OK);
    ck_assert_int_eq(vk_webauthn_decode(vk_buf_view(&right), &decoded, &location, NULL), VK_OK);
    ck_assert_uint_eq(location, 10);
    ck_assert(vk_bytes_equal(decoded.client_data, parts.client_data));
    ck_assert_int_eq(vk_webauthn_encode_as_sdk(&parts, &sdk), VK_OK);
    ck_assert_int_eq(vk_webauthn_decode(vk_buf_view(&sdk), &decoded, &location, NULL), VK_OK);
    ck_assert_uint_eq(location, 10);
    ck_assert(vk_bytes_equal(decoded.client_data,
                             (vk_bytes){(const uint8_t *)doubled, sizeof doubled - 1}));
    parts.client_data.len = 8;
    ck_assert_int_eq(vk_webauthn_encode_as_sdk(&parts, &sdk), VK_ERR_FORMAT);
    vk_buf_clear(&right);
    vk_buf_clear(&sdk);
}
END_TEST

START_TEST(test_stub) {
    cJSON *file = vectors_load("webauthn_signature.json");
    const cJSON *out = vectors_get(vectors_get(file, "cases")->child, "out");
    vk_buf stub = {0};
    ck_assert_int_eq(vk_webauthn_stub(&stub), VK_OK);
    kernel_check_hex(vk_buf_view(&stub), vectors_text(out, "dummySignature"));
    vk_buf_clear(&stub);
    cJSON_Delete(file);
}
END_TEST

START_TEST(test_signer_contracts) {
    vk_address address, patched;
    char text[43];
    ck_assert(vk_webauthn_signer_contract("0.0.1", &address));
    ck_assert(vk_webauthn_signer_contract("0.0.4", &patched));
    ck_assert(!vk_address_equal(&address, &patched));
    vk_address_text(&patched, text);
    ck_assert_str_eq(text, "0x65DEeC8fEe717dc044D0CFD63cCf55F02cCaC2b3");
    ck_assert(!vk_webauthn_signer_contract("0.0.5", &address));
    ck_assert(!vk_webauthn_signer_contract("", &address));
}
END_TEST

/* ---- DER ---- */

typedef struct der_case {
    const char *der;
    vk_status status;
} der_case;

#define N_LESS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

START_TEST(test_der_cases) {
    static const der_case cases[] = {
        {"0x3006020101020101", VK_OK},
        {"0x3026022100" N_LESS_1 "020101", VK_OK},
        {"0x3026022100" N "020101", VK_ERR_RANGE},
        {"0x3026020101022100" N, VK_ERR_RANGE},
        {"0x3006020100020101", VK_ERR_RANGE},
        {"0x3006020101020100", VK_ERR_RANGE},
        {"0x3006020101020181", VK_ERR_FORMAT},       /* negative */
        {"0x300702020001020101", VK_ERR_FORMAT},     /* a zero too many */
        {"0x30060201010201", VK_ERR_FORMAT},         /* ends early */
        {"0x300602010102010100", VK_ERR_FORMAT},     /* bytes follow */
        {"0x3009020101020101020101", VK_ERR_FORMAT}, /* a third number */
        {"0x300302010102", VK_ERR_FORMAT},
        {"0x30810602010102010100", VK_ERR_FORMAT},
        {"0x308106020101020101", VK_ERR_FORMAT}, /* length in the long form */
        {"0x30070281010102010100", VK_ERR_FORMAT},
        {"0x3080020101020101000000", VK_ERR_FORMAT}, /* indefinite length */
        {"0x3106020101020101", VK_ERR_FORMAT},       /* a set */
        {"0x30050201010200", VK_ERR_FORMAT},         /* a number without bytes */
        {"0x3027022201" N "00020101", VK_ERR_RANGE}, /* 34 bytes */
        {"0x", VK_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf der = vectors_hex(cases[i].der);
        uint8_t out[64] = {0}, untouched[64] = {0};
        vk_error err = {0};
        vk_status status = vk_p256_signature_read(vk_buf_view(&der), out, &err);
        ck_assert_msg(status == cases[i].status, "%s: %d", cases[i].der, status);
        ck_assert(status == VK_OK || memcmp(out, untouched, sizeof out) == 0);
        ck_assert(status == VK_OK || (err.status == status && err.message[0] != '\0'));
        vk_buf_clear(&der);
    }
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(test_der_truncated) {
    cJSON *file = vectors_load("webauthn_signature.json");
    const cJSON *assertion =
        vectors_get(vectors_get(vectors_get(file, "cases")->child, "in"), "assertion");
    vk_buf der = vectors_bytes(assertion, "signatureDer");
    uint8_t out[64];
    ck_assert_int_eq(vk_p256_signature_read(vk_buf_view(&der), out, NULL), VK_OK);
    for (size_t len = 0; len < der.len; len++) {
        ck_assert_int_eq(vk_p256_signature_read((vk_bytes){der.data, len}, out, NULL),
                         VK_ERR_FORMAT);
    }
    vk_buf_put_zeros(&der, 100);
    ck_assert_int_eq(vk_p256_signature_read(vk_buf_view(&der), out, NULL), VK_ERR_FORMAT);
    vk_buf_clear(&der);
    cJSON_Delete(file);
}
END_TEST

/* ---- The contract's verdicts ---- */

/* The digest, client data and key of a demo session: what the token makes itself. */
START_TEST(test_own_parts) {
    cJSON *file = vectors_load("session/passkey.json");
    const cJSON *op = vectors_get(file, "operations")->child;
    const cJSON *assertion = vectors_get(op, "assertion");
    vk_hash challenge = vectors_hash(op, "userOpHash");
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    vk_buf client_data = {0};
    ck_assert_int_eq(vk_webauthn_auth_data("wallet.example",
                                           VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV, 0, auth_data),
                     VK_OK);
    kernel_check_hex((vk_bytes){auth_data, sizeof auth_data},
                     vectors_text(assertion, "authenticatorData"));
    ck_assert_int_eq(vk_webauthn_client_data(&challenge, origin, &client_data), VK_OK);
    const char *expected = vectors_text(assertion, "clientDataJSON");
    ck_assert(vk_bytes_equal(vk_buf_view(&client_data),
                             (vk_bytes){(const uint8_t *)expected, strlen(expected)}));
    ck_assert_int_eq(vk_webauthn_auth_data("x", 0xff, 0x01020304, auth_data), VK_OK);
    ck_assert_mem_eq(auth_data + 32, "\xff\x01\x02\x03\x04", 5);
    vk_buf_clear(&client_data);
    ck_assert_int_eq(vk_webauthn_client_data(&challenge, "https://a\"b", &client_data),
                     VK_ERR_FORMAT);
    ck_assert_int_eq(vk_webauthn_client_data(&challenge, "https://\xc3\xa9", &client_data),
                     VK_ERR_FORMAT);
    vk_buf_clear(&client_data);
    cJSON_Delete(file);
}
END_TEST

static bool verify(vk_bytes encoded, const vk_hash *challenge, const uint8_t point65[65]) {
    vk_error err = {0};
    vk_status status = vk_webauthn_verify(encoded, challenge, point65, &err);
    ck_assert(status == VK_OK || status == VK_ERR_SIGNATURE);
    ck_assert(status == VK_OK || (err.status == status && err.message[0] != '\0'));
    return status == VK_OK;
}

START_TEST(test_onchain) {
    cJSON *file = vectors_load("onchain_webauthn.json");
    const cJSON *one;
    size_t accepted = 0, refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        uint8_t point65[65];
        kernel_passkey_point(in, point65);
        vk_hash hash = vectors_hash(in, "hash");
        vk_buf encoded = vectors_bytes(in, "signature");
        bool expected = cJSON_IsTrue(vectors_get(vectors_get(one, "out"), "accepted"));
        ck_assert_msg(verify(vk_buf_view(&encoded), &hash, point65) == expected, "%s",
                      vectors_text(in, "what"));
        *(expected ? &accepted : &refused) += 1;
        vk_buf_clear(&encoded);
    }
    ck_assert_uint_eq(accepted, 7);
    ck_assert_uint_eq(refused, 12);
    cJSON_Delete(file);
}
END_TEST

START_TEST(test_verdicts) {
    cJSON *file = vectors_load("verdicts/signer-webauthn.json");
    const cJSON *one, *step;
    size_t accepted = 0, refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        vk_signer signer = kernel_signer(vectors_get(one, "signer"));
        uint8_t point65[65] = {0x04};
        memcpy(point65 + 1, signer.x, 32);
        memcpy(point65 + 33, signer.y, 32);
        cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
            vk_hash hash = vectors_hash(step, "userOpHash");
            vk_buf signature = vectors_bytes(vectors_get(step, "userOp"), "signature");
            ck_assert_uint_eq(signature.data[0], 0xff);
            bool expected = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
            vk_bytes encoded = {signature.data + 1, signature.len - 1};
            ck_assert_msg(verify(encoded, &hash, point65) == expected, "%s",
                          vectors_text(one, "id"));
            *(expected ? &accepted : &refused) += 1;
            vk_buf_clear(&signature);
        }
    }
    ck_assert_uint_eq(accepted, 46);
    ck_assert_uint_eq(refused, 80);
    cJSON_Delete(file);
}
END_TEST

/* ---- Malformed encodings ---- */

typedef struct example {
    vk_buf encoded;
    vk_hash challenge;
    uint8_t point65[65];
} example;

static example new_example(void) {
    cJSON *file = vectors_load("onchain_webauthn.json");
    const cJSON *in = vectors_get(vectors_get(file, "cases")->child, "in");
    example out = {.encoded = vectors_bytes(in, "signature"),
                   .challenge = vectors_hash(in, "hash")};
    kernel_passkey_point(in, out.point65);
    cJSON_Delete(file);
    ck_assert(verify(vk_buf_view(&out.encoded), &out.challenge, out.point65));
    return out;
}

START_TEST(test_truncated) {
    example e = new_example();
    for (size_t len = 0; len < e.encoded.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, e.encoded.data, len);
        vk_webauthn_assertion assertion;
        size_t location;
        vk_error err = {0};
        ck_assert_int_eq(vk_webauthn_decode((vk_bytes){copy, len}, &assertion, &location, &err),
                         VK_ERR_FORMAT);
        ck_assert(!verify((vk_bytes){copy, len}, &e.challenge, e.point65));
        free(copy);
    }
    vk_buf_put_zeros(&e.encoded, 32);
    ck_assert(!verify(vk_buf_view(&e.encoded), &e.challenge, e.point65));
    vk_buf_clear(&e.encoded);
}
END_TEST

/* Only the flag usePrecompiled says nothing about the assertion. */
START_TEST(test_changed_bytes) {
    static const uint8_t changes[] = {0x01, 0x20, 0x80};
    const size_t flag_at = 6 * 32 - 1;
    example e = new_example();
    for (size_t i = 0; i < e.encoded.len; i++) {
        for (size_t c = 0; c < sizeof changes; c++) {
            bool harmless = i == flag_at && changes[c] == 0x01;
            e.encoded.data[i] ^= changes[c];
            ck_assert(verify(vk_buf_view(&e.encoded), &e.challenge, e.point65) == harmless);
            e.encoded.data[i] ^= changes[c];
        }
    }
    e.point65[64] ^= 1; /* off the curve */
    ck_assert(!verify(vk_buf_view(&e.encoded), &e.challenge, e.point65));
    vk_buf_clear(&e.encoded);
}
END_TEST

START_TEST(test_decode) {
    example e = new_example();
    vk_webauthn_assertion assertion;
    size_t location = 0;
    vk_buf again = {0};
    ck_assert_int_eq(vk_webauthn_decode(vk_buf_view(&e.encoded), &assertion, &location, NULL),
                     VK_OK);
    ck_assert_uint_eq(location, 1);
    ck_assert_uint_eq(assertion.auth_data.len, VK_WEBAUTHN_AUTH_DATA_LEN);
    ck_assert_int_eq(vk_webauthn_encode(&assertion, &again), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&again), vk_buf_view(&e.encoded)));
    assertion.client_data.len = 10; /* ends within the type */
    ck_assert_int_eq(vk_webauthn_encode(&assertion, &again), VK_ERR_FORMAT);
    vk_buf_clear(&again);
    vk_buf_clear(&e.encoded);
}
END_TEST

/* ---- P-256 ---- */

START_TEST(test_lower_s) {
    static const char *const values[][2] = {
        /* n/2, rounded down, stays; the next one does not */
        {"0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
         "0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"},
        {"0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9",
         "0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"},
        {"0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
         "0x0000000000000000000000000000000000000000000000000000000000000001"},
        {"0x0000000000000000000000000000000000000000000000000000000000000001",
         "0x0000000000000000000000000000000000000000000000000000000000000001"},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        vk_buf s = vectors_hex(values[i][0]);
        vk_p256_lower_s(s.data);
        kernel_check_hex(vk_buf_view(&s), values[i][1]);
        vk_buf_clear(&s);
    }
}
END_TEST

START_TEST(test_points) {
    example e = new_example();
    uint8_t zero[65] = {0x04};
    ck_assert_int_eq(vk_p256_check_point(e.point65), VK_OK);
    ck_assert_int_eq(vk_p256_check_point(zero), VK_ERR_FORMAT);
    e.point65[64] ^= 1;
    ck_assert_int_eq(vk_p256_check_point(e.point65), VK_ERR_FORMAT);
    e.point65[64] ^= 1;
    e.point65[0] = 0x02;
    ck_assert_int_eq(vk_p256_check_point(e.point65), VK_ERR_FORMAT);
    vk_buf_clear(&e.encoded);
}
END_TEST

/* The host's OpenSSL errors are not ours to add to. */
START_TEST(test_error_queue) {
    uint8_t zero65[65] = {0x04}, zero64[64] = {0};
    vk_hash digest = {{0}};
    example e = new_example();
    ERR_clear_error();
    ck_assert_int_eq(vk_p256_verify(zero65, &digest, zero64), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_p256_check_point(zero65), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_p256_verify(e.point65, &digest, zero64), VK_ERR_SIGNATURE);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    vk_buf_clear(&e.encoded);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("webauthn");
    TCase *tcase = tcase_create("assertions");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_encoding);
    tcase_add_test(tcase, test_precompile);
    tcase_add_test(tcase, test_as_sdk);
    tcase_add_test(tcase, test_stub);
    tcase_add_test(tcase, test_signer_contracts);
    tcase_add_test(tcase, test_der_cases);
    tcase_add_test(tcase, test_der_truncated);
    tcase_add_test(tcase, test_own_parts);
    tcase_add_test(tcase, test_onchain);
    tcase_add_test(tcase, test_verdicts);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_changed_bytes);
    tcase_add_test(tcase, test_decode);
    tcase_add_test(tcase, test_lower_s);
    tcase_add_test(tcase, test_points);
    tcase_add_test(tcase, test_error_queue);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
