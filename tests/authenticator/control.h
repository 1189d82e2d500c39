/* A Unix stream socket on which an authenticator is told what to do, a line each; every line is
 * answered by "ok", "ok VALUE" or "error REASON". README.md lists them. */
#ifndef VK_TESTS_AUTHENTICATOR_CONTROL_H
#define VK_TESTS_AUTHENTICATOR_CONTROL_H

#include "authenticator.h"

/* "now", "never", "denied" or milliseconds. */
bool control_set_touch(authn *a, const char *mode);
/* Names with commas between them; "none" is none. False if one is unknown. */
bool control_read_names(const char *names, uint32_t (*named)(const char *, size_t), uint32_t *bits);
/* Serves the socket in a thread of its own, until the process ends. False, with errno set, if it
 * cannot. */
bool control_serve(authn *a, const char *path);
/* Says one line to the socket of another process and prints the answer; true for "ok". */
bool control_tell(const char *path, const char *line);

#endif
