/* Reading tests/vectors from a unit test, and turning its values into bytes. Aborts on bad data. */
#ifndef VK_TESTS_VECTORS_H
#define VK_TESTS_VECTORS_H

#include <cjson/cJSON.h>
#include <valetkey/valetkey.h>

/* The parsed file tests/vectors/NAME ("enable.json", "session/ecdsa.json"). cJSON_Delete it. */
cJSON *vectors_load(const char *name);
/* Member that must exist; text member that must exist. */
const cJSON *vectors_get(const cJSON *object, const char *name);
const char *vectors_text(const cJSON *object, const char *name);
/* "0x" hex of any length; vk_buf_clear it. */
vk_buf vectors_bytes(const cJSON *object, const char *name);
vk_buf vectors_hex(const char *text);
void vectors_fixed(const cJSON *object, const char *name, uint8_t *out, size_t len);
vk_address vectors_address(const cJSON *object, const char *name);
vk_hash vectors_hash(const cJSON *object, const char *name);
/* Decimal text, hex text or JSON integer. */
vk_u256 vectors_u256(const cJSON *object, const char *name);
uint64_t vectors_u64(const cJSON *object, const char *name);

#endif
