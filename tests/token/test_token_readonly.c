/* Tokens that cannot be written: they can still be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support.h"

static void read_only_token(void (*restrict_it)(const char *path), void (*free_it)(const char *)) {
    char *place = home_new();
    vk_token *token = token_new(place);
    vk_token_info info;
    uint8_t secret[32];
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    int64_t id = key_add(token, 1);
    vk_grant_record grant = grant_add(token, id, 1);
    char *path = path_of(token);
    vk_token_close(token);
    restrict_it(path);
    ck_assert_uint_eq(listed(place), 1);
    assert_ok(vk_token_open(path, &token, NULL));
    assert_ok(vk_token_get_info(token, &info));
    ck_assert(info.read_only && info.user_pin_set);
    assert_status(login(token, VK_ROLE_USER, "wrong"), VK_ERR_PIN_INCORRECT);
    assert_ok(vk_token_get_info(token, &info));
    ck_assert_uint_eq(info.user_tries_left, VK_PIN_TRIES - 1);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_key_record record;
    assert_ok(vk_token_key_get(token, id, &record));
    assert_ok(unseal(token, &record, secret));
    vk_key_record_clear(&record);
    vk_error err;
    vk_key_record second = record_new(2);
    vk_key_names names = names_of(2);
    assert_status(vk_token_key_add(token, &second, &names, secret, &err), VK_ERR_READ_ONLY);
    ck_assert_int_ne(err.message[0], 0);
    assert_status(reserve(token, &grant, 1, 1), VK_ERR_READ_ONLY);
    assert_status(vk_token_key_set_denial(token, id, "why"), VK_ERR_READ_ONLY);
    assert_status(set_pin(token, VK_ROLE_USER, USER_PIN, "new user"), VK_ERR_READ_ONLY);
    assert_status(vk_token_key_remove(token, id, true, true), VK_ERR_READ_ONLY);
    vk_key_record_clear(&second);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
    free_it(path);
    free(path);
    home_remove(place);
}

static void set_modes(const char *path, mode_t directory, mode_t file) {
    char *copy = strdup(path);
    *strrchr(copy, '/') = '\0';
    ck_assert_int_eq(chmod(copy, directory), 0);
    ck_assert_int_eq(chmod(path, file), 0);
    free(copy);
}

static void forbid_file(const char *path) {
    set_modes(path, 0700, 0400);
}

static void forbid_directory(const char *path) {
    set_modes(path, 0500, 0600);
}

static void forbid_both(const char *path) {
    set_modes(path, 0500, 0400);
}

static void allow(const char *path) {
    set_modes(path, 0700, 0600);
}

static void copy_file(const char *from, const char *to) {
    char buffer[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    ck_assert(in != NULL && out != NULL);
    for (size_t len; (len = fread(buffer, 1, sizeof buffer, in)) > 0;) {
        ck_assert_uint_eq(fwrite(buffer, 1, len, out), len);
    }
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(chmod(to, 0600), 0);
}

/* The files of a token that is still open: its log holds what the database lacks. */
static void left_log(void) {
    char *place = home_new(), *copies = home_new();
    vk_token *token = token_new(place);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    key_add(token, 1);
    char *path = path_of(token), from[600], to[600];
    snprintf(to, sizeof to, "%s/%s", copies, strrchr(path, '/') + 1);
    char *copy = strdup(to);
    copy_file(path, to);
    snprintf(from, sizeof from, "%s-wal", path);
    snprintf(to, sizeof to, "%s-wal", copy);
    copy_file(from, to);
    vk_token_close(token);
    forbid_directory(copy);
    vk_error err = {0};
    assert_status(vk_token_open(copy, &token, &err), VK_ERR_STORE);
    ck_assert_ptr_nonnull(strstr(err.message, "write-ahead log"));
    allow(copy);
    free(copy);
    free(path);
    home_remove(place);
    home_remove(copies);
}

static void read_only_bodies(void) {
    read_only_token(forbid_file, allow);
    read_only_token(forbid_directory, allow);
    read_only_token(forbid_both, allow);
    left_log();
}

START_TEST(read_only_tokens_can_be_read) {
    run_as_user(read_only_bodies);
}
END_TEST

static void create_in_read_only_home(void) {
    vk_token *token;
    vk_token_new args = {.label = "t", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = 8};
    vk_error err;
    char *place = home_new();
    ck_assert_int_eq(chmod(place, 0500), 0);
    assert_status(vk_token_create(place, &args, &token, &err), VK_ERR_READ_ONLY);
    char nested[512];
    snprintf(nested, sizeof nested, "%s/nested", place);
    assert_status(vk_token_create(nested, &args, &token, &err), VK_ERR_READ_ONLY);
    ck_assert_int_eq(chmod(place, 0700), 0);
    home_remove(place);
}

START_TEST(read_only_home_takes_no_token) {
    run_as_user(create_in_read_only_home);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {read_only_tokens_can_be_read, read_only_home_takes_no_token};
    return RUN_TESTS("read-only tokens", tests);
}
