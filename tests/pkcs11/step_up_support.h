/* Keys in software with a step-up rule, on the token "plain" of touch_support.h's home. */
#ifndef VK_TESTS_PKCS11_STEP_UP_SUPPORT_H
#define VK_TESTS_PKCS11_STEP_UP_SUPPORT_H

#include "message_support.h"
#include "policy/step_up.h"
#include "touch_support.h"
#include "waiting.h"

#define BOB "70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define EVE "90f79bf6eb2c4f870365e785982e1f101e93b906"

typedef struct stepped {
    CK_SESSION_HANDLE session;
    pair keys;
    char rule[4096];
    authn *key;
} stepped;

/* The rule for a new credential on security key number 0; above, unless: NULL for none. */
void write_rule(stepped *k, const char *above, const char *unless);
void write_rule_of(stepped *k, int number, const char *above, const char *unless);
/* Makes the key with the rule. */
CK_RV stepped_key(stepped *k, const char *policy);

/* A key under sudo and gas, with an account on the chain CHAIN; options: of the security key. */
stepped stepped_with(const authn_options *options, const char *above, const char *unless);
/* Above 100 wei it is touched for. */
stepped stepped_new(void);

/* Operations of that account, JSON: vk_text_free. number: its nonce. */
char *encode(const vk_execution *execution);
char *operation_with(const stepped *k, unsigned number, const char *call_data);
vk_call call_to(const char *target, uint64_t value);
char *paying(const stepped *k, unsigned number, const vk_call *calls, size_t count);

CK_RV sign_operation(const stepped *k, const char *text);
/* Signs an operation with one call. */
CK_RV pay(const stepped *k, unsigned number, const char *target, uint64_t value);
/* The key's last denial has this text in it. */
void assert_denied_for(const stepped *k, const char *text);

/* Adds the tests of what becomes of a touch. */
void add_outcomes(Suite *suite);

#endif
