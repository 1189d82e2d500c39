#include "client.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const CK_BYTE secp256k1_oid[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
static const CK_BYTE p256_oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static void must(CK_RV rv, const char *what) {
    if (rv != CKR_OK) {
        fprintf(stderr, "client: %s: 0x%lx\n", what, rv);
        abort();
    }
}

void client_load(client *c) {
    const char *build = getenv("VK_TEST_BUILDDIR");
    char path[1024];
    snprintf(path, sizeof path, "%s/.libs/valetkey-pkcs11.so", build != NULL ? build : ".");
    c->module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (c->module == NULL) {
        fprintf(stderr, "client: %s\n", dlerror());
        abort();
    }
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(c->module, "C_GetFunctionList");
    must(get(&c->f), "C_GetFunctionList");
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    must(c->f->C_Initialize(&args), "C_Initialize");
}

void client_stop(client *c) {
    must(c->f->C_Finalize(NULL), "C_Finalize");
    dlclose(c->module);
}

/* ---- Tokens ---- */

#define SLOTS_MAX 128

static CK_ULONG list_slots(const client *c, CK_SLOT_ID slots[SLOTS_MAX]) {
    CK_ULONG count = SLOTS_MAX;
    must(c->f->C_GetSlotList(CK_TRUE, NULL, &count), "C_GetSlotList");
    count = SLOTS_MAX;
    must(c->f->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    return count;
}

static void pad(CK_UTF8CHAR padded[32], const char *label) {
    memset(padded, ' ', 32);
    memcpy(padded, label, strlen(label));
}

bool client_slot(const client *c, const char *label, CK_SLOT_ID *out) {
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_UTF8CHAR padded[32];
    pad(padded, label);
    CK_ULONG count = list_slots(c, slots);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (c->f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            memcmp(info.label, padded, sizeof padded) == 0) {
            *out = slots[i];
            return true;
        }
    }
    return false;
}

/* It is always the last. */
CK_SLOT_ID client_empty_slot(const client *c) {
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = list_slots(c, slots);
    return slots[count - 1];
}

CK_RV client_init_token(const client *c, CK_SLOT_ID slot, const char *so_pin, const char *label) {
    CK_UTF8CHAR padded[32];
    pad(padded, label);
    return c->f->C_InitToken(slot, (CK_UTF8CHAR *)(uintptr_t)so_pin, strlen(so_pin), padded);
}

CK_RV client_open(client *c) {
    return c->f->C_OpenSession(c->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                               &c->session);
}

CK_RV client_login(const client *c, CK_USER_TYPE user, const char *pin) {
    return c->f->C_Login(c->session, user, (CK_UTF8CHAR *)(uintptr_t)pin, strlen(pin));
}

static void make_token(client *c, const char *label) {
    CK_UTF8CHAR user[] = CLIENT_USER_PIN;
    c->slot = client_empty_slot(c);
    must(client_init_token(c, c->slot, CLIENT_SO_PIN, label), "C_InitToken");
    must(client_open(c), "C_OpenSession");
    must(client_login(c, CKU_SO, CLIENT_SO_PIN), "C_Login (SO)");
    must(c->f->C_InitPIN(c->session, user, sizeof user - 1), "C_InitPIN");
    must(c->f->C_Logout(c->session), "C_Logout");
    must(client_login(c, CKU_USER, CLIENT_USER_PIN), "C_Login");
}

void client_start(client *c, const char *label) {
    client_load(c);
    make_token(c, label);
}

client client_add(const client *c, const char *label) {
    client other = *c;
    make_token(&other, label);
    return other;
}

/* ---- Objects ---- */

static CK_BBOOL yes = CK_TRUE;
static CK_OBJECT_CLASS class_private = CKO_PRIVATE_KEY, class_data = CKO_DATA;
static CK_KEY_TYPE type_ec = CKK_EC;

#define TEMPLATE_MAX 12

typedef struct template {
    CK_ATTRIBUTE attributes[TEMPLATE_MAX];
    CK_ULONG count;
}
template;

static void put(template *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len) {
    t->attributes[t->count++] = (CK_ATTRIBUTE){type, (void *)(uintptr_t)value, len};
}

static void put_text(template *t, CK_ATTRIBUTE_TYPE type, const char *text) {
    put(t, type, text, strlen(text));
}

static void put_curve(template *t, bool p256) {
    const CK_BYTE *oid = p256 ? p256_oid : secp256k1_oid;
    put(t, CKA_EC_PARAMS, oid, p256 ? sizeof p256_oid : sizeof secp256k1_oid);
}

/* What a private key gets, whoever makes it. */
static void put_private(template *t, const client_key *key) {
    put(t, CKA_CLASS, &class_private, sizeof class_private);
    put(t, CKA_KEY_TYPE, &type_ec, sizeof type_ec);
    put(t, CKA_TOKEN, &yes, sizeof yes);
    put(t, CKA_PRIVATE, &yes, sizeof yes);
    put_text(t, CKA_LABEL, key->label);
    if (key->policy != NULL) {
        put_text(t, CKA_VALETKEY_POLICY, key->policy);
    }
    if (key->use_sign_count) {
        put(t, CKA_VALETKEY_USE_SIGN_COUNT, &yes, sizeof yes);
    }
}

static CK_RV generate(client *c, const client_key *key, CK_OBJECT_HANDLE *out) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE public_key;
    template private = {.count = 0}, public = {.count = 0};
    put_private(&private, key);
    put_curve(&public, key->p256);
    put(&public, CKA_TOKEN, &yes, sizeof yes);
    put_text(&public, CKA_LABEL, key->label);
    return c->f->C_GenerateKeyPair(c->session, &mechanism, public.attributes, public.count,
                                   private.attributes, private.count, &public_key, out);
}

static CK_RV import(client *c, const client_key *key, CK_OBJECT_HANDLE *out) {
    template private = {.count = 0};
    put_private(&private, key);
    put_curve(&private, key->p256);
    put(&private, CKA_VALUE, key->secret32, 32);
    return c->f->C_CreateObject(c->session, private.attributes, private.count, out);
}

CK_RV client_make(client *c, const client_key *key, CK_OBJECT_HANDLE *out) {
    return key->secret32 != NULL ? import(c, key, out) : generate(c, key, out);
}

CK_RV client_find(client *c, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *first,
                  CK_ULONG *count) {
    CK_OBJECT_HANDLE found[16];
    template wanted = {.count = 0};
    put(&wanted, CKA_CLASS, &class, sizeof class);
    put_text(&wanted, CKA_LABEL, label);
    *count = 0;
    CK_RV rv = c->f->C_FindObjectsInit(c->session, wanted.attributes, wanted.count);
    if (rv == CKR_OK) {
        rv = c->f->C_FindObjects(c->session, found, sizeof found / sizeof found[0], count);
        CK_RV ended = c->f->C_FindObjectsFinal(c->session);
        rv = rv == CKR_OK ? ended : rv;
    }
    *first = rv == CKR_OK && *count > 0 ? found[0] : CK_INVALID_HANDLE;
    return rv;
}

CK_RV client_read(client *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *out,
                  CK_ULONG *len) {
    CK_ATTRIBUTE attribute = {type, out, *len};
    CK_RV rv = c->f->C_GetAttributeValue(c->session, object, &attribute, 1);
    *len = attribute.ulValueLen;
    return rv;
}

CK_RV client_data(client *c, const char *application, const char *label, const char *value) {
    CK_OBJECT_HANDLE object;
    template data = {.count = 0};
    put(&data, CKA_CLASS, &class_data, sizeof class_data);
    put(&data, CKA_TOKEN, &yes, sizeof yes);
    put_text(&data, CKA_APPLICATION, application);
    put_text(&data, CKA_LABEL, label);
    put_text(&data, CKA_VALUE, value);
    return c->f->C_CreateObject(c->session, data.attributes, data.count, &object);
}

static CK_OBJECT_HANDLE imported(client *c, const client_key *key) {
    CK_OBJECT_HANDLE handle;
    return client_make(c, key, &handle) == CKR_OK ? handle : CK_INVALID_HANDLE;
}

CK_OBJECT_HANDLE client_import(client *c, const char *label, const uint8_t secret32[32],
                               const char *policy) {
    const client_key key = {.label = label, .secret32 = secret32, .policy = policy};
    return imported(c, &key);
}

CK_OBJECT_HANDLE client_import_p256(client *c, const char *label, const uint8_t secret32[32],
                                    const char *policy) {
    const client_key key = {.label = label, .p256 = true, .secret32 = secret32, .policy = policy};
    return imported(c, &key);
}

CK_RV client_grant(client *c, const char *label, const char *json) {
    return client_data(c, VK_APPLICATION_GRANT, label, json);
}

CK_OBJECT_HANDLE client_private_key(client *c, const char *label) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_ULONG count = 0;
    must(client_find(c, CKO_PRIVATE_KEY, label, &key, &count), "C_FindObjects");
    return count == 1 ? key : CK_INVALID_HANDLE;
}

CK_RV client_sign(client *c, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, vk_bytes data,
                  CK_BYTE *signature, CK_ULONG *len) {
    CK_MECHANISM m = {mechanism, NULL, 0};
    CK_RV rv = c->f->C_SignInit(c->session, &m, key);
    return rv != CKR_OK ? rv
                        : c->f->C_Sign(c->session, (CK_BYTE *)(uintptr_t)data.data, data.len,
                                       signature, len);
}
