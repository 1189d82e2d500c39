/* Receipts as a PKCS#11 client writes them: a data object that becomes a record. */
#include "token/journal.h"
#include "waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>
#include <valetkey/receipt.h>

/* ---- The object ---- */

/* Of an operation of the SDK's; the JSON, free it with vk_text_free. */
static char *receipt_of(const sdk_key *sdk, int index, uint64_t block) {
    vk_receipt receipt = {.operation = vectors_hash(sdk_operation(sdk, index), "userOpHash"),
                          .chain_id = 31337,
                          .account = vectors_address(sdk->vector, "account"),
                          .success = true,
                          .transaction = {{7}},
                          .block = block,
                          .actual_gas_cost = vk_u256_from_u64(12345),
                          .bundler = "bundler.example"};
    vk_buf json = {0};
    ck_assert_int_eq(vk_receipt_write(&receipt, &json), VK_OK);
    return vk_buf_take_text(&json);
}

static CK_RV write_in(CK_SESSION_HANDLE session, char *label, char *json, CK_BBOOL *on_token,
                      CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data),
                            ATTR(CKA_TOKEN, *on_token),
                            TEXT(CKA_APPLICATION, VK_APPLICATION_RECEIPT),
                            {CKA_LABEL, label, strlen(label)},
                            {CKA_VALUE, json, strlen(json)}};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

static CK_RV write_receipt(const sdk_key *sdk, int index, uint64_t block) {
    CK_OBJECT_HANDLE object;
    char *json = receipt_of(sdk, index, block);
    CK_RV rv = write_in(sdk->session, "sdk", json, &no, &object);
    vk_text_free(json);
    return rv;
}

static int receipts(void) {
    return count_rows("SELECT count(*) FROM journal WHERE event = 10");
}

START_TEST(becomes_a_record) {
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE object;
    char value[VK_RECEIPT_MAX], *json = receipt_of(&sdk, 0, 436);
    uint64_t left = gas_left(&sdk);
    ck_assert_int_eq(write_in(sdk.session, "sdk", json, &yes, &object), CKR_OK);
    ck_assert_int_eq(receipts(), 1);
    ck_assert_uint_eq(gas_left(&sdk), left);
    /* What comes back is the session's, and says what was written. */
    ck_assert(!get_bool(sdk.session, object, CKA_TOKEN));
    CK_ULONG len = get_value(sdk.session, object, CKA_VALUE, value, sizeof value);
    ck_assert_uint_eq(len, strlen(json));
    ck_assert_mem_eq(value, json, len);
    ck_assert_int_eq(f->C_DestroyObject(sdk.session, object), CKR_OK);
    ck_assert_uint_eq(find_application(sdk.session, VK_APPLICATION_RECEIPT, NULL), 0);
    ck_assert_int_eq(receipts(), 1);
    vk_text_free(json);
    done(&sdk);
}
END_TEST

START_TEST(is_found_by_id_as_well) {
    static CK_BYTE id[] = {1, 2, 3};
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE object;
    char *json = receipt_of(&sdk, 0, 436);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data),
                            TEXT(CKA_APPLICATION, VK_APPLICATION_RECEIPT),
                            ATTR(CKA_ID, id),
                            {CKA_VALUE, json, strlen(json)}};
    ck_assert_int_eq(f->C_CreateObject(sdk.session, templ, COUNT(templ), &object),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(f->C_SetAttributeValue(sdk.session, sdk.key, &templ[2], 1), CKR_OK);
    ck_assert_int_eq(f->C_CreateObject(sdk.session, templ, COUNT(templ), &object), CKR_OK);
    ck_assert_int_eq(receipts(), 1);
    vk_text_free(json);
    done(&sdk);
}
END_TEST

START_TEST(is_written_once) {
    sdk_key sdk = enabled_ecdsa();
    ck_assert_int_eq(write_receipt(&sdk, 0, 436), CKR_OK);
    ck_assert_int_eq(write_receipt(&sdk, 0, 436), CKR_OK);
    ck_assert_int_eq(write_receipt(&sdk, 0, 437), CKR_ACTION_PROHIBITED);
    ck_assert_int_eq(receipts(), 1);
    done(&sdk);
}
END_TEST

START_TEST(is_of_what_was_signed) {
    sdk_key sdk = enabled_ecdsa();
    ck_assert_int_eq(write_receipt(&sdk, 1, 436), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(receipts(), 0);
    done(&sdk);
}
END_TEST

START_TEST(is_well_formed) {
    static char *const wrong[] = {"", "{}", "[]", "{\"userOpHash\":\"0x12\"}"};
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE object;
    char *json = receipt_of(&sdk, 0, 436), *chain = strstr(json, "31337");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        ck_assert_int_eq(write_in(sdk.session, "sdk", wrong[i], &no, &object),
                         CKR_ATTRIBUTE_VALUE_INVALID);
    }
    ck_assert_int_eq(write_in(sdk.session, "nobody", json, &no, &object),
                     CKR_TEMPLATE_INCONSISTENT);
    /* Signed for another chain. */
    *chain = '4';
    ck_assert_int_eq(write_in(sdk.session, "sdk", json, &no, &object), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(receipts(), 0);
    vk_text_free(json);
    done(&sdk);
}
END_TEST

/* Like a signature's record: of the user's session, which may be read-only. */
START_TEST(is_the_users) {
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE object;
    char *json = receipt_of(&sdk, 0, 436);
    CK_SESSION_HANDLE reader = open_session("plain", false);
    ck_assert_int_eq(write_in(reader, "sdk", json, &yes, &object), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_Logout(sdk.session), CKR_OK);
    ck_assert_int_eq(write_in(reader, "sdk", json, &no, &object), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(receipts(), 0);
    ck_assert_int_eq(try_login(reader, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(write_in(reader, "sdk", json, &no, &object), CKR_OK);
    ck_assert_int_eq(receipts(), 1);
    vk_text_free(json);
    done(&sdk);
}
END_TEST

/* Copied to the token it would be no record. */
START_TEST(is_not_kept_as_an_object) {
    sdk_key sdk = enabled_ecdsa();
    CK_OBJECT_HANDLE object, copy;
    CK_ATTRIBUTE on_token = ATTR(CKA_TOKEN, yes);
    char *json = receipt_of(&sdk, 0, 436);
    ck_assert_int_eq(write_in(sdk.session, "sdk", json, &no, &object), CKR_OK);
    ck_assert_int_eq(f->C_CopyObject(sdk.session, object, &on_token, 1, &copy),
                     CKR_TEMPLATE_INCONSISTENT);
    vk_text_free(json);
    done(&sdk);
}
END_TEST

/* ---- A token without a journal ---- */

START_TEST(is_no_record_without_a_journal) {
    sdk_key sdk = sdk_ecdsa();
    char **paths;
    size_t count;
    ck_assert_int_eq(vk_home_tokens(getenv("VALETKEY_HOME"), &paths, &count, NULL), VK_OK);
    for (size_t i = 0; i < count; i++) {
        vk_token *token;
        ck_assert_int_eq(vk_token_open(paths[i], &token, NULL), VK_OK);
        ck_assert_int_eq(vk_token_login(token, VK_ROLE_SO, (const uint8_t *)SO_PIN, strlen(SO_PIN)),
                         VK_OK);
        ck_assert_int_eq(vk_token_set_journal(token, VK_JOURNAL_OFF, VK_JOURNAL_MAX_DEFAULT, NULL),
                         VK_OK);
        vk_token_close(token);
    }
    vk_home_free(paths, count);
    int before = count_rows("SELECT count(*) FROM journal");
    ck_assert_int_eq(write_receipt(&sdk, 0, 436), CKR_OK);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal"), before);
    done(&sdk);
}
END_TEST

/* ---- Threads ---- */

#define WRITERS 4

static void *write_again(void *context) {
    const sdk_key *sdk = context;
    sdk_key mine = {.vector = sdk->vector, .session = open_session("plain", true)};
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(write_receipt(&mine, 0, 436), CKR_OK);
    }
    return NULL;
}

START_TEST(several_threads_write_one) {
    sdk_key sdk = enabled_ecdsa();
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_again, &sdk), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(receipts(), 1);
    done(&sdk);
}
END_TEST

Suite *receipt_suite(void) {
    Suite *suite = suite_create("receipts");
    TCase *tests = started_case("receipts");
    tcase_add_test(tests, becomes_a_record);
    tcase_add_test(tests, is_found_by_id_as_well);
    tcase_add_test(tests, is_written_once);
    tcase_add_test(tests, is_of_what_was_signed);
    tcase_add_test(tests, is_well_formed);
    tcase_add_test(tests, is_the_users);
    tcase_add_test(tests, is_not_kept_as_an_object);
    tcase_add_test(tests, is_no_record_without_a_journal);
    tcase_add_test(tests, several_threads_write_one);
    suite_add_tcase(suite, tests);
    return suite;
}
