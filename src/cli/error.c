#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vk_exit vk_cli_fail(vk_cli *cli, vk_exit code, const char *format, ...) {
    if (cli->report.message[0] == '\0') {
        va_list args;
        va_start(args, format);
        vsnprintf(cli->report.message, sizeof cli->report.message, format, args);
        va_end(args);
    }
    return code;
}

vk_exit vk_cli_hint(vk_cli *cli, vk_exit code, const char *format, ...) {
    if (cli->report.hint[0] == '\0') {
        va_list args;
        va_start(args, format);
        vsnprintf(cli->report.hint, sizeof cli->report.hint, format, args);
        va_end(args);
    }
    return code;
}

vk_exit vk_cli_hint_more(vk_cli *cli, vk_exit code, const char *format, ...) {
    char *hint = cli->report.hint;
    size_t used = strlen(hint), size = sizeof cli->report.hint;
    va_list args;
    if (used > 0 && used + 2 < size) {
        used += (size_t)snprintf(hint + used, size - used, "; ");
    }
    va_start(args, format);
    vsnprintf(hint + used, size - used, format, args);
    va_end(args);
    return code;
}

vk_exit vk_cli_preface(vk_cli *cli, vk_exit code, const char *format, ...) {
    char head[512];
    vk_buf text = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(head, sizeof head, format, args);
    va_end(args);
    vk_buf_printf(&text, "%s: %s", head, cli->report.message);
    if (vk_buf_status(&text) == VK_OK) {
        snprintf(cli->report.message, sizeof cli->report.message, "%.*s", (int)text.len,
                 (const char *)text.data);
    }
    vk_buf_clear(&text);
    return code;
}

static vk_exit status_exit(vk_status status) {
    switch (status) {
    case VK_OK:
        return VK_EXIT_OK;
    case VK_DENIED:
        return VK_EXIT_REFUSED;
    case VK_ERR_NOT_FOUND:
        return VK_EXIT_NOT_FOUND;
    case VK_ERR_PIN_INCORRECT:
    case VK_ERR_PIN_LOCKED:
    case VK_ERR_PIN_LENGTH:
    case VK_ERR_PIN_NOT_SET:
    case VK_ERR_NOT_LOGGED_IN:
        return VK_EXIT_PIN;
    case VK_ERR_SERVER:
        return VK_EXIT_SERVER;
    case VK_ERR_MEMORY:
    case VK_ERR_STORE:
    case VK_ERR_STORE_FULL:
    case VK_ERR_READ_ONLY:
    case VK_ERR_BUSY:
    case VK_ERR_PERMISSIONS:
    case VK_ERR_INTEGRITY:
    case VK_ERR_CRYPTO:
    case VK_ERR_DEVICE:
    case VK_ERR_REMOVED:
    case VK_ERR_CANCELED:
        return VK_EXIT_SYSTEM;
    default:
        return VK_EXIT_INPUT;
    }
}

vk_exit vk_cli_fail_error(vk_cli *cli, const char *what, const vk_error *err) {
    const char *message = err->message[0] != '\0' ? err->message : vk_status_text(err->status);
    if (cli->report.message[0] == '\0') {
        snprintf(cli->report.field, sizeof cli->report.field, "%s", err->path);
    }
    const char *separator = err->path[0] != '\0' ? ": " : "";
    return vk_cli_fail(cli, status_exit(err->status), "%s: %s%s%s", what, err->path, separator,
                       message);
}

vk_exit vk_cli_fail_with(vk_cli *cli, const char *what, vk_status status, vk_error *err) {
    err->status = status;
    return vk_cli_fail_error(cli, what, err);
}

vk_exit vk_cli_fail_status(vk_cli *cli, const char *what, vk_status status) {
    return vk_cli_fail(cli, status_exit(status), "%s: %s", what, vk_status_text(status));
}

vk_exit vk_cli_no_memory(vk_cli *cli) {
    return vk_cli_fail(cli, VK_EXIT_SYSTEM, "there is no memory left");
}

vk_exit vk_cli_fail_rv(vk_cli *cli, const char *what, CK_RV rv) {
    const char *name = vk_rv_name(rv);
    if (name == NULL) {
        return vk_cli_fail(cli, vk_rv_exit(rv), "%s: PKCS#11 error 0x%lx", what, rv);
    }
    return vk_cli_fail(cli, vk_rv_exit(rv), "%s: %s (%s)", what, vk_rv_text(rv), name);
}

vk_exit vk_cli_refused(vk_cli *cli, const char *what, const char *denial) {
    const char *colon = strstr(denial, ": ");
    size_t rule_len = colon != NULL ? (size_t)(colon - denial) : 0;
    if (cli->report.message[0] == '\0') {
        snprintf(cli->report.rule, sizeof cli->report.rule, "%.*s", (int)rule_len, denial);
        snprintf(cli->report.reason, sizeof cli->report.reason, "%s",
                 colon != NULL ? colon + 2 : denial);
    }
    return vk_cli_fail(cli, VK_EXIT_REFUSED, "%s: %s", what,
                       denial[0] != '\0' ? denial : "refused, no reason is kept");
}

static void remark(const char *kind, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void remark(const char *kind, const char *format, va_list args) {
    fprintf(stderr, "valetkey: %s: ", kind);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
}

void vk_cli_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    remark("note", format, args);
    va_end(args);
}

void vk_cli_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    remark("warning", format, args);
    va_end(args);
}
