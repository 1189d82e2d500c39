#include "kernel/version.h"

#include <valetkey/eth.h>
#include <valetkey/verify.h>

#include <string.h>

#define VALIDATOR_TYPE 0x01
#define PERMISSION_TYPE 0x02
#define ROOT_TYPE 0x00

/* First in a replayable signature: MAGIC_VALUE_SIG_REPLAYABLE. */
static const uint8_t replayable_magic[32] = {
    0x05, 0x55, 0xad, 0x27, 0x29, 0xe8, 0xda, 0x17, 0x77, 0xa4, 0xe5, 0x02, 0x08, 0x06, 0xf8, 0xbf,
    0x76, 0x01, 0xc3, 0xdb, 0x6b, 0xfe, 0x40, 0x2f, 0x41, 0x0a, 0x34, 0x95, 0x83, 0x63, 0xa9, 0x5a};

/* ---- What is signed ---- */

static bool wraps(vk_kernel_version kernel) {
    return kernel >= VK_KERNEL_0_2_3;
}

static bool knows_replayable(vk_kernel_version kernel) {
    return kernel >= VK_KERNEL_0_3_2;
}

static vk_status check(const vk_message *message, vk_error *err) {
    if (vk_kernel_deployed(message->kernel) == NULL || message->kernel == VK_KERNEL_V1) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL, "signatures of Kernel %s are not known",
                       vk_kernel_text(message->kernel));
    }
    if (message->replayable && !message->sdk && wraps(message->kernel) &&
        !knows_replayable(message->kernel)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "replayable",
                       "Kernel %s accepts no signature for every chain: 0.3.2 and later do (the "
                       "SDK makes one that no contract accepts)",
                       vk_kernel_text(message->kernel));
    }
    return VK_OK;
}

static vk_hash domain(const vk_message *message) {
    return vk_eip712_domain("Kernel", vk_kernel_domain_version(message->kernel),
                            message->replayable ? 0 : message->chain_id, &message->account);
}

/* struct Kernel(bytes32 hash) */
static vk_hash kernel_struct(const vk_hash *hash) {
    static const char type[] = "Kernel(bytes32 hash)";
    vk_hash type_hash = vk_keccak256((vk_bytes){(const uint8_t *)type, sizeof type - 1});
    uint8_t words[64];
    memcpy(words, type_hash.b, 32);
    memcpy(words + 32, hash->b, 32);
    return vk_keccak256((vk_bytes){words, sizeof words});
}

vk_status vk_message_digest(const vk_message *message, vk_hash *out, vk_error *err) {
    vk_status status = check(message, err);
    if (status != VK_OK) {
        return status;
    }
    if (!wraps(message->kernel)) {
        *out = message->hash;
        return VK_OK;
    }
    /* 0.2.3 and 0.2.4 take the hash itself for that of a struct. */
    bool in_struct = vk_kernel_has_permissions(message->kernel);
    vk_hash separator = domain(message);
    vk_hash content = in_struct ? kernel_struct(&message->hash) : message->hash;
    *out = vk_eip712_digest(&separator, &content);
    return VK_OK;
}

vk_status vk_message_ecdsa_digest(const vk_message *message, vk_hash *out, vk_error *err) {
    vk_hash digest;
    vk_status status = vk_message_digest(message, &digest, err);
    if (status != VK_OK) {
        return status;
    }
    bool as_it_is = vk_kernel_has_permissions(message->kernel) ||
                    (message->kernel == VK_KERNEL_0_0_2 && !message->typed_data);
    *out = as_it_is ? digest : vk_eip191_hash(&digest);
    return VK_OK;
}

/* ---- The signature around the key's ---- */

static vk_status put_plugin(const vk_message_signer *signer, vk_buf *out, vk_error *err) {
    switch (signer->plugin) {
    case VK_MESSAGE_VALIDATOR:
        vk_buf_put_byte(out, VALIDATOR_TYPE);
        vk_buf_put(out, signer->validator.b, sizeof signer->validator.b);
        return VK_OK;
    case VK_MESSAGE_PERMISSION:
        vk_buf_put_byte(out, PERMISSION_TYPE);
        vk_buf_put(out, signer->permission_id, sizeof signer->permission_id);
        return VK_OK;
    case VK_MESSAGE_ROOT:
        vk_buf_put_byte(out, ROOT_TYPE);
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_ARGUMENT, NULL, "the signer's plug-in is none of the known ones");
}

/* Before 0.3.0 an account has one validator that signs messages, and does not name it. */
static vk_status put_old(const vk_message *message, const vk_message_signer *signer,
                         vk_bytes key_signature, vk_buf *out, vk_error *err) {
    if (signer->plugin != VK_MESSAGE_VALIDATOR) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "only the validator of a Kernel %s account signs messages",
                       vk_kernel_text(message->kernel));
    }
    vk_buf_put(out, key_signature.data, key_signature.len);
    return vk_buf_status(out);
}

vk_status vk_message_signature(const vk_message *message, const vk_message_signer *signer,
                               vk_bytes key_signature, vk_buf *out, vk_error *err) {
    vk_status status = check(message, err);
    if (status == VK_OK && !vk_kernel_has_permissions(message->kernel)) {
        return put_old(message, signer, key_signature, out, err);
    }
    if (status == VK_OK) {
        status = put_plugin(signer, out, err);
    }
    if (status != VK_OK) {
        return status;
    }
    if (message->replayable && knows_replayable(message->kernel)) {
        vk_buf_put(out, replayable_magic, sizeof replayable_magic);
    }
    if (signer->plugin == VK_MESSAGE_PERMISSION) {
        vk_buf_put_byte(out, 0xff);
    }
    vk_buf_put(out, key_signature.data, key_signature.len);
    return vk_buf_status(out);
}

/* ---- Reading ---- */

static vk_status refuse(vk_error *err, const char *message) {
    return vk_fail(err, VK_ERR_SIGNATURE, "signature", "%s", message);
}

/* How many bytes say which plug-in it is; 0: there is no such type, or they are cut short. */
static size_t read_signer(vk_bytes signature, vk_message_signer *out) {
    if (signature.len >= 1 && signature.data[0] == ROOT_TYPE) {
        out->plugin = VK_MESSAGE_ROOT;
        return 1;
    }
    if (signature.len >= 21 && signature.data[0] == VALIDATOR_TYPE) {
        out->plugin = VK_MESSAGE_VALIDATOR;
        memcpy(out->validator.b, signature.data + 1, sizeof out->validator.b);
        return 21;
    }
    if (signature.len >= 5 && signature.data[0] == PERMISSION_TYPE) {
        out->plugin = VK_MESSAGE_PERMISSION;
        memcpy(out->permission_id, signature.data + 1, sizeof out->permission_id);
        return 5;
    }
    return 0;
}

vk_status vk_message_signature_read(vk_kernel_version kernel, vk_bytes signature,
                                    vk_message_parts *out, vk_error *err) {
    vk_message_parts parts = {0};
    size_t head = read_signer(signature, &parts.signer);
    if (head == 0) {
        return refuse(err, "the signature does not begin with the id of a validator (00, 01 or "
                           "02)");
    }
    parts.part = (vk_bytes){signature.data + head, signature.len - head};
    if (knows_replayable(kernel) && parts.part.len >= sizeof replayable_magic &&
        memcmp(parts.part.data, replayable_magic, sizeof replayable_magic) == 0) {
        parts.replayable = true;
        parts.part.data += sizeof replayable_magic;
        parts.part.len -= sizeof replayable_magic;
    }
    *out = parts;
    return VK_OK;
}
