/*
 * The reports that a security key sends, for src/keys/fido2*.c: the target's input takes the key's
 * place.
 *
 * A byte chooses what is asked (fuzz_fido2_questions), one the form of the rest: 0 for messages,
 * each with its length in two bytes in front, which are put into CTAPHID reports; 1 for what is in
 * the reports themselves behind the channel, 60 bytes each. CTAPHID_INIT is answered without the
 * input, since its reply has a nonce that libfido2 chose.
 */
#ifndef VK_TESTS_FUZZ_FIDO2_H
#define VK_TESTS_FUZZ_FIDO2_H

#include <fido.h>
#include <valetkey/bytes.h>

#define FUZZ_FIDO2_QUESTIONS 9
/* The one that logs in and makes a credential. */
#define FUZZ_FIDO2_LOGGED_IN 2

/* Asks an authenticator that is there, by these functions and at this path, and appends the input
 * that would say the same. */
void fuzz_fido2_record(const fido_dev_io_t *io, const char *path, unsigned question, bool reports,
                       vk_buf *out);

#endif
