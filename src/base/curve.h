/* The curves of session keys. */
#ifndef VK_BASE_CURVE_H
#define VK_BASE_CURVE_H

typedef enum vk_curve { VK_CURVE_SECP256K1 = 1, VK_CURVE_P256 = 2 } vk_curve;

#endif
