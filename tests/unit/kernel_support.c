#include "kernel_support.h"

#include <check.h>
#include <openssl/ecdsa.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stdlib.h>
#include <string.h>

bool kernel_is_supported(const cJSON *in) {
    return vk_kernel_read(vectors_text(in, "kernelVersion")) >= VK_KERNEL_0_3_1;
}

void kernel_check_hex(vk_bytes bytes, const char *hex) {
    vk_buf expected = vectors_hex(hex);
    ck_assert_uint_eq(bytes.len, expected.len);
    ck_assert(vk_bytes_equal(bytes, vk_buf_view(&expected)));
    vk_buf_clear(&expected);
}

void kernel_passkey_point(const cJSON *passkey, uint8_t point65[65]) {
    vk_u256 x = vectors_u256(passkey, "pubX"), y = vectors_u256(passkey, "pubY");
    point65[0] = 0x04;
    memcpy(point65 + 1, x.be, 32);
    memcpy(point65 + 33, y.be, 32);
}

static vk_signer passkey_signer(const cJSON *signer) {
    const cJSON *passkey = cJSON_GetObjectItemCaseSensitive(signer, "passkey");
    uint8_t point65[65] = {0x04};
    if (passkey != NULL) {
        kernel_passkey_point(passkey, point65);
        signer = passkey;
    } else {
        vectors_fixed(signer, "x", point65 + 1, 32);
        vectors_fixed(signer, "y", point65 + 33, 32);
    }
    vk_hash id_hash = vectors_hash(signer, "authenticatorIdHash");
    return vk_signer_webauthn(point65, &id_hash);
}

vk_signer kernel_signer(const cJSON *signer) {
    if (strcmp(vectors_text(signer, "type"), "webauthn") == 0) {
        return passkey_signer(signer);
    }
    bool short_name = cJSON_GetObjectItemCaseSensitive(signer, "address") != NULL;
    vk_address address = vectors_address(signer, short_name ? "address" : "sessionAddress");
    return vk_signer_ecdsa(&address);
}

/* info and data, or flag, address and data. */
static void put_entry(const cJSON *policy, vk_buf *out) {
    static const char *const named[] = {"policyInfo", "policyData", NULL};
    static const char *const split[] = {"flag", "address", "data", NULL};
    bool is_split = cJSON_GetObjectItemCaseSensitive(policy, "policyInfo") == NULL;
    for (const char *const *name = is_split ? split : named; *name != NULL; name++) {
        vk_buf part = vectors_bytes(policy, *name);
        vk_buf_put(out, part.data, part.len);
        vk_buf_clear(&part);
    }
}

kernel_entries kernel_entries_of(const cJSON *policies) {
    size_t count = (size_t)cJSON_GetArraySize(policies), i = 0;
    kernel_entries out = {.bufs = calloc(count + 1, sizeof *out.bufs),
                          .items = calloc(count + 1, sizeof *out.items)};
    ck_assert(out.bufs != NULL && out.items != NULL);
    const cJSON *policy;
    cJSON_ArrayForEach(policy, policies) {
        put_entry(policy, &out.bufs[i]);
        out.items[i] = vk_buf_view(&out.bufs[i]);
        i++;
    }
    out.view = (vk_policy_entries){.count = count, .entries = out.items};
    return out;
}

void kernel_entries_clear(kernel_entries *entries) {
    for (size_t i = 0; i < entries->view.count; i++) {
        vk_buf_clear(&entries->bufs[i]);
    }
    free(entries->bufs);
    free(entries->items);
    *entries = (kernel_entries){0};
}

void kernel_sign(const cJSON *object, const char *key_name, const vk_hash *digest,
                 uint8_t signature65[65]) {
    uint8_t secret32[32];
    int recovery_id;
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    vectors_fixed(object, key_name, secret32, sizeof secret32);
    ck_assert(
        secp256k1_ecdsa_sign_recoverable(context, &signature, digest->b, secret32, NULL, NULL));
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, signature65, &recovery_id,
                                                            &signature);
    signature65[64] = (uint8_t)(27 + recovery_id);
    secp256k1_context_destroy(context);
}

void kernel_der(const cJSON *object, uint8_t r[32], uint8_t s[32]) {
    vk_buf der = vectors_bytes(object, "signatureDer");
    const unsigned char *at = der.data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    ck_assert_ptr_nonnull(signature);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(signature), r, 32), 32);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(signature), s, 32), 32);
    vk_p256_lower_s(s);
    ECDSA_SIG_free(signature);
    vk_buf_clear(&der);
}

vk_buf kernel_assertion(const cJSON *assertion, uint64_t chain_id) {
    vk_buf auth_data = vectors_bytes(assertion, "authenticatorData");
    vk_buf client_data = vectors_bytes(assertion, "clientDataJSON");
    vk_webauthn_assertion parts = {.auth_data = vk_buf_view(&auth_data),
                                   .client_data = vk_buf_view(&client_data),
                                   .use_precompiled = vk_webauthn_chain_has_precompile(chain_id)};
    vk_buf out = {0};
    kernel_der(assertion, parts.r, parts.s);
    ck_assert_int_eq(vk_webauthn_encode(&parts, &out), VK_OK);
    ck_assert_uint_eq(out.len, vk_webauthn_encoded_len(auth_data.len, client_data.len));
    vk_buf_clear(&auth_data);
    vk_buf_clear(&client_data);
    return out;
}
