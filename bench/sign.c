/*
 * Signatures per second through C_Sign, beside the bare libraries, in one run: slices of each in
 * turn, the median of each, and ratios. Prints a table; decides nothing.
 *
 * Usage: sign [SLICES [SECONDS_PER_SLICE]], with $VALETKEY_HOME on the disk to measure.
 */
#include "session_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <secp256k1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICES_MAX 99

typedef struct bench {
    client client;
    secp256k1_context *context;
    EVP_PKEY *pkey;
    uint8_t secret[32];
    CK_OBJECT_HANDLE secp256k1, p256, session_key, passkey;
    vk_buf operation, passkey_operation;
} bench;

typedef void (*step_fn)(bench *b, uint8_t digest[32]);

typedef struct subject {
    const char *name;
    step_fn step;
    int base; /* index of the subject that the ratio is against; -1: none */
    double rates[SLICES_MAX];
} subject;

static void raw_secp256k1(bench *b, uint8_t digest[32]) {
    secp256k1_ecdsa_signature signature;
    must(secp256k1_ecdsa_sign(b->context, &signature, digest, b->secret,
                              secp256k1_nonce_function_rfc6979, NULL),
         "secp256k1_ecdsa_sign");
    secp256k1_ecdsa_signature_serialize_compact(b->context, digest, &signature);
}

static void raw_openssl(bench *b, uint8_t digest[32]) {
    uint8_t der[80];
    size_t len = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(b->pkey, NULL);
    must(EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &len, digest, 32) == 1,
         "EVP_PKEY_sign");
    EVP_PKEY_CTX_free(context);
    memcpy(digest, der + 8, 32);
}

static void module_sign(bench *b, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, vk_bytes data,
                        uint8_t digest[32]) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    CK_RV rv = client_sign(&b->client, key, mechanism, data, signature, &len);
    if (rv != CKR_OK) {
        fprintf(stderr, "bench: C_Sign: 0x%lx\n", rv);
        exit(1);
    }
    memcpy(digest, signature + 1, 32);
}

static void module_secp256k1(bench *b, uint8_t digest[32]) {
    module_sign(b, b->secp256k1, CKM_ECDSA, (vk_bytes){digest, 32}, digest);
}

static void module_p256(bench *b, uint8_t digest[32]) {
    module_sign(b, b->p256, CKM_ECDSA, (vk_bytes){digest, 32}, digest);
}

static void module_userop(bench *b, uint8_t digest[32]) {
    module_sign(b, b->session_key, CKM_VALETKEY_USEROP, vk_buf_view(&b->operation), digest);
}

static void module_passkey(bench *b, uint8_t digest[32]) {
    module_sign(b, b->passkey, CKM_VALETKEY_USEROP, vk_buf_view(&b->passkey_operation), digest);
}

static subject subjects[] = {
    {.name = "libsecp256k1", .step = raw_secp256k1, .base = -1},
    {.name = "CKM_ECDSA secp256k1", .step = module_secp256k1, .base = 0},
    {.name = "CKM_VALETKEY_USEROP secp256k1, call + timestamp", .step = module_userop, .base = 0},
    {.name = "OpenSSL P-256", .step = raw_openssl, .base = -1},
    {.name = "CKM_ECDSA P-256", .step = module_p256, .base = 3},
    {.name = "CKM_VALETKEY_USEROP P-256 (WebAuthn), call + timestamp",
     .step = module_passkey,
     .base = 3},
};

#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double slice(bench *b, const subject *s, double seconds) {
    uint8_t digest[64] = {1};
    double start = now(), elapsed;
    size_t count = 0;
    do {
        for (int i = 0; i < 20; i++) {
            s->step(b, digest);
        }
        count += 20;
        elapsed = now() - start;
    } while (elapsed < seconds);
    return (double)count / elapsed;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(subject *s, int slices) {
    qsort(s->rates, (size_t)slices, sizeof s->rates[0], compare);
    return s->rates[slices / 2];
}

/* ---- Keys ---- */

static EVP_PKEY *openssl_key(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key != NULL, "EVP_EC_gen");
    return key;
}

static void set_up(bench *b) {
    static const char sudo[] = "[{\"type\":\"sudo\"}]";
    memset(b->secret, 7, sizeof b->secret);
    b->context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    b->pkey = openssl_key();
    client_start(&b->client, "bench");
    b->secp256k1 = client_import(&b->client, "raw", b->secret, sudo);
    b->p256 = client_import_p256(&b->client, "raw-p256", b->secret, sudo);
    must(b->secp256k1 && b->p256, "import");
    uint8_t id4[4];
    b->session_key = session_key_new(&b->client, "session", false, 9, session_policies, id4);
    b->operation = session_operation(id4, 0);
    b->passkey = session_key_new(&b->client, "passkey", true, 9, session_policies, id4);
    b->passkey_operation = session_operation(id4, 0);
}

static void tear_down(bench *b) {
    client_stop(&b->client);
    vk_buf_clear(&b->operation);
    vk_buf_clear(&b->passkey_operation);
    EVP_PKEY_free(b->pkey);
    secp256k1_context_destroy(b->context);
}

int main(int argc, char **argv) {
    int slices = argc > 1 ? atoi(argv[1]) : 9;
    double seconds = argc > 2 ? atof(argv[2]) : 0.5;
    if (slices < 1 || slices > SLICES_MAX || seconds <= 0) {
        fprintf(stderr, "usage: sign [SLICES [SECONDS_PER_SLICE]]\n");
        return 1;
    }
    bench b = {0};
    set_up(&b);
    for (int i = 0; i < slices; i++) {
        for (size_t j = 0; j < SUBJECTS; j++) {
            subjects[j].rates[i] = slice(&b, &subjects[j], seconds);
        }
    }
    double medians[SUBJECTS];
    printf("%-58s %12s %8s\n", "signatures, one thread", "per second", "of raw");
    for (size_t j = 0; j < SUBJECTS; j++) {
        medians[j] = median(&subjects[j], slices);
        printf("%-58s %12.0f", subjects[j].name, medians[j]);
        if (subjects[j].base >= 0) {
            printf(" %8.2f", medians[j] / medians[subjects[j].base]);
        }
        printf("\n");
    }
    tear_down(&b);
    return 0;
}
