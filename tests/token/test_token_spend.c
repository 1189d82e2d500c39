/* Spend rules: what they count, and what vouches for them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "token/journal.h"
#include "token/reservation.h"
#include "token/spend.h"
#include "token/store.h"

#define LIMIT 100
#define HOUR 3600
#define CHAIN 1

/* A token with a rule, "daily", that names the first two of three grants. The user is logged in. */
typedef struct fixture {
    vk_token *token;
    vk_grant_record grants[3];
    uint64_t operations; /* that were decided */
    vk_error err;
} fixture;

static vk_spend_rule rule_new(const char *name, uint64_t limit) {
    vk_spend_rule rule = {.asset = {.chain_id = CHAIN}, .period = HOUR};
    snprintf(rule.name, sizeof rule.name, "%s", name);
    memset(rule.asset.token.b, 0x70, sizeof rule.asset.token.b);
    rule.limit = vk_u256_from_u64(limit);
    return rule;
}

static void become(fixture *f, vk_role role) {
    vk_token_logout(f->token);
    assert_ok(login(f->token, role, role == VK_ROLE_SO ? SO_PIN : USER_PIN));
}

static void set_rule(fixture *f, const vk_spend_rule *rule) {
    become(f, VK_ROLE_SO);
    assert_ok(vk_token_spend_set(f->token, rule, &f->err));
    become(f, VK_ROLE_USER);
}

static vk_status name_as_so(fixture *f, const char *name, size_t grant, bool is_named) {
    become(f, VK_ROLE_SO);
    vk_status status = vk_token_spend_name(f->token, name, &f->grants[grant], is_named, &f->err);
    become(f, VK_ROLE_USER);
    return status;
}

static fixture fixture_new(void) {
    fixture f = {.token = token_new(home)};
    vk_spend_rule daily = rule_new("daily", LIMIT);
    become(&f, VK_ROLE_USER);
    for (unsigned i = 0; i < 3; i++) {
        f.grants[i] = grant_add(f.token, key_add(f.token, i + 1), CHAIN);
    }
    set_rule(&f, &daily);
    assert_ok(name_as_so(&f, "daily", 0, true));
    assert_ok(name_as_so(&f, "daily", 1, true));
    return f;
}

static void fixture_end(fixture *f) {
    for (size_t i = 0; i < 3; i++) {
        vk_grant_record_clear(&f->grants[i]);
    }
    vk_token_close(f->token);
}

static void fixture_reopen(fixture *f) {
    f->token = token_reopen(f->token);
    become(f, VK_ROLE_USER);
}

static uint64_t now(void) {
    return (uint64_t)time(NULL);
}

/* ---- What an operation takes ---- */

static vk_status use(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)err;
    budget->rules[0].used++;
    charge->present = true;
    return VK_OK;
}

static vk_status take_with(fixture *f, size_t grant, uint64_t nonce, const vk_spend *spends,
                           size_t count, const vk_hash *digest) {
    question q;
    uint8_t point65[65];
    point_of((unsigned)grant + 1, point65);
    question_init(&q, &f->grants[grant], point65, nonce, use, NULL);
    f->operations++;
    memcpy(q.decision.operation.b, &f->operations, sizeof f->operations);
    q.decision.spend_rules = *digest;
    q.decision.spends = spends;
    q.decision.spend_count = count;
    return vk_token_decide(f->token, &q.decision, &f->err);
}

/* The same amount of every rule that names the grant, as the gate asks. */
static vk_status take(fixture *f, size_t grant, uint64_t nonce, uint64_t amount) {
    vk_spend spends[VK_SPENDS_MAX];
    vk_spend_set set;
    vk_hash subject;
    uint8_t point65[65];
    size_t count = 0;
    point_of((unsigned)grant + 1, point65);
    assert_ok(vk_budget_subject(point65, &f->grants[grant], &subject));
    vk_status status = vk_token_spends(f->token, &set, &f->err);
    for (size_t i = 0; i < set.count; i++) {
        if (vk_spend_names(&set.rules[i], &subject)) {
            spends[count++] = (vk_spend){set.rules[i].id, vk_u256_from_u64(amount)};
        }
    }
    if (status == VK_OK) {
        status = take_with(f, grant, nonce, spends, count, &set.digest);
    }
    vk_spend_set_clear(&set);
    return status;
}

static vk_status settle(fixture *f, size_t grant, uint64_t nonce, vk_outcome outcome,
                        uint64_t included_at) {
    vk_rule rules[RULES] = {{.kind = VK_RULE_SUDO}, {.kind = VK_RULE_SUDO}, {.kind = VK_RULE_SUDO}};
    vk_policy policy = {.count = RULES, .rules = rules};
    vk_settlement settlement = {.grant = &f->grants[grant],
                                .nonce = vk_u256_from_u64(nonce),
                                .outcome = outcome,
                                .included_at = included_at,
                                .policy = &policy,
                                .why = "the test says so"};
    return vk_token_settle(f->token, &settlement, &f->err);
}

static uint64_t spent(fixture *f, const char *name) {
    vk_spend_set set;
    assert_ok(vk_token_spends(f->token, &set, NULL));
    const vk_spend_rule *rule = vk_spend_find(&set, name);
    ck_assert_ptr_nonnull(rule);
    vk_u256 sum = vk_spend_spent(rule, now());
    vk_spend_set_clear(&set);
    return vk_u256_low64(&sum);
}

static void assert_over(fixture *f, size_t grant, uint64_t nonce, uint64_t amount) {
    vk_budget before = budget_of(f->token, &f->grants[grant]);
    uint64_t sum = spent(f, "daily");
    assert_status(take(f, grant, nonce, amount), VK_DENIED);
    ck_assert_str_eq(f->err.path, "spend");
    vk_budget after = budget_of(f->token, &f->grants[grant]);
    ck_assert_uint_eq(after.rules[0].used, before.rules[0].used);
    ck_assert_uint_eq(spent(f, "daily"), sum);
    vk_budget_clear(&before);
    vk_budget_clear(&after);
}

/* ---- Counting ---- */

START_TEST(grants_share_a_limit) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 60));
    assert_over(&f, 1, 1, 41);
    ck_assert_str_eq(
        f.err.message,
        "the spend rule \"daily\" allows 100 units of 0x7070707070707070707070707070707070707070 "
        "in 1 hour; 60 are spent or reserved, this operation takes 41 more");
    assert_ok(take(&f, 1, 1, 40));
    assert_over(&f, 0, 2, 1);
    assert_ok(take(&f, 0, 3, 0));
    assert_ok(take(&f, 2, 1, 1000));
    fixture_reopen(&f);
    ck_assert_uint_eq(spent(&f, "daily"), 100);
    fixture_end(&f);
}
END_TEST

START_TEST(a_nonce_counts_its_largest_amount) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 60));
    assert_ok(take(&f, 0, 1, 60));
    ck_assert_uint_eq(spent(&f, "daily"), 60);
    assert_ok(take(&f, 0, 1, 30));
    ck_assert_uint_eq(spent(&f, "daily"), 60);
    assert_over(&f, 0, 1, 101);
    assert_ok(take(&f, 0, 1, 100));
    ck_assert_uint_eq(spent(&f, "daily"), 100);
    /* A fee bump takes nothing more, even of a rule that was made narrower. */
    vk_spend_rule narrow = rule_new("daily", 10);
    set_rule(&f, &narrow);
    assert_ok(take(&f, 0, 1, 100));
    assert_over(&f, 0, 2, 1);
    fixture_end(&f);
}
END_TEST

START_TEST(every_rule_of_a_grant_counts) {
    fixture f = fixture_new();
    vk_spend_rule small = rule_new("small", 50);
    small.asset = (vk_spend_asset){.native = true, .chain_id = CHAIN};
    set_rule(&f, &small);
    assert_ok(name_as_so(&f, "small", 0, true));
    assert_ok(take(&f, 0, 1, 50));
    ck_assert_uint_eq(spent(&f, "daily"), 50);
    assert_over(&f, 0, 2, 1);
    ck_assert_str_eq(f.err.message, "the spend rule \"small\" allows 50 wei in 1 hour; 50 wei are "
                                    "spent or reserved, this operation takes 1 wei more");
    assert_ok(take(&f, 1, 1, 50));
    fixture_end(&f);
}
END_TEST

/* ---- What became of them ---- */

START_TEST(what_is_gone_is_given_back) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 60));
    assert_ok(take(&f, 1, 1, 40));
    assert_ok(settle(&f, 0, 1, VK_OUTCOME_GONE, 0));
    ck_assert_uint_eq(spent(&f, "daily"), 40);
    assert_ok(take(&f, 1, 2, 60));
    assert_over(&f, 0, 2, 1);
    fixture_end(&f);
}
END_TEST

START_TEST(what_is_included_counts_for_a_period) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 60));
    assert_ok(take(&f, 0, 2, 40));
    assert_status(settle(&f, 0, 1, VK_OUTCOME_INCLUDED, 0), VK_ERR_ARGUMENT);
    assert_ok(settle(&f, 0, 1, VK_OUTCOME_INCLUDED, now() - HOUR + 600));
    ck_assert_uint_eq(spent(&f, "daily"), 100);
    assert_over(&f, 1, 1, 1);
    assert_ok(settle(&f, 0, 2, VK_OUTCOME_INCLUDED, now() - HOUR));
    ck_assert_uint_eq(spent(&f, "daily"), 60);
    assert_ok(take(&f, 1, 2, 40));
    assert_over(&f, 1, 3, 1);
    /* What is open counts in every period, however old. */
    assert_status(settle(&f, 0, 1, VK_OUTCOME_GONE, 0), VK_ERR_PROHIBITED);
    ck_assert_uint_eq(spent(&f, "daily"), 100);
    fixture_end(&f);
}
END_TEST

START_TEST(an_included_nonce_takes_no_more) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 10));
    assert_ok(settle(&f, 0, 1, VK_OUTCOME_INCLUDED, now()));
    assert_ok(take(&f, 0, 1, 10));
    assert_over(&f, 0, 1, 11);
    ck_assert_ptr_nonnull(strstr(f.err.message, "was included already"));
    fixture_end(&f);
}
END_TEST

/* By the test's own sum: what is kept together may count longer, not shorter, and a little. */
START_TEST(a_long_list_stays_short) {
    vk_spend_rule *rule = calloc(1, sizeof *rule);
    uint64_t start = 1800000000, total = 0;
    rule->period = 86400;
    for (uint64_t i = 0; i < 5000; i++) {
        vk_u256 amount = vk_u256_from_u64(i + 1);
        vk_spend_include(rule, start + i * 60, &amount);
        ck_assert_uint_le(rule->entry_count, VK_SPEND_ENTRIES_MAX);
    }
    uint64_t last = start + 4999 * 60;
    for (uint64_t i = 0; i < 5000; i++) {
        total += last - (start + i * 60) < rule->period ? i + 1 : 0;
    }
    vk_u256 counted = vk_spend_included(rule, last);
    ck_assert_uint_ge(vk_u256_low64(&counted), total);
    ck_assert_uint_le(vk_u256_low64(&counted), total + total / 200);
    /* A clock that was ahead for a while changes nothing for good. */
    counted = vk_spend_included(rule, last + 10 * rule->period);
    ck_assert(vk_u256_is_zero(&counted));
    vk_u256 one = vk_u256_from_u64(1);
    vk_spend_include(rule, last, &one);
    counted = vk_spend_included(rule, last);
    ck_assert_uint_ge(vk_u256_low64(&counted), total + 1);
    free(rule);
}
END_TEST

/* ---- The rules themselves ---- */

START_TEST(the_so_sets_them) {
    fixture f = fixture_new();
    vk_spend_rule rule = rule_new("daily", 1), other = rule_new("", 1);
    assert_status(vk_token_spend_set(f.token, &rule, &f.err), VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_spend_name(f.token, "daily", &f.grants[2], true, &f.err),
                  VK_ERR_NOT_LOGGED_IN);
    assert_status(vk_token_spend_remove(f.token, "daily", &f.err), VK_ERR_NOT_LOGGED_IN);
    become(&f, VK_ROLE_SO);
    assert_status(vk_token_spend_set(f.token, &other, &f.err), VK_ERR_FORMAT);
    rule.asset.token.b[0] ^= 1;
    assert_status(vk_token_spend_set(f.token, &rule, &f.err), VK_ERR_EXISTS);
    other = rule_new("two\nlines", 1);
    assert_status(vk_token_spend_set(f.token, &other, &f.err), VK_ERR_FORMAT);
    other = rule_new("long", 1);
    other.period = VK_SPEND_PERIOD_MAX + 1;
    assert_status(vk_token_spend_set(f.token, &other, &f.err), VK_ERR_RANGE);
    other = rule_new("elsewhere", 1);
    other.asset.chain_id = CHAIN + 1;
    assert_ok(vk_token_spend_set(f.token, &other, &f.err));
    assert_status(name_as_so(&f, "elsewhere", 0, true), VK_ERR_MISMATCH);
    assert_status(name_as_so(&f, "daily", 0, true), VK_ERR_EXISTS);
    assert_status(name_as_so(&f, "daily", 2, false), VK_ERR_NOT_FOUND);
    assert_status(name_as_so(&f, "weekly", 2, true), VK_ERR_NOT_FOUND);
    fixture_end(&f);
}
END_TEST

START_TEST(each_change_is_in_the_journal) {
    fixture f = fixture_new();
    become(&f, VK_ROLE_SO);
    assert_ok(vk_token_spend_remove(f.token, "daily", &f.err));
    char *texts = raw_text(vk_token_path(f.token),
                           "SELECT group_concat(reason, '|') FROM journal WHERE event = 4");
    ck_assert_ptr_nonnull(strstr(texts, "the spend rule \"daily\" is set: at most 100 units of"));
    ck_assert_ptr_nonnull(
        strstr(texts, "the spend rule \"daily\" names the grant of the key 0x04"));
    ck_assert_ptr_nonnull(strstr(texts, "the spend rule \"daily\" is removed"));
    free(texts);
    fixture_end(&f);
}
END_TEST

START_TEST(at_most_so_many_name_a_grant) {
    fixture f = fixture_new();
    char name[16];
    for (unsigned i = 1; i <= VK_SPENDS_MAX; i++) {
        snprintf(name, sizeof name, "rule %u", i);
        vk_spend_rule rule = rule_new(name, 10);
        set_rule(&f, &rule);
        assert_status(name_as_so(&f, name, 0, true), i < VK_SPENDS_MAX ? VK_OK : VK_ERR_SIZE);
    }
    assert_ok(take(&f, 0, 1, 10));
    assert_status(take(&f, 0, 2, 1), VK_DENIED);
    fixture_end(&f);
}
END_TEST

/* What was signed while a rule named the grant stays counted, and is settled. */
START_TEST(a_grant_that_is_named_no_more) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 60));
    assert_ok(name_as_so(&f, "daily", 0, false));
    assert_ok(take(&f, 0, 2, 1000));
    ck_assert_uint_eq(spent(&f, "daily"), 60);
    assert_ok(settle(&f, 0, 1, VK_OUTCOME_GONE, 0));
    ck_assert_uint_eq(spent(&f, "daily"), 0);
    fixture_end(&f);
}
END_TEST

/* Another one of the same name counts from when it was set. */
START_TEST(a_rule_that_is_removed_and_set_again) {
    fixture f = fixture_new();
    vk_spend_rule daily = rule_new("daily", LIMIT);
    assert_ok(take(&f, 0, 1, 60));
    become(&f, VK_ROLE_SO);
    assert_ok(vk_token_spend_remove(f.token, "daily", &f.err));
    set_rule(&f, &daily);
    assert_ok(name_as_so(&f, "daily", 0, true));
    ck_assert_uint_eq(spent(&f, "daily"), 0);
    assert_ok(take(&f, 0, 2, 100));
    assert_ok(settle(&f, 0, 1, VK_OUTCOME_GONE, 0));
    ck_assert_uint_eq(spent(&f, "daily"), 100);
    fixture_end(&f);
}
END_TEST

START_TEST(a_rule_outlives_a_key) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 60));
    assert_ok(vk_token_key_remove(f.token, f.grants[0].key_id, true, true));
    int64_t id = key_add(f.token, 1);
    vk_grant_record_clear(&f.grants[0]);
    f.grants[0] = grant_add(f.token, id, CHAIN);
    assert_over(&f, 0, 2, 41);
    assert_ok(take(&f, 0, 2, 40));
    fixture_end(&f);
}
END_TEST

/* The gate of another process may not know it yet. */
START_TEST(others_must_know_the_rules) {
    fixture f = fixture_new();
    vk_spend_set set;
    vk_hash none = {{0}};
    vk_spend_rule wide = rule_new("daily", 1000);
    assert_status(take_with(&f, 0, 1, NULL, 0, &none), VK_ERR_MISMATCH);
    assert_status(take_with(&f, 2, 1, NULL, 0, &none), VK_ERR_MISMATCH);
    assert_ok(vk_token_spends(f.token, &set, NULL));
    vk_spend spend = {set.rules[0].id, vk_u256_from_u64(1)};
    set_rule(&f, &wide);
    assert_status(take_with(&f, 0, 1, &spend, 1, &set.digest), VK_ERR_MISMATCH);
    vk_spend_set_clear(&set);
    fixture_end(&f);
}
END_TEST

/* ---- Edits ---- */

static void assert_noticed(fixture *f, const char *sql) {
    char *path = path_of(f->token);
    vk_journal_check check;
    vk_token_close(f->token);
    raw(path, sql);
    f->token = token_open_as(path, VK_ROLE_USER);
    free(path);
    ck_assert_msg(take(f, 0, 2, 1) == VK_ERR_INTEGRITY, "%s: %s", sql, f->err.message);
    assert_ok(vk_journal_verify(f->token, NULL, NULL, &check, NULL));
    ck_assert_int_ge(check.findings, 1);
}

static const char *const edits[] = {
    "DELETE FROM spend_rule",
    "DELETE FROM spend_state",
    "UPDATE state SET spend_rules = x''",
    "DELETE FROM spend_rule; UPDATE state SET spend_rules = x''",
    "UPDATE spend_rule SET allowed = zeroblob(31) || x'ff'",
    "UPDATE spend_rule SET period = 1",
    "UPDATE spend_rule SET token = zeroblob(20)",
    "UPDATE spend_rule SET grants = x''",
    "UPDATE spend_rule SET name = 'other'",
    "UPDATE spend_rule SET name = ''",
    "UPDATE spend_rule SET id = id + 1; UPDATE spend_state SET rule_id = rule_id + 1",
    ("INSERT INTO spend_rule SELECT id + 1, 'two', native, chain_id, token, allowed, period, grants"
     " FROM spend_rule"),
    "UPDATE spend_state SET open = zeroblob(32)",
    "UPDATE spend_state SET included = x''",
    "UPDATE spend_state SET mac = x''",
};

START_TEST(an_edit_is_noticed) {
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        anchors_elsewhere((unsigned)i);
        char *whole = home;
        home = home_new();
        fixture f = fixture_new();
        assert_ok(take(&f, 0, 1, 10));
        assert_ok(take(&f, 0, 9, 10));
        assert_ok(settle(&f, 0, 9, VK_OUTCOME_INCLUDED, now()));
        assert_noticed(&f, edits[i]);
        fixture_end(&f);
        home_remove(home);
        home = whole;
    }
}
END_TEST

/* An amount in a nonce's row. */
START_TEST(an_edited_nonce_is_noticed) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 10));
    char *path = path_of(f.token);
    vk_token_close(f.token);
    raw(path, "UPDATE nonce SET spends = x''");
    f.token = token_open_as(path, VK_ROLE_USER);
    free(path);
    assert_status(take(&f, 0, 1, 10), VK_ERR_INTEGRITY);
    fixture_end(&f);
}
END_TEST

START_TEST(the_so_accepts_what_is_left) {
    fixture f = fixture_new();
    assert_ok(take(&f, 0, 1, 10));
    vk_spend_rule other = rule_new("other", 5);
    set_rule(&f, &other);
    assert_noticed(&f, "DELETE FROM spend_rule WHERE name = 'other';"
                       "UPDATE spend_state SET open = CAST(zeroblob(31) || x'07' AS BLOB)");
    become(&f, VK_ROLE_SO);
    assert_ok(vk_journal_accept(f.token, &f.err));
    become(&f, VK_ROLE_USER);
    ck_assert_uint_eq(spent(&f, "daily"), 7);
    assert_ok(take(&f, 0, 3, 93));
    assert_over(&f, 0, 4, 1);
    fixture_end(&f);
}
END_TEST

/* ---- Many at once ---- */

#define PROCESSES 3
#define THREADS 6
#define ROUNDS 40

typedef struct job {
    fixture *f;
    size_t grant;
    unsigned number;
    uint64_t taken;
} job;

static void *take_many(void *arg) {
    job *j = arg;
    fixture mine = *j->f;
    for (unsigned i = 0; i < ROUNDS; i++) {
        vk_status status = take(&mine, j->grant, j->number * 1000 + i, 7);
        ck_assert(status == VK_OK || status == VK_DENIED);
        j->taken += status == VK_OK ? 7 : 0;
    }
    return NULL;
}

/* Its exit status is what it took, in sevens. */
static int take_in_process(void *arg) {
    fixture *f = arg;
    fixture mine = *f;
    char *path = path_of(f->token);
    job jobs[THREADS];
    pthread_t threads[THREADS];
    uint64_t taken = 0;
    mine.token = token_open_as(path, VK_ROLE_USER);
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){&mine, i % 2, (unsigned)getpid() * 10 + i, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, &jobs[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        taken += jobs[i].taken;
    }
    vk_token_close(mine.token);
    free(path);
    return (int)(taken / 7);
}

START_TEST(together_they_never_exceed) {
    fixture f = fixture_new();
    vk_spend_rule rule = rule_new("daily", 500);
    pid_t children[PROCESSES];
    int taken = 0, result;
    set_rule(&f, &rule);
    vk_token_logout(f.token);
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            _exit(take_in_process(&f));
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(children[i], &result, 0), children[i]);
        ck_assert(WIFEXITED(result));
        taken += WEXITSTATUS(result);
    }
    ck_assert_int_eq(taken, 500 / 7);
    become(&f, VK_ROLE_USER);
    ck_assert_uint_eq(spent(&f, "daily"), 500 / 7 * 7);
    fixture_end(&f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {grants_share_a_limit,
                                  a_nonce_counts_its_largest_amount,
                                  every_rule_of_a_grant_counts,
                                  what_is_gone_is_given_back,
                                  what_is_included_counts_for_a_period,
                                  an_included_nonce_takes_no_more,
                                  a_long_list_stays_short,
                                  the_so_sets_them,
                                  each_change_is_in_the_journal,
                                  at_most_so_many_name_a_grant,
                                  a_grant_that_is_named_no_more,
                                  a_rule_that_is_removed_and_set_again,
                                  a_rule_outlives_a_key,
                                  others_must_know_the_rules,
                                  an_edit_is_noticed,
                                  an_edited_nonce_is_noticed,
                                  the_so_accepts_what_is_left,
                                  together_they_never_exceed};
    return RUN_TESTS("spend rules", tests);
}
