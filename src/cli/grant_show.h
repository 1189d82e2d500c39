/* Grants as they are shown. */
#ifndef VK_CLI_GRANT_SHOW_H
#define VK_CLI_GRANT_SHOW_H

#include "cli/grants.h"

/* Those of a key, for people and as the JSON member "grants"; with one, only the one of --chain-id
 * and --account. */
VK_MUST_USE vk_exit vk_key_put_grants(vk_cli *cli, const vk_key_info *key, bool one);

/* What the token knows of an installation: "approved, not used yet". */
const char *vk_grant_install_text(const vk_grant *grant, const vk_grant_state *state);
/* When the session's window ends, in seconds since 1970; 0: never. */
uint64_t vk_grant_window_end(const vk_grant *grant, const vk_policy *policy);

#endif
