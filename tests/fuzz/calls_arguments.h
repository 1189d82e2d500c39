/* What an input says of a call's arguments. */
#ifndef VK_TESTS_FUZZ_CALLS_ARGUMENTS_H
#define VK_TESTS_FUZZ_CALLS_ARGUMENTS_H

#include "calls_token.h"
#include "fuzz.h"

#define SESSIONS 3
#define OBJECTS 8

typedef struct caller {
    calls_token *t;
    CK_FUNCTION_LIST_3_0 *f;
    vk_bytes input;
    CK_SESSION_HANDLE sessions[SESSIONS];
    CK_OBJECT_HANDLE objects[OBJECTS];
    unsigned next_object;
    unsigned logins; /* that were tried, right or wrong */
    /* Freed after each call. */
    void *owned[64];
    size_t owned_count;
} caller;

/* A number below count. */
unsigned pick(caller *c, unsigned count);
/* Memory that is freed after the call. */
void *own(caller *c, size_t len);
CK_BYTE *copy_of(caller *c, const void *bytes, size_t len);
void release(caller *c);

/* Data that is signed, and the like; sometimes NULL. */
CK_BYTE *data(caller *c, CK_ULONG *len);
/* A buffer of exactly the length that is said, or none. */
CK_BYTE *room(caller *c, CK_ULONG *len);
CK_SESSION_HANDLE session(caller *c);
CK_OBJECT_HANDLE object(caller *c);
/* For object(), from now on. */
void remember(caller *c, CK_RV rv, CK_OBJECT_HANDLE made);
CK_MECHANISM *mechanism(caller *c);
CK_ATTRIBUTE_TYPE attribute_type(caller *c);
void put_curve(caller *c, CK_ATTRIBUTE *out);
/* Exactly as many attributes as are said, so that one read too many is seen. */
CK_ATTRIBUTE *template(caller *c, CK_ULONG *count);

#endif
