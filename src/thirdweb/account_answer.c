/* What an account is asked about its signers, and what it answers: bytes of a node, of which
 * nothing is trusted. */
#include "eth/abi.h"

#include <valetkey/thirdweb.h>

#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4

/* ---- Asking ---- */

static void put_question(const uint8_t selector[SELECTOR_LEN], const vk_address *who, vk_buf *out) {
    vk_buf_put(out, selector, SELECTOR_LEN);
    vk_abi_put_address(out, who);
}

void vk_thirdweb_ask_is_admin(const vk_address *who, vk_buf *out) {
    static const uint8_t selector[] = {0x24, 0xd7, 0x80, 0x6c}; /* isAdmin(address) */
    put_question(selector, who, out);
}

void vk_thirdweb_ask_is_active(const vk_address *signer, vk_buf *out) {
    static const uint8_t selector[] = {0x7d, 0xff, 0x5a, 0x79}; /* isActiveSigner(address) */
    put_question(selector, signer, out);
}

void vk_thirdweb_ask_permissions(const vk_address *signer, vk_buf *out) {
    static const uint8_t selector[] = {0xf1, 0x5d, 0x42, 0x4e}; /* getPermissionsForSigner */
    put_question(selector, signer, out);
}

void vk_thirdweb_ask_admins(vk_buf *out) {
    static const uint8_t selector[] = {0xe9, 0x52, 0x3c, 0x97}; /* getAllAdmins() */
    vk_buf_put(out, selector, sizeof selector);
}

/* It takes what setPermissionsForSigner takes. */
vk_status vk_thirdweb_ask_request(const vk_thirdweb_request *request, unsigned allowed,
                                  const uint8_t signature65[65], vk_buf *out, vk_error *err) {
    static const uint8_t selector[] = {0xa9, 0x08, 0x2d, 0x84};
    size_t start = out->len;
    vk_status status = vk_thirdweb_set_permissions(request, VK_THIRDWEB_ABI_IS_ADMIN, allowed,
                                                   signature65, out, err);
    if (status == VK_OK) {
        memcpy(out->data + start, selector, sizeof selector);
    }
    return status;
}

/* ---- Answers ---- */

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "answer", "the answer is not the encoding of %s", what);
}

/* An address[] whose length is at position, and with which the answer ends. */
static vk_status read_count(vk_bytes answer, size_t position, const char *what, size_t *count,
                            vk_error *err) {
    size_t words;
    if (answer.len < position + VK_WORD || answer.len % VK_WORD != 0 ||
        vk_abi_size(answer, position, answer.len / VK_WORD, &words) != VK_OK ||
        words != (answer.len - position) / VK_WORD - 1) {
        return malformed(err, what);
    }
    if (words > VK_THIRDWEB_TARGETS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "answer", "%zu addresses are more than %d", words,
                       VK_THIRDWEB_TARGETS_MAX);
    }
    *count = words;
    return VK_OK;
}

#define SESSION "(address signer, address[] targets, uint256 limit, uint128 start, uint128 end)"
#define SESSION_HEAD (5 * VK_WORD)

/* One struct: 0x20, then signer, 0xa0, limit, start, end, the targets. */
static bool read_session_head(vk_bytes answer, const vk_address *signer, vk_thirdweb_session *out) {
    size_t offset, list;
    vk_address about;
    return vk_abi_size(answer, 0, VK_WORD, &offset) == VK_OK && offset == VK_WORD &&
           vk_abi_address(answer, VK_WORD, &about) == VK_OK && vk_address_equal(&about, signer) &&
           vk_abi_size(answer, 2 * VK_WORD, SESSION_HEAD, &list) == VK_OK && list == SESSION_HEAD &&
           vk_abi_u256(answer, 3 * VK_WORD, &out->native_limit) == VK_OK &&
           vk_abi_u256(answer, 4 * VK_WORD, &out->start) == VK_OK &&
           vk_abi_u256(answer, 5 * VK_WORD, &out->end) == VK_OK && vk_u256_fits(&out->start, 128) &&
           vk_u256_fits(&out->end, 128);
}

static vk_status read_targets(vk_bytes answer, vk_thirdweb_session *out, vk_error *err) {
    if (out->target_count == 0) {
        return VK_OK;
    }
    out->targets = calloc(out->target_count, sizeof *out->targets);
    if (out->targets == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, "answer", "out of memory");
    }
    for (size_t i = 0; i < out->target_count; i++) {
        if (vk_abi_address(answer, SESSION_HEAD + (2 + i) * VK_WORD, &out->targets[i]) != VK_OK) {
            return malformed(err, SESSION);
        }
    }
    return VK_OK;
}

vk_status vk_thirdweb_read_permissions(vk_bytes answer, const vk_address *signer,
                                       vk_thirdweb_session *out, vk_error *err) {
    vk_thirdweb_session session = {.target_count = 0};
    if (!read_session_head(answer, signer, &session)) {
        return malformed(err, SESSION);
    }
    vk_status status =
        read_count(answer, SESSION_HEAD + VK_WORD, SESSION, &session.target_count, err);
    if (status == VK_OK) {
        status = read_targets(answer, &session, err);
    }
    if (status != VK_OK) {
        vk_thirdweb_session_clear(&session);
        return status;
    }
    *out = session;
    return VK_OK;
}

void vk_thirdweb_session_clear(vk_thirdweb_session *session) {
    free(session->targets);
    *session = (vk_thirdweb_session){.target_count = 0};
}

vk_status vk_thirdweb_read_admins(vk_bytes answer, size_t *count, vk_error *err) {
    static const char what[] = "address[]";
    size_t offset, found = 0;
    vk_address admin;
    if (vk_abi_size(answer, 0, VK_WORD, &offset) != VK_OK || offset != VK_WORD) {
        return malformed(err, what);
    }
    vk_status status = read_count(answer, VK_WORD, what, &found, err);
    for (size_t i = 0; i < found && status == VK_OK; i++) {
        status = vk_abi_address(answer, (2 + i) * VK_WORD, &admin) == VK_OK ? VK_OK
                                                                            : malformed(err, what);
    }
    if (status == VK_OK) {
        *count = found;
    }
    return status;
}

vk_status vk_thirdweb_read_request(vk_bytes answer, bool *is_good, vk_address *admin,
                                   vk_error *err) {
    size_t good;
    vk_address signer;
    if (answer.len != 2 * VK_WORD || vk_abi_size(answer, 0, 1, &good) != VK_OK ||
        vk_abi_address(answer, VK_WORD, &signer) != VK_OK) {
        return malformed(err, "(bool success, address signer)");
    }
    *is_good = good == 1;
    *admin = signer;
    return VK_OK;
}
