/* Tokens: the directory, making, opening, PINs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static vk_status create(const char *label, const char *pin, vk_token **out) {
    vk_token_new args = {.label = label, .so_pin = (const uint8_t *)pin, .so_pin_len = strlen(pin)};
    vk_error err;
    return vk_token_create(home, &args, out, &err);
}

static char *join(const char *directory, const char *name) {
    vk_buf path = {0};
    vk_buf_printf(&path, "%s/%s", directory, name);
    char *text = vk_buf_take_text(&path);
    ck_assert_ptr_nonnull(text);
    return text;
}

static unsigned mode_of(const char *path) {
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    return info.st_mode & 07777;
}

/* ---- The directory ---- */

static void assert_home(const char *expected) {
    char *path;
    assert_ok(vk_home_path(&path));
    ck_assert_str_eq(path, expected);
    vk_text_free(path);
}

START_TEST(home_comes_from_the_environment) {
    char *path;
    ck_assert_int_eq(setenv("VALETKEY_HOME", "/a/tokens", 1), 0);
    ck_assert_int_eq(setenv("XDG_DATA_HOME", "/b", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/c", 1), 0);
    assert_home("/a/tokens");
    ck_assert_int_eq(setenv("VALETKEY_HOME", "", 1), 0);
    assert_home("/b/valetkey");
    ck_assert_int_eq(setenv("XDG_DATA_HOME", "relative", 1), 0);
    assert_home("/c/.local/share/valetkey");
    ck_assert_int_eq(unsetenv("HOME"), 0);
    assert_status(vk_home_path(&path), VK_ERR_NOT_FOUND);
}
END_TEST

START_TEST(missing_directory_is_empty) {
    char *missing = join(home, "no/such");
    ck_assert_uint_eq(listed(missing), 0);
    vk_text_free(missing);
}
END_TEST

START_TEST(lists_oldest_first) {
    vk_token *tokens[4];
    char **paths;
    size_t count;
    for (int i = 0; i < 4; i++) {
        assert_ok(create("t", SO_PIN, &tokens[i]));
    }
    assert_ok(vk_home_tokens(home, &paths, &count, NULL));
    ck_assert_uint_eq(count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(paths[i], vk_token_path(tokens[i]));
        vk_token_close(tokens[i]);
    }
    vk_home_free(paths, count);
}
END_TEST

/* A clock that went back does not change the order. */
START_TEST(new_token_comes_last) {
    char *future = join(home, "fffff00000000001.db");
    vk_token *token;
    assert_ok(create("t", SO_PIN, &token));
    char *path = path_of(token);
    vk_token_close(token);
    ck_assert_int_eq(rename(path, future), 0);
    assert_ok(create("t", SO_PIN, &token));
    ck_assert_int_gt(strcmp(vk_token_path(token), future), 0);
    vk_token_close(token);
    free(path);
    vk_text_free(future);
}
END_TEST

START_TEST(modes_are_private) {
    char *nested = join(home, "a/b");
    vk_token *token;
    char *old = home;
    mode_t mask = umask(0);
    home = nested;
    assert_ok(create("t", SO_PIN, &token));
    home = old;
    umask(mask);
    ck_assert_uint_eq(mode_of(nested), 0700);
    ck_assert_uint_eq(mode_of(vk_token_path(token)), 0600);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_init_user_pin(token, (const uint8_t *)USER_PIN, 4));
    static const char *const suffixes[] = {"-wal", "-shm"};
    for (size_t i = 0; i < 2; i++) {
        vk_buf side = {0};
        vk_buf_printf(&side, "%s%s", vk_token_path(token), suffixes[i]);
        char *path = vk_buf_take_text(&side);
        ck_assert_uint_eq(mode_of(path), 0600);
        vk_text_free(path);
    }
    vk_token_close(token);
    vk_text_free(nested);
}
END_TEST

static void assert_refused(const char *path, vk_status expected) {
    char **paths;
    size_t count;
    vk_token *token;
    vk_error err = {0};
    assert_status(vk_home_tokens(home, &paths, &count, &err), expected);
    ck_assert_int_ne(err.message[0], 0);
    assert_status(vk_token_open(path, &token, &err), expected);
    ck_assert_ptr_null(token);
}

START_TEST(refuses_what_others_can_write) {
    vk_token *token;
    assert_ok(create("t", SO_PIN, &token));
    char *path = path_of(token);
    vk_token_close(token);
    static const mode_t unsafe[] = {0720, 0702, 0777};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(chmod(home, unsafe[i]), 0);
        assert_refused(path, VK_ERR_PERMISSIONS);
        assert_status(create("t", SO_PIN, &token), VK_ERR_PERMISSIONS);
    }
    ck_assert_int_eq(chmod(home, 0755), 0);
    ck_assert_uint_eq(listed(home), 1);
    ck_assert_int_eq(chmod(path, 0620), 0);
    assert_refused(path, VK_ERR_PERMISSIONS);
    ck_assert_int_eq(chmod(path, 0602), 0);
    assert_refused(path, VK_ERR_PERMISSIONS);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_uint_eq(listed(home), 1);
    free(path);
}
END_TEST

START_TEST(refuses_links_and_directories) {
    vk_token *token;
    assert_ok(create("t", SO_PIN, &token));
    char *path = path_of(token), *other = join(home, "elsewhere");
    vk_token_close(token);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    assert_refused(path, VK_ERR_PERMISSIONS);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    assert_refused(path, VK_ERR_PERMISSIONS);
    vk_text_free(other);
    free(path);
}
END_TEST

START_TEST(refuses_what_is_not_ours) {
    vk_token *token;
    if (geteuid() != 0) {
        return; /* main says so */
    }
    assert_ok(create("t", SO_PIN, &token));
    char *path = path_of(token);
    vk_token_close(token);
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    assert_refused(path, VK_ERR_PERMISSIONS);
    ck_assert_int_eq(chown(path, 0, 0), 0);
    ck_assert_int_eq(chown(home, 65534, 65534), 0);
    assert_refused(path, VK_ERR_PERMISSIONS);
    free(path);
}
END_TEST

START_TEST(cleans_what_a_dead_creation_left) {
    char *left = join(home, ".new-0123"), *log = join(home, ".new-0123-wal");
    vk_token *token;
    fclose(fopen(left, "w"));
    fclose(fopen(log, "w"));
    ck_assert_uint_eq(listed(home), 0);
    assert_ok(create("t", SO_PIN, &token));
    vk_token_close(token);
    ck_assert_int_ne(access(left, F_OK), 0);
    ck_assert_int_ne(access(log, F_OK), 0);
    ck_assert_uint_eq(listed(home), 1);
    vk_text_free(left);
    vk_text_free(log);
}
END_TEST

START_TEST(refuses_other_files) {
    vk_token *token;
    vk_error err;
    assert_ok(create("t", SO_PIN, &token));
    char *path = path_of(token);
    vk_token_close(token);
    raw(path, "PRAGMA user_version = 1000");
    assert_status(vk_token_open(path, &token, &err), VK_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "version 1000"));
    raw(path, "PRAGMA application_id = 1");
    assert_status(vk_token_open(path, &token, &err), VK_ERR_UNSUPPORTED);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++) {
        fputs("this is no database ", file);
    }
    fclose(file);
    assert_status(vk_token_open(path, &token, &err), VK_ERR_STORE);
    ck_assert_int_eq(unlink(path), 0);
    assert_status(vk_token_open(path, &token, &err), VK_ERR_NOT_FOUND);
    free(path);
}
END_TEST

/* ---- What a token says ---- */

START_TEST(info_of_a_new_token) {
    static const char label[] = "exactly thirty-two bytes, label!";
    vk_token_info info;
    vk_token_new args = {
        .label = label, .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = 8, .default_sudo = true};
    vk_token *token;
    assert_ok(vk_token_create(home, &args, &token, NULL));
    for (int i = 0; i < 2; i++) {
        assert_ok(vk_token_get_info(token, &info));
        ck_assert_str_eq(info.label, label);
        ck_assert_uint_eq(strlen(info.serial), VK_TOKEN_SERIAL_LEN);
        ck_assert_ptr_nonnull(strstr(vk_token_path(token), info.serial));
        ck_assert(!info.user_pin_set && !info.read_only && info.settings.default_sudo);
        ck_assert_uint_eq(info.so_tries_left, VK_PIN_TRIES);
        ck_assert_uint_eq(info.user_tries_left, VK_PIN_TRIES);
        token = token_reopen(token);
    }
    vk_token_close(token);
}
END_TEST

START_TEST(bad_arguments_make_no_token) {
    vk_token *token;
    char long_pin[VK_PIN_MAX + 2] = {0};
    memset(long_pin, 'x', VK_PIN_MAX + 1);
    assert_status(create("t", "123", &token), VK_ERR_PIN_LENGTH);
    assert_status(create("t", long_pin, &token), VK_ERR_PIN_LENGTH);
    assert_status(create("a label of thirty-three bytes ...", SO_PIN, &token), VK_ERR_SIZE);
    assert_status(create(NULL, SO_PIN, &token), VK_ERR_ARGUMENT);
    ck_assert_uint_eq(listed(home), 0);
    long_pin[VK_PIN_MAX] = '\0';
    assert_ok(create("", long_pin, &token));
    assert_ok(login(token, VK_ROLE_SO, long_pin));
    vk_token_close(token);
}
END_TEST

/* ---- PINs ---- */

static unsigned tries(vk_token *token, vk_role role) {
    vk_token_info info;
    assert_ok(vk_token_get_info(token, &info));
    return role == VK_ROLE_SO ? info.so_tries_left : info.user_tries_left;
}

START_TEST(roles_take_turns) {
    vk_token *token = token_new(home);
    ck_assert_int_eq(vk_token_role(token), VK_ROLE_NONE);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    ck_assert_int_eq(vk_token_role(token), VK_ROLE_USER);
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_EXISTS);
    assert_status(login(token, VK_ROLE_SO, SO_PIN), VK_ERR_EXISTS);
    assert_ok(vk_token_check_pin(token, (const uint8_t *)USER_PIN, 4));
    assert_status(vk_token_check_pin(token, (const uint8_t *)"4321", 4), VK_ERR_PIN_INCORRECT);
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), VK_PIN_TRIES - 1);
    assert_status(vk_token_init_user_pin(token, (const uint8_t *)"9999", 4), VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(token);
    assert_status(vk_token_check_pin(token, (const uint8_t *)USER_PIN, 4), VK_ERR_NOT_LOGGED_IN);
    assert_status(login(token, VK_ROLE_NONE, USER_PIN), VK_ERR_ARGUMENT);
    vk_token_close(token);
}
END_TEST

START_TEST(no_user_pin_at_first) {
    vk_token *token;
    assert_ok(create("t", SO_PIN, &token));
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_NOT_SET);
    assert_status(login(token, VK_ROLE_SO, "123"), VK_ERR_PIN_INCORRECT);
    ck_assert_uint_eq(tries(token, VK_ROLE_SO), VK_PIN_TRIES - 1);
    vk_token_close(token);
}
END_TEST

START_TEST(right_pin_resets_the_counter) {
    vk_token *token = token_new(home);
    assert_status(login(token, VK_ROLE_USER, "wrong"), VK_ERR_PIN_INCORRECT);
    assert_status(login(token, VK_ROLE_USER, USER_PIN "5"), VK_ERR_PIN_INCORRECT);
    token = token_reopen(token);
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), VK_PIN_TRIES - 2);
    ck_assert_uint_eq(tries(token, VK_ROLE_SO), VK_PIN_TRIES);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), VK_PIN_TRIES);
    vk_token_close(token);
}
END_TEST

START_TEST(login_writes_nothing) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    uint64_t generation, later;
    vk_token *other;
    assert_ok(vk_token_open(path, &other, NULL));
    assert_ok(vk_token_generation(other, &generation));
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    usleep(2000);
    assert_ok(vk_token_generation(other, &later));
    ck_assert_uint_eq(generation, later);
    vk_token_close(other);
    vk_token_close(token);
    free(path);
}
END_TEST

static int wrong_login(void *path) {
    vk_token *token;
    if (vk_token_open(path, &token, NULL) != VK_OK) {
        return 100;
    }
    vk_status status = login(token, VK_ROLE_USER, "wrong");
    vk_token_close(token);
    return (int)status;
}

START_TEST(tries_are_counted_across_processes) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    vk_token_close(token);
    for (int i = 0; i < VK_PIN_TRIES; i++) {
        ck_assert_int_eq(run_child(wrong_login, path), VK_ERR_PIN_INCORRECT);
    }
    ck_assert_int_eq(run_child(wrong_login, path), VK_ERR_PIN_LOCKED);
    assert_ok(vk_token_open(path, &token, NULL));
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), 0);
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_LOCKED);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_init_user_pin(token, (const uint8_t *)"new pin", 7));
    vk_token_logout(token);
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), VK_PIN_TRIES);
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_INCORRECT);
    assert_ok(login(token, VK_ROLE_USER, "new pin"));
    vk_token_close(token);
    free(path);
}
END_TEST

START_TEST(so_pin_locks_too) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    for (int i = 0; i < VK_PIN_TRIES; i++) {
        assert_status(login(token, VK_ROLE_SO, "wrong"), VK_ERR_PIN_INCORRECT);
    }
    assert_status(login(token, VK_ROLE_SO, SO_PIN), VK_ERR_PIN_LOCKED);
    vk_token_new args = {.label = "t", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = 8};
    assert_status(vk_token_reinit(token, &args, NULL), VK_ERR_PIN_LOCKED);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_token_close(token);
    free(path);
}
END_TEST

START_TEST(pins_can_be_changed) {
    vk_token *token = token_new(home);
    assert_status(set_pin(token, VK_ROLE_USER, "wrong", "new user"), VK_ERR_PIN_INCORRECT);
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), VK_PIN_TRIES - 1);
    assert_status(set_pin(token, VK_ROLE_USER, USER_PIN, "abc"), VK_ERR_PIN_LENGTH);
    assert_ok(set_pin(token, VK_ROLE_USER, USER_PIN, "new user"));
    assert_ok(set_pin(token, VK_ROLE_SO, SO_PIN, "new so"));
    ck_assert_uint_eq(tries(token, VK_ROLE_USER), VK_PIN_TRIES);
    token = token_reopen(token);
    assert_status(login(token, VK_ROLE_SO, SO_PIN), VK_ERR_PIN_INCORRECT);
    assert_ok(login(token, VK_ROLE_SO, "new so"));
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, "new user"));
    assert_ok(set_pin(token, VK_ROLE_USER, "new user", USER_PIN));
    vk_token_close(token);
}
END_TEST

/* What one connection changes is seen by the next login of another. */
/* What is written into a file that lost its name is not there. */
START_TEST(no_pin_changes_in_a_file_that_was_replaced) {
    char command[600];
    vk_token *token = token_new(home);
    char *path = path_of(token);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    snprintf(command, sizeof command, "cp '%s' '%s-copy' && mv '%s-copy' '%s'", path, path, path,
             path);
    ck_assert_int_eq(system(command), 0);
    assert_status(set_pin(token, VK_ROLE_USER, USER_PIN, "another-pin"), VK_ERR_STORE);
    assert_status(vk_token_init_user_pin(token, (const uint8_t *)"another-pin", 11), VK_ERR_STORE);
    vk_token_close(token);
    free(path);
}
END_TEST

START_TEST(pins_are_read_at_each_login) {
    vk_token *token = token_new(home), *other;
    assert_ok(vk_token_open(vk_token_path(token), &other, NULL));
    assert_ok(login(other, VK_ROLE_USER, USER_PIN));
    vk_token_logout(other);
    assert_ok(set_pin(token, VK_ROLE_USER, USER_PIN, "changed"));
    assert_status(login(other, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_INCORRECT);
    assert_ok(login(other, VK_ROLE_USER, "changed"));
    vk_token_close(other);
    vk_token_close(token);
}
END_TEST

START_TEST(reinit_starts_over) {
    vk_token *token = token_new(home);
    vk_token_info info;
    size_t count;
    int64_t *ids;
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    assert_ok(reserve(token, &grant, 1, 100));
    vk_token_new args = {.label = "again",
                         .so_pin = (const uint8_t *)"wrong",
                         .so_pin_len = 5,
                         .default_sudo = true};
    assert_status(vk_token_reinit(token, &args, NULL), VK_ERR_PIN_INCORRECT);
    ck_assert_uint_eq(tries(token, VK_ROLE_SO), VK_PIN_TRIES - 1);
    args.so_pin = (const uint8_t *)SO_PIN;
    args.so_pin_len = strlen(SO_PIN);
    assert_ok(vk_token_reinit(token, &args, NULL));
    assert_ok(vk_token_get_info(token, &info));
    ck_assert_str_eq(info.label, "again");
    ck_assert(!info.user_pin_set && info.settings.default_sudo);
    ck_assert_int_eq(vk_token_role(token), VK_ROLE_NONE);
    assert_ok(vk_token_key_find(token, &(vk_key_filter){0}, &ids, &count));
    ck_assert_uint_eq(count, 0);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_init_user_pin(token, (const uint8_t *)USER_PIN, 4));
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    int64_t again = key_add(token, 1);
    ck_assert_int_gt(again, id);
    vk_grant_record_clear(&grant);
    grant = grant_add(token, again, 1);
    vk_budget budget = budget_of(token, &grant);
    ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), 100);
    vk_budget_clear(&budget);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

START_TEST(generation_follows_changes) {
    vk_token *token = token_new(home), *other;
    uint64_t before, after;
    assert_ok(vk_token_open(vk_token_path(token), &other, NULL));
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    usleep(2000);
    assert_ok(vk_token_generation(other, &before));
    assert_ok(vk_token_generation(other, &after));
    ck_assert_uint_eq(before, after);
    uint64_t own;
    assert_ok(vk_token_generation(token, &own));
    int64_t id = key_add(token, 1);
    usleep(2000);
    assert_ok(vk_token_generation(other, &after));
    ck_assert_uint_ne(before, after);
    assert_ok(vk_token_generation(token, &after));
    ck_assert_uint_ne(own, after);
    vk_grant_record grant = grant_add(token, id, 1);
    assert_ok(vk_token_generation(token, &own));
    assert_ok(reserve(token, &grant, 1, 1));
    usleep(2000);
    assert_ok(vk_token_generation(token, &after));
    ck_assert_uint_eq(own, after);
    vk_grant_record_clear(&grant);
    vk_token_close(other);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {home_comes_from_the_environment,
                                  missing_directory_is_empty,
                                  lists_oldest_first,
                                  new_token_comes_last,
                                  modes_are_private,
                                  refuses_what_others_can_write,
                                  refuses_links_and_directories,
                                  refuses_what_is_not_ours,
                                  cleans_what_a_dead_creation_left,
                                  refuses_other_files,
                                  info_of_a_new_token,
                                  bad_arguments_make_no_token,
                                  roles_take_turns,
                                  no_user_pin_at_first,
                                  right_pin_resets_the_counter,
                                  login_writes_nothing,
                                  tries_are_counted_across_processes,
                                  so_pin_locks_too,
                                  pins_can_be_changed,
                                  no_pin_changes_in_a_file_that_was_replaced,
                                  pins_are_read_at_each_login,
                                  reinit_starts_over,
                                  generation_follows_changes};
    if (geteuid() != 0) {
        puts("skipped: 1 (refuses_what_is_not_ours needs root)");
    }
    return RUN_TESTS("tokens", tests);
}
