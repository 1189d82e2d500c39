#include "cli/signed.h"

static vk_exit put_grant(vk_cli *cli, const vk_userop *op, const vk_grant *grant) {
    vk_hash hash;
    vk_status status = vk_userop_hash(op, grant->chain_id, &grant->entry_point, &hash);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot hash the operation", status);
    }
    vk_out_u64(&cli->out, "chainId", grant->chain_id);
    vk_out_address(&cli->out, "account", &grant->account.account);
    vk_out_bytes(&cli->out, "userOpHash", (vk_bytes){hash.b, sizeof hash.b});
    return VK_EXIT_OK;
}

static vk_exit put_operation(vk_cli *cli, const vk_userop *op) {
    vk_out *out = &cli->out;
    vk_buf json = {0};
    vk_status status = vk_userop_write_json(op, &json);
    vk_out_raw(out, "userOp", vk_buf_view(&json));
    if (!out->json) {
        vk_buf_put(&out->text, json.data, json.len);
        vk_buf_put_byte(&out->text, '\n');
    }
    vk_buf_clear(&json);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot write the operation", status);
}

vk_exit vk_signed_say(vk_cli *cli, vk_userop *op, const vk_grant *grant, const char *name,
                      vk_bytes signature) {
    vk_out *out = &cli->out;
    bool whole = vk_opt_flag(cli, VK_OPT_OPERATION);
    vk_exit exit = VK_EXIT_OK;
    if (!out->json && !whole) {
        vk_out_hex_line(out, signature);
        return exit;
    }
    vk_out_open(out, NULL, '{');
    vk_out_bytes(out, name, signature);
    if (out->json && grant != NULL) {
        exit = put_grant(cli, op, grant);
    }
    if (exit == VK_EXIT_OK && whole) {
        op->signature = signature;
        exit = put_operation(cli, op);
    }
    vk_out_close(out, '}');
    return exit;
}
