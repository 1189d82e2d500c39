#include "cli/plugged.h"

#include "cli/pin.h"
#include "cli/store.h"
#include "cli/touch.h"

#include <stdlib.h>
#include <string.h>

#define NAME "FIDO2 security key"

/* ---- Which there are ---- */

static void put_label(const char *text, char label[33]) {
    vk_buf clean = {0};
    vk_put_clean(&clean, (vk_bytes){(const uint8_t *)text, strnlen(text, 32)});
    snprintf(label, 33, "%.*s", (int)clean.len, (const char *)clean.data);
    vk_buf_clear(&clean);
}

static vk_status read_store(const char *path, vk_plugged_key *out, vk_error *err) {
    vk_token *store;
    vk_token_info info;
    vk_status status = vk_token_open(path, &store, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_token_get_info(store, &info);
    vk_token_close(store);
    if (status == VK_OK) {
        put_label(info.label, out->label);
        memcpy(out->serial, info.serial, sizeof out->serial);
    }
    return status;
}

static vk_status meet(const char *home, unsigned timeout, const vk_fido2_place *place,
                      vk_plugged_key *out, vk_error *err) {
    vk_fido2_info info;
    char *store = NULL;
    put_label(place->product != NULL ? place->product : NAME, out->label);
    out->place = strdup(place->path);
    vk_status status =
        out->place != NULL ? vk_device_new(place->path, timeout, &out->device) : VK_ERR_MEMORY;
    if (status == VK_OK) {
        status = vk_fido2_get_info(vk_device_fido2(out->device), &info, err);
    }
    if (status == VK_OK) {
        status = vk_device_find_store(out->device, home, &store, err);
    }
    if (status == VK_OK && store != NULL) {
        status = read_store(store, out, err);
    }
    vk_text_free(store);
    return status;
}

static void drop(vk_plugged_key *key) {
    vk_device_free(key->device);
    free(key->place);
    *key = (vk_plugged_key){0};
}

/* One that does not answer must not hide the others. */
static vk_exit meet_all(vk_cli *cli, const char *home, unsigned timeout,
                        const vk_fido2_places *places, vk_plugged *out) {
    vk_error err = {0};
    out->list = calloc(places->count + 1, sizeof *out->list);
    if (out->list == NULL) {
        return vk_cli_no_memory(cli);
    }
    for (size_t i = 0; i < places->count; i++) {
        vk_plugged_key *key = &out->list[out->count];
        vk_status status = meet(home, timeout, &places->list[i], key, &err);
        if (status == VK_OK) {
            out->count++;
        } else {
            drop(key);
        }
    }
    return VK_EXIT_OK;
}

static vk_exit find_in(vk_cli *cli, const char *home, vk_plugged *out) {
    vk_home_settings settings;
    vk_fido2_places places = {.count = 0};
    vk_error err = {0};
    vk_status status = vk_home_settings_read(home, &settings, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot look for security keys", status, &err);
    }
    if (settings.fido2 == VK_FIDO2_OFF) {
        return VK_EXIT_OK;
    }
    if (settings.fido2 == VK_FIDO2_ON) {
        vk_fido2_places_scan(&places);
    }
    for (size_t i = 0; i < settings.fido2_device_count; i++) {
        vk_fido2_places_add(&places, settings.fido2_devices[i]);
    }
    vk_exit exit = meet_all(cli, home, settings.fido2_timeout, &places, out);
    vk_fido2_places_clear(&places);
    return exit;
}

vk_exit vk_plugged_find(vk_cli *cli, vk_plugged *out) {
    char *home = NULL;
    *out = (vk_plugged){0};
    vk_exit exit = vk_store_home(cli, &home);
    if (exit == VK_EXIT_OK) {
        exit = find_in(cli, home, out);
    }
    vk_text_free(home);
    return exit;
}

void vk_plugged_clear(vk_plugged *keys) {
    for (size_t i = 0; i < keys->count; i++) {
        drop(&keys->list[i]);
    }
    free(keys->list);
    *keys = (vk_plugged){0};
}

/* ---- Which is meant ---- */

static bool is_called(const vk_plugged_key *key, const char *name) {
    return name == NULL || strcmp(key->label, name) == 0 || strcmp(key->place, name) == 0 ||
           (key->serial[0] != '\0' && strcmp(key->serial, name) == 0);
}

static vk_exit none_is_meant(vk_cli *cli, const char *name) {
    if (name == NULL) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no security key");
        return vk_cli_hint(cli, exit,
                           "plug one in; valetkey.conf says which are looked for (fido2, "
                           "fido2-device)");
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no security key \"%s\"", name);
    return vk_cli_hint(cli, exit, "see \"valetkey token list\"");
}

static vk_exit several_are_meant(vk_cli *cli, const vk_plugged *keys, vk_option option) {
    const char *name = vk_opt(cli, option);
    vk_buf places = {0};
    for (size_t i = 0; i < keys->count; i++) {
        if (is_called(&keys->list[i], name)) {
            vk_buf_printf(&places, "%s%s", places.len > 0 ? ", " : "", keys->list[i].place);
        }
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE, "there are several security keys%s%s%s",
                               name != NULL ? " called \"" : "", name != NULL ? name : "",
                               name != NULL ? "\"" : "");
    exit = vk_cli_hint(cli, exit, "choose one by its place with --%s: %.*s", vk_opt_name(option),
                       (int)places.len, (const char *)places.data);
    vk_buf_clear(&places);
    return exit;
}

vk_exit vk_plugged_choose(vk_cli *cli, const vk_plugged *keys, vk_option option,
                          const vk_plugged_key **out) {
    const char *name = vk_opt(cli, option);
    size_t matches = 0;
    for (size_t i = 0; i < keys->count; i++) {
        if (is_called(&keys->list[i], name)) {
            *out = &keys->list[i];
            matches++;
        }
    }
    if (matches == 1) {
        return VK_EXIT_OK;
    }
    return matches == 0 ? none_is_meant(cli, name) : several_are_meant(cli, keys, option);
}

/* ---- Its user ---- */

static vk_exit use_pin(vk_cli *cli, const vk_plugged_key *key) {
    vk_pin pin = {0};
    vk_error err = {0};
    vk_exit exit = vk_pin_device(cli, &pin);
    if (exit == VK_EXIT_OK) {
        vk_status status = vk_device_log_in(key->device, NULL, pin.text, pin.len, &err);
        exit = status == VK_OK ? VK_EXIT_OK
                               : vk_cli_fail_with(cli, "cannot use the security key", status, &err);
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

vk_exit vk_plugged_log_in(vk_cli *cli, const vk_plugged_key *key, bool needs_user) {
    vk_fido2_info info;
    vk_error err = {0};
    vk_status status = vk_fido2_get_info(vk_device_fido2(key->device), &info, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot use the security key", status, &err);
    }
    bool has_file = vk_opt_flag(cli, VK_OPT_DEVICE_PIN_FILE);
    if (has_file || (info.has_pin && !info.has_uv)) {
        return use_pin(cli, key);
    }
    if (info.has_uv || !needs_user) {
        return VK_EXIT_OK;
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_PIN, "the security key has no PIN, so it cannot verify its user");
    return vk_cli_hint(cli, exit, "set its PIN first, or say --touch-only");
}

/* ---- Unlocking a token ---- */

bool vk_plugged_pin_is_for_login(const vk_cli *cli) {
    bool is_for_another =
        cli->options.command->run == vk_cmd_token_enroll || vk_opt_flag(cli, VK_OPT_STEP_UP_DEVICE);
    return vk_opt_flag(cli, VK_OPT_DEVICE_PIN_FILE) &&
           (vk_opt_flag(cli, VK_OPT_UNLOCK) || !is_for_another);
}

vk_exit vk_plugged_is_meant(vk_cli *cli, vk_token *token, bool *out) {
    vk_token_info info;
    vk_status status = vk_token_get_info(token, &info);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    bool has_pin = vk_opt_flag(cli, VK_OPT_PIN_FILE) || vk_opt_flag(cli, VK_OPT_PIN_FD);
    if (vk_opt_flag(cli, VK_OPT_UNLOCK) && has_pin) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--unlock and the user's PIN exclude each other");
    }
    bool by_itself =
        info.touch_enrolments > 0 || !info.user_pin_set || vk_opt_flag(cli, VK_OPT_DEVICE_PIN_FILE);
    *out = vk_opt_flag(cli, VK_OPT_UNLOCK) || (!has_pin && info.enrolments > 0 && by_itself);
    return VK_EXIT_OK;
}

typedef struct chosen {
    const vk_plugged_key *key;
    vk_enrolment enrolment;
    bool needs_pin;         /* nothing else verifies its user */
    bool is_one_of_several; /* whose PIN it is cannot be told, and each counts wrong ones */
} chosen;

static bool find_with(const vk_plugged *keys, vk_token *token, bool has_pin, chosen *out) {
    vk_error err = {0};
    bool is_chosen = false;
    *out = (chosen){.key = NULL};
    for (size_t i = 0; i < keys->count && !is_chosen; i++) {
        vk_enrolment found;
        if (vk_device_find_enrolment(keys->list[i].device, token, has_pin, &found, &err) != VK_OK) {
            continue;
        }
        bool needs_pin = has_pin && found.verified;
        if (out->key == NULL) {
            *out = (chosen){.key = &keys->list[i], .enrolment = found, .needs_pin = needs_pin};
        } else {
            out->is_one_of_several = out->is_one_of_several || needs_pin;
        }
        is_chosen = !out->needs_pin;
    }
    return out->key != NULL;
}

/* One that wants no PIN comes first, unless there is a PIN. */
static bool find_enrolled(const vk_cli *cli, const vk_plugged *keys, vk_token *token, chosen *out) {
    bool has_pin = vk_plugged_pin_is_for_login(cli);
    return find_with(keys, token, has_pin, out) || find_with(keys, token, true, out);
}

static vk_exit none_is_enrolled(vk_cli *cli) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                               "no security key that is plugged in unlocks the token \"%s\"",
                               cli->token_label);
    return vk_cli_hint(cli, exit, "see \"valetkey token enrollments\", or give the user's PIN");
}

static vk_exit log_in(vk_cli *cli, vk_token *token, const chosen *with, const vk_pin *pin) {
    uint8_t secret[32];
    vk_error err = {0};
    vk_touch_say(with->enrolment.name, "to unlock the token");
    vk_status status = vk_device_ask_secret(with->key->device, &with->enrolment,
                                            (vk_bytes){pin->text, pin->len}, secret, &err);
    if (status == VK_OK) {
        status = vk_token_login_enrolled(token, with->enrolment.id, secret);
    }
    vk_wipe(secret, sizeof secret);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot unlock the token", status, &err);
}

vk_exit vk_plugged_are_several(vk_cli *cli) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                               "several security keys that are plugged in unlock the token \"%s\" "
                               "by PIN",
                               cli->token_label);
    return vk_cli_hint(cli, exit, "leave the one plugged in whose PIN you give");
}

static vk_exit unlock_with(vk_cli *cli, const vk_plugged *keys, vk_token *token, bool *found) {
    chosen with = {0};
    vk_pin pin = {0};
    *found = find_enrolled(cli, keys, token, &with);
    if (!*found) {
        return VK_EXIT_OK;
    }
    if (with.is_one_of_several) {
        return vk_plugged_are_several(cli);
    }
    vk_exit exit = with.needs_pin ? vk_pin_device(cli, &pin) : VK_EXIT_OK;
    if (exit == VK_EXIT_OK) {
        exit = log_in(cli, token, &with, &pin);
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

vk_exit vk_plugged_unlock(vk_cli *cli, vk_token *token, bool must, bool *found) {
    vk_plugged keys;
    *found = false;
    vk_exit exit = vk_plugged_find(cli, &keys);
    if (exit == VK_EXIT_OK) {
        exit = unlock_with(cli, &keys, token, found);
    }
    vk_plugged_clear(&keys);
    return exit == VK_EXIT_OK && must && !*found ? none_is_enrolled(cli) : exit;
}

vk_exit vk_plugged_check_any(vk_cli *cli) {
    vk_token *token = NULL;
    vk_token_info info;
    vk_exit exit = vk_store_open(cli, &token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_token_get_info(token, &info);
    vk_token_close(token);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    if (info.enrolments > 0) {
        return VK_EXIT_OK;
    }
    exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "no security key unlocks the token \"%s\"",
                       cli->token_label);
    return vk_cli_hint(cli, exit, "let one do so with \"valetkey token enroll\"");
}
