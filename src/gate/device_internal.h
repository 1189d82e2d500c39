/* What the two files about devices share. */
#ifndef VK_GATE_DEVICE_INTERNAL_H
#define VK_GATE_DEVICE_INTERNAL_H

#include "gate/device.h"

struct vk_device {
    vk_fido2 *fido2;
};

#endif
