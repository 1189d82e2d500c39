#include "party.h"

#include <net/passkey.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <valetkey/eth.h>

#define PIN "user-pin-1"

vk_token *token;
vk_relying_party *rp;

static char base[] = "/tmp/valetkey-rp-XXXXXX", paths[PARTY_DIRECTORIES][64];

/* ---- A token, a server ---- */

const char *party_directory(party_directory_name which) {
    return paths[which];
}

static void make_directories(void) {
    static const char *const names[PARTY_DIRECTORIES] = {"tokens", "anchors", "copies"};
    strcpy(base + sizeof base - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    for (size_t i = 0; i < PARTY_DIRECTORIES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", base, names[i]);
        ck_assert_int_eq(mkdir(paths[i], 0700), 0);
    }
    setenv("VALETKEY_ANCHOR_DIR", paths[PARTY_ANCHORS], 1);
}

void party_serve(void) {
    const vk_rp_config config = {.rp_id = RP_ID, .name = "App", .origin = ORIGIN};
    ck_assert_int_eq(vk_token_login(token, VK_ROLE_USER, (const uint8_t *)PIN, strlen(PIN)), VK_OK);
    ck_assert_int_eq(vk_relying_party_new(token, &config, &rp), VK_OK);
}

void party_close(void) {
    vk_relying_party_free(rp);
    vk_token_close(token);
    rp = NULL;
    token = NULL;
}

void party_set_up(void) {
    const vk_token_new args = {
        .label = "rp", .so_pin = (const uint8_t *)"so-pin-1", .so_pin_len = strlen("so-pin-1")};
    make_directories();
    ck_assert_int_eq(vk_token_create(paths[PARTY_TOKENS], &args, &token, NULL), VK_OK);
    ck_assert_int_eq(
        vk_token_login(token, VK_ROLE_SO, (const uint8_t *)"so-pin-1", strlen("so-pin-1")), VK_OK);
    ck_assert_int_eq(vk_token_init_user_pin(token, (const uint8_t *)PIN, strlen(PIN)), VK_OK);
    vk_token_logout(token);
    party_serve();
}

void party_tear_down(void) {
    char command[96];
    party_close();
    snprintf(command, sizeof command, "rm -rf %s", base);
    ck_assert_int_eq(system(command), 0);
}

cJSON *ask(const char *path, const char *body, unsigned code) {
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

const char *text_of(const cJSON *object, const char *name) {
    const char *text;
    ck_assert_int_eq(vk_json_text(object, name, NULL, &text, NULL), VK_OK);
    return text;
}

void refuse(const char *path, const char *body, unsigned code, const char *why) {
    cJSON *json = ask(path, body, code);
    ck_assert_msg(strstr(text_of(json, "error"), why) != NULL, "\"%s\" is not in: %s", why,
                  text_of(json, "error"));
    cJSON_Delete(json);
}

/* ---- A passkey ---- */

passkey make_passkey(void) {
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

void put64(vk_buf *out, const char *name, vk_bytes bytes) {
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

vk_bytes id_of(const passkey *p) {
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

options registration_options(void) {
    options o;
    cJSON *json = ask("/register/options", "{\"username\":\"alice\",\"rpID\":\"" RP_ID "\"}", 200);
    snprintf(o.challenge, sizeof o.challenge, "%s",
             text_of(vk_json_get(json, "options"), "challenge"));
    snprintf(o.user_id, sizeof o.user_id, "%s", text_of(json, "userId"));
    cJSON_Delete(json);
    return o;
}

options login_challenge(void) {
    options o = {{0}, {0}};
    cJSON *json = ask("/login/options", "{}", 200);
    snprintf(o.challenge, sizeof o.challenge, "%s", text_of(json, "challenge"));
    cJSON_Delete(json);
    return o;
}

char *registration_body(const passkey *p, const options *o, const char *rest) {
    vk_buf body = {0};
    vk_buf_printf(&body, "{\"userId\":\"%s\",\"username\":\"alice\",\"cred\":", o->user_id);
    put_registration(p, o->challenge, rest, &body);
    vk_buf_put_byte(&body, '}');
    return vk_buf_take_text(&body);
}

char *login_body(const passkey *p, const options *o, const char *rest) {
    vk_buf body = {0};
    vk_buf_put_text(&body, "{\"cred\":");
    put_assertion(p, o->challenge, rest, &body);
    vk_buf_put_byte(&body, '}');
    return vk_buf_take_text(&body);
}

void register_it(const passkey *p) {
    options o = registration_options();
    char *body = registration_body(p, &o, ",\"transports\":[\"internal\",\"hybrid\"]");
    cJSON *json = ask("/register/verify", body, 200);
    ck_assert(cJSON_IsTrue(vk_json_get(json, "verified")));
    cJSON_Delete(json);
    vk_text_free(body);
}

void refuse_registration(const passkey *p, const char *rest, unsigned code, const char *why) {
    options o = registration_options();
    char *body = registration_body(p, &o, rest);
    refuse("/register/verify", body, code, why);
    vk_text_free(body);
}

void refuse_login(const passkey *p, const char *rest, const char *why) {
    options o = login_challenge();
    char *body = login_body(p, &o, rest);
    refuse("/login/verify", body, 400, why);
    vk_text_free(body);
}

void log_in(const passkey *p) {
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
