#include "pkcs11/mechanism.h"
#include "pkcs11/entry.h"

#include <string.h>
#include <valetkey/eth.h>

#define EC_FLAGS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

static const vk_mechanism mechanisms[] = {
    {.type = CKM_EC_KEY_PAIR_GEN, .info = {256, 256, CKF_GENERATE_KEY_PAIR | EC_FLAGS}},
    {.type = CKM_ECDSA,
     .info = {256, 256, CKF_SIGN | CKF_VERIFY | EC_FLAGS},
     .input = VK_INPUT_BYTES,
     .max_input = sizeof(vk_hash),
     .form = VK_GATE_DIGEST},
    {.type = CKM_ECDSA_SHA256,
     .info = {256, 256, CKF_SIGN | CKF_VERIFY | EC_FLAGS},
     .input = VK_INPUT_SHA256,
     .form = VK_GATE_DIGEST},
    {.type = CKM_SHA256, .info = {0, 0, CKF_DIGEST}, .input = VK_INPUT_SHA256},
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
    if (wanted->ulParameterLen != 0) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    *out = mechanism;
    return CKR_OK;
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

/* ---- Input ---- */

static CK_RV check_data(const CK_BYTE *data, CK_ULONG len) {
    return data == NULL && len > 0 ? CKR_ARGUMENTS_BAD : CKR_OK;
}

static CK_RV hash_part(vk_input *input, const CK_BYTE *part, CK_ULONG len) {
    if (input->md == NULL) {
        input->md = EVP_MD_CTX_new();
        if (input->md == NULL || EVP_DigestInit_ex(input->md, EVP_sha256(), NULL) != 1) {
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
    if (mechanism->input == VK_INPUT_SHA256) {
        return hash_part(input, part, len);
    }
    if (len > mechanism->max_input - input->parts.len) {
        return CKR_DATA_LEN_RANGE;
    }
    vk_buf_put(&input->parts, part, len);
    return vk_ck(vk_buf_status(&input->parts), NULL);
}

CK_RV vk_input_whole(vk_input *input, const vk_mechanism *mechanism, const CK_BYTE *data,
                     CK_ULONG len, vk_bytes *out) {
    CK_RV rv = check_data(data, len);
    if (rv != CKR_OK) {
        return rv;
    }
    const vk_bytes bytes = {data, len};
    if (mechanism->input == VK_INPUT_SHA256) {
        *out = (vk_bytes){input->digest.b, sizeof input->digest.b};
        return vk_ck(vk_sha256(bytes, &input->digest), NULL);
    }
    if (len > mechanism->max_input) {
        return CKR_DATA_LEN_RANGE;
    }
    *out = bytes;
    if (mechanism->input == VK_INPUT_KECCAK) {
        input->digest = vk_keccak256(bytes);
        *out = (vk_bytes){input->digest.b, sizeof input->digest.b};
    }
    return CKR_OK;
}

static CK_RV finish_hash(vk_input *input, const vk_mechanism *mechanism) {
    if (mechanism->input == VK_INPUT_KECCAK) {
        input->digest = vk_keccak256(vk_buf_view(&input->parts));
        return CKR_OK;
    }
    CK_RV rv = hash_part(input, NULL, 0);
    if (rv != CKR_OK) {
        return rv;
    }
    return EVP_DigestFinal_ex(input->md, input->digest.b, NULL) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV vk_input_parts(vk_input *input, const vk_mechanism *mechanism, vk_bytes *out) {
    if (mechanism->input == VK_INPUT_BYTES) {
        *out = vk_buf_view(&input->parts);
        return CKR_OK;
    }
    CK_RV rv = input->done ? CKR_OK : finish_hash(input, mechanism);
    input->done = rv == CKR_OK;
    *out = (vk_bytes){input->digest.b, sizeof input->digest.b};
    return rv;
}

void vk_input_clear(vk_input *input) {
    EVP_MD_CTX_free(input->md);
    vk_buf_clear(&input->parts);
    memset(input, 0, sizeof *input);
}
