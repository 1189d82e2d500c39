/*
 * Made once, for it is dear. What an input leaves behind is destroyed after it; what only grows
 * (the journal, handles) is bounded by starting over with another token now and then.
 */
#include "calls_token.h"
#include "fuzz.h"

#include <dlfcn.h>
#include <unistd.h>

#define INPUTS_MAX 3000

static calls_token token;
static char home[64];
static unsigned inputs;

static void must(CK_RV rv) {
    if (rv != CKR_OK) {
        fprintf(stderr, "calls: 0x%lx\n", rv);
    }
    FUZZ_REQUIRE(rv == CKR_OK);
}

/* ---- A home ---- */

static void remove_home(void) {
    char command[sizeof home + 16];
    snprintf(command, sizeof command, "rm -rf %s", home);
    if (home[0] != '\0' && system(command) != 0) {
        fprintf(stderr, "calls: %s stays\n", home);
    }
    home[0] = '\0';
}

static void set_path(const char *variable, const char *name) {
    char path[sizeof home + 16];
    snprintf(path, sizeof path, "%s/%s", home, name);
    FUZZ_REQUIRE(setenv(variable, path, 1) == 0);
}

/* In memory if there is such a place: every change is made durable. */
static void make_home(void) {
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(home, sizeof home, "%s/vk-fuzz-XXXXXX", place);
    FUZZ_REQUIRE(mkdtemp(home) != NULL);
    set_path("VALETKEY_HOME", "tokens");
    set_path("VALETKEY_ANCHOR_DIR", "anchors");
}

/* ---- The module ---- */

static void load(void) {
    const char *build = getenv("VK_TEST_BUILDDIR");
    char path[4096];
    CK_VERSION version = {3, 0};
    CK_INTERFACE *interface;
    CK_C_GetInterface get;
    snprintf(path, sizeof path, "%s/.libs/valetkey-pkcs11.so", build != NULL ? build : ".");
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    FUZZ_REQUIRE(module != NULL);
    *(void **)&get = dlsym(module, "C_GetInterface");
    FUZZ_REQUIRE(get != NULL && get(NULL, &version, &interface, 0) == CKR_OK);
    token.f = interface->pFunctionList;
}

static CK_RV log_in(CK_USER_TYPE user) {
    CK_UTF8CHAR so[] = CALLS_SO_PIN, pin[] = CALLS_USER_PIN;
    return user == CKU_SO ? token.f->C_Login(token.home, user, so, sizeof so - 1)
                          : token.f->C_Login(token.home, user, pin, sizeof pin - 1);
}

static void open_home(void) {
    const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    must(token.f->C_OpenSession(token.slot, flags, NULL, NULL, &token.home));
}

static void make_key(CK_BYTE *oid, CK_ULONG oid_len) {
    static char sudo[] = "[{\"type\":\"sudo\"}]", label[] = "fuzz";
    CK_BBOOL yes = CK_TRUE;
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_templ[] = {{CKA_EC_PARAMS, oid, oid_len},
                                   {CKA_TOKEN, &yes, sizeof yes},
                                   {CKA_LABEL, label, sizeof label - 1}};
    CK_ATTRIBUTE private_templ[] = {{CKA_TOKEN, &yes, sizeof yes},
                                    {CKA_LABEL, label, sizeof label - 1},
                                    {CKA_DERIVE, &yes, sizeof yes},
                                    {CKA_VALETKEY_POLICY, sudo, sizeof sudo - 1}};
    CK_OBJECT_HANDLE keys[2];
    must(token.f->C_GenerateKeyPair(token.home, &mechanism, public_templ, 3, private_templ, 4,
                                    &keys[0], &keys[1]));
}

static void make_keys(void) {
    CK_BYTE secp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    make_key(secp256k1, sizeof secp256k1);
    make_key(p256, sizeof p256);
}

/* Two halves of two keys, and the policy of each: known again by what they say of themselves, for
 * the handle of a private object is another one with each login. */
#define ORIGINALS 6

static vk_hash originals[ORIGINALS];

static void put_attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    CK_BYTE value[1024];
    CK_ATTRIBUTE attribute = {type, value, sizeof value};
    CK_RV rv = token.f->C_GetAttributeValue(token.home, object, &attribute, 1);
    vk_buf_put(out, &type, sizeof type);
    vk_buf_put(out, &attribute.ulValueLen, sizeof attribute.ulValueLen);
    vk_buf_put(out, value, rv == CKR_OK ? attribute.ulValueLen : 0);
}

/* Of what is its own, and of all that an input may set. */
static vk_hash print_of(CK_OBJECT_HANDLE object) {
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS,          CKA_UNIQUE_ID,
                                              CKA_LABEL,          CKA_ID,
                                              CKA_SUBJECT,        CKA_VALUE,
                                              CKA_SIGN,           CKA_VERIFY,
                                              CKA_DERIVE,         CKA_PRIVATE,
                                              CKA_COPYABLE,       CKA_MODIFIABLE,
                                              CKA_TRUSTED,        CKA_OBJECT_ID,
                                              CKA_EC_POINT,       CKA_DESTROYABLE,
                                              CKA_LOCAL,          CKA_SENSITIVE,
                                              CKA_TOKEN,          CKA_END_DATE,
                                              CKA_APPLICATION,    CKA_ALLOWED_MECHANISMS,
                                              CKA_VALETKEY_POLICY};
    vk_buf all = {0};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        put_attribute(object, types[i], &all);
    }
    FUZZ_REQUIRE(vk_buf_status(&all) == VK_OK);
    vk_hash hash = vk_keccak256(vk_buf_view(&all));
    vk_buf_clear(&all);
    return hash;
}

static CK_ULONG find_all(CK_OBJECT_HANDLE *found, CK_ULONG max) {
    CK_ULONG count = 0;
    must(token.f->C_FindObjectsInit(token.home, NULL, 0));
    must(token.f->C_FindObjects(token.home, found, max, &count));
    must(token.f->C_FindObjectsFinal(token.home));
    return count;
}

/* The one slot of a new home is the uninitialized token's. */
static void make_token(void) {
    CK_UTF8CHAR so[] = CALLS_SO_PIN, pin[] = CALLS_USER_PIN, label[32];
    CK_ULONG count = 1;
    memset(label, ' ', sizeof label);
    must(token.f->C_Initialize(NULL));
    must(token.f->C_GetSlotList(CK_TRUE, &token.slot, &count));
    must(token.f->C_InitToken(token.slot, so, sizeof so - 1, label));
    open_home();
    must(log_in(CKU_SO));
    must(token.f->C_InitPIN(token.home, pin, sizeof pin - 1));
    must(token.f->C_Logout(token.home));
    must(log_in(CKU_USER));
    make_keys();
    CK_OBJECT_HANDLE made[ORIGINALS];
    FUZZ_REQUIRE(find_all(made, ORIGINALS) == ORIGINALS);
    for (size_t i = 0; i < ORIGINALS; i++) {
        originals[i] = print_of(made[i]);
    }
}

static void finish(void) {
    (void)token.f->C_Finalize(NULL);
    remove_home();
}

static void start_over(void) {
    finish();
    make_home();
    make_token();
    must(token.f->C_CloseAllSessions(token.slot));
}

/* The module has an exit handler of its own, which is to run after ours. */
static void start(void) {
    load();
    start_over();
    FUZZ_REQUIRE(atexit(finish) == 0);
}

calls_token *calls_token_ready(void) {
    if (token.f == NULL) {
        start();
    } else if (inputs >= INPUTS_MAX) {
        inputs = 0;
        start_over();
    }
    inputs++;
    open_home();
    must(log_in(CKU_USER));
    return &token;
}

/* ---- Afterwards ---- */

static bool is_original(CK_OBJECT_HANDLE object) {
    vk_hash print = print_of(object);
    for (size_t i = 0; i < ORIGINALS; i++) {
        if (memcmp(originals[i].b, print.b, sizeof print.b) == 0) {
            return true;
        }
    }
    return false;
}

/* Destroys what is not an original; false if one of those is missing or was changed, or something
 * stays. */
static bool sweep(void) {
    CK_OBJECT_HANDLE found[256];
    CK_ULONG count = find_all(found, 256);
    for (CK_ULONG i = 0; i < count; i++) {
        if (!is_original(found[i])) {
            (void)token.f->C_DestroyObject(token.home, found[i]);
        }
    }
    return find_all(found, 256) == ORIGINALS;
}

/* Nobody stays logged in: the leak checker does not look into the locked memory of a login. */
void calls_token_restore(calls_token *t) {
    must(t->f->C_CloseAllSessions(t->slot));
    open_home();
    /* Wrong PINs are forgotten with the right one. */
    must(log_in(CKU_SO));
    must(t->f->C_Logout(t->home));
    must(log_in(CKU_USER));
    if (!sweep()) {
        inputs = INPUTS_MAX;
    }
    must(t->f->C_CloseAllSessions(t->slot));
}
