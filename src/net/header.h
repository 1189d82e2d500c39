/*
 * Header lines that a user gives for requests. They may hold secrets: failures repeat no value.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_HEADER_H
#define VK_NET_HEADER_H

#include <valetkey/bytes.h>

/* A token of RFC 9110. */
bool vk_header_is_name(const char *name);
/* One line, without spaces at its ends: curl takes an empty one for "send no such header". */
bool vk_header_is_value(const char *value);
/* What would change how the request is read, or where it goes. */
bool vk_header_is_ours(const char *name);
/* Is the line, "Name: value", of the header with this name? */
bool vk_header_is(const char *line, const char *name);

#define VK_HEADER_LINE_MAX 8192

/* Reads "Name: value", as *out; vk_header_free it. Of the headers that are ours, Content-Type may
 * be set. */
VK_MUST_USE vk_status vk_header_read(vk_bytes line, char **out, vk_error *err);
void vk_header_free(char *line); /* NULL allowed; wipes */

#endif
