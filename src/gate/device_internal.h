/* What the two files about devices share. */
#ifndef VK_GATE_DEVICE_INTERNAL_H
#define VK_GATE_DEVICE_INTERNAL_H

#include "gate/device.h"

#include <pthread.h>

struct vk_device {
    vk_fido2 *fido2;
    /* Held while an assertion is made and counted, so that the counts arrive in order. */
    pthread_mutex_t counting;
};

#endif
