#include "token/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 2
#define FILE_LEN (SLOTS * VK_ANCHOR_SLOT_LEN)
#define HEX_LEN 66 /* of 32 bytes, with 0x */
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

static bool read_hex32(const char *text, uint8_t out32[32]) {
    return vk_hex_read_fixed(text, strlen(text), out32, 32) == VK_OK;
}

static bool is_authentic(const vk_token *token, const vk_state *state, const uint8_t mac32[32]) {
    uint8_t expected[32];
    return token->keys == NULL || (anchor_mac(token, state, expected) == VK_OK &&
                                   vk_equal_secret(mac32, expected, sizeof expected));
}

static bool parse_slot(const vk_token *token, const char *slot, vk_state *out) {
    char line[VK_ANCHOR_SLOT_LEN + 1], serial[VK_TOKEN_SERIAL_LEN + 1];
    char head[HEX_LEN + 1], mac[HEX_LEN + 1];
    uint8_t mac32[32];
    memcpy(line, slot, VK_ANCHOR_SLOT_LEN);
    line[VK_ANCHOR_SLOT_LEN] = '\0';
    *out = (vk_state){0};
    return sscanf(line, "valetkey-anchor 1 %16s %19" SCNd64 " %19" SCNd64 " %66s %66s", serial,
                  &out->counter, &out->number, head, mac) == 5 &&
           strcmp(serial, token->serial) == 0 && out->counter >= 0 && out->number >= 0 &&
           read_hex32(head, out->head.b) && read_hex32(mac, mac32) &&
           is_authentic(token, out, mac32);
}

static void put_hex(vk_buf *out, const uint8_t bytes32[32]) {
    vk_buf_put_byte(out, ' ');
    vk_hex_put(out, (vk_bytes){bytes32, 32});
}

static vk_status make_slot(const vk_token *token, const vk_state *state,
                           char slot[VK_ANCHOR_SLOT_LEN]) {
    uint8_t mac[32];
    vk_buf line = {0};
    vk_status status = anchor_mac(token, state, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_printf(&line, "valetkey-anchor 1 %s %" PRId64 " %" PRId64, token->serial, state->counter,
                  state->number);
    put_hex(&line, state->head.b);
    put_hex(&line, mac);
    status = vk_buf_status(&line);
    memset(slot, ' ', VK_ANCHOR_SLOT_LEN);
    slot[VK_ANCHOR_SLOT_LEN - 1] = '\n';
    if (status == VK_OK && line.len < VK_ANCHOR_SLOT_LEN) {
        memcpy(slot, line.data, line.len);
    }
    vk_buf_clear(&line);
    return status;
}

/* ---- The file ---- */

/* The newest of the slots that are whole; -1: none is. */
static int newest_slot(const vk_token *token, const char *text, size_t len, vk_state *out) {
    int newest = -1;
    for (int i = 0; i < SLOTS && (size_t)(i + 1) * VK_ANCHOR_SLOT_LEN <= len; i++) {
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

static bool lock_file(int file) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_NAP_NS}, NULL);
    }
    return false;
}

static bool write_at(int file, const char *slot, int index) {
    return pwrite(file, slot, VK_ANCHOR_SLOT_LEN, index * VK_ANCHOR_SLOT_LEN) == VK_ANCHOR_SLOT_LEN;
}

/* Over the older slot; a forced one over both, so that no newer one is left. */
static bool replace(const vk_token *token, int file, const char *slot, const vk_state *state,
                    bool is_forced) {
    char text[FILE_LEN];
    vk_state there = {0};
    ssize_t len = pread(file, text, sizeof text, 0);
    int newest = len > 0 ? newest_slot(token, text, (size_t)len, &there) : -1;
    if (is_forced) {
        return write_at(file, slot, 0) && write_at(file, slot, 1);
    }
    if (newest >= 0 && there.counter >= state->counter) {
        return true;
    }
    return write_at(file, slot, newest == 0 ? 1 : 0);
}

vk_status vk_anchor_write(vk_token *token, const char *path, const vk_state *state,
                          bool is_forced) {
    char slot[VK_ANCHOR_SLOT_LEN];
    vk_status status = make_slot(token, state, slot);
    if (status != VK_OK) {
        return status;
    }
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return VK_ERR_STORE;
    }
    bool written = lock_file(file) && replace(token, file, slot, state, is_forced);
    close(file);
    return written ? VK_OK : VK_ERR_BUSY;
}
