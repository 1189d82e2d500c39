#include "policy/call_text.h"

#include <inttypes.h>
#include <string.h>

/* No clock comes that far: a later time means none. */
#define TIME_BITS 48

vk_word_text vk_word_text_of(const vk_call_permission *permission, uint64_t chain_id,
                             const vk_address *target, uint64_t offset) {
    vk_word_text word = {.offset = offset};
    word.argument = vk_function_argument(vk_function_find(permission->selector), offset);
    if (word.argument != NULL && word.argument->kind == VK_ARGUMENT_AMOUNT) {
        word.asset = vk_asset_find(chain_id, target);
    }
    return word;
}

void vk_put_word_name(vk_buf *out, const vk_word_text *word) {
    if (word->argument != NULL) {
        vk_buf_put_text(out, word->argument->name);
        return;
    }
    vk_buf_printf(out, "argument word at offset %" PRIu64, word->offset);
}

/* Small values are numbers to a person; others may be anything. */
static void put_plain(vk_buf *out, const vk_u256 *value) {
    char text[79];
    if (vk_u256_fits(value, 64)) {
        vk_u256_decimal(value, text);
        vk_buf_put_text(out, text);
        return;
    }
    vk_hex_put(out, (vk_bytes){value->be, sizeof value->be});
}

static void put_amount(vk_buf *out, const vk_asset *asset, const vk_u256 *value) {
    char text[82];
    vk_u256_scaled(value, asset == NULL ? 0 : asset->decimals, text);
    vk_buf_put_text(out, text);
}

/* False for a value that is none of its kind. */
static bool put_of_kind(vk_buf *out, vk_argument_kind kind, const vk_u256 *value) {
    if (kind == VK_ARGUMENT_NUMBER) {
        put_amount(out, NULL, value);
    } else if (kind == VK_ARGUMENT_TIME && vk_u256_fits(value, TIME_BITS)) {
        vk_put_time(out, vk_u256_low64(value));
    } else if (kind == VK_ARGUMENT_TIME) {
        vk_buf_put_text(out, "none");
    } else if (kind == VK_ARGUMENT_FLAG && vk_u256_fits(value, 1)) {
        vk_buf_put_text(out, vk_u256_is_zero(value) ? "false" : "true");
    } else {
        return false;
    }
    return true;
}

void vk_put_word_value(vk_buf *out, const vk_word_text *word, const vk_u256 *value) {
    vk_argument_kind kind = word->argument == NULL ? VK_ARGUMENT_WORD : word->argument->kind;
    if (kind == VK_ARGUMENT_AMOUNT) {
        put_amount(out, word->asset, value);
    } else if (kind == VK_ARGUMENT_ADDRESS && vk_u256_fits(value, 160)) {
        vk_address address;
        memcpy(address.b, value->be + 12, sizeof address.b);
        vk_put_address(out, &address);
    } else if (!put_of_kind(out, kind, value)) {
        put_plain(out, value);
    }
}

void vk_put_word_amount(vk_buf *out, const vk_word_text *word, const vk_u256 *value) {
    vk_put_word_value(out, word, value);
    if (word->asset != NULL) {
        vk_buf_printf(out, " %s", word->asset->symbol);
    }
}
