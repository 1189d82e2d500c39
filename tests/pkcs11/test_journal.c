/* The journal as a PKCS#11 client makes it. */
#include "support.h"
#include "support/vectors.h"
#include "token/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <valetkey/pkcs11.h>

#define NOBODY 65534

/* Of the token with this label. */
static vk_token *open_token(const char *label, vk_role role) {
    char **paths;
    size_t count;
    vk_token *token = NULL;
    ck_assert_int_eq(vk_home_tokens(getenv("VALETKEY_HOME"), &paths, &count, NULL), VK_OK);
    for (size_t i = 0; i < count; i++) {
        vk_token_info info;
        ck_assert_int_eq(vk_token_open(paths[i], &token, NULL), VK_OK);
        ck_assert_int_eq(vk_token_get_info(token, &info), VK_OK);
        if (strcmp(info.label, label) == 0) {
            break;
        }
        vk_token_close(token);
        token = NULL;
    }
    vk_home_free(paths, count);
    ck_assert_ptr_nonnull(token);
    const char *pin = role == VK_ROLE_SO ? SO_PIN : USER_PIN;
    ck_assert_int_eq(vk_token_login(token, role, (const uint8_t *)pin, strlen(pin)), VK_OK);
    return token;
}

static void set_journal(const char *label, vk_journal_mode mode) {
    vk_token *token = open_token(label, VK_ROLE_SO);
    ck_assert_int_eq(vk_token_set_journal(token, mode, VK_JOURNAL_MAX_DEFAULT, NULL), VK_OK);
    vk_token_close(token);
}

/* ---- What is written ---- */

typedef struct counts {
    int signed_ones, denied, others;
    char form[32], rule[32];
} counts;

static vk_status count_one(void *context, const vk_journal_record *record) {
    counts *c = context;
    c->signed_ones += record->event == VK_EVENT_SIGNED;
    c->denied += record->event == VK_EVENT_DENIED;
    c->others += record->event != VK_EVENT_SIGNED && record->event != VK_EVENT_DENIED;
    snprintf(c->form, sizeof c->form, "%.*s", (int)record->form.len,
             (const char *)record->form.data);
    snprintf(c->rule, sizeof c->rule, "%.*s", (int)record->rule.len,
             (const char *)record->rule.data);
    return VK_OK;
}

static counts count_records(const char *label) {
    counts c = {0};
    vk_journal_check check;
    vk_token *token = open_token(label, VK_ROLE_USER);
    ck_assert_int_eq(vk_journal_each(token, 0, count_one, &c, NULL), VK_OK);
    ck_assert_int_eq(vk_journal_verify(token, NULL, NULL, &check, NULL), VK_OK);
    ck_assert(check.findings == 0 && check.macs_checked && check.anchor_checked);
    vk_token_close(token);
    return c;
}

static CK_RV sign_digest(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
    static const uint8_t digest[32] = {1};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    return sign_once(session, key, CKM_ECDSA, (vk_bytes){digest, sizeof digest}, signature, &len);
}

START_TEST(sudo_keys_as_the_so_says) {
    static const int expected[] = {[VK_JOURNAL_OFF] = 0, [VK_JOURNAL_ON] = 0, [VK_JOURNAL_ALL] = 1};
    for (vk_journal_mode mode = VK_JOURNAL_OFF; mode <= VK_JOURNAL_ALL; mode++) {
        set_journal("sudo", mode);
        int before = count_records("sudo").signed_ones;
        CK_SESSION_HANDLE session = login("sudo", CKU_USER);
        pair keys = GENERATE(session, secp256k1, "k");
        ck_assert_int_eq(sign_digest(session, keys.private_key), CKR_OK);
        ck_assert_int_eq(f->C_Logout(session), CKR_OK);
        ck_assert_int_eq(count_records("sudo").signed_ones, before + expected[mode]);
    }
}
END_TEST

static pair generate_gas(CK_SESSION_HANDLE session) {
    static char policy[] = "[{\"type\":\"gas\",\"allowed\":\"1000\"}]";
    CK_ATTRIBUTE extra = TEXT(CKA_VALETKEY_POLICY, policy);
    const pair_args args = {secp256k1, sizeof secp256k1, "gas", &extra, 1};
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    return keys;
}

/* As pkcs11-tool does it: what is refused at once is tried again in parts. */
START_TEST(a_refusal_tried_again_is_one_record) {
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = generate_gas(session);
    cJSON *vector = vectors_load("session/ecdsa.json");
    const cJSON *op = cJSON_GetArrayItem(vectors_get(vector, "operations"), 0);
    char *text = cJSON_PrintUnformatted(vectors_get(op, "userOp"));
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    vk_bytes data = {(const uint8_t *)text, strlen(text)};
    ck_assert_int_eq(
        sign_once(session, keys.private_key, CKM_VALETKEY_USEROP, data, signature, &len),
        CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(f->C_SignInit(session, &userop, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(session, (CK_BYTE_PTR)text, data.len), CKR_OK);
    ck_assert_int_eq(f->C_SignFinal(session, signature, &len), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(sign_digest(session, keys.private_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    counts c = count_records("plain");
    ck_assert_int_eq(c.denied, 2);
    ck_assert_int_eq(c.signed_ones, 0);
    ck_assert_str_eq(c.form, "digest");
    ck_assert_str_eq(c.rule, "digest");
    free(text);
    cJSON_Delete(vector);
}
END_TEST

/* ---- A token that cannot be written ---- */

static void command(const char *what, const char *path) {
    char text[256];
    snprintf(text, sizeof text, "%s %s", what, path);
    ck_assert_int_eq(system(text), 0);
}

static int try_to_sign(void) {
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
        return 1;
    }
    if (f->C_Initialize(NULL) != CKR_OK) {
        return 2;
    }
    CK_SESSION_HANDLE session;
    if (f->C_OpenSession(slot_of("sudo"), CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK ||
        try_login(session, CKU_USER, USER_PIN) != CKR_OK) {
        return 3;
    }
    CK_RV rv = sign_digest(session, find_object(session, class_private, "k"));
    f->C_Finalize(NULL);
    return rv == CKR_OK ? 10 : rv == CKR_TOKEN_WRITE_PROTECTED ? 11 : 4;
}

/* In a child, since the permissions do not bind root. */
static int sign_read_only(void) {
    const char *home = getenv("VALETKEY_HOME");
    int result;
    command("chmod 0755", "$(dirname $VALETKEY_HOME)");
    command(geteuid() == 0 ? "chown -R 65534:65534" : "true", home);
    command("chmod 0500", home);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(try_to_sign());
    }
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    command("chmod 0700", home);
    command(geteuid() == 0 ? "chown -R 0:0" : "true", home);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

START_TEST(a_read_only_token_signs_without_a_journal) {
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    set_journal("sudo", VK_JOURNAL_ALL);
    ck_assert_int_eq(sign_read_only(), 11);
    set_journal("sudo", VK_JOURNAL_OFF);
    ck_assert_int_eq(sign_read_only(), 10);
}
END_TEST

Suite *journal_suite(void) {
    Suite *suite = suite_create("journal");
    TCase *tests = started_case("the journal");
    tcase_add_test(tests, sudo_keys_as_the_so_says);
    tcase_add_test(tests, a_refusal_tried_again_is_one_record);
    suite_add_tcase(suite, tests);
    TCase *bare = tcase_create("read-only tokens");
    tcase_set_timeout(bare, 120);
    tcase_add_checked_fixture(bare, fresh_home, remove_home);
    tcase_add_test(bare, a_read_only_token_signs_without_a_journal);
    suite_add_tcase(suite, bare);
    return suite;
}
