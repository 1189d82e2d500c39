#include "eth/abi.h"

#include <valetkey/eth.h>
#include <valetkey/permission.h>
#include <valetkey/webauthn.h>

#include <stdlib.h>
#include <string.h>

static const vk_address ecdsa_signer = {{0x6a, 0x6f, 0x06, 0x9e, 0x2a, 0x08, 0xc2,
                                         0x46, 0x8e, 0x77, 0x24, 0xab, 0x32, 0x50,
                                         0xcd, 0xbf, 0xba, 0x14, 0xd4, 0xff}};

/* ---- Signers ---- */

vk_signer vk_signer_ecdsa(const vk_address *address) {
    return (vk_signer){.kind = VK_SIGNER_ECDSA, .contract = ecdsa_signer, .address = *address};
}

vk_status vk_signer_webauthn_of(const char *version, const uint8_t point65[65],
                                const vk_hash *authenticator_id_hash, vk_signer *out) {
    vk_signer signer = {.kind = VK_SIGNER_WEBAUTHN,
                        .authenticator_id_hash = *authenticator_id_hash};
    if (!vk_webauthn_signer_contract(version, &signer.contract)) {
        return VK_ERR_UNSUPPORTED;
    }
    memcpy(signer.x, point65 + 1, sizeof signer.x);
    memcpy(signer.y, point65 + 33, sizeof signer.y);
    *out = signer;
    return VK_OK;
}

vk_signer vk_signer_webauthn(const uint8_t point65[65], const vk_hash *authenticator_id_hash) {
    vk_signer signer = {0};
    return vk_signer_webauthn_of(VK_WEBAUTHN_SIGNER_PATCHED, point65, authenticator_id_hash,
                                 &signer) == VK_OK
               ? signer
               : (vk_signer){0};
}

static bool known(const vk_signer *signer) {
    return signer->kind == VK_SIGNER_ECDSA || signer->kind == VK_SIGNER_WEBAUTHN;
}

vk_status vk_signer_data(const vk_signer *signer, vk_buf *out) {
    if (!known(signer)) {
        return VK_ERR_ARGUMENT;
    }
    if (signer->kind == VK_SIGNER_ECDSA) {
        vk_buf_put(out, signer->address.b, sizeof signer->address.b);
    } else {
        vk_buf_put(out, signer->x, sizeof signer->x);
        vk_buf_put(out, signer->y, sizeof signer->y);
        vk_buf_put(out, signer->authenticator_id_hash.b, sizeof signer->authenticator_id_hash.b);
    }
    return vk_buf_status(out);
}

/* ---- What the chain installs ---- */

static vk_status check(const vk_policy_entries *policies) {
    return policies->count > VK_POLICIES_MAX ? VK_ERR_SIZE : VK_OK;
}

static void put_flag(uint16_t flag, vk_buf *out) {
    uint8_t be[2] = {(uint8_t)(flag >> 8), (uint8_t)flag};
    vk_buf_put(out, be, sizeof be);
}

/* contract20 || signerData */
static vk_status put_signer(const vk_signer *signer, vk_buf *out) {
    vk_buf_put(out, signer->contract.b, sizeof signer->contract.b);
    return vk_signer_data(signer, out);
}

vk_status vk_permission_enable_data(const vk_policy_entries *policies, const vk_signer *signer,
                                    uint16_t permission_flag, vk_buf *out) {
    vk_bytes items[VK_POLICIES_MAX + 1];
    vk_buf last = {0};
    vk_status status = check(policies);
    if (status != VK_OK) {
        return status;
    }
    put_flag(permission_flag, &last);
    status = put_signer(signer, &last);
    if (status == VK_OK) {
        for (size_t i = 0; i < policies->count; i++) {
            items[i] = policies->entries[i];
        }
        items[policies->count] = vk_buf_view(&last);
        vk_abi_put_bytes_array(out, items, policies->count + 1);
        status = vk_buf_status(out);
    }
    vk_buf_clear(&last);
    return status;
}

/* ---- Ids ---- */

vk_status vk_permission_policy_id(const vk_policy_entries *policies, vk_buf *out) {
    vk_status status = check(policies);
    if (status != VK_OK) {
        return status;
    }
    vk_abi_put_bytes_array(out, policies->entries, policies->count);
    return vk_buf_status(out);
}

vk_status vk_permission_signer_id(const vk_signer *signer, vk_buf *out) {
    vk_buf bytes = {0};
    vk_status status = put_signer(signer, &bytes);
    if (status == VK_OK) {
        vk_abi_put_u64(out, VK_WORD);
        vk_abi_put_bytes(out, vk_buf_view(&bytes));
        status = vk_buf_status(out);
    }
    vk_buf_clear(&bytes);
    return status;
}

vk_status vk_permission_id(const vk_policy_entries *policies, const vk_signer *signer,
                           uint16_t permission_flag, uint8_t id4[4]) {
    vk_buf policy_id = {0}, signer_id = {0}, flag = {0}, whole = {0};
    vk_status status = vk_permission_policy_id(policies, &policy_id);
    if (status == VK_OK) {
        status = vk_permission_signer_id(signer, &signer_id);
    }
    put_flag(permission_flag, &flag);
    if (status == VK_OK) {
        status = vk_buf_status(&flag);
    }
    if (status == VK_OK) {
        vk_bytes parts[] = {vk_buf_view(&policy_id), vk_buf_view(&flag), vk_buf_view(&signer_id)};
        vk_abi_put_bytes_array(&whole, parts, 3);
        status = vk_buf_status(&whole);
    }
    if (status == VK_OK) {
        vk_hash hash = vk_keccak256(vk_buf_view(&whole));
        memcpy(id4, hash.b, 4);
    }
    vk_buf *const bufs[] = {&policy_id, &signer_id, &flag, &whole};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++) {
        vk_buf_clear(bufs[i]);
    }
    return status;
}
