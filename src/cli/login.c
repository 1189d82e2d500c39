/* Logins to the token in use: with a PIN, or with a security key that unlocks it. */
#include "cli/pin.h"
#include "cli/plugged.h"
#include "cli/session.h"
#include "cli/touch.h"

#include "pkcs11/ck3.h"

#include <dlfcn.h>
#include <string.h>

/* ---- With a PIN ---- */

/* What is left after a wrong PIN. */
static vk_exit hint_tries(vk_cli *cli, vk_exit exit) {
    vk_token_entry token;
    if (vk_token_entry_get(cli, cli->slot, &token) != VK_EXIT_OK) {
        return exit;
    }
    if ((token.flags & CKF_USER_PIN_LOCKED) != 0) {
        return vk_cli_hint(cli, exit, "the PIN is locked now; the SO can set a new one");
    }
    if ((token.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
        return vk_cli_hint(cli, exit, "one more wrong PIN locks it");
    }
    return vk_cli_hint(cli, exit, "too many wrong tries in a row lock it");
}

static vk_exit log_in(vk_cli *cli, CK_USER_TYPE role, vk_pin *pin) {
    CK_RV rv = cli->module.f->C_Login(cli->session, role, pin->text, pin->len);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
        return VK_EXIT_OK;
    }
    if (rv == CKR_FUNCTION_REJECTED && cli->is_security_key) {
        return vk_cli_fail(cli, VK_EXIT_PIN,
                           "cannot log in to the token: it was declined on the security key");
    }
    vk_exit exit = vk_cli_fail_rv(cli, "cannot log in to the token", rv);
    return rv == CKR_PIN_INCORRECT && role == CKU_USER ? hint_tries(cli, exit) : exit;
}

/* A security key that has keys wants a touch for what the token keeps about them. */
static void say_store_touch(const vk_cli *cli) {
    CK_TOKEN_INFO info;
    if (cli->is_security_key && cli->module.f->C_GetTokenInfo(cli->slot, &info) == CKR_OK &&
        info.serialNumber[0] != ' ') {
        vk_touch_say(NULL, "to log in");
    }
}

static vk_exit log_in_with_pin(vk_cli *cli) {
    vk_pin pin = {0};
    vk_exit exit = cli->is_security_key && vk_opt_flag(cli, VK_OPT_DEVICE_PIN_FILE)
                       ? vk_pin_device(cli, &pin)
                       : vk_pin_user(cli, false, &pin);
    if (exit == VK_EXIT_OK) {
        say_store_touch(cli);
        exit = log_in(cli, CKU_USER, &pin);
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

/* ---- With a security key ---- */

static CK_RV login_named(vk_cli *cli, vk_pin *pin) {
    CK_UTF8CHAR name[] = "fido2";
    CK_C_GetInterface get = NULL;
    CK_INTERFACE *interface = NULL;
    CK_VERSION version = {3, 0};
    *(void **)&get = dlsym(cli->module.handle, "C_GetInterface");
    if (get == NULL || get(NULL, &version, &interface, 0) != CKR_OK || interface == NULL) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    const CK_FUNCTION_LIST_3_0 *f = interface->pFunctionList;
    return f->C_LoginUser(cli->session, CKU_USER, pin->text, pin->len, name, sizeof name - 1);
}

static vk_exit fail_unlock(vk_cli *cli, CK_RV rv) {
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
        return VK_EXIT_OK;
    }
    if (rv == CKR_DEVICE_REMOVED) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "no security key that is plugged in unlocks the token \"%s\"",
                                   cli->token_label);
        return vk_cli_hint(cli, exit, "see \"valetkey token enrollments\", or give the user's PIN");
    }
    if (rv == CKR_ARGUMENTS_BAD) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "no security key unlocks the token \"%s\"",
                           cli->token_label);
    }
    if (rv == CKR_ACTION_PROHIBITED) {
        return vk_plugged_are_several(cli);
    }
    if (rv == CKR_FUNCTION_REJECTED) {
        return vk_cli_fail(cli, VK_EXIT_PIN,
                           "cannot unlock the token: it was declined on the security key");
    }
    return vk_cli_fail_rv(cli, "cannot unlock the token with the security key", rv);
}

static vk_exit unlock_with_pin(vk_cli *cli) {
    vk_pin pin = {0};
    vk_exit exit = vk_pin_device(cli, &pin);
    if (exit == VK_EXIT_OK) {
        vk_touch_say(NULL, "to unlock the token");
        exit = fail_unlock(cli, login_named(cli, &pin));
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

/* *is_there: a security key that is enrolled, and needs no PIN. */
static vk_exit unlock(vk_cli *cli, bool *is_there) {
    vk_touch_say(NULL, "to unlock the token");
    CK_RV rv = cli->module.f->C_Login(cli->session, CKU_USER, NULL, 0);
    *is_there = rv != CKR_DEVICE_REMOVED && rv != CKR_ARGUMENTS_BAD;
    return *is_there ? fail_unlock(cli, rv) : VK_EXIT_OK;
}

/* Who said nothing of security keys has a PIN, too. */
static vk_exit unlock_or_ask(vk_cli *cli, bool needs_no_pin) {
    bool is_there = false;
    bool is_wanted = vk_opt_flag(cli, VK_OPT_UNLOCK);
    vk_exit exit = needs_no_pin ? unlock(cli, &is_there) : VK_EXIT_OK;
    if (is_there || exit != VK_EXIT_OK) {
        return exit;
    }
    return is_wanted ? unlock_with_pin(cli) : log_in_with_pin(cli);
}

/* ---- Either ---- */

static vk_exit check_options(vk_cli *cli, bool has_pin) {
    if (has_pin && vk_opt_flag(cli, VK_OPT_UNLOCK)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--unlock and the user's PIN exclude each other");
    }
    if (cli->is_security_key && vk_opt_flag(cli, VK_OPT_UNLOCK)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--unlock is for ordinary tokens; \"%s\" is a security key itself",
                           cli->token_label);
    }
    return VK_EXIT_OK;
}

static vk_exit choose_login(vk_cli *cli) {
    vk_token_entry token;
    vk_exit exit = vk_token_entry_get(cli, cli->slot, &token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    bool has_device_pin = vk_plugged_pin_is_for_login(cli);
    if (has_device_pin && cli->is_security_key) {
        return log_in_with_pin(cli);
    }
    if (has_device_pin || vk_opt_flag(cli, VK_OPT_UNLOCK)) {
        exit = vk_plugged_check_any(cli);
    }
    if (exit != VK_EXIT_OK || has_device_pin) {
        return exit != VK_EXIT_OK ? exit : unlock_with_pin(cli);
    }
    bool needs_no_pin = (token.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    return unlock_or_ask(cli, needs_no_pin);
}

vk_exit vk_session_login_user(vk_cli *cli) {
    bool has_pin = vk_opt_flag(cli, VK_OPT_PIN_FILE) || vk_opt_flag(cli, VK_OPT_PIN_FD);
    vk_exit exit = check_options(cli, has_pin);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return has_pin ? log_in_with_pin(cli) : choose_login(cli);
}

vk_exit vk_session_begin_so(vk_cli *cli) {
    vk_pin pin = {0};
    vk_exit exit = vk_session_begin(cli, true);
    if (exit == VK_EXIT_OK) {
        exit = vk_pin_so(cli, false, &pin);
    }
    if (exit == VK_EXIT_OK) {
        exit = log_in(cli, CKU_SO, &pin);
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

vk_exit vk_session_begin_user(vk_cli *cli, bool writable) {
    vk_exit exit = vk_session_begin(cli, writable);
    return exit == VK_EXIT_OK ? vk_session_login_user(cli) : exit;
}
