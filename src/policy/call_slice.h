/* The condition SLICE_EQUAL of call policy 0.0.5: part of a string or bytes argument. */
#ifndef VK_POLICY_CALL_SLICE_H
#define VK_POLICY_CALL_SLICE_H

#include "policy/rule.h"

typedef enum vk_slice_result {
    VK_SLICE_EQUAL,
    VK_SLICE_DIFFERENT,
    VK_SLICE_TOO_SHORT, /* the contract reverts */
    VK_SLICE_FAILED     /* out of memory */
} vk_slice_result;

/* data is the call's, a view into the operation's call data; the argument's word is in it. *inside:
 * the argument lies wholly in data. */
vk_slice_result vk_call_slice(const vk_param_rule *rule, vk_bytes data, const vk_userop *op,
                              bool *inside);

#endif
