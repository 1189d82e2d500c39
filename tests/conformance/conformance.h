/*
 * What the standard says of each function, one row a condition, and the program that asks a module
 * for it. Rows are grouped into chapters, one file each.
 */
#ifndef VK_TESTS_CONFORMANCE_H
#define VK_TESTS_CONFORMANCE_H

#include "pkcs11/ck3.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Conditions ---- */

/* What a condition finds when it begins; or-ed. */
enum fixture {
    LOADED = 0, /* C_Initialize was not called yet */
    INITIALIZED = 1,
    SESSION = 2, /* c->session, read-only */
    RW = 4,
    AS_USER = 8,
    AS_SO = 16,
    OWN = 32, /* the token is the condition's own: it may ruin it */

    PUBLIC_RO = INITIALIZED | SESSION,
    PUBLIC_RW = PUBLIC_RO | RW,
    USER_RO = PUBLIC_RO | AS_USER,
    USER_RW = PUBLIC_RW | AS_USER,
    SO_RW = PUBLIC_RW | AS_SO
};

struct row;

typedef struct context {
    const struct row *row;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
} context;

/* What the call that the condition is about answered. */
typedef CK_RV (*body)(context *c);

/* The standard's answer, then those that are tolerated, where the standard leaves it open or good
 * modules differ; ends with NO_MORE. */
#define NO_MORE (~(CK_RV)0)
#define IS(...) ((const CK_RV[]){__VA_ARGS__, NO_MORE})

typedef struct row {
    const char *function, *condition;
    const CK_RV *answers; /* of IS() */
    unsigned fixture;
    body run;
    /* What valetkey answers on purpose, where that is one of the tolerated. */
    CK_RV ours;
    /* For bodies that several rows share. */
    body call;
    CK_ULONG value;
    const void *data;
} row;

#define ROW(name, text, answer, needs, what, ...)                                                  \
    {                                                                                              \
        .function = #name, .condition = (text), .answers = (answer), .fixture = (needs),           \
        .run = (what), __VA_ARGS__                                                                 \
    }

typedef struct chapter {
    const char *name;
    const row *rows;
    size_t count;
} chapter;

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CHAPTER(word)                                                                              \
    const chapter chapter_##word = {.name = #word, .rows = rows, .count = COUNT(rows)}

/* Ends with NULL. */
extern const chapter *const chapters[];

/* ---- The module (fixture.c) ---- */

extern CK_FUNCTION_LIST *f;
/* The table of 3.0; ends the condition as skipped if the module has none. */
CK_FUNCTION_LIST_3_0 *g(void);
extern CK_C_GetInterface get_interface; /* NULL: there is none */
extern CK_C_GetInterfaceList get_interface_list;

#define SO_PIN "so-pin-1234"
#define USER_PIN "user-pin-1234"

/* NULL, or what is wrong. */
const char *module_load(const char *path);
/* Makes the token that the conditions share; in a process of its own. */
void fixture_prepare(void);
void fixture_start(context *c);
void fixture_stop(void);

CK_SLOT_ID another_token(void); /* a new one, with both PINs */
CK_SLOT_ID blank_slot(void);    /* with a token that is not initialized */
CK_RV init_token(CK_SLOT_ID slot, const char *pin, size_t pin_len, const char *label);
CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);
CK_RV open_session(CK_SLOT_ID slot, bool rw, CK_SESSION_HANDLE *out);
CK_SESSION_HANDLE must_open(CK_SLOT_ID slot, bool rw);
CK_STATE state_of(CK_SESSION_HANDLE session);

/* ---- What a body says beside its answer (runner.c) ---- */

/* A violation unless it holds. */
void expect(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of an answer to another call than the one that the row is about. */
void expect_rv(CK_RV got, CK_RV wanted, const char *what);
/* Without it the condition cannot be tried: a violation, and its end. */
void need(CK_RV rv, const char *what);
_Noreturn void skip(const char *why);

typedef struct options {
    bool in_groups;   /* a chapter shares a process, for tools that make processes dear */
    unsigned limit;   /* seconds for a condition */
    bool strict;      /* what is tolerated is a violation, too */
    bool is_ours;     /* the module that was built: it lacks nothing, and has one answer each */
    const char *only; /* part of a chapter's, function's or condition's name; NULL: all */
} options;

typedef struct totals {
    unsigned conditions, violations, skipped;
} totals;

/* Prints violations as they come. */
void run_chapters(const options *o, totals *t);
void list_chapters(void);
bool run_apart(void (*work)(void));
const char *rv_name(CK_RV rv); /* good until the fourth call after it */

/* ---- Ordinary things to do (support.c) ---- */

typedef struct ec_curve {
    const char *name;
    CK_BYTE *oid;
    CK_ULONG oid_len;
    int nid;
} ec_curve;

#define SECP256K1 0
#define P256 1
extern const ec_curve curves[2];

extern CK_BBOOL yes, no;
extern CK_OBJECT_CLASS class_data, class_public, class_private, class_certificate, class_secret;
extern CK_KEY_TYPE type_ec, type_rsa;
extern CK_CERTIFICATE_TYPE type_x509;

#define ATTR(type, value)                                                                          \
    { (type), &(value), sizeof(value) }
#define TEXT(type, value)                                                                          \
    { (type), (value), sizeof(value) - 1 }

typedef struct pair {
    CK_OBJECT_HANDLE public_key, private_key;
} pair;

/* Of the session. */
pair make_pair(context *c, CK_ULONG curve);
pair make_pair_with(context *c, CK_ULONG curve, CK_ATTRIBUTE extra);
CK_RV try_pair(context *c, CK_ATTRIBUTE *public_templ, CK_ULONG public_count,
               CK_ATTRIBUTE *private_templ, CK_ULONG private_count, pair *out);
/* A data object with CKA_APPLICATION, CKA_LABEL "conformance" and CKA_VALUE "value". */
CK_OBJECT_HANDLE make_data(context *c, CK_BBOOL on_token, CK_BBOOL is_private);
CK_OBJECT_HANDLE make_data_with(context *c, CK_ATTRIBUTE extra);
CK_RV get_rv(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
void get_value(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *out,
               CK_ULONG len);
bool get_bool(context *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

CK_RV sign_init(context *c, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key);
CK_RV verify_init(context *c, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key);
CK_RV digest_init(context *c);
/* A module without the mechanism is not tried with it. */
void must_have(context *c, CK_MECHANISM_TYPE type);
/* With a new pair; need() them. */
pair begin_sign(context *c, CK_MECHANISM_TYPE type);
pair begin_verify(context *c, CK_MECHANISM_TYPE type);
/* The 32 bytes that conditions sign. */
extern CK_BYTE digest32[32];
/* Of digest32, by CKM_ECDSA. */
void sign_digest(context *c, CK_OBJECT_HANDLE key, CK_BYTE signature64[64]);

#endif
