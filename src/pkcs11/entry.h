/*
 * The rules that hold for every call: initialized? this process? a session or slot that exists?
 * what does a status mean to Cryptoki?
 */
#ifndef VK_PKCS11_ENTRY_H
#define VK_PKCS11_ENTRY_H

#include "pkcs11/session.h"

/* What enters with CKR_OK has to leave; leaving passes rv on. */

/* CKR_CRYPTOKI_NOT_INITIALIZED, also in a forked child and after exit() has begun. */
CK_RV vk_enter(void);
CK_RV vk_enter_slot(CK_SLOT_ID id, vk_slot **out);
CK_RV vk_leave(CK_RV rv);
/* Finds and locks the session; operations that a logout ended are gone. */
CK_RV vk_enter_session(CK_SESSION_HANDLE handle, vk_session **out);
CK_RV vk_leave_session(vk_session *session, CK_RV rv);

/* What to answer for a status. err (may be NULL) goes to the debug log, as anything but VK_OK. */
CK_RV vk_ck(vk_status status, const vk_error *err);
/* The same, and nothing is logged: the caller does. */
CK_RV vk_ck_quietly(vk_status status);
/* The same where the bad bytes came in a template. */
CK_RV vk_ck_template(vk_status status, const vk_error *err);

/* With VALETKEY_DEBUG in the environment (not of a program with raised rights): one line to stderr,
 * whole also when several threads write. Otherwise nothing is ever printed. What could fool a
 * terminal or a reader of lines is replaced by "?". */
void vk_debug_init(void);
bool vk_debugging(void);
void vk_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
