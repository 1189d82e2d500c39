/* Typed data that is parsed already. */
#ifndef VK_ETH_TYPED_DATA_H
#define VK_ETH_TYPED_DATA_H

#include "base/json.h"

#include <valetkey/typed_data.h>

/* As vk_typed_data_read, for a value that vk_json_parse read: it has bounded the depth and refused
 * duplicate names. Paths in err begin at the value. */
VK_MUST_USE vk_status vk_typed_data_read_json(const cJSON *data, vk_hash *digest,
                                              vk_typed_domain *domain, vk_error *err);

#endif
