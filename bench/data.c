/*
 * What the library makes per second: hashes, enable data, ids, finished signatures, serialized
 * accounts. First checks that they are those of tests/vectors/session/ecdsa.json, then times slices
 * of each in turn. Prints the median of each, beside what the bare primitives leave room for.
 *
 * Usage: data [-m] [SLICES [SECONDS_PER_SLICE]], with $VK_TEST_SRCDIR for the vectors.
 * -m: for scripts/bench.sh, NAME, per second, ceiling per second or 0, separated by tabs; then
 *     "peak memory", kB before the first slice, kB after the last.
 */
#include "support/vectors.h"

#include <secp256k1_recovery.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

#define SLICES_MAX 99
#define CHAIN_ID 31337

typedef struct bench {
    vk_policy policy;
    vk_signer signer;
    vk_userop op;
    vk_serialized_account account;
    vk_enable enable;
    vk_buf enable_data;
    uint8_t owner32[32], session32[32];
    size_t id_len; /* bytes that are hashed for a permission id */
    secp256k1_context *context;
    vk_buf out; /* what a step made */
} bench;

static void must(vk_status status) {
    if (status != VK_OK) {
        fprintf(stderr, "data: %s\n", vk_status_text(status));
        exit(1);
    }
}

/* ---- What is measured ---- */

static vk_hash hash_of(const bench *b) {
    vk_hash out;
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    must(vk_userop_hash(&b->op, CHAIN_ID, &entry_point, &out));
    return out;
}

static void hash(bench *b) {
    vk_hash out = hash_of(b);
    vk_buf_put(&b->out, out.b, sizeof out.b);
}

static void enable_data(bench *b) {
    must(vk_policy_enable_data(&b->policy, &b->signer, &b->out));
}

static void permission_id(bench *b) {
    uint8_t id4[4];
    must(vk_policy_permission_id(&b->policy, &b->signer, id4));
    vk_buf_put(&b->out, id4, sizeof id4);
}

/* Both signatures, the owner's and the session key's. */
static void enable_signature(bench *b) {
    vk_hash approved, signed_hash = hash_of(b);
    uint8_t approval65[65], session65[65];
    vk_buf part = {0};
    must(vk_enable_digest(&b->enable, &approved));
    must(vk_ecdsa_sign(b->owner32, &approved, approval65));
    must(vk_userop_sign(b->session32, &signed_hash, session65));
    vk_permission_signature((vk_bytes){session65, sizeof session65}, &part);
    must(vk_enable_signature(&b->enable, (vk_bytes){approval65, sizeof approval65},
                             vk_buf_view(&part), &b->out));
    vk_buf_clear(&part);
}

static void serialized(bench *b) {
    must(vk_serialized_write(&b->account, &b->out));
}

/* ---- What the primitives alone take ---- */

static void keccak_of(size_t len) {
    static const uint8_t zeros[16384];
    if (len > sizeof zeros) {
        must(VK_ERR_SIZE);
    }
    vk_keccak256((vk_bytes){zeros, len});
}

/* initCode, callData, paymasterAndData, the tuple, and that with EntryPoint and chain. */
static void hash_ceiling(bench *b) {
    keccak_of(sizeof b->op.factory.b + b->op.factory_data.len);
    keccak_of(b->op.call_data.len);
    keccak_of(0);
    keccak_of(8 * 32);
    keccak_of(3 * 32);
}

static void permission_id_ceiling(bench *b) {
    keccak_of(b->id_len);
}

static void two_signatures(bench *b) {
    secp256k1_ecdsa_recoverable_signature signature;
    const uint8_t *const secrets[] = {b->owner32, b->session32};
    for (int i = 0; i < 2; i++) {
        if (!secp256k1_ecdsa_sign_recoverable(b->context, &signature, secrets[1 - i], secrets[i],
                                              NULL, NULL)) {
            must(VK_ERR_CRYPTO);
        }
    }
}

typedef void (*step_fn)(bench *b);

typedef struct subject {
    const char *name;
    step_fn step, ceiling;
    double rates[SLICES_MAX], ceiling_rates[SLICES_MAX];
} subject;

static subject subjects[] = {
    {.name = "UserOperation hash", .step = hash, .ceiling = hash_ceiling},
    {.name = "enable data", .step = enable_data},
    {.name = "permission id", .step = permission_id, .ceiling = permission_id_ceiling},
    {.name = "enable-mode signature", .step = enable_signature, .ceiling = two_signatures},
    {.name = "serialized account", .step = serialized},
};
#define SUBJECTS (sizeof subjects / sizeof subjects[0])

/* ---- Time ---- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double slice(bench *b, step_fn step, double seconds) {
    double start = now(), elapsed;
    size_t count = 0;
    do {
        for (int i = 0; i < 20; i++) {
            b->out.len = 0;
            step(b);
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

static double median(double *rates, int count) {
    qsort(rates, (size_t)count, sizeof *rates, compare);
    return rates[count / 2];
}

static void measure(bench *b, int slices, double seconds) {
    for (int i = 0; i < slices; i++) {
        for (size_t s = 0; s < SUBJECTS; s++) {
            subjects[s].rates[i] = slice(b, subjects[s].step, seconds);
            if (subjects[s].ceiling != NULL) {
                subjects[s].ceiling_rates[i] = slice(b, subjects[s].ceiling, seconds);
            }
        }
    }
}

/* ---- The session of tests/vectors ---- */

static size_t id_len(const bench *b) {
    vk_buf policy_id = {0}, signer_id = {0};
    must(vk_policy_id(&b->policy, &policy_id));
    must(vk_permission_signer_id(&b->signer, &signer_id));
    /* bytes[] of three: its offset and length, then offset, length and words of each. */
    size_t len = (2 + 3 * 2 + 1) * 32 + policy_id.len + signer_id.len;
    vk_buf_clear(&policy_id);
    vk_buf_clear(&signer_id);
    return len;
}

static void read_inputs(bench *b, const cJSON *file) {
    const cJSON *one = cJSON_GetArrayItem(vectors_get(file, "operations"), 0);
    char *policies = cJSON_PrintUnformatted(vectors_get(file, "policies"));
    char *op = cJSON_PrintUnformatted(vectors_get(one, "userOp"));
    const char *text = vectors_text(file, "serializedAccount");
    vk_address address = vectors_address(vectors_get(file, "session"), "address");
    must(vk_policy_read(policies, strlen(policies), &b->policy, NULL));
    must(vk_userop_read_json((vk_bytes){(const uint8_t *)op, strlen(op)}, VK_ENTRY_POINT_0_7,
                             &b->op, NULL));
    must(vk_serialized_read(text, strlen(text), &b->account, NULL));
    vectors_fixed(vectors_get(file, "owner"), "privateKey", b->owner32, sizeof b->owner32);
    vectors_fixed(vectors_get(file, "session"), "privateKey", b->session32, sizeof b->session32);
    b->signer = vk_signer_ecdsa(&address);
    cJSON_free(policies);
    cJSON_free(op);
}

static void prepare(bench *b) {
    must(vk_policy_enable_data(&b->policy, &b->signer, &b->enable_data));
    b->enable = (vk_enable){.kernel = VK_KERNEL_0_3_1,
                            .chain_id = CHAIN_ID,
                            .account = b->account.account,
                            .nonce = 1,
                            .enable_data = vk_buf_view(&b->enable_data)};
    must(vk_policy_permission_id(&b->policy, &b->signer, b->enable.permission_id));
    memcpy(b->enable.selector, vk_kernel_execute_selector, sizeof b->enable.selector);
    b->id_len = id_len(b);
    b->context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
}

static void agree(bench *b, step_fn step, const char *name, vk_bytes expected) {
    b->out.len = 0;
    step(b);
    if (!vk_bytes_equal(vk_buf_view(&b->out), expected)) {
        fprintf(stderr, "data: %s: not the bytes of the vector\n", name);
        exit(1);
    }
}

/* As JSON, with the case of hex letters folded: the SDK keeps that of addresses. */
static void serialized_agrees(bench *b, const char *expected) {
    vk_buf ours = {0}, theirs = {0};
    b->out.len = 0;
    serialized(b);
    must(vk_base64_read((const char *)b->out.data, b->out.len, &ours));
    must(vk_base64_read(expected, strlen(expected), &theirs));
    if (ours.len != theirs.len ||
        strncasecmp((const char *)ours.data, (const char *)theirs.data, ours.len) != 0) {
        fprintf(stderr, "data: serialized account: not the text of the vector\n");
        exit(1);
    }
    vk_buf_clear(&ours);
    vk_buf_clear(&theirs);
}

static void check(bench *b, const cJSON *file) {
    const cJSON *one = cJSON_GetArrayItem(vectors_get(file, "operations"), 0);
    vk_buf op_hash = vectors_bytes(one, "userOpHash");
    vk_buf id = vectors_bytes(file, "permissionId");
    vk_buf signature = vectors_bytes(one, "signature");
    vk_enable_parts parts;
    must(vk_enable_signature_read(vk_buf_view(&signature), &parts, NULL));
    agree(b, hash, "UserOperation hash", vk_buf_view(&op_hash));
    agree(b, enable_data, "enable data", parts.enable_data);
    agree(b, permission_id, "permission id", vk_buf_view(&id));
    agree(b, enable_signature, "enable-mode signature", vk_buf_view(&signature));
    serialized_agrees(b, vectors_text(file, "serializedAccount"));
    vk_buf_clear(&op_hash);
    vk_buf_clear(&id);
    vk_buf_clear(&signature);
}

static void clear(bench *b) {
    vk_userop_clear(&b->op);
    vk_policy_clear(&b->policy);
    vk_serialized_clear(&b->account);
    vk_buf_clear(&b->enable_data);
    vk_buf_clear(&b->out);
    secp256k1_context_destroy(b->context);
}

/* ---- Report ---- */

static long peak_memory(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void print(int slices, bool machine, long memory_before) {
    for (size_t s = 0; s < SUBJECTS; s++) {
        double rate = median(subjects[s].rates, slices);
        double ceiling = median(subjects[s].ceiling_rates, slices);
        if (machine) {
            printf("%s\t%.1f\t%.1f\n", subjects[s].name, rate, ceiling);
        } else if (subjects[s].ceiling == NULL) {
            printf("%-24s %12.0f /s\n", subjects[s].name, rate);
        } else {
            printf("%-24s %12.0f /s, the primitives alone %12.0f /s\n", subjects[s].name, rate,
                   ceiling);
        }
    }
    printf(machine ? "peak memory\t%ld\t%ld\n" : "peak memory %ld kB before, %ld kB after\n",
           memory_before, peak_memory());
}

int main(int argc, char **argv) {
    bool machine = argc > 1 && strcmp(argv[1], "-m") == 0;
    char **args = argv + machine;
    int count = argc - machine;
    int slices = count > 1 ? atoi(args[1]) : 9;
    double seconds = count > 2 ? atof(args[2]) : 0.5;
    bench b = {0};
    if (slices < 1 || slices > SLICES_MAX) {
        fprintf(stderr, "data: SLICES is 1 to %d\n", SLICES_MAX);
        return 1;
    }
    cJSON *file = vectors_load("session/ecdsa.json");
    read_inputs(&b, file);
    prepare(&b);
    check(&b, file);
    cJSON_Delete(file);
    long memory_before = peak_memory();
    measure(&b, slices, seconds);
    print(slices, machine, memory_before);
    clear(&b);
    return 0;
}
