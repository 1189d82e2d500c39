/* The SO of a test's token turns hardening rules off and on, beside the module that has it open. */
#ifndef VK_TESTS_RELAX_H
#define VK_TESTS_RELAX_H

#include <valetkey/hardening.h>

/* From now on exactly these are off on the token with this label in $VALETKEY_HOME. Aborts when
 * that fails. */
void relax_token(const char *label, const char *so_pin, vk_hardening_set relaxed);

#endif
