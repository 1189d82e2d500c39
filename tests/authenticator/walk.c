#include "internal.h"

#include <string.h>

#define PAUSE_MAX_MS (30 * 1000)

void walk_begin(authn *a, uint8_t command, uint8_t subcommand) {
    walk_end(a);
    a->walk.command = command;
    a->walk.subcommand = subcommand;
    a->walk.channel = a->transaction.channel;
    a->walk.at_ms = now_ms();
}

void walk_add(authn *a, size_t index) {
    a->walk.items[a->walk.count++] = index;
}

const credential *walk_next(authn *a, uint8_t command, uint8_t subcommand) {
    walk *w = &a->walk;
    bool right = w->command == command && w->subcommand == subcommand &&
                 w->channel == a->transaction.channel && w->next < w->count &&
                 now_ms() - w->at_ms <= PAUSE_MAX_MS;
    if (!right) {
        walk_end(a);
        return NULL;
    }
    w->at_ms = now_ms();
    return &a->store.items[w->items[w->next++]];
}

void walk_end(authn *a) {
    size_t *items = a->walk.items;
    vk_wipe(&a->walk, sizeof a->walk);
    a->walk.items = items;
}
