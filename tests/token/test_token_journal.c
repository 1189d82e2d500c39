/* The journal: what is written, and that each kind of tampering is found and named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "token/journal.h"
#include "token/store.h"

/* Key 0 has the records 1, 3, 5 and 6, key 1 the records 2, 4 and 7; record 6 is a denial. */
typedef struct fixture {
    vk_token *token;
    char *path;
    vk_grant_record grants[2];
} fixture;

static vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)budget;
    (void)charge;
    return vk_fail(err, VK_DENIED, "gas", "%s", (const char *)context);
}

static vk_status deny(vk_token *token, const vk_grant_record *grant, uint64_t nonce,
                      const char *reason) {
    return decide(token, grant, nonce, refuse, (void *)(uintptr_t)reason);
}

static fixture fixture_new(void) {
    fixture f = {.token = token_new(home)};
    f.path = path_of(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    for (unsigned i = 0; i < 2; i++) {
        f.grants[i] = grant_add(f.token, key_add(f.token, i), 1);
    }
    for (uint64_t i = 1; i <= 5; i++) {
        assert_ok(reserve(f.token, &f.grants[(i + 1) % 2], i, i));
    }
    assert_status(deny(f.token, &f.grants[0], 6, "too dear"), VK_DENIED);
    assert_ok(reserve(f.token, &f.grants[1], 7, 7));
    return f;
}

static void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grants[0]);
    vk_grant_record_clear(&f->grants[1]);
    vk_token_close(f->token);
    free(f->path);
}

/* ---- What was found ---- */

#define FINDINGS 32

typedef struct findings {
    size_t count;
    vk_journal_finding list[FINDINGS];
    vk_journal_check check;
} findings;

static void collect(void *context, const vk_journal_finding *finding) {
    findings *f = context;
    ck_assert_uint_lt(f->count, FINDINGS);
    f->list[f->count++] = *finding;
}

static findings verify(vk_token *token) {
    findings f = {0};
    assert_ok(vk_journal_verify(token, collect, &f, &f.check, NULL));
    ck_assert_int_eq(f.check.findings, (int64_t)f.count);
    return f;
}

static void assert_clean(vk_token *token, int64_t records) {
    findings f = verify(token);
    ck_assert_msg(f.count == 0, "%s", f.list[0].text);
    ck_assert_int_eq(f.check.records, records);
}

static bool is_key(const vk_journal_finding *finding, unsigned key) {
    uint8_t point65[65];
    point_of(key, point65);
    return !finding->of_token && memcmp(finding->point65, point65, 65) == 0;
}

static bool has(const findings *f, unsigned key, int64_t sequence, const char *what) {
    for (size_t i = 0; i < f->count; i++) {
        const vk_journal_finding *one = &f->list[i];
        if (is_key(one, key) && one->sequence == sequence && strcmp(one->what, what) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_of_token(const findings *f, const char *what) {
    for (size_t i = 0; i < f->count; i++) {
        if (f->list[i].of_token && strcmp(f->list[i].what, what) == 0) {
            return true;
        }
    }
    return false;
}

static const char *texts(const findings *f) {
    static char all[FINDINGS * 300];
    all[0] = '\0';
    for (size_t i = 0; i < f->count; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "[%s %s]", f->list[i].what, f->list[i].text);
    }
    return all;
}

/* ---- What is written ---- */

typedef struct copy {
    size_t count;
    struct {
        int64_t number, sequence, event;
        uint8_t point65[65];
        char form[16], rule[16], reason[64];
        uint64_t chain_id, time;
        uint8_t operation[32];
        vk_rule_state before, after;
        bool has_after;
    } list[32];
} copy;

static void copy_text(vk_bytes from, char *to, size_t len) {
    snprintf(to, len, "%.*s", (int)from.len, (const char *)from.data);
}

static vk_status copy_record(void *context, const vk_journal_record *r) {
    copy *c = context;
    ck_assert_uint_lt(c->count, 32);
    size_t i = c->count++;
    c->list[i].number = r->number;
    c->list[i].sequence = r->sequence;
    c->list[i].event = r->event;
    c->list[i].chain_id = r->chain_id;
    c->list[i].time = r->time;
    if (r->point.len == 65) {
        memcpy(c->list[i].point65, r->point.data, 65);
    }
    copy_text(r->form, c->list[i].form, sizeof c->list[i].form);
    copy_text(r->rule, c->list[i].rule, sizeof c->list[i].rule);
    copy_text(r->reason, c->list[i].reason, sizeof c->list[i].reason);
    if (r->operation.len == 32) {
        memcpy(c->list[i].operation, r->operation.data, 32);
    }
    vk_journal_rule_state(r->before, 0, &c->list[i].before);
    c->list[i].has_after = vk_journal_rule_state(r->after, 0, &c->list[i].after);
    return VK_OK;
}

START_TEST(every_decision_is_there) {
    static const int64_t sequences[] = {1, 1, 2, 2, 3, 4, 3};
    static const unsigned keys[] = {0, 1, 0, 1, 0, 0, 1};
    fixture f = fixture_new();
    static copy c;
    assert_ok(vk_journal_each(f.token, 0, copy_record, &c, NULL));
    ck_assert_uint_eq(c.count, 7);
    for (unsigned i = 0; i < 7; i++) {
        uint8_t point65[65], operation[32] = {(uint8_t)(i + 1)};
        point_of(keys[i], point65);
        ck_assert_int_eq(c.list[i].number, i + 1);
        ck_assert_int_eq(c.list[i].sequence, sequences[i]);
        ck_assert_int_eq(c.list[i].event, i == 5 ? VK_EVENT_DENIED : VK_EVENT_SIGNED);
        ck_assert_mem_eq(c.list[i].point65, point65, 65);
        ck_assert_mem_eq(c.list[i].operation, operation, 32);
        ck_assert_str_eq(c.list[i].form, "test");
        ck_assert_uint_eq(c.list[i].chain_id, 1);
        ck_assert(c.list[i].has_after == (i != 5));
    }
    ck_assert_str_eq(c.list[5].rule, "gas");
    ck_assert_str_eq(c.list[5].reason, "too dear");
    ck_assert_uint_eq(vk_u256_low64(&c.list[2].before.spent), 1);
    ck_assert_uint_eq(vk_u256_low64(&c.list[2].after.spent), 4);
    ck_assert_uint_eq(c.list[5].before.used, 3);
    vk_key_record record;
    assert_ok(vk_token_key_get(f.token, f.grants[0].key_id, &record));
    ck_assert_str_eq(record.last_denial, "gas: too dear");
    vk_key_record_clear(&record);
    assert_clean(f.token, 7);
    fixture_free(&f);
}
END_TEST

START_TEST(a_repeated_denial_is_one) {
    fixture f = fixture_new();
    for (int i = 0; i < 3; i++) {
        assert_status(deny(f.token, &f.grants[0], 9, "no"), VK_DENIED);
    }
    assert_clean(f.token, 8);
    assert_status(deny(f.token, &f.grants[0], 9, "something else"), VK_DENIED);
    assert_status(deny(f.token, &f.grants[0], 10, "no"), VK_DENIED);
    assert_status(deny(f.token, &f.grants[1], 9, "no"), VK_DENIED);
    assert_clean(f.token, 11);
    fixture_free(&f);
}
END_TEST

static vk_status allow(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)err;
    ck_assert(budget == NULL && charge == NULL);
    return VK_OK;
}

/* A decision that needs no budget; a key that has another version by now does not sign. */
static vk_status decide_plain(vk_token *token, int64_t key_id, int64_t version, bool is_written) {
    question q;
    uint8_t point65[65];
    vk_grant_record grant = grant_new(key_id, 1);
    point_of((unsigned)key_id - 1, point65);
    question_init(&q, &grant, point65, 5, allow, NULL);
    q.decision.grant = NULL;
    q.decision.key_version = version;
    q.decision.entry = is_written ? &q.entry : NULL;
    vk_status status = vk_token_decide(token, &q.decision, NULL);
    vk_grant_record_clear(&grant);
    return status;
}

START_TEST(decisions_without_a_budget) {
    fixture f = fixture_new();
    assert_ok(decide_plain(f.token, f.grants[0].key_id, 1, true));
    assert_ok(decide_plain(f.token, f.grants[0].key_id, 1, false));
    assert_status(decide_plain(f.token, f.grants[0].key_id, 2, true), VK_ERR_MISMATCH);
    assert_status(decide_plain(f.token, 77, 1, true), VK_ERR_NOT_FOUND);
    assert_clean(f.token, 8);
    fixture_free(&f);
}
END_TEST

START_TEST(chains_outlive_keys) {
    fixture f = fixture_new();
    assert_ok(vk_token_key_remove(f.token, f.grants[0].key_id, true, true));
    vk_grant_record_clear(&f.grants[0]);
    f.grants[0] = grant_add(f.token, key_add(f.token, 0), 1);
    assert_ok(reserve(f.token, &f.grants[0], 8, 1));
    static copy c;
    assert_ok(vk_journal_each(f.token, 8, copy_record, &c, NULL));
    ck_assert_uint_eq(c.count, 1);
    ck_assert_int_eq(c.list[0].sequence, 5);
    assert_clean(f.token, 8);
    fixture_free(&f);
}
END_TEST

/* The attributes of the keys here are none that could be read. */
static void clear_attributes(vk_token *token, int64_t id) {
    vk_key_record record;
    vk_key_names names = names_of(0);
    assert_ok(vk_token_key_get(token, id, &record));
    vk_buf_clear(&record.private_attrs);
    assert_ok(vk_token_key_update(token, &record, &names, NULL));
    vk_key_record_clear(&record);
}

/* In the key's chain, between what the key did before and after. Nothing is noted of a change that
 * fails. */
START_TEST(what_the_so_sets_of_a_key_is_there) {
    const vk_bytes yes = {(const uint8_t *)"\1", 1};
    uint8_t point65[65];
    fixture f = fixture_new();
    int64_t id = f.grants[0].key_id;
    clear_attributes(f.token, id);
    assert_status(vk_token_key_set_attr(f.token, id, 7, yes, "allowed", NULL),
                  VK_ERR_NOT_LOGGED_IN);
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_SO, SO_PIN));
    assert_status(vk_token_key_set_attr(f.token, id + 9, 7, yes, "allowed", NULL),
                  VK_ERR_NOT_FOUND);
    assert_ok(vk_token_key_set_attr(f.token, id, 7, yes, "allowed", NULL));
    vk_token_logout(f.token);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    assert_ok(reserve(f.token, &f.grants[0], 8, 1));
    static copy c;
    assert_ok(vk_journal_each(f.token, 8, copy_record, &c, NULL));
    point_of(0, point65);
    ck_assert_uint_eq(c.count, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(c.list[i].event, i == 0 ? VK_EVENT_SETTINGS : VK_EVENT_SIGNED);
        ck_assert_int_eq(c.list[i].sequence, 5 + i);
        ck_assert_mem_eq(c.list[i].point65, point65, 65);
    }
    ck_assert_str_eq(c.list[0].reason, "allowed");
    assert_clean(f.token, 9);
    fixture_free(&f);
}
END_TEST

/* ---- Tampering ---- */

typedef struct edit {
    const char *sql;
    unsigned key;
    int64_t sequence;
    const char *what;
    const char *with_pin; /* what the MACs tell, of the same record, if it is something else */
} edit;

#define OF_TOKEN 99

static const edit edits[] = {
    {"UPDATE journal SET time = time - 3600 WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET event = 1 WHERE number = 6", 0, 4, "edited", NULL},
    {"UPDATE journal SET form = 'digest' WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET policy = zeroblob(31) WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET chain_id = 10 WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET account = zeroblob(20) WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET permission_id = x'' WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET operation = zeroblob(32) WHERE number = 5", 0, 3, "edited", NULL},
    {"UPDATE journal SET rule = 'call' WHERE number = 6", 0, 4, "edited", NULL},
    {"UPDATE journal SET reason = '' WHERE number = 6", 0, 4, "edited", NULL},
    {"UPDATE journal SET hardening = 'x' WHERE number = 6", 0, 4, "edited", NULL},
    {"UPDATE journal SET before = x'' WHERE number = 4", 1, 2, "edited", NULL},
    {"UPDATE journal SET after = before WHERE number = 4", 1, 2, "edited", NULL},
    {"UPDATE journal SET previous = zeroblob(32) WHERE number = 4", 1, 2, "edited", NULL},
    {"UPDATE journal SET last = zeroblob(32) WHERE number = 4", 1, 2, "edited", NULL},
    {"UPDATE journal SET hash = zeroblob(32) WHERE number = 4", 1, 2, "edited", NULL},
    {"UPDATE journal SET sequence = 9 WHERE number = 4", 1, 2, "removed", NULL},
    {"UPDATE journal SET journal_key = 1 WHERE number = 4", 1, 2, "removed", NULL},
    {"UPDATE journal SET journal_key = 9 WHERE number = 4", OF_TOKEN, 0, "edited", NULL},
    {"UPDATE journal SET mac = zeroblob(32) WHERE number = 4", 1, 2, NULL, "mac"},
    {"DELETE FROM journal WHERE number = 3", 0, 2, "removed", NULL},
    {"DELETE FROM journal WHERE number = 1", 0, 1, "removed", NULL},
    {"DELETE FROM journal WHERE number > 4", 0, 3, "truncated", NULL},
    {"DELETE FROM journal WHERE number > 4", 1, 3, "truncated", NULL},
    {"UPDATE journal SET number = -number WHERE number IN (3, 5);"
     "UPDATE journal SET number = 8 + number WHERE number < 0",
     0, 3, "edited", NULL},
    {"UPDATE journal SET sequence = 5 - sequence WHERE number IN (3, 5)", 0, 2, "reordered", NULL},
    {"DELETE FROM journal WHERE journal_key = 2; DELETE FROM journal_key WHERE id = 2", OF_TOKEN, 0,
     "removed", NULL},
    {"DELETE FROM journal WHERE number = 7;"
     "UPDATE journal_key SET sequence = 2, head = (SELECT hash FROM journal WHERE number = 4)"
     " WHERE id = 2",
     OF_TOKEN, 0, "removed", NULL},
    {"UPDATE journal_key SET sequence = 2 WHERE id = 2", 1, 3, "head", NULL},
    {"UPDATE journal_key SET head = zeroblob(32) WHERE id = 2", 1, 3, "head", NULL},
    {"UPDATE journal_key SET mac = zeroblob(32) WHERE id = 2", 1, 0, NULL, "head"},
    {"UPDATE state SET number = 6", OF_TOKEN, 0, "state", NULL},
    {"UPDATE state SET head = zeroblob(32)", OF_TOKEN, 0, "state", NULL},
    {"UPDATE state SET mac = zeroblob(32)", OF_TOKEN, 0, NULL, "state"},
    {"UPDATE state SET anchored = 0", OF_TOKEN, 0, NULL, "state"},
    {"UPDATE state SET counter = counter + 1", OF_TOKEN, 0, NULL, "state"},
    {"UPDATE token SET journal = 0", OF_TOKEN, 0, NULL, "settings"},
    {"UPDATE token SET journal_max = 100", OF_TOKEN, 0, NULL, "settings"},
};

static void check_edit(const findings *f, const edit *e, const char *what) {
    bool found = what == NULL         ? f->count == 0
                 : e->key == OF_TOKEN ? has_of_token(f, what)
                                      : has(f, e->key, e->sequence, what);
    ck_assert_msg(found, "%s: %s", e->sql, texts(f));
}

static void copy_file(const char *from, const char *to) {
    char command[1200];
    snprintf(command, sizeof command, "VACUUM INTO '%s'", to);
    remove(to);
    raw(from, command);
    ck_assert_int_eq(chmod(to, 0600), 0);
}

START_TEST(tampering_is_found_and_named) {
    fixture f = fixture_new();
    char copy_path[600];
    snprintf(copy_path, sizeof copy_path, "%s.copy", f.path);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        const edit *e = &edits[i];
        vk_token *token;
        copy_file(f.path, copy_path);
        raw(copy_path, e->sql);
        assert_ok(vk_token_open(copy_path, &token, NULL));
        findings found = verify(token);
        ck_assert(!found.check.macs_checked && found.check.anchor_checked);
        check_edit(&found, e, e->what);
        assert_ok(login(token, VK_ROLE_USER, USER_PIN));
        found = verify(token);
        ck_assert(found.check.macs_checked);
        check_edit(&found, e, e->with_pin != NULL ? e->with_pin : e->what);
        vk_token_close(token);
    }
    fixture_free(&f);
}
END_TEST

/* One record is one finding, wherever it stands. */
START_TEST(one_edit_is_one_finding) {
    fixture f = fixture_new();
    raw(f.path, "UPDATE journal SET reason = 'x' WHERE number = 3");
    findings found = verify(f.token);
    ck_assert_msg(found.count == 1, "%s", texts(&found));
    raw(f.path, "DELETE FROM journal WHERE number = 3");
    found = verify(f.token);
    ck_assert_msg(found.count == 1, "%s", texts(&found));
    fixture_free(&f);
}
END_TEST

/* Everything but the MAC is right: only the records after it, and the PIN, tell. */
typedef struct forged {
    vk_token *token;
    vk_hash hash;
} forged;

static vk_status forge(void *context, const vk_journal_record *record) {
    forged *f = context;
    vk_journal_record changed = *record;
    changed.reason = (vk_bytes){(const uint8_t *)"forged", 6};
    return record->number == 3 ? vk_journal_hash(f->token, &changed, &f->hash) : VK_OK;
}

START_TEST(a_forged_record_is_found) {
    fixture f = fixture_new();
    forged g = {.token = f.token};
    assert_ok(vk_journal_each(f.token, 0, forge, &g, NULL));
    vk_buf sql = {0};
    vk_buf_put_text(&sql, "UPDATE journal SET reason = 'forged', hash = x'");
    for (size_t i = 0; i < 32; i++) {
        vk_buf_printf(&sql, "%02x", g.hash.b[i]);
    }
    vk_buf_put_text(&sql, "' WHERE number = 3");
    char *text = vk_buf_take_text(&sql);
    raw(f.path, text);
    vk_text_free(text);
    findings found = verify(f.token);
    ck_assert_msg(has(&found, 0, 2, "mac"), "%s", texts(&found));
    vk_token_logout(f.token);
    found = verify(f.token);
    ck_assert_msg(has(&found, 0, 3, "unlinked"), "%s", texts(&found));
    fixture_free(&f);
}
END_TEST

/* A state that says it is new does not go with the settings' MAC, so nothing is signed. */
START_TEST(the_journal_cannot_be_reset) {
    fixture f = fixture_new();
    vk_token_close(f.token);
    raw(f.path, "DELETE FROM journal; DELETE FROM journal_key; UPDATE state SET counter = 0,"
                " number = 0, head = zeroblob(32), anchored = 0, mac = x''");
    anchors_elsewhere(1);
    f.token = token_open_as(f.path, VK_ROLE_USER);
    assert_status(reserve(f.token, &f.grants[0], 8, 1), VK_ERR_INTEGRITY);
    findings found = verify(f.token);
    ck_assert_msg(has_of_token(&found, "settings"), "%s", texts(&found));
    fixture_free(&f);
}
END_TEST

/* The chain of one key is broken: the others sign. */
START_TEST(a_broken_chain_is_its_keys_own) {
    fixture f = fixture_new();
    raw(f.path, "UPDATE journal_key SET sequence = 2 WHERE id = 2");
    assert_ok(reserve(f.token, &f.grants[0], 8, 1));
    assert_status(reserve(f.token, &f.grants[1], 8, 1), VK_ERR_INTEGRITY);
    assert_status(deny(f.token, &f.grants[1], 9, "no"), VK_DENIED);
    ck_assert_int_eq(raw_int(f.path, "SELECT count(*) FROM journal"), 8);
    fixture_free(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {every_decision_is_there,
                                  a_repeated_denial_is_one,
                                  decisions_without_a_budget,
                                  chains_outlive_keys,
                                  what_the_so_sets_of_a_key_is_there,
                                  tampering_is_found_and_named,
                                  one_edit_is_one_finding,
                                  a_forged_record_is_found,
                                  the_journal_cannot_be_reset,
                                  a_broken_chain_is_its_keys_own};
    return RUN_TESTS("token journal", tests);
}
