/* The settings file of the directory, and what it decides. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void write_settings(const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/valetkey.conf", home);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
}

static vk_status read_settings(bool *sudo, vk_error *err) {
    vk_home_settings settings = {0};
    vk_status status = vk_home_settings_read(home, &settings, err);
    *sudo = settings.default_sudo;
    return status;
}

START_TEST(test_understood) {
    static const struct {
        const char *text;
        bool sudo;
    } cases[] = {{"", false},
                 {"default-policy = sudo\n", true},
                 {"# first\n\n  default-policy=sudo # for old tools", true},
                 {"default-policy = none\r\n", false},
                 {"default-policy = sudo\ndefault-policy = none\n", false}};
    bool sudo;
    assert_ok(read_settings(&sudo, NULL));
    ck_assert(!sudo);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_settings(cases[i].text);
        assert_ok(read_settings(&sudo, NULL));
        ck_assert_msg(sudo == cases[i].sudo, "%zu", i);
    }
}
END_TEST

START_TEST(test_lint) {
    static const struct {
        const char *text;
        vk_lint_level level;
        uint64_t allowed;
    } cases[] = {{"default-policy = sudo\n", VK_LINT_WARN, 0},
                 {"lint = off\n", VK_LINT_OFF, 0},
                 {"lint=error # for all\nlint-allow = batch-multiplies, no-expiry\n", VK_LINT_ERROR,
                  VK_LINT_BIT(VK_LINT_BATCH_MULTIPLIES) | VK_LINT_BIT(VK_LINT_NO_EXPIRY)},
                 {"lint = error\nlint = warn\nlint-allow =\n", VK_LINT_WARN, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_home_settings settings = {0};
        write_settings(cases[i].text);
        assert_ok(vk_home_settings_read(home, &settings, NULL));
        ck_assert_msg(settings.lint == cases[i].level, "%zu", i);
        ck_assert_msg(settings.lint_allowed == cases[i].allowed, "%zu", i);
    }
}
END_TEST

START_TEST(test_refused) {
    static const char *const texts[] = {"default-policy\n", "default-policy = all\n",
                                        "other = 1\n",      "= sudo\n",
                                        "lint = errors\n",  "lint-allow = no-expiri\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool sudo;
        vk_error err = {0};
        write_settings(texts[i]);
        assert_status(read_settings(&sudo, &err), VK_ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.message, "line 1"));
        ck_assert(!sudo);
    }
}
END_TEST

START_TEST(test_unsafe_mode) {
    char path[512];
    bool sudo;
    write_settings("default-policy = sudo\n");
    snprintf(path, sizeof path, "%s/valetkey.conf", home);
    ck_assert_int_eq(chmod(path, 0666), 0);
    assert_status(read_settings(&sudo, NULL), VK_ERR_PERMISSIONS);
    ck_assert(!sudo);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {test_understood, test_lint, test_refused, test_unsafe_mode};
    return RUN_TESTS("token settings", tests);
}
