/*
 * What the number of keys on a token must not change: the work of starting, of finding a key by a
 * name, and of signing. Work is the steps that SQLite's machine makes, which are the same in every
 * run; times are for scripts/scale.sh.
 */
#include "sdk.h"

#include "gate/gate.h"
#include "token/attrs.h"

#include <dlfcn.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

#define FEW 3
#define MANY 300

/* ---- SQLite's steps ---- */

static atomic_uint_fast64_t steps;

/* The module's, too: it takes this one before the library's. */
VK_API int sqlite3_step(sqlite3_stmt *statement) {
    int (*real)(sqlite3_stmt *);
    *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
    int rc = real(statement);
    int made = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    atomic_fetch_add(&steps, (uint_fast64_t)made);
    return rc;
}

static uint64_t take_steps(void) {
    return atomic_exchange(&steps, 0);
}

/* ---- Many keys ---- */

typedef struct names {
    char label[32];
    uint8_t id[8];
} names;

static names names_of(size_t index) {
    names n = {.id = {(uint8_t)(index >> 8), (uint8_t)index, 7}};
    snprintf(n.label, sizeof n.label, "many-%zu", index);
    return n;
}

static vk_status name_key(void *context, size_t index, vk_key_record *record, vk_key_names *out) {
    names *n = context;
    *n = names_of(index);
    const vk_bytes label = {(const uint8_t *)n->label, strlen(n->label)}, id = {n->id, 8};
    vk_buf *halves[] = {&record->private_attrs, &record->public_attrs};
    vk_status status = VK_OK;
    for (size_t i = 0; i < 2 && status == VK_OK; i++) {
        status = vk_attrs_set(halves[i], CKA_LABEL, label);
        status = status == VK_OK ? vk_attrs_set(halves[i], CKA_ID, id) : status;
    }
    *out = (vk_key_names){label, id, label, id};
    return status;
}

static void note_made(void *context, size_t count) {
    (void)context;
    (void)count;
}

static void make_keys(size_t count) {
    const uint8_t *pin = (const uint8_t *)USER_PIN;
    char **paths;
    size_t found;
    names n;
    ck_assert_int_eq(vk_home_tokens(getenv("VALETKEY_HOME"), &paths, &found, NULL), VK_OK);
    ck_assert_uint_eq(found, 2);
    for (size_t i = 0; i < found; i++) {
        const vk_gate_many many = {
            .count = count, .name = name_key, .made = note_made, .context = &n};
        vk_key_record record = {.curve = VK_CURVE_SECP256K1};
        vk_token *token;
        vk_gate *gate;
        ck_assert_int_eq(vk_token_open(paths[i], &token, NULL), VK_OK);
        ck_assert_int_eq(vk_token_login(token, VK_ROLE_USER, pin, strlen(USER_PIN)), VK_OK);
        ck_assert_int_eq(vk_gate_new(token, &gate), VK_OK);
        ck_assert_int_eq(vk_gate_generate_many(gate, &record, &many, NULL), VK_OK);
        vk_key_record_clear(&record);
        vk_gate_free(gate);
        vk_token_close(token);
    }
    vk_home_free(paths, found);
}

/* ---- What is done with a token ---- */

/* Steps of each of the things that clients do. */
typedef struct work {
    uint64_t start, label, id, both, point, info, address, account, sign;
} work;

static uint64_t find_steps(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count,
                           CK_ULONG expected) {
    CK_OBJECT_HANDLE found[8];
    CK_ULONG len;
    take_steps();
    ck_assert_int_eq(f->C_FindObjectsInit(session, templ, count), CKR_OK);
    ck_assert_int_eq(f->C_FindObjects(session, found, 8, &len), CKR_OK);
    uint64_t made = take_steps();
    ck_assert_int_eq(f->C_FindObjectsFinal(session), CKR_OK);
    ck_assert_uint_eq(len, expected);
    return made;
}

static void find_one(CK_SESSION_HANDLE session, work *w) {
    names n = names_of(FEW - 1);
    CK_BYTE point[67], info[88], address[20];
    CK_ATTRIBUTE by_label[] = {ATTR(CKA_CLASS, class_public),
                               {CKA_LABEL, n.label, strlen(n.label)}};
    CK_ATTRIBUTE by_both[] = {by_label[1], ATTR(CKA_ID, n.id)};
    CK_ATTRIBUTE by_point = ATTR(CKA_EC_POINT, point), by_info = ATTR(CKA_PUBLIC_KEY_INFO, info);
    CK_ATTRIBUTE by_address = ATTR(CKA_VALETKEY_ADDRESS, address);
    CK_OBJECT_HANDLE key = find_object(session, CKO_PUBLIC_KEY, n.label);
    get_value(session, key, CKA_EC_POINT, point, sizeof point);
    get_value(session, key, CKA_VALETKEY_ADDRESS, address, sizeof address);
    ck_assert_uint_eq(get_value(session, key, CKA_PUBLIC_KEY_INFO, info, sizeof info), sizeof info);
    w->label = find_steps(session, by_label, 2, 1);
    w->id = find_steps(session, &by_both[1], 1, 2);
    w->both = find_steps(session, by_both, 2, 2);
    w->point = find_steps(session, &by_point, 1, 2);
    w->info = find_steps(session, &by_info, 1, 2);
    w->address = find_steps(session, &by_address, 1, 2);
    CK_ATTRIBUTE of_class[] = {ATTR(CKA_CLASS, class_data), by_address};
    find_steps(session, of_class, 2, 0);
    by_label[1].ulValueLen++;
    find_steps(session, by_label, 2, 0);
}

static void sign_one(CK_SESSION_HANDLE session, work *w) {
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    names n = names_of(FEW - 2);
    CK_OBJECT_HANDLE key = find_object(session, CKO_PRIVATE_KEY, n.label);
    take_steps();
    ck_assert_int_eq(sign_once(session, key, CKM_ECDSA, (vk_bytes){digest, 32}, signature, &len),
                     CKR_OK);
    w->sign = take_steps();
}

/* A grant's account names its key, and no other. */
static void find_account(work *w) {
    sdk_key sdk = sdk_ecdsa();
    CK_BYTE account[20], two[40];
    CK_ATTRIBUTE by_account = ATTR(CKA_VALETKEY_ACCOUNTS, account);
    CK_ATTRIBUTE by_two = ATTR(CKA_VALETKEY_ACCOUNTS, two);
    get_value(sdk.session, sdk.key, CKA_VALETKEY_ACCOUNTS, account, sizeof account);
    memcpy(two, account, 20);
    memcpy(two + 20, account, 20);
    w->account = find_steps(sdk.session, &by_account, 1, 2);
    find_steps(sdk.session, &by_two, 1, 0);
    by_account.ulValueLen = 19;
    find_steps(sdk.session, &by_account, 1, 0);
    cJSON_Delete(sdk.vector);
}

static work work_with(size_t keys) {
    work w;
    fresh_home();
    make_keys(keys);
    take_steps();
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    w.start = take_steps();
    find_one(session, &w);
    sign_one(session, &w);
    find_account(&w);
    stop();
    return w;
}

/* An index that ends behind the key saves a look at the next one. */
#define SLACK 8

START_TEST(work_is_the_same) {
    work few = work_with(FEW), many = work_with(MANY);
    ck_assert_uint_gt(few.start, 0);
    ck_assert_uint_le(many.start, few.start + SLACK);
    ck_assert_uint_le(many.label, few.label + SLACK);
    ck_assert_uint_le(many.id, few.id + SLACK);
    ck_assert_uint_le(many.both, few.both + SLACK);
    ck_assert_uint_le(many.point, few.point + SLACK);
    ck_assert_uint_le(many.info, few.info + SLACK);
    ck_assert_uint_le(many.address, few.address + SLACK);
    ck_assert_uint_le(many.account, few.account + SLACK);
    ck_assert_uint_le(many.sign, few.sign + SLACK);
}
END_TEST

/* ---- Listing ---- */

/* All of them, in more than one go. */
static CK_ULONG count_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count) {
    CK_OBJECT_HANDLE found[256];
    CK_ULONG len, all = 0;
    ck_assert_int_eq(f->C_FindObjectsInit(session, templ, count), CKR_OK);
    do {
        ck_assert_int_eq(f->C_FindObjects(session, found, COUNT(found), &len), CKR_OK);
        all += len;
    } while (len > 0);
    ck_assert_int_eq(f->C_FindObjectsFinal(session), CKR_OK);
    return all;
}

static CK_ULONG list(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_BBOOL is_private) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class), ATTR(CKA_PRIVATE, is_private)};
    return count_all(session, templ, 2);
}

/* Also more than are looked at in one go. */
START_TEST(everything_is_listed) {
    fresh_home();
    make_keys(MANY);
    make_keys(MANY);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_SESSION_HANDLE session = open_session("sudo", true);
    CK_ATTRIBUTE token = ATTR(CKA_TOKEN, yes),
                 data[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_APPLICATION, "valetkey-policy")};
    ck_assert_uint_eq(count_all(session, NULL, 0), 4 * MANY);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_uint_eq(count_all(session, &token, 1), 6 * MANY);
    ck_assert_uint_eq(count_all(session, data, 2), 2 * MANY);
    ck_assert_uint_eq(list(session, CKO_PRIVATE_KEY, CK_TRUE), 2 * MANY);
    ck_assert_uint_eq(list(session, CKO_PRIVATE_KEY, CK_FALSE), 0);
    ck_assert_uint_eq(list(session, CKO_PUBLIC_KEY, CK_FALSE), 2 * MANY);
    ck_assert_uint_eq(list(session, CKO_PUBLIC_KEY, CK_TRUE), 0);
    stop();
}
END_TEST

/* Of keys that nothing but their kind is asked of, nothing but an outline is read. */
START_TEST(listing_reads_no_key) {
    fresh_home();
    make_keys(MANY);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_ATTRIBUTE by_class[] = {ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec),
                               ATTR(CKA_SENSITIVE, yes)};
    CK_ATTRIBUTE by_use[] = {ATTR(CKA_CLASS, class_private), ATTR(CKA_SIGN, yes)};
    take_steps();
    ck_assert_uint_eq(count_all(session, by_class, 3), MANY);
    uint64_t outlines = take_steps();
    ck_assert_uint_eq(count_all(session, by_use, 2), MANY);
    uint64_t keys = take_steps();
    ck_assert_uint_gt(keys, 2 * outlines);
    stop();
}
END_TEST

Suite *scale_suite(void) {
    Suite *suite = suite_create("scale");
    TCase *tcase = tcase_create("scale");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, work_is_the_same);
    tcase_add_test(tcase, everything_is_listed);
    tcase_add_test(tcase, listing_reads_no_key);
    suite_add_tcase(suite, tcase);
    return suite;
}
