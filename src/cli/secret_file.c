#include "cli/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static vk_exit check(vk_cli *cli, int fd, const char *path, const vk_secret_kind *kind) {
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return vk_cli_fail(cli, kind->code, "cannot look at %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return VK_EXIT_OK;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return vk_cli_fail(cli, kind->code, "the %s %s belongs to somebody else", kind->what, path);
    }
    if ((st.st_mode & 077) != 0) {
        vk_exit exit = vk_cli_fail(cli, kind->code, "others can read the %s %s (mode %04o)",
                                   kind->what, path, (unsigned)(st.st_mode & 07777));
        return vk_cli_hint(cli, exit, "close it with \"chmod 600 %s\"", path);
    }
    return VK_EXIT_OK;
}

vk_exit vk_secret_open(vk_cli *cli, const char *path, const vk_secret_kind *kind, int *fd) {
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return vk_cli_fail(cli, kind->code, "cannot open the %s %s: %s", kind->what, path,
                           strerror(errno));
    }
    vk_exit exit = check(cli, *fd, path, kind);
    if (exit != VK_EXIT_OK) {
        close(*fd);
    }
    return exit;
}
