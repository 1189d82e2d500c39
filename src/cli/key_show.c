/* key show */
#include "cli/session.h"
#include "cli/spends.h"
#include "cli/step_up.h"

#include "policy/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <valetkey/pkcs11.h>

static void say_key(vk_out *out, const vk_key_info *key) {
    char name[133];
    vk_key_name_text(key, name);
    vk_say_in(out, VK_STYLE_HEAD, key->label);
    vk_say(out, "\n");
    vk_say_field(out, "type", "%s", vk_key_type_text(key));
    vk_say_field(out, key->p256 ? "public key" : "address", "%s", name);
    if (!out->json && key->id.len > 0) {
        vk_say(out, "  %-14s ", "id");
        vk_out_hex_line(out, vk_buf_view(&key->id));
    }
    if (!out->json && key->has_permission_id) {
        vk_say(out, "  %-14s ", "permissionId");
        vk_out_hex_line(out, (vk_bytes){key->permission_id, 4});
    }
}

/* Did the SO let a passkey answer servers although it has a grant? */
static vk_exit put_logins(vk_cli *cli, const vk_key_info *key) {
    vk_buf value = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_LOGIN_ALLOWED, &value, &present);
    bool allowed = value.len == 1 && value.data[0] == CK_TRUE;
    if (present) {
        vk_out_bool(&cli->out, "loginsAllowed", allowed);
    }
    if (allowed) {
        vk_say_field(&cli->out, "logins", "allowed by the SO");
    }
    vk_buf_clear(&value);
    return exit;
}

/* An attribute of a P-256 key, as text or in hex. */
typedef struct passkey_member {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    bool in_hex;
} passkey_member;

static vk_exit put_member(vk_cli *cli, const vk_key_info *key, const passkey_member *member) {
    vk_buf raw = {0}, clean = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, key->object, member->type, &raw, &present);
    if (member->in_hex) {
        vk_hex_put(&clean, vk_buf_view(&raw));
    } else {
        vk_put_clean(&clean, vk_buf_view(&raw));
    }
    char *text = vk_buf_take_text(&clean);
    if (present && text != NULL) {
        vk_say_field(&cli->out, member->name, "%s", text);
        vk_out_text(&cli->out, member->name, text);
    }
    vk_text_free(text);
    vk_buf_clear(&raw);
    return exit;
}

/* What it is to a relying party, where its private key is, and what a security key said of it. */
static vk_exit put_passkey(vk_cli *cli, const vk_key_info *key) {
    static const passkey_member members[] = {
        {CKA_VALETKEY_RP_ID, "rpId", false},
        {CKA_VALETKEY_ORIGIN, "origin", false},
        {CKA_VALETKEY_HOME, "home", false},
        {CKA_VALETKEY_AAGUID, "aaguid", true},
        {CKA_VALETKEY_DEVICE_POLICY_DIGEST, "devicePolicyDigest", true}};
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; key->p256 && i < sizeof members / sizeof members[0] && exit == VK_EXIT_OK;
         i++) {
        exit = put_member(cli, key, &members[i]);
    }
    return exit == VK_EXIT_OK && key->p256 ? put_logins(cli, key) : exit;
}

/* Nothing to say of the ordinary case. */
static void put_home(vk_out *out, const vk_key_info *key) {
    if (key->remote) {
        vk_say_field(out, "private key", "with a browser");
    }
}

/* ---- Budgets ---- */

static void gas_left(const vk_rule *rule, const vk_rule_state *state, vk_u256 *left) {
    if (!vk_u256_sub(&rule->u.gas.allowed, &state->spent, left)) {
        *left = vk_u256_from_u64(0);
    }
}

static void put_gas(vk_out *out, const vk_rule *rule, const vk_rule_state *state) {
    vk_u256 left;
    char ether[82], allowed[82], wei[79];
    gas_left(rule, state, &left);
    vk_u256_scaled(&left, 18, ether);
    vk_u256_scaled(&rule->u.gas.allowed, 18, allowed);
    vk_u256_decimal(&left, wei);
    vk_say_field(out, "  gas left", "%s of %s ether", ether, allowed);
    vk_out_text(out, "gasLeft", wei);
}

static void put_count(vk_out *out, const vk_rule *rule, uint64_t used) {
    uint64_t count = rule->u.rate.count;
    uint64_t left = used < count ? count - used : 0;
    vk_say_field(out, "  count left", "%" PRIu64 " of %" PRIu64, left, count);
    vk_out_u64(out, "countLeft", left);
}

static void say_time(vk_out *out, const char *name, uint64_t when) {
    vk_buf text = {0};
    vk_put_time(&text, when);
    vk_say_field(out, name, "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void put_rate(vk_out *out, const vk_rule *rule, const vk_rule_state *state) {
    uint64_t next = 0;
    put_count(out, rule, state->used);
    if (state->used >= rule->u.rate.count ||
        __builtin_mul_overflow(state->used, rule->u.rate.interval, &next) ||
        __builtin_add_overflow(next, rule->u.rate.start_at, &next)) {
        return;
    }
    say_time(out, "  next from", next);
    vk_out_u64(out, "nextTime", next);
}

static void put_resetting(vk_out *out, const vk_rule *rule, const vk_rule_state *state) {
    bool open = (uint64_t)time(NULL) < state->window;
    put_count(out, rule, open ? state->used : 0);
    if (open) {
        say_time(out, "  window ends", state->window);
        vk_out_u64(out, "windowEnd", state->window);
    }
}

/* What is left of one rule's budget. */
static void put_rule_state(vk_out *out, const vk_rule *rule, const vk_rule_state *state) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "rule", vk_rule_name(rule->kind));
    switch (rule->kind) {
    case VK_RULE_GAS:
        put_gas(out, rule, state);
        break;
    case VK_RULE_RATE_LIMIT:
        put_rate(out, rule, state);
        break;
    case VK_RULE_RATE_LIMIT_RESET:
        put_resetting(out, rule, state);
        break;
    default:
        break;
    }
    vk_out_close(out, '}');
}

static bool has_budget(const vk_rule *rule) {
    return rule->kind == VK_RULE_GAS || rule->kind == VK_RULE_RATE_LIMIT ||
           rule->kind == VK_RULE_RATE_LIMIT_RESET;
}

/* ---- Spend rules ---- */

static void put_spend(vk_out *out, const vk_grant_spend *rule) {
    vk_u256 none = vk_u256_from_u64(0);
    vk_spend_standing standing = vk_grant_spend_standing(rule, &none);
    vk_u256 left = vk_spend_left(&rule->limit, &standing.spent);
    vk_buf text = {0};
    char units[79];
    vk_put_spend_amount(&text, &rule->asset, &left);
    vk_buf_put_text(&text, " left of ");
    vk_put_spend_amount(&text, &rule->asset, &rule->limit);
    vk_buf_put_text(&text, " in ");
    vk_put_duration(&text, rule->period);
    vk_say_field(out, "  spend rule", "\"%s\": %.*s", rule->name, (int)text.len,
                 (const char *)text.data);
    vk_buf_clear(&text);
    vk_u256_decimal(&left, units);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "name", rule->name);
    vk_out_text(out, "left", units);
    vk_out_close(out, '}');
}

static vk_exit put_spends(vk_cli *cli, const vk_key_info *key, const vk_grant *grant) {
    vk_grant_spends spends;
    vk_exit exit = vk_grant_spends_read(cli, key, grant, &spends);
    vk_out_open(&cli->out, "spendRules", '[');
    for (size_t i = 0; exit == VK_EXIT_OK && i < spends.count; i++) {
        put_spend(&cli->out, &spends.list[i]);
    }
    vk_out_close(&cli->out, ']');
    return exit;
}

/* ---- Grants ---- */

static const char *install_text(const vk_grant *grant, const vk_grant_state *state) {
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

static const char *grant_name(vk_grant_kind kind) {
    static const char *const names[VK_GRANT_KINDS] = {[VK_GRANT_PERMISSION] = "  permission",
                                                      [VK_GRANT_PLUGIN] = "  plug-in",
                                                      [VK_GRANT_OWNER] = "  owner",
                                                      [VK_GRANT_THIRDWEB] = "  session"};
    return names[kind];
}

static vk_exit put_grant(vk_cli *cli, const vk_key_info *key, const vk_grant *grant) {
    vk_out *out = &cli->out;
    vk_grant_state state;
    char account[43];
    vk_exit exit = vk_grant_state_read(cli, key, grant, &state);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_address_text(&grant->account.account, account);
    bool kernel = grant->kind != VK_GRANT_THIRDWEB;
    vk_say(out, "  chain %" PRIu64 ", account %s, %s%s, EntryPoint %s\n", grant->chain_id, account,
           kernel ? "Kernel " : "thirdweb", kernel ? vk_kernel_text(grant->kernel) : "",
           vk_entry_point_text(grant->entry_point_version));
    vk_say_field(out, grant_name(grant->kind), "%s", install_text(grant, &state));
    if (vk_grant_is_token_only(grant)) {
        vk_say_field(out, "  limits", "%s", vk_grant_keeper_text(grant));
    }
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "kind", vk_grant_kind_text(grant->kind));
    vk_out_text(out, "keptBy", vk_grant_is_token_only(grant) ? "token" : "account");
    vk_out_u64(out, "chainId", grant->chain_id);
    vk_out_address(out, "account", &grant->account.account);
    if (kernel) {
        vk_out_text(out, "kernelVersion", vk_kernel_text(grant->kernel));
    }
    vk_out_address(out, "entryPoint", &grant->entry_point);
    vk_out_bool(out, "preInstalled", grant->account.pre_installed);
    vk_out_bool(out, "enabled", state.install.enabled);
    vk_out_open(out, "budgets", '[');
    for (size_t i = 0; i < key->policy.count; i++) {
        if (has_budget(&key->policy.rules[i])) {
            put_rule_state(out, &key->policy.rules[i], &state.rules[i]);
        }
    }
    vk_out_close(out, ']');
    exit = put_spends(cli, key, grant);
    vk_out_close(out, '}');
    free(state.rules);
    return exit;
}

static vk_exit put_grants(vk_cli *cli, const vk_key_info *key) {
    vk_out *out = &cli->out;
    vk_grants grants;
    vk_exit exit = vk_grants_load(cli, key, &grants);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_say_in(out, VK_STYLE_HEAD, "Grants\n");
    if (grants.count == 0) {
        vk_say(out, "  None: no account's owner has approved the key.\n");
    }
    vk_out_open(out, "grants", '[');
    for (size_t i = 0; i < grants.count && exit == VK_EXIT_OK; i++) {
        exit = put_grant(cli, key, &grants.list[i]);
    }
    vk_out_close(out, ']');
    vk_grants_clear(&grants);
    return exit;
}

/* ---- The rest ---- */

static vk_exit put_denial(vk_cli *cli, const vk_key_info *key) {
    vk_buf denial = {0};
    vk_exit exit = vk_key_denial(cli, key->object, &denial);
    if (exit == VK_EXIT_OK && denial.len > 0) {
        vk_say_in(&cli->out, VK_STYLE_HEAD, "Last refusal\n");
        vk_say(&cli->out, "  %s\n", (const char *)denial.data);
        vk_out_text(&cli->out, "lastDenial", (const char *)denial.data);
    } else if (exit == VK_EXIT_OK) {
        vk_out_null(&cli->out, "lastDenial");
    }
    vk_buf_clear(&denial);
    return exit;
}

static void put_policy(vk_out *out, const vk_key_info *key) {
    vk_say_in(out, VK_STYLE_HEAD, "Policy\n");
    vk_key_say_policy(out, key);
    if (key->has_policy) {
        vk_out_raw(out, "policy", vk_buf_view(&key->policy_json));
    } else {
        vk_out_null(out, "policy");
    }
    vk_out_open(out, "policyText", '[');
    for (size_t i = 0; key->has_policy && i < key->policy.count; i++) {
        vk_buf text = {0};
        vk_rule_describe(&key->policy.rules[i], &text);
        char *sentences = vk_buf_take_text(&text);
        vk_out_text(out, NULL, sentences != NULL ? sentences : "");
        vk_text_free(sentences);
    }
    vk_out_close(out, ']');
}

vk_exit vk_cmd_key_show(vk_cli *cli) {
    vk_key_info key = {0};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &key);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_out_open(&cli->out, NULL, '{');
    say_key(&cli->out, &key);
    vk_key_put_json(&cli->out, &key);
    put_home(&cli->out, &key);
    exit = put_passkey(cli, &key);
    put_policy(&cli->out, &key);
    vk_step_up_say(&cli->out, &key);
    if (exit == VK_EXIT_OK) {
        exit = put_grants(cli, &key);
    }
    if (exit == VK_EXIT_OK) {
        exit = put_denial(cli, &key);
    }
    vk_out_close(&cli->out, '}');
    vk_key_info_clear(&key);
    return exit;
}
