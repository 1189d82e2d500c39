/* Values in words, for descriptions and reasons. Everything appends ASCII text. */
#ifndef VK_POLICY_TEXT_H
#define VK_POLICY_TEXT_H

#include <valetkey/verdict.h>

/* A well-known token. */
typedef struct vk_asset {
    uint64_t chain_id;
    const char *address; /* EIP-55 text */
    const char *symbol;
    unsigned decimals;
} vk_asset;

#define VK_ANY_CHAIN 0

/* NULL if the table has none at that address of the chain. */
const vk_asset *vk_asset_find(uint64_t chain_id, const vk_address *address);

/* "Ethereum"; NULL if the table has no such chain. */
const char *vk_chain_name(uint64_t chain_id);

typedef enum vk_argument_kind {
    VK_ARGUMENT_WORD, /* a number, or bytes */
    VK_ARGUMENT_ADDRESS,
    VK_ARGUMENT_AMOUNT, /* of the token that is called */
    VK_ARGUMENT_NUMBER,
    VK_ARGUMENT_TIME, /* seconds since 1970 */
    VK_ARGUMENT_FLAG,
    /* The word of these is the offset of what is meant. */
    VK_ARGUMENT_BYTES,   /* bytes */
    VK_ARGUMENT_NUMBERS, /* uint256[] */
    VK_ARGUMENT_CALLS    /* bytes[], each the data of a call to the same contract */
} vk_argument_kind;

typedef struct vk_argument {
    const char *name;
    vk_argument_kind kind;
} vk_argument;

#define VK_FUNCTION_ARGUMENTS_MAX 8

/* A well-known function; the arguments end with a NULL name or with the array. */
typedef struct vk_function {
    uint8_t selector[4];
    const char *name;
    const char *types;    /* "address,uint256" */
    const char *sentence; /* "transfer {1} to {0}", for people; NULL: its arguments are listed */
    /* ERC-721 has the function as well: what is an amount here is the number of a token there. */
    bool is_shared;
    vk_argument arguments[VK_FUNCTION_ARGUMENTS_MAX];
} vk_function;

/* NULL if the table has none. */
const vk_function *vk_function_find(const uint8_t selector[4]);
/* The whole table. */
const vk_function *vk_functions(size_t *count);
const vk_asset *vk_assets(size_t *count);
size_t vk_function_argument_count(const vk_function *function);
/* The argument in the word at that offset behind the selector; NULL if it is none that is known,
 * or if the word is only the offset of one. */
const vk_argument *vk_function_argument(const vk_function *function, uint64_t offset);

void vk_put_address(vk_buf *out, const vk_address *address);
/* "USDC (0x...)" for a well-known token. */
void vk_put_contract(vk_buf *out, uint64_t chain_id, const vk_address *address);
/* "transfer", or "function 0x12345678". */
void vk_put_function(vk_buf *out, const uint8_t selector[4]);
/* "Base (chain 8453)", "chain 5" */
void vk_put_chain(vk_buf *out, uint64_t chain_id);
/* "0.01 ether"; "5 wei" below a gwei */
void vk_put_ether(vk_buf *out, const vk_u256 *wei);
/* "2026-01-01T00:00:00Z" */
void vk_put_time(vk_buf *out, uint64_t seconds);
/* The same for a number that may be more than a time. */
void vk_put_any_time(vk_buf *out, const vk_u256 *seconds);
/* "1 hour 30 minutes" */
void vk_put_duration(vk_buf *out, uint64_t seconds);

#endif
