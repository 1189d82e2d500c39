#include "support.h"

#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char *home_new(void) {
    char *path = strdup("/tmp/valetkey-test-XXXXXX");
    ck_assert_ptr_nonnull(path);
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

char *home;

static void setup(void) {
    home = home_new();
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

void home_remove(char *path) {
    ck_assert_int_eq(nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(path);
}

static void teardown(void) {
    home_remove(home);
}

/* The time limit is for valgrind, under which a login takes seconds. */
int run_tests(const char *name, const TTest *const *tests, size_t count) {
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, 900);
    tcase_add_checked_fixture(cases, setup, teardown);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(cases, tests[i]);
    }
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

vk_status set_pin(vk_token *token, vk_role role, const char *old, const char *pin) {
    return vk_token_set_pin(token, role, (const uint8_t *)old, strlen(old), (const uint8_t *)pin,
                            strlen(pin));
}

size_t listed(const char *directory) {
    char **paths;
    size_t count;
    assert_ok(vk_home_tokens(directory, &paths, &count, NULL));
    vk_home_free(paths, count);
    return count;
}

vk_status login(vk_token *token, vk_role role, const char *pin) {
    return vk_token_login(token, role, (const uint8_t *)pin, strlen(pin));
}

vk_token *token_new(const char *directory) {
    vk_token_new args = {
        .label = "test token", .so_pin = (const uint8_t *)SO_PIN, .so_pin_len = strlen(SO_PIN)};
    vk_token *token;
    assert_ok(vk_token_create(directory, &args, &token, NULL));
    assert_ok(login(token, VK_ROLE_SO, SO_PIN));
    assert_ok(vk_token_init_user_pin(token, (const uint8_t *)USER_PIN, strlen(USER_PIN)));
    vk_token_logout(token);
    return token;
}

char *path_of(const vk_token *token) {
    char *path = strdup(vk_token_path(token));
    ck_assert_ptr_nonnull(path);
    return path;
}

vk_token *token_reopen(vk_token *token) {
    char *path = path_of(token);
    vk_token_close(token);
    assert_ok(vk_token_open(path, &token, NULL));
    free(path);
    return token;
}

vk_token *token_open_as(const char *path, vk_role role) {
    vk_token *token;
    assert_ok(vk_token_open(path, &token, NULL));
    assert_ok(login(token, role, role == VK_ROLE_SO ? SO_PIN : USER_PIN));
    return token;
}

/* ---- Keys ---- */

static char *text(const char *format, unsigned n) {
    vk_buf out = {0};
    vk_buf_printf(&out, "%s %u", format, n);
    char *taken = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(taken);
    return taken;
}

static char *grant_text(uint64_t chain_id) {
    vk_buf out = {0};
    vk_buf_printf(&out, "{\"chainId\":%" PRIu64 "}", chain_id);
    char *taken = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(taken);
    return taken;
}

void secret_of(unsigned n, uint8_t secret32[32]) {
    for (unsigned i = 0; i < 32; i++) {
        secret32[i] = (uint8_t)(n * 7 + i);
    }
}

void point_of(unsigned n, uint8_t point65[65]) {
    memset(point65, 0, 65);
    point65[0] = 4;
    memcpy(point65 + 1, &n, sizeof n);
}

vk_key_record record_new(unsigned n) {
    vk_key_record record = {.curve = VK_CURVE_P256,
                            .has_private = true,
                            .has_public = true,
                            .use_sign_count = true,
                            .policy = text("[{\"type\":\"sudo\"}]", n),
                            .rp_id = text("localhost", n),
                            .origin = text("https://localhost", n)};
    point_of(n, record.point65);
    memset(record.authenticator_id_hash.b, (int)n, 32);
    vk_buf_printf(&record.private_attrs, "private attributes %u", n);
    vk_buf_printf(&record.public_attrs, "public attributes %u", n);
    vk_buf_printf(&record.credential_id, "credential %u", n);
    return record;
}

vk_key_names names_of(unsigned n) {
    static const char *const labels[] = {"label 0", "label 1", "label 2", "label 3"};
    static const uint8_t ids[4][1] = {{0}, {1}, {2}, {3}};
    vk_bytes label = {(const uint8_t *)labels[n % 4], 7};
    vk_bytes ckid = {ids[n % 4], 1};
    return (vk_key_names){label, ckid, label, ckid};
}

static bool buf_equal(const vk_buf *a, const vk_buf *b) {
    return vk_bytes_equal(vk_buf_view(a), vk_buf_view(b));
}

static bool text_equal(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool records_equal(const vk_key_record *a, const vk_key_record *b) {
    return a->id == b->id && a->version == b->version && a->curve == b->curve &&
           memcmp(a->point65, b->point65, 65) == 0 && a->has_private == b->has_private &&
           a->has_public == b->has_public && buf_equal(&a->private_attrs, &b->private_attrs) &&
           buf_equal(&a->public_attrs, &b->public_attrs) && text_equal(a->policy, b->policy) &&
           text_equal(a->rp_id, b->rp_id) && text_equal(a->origin, b->origin) &&
           buf_equal(&a->credential_id, &b->credential_id) &&
           memcmp(&a->authenticator_id_hash, &b->authenticator_id_hash, 32) == 0 &&
           a->use_sign_count == b->use_sign_count && a->home == b->home &&
           a->has_blob == b->has_blob && text_equal(a->last_denial, b->last_denial);
}

int64_t key_add(vk_token *token, unsigned n) {
    uint8_t secret[32];
    vk_key_record record = record_new(n);
    vk_key_names names = names_of(n);
    secret_of(n, secret);
    assert_ok(vk_token_key_add(token, &record, &names, secret, NULL));
    int64_t id = record.id;
    vk_key_record_clear(&record);
    return id;
}

int64_t key_version(vk_token *token, int64_t id) {
    vk_key_record record;
    assert_ok(vk_token_key_get(token, id, &record));
    int64_t version = record.version;
    vk_key_record_clear(&record);
    return version;
}

/* ---- Grants ---- */

vk_status unseal(vk_token *token, const vk_key_record *record, uint8_t secret32[32]) {
    vk_buf grant_ids = {0};
    vk_status status = vk_token_key_unseal(token, record, secret32, &grant_ids, NULL);
    vk_buf_clear(&grant_ids);
    return status;
}

vk_grant_record grant_new(int64_t key_id, uint64_t chain_id) {
    vk_grant_record grant = {.key_id = key_id, .chain_id = chain_id, .json = grant_text(chain_id)};
    memset(grant.entry_point.b, 0x07, 20);
    memset(grant.account.b, 0xac, 20);
    memset(grant.permission_id, 0x1d, 4);
    return grant;
}

vk_grant_record grant_add(vk_token *token, int64_t key_id, uint64_t chain_id) {
    vk_grant_record grant = grant_new(key_id, chain_id);
    assert_ok(vk_token_grant_add(token, &grant, NULL));
    return grant;
}

void question_init(question *q, const vk_grant_record *grant, const uint8_t point65[65],
                   uint64_t nonce, vk_decide_fn body, void *context) {
    *q = (question){.entry = {.form = "test", .grant = grant, .has_operation = true},
                    .decision = {.key_id = grant->key_id,
                                 .key_version = 1,
                                 .grant = grant,
                                 .rule_count = RULES,
                                 .nonce = vk_u256_from_u64(nonce),
                                 .decide = body,
                                 .context = context}};
    memcpy(q->decision.point65, point65, 65);
    memcpy(q->entry.operation.b, &nonce, sizeof nonce);
    q->entry.payload = (vk_bytes){q->entry.operation.b, 32};
    q->decision.entry = &q->entry;
}

vk_status decide(vk_token *token, const vk_grant_record *grant, uint64_t nonce, vk_decide_fn body,
                 void *context) {
    question q;
    vk_key_record record;
    vk_status status = vk_token_key_get(token, grant->key_id, &record);
    uint8_t point65[65] = {0};
    if (status == VK_OK) {
        memcpy(point65, record.point65, sizeof point65);
    }
    question_init(&q, grant, point65, nonce, body, context);
    q.decision.key_version = status == VK_OK ? record.version : 1;
    vk_key_record_clear(&record);
    return vk_token_decide(token, &q.decision, NULL);
}

typedef struct use {
    uint64_t nonce, gas;
} use;

static vk_status spend(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    const use *u = context;
    vk_u256 gas = vk_u256_from_u64(u->gas);
    (void)err;
    if (!vk_u256_add(&budget->rules[0].spent, &gas, &budget->rules[0].spent)) {
        return VK_DENIED;
    }
    budget->rules[0].used++;
    *charge = (vk_nonce_charge){.present = true, .gas = gas, .window = UINT64_MAX - u->nonce};
    return VK_OK;
}

vk_status reserve(vk_token *token, const vk_grant_record *grant, uint64_t nonce, uint64_t gas) {
    return decide(token, grant, nonce, spend, &(use){nonce, gas});
}

vk_budget budget_of(vk_token *token, const vk_grant_record *grant) {
    vk_budget budget;
    assert_ok(vk_token_budget_get(token, grant, RULES, &budget, NULL));
    return budget;
}

/* ---- Past the store ---- */

static sqlite3 *raw_open(const char *path, int flags) {
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | flags, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

static void raw_run(sqlite3 *db, const char *sql) {
    char *message = NULL;
    sqlite3_exec(db, sql, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s: %s", sql, message);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

void raw(const char *path, const char *sql) {
    raw_run(raw_open(path, 0), sql);
}

void raw_make(const char *path, const char *sql) {
    raw_run(raw_open(path, SQLITE_OPEN_CREATE), sql);
}

char *raw_text(const char *path, const char *sql) {
    sqlite3 *db = raw_open(path, 0);
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const unsigned char *value = sqlite3_column_text(statement, 0);
    char *copy = strdup(value != NULL ? (const char *)value : "");
    ck_assert_ptr_nonnull(copy);
    sqlite3_finalize(statement);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return copy;
}

char *raw_plan(const char *path, const char *sql) {
    vk_buf explain = {0}, plan = {0};
    sqlite3 *db = raw_open(path, 0);
    sqlite3_stmt *statement;
    vk_buf_printf(&explain, "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_int_eq(
        sqlite3_prepare_v2(db, (const char *)explain.data, (int)explain.len, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        vk_buf_printf(&plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    }
    sqlite3_finalize(statement);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    vk_buf_clear(&explain);
    return vk_buf_take_text(&plan);
}

int64_t raw_int(const char *path, const char *sql) {
    char *text = raw_text(path, sql);
    int64_t value = strtoll(text, NULL, 10);
    free(text);
    return value;
}

void anchors_elsewhere(unsigned n) {
    char path[512];
    snprintf(path, sizeof path, "%s/anchors-%u", home, n);
    ck_assert_int_eq(setenv("VALETKEY_ANCHOR_DIR", path, 1), 0);
}

/* ---- Children ---- */

int run_child(int (*body)(void *), void *arg) {
    int result;
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(body(arg));
    }
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

#define NOBODY 65534

struct user_body {
    void (*run)(void);
};

static int as_user(void *arg) {
    const struct user_body *body = arg;
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
        return 77;
    }
    body->run();
    return 0;
}

void run_as_user(void (*body)(void)) {
    struct user_body arg = {body};
    int result = run_child(as_user, &arg);
    ck_assert_msg(result == 0, "the child ended with %d", result);
}
