/* Windows as EntryPoint 0.6 to 0.9 read them: times, and numbers of blocks. */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FLAG (UINT64_C(1) << 47)
#define MAX ((UINT64_C(1) << 48) - 1)
#define NO_BLOCK UINT64_MAX

/* ---- One window ---- */

static const struct {
    vk_entry_point version;
    uint64_t after, until, now, block;
    const char *rule; /* of the denial; "": none */
} windows[] = {
    /* Both ends belong to it, until 0.7. */
    {VK_ENTRY_POINT_0_6, 1000, 2000, 999, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_6, 1000, 2000, 1000, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_6, 1000, 2000, 2000, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_6, 1000, 2000, 2001, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_7, 1000, 2000, 999, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_7, 1000, 2000, 1000, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_7, 1000, 2000, 2000, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_7, 1000, 2000, 2001, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_7, 1000, 1000, 1000, NO_BLOCK, ""},
    /* From 0.8 on the first second does not. */
    {VK_ENTRY_POINT_0_8, 1000, 2000, 1000, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_8, 1000, 2000, 1001, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_8, 1000, 2000, 2000, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_8, 1000, 2000, 2001, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_8, 1000, 1000, 1000, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_9, 1000, 2000, 1000, NO_BLOCK, "timestamp"},
    {VK_ENTRY_POINT_0_9, 1000, 2000, 1001, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_9, 1000, 2000, 2000, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_9, 1000, 2000, 2001, NO_BLOCK, "timestamp"},
    /* No end; a window that never opens. */
    {VK_ENTRY_POINT_0_7, 1000, 0, MAX, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_7, 1000, 0, MAX + 1, NO_BLOCK, "time"},
    {VK_ENTRY_POINT_0_8, 1000, 0, MAX, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_7, 2000, 1000, 1500, NO_BLOCK, "timestamp"},
    /* No window: the second 0 is behind the beginning from 0.8 on. */
    {VK_ENTRY_POINT_0_6, 0, 0, 0, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_7, 0, 0, 0, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_8, 0, 0, 0, NO_BLOCK, "time"},
    {VK_ENTRY_POINT_0_9, 0, 0, 0, NO_BLOCK, "time"},
    {VK_ENTRY_POINT_0_9, 0, 0, 1, NO_BLOCK, ""},
    /* 0.9 counts blocks when both ends have the flag and more; the time is then not looked at. */
    {VK_ENTRY_POINT_0_9, FLAG + 100, FLAG + 200, 7, 100, "time"},
    {VK_ENTRY_POINT_0_9, FLAG + 100, FLAG + 200, 7, 101, ""},
    {VK_ENTRY_POINT_0_9, FLAG + 100, FLAG + 200, MAX + 1, 200, ""},
    {VK_ENTRY_POINT_0_9, FLAG + 100, FLAG + 200, 7, 201, "time"},
    {VK_ENTRY_POINT_0_9, FLAG + 100, FLAG + 200, FLAG + 150, NO_BLOCK, "time"},
    {VK_ENTRY_POINT_0_9, FLAG + 100, 0, 7, 100, "time"},
    {VK_ENTRY_POINT_0_9, FLAG + 100, 0, 7, 101, ""},
    {VK_ENTRY_POINT_0_9, FLAG + 100, 0, 7, FLAG - 1, ""},
    {VK_ENTRY_POINT_0_9, FLAG + 100, 0, 7, FLAG, "time"},
    {VK_ENTRY_POINT_0_9, FLAG + 1, FLAG + 1, 7, 1, "time"},
    /* Not both of them, or no more than the flag: times. */
    {VK_ENTRY_POINT_0_9, FLAG, FLAG + 200, 7, 101, "timestamp"},
    {VK_ENTRY_POINT_0_9, FLAG, FLAG + 200, FLAG + 1, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_9, 100, FLAG + 200, 150, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_9, FLAG + 100, 200, 150, 150, "timestamp"},
    {VK_ENTRY_POINT_0_9, FLAG + 100, FLAG, 150, 150, "timestamp"},
    /* The others know no blocks. */
    {VK_ENTRY_POINT_0_8, FLAG + 100, FLAG + 200, 7, 150, "timestamp"},
    {VK_ENTRY_POINT_0_8, FLAG + 100, FLAG + 200, FLAG + 150, NO_BLOCK, ""},
    {VK_ENTRY_POINT_0_7, FLAG + 100, FLAG + 200, FLAG + 100, NO_BLOCK, ""},
};

typedef struct fixture {
    vk_policy policy;
    vk_buf call_data;
    vk_userop op;
    vk_rule_state states[3];
} fixture;

static fixture begin(const char *policy) {
    vk_call nothing = {0};
    fixture f = {.policy = policy_good(policy),
                 .call_data = policy_execute(VK_CALL_SINGLE, &nothing, 1)};
    ck_assert_uint_le(f.policy.count, 3);
    f.op = (vk_userop){
        .entry_point = VK_ENTRY_POINT_0_7, .sender = {{1}}, .call_data = vk_buf_view(&f.call_data)};
    return f;
}

static void end(fixture *f) {
    vk_policy_clear(&f->policy);
    vk_buf_clear(&f->call_data);
}

static vk_verdict judge(fixture *f, uint64_t now, uint64_t block, vk_hardening_set relaxed) {
    vk_verdict_request request = {.op = &f->op,
                                  .chain_id = 1,
                                  .now = now,
                                  .has_block = block != NO_BLOCK,
                                  .block = block == NO_BLOCK ? 0 : block,
                                  .selector = vk_kernel_execute_selector,
                                  .relaxed = relaxed};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate(&f->policy, &request, f->states, &verdict), VK_OK);
    return verdict;
}

/* A window of blocks where none is known is refused whatever is relaxed: nobody can judge it. */
static bool is_block_unknown(int i) {
    return windows[i].block == NO_BLOCK && windows[i].version == VK_ENTRY_POINT_0_9 &&
           windows[i].after > FLAG && (windows[i].until == 0 || windows[i].until > FLAG);
}

START_TEST(test_window) {
    static const vk_hardening_set relaxed[] = {VK_HARDENING_NONE, VK_HARDENING_ALL};
    fixture f = begin("[{\"type\":\"timestamp\"}]");
    f.policy.rules[0].u.timestamp.valid_after = windows[_i].after;
    f.policy.rules[0].u.timestamp.valid_until = windows[_i].until;
    f.op.entry_point = windows[_i].version;
    for (size_t i = 0; i < 2; i++) {
        vk_verdict verdict = judge(&f, windows[_i].now, windows[_i].block, relaxed[i]);
        ck_assert_str_eq(verdict.rule, windows[_i].rule);
        ck_assert(verdict.allowed == (windows[_i].rule[0] == '\0'));
        ck_assert(verdict.allowed == (verdict.reason[0] == '\0'));
        if (is_block_unknown(_i)) {
            ck_assert_str_eq(verdict.hardening, "block-window");
        } else {
            ck_assert_ptr_null(verdict.hardening);
        }
        vk_verdict_clear(&verdict);
    }
    end(&f);
}
END_TEST

/* ---- Several windows ---- */

#define WINDOW(after, until)                                                                       \
    "{\"type\":\"timestamp\",\"validAfter\":" after ",\"validUntil\":" until "}"

static const struct {
    const char *policy;
    uint64_t now;
    int rule_index; /* of the denial */
} several[] = {
    {"[" WINDOW("100", "500") "," WINDOW("200", "400") "]", 199, 1},
    {"[" WINDOW("100", "500") "," WINDOW("200", "400") "]", 401, 1},
    {"[" WINDOW("300", "500") "," WINDOW("200", "400") "]", 250, 0},
    {"[" WINDOW("300", "350") "," WINDOW("200", "400") "]", 380, 0},
    {"[" WINDOW("0", "0") "," WINDOW("200", "0") "," WINDOW("0", "300") "]", 100, 1},
    {"[" WINDOW("0", "0") "," WINDOW("200", "0") "," WINDOW("0", "300") "]", 301, 2},
    /* Apart: always too early for one, or too late for the other. */
    {"[" WINDOW("100", "200") "," WINDOW("300", "400") "]", 150, 1},
    {"[" WINDOW("100", "200") "," WINDOW("300", "400") "]", 350, 0},
    {"[" WINDOW("100", "200") "," WINDOW("300", "400") "]", 250, 0},
};

START_TEST(test_several) {
    fixture f = begin(several[_i].policy);
    vk_verdict verdict = judge(&f, several[_i].now, NO_BLOCK, VK_HARDENING_NONE);
    ck_assert(!verdict.allowed);
    ck_assert_int_eq(verdict.rule_index, several[_i].rule_index);
    ck_assert_str_eq(verdict.reason, verdict.rules[several[_i].rule_index].reason);
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

/* The latest beginning and the earliest end, each from another rule, are blocks together. */
START_TEST(test_blocks_of_two) {
    fixture f = begin("[" WINDOW("0", "0") "," WINDOW("0", "0") "]");
    f.op.entry_point = VK_ENTRY_POINT_0_9;
    f.policy.rules[0].u.timestamp.valid_after = FLAG + 10;
    f.policy.rules[1].u.timestamp.valid_until = FLAG + 20;
    f.policy.rules[1].u.timestamp.valid_after = 5;
    for (uint64_t block = 9; block <= 21; block++) {
        vk_verdict verdict = judge(&f, 1, block, VK_HARDENING_NONE);
        ck_assert(verdict.allowed == (block > 10 && block <= 20));
        vk_verdict_clear(&verdict);
    }
    f.policy.rules[1].u.timestamp.valid_until = 20; /* a time: it ended */
    vk_verdict verdict = judge(&f, 21, 15, VK_HARDENING_NONE);
    ck_assert_int_eq(verdict.rule_index, 1);
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

START_TEST(test_reasons) {
    fixture f = begin("[{\"type\":\"timestamp\"}]");
    f.op.entry_point = VK_ENTRY_POINT_0_9;
    f.policy.rules[0].u.timestamp.valid_after = FLAG + 100;
    f.policy.rules[0].u.timestamp.valid_until = FLAG + 200;
    vk_verdict verdict = judge(&f, 7, 201, VK_HARDENING_NONE);
    ck_assert_str_eq(verdict.reason, "block 201 is outside the window, which opens after block 100 "
                                     "and closes after block 200");
    vk_verdict_clear(&verdict);
    verdict = judge(&f, 7, NO_BLOCK, VK_HARDENING_NONE);
    ck_assert_str_eq(verdict.reason, "the window is one of block numbers (after 100, until 200), "
                                     "and the number of the next block is not known here");
    vk_verdict_clear(&verdict);
    f.policy.rules[0].u.timestamp.valid_after = 1000;
    verdict = judge(&f, 1000, NO_BLOCK, VK_HARDENING_NONE);
    ck_assert_str_eq(verdict.reason, "1970-01-01T00:16:40Z is the second at which the window "
                                     "opens; EntryPoint 0.9 begins it one second later");
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

/* An unknown window of blocks does not hide what the chain itself refuses. */
START_TEST(test_denied_before) {
    fixture f = begin("[{\"type\":\"rate-limit\",\"count\":0},{\"type\":\"timestamp\"}]");
    f.op.entry_point = VK_ENTRY_POINT_0_9;
    f.policy.rules[1].u.timestamp.valid_after = FLAG + 100;
    vk_verdict verdict = judge(&f, 7, NO_BLOCK, VK_HARDENING_NONE);
    ck_assert_str_eq(verdict.rule, "rate-limit");
    ck_assert_ptr_null(verdict.hardening);
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void) {
    Suite *suite = suite_create("windows");
    TCase *tests = tcase_create("windows");
    tcase_add_loop_test(tests, test_window, 0, COUNT(windows));
    tcase_add_loop_test(tests, test_several, 0, COUNT(several));
    tcase_add_test(tests, test_blocks_of_two);
    tcase_add_test(tests, test_reasons);
    tcase_add_test(tests, test_denied_before);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
