/* What the tests of grants share: a session out of the vectors, and grants made of it. */
#ifndef VK_TESTS_GRANT_SUPPORT_H
#define VK_TESTS_GRANT_SUPPORT_H

#include "support/vectors.h"

/* A session of tests/vectors/session: its file, policy and key. */
typedef struct grant_session {
    cJSON *file;
    vk_policy policy;
    vk_signer signer;
} grant_session;

grant_session grant_session_load(const char *name);
void grant_session_clear(grant_session *session);

/* The serialized account, decoded: to be changed and put into a grant. cJSON_Delete it. */
cJSON *grant_account(const grant_session *session);
/* A copy of a text member with the hex digit at index changed. */
void grant_flip_digit(cJSON *object, const char *name, size_t index);
void grant_set_text(cJSON *object, const char *name, const char *text);
/* "0x" hex of the bytes. */
void grant_set_hex(cJSON *object, const char *name, vk_bytes bytes);

/* The JSON of a grant on the session's chain: the account (consumed), and more members as JSON text
 * that begins with a comma, or "". vk_text_free it. */
char *grant_json(const grant_session *session, cJSON *account, const char *members);

/* Reads a grant that must be good. The text is consumed. */
vk_grant grant_good(const grant_session *session, char *json);
/* Reads one that must be refused with this status and path. The text is consumed. */
void grant_refused(const grant_session *session, char *json, vk_status status, const char *path);

/* Replaces the account's approval by one of the session's owner for what the grant says. */
void grant_approve(const grant_session *session, cJSON *account, const char *members);

#endif
