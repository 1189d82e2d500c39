/* What must hold of tokens whose users were killed: looked at by a process that was not there. */
#ifndef VK_TESTS_INSPECT_H
#define VK_TESTS_INSPECT_H

#include "crash/work.h"

/*
 * Opens every token, logs in, looks at every key of the ledger, signs with each or is refused for
 * the right reason, and closes in order. What was coming or leaving is settled in the ledger. The
 * ledger's signatures are settled (ledger_settle), nobody else uses the tokens. False, with the
 * failure in the ledger, if something is not as it must be.
 */
bool inspect(worker *w);

/* No files are in the directory but the tokens, after the last one who used them closed them. */
bool inspect_directory(ledger *l, const char *directory);

/* The journal of the token that signs is whole (valetkey audit verify, with its MACs and its anchor)
 * and has every signature that left. After inspect. directory: for files that it makes. */
bool inspect_journal(ledger *l, const char *directory);

#endif
