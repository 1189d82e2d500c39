#include "base/wei.h"

#include <ctype.h>
#include <string.h>

static bool read_as(const char *text, size_t digits, unsigned decimals, vk_u256 *out) {
    vk_u256 value;
    bool good = vk_u256_read_scaled(text, digits, decimals, &value) == VK_OK;
    *out = good ? value : *out;
    return good;
}

bool vk_wei_read(const char *text, size_t len, vk_u256 *out) {
    static const struct {
        const char *name;
        unsigned decimals;
    } units[] = {{"", 0}, {"wei", 0}, {"gwei", 9}, {"ether", 18}};
    size_t digits = 0;
    while (digits < len && (isdigit((unsigned char)text[digits]) || text[digits] == '.')) {
        digits++;
    }
    size_t unit = digits;
    while (unit < len && text[unit] == ' ') {
        unit++;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (len - unit == strlen(units[i].name) &&
            memcmp(text + unit, units[i].name, len - unit) == 0) {
            return read_as(text, digits, units[i].decimals, out);
        }
    }
    return false;
}
