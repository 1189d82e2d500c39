/* A server of JSON-RPC (see chain.h) and the configuration that names it as chain 31337's node,
 * bundler and paymaster. */
#ifndef VK_TESTS_NET_SERVED_H
#define VK_TESTS_NET_SERVED_H

#include "chain.h"
#include <net/chain_config.h>
#include <valetkey/userop.h>

typedef struct served {
    chain node;
    server *http;
    vk_chain_config config; /* a try takes a second at most; tries follow each other at once */
    vk_userop op;           /* of EntryPoint 0.7 */
    vk_address entry_point;
} served;

void served_start(served *s);
void served_stop(served *s);

/* What is answered to calls of the method from now on: the reply's members besides jsonrpc and id,
 * JSON ("{\"result\":1}"). steps: a script for it (see chain.h), NULL for none. Forgets what was
 * set before, and counts calls from zero. */
void served_set(served *s, const char *method, const char *members, const char *steps);
/* The same with an answer of tests/vectors/net/FILE. */
void served_recorded(served *s, const char *file, const char *name);

/* Runs a call that must fail with status; its message must have says in it, and nothing of the URL
 * but the host. */
typedef vk_status (*served_call)(vk_error *err);
void served_fails(served_call call, vk_status status, const char *says);
/* The same once for "error": the message has the code and the words. */
void served_refuses(served *s, const char *method, served_call call);
/* A call that may be repeated: it gets its answer behind 429, 500 and connections that break; not
 * behind three of these, redirects, or what is no reply. members: a good answer. */
void served_repeats(served *s, const char *method, served_call call, const char *members);

#endif
