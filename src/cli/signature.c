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

/* What the token has kept about a file that was edited, or put back from a copy. */
static vk_exit tell_damage(vk_cli *cli, const vk_key_info *key, CK_RV rv) {
    vk_buf kept = {0};
    vk_exit exit = vk_key_denial(cli, key->object, &kept);
    const char *text = (const char *)kept.data;
    if (exit == VK_EXIT_OK && strncmp(text, "anchor: ", strlen("anchor: ")) == 0) {
        exit = vk_cli_fail(cli, VK_EXIT_TAMPERED, "cannot sign: %s", text);
    } else if (exit == VK_EXIT_OK) {
        exit = vk_cli_fail_rv(cli, "cannot sign", rv);
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

/* A touch that did not come; a security key's own slot says so by itself. */
static vk_exit fail_touch(vk_cli *cli, const vk_key_info *key, CK_RV rv) {
    const char *name = key->step_up.device.name;
    if (!key->has_step_up) {
        return vk_cli_fail_rv(cli, "cannot sign", rv);
    }
    if (rv == CKR_DEVICE_REMOVED) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "cannot sign: this needs a touch of the security key \"%s\", "
                                   "which is not plugged in",
                                   name);
        return vk_cli_hint(cli, exit, "\"valetkey explain\" says why the touch is needed");
    }
    return vk_cli_fail(cli, VK_EXIT_SYSTEM,
                       "cannot sign: the security key \"%s\" was not touched in time, or that was "
                       "cancelled",
                       name);
}

vk_exit vk_signature_make(vk_cli *cli, CK_MECHANISM_TYPE mechanism, const vk_key_info *key,
                          vk_bytes payload, vk_buf *out) {
    vk_touch_say_slot(cli, "to sign");
    CK_RV rv = run(cli, mechanism, key, payload, out);
    if (rv == CKR_DEVICE_ERROR) {
        return tell_damage(cli, key, rv);
    }
    if (rv == CKR_DEVICE_REMOVED || rv == CKR_FUNCTION_CANCELED) {
        return fail_touch(cli, key, rv);
    }
    if (rv == CKR_TOKEN_WRITE_PROTECTED) {
        return fail_read_only(cli, rv);
    }
    if (rv == CKR_FUNCTION_REJECTED || rv == CKR_KEY_FUNCTION_NOT_PERMITTED) {
        return tell_refusal(cli, key);
    }
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot sign", rv);
}
