/*
 * The table of rule types, and what their files share.
 *
 * A rule type is one file with four functions: parse the SDK's policyParams, encode what the
 * contract is installed with, describe it for people, evaluate it as the contract would.
 */
#ifndef VK_POLICY_RULE_H
#define VK_POLICY_RULE_H

#include "base/json.h"
#include <valetkey/policy.h>

/* What an evaluation looks at, made once an operation. */
typedef struct vk_evaluation {
    const vk_verdict_request *request;
    const vk_execution *execution; /* NULL: the call data is no execute call that can be read */
    bool cost_fits;                /* cost fits 256 bits */
    vk_u256 cost;                  /* wei: what the gas contract counts; 2^256 - 1 if more */
} vk_evaluation;

typedef struct vk_rule_type {
    vk_rule_kind kind;
    const char *name;
    bool stateful; /* an operation changes its state */
    /* *out is zeroed but for kind and flag. What it owns is given to clear, also after a failure.
     */
    vk_status (*parse)(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err);
    void (*encode)(const vk_rule *rule, vk_buf *out);
    void (*describe)(const vk_rule *rule, vk_buf *out);
    /* May change *state when it allows. */
    void (*evaluate)(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out);
    void (*clear)(vk_rule *rule); /* NULL: owns nothing */
} vk_rule_type;

extern const vk_rule_type vk_rule_sudo;
extern const vk_rule_type vk_rule_call;
extern const vk_rule_type vk_rule_gas;
extern const vk_rule_type vk_rule_rate_limit;
extern const vk_rule_type vk_rule_rate_limit_reset;
extern const vk_rule_type vk_rule_signature_caller;
extern const vk_rule_type vk_rule_timestamp;

/* NULL if there is none. */
const vk_rule_type *vk_rule_type_of(vk_rule_kind kind);

/* ---- Reading, in addition to base/json.h ---- */

#define VK_BITS_TIME 48
#define VK_TIME_MAX ((UINT64_C(1) << VK_BITS_TIME) - 1)

/* An array member of at most max elements. */
VK_MUST_USE vk_status vk_rule_list(const cJSON *object, const char *name, const vk_path *path,
                                   size_t max, const cJSON **out, size_t *count, vk_error *err);
/* An optional flag of two bytes; absent: zero. */
VK_MUST_USE vk_status vk_rule_flag(const cJSON *object, const char *name, const vk_path *path,
                                   uint16_t *out, vk_error *err);
/* An optional number; absent: *out stays. */
VK_MUST_USE vk_status vk_rule_number(const cJSON *object, const char *name, const vk_path *path,
                                     unsigned bits, vk_u256 *out, vk_error *err);
/* The same for times and counts of 48 bits. */
VK_MUST_USE vk_status vk_rule_number48(const cJSON *object, const char *name, const vk_path *path,
                                       uint64_t *out, vk_error *err);
/* Which of the published addresses (EIP-55 texts) is the optional policyAddress? Absent: the first.
 * VK_ERR_POLICY if it is none of them. */
VK_MUST_USE vk_status vk_rule_address(const cJSON *object, const vk_path *path,
                                      const char *const *published, size_t count, size_t *index,
                                      vk_address *out, vk_error *err);

/* ---- Describing ---- */

/* Says by the flag what the sentence behind it is for; nothing for flag 0. */
void vk_rule_put_scope(const vk_rule *rule, vk_buf *out);

/* ---- Verdicts ---- */

void vk_rule_allow(vk_rule_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vk_rule_deny(vk_rule_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The reason is the text in the buffer, which is cleared. */
void vk_rule_allow_buf(vk_rule_verdict *verdict, vk_buf *reason);
void vk_rule_deny_buf(vk_rule_verdict *verdict, vk_buf *reason);

/* ---- The call rule's two halves ---- */

VK_MUST_USE vk_status vk_call_parse(const cJSON *json, const vk_path *path, vk_rule *out,
                                    vk_error *err);
void vk_call_describe(const vk_rule *rule, vk_buf *out);
void vk_call_evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                      vk_rule_verdict *out);

#endif
