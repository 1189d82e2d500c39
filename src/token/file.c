#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "token/store.h"

char *vk_file_join(const char *directory, const char *name) {
    vk_buf path = {0};
    vk_buf_put_text(&path, directory);
    vk_buf_put_byte(&path, '/');
    vk_buf_put_text(&path, name);
    return vk_buf_take_text(&path);
}

vk_status vk_file_failed(vk_error *err, const char *path, const char *what) {
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return vk_fail(err, VK_ERR_STORE_FULL, path, "%s: %m", what);
    case EROFS:
    case EACCES:
    case EPERM:
        return vk_fail(err, VK_ERR_READ_ONLY, path, "%s: %m", what);
    default:
        return vk_fail(err, VK_ERR_STORE, path, "%s: %m", what);
    }
}

static vk_status make_directory(const char *path, vk_error *err) {
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return VK_OK;
    }
    return vk_file_failed(err, path, "the directory cannot be made");
}

vk_status vk_file_make_directories(const char *directory, vk_error *err) {
    vk_buf copy = {0};
    vk_buf_put_text(&copy, directory);
    char *path = vk_buf_take_text(&copy);
    if (path == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = VK_OK;
    for (char *slash = strchr(path + 1, '/'); slash != NULL && status == VK_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_directory(path, err);
        *slash = '/';
    }
    if (status == VK_OK) {
        status = make_directory(path, err);
    }
    vk_text_free(path);
    return status;
}

static vk_status check_owner(const struct stat *info, const char *path, vk_error *err) {
    if (info->st_uid != geteuid()) {
        return vk_fail(err, VK_ERR_PERMISSIONS, path, "it belongs to user %lu, not to user %lu",
                       (unsigned long)info->st_uid, (unsigned long)geteuid());
    }
    if (info->st_mode & (S_IWGRP | S_IWOTH)) {
        return vk_fail(err, VK_ERR_PERMISSIONS, path, "others can write to it: its mode is %04o",
                       (unsigned)(info->st_mode & 07777));
    }
    return VK_OK;
}

static vk_status missing_or_failed(const char *path, vk_error *err) {
    if (errno == ENOENT || errno == ENOTDIR) {
        return vk_fail(err, VK_ERR_NOT_FOUND, path, "there is no such file or directory");
    }
    return vk_fail(err, VK_ERR_STORE, path, "it cannot be examined: %m");
}

vk_status vk_file_check_home(const char *home, vk_error *err) {
    struct stat info;
    if (stat(home, &info) != 0) {
        return missing_or_failed(home, err);
    }
    if (!S_ISDIR(info.st_mode)) {
        return vk_fail(err, VK_ERR_PERMISSIONS, home, "it is not a directory");
    }
    return check_owner(&info, home, err);
}

static vk_status check_directory_of(const char *path, vk_error *err) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return vk_file_check_home(".", err);
    }
    vk_buf text = {0};
    vk_buf_put(&text, path, slash == path ? 1 : (size_t)(slash - path));
    char *directory = vk_buf_take_text(&text);
    if (directory == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_file_check_home(directory, err);
    vk_text_free(directory);
    return status;
}

vk_status vk_file_check_token(const char *path, vk_error *err) {
    struct stat info;
    vk_status status = check_directory_of(path, err);
    if (status != VK_OK) {
        return status;
    }
    if (lstat(path, &info) != 0) {
        return missing_or_failed(path, err);
    }
    if (!S_ISREG(info.st_mode)) {
        return vk_fail(err, VK_ERR_PERMISSIONS, path, "it is not an ordinary file");
    }
    return check_owner(&info, path, err);
}
