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

static vk_status read_line(char *line, unsigned number, vk_home_settings *out, const char *path,
                           vk_error *err) {
    char *name, *value, *text = trim(line);
    if (text[0] == '\0') {
        return VK_OK;
    }
    if (!split(text, &name, &value)) {
        return vk_fail(err, VK_ERR_FORMAT, path, "line %u is not \"name = value\"", number);
    }
    if (strcmp(name, "default-policy") != 0) {
        return vk_fail(err, VK_ERR_FORMAT, path, "line %u sets \"%.40s\", which is unknown", number,
                       name);
    }
    out->default_sudo = strcmp(value, "sudo") == 0;
    if (!out->default_sudo && strcmp(value, "none") != 0) {
        return vk_fail(err, VK_ERR_FORMAT, path,
                       "line %u: default-policy is \"%.40s\", but must be none or sudo", number,
                       value);
    }
    return VK_OK;
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
    vk_home_settings settings = {0};
    status = read_lines(file, &settings, path, err);
    fclose(file);
    if (status == VK_OK) {
        *out = settings;
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
