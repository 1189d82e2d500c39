/* The passkey server protocol: every exchange of the vectors, and servers that are slow, rude, or
 * hostile. */
#include "server.h"
#include "support/vectors.h"

#include <base/json.h>
#include <check.h>
#include <net/header.h>
#include <net/passkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define STEPS 2

/* What the server is told to answer, and what it was sent. */
typedef struct script {
    const char *answers[STEPS];
    int status;
    const char *head;
    size_t more; /* bytes of padding, in front */
    bool cuts;   /* promises more than it sends */
    long stall_seconds;
    int count;
    char heads[STEPS][4096];
    char *bodies[STEPS];
} script;

static script s;
static server *http;
static char url[80];

static void run(void *context, const char *head, vk_bytes body, server_answer *out) {
    script *told = context;
    int step = told->count < STEPS ? told->count : STEPS - 1;
    told->count++;
    snprintf(told->heads[step], sizeof told->heads[step], "%s", head);
    free(told->bodies[step]);
    told->bodies[step] = strndup((const char *)body.data, body.len);
    for (size_t i = 0; i < told->more; i++) {
        vk_buf_put_byte(&out->body, ' ');
    }
    vk_buf_put_text(&out->body, told->answers[step] != NULL ? told->answers[step] : "{}");
    out->more = told->cuts ? 100 : 0;
    out->status = told->status != 0 ? told->status : 200;
    snprintf(out->head, sizeof out->head, "%s", told->head != NULL ? told->head : "");
    struct timespec stall = {told->stall_seconds, 0};
    nanosleep(&stall, NULL);
}

static void set_up(void) {
    s = (script){.status = 200};
    http = server_start(run, &s);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", server_port(http));
}

static void tear_down(void) {
    server_stop(http);
    free(s.bodies[0]);
    free(s.bodies[1]);
}

static vk_passkey_server *open_server(const char *rp_id) {
    const vk_passkey_config config = {.url = url, .rp_id = rp_id, .seconds = 2};
    vk_passkey_server *peer;
    ck_assert_int_eq(vk_passkey_open(&config, &peer, NULL), VK_OK);
    return peer;
}

/* ---- The vectors ---- */

/* Compares the header lines with those of the SDK's request, leaving out what the transport adds.
 */
static void check_headers(const char *head, const cJSON *expected) {
    static const char *const own[] = {"Host", "User-Agent", "Accept", "Content-Length"};
    int found = 0;
    for (const char *line = strstr(head, "\r\n"); line != NULL && line[2] != '\0';
         line = strstr(line + 2, "\r\n")) {
        bool skip = line[2] == '\r';
        for (size_t i = 0; i < 4; i++) {
            skip |= vk_header_is(line + 2, own[i]);
        }
        if (skip) {
            continue;
        }
        const cJSON *item, *match = NULL;
        cJSON_ArrayForEach(item, expected) {
            match = vk_header_is(line + 2, item->string) ? item : match;
        }
        ck_assert_msg(match != NULL, "%s", line);
        const char *value = strchr(line + 2, ':') + 2;
        size_t len = strlen(match->valuestring);
        ck_assert_msg(strncmp(value, match->valuestring, len) == 0 && value[len] == '\r', "%s",
                      line);
        found++;
    }
    ck_assert_int_eq(found, cJSON_GetArraySize(expected));
}

static void check_request(int step, const cJSON *exchange, const char *path_prefix,
                          const char *base) {
    char line[256];
    const char *whole = vectors_text(exchange, "url");
    ck_assert(strncmp(whole, base, strlen(base)) == 0);
    snprintf(line, sizeof line, "%s %s%s HTTP/1.1\r\n", vectors_text(exchange, "method"),
             path_prefix, whole + strlen(base));
    ck_assert_msg(strncmp(s.heads[step], line, strlen(line)) == 0, "%s", s.heads[step]);
    check_headers(s.heads[step], vectors_get(exchange, "headers"));
    ck_assert_str_eq(s.bodies[step], vectors_text(exchange, "body"));
}

static vk_buf decode_member(const cJSON *object, const char *name) {
    vk_buf out = {0};
    const char *text = vectors_text(object, name);
    ck_assert_int_eq(vk_base64url_read(text, strlen(text), &out), VK_OK);
    return out;
}

/* The credential that the SDK had sent: from its own request. */
static vk_status finish(vk_passkey_server *peer, const cJSON *sent, bool registers,
                        const char *name, const vk_passkey_creation *creation,
                        const uint8_t point65[65], vk_error *err) {
    const cJSON *cred = vectors_get(sent, "cred"), *response = vectors_get(cred, "response");
    vk_buf id = decode_member(cred, "rawId"), client = decode_member(response, "clientDataJSON"),
           auth = decode_member(response, "authenticatorData"),
           last = decode_member(response, registers ? "attestationObject" : "signature");
    vk_status status;
    if (registers) {
        vk_passkey_created created = {vk_buf_view(&id),
                                      vk_buf_view(&last),
                                      vk_buf_view(&client),
                                      vk_buf_view(&auth),
                                      {0},
                                      false};
        memcpy(created.point65, point65, 65);
        status = vk_passkey_finish_registration(peer, name, creation, &created, err);
    } else {
        const vk_passkey_assertion assertion = {.credential_id = vk_buf_view(&id),
                                                .auth_data = vk_buf_view(&auth),
                                                .client_data = vk_buf_view(&client),
                                                .signature_der = vk_buf_view(&last)};
        status = vk_passkey_finish_login(peer, &assertion, point65, err);
    }
    vk_buf_clear(&id);
    vk_buf_clear(&client);
    vk_buf_clear(&auth);
    vk_buf_clear(&last);
    return status;
}

static size_t read_headers(const cJSON *in, char *out[8]) {
    size_t count = 0;
    const cJSON *item;
    cJSON *headers = cJSON_Parse(vectors_text(vectors_get(in, "passkeyServerHeaders"), "json"));
    cJSON_ArrayForEach(item, headers) {
        vk_buf line = {0};
        vk_buf_printf(&line, "%s: %s", item->string, item->valuestring);
        ck_assert_int_eq(vk_header_read(vk_buf_view(&line), &out[count++], NULL), VK_OK);
        vk_buf_clear(&line);
    }
    cJSON_Delete(headers);
    return count;
}

static void read_point(const cJSON *in, uint8_t point65[65]) {
    vk_buf spki = {0};
    ck_assert_int_eq(vk_json_bytes(in, "spkiDer", NULL, 91, &spki, NULL), VK_OK);
    ck_assert_int_eq(vk_p256_spki_read(vk_buf_view(&spki), point65, NULL), VK_OK);
    vk_buf_clear(&spki);
}

static void check_key(const cJSON *in, const cJSON *expected, const uint8_t point65[65]) {
    vk_buf id = {0}, key = {0};
    ck_assert_int_eq(vk_json_bytes(in, "credentialId", NULL, 1023, &id, NULL), VK_OK);
    vk_passkey_put_key(&key, point65, vk_buf_view(&id));
    cJSON *json = NULL;
    ck_assert_int_eq(vk_json_parse(vk_buf_view(&key), 4096, &json, NULL), VK_OK);
    static const char *const same[] = {"pubX", "pubY", "authenticatorIdHash", "rpID"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(vectors_text(json, same[i]), vectors_text(expected, same[i]));
    }
    ck_assert_str_eq(vectors_text(json, "authenticatorId"),
                     vectors_text(vectors_get(expected, "authenticatorId"), "text"));
    cJSON_Delete(json);
    vk_buf_clear(&id);
    vk_buf_clear(&key);
}

static char *answer_of(const cJSON *exchange) {
    return cJSON_PrintUnformatted(vectors_get(exchange, "response"));
}

static void play(const cJSON *in, const cJSON *out) {
    static const char base[] = "https://passkeys.example/api/v4/abc";
    const cJSON *exchanges = vectors_get(out, "http"), *first = exchanges->child,
                *second = first->next, *rp_id = vk_json_get(in, "rpID");
    bool registers = strcmp(vectors_text(in, "mode"), "register") == 0;
    const char *name = vectors_text(vectors_get(in, "passkeyName"), "text");
    char *headers[8], at[128], *first_answer = answer_of(first), *second_answer = answer_of(second);
    uint8_t point65[65];
    vk_passkey_server *peer;
    vk_error err = {0};
    snprintf(at, sizeof at, "%s/api/v4/abc", url);
    vk_passkey_config config = {.url = at, .rp_id = rp_id != NULL ? rp_id->valuestring : NULL};
    config.header_count = read_headers(in, headers);
    config.headers = (const char *const *)headers;
    read_point(in, point65);
    s.count = 0;
    s.answers[0] = first_answer;
    s.answers[1] = second_answer;
    ck_assert_int_eq(vk_passkey_open(&config, &peer, NULL), VK_OK);
    vk_passkey_creation creation = {0};
    vk_passkey_request request = {0};
    vk_status status = registers ? vk_passkey_begin_registration(peer, name, &creation, &err)
                                 : vk_passkey_begin_login(peer, &request, &err);
    ck_assert_msg(status == VK_OK, "%s", err.message);
    cJSON *sent = cJSON_Parse(vectors_text(second, "body"));
    status = finish(peer, sent, registers, name, &creation, point65, &err);
    ck_assert_msg(status == VK_OK, "%s", err.message);
    check_request(0, first, "/api/v4/abc", base);
    check_request(1, second, "/api/v4/abc", base);
    check_key(in, vectors_get(out, "key"), point65);
    cJSON_Delete(sent);
    vk_passkey_creation_clear(&creation);
    vk_passkey_request_clear(&request);
    vk_passkey_close(peer);
    for (size_t i = 0; i < config.header_count; i++) {
        vk_header_free(headers[i]);
    }
    cJSON_free(first_answer);
    cJSON_free(second_answer);
}

START_TEST(the_sdks_exchanges) {
    cJSON *file = vectors_load("passkey_server.json");
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, vectors_get(file, "cases")) {
        play(vectors_get(item, "in"), vectors_get(item, "out"));
        count++;
    }
    ck_assert_int_eq(count, 5);
    cJSON_Delete(file);
}
END_TEST

/* ---- Good answers, for what follows ---- */

#define CHALLENGE "XKTQ5XSxGJUSwnbxpSOOs1PVtGJD4NaNhWAD-LLNGmE"
#define RP "\"rp\":{\"id\":\"a.example\",\"name\":\"RP\"}"
#define USER "\"user\":{\"id\":\"u1\",\"name\":\"n\",\"displayName\":\"n\"}"
#define PARAMS                                                                                     \
    "\"pubKeyCredParams\":[{\"alg\":-8,\"type\":\"public-key\"},{\"alg\":-7,\"type\":\"public-"    \
    "key\"}]"
#define CREATION(challenge, rp, user, params)                                                      \
    "{\"options\":{\"challenge\":\"" challenge "\"," rp "," user "," params "},\"userId\":\"u1\"}"
#define GOOD_CREATION CREATION(CHALLENGE, RP, USER, PARAMS)
#define GOOD_REQUEST "{\"challenge\":\"" CHALLENGE "\",\"rpId\":\"a.example\"}"

static vk_status begin_registration(const char *rp_id, vk_error *err) {
    vk_passkey_creation creation;
    vk_passkey_server *peer = open_server(rp_id);
    s.count = 0;
    vk_status status = vk_passkey_begin_registration(peer, "n", &creation, err);
    vk_passkey_creation_clear(&creation);
    vk_passkey_close(peer);
    return status;
}

static vk_status begin_login(const char *rp_id, vk_error *err) {
    vk_passkey_request request;
    vk_passkey_server *peer = open_server(rp_id);
    s.count = 0;
    vk_status status = vk_passkey_begin_login(peer, &request, err);
    vk_passkey_request_clear(&request);
    vk_passkey_close(peer);
    return status;
}

static void assert_says(vk_status status, const vk_error *err, const char *text) {
    ck_assert_int_eq(status, VK_ERR_SERVER);
    ck_assert_msg(strstr(err->message, text) != NULL, "\"%s\" is not in: %s", text, err->message);
}

/* ---- Cookies ---- */

START_TEST(a_cookie_comes_back) {
    uint8_t point65[65] = {4};
    vk_passkey_request request;
    vk_error err = {0};
    s.answers[0] = GOOD_REQUEST;
    s.answers[1] = "{}";
    s.head = "Set-Cookie: sid=abc123; Path=/; HttpOnly\r\n";
    vk_passkey_server *peer = open_server(NULL);
    ck_assert_int_eq(vk_passkey_begin_login(peer, &request, &err), VK_OK);
    const vk_passkey_assertion assertion = {.credential_id = {(const uint8_t *)"id", 2}};
    assert_says(vk_passkey_finish_login(peer, &assertion, point65, &err), &err,
                "/login/verify, answers: verification");
    ck_assert(strstr(s.heads[0], "Cookie:") == NULL);
    ck_assert_msg(strstr(s.heads[1], "\r\nCookie: sid=abc123\r\n") != NULL, "%s", s.heads[1]);
    vk_passkey_request_clear(&request);
    vk_passkey_close(peer);
    /* Another conversation starts without it. */
    ck_assert_int_eq(begin_login(NULL, &err), VK_OK);
    ck_assert(strstr(s.heads[0], "Cookie:") == NULL);
}
END_TEST

/* ---- Transport ---- */

START_TEST(a_stall_ends) {
    vk_error err = {0};
    s.answers[0] = GOOD_REQUEST;
    s.stall_seconds = 3;
    assert_says(begin_login(NULL, &err), &err, "cannot ask http://127.0.0.1");
    ck_assert_int_eq(s.count, 1);
}
END_TEST

START_TEST(megabytes_are_too_much) {
    vk_error err = {0};
    s.answers[0] = GOOD_REQUEST;
    s.more = 4 << 20;
    assert_says(begin_login(NULL, &err), &err, "has more than 262144 bytes");
    s.more = 1000;
    ck_assert_int_eq(begin_login(NULL, &err), VK_OK);
}
END_TEST

START_TEST(half_an_answer) {
    vk_error err = {0};
    s.answers[0] = GOOD_REQUEST;
    s.cuts = true;
    assert_says(begin_login(NULL, &err), &err, "cannot ask");
}
END_TEST

static void note_visit(void *context, const char *head, vk_bytes body, server_answer *out) {
    (void)head;
    (void)body;
    vk_buf_put_text(&out->body, GOOD_REQUEST);
    *(int *)context += 1;
}

START_TEST(redirects_are_not_followed) {
    static const int codes[] = {301, 302, 303, 307, 308};
    int visits = 0;
    char head[128];
    vk_error err = {0};
    server *elsewhere = server_start(note_visit, &visits);
    snprintf(head, sizeof head, "Location: http://127.0.0.1:%u/login/options\r\n",
             server_port(elsewhere));
    s.head = head;
    for (size_t i = 0; i < 5; i++) {
        s.status = codes[i];
        assert_says(begin_login(NULL, &err), &err, "points elsewhere");
    }
    server_stop(elsewhere);
    ck_assert_int_eq(visits, 0);
}
END_TEST

START_TEST(failures_are_told_in_the_servers_words) {
    vk_error err = {0};
    s.status = 404;
    s.answers[0] = "{\"error\":\"no such project\"}";
    assert_says(begin_login(NULL, &err), &err,
                "asked for /login/options, answers with HTTP status 404: no such project");
    s.status = 500;
    s.answers[0] = "<html>";
    assert_says(begin_login(NULL, &err), &err, "HTTP status 500");
    ck_assert_int_eq(s.count, 1); /* not again */
}
END_TEST

START_TEST(urls_that_are_refused) {
    static const char *const bad[] = {"http://passkeys.example",          "ftp://passkeys.example",
                                      "https://user:pw@passkeys.example", "passkeys.example:99:9",
                                      "https://passkeys.example/#x",      ""};
    vk_passkey_server *peer;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const vk_passkey_config config = {.url = bad[i]};
        ck_assert_msg(vk_passkey_open(&config, &peer, NULL) == VK_ERR_FORMAT, "%s", bad[i]);
        ck_assert_ptr_null(peer);
    }
}
END_TEST

/* A path must not become part of something else. */
START_TEST(the_path_stays_a_path) {
    char at[96];
    vk_passkey_server *peer;
    vk_passkey_request request;
    vk_error err = {0};
    snprintf(at, sizeof at, "%s/#", url);
    const vk_passkey_config config = {.url = at};
    if (vk_passkey_open(&config, &peer, NULL) == VK_OK) {
        ck_assert_int_eq(vk_passkey_begin_login(peer, &request, &err), VK_ERR_FORMAT);
        vk_passkey_close(peer);
    }
    ck_assert_int_eq(s.count, 0);
}
END_TEST

/* ---- Content ---- */

START_TEST(another_relying_party) {
    vk_error err = {0};
    s.answers[0] = GOOD_CREATION;
    ck_assert_int_eq(begin_registration("a.example", &err), VK_OK);
    assert_says(begin_registration("b.example", &err), &err,
                "its rpId is \"a.example\", not \"b.example\"");
    s.answers[0] = GOOD_REQUEST;
    ck_assert_int_eq(begin_login("a.example", &err), VK_OK);
    assert_says(begin_login("b.example", &err), &err,
                "its rpId is \"a.example\", not \"b.example\"");
    s.answers[0] = "{\"challenge\":\"" CHALLENGE "\"}";
    ck_assert_int_eq(begin_login("b.example", &err), VK_OK);
}
END_TEST

START_TEST(creations_that_are_refused) {
    static const char *const bad[][2] = {
        {"", "asked for /register/options, answers"},
        {"null", "not a JSON object"},
        {"[" GOOD_CREATION "]", "not a JSON object"},
        {GOOD_CREATION "x", "answers"},
        {"{\"userId\":\"u1\"}", "options"},
        {CREATION("AAAA", RP, USER, PARAMS), "options.challenge"},
        {CREATION(CHALLENGE "==", RP, USER, PARAMS), "options.challenge"},
        {CREATION(CHALLENGE, "\"rp\":1", USER, PARAMS), "options.rp"},
        {CREATION(CHALLENGE, "\"rp\":{\"id\":7}", USER, PARAMS), "options.rp.id"},
        {CREATION(CHALLENGE, RP, "\"user\":{}", PARAMS), "options.user.id"},
        {CREATION(CHALLENGE, RP, "\"user\":{\"id\":\"\"}", PARAMS), "options.user.id"},
        {CREATION(CHALLENGE, RP,
                  "\"user\":{\"id\":\"0123456789012345678901234567890123456789012345678901234567890"
                  "1234\"}",
                  PARAMS),
         "options.user.id"},
        {CREATION(CHALLENGE, RP, USER,
                  "\"pubKeyCredParams\":[{\"alg\":-257,\"type\":\"public-key\"}]"),
         "ES256"},
        {CREATION(CHALLENGE, RP, USER, "\"pubKeyCredParams\":{}"), "options.pubKeyCredParams"},
        {"{\"options\":{\"challenge\":\"" CHALLENGE "\"," RP "," USER "}}", "userId"},
        {"{\"options\":{\"challenge\":\"" CHALLENGE "\",\"challenge\":\"" CHALLENGE "\"," RP
         "," USER "},\"userId\":\"u1\"}",
         "challenge"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vk_error err = {0};
        s.answers[0] = bad[i][0];
        assert_says(begin_registration(NULL, &err), &err, bad[i][1]);
    }
}
END_TEST

START_TEST(what_is_wished_for) {
    vk_passkey_creation c;
    const char text[] =
        "{\"options\":{\"challenge\":\"" CHALLENGE "\"," RP "," USER
        ",\"attestation\":\"direct\",\"authenticatorSelection\":{\"residentKey\":\"required\"}},"
        "\"userId\":\"another\"}";
    ck_assert_int_eq(
        vk_passkey_creation_read((vk_bytes){(const uint8_t *)text, sizeof text - 1}, &c, NULL),
        VK_OK);
    ck_assert(c.discoverable && c.attestation);
    ck_assert_str_eq(c.user_id, "u1");
    ck_assert_str_eq(c.server_id, "another");
    ck_assert_uint_eq(c.challenge.len, 32);
    vk_passkey_creation_clear(&c);
}
END_TEST

START_TEST(requests_that_are_refused) {
    static const char *const bad[][2] = {
        {"{}", "challenge"},
        {"{\"challenge\":5}", "challenge"},
        {"{\"challenge\":\"\"}", "challenge"},
        {"{\"challenge\":\"" CHALLENGE "\",\"rpId\":{}}", "rpId"},
        {"{\"challenge\":\"" CHALLENGE "\",\"allowCredentials\":{}}", "allowCredentials"},
        {"{\"challenge\":\"" CHALLENGE "\",\"allowCredentials\":[{}]}", "allowCredentials[0]"},
        {"{\"challenge\":\"" CHALLENGE "\",\"allowCredentials\":[{\"id\":\"=\"}]}",
         "allowCredentials[0].id"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vk_error err = {0};
        s.answers[0] = bad[i][0];
        assert_says(begin_login(NULL, &err), &err, bad[i][1]);
    }
}
END_TEST

START_TEST(too_many_credentials) {
    vk_buf text = {0};
    vk_error err = {0};
    vk_passkey_request request;
    vk_buf_put_text(&text,
                    "{\"challenge\":\"" CHALLENGE "\",\"allowCredentials\":[{\"id\":\"AQ\"}");
    for (int i = 1; i < VK_PASSKEY_ALLOWED_MAX; i++) {
        vk_buf_put_text(&text, ",{\"id\":\"Ag\",\"type\":\"public-key\"}");
    }
    size_t len = text.len;
    vk_buf_put_text(&text, "]}");
    ck_assert_int_eq(vk_passkey_request_read(vk_buf_view(&text), &request, &err), VK_OK);
    ck_assert(vk_passkey_request_allows(&request, (vk_bytes){(const uint8_t *)"\1", 1}));
    ck_assert(!vk_passkey_request_allows(&request, (vk_bytes){(const uint8_t *)"\3", 1}));
    vk_passkey_request_clear(&request);
    text.len = len;
    vk_buf_put_text(&text, ",{\"id\":\"Aw\"}]}");
    ck_assert_int_eq(vk_passkey_request_read(vk_buf_view(&text), &request, &err), VK_ERR_SIZE);
    vk_buf_clear(&text);
}
END_TEST

START_TEST(verdicts_that_are_refused) {
    static const char *const registered[] = {"{}", "{\"verified\":false}",
                                             "{\"verified\":\"true\"}", "{\"verified\":1}", "true"};
    static const char *const logged_in[] = {
        "{\"verified\":true}",
        "{\"verification\":{\"verified\":false},\"pubkey\":\"AA==\"}",
        "{\"verification\":{\"verified\":true}}",
        "{\"verification\":{\"verified\":true},\"pubkey\":\"AA==\"}",
        "{\"verification\":{\"verified\":true},\"pubkey\":\"!\"}",
        "{\"verification\":[true],\"pubkey\":\"AA==\"}",
    };
    uint8_t point65[65];
    for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++) {
        const vk_bytes text = {(const uint8_t *)registered[i], strlen(registered[i])};
        ck_assert_msg(vk_passkey_registered_read(text, NULL) != VK_OK, "%s", registered[i]);
    }
    for (size_t i = 0; i < sizeof logged_in / sizeof logged_in[0]; i++) {
        const vk_bytes text = {(const uint8_t *)logged_in[i], strlen(logged_in[i])};
        ck_assert_msg(vk_passkey_logged_in_read(text, point65, NULL) != VK_OK, "%s", logged_in[i]);
    }
}
END_TEST

/* The server says that another key logged in. */
START_TEST(another_key) {
    cJSON *file = vectors_load("passkey_server.json");
    const cJSON *one = cJSON_GetArrayItem(vectors_get(file, "cases"), 1),
                *other = cJSON_GetArrayItem(vectors_get(file, "cases"), 3);
    const cJSON *exchange = vectors_get(vectors_get(one, "out"), "http")->child->next;
    cJSON *sent = cJSON_Parse(vectors_text(exchange, "body"));
    char *answer = answer_of(exchange);
    uint8_t point65[65];
    vk_error err = {0};
    s.answers[0] = answer;
    read_point(vectors_get(other, "in"), point65);
    vk_passkey_server *peer = open_server(NULL);
    assert_says(finish(peer, sent, false, "n", NULL, point65, &err), &err,
                "it is not the key that logged in");
    vk_passkey_close(peer);
    cJSON_free(answer);
    cJSON_Delete(sent);
    cJSON_Delete(file);
}
END_TEST

/* ---- What is given ---- */

START_TEST(names_that_are_refused) {
    static const char *const bad[] = {
        "", "a\nb", "\xff", "\xe2\x80\xae",
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(vk_passkey_check_name(bad[i], NULL), VK_ERR_FORMAT);
    }
    ck_assert_int_eq(vk_passkey_check_name("Zo\xc3\xab \"x\\", NULL), VK_OK);
}
END_TEST

START_TEST(header_lines) {
    static const char *const bad[] = {
        "",        "X",    ": a", "X:", "X: ", "X: a\n", "X Y: a", "Host: a", "content-length: 3",
        "X: \x7f", "X: a "};
    static const char *const good[][2] = {
        {"X-Api:k", "X-Api: k"},
        {"Authorization: Bearer a:b", "Authorization: Bearer a:b"},
        {"content-type:  text/plain", "content-type: text/plain"}};
    char *line;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const vk_bytes text = {(const uint8_t *)bad[i], strlen(bad[i])};
        ck_assert_msg(vk_header_read(text, &line, NULL) == VK_ERR_FORMAT, "%s", bad[i]);
        ck_assert_ptr_null(line);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const vk_bytes text = {(const uint8_t *)good[i][0], strlen(good[i][0])};
        ck_assert_int_eq(vk_header_read(text, &line, NULL), VK_OK);
        ck_assert_str_eq(line, good[i][1]);
        vk_header_free(line);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("passkey server");
    TCase *tests = tcase_create("protocol");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_sdks_exchanges);
    tcase_add_test(tests, a_cookie_comes_back);
    tcase_add_test(tests, a_stall_ends);
    tcase_add_test(tests, megabytes_are_too_much);
    tcase_add_test(tests, half_an_answer);
    tcase_add_test(tests, redirects_are_not_followed);
    tcase_add_test(tests, failures_are_told_in_the_servers_words);
    tcase_add_test(tests, urls_that_are_refused);
    tcase_add_test(tests, the_path_stays_a_path);
    tcase_add_test(tests, another_relying_party);
    tcase_add_test(tests, creations_that_are_refused);
    tcase_add_test(tests, what_is_wished_for);
    tcase_add_test(tests, requests_that_are_refused);
    tcase_add_test(tests, too_many_credentials);
    tcase_add_test(tests, verdicts_that_are_refused);
    tcase_add_test(tests, another_key);
    tcase_add_test(tests, names_that_are_refused);
    tcase_add_test(tests, header_lines);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
