/* A bundler's answers: good, bad, recorded, and none. */
#include "rude.h"
#include "served.h"

#include <check.h>
#include <net/bundler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static served s;
static vk_bundler *bundler;

/* What the last call gave. */
static uint64_t chain_id;
static bool yes, is_unknown;
static vk_gas_estimate estimate;
static vk_fees fees;
static vk_operation_receipt receipt;
static vk_hash operation;

static void set_up(void) {
    served_start(&s);
    ck_assert(vk_bundler_open(&s.config, &bundler, NULL) == VK_OK);
    memset(operation.b, 0x77, sizeof operation.b);
}

static void tear_down(void) {
    vk_bundler_close(bundler);
    served_stop(&s);
}

#define H77 "0x7777777777777777777777777777777777777777777777777777777777777777"
#define H11 "0x1111111111111111111111111111111111111111"

static vk_status ask_chain_id(vk_error *err) {
    return vk_bundler_chain_id(bundler, &chain_id, err);
}

static vk_status ask_supports(vk_error *err) {
    return vk_bundler_supports(bundler, &s.entry_point, &yes, err);
}

static vk_status ask_estimate(vk_error *err) {
    return vk_bundler_estimate(bundler, &s.op, &s.entry_point, NULL, &estimate, err);
}

static vk_status ask_fees(vk_error *err) {
    return vk_bundler_fees(bundler, &fees, err);
}

static vk_status ask_send(vk_error *err) {
    return vk_bundler_send(bundler, &s.op, &s.entry_point, &operation, &is_unknown, err);
}

static vk_status ask_knows(vk_error *err) {
    return vk_bundler_knows(bundler, &operation, &yes, err);
}

static vk_status ask_receipt(vk_error *err) {
    return vk_bundler_receipt(bundler, &operation, &s.op.sender, &yes, &receipt, err);
}

#define FEES "\"standard\":{\"maxFeePerGas\":\"0xa\",\"maxPriorityFeePerGas\":\"0x2\"}"
#define RECEIPT_BUT_FOR_HASH                                                                       \
    "\"sender\":\"" H11 "\",\"nonce\":\"0x2a\",\"success\":false,\"actualGasCost\":\"0x64\","      \
    "\"actualGasUsed\":\"0xa\",\"reason\":\"AA\\u0007\",\"receipt\":{\"transactionHash\":\"" H77   \
    "\",\"blockNumber\":\"0x10\"}"

static const struct {
    const char *method;
    served_call call;
    const char *members; /* a good answer */
    const char *params;  /* of its request */
} calls[] = {
    {"eth_chainId", ask_chain_id, "{\"result\":\"0x7a69\"}", "[]"},
    {"eth_supportedEntryPoints", ask_supports,
     "{\"result\":[\"" H11 "\",\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"]}", "[]"},
    {"eth_estimateUserOperationGas", ask_estimate,
     "{\"result\":{\"preVerificationGas\":\"0x1\",\"verificationGasLimit\":2,"
     "\"callGasLimit\":\"3\",\"paymasterVerificationGasLimit\":null}}",
     "[OP,\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"]"},
    {"pimlico_getUserOperationGasPrice", ask_fees, "{\"result\":{" FEES "}}", "[]"},
    {"eth_getUserOperationByHash", ask_knows, "{\"result\":{}}", "[\"" H77 "\"]"},
    {"eth_getUserOperationReceipt", ask_receipt,
     "{\"result\":{\"userOpHash\":\"" H77 "\"," RECEIPT_BUT_FOR_HASH "}}", "[\"" H77 "\"]"},
    /* the last: it is not repeated */
    {"eth_sendUserOperation", ask_send, "{\"result\":\"" H77 "\"}",
     "[OP,\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"]"},
};
#define CALLS (sizeof calls / sizeof calls[0])
#define REPEATED (CALLS - 1)

static uint64_t low(const vk_u256 *value) {
    ck_assert(vk_u256_fits(value, 64));
    return vk_u256_low64(value);
}

/* "OP" in the wanted parameters stands for the operation. */
static void check_params(const char *wanted) {
    vk_buf op = {0};
    const char *at = strstr(s.node.body, "\"params\":");
    ck_assert_ptr_nonnull(at);
    at += strlen("\"params\":");
    if (strncmp(wanted, "[OP", 3) == 0) {
        ck_assert(vk_userop_write_json(&s.op, &op) == VK_OK);
        ck_assert(strncmp(at + 1, (const char *)op.data, op.len) == 0);
        at += 1 + op.len;
        wanted += 3;
    }
    ck_assert_msg(strncmp(at, wanted, strlen(wanted)) == 0, "%s", at);
    ck_assert_str_eq(at + strlen(wanted), "}");
    vk_buf_clear(&op);
}

START_TEST(test_good) {
    for (size_t i = 0; i < CALLS; i++) {
        vk_error err = {0};
        served_set(&s, calls[i].method, calls[i].members, NULL);
        vk_status status = calls[i].call(&err);
        ck_assert_msg(status == VK_OK, "%s", err.message);
        ck_assert_uint_eq(s.node.calls, 1);
        check_params(calls[i].params);
    }
    ck_assert_uint_eq(chain_id, 31337);
    ck_assert(low(&estimate.pre_verification_gas) == 1 &&
              low(&estimate.verification_gas_limit) == 2 && low(&estimate.call_gas_limit) == 3 &&
              low(&estimate.paymaster_verification_gas_limit) == 0 &&
              low(&estimate.paymaster_post_op_gas_limit) == 0);
    ck_assert(low(&fees.max_fee_per_gas) == 10 && low(&fees.max_priority_fee_per_gas) == 2);
    ck_assert(yes && !receipt.success && receipt.block == 16 && low(&receipt.nonce) == 42);
    ck_assert(low(&receipt.actual_gas_cost) == 100 && low(&receipt.actual_gas_used) == 10);
    ck_assert(memcmp(&receipt.transaction, &operation, sizeof operation) == 0);
    ck_assert_str_eq(receipt.reason, "AA?");
    ck_assert(!is_unknown);
    ck_assert_str_eq(vk_bundler_name(bundler), "http://127.0.0.1");
}
END_TEST

START_TEST(test_refused) {
    for (size_t i = 0; i < CALLS; i++) {
        served_refuses(&s, calls[i].method, calls[i].call);
    }
    ck_assert(!is_unknown);
}
END_TEST

START_TEST(test_repeated) {
    for (size_t i = 0; i < REPEATED; i++) {
        served_repeats(&s, calls[i].method, calls[i].call, calls[i].members);
    }
}
END_TEST

#define TOO_MUCH "\"0x100000000000000000000000000000000\"" /* 2^128 */

START_TEST(test_bad) {
    static const struct {
        const char *method;
        served_call call;
        const char *result, *says;
    } cases[] = {
        {"eth_chainId", ask_chain_id, "null", "result: \"result\" must be a string"},
        {"eth_chainId", ask_chain_id, "\"0x10000000000000000\"", "does not fit 64 bits"},
        {"eth_chainId", ask_chain_id, "\"0x007a69\"", "leading zeros"},
        {"eth_supportedEntryPoints", ask_supports, "{}", "must be a JSON array"},
        {"eth_supportedEntryPoints", ask_supports, "[\"0x12\"]", "result[0]: this is no address"},
        {"eth_supportedEntryPoints", ask_supports, "[1]", "result[0]: this is no address"},
        {"eth_estimateUserOperationGas", ask_estimate, "null", "must be an object"},
        {"eth_estimateUserOperationGas", ask_estimate, "[]", "must be an object"},
        {"eth_estimateUserOperationGas", ask_estimate, "{\"callGasLimit\":" TOO_MUCH "}",
         "result.callGasLimit: \"callGasLimit\" does not fit 128 bits"},
        {"eth_estimateUserOperationGas", ask_estimate, "{\"preVerificationGas\":-1}",
         "result.preVerificationGas: "},
        {"eth_estimateUserOperationGas", ask_estimate, "{\"verificationGasLimit\":\"0xzz\"}",
         "result.verificationGasLimit: "},
        {"eth_estimateUserOperationGas", ask_estimate, "{\"verificationGasLimit\":1e99}",
         "result.verificationGasLimit: "},
        {"pimlico_getUserOperationGasPrice", ask_fees, "null", "must be an object"},
        {"pimlico_getUserOperationGasPrice", ask_fees, "{}", "result.standard: "},
        {"pimlico_getUserOperationGasPrice", ask_fees,
         "{\"standard\":{\"maxFeePerGas\":\"0x1\",\"maxPriorityFeePerGas\":\"0x2\"}}",
         "\"maxPriorityFeePerGas\" is more than \"maxFeePerGas\""},
        {"pimlico_getUserOperationGasPrice", ask_fees,
         "{\"standard\":{\"maxFeePerGas\":" TOO_MUCH ",\"maxPriorityFeePerGas\":\"0x2\"}}",
         "result.standard.maxFeePerGas: \"maxFeePerGas\" does not fit 128 bits"},
        {"pimlico_getUserOperationGasPrice", ask_fees, "{\"standard\":{\"maxFeePerGas\":\"0x1\"}}",
         "\"maxPriorityFeePerGas\" is missing"},
        {"eth_getUserOperationByHash", ask_knows, "true", "must be a JSON object or null"},
        {"eth_getUserOperationReceipt", ask_receipt, "{}", "\"userOpHash\" is missing"},
        {"eth_getUserOperationReceipt", ask_receipt, "[]", "must be an object"},
        {"eth_getUserOperationReceipt", ask_receipt,
         "{\"userOpHash\":"
         "\"0x7777777777777777777777777777777777777777777777777777777777777778\""
         "," RECEIPT_BUT_FOR_HASH "}",
         "result.userOpHash: this is the receipt of another operation"},
        {"eth_getUserOperationReceipt", ask_receipt,
         "{\"userOpHash\":\"" H77 "\",\"sender\":\"0x2222222222222222222222222222222222222222\"}",
         "result.sender: this is the receipt of another account's operation"},
        {"eth_getUserOperationReceipt", ask_receipt,
         "{\"userOpHash\":\"" H77 "\",\"sender\":\"" H11 "\",\"success\":\"true\"}",
         "result.success: \"success\" must be true or false"},
        {"eth_getUserOperationReceipt", ask_receipt,
         "{\"userOpHash\":\"" H77 "\",\"sender\":\"" H11 "\",\"success\":true,\"nonce\":\"0x1\","
         "\"actualGasCost\":\"0x1\",\"actualGasUsed\":\"0x1\"}",
         "result.receipt: \"receipt\" must be an object"},
        {"eth_getUserOperationReceipt", ask_receipt,
         "{\"userOpHash\":\"" H77 "\",\"sender\":\"" H11 "\",\"success\":true,\"nonce\":\"0x1\","
         "\"actualGasCost\":\"0x1\",\"actualGasUsed\":\"0x1\",\"reason\":7}",
         "result.reason: \"reason\" must be a string"},
        {"eth_getUserOperationReceipt", ask_receipt,
         "{\"userOpHash\":\"" H77 "\",\"sender\":\"" H11 "\",\"success\":true,\"nonce\":\"0x1\","
         "\"actualGasCost\":\"0x1\",\"actualGasUsed\":\"0x1\",\"receipt\":{\"transactionHash\":"
         "\"" H77 "\",\"blockNumber\":\"0x10000000000000000\"}}",
         "result.receipt.blockNumber: \"blockNumber\" does not fit 64 bits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[1024];
        snprintf(members, sizeof members, "{\"result\":%s}", cases[i].result);
        served_set(&s, cases[i].method, members, NULL);
        chain_id = 7;
        yes = true;
        memset(&estimate, 0x11, sizeof estimate);
        memset(&fees, 0x11, sizeof fees);
        memset(&receipt, 0x11, sizeof receipt);
        served_fails(cases[i].call, VK_ERR_SERVER, cases[i].says);
        ck_assert_uint_eq(s.node.calls, 1);
        ck_assert(chain_id == 7 && yes && estimate.call_gas_limit.be[0] == 0x11 &&
                  fees.max_fee_per_gas.be[0] == 0x11 && receipt.operation.b[0] == 0x11);
    }
}
END_TEST

START_TEST(test_many_entry_points) {
    vk_buf list = {0};
    vk_buf_put_text(&list, "{\"result\":[\"" H11 "\"");
    for (int i = 1; i <= 64; i++) {
        vk_buf_put_text(&list, ",\"" H11 "\"");
    }
    vk_buf_put_text(&list, "]}");
    char *text = vk_buf_take_text(&list);
    served_set(&s, "eth_supportedEntryPoints", text, NULL);
    served_fails(ask_supports, VK_ERR_SERVER, "more than 64 EntryPoints");
    vk_text_free(text);
}
END_TEST

/* ---- Fees, estimates, what is known ---- */

#define NO(code) "{\"error\":{\"code\":" #code ",\"message\":\"no\"}}"

static void set_two(const char *first, const char *one, const char *second, const char *two) {
    char state[512];
    snprintf(state, sizeof state, "{\"replies\":{\"%s\":%s,\"%s\":%s}}", first, one, second, two);
    chain_set(&s.node, state);
}

static void set_fees(const char *pimlico, const char *zerodev) {
    set_two("pimlico_getUserOperationGasPrice", pimlico, "zd_getUserOperationGasPrice", zerodev);
}

static void open_for(vk_gas_price_source source) {
    vk_bundler_close(bundler);
    s.config.gas_price = source;
    ck_assert(vk_bundler_open(&s.config, &bundler, NULL) == VK_OK);
}

START_TEST(test_whose_fees) {
    static const char good[] = "{\"result\":{" FEES "}}";
    set_fees(NO(-32601), good);
    ck_assert(ask_fees(NULL) == VK_OK);
    ck_assert_uint_eq(s.node.calls, 2);
    set_fees(NO(-32602), NO(-32004));
    served_fails(ask_fees, VK_ERR_NOT_FOUND, "is not asked for fees, or knows no call for that");
    set_fees(NO(-32000), good); /* it knows the method, and does not say */
    served_fails(ask_fees, VK_ERR_SERVER, "error -32000: no");
    open_for(VK_GAS_PRICE_ZERODEV);
    set_fees(good, NO(-32601));
    served_fails(ask_fees, VK_ERR_SERVER, "asked for zd_getUserOperationGasPrice");
    ck_assert_uint_eq(s.node.calls, 1);
    open_for(VK_GAS_PRICE_PIMLICO);
    set_fees(good, NO(-32601));
    ck_assert(ask_fees(NULL) == VK_OK);
    open_for(VK_GAS_PRICE_NODE);
    set_fees(good, good);
    served_fails(ask_fees, VK_ERR_NOT_FOUND, "is not asked for fees");
    ck_assert_uint_eq(s.node.calls, 0);
}
END_TEST

static const char no_verification_gas[] =
    "{\"result\":{\"preVerificationGas\":\"0x1\",\"verificationGasLimit\":\"0x0\","
    "\"callGasLimit\":\"0x3\"}}";

START_TEST(test_estimate_without_fees) {
    served_set(&s, "eth_estimateUserOperationGas",
               "{\"result\":{\"verificationGasLimit\":\"0x9\",\"callGasLimit\":\"0x8\"}}",
               "[{\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"result\\\":"
               "{\\\"callGasLimit\\\":\\\"0x3\\\"}}\"}]");
    ck_assert(ask_estimate(NULL) == VK_OK);
    ck_assert_uint_eq(s.node.calls, 2);
    ck_assert_ptr_nonnull(
        strstr(s.node.body, "\"maxFeePerGas\":\"0x0\",\"maxPriorityFeePerGas\":\"0x0\""));
    ck_assert(low(&estimate.verification_gas_limit) == 9 && low(&estimate.call_gas_limit) == 3);
    ck_assert(low(&s.op.max_fee_per_gas) == 5);
    served_set(&s, "eth_estimateUserOperationGas", no_verification_gas, NULL);
    ck_assert(ask_estimate(NULL) == VK_OK);
    ck_assert_uint_eq(s.node.calls, 2);
    ck_assert(low(&estimate.verification_gas_limit) == 0);
    s.op.max_fee_per_gas = s.op.max_priority_fee_per_gas = vk_u256_from_u64(0);
    served_set(&s, "eth_estimateUserOperationGas", no_verification_gas, NULL);
    ck_assert(ask_estimate(NULL) == VK_OK);
    ck_assert_uint_eq(s.node.calls, 1);
}
END_TEST

START_TEST(test_what_it_knows) {
    static const struct {
        const char *by_hash, *status;
        bool is_known;
        unsigned calls;
    } cases[] = {
        {"{\"result\":{}}", NO(1), true, 1},
        {"{\"result\":null}", NO(-32601), false, 2},
        {"{\"result\":null}", "{\"result\":{\"status\":\"not_found\"}}", false, 2},
        {"{\"result\":null}", "{\"result\":{\"status\":\"not_submitted\"}}", true, 2},
        {"{\"result\":null}", "{\"result\":{\"status\":\"submitted\"}}", true, 2},
        {"{\"result\":null}", "{\"result\":{\"status\":\"included\"}}", true, 2},
        {"{\"result\":null}", "{\"result\":{\"status\":\"rejected\"}}", false, 2},
        {"{\"result\":null}", "{\"result\":{\"status\":\"failed\"}}", false, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_two("eth_getUserOperationByHash", cases[i].by_hash, "pimlico_getUserOperationStatus",
                cases[i].status);
        yes = !cases[i].is_known;
        ck_assert(ask_knows(NULL) == VK_OK);
        ck_assert_msg(yes == cases[i].is_known, "%s", cases[i].status);
        ck_assert_uint_eq(s.node.calls, cases[i].calls);
    }
    set_two("eth_getUserOperationByHash", "{\"result\":null}", "pimlico_getUserOperationStatus",
            "{\"result\":7}");
    served_fails(ask_knows, VK_ERR_SERVER, "asked for pimlico_getUserOperationStatus, answers: ");
}
END_TEST

START_TEST(test_not_included) {
    served_set(&s, "eth_getUserOperationReceipt", "{\"result\":null}", NULL);
    memset(&receipt, 0x11, sizeof receipt);
    yes = true;
    ck_assert(ask_receipt(NULL) == VK_OK);
    ck_assert(!yes && receipt.operation.b[0] == 0x11);
}
END_TEST

/* ---- Sending: once, whatever happens ---- */

#define BODY(text) "[{\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID," text "}\"}]"
#define HTTP(status, text)                                                                         \
    "[{\"status\":" #status ",\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID," text "}\"}]"
#define ERROR(code, words)                                                                         \
    "\\\"error\\\":{\\\"code\\\":" #code ",\\\"message\\\":\\\"" words "\\\"}"

START_TEST(test_send_once) {
    static const struct {
        const char *steps;
        vk_status status;
        bool is_unknown;
        const char *says;
    } cases[] = {
        /* The bundler says no. */
        {BODY(ERROR(-32500, "AA25 invalid account nonce")), VK_ERR_SERVER, false,
         "error -32500: AA25 invalid account nonce"},
        {BODY(ERROR(-32602, "Already known")), VK_ERR_SERVER, false, "Already known"},
        {HTTP(500, ERROR(-32603, "AA23 reverted")), VK_ERR_SERVER, false, "AA23 reverted"},
        {HTTP(400, ERROR(-32603, "x")), VK_ERR_SERVER, false, "with HTTP status 400"},
        /* It is not let in. */
        {"[{\"status\":429}]", VK_ERR_SERVER, false, "with HTTP status 429"},
        {"[{\"status\":401}]", VK_ERR_SERVER, false, "with HTTP status 401"},
        {"[{\"status\":308,\"head\":\"Location: /other\\r\\n\"}]", VK_ERR_SERVER, false,
         "with HTTP status 308"},
        /* Nobody says what became of it. */
        {BODY(ERROR(-32603, "upstream timed out")), VK_ERR_SERVER, true, "upstream timed out"},
        {HTTP(502, ERROR(-32000, "bad gateway")), VK_ERR_SERVER, true, "bad gateway"},
        {"[{\"status\":503}]", VK_ERR_SERVER, true, "with HTTP status 503"},
        {"[{\"status\":408}]", VK_ERR_SERVER, true, "with HTTP status 408"},
        {HTTP(202, "\\\"result\\\":\\\"0x1\\\""), VK_ERR_SERVER, true, "with HTTP status 202"},
        {"[{\"lost\":true}]", VK_ERR_SERVER, true, "cannot ask http://127.0.0.1: "},
        {"[{\"body\":\"{\",\"more\":5}]", VK_ERR_SERVER, true, "cannot ask http://127.0.0.1: "},
        {"[{\"stall\":1300}]", VK_ERR_SERVER, true, "cannot ask http://127.0.0.1: "},
        {"[{\"body\":\"{}\",\"spaces\":8388608}]", VK_ERR_SIZE, true, "more than 8388608 bytes"},
        {"[{\"body\":\"<html>\"}]", VK_ERR_SERVER, true, "this is not JSON"},
        {BODY("\\\"result\\\":null"), VK_ERR_SERVER, true, "\"result\" must be a string"},
        {BODY("\\\"result\\\":\\\"0x77\\\""), VK_ERR_SERVER, true,
         "\"result\" must be \"0x\" and 64 hex digits"},
        {BODY("\\\"error\\\":{\\\"code\\\":\\\"x\\\",\\\"message\\\":\\\"no\\\"}"), VK_ERR_SERVER,
         true, "\"code\" must be a number"},
        {BODY("\\\"result\\\":"
              "\\\"0x8877777777777777777777777777777777777777777777777777777777777777\\\""),
         VK_ERR_MISMATCH, true, "answers with the hash of another operation"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        served_set(&s, "eth_sendUserOperation", "{\"result\":\"" H77 "\"}", cases[i].steps);
        is_unknown = !cases[i].is_unknown;
        served_fails(ask_send, cases[i].status, cases[i].says);
        ck_assert_msg(s.node.calls == 1, "%s", cases[i].steps);
        ck_assert_msg(is_unknown == cases[i].is_unknown, "%s", cases[i].steps);
    }
}
END_TEST

/* Words of the usual length come whole; longer ones end somewhere. */
START_TEST(test_long_words) {
    char words[1200], members[1300];
    memset(words, 'w', sizeof words);
    memcpy(words, "AA23 reverted ", 14);
    snprintf(members, sizeof members, "{\"error\":{\"code\":-32500,\"message\":\"%.240s.\"}}",
             words);
    served_set(&s, "eth_sendUserOperation", members, NULL);
    served_fails(ask_send, VK_ERR_SERVER, "www.");
    snprintf(members, sizeof members, "{\"error\":{\"code\":-32500,\"message\":\"%.1190s.\"}}",
             words);
    served_set(&s, "eth_sendUserOperation", members, NULL);
    served_fails(ask_send, VK_ERR_SERVER, "error -32500: AA23 reverted www");
    ck_assert(!is_unknown);
}
END_TEST

START_TEST(test_nobody_there) {
    server_stop(s.http);
    is_unknown = true;
    served_fails(ask_send, VK_ERR_SERVER, "cannot ask http://127.0.0.1: ");
    ck_assert(!is_unknown);
    s.http = server_start(chain_answer, &s.node);
}
END_TEST

static void open_at(unsigned port) {
    char url[80];
    vk_chain_config config = s.config;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/secret", port);
    config.bundler.url = url;
    vk_bundler_close(bundler);
    ck_assert(vk_bundler_open(&config, &bundler, NULL) == VK_OK);
}

/* What was written into a connection that is closed may have been read. */
START_TEST(test_closes_unread) {
    unsigned connections, requests;
    rude *r = rude_start(RUDE_CLOSES, NULL);
    open_at(rude_port(r));
    is_unknown = false;
    served_fails(ask_send, VK_ERR_SERVER, "cannot ask http://127.0.0.1: ");
    rude_stop(r, &connections, &requests);
    ck_assert(is_unknown);
    ck_assert_uint_eq(connections, 1);
}
END_TEST

/* libcurl sends a request again, by itself, if a connection that was kept open ends without an
 * answer. Not so here. */
START_TEST(test_forgets) {
    unsigned connections, requests;
    rude *r = rude_start(RUDE_FORGETS, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"" H77 "\"}");
    open_at(rude_port(r));
    ck_assert(ask_send(NULL) == VK_OK);
    served_fails(ask_send, VK_ERR_SERVER, "cannot ask http://127.0.0.1: ");
    rude_stop(r, &connections, &requests);
    ck_assert(is_unknown);
    ck_assert_uint_eq(requests, 2);
    ck_assert_uint_eq(connections, 2);
}
END_TEST

/* ---- Recorded ---- */

START_TEST(test_recorded) {
    served_recorded(&s, "bundler.json", "chain id");
    ck_assert(ask_chain_id(NULL) == VK_OK && chain_id == 31337);
    served_recorded(&s, "bundler.json", "EntryPoints");
    ck_assert(ask_supports(NULL) == VK_OK && yes);
    s.entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_8);
    ck_assert(ask_supports(NULL) == VK_OK && !yes);
    served_recorded(&s, "bundler.json", "fees");
    ck_assert(ask_fees(NULL) == VK_OK && low(&fees.max_fee_per_gas) == 1000000008 &&
              low(&fees.max_priority_fee_per_gas) == 1000000000);
    served_recorded(&s, "bundler.json", "estimate of an operation without fees");
    ck_assert(ask_estimate(NULL) == VK_OK && low(&estimate.verification_gas_limit) == 0x54375);
    served_recorded(&s, "bundler.json", "estimate AA23");
    served_fails(ask_estimate, VK_ERR_SERVER, "with reason: AA23 reverted 0xb32eeb69");
    served_recorded(&s, "bundler.json", "hash, included");
    ck_assert(ask_knows(NULL) == VK_OK && yes);
}
END_TEST

static void set_hash(const char *text) {
    ck_assert(vk_hex_read_fixed(text, strlen(text), operation.b, sizeof operation.b) == VK_OK);
}

START_TEST(test_recorded_operations) {
    static const char sender[] = "0x2c8a7839cbA47040B736dbfA46C46fC87A928F3b";
    ck_assert(vk_address_read(sender, strlen(sender), &s.op.sender) == VK_OK);
    set_hash("0xe2e0f18a655e3cc325d821533dd5054337a0c8fb6dd030191ca5cd830c5d7915");
    served_recorded(&s, "bundler.json", "sent");
    ck_assert(ask_send(NULL) == VK_OK && !is_unknown);
    served_recorded(&s, "bundler.json", "receipt, none");
    ck_assert(ask_receipt(NULL) == VK_OK && !yes);
    served_recorded(&s, "bundler.json", "receipt");
    ck_assert(ask_receipt(NULL) == VK_OK && yes && receipt.success && receipt.block == 0x1ba);
    ck_assert(low(&receipt.actual_gas_used) == 0x647fd);
    ck_assert_str_eq(receipt.reason, "");
    set_hash("0xc81b31cd77460db1f754d5d9a7734bae40b8d20ef4f5de35d455b305ed069b5f");
    served_recorded(&s, "bundler.json", "receipt of calls that failed");
    ck_assert(ask_receipt(NULL) == VK_OK && yes && !receipt.success);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_bundler");
    TCase *tests = tcase_create("net_bundler");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_good);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_repeated);
    tcase_add_test(tests, test_bad);
    tcase_add_test(tests, test_many_entry_points);
    tcase_add_test(tests, test_whose_fees);
    tcase_add_test(tests, test_estimate_without_fees);
    tcase_add_test(tests, test_what_it_knows);
    tcase_add_test(tests, test_not_included);
    tcase_add_test(tests, test_send_once);
    tcase_add_test(tests, test_long_words);
    tcase_add_test(tests, test_nobody_there);
    tcase_add_test(tests, test_closes_unread);
    tcase_add_test(tests, test_forgets);
    tcase_add_test(tests, test_recorded);
    tcase_add_test(tests, test_recorded_operations);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
