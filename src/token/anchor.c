#include "token/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_LEN (VK_ANCHOR_SLOTS * VK_ANCHOR_SLOT_LEN)
/* Whoever writes an anchor holds its lock for microseconds. */
#define LOCK_TRIES 20
#define LOCK_NAP_NS 200000

/* ---- Where it is ---- */

vk_status vk_anchor_directory(char **out, vk_error *err) {
    const char *own = secure_getenv("VALETKEY_ANCHOR_DIR");
    const char *state = secure_getenv("XDG_STATE_HOME");
    const char *user = secure_getenv("HOME");
    vk_buf path = {0};
    if (own != NULL && own[0] != '\0') {
        vk_buf_put_text(&path, own);
    } else if (state != NULL && state[0] == '/') {
        vk_buf_put_text(&path, state);
        vk_buf_put_text(&path, "/valetkey");
    } else if (user != NULL && user[0] != '\0') {
        vk_buf_put_text(&path, user);
        vk_buf_put_text(&path, "/.local/state/valetkey");
    } else {
        return vk_fail(err, VK_ERR_NOT_FOUND, NULL,
                       "none of VALETKEY_ANCHOR_DIR, XDG_STATE_HOME and HOME is set");
    }
    *out = vk_buf_take_text(&path);
    return *out != NULL ? VK_OK : VK_ERR_MEMORY;
}

vk_status vk_anchor_path(const char *serial, bool make, char **out, vk_error *err) {
    char name[VK_TOKEN_SERIAL_LEN + sizeof ".anchor"];
    char *directory = NULL;
    *out = NULL;
    vk_status status = vk_anchor_directory(&directory, err);
    if (status == VK_OK && make) {
        status = vk_file_make_directories(directory, err);
    }
    if (status == VK_OK) {
        status = vk_file_check_home(directory, err);
    }
    if (status == VK_OK) {
        snprintf(name, sizeof name, "%s.anchor", serial);
        *out = vk_file_join(directory, name);
        status = *out != NULL ? VK_OK : VK_ERR_MEMORY;
    }
    vk_text_free(directory);
    return status;
}

/* ---- A slot ---- */

static vk_status anchor_mac(const vk_token *token, const vk_state *state, uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "anchor", token->serial);
    vk_canonical_u64(&data, (uint64_t)state->counter);
    vk_canonical_u64(&data, (uint64_t)state->number);
    vk_canonical_bytes(&data, (vk_bytes){state->head.b, 32});
    return vk_row_mac(token->keys, &data, mac32);
}

static bool is_authentic(const vk_token *token, const vk_state *state, const uint8_t mac32[32]) {
    uint8_t expected[32];
    return token->keys == NULL || (anchor_mac(token, state, expected) == VK_OK &&
                                   vk_equal_secret(mac32, expected, sizeof expected));
}

static bool parse_slot(const vk_token *token, const char *text, vk_state *out) {
    vk_anchor_slot slot;
    if (!vk_anchor_slot_read(text, &slot) || strcmp(slot.serial, token->serial) != 0) {
        return false;
    }
    *out = (vk_state){.counter = slot.counter, .number = slot.number, .head = slot.head};
    return is_authentic(token, out, slot.mac);
}

static vk_status make_slot(const vk_token *token, const vk_state *state,
                           char text[VK_ANCHOR_SLOT_LEN]) {
    vk_anchor_slot slot = {.counter = state->counter, .number = state->number, .head = state->head};
    memcpy(slot.serial, token->serial, sizeof slot.serial);
    vk_status status = anchor_mac(token, state, slot.mac);
    return status == VK_OK ? vk_anchor_slot_write(&slot, text) : status;
}

/* ---- The file ---- */

/* The newest of the slots that are whole; -1: none is. */
static int newest_slot(const vk_token *token, const char *text, size_t len, vk_state *out) {
    int newest = -1;
    for (int i = 0; i < VK_ANCHOR_SLOTS && (size_t)(i + 1) * VK_ANCHOR_SLOT_LEN <= len; i++) {
        vk_state state;
        bool whole = parse_slot(token, text + i * VK_ANCHOR_SLOT_LEN, &state);
        if (whole && (newest < 0 || state.counter > out->counter)) {
            *out = state;
            newest = i;
        }
    }
    return newest;
}

vk_status vk_anchor_read(vk_token *token, const char *path, vk_anchor_found *found, vk_state *out,
                         vk_error *err) {
    char text[FILE_LEN];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *found = file >= 0 || errno != ENOENT ? VK_ANCHOR_UNREADABLE : VK_ANCHOR_MISSING;
    if (file < 0) {
        return *found == VK_ANCHOR_MISSING
                   ? VK_OK
                   : vk_file_failed(err, path, "the anchor cannot be opened");
    }
    ssize_t len = pread(file, text, sizeof text, 0);
    vk_status status = len >= 0 ? VK_OK : vk_file_failed(err, path, "the anchor cannot be read");
    close(file);
    if (status == VK_OK) {
        bool whole = newest_slot(token, text, (size_t)len, out) >= 0;
        *found = whole ? VK_ANCHOR_WHOLE : VK_ANCHOR_DAMAGED;
    }
    return status;
}

/* ---- Writing ---- */

static bool lock_file(int file) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_NAP_NS}, NULL);
    }
    return false;
}

void vk_anchor_sync(const vk_anchor_file *anchor) {
    if (anchor->file > 0) {
        (void)fdatasync(anchor->file);
    }
}

void vk_anchor_close(vk_anchor_file *anchor) {
    if (anchor->file > 0) {
        close(anchor->file);
    }
    *anchor = (vk_anchor_file){0};
}

/* The file stays open; one that somebody deleted is made again. */
static bool open_file(vk_anchor_file *anchor, const char *path) {
    struct stat info;
    if (anchor->file > 0 && fstat(anchor->file, &info) == 0 && info.st_nlink > 0) {
        return true;
    }
    vk_anchor_close(anchor);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    anchor->file = file > 0 ? file : 0;
    return file > 0;
}

/* Which slot is the newest, unless nobody has written since we did: then it is known. */
static bool look(const vk_token *token, vk_anchor_file *anchor) {
    char text[FILE_LEN] = {0};
    vk_state there = {0};
    ssize_t len = pread(anchor->file, text, sizeof text, 0);
    if (len < 0) {
        return false;
    }
    if (!anchor->is_known || memcmp(text, anchor->text, sizeof text) != 0) {
        memcpy(anchor->text, text, sizeof text);
        anchor->newest = newest_slot(token, text, (size_t)len, &there);
        anchor->counter = there.counter;
        anchor->is_known = true;
    }
    return true;
}

static bool write_slot(vk_anchor_file *anchor, int index, const char *slot, int64_t counter) {
    size_t at = (size_t)index * VK_ANCHOR_SLOT_LEN;
    anchor->is_known =
        pwrite(anchor->file, slot, VK_ANCHOR_SLOT_LEN, (off_t)at) == VK_ANCHOR_SLOT_LEN;
    memcpy(anchor->text + at, slot, VK_ANCHOR_SLOT_LEN);
    anchor->newest = index;
    anchor->counter = counter;
    return anchor->is_known;
}

/* Over the older slot; a forced one over both, so that no newer one is left. */
static bool replace(const vk_token *token, vk_anchor_file *anchor, const char *slot,
                    int64_t counter, bool is_forced) {
    if (is_forced) {
        return write_slot(anchor, 0, slot, counter) && write_slot(anchor, 1, slot, counter);
    }
    if (!look(token, anchor)) {
        return false;
    }
    bool is_newer = anchor->newest < 0 || anchor->counter < counter;
    return !is_newer || write_slot(anchor, anchor->newest == 0 ? 1 : 0, slot, counter);
}

vk_status vk_anchor_write(vk_token *token, const vk_state *state, bool is_forced) {
    vk_anchor_file *anchor = &token->trust.anchor_file;
    char slot[VK_ANCHOR_SLOT_LEN];
    vk_status status = make_slot(token, state, slot);
    if (status != VK_OK) {
        return status;
    }
    if (!open_file(anchor, token->trust.anchor_path)) {
        return VK_ERR_STORE;
    }
    bool written =
        lock_file(anchor->file) && replace(token, anchor, slot, state->counter, is_forced);
    flock(anchor->file, LOCK_UN);
    return written ? VK_OK : VK_ERR_BUSY;
}
