/* Logins: what a passkey answers a server, and that no account takes it for an operation's. */
#include "base/json.h"
#include "message_support.h"
#include "token/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/credential.h>
#include <valetkey/pkcs11.h>

#define SUDO "[{\"type\":\"sudo\"}]"
#define GAS "[{\"type\":\"gas\",\"allowed\":\"1000\"}]"
#define RP_ID "server.example"
#define ORIGIN "https://server.example"
#define LOGIN CKM_VALETKEY_PASSKEY_LOGIN

/* As a server chooses it, 32 bytes: it could be the hash of an operation. */
static const vk_hash challenge = {{0x97, 0xce, 0x48, 1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252}};

static CK_SESSION_HANDLE session;
static pair keys;

/* extra: of the private template, besides rpId and origin. */
static void passkey(const char *policy, bool counts) {
    CK_ATTRIBUTE extra[4] = {TEXT(CKA_VALETKEY_RP_ID, RP_ID), TEXT(CKA_VALETKEY_ORIGIN, ORIGIN)};
    CK_ULONG count = 2;
    if (policy != NULL) {
        extra[count++] =
            (CK_ATTRIBUTE){CKA_VALETKEY_POLICY, (void *)(uintptr_t)policy, strlen(policy)};
    }
    if (counts) {
        extra[count++] = ATTR(CKA_VALETKEY_USE_SIGN_COUNT, yes);
    }
    const pair_args args = {p256, sizeof p256, "k", extra, count};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
}

static void begin(void) {
    start();
    session = login("plain", CKU_USER);
}

static char *request_for(const char *rp_id, const char *rest) {
    vk_buf text = {0};
    vk_buf_put_text(&text, "{\"challenge\":\"");
    vk_base64url_put(&text, (vk_bytes){challenge.b, sizeof challenge.b});
    vk_buf_printf(&text, "\",\"rpId\":\"%s\"%s}", rp_id, rest);
    return vk_buf_take_text(&text);
}

static CK_RV answer_to(const char *request, CK_BYTE *out, CK_ULONG *len) {
    return sign_text(session, keys, LOGIN, request, out, len);
}

/* ---- An answer ---- */

typedef struct answer {
    vk_buf auth_data, client_data, signature;
} answer;

static void clear_answer(answer *a) {
    vk_buf_clear(&a->auth_data);
    vk_buf_clear(&a->client_data);
    vk_buf_clear(&a->signature);
}

static answer read_answer(const CK_BYTE *text, CK_ULONG len) {
    answer a = {0};
    const char *client_data;
    cJSON *json = NULL;
    ck_assert_int_eq(vk_json_parse((vk_bytes){text, len}, 8192, &json, NULL), VK_OK);
    ck_assert_int_eq(vk_json_bytes(json, "authenticatorData", NULL, 256, &a.auth_data, NULL),
                     VK_OK);
    ck_assert_int_eq(vk_json_bytes(json, "signature", NULL, 72, &a.signature, NULL), VK_OK);
    ck_assert_int_eq(vk_json_text(json, "clientDataJSON", NULL, &client_data, NULL), VK_OK);
    vk_buf_put_text(&a.client_data, client_data);
    cJSON_Delete(json);
    return a;
}

static answer log_in(void) {
    CK_BYTE out[2048];
    CK_ULONG len = sizeof out;
    char *request = request_for(RP_ID, "");
    ck_assert_int_eq(answer_to(request, out, &len), CKR_OK);
    vk_text_free(request);
    return read_answer(out, len);
}

static void point_of_key(uint8_t point65[65]) {
    CK_BYTE point[67];
    ck_assert_uint_eq(get_value(session, keys.public_key, CKA_EC_POINT, point, sizeof point), 67);
    memcpy(point65, point + 2, 65);
}

/* As a server looks at it; the count that it keeps. */
static uint32_t verify(const answer *a, uint32_t last_count) {
    vk_credential credential = {.sign_count = last_count};
    uint32_t count = 0;
    vk_error err = {0};
    point_of_key(credential.point65);
    const vk_ceremony ceremony = {.challenge = {challenge.b, sizeof challenge.b},
                                  .rp_id = RP_ID,
                                  .origin = ORIGIN,
                                  .require_user_verified = true};
    const vk_credential_answer given = {.auth_data = vk_buf_view(&a->auth_data),
                                        .client_data = vk_buf_view(&a->client_data),
                                        .signature_der = vk_buf_view(&a->signature)};
    ck_assert_msg(vk_credential_verify(&ceremony, &credential, &given, &count, &err) == VK_OK, "%s",
                  err.message);
    return count;
}

/* As the contracts look at it, with the challenge as the operation's hash. */
static void assert_no_account_takes_it(const answer *a) {
    uint8_t point65[65], signature64[64];
    vk_buf encoded = {0};
    vk_error err = {0};
    vk_webauthn_form form;
    point_of_key(point65);
    ck_assert_int_eq(vk_p256_signature_read(vk_buf_view(&a->signature), signature64, NULL), VK_OK);
    vk_webauthn_assertion assertion = {.auth_data = vk_buf_view(&a->auth_data),
                                       .client_data = vk_buf_view(&a->client_data)};
    memcpy(assertion.r, signature64, 32);
    memcpy(assertion.s, signature64 + 32, 32);
    ck_assert_int_eq(vk_webauthn_encode(&assertion, &encoded), VK_OK);
    ck_assert_int_eq(vk_webauthn_verify(vk_buf_view(&encoded), &challenge, point65, &err),
                     VK_ERR_SIGNATURE);
    ck_assert_msg(strstr(err.message, "challenge") != NULL, "%s", err.message);
    ck_assert_int_ne(
        vk_webauthn_accepts(vk_buf_view(&encoded), &challenge, point65, false, &form, &err), VK_OK);
    vk_buf_clear(&encoded);
}

START_TEST(a_server_takes_it_and_no_account_does) {
    passkey(NULL, false);
    answer a = log_in();
    ck_assert_uint_eq(verify(&a, 0), 0);
    assert_no_account_takes_it(&a);
    clear_answer(&a);
}
END_TEST

START_TEST(counts_for_the_server) {
    passkey(GAS, true);
    uint32_t count = 0;
    for (int i = 0; i < 3; i++) {
        answer a = log_in();
        count = verify(&a, count);
        ck_assert_uint_eq(count, (uint32_t)i + 1);
        clear_answer(&a);
    }
}
END_TEST

START_TEST(the_length_is_the_longest) {
    CK_MECHANISM mechanism = {LOGIN, NULL, 0};
    CK_BYTE out[2048];
    CK_ULONG longest = 0, len;
    passkey(NULL, false);
    char *request = request_for(RP_ID, ",\"origin\":\"" ORIGIN "\"");
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)request, strlen(request), NULL, &longest),
                     CKR_OK);
    len = longest - 1;
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)request, strlen(request), out, &len),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, longest);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)request, strlen(request), out, &len), CKR_OK);
    ck_assert(len <= longest && len >= longest - 8);
    vk_text_free(request);
}
END_TEST

/* ---- What is refused ---- */

START_TEST(malformed_requests) {
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"rpId\":\"" RP_ID "\"}",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAA\",\"rpId\":\"" RP_ID "\"}",     /* 15 bytes */
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"rpId\":\"" RP_ID "\"}", /* padded */
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAB\",\"rpId\":\"" RP_ID "\"}",   /* stray bits */
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAA+\",\"rpId\":\"" RP_ID "\"}",
        "{\"challenge\":1,\"rpId\":\"" RP_ID "\"}",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"rpId\":null}",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"rpId\":\"" RP_ID "\",\"origin\":1}",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"rpId\":\"" RP_ID "\",\"extra\":1}",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"rpId\":\"a\",\"rpId\":\"" RP_ID "\"}",
        "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"rpId\":\"" RP_ID "\"}x",
    };
    CK_BYTE out[2048];
    passkey(NULL, false);
    for (size_t i = 0; i < COUNT(bad); i++) {
        CK_ULONG len = sizeof out;
        CK_RV rv = answer_to(bad[i], out, &len);
        ck_assert_msg(rv == CKR_DATA_INVALID || rv == CKR_DATA_LEN_RANGE, "%s: 0x%lx", bad[i], rv);
    }
}
END_TEST

START_TEST(a_challenge_of_1024_bytes_is_the_longest) {
    passkey(NULL, false);
    for (size_t size = 1024; size <= 1025; size++) {
        CK_BYTE out[8192], bytes[1025] = {1};
        CK_ULONG len = sizeof out;
        vk_buf text = {0};
        vk_buf_put_text(&text, "{\"challenge\":\"");
        vk_base64url_put(&text, (vk_bytes){bytes, size});
        vk_buf_put_text(&text, "\",\"rpId\":\"" RP_ID "\"}");
        char *request = vk_buf_take_text(&text);
        CK_RV rv = answer_to(request, out, &len);
        ck_assert_msg((rv == CKR_OK) == (size == 1024), "%zu: 0x%lx", size, rv);
        vk_text_free(request);
    }
}
END_TEST

START_TEST(another_relying_party) {
    passkey(NULL, false);
    char *request = request_for("other.example", "");
    assert_refused(session, keys, LOGIN, request,
                   "login: the key's rpId is \"server.example\", not \"other.example\"");
    vk_text_free(request);
    request = request_for(RP_ID, ",\"origin\":\"https://other.example\"");
    assert_refused(session, keys, LOGIN, request, "login: the key's origin is ");
    vk_text_free(request);
}
END_TEST

START_TEST(another_curve) {
    CK_MECHANISM mechanism = {LOGIN, NULL, 0};
    keys = GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key),
                     CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

/* ---- Who may ---- */

static void assert_refuses(void) {
    CK_MECHANISM mechanism = {LOGIN, NULL, 0};
    CK_BYTE reason[1024] = "";
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    get_value(session, keys.private_key, CKA_VALETKEY_LAST_DENIAL, reason, sizeof reason - 1);
    ck_assert_msg(strstr((const char *)reason, "login: the key has a grant") != NULL, "%s", reason);
}

/* Writes it as the SO, and goes back to the user. */
static CK_RV so_says(const char *value) {
    CK_OBJECT_HANDLE made = 0;
    CK_BYTE text[16] = "";
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    CK_RV rv = write_data(session, VK_APPLICATION_LOGINS, "k", value, &made);
    if (rv == CKR_OK) {
        get_value(session, made, CKA_VALUE, text, sizeof text - 1);
        ck_assert_str_eq((const char *)text, value);
    }
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    keys.private_key = find_object(session, CKO_PRIVATE_KEY, "k");
    return rv;
}

START_TEST(a_grant_ends_logins_until_the_so_allows_them) {
    passkey(SUDO, false);
    answer a = log_in();
    clear_answer(&a);
    grant_installed(session, keys, CHAIN, 0);
    assert_refuses();
    ck_assert(!get_bool(session, keys.private_key, CKA_VALETKEY_LOGIN_ALLOWED));
    ck_assert_int_eq(so_says("allowed"), CKR_OK);
    ck_assert(get_bool(session, keys.private_key, CKA_VALETKEY_LOGIN_ALLOWED));
    a = log_in();
    verify(&a, 0);
    assert_no_account_takes_it(&a);
    clear_answer(&a);
    ck_assert_int_eq(so_says("refused"), CKR_OK);
    assert_refuses();
    ck_assert_int_ne(so_says("yes"), CKR_OK);
    assert_refuses();
}
END_TEST

static CK_ULONG find_said(void) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data),
                            TEXT(CKA_APPLICATION, VK_APPLICATION_LOGINS)};
    return find_all(session, templ, COUNT(templ), NULL);
}

/* Everybody sees what the SO said, by name and in the list of everything. */
START_TEST(what_the_so_said_is_an_object) {
    CK_ATTRIBUTE all[] = {ATTR(CKA_CLASS, class_data)};
    passkey(NULL, false);
    GENERATE(session, p256, "other");
    ck_assert_uint_eq(find_said(), 0);
    ck_assert_int_eq(so_says("refused"), CKR_OK);
    ck_assert_uint_eq(find_said(), 1);
    ck_assert_uint_eq(find_all(session, all, 1, NULL), 1);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_uint_eq(find_said(), 1);
}
END_TEST

START_TEST(the_user_allows_nothing) {
    CK_OBJECT_HANDLE made;
    CK_ATTRIBUTE allowed = ATTR(CKA_VALETKEY_LOGIN_ALLOWED, yes);
    const pair_args args = {p256, sizeof p256, "made", &allowed, 1};
    pair other;
    passkey(SUDO, false);
    grant_installed(session, keys, CHAIN, 0);
    ck_assert_int_eq(write_data(session, VK_APPLICATION_LOGINS, "k", "allowed", &made),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(f->C_SetAttributeValue(session, keys.private_key, &allowed, 1),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(try_generate(session, &args, &other), CKR_ATTRIBUTE_READ_ONLY);
    assert_refuses();
}
END_TEST

/* Of 8 + 4 + 1 bytes, the last is the answer. */
START_TEST(an_edited_answer_ends_the_key) {
    CK_MECHANISM mechanism = {LOGIN, NULL, 0};
    passkey(SUDO, false);
    grant_installed(session, keys, CHAIN, 0);
    ck_assert_int_eq(so_says("refused"), CKR_OK);
    edit_tokens("UPDATE key SET version = version + 1, private_attrs ="
                " replace(private_attrs, x'0000000080564B410000000100',"
                " x'0000000080564B410000000101')");
    edit_tokens("UPDATE state SET changes = changes + 1");
    CK_SESSION_HANDLE again = open_session("plain", true);
    ck_assert_int_eq(f->C_SignInit(again, &mechanism, keys.private_key), CKR_DEVICE_ERROR);
}
END_TEST

/* ---- The journal ---- */

typedef struct records {
    int signed_ones, denied;
} records;

static vk_status count_login(void *context, const vk_journal_record *record) {
    records *r = context;
    bool is_login = record->form.len == 5 && memcmp(record->form.data, "login", 5) == 0;
    r->signed_ones += is_login && record->event == VK_EVENT_SIGNED;
    r->denied += is_login && record->event == VK_EVENT_DENIED && record->rule.len == 5 &&
                 memcmp(record->rule.data, "login", 5) == 0;
    return VK_OK;
}

static records count_records(void) {
    char **paths;
    size_t count;
    records r = {0};
    ck_assert_int_eq(vk_home_tokens(getenv("VALETKEY_HOME"), &paths, &count, NULL), VK_OK);
    for (size_t i = 0; i < count; i++) {
        vk_token *token;
        ck_assert_int_eq(vk_token_open(paths[i], &token, NULL), VK_OK);
        ck_assert_int_eq(vk_journal_each(token, 0, count_login, &r, NULL), VK_OK);
        vk_token_close(token);
    }
    vk_home_free(paths, count);
    return r;
}

START_TEST(logins_are_journaled) {
    passkey(SUDO, false);
    answer a = log_in();
    clear_answer(&a);
    records r = count_records();
    ck_assert(r.signed_ones == 1 && r.denied == 0);
    grant_installed(session, keys, CHAIN, 0);
    assert_refuses();
    r = count_records();
    ck_assert(r.signed_ones == 1 && r.denied == 1);
}
END_TEST

START_TEST(without_a_policy_too) {
    passkey(NULL, false);
    answer a = log_in();
    clear_answer(&a);
    char *request = request_for("other.example", "");
    assert_refused(session, keys, LOGIN, request, "login: ");
    vk_text_free(request);
    records r = count_records();
    ck_assert(r.signed_ones == 1 && r.denied == 1);
}
END_TEST

/* ---- Attributes ---- */

START_TEST(user_handles_are_of_passkeys) {
    static char handle[] = "1695cc25a8dda8db5600a84512082338";
    CK_ATTRIBUTE extra = TEXT(CKA_VALETKEY_USER_HANDLE, handle);
    const pair_args passkey_args = {p256, sizeof p256, "k", &extra, 1};
    const pair_args other_args = {secp256k1, sizeof secp256k1, "o", &extra, 1};
    CK_BYTE value[64];
    pair other;
    ck_assert_int_eq(try_generate(session, &passkey_args, &keys), CKR_OK);
    ck_assert_uint_eq(
        get_value(session, keys.private_key, CKA_VALETKEY_USER_HANDLE, value, sizeof value), 32);
    ck_assert_mem_eq(value, handle, 32);
    ck_assert_int_eq(try_generate(session, &other_args, &other), CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(challenges_are_of_security_keys) {
    static char challenge_text[] = "0123456789abcdef";
    CK_ATTRIBUTE extra = TEXT(CKA_VALETKEY_REGISTRATION_CHALLENGE, challenge_text);
    const pair_args args = {p256, sizeof p256, "k", &extra, 1};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(passkeys_list_the_mechanism) {
    CK_MECHANISM_TYPE types[16];
    passkey(NULL, false);
    CK_ULONG len =
        get_value(session, keys.private_key, CKA_ALLOWED_MECHANISMS, types, sizeof types);
    ck_assert(len == sizeof types[0] && types[0] == LOGIN);
    pair other = GENERATE(session, secp256k1, "other");
    ck_assert_uint_eq(
        get_value(session, other.private_key, CKA_ALLOWED_MECHANISMS, types, sizeof types), 0);
}
END_TEST

Suite *login_suite(void) {
    Suite *suite = suite_create("login");
    TCase *tests = tcase_create("login");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, stop);
    tcase_add_test(tests, a_server_takes_it_and_no_account_does);
    tcase_add_test(tests, counts_for_the_server);
    tcase_add_test(tests, the_length_is_the_longest);
    tcase_add_test(tests, malformed_requests);
    tcase_add_test(tests, a_challenge_of_1024_bytes_is_the_longest);
    tcase_add_test(tests, another_relying_party);
    tcase_add_test(tests, another_curve);
    tcase_add_test(tests, a_grant_ends_logins_until_the_so_allows_them);
    tcase_add_test(tests, what_the_so_said_is_an_object);
    tcase_add_test(tests, the_user_allows_nothing);
    tcase_add_test(tests, an_edited_answer_ends_the_key);
    tcase_add_test(tests, logins_are_journaled);
    tcase_add_test(tests, without_a_policy_too);
    tcase_add_test(tests, user_handles_are_of_passkeys);
    tcase_add_test(tests, challenges_are_of_security_keys);
    tcase_add_test(tests, passkeys_list_the_mechanism);
    suite_add_tcase(suite, tests);
    return suite;
}
