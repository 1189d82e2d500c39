/* A session key as its objects on the token show it. */
#ifndef VK_CLI_KEYINFO_H
#define VK_CLI_KEYINFO_H

#include "cli/object.h"
#include "policy/step_up.h"

typedef struct vk_key_info {
    CK_OBJECT_HANDLE object;
    char *label; /* UTF-8, control characters replaced; owned: vk_text_free */
    vk_buf raw_label, id;
    bool p256;
    bool remote;    /* with a browser: there is no private half */
    bool on_device; /* on a security key: its policy never changes */
    uint8_t point65[65];
    vk_signer signer;
    vk_buf policy_json; /* empty: no policy */
    vk_policy policy;
    bool has_policy;
    bool has_permission_id; /* a policy that is no thirdweb session has one */
    uint8_t permission_id[4];
    vk_hardening_set relaxed; /* hardening rules that are off on its token */
    vk_buf step_up_json;
    vk_step_up step_up;
    bool has_step_up;
} vk_key_info;

/* The key of --label and --id, by its public half (no login) or its private one. */
VK_MUST_USE vk_exit vk_key_select(vk_cli *cli, CK_OBJECT_CLASS class, vk_key_info *out);
/* The key that signs, by its private half, or by its public one if it is with a browser. */
VK_MUST_USE vk_exit vk_key_select_signing(vk_cli *cli, vk_key_info *out);
/* Reads what the object tells. */
VK_MUST_USE vk_exit vk_key_read(vk_cli *cli, CK_OBJECT_HANDLE object, vk_key_info *out);
void vk_key_info_clear(vk_key_info *key);

/* All keys, by their public halves. */
VK_MUST_USE vk_exit vk_key_objects(vk_cli *cli, vk_handles *out);
/* The objects of --label and --id in a class. */
VK_MUST_USE vk_exit vk_key_handles(vk_cli *cli, CK_OBJECT_CLASS class, vk_handles *out);

/* The key's last denial, "rule: reason", appended with a NUL that len does not count. */
VK_MUST_USE vk_exit vk_key_denial(vk_cli *cli, CK_OBJECT_HANDLE object, vk_buf *out);

/* JSON members of a key: label, id, type, address or publicKey, permissionId, rules. */
void vk_key_put_json(vk_out *out, const vk_key_info *key);
/* "0x..." of secp256k1 keys, the public point of P-256 keys: 133 bytes with the NUL. */
void vk_key_name_text(const vk_key_info *key, char text[133]);
const char *vk_key_type_text(const vk_key_info *key);
/* The policy's rules, "call,gas,timestamp"; "none" without a policy. Appends. */
void vk_key_rules_text(const vk_key_info *key, vk_buf *out);
/* The policy in sentences, one a line, each with a final newline; what the key may do without one.
 */
void vk_key_say_policy(vk_out *out, const vk_key_info *key);

/* 0x04 || X || Y of a CKA_EC_POINT, DER or raw; false if it is neither. */
bool vk_point_read(vk_bytes value, uint8_t point65[65]);
/* The DER OCTET STRING that CKA_EC_POINT is. */
void vk_point_write(const uint8_t point65[65], uint8_t der67[67]);

#endif
