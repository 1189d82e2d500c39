/* The time that decisions are made by. */
#ifndef VK_TOKEN_CLOCK_H
#define VK_TOKEN_CLOCK_H

#include <stdint.h>

/* Seconds since 1970; 0 while the system's clock stands before. */
uint64_t vk_clock_now(void);

#endif
