/* One token used from several threads; built with -fsanitize=thread as well. */
#include <pthread.h>
#include <stdlib.h>

#include "support.h"

#define THREADS 4
#define ROUNDS 50

typedef struct job {
    vk_token *token;
    const vk_grant_record *grant;
    unsigned number;
    vk_status status;
} job;

static void *reserve_many(void *arg) {
    job *j = arg;
    for (unsigned i = 0; i < ROUNDS && j->status == VK_OK; i++) {
        j->status = reserve(j->token, j->grant, j->number * ROUNDS + i, 1);
    }
    return NULL;
}

static vk_status read_round(const job *j) {
    vk_key_record record;
    uint64_t generation;
    int64_t *ids = NULL;
    size_t count;
    uint8_t secret[32];
    vk_status status = vk_token_generation(j->token, &generation);
    if (status == VK_OK) {
        status = vk_token_key_find(j->token, &(vk_key_filter){0}, &ids, &count);
    }
    free(ids);
    if (status == VK_OK) {
        status = vk_token_key_get(j->token, j->grant->key_id, &record);
    }
    if (status == VK_OK) {
        status = unseal(j->token, &record, secret);
        vk_key_record_clear(&record);
    }
    return status;
}

static void *read_many(void *arg) {
    job *j = arg;
    for (unsigned i = 0; i < ROUNDS * 4 && j->status == VK_OK; i++) {
        j->status = read_round(j);
    }
    return NULL;
}

static void *add_keys(void *arg) {
    job *j = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        key_add(j->token, 1 + j->number * ROUNDS + i);
    }
    return NULL;
}

static void run(void *(*const bodies[])(void *), size_t count, vk_token *token,
                const vk_grant_record *grant) {
    pthread_t threads[3 * THREADS];
    job jobs[3 * THREADS];
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (job){.token = token, .grant = grant, .number = (unsigned)i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, bodies[i], &jobs[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        assert_ok(jobs[i].status);
    }
}

START_TEST(sums_are_exact_across_threads) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_grant_record grant = grant_add(token, key_add(token, 0), 1);
    void *(*const bodies[])(void *) = {reserve_many, reserve_many, reserve_many, reserve_many,
                                       read_many,    read_many,    add_keys,     add_keys};
    run(bodies, sizeof bodies / sizeof bodies[0], token, &grant);
    vk_budget budget = budget_of(token, &grant);
    ck_assert_uint_eq(budget.rules[0].used, THREADS * ROUNDS);
    vk_budget_clear(&budget);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

static void *log_in_and_out(void *arg) {
    job *j = arg;
    for (int i = 0; i < 5; i++) {
        vk_status status = login(j->token, VK_ROLE_USER, USER_PIN);
        if (status != VK_OK && status != VK_ERR_EXISTS) {
            j->status = status;
        }
        vk_token_logout(j->token);
    }
    return NULL;
}

static void *try_to_sign(void *arg) {
    job *j = arg;
    for (int i = 0; i < ROUNDS * 4; i++) {
        vk_status status = read_round(j);
        if (status != VK_OK && status != VK_ERR_NOT_LOGGED_IN) {
            j->status = status;
        }
    }
    return NULL;
}

START_TEST(logout_at_any_moment) {
    vk_token *token = token_new(home);
    assert_ok(login(token, VK_ROLE_USER, USER_PIN));
    vk_grant_record grant = grant_add(token, key_add(token, 0), 1);
    void *(*const bodies[])(void *) = {log_in_and_out, log_in_and_out, try_to_sign, try_to_sign};
    run(bodies, sizeof bodies / sizeof bodies[0], token, &grant);
    vk_grant_record_clear(&grant);
    vk_token_close(token);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {sums_are_exact_across_threads, logout_at_any_moment};
    return RUN_TESTS("token threads", tests);
}
