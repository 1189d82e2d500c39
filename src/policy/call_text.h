/* How the call rule names arguments and their values. */
#ifndef VK_POLICY_CALL_TEXT_H
#define VK_POLICY_CALL_TEXT_H

#include "policy/text.h"

/* What a word of the call data is, as far as it is known. */
typedef struct vk_word_text {
    uint64_t offset;
    const vk_argument *argument; /* NULL: unknown */
    const vk_asset *asset;       /* of an amount; NULL: unknown */
} vk_word_text;

vk_word_text vk_word_text_of(const vk_call_permission *permission, uint64_t chain_id,
                             const vk_address *target, uint64_t offset);
/* "amount", or "argument word at offset 64". */
void vk_put_word_name(vk_buf *out, const vk_word_text *word);
/* "100.000001", an address, or a number. */
void vk_put_word_value(vk_buf *out, const vk_word_text *word, const vk_u256 *value);
/* The same with the token's symbol, if it is an amount of one. */
void vk_put_word_amount(vk_buf *out, const vk_word_text *word, const vk_u256 *value);

#endif
