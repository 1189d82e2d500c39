/* The stores of security keys' own keys: tokens that have no other way in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "enrolled.h"

static vk_status make_store(const char *so_pin, vk_token **out) {
    uint8_t secret[32];
    vk_enrolment enrolment = enrolment_new(0);
    device_secret(0, secret);
    vk_token_new args = {.label = "a security key",
                         .so_pin = (const uint8_t *)so_pin,
                         .so_pin_len = so_pin != NULL ? strlen(so_pin) : 0,
                         .enrolment = &enrolment,
                         .enrolment_secret32 = secret,
                         .is_device_store = true};
    return vk_token_create(home, &args, out, NULL);
}

static size_t stores(void) {
    char **paths;
    size_t count;
    assert_ok(vk_home_device_stores(home, &paths, &count, NULL));
    vk_home_free(paths, count);
    return count;
}

/* As a process finds it that has nothing but the directory. */
static vk_token *open_store(int64_t *id) {
    char **paths;
    size_t count;
    vk_token *token;
    vk_enrolment *list;
    assert_ok(vk_home_device_stores(home, &paths, &count, NULL));
    ck_assert_uint_eq(count, 1);
    assert_ok(vk_token_open(paths[0], &token, NULL));
    vk_home_free(paths, count);
    assert_ok(vk_token_enrolments(token, &list, &count, NULL));
    ck_assert_uint_eq(count, 1);
    *id = list[0].id;
    vk_enrolments_free(list);
    return token;
}

START_TEST(a_store_is_listed_and_opened) {
    int64_t id;
    vk_token *token;
    assert_ok(make_store(NULL, &token));
    vk_token_info info = info_of(token);
    ck_assert(info.is_device_store && !info.has_so_pin && !info.user_pin_set);
    ck_assert_uint_eq(info.enrolments, 1);
    const char *name = strrchr(vk_token_path(token), '/') + 1;
    ck_assert_mem_eq(name, info.serial, VK_TOKEN_SERIAL_LEN);
    ck_assert_str_eq(name + VK_TOKEN_SERIAL_LEN, ".fido2.db");
    vk_token_close(token);
    ck_assert_uint_eq(listed(home), 0);
    token = open_store(&id);
    assert_status(touch(token, id, 1), VK_ERR_PIN_INCORRECT);
    assert_ok(touch(token, id, 0));
    int64_t key = key_add(token, 1);
    vk_grant_record grant = grant_add(token, key, 1);
    assert_ok(reserve(token, &grant, 1, 10));
    vk_token_close(token);
    token = open_store(&id);
    assert_ok(touch(token, id, 0));
    assert_ok(reserve(token, &grant, 2, 10));
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

START_TEST(a_store_has_no_so) {
    int64_t id;
    const vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    vk_token *token;
    vk_error err = {0};
    assert_ok(make_store(NULL, &token));
    vk_token_close(token);
    token = open_store(&id);
    assert_status(login(token, VK_ROLE_SO, SO_PIN), VK_ERR_PIN_NOT_SET);
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_NOT_SET);
    assert_status(vk_token_reinit(token, &args, NULL), VK_ERR_PIN_NOT_SET);
    assert_ok(touch(token, id, 0));
    assert_status(vk_token_enrolment_remove(token, id, &err), VK_ERR_PROHIBITED);
    ck_assert_ptr_nonnull(strstr(err.message, "the last"));
    ck_assert_uint_eq(info_of(token).enrolments, 1);
    int64_t other;
    assert_status(enrol(token, TOUCH_ONLY, &other), VK_ERR_ARGUMENT);
    assert_ok(enrol(token, 1, &other));
    assert_ok(vk_token_enrolment_remove(token, id, NULL));
    assert_status(vk_token_enrolment_remove(token, other, NULL), VK_ERR_PROHIBITED);
    vk_token_close(token);
}
END_TEST

START_TEST(a_store_may_have_one) {
    int64_t id;
    vk_token *token;
    assert_ok(make_store(SO_PIN, &token));
    ck_assert(info_of(token).has_so_pin && info_of(token).is_device_store);
    vk_token_close(token);
    token = open_store(&id);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_enrolment_remove(token, id, NULL));
    vk_token_close(token);
}
END_TEST

/* An ordinary token may be enrolled from the start as well. */
START_TEST(a_token_is_made_with_one) {
    uint8_t secret[32];
    vk_enrolment enrolment = enrolment_new(0);
    vk_token *token;
    device_secret(0, secret);
    vk_token_new args = {.label = "t",
                         .so_pin = (const uint8_t *)SO_PIN,
                         .so_pin_len = strlen(SO_PIN),
                         .enrolment = &enrolment,
                         .enrolment_secret32 = secret};
    assert_ok(vk_token_create(home, &args, &token, NULL));
    ck_assert(!info_of(token).is_device_store);
    assert_ok(touch(token, 1, 0));
    vk_token_close(token);
    ck_assert_uint_eq(listed(home), 1);
    ck_assert_uint_eq(stores(), 0);
}
END_TEST

START_TEST(nobody_makes_what_nobody_could_open) {
    uint8_t secret[32] = {1};
    vk_enrolment enrolment = enrolment_new(0), unsound = {0},
                 touch_only = enrolment_new(TOUCH_ONLY);
    vk_token *token;
    const vk_token_new bad[] = {
        {.label = "t"},
        {.label = "t", .enrolment = &enrolment, .enrolment_secret32 = secret},
        {.label = "t", .is_device_store = true},
        {.label = "t", .enrolment = &enrolment, .is_device_store = true},
        {.label = "t",
         .enrolment = &unsound,
         .enrolment_secret32 = secret,
         .is_device_store = true},
        {.label = "t",
         .enrolment = &touch_only,
         .enrolment_secret32 = secret,
         .is_device_store = true},
        {.label = "t",
         .so_pin = (const uint8_t *)SO_PIN,
         .so_pin_len = strlen(SO_PIN),
         .is_device_store = true},
        {.enrolment = &enrolment, .enrolment_secret32 = secret, .is_device_store = true},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_status(vk_token_create(home, &bad[i], &token, NULL), VK_ERR_ARGUMENT);
    }
    ck_assert_uint_eq(listed(home), 0);
    ck_assert_uint_eq(stores(), 0);
}
END_TEST

/* Serials of both kinds are one order. */
START_TEST(a_new_one_comes_last) {
    char future[512];
    vk_token *token;
    assert_ok(make_store(NULL, &token));
    char *path = path_of(token);
    vk_token_close(token);
    snprintf(future, sizeof future, "%s/fffff00000000001.fido2.db", home);
    ck_assert_int_eq(rename(path, future), 0);
    free(path);
    token = token_new(home);
    ck_assert_int_gt(strcmp(vk_token_path(token), future), 0);
    path = path_of(token);
    vk_token_close(token);
    assert_ok(make_store(NULL, &token));
    ck_assert_int_gt(strcmp(vk_token_path(token), path), 0);
    vk_token_close(token);
    free(path);
    ck_assert_uint_eq(stores(), 2);
    ck_assert_uint_eq(listed(home), 1);
}
END_TEST

START_TEST(names_that_are_none) {
    static const char *const names[] = {"0123456789abcdef.fido2.db-wal", "0123456789abcdef.fido2",
                                        "0123456789abcde.fido2.db", "0123456789ABCDEF.fido2.db",
                                        ".new-0123456789abcdef"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        raw_make(path, "PRAGMA user_version = 1");
    }
    ck_assert_uint_eq(stores(), 0);
    ck_assert_uint_eq(listed(home), 0);
    char unsafe[512];
    snprintf(unsafe, sizeof unsafe, "%s/0123456789abcdef.fido2.db", home);
    raw_make(unsafe, "PRAGMA user_version = 1");
    ck_assert_int_eq(chmod(unsafe, 0666), 0);
    char **paths;
    size_t count;
    assert_status(vk_home_device_stores(home, &paths, &count, NULL), VK_ERR_PERMISSIONS);
}
END_TEST

static void copy_file(const char *from, const char *to) {
    vk_buf sql = {0};
    remove(to);
    vk_buf_printf(&sql, "VACUUM INTO '%s'", to);
    char *text = vk_buf_take_text(&sql);
    raw(from, text);
    vk_text_free(text);
    ck_assert_int_eq(chmod(to, 0600), 0);
}

/* It has an anchor like others. */
START_TEST(an_older_copy_is_noticed) {
    int64_t id;
    char copy[512];
    vk_token *token;
    anchors_elsewhere(0);
    assert_ok(make_store(NULL, &token));
    vk_token_close(token);
    token = open_store(&id);
    assert_ok(touch(token, id, 0));
    vk_grant_record grant = grant_add(token, key_add(token, 1), 1);
    char *path = path_of(token);
    snprintf(copy, sizeof copy, "%s/copy", home);
    copy_file(path, copy);
    assert_ok(reserve(token, &grant, 1, 10));
    vk_token_close(token);
    ck_assert_int_eq(rename(copy, path), 0);
    token = open_store(&id);
    assert_ok(touch(token, id, 0));
    assert_status(reserve(token, &grant, 2, 10), VK_ERR_INTEGRITY);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
    free(path);
}
END_TEST

static void use_read_only(void) {
    int64_t id, other;
    vk_token *token;
    char *kept = home, *place = home_new();
    home = place;
    assert_ok(make_store(NULL, &token));
    char *path = path_of(token);
    vk_token_close(token);
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert_int_eq(chmod(place, 0500), 0);
    token = open_store(&id);
    ck_assert(info_of(token).read_only && info_of(token).is_device_store);
    assert_status(touch(token, id, 1), VK_ERR_PIN_INCORRECT);
    assert_ok(touch(token, id, 0));
    assert_status(enrol(token, 1, &other), VK_ERR_READ_ONLY);
    assert_status(vk_token_enrolment_remove(token, id, NULL), VK_ERR_READ_ONLY);
    vk_token_close(token);
    ck_assert_int_eq(chmod(place, 0700), 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
    free(path);
    home = kept;
    home_remove(place);
}

START_TEST(a_read_only_one_can_be_opened) {
    run_as_user(use_read_only);
}
END_TEST

static int use_in_child(void *arg) {
    int64_t id;
    vk_token *token = open_store(&id);
    (void)arg;
    assert_ok(touch(token, id, 0));
    key_add(token, 2);
    vk_token_close(token);
    return 0;
}

START_TEST(a_forked_child_opens_it_for_itself) {
    int64_t id;
    vk_token *token;
    assert_ok(make_store(NULL, &token));
    vk_token_close(token);
    token = open_store(&id);
    assert_ok(touch(token, id, 0));
    key_add(token, 1);
    ck_assert_int_eq(run_child(use_in_child, NULL), 0);
    key_add(token, 3);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {a_store_is_listed_and_opened,
                                  a_store_has_no_so,
                                  a_store_may_have_one,
                                  a_token_is_made_with_one,
                                  nobody_makes_what_nobody_could_open,
                                  a_new_one_comes_last,
                                  names_that_are_none,
                                  an_older_copy_is_noticed,
                                  a_read_only_one_can_be_opened,
                                  a_forked_child_opens_it_for_itself};
    return RUN_TESTS("token stores of devices", tests);
}
