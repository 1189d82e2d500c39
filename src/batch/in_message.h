/* A message to be signed, as a batch request has it. */
#ifndef VK_BATCH_IN_MESSAGE_H
#define VK_BATCH_IN_MESSAGE_H

#include "batch/in.h"

/* The members that vk_in_message_hash reads, for lists of names. */
#define VK_IN_MESSAGE_MEMBERS "hash", "message", "rawMessage", "typedDataJson"

/*
 * The hash of exactly one of "message" (free text), "rawMessage" (bytes; both EIP-191) and
 * "typedDataJson" (a text of JSON, EIP-712), which "hash" must then be; or "hash" alone.
 */
vk_hash vk_in_message_hash(const vk_in *in);

#endif
