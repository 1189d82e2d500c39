/* token enroll, token enrollments, token unenroll: security keys that unlock a token. */
#include "cli/input.h"
#include "cli/plugged.h"
#include "cli/store.h"
#include "cli/touch.h"

#include <inttypes.h>
#include <string.h>

static const char *kind_of(const vk_enrolment *enrolment) {
    return enrolment->verified ? "verified" : "touch";
}

static const char *what_unlocks(const vk_enrolment *enrolment) {
    return enrolment->verified ? "its PIN (or a finger) and a touch unlock" : "a touch unlocks";
}

static const char *what_of_pin(bool instead, bool had_pin) {
    if (instead) {
        return ", and the user PIN is gone";
    }
    return had_pin ? ", as the user PIN does" : "";
}

static void put_enrolment(vk_out *out, const vk_enrolment *enrolment) {
    vk_out_u64(out, "id", (uint64_t)enrolment->id);
    vk_out_text(out, "name", enrolment->name);
    vk_out_text(out, "kind", kind_of(enrolment));
}

/* ---- token enrollments ---- */

static void say_enrolment(vk_out *out, const vk_enrolment *enrolment) {
    vk_say(out, "%-4" PRId64 " %-32s %s\n", enrolment->id, enrolment->name, kind_of(enrolment));
    vk_out_open(out, NULL, '{');
    put_enrolment(out, enrolment);
    vk_out_close(out, '}');
}

static void say_list(vk_out *out, const vk_enrolment *list, size_t count) {
    char head[64];
    snprintf(head, sizeof head, "%-4s %-32s %s\n", "ID", "NAME", "KIND");
    vk_say_in(out, VK_STYLE_HEAD, count > 0 ? head : "No security key unlocks the token.\n");
    vk_out_open(out, NULL, '{');
    vk_out_open(out, "enrollments", '[');
    for (size_t i = 0; i < count; i++) {
        say_enrolment(out, &list[i]);
    }
    vk_out_close(out, ']');
    vk_out_close(out, '}');
}

static vk_exit list_enrolments(vk_cli *cli, vk_token *token) {
    vk_enrolment *list;
    size_t count;
    vk_error err = {0};
    vk_status status = vk_token_enrolments(token, &list, &count, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot read the token", status, &err);
    }
    say_list(&cli->out, list, count);
    vk_enrolments_free(list);
    return VK_EXIT_OK;
}

vk_exit vk_cmd_token_enrollments(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open, list_enrolments);
}

/* ---- token enroll ---- */

static bool comes_as_so(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_SO_PIN_FILE) || vk_opt_flag(cli, VK_OPT_SO_PIN_FD) ||
           vk_opt_flag(cli, VK_OPT_INSTEAD_OF_PIN);
}

static vk_exit open_token(vk_cli *cli, vk_token **out) {
    return comes_as_so(cli) ? vk_store_open_so(cli, out) : vk_store_open_user(cli, out);
}

static vk_exit check(vk_cli *cli) {
    const char *name = vk_opt(cli, VK_OPT_NAME);
    bool as_user = vk_opt_flag(cli, VK_OPT_PIN_FILE) || vk_opt_flag(cli, VK_OPT_PIN_FD) ||
                   vk_opt_flag(cli, VK_OPT_UNLOCK);
    if (as_user && comes_as_so(cli)) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_USAGE, "the user's PIN and the SO's exclude each other here");
        return vk_cli_hint(cli, exit, "--instead-of-pin needs the SO's");
    }
    if (name != NULL && (name[0] == '\0' || strlen(name) > VK_ENROLMENT_NAME_MAX)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--name has 1 to %d bytes", VK_ENROLMENT_NAME_MAX);
    }
    return VK_EXIT_OK;
}

static vk_exit is_no_store(vk_cli *cli, vk_token *token) {
    vk_token_info info;
    vk_status status = vk_token_get_info(token, &info);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    return info.is_device_store
               ? vk_cli_fail(cli, VK_EXIT_INPUT,
                             "\"%s\" has the keys of a security key, which alone unlocks them",
                             cli->token_label)
               : VK_EXIT_OK;
}

/* The newest one is the one that was just added. */
static vk_exit say_enrolled(vk_cli *cli, vk_token *token) {
    vk_enrolment *list;
    size_t count;
    vk_out *out = &cli->out;
    vk_error err = {0};
    vk_token_info info;
    vk_status status = vk_token_get_info(token, &info);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    status = vk_token_enrolments(token, &list, &count, &err);
    if (status != VK_OK || count == 0) {
        return vk_cli_fail_with(cli, "cannot read the token", status, &err);
    }
    const vk_enrolment *new = &list[count - 1];
    bool instead = vk_opt_flag(cli, VK_OPT_INSTEAD_OF_PIN);
    vk_say(out, "Enrolled the security key \"%s\" (number %" PRId64 ") with the token \"%s\".\n",
           new->name, new->id, cli->token_label);
    vk_say(out, "From now on %s the token%s.\n", what_unlocks(new),
           what_of_pin(instead, info.user_pin_set));
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    put_enrolment(out, new);
    vk_out_bool(out, "insteadOfPin", instead);
    vk_out_close(out, '}');
    vk_enrolments_free(list);
    return VK_EXIT_OK;
}

static vk_exit remove_pin(vk_cli *cli, vk_token *token) {
    vk_error err = {0};
    vk_status status = vk_token_remove_user_pin(token, &err);
    if (status == VK_OK || status == VK_ERR_PIN_NOT_SET) {
        return VK_EXIT_OK;
    }
    return vk_cli_fail_with(cli, "the security key is enrolled, but the user PIN cannot be removed",
                            status, &err);
}

static vk_exit enrol_key(vk_cli *cli, vk_token *token, const vk_plugged_key *key) {
    const char *name = vk_opt(cli, VK_OPT_NAME);
    bool touch_only = vk_opt_flag(cli, VK_OPT_TOUCH_ONLY);
    vk_error err = {0};
    vk_exit exit = vk_plugged_log_in(cli, key, !touch_only);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_touch_say(key->label, "twice: for a credential, and for its secret");
    vk_status status =
        vk_device_enrol(key->device, token, name != NULL ? name : key->label, touch_only, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot enroll the security key", status, &err);
    }
    exit = vk_opt_flag(cli, VK_OPT_INSTEAD_OF_PIN) ? remove_pin(cli, token) : VK_EXIT_OK;
    return exit == VK_EXIT_OK ? say_enrolled(cli, token) : exit;
}

static vk_exit enrol(vk_cli *cli, vk_token *token) {
    vk_plugged keys = {0};
    const vk_plugged_key *key = NULL;
    vk_exit exit = is_no_store(cli, token);
    if (exit == VK_EXIT_OK) {
        exit = vk_plugged_find(cli, &keys);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_plugged_choose(cli, &keys, VK_OPT_DEVICE, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = enrol_key(cli, token, key);
    }
    vk_plugged_clear(&keys);
    return exit;
}

vk_exit vk_cmd_token_enroll(vk_cli *cli) {
    vk_exit exit = check(cli);
    return exit == VK_EXIT_OK ? vk_store_with(cli, open_token, enrol) : exit;
}

/* ---- token unenroll ---- */

static vk_exit remove_one(vk_cli *cli, vk_token *token, uint64_t id) {
    vk_error err = {0};
    vk_status status = vk_token_enrolment_remove(token, (int64_t)id, &err);
    if (status == VK_ERR_NOT_FOUND) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                        "no security key with the number %" PRIu64 " unlocks the token \"%s\"", id,
                        cli->token_label);
        return vk_cli_hint(cli, exit, "see \"valetkey token enrollments\"");
    }
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot remove the enrollment", status, &err);
    }
    vk_say(&cli->out, "The security key number %" PRIu64 " does not unlock \"%s\" any more.\n", id,
           cli->token_label);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_u64(&cli->out, "removed", id);
    vk_out_close(&cli->out, '}');
    return VK_EXIT_OK;
}

/* Without a PIN and without another security key only the SO could get in: he is asked, then. */
static vk_exit check_last(vk_cli *cli, vk_token *token) {
    vk_token_info info;
    vk_status status = vk_token_get_info(token, &info);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    if (info.enrolments > 1 || info.user_pin_set || comes_as_so(cli)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                               "it is the last security key that unlocks \"%s\", and there is no "
                               "user PIN",
                               cli->token_label);
    return vk_cli_hint(cli, exit, "enroll another one first, or come as the SO (--so-pin-file)");
}

static vk_exit unenrol(vk_cli *cli, vk_token *token) {
    uint64_t id = 0;
    vk_exit exit = vk_read_u64(cli, VK_OPT_ID, INT64_MAX, &id);
    if (exit == VK_EXIT_OK) {
        exit = check_last(cli, token);
    }
    return exit == VK_EXIT_OK ? remove_one(cli, token, id) : exit;
}

/* What is wrong with the words is said before a PIN is asked for. */
vk_exit vk_cmd_token_unenroll(vk_cli *cli) {
    uint64_t id;
    vk_exit exit = vk_read_u64(cli, VK_OPT_ID, INT64_MAX, &id);
    if (exit == VK_EXIT_OK) {
        exit = check(cli);
    }
    return exit == VK_EXIT_OK ? vk_store_with(cli, open_token, unenrol) : exit;
}
