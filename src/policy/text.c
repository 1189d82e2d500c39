#include "policy/text.h"

#include <inttypes.h>
#include <time.h>

#define ETHER_DECIMALS 18
#define WEI_SHOWN_MAX 1000000000

void vk_put_address(vk_buf *out, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_put_text(out, text);
}

void vk_put_contract(vk_buf *out, uint64_t chain_id, const vk_address *address) {
    const vk_asset *asset = vk_asset_find(chain_id, address);
    if (asset == NULL) {
        vk_put_address(out, address);
        return;
    }
    vk_buf_printf(out, "%s (%s)", asset->symbol, asset->address);
}

void vk_put_function(vk_buf *out, const uint8_t selector[4]) {
    const vk_function *function = vk_function_find(selector);
    if (function != NULL) {
        vk_buf_put_text(out, function->name);
        return;
    }
    vk_buf_put_text(out, "function ");
    vk_hex_put(out, (vk_bytes){selector, 4});
}

void vk_put_chain(vk_buf *out, uint64_t chain_id) {
    const char *name = vk_chain_name(chain_id);
    if (name != NULL) {
        vk_buf_printf(out, "%s (chain %" PRIu64 ")", name, chain_id);
    } else {
        vk_buf_printf(out, "chain %" PRIu64, chain_id);
    }
}

void vk_put_ether(vk_buf *out, const vk_u256 *wei) {
    char text[82];
    uint64_t low = vk_u256_low64(wei);
    if (vk_u256_fits(wei, 64) && low > 0 && low < WEI_SHOWN_MAX) {
        vk_buf_printf(out, "%" PRIu64 " wei", low);
        return;
    }
    vk_u256_scaled(wei, ETHER_DECIMALS, text);
    vk_buf_printf(out, "%s ether", text);
}

void vk_put_time(vk_buf *out, uint64_t seconds) {
    time_t when = (time_t)seconds;
    struct tm tm;
    char text[64];
    if (seconds > INT64_MAX || gmtime_r(&when, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        vk_buf_printf(out, "second %" PRIu64, seconds);
        return;
    }
    vk_buf_put_text(out, text);
}

void vk_put_any_time(vk_buf *out, const vk_u256 *seconds) {
    if (vk_u256_fits(seconds, 48)) {
        vk_put_time(out, vk_u256_low64(seconds));
    } else {
        vk_buf_put_text(out, "a time beyond every clock");
    }
}

static const struct {
    uint64_t seconds;
    const char *name;
} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};

void vk_put_duration(vk_buf *out, uint64_t seconds) {
    const char *space = "";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t count = seconds / units[i].seconds;
        seconds %= units[i].seconds;
        if (count > 0) {
            vk_buf_printf(out, "%s%" PRIu64 " %s%s", space, count, units[i].name,
                          count == 1 ? "" : "s");
            space = " ";
        }
    }
    if (space[0] == '\0') {
        vk_buf_put_text(out, "0 seconds");
    }
}
