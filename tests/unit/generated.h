/* Generated values, the same at every run, and what a forger does to bytes. */
#ifndef VK_TESTS_GENERATED_H
#define VK_TESTS_GENERATED_H

#include <valetkey/valetkey.h>

void generated_seed(void);
uint64_t generated_next(void);
size_t generated_below(size_t limit);
void generated_fill(uint8_t *out, size_t len);
/* One change of the kinds that a forger tries: a bit, the length, a word. */
void generated_change(vk_buf *bytes);

#endif
