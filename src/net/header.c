#include "net/header.h"

#include <string.h>
#include <strings.h>

bool vk_header_is_name(const char *name) {
    return name[0] != '\0' &&
           name[strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

bool vk_header_is_value(const char *value) {
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++) {
        if (value[i] < ' ' || value[i] > '~') {
            return false;
        }
    }
    return len > 0 && value[0] != ' ' && value[len - 1] != ' ';
}

bool vk_header_is_ours(const char *name) {
    static const char *const ours[] = {"accept",         "connection",        "content-encoding",
                                       "content-length", "content-type",      "expect",
                                       "host",           "transfer-encoding", "upgrade"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strcasecmp(name, ours[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool vk_header_is(const char *line, const char *name) {
    size_t len = strlen(name);
    return strncasecmp(line, name, len) == 0 && line[len] == ':';
}

/* ---- A line ---- */

void vk_header_free(char *line) {
    if (line != NULL) {
        vk_wipe(line, strlen(line));
        vk_text_free(line);
    }
}

static vk_status malformed(vk_error *err) {
    return vk_fail(err, VK_ERR_FORMAT, "header",
                   "a header is a line \"Name: value\" of ASCII text, and a value that is not "
                   "empty");
}

/* Ends the name where the colon is; the value, without the spaces before it. */
static char *split(char *line) {
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        return NULL;
    }
    *colon = '\0';
    return colon + 1 + strspn(colon + 1, " ");
}

static vk_status join(const char *name, const char *value, char **out, vk_error *err) {
    vk_buf joined = {0};
    if (value == NULL || !vk_header_is_name(name) || !vk_header_is_value(value)) {
        return malformed(err);
    }
    if (vk_header_is_ours(name) && strcasecmp(name, "content-type") != 0) {
        return vk_fail(err, VK_ERR_FORMAT, "header", "\"%.60s\" cannot be set as a header", name);
    }
    vk_buf_put_text(&joined, name);
    vk_buf_put_text(&joined, ": ");
    vk_buf_put_text(&joined, value);
    *out = vk_buf_take_text(&joined);
    return *out != NULL ? VK_OK : vk_fail(err, VK_ERR_MEMORY, NULL, "out of memory");
}

vk_status vk_header_read(vk_bytes line, char **out, vk_error *err) {
    vk_buf copy = {0};
    *out = NULL;
    if (line.len > VK_HEADER_LINE_MAX || memchr(line.data, '\0', line.len) != NULL) {
        return malformed(err);
    }
    vk_buf_put(&copy, line.data, line.len);
    char *text = vk_buf_take_text(&copy);
    if (text == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "out of memory");
    }
    char *value = split(text);
    vk_status status = join(text, value, out, err);
    vk_wipe(text, line.len);
    vk_text_free(text);
    return status;
}
