/* Messages as a program hands them over: texts, typed data, requests. */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

#define ACCOUNT "0x1111111111111111111111111111111111111111"
#define CONTRACT "0x2222222222222222222222222222222222222222"
#define HEAD "{\"chainId\":8453,\"account\":\"" ACCOUNT "\","
#define DOMAIN_TYPE(chain_type, contract_type)                                                     \
    "\"EIP712Domain\":[{\"name\":\"chainId\",\"type\":\"" chain_type "\"},"                        \
    "{\"name\":\"verifyingContract\",\"type\":\"" contract_type "\"}]"
#define TYPED(domain_type, domain)                                                                 \
    "{\"types\":{" domain_type "\"Note\":[{\"name\":\"text\",\"type\":\"string\"}]},"              \
    "\"domain\":" domain ",\"primaryType\":\"Note\",\"message\":{\"text\":\"x\"}}"
#define TYPED_DATA                                                                                 \
    TYPED(DOMAIN_TYPE("uint256", "address") ",",                                                   \
          "{\"chainId\":8453,\"verifyingContract\":\"" CONTRACT "\"}")

static vk_bytes text_bytes(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static vk_message_payload read(const char *text, vk_payload_form form) {
    vk_message_payload out;
    vk_error err = {0};
    vk_status status = vk_message_payload_read(text_bytes(text), form, &out, &err);
    ck_assert_msg(status == VK_OK, "%s: %s: %s", text, err.path, err.message);
    return out;
}

static void refuse(const char *text, vk_payload_form form, vk_status wanted, const char *path) {
    vk_message_payload out = {.chain_id = 7};
    vk_error err = {0};
    vk_status status = vk_message_payload_read(text_bytes(text), form, &out, &err);
    ck_assert_msg(status == wanted, "%s: status %d, %s: %s", text, status, err.path, err.message);
    ck_assert_str_eq(err.path, path);
    ck_assert_uint_eq(out.chain_id, 7);
}

static void assert_hash(const vk_hash *got, vk_hash wanted) {
    ck_assert_mem_eq(got->b, wanted.b, sizeof wanted.b);
}

/* ---- Texts ---- */

START_TEST(test_text_is_what_it_is) {
    static const char *const texts[] = {
        "", "hello", "{", HEAD "\"message\":\"another\"}", TYPED_DATA, "\xff\xfe", "\"quoted\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vk_message_payload payload = read(texts[i], VK_PAYLOAD_TEXT);
        assert_hash(&payload.hash, vk_eip191_text_hash(text_bytes(texts[i])));
        ck_assert(!payload.has_account && !payload.is_typed_data && !payload.replayable &&
                  !payload.undeployed && !payload.domain.has_verifying_contract);
    }
}
END_TEST

START_TEST(test_long_text) {
    vk_buf text = {0};
    vk_message_payload out;
    vk_error err = {0};
    vk_buf_put_zeros(&text, VK_MESSAGE_TEXT_MAX);
    ck_assert_int_eq(vk_message_payload_read(vk_buf_view(&text), VK_PAYLOAD_TEXT, &out, &err),
                     VK_OK);
    vk_buf_put_byte(&text, 0);
    ck_assert_int_eq(vk_message_payload_read(vk_buf_view(&text), VK_PAYLOAD_TEXT, &out, &err),
                     VK_ERR_SIZE);
    vk_buf_clear(&text);
}
END_TEST

/* ---- Typed data ---- */

START_TEST(test_typed_data) {
    vk_hash digest;
    vk_address contract;
    vk_message_payload payload = read(TYPED_DATA, VK_PAYLOAD_TYPED_DATA);
    ck_assert_int_eq(vk_typed_data_digest(text_bytes(TYPED_DATA), &digest, NULL), VK_OK);
    assert_hash(&payload.hash, digest);
    ck_assert(payload.is_typed_data && !payload.has_account);
    ck_assert(payload.domain.has_chain_id && payload.domain.has_verifying_contract);
    ck_assert_uint_eq(vk_u256_low64(&payload.domain.chain_id), 8453);
    ck_assert_int_eq(vk_address_read(CONTRACT, 42, &contract), VK_OK);
    ck_assert(vk_address_equal(&payload.domain.verifying_contract, &contract));
}
END_TEST

/* Under another type than EIP-712's, no contract hashes it so: it says nothing of who will ask. */
START_TEST(test_domain_of_other_types) {
    vk_message_payload payload =
        read(TYPED(DOMAIN_TYPE("string", "string") ",",
                   "{\"chainId\":\"8453\",\"verifyingContract\":\"" CONTRACT "\"}"),
             VK_PAYLOAD_TYPED_DATA);
    ck_assert(!payload.domain.has_chain_id && !payload.domain.has_verifying_contract);
    payload = read(TYPED(DOMAIN_TYPE("uint256[]", "address[]") ",",
                         "{\"chainId\":[8453],\"verifyingContract\":[\"" CONTRACT "\"]}"),
                   VK_PAYLOAD_TYPED_DATA);
    ck_assert(!payload.domain.has_chain_id && !payload.domain.has_verifying_contract);
    payload = read(TYPED("", "{\"name\":\"n\"}"), VK_PAYLOAD_TYPED_DATA);
    ck_assert(!payload.domain.has_chain_id && !payload.domain.has_verifying_contract);
    payload = read(TYPED("", "{\"chainId\":\"0x2105\"}"), VK_PAYLOAD_TYPED_DATA);
    ck_assert(payload.domain.has_chain_id && !payload.domain.has_verifying_contract);
    ck_assert_uint_eq(vk_u256_low64(&payload.domain.chain_id), 8453);
}
END_TEST

START_TEST(test_typed_data_refused) {
    refuse("hello", VK_PAYLOAD_TYPED_DATA, VK_ERR_FORMAT, "");
    refuse(HEAD "\"typedData\":" TYPED_DATA "}", VK_PAYLOAD_TYPED_DATA, VK_ERR_FORMAT, "chainId");
}
END_TEST

/* ---- Requests ---- */

START_TEST(test_request) {
    static const char text[] = HEAD "\"message\":\"h\\u00e9llo {}\"}";
    vk_address account;
    vk_message_payload payload = read(text, VK_PAYLOAD_REQUEST);
    ck_assert_int_eq(vk_address_read(ACCOUNT, 42, &account), VK_OK);
    ck_assert(payload.has_account && vk_address_equal(&payload.account, &account));
    ck_assert_uint_eq(payload.chain_id, 8453);
    ck_assert(!payload.replayable && !payload.undeployed && !payload.is_typed_data);
    assert_hash(&payload.hash, vk_eip191_text_hash(text_bytes("h\xc3\xa9llo {}")));
    payload =
        read(HEAD "\"message\":{\"raw\":\"0x68690a00\"},\"deployed\":false}", VK_PAYLOAD_REQUEST);
    ck_assert(payload.undeployed && !payload.replayable);
    assert_hash(&payload.hash, vk_eip191_text_hash((vk_bytes){(const uint8_t *)"hi\n", 4}));
    payload = read(HEAD "\"typedData\":" TYPED_DATA ",\"replayable\":true,\"deployed\":true}",
                   VK_PAYLOAD_REQUEST);
    ck_assert(payload.replayable && !payload.undeployed && payload.is_typed_data);
    assert_hash(&payload.hash, read(TYPED_DATA, VK_PAYLOAD_TYPED_DATA).hash);
    ck_assert(payload.domain.has_verifying_contract);
}
END_TEST

START_TEST(test_request_refused) {
    static const struct {
        const char *text;
        vk_status status;
        const char *path;
    } cases[] = {
        {"hello", VK_ERR_FORMAT, ""},
        {"[]", VK_ERR_FORMAT, ""},
        {TYPED_DATA, VK_ERR_FORMAT, "types"},
        {"{\"account\":\"" ACCOUNT "\",\"message\":\"x\"}", VK_ERR_FORMAT, "chainId"},
        {"{\"chainId\":-1,\"account\":\"" ACCOUNT "\",\"message\":\"x\"}", VK_ERR_RANGE, "chainId"},
        {"{\"chainId\":1,\"message\":\"x\"}", VK_ERR_FORMAT, "account"},
        {"{\"chainId\":1,\"account\":\"0x11\",\"message\":\"x\"}", VK_ERR_FORMAT, "account"},
        {HEAD "\"message\":\"x\",\"typedData\":" TYPED_DATA "}", VK_ERR_FORMAT, "message"},
        {HEAD "\"replayable\":true}", VK_ERR_FORMAT, "message"},
        {HEAD "\"message\":null}", VK_ERR_FORMAT, "message"},
        {HEAD "\"message\":{\"raw\":\"0x6\"}}", VK_ERR_FORMAT, "message.raw"},
        {HEAD "\"message\":{\"raw\":\"0x66\",\"text\":\"f\"}}", VK_ERR_FORMAT, "message.text"},
        {HEAD "\"message\":\"x\",\"replayable\":1}", VK_ERR_FORMAT, "replayable"},
        {HEAD "\"message\":\"x\",\"deployed\":\"no\"}", VK_ERR_FORMAT, "deployed"},
        {HEAD "\"message\":\"x\",\"Deployed\":true}", VK_ERR_FORMAT, "Deployed"},
        {HEAD "\"message\":\"x\",\"message\":\"y\"}", VK_ERR_FORMAT, "message"},
        {HEAD "\"typedData\":{\"types\":{}}}", VK_ERR_FORMAT, "domain"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuse(cases[i].text, VK_PAYLOAD_REQUEST, cases[i].status, cases[i].path);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("message payloads");
    TCase *tests = tcase_create("payloads");
    tcase_add_test(tests, test_text_is_what_it_is);
    tcase_add_test(tests, test_long_text);
    tcase_add_test(tests, test_typed_data);
    tcase_add_test(tests, test_domain_of_other_types);
    tcase_add_test(tests, test_typed_data_refused);
    tcase_add_test(tests, test_request);
    tcase_add_test(tests, test_request_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
