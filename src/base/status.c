#include "base/utf8.h"
#include <valetkey/status.h>

#include <stdarg.h>
#include <stdio.h>

static const char *const texts[] = {
    [VK_OK] = "no error",
    [VK_ERR_ARGUMENT] = "the call is wrong",
    [VK_ERR_FORMAT] = "the input is malformed",
    [VK_ERR_RANGE] = "a number does not fit its type",
    [VK_ERR_SIZE] = "the input is too large",
    [VK_ERR_UNSUPPORTED] = "this version or kind is not supported",
    [VK_ERR_MISMATCH] = "a stored value differs from the recomputed one",
    [VK_ERR_SIGNATURE] = "the signature does not verify",
    [VK_ERR_POLICY] = "the policy cannot be accepted",
    [VK_ERR_BUFFER] = "the output buffer is too small",
    [VK_DENIED] = "the policy refuses",
    [VK_ERR_PROHIBITED] = "this is not allowed to this role",
    [VK_ERR_NOT_FOUND] = "there is no such object",
    [VK_ERR_EXISTS] = "it exists already",
    [VK_ERR_PIN_INCORRECT] = "the PIN is wrong",
    [VK_ERR_PIN_LOCKED] = "the PIN is locked after too many wrong tries",
    [VK_ERR_PIN_LENGTH] = "a PIN has 4 to 255 bytes",
    [VK_ERR_PIN_NOT_SET] = "the user PIN has not been set",
    [VK_ERR_NOT_LOGGED_IN] = "this needs a login",
    [VK_ERR_MEMORY] = "out of memory",
    [VK_ERR_STORE] = "the token's file cannot be read or written",
    [VK_ERR_STORE_FULL] = "there is no space left for the token's file",
    [VK_ERR_READ_ONLY] = "the token is read-only",
    [VK_ERR_BUSY] = "another process holds the token's lock",
    [VK_ERR_PERMISSIONS] = "the token directory has unsafe permissions",
    [VK_ERR_INTEGRITY] = "the object fails its integrity check: it was changed outside the token",
    [VK_ERR_CRYPTO] = "a cryptographic library failed",
    [VK_ERR_SERVER] = "a server cannot be reached, or does not do what it was asked",
    [VK_ERR_DEVICE] = "the security key answers what it should not",
    [VK_ERR_REMOVED] = "the security key is not plugged in",
    [VK_ERR_CANCELED] = "the touch was cancelled, or did not come in time",
};

const char *vk_status_text(vk_status status) {
    size_t index = (size_t)status;
    if (index >= sizeof texts / sizeof texts[0] || texts[index] == NULL) {
        return "unknown error";
    }
    return texts[index];
}

vk_status vk_fail(vk_error *err, vk_status status, const char *path, const char *format, ...) {
    if (err == NULL) {
        return status;
    }
    err->status = status;
    snprintf(err->path, sizeof err->path, "%s", path != NULL ? path : "");
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    vk_utf8_clean(err->path);
    vk_utf8_clean(err->message);
    return status;
}
