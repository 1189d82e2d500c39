/* What a node says of a thirdweb account: of signers, admins and requests; good, bad, and nothing.
 */
#include "served.h"

#include <check.h>
#include <net/thirdweb_state.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static served s;
static vk_node *node;
static vk_address account;
static vk_address signer = {{0x11, 0x22}};
static const uint8_t signature[65] = {7};
static vk_thirdweb_request request;
static vk_thirdweb_state state;
static vk_thirdweb_fate fate;
static bool yes;
static size_t count;

#define ACCOUNT "0x2c8a7839cba47040b736dbfa46c46fc87a928f3b"
#define WORD(n) "00000000000000000000000000000000000000000000000000000000" n
#define SIGNER "0000000000000000000000001122000000000000000000000000000000000000"
#define YES "0x" WORD("00000001")
#define NO "0x" WORD("00000000")

static void set_up(void) {
    served_start(&s);
    ck_assert(vk_node_open(&s.config.node, &node, NULL) == VK_OK);
    ck_assert(vk_address_read(ACCOUNT, strlen(ACCOUNT), &account) == VK_OK);
    request = (vk_thirdweb_request){.signer = signer};
    state = (vk_thirdweb_state){.is_admin = false};
}

static void tear_down(void) {
    vk_thirdweb_state_clear(&state);
    vk_node_close(node);
    served_stop(&s);
}

static vk_status ask_state(vk_error *err) {
    vk_thirdweb_state_clear(&state);
    return vk_node_thirdweb_state(node, &account, &signer, &state, err);
}

static vk_status ask_is_admin(vk_error *err) {
    return vk_node_thirdweb_is_admin(node, &account, &signer, &yes, err);
}

static vk_status ask_admins(vk_error *err) {
    return vk_node_thirdweb_admins(node, &account, &count, err);
}

static vk_status ask_request(vk_error *err) {
    return vk_node_thirdweb_request(node, &account, &request, signature, &fate, err);
}

/* ---- What the account answers ---- */

typedef struct account_words {
    const char *is_admin, *is_active, *permissions, *admins, *request; /* NULL: "0x" */
} account_words;

static void add_call(cJSON *calls, vk_buf *data, const char *answer) {
    vk_buf name = {0};
    vk_buf_put_text(&name, ACCOUNT ":");
    vk_hex_put(&name, vk_buf_view(data));
    char *text = vk_buf_take_text(&name);
    ck_assert_ptr_nonnull(text);
    if (answer != NULL) {
        cJSON_AddStringToObject(calls, text, answer);
    }
    vk_text_free(text);
    vk_buf_clear(data);
}

static void set_account(const account_words *words) {
    vk_buf data = {0};
    chain_set(&s.node, "{\"replies\":{\"eth_getCode\":{\"result\":\"0x60\"}}}");
    cJSON *calls = cJSON_AddObjectToObject(s.node.state, "calls");
    vk_thirdweb_ask_is_admin(&signer, &data);
    add_call(calls, &data, words->is_admin);
    vk_thirdweb_ask_is_active(&signer, &data);
    add_call(calls, &data, words->is_active);
    vk_thirdweb_ask_permissions(&signer, &data);
    add_call(calls, &data, words->permissions);
    vk_thirdweb_ask_admins(&data);
    add_call(calls, &data, words->admins);
    ck_assert_int_eq(vk_thirdweb_ask_request(&request, 0, signature, &data, NULL), VK_OK);
    add_call(calls, &data, words->request);
}

#define SESSION                                                                                    \
    "0x" WORD("00000020") SIGNER WORD("000000a0") WORD("00000005") WORD("00000001")                \
        WORD("000000ff") WORD("00000001") SIGNER
#define NOTHING                                                                                    \
    "0x" WORD("00000020") SIGNER WORD("000000a0") WORD("00000000") WORD("00000000")                \
        WORD("00000000") WORD("00000000")

START_TEST(test_state) {
    static const account_words set = {NO, YES, SESSION, NULL, NULL},
                               never = {YES, NO, NOTHING, NULL, NULL};
    vk_error err = {0};
    set_account(&set);
    ck_assert_msg(ask_state(&err) == VK_OK, "%s", err.message);
    ck_assert(state.is_deployed && !state.is_admin && state.is_active);
    ck_assert_uint_eq(state.session.target_count, 1);
    ck_assert(vk_address_equal(&state.session.targets[0], &signer));
    ck_assert_uint_eq(vk_u256_low64(&state.session.end), 255);
    set_account(&never);
    ck_assert(ask_state(NULL) == VK_OK);
    ck_assert(state.is_admin && !state.is_active && state.session.target_count == 0);
    ck_assert(ask_is_admin(NULL) == VK_OK && yes);
}
END_TEST

START_TEST(test_not_deployed) {
    served_set(&s, "eth_getCode", "{\"result\":\"0x\"}", NULL);
    ck_assert(ask_state(NULL) == VK_OK);
    ck_assert_uint_eq(s.node.calls, 1);
    ck_assert(!state.is_deployed && !state.is_admin && state.session.target_count == 0);
}
END_TEST

START_TEST(test_admins) {
    static const account_words two = {.admins =
                                          "0x" WORD("00000020") WORD("00000002") SIGNER SIGNER};
    set_account(&two);
    ck_assert(ask_admins(NULL) == VK_OK);
    ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(test_none_of_thirdweb) {
    static const struct {
        account_words words;
        served_call call;
    } cases[] = {
        {{NULL, YES, SESSION, NULL, NULL}, ask_state},
        {{YES, "0x" WORD("00000002"), SESSION, NULL, NULL}, ask_state},
        {{YES, YES, NULL, NULL, NULL}, ask_state},
        {{YES, YES, NO, NULL, NULL}, ask_state},
        {{NULL, NULL, NULL, NULL, NULL}, ask_is_admin},
        {{NULL, NULL, NULL, NO, NULL}, ask_admins},
        {{NULL, NULL, NULL, NULL, YES}, ask_request},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_account(&cases[i].words);
        served_fails(cases[i].call, VK_ERR_SERVER, "says what no account of thirdweb says");
        ck_assert(state.session.targets == NULL);
    }
}
END_TEST

START_TEST(test_failures) {
    served_refuses(&s, "eth_getCode", ask_state);
    served_refuses(&s, "eth_call", ask_is_admin);
    served_refuses(&s, "eth_call", ask_admins);
    served_repeats(&s, "eth_call", ask_is_admin, "{\"result\":\"" YES "\"}");
}
END_TEST

/* ---- A request ---- */

START_TEST(test_fates) {
    static const struct {
        const char *answer, *is_admin;
        vk_thirdweb_fate fate;
    } cases[] = {
        {YES SIGNER, NO, VK_THIRDWEB_GOOD},
        {NO SIGNER, YES, VK_THIRDWEB_USED},
        {NO SIGNER, NO, VK_THIRDWEB_NO_ADMIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const account_words words = {.is_admin = cases[i].is_admin, .request = cases[i].answer};
        set_account(&words);
        ck_assert(ask_request(NULL) == VK_OK);
        ck_assert_int_eq(fate, cases[i].fate);
    }
    served_set(&s, "eth_call", "{\"error\":{\"code\":3,\"message\":\"no\"}}", NULL);
    ck_assert(ask_request(NULL) == VK_OK && fate == VK_THIRDWEB_OLD);
    served_set(&s, "eth_call", "{\"error\":{\"code\":-32000,\"message\":\"execution reverted\"}}",
               NULL);
    ck_assert(ask_request(NULL) == VK_OK && fate == VK_THIRDWEB_OLD);
    served_set(&s, "eth_call", "{\"error\":{\"code\":-32005,\"message\":\"slow down\"}}", NULL);
    served_fails(ask_request, VK_ERR_SERVER, "error -32005: slow down");
    request.start = (vk_u256){{1}};
    ck_assert_int_eq(ask_request(NULL), VK_ERR_RANGE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_thirdweb_state");
    TCase *tests = tcase_create("net_thirdweb_state");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_state);
    tcase_add_test(tests, test_not_deployed);
    tcase_add_test(tests, test_admins);
    tcase_add_test(tests, test_none_of_thirdweb);
    tcase_add_test(tests, test_failures);
    tcase_add_test(tests, test_fates);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
