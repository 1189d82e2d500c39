/* Operations that wait: how long, how many, in which order, and what an edited row is. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/clock.h"
#include "support.h"
#include <token/pending.h>

#define NOON 1800000000u

static vk_pending pending_new(int64_t key_id, unsigned n) {
    vk_pending pending = {.key_id = key_id, .grant_id = 7};
    memset(pending.digest.b, (int)n, sizeof pending.digest.b);
    memset(pending.userop_hash.b, (int)n + 1, sizeof pending.userop_hash.b);
    vk_buf_printf(&pending.payload, "{\"operation\":%u}", n);
    vk_buf_printf(&pending.object_id, "id %u", n);
    vk_buf assertion = {0};
    vk_buf_printf(&assertion, "{\"assertion\":%u}", n);
    pending.assertion = vk_buf_take_text(&assertion);
    return pending;
}

static int64_t add(vk_token *token, int64_t key_id, unsigned n) {
    vk_pending pending = pending_new(key_id, n);
    assert_ok(vk_token_pending_add(token, &pending, NULL));
    int64_t id = pending.id;
    vk_pending_clear(&pending);
    return id;
}

static vk_status get(vk_token *token, int64_t id) {
    vk_pending pending;
    vk_status status = vk_token_pending_get(token, id, &pending, NULL);
    vk_pending_clear(&pending);
    return status;
}

static size_t count(vk_token *token, int64_t key_id) {
    int64_t *ids;
    size_t found;
    assert_ok(vk_token_pending_list(token, key_id, &ids, &found, NULL));
    free(ids);
    return found;
}

/* A token with the user logged in, and its key number 0. */
typedef struct fixture {
    vk_token *token;
    char *path;
    int64_t key;
} fixture;

static fixture fixture_new(void) {
    fixture f = {.token = token_new(home)};
    clock_set(NOON);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    f.key = key_add(f.token, 0);
    f.path = path_of(f.token);
    return f;
}

static void fixture_free(fixture *f) {
    vk_token_close(f->token);
    free(f->path);
}

static int64_t rows(const fixture *f) {
    return raw_int(f->path, "SELECT count(*) FROM pending");
}

/* ---- What is kept ---- */

START_TEST(a_row_comes_back_as_it_was) {
    fixture f = fixture_new();
    vk_pending pending = pending_new(f.key, 3), read;
    assert_ok(vk_token_pending_add(f.token, &pending, NULL));
    ck_assert_int_gt(pending.id, 0);
    assert_ok(vk_token_pending_find(f.token, f.key, &pending.digest, &read, NULL));
    ck_assert_int_eq(read.id, pending.id);
    ck_assert_int_eq(read.key_id, f.key);
    ck_assert_int_eq(read.grant_id, 7);
    ck_assert_uint_eq(read.made.wall, NOON);
    ck_assert_mem_eq(read.userop_hash.b, pending.userop_hash.b, 32);
    ck_assert(vk_bytes_equal(vk_buf_view(&read.payload), vk_buf_view(&pending.payload)));
    ck_assert(vk_bytes_equal(vk_buf_view(&read.object_id), vk_buf_view(&pending.object_id)));
    ck_assert_str_eq(read.assertion, pending.assertion);
    vk_pending_clear(&read);
    pending.digest.b[0] ^= 1;
    assert_status(vk_token_pending_find(f.token, f.key, &pending.digest, &read, NULL),
                  VK_ERR_NOT_FOUND);
    vk_pending_clear(&pending);
    fixture_free(&f);
}
END_TEST

START_TEST(of_those_who_remove_it_one_has_it) {
    fixture f = fixture_new();
    vk_token *other = token_open_as(f.path, VK_ROLE_USER);
    int64_t id = add(f.token, f.key, 1);
    assert_ok(get(other, id));
    assert_ok(vk_token_pending_remove(other, id, NULL));
    assert_status(vk_token_pending_remove(f.token, id, NULL), VK_ERR_NOT_FOUND);
    assert_status(get(f.token, id), VK_ERR_NOT_FOUND);
    ck_assert_int_gt(add(f.token, f.key, 1), id);
    vk_token_close(other);
    fixture_free(&f);
}
END_TEST

START_TEST(the_user_only) {
    fixture f = fixture_new();
    int64_t id = add(f.token, f.key, 1), *ids;
    size_t found;
    vk_pending pending = pending_new(f.key, 2);
    for (int i = 0; i < 2; i++) {
        vk_token_logout(f.token);
        if (i == 1) {
            assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
        }
        assert_status(get(f.token, id), VK_ERR_NOT_LOGGED_IN);
        assert_status(vk_token_pending_list(f.token, 0, &ids, &found, NULL), VK_ERR_NOT_LOGGED_IN);
        assert_status(vk_token_pending_add(f.token, &pending, NULL), VK_ERR_NOT_LOGGED_IN);
        assert_status(vk_token_pending_remove(f.token, id, NULL), VK_ERR_NOT_LOGGED_IN);
    }
    vk_pending_clear(&pending);
    ck_assert_int_eq(rows(&f), 1);
    fixture_free(&f);
}
END_TEST

/* ---- Time ---- */

START_TEST(sixty_seconds) {
    fixture f = fixture_new();
    int64_t id = add(f.token, f.key, 1);
    clock_set(NOON + 59);
    assert_ok(get(f.token, id));
    ck_assert_uint_eq(count(f.token, f.key), 1);
    clock_set(NOON + 60);
    assert_status(get(f.token, id), VK_ERR_NOT_FOUND);
    ck_assert_int_eq(rows(&f), 1);
    ck_assert_uint_eq(count(f.token, f.key), 0);
    ck_assert_int_eq(rows(&f), 0);
    fixture_free(&f);
}
END_TEST

START_TEST(a_clock_that_is_set_back_ends_it) {
    fixture f = fixture_new();
    int64_t id = add(f.token, f.key, 1);
    clock_set(NOON - 3600);
    assert_status(get(f.token, id), VK_ERR_NOT_FOUND);
    ck_assert_uint_eq(count(f.token, f.key), 0);
    ck_assert_int_eq(rows(&f), 0);
    fixture_free(&f);
}
END_TEST

/* Time passes on, but the clock on the wall is set to the same second again and again. */
START_TEST(a_clock_that_stands_still_keeps_nothing_alive) {
    fixture f = fixture_new();
    int64_t id = add(f.token, f.key, 1);
    clock_pass(50);
    assert_ok(get(f.token, id));
    clock_pass(10);
    assert_status(get(f.token, id), VK_ERR_NOT_FOUND);
    ck_assert_uint_eq(count(f.token, f.key), 0);
    ck_assert_int_eq(rows(&f), 0);
    fixture_free(&f);
}
END_TEST

/* Another connection that writes, and does not get ready. */
static sqlite3 *hold(const char *path) {
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

START_TEST(a_locked_store_only_delays_the_cleaning) {
    fixture f = fixture_new();
    add(f.token, f.key, 1);
    sqlite3 *other = hold(f.path);
    clock_set(NOON + 60);
    ck_assert_uint_eq(count(f.token, f.key), 0);
    ck_assert_int_eq(rows(&f), 1);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    ck_assert_uint_eq(count(f.token, f.key), 0);
    ck_assert_int_eq(rows(&f), 0);
    fixture_free(&f);
}
END_TEST

/* ---- How many ---- */

START_TEST(a_key_has_room_for_64) {
    fixture f = fixture_new();
    vk_error err = {0};
    int64_t other_key = key_add(f.token, 1);
    for (unsigned n = 0; n < VK_PENDING_KEY_MAX; n++) {
        add(f.token, f.key, n);
    }
    vk_pending one_more = pending_new(f.key, 200);
    assert_status(vk_token_pending_add(f.token, &one_more, &err), VK_ERR_STORE_FULL);
    ck_assert_str_eq(err.message, "64 operations of this key wait to be signed already: sign them, "
                                  "destroy their objects, or wait 60 seconds");
    add(f.token, other_key, 200);
    ck_assert_uint_eq(count(f.token, f.key), 64);
    ck_assert_uint_eq(count(f.token, 0), 65);
    /* The same again takes no room. */
    add(f.token, f.key, 5);
    ck_assert_uint_eq(count(f.token, f.key), 64);
    clock_set(NOON + 60);
    assert_ok(vk_token_pending_add(f.token, &one_more, NULL));
    vk_pending_clear(&one_more);
    ck_assert_int_eq(rows(&f), 1);
    fixture_free(&f);
}
END_TEST

START_TEST(the_newest_is_the_first) {
    fixture f = fixture_new();
    int64_t first = add(f.token, f.key, 1), second = add(f.token, f.key, 2), *ids;
    size_t found;
    assert_ok(vk_token_pending_list(f.token, f.key, &ids, &found, NULL));
    ck_assert_uint_eq(found, 2);
    ck_assert_int_eq(ids[0], second);
    ck_assert_int_eq(ids[1], first);
    free(ids);
    fixture_free(&f);
}
END_TEST

START_TEST(large_ones_are_refused) {
    fixture f = fixture_new();
    vk_pending pending = pending_new(f.key, 1);
    vk_buf_put_zeros(&pending.payload, VK_PENDING_PAYLOAD_MAX - pending.payload.len);
    vk_buf_put_zeros(&pending.object_id, VK_PENDING_OBJECT_ID_MAX - pending.object_id.len);
    assert_ok(vk_token_pending_add(f.token, &pending, NULL));
    assert_ok(get(f.token, pending.id));
    vk_buf_put_byte(&pending.payload, 0);
    assert_status(vk_token_pending_add(f.token, &pending, NULL), VK_ERR_SIZE);
    pending.payload.len--;
    vk_buf_put_byte(&pending.object_id, 0);
    assert_status(vk_token_pending_add(f.token, &pending, NULL), VK_ERR_SIZE);
    vk_pending_clear(&pending);
    fixture_free(&f);
}
END_TEST

/* ---- Sign counts ---- */

static vk_status add_count(vk_token *token, int64_t key, int64_t grant, unsigned n,
                           uint32_t *sign_count) {
    vk_pending pending = pending_new(key, n);
    pending.grant_id = grant;
    pending.sign_count = *sign_count;
    vk_status status = vk_token_pending_add(token, &pending, NULL);
    *sign_count = pending.sign_count;
    vk_pending_clear(&pending);
    return status;
}

START_TEST(sign_counts_grow) {
    fixture f = fixture_new();
    uint32_t sign_count = 6;
    assert_ok(add_count(f.token, f.key, 1, 1, &sign_count));
    assert_status(add_count(f.token, f.key, 1, 2, &sign_count), VK_ERR_MISMATCH);
    ck_assert_uint_eq(sign_count, 7);
    assert_ok(add_count(f.token, f.key, 1, 2, &sign_count));
    sign_count = 3;
    assert_status(add_count(f.token, f.key, 1, 3, &sign_count), VK_ERR_MISMATCH);
    ck_assert_uint_eq(sign_count, 8);
    sign_count = 1;
    assert_ok(add_count(f.token, f.key, 2, 4, &sign_count));
    sign_count = UINT32_MAX;
    assert_ok(add_count(f.token, f.key, 3, 5, &sign_count));
    assert_status(add_count(f.token, f.key, 3, 6, &sign_count), VK_ERR_RANGE);
    clock_set(NOON + 60);
    sign_count = 6;
    assert_ok(add_count(f.token, f.key, 1, 7, &sign_count));
    fixture_free(&f);
}
END_TEST

/* ---- With the key, and with the token ---- */

START_TEST(a_key_takes_its_own_along) {
    fixture f = fixture_new();
    int64_t other_key = key_add(f.token, 1), third_key = key_add(f.token, 2);
    add(f.token, f.key, 1);
    add(f.token, other_key, 1);
    add(f.token, third_key, 1);
    assert_ok(vk_token_key_remove(f.token, f.key, true, true));
    ck_assert_uint_eq(count(f.token, 0), 2);
    assert_ok(vk_token_key_remove(f.token, other_key, true, false));
    ck_assert_uint_eq(count(f.token, 0), 1);
    vk_token_logout(f.token);
    vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    assert_ok(vk_token_reinit(f.token, &args, NULL));
    ck_assert_int_eq(rows(&f), 0);
    fixture_free(&f);
}
END_TEST

/* ---- Edited rows ---- */

static const char *const edits[] = {
    "UPDATE pending SET key_id = key_id + 1",
    "UPDATE pending SET grant_id = grant_id + 1",
    "UPDATE pending SET made_wall = made_wall + 1",
    "UPDATE pending SET made_steady = made_steady - 1",
    "UPDATE pending SET digest = zeroblob(32)",
    "UPDATE pending SET digest = x''",
    "UPDATE pending SET userop_hash = zeroblob(32)",
    "UPDATE pending SET userop_hash = zeroblob(31)",
    "UPDATE pending SET sign_count = sign_count + 1",
    "UPDATE pending SET sign_count = -1",
    "UPDATE pending SET sign_count = 4294967296",
    "UPDATE pending SET payload = payload || x'20'",
    "UPDATE pending SET object_id = x''",
    "UPDATE pending SET assertion = assertion || ' '",
    "UPDATE pending SET assertion = assertion || char(0)",
    "UPDATE pending SET assertion = NULL",
    "UPDATE pending SET mac = zeroblob(32)",
    "UPDATE pending SET mac = x''",
};

START_TEST(edited_rows) {
    fixture f = fixture_new();
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        int64_t id = add(f.token, f.key, 1);
        clock_set(NOON + 30);
        raw(f.path, edits[i]);
        vk_status status = get(f.token, id);
        ck_assert_msg(status == VK_ERR_INTEGRITY, "%s: \"%s\"", edits[i], vk_status_text(status));
        clock_set(NOON);
        raw(f.path, "DELETE FROM pending");
    }
    int64_t id = add(f.token, f.key, 1);
    raw(f.path, "UPDATE pending SET id = id + 1");
    assert_status(get(f.token, id + 1), VK_ERR_INTEGRITY);
    assert_status(get(f.token, id), VK_ERR_NOT_FOUND);
    ck_assert_int_eq(raw_int(f.path, "SELECT count(*) FROM pragma_table_info('pending')"), 12);
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {a_row_comes_back_as_it_was,
                                  of_those_who_remove_it_one_has_it,
                                  the_user_only,
                                  sixty_seconds,
                                  a_clock_that_is_set_back_ends_it,
                                  a_clock_that_stands_still_keeps_nothing_alive,
                                  a_locked_store_only_delays_the_cleaning,
                                  a_key_has_room_for_64,
                                  the_newest_is_the_first,
                                  large_ones_are_refused,
                                  sign_counts_grow,
                                  a_key_takes_its_own_along,
                                  edited_rows};
    return RUN_TESTS("token pending", tests);
}
