/*
 * A disk that is slow, fails, or is all that is left: disk.c stands between a program, with the
 * libraries it loads, and the system's calls. Two ways to use it:
 *
 *   - as a part of a program that is linked with -export-dynamic, steered by the functions below;
 *   - in any program, as LD_PRELOAD=.libs/vk-disk.so, steered by the environment:
 *       VK_DISK_SYNC_US=5000   every fsync and fdatasync takes so many microseconds longer
 *       VK_DISK_REPORT=1       at exit, a line with their number goes to standard error
 *     (a program that is run so may ask dlsym for disk_syncs and disk_slow)
 *
 * Thread safe. What is set is inherited by forked children, which then count for themselves.
 */
#ifndef VK_TESTS_DISK_H
#define VK_TESTS_DISK_H

#include <stdint.h>

/* Every fsync and fdatasync takes so many microseconds longer. 0: no longer. */
void disk_slow(unsigned microseconds);
/* Calls of fsync and fdatasync since the start, of all files. */
uint64_t disk_syncs(void);

typedef enum disk_call {
    DISK_WRITE,          /* write, pwrite, ftruncate */
    DISK_SYNC,           /* fsync, fdatasync of a file */
    DISK_SYNC_DIRECTORY, /* and of a directory */
    DISK_CALLS
} disk_call;

/*
 * Lets calls fail with error, an errno value: the first skip calls from now on succeed, the times
 * ones behind them fail, the rest succeed again. times 0: all of the rest fail. error 0: none.
 * Only files below directory are concerned: the path that the system has for them, without symbolic
 * links, not NULL.
 */
void disk_fail(disk_call call, const char *directory, uint64_t skip, uint64_t times, int error);
/* How many calls failed since disk_fail. */
uint64_t disk_failed(disk_call call);

/*
 * Kills the process at the first call behind skip of those that write or sync below directory: a
 * write stops half-way, of a sync nothing is done. directory NULL: no longer.
 */
void disk_kill(const char *directory, uint64_t skip);

/* Replaces fsync and fdatasync, after delay and failures; sync is the system's. NULL: not any more.
 * Before there are threads. */
typedef int (*disk_sync_hook)(int fd, int (*sync)(int fd));
void disk_on_sync(disk_sync_hook hook);

#endif
