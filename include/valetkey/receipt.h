/*
 * What a bundler says became of an operation, as the journal of its key takes it: a data object
 * (VK_APPLICATION_RECEIPT in valetkey/pkcs11.h) whose value is the JSON below. Nobody vouches for
 * what it says but the bundler: it is a note, and settles nothing.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_RECEIPT_H
#define VALETKEY_RECEIPT_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VK_RECEIPT_MAX 4096 /* bytes of the JSON */
#define VK_RECEIPT_REASON_LEN 255
#define VK_RECEIPT_HOST_LEN 255

/*
 * JSON, with these members and no others:
 *   "userOpHash":"0x..."
 *   "chainId":N
 *   "account":"0x..."       the sender
 *   "nonce":"0x..."
 *   "success":true|false    of its calls: it is included and paid for in any case
 *   "reason":"..."          why they failed; may be left out. What is longer than 255 bytes is cut,
 *                           what is not printable becomes "?"
 *   "transaction":"0x..."   the hash of the one that has it
 *   "block":N
 *   "actualGasCost":"N"     wei
 *   "bundler":"host"        who says so: a host name or an IP address, and nothing else of its URL,
 *                           which may hold a key
 * Numbers may be JSON integers, decimal text or "0x" text.
 */
typedef struct vk_receipt {
    vk_hash operation;
    uint64_t chain_id;
    vk_address account;
    vk_u256 nonce;
    bool success;
    char reason[VK_RECEIPT_REASON_LEN + 1];
    vk_hash transaction;
    uint64_t block;
    vk_u256 actual_gas_cost;
    char bundler[VK_RECEIPT_HOST_LEN + 1];
} vk_receipt;

VK_API VK_MUST_USE vk_status vk_receipt_read(const char *json, size_t json_len, vk_receipt *out,
                                             vk_error *err);
/* Appends the JSON, with what can be printed of the reason. VK_ERR_FORMAT if the bundler is no
 * host.
 */
VK_API VK_MUST_USE vk_status vk_receipt_write(const vk_receipt *receipt, vk_buf *out);

#ifdef __cplusplus
}
#endif
#endif
