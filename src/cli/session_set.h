/* What a thirdweb account says of a session, for "session status". */
#ifndef VK_CLI_SESSION_SET_H
#define VK_CLI_SESSION_SET_H

#include "cli/send.h"

typedef enum vk_set_state {
    VK_SET_ABSENT = 0, /* never set, and no request that could set it */
    VK_SET_PENDING,    /* not set, but the admin's request can be carried out */
    VK_SET_REVOKED,    /* the request was carried out, and there is nothing any more */
    VK_SET_CLOSED,     /* set, but not in its window */
    VK_SET_ACTIVE
} vk_set_state;

/* Of a thirdweb grant, whose state was asked for. */
VK_MUST_USE vk_exit vk_session_set_ask(vk_cli *cli, const vk_sending *s, vk_set_state *out);
/* For people, and as JSON members. */
void vk_session_set_say(vk_cli *cli, const vk_sending *s, vk_set_state state);

#endif
