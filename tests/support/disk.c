#include "support/disk.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

typedef struct fault {
    _Atomic int error; /* 0: no fault */
    _Atomic uint64_t seen, failed;
    uint64_t skip, times;
    char directory[PATH_MAX];
} fault;

/* The end of the process. */
typedef struct death {
    _Atomic bool is_near;
    _Atomic uint64_t seen;
    uint64_t skip;
    char directory[PATH_MAX];
} death;

static fault faults[DISK_CALLS];
static death end;
static _Atomic unsigned delay_us;
static _Atomic uint64_t syncs;
static disk_sync_hook sync_hook;

/* ---- Steering ---- */

EXPORTED void disk_slow(unsigned microseconds) {
    atomic_store(&delay_us, microseconds);
}

EXPORTED uint64_t disk_syncs(void) {
    return atomic_load(&syncs);
}

void disk_fail(disk_call call, const char *directory, uint64_t skip, uint64_t times, int error) {
    fault *f = &faults[call];
    atomic_store(&f->error, 0);
    atomic_store(&f->seen, 0);
    atomic_store(&f->failed, 0);
    f->skip = skip;
    f->times = times;
    snprintf(f->directory, sizeof f->directory, "%s/", directory);
    atomic_store(&f->error, error);
}

uint64_t disk_failed(disk_call call) {
    return atomic_load(&faults[call].failed);
}

void disk_kill(const char *directory, uint64_t skip) {
    atomic_store(&end.is_near, false);
    atomic_store(&end.seen, 0);
    end.skip = skip;
    snprintf(end.directory, sizeof end.directory, "%s/", directory != NULL ? directory : "");
    atomic_store(&end.is_near, directory != NULL);
}

void disk_on_sync(disk_sync_hook hook) {
    sync_hook = hook;
}

static void report(void) {
    fprintf(stderr, "disk: %llu syncs\n", (unsigned long long)disk_syncs());
}

/* Only a preloaded copy finds these variables set. */
__attribute__((constructor)) static void read_environment(void) {
    const char *slow = getenv("VK_DISK_SYNC_US");
    if (slow != NULL) {
        disk_slow((unsigned)strtoul(slow, NULL, 10));
    }
    if (getenv("VK_DISK_REPORT") != NULL) {
        atexit(report);
    }
}

/* ---- Faults ---- */

static bool is_below(int fd, const char *directory) {
    char link[64], path[PATH_MAX + 1];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0) {
        return false;
    }
    path[len] = '\0';
    strncat(path, "/", sizeof path - strlen(path) - 1);
    return strncmp(path, directory, strlen(directory)) == 0;
}

/* Is this call one of those that fail? Then errno says how. */
static bool fails(disk_call call, int fd) {
    fault *f = &faults[call];
    int error = atomic_load(&f->error);
    if (error == 0 || !is_below(fd, f->directory)) {
        return false;
    }
    uint64_t number = atomic_fetch_add(&f->seen, 1);
    if (number < f->skip || (f->times != 0 && number >= f->skip + f->times)) {
        return false;
    }
    atomic_fetch_add(&f->failed, 1);
    errno = error;
    return true;
}

/* Is this call the last one? */
static bool is_last(int fd) {
    return atomic_load(&end.is_near) && is_below(fd, end.directory) &&
           atomic_fetch_add(&end.seen, 1) == end.skip;
}

_Noreturn static void die(void) {
    raise(SIGKILL);
    abort();
}

/* ---- The system's calls ---- */

static void pause_us(unsigned us) {
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    while (us > 0 && nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

static int system_fsync(int fd) {
    return (int)syscall(SYS_fsync, fd);
}

static int system_fdatasync(int fd) {
    return (int)syscall(SYS_fdatasync, fd);
}

static bool is_directory(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

static int synced(int fd, int (*sync)(int)) {
    if (is_last(fd)) {
        die();
    }
    atomic_fetch_add(&syncs, 1);
    pause_us(atomic_load(&delay_us));
    if (fails(is_directory(fd) ? DISK_SYNC_DIRECTORY : DISK_SYNC, fd)) {
        return -1;
    }
    return sync_hook != NULL ? sync_hook(fd, sync) : sync(fd);
}

EXPORTED int fsync(int fd) {
    return synced(fd, system_fsync);
}

EXPORTED int fdatasync(int fd) {
    return synced(fd, system_fdatasync);
}

static ssize_t system_write(int fd, const void *data, size_t len) {
    return (ssize_t)syscall(SYS_write, fd, data, len);
}

static ssize_t system_pwrite(int fd, const void *data, size_t len, off_t offset) {
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, offset);
}

EXPORTED ssize_t write(int fd, const void *data, size_t len) {
    if (is_last(fd)) {
        (void)system_write(fd, data, len / 2);
        die();
    }
    return fails(DISK_WRITE, fd) ? -1 : system_write(fd, data, len);
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    if (is_last(fd)) {
        (void)system_pwrite(fd, data, len / 2, offset);
        die();
    }
    return fails(DISK_WRITE, fd) ? -1 : system_pwrite(fd, data, len, offset);
}

EXPORTED ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset) {
    return pwrite(fd, data, len, offset);
}

EXPORTED int ftruncate(int fd, off_t len) {
    if (is_last(fd)) {
        die();
    }
    return fails(DISK_WRITE, fd) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

EXPORTED int ftruncate64(int fd, off64_t len) {
    return ftruncate(fd, len);
}
