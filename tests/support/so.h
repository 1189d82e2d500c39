/* What the SO of a test's token decides, beside the module that has it open. */
#ifndef VK_TESTS_SO_H
#define VK_TESTS_SO_H

#include "token/journal.h"
#include "token/spend.h"

#include <valetkey/hardening.h>

/* They are about the token with this label in $VALETKEY_HOME, and abort when they fail. */

/* From now on exactly these rules are off. */
void so_relax(const char *label, const char *so_pin, vk_hardening_set relaxed);
/* The rule counts every grant of the key that has this label, on the rule's chain. */
void so_spend(const char *label, const char *so_pin, const vk_spend_rule *rule,
              const char *key_label);
void so_journal(const char *label, const char *so_pin, vk_journal_mode mode);

#endif
