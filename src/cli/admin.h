/*
 * Operations of a thirdweb account by which one of its admins, whose key is on any PKCS#11 token,
 * sets and ends sessions and makes other admins. The account calls itself: setPermissionsForSigner
 * with a request that the admin signed, too.
 */
#ifndef VK_CLI_ADMIN_H
#define VK_CLI_ADMIN_H

#include "cli/account.h"
#include "cli/owner_key.h"
#include "cli/send.h"

#define VK_ADMIN_CALLS_MAX 2
#define VK_REQUEST_SIGNATURE_LEN 65

typedef struct vk_admin_job {
    vk_sending s;             /* as_owner; key: only if the caller reads it */
    vk_grant about;           /* what s.grant points to: account, chain, EntryPoint; views only */
    vk_account_entry account; /* what the token keeps of it: how it is deployed, whose it is */
    bool is_kept;
    const vk_owner_key *key;          /* NULL: nobody signs */
    vk_owner_key own_key;             /* where key points to, if this job opened it */
    vk_address admin;                 /* the key's; only if there is one */
    vk_buf calls[VK_ADMIN_CALLS_MAX]; /* of the account's own functions, in this order */
    size_t call_count;
} vk_admin_job;

/* Does the command line say that an admin's key signs? */
bool vk_admin_is_asked(const vk_cli *cli);

/* ---- Whose account (admin.c) ---- */

/* That of a thirdweb grant; the PKCS#11 session is open. Clear the job in any case. */
VK_MUST_USE vk_exit vk_admin_of_grant(vk_cli *cli, const vk_grant *grant, vk_admin_job *out);
/* That of --account, which the token must keep, on the chain of --chain-id. */
VK_MUST_USE vk_exit vk_admin_of_account(vk_cli *cli, vk_admin_job *out);
/* Opens the chain's servers: is the account there (s.state.is_deployed)? */
VK_MUST_USE vk_exit vk_admin_connect(vk_cli *cli, vk_admin_job *job);
/* The key of --owner-key, or the one that the account says is its admin's; a PIN may be asked for.
 */
VK_MUST_USE vk_exit vk_admin_open_key(vk_cli *cli, vk_admin_job *job);
/* Takes a key that is open already. */
VK_MUST_USE vk_exit vk_admin_take_key(vk_cli *cli, const vk_owner_key *key, vk_admin_job *job);
/* Is the key's address one of the account's admins? An account that is not there yet will have one,
 * and must be kept by the token: then the operation deploys it. */
VK_MUST_USE vk_exit vk_admin_check(vk_cli *cli, vk_admin_job *job);
void vk_admin_clear(vk_admin_job *job);

/* ---- Requests (admin_request.c) ---- */

/* The admin signs it, if the fees of now are within the caps: the servers see it before anybody
 * knows what the operation costs. */
VK_MUST_USE vk_exit vk_admin_sign_request(vk_cli *cli, vk_admin_job *job,
                                          const vk_thirdweb_request *request,
                                          uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]);
/* One that was signed before: will the account take it? */
VK_MUST_USE vk_exit vk_admin_check_request(vk_cli *cli, const vk_admin_job *job,
                                           const vk_thirdweb_request *request,
                                           const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]);
/* May it be carried out now, by this machine's clock? */
typedef enum vk_request_stage {
    VK_REQUEST_EARLY = 0, /* not yet */
    VK_REQUEST_OPEN,
    VK_REQUEST_OVER
} vk_request_stage;
vk_request_stage vk_request_stage_of(const vk_thirdweb_request *request);
/* Has the operation carry it out. */
VK_MUST_USE vk_exit vk_admin_add_request(vk_cli *cli, vk_admin_job *job,
                                         const vk_thirdweb_request *request,
                                         const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]);

/* ---- The operation (admin_send.c) ---- */

/* Builds it, has it signed, and sends it; with --dry-run says what would be signed. */
VK_MUST_USE vk_exit vk_admin_send(vk_cli *cli, vk_admin_job *job);
/* With --dry-run, of a request that nobody signed: nobody knows what the operation costs. What was
 * added already is carried out before it, which is said. */
VK_MUST_USE vk_exit vk_admin_say_request(vk_cli *cli, vk_admin_job *job,
                                         const vk_thirdweb_request *request);

#endif
