/* Each thing that the authenticator can be told to do wrong: what is made of it, that nothing of it
 * is given out, and that the authenticator is good for the next question. */
#include "keys/support.h"

#include <string.h>
#include <valetkey/eth.h>

static fixture f;

#define WRONG "the answer of the security key is wrong: "
#define NO_MESSAGE "what the security key sends is no message of CTAP"
#define NO_CBOR WRONG "it is not the CBOR of CTAP2"
#define GONE "the security key is gone"
#define SILENT "the security key does not answer"
#define BUSY "the security key does not answer as it should: another program may be using it"
#define STRANGE "the security key does not do what it was asked: status 0xe7, FIDO_ERR_UNKNOWN"
#define UNTOUCHED "the security key was not touched in time"

static bool is_zero(const void *data, size_t len) {
    const uint8_t *bytes = data;
    uint8_t all = 0;
    for (size_t i = 0; i < len; i++) {
        all |= bytes[i];
    }
    return all == 0;
}

static void check(vk_status status, const vk_error *err, vk_status expected, const char *sentence) {
    if (expected == VK_OK) {
        ck_assert_msg(status == VK_OK, "%s", err->message);
    } else {
        check_failure(status, err, expected, sentence);
    }
}

/* It is logged in to, and waits a second at most for the stalled. */
static void begin_impatient(vk_fido2_made *made) {
    vk_fido2_wish wish = usual_wish();
    begin(&f, &(authn_options){.pin = PIN}, 1);
    log_in(&f, PIN);
    make(&f, &wish, made);
}

static void behave(void) {
    authn_misbehave(f.device, 0);
    ck_assert(authn_plug(f.device));
}

/* ---- Creations and assertions ---- */

static const struct {
    uint32_t mistake;
    vk_status made;
    const char *made_sentence;
    vk_status asked;
    const char *asked_sentence;
} mistakes[] = {
    /* The counter is compared with what is kept of it, by who keeps it. */
    {AUTHN_COUNTER_BACK, VK_OK, "", VK_OK, ""},
    {AUTHN_COUNTER_STAYS, VK_OK, "", VK_OK, ""},
    {AUTHN_WRONG_RP_ID, VK_ERR_DEVICE, WRONG "rpIdHash is not that of \"valetkey.test\"",
     VK_ERR_DEVICE, WRONG "rpIdHash is not that of \"valetkey.test\""},
    {AUTHN_NO_UP, VK_ERR_DEVICE, WRONG "the user was not present (flag UP)", VK_ERR_DEVICE,
     WRONG "the user was not present (flag UP)"},
    {AUTHN_NO_UV, VK_ERR_DEVICE, WRONG "the user was not verified (flag UV)", VK_ERR_DEVICE,
     WRONG "the user was not verified (flag UV)"},
    {AUTHN_BS_WITHOUT_BE, VK_ERR_DEVICE, WRONG "backed up (flag BS) but not eligible (flag BE)",
     VK_ERR_DEVICE, WRONG "backed up (flag BS) but not eligible (flag BE)"},
    {AUTHN_OFF_CURVE, VK_ERR_DEVICE, WRONG "the public key is not a point of P-256", VK_OK, ""},
    {AUTHN_HIGH_S, VK_OK, "", VK_OK, ""}, /* folded, which ask() checks */
    {AUTHN_WRONG_KEY, VK_OK, "", VK_ERR_DEVICE,
     WRONG "the signature is not one of the credential's key"},
    {AUTHN_BAD_ATTESTATION, VK_ERR_DEVICE,
     WRONG "the attestation signature is not one of the credential's key", VK_OK, ""},
    /* Of a new credential, nobody knows the right id. */
    {AUTHN_WRONG_ID, VK_OK, "", VK_ERR_DEVICE, WRONG "it is of another credential"},
    {AUTHN_GARBAGE, VK_ERR_DEVICE, NO_CBOR, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_TRUNCATED, VK_ERR_DEVICE, NO_CBOR, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_INDEFINITE, VK_ERR_DEVICE, NO_CBOR, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_LONG_REPLY, VK_ERR_DEVICE, NO_MESSAGE, VK_ERR_DEVICE, NO_MESSAGE},
    {AUTHN_UNPLUG, VK_ERR_REMOVED, GONE, VK_ERR_REMOVED, GONE},
    {AUTHN_STALL, VK_ERR_CANCELED, UNTOUCHED, VK_ERR_CANCELED, UNTOUCHED},
    {AUTHN_WRONG_ERROR, VK_ERR_DEVICE, STRANGE, VK_ERR_DEVICE, STRANGE},
    /* Not even opened is it then. */
    {AUTHN_GARBAGE | AUTHN_EVERYWHERE, VK_ERR_DEVICE, NO_CBOR, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_TRUNCATED | AUTHN_EVERYWHERE, VK_ERR_DEVICE, NO_CBOR, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_INDEFINITE | AUTHN_EVERYWHERE, VK_ERR_DEVICE, NO_CBOR, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_LONG_REPLY | AUTHN_EVERYWHERE, VK_ERR_BUSY, BUSY, VK_ERR_BUSY, BUSY},
    {AUTHN_UNPLUG | AUTHN_EVERYWHERE, VK_ERR_REMOVED, GONE, VK_ERR_REMOVED, GONE},
    {AUTHN_STALL | AUTHN_EVERYWHERE, VK_ERR_DEVICE, SILENT, VK_ERR_DEVICE, SILENT},
    {AUTHN_WRONG_ERROR | AUTHN_EVERYWHERE, VK_ERR_DEVICE, STRANGE, VK_ERR_DEVICE, STRANGE},
};
#define MISTAKES ((int)(sizeof mistakes / sizeof mistakes[0]))

START_TEST(test_make) {
    vk_fido2_made good, made;
    vk_fido2_answer answer;
    vk_error err = {0};
    vk_fido2_wish wish = usual_wish();
    begin_impatient(&good);
    authn_misbehave(f.device, mistakes[_i].mistake);
    memset(&made, 0xa5, sizeof made);
    vk_status status = vk_fido2_make(f.fido2, &wish, &made, &err);
    check(status, &err, mistakes[_i].made, mistakes[_i].made_sentence);
    ck_assert(is_zero(&made, sizeof made) == (status != VK_OK));
    behave();
    if (status == VK_OK && mistakes[_i].mistake != AUTHN_WRONG_ID) {
        ck_assert_msg(ask(&f, &made, &answer, &err) == VK_OK, "%s", err.message);
    }
    vk_fido2_made_clear(&made);
    make(&f, &wish, &made);
    vk_fido2_made_clear(&made);
    vk_fido2_made_clear(&good);
    end(&f);
}
END_TEST

START_TEST(test_assert) {
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_error err;
    begin_impatient(&made);
    authn_misbehave(f.device, mistakes[_i].mistake);
    memset(&answer, 0xa5, sizeof answer);
    vk_status status = ask(&f, &made, &answer, &err);
    check(status, &err, mistakes[_i].asked, mistakes[_i].asked_sentence);
    ck_assert(is_zero(&answer, sizeof answer) == (status != VK_OK));
    behave();
    ck_assert_msg(ask(&f, &made, &answer, &err) == VK_OK, "%s", err.message);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* ---- Counters, blobs, ids ---- */

START_TEST(test_counter) {
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_error err;
    begin_impatient(&made);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    uint32_t last = answer.sign_count;
    authn_misbehave(f.device, AUTHN_COUNTER_STAYS);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    ck_assert_uint_eq(answer.sign_count, last);
    authn_misbehave(f.device, AUTHN_COUNTER_BACK);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    ck_assert_uint_eq(answer.sign_count, last - 1);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* What was signed is given, which is not what the key was made with. */
START_TEST(test_blob) {
    const vk_hash blob = {{4, 5, 6}};
    vk_fido2_made made;
    vk_fido2_answer answer;
    asked a;
    begin_logged_in(&f, NULL);
    vk_fido2_wish wish = usual_wish();
    wish.blob = &blob;
    wish.discoverable = true;
    make(&f, &wish, &made);
    ask_begin(&a, &made);
    a.question.with_blob = true;
    authn_misbehave(f.device, AUTHN_WRONG_BLOB);
    ck_assert_int_eq(vk_fido2_assert(f.fido2, &a.question, &answer, NULL), VK_OK);
    check_answer(&a, &made, &answer);
    ck_assert(answer.has_blob);
    ck_assert_mem_ne(answer.blob.b, blob.b, sizeof blob.b);
    ask_end(&a);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_made_with_wrong_id) {
    vk_fido2_made good, made;
    vk_fido2_answer answer;
    vk_error err;
    vk_fido2_wish wish = usual_wish();
    begin_impatient(&good);
    authn_misbehave(f.device, AUTHN_WRONG_ID);
    make(&f, &wish, &made);
    behave();
    check_failure(ask(&f, &made, &answer, &err), &err, VK_ERR_NOT_FOUND,
                  "the credential is not on this security key: it is another one, or was reset");
    vk_fido2_made_clear(&made);
    vk_fido2_made_clear(&good);
    end(&f);
}
END_TEST

/* Of another credential: it is not the one that was asked about. */
START_TEST(test_which) {
    vk_fido2_made made;
    size_t index;
    begin_impatient(&made);
    const vk_bytes id = vk_buf_view(&made.credential_id);
    authn_misbehave(f.device, AUTHN_WRONG_ID);
    ck_assert_int_eq(vk_fido2_which(f.fido2, RP, &id, 1, &index, NULL), VK_OK);
    ck_assert_uint_eq(index, 1);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_proves) {
    static const uint32_t wrong[] = {AUTHN_WRONG_KEY, AUTHN_WRONG_RP_ID, AUTHN_GARBAGE};
    vk_fido2_made made;
    bool is = false;
    begin_impatient(&made);
    const vk_bytes id = vk_buf_view(&made.credential_id);
    ck_assert_int_eq(vk_fido2_proves(f.fido2, RP, id, made.point65, &is, NULL), VK_OK);
    ck_assert(is);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        authn_misbehave(f.device, wrong[i]);
        vk_status status = vk_fido2_proves(f.fido2, RP, id, made.point65, &is, NULL);
        ck_assert_int_eq(status == VK_OK, wrong[i] != AUTHN_GARBAGE);
        ck_assert(!is);
    }
    authn_misbehave(f.device, 0);
    ck_assert_int_eq(vk_fido2_proves(f.fido2, "another.test", id, made.point65, &is, NULL), VK_OK);
    ck_assert(!is);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* ---- All other functions, when nothing is answered as it should be ---- */

static const uint8_t pin[] = {'1', '2', '3', '4', '-', 'p', 'i', 'n'};

static vk_status do_get_info(vk_error *err) {
    vk_fido2_info info;
    memset(&info, 0xa5, sizeof info);
    vk_status status = vk_fido2_get_info(f.fido2, &info, err);
    ck_assert(is_zero(&info, sizeof info));
    return status;
}
static vk_status do_log_in(vk_error *err) {
    return vk_fido2_log_in(f.fido2, pin, sizeof pin, err);
}
static vk_status do_check_pin(vk_error *err) {
    return vk_fido2_check_pin(f.fido2, pin, sizeof pin, err);
}
static vk_status do_set_pin(vk_error *err) {
    return vk_fido2_set_pin(f.fido2, pin, sizeof pin, (const uint8_t *)"2468", 4, err);
}
static vk_status do_reset(vk_error *err) {
    return vk_fido2_reset(f.fido2, err);
}
static vk_status do_which(vk_error *err) {
    const vk_bytes id = {pin, sizeof pin};
    size_t index;
    vk_status status = vk_fido2_which(f.fido2, RP, &id, 1, &index, err);
    ck_assert_uint_eq(index, 1);
    return status;
}
static vk_status do_list(vk_error *err) {
    vk_fido2_residents list;
    vk_status status = vk_fido2_list(f.fido2, &list, err);
    ck_assert(list.list == NULL && list.count == 0);
    return status;
}
static vk_status do_delete(vk_error *err) {
    return vk_fido2_delete(f.fido2, (vk_bytes){pin, sizeof pin}, err);
}

static vk_status (*const functions[])(vk_error *) = {
    do_get_info, do_log_in, do_check_pin, do_set_pin, do_reset, do_which, do_list, do_delete,
};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

static const struct {
    uint32_t mistake;
    vk_status status;
    const char *sentence;
} everywhere[] = {
    {AUTHN_GARBAGE, VK_ERR_DEVICE, NO_CBOR},     {AUTHN_TRUNCATED, VK_ERR_DEVICE, NO_CBOR},
    {AUTHN_INDEFINITE, VK_ERR_DEVICE, NO_CBOR},  {AUTHN_LONG_REPLY, VK_ERR_BUSY, BUSY},
    {AUTHN_WRONG_ERROR, VK_ERR_DEVICE, STRANGE}, {AUTHN_UNPLUG, VK_ERR_REMOVED, GONE},
};

START_TEST(test_everywhere) {
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_error err;
    begin_impatient(&made);
    for (size_t i = 0; i < FUNCTIONS; i++) {
        authn_misbehave(f.device, everywhere[_i].mistake | AUTHN_EVERYWHERE);
        err = (vk_error){0};
        check_failure(functions[i](&err), &err, everywhere[_i].status, everywhere[_i].sentence);
        behave();
    }
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK); /* nothing has changed */
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fido2_mistakes");
    TCase *tests = tcase_create("mistakes");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, test_make, 0, MISTAKES);
    tcase_add_loop_test(tests, test_assert, 0, MISTAKES);
    tcase_add_test(tests, test_counter);
    tcase_add_test(tests, test_blob);
    tcase_add_test(tests, test_made_with_wrong_id);
    tcase_add_test(tests, test_which);
    tcase_add_test(tests, test_proves);
    tcase_add_loop_test(tests, test_everywhere, 0, (int)(sizeof everywhere / sizeof everywhere[0]));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
