/*
 * The file edited by somebody else: a table of edits, one a column of every table, and what a use
 * of the token says then. Columns for people (label, last_denial), for searching, and the version
 * are not authenticated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "token/journal.h"

#define KEYS 2

typedef struct fixture {
    char *path;
    int64_t keys[KEYS];
    vk_grant_record grants[KEYS];
} fixture;

/* Two keys, each with a grant of which something is spent. */
static fixture fixture_new(void) {
    fixture f;
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    for (unsigned n = 0; n < KEYS; n++) {
        f.keys[n] = key_add(token, n);
        f.grants[n] = grant_add(token, f.keys[n], 1);
        assert_ok(reserve(token, &f.grants[n], 1, 100 + n));
    }
    f.path = path_of(token);
    vk_token_close(token);
    return f;
}

static void fixture_free(fixture *f) {
    for (unsigned n = 0; n < KEYS; n++) {
        vk_grant_record_clear(&f->grants[n]);
    }
    free(f->path);
}

/* ---- Uses ---- */

typedef vk_status use(vk_token *token, const fixture *f);

static vk_status use_key(vk_token *token, const fixture *f) {
    uint8_t secret[32];
    vk_key_record record;
    vk_error err;
    vk_status status = vk_token_key_get(token, f->keys[0], &record);
    if (status != VK_OK) {
        return status;
    }
    vk_buf grant_ids = {0};
    status = vk_token_key_unseal(token, &record, secret, &grant_ids, &err);
    if (status == VK_ERR_INTEGRITY) {
        ck_assert_str_eq(err.message,
                         "the object fails its integrity check: it was changed outside the token");
    }
    vk_buf_clear(&grant_ids);
    vk_key_record_clear(&record);
    return status;
}

static vk_status use_update(vk_token *token, const fixture *f) {
    vk_key_record record;
    vk_key_names names = names_of(0);
    vk_status status = vk_token_key_get(token, f->keys[0], &record);
    if (status == VK_OK) {
        status = vk_token_key_update(token, &record, &names, NULL);
        vk_key_record_clear(&record);
    }
    return status;
}

static vk_status use_grants(vk_token *token, const fixture *f) {
    vk_grant_record *grants;
    size_t count;
    vk_status status = vk_token_grants(token, f->keys[0], &grants, &count, NULL);
    vk_grant_records_free(grants, count);
    return status == VK_OK && count != 1 ? VK_ERR_NOT_FOUND : status;
}

static vk_status use_budget(vk_token *token, const fixture *f) {
    vk_budget budget;
    vk_status status = vk_token_budget_get(token, &f->grants[0], RULES, &budget, NULL);
    vk_budget_clear(&budget);
    return status;
}

static vk_status use_reservation(vk_token *token, const fixture *f) {
    return reserve(token, &f->grants[0], 1, 1);
}

static vk_status use_new_grant(vk_token *token, const fixture *f) {
    vk_grant_record grant = grant_new(f->keys[0], 99);
    vk_status status = vk_token_grant_add(token, &grant, NULL);
    vk_grant_record_clear(&grant);
    return status;
}

static vk_status use_info(vk_token *token, const fixture *f) {
    vk_token_info info;
    (void)f;
    return vk_token_get_info(token, &info);
}

static vk_status use_nothing(vk_token *token, const fixture *f) {
    (void)token;
    (void)f;
    return VK_OK;
}

/* ---- Edits ---- */

typedef struct edit {
    const char *sql;
    use *run;
    vk_status expected;
} edit;

#define FIRST_KEY " WHERE id = (SELECT min(id) FROM key)"
#define FIRST_GRANT " WHERE id = (SELECT min(id) FROM approval)"
#define FIRST_BUDGET " WHERE id = (SELECT min(id) FROM budget)"
#define FIRST_NONCE " WHERE budget_id = (SELECT min(id) FROM budget)"
#define OTHER_KEY(column) "(SELECT " column " FROM key ORDER BY id DESC LIMIT 1)"

static const edit key_edits[] = {
    {"UPDATE key SET id = id + 100" FIRST_KEY, use_key, VK_ERR_NOT_FOUND},
    {"UPDATE key SET version = version + 1" FIRST_KEY, use_key, VK_OK},
    {"UPDATE key SET curve = 1" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET curve = 3" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET point = x'04' || substr(point, 1, 64)" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET point = zeroblob(65)" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET has_private = 0" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET has_private = 0, sealed = NULL" FIRST_KEY, use_key, VK_ERR_NOT_FOUND},
    {"UPDATE key SET has_public = 0" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET has_public = 2" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET private_attrs = private_attrs || x'00'" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET public_attrs = x''" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET policy = policy || ' '" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET policy = policy || char(0) || 'x'" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET policy = NULL" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET policy = ''" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET rp_id = 'evil'" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET origin = rp_id, rp_id = origin" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET credential_id = x'01'" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET authenticator_id_hash = zeroblob(31) || x'01'" FIRST_KEY, use_key,
     VK_ERR_INTEGRITY},
    {"UPDATE key SET authenticator_id_hash = x'00'" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET use_sign_count = 0" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET home = 1" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET home = 3" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET has_blob = 1" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET sealed = zeroblob(60)" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET sealed = " OTHER_KEY("sealed") FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET sealed = substr(sealed, 1, 59)" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET sealed = NULL" FIRST_KEY, use_key, VK_ERR_INTEGRITY},
    {"UPDATE key SET last_denial = 'x'" FIRST_KEY, use_key, VK_OK},
    {"UPDATE key SET private_label = x'', private_ckid = x'', public_label = x'',"
     " public_ckid = x'', address = x''" FIRST_KEY,
     use_key, VK_OK},
    {"UPDATE key SET policy = '[]'" FIRST_KEY, use_update, VK_ERR_INTEGRITY},
    {"UPDATE key SET point = zeroblob(65)" FIRST_KEY, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE key SET point = zeroblob(65)" FIRST_KEY, use_grants, VK_ERR_INTEGRITY},
};

static const edit grant_edits[] = {
    {"UPDATE approval SET id = id + 100" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET id = id + 100" FIRST_GRANT, use_reservation, VK_ERR_NOT_FOUND},
    {"UPDATE approval SET key_id = key_id + 1" FIRST_GRANT, use_grants, VK_ERR_NOT_FOUND},
    {"UPDATE approval SET key_id = (SELECT min(id) FROM key)", use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET json = json || ' '" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET chain_id = 2" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET entry_point = zeroblob(20)" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET entry_point = x''" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET account = zeroblob(20)" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET permission_id = zeroblob(4)" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET mac = zeroblob(32)" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET mac = x''" FIRST_GRANT, use_grants, VK_ERR_INTEGRITY},
    {"UPDATE approval SET mac = zeroblob(32)" FIRST_GRANT, use_reservation, VK_ERR_INTEGRITY},
    {"DELETE FROM approval" FIRST_GRANT, use_reservation, VK_ERR_NOT_FOUND},
    {"DELETE FROM approval" FIRST_GRANT, use_key, VK_ERR_INTEGRITY},
    {"DELETE FROM approval" FIRST_GRANT, use_new_grant, VK_ERR_INTEGRITY},
    {"DELETE FROM approval" FIRST_GRANT, use_update, VK_ERR_INTEGRITY},
    {"UPDATE approval SET key_id = key_id + 1" FIRST_GRANT, use_key, VK_ERR_INTEGRITY},
    {"UPDATE approval SET key_id = (SELECT min(id) FROM key)", use_key, VK_ERR_INTEGRITY},
};

static const edit budget_edits[] = {
    {"UPDATE budget SET subject = zeroblob(32)" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET enabled = 1" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET enabled = 2" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET enable_nonce = zeroblob(31) || x'01'" FIRST_BUDGET, use_budget,
     VK_ERR_INTEGRITY},
    {"UPDATE budget SET sign_count = 1" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET sign_count = 4294967296" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET rules = zeroblob(length(rules))" FIRST_BUDGET, use_budget,
     VK_ERR_INTEGRITY},
    {"UPDATE budget SET rules = x''" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET rules = substr(rules, 1, 48)" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET mac = zeroblob(32)" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"UPDATE budget SET rules = x''" FIRST_BUDGET, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE budget SET (rules, mac) = (SELECT rules, mac FROM budget ORDER BY id "
     "DESC)" FIRST_BUDGET,
     use_reservation, VK_ERR_INTEGRITY},
    {"DELETE FROM budget" FIRST_BUDGET, use_budget, VK_ERR_INTEGRITY},
    {"DELETE FROM budget" FIRST_BUDGET, use_reservation, VK_ERR_INTEGRITY},
    {"DELETE FROM budget" FIRST_BUDGET, use_new_grant, VK_ERR_INTEGRITY},
    {"DELETE FROM budget", use_new_grant, VK_ERR_INTEGRITY},
    {"DELETE FROM budget; DELETE FROM approval", use_new_grant, VK_ERR_INTEGRITY},
    {"UPDATE budget SET subject = randomblob(32)" FIRST_BUDGET, use_new_grant, VK_ERR_INTEGRITY},
    {"UPDATE budget SET enabled = 1" FIRST_BUDGET, use_new_grant, VK_ERR_INTEGRITY},
    {"UPDATE budget SET (subject, enabled, enable_nonce, sign_count, rules, mac) = (SELECT"
     " CAST(subject AS TEXT), enabled, enable_nonce, sign_count, rules, mac FROM budget"
     " ORDER BY id DESC LIMIT 1)" FIRST_BUDGET,
     use_new_grant, VK_ERR_INTEGRITY},
    {"UPDATE budget SET (subject, enabled, enable_nonce, sign_count, rules, mac) = (SELECT"
     " CAST(subject AS TEXT), enabled, enable_nonce, sign_count, rules, mac FROM budget"
     " ORDER BY id LIMIT 1) WHERE id = (SELECT max(id) FROM budget)",
     use_new_grant, VK_ERR_INTEGRITY},
    {"DELETE FROM budget; UPDATE token SET budget_count = 0", use_new_grant, VK_ERR_INTEGRITY},
    {"UPDATE token SET budget_mac = zeroblob(32)", use_new_grant, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET gas = zeroblob(32)" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET gas = zeroblob(31)" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET counted_at = counted_at + 1" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET signed_at = signed_at + 1" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET included_at = 1" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET signed_count = 2" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET operations = x''" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET spends = zeroblob(40)" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET mac = zeroblob(32)" FIRST_NONCE, use_reservation, VK_ERR_INTEGRITY},
    {"DELETE FROM nonce" FIRST_NONCE "; UPDATE nonce SET budget_id = (SELECT min(id) FROM budget)",
     use_reservation, VK_ERR_INTEGRITY},
    {"UPDATE nonce SET nonce = zeroblob(32) WHERE budget_id = (SELECT min(id) FROM budget);"
     "UPDATE nonce SET nonce = zeroblob(31) || x'01'" FIRST_NONCE,
     use_reservation, VK_OK},
};

/* The login itself, then the token's own row. */
static const edit token_edits[] = {
    {"UPDATE pin SET role = 3 - role + 10; UPDATE pin SET role = role - 10", use_nothing,
     VK_ERR_PIN_INCORRECT},
    {"UPDATE pin SET tries_left = 0", use_nothing, VK_ERR_PIN_LOCKED},
    {"UPDATE pin SET tries_left = -5", use_nothing, VK_ERR_PIN_LOCKED},
    {"UPDATE pin SET tries_left = 1000", use_nothing, VK_OK},
    {"UPDATE pin SET scrypt_n = 1073741824", use_nothing, VK_ERR_INTEGRITY},
    {"UPDATE pin SET scrypt_n = 32767", use_nothing, VK_ERR_INTEGRITY},
    {"UPDATE pin SET scrypt_n = -1", use_nothing, VK_ERR_INTEGRITY},
    {"UPDATE pin SET scrypt_n = 2", use_nothing, VK_ERR_PIN_INCORRECT},
    {"UPDATE pin SET scrypt_r = 1000000", use_nothing, VK_ERR_INTEGRITY},
    {"UPDATE pin SET scrypt_p = 1000000", use_nothing, VK_ERR_INTEGRITY},
    {"UPDATE pin SET scrypt_p = 2", use_nothing, VK_ERR_PIN_INCORRECT},
    {"UPDATE pin SET salt = zeroblob(32)", use_nothing, VK_ERR_PIN_INCORRECT},
    {"UPDATE pin SET salt = x''", use_nothing, VK_ERR_INTEGRITY},
    {"UPDATE pin SET wrapped = zeroblob(60)", use_nothing, VK_ERR_PIN_INCORRECT},
    {"UPDATE pin SET wrapped = x''", use_nothing, VK_ERR_INTEGRITY},
    {"DELETE FROM pin", use_nothing, VK_ERR_PIN_NOT_SET},
    {"UPDATE token SET serial = '0000000000000000'", use_nothing, VK_ERR_PIN_INCORRECT},
    {"UPDATE token SET label = 'another'", use_info, VK_OK},
    {"UPDATE token SET default_sudo = 1", use_info, VK_ERR_INTEGRITY},
    {"UPDATE token SET default_sudo = 2", use_info, VK_ERR_INTEGRITY},
    {"UPDATE token SET default_mac = zeroblob(32)", use_info, VK_ERR_INTEGRITY},
};

static void copy_file(const char *from, const char *to) {
    vk_buf sql = {0};
    remove(to);
    vk_buf_printf(&sql, "VACUUM INTO '%s'", to);
    char *text = vk_buf_take_text(&sql);
    raw(from, text);
    vk_text_free(text);
}

static void play(const edit *edits, size_t count) {
    fixture f = fixture_new();
    vk_buf copy_name = {0};
    vk_buf_printf(&copy_name, "%s.copy", f.path);
    char *copy = vk_buf_take_text(&copy_name);
    for (size_t i = 0; i < count; i++) {
        vk_token *token;
        /* Each copy is a token of its own here, not an older one put back. */
        anchors_elsewhere((unsigned)i);
        copy_file(f.path, copy);
        raw(copy, edits[i].sql);
        assert_ok(vk_token_open(copy, &token, NULL));
        vk_status status = login(token, VK_ROLE_USER, USER_PIN);
        if (status == VK_OK) {
            status = edits[i].run(token, &f);
        }
        ck_assert_msg(status == edits[i].expected, "%s: \"%s\", expected \"%s\"", edits[i].sql,
                      vk_status_text(status), vk_status_text(edits[i].expected));
        vk_token_close(token);
    }
    vk_text_free(copy);
    fixture_free(&f);
}

#define PLAY(edits) play(edits, sizeof(edits) / sizeof((edits)[0]))

START_TEST(edited_keys) {
    PLAY(key_edits);
}
END_TEST

START_TEST(edited_grants) {
    PLAY(grant_edits);
}
END_TEST

START_TEST(edited_budgets) {
    PLAY(budget_edits);
}
END_TEST

/* What was found whole is looked at again once somebody wrote to it. */
START_TEST(a_budget_that_is_edited_later) {
    fixture f = fixture_new();
    vk_token *token = token_open_as(f.path, VK_ROLE_USER);
    vk_grant_record grant = grant_new(f.keys[0], 100);
    assert_ok(use_new_grant(token, &f));
    raw(f.path, "UPDATE budget SET subject = randomblob(32)" FIRST_BUDGET);
    assert_status(vk_token_grant_add(token, &grant, NULL), VK_ERR_INTEGRITY);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
    fixture_free(&f);
}
END_TEST

/* ---- What "audit verify" says of rows that nobody has used yet ---- */

static void keep_what(void *context, const vk_journal_finding *finding) {
    vk_buf *all = context;
    vk_buf_printf(all, "%s%s", all->len > 0 ? " " : "", finding->what);
}

static void verify_says(const char *path, vk_role role, const char *expected) {
    vk_journal_check check;
    vk_buf all = {0};
    vk_token *token = token_open_as(path, role);
    assert_ok(vk_journal_verify(token, keep_what, &all, &check, NULL));
    char *text = vk_buf_take_text(&all);
    ck_assert_str_eq(text, expected);
    vk_text_free(text);
    vk_token_close(token);
}

START_TEST(verify_names_edited_rows) {
    static const struct {
        const char *sql, *expected;
    } edits[] = {
        {"UPDATE key SET private_label = x''" FIRST_KEY, ""},
        {"UPDATE key SET policy = '[]'" FIRST_KEY, "key"},
        {"DELETE FROM approval" FIRST_GRANT, "key"},
        {"UPDATE approval SET json = '{}'" FIRST_GRANT, "grants"},
        {"UPDATE budget SET enabled = 1" FIRST_BUDGET, "budgets"},
        {"UPDATE budget SET subject = x''" FIRST_BUDGET, "budgets"},
        {"UPDATE nonce SET gas = zeroblob(32)" FIRST_NONCE, "nonces"},
    };
    fixture f = fixture_new();
    vk_buf copy_name = {0};
    vk_buf_printf(&copy_name, "%s.copy", f.path);
    char *copy = vk_buf_take_text(&copy_name);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        copy_file(f.path, copy);
        raw(copy, edits[i].sql);
        verify_says(copy, VK_ROLE_USER, edits[i].expected);
        verify_says(copy, VK_ROLE_SO, edits[i].expected);
    }
    vk_text_free(copy);
    fixture_free(&f);
}
END_TEST

START_TEST(edited_tokens_and_pins) {
    PLAY(token_edits);
}
END_TEST

/* Every column of every table stands in one of the lists above, but those of what clients keep and
 * of enrolments and passkeys: see test_token_object.c, test_token_enrolment.c and
 * test_token_passkey.c. */
START_TEST(every_column_is_listed) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    vk_token_close(token);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('key')"), 23);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('approval')"), 8);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('budget')"), 7);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('nonce')"), 10);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('pin')"), 7);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('object')"), 7);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('enrolment')"), 8);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('passkey_user')"), 10);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM pragma_table_info('token')"), 11);
    ck_assert_int_eq(raw_int(path, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                                   " AND name NOT LIKE 'sqlite_%'"),
                     16);
    free(path);
}
END_TEST

/* What the old default says is authenticated before the new one can be made of it. */
START_TEST(reinit_refuses_an_edited_default) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    vk_token_info info;
    raw(path, "UPDATE token SET default_sudo = 1 - default_sudo");
    assert_ok(vk_token_get_info(token, &info));
    vk_token_new args = {.label = "again",
                         .so_pin = (const uint8_t *)SO_PIN,
                         .so_pin_len = strlen(SO_PIN),
                         .default_sudo = info.settings.default_sudo};
    assert_status(vk_token_reinit(token, &args, NULL), VK_ERR_INTEGRITY);
    free(path);
    vk_token_close(token);
}
END_TEST

/* The file edited after the key was loaded, so that the store alone can notice it. */
START_TEST(an_edited_point_finds_no_fresh_budget) {
    vk_token *token = token_new(home);
    char *path = path_of(token);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_grant_record own = {.key_id = key_add(token, 1)};
    assert_ok(reserve(token, &own, 1, 100));
    raw(path, "UPDATE key SET point = substr(point, 1, 64) || x'77'");
    assert_status(reserve(token, &own, 2, 100), VK_ERR_INTEGRITY);
    free(path);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {edited_keys,
                                  edited_grants,
                                  edited_budgets,
                                  edited_tokens_and_pins,
                                  a_budget_that_is_edited_later,
                                  verify_names_edited_rows,
                                  every_column_is_listed,
                                  reinit_refuses_an_edited_default,
                                  an_edited_point_finds_no_fresh_budget};
    return RUN_TESTS("token integrity", tests);
}
