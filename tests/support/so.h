/* What the SO of a test's token decides, beside the module that has it open. */
#ifndef VK_TESTS_SO_H
#define VK_TESTS_SO_H

#include "token/journal.h"

#include <valetkey/hardening.h>

/* Both are about the token with this label in $VALETKEY_HOME, and abort when they fail. */

/* From now on exactly these rules are off. */
void so_relax(const char *label, const char *so_pin, vk_hardening_set relaxed);
void so_journal(const char *label, const char *so_pin, vk_journal_mode mode);

#endif
