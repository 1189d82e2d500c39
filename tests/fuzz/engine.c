/* The targets under libFuzzer: VK_FUZZ_TARGET names the one to run. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    const char *name = getenv("VK_FUZZ_TARGET");
    target = name == NULL ? NULL : fuzz_target_named(name);
    if (target == NULL) {
        fprintf(stderr, "%s: set VK_FUZZ_TARGET to one of:", (*argv)[0]);
        for (const fuzz_target *t = fuzz_targets; t->name != NULL; t++) {
            fprintf(stderr, " %s", t->name);
        }
        fputc('\n', stderr);
        exit(1);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    target->run((vk_bytes){data, size});
    return 0;
}
