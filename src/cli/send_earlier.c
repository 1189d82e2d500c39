/* What was sent before an operation, and is still in the outbox: a node that names the next nonce
 * says that it is included. If it says so too early, and the operation is that one again, both
 * would be, so the bundler is asked as well. */
#include "cli/send.h"

#include <string.h>

typedef struct earlier {
    bool found;
    vk_hash hash;
    vk_u256 nonce;
} earlier;

typedef struct looking {
    const vk_u256 *nonce;
    earlier last;     /* of its lane */
    earlier enabling; /* what installs its permission */
} looking;

static bool is_before(const vk_u256 *nonce, const vk_u256 *other) {
    return vk_outbox_same_lane(nonce, other) && vk_u256_cmp(nonce, other) < 0;
}

/* In default mode the permission is there already. */
static bool enables(const vk_u256 *nonce, const vk_u256 *other) {
    const vk_kernel_nonce a = vk_kernel_nonce_decode(nonce), b = vk_kernel_nonce_decode(other);
    return a.mode == VK_NONCE_ENABLE && b.mode == VK_NONCE_DEFAULT &&
           a.type == VK_NONCE_PERMISSION && b.type == VK_NONCE_PERMISSION &&
           memcmp(a.identifier, b.identifier, sizeof a.identifier) == 0;
}

static void look(void *context, const vk_outgoing *item) {
    looking *job = context;
    const vk_u256 *nonce = &item->op.nonce;
    const earlier this = {.found = true, .hash = item->hash, .nonce = *nonce};
    if (is_before(nonce, job->nonce) &&
        (!job->last.found || vk_u256_cmp(nonce, &job->last.nonce) > 0)) {
        job->last = this;
    } else if (enables(nonce, job->nonce)) {
        job->enabling = this;
    }
}

/* One whose receipt the bundler has is done with. */
static vk_exit settle(vk_cli *cli, const vk_sending *s, const earlier *one, vk_hash *open,
                      bool *is_open) {
    vk_operation_receipt receipt;
    vk_error err = {0};
    bool found = false;
    if (!one->found) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_bundler_receipt(s->bundler, &one->hash, &s->grant->account.account,
                                          &found, &receipt, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask for the receipt of the operation before", status,
                            &err);
    }
    if (!found) {
        *is_open = true;
        *open = one->hash;
        return VK_EXIT_OK;
    }
    return vk_send_give_earlier(cli, s, &one->hash, &one->nonce, &receipt)
               ? vk_outbox_remove(cli, &one->hash)
               : VK_EXIT_OK;
}

vk_exit vk_send_settle_earlier(vk_cli *cli, const vk_sending *s, bool *is_open, vk_hash *open) {
    const vk_outgoing like = vk_send_any_outgoing(s);
    looking job = {.nonce = &s->op.nonce};
    *is_open = false;
    if (vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_outbox_look_through(cli, &like, look, &job);
    if (exit == VK_EXIT_OK) {
        exit = settle(cli, s, &job.last, open, is_open);
    }
    if (exit == VK_EXIT_OK && !*is_open) {
        exit = settle(cli, s, &job.enabling, open, is_open);
    }
    return exit;
}
