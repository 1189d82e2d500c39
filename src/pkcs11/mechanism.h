/* The mechanisms, and how bytes get into them. */
#ifndef VK_PKCS11_MECHANISM_H
#define VK_PKCS11_MECHANISM_H

#include "gate/gate.h"
#include "pkcs11/ck3.h"

#include <openssl/evp.h>

struct vk_input;

typedef enum vk_input_kind {
    VK_INPUT_BYTES, /* as they are */
    VK_INPUT_HASH,  /* their hash by md */
    VK_INPUT_KECCAK /* their Keccak-256 */
} vk_input_kind;

typedef struct vk_mechanism {
    CK_MECHANISM_TYPE type;
    CK_MECHANISM_INFO info;
    bool has_parameter;
    vk_input_kind input;
    const EVP_MD *(*md)(void);
    size_t max_input;  /* VK_INPUT_BYTES and VK_INPUT_KECCAK */
    vk_gate_form form; /* of signing ones */
} vk_mechanism;

/* The mechanism if it can do this (CKF_SIGN, ...) and its parameter is right (there is none). */
CK_RV vk_mechanism_find(const CK_MECHANISM *wanted, CK_FLAGS use, const vk_mechanism **out);

/* Does the key's CKA_ALLOWED_MECHANISMS, if its kept attributes have one, name it? */
bool vk_mechanism_is_allowed(const vk_buf *attrs, CK_MECHANISM_TYPE type);
/* Of one that hashes. */
size_t vk_mechanism_digest_len(const vk_mechanism *mechanism);
/* Those of C_GetMechanismList. */
const vk_mechanism *vk_mechanism_at(size_t index); /* NULL: no more */

/* C_GetMechanismInfo of the table of 3.0. */
CK_RV vk_C_GetMechanismInfo_3_0(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info);

/* No mechanism has parameters of a message: CKR_MECHANISM_PARAM_INVALID. */
CK_RV vk_check_message_parameter(const void *parameter, CK_ULONG parameter_len);

/* Takes a part; CKR_DATA_LEN_RANGE if that is too much. */
CK_RV vk_input_add(struct vk_input *input, const vk_mechanism *mechanism, const CK_BYTE *part,
                   CK_ULONG len);
/* What is to be signed, verified or given out: of the one-shot data. */
CK_RV vk_input_whole(struct vk_input *input, const vk_mechanism *mechanism, const CK_BYTE *data,
                     CK_ULONG len, vk_bytes *out);
/* The same of the parts; may be asked again. */
CK_RV vk_input_parts(struct vk_input *input, const vk_mechanism *mechanism, vk_bytes *out);
void vk_input_clear(struct vk_input *input);

#endif
