/* UTF-8, as RFC 3629 has it: shortest form, no surrogates. */
#ifndef VK_BASE_UTF8_H
#define VK_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at p, of which left > 0 bytes are there; 0 if it is not one. */
size_t vk_utf8_len(const uint8_t *p, size_t left);

/* The same; 0 also for control characters, and for those that change the direction of text. */
size_t vk_utf8_printable_len(const uint8_t *p, size_t left);

/* Copies text with a NUL, as much as there is room for, cut between characters. What is not
 * printable becomes "?". */
void vk_utf8_copy_printable(const char *text, char *out, size_t size);

/* Bytes that are no UTF-8 become "?": a text cut by its length may end inside a sequence. */
void vk_utf8_clean(char *text);

#endif
