/* Security keys that unlock a token. */
#include <stdlib.h>
#include <string.h>

#include "enrolled.h"
#include "token/store.h"

/* A token of the user's with number 0 enrolled. */
static vk_token *enrolled_token(int64_t *id) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_ok(enrol(token, 0, id));
    return token;
}

/* ---- Logging in ---- */

START_TEST(unlocks_what_the_pin_locked) {
    int64_t id;
    uint8_t secret[32], expected[32];
    vk_key_record record;
    vk_token *token = enrolled_token(&id);
    int64_t key = key_add(token, 1);
    token = token_reopen(token);
    assert_ok(touch(token, id, 0));
    ck_assert_int_eq(vk_token_role(token), VK_ROLE_USER);
    assert_ok(vk_token_key_get(token, key, &record));
    assert_ok(unseal(token, &record, secret));
    secret_of(1, expected);
    ck_assert_mem_eq(secret, expected, sizeof expected);
    vk_key_record_clear(&record);
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_token_close(token);
}
END_TEST

START_TEST(wrong_secrets_open_nothing) {
    int64_t id, other;
    vk_token *token = enrolled_token(&id);
    assert_ok(enrol(token, 1, &other));
    assert_status(touch(token, id, 0), VK_ERR_EXISTS);
    vk_token_logout(token);
    for (int i = 0; i < VK_PIN_TRIES + 1; i++) {
        assert_status(touch(token, id, 1), VK_ERR_PIN_INCORRECT);
        ck_assert_int_eq(vk_token_role(token), VK_ROLE_NONE);
    }
    assert_status(touch(token, other + 1, 0), VK_ERR_NOT_FOUND);
    ck_assert_uint_eq(info_of(token).user_tries_left, VK_PIN_TRIES);
    assert_ok(touch(token, id, 0));
    assert_status(touch(token, other, 1), VK_ERR_EXISTS);
    vk_token_logout(token);
    assert_ok(touch(token, other, 1));
    vk_token_close(token);
}
END_TEST

/* Somebody who has a key's secret has it for one token alone. */
START_TEST(a_row_of_another_token_opens_nothing) {
    int64_t id;
    vk_token *token = enrolled_token(&id), *other;
    char *path = path_of(token);
    char *row =
        raw_text(path, "SELECT 'INSERT INTO enrolment VALUES(' || id || ', ''' || name ||"
                       "''', ''' || rp_id || ''', x''' || hex(credential_id) || ''', x''' ||"
                       " hex(salt) || ''', x''' || hex(point) || ''', x''' ||"
                       " hex(wrapped) || ''', ' || verified || ')' FROM enrolment");
    vk_token_close(token);
    other = token_new(home);
    free(path);
    path = path_of(other);
    raw(path, row);
    assert_status(touch(other, id, 0), VK_ERR_PIN_INCORRECT);
    vk_token_close(other);
    free(row);
    free(path);
}
END_TEST

/* Which of its two secrets a security key has to give is known before it is asked. */
START_TEST(tells_what_a_touch_alone_opens) {
    int64_t id, other;
    vk_enrolment *list;
    size_t count;
    vk_token *token = enrolled_token(&id);
    ck_assert_uint_eq(info_of(token).touch_enrolments, 0);
    assert_ok(enrol(token, TOUCH_ONLY, &other));
    token = token_reopen(token);
    ck_assert_uint_eq(info_of(token).enrolments, 2);
    ck_assert_uint_eq(info_of(token).touch_enrolments, 1);
    assert_ok(vk_token_enrolments(token, &list, &count, NULL));
    ck_assert(list[0].verified && !list[1].verified);
    vk_enrolments_free(list);
    assert_ok(touch(token, other, TOUCH_ONLY));
    vk_token_close(token);
}
END_TEST

/* Of an operation that asks its user once more. */
START_TEST(asks_again) {
    int64_t id;
    uint8_t right[32], wrong[32];
    vk_token *token = enrolled_token(&id);
    device_secret(0, right);
    device_secret(1, wrong);
    assert_ok(vk_token_check_enrolled(token, id, right));
    assert_status(vk_token_check_enrolled(token, id, wrong), VK_ERR_PIN_INCORRECT);
    assert_status(vk_token_check_enrolled(token, id + 1, right), VK_ERR_NOT_FOUND);
    ck_assert_int_eq(vk_token_role(token), VK_ROLE_USER);
    vk_token_logout(token);
    assert_status(vk_token_check_enrolled(token, id, right), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_status(vk_token_check_enrolled(token, id, right), VK_ERR_NOT_LOGGED_IN);
    vk_token_close(token);
}
END_TEST

/* Who can write the file, and knows no PIN, can write rows that open: but not with the token's key.
 */
START_TEST(asks_again_for_the_tokens_key) {
    static const uint8_t own_pin[] = "own-pin", own_key[32] = {7};
    uint8_t secret[32];
    vk_enrolment forged = enrolment_new(1);
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    device_secret(1, secret);
    assert_ok(vk_enrolment_write(&token->db, token->serial, &forged, secret, own_key, NULL));
    assert_ok(vk_pin_write(&token->db, token->serial, VK_ROLE_USER, own_pin, sizeof own_pin - 1,
                           own_key));
    assert_status(vk_token_check_enrolled(token, forged.id, secret), VK_ERR_INTEGRITY);
    assert_status(vk_token_check_pin(token, own_pin, sizeof own_pin - 1), VK_ERR_INTEGRITY);
    vk_token_close(token);
}
END_TEST

/* ---- Adding ---- */

static void assert_listed(vk_token *token, const unsigned *numbers, size_t count) {
    vk_enrolment *list;
    size_t found;
    assert_ok(vk_token_enrolments(token, &list, &found, NULL));
    ck_assert_uint_eq(found, count);
    ck_assert_uint_eq(info_of(token).enrolments, count);
    for (size_t i = 0; i < count; i++) {
        vk_enrolment expected = enrolment_new(numbers[i]);
        ck_assert_int_gt(list[i].id, i > 0 ? list[i - 1].id : 0);
        expected.id = list[i].id;
        ck_assert_mem_eq(&list[i], &expected, sizeof expected);
    }
    vk_enrolments_free(list);
}

START_TEST(lists_without_a_login) {
    int64_t id;
    vk_token *token = enrolled_token(&id);
    vk_token_logout(token);
    assert_listed(token, (unsigned[]){0}, 1);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(enrol(token, 1, &id));
    token = token_reopen(token);
    assert_listed(token, (unsigned[]){0, 1}, 2);
    vk_token_close(token);
}
END_TEST

START_TEST(enrolling_needs_a_login) {
    int64_t id;
    vk_token *token = enrolled_token(&id);
    vk_token_logout(token);
    assert_status(enrol(token, 1, &id), VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_enrolment_remove(token, 1, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_remove_user_pin(token, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_listed(token, (unsigned[]){0}, 1);
    vk_token_close(token);
}
END_TEST

START_TEST(enrols_once_and_so_many) {
    int64_t id, none;
    vk_token *token = enrolled_token(&id);
    assert_status(enrol(token, 0, &none), VK_ERR_EXISTS);
    for (unsigned n = 1; n < VK_ENROLMENTS_MAX; n++) {
        assert_ok(enrol(token, n, &id));
    }
    assert_status(enrol(token, VK_ENROLMENTS_MAX, &none), VK_ERR_STORE_FULL);
    ck_assert_uint_eq(info_of(token).enrolments, VK_ENROLMENTS_MAX);
    vk_token_logout(token);
    assert_status(touch(token, id - 1, 0), VK_ERR_PIN_INCORRECT);
    assert_ok(touch(token, id, VK_ENROLMENTS_MAX - 1));
    vk_token_close(token);
}
END_TEST

static void is_refused(vk_token *token, const vk_enrolment *enrolment) {
    uint8_t secret[32] = {1};
    vk_enrolment copy = *enrolment;
    assert_status(vk_token_enrol(token, &copy, secret, NULL), VK_ERR_ARGUMENT);
}

START_TEST(unsound_ones_are_refused) {
    int64_t id;
    vk_token *token = enrolled_token(&id);
    vk_enrolment e = enrolment_new(1);
    memset(e.name, 'x', sizeof e.name);
    is_refused(token, &e);
    e = enrolment_new(1);
    strcpy(e.name, "a\nb");
    is_refused(token, &e);
    strcpy(e.name, "\xc3");
    is_refused(token, &e);
    e = enrolment_new(1);
    e.rp_id[0] = '\0';
    is_refused(token, &e);
    strcpy(e.rp_id, "a b");
    is_refused(token, &e);
    strcpy(e.rp_id, "\xc3\xa9");
    is_refused(token, &e);
    memset(e.rp_id, 'x', sizeof e.rp_id);
    is_refused(token, &e);
    e = enrolment_new(1);
    e.credential_id_len = 0;
    is_refused(token, &e);
    e.credential_id_len = sizeof e.credential_id + 1;
    is_refused(token, &e);
    vk_token_close(token);
}
END_TEST

/* The longest of everything. */
START_TEST(the_longest_are_kept) {
    int64_t id;
    uint8_t secret[32];
    vk_enrolment *list, e = enrolment_new(2);
    size_t count;
    vk_token *token = enrolled_token(&id);
    memset(e.name, 'n', VK_ENROLMENT_NAME_MAX);
    memset(e.rp_id, 'r', VK_ENROLMENT_RP_ID_MAX);
    e.credential_id_len = sizeof e.credential_id;
    memset(e.credential_id, 0xcc, sizeof e.credential_id);
    device_secret(2, secret);
    assert_ok(vk_token_enrol(token, &e, secret, NULL));
    vk_token_logout(token);
    assert_ok(vk_token_enrolments(token, &list, &count, NULL));
    ck_assert_uint_eq(count, 2);
    ck_assert_mem_eq(&list[1], &e, sizeof e);
    vk_enrolments_free(list);
    assert_ok(touch(token, e.id, 2));
    vk_token_close(token);
}
END_TEST

/* ---- Edits ---- */

START_TEST(edited_rows_open_nothing) {
    static const struct {
        const char *sql;
        vk_status login, list;
    } edits[] = {
        {"UPDATE enrolment SET id = id + 100", VK_ERR_NOT_FOUND, VK_OK},
        {"UPDATE enrolment SET id = 3 - id + 10; UPDATE enrolment SET id = id - 10",
         VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET name = 'other'", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET name = ''", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET name = char(10)", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET name = 'a' || char(0) || 'b'", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET name = hex(zeroblob(33))", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET name = x'61'", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET rp_id = 'evil'", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET rp_id = ''", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET rp_id = hex(zeroblob(127))", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET credential_id = x'01' WHERE id = 1", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET credential_id = x'' WHERE id = 1", VK_ERR_INTEGRITY,
         VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET credential_id = zeroblob(1024) WHERE id = 1", VK_ERR_INTEGRITY,
         VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET salt = zeroblob(32)", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET salt = zeroblob(31)", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET point = x''", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET point = zeroblob(65)", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET point = zeroblob(64)", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET verified = 0", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET verified = 2", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"UPDATE enrolment SET wrapped = zeroblob(60)", VK_ERR_PIN_INCORRECT, VK_OK},
        {"UPDATE enrolment SET wrapped = x''", VK_ERR_INTEGRITY, VK_ERR_INTEGRITY},
        {"DELETE FROM enrolment", VK_ERR_NOT_FOUND, VK_OK},
        {"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 17)"
         " INSERT INTO enrolment(name, rp_id, credential_id, salt, point, verified, wrapped)"
         " SELECT name, rp_id, randomblob(8), salt, point, verified, wrapped FROM enrolment, n"
         " WHERE id = 1",
         VK_OK, VK_ERR_INTEGRITY},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        int64_t id, other;
        vk_enrolment *list;
        size_t count;
        vk_token *token = enrolled_token(&id);
        assert_ok(enrol(token, 1, &other));
        char *path = path_of(token);
        vk_token_close(token);
        raw(path, edits[i].sql);
        assert_ok(vk_token_open(path, &token, NULL));
        vk_status status = vk_token_enrolments(token, &list, &count, NULL);
        ck_assert_msg(status == edits[i].list, "%s: %s", edits[i].sql, vk_status_text(status));
        vk_enrolments_free(list);
        status = touch(token, id, 0);
        ck_assert_msg(status == edits[i].login, "%s: %s", edits[i].sql, vk_status_text(status));
        vk_token_close(token);
        free(path);
    }
}
END_TEST

/* ---- Removing ---- */

START_TEST(removes_one) {
    int64_t id, other;
    vk_token *token = enrolled_token(&id);
    assert_ok(enrol(token, 1, &other));
    assert_ok(vk_token_enrolment_remove(token, id, NULL));
    assert_status(vk_token_enrolment_remove(token, id, NULL), VK_ERR_NOT_FOUND);
    token = token_reopen(token);
    assert_listed(token, (unsigned[]){1}, 1);
    assert_status(touch(token, id, 0), VK_ERR_NOT_FOUND);
    assert_ok(touch(token, other, 1));
    assert_ok(vk_token_enrolment_remove(token, other, NULL));
    assert_listed(token, NULL, 0);
    assert_ok(enrol(token, 0, &id));
    ck_assert_int_gt(id, other);
    vk_token_close(token);
}
END_TEST

/* One that nobody can use any more can be removed. */
START_TEST(removes_a_broken_one) {
    int64_t id;
    vk_token *token = enrolled_token(&id);
    char *path = path_of(token);
    raw(path, "UPDATE enrolment SET wrapped = x''");
    assert_ok(vk_token_enrolment_remove(token, id, NULL));
    ck_assert_uint_eq(info_of(token).enrolments, 0);
    free(path);
    vk_token_close(token);
}
END_TEST

START_TEST(stands_in_place_of_the_pin) {
    int64_t id;
    vk_error err = {0};
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_status(vk_token_remove_user_pin(token, &err), VK_ERR_PROHIBITED);
    ck_assert_int_ne(err.message[0], '\0');
    assert_ok(enrol(token, 0, &id));
    assert_ok(vk_token_remove_user_pin(token, NULL));
    assert_status(vk_token_remove_user_pin(token, NULL), VK_ERR_PIN_NOT_SET);
    token = token_reopen(token);
    ck_assert(!info_of(token).user_pin_set && info_of(token).has_so_pin);
    assert_status(login(token, VK_ROLE_USER, USER_PIN), VK_ERR_PIN_NOT_SET);
    assert_ok(touch(token, id, 0));
    assert_status(vk_token_remove_user_pin(token, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_check_pin(token, (const uint8_t *)USER_PIN, 4), VK_ERR_PIN_NOT_SET);
    assert_ok(vk_token_enrolment_remove(token, id, NULL));
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_init_user_pin(token, (const uint8_t *)USER_PIN, 4));
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_token_close(token);
}
END_TEST

/* They are no records: nothing that stands beside the token changes, as with PINs. */
START_TEST(the_state_stays) {
    int64_t id;
    vk_token *token = enrolled_token(&id);
    key_add(token, 1);
    char *path = path_of(token);
    char *before = raw_text(path, "SELECT counter || hex(mac) FROM state");
    assert_ok(enrol(token, 1, &id));
    assert_ok(vk_token_enrolment_remove(token, id, NULL));
    char *after = raw_text(path, "SELECT counter || hex(mac) FROM state");
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    free(path);
    vk_token_close(token);
}
END_TEST

START_TEST(reinit_removes_all) {
    int64_t id;
    const vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    vk_token *token = enrolled_token(&id);
    vk_token_logout(token);
    assert_ok(vk_token_reinit(token, &args, NULL));
    ck_assert_uint_eq(info_of(token).enrolments, 0);
    assert_status(touch(token, id, 0), VK_ERR_NOT_FOUND);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {unlocks_what_the_pin_locked,
                                  wrong_secrets_open_nothing,
                                  a_row_of_another_token_opens_nothing,
                                  tells_what_a_touch_alone_opens,
                                  asks_again,
                                  asks_again_for_the_tokens_key,
                                  lists_without_a_login,
                                  enrolling_needs_a_login,
                                  enrols_once_and_so_many,
                                  unsound_ones_are_refused,
                                  the_longest_are_kept,
                                  edited_rows_open_nothing,
                                  removes_one,
                                  removes_a_broken_one,
                                  stands_in_place_of_the_pin,
                                  the_state_stays,
                                  reinit_removes_all};
    return RUN_TESTS("token enrolments", tests);
}
