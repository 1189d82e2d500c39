/*
 * Tests of the built module: two tokens in a home of their own for every test, "plain" (keys get no
 * policy by default) and "sudo" (they get the sudo policy).
 */
#ifndef VK_TESTS_PKCS11_SUPPORT_H
#define VK_TESTS_PKCS11_SUPPORT_H

#include "pkcs11/ck3.h"

#include <check.h>
#include <stdbool.h>
#include <valetkey/bytes.h>

#define SO_PIN "so-pin-1234"
#define USER_PIN "user-pin-1234"

extern CK_FUNCTION_LIST *f;
extern void *module; /* from dlopen */

const char *module_path(void);
/* Unchecked fixture: the module and the home that every test gets a copy of. */
void make_template_home(void);
void remove_template_home(void);
/* Checked fixtures: a fresh home, without and with C_Initialize. */
void fresh_home(void);
void remove_home(void);
void start(void);
void stop(void);

/* A test case with start and stop around every test. */
TCase *started_case(const char *name);

CK_SLOT_ID slot_of(const char *label);
CK_SESSION_HANDLE open_session(const char *label, bool rw);
/* A read-write session with that login. */
CK_SESSION_HANDLE login(const char *label, CK_USER_TYPE user);
CK_RV try_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);
CK_FLAGS token_flags(const char *label);

/* ---- Templates ---- */

extern CK_BBOOL yes, no;
extern CK_OBJECT_CLASS class_data, class_public, class_private, class_certificate;
extern CK_KEY_TYPE type_ec;
extern CK_BYTE secp256k1[7], p256[10];

#define ATTR(type, variable) ((CK_ATTRIBUTE){(type), &(variable), sizeof(variable)})
#define TEXT(type, text) ((CK_ATTRIBUTE){(type), (text), sizeof(text) - 1})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct pair {
    CK_OBJECT_HANDLE public_key, private_key;
} pair;

/* What is put into the private template beside the ordinary; extra may be NULL. */
typedef struct pair_args {
    CK_BYTE *curve;
    CK_ULONG curve_len;
    const char *label;
    const CK_ATTRIBUTE *extra;
    CK_ULONG extra_count;
} pair_args;

CK_RV try_generate(CK_SESSION_HANDLE session, const pair_args *args, pair *out);
pair generate(CK_SESSION_HANDLE session, CK_BYTE *curve, CK_ULONG curve_len, const char *label);
#define GENERATE(session, curve, label) generate((session), (curve), sizeof(curve), (label))

/* How many objects match; the first is in *first if that is not NULL. */
CK_ULONG find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count,
                  CK_OBJECT_HANDLE *first);
/* The one object of this class and label. */
CK_OBJECT_HANDLE find_object(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label);
/* The value of one attribute, which must be there; returns its length. */
CK_ULONG get_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                   void *out, CK_ULONG max);
bool get_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
CK_RV get_rv(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

/* A data object on the token; label is that of a key. */
CK_RV write_data(CK_SESSION_HANDLE session, const char *application, const char *label,
                 const char *value, CK_OBJECT_HANDLE *out);
/* Past the store, on every token: what somebody with the files could do. */
void edit_tokens(const char *sql);
/* The first value of a query, summed over them. */
int count_rows(const char *sql);

CK_RV sign_once(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism,
                vk_bytes data, CK_BYTE *signature, CK_ULONG *len);

/* Standard error goes to a file from here on. */
void catch_errors(void);
/* What was written to it since catch_errors; it is as before then. */
const char *errors(void);

/* To be called before anything else, so that it runs after every other exit handler. */
void finalize_after_exit(void);

Suite *module_suite(void);
Suite *host_suite(void);
Suite *interface_suite(void);
Suite *token_suite(void);
Suite *object_suite(void);
Suite *attribute_suite(void);
Suite *ordinary_suite(void);
Suite *session_key_suite(void);
Suite *policy_suite(void);
Suite *pending_suite(void);
Suite *pending_keys_suite(void);
Suite *refusal_suite(void);
Suite *signing_suite(void);
Suite *login_suite(void);
Suite *message_suite(void);
Suite *thread_suite(void);
Suite *journal_suite(void);
Suite *receipt_suite(void);
Suite *spend_suite(void);
Suite *scale_suite(void);
Suite *browser_suite(void);

#endif
