#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "token/home.h"
#include "token/store.h"

#define DRAFT_PREFIX ".new-"
/* Of a serial's 64 bits, these many at the end are random; the others count milliseconds. */
#define RANDOM_BITS 20

static vk_status lock_directory(const char *home, int *out, vk_error *err) {
    *out = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0) {
        return vk_file_failed(err, home, "the directory cannot be opened");
    }
    int result;
    do {
        result = flock(*out, LOCK_EX);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? VK_OK : vk_file_failed(err, home, "the directory cannot be locked");
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The newest token's time; removes drafts that nobody works on. */
static vk_status sweep(const char *home, int directory, uint64_t *newest_ms, vk_error *err) {
    DIR *dir = opendir(home);
    struct dirent *entry;
    if (dir == NULL) {
        return vk_file_failed(err, home, "the directory cannot be read");
    }
    *newest_ms = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, DRAFT_PREFIX, strlen(DRAFT_PREFIX)) == 0) {
            (void)unlinkat(directory, entry->d_name, 0);
        } else if (vk_home_is_token(entry->d_name) || vk_home_is_device_store(entry->d_name)) {
            uint64_t ms = strtoull(entry->d_name, NULL, 16) >> RANDOM_BITS;
            *newest_ms = ms > *newest_ms ? ms : *newest_ms;
        }
    }
    closedir(dir);
    return VK_OK;
}

void vk_home_sweep(const char *home) {
    uint64_t newest_ms;
    int directory = -1;
    if (vk_file_check_home(home, NULL) == VK_OK) {
        directory = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (directory < 0) {
        return;
    }
    /* Whoever makes a token holds the lock: the drafts are then not left, but worked on. */
    if (flock(directory, LOCK_EX | LOCK_NB) == 0) {
        vk_status ignored = sweep(home, directory, &newest_ms, NULL);
        (void)ignored;
    }
    close(directory);
}

/* Tokens sort by serial: a new one comes last, even if the clock went back. */
static vk_status new_serial(uint64_t newest_ms, char serial[VK_TOKEN_SERIAL_LEN + 1]) {
    uint8_t noise[3];
    vk_status status = vk_crypt_random(noise, sizeof noise);
    uint64_t ms = now_ms();
    uint64_t random =
        ((uint64_t)noise[0] << 16 | (uint64_t)noise[1] << 8 | noise[2]) & ((1u << RANDOM_BITS) - 1);
    if (ms <= newest_ms) {
        ms = newest_ms + 1;
    }
    snprintf(serial, VK_TOKEN_SERIAL_LEN + 1, "%016" PRIx64, ms << RANDOM_BITS | random);
    return status;
}

static vk_status name_files(const char *home, bool is_device_store, vk_home_draft *draft) {
    char name[VK_TOKEN_SERIAL_LEN + sizeof VK_DEVICE_STORE_SUFFIX];
    snprintf(name, sizeof name, "%s%s", draft->serial,
             is_device_store ? VK_DEVICE_STORE_SUFFIX : VK_TOKEN_SUFFIX);
    draft->path = vk_file_join(home, name);
    snprintf(name, sizeof name, DRAFT_PREFIX "%s", draft->serial);
    draft->draft_path = vk_file_join(home, name);
    return draft->path != NULL && draft->draft_path != NULL ? VK_OK : VK_ERR_MEMORY;
}

static vk_status make_file(const char *path, vk_error *err) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return vk_file_failed(err, path, "the file cannot be made");
    }
    return close(file) == 0 ? VK_OK : vk_file_failed(err, path, "the file cannot be made");
}

static vk_status begin(const char *home, bool is_device_store, vk_home_draft *draft,
                       vk_error *err) {
    uint64_t newest_ms = 0;
    vk_status status = vk_file_make_directories(home, err);
    if (status == VK_OK) {
        status = vk_file_check_home(home, err);
    }
    if (status == VK_OK) {
        status = lock_directory(home, &draft->directory, err);
    }
    if (status == VK_OK) {
        status = sweep(home, draft->directory, &newest_ms, err);
    }
    if (status == VK_OK) {
        status = new_serial(newest_ms, draft->serial);
    }
    if (status == VK_OK) {
        status = name_files(home, is_device_store, draft);
    }
    return status == VK_OK ? make_file(draft->draft_path, err) : status;
}

vk_status vk_home_draft_new(const char *home, bool is_device_store, vk_home_draft *out,
                            vk_error *err) {
    *out = (vk_home_draft){.directory = -1};
    vk_status status = begin(home, is_device_store, out, err);
    if (status != VK_OK) {
        vk_home_draft_end(out);
    }
    return status;
}

static void remove_draft(const char *path) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        vk_buf name = {0};
        vk_buf_put_text(&name, path);
        vk_buf_put_text(&name, suffixes[i]);
        char *text = vk_buf_take_text(&name);
        if (text != NULL) {
            (void)unlink(text);
        }
        vk_text_free(text);
    }
}

vk_status vk_home_draft_publish(vk_home_draft *draft, vk_error *err) {
    /* Unlike rename, link replaces nothing; the draft's name goes when the draft ends. */
    if (link(draft->draft_path, draft->path) != 0) {
        return vk_file_failed(err, draft->path, "the token cannot be given its name");
    }
    remove_draft(draft->draft_path);
    if (fsync(draft->directory) != 0) {
        return vk_file_failed(err, draft->path, "the directory cannot be written");
    }
    return VK_OK;
}

void vk_home_draft_end(vk_home_draft *draft) {
    if (draft->draft_path != NULL) {
        remove_draft(draft->draft_path);
    }
    if (draft->directory >= 0) {
        close(draft->directory);
    }
    vk_text_free(draft->draft_path);
    vk_text_free(draft->path);
    *draft = (vk_home_draft){.directory = -1};
}
