/* Keys, authenticator data and client data: what a browser made, round trips, malformed bytes. */
#include "credential_support.h"
#include "support/vectors.h"
#include "webauthn/cbor.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BROWSER_FILES 8

/* Bare digits; vk_buf_clear it. */
static vk_buf hex(const char *digits) {
    char text[4096];
    snprintf(text, sizeof text, "0x%s", digits);
    return vectors_hex(text);
}

static vk_buf member_hex(const cJSON *object, const char *name) {
    return hex(vectors_text(object, name));
}

static void check_hex(const void *data, size_t len, const char *digits) {
    vk_buf want = hex(digits);
    ck_assert_uint_eq(want.len, len);
    ck_assert(len == 0 || memcmp(want.data, data, len) == 0);
    vk_buf_clear(&want);
}

/* An exact copy on the heap, so that a sanitizer sees any read past the end. */
static uint8_t *exact(vk_bytes bytes) {
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    ck_assert_ptr_nonnull(copy);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return copy;
}

/* ---- CBOR ---- */

typedef struct cbor_case {
    const char *bytes;
    vk_status status;
} cbor_case;

START_TEST(test_cbor) {
    static const cbor_case cases[] = {
        {"00", VK_OK},
        {"17", VK_OK},
        {"1818", VK_OK},
        {"1817", VK_ERR_FORMAT},       /* fits one byte */
        {"1900ff", VK_ERR_FORMAT},     /* fits two */
        {"1a0000ffff", VK_ERR_FORMAT}, /* fits three */
        {"1b00000000ffffffff", VK_ERR_FORMAT},
        {"1bffffffffffffffff", VK_OK},
        {"3bffffffffffffffff", VK_OK},
        {"3817", VK_ERR_FORMAT},
        {"40", VK_OK},
        {"4101", VK_OK},
        {"580101", VK_ERR_FORMAT},
        {"5bffffffffffffffff", VK_ERR_FORMAT}, /* longer than anything */
        {"5f4101ff", VK_ERR_FORMAT},           /* indefinite */
        {"7f6161ff", VK_ERR_FORMAT},
        {"9fff", VK_ERR_FORMAT},
        {"bfff", VK_ERR_FORMAT},
        {"ff", VK_ERR_FORMAT},
        {"c000", VK_ERR_FORMAT}, /* a tag */
        {"f4", VK_OK},
        {"f6", VK_OK},
        {"f7", VK_ERR_FORMAT}, /* undefined */
        {"f818", VK_ERR_FORMAT},
        {"fb3ff0000000000000", VK_OK},
        {"1c", VK_ERR_FORMAT}, /* reserved */
        {"8201", VK_ERR_FORMAT},
        {"820102", VK_OK},
        {"9bffffffffffffffff00", VK_ERR_FORMAT},
        {"bbffffffffffffffff0000", VK_ERR_FORMAT},
        {"a2010001", VK_ERR_FORMAT},
        {"a201000200", VK_OK},
        {"a202000100", VK_ERR_FORMAT},       /* descends */
        {"a201000100", VK_ERR_FORMAT},       /* twice */
        {"a220000100", VK_ERR_FORMAT},       /* a negative before an unsigned one */
        {"a262616100616200", VK_ERR_FORMAT}, /* the longer first */
        {"a261620062616100", VK_OK},
        {"a18000", VK_ERR_FORMAT},
        {"a1f400", VK_ERR_FORMAT}, /* a key that is no number or string */
        {"81818100", VK_OK},
        {"8181818100", VK_OK},
        {"818181818100", VK_ERR_SIZE}, /* five levels */
        {"81a101818100", VK_OK},
        {"81a10181818100", VK_ERR_SIZE},
        {"", VK_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf bytes = hex(cases[i].bytes);
        uint8_t *copy = exact(vk_buf_view(&bytes));
        vk_bytes rest = {copy, bytes.len};
        vk_status status = vk_cbor_skip(&rest, VK_CBOR_DEPTH_MAX);
        ck_assert_msg(status == cases[i].status, "%s: %d", cases[i].bytes, status);
        ck_assert(status != VK_OK || rest.len == 0);
        free(copy);
        vk_buf_clear(&bytes);
    }
}
END_TEST

/* Levels do not become frames. */
START_TEST(test_cbor_deep) {
    vk_buf bytes = {0};
    for (int i = 0; i < 100000; i++) {
        vk_buf_put_byte(&bytes, 0x81);
    }
    vk_bytes rest = vk_buf_view(&bytes);
    ck_assert_int_eq(vk_cbor_skip(&rest, VK_CBOR_DEPTH_MAX), VK_ERR_SIZE);
    vk_buf_clear(&bytes);
}
END_TEST

START_TEST(test_cbor_integers) {
    static const struct {
        const char *bytes;
        vk_status status;
        int64_t value;
    } cases[] = {
        {"26", VK_OK, -7},
        {"390100", VK_OK, -257},
        {"1b7fffffffffffffff", VK_OK, INT64_MAX},
        {"3b7fffffffffffffff", VK_OK, INT64_MIN},
        {"1b8000000000000000", VK_ERR_RANGE, 0},
        {"3b8000000000000000", VK_ERR_RANGE, 0},
        {"4107", VK_ERR_FORMAT, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf bytes = hex(cases[i].bytes);
        vk_bytes rest = vk_buf_view(&bytes);
        int64_t value = 0;
        ck_assert_int_eq(vk_cbor_int(&rest, &value), cases[i].status);
        ck_assert_int_eq(value, cases[i].value);
        vk_buf_clear(&bytes);
    }
}
END_TEST

/* ---- Keys ---- */

static void random_point(uint8_t point65[65]) {
    EVP_PKEY *key = make_key("EC", "P-256");
    key_point(key, point65);
    EVP_PKEY_free(key);
}

static void check_spki(vk_bytes der, vk_status status) {
    uint8_t point65[65] = {0}, untouched[65] = {0};
    vk_error err = {0};
    ck_assert_int_eq(vk_p256_spki_read(der, point65, &err), status);
    ck_assert(status == VK_OK || memcmp(point65, untouched, 65) == 0);
    ck_assert(status == VK_OK || err.message[0] != '\0');
}

START_TEST(test_spki) {
    uint8_t point65[65], again65[65], der[VK_P256_SPKI_LEN + 1] = {0};
    random_point(point65);
    vk_p256_spki_write(point65, der);
    const unsigned char *at = der;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, VK_P256_SPKI_LEN); /* OpenSSL agrees */
    ck_assert_ptr_nonnull(key);
    key_point(key, again65);
    ck_assert_mem_eq(again65, point65, 65);
    EVP_PKEY_free(key);
    ck_assert_int_eq(vk_p256_spki_read((vk_bytes){der, VK_P256_SPKI_LEN}, again65, NULL), VK_OK);
    ck_assert_mem_eq(again65, point65, 65);
    for (size_t len = 0; len <= sizeof der; len++) {
        check_spki((vk_bytes){der, len}, len == VK_P256_SPKI_LEN ? VK_OK : VK_ERR_FORMAT);
    }
    for (size_t i = 0; i < VK_P256_SPKI_LEN; i++) {
        der[i] ^= 1; /* another structure, curve or form, or a point off the curve */
        check_spki((vk_bytes){der, VK_P256_SPKI_LEN}, VK_ERR_FORMAT);
        der[i] ^= 1;
    }
}
END_TEST

static void check_cose(vk_bytes cbor, vk_status status) {
    uint8_t point65[65] = {0}, untouched[65] = {0};
    vk_error err = {0};
    uint8_t *copy = exact(cbor);
    vk_status got = vk_p256_cose_read((vk_bytes){copy, cbor.len}, point65, &err);
    ck_assert_msg(got == status, "%d: %s", got, err.message);
    ck_assert(status == VK_OK || memcmp(point65, untouched, 65) == 0);
    ck_assert(status == VK_OK || (err.status == status && err.message[0] != '\0'));
    free(copy);
}

START_TEST(test_cose) {
    uint8_t point65[65], again65[65], cose[VK_P256_COSE_LEN + 1] = {0};
    random_point(point65);
    vk_p256_cose_write(point65, cose);
    ck_assert_int_eq(vk_p256_cose_read((vk_bytes){cose, VK_P256_COSE_LEN}, again65, NULL), VK_OK);
    ck_assert_mem_eq(again65, point65, 65);
    for (size_t len = 0; len <= sizeof cose; len++) {
        check_cose((vk_bytes){cose, len}, len == VK_P256_COSE_LEN ? VK_OK : VK_ERR_FORMAT);
    }
    cose[VK_P256_COSE_LEN - 1] ^= 1; /* off the curve */
    check_cose((vk_bytes){cose, VK_P256_COSE_LEN}, VK_ERR_FORMAT);
}
END_TEST

/* The members of a COSE key, in the order given. x and y are those of point65. */
static vk_buf cose_of(const char *members, const uint8_t point65[65], int64_t kty, int64_t alg,
                      int64_t crv) {
    vk_buf out = {0};
    cbor_head(&out, 5, strlen(members));
    for (const char *m = members; *m != '\0'; m++) {
        cbor_int(&out, *m == 'k'   ? 1
                       : *m == 'a' ? 3
                       : *m == 'c' ? -1
                       : *m == 'x' ? -2
                       : *m == 'y' ? -3
                                   : -4);
        if (*m == 'x' || *m == 'y') {
            cbor_bytes(&out, (vk_bytes){point65 + (*m == 'x' ? 1 : 33), 32});
        } else {
            cbor_int(&out, *m == 'k' ? kty : *m == 'a' ? alg : crv);
        }
    }
    return out;
}

START_TEST(test_cose_members) {
    static const struct {
        const char *members;
        int64_t kty, alg, crv;
        vk_status status;
    } cases[] = {
        {"kacxy", 2, -7, 1, VK_OK},
        {"kacxy", 3, -7, 1, VK_ERR_UNSUPPORTED},   /* RSA */
        {"kacxy", 2, -35, 1, VK_ERR_UNSUPPORTED},  /* ES384 */
        {"kacxy", 2, -257, 1, VK_ERR_UNSUPPORTED}, /* RS256 */
        {"kacxy", 2, -7, 2, VK_ERR_UNSUPPORTED},   /* P-384 */
        {"kacxyd", 2, -7, 1, VK_ERR_FORMAT},       /* a private part */
        {"kacx", 2, -7, 1, VK_ERR_FORMAT},
        {"kcxy", 2, -7, 1, VK_ERR_FORMAT},
        {"acxy", 2, -7, 1, VK_ERR_FORMAT},
        {"akcxy", 2, -7, 1, VK_ERR_FORMAT},
        {"kacyx", 2, -7, 1, VK_ERR_FORMAT},
        {"kkacxy", 2, -7, 1, VK_ERR_FORMAT},
        {"kacxxy", 2, -7, 1, VK_ERR_FORMAT},
        {"", 2, -7, 1, VK_ERR_FORMAT},
    };
    uint8_t point65[65];
    random_point(point65);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf cose = cose_of(cases[i].members, point65, cases[i].kty, cases[i].alg, cases[i].crv);
        check_cose(vk_buf_view(&cose), cases[i].status);
        vk_buf_clear(&cose);
    }
}
END_TEST

/* ---- Authenticator data ---- */

static vk_auth_data example_auth_data(void) {
    static const uint8_t id[] = {1, 2, 3, 4, 5};
    static const uint8_t extensions[] = {0xa1, 0x61, 'a', 0x81, 0xf5};
    vk_auth_data data = {
        .flags = VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_AT | VK_WEBAUTHN_FLAG_ED,
        .sign_count = 0x01020304,
        .aaguid = {0xaa, 0xbb},
        .credential_id = {id, sizeof id},
        .extensions = {extensions, sizeof extensions},
    };
    memset(data.rp_id_hash.b, 0x11, sizeof data.rp_id_hash.b);
    random_point(data.point65);
    return data;
}

static void check_same_auth_data(const vk_auth_data *a, const vk_auth_data *b) {
    ck_assert_mem_eq(a->rp_id_hash.b, b->rp_id_hash.b, 32);
    ck_assert_uint_eq(a->flags, b->flags);
    ck_assert_uint_eq(a->sign_count, b->sign_count);
    ck_assert_mem_eq(a->aaguid, b->aaguid, 16);
    ck_assert(vk_bytes_equal(a->credential_id, b->credential_id));
    ck_assert_mem_eq(a->point65, b->point65, 65);
    ck_assert(vk_bytes_equal(a->extensions, b->extensions));
}

START_TEST(test_auth_data) {
    vk_auth_data data = example_auth_data(), read;
    vk_buf bytes = {0};
    ck_assert_int_eq(vk_auth_data_write(&data, &bytes), VK_OK);
    ck_assert_uint_eq(bytes.len, 37 + 16 + 2 + 5 + VK_P256_COSE_LEN + 5);
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &read, NULL), VK_OK);
    check_same_auth_data(&data, &read);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *copy = exact((vk_bytes){bytes.data, len});
        vk_error err = {0};
        ck_assert_int_eq(vk_auth_data_read((vk_bytes){copy, len}, &read, &err), VK_ERR_FORMAT);
        ck_assert_str_ne(err.message, "");
        free(copy);
    }
    check_same_auth_data(&data, &read); /* bad input changes nothing */
    vk_buf_put_byte(&bytes, 0);
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &read, NULL), VK_ERR_FORMAT);
    vk_buf_clear(&bytes);
}
END_TEST

/* What the flags do not announce is not written, and not allowed. */
START_TEST(test_auth_data_flags) {
    vk_auth_data data = example_auth_data(), read;
    vk_buf bytes = {0};
    data.flags = VK_WEBAUTHN_FLAG_UP;
    ck_assert_int_eq(vk_auth_data_write(&data, &bytes), VK_OK);
    ck_assert_uint_eq(bytes.len, VK_WEBAUTHN_AUTH_DATA_LEN);
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &read, NULL), VK_OK);
    ck_assert_uint_eq(read.credential_id.len, 0);
    ck_assert_uint_eq(read.extensions.len, 0);
    bytes.data[32] |= VK_WEBAUTHN_FLAG_AT;
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &read, NULL), VK_ERR_FORMAT);
    bytes.data[32] = VK_WEBAUTHN_FLAG_ED;
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &read, NULL), VK_ERR_FORMAT);
    vk_buf_clear(&bytes);
}
END_TEST

START_TEST(test_auth_data_write_refuses) {
    static const uint8_t long_id[VK_CREDENTIAL_ID_MAX + 1];
    static const uint8_t number_key[] = {0xa1, 0x01, 0x00};
    static const uint8_t deep[] = {0xa1, 0x61, 'a', 0x81, 0x81, 0x81, 0x81, 0x00};
    static const uint8_t two[] = {0xa0, 0xa0};
    const vk_bytes bad[] = {{NULL, 0}, {number_key, sizeof number_key}, {two, sizeof two}};
    vk_buf out = {0};
    vk_auth_data data = example_auth_data();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        data.extensions = bad[i];
        ck_assert_int_eq(vk_auth_data_write(&data, &out), VK_ERR_FORMAT);
    }
    data.extensions = (vk_bytes){deep, sizeof deep};
    ck_assert_int_eq(vk_auth_data_write(&data, &out), VK_ERR_SIZE);
    data = example_auth_data();
    data.credential_id = (vk_bytes){long_id, sizeof long_id};
    ck_assert_int_eq(vk_auth_data_write(&data, &out), VK_ERR_SIZE);
    data.credential_id.len = 0;
    ck_assert_int_eq(vk_auth_data_write(&data, &out), VK_ERR_SIZE);
    data = example_auth_data();
    data.point65[64] ^= 1;
    ck_assert_int_eq(vk_auth_data_write(&data, &out), VK_ERR_FORMAT);
    ck_assert_uint_eq(out.len, 0);
    data = example_auth_data();
    data.credential_id = (vk_bytes){long_id, VK_CREDENTIAL_ID_MAX};
    ck_assert_int_eq(vk_auth_data_write(&data, &out), VK_OK);
    vk_auth_data read;
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&out), &read, NULL), VK_OK);
    out.data[37 + 16] = 0x04; /* the id's length: 1024 and more */
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&out), &read, NULL), VK_ERR_SIZE);
    vk_buf_clear(&out);
}
END_TEST

/* ---- Client data ---- */

static vk_status read_client_data(const char *json, vk_client_data *out, vk_error *err) {
    return vk_client_data_read((vk_bytes){(const uint8_t *)json, strlen(json)}, out, err);
}

START_TEST(test_client_data) {
    static const char json[] =
        "{\"type\":\"webauthn.get\",\"challenge\":\"AQID\",\"origin\":\"https://a\\u00e9.example\","
        "\"crossOrigin\":true,\"topOrigin\":\"https://b.example\",\"new\":[1,{}]}";
    vk_client_data data;
    ck_assert_int_eq(read_client_data(json, &data, NULL), VK_OK);
    ck_assert(!data.create);
    check_hex(data.challenge.data, data.challenge.len, "010203");
    ck_assert_str_eq(data.origin, "https://a\xc3\xa9.example");
    ck_assert_str_eq(data.top_origin, "https://b.example");
    ck_assert(data.cross_origin);
    ck_assert(data.raw.data == (const uint8_t *)json);
    ck_assert_uint_eq(data.raw.len, sizeof json - 1);
    vk_client_data_clear(&data);
    ck_assert_int_eq(read_client_data("{\"origin\":\"o\",\"challenge\":\"\",\"type\":"
                                      "\"webauthn.create\"}",
                                      &data, NULL),
                     VK_OK);
    ck_assert(data.create && !data.cross_origin);
    ck_assert_ptr_null(data.top_origin);
    vk_client_data_clear(&data);
}
END_TEST

START_TEST(test_client_data_faults) {
    static const struct {
        const char *json, *path;
    } cases[] = {
        {"", ""},
        {"[]", "type"},
        {"{}", "type"},
        {"{\"type\":\"payment.get\",\"challenge\":\"\",\"origin\":\"\"}", "type"},
        {"{\"type\":1,\"challenge\":\"\",\"origin\":\"\"}", "type"},
        {"{\"type\":\"webauthn.get\",\"origin\":\"\"}", "challenge"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"A\",\"origin\":\"\"}", "challenge"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AQI=\",\"origin\":\"\"}", "challenge"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AQ+/\",\"origin\":\"\"}", "challenge"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\"}", "origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":null}", "origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"\",\"crossOrigin\":1}",
         "crossOrigin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"\",\"topOrigin\":1}",
         "topOrigin"},
        {"{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"\"}",
         "type"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"\"} ,", NULL},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"\xff\"}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_client_data data;
        vk_error err = {0};
        vk_status status = read_client_data(cases[i].json, &data, &err);
        ck_assert_msg(status == VK_ERR_FORMAT, "%s: %d", cases[i].json, status);
        ck_assert(err.message[0] != '\0');
        ck_assert(cases[i].path == NULL || strcmp(cases[i].path, err.path) == 0);
        ck_assert_ptr_null(data.origin);
        ck_assert_uint_eq(data.challenge.len, 0);
    }
}
END_TEST

START_TEST(test_client_data_truncated) {
    static const char json[] = "{\"type\":\"webauthn.get\",\"challenge\":\"AQID\",\"origin\":"
                               "\"https://a.example\",\"crossOrigin\":false}";
    for (size_t len = 0; len < sizeof json - 1; len++) {
        uint8_t *copy = exact((vk_bytes){(const uint8_t *)json, len});
        vk_client_data data;
        ck_assert_int_eq(vk_client_data_read((vk_bytes){copy, len}, &data, NULL), VK_ERR_FORMAT);
        free(copy);
    }
    vk_buf big = {0};
    vk_buf_put_zeros(&big, VK_CLIENT_DATA_MAX + 1);
    vk_client_data data;
    ck_assert_int_eq(vk_client_data_read(vk_buf_view(&big), &data, NULL), VK_ERR_SIZE);
    vk_buf_clear(&big);
}
END_TEST

/* ---- What a browser made ---- */

static void check_attested(const cJSON *registration) {
    vk_auth_data data;
    vk_buf bytes = member_hex(registration, "authenticatorData"), again = {0};
    uint8_t cose[VK_P256_COSE_LEN], spki[VK_P256_SPKI_LEN];
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &data, NULL), VK_OK);
    ck_assert_uint_eq(data.flags, vectors_u64(registration, "flags"));
    ck_assert_uint_eq(data.sign_count, vectors_u64(registration, "signCount"));
    check_hex(data.aaguid, 16, vectors_text(registration, "aaguid"));
    check_hex(data.credential_id.data, data.credential_id.len,
              vectors_text(registration, "credentialId"));
    check_hex(data.extensions.data, data.extensions.len,
              vectors_text(registration, "extensionData"));
    check_hex(data.point65 + 1, 32, vectors_text(registration, "publicKeyX"));
    check_hex(data.point65 + 33, 32, vectors_text(registration, "publicKeyY"));
    vk_p256_cose_write(data.point65, cose);
    vk_p256_spki_write(data.point65, spki);
    check_hex(cose, sizeof cose, vectors_text(registration, "cosePublicKey"));
    check_hex(spki, sizeof spki, vectors_text(registration, "publicKeySpki"));
    ck_assert_int_eq(vk_auth_data_write(&data, &again), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&bytes), vk_buf_view(&again)));
    vk_buf_clear(&bytes);
    vk_buf_clear(&again);
}

static void check_asserted(const cJSON *assertion) {
    vk_auth_data data;
    vk_client_data client_data;
    vk_buf bytes = member_hex(assertion, "authenticatorData");
    const char *text = vectors_text(assertion, "clientDataJSON");
    ck_assert_int_eq(vk_auth_data_read(vk_buf_view(&bytes), &data, NULL), VK_OK);
    ck_assert_uint_eq(data.flags, vectors_u64(assertion, "flags"));
    ck_assert_uint_eq(data.sign_count, vectors_u64(assertion, "signCount"));
    check_hex(data.rp_id_hash.b, 32, vectors_text(assertion, "rpIdHash"));
    check_hex(data.extensions.data, data.extensions.len, vectors_text(assertion, "extensionData"));
    ck_assert_int_eq(read_client_data(text, &client_data, NULL), VK_OK);
    check_hex(client_data.challenge.data, client_data.challenge.len,
              vectors_text(assertion, "userOpHash"));
    ck_assert(client_data.cross_origin == cJSON_IsTrue(vectors_get(assertion, "crossOrigin")));
    vk_client_data_clear(&client_data);
    vk_buf_clear(&bytes);
}

START_TEST(test_browser) {
    for (int i = 1; i <= BROWSER_FILES; i++) {
        char name[32];
        const cJSON *assertion;
        snprintf(name, sizeof name, "webauthn/s%02d.json", i);
        cJSON *file = vectors_load(name);
        check_attested(vectors_get(file, "registration"));
        cJSON_ArrayForEach(assertion, vectors_get(file, "assertions")) {
            check_asserted(assertion);
        }
        cJSON_Delete(file);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("credential");
    TCase *tcase = tcase_create("bytes");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_cbor);
    tcase_add_test(tcase, test_cbor_deep);
    tcase_add_test(tcase, test_cbor_integers);
    tcase_add_test(tcase, test_spki);
    tcase_add_test(tcase, test_cose);
    tcase_add_test(tcase, test_cose_members);
    tcase_add_test(tcase, test_auth_data);
    tcase_add_test(tcase, test_auth_data_flags);
    tcase_add_test(tcase, test_auth_data_write_refuses);
    tcase_add_test(tcase, test_client_data);
    tcase_add_test(tcase, test_client_data_faults);
    tcase_add_test(tcase, test_client_data_truncated);
    tcase_add_test(tcase, test_browser);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
