#include "batch/in_thirdweb.h"

const vk_address *vk_in_thirdweb_targets(const vk_in *in, size_t *count) {
    vk_in list = vk_in_list(in, "approvedTargets", count);
    vk_address *targets = vk_in_alloc(in, (*count + 1) * sizeof *targets);
    for (size_t i = 0; targets != NULL && i < *count; i++) {
        targets[i] = vk_in_element_address(&list, i);
    }
    return targets;
}

vk_thirdweb_request vk_in_thirdweb_request(const vk_in *in, vk_thirdweb_abi abi) {
    static const char *const members[] = {"signer",
                                          "approvedTargets",
                                          "nativeTokenLimitPerTransaction",
                                          "permissionStartTimestamp",
                                          "permissionEndTimestamp",
                                          "reqValidityStartTimestamp",
                                          "reqValidityEndTimestamp",
                                          "uid",
                                          "isAdmin",
                                          NULL};
    vk_in_only(in, members);
    vk_thirdweb_request request = {
        .signer = vk_in_address(in, "signer"),
        .native_limit = vk_in_u256(in, "nativeTokenLimitPerTransaction", 256),
        .start = vk_in_u256(in, "permissionStartTimestamp", 128),
        .end = vk_in_u256(in, "permissionEndTimestamp", 128),
        .request_start = vk_in_u256(in, "reqValidityStartTimestamp", 128),
        .request_end = vk_in_u256(in, "reqValidityEndTimestamp", 128),
        .uid = vk_in_hash(in, "uid"),
    };
    request.targets = vk_in_thirdweb_targets(in, &request.target_count);
    if (abi == VK_THIRDWEB_ABI_IS_ADMIN) {
        request.is_admin = (uint8_t)vk_in_u64(in, "isAdmin", UINT8_MAX);
    } else if (vk_in_has(in, "isAdmin")) {
        vk_in_fail(in, "isAdmin", VK_ERR_FORMAT,
                   "the request of \"abi_version\" \"v1\" has no \"isAdmin\"");
    }
    return request;
}
