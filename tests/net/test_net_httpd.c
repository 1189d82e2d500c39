/* The HTTP server: whom it lets in, what it takes, how it ends. Requests are written by hand. */
#include <arpa/inet.h>
#include <check.h>
#include <net/httpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ORIGIN "https://app.example"
#define BODY_MAX 1000

static vk_httpd *httpd;
static atomic_int answered;
static atomic_int delay_ms;

/* Says what it got. */
static unsigned echo(void *context, const char *path, vk_bytes body, vk_buf *answer) {
    const struct timespec wait = {0, (long)atomic_load(&delay_ms) * 1000000};
    (void)context;
    nanosleep(&wait, NULL);
    vk_buf_printf(answer, "{\"path\":\"%s\",\"bytes\":%zu}", path, body.len);
    atomic_fetch_add(&answered, 1);
    return strcmp(path, "/bad") == 0 ? 400 : 200;
}

static void start_at(const char *listen) {
    vk_error err = {0};
    const vk_httpd_config config = {
        .listen = listen, .origin = ORIGIN, .body_max = BODY_MAX, .answer = echo};
    ck_assert_msg(vk_httpd_start(&config, &httpd, &err) == VK_OK, "%s", err.message);
}

static void set_up(void) {
    signal(SIGPIPE, SIG_IGN);
    atomic_store(&answered, 0);
    atomic_store(&delay_ms, 0);
    start_at("127.0.0.1:0");
}

static void tear_down(void) {
    vk_httpd_stop(httpd);
    httpd = NULL;
}

static int try_connect(void) {
    const char *colon = strrchr(vk_httpd_address(httpd), ':');
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(colon + 1)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int dial(void) {
    int fd = try_connect();
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void send_text(int fd, const char *text, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        text += n;
        len -= (size_t)n;
    }
}

/* All that comes until the other side closes. */
static const char *receive(int fd) {
    static char text[65536];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof text - 1 && (n = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0) {
        len += (size_t)n;
    }
    text[len] = '\0';
    close(fd);
    return text;
}

/* lines: more of the head, each with "\r\n". */
static const char *ask(const char *method, const char *path, const char *lines, const char *body) {
    vk_buf text = {0};
    int fd = dial();
    vk_buf_printf(&text, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s", method, path,
                  lines);
    if (body != NULL) {
        vk_buf_printf(&text, "Content-Length: %zu\r\n", strlen(body));
    }
    vk_buf_printf(&text, "\r\n%s", body != NULL ? body : "");
    send_text(fd, (const char *)text.data, text.len);
    vk_buf_clear(&text);
    return receive(fd);
}

static void assert_status(const char *answer, unsigned code) {
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %u ", code);
    ck_assert_msg(strncmp(answer, line, strlen(line)) == 0, "not %u: %s", code, answer);
}

static void assert_has(const char *answer, const char *text) {
    ck_assert_msg(strstr(answer, text) != NULL, "no \"%s\" in: %s", text, answer);
}

static void assert_lacks(const char *answer, const char *text) {
    ck_assert_msg(strstr(answer, text) == NULL, "\"%s\" in: %s", text, answer);
}

/* ---- Who ---- */

START_TEST(programs_are_answered) {
    const char *answer = ask("POST", "/a", "", "{}");
    assert_status(answer, 200);
    assert_has(answer, "{\"path\":\"/a\",\"bytes\":2}");
    assert_has(answer, "Content-Type: application/json");
    assert_has(answer, "Cache-Control: no-store");
    assert_lacks(answer, "Access-Control");
    assert_status(ask("POST", "/bad", "", "{}"), 400);
    assert_status(ask("POST", "/empty", "", ""), 200);
}
END_TEST

START_TEST(pages_of_the_origin_are_answered) {
    const char *answer = ask("POST", "/a", "Origin: " ORIGIN "\r\n", "{}");
    assert_status(answer, 200);
    assert_has(answer, "Access-Control-Allow-Origin: " ORIGIN "\r\n");
    assert_has(answer, "Access-Control-Allow-Credentials: true\r\n");
    assert_has(answer, "Vary: Origin\r\n");
}
END_TEST

START_TEST(other_pages_are_not) {
    static const char *const others[] = {"null",
                                         "https://evil.example",
                                         ORIGIN ".evil.example",
                                         ORIGIN ":444",
                                         "http://app.example",
                                         "HTTPS://APP.EXAMPLE",
                                         "*"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char line[96];
        snprintf(line, sizeof line, "Origin: %s\r\n", others[i]);
        static const char *const methods[] = {"POST", "OPTIONS", "GET"};
        for (size_t m = 0; m < 3; m++) {
            const char *answer = ask(methods[m], "/a", line, m == 0 ? "{}" : NULL);
            assert_status(answer, 403);
            assert_lacks(answer, "Access-Control");
        }
    }
    ck_assert_int_eq(atomic_load(&answered), 0);
}
END_TEST

START_TEST(preflight) {
    const char *answer = ask("OPTIONS", "/a",
                             "Origin: " ORIGIN "\r\nAccess-Control-Request-Method: POST\r\n"
                             "Access-Control-Request-Headers: content-type,x-api\r\n",
                             NULL);
    assert_status(answer, 204);
    assert_has(answer, "Access-Control-Allow-Origin: " ORIGIN "\r\n");
    assert_has(answer, "Access-Control-Allow-Credentials: true\r\n");
    assert_has(answer, "Access-Control-Allow-Methods: POST\r\n");
    assert_has(answer, "Access-Control-Allow-Headers: content-type,x-api\r\n");
    answer = ask("OPTIONS", "/a",
                 "Origin: " ORIGIN "\r\nAccess-Control-Request-Headers: a\"(b)\r\n", NULL);
    assert_has(answer, "Access-Control-Allow-Headers: Content-Type\r\n");
    assert_status(ask("OPTIONS", "/a", "", NULL), 405);
    ck_assert_int_eq(atomic_load(&answered), 0);
}
END_TEST

/* ---- What ---- */

START_TEST(other_methods) {
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const char *answer = ask(methods[i], "/a", "", NULL);
        assert_status(answer, 405);
        assert_has(answer, "Allow: POST, OPTIONS");
    }
    ck_assert_int_eq(atomic_load(&answered), 0);
}
END_TEST

START_TEST(bodies_have_an_end) {
    char body[BODY_MAX + 2];
    memset(body, 'x', sizeof body);
    body[BODY_MAX] = '\0';
    assert_has(ask("POST", "/a", "", body), "\"bytes\":1000");
    body[BODY_MAX] = 'x';
    body[BODY_MAX + 1] = '\0';
    assert_status(ask("POST", "/a", "", body), 413);
    /* Before any of it came. */
    assert_status(ask("POST", "/a", "Content-Length: 4000000000\r\n", NULL), 413);
    ck_assert_int_eq(atomic_load(&answered), 1);
}
END_TEST

START_TEST(bodies_in_pieces_have_an_end_too) {
    char chunk[600] = "fa\r\n";
    int fd = dial();
    const char head[] = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    memset(chunk + 4, 'y', 250);
    memcpy(chunk + 254, "\r\n", 2);
    send_text(fd, head, sizeof head - 1);
    for (int i = 0; i < 100; i++) {
        send_text(fd, chunk, 256);
    }
    assert_lacks(receive(fd), "200");
    ck_assert_int_eq(atomic_load(&answered), 0);
    assert_status(ask("POST", "/a", "", "{}"), 200);
}
END_TEST

START_TEST(garbage) {
    static const char *const bad[] = {"\r\n\r\n",
                                      "GET\r\n\r\n",
                                      "\x16\x03\x01\x02",
                                      "POST /a HTTP/9.9\r\n\r\n",
                                      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                                      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: z\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = dial();
        send_text(fd, bad[i], strlen(bad[i]));
        shutdown(fd, SHUT_WR);
        assert_lacks(receive(fd), " 200 ");
    }
    ck_assert_int_eq(atomic_load(&answered), 0);
    assert_status(ask("POST", "/a", "", "{}"), 200);
}
END_TEST

START_TEST(a_head_without_end) {
    int fd = dial();
    static char line[] = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    send_text(fd, "POST /a HTTP/1.1\r\nHost: x\r\n", 27);
    for (int i = 0; i < 2000; i++) {
        send_text(fd, line, sizeof line - 1);
    }
    assert_lacks(receive(fd), " 200 ");
    assert_status(ask("POST", "/a", "", "{}"), 200);
}
END_TEST

/* Who says nothing is sent away; until then others wait, at most so many. */
START_TEST(connections_have_an_end) {
    int fds[VK_HTTPD_CONNECTIONS_MAX + 20];
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = try_connect();
    }
    time_t start = time(NULL);
    ck_assert_str_eq(receive(fds[0]), "");
    ck_assert_int_le(time(NULL) - start, VK_HTTPD_IDLE_SECONDS + 5);
    for (size_t i = 1; i < sizeof fds / sizeof fds[0]; i++) {
        close(fds[i]);
    }
    struct timespec moment = {0, 300000000};
    nanosleep(&moment, NULL);
    assert_status(ask("POST", "/a", "", "{}"), 200);
}
END_TEST

/* ---- The end ---- */

static void *ask_slowly(void *context) {
    static char text[4096];
    int fd = dial();
    const char request[] = "POST /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           "Content-Length: 2\r\n\r\n{}";
    (void)context;
    send_text(fd, request, sizeof request - 1);
    snprintf(text, sizeof text, "%.4000s", receive(fd));
    return text;
}

START_TEST(ends_in_order) {
    pthread_t thread;
    void *answer;
    struct timespec moment = {0, 200000000};
    atomic_store(&delay_ms, 600);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_slowly, NULL), 0);
    nanosleep(&moment, NULL);
    vk_httpd_stop(httpd);
    ck_assert_int_eq(pthread_join(thread, &answer), 0);
    assert_status(answer, 200);
    assert_has(answer, "/slow");
    start_at("localhost:0");
}
END_TEST

/* ---- Where ---- */

START_TEST(addresses) {
    static const char *const bad[] = {"",
                                      "8787",
                                      ":8787",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:65536",
                                      "127.0.0.1: 80",
                                      "[::1:80",
                                      "::1:80",
                                      "app.example:80",
                                      "[]:80",
                                      "127.0.0.1:80:80"};
    vk_httpd *other;
    vk_error err = {0};
    vk_httpd_config config = {.origin = ORIGIN, .body_max = BODY_MAX, .answer = echo};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.listen = bad[i];
        ck_assert_msg(vk_httpd_start(&config, &other, &err) == VK_ERR_FORMAT, "%s", bad[i]);
        ck_assert_ptr_null(other);
    }
    ck_assert(vk_httpd_is_loopback(httpd));
    config.listen = vk_httpd_address(httpd);
    ck_assert_int_eq(vk_httpd_start(&config, &other, &err), VK_ERR_SERVER);
    assert_has(err.message, "cannot listen at 127.0.0.1:");
    config.listen = "0.0.0.0:0";
    ck_assert_int_eq(vk_httpd_start(&config, &other, &err), VK_OK);
    ck_assert(!vk_httpd_is_loopback(other));
    vk_httpd_stop(other);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("httpd");
    TCase *tests = tcase_create("httpd");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, programs_are_answered);
    tcase_add_test(tests, pages_of_the_origin_are_answered);
    tcase_add_test(tests, other_pages_are_not);
    tcase_add_test(tests, preflight);
    tcase_add_test(tests, other_methods);
    tcase_add_test(tests, bodies_have_an_end);
    tcase_add_test(tests, bodies_in_pieces_have_an_end_too);
    tcase_add_test(tests, garbage);
    tcase_add_test(tests, a_head_without_end);
    tcase_add_test(tests, connections_have_an_end);
    tcase_add_test(tests, ends_in_order);
    tcase_add_test(tests, addresses);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
