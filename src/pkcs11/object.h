/* Objects: what a handle stands for, opened so that its attributes can be read. */
#ifndef VK_PKCS11_OBJECT_H
#define VK_PKCS11_OBJECT_H

#include "gate/loose_key.h"
#include "pkcs11/entry.h"
#include "token/object.h"
#include "token/pending.h"

/* An object of a session. */
typedef struct vk_data {
    atomic_uint users;
    CK_SESSION_HANDLE owner;
    vk_kind kind;
    uint64_t serial; /* no other object of this process has had it */
    bool is_private;
    pthread_mutex_t lock; /* guards attrs; the rest stays what it is */
    vk_buf attrs;         /* see token/attrs.h */
    /* VK_KINDS_SESSION_KEY */
    vk_curve curve;
    uint8_t point65[65];
    vk_loose_key *key; /* of the private one */
    /* VK_KIND_SECRET: in locked memory, VK_SECRET_LEN */
    uint8_t *secret;
    size_t secret_len; /* how much of its end is the key */
} vk_data;

#define VK_SECRET_LEN 32

vk_data *vk_data_new(CK_SESSION_HANDLE owner, vk_kind kind); /* NULL: no memory */
void vk_data_put(vk_data *data);                             /* NULL allowed */
/* Makes an object of the slot out of it; takes it over in any case. */
CK_RV vk_data_publish(const vk_slot *slot, vk_data *data, CK_OBJECT_HANDLE *out);

typedef struct vk_object {
    vk_slot *slot;
    vk_kind kind;
    vk_view *view;                /* VK_KINDS_TOKEN, VK_KINDS_PENDING */
    const vk_grant_record *grant; /* VK_KINDS_GRANT; in view */
    vk_pending *pending;          /* VK_KINDS_PENDING */
    vk_object_record *stored;     /* VK_KINDS_STORED */
    CK_ULONG number;              /* VK_KINDS_STATIC: CK_PROFILE_ID, CK_MECHANISM_TYPE */
    vk_data *data;                /* VK_KINDS_SESSION */
} vk_object;

/* CKR_OBJECT_HANDLE_INVALID if there is no such object, or the session may not see it. */
CK_RV vk_object_open(vk_session *session, CK_OBJECT_HANDLE handle, vk_object *out);
/* The same by what a handle stands for, of an object that is not a session's; whoever may see it.
 */
CK_RV vk_object_open_ref(vk_slot *slot, const vk_ref *ref, vk_object *out);
void vk_object_close(vk_object *object);
/* CKA_PRIVATE */
bool vk_object_is_private(const vk_object *object);
/* May whoever is logged in see it? */
bool vk_object_visible(const vk_object *object);
/* The view's object of that kind; grant_id for VK_KINDS_GRANT. False if the key has none. */
bool vk_object_of_view(vk_view *view, vk_kind kind, int64_t grant_id, vk_object *out);
CK_RV vk_object_handle(const vk_object *object, CK_OBJECT_HANDLE *out);
/* The same of a reference to an object that is not a session's. */
CK_RV vk_ref_handle(vk_slot *slot, const vk_ref *ref, bool is_private, CK_OBJECT_HANDLE *out);

/* What to say of a key that is of the wrong kind for an operation, and of what is no key. */
CK_RV vk_wrong_key(vk_kind kind);
/* The attributes that are kept for the object; empty for those that keep none. */
const vk_buf *vk_object_attrs(const vk_object *object);
/* Of a key: the curve and the point. */
const uint8_t *vk_object_point(const vk_object *object, vk_curve *curve);
/* The names that the store indexes; views into record. */
void vk_record_names(const vk_key_record *record, vk_key_names *out);

/* For a change: CKR_SESSION_READ_ONLY for a token object in a read-only session. */
CK_RV vk_object_may_change(const vk_session *session, bool token_object);

/* C_CreateObject by class. */
CK_RV vk_create_private_key(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                            CK_OBJECT_HANDLE *out);
CK_RV vk_create_public_key(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                           CK_OBJECT_HANDLE *out);
CK_RV vk_create_data(vk_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count,
                     CK_OBJECT_HANDLE *out);

/* ---- Certificates, and data that mean nothing to the token (ordinary.c) ---- */

CK_RV vk_create_ordinary(vk_session *session, CK_OBJECT_CLASS class, const CK_ATTRIBUTE *templ,
                         CK_ULONG count, CK_OBJECT_HANDLE *out);
CK_RV vk_copy_ordinary(vk_session *session, const vk_object *object, const CK_ATTRIBUTE *templ,
                       CK_ULONG count, CK_OBJECT_HANDLE *out);
/* Can C_SetAttributeValue change it? */
bool vk_ordinary_is_settable(vk_kind kind, CK_ATTRIBUTE_TYPE type);
CK_RV vk_stored_open(vk_slot *slot, const vk_ref *ref, vk_object *out);
CK_RV vk_stored_destroy(const vk_object *object);
/* Writes the changed attributes of a stored object. */
vk_status vk_stored_update(const vk_object *object, vk_error *err);

/* ---- Receipts (receipt.c) ---- */

CK_RV vk_create_receipt(vk_session *session, bool on_token, const CK_ATTRIBUTE *templ,
                        CK_ULONG count, CK_OBJECT_HANDLE *out);

/* ---- Operations that wait (pending.c) ---- */

/* The data object of an operation: it is judged, and waits if it is allowed. */
CK_RV vk_create_userop(vk_session *session, bool on_token, const CK_ATTRIBUTE *templ,
                       CK_ULONG count, CK_OBJECT_HANDLE *out);
CK_RV vk_pending_open(vk_slot *slot, const vk_ref *ref, vk_object *out);
/* The operation is taken back, and with it its other objects. */
CK_RV vk_pending_destroy(const vk_object *object);

/* The half of a key as an object of the session. */
CK_RV vk_key_handle(vk_session *session, int64_t key_id, vk_kind kind, CK_OBJECT_HANDLE *out);

#endif
