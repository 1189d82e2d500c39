#include "cli/outbox.h"

#include "cli/grants.h"
#include "cli/input.h"
#include "cli/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "outbox"
#define SUFFIX ".json"
#define ITEM_MAX (VK_USEROP_MAX + 4096)
#define NAME_LEN (66 + sizeof SUFFIX - 1) /* "0x", the hash, the suffix */

/* ---- Names ---- */

static vk_exit fail_errno(vk_cli *cli, const char *path) {
    return vk_cli_fail(cli, VK_EXIT_SYSTEM, "%s: %s", path, strerror(errno));
}

/* The folder of --token's home; vk_text_free. */
static vk_exit find_folder(vk_cli *cli, char **out) {
    vk_buf path = {0};
    char *home;
    vk_exit exit = vk_store_home(cli, &home);
    if (exit == VK_EXIT_OK) {
        vk_buf_printf(&path, "%s/" FOLDER, home);
        vk_text_free(home);
        *out = vk_buf_take_text(&path);
        exit = *out != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    return exit;
}

vk_exit vk_outbox_folder(vk_cli *cli, char **out) {
    vk_exit exit = find_folder(cli, out);
    if (exit == VK_EXIT_OK && mkdir(*out, 0700) != 0 && errno != EEXIST) {
        exit = fail_errno(cli, *out);
        vk_text_free(*out);
        *out = NULL;
    }
    return exit;
}

static vk_exit find_file(vk_cli *cli, const vk_hash *hash, char **out) {
    vk_buf path = {0};
    char *folder;
    vk_exit exit = find_folder(cli, &folder);
    if (exit == VK_EXIT_OK) {
        vk_buf_printf(&path, "%s/", folder);
        vk_hex_put(&path, (vk_bytes){hash->b, sizeof hash->b});
        vk_buf_put_text(&path, SUFFIX);
        vk_text_free(folder);
        *out = vk_buf_take_text(&path);
        exit = *out != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    return exit;
}

/* ---- Writing ---- */

static vk_status write_item(const vk_outgoing *item, vk_buf *out) {
    vk_request_begin(out, item->chain_id, &item->entry_point);
    vk_status status = vk_userop_write_json(&item->op, out);
    vk_buf_put_text(out, "}\n");
    return status == VK_OK ? vk_buf_status(out) : status;
}

static bool write_all(int fd, vk_bytes bytes) {
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes = (vk_bytes){bytes.data + n, bytes.len - (size_t)n};
    }
    return true;
}

static vk_exit sync_folder(vk_cli *cli, const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    vk_exit exit = ok ? VK_EXIT_OK : fail_errno(cli, folder);
    if (fd >= 0) {
        close(fd);
    }
    return exit;
}

/* Whole or not there: under another name first. */
static vk_exit write_file(vk_cli *cli, const char *folder, const char *path, vk_bytes text) {
    vk_buf name = {0};
    vk_buf_printf(&name, "%s.%ld", path, (long)getpid());
    char *temporary = vk_buf_take_text(&name);
    if (temporary == NULL) {
        return vk_cli_no_memory(cli);
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, text) && fsync(fd) == 0;
    ok = fd >= 0 && close(fd) == 0 && ok;
    ok = ok && rename(temporary, path) == 0;
    vk_exit exit = ok ? sync_folder(cli, folder) : fail_errno(cli, path);
    if (!ok && fd >= 0) {
        unlink(temporary);
    }
    vk_text_free(temporary);
    return exit;
}

static vk_exit put_text(vk_cli *cli, const vk_hash *hash, vk_bytes text, bool *was_there) {
    char *folder, *path = NULL;
    vk_exit exit = vk_outbox_folder(cli, &folder);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = find_file(cli, hash, &path);
    if (exit == VK_EXIT_OK) {
        *was_there = access(path, F_OK) == 0;
        exit = write_file(cli, folder, path, text);
    }
    vk_text_free(path);
    vk_text_free(folder);
    return exit;
}

vk_exit vk_outbox_put(vk_cli *cli, const vk_outgoing *item, bool *was_there) {
    vk_buf text = {0};
    vk_status status = write_item(item, &text);
    *was_there = false;
    vk_exit exit = status == VK_OK ? put_text(cli, &item->hash, vk_buf_view(&text), was_there)
                                   : vk_cli_fail_status(cli, "cannot keep the operation", status);
    vk_buf_clear(&text);
    return exit;
}

vk_exit vk_outbox_remove(vk_cli *cli, const vk_hash *hash) {
    char *path;
    vk_exit exit = find_file(cli, hash, &path);
    if (exit == VK_EXIT_OK) {
        exit = unlink(path) == 0 || errno == ENOENT ? VK_EXIT_OK : fail_errno(cli, path);
        vk_text_free(path);
    }
    return exit;
}

/* ---- Reading ---- */

/* A file that somebody edited is another operation. */
static vk_exit parse(vk_cli *cli, const char *path, const vk_hash *hash, vk_bytes text,
                     vk_outgoing *out) {
    vk_userop_request request;
    vk_error err = {0};
    vk_status status = vk_userop_read_request(text, VK_ENTRY_POINT_0_7, &request, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, path, status, &err);
    }
    *out = (vk_outgoing){
        .chain_id = request.chain_id, .entry_point = request.entry_point, .op = request.op};
    status = vk_userop_hash(&out->op, out->chain_id, &out->entry_point, &out->hash);
    if (status == VK_OK && memcmp(&out->hash, hash, sizeof *hash) == 0) {
        return VK_EXIT_OK;
    }
    vk_userop_clear(&out->op);
    return vk_cli_fail(cli, VK_EXIT_INPUT, "%s holds another operation than its name says", path);
}

/* *is_there is false, and nothing failed, if there is no such file. */
static vk_exit read_item(vk_cli *cli, const char *path, const vk_hash *hash, bool *is_there,
                         vk_outgoing *out) {
    vk_buf text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *is_there = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT ? VK_EXIT_OK : fail_errno(cli, path);
    }
    vk_exit exit = vk_read_fd(cli, fd, path, ITEM_MAX, &text);
    close(fd);
    if (exit == VK_EXIT_OK) {
        exit = parse(cli, path, hash, vk_trim(vk_buf_view(&text)), out);
    }
    vk_buf_clear(&text);
    return exit;
}

vk_exit vk_outbox_get(vk_cli *cli, const vk_hash *hash, vk_outgoing *out) {
    char *path;
    bool is_there;
    vk_exit exit = find_file(cli, hash, &path);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = read_item(cli, path, hash, &is_there, out);
    if (exit == VK_EXIT_OK && !is_there) {
        exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                        "no operation with this hash waits to be sent: there is no file %s", path);
    }
    vk_text_free(path);
    return exit;
}

/* ---- Looking at all ---- */

static bool is_name(const char *name, vk_hash *hash) {
    return strlen(name) == NAME_LEN && strcmp(name + 66, SUFFIX) == 0 &&
           vk_hex_read_fixed(name, 66, hash->b, sizeof hash->b) == VK_OK;
}

typedef struct looking {
    const vk_outgoing *like;
    vk_outbox_look *look;
    void *context;
} looking;

static bool is_of_account(const vk_outgoing *a, const vk_outgoing *b) {
    return a->chain_id == b->chain_id && vk_address_equal(&a->entry_point, &b->entry_point) &&
           vk_address_equal(&a->op.sender, &b->op.sender);
}

/* One that is removed in between by another process is known to be included. */
static vk_exit look_at(vk_cli *cli, const looking *job, const vk_hash *hash) {
    vk_outgoing item;
    bool is_there = false;
    char *path;
    vk_exit exit = find_file(cli, hash, &path);
    if (exit == VK_EXIT_OK) {
        exit = read_item(cli, path, hash, &is_there, &item);
        vk_text_free(path);
        exit = exit == VK_EXIT_OK ? exit
                                  : vk_cli_hint(cli, exit,
                                                "what it says may be on its way: nothing is sent "
                                                "until the file is mended, or moved away");
    }
    if (exit == VK_EXIT_OK && is_there) {
        if (is_of_account(&item, job->like)) {
            job->look(job->context, &item);
        }
        vk_userop_clear(&item.op);
    }
    return exit;
}

static vk_exit look_at_all(vk_cli *cli, DIR *folder, const looking *job) {
    const struct dirent *entry;
    vk_exit exit = VK_EXIT_OK;
    vk_hash hash;
    while (exit == VK_EXIT_OK && (entry = readdir(folder)) != NULL) {
        if (is_name(entry->d_name, &hash) && memcmp(&hash, &job->like->hash, sizeof hash) != 0) {
            exit = look_at(cli, job, &hash);
        }
    }
    return exit;
}

vk_exit vk_outbox_look_through(vk_cli *cli, const vk_outgoing *like, vk_outbox_look *look,
                               void *context) {
    const looking job = {like, look, context};
    char *path;
    vk_exit exit = find_folder(cli, &path);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    DIR *folder = opendir(path);
    if (folder != NULL) {
        exit = look_at_all(cli, folder, &job);
        closedir(folder);
    } else if (errno != ENOENT) {
        exit = fail_errno(cli, path);
    }
    vk_text_free(path);
    return exit;
}
