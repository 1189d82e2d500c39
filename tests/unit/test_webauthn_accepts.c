/*
 * Assertions as the signers' contracts decode them: what the chain accepted
 * (onchain_webauthn.json), odd encodings, and the dummies of unpatched contracts.
 */
#include "kernel_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WORD 32
#define HEAD (6 * WORD)
#define LOCATION_AT (2 * WORD)
#define S_AT (4 * WORD)
#define FLAG_AT (5 * WORD)

/* ---- What the chain accepted ---- */

START_TEST(test_chain) {
    cJSON *file = vectors_load("onchain_webauthn.json");
    const cJSON *one;
    size_t accepted = 0, refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        uint8_t point65[65];
        kernel_passkey_point(in, point65);
        vk_hash id_hash = {{0}}, hash = vectors_hash(in, "hash");
        vk_signer signer = vk_signer_webauthn(point65, &id_hash);
        vk_buf encoded = vectors_bytes(in, "signature");
        unsigned unusual = 0;
        bool good =
            vk_signer_accepts(&signer, &hash, vk_buf_view(&encoded), &unusual, NULL) == VK_OK;
        ck_assert_msg(good == cJSON_IsTrue(vectors_get(vectors_get(one, "out"), "accepted")), "%s",
                      vectors_text(in, "what"));
        ck_assert(!good || unusual == 0);
        *(good ? &accepted : &refused) += 1;
        vk_buf_clear(&encoded);
    }
    ck_assert_uint_eq(accepted, 7);
    ck_assert_uint_eq(refused, 12);
    cJSON_Delete(file);
}
END_TEST

/* ---- One good assertion, to be encoded otherwise ---- */

typedef struct example {
    vk_buf encoded, auth_data, client_data;
    vk_hash challenge;
    uint8_t point65[65];
} example;

static example begin(void) {
    cJSON *file = vectors_load("onchain_webauthn.json");
    const cJSON *in = vectors_get(vectors_get(file, "cases")->child, "in");
    example out = {.encoded = vectors_bytes(in, "signature"),
                   .auth_data = vectors_bytes(in, "authenticatorData"),
                   .client_data = vectors_bytes(in, "clientDataJSON"),
                   .challenge = vectors_hash(in, "hash")};
    kernel_passkey_point(in, out.point65);
    cJSON_Delete(file);
    return out;
}

static void end(example *e) {
    vk_buf_clear(&e->encoded);
    vk_buf_clear(&e->auth_data);
    vk_buf_clear(&e->client_data);
}

/* In memory of just that length. */
static bool accepts(const example *e, vk_bytes encoded, bool patched, vk_webauthn_form *form) {
    uint8_t *copy = malloc(encoded.len > 0 ? encoded.len : 1);
    vk_error err = {0};
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, encoded.data, encoded.len);
    vk_status status = vk_webauthn_accepts((vk_bytes){copy, encoded.len}, &e->challenge, e->point65,
                                           patched, form, &err);
    free(copy);
    ck_assert(status == VK_OK || status == VK_ERR_SIGNATURE);
    ck_assert(status == VK_OK || err.message[0] != '\0');
    return status == VK_OK;
}

static bool odd(const example *e, const vk_buf *encoded) {
    vk_webauthn_form form;
    bool good = accepts(e, vk_buf_view(encoded), true, &form);
    ck_assert_int_eq(form, VK_WEBAUTHN_ODD_ENCODING);
    return good;
}

static void put_word(vk_buf *out, uint64_t value) {
    uint8_t word[WORD] = {0};
    for (size_t i = 0; i < 8; i++) {
        word[WORD - 1 - i] = (uint8_t)(value >> 8 * i);
    }
    vk_buf_put(out, word, sizeof word);
}

/* The head, with these two offsets; r, s and the rest as they are. */
static vk_buf head_with(const example *e, uint64_t auth_data_at, uint64_t client_data_at) {
    vk_buf out = {0};
    put_word(&out, auth_data_at);
    put_word(&out, client_data_at);
    vk_buf_put(&out, e->encoded.data + LOCATION_AT, HEAD - LOCATION_AT);
    return out;
}

static void put_tail(vk_buf *out, const vk_buf *bytes) {
    put_word(out, bytes->len);
    vk_buf_put(out, bytes->data, bytes->len);
}

/* ---- Encodings ---- */

START_TEST(test_usual) {
    example e = begin();
    vk_webauthn_form form;
    ck_assert(accepts(&e, vk_buf_view(&e.encoded), true, &form));
    ck_assert_int_eq(form, VK_WEBAUTHN_USUAL);
    ck_assert(accepts(&e, vk_buf_view(&e.encoded), false, &form));
    ck_assert_int_eq(form, VK_WEBAUTHN_USUAL);
    end(&e);
}
END_TEST

/* The other order, no padding between and behind: offsets that are no multiples of 32. */
START_TEST(test_other_order) {
    example e = begin();
    vk_buf encoded = head_with(&e, HEAD + WORD + e.client_data.len, HEAD);
    put_tail(&encoded, &e.client_data);
    put_tail(&encoded, &e.auth_data);
    ck_assert(odd(&e, &encoded));
    encoded.len--;
    ck_assert(!odd(&e, &encoded));
    vk_buf_clear(&encoded);
    end(&e);
}
END_TEST

/* The bytes of one member are also those of the other: nobody can have signed that. */
START_TEST(test_same_tail) {
    example e = begin();
    vk_buf encoded = head_with(&e, HEAD, HEAD);
    put_tail(&encoded, &e.client_data);
    ck_assert(!odd(&e, &encoded));
    vk_buf_clear(&encoded);
    end(&e);
}
END_TEST

START_TEST(test_behind_the_encoding) {
    example e = begin();
    vk_buf_put_byte(&e.encoded, 0);
    ck_assert(odd(&e, &e.encoded));
    vk_buf_put(&e.encoded, "anything", 8);
    ck_assert(odd(&e, &e.encoded));
    end(&e);
}
END_TEST

/* Only the last padding can be missing. */
START_TEST(test_truncated) {
    example e = begin();
    vk_webauthn_form form;
    size_t padding = (WORD - e.client_data.len % WORD) % WORD;
    ck_assert_uint_gt(padding, 1);
    for (size_t len = 0; len < e.encoded.len; len++) {
        bool good = accepts(&e, (vk_bytes){e.encoded.data, len}, true, &form);
        ck_assert(good == (len >= e.encoded.len - padding));
        ck_assert_int_eq(form, VK_WEBAUTHN_ODD_ENCODING);
    }
    for (size_t i = e.encoded.len - padding; i < e.encoded.len; i++) {
        e.encoded.data[i] = 0xaa; /* and it may hold anything */
    }
    ck_assert(odd(&e, &e.encoded));
    end(&e);
}
END_TEST

/* Offsets and lengths out of bounds, up to those that wrap around. */
START_TEST(test_out_of_bounds) {
    static const uint8_t firsts[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    example e = begin();
    const size_t words[] = {0, WORD, HEAD, HEAD + 3 * WORD};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint8_t before[WORD];
        memcpy(before, e.encoded.data + words[i], WORD);
        for (size_t k = 0; k < sizeof firsts; k++) {
            memset(e.encoded.data + words[i], 0xff, WORD);
            memset(e.encoded.data + words[i], 0, WORD - 9);
            e.encoded.data[words[i] + WORD - 9] = firsts[k];
            ck_assert(!odd(&e, &e.encoded));
            memset(e.encoded.data + words[i], firsts[k], WORD);
            ck_assert(!odd(&e, &e.encoded));
        }
        memcpy(e.encoded.data + words[i], before, WORD);
    }
    end(&e);
}
END_TEST

START_TEST(test_flag) {
    example e = begin();
    for (unsigned value = 0; value < 4; value++) {
        vk_webauthn_form form;
        e.encoded.data[FLAG_AT + WORD - 1] = (uint8_t)value;
        ck_assert(accepts(&e, vk_buf_view(&e.encoded), true, &form) == (value < 2));
    }
    e.encoded.data[FLAG_AT + WORD - 1] = 1;
    e.encoded.data[FLAG_AT] = 1;
    ck_assert(!odd(&e, &e.encoded));
    end(&e);
}
END_TEST

/* ---- The place of the type; dummies ---- */

START_TEST(test_location) {
    example e = begin();
    vk_webauthn_form form;
    for (uint8_t at = 0; at < 200; at++) {
        e.encoded.data[LOCATION_AT + WORD - 1] = at;
        ck_assert(accepts(&e, vk_buf_view(&e.encoded), true, &form) == (at == 1));
    }
    e.encoded.data[LOCATION_AT + WORD - 1] = 1;
    for (size_t i = 0; i < WORD - 1; i++) { /* 1 and a power of two: no 32 bits are cut off */
        e.encoded.data[LOCATION_AT + i] = 1;
        ck_assert(!accepts(&e, vk_buf_view(&e.encoded), false, &form));
        e.encoded.data[LOCATION_AT + i] = 0;
    }
    end(&e);
}
END_TEST

/* Any assertion that the key ever made, for any operation, before 0.0.4. */
START_TEST(test_dummy) {
    example e = begin();
    vk_webauthn_form form;
    memset(e.encoded.data + LOCATION_AT, 0xff, WORD);
    memset(e.challenge.b, 0x77, sizeof e.challenge.b);
    ck_assert(!accepts(&e, vk_buf_view(&e.encoded), true, &form));
    ck_assert(accepts(&e, vk_buf_view(&e.encoded), false, &form));
    ck_assert_int_eq(form, VK_WEBAUTHN_DUMMY);
    e.encoded.data[LOCATION_AT + WORD - 1] = 0xfe; /* one less is none */
    ck_assert(!accepts(&e, vk_buf_view(&e.encoded), false, &form));
    e.encoded.data[LOCATION_AT + WORD - 1] = 0xff;
    e.encoded.data[e.encoded.len - WORD] ^= 1; /* other client data */
    ck_assert(!accepts(&e, vk_buf_view(&e.encoded), false, &form));
    end(&e);
}
END_TEST

/* The twin of its signature with the high s. */
static void raise_s(example *e) {
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    vk_u256 n = vk_u256_from_be(order, 32), s = vk_u256_from_be(e->encoded.data + S_AT, 32), high;
    ck_assert(vk_u256_sub(&n, &s, &high));
    memcpy(e->encoded.data + S_AT, high.be, sizeof high.be);
}

START_TEST(test_high_s) {
    example e = begin();
    vk_webauthn_form form;
    raise_s(&e);
    ck_assert(!accepts(&e, vk_buf_view(&e.encoded), true, &form));
    memset(e.encoded.data + LOCATION_AT, 0xff, WORD);
    ck_assert(!accepts(&e, vk_buf_view(&e.encoded), false, &form));
    raise_s(&e);
    ck_assert(accepts(&e, vk_buf_view(&e.encoded), false, &form));
    end(&e);
}
END_TEST

/* ---- Through the signer ---- */

START_TEST(test_signer) {
    static const char *const versions[] = {"0.0.1", "0.0.2", "0.0.3", "0.0.4"};
    example e = begin();
    vk_hash id_hash = {{0}}, other = {{0x77}};
    vk_buf dummy = {0};
    vk_buf_put(&dummy, e.encoded.data, e.encoded.len);
    memset(dummy.data + LOCATION_AT, 0xff, WORD);
    for (size_t i = 0; i < 4; i++) {
        vk_signer signer;
        unsigned unusual = 0;
        bool old = i < 3;
        ck_assert_int_eq(vk_signer_webauthn_of(versions[i], e.point65, &id_hash, &signer), VK_OK);
        ck_assert(vk_signer_is_unpatched(&signer) == old);
        ck_assert_int_eq(vk_signer_accepts(&signer, &other, vk_buf_view(&dummy), &unusual, NULL),
                         old ? VK_OK : VK_ERR_SIGNATURE);
        ck_assert(!old || unusual == VK_UNUSUAL_DUMMY);
        unusual = 0;
        vk_buf_put_byte(&e.encoded, 0);
        ck_assert_int_eq(
            vk_signer_accepts(&signer, &e.challenge, vk_buf_view(&e.encoded), &unusual, NULL),
            VK_OK);
        ck_assert_uint_eq(unusual, VK_UNUSUAL_ENCODING);
    }
    vk_buf_clear(&dummy);
    end(&e);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("webauthn-accepts");
    TCase *tests = tcase_create("webauthn-accepts");
    tcase_add_test(tests, test_chain);
    tcase_add_test(tests, test_usual);
    tcase_add_test(tests, test_other_order);
    tcase_add_test(tests, test_same_tail);
    tcase_add_test(tests, test_behind_the_encoding);
    tcase_add_test(tests, test_truncated);
    tcase_add_test(tests, test_out_of_bounds);
    tcase_add_test(tests, test_flag);
    tcase_add_test(tests, test_location);
    tcase_add_test(tests, test_dummy);
    tcase_add_test(tests, test_high_s);
    tcase_add_test(tests, test_signer);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
