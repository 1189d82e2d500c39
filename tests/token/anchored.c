#include "anchored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "token/journal.h"

char *name_with(const char *a, const char *b, const char *c) {
    vk_buf out = {0};
    vk_buf_printf(&out, "%s%s%s", a, b, c);
    char *text = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(text);
    return text;
}

fixture fixture_new(void) {
    anchors_elsewhere(0);
    fixture f = {.token = token_new(home)};
    vk_token_info info;
    f.path = path_of(f.token);
    f.backup = name_with(f.path, ".backup", "");
    assert_ok(vk_token_get_info(f.token, &info));
    char *directory = name_with(home, "/anchors-0/", info.serial);
    f.anchor = name_with(directory, ".anchor", "");
    vk_text_free(directory);
    assert_ok(login(f.token, VK_ROLE_USER, USER_PIN));
    f.grant = grant_add(f.token, key_add(f.token, 0), 1);
    assert_ok(reserve(f.token, &f.grant, 1, 1));
    return f;
}

void fixture_free(fixture *f) {
    vk_grant_record_clear(&f->grant);
    vk_token_close(f->token);
    free(f->path);
    vk_text_free(f->backup);
    vk_text_free(f->anchor);
}

/* ---- Copies ---- */

void copy_file(const char *from, const char *to) {
    char sql[1200];
    snprintf(sql, sizeof sql, "VACUUM INTO '%s'", to);
    remove(to);
    raw(from, sql);
    ck_assert_int_eq(chmod(to, 0600), 0);
}

void copy_bytes(const char *from, const char *to) {
    char bytes[4096];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    ck_assert(in != NULL && out != NULL);
    size_t len = fread(bytes, 1, sizeof bytes, in);
    ck_assert_uint_eq(fwrite(bytes, 1, len, out), len);
    ck_assert(fclose(in) == 0 && fclose(out) == 0);
}

void back_up(const fixture *f) {
    copy_file(f->path, f->backup);
}

void put_back(fixture *f) {
    vk_token_close(f->token);
    ck_assert_int_eq(rename(f->backup, f->path), 0);
    reopen(f, VK_ROLE_USER);
}

#define ROWS_BACK(table) "DELETE FROM " table "; INSERT INTO " table " SELECT * FROM b." table ";"

void put_rows_back(const fixture *f) {
    char sql[1500];
    snprintf(sql, sizeof sql,
             "ATTACH '%s' AS b; BEGIN IMMEDIATE;" ROWS_BACK("state") ROWS_BACK("journal")
                 ROWS_BACK("journal_key") ROWS_BACK("nonce") ROWS_BACK("budget")
                     ROWS_BACK("token") "COMMIT; DETACH b;",
             f->backup);
    raw(f->path, sql);
}

static void log_in(const fixture *f, vk_role role) {
    assert_ok(login(f->token, role, role == VK_ROLE_SO ? SO_PIN : USER_PIN));
}

void reopen(fixture *f, vk_role role) {
    assert_ok(vk_token_open(f->path, &f->token, NULL));
    log_in(f, role);
}

void close_and_reopen(fixture *f) {
    vk_token_close(f->token);
    reopen(f, VK_ROLE_USER);
}

/* ---- What is signed ---- */

void reserve_many(vk_token *token, const fixture *f, uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        assert_ok(reserve(token, &f->grant, first + i, 1));
    }
}

static vk_status allow(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)budget;
    (void)charge;
    (void)err;
    return VK_OK;
}

vk_status refuse(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    (void)context;
    (void)budget;
    (void)charge;
    return vk_fail(err, VK_DENIED, "gas", "no");
}

static void question_allowed(question *q, const fixture *f, uint64_t nonce) {
    uint8_t point65[65];
    point_of(0, point65);
    question_init(q, &f->grant, point65, nonce, allow, NULL);
}

vk_status decide_plain(const fixture *f) {
    question q;
    question_allowed(&q, f, 5);
    q.decision.grant = NULL;
    return vk_token_decide(f->token, &q.decision, NULL);
}

vk_status decide_unrecorded(const fixture *f) {
    question q;
    question_allowed(&q, f, 9);
    q.decision.entry = NULL;
    return vk_token_decide(f->token, &q.decision, NULL);
}

void assert_refused(fixture *f) {
    question q;
    vk_error err = {0};
    question_allowed(&q, f, 99);
    assert_status(vk_token_decide(f->token, &q.decision, &err), VK_ERR_INTEGRITY);
    ck_assert_ptr_nonnull(strstr(err.message, "valetkey audit accept"));
    ck_assert(is_found(f->token, "restored"));
}

/* ---- What the SO does ---- */

void become(fixture *f, vk_role role) {
    vk_token_logout(f->token);
    log_in(f, role);
}

void accept_as_so(fixture *f) {
    become(f, VK_ROLE_SO);
    assert_ok(vk_journal_accept(f->token, NULL));
    become(f, VK_ROLE_USER);
}

void set_max(fixture *f, int64_t max) {
    become(f, VK_ROLE_SO);
    assert_ok(vk_token_set_journal(f->token, VK_JOURNAL_ON, max, NULL));
    become(f, VK_ROLE_USER);
}

/* ---- What is written ---- */

static void note_first(void *context, const vk_journal_finding *finding) {
    const char **what = context;
    *what = *what == NULL ? finding->what : *what;
}

const char *first_finding(vk_token *token) {
    static const char *what;
    vk_journal_check check;
    what = NULL;
    assert_ok(vk_journal_verify(token, note_first, &what, &check, NULL));
    ck_assert((check.findings > 0) == (what != NULL));
    return what;
}

bool is_clean(vk_token *token) {
    return first_finding(token) == NULL;
}

bool is_found(vk_token *token, const char *expected) {
    const char *what = first_finding(token);
    return what != NULL && strcmp(what, expected) == 0;
}

int64_t events(const fixture *f, int event) {
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM journal WHERE event = %d", event);
    return raw_int(f->path, sql);
}
