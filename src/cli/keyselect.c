/* Finding keys by --label and --id. */
#include "cli/keyinfo.h"

#include "cli/input.h"
#include <stdlib.h>
#include <valetkey/pkcs11.h>

/* Which objects are looked for. */
typedef struct wanted_keys {
    CK_OBJECT_CLASS class;
    bool remote; /* only those that are with a browser */
} wanted_keys;

static vk_exit find_keys(vk_cli *cli, const wanted_keys *keys, const vk_buf *id, vk_handles *out) {
    vk_template wanted = {0};
    const char *label = vk_opt(cli, VK_OPT_LABEL);
    vk_template_ulong(&wanted, CKA_CLASS, &keys->class);
    vk_template_ulong(&wanted, CKA_KEY_TYPE, &vk_key_type_ec);
    if (label != NULL) {
        vk_template_text(&wanted, CKA_LABEL, label);
    }
    if (id->len > 0) {
        vk_template_bytes(&wanted, CKA_ID, vk_buf_view(id));
    }
    if (keys->remote) {
        vk_template_text(&wanted, CKA_VALETKEY_HOME, "remote");
    }
    return vk_object_find(cli, &wanted, out);
}

vk_exit vk_key_objects(vk_cli *cli, vk_handles *out) {
    static const vk_buf any = {0};
    static const wanted_keys all = {.class = CKO_PUBLIC_KEY};
    return find_keys(cli, &all, &any, out);
}

static vk_exit find_named(vk_cli *cli, const wanted_keys *keys, vk_handles *out) {
    vk_buf id = {0};
    vk_exit exit = VK_EXIT_OK;
    *out = (vk_handles){0};
    if (vk_opt(cli, VK_OPT_LABEL) == NULL && vk_opt(cli, VK_OPT_ID) == NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "say which key: --label TEXT, --id HEX or both");
    }
    if (vk_opt_flag(cli, VK_OPT_ID)) {
        exit = vk_read_hex(cli, VK_OPT_ID, 255, &id);
    }
    if (exit == VK_EXIT_OK) {
        exit = find_keys(cli, keys, &id, out);
    }
    vk_buf_clear(&id);
    return exit;
}

vk_exit vk_key_handles(vk_cli *cli, CK_OBJECT_CLASS class, vk_handles *out) {
    const wanted_keys keys = {.class = class};
    return find_named(cli, &keys, out);
}

static vk_exit find_remote(vk_cli *cli, vk_handles *out) {
    static const wanted_keys remote = {.class = CKO_PUBLIC_KEY, .remote = true};
    return find_named(cli, &remote, out);
}

static vk_exit check_one(vk_cli *cli, size_t count) {
    const char *label = vk_opt(cli, VK_OPT_LABEL);
    const char *id = vk_opt(cli, VK_OPT_ID);
    if (count == 1) {
        return VK_EXIT_OK;
    }
    if (count == 0) {
        vk_exit exit = vk_cli_fail(
            cli, VK_EXIT_NOT_FOUND, "there is no key with the %s \"%s\" on the token \"%s\"",
            label != NULL ? "label" : "id", label != NULL ? label : id, cli->token_label);
        return vk_cli_hint(cli, exit, "see \"valetkey key list\"");
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE, "%zu keys on the token \"%s\" are called so",
                               count, cli->token_label);
    return vk_cli_hint(cli, exit, "choose one with --id HEX; see \"valetkey key list\"");
}

/* A key that is there, but not for this. */
static vk_exit check_not_remote(vk_cli *cli) {
    vk_handles found;
    vk_exit exit = find_remote(cli, &found);
    free(found.list);
    if (exit == VK_EXIT_OK && found.count > 0) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the private key is with a browser, which signs operations alone");
        exit = vk_cli_hint(cli, exit, "see \"valetkey sign --help\"");
    }
    return exit;
}

vk_exit vk_key_select(vk_cli *cli, CK_OBJECT_CLASS class, vk_key_info *out) {
    vk_handles found;
    *out = (vk_key_info){0};
    vk_exit exit = vk_key_handles(cli, class, &found);
    if (exit == VK_EXIT_OK && found.count == 0 && class == CKO_PRIVATE_KEY) {
        exit = check_not_remote(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_one(cli, found.count);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_read(cli, found.list[0], out);
    }
    free(found.list);
    return exit;
}

vk_exit vk_key_select_signing(vk_cli *cli, vk_key_info *out) {
    vk_handles here, remote = {0};
    *out = (vk_key_info){0};
    vk_exit exit = vk_key_handles(cli, CKO_PRIVATE_KEY, &here);
    if (exit == VK_EXIT_OK) {
        exit = find_remote(cli, &remote);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_one(cli, here.count + remote.count);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_read(cli, here.count > 0 ? here.list[0] : remote.list[0], out);
    }
    free(here.list);
    free(remote.list);
    return exit;
}
