/* The way of a signed operation: kept, sent, and followed until it is included. */
#include "cli/send.h"

#include "cli/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_SECONDS 1
#define FIND_TRIES 5

static void hash_text(const vk_hash *hash, vk_buf *out) {
    vk_hex_put(out, (vk_bytes){hash->b, sizeof hash->b});
}

static void progress(const char *text) {
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s\n", text);
    }
}

/* ---- Sending ---- */

vk_outgoing vk_send_outgoing(const vk_sending *s) {
    return (vk_outgoing){.chain_id = s->grant->chain_id,
                         .entry_point = s->grant->entry_point,
                         .hash = s->hash,
                         .op = s->op};
}

vk_outgoing vk_send_any_outgoing(const vk_sending *s) {
    return (vk_outgoing){.chain_id = s->grant->chain_id,
                         .entry_point = s->grant->entry_point,
                         .op = {.sender = s->grant->account.account}};
}

vk_exit vk_send_keep(vk_cli *cli, vk_sending *s) {
    const vk_outgoing item = vk_send_outgoing(s);
    vk_exit exit = vk_outbox_put(cli, &item, &s->was_kept);
    vk_outbox_release(&s->claim);
    return exit;
}

/* What the owner signed is of no key. */
static vk_exit hint_resume(vk_cli *cli, vk_exit exit, const vk_sending *s) {
    vk_buf text = {0};
    if (!s->as_owner) {
        vk_buf_printf(&text, "--label '%s' ", s->key.label);
    }
    vk_buf_put_text(&text, "--resume ");
    hash_text(&s->hash, &text);
    exit = vk_cli_hint(cli, exit,
                       "it may still be included: look again with \"valetkey send %.*s\", which "
                       "sends no other",
                       (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    return exit;
}

static void pause_for(unsigned seconds) {
    struct timespec rest = {.tv_sec = (time_t)seconds};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

/* No answer came: did the bundler get it all the same? */
static vk_exit find_out(vk_cli *cli, vk_sending *s, vk_status status, vk_error *err) {
    vk_error ignored;
    bool knows = false;
    for (int i = 0; i < FIND_TRIES && !knows; i++) {
        if (vk_bundler_knows(s->bundler, &s->hash, &knows, &ignored) != VK_OK || !knows) {
            knows = false;
            pause_for(LOOK_SECONDS);
        }
    }
    if (knows) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail_with(cli, "it is not known whether it was sent",
                                    status == VK_ERR_MISMATCH ? VK_ERR_SERVER : status, err);
    return hint_resume(cli, exit, s);
}

/* Of what may have been sent before it may say no more than that: some say so of an operation that
 * they have, and tell nobody that they have it. */
static vk_exit take_refusal(vk_cli *cli, vk_sending *s, vk_status status, vk_error *err) {
    vk_exit exit = vk_send_fail(cli, "the bundler does not take it", status, err);
    if (s->was_kept) {
        return hint_resume(cli, exit, s);
    }
    vk_exit removed = vk_outbox_remove(cli, &s->hash);
    (void)removed; /* resuming it meets the same answer */
    return exit;
}

static vk_exit send_once(vk_cli *cli, vk_sending *s) {
    vk_error err = {0};
    bool is_unknown = false;
    vk_status status =
        vk_bundler_send(s->bundler, &s->op, &s->grant->entry_point, &s->hash, &is_unknown, &err);
    if (status == VK_OK) {
        return VK_EXIT_OK;
    }
    if (is_unknown) {
        return find_out(cli, s, status, &err);
    }
    return take_refusal(cli, s, status, &err);
}

/* ---- Following ---- */

static void say_receipt(vk_out *out, const vk_operation_receipt *receipt) {
    char cost[82], wei[79];
    vk_buf transaction = {0};
    hash_text(&receipt->transaction, &transaction);
    vk_u256_scaled(&receipt->actual_gas_cost, 18, cost);
    vk_u256_decimal(&receipt->actual_gas_cost, wei);
    vk_say(out, "%s in block %" PRIu64 ", for %s ether: %.*s\n",
           receipt->success ? "Done" : "Included, but its calls failed", receipt->block, cost,
           (int)transaction.len, (const char *)transaction.data);
    if (!receipt->success && receipt->reason[0] != '\0') {
        vk_say(out, "  %s\n", receipt->reason);
    }
    vk_out_bool(out, "included", true);
    vk_out_bool(out, "success", receipt->success);
    vk_out_u64(out, "block", receipt->block);
    vk_out_bytes(out, "transaction",
                 (vk_bytes){receipt->transaction.b, sizeof receipt->transaction.b});
    vk_out_text(out, "actualGasCost", wei);
    vk_u256_decimal(&receipt->actual_gas_used, wei);
    vk_out_text(out, "actualGasUsed", wei);
    if (!receipt->success) {
        vk_out_text(out, "reason", receipt->reason);
    }
    vk_buf_clear(&transaction);
}

static vk_exit take_receipt(vk_cli *cli, vk_sending *s, const vk_operation_receipt *receipt) {
    vk_exit exit = VK_EXIT_OK;
    say_receipt(&cli->out, receipt);
    if (vk_send_give_receipt(cli, s, receipt)) {
        exit = vk_outbox_remove(cli, &s->hash);
    }
    return exit == VK_EXIT_OK && !receipt->success ? VK_EXIT_REVERTED : exit;
}

/* A bundler that does not answer for a while may do so later. */
static vk_exit wait_for(vk_cli *cli, vk_sending *s) {
    vk_operation_receipt receipt;
    vk_error err = {0};
    bool found = false;
    time_t end = time(NULL) + (time_t)s->wait_seconds;
    vk_status status;
    progress("Waiting until it is included ...");
    while (true) {
        status = vk_bundler_receipt(s->bundler, &s->hash, &s->op.sender, &found, &receipt, &err);
        if ((status == VK_OK && found) || time(NULL) >= end) {
            break;
        }
        pause_for(LOOK_SECONDS);
    }
    if (status == VK_OK && found) {
        return take_receipt(cli, s, &receipt);
    }
    vk_exit exit = status != VK_OK ? vk_send_fail(cli, "cannot ask for the receipt", status, &err)
                                   : vk_cli_fail(cli, VK_EXIT_SERVER,
                                                 "it was not included within %" PRIu64 " seconds",
                                                 s->wait_seconds);
    return hint_resume(cli, exit, s);
}

static void say_sent(vk_cli *cli, const vk_sending *s) {
    vk_buf hash = {0};
    char account[43], nonce[67];
    vk_address_text(&s->op.sender, account);
    vk_u256_hex(&s->op.nonce, nonce);
    hash_text(&s->hash, &hash);
    vk_say(&cli->out, "Sent for the account %s on chain %" PRIu64 ": %.*s\n", account,
           s->grant->chain_id, (int)hash.len, (const char *)hash.data);
    vk_out_u64(&cli->out, "chainId", s->grant->chain_id);
    vk_out_text(&cli->out, "account", account);
    vk_out_bytes(&cli->out, "userOpHash", (vk_bytes){s->hash.b, sizeof s->hash.b});
    vk_out_text(&cli->out, "nonce", nonce);
    vk_buf_clear(&hash);
}

/* receipt: NULL if it is not known yet. */
static vk_exit follow(vk_cli *cli, vk_sending *s, const vk_operation_receipt *receipt) {
    vk_exit exit = VK_EXIT_OK;
    vk_out_open(&cli->out, NULL, '{');
    say_sent(cli, s);
    if (receipt != NULL) {
        exit = take_receipt(cli, s, receipt);
    } else if (vk_opt_flag(cli, VK_OPT_WAIT)) {
        exit = wait_for(cli, s);
    }
    vk_out_close(&cli->out, '}');
    return exit;
}

vk_exit vk_send_off(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_send_keep(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = send_once(cli, s);
    }
    return exit == VK_EXIT_OK ? follow(cli, s, NULL) : exit;
}

/* A bundler forgets what it has included long ago, so the receipt is asked for first; who has never
 * seen the operation gets it. */
vk_exit vk_send_off_again(vk_cli *cli, vk_sending *s) {
    vk_operation_receipt receipt;
    vk_error err = {0};
    bool found = false, knows = false;
    vk_status status =
        vk_bundler_receipt(s->bundler, &s->hash, &s->op.sender, &found, &receipt, &err);
    if (status == VK_OK && !found) {
        status = vk_bundler_knows(s->bundler, &s->hash, &knows, &err);
    }
    if (status != VK_OK) {
        return hint_resume(cli, vk_send_fail(cli, "cannot ask the bundler", status, &err), s);
    }
    vk_exit exit = found || knows ? VK_EXIT_OK : send_once(cli, s);
    return exit == VK_EXIT_OK ? follow(cli, s, found ? &receipt : NULL) : exit;
}
