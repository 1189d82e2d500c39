/*
 * A chain's node as a test wants it. What it knows is one JSON object:
 *
 *   "chainId": 31337, "finalized": 1000, "genesis": 1700000000, "blockTime": 12
 *   "pruned": 10             blocks below it are not there any more
 *   "calls": {"TO:DATA": "0x..."}   answers of eth_call, in lower case; others are "0x"
 *   "logs": [{"blockNumber":"0x...", ...}]   those in the range are the answer, whatever else is
 *                            asked for; "blockHash", where it is missing, is that of the block
 *   "maxBlocks": 100         a longer range for logs is an error
 *   "replies": {"METHOD": {"result": ...}}   members of the reply to a call, instead of the above
 *   "script": {"METHOD": [null, {"status":429,"body":"..."}]}   answers that are given instead, in
 *                            order; null, and behind the last: as usual. ID in a body is the
 * call's. "more", "spaces": bytes that do not come, that come behind; "stall": milliseconds before
 * the answer; "lost": there is none
 */
#ifndef VK_TESTS_NET_CHAIN_H
#define VK_TESTS_NET_CHAIN_H

#include "server.h"
#include <cjson/cJSON.h>

typedef struct chain {
    cJSON *state;
    unsigned calls;
    char head[4096]; /* of the last request */
    char body[4096];
} chain;

/* Aborts if the text is no JSON. */
void chain_set(chain *c, const char *json);
void chain_clear(chain *c);
/* A server_fn; context is a chain, which nobody else touches during a call. */
void chain_answer(void *context, const char *head, vk_bytes body, server_answer *out);

#endif
