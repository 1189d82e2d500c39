#include "cli/input.h"
#include "cli/makekey.h"
#include "cli/session.h"
#include "cli/step_up.h"
#include "cli/touch.h"

vk_exit vk_new_key_generate(vk_cli *cli, const vk_new_key *key, vk_key_pair *out) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    vk_template public_half = {0}, private_half = {0};
    vk_new_key_common(cli, key, &public_half);
    vk_new_key_public(key, &public_half);
    vk_new_key_common(cli, key, &private_half);
    vk_new_key_private(cli, key, &private_half);
    vk_touch_say_slot(cli, "to make the key");
    CK_RV rv = cli->module.f->C_GenerateKeyPair(
        cli->session, &mechanism, public_half.attrs, public_half.count, private_half.attrs,
        private_half.count, &out->public_key, &out->private_key);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot make the key", rv);
}

static vk_exit make_one(vk_cli *cli, vk_new_key *key) {
    vk_key_pair made = {0};
    vk_exit exit = vk_session_begin_user(cli, true);
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_check_label(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_choose_id(cli, key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_generate(cli, key, &made);
    }
    const vk_new_key_news news = {.verb = "Made"};
    return exit == VK_EXIT_OK ? vk_new_key_say(cli, made.public_key, &news) : exit;
}

vk_exit vk_cmd_key_create(vk_cli *cli) {
    vk_new_key key = {0};
    vk_exit exit = vk_new_key_read(cli, &key);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_START) &&
        !vk_opt_flag(cli, VK_OPT_HOW_MANY)) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "--start is for --count only");
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_POLICY)) {
        exit = vk_new_key_read_policy(cli, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_step_up_from_options(cli, &key.step_up);
    }
    if (exit == VK_EXIT_OK) {
        exit =
            vk_opt_flag(cli, VK_OPT_HOW_MANY) ? vk_new_keys_make(cli, &key) : make_one(cli, &key);
    }
    vk_new_key_clear(&key);
    return exit;
}
