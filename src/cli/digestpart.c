#include "cli/digestpart.h"
#include "base/json.h"
#include "cli/input.h"

#include <string.h>

#define ASSERTION_MAX ((size_t)16 << 10)

/* ---- secp256k1 ---- */

static bool recovers(const vk_key_info *key, const vk_hash *digest, const uint8_t signature65[65]) {
    vk_address signer;
    return vk_ecdsa_recover(digest, signature65, &signer) == VK_OK &&
           vk_address_equal(&signer, &key->signer.address);
}

/* The last byte is the one with which the key's address is recovered. */
static void add_recovery(const vk_key_info *key, const vk_hash *userop_hash,
                         uint8_t signature65[65]) {
    vk_hash digest = vk_eip191_hash(userop_hash);
    signature65[64] = 27;
    if (!recovers(key, &digest, signature65)) {
        signature65[64] = 28;
    }
}

static void put_ecdsa(const vk_key_info *key, const vk_hash *userop_hash, vk_bytes bare,
                      vk_buf *out) {
    uint8_t signature65[65];
    memcpy(signature65, bare.data, VK_BARE_SIGNATURE_LEN);
    add_recovery(key, userop_hash, signature65);
    vk_buf_put(out, signature65, sizeof signature65);
}

/* ---- P-256 ---- */

static vk_status read_assertion(const cJSON *json, vk_buf *auth_data, const char **client_data,
                                vk_error *err) {
    static const char *const members[] = {"authenticatorData", "clientDataJSON", NULL};
    vk_status status = vk_json_only(json, members, NULL, err);
    if (status == VK_OK) {
        status = vk_json_bytes(json, "authenticatorData", NULL, ASSERTION_MAX, auth_data, err);
    }
    return status == VK_OK ? vk_json_text(json, "clientDataJSON", NULL, client_data, err) : status;
}

static vk_status encode(const cJSON *json, bool use_precompiled, vk_bytes bare, vk_buf *out,
                        vk_error *err) {
    vk_buf auth_data = {0};
    const char *client_data = "";
    vk_status status = read_assertion(json, &auth_data, &client_data, err);
    if (status == VK_OK) {
        vk_webauthn_assertion assertion = {
            .auth_data = vk_buf_view(&auth_data),
            .client_data = {(const uint8_t *)client_data, strlen(client_data)},
            .use_precompiled = use_precompiled};
        memcpy(assertion.r, bare.data, sizeof assertion.r);
        memcpy(assertion.s, bare.data + sizeof assertion.r, sizeof assertion.s);
        status = vk_webauthn_encode(&assertion, out);
    }
    vk_buf_clear(&auth_data);
    return status;
}

static vk_exit put_assertion(vk_cli *cli, uint64_t chain_id, vk_bytes bare, vk_buf *out) {
    vk_buf text = {0};
    vk_error err = {0};
    cJSON *json = NULL;
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_ASSERTION), ASSERTION_MAX, &text);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_json_parse(vk_trim(vk_buf_view(&text)), ASSERTION_MAX, &json, &err);
    if (status == VK_OK) {
        status = encode(json, vk_webauthn_chain_has_precompile(chain_id), bare, out, &err);
    }
    cJSON_Delete(json);
    vk_buf_clear(&text);
    if (status != VK_OK && err.status == VK_OK) {
        return vk_cli_fail_status(cli, "the assertion cannot be used", status);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_error(cli, "the assertion cannot be used", &err);
}

static vk_exit needs_assertion(vk_cli *cli) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                               "the bare signature of a passkey needs the assertion that it is of: "
                               "--assertion FILE");
    return vk_cli_hint(cli, exit,
                       "it is the valetkey-assertion object that stood beside the valetkey-digest");
}

vk_exit vk_digest_part(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                       const vk_hash *userop_hash, vk_buf *part) {
    vk_buf made = {0};
    vk_exit exit = VK_EXIT_OK;
    if (!key->p256) {
        put_ecdsa(key, userop_hash, vk_buf_view(part), &made);
    } else if (!vk_opt_flag(cli, VK_OPT_ASSERTION)) {
        exit = needs_assertion(cli);
    } else {
        exit = put_assertion(cli, grant->chain_id, vk_buf_view(part), &made);
    }
    vk_buf_clear(part);
    vk_grant_session_part(grant, vk_buf_view(&made), part);
    if (exit == VK_EXIT_OK && (vk_buf_status(&made) != VK_OK || vk_buf_status(part) != VK_OK)) {
        exit = vk_cli_no_memory(cli);
    }
    vk_buf_clear(&made);
    return exit;
}
