/* Session keys on a security key: made, listed, signing, removed; and what goes wrong with them. */
#include "device_support.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valetkey/credential.h>
#include <valetkey/pkcs11.h>
#include <valetkey/userop.h>
#include <valetkey/webauthn.h>

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

/* ---- Signing ---- */

static void get_point(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, uint8_t point65[65]) {
    CK_BYTE der[67];
    ck_assert_uint_eq(get_value(session, key, CKA_EC_POINT, der, sizeof der), 67);
    memcpy(point65, der + 2, 65);
}

static vk_hash hash_of(unsigned sequence) {
    char *text = device_operation(sequence);
    vk_userop_request request;
    vk_hash hash;
    vk_error err = {0};
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    ck_assert_msg(vk_userop_read_request((vk_bytes){(const uint8_t *)text, strlen(text)},
                                         VK_ENTRY_POINT_0_7, &request, &err) == VK_OK,
                  "%s", err.message);
    ck_assert_int_eq(vk_userop_hash(&request.op, 31337, &entry_point, &hash), VK_OK);
    vk_userop_clear(&request.op);
    free(text);
    return hash;
}

START_TEST(its_signature_is_the_finished_one) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG asked = 0, len = sizeof signature;
    uint8_t point65[65];
    char *operation = device_operation(7);
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP, NULL, 0};
    uint32_t counter = authn_counter(device);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, made.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)operation, strlen(operation), NULL, &asked),
                     CKR_OK);
    /* How long it will be is known without a touch. */
    ck_assert_uint_eq(authn_counter(device), counter);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE_PTR)operation, strlen(operation), signature, &len),
                     CKR_OK);
    ck_assert_uint_eq(asked, len);
    vk_hash hash = hash_of(7);
    vk_error err = {0};
    get_point(session, made.public_key, point65);
    ck_assert_msg(vk_webauthn_verify((vk_bytes){signature, len}, &hash, point65, &err) == VK_OK,
                  "%s", err.message);
    free(operation);
}
END_TEST

START_TEST(high_s_is_folded) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    uint8_t point65[65];
    vk_hash hash = hash_of(1);
    vk_error err = {0};
    authn_misbehave(device, AUTHN_HIGH_S);
    ck_assert_int_eq(device_sign(session, made.private_key, 1, signature, &len), CKR_OK);
    get_point(session, made.public_key, point65);
    ck_assert_int_eq(vk_webauthn_verify((vk_bytes){signature, len}, &hash, point65, &err), VK_OK);
}
END_TEST

START_TEST(what_is_wrong_with_an_answer_is_found) {
    static const struct {
        uint32_t mistakes;
        CK_RV rv;
    } cases[] = {
        {AUTHN_WRONG_RP_ID, CKR_DEVICE_ERROR},     {AUTHN_NO_UP, CKR_DEVICE_ERROR},
        {AUTHN_NO_UV, CKR_DEVICE_ERROR},           {AUTHN_BS_WITHOUT_BE, CKR_DEVICE_ERROR},
        {AUTHN_WRONG_KEY, CKR_DEVICE_ERROR},       {AUTHN_WRONG_ID, CKR_DEVICE_ERROR},
        {AUTHN_GARBAGE, CKR_DEVICE_ERROR},         {AUTHN_TRUNCATED, CKR_DEVICE_ERROR},
        {AUTHN_INDEFINITE, CKR_DEVICE_ERROR},      {AUTHN_WRONG_ERROR, CKR_DEVICE_ERROR},
        {AUTHN_WRONG_BLOB, CKR_FUNCTION_REJECTED}, {AUTHN_COUNTER_STAYS, CKR_FUNCTION_REJECTED}};
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX], untouched[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_OK);
    memset(untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < COUNT(cases); i++) {
        authn_misbehave(device, 0);
        len = sizeof signature;
        ck_assert_int_eq(device_sign(session, made.private_key, 100 + (unsigned)i, signature, &len),
                         CKR_OK);
        memset(signature, 0xa5, sizeof signature);
        len = sizeof signature;
        authn_misbehave(device, cases[i].mistakes);
        CK_RV rv = device_sign(session, made.private_key, (unsigned)i + 1, signature, &len);
        ck_assert_msg(rv == cases[i].rv, "case %zu: 0x%lx", i, rv);
        ck_assert_mem_eq(signature, untouched, sizeof signature);
    }
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "signCount: "));
    authn_misbehave(device, 0);
    len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 99, signature, &len), CKR_OK);
}
END_TEST

START_TEST(a_counter_that_goes_back_is_a_copy) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_OK);
    authn_misbehave(device, AUTHN_COUNTER_BACK);
    len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 1, signature, &len),
                     CKR_FUNCTION_REJECTED);
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "may be a copy"));
}
END_TEST

START_TEST(a_synced_credential_keeps_no_counter) {
    const authn_options options = {.pin = DEVICE_PIN, .with = AUTHN_SYNCED};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    for (unsigned i = 0; i < 3; i++) {
        CK_BYTE signature[SIGNATURE_MAX];
        CK_ULONG len = sizeof signature;
        ck_assert_int_eq(device_sign(session, made.private_key, i, signature, &len), CKR_OK);
    }
}
END_TEST

START_TEST(it_signs_no_digest) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    static const CK_MECHANISM_TYPE mechanisms[] = {CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDSA_SHA1};
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        CK_MECHANISM mechanism = {mechanisms[i], NULL, 0};
        ck_assert_int_eq(f->C_SignInit(session, &mechanism, made.private_key),
                         CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
    ck_assert_ptr_nonnull(
        strstr(last_denial(session, made.private_key), "device: no FIDO2 security key signs a "));
    char *operation = device_operation(0);
    CK_OBJECT_HANDLE pending;
    ck_assert_int_eq(write_data(session, VK_APPLICATION_USEROP, "bot", operation, &pending),
                     CKR_FUNCTION_REJECTED);
    free(operation);
}
END_TEST

/* The policy comes first: what it refuses is no matter for the device. */
START_TEST(what_is_refused_asks_for_no_touch) {
    static char never[] = "[{\"type\":\"timestamp\",\"policyAddress\":"
                          "\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\",\"policyFlag\":"
                          "\"0x0000\",\"validAfter\":1,\"validUntil\":2}]";
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key_under(session, "late", never);
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    uint32_t counter = authn_counter(device);
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len),
                     CKR_FUNCTION_REJECTED);
    ck_assert_uint_eq(authn_counter(device), counter);
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "timestamp: "));
}
END_TEST

/* ---- Touches ---- */

typedef struct signer {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_RV rv;
} signer;

static void *sign_in_thread(void *context) {
    signer *s = context;
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    s->rv = device_sign(s->session, s->key, 5, signature, &len);
    return NULL;
}

/* A signature that waits for a touch that never comes. */
static pthread_t wait_for_touch(signer *s) {
    pthread_t thread;
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, sign_in_thread, s), 0);
    ck_assert(authn_wait_for_touch(device, 5000));
    return thread;
}

/* Under a policy, so that the journal has what it does. */
static signer new_signer(void) {
    static char always[] = "[{\"type\":\"timestamp\",\"policyAddress\":"
                           "\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\",\"policyFlag\":"
                           "\"0x0000\",\"validAfter\":1,\"validUntil\":0}]";
    signer s = {.session = device_login()};
    s.key = device_key_under(s.session, "bot", always).private_key;
    return s;
}

START_TEST(a_touch_is_waited_for) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    ck_assert(authn_touch(device, 5000));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(other_slots_go_on_meanwhile) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair other = GENERATE(session, p256, "other");
    ck_assert_int_eq(
        sign_once(session, other.private_key, CKM_ECDSA, (vk_bytes){digest, 32}, signature, &len),
        CKR_OK);
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_uint_ne(device_flags() & CKF_USER_PIN_INITIALIZED, 0);
    ck_assert(authn_touch(device, 5000));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(a_touch_is_cancelled_by_a_logout) {
    signer s = new_signer();
    CK_SESSION_HANDLE other = device_session();
    pthread_t thread = wait_for_touch(&s);
    ck_assert_int_eq(f->C_Logout(other), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
}
END_TEST

START_TEST(a_touch_is_cancelled_by_the_session) {
    CK_FUNCTION_LIST_3_0 *f3;
    CK_INTERFACE *interface;
    CK_C_GetInterface get_interface;
    CK_VERSION version = {3, 0};
    *(void **)&get_interface = dlsym(module, "C_GetInterface");
    ck_assert_int_eq(get_interface((CK_UTF8CHAR_PTR) "PKCS 11", &version, &interface, 0), CKR_OK);
    f3 = interface->pFunctionList;
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    ck_assert_int_eq(f3->C_SessionCancel(s.session, CKF_SIGN), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
    authn_set_touch(device, AUTHN_TOUCH_NOW, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(a_touch_is_cancelled_by_finalize) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
}
END_TEST

START_TEST(a_touch_times_out) {
    signer s = new_signer();
    f->C_Finalize(NULL);
    configure("fido2-timeout = 1");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    s.session = device_login();
    s.key = find_object(s.session, CKO_PRIVATE_KEY, "bot");
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_CANCELED);
    /* It does not go on blinking: the next touch would be taken for this one. */
    usleep(200000);
    ck_assert(!authn_wait_for_touch(device, 0));
    authn_set_touch(device, AUTHN_TOUCH_NOW, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_OK);
}
END_TEST

START_TEST(a_touch_is_declined) {
    signer s = new_signer();
    authn_set_touch(device, AUTHN_TOUCH_DENIED, 0);
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_FUNCTION_REJECTED);
    ck_assert_str_eq(last_denial(s.session, s.key), "touch: it was declined on the security key");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal WHERE rule = 'touch'"), 1);
}
END_TEST

START_TEST(it_is_pulled_out_while_it_waits) {
    signer s = new_signer();
    pthread_t thread = wait_for_touch(&s);
    authn_unplug(device);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(s.rv, CKR_DEVICE_REMOVED);
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

/* ---- The files ---- */

/* What is in the file says nothing that the device's secret does not vouch for. */
START_TEST(an_edited_store_frees_nothing) {
    signer s = new_signer();
    f->C_Finalize(NULL);
    edit_tokens("UPDATE key SET credential_id = x'0102' WHERE home = 1");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    s.session = device_login();
    s.key = find_object(s.session, CKO_PRIVATE_KEY, "bot");
    sign_in_thread(&s);
    ck_assert_int_eq(s.rv, CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(an_edited_enrolment_opens_nothing) {
    (void)new_signer();
    f->C_Finalize(NULL);
    edit_tokens("UPDATE enrolment SET salt = zeroblob(32)");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(try_login(device_session(), CKU_USER, DEVICE_PIN), CKR_PIN_INCORRECT);
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
    tcase_add_test(tcase, its_signature_is_the_finished_one);
    tcase_add_test(tcase, high_s_is_folded);
    tcase_add_test(tcase, what_is_wrong_with_an_answer_is_found);
    tcase_add_test(tcase, a_counter_that_goes_back_is_a_copy);
    tcase_add_test(tcase, a_synced_credential_keeps_no_counter);
    tcase_add_test(tcase, it_signs_no_digest);
    tcase_add_test(tcase, what_is_refused_asks_for_no_touch);
    tcase_add_test(tcase, a_touch_is_waited_for);
    tcase_add_test(tcase, other_slots_go_on_meanwhile);
    tcase_add_test(tcase, a_touch_is_cancelled_by_the_session);
    tcase_add_test(tcase, a_touch_is_cancelled_by_finalize);
    tcase_add_test(tcase, a_touch_is_cancelled_by_a_logout);
    tcase_add_test(tcase, a_touch_times_out);
    tcase_add_test(tcase, a_touch_is_declined);
    tcase_add_test(tcase, it_is_pulled_out_while_it_waits);
    tcase_add_test(tcase, a_stored_credential_is_deleted);
    tcase_add_test(tcase, other_credentials_on_it_are_listed);
    tcase_add_test(tcase, other_credentials_on_it_are_deleted);
    tcase_add_test(tcase, an_edited_store_frees_nothing);
    tcase_add_test(tcase, an_edited_enrolment_opens_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
