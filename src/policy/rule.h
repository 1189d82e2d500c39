/*
 * The table of rule types, and what their files share.
 *
 * A rule type is one file with four functions: parse the SDK's policyParams, encode what the
 * contract is installed with, describe it for people, evaluate it as the contract would.
 */
#ifndef VK_POLICY_RULE_H
#define VK_POLICY_RULE_H

#include "base/json.h"
#include <valetkey/verdict.h>

/* What the rules found on their way that the chain does not mind, but hardening does. */
typedef struct vk_evaluation_notes {
    bool slice_outside; /* a compared slice is not wholly in its call's data */
} vk_evaluation_notes;

/* What an evaluation looks at, made once an operation. */
typedef struct vk_evaluation {
    const vk_verdict_request *request;
    const vk_execution *execution; /* as the contracts read it; NULL: they revert, or it is none */
    vk_bytes execution_calldata;   /* the argument of execute, where execution is there */
    bool cost_fits;                /* cost fits 256 bits */
    vk_u256 cost;                  /* wei: the whole product; 2^256 - 1 if more */
    vk_evaluation_notes *notes;
} vk_evaluation;

typedef struct vk_rule_type {
    vk_rule_kind kind;
    const char *name;
    bool stateful;         /* an operation changes its state */
    const char *published; /* the contract, EIP-55 text; NULL: there are several */
    /* The structure, and the ranges of numbers. *out is zeroed but for kind and flag. What it owns
     * is given to clear, also after a failure. */
    vk_status (*parse)(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err);
    /* The same where the SDK reads something else; NULL: it does not. */
    vk_status (*parse_as_sdk)(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err);
    /* Would the published contract take it, and can it ever act? */
    vk_status (*check)(const vk_rule *rule, const vk_path *path, vk_error *err);
    void (*encode)(const vk_rule *rule, vk_buf *out); /* NULL: nothing is installed for it */
    void (*describe)(const vk_rule *rule, vk_buf *out);
    /* As the contract judges an operation, but for the window, which goes into *out. May change
     * *state when it allows. */
    void (*evaluate)(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out);
    /* Takes back what an operation with this charge moved; NULL: nothing. */
    void (*give_back)(const vk_rule *rule, const vk_nonce_charge *charge, vk_rule_state *state);
    /* As the contract judges a message; NULL: it accepts every one. */
    void (*evaluate_message)(const vk_rule *rule, const vk_message_request *request,
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
extern const vk_rule_type vk_rule_thirdweb;

/* NULL if there is none. */
const vk_rule_type *vk_rule_type_of(vk_rule_kind kind);

/* How a policy is read. */
typedef struct vk_policy_reading {
    bool check; /* refuse what a token must not accept */
    bool sdk;   /* the SDK's bytes where they differ from what is right */
} vk_policy_reading;

/* Reads one policyParams object; vk_rule_clear it, also after a failure. */
VK_MUST_USE vk_status vk_rule_read(const cJSON *json, const vk_path *path,
                                   const vk_policy_reading *how, vk_rule *out, vk_error *err);

/* Appends policyParams. given (or NULL) is the object that the rule was read from: permissions of a
 * call rule keep the caller's members and their order, as the SDK does. */
VK_MUST_USE vk_status vk_rule_write(const vk_rule *rule, const cJSON *given, vk_buf *out);

/* ---- Reading, in addition to base/json.h ---- */

#define VK_BITS_TIME 48
#define VK_TIME_MAX ((UINT64_C(1) << VK_BITS_TIME) - 1)

/* An array member of at most max elements. */
VK_MUST_USE vk_status vk_rule_list(const cJSON *object, const char *name, const vk_path *path,
                                   size_t max, const cJSON **out, size_t *count, vk_error *err);
/* An optional flag of two bytes; absent: zero. The bits are not looked at. */
VK_MUST_USE vk_status vk_rule_flag(const cJSON *object, const char *name, const vk_path *path,
                                   uint16_t *out, vk_error *err);
/* An optional number; absent: *out stays. */
VK_MUST_USE vk_status vk_rule_number(const cJSON *object, const char *name, const vk_path *path,
                                     unsigned bits, vk_u256 *out, vk_error *err);
/* The same for times and counts of 48 bits. */
VK_MUST_USE vk_status vk_rule_number48(const cJSON *object, const char *name, const vk_path *path,
                                       uint64_t *out, vk_error *err);
/* The optional policyAddress; absent: the published one (EIP-55 text). */
VK_MUST_USE vk_status vk_rule_address(const cJSON *object, const vk_path *path,
                                      const char *published, vk_address *out, vk_error *err);
/* Which of the published addresses is it? False: none. */
bool vk_rule_find_address(const vk_address *address, const char *const *published, size_t count,
                          size_t *index);

/* ---- Checking: VK_ERR_POLICY, naming the member ---- */

VK_MUST_USE vk_status vk_rule_check_flag(uint16_t flag, const char *name, const vk_path *path,
                                         vk_error *err);
VK_MUST_USE vk_status vk_rule_check_address(const vk_rule *rule, const char *published,
                                            const vk_path *path, vk_error *err);
/* What to say of an address that is none of the published ones; never VK_OK. */
VK_MUST_USE vk_status vk_rule_not_published(const vk_address *given, const char *const *published,
                                            size_t count, const vk_path *path, vk_error *err);

/* ---- The rate limits' contracts ---- */

vk_address vk_rate_limit_contract(bool with_reset);

/* ---- Describing ---- */

/* Says by the flag what the sentence behind it is for; nothing for flag 0. */
void vk_rule_put_scope(const vk_rule *rule, vk_buf *out);

/* ---- Verdicts ---- */

void vk_rule_allow(vk_rule_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vk_rule_deny(vk_rule_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Denies, as the contract does with that error: a text that lives on. */
void vk_rule_revert(vk_rule_verdict *verdict, const char *revert, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The reason is the text in the buffer, which is cleared. */
void vk_rule_allow_buf(vk_rule_verdict *verdict, vk_buf *reason);
void vk_rule_deny_buf(vk_rule_verdict *verdict, vk_buf *reason);

/* ---- Windows ---- */

/* Intersects the windows that the rules' verdicts report, and denies what the EntryPoint would not
 * take now. */
void vk_evaluate_windows(const vk_policy *policy, const vk_verdict_request *request,
                         vk_verdict *out);
/* Appends why an operation at now is outside the window that the rule reports; early: before it. */
void vk_rule_put_outside(const vk_rule *rule, const vk_rule_verdict *window, bool early,
                         uint64_t now, vk_entry_point entry_point, vk_buf *out);

/* ---- Hardening ---- */

/* Denies, naming the hardening rule, if one that is on speaks against an operation that the chain
 * would accept. canonical: what is wrong with the encoding of the call data; NULL: nothing. */
void vk_harden_operation(const vk_policy *policy, const vk_evaluation *what, const char *canonical,
                         vk_verdict *out);
void vk_harden_message(const vk_policy *policy, const vk_message_request *request, vk_verdict *out);
/* The first denial is the one that counts. */
void vk_verdict_deny(vk_verdict *verdict, int rule_index, const char *rule, const char *reason);

/* ---- What the chain would have answered ---- */

#define VK_REVERT_EMPTY "revert()"       /* without an error */
#define VK_REVERT_OVERFLOW "Panic(0x11)" /* Solidity's checked arithmetic */

/* Notes the error of an account that reverts; the first is the one that counts. */
void vk_chain_revert(vk_verdict *verdict, const char *revert);
/* The same of a rule that denied: its error, or the account's for a rule that only fails. */
void vk_chain_rule(vk_verdict *verdict, size_t index);
/* The same of the EntryPoint. */
void vk_chain_entry_point(vk_verdict *verdict, const char *error);

/* ---- thirdweb ---- */

/* What a thirdweb account reports of a time to the EntryPoint. */
uint64_t vk_thirdweb_low48(const vk_u256 *time);

/* ---- The parts of the call rule ---- */

#define VK_CALL_VERSIONS 5
extern const char *const vk_call_published[VK_CALL_VERSIONS]; /* EIP-55 texts */

VK_MUST_USE vk_status vk_call_parse(const cJSON *json, const vk_path *path, vk_rule *out,
                                    vk_error *err);
VK_MUST_USE vk_status vk_call_parse_as_sdk(const cJSON *json, const vk_path *path, vk_rule *out,
                                           vk_error *err);
VK_MUST_USE vk_status vk_call_check(const vk_rule *rule, const vk_path *path, vk_error *err);
/* Is its address the published one of its version (which must be known)? */
VK_MUST_USE vk_status vk_call_check_address(const vk_rule *rule, const vk_path *path,
                                            vk_error *err);
void vk_call_describe(const vk_rule *rule, vk_buf *out);
void vk_call_evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                      vk_rule_verdict *out);
/* Is there a permission for exactly that target and function? */
bool vk_call_names(const vk_rule *rule, uint8_t call_type, const vk_call *call);

#endif
