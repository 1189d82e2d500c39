/* Spend rules that name a grant, from CKA_VALETKEY_SPENDS. */
#ifndef VK_CLI_SPENDS_H
#define VK_CLI_SPENDS_H

#include "cli/grants.h"
#include "policy/spend_text.h"

typedef struct vk_grant_spend {
    char name[65];
    vk_spend_asset asset;
    vk_u256 limit;
    uint64_t period;
    vk_u256 open, included;
} vk_grant_spend;

#define VK_GRANT_SPENDS_MAX 16

typedef struct vk_grant_spends {
    size_t count;
    vk_grant_spend list[VK_GRANT_SPENDS_MAX];
} vk_grant_spends;

/* Nothing for a grant that is NULL, and for a module that does not know spend rules. */
VK_MUST_USE vk_exit vk_grant_spends_read(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                                         vk_grant_spends *out);
/* How a rule stands when an operation comes that takes so much. */
vk_spend_standing vk_grant_spend_standing(const vk_grant_spend *rule, const vk_u256 *amount);
/* What is left; zero if nothing is. */
vk_u256 vk_spend_left(const vk_u256 *limit, const vk_u256 *spent);

#endif
