/* What the files of lint share. Each looks at one subject, and adds findings. */
#ifndef VK_POLICY_LINT_H
#define VK_POLICY_LINT_H

#include "policy/rule.h"
#include <valetkey/lint.h>

typedef struct vk_lint {
    const vk_lint_context *context;
    vk_lint_findings *out;
    vk_status status; /* the first failure */
    vk_path session;  /* where thirdweb's members are; empty: at the root */
} vk_lint;

/* Adds a finding about the member of path; NULL: about path itself. */
void vk_lint_add(vk_lint *lint, vk_lint_code code, const vk_path *path, const char *member,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Values in words, for the arguments of vk_lint_add. */
typedef struct vk_lint_words {
    char text[88];
} vk_lint_words;
vk_lint_words vk_lint_time(uint64_t seconds);
vk_lint_words vk_lint_ether(const vk_u256 *wei);
vk_lint_words vk_lint_function_name(const uint8_t selector[4]);

/* "policies[index]" */
vk_path vk_lint_rule_path(size_t index);
/* Is the rule asked about operations; about message signatures? */
bool vk_lint_for_operations(const vk_rule *rule);
bool vk_lint_for_signatures(const vk_rule *rule);
/* Is there a rule of the kind that is asked about operations? */
bool vk_lint_has_rule(const vk_policy *policy, vk_rule_kind kind);

/* ---- Subjects ---- */

void vk_lint_times(vk_lint *lint, const vk_policy *policy);
void vk_lint_rates(vk_lint *lint, const vk_policy *policy);
void vk_lint_gas(vk_lint *lint, const vk_policy *policy);
void vk_lint_signatures(vk_lint *lint, const vk_policy *policy);
void vk_lint_combination(vk_lint *lint, const vk_policy *policy);
void vk_lint_calls(vk_lint *lint, const vk_policy *policy);
/* Of a policy that is a thirdweb session. */
void vk_lint_session(vk_lint *lint, const vk_rule *rule, size_t index);
/* Of one permission: what its rules on arguments are worth, and what they leave open. */
void vk_lint_arguments(vk_lint *lint, const vk_call_permission *permission, const vk_path *path);
/* Of the rules, at list, those that say the same or the opposite. */
void vk_lint_rule_pairs(vk_lint *lint, const vk_call_permission *permission, const vk_path *list);
void vk_lint_open_ends(vk_lint *lint, const vk_call_permission *permission, const vk_path *path);

/* ---- Times ---- */

/* From here on a number of seconds since 1970 (the year 5138) is one of milliseconds (1973). */
#define VK_LINT_FIRST_MS UINT64_C(100000000000)
/* An end that is further away is none. */
#define VK_LINT_NO_END VK_THIRDWEB_TEN_YEARS

/* Adds a finding if the time is in milliseconds; then says what comes of it. */
bool vk_lint_milliseconds(vk_lint *lint, uint64_t time, const vk_path *path, const char *member,
                          const char *consequence);

/* ---- Amounts ---- */

/* More than there is of any chain's coin: such a limit limits nothing. */
bool vk_lint_is_no_limit(const vk_u256 *wei);
/* The same for a token, whatever its decimals. */
bool vk_lint_is_no_amount(const vk_u256 *amount);

/* ---- Contracts ---- */

/* What is at the address, in words ("the EntryPoint"), if a call there reaches beyond the session:
 * the account, EntryPoints, ZeroDev's policies, signers and validators. NULL: nothing known. */
const char *vk_lint_privileged(const vk_lint_context *context, const vk_address *address);

/* ---- Functions ---- */

#define VK_LINT_NO_ARGUMENT SIZE_MAX

typedef enum vk_lint_effect { VK_LINT_TRANSFERS, VK_LINT_APPROVES } vk_lint_effect;

/* A well-known function that gives tokens, or the right to them, away. */
typedef struct vk_lint_function {
    uint8_t selector[4];
    const char *signature; /* "transfer(address,uint256)" */
    vk_lint_effect effect;
    size_t who;     /* the argument that says who gets it */
    size_t amount;  /* that says how much, or which; VK_LINT_NO_ARGUMENT: none does */
    bool countable; /* amounts add up */
} vk_lint_function;

#define VK_LINT_FUNCTIONS 11
extern const vk_lint_function vk_lint_functions[VK_LINT_FUNCTIONS];

/* NULL if it is none of them. */
const vk_lint_function *vk_lint_function_of(const uint8_t selector[4]);
/* The type of the argument in the word at offset ("address", not terminated) and its length; NULL
 * if the offset is that of no argument. */
const char *vk_lint_argument_type(const vk_lint_function *function, uint64_t offset, size_t *len);
/* How many words the arguments have; 0 where one of them is of no fixed size. */
size_t vk_lint_argument_words(const vk_lint_function *function);
bool vk_lint_is_address(const vk_lint_function *function, uint64_t offset);
bool vk_lint_is_amount(const vk_lint_function *function, uint64_t offset);

#endif
