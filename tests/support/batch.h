/* Asking the batch protocol from a test. Aborts unless the answer is JSON; cJSON_Delete it. */
#ifndef VK_TESTS_BATCH_H
#define VK_TESTS_BATCH_H

#include "batch/batch.h"

/* The answer to a whole request. */
cJSON *batch_ask_line(vk_bytes line);
/* To one with this JSON as its "in"; sdk: with "compat". */
cJSON *batch_ask(const char *kind, const char *in, bool sdk);

#endif
