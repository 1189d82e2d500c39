#include "support.h"
#include "token/token.h"

#include <dlfcn.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CK_FUNCTION_LIST *f;
void *module;

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
CK_OBJECT_CLASS class_data = CKO_DATA, class_public = CKO_PUBLIC_KEY,
                class_private = CKO_PRIVATE_KEY, class_certificate = CKO_CERTIFICATE;
CK_KEY_TYPE type_ec = CKK_EC;
CK_BYTE secp256k1[7] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
CK_BYTE p256[10] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static char template_home[64], home[64];

/* ---- Homes ---- */

/* Outside of a test, where check's own assertions cannot be used. */
static void need(bool held, const char *what) {
    if (!held) {
        fprintf(stderr, "cannot prepare the tests: %s\n", what);
        abort();
    }
}

const char *module_path(void) {
    static char path[4096];
    const char *build = getenv("VK_TEST_BUILDDIR");
    snprintf(path, sizeof path, "%s/.libs/valetkey-pkcs11.so", build != NULL ? build : ".");
    return path;
}

static void load(void) {
    module = dlopen(module_path(), RTLD_NOW | RTLD_LOCAL);
    need(module != NULL, "the module cannot be loaded");
    CK_C_GetFunctionList get_list;
    *(void **)&get_list = dlsym(module, "C_GetFunctionList");
    need(get_list != NULL && get_list(&f) == CKR_OK, "C_GetFunctionList");
}

static void make_token(const char *label, bool default_sudo) {
    const vk_token_new args = {.label = label,
                               .so_pin = (const uint8_t *)SO_PIN,
                               .so_pin_len = strlen(SO_PIN),
                               .default_sudo = default_sudo};
    vk_error err = {0};
    vk_token *token;
    const uint8_t *so_pin = (const uint8_t *)SO_PIN, *user_pin = (const uint8_t *)USER_PIN;
    need(vk_token_create(template_home, &args, &token, &err) == VK_OK, err.message);
    need(vk_token_login(token, VK_ROLE_SO, so_pin, strlen(SO_PIN)) == VK_OK, "vk_token_login");
    need(vk_token_init_user_pin(token, user_pin, strlen(USER_PIN)) == VK_OK, "the user's PIN");
    vk_token_close(token);
}

static void make_directory(char *path, size_t len) {
    snprintf(path, len, "/tmp/vk-pkcs11-XXXXXX");
    need(mkdtemp(path) != NULL, "mkdtemp");
}

static void run(const char *format, const char *a, const char *b) {
    char command[256];
    snprintf(command, sizeof command, "%s %s %s", format, a, b);
    need(system(command) == 0, command);
}

void make_template_home(void) {
    load();
    make_directory(template_home, sizeof template_home);
    make_token("plain", false);
    make_token("sudo", true);
}

void remove_template_home(void) {
    run("rm -rf", template_home, "");
}

/* Each copy has an anchor of its own: to the others' it would be a backup that was put back. */
void fresh_home(void) {
    char anchors[80];
    make_directory(home, sizeof home);
    run("cp -a", template_home, home);
    snprintf(anchors, sizeof anchors, "%s/anchors", home);
    need(setenv("VALETKEY_ANCHOR_DIR", anchors, 1) == 0, "setenv");
    strcat(home, strrchr(template_home, '/'));
    need(setenv("VALETKEY_HOME", home, 1) == 0, "setenv");
}

void remove_home(void) {
    *strrchr(home, '/') = '\0';
    run("rm -rf", home, "");
}

void start(void) {
    fresh_home();
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
}

void stop(void) {
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    remove_home();
}

TCase *started_case(const char *name) {
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 120);
    return tcase;
}

/* ---- Tokens and sessions ---- */

CK_SLOT_ID slot_of(const char *label) {
    CK_SLOT_ID slots[16];
    CK_ULONG count = COUNT(slots);
    CK_UTF8CHAR padded[32];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        ck_assert_int_eq(f->C_GetTokenInfo(slots[i], &info), CKR_OK);
        if (memcmp(info.label, padded, sizeof padded) == 0) {
            return slots[i];
        }
    }
    ck_abort_msg("no token has the label %s", label);
    return 0;
}

CK_FLAGS token_flags(const char *label) {
    CK_TOKEN_INFO info;
    ck_assert_int_eq(f->C_GetTokenInfo(slot_of(label), &info), CKR_OK);
    return info.flags;
}

CK_SESSION_HANDLE open_session(const char *label, bool rw) {
    CK_SESSION_HANDLE session;
    CK_FLAGS flags = CKF_SERIAL_SESSION | (rw ? CKF_RW_SESSION : 0);
    ck_assert_int_eq(f->C_OpenSession(slot_of(label), flags, NULL, NULL, &session), CKR_OK);
    return session;
}

CK_RV try_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin) {
    return f->C_Login(session, user, (CK_UTF8CHAR_PTR)pin, strlen(pin));
}

CK_SESSION_HANDLE login(const char *label, CK_USER_TYPE user) {
    CK_SESSION_HANDLE session = open_session(label, true);
    ck_assert_int_eq(try_login(session, user, user == CKU_SO ? SO_PIN : USER_PIN), CKR_OK);
    return session;
}

/* ---- Objects ---- */

CK_RV try_generate(CK_SESSION_HANDLE session, const pair_args *args, pair *out) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE label = {CKA_LABEL, (void *)args->label, strlen(args->label)};
    CK_ATTRIBUTE public_templ[] = {ATTR(CKA_CLASS, class_public),
                                   ATTR(CKA_TOKEN, yes),
                                   ATTR(CKA_VERIFY, yes),
                                   ATTR(CKA_DERIVE, yes),
                                   ATTR(CKA_KEY_TYPE, type_ec),
                                   ATTR(CKA_PRIVATE, no),
                                   label,
                                   {CKA_EC_PARAMS, NULL, 0}};
    public_templ[7].pValue = args->curve;
    public_templ[7].ulValueLen = args->curve_len;
    CK_ATTRIBUTE private_templ[16] = {ATTR(CKA_CLASS, class_private),
                                      ATTR(CKA_TOKEN, yes),
                                      ATTR(CKA_PRIVATE, yes),
                                      ATTR(CKA_SENSITIVE, yes),
                                      ATTR(CKA_SIGN, yes),
                                      ATTR(CKA_DERIVE, yes),
                                      ATTR(CKA_KEY_TYPE, type_ec),
                                      label};
    CK_ULONG count = 8;
    for (CK_ULONG i = 0; i < args->extra_count; i++) {
        private_templ[count++] = args->extra[i];
    }
    return f->C_GenerateKeyPair(session, &mechanism, public_templ, COUNT(public_templ),
                                private_templ, count, &out->public_key, &out->private_key);
}

pair generate(CK_SESSION_HANDLE session, CK_BYTE *curve, CK_ULONG curve_len, const char *label) {
    const pair_args args = {.curve = curve, .curve_len = curve_len, .label = label};
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    return keys;
}

CK_ULONG find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count,
                  CK_OBJECT_HANDLE *first) {
    CK_OBJECT_HANDLE found[64];
    CK_ULONG found_count;
    ck_assert_int_eq(f->C_FindObjectsInit(session, templ, count), CKR_OK);
    ck_assert_int_eq(f->C_FindObjects(session, found, COUNT(found), &found_count), CKR_OK);
    ck_assert_int_eq(f->C_FindObjectsFinal(session), CKR_OK);
    if (first != NULL) {
        *first = found_count > 0 ? found[0] : CK_INVALID_HANDLE;
    }
    return found_count;
}

CK_OBJECT_HANDLE find_object(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class), {CKA_LABEL, (void *)label, strlen(label)}};
    CK_OBJECT_HANDLE object;
    ck_assert_int_eq(find_all(session, templ, COUNT(templ), &object), 1);
    return object;
}

CK_ULONG get_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                   void *out, CK_ULONG max) {
    CK_ATTRIBUTE templ = {type, out, max};
    ck_assert_int_eq(f->C_GetAttributeValue(session, object, &templ, 1), CKR_OK);
    return templ.ulValueLen;
}

bool get_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_BBOOL value = 0xff;
    ck_assert_int_eq(get_value(session, object, type, &value, sizeof value), 1);
    return value == CK_TRUE;
}

CK_RV get_rv(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE templ = {type, NULL, 0};
    return f->C_GetAttributeValue(session, object, &templ, 1);
}

CK_RV write_data(CK_SESSION_HANDLE session, const char *application, const char *label,
                 const char *value, CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data),
                            ATTR(CKA_TOKEN, yes),
                            {CKA_APPLICATION, (void *)application, strlen(application)},
                            {CKA_LABEL, (void *)label, strlen(label)},
                            {CKA_VALUE, (void *)value, strlen(value)}};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

static void each_token(const char *sql, sqlite3_callback row, void *context) {
    char pattern[512];
    glob_t files;
    snprintf(pattern, sizeof pattern, "%s/*.db", getenv("VALETKEY_HOME"));
    ck_assert_int_eq(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        sqlite3 *db;
        ck_assert_int_eq(sqlite3_open(files.gl_pathv[i], &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db, sql, row, context, NULL), SQLITE_OK);
        sqlite3_close(db);
    }
    globfree(&files);
}

void edit_tokens(const char *sql) {
    each_token(sql, NULL, NULL);
}

static int add_value(void *sum, int count, char **values, char **names) {
    (void)count;
    (void)names;
    *(int *)sum += atoi(values[0]);
    return 0;
}

int count_rows(const char *sql) {
    int sum = 0;
    each_token(sql, add_value, &sum);
    return sum;
}

CK_RV sign_once(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism,
                vk_bytes data, CK_BYTE *signature, CK_ULONG *len) {
    CK_MECHANISM wanted = {mechanism, NULL, 0};
    CK_RV rv = f->C_SignInit(session, &wanted, key);
    return rv != CKR_OK ? rv : f->C_Sign(session, (CK_BYTE_PTR)data.data, data.len, signature, len);
}

/* ---- What stands on standard error ---- */

static FILE *caught;
static int stderr_before;

void catch_errors(void) {
    caught = tmpfile();
    ck_assert_ptr_nonnull(caught);
    stderr_before = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(fileno(caught), STDERR_FILENO), 0);
}

const char *errors(void) {
    static char text[1 << 17];
    ck_assert_int_ge(dup2(stderr_before, STDERR_FILENO), 0);
    close(stderr_before);
    rewind(caught);
    text[fread(text, 1, sizeof text - 1, caught)] = '\0';
    fclose(caught);
    return text;
}
