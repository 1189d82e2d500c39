/* What the codes of CTAP and libfido2 mean here. */
#include "keys/fido2_device.h"

typedef struct meaning {
    int code;
    vk_status status;
    const char *path;
    const char *sentence;
} meaning;

static const meaning meanings[] = {
    {FIDO_ERR_PIN_INVALID, VK_ERR_PIN_INCORRECT, "", "the PIN of the security key is wrong"},
    {FIDO_ERR_PIN_AUTH_INVALID, VK_ERR_PIN_INCORRECT, "",
     "the security key does not accept the PIN any more: log in again"},
    {FIDO_ERR_PIN_AUTH_BLOCKED, VK_ERR_PIN_LOCKED, "",
     "after three wrong PINs in a row the security key wants to be unplugged and plugged in again"},
    {FIDO_ERR_PIN_BLOCKED, VK_ERR_PIN_LOCKED, "",
     "the PIN of the security key is locked: only a reset, which wipes it, helps"},
    {FIDO_ERR_UV_BLOCKED, VK_ERR_PIN_LOCKED, "",
     "the built-in verification of the security key is locked: use its PIN"},
    {FIDO_ERR_UV_INVALID, VK_ERR_PIN_INCORRECT, "",
     "the built-in verification of the security key did not recognise the user"},
    {FIDO_ERR_PIN_NOT_SET, VK_ERR_PIN_NOT_SET, "",
     "the security key has no PIN: set one first (C_SetPIN with an empty old one)"},
    {FIDO_ERR_PIN_REQUIRED, VK_ERR_NOT_LOGGED_IN, "", "the security key wants its PIN"},
    {FIDO_ERR_PIN_POLICY_VIOLATION, VK_ERR_PIN_LENGTH, "",
     "the security key does not take such a PIN: it is too short, or too common"},
    {FIDO_ERR_PIN_TOKEN_EXPIRED, VK_ERR_NOT_LOGGED_IN, "", "the security key wants its PIN again"},
    {FIDO_ERR_UNAUTHORIZED_PERM, VK_ERR_PROHIBITED, "", "the security key does not allow this"},
    {FIDO_ERR_NO_CREDENTIALS, VK_ERR_NOT_FOUND, "",
     "the credential is not on this security key: it is another one, or was reset"},
    {FIDO_ERR_INVALID_CREDENTIAL, VK_ERR_NOT_FOUND, "",
     "the credential is not on this security key: it is another one, or was reset"},
    {FIDO_ERR_NOTFOUND, VK_ERR_NOT_FOUND, "", "the credential is not on this security key"},
    {FIDO_ERR_OPERATION_DENIED, VK_DENIED, "touch", "it was declined on the security key"},
    {FIDO_ERR_NOT_ALLOWED, VK_ERR_PROHIBITED, "",
     "the security key does not allow this now: for a reset it has to be just plugged in"},
    {FIDO_ERR_KEEPALIVE_CANCEL, VK_ERR_CANCELED, "", "the touch was cancelled"},
    {FIDO_ERR_ACTION_TIMEOUT, VK_ERR_CANCELED, "", "the security key was not touched in time"},
    {FIDO_ERR_USER_ACTION_TIMEOUT, VK_ERR_CANCELED, "", "the security key was not touched in time"},
    {FIDO_ERR_KEY_STORE_FULL, VK_ERR_STORE_FULL, "",
     "the security key has no space for another credential"},
    {FIDO_ERR_CREDENTIAL_EXCLUDED, VK_ERR_EXISTS, "", "the credential is there already"},
    {FIDO_ERR_UNSUPPORTED_ALGORITHM, VK_ERR_UNSUPPORTED, "",
     "the security key cannot make ES256 credentials"},
    {FIDO_ERR_UNSUPPORTED_OPTION, VK_ERR_UNSUPPORTED, "",
     "the security key does not have what was asked for: discoverable credentials, or user "
     "verification"},
    {FIDO_ERR_UNSUPPORTED_EXTENSION, VK_ERR_UNSUPPORTED, "",
     "the security key does not have an extension that was asked for"},
    {FIDO_ERR_INVALID_OPTION, VK_ERR_UNSUPPORTED, "",
     "the security key does not take an option that was asked for"},
    {FIDO_ERR_INVALID_COMMAND, VK_ERR_UNSUPPORTED, "", "the security key cannot do this"},
    {FIDO_ERR_CHANNEL_BUSY, VK_ERR_BUSY, "", "another program uses the security key"},
    {FIDO_ERR_RX_NOT_CBOR, VK_ERR_DEVICE, "",
     "the answer of the security key is wrong: it is not the CBOR of CTAP2"},
    {FIDO_ERR_RX_INVALID_CBOR, VK_ERR_DEVICE, "",
     "the answer of the security key is wrong: it is not the CBOR of CTAP2"},
    {FIDO_ERR_TX, VK_ERR_REMOVED, "", "the security key is gone"},
    {FIDO_ERR_RX, VK_ERR_REMOVED, "", "the security key is gone"},
};

vk_status vk_fido2_explain(int code, vk_error *err) {
    if (code == FIDO_OK) {
        return VK_OK;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == code) {
            return vk_fail(err, meanings[i].status, meanings[i].path, "%s", meanings[i].sentence);
        }
    }
    /* Negative ones are libfido2's own. */
    return code < 0
               ? vk_fail(err, VK_ERR_DEVICE, NULL,
                         "the security key does not do what it was asked: %s", fido_strerr(code))
               : vk_fail(err, VK_ERR_DEVICE, NULL,
                         "the security key does not do what it was asked: status 0x%02x, %s",
                         (unsigned)code, fido_strerr(code));
}

vk_status vk_fido2_wrong(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_DEVICE, NULL, "the answer of the security key is wrong: %s", what);
}
