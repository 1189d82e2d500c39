/* URLs of servers, and what the SO says of a node. */
#include <check.h>
#include <net/node_config.h>
#include <net/url.h>
#include <stdlib.h>
#include <string.h>

static vk_bytes text_of(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

START_TEST(test_urls) {
    static const struct {
        const char *url, *name;
        bool loopback;
    } cases[] = {
        {"https://node.example/v2/secret?key=secret", "https://node.example", false},
        {"HTTPS://node.example:8443/", "https://node.example", false},
        {"https://192.0.2.1/", "https://192.0.2.1", false},
        {"http://127.0.0.1:8545/", "http://127.0.0.1", true},
        {"http://localhost:8545", "http://localhost", true},
        {"http://[::1]:8545/rpc", "http://[::1]", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_url url;
        vk_error err = {0};
        ck_assert_msg(vk_url_read(cases[i].url, &url, &err) == VK_OK, "%s: %s", cases[i].url,
                      err.message);
        ck_assert_str_eq(url.name, cases[i].name);
        ck_assert(url.is_loopback == cases[i].loopback);
    }
}
END_TEST

START_TEST(test_other_urls) {
    static const char *const cases[] = {"",
                                        "secret",
                                        "http://node.example/secret",
                                        "http://127.0.0.1.example/secret",
                                        "http://127.secret.example/",
                                        "http://localhost.example/secret",
                                        "http://192.0.2.1/secret",
                                        "http://[::2]/secret",
                                        "file:///secret",
                                        "ftp://127.0.0.1/secret",
                                        "gopher://127.0.0.1/secret",
                                        "https://",
                                        "https://node.example/#secret",
                                        "https://user@node.example/secret",
                                        "https://user:secret@node.example/",
                                        "https://node example/secret",
                                        "https://node.example/secret\r\nHost: other",
                                        "https://node.example:99999/secret",
                                        "https://b\xc3\xb6se.example/secret"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_url url = {.name = "before"};
        vk_error err = {0};
        ck_assert_msg(vk_url_read(cases[i], &url, &err) == VK_ERR_FORMAT, "%s", cases[i]);
        ck_assert_str_eq(url.name, "before");
        ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
    }
}
END_TEST

START_TEST(test_long_url) {
    char text[VK_URL_MAX + 2];
    vk_url url;
    memset(text, 'a', sizeof text);
    memcpy(text, "https://a/", 10);
    text[VK_URL_MAX + 1] = '\0';
    ck_assert(vk_url_read(text, &url, NULL) == VK_ERR_SIZE);
    text[VK_URL_MAX] = '\0';
    ck_assert(vk_url_read(text, &url, NULL) == VK_OK);
}
END_TEST

START_TEST(test_config) {
    vk_node_config config;
    vk_error err = {0};
    ck_assert(vk_node_config_read(text_of("{\"url\":\"https://node.example/k\",\"headers\":{"
                                          "\"Authorization\":\"Bearer x y\",\"X-Key\":\"1\"},"
                                          "\"maxBlocks\":500}"),
                                  &config, &err) == VK_OK);
    ck_assert_str_eq(config.url, "https://node.example/k");
    ck_assert_uint_eq(config.header_count, 2);
    ck_assert_str_eq(config.headers[0], "Authorization: Bearer x y");
    ck_assert_str_eq(config.headers[1], "X-Key: 1");
    ck_assert_uint_eq(config.max_blocks, 500);
    vk_node_config_clear(&config);
    ck_assert(vk_node_config_read(text_of("{\"url\":\"https://a\"}"), &config, &err) == VK_OK);
    ck_assert_uint_eq(config.header_count, 0);
    ck_assert_uint_eq(config.max_blocks, VK_NODE_BLOCKS_DEFAULT);
    vk_node_config_clear(&config);
}
END_TEST

#define WITH_HEADER(header) "{\"url\":\"https://a\",\"headers\":{" header "}}"

START_TEST(test_other_configs) {
    static const struct {
        const char *json, *path;
    } cases[] = {
        {"[]", ""},
        {"{}", "url"},
        {"{\"url\":1}", "url"},
        {"{\"url\":\"http://a/secret\"}", "url"},
        {"{\"url\":\"https://a\",\"urls\":[]}", "urls"},
        {"{\"url\":\"https://a\",\"url\":\"https://a\"}", "url"},
        {"{\"url\":\"https://a\",\"headers\":[\"secret\"]}", "headers"},
        {"{\"url\":\"https://a\",\"maxBlocks\":0}", "maxBlocks"},
        {"{\"url\":\"https://a\",\"maxBlocks\":10000001}", "maxBlocks"},
        {"{\"url\":\"https://a\",\"maxBlocks\":\"5\"}", "maxBlocks"},
        {WITH_HEADER("\"X\":1"), "headers.X"},
        {WITH_HEADER("\"X\":\"\""), "headers.X"},
        {WITH_HEADER("\"X\":\" secret\""), "headers.X"},
        {WITH_HEADER("\"X\":\"secret\\r\\nHost: b\""), "headers.X"},
        {WITH_HEADER("\"X\":\"secr\xc3\xa9t\""), "headers.X"},
        {WITH_HEADER("\"\":\"secret\""), "headers."},
        {WITH_HEADER("\"X Y\":\"secret\""), "headers.X Y"},
        {WITH_HEADER("\"X:\":\"secret\""), "headers.X:"},
        {WITH_HEADER("\"host\":\"secret\""), "headers.host"},
        {WITH_HEADER("\"Content-Length\":\"1\""), "headers.Content-Length"},
        {WITH_HEADER("\"Transfer-Encoding\":\"chunked\""), "headers.Transfer-Encoding"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_node_config config;
        vk_error err = {0};
        ck_assert_msg(vk_node_config_read(text_of(cases[i].json), &config, &err) != VK_OK, "%s",
                      cases[i].json);
        ck_assert_str_eq(err.path, cases[i].path);
        ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
        ck_assert_ptr_null(config.url);
        ck_assert_uint_eq(config.header_count, 0);
    }
}
END_TEST

START_TEST(test_many_headers) {
    vk_buf text = {0};
    vk_node_config config;
    vk_error err = {0};
    vk_buf_put_text(&text, "{\"url\":\"https://a\",\"headers\":{\"X\":\"1\"");
    for (int i = 0; i < VK_NODE_HEADERS_MAX - 1; i++) {
        vk_buf_printf(&text, ",\"X%d\":\"1\"", i);
    }
    size_t most = text.len;
    vk_buf_put_text(&text, "}}");
    ck_assert(vk_node_config_read(vk_buf_view(&text), &config, &err) == VK_OK);
    vk_node_config_clear(&config);
    text.len = most;
    vk_buf_put_text(&text, ",\"Y\":\"1\"}}");
    ck_assert(vk_node_config_read(vk_buf_view(&text), &config, &err) == VK_ERR_SIZE);
    vk_buf_clear(&text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_config");
    TCase *tests = tcase_create("net_config");
    tcase_add_test(tests, test_urls);
    tcase_add_test(tests, test_other_urls);
    tcase_add_test(tests, test_long_url);
    tcase_add_test(tests, test_config);
    tcase_add_test(tests, test_other_configs);
    tcase_add_test(tests, test_many_headers);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
