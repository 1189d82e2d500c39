#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_stdio(const char *path) {
    return strcmp(path, "-") == 0;
}

vk_exit vk_read_fd(vk_cli *cli, int fd, const char *path, size_t max, vk_buf *out) {
    uint8_t chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot read %s: %s", path, strerror(errno));
        }
        if (n > 0) {
            vk_buf_put(out, chunk, (size_t)n);
        }
        if (out->len > max) {
            return vk_cli_fail(cli, VK_EXIT_INPUT, "%s has more than the allowed %zu bytes", path,
                               max);
        }
    }
    vk_wipe(chunk, sizeof chunk);
    return vk_buf_status(out) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

vk_exit vk_read_file(vk_cli *cli, const char *path, size_t max, vk_buf *out) {
    if (is_stdio(path)) {
        return vk_read_fd(cli, STDIN_FILENO, "standard input", max, out);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "cannot open %s: %s", path, strerror(errno));
    }
    vk_exit exit = vk_read_fd(cli, fd, path, max, out);
    close(fd);
    return exit;
}

vk_exit vk_write_file(vk_cli *cli, const char *path, vk_bytes bytes) {
    if (is_stdio(path)) {
        vk_buf_put(&cli->out.text, bytes.data, bytes.len);
        return VK_EXIT_OK;
    }
    FILE *file = fopen(path, "we");
    bool ok = file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    if (file != NULL && fclose(file) != 0) {
        ok = false;
    }
    if (!ok) {
        return vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    }
    return VK_EXIT_OK;
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

vk_bytes vk_trim(vk_bytes text) {
    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

vk_exit vk_bad_value(vk_cli *cli, vk_option option, const char *wants) {
    return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is \"%s\", but must be %s", vk_opt_name(option),
                       vk_opt(cli, option), wants);
}

vk_exit vk_read_u256(vk_cli *cli, vk_option option, vk_u256 *out) {
    const char *text = vk_opt(cli, option);
    if (vk_u256_read_decimal(text, strlen(text), out) != VK_OK) {
        return vk_bad_value(cli, option, "a decimal number");
    }
    return VK_EXIT_OK;
}

vk_exit vk_read_quantity(vk_cli *cli, vk_option option, vk_u256 *out) {
    const char *text = vk_opt(cli, option);
    bool hex = strncmp(text, "0x", 2) == 0;
    vk_status status = hex ? vk_u256_read_hex(text, strlen(text), out)
                           : vk_u256_read_decimal(text, strlen(text), out);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_bad_value(cli, option, "a number, decimal or 0x and hex digits");
}

vk_exit vk_read_u64(vk_cli *cli, vk_option option, uint64_t max, uint64_t *out) {
    vk_u256 value;
    vk_exit exit = vk_read_u256(cli, option, &value);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    *out = vk_u256_low64(&value);
    if (!vk_u256_fits(&value, 64) || *out > max) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is \"%s\", but must be at most %llu",
                           vk_opt_name(option), vk_opt(cli, option), (unsigned long long)max);
    }
    return VK_EXIT_OK;
}

vk_exit vk_read_address(vk_cli *cli, vk_option option, vk_address *out) {
    const char *text = vk_opt(cli, option);
    if (vk_address_read(text, strlen(text), out) != VK_OK) {
        return vk_bad_value(
            cli, option,
            "an address, 0x and 40 hex digits (with the right EIP-55 letters if mixed)");
    }
    return VK_EXIT_OK;
}

vk_exit vk_read_hex(vk_cli *cli, vk_option option, size_t max, vk_buf *out) {
    const char *text = vk_opt(cli, option);
    vk_buf prefixed = {0};
    size_t before = out->len;
    vk_buf_put_text(&prefixed, strncmp(text, "0x", 2) == 0 ? "" : "0x");
    vk_buf_put_text(&prefixed, text);
    vk_status status = vk_buf_status(&prefixed);
    if (status == VK_OK) {
        status = vk_hex_read((const char *)prefixed.data, prefixed.len, max, out);
    }
    vk_buf_clear(&prefixed);
    if (status == VK_ERR_SIZE) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s has more than the allowed %zu bytes",
                           vk_opt_name(option), max);
    }
    return status == VK_OK && out->len > before ? VK_EXIT_OK
                                                : vk_bad_value(cli, option, "hex bytes");
}

vk_exit vk_read_authenticator_id(vk_cli *cli, vk_buf *out) {
    const char *text = vk_opt(cli, VK_OPT_AUTHENTICATOR_ID);
    if (text == NULL) {
        return VK_EXIT_OK;
    }
    size_t before = out->len;
    vk_status status = vk_base64url_read(text, strlen(text), out);
    size_t len = out->len - before;
    return status == VK_OK && len > 0 && len <= VK_CREDENTIAL_ID_MAX
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_USAGE,
                             "--authenticator-id must be base64url of 1 to %d bytes",
                             VK_CREDENTIAL_ID_MAX);
}

vk_exit vk_read_kernel(vk_cli *cli, vk_kernel_version *out) {
    *out = vk_kernel_read(vk_opt(cli, VK_OPT_KERNEL_VERSION));
    return *out != VK_KERNEL_UNKNOWN
               ? VK_EXIT_OK
               : vk_bad_value(cli, VK_OPT_KERNEL_VERSION,
                              "v1, 0.0.2, 0.2.2, 0.2.3, 0.2.4, 0.3.0, 0.3.1, 0.3.2 or 0.3.3");
}

vk_exit vk_read_entry_point(vk_cli *cli, vk_entry_point *out) {
    const char *text = vk_opt(cli, VK_OPT_ENTRY_POINT);
    vk_address address;
    *out = vk_entry_point_read(text);
    if (*out == VK_ENTRY_POINT_UNKNOWN && vk_address_read(text, strlen(text), &address) == VK_OK) {
        *out = vk_entry_point_of_address(&address);
    }
    return *out != VK_ENTRY_POINT_UNKNOWN
               ? VK_EXIT_OK
               : vk_bad_value(cli, VK_OPT_ENTRY_POINT,
                              "0.6, 0.7, 0.8 or 0.9, or the address of one of them");
}

vk_exit vk_read_curve(vk_cli *cli, bool *p256) {
    const char *type = vk_opt(cli, VK_OPT_TYPE);
    *p256 = type != NULL && strcmp(type, "p256") == 0;
    if (type != NULL && !*p256 && strcmp(type, "secp256k1") != 0) {
        return vk_bad_value(cli, VK_OPT_TYPE, "secp256k1 or p256");
    }
    static const vk_option only_p256[] = {VK_OPT_RP_ID, VK_OPT_ORIGIN, VK_OPT_SIGN_COUNT,
                                          VK_OPT_AUTHENTICATOR_ID, VK_OPT_AUTHENTICATOR_ID_HASH};
    for (size_t i = 0; i < sizeof only_p256 / sizeof only_p256[0]; i++) {
        if (!*p256 && vk_opt_flag(cli, only_p256[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is for keys of --type p256 only",
                               vk_opt_name(only_p256[i]));
        }
    }
    return VK_EXIT_OK;
}

vk_exit vk_read_policy(vk_cli *cli, vk_buf *json, vk_policy *out) {
    vk_error err = {0};
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_POLICY), VK_POLICY_JSON_MAX, json);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return vk_policy_read((const char *)json->data, json->len, out, &err) == VK_OK
               ? VK_EXIT_OK
               : vk_cli_fail_error(cli, "the policy is not accepted", &err);
}

/* A text begins with '{' for the library, an editor may leave space around it. */
vk_bytes vk_operation_bytes(const vk_buf *text) {
    vk_bytes trimmed = vk_trim(vk_buf_view(text));
    return trimmed.len > 0 && trimmed.data[0] == '{' ? trimmed : vk_buf_view(text);
}

/* As far as it can be seen before the key and its accounts are known. */
static bool is_operation(vk_bytes bytes, vk_error *err) {
    static const vk_entry_point versions[] = {VK_ENTRY_POINT_0_6, VK_ENTRY_POINT_0_8,
                                              VK_ENTRY_POINT_0_9, VK_ENTRY_POINT_0_7};
    vk_status status = VK_ERR_FORMAT;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0] && status != VK_OK; i++) {
        vk_userop_request request = {0};
        status = vk_userop_read_request(bytes, versions[i], &request, err);
        vk_userop_clear(&request.op);
    }
    return status == VK_OK;
}

vk_exit vk_read_operation(vk_cli *cli, vk_buf *text) {
    const char *path = vk_opt(cli, VK_OPT_INPUT);
    vk_error err = {0};
    vk_exit exit = vk_read_file(cli, path != NULL ? path : "-", VK_USEROP_MAX, text);
    if (exit == VK_EXIT_OK && !is_operation(vk_operation_bytes(text), &err)) {
        exit = vk_cli_fail_error(cli, "the operation cannot be read", &err);
    }
    return exit;
}
