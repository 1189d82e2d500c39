/*
 * Group commit. Threads that decide at the same time queue up; one of them, the leader, runs all
 * their decisions in one transaction, waits for the disk once, and wakes the others with their own
 * results. The next leader is the first of those that came too late.
 */
#ifndef VK_TOKEN_GROUP_H
#define VK_TOKEN_GROUP_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <valetkey/status.h>

struct vk_token;

/* One that waits, on the stack of its thread. */
typedef struct vk_group_member {
    const struct vk_decision *decision;
    vk_error *err; /* may be NULL */
    vk_status status;
    bool leads;
    sem_t wake;
    struct vk_group_member *next;
} vk_group_member;

typedef struct vk_group {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t came;  /* the leader waits here for those it expects */
    vk_group_member *first, **last;
    size_t waiting; /* between first and last */
    bool has_leader;
    size_t crowd;      /* how many decided at once lately */
    int64_t commit_us; /* how long the last commit took */
    bool is_shared;    /* another process wrote in between */
} vk_group;

VK_MUST_USE vk_status vk_group_init(vk_group *group);
void vk_group_destroy(vk_group *group);

#endif
