/* What a node says of accounts: good, bad, recorded, and nothing. */
#include "served.h"

#include "support/vectors.h"
#include <check.h>
#include <net/chain_state.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static served s;
static vk_node *node;
static bool yes;
static vk_u256 number;
static vk_fees fees;
static vk_buf answer;
static vk_account_state state;
static vk_address account;
static const uint8_t id4[4] = {1, 2, 3, 4};
static uint8_t key24[24];

#define ACCOUNT "0x2c8a7839cba47040b736dbfa46c46fc87a928f3b"
#define ACCOUNT_SENT "0x2c8a7839cbA47040B736dbfA46C46fC87A928F3b"

static void set_up(void) {
    served_start(&s);
    ck_assert(vk_node_open(&s.config.node, &node, NULL) == VK_OK);
    ck_assert(vk_address_read(ACCOUNT, strlen(ACCOUNT), &account) == VK_OK);
    ck_assert(vk_hex_read_fixed("0x0000845adb2c711129d4f3966735ed98a9f09fc4ce570000", 50, key24,
                                sizeof key24) == VK_OK);
}

static void tear_down(void) {
    vk_buf_clear(&answer);
    vk_node_close(node);
    served_stop(&s);
}

static vk_status ask_code(vk_error *err) {
    return vk_node_has_code(node, &account, &yes, err);
}

static vk_status ask_balance(vk_error *err) {
    return vk_node_balance(node, &account, &number, err);
}

static vk_status ask_call(vk_error *err) {
    vk_buf_clear(&answer);
    return vk_node_call_latest(node, &account, (vk_bytes){id4, sizeof id4}, &answer, err);
}

static vk_status ask_nonce(vk_error *err) {
    return vk_node_nonce(node, &s.entry_point, &account, key24, &number, err);
}

static vk_status ask_deposit(vk_error *err) {
    return vk_node_deposit(node, &s.entry_point, &account, &number, err);
}

static vk_status ask_fees(vk_error *err) {
    return vk_node_fees(node, &fees, err);
}

static vk_status ask_state(vk_error *err) {
    return vk_node_account_state(node, &account, id4, &state, err);
}

#define WORD(n) "00000000000000000000000000000000000000000000000000000000" n
#define ENTRY_POINT "0x0000000071727De22E5E9d8BAf0edAc6f37da032"
#define HISTORY "{\"baseFeePerGas\":[\"0x1\",\"0x64\"],\"reward\":[[\"0x9\"],[\"0x1\"],[\"0x5\"]]}"

static const struct {
    const char *method;
    served_call call;
    const char *members, *params; /* a good answer; what is asked */
} calls[] = {
    {"eth_getCode", ask_code, "{\"result\":\"0x60\"}", "[\"" ACCOUNT_SENT "\",\"latest\"]"},
    {"eth_getBalance", ask_balance, "{\"result\":\"0x2a\"}", "[\"" ACCOUNT_SENT "\",\"latest\"]"},
    {"eth_call", ask_call, "{\"result\":\"0xabcd\"}",
     "[{\"to\":\"" ACCOUNT_SENT "\",\"data\":\"0x01020304\"},\"latest\"]"},
    {"eth_call", ask_nonce,
     "{\"result\":\"0x0000845adb2c711129d4f3966735ed98a9f09fc4ce5700000000000000000003\"}",
     "[{\"to\":\"" ENTRY_POINT "\",\"data\":\"0x35567e1a"
     "0000000000000000000000002c8a7839cba47040b736dbfa46c46fc87a928f3b"
     "00000000000000000000845adb2c711129d4f3966735ed98a9f09fc4ce570000\"},\"latest\"]"},
    {"eth_call", ask_deposit, "{\"result\":\"0x" WORD("00000007") "\"}",
     "[{\"to\":\"" ENTRY_POINT "\",\"data\":\"0x70a08231"
     "0000000000000000000000002c8a7839cba47040b736dbfa46c46fc87a928f3b\"},\"latest\"]"},
    {"eth_feeHistory", ask_fees, "{\"result\":" HISTORY "}", "[\"0xa\",\"latest\",[50]]"},
};
#define CALLS (sizeof calls / sizeof calls[0])

START_TEST(test_good) {
    for (size_t i = 0; i < CALLS; i++) {
        vk_error err = {0};
        served_set(&s, calls[i].method, calls[i].members, NULL);
        vk_status status = calls[i].call(&err);
        ck_assert_msg(status == VK_OK, "%s", err.message);
        ck_assert_uint_eq(s.node.calls, 1);
        const char *params = strstr(s.node.body, "\"params\":");
        ck_assert_msg(strncmp(params + 9, calls[i].params, strlen(calls[i].params)) == 0, "%s",
                      params);
        ck_assert(calls[i].call != ask_balance || vk_u256_low64(&number) == 42);
        ck_assert(calls[i].call != ask_nonce || number.be[31] == 3);
    }
    ck_assert(yes && answer.len == 2 && vk_u256_low64(&number) == 7);
    /* twice the next base fee, and the middle one of the tips */
    ck_assert(vk_u256_low64(&fees.max_fee_per_gas) == 205 &&
              vk_u256_low64(&fees.max_priority_fee_per_gas) == 5);
    served_set(&s, "eth_getCode", "{\"result\":\"0x\"}", NULL);
    ck_assert(ask_code(NULL) == VK_OK && !yes);
    served_set(&s, "eth_call", "{\"result\":\"0x\"}", NULL);
    ck_assert(ask_call(NULL) == VK_OK && answer.len == 0);
}
END_TEST

START_TEST(test_failures) {
    for (size_t i = 0; i < CALLS; i++) {
        served_refuses(&s, calls[i].method, calls[i].call);
        served_repeats(&s, calls[i].method, calls[i].call, calls[i].members);
    }
    served_refuses(&s, "eth_getCode", ask_state);
    served_set(&s, "eth_getCode", "{\"result\":\"0x\"}",
               "[{\"stall\":1200},{\"stall\":1200},{\"stall\":1200}]");
    served_fails(ask_code, VK_ERR_SERVER, "cannot ask http://127.0.0.1: ");
}
END_TEST

#define TOO_MUCH "\"0x100000000000000000000000000000000\"" /* 2^128 */
#define MUCH "\"0xffffffffffffffffffffffffffffffff\""

START_TEST(test_bad) {
    static const struct {
        const char *method;
        served_call call;
        const char *result, *says;
    } cases[] = {
        {"eth_getCode", ask_code, "null", "must be a string"},
        {"eth_getCode", ask_code, "\"0x6\"", "even number of hex digits"},
        {"eth_getBalance", ask_balance, "\"0x\"", "hex digits"},
        {"eth_getBalance", ask_balance, "\"42\"", "hex digits"},
        {"eth_getBalance", ask_balance, "\"0x0a\"", "leading zeros"},
        {"eth_getBalance", ask_balance,
         "\"0x10000000000000000000000000000000000000000000000000000000000000000\"", "hex digits"},
        {"eth_call", ask_call, "\"abcd\"", "even number of hex digits"},
        {"eth_call", ask_nonce, "\"0x\"",
         "there is no EntryPoint at 0x0000000071727De22E5E9d8BAf0edAc6f37da032"},
        {"eth_call", ask_nonce, "\"0x" WORD("00000003") "\"", "gives no nonce of the key"},
        {"eth_call", ask_nonce, "\"0x03\"", "gives no nonce of the key"},
        {"eth_call", ask_deposit, "\"0x\"", "there is no EntryPoint"},
        {"eth_call", ask_deposit, "\"0x07\"", "gives no deposit"},
        {"eth_feeHistory", ask_fees, "null", "must be a JSON object"},
        {"eth_feeHistory", ask_fees, "{\"reward\":[[\"0x1\"]]}", "result.baseFeePerGas: "},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[],\"reward\":[[\"0x1\"]]}",
         "must be an array of 1 to 11 values"},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[\"0x1\",7],\"reward\":[[\"0x1\"]]}",
         "result.baseFeePerGas[1]: this is no quantity"},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[\"0x1\"],\"reward\":null}",
         "result.reward: "},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[\"0x1\"],\"reward\":[[]]}",
         "result.reward[0]: this is no array of one value"},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[\"0x1\"],\"reward\":[\"0x1\"]}",
         "result.reward[0]: this is no array of one value"},
        {"eth_feeHistory", ask_fees,
         "{\"baseFeePerGas\":[\"0x1\"],\"reward\":[[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1]]}",
         "must be an array of 1 to 10 values"},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[" TOO_MUCH "],\"reward\":[[\"0x1\"]]}",
         "does not fit 128 bits"},
        {"eth_feeHistory", ask_fees, "{\"baseFeePerGas\":[" MUCH "],\"reward\":[[\"0x1\"]]}",
         "the fees do not fit 128 bits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[512];
        snprintf(members, sizeof members, "{\"result\":%s}", cases[i].result);
        served_set(&s, cases[i].method, members, NULL);
        memset(&number, 0x11, sizeof number);
        memset(&fees, 0x11, sizeof fees);
        yes = true;
        served_fails(cases[i].call, VK_ERR_SERVER, cases[i].says);
        ck_assert_uint_eq(s.node.calls, 1);
        ck_assert(yes && number.be[0] == 0x11 && fees.max_fee_per_gas.be[0] == 0x11);
    }
}
END_TEST

START_TEST(test_long_answer) {
    vk_buf text = {0};
    vk_buf_put_text(&text, "{\"result\":\"0x");
    for (size_t i = 0; i <= VK_NODE_ANSWER_MAX; i++) {
        vk_buf_put_text(&text, "00");
    }
    vk_buf_put_text(&text, "\"}");
    char *members = vk_buf_take_text(&text);
    served_set(&s, "eth_call", members, NULL);
    served_fails(ask_call, VK_ERR_SERVER, "has more than 65536 bytes");
    ck_assert_uint_eq(answer.len, 0);
    served_fails(ask_nonce, VK_ERR_SERVER, "has more than 65536 bytes");
    vk_text_free(members);
}
END_TEST

/* ---- An account's state ---- */

#define ASK_NONCE ACCOUNT ":0xadb610a3"
#define ASK_VALIDATION                                                                             \
    ACCOUNT ":0xb8afe17d0201020304000000000000000000000000000000000000000000000000000000"
#define ASK_VALID_FROM ACCOUNT ":0x90ef8862"
#define ASK_PERMISSION                                                                             \
    ACCOUNT ":0xc3e589780102030400000000000000000000000000000000000000000000000000000000"
/* (bytes2 flag, address signer, bytes22[] policies) with no policies */
#define PERMISSION                                                                                 \
    "0x" WORD("00000020") "0002000000000000000000000000000000000000000000000000000000000000"       \
                          "0000000000000000000000002222222222222222222222222222222222222222" WORD( \
                              "00000060") WORD("00000000")

static void set_account(const char *nonce, const char *validation, const char *valid_from) {
    char text[4096];
    snprintf(text, sizeof text,
             "{\"replies\":{\"eth_getCode\":{\"result\":\"0x60\"}},\"calls\":{"
             "\"" ASK_NONCE "\":\"%s\",\"" ASK_VALIDATION "\":\"%s\",\"" ASK_VALID_FROM
             "\":\"%s\",\"" ASK_PERMISSION "\":\"" PERMISSION "\"}}",
             nonce, validation, valid_from);
    chain_set(&s.node, text);
}

#define NUMBER(n) "0x" WORD("0000000" #n)

START_TEST(test_states) {
    static const struct {
        const char *validation, *valid_from;
        vk_permission_state state;
        uint32_t from;
    } cases[] = {
        {"0x" WORD("00000000") WORD("00000000"), NUMBER(0), VK_PERMISSION_ABSENT, 0},
        {"0x" WORD("00000000") WORD("00000000"), NUMBER(3), VK_PERMISSION_ABSENT, 3},
        {"0x" WORD("00000002") WORD("00000001"), NUMBER(0), VK_PERMISSION_INSTALLED, 0},
        {"0x" WORD("00000002") WORD("00000001"), NUMBER(2), VK_PERMISSION_INSTALLED, 2},
        {"0x" WORD("00000002") WORD("00000001"), NUMBER(3), VK_PERMISSION_REVOKED, 3},
        {"0x" WORD("00000002") WORD("00000000"), NUMBER(0), VK_PERMISSION_REVOKED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_error err = {0};
        set_account(NUMBER(5), cases[i].validation, cases[i].valid_from);
        ck_assert_msg(ask_state(&err) == VK_OK, "%s", err.message);
        ck_assert(state.is_deployed && state.permission == cases[i].state);
        ck_assert(state.current_nonce == 5 && state.valid_nonce_from == cases[i].from);
        ck_assert(state.config.signer.b[0] == 0x22 && state.config.flag == 2);
    }
}
END_TEST

/* An account that nobody initialized answers 0: the SDK, and so every approval, begins with 1. */
START_TEST(test_not_initialized) {
    set_account(NUMBER(0), "0x" WORD("00000000") WORD("00000000"), NUMBER(0));
    ck_assert(ask_state(NULL) == VK_OK);
    ck_assert_uint_eq(state.current_nonce, 1);
}
END_TEST

START_TEST(test_not_deployed) {
    served_set(&s, "eth_getCode", "{\"result\":\"0x\"}", NULL);
    memset(&state, 0x11, sizeof state);
    ck_assert(ask_state(NULL) == VK_OK);
    ck_assert_uint_eq(s.node.calls, 1);
    ck_assert(!state.is_deployed && state.permission == VK_PERMISSION_ABSENT);
    ck_assert(state.current_nonce == 1 && state.valid_nonce_from == 0);
    ck_assert(vk_address_is_zero(&state.config.signer) && state.config.policy_count == 0);
}
END_TEST

START_TEST(test_no_kernel) {
    static const struct {
        const char *nonce, *validation, *valid_from, *says;
    } cases[] = {
        {"0x", "0x", "0x", "says nothing, which no Kernel does"},
        {"0x05", "0x", "0x",
         "says what no Kernel says: the answer is not the encoding of a uint32"},
        {"0x" WORD("00000000") "00", "0x", "0x", "says what no Kernel says"},
        {"0x000000000000000000000000000000000000000000000000000000ffffffffff", "0x", "0x",
         "says what no Kernel says"},
        {NUMBER(5), NUMBER(2), "0x", "says what no Kernel says"},
        {NUMBER(5), "0x" WORD("00000002") WORD("00000001"), "0x", "says what no Kernel says"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_account(cases[i].nonce, cases[i].validation, cases[i].valid_from);
        memset(&state, 0x11, sizeof state);
        served_fails(ask_state, VK_ERR_SERVER, cases[i].says);
        ck_assert_uint_eq(state.current_nonce, 0x11111111);
    }
}
END_TEST

/* ---- Recorded ---- */

static void set_recorded_calls(void) {
    cJSON *vectors = vectors_load("net/node.json");
    cJSON *known = cJSON_CreateObject();
    const cJSON *one;
    char name[512];
    cJSON_ArrayForEach(one, vectors_get(vectors, "answers")) {
        const cJSON *call = cJSON_GetArrayItem(cJSON_GetObjectItem(one, "params"), 0);
        if (strncmp(vectors_text(one, "name"), "call ", 5) == 0) {
            snprintf(name, sizeof name, "%s:%s", vectors_text(call, "to"),
                     vectors_text(call, "data"));
            cJSON_AddStringToObject(known, name, vectors_text(vectors_get(one, "reply"), "result"));
        }
    }
    served_recorded(&s, "node.json", "code");
    ck_assert(cJSON_AddItemToObject(s.node.state, "calls", known));
    cJSON_Delete(vectors);
}

START_TEST(test_recorded) {
    set_recorded_calls();
    ck_assert(ask_state(NULL) == VK_OK);
    ck_assert(state.is_deployed && state.permission == VK_PERMISSION_ABSENT);
    ck_assert(state.current_nonce == 1 && state.valid_nonce_from == 0);
    ck_assert(ask_nonce(NULL) == VK_OK && memcmp(number.be, key24, sizeof key24) == 0 &&
              vk_u256_low64(&number) == 0);
    ck_assert(ask_deposit(NULL) == VK_OK && vk_u256_is_zero(&number));
    served_recorded(&s, "node.json", "no code");
    ck_assert(ask_code(NULL) == VK_OK && !yes);
    served_recorded(&s, "node.json", "balance");
    ck_assert(ask_balance(NULL) == VK_OK && vk_u256_low64(&number) == 1000000000000000000);
    served_recorded(&s, "node.json", "fees");
    ck_assert(ask_fees(NULL) == VK_OK && vk_u256_low64(&fees.max_fee_per_gas) == 14 &&
              vk_u256_is_zero(&fees.max_priority_fee_per_gas));
    served_recorded(&s, "node.json", "reverted");
    served_fails(ask_call, VK_ERR_SERVER, "error 3: execution reverted");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_chain_state");
    TCase *tests = tcase_create("net_chain_state");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_good);
    tcase_add_test(tests, test_failures);
    tcase_add_test(tests, test_bad);
    tcase_add_test(tests, test_long_answer);
    tcase_add_test(tests, test_states);
    tcase_add_test(tests, test_not_initialized);
    tcase_add_test(tests, test_not_deployed);
    tcase_add_test(tests, test_no_kernel);
    tcase_add_test(tests, test_recorded);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
