/*
 * Object handles: one for each object that was ever named to the application. A handle keeps its
 * meaning until C_Finalize, a private object's until the login ends, those of a security key until
 * it is wiped, and is never given to another object. Of what comes and goes often nothing is kept:
 * the handles of operations that wait are computed from the operation's id, and those of session
 * objects are numbers of their own.
 */
#ifndef VK_PKCS11_HANDLE_H
#define VK_PKCS11_HANDLE_H

#include "pkcs11/ck3.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vk_data;

typedef enum vk_kind {
    VK_KIND_PRIVATE = 1,
    VK_KIND_PUBLIC = 2,
    VK_KIND_POLICY = 4,
    VK_KIND_GRANT = 8,
    VK_KIND_ACCOUNT = 16,
    /* What only this process has. */
    VK_KIND_SESSION_DATA = 32,
    VK_KIND_SESSION_CERTIFICATE = 0x200,
    VK_KIND_SESSION_PRIVATE = 0x400,
    VK_KIND_SESSION_PUBLIC = 0x800,
    VK_KIND_SECRET = 0x1000,    /* that a key agreed on */
    VK_KIND_RESIDENT = 0x20000, /* a credential that a security key told of (device_resident.c) */
    /* An operation that waits to be signed as a digest, the digest, and what that is of. */
    VK_KIND_USEROP = 64,
    VK_KIND_DIGEST = 128,
    VK_KIND_ASSERTION = 256,
    /* Of clients, on the token. */
    VK_KIND_DATA = 0x2000,
    VK_KIND_CERTIFICATE = 0x4000,
    /* What the module says of itself. */
    VK_KIND_PROFILE = 0x8000,
    VK_KIND_MECHANISM = 0x10000,
    /* What the SO said of a key's logins. */
    VK_KIND_LOGINS = 0x40000,
    /* When a key wants a touch. */
    VK_KIND_STEP_UP = 0x80000
} vk_kind;

#define VK_KINDS_KEY (VK_KIND_PRIVATE | VK_KIND_PUBLIC)
#define VK_KINDS_PRIVATE_KEY (VK_KIND_PRIVATE | VK_KIND_SESSION_PRIVATE)
#define VK_KINDS_PUBLIC_KEY (VK_KIND_PUBLIC | VK_KIND_SESSION_PUBLIC | VK_KIND_RESIDENT)
#define VK_KINDS_SESSION_KEY (VK_KIND_SESSION_PRIVATE | VK_KIND_SESSION_PUBLIC | VK_KIND_RESIDENT)
#define VK_KINDS_CERTIFICATE (VK_KIND_CERTIFICATE | VK_KIND_SESSION_CERTIFICATE)
#define VK_KINDS_DATA (VK_KIND_DATA | VK_KIND_SESSION_DATA)
#define VK_KINDS_SESSION                                                                           \
    (VK_KIND_SESSION_DATA | VK_KIND_SESSION_CERTIFICATE | VK_KINDS_SESSION_KEY | VK_KIND_SECRET)
#define VK_KINDS_STORED (VK_KIND_DATA | VK_KIND_CERTIFICATE)
#define VK_KINDS_STATIC (VK_KIND_PROFILE | VK_KIND_MECHANISM)
#define VK_KINDS_GRANT (VK_KIND_GRANT | VK_KIND_ACCOUNT)
#define VK_KINDS_TOKEN_DATA (VK_KIND_POLICY | VK_KIND_LOGINS | VK_KIND_STEP_UP | VK_KINDS_GRANT)
#define VK_KINDS_TOKEN (VK_KINDS_KEY | VK_KINDS_TOKEN_DATA)
#define VK_KINDS_PENDING (VK_KIND_USEROP | VK_KIND_DIGEST | VK_KIND_ASSERTION)

/* What a handle stands for. */
typedef struct vk_ref {
    CK_SLOT_ID slot_id;
    vk_kind kind;
    int64_t key_id;   /* VK_KINDS_TOKEN; VK_KINDS_STORED: of the object; VK_KINDS_STATIC: number */
    int64_t grant_id; /* VK_KINDS_GRANT, else 0 */
    int64_t pending_id;   /* VK_KINDS_PENDING, else 0 */
    struct vk_data *data; /* VK_KINDS_SESSION; counted */
} vk_ref;

typedef struct vk_session_ref {
    CK_OBJECT_HANDLE handle;
    vk_ref ref;
} vk_session_ref;

typedef struct vk_handles {
    vk_ref *refs; /* handle - 1 is the index */
    size_t count, cap;
    uint32_t *buckets; /* open addressing, handles; 0: free */
    size_t bucket_count;
    /* The session objects that are there, by handle. */
    vk_session_ref *of_sessions;
    size_t session_objects, session_cap;
    CK_OBJECT_HANDLE sessions_made; /* how many there ever were */
} vk_handles;

/* The handle of an object that is not a session's, made when it is first asked for. */
CK_RV vk_handle_of(const vk_ref *ref, CK_OBJECT_HANDLE *out);
/* The handle of an object of an operation that waits. */
CK_OBJECT_HANDLE vk_handle_of_pending(int64_t pending_id, vk_kind kind);
/* A private object's handle carries a mark of the login, by the slot's epoch. */
CK_OBJECT_HANDLE vk_handle_of_login(CK_OBJECT_HANDLE handle, uint64_t epoch);
/* Is it what was given for the object that it means? Session objects have no mark: they end with
 * the login. */
bool vk_handle_is_given(CK_OBJECT_HANDLE handle, bool is_private, uint64_t epoch);
/* A new handle for a session object; takes over the count. */
CK_RV vk_handle_add(const vk_ref *ref, CK_OBJECT_HANDLE *out);
/* CKR_OBJECT_HANDLE_INVALID if it means nothing in this slot. A session object is counted up. Whose
 * login the handle is of is not asked. */
CK_RV vk_handle_get(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE handle, vk_ref *out);

/* Which session objects to forget. */
typedef struct vk_handle_filter {
    CK_SLOT_ID slot_id;
    CK_SESSION_HANDLE owner; /* 0: of any session */
    bool private_only;
} vk_handle_filter;
void vk_handle_drop(const vk_handle_filter *filter);
/* Forgets one; false if it is no session object. */
bool vk_handle_drop_one(CK_OBJECT_HANDLE handle);
/* The slot's token is another one now: what was named of the old one is gone. */
void vk_handle_forget_token(CK_SLOT_ID slot_id);
/* Handles of the slot's session objects, ascending; free() them. */
CK_RV vk_handle_session_objects(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE **out, size_t *count);
/* C_Finalize; no lock is taken. */
void vk_handles_clear(vk_handles *handles);

#endif
