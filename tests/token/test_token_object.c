/* Certificates and data: kept, found, sealed where they are private. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "token/attrs.h"
#include "token/object.h"

#define CERTIFICATE 1
#define DATA 0

static const vk_bytes label_a = {(const uint8_t *)"a", 1}, label_b = {(const uint8_t *)"b", 1};
static const vk_bytes id_1 = {(const uint8_t *)"1", 1};

/* Its only attribute is a text. */
static vk_object_record record_of(uint64_t class, bool is_private, const char *text) {
    vk_object_record record = {.class = class, .is_private = is_private};
    const vk_bytes bytes = {(const uint8_t *)text, strlen(text)};
    assert_ok(vk_attrs_set(&record.attrs, 7, bytes));
    return record;
}

static vk_status add(vk_token *token, uint64_t class, bool is_private, const vk_object_names *names,
                     int64_t *id) {
    vk_object_record record = record_of(class, is_private, "text");
    vk_status status = vk_token_object_add(token, &record, names, NULL);
    *id = record.id;
    vk_object_record_clear(&record);
    return status;
}

static size_t found(vk_token *token, const uint64_t *class, const vk_bytes *label,
                    const vk_bytes *ckid) {
    const vk_object_filter filter = {class, label, ckid};
    int64_t *ids;
    size_t count;
    assert_ok(vk_token_object_find(token, &filter, &ids, &count, NULL));
    free(ids);
    return count;
}

static vk_status get(vk_token *token, int64_t id) {
    vk_object_record record;
    vk_status status = vk_token_object_get(token, id, &record, NULL);
    vk_object_record_clear(&record);
    return status;
}

START_TEST(kept_and_found) {
    const vk_object_names a = {label_a, id_1}, b = {label_b, {NULL, 0}};
    const uint64_t certificate = CERTIFICATE, data = DATA;
    vk_token *token = token_new(home);
    int64_t first, second;
    assert_ok(add(token, CERTIFICATE, false, &a, &first));
    assert_ok(add(token, DATA, false, &b, &second));
    ck_assert_int_lt(first, second);
    ck_assert_uint_eq(found(token, NULL, NULL, NULL), 2);
    ck_assert_uint_eq(found(token, &certificate, NULL, NULL), 1);
    ck_assert_uint_eq(found(token, NULL, &label_a, NULL), 1);
    ck_assert_uint_eq(found(token, &data, &label_a, NULL), 0);
    ck_assert_uint_eq(found(token, NULL, NULL, &id_1), 1);
    token = token_reopen(token);
    vk_object_record record;
    assert_ok(vk_token_object_get(token, first, &record, NULL));
    vk_bytes text;
    ck_assert_uint_eq(record.class, CERTIFICATE);
    ck_assert(!record.is_private);
    ck_assert(vk_attrs_get(&record.attrs, 7, &text));
    ck_assert_mem_eq(text.data, "text", 4);
    vk_object_record_clear(&record);
    assert_ok(vk_token_object_remove(token, first, NULL));
    assert_status(get(token, first), VK_ERR_NOT_FOUND);
    assert_status(vk_token_object_remove(token, first, NULL), VK_ERR_NOT_FOUND);
    vk_token_close(token);
}
END_TEST

START_TEST(changed_by_one_at_a_time) {
    const vk_object_names a = {label_a, {NULL, 0}}, b = {label_b, {NULL, 0}};
    vk_token *token = token_new(home);
    vk_object_record mine, theirs;
    int64_t id;
    assert_ok(add(token, DATA, false, &a, &id));
    assert_ok(vk_token_object_get(token, id, &mine, NULL));
    assert_ok(vk_token_object_get(token, id, &theirs, NULL));
    assert_ok(vk_token_object_update(token, &theirs, &b, NULL));
    assert_status(vk_token_object_update(token, &mine, &a, NULL), VK_ERR_MISMATCH);
    ck_assert_uint_eq(found(token, NULL, &label_a, NULL), 0);
    ck_assert_uint_eq(found(token, NULL, &label_b, NULL), 1);
    vk_object_record_clear(&mine);
    vk_object_record_clear(&theirs);
    vk_token_close(token);
}
END_TEST

START_TEST(private_ones_are_the_users) {
    const vk_object_names a = {label_a, id_1};
    vk_token *token = token_new(home);
    int64_t id, none;
    assert_status(add(token, DATA, true, &a, &none), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_ok(add(token, DATA, true, &a, &id));
    assert_ok(get(token, id));
    /* It has no names in the file. */
    ck_assert_uint_eq(found(token, NULL, &label_b, NULL), 1);
    vk_token_logout(token);
    assert_status(get(token, id), VK_ERR_NOT_FOUND);
    ck_assert_uint_eq(found(token, NULL, NULL, NULL), 0);
    assert_status(vk_token_object_remove(token, id, NULL), VK_ERR_NOT_LOGGED_IN);
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_status(get(token, id), VK_ERR_NOT_FOUND);
    ck_assert_uint_eq(found(token, NULL, NULL, NULL), 0);
    vk_token_close(token);
}
END_TEST

START_TEST(too_long_to_be_sealed) {
    const vk_object_names a = {label_a, id_1};
    vk_token *token = token_new(home);
    vk_object_record record = {.class = DATA, .is_private = true};
    uint8_t *bytes = calloc(1, 65536);
    ck_assert_ptr_nonnull(bytes);
    assert_ok(vk_attrs_set(&record.attrs, 7, (vk_bytes){bytes, 65536}));
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    assert_status(vk_token_object_add(token, &record, &a, NULL), VK_ERR_SIZE);
    ck_assert_uint_eq(found(token, NULL, NULL, NULL), 0);
    record.is_private = false;
    assert_ok(vk_token_object_add(token, &record, &a, NULL));
    vk_object_record_clear(&record);
    free(bytes);
    vk_token_close(token);
}
END_TEST

START_TEST(starting_over_removes_them) {
    const vk_object_names a = {label_a, id_1};
    const vk_token_new args = {
        .label = "again", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    vk_token *token = token_new(home);
    int64_t id;
    assert_ok(add(token, CERTIFICATE, false, &a, &id));
    assert_ok(vk_token_reinit(token, &args, NULL));
    ck_assert_uint_eq(found(token, NULL, NULL, NULL), 0);
    vk_token_close(token);
}
END_TEST

/* Somebody else in the file. What is public is not vouched for; every column of a private one is
 * here but the version, and the names, which it does not have. */
START_TEST(edited) {
    static const struct {
        const char *sql;
        vk_status expected;
    } edits[] = {
        {"UPDATE object SET id = id + 1 WHERE id = 2", VK_ERR_INTEGRITY},
        {"UPDATE object SET class = 1 WHERE id = 2", VK_ERR_INTEGRITY},
        {"UPDATE object SET is_private = 2 WHERE id = 2", VK_ERR_INTEGRITY},
        {"UPDATE object SET attrs = x'' WHERE id = 2", VK_ERR_INTEGRITY},
        {"UPDATE object SET attrs = (SELECT attrs FROM object WHERE id = 1) WHERE id = 2",
         VK_ERR_INTEGRITY},
        {"UPDATE object SET label = 'x', ckid = 'x' WHERE id = 2", VK_OK},
    };
    const vk_object_names a = {label_a, id_1};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *own = home_new();
        vk_token *token = token_new(own);
        char *path = path_of(token);
        int64_t id;
        assert_ok(login(token, VK_ROLE_USER, USER_PIN));
        assert_ok(add(token, DATA, true, &a, &id));
        assert_ok(add(token, DATA, true, &a, &id));
        ck_assert_int_eq(id, 2);
        raw(path, edits[i].sql);
        assert_status(get(token, i == 0 ? 3 : 2), edits[i].expected);
        vk_token_close(token);
        free(path);
        home_remove(own);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        kept_and_found,        changed_by_one_at_a_time,   private_ones_are_the_users,
        too_long_to_be_sealed, starting_over_removes_them, edited};
    return RUN_TESTS("token objects", tests);
}
