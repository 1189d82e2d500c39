/* Tokens of older versions: tests/vectors/token/version-N.sql are some, each dumped from a file
 * that the program of that version made with support.c: two keys, two grants, two reservations. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <valetkey/eth.h>

#include "support.h"
#include "token/receipt.h"
#include "token/reservation.h"

#define OLD_SPENT 150
#define OLD_USED 2

typedef struct version {
    int number;
    const char *serial;
    bool knows_operations;
} version;

static const version versions[] = {
    {1, "1a21e2aa7c85e7d9", false}, {4, "1a21ef8a7b5592b1", false}, {9, "1a2217453c7e604d", true}};
#define VERSIONS (sizeof versions / sizeof versions[0])

static char *read_dump(const version *v) {
    char path[512];
    const char *directory = getenv("VK_TEST_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/vectors/token/version-%d.sql",
             directory != NULL ? directory : ".", v->number);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    char *text = NULL;
    size_t len = 0;
    ck_assert_int_gt(getdelim(&text, &len, '\0', file), 0);
    fclose(file);
    return text;
}

/* A token of that version in directory, made of its dump; its path, free it. */
static char *token_of_dump(const version *v, const char *dump, const char *directory) {
    char *path = malloc(512);
    anchors_elsewhere(0);
    snprintf(path, 512, "%s/%s.db", directory, v->serial);
    raw_make(path, "PRAGMA journal_mode = WAL");
    raw(path, dump);
    ck_assert_int_eq(chmod(path, 0600), 0);
    return path;
}

/* An old token in directory; its path, free it. */
static char *old_token(const version *v, const char *directory) {
    char *dump = read_dump(v), *path = token_of_dump(v, dump, directory);
    free(dump);
    return path;
}

static vk_grant_record first_grant(vk_token *token) {
    vk_grant_record *grants, first;
    size_t count;
    assert_ok(vk_token_grants(token, 1, &grants, &count, NULL));
    ck_assert_uint_eq(count, 2);
    first = grants[0];
    grants[0] = (vk_grant_record){0};
    vk_grant_records_free(grants, count);
    return first;
}

static void assert_keys(vk_token *token) {
    uint8_t secret[32], expected[32];
    for (unsigned n = 0; n < 2; n++) {
        vk_key_record record;
        assert_ok(vk_token_key_get(token, n + 1, &record));
        assert_ok(unseal(token, &record, secret));
        secret_of(n, expected);
        ck_assert_mem_eq(secret, expected, 32);
        vk_key_record_clear(&record);
    }
}

/* What was signed before version 6, nobody knows. */
static void assert_operations(vk_token *token, const vk_grant_record *grant, bool are_known) {
    vk_reservation *list;
    size_t count;
    assert_ok(vk_token_reservations(token, grant, &list, &count, NULL));
    ck_assert_uint_eq(count, OLD_USED);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(list[i].operation_count, are_known);
        ck_assert(list[i].is_complete == are_known);
    }
    vk_reservations_free(list, count);
}

/* Of what was signed before and after, if the journal was there. */
static void assert_receipts(vk_token *token, const vk_grant_record *grant, bool has_journal) {
    uint8_t point65[65];
    vk_journal_check check;
    vk_receipt receipt = {.chain_id = grant->chain_id, .account = grant->account, .bundler = "b"};
    point_of(0, point65);
    receipt.operation.b[0] = 1;
    assert_status(vk_token_add_receipt(token, point65, &receipt, NULL),
                  has_journal ? VK_OK : VK_ERR_NOT_FOUND);
    receipt.operation.b[0] = 3;
    assert_ok(vk_token_add_receipt(token, point65, &receipt, NULL));
    assert_ok(vk_journal_verify(token, NULL, NULL, &check, NULL));
    ck_assert_int_eq(check.findings, 0);
    ck_assert(check.macs_checked);
}

static void works_on(const version *v, const char *directory) {
    char *path = old_token(v, directory);
    vk_token *token = token_open_as(path, VK_ROLE_USER);
    assert_keys(token);
    vk_grant_record grant = first_grant(token);
    vk_budget budget = budget_of(token, &grant);
    ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), OLD_SPENT);
    vk_budget_clear(&budget);
    assert_operations(token, &grant, v->knows_operations);
    assert_ok(reserve(token, &grant, 3, 7));
    assert_receipts(token, &grant, v->knows_operations);
    token = token_reopen(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    budget = budget_of(token, &grant);
    ck_assert_uint_eq(vk_u256_low64(&budget.rules[0].spent), OLD_SPENT + 7);
    ck_assert_uint_eq(budget.rules[0].used, OLD_USED + 1);
    vk_budget_clear(&budget);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
    free(path);
}

START_TEST(old_tokens_work_on) {
    for (size_t i = 0; i < VERSIONS; i++) {
        works_on(&versions[i], home);
    }
}
END_TEST

/* What the schema is: every table and index with its text, which says the same for both. */
static char *schema_of(const char *path) {
    return raw_text(path, "SELECT group_concat(name || ':' || sql, char(10)) FROM"
                          " (SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
                          " ORDER BY name)");
}

static void becomes_the_same(const version *v) {
    char *old = old_token(v, home), *place = home_new();
    vk_token *token = token_new(place);
    char *new = path_of(token);
    vk_token_close(token);
    assert_ok(vk_token_open(old, &token, NULL));
    vk_token_close(token);
    char *old_schema = schema_of(old), *new_schema = schema_of(new);
    ck_assert_str_eq(old_schema, new_schema);
    ck_assert_int_gt(raw_int(old, "PRAGMA user_version"), v->number);
    ck_assert_int_eq(raw_int(old, "PRAGMA user_version"), raw_int(new, "PRAGMA user_version"));
    free(old_schema);
    free(new_schema);
    free(old);
    free(new);
    home_remove(place);
}

START_TEST(old_and_new_are_the_same) {
    for (size_t i = 0; i < VERSIONS; i++) {
        becomes_the_same(&versions[i]);
    }
}
END_TEST

/* Keys of before version 8 are found by their addresses; those of P-256 have none. */
START_TEST(old_keys_get_addresses) {
    char *path = old_token(&versions[0], home), text[2 * sizeof(vk_address) + 1] = {0};
    uint8_t point65[65];
    vk_token *token;
    raw(path, "UPDATE key SET curve = id");
    assert_ok(vk_token_open(path, &token, NULL));
    vk_token_close(token);
    point_of(0, point65);
    vk_address address = vk_address_of_point(point65);
    for (size_t i = 0; i < sizeof address.b; i++) {
        snprintf(text + 2 * i, 3, "%02X", address.b[i]);
    }
    char *first = raw_text(path, "SELECT hex(address) FROM key WHERE id = 1");
    ck_assert_str_eq(first, text);
    ck_assert_int_eq(raw_int(path, "SELECT address IS NULL FROM key WHERE id = 2"), 1);
    free(first);
    free(path);
}
END_TEST

static void assert_home(vk_token *token, int64_t id) {
    vk_key_record record;
    assert_ok(vk_token_key_get(token, id, &record));
    ck_assert_int_eq(record.home, VK_HOME_TOKEN);
    ck_assert(!record.has_blob);
    vk_key_record_clear(&record);
}

/* An edited home is no old seal's. */
static void is_sealed_here(const char *path, const char *edit) {
    vk_key_record record;
    uint8_t secret[32];
    raw(path, edit);
    vk_token *token = token_open_as(path, VK_ROLE_USER);
    assert_ok(vk_token_key_get(token, 1, &record));
    ck_assert_int_ne(record.home, VK_HOME_TOKEN);
    assert_status(unseal(token, &record, secret), VK_ERR_INTEGRITY);
    vk_key_record_clear(&record);
    vk_token_close(token);
}

static void keys_are_here(const version *v) {
    char *path = old_token(v, home);
    vk_token *token = token_open_as(path, VK_ROLE_USER);
    assert_home(token, 1);
    assert_home(token, 2);
    assert_keys(token);
    vk_token_close(token);
    is_sealed_here(path, "UPDATE key SET home = 2 WHERE id = 1");
    is_sealed_here(path, "UPDATE key SET home = 1, has_blob = 1 WHERE id = 1");
    free(path);
}

/* Keys of before version 10, sealed with and without their grants. */
START_TEST(old_keys_are_here) {
    for (size_t i = 0; i < VERSIONS; i++) {
        keys_are_here(&versions[i]);
    }
}
END_TEST

#define OPENERS 8

static void *open_it(void *path) {
    vk_token *token = NULL;
    vk_status status = vk_token_open(path, &token, NULL);
    vk_token_close(token);
    return (void *)(uintptr_t)status;
}

START_TEST(opened_by_many_at_once) {
    char *path = old_token(&versions[0], home);
    pthread_t threads[OPENERS];
    void *status;
    for (size_t i = 0; i < OPENERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, open_it, path), 0);
    }
    for (size_t i = 0; i < OPENERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &status), 0);
        assert_ok((vk_status)(uintptr_t)status);
    }
    free(path);
}
END_TEST

/* A table of the new version stands in the way: nothing is half done. */
START_TEST(all_or_nothing) {
    char *path = old_token(&versions[0], home);
    vk_token *token;
    vk_error err = {0};
    raw(path, "CREATE TABLE journal(x)");
    assert_status(vk_token_open(path, &token, &err), VK_ERR_STORE);
    ck_assert_int_ne(err.message[0], 0);
    ck_assert_int_eq(raw_int(path, "PRAGMA user_version"), 1);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'state'"), 0);
    raw(path, "DROP TABLE journal");
    assert_ok(vk_token_open(path, &token, NULL));
    vk_token_close(token);
    free(path);
}
END_TEST

/* Read before: an ordinary user may have no way to the sources, which may be in root's home. */
static char *first_dump;

static void open_read_only(void) {
    char *place = home_new(), *path = token_of_dump(&versions[0], first_dump, place);
    vk_token *token;
    vk_error err = {0};
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert_int_eq(chmod(place, 0500), 0);
    assert_status(vk_token_open(path, &token, &err), VK_ERR_READ_ONLY);
    ck_assert_ptr_nonnull(strstr(err.message, "schema version 1"));
    ck_assert_int_eq(chmod(place, 0700), 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
    assert_ok(vk_token_open(path, &token, NULL));
    vk_token_close(token);
    home_remove(place);
    free(path);
}

START_TEST(read_only_says_so) {
    first_dump = read_dump(&versions[0]);
    run_as_user(open_read_only);
    free(first_dump);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        old_tokens_work_on,     old_and_new_are_the_same, old_keys_get_addresses, old_keys_are_here,
        opened_by_many_at_once, all_or_nothing,           read_only_says_so};
    return RUN_TESTS("token versions", tests);
}
