/*
 * All of libvaletkey: the data of ERC-4337, ZeroDev Kernel and their session keys.
 *
 * Plain structs and functions over bytes: no global state, no input or output, no locks. What a
 * function appends goes into a vk_buf of the caller; what it allocates in a struct is freed by the
 * _clear function of the same name. Views (vk_bytes) belong to whoever made the bytes.
 *
 * A function that can fail returns a vk_status, which the compiler makes the caller look at; its
 * result is then untouched or empty. Those that read outside data also fill in a vk_error, if given
 * one: a sentence, and the path of the member that was wrong.
 *
 * Every reader takes untrusted bytes: lengths, counts and offsets are bounded before they are
 * used, and the limits are in the headers.
 */
/* All of libvaletkey. The PKCS#11 vendor numbers are in valetkey/pkcs11.h. */
#ifndef VALETKEY_VALETKEY_H
#define VALETKEY_VALETKEY_H

#include <valetkey/account.h>
#include <valetkey/bytes.h>
#include <valetkey/credential.h>
#include <valetkey/enable_v2.h>
#include <valetkey/eth.h>
#include <valetkey/grant.h>
#include <valetkey/hardening.h>
#include <valetkey/kernel.h>
#include <valetkey/lint.h>
#include <valetkey/manage.h>
#include <valetkey/message.h>
#include <valetkey/message_payload.h>
#include <valetkey/multichain.h>
#include <valetkey/permission.h>
#include <valetkey/policy.h>
#include <valetkey/receipt.h>
#include <valetkey/serialized.h>
#include <valetkey/smart_account.h>
#include <valetkey/spend.h>
#include <valetkey/status.h>
#include <valetkey/thirdweb.h>
#include <valetkey/thirdweb_verdict.h>
#include <valetkey/typed_data.h>
#include <valetkey/userop.h>
#include <valetkey/validator.h>
#include <valetkey/verdict.h>
#include <valetkey/verify.h>
#include <valetkey/webauthn.h>

#endif
