/* What an account's owner signs with a key on a PKCS#11 token. */
#include "cli/owner_key.h"

#include <string.h>
#include <valetkey/pkcs11.h>
#include <valetkey/webauthn.h>

#define BARE_LEN 64
/* What a passkey says of where it signs, if nobody says it: no contract looks at it. */
#define NO_RP_ID "localhost"

static vk_exit sign_bare(const vk_owner_key *key, const vk_hash *digest,
                         uint8_t signature64[BARE_LEN]) {
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_ULONG len = BARE_LEN;
    vk_hash copy = *digest;
    CK_RV rv = key->f->C_SignInit(key->session, &mechanism, key->object);
    if (rv == CKR_OK) {
        rv = key->f->C_Sign(key->session, copy.b, sizeof copy.b, signature64, &len);
    }
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(key->cli, "the owner's key does not sign", rv);
    }
    return len == BARE_LEN
               ? VK_EXIT_OK
               : vk_cli_fail(key->cli, VK_EXIT_INPUT,
                             "the owner's key gave a signature of %lu bytes, not 64", len);
}

/* ---- Addresses ---- */

/* n of secp256k1, and half of it */
static const vk_u256 group_order = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                     0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                     0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41}};
static const vk_u256 half_order = {{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
                                    0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0}};

bool vk_owner_signature_finish(const vk_address *owner, const vk_hash *digest,
                               uint8_t signature65[65]) {
    vk_u256 s = vk_u256_from_be(signature65 + 32, 32);
    if (vk_u256_cmp(&s, &half_order) > 0) {
        vk_u256 low;
        if (!vk_u256_sub(&group_order, &s, &low)) {
            return false;
        }
        memcpy(signature65 + 32, low.be, sizeof low.be);
    }
    for (uint8_t v = 27; v <= 28; v++) {
        vk_address signer;
        signature65[64] = v;
        if (vk_ecdsa_recover(digest, signature65, &signer) == VK_OK &&
            vk_address_equal(&signer, owner)) {
            return true;
        }
    }
    return false;
}

static vk_exit sign_as_address(const vk_owner_key *key, const vk_owner_question *question,
                               vk_buf *out) {
    uint8_t signature65[BARE_LEN + 1];
    char text[43];
    const vk_address *owner = &question->root->owner;
    vk_exit exit = sign_bare(key, question->digest, signature65);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    if (!vk_owner_signature_finish(owner, question->digest, signature65)) {
        vk_address_text(owner, text);
        return vk_cli_fail(key->cli, VK_EXIT_INPUT,
                           "the key of --owner-key is not that of the owner %s", text);
    }
    vk_buf_put(out, signature65, sizeof signature65);
    return vk_buf_status(out) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(key->cli);
}

/* ---- Passkeys ---- */

/* What is said, else what the key says, else the default; NULL: no memory. vk_text_free. */
static char *choose_text(const vk_owner_key *key, CK_ATTRIBUTE_TYPE type, const char *said,
                         const char *otherwise) {
    vk_buf text = {0};
    if (said != NULL) {
        vk_buf_put_text(&text, said);
    } else {
        vk_owner_key_text(key, type, &text);
    }
    if (text.len == 0) {
        vk_buf_put_text(&text, otherwise);
    }
    return vk_buf_take_text(&text);
}

/* An assertion before it is signed. */
typedef struct assertion {
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    vk_buf client_data;
    vk_hash digest;
} assertion;

static vk_status make_texts(const vk_owner_question *question, const char *rp_id,
                            const char *origin, assertion *out) {
    vk_status status =
        vk_webauthn_auth_data(rp_id, VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV, 0, out->auth_data);
    return status == VK_OK ? vk_webauthn_client_data(question->digest, origin, &out->client_data)
                           : status;
}

static vk_exit make_assertion(const vk_owner_key *key, const vk_owner_question *question,
                              assertion *out) {
    vk_buf https = {0};
    char *rp_id = choose_text(key, CKA_VALETKEY_RP_ID, question->rp_id, NO_RP_ID);
    vk_buf_put_text(&https, "https://");
    vk_buf_put_text(&https, rp_id != NULL ? rp_id : "");
    char *fallback = vk_buf_take_text(&https);
    char *origin =
        choose_text(key, CKA_VALETKEY_ORIGIN, question->origin, fallback != NULL ? fallback : "");
    vk_status status = rp_id != NULL && fallback != NULL && origin != NULL
                           ? make_texts(question, rp_id, origin, out)
                           : VK_ERR_MEMORY;
    if (status == VK_OK) {
        status = vk_webauthn_digest((vk_bytes){out->auth_data, sizeof out->auth_data},
                                    vk_buf_view(&out->client_data), &out->digest);
    }
    vk_text_free(rp_id);
    vk_text_free(fallback);
    vk_text_free(origin);
    return status == VK_OK
               ? VK_EXIT_OK
               : vk_cli_fail_status(key->cli, "cannot make the owner's assertion", status);
}

static vk_exit encode(const vk_owner_key *key, const vk_owner_question *question,
                      const assertion *made, const uint8_t signature64[BARE_LEN], vk_buf *out) {
    vk_error err = {0};
    vk_webauthn_assertion whole = {.auth_data = {made->auth_data, sizeof made->auth_data},
                                   .client_data = vk_buf_view(&made->client_data),
                                   .use_precompiled =
                                       vk_webauthn_chain_has_precompile(question->chain_id)};
    memcpy(whole.r, signature64, 32);
    memcpy(whole.s, signature64 + 32, 32);
    vk_p256_lower_s(whole.s);
    size_t start = out->len;
    vk_status status = vk_webauthn_encode(&whole, out);
    if (status != VK_OK) {
        return vk_cli_fail_status(key->cli, "cannot encode the owner's assertion", status);
    }
    status = vk_webauthn_verify((vk_bytes){out->data + start, out->len - start}, question->digest,
                                question->root->point65, &err);
    return status == VK_OK
               ? VK_EXIT_OK
               : vk_cli_fail(key->cli, VK_EXIT_INPUT,
                             "the key of --owner-key is not that of the passkey owner: %s",
                             err.message);
}

static vk_exit sign_as_passkey(const vk_owner_key *key, const vk_owner_question *question,
                               vk_buf *out) {
    assertion made = {.client_data = {0}};
    uint8_t signature64[BARE_LEN];
    vk_exit exit = make_assertion(key, question, &made);
    if (exit == VK_EXIT_OK) {
        exit = sign_bare(key, &made.digest, signature64);
    }
    if (exit == VK_EXIT_OK) {
        exit = encode(key, question, &made, signature64, out);
    }
    vk_buf_clear(&made.client_data);
    return exit;
}

vk_exit vk_owner_key_sign(const vk_owner_key *key, const vk_owner_question *question, vk_buf *out) {
    switch (question->root->kind) {
    case VK_ROOT_ECDSA:
    case VK_ROOT_MULTI_CHAIN:
        return sign_as_address(key, question, out);
    case VK_ROOT_PASSKEY:
        return sign_as_passkey(key, question, out);
    case VK_ROOT_UNKNOWN:
        break;
    }
    return vk_cli_fail(key->cli, VK_EXIT_USAGE,
                       "--owner-key signs for an owner that is known: give --owner ADDRESS");
}
