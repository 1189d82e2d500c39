/*
 * The errors with which accounts revert while they validate. Sources: zerodevapp/kernel v3.1 (as in
 * the ABIs of npm @zerodev/sdk), the published policies and signers (tests/vectors/verdicts records
 * what they revert with), Solidity's Error and Panic.
 */
#include "net/aa_error.h"

#include "base/utf8.h"
#include "eth/abi.h"
#include "policy/rule.h"
#include <stdio.h>
#include <string.h>
#include <valetkey/eth.h>

#define SELECTOR_LEN 4
/* What is read of data: an Error's text may have a few words. */
#define DATA_MAX ((size_t)256)

typedef void (*write_fn)(const char *name, vk_bytes arguments, char *out, size_t size);

static void write_plain(const char *name, vk_bytes arguments, char *out, size_t size) {
    (void)arguments;
    snprintf(out, size, "%s", name);
}

static void write_index(const char *name, vk_bytes arguments, char *out, size_t size) {
    size_t index;
    (void)name;
    if (vk_abi_size(arguments, 0, 255, &index) == VK_OK) {
        snprintf(out, size, "PolicyFailed(%zu)", index);
    }
}

static void write_panic(const char *name, vk_bytes arguments, char *out, size_t size) {
    size_t code;
    (void)name;
    if (vk_abi_size(arguments, 0, 255, &code) == VK_OK) {
        snprintf(out, size, "Panic(0x%02zx)", code);
    }
}

static void write_text(const char *name, vk_bytes arguments, char *out, size_t size) {
    vk_bytes text;
    char copy[DATA_MAX], printable[DATA_MAX];
    (void)name;
    if (vk_abi_bytes(arguments, 0, &text) == VK_OK) {
        snprintf(copy, sizeof copy, "%.*s", (int)text.len, (const char *)text.data);
        vk_utf8_copy_printable(copy, printable, sizeof printable);
        snprintf(out, size, "Error(\"%s\")", printable);
    }
}

static const struct {
    const char *signature;
    write_fn write;
} errors[] = {
    {"PolicyFailed(uint256)", write_index},
    {"Panic(uint256)", write_panic},
    {"Error(string)", write_text},
    /* Kernel */
    {"EnableNotApproved()", write_plain},
    {"InvalidMode()", write_plain},
    {"InvalidNonce()", write_plain},
    {"InvalidSelectorData()", write_plain},
    {"InvalidSignature()", write_plain},
    {"InvalidValidationType()", write_plain},
    {"InvalidValidator()", write_plain},
    {"PermissionDataLengthMismatch()", write_plain},
    {"PermissionNotAlllowedForUserOp()", write_plain},
    {"PolicyDataTooLarge()", write_plain},
    {"PolicySignatureOrderError()", write_plain},
    {"SignerPrefixNotPresent()", write_plain},
    /* policies */
    {"CallViolatesParamRule()", write_plain},
    {"CallViolatesTargetRule()", write_plain},
    {"CallViolatesValueRule()", write_plain},
    {"InvalidCallData()", write_plain},
    {"InvalidCallType()", write_plain},
    {"ParamTooShort()", write_plain},
    {"RateLimited()", write_plain},
};

static void write_error(vk_bytes data, char *out, size_t size) {
    if (data.len == 0) {
        snprintf(out, size, VK_REVERT_EMPTY);
        return;
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0] && data.len >= SELECTOR_LEN; i++) {
        const char *signature = errors[i].signature;
        vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)signature, strlen(signature)});
        if (memcmp(hash.b, data.data, SELECTOR_LEN) == 0) {
            vk_bytes arguments = {data.data + SELECTOR_LEN, data.len - SELECTOR_LEN};
            errors[i].write(signature, arguments, out, size);
            return;
        }
    }
}

/* The data behind "AA23 reverted"; NULL if there is none. */
static const char *find_data(const char *code) {
    static const char reverted[] = " reverted";
    const char *at = code + 4;
    if (strncmp(at, reverted, strlen(reverted)) != 0) {
        return NULL;
    }
    at += strlen(reverted);
    at += *at == ':' ? 1 : 0;
    return strncmp(at, " 0x", 3) == 0 ? at + 1 : NULL;
}

/* As much of it as there is room for. */
static vk_status read_data(const char *text, vk_buf *out) {
    size_t digits = strspn(text + 2, "0123456789abcdefABCDEF");
    size_t taken = digits / 2 < DATA_MAX ? digits / 2 : DATA_MAX;
    return vk_hex_read(text, 2 + 2 * taken, DATA_MAX, out);
}

bool vk_aa_revert(const char *message, char out[VK_AA_REVERT_MAX]) {
    const char *code = vk_aa_find(message);
    const char *text = code == NULL ? NULL : find_data(code);
    char error[VK_AA_REVERT_MAX - 16] = "";
    vk_buf data = {0};
    out[0] = '\0';
    if (text != NULL && read_data(text, &data) == VK_OK) {
        write_error(vk_buf_view(&data), error, sizeof error);
    }
    vk_buf_clear(&data);
    if (error[0] == '\0') {
        return false;
    }
    snprintf(out, VK_AA_REVERT_MAX, "%.4s reverted: %s", code, error);
    vk_utf8_clean(out);
    return true;
}
