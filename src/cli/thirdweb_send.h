/* Requests about admins and sessions that are signed and carried out in one go. */
#ifndef VK_CLI_THIRDWEB_SEND_H
#define VK_CLI_THIRDWEB_SEND_H

#include "cli/admin.h"

typedef vk_thirdweb_request (*vk_make_request)(const vk_address *signer, uint64_t now,
                                               const vk_hash *uid);

/* What a request of "thirdweb ..." is about. */
typedef struct vk_request_kind {
    vk_make_request make;
    const char *what; /* "make an admin of" */
    /* Is there anything to do, by what was asked of the signer? */
    vk_exit (*check)(vk_cli *cli, const vk_admin_job *job);
} vk_request_kind;

extern const vk_request_kind vk_request_add_admin, vk_request_remove_admin,
    vk_request_remove_session;

/* Does the command line say that it is sent: by an admin's key, or_dry: or with --dry-run alone?
 * Options that go with that only are a failure else. */
VK_MUST_USE vk_exit vk_request_is_sent(vk_cli *cli, bool or_dry, bool *out);
/* job: s.key.signer.address is the signer; the PKCS#11 session is open. */
VK_MUST_USE vk_exit vk_request_send_new(vk_cli *cli, vk_admin_job *job,
                                        const vk_request_kind *kind);
/* One that somebody signed. */
VK_MUST_USE vk_exit vk_request_send_signed(vk_cli *cli, vk_admin_job *job,
                                           const vk_thirdweb_request *request,
                                           const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]);

#endif
