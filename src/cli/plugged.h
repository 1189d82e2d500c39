/* The security keys that are plugged in, without a PKCS#11 module: to enrol them, and to unlock the
 * token's file with them. */
#ifndef VK_CLI_PLUGGED_H
#define VK_CLI_PLUGGED_H

#include "cli/cli.h"
#include "gate/device.h"

typedef struct vk_plugged_key {
    char *place;                          /* "/dev/hidraw3", "unix:/path" */
    char label[33];                       /* as "valetkey token list" shows it */
    char serial[VK_TOKEN_SERIAL_LEN + 1]; /* of its store; empty: it has none yet */
    vk_device *device;
} vk_plugged_key;

typedef struct vk_plugged {
    size_t count;
    vk_plugged_key *list;
} vk_plugged;

/* Those that valetkey.conf lets be looked for. Clear it in either case. */
VK_MUST_USE vk_exit vk_plugged_find(vk_cli *cli, vk_plugged *out);
void vk_plugged_clear(vk_plugged *keys);
/* That of this option, by label, serial number or place; without it, the only one. */
VK_MUST_USE vk_exit vk_plugged_choose(vk_cli *cli, const vk_plugged *keys, vk_option option,
                                      const vk_plugged_key **out);

/* Logs in to it for what is to be made there: the PIN of --device-pin-file or the terminal, or
 * built-in verification where no file is given. needs_user false: one without either is all right.
 */
VK_MUST_USE vk_exit vk_plugged_log_in(vk_cli *cli, const vk_plugged_key *key, bool needs_user);

/* Logs the user in to a token with any of them that is enrolled. *found false: there is none, which
 * is a failure if must. */
VK_MUST_USE vk_exit vk_plugged_unlock(vk_cli *cli, vk_token *token, bool must, bool *found);
/* Says that the PIN may be that of several. */
vk_exit vk_plugged_are_several(vk_cli *cli);
/* Is --device-pin-file for the login? In some commands it is for another security key, unless
 * --unlock says so. */
bool vk_plugged_pin_is_for_login(const vk_cli *cli);
/* VK_EXIT_NOT_FOUND if no security key is enrolled with the token of --token. */
VK_MUST_USE vk_exit vk_plugged_check_any(vk_cli *cli);
/* Is the token one to be unlocked so? --unlock says it, or no PIN is given and nothing else opens
 * it, or a touch is enough. */
VK_MUST_USE vk_exit vk_plugged_is_meant(vk_cli *cli, vk_token *token, bool *out);

#endif
