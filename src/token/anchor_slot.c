#include "token/anchor_slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX_LEN 66 /* of 32 bytes, with 0x */

static bool read_hex32(const char *text, uint8_t out32[32]) {
    return vk_hex_read_fixed(text, strlen(text), out32, 32) == VK_OK;
}

bool vk_anchor_slot_read(const char text[VK_ANCHOR_SLOT_LEN], vk_anchor_slot *out) {
    char line[VK_ANCHOR_SLOT_LEN + 1], head[HEX_LEN + 1], mac[HEX_LEN + 1];
    memcpy(line, text, VK_ANCHOR_SLOT_LEN);
    line[VK_ANCHOR_SLOT_LEN] = '\0';
    *out = (vk_anchor_slot){0};
    return sscanf(line, "valetkey-anchor 1 %16s %18" SCNd64 " %18" SCNd64 " %66s %66s", out->serial,
                  &out->counter, &out->number, head, mac) == 5 &&
           strlen(out->serial) == VK_ANCHOR_SERIAL_LEN && out->counter >= 0 && out->number >= 0 &&
           read_hex32(head, out->head.b) && read_hex32(mac, out->mac);
}

static void put_hex(vk_buf *out, const uint8_t bytes32[32]) {
    vk_buf_put_byte(out, ' ');
    vk_hex_put(out, (vk_bytes){bytes32, 32});
}

vk_status vk_anchor_slot_write(const vk_anchor_slot *slot, char text[VK_ANCHOR_SLOT_LEN]) {
    vk_buf line = {0};
    vk_buf_printf(&line, "valetkey-anchor 1 %s %" PRId64 " %" PRId64, slot->serial, slot->counter,
                  slot->number);
    put_hex(&line, slot->head.b);
    put_hex(&line, slot->mac);
    vk_status status = vk_buf_status(&line);
    memset(text, ' ', VK_ANCHOR_SLOT_LEN);
    text[VK_ANCHOR_SLOT_LEN - 1] = '\n';
    if (status == VK_OK && line.len < VK_ANCHOR_SLOT_LEN) {
        memcpy(text, line.data, line.len);
    }
    vk_buf_clear(&line);
    return status;
}
