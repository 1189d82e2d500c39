/* Reading what the user gives: files, numbers, addresses, times, curves. */
#ifndef VK_CLI_INPUT_H
#define VK_CLI_INPUT_H

#include "cli/cli.h"

/* Appends the file's bytes ("-": standard input); more than max is a failure. */
VK_MUST_USE vk_exit vk_read_file(vk_cli *cli, const char *path, size_t max, vk_buf *out);
/* The same of a descriptor, which path names in messages; it stays open. */
VK_MUST_USE vk_exit vk_read_fd(vk_cli *cli, int fd, const char *path, size_t max, vk_buf *out);
/* Writes a whole file ("-": to the command's output). */
VK_MUST_USE vk_exit vk_write_file(vk_cli *cli, const char *path, vk_bytes bytes);

/* The view without leading and trailing white space. */
vk_bytes vk_trim(vk_bytes text);

/* The failure of an option's value; wants: what it must be. */
VK_MUST_USE vk_exit vk_bad_value(vk_cli *cli, vk_option option, const char *wants);

/* Values of options that were given. Failures name the option. */
VK_MUST_USE vk_exit vk_read_u64(vk_cli *cli, vk_option option, uint64_t max, uint64_t *out);
VK_MUST_USE vk_exit vk_read_u256(vk_cli *cli, vk_option option, vk_u256 *out);
/* --chain-id, several separated by commas, in their order; none twice. */
#define VK_CHAINS_MAX 256
typedef struct vk_chain_list {
    uint64_t list[VK_CHAINS_MAX];
    size_t count;
} vk_chain_list;
VK_MUST_USE vk_exit vk_read_chains(vk_cli *cli, vk_chain_list *out);
/* Decimal, or 0x and hex. */
VK_MUST_USE vk_exit vk_read_quantity(vk_cli *cli, vk_option option, vk_u256 *out);
VK_MUST_USE vk_exit vk_read_address(vk_cli *cli, vk_option option, vk_address *out);
/* Hex with or without "0x", 1 to max bytes; appends. */
VK_MUST_USE vk_exit vk_read_hex(vk_cli *cli, vk_option option, size_t max, vk_buf *out);
/* --authenticator-id; appends, nothing when it is not given. */
VK_MUST_USE vk_exit vk_read_authenticator_id(vk_cli *cli, vk_buf *out);
VK_MUST_USE vk_exit vk_read_kernel(vk_cli *cli, vk_kernel_version *out);
/* --type; secp256k1 when it is not given. */
VK_MUST_USE vk_exit vk_read_curve(vk_cli *cli, bool *p256);
/* A time option, seconds since 1970 or as in RFC 3339 (a fraction of a second is cut off); absent
 * when it is not given. */
VK_MUST_USE vk_exit vk_read_time(vk_cli *cli, vk_option option, uint64_t absent, uint64_t *out);

/* An amount, see base/wei.h. */
VK_MUST_USE vk_exit vk_read_wei(vk_cli *cli, vk_option option, vk_u256 *out);

/* A duration in seconds: a number, alone or with s, m, h, d or w. */
VK_MUST_USE vk_exit vk_read_duration(vk_cli *cli, vk_option option, uint64_t *out);

/* --policy, checked: its text, without a trailing NUL, and what it says. Clear both. */
VK_MUST_USE vk_exit vk_read_policy(vk_cli *cli, vk_buf *json, vk_policy *out);

/* --entry-point: "0.6" to "0.9", or a published address. */
VK_MUST_USE vk_exit vk_read_entry_point(vk_cli *cli, vk_entry_point *out);
/* The text of a UserOperation of --input: a bare one may be of any EntryPoint, see
 * vk_grants_operation. */
VK_MUST_USE vk_exit vk_read_operation(vk_cli *cli, vk_buf *text);
/* What of the text is the operation. */
vk_bytes vk_operation_bytes(const vk_buf *text);

#endif
