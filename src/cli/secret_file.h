/* Files that hold secrets: ours, and closed to others. */
#ifndef VK_CLI_SECRET_FILE_H
#define VK_CLI_SECRET_FILE_H

#include "cli/cli.h"

/* What a file is, and the exit status if it cannot be used. */
typedef struct vk_secret_kind {
    const char *what; /* "PIN file" */
    vk_exit code;
} vk_secret_kind;

/* Opens it for reading; a file that belongs to somebody else, or that others can read, is a
 * failure. What is no file (a pipe) is taken as it is. */
VK_MUST_USE vk_exit vk_secret_open(vk_cli *cli, const char *path, const vk_secret_kind *kind,
                                   int *fd);

#endif
