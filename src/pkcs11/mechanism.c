#include "pkcs11/mechanism.h"
#include "pkcs11/entry.h"
#include "token/attrs.h"
#include "token/crypt.h"

#include <string.h>
#include <valetkey/eth.h>

#define EC_FLAGS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

/* Longer than any digest: ECDSA takes the leftmost bytes of what it is given. */
#define ECDSA_INPUT_MAX ((size_t)1 << 20)

#define ECDSA_WITH(mechanism, hash, gate_form)                                                     \
    {                                                                                              \
        .type = (mechanism), .info = {256, 256, CKF_SIGN | CKF_VERIFY | EC_FLAGS},                 \
        .input = VK_INPUT_HASH, .md = (hash), .form = (gate_form)                                  \
    }

#define DIGEST(mechanism, hash)                                                                    \
    { .type = (mechanism), .info = {0, 0, CKF_DIGEST}, .input = VK_INPUT_HASH, .md = (hash) }

static const vk_mechanism mechanisms[] = {
    {.type = CKM_EC_KEY_PAIR_GEN, .info = {256, 256, CKF_GENERATE_KEY_PAIR | EC_FLAGS}},
    {.type = CKM_ECDSA,
     .info = {256, 256, CKF_SIGN | CKF_VERIFY | EC_FLAGS},
     .input = VK_INPUT_BYTES,
     .max_input = ECDSA_INPUT_MAX,
     .form = VK_GATE_DIGEST},
    ECDSA_WITH(CKM_ECDSA_SHA1, EVP_sha1, VK_GATE_OTHER_DIGEST),
    ECDSA_WITH(CKM_ECDSA_SHA224, EVP_sha224, VK_GATE_OTHER_DIGEST),
    ECDSA_WITH(CKM_ECDSA_SHA256, EVP_sha256, VK_GATE_DIGEST),
    ECDSA_WITH(CKM_ECDSA_SHA384, EVP_sha384, VK_GATE_OTHER_DIGEST),
    ECDSA_WITH(CKM_ECDSA_SHA512, EVP_sha512, VK_GATE_OTHER_DIGEST),
    {.type = CKM_ECDH1_DERIVE, .info = {256, 256, CKF_DERIVE | EC_FLAGS}, .has_parameter = true},
    /* The same: both curves have the cofactor 1. */
    {.type = CKM_ECDH1_COFACTOR_DERIVE,
     .info = {256, 256, CKF_DERIVE | EC_FLAGS},
     .has_parameter = true},
    DIGEST(CKM_SHA256, EVP_sha256),
    DIGEST(CKM_SHA_1, EVP_sha1),
    DIGEST(CKM_SHA224, EVP_sha224),
    DIGEST(CKM_SHA384, EVP_sha384),
    DIGEST(CKM_SHA512, EVP_sha512),
    {.type = CKM_VALETKEY_USEROP,
     .info = {256, 256, CKF_SIGN},
     .input = VK_INPUT_BYTES,
     .max_input = VK_USEROP_MAX,
     .form = VK_GATE_USEROP},
    {.type = CKM_VALETKEY_USEROP_SESSION,
     .info = {256, 256, CKF_SIGN},
     .input = VK_INPUT_BYTES,
     .max_input = VK_USEROP_MAX,
     .form = VK_GATE_USEROP_SESSION},
    {.type = CKM_VALETKEY_MESSAGE,
     .info = {256, 256, CKF_SIGN},
     .input = VK_INPUT_BYTES,
     .max_input = VK_MESSAGE_TEXT_MAX,
     .form = VK_GATE_TEXT},
    {.type = CKM_VALETKEY_TYPED_DATA,
     .info = {256, 256, CKF_SIGN},
     .input = VK_INPUT_BYTES,
     .max_input = VK_TYPED_DATA_MAX,
     .form = VK_GATE_TYPED_DATA},
    {.type = CKM_VALETKEY_MESSAGE_REQUEST,
     .info = {256, 256, CKF_SIGN},
     .input = VK_INPUT_BYTES,
     .max_input = VK_MESSAGE_REQUEST_MAX,
     .form = VK_GATE_MESSAGE_REQUEST},
    {.type = CKM_VALETKEY_USEROP_ASSERTION,
     .info = {256, 256, CKF_SIGN},
     .input = VK_INPUT_BYTES,
     .max_input = VK_GATE_ASSERTION_MAX,
     .form = VK_GATE_ASSERTION},
    {.type = CKM_VALETKEY_KECCAK256,
     .info = {0, 0, CKF_DIGEST},
     .input = VK_INPUT_KECCAK,
     .max_input = VK_BUF_MAX},
};
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

static const vk_mechanism *look_up(CK_MECHANISM_TYPE type) {
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (mechanisms[i].type == type) {
            return &mechanisms[i];
        }
    }
    return NULL;
}

CK_RV vk_mechanism_find(const CK_MECHANISM *wanted, CK_FLAGS use, const vk_mechanism **out) {
    if (wanted == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    const vk_mechanism *mechanism = look_up(wanted->mechanism);
    if (mechanism == NULL || !(mechanism->info.flags & use)) {
        return CKR_MECHANISM_INVALID;
    }
    if ((wanted->ulParameterLen != 0) != mechanism->has_parameter) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    *out = mechanism;
    return CKR_OK;
}

bool vk_mechanism_is_allowed(const vk_buf *attrs, CK_MECHANISM_TYPE type) {
    vk_bytes list;
    if (!vk_attrs_get(attrs, CKA_ALLOWED_MECHANISMS, &list)) {
        return true;
    }
    for (size_t at = 0; at + 8 <= list.len; at += 8) {
        if (vk_canonical_get_u64(list.data + at) == type) {
            return true;
        }
    }
    return false;
}

const vk_mechanism *vk_mechanism_at(size_t index) {
    return index < MECHANISMS ? &mechanisms[index] : NULL;
}

/* ---- Asking for them ---- */

static CK_RV mechanism_list(CK_MECHANISM_TYPE *list, CK_ULONG *count) {
    if (count == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    bool fits = *count >= MECHANISMS;
    *count = MECHANISMS;
    if (list == NULL || !fits) {
        return list == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    }
    for (size_t i = 0; i < MECHANISMS; i++) {
        list[i] = mechanisms[i].type;
    }
    return CKR_OK;
}

CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    return rv != CKR_OK ? rv : vk_leave(mechanism_list(list, count));
}

static CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info) {
    const vk_mechanism *mechanism = look_up(type);
    if (info == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    if (mechanism == NULL) {
        return CKR_MECHANISM_INVALID;
    }
    *info = mechanism->info;
    return CKR_OK;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info) {
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    return rv != CKR_OK ? rv : vk_leave(mechanism_info(type, info));
}

/* Flags that came with 3.0: what signs or verifies does it for messages, too. */
CK_RV vk_C_GetMechanismInfo_3_0(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info) {
    CK_RV rv = C_GetMechanismInfo(id, type, info);
    if (rv == CKR_OK) {
        info->flags |= info->flags & CKF_SIGN ? CKF_MESSAGE_SIGN | CKF_MULTI_MESSAGE : 0;
        info->flags |= info->flags & CKF_VERIFY ? CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE : 0;
    }
    return rv;
}

CK_RV vk_check_message_parameter(const void *parameter, CK_ULONG parameter_len) {
    return parameter == NULL && parameter_len == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

/* ---- Input ---- */

/* More than a process can have in its memory: no hash would come to its end. */
#define DATA_MAX ((uint64_t)1 << 48)

static CK_RV check_data(const CK_BYTE *data, CK_ULONG len) {
    if (data == NULL && len > 0) {
        return CKR_ARGUMENTS_BAD;
    }
    return len < DATA_MAX ? CKR_OK : CKR_DATA_LEN_RANGE;
}

size_t vk_mechanism_digest_len(const vk_mechanism *mechanism) {
    return mechanism->input == VK_INPUT_HASH ? (size_t)EVP_MD_get_size(mechanism->md())
                                             : sizeof(vk_hash);
}

static CK_RV hash_part(vk_input *input, const vk_mechanism *mechanism, const CK_BYTE *part,
                       CK_ULONG len) {
    if (input->md == NULL) {
        input->md = EVP_MD_CTX_new();
        if (input->md == NULL || EVP_DigestInit_ex(input->md, mechanism->md(), NULL) != 1) {
            return CKR_HOST_MEMORY;
        }
    }
    return len == 0 || EVP_DigestUpdate(input->md, part, len) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV vk_input_add(vk_input *input, const vk_mechanism *mechanism, const CK_BYTE *part,
                   CK_ULONG len) {
    CK_RV rv = input->done ? CKR_OPERATION_ACTIVE : check_data(part, len);
    if (rv != CKR_OK) {
        return rv;
    }
    input->in_parts = true;
    if (mechanism->input == VK_INPUT_HASH) {
        return hash_part(input, mechanism, part, len);
    }
    if (len > mechanism->max_input - input->parts.len) {
        return CKR_DATA_LEN_RANGE;
    }
    vk_buf_put(&input->parts, part, len);
    return vk_ck(vk_buf_status(&input->parts), NULL);
}

static CK_RV hash_whole(vk_input *input, const vk_mechanism *mechanism, vk_bytes data) {
    unsigned len = 0;
    bool ok = EVP_Digest(data.data, data.len, input->hash, &len, mechanism->md(), NULL) == 1;
    input->hash_len = len;
    return ok ? CKR_OK : CKR_FUNCTION_FAILED;
}

static void hash_keccak(vk_input *input, vk_bytes data) {
    vk_hash hash = vk_keccak256(data);
    memcpy(input->hash, hash.b, sizeof hash.b);
    input->hash_len = sizeof hash.b;
}

CK_RV vk_input_whole(vk_input *input, const vk_mechanism *mechanism, const CK_BYTE *data,
                     CK_ULONG len, vk_bytes *out) {
    const vk_bytes bytes = {data, len};
    CK_RV rv = check_data(data, len);
    if (rv == CKR_OK && mechanism->input != VK_INPUT_HASH && len > mechanism->max_input) {
        rv = CKR_DATA_LEN_RANGE;
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (mechanism->input == VK_INPUT_BYTES) {
        *out = bytes;
        return CKR_OK;
    }
    if (mechanism->input == VK_INPUT_HASH) {
        rv = hash_whole(input, mechanism, bytes);
    } else {
        hash_keccak(input, bytes);
    }
    *out = (vk_bytes){input->hash, input->hash_len};
    return rv;
}

static CK_RV finish_hash(vk_input *input, const vk_mechanism *mechanism) {
    unsigned len = 0;
    if (mechanism->input == VK_INPUT_KECCAK) {
        hash_keccak(input, vk_buf_view(&input->parts));
        return CKR_OK;
    }
    CK_RV rv = hash_part(input, mechanism, NULL, 0);
    if (rv != CKR_OK) {
        return rv;
    }
    bool ok = EVP_DigestFinal_ex(input->md, input->hash, &len) == 1;
    input->hash_len = len;
    return ok ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV vk_input_parts(vk_input *input, const vk_mechanism *mechanism, vk_bytes *out) {
    if (mechanism->input == VK_INPUT_BYTES) {
        *out = vk_buf_view(&input->parts);
        return CKR_OK;
    }
    CK_RV rv = input->done ? CKR_OK : finish_hash(input, mechanism);
    input->done = rv == CKR_OK;
    *out = (vk_bytes){input->hash, input->hash_len};
    return rv;
}

void vk_input_clear(vk_input *input) {
    EVP_MD_CTX_free(input->md);
    vk_buf_clear(&input->parts);
    memset(input, 0, sizeof *input);
}
