#include "token/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME "valetkey.conf"
#define LINES_MAX 1000
#define SOCKET_PREFIX "unix:"

_Static_assert(VK_FIDO2_DEVICE_LEN >=
                   sizeof SOCKET_PREFIX - 1 + sizeof((struct sockaddr_un *)0)->sun_path - 1,
               "every name of a socket fits");

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

static vk_status read_fido2(const char *value, vk_home_settings *out, vk_error *err) {
    static const char *const names[] = {
        [VK_FIDO2_ON] = "on", [VK_FIDO2_CONFIGURED] = "configured", [VK_FIDO2_OFF] = "off"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            out->fido2 = (vk_fido2_search)i;
            return VK_OK;
        }
    }
    return vk_fail(err, VK_ERR_FORMAT, NULL,
                   "fido2 is \"%.40s\", but must be on, configured or off", value);
}

static vk_status read_fido2_reset(const char *value, vk_home_settings *out, vk_error *err) {
    out->fido2_reset = strcmp(value, "on") == 0;
    return out->fido2_reset || strcmp(value, "off") == 0
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, NULL,
                         "fido2-reset is \"%.40s\", but must be on or off", value);
}

static vk_status read_fido2_timeout(const char *value, vk_home_settings *out, vk_error *err) {
    size_t digits = strspn(value, "0123456789");
    unsigned long seconds = strtoul(value, NULL, 10);
    if (digits == 0 || value[digits] != '\0' || seconds < 1 || seconds > VK_FIDO2_TIMEOUT_MAX) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "fido2-timeout is \"%.40s\", but must be 1 to %d seconds", value,
                       VK_FIDO2_TIMEOUT_MAX);
    }
    out->fido2_timeout = (unsigned)seconds;
    return VK_OK;
}

static bool is_socket_name(const char *value) {
    struct sockaddr_un address;
    size_t prefix = strlen(SOCKET_PREFIX);
    return strncmp(value, SOCKET_PREFIX, prefix) == 0 && value[prefix] == '/' &&
           strlen(value + prefix) < sizeof address.sun_path;
}

static vk_status read_fido2_device(const char *value, vk_home_settings *out, vk_error *err) {
    if (!is_socket_name(value)) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "fido2-device is \"%.60s\", but must be unix: and the absolute path of a "
                       "socket, no longer than one may be",
                       value);
    }
    if (out->fido2_device_count == VK_FIDO2_DEVICES_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "there are over %d lines fido2-device",
                       VK_FIDO2_DEVICES_MAX);
    }
    char *device = out->fido2_devices[out->fido2_device_count++];
    snprintf(device, sizeof out->fido2_devices[0], "%s", value);
    return VK_OK;
}

static const struct {
    const char *name;
    vk_status (*read)(const char *value, vk_home_settings *out, vk_error *err);
} settings[] = {{"default-policy", read_default_policy}, {"lint", read_lint},
                {"lint-allow", read_lint_allow},         {"fido2", read_fido2},
                {"fido2-timeout", read_fido2_timeout},   {"fido2-device", read_fido2_device},
                {"fido2-reset", read_fido2_reset}};

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
    vk_home_settings read = *out;
    status = read_lines(file, &read, path, err);
    fclose(file);
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}

vk_status vk_home_settings_read(const char *home, vk_home_settings *out, vk_error *err) {
    *out = (vk_home_settings){.fido2_timeout = VK_FIDO2_TIMEOUT_DEFAULT};
    char *path = vk_file_join(home, NAME);
    if (path == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = read_file(path, out, err);
    vk_text_free(path);
    const char *search = secure_getenv("VALETKEY_FIDO2");
    return status == VK_OK && search != NULL ? read_fido2(search, out, err) : status;
}
