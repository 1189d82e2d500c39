/* What lint finds in a policy that a command is about to use. */
#ifndef VK_CLI_FINDINGS_H
#define VK_CLI_FINDINGS_H

#include "cli/cli.h"

/* What is known beside the policy; time and allowed codes come from elsewhere. */
typedef struct vk_lint_subject {
    vk_entry_point entry_point; /* VK_ENTRY_POINT_UNKNOWN */
    const vk_address *account;  /* NULL: unknown */
} vk_lint_subject;

/*
 * Says on standard error what is found, and keeps it in cli->findings. A failure if --lint, or
 * valetkey.conf, makes findings errors. valetkey.conf wins: the module goes by it.
 */
VK_MUST_USE vk_exit vk_findings_of(vk_cli *cli, const vk_policy *policy,
                                   const vk_lint_subject *about);
/* --lint and --lint-allow, where there may be no policy to look at. */
VK_MUST_USE vk_exit vk_findings_check_options(vk_cli *cli);
/* The codes that --lint-allow or valetkey.conf let pass. */
VK_MUST_USE vk_exit vk_findings_allowed(vk_cli *cli, uint64_t *out);

/* JSON: the member "findings", and "more" if some are left out. */
void vk_out_findings(vk_out *out, const vk_lint_findings *findings);

#endif
