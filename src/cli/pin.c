#include "cli/pin.h"

#include "cli/input.h"
#include "cli/secret_file.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

/* One byte at a time: two PINs may come as two lines through one descriptor. */
static vk_exit read_line(vk_cli *cli, int fd, const char *name, vk_pin *out) {
    out->len = 0;
    for (;;) {
        uint8_t c = 0;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return vk_cli_fail(cli, VK_EXIT_PIN, "cannot read the PIN from %s: %s", name,
                               strerror(errno));
        }
        if (n == 0 || c == '\n') {
            break;
        }
        if (out->len == VK_CLI_PIN_MAX) {
            return vk_cli_fail(cli, VK_EXIT_PIN, "the PIN in %s has more than %d bytes", name,
                               VK_CLI_PIN_MAX);
        }
        out->text[out->len++] = c;
    }
    if (out->len > 0 && out->text[out->len - 1] == '\r') {
        out->len--;
    }
    if (out->len == 0) {
        return vk_cli_fail(cli, VK_EXIT_PIN, "there is no PIN in %s", name);
    }
    return VK_EXIT_OK;
}

vk_exit vk_pin_from_file(vk_cli *cli, const char *path, vk_pin *out) {
    static const vk_secret_kind kind = {"PIN file", VK_EXIT_PIN};
    int fd;
    vk_exit exit = vk_secret_open(cli, path, &kind, &fd);
    if (exit == VK_EXIT_OK) {
        exit = read_line(cli, fd, path, out);
        close(fd);
    }
    return exit;
}

vk_exit vk_pin_ask(vk_cli *cli, const char *prompt, bool twice, const char *instead, vk_pin *out) {
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_PIN, "a PIN is needed, and there is no terminal to ask on");
        return vk_cli_hint(cli, exit, "give it with %s", instead);
    }
    close(tty);
    char text[VK_CLI_PIN_MAX + 1] = "";
    int failed = EVP_read_pw_string_min(text, 1, VK_CLI_PIN_MAX, prompt, twice);
    out->len = strnlen(text, VK_CLI_PIN_MAX);
    memcpy(out->text, text, out->len);
    vk_wipe(text, sizeof text);
    if (failed != 0) {
        return vk_cli_fail(cli, VK_EXIT_PIN, "no PIN was entered%s",
                           twice ? ", or not the same one twice" : "");
    }
    return VK_EXIT_OK;
}

typedef struct pin_source {
    vk_option file, fd;
    const char *prompt, *new_prompt, *instead;
} pin_source;

static vk_exit get_pin(vk_cli *cli, const pin_source *source, bool is_new, vk_pin *out) {
    const char *path = vk_opt(cli, source->file);
    if (path != NULL && vk_opt_flag(cli, source->fd)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s and --%s exclude each other",
                           vk_opt_name(source->file), vk_opt_name(source->fd));
    }
    if (path != NULL) {
        return vk_pin_from_file(cli, path, out);
    }
    if (!vk_opt_flag(cli, source->fd)) {
        return vk_pin_ask(cli, is_new ? source->new_prompt : source->prompt, is_new,
                          source->instead, out);
    }
    uint64_t fd = 0;
    char name[48];
    vk_exit exit = vk_read_u64(cli, source->fd, 1 << 20, &fd);
    snprintf(name, sizeof name, "file descriptor %u", (unsigned)fd);
    return exit == VK_EXIT_OK ? read_line(cli, (int)fd, name, out) : exit;
}

vk_exit vk_pin_user(vk_cli *cli, bool is_new, vk_pin *out) {
    static const pin_source user = {VK_OPT_PIN_FILE, VK_OPT_PIN_FD, "User PIN: ", "New user PIN: ",
                                    "--pin-file FILE or --pin-fd N"};
    return get_pin(cli, &user, is_new, out);
}

vk_exit vk_pin_so(vk_cli *cli, bool is_new, vk_pin *out) {
    static const pin_source so = {VK_OPT_SO_PIN_FILE, VK_OPT_SO_PIN_FD, "SO PIN: ", "New SO PIN: ",
                                  "--so-pin-file FILE or --so-pin-fd N"};
    return get_pin(cli, &so, is_new, out);
}

vk_exit vk_pin_device(vk_cli *cli, vk_pin *out) {
    const char *path = vk_opt(cli, VK_OPT_DEVICE_PIN_FILE);
    return path != NULL
               ? vk_pin_from_file(cli, path, out)
               : vk_pin_ask(cli, "PIN of the security key: ", false, "--device-pin-file FILE", out);
}
