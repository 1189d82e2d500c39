/*
 * The command line: one table of options, one of commands.
 *
 * An option means the same in every command. Options and the words of the command may come in any
 * order; "--name value" and "--name=value" are the same; names are exact. Behind the words of a
 * command that works on one file, the file may stand alone.
 */
#ifndef VK_CLI_OPTIONS_H
#define VK_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum vk_option {
    VK_OPT_HELP,
    VK_OPT_VERSION,
    VK_OPT_JSON,
    VK_OPT_TOKEN,
    VK_OPT_MODULE,
    VK_OPT_PIN_FILE,
    VK_OPT_PIN_FD,
    VK_OPT_SO_PIN_FILE,
    VK_OPT_SO_PIN_FD,
    VK_OPT_LABEL,
    VK_OPT_ID,
    VK_OPT_DEFAULT_POLICY,
    VK_OPT_TYPE,
    VK_OPT_POLICY,
    VK_OPT_RP_ID,
    VK_OPT_ORIGIN,
    VK_OPT_SIGN_COUNT,
    VK_OPT_DISCOVERABLE,
    VK_OPT_USER_HANDLE,
    VK_OPT_CRED_PROTECT,
    VK_OPT_HOW_MANY,
    VK_OPT_START,
    VK_OPT_KEY_FILE,
    VK_OPT_SERIALIZED,
    VK_OPT_AUTHENTICATOR_ID,
    VK_OPT_AUTHENTICATOR_ID_HASH,
    VK_OPT_CHAIN_ID,
    VK_OPT_KERNEL_VERSION,
    VK_OPT_ACCOUNT,
    VK_OPT_ACCOUNT_TOKEN,
    VK_OPT_OWNER,
    VK_OPT_INDEX,
    VK_OPT_EIP7702,
    VK_OPT_ENABLE_NONCE,
    VK_OPT_SIGNATURE,
    VK_OPT_OWNER_KEY,
    VK_OPT_OWNER_PIN_FILE,
    VK_OPT_PRE_INSTALLED,
    VK_OPT_OUTPUT,
    VK_OPT_INPUT,
    VK_OPT_SESSION,
    VK_OPT_SESSION_PART,
    VK_OPT_ASSERTION,
    VK_OPT_OPERATION,
    VK_OPT_AT,
    VK_OPT_SPENT,
    VK_OPT_USED,
    VK_OPT_INSTALLED_AT,
    VK_OPT_MESSAGE,
    VK_OPT_MESSAGE_FILE,
    VK_OPT_TYPED_DATA,
    VK_OPT_REPLAYABLE,
    VK_OPT_UNDEPLOYED,
    VK_OPT_RELAX,
    VK_OPT_HARDEN,
    VK_OPT_LINT,
    VK_OPT_LINT_ALLOW,
    VK_OPT_ENTRY_POINT,
    VK_OPT_JOURNAL,
    VK_OPT_JOURNAL_MAX,
    VK_OPT_LAST,
    VK_OPT_DENIED,
    VK_OPT_KEEP,
    VK_OPT_AS_OWNER,
    VK_OPT_SELECTOR,
    VK_OPT_VALID_AFTER,
    VK_OPT_VALID_UNTIL,
    VK_OPT_REQUEST,
    VK_OPT_SIGNER,
    VK_OPT_NONCE,
    VK_OPT_NODE_FILE,
    VK_OPT_NAME,
    VK_OPT_NATIVE,
    VK_OPT_ERC20,
    VK_OPT_LIMIT,
    VK_OPT_PERIOD,
    VK_OPT_REGISTRATION,
    VK_OPT_ATTESTATION,
    VK_OPT_CLIENT_DATA,
    VK_OPT_CHALLENGE,
    VK_OPT_TRUST,
    VK_OPT_SERVER,
    VK_OPT_HEADER,
    VK_OPT_HEADER_FILE,
    VK_OPT_LISTEN,
    VK_OPT_ALLOW_LOGINS,
    VK_OPT_NO_LOGINS,
    VK_OPT_DEVICE,
    VK_OPT_DEVICE_PIN_FILE,
    VK_OPT_UNLOCK,
    VK_OPT_TOUCH_ONLY,
    VK_OPT_INSTEAD_OF_PIN,
    VK_OPT_STEP_UP,
    VK_OPT_STEP_UP_DEVICE,
    VK_OPT_STEP_UP_ABOVE,
    VK_OPT_STEP_UP_UNLESS,
    VK_OPT_NO_STEP_UP,
    VK_OPT_CALL,
    VK_OPT_USEROP,
    VK_OPT_SIGNED,
    VK_OPT_CHAINS,
    VK_OPT_LANE,
    VK_OPT_MAX_FEE,
    VK_OPT_MAX_COST,
    VK_OPT_PAYMASTER,
    VK_OPT_DRY_RUN,
    VK_OPT_WAIT,
    VK_OPT_TIMEOUT,
    VK_OPT_RESUME,
    VK_OPT_VALIDATOR,
    VK_OPT_FACTORY,
    VK_OPT_IMPLEMENTATION,
    VK_OPT_SEND,
    VK_OPT_THIRDWEB,
    VK_OPT_COUNT
} vk_option;

struct vk_cli;
enum vk_exit;

typedef struct vk_command {
    const char *name; /* "key create" */
    enum vk_exit (*run)(struct vk_cli *cli);
    /* Lists that end with VK_OPT_COUNT; the global options are always allowed. */
    const vk_option *required, *allowed;
    const char *summary; /* one line */
    const char *details; /* a paragraph */
    const char *examples;
} vk_command;

/* Ends with NULL; each of them with a command whose name is NULL. */
extern const vk_command *const vk_command_tables[];

/* --call may be given so often. */
#define VK_OPT_CALLS_MAX 256

typedef struct vk_options {
    const char *value[VK_OPT_COUNT];     /* NULL: not given; "" for a given flag */
    const char *calls[VK_OPT_CALLS_MAX]; /* all values of --call */
    size_t call_count;
    const vk_command *command; /* NULL with --help or --version alone */
} vk_options;

/* Fills cli->options. */
enum vk_exit vk_options_parse(struct vk_cli *cli, int argc, char **argv);

/* The option's text, or NULL. */
const char *vk_opt(const struct vk_cli *cli, vk_option option);
bool vk_opt_flag(const struct vk_cli *cli, vk_option option);
/* "label" */
const char *vk_opt_name(vk_option option);

/* Help for the command, or, with NULL, the list of commands. */
void vk_options_help(const vk_command *command, FILE *to);

#endif
