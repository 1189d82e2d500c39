/* One decision within the transaction of a group; see group.h. */
#ifndef VK_TOKEN_DECIDE_H
#define VK_TOKEN_DECIDE_H

#include "token/store.h"

/* The decision's own outcome. What it changes stands if the transaction commits; if it fails, it
 * has changed nothing. The token's lock is held. */
VK_MUST_USE vk_status vk_decide_in(vk_token *token, const vk_decision *decision, vk_error *err);

#endif
