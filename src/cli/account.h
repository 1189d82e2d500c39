/* Smart accounts that a token keeps (valetkey/smart_account.h): finding them, making one. */
#ifndef VK_CLI_ACCOUNT_H
#define VK_CLI_ACCOUNT_H

#include "cli/object.h"
#include <valetkey/smart_account.h>

/* One of them. */
typedef struct vk_account_entry {
    CK_OBJECT_HANDLE object;
    char *name; /* control characters replaced; owned: vk_text_free */
    vk_smart_account account;
    bool is_usable; /* else it was changed outside: damage says how */
    vk_error damage;
} vk_account_entry;

typedef struct vk_account_entries {
    vk_account_entry *list; /* owned */
    size_t count;
} vk_account_entries;

/* All of the session's token; no login. */
VK_MUST_USE vk_exit vk_account_entries_load(vk_cli *cli, vk_account_entries *out);
void vk_account_entries_clear(vk_account_entries *entries);

/* The one of --account: a name, or an address. One that is not usable is a failure. */
VK_MUST_USE vk_exit vk_account_find(vk_cli *cli, vk_account_entry *out);
/* The same, usable or not. */
VK_MUST_USE vk_exit vk_account_find_any(vk_cli *cli, vk_account_entry *out);
/* One of that kind, version and EntryPoint with that address, if the token of --account-token, or
 * else of the session, keeps it: NULL name if not. */
VK_MUST_USE vk_exit vk_account_find_kept(vk_cli *cli, const vk_smart_account *like,
                                         vk_account_entry *out);
/* The address of --account, which may be given by its name. */
VK_MUST_USE vk_exit vk_account_option(vk_cli *cli, vk_address *out);
void vk_account_entry_clear(vk_account_entry *entry);

/* Is the text an address, rather than a name? */
bool vk_is_address_text(const char *text);
/* How many accounts of that name there are. */
VK_MUST_USE vk_exit vk_account_count(vk_cli *cli, const char *name, size_t *out);
/* Writes it to the token; the user is logged in. */
VK_MUST_USE vk_exit vk_account_add(vk_cli *cli, const char *name, const vk_smart_account *account);

/* account_owner.c: the owner of --owner, --owner-key and what goes with them, into root and the
 * texts. */
VK_MUST_USE vk_exit vk_account_owner(vk_cli *cli, vk_smart_account *out);

/* account_chain.c: what the node of --chain-id says of it; nothing without that option. */
VK_MUST_USE vk_exit vk_account_say_chain(vk_cli *cli, const vk_smart_account *account);
/* Asks it for a thirdweb factory's accountImplementation(). */
VK_MUST_USE vk_exit vk_account_ask_implementation(vk_cli *cli, const vk_address *factory,
                                                  vk_address *out);

/* The owner: an address, or x and y (64 bytes) in hex. Appends. */
void vk_root_put_owner(const vk_root *root, vk_buf *out);
/* The account for people, and as JSON members. */
void vk_account_say(vk_out *out, const char *name, const vk_smart_account *account);

#endif
