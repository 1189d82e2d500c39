#include "cli/output.h"

#include "base/json.h"
#include "base/utf8.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void put_format(vk_buf *out, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void put_format(vk_buf *out, const char *format, va_list args) {
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    if (len < 0) {
        out->status = VK_ERR_MEMORY;
        return;
    }
    vk_buf_put(out, text, (size_t)len);
    vk_text_free(text);
}

void vk_say(vk_out *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!out->json) {
        put_format(&out->text, format, args);
    }
    va_end(args);
}

void vk_say_in(vk_out *out, vk_style style, const char *text) {
    static const char *const codes[] = {
        [VK_STYLE_HEAD] = "\033[1m", [VK_STYLE_GOOD] = "\033[32m", [VK_STYLE_BAD] = "\033[31m"};
    if (out->colour) {
        vk_say(out, "%s%s\033[0m", codes[style], text);
    } else {
        vk_say(out, "%s", text);
    }
}

void vk_say_field(vk_out *out, const char *name, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!out->json) {
        vk_buf_printf(&out->text, "  %-14s ", name);
        put_format(&out->text, format, args);
        vk_buf_put_byte(&out->text, '\n');
    }
    va_end(args);
}

void vk_say_lines(vk_out *out, const char *indent, const char *text) {
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        vk_say(out, "%s%.*s\n", indent, (int)len, text);
        text += len + (text[len] == '\n');
    }
}

/* What stands before a value: comma, line, indentation, name. */
static void begin_value(vk_out *out, const char *name) {
    if (out->has_member) {
        vk_buf_put_byte(&out->text, ',');
    }
    if (out->depth > 0) {
        vk_buf_printf(&out->text, "\n%*s", (int)(2 * out->depth), "");
    }
    if (name != NULL) {
        vk_json_put_string(&out->text, name);
        vk_buf_put_text(&out->text, ": ");
    }
    out->has_member = true;
}

void vk_out_open(vk_out *out, const char *name, char bracket) {
    if (!out->json) {
        return;
    }
    begin_value(out, name);
    vk_buf_put_byte(&out->text, (uint8_t)bracket);
    out->depth++;
    out->has_member = false;
}

void vk_out_close(vk_out *out, char bracket) {
    if (!out->json) {
        return;
    }
    out->depth--;
    if (out->has_member) {
        vk_buf_printf(&out->text, "\n%*s", (int)(2 * out->depth), "");
    }
    vk_buf_put_byte(&out->text, (uint8_t)bracket);
    out->has_member = true;
    if (out->depth == 0) {
        vk_buf_put_byte(&out->text, '\n');
    }
}

void vk_out_text(vk_out *out, const char *name, const char *text) {
    if (out->json) {
        begin_value(out, name);
        vk_json_put_string(&out->text, text);
    }
}

void vk_out_bytes(vk_out *out, const char *name, vk_bytes bytes) {
    if (out->json) {
        begin_value(out, name);
        vk_buf_put_byte(&out->text, '"');
        vk_hex_put(&out->text, bytes);
        vk_buf_put_byte(&out->text, '"');
    }
}

void vk_out_address(vk_out *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_out_text(out, name, text);
}

void vk_out_u64(vk_out *out, const char *name, uint64_t value) {
    if (out->json) {
        begin_value(out, name);
        vk_buf_printf(&out->text, "%" PRIu64, value);
    }
}

void vk_out_bool(vk_out *out, const char *name, bool value) {
    if (out->json) {
        begin_value(out, name);
        vk_buf_put_text(&out->text, value ? "true" : "false");
    }
}

void vk_out_null(vk_out *out, const char *name) {
    if (out->json) {
        begin_value(out, name);
        vk_buf_put_text(&out->text, "null");
    }
}

void vk_out_raw(vk_out *out, const char *name, vk_bytes json) {
    if (out->json) {
        begin_value(out, name);
        vk_buf_put(&out->text, json.data, json.len);
    }
}

void vk_out_hex_line(vk_out *out, vk_bytes bytes) {
    vk_hex_put(&out->text, bytes);
    vk_buf_put_byte(&out->text, '\n');
}

void vk_put_clean(vk_buf *out, vk_bytes text) {
    for (size_t i = 0, len; i<text.len; i += len> 0 ? len : 1) {
        len = vk_utf8_printable_len(text.data + i, text.len - i);
        if (len == 0) {
            vk_buf_put_byte(out, '?');
        } else {
            vk_buf_put(out, text.data + i, len);
        }
    }
}
