/* One slot of an anchor's file: a line of text. */
#ifndef VK_TOKEN_ANCHOR_SLOT_H
#define VK_TOKEN_ANCHOR_SLOT_H

#include <valetkey/bytes.h>

#define VK_ANCHOR_SLOT_LEN 256
#define VK_ANCHOR_SERIAL_LEN 16

typedef struct vk_anchor_slot {
    char serial[VK_ANCHOR_SERIAL_LEN + 1];
    int64_t counter, number; /* see vk_state; not negative */
    vk_hash head;
    uint8_t mac[32];
} vk_anchor_slot;

/* "valetkey-anchor 1 SERIAL COUNTER NUMBER HEAD MAC", blanks, a newline. */
VK_MUST_USE vk_status vk_anchor_slot_write(const vk_anchor_slot *slot,
                                           char text[VK_ANCHOR_SLOT_LEN]);
/* False if the text is no such line. */
bool vk_anchor_slot_read(const char text[VK_ANCHOR_SLOT_LEN], vk_anchor_slot *out);

#endif
