/*
 * SQLite goes on with files that have lost their names, and with a log that was cut short: what it
 * commits then, nobody will ever find. So the names are looked at before and after.
 */
#include "token/db_status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static vk_status changed(vk_error *err, const char *path, const char *what) {
    return vk_fail(err, VK_ERR_STORE, path, "%s while the token was in use", what);
}

static vk_status identify(const char *path, const vk_db_file *known, off_t *size, vk_error *err) {
    struct stat now;
    if (stat(path, &now) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? changed(err, path, "the file was removed")
                   : vk_fail(err, VK_ERR_STORE, path, "it cannot be examined: %m");
    }
    if (now.st_dev != known->device || now.st_ino != known->inode) {
        return changed(err, path, "the file was replaced by another one");
    }
    *size = now.st_size;
    return VK_OK;
}

/* Neither file ever gets shorter while it is open. */
static vk_status compare(const char *path, vk_db_file *known, vk_error *err) {
    off_t size = 0;
    vk_status status = identify(path, known, &size, err);
    if (status == VK_OK && size < known->size) {
        return changed(err, path, "the file was cut short");
    }
    if (status == VK_OK) {
        known->size = size;
    }
    return status;
}

static void note(const char *path, vk_db_file *out) {
    struct stat now;
    *out = (vk_db_file){0};
    if (path != NULL && stat(path, &now) == 0) {
        *out = (vk_db_file){.device = now.st_dev, .inode = now.st_ino, .size = now.st_size};
    }
}

void vk_db_files_note(vk_db *db) {
    const char *path = sqlite3_db_filename(db->handle, "main");
    note(path, &db->file);
    note(db->read_only ? NULL : sqlite3_filename_wal(path), &db->log);
}

vk_status vk_db_files_check(vk_db *db, vk_error *err) {
    const char *path = sqlite3_db_filename(db->handle, "main");
    vk_status status = db->file.inode != 0 ? compare(path, &db->file, err) : VK_OK;
    if (status == VK_OK && db->log.inode != 0) {
        status = compare(sqlite3_filename_wal(path), &db->log, err);
    }
    return status;
}

static vk_status failed(vk_error *err, const char *path) {
    return vk_fail(err, errno == EROFS ? VK_ERR_READ_ONLY : VK_ERR_STORE, path,
                   "the directory cannot be written: %m");
}

static vk_status sync_directory(const char *path, vk_error *err) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return failed(err, path);
    }
    vk_status status = fsync(directory) == 0 ? VK_OK : failed(err, path);
    close(directory);
    return status;
}

vk_status vk_db_files_settle(vk_db *db, vk_error *err) {
    if (db->is_settled) {
        return VK_OK;
    }
    const char *path = sqlite3_db_filename(db->handle, "main");
    vk_buf name = {0};
    vk_buf_put(&name, path, (size_t)(strrchr(path, '/') - path) + 1);
    char *directory = vk_buf_take_text(&name);
    if (directory == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = sync_directory(directory, err);
    vk_text_free(directory);
    db->is_settled = status == VK_OK;
    return status;
}

vk_status vk_db_check_present(const vk_db *db, vk_error *err) {
    off_t size;
    const char *path = sqlite3_db_filename(db->handle, "main");
    return db->file.inode != 0 ? identify(path, &db->file, &size, err) : VK_OK;
}
