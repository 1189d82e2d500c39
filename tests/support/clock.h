/*
 * A program with clock.c in it, linked with -export-dynamic, decides what time(2) and
 * clock_gettime tell it and the libraries it loads: CLOCK_REALTIME stands where it was set,
 * CLOCK_MONOTONIC goes on from where it was moved to. Other clocks are the system's.
 */
#ifndef VK_TESTS_CLOCK_H
#define VK_TESTS_CLOCK_H

#include <stdint.h>

/* Seconds since 1970. Before the first call the clock is the system's. */
void clock_set(uint64_t seconds);
/* Lets time pass on CLOCK_MONOTONIC only. */
void clock_pass(uint64_t seconds);

#endif
