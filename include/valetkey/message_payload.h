/*
 * Messages as a program hands them to a session key: a text, EIP-712 typed data, or a request that
 * says for which account one of them is.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VALETKEY_MESSAGE_PAYLOAD_H
#define VALETKEY_MESSAGE_PAYLOAD_H

#include <valetkey/bytes.h>
#include <valetkey/typed_data.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which of the three it is does not show in the bytes: a text may look like either of the others.
 */
typedef enum vk_payload_form {
    VK_PAYLOAD_TEXT = 1,   /* the bytes that are signed (EIP-191), whatever they are */
    VK_PAYLOAD_TYPED_DATA, /* JSON, see valetkey/typed_data.h */
    VK_PAYLOAD_REQUEST     /* JSON, see vk_message_payload_read */
} vk_payload_form;

/* A text is at most this many bytes; a request, in which it may be hex, this many. */
#define VK_MESSAGE_TEXT_MAX ((size_t)1 << 20)
#define VK_MESSAGE_REQUEST_MAX (2 * VK_MESSAGE_TEXT_MAX + 4096)

typedef struct vk_message_payload {
    bool has_account; /* it says for which account it is */
    uint64_t chain_id;
    vk_address account;
    bool replayable; /* good on every chain */
    bool undeployed; /* in the form of ERC-6492, which deploys the account first */
    bool is_typed_data;
    vk_typed_domain domain; /* of typed data */
    vk_hash hash;           /* EIP-191 hash of a text, EIP-712 digest of typed data */
} vk_message_payload;

/*
 * Reads one. A request is
 *
 *   {"chainId":N,"account":"0x...",
 *    "message":"text" | {"raw":"0x..."}    or  "typedData":{...}
 *    [,"deployed":false][,"replayable":true]}
 *
 * with exactly these members; deployed is true and replayable false when they are left out. A text
 * with a NUL in it must be raw. More bytes than fit are VK_ERR_SIZE.
 */
VK_API VK_MUST_USE vk_status vk_message_payload_read(vk_bytes payload, vk_payload_form form,
                                                     vk_message_payload *out, vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
