#include "token/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "valetkey.conf"
#define LINES_MAX 1000

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t len = strcspn(text, "#\r\n");
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    text[len] = '\0';
    return text;
}

/* "name = value"; both trimmed. */
static bool split(char *line, char **name, char **value) {
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        return false;
    }
    *equals = '\0';
    *name = trim(line);
    *value = trim(equals + 1);
    return true;
}

static vk_status read_default_policy(const char *value, vk_home_settings *out, vk_error *err) {
    out->default_sudo = strcmp(value, "sudo") == 0;
    return out->default_sudo || strcmp(value, "none") == 0
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, NULL,
                         "default-policy is \"%.40s\", but must be none or sudo", value);
}

static vk_status read_lint(const char *value, vk_home_settings *out, vk_error *err) {
    return vk_lint_level_read(value, &out->lint)
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, NULL,
                         "lint is \"%.40s\", but must be off, warn or error", value);
}

static vk_status read_lint_allow(const char *value, vk_home_settings *out, vk_error *err) {
    return vk_lint_codes_read(value, &out->lint_allowed, err);
}

static const struct {
    const char *name;
    vk_status (*read)(const char *value, vk_home_settings *out, vk_error *err);
} settings[] = {
    {"default-policy", read_default_policy}, {"lint", read_lint}, {"lint-allow", read_lint_allow}};

static vk_status read_setting(const char *name, const char *value, vk_home_settings *out,
                              vk_error *err) {
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcmp(name, settings[i].name) == 0) {
            return settings[i].read(value, out, err);
        }
    }
    return vk_fail(err, VK_ERR_FORMAT, NULL, "\"%.40s\" is unknown", name);
}

static vk_status read_line(char *line, unsigned number, vk_home_settings *out, const char *path,
                           vk_error *err) {
    char *name, *value, *text = trim(line);
    vk_error why = {.status = VK_OK};
    if (text[0] == '\0') {
        return VK_OK;
    }
    if (!split(text, &name, &value)) {
        return vk_fail(err, VK_ERR_FORMAT, path, "line %u is not \"name = value\"", number);
    }
    vk_status status = read_setting(name, value, out, &why);
    return status == VK_OK ? VK_OK : vk_fail(err, status, path, "line %u: %s", number, why.message);
}

static vk_status read_lines(FILE *file, vk_home_settings *out, const char *path, vk_error *err) {
    vk_status status = VK_OK;
    char *line = NULL;
    size_t cap = 0;
    unsigned number = 0;
    while (status == VK_OK && getline(&line, &cap, file) >= 0) {
        number++;
        status = number <= LINES_MAX
                     ? read_line(line, number, out, path, err)
                     : vk_fail(err, VK_ERR_SIZE, path, "there are over %d lines", LINES_MAX);
    }
    if (status == VK_OK && ferror(file)) {
        status = vk_file_failed(err, path, "it cannot be read");
    }
    free(line);
    return status;
}

static vk_status read_file(const char *path, vk_home_settings *out, vk_error *err) {
    vk_status status = vk_file_check_token(path, err);
    if (status == VK_ERR_NOT_FOUND) {
        return VK_OK;
    }
    if (status != VK_OK) {
        return status;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return vk_file_failed(err, path, "it cannot be opened");
    }
    vk_home_settings read = {0};
    status = read_lines(file, &read, path, err);
    fclose(file);
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}

vk_status vk_home_settings_read(const char *home, vk_home_settings *out, vk_error *err) {
    *out = (vk_home_settings){0};
    char *path = vk_file_join(home, NAME);
    if (path == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = read_file(path, out, err);
    vk_text_free(path);
    return status;
}
