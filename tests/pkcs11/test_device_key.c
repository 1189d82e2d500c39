/* Session keys on a security key: made, listed, removed; and what goes wrong with that. */
#include "device_support.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/credential.h>
#include <valetkey/pkcs11.h>

#define SIGNATURE_MAX 4096

/* ---- Making ---- */

static CK_RV make(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *extra, CK_ULONG count, pair *out) {
    const pair_args args = {.curve = p256,
                            .curve_len = sizeof p256,
                            .label = "key",
                            .extra = extra,
                            .extra_count = count};
    return try_generate(session, &args, out);
}

START_TEST(a_credential_becomes_a_key) {
    static char rp_id[] = "agent.example", handle[] = "user-1";
    CK_BYTE protect = 2, aaguid[16], digest[32], other[32], bytes[2048];
    char home[16] = {0}, origin[64] = {0};
    CK_SESSION_HANDLE session = device_login();
    const CK_ATTRIBUTE extra[] = {TEXT(CKA_VALETKEY_RP_ID, rp_id),
                                  TEXT(CKA_VALETKEY_USER_HANDLE, handle),
                                  ATTR(CKA_VALETKEY_CRED_PROTECT, protect),
                                  ATTR(CKA_VALETKEY_DISCOVERABLE, yes),
                                  {CKA_VALETKEY_POLICY, sudo_policy, strlen(sudo_policy)}};
    pair made;
    ck_assert_int_eq(make(session, extra, COUNT(extra), &made), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 1);
    get_value(session, made.private_key, CKA_VALETKEY_HOME, home, sizeof home);
    ck_assert_str_eq(home, "fido2");
    get_value(session, made.public_key, CKA_VALETKEY_ORIGIN, origin, sizeof origin);
    ck_assert_str_eq(origin, "https://agent.example");
    ck_assert(get_bool(session, made.private_key, CKA_VALETKEY_DISCOVERABLE));
    ck_assert(get_bool(session, made.private_key, CKA_LOCAL));
    ck_assert(!get_bool(session, made.private_key, CKA_EXTRACTABLE));
    ck_assert_uint_eq(get_value(session, made.private_key, CKA_VALETKEY_AAGUID, aaguid, 16), 16);
    ck_assert_uint_gt(
        get_value(session, made.private_key, CKA_VALETKEY_CREDENTIAL_ID, bytes, sizeof bytes), 15);
    /* The policy's digest is on the device. */
    ck_assert_uint_eq(
        get_value(session, made.private_key, CKA_VALETKEY_DEVICE_POLICY_DIGEST, digest, 32), 32);
    get_value(session, made.private_key, CKA_VALETKEY_POLICY_DIGEST, other, 32);
    ck_assert_mem_eq(digest, other, 32);
    ck_assert_int_eq(get_rv(session, made.private_key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
}
END_TEST

/* The attestation that is kept is one that anybody can verify. */
START_TEST(its_attestation_can_be_verified) {
    static uint8_t object[4096], client_data[1024];
    CK_BYTE id[1024];
    CK_SESSION_HANDLE session = device_login();
    pair made;
    ck_assert_int_eq(make(session, NULL, 0, &made), CKR_OK);
    const vk_bytes attestation = {
        object, get_value(session, made.public_key, CKA_VALETKEY_ATTESTATION, object, 4096)};
    const vk_bytes data = {client_data,
                           get_value(session, made.public_key, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                                     client_data, 1024)};
    vk_client_data parsed;
    vk_credential credential;
    vk_error err = {0};
    ck_assert_int_eq(vk_client_data_read(data, &parsed, &err), VK_OK);
    const vk_ceremony ceremony = {.challenge = vk_buf_view(&parsed.challenge),
                                  .rp_id = "localhost",
                                  .origin = "https://localhost",
                                  .require_user_verified = true};
    ck_assert_msg(vk_credential_register(&ceremony, attestation, data, NULL, &credential, &err) ==
                      VK_OK,
                  "%s", err.message);
    CK_ULONG id_len =
        get_value(session, made.public_key, CKA_VALETKEY_CREDENTIAL_ID, id, sizeof id);
    ck_assert(vk_bytes_equal(credential.id, (vk_bytes){id, id_len}));
    vk_client_data_clear(&parsed);
}
END_TEST

/* Without an extension there is nothing to compare, and the key works all the same. */
START_TEST(a_device_without_credBlob_has_keys_too) {
    const authn_options options = {.pin = DEVICE_PIN, .without = AUTHN_CRED_BLOB};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "plain");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(get_rv(session, made.private_key, CKA_VALETKEY_DEVICE_POLICY_DIGEST),
                     CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_OK);
}
END_TEST

START_TEST(a_device_without_hmac_secret_has_none) {
    const authn_options options = {.pin = DEVICE_PIN, .without = AUTHN_HMAC_SECRET};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_login();
    pair made;
    ck_assert_int_ne(make(session, NULL, 0, &made), CKR_OK);
    CK_ATTRIBUTE all[] = {ATTR(CKA_CLASS, class_private)};
    ck_assert_uint_eq(find_all(session, all, 1, NULL), 0);
}
END_TEST

START_TEST(what_it_cannot_make_is_refused) {
    CK_SESSION_HANDLE session = device_login();
    CK_BYTE id[16] = {1}, level = 4;
    uint32_t counter = authn_counter(device);
    pair made;
    const CK_ATTRIBUTE own_id = ATTR(CKA_VALETKEY_CREDENTIAL_ID, id),
                       counts = ATTR(CKA_VALETKEY_USE_SIGN_COUNT, yes),
                       protect = ATTR(CKA_VALETKEY_CRED_PROTECT, level);
    ck_assert_int_eq(make(session, &own_id, 1, &made), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(make(session, &counts, 1, &made), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(make(session, &protect, 1, &made), CKR_ATTRIBUTE_VALUE_INVALID);
    const pair_args other = {.curve = secp256k1, .curve_len = sizeof secp256k1, .label = "no"};
    ck_assert_int_eq(try_generate(session, &other, &made), CKR_CURVE_NOT_SUPPORTED);
    CK_BYTE secret[32] = {1};
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE import[] = {ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec),
                             ATTR(CKA_TOKEN, yes), ATTR(CKA_EC_PARAMS, p256),
                             ATTR(CKA_VALUE, secret)};
    ck_assert_int_eq(f->C_CreateObject(session, import, COUNT(import), &object),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_uint_eq(authn_counter(device), counter);
    /* Nor does a token take what only a security key has. */
    const CK_ATTRIBUTE discoverable = ATTR(CKA_VALETKEY_DISCOVERABLE, yes);
    ck_assert_int_eq(make(login("plain", CKU_USER), &discoverable, 1, &made),
                     CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(nothing_is_kept_of_what_failed) {
    static const uint32_t mistakes[] = {AUTHN_WRONG_RP_ID,   AUTHN_NO_UP,     AUTHN_NO_UV,
                                        AUTHN_BS_WITHOUT_BE, AUTHN_OFF_CURVE, AUTHN_BAD_ATTESTATION,
                                        AUTHN_GARBAGE,       AUTHN_TRUNCATED, AUTHN_INDEFINITE};
    CK_SESSION_HANDLE session = device_login();
    pair made;
    ck_assert_int_eq(make(session, NULL, 0, &made), CKR_OK);
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        authn_misbehave(device, mistakes[i]);
        ck_assert_msg(make(session, NULL, 0, &made) == CKR_DEVICE_ERROR, "mistake %zu", i);
    }
    authn_misbehave(device, 0);
    CK_ATTRIBUTE all[] = {ATTR(CKA_CLASS, class_private)};
    ck_assert_uint_eq(find_all(session, all, 1, NULL), 1);
}
END_TEST

/* ---- Removing ---- */

START_TEST(a_stored_credential_is_deleted) {
    CK_SESSION_HANDLE session = device_login();
    const CK_ATTRIBUTE discoverable = ATTR(CKA_VALETKEY_DISCOVERABLE, yes);
    pair made;
    ck_assert_int_eq(make(session, &discoverable, 1, &made), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 1);
    ck_assert_int_eq(f->C_DestroyObject(session, made.public_key), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 1);
    ck_assert_int_eq(f->C_DestroyObject(session, made.private_key), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 0);
}
END_TEST

/* A credential that somebody else made on the device. */
static void make_foreign(char *rp_id, CK_BYTE *id, CK_ULONG *id_len) {
    CK_SESSION_HANDLE session = device_login();
    const CK_ATTRIBUTE extra[] = {{CKA_VALETKEY_RP_ID, rp_id, strlen(rp_id)},
                                  ATTR(CKA_VALETKEY_DISCOVERABLE, yes)};
    pair made;
    ck_assert_int_eq(make(session, extra, COUNT(extra), &made), CKR_OK);
    *id_len = get_value(session, made.public_key, CKA_VALETKEY_CREDENTIAL_ID, id, 1024);
    f->C_Finalize(NULL);
    char command[256];
    snprintf(command, sizeof command, "rm %s/*.fido2.db", getenv("VALETKEY_HOME"));
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
}

START_TEST(other_credentials_on_it_are_listed) {
    static char rp_id[] = "shop.example";
    CK_BYTE id[1024], found_id[1024];
    CK_ULONG id_len;
    char label[64] = {0}, home[8] = {0};
    CK_OBJECT_HANDLE found;
    make_foreign(rp_id, id, &id_len);
    CK_ATTRIBUTE keys[] = {ATTR(CKA_CLASS, class_public), ATTR(CKA_TOKEN, yes)};
    CK_SESSION_HANDLE session = device_session();
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), NULL), 0);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), &found), 1);
    get_value(session, found, CKA_LABEL, label, sizeof label - 1);
    ck_assert_str_eq(label, "key at shop.example");
    get_value(session, found, CKA_VALETKEY_HOME, home, sizeof home);
    ck_assert_str_eq(home, "fido2");
    ck_assert_uint_eq(
        get_value(session, found, CKA_VALETKEY_CREDENTIAL_ID, found_id, sizeof found_id), id_len);
    ck_assert_mem_eq(found_id, id, id_len);
    ck_assert(get_bool(session, found, CKA_PRIVATE));
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), NULL), 1);
    /* One of the store's own is not listed twice. */
    device_key(session, "own");
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), NULL), 2);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(get_rv(session, found, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), NULL), 2);
}
END_TEST

START_TEST(other_credentials_on_it_are_deleted) {
    static char rp_id[] = "shop.example";
    CK_BYTE id[1024];
    CK_ULONG id_len;
    CK_OBJECT_HANDLE found;
    make_foreign(rp_id, id, &id_len);
    CK_SESSION_HANDLE session = device_login();
    CK_ATTRIBUTE keys[] = {ATTR(CKA_CLASS, class_public), ATTR(CKA_TOKEN, yes)};
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), &found), 1);
    ck_assert_int_eq(f->C_DestroyObject(session, found), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 0);
    ck_assert_uint_eq(find_all(session, keys, COUNT(keys), NULL), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("keys on security keys");
    TCase *tcase = tcase_create("plugged in");
    tcase_add_checked_fixture(tcase, start_device, stop_device);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_credential_becomes_a_key);
    tcase_add_test(tcase, its_attestation_can_be_verified);
    tcase_add_test(tcase, a_device_without_credBlob_has_keys_too);
    tcase_add_test(tcase, a_device_without_hmac_secret_has_none);
    tcase_add_test(tcase, what_it_cannot_make_is_refused);
    tcase_add_test(tcase, nothing_is_kept_of_what_failed);
    tcase_add_test(tcase, a_stored_credential_is_deleted);
    tcase_add_test(tcase, other_credentials_on_it_are_listed);
    tcase_add_test(tcase, other_credentials_on_it_are_deleted);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
