#include "batch/in_owner.h"

#include "batch/in_webauthn.h"
#include <string.h>

static bool has(const vk_in *in, const char *name) {
    return name != NULL && vk_in_has(in, name);
}

static const vk_validator *named(const vk_in *in, const char *member, const char *name,
                                 vk_kernel_version kernel) {
    const vk_validator *found = vk_validator_named(name, kernel);
    if (found == NULL) {
        vk_in_fail(in, member, VK_ERR_UNSUPPORTED,
                   "Kernel %s has no validator \"%.20s\": ecdsa (0.0.2 on), multichain (0.3.0 on), "
                   "passkey (0.2.2 on), passkey1 and passkey2 (0.3.0 on) are known",
                   vk_kernel_text(kernel), name);
    }
    return found;
}

static const vk_validator *at_address(const vk_in *in, const char *member,
                                      vk_kernel_version kernel) {
    const vk_validator *found = NULL;
    vk_error err = {.status = VK_OK};
    vk_address address = vk_in_address(in, member);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, member, vk_validator_accept(&address, kernel, false, &found, &err),
                          &err);
    }
    return found;
}

static const vk_validator *find_validator(const vk_in *in, const vk_owner_names *names,
                                          vk_kernel_version kernel) {
    if (has(in, names->kind)) {
        return named(in, names->kind, vk_in_text(in, names->kind), kernel);
    }
    if (has(in, names->validator)) {
        return at_address(in, names->validator, kernel);
    }
    if (names->assumed != NULL) {
        return named(in, names->secret, names->assumed, kernel);
    }
    return has(in, names->passkey) ? named(in, names->passkey, "passkey", kernel)
                                   : named(in, names->secret, "ecdsa", kernel);
}

static void read_ecdsa(const vk_in *in, const vk_owner_names *names, vk_owner *owner) {
    if (names->secret == NULL || (!has(in, names->secret) && has(in, names->address))) {
        owner->root.owner = vk_in_address(in, names->address);
        return;
    }
    owner->secret32 = vk_in_private_key(in, names->secret, &owner->root.owner);
    if (names->address != NULL) {
        vk_in_same_address(in, names->address, &owner->root.owner);
    }
}

static void read_passkey(const vk_in *in, const vk_owner_names *names, vk_owner *owner) {
    vk_in_passkey_key key = vk_in_passkey(in, names->passkey);
    memcpy(owner->root.point65, key.point65, sizeof owner->root.point65);
    owner->root.authenticator_id_hash = key.authenticator_id_hash;
    owner->credential_id = key.credential_id;
}

vk_owner vk_in_owner(const vk_in *in, const vk_owner_names *names, vk_kernel_version kernel) {
    vk_owner owner = {.names = names, .validator = find_validator(in, names, kernel)};
    if (owner.validator == NULL || vk_in_status(in) != VK_OK) {
        return (vk_owner){.names = names};
    }
    owner.root.kind = owner.validator->kind;
    owner.root.validator = owner.validator->address;
    if (names->validator != NULL) {
        vk_in_same_address(in, names->validator, &owner.root.validator);
    }
    if (owner.root.kind == VK_ROOT_PASSKEY) {
        read_passkey(in, names, &owner);
    } else {
        read_ecdsa(in, names, &owner);
    }
    return owner;
}

/* ---- Signatures ---- */

void vk_in_owner_needs_secret(const vk_in *in, const vk_owner *owner) {
    if (owner->secret32 == NULL) {
        vk_in_fail(in, owner->names->secret, VK_ERR_FORMAT,
                   "the owner's private key is missing, so nothing can be signed");
    }
}

vk_bytes vk_in_owner_signature(const vk_in *in, const vk_owner *owner, const vk_owner_task *task) {
    uint8_t signature65[65];
    if (owner->root.kind == VK_ROOT_PASSKEY) {
        return vk_in_assertion(in, task->assertion, &task->challenge, task->chain_id, task->sdk);
    }
    vk_in_owner_needs_secret(in, owner);
    if (vk_in_status(in) != VK_OK) {
        return (vk_bytes){NULL, 0};
    }
    vk_in_check(in, owner->names->secret,
                vk_ecdsa_sign(owner->secret32, &task->digest, signature65));
    return vk_in_keep(in, (vk_bytes){signature65, sizeof signature65});
}

vk_bytes vk_in_owner_userop_signature(const vk_in *in, const vk_owner *owner,
                                      const vk_hash *userop_hash, const char *assertion,
                                      uint64_t chain_id, bool sdk) {
    vk_owner_task task = {.digest = vk_eip191_hash(userop_hash),
                          .challenge = *userop_hash,
                          .assertion = assertion,
                          .chain_id = chain_id,
                          .sdk = sdk};
    return vk_in_owner_signature(in, owner, &task);
}
