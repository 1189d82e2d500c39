#include "eth/abi.h"

#include <valetkey/eth.h>
#include <valetkey/permission.h>

#include <stdlib.h>
#include <string.h>

static const vk_address ecdsa_signer = {{0x6a, 0x6f, 0x06, 0x9e, 0x2a, 0x08, 0xc2,
                                         0x46, 0x8e, 0x77, 0x24, 0xab, 0x32, 0x50,
                                         0xcd, 0xbf, 0xba, 0x14, 0xd4, 0xff}};
/* 0.0.4: the one that checks every challenge. */
static const vk_address webauthn_signer = {{0x65, 0xde, 0xec, 0x8f, 0xee, 0x71, 0x7d,
                                            0xc0, 0x44, 0xd0, 0xcf, 0xd6, 0x3c, 0xcf,
                                            0x55, 0xf0, 0x2c, 0xca, 0xc2, 0xb3}};

vk_signer vk_signer_ecdsa(const vk_address *address) {
    return (vk_signer){.kind = VK_SIGNER_ECDSA, .contract = ecdsa_signer, .address = *address};
}

vk_signer vk_signer_webauthn(const uint8_t point65[65], const vk_hash *authenticator_id_hash) {
    vk_signer signer = {.kind = VK_SIGNER_WEBAUTHN,
                        .contract = webauthn_signer,
                        .authenticator_id_hash = *authenticator_id_hash};
    memcpy(signer.x, point65 + 1, sizeof signer.x);
    memcpy(signer.y, point65 + 33, sizeof signer.y);
    return signer;
}

/* contract20 || data: what the permissionId hashes. */
static void put_signer(const vk_signer *signer, vk_buf *out) {
    vk_buf_put(out, signer->contract.b, sizeof signer->contract.b);
    if (signer->kind == VK_SIGNER_ECDSA) {
        vk_buf_put(out, signer->address.b, sizeof signer->address.b);
    } else {
        vk_buf_put(out, signer->x, sizeof signer->x);
        vk_buf_put(out, signer->y, sizeof signer->y);
        vk_buf_put(out, signer->authenticator_id_hash.b, sizeof signer->authenticator_id_hash.b);
    }
}

static vk_status check(const vk_policy_entries *policies, const vk_signer *signer) {
    if (signer->kind != VK_SIGNER_ECDSA && signer->kind != VK_SIGNER_WEBAUTHN) {
        return VK_ERR_ARGUMENT;
    }
    return policies->count > VK_POLICIES_MAX ? VK_ERR_SIZE : VK_OK;
}

static void put_flag(uint16_t flag, vk_buf *out) {
    uint8_t be[2] = {(uint8_t)(flag >> 8), (uint8_t)flag};
    vk_buf_put(out, be, sizeof be);
}

vk_status vk_permission_enable_data(const vk_policy_entries *policies, const vk_signer *signer,
                                    uint16_t permission_flag, vk_buf *out) {
    vk_status status = check(policies, signer);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes items[VK_POLICIES_MAX + 1];
    for (size_t i = 0; i < policies->count; i++) {
        items[i] = policies->entries[i];
    }
    vk_buf last = {0};
    put_flag(permission_flag, &last);
    put_signer(signer, &last);
    items[policies->count] = vk_buf_view(&last);
    vk_abi_put_bytes_array(out, items, policies->count + 1);
    status = vk_buf_status(&last);
    vk_buf_clear(&last);
    return status == VK_OK ? vk_buf_status(out) : status;
}

vk_status vk_permission_id(const vk_policy_entries *policies, const vk_signer *signer,
                           uint16_t permission_flag, uint8_t id4[4]) {
    vk_status status = check(policies, signer);
    if (status != VK_OK) {
        return status;
    }
    vk_buf policy_id = {0}, signer_bytes = {0}, signer_id = {0}, flag = {0}, whole = {0};
    vk_abi_put_bytes_array(&policy_id, policies->entries, policies->count);
    put_flag(permission_flag, &flag);
    put_signer(signer, &signer_bytes);
    vk_abi_put_u64(&signer_id, VK_WORD);
    vk_abi_put_bytes(&signer_id, vk_buf_view(&signer_bytes));
    vk_bytes parts[] = {vk_buf_view(&policy_id), vk_buf_view(&flag), vk_buf_view(&signer_id)};
    vk_abi_put_bytes_array(&whole, parts, 3);

    vk_buf *const bufs[] = {&policy_id, &signer_bytes, &signer_id, &flag, &whole};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0] && status == VK_OK; i++) {
        status = vk_buf_status(bufs[i]);
    }
    if (status == VK_OK) {
        vk_hash hash = vk_keccak256(vk_buf_view(&whole));
        memcpy(id4, hash.b, 4);
    }
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++) {
        vk_buf_clear(bufs[i]);
    }
    return status;
}
