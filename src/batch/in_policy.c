#include "batch/in_policy.h"

#include "batch/in_webauthn.h"
#include "policy/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABI_PERMISSION "abiPermission"

/* Members of this protocol, not of policyParams. */
static const char *const extra_members[] = {"withReset", "policyInfo", "policyData"};

/* ---- One policy ---- */

static void choose_contract(const vk_in *in, cJSON *params) {
    if (!vk_in_has(in, "withReset")) {
        return;
    }
    if (strcmp(vk_in_text(in, "type"), vk_rule_name(VK_RULE_RATE_LIMIT)) != 0) {
        vk_in_fail(in, "withReset", VK_ERR_FORMAT, "\"withReset\" is only for a rate limit");
    }
    bool reset = vk_in_bool(in, "withReset", false);
    if (vk_in_has(in, "policyAddress") || vk_in_status(in) != VK_OK) {
        return;
    }
    char text[43];
    vk_address contract = vk_rate_limit_contract(reset);
    vk_address_text(&contract, text);
    if (cJSON_AddStringToObject(params, "policyAddress", text) == NULL) {
        vk_in_fail(in, NULL, VK_ERR_MEMORY, "out of memory");
    }
}

static void check_reset(const vk_in *in, const vk_rule *rule) {
    bool reset = rule->kind == VK_RULE_RATE_LIMIT_RESET;
    if (vk_in_status(in) == VK_OK && vk_in_bool(in, "withReset", reset) != reset) {
        vk_in_fail(in, "withReset", VK_ERR_MISMATCH,
                   "\"withReset\" must be %s by \"policyAddress\"", reset ? "true" : "false");
    }
}

static void check_encoding(const vk_in *in, const vk_rule *rule) {
    if (!vk_in_has(in, "policyInfo") && !vk_in_has(in, "policyData")) {
        return;
    }
    vk_buf info = {0}, data = {0};
    vk_rule_put_info(rule, &info);
    vk_in_check(in, NULL, vk_buf_status(&info));
    vk_in_check(in, NULL, vk_rule_encode(rule, &data));
    vk_in_same_bytes(in, "policyInfo", vk_buf_view(&info));
    vk_in_same_bytes(in, "policyData", vk_buf_view(&data));
    vk_buf_clear(&info);
    vk_buf_clear(&data);
}

/* One permission of a call policy in ABI form, in place of the list. False: there is none. */
static bool take_abi_permission(const vk_in *in, cJSON *params) {
    if (strcmp(vk_in_text(in, "type"), vk_rule_name(VK_RULE_CALL)) != 0) {
        return false;
    }
    cJSON *permission = cJSON_DetachItemFromObjectCaseSensitive(params, ABI_PERMISSION);
    if (permission == NULL) {
        return false;
    }
    cJSON *list =
        vk_in_has(in, "permissions") ? NULL : cJSON_AddArrayToObject(params, "permissions");
    if (list == NULL || !cJSON_AddItemToArray(list, permission)) {
        vk_in_fail(in, ABI_PERMISSION, VK_ERR_FORMAT,
                   "\"" ABI_PERMISSION "\" is in place of \"permissions\"");
        cJSON_Delete(permission);
    }
    return true;
}

/* What is wrong with the first permission is wrong with the member that it was made of. */
static void name_abi_permission(vk_error *err) {
    static const char first[] = "permissions[0]";
    char rest[VK_ERROR_PATH_MAX];
    if (strncmp(err->path, first, strlen(first)) == 0) {
        snprintf(rest, sizeof rest, "%s", err->path + strlen(first));
        snprintf(err->path, sizeof err->path, "%s%.100s", ABI_PERMISSION, rest);
    }
}

static void parse(const vk_in *in, bool sdk, cJSON *params, vk_rule *out) {
    vk_policy_reading how = {.sdk = sdk};
    vk_path here = {""};
    vk_error err = {.status = VK_OK};
    bool abi_permission = take_abi_permission(in, params);
    choose_contract(in, params);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_status status = vk_rule_read(params, &here, &how, out, &err);
    if (abi_permission) {
        name_abi_permission(&err);
    }
    vk_in_check_error(in, NULL, status, &err);
}

/* out is to be cleared, also after a fault. */
static void read_rule(const vk_in *in, bool sdk, vk_rule *out) {
    cJSON *params = cJSON_Duplicate(in->value, true);
    if (!cJSON_IsObject(params)) {
        vk_in_fail(in, NULL, VK_ERR_FORMAT, "a policy must be an object");
        cJSON_Delete(params);
        return;
    }
    for (size_t i = 0; i < sizeof extra_members / sizeof extra_members[0]; i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(params, extra_members[i]);
    }
    parse(in, sdk, params, out);
    cJSON_Delete(params);
    if (vk_in_status(in) == VK_OK) {
        check_reset(in, out);
        check_encoding(in, out);
    }
}

static void clear_rule(void *data) {
    vk_rule_clear(data);
}

const vk_rule *vk_in_rule(const vk_in *in, bool sdk) {
    static const vk_rule none;
    vk_rule *rule = vk_in_alloc_owner(in, sizeof *rule, clear_rule);
    if (rule == NULL) {
        return &none;
    }
    read_rule(in, sdk, rule);
    return vk_in_status(in) == VK_OK ? rule : &none;
}

/* ---- All policies ---- */

static void clear_policy(void *data) {
    vk_policy_clear(data);
}

static void read_policies(const vk_in *in, const char *name, bool sdk, vk_policy *out) {
    size_t count;
    vk_in list = vk_in_list(in, name, &count);
    if (count > VK_POLICIES_MAX) {
        vk_in_fail(in, name, VK_ERR_SIZE, "%zu policies are more than the %d that fit", count,
                   VK_POLICIES_MAX);
    }
    if (count == 0 || vk_in_status(in) != VK_OK) {
        return;
    }
    out->rules = calloc(count, sizeof *out->rules);
    if (out->rules == NULL) {
        vk_in_fail(in, name, VK_ERR_MEMORY, "out of memory");
        return;
    }
    out->count = count;
    for (size_t i = 0; i < count && vk_in_status(in) == VK_OK; i++) {
        vk_in element = vk_in_element(&list, i);
        read_rule(&element, sdk, &out->rules[i]);
    }
}

const vk_policy *vk_in_policies(const vk_in *in, const char *name, const char *flag_name,
                                bool sdk) {
    static const vk_policy none;
    uint8_t flag[2] = {0};
    vk_policy *policy = vk_in_alloc_owner(in, sizeof *policy, clear_policy);
    if (policy == NULL) {
        return &none;
    }
    if (flag_name != NULL && vk_in_has(in, flag_name)) {
        vk_in_fixed(in, flag_name, flag, sizeof flag);
    }
    policy->permission_flag = (uint16_t)(flag[0] << 8 | flag[1]);
    read_policies(in, name, sdk, policy);
    return vk_in_status(in) == VK_OK ? policy : &none;
}

/* ---- Signers ---- */

static vk_signer read_ecdsa(const vk_in *in, const uint8_t **secret32) {
    static const char *const members[] = {"type", "sessionPrivateKey", "sessionAddress", NULL};
    vk_in_only(in, members);
    if (!vk_in_has(in, "sessionPrivateKey") && vk_in_has(in, "sessionAddress")) {
        vk_address address = vk_in_address(in, "sessionAddress");
        return vk_signer_ecdsa(&address);
    }
    vk_address address;
    *secret32 = vk_in_private_key(in, "sessionPrivateKey", &address);
    vk_in_same_address(in, "sessionAddress", &address);
    return vk_signer_ecdsa(&address);
}

static vk_signer read_webauthn(const vk_in *in) {
    static const char *const members[] = {"type", "version", "passkey", NULL};
    vk_signer signer = {0};
    vk_in_only(in, members);
    const char *version =
        vk_in_has(in, "version") ? vk_in_text(in, "version") : VK_WEBAUTHN_SIGNER_PATCHED;
    vk_in_passkey_key key = vk_in_passkey(in, "passkey");
    if (vk_signer_webauthn_of(version, key.point65, &key.authenticator_id_hash, &signer) != VK_OK) {
        vk_in_fail(in, "version", VK_ERR_UNSUPPORTED,
                   "WebAuthn signer \"%.20s\" is not known: 0.0.1 to 0.0.4 are", version);
    }
    return signer;
}

vk_signer vk_in_signer(const vk_in *in, const char *name, const uint8_t **secret32) {
    const uint8_t *secret = NULL;
    vk_in object = vk_in_object(in, name);
    const char *type = vk_in_text(&object, "type");
    vk_signer signer = {0};
    if (strcmp(type, "ecdsa") == 0) {
        signer = read_ecdsa(&object, &secret);
    } else if (strcmp(type, "webauthn") == 0) {
        signer = read_webauthn(&object);
    } else {
        vk_in_fail(&object, "type", VK_ERR_UNSUPPORTED,
                   "a signer of type \"%.20s\" is not known: \"ecdsa\" and \"webauthn\" are", type);
    }
    if (secret32 != NULL) {
        *secret32 = secret;
    }
    return signer;
}
