/* A reservation, and a node on this machine that is asked about it. */
#ifndef VK_TESTS_NET_QUESTION_H
#define VK_TESTS_NET_QUESTION_H

#include "chain.h"

#include <check.h>
#include <net/settle.h>

/* Block FINALIZED is the newest; blocks are 12 seconds apart. */
#define FINALIZED 1000
#define GENESIS 1700000000
#define ACCOUNT "0x00000000000000000000000000000000000000ac"
#define ENTRY_POINT "0x00000000000000000000000000000000000000e9"
#define OURS "0x1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "0x2222222222222222222222222222222222222222222222222222222222222222"
#define DEFAULT_NONCE "0x0002112233440000000000000000000000000000000000000000000000000005"
#define ENABLE_NONCE "0x0102112233440000000000000000000000000000000000000000000000000005"

/* The operation OURS was signed with DEFAULT_NONCE at the time of block 500. */
extern chain state;
extern vk_grant_record grant;
extern vk_policy policy;
extern vk_signer signer;
extern vk_reservation reservation;
extern vk_settle_question question;

/* Runs the tests, each with the above; the program's exit status. */
#define RUN_TESTS(name, tests) run_tests(name, tests, sizeof(tests) / sizeof((tests)[0]))
int run_tests(const char *name, const TTest *const *tests, size_t count);

void set_nonce(const char *text);
void set_policy(const char *json);

/* ---- What the node says ---- */

/* What a contract answers to a call; takes both. */
void will_answer(const char *to, vk_buf *call, vk_buf *answer);
void put_word(vk_buf *out, uint64_t value);
/* EntryPoint.getNonce of the reservation's key. */
void next_is(uint64_t sequence);
/* The event of an operation; what a node gets wrong of the log is changed afterwards. */
cJSON *add_log(const char *hash, unsigned block, uint64_t sequence);
/* The next answers to a method, see chain.h. */
void script(const char *method, const char *steps);

/* ---- What comes of it ---- */

vk_settle_answer ask(void);
void assert_open(const char *why);
void assert_gone(const char *why);
void assert_fails(const char *why);

#endif
