#include "kernel/version.h"

#include <string.h>

static const vk_kernel_deployment deployments[] = {
    [VK_KERNEL_V1] =
        {
            .text = "v1",
            .domain_version = "v1",
            .entry_point = VK_ENTRY_POINT_0_6,
            .factory = {{0x4e, 0x49, 0x46, 0x29, 0x86, 0x14, 0xfc, 0x29, 0x9b, 0x50,
                         0xc9, 0x47, 0x28, 0x9f, 0x4a, 0xd0, 0x57, 0x2c, 0xb9, 0xce}},
        },
    [VK_KERNEL_0_0_2] =
        {
            .text = "0.0.2",
            .domain_version = "0.0.2",
            .entry_point = VK_ENTRY_POINT_0_6,
            .factory = {{0xae, 0xe9, 0x76, 0x2c, 0xe6, 0x25, 0xe0, 0xa8, 0xf7, 0xb1,
                         0x84, 0x67, 0x0f, 0xb5, 0x7c, 0x37, 0xbf, 0xe1, 0xd0, 0xf1}},
        },
    [VK_KERNEL_0_2_2] =
        {
            .text = "0.2.2",
            .domain_version = "0.2.2",
            .entry_point = VK_ENTRY_POINT_0_6,
            .implementation = {{0x0d, 0xa6, 0xa9, 0x56, 0xb9, 0x48, 0x8e, 0xd4, 0xdd, 0x76,
                                0x1e, 0x59, 0xf5, 0x2f, 0xdc, 0x6c, 0x80, 0x68, 0xe6, 0xb5}},
            .factory = {{0x5d, 0xe4, 0x83, 0x9a, 0x76, 0xcf, 0x55, 0xd0, 0xc9, 0x0e,
                         0x20, 0x61, 0xef, 0x43, 0x86, 0xd9, 0x62, 0xe1, 0x5a, 0xe3}},
            .init_code_hash = {{0xee, 0x9d, 0x83, 0x50, 0xbd, 0x89, 0x9d, 0xd2, 0x61, 0xdb, 0x68,
                                0x9a, 0xaf, 0xd8, 0x7e, 0xb8, 0xa3, 0x0f, 0x08, 0x5a, 0xdb, 0xaf,
                                0xf4, 0x81, 0x52, 0x39, 0x94, 0x38, 0xff, 0x4e, 0xed, 0x73}},
        },
    [VK_KERNEL_0_2_3] =
        {
            .text = "0.2.3",
            .domain_version = "0.2.3",
            .entry_point = VK_ENTRY_POINT_0_6,
            .implementation = {{0xd3, 0xf5, 0x82, 0xf6, 0xb4, 0x81, 0x4e, 0x98, 0x9e, 0xe8,
                                0xe9, 0x6b, 0xc3, 0x17, 0x53, 0x20, 0xb5, 0xa5, 0x40, 0xab}},
            .factory = {{0x5d, 0xe4, 0x83, 0x9a, 0x76, 0xcf, 0x55, 0xd0, 0xc9, 0x0e,
                         0x20, 0x61, 0xef, 0x43, 0x86, 0xd9, 0x62, 0xe1, 0x5a, 0xe3}},
            .init_code_hash = {{0xee, 0x9d, 0x83, 0x50, 0xbd, 0x89, 0x9d, 0xd2, 0x61, 0xdb, 0x68,
                                0x9a, 0xaf, 0xd8, 0x7e, 0xb8, 0xa3, 0x0f, 0x08, 0x5a, 0xdb, 0xaf,
                                0xf4, 0x81, 0x52, 0x39, 0x94, 0x38, 0xff, 0x4e, 0xed, 0x73}},
        },
    [VK_KERNEL_0_2_4] =
        {
            .text = "0.2.4",
            .domain_version = "0.2.4",
            .entry_point = VK_ENTRY_POINT_0_6,
            .implementation = {{0xd3, 0x08, 0x28, 0x72, 0xf8, 0xb0, 0x60, 0x73, 0xa0, 0x21,
                                0xb4, 0x60, 0x2e, 0x02, 0x2d, 0x5a, 0x07, 0x0d, 0x7c, 0xfc}},
            .factory = {{0x5d, 0xe4, 0x83, 0x9a, 0x76, 0xcf, 0x55, 0xd0, 0xc9, 0x0e,
                         0x20, 0x61, 0xef, 0x43, 0x86, 0xd9, 0x62, 0xe1, 0x5a, 0xe3}},
            .init_code_hash = {{0xee, 0x9d, 0x83, 0x50, 0xbd, 0x89, 0x9d, 0xd2, 0x61, 0xdb, 0x68,
                                0x9a, 0xaf, 0xd8, 0x7e, 0xb8, 0xa3, 0x0f, 0x08, 0x5a, 0xdb, 0xaf,
                                0xf4, 0x81, 0x52, 0x39, 0x94, 0x38, 0xff, 0x4e, 0xed, 0x73}},
        },
    [VK_KERNEL_0_3_0] =
        {
            .text = "0.3.0",
            .domain_version = "0.3.0-beta",
            .entry_point = VK_ENTRY_POINT_0_7,
            .implementation = {{0x94, 0xf0, 0x97, 0xe1, 0xeb, 0xeb, 0x4e, 0xca, 0x3a, 0xae,
                                0x54, 0xca, 0xbb, 0x08, 0x90, 0x5b, 0x23, 0x9a, 0x7d, 0x27}},
            .factory = {{0x67, 0x23, 0xb4, 0x4a, 0xbe, 0xec, 0x4e, 0x71, 0xeb, 0xe3,
                         0x23, 0x2b, 0xd5, 0xb4, 0x55, 0x80, 0x5b, 0xad, 0xd2, 0x2f}},
        },
    [VK_KERNEL_0_3_1] =
        {
            .text = "0.3.1",
            .domain_version = "0.3.1",
            .entry_point = VK_ENTRY_POINT_0_7,
            .implementation = {{0xba, 0xc8, 0x49, 0xbb, 0x64, 0x18, 0x41, 0xb4, 0x4e, 0x96,
                                0x5f, 0xb0, 0x1a, 0x4b, 0xf5, 0xf0, 0x74, 0xf8, 0x4b, 0x4d}},
            .factory = {{0xaa, 0xc5, 0xd4, 0x24, 0x0a, 0xf8, 0x72, 0x49, 0xb3, 0xf7,
                         0x1b, 0xc8, 0xe4, 0xa2, 0xca, 0xe0, 0x74, 0xa3, 0xe4, 0x19}},
        },
    [VK_KERNEL_0_3_2] =
        {
            .text = "0.3.2",
            .domain_version = "0.3.2",
            .entry_point = VK_ENTRY_POINT_0_7,
            .implementation = {{0xd8, 0x30, 0xd1, 0x5d, 0x3d, 0xc0, 0xc2, 0x69, 0xf3, 0xdb,
                                0xaa, 0x0f, 0x3e, 0x86, 0x26, 0xd3, 0x3c, 0xfd, 0xab, 0xe1}},
            .factory = {{0x7a, 0x1d, 0xba, 0xb7, 0x50, 0xf1, 0x2a, 0x90, 0xeb, 0x1b,
                         0x60, 0xd2, 0xae, 0x3a, 0xd1, 0x7d, 0x4d, 0x81, 0xef, 0xfe}},
        },
    [VK_KERNEL_0_3_3] =
        {
            .text = "0.3.3",
            .domain_version = "0.3.3",
            .entry_point = VK_ENTRY_POINT_0_7,
            .implementation = {{0xd6, 0xce, 0xdd, 0xe8, 0x4b, 0xe4, 0x08, 0x93, 0xd1, 0x53,
                                0xbe, 0x9d, 0x46, 0x7c, 0xd6, 0xad, 0x37, 0x87, 0x5b, 0x28}},
            .factory = {{0x25, 0x77, 0x50, 0x7b, 0x78, 0xc2, 0x00, 0x8f, 0xf3, 0x67,
                         0x26, 0x1c, 0xb6, 0x28, 0x5d, 0x44, 0xba, 0x5e, 0xf2, 0xe9}},
        },
};

#define DEPLOYMENTS (sizeof deployments / sizeof deployments[0])

const vk_kernel_deployment *vk_kernel_deployed(vk_kernel_version version) {
    bool known = version > VK_KERNEL_UNKNOWN && (size_t)version < DEPLOYMENTS;
    return known ? &deployments[version] : NULL;
}

vk_kernel_version vk_kernel_read(const char *text) {
    for (size_t i = VK_KERNEL_V1; i < DEPLOYMENTS; i++) {
        if (strcmp(deployments[i].text, text) == 0) {
            return (vk_kernel_version)i;
        }
    }
    return VK_KERNEL_UNKNOWN;
}

const char *vk_kernel_text(vk_kernel_version version) {
    const vk_kernel_deployment *deployment = vk_kernel_deployed(version);
    return deployment == NULL ? "unknown" : deployment->text;
}

const char *vk_kernel_domain_version(vk_kernel_version version) {
    const vk_kernel_deployment *deployment = vk_kernel_deployed(version);
    return deployment == NULL ? "unknown" : deployment->domain_version;
}

vk_entry_point vk_kernel_entry_point(vk_kernel_version version) {
    const vk_kernel_deployment *deployment = vk_kernel_deployed(version);
    return deployment == NULL ? VK_ENTRY_POINT_UNKNOWN : deployment->entry_point;
}

vk_address vk_kernel_implementation(vk_kernel_version version) {
    const vk_kernel_deployment *deployment = vk_kernel_deployed(version);
    return deployment == NULL ? (vk_address){{0}} : deployment->implementation;
}

vk_address vk_kernel_factory(vk_kernel_version version) {
    const vk_kernel_deployment *deployment = vk_kernel_deployed(version);
    return deployment == NULL ? (vk_address){{0}} : deployment->factory;
}

vk_address vk_kernel_delegate(void) {
    return vk_kernel_implementation(VK_KERNEL_0_3_3);
}

vk_status vk_kernel_check_entry_point(vk_kernel_version version, vk_entry_point entry_point,
                                      bool own_deployment, vk_error *err) {
    vk_entry_point published = vk_kernel_entry_point(version);
    if (published == VK_ENTRY_POINT_UNKNOWN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion", "the Kernel version is unknown");
    }
    if (entry_point == published) {
        return VK_OK;
    }
    if (published == VK_ENTRY_POINT_0_6 || entry_point < VK_ENTRY_POINT_0_8 ||
        entry_point > VK_ENTRY_POINT_0_9) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPointVersion",
                       "Kernel %s works with EntryPoint %s, not with %s", vk_kernel_text(version),
                       vk_entry_point_text(published), vk_entry_point_text(entry_point));
    }
    if (!own_deployment) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPointVersion",
                       "no deployment of Kernel %s for EntryPoint %s is published: give the "
                       "implementation and the factory, or the account's address",
                       vk_kernel_text(version), vk_entry_point_text(entry_point));
    }
    return VK_OK;
}

bool vk_kernel_has_permissions(vk_kernel_version version) {
    return version >= VK_KERNEL_0_3_0 && vk_kernel_deployed(version) != NULL;
}

vk_kernel_version vk_kernel_of_factory(const vk_address *factory) {
    for (size_t i = VK_KERNEL_0_3_0; i < DEPLOYMENTS; i++) {
        if (vk_address_equal(&deployments[i].factory, factory)) {
            return (vk_kernel_version)i;
        }
    }
    return VK_KERNEL_UNKNOWN;
}

vk_address vk_kernel_meta_factory(void) {
    return (vk_address){{0xd7, 0x03, 0xaa, 0xe7, 0x95, 0x38, 0x62, 0x8d, 0x27, 0x09,
                         0x9b, 0x8c, 0x4f, 0x62, 0x1b, 0xe4, 0xcc, 0xd1, 0x42, 0xd5}};
}
