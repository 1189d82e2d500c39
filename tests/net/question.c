#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

chain state;
static server *http;
static vk_node *node;
vk_grant_record grant;
vk_policy policy;
vk_signer signer;
vk_reservation reservation;
static vk_hash operation;
vk_settle_question question;

/* ---- The question ---- */

static vk_address address_of(const char *text) {
    vk_address out;
    ck_assert(vk_address_read(text, strlen(text), &out) == VK_OK);
    return out;
}

void set_nonce(const char *text) {
    ck_assert(vk_u256_read_hex(text, strlen(text), &reservation.nonce) == VK_OK);
}

void set_policy(const char *json) {
    vk_error err = {0};
    vk_policy_clear(&policy);
    ck_assert_msg(vk_policy_read(json, strlen(json), &policy, &err) == VK_OK, "%s", err.message);
}

static void set_question(void) {
    vk_address session = {{1}};
    grant = (vk_grant_record){.chain_id = 31337,
                              .account = address_of(ACCOUNT),
                              .entry_point = address_of(ENTRY_POINT),
                              .permission_id = {0x11, 0x22, 0x33, 0x44}};
    signer = vk_signer_ecdsa(&session);
    set_policy("[{\"type\":\"gas\",\"allowed\":\"1000\"}]");
    memset(&operation, 0x11, sizeof operation);
    reservation = (vk_reservation){.signed_at = GENESIS + 12 * 500,
                                   .operation_count = 1,
                                   .operations = &operation,
                                   .is_complete = true};
    set_nonce(DEFAULT_NONCE);
    question = (vk_settle_question){&grant, VK_KERNEL_0_3_1, &policy, &signer, &reservation};
}

/* ---- The chain ---- */

static void set_chain(void) {
    vk_buf text = {0};
    vk_buf_printf(&text, "{\"chainId\":31337,\"finalized\":%d,\"genesis\":%d,\"blockTime\":12}",
                  FINALIZED, GENESIS);
    char *json = vk_buf_take_text(&text);
    chain_set(&state, json);
    vk_text_free(json);
    cJSON_AddObjectToObject(state.state, "calls");
}

/* What a contract answers to a call; takes both. */
void will_answer(const char *to, vk_buf *call, vk_buf *answer) {
    vk_buf name = {0}, text = {0};
    vk_buf_printf(&name, "%s:", to);
    vk_hex_put(&name, vk_buf_view(call));
    vk_hex_put(&text, vk_buf_view(answer));
    char *key = vk_buf_take_text(&name), *value = vk_buf_take_text(&text);
    cJSON *calls = cJSON_GetObjectItem(state.state, "calls");
    cJSON_DeleteItemFromObjectCaseSensitive(calls, key);
    cJSON_AddStringToObject(calls, key, value);
    vk_text_free(key);
    vk_text_free(value);
    vk_buf_clear(call);
    vk_buf_clear(answer);
}

void put_word(vk_buf *out, uint64_t value) {
    vk_u256 word = vk_u256_from_u64(value);
    vk_buf_put(out, word.be, sizeof word.be);
}

/* EntryPoint.getNonce of the reservation's key. */
void next_is(uint64_t sequence) {
    static const uint8_t selector[4] = {0x35, 0x56, 0x7e, 0x1a};
    vk_buf call = {0}, answer = {0};
    vk_address account = address_of(ACCOUNT);
    vk_buf_put(&call, selector, sizeof selector);
    vk_buf_put_zeros(&call, 12);
    vk_buf_put(&call, account.b, sizeof account.b);
    vk_buf_put_zeros(&call, 8);
    vk_buf_put(&call, reservation.nonce.be, 24);
    vk_buf_put(&answer, reservation.nonce.be, 24);
    for (int i = 7; i >= 0; i--) {
        vk_buf_put_byte(&answer, (uint8_t)(sequence >> 8 * i));
    }
    will_answer(ENTRY_POINT, &call, &answer);
}

/* The event of an operation; members of a log that a node gets wrong go into it afterwards. */
cJSON *add_log(const char *hash, unsigned block, uint64_t sequence) {
    char *account = strdup("0x000000000000000000000000"
                           "00000000000000000000000000000000000000ac");
    vk_buf data = {0}, topic = {0}, text = {0};
    vk_hex_put(&topic, (vk_bytes){vk_operation_event_topic.b, 32});
    vk_buf_put(&data, reservation.nonce.be, 24);
    for (int i = 7; i >= 0; i--) {
        vk_buf_put_byte(&data, (uint8_t)(sequence >> 8 * i));
    }
    put_word(&data, 1);
    put_word(&data, 7);
    put_word(&data, 8);
    vk_buf_printf(&text,
                  "{\"address\":\"" ENTRY_POINT "\",\"removed\":false,\"blockNumber\":\"0x%x\","
                  "\"topics\":[\"%.66s\",\"%s\",\"%s\",\"0x%064d\"],\"data\":\"",
                  block, (const char *)topic.data, hash, account, 0);
    vk_hex_put(&text, vk_buf_view(&data));
    vk_buf_put_text(&text, "\"}");
    char *json = vk_buf_take_text(&text);
    cJSON *logs = cJSON_GetObjectItem(state.state, "logs");
    if (logs == NULL) {
        logs = cJSON_AddArrayToObject(state.state, "logs");
    }
    cJSON *log = cJSON_Parse(json);
    ck_assert_ptr_nonnull(log);
    cJSON_AddItemToArray(logs, log);
    vk_text_free(json);
    vk_buf_clear(&data);
    vk_buf_clear(&topic);
    free(account);
    return log;
}

/* ---- Answers ---- */

vk_settle_answer ask(void) {
    vk_settle_answer answer;
    vk_error err = {0};
    vk_status status = vk_settle_ask(node, &question, &answer, &err);
    ck_assert_msg(status == VK_OK, "%s", err.message);
    ck_assert_ptr_nonnull(strstr(answer.why, " (http://127.0.0.1)"));
    return answer;
}

void assert_open(const char *why) {
    vk_settle_answer answer = ask();
    ck_assert_msg(answer.is_open, "%s", answer.why);
    ck_assert_msg(strstr(answer.why, why) != NULL, "%s", answer.why);
}

void assert_gone(const char *why) {
    vk_settle_answer answer = ask();
    ck_assert_msg(!answer.is_open && answer.outcome == VK_OUTCOME_GONE, "%s", answer.why);
    ck_assert_msg(strstr(answer.why, why) != NULL, "%s", answer.why);
}

void assert_fails(const char *why) {
    vk_settle_answer answer;
    vk_error err = {0};
    ck_assert_int_eq(vk_settle_ask(node, &question, &answer, &err), VK_ERR_SERVER);
    ck_assert_int_eq(err.status, VK_ERR_SERVER);
    ck_assert(answer.is_open);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
}

static void set_up(void) {
    char url[80];
    set_question();
    set_chain();
    http = server_start(chain_answer, &state);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server_port(http));
    vk_node_config config = {.url = url, .max_blocks = 100, .backoff_ms = 1};
    ck_assert(vk_node_open(&config, &node, NULL) == VK_OK);
}

static void tear_down(void) {
    vk_node_close(node);
    server_stop(http);
    chain_clear(&state);
    vk_policy_clear(&policy);
}

void script(const char *method, const char *steps) {
    cJSON *all = cJSON_GetObjectItem(state.state, "script");
    all = all != NULL ? all : cJSON_AddObjectToObject(state.state, "script");
    cJSON_DeleteItemFromObject(all, method);
    cJSON_AddItemToObject(all, method, cJSON_Parse(steps));
}

int run_tests(const char *name, const TTest *const *tests, size_t count) {
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(cases, tests[i]);
    }
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
