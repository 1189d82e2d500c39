/* What a spend rule counts. */
#include "token/spend.h"
#include "token/store.h"

#include <string.h>

static void add(vk_u256 *sum, const vk_u256 *amount) {
    if (!vk_u256_add(sum, amount, sum)) {
        memset(sum->be, 0xff, sizeof sum->be);
    }
}

/* A block of the future counts too: this clock may be behind. */
static bool counts(const vk_spend_rule *rule, const vk_spend_entry *entry, uint64_t now) {
    return entry->time >= now || now - entry->time < rule->period;
}

vk_u256 vk_spend_included(const vk_spend_rule *rule, uint64_t now) {
    vk_u256 sum = vk_u256_from_u64(0);
    for (size_t i = 0; i < rule->entry_count; i++) {
        if (counts(rule, &rule->entries[i], now)) {
            add(&sum, &rule->entries[i].amount);
        }
    }
    return sum;
}

vk_u256 vk_spend_spent(const vk_spend_rule *rule, uint64_t now) {
    vk_u256 sum = vk_spend_included(rule, now);
    add(&sum, &rule->open);
    return sum;
}

/* ---- Including ---- */

static void drop(vk_spend_rule *rule, size_t index) {
    rule->entry_count--;
    memmove(&rule->entries[index], &rule->entries[index + 1],
            (rule->entry_count - index) * sizeof rule->entries[0]);
}

/* What the newest block has left behind: the clock of this machine has no say, since what is
 * dropped does not come back when the clock does. */
static void drop_old(vk_spend_rule *rule) {
    while (rule->entry_count > 1 &&
           !counts(rule, &rule->entries[0], rule->entries[rule->entry_count - 1].time)) {
        drop(rule, 0);
    }
}

/* The two become one, with the later time. */
static void merge(vk_spend_rule *rule, size_t first) {
    add(&rule->entries[first + 1].amount, &rule->entries[first].amount);
    drop(rule, first);
}

static bool same_bucket(const vk_spend_rule *rule, size_t first) {
    uint64_t width = rule->period / VK_SPEND_BUCKETS + 1;
    return rule->entries[first].time / width == rule->entries[first + 1].time / width;
}

static void merge_buckets(vk_spend_rule *rule) {
    for (size_t i = 0; i + 1 < rule->entry_count;) {
        if (same_bucket(rule, i)) {
            merge(rule, i);
        } else {
            i++;
        }
    }
}

static void insert(vk_spend_rule *rule, const vk_spend_entry *entry) {
    size_t at = rule->entry_count;
    while (at > 0 && rule->entries[at - 1].time > entry->time) {
        at--;
    }
    memmove(&rule->entries[at + 1], &rule->entries[at],
            (rule->entry_count - at) * sizeof rule->entries[0]);
    rule->entries[at] = *entry;
    rule->entry_count++;
}

/* A rule that was given a shorter period may have more buckets than there is room for. */
void vk_spend_include(vk_spend_rule *rule, uint64_t time, const vk_u256 *amount) {
    vk_spend_entry entry = {time, *amount};
    while (rule->entry_count >= VK_SPEND_ENTRIES_MAX) {
        merge(rule, 0);
    }
    insert(rule, &entry);
    merge_buckets(rule);
    drop_old(rule);
}
