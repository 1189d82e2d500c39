/*
 * The passkey server is killed at each of its writes and syncs in turn, while a passkey registers
 * and logs in twice, and then the power goes, too: what was answered stands, and of what was not
 * there is nothing or all. No login's count is ever lower than one that was answered.
 */
#include "party.h"
#include "support/disk.h"
#include "support/powercut.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <token/journal.h>
#include <unistd.h>

#define REGISTERED 5 /* the passkey's count */
#define LOGGED_IN 7  /* and at its last login */

/* ---- The server that dies ---- */

static void open_and_serve(const char *path) {
    ck_assert_int_eq(vk_token_open(path, &token, NULL), VK_OK);
    party_serve();
}

/* Says each count that was answered. */
_Noreturn static void be_served(passkey *p, const char *path, int report, uint64_t skip) {
    open_and_serve(path);
    disk_kill(party_directory(PARTY_TOKENS), skip);
    for (p->count = REGISTERED; p->count <= LOGGED_IN; p->count++) {
        const uint8_t count = (uint8_t)p->count;
        p->count == REGISTERED ? register_it(p) : log_in(p);
        if (write(report, &count, 1) != 1) {
            _exit(2);
        }
    }
    _exit(0);
}

static uint8_t last_of(int from) {
    uint8_t next, last = 0;
    while (read(from, &next, 1) == 1) {
        last = next;
    }
    return last;
}

/* The count that was answered last, 0 for none; false: it was killed. */
static bool serve(passkey *p, const char *path, uint64_t skip, uint8_t *answered) {
    int ends[2], result;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        be_served(p, path, ends[1], skip);
    }
    close(ends[1]);
    *answered = last_of(ends[0]);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    bool is_killed = WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL;
    ck_assert(is_killed || (WIFEXITED(result) && WEXITSTATUS(result) == 0));
    return !is_killed;
}

/* ---- What is left ---- */

typedef struct left {
    size_t count, broken;
    vk_passkey_user user;
} left;

static vk_status look(void *context, const vk_passkey_user *user, bool is_whole) {
    left *l = context;
    l->count++;
    l->broken += !is_whole;
    l->user = *user;
    return VK_OK;
}

static void check_user(const passkey *p, const vk_passkey_user *user, uint8_t answered) {
    ck_assert_str_eq(user->name, "alice");
    ck_assert_str_eq(user->rp_id, RP_ID);
    ck_assert_str_eq(user->transports, "internal,hybrid");
    ck_assert_mem_eq(user->point65, p->point65, 65);
    ck_assert_uint_eq(user->credential_id_len, id_of(p).len);
    ck_assert_mem_eq(user->credential_id, id_of(p).data, user->credential_id_len);
    ck_assert_uint_ge(user->sign_count, answered == 0 ? REGISTERED : answered);
    ck_assert_uint_le(user->sign_count, answered == 0 ? REGISTERED : answered + 1u);
}

static void check_token(void) {
    vk_journal_check check;
    ck_assert_int_eq(vk_journal_verify(token, NULL, NULL, &check, NULL), VK_OK);
    ck_assert_int_eq(check.findings, 0);
    ck_assert(check.macs_checked);
}

/* The life of the passkey goes on from there. */
static void check_life(passkey *p, const left *l) {
    if (l->count == 0) {
        p->count = REGISTERED;
        register_it(p);
        return;
    }
    refuse_registration(p, "", 409, "registered already");
    p->count = l->user.sign_count;
    refuse_login(p, "", "");
    p->count++;
    log_in(p);
}

static left check_left(passkey *p, const char *path, uint8_t answered) {
    left l = {0};
    open_and_serve(path);
    ck_assert_int_eq(vk_token_passkey_each(token, look, &l, NULL), VK_OK);
    ck_assert_uint_eq(l.broken, 0);
    ck_assert_uint_le(l.count, 1);
    ck_assert(l.count == 1 || answered == 0);
    if (l.count == 1) {
        check_user(p, &l.user, answered);
    }
    check_token();
    check_life(p, &l);
    return l;
}

/* ---- Tests ---- */

/* What a run was killed in the middle of. */
typedef struct runs {
    unsigned killed, without_user, unanswered, went_on;
} runs;

static bool run(uint64_t skip, bool cuts_power, runs *out) {
    passkey p = make_passkey();
    char path[256];
    uint8_t answered;
    party_set_up();
    snprintf(path, sizeof path, "%s", vk_token_path(token));
    party_close();
    if (cuts_power) {
        powercut_watch(party_directory(PARTY_TOKENS), party_directory(PARTY_COPIES));
    }
    bool is_done = serve(&p, path, skip, &answered);
    if (cuts_power) {
        powercut_strike();
    }
    left l = check_left(&p, path, answered);
    ck_assert(!is_done || (answered == LOGGED_IN && l.user.sign_count == LOGGED_IN));
    out->killed += !is_done;
    out->without_user += l.count == 0;
    out->unanswered += answered == 0;
    out->went_on += answered > REGISTERED;
    party_tear_down();
    EVP_PKEY_free(p.key);
    return is_done;
}

START_TEST(killed_at_each_write) {
    runs r = {0};
    uint64_t skip = 0;
    while (!run(skip, _i == 1, &r)) {
        ck_assert_uint_lt(++skip, 500);
    }
    /* It died before, in and after the registration, and between the logins. */
    ck_assert_uint_ge(r.killed, 6);
    ck_assert_uint_ge(r.without_user, 1);
    ck_assert_uint_ge(r.unanswered, 2);
    ck_assert_uint_ge(r.went_on, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("passkey crashes");
    TCase *tests = tcase_create("passkey crashes");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, killed_at_each_write, 0, 2);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
