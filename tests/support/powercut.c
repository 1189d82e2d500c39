#include "support/powercut.h"

#include "support/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static char watched[PATH_MAX], copies[PATH_MAX];
static struct stat watched_info;

static void must(bool held, const char *what) {
    if (!held) {
        perror(what);
        abort();
    }
}

/* A name in the directory of copies. */
static const char *copy_name(char path[2 * PATH_MAX], const char *name) {
    snprintf(path, 2 * PATH_MAX, "%s/%s", copies, name);
    return path;
}

/* A file's copy is found by its inode: its names come and go with the directory's syncs. */
static const char *content_name(char path[2 * PATH_MAX], unsigned long inode) {
    char name[64];
    snprintf(name, sizeof name, "content-%lu", inode);
    return copy_name(path, name);
}

static void copy_content(int from, off_t len, int to) {
    off_t at = 0;
    while (at < len) {
        ssize_t count = sendfile(to, from, &at, (size_t)(len - at));
        must(count >= 0, "sendfile");
        if (count == 0) {
            return; /* it shrank in the meantime */
        }
    }
}

static void copy_file(int fd, const struct stat *info) {
    char path[2 * PATH_MAX], draft[2 * PATH_MAX];
    content_name(path, info->st_ino);
    copy_name(draft, "draft");
    int to = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(to >= 0, draft);
    copy_content(fd, info->st_size, to);
    close(to);
    must(rename(draft, path) == 0, path);
}

/* Not for a file that this process has open: closing it would end SQLite's locks. */
static void copy_by_path(const char *path, const struct stat *info) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        copy_file(fd, info);
        close(fd);
    }
}

static void copy_names(void) {
    char path[2 * PATH_MAX], draft[2 * PATH_MAX];
    copy_name(path, "names");
    copy_name(draft, "draft");
    DIR *dir = opendir(watched);
    FILE *out = fopen(draft, "we");
    must(dir != NULL && out != NULL, "a power cut's names");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            fprintf(out, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
        }
    }
    closedir(dir);
    must(fclose(out) == 0 && rename(draft, path) == 0, path);
}

/* The lock is held while the system syncs, so that the copies follow each other as the syncs do. */
static int lock_copies(void) {
    char path[2 * PATH_MAX];
    int lock = open(copy_name(path, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    must(lock >= 0 && flock(lock, LOCK_EX) == 0, path);
    return lock;
}

static int sync_and_copy(int fd, int (*sync)(int)) {
    struct stat info;
    int lock = lock_copies();
    int result = sync(fd);
    if (result == 0 && fstat(fd, &info) == 0) {
        if (S_ISREG(info.st_mode)) {
            copy_file(fd, &info);
        } else if (info.st_ino == watched_info.st_ino && info.st_dev == watched_info.st_dev) {
            copy_names();
        }
    }
    close(lock);
    return result;
}

/* Calls visit with the path of every ordinary file. */
static void each_file(void (*visit)(const char *path, const struct stat *info)) {
    DIR *dir = opendir(watched);
    must(dir != NULL, watched);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[2 * PATH_MAX];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", watched, entry->d_name);
        if (lstat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            visit(path, &info);
        }
    }
    closedir(dir);
}

void powercut_watch(const char *directory, const char *copy) {
    snprintf(watched, sizeof watched, "%s", directory);
    snprintf(copies, sizeof copies, "%s", copy);
    must(stat(watched, &watched_info) == 0, watched);
    each_file(copy_by_path);
    copy_names();
    disk_on_sync(sync_and_copy);
}

/* ---- The cut ---- */

static void remove_file(const char *path, const struct stat *info) {
    (void)info;
    must(unlink(path) == 0, path);
}

static void restore(unsigned long inode, const char *name) {
    char from_path[2 * PATH_MAX], to_path[2 * PATH_MAX];
    struct stat info;
    snprintf(to_path, sizeof to_path, "%s/%s", watched, name);
    int to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int from = open(content_name(from_path, inode), O_RDONLY | O_CLOEXEC);
    must(to >= 0, to_path);
    if (from >= 0 && fstat(from, &info) == 0) {
        copy_content(from, info.st_size, to);
        close(from);
    }
    close(to);
}

void powercut_strike(void) {
    char path[2 * PATH_MAX], line[PATH_MAX], name[NAME_MAX + 1];
    unsigned long inode;
    disk_on_sync(NULL);
    each_file(remove_file);
    FILE *names = fopen(copy_name(path, "names"), "re");
    must(names != NULL, path);
    while (fgets(line, sizeof line, names) != NULL) {
        if (sscanf(line, "%lu %255s", &inode, name) == 2) {
            restore(inode, name);
        }
    }
    fclose(names);
}
