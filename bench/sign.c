/*
 * Signatures through C_SignInit and C_Sign, beside the bare libraries, in one run: a few of each in
 * turn, the median over slices, and ratios of CPU time; then with two threads, and what that gives
 * over one. Prints a table; decides nothing.
 *
 * Usage: sign [SLICES [SECONDS_PER_SLICE]], with $VALETKEY_HOME on the disk to measure.
 */
#include "measure.h"
#include "session_key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <secp256k1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICES_MAX 99
#define CHUNK 20
#define THREADS 2

typedef struct bench {
    client client;
    secp256k1_context *context;
    EVP_PKEY *pkey;
    uint8_t secret[32];
    CK_OBJECT_HANDLE secp256k1, p256, session_key, passkey;
    vk_buf operation, passkey_operation;
} bench;

/* What a thread signs with. */
typedef struct signer {
    const bench *b;
    client client;      /* with a session of its own */
    EVP_PKEY_CTX *raw;  /* ready to sign, which is cheaper than one for each signature */
    uint8_t digest[64]; /* the last signature, as far as it is needed for the next */
} signer;

typedef void (*step_fn)(signer *s);

typedef struct subject {
    const char *name;
    step_fn step;
    int base; /* index of the subject that the ratio is against */
    double rates[SLICES_MAX], cpu[SLICES_MAX], rates_of_two[SLICES_MAX];
    double count, cpu_seconds, seconds; /* of the slice at hand */
} subject;

static void raw_secp256k1(signer *s) {
    secp256k1_ecdsa_signature signature;
    must(secp256k1_ecdsa_sign(s->b->context, &signature, s->digest, s->b->secret,
                              secp256k1_nonce_function_rfc6979, NULL),
         "secp256k1_ecdsa_sign");
    secp256k1_ecdsa_signature_serialize_compact(s->b->context, s->digest, &signature);
}

static void raw_openssl(signer *s) {
    uint8_t der[80];
    size_t len = sizeof der;
    must(EVP_PKEY_sign(s->raw, der, &len, s->digest, 32) == 1, "EVP_PKEY_sign");
    memcpy(s->digest, der + 8, 32);
}

static void module_sign(signer *s, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism,
                        vk_bytes data) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    CK_RV rv = client_sign(&s->client, key, mechanism, data, signature, &len);
    if (rv != CKR_OK) {
        fprintf(stderr, "bench: C_Sign: 0x%lx\n", rv);
        exit(1);
    }
    memcpy(s->digest, signature + 1, 32);
}

static void module_secp256k1(signer *s) {
    module_sign(s, s->b->secp256k1, CKM_ECDSA, (vk_bytes){s->digest, 32});
}

static void module_p256(signer *s) {
    module_sign(s, s->b->p256, CKM_ECDSA, (vk_bytes){s->digest, 32});
}

static void module_userop(signer *s) {
    module_sign(s, s->b->session_key, CKM_VALETKEY_USEROP, vk_buf_view(&s->b->operation));
}

static void module_passkey(signer *s) {
    module_sign(s, s->b->passkey, CKM_VALETKEY_USEROP, vk_buf_view(&s->b->passkey_operation));
}

static subject subjects[] = {
    {.name = "libsecp256k1", .step = raw_secp256k1, .base = 0},
    {.name = "CKM_ECDSA secp256k1", .step = module_secp256k1, .base = 0},
    {.name = "OpenSSL P-256", .step = raw_openssl, .base = 2},
    {.name = "CKM_ECDSA P-256", .step = module_p256, .base = 2},
    {.name = "CKM_VALETKEY_USEROP secp256k1, call + timestamp", .step = module_userop, .base = 0},
    {.name = "CKM_VALETKEY_USEROP P-256 (WebAuthn), call + timestamp",
     .step = module_passkey,
     .base = 2},
};

#define SUBJECTS (sizeof subjects / sizeof subjects[0])

/* ---- One thread ---- */

/* Short chunks in turn, so that what else the machine does meets all of them. */
static void run_chunk(subject *s, signer *with) {
    double start = seconds_now(), cpu = seconds_of_cpu();
    for (int i = 0; i < CHUNK; i++) {
        s->step(with);
    }
    s->cpu_seconds += seconds_of_cpu() - cpu;
    s->seconds += seconds_now() - start;
    s->count += CHUNK;
}

static void run_slice(signer *with, double seconds, int slice) {
    double end = seconds_now() + seconds * SUBJECTS;
    for (size_t j = 0; j < SUBJECTS; j++) {
        subjects[j].count = subjects[j].cpu_seconds = subjects[j].seconds = 0;
    }
    do {
        for (size_t j = 0; j < SUBJECTS; j++) {
            run_chunk(&subjects[j], with);
        }
    } while (seconds_now() < end);
    for (size_t j = 0; j < SUBJECTS; j++) {
        subject *s = &subjects[j];
        s->rates[slice] = s->count / s->seconds;
        s->cpu[slice] = s->cpu_seconds / s->count;
    }
}

/* ---- Several threads ---- */

typedef struct job {
    const subject *subject;
    signer *with;
    double end, count;
} job;

static void *run_job(void *arg) {
    job *j = arg;
    while (seconds_now() < j->end) {
        for (int i = 0; i < CHUNK; i++) {
            j->subject->step(j->with);
        }
        j->count += CHUNK;
    }
    return NULL;
}

static double rate_of_two(const subject *s, signer with[THREADS], double seconds) {
    pthread_t threads[THREADS];
    job jobs[THREADS];
    double start = seconds_now(), count = 0;
    for (size_t i = 0; i < THREADS; i++) {
        jobs[i] = (job){.subject = s, .with = &with[i], .end = start + seconds};
        must(pthread_create(&threads[i], NULL, run_job, &jobs[i]) == 0, "pthread_create");
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        count += jobs[i].count;
    }
    return count / (seconds_now() - start);
}

/* ---- Keys ---- */

static void set_up(bench *b) {
    static const char sudo[] = "[{\"type\":\"sudo\"}]";
    memset(b->secret, 7, sizeof b->secret);
    b->context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    b->pkey = EVP_EC_gen("P-256");
    must(b->pkey != NULL, "EVP_EC_gen");
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

static void set_up_signer(const bench *b, signer *s) {
    *s = (signer){.b = b, .client = b->client, .raw = EVP_PKEY_CTX_new(b->pkey, NULL)};
    must(s->raw != NULL && EVP_PKEY_sign_init(s->raw) == 1, "EVP_PKEY_sign_init");
    must(client_open(&s->client) == CKR_OK, "C_OpenSession");
}

static void tear_down(bench *b) {
    client_stop(&b->client);
    vk_buf_clear(&b->operation);
    vk_buf_clear(&b->passkey_operation);
    EVP_PKEY_free(b->pkey);
    secp256k1_context_destroy(b->context);
}

static void print(size_t slices) {
    double cpu[SUBJECTS];
    printf("%-55s %10s %9s %7s %11s\n", "signatures", "per second", "us of CPU", "of raw",
           "2 threads");
    for (size_t j = 0; j < SUBJECTS; j++) {
        subject *s = &subjects[j];
        double rate = median(s->rates, slices);
        cpu[j] = median(s->cpu, slices);
        printf("%-55s %10.0f %9.2f %7.2f %10.2fx\n", s->name, rate, cpu[j] * 1e6,
               cpu[j] / cpu[s->base], median(s->rates_of_two, slices) / rate);
    }
}

int main(int argc, char **argv) {
    int slices = argc > 1 ? atoi(argv[1]) : 9;
    double seconds = argc > 2 ? atof(argv[2]) : 0.5;
    if (slices < 1 || slices > SLICES_MAX || seconds <= 0) {
        fprintf(stderr, "usage: sign [SLICES [SECONDS_PER_SLICE]]\n");
        return 1;
    }
    bench b = {0};
    signer signers[THREADS];
    set_up(&b);
    for (size_t i = 0; i < THREADS; i++) {
        set_up_signer(&b, &signers[i]);
    }
    for (int i = 0; i < slices; i++) {
        run_slice(&signers[0], seconds, i);
        for (size_t j = 0; j < SUBJECTS; j++) {
            subjects[j].rates_of_two[i] = rate_of_two(&subjects[j], signers, seconds);
        }
    }
    print((size_t)slices);
    for (size_t i = 0; i < THREADS; i++) {
        EVP_PKEY_CTX_free(signers[i].raw);
    }
    tear_down(&b);
    return 0;
}
