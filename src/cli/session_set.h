/* What a thirdweb account says of a session, for "session status". */
#ifndef VK_CLI_SESSION_SET_H
#define VK_CLI_SESSION_SET_H

#include "cli/send.h"

/* Of a thirdweb grant whose state was asked for: for people, and as JSON members. The node is asked
 * once more where the session is not set: could it still be? */
VK_MUST_USE vk_exit vk_session_set_say(vk_cli *cli, const vk_sending *s);

#endif
