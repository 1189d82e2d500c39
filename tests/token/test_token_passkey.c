/* Who registered with the passkey server: kept, found by the credential, counted, and not edited.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/webauthn.h>

#include "support.h"
#include "token/journal.h"
#include "token/passkey.h"

/* The generator of P-256: a point, and a public key of the secret 1. */
static const uint8_t generator65[65] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static vk_passkey_user user_of(const char *credential) {
    vk_passkey_user user = {.user_id = "1695cc25a8dda8db5600a84512082338",
                            .name = "Zo\xc3\xab",
                            .rp_id = "a.example",
                            .transports = "hybrid,internal",
                            .created_at = 1700000000};
    user.credential_id_len = strlen(credential);
    memcpy(user.credential_id, credential, user.credential_id_len);
    memcpy(user.point65, generator65, sizeof user.point65);
    return user;
}

static vk_bytes id_of(const char *credential) {
    return (vk_bytes){(const uint8_t *)credential, strlen(credential)};
}

static vk_token *user_token(void) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    return token;
}

static void add(vk_token *token, const char *credential) {
    vk_passkey_user user = user_of(credential);
    assert_ok(vk_token_passkey_add(token, &user, NULL));
    ck_assert_int_gt(user.id, 0);
}

START_TEST(kept_and_found) {
    vk_passkey_user found;
    vk_token *token = user_token();
    add(token, "one");
    add(token, "two");
    token = token_reopen(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_ok(vk_token_passkey_find(token, id_of("two"), &found, NULL));
    vk_passkey_user expected = user_of("two");
    ck_assert_str_eq(found.user_id, expected.user_id);
    ck_assert_str_eq(found.name, expected.name);
    ck_assert_str_eq(found.rp_id, expected.rp_id);
    ck_assert_str_eq(found.transports, expected.transports);
    ck_assert_mem_eq(found.point65, generator65, 65);
    ck_assert(found.sign_count == 0 && found.created_at == 1700000000 &&
              found.credential_id_len == 3);
    assert_status(vk_token_passkey_find(token, id_of("three"), &found, NULL), VK_ERR_NOT_FOUND);
    vk_token_close(token);
}
END_TEST

START_TEST(one_credential_is_registered_once) {
    vk_error err = {0};
    vk_token *token = user_token();
    add(token, "one");
    vk_passkey_user again = user_of("one");
    assert_status(vk_token_passkey_add(token, &again, &err), VK_ERR_EXISTS);
    ck_assert_str_eq(err.message, "this passkey is registered already");
    vk_token_close(token);
}
END_TEST

START_TEST(what_cannot_be_a_user) {
    vk_token *token = user_token();
    for (int i = 0; i < 6; i++) {
        vk_passkey_user user = user_of("one");
        i == 0   ? user.user_id[0] = '\0'
        : i == 1 ? user.name[0] = '\0'
        : i == 2 ? user.rp_id[0] = '\0'
        : i == 3 ? (user.point65[64] ^= 1)
        : i == 4 ? (user.credential_id_len = 0)
                 : (user.credential_id_len = VK_CREDENTIAL_ID_MAX + 1);
        assert_status(vk_token_passkey_add(token, &user, NULL), VK_ERR_ARGUMENT);
    }
    vk_token_close(token);
}
END_TEST

START_TEST(it_is_the_users) {
    vk_passkey_user user = user_of("one"), found;
    vk_token *token = token_new(home);
    assert_status(vk_token_passkey_add(token, &user, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_passkey_find(token, id_of("one"), &found, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_status(vk_token_passkey_add(token, &user, NULL), VK_ERR_NOT_LOGGED_IN);
    vk_token_close(token);
}
END_TEST

/* Of two logins with the same count only one counts. */
START_TEST(counted) {
    vk_passkey_user first, second;
    vk_token *token = user_token();
    add(token, "one");
    assert_ok(vk_token_passkey_find(token, id_of("one"), &first, NULL));
    second = first;
    assert_ok(vk_token_passkey_count(token, &first, 7, NULL));
    assert_status(vk_token_passkey_count(token, &second, 8, NULL), VK_ERR_MISMATCH);
    assert_ok(vk_token_passkey_find(token, id_of("one"), &second, NULL));
    ck_assert_uint_eq(second.sign_count, 7);
    assert_ok(vk_token_passkey_count(token, &second, UINT32_MAX, NULL));
    second.credential_id[0]++;
    assert_status(vk_token_passkey_count(token, &second, 9, NULL), VK_ERR_NOT_FOUND);
    vk_token_close(token);
}
END_TEST

/* Such rows are no records of the token: its state does not speak of them. */
START_TEST(the_state_stays) {
    vk_token *token = user_token();
    char *path = path_of(token);
    int64_t before = raw_int(path, "SELECT changes + counter FROM state");
    add(token, "one");
    ck_assert_int_eq(raw_int(path, "SELECT changes + counter FROM state"), before);
    free(path);
    vk_token_close(token);
}
END_TEST

START_TEST(there_is_an_end) {
    vk_error err = {0};
    vk_token *token = user_token();
    char *path = path_of(token);
    raw(path, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
              " INSERT INTO passkey_user(user_id, name, rp_id, credential_id, point, sign_count,"
              " transports, created_at, mac) SELECT 'u', 'n', 'r', 'c' || i, x'', 0, '', 0, x''"
              " FROM n");
    vk_passkey_user user = user_of("one");
    assert_status(vk_token_passkey_add(token, &user, &err), VK_ERR_STORE_FULL);
    ck_assert_str_eq(err.message, "there are 10000 passkeys already");
    free(path);
    vk_token_close(token);
}
END_TEST

START_TEST(starting_over_removes_them) {
    vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    vk_token *token = user_token();
    char *path = path_of(token);
    add(token, "one");
    vk_token_logout(token);
    assert_ok(vk_token_reinit(token, &args, NULL));
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM passkey_user"), 0);
    free(path);
    vk_token_close(token);
}
END_TEST

/* ---- Edited ---- */

static void keep_what(void *context, const vk_journal_finding *finding) {
    snprintf(context, 64, "%s", finding->what);
}

START_TEST(edited) {
    static const char *const edits[] = {
        "UPDATE passkey_user SET id = 9",
        "UPDATE passkey_user SET user_id = 'u'",
        "UPDATE passkey_user SET name = 'mallory'",
        "UPDATE passkey_user SET rp_id = 'b.example'",
        "UPDATE passkey_user SET point = randomblob(65)",
        "UPDATE passkey_user SET point = x''",
        "UPDATE passkey_user SET sign_count = 1",
        "UPDATE passkey_user SET sign_count = -1",
        "UPDATE passkey_user SET transports = ''",
        "UPDATE passkey_user SET transports = printf('%0100d', 1)",
        "UPDATE passkey_user SET created_at = 0",
        "UPDATE passkey_user SET mac = x''",
        "UPDATE passkey_user SET mac = randomblob(32)",
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *own = home_new(), what[64] = "";
        vk_journal_check check;
        vk_passkey_user found;
        vk_token *token = token_new(own);
        char *path = path_of(token);
        assert_ok(login(token, VK_ROLE_USER, USER_PIN));
        add(token, "one");
        raw(path, edits[i]);
        assert_status(vk_token_passkey_find(token, id_of("one"), &found, NULL), VK_ERR_INTEGRITY);
        assert_ok(vk_journal_verify(token, keep_what, what, &check, NULL));
        ck_assert_str_eq(what, "passkeys");
        vk_token_close(token);
        free(path);
        home_remove(own);
    }
}
END_TEST

/* Another's credential under one's own name would be a way in. */
START_TEST(credentials_cannot_be_exchanged) {
    vk_passkey_user found;
    vk_token *token = user_token();
    char *path = path_of(token);
    add(token, "one");
    add(token, "two");
    raw(path, "UPDATE passkey_user SET credential_id = x'00' WHERE credential_id = x'6f6e65';"
              "UPDATE passkey_user SET credential_id = x'6f6e65' WHERE credential_id = x'74776f'");
    assert_status(vk_token_passkey_find(token, id_of("one"), &found, NULL), VK_ERR_INTEGRITY);
    free(path);
    vk_token_close(token);
}
END_TEST

/* ---- Listed and removed ---- */

typedef struct listing {
    size_t count, edited;
    int64_t last;
    char names[256]; /* the credentials, each with a space behind it */
} listing;

static vk_status note(void *context, const vk_passkey_user *user, bool is_whole) {
    listing *l = context;
    size_t len = strlen(l->names);
    snprintf(l->names + len, sizeof l->names - len, "%.*s ", (int)user->credential_id_len,
             (const char *)user->credential_id);
    l->count++;
    l->edited += !is_whole;
    l->last = user->id;
    return VK_OK;
}

static listing list(vk_token *token) {
    listing l = {0};
    assert_ok(vk_token_passkey_each(token, note, &l, NULL));
    return l;
}

static vk_status stop(void *context, const vk_passkey_user *user, bool is_whole) {
    (void)user, (void)is_whole;
    ++*(size_t *)context;
    return VK_ERR_MEMORY;
}

START_TEST(listed_in_order) {
    size_t count = 0;
    vk_token *token = user_token();
    ck_assert_uint_eq(list(token).count, 0);
    add(token, "two");
    add(token, "one");
    ck_assert_str_eq(list(token).names, "two one ");
    assert_status(vk_token_passkey_each(token, stop, &count, NULL), VK_ERR_MEMORY);
    ck_assert_uint_eq(count, 1);
    vk_token_close(token);
}
END_TEST

START_TEST(removed) {
    vk_passkey_user found, again = user_of("one");
    vk_token *token = user_token();
    add(token, "one");
    add(token, "two");
    assert_ok(vk_token_passkey_find(token, id_of("one"), &found, NULL));
    assert_ok(vk_token_passkey_remove(token, found.id, NULL));
    assert_status(vk_token_passkey_remove(token, found.id, NULL), VK_ERR_NOT_FOUND);
    assert_status(vk_token_passkey_count(token, &found, 7, NULL), VK_ERR_NOT_FOUND);
    token = token_reopen(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_status(vk_token_passkey_find(token, id_of("one"), &found, NULL), VK_ERR_NOT_FOUND);
    ck_assert_str_eq(list(token).names, "two ");
    /* It may come back, as another row: what was found before is not this one. */
    assert_ok(vk_token_passkey_add(token, &again, NULL));
    ck_assert_int_eq(again.id, 3);
    vk_token_close(token);
}
END_TEST

START_TEST(listing_and_removing_are_the_users) {
    size_t count = 0;
    vk_token *token = user_token();
    add(token, "one");
    int64_t id = list(token).last;
    vk_token_logout(token);
    for (int i = 0; i < 2; i++) {
        assert_status(vk_token_passkey_each(token, stop, &count, NULL), VK_ERR_NOT_LOGGED_IN);
        assert_status(vk_token_passkey_remove(token, id, NULL), VK_ERR_NOT_LOGGED_IN);
        assert_ok(i == 0 ? login(token, VK_ROLE_SO, SO_PIN) : VK_OK);
    }
    vk_token_logout(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    ck_assert_uint_eq(list(token).count, 1);
    vk_token_close(token);
}
END_TEST

/* Whoever edits rows must not be able to keep them in the list, or others out of it. */
START_TEST(edited_ones_are_listed_and_removed) {
    static const char *const edits[] = {
        "UPDATE passkey_user SET name = 'mallory' WHERE id = 1",
        "UPDATE passkey_user SET name = printf('%0100d', 1) WHERE id = 1",
        "UPDATE passkey_user SET name = x'6100', user_id = x'00' WHERE id = 1",
        "UPDATE passkey_user SET rp_id = CAST(rp_id AS BLOB) WHERE id = 1",
        "UPDATE passkey_user SET credential_id = zeroblob(2000) WHERE id = 1",
        "UPDATE passkey_user SET credential_id = x'', sign_count = -1 WHERE id = 1",
        "UPDATE passkey_user SET point = 'x', created_at = 9223372036854775807 WHERE id = 1",
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *own = home_new();
        vk_token *token = token_new(own);
        char *path = path_of(token);
        assert_ok(login(token, VK_ROLE_USER, USER_PIN));
        add(token, "one");
        add(token, "two");
        raw(path, edits[i]);
        listing l = list(token);
        ck_assert(l.count == 2 && l.edited == 1);
        assert_ok(vk_token_passkey_remove(token, 1, NULL));
        l = list(token);
        ck_assert(l.count == 1 && l.edited == 0);
        ck_assert_str_eq(l.names, "two ");
        vk_token_close(token);
        free(path);
        home_remove(own);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {kept_and_found,
                                  one_credential_is_registered_once,
                                  what_cannot_be_a_user,
                                  it_is_the_users,
                                  counted,
                                  the_state_stays,
                                  there_is_an_end,
                                  starting_over_removes_them,
                                  edited,
                                  credentials_cannot_be_exchanged,
                                  listed_in_order,
                                  removed,
                                  listing_and_removing_are_the_users,
                                  edited_ones_are_listed_and_removed};
    return RUN_TESTS("passkey users", tests);
}
