#include "net/chain_state.h"

#include "eth/abi.h"
#include "net/chain_state_read.h"
#include "net/node_part.h"
#include "net/nonce.h"
#include "net/params.h"
#include "net/permission_record.h"
#include "net/rpc.h"

/* ---- One call, one answer ---- */

typedef vk_status (*reader)(const cJSON *reply, void *out, vk_error *err);

/* Takes params. */
static vk_status ask(vk_node *node, const char *method, cJSON *params, reader read, void *out,
                     vk_error *err) {
    vk_rpc *rpc = vk_node_rpc(node);
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(rpc, method, params, &reply, err);
    if (status == VK_OK) {
        status = read(reply, out, &why);
        status = vk_rpc_read(rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

/* [address, "latest"] */
static cJSON *account_params(const vk_address *address) {
    return VK_PARAMS(vk_params_address(address), cJSON_CreateString("latest"));
}

static vk_status read_has_code(const cJSON *reply, void *out, vk_error *err) {
    return vk_code_read(reply, out, err);
}

vk_status vk_node_has_code(vk_node *node, const vk_address *address, bool *out, vk_error *err) {
    return ask(node, "eth_getCode", account_params(address), read_has_code, out, err);
}

static vk_status read_code(const cJSON *reply, void *out, vk_error *err) {
    return vk_json_bytes(reply, "result", NULL, VK_NODE_ANSWER_MAX, out, err);
}

vk_status vk_node_code(vk_node *node, const vk_address *address, vk_buf *out, vk_error *err) {
    return ask(node, "eth_getCode", account_params(address), read_code, out, err);
}

static vk_status read_balance(const cJSON *reply, void *out, vk_error *err) {
    return vk_reply_quantity(reply, "result", NULL, 256, out, err);
}

vk_status vk_node_balance(vk_node *node, const vk_address *address, vk_u256 *out, vk_error *err) {
    return ask(node, "eth_getBalance", account_params(address), read_balance, out, err);
}

static vk_status read_fees(const cJSON *reply, void *out, vk_error *err) {
    return vk_fee_history_read(reply, out, err);
}

vk_status vk_node_fees(vk_node *node, vk_fees *out, vk_error *err) {
    cJSON *params = VK_PARAMS(vk_params_number(VK_FEE_BLOCKS), cJSON_CreateString("latest"),
                              VK_PARAMS(cJSON_CreateNumber(50)));
    return ask(node, "eth_feeHistory", params, read_fees, out, err);
}

vk_status vk_node_call_latest(vk_node *node, const vk_address *to, vk_bytes data, vk_buf *out,
                              vk_error *err) {
    return vk_node_call(node, to, data, VK_NODE_LATEST, out, err);
}

/* ---- The EntryPoint ---- */

/* Asks it, and clears the call. */
static vk_status ask_entry_point(vk_node *node, const vk_address *entry_point, vk_buf *call,
                                 vk_buf *answer, vk_error *err) {
    vk_status status = vk_buf_status(call);
    if (status == VK_OK) {
        status = vk_node_call_latest(node, entry_point, vk_buf_view(call), answer, err);
    } else {
        (void)vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    vk_buf_clear(call);
    return status;
}

static vk_status no_entry_point(const vk_node *node, const vk_address *entry_point, vk_bytes answer,
                                const char *what, vk_error *err) {
    char address[43];
    vk_address_text(entry_point, address);
    return answer.len == 0 ? vk_fail(err, VK_ERR_SERVER, NULL,
                                     "%s says that there is no EntryPoint at %s on its chain",
                                     vk_node_name(node), address)
                           : vk_fail(err, VK_ERR_SERVER, NULL,
                                     "%s gives no %s that the EntryPoint was asked for",
                                     vk_node_name(node), what);
}

vk_status vk_node_nonce(vk_node *node, const vk_address *entry_point, const vk_address *account,
                        const uint8_t key24[24], vk_u256 *out, vk_error *err) {
    vk_buf call = {0}, answer = {0};
    vk_u256 nonce;
    vk_get_nonce_put(account, key24, &call);
    vk_status status = ask_entry_point(node, entry_point, &call, &answer, err);
    if (status == VK_OK && !vk_get_nonce_read(vk_buf_view(&answer), key24, &nonce)) {
        status = no_entry_point(node, entry_point, vk_buf_view(&answer), "nonce of the key", err);
    }
    if (status == VK_OK) {
        *out = nonce;
    }
    vk_buf_clear(&answer);
    return status;
}

vk_status vk_node_deposit(vk_node *node, const vk_address *entry_point, const vk_address *account,
                          vk_u256 *out, vk_error *err) {
    static const uint8_t selector[4] = {0x70, 0xa0, 0x82, 0x31}; /* balanceOf(address) */
    vk_buf call = {0}, answer = {0};
    vk_buf_put(&call, selector, sizeof selector);
    vk_abi_put_address(&call, account);
    vk_status status = ask_entry_point(node, entry_point, &call, &answer, err);
    if (status == VK_OK &&
        (answer.len != VK_WORD || vk_abi_u256(vk_buf_view(&answer), 0, out) != VK_OK)) {
        status = no_entry_point(node, entry_point, vk_buf_view(&answer), "deposit", err);
    }
    vk_buf_clear(&answer);
    return status;
}

/* ---- The account ---- */

static vk_permission_state state_of(const vk_permission_record *record) {
    return vk_permission_record_is_revoked(record) ? VK_PERMISSION_REVOKED
           : vk_permission_record_is_there(record) ? VK_PERMISSION_INSTALLED
                                                   : VK_PERMISSION_ABSENT;
}

static vk_status ask_nonce(vk_node *node, const vk_address *account, uint32_t *out, vk_error *err) {
    vk_buf call = {0};
    bool is_kernel;
    vk_manage_ask_current_nonce(&call);
    vk_status status =
        vk_account_ask_u32(node, account, &call, VK_NODE_LATEST, &is_kernel, out, err);
    /* Of an account that nobody initialized, whose approvals begin with 1 as those of any other. */
    *out = *out == 0 ? 1 : *out;
    return status != VK_OK || is_kernel
               ? status
               : vk_fail(err, VK_ERR_SERVER, NULL,
                         "%s, asked for the account's nonce, says nothing, which no Kernel does",
                         vk_node_name(node));
}

/* Of an account that has code. */
static vk_status ask_account(vk_node *node, const vk_address *account, const uint8_t id4[4],
                             vk_account_state *out, vk_error *err) {
    vk_permission_record record;
    vk_status status = ask_nonce(node, account, &out->current_nonce, err);
    if (status == VK_OK) {
        status = vk_permission_record_get(node, account, id4, VK_NODE_LATEST, &record, err);
    }
    if (status == VK_OK) {
        out->valid_nonce_from = record.valid_from;
        out->permission = state_of(&record);
        out->config = record.permission;
    }
    return status;
}

vk_status vk_node_account_state(vk_node *node, const vk_address *account,
                                const uint8_t permission_id4[4], vk_account_state *out,
                                vk_error *err) {
    vk_account_state state = {.current_nonce = 1};
    vk_status status = vk_node_has_code(node, account, &state.is_deployed, err);
    if (status == VK_OK && state.is_deployed) {
        status = ask_account(node, account, permission_id4, &state, err);
    }
    if (status == VK_OK) {
        *out = state;
    }
    return status;
}
