/* Putting a session that was approved onto its chain. */
#ifndef VK_CLI_SESSION_INSTALL_H
#define VK_CLI_SESSION_INSTALL_H

#include "cli/admin.h"

/* job: s.key is the session key's; key is the admin's, or is opened. The grant is a thirdweb one
 * with a request. Sends nothing if the account has the session already. */
VK_MUST_USE vk_exit vk_session_install(vk_cli *cli, vk_admin_job *job, const vk_grant *grant);

#endif
