/* What is left of a grant's budget, one entry a grant. */
#ifndef VK_PKCS11_LIVE_H
#define VK_PKCS11_LIVE_H

#include "pkcs11/attribute.h"

/* Reads a grant of the object's key; vk_grant_clear it. */
CK_RV vk_grant_parse(const vk_object *object, const vk_grant_record *record, vk_grant *out);

/* These append to out. The first three need a rule of that kind in the policy. */
CK_RV vk_put_gas_left(const vk_object *object, const vk_grant_record *grant, vk_buf *out);
CK_RV vk_put_count_left(const vk_object *object, const vk_grant_record *grant, vk_buf *out);
CK_RV vk_put_next_time(const vk_object *object, const vk_grant_record *grant, vk_buf *out);
/* What a member about a grant begins with: {"chainId", its account, EntryPoint and permissionId. */
void vk_put_grant_head(const vk_grant_record *grant, vk_buf *out);
CK_RV vk_put_state(const vk_object *object, const vk_grant_record *grant, vk_buf *out);
/* What the spend rules that name it count, now (live_spends.c). */
CK_RV vk_put_spends(const vk_object *object, const vk_grant_record *grant, vk_buf *out);
CK_RV vk_put_sign_count(const vk_object *object, vk_buf *out);

#endif
