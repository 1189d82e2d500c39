/*
 * The file edited in ways that change what SQLite finds, not what its rows say: tables and indexes
 * of somebody else, and values of other types than their columns'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "token/journal.h"
#include "token/spend.h"
#include "token/store.h"

/* Other processes' changes are noticed within a millisecond. */
static void edit(const char *path, const char *sql) {
    raw(path, sql);
    usleep(3000);
}

typedef struct fixture {
    vk_token *token;
    char *path;
    vk_grant_record grant;
} fixture;

static fixture fixture_new(void) {
    fixture f = {.token = token_new(home)};
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    f.grant = grant_add(f.token, key_add(f.token, 0), 1);
    assert_ok(reserve(f.token, &f.grant, 1, 100));
    f.path = path_of(f.token);
    return f;
}

static void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grant);
    vk_token_close(f->token);
    free(f->path);
}

/* ---- Tables ---- */

static const char *const schemas[] = {
    ("CREATE TRIGGER undo AFTER UPDATE ON budget BEGIN"
     " UPDATE budget SET rules = old.rules, mac = old.mac WHERE id = old.id; END"),
    "CREATE INDEX other ON state(mac DESC)",
    "CREATE INDEX other ON budget(enabled, subject)",
    "CREATE TABLE other(id INTEGER)",
    "CREATE VIEW other AS SELECT * FROM key",
    "ALTER TABLE key ADD COLUMN other TEXT",
    "ALTER TABLE key RENAME COLUMN last_denial TO other",
    "DROP INDEX key_address",
    "ANALYZE",
};

START_TEST(tables_of_somebody_else) {
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        fixture f = fixture_new();
        vk_token *late;
        vk_error err = {0};
        vk_grant_record more = grant_new(f.grant.key_id, 2);
        edit(f.path, schemas[i]);
        assert_status(reserve(f.token, &f.grant, 2, 1), VK_ERR_INTEGRITY);
        assert_status(vk_token_grant_add(f.token, &more, NULL), VK_ERR_INTEGRITY);
        assert_status(vk_token_open(f.path, &late, &err), VK_ERR_INTEGRITY);
        ck_assert_ptr_nonnull(strstr(err.message, "somebody changed the tables"));
        vk_grant_record_clear(&more);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(a_newer_program_changed_them) {
    fixture f = fixture_new();
    char sql[80];
    snprintf(sql, sizeof sql, "PRAGMA user_version = 1000; CREATE TABLE newer(id INTEGER)");
    edit(f.path, sql);
    assert_status(reserve(f.token, &f.grant, 2, 1), VK_ERR_UNSUPPORTED);
    fixture_free(&f);
}
END_TEST

#define OTHER_INDEX "CREATE INDEX other ON budget(enabled, subject);"

static void set_number(const fixture *f, const char *sql, int64_t number) {
    char text[300];
    snprintf(text, sizeof text, "%s PRAGMA schema_version = %d", sql, (int)number);
    edit(f->path, text);
}

/* What SQLite read meanwhile is not what it goes on with. */
START_TEST(tables_that_were_there_for_a_moment) {
    fixture f = fixture_new();
    vk_token_info info;
    edit(f.path, OTHER_INDEX);
    int64_t number = raw_int(f.path, "PRAGMA schema_version");
    assert_ok(vk_token_get_info(f.token, &info));
    set_number(&f, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'other';",
               number);
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    ck_assert_int_ne(sqlite3_exec(f.token->db.handle, "SELECT enabled FROM budget INDEXED BY other",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    fixture_free(&f);
}
END_TEST

/* The number that the file has for its tables tells nothing to who can put it back. */
START_TEST(a_number_that_is_put_back) {
    fixture f = fixture_new();
    vk_token_info info;
    int64_t number = raw_int(f.path, "PRAGMA schema_version");
    set_number(&f, "", number + 1);
    assert_ok(vk_token_get_info(f.token, &info));
    set_number(&f, OTHER_INDEX, number);
    assert_status(reserve(f.token, &f.grant, 2, 1), VK_ERR_INTEGRITY);
    fixture_free(&f);
}
END_TEST

/* What others write leaves the tables alone. */
START_TEST(ordinary_changes_are_none) {
    fixture f = fixture_new();
    vk_token *other = token_open_as(f.path, VK_ROLE_USER);
    key_add(other, 1);
    raw(f.path, "VACUUM");
    assert_ok(reserve(f.token, &f.grant, 2, 1));
    assert_ok(reserve(other, &f.grant, 3, 1));
    vk_token_close(other);
    fixture_free(&f);
}
END_TEST

/* ---- Types ---- */

static uint64_t used(fixture *f, const vk_grant_record *grant) {
    vk_budget budget = budget_of(f->token, grant);
    uint64_t count = budget.rules[0].used;
    vk_budget_clear(&budget);
    return count;
}

/* A key's own budget: begun when it is first used, so that it must not be begun again. */
START_TEST(a_budget_is_not_begun_anew) {
    fixture f = fixture_new();
    const vk_grant_record own = {.key_id = f.grant.key_id};
    assert_ok(reserve(f.token, &own, 1, 100));
    edit(f.path, "UPDATE budget SET subject = CAST(subject AS TEXT)");
    assert_status(reserve(f.token, &own, 2, 1), VK_ERR_INTEGRITY);
    ck_assert_int_eq(raw_int(f.path, "SELECT count(*) FROM budget"), 2);
    edit(f.path, "UPDATE budget SET subject = CAST(subject AS BLOB)");
    assert_ok(reserve(f.token, &own, 2, 1));
    ck_assert_uint_eq(used(&f, &own), 2);
    fixture_free(&f);
}
END_TEST

/* The same of a key that is removed, imported again and granted again. */
START_TEST(nor_is_that_of_a_grant) {
    fixture f = fixture_new();
    edit(f.path, "UPDATE budget SET subject = CAST(subject AS TEXT)");
    assert_ok(vk_token_key_remove(f.token, f.grant.key_id, true, true));
    int64_t key = key_add(f.token, 0);
    vk_grant_record again = grant_new(key, 1);
    assert_status(vk_token_grant_add(f.token, &again, NULL), VK_ERR_INTEGRITY);
    edit(f.path, "UPDATE budget SET subject = CAST(subject AS BLOB)");
    assert_ok(vk_token_grant_add(f.token, &again, NULL));
    ck_assert_uint_eq(used(&f, &again), 1);
    vk_grant_record_clear(&again);
    fixture_free(&f);
}
END_TEST

static const char *const stuck[] = {
    "UPDATE state SET changes = 1e300",
    "UPDATE state SET changes = x'01'",
    ("UPDATE state SET changes = 9223372036854775807;"
     "UPDATE state SET changes = changes + 1"),
};

/* A count that can no longer move would hide what the SO changes. */
START_TEST(the_count_of_changes_moves) {
    for (size_t i = 0; i < sizeof stuck / sizeof stuck[0]; i++) {
        fixture f = fixture_new();
        uint64_t generation;
        edit(f.path, stuck[i]);
        assert_status(vk_token_generation(f.token, &generation), VK_ERR_INTEGRITY);
        assert_status(reserve(f.token, &f.grant, 2, 1), VK_ERR_INTEGRITY);
        fixture_free(&f);
    }
}
END_TEST

/* Nor does one that was put back hide a spend rule. */
START_TEST(spend_rules_are_noticed_without_it) {
    fixture f = fixture_new();
    uint64_t before, after;
    char *changes = raw_text(f.path, "SELECT 'UPDATE state SET changes = ' || changes FROM state");
    assert_ok(vk_token_generation(f.token, &before));
    vk_token *so = token_open_as(f.path, VK_ROLE_SO);
    vk_spend_rule rule = {.name = "few", .asset = {.native = true, .chain_id = 1}};
    rule.limit = vk_u256_from_u64(1);
    rule.period = 86400;
    assert_ok(vk_token_spend_set(so, &rule, NULL));
    edit(f.path, changes);
    assert_ok(vk_token_generation(f.token, &after));
    ck_assert_uint_ne(before, after);
    vk_token_close(so);
    free(changes);
    fixture_free(&f);
}
END_TEST

/* ---- Numbers ---- */

static void keep_few(fixture *f) {
    vk_token_logout(f->token);
    assert_ok(login(f->token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_set_journal(f->token, VK_JOURNAL_ON, VK_JOURNAL_MAX_LEAST, NULL));
    vk_token_logout(f->token);
    assert_ok(login(f->token, VK_ROLE_USER, USER_PIN));
}

/* Records that cannot be are dropped like others. */
START_TEST(a_rotation_ends) {
    fixture f = fixture_new();
    keep_few(&f);
    unsigned nonce = 2;
    for (; nonce < VK_JOURNAL_MAX_LEAST - 5; nonce++) {
        assert_ok(reserve(f.token, &f.grant, nonce, 1));
    }
    edit(f.path, "UPDATE journal SET sequence = 0 WHERE number = 4;"
                 "UPDATE journal SET hash = CAST(hash AS TEXT) WHERE number = 6");
    for (; nonce < VK_JOURNAL_MAX_LEAST + 20; nonce++) {
        assert_ok(reserve(f.token, &f.grant, nonce, 1));
    }
    ck_assert_int_le(raw_int(f.path, "SELECT count(*) FROM journal"), VK_JOURNAL_MAX_LEAST + 1);
    ck_assert_int_gt(raw_int(f.path, "SELECT min(number) FROM journal"), 4);
    fixture_free(&f);
}
END_TEST

static vk_status count_record(void *context, const vk_journal_record *record) {
    (void)record;
    ++*(int *)context;
    return VK_OK;
}

/* One value of another type blinds nobody who looks at the rest. */
START_TEST(a_journal_of_other_types_is_read) {
    static const char *const edits[] = {"UPDATE journal SET time = 1e300 WHERE number = 2",
                                        "UPDATE journal SET hash = CAST(hash AS TEXT), time = 7"
                                        " WHERE number = 2"};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        fixture f = fixture_new();
        vk_journal_check check;
        int count = 0;
        for (uint64_t nonce = 2; nonce < 5; nonce++) {
            assert_ok(reserve(f.token, &f.grant, nonce, 1));
        }
        edit(f.path, edits[i]);
        assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
        ck_assert_int_gt(check.findings, 0);
        ck_assert_int_eq(check.records, 4);
        assert_ok(vk_journal_each(f.token, 0, count_record, &count, NULL));
        ck_assert_int_eq(count, 4);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(a_budget_of_another_type_is_a_finding) {
    fixture f = fixture_new();
    vk_journal_check check;
    edit(f.path, "UPDATE budget SET sign_count = 1.5");
    assert_ok(vk_journal_verify(f.token, NULL, NULL, &check, NULL));
    ck_assert_int_gt(check.findings, 0);
    fixture_free(&f);
}
END_TEST

/* A key that was read between two edits is not what is sealed with a new label. */
START_TEST(an_edit_that_is_gone_again_is_not_vouched_for) {
    fixture f = fixture_new();
    vk_key_record record;
    char *keep = raw_text(f.path, "SELECT 'UPDATE key SET private_attrs = x''' ||"
                                  " hex(private_attrs) || '''' FROM key");
    assert_ok(vk_token_key_get(f.token, f.grant.key_id, &record));
    assert_ok(vk_token_key_vouch(f.token, &record, NULL));
    vk_key_record_clear(&record);
    edit(f.path, "UPDATE key SET private_attrs = x'000000000000010a00000000'");
    assert_ok(vk_token_key_get(f.token, f.grant.key_id, &record));
    edit(f.path, keep);
    assert_status(vk_token_key_vouch(f.token, &record, NULL), VK_ERR_INTEGRITY);
    vk_key_record_clear(&record);
    free(keep);
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {tables_of_somebody_else,
                                  a_newer_program_changed_them,
                                  tables_that_were_there_for_a_moment,
                                  a_number_that_is_put_back,
                                  a_journal_of_other_types_is_read,
                                  a_budget_of_another_type_is_a_finding,
                                  an_edit_that_is_gone_again_is_not_vouched_for,
                                  ordinary_changes_are_none,
                                  a_budget_is_not_begun_anew,
                                  nor_is_that_of_a_grant,
                                  the_count_of_changes_moves,
                                  a_rotation_ends,
                                  spend_rules_are_noticed_without_it};
    return RUN_TESTS("token schema", tests);
}
