/* account show, account list, account remove */
#include "cli/account.h"

#include "cli/session.h"
#include <string.h>

/* ---- Showing ---- */

void vk_root_put_owner(const vk_root *root, vk_buf *out) {
    char text[43];
    if (root->kind == VK_ROOT_PASSKEY) {
        vk_hex_put(out, (vk_bytes){root->point65 + 1, 64});
        return;
    }
    vk_address_text(&root->owner, text);
    vk_buf_put_text(out, text);
}

static void say_bytes(vk_out *out, const char *name, vk_bytes bytes) {
    vk_buf text = {0};
    vk_hex_put(&text, bytes);
    vk_say_field(out, name, "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void say_address(vk_out *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_say_field(out, name, "%s", text);
}

static void say_owner(vk_out *out, const vk_root *root, bool is_admin) {
    vk_buf text = {0};
    vk_root_put_owner(root, &text);
    vk_say_field(out, is_admin ? "admin" : "owner", "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void say_kernel(vk_out *out, const vk_smart_account *account) {
    char index[79];
    vk_u256_decimal(&account->index, index);
    vk_say_field(out, "kind", "Kernel %s, EntryPoint %s", vk_kernel_text(account->kernel),
                 vk_entry_point_text(account->entry_point));
    say_owner(out, &account->root, false);
    vk_say_field(out, "validator", "%s", vk_root_kind_text(account->root.kind));
    if (vk_smart_account_has_factory(account)) {
        vk_say_field(out, "index", "%s", index);
    }
}

static void say_thirdweb(vk_out *out, const vk_smart_account *account) {
    vk_say_field(out, "kind", "thirdweb, EntryPoint %s", vk_entry_point_text(account->entry_point));
    say_owner(out, &account->root, true);
    say_address(out, "implementation", &account->implementation);
}

static void say_text(vk_out *out, const char *name, const char *text) {
    if (text != NULL) {
        vk_say_field(out, name, "%s", text);
    }
}

static void say(vk_out *out, const char *name, const vk_smart_account *account) {
    vk_say_in(out, VK_STYLE_HEAD, name);
    vk_say(out, "\n");
    say_address(out, "address", &account->account);
    if (!vk_smart_account_is_computed(account)) {
        vk_say_field(out, "", "(as given: of this version it cannot be computed)");
    }
    if (account->eip7702) {
        vk_say_field(out, "", "(the owner's own, which delegates to Kernel: EIP-7702)");
    }
    if (account->kind == VK_SMART_ACCOUNT_KERNEL) {
        say_kernel(out, account);
    } else {
        say_thirdweb(out, account);
    }
    if (vk_smart_account_has_factory(account)) {
        say_address(out, "factory", &account->factory);
        say_bytes(out, "factory data", vk_buf_view(&account->factory_data));
    }
    say_text(out, "owner's key", account->owner_key);
    say_text(out, "rpId", account->rp_id);
    say_text(out, "origin", account->origin);
}

static void put_kernel(vk_out *out, const vk_smart_account *account) {
    char index[79];
    vk_u256_decimal(&account->index, index);
    vk_out_text(out, "kernelVersion", vk_kernel_text(account->kernel));
    vk_out_text(out, "validator", vk_root_kind_text(account->root.kind));
    vk_out_address(out, "validatorAddress", &account->root.validator);
    if (vk_smart_account_has_factory(account)) {
        vk_out_text(out, "index", index);
    }
    vk_out_bool(out, "eip7702", account->eip7702);
}

static void put_owner(vk_out *out, const vk_root *root) {
    vk_buf text = {0};
    vk_root_put_owner(root, &text);
    char *owner = vk_buf_take_text(&text);
    vk_out_text(out, "owner", owner != NULL ? owner : "");
    vk_text_free(owner);
    if (root->kind == VK_ROOT_PASSKEY) {
        vk_out_bytes(out, "authenticatorIdHash", (vk_bytes){root->authenticator_id_hash.b, 32});
    }
}

static void put_text(vk_out *out, const char *name, const char *text) {
    if (text != NULL) {
        vk_out_text(out, name, text);
    }
}

static void put(vk_out *out, const char *name, const vk_smart_account *account) {
    vk_address entry_point = vk_entry_point_address(account->entry_point);
    vk_out_text(out, "name", name);
    vk_out_text(out, "kind", vk_smart_account_kind_text(account->kind));
    vk_out_address(out, "account", &account->account);
    vk_out_address(out, "entryPoint", &entry_point);
    if (account->kind == VK_SMART_ACCOUNT_KERNEL) {
        put_kernel(out, account);
    } else {
        vk_out_address(out, "implementation", &account->implementation);
    }
    put_owner(out, &account->root);
    if (vk_smart_account_has_factory(account)) {
        vk_out_address(out, "factory", &account->factory);
        vk_out_bytes(out, "factoryData", vk_buf_view(&account->factory_data));
    }
    put_text(out, "ownerKey", account->owner_key);
    put_text(out, "rpId", account->rp_id);
    put_text(out, "origin", account->origin);
}

void vk_account_say(vk_out *out, const char *name, const vk_smart_account *account) {
    say(out, name, account);
    put(out, name, account);
}

vk_exit vk_cmd_account_show(vk_cli *cli) {
    vk_account_entry entry = {.object = 0};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_account_find(cli, &entry);
    }
    if (exit == VK_EXIT_OK) {
        vk_out_open(&cli->out, NULL, '{');
        vk_account_say(&cli->out, entry.name, &entry.account);
        exit = vk_account_say_chain(cli, &entry.account);
        vk_out_close(&cli->out, '}');
    }
    vk_account_entry_clear(&entry);
    return exit;
}

/* ---- Listing ---- */

static void say_row(vk_out *out, const vk_account_entry *entry) {
    const vk_smart_account *account = &entry->account;
    char address[43];
    bool kernel = account->kind == VK_SMART_ACCOUNT_KERNEL;
    if (!entry->is_usable) {
        vk_say(out, "%-20s changed outside: %s\n", entry->name, entry->damage.message);
        return;
    }
    vk_address_text(&account->account, address);
    vk_say(out, "%-20s %s  %-8s %-7s %s\n", entry->name, address,
           vk_smart_account_kind_text(account->kind),
           kernel ? vk_kernel_text(account->kernel) : "-",
           kernel ? vk_root_kind_text(account->root.kind) : "-");
}

static void put_row(vk_out *out, const vk_account_entry *entry) {
    vk_out_open(out, NULL, '{');
    if (entry->is_usable) {
        put(out, entry->name, &entry->account);
    } else {
        vk_out_text(out, "name", entry->name);
        vk_out_text(out, "damage", entry->damage.message);
    }
    vk_out_close(out, '}');
}

static void put_rows(vk_cli *cli, const vk_account_entries *entries) {
    vk_out *out = &cli->out;
    char head[128];
    snprintf(head, sizeof head, "%-20s %-42s  %-8s %-7s %s\n", "NAME", "ADDRESS", "KIND", "VERSION",
             "VALIDATOR");
    vk_say_in(out, VK_STYLE_HEAD, entries->count > 0 ? head : "There are no accounts.\n");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_open(out, "accounts", '[');
    for (size_t i = 0; i < entries->count; i++) {
        say_row(out, &entries->list[i]);
        put_row(out, &entries->list[i]);
    }
    vk_out_close(out, ']');
    vk_out_close(out, '}');
}

vk_exit vk_cmd_account_list(vk_cli *cli) {
    vk_account_entries entries = {0};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_account_entries_load(cli, &entries);
    }
    if (exit == VK_EXIT_OK) {
        put_rows(cli, &entries);
    }
    vk_account_entries_clear(&entries);
    return exit;
}

/* ---- Removing ---- */

static void tell_removed(vk_cli *cli, const vk_account_entry *entry) {
    vk_out *out = &cli->out;
    vk_say(out, "The token \"%s\" keeps the account \"%s\" no more.\n", cli->token_label,
           entry->name);
    vk_say(out, "Sessions that were made for it are still there, and so is the account.\n");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "removed", entry->name);
    vk_out_close(out, '}');
}

vk_exit vk_cmd_account_remove(vk_cli *cli) {
    vk_account_entry entry = {.object = 0};
    vk_exit exit = vk_session_begin_user(cli, true);
    if (exit == VK_EXIT_OK) {
        exit = vk_account_find_any(cli, &entry);
    }
    if (exit == VK_EXIT_OK) {
        CK_RV rv = cli->module.f->C_DestroyObject(cli->session, entry.object);
        exit = rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot remove the account", rv);
    }
    if (exit == VK_EXIT_OK) {
        tell_removed(cli, &entry);
    }
    vk_account_entry_clear(&entry);
    return exit;
}
