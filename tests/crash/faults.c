#include "crash/faults.h"

#include "crash/inspect.h"
#include "crash/processes.h"
#include "support/so.h"

#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

worker user;
char home[64];
bool faults_has_journal = true;

/* The module is loaded and unloaded again. LeakSanitizer guesses from an address where its thread
 * locals are, and crashes itself when it guesses wrong. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) {
    return "use_tls=0";
}

static char said[64]; /* the file that standard error goes to */
static ledger *shared;
static char place[64]; /* of the token's directory and its anchors */
static char template_place[64];
static ledger *template_ledger;

static void must(bool held, const char *what) {
    if (!held) {
        perror(what);
        abort();
    }
}

/* ---- Reasons ---- */

static void catch_reasons(void) {
    snprintf(said, sizeof said, "/tmp/vk-said-XXXXXX");
    int file = mkstemp(said);
    must(file >= 0 && dup2(file, STDERR_FILENO) >= 0, said);
    close(file);
    must(setenv("VALETKEY_DEBUG", "1", 1) == 0, "setenv");
}

void faults_forget_reasons(void) {
    must(ftruncate(STDERR_FILENO, 0) == 0 && lseek(STDERR_FILENO, 0, SEEK_SET) == 0, said);
}

void faults_assert_reason(const char *part) {
    static char text[1 << 16];
    ssize_t len = pread(STDERR_FILENO, text, sizeof text - 1, 0);
    must(len >= 0, said);
    text[len] = '\0';
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" was not said, but: %s", part, text);
    faults_forget_reasons();
}

/* ---- Fixtures ---- */

static bool make_keys(ledger *l, unsigned process, uint64_t seed) {
    worker w = {.l = l, .me = &l->members[process], .d = dice_new(seed, 0)};
    bool held = work_start(&w, CKU_USER);
    for (int kind = 0; kind < KINDS && held; kind++) {
        held = work_make(&w, (ledger_kind)kind, kind != KIND_PASSKEY);
    }
    client_stop(&w.c);
    return held;
}

/* Each copy of a token has an anchor of its own: to the others' it would be a backup that was put
 * back. */
static void new_place(char path[64]) {
    char anchors[80];
    snprintf(path, 64, "/tmp/vk-faults-XXXXXX");
    must(mkdtemp(path) != NULL, path);
    snprintf(home, sizeof home, "%.50s/home", path);
    snprintf(anchors, sizeof anchors, "%.50s/anchors", path);
    must(mkdir(home, 0700) == 0 && setenv("VALETKEY_HOME", home, 1) == 0 &&
             setenv("VALETKEY_ANCHOR_DIR", anchors, 1) == 0,
         home);
}

void faults_make_template(void) {
    new_place(template_place);
    template_ledger = ledger_new();
    must(processes_run(processes_make_token, template_ledger, 0) &&
             processes_run(make_keys, template_ledger, 1),
         template_ledger->failure);
}

void faults_remove_template(void) {
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", template_place);
    must(system(command) == 0, template_place);
}

void faults_new_home(void) {
    new_place(place);
}

void faults_copy_token(void) {
    char command[200];
    snprintf(command, sizeof command, "cp -a '%s'/. '%s'", template_place, place);
    must(system(command) == 0, command);
    catch_reasons();
    shared = ledger_new();
    memcpy(shared->keys, template_ledger->keys, sizeof shared->keys);
    atomic_store(&shared->key_count, atomic_load(&template_ledger->key_count));
    user = (worker){.l = shared, .me = &shared->members[0], .d = dice_new(1, 1)};
    ck_assert_msg(work_start(&user, CKU_USER), "%s", shared->failure);
    faults_forget_reasons();
}

void faults_set_up(void) {
    faults_new_home();
    faults_copy_token();
}

void faults_set_up_without_journal(void) {
    char so_pin[24];
    faults_set_up();
    work_pin(0, true, so_pin);
    so_journal(WORK_LABEL, so_pin, VK_JOURNAL_OFF);
    faults_has_journal = false;
}

static void remove_all(void) {
    char command[160];
    (void)umount2(home, MNT_DETACH); /* of the tests with a disk of their own */
    snprintf(command, sizeof command, "rm -rf '%s' '%s'", place, said);
    ck_assert_int_eq(system(command), 0);
}

void faults_drop(void) {
    client_stop(&user.c);
    remove_all();
}

bool faults_own_mounts(const char *test) {
    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0) {
        return true;
    }
    printf("skipped: 1 (%s needs mounts of its own)\n", test);
    fflush(stdout);
    return false;
}

void faults_give_to(uid_t user_id) {
    char command[200];
    snprintf(command, sizeof command, "chown -R %u '%s' '%s'", (unsigned)user_id, place, said);
    ck_assert_int_eq(system(command), 0);
}

void faults_token_path(char path[128]) {
    glob_t found;
    char pattern[128];
    snprintf(pattern, sizeof pattern, "%s/*.db", home);
    must(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1, pattern);
    snprintf(path, 128, "%s", found.gl_pathv[0]);
    globfree(&found);
}

static bool look(ledger *l, unsigned process, uint64_t seed) {
    worker w = {.l = l, .me = &l->members[process], .d = dice_new(seed, 99)};
    return inspect(&w);
}

void faults_tear_down(void) {
    client_stop(&user.c);
    ledger_settle(shared);
    bool held = !atomic_load(&shared->failed) && processes_run(look, shared, 1) &&
                inspect_directory(shared, home);
    ck_assert_msg(held, "%s", shared->failure);
    remove_all();
}

/* ---- Signing ---- */

ledger_key *faults_key(ledger_kind kind) {
    return &shared->keys[kind]; /* they were made in this order */
}

static void assert_empty(const ledger_signature *entry) {
    static const uint8_t none[LEDGER_SIGNATURE_MAX];
    ck_assert_msg(memcmp(entry->bytes, none, sizeof none) == 0, "a refused signature was written");
}

CK_RV faults_sign_nonce(ledger_key *key, unsigned nonce) {
    CK_OBJECT_HANDLE object;
    CK_ULONG count;
    bool is_digest = key->kind == KIND_DIGEST || key->kind == KIND_SUDO;
    CK_RV rv = client_find(&user.c, CKO_PRIVATE_KEY, key->label, &object, &count);
    if (rv != CKR_OK || count != 1) {
        return rv;
    }
    ledger_signature *entry = ledger_signature_new(shared, key);
    ck_assert_ptr_nonnull(entry);
    entry->nonce = nonce;
    entry->mode = is_digest ? MODE_DIGEST : MODE_DEFAULT;
    entry->gas = 1400000;
    entry->fee = 1000000000;
    rv = work_sign_entry(&user, object, entry);
    if (rv != CKR_OK) {
        assert_empty(entry);
    }
    /* After a failure that is no refusal, it may be counted or not: nobody can know. */
    if (rv != CKR_OK && rv != CKR_FUNCTION_REJECTED) {
        atomic_store(&entry->outcome, OUTCOME_OPEN);
    }
    return rv;
}

CK_RV faults_sign(ledger_kind kind) {
    ledger_key *key = faults_key(kind);
    return faults_sign_nonce(key, atomic_fetch_add(&key->next_nonce, 1));
}
