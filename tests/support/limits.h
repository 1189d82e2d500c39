/* A full disk, as far as this process goes. */
#ifndef VK_TESTS_LIMITS_H
#define VK_TESTS_LIMITS_H

#include <sys/resource.h>

/* Nothing can be written past so many bytes of a file; RLIM_INFINITY: there is room again. */
void limit_files(rlim_t bytes);

#endif
