/*
 * A UserOperation in words: the calls that the account would make, what they cost at most, the
 * nonce, the window. Everything that a hostile operation can contain comes out as printable ASCII:
 * numbers, hex, addresses in EIP-55 letters; a line about one call has at most about 2,000 bytes.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VK_POLICY_OPERATION_TEXT_H
#define VK_POLICY_OPERATION_TEXT_H

#include "policy/call_text.h"

/* ---- The calls of an operation ---- */

/* What the account would do with the call data. */
typedef struct vk_operation_calls {
    /* Empty when nobody can read it, for an empty batch, and without call data. The data points
     * into the operation. */
    vk_execution execution;
    bool is_own; /* not execute: the one call is to a function of the account itself */
    char fault[VK_REASON_MAX]; /* why it is not the encoding that every reader understands, or
                                  cannot be read at all; empty: nothing is wrong */
} vk_operation_calls;

/* Reads the canonical encoding of the version (VK_KERNEL_UNKNOWN: of 0.2.4 for EntryPoint 0.6, else
 * of 0.3), else what the contracts make of it. VK_ERR_MEMORY. */
VK_MUST_USE vk_status vk_operation_calls_read(const vk_userop *op, vk_kernel_version kernel,
                                              vk_operation_calls *out);
/* The same of a thirdweb account. */
VK_MUST_USE vk_status vk_operation_calls_read_thirdweb(const vk_userop *op,
                                                       vk_operation_calls *out);
void vk_operation_calls_clear(vk_operation_calls *calls);

/* ---- One call ---- */

/* Where calls are made. */
typedef struct vk_scene {
    uint64_t chain_id; /* VK_ANY_CHAIN: unknown */
    vk_address account;
    bool is_delegate; /* a delegatecall: only the target's code is used, so no token of it moves */
} vk_scene;

/* "USDC (0x...)", "the account itself (0x...)", "EntryPoint 0.7 (0x...)", "0x...". */
void vk_put_target(vk_buf *out, const vk_scene *scene, const vk_address *target);
/* "transfer 250 USDC (0x...) to 0x...", in one line. */
void vk_put_call(vk_buf *out, const vk_scene *scene, const vk_call *call);

/* A word behind the selector, and what it is. */
typedef struct vk_call_argument {
    vk_word_text word;
    vk_u256 value;
} vk_call_argument;

/* The arguments of a well-known function; 0 for another one, or where not all are there. */
size_t vk_call_arguments(const vk_scene *scene, const vk_call *call,
                         vk_call_argument out[VK_FUNCTION_ARGUMENTS_MAX]);
/* The value alone: "250 USDC", "unlimited USDC", "0x...", "true", "[1, 2]". */
void vk_put_call_argument(vk_buf *out, const vk_call *call, const vk_call_argument *argument);
/* The amount that stands for no limit. */
bool vk_is_unlimited(const vk_u256 *amount);

/* Words of a call to an unknown function, to be shown below it, one a line: at most
 * VK_WORDS_SHOWN. 0 for a well-known function. */
#define VK_WORDS_SHOWN 16
size_t vk_call_words(const vk_call *call);
/* "word 0 0x...", without a newline. */
void vk_put_call_word(vk_buf *out, const vk_call *call, size_t index);

/* ---- The rest ---- */

/* The gas of all limits, and what it costs at maxFeePerGas: what the EntryPoint wants to see paid
 * in advance. False if they do not fit 256 bits. */
bool vk_operation_cost(const vk_userop *op, vk_u256 *gas, vk_u256 *cost);
/* "at most 0.0042 ether (700000 gas at 6 gwei), no paymaster" */
void vk_put_operation_gas(vk_buf *out, const vk_userop *op);
/* "default mode, permission 0x811badc0, lane 0, sequence 4"; of EntryPoint 0.6 as below. */
void vk_put_operation_nonce(vk_buf *out, const vk_userop *op);
/* "key 0x1, sequence 4": of an account that reads nothing in it. */
void vk_put_plain_nonce(vk_buf *out, const vk_u256 *nonce);
/* Who makes and who pays: of EntryPoint 0.6 they begin a longer member. False: nobody. */
bool vk_operation_factory(const vk_userop *op, vk_address *out);
bool vk_operation_paymaster(const vk_userop *op, vk_address *out);
/* "2026-01-01T00:00:00Z to 2031-01-01T00:00:00Z", "until ...", "from ...", "no limit"; until 0: no
 * end. */
void vk_put_window(vk_buf *out, uint64_t after, uint64_t until);

#endif
