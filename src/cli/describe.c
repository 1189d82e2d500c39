#include "cli/describe.h"

#include "policy/call_text.h"
#include <inttypes.h>
#include <string.h>

/* ---- Calls ---- */

static void put_argument(vk_buf *out, uint64_t chain_id, const vk_call *call,
                         const vk_function *function, size_t index) {
    const vk_argument *argument = &function->arguments[index];
    bool is_amount = argument->kind == VK_ARGUMENT_AMOUNT;
    vk_word_text word = {.offset = 32 * index,
                         .argument = argument,
                         .asset = is_amount ? vk_asset_find(chain_id, &call->target) : NULL};
    vk_u256 value = vk_u256_from_be(call->data.data + 4 + 32 * index, 32);
    vk_buf_printf(out, "%s %s ", index > 0 ? "," : ":", argument->name);
    vk_put_word_amount(out, &word, &value);
}

static size_t argument_count(const vk_function *function) {
    size_t count = 0;
    while (count < VK_FUNCTION_ARGUMENTS_MAX && function->arguments[count].name != NULL) {
        count++;
    }
    return count;
}

static void put_function_call(vk_buf *out, uint64_t chain_id, const vk_call *call) {
    const vk_function *function = vk_function_find(call->data.data);
    vk_put_function(out, call->data.data);
    vk_buf_put_text(out, " of ");
    vk_put_contract(out, chain_id, &call->target);
    size_t count = function != NULL ? argument_count(function) : 0;
    bool exact = function != NULL && call->data.len == 4 + 32 * count;
    for (size_t i = 0; exact && i < count; i++) {
        put_argument(out, chain_id, call, function, i);
    }
    if (!exact) {
        vk_buf_printf(out, " with %zu bytes of arguments", call->data.len - 4);
    }
}

static void put_call(vk_buf *out, uint64_t chain_id, uint8_t call_type, const vk_call *call) {
    bool has_value = !vk_u256_is_zero(&call->value);
    vk_buf_put_text(out, call_type == VK_CALL_DELEGATE ? "delegatecall to " : "");
    if (call->data.len >= 4) {
        put_function_call(out, chain_id, call);
        vk_buf_put_text(out, has_value ? ", with " : "");
    } else {
        vk_buf_put_text(out, "send ");
    }
    if (has_value || call->data.len < 4) {
        vk_put_ether(out, &call->value);
    }
    if (call->data.len < 4) {
        vk_buf_put_text(out, " to ");
        vk_put_contract(out, chain_id, &call->target);
    }
}

static vk_exit say_call(vk_cli *cli, uint64_t chain_id, uint8_t call_type, const vk_call *call,
                        size_t number) {
    vk_out *out = &cli->out;
    vk_buf words = {0};
    char name[32], wei[79];
    put_call(&words, chain_id, call_type, call);
    char *text = vk_buf_take_text(&words);
    if (text == NULL) {
        return vk_cli_no_memory(cli);
    }
    snprintf(name, sizeof name, "call %zu", number);
    vk_u256_decimal(&call->value, wei);
    vk_say_field(out, name, "%s", text);
    vk_out_open(out, NULL, '{');
    vk_out_address(out, "target", &call->target);
    vk_out_text(out, "value", wei);
    vk_out_bytes(out, "data", call->data);
    vk_out_bool(out, "delegatecall", call_type == VK_CALL_DELEGATE);
    vk_out_text(out, "text", text);
    vk_out_close(out, '}');
    vk_text_free(text);
    return VK_EXIT_OK;
}

static vk_status decode(const vk_userop *op, const vk_grant *grant, vk_execution *out,
                        vk_error *err) {
    if (grant != NULL) {
        return vk_grant_calls(grant, op->call_data, out, err);
    }
    vk_kernel_version usual =
        op->entry_point == VK_ENTRY_POINT_0_6 ? VK_KERNEL_0_2_4 : VK_KERNEL_0_3_1;
    return vk_execution_decode_for(usual, op->call_data, out, err);
}

/* What cannot be decoded is said as such; the verdict on it follows elsewhere. */
static vk_exit say_calls(vk_cli *cli, const vk_userop *op, uint64_t chain_id,
                         const vk_grant *grant) {
    vk_execution execution = {0};
    vk_error err = {0};
    vk_exit exit = VK_EXIT_OK;
    vk_status status = decode(op, grant, &execution, &err);
    vk_out_open(&cli->out, "calls", '[');
    for (size_t i = 0; i < execution.call_count && exit == VK_EXIT_OK; i++) {
        exit = say_call(cli, chain_id, execution.call_type, &execution.calls[i], i + 1);
    }
    vk_out_close(&cli->out, ']');
    if (status != VK_OK) {
        const char *why = err.message[0] != '\0' ? err.message : vk_status_text(status);
        vk_say_field(&cli->out, "calls", "cannot be read: %s", why);
    } else if (execution.call_count == 0) {
        vk_say_field(&cli->out, "calls", "none, an empty batch");
    }
    vk_execution_clear(&execution);
    return exit;
}

/* ---- The rest ---- */

static const char *mode_text(uint8_t mode) {
    return mode == VK_NONCE_DEFAULT ? "default" : mode == VK_NONCE_ENABLE ? "enable" : "unknown";
}

static const char *type_text(uint8_t type) {
    return type == VK_NONCE_ROOT         ? "root"
           : type == VK_NONCE_VALIDATOR  ? "validator"
           : type == VK_NONCE_PERMISSION ? "permission"
                                         : "unknown";
}

/* Only Kernel 0.3.0 on reads anything in it. */
static void say_plain_nonce(vk_out *out, const vk_u256 *value) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(value);
    vk_buf key = {0};
    vk_hex_put(&key, (vk_bytes){value->be, 24});
    vk_say_field(out, "nonce", "key %.*s, sequence %" PRIu64, (int)key.len, (const char *)key.data,
                 nonce.sequence);
    vk_buf_clear(&key);
    vk_out_open(out, "nonce", '{');
    vk_out_bytes(out, "key", (vk_bytes){value->be, 24});
    vk_out_u64(out, "sequence", nonce.sequence);
    vk_out_close(out, '}');
}

static void say_kernel_nonce(vk_out *out, const vk_u256 *value) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(value);
    const uint8_t *id = nonce.permission_id;
    vk_say_field(out, "nonce", "%s mode, %s 0x%02x%02x%02x%02x, lane %u, sequence %" PRIu64,
                 mode_text(nonce.mode), type_text(nonce.type), id[0], id[1], id[2], id[3],
                 (unsigned)nonce.custom, nonce.sequence);
    vk_out_open(out, "nonce", '{');
    vk_out_text(out, "mode", mode_text(nonce.mode));
    vk_out_text(out, "type", type_text(nonce.type));
    vk_out_bytes(out, "permissionId", (vk_bytes){id, sizeof nonce.permission_id});
    vk_out_u64(out, "lane", nonce.custom);
    vk_out_u64(out, "sequence", nonce.sequence);
    vk_out_close(out, '}');
}

static void say_nonce(vk_out *out, const vk_userop *op, const vk_grant *grant) {
    bool thirdweb = grant != NULL && grant->kind == VK_GRANT_THIRDWEB;
    if (thirdweb || op->entry_point == VK_ENTRY_POINT_0_6) {
        say_plain_nonce(out, &op->nonce);
    } else {
        say_kernel_nonce(out, &op->nonce);
    }
}

/* Of EntryPoint 0.6 they begin a longer member. */
static bool leading_address(vk_bytes bytes, vk_address *out) {
    if (bytes.len < sizeof out->b) {
        return false;
    }
    memcpy(out->b, bytes.data, sizeof out->b);
    return true;
}

static bool paymaster_of(const vk_userop *op, vk_address *out) {
    *out = op->paymaster;
    return op->entry_point == VK_ENTRY_POINT_0_6 ? leading_address(op->paymaster_and_data, out)
                                                 : op->has_paymaster;
}

static bool factory_of(const vk_userop *op, vk_address *out) {
    *out = op->factory;
    return op->entry_point == VK_ENTRY_POINT_0_6 ? leading_address(op->init_code, out)
                                                 : op->has_factory;
}

/* EntryPoint 0.6 lets a paymaster use verificationGasLimit twice more. */
static bool add_0_6_paymaster(const vk_userop *op, vk_u256 *gas) {
    vk_address paymaster;
    bool pays = op->entry_point == VK_ENTRY_POINT_0_6 && paymaster_of(op, &paymaster);
    return !pays || (vk_u256_add(gas, &op->verification_gas_limit, gas) &&
                     vk_u256_add(gas, &op->verification_gas_limit, gas));
}

/* What the EntryPoint takes at most, its prefund. */
static bool max_cost(const vk_userop *op, vk_u256 *out) {
    const vk_u256 *limits[] = {&op->verification_gas_limit, &op->call_gas_limit,
                               &op->paymaster_verification_gas_limit,
                               &op->paymaster_post_op_gas_limit};
    *out = op->pre_verification_gas;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if ((i < 2 || op->has_paymaster) && !vk_u256_add(out, limits[i], out)) {
            return false;
        }
    }
    return add_0_6_paymaster(op, out) && vk_u256_mul(out, &op->max_fee_per_gas, out);
}

static void say_cost(vk_out *out, const vk_userop *op) {
    vk_u256 cost;
    char ether[82], wei[79];
    vk_address paymaster;
    if (!max_cost(op, &cost)) {
        vk_say_field(out, "gas", "costs more than 256 bits of wei");
        vk_out_null(out, "maxCost");
        return;
    }
    vk_u256_scaled(&cost, 18, ether);
    vk_u256_decimal(&cost, wei);
    vk_say_field(out, "gas", "at most %s ether%s", ether,
                 paymaster_of(op, &paymaster) ? ", paid by the paymaster" : "");
    vk_out_text(out, "maxCost", wei);
}

static void say_address(vk_out *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_say_field(out, name, "%s", text);
    vk_out_text(out, name, text);
}

static void say_chain(vk_out *out, uint64_t chain_id) {
    if (chain_id == 0) {
        vk_say_field(out, "chain", "unknown");
        vk_out_null(out, "chainId");
        return;
    }
    vk_say_field(out, "chain", "%" PRIu64, chain_id);
    vk_out_u64(out, "chainId", chain_id);
}

vk_exit vk_describe_operation(vk_cli *cli, const vk_userop *op, uint64_t chain_id,
                              const vk_grant *grant) {
    vk_out *out = &cli->out;
    vk_address address;
    say_address(out, "account", &op->sender);
    say_chain(out, chain_id);
    say_nonce(out, op, grant);
    if (factory_of(op, &address)) {
        say_address(out, "factory", &address);
    }
    if (paymaster_of(op, &address)) {
        say_address(out, "paymaster", &address);
    }
    vk_exit exit = say_calls(cli, op, chain_id, grant);
    say_cost(out, op);
    return exit;
}
