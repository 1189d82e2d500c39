#include "gate/internal.h"

#include <valetkey/eth.h>

#include <stdlib.h>
#include <string.h>

static const char sudo_policy[] =
    "[{\"type\":\"sudo\",\"policyAddress\":\"0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7\","
    "\"policyFlag\":\"0x0000\"}]";

vk_status vk_gate_signer(const vk_key_record *record, vk_signer *out) {
    if (record->curve == VK_CURVE_SECP256K1) {
        vk_address address = vk_address_of_point(record->point65);
        *out = vk_signer_ecdsa(&address);
        return VK_OK;
    }
    *out = vk_signer_webauthn(record->point65, &record->authenticator_id_hash);
    return VK_OK;
}

/* What valetkey.conf beside the token says. */
static vk_status read_settings(vk_gate *gate, vk_home_settings *out, vk_error *err) {
    const char *path = vk_token_path(gate->token);
    const char *slash = strrchr(path, '/');
    char *home = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path));
    vk_status status = home == NULL ? VK_ERR_MEMORY : vk_home_settings_read(home, out, err);
    free(home);
    return status;
}

/* Findings are errors here only where the settings say so; who makes the key hears of the first. */
static vk_status lint_policy(vk_gate *gate, const vk_policy *policy, vk_error *err) {
    vk_home_settings settings;
    vk_lint_findings findings = {0};
    vk_status status = read_settings(gate, &settings, err);
    if (status != VK_OK || settings.lint != VK_LINT_ERROR) {
        return status;
    }
    vk_lint_context context = {.now = vk_clock_now(), .allowed = settings.lint_allowed};
    status = vk_lint_policy(policy, &context, &findings);
    if (status == VK_OK && findings.count > 0) {
        const vk_lint_finding *first = &findings.list[0];
        status = vk_fail(err, VK_ERR_POLICY, first->path, "%s: %s", vk_lint_code_text(first->code),
                         first->message);
    }
    vk_lint_clear(&findings);
    return status;
}

static vk_status check_policy(vk_gate *gate, const char *json, size_t len, vk_error *err) {
    vk_policy policy;
    vk_status status = vk_policy_read(json, len, &policy, err);
    if (status == VK_OK) {
        status = lint_policy(gate, &policy, err);
        vk_policy_clear(&policy);
    }
    return status;
}

/* The token's default for a key made without a policy. */
static vk_status default_policy(vk_gate *gate, vk_key_record *record) {
    vk_token_info info;
    vk_status status = vk_token_get_info(gate->token, &info);
    if (status != VK_OK || !info.settings.default_sudo) {
        return status;
    }
    record->policy = strdup(sudo_policy);
    return record->policy == NULL ? VK_ERR_MEMORY : VK_OK;
}

static vk_status complete_policy(vk_gate *gate, vk_key_record *record, vk_error *err) {
    vk_status status = vk_gate_check_step_up(record, err);
    if (status != VK_OK) {
        return status;
    }
    return record->policy != NULL ? check_policy(gate, record->policy, strlen(record->policy), err)
                                  : default_policy(gate, record);
}

static vk_status complete_passkey(vk_key_record *record, vk_error *err) {
    return record->curve == VK_CURVE_P256 ? vk_gate_complete_passkey(record, err) : VK_OK;
}

vk_status vk_gate_complete(vk_gate *gate, vk_key_record *record, vk_error *err) {
    vk_status status = complete_policy(gate, record, err);
    return status == VK_OK ? complete_passkey(record, err) : status;
}

static vk_status add(vk_gate *gate, vk_key_record *record, const vk_key_names *names,
                     const uint8_t secret32[32], vk_error *err) {
    record->has_private = true;
    record->has_public = true;
    vk_status status = vk_gate_complete(gate, record, err);
    return status == VK_OK ? vk_token_key_add(gate->token, record, names, secret32, err) : status;
}

vk_status vk_gate_generate(vk_gate *gate, vk_key_record *record, const vk_key_names *names,
                           vk_error *err) {
    uint8_t secret32[32];
    vk_status status = vk_key_generate(record->curve, secret32, record->point65);
    if (status == VK_OK) {
        status = add(gate, record, names, secret32, err);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

/* ---- Many at once ---- */

typedef struct batch {
    const vk_gate_many *many;
    vk_key_record *record;
    size_t first;
} batch;

/* Two keys never share a credential: each gets the one that its point makes. */
static vk_status complete_next(vk_key_record *record, vk_error *err) {
    record->credential_id.len = 0;
    record->authenticator_id_hash = (vk_hash){{0}};
    return complete_passkey(record, err);
}

static vk_status next_of_batch(void *context, size_t index, vk_key_record **record,
                               vk_key_names *names, uint8_t secret32[32], vk_error *err) {
    const batch *b = context;
    *record = b->record;
    vk_status status = vk_key_generate(b->record->curve, secret32, b->record->point65);
    if (status == VK_OK) {
        status = complete_next(b->record, err);
    }
    return status == VK_OK ? b->many->name(b->many->context, b->first + index, b->record, names)
                           : status;
}

static vk_status add_batches(vk_gate *gate, batch *b, vk_error *err) {
    const vk_gate_many *many = b->many;
    vk_status status = VK_OK;
    while (status == VK_OK && b->first < many->count) {
        size_t left = many->count - b->first;
        size_t size = left < VK_GATE_BATCH ? left : VK_GATE_BATCH;
        status = vk_token_keys_add(gate->token, size, next_of_batch, b, err);
        if (status == VK_OK) {
            b->first += size;
            many->made(many->context, b->first);
        }
    }
    return status;
}

vk_status vk_gate_generate_many(vk_gate *gate, vk_key_record *record, const vk_gate_many *many,
                                vk_error *err) {
    batch b = {.many = many, .record = record};
    record->has_private = true;
    record->has_public = true;
    vk_status status = complete_policy(gate, record, err);
    return status == VK_OK ? add_batches(gate, &b, err) : status;
}

vk_status vk_gate_import(vk_gate *gate, vk_key_record *record, const vk_key_names *names,
                         const uint8_t secret32[32], vk_error *err) {
    vk_status status = vk_key_public(record->curve, secret32, record->point65);
    if (status == VK_ERR_RANGE) {
        return vk_fail(err, status, "CKA_VALUE",
                       "the private key is not between 1 and the order of its curve");
    }
    return status == VK_OK ? add(gate, record, names, secret32, err) : status;
}

vk_status vk_gate_set_policy(vk_gate *gate, int64_t key_id, const char *json, size_t json_len,
                             vk_error *err) {
    vk_status status = check_policy(gate, json, json_len, err);
    if (status != VK_OK) {
        return status;
    }
    char *text = strndup(json, json_len);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    status = vk_token_key_set_policy(gate->token, key_id, text, err);
    free(text);
    return status;
}

static vk_status store_grant(vk_gate *gate, int64_t key_id, const vk_grant *grant, vk_error *err) {
    vk_buf json = {0};
    vk_status status = vk_grant_write(grant, &json);
    if (status != VK_OK) {
        vk_buf_clear(&json);
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    vk_grant_record record = {.key_id = key_id,
                              .json = vk_buf_take_text(&json),
                              .chain_id = grant->chain_id,
                              .entry_point = grant->entry_point,
                              .account = grant->account.account};
    memcpy(record.permission_id, grant->account.permission_id, sizeof record.permission_id);
    status = record.json == NULL ? VK_ERR_MEMORY : vk_token_grant_add(gate->token, &record, err);
    vk_grant_record_clear(&record);
    return status;
}

static vk_status add_grant(vk_gate *gate, const vk_key_record *record, const char *json,
                           size_t json_len, vk_error *err) {
    if (record->policy == NULL) {
        return vk_fail(err, VK_ERR_POLICY, NULL, "the key has no policy that could be granted");
    }
    vk_policy policy;
    vk_signer signer;
    vk_grant grant;
    vk_status status = vk_policy_read(record->policy, strlen(record->policy), &policy, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_gate_signer(record, &signer);
    if (status == VK_OK) {
        status = vk_grant_read(json, json_len, &policy, &signer, &grant, err);
    }
    if (status == VK_OK) {
        status = store_grant(gate, record->id, &grant, err);
        vk_grant_clear(&grant);
    }
    vk_policy_clear(&policy);
    return status;
}

vk_status vk_gate_add_grant(vk_gate *gate, int64_t key_id, const char *json, size_t json_len,
                            vk_error *err) {
    vk_key_record record;
    vk_status status = vk_token_key_get(gate->token, key_id, &record);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    status = add_grant(gate, &record, json, json_len, err);
    vk_key_record_clear(&record);
    return status;
}
