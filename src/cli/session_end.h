/* Ending a session of a thirdweb account. */
#ifndef VK_CLI_SESSION_END_H
#define VK_CLI_SESSION_END_H

#include "cli/admin.h"

/* job: s.key is the session key's. A request for it that is still pending is used up, too. */
VK_MUST_USE vk_exit vk_session_end_thirdweb(vk_cli *cli, vk_admin_job *job, const vk_grant *grant);
/* Is there anything to end, by what was asked of the signer? has_more: it is known that there is.
 */
VK_MUST_USE vk_exit vk_session_check_end(vk_cli *cli, const vk_admin_job *job, bool has_more);

#endif
