#include "token/group.h"

#include <errno.h>
#include <time.h>

#include "token/decide.h"

/* Of a leader's transaction: so many decisions, and the first of them need not wait long. */
#define MEMBERS_MAX 256
/* Waiting for others pays only where a commit takes longer than two threads need to change over. */
#define SLOW_COMMIT_US 400

vk_status vk_group_init(vk_group *group) {
    pthread_condattr_t attributes;
    *group = (vk_group){0};
    group->last = &group->first;
    if (pthread_condattr_init(&attributes) != 0) {
        return VK_ERR_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool made = pthread_cond_init(&group->came, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!made || pthread_mutex_init(&group->lock, NULL) != 0) {
        return VK_ERR_MEMORY;
    }
    return VK_OK;
}

void vk_group_destroy(vk_group *group) {
    pthread_cond_destroy(&group->came);
    pthread_mutex_destroy(&group->lock);
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- The queue. Callers hold its lock. ---- */

static void join(vk_group *group, vk_group_member *member) {
    *group->last = member;
    group->last = &member->next;
    group->waiting++;
    pthread_cond_signal(&group->came);
}

static vk_group_member *take_all(vk_group *group) {
    vk_group_member *members = group->first;
    group->first = NULL;
    group->last = &group->first;
    group->waiting = 0;
    return members;
}

static void wait_until(vk_group *group, int64_t deadline_us) {
    struct timespec deadline = {.tv_sec = deadline_us / 1000000,
                                .tv_nsec = deadline_us % 1000000 * 1000};
    (void)pthread_cond_timedwait(&group->came, &group->lock, &deadline);
}

/* ---- The leader ---- */

/* What a leader has in hand. */
typedef struct transaction {
    vk_token *token;
    vk_group_member *members, **last; /* whose decisions it ran, in order */
    size_t count;
    int64_t deadline_us; /* how long it waits for more */
} transaction;

/* The next ones; NULL when it is time to commit. */
static vk_group_member *next_members(transaction *t) {
    vk_group *group = &t->token->group;
    pthread_mutex_lock(&group->lock);
    while (group->waiting == 0 && t->count < group->crowd && now_us() < t->deadline_us) {
        wait_until(group, t->deadline_us);
    }
    vk_group_member *members = t->count < MEMBERS_MAX ? take_all(group) : NULL;
    pthread_mutex_unlock(&group->lock);
    return members;
}

static void keep(transaction *t, vk_group_member *members) {
    *t->last = members;
    while (*t->last != NULL) {
        t->last = &(*t->last)->next;
        t->count++;
    }
}

static void run_all(transaction *t) {
    vk_group_member *members;
    while ((members = next_members(t)) != NULL) {
        keep(t, members);
        for (vk_group_member *m = members; m != NULL; m = m->next) {
            m->status = vk_decide_in(t->token, m->decision, m->err);
        }
    }
}

/* Waits for more than the first only as long as that costs little beside the commit. */
static int64_t patience_us(const vk_group *group) {
    return group->commit_us > SLOW_COMMIT_US ? group->commit_us / 2 : 0;
}

static vk_status run_and_flush(transaction *t, vk_error *err) {
    vk_token *token = t->token;
    t->deadline_us = now_us() + patience_us(&token->group);
    run_all(t);
    return vk_scope_flush(token, err);
}

/* One transaction; its outcome holds for everyone whose decision went well. */
static vk_status decide_all(transaction *t, vk_error *err) {
    vk_token *token = t->token;
    if (token->group.is_shared) {
        vk_db_let_others();
    }
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_scope_begin(token, &token->group.is_shared, err);
    if (status == VK_OK) {
        status = run_and_flush(t, err);
    }
    int64_t start = now_us();
    status = vk_token_end_decisions(token, status, err);
    token->group.commit_us = now_us() - start;
    return status;
}

/* The next leader starts before the others wake up. */
static void hand_over(transaction *t) {
    vk_group *group = &t->token->group;
    pthread_mutex_lock(&group->lock);
    if (t->count == 0) {
        keep(t, take_all(group));
    }
    group->crowd = t->count + group->waiting;
    vk_group_member *leader = group->first;
    group->has_leader = leader != NULL;
    if (leader != NULL) {
        leader->leads = true;
        sem_post(&leader->wake);
    }
    pthread_mutex_unlock(&group->lock);
}

/* A member is gone as soon as it is awake. */
static void wake_all(const transaction *t, vk_status status, const vk_error *err) {
    vk_group_member *next;
    for (vk_group_member *m = t->members; m != NULL; m = next) {
        next = m->next;
        if (status != VK_OK && m->status == VK_OK) {
            m->status = vk_fail(m->err, status, err->path, "%s", err->message);
        }
        sem_post(&m->wake);
    }
}

static void lead(vk_token *token) {
    vk_error err = {0};
    transaction t = {.token = token};
    t.last = &t.members;
    vk_status status = decide_all(&t, &err);
    hand_over(&t);
    wake_all(&t, status, &err);
}

static void sleep_until_woken(vk_group_member *member) {
    while (sem_wait(&member->wake) != 0 && errno == EINTR) {
    }
}

/* True: the caller leads. */
static bool enter(vk_group *group, vk_group_member *me) {
    pthread_mutex_lock(&group->lock);
    join(group, me);
    bool leads = !group->has_leader;
    group->has_leader = true;
    pthread_mutex_unlock(&group->lock);
    return leads;
}

vk_status vk_token_decide(vk_token *token, const vk_decision *decision, vk_error *err) {
    vk_group_member me = {.decision = decision, .err = err, .status = VK_OK};
    if (err != NULL) {
        *err = (vk_error){0};
    }
    if (sem_init(&me.wake, 0, 0) != 0) {
        return VK_ERR_MEMORY;
    }
    bool leads = enter(&token->group, &me);
    if (!leads) {
        sleep_until_woken(&me);
        leads = me.leads;
    }
    if (leads) {
        lead(token);
        sleep_until_woken(&me);
    }
    sem_destroy(&me.wake);
    return me.status;
}
