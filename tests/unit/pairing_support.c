#include "pairing_support.h"

#include "keys/keys.h"

#include <check.h>
#include <string.h>

pairing_key pairing_key_of(uint8_t seed, bool p256) {
    pairing_key key = {.p256 = p256};
    vk_curve curve = p256 ? VK_CURVE_P256 : VK_CURVE_SECP256K1;
    memset(key.secret32, seed, sizeof key.secret32);
    ck_assert_int_eq(vk_key_public(curve, key.secret32, key.point65), VK_OK);
    vk_address address = vk_address_of_point(key.point65);
    vk_hash credential, id;
    ck_assert_int_eq(vk_sha256((vk_bytes){key.point65, sizeof key.point65}, &credential), VK_OK);
    id = vk_keccak256((vk_bytes){credential.b, sizeof credential.b});
    key.signer = p256 ? vk_signer_webauthn(key.point65, &id) : vk_signer_ecdsa(&address);
    return key;
}

static vk_buf approve_as_passkey(const pairing_key *owner, const vk_hash *challenge) {
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN], signature64[64];
    vk_buf client_data = {0}, out = {0};
    vk_hash digest;
    vk_key *key;
    ck_assert_int_eq(vk_webauthn_auth_data("wallet.example",
                                           VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV, 0, auth_data),
                     VK_OK);
    ck_assert_int_eq(vk_webauthn_client_data(challenge, "https://wallet.example", &client_data),
                     VK_OK);
    vk_webauthn_assertion assertion = {.auth_data = {auth_data, sizeof auth_data},
                                       .client_data = vk_buf_view(&client_data)};
    ck_assert_int_eq(vk_webauthn_digest(assertion.auth_data, assertion.client_data, &digest),
                     VK_OK);
    ck_assert_int_eq(vk_key_load(VK_CURVE_P256, owner->secret32, &key), VK_OK);
    ck_assert_int_eq(vk_key_sign(key, &digest, signature64, NULL), VK_OK);
    vk_key_free(key);
    memcpy(assertion.r, signature64, 32);
    memcpy(assertion.s, signature64 + 32, 32);
    ck_assert_int_eq(vk_webauthn_encode(&assertion, &out), VK_OK);
    vk_buf_clear(&client_data);
    return out;
}

vk_buf pairing_approve(const pairing_key *owner, const vk_hash *digest) {
    uint8_t signature65[65];
    vk_buf out = {0};
    if (owner->p256) {
        return approve_as_passkey(owner, digest);
    }
    ck_assert_int_eq(vk_ecdsa_sign(owner->secret32, digest, signature65), VK_OK);
    vk_buf_put(&out, signature65, sizeof signature65);
    return out;
}

char *pairing_approval(const pairing_key *owner, const vk_hash *digest) {
    vk_buf approval = pairing_approve(owner, digest), hex = {0};
    vk_hex_put(&hex, vk_buf_view(&approval));
    vk_buf_clear(&approval);
    return vk_buf_take_text(&hex);
}

char *pairing_owner_json(const pairing_key *owner) {
    vk_buf out = {0};
    if (owner->p256) {
        vk_buf_put_text(&out, ",\"owner\":{\"x\":\"");
        vk_hex_put(&out, (vk_bytes){owner->point65 + 1, 32});
        vk_buf_put_text(&out, "\",\"y\":\"");
        vk_hex_put(&out, (vk_bytes){owner->point65 + 33, 32});
        vk_buf_put_text(&out, "\"}");
    } else {
        vk_buf_put_text(&out, ",\"owner\":\"");
        vk_hex_put(&out, (vk_bytes){owner->signer.address.b, 20});
        vk_buf_put_text(&out, "\"");
    }
    return vk_buf_take_text(&out);
}

vk_enable_v2 pairing_enable_v2(const pairing_key *session, vk_buf *enable_data) {
    vk_enable_v2 enable = {
        .kernel = VK_KERNEL_0_2_4, .chain_id = PAIRING_CHAIN, .selector = {0x51, 0x94, 0x54, 0x47}};
    vk_root root = {.kind = session->p256 ? VK_ROOT_PASSKEY : VK_ROOT_ECDSA,
                    .owner = session->signer.address,
                    .authenticator_id_hash = session->signer.authenticator_id_hash};
    memcpy(root.point65, session->point65, sizeof root.point65);
    vk_buf_clear(enable_data);
    ck_assert_int_eq(vk_root_enable_data(&root, enable_data), VK_OK);
    ck_assert_int_eq(vk_address_read(PAIRING_ACCOUNT, strlen(PAIRING_ACCOUNT), &enable.account),
                     VK_OK);
    enable.validator =
        vk_validator_named(session->p256 ? "passkey" : "ecdsa", VK_KERNEL_0_2_4)->address;
    enable.enable_data = vk_buf_view(enable_data);
    return enable;
}

vk_policy pairing_policy(const char *json) {
    vk_policy policy;
    vk_error err = {0};
    vk_status status = vk_policy_read(json, strlen(json), &policy, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    return policy;
}

vk_grant pairing_good(const char *json, const vk_policy *policy, const pairing_key *key) {
    vk_grant grant;
    vk_error err = {0};
    vk_status status = vk_grant_read(json, strlen(json), policy, &key->signer, &grant, &err);
    ck_assert_msg(status == VK_OK, "%s: %s: %s", json, err.path, err.message);
    return grant;
}

void pairing_refused(const char *json, const vk_policy *policy, const pairing_key *key,
                     vk_status status, const char *path, const char *words) {
    vk_grant grant;
    vk_error err = {0};
    vk_status actual = vk_grant_read(json, strlen(json), policy, &key->signer, &grant, &err);
    ck_assert_msg(actual == status, "%d, not %d: %s: %s: %s", actual, status, json, err.path,
                  err.message);
    ck_assert_int_eq(err.status, status);
    ck_assert_msg(strcmp(err.path, path) == 0, "%s, not %s: %s", err.path, path, err.message);
    ck_assert_msg(strstr(err.message, words) != NULL, "%s", err.message);
}

void pairing_check_written(const vk_grant *grant, const vk_policy *policy, const pairing_key *key) {
    vk_buf first = {0}, second = {0};
    ck_assert_int_eq(vk_grant_write(grant, &first), VK_OK);
    vk_buf_put_byte(&first, 0);
    vk_grant again = pairing_good((const char *)first.data, policy, key);
    ck_assert_int_eq(vk_grant_write(&again, &second), VK_OK);
    vk_buf_put_byte(&second, 0);
    ck_assert_str_eq((const char *)first.data, (const char *)second.data);
    vk_grant_clear(&again);
    vk_buf_clear(&first);
    vk_buf_clear(&second);
}
