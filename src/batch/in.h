/*
 * Reading the members of a batch request.
 *
 * A reader remembers the first fault of its line: after it, every read gives zero, so a handler
 * reads all it needs and asks vk_in_status once. Whatever is read belongs to the line and is freed
 * with it. Faults name the member by path ("in.userOp.nonce").
 */
#ifndef VK_BATCH_IN_H
#define VK_BATCH_IN_H

#include "base/json.h"
#include <valetkey/valetkey.h>

/* A list has at most this many elements. */
#define VK_IN_LIST_MAX 4096

/* What the readers of one line share. */
typedef struct vk_in_line vk_in_line;

/* An object (or array) of the request. */
typedef struct vk_in {
    const cJSON *value;
    vk_path path;
    vk_in_line *line;
} vk_in;

/* sdk: the request asks for the SDK's bytes. NULL: out of memory. */
vk_in_line *vk_in_line_new(bool sdk, vk_error *err);
void vk_in_line_free(vk_in_line *line); /* wipes what was read */
vk_in vk_in_root(vk_in_line *line, const cJSON *value, const char *path);

VK_MUST_USE vk_status vk_in_status(const vk_in *in);
bool vk_in_sdk(const vk_in *in);
/* "hardening" beside "in" in the request; NULL: it is not there. */
void vk_in_line_set_hardening(vk_in_line *line, const cJSON *value);
const cJSON *vk_in_line_hardening(const vk_in *in);
/* Keeps the first fault. name NULL: the object itself. */
void vk_in_fail(const vk_in *in, const char *name, vk_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Keeps status as a fault of the member, unless it is VK_OK. */
void vk_in_check(const vk_in *in, const char *name, vk_status status);
/* Keeps the fault that a library function described in err: its path goes behind that of name. */
void vk_in_check_error(const vk_in *in, const char *name, vk_status status, const vk_error *err);
/* A member that is not in the NULL-terminated list is a fault. */
void vk_in_only(const vk_in *in, const char *const *names);

/* Is the member there, and not null? */
bool vk_in_has(const vk_in *in, const char *name);
const char *vk_in_text(const vk_in *in, const char *name);
bool vk_in_bool(const vk_in *in, const char *name, bool absent);
/* Numbers: a JSON integer, or decimal or "0x" text. */
uint64_t vk_in_u64(const vk_in *in, const char *name, uint64_t max);
uint64_t vk_in_u64_or(const vk_in *in, const char *name, uint64_t max, uint64_t absent);
vk_u256 vk_in_u256(const vk_in *in, const char *name, unsigned bits);
vk_address vk_in_address(const vk_in *in, const char *name);
vk_address vk_in_address_or_zero(const vk_in *in, const char *name);
vk_hash vk_in_hash(const vk_in *in, const char *name);
void vk_in_fixed(const vk_in *in, const char *name, uint8_t *out, size_t len);
vk_bytes vk_in_bytes(const vk_in *in, const char *name);
vk_bytes vk_in_bytes_or_empty(const vk_in *in, const char *name);
/* Bytes for the line to keep: NULL (and a fault) when out of memory. */
void *vk_in_alloc(const vk_in *in, size_t len);
/* A copy that the line keeps; empty (and a fault) when out of memory. */
vk_bytes vk_in_keep(const vk_in *in, vk_bytes bytes);
/* The same, zeroed, for what owns memory: clear is called with it before it is freed. */
void *vk_in_alloc_owner(const vk_in *in, size_t len, void (*clear)(void *data));

vk_in vk_in_object(const vk_in *in, const char *name);
/* An array and its length; its elements. */
vk_in vk_in_list(const vk_in *in, const char *name, size_t *count);
vk_in vk_in_element(const vk_in *list, size_t index);
/* Element of a list of "0x" texts. */
vk_bytes vk_in_element_bytes(const vk_in *list, size_t index);
vk_address vk_in_element_address(const vk_in *list, size_t index);

/* ---- Values of this field ---- */

vk_kernel_version vk_in_kernel(const vk_in *in, const char *name);
/* "entryPointVersion", or else "entryPoint" if it is a published address; *address (may be NULL) is
 * "entryPoint", or the published one; for the SDK, whose getEntryPoint knows no later one, that of
 * 0.7 for 0.8 and 0.9 too. */
vk_entry_point vk_in_entry_point(const vk_in *in, vk_address *address);
/* The same for an account of that Kernel version, its published EntryPoint where the request names
 * none: 0.6 before Kernel 0.3.0, 0.7 or later from there on; another one is a fault. */
vk_entry_point vk_in_entry_point_of(const vk_in *in, vk_kernel_version kernel, vk_address *address);
/* Free text: a string, or {"text":...}. */
const char *vk_in_free_text(const vk_in *in, const char *name);
/* A secp256k1 private key, wiped with the line, and its address (zero after a fault). Fault if the
 * number is none. */
const uint8_t *vk_in_private_key(const vk_in *in, const char *name, vk_address *address);
/*
 * An operation with the members of JSON-RPC, numbers as of vk_in_u256, and "authorization" or
 * "eip7702Auth". Clear *out with vk_userop_clear, after a fault too: it owns its memory.
 */
void vk_in_userop(const vk_in *in, const char *name, vk_entry_point version, vk_userop *out);
/* The same with one member more, "chainId". */
void vk_in_chain_userop(const vk_in *in, const char *name, vk_entry_point version,
                        uint64_t *chain_id, vk_userop *out);
/* A redundant member: if it is there, it must be this. */
void vk_in_same_address(const vk_in *in, const char *name, const vk_address *computed);
void vk_in_same_bytes(const vk_in *in, const char *name, vk_bytes computed);

#endif
