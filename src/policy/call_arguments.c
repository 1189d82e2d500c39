/* The arguments of a call to a well-known function, and their values in words. */
#include "policy/operation_text.h"

#include "eth/abi.h"

#define SELECTOR_LEN 4
#define ITEMS_SHOWN 8
#define BYTES_SHOWN 32

static vk_bytes body_of(const vk_call *call) {
    return (vk_bytes){call->data.data + SELECTOR_LEN, call->data.len - SELECTOR_LEN};
}

static const vk_function *function_of(const vk_call *call) {
    return call->data.len < SELECTOR_LEN ? NULL : vk_function_find(call->data.data);
}

size_t vk_call_arguments(const vk_scene *scene, const vk_call *call,
                         vk_call_argument out[VK_FUNCTION_ARGUMENTS_MAX]) {
    const vk_function *function = function_of(call);
    size_t count = function == NULL ? 0 : vk_function_argument_count(function);
    if (function == NULL || body_of(call).len < count * VK_WORD) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const vk_argument *argument = &function->arguments[i];
        bool is_amount = argument->kind == VK_ARGUMENT_AMOUNT && !scene->is_delegate;
        out[i] = (vk_call_argument){
            .word = {.offset = i * VK_WORD,
                     .argument = argument,
                     .asset = is_amount ? vk_asset_find(scene->chain_id, &call->target) : NULL},
            .value = vk_u256_from_be(body_of(call).data + i * VK_WORD, VK_WORD)};
    }
    return count;
}

static void put_bytes(vk_buf *out, vk_bytes bytes) {
    vk_hex_put(out, (vk_bytes){bytes.data, bytes.len < BYTES_SHOWN ? bytes.len : BYTES_SHOWN});
    if (bytes.len > BYTES_SHOWN) {
        vk_buf_printf(out, "... (%zu bytes)", bytes.len);
    }
}

static void put_more(vk_buf *out, size_t count) {
    if (count > ITEMS_SHOWN) {
        vk_buf_printf(out, ", and %zu more", count - ITEMS_SHOWN);
    }
}

/* list: an array behind its length. */
static void put_numbers(vk_buf *out, vk_bytes list, size_t count) {
    vk_buf_put_text(out, "[");
    for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
        char text[79];
        vk_u256 value = vk_u256_from_be(list.data + i * VK_WORD, VK_WORD);
        vk_u256_decimal(&value, text);
        vk_buf_printf(out, "%s%s", i > 0 ? ", " : "", text);
    }
    put_more(out, count);
    vk_buf_put_text(out, "]");
}

static void put_inner_call(vk_buf *out, vk_bytes list, size_t index) {
    vk_bytes data;
    if (vk_abi_bytes(list, index * VK_WORD, &data) != VK_OK) {
        vk_buf_put_text(out, "unreadable");
    } else if (data.len < SELECTOR_LEN) {
        vk_buf_printf(out, "%zu bytes", data.len);
    } else {
        vk_put_function(out, data.data);
    }
}

static void put_inner_calls(vk_buf *out, vk_bytes list, size_t count) {
    vk_buf_put_text(out, "[");
    for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
        vk_buf_put_text(out, i > 0 ? ", " : "");
        put_inner_call(out, list, i);
    }
    put_more(out, count);
    vk_buf_put_text(out, "]");
}

/* An array whose offset is at position; every element has a word in it. */
static bool read_list(vk_bytes body, size_t position, vk_bytes *list, size_t *count) {
    if (vk_abi_tail(body, position, list) != VK_OK ||
        vk_abi_size(*list, 0, list->len / VK_WORD - 1, count) != VK_OK) {
        return false;
    }
    list->data += VK_WORD;
    list->len -= VK_WORD;
    return true;
}

static void put_dynamic(vk_buf *out, const vk_call *call, const vk_call_argument *argument) {
    vk_bytes body = body_of(call), content;
    size_t position = (size_t)argument->word.offset, count;
    vk_argument_kind kind = argument->word.argument->kind;
    if (kind == VK_ARGUMENT_BYTES && vk_abi_bytes(body, position, &content) == VK_OK) {
        put_bytes(out, content);
    } else if (kind == VK_ARGUMENT_BYTES || !read_list(body, position, &content, &count)) {
        vk_buf_put_text(out, "unreadable");
    } else if (kind == VK_ARGUMENT_NUMBERS) {
        put_numbers(out, content, count);
    } else {
        put_inner_calls(out, content, count);
    }
}

bool vk_is_unlimited(const vk_u256 *amount) {
    for (size_t i = 0; i < sizeof amount->be; i++) {
        if (amount->be[i] != 0xff) {
            return false;
        }
    }
    return true;
}

void vk_put_call_argument(vk_buf *out, const vk_call *call, const vk_call_argument *argument) {
    const vk_word_text *word = &argument->word;
    if (word->argument->kind >= VK_ARGUMENT_BYTES) {
        put_dynamic(out, call, argument);
    } else if (word->argument->kind == VK_ARGUMENT_AMOUNT && vk_is_unlimited(&argument->value)) {
        vk_buf_printf(out, "unlimited%s%s", word->asset != NULL ? " " : "",
                      word->asset != NULL ? word->asset->symbol : "");
    } else {
        vk_put_word_amount(out, word, &argument->value);
    }
}
