/* What becomes of a signature that was not given: a line in the debug log, and the reason where a
 * client finds it. */
#ifndef VK_PKCS11_REFUSAL_H
#define VK_PKCS11_REFUSAL_H

#include "pkcs11/object.h"

/* A question for the length, and a buffer that is too small, are no refusals. payload may be empty:
 * the operation has only begun. Nothing of it is logged but hash and account. */
void vk_refusal_note(vk_session *session, int64_t key_id, vk_status status, const vk_error *err,
                     vk_bytes payload);
/* The key may not sign at all: CKA_SIGN. */
void vk_refusal_note_usage(const vk_view *view);

#endif
