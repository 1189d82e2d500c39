/* What became of a nonce that was used, asked of a node that tells the truth, lags, forgets, or
 * lies.
 */
#include "question.h"

#include <string.h>
#include <valetkey/eth.h>

START_TEST(test_topic) {
    static const char event[] =
        "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)";
    vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)event, sizeof event - 1});
    ck_assert_mem_eq(&hash, &vk_operation_event_topic, sizeof hash);
}
END_TEST

/* ---- By the event ---- */

START_TEST(test_included) {
    next_is(6);
    add_log(OTHER, 900, 4);
    add_log(OURS, 901, 5);
    vk_settle_answer answer = ask();
    ck_assert(!answer.is_open && answer.outcome == VK_OUTCOME_INCLUDED);
    ck_assert_uint_eq(answer.included_at, GENESIS + 12 * 901);
    ck_assert_str_eq(answer.why, "block 901 has operation " OURS " (http://127.0.0.1)");
}
END_TEST

/* An operation whose calls failed is paid for all the same. */
START_TEST(test_included_incomplete) {
    next_is(9);
    reservation.is_complete = false;
    cJSON *log = add_log(OURS, FINALIZED, 5);
    char *data = cJSON_GetObjectItem(log, "data")->valuestring;
    data[2 + 127] = '0';
    ck_assert(!ask().is_open);
    ck_assert(ask().outcome == VK_OUTCOME_INCLUDED);
}
END_TEST

START_TEST(test_used_by_another) {
    next_is(6);
    add_log(OTHER, 700, 5);
    assert_gone("the nonce was used by another operation: block 700 has " OTHER);
    reservation.is_complete = false;
    assert_open("not everything that was signed for it is known");
}
END_TEST

START_TEST(test_one_of_many) {
    vk_hash many[3] = {{{1}}, {{2}}};
    next_is(6);
    add_log(OURS, 700, 5);
    memset(&many[2], 0x11, sizeof many[2]);
    reservation.operations = many;
    reservation.operation_count = 3;
    ck_assert(ask().outcome == VK_OUTCOME_INCLUDED);
    reservation.operation_count = 2;
    assert_gone("used by another");
    reservation.operation_count = 0;
    assert_gone("used by another");
}
END_TEST

/* No event proves nothing: the node may not keep it. */
START_TEST(test_no_event) {
    next_is(6);
    add_log(OTHER, 700, 4);
    add_log(OTHER, 701, 6);
    assert_open("blocks 200 to 1000 have no event of it");
}
END_TEST

/* The search begins an hour, which is 300 blocks here, before the first signature. */
START_TEST(test_where_to_look) {
    next_is(6);
    add_log(OURS, 199, 5);
    assert_open("blocks 200 to 1000 have no event");
    add_log(OURS, 200, 5);
    ck_assert(ask().outcome == VK_OUTCOME_INCLUDED);
}
END_TEST

START_TEST(test_unknown_time) {
    next_is(6);
    reservation.signed_at = 0;
    add_log(OURS, 3, 5);
    ck_assert(ask().outcome == VK_OUTCOME_INCLUDED);
    ck_assert_uint_eq(state.calls, 3 + 1 + 1 + 1);
}
END_TEST

/* Ranges are of 100 blocks, and together they are everything. */
START_TEST(test_ranges) {
    next_is(6);
    cJSON_AddNumberToObject(state.state, "maxBlocks", 100);
    for (unsigned block = 200; block <= FINALIZED; block += 33) {
        cJSON_DeleteItemFromObject(state.state, "logs");
        add_log(OURS, block, 5);
        ck_assert(ask().outcome == VK_OUTCOME_INCLUDED);
    }
    cJSON_ReplaceItemInObject(state.state, "maxBlocks", cJSON_CreateNumber(99));
    assert_fails("error -32005: range too long");
}
END_TEST

START_TEST(test_too_many_ranges) {
    next_is(6);
    reservation.signed_at = 0;
    cJSON_ReplaceItemInObject(state.state, "finalized", cJSON_CreateNumber(100000));
    assert_open("blocks 0 to 100000 are more than 1000 calls of 100 blocks look through");
    ck_assert_uint_eq(state.calls, 4);
}
END_TEST

/* Blocks that the node does not have any more are old ones. */
START_TEST(test_pruned) {
    next_is(6);
    cJSON_AddNumberToObject(state.state, "pruned", 650);
    assert_open("blocks 650 to 1000 have no event");
    add_log(OURS, 660, 5);
    ck_assert(ask().outcome == VK_OUTCOME_INCLUDED);
}
END_TEST

/* ---- Lies and accidents ---- */

START_TEST(test_wrong_chain) {
    next_is(6);
    add_log(OTHER, 700, 5);
    cJSON_ReplaceItemInObject(state.state, "chainId", cJSON_CreateNumber(1));
    assert_fails("http://127.0.0.1 is a node of chain 1, not of chain 31337");
    ck_assert_uint_eq(state.calls, 1);
}
END_TEST

#define BLOCK(number, hash, time)                                                                  \
    "{\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"result\\\":{\\\"number\\\":"       \
    "\\\"" number "\\\",\\\"timestamp\\\":\\\"" time "\\\",\\\"hash\\\":\\\"" hash "\\\"}}\"}"

/* The finalized block is another one when all is done. */
START_TEST(test_reorganized) {
    next_is(6);
    reservation.signed_at = 0;
    add_log(OTHER, 700, 5);
    script("eth_getBlockByNumber", "[null, null, " BLOCK("0x3e8", OTHER, "0x65542040") "]");
    assert_fails("said that block 1000 is final, and now has another one there");
    script("eth_getBlockByNumber", "[null, null, " BLOCK("0x3e9", OTHER, "0x65542040") "]");
    assert_fails("answers with block 1001, asked for block 1000");
    script("eth_getBlockByNumber",
           "[null, null, {\"body\":\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":ID,\\\"result\\\":"
           "null}\"}]");
    assert_fails("does not have block 1000 any more");
    assert_gone("used by another");
}
END_TEST

/* The block of the event is not the one that has its number. */
START_TEST(test_block_of_event) {
    next_is(6);
    cJSON *log = add_log(OTHER, 700, 5);
    cJSON_AddStringToObject(log, "blockHash", OTHER);
    assert_fails("has a log of a block 700 that is not the chain's");
}
END_TEST

START_TEST(test_late_block) {
    next_is(6);
    reservation.signed_at = 0;
    cJSON *log = add_log(OURS, 700, 5);
    cJSON_AddStringToObject(log, "blockHash", OTHER);
    script("eth_getBlockByNumber", "[null, " BLOCK("0x2bc", OTHER, "0x75542040") "]");
    assert_fails("has a log of a block 700 that is not the chain's");
}
END_TEST

/* A finalized block that lags, or that is not the newest that the nonce is known of. */
START_TEST(test_lagging) {
    next_is(5);
    add_log(OTHER, 700, 5);
    assert_open("block 1000 has no operation with this nonce yet");
    next_is(0);
    assert_open("block 1000 has no operation with this nonce yet");
}
END_TEST

START_TEST(test_other_nonce) {
    next_is(6);
    set_nonce("0x0002112233440000000000000000000000000000000000010000000000000005");
    assert_fails("gives no nonce of the key");
    set_nonce(DEFAULT_NONCE);
    next_is(6);
    cJSON *calls = cJSON_GetObjectItem(state.state, "calls");
    for (cJSON *item = calls->child; item != NULL; item = item->next) {
        item->valuestring[10] ^= 1;
    }
    assert_fails("gives no nonce of the key");
}
END_TEST

/* One log that was not asked for, and no answer is taken of the rest. */
START_TEST(test_other_logs) {
    static const struct {
        const char *member, *value, *says;
    } cases[] = {
        {"address", ACCOUNT, "another contract made it"},
        {"blockNumber", "0x3e9", "its block is outside of the range"},
        {"blockNumber", "0x02bd", "\"blockNumber\" has leading zeros"},
        {"blockNumber", "0x10000000000000000", "does not fit 64 bits"},
        {"blockHash", "0x11", "must be \"0x\" and 64 hex digits"},
        {"data", "0x", "must be \"0x\" and 256 hex digits"},
        {"topics", "0x", "it has other than 4 topics"},
        {"removed", "0x", "must be true or false"},
    };
    next_is(6);
    cJSON_AddNumberToObject(state.state, "everywhere", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON_DeleteItemFromObject(state.state, "logs");
        add_log(OTHER, 250, 5);
        cJSON *log = add_log(OURS, 251, 4);
        cJSON_DeleteItemFromObject(log, cases[i].member);
        cJSON_AddStringToObject(log, cases[i].member, cases[i].value);
        assert_fails(cases[i].says);
    }
}
END_TEST

START_TEST(test_other_topics) {
    static const struct {
        int at;
        const char *value, *says;
    } cases[] = {
        {0, OTHER, "it is another event"},
        {1, "0x11", "topic 1 is not"},
        {2, OTHER, "it is of another account"},
        {2, "0x00000000000000000000000000000000000000000000000000000000000000ad",
         "it is of another account"},
        {3, OTHER, "the paymaster is no address"},
    };
    next_is(6);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON_DeleteItemFromObject(state.state, "logs");
        cJSON *log = add_log(OTHER, 250, 5);
        cJSON_ReplaceItemInArray(cJSON_GetObjectItem(log, "topics"), cases[i].at,
                                 cJSON_CreateString(cases[i].value));
        assert_fails(cases[i].says);
    }
}
END_TEST

START_TEST(test_removed) {
    next_is(6);
    cJSON *log = add_log(OTHER, 250, 5);
    cJSON_ReplaceItemInObject(log, "removed", cJSON_CreateTrue());
    assert_fails("it was removed");
    cJSON_DeleteItemFromObject(log, "removed");
    assert_gone("used by another");
    cJSON_GetObjectItem(log, "data")->valuestring[2 + 127] = '2';
    assert_fails("\"success\" is neither 0 nor 1");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        test_topic,           test_included,       test_included_incomplete,
        test_used_by_another, test_one_of_many,    test_no_event,
        test_where_to_look,   test_unknown_time,   test_ranges,
        test_too_many_ranges, test_pruned,         test_wrong_chain,
        test_reorganized,     test_block_of_event, test_late_block,
        test_lagging,         test_other_nonce,    test_other_logs,
        test_other_topics,    test_removed,
    };
    return RUN_TESTS("net_settle", tests);
}
