/* key list, key remove. */
#include "cli/grants.h"
#include "cli/session.h"

#include <stdlib.h>

static vk_exit say_key(vk_cli *cli, const vk_key_info *key) {
    vk_out *out = &cli->out;
    vk_grants grants;
    vk_buf rules = {0};
    char name[133];
    vk_exit exit = vk_grants_load(cli, key, &grants);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_key_name_text(key, name);
    vk_key_rules_text(key, &rules);
    vk_buf_put_byte(&rules, 0);
    if (vk_buf_status(&rules) == VK_OK) {
        vk_say(out, "%-20s %-9s  %.42s  %6zu  %s\n", key->label, vk_key_type_text(key), name,
               grants.count, (const char *)rules.data);
    }
    vk_out_open(out, NULL, '{');
    vk_key_put_json(out, key);
    vk_out_u64(out, "grants", grants.count);
    vk_out_close(out, '}');
    exit = vk_buf_status(&rules) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
    vk_buf_clear(&rules);
    vk_grants_clear(&grants);
    return exit;
}

static vk_exit say_keys(vk_cli *cli, const vk_handles *keys) {
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < keys->count && exit == VK_EXIT_OK; i++) {
        vk_key_info key;
        exit = vk_key_read(cli, keys->list[i], &key);
        if (exit == VK_EXIT_OK) {
            exit = say_key(cli, &key);
            vk_key_info_clear(&key);
        }
    }
    return exit;
}

vk_exit vk_cmd_key_list(vk_cli *cli) {
    vk_out *out = &cli->out;
    vk_handles keys = {0};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_objects(cli, &keys);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    char head[128];
    snprintf(head, sizeof head, "%-20s %-9s  %-42s  %6s  %s\n", "LABEL", "TYPE",
             "ADDRESS OR PUBLIC KEY", "GRANTS", "RULES");
    vk_say_in(out, VK_STYLE_HEAD, keys.count > 0 ? head : "There are no keys.\n");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_open(out, "keys", '[');
    exit = say_keys(cli, &keys);
    vk_out_close(out, ']');
    vk_out_close(out, '}');
    free(keys.list);
    return exit;
}

/* Whatever half of the pair there is in the class. */
static vk_exit destroy(vk_cli *cli, const vk_key_info *key, const CK_OBJECT_CLASS *class) {
    uint8_t der_point[67];
    vk_template wanted = {0};
    vk_handles found;
    vk_point_write(key->point65, der_point);
    vk_template_ulong(&wanted, CKA_CLASS, class);
    vk_template_bytes(&wanted, CKA_EC_POINT, (vk_bytes){der_point, sizeof der_point});
    vk_exit exit = vk_object_find(cli, &wanted, &found);
    for (size_t i = 0; i < found.count && exit == VK_EXIT_OK; i++) {
        CK_RV rv = cli->module.f->C_DestroyObject(cli->session, found.list[i]);
        exit = rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot remove the key", rv);
    }
    free(found.list);
    return exit;
}

/* A key of which only one half is left is removed as well. */
static vk_exit select_any(vk_cli *cli, vk_key_info *out) {
    vk_handles found;
    vk_exit exit = vk_key_handles(cli, CKO_PRIVATE_KEY, &found);
    size_t count = found.count;
    free(found.list);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return vk_key_select(cli, count > 0 ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, out);
}

vk_exit vk_cmd_key_remove(vk_cli *cli) {
    vk_key_info key = {0};
    vk_exit exit = vk_session_begin_user(cli, true);
    if (exit == VK_EXIT_OK) {
        exit = select_any(cli, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = destroy(cli, &key, &vk_class_private);
    }
    if (exit == VK_EXIT_OK) {
        exit = destroy(cli, &key, &vk_class_public);
    }
    if (exit == VK_EXIT_OK) {
        vk_say(&cli->out, "Removed the key \"%s\" from the token \"%s\".\n", key.label,
               cli->token_label);
        vk_say(&cli->out, "An account that approved it still has the permission: revoke it "
                          "there.\n");
        vk_out_open(&cli->out, NULL, '{');
        vk_out_text(&cli->out, "removed", key.label);
        vk_out_bytes(&cli->out, "id", vk_buf_view(&key.id));
        vk_out_close(&cli->out, '}');
    }
    vk_key_info_clear(&key);
    return exit;
}
