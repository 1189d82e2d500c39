/* SignerPermissionRequests on the command line. */
#ifndef VK_CLI_THIRDWEB_REQUEST_H
#define VK_CLI_THIRDWEB_REQUEST_H

#include "cli/cli.h"

/* A request that others are to sign or to send has a week. One that is sent at once has an hour:
 * the servers that are asked what it costs see it, and anybody who has it may carry it out. */
#define VK_REQUEST_SECONDS (7 * 86400)
#define VK_REQUEST_AT_ONCE_SECONDS 3600

/* The request in the file of --request. Its targets: free(). */
VK_MUST_USE vk_exit vk_request_read(vk_cli *cli, vk_thirdweb_request *out, vk_address **targets);
/* Writes the request to the file of --output, if it is given. */
VK_MUST_USE vk_exit vk_request_write(vk_cli *cli, const vk_thirdweb_request *request);
/* A number that was never used, from the token's random source; the session is open. */
VK_MUST_USE vk_exit vk_request_uid(vk_cli *cli, vk_hash *out);
/* Open from the beginning of time until so long from now. */
void vk_request_window(vk_thirdweb_request *request, uint64_t seconds);
/* Text: the typed data and the digest; JSON: "request", "digest", "typedData" and "account". */
VK_MUST_USE vk_exit vk_request_say(vk_cli *cli, const vk_thirdweb_request *request,
                                   uint64_t chain_id, const vk_address *account);

#endif
