/* Lanes that a process has for itself: locked files beside the operations that wait. */
#include "cli/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <valetkey/eth.h>

#define SUFFIX ".lane"
#define KEY_BYTES 24
#define TRIES 100

bool vk_outbox_same_lane(const vk_u256 *nonce, const vk_u256 *other) {
    return memcmp(nonce->be, other->be, KEY_BYTES) == 0;
}

/* ---- The file ---- */

/* A hash of what the nonces have in common. */
static vk_exit find_file(vk_cli *cli, const vk_outgoing *like, char **out) {
    vk_buf lane = {0}, path = {0};
    char *folder;
    vk_exit exit = vk_outbox_folder(cli, &folder);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    const vk_u256 chain_id = vk_u256_from_u64(like->chain_id);
    vk_buf_put(&lane, chain_id.be, sizeof chain_id.be);
    vk_buf_put(&lane, like->entry_point.b, sizeof like->entry_point.b);
    vk_buf_put(&lane, like->op.sender.b, sizeof like->op.sender.b);
    vk_buf_put(&lane, like->op.nonce.be, KEY_BYTES);
    const vk_hash hash = vk_keccak256(vk_buf_view(&lane));
    vk_buf_printf(&path, "%s/", folder);
    vk_hex_put(&path, (vk_bytes){hash.b, sizeof hash.b});
    vk_buf_put_text(&path, SUFFIX);
    bool ok = vk_buf_status(&lane) == VK_OK;
    vk_buf_clear(&lane);
    vk_text_free(folder);
    *out = vk_buf_take_text(&path);
    return ok && *out != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

/* ---- The lock ---- */

/* The one who had it may have removed the file since it was opened. */
static bool is_still_there(int fd, const char *path) {
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

typedef enum outcome { HELD, BUSY, GONE, FAILED } outcome;

/* FAILED: errno says why. */
static outcome try_lock(const char *path, int *fd) {
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0) {
        return FAILED;
    }
    outcome result = flock(*fd, LOCK_EX | LOCK_NB) == 0 ? HELD
                     : errno == EWOULDBLOCK             ? BUSY
                                                        : FAILED;
    if (result == HELD && !is_still_there(*fd, path)) {
        result = GONE;
    }
    if (result != HELD) {
        int why = errno;
        close(*fd);
        errno = why;
    }
    return result;
}

vk_exit vk_outbox_claim_lane(vk_cli *cli, const vk_outgoing *like, bool *is_held,
                             vk_outbox_claim *out) {
    char *path = NULL;
    int fd = -1;
    outcome result = GONE;
    *is_held = false;
    *out = (vk_outbox_claim){.fd = -1};
    vk_exit exit = find_file(cli, like, &path);
    for (int i = 0; i < TRIES && exit == VK_EXIT_OK && result == GONE; i++) {
        result = try_lock(path, &fd);
    }
    if (exit == VK_EXIT_OK && result == FAILED) {
        exit = vk_cli_fail(cli, VK_EXIT_SYSTEM, "%s: %s", path, strerror(errno));
    }
    if (exit == VK_EXIT_OK && result == HELD) {
        *out = (vk_outbox_claim){.path = path, .fd = fd};
        *is_held = true;
        return exit;
    }
    vk_text_free(path);
    return exit;
}

/* The name goes first: who has opened the file already finds out that it is another's. */
void vk_outbox_release(vk_outbox_claim *claim) {
    if (claim->path != NULL) {
        unlink(claim->path);
        close(claim->fd);
        vk_text_free(claim->path);
    }
    *claim = (vk_outbox_claim){.fd = -1};
}
