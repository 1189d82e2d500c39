/* Times, medians and memory, as the benchmarks take them. */
#ifndef VK_BENCH_MEASURE_H
#define VK_BENCH_MEASURE_H

#include <stddef.h>

/* Seconds: of the clock, and of the CPU that this thread had. */
double seconds_now(void);
double seconds_of_cpu(void);
/* Sorts the values. */
double median(double *values, size_t count);
/* Resident memory of this process, in bytes. */
double resident(void);

#endif
