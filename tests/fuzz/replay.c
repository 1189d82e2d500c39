/*
 * Runs every target over the seeds, over shortened seeds, and over what the fuzzers found before
 * (tests/fuzz/regressions/TARGET/): without libFuzzer, in every make check.
 *
 * Usage: replay [--write DIRECTORY], which writes the seeds to DIRECTORY/TARGET/ instead.
 */
#include "fuzz.h"
#include "seeds.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static void must(bool ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* ---- Writing a corpus ---- */

/* Named by contents, so that the same seed is written once. */
static void write_seed(const char *target, vk_bytes input, void *context) {
    char path[1024];
    vk_hash hash = vk_keccak256(input);
    snprintf(path, sizeof path, "%s/%s", (const char *)context, target);
    must(mkdir(path, 0777) == 0 || errno == EEXIST, path);
    snprintf(path, sizeof path, "%s/%s/seed-%02x%02x%02x%02x%02x%02x", (const char *)context,
             target, hash.b[0], hash.b[1], hash.b[2], hash.b[3], hash.b[4], hash.b[5]);
    FILE *file = fopen(path, "wb");
    must(file != NULL, path);
    must(input.len == 0 || fwrite(input.data, input.len, 1, file) == 1, path);
    must(fclose(file) == 0, path);
}

/* ---- Running ---- */

/* A copy of exactly its length, so that the sanitizers see what is read behind it. */
static void run(const fuzz_target *target, vk_bytes input) {
    uint8_t *copy = malloc(input.len);
    must(copy != NULL || input.len == 0, "malloc");
    if (input.len > 0) {
        memcpy(copy, input.data, input.len);
    }
    target->run((vk_bytes){copy, input.len});
    free(copy);
}

typedef struct counts {
    size_t seeds, shortened, findings;
} counts;

/* Cut at 16 places, wherever they fall. */
static void run_seed(const char *name, vk_bytes input, void *context) {
    counts *n = context;
    const fuzz_target *target = fuzz_target_named(name);
    FUZZ_REQUIRE(target != NULL);
    run(target, input);
    n->seeds++;
    for (size_t i = 0; i < 16 && n->seeds % 8 == 0; i++) {
        run(target, (vk_bytes){input.data, input.len * i / 16});
        n->shortened++;
    }
}

static void run_file(const fuzz_target *target, const char *path) {
    FILE *file = fopen(path, "rb");
    must(file != NULL, path);
    vk_buf input = {0};
    uint8_t chunk[4096];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;) {
        vk_buf_put(&input, chunk, got);
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    run(target, vk_buf_view(&input));
    vk_buf_clear(&input);
}

static size_t run_findings(const fuzz_target *target) {
    const char *srcdir = getenv("VK_TEST_SRCDIR");
    char path[1024];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/tests/fuzz/regressions/%s", srcdir == NULL ? "." : srcdir,
             target->name);
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.') {
            char file[2048];
            snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            run_file(target, file);
            count++;
        }
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        must(mkdir(argv[2], 0777) == 0 || errno == EEXIST, argv[2]);
        seeds_each(write_seed, argv[2]);
        return 0;
    }
    counts n = {0};
    seeds_each(run_seed, &n);
    for (const fuzz_target *t = fuzz_targets; t->name != NULL; t++) {
        run(t, (vk_bytes){NULL, 0});
        n.findings += run_findings(t);
    }
    printf("%zu seeds, %zu shortened, %zu findings of old\n", n.seeds, n.shortened, n.findings);
    return n.seeds > 1000 ? 0 : 1;
}
