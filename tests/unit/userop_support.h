/* Operations made of a seed, for properties that hold for all of them. */
#ifndef VK_TESTS_USEROP_SUPPORT_H
#define VK_TESTS_USEROP_SUPPORT_H

#include <valetkey/valetkey.h>

#define FIRST_VERSION VK_ENTRY_POINT_0_6
#define LAST_VERSION VK_ENTRY_POINT_0_9

/* A valid operation of the version; optional members come and go with the seed. */
vk_userop sample_op(vk_entry_point version, unsigned seed);
/* One with factory and paymaster but nothing else optional. Byte members are constants. */
vk_userop plain_op(vk_entry_point version);

vk_bytes text_bytes(const char *text);
/* The hash, which must exist, on chain 1 for the published EntryPoint. */
vk_hash hash_of(const vk_userop *op);
bool same_hash(const vk_userop *a, const vk_userop *b);

#endif
