/* account create */
#include "cli/account.h"

#include "cli/input.h"
#include "cli/session.h"
#include <string.h>

/* ---- Options ---- */

static bool is_thirdweb(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_FACTORY);
}

static vk_exit check_options(vk_cli *cli) {
    static const vk_option kernel_only[] = {VK_OPT_KERNEL_VERSION, VK_OPT_VALIDATOR, VK_OPT_INDEX,
                                            VK_OPT_EIP7702};
    if (!is_thirdweb(cli) && !vk_opt_flag(cli, VK_OPT_KERNEL_VERSION)) {
        return vk_cli_fail(
            cli, VK_EXIT_USAGE,
            "say what account: --kernel-version V, or of thirdweb --factory ADDRESS");
    }
    for (size_t i = 0; i < sizeof kernel_only / sizeof kernel_only[0]; i++) {
        if (is_thirdweb(cli) && vk_opt_flag(cli, kernel_only[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is for Kernel accounts only",
                               vk_opt_name(kernel_only[i]));
        }
    }
    static const vk_option thirdweb_only[] = {VK_OPT_IMPLEMENTATION, VK_OPT_CHAIN_ID,
                                              VK_OPT_CHAINS};
    for (size_t i = 0; i < sizeof thirdweb_only / sizeof thirdweb_only[0]; i++) {
        if (!is_thirdweb(cli) && vk_opt_flag(cli, thirdweb_only[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is for thirdweb accounts only here",
                               vk_opt_name(thirdweb_only[i]));
        }
    }
    return VK_EXIT_OK;
}

static vk_exit check_name(vk_cli *cli) {
    const char *name = vk_opt(cli, VK_OPT_NAME);
    return name[0] == '\0' || vk_is_address_text(name)
               ? vk_cli_fail(cli, VK_EXIT_USAGE,
                             "an account's name must not be empty, nor look like an address")
               : VK_EXIT_OK;
}

/* ---- Kernel ---- */

static vk_exit read_validator(vk_cli *cli, vk_root *root) {
    const char *name = vk_opt(cli, VK_OPT_VALIDATOR);
    if (name == NULL) {
        return VK_EXIT_OK;
    }
    vk_root_kind kind = vk_root_kind_read(name);
    if (kind == VK_ROOT_UNKNOWN) {
        return vk_bad_value(cli, VK_OPT_VALIDATOR, "ecdsa, multichain or passkey");
    }
    if ((kind == VK_ROOT_PASSKEY) != (root->kind == VK_ROOT_PASSKEY)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "the validator \"%s\" is not for %s", name,
                           root->kind == VK_ROOT_PASSKEY ? "a passkey owner"
                                                         : "an owner with an address");
    }
    root->kind = kind;
    return VK_EXIT_OK;
}

static vk_exit read_kernel(vk_cli *cli, vk_smart_account *out) {
    vk_exit exit = vk_read_kernel(cli, &out->kernel);
    if (exit == VK_EXIT_OK) {
        exit = read_validator(cli, &out->root);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_INDEX)) {
        exit = vk_read_u256(cli, VK_OPT_INDEX, &out->index);
    }
    out->eip7702 = vk_opt_flag(cli, VK_OPT_EIP7702);
    return exit;
}

/* An index tells the accounts of a factory apart. */
static vk_exit check_index(vk_cli *cli, const vk_smart_account *account) {
    return vk_opt_flag(cli, VK_OPT_INDEX) && !vk_smart_account_has_factory(account)
               ? vk_cli_fail(cli, VK_EXIT_USAGE,
                             "no factory is known that deploys such an account, so --index means "
                             "nothing")
               : VK_EXIT_OK;
}

/* ---- thirdweb ---- */

static vk_exit read_thirdweb(vk_cli *cli, vk_smart_account *out) {
    out->kind = VK_SMART_ACCOUNT_THIRDWEB;
    if (!vk_opt_flag(cli, VK_OPT_IMPLEMENTATION) && !vk_opt_flag(cli, VK_OPT_CHAIN_ID)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "the address depends on the factory's accountImplementation(): give "
                           "--implementation ADDRESS, or --chain-id N to ask the chain's node");
    }
    if (!vk_opt_flag(cli, VK_OPT_ENTRY_POINT)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say which EntryPoint the thirdweb account is deployed for: "
                           "--entry-point 0.6 or --entry-point 0.7");
    }
    vk_exit exit = vk_read_address(cli, VK_OPT_FACTORY, &out->factory);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return vk_opt_flag(cli, VK_OPT_IMPLEMENTATION)
               ? vk_read_address(cli, VK_OPT_IMPLEMENTATION, &out->implementation)
               : vk_account_ask_implementation(cli, &out->factory, &out->implementation);
}

/* ---- Both ---- */

static vk_exit settle(vk_cli *cli, vk_smart_account *out) {
    vk_error err = {0};
    vk_address said = {{0}};
    bool given = vk_opt_flag(cli, VK_OPT_ACCOUNT);
    vk_exit exit = given ? vk_read_address(cli, VK_OPT_ACCOUNT, &said) : VK_EXIT_OK;
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    out->account = said;
    if (vk_smart_account_settle(out, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "no such account can be", &err);
        return !vk_smart_account_is_computed(out) && !given
                   ? vk_cli_hint(cli, exit, "give it with --account ADDRESS")
                   : exit;
    }
    if (given && !vk_address_equal(&said, &out->account)) {
        char text[43];
        vk_address_text(&out->account, text);
        return vk_cli_fail(cli, VK_EXIT_INPUT, "such an account has the address %s, not %s", text,
                           vk_opt(cli, VK_OPT_ACCOUNT));
    }
    return VK_EXIT_OK;
}

static vk_exit read_account(vk_cli *cli, vk_smart_account *out) {
    vk_exit exit = check_name(cli);
    if (exit == VK_EXIT_OK) {
        exit = check_options(cli);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ENTRY_POINT)) {
        exit = vk_read_entry_point(cli, &out->entry_point);
    }
    return exit;
}

static vk_exit make_account(vk_cli *cli, vk_smart_account *out) {
    vk_exit exit = vk_account_owner(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = is_thirdweb(cli) ? read_thirdweb(cli, out) : read_kernel(cli, out);
    }
    if (exit == VK_EXIT_OK) {
        exit = settle(cli, out);
    }
    return exit == VK_EXIT_OK ? check_index(cli, out) : exit;
}

/* What was written can be read. */
static vk_exit check_written(vk_cli *cli, const vk_smart_account *account) {
    vk_buf json = {0};
    vk_error err = {0};
    vk_smart_account again;
    vk_status status = vk_smart_account_write(account, &json);
    if (status == VK_OK) {
        status = vk_smart_account_read((const char *)json.data, json.len, &again, &err);
    }
    vk_buf_clear(&json);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "the account cannot be kept", status, &err);
    }
    vk_smart_account_clear(&again);
    return VK_EXIT_OK;
}

static vk_exit keep(vk_cli *cli, const vk_smart_account *account) {
    const char *name = vk_opt(cli, VK_OPT_NAME);
    size_t count = 0;
    vk_exit exit = check_written(cli, account);
    if (exit == VK_EXIT_OK) {
        exit = vk_account_count(cli, name, &count);
    }
    if (exit == VK_EXIT_OK && count > 0) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the token \"%s\" keeps an account \"%s\" already",
                           cli->token_label, name);
        exit = vk_cli_hint(cli, exit, "choose another --name");
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_login_user(cli);
    }
    return exit == VK_EXIT_OK ? vk_account_add(cli, name, account) : exit;
}

static void tell(vk_cli *cli, const vk_smart_account *account) {
    vk_out *out = &cli->out;
    const char *name = vk_opt(cli, VK_OPT_NAME);
    vk_say(out, "The token \"%s\" keeps the account \"%s\".\n", cli->token_label, name);
    vk_out_open(out, NULL, '{');
    vk_account_say(out, name, account);
    vk_out_close(out, '}');
    vk_say(out,
           "Next: valetkey session create --label TEXT --account '%s' --chain-id N --policy "
           "FILE\n",
           name);
}

vk_exit vk_cmd_account_create(vk_cli *cli) {
    vk_smart_account account = {.kind = VK_SMART_ACCOUNT_KERNEL};
    vk_exit exit = read_account(cli, &account);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = make_account(cli, &account);
    }
    if (exit == VK_EXIT_OK) {
        exit = keep(cli, &account);
    }
    if (exit == VK_EXIT_OK) {
        tell(cli, &account);
    }
    vk_smart_account_clear(&account);
    return exit;
}
