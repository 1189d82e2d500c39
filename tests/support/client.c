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

static void load(client *c) {
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
}

/* The last slot is always the one with the uninitialized token. */
static CK_SLOT_ID empty_slot(client *c) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    must(c->f->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    return slots[count - 1];
}

static void make_token(client *c, const char *label) {
    c->slot = empty_slot(c);
    CK_UTF8CHAR padded[32];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    CK_UTF8CHAR so[] = CLIENT_SO_PIN, user[] = CLIENT_USER_PIN;
    must(c->f->C_InitToken(c->slot, so, sizeof so - 1, padded), "C_InitToken");
    must(c->f->C_OpenSession(c->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &c->session),
         "C_OpenSession");
    must(c->f->C_Login(c->session, CKU_SO, so, sizeof so - 1), "C_Login (SO)");
    must(c->f->C_InitPIN(c->session, user, sizeof user - 1), "C_InitPIN");
    must(c->f->C_Logout(c->session), "C_Logout");
    must(c->f->C_Login(c->session, CKU_USER, user, sizeof user - 1), "C_Login");
}

void client_start(client *c, const char *label) {
    load(c);
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    must(c->f->C_Initialize(&args), "C_Initialize");
    make_token(c, label);
}

client client_add(const client *c, const char *label) {
    client other = *c;
    make_token(&other, label);
    return other;
}

void client_stop(client *c) {
    must(c->f->C_Finalize(NULL), "C_Finalize");
    dlclose(c->module);
}

static CK_OBJECT_HANDLE import(client *c, const char *label, vk_bytes oid,
                               const uint8_t secret32[32], const char *policy) {
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
        {CKA_EC_PARAMS, (void *)(uintptr_t)oid.data, oid.len},
        {CKA_VALUE, (void *)(uintptr_t)secret32, 32},
        {CKA_VALETKEY_POLICY, (void *)(uintptr_t)policy, strlen(policy)},
    };
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_RV rv =
        c->f->C_CreateObject(c->session, template, sizeof template / sizeof template[0], &key);
    return rv == CKR_OK ? key : CK_INVALID_HANDLE;
}

CK_OBJECT_HANDLE client_import(client *c, const char *label, const uint8_t secret32[32],
                               const char *policy) {
    return import(c, label, (vk_bytes){secp256k1_oid, sizeof secp256k1_oid}, secret32, policy);
}

CK_OBJECT_HANDLE client_import_p256(client *c, const char *label, const uint8_t secret32[32],
                                    const char *policy) {
    return import(c, label, (vk_bytes){p256_oid, sizeof p256_oid}, secret32, policy);
}

CK_RV client_grant(client *c, const char *label, const char *json) {
    static const char application[] = VK_APPLICATION_GRANT;
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_APPLICATION, (void *)(uintptr_t)application, sizeof application - 1},
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
        {CKA_VALUE, (void *)(uintptr_t)json, strlen(json)},
    };
    CK_OBJECT_HANDLE grant;
    return c->f->C_CreateObject(c->session, template, sizeof template / sizeof template[0], &grant);
}

CK_RV client_sign(client *c, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, vk_bytes data,
                  CK_BYTE *signature, CK_ULONG *len) {
    CK_MECHANISM m = {mechanism, NULL, 0};
    CK_RV rv = c->f->C_SignInit(c->session, &m, key);
    return rv != CKR_OK ? rv
                        : c->f->C_Sign(c->session, (CK_BYTE *)(uintptr_t)data.data, data.len,
                                       signature, len);
}
