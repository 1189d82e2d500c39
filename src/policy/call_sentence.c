/* One call in a sentence. */
#include "policy/operation_text.h"

#include "eth/abi.h"

#define SELECTOR_LEN 4

static const char *known_name(const vk_scene *scene, const vk_address *target) {
    static const char *const entry_points[] = {[VK_ENTRY_POINT_UNKNOWN] = NULL,
                                               [VK_ENTRY_POINT_0_6] = "EntryPoint 0.6",
                                               [VK_ENTRY_POINT_0_7] = "EntryPoint 0.7",
                                               [VK_ENTRY_POINT_0_8] = "EntryPoint 0.8",
                                               [VK_ENTRY_POINT_0_9] = "EntryPoint 0.9"};
    return vk_address_equal(target, &scene->account)
               ? "the account itself"
               : entry_points[vk_entry_point_of_address(target)];
}

void vk_put_target(vk_buf *out, const vk_scene *scene, const vk_address *target) {
    const char *name = known_name(scene, target);
    if (name == NULL) {
        vk_put_contract(out, scene->chain_id, target);
        return;
    }
    vk_buf_printf(out, "%s (", name);
    vk_put_address(out, target);
    vk_buf_put_text(out, ")");
}

static vk_bytes body_of(const vk_call *call) {
    return (vk_bytes){call->data.data + SELECTOR_LEN, call->data.len - SELECTOR_LEN};
}

static const vk_function *function_of(const vk_call *call) {
    return call->data.len < SELECTOR_LEN ? NULL : vk_function_find(call->data.data);
}

/* An amount together with the token: "250 USDC (0x...)", "5 units of 0x...". */
static void put_amount(vk_buf *out, const vk_scene *scene, const vk_call *call,
                       const vk_call_argument *argument) {
    const vk_asset *asset = argument->word.asset;
    vk_put_call_argument(out, call, argument);
    if (asset != NULL) {
        vk_buf_printf(out, " (%s)", asset->address);
        return;
    }
    bool is_id = function_of(call)->is_shared && !vk_is_unlimited(&argument->value);
    vk_buf_put_text(out, is_id ? " units, or the token of that number, of " : " units of ");
    vk_put_target(out, scene, &call->target);
}

static void put_argument(vk_buf *out, const vk_scene *scene, const vk_call *call,
                         const vk_call_argument *argument) {
    if (argument->word.argument->kind == VK_ARGUMENT_AMOUNT) {
        put_amount(out, scene, call, argument);
    } else {
        vk_put_call_argument(out, call, argument);
    }
}

/* The function's sentence, its {N} replaced by arguments. */
static void put_sentence(vk_buf *out, const vk_scene *scene, const vk_call *call,
                         const vk_call_argument *arguments) {
    const char *text = function_of(call)->sentence;
    while (*text != '\0') {
        if (*text == '{') {
            put_argument(out, scene, call, &arguments[text[1] - '0']);
            text += 3;
        } else {
            vk_buf_put_byte(out, (uint8_t)*text++);
        }
    }
}

/* ": recipient 0x..., amount 5" */
static void put_arguments(vk_buf *out, const vk_call *call, const vk_call_argument *arguments,
                          size_t count) {
    for (size_t i = 0; i < count; i++) {
        vk_buf_printf(out, "%s%s ", i > 0 ? ", " : ": ", arguments[i].word.argument->name);
        vk_put_call_argument(out, call, &arguments[i]);
    }
}

static void put_function(vk_buf *out, const vk_scene *scene, const vk_call *call) {
    if (scene->is_delegate) {
        vk_buf_put_text(out, ": ");
    }
    vk_put_function(out, call->data.data);
    if (!scene->is_delegate) {
        vk_buf_put_text(out, " on ");
        vk_put_target(out, scene, &call->target);
    }
}

/* Bytes that say nothing to the function; what stands behind the head of a dynamic one does. */
static size_t spare_bytes(const vk_function *function, const vk_call *call) {
    size_t count = vk_function_argument_count(function);
    bool is_dynamic = count > 0 && function->arguments[count - 1].kind >= VK_ARGUMENT_BYTES;
    return is_dynamic ? 0 : body_of(call).len - count * VK_WORD;
}

static void put_known(vk_buf *out, const vk_scene *scene, const vk_call *call,
                      const vk_function *function) {
    vk_call_argument arguments[VK_FUNCTION_ARGUMENTS_MAX];
    size_t count = vk_call_arguments(scene, call, arguments);
    if (count != vk_function_argument_count(function)) {
        put_function(out, scene, call);
        vk_buf_printf(out, " with %zu bytes of arguments, which are too few", body_of(call).len);
        return;
    }
    if (function->sentence != NULL && !scene->is_delegate) {
        put_sentence(out, scene, call, arguments);
    } else {
        put_function(out, scene, call);
        put_arguments(out, call, arguments, count);
    }
    size_t spare = spare_bytes(function, call);
    if (spare > 0) {
        vk_buf_printf(out, ", and %zu bytes behind the arguments", spare);
    }
}

static void put_unknown(vk_buf *out, const vk_scene *scene, const vk_call *call) {
    put_function(out, scene, call);
    if (body_of(call).len == 0) {
        vk_buf_put_text(out, " without arguments");
    } else {
        vk_buf_printf(out, " with %zu bytes of arguments", body_of(call).len);
    }
}

static void put_function_call(vk_buf *out, const vk_scene *scene, const vk_call *call) {
    const vk_function *function = function_of(call);
    if (function != NULL) {
        put_known(out, scene, call, function);
    } else {
        put_unknown(out, scene, call);
    }
    if (!vk_u256_is_zero(&call->value)) {
        vk_buf_put_text(out, ", with ");
        vk_put_ether(out, &call->value);
        vk_buf_put_text(out, " of native value");
    }
}

/* Data that names no function. */
static void put_bare(vk_buf *out, const vk_call *call) {
    if (call->data.len > 0) {
        vk_buf_put_text(out, " with the data ");
        vk_hex_put(out, call->data);
        vk_buf_put_text(out, ", which is too short for a function");
    } else if (vk_u256_is_zero(&call->value)) {
        vk_buf_put_text(out, " without data");
    }
}

static void put_bare_call(vk_buf *out, const vk_scene *scene, const vk_call *call) {
    if (vk_u256_is_zero(&call->value)) {
        vk_buf_put_text(out, "call ");
    } else {
        vk_buf_put_text(out, "send ");
        vk_put_ether(out, &call->value);
        vk_buf_put_text(out, " to ");
    }
    vk_put_target(out, scene, &call->target);
    put_bare(out, call);
}

static void put_delegate(vk_buf *out, const vk_scene *scene, const vk_call *call) {
    vk_buf_put_text(out, "delegatecall to ");
    vk_put_target(out, scene, &call->target);
    vk_buf_put_text(out, ", whose code runs as the account");
    if (call->data.len < SELECTOR_LEN) {
        vk_buf_put_text(out, ",");
        put_bare(out, call);
    } else {
        put_function_call(out, scene, call);
    }
}

void vk_put_call(vk_buf *out, const vk_scene *scene, const vk_call *call) {
    if (scene->is_delegate) {
        put_delegate(out, scene, call);
    } else if (call->data.len < SELECTOR_LEN) {
        put_bare_call(out, scene, call);
    } else {
        put_function_call(out, scene, call);
    }
}

size_t vk_call_words(const vk_call *call) {
    if (call->data.len < SELECTOR_LEN || function_of(call) != NULL) {
        return 0;
    }
    size_t words = (body_of(call).len + VK_WORD - 1) / VK_WORD;
    return words < VK_WORDS_SHOWN ? words : VK_WORDS_SHOWN;
}

void vk_put_call_word(vk_buf *out, const vk_call *call, size_t index) {
    vk_bytes body = body_of(call);
    size_t at = index * VK_WORD, left = body.len - at;
    vk_buf_printf(out, "word %zu ", index);
    vk_hex_put(out, (vk_bytes){body.data + at, left < VK_WORD ? left : VK_WORD});
    if (index + 1 == VK_WORDS_SHOWN && left > VK_WORD) {
        vk_buf_printf(out, ", and %zu more bytes", left - VK_WORD);
    }
}
