/* Requests with the members that thirdweb's TypeScript package gives them. */
#include <valetkey/thirdweb.h>

#include <string.h>

#define ETHER_DECIMALS 18

static vk_thirdweb_request empty_request(const vk_address *signer, uint8_t is_admin, uint64_t now,
                                         const vk_hash *uid) {
    vk_thirdweb_request request = {.signer = *signer, .is_admin = is_admin, .uid = *uid};
    vk_u256 start = vk_u256_from_u64(now), years = vk_u256_from_u64(VK_THIRDWEB_TEN_YEARS);
    if (!vk_u256_add(&start, &years, &request.request_end)) {
        request.request_end = start;
    }
    return request;
}

static vk_status read_limit(const char *text, vk_u256 *out, vk_error *err) {
    vk_status status =
        text == NULL ? VK_OK : vk_u256_read_scaled(text, strlen(text), ETHER_DECIMALS, out);
    return status == VK_OK
               ? VK_OK
               : vk_fail(err, status, "nativeTokenLimitPerTransaction",
                         "\"%.100s\" is no amount of ether: a decimal number of at most %d "
                         "fraction digits, less than 2^256 wei",
                         text, ETHER_DECIMALS);
}

vk_status vk_thirdweb_add_session(const vk_address *signer,
                                  const vk_thirdweb_permissions *permissions, uint64_t now,
                                  const vk_hash *uid, vk_thirdweb_request *out, vk_error *err) {
    static const vk_address any;
    vk_thirdweb_request request = empty_request(signer, VK_THIRDWEB_SET_PERMISSIONS, now, uid);
    vk_status status = read_limit(permissions->limit_ether, &request.native_limit, err);
    if (status != VK_OK) {
        return status;
    }
    request.target_count = permissions->any_target ? 1 : permissions->target_count;
    request.targets = permissions->any_target ? &any : permissions->targets;
    request.start = vk_u256_from_u64(permissions->start_ms / 1000);
    request.end =
        permissions->has_end ? vk_u256_from_u64(permissions->end_ms / 1000) : request.request_end;
    *out = request;
    return VK_OK;
}

vk_thirdweb_request vk_thirdweb_remove_session(const vk_address *signer, uint64_t now,
                                               const vk_hash *uid) {
    return empty_request(signer, VK_THIRDWEB_SET_PERMISSIONS, now, uid);
}

vk_thirdweb_request vk_thirdweb_add_admin(const vk_address *admin, uint64_t now,
                                          const vk_hash *uid) {
    return empty_request(admin, VK_THIRDWEB_ADD_ADMIN, now, uid);
}

vk_thirdweb_request vk_thirdweb_remove_admin(const vk_address *admin, uint64_t now,
                                             const vk_hash *uid) {
    return empty_request(admin, VK_THIRDWEB_REMOVE_ADMIN, now, uid);
}

void vk_thirdweb_remove_all(const vk_address *signer, uint64_t now, const vk_hash uids[2],
                            vk_thirdweb_request out[2]) {
    out[0] = vk_thirdweb_remove_admin(signer, now, &uids[0]);
    out[1] = vk_thirdweb_remove_session(signer, now, &uids[1]);
}
