/* The parts of settle.h: each fills in the answer, or leaves it open with a reason. */
#ifndef VK_NET_SETTLE_PART_H
#define VK_NET_SETTLE_PART_H

#include "net/settle.h"

typedef struct vk_settling {
    vk_node *node;
    const vk_settle_question *question;
    vk_block block; /* the finalized one: everything is read there */
    vk_settle_answer answer;
} vk_settling;

/* Fills in the outcome (GONE) or what else is said. */
void vk_settle_say(vk_settling *s, bool is_open, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A block that the node must have. */
VK_MUST_USE vk_status vk_settle_block(vk_settling *s, uint64_t number, vk_block *out,
                                      vk_error *err);

/* The nonce was used: by which operation? */
VK_MUST_USE vk_status vk_settle_by_event(vk_settling *s, vk_error *err);
/* The nonce was not used: can it ever be? */
VK_MUST_USE vk_status vk_settle_by_install(vk_settling *s, vk_error *err);
/* Another operation used the nonce: is the approval used up? */
VK_MUST_USE vk_status vk_settle_approval(vk_settling *s, vk_error *err);

#endif
