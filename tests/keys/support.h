/* What the tests of src/keys/fido2*.c share: a software authenticator on a socket, and what is
 * asked of it. Functions abort the test when something that is not its business fails. */
#ifndef VK_TESTS_KEYS_SUPPORT_H
#define VK_TESTS_KEYS_SUPPORT_H

#include "authenticator/authenticator.h"
#include "keys/fido2.h"

#include <check.h>
#include <pthread.h>

#define RP "valetkey.test"
#define ORIGIN "https://valetkey.test"
#define PIN "1234-pin"

/* How long a touch is waited for. */
#define TOUCH_SECONDS 20

typedef struct fixture {
    char folder[32], place[64]; /* "unix:" and the socket in that folder */
    authn *device;
    vk_fido2 *fido2;
} fixture;

/* timeout: seconds for a touch. */
void begin(fixture *f, const authn_options *options, unsigned timeout);
/* The same, and PIN is set and logged in with. */
void begin_logged_in(fixture *f, const authn_options *options);
void end(fixture *f);
void log_in(const fixture *f, const char *pin);
vk_status try_pin(const fixture *f, const char *pin, vk_error *err);

/* A wish that is complete: not discoverable, no extensions. */
vk_fido2_wish usual_wish(void);
/* Makes a credential, which must succeed; free it with vk_fido2_made_clear. */
void make(const fixture *f, const vk_fido2_wish *wish, vk_fido2_made *out);

/* A question about a credential that was made, with its challenge and client data. */
typedef struct asked {
    vk_hash challenge;
    vk_buf client_data;
    vk_fido2_question question;
} asked;
void ask_begin(asked *a, const vk_fido2_made *made);
void ask_end(asked *a);
/* The whole: asks without extensions. */
vk_status ask(const fixture *f, const vk_fido2_made *made, vk_fido2_answer *out, vk_error *err);
/* Is it what the chain takes as well? */
void check_answer(const asked *a, const vk_fido2_made *made, const vk_fido2_answer *answer);

/* The status, and the sentence, whole. */
void check_failure(vk_status status, const vk_error *err, vk_status expected, const char *sentence);

/* An assertion in a thread of its own. */
typedef struct call {
    const fixture *f;
    const vk_fido2_made *made;
    vk_status status;
    vk_error err;
    pthread_t thread;
} call;
void call_begin(call *c, const fixture *f, const vk_fido2_made *made);
vk_status call_end(call *c);

int64_t clock_ms(void);
int run_suite(Suite *suite);

#endif
