/* The contracts' view of signatures: what a permission's signers and the account accept. */
#include <valetkey/eth.h>
#include <valetkey/verify.h>
#include <valetkey/webauthn.h>

#include <string.h>

#define SIGNATURE_LEN 65
#define COMPACT_LEN 64
#define SIGNER_PREFIX 0xff
#define PART_HEAD 9 /* index1 || length8 */

static vk_status refuse(vk_error *err, const char *message) {
    return vk_fail(err, VK_ERR_SIGNATURE, "signature", "%s", message);
}

/* ---- In words ---- */

void vk_unusual_describe(unsigned unusual, vk_buf *out) {
    static const struct {
        unsigned bit;
        const char *text;
    } texts[] = {
        {VK_UNUSUAL_COMPACT, "the compact form of 64 bytes"},
        {VK_UNUSUAL_HIGH_S, "an s above half the order"},
        {VK_UNUSUAL_BARE, "over the bare hash"},
        {VK_UNUSUAL_ENCODING, "an encoding that no ordinary encoder makes"},
        {VK_UNUSUAL_POLICY_PART, "bytes for a policy, which none reads"},
        {VK_UNUSUAL_DUMMY, "a dummy, whose challenge nobody looks at"},
    };
    size_t start = out->len;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if ((unusual & texts[i].bit) != 0) {
            vk_buf_put_text(out, out->len == start ? "" : ", ");
            vk_buf_put_text(out, texts[i].text);
        }
    }
}

/* ---- ECDSA ---- */

/* EIP-2098 keeps v in the highest bit of s. */
static void expand(const uint8_t compact64[COMPACT_LEN], uint8_t signature65[SIGNATURE_LEN]) {
    memcpy(signature65, compact64, COMPACT_LEN);
    signature65[COMPACT_LEN] = (uint8_t)(27 + (compact64[32] >> 7));
    signature65[32] &= 0x7f;
}

vk_status vk_ecdsa_accepts(const vk_address *address, const vk_hash *hash, vk_bytes signature,
                           unsigned *unusual, vk_error *err) {
    uint8_t signature65[SIGNATURE_LEN];
    vk_address bare, personal;
    vk_hash digest = vk_eip191_hash(hash);
    if (signature.len == SIGNATURE_LEN) {
        memcpy(signature65, signature.data, SIGNATURE_LEN);
    } else if (signature.len == COMPACT_LEN) {
        expand(signature.data, signature65);
        *unusual |= VK_UNUSUAL_COMPACT;
    } else {
        return vk_fail(err, VK_ERR_SIGNATURE, "signature",
                       "an ECDSA signature has 65 bytes, not %zu", signature.len);
    }
    /* The contract tries the bare hash first, and reverts if nobody can have signed that. */
    if (vk_ecdsa_recover(hash, signature65, &bare) != VK_OK ||
        vk_ecdsa_recover(&digest, signature65, &personal) != VK_OK) {
        return refuse(err, "nobody can have made this signature: r, s or v is out of range");
    }
    *unusual |= vk_ecdsa_s_is_high(signature65 + 32) ? VK_UNUSUAL_HIGH_S : 0;
    if (vk_address_equal(&bare, address)) {
        *unusual |= VK_UNUSUAL_BARE;
        return VK_OK;
    }
    if (vk_address_equal(&personal, address)) {
        return VK_OK;
    }
    char expected[43], signer[43];
    vk_address_text(address, expected);
    vk_address_text(&personal, signer);
    return vk_fail(err, VK_ERR_SIGNATURE, "signature", "%s signed this, not %s", signer, expected);
}

/* ---- Signers ---- */

bool vk_signer_is_unpatched(const vk_signer *signer) {
    vk_address patched;
    return signer->kind == VK_SIGNER_WEBAUTHN &&
           (!vk_webauthn_signer_contract(VK_WEBAUTHN_SIGNER_PATCHED, &patched) ||
            !vk_address_equal(&signer->contract, &patched));
}

vk_status vk_signer_accepts(const vk_signer *signer, const vk_hash *hash, vk_bytes signature,
                            unsigned *unusual, vk_error *err) {
    if (signer->kind == VK_SIGNER_ECDSA) {
        return vk_ecdsa_accepts(&signer->address, hash, signature, unusual, err);
    }
    uint8_t point65[65] = {0x04};
    memcpy(point65 + 1, signer->x, sizeof signer->x);
    memcpy(point65 + 33, signer->y, sizeof signer->y);
    vk_webauthn_form form;
    vk_status status =
        vk_webauthn_accepts(signature, hash, point65, !vk_signer_is_unpatched(signer), &form, err);
    *unusual |= form == VK_WEBAUTHN_DUMMY          ? VK_UNUSUAL_DUMMY
                : form == VK_WEBAUTHN_ODD_ENCODING ? VK_UNUSUAL_ENCODING
                                                   : 0;
    return status;
}

/* ---- The session's part ---- */

static bool skip_policy_part(vk_bytes *rest) {
    if (rest->len < PART_HEAD) {
        return false;
    }
    vk_u256 length = vk_u256_from_be(rest->data + 1, 8);
    if (vk_u256_low64(&length) > rest->len - PART_HEAD) {
        return false;
    }
    size_t taken = PART_HEAD + (size_t)vk_u256_low64(&length);
    *rest = (vk_bytes){rest->data + taken, rest->len - taken};
    return true;
}

vk_status vk_permission_signature_read(vk_bytes part, size_t policy_count, vk_bytes *signer_part,
                                       unsigned *unusual, vk_error *err) {
    vk_bytes rest = part;
    for (size_t i = 0; i < policy_count && rest.len > 0; i++) {
        if (rest.data[0] > i) {
            continue;
        }
        if (rest.data[0] < i) {
            return refuse(err, "the bytes for policies are not in the order of the policies");
        }
        if (!skip_policy_part(&rest)) {
            return refuse(err, "the bytes for a policy are cut short");
        }
        *unusual |= VK_UNUSUAL_POLICY_PART;
    }
    if (rest.len == 0 || rest.data[0] != SIGNER_PREFIX) {
        return refuse(err, "the signer's part does not begin with 0xff");
    }
    *signer_part = (vk_bytes){rest.data + 1, rest.len - 1};
    return VK_OK;
}
