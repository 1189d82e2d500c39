/* Seeds: inputs for the fuzz targets, made from tests/vectors. */
#ifndef VK_TESTS_FUZZ_SEEDS_H
#define VK_TESTS_FUZZ_SEEDS_H

#include <valetkey/bytes.h>

typedef void (*seed_fn)(const char *target, vk_bytes input, void *context);

void seeds_each(seed_fn use, void *context);

#endif
