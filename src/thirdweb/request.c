/* SignerPermissionRequest: the check, the hash, the call. */
#include "eth/abi.h"
#include "eth/keccak.h"
#include "thirdweb/domain.h"

#include <string.h>

#define TYPE_BEGIN "SignerPermissionRequest(address signer,"
#define TYPE_END                                                                                   \
    "address[] approvedTargets,uint256 nativeTokenLimitPerTransaction,"                            \
    "uint128 permissionStartTimestamp,uint128 permissionEndTimestamp,"                             \
    "uint128 reqValidityStartTimestamp,uint128 reqValidityEndTimestamp,bytes32 uid)"

typedef struct form {
    const char *type;
    uint8_t selector[4];
    bool has_is_admin;
} form;

static const form forms[] = {
    [VK_THIRDWEB_ABI_IS_ADMIN] = {TYPE_BEGIN "uint8 isAdmin," TYPE_END,
                                  {0x58, 0x92, 0xe2, 0x36},
                                  true},
    [VK_THIRDWEB_ABI_V1] = {TYPE_BEGIN TYPE_END, {0x40, 0x05, 0x3d, 0xa6}, false},
};

static const form *form_of(vk_thirdweb_abi abi) {
    return &forms[abi == VK_THIRDWEB_ABI_V1 ? VK_THIRDWEB_ABI_V1 : VK_THIRDWEB_ABI_IS_ADMIN];
}

/* ---- The check ---- */

/* Duplicates collapse on the chain: however often it is listed, it is the only one. */
bool vk_thirdweb_is_wildcard(const vk_address *targets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!vk_address_is_zero(&targets[i])) {
            return false;
        }
    }
    return count > 0;
}

static bool is_unlimited(const vk_u256 *limit) {
    vk_u256 one = vk_u256_from_u64(1), sum;
    return !vk_u256_add(limit, &one, &sum);
}

static vk_status check_times(const vk_thirdweb_request *request, vk_error *err) {
    const struct {
        const char *name;
        const vk_u256 *value;
    } times[] = {{"permissionStartTimestamp", &request->start},
                 {"permissionEndTimestamp", &request->end},
                 {"reqValidityStartTimestamp", &request->request_start},
                 {"reqValidityEndTimestamp", &request->request_end}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (!vk_u256_fits(times[i].value, 128)) {
            return vk_fail(err, VK_ERR_RANGE, times[i].name, "\"%s\" does not fit 128 bits",
                           times[i].name);
        }
    }
    return VK_OK;
}

static vk_status check_is_admin(const vk_thirdweb_request *request, vk_thirdweb_abi abi,
                                unsigned allowed, vk_error *err) {
    if (abi == VK_THIRDWEB_ABI_V1 && request->is_admin != VK_THIRDWEB_SET_PERMISSIONS) {
        return vk_fail(err, VK_ERR_RANGE, "isAdmin",
                       "the older request has no \"isAdmin\": admins are made by setAdmin");
    }
    if (!(allowed & VK_THIRDWEB_ANY_IS_ADMIN) && request->is_admin > VK_THIRDWEB_REMOVE_ADMIN) {
        return vk_fail(err, VK_ERR_RANGE, "isAdmin", "\"isAdmin\" is %u, but must be 0, 1 or 2",
                       request->is_admin);
    }
    return VK_OK;
}

static vk_status check_rule(const vk_thirdweb_request *request, unsigned allowed, vk_error *err) {
    bool wildcard = vk_thirdweb_is_wildcard(request->targets, request->target_count);
    if (!(allowed & VK_THIRDWEB_ANY_TARGET) && wildcard) {
        return vk_fail(err, VK_ERR_POLICY, "approvedTargets",
                       "\"approvedTargets\" is the zero address alone, which means any target: "
                       "this must be asked for by name");
    }
    if (!(allowed & VK_THIRDWEB_ANY_AMOUNT) && is_unlimited(&request->native_limit)) {
        return vk_fail(err, VK_ERR_POLICY, "nativeTokenLimitPerTransaction",
                       "\"nativeTokenLimitPerTransaction\" is 2^256 - 1, which means any amount: "
                       "this must be asked for by name");
    }
    return VK_OK;
}

vk_status vk_thirdweb_check(const vk_thirdweb_request *request, vk_thirdweb_abi abi,
                            unsigned allowed, vk_error *err) {
    if (request->target_count > VK_THIRDWEB_TARGETS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "approvedTargets",
                       "\"approvedTargets\" has %zu addresses, more than %d", request->target_count,
                       VK_THIRDWEB_TARGETS_MAX);
    }
    vk_status status = check_times(request, err);
    status = status == VK_OK ? check_is_admin(request, abi, allowed, err) : status;
    /* The contract does not look at the permissions in a request about an admin. */
    bool permissions = request->is_admin == VK_THIRDWEB_SET_PERMISSIONS;
    return status == VK_OK && permissions ? check_rule(request, allowed, err) : status;
}

/* ---- The hash ---- */

static vk_hash hash_targets(const vk_thirdweb_request *request) {
    static const uint8_t zeros[VK_WORD - 20];
    vk_keccak keccak = {0};
    for (size_t i = 0; i < request->target_count; i++) {
        vk_keccak_put(&keccak, zeros, sizeof zeros);
        vk_keccak_put(&keccak, request->targets[i].b, sizeof request->targets[i].b);
    }
    return vk_keccak_end(&keccak);
}

/* The members, one word each: in the hash targets is their hash, in the call their offset. */
static void put_members(const vk_thirdweb_request *request, const form *f, const vk_u256 *targets,
                        vk_buf *out) {
    vk_abi_put_address(out, &request->signer);
    if (f->has_is_admin) {
        vk_abi_put_u64(out, request->is_admin);
    }
    vk_abi_put_u256(out, targets);
    vk_abi_put_u256(out, &request->native_limit);
    vk_abi_put_u256(out, &request->start);
    vk_abi_put_u256(out, &request->end);
    vk_abi_put_u256(out, &request->request_start);
    vk_abi_put_u256(out, &request->request_end);
    vk_buf_put(out, request->uid.b, sizeof request->uid.b);
}

vk_status vk_thirdweb_hash(const vk_thirdweb_request *request, vk_thirdweb_abi abi,
                           uint64_t chain_id, const vk_address *account, unsigned allowed,
                           vk_thirdweb_hashes *out, vk_error *err) {
    vk_status status = vk_thirdweb_check(request, abi, allowed, err);
    if (status != VK_OK) {
        return status;
    }
    const form *f = form_of(abi);
    vk_hash targets = hash_targets(request);
    vk_u256 targets_word = vk_u256_from_be(targets.b, sizeof targets.b);
    vk_hash type = vk_keccak256((vk_bytes){(const uint8_t *)f->type, strlen(f->type)});
    vk_buf words = {0};
    vk_buf_put(&words, type.b, sizeof type.b);
    put_members(request, f, &targets_word, &words);
    status = vk_buf_status(&words);
    if (status == VK_OK) {
        out->domain_separator = vk_thirdweb_domain(chain_id, account);
        out->struct_hash = vk_keccak256(vk_buf_view(&words));
        out->digest = vk_eip712_digest(&out->domain_separator, &out->struct_hash);
    }
    vk_buf_clear(&words);
    return status;
}

/* ---- The call ---- */

vk_status vk_thirdweb_set_permissions(const vk_thirdweb_request *request, vk_thirdweb_abi abi,
                                      unsigned allowed, const uint8_t signature65[65], vk_buf *out,
                                      vk_error *err) {
    vk_status status = vk_thirdweb_check(request, abi, allowed, err);
    if (status != VK_OK) {
        return status;
    }
    const form *f = form_of(abi);
    size_t head = (f->has_is_admin ? 9 : 8) * VK_WORD;
    size_t tuple = head + (1 + request->target_count) * VK_WORD;
    vk_u256 targets = vk_u256_from_u64(head);
    vk_buf_put(out, f->selector, sizeof f->selector);
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_u64(out, 2 * VK_WORD + tuple);
    put_members(request, f, &targets, out);
    vk_abi_put_u64(out, request->target_count);
    for (size_t i = 0; i < request->target_count; i++) {
        vk_abi_put_address(out, &request->targets[i]);
    }
    vk_abi_put_bytes(out, (vk_bytes){signature65, 65});
    return vk_buf_status(out);
}
