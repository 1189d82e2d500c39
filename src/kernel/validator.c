#include "kernel/version.h"

#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#include <string.h>

/* Newest first within a kind. */
static const vk_validator validators[] = {
    {"ecdsa", VK_ROOT_ECDSA, false, VK_KERNEL_0_3_1, VK_KERNEL_0_3_3, {{0x84, 0x5a, 0xdb, 0x2c,
                                                                        0x71, 0x11, 0x29, 0xd4,
                                                                        0xf3, 0x96, 0x67, 0x35,
                                                                        0xed, 0x98, 0xa9, 0xf0,
                                                                        0x9f, 0xc4, 0xce, 0x57}}},
    {"ecdsa", VK_ROOT_ECDSA, false, VK_KERNEL_0_3_0, VK_KERNEL_0_3_0, {{0x81, 0x04, 0xe3, 0xad,
                                                                        0x43, 0x0e, 0xa6, 0xd3,
                                                                        0x54, 0xd0, 0x13, 0xa6,
                                                                        0x78, 0x9f, 0xdf, 0xc7,
                                                                        0x1e, 0x67, 0x1c, 0x43}}},
    {"ecdsa", VK_ROOT_ECDSA, false, VK_KERNEL_0_0_2, VK_KERNEL_0_2_4, {{0xd9, 0xab, 0x50, 0x96,
                                                                        0xa8, 0x32, 0xb9, 0xce,
                                                                        0x79, 0x91, 0x43, 0x29,
                                                                        0xda, 0xee, 0x23, 0x6f,
                                                                        0x8e, 0xea, 0x03, 0x90}}},
    {"multichain",
     VK_ROOT_MULTI_CHAIN,
     false,
     VK_KERNEL_0_3_0,
     VK_KERNEL_0_3_3,
     {{0x5c, 0x97, 0xaa, 0x67, 0xba, 0x57, 0x8e, 0x3c, 0x54, 0xec,
       0x59, 0x42, 0xa7, 0x56, 0x3e, 0xa9, 0x13, 0x0e, 0x4f, 0x5f}}},
    {"passkey",
     VK_ROOT_PASSKEY,
     false,
     VK_KERNEL_0_3_0,
     VK_KERNEL_0_3_3,
     {{0x7a, 0xb1, 0x6f, 0xf3, 0x54, 0xac, 0xb3, 0x28, 0x45, 0x2f,
       0x1d, 0x44, 0x5b, 0x3d, 0xde, 0xe9, 0xa9, 0x1e, 0x9e, 0x69}}},
    {"passkey2",
     VK_ROOT_PASSKEY,
     true,
     VK_KERNEL_0_3_0,
     VK_KERNEL_0_3_3,
     {{0xba, 0x45, 0xa2, 0xbf, 0xb8, 0xde, 0x3d, 0x24, 0xca, 0x9d,
       0x7f, 0x1b, 0x55, 0x1e, 0x14, 0xdf, 0xf5, 0xd6, 0x90, 0xfd}}},
    {"passkey1",
     VK_ROOT_PASSKEY,
     true,
     VK_KERNEL_0_3_0,
     VK_KERNEL_0_3_3,
     {{0xd9, 0x90, 0x39, 0x3c, 0x67, 0x0d, 0xcc, 0xe8, 0xb4, 0xd8,
       0xf8, 0x58, 0xfb, 0x98, 0xc9, 0x91, 0x2d, 0xbf, 0xaa, 0x06}}},
    {"passkey",
     VK_ROOT_PASSKEY,
     false,
     VK_KERNEL_0_2_2,
     VK_KERNEL_0_2_4,
     {{0x1e, 0x02, 0xff, 0x20, 0xb6, 0x04, 0xc2, 0xb2, 0x80, 0x91,
       0x93, 0x91, 0x7e, 0xa2, 0x2d, 0x86, 0x02, 0x12, 0x68, 0x37}}},
};

#define VALIDATORS (sizeof validators / sizeof validators[0])

static bool serves(const vk_validator *validator, vk_kernel_version kernel) {
    return kernel >= validator->first && kernel <= validator->last;
}

const vk_validator *vk_validator_named(const char *name, vk_kernel_version kernel) {
    for (size_t i = 0; i < VALIDATORS; i++) {
        if (strcmp(validators[i].name, name) == 0 && serves(&validators[i], kernel)) {
            return &validators[i];
        }
    }
    return NULL;
}

const vk_validator *vk_validator_at(const vk_address *address) {
    for (size_t i = 0; i < VALIDATORS; i++) {
        if (vk_address_equal(&validators[i].address, address)) {
            return &validators[i];
        }
    }
    return NULL;
}

vk_status vk_validator_accept(const vk_address *address, vk_kernel_version kernel,
                              bool allow_unpatched, const vk_validator **out, vk_error *err) {
    char text[43];
    vk_address_text(address, text);
    const vk_validator *found = vk_validator_at(address);
    if (found == NULL) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "%s is not a validator that ZeroDev published", text);
    }
    if (!serves(found, kernel)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "%s is the %s validator of Kernel %s to %s, the account is Kernel %s", text,
                       found->name, vk_kernel_text(found->first), vk_kernel_text(found->last),
                       vk_kernel_text(kernel));
    }
    if (found->unpatched && !allow_unpatched) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "%s is an unpatched passkey validator, which accepts replayed signatures: "
                       "it is used only when it is asked for by its name, \"%s\"",
                       text, found->name);
    }
    *out = found;
    return VK_OK;
}

vk_root_kind vk_root_kind_of(const vk_address *address) {
    const vk_validator *found = vk_validator_at(address);
    return found == NULL ? VK_ROOT_UNKNOWN : found->kind;
}

vk_address vk_root_validator(vk_root_kind kind) {
    for (size_t i = 0; i < VALIDATORS; i++) {
        if (validators[i].kind == kind) {
            return validators[i].address;
        }
    }
    return (vk_address){{0}};
}

/* ---- Enable data ---- */

vk_status vk_root_enable_data(const vk_root *root, vk_buf *out) {
    uint8_t passkey[VK_WEBAUTHN_SIGNER_DATA_LEN];
    switch (root->kind) {
    case VK_ROOT_ECDSA:
    case VK_ROOT_MULTI_CHAIN:
        vk_buf_put(out, root->owner.b, sizeof root->owner.b);
        return vk_buf_status(out);
    case VK_ROOT_PASSKEY:
        vk_webauthn_signer_data(root->point65, &root->authenticator_id_hash, passkey);
        vk_buf_put(out, passkey, sizeof passkey);
        return vk_buf_status(out);
    case VK_ROOT_UNKNOWN:
        break;
    }
    return VK_ERR_UNSUPPORTED;
}

static vk_status read_passkey(vk_bytes data, vk_root *root, vk_error *err) {
    uint8_t point65[65] = {0x04};
    if (data.len != VK_ROOT_DATA_MAX) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the passkey validator's data has %zu bytes, not 96", data.len);
    }
    memcpy(point65 + 1, data.data, 64);
    if (vk_p256_check_point(point65) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, NULL, "the owner's passkey is not a point of P-256");
    }
    memcpy(root->point65, point65, sizeof root->point65);
    memcpy(root->authenticator_id_hash.b, data.data + 64, sizeof root->authenticator_id_hash.b);
    return VK_OK;
}

vk_status vk_root_read_enable_data(vk_bytes data, vk_root *root, vk_error *err) {
    if (root->kind == VK_ROOT_PASSKEY) {
        return read_passkey(data, root, err);
    }
    if (root->kind == VK_ROOT_UNKNOWN) {
        return VK_OK;
    }
    if (data.len != sizeof root->owner.b) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the ECDSA validator's data has %zu bytes, not the 20 of an address",
                       data.len);
    }
    memcpy(root->owner.b, data.data, sizeof root->owner.b);
    return VK_OK;
}
