/* Credentials on an authenticator: making, asking, finding, listing and deleting them; what it says
 * of itself. */
#include "keys/support.h"

#include <string.h>
#include <valetkey/eth.h>

static fixture f;

/* ---- What it says of itself ---- */

static vk_fido2_info get_info(void) {
    vk_fido2_info info;
    vk_error err = {0};
    ck_assert_msg(vk_fido2_get_info(f.fido2, &info, &err) == VK_OK, "%s", err.message);
    return info;
}

START_TEST(test_info) {
    static const uint8_t aaguid16[16] = {1, 2, 3};
    begin(&f, &(authn_options){.aaguid16 = aaguid16, .min_pin_length = 6}, TOUCH_SECONDS);
    vk_fido2_info info = get_info();
    ck_assert_mem_eq(info.aaguid, aaguid16, 16);
    ck_assert_uint_eq(info.major, 1);
    ck_assert(info.takes_pin && !info.has_pin && !info.has_uv && !info.always_uv);
    ck_assert(info.lists && info.has_hmac_secret && info.has_cred_blob && info.has_cred_protect);
    ck_assert_uint_eq(info.pin_min, 6);
    ck_assert_uint_eq(info.pin_tries, VK_FIDO2_PIN_TRIES);
    ck_assert_uint_eq(info.free_credentials, 25);
    end(&f);

    begin_logged_in(&f, &(authn_options){.uv = AUTHN_UV_SUCCEEDS,
                                         .with = AUTHN_ALWAYS_UV,
                                         .max_credentials = 2,
                                         .without = AUTHN_CRED_BLOB | AUTHN_CRED_PROTECT |
                                                    AUTHN_HMAC_SECRET | AUTHN_CRED_MGMT});
    info = get_info();
    ck_assert(info.takes_pin && info.has_pin && info.has_uv && info.always_uv);
    ck_assert(!info.lists && !info.has_hmac_secret);
    ck_assert(!info.has_cred_blob && !info.has_cred_protect);
    ck_assert_uint_eq(info.pin_min, VK_FIDO2_PIN_MIN);
    ck_assert_uint_eq(info.pin_tries, VK_FIDO2_PIN_TRIES);
    end(&f);

    begin(&f, &(authn_options){.without = AUTHN_CLIENT_PIN}, TOUCH_SECONDS);
    ck_assert(!get_info().takes_pin);
    end(&f);
}
END_TEST

/* ---- Making and asking ---- */

/* Kinds of authenticators on which everything has to work. */
static const struct {
    authn_options options;
    bool by_pin;
} kinds[] = {
    {{0}, true},
    {{.without = AUTHN_PIN_PROTOCOL_2}, true},
    {{.without = AUTHN_PIN_PROTOCOL_1}, true},
    {{.without = AUTHN_PERMISSIONS}, true},
    {{.without = AUTHN_PERMISSIONS | AUTHN_PIN_PROTOCOL_2}, true},
    {{.without = AUTHN_MAKE_CRED_UV_NOT_RQD, .with = AUTHN_ALWAYS_UV}, true},
    {{.uv = AUTHN_UV_SUCCEEDS}, false},
    {{.uv = AUTHN_UV_SUCCEEDS, .with = AUTHN_ALWAYS_UV}, false},
    {{.uv = AUTHN_UV_SUCCEEDS, .without = AUTHN_PERMISSIONS}, false},
    {{.uv = AUTHN_UV_SUCCEEDS, .without = AUTHN_CLIENT_PIN}, false},
    {{.uv = AUTHN_UV_FAILS}, true}, /* the PIN is preferred */
    {{.with = AUTHN_X5C}, true},
    {{.with = AUTHN_SYNCED}, true},
};
#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

static void begin_kind(int i) {
    if (kinds[i].by_pin) {
        begin_logged_in(&f, &kinds[i].options);
    } else {
        begin(&f, &kinds[i].options, TOUCH_SECONDS);
    }
}

/* The statement holds for any relying party, with what was kept of it. */
static void check_registration(const vk_fido2_made *made, vk_bytes challenge,
                               const vk_attestation_trust *trust, vk_attestation_result expected) {
    vk_credential credential;
    vk_ceremony ceremony = {
        .challenge = challenge, .rp_id = RP, .origin = ORIGIN, .require_user_verified = true};
    ck_assert_int_eq(vk_credential_register(&ceremony, vk_buf_view(&made->attestation_object),
                                            vk_buf_view(&made->client_data), trust, &credential,
                                            NULL),
                     VK_OK);
    ck_assert_int_eq(credential.attestation, expected);
    ck_assert(vk_bytes_equal(credential.id, vk_buf_view(&made->credential_id)));
    ck_assert_mem_eq(credential.point65, made->point65, 65);
}

START_TEST(test_plain) {
    static const uint8_t challenge[] = {5, 4, 3, 2, 1};
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_error err;
    begin_kind(_i);
    vk_fido2_wish wish = usual_wish();
    wish.challenge = (vk_bytes){challenge, sizeof challenge};
    make(&f, &wish, &made);
    bool x5c = (kinds[_i].options.with & AUTHN_X5C) != 0;
    bool synced = (kinds[_i].options.with & AUTHN_SYNCED) != 0;
    ck_assert_uint_eq(made.flags, VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV | VK_WEBAUTHN_FLAG_AT |
                                      (synced ? VK_WEBAUTHN_FLAG_BE | VK_WEBAUTHN_FLAG_BS : 0));
    ck_assert(!made.has_blob && !made.has_hmac_secret);
    ck_assert_int_eq(made.attestation, x5c ? VK_ATTESTED_SIGNED : VK_ATTESTED_SELF);
    check_registration(&made, wish.challenge, NULL, made.attestation);
    uint32_t last = made.sign_count;
    ck_assert(synced == (last == 0));
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(ask(&f, &made, &answer, &err) == VK_OK, "%s", err.message);
        ck_assert_uint_eq(answer.auth_data_len, VK_WEBAUTHN_AUTH_DATA_LEN);
        ck_assert(synced ? answer.sign_count == 0 : answer.sign_count > last);
        ck_assert(!answer.has_blob);
        last = answer.sign_count;
    }
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_extensions) {
    static const uint8_t salt32[32] = {1}, other_salt32[32] = {2}, zero[32];
    const vk_hash blob = {{4, 5, 6}};
    vk_fido2_made made;
    vk_fido2_answer first, again, other;
    asked a;
    begin_kind(_i);
    vk_fido2_wish wish = usual_wish();
    wish.blob = &blob;
    wish.hmac_secret = true;
    wish.discoverable = true;
    wish.protect = VK_FIDO2_PROTECT_UV;
    make(&f, &wish, &made);
    /* CTAP 2.0 does not say how long a credBlob may be. */
    bool has_blob = (kinds[_i].options.without & AUTHN_PERMISSIONS) == 0;
    bool has_secret = (kinds[_i].options.without & AUTHN_CLIENT_PIN) == 0;
    ck_assert(made.has_blob == has_blob && made.has_hmac_secret == has_secret);
    ck_assert_uint_eq(authn_credential_count(f.device), 1);
    ask_begin(&a, &made);
    a.question.with_blob = true;
    a.question.salt32 = has_secret ? salt32 : NULL;
    ck_assert_int_eq(vk_fido2_assert(f.fido2, &a.question, &first, NULL), VK_OK);
    ck_assert_int_eq(vk_fido2_assert(f.fido2, &a.question, &again, NULL), VK_OK);
    a.question.with_blob = false;
    a.question.salt32 = has_secret ? other_salt32 : NULL;
    ck_assert_int_eq(vk_fido2_assert(f.fido2, &a.question, &other, NULL), VK_OK);
    check_answer(&a, &made, &first);
    check_answer(&a, &made, &other);
    ck_assert(first.has_blob == has_blob && !other.has_blob);
    ck_assert_mem_eq(first.blob.b, has_blob ? blob.b : zero, sizeof blob.b);
    ck_assert_mem_eq(first.secret32, again.secret32, 32);
    ck_assert(!has_secret == (memcmp(first.secret32, other.secret32, 32) == 0));
    ck_assert(!has_secret == (memcmp(first.secret32, zero, 32) == 0));
    ask_end(&a);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* What it does not have is left out, and what came of it says so. */
START_TEST(test_no_extensions) {
    static const uint8_t salt32[32];
    const vk_hash blob = {{4, 5, 6}};
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_error err = {0};
    asked a;
    begin_logged_in(&f, &(authn_options){.without = AUTHN_CRED_BLOB | AUTHN_CRED_PROTECT |
                                                    AUTHN_HMAC_SECRET | AUTHN_RESIDENT_KEYS});
    vk_fido2_wish wish = usual_wish();
    wish.blob = &blob;
    wish.hmac_secret = true;
    wish.protect = VK_FIDO2_PROTECT_UV;
    make(&f, &wish, &made);
    ck_assert(!made.has_blob && !made.has_hmac_secret);
    ask_begin(&a, &made);
    a.question.salt32 = salt32;
    check_failure(vk_fido2_assert(f.fido2, &a.question, &answer, &err), &err, VK_ERR_DEVICE,
                  "the answer of the security key is wrong: it has no hmac-secret");
    ask_end(&a);
    vk_fido2_made_clear(&made);
    wish.discoverable = true;
    check_failure(vk_fido2_make(f.fido2, &wish, &made, &err), &err, VK_ERR_UNSUPPORTED,
                  "the security key does not have what was asked for: discoverable credentials, "
                  "or user verification");
    ck_assert_ptr_null(made.credential_id.data);
    end(&f);
}
END_TEST

START_TEST(test_attestation_root) {
    size_t len;
    vk_fido2_made made;
    begin_logged_in(&f, &(authn_options){.with = AUTHN_X5C});
    const uint8_t *der = authn_attestation_root(f.device, &len);
    const vk_bytes root = {der, len};
    const vk_attestation_trust trust = {1, &root, 1800000000};
    static const uint8_t challenge[] = {5, 4, 3, 2, 1};
    vk_fido2_wish wish = usual_wish();
    wish.challenge = (vk_bytes){challenge, sizeof challenge};
    make(&f, &wish, &made);
    check_registration(&made, wish.challenge, &trust, VK_ATTESTED_TRUSTED);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_full) {
    vk_fido2_made made[3];
    vk_error err = {0};
    begin_logged_in(&f, &(authn_options){.max_credentials = 2});
    vk_fido2_wish wish = usual_wish();
    wish.discoverable = true;
    for (uint8_t i = 0; i < 2; i++) {
        wish.user_id = (vk_bytes){&i, 1};
        make(&f, &wish, &made[i]);
    }
    const uint8_t third = 2;
    wish.user_id = (vk_bytes){&third, 1};
    check_failure(vk_fido2_make(f.fido2, &wish, &made[2], &err), &err, VK_ERR_STORE_FULL,
                  "the security key has no space for another credential");
    ck_assert_uint_eq(get_info().free_credentials, 0);
    vk_fido2_made_clear(&made[0]);
    vk_fido2_made_clear(&made[1]);
    end(&f);
}
END_TEST

/* ---- Finding, listing, deleting ---- */

START_TEST(test_which) {
    static const uint8_t stranger[40] = {1}, endless[1023] = {1};
    vk_fido2_made made, hidden;
    vk_bytes ids[12];
    size_t index;
    vk_error err = {0};
    begin_logged_in(&f, NULL);
    vk_fido2_wish wish = usual_wish();
    make(&f, &wish, &made);
    wish.protect = VK_FIDO2_PROTECT_UV;
    make(&f, &wish, &hidden);
    /* More than any list holds, and ids that are longer than it makes them. */
    for (size_t i = 0; i < 12; i++) {
        ids[i] = i % 2 == 0 ? (vk_bytes){stranger, sizeof stranger}
                            : (vk_bytes){endless, sizeof endless};
    }
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(vk_fido2_which(f.fido2, RP, ids, 0, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 0);
    ck_assert_msg(vk_fido2_which(f.fido2, RP, ids, 12, &index, &err) == VK_OK, "%s", err.message);
    ck_assert_uint_eq(index, 12);
    ids[5] = vk_buf_view(&hidden.credential_id); /* but to who is verified */
    ids[9] = vk_buf_view(&made.credential_id);
    ck_assert_int_eq(vk_fido2_which(f.fido2, RP, ids, 12, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 9);
    ck_assert_int_eq(vk_fido2_which(f.fido2, "another.test", ids, 12, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 12);
    ck_assert_uint_eq(authn_pin_retries(f.device), VK_FIDO2_PIN_TRIES);
    vk_fido2_made_clear(&made);
    vk_fido2_made_clear(&hidden);
    end(&f);
}
END_TEST

static const vk_fido2_resident *find(const vk_fido2_residents *list, const vk_fido2_made *made) {
    for (size_t i = 0; i < list->count; i++) {
        if (vk_bytes_equal(vk_buf_view(&list->list[i].credential_id),
                           vk_buf_view(&made->credential_id))) {
            return &list->list[i];
        }
    }
    return NULL;
}

START_TEST(test_list) {
    vk_fido2_made made[3];
    vk_fido2_residents list;
    vk_error err = {0};
    begin_logged_in(&f, NULL);
    ck_assert_int_eq(vk_fido2_list(f.fido2, &list, &err), VK_OK);
    ck_assert_uint_eq(list.count, 0);
    vk_fido2_residents_clear(&list);
    vk_fido2_wish wish = usual_wish();
    wish.discoverable = true;
    for (uint8_t i = 0; i < 3; i++) {
        wish.user_id = (vk_bytes){&i, 1};
        wish.rp_id = i == 2 ? "other." RP : RP;
        wish.origin = i == 2 ? "https://other." RP : ORIGIN;
        wish.protect = i + 1;
        make(&f, &wish, &made[i]);
    }
    ck_assert_int_eq(vk_fido2_list(f.fido2, &list, &err), VK_OK);
    ck_assert_uint_eq(list.count, 3);
    for (uint8_t i = 0; i < 3; i++) {
        const vk_fido2_resident *found = find(&list, &made[i]);
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found->rp_id, i == 2 ? "other." RP : RP);
        ck_assert_str_eq(found->user_name, "A user");
        ck_assert_uint_eq(found->user_id.len, 1);
        ck_assert_uint_eq(found->user_id.data[0], i);
        ck_assert_mem_eq(found->point65, made[i].point65, 65);
        ck_assert_int_eq(found->protect, i + 1);
    }
    vk_fido2_residents_clear(&list);
    vk_bytes id = vk_buf_view(&made[1].credential_id);
    ck_assert_int_eq(vk_fido2_delete(f.fido2, id, &err), VK_OK);
    check_failure(vk_fido2_delete(f.fido2, id, &err), &err, VK_ERR_NOT_FOUND,
                  "the credential is not on this security key: it is another one, or was reset");
    ck_assert_int_eq(vk_fido2_list(f.fido2, &list, &err), VK_OK);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_ptr_null(find(&list, &made[1]));
    vk_fido2_residents_clear(&list);
    for (size_t i = 0; i < 3; i++) {
        vk_fido2_made_clear(&made[i]);
    }
    end(&f);
}
END_TEST

/* CTAP 2.0 tokens permit everything; a key without credential management lists nothing. */
START_TEST(test_list_otherwise) {
    vk_fido2_made made;
    vk_fido2_residents list;
    vk_error err = {0};
    begin_logged_in(&f, &(authn_options){.without = AUTHN_PERMISSIONS});
    vk_fido2_wish wish = usual_wish();
    wish.discoverable = true;
    make(&f, &wish, &made);
    ck_assert_int_eq(vk_fido2_list(f.fido2, &list, &err), VK_OK);
    ck_assert_uint_eq(list.count, 1);
    vk_fido2_residents_clear(&list);
    vk_fido2_made_clear(&made);
    vk_fido2_log_out(f.fido2);
    check_failure(vk_fido2_list(f.fido2, &list, &err), &err, VK_ERR_NOT_LOGGED_IN,
                  "the security key wants its PIN");
    check_failure(vk_fido2_delete(f.fido2, (vk_bytes){made.point65, 32}, &err), &err,
                  VK_ERR_NOT_LOGGED_IN, "the security key wants its PIN");
    end(&f);
    begin_logged_in(&f, &(authn_options){.without = AUTHN_CRED_MGMT});
    check_failure(vk_fido2_list(f.fido2, &list, &err), &err, VK_ERR_UNSUPPORTED,
                  "the security key cannot do this");
    ck_assert_uint_eq(list.count, 0);
    end(&f);
}
END_TEST

/* ---- Places ---- */

START_TEST(test_places) {
    vk_fido2_places places = {.count = 0};
    begin(&f, NULL, TOUCH_SECONDS);
    vk_fido2_places_add(&places, f.place);
    vk_fido2_places_add(&places, "unix:/nowhere/at/all");
    vk_fido2_places_add(&places, "/dev/null");
    ck_assert_uint_eq(places.count, 1);
    ck_assert_str_eq(places.list[0].path, f.place);
    ck_assert_ptr_null(places.list[0].product);
    while (places.count < VK_FIDO2_PLACES_MAX) {
        vk_fido2_places_add(&places, f.place);
    }
    vk_fido2_places_add(&places, f.place);
    ck_assert_uint_eq(places.count, VK_FIDO2_PLACES_MAX);
    vk_fido2_places_clear(&places);
    ck_assert_uint_eq(places.count, 0);
    end(&f);
}
END_TEST

/* After it moved, it is there, and nobody is logged in. */
START_TEST(test_move) {
    vk_fido2_info info;
    vk_fido2_made made;
    vk_error err = {0};
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    ck_assert_int_eq(vk_fido2_move(f.fido2, "unix:/nowhere/at/all"), VK_OK);
    check_failure(vk_fido2_get_info(f.fido2, &info, &err), &err, VK_ERR_REMOVED,
                  "the security key is gone");
    ck_assert_int_eq(vk_fido2_move(f.fido2, f.place), VK_OK);
    check_failure(vk_fido2_make(f.fido2, &wish, &made, &err), &err, VK_ERR_NOT_LOGGED_IN,
                  "the security key wants its PIN");
    log_in(&f, PIN);
    make(&f, &wish, &made);
    vk_fido2_made_clear(&made);
    ck_assert_int_eq(vk_fido2_move(f.fido2, "/dev/null"), VK_OK);
    ck_assert_int_ne(vk_fido2_get_info(f.fido2, &info, &err), VK_OK);
    end(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fido2");
    TCase *tests = tcase_create("credentials");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_info);
    tcase_add_loop_test(tests, test_plain, 0, KINDS);
    tcase_add_loop_test(tests, test_extensions, 0, KINDS);
    tcase_add_test(tests, test_no_extensions);
    tcase_add_test(tests, test_attestation_root);
    tcase_add_test(tests, test_full);
    tcase_add_test(tests, test_which);
    tcase_add_test(tests, test_list);
    tcase_add_test(tests, test_list_otherwise);
    tcase_add_test(tests, test_places);
    tcase_add_test(tests, test_move);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
