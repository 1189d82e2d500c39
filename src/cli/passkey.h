/* Passkeys that are with a browser. */
#ifndef VK_CLI_PASSKEY_H
#define VK_CLI_PASSKEY_H

#include "cli/grants.h"
#include "webauthn/response_json.h"

/* Signing with such a key: judges the operation, and says what the browser has to be asked with,
 * and that its answer then goes to the command `next`. Takes text and key over. */
VK_MUST_USE vk_exit vk_passkey_ask(vk_cli *cli, vk_buf *text, vk_key_info *key, const char *next);
/* The browser's answer becomes the signature of the operation; the user is logged in. Appends. */
VK_MUST_USE vk_exit vk_passkey_answer(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                                      const vk_userop *op, const vk_assertion_response *answer,
                                      vk_buf *signature);
/* A key that signs itself has no use for an answer. */
VK_MUST_USE vk_exit vk_passkey_check_remote(vk_cli *cli, const vk_key_info *key);

/* What the browser answered when the passkey was made: --registration, or --attestation and
 * --client-data. id is empty where nothing says it. Clear it in either case. */
VK_MUST_USE vk_exit vk_passkey_read_registration(vk_cli *cli, vk_registration_response *out);
/* --challenge. Appends. */
VK_MUST_USE vk_exit vk_passkey_read_challenge(vk_cli *cli, vk_buf *out);
/* --trust: certificates in DER, one behind another; nothing without the option. Appends. */
VK_MUST_USE vk_exit vk_passkey_read_trust(vk_cli *cli, vk_buf *out);
/* --assertion. Clear it in either case. */
VK_MUST_USE vk_exit vk_passkey_read_assertion(vk_cli *cli, vk_assertion_response *out);

/* A JSON member "name":"base64url", without a comma. */
void vk_passkey_put_base64url(const char *name, vk_bytes bytes, vk_buf *out);

#endif
