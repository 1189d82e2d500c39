/*
 * Kind manage: the calls that revoke a permission, ask for its state, or install it at deployment;
 * and what the account answered.
 *
 * Besides the members of the vectors, a request may have "accountCurrentNonce" and "validNonceFrom"
 * (then "nonceToSet" is checked against the account's rule), "moduleContext" (the third argument of
 * isModuleInstalled), and answers of eth_call, each read into a member of the same name without
 * "Answer": "permissionConfigAnswer", "validationConfigAnswer", "isInitializedAnswer",
 * "isModuleInstalledAnswer". "nonceToSet" and "sudoValidator" may be absent; the calls that need
 * them are then left out.
 */
#include "batch/in_account.h"
#include "batch/in_session.h"
#include "batch/kinds.h"

static const char *const members[] = {"kernelVersion",
                                      "account",
                                      "signer",
                                      "policies",
                                      "flag",
                                      "hook",
                                      "sudoValidator",
                                      "nonceToSet",
                                      "accountCurrentNonce",
                                      "validNonceFrom",
                                      "moduleContext",
                                      "permissionConfigAnswer",
                                      "validationConfigAnswer",
                                      "isInitializedAnswer",
                                      "isModuleInstalledAnswer",
                                      NULL};

/* ---- Calls ---- */

/* {to, data}; data is consumed. */
static void put_call(vk_reply *reply, const char *name, const vk_address *to, vk_buf *data) {
    vk_reply_object(reply, name);
    vk_reply_address(reply, "to", to);
    vk_reply_hex(reply, "data", vk_buf_view(data));
    vk_reply_object_end(reply);
    vk_buf_clear(data);
}

static void put_revocation(const vk_in *in, const vk_session *session, const vk_address *account,
                           vk_reply *reply) {
    vk_address hook;
    vk_bytes hook_data;
    vk_buf call_data = {0};
    vk_in_hook(in, &hook, &hook_data);
    vk_in_check(in, NULL,
                vk_manage_revoke(account, session->permission_id, session->enable_data, hook_data,
                                 &call_data));
    vk_reply_hex(reply, "uninstallCallData", vk_buf_view(&call_data));
    vk_buf_clear(&call_data);
}

static void check_nonce(const vk_in *in, uint32_t nonce) {
    if (!vk_in_has(in, "accountCurrentNonce") || !vk_in_has(in, "validNonceFrom")) {
        return;
    }
    vk_error err = {.status = VK_OK};
    uint32_t current = (uint32_t)vk_in_u64(in, "accountCurrentNonce", UINT32_MAX);
    uint32_t valid_from = (uint32_t)vk_in_u64(in, "validNonceFrom", UINT32_MAX);
    if (vk_in_status(in) == VK_OK &&
        vk_manage_check_invalidate(nonce, valid_from, current, &err) != VK_OK) {
        vk_in_fail(in, "nonceToSet", err.status, "%s", err.message);
    }
}

static void put_invalidation(const vk_in *in, vk_reply *reply) {
    if (!vk_in_has(in, "nonceToSet")) {
        return;
    }
    vk_buf call = {0};
    uint32_t nonce = (uint32_t)vk_in_u64(in, "nonceToSet", UINT32_MAX);
    check_nonce(in, nonce);
    vk_manage_invalidate_nonce(nonce, &call);
    vk_reply_hex(reply, "invalidateNonceCall", vk_buf_view(&call));
    vk_buf_clear(&call);
}

/* The SDK has no call of validationConfig. */
static void put_account_questions(const vk_session *session, const vk_address *account, bool sdk,
                                  vk_reply *reply) {
    uint8_t id21[21];
    vk_buf data = {0};
    vk_manage_ask_permission_config(session->permission_id, &data);
    put_call(reply, "permissionConfigCall", account, &data);
    if (!sdk) {
        vk_permission_validation_id(session->permission_id, id21);
        vk_manage_ask_validation_config(id21, &data);
        put_call(reply, "validationConfigCall", account, &data);
    }
}

static void put_validator_questions(const vk_in *in, const vk_address *account, vk_reply *reply) {
    if (!vk_in_has(in, "sudoValidator")) {
        return;
    }
    vk_address validator = vk_in_address(in, "sudoValidator");
    vk_bytes context = vk_in_bytes_or_empty(in, "moduleContext");
    vk_buf data = {0};
    vk_manage_ask_is_initialized(account, &data);
    put_call(reply, "isInitializedCall", &validator, &data);
    vk_manage_ask_is_module_installed(VK_MODULE_VALIDATOR, &validator, context, &data);
    put_call(reply, "isModuleInstalledCall", account, &data);
}

static void put_init_config(const vk_in *in, const vk_session *session, vk_reply *reply) {
    vk_buf install = {0}, grant = {0};
    vk_in_check(
        in, NULL,
        vk_manage_init_config(session->permission_id, session->enable_data, &install, &grant));
    vk_reply_array(reply, "initConfig");
    vk_reply_hex(reply, NULL, vk_buf_view(&install));
    vk_reply_hex(reply, NULL, vk_buf_view(&grant));
    vk_reply_array_end(reply);
    vk_buf_clear(&install);
    vk_buf_clear(&grant);
}

/* ---- Answers ---- */

static void put_flag(vk_reply *reply, uint16_t flag) {
    uint8_t be[2] = {(uint8_t)(flag >> 8), (uint8_t)flag};
    vk_reply_fixed(reply, "flag", be, sizeof be);
}

static void put_config(const vk_permission_config *config, const vk_signer *signer,
                       vk_reply *reply) {
    vk_reply_object(reply, "permissionConfig");
    vk_reply_bool(reply, "installed", vk_manage_is_installed(config, signer));
    put_flag(reply, config->flag);
    vk_reply_address(reply, "signer", &config->signer);
    vk_reply_array(reply, "policies");
    for (size_t i = 0; i < config->policy_count; i++) {
        vk_reply_object(reply, NULL);
        put_flag(reply, config->policies[i].flag);
        vk_reply_address(reply, "address", &config->policies[i].address);
        vk_reply_object_end(reply);
    }
    vk_reply_array_end(reply);
    vk_reply_object_end(reply);
}

/* A revocation that would revert is a fault. */
static void read_permission_config(const vk_in *in, const vk_session *session, vk_reply *reply) {
    static const char name[] = "permissionConfigAnswer";
    vk_permission_config config = {.flag = 0};
    vk_error err = {.status = VK_OK};
    if (!vk_in_has(in, name)) {
        return;
    }
    vk_bytes answer = vk_in_bytes(in, name);
    vk_status status = vk_manage_read_permission_config(answer, &config, &err);
    if (status == VK_OK && vk_manage_is_installed(&config, &session->signer)) {
        status = vk_manage_check_revoke(&config, session->enable_data, &err);
    }
    if (status != VK_OK) {
        vk_in_fail(in, name, status, "%s", err.message);
    }
    put_config(&config, &session->signer, reply);
}

static void read_validation_config(const vk_in *in, vk_reply *reply) {
    static const char name[] = "validationConfigAnswer";
    vk_validation_config config = {.nonce = 0};
    vk_error err = {.status = VK_OK};
    if (!vk_in_has(in, name)) {
        return;
    }
    if (vk_manage_read_validation_config(vk_in_bytes(in, name), &config, &err) != VK_OK) {
        vk_in_fail(in, name, err.status, "%s", err.message);
    }
    vk_reply_object(reply, "validationConfig");
    vk_reply_number(reply, "nonce", config.nonce);
    vk_reply_address(reply, "hook", &config.hook);
    vk_reply_object_end(reply);
}

static void read_bool(const vk_in *in, const char *name, const char *out_name, vk_reply *reply) {
    bool value = false;
    vk_error err = {.status = VK_OK};
    if (!vk_in_has(in, name)) {
        return;
    }
    if (vk_manage_read_bool(vk_in_bytes(in, name), &value, &err) != VK_OK) {
        vk_in_fail(in, name, err.status, "%s", err.message);
    }
    vk_reply_bool(reply, out_name, value);
}

vk_status vk_batch_manage(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    vk_in_only(in, members);
    (void)vk_in_kernel_with_permissions(in);
    vk_address account = vk_in_address(in, "account");
    vk_session session = vk_in_session(in, sdk);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_reply_fixed(reply, "permissionId", session.permission_id, sizeof session.permission_id);
    vk_reply_hex(reply, "enableData", session.enable_data);
    put_revocation(in, &session, &account, reply);
    put_invalidation(in, reply);
    put_account_questions(&session, &account, sdk, reply);
    put_validator_questions(in, &account, reply);
    put_init_config(in, &session, reply);
    read_permission_config(in, &session, reply);
    read_validation_config(in, reply);
    read_bool(in, "isInitializedAnswer", "isInitialized", reply);
    read_bool(in, "isModuleInstalledAnswer", "isModuleInstalled", reply);
    return vk_in_status(in);
}
