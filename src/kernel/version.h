/* The published deployments of Kernel. */
#ifndef VK_KERNEL_VERSION_H
#define VK_KERNEL_VERSION_H

#include <valetkey/kernel.h>
#include <valetkey/validator.h>

typedef struct vk_kernel_deployment {
    const char *text;
    const char *domain_version; /* of the EIP-712 domain */
    vk_entry_point entry_point;
    vk_address implementation; /* zero: not known */
    vk_address factory;
    vk_hash init_code_hash; /* of the proxies of 0.2.x; else zero */
} vk_kernel_deployment;

/* NULL for VK_KERNEL_UNKNOWN. */
const vk_kernel_deployment *vk_kernel_deployed(vk_kernel_version version);
/* 0.3.0 on: the older ones share a factory. */
vk_kernel_version vk_kernel_of_factory(const vk_address *factory);

/* The root validators of ZeroDev. */
vk_root_kind vk_root_kind_of(const vk_address *validator);
vk_address vk_root_validator(vk_root_kind kind);

#endif
