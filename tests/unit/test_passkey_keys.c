/*
 * The data of tests/vectors/passkey_server.json: the key that the client makes of what the server
 * holds, and the assertion of a login. The requests themselves are not the library's.
 */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void check_key(const cJSON *in, const cJSON *key, uint8_t point65[65]) {
    vk_buf spki = vectors_bytes(in, "spkiDer"), id = vectors_bytes(in, "credentialId");
    vk_buf id_text = {0};
    vk_u256 x = vectors_u256(key, "pubX"), y = vectors_u256(key, "pubY");
    vk_hash hash = vk_keccak256(vk_buf_view(&id));
    vk_hash expected = vectors_hash(key, "authenticatorIdHash");
    ck_assert_int_eq(vk_p256_spki_read(vk_buf_view(&spki), point65, NULL), VK_OK);
    ck_assert_mem_eq(point65 + 1, x.be, 32);
    ck_assert_mem_eq(point65 + 33, y.be, 32);
    ck_assert_mem_eq(hash.b, expected.b, 32);
    vk_base64url_put(&id_text, vk_buf_view(&id));
    char *text = vk_buf_take_text(&id_text);
    ck_assert_str_eq(text, vectors_text(vectors_get(key, "authenticatorId"), "text"));
    vk_text_free(text);
    vk_buf_clear(&spki);
    vk_buf_clear(&id);
}

static void check_assertion(const cJSON *assertion, const uint8_t point65[65]) {
    vk_buf auth = vectors_bytes(assertion, "authenticatorData");
    vk_buf client = vectors_bytes(assertion, "clientDataJSON");
    vk_buf der = vectors_bytes(assertion, "signatureDer");
    vk_hash digest, expected = vectors_hash(assertion, "signedDigest");
    uint8_t signature[64];
    ck_assert_int_eq(vk_webauthn_digest(vk_buf_view(&auth), vk_buf_view(&client), &digest), VK_OK);
    ck_assert_mem_eq(digest.b, expected.b, 32);
    ck_assert_int_eq(vk_p256_signature_read(vk_buf_view(&der), signature, NULL), VK_OK);
    ck_assert_int_eq(vk_p256_verify(point65, &digest, signature), VK_OK);
    vk_buf_clear(&auth);
    vk_buf_clear(&client);
    vk_buf_clear(&der);
}

START_TEST(test_keys) {
    cJSON *file = vectors_load("passkey_server.json");
    const cJSON *one;
    int keys = 0, assertions = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        const cJSON *assertion = cJSON_GetObjectItemCaseSensitive(in, "assertion");
        uint8_t point65[65];
        check_key(in, vectors_get(vectors_get(one, "out"), "key"), point65);
        keys++;
        if (assertion != NULL) {
            check_assertion(assertion, point65);
            assertions++;
        }
    }
    cJSON_Delete(file);
    ck_assert_int_eq(keys, 5);
    ck_assert_int_eq(assertions, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("passkey keys");
    TCase *tests = tcase_create("keys");
    tcase_add_test(tests, test_keys);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
