/* The decoded operation, as text or as JSON members. */
#include "cli/explain.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- Fields ---- */

/* The buffer's text in both forms, either name may be NULL; clears the buffer. */
static vk_exit put_field(vk_cli *cli, const char *field, const char *member, vk_buf *words) {
    char *text = vk_buf_take_text(words);
    if (text == NULL) {
        return vk_cli_no_memory(cli);
    }
    if (field != NULL) {
        vk_say_field(&cli->out, field, "%s", text);
    }
    if (member != NULL) {
        vk_out_text(&cli->out, member, text);
    }
    vk_text_free(text);
    return VK_EXIT_OK;
}

/* ---- Calls ---- */

static void put_argument(vk_buf *words, vk_out *out, const vk_call *call,
                         const vk_call_argument *argument) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "name", argument->word.argument->name);
    vk_out_bytes(out, "word", (vk_bytes){argument->value.be, sizeof argument->value.be});
    vk_put_call_argument(words, call, argument);
    char *text = vk_buf_take_text(words);
    vk_out_text(out, "text", text != NULL ? text : "");
    vk_text_free(text);
    vk_out_close(out, '}');
}

static void put_function(vk_out *out, const vk_scene *scene, const vk_call *call) {
    const vk_function *function = call->data.len >= 4 ? vk_function_find(call->data.data) : NULL;
    vk_call_argument arguments[VK_FUNCTION_ARGUMENTS_MAX];
    vk_buf words = {0};
    if (function == NULL) {
        vk_out_null(out, "function");
        return;
    }
    vk_buf_printf(&words, "%s(%s)", function->name, function->types);
    char *signature = vk_buf_take_text(&words);
    vk_out_text(out, "function", signature != NULL ? signature : function->name);
    vk_text_free(signature);
    size_t count = vk_call_arguments(scene, call, arguments);
    vk_out_open(out, "arguments", '[');
    for (size_t i = 0; i < count; i++) {
        put_argument(&words, out, call, &arguments[i]);
    }
    vk_out_close(out, ']');
}

static void say_words(vk_out *out, const vk_call *call) {
    for (size_t i = 0; i < vk_call_words(call); i++) {
        vk_buf words = {0};
        vk_put_call_word(&words, call, i);
        vk_say_field(out, "", "%.*s", (int)words.len, (const char *)words.data);
        vk_buf_clear(&words);
    }
}

static vk_exit put_call(vk_cli *cli, const vk_scene *scene, const vk_call *call,
                        const char *field) {
    vk_out *out = &cli->out;
    vk_buf words = {0};
    char wei[79];
    vk_u256_decimal(&call->value, wei);
    vk_put_call(&words, scene, call);
    vk_out_open(out, NULL, '{');
    vk_out_address(out, "target", &call->target);
    vk_out_text(out, "value", wei);
    vk_out_bytes(out, "data", call->data);
    vk_out_bool(out, "delegatecall", scene->is_delegate);
    vk_out_bool(out, "self", vk_address_equal(&call->target, &scene->account));
    put_function(out, scene, call);
    vk_exit exit = put_field(cli, field, "text", &words);
    vk_out_close(out, '}');
    say_words(out, call);
    return exit;
}

/* What is said of all calls together, before them. */
static void say_calls(vk_out *out, const vk_operation_calls *calls, bool has_data) {
    const vk_execution *execution = &calls->execution;
    bool may_fail = execution->exec_type == VK_EXEC_TRY;
    bool is_read = execution->calls != NULL || calls->fault[0] == '\0';
    if (!is_read) {
        vk_say_field(out, "calls", "cannot be read: %s", calls->fault);
    } else if (execution->call_count == 0) {
        vk_say_field(out, "calls", "none%s", has_data ? ", an empty batch" : "");
    } else if (execution->call_count > 1 || may_fail) {
        vk_say_field(out, "calls", "%zu, %s", execution->call_count,
                     may_fail ? "in try mode: one that fails does not undo the others"
                              : "all or none");
    }
    if (is_read && calls->fault[0] != '\0') {
        vk_say_field(out, "encoding", "%s", calls->fault);
    }
}

static vk_exit put_calls(vk_cli *cli, const vk_explain *job) {
    vk_out *out = &cli->out;
    const vk_execution *execution = &job->calls.execution;
    vk_scene scene = {.chain_id = vk_explain_chain(job),
                      .account = job->request.op.sender,
                      .is_delegate = execution->call_type == VK_CALL_DELEGATE};
    vk_exit exit = VK_EXIT_OK;
    say_calls(out, &job->calls, job->request.op.call_data.len > 0);
    vk_out_open(out, "calls", '[');
    for (size_t i = 0; i < execution->call_count && exit == VK_EXIT_OK; i++) {
        char field[64] = "call";
        if (execution->call_count > 1) {
            snprintf(field, sizeof field, "call %zu of %zu", i + 1, execution->call_count);
        }
        exit = put_call(cli, &scene, &execution->calls[i], field);
    }
    vk_out_close(out, ']');
    if (job->calls.fault[0] != '\0') {
        vk_out_text(out, "callsFault", job->calls.fault);
    }
    return exit;
}

/* ---- Where ---- */

static void put_hash(vk_out *out, const vk_explain *job) {
    uint64_t chain_id = vk_explain_chain(job);
    vk_address entry_point = vk_entry_point_address(job->request.op.entry_point);
    vk_hash hash;
    vk_buf hex = {0};
    if (chain_id == 0 || vk_userop_hash(&job->request.op, chain_id, &entry_point, &hash) != VK_OK) {
        vk_say_in(out, VK_STYLE_HEAD, "Operation\n");
        vk_out_null(out, "userOpHash");
        return;
    }
    vk_hex_put(&hex, (vk_bytes){hash.b, sizeof hash.b});
    vk_say_in(out, VK_STYLE_HEAD, "Operation");
    vk_say(out, " %.*s\n", (int)hex.len, (const char *)hex.data);
    vk_out_bytes(out, "userOpHash", (vk_bytes){hash.b, sizeof hash.b});
    vk_buf_clear(&hex);
}

static void put_address(vk_out *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_say_field(out, name, "%s", text);
    vk_out_text(out, name, text);
}

static vk_exit put_chain(vk_cli *cli, const vk_explain *job) {
    vk_out *out = &cli->out;
    uint64_t chain_id = vk_explain_chain(job);
    vk_address entry_point = vk_entry_point_address(job->request.op.entry_point);
    vk_buf words = {0};
    if (chain_id == 0) {
        vk_buf_put_text(&words, "unknown");
        vk_out_null(out, "chainId");
    } else {
        vk_put_chain(&words, chain_id);
        vk_out_u64(out, "chainId", chain_id);
    }
    vk_buf_printf(&words, ", EntryPoint %s", vk_entry_point_text(job->request.op.entry_point));
    vk_out_address(out, "entryPoint", &entry_point);
    if (job->grant != NULL && job->grant->kind == VK_GRANT_THIRDWEB) {
        vk_buf_put_text(&words, ", thirdweb");
    } else if (job->grant != NULL) {
        vk_buf_printf(&words, ", Kernel %s", vk_kernel_text(job->grant->kernel));
        vk_out_text(out, "kernelVersion", vk_kernel_text(job->grant->kernel));
    }
    if (job->grant != NULL) {
        vk_out_text(out, "kind", vk_grant_kind_text(job->grant->kind));
        vk_out_text(out, "keptBy", vk_grant_is_token_only(job->grant) ? "token" : "account");
    }
    return put_field(cli, "on", NULL, &words);
}

static const char *mode_text(uint8_t mode) {
    return mode == VK_NONCE_DEFAULT ? "default" : mode == VK_NONCE_ENABLE ? "enable" : "unknown";
}

static const char *type_text(uint8_t type) {
    return type == VK_NONCE_ROOT         ? "root"
           : type == VK_NONCE_VALIDATOR  ? "validator"
           : type == VK_NONCE_PERMISSION ? "permission"
                                         : "unknown";
}

static void put_kernel_nonce(vk_out *out, const vk_kernel_nonce *nonce) {
    vk_out_text(out, "mode", mode_text(nonce->mode));
    vk_out_text(out, "type", type_text(nonce->type));
    vk_out_bytes(out, "permissionId", (vk_bytes){nonce->permission_id, 4});
    vk_out_u64(out, "lane", nonce->custom);
}

/* Only Kernel 0.3.0 on reads anything in it. */
static vk_exit put_nonce(vk_cli *cli, const vk_explain *job) {
    vk_out *out = &cli->out;
    const vk_userop *op = &job->request.op;
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(&op->nonce);
    vk_buf words = {0};
    vk_out_open(out, "nonce", '{');
    if (vk_explain_grant(job)->kind == VK_GRANT_THIRDWEB || op->entry_point == VK_ENTRY_POINT_0_6) {
        vk_put_plain_nonce(&words, &op->nonce);
        vk_out_bytes(out, "key", (vk_bytes){op->nonce.be, sizeof op->nonce.be - 8});
    } else {
        vk_put_operation_nonce(&words, op);
        put_kernel_nonce(out, &nonce);
    }
    vk_out_u64(out, "sequence", nonce.sequence);
    vk_exit exit = put_field(cli, "nonce", "text", &words);
    vk_out_close(out, '}');
    return exit;
}

/* ---- Gas ---- */

static void put_number(vk_out *out, const char *name, const vk_u256 *value) {
    char text[79];
    vk_u256_decimal(value, text);
    vk_out_text(out, name, text);
}

static void put_cost(vk_out *out, const vk_userop *op) {
    vk_u256 gas, cost;
    bool fits = vk_operation_cost(op, &gas, &cost);
    if (fits) {
        put_number(out, "maxCost", &cost);
    } else {
        vk_out_null(out, "maxCost");
    }
}

static vk_exit put_gas(vk_cli *cli, const vk_userop *op) {
    vk_out *out = &cli->out;
    vk_buf words = {0};
    vk_u256 gas, cost;
    vk_put_operation_gas(&words, op);
    put_cost(out, op);
    vk_out_open(out, "gas", '{');
    if (vk_operation_cost(op, &gas, &cost)) {
        put_number(out, "limit", &gas);
    }
    put_number(out, "preVerificationGas", &op->pre_verification_gas);
    put_number(out, "verificationGasLimit", &op->verification_gas_limit);
    put_number(out, "callGasLimit", &op->call_gas_limit);
    put_number(out, "maxFeePerGas", &op->max_fee_per_gas);
    vk_exit exit = put_field(cli, "gas", "text", &words);
    vk_out_close(out, '}');
    return exit;
}

static vk_exit put_window(vk_cli *cli, const vk_explain *job) {
    const vk_judgement *judgement = &job->judgement;
    vk_buf words = {0};
    if (!job->key.has_policy) {
        return VK_EXIT_OK;
    }
    vk_put_window(&words, judgement->valid_after, judgement->valid_until);
    vk_out_open(&cli->out, "window", '{');
    vk_out_u64(&cli->out, "validAfter", judgement->valid_after);
    vk_out_u64(&cli->out, "validUntil", judgement->valid_until);
    vk_exit exit = put_field(cli, "window", "text", &words);
    vk_out_close(&cli->out, '}');
    return exit;
}

/* ---- The whole ---- */

static vk_exit put_where(vk_cli *cli, const vk_explain *job) {
    const vk_userop *op = &job->request.op;
    vk_address address;
    put_hash(&cli->out, job);
    put_address(&cli->out, "account", &op->sender);
    vk_exit exit = put_chain(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = put_nonce(cli, job);
    }
    if (vk_operation_factory(op, &address)) {
        put_address(&cli->out, "factory", &address);
    }
    if (vk_operation_paymaster(op, &address)) {
        vk_out_address(&cli->out, "paymaster", &address);
    }
    return exit;
}

vk_exit vk_explain_operation(vk_cli *cli, const vk_explain *job) {
    vk_exit exit = put_where(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = put_calls(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = put_gas(cli, &job->request.op);
    }
    return exit == VK_EXIT_OK ? put_window(cli, job) : exit;
}
