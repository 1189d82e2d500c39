/* token init, token list. */
#include "cli/pin.h"
#include "cli/session.h"
#include "cli/store.h"

#include <stdlib.h>
#include <string.h>

static vk_exit read_default_policy(vk_cli *cli, bool *sudo) {
    const char *policy = vk_opt(cli, VK_OPT_DEFAULT_POLICY);
    *sudo = policy != NULL && strcmp(policy, "sudo") == 0;
    if (policy != NULL && !*sudo && strcmp(policy, "none") != 0) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--default-policy is \"%s\", but must be none or sudo", policy);
    }
    return VK_EXIT_OK;
}

static vk_exit check_label(vk_cli *cli) {
    const char *label = vk_opt(cli, VK_OPT_LABEL);
    size_t len = strlen(label);
    if (len == 0 || len > VK_TOKEN_LABEL_LEN) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "a token's label has 1 to %d bytes, not %zu",
                           VK_TOKEN_LABEL_LEN, len);
    }
    vk_token_entry *tokens = NULL;
    size_t count = 0;
    vk_exit exit = vk_token_entries(cli, &tokens, &count);
    for (size_t i = 0; i < count && exit == VK_EXIT_OK; i++) {
        if (strcmp(tokens[i].label, label) == 0) {
            exit = vk_cli_fail(cli, VK_EXIT_INPUT, "there is a token \"%s\" already", label);
            exit = vk_cli_hint(cli, exit, "choose another label");
        }
    }
    free(tokens);
    return exit;
}

/* The slot of the token with this label. */
static vk_exit find_slot(vk_cli *cli, const char *label, CK_SLOT_ID *out) {
    vk_token_entry *tokens = NULL;
    size_t count = 0;
    bool found = false;
    vk_exit exit = vk_token_entries(cli, &tokens, &count);
    for (size_t i = 0; i < count && exit == VK_EXIT_OK; i++) {
        if (strcmp(tokens[i].label, label) == 0) {
            *out = tokens[i].slot;
            found = true;
        }
    }
    free(tokens);
    if (exit == VK_EXIT_OK && !found) {
        exit =
            vk_cli_fail(cli, VK_EXIT_SYSTEM, "the module does not see the new token \"%s\"", label);
    }
    return exit;
}

static vk_exit create(vk_cli *cli, const char *home, vk_token_new *args) {
    vk_token *token = NULL;
    vk_error err = {0};
    vk_home_settings settings = {.default_sudo = args->default_sudo};
    vk_status status = VK_OK;
    if (!vk_opt_flag(cli, VK_OPT_DEFAULT_POLICY)) {
        status = vk_home_settings_read(home, &settings, &err);
    }
    args->default_sudo = settings.default_sudo;
    if (status == VK_OK) {
        status = vk_token_create(home, args, &token, &err);
    }
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot make the token", status, &err);
    }
    vk_token_close(token);
    return VK_EXIT_OK;
}

/* PKCS#11 has no way to say a default policy: this goes to the store. */
static vk_exit init_token(vk_cli *cli, const vk_pin *so_pin, bool *sudo) {
    vk_token_new args = {.label = vk_opt(cli, VK_OPT_LABEL),
                         .so_pin = so_pin->text,
                         .so_pin_len = so_pin->len,
                         .default_sudo = *sudo};
    char *home = NULL;
    vk_exit exit = vk_store_home(cli, &home);
    if (exit == VK_EXIT_OK) {
        exit = create(cli, home, &args);
        *sudo = args.default_sudo;
    }
    vk_text_free(home);
    return exit;
}

static vk_exit set_user_pin(vk_cli *cli, vk_pin *so_pin, vk_pin *pin) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    CK_SLOT_ID slot = 0;
    vk_exit exit = find_slot(cli, vk_opt(cli, VK_OPT_LABEL), &slot);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_open(cli, slot, true);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    CK_RV rv = f->C_Login(cli->session, CKU_SO, so_pin->text, so_pin->len);
    if (rv == CKR_OK) {
        rv = f->C_InitPIN(cli->session, pin->text, pin->len);
    }
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot set the user PIN", rv);
}

static vk_exit check_pin(vk_cli *cli, const char *whose, const vk_pin *pin) {
    if (pin->len < VK_PIN_MIN) {
        return vk_cli_fail(cli, VK_EXIT_PIN, "the %s PIN must have at least %d characters", whose,
                           VK_PIN_MIN);
    }
    return VK_EXIT_OK;
}

static vk_exit get_pins(vk_cli *cli, vk_pin *so_pin, vk_pin *pin) {
    vk_exit exit = vk_pin_so(cli, true, so_pin);
    if (exit == VK_EXIT_OK) {
        exit = check_pin(cli, "SO", so_pin);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_pin_user(cli, true, pin);
    }
    return exit == VK_EXIT_OK ? check_pin(cli, "user", pin) : exit;
}

static vk_exit say_made(vk_cli *cli, bool sudo) {
    vk_token_entry token;
    vk_exit exit = vk_token_entry_get(cli, cli->slot, &token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_say(&cli->out, "Made the token \"%s\" (serial number %s).\n", token.label, token.serial);
    vk_say(&cli->out, "Next: valetkey key create --token '%s' --label LABEL --policy FILE\n",
           token.label);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_text(&cli->out, "label", token.label);
    vk_out_text(&cli->out, "serial", token.serial);
    vk_out_text(&cli->out, "defaultPolicy", sudo ? "sudo" : "none");
    vk_out_close(&cli->out, '}');
    return VK_EXIT_OK;
}

vk_exit vk_cmd_token_init(vk_cli *cli) {
    vk_pin so_pin = {0}, pin = {0};
    bool sudo = false;
    vk_exit exit = read_default_policy(cli, &sudo);
    if (exit == VK_EXIT_OK) {
        exit = vk_module_open(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_label(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = get_pins(cli, &so_pin, &pin);
    }
    if (exit == VK_EXIT_OK) {
        exit = init_token(cli, &so_pin, &sudo);
    }
    if (exit == VK_EXIT_OK) {
        exit = set_user_pin(cli, &so_pin, &pin);
    }
    vk_wipe(&so_pin, sizeof so_pin);
    vk_wipe(&pin, sizeof pin);
    return exit == VK_EXIT_OK ? say_made(cli, sudo) : exit;
}

static const char *pin_state(CK_FLAGS flags, CK_FLAGS locked, CK_FLAGS final, CK_FLAGS low) {
    return (flags & locked) != 0  ? "locked"
           : (flags & final) != 0 ? "one try left"
           : (flags & low) != 0   ? "wrong tries"
                                  : "ok";
}

static const char *user_pin_state(CK_FLAGS flags) {
    if ((flags & CKF_USER_PIN_INITIALIZED) == 0) {
        return "not set";
    }
    return pin_state(flags, CKF_USER_PIN_LOCKED, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_COUNT_LOW);
}

static const char *so_pin_state(CK_FLAGS flags) {
    return pin_state(flags, CKF_SO_PIN_LOCKED, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_COUNT_LOW);
}

static void say_token(vk_out *out, const vk_token_entry *token) {
    bool read_only = (token->flags & CKF_WRITE_PROTECTED) != 0;
    bool is_security_key = token->place[0] != '\0';
    vk_say(out, "%-32s %-16s  %-12s  %s%s%s%s\n", token->label, token->serial,
           user_pin_state(token->flags), so_pin_state(token->flags), read_only ? ", read-only" : "",
           is_security_key ? ", at " : "", token->place);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", token->label);
    vk_out_text(out, "serial", token->serial);
    vk_out_text(out, "userPin", user_pin_state(token->flags));
    vk_out_text(out, "soPin", so_pin_state(token->flags));
    vk_out_bool(out, "readOnly", read_only);
    if (is_security_key) {
        vk_out_text(out, "place", token->place);
    }
    vk_out_close(out, '}');
}

vk_exit vk_cmd_token_list(vk_cli *cli) {
    vk_out *out = &cli->out;
    vk_token_entry *tokens = NULL;
    size_t count = 0;
    vk_exit exit = vk_module_open(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_token_entries(cli, &tokens, &count);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    char head[96];
    snprintf(head, sizeof head, "%-32s %-16s  %-12s  %s\n", "LABEL", "SERIAL", "USER PIN",
             "SO PIN");
    vk_say_in(out, VK_STYLE_HEAD, count > 0 ? head : "There are no tokens.\n");
    vk_out_open(out, NULL, '{');
    vk_out_open(out, "tokens", '[');
    for (size_t i = 0; i < count; i++) {
        say_token(out, &tokens[i]);
    }
    vk_out_close(out, ']');
    vk_out_close(out, '}');
    free(tokens);
    return VK_EXIT_OK;
}
