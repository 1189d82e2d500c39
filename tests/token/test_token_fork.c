/*
 * A program that forks with a token open. Each side opens the token for itself, and either may
 * close it first: SQLite knows its locks by file and process, and the child inherits what it
 * believes to hold.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

typedef struct fixture {
    char *path;
    vk_grant_record grant;
    int to_child[2], from_child[2];
} fixture;

static fixture fixture_new(void) {
    fixture f;
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    f.grant = grant_add(token, key_add(token, 0), 1);
    f.path = path_of(token);
    vk_token_close(token);
    ck_assert_int_eq(pipe(f.to_child), 0);
    ck_assert_int_eq(pipe(f.from_child), 0);
    return f;
}

static void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grant);
    free(f->path);
    close(f->to_child[0]);
    close(f->to_child[1]);
    close(f->from_child[0]);
    close(f->from_child[1]);
}

static bool say(int end) {
    return write(end, "x", 1) == 1;
}

static bool hear(int end) {
    char byte;
    return read(end, &byte, 1) == 1;
}

static int open_and_close(void *path) {
    vk_token *token;
    vk_token_info info;
    if (vk_token_open(path, &token, NULL) != VK_OK) {
        return 1;
    }
    vk_status status = vk_token_get_info(token, &info);
    vk_token_close(token);
    return status == VK_OK ? 0 : 2;
}

/* The forked child: reserves, lets the others close, reserves again. */
static int child(const fixture *f) {
    vk_token *token;
    if (vk_token_open(f->path, &token, NULL) != VK_OK ||
        login(token, VK_ROLE_USER, USER_PIN) != VK_OK || reserve(token, &f->grant, 1, 1) != VK_OK) {
        return 3;
    }
    if (!say(f->from_child[1]) || !hear(f->to_child[0])) {
        return 4;
    }
    if (reserve(token, &f->grant, 2, 1) != VK_OK || reserve(token, &f->grant, 3, 1) != VK_OK) {
        return 5;
    }
    vk_token_close(token);
    return 0;
}

/* A process with a token open: forks, closes, and lets a third one open and close. */
static int parent(void *arg) {
    const fixture *f = arg;
    int result = -1;
    vk_token *token = token_open_as(f->path, VK_ROLE_USER);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child(f));
    }
    if (!hear(f->from_child[0])) {
        return 6;
    }
    vk_token_close(token);
    if (run_child(open_and_close, f->path) != 0 || !say(f->to_child[1])) {
        return 7;
    }
    waitpid(pid, &result, 0);
    return WIFEXITED(result) ? WEXITSTATUS(result) : 8;
}

START_TEST(nothing_is_lost_when_the_parent_closes) {
    fixture f = fixture_new();
    ck_assert_int_eq(run_child(parent, &f), 0);
    vk_token *token = token_open_as(f.path, VK_ROLE_USER);
    vk_budget budget = budget_of(token, &f.grant);
    ck_assert_uint_eq(budget.rules[0].used, 3);
    vk_budget_clear(&budget);
    vk_token_close(token);
    fixture_free(&f);
}
END_TEST

static int reserve_in_child(void *arg) {
    const fixture *f = arg;
    vk_token *token;
    if (vk_token_open(f->path, &token, NULL) != VK_OK ||
        login(token, VK_ROLE_USER, USER_PIN) != VK_OK || reserve(token, &f->grant, 7, 1) != VK_OK) {
        return 1;
    }
    vk_token_close(token);
    return 0;
}

START_TEST(the_parent_goes_on_when_the_child_closes) {
    fixture f = fixture_new();
    vk_token *token = token_open_as(f.path, VK_ROLE_USER);
    assert_ok(reserve(token, &f.grant, 1, 1));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run_child(reserve_in_child, &f), 0);
        assert_ok(reserve(token, &f.grant, 2, 1));
    }
    vk_budget budget = budget_of(token, &f.grant);
    ck_assert_uint_eq(budget.rules[0].used, 7);
    vk_budget_clear(&budget);
    vk_token_close(token);
    fixture_free(&f);
}
END_TEST

static int open_status(void *path) {
    vk_token *token;
    vk_status status = vk_token_open(path, &token, NULL);
    vk_token_close(token);
    return (int)status;
}

static vk_status fork_inside(void *context, vk_budget *budget, vk_nonce_charge *charge,
                             vk_error *err) {
    (void)charge;
    (void)err;
    ck_assert_int_eq(run_child(open_status, context), VK_ERR_BUSY);
    budget->rules[0].used = 1;
    return VK_OK;
}

/* The fork comes in the middle of a transaction, which the child can neither use nor end. */
START_TEST(a_fork_in_a_decision_is_noticed) {
    fixture f = fixture_new();
    vk_token *token = token_open_as(f.path, VK_ROLE_USER);
    assert_ok(decide(token, &f.grant, 0, fork_inside, f.path));
    ck_assert_int_eq(run_child(open_status, f.path), VK_OK);
    vk_budget budget = budget_of(token, &f.grant);
    ck_assert_uint_eq(budget.rules[0].used, 1);
    vk_budget_clear(&budget);
    vk_token_close(token);
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {nothing_is_lost_when_the_parent_closes,
                                  the_parent_goes_on_when_the_child_closes,
                                  a_fork_in_a_decision_is_noticed};
    return RUN_TESTS("token fork", tests);
}
