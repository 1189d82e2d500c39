/*
 * What the library makes per second: hashes, enable data, ids, finished signatures, serialized
 * accounts. Slices of each in turn, the median of each. Prints a table; decides nothing.
 *
 * Usage: data [SLICES [SECONDS_PER_SLICE]], with $VK_TEST_SRCDIR for the vectors.
 */
#include "support/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICES_MAX 99

typedef struct bench {
    vk_policy policy;
    vk_signer signer;
    vk_userop op;
    vk_serialized_account account;
    vk_enable enable;
    vk_buf enable_data, out;
    uint8_t secret32[32];
} bench;

typedef struct subject {
    const char *name;
    void (*step)(bench *b);
    double rates[SLICES_MAX];
} subject;

static void must(vk_status status) {
    if (status != VK_OK) {
        fprintf(stderr, "bench: %s\n", vk_status_text(status));
        exit(1);
    }
}

static void hash(bench *b) {
    vk_hash out;
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    must(vk_userop_hash(&b->op, 31337, &entry_point, &out));
}

static void enable_data(bench *b) {
    must(vk_policy_enable_data(&b->policy, &b->signer, &b->out));
}

static void permission_id(bench *b) {
    uint8_t id4[4];
    must(vk_policy_permission_id(&b->policy, &b->signer, id4));
}

/* Both signatures, the owner's and the session key's. */
static void enable_signature(bench *b) {
    vk_hash digest;
    uint8_t approval65[65], session65[65];
    vk_buf part = {0};
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    must(vk_enable_digest(&b->enable, &digest));
    must(vk_ecdsa_sign(b->secret32, &digest, approval65));
    must(vk_userop_hash(&b->op, 31337, &entry_point, &digest));
    must(vk_userop_sign(b->secret32, &digest, session65));
    vk_permission_signature((vk_bytes){session65, sizeof session65}, &part);
    must(vk_enable_signature(&b->enable, (vk_bytes){approval65, sizeof approval65},
                             vk_buf_view(&part), &b->out));
    vk_buf_clear(&part);
}

static void serialized(bench *b) {
    must(vk_serialized_write(&b->account, &b->out));
}

static subject subjects[] = {
    {.name = "UserOperation hash", .step = hash},
    {.name = "enable data", .step = enable_data},
    {.name = "permission id", .step = permission_id},
    {.name = "enable-mode signature, two ECDSA", .step = enable_signature},
    {.name = "serialized account", .step = serialized},
};
#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double slice(bench *b, const subject *s, double seconds) {
    double start = now(), elapsed;
    size_t count = 0;
    do {
        for (int i = 0; i < 20; i++) {
            b->out.len = 0;
            s->step(b);
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

/* The session of tests/vectors. */
static void load(bench *b) {
    cJSON *file = vectors_load("session/ecdsa.json");
    const cJSON *one = cJSON_GetArrayItem(vectors_get(file, "operations"), 0);
    char *policies = cJSON_PrintUnformatted(vectors_get(file, "policies"));
    char *op = cJSON_PrintUnformatted(vectors_get(one, "userOp"));
    const char *text = vectors_text(file, "serializedAccount");
    vk_address address = vectors_address(vectors_get(file, "session"), "address");
    must(vk_policy_read(policies, strlen(policies), &b->policy, NULL));
    must(vk_userop_read_json((vk_bytes){(const uint8_t *)op, strlen(op)}, VK_ENTRY_POINT_0_7,
                             &b->op, NULL));
    must(vk_serialized_read(text, strlen(text), &b->account, NULL));
    b->signer = vk_signer_ecdsa(&address);
    must(vk_policy_enable_data(&b->policy, &b->signer, &b->enable_data));
    b->secret32[31] = 1;
    b->enable = (vk_enable){.kernel = VK_KERNEL_0_3_1,
                            .chain_id = 31337,
                            .account = b->account.account,
                            .nonce = 1,
                            .enable_data = vk_buf_view(&b->enable_data)};
    must(vk_policy_permission_id(&b->policy, &b->signer, b->enable.permission_id));
    memcpy(b->enable.selector, vk_kernel_execute_selector, sizeof b->enable.selector);
    cJSON_free(policies);
    cJSON_free(op);
    cJSON_Delete(file);
}

int main(int argc, char **argv) {
    int slices = argc > 1 ? atoi(argv[1]) : 9;
    double seconds = argc > 2 ? atof(argv[2]) : 0.5;
    bench b = {0};
    if (slices < 1 || slices > SLICES_MAX) {
        fprintf(stderr, "data: SLICES is 1 to %d\n", SLICES_MAX);
        return 1;
    }
    load(&b);
    for (int i = 0; i < slices; i++) {
        for (size_t s = 0; s < SUBJECTS; s++) {
            subjects[s].rates[i] = slice(&b, &subjects[s], seconds);
        }
    }
    for (size_t s = 0; s < SUBJECTS; s++) {
        qsort(subjects[s].rates, (size_t)slices, sizeof(double), compare);
        printf("%-40s %12.0f /s\n", subjects[s].name, subjects[s].rates[slices / 2]);
    }
    vk_userop_clear(&b.op);
    vk_policy_clear(&b.policy);
    vk_serialized_clear(&b.account);
    vk_buf_clear(&b.enable_data);
    vk_buf_clear(&b.out);
    return 0;
}
