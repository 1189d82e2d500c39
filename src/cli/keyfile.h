/* Private keys in files. */
#ifndef VK_CLI_KEYFILE_H
#define VK_CLI_KEYFILE_H

#include "cli/cli.h"

/* Hex, 32 raw bytes, or PEM or DER (PKCS#8, SEC1) of a key on the curve. Wipe secret32. */
VK_MUST_USE vk_exit vk_secret_from_file(vk_cli *cli, const char *path, bool p256,
                                        uint8_t secret32[32]);
/* "0x" and 64 hex digits; false if text is not that. */
bool vk_secret_from_hex(vk_bytes text, uint8_t secret32[32]);
/* The public point; fails if the secret is not one of the curve. */
VK_MUST_USE vk_exit vk_secret_point(vk_cli *cli, bool p256, const uint8_t secret32[32],
                                    uint8_t point65[65]);

#endif
