/* What a thirdweb account gives the key, as its chain has it: vk_send_ask_state asked for it. */
#ifndef VK_CLI_SEND_THIRDWEB_H
#define VK_CLI_SEND_THIRDWEB_H

#include "cli/send.h"

#include <valetkey/thirdweb_verdict.h>

/* What would become of a request that an admin signed; the account is there. */
VK_MUST_USE vk_exit vk_send_ask_fate(vk_cli *cli, const vk_sending *s,
                                     const vk_thirdweb_request *request,
                                     const uint8_t signature65[65], vk_thirdweb_fate *out);
/* The session must be on the chain; else says what is to be done. */
VK_MUST_USE vk_exit vk_send_check_session(vk_cli *cli, const vk_sending *s);
/* Would the account take the operation from the key? Not asked of one that is sent as it is, nor of
 * other accounts. */
VK_MUST_USE vk_exit vk_send_check_thirdweb(vk_cli *cli, const vk_sending *s);
/* What the account gives the key; views. */
vk_thirdweb_permission vk_send_thirdweb_permission(const vk_sending *s);
/* Do both allow the same? */
bool vk_thirdweb_is_same(const vk_thirdweb_permission *a, const vk_thirdweb_permission *b);

#endif
