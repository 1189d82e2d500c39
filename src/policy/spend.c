#include <valetkey/spend.h>

#include "eth/abi.h"
#include "policy/text.h"

#include <stdio.h>
#include <string.h>

#define SELECTOR_LEN 4
#define WORDS_MAX 3

/* What a word of a function is, so far as it must be looked at. */
typedef enum word_kind { WORD_ANY, WORD_ADDRESS, WORD_AMOUNT } word_kind;

typedef struct token_function {
    uint8_t selector[SELECTOR_LEN];
    size_t words; /* that there must be, of any kind */
    word_kind kinds[WORDS_MAX];
} token_function;

/* Functions that take nothing but what their amount says; without an amount they take nothing. */
static const token_function functions[] = {
    /* transfer(address to, uint256 amount) */
    {{0xa9, 0x05, 0x9c, 0xbb}, 2, {WORD_ADDRESS, WORD_AMOUNT}},
    /* transferFrom(address from, address to, uint256 amount) */
    {{0x23, 0xb8, 0x72, 0xdd}, 3, {WORD_ADDRESS, WORD_ADDRESS, WORD_AMOUNT}},
    /* approve(address spender, uint256 amount) */
    {{0x09, 0x5e, 0xa7, 0xb3}, 2, {WORD_ADDRESS, WORD_AMOUNT}},
    /* increaseAllowance(address spender, uint256 added) */
    {{0x39, 0x50, 0x93, 0x51}, 2, {WORD_ADDRESS, WORD_AMOUNT}},
    /* decreaseAllowance(address spender, uint256 subtracted) */
    {{0xa4, 0x57, 0xc2, 0xd7}, 2, {WORD_ADDRESS, WORD_ANY}},
    /* permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r,
     * bytes32 s) */
    {{0xd5, 0x05, 0xac, 0xcf}, 7, {WORD_ADDRESS, WORD_ADDRESS, WORD_AMOUNT}},
    /* permit(address owner, address spender, uint256 value, uint256 deadline, bytes signature) */
    {{0x9f, 0xd5, 0xa6, 0xcf}, 6, {WORD_ADDRESS, WORD_ADDRESS, WORD_AMOUNT}},
    /* deposit(): the native value that it takes is counted as such */
    {{0xd0, 0xe3, 0x0d, 0xb0}, 0, {WORD_ANY}},
    /* withdraw(uint256 amount) */
    {{0x2e, 0x1a, 0x7d, 0x4d}, 1, {WORD_AMOUNT}},
    /* balanceOf(address), allowance(address owner, address spender) */
    {{0x70, 0xa0, 0x82, 0x31}, 1, {WORD_ADDRESS}},
    {{0xdd, 0x62, 0xed, 0x3e}, 2, {WORD_ADDRESS, WORD_ADDRESS}},
};

static const token_function *find(const uint8_t selector[SELECTOR_LEN]) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (memcmp(functions[i].selector, selector, SELECTOR_LEN) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

static vk_status deny(char reason[VK_REASON_MAX], vk_buf *text) {
    char *words = vk_buf_take_text(text);
    snprintf(reason, VK_REASON_MAX, "%s", words == NULL ? "out of memory" : words);
    vk_text_free(words);
    return VK_DENIED;
}

static bool read_amount(const token_function *function, vk_bytes arguments, vk_u256 *out) {
    *out = vk_u256_from_u64(0);
    if (arguments.len < function->words * VK_WORD) {
        return false;
    }
    for (size_t i = 0; i < WORDS_MAX && i < function->words; i++) {
        vk_address ignored;
        bool good = true;
        if (function->kinds[i] == WORD_ADDRESS) {
            good = vk_abi_address(arguments, i * VK_WORD, &ignored) == VK_OK;
        } else if (function->kinds[i] == WORD_AMOUNT) {
            good = vk_abi_u256(arguments, i * VK_WORD, out) == VK_OK;
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/* A call to the token. */
static vk_status amount_of(const vk_spend_asset *asset, const vk_call *call, vk_u256 *out,
                           char reason[VK_REASON_MAX]) {
    vk_bytes data = call->data;
    const token_function *function = data.len < SELECTOR_LEN ? NULL : find(data.data);
    vk_buf text = {0};
    if (function != NULL &&
        read_amount(function, (vk_bytes){data.data + SELECTOR_LEN, data.len - SELECTOR_LEN}, out)) {
        return VK_OK;
    }
    vk_put_contract(&text, asset->chain_id, &asset->token);
    vk_buf_put_text(&text, " is counted, but how much of it ");
    if (data.len < SELECTOR_LEN) {
        vk_buf_put_text(&text, "a call without a function");
    } else {
        vk_put_function(&text, data.data);
    }
    vk_buf_put_text(&text, function == NULL ? " takes is not known"
                                            : " takes cannot be read from its arguments");
    return deny(reason, &text);
}

static vk_status count_call(const vk_spend_asset *asset, const vk_call *call, vk_u256 *sum,
                            char reason[VK_REASON_MAX]) {
    vk_u256 amount = call->value;
    vk_status status = VK_OK;
    if (!asset->native && !vk_address_equal(&call->target, &asset->token)) {
        return VK_OK;
    }
    if (!asset->native) {
        status = amount_of(asset, call, &amount, reason);
    }
    if (status == VK_OK && !vk_u256_add(sum, &amount, sum)) {
        snprintf(reason, VK_REASON_MAX, "what the calls take in all does not fit 256 bits");
        status = VK_DENIED;
    }
    return status;
}

vk_status vk_spend_of_calls(const vk_spend_asset *asset, const vk_execution *execution,
                            vk_u256 *amount, char reason[VK_REASON_MAX]) {
    vk_u256 sum = vk_u256_from_u64(0);
    vk_status status = VK_OK;
    if (execution->call_type == VK_CALL_DELEGATE) {
        snprintf(
            reason, VK_REASON_MAX,
            "what a delegatecall takes cannot be counted: it runs foreign code as the account");
        return VK_DENIED;
    }
    for (size_t i = 0; i < execution->call_count && status == VK_OK; i++) {
        status = count_call(asset, &execution->calls[i], &sum, reason);
    }
    *amount = sum;
    return status;
}
