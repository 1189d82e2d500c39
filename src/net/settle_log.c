/* Which operation used a nonce: the EntryPoint's event says it. */
#include "net/settle_part.h"

#include <inttypes.h>
#include <string.h>

/* ---- Where to look ---- */

/* A block that the node does not keep any more is an old one. */
static vk_status is_before(vk_settling *s, uint64_t number, uint64_t time, bool *out,
                           vk_error *err) {
    vk_block block;
    vk_error why = {0};
    vk_status status = vk_node_block(s->node, number, &block, &why);
    if (status == VK_ERR_NOT_FOUND) {
        *out = true;
        return VK_OK;
    }
    *out = status == VK_OK && block.timestamp < time;
    return status == VK_OK ? VK_OK : vk_fail(err, status, why.path, "%s", why.message);
}

/* The first block that may have what was signed at a time; the finalized one if none is so late. */
static vk_status first_block(vk_settling *s, uint64_t time, uint64_t *out, vk_error *err) {
    uint64_t low = 0, high = s->block.number;
    vk_status status = VK_OK;
    while (status == VK_OK && low < high && time > 0) {
        uint64_t middle = low + (high - low) / 2;
        bool before;
        status = is_before(s, middle, time, &before, err);
        if (status == VK_OK && before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return status;
}

static uint64_t earliest(const vk_reservation *reservation) {
    return reservation->signed_at > VK_SETTLE_CLOCK_SECONDS
               ? reservation->signed_at - VK_SETTLE_CLOCK_SECONDS
               : 0;
}

/* ---- Looking ---- */

static vk_status search(vk_settling *s, uint64_t from, bool *found, vk_operation_event *out,
                        vk_error *err) {
    const vk_settle_question *q = s->question;
    uint64_t step = vk_node_max_blocks(s->node), last = s->block.number, to;
    vk_status status;
    *found = false;
    do {
        to = last - from < step ? last : from + step - 1;
        vk_operation_filter filter = {q->grant->entry_point, q->grant->account, from, to};
        status = vk_node_operation_event(s->node, &filter, &q->reservation->nonce, found, out, err);
        from = to + 1;
    } while (status == VK_OK && !*found && to < last);
    return status;
}

/* The log names its block twice; the chain's own block must agree. */
static vk_status block_of(vk_settling *s, const vk_operation_event *event, vk_block *out,
                          vk_error *err) {
    vk_status status = vk_settle_block(s, event->block, out, err);
    if (status == VK_OK && (memcmp(&out->hash, &event->block_hash, sizeof out->hash) != 0 ||
                            out->timestamp > s->block.timestamp)) {
        status = vk_fail(err, VK_ERR_SERVER, NULL,
                         "%s has a log of a block %" PRIu64 " that is not the chain's",
                         vk_node_name(s->node), event->block);
    }
    return status;
}

/* ---- What it means ---- */

static bool was_signed(const vk_reservation *reservation, const vk_hash *operation) {
    for (size_t i = 0; i < reservation->operation_count; i++) {
        if (memcmp(&reservation->operations[i], operation, sizeof *operation) == 0) {
            return true;
        }
    }
    return false;
}

static void judge(vk_settling *s, const vk_operation_event *event, const vk_block *block) {
    const vk_reservation *reservation = s->question->reservation;
    vk_u256 hash = vk_u256_from_be(event->operation.b, sizeof event->operation.b);
    char text[67];
    vk_u256_hex(&hash, text);
    if (was_signed(reservation, &event->operation)) {
        vk_settle_say(s, false, "block %" PRIu64 " has operation %s", event->block, text);
        s->answer.outcome = VK_OUTCOME_INCLUDED;
        s->answer.included_at = block->timestamp;
    } else if (reservation->is_complete) {
        vk_settle_say(s, false, "the nonce was used by another operation: block %" PRIu64 " has %s",
                      event->block, text);
    } else {
        vk_settle_say(s, true,
                      "block %" PRIu64 " has operation %s with this nonce, and not everything that "
                      "was signed for it is known",
                      event->block, text);
    }
}

vk_status vk_settle_by_event(vk_settling *s, vk_error *err) {
    uint64_t from, calls;
    bool found;
    vk_operation_event event;
    vk_block block;
    vk_status status = first_block(s, earliest(s->question->reservation), &from, err);
    if (status != VK_OK) {
        return status;
    }
    calls = (s->block.number - from) / vk_node_max_blocks(s->node) + 1;
    if (calls > VK_SETTLE_CALLS_MAX) {
        vk_settle_say(s, true,
                      "the nonce was used, but blocks %" PRIu64 " to %" PRIu64
                      " are more than %d calls of %" PRIu64 " blocks look through",
                      from, s->block.number, VK_SETTLE_CALLS_MAX, vk_node_max_blocks(s->node));
        return VK_OK;
    }
    status = search(s, from, &found, &event, err);
    if (status == VK_OK && !found) {
        vk_settle_say(s, true,
                      "the nonce was used, but blocks %" PRIu64 " to %" PRIu64
                      " have no event of it: the account skipped it, or the node keeps no logs "
                      "of then",
                      from, s->block.number);
        return VK_OK;
    }
    if (status == VK_OK) {
        status = block_of(s, &event, &block, err);
    }
    if (status == VK_OK) {
        judge(s, &event, &block);
    }
    return status;
}
