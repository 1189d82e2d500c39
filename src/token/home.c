#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "token/home.h"
#include "token/store.h"

static vk_status take(vk_buf *path, char **out) {
    *out = vk_buf_take_text(path);
    return *out != NULL ? VK_OK : VK_ERR_MEMORY;
}

vk_status vk_home_path(char **out) {
    const char *home = secure_getenv("VALETKEY_HOME");
    const char *data = secure_getenv("XDG_DATA_HOME");
    const char *user = secure_getenv("HOME");
    vk_buf path = {0};
    if (home != NULL && home[0] != '\0') {
        vk_buf_put_text(&path, home);
    } else if (data != NULL && data[0] == '/') {
        vk_buf_put_text(&path, data);
        vk_buf_put_text(&path, "/valetkey");
    } else if (user != NULL && user[0] != '\0') {
        vk_buf_put_text(&path, user);
        vk_buf_put_text(&path, "/.local/share/valetkey");
    } else {
        return VK_ERR_NOT_FOUND;
    }
    return take(&path, out);
}

static bool has_suffix(const char *name, const char *suffix) {
    return strspn(name, "0123456789abcdef") == VK_TOKEN_SERIAL_LEN &&
           strcmp(name + VK_TOKEN_SERIAL_LEN, suffix) == 0;
}

bool vk_home_is_token(const char *name) {
    return has_suffix(name, VK_TOKEN_SUFFIX);
}

bool vk_home_is_device_store(const char *name) {
    return has_suffix(name, VK_DEVICE_STORE_SUFFIX);
}

typedef int choice(const struct dirent *entry);

static int is_token_entry(const struct dirent *entry) {
    return vk_home_is_token(entry->d_name);
}

static int is_device_store_entry(const struct dirent *entry) {
    return vk_home_is_device_store(entry->d_name);
}

/* Serials begin with the time of creation, so the order of names is that of age. */
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static vk_status join_checked(const char *home, struct dirent **entries, size_t count, char **paths,
                              vk_error *err) {
    vk_status status = VK_OK;
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        paths[i] = vk_file_join(home, entries[i]->d_name);
        status = paths[i] != NULL ? vk_file_check_token(paths[i], err) : VK_ERR_MEMORY;
    }
    return status;
}

static vk_status list(const char *home, choice *is_wanted, struct dirent ***entries, size_t *count,
                      vk_error *err) {
    int found = scandir(home, entries, is_wanted, by_name);
    if (found < 0) {
        return vk_fail(err, errno == ENOMEM ? VK_ERR_MEMORY : VK_ERR_STORE, home,
                       "the directory cannot be read: %m");
    }
    *count = (size_t)found;
    return VK_OK;
}

static void free_entries(struct dirent **entries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
}

static vk_status list_paths(const char *home, choice *is_wanted, char ***paths, size_t *count,
                            vk_error *err) {
    struct dirent **entries = NULL;
    size_t found = 0;
    *paths = NULL;
    *count = 0;
    vk_status status = vk_file_check_home(home, err);
    if (status == VK_ERR_NOT_FOUND) {
        return VK_OK;
    }
    if (status == VK_OK) {
        status = list(home, is_wanted, &entries, &found, err);
    }
    if (status != VK_OK) {
        return status;
    }
    char **out = calloc(found + 1, sizeof *out);
    status = out != NULL ? join_checked(home, entries, found, out, err) : VK_ERR_MEMORY;
    free_entries(entries, found);
    if (status != VK_OK) {
        vk_home_free(out, found);
        return status;
    }
    *paths = out;
    *count = found;
    return VK_OK;
}

vk_status vk_home_tokens(const char *home, char ***paths, size_t *count, vk_error *err) {
    return list_paths(home, is_token_entry, paths, count, err);
}

vk_status vk_home_device_stores(const char *home, char ***paths, size_t *count, vk_error *err) {
    return list_paths(home, is_device_store_entry, paths, count, err);
}

void vk_home_free(char **paths, size_t count) {
    for (size_t i = 0; paths != NULL && i < count; i++) {
        vk_text_free(paths[i]);
    }
    free(paths);
}
