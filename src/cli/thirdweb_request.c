#include "cli/thirdweb_request.h"

#include "cli/input.h"
#include "thirdweb/request_json.h"
#include <stdlib.h>
#include <time.h>

#define REQUEST_FILE_MAX ((size_t)1 << 20)

vk_exit vk_request_read(vk_cli *cli, vk_thirdweb_request *out, vk_address **targets) {
    vk_buf text = {0};
    cJSON *json = NULL;
    vk_error err = {0};
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_REQUEST), REQUEST_FILE_MAX, &text);
    if (exit == VK_EXIT_OK) {
        vk_status status =
            vk_json_parse(vk_trim(vk_buf_view(&text)), REQUEST_FILE_MAX, &json, &err);
        if (status == VK_OK) {
            status = vk_thirdweb_request_read(json, NULL, out, &err);
        }
        exit = status == VK_OK ? exit : vk_cli_fail_error(cli, "the request cannot be read", &err);
    }
    if (exit == VK_EXIT_OK) {
        *targets = (vk_address *)(uintptr_t)out->targets;
    }
    cJSON_Delete(json);
    vk_buf_clear(&text);
    return exit;
}

vk_exit vk_request_write(vk_cli *cli, const vk_thirdweb_request *request) {
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    vk_buf text = {0};
    if (path == NULL) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_thirdweb_request_write(request, &text);
    vk_buf_put_byte(&text, '\n');
    status = status == VK_OK ? vk_buf_status(&text) : status;
    vk_exit exit = status == VK_OK ? vk_write_file(cli, path, vk_buf_view(&text))
                                   : vk_cli_fail_status(cli, "cannot write the request", status);
    vk_buf_clear(&text);
    return exit;
}

vk_exit vk_request_uid(vk_cli *cli, vk_hash *out) {
    CK_RV rv = cli->module.f->C_GenerateRandom(cli->session, out->b, sizeof out->b);
    return rv == CKR_OK ? VK_EXIT_OK
                        : vk_cli_fail_rv(cli, "cannot choose a number for the request", rv);
}

void vk_request_window(vk_thirdweb_request *request, uint64_t seconds) {
    time_t now = time(NULL);
    request->request_start = vk_u256_from_u64(0);
    request->request_end = vk_u256_from_u64((uint64_t)now + seconds);
}

static vk_exit say_members(vk_cli *cli, const vk_thirdweb_request *request, uint64_t chain_id,
                           const vk_address *account, const vk_hash *digest) {
    vk_out *out = &cli->out;
    vk_buf text = {0}, typed_data = {0};
    vk_status status = vk_thirdweb_request_write(request, &text);
    if (status == VK_OK) {
        status = vk_thirdweb_typed_data(request, chain_id, account, &typed_data);
    }
    if (status == VK_OK) {
        vk_say_in(out, VK_STYLE_HEAD, "Typed data (EIP-712)\n");
        vk_say(out, "%.*s\n", (int)typed_data.len, (const char *)typed_data.data);
        vk_say_in(out, VK_STYLE_HEAD, "Digest\n");
        if (!out->json) {
            vk_out_hex_line(out, (vk_bytes){digest->b, sizeof digest->b});
        }
        vk_out_bytes(out, "digest", (vk_bytes){digest->b, sizeof digest->b});
        vk_out_raw(out, "request", vk_buf_view(&text));
        vk_out_raw(out, "typedData", vk_buf_view(&typed_data));
    }
    vk_buf_clear(&text);
    vk_buf_clear(&typed_data);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot write the request", status);
}

vk_exit vk_request_say(vk_cli *cli, const vk_thirdweb_request *request, uint64_t chain_id,
                       const vk_address *account) {
    vk_thirdweb_hashes hashes;
    vk_error err = {0};
    vk_status status =
        vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, chain_id, account,
                         VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT, &hashes, &err);
    return status == VK_OK ? say_members(cli, request, chain_id, account, &hashes.digest)
                           : vk_cli_fail_error(cli, "the request cannot be hashed", &err);
}
