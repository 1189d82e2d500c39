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

START_TEST(test_fido2) {
    static const struct {
        const char *text;
        vk_fido2_search fido2;
        unsigned timeout;
        size_t count;
        const char *last;
    } cases[] = {
        {"", VK_FIDO2_ON, 30, 0, ""},
        {"fido2 = off\n", VK_FIDO2_OFF, 30, 0, ""},
        {"fido2 = configured\n", VK_FIDO2_CONFIGURED, 30, 0, ""},
        {"fido2 = off\nfido2 = on\nfido2-timeout = 1", VK_FIDO2_ON, 1, 0, ""},
        {"fido2-timeout=600\nfido2-device = unix:/run/key # the spare one\n", VK_FIDO2_ON, 600, 1,
         "unix:/run/key"},
        {"fido2-device=unix:/a\nfido2-device=unix:/b c\n", VK_FIDO2_ON, 30, 2, "unix:/b c"}};
    ck_assert_int_eq(unsetenv("VALETKEY_FIDO2"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_home_settings settings = {0};
        write_settings(cases[i].text);
        assert_ok(vk_home_settings_read(home, &settings, NULL));
        ck_assert_msg(settings.fido2 == cases[i].fido2, "%zu", i);
        ck_assert_uint_eq(settings.fido2_timeout, cases[i].timeout);
        ck_assert_uint_eq(settings.fido2_device_count, cases[i].count);
        if (cases[i].count > 0) {
            ck_assert_str_eq(settings.fido2_devices[cases[i].count - 1], cases[i].last);
        }
    }
}
END_TEST

/* The variable comes before the file, and is not believed to say what it does not. */
START_TEST(test_fido2_variable) {
    vk_home_settings settings = {0};
    write_settings("fido2 = on\n");
    ck_assert_int_eq(setenv("VALETKEY_FIDO2", "configured", 1), 0);
    assert_ok(vk_home_settings_read(home, &settings, NULL));
    ck_assert_int_eq(settings.fido2, VK_FIDO2_CONFIGURED);
    ck_assert_int_eq(setenv("VALETKEY_FIDO2", "maybe", 1), 0);
    ck_assert_int_eq(vk_home_settings_read(home, &settings, NULL), VK_ERR_FORMAT);
    ck_assert_int_eq(unsetenv("VALETKEY_FIDO2"), 0); /* under valgrind all tests are one process */
}
END_TEST

/* The longest path of a socket, and as many lines as there may be. */
START_TEST(test_fido2_bounds) {
    char path[109] = {0}, text[4096] = {0};
    vk_home_settings settings = {0};
    vk_error err = {0};
    memset(path, 'x', 107);
    path[0] = '/';
    for (size_t i = 0; i < VK_FIDO2_DEVICES_MAX; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "fido2-device = unix:%s\n", path);
    }
    write_settings(text);
    assert_ok(vk_home_settings_read(home, &settings, NULL));
    ck_assert_uint_eq(settings.fido2_device_count, VK_FIDO2_DEVICES_MAX);
    ck_assert_str_eq(settings.fido2_devices[VK_FIDO2_DEVICES_MAX - 1] + strlen("unix:"), path);
    strcat(text, "fido2-device = unix:/x\n");
    write_settings(text);
    assert_status(vk_home_settings_read(home, &settings, &err), VK_ERR_SIZE);
    ck_assert_ptr_nonnull(strstr(err.message, "line 17"));
    ck_assert_uint_eq(settings.fido2_device_count, 0);
    path[107] = 'x';
    snprintf(text, sizeof text, "fido2-device = unix:%s\n", path);
    write_settings(text);
    assert_status(vk_home_settings_read(home, &settings, &err), VK_ERR_FORMAT);
}
END_TEST

START_TEST(test_refused) {
    static const char *const texts[] = {"default-policy\n",
                                        "default-policy = all\n",
                                        "other = 1\n",
                                        "= sudo\n",
                                        "lint = errors\n",
                                        "lint-allow = no-expiri\n",
                                        "fido2 = yes\n",
                                        "fido2-timeout = 0\n",
                                        "fido2-timeout = 601\n",
                                        "fido2-timeout = -1\n",
                                        "fido2-timeout = 30s\n",
                                        "fido2-timeout =\n",
                                        "fido2-timeout = 99999999999999999999999\n",
                                        "fido2-device = /dev/hidraw0\n",
                                        "fido2-device = unix:relative\n",
                                        "fido2-device = unix:\n",
                                        "fido2-device =\n"};
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
    const TTest *const tests[] = {test_understood,     test_lint,         test_fido2,
                                  test_fido2_variable, test_fido2_bounds, test_refused,
                                  test_unsafe_mode};
    return RUN_TESTS("token settings", tests);
}
