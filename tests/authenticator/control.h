/* A Unix stream socket on which an authenticator is told what to do, a line each; every line is
 * answered by "ok", "ok VALUE" or "error REASON". README.md lists them. */
#ifndef VK_TESTS_AUTHENTICATOR_CONTROL_H
#define VK_TESTS_AUTHENTICATOR_CONTROL_H

#include "authenticator.h"

/* "now", "never", "denied" or milliseconds. */
bool control_set_touch(authn *a, const char *mode);
/* Names with commas between them; "none" is none. False if one is unknown. */
bool control_read_names(const char *names, uint32_t (*named)(const char *, size_t), uint32_t *bits);
/* Serves the socket in a thread of its own. NULL, with errno set, if it cannot. */
typedef struct control control;
control *control_start(authn *a, const char *path);
/* Unplugs the authenticator, so that nothing waits for a touch, and removes the socket. */
void control_stop(control *c);
/* Says one line to the socket of another process and prints the answer; true for "ok". */
bool control_tell(const char *path, const char *line);

#endif
