#include "net/settle_part.h"

#include "net/nonce.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vk_settle_say(vk_settling *s, bool is_open, const char *format, ...) {
    vk_settle_answer *answer = &s->answer;
    char text[VK_ERROR_MESSAGE_MAX - 80];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    answer->is_open = is_open;
    answer->outcome = VK_OUTCOME_GONE;
    snprintf(answer->why, sizeof answer->why, "%s (%.70s)", text, vk_node_name(s->node));
}

/* ---- The chain ---- */

static vk_status check_chain(vk_settling *s, vk_error *err) {
    uint64_t id, wanted = s->question->grant->chain_id;
    vk_status status = vk_node_chain_id(s->node, &id, err);
    return status != VK_OK || id == wanted
               ? status
               : vk_fail(err, VK_ERR_SERVER, NULL,
                         "%s is a node of chain %" PRIu64 ", not of chain %" PRIu64,
                         vk_node_name(s->node), id, wanted);
}

vk_status vk_settle_block(vk_settling *s, uint64_t number, vk_block *out, vk_error *err) {
    vk_status status = vk_node_block(s->node, number, out, err);
    return status != VK_ERR_NOT_FOUND
               ? status
               : vk_fail(err, VK_ERR_SERVER, NULL, "%s does not have block %" PRIu64 " any more",
                         vk_node_name(s->node), number);
}

/* Answers of different moments, or of different machines behind one name, must be of one chain. */
static vk_status check_still_there(vk_settling *s, vk_error *err) {
    vk_block again;
    vk_status status = vk_settle_block(s, s->block.number, &again, err);
    if (status == VK_OK && (memcmp(&again.hash, &s->block.hash, sizeof again.hash) != 0 ||
                            again.timestamp != s->block.timestamp)) {
        status = vk_fail(err, VK_ERR_SERVER, NULL,
                         "%s said that block %" PRIu64 " is final, and now has another one there",
                         vk_node_name(s->node), s->block.number);
    }
    return status;
}

/* ---- The nonce ---- */

static vk_status read_next(vk_settling *s, vk_bytes answer, vk_u256 *next, vk_error *err) {
    return vk_get_nonce_read(answer, s->question->reservation->nonce.be, next)
               ? VK_OK
               : vk_fail(err, VK_ERR_SERVER, NULL,
                         "%s gives no nonce of the key that the EntryPoint was asked for",
                         vk_node_name(s->node));
}

/* The first nonce of the same key that is still free. */
static vk_status ask_next_nonce(vk_settling *s, vk_u256 *next, vk_error *err) {
    const vk_settle_question *q = s->question;
    vk_buf call = {0}, answer = {0};
    vk_get_nonce_put(&q->grant->account, q->reservation->nonce.be, &call);
    vk_status status = vk_buf_status(&call);
    if (status == VK_OK) {
        status = vk_node_call(s->node, &q->grant->entry_point, vk_buf_view(&call), s->block.number,
                              &answer, err);
    }
    if (status == VK_OK) {
        status = read_next(s, vk_buf_view(&answer), next, err);
    }
    vk_buf_clear(&call);
    vk_buf_clear(&answer);
    return status;
}

static vk_status settle(vk_settling *s, vk_error *err) {
    vk_u256 next;
    vk_status status = check_chain(s, err);
    if (status == VK_OK) {
        status = vk_node_finalized(s->node, &s->block, err);
    }
    if (status == VK_OK) {
        status = ask_next_nonce(s, &next, err);
    }
    if (status == VK_OK) {
        bool is_used = vk_u256_cmp(&next, &s->question->reservation->nonce) > 0;
        status = is_used ? vk_settle_by_event(s, err) : vk_settle_by_install(s, err);
        if (status == VK_OK && is_used && !s->answer.is_open) {
            status = vk_settle_approval(s, err);
        }
    }
    return status == VK_OK ? check_still_there(s, err) : status;
}

vk_status vk_settle_ask(vk_node *node, const vk_settle_question *question, vk_settle_answer *out,
                        vk_error *err) {
    vk_settling s = {.node = node, .question = question, .answer = {.is_open = true}};
    vk_status status = settle(&s, err);
    *out = status == VK_OK ? s.answer : (vk_settle_answer){.is_open = true};
    return status;
}
