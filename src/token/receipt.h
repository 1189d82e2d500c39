/*
 * What a bundler says became of an operation, in the journal of the key that signed it. It is a
 * note: budgets stay as they are, and what settles them is vk_token_settle.
 *
 * Thread safety: as token.h.
 */
#ifndef VK_TOKEN_RECEIPT_H
#define VK_TOKEN_RECEIPT_H

#include "token/journal.h"

#include <valetkey/receipt.h>

/* A record's before: nonce 32 || transaction 32 || block 8 || actual gas cost 32 || success 1. Its
 * rule is the bundler's host, its reason why the calls failed. */
#define VK_RECEIPT_FACTS_LEN 105

/* What a record of VK_EVENT_RECEIPT says. False if it is another, or was edited. */
bool vk_journal_receipt(const vk_journal_record *record, vk_receipt *out);

/*
 * Adds the record, unless the journal has the same already. User login.
 * VK_ERR_NOT_FOUND if the journal has no record that the key signed the operation; VK_ERR_MISMATCH
 * if that was for another chain or account; VK_ERR_PROHIBITED if the journal has a receipt of it
 * that says something else.
 */
VK_MUST_USE vk_status vk_token_add_receipt(vk_token *token, const uint8_t point65[65],
                                           const vk_receipt *receipt, vk_error *err);

#endif
