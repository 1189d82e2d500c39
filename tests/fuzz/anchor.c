/* A slot of an anchor's file. */
#include "fuzz.h"

#include "token/anchor_slot.h"

void fuzz_anchor(vk_bytes input) {
    char text[VK_ANCHOR_SLOT_LEN] = {0};
    vk_anchor_slot slot, again;
    memcpy(text, input.data, input.len < sizeof text ? input.len : sizeof text);
    if (!vk_anchor_slot_read(text, &slot)) {
        return;
    }
    FUZZ_REQUIRE(slot.counter >= 0 && slot.number >= 0);
    FUZZ_REQUIRE(vk_anchor_slot_write(&slot, text) == VK_OK);
    FUZZ_REQUIRE(text[sizeof text - 1] == '\n');
    FUZZ_REQUIRE(vk_anchor_slot_read(text, &again));
    FUZZ_REQUIRE(memcmp(&slot.head, &again.head, sizeof slot.head) == 0);
    FUZZ_REQUIRE(memcmp(slot.mac, again.mac, sizeof slot.mac) == 0);
    FUZZ_REQUIRE(strcmp(slot.serial, again.serial) == 0);
    FUZZ_REQUIRE(slot.counter == again.counter && slot.number == again.number);
}
