/* For LD_PRELOAD: a disk on which every fsync and fdatasync takes 5 ms longer, or as many
 * microseconds as $VK_SLOW_SYNC_US says. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static void delay(void) {
    const char *text = getenv("VK_SLOW_SYNC_US");
    long us = text != NULL ? atol(text) : 5000;
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static int next(const char *name, int file) {
    int (*function)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return function(file);
}

EXPORTED int fsync(int file) {
    delay();
    return next("fsync", file);
}

EXPORTED int fdatasync(int file) {
    delay();
    return next("fdatasync", file);
}
