#ifndef VK_THIRDWEB_CALLS_H
#define VK_THIRDWEB_CALLS_H

#include <valetkey/bytes.h>

#include <stdbool.h>

/* Is a signer with permissions let in for this function at all: execute, executeBatch? */
bool vk_thirdweb_is_execute(vk_bytes call_data);

#endif
