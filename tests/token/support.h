/* What the token tests share. Failures abort the test through libcheck. */
#ifndef VK_TESTS_TOKEN_SUPPORT_H
#define VK_TESTS_TOKEN_SUPPORT_H

#include <check.h>
#include <stdbool.h>
#include <token/token.h>

#define SO_PIN "so-pin-8"
#define USER_PIN "1234"

#define assert_status(expression, expected)                                                        \
    do {                                                                                           \
        vk_status actual_ = (expression);                                                          \
        ck_assert_msg(actual_ == (expected), "%s: \"%s\", expected \"%s\"", #expression,           \
                      vk_status_text(actual_), vk_status_text(expected));                          \
    } while (0)
#define assert_ok(expression) assert_status(expression, VK_OK)

/* Runs the tests, each with home as a new directory; the program's exit status. */
#define RUN_TESTS(name, tests) run_tests(name, tests, sizeof(tests) / sizeof((tests)[0]))
int run_tests(const char *name, const TTest *const *tests, size_t count);
extern char *home;

/* A new directory; home_remove deletes it with what is in it. */
char *home_new(void);
void home_remove(char *path);

/* A token with both PINs; nobody is logged in. */
vk_token *token_new(const char *directory);
vk_token *token_reopen(vk_token *token);
/* Opens it and logs in. */
vk_token *token_open_as(const char *path, vk_role role);
vk_status login(vk_token *token, vk_role role, const char *pin);
vk_status set_pin(vk_token *token, vk_role role, const char *old, const char *pin);
/* How many tokens the directory lists. */
size_t listed(const char *directory);
/* A copy of the token's path; free it. */
char *path_of(const vk_token *token);

/* Number n's key: a record with every member set, and its secret. The point is no point. */
vk_key_record record_new(unsigned n);
void secret_of(unsigned n, uint8_t secret32[32]);
vk_key_names names_of(unsigned n);
bool records_equal(const vk_key_record *a, const vk_key_record *b);
/* Adds number n's key, both halves; the id. */
int64_t key_add(vk_token *token, unsigned n);
/* The secret of a key whose grants do not matter. */
vk_status unseal(vk_token *token, const vk_key_record *record, uint8_t secret32[32]);
/* A grant that is not in the store yet. */
vk_grant_record grant_new(int64_t key_id, uint64_t chain_id);
vk_grant_record grant_add(vk_token *token, int64_t key_id, uint64_t chain_id);
int64_t key_version(vk_token *token, int64_t id);

/* A decision about a key as it was made, which writes a record. */
typedef struct question {
    vk_decision decision;
    vk_journal_entry entry;
} question;
void question_init(question *q, const vk_grant_record *grant, const uint8_t point65[65],
                   uint64_t nonce, vk_decide_fn body, void *context);
/* The point of number n's key. */
void point_of(unsigned n, uint8_t point65[65]);
/* A decision with nonce about the key as it is now. */
vk_status decide(vk_token *token, const vk_grant_record *grant, uint64_t nonce, vk_decide_fn body,
                 void *context);
/* One reservation: adds gas to rule 0's spent and 1 to its used; the nonce is charged gas. */
vk_status reserve(vk_token *token, const vk_grant_record *grant, uint64_t nonce, uint64_t gas);
vk_budget budget_of(vk_token *token, const vk_grant_record *grant);
#define RULES 3

/* Past the store: a connection of its own, as somebody with the file would have. */
void raw(const char *path, const char *sql);
void raw_make(const char *path, const char *sql); /* makes the file */
int64_t raw_int(const char *path, const char *sql);
char *raw_text(const char *path, const char *sql); /* free it */
/* How SQLite would run it, a line a step; vk_text_free it. */
char *raw_plan(const char *path, const char *sql);

/* Anchors are kept in directory n within home from now on. */
void anchors_elsewhere(unsigned n);

/* Runs in a child, as an ordinary user if we are root: permissions do not bind root. The child may
 * use libcheck's assertions. */
void run_as_user(void (*body)(void));
/* Runs in a child; its exit status. */
int run_child(int (*body)(void *), void *arg);

#endif
