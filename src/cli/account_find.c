/* Smart accounts on the token: reading, finding, adding. */
#include "cli/account.h"

#include "cli/account_token.h"
#include "cli/input.h"
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

bool vk_is_address_text(const char *text) {
    return strlen(text) == 42 && strncmp(text, "0x", 2) == 0;
}

void vk_account_entry_clear(vk_account_entry *entry) {
    vk_text_free(entry->name);
    vk_smart_account_clear(&entry->account);
    *entry = (vk_account_entry){.object = 0};
}

void vk_account_entries_clear(vk_account_entries *entries) {
    for (size_t i = 0; i < entries->count; i++) {
        vk_account_entry_clear(&entries->list[i]);
    }
    free(entries->list);
    *entries = (vk_account_entries){0};
}

/* ---- Reading ---- */

/* name NULL: all. */
static vk_exit find_objects(vk_cli *cli, const char *name, vk_handles *out) {
    vk_template wanted = {0};
    vk_template_ulong(&wanted, CKA_CLASS, &vk_class_data);
    vk_template_bool(&wanted, CKA_TOKEN, true);
    vk_template_text(&wanted, CKA_APPLICATION, VK_APPLICATION_SMART_ACCOUNT);
    if (name != NULL) {
        vk_template_text(&wanted, CKA_LABEL, name);
    }
    return vk_object_find(cli, &wanted, out);
}

static vk_exit read_name(vk_cli *cli, vk_account_entry *entry) {
    vk_buf raw = {0}, clean = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, entry->object, CKA_LABEL, &raw, &present);
    vk_put_clean(&clean, vk_buf_view(&raw));
    vk_buf_clear(&raw);
    entry->name = vk_buf_take_text(&clean);
    return exit == VK_EXIT_OK && entry->name == NULL ? vk_cli_no_memory(cli) : exit;
}

/* What does not hold is the entry's damage, not a failure. */
static vk_exit read_entry(vk_cli *cli, CK_OBJECT_HANDLE object, vk_account_entry *out) {
    vk_buf json = {0};
    *out = (vk_account_entry){.object = object};
    vk_exit exit = read_name(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, object, CKA_VALUE, &json, NULL);
    }
    if (exit == VK_EXIT_OK) {
        out->is_usable = vk_smart_account_read((const char *)json.data, json.len, &out->account,
                                               &out->damage) == VK_OK;
    }
    vk_buf_clear(&json);
    return exit;
}

static vk_exit load(vk_cli *cli, const char *name, vk_account_entries *out) {
    vk_handles found = {0};
    *out = (vk_account_entries){0};
    vk_exit exit = find_objects(cli, name, &found);
    if (exit == VK_EXIT_OK && found.count > 0) {
        out->list = calloc(found.count, sizeof *out->list);
        exit = out->list != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    for (size_t i = 0; i < found.count && exit == VK_EXIT_OK; i++) {
        exit = read_entry(cli, found.list[i], &out->list[out->count++]);
    }
    free(found.list);
    if (exit != VK_EXIT_OK) {
        vk_account_entries_clear(out);
    }
    return exit;
}

vk_exit vk_account_entries_load(vk_cli *cli, vk_account_entries *out) {
    return load(cli, NULL, out);
}

/* ---- Finding ---- */

static bool is_match(const vk_account_entry *entry, const vk_address *address) {
    return address == NULL ||
           (entry->is_usable && vk_address_equal(&entry->account.account, address));
}

/* Moves the match out of the list. */
static size_t take_match(vk_account_entries *entries, const vk_address *address,
                         vk_account_entry *out) {
    size_t matches = 0;
    for (size_t i = 0; i < entries->count; i++) {
        if (is_match(&entries->list[i], address) && matches++ == 0) {
            *out = entries->list[i];
            entries->list[i] = (vk_account_entry){.object = 0};
        }
    }
    return matches;
}

static vk_exit check_one(vk_cli *cli, size_t matches) {
    const char *wanted = vk_opt(cli, VK_OPT_ACCOUNT);
    if (matches == 1) {
        return VK_EXIT_OK;
    }
    if (matches == 0) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the token \"%s\" keeps no account \"%s\"",
                        cli->token_label, wanted);
        return vk_cli_hint(cli, exit,
                           "see \"valetkey account list\"; \"valetkey account create\" adds one");
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE, "the token \"%s\" keeps %zu accounts \"%s\"",
                       cli->token_label, matches, wanted);
}

static vk_exit find_here(vk_cli *cli, vk_account_entry *out) {
    const char *wanted = vk_opt(cli, VK_OPT_ACCOUNT);
    bool by_address = vk_is_address_text(wanted);
    vk_address address;
    vk_account_entries entries = {0};
    *out = (vk_account_entry){.object = 0};
    vk_exit exit = by_address ? vk_read_address(cli, VK_OPT_ACCOUNT, &address) : VK_EXIT_OK;
    if (exit == VK_EXIT_OK) {
        exit = load(cli, by_address ? NULL : wanted, &entries);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_one(cli, take_match(&entries, by_address ? &address : NULL, out));
    }
    vk_account_entries_clear(&entries);
    return exit;
}

vk_exit vk_account_find_any(vk_cli *cli, vk_account_entry *out) {
    vk_account_token kept;
    *out = (vk_account_entry){.object = 0};
    vk_exit exit = vk_account_token_enter(cli, &kept);
    if (exit == VK_EXIT_OK) {
        exit = find_here(cli, out);
        vk_account_token_leave(cli, &kept);
    }
    return exit;
}

static bool is_like(const vk_account_entry *entry, const vk_smart_account *like) {
    const vk_smart_account *account = &entry->account;
    return entry->is_usable && account->kind == like->kind && account->kernel == like->kernel &&
           account->entry_point == like->entry_point &&
           vk_address_equal(&account->account, &like->account);
}

static vk_exit find_kept_here(vk_cli *cli, const vk_smart_account *like, vk_account_entry *out) {
    vk_account_entries entries = {0};
    vk_exit exit = load(cli, NULL, &entries);
    for (size_t i = 0; i < entries.count && exit == VK_EXIT_OK && out->name == NULL; i++) {
        if (is_like(&entries.list[i], like)) {
            *out = entries.list[i];
            entries.list[i] = (vk_account_entry){.object = 0};
        }
    }
    vk_account_entries_clear(&entries);
    return exit;
}

vk_exit vk_account_find_kept(vk_cli *cli, const vk_smart_account *like, vk_account_entry *out) {
    vk_account_token kept;
    *out = (vk_account_entry){.object = 0};
    vk_exit exit = vk_account_token_enter(cli, &kept);
    if (exit == VK_EXIT_OK) {
        exit = find_kept_here(cli, like, out);
        vk_account_token_leave(cli, &kept);
    }
    return exit;
}

vk_exit vk_account_find(vk_cli *cli, vk_account_entry *out) {
    vk_exit exit = vk_account_find_any(cli, out);
    if (exit == VK_EXIT_OK && !out->is_usable) {
        exit = vk_cli_fail_error(cli, "the account on the token does not hold", &out->damage);
        exit = vk_cli_hint(cli, exit, "it was changed outside: remove it, and create it again");
    }
    return exit;
}

vk_exit vk_account_option(vk_cli *cli, vk_address *out) {
    vk_account_entry entry = {.object = 0};
    if (vk_is_address_text(vk_opt(cli, VK_OPT_ACCOUNT))) {
        return vk_read_address(cli, VK_OPT_ACCOUNT, out);
    }
    vk_exit exit = vk_account_find(cli, &entry);
    *out = entry.account.account;
    vk_account_entry_clear(&entry);
    return exit;
}

vk_exit vk_account_count(vk_cli *cli, const char *name, size_t *out) {
    vk_handles found = {0};
    vk_exit exit = find_objects(cli, name, &found);
    *out = found.count;
    free(found.list);
    return exit;
}

/* ---- Adding ---- */

vk_exit vk_account_add(vk_cli *cli, const char *name, const vk_smart_account *account) {
    vk_template t = {0};
    vk_buf json = {0};
    CK_OBJECT_HANDLE object;
    vk_status status = vk_smart_account_write(account, &json);
    if (status != VK_OK) {
        vk_buf_clear(&json);
        return vk_cli_fail_status(cli, "cannot write the account", status);
    }
    vk_template_ulong(&t, CKA_CLASS, &vk_class_data);
    vk_template_bool(&t, CKA_TOKEN, true);
    vk_template_bool(&t, CKA_PRIVATE, false);
    vk_template_text(&t, CKA_APPLICATION, VK_APPLICATION_SMART_ACCOUNT);
    vk_template_text(&t, CKA_LABEL, name);
    vk_template_bytes(&t, CKA_VALUE, vk_buf_view(&json));
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, &object);
    vk_buf_clear(&json);
    return rv == CKR_OK ? VK_EXIT_OK
                        : vk_cli_fail_rv(cli, "cannot keep the account on the token", rv);
}
