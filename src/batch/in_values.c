#include "batch/in.h"

#include <string.h>

vk_kernel_version vk_in_kernel(const vk_in *in, const char *name) {
    const char *text = vk_in_text(in, name);
    vk_kernel_version version = vk_kernel_read(text);
    if (version == VK_KERNEL_UNKNOWN) {
        vk_in_fail(in, name, VK_ERR_UNSUPPORTED,
                   "Kernel \"%.20s\" is not known: v1, 0.0.2, 0.2.2 to 0.2.4 and 0.3.0 to 0.3.3 "
                   "are",
                   text);
    }
    return version;
}

vk_entry_point vk_in_entry_point(const vk_in *in, vk_address *address) {
    vk_entry_point version = VK_ENTRY_POINT_UNKNOWN;
    vk_address given = vk_in_address_or_zero(in, "entryPoint");
    if (vk_in_has(in, "entryPointVersion")) {
        const char *text = vk_in_text(in, "entryPointVersion");
        version = vk_entry_point_read(text);
        if (version == VK_ENTRY_POINT_UNKNOWN) {
            vk_in_fail(in, "entryPointVersion", VK_ERR_UNSUPPORTED,
                       "EntryPoint \"%.20s\" is not known: 0.6, 0.7, 0.8 and 0.9 are", text);
        }
    } else {
        version = vk_entry_point_of_address(&given);
        if (version == VK_ENTRY_POINT_UNKNOWN) {
            vk_in_fail(in, "entryPoint", VK_ERR_UNSUPPORTED,
                       "this is no published EntryPoint: give its version as "
                       "\"entryPointVersion\"");
        }
    }
    if (address != NULL) {
        bool mistaken = vk_in_sdk(in) && version > VK_ENTRY_POINT_0_7;
        *address = vk_in_has(in, "entryPoint")
                       ? given
                       : vk_entry_point_address(mistaken ? VK_ENTRY_POINT_0_7 : version);
    }
    return version;
}

vk_entry_point vk_in_entry_point_of(const vk_in *in, vk_kernel_version kernel,
                                    vk_address *address) {
    vk_entry_point published = vk_kernel_entry_point(kernel);
    if (!vk_in_has(in, "entryPoint") && !vk_in_has(in, "entryPointVersion")) {
        if (address != NULL) {
            *address = vk_entry_point_address(published);
        }
        return published;
    }
    vk_entry_point version = vk_in_entry_point(in, address);
    bool old = published == VK_ENTRY_POINT_0_6;
    if (vk_in_status(in) == VK_OK && old != (version == VK_ENTRY_POINT_0_6)) {
        vk_in_fail(in, vk_in_has(in, "entryPointVersion") ? "entryPointVersion" : "entryPoint",
                   VK_ERR_UNSUPPORTED,
                   "Kernel %s does not work with EntryPoint %s: up to 0.2.4 it is 0.6, from 0.3.0 "
                   "on 0.7 or later",
                   vk_kernel_text(kernel), vk_entry_point_text(version));
    }
    return version;
}

const char *vk_in_free_text(const vk_in *in, const char *name) {
    if (!cJSON_IsObject(vk_json_get(in->value, name))) {
        return vk_in_text(in, name);
    }
    static const char *const members[] = {"text", NULL};
    vk_in wrapped = vk_in_object(in, name);
    vk_in_only(&wrapped, members);
    return vk_in_text(&wrapped, "text");
}

const uint8_t *vk_in_private_key(const vk_in *in, const char *name, vk_address *address) {
    static const uint8_t none[32];
    uint8_t *secret = vk_in_alloc(in, 32);
    *address = (vk_address){{0}};
    if (secret == NULL) {
        return none;
    }
    vk_in_fixed(in, name, secret, 32);
    if (vk_in_status(in) == VK_OK && vk_ecdsa_address(secret, address) != VK_OK) {
        vk_in_fail(in, name, VK_ERR_RANGE, "\"%s\" is no secp256k1 private key", name);
    }
    return secret;
}

void vk_in_same_address(const vk_in *in, const char *name, const vk_address *computed) {
    if (!vk_in_has(in, name)) {
        return;
    }
    vk_address given = vk_in_address(in, name);
    if (!vk_address_equal(&given, computed)) {
        char text[43];
        vk_address_text(computed, text);
        vk_in_fail(in, name, VK_ERR_MISMATCH, "\"%s\" must be %s by the other members", name, text);
    }
}

void vk_in_same_bytes(const vk_in *in, const char *name, vk_bytes computed) {
    if (vk_in_has(in, name) && !vk_bytes_equal(vk_in_bytes(in, name), computed)) {
        vk_in_fail(in, name, VK_ERR_MISMATCH, "\"%s\" is not what the other members give", name);
    }
}
