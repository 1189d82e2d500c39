/*
 * Fuzz targets: one for each reader of outside bytes. A target checks what its header promises, not
 * only that nothing crashes: what is read canonically is written again byte for byte, a failed read
 * leaves its result alone, and the error says what failed.
 *
 * All targets are in one table, so that the same code runs under libFuzzer (engine.c) and, with
 * the seeds and the findings of old, in every make check (replay.c).
 */
#ifndef VK_TESTS_FUZZ_H
#define VK_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

typedef struct fuzz_target {
    const char *name;
    void (*run)(vk_bytes input);
} fuzz_target;

/* Ends with a NULL name. */
extern const fuzz_target fuzz_targets[];
const fuzz_target *fuzz_target_named(const char *name); /* NULL if there is none */

/* The targets; those that take more than one value begin with a byte that chooses. */
void fuzz_json(vk_bytes input);           /* JSON */
void fuzz_text(vk_bytes input);           /* which reader, then text: hex, base64, numbers */
void fuzz_userop_json(vk_bytes input);    /* EntryPoint version, then JSON */
void fuzz_userop_abi(vk_bytes input);     /* EntryPoint version, then ABI */
void fuzz_userop_request(vk_bytes input); /* JSON or ABI */
void fuzz_receipt(vk_bytes input);        /* JSON */
void fuzz_execution(vk_bytes input);      /* calldata */
void fuzz_factory_data(vk_bytes input);   /* Kernel version, then factory data */
void fuzz_enable_data(vk_bytes input);    /* kind of owner, then enable data */
void fuzz_approval(vk_bytes input);       /* kind of owner, then an approval */
void fuzz_answer(vk_bytes input);         /* which question, then what the account answered */
void fuzz_serialized(vk_bytes input);     /* the JSON inside of the base64 */
void fuzz_grant(vk_bytes input);          /* address20, policy text, NUL, grant text */
void fuzz_smart_account(vk_bytes input);  /* JSON */
void fuzz_policy(vk_bytes input);         /* JSON */
void fuzz_step_up(vk_bytes input);        /* a step-up rule, JSON, NUL, operation text */
void fuzz_verdict(vk_bytes input);        /* policy text, NUL, operation text */
void fuzz_execute_read(vk_bytes input);   /* calldata */
void fuzz_session_part(vk_bytes input);   /* number of policies, then a signature */
void fuzz_message_parts(vk_bytes input);  /* Kernel version, then a signature */
void fuzz_any_assertion(vk_bytes input);  /* challenge32, x32, y32, encoded assertion */
void fuzz_webauthn(vk_bytes input);       /* encoded assertion */
void fuzz_der(vk_bytes input);            /* P-256 signature */
void fuzz_credential(vk_bytes input);     /* which reader, then its bytes */
void fuzz_browser_answer(vk_bytes input); /* which reader, then JSON */
void fuzz_thirdweb_calls(vk_bytes input); /* calldata */
void fuzz_thirdweb_reply(vk_bytes input); /* which reader, then what an account answers */
void fuzz_typed_data(vk_bytes input);     /* JSON */
void fuzz_message(vk_bytes input);        /* a request, JSON */
void fuzz_batch(vk_bytes input);          /* a request line */
void fuzz_verdict_case(vk_bytes input);   /* which kind, then its "in" */
void fuzz_anchor(vk_bytes input);         /* a slot of an anchor's file */
void fuzz_reply(vk_bytes input);          /* a JSON-RPC reply */
void fuzz_node_answer(vk_bytes input);    /* which reader, then a JSON-RPC reply */
void fuzz_rule_numbers(vk_bytes input);   /* how many, then what a policy contract returned */
void fuzz_service_answer(vk_bytes input); /* which reader, then a JSON-RPC reply */
void fuzz_chain_config(vk_bytes input);   /* JSON */
void fuzz_header(vk_bytes input);         /* a line */
void fuzz_passkey_answer(vk_bytes input); /* which reader, then what a passkey server answers */
void fuzz_passkey_body(vk_bytes input);   /* which reader, then what its clients send */
void fuzz_login_request(vk_bytes input);  /* JSON */
void fuzz_calls(vk_bytes input);          /* calls of Cryptoki and their arguments */
void fuzz_fido2(vk_bytes input);          /* what is asked, then what the security key sends */

/* Says which property does not hold, and aborts. */
#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A result to read into: marked, so that fuzz_read_result sees whether a failed read wrote to it.
 */
#define FUZZ_MARK(object) memset(&(object), 0xa5, sizeof(object))

/* After a read: an error has a status and a sentence exactly if it failed, and out, which was
 * marked, was then left alone or made empty. Returns whether it succeeded. */
bool fuzz_read_result(vk_status status, const vk_error *err, const void *out, size_t len);

/* The first byte, as a number below count; the rest of the input. */
unsigned fuzz_choose(vk_bytes *input, unsigned count);
/* Everything before the first NUL, which is dropped; the rest of the input. */
vk_bytes fuzz_until_nul(vk_bytes *input);

#endif
