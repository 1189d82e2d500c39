/*
 * The command `valetkey`: what every part of it shares.
 *
 * One vk_cli lives as long as the process. Functions that can fail return a vk_exit; the first
 * failure is kept in the report, and main prints it once.
 */
#ifndef VK_CLI_CLI_H
#define VK_CLI_CLI_H

#include "cli/options.h"
#include "cli/output.h"
#include <p11-kit/pkcs11.h>
#include <valetkey/valetkey.h>

/* The process's exit status. Documented in valetkey(1): numbers are never reused. */
typedef enum vk_exit {
    VK_EXIT_OK = 0,
    VK_EXIT_USAGE = 1,     /* the command line */
    VK_EXIT_INPUT = 2,     /* a file, or a value in it */
    VK_EXIT_REFUSED = 3,   /* the key's policy says no */
    VK_EXIT_PIN = 4,       /* wrong, locked, missing */
    VK_EXIT_NOT_FOUND = 5, /* no such token, key, grant */
    VK_EXIT_SYSTEM = 6,    /* token, module, files, memory */
    VK_EXIT_TAMPERED = 7,  /* the journal, or what goes with it, was changed outside the token */
    VK_EXIT_SERVER = 8,    /* a server cannot be reached, or does not do what it was asked */
    VK_EXIT_REVERTED = 9   /* an operation was included, and its calls failed */
} vk_exit;

/* What is said about a failure. Empty texts are left out. */
typedef struct vk_report {
    char message[1024];
    char field[VK_ERROR_PATH_MAX];
    char hint[1024];
    char rule[32];              /* of a refusal */
    char reason[VK_REASON_MAX]; /* of a refusal */
    bool by_lint;               /* the findings are why */
} vk_report;

/* A loaded PKCS#11 module. */
typedef struct vk_module {
    void *handle;
    CK_FUNCTION_LIST_PTR f;
    bool finalize; /* we initialized it */
} vk_module;

typedef struct vk_cli {
    vk_options options;
    vk_out out;
    vk_report report;
    vk_module module;
    CK_SLOT_ID slot;
    bool is_security_key; /* the slot in use is one's */
    char token_label[33]; /* of the token in use */
    CK_SESSION_HANDLE session;
    bool has_session;
    vk_lint_findings findings; /* of the policy that the command is about */
} vk_cli;

/* Keeps the first failure and returns code. message is a sentence without a final full stop. */
VK_MUST_USE vk_exit vk_cli_fail(vk_cli *cli, vk_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What to do about it: added to the failure that was just kept. Returns code. */
VK_MUST_USE vk_exit vk_cli_hint(vk_cli *cli, vk_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, behind what is said already. */
VK_MUST_USE vk_exit vk_cli_hint_more(vk_cli *cli, vk_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What had happened before the failure that was kept: put in front of it. Returns code. */
VK_MUST_USE vk_exit vk_cli_preface(vk_cli *cli, vk_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A failure of the library while it looked at `what` ("the policy"). */
VK_MUST_USE vk_exit vk_cli_fail_error(vk_cli *cli, const char *what, const vk_error *err);
/* The same, with the status of the function, which its err may lack. */
VK_MUST_USE vk_exit vk_cli_fail_with(vk_cli *cli, const char *what, vk_status status,
                                     vk_error *err);
/* The same for a function that gives a status only. */
VK_MUST_USE vk_exit vk_cli_fail_status(vk_cli *cli, const char *what, vk_status status);
/* A failure of a PKCS#11 function while it should do `what` ("cannot make the key"). */
VK_MUST_USE vk_exit vk_cli_fail_rv(vk_cli *cli, const char *what, CK_RV rv);
/* The key said no. denial is "rule: reason". */
VK_MUST_USE vk_exit vk_cli_refused(vk_cli *cli, const char *what, const char *denial);
/* Out of memory. */
VK_MUST_USE vk_exit vk_cli_no_memory(vk_cli *cli);
/* What the user should know, though nothing failed: a sentence on standard error. A note is of what
 * is in order, a warning of what may not be meant. */
void vk_cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vk_cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "CKR_PIN_INCORRECT", or NULL for a number that the table does not know. */
const char *vk_rv_name(CK_RV rv);
/* A sentence for it. Never NULL. */
const char *vk_rv_text(CK_RV rv);
vk_exit vk_rv_exit(CK_RV rv);

/* The commands. */
vk_exit vk_cmd_token_init(vk_cli *cli);
vk_exit vk_cmd_token_list(vk_cli *cli);
vk_exit vk_cmd_token_show(vk_cli *cli);
vk_exit vk_cmd_token_set(vk_cli *cli);
vk_exit vk_cmd_token_enroll(vk_cli *cli);
vk_exit vk_cmd_token_enrollments(vk_cli *cli);
vk_exit vk_cmd_token_unenroll(vk_cli *cli);
vk_exit vk_cmd_key_create(vk_cli *cli);
vk_exit vk_cmd_key_import(vk_cli *cli);
vk_exit vk_cmd_key_list(vk_cli *cli);
vk_exit vk_cmd_key_show(vk_cli *cli);
vk_exit vk_cmd_key_set(vk_cli *cli);
vk_exit vk_cmd_key_certify(vk_cli *cli);
vk_exit vk_cmd_key_remove(vk_cli *cli);
vk_exit vk_cmd_passkey_options(vk_cli *cli);
vk_exit vk_cmd_passkey_import(vk_cli *cli);
vk_exit vk_cmd_passkey_assertion(vk_cli *cli);
vk_exit vk_cmd_approve(vk_cli *cli);
vk_exit vk_cmd_session_create(vk_cli *cli);
vk_exit vk_cmd_session_import(vk_cli *cli);
vk_exit vk_cmd_session_list(vk_cli *cli);
vk_exit vk_cmd_session_show(vk_cli *cli);
vk_exit vk_cmd_account_create(vk_cli *cli);
vk_exit vk_cmd_account_show(vk_cli *cli);
vk_exit vk_cmd_account_list(vk_cli *cli);
vk_exit vk_cmd_account_remove(vk_cli *cli);
vk_exit vk_cmd_sign(vk_cli *cli);
vk_exit vk_cmd_sign_message(vk_cli *cli);
vk_exit vk_cmd_sign_typed_data(vk_cli *cli);
vk_exit vk_cmd_send(vk_cli *cli);
vk_exit vk_cmd_session_status(vk_cli *cli);
vk_exit vk_cmd_session_install(vk_cli *cli);
vk_exit vk_cmd_session_revoke(vk_cli *cli);
vk_exit vk_cmd_attach(vk_cli *cli);
vk_exit vk_cmd_explain(vk_cli *cli);
vk_exit vk_cmd_lint(vk_cli *cli);
vk_exit vk_cmd_budget_list(vk_cli *cli);
vk_exit vk_cmd_budget_release(vk_cli *cli);
vk_exit vk_cmd_budget_resolve(vk_cli *cli);
vk_exit vk_cmd_spend_set(vk_cli *cli);
vk_exit vk_cmd_spend_list(vk_cli *cli);
vk_exit vk_cmd_spend_add_grant(vk_cli *cli);
vk_exit vk_cmd_spend_remove_grant(vk_cli *cli);
vk_exit vk_cmd_spend_remove(vk_cli *cli);
vk_exit vk_cmd_audit_list(vk_cli *cli);
vk_exit vk_cmd_audit_verify(vk_cli *cli);
vk_exit vk_cmd_audit_export(vk_cli *cli);
vk_exit vk_cmd_audit_rotate(vk_cli *cli);
vk_exit vk_cmd_audit_accept(vk_cli *cli);
vk_exit vk_cmd_thirdweb_add_admin(vk_cli *cli);
vk_exit vk_cmd_thirdweb_remove_admin(vk_cli *cli);
vk_exit vk_cmd_thirdweb_remove_session(vk_cli *cli);
vk_exit vk_cmd_thirdweb_call(vk_cli *cli);
vk_exit vk_cmd_passkey_register(vk_cli *cli);
vk_exit vk_cmd_passkey_login(vk_cli *cli);
vk_exit vk_cmd_passkey_serve(vk_cli *cli);
vk_exit vk_cmd_passkey_users(vk_cli *cli);
vk_exit vk_cmd_passkey_remove_user(vk_cli *cli);
vk_exit vk_cmd_batch(vk_cli *cli);

#endif
