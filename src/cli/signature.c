#include "cli/signed.h"
#include "cli/touch.h"

#include <string.h>

/* Most signatures fit at once; the module says when one does not. */
#define FIRST_SIZE 4096

static CK_RV sign_once(vk_cli *cli, vk_bytes payload, size_t *size, vk_buf *out) {
    size_t start = out->len;
    CK_ULONG len = *size;
    vk_buf_put_zeros(out, *size);
    if (vk_buf_status(out) != VK_OK) {
        return CKR_HOST_MEMORY;
    }
    /* Cryptoki's input is not const, C_Sign does not write to it. */
    CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)payload.data;
    CK_RV rv = cli->module.f->C_Sign(cli->session, data, payload.len, out->data + start, &len);
    out->len = start + (rv == CKR_OK ? len : 0);
    *size = len;
    return rv;
}

static CK_RV run(vk_cli *cli, CK_MECHANISM_TYPE type, const vk_key_info *key, vk_bytes payload,
                 vk_buf *out) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    size_t size = FIRST_SIZE;
    CK_RV rv = cli->module.f->C_SignInit(cli->session, &mechanism, key->object);
    if (rv == CKR_OK) {
        rv = sign_once(cli, payload, &size, out);
    }
    return rv == CKR_BUFFER_TOO_SMALL ? sign_once(cli, payload, &size, out) : rv;
}

static vk_exit tell_refusal(vk_cli *cli, const vk_key_info *key) {
    vk_buf denial = {0};
    vk_exit exit = vk_key_denial(cli, key->object, &denial);
    if (exit == VK_EXIT_OK) {
        exit = vk_cli_refused(cli, "refused", (const char *)denial.data);
        exit = vk_cli_hint(cli, exit, "\"valetkey explain\" shows what each rule says");
    }
    vk_buf_clear(&denial);
    return exit;
}

/* The rest may be the token's or a security key's. */
static vk_exit fail_other(vk_cli *cli, const vk_key_info *key, CK_RV rv) {
    vk_exit exit = vk_cli_fail_rv(cli, "cannot sign", rv);
    return key->has_step_up
               ? vk_cli_hint(cli, exit,
                             "if a touch is needed, it may be the security key \"%s\": "
                             "VALETKEY_DEBUG=1 says more",
                             key->step_up.device.name)
               : exit;
}

/* What the token has kept about a file that was edited, or put back from a copy. */
static vk_exit tell_damage(vk_cli *cli, const vk_key_info *key, CK_RV rv) {
    vk_buf kept = {0};
    vk_exit exit = vk_key_denial(cli, key->object, &kept);
    const char *text = (const char *)kept.data;
    if (exit == VK_EXIT_OK && strncmp(text, "anchor: ", strlen("anchor: ")) == 0) {
        exit = vk_cli_fail(cli, VK_EXIT_TAMPERED, "cannot sign: %s", text);
    } else if (exit == VK_EXIT_OK) {
        exit = fail_other(cli, key, rv);
    }
    vk_buf_clear(&kept);
    return exit;
}

static vk_exit fail_read_only(vk_cli *cli, CK_RV rv) {
    vk_exit exit = vk_cli_fail_rv(cli, "cannot sign", rv);
    return vk_cli_hint(cli, exit,
                       "a key that counts nothing signs there once the SO has switched the journal "
                       "off: \"valetkey token set --journal off\"");
}

/* What only the security key of a step-up rule can have said, once the key signs at all. */
static const struct touch_failure {
    CK_RV rv;
    vk_exit exit;
    const char *what;
} touch_failures[] = {
    {CKR_DEVICE_REMOVED, VK_EXIT_NOT_FOUND, "is not plugged in, and this needs its touch"},
    {CKR_FUNCTION_CANCELED, VK_EXIT_SYSTEM, "was not touched in time, or that was cancelled"},
    {CKR_USER_NOT_LOGGED_IN, VK_EXIT_PIN, "has to verify its user, and cannot do so by itself"},
    {CKR_PIN_INCORRECT, VK_EXIT_PIN, "did not recognise its user"},
    {CKR_PIN_LOCKED, VK_EXIT_PIN, "does not verify its user any more: that is locked"},
};

static const struct touch_failure *touch_failure(const vk_key_info *key, CK_RV rv) {
    for (size_t i = 0; i < sizeof touch_failures / sizeof touch_failures[0]; i++) {
        if (key->has_step_up && touch_failures[i].rv == rv) {
            return &touch_failures[i];
        }
    }
    return NULL;
}

static vk_exit fail_touch(vk_cli *cli, const vk_key_info *key,
                          const struct touch_failure *failure) {
    vk_exit exit = vk_cli_fail(cli, failure->exit, "cannot sign: the security key \"%s\" %s",
                               key->step_up.device.name, failure->what);
    return vk_cli_hint(cli, exit, "\"valetkey explain\" says why the touch is needed");
}

vk_exit vk_signature_make(vk_cli *cli, CK_MECHANISM_TYPE mechanism, const vk_key_info *key,
                          vk_bytes payload, vk_buf *out) {
    vk_touch_say_slot(cli, "to sign");
    CK_RV rv = run(cli, mechanism, key, payload, out);
    const struct touch_failure *failure = touch_failure(key, rv);
    if (rv == CKR_DEVICE_ERROR) {
        return tell_damage(cli, key, rv);
    }
    if (failure != NULL) {
        return fail_touch(cli, key, failure);
    }
    if (rv == CKR_TOKEN_WRITE_PROTECTED) {
        return fail_read_only(cli, rv);
    }
    if (rv == CKR_FUNCTION_REJECTED || rv == CKR_KEY_FUNCTION_NOT_PERMITTED) {
        return tell_refusal(cli, key);
    }
    return rv == CKR_OK ? VK_EXIT_OK : fail_other(cli, key, rv);
}
