/* PINs: from a file, a descriptor, or the terminal; never from the command line. */
#ifndef VK_CLI_PIN_H
#define VK_CLI_PIN_H

#include "cli/cli.h"

#define VK_CLI_PIN_MAX 255

/* Lives on the stack of the command that needs it: wipe it with vk_wipe. */
typedef struct vk_pin {
    uint8_t text[VK_CLI_PIN_MAX + 1];
    size_t len;
} vk_pin;

/* The user's PIN (--pin-file, --pin-fd) or the SO's; asked for twice when it is a new one. */
VK_MUST_USE vk_exit vk_pin_user(vk_cli *cli, bool is_new, vk_pin *out);
VK_MUST_USE vk_exit vk_pin_so(vk_cli *cli, bool is_new, vk_pin *out);
/* The PIN of a security key (--device-pin-file). */
VK_MUST_USE vk_exit vk_pin_device(vk_cli *cli, vk_pin *out);
/* From a file's first line; the file must be ours and closed to others. */
VK_MUST_USE vk_exit vk_pin_from_file(vk_cli *cli, const char *path, vk_pin *out);
/* Asks on the terminal. instead says which option to use where there is none. */
VK_MUST_USE vk_exit vk_pin_ask(vk_cli *cli, const char *prompt, bool twice, const char *instead,
                               vk_pin *out);

#endif
