/*
 * The batch protocol: one JSON request in, one JSON answer out. It is how a script in any language
 * uses the library without binding to it; valetkey-batch(1) documents it.
 *
 *   {"id":...,"kind":"...","in":{...}[,"compat":"sdk"][,"hardening":"off"]}
 *   {"id":...,"ok":true,"out":{...}}
 *   {"id":...,"ok":false,"error":{"code":"...","message":"...","path":"..."}}
 *
 * A kind is one file with a handler. Uses the library only; no keys but those in the request.
 */
#ifndef VK_BATCH_BATCH_H
#define VK_BATCH_BATCH_H

#include "batch/in.h"
#include "batch/reply.h"

/* A request is at most this many bytes. */
#define VK_BATCH_LINE_MAX ((size_t)8 << 20)

/* Appends the answer to line, without a newline. Never fails but for memory. */
VK_MUST_USE vk_status vk_batch_answer(vk_bytes line, vk_buf *out);
/* The answer to a line of more than VK_BATCH_LINE_MAX bytes. */
VK_MUST_USE vk_status vk_batch_answer_too_long(vk_buf *out);

/*
 * What a kind does: reads "in", appends the members of "out". What it wrote is dropped when the
 * status it returns, or that of in, is a failure. sdk: the SDK's bytes are wanted where they differ
 * from what is right.
 */
typedef vk_status (*vk_batch_handler)(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);

typedef struct vk_batch_kind {
    const char *name;
    vk_batch_handler handler;
    bool hardens; /* gives verdicts, so that "hardening" has a meaning */
} vk_batch_kind;

/* Ends with a NULL name. */
extern const vk_batch_kind vk_batch_kinds[];

/* "FORMAT", "RANGE", ...: the status without its prefix, what "code" says. */
const char *vk_batch_code(vk_status status);

#endif
