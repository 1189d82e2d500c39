/*
 * What the EntryPoint asks of an operation besides the account's answer, for the kinds that play a
 * history: gas members, initCode, nonces.
 */
#ifndef VK_BATCH_VERDICT_ENTRY_POINT_H
#define VK_BATCH_VERDICT_ENTRY_POINT_H

#include "batch/in.h"

/* The nonces of one account that were used: what getNonce answers, for each key. */
typedef struct vk_verdict_lane {
    uint8_t key24[24];
    uint64_t next; /* sequence */
} vk_verdict_lane;

typedef struct vk_verdict_lanes {
    size_t count;
    vk_verdict_lane *lanes; /* of the line, room for one an operation */
} vk_verdict_lanes;

/* One step's answer. */
typedef struct vk_verdict_answer {
    bool accept;
    char rule[VK_VERDICT_RULE_MAX];
    char reason[VK_REASON_MAX];
    const char *hardening; /* NULL: none decided */
} vk_verdict_answer;

/* The first denial is the one that counts. */
void vk_verdict_answer_deny(vk_verdict_answer *answer, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Denies what the EntryPoint would not take to an account that is deployed. */
void vk_verdict_entry_point(const vk_userop *op, const vk_verdict_lanes *lanes,
                            vk_verdict_answer *answer);
/* The operation was included. */
void vk_verdict_lane_use(vk_verdict_lanes *lanes, const vk_u256 *nonce);

#endif
