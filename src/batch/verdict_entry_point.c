#include "batch/verdict_entry_point.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY_LEN 24
#define BITS_GAS 120 /* of every gas limit and fee */

void vk_verdict_answer_deny(vk_verdict_answer *answer, const char *rule, const char *format, ...) {
    if (answer->rule[0] != '\0') {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(answer->reason, sizeof answer->reason, format, args);
    va_end(args);
    snprintf(answer->rule, sizeof answer->rule, "%s", rule);
}

static void check_gas(const vk_userop *op, vk_verdict_answer *answer) {
    const struct {
        const char *name;
        const vk_u256 *value;
    } members[] = {
        {"preVerificationGas", &op->pre_verification_gas},
        {"verificationGasLimit", &op->verification_gas_limit},
        {"callGasLimit", &op->call_gas_limit},
        {"maxFeePerGas", &op->max_fee_per_gas},
        {"maxPriorityFeePerGas", &op->max_priority_fee_per_gas},
        {"paymasterVerificationGasLimit", &op->paymaster_verification_gas_limit},
        {"paymasterPostOpGasLimit", &op->paymaster_post_op_gas_limit},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!vk_u256_fits(members[i].value, BITS_GAS)) {
            vk_verdict_answer_deny(answer, "entryPoint", "%s does not fit %d bits (AA94)",
                                   members[i].name, BITS_GAS);
        }
    }
}

/* EntryPoint 0.9 ignores what deploys an account that is there; the marker of EIP-7702 deploys
 * nothing. */
static void check_init_code(const vk_userop *op, vk_verdict_answer *answer) {
    bool deploys = op->has_factory || op->init_code.len > 0;
    if (deploys && !op->has_authorization && op->entry_point < VK_ENTRY_POINT_0_9) {
        vk_verdict_answer_deny(answer, "entryPoint",
                               "the operation deploys an account that is deployed already (AA10)");
    }
}

static vk_verdict_lane *find(const vk_verdict_lanes *lanes, const vk_u256 *nonce) {
    for (size_t i = 0; i < lanes->count; i++) {
        if (memcmp(lanes->lanes[i].key24, nonce->be, KEY_LEN) == 0) {
            return &lanes->lanes[i];
        }
    }
    return NULL;
}

static void check_nonce(const vk_userop *op, const vk_verdict_lanes *lanes,
                        vk_verdict_answer *answer) {
    const vk_verdict_lane *lane = find(lanes, &op->nonce);
    uint64_t expected = lane == NULL ? 0 : lane->next, given = vk_u256_low64(&op->nonce);
    if (given != expected) {
        vk_verdict_answer_deny(answer, "nonce",
                               "the sequence number of the nonce is %" PRIu64
                               ", but the next one of its key is %" PRIu64 " (AA25)",
                               given, expected);
    }
}

void vk_verdict_entry_point(const vk_userop *op, const vk_verdict_lanes *lanes,
                            vk_verdict_answer *answer) {
    check_gas(op, answer);
    check_init_code(op, answer);
    check_nonce(op, lanes, answer);
}

void vk_verdict_lane_use(vk_verdict_lanes *lanes, const vk_u256 *nonce) {
    vk_verdict_lane *lane = find(lanes, nonce);
    if (lane == NULL) {
        lane = &lanes->lanes[lanes->count++];
        memcpy(lane->key24, nonce->be, KEY_LEN);
    }
    lane->next = vk_u256_low64(nonce) + 1;
}
