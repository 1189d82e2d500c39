/* What an account of thirdweb is asked about its signers, and hostile answers. */
#include "eth/abi.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>
#include <valetkey/thirdweb.h>

static const vk_address signer = {{0x11, 0x22, 0x33}};
#define TUPLE "(address,uint8,address[],uint256,uint128,uint128,uint128,uint128,bytes32)"

static vk_buf answer;

static void tear_down(void) {
    vk_buf_clear(&answer);
}

/* ---- Questions ---- */

static void check_question(const vk_buf *data, const char *function, size_t len) {
    vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)function, strlen(function)});
    ck_assert_msg(data->len == len && memcmp(data->data, hash.b, 4) == 0, "%s", function);
}

START_TEST(test_questions) {
    static const uint8_t signature[65] = {9};
    vk_thirdweb_request request = {.signer = signer, .target_count = 1, .targets = &signer};
    vk_buf out[5] = {{0}}, call = {0};
    vk_thirdweb_ask_is_admin(&signer, &out[0]);
    vk_thirdweb_ask_is_active(&signer, &out[1]);
    vk_thirdweb_ask_permissions(&signer, &out[2]);
    vk_thirdweb_ask_admins(&out[3]);
    ck_assert_int_eq(vk_thirdweb_ask_request(&request, 0, signature, &out[4], NULL), VK_OK);
    ck_assert_int_eq(
        vk_thirdweb_set_permissions(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, signature, &call, NULL),
        VK_OK);
    check_question(&out[0], "isAdmin(address)", 36);
    check_question(&out[1], "isActiveSigner(address)", 36);
    check_question(&out[2], "getPermissionsForSigner(address)", 36);
    check_question(&out[3], "getAllAdmins()", 4);
    check_question(&out[4], "verifySignerPermissionRequest(" TUPLE ",bytes)", call.len);
    ck_assert_mem_eq(out[4].data + 4, call.data + 4, call.len - 4);
    request.targets = &(vk_address){{0}};
    ck_assert_int_eq(vk_thirdweb_ask_request(&request, 0, signature, &call, NULL), VK_ERR_POLICY);
    for (size_t i = 0; i < 5; i++) {
        vk_buf_clear(&out[i]);
    }
    vk_buf_clear(&call);
}
END_TEST

/* ---- Sessions ---- */

static void put_session(size_t targets) {
    vk_address target = {{0}};
    vk_abi_put_u64(&answer, 32);
    vk_abi_put_address(&answer, &signer);
    vk_abi_put_u64(&answer, 160);
    vk_abi_put_u64(&answer, 5);
    vk_abi_put_u64(&answer, 1767225600);
    vk_abi_put_u64(&answer, 4070908800);
    vk_abi_put_u64(&answer, targets);
    for (size_t i = 0; i < targets; i++) {
        target.b[19] = (uint8_t)i;
        vk_abi_put_address(&answer, &target);
    }
}

static vk_status read_session(vk_thirdweb_session *out) {
    return vk_thirdweb_read_permissions(vk_buf_view(&answer), &signer, out, NULL);
}

START_TEST(test_session) {
    vk_thirdweb_session session;
    put_session(3);
    ck_assert_int_eq(read_session(&session), VK_OK);
    ck_assert_uint_eq(session.target_count, 3);
    ck_assert_uint_eq(session.targets[2].b[19], 2);
    ck_assert_uint_eq(vk_u256_low64(&session.native_limit), 5);
    ck_assert_uint_eq(vk_u256_low64(&session.start), 1767225600);
    ck_assert_uint_eq(vk_u256_low64(&session.end), 4070908800);
    vk_thirdweb_session_clear(&session);
    ck_assert(session.targets == NULL && session.target_count == 0);
    vk_buf_clear(&answer);
    put_session(0);
    ck_assert_int_eq(read_session(&session), VK_OK);
    ck_assert(session.targets == NULL && session.target_count == 0);
}
END_TEST

/* Cut short, too long, another's, and each word that is no number of its kind. */
START_TEST(test_session_hostile) {
    vk_thirdweb_session session = {.target_count = 7}, out = session;
    static const size_t narrow[] = {0, 1, 2, 4, 5, 6, 7, 8};
    put_session(2);
    for (size_t len = 0; len < answer.len; len++) {
        vk_bytes part = {answer.data, len};
        ck_assert_int_eq(vk_thirdweb_read_permissions(part, &signer, &out, NULL), VK_ERR_FORMAT);
    }
    for (size_t i = 0; i < sizeof narrow / sizeof narrow[0]; i++) {
        answer.data[narrow[i] * 32] = 1;
        ck_assert_msg(read_session(&out) == VK_ERR_FORMAT, "word %zu", narrow[i]);
        answer.data[narrow[i] * 32] = 0;
    }
    answer.data[32 + 31] ^= 1;
    ck_assert_int_eq(read_session(&out), VK_ERR_FORMAT);
    answer.data[32 + 31] ^= 1;
    vk_buf_put_byte(&answer, 0);
    ck_assert_int_eq(read_session(&out), VK_ERR_FORMAT);
    vk_buf_clear(&answer);
    put_session(VK_THIRDWEB_TARGETS_MAX + 1);
    ck_assert_int_eq(read_session(&out), VK_ERR_SIZE);
    ck_assert_mem_eq(&out, &session, sizeof out);
}
END_TEST

/* ---- The others ---- */

START_TEST(test_admins) {
    size_t count = 7;
    vk_abi_put_u64(&answer, 32);
    vk_abi_put_u64(&answer, 2);
    vk_abi_put_address(&answer, &signer);
    ck_assert_int_eq(vk_thirdweb_read_admins(vk_buf_view(&answer), &count, NULL), VK_ERR_FORMAT);
    vk_abi_put_address(&answer, &signer);
    ck_assert_int_eq(vk_thirdweb_read_admins(vk_buf_view(&answer), &count, NULL), VK_OK);
    ck_assert_uint_eq(count, 2);
    answer.data[3 * 32] = 1;
    ck_assert_int_eq(vk_thirdweb_read_admins(vk_buf_view(&answer), &count, NULL), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_thirdweb_read_admins((vk_bytes){NULL, 0}, &count, NULL), VK_ERR_FORMAT);
    ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(test_request) {
    bool good = false;
    vk_address admin = {{0}};
    vk_abi_put_u64(&answer, 1);
    vk_abi_put_address(&answer, &signer);
    ck_assert_int_eq(vk_thirdweb_read_request(vk_buf_view(&answer), &good, &admin, NULL), VK_OK);
    ck_assert(good && vk_address_equal(&admin, &signer));
    answer.data[31] = 0;
    ck_assert_int_eq(vk_thirdweb_read_request(vk_buf_view(&answer), &good, &admin, NULL), VK_OK);
    ck_assert(!good);
    answer.data[31] = 2;
    ck_assert_int_eq(vk_thirdweb_read_request(vk_buf_view(&answer), &good, &admin, NULL),
                     VK_ERR_FORMAT);
    vk_bytes part = {answer.data, 63};
    ck_assert_int_eq(vk_thirdweb_read_request(part, &good, &admin, NULL), VK_ERR_FORMAT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("thirdweb_answer");
    TCase *tests = tcase_create("thirdweb_answer");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, test_questions);
    tcase_add_test(tests, test_session);
    tcase_add_test(tests, test_session_hostile);
    tcase_add_test(tests, test_admins);
    tcase_add_test(tests, test_request);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
