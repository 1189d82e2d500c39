/*
 * Bytes, addresses, hashes and 256-bit integers.
 *
 * 256-bit integers are big-endian byte arrays at every interface. Text is UTF-8.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VALETKEY_BYTES_H
#define VALETKEY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <valetkey/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view of bytes that somebody else owns. data may be NULL when len is 0. */
typedef struct vk_bytes {
    const uint8_t *data;
    size_t len;
} vk_bytes;

typedef struct vk_address {
    uint8_t b[20];
} vk_address;

typedef struct vk_hash {
    uint8_t b[32];
} vk_hash;

typedef struct vk_u256 {
    uint8_t be[32];
} vk_u256;

/*
 * A growable buffer that wipes what it gives up. Appending after a failure does nothing, so a
 * writer appends freely and asks vk_buf_status once at the end. {0} is an empty buffer.
 */
typedef struct vk_buf {
    uint8_t *data; /* owned */
    size_t len;
    size_t cap;
    vk_status status;
} vk_buf;

/* No buffer grows beyond this; appending more fails with VK_ERR_SIZE. */
#define VK_BUF_MAX ((size_t)64 << 20)

VK_API void vk_buf_put(vk_buf *buf, const void *data, size_t len);
VK_API void vk_buf_put_byte(vk_buf *buf, uint8_t byte);
VK_API void vk_buf_put_zeros(vk_buf *buf, size_t count);
VK_API void vk_buf_put_text(vk_buf *buf, const char *text);
VK_API void vk_buf_printf(vk_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
VK_API VK_MUST_USE vk_status vk_buf_status(const vk_buf *buf);
VK_API vk_bytes vk_buf_view(const vk_buf *buf);
VK_API void vk_buf_clear(vk_buf *buf);
/* Ends the text with a NUL that len does not count and hands the memory over (free with
 * vk_text_free); NULL, with the buffer cleared, if anything failed. */
VK_API VK_MUST_USE char *vk_buf_take_text(vk_buf *buf);
VK_API void vk_text_free(char *text); /* NULL allowed */

VK_API void vk_wipe(void *data, size_t len);
/* Constant time. */
VK_API bool vk_equal_secret(const void *a, const void *b, size_t len);
VK_API bool vk_bytes_equal(vk_bytes a, vk_bytes b);
VK_API bool vk_address_equal(const vk_address *a, const vk_address *b);
VK_API bool vk_address_is_zero(const vk_address *a);

/* Hex. Text begins with "0x"; both cases are read, lower case is written. */
VK_API void vk_hex_put(vk_buf *out, vk_bytes bytes);
/* Appends the decoded bytes: an even number of digits, at most max bytes. */
VK_API VK_MUST_USE vk_status vk_hex_read(const char *text, size_t text_len, size_t max,
                                         vk_buf *out);
/* Exactly len bytes. */
VK_API VK_MUST_USE vk_status vk_hex_read_fixed(const char *text, size_t text_len, uint8_t *out,
                                               size_t len);
/* "0x" and 40 mixed-case digits (EIP-55) with a NUL: 43 bytes. */
VK_API void vk_address_text(const vk_address *address, char text43[43]);
/* Any letter case; a mixed-case text must carry the right EIP-55 checksum. */
VK_API VK_MUST_USE vk_status vk_address_read(const char *text, size_t text_len, vk_address *out);

/* Base64: the standard alphabet with padding, or base64url without. Reading refuses anything else,
 * stray bits included. */
VK_API void vk_base64_put(vk_buf *out, vk_bytes bytes);
VK_API void vk_base64url_put(vk_buf *out, vk_bytes bytes);
VK_API VK_MUST_USE vk_status vk_base64_read(const char *text, size_t text_len, vk_buf *out);
VK_API VK_MUST_USE vk_status vk_base64url_read(const char *text, size_t text_len, vk_buf *out);

VK_API vk_u256 vk_u256_from_u64(uint64_t value);
/* Big-endian bytes, at most 32. */
VK_API vk_u256 vk_u256_from_be(const uint8_t *data, size_t len);
VK_API bool vk_u256_fits(const vk_u256 *value, unsigned bits);
VK_API bool vk_u256_is_zero(const vk_u256 *value);
VK_API uint64_t vk_u256_low64(const vk_u256 *value);
VK_API int vk_u256_cmp(const vk_u256 *a, const vk_u256 *b);
/* These return false on overflow (or borrow) and then leave *out unspecified. out may be an input.
 */
VK_API VK_MUST_USE bool vk_u256_add(const vk_u256 *a, const vk_u256 *b, vk_u256 *out);
VK_API VK_MUST_USE bool vk_u256_sub(const vk_u256 *a, const vk_u256 *b, vk_u256 *out);
VK_API VK_MUST_USE bool vk_u256_mul(const vk_u256 *a, const vk_u256 *b, vk_u256 *out);
/* "0x" and 1 to 64 digits. */
VK_API VK_MUST_USE vk_status vk_u256_read_hex(const char *text, size_t text_len, vk_u256 *out);
/* Decimal digits only, no sign, no leading zero except "0" itself. */
VK_API VK_MUST_USE vk_status vk_u256_read_decimal(const char *text, size_t text_len, vk_u256 *out);
/* The other way round of vk_u256_scaled: text * 10^decimals. A decimal number as above, with or
 * without "." and fraction digits; VK_ERR_RANGE if the product is no integer below 2^256. */
VK_API VK_MUST_USE vk_status vk_u256_read_scaled(const char *text, size_t text_len,
                                                 unsigned decimals, vk_u256 *out);
/* Decimal with a NUL: at most 78 digits. */
VK_API void vk_u256_decimal(const vk_u256 *value, char text79[79]);
/* value / 10^decimals as plain decimal text without trailing zeros ("100.000001"); decimals <= 77.
 */
VK_API void vk_u256_scaled(const vk_u256 *value, unsigned decimals, char text82[82]);
/* "0x" and minimal hex ("0x0" for zero) with a NUL: at most 67 bytes. */
VK_API void vk_u256_hex(const vk_u256 *value, char text67[67]);

#ifdef __cplusplus
}
#endif
#endif
