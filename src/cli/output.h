/*
 * What a command prints: collected first, written once at the end, so that a failure leaves no half
 * of a result behind.
 */
#ifndef VK_CLI_OUTPUT_H
#define VK_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <valetkey/bytes.h>

typedef struct vk_out {
    vk_buf text;
    bool json;
    bool colour;
    unsigned depth;  /* of JSON */
    bool has_member; /* the innermost JSON value has one already */
} vk_out;

typedef enum vk_style { VK_STYLE_HEAD, VK_STYLE_GOOD, VK_STYLE_BAD } vk_style;

/* Text for people. Nothing happens in JSON mode. */
void vk_say(vk_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same in a style; colours only on a terminal. */
void vk_say_in(vk_out *out, vk_style style, const char *text);
/* "  name      value" */
void vk_say_field(vk_out *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Every line of text, indented. */
void vk_say_lines(vk_out *out, const char *indent, const char *text);

/* JSON. Nothing happens outside of JSON mode. name is NULL in arrays and at the root. */
void vk_out_open(vk_out *out, const char *name, char bracket);
void vk_out_close(vk_out *out, char bracket);
void vk_out_text(vk_out *out, const char *name, const char *text);
void vk_out_bytes(vk_out *out, const char *name, vk_bytes bytes); /* as "0x" hex */
void vk_out_address(vk_out *out, const char *name, const vk_address *address);
void vk_out_u64(vk_out *out, const char *name, uint64_t value);
void vk_out_bool(vk_out *out, const char *name, bool value);
void vk_out_null(vk_out *out, const char *name);
/* Text that is JSON already. */
void vk_out_raw(vk_out *out, const char *name, vk_bytes json);

/* Text for either mode. */
void vk_out_hex_line(vk_out *out, vk_bytes bytes);

/* Bytes of a token that go to a terminal: what is no UTF-8, control characters, and those that
 * change the direction of text become '?'. Appends. */
void vk_put_clean(vk_buf *out, vk_bytes text);

#endif
