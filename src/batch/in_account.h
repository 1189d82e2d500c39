/* Reading the account that a request describes. */
#ifndef VK_BATCH_IN_ACCOUNT_H
#define VK_BATCH_IN_ACCOUNT_H

#include "batch/in.h"

/*
 * All members of in. The root is told by the owner (sudo, ownerPrivateKey, ownerAddress, passkey),
 * by permission, or by validatorAddress and validatorEnableData alone; what is told twice must
 * agree. What the account points to belongs to the line. Nothing is said yet about whether there
 * can be such an account.
 */
vk_account vk_in_account(const vk_in *in);

/* "hook": {address[, data]}; absent: zero and empty. */
void vk_in_hook(const vk_in *in, vk_address *hook, vk_bytes *data);
/* "initConfig", a list of bytes, into the members of out; absent: they stay. */
void vk_in_init_config(const vk_in *in, vk_account *out);

#endif
