/* Tells the person at the terminal that a security key waits for a touch. */
#ifndef VK_CLI_TOUCH_H
#define VK_CLI_TOUCH_H

#include "cli/cli.h"

/* "Touch the security key \"NAME\" WHY", if standard error is a terminal. name NULL or empty: the
 * one that is used; why: "to unlock the token". */
void vk_touch_say(const char *name, const char *why);

/* The same before a call about the slot in use, if that is a security key's. */
void vk_touch_say_slot(const vk_cli *cli, const char *why);

#endif
