#include "play_message.h"

#include "support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/verify.h>

static vk_signer signer_of(const cJSON *one) {
    vk_address address = vectors_address(vectors_get(one, "signer"), "address");
    return vk_signer_ecdsa(&address);
}

/* As the account looks at it: a signature of this permission's key, over that hash. */
static bool is_good(const cJSON *one, const vk_hash *hash, vk_bytes signature) {
    uint8_t id4[4];
    unsigned unusual = 0;
    vk_error err = {0};
    vk_hash digest;
    vk_message_parts parts;
    vk_bytes signer_part;
    vk_signer signer = signer_of(one);
    vk_message message = {.kernel = vk_kernel_read(vectors_text(one, "kernelVersion")),
                          .chain_id = vectors_u64(one, "chainId"),
                          .account = vectors_address(one, "account"),
                          .hash = *hash};
    size_t policies = (size_t)cJSON_GetArraySize(vectors_get(one, "policies"));
    vectors_fixed(one, "permissionId", id4, sizeof id4);
    return vk_message_signature_read(message.kernel, signature, &parts, &err) == VK_OK &&
           parts.signer.plugin == VK_MESSAGE_PERMISSION && !parts.replayable &&
           memcmp(parts.signer.permission_id, id4, sizeof id4) == 0 &&
           vk_message_digest(&message, &digest, &err) == VK_OK &&
           vk_permission_signature_read(parts.part, policies, &signer_part, &unusual, &err) ==
               VK_OK &&
           vk_signer_accepts(&signer, &digest, signer_part, &unusual, &err) == VK_OK &&
           (unusual & ~VK_UNUSUAL_BARE) == 0;
}

static bool is_ordinary(const cJSON *one, const cJSON *step) {
    vk_hash hash = vectors_hash(step, "hash");
    vk_buf signature = vectors_bytes(step, "signature");
    bool good = is_good(one, &hash, vk_buf_view(&signature));
    vk_buf_clear(&signature);
    return good;
}

static vk_buf typed_data(const cJSON *one, const cJSON *step) {
    vk_buf out = {0};
    vk_buf_printf(&out,
                  "{\"types\":{\"EIP712Domain\":[{\"name\":\"chainId\",\"type\":\"uint256\"},"
                  "{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
                  "\"Note\":[{\"name\":\"about\",\"type\":\"bytes32\"}]},"
                  "\"domain\":{\"chainId\":%llu,\"verifyingContract\":\"%s\"},"
                  "\"primaryType\":\"Note\",\"message\":{\"about\":\"%s\"}}",
                  (unsigned long long)vectors_u64(one, "chainId"), vectors_text(step, "caller"),
                  vectors_text(step, "hash"));
    return out;
}

static void wrong(const cJSON *one, const cJSON *step, const char *what, CK_RV rv,
                  message_counts *n) {
    printf("  %s, message %s: %s (0x%lx)\n", vectors_text(one, "id"), vectors_text(step, "hash"),
           what, rv);
    n->wrong++;
}

static void judge_signed(const cJSON *one, const cJSON *step, vk_bytes payload, vk_bytes signature,
                         message_counts *n) {
    vk_hash hash;
    bool accepted = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
    if (!accepted) {
        wrong(one, step, "signed what the chain rejects", 0, n);
    } else if (vk_typed_data_digest(payload, &hash, NULL) != VK_OK ||
               !is_good(one, &hash, signature)) {
        wrong(one, step, "signed with other bytes", 0, n);
    } else {
        n->signed_good++;
    }
}

static void judge_refused(const cJSON *step, message_counts *n) {
    bool accepted = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
    n->denied += !accepted;
    n->hardened += accepted;
}

void play_message(client *c, CK_OBJECT_HANDLE key, const cJSON *one, const cJSON *step,
                  message_counts *n) {
    CK_BYTE signature[512];
    CK_ULONG len = sizeof signature;
    CK_RV rv = CKR_FUNCTION_REJECTED;
    if (!is_ordinary(one, step)) {
        n->other_signatures++;
        return;
    }
    clock_set(vectors_u64(step, "timestamp"));
    vk_buf payload = typed_data(one, step);
    if (key != CK_INVALID_HANDLE) {
        rv = client_sign(c, key, CKM_VALETKEY_TYPED_DATA, vk_buf_view(&payload), signature, &len);
    }
    if (rv == CKR_OK) {
        judge_signed(one, step, vk_buf_view(&payload), (vk_bytes){signature, len}, n);
    } else if (rv == CKR_FUNCTION_REJECTED || rv == CKR_KEY_FUNCTION_NOT_PERMITTED) {
        judge_refused(step, n);
    } else {
        wrong(one, step, "failed", rv, n);
    }
    vk_buf_clear(&payload);
}
