/* Security keys by number, for the tests of enrolments. */
#ifndef VK_TESTS_TOKEN_ENROLLED_H
#define VK_TESTS_TOKEN_ENROLLED_H

#include "support.h"
#include "token/enrolment.h"

/* The number of the one whose touch alone is enough. */
#define TOUCH_ONLY 3

/* What number n gives, and says. */
void device_secret(unsigned n, uint8_t secret32[32]);
vk_enrolment enrolment_new(unsigned n);

vk_status enrol(vk_token *token, unsigned n, int64_t *id);
/* Logs in with number n as the enrolment id. */
vk_status touch(vk_token *token, int64_t id, unsigned n);
vk_token_info info_of(vk_token *token);

#endif
