/*
 * Forks. SQLite knows its locks by file and process and does not notice a fork: a child that opens
 * a file which its parent had open would believe to hold the parent's locks, and could write into a
 * log that the parent deletes. So the child closes what it inherited before it opens anything.
 */
#ifndef VK_TOKEN_FORK_H
#define VK_TOKEN_FORK_H

#include "token/store.h"

/* Between these two the process does not fork: connections open and close there. */
void vk_fork_hold(void);
void vk_fork_release(void);

/* Held: closes the connections that a fork left behind. VK_ERR_BUSY if another thread of the parent
 * was using one at that moment: it can neither be used nor closed. */
VK_MUST_USE vk_status vk_fork_clean(vk_error *err);
/* Held: the tokens whose connections are open. */
void vk_fork_add(vk_token *token);
void vk_fork_remove(const vk_token *token);

#endif
