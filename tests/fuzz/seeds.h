/* Seeds: inputs for the fuzz targets, made from tests/vectors, and by the software authenticator.
 */
#ifndef VK_TESTS_FUZZ_SEEDS_H
#define VK_TESTS_FUZZ_SEEDS_H

#include <valetkey/bytes.h>

typedef void (*seed_fn)(const char *target, vk_bytes input, void *context);

typedef struct seed_use {
    seed_fn use;
    void *context;
} seed_use;
/* Part of seeds_each: those of what browsers answer. */
void seeds_of_browsers(const seed_use *s);

/* Part of seeds_each: those of bundlers, paymasters and nodes. */
void seeds_of_services(const seed_use *s);

void seeds_each(seed_fn use, void *context);
void seeds_of_authenticators(seed_fn use, void *context); /* seeds_each does it */

#endif
