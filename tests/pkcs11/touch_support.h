/* Security keys for tests of the module: software authenticators on sockets in the test's home. */
#ifndef VK_TESTS_PKCS11_TOUCH_SUPPORT_H
#define VK_TESTS_PKCS11_TOUCH_SUPPORT_H

#include "authenticator/authenticator.h"
#include "gate/device.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>

#define DEVICE_PIN "1234"
/* Seconds that the module waits for a touch. */
#define TOUCH_SECONDS 3

/* Plugged in where the module looks: two at most, number 0 and 1. */
extern authn *security_keys[2];

/* Checked fixtures: a fresh home that names both sockets, nothing plugged in, no C_Initialize. */
void touch_home(void);
void touch_remove(void);
TCase *touch_case(const char *name);

/* Plugs one in; NULL options: no PIN, touched at once. */
authn *plug(int number, const authn_options *options);
const char *place_of(int number);
/* With DEVICE_PIN, touched at once. */
authn *plug_with_pin(int number);

/* Enrols it with the token, as the command does; a verified one with its PIN, if it has one. */
void enrol(const char *label, int number, bool touch_only);
/* Opens the token's file and logs in. Close it. */
vk_token *open_token(const char *label, vk_role role);
/* The token's user PIN is removed, as --instead-of-pin does. */
void remove_user_pin(const char *label);

/* And looks at what is plugged in, as every client does that lists the slots. */
void touch_initialize(void);
/* C_Login without a PIN, and C_LoginUser as "fido2"; PIN NULL: none. */
CK_RV unlock(CK_SESSION_HANDLE session);
CK_RV login_named(CK_SESSION_HANDLE session, const char *pin);
bool is_user(CK_SESSION_HANDLE session);

/* The table of 3.0. */
CK_FUNCTION_LIST_3_0 *load_3_0(void);
CK_STATE state_of(CK_SESSION_HANDLE session);

/* Something that waits for a touch, in a thread of its own. */
typedef struct waiting_call {
    CK_RV (*call)(void *context);
    void *context;
    CK_RV rv;
    atomic_bool is_over;
    pthread_t thread;
} waiting_call;
/* Returns when the security key waits. */
void begin_waiting(waiting_call *w, CK_RV (*call)(void *context), void *context, authn *key);
CK_RV end_waiting(waiting_call *w);

Suite *touch_suite(void);
/* Adds the tests of what becomes of a touch. */
void add_touch_outcomes(Suite *suite);
Suite *step_up_suite(void);

#endif
