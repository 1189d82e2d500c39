/* Grants of a key: reading them from the token, choosing one, writing new ones. */
#ifndef VK_CLI_GRANTS_H
#define VK_CLI_GRANTS_H

#include "base/json.h"
#include "cli/keyinfo.h"

typedef struct vk_grants {
    vk_grant *list; /* owned */
    size_t count;
} vk_grants;

/* Public objects: no login. A key without a policy has none. */
VK_MUST_USE vk_exit vk_grants_load(vk_cli *cli, const vk_key_info *key, vk_grants *out);
void vk_grants_clear(vk_grants *grants);

/*
 * Reads the operation of --input, whose text vk_read_operation has read: a bare one is of the
 * EntryPoint of the key's grants (on the chain of --chain-id, if it is given), of 0.7 if there are
 * none.
 */
VK_MUST_USE vk_exit vk_grants_operation(vk_cli *cli, const vk_grants *grants, const vk_buf *text,
                                        vk_userop_request *out);

/* Appends {"chainId":N,"entryPoint":"0x...","userOp": the operation and the end are the caller's.
 */
void vk_request_begin(vk_buf *out, uint64_t chain_id, const vk_address *entry_point);

/*
 * Which grant is an operation for? By its account, and by the chain of --chain-id or of the
 * request, which must not contradict each other. *out is NULL if none is; several are a failure.
 */
VK_MUST_USE vk_exit vk_grants_choose(vk_cli *cli, const vk_grants *grants,
                                     vk_userop_request *request, const vk_grant **out);
/* The key's grants, the operation of text, and the one grant that it is for: none is a failure. */
VK_MUST_USE vk_exit vk_grants_of_operation(vk_cli *cli, const vk_key_info *key, const vk_buf *text,
                                           vk_grants *grants, vk_userop_request *request,
                                           const vk_grant **out);
/* The failure of having none. */
VK_MUST_USE vk_exit vk_grants_none(vk_cli *cli, const vk_key_info *key, const vk_grants *grants,
                                   const vk_userop_request *request);

/* --chain-id and --account (an address, or a name on the session's token), as far as they are
 * given. */
typedef struct vk_grant_choice {
    bool has_chain_id, has_account;
    uint64_t chain_id;
    vk_address account;
} vk_grant_choice;
VK_MUST_USE vk_exit vk_grant_choice_read(vk_cli *cli, vk_grant_choice *out);
bool vk_grant_is_chosen(const vk_grant *grant, const vk_grant_choice *choice);
/* How many are chosen; *one is the last of them, NULL if there is none. */
size_t vk_grants_chosen(const vk_grants *grants, const vk_grant_choice *choice,
                        const vk_grant **one);

/* What the token remembers of a grant, from CKA_VALETKEY_STATE; nothing for a grant that is NULL.
 */
typedef struct vk_grant_state {
    vk_install install;
    vk_rule_state *rules; /* owned, one a rule of the policy: free() */
} vk_grant_state;

VK_MUST_USE vk_exit vk_grant_state_read(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                                        vk_grant_state *out);

/* Is the member of such an attribute about this grant? */
VK_MUST_USE vk_status vk_grant_is_of(const cJSON *item, const vk_path *path, const vk_grant *grant,
                                     bool *out, vk_error *err);

/* The root validator's key. */
typedef struct vk_owner {
    bool passkey;
    vk_address address;
    uint8_t x[32], y[32];
} vk_owner;

/* --owner */
VK_MUST_USE vk_exit vk_owner_read(vk_cli *cli, vk_owner *out);
/* Appends it as a member of a grant's JSON, behind a comma. */
void vk_owner_put(const vk_owner *owner, vk_buf *out);

typedef struct vk_grant_text {
    uint64_t chain_id;
    vk_kernel_version kernel;   /* UNKNOWN: not said */
    vk_entry_point entry_point; /* UNKNOWN: not said */
    const vk_owner *owner;      /* NULL: not said */
    uint64_t enable_nonce;      /* 0: not said */
    uint64_t installed_at;      /* 0: not said */
    vk_grant_start start;       /* at 0: not said */
    vk_bytes serialized;
} vk_grant_text;

/* --spent and --used: what was counted until now. */
VK_MUST_USE vk_exit vk_grant_start_read(vk_cli *cli, vk_grant_start *out);
/* Appends the JSON of a valetkey-grant object, of a permission. */
void vk_grant_text_write(const vk_grant_text *grant, vk_buf *out);
/* Adds the data object: the module checks it again. */
VK_MUST_USE vk_exit vk_grant_add(vk_cli *cli, vk_bytes label, vk_bytes json);

#endif
