/* The commands, in tables by subject; and what is short for the options of several. */
#ifndef VK_CLI_COMMANDS_H
#define VK_CLI_COMMANDS_H

#include "cli/cli.h"

extern const vk_command vk_commands_keys[], vk_commands_sessions[], vk_commands_operations[],
    vk_commands_records[];

/* Lists of options. */
#define ALL(...)                                                                                   \
    (const vk_option[]) {                                                                          \
        __VA_ARGS__, VK_OPT_COUNT                                                                  \
    }
#define NONE ((const vk_option[]){VK_OPT_COUNT})
#define OPT(option) VK_OPT_##option
#define NEW_PIN OPT(PIN_FILE), OPT(PIN_FD)
#define PIN NEW_PIN, OPT(UNLOCK), OPT(DEVICE_PIN_FILE)
#define SO_PIN OPT(SO_PIN_FILE), OPT(SO_PIN_FD)
#define KEY OPT(LABEL), OPT(ID)
#define OF_MESSAGES OPT(ACCOUNT), OPT(REPLAYABLE), OPT(UNDEPLOYED)
#define MESSAGE OPT(MESSAGE), OPT(MESSAGE_FILE), OPT(TYPED_DATA), OF_MESSAGES
#define LINT OPT(LINT), OPT(LINT_ALLOW)
#define SERVER OPT(HEADER), OPT(HEADER_FILE)
#define SENDING                                                                                    \
    OPT(CHAINS), OPT(PAYMASTER), OPT(LANE), OPT(MAX_FEE), OPT(MAX_COST), OPT(WAIT), OPT(TIMEOUT)
#define ADMIN OPT(OWNER_KEY), OPT(OWNER_PIN_FILE), OPT(ACCOUNT_TOKEN), OPT(DRY_RUN), SENDING
#define STEP_UP OPT(STEP_UP), OPT(STEP_UP_DEVICE), OPT(STEP_UP_ABOVE), OPT(STEP_UP_UNLESS)
#define PASSKEY OPT(RP_ID), OPT(ORIGIN), OPT(SIGN_COUNT)
#define DEVICE OPT(DISCOVERABLE), OPT(USER_HANDLE), OPT(CRED_PROTECT)

#endif
