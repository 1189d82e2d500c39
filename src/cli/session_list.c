/* session list: every grant of every key. */
#include "cli/grant_show.h"
#include "cli/session.h"

#include "policy/text.h"
#include <inttypes.h>
#include <stdlib.h>

const char *vk_grant_install_text(const vk_grant *grant, const vk_grant_state *state) {
    if (grant->kind == VK_GRANT_OWNER) {
        return "the key is the owner";
    }
    if (grant->kind == VK_GRANT_THIRDWEB) {
        return grant->account.pre_installed ? "set already" : "approved";
    }
    return grant->account.pre_installed ? "installed already"
           : state->install.enabled     ? "approved, first operation signed"
                                        : "approved, not used yet";
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Numbers beyond 64 bits are no time that comes. */
static uint64_t session_end(const vk_rule *rule) {
    return vk_u256_fits(&rule->u.thirdweb.end, 64) ? vk_u256_low64(&rule->u.thirdweb.end) : 0;
}

uint64_t vk_grant_window_end(const vk_grant *grant, const vk_policy *policy) {
    uint64_t end = grant->kind == VK_GRANT_PLUGIN ? grant->valid_until : 0;
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        if (rule->kind == VK_RULE_TIMESTAMP) {
            end = earlier(end, rule->u.timestamp.valid_until);
        } else if (rule->kind == VK_RULE_THIRDWEB) {
            end = earlier(end, session_end(rule));
        }
    }
    return end;
}

/* ---- Rows ---- */

static void say_row(vk_out *out, const vk_key_info *key, const vk_grant *grant, const char *install,
                    uint64_t end) {
    char account[43], id[11] = "-";
    const uint8_t *permission = key->permission_id;
    vk_buf until = {0};
    vk_address_text(&grant->account.account, account);
    if (grant->kind == VK_GRANT_PERMISSION) {
        snprintf(id, sizeof id, "0x%02x%02x%02x%02x", permission[0], permission[1], permission[2],
                 permission[3]);
    }
    if (end != 0) {
        vk_put_time(&until, end);
    }
    vk_say(out, "%-16s %s  %-10" PRIu64 " %-10s  %-20.*s  %s\n", key->label, account,
           grant->chain_id, id, end != 0 ? (int)until.len : 1,
           end != 0 ? (const char *)until.data : "-", install);
    vk_buf_clear(&until);
}

static void put_row(vk_out *out, const vk_key_info *key, const vk_grant *grant,
                    const vk_grant_state *state, uint64_t end) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", key->label);
    vk_out_bytes(out, "id", vk_buf_view(&key->id));
    vk_out_text(out, "kind", vk_grant_kind_text(grant->kind));
    vk_out_u64(out, "chainId", grant->chain_id);
    vk_out_address(out, "account", &grant->account.account);
    if (grant->kind == VK_GRANT_PERMISSION) {
        vk_out_bytes(out, "permissionId", (vk_bytes){key->permission_id, 4});
    } else {
        vk_out_null(out, "permissionId");
    }
    vk_out_bool(out, "preInstalled", grant->account.pre_installed);
    vk_out_bool(out, "enabled", state->install.enabled);
    if (end != 0) {
        vk_out_u64(out, "validUntil", end);
    } else {
        vk_out_null(out, "validUntil");
    }
    vk_out_close(out, '}');
}

static vk_exit put_grant(vk_cli *cli, const vk_key_info *key, const vk_grant *grant) {
    vk_grant_state state;
    vk_exit exit = vk_grant_state_read(cli, key, grant, &state);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    uint64_t end = vk_grant_window_end(grant, &key->policy);
    say_row(&cli->out, key, grant, vk_grant_install_text(grant, &state), end);
    put_row(&cli->out, key, grant, &state, end);
    free(state.rules);
    return VK_EXIT_OK;
}

static vk_exit put_key(vk_cli *cli, CK_OBJECT_HANDLE object) {
    vk_key_info key;
    vk_grants grants;
    vk_exit exit = vk_key_read(cli, object, &key);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = vk_grants_load(cli, &key, &grants);
    for (size_t i = 0; exit == VK_EXIT_OK && i < grants.count; i++) {
        exit = put_grant(cli, &key, &grants.list[i]);
    }
    vk_grants_clear(&grants);
    vk_key_info_clear(&key);
    return exit;
}

vk_exit vk_cmd_session_list(vk_cli *cli) {
    vk_out *out = &cli->out;
    vk_handles keys = {0};
    char head[160];
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_objects(cli, &keys);
    }
    snprintf(head, sizeof head, "%-16s %-42s  %-10s %-10s  %-20s  %s\n", "KEY", "ACCOUNT", "CHAIN",
             "PERMISSION", "UNTIL", "STATE");
    vk_say_in(out, VK_STYLE_HEAD, head);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_open(out, "sessions", '[');
    for (size_t i = 0; i < keys.count && exit == VK_EXIT_OK; i++) {
        exit = put_key(cli, keys.list[i]);
    }
    vk_out_close(out, ']');
    vk_out_close(out, '}');
    free(keys.list);
    return exit;
}
