/* What owners sign user operations with, and the stubs that stand for it. */
#include <valetkey/eth.h>
#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#include <string.h>

vk_status vk_userop_sign(const uint8_t secret32[32], const vk_hash *userop_hash,
                         uint8_t signature65[65]) {
    vk_hash digest = vk_eip191_hash(userop_hash);
    return vk_ecdsa_sign(secret32, &digest, signature65);
}

void vk_ecdsa_stub(uint8_t signature65[65]) {
    /* 0xffff...f0, 0x7aaa...aa, 28: numbers in range, so that the contract does all its work. */
    memset(signature65, 0x00, 65);
    memset(signature65, 0xff, 15);
    signature65[15] = 0xf0;
    signature65[32] = 0x7a;
    memset(signature65 + 33, 0xaa, 31);
    signature65[64] = 28;
}

static const uint8_t stub_auth_data[VK_WEBAUTHN_AUTH_DATA_LEN] = {
    0x49, 0x96, 0x0d, 0xe5, 0x88, 0x0e, 0x8c, 0x68, 0x74, 0x34, 0x17, 0x0f, 0x64,
    0x76, 0x60, 0x5b, 0x8f, 0xe4, 0xae, 0xb9, 0xa2, 0x86, 0x32, 0xc7, 0x99, 0x5c,
    0xf3, 0xba, 0x83, 0x1d, 0x97, 0x63, 0x1d, 0x00, 0x00, 0x00, 0x00};
static const char stub_client_data[] =
    "{\"type\":\"webauthn.get\",\"challenge\":\"tbxXNFS9X_4Byr1cMwqKrIGB-_30a0QhZ6y7ucM0BOE\","
    "\"origin\":\"http://localhost:3000\",\"crossOrigin\":false, \"other_keys_can_be_added_here\":"
    "\"do not compare clientDataJSON against a template. See https://goo.gl/yabPex\"}";
/* 44941127272049826721201904734628716258498742255959991581049806490182030242267 */
static const uint8_t stub_r[32] = {0x63, 0x5b, 0xc6, 0xd0, 0xf6, 0x8f, 0xf8, 0x95, 0xca, 0xe8, 0xa2,
                                   0x88, 0xec, 0xf7, 0x54, 0x2a, 0x6a, 0x9c, 0xd5, 0x55, 0xdf, 0x78,
                                   0x4b, 0x73, 0xe1, 0xe2, 0xea, 0x7e, 0x91, 0x04, 0xb1, 0xdb};
/* 9910254599581058084911561569808925251374718953855182016200087235935345969636 */
static const uint8_t stub_s[32] = {0x15, 0xe9, 0x01, 0x5d, 0x28, 0x0c, 0xb1, 0x95, 0x27, 0x88, 0x1c,
                                   0x62, 0x5f, 0xee, 0x43, 0xfd, 0x3a, 0x40, 0x5d, 0x5b, 0x0d, 0x19,
                                   0x9a, 0x8c, 0x8e, 0x65, 0x89, 0xa7, 0x38, 0x12, 0x09, 0xe4};

vk_status vk_passkey_stub(vk_buf *out) {
    vk_webauthn_assertion assertion = {
        .auth_data = {stub_auth_data, sizeof stub_auth_data},
        .client_data = {(const uint8_t *)stub_client_data, sizeof stub_client_data - 1}};
    memcpy(assertion.r, stub_r, sizeof assertion.r);
    memcpy(assertion.s, stub_s, sizeof assertion.s);
    return vk_webauthn_encode(&assertion, out);
}

vk_status vk_root_stub(vk_root_kind kind, vk_buf *out) {
    uint8_t signature65[65];
    switch (kind) {
    case VK_ROOT_ECDSA:
    case VK_ROOT_MULTI_CHAIN:
        vk_ecdsa_stub(signature65);
        vk_buf_put(out, signature65, sizeof signature65);
        return vk_buf_status(out);
    case VK_ROOT_PASSKEY:
        return vk_passkey_stub(out);
    case VK_ROOT_UNKNOWN:
        break;
    }
    return VK_ERR_UNSUPPORTED;
}
