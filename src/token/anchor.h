/*
 * The anchor: what the token's state was when it was last written, in a file outside the token's
 * own. A token's file that is older than its anchor was put back from a copy.
 *
 * The file has VK_ANCHOR_SLOTS slots, a line of text each, written in turn, so that one is whole
 * whatever happens to the other.
 */
#ifndef VK_TOKEN_ANCHOR_H
#define VK_TOKEN_ANCHOR_H

#include "token/store.h"

typedef enum vk_anchor_found {
    VK_ANCHOR_MISSING,
    VK_ANCHOR_WHOLE,
    VK_ANCHOR_DAMAGED,
    VK_ANCHOR_UNREADABLE
} vk_anchor_found;

/* $VALETKEY_ANCHOR_DIR, $XDG_STATE_HOME/valetkey or ~/.local/state/valetkey. Free with
 * vk_text_free. VK_ERR_NOT_FOUND if none of the variables is set. */
VK_MUST_USE vk_status vk_anchor_directory(char **out, vk_error *err);
/* The file's path in there; make: makes the directory (0700). It must be ours alone to write. */
VK_MUST_USE vk_status vk_anchor_path(const char *serial, bool make, char **out, vk_error *err);
/* The newest slot that is whole; with keys, authenticated too. err says why it is unreadable. */
VK_MUST_USE vk_status vk_anchor_read(vk_token *token, const char *path, vk_anchor_found *found,
                                     vk_state *out, vk_error *err);
/* Writes it unless a newer one is there already, or, forced, in any case. Not synced: a machine
 * that loses power may find an older one, which says less but nothing wrong, as long as its record
 * was not dropped. */
VK_MUST_USE vk_status vk_anchor_write(vk_token *token, const vk_state *state, bool is_forced);
/* What was written last is on the disk, as far as that can be had. */
void vk_anchor_sync(const vk_anchor_file *anchor);
/* Closes the file. */
void vk_anchor_close(vk_anchor_file *anchor);

#endif
