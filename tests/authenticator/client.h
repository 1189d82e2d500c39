/* What the tests of the authenticator do with libfido2, over either transport. Functions abort the
 * test when something that is not its business fails. */
#ifndef VK_TESTS_AUTHENTICATOR_CLIENT_H
#define VK_TESTS_AUTHENTICATOR_CLIENT_H

#include "authenticator.h"

#include <check.h>
#include <fido/credman.h>
#include <fido/es256.h>
#include <pthread.h>

#define RP "valetkey.test"
#define PIN "1234-pin"

/* For loop tests: in process, and over the socket. */
enum { CLIENT_LOCAL, CLIENT_SOCKET, CLIENT_TRANSPORTS };
/* In process with PIN protocol 1, with 2; over the socket with 1, with 2. */
#define CLIENT_VARIANTS (2 * CLIENT_TRANSPORTS)

typedef struct client {
    authn *device;
    fido_dev_t *dev;
    int transport;
    char folder[32], socket[64];
} client;

/* A new authenticator, and a device that is open. */
void client_begin(client *c, int transport, const authn_options *options);
/* The same in a variant: one of the PIN protocols, over one of the transports. */
void client_begin_variant(client *c, int variant, const authn_options *options);
void client_end(client *c);
/* One more device of the same authenticator; close it with client_close. */
fido_dev_t *client_open(const client *c);
int client_try_open(const client *c, fido_dev_t **out);
void client_close(fido_dev_t **dev);
/* Closes the device and opens it again, after a power cycle if so. */
void client_reopen(client *c, bool power_cycle);

/* A request for a credential of RP; user: its id and name. Free with fido_cred_free. */
fido_cred_t *client_cred(const char *user, bool discoverable, int extensions);
/* A request for an assertion by one credential, or by all if it is NULL. */
fido_assert_t *client_assert(const fido_cred_t *allowed);
/* Makes a credential, which must succeed and verify. */
fido_cred_t *client_make(client *c, const char *user, bool discoverable, int extensions,
                         const char *pin);
/* FIDO_OK if the assertion is that credential's, with the extensions that were asked for. */
int client_verify(const fido_cred_t *cred, fido_assert_t *assert, size_t index, int extensions);

/* An assertion in a thread of its own. */
typedef struct client_call {
    client *c;
    fido_assert_t *assert;
    int result;
    pthread_t thread;
} client_call;
void client_call_begin(client_call *call, client *c, const fido_cred_t *allowed);
/* What fido_dev_get_assert gave. */
int client_call_end(client_call *call);

/* Runs it; the program's exit status. */
int client_run(Suite *suite);

#endif
