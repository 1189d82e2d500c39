#include <valetkey/userop.h>

#include <string.h>

typedef struct entry {
    const char *text;
    vk_address address;
} entry;

static const entry entries[] = {
    [VK_ENTRY_POINT_UNKNOWN] = {"unknown", {{0}}},
    [VK_ENTRY_POINT_0_6] = {"0.6", {{0x5f, 0xf1, 0x37, 0xd4, 0xb0, 0xfd, 0xcd, 0x49, 0xdc, 0xa3,
                                     0x0c, 0x7c, 0xf5, 0x7e, 0x57, 0x8a, 0x02, 0x6d, 0x27, 0x89}}},
    [VK_ENTRY_POINT_0_7] = {"0.7", {{0x00, 0x00, 0x00, 0x00, 0x71, 0x72, 0x7d, 0xe2, 0x2e, 0x5e,
                                     0x9d, 0x8b, 0xaf, 0x0e, 0xda, 0xc6, 0xf3, 0x7d, 0xa0, 0x32}}},
    [VK_ENTRY_POINT_0_8] = {"0.8", {{0x43, 0x37, 0x08, 0x4d, 0x9e, 0x25, 0x5f, 0xf0, 0x70, 0x24,
                                     0x61, 0xcf, 0x88, 0x95, 0xce, 0x9e, 0x3b, 0x5f, 0xf1, 0x08}}},
    [VK_ENTRY_POINT_0_9] = {"0.9", {{0x43, 0x37, 0x09, 0x00, 0x9b, 0x83, 0x30, 0xfd, 0xa3, 0x23,
                                     0x11, 0xdf, 0x1c, 0x2a, 0xfa, 0x40, 0x2e, 0xd8, 0xd0, 0x09}}},
};

#define COUNT (sizeof entries / sizeof entries[0])

vk_address vk_entry_point_address(vk_entry_point version) {
    return entries[(size_t)version < COUNT ? version : VK_ENTRY_POINT_UNKNOWN].address;
}

vk_entry_point vk_entry_point_of_address(const vk_address *address) {
    for (size_t i = VK_ENTRY_POINT_0_6; i < COUNT; i++) {
        if (vk_address_equal(&entries[i].address, address)) {
            return (vk_entry_point)i;
        }
    }
    return VK_ENTRY_POINT_UNKNOWN;
}

const char *vk_entry_point_text(vk_entry_point version) {
    return entries[(size_t)version < COUNT ? version : VK_ENTRY_POINT_UNKNOWN].text;
}

vk_entry_point vk_entry_point_read(const char *text) {
    for (size_t i = VK_ENTRY_POINT_0_6; i < COUNT; i++) {
        if (strcmp(entries[i].text, text) == 0) {
            return (vk_entry_point)i;
        }
    }
    return VK_ENTRY_POINT_UNKNOWN;
}
