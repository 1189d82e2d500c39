#include "base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

static size_t rounded(size_t len) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (len + page - 1) / page * page;
}

void *vk_secret_alloc(size_t len) {
    size_t size = rounded(len);
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        return NULL;
    }
    /* Best effort: an unprivileged process may have no right to lock memory. */
    (void)mlock(data, size);
    (void)madvise(data, size, MADV_DONTDUMP);
    (void)madvise(data, size, MADV_WIPEONFORK);
    return data;
}

void vk_secret_free(void *data, size_t len) {
    if (data != NULL) {
        vk_wipe(data, len);
        munmap(data, rounded(len));
    }
}
