/*
 * What a token with many keys costs a program that uses some of them, for any PKCS#11 module: one
 * "name<TAB>value" a line. scripts/scale.sh puts several runs side by side.
 *
 * Usage: scale MODULE TOKEN PIN LABEL COUNT, the keys being LABEL-1 to LABEL-COUNT on P-256 or
 *        secp256k1, with different ids; scale --make MODULE TOKEN PIN LABEL COUNT makes such keys.
 */
#include "measure.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/pkcs11.h>

/* As many, or as many as there is time for. */
#define FINDS 301
#define SECONDS_MOST 3
#define RUNS 9

static CK_FUNCTION_LIST_PTR f;
static CK_SESSION_HANDLE session;
static CK_OBJECT_CLASS class_private = CKO_PRIVATE_KEY, class_public = CKO_PUBLIC_KEY;

typedef struct target {
    const char *token, *pin, *label;
    unsigned long count;
} target;

static void must(CK_RV rv, const char *what) {
    if (rv != CKR_OK) {
        fprintf(stderr, "scale: %s: 0x%lx\n", what, rv);
        exit(1);
    }
}

static void say(const char *name, double value) {
    printf("%s\t%.6g\n", name, value);
}

/* ---- The module ---- */

static void load(const char *path) {
    CK_C_GetFunctionList get;
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        fprintf(stderr, "scale: %s\n", dlerror());
        exit(1);
    }
    *(void **)&get = dlsym(module, "C_GetFunctionList");
    must(get(&f), "C_GetFunctionList");
}

static void initialize(void) {
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    must(f->C_Initialize(&args), "C_Initialize");
}

static CK_SLOT_ID slot_of(const char *label) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    must(f->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            memcmp(info.label, label, strlen(label)) == 0) {
            return slots[i];
        }
    }
    fprintf(stderr, "scale: there is no token %s\n", label);
    exit(1);
}

static void log_in(const target *t) {
    must(f->C_OpenSession(slot_of(t->token), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                          &session),
         "C_OpenSession");
    must(f->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)t->pin, strlen(t->pin)),
         "C_Login");
}

/* Initialized once to have the libraries loaded, which is not the module's doing. */
static void measure_start(const target *t) {
    double times[RUNS], ends[RUNS], logins[RUNS];
    for (size_t i = 0; i <= RUNS; i++) {
        double a = seconds_now();
        initialize();
        double b = seconds_now();
        log_in(t);
        double c = seconds_now();
        must(f->C_Finalize(NULL), "C_Finalize");
        if (i > 0) {
            times[i - 1] = (b - a) * 1e3;
            logins[i - 1] = (c - b) * 1e3;
            ends[i - 1] = (seconds_now() - c) * 1e3;
        }
    }
    say("C_Initialize, ms", median(times, RUNS));
    say("session and C_Login, ms", median(logins, RUNS));
    say("C_Finalize, ms", median(ends, RUNS));
}

/* ---- Finding ---- */

static CK_ULONG find(CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *first) {
    CK_OBJECT_HANDLE found[512];
    CK_ULONG len, all = 0;
    must(f->C_FindObjectsInit(session, templ, count), "C_FindObjectsInit");
    do {
        must(f->C_FindObjects(session, found, 512, &len), "C_FindObjects");
        if (all == 0 && len > 0 && first != NULL) {
            *first = found[0];
        }
        all += len;
    } while (len > 0);
    must(f->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    return all;
}

static CK_OBJECT_HANDLE find_label(const target *t, unsigned long number, CK_OBJECT_CLASS *class) {
    char label[128];
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    snprintf(label, sizeof label, "%s-%lu", t->label, number);
    CK_ATTRIBUTE templ[] = {{CKA_CLASS, class, sizeof *class}, {CKA_LABEL, label, strlen(label)}};
    if (find(templ, 2, &key) != 1) {
        fprintf(stderr, "scale: there is not one key %s\n", label);
        exit(1);
    }
    return key;
}

/* Different keys all over the token. */
static unsigned long number_of(const target *t, size_t i) {
    return (unsigned long)((i * 2654435761U) % t->count) + 1;
}

static void measure_labels(const target *t) {
    static double times[FINDS];
    size_t made = 0;
    for (double end = seconds_now() + SECONDS_MOST; made < FINDS && seconds_now() < end; made++) {
        double start = seconds_now();
        find_label(t, number_of(t, made), &class_private);
        times[made] = (seconds_now() - start) * 1e3;
    }
    say("find by label, ms", median(times, made));
}

/* False: the key has no such value. */
static bool read_value(const target *t, size_t i, CK_ATTRIBUTE *attribute) {
    CK_OBJECT_HANDLE key = find_label(t, number_of(t, i), &class_public);
    return f->C_GetAttributeValue(session, key, attribute, 1) == CKR_OK &&
           attribute->ulValueLen > 0;
}

/* By the values that keys have of an attribute, the last one again where a key has none; nothing is
 * said if not even the first has one. */
static void measure_attribute(const target *t, CK_ATTRIBUTE_TYPE type, const char *name) {
    static double times[FINDS];
    static CK_BYTE value[256];
    CK_ATTRIBUTE templ[] = {{CKA_CLASS, &class_public, sizeof class_public}, {type, NULL, 0}};
    size_t made = 0;
    for (double end = seconds_now() + SECONDS_MOST; made < FINDS && seconds_now() < end; made++) {
        CK_BYTE buffer[sizeof value];
        CK_ATTRIBUTE read = {type, buffer, sizeof buffer};
        if (read_value(t, made, &read)) {
            memcpy(value, buffer, read.ulValueLen);
            templ[1] = (CK_ATTRIBUTE){type, value, read.ulValueLen};
        } else if (templ[1].pValue == NULL) {
            return;
        }
        double start = seconds_now();
        must(find(templ, 2, NULL) > 0 ? CKR_OK : CKR_GENERAL_ERROR, name);
        times[made] = (seconds_now() - start) * 1e3;
    }
    say(name, median(times, made));
}

/* ---- Memory, and everything ---- */

static void sign(CK_OBJECT_HANDLE key, double *seconds) {
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    double start = seconds_of_cpu();
    must(f->C_SignInit(session, &ecdsa, key), "C_SignInit");
    must(f->C_Sign(session, digest, sizeof digest, signature, &len), "C_Sign");
    *seconds = seconds_of_cpu() - start;
}

static void measure_signing(const target *t) {
    static double times[FINDS];
    CK_OBJECT_HANDLE key = find_label(t, t->count / 2 + 1, &class_private);
    for (size_t i = 0; i < FINDS; i++) {
        sign(key, &times[i]);
    }
    say("sign, us of CPU", median(times, FINDS) * 1e6);
}

static void measure_all(double nothing) {
    double before = resident(), start = seconds_now();
    CK_ULONG count = find(NULL, 0, NULL);
    say("list everything, ms", (seconds_now() - start) * 1e3);
    say("objects listed", (double)count);
    say("memory of an object listed, bytes", (resident() - before) / (double)count);
    say("memory after that, kB", (resident() - nothing) / 1024);
}

static void measure(const target *t) {
    double nothing = resident(), seconds;
    initialize();
    log_in(t);
    say("memory after C_Login, kB", (resident() - nothing) / 1024);
    sign(find_label(t, t->count / 2 + 1, &class_private), &seconds);
    say("memory after one signature, kB", (resident() - nothing) / 1024);
    measure_labels(t);
    measure_attribute(t, CKA_ID, "find by id, ms");
    measure_attribute(t, CKA_EC_POINT, "find by point, ms");
    measure_attribute(t, CKA_VALETKEY_ADDRESS, "find by address, ms");
    measure_attribute(t, CKA_VALETKEY_ACCOUNTS, "find by account, ms");
    measure_signing(t);
    measure_all(nothing);
    must(f->C_Finalize(NULL), "C_Finalize");
    measure_start(t);
}

/* ---- Making keys ---- */

static void make(const target *t) {
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_MECHANISM generation = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE;
    for (unsigned long i = 1; i <= t->count; i++) {
        char label[128];
        CK_OBJECT_HANDLE keys[2];
        snprintf(label, sizeof label, "%s-%lu", t->label, i);
        CK_ATTRIBUTE templ[] = {{CKA_TOKEN, &yes, 1},
                                {CKA_LABEL, label, strlen(label)},
                                {CKA_ID, &i, sizeof i},
                                {CKA_EC_PARAMS, p256, sizeof p256}};
        CK_ATTRIBUTE private_templ[] = {templ[0], templ[1], templ[2], {CKA_SIGN, &yes, 1}};
        must(f->C_GenerateKeyPair(session, &generation, templ, 4, private_templ, 4, &keys[0],
                                  &keys[1]),
             "C_GenerateKeyPair");
    }
}

int main(int argc, char **argv) {
    int first = argc > 1 && strcmp(argv[1], "--make") == 0 ? 2 : 1;
    if (argc != first + 5) {
        fprintf(stderr, "usage: scale [--make] MODULE TOKEN PIN LABEL COUNT\n");
        return 1;
    }
    const target t = {argv[first + 1], argv[first + 2], argv[first + 3],
                      strtoul(argv[first + 4], NULL, 10)};
    load(argv[first]);
    if (first == 1) {
        measure(&t);
        return 0;
    }
    initialize();
    log_in(&t);
    make(&t);
    must(f->C_Finalize(NULL), "C_Finalize");
    return 0;
}
