/* What the parts of "valetkey session status" share. */
#ifndef VK_CLI_SESSION_STATUS_H
#define VK_CLI_SESSION_STATUS_H

#include "cli/send.h"

/* What each rule of a permission that counts has left, beside what the chain says: asks, and says
 * it; the array "budgets". counted: by the token, one a rule of the policy. */
VK_MUST_USE vk_exit vk_session_status_rules(vk_cli *cli, const vk_sending *s,
                                            const vk_rule_state *counted);

#endif
