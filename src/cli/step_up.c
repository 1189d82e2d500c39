#include "cli/step_up.h"

#include "base/json.h"
#include "cli/input.h"
#include "cli/plugged.h"
#include "cli/touch.h"
#include "keys/keys.h"

#include <string.h>

/* ---- Options ---- */

bool vk_step_up_given(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_STEP_UP) || vk_opt_flag(cli, VK_OPT_STEP_UP_DEVICE) ||
           vk_opt_flag(cli, VK_OPT_STEP_UP_ABOVE) || vk_opt_flag(cli, VK_OPT_STEP_UP_UNLESS);
}

static vk_exit check_options(vk_cli *cli) {
    bool has_when =
        vk_opt_flag(cli, VK_OPT_STEP_UP_ABOVE) || vk_opt_flag(cli, VK_OPT_STEP_UP_UNLESS);
    bool has_device = vk_opt_flag(cli, VK_OPT_STEP_UP_DEVICE);
    if (vk_opt_flag(cli, VK_OPT_STEP_UP) && (has_device || has_when)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--step-up is a whole rule: it excludes the other options about it");
    }
    if (has_device != has_when) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--step-up-device goes with --step-up-above or --step-up-unless");
    }
    return VK_EXIT_OK;
}

static vk_exit check_rule(vk_cli *cli, const vk_buf *json) {
    vk_step_up rule;
    vk_error err = {0};
    if (vk_buf_status(json) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    vk_status status = vk_step_up_read((const char *)json->data, json->len, &rule, &err);
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "the step-up rule", &err);
    }
    vk_step_up_clear(&rule);
    return VK_EXIT_OK;
}

static vk_exit read_rule(vk_cli *cli, vk_buf *json) {
    vk_buf text = {0};
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_STEP_UP), VK_STEP_UP_JSON_MAX, &text);
    if (exit == VK_EXIT_OK) {
        vk_bytes rule = vk_trim(vk_buf_view(&text));
        vk_buf_put(json, rule.data, rule.len);
        exit = check_rule(cli, json);
    }
    vk_buf_clear(&text);
    return exit;
}

/* ---- A rule for a new credential ---- */

/* What is not touched for: {"name":"...","policies":[...]}, or the rules alone. */
typedef struct usual {
    char name[VK_STEP_UP_NAME_MAX + 1];
    char *policies; /* JSON; NULL: no such rules */
} usual;

static vk_exit take_usual(vk_cli *cli, const cJSON *json, usual *out) {
    static const char *const names[] = {"name", "policies", NULL};
    const char *name = "usual";
    vk_error err = {0};
    vk_path path = {.text = ""};
    const cJSON *rules = json;
    vk_status status = VK_OK;
    if (!cJSON_IsArray(json)) {
        status = vk_json_only(json, names, &path, &err);
        if (status == VK_OK) {
            status = vk_json_text(json, "name", &path, &name, &err);
        }
        rules = vk_json_get(json, "policies");
    }
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "--step-up-unless", &err);
    }
    if (rules == NULL || strlen(name) > VK_STEP_UP_NAME_MAX) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           "--step-up-unless: a name of at most %d bytes, and policies",
                           VK_STEP_UP_NAME_MAX);
    }
    snprintf(out->name, sizeof out->name, "%s", name);
    out->policies = vk_json_print(rules);
    return out->policies != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit read_usual(vk_cli *cli, usual *out) {
    vk_buf text = {0};
    cJSON *json = NULL;
    vk_error err = {0};
    if (!vk_opt_flag(cli, VK_OPT_STEP_UP_UNLESS)) {
        return VK_EXIT_OK;
    }
    vk_exit exit =
        vk_read_file(cli, vk_opt(cli, VK_OPT_STEP_UP_UNLESS), VK_STEP_UP_JSON_MAX, &text);
    if (exit == VK_EXIT_OK &&
        vk_json_parse(vk_buf_view(&text), VK_STEP_UP_JSON_MAX, &json, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "--step-up-unless", &err);
    }
    if (exit == VK_EXIT_OK) {
        exit = take_usual(cli, json, out);
        cJSON_Delete(json);
    }
    vk_buf_clear(&text);
    return exit;
}

/* Everything but the credential is checked before the security key is asked for one. */
static vk_exit write_rule(vk_cli *cli, const vk_step_up_device *device, const usual *unless,
                          vk_buf *json) {
    char above[79];
    vk_u256 wei;
    bool has_above = vk_opt_flag(cli, VK_OPT_STEP_UP_ABOVE);
    vk_exit exit = has_above ? vk_read_wei(cli, VK_OPT_STEP_UP_ABOVE, &wei) : VK_EXIT_OK;
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    if (has_above) {
        vk_u256_decimal(&wei, above);
    }
    vk_step_up_write(device, has_above ? above : NULL, unless->name, unless->policies, json);
    return check_rule(cli, json);
}

static vk_exit check_rest(vk_cli *cli, const usual *unless) {
    vk_buf json = {0};
    vk_step_up_device any = {.name = "any", .rp_id = "any", .credential_id_len = 1};
    static const uint8_t secret[32] = {[31] = 1};
    if (vk_key_public(VK_CURVE_P256, secret, any.point65) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = write_rule(cli, &any, unless, &json);
    vk_buf_clear(&json);
    return exit;
}

static vk_exit make_credential(vk_cli *cli, vk_step_up_device *out) {
    vk_plugged keys;
    const vk_plugged_key *key = NULL;
    vk_error err = {0};
    vk_exit exit = vk_plugged_find(cli, &keys);
    if (exit == VK_EXIT_OK) {
        exit = vk_plugged_choose(cli, &keys, VK_OPT_STEP_UP_DEVICE, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_plugged_log_in(cli, key, false);
    }
    if (exit == VK_EXIT_OK) {
        vk_touch_say(key->label, "to make a credential for the step-up rule");
        vk_status status = vk_device_make_step_up(key->device, key->label, out, &err);
        exit = status == VK_OK ? VK_EXIT_OK
                               : vk_cli_fail_with(cli, "cannot make a credential", status, &err);
    }
    vk_plugged_clear(&keys);
    return exit;
}

static vk_exit make_rule(vk_cli *cli, vk_buf *json) {
    usual unless = {.policies = NULL};
    vk_step_up_device device;
    vk_exit exit = read_usual(cli, &unless);
    if (exit == VK_EXIT_OK) {
        exit = check_rest(cli, &unless);
    }
    if (exit == VK_EXIT_OK) {
        exit = make_credential(cli, &device);
    }
    if (exit == VK_EXIT_OK) {
        exit = write_rule(cli, &device, &unless, json);
    }
    vk_text_free(unless.policies);
    return exit;
}

vk_exit vk_step_up_from_options(vk_cli *cli, vk_buf *json) {
    vk_exit exit = check_options(cli);
    if (exit != VK_EXIT_OK || !vk_step_up_given(cli)) {
        return exit;
    }
    return vk_opt_flag(cli, VK_OPT_STEP_UP) ? read_rule(cli, json) : make_rule(cli, json);
}

/* ---- Shown ---- */

void vk_step_up_say(vk_out *out, const vk_key_info *key) {
    vk_buf text = {0};
    if (!key->has_step_up) {
        vk_out_null(out, "stepUp");
        return;
    }
    vk_step_up_describe(&key->step_up, &text);
    char *words = vk_buf_take_text(&text);
    vk_say_in(out, VK_STYLE_HEAD, "Touch\n");
    vk_say_lines(out, "  ", words != NULL ? words : "");
    vk_text_free(words);
    vk_out_raw(out, "stepUp", vk_buf_view(&key->step_up_json));
}

/* ---- Before it is asked for ---- */

void vk_step_up_announce(const vk_key_info *key, const vk_grant *grant, const vk_userop *op) {
    char reason[VK_REASON_MAX];
    bool needed = false;
    if (key->has_step_up && grant != NULL &&
        vk_step_up_judge(&key->step_up, grant, op, &needed, reason) == VK_OK && needed) {
        vk_buf why = {0};
        vk_buf_printf(&why, "to sign (%s)", reason);
        char *text = vk_buf_take_text(&why);
        vk_touch_say(key->step_up.device.name, text != NULL ? text : "to sign");
        vk_text_free(text);
    }
}

void vk_step_up_announce_other(const vk_key_info *key, const char *what) {
    char why[64];
    if (key->has_step_up) {
        snprintf(why, sizeof why, "to sign %s", what);
        vk_touch_say(key->step_up.device.name, why);
    }
}
