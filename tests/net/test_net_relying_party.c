/* The passkey server's own side: what it answers, to whom, and how often. Passkeys are made here,
 * with keys that OpenSSL signs with. */
#include <base/json.h>
#include <check.h>
#include <net/passkey.h>
#include <net/relying_party.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <valetkey/eth.h>

#define RP_ID "app.example"
#define ORIGIN "https://app.example"
#define PIN "user-pin-1"

static char home[] = "/tmp/valetkey-rp-XXXXXX", anchors[64];
static vk_token *token;
static vk_relying_party *rp;

/* ---- A token, a server ---- */

static void set_up(void) {
    const vk_token_new args = {
        .label = "rp", .so_pin = (const uint8_t *)"so-pin-1", .so_pin_len = strlen("so-pin-1")};
    const vk_rp_config config = {.rp_id = RP_ID, .name = "App", .origin = ORIGIN};
    strcpy(home + sizeof home - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    snprintf(anchors, sizeof anchors, "%s/anchors", home);
    setenv("VALETKEY_ANCHOR_DIR", anchors, 1);
    ck_assert_int_eq(vk_token_create(home, &args, &token, NULL), VK_OK);
    ck_assert_int_eq(
        vk_token_login(token, VK_ROLE_SO, (const uint8_t *)"so-pin-1", strlen("so-pin-1")), VK_OK);
    ck_assert_int_eq(vk_token_init_user_pin(token, (const uint8_t *)PIN, strlen(PIN)), VK_OK);
    vk_token_logout(token);
    ck_assert_int_eq(vk_token_login(token, VK_ROLE_USER, (const uint8_t *)PIN, strlen(PIN)), VK_OK);
    ck_assert_int_eq(vk_relying_party_new(token, &config, &rp), VK_OK);
}

static void tear_down(void) {
    char command[96];
    vk_relying_party_free(rp);
    vk_token_close(token);
    snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(system(command), 0);
}

/* The answer, which must be JSON; cJSON_Delete it. */
static cJSON *ask(const char *path, const char *body, unsigned code) {
    vk_buf answer = {0};
    cJSON *json = NULL;
    unsigned got =
        vk_relying_party_answer(rp, path, (vk_bytes){(const uint8_t *)body, strlen(body)}, &answer);
    ck_assert_msg(got == code, "%s %s: %u, %.*s", path, body, got, (int)answer.len,
                  (const char *)answer.data);
    ck_assert_int_eq(vk_json_parse(vk_buf_view(&answer), 65536, &json, NULL), VK_OK);
    vk_buf_clear(&answer);
    return json;
}

static const char *text_of(const cJSON *object, const char *name) {
    const char *text;
    ck_assert_int_eq(vk_json_text(object, name, NULL, &text, NULL), VK_OK);
    return text;
}

static void refuse(const char *path, const char *body, unsigned code, const char *why) {
    cJSON *json = ask(path, body, code);
    ck_assert_msg(strstr(text_of(json, "error"), why) != NULL, "\"%s\" is not in: %s", why,
                  text_of(json, "error"));
    cJSON_Delete(json);
}

/* ---- A passkey ---- */

typedef struct passkey {
    EVP_PKEY *key;
    uint8_t point65[65];
    uint32_t count;
    uint8_t flags; /* besides AT */
    const char *origin, *rp_id, *type;
    bool cross_origin;
} passkey;

static passkey make_passkey(void) {
    passkey p = {.flags = VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV,
                 .origin = ORIGIN,
                 .rp_id = RP_ID,
                 .key = EVP_EC_gen("P-256")};
    size_t len;
    ck_assert_ptr_nonnull(p.key);
    ck_assert_int_eq(
        EVP_PKEY_get_octet_string_param(p.key, OSSL_PKEY_PARAM_PUB_KEY, p.point65, 65, &len), 1);
    return p;
}

static void client_data(const passkey *p, const char *type, const char *challenge, vk_buf *out) {
    vk_buf_printf(
        out, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s}",
        p->type != NULL ? p->type : type, challenge, p->origin, p->cross_origin ? "true" : "false");
}

static void rp_hash(const passkey *p, vk_hash *out) {
    ck_assert_int_eq(vk_sha256((vk_bytes){(const uint8_t *)p->rp_id, strlen(p->rp_id)}, out),
                     VK_OK);
}

static void put64(vk_buf *out, const char *name, vk_bytes bytes) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_base64url_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

static void put_ids(vk_buf *out, vk_bytes id) {
    put64(out, "id", id);
    vk_buf_put_byte(out, ',');
    put64(out, "rawId", id);
    vk_buf_put_text(out, ",\"type\":\"public-key\",\"clientExtensionResults\":{},\"response\":{");
}

static vk_bytes id_of(const passkey *p) {
    return (vk_bytes){p->point65 + 1, 32};
}

/* RegistrationResponseJSON; rest: more members of the response. */
static void put_registration(const passkey *p, const char *challenge, const char *rest,
                             vk_buf *out) {
    vk_buf client = {0}, auth = {0}, object = {0};
    vk_auth_data data = {.flags = (uint8_t)(p->flags | VK_WEBAUTHN_FLAG_AT),
                         .credential_id = id_of(p),
                         .sign_count = p->count};
    memcpy(data.point65, p->point65, 65);
    rp_hash(p, &data.rp_id_hash);
    client_data(p, "webauthn.create", challenge, &client);
    ck_assert_int_eq(vk_passkey_attest_none(&data, &auth, &object), VK_OK);
    vk_buf_put_byte(out, '{');
    put_ids(out, id_of(p));
    put64(out, "clientDataJSON", vk_buf_view(&client));
    vk_buf_put_byte(out, ',');
    put64(out, "attestationObject", vk_buf_view(&object));
    vk_buf_printf(out, "%s}}", rest);
    vk_buf_clear(&client);
    vk_buf_clear(&auth);
    vk_buf_clear(&object);
}

static void sign(const passkey *p, const vk_buf *auth, const vk_buf *client, vk_buf *out) {
    uint8_t der[VK_P256_DER_MAX];
    size_t len = sizeof der;
    vk_hash hash;
    vk_buf message = {0};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ck_assert_int_eq(vk_sha256(vk_buf_view(client), &hash), VK_OK);
    vk_buf_put(&message, auth->data, auth->len);
    vk_buf_put(&message, hash.b, 32);
    ck_assert_int_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, p->key), 1);
    ck_assert_int_eq(EVP_DigestSign(context, der, &len, message.data, message.len), 1);
    vk_buf_put(out, der, len);
    EVP_MD_CTX_free(context);
    vk_buf_clear(&message);
}

static void put_assertion(const passkey *p, const char *challenge, const char *rest, vk_buf *out) {
    vk_buf client = {0}, auth = {0}, signature = {0};
    uint8_t data[VK_WEBAUTHN_AUTH_DATA_LEN];
    ck_assert_int_eq(vk_webauthn_auth_data(p->rp_id, p->flags, p->count, data), VK_OK);
    vk_buf_put(&auth, data, sizeof data);
    client_data(p, "webauthn.get", challenge, &client);
    sign(p, &auth, &client, &signature);
    vk_buf_put_byte(out, '{');
    put_ids(out, id_of(p));
    put64(out, "clientDataJSON", vk_buf_view(&client));
    vk_buf_put_byte(out, ',');
    put64(out, "authenticatorData", vk_buf_view(&auth));
    vk_buf_put_byte(out, ',');
    put64(out, "signature", vk_buf_view(&signature));
    vk_buf_printf(out, "%s}}", rest);
    vk_buf_clear(&client);
    vk_buf_clear(&auth);
    vk_buf_clear(&signature);
}

/* ---- Conversations ---- */

typedef struct options {
    char challenge[128], user_id[80];
} options;

static options registration_options(void) {
    options o;
    cJSON *json = ask("/register/options", "{\"username\":\"alice\",\"rpID\":\"" RP_ID "\"}", 200);
    snprintf(o.challenge, sizeof o.challenge, "%s",
             text_of(vk_json_get(json, "options"), "challenge"));
    snprintf(o.user_id, sizeof o.user_id, "%s", text_of(json, "userId"));
    cJSON_Delete(json);
    return o;
}

static options login_challenge(void) {
    options o = {{0}, {0}};
    cJSON *json = ask("/login/options", "{}", 200);
    snprintf(o.challenge, sizeof o.challenge, "%s", text_of(json, "challenge"));
    cJSON_Delete(json);
    return o;
}

/* vk_text_free it. */
static char *registration_body(const passkey *p, const options *o, const char *rest) {
    vk_buf body = {0};
    vk_buf_printf(&body, "{\"userId\":\"%s\",\"username\":\"alice\",\"cred\":", o->user_id);
    put_registration(p, o->challenge, rest, &body);
    vk_buf_put_byte(&body, '}');
    return vk_buf_take_text(&body);
}

static char *login_body(const passkey *p, const options *o, const char *rest) {
    vk_buf body = {0};
    vk_buf_put_text(&body, "{\"cred\":");
    put_assertion(p, o->challenge, rest, &body);
    vk_buf_put_byte(&body, '}');
    return vk_buf_take_text(&body);
}

static void register_it(const passkey *p) {
    options o = registration_options();
    char *body = registration_body(p, &o, ",\"transports\":[\"internal\",\"hybrid\"]");
    cJSON *json = ask("/register/verify", body, 200);
    ck_assert(cJSON_IsTrue(vk_json_get(json, "verified")));
    cJSON_Delete(json);
    vk_text_free(body);
}

static void refuse_registration(const passkey *p, const char *rest, unsigned code,
                                const char *why) {
    options o = registration_options();
    char *body = registration_body(p, &o, rest);
    refuse("/register/verify", body, code, why);
    vk_text_free(body);
}

static void refuse_login(const passkey *p, const char *rest, const char *why) {
    options o = login_challenge();
    char *body = login_body(p, &o, rest);
    refuse("/login/verify", body, 400, why);
    vk_text_free(body);
}

static void log_in(const passkey *p) {
    uint8_t point65[65];
    options o = login_challenge();
    char *body = login_body(p, &o, "");
    vk_buf answer = {0};
    ck_assert_uint_eq(vk_relying_party_answer(rp, "/login/verify",
                                              (vk_bytes){(const uint8_t *)body, strlen(body)},
                                              &answer),
                      200);
    ck_assert_int_eq(vk_passkey_logged_in_read(vk_buf_view(&answer), point65, NULL), VK_OK);
    ck_assert_mem_eq(point65, p->point65, 65);
    vk_buf_clear(&answer);
    vk_text_free(body);
}

/* ---- Tests ---- */

START_TEST(registers_and_logs_in) {
    vk_passkey_user user;
    passkey p = make_passkey();
    register_it(&p);
    log_in(&p);
    log_in(&p);
    ck_assert_int_eq(vk_token_passkey_find(token, id_of(&p), &user, NULL), VK_OK);
    ck_assert_str_eq(user.name, "alice");
    ck_assert_str_eq(user.transports, "internal,hybrid");
    ck_assert_str_eq(user.rp_id, RP_ID);
    EVP_PKEY_free(p.key);
}
END_TEST

/* What a browser is given. */
START_TEST(options_are_the_sdks) {
    vk_passkey_creation creation;
    vk_passkey_request request;
    vk_buf answer = {0};
    const char body[] = "{\"username\":\"Zo\xc3\xab \\\"x\\\\\"}";
    ck_assert_uint_eq(vk_relying_party_answer(rp, "/register/options",
                                              (vk_bytes){(const uint8_t *)body, sizeof body - 1},
                                              &answer),
                      200);
    ck_assert_int_eq(vk_passkey_creation_read(vk_buf_view(&answer), &creation, NULL), VK_OK);
    ck_assert_str_eq(creation.rp_id, RP_ID);
    ck_assert_str_eq(creation.user_id, creation.server_id);
    ck_assert_uint_eq(strlen(creation.user_id), 32);
    ck_assert(creation.discoverable && !creation.attestation && creation.challenge.len == 32);
    vk_passkey_creation_clear(&creation);
    vk_buf_clear(&answer);
    ck_assert_uint_eq(vk_relying_party_answer(rp, "/login/options",
                                              (vk_bytes){(const uint8_t *)"{}", 2}, &answer),
                      200);
    ck_assert_int_eq(vk_passkey_request_read(vk_buf_view(&answer), &request, NULL), VK_OK);
    ck_assert(request.challenge.len == 32 && request.allowed_count == 0);
    ck_assert_str_eq(request.rp_id, RP_ID);
    vk_passkey_request_clear(&request);
    vk_buf_clear(&answer);
}
END_TEST

START_TEST(a_challenge_is_for_once) {
    passkey p = make_passkey();
    options o = registration_options();
    char *body = registration_body(&p, &o, "");
    cJSON_Delete(ask("/register/verify", body, 200));
    refuse("/register/verify", body, 400, "the challenge is unknown, used or older");
    vk_text_free(body);
    o = login_challenge();
    body = login_body(&p, &o, "");
    cJSON_Delete(ask("/login/verify", body, 200));
    refuse("/login/verify", body, 400, "the challenge is unknown, used or older");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
}
END_TEST

/* A wrong answer ends it, too: nobody tries several. */
START_TEST(a_wrong_answer_uses_it_up) {
    passkey p = make_passkey();
    register_it(&p);
    options o = login_challenge();
    p.flags = VK_WEBAUTHN_FLAG_UP;
    char *body = login_body(&p, &o, "");
    refuse("/login/verify", body, 400, "");
    vk_text_free(body);
    p.flags |= VK_WEBAUTHN_FLAG_UV;
    body = login_body(&p, &o, "");
    refuse("/login/verify", body, 400, "the challenge is unknown");
    vk_text_free(body);
    log_in(&p);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(a_challenge_is_for_its_kind) {
    passkey p = make_passkey();
    register_it(&p);
    options for_login = login_challenge(), for_registration = registration_options();
    snprintf(for_login.user_id, sizeof for_login.user_id, "%s", for_registration.user_id);
    passkey other = make_passkey();
    char *body = registration_body(&other, &for_login, "");
    refuse("/register/verify", body, 400, "the challenge is unknown");
    vk_text_free(body);
    body = login_body(&p, &for_registration, "");
    refuse("/login/verify", body, 400, "the challenge is unknown");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(other.key);
}
END_TEST

START_TEST(a_challenge_lives_a_minute) {
    passkey p = make_passkey();
    options early = registration_options();
    vk_relying_party_pass(rp, VK_RP_CHALLENGE_SECONDS - 1);
    options late = registration_options();
    char *body = registration_body(&p, &early, "");
    cJSON_Delete(ask("/register/verify", body, 200));
    vk_text_free(body);
    passkey other = make_passkey();
    vk_relying_party_pass(rp, VK_RP_CHALLENGE_SECONDS);
    body = registration_body(&other, &late, "");
    refuse("/register/verify", body, 400, "older than 60 seconds");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(other.key);
}
END_TEST

START_TEST(a_challenge_is_for_its_user) {
    passkey p = make_passkey();
    options mine = registration_options(), others = registration_options();
    snprintf(mine.user_id, sizeof mine.user_id, "%s", others.user_id);
    char *body = registration_body(&p, &mine, "");
    refuse("/register/verify", body, 400, "the challenge was given to another user");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(so_many_wait_and_no_more) {
    for (int i = 0; i < VK_RP_CHALLENGES_MAX; i++) {
        login_challenge();
    }
    refuse("/login/options", "{}", 503, "too many wait");
    refuse("/register/options", "{\"username\":\"a\"}", 503, "too many wait");
    vk_relying_party_pass(rp, VK_RP_CHALLENGE_SECONDS);
    login_challenge();
}
END_TEST

/* The server's own words count, not the request's. */
START_TEST(another_relying_party_or_origin) {
    refuse("/register/options", "{\"username\":\"a\",\"rpID\":\"evil.example\"}", 400, "rpID");
    refuse("/login/options", "{\"rpID\":\"evil.example\"}", 400, "rpID");
    passkey p = make_passkey();
    p.origin = "https://evil.example";
    refuse_registration(&p, "", 400, "origin");
    p.origin = ORIGIN;
    p.rp_id = "evil.example";
    refuse_registration(&p, "", 400, "rpId");
    p.rp_id = RP_ID;
    register_it(&p);
    p.origin = "https://evil.example";
    refuse_login(&p, "", "origin");
    p.origin = ORIGIN;
    p.rp_id = "evil.example";
    refuse_login(&p, "", "rpId");
    p.rp_id = RP_ID;
    p.cross_origin = true;
    refuse_login(&p, "", "another origin");
    p.cross_origin = false;
    log_in(&p);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(flags_that_are_missing) {
    passkey p = make_passkey();
    p.flags = VK_WEBAUTHN_FLAG_UV;
    refuse_registration(&p, "", 400, "UP");
    p.flags = VK_WEBAUTHN_FLAG_UP;
    refuse_registration(&p, "", 400, "UV");
    p.flags |= VK_WEBAUTHN_FLAG_UV;
    register_it(&p);
    p.flags = VK_WEBAUTHN_FLAG_UV;
    refuse_login(&p, "", "UP");
    p.flags = VK_WEBAUTHN_FLAG_UP;
    refuse_login(&p, "", "UV");
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(another_type) {
    passkey p = make_passkey();
    p.type = "webauthn.get";
    refuse_registration(&p, "", 400, "type");
    p.type = NULL;
    register_it(&p);
    p.type = "webauthn.create";
    refuse_login(&p, "", "type");
    p.type = "payment.get";
    refuse_login(&p, "", "type");
    EVP_PKEY_free(p.key);
}
END_TEST

/* One that goes back is a copy's. */
START_TEST(counters) {
    vk_passkey_user user;
    passkey p = make_passkey();
    p.count = 5;
    register_it(&p);
    refuse_login(&p, "", "");
    p.count = 6;
    log_in(&p);
    p.count = 100;
    log_in(&p);
    p.count = 99;
    refuse_login(&p, "", "");
    p.count = 0;
    refuse_login(&p, "", "");
    ck_assert_int_eq(vk_token_passkey_find(token, id_of(&p), &user, NULL), VK_OK);
    ck_assert_uint_eq(user.sign_count, 100);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(a_passkey_is_registered_once) {
    passkey p = make_passkey();
    register_it(&p);
    refuse_registration(&p, "", 409, "registered already");
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(an_unknown_passkey) {
    passkey p = make_passkey();
    refuse_login(&p, "", "not registered here");
    EVP_PKEY_free(p.key);
}
END_TEST

/* Under another's id, with one's own key. */
START_TEST(another_key) {
    passkey p = make_passkey(), mallory = make_passkey();
    register_it(&p);
    memcpy(mallory.point65, p.point65, 65);
    refuse_login(&mallory, "", "signature");
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(mallory.key);
}
END_TEST

/* The SDK takes the key from the client's own words. */
START_TEST(a_public_key_that_is_another) {
    uint8_t spki[VK_P256_SPKI_LEN];
    passkey p = make_passkey(), other = make_passkey();
    vk_buf rest = {0};
    vk_p256_spki_write(other.point65, spki);
    vk_buf_put_byte(&rest, ',');
    put64(&rest, "publicKey", (vk_bytes){spki, sizeof spki});
    char *text = vk_buf_take_text(&rest);
    refuse_registration(&p, text, 400, "the public key is not that of the authenticator data");
    vk_text_free(text);
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(other.key);
}
END_TEST

START_TEST(user_handles) {
    vk_passkey_user user;
    char rest[128];
    passkey p = make_passkey();
    register_it(&p);
    refuse_login(&p, ",\"userHandle\":\"mallory\"", "another user's");
    ck_assert_int_eq(vk_token_passkey_find(token, id_of(&p), &user, NULL), VK_OK);
    for (size_t i = 0; i < 2; i++) {
        options o = login_challenge();
        snprintf(rest, sizeof rest, ",\"userHandle\":%s%s%s", i == 0 ? "\"" : "",
                 i == 0 ? user.user_id : "null", i == 0 ? "\"" : "");
        char *body = login_body(&p, &o, rest);
        cJSON_Delete(ask("/login/verify", body, 200));
        vk_text_free(body);
    }
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(malformed_bodies) {
    static const char *const bad[][2] = {
        {"/register/options", ""},
        {"/register/options", "[]"},
        {"/register/options", "{}"},
        {"/register/options", "{\"username\":\"\"}"},
        {"/register/options", "{\"username\":5}"},
        {"/register/options", "{\"username\":\"a\\u0007\"}"},
        {"/register/options",
         "{\"username\":\"01234567890123456789012345678901234567890123456789012345678901234\"}"},
        {"/register/options", "{\"username\":\"a\",\"username\":\"b\"}"},
        {"/login/options", "null"},
        {"/login/options", "{\"rpID\":5}"},
        {"/register/verify", "{}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\"}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\",\"cred\":[]}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\",\"cred\":{\"id\":\"AQ\","
                             "\"rawId\":\"Ag\",\"type\":\"public-key\",\"response\":{}}}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\",\"cred\":{\"id\":\"AQ\","
                             "\"rawId\":\"AQ\",\"type\":\"password\",\"response\":{}}}"},
        {"/register/verify",
         "{\"userId\":\"u\",\"username\":\"a\",\"cred\":{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":"
         "\"public-key\",\"response\":{\"attestationObject\":\"oA\",\"clientDataJSON\":\"e30\"}}}"},
        {"/login/verify", "{}"},
        {"/login/verify", "{\"cred\":{\"id\":\"=\"}}"},
        {"/login/verify", "{\"cred\":{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"public-key\"}}"},
        {"/login/verify",
         "{\"cred\":{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"public-key\",\"response\":{"
         "\"authenticatorData\":\"AA\",\"clientDataJSON\":\"e30\",\"signature\":\"\"}}}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuse(bad[i][0], bad[i][1], 400, "");
    }
}
END_TEST

START_TEST(other_paths) {
    refuse("/", "{}", 404, "nothing here");
    refuse("/login/options/", "{}", 404, "nothing here");
    refuse("//login/options", "{}", 404, "nothing here");
}
END_TEST

/* What fails in the token is not told to strangers. */
START_TEST(failures_of_the_token) {
    passkey p = make_passkey();
    register_it(&p);
    vk_token_logout(token);
    options o = login_challenge();
    char *body = login_body(&p, &o, "");
    refuse("/login/verify", body, 500, "the server cannot answer");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relying party");
    TCase *tests = tcase_create("relying party");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, registers_and_logs_in);
    tcase_add_test(tests, options_are_the_sdks);
    tcase_add_test(tests, a_challenge_is_for_once);
    tcase_add_test(tests, a_wrong_answer_uses_it_up);
    tcase_add_test(tests, a_challenge_is_for_its_kind);
    tcase_add_test(tests, a_challenge_lives_a_minute);
    tcase_add_test(tests, a_challenge_is_for_its_user);
    tcase_add_test(tests, so_many_wait_and_no_more);
    tcase_add_test(tests, another_relying_party_or_origin);
    tcase_add_test(tests, flags_that_are_missing);
    tcase_add_test(tests, another_type);
    tcase_add_test(tests, counters);
    tcase_add_test(tests, a_passkey_is_registered_once);
    tcase_add_test(tests, an_unknown_passkey);
    tcase_add_test(tests, another_key);
    tcase_add_test(tests, a_public_key_that_is_another);
    tcase_add_test(tests, user_handles);
    tcase_add_test(tests, malformed_bodies);
    tcase_add_test(tests, other_paths);
    tcase_add_test(tests, failures_of_the_token);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
