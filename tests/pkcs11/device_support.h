/*
 * Tests of the slots of security keys: a home with the tokens of support.h, and an authenticator in
 * software on a socket that valetkey.conf there names.
 */
#ifndef VK_TESTS_PKCS11_DEVICE_SUPPORT_H
#define VK_TESTS_PKCS11_DEVICE_SUPPORT_H

#include "../authenticator/authenticator.h"
#include "support.h"

#define DEVICE_PIN "1234"
#define DEVICE_LABEL "FIDO2 security key"

extern authn *device;
extern char sudo_policy[];

/* Checked fixtures: an authenticator with DEVICE_PIN that is touched at once, and C_Initialize. */
void start_device(void);
void stop_device(void);
/* Starts another one in its place. */
void replace_device(const authn_options *options);
/* Adds a line to valetkey.conf. */
void configure(const char *line);

/* The first slot of a security key; how many there are, present or not. */
CK_SLOT_ID device_slot(void);
CK_ULONG device_slots(bool present);
CK_FLAGS device_flags(void);
/* A read-write session on it; with the login that its PIN and, once there is a store, a touch
 * give. */
CK_SESSION_HANDLE device_session(void);
CK_SESSION_HANDLE device_login(void);

/* A key on it that signs everything for the account that it owns. */
pair device_key(CK_SESSION_HANDLE session, const char *label);
pair device_key_under(CK_SESSION_HANDLE session, const char *label, char *json);
/* An operation of that account, free() it; sequence tells them apart. */
char *device_operation(unsigned sequence);
CK_RV device_sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, unsigned sequence,
                  CK_BYTE *signature, CK_ULONG *len);
/* Why the key refused last. */
const char *last_denial(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);

#endif
