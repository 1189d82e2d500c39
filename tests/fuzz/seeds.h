/* Seeds: inputs for the fuzz targets, made from tests/vectors, and by the software authenticator.
 */
#ifndef VK_TESTS_FUZZ_SEEDS_H
#define VK_TESTS_FUZZ_SEEDS_H

#include <valetkey/bytes.h>

typedef void (*seed_fn)(const char *target, vk_bytes input, void *context);

void seeds_each(seed_fn use, void *context);
void seeds_of_authenticators(seed_fn use, void *context); /* seeds_each does it */

#endif
