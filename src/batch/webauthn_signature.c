/* Kind webauthn_signature: an assertion as the signer contract takes it, or a DER signature in its
 * two parts. */
#include "batch/in_webauthn.h"
#include "batch/kinds.h"

static const char *const members[] = {"chainId", "signerVersion", "passkey",
                                      "hash",    "assertion",     NULL};
static const char *const der_members[] = {"signatureDer", NULL};

static vk_status of_der(const vk_in *in, vk_reply *reply) {
    uint8_t signature64[64];
    vk_in_only(in, der_members);
    vk_in_p256_signature(in, "signatureDer", signature64);
    vk_u256 r = vk_u256_from_be(signature64, 32), s = vk_u256_from_be(signature64 + 32, 32);
    vk_reply_decimal(reply, "r", &r);
    vk_reply_decimal(reply, "s", &s);
    return vk_in_status(in);
}

static vk_address read_contract(const vk_in *in) {
    const char *version =
        vk_in_has(in, "signerVersion") ? vk_in_text(in, "signerVersion") : "0.0.4";
    vk_address contract = {{0}};
    if (!vk_webauthn_signer_contract(version, &contract)) {
        vk_in_fail(in, "signerVersion", VK_ERR_UNSUPPORTED,
                   "WebAuthn signer \"%.20s\" is not known: 0.0.1 to 0.0.4 are", version);
    }
    return contract;
}

/* What the SDK asks the authenticator for. */
static void reply_request(vk_reply *reply, vk_bytes credential_id) {
    if (credential_id.len > 0) {
        vk_reply_array(reply, "requestedCredentialId");
        vk_reply_object(reply, NULL);
        vk_reply_text(reply, "type", "public-key");
        vk_reply_hex(reply, "id", credential_id);
        vk_reply_object_end(reply);
        vk_reply_array_end(reply);
    }
    vk_reply_text(reply, "userVerification", "required");
}

static vk_status reply_stub(vk_reply *reply) {
    vk_buf stub = {0};
    vk_status status = vk_webauthn_stub(&stub);
    vk_reply_hex(reply, "dummySignature", vk_buf_view(&stub));
    vk_buf_clear(&stub);
    return status;
}

vk_status vk_batch_webauthn_signature(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    if (vk_in_has(in, "signatureDer")) {
        return of_der(in, reply);
    }
    vk_in_only(in, members);
    uint64_t chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    vk_hash hash = vk_in_hash(in, "hash");
    vk_address contract = read_contract(in);
    vk_in_passkey_key key = vk_in_passkey(in, "passkey");
    vk_bytes signature = vk_in_assertion(in, "assertion", &hash, chain_id, sdk);
    uint8_t signer_data[VK_WEBAUTHN_SIGNER_DATA_LEN];
    vk_webauthn_signer_data(key.point65, &key.authenticator_id_hash, signer_data);
    vk_reply_address(reply, "signerContract", &contract);
    vk_reply_fixed(reply, "signerData", signer_data, sizeof signer_data);
    vk_reply_fixed(reply, "encodedPubKey", signer_data, sizeof signer_data);
    vk_reply_bool(reply, "usePrecompiled", vk_webauthn_chain_has_precompile(chain_id));
    reply_request(reply, key.credential_id);
    vk_reply_hex(reply, "signature", signature);
    vk_in_check(in, NULL, reply_stub(reply));
    return vk_in_status(in);
}
