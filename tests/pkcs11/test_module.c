/* The module as a whole: interfaces, initialization, fork, exit. */
#include "support.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What is exported ---- */

static unsigned char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    size_t len = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(len);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, len, file), len);
    fclose(file);
    return bytes;
}

static const ElfW(Shdr) * dynamic_symbols(const unsigned char *elf) {
    const ElfW(Ehdr) *header = (const void *)elf;
    const ElfW(Shdr) *sections = (const void *)(elf + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_DYNSYM) {
            return &sections[i];
        }
    }
    return NULL;
}

START_TEST(exports_three_symbols) {
    static const char *const allowed[] = {"C_GetFunctionList", "C_GetInterface",
                                          "C_GetInterfaceList"};
    unsigned char *elf = read_file(module_path());
    const ElfW(Ehdr) *header = (const void *)elf;
    const ElfW(Shdr) *sections = (const void *)(elf + header->e_shoff);
    const ElfW(Shdr) *table = dynamic_symbols(elf);
    ck_assert_ptr_nonnull(table);
    const ElfW(Sym) *symbols = (const void *)(elf + table->sh_offset);
    const char *names = (const char *)(elf + sections[table->sh_link].sh_offset);
    int seen = 0;
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        if (symbols[i].st_shndx == SHN_UNDEF) {
            continue;
        }
        const char *name = names + symbols[i].st_name;
        bool known = false;
        for (size_t k = 0; k < COUNT(allowed); k++) {
            known |= strcmp(name, allowed[k]) == 0;
        }
        ck_assert_msg(known, "%s is exported", name);
        seen++;
    }
    ck_assert_int_eq(seen, 3);
    free(elf);
}
END_TEST

/* ---- C_Initialize ---- */

static CK_RV no_mutex(void **mutex) {
    (void)mutex;
    return CKR_GENERAL_ERROR;
}

static CK_RV no_mutex_use(void *mutex) {
    (void)mutex;
    return CKR_GENERAL_ERROR;
}

START_TEST(arguments_of_initialize) {
    CK_C_INITIALIZE_ARGS args = {0};
    args.pReserved = &args;
    ck_assert_int_eq(f->C_Initialize(&args), CKR_ARGUMENTS_BAD);
    args.pReserved = NULL;
    args.CreateMutex = no_mutex;
    ck_assert_int_eq(f->C_Initialize(&args), CKR_ARGUMENTS_BAD);
    args.DestroyMutex = args.LockMutex = args.UnlockMutex = no_mutex_use;
    ck_assert_int_eq(f->C_Initialize(&args), CKR_CANT_LOCK);
    args.flags = CKF_OS_LOCKING_OK;
    ck_assert_int_eq(f->C_Initialize(&args), CKR_OK);
    ck_assert_int_eq(f->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    ck_assert_int_eq(f->C_Finalize(&args), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
}
END_TEST

START_TEST(nothing_works_uninitialized) {
    CK_INFO info;
    CK_ULONG count;
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_CRYPTOKI_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_CloseSession(1), CKR_CRYPTOKI_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_Encrypt(1, NULL, 0, NULL, NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_GetInfo(&info), CKR_OK);
    ck_assert_int_eq(f->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(info.cryptokiVersion.major, 2);
    ck_assert_int_eq(info.cryptokiVersion.minor, 40);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
}
END_TEST

START_TEST(what_is_not_supported_says_so) {
    CK_SESSION_HANDLE session = open_session("plain", false);
    CK_MECHANISM mechanism = {CKM_AES_CBC, NULL, 0};
    ck_assert_int_eq(f->C_EncryptInit(session, &mechanism, 1), CKR_FUNCTION_NOT_SUPPORTED);
    ck_assert_int_eq(f->C_WrapKey(session, &mechanism, 1, 1, NULL, NULL),
                     CKR_FUNCTION_NOT_SUPPORTED);
    ck_assert_int_eq(f->C_EncryptInit(999, &mechanism, 1), CKR_SESSION_HANDLE_INVALID);
    ck_assert_int_eq(f->C_GetFunctionStatus(session), CKR_FUNCTION_NOT_PARALLEL);
    CK_SLOT_ID slot;
    ck_assert_int_eq(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
    /* No security keys are looked for in these tests, so no event can come. */
    ck_assert_int_eq(f->C_WaitForSlotEvent(0, &slot, NULL), CKR_FUNCTION_NOT_SUPPORTED);
}
END_TEST

static size_t open_files(void) {
    DIR *directory = opendir("/proc/self/fd");
    size_t count = 0;
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

START_TEST(a_thousand_lives) {
    size_t before = 0;
    for (int i = 0; i < 1000; i++) {
        CK_SESSION_HANDLE session;
        ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
        ck_assert_int_eq(
            f->C_OpenSession(slot_of("sudo"), CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
        ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
        before = i == 0 ? open_files() : before;
    }
    ck_assert_uint_eq(open_files(), before);
}
END_TEST

/* ---- Other processes ---- */

static void expect_exit_status(pid_t child, int expected) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "the child was killed");
    ck_assert_int_eq(WEXITSTATUS(status), expected);
}

/* Exit status: which of the steps failed. */
static int use_in_child(CK_SESSION_HANDLE inherited) {
    CK_SESSION_INFO info;
    if (f->C_GetSessionInfo(inherited, &info) != CKR_CRYPTOKI_NOT_INITIALIZED) {
        return 1;
    }
    if (f->C_Initialize(NULL) != CKR_OK) {
        return 2;
    }
    if (f->C_GetSessionInfo(inherited, &info) != CKR_SESSION_HANDLE_INVALID) {
        return 3;
    }
    CK_SESSION_HANDLE session;
    if (f->C_OpenSession(slot_of("sudo"), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                         &session) != CKR_OK) {
        return 4;
    }
    if (try_login(session, CKU_USER, USER_PIN) != CKR_OK) {
        return 5;
    }
    return f->C_Finalize(NULL) == CKR_OK ? 0 : 6;
}

START_TEST(a_forked_child_starts_afresh) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(use_in_child(session));
    }
    expect_exit_status(child, 0);
    CK_SESSION_INFO info;
    ck_assert_int_eq(f->C_GetSessionInfo(session, &info), CKR_OK);
    ck_assert_int_eq(info.state, CKS_RW_USER_FUNCTIONS);
}
END_TEST

static bool finalizing_late;

static void finalize_late(void) {
    if (finalizing_late) {
        _exit(f->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1);
    }
}

void finalize_after_exit(void) {
    atexit(finalize_late);
}

/* Libraries call their modules from exit handlers, when what those stand on is gone. */
START_TEST(after_exit_nothing_is_touched) {
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        finalizing_late = true;
        bool ready = f->C_Initialize(NULL) == CKR_OK;
        exit(ready ? 2 : 3);
    }
    expect_exit_status(child, 0);
}
END_TEST

/* Exit status: which of the steps failed. */
static int unload_in_child(void) {
    for (int i = 0; i < 3; i++) {
        CK_C_GetFunctionList get;
        CK_FUNCTION_LIST *again;
        if (i > 0) {
            module = dlopen(module_path(), RTLD_NOW | RTLD_LOCAL);
        }
        *(void **)&get = module != NULL ? dlsym(module, "C_GetFunctionList") : NULL;
        if (get == NULL || get(&again) != CKR_OK || again->C_Initialize(NULL) != CKR_OK) {
            return 1;
        }
        /* A client that forgets C_Finalize is forgiven. */
        if (i != 1 && again->C_Finalize(NULL) != CKR_OK) {
            return 2;
        }
        if (dlclose(module) != 0) {
            return 3;
        }
    }
    return 0;
}

START_TEST(is_unloaded_and_loaded_again) {
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        /* Without exit handlers: a leak checker would find what nobody finalized. */
        _exit(unload_in_child());
    }
    expect_exit_status(child, 0);
}
END_TEST

Suite *module_suite(void) {
    Suite *suite = suite_create("module");
    TCase *bare = tcase_create("bare");
    tcase_add_checked_fixture(bare, fresh_home, remove_home);
    tcase_add_test(bare, exports_three_symbols);
    tcase_add_test(bare, arguments_of_initialize);
    tcase_add_test(bare, nothing_works_uninitialized);
    tcase_add_test(bare, a_thousand_lives);
    tcase_add_test(bare, is_unloaded_and_loaded_again);
    tcase_set_timeout(bare, 120);
    suite_add_tcase(suite, bare);
    TCase *started = started_case("started");
    tcase_add_test(started, what_is_not_supported_says_so);
    tcase_add_test(started, a_forked_child_starts_afresh);
    tcase_add_test(bare, after_exit_nothing_is_touched);
    suite_add_tcase(suite, started);
    return suite;
}
