/* explain of a message: for whom it is, and the verdict rule by rule, without signing. */
#include "cli/explain.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* ---- The message ---- */

static void describe_domain(vk_out *out, const vk_typed_domain *domain) {
    if (domain->has_verifying_contract) {
        char contract[43];
        vk_address_text(&domain->verifying_contract, contract);
        vk_say_field(out, "checked by", "%s", contract);
        vk_out_address(out, "verifyingContract", &domain->verifying_contract);
    }
    if (domain->has_chain_id) {
        char chain_id[79];
        vk_u256_decimal(&domain->chain_id, chain_id);
        vk_say_field(out, "domain", "chain %s", chain_id);
        vk_out_text(out, "domainChainId", chain_id);
    }
}

static void describe_account(vk_out *out, const vk_message_payload *payload) {
    char account[43];
    if (payload->has_account) {
        vk_address_text(&payload->account, account);
        vk_say_field(out, "account", "%s on chain %" PRIu64, account, payload->chain_id);
        vk_out_address(out, "account", &payload->account);
        vk_out_u64(out, "chainId", payload->chain_id);
    }
}

static void describe(vk_out *out, const vk_message_payload *payload) {
    vk_say_in(out, VK_STYLE_HEAD, "Message\n");
    vk_out_open(out, "message", '{');
    vk_say_field(out, "kind", "%s",
                 payload->is_typed_data ? "typed data (EIP-712)" : "text (EIP-191)");
    vk_out_bool(out, "typedData", payload->is_typed_data);
    describe_account(out, payload);
    describe_domain(out, &payload->domain);
    vk_out_bytes(out, "hash", (vk_bytes){payload->hash.b, sizeof payload->hash.b});
    vk_out_close(out, '}');
    vk_say(out, "\n");
}

/* ---- The verdict ---- */

static vk_exit evaluate(vk_cli *cli, vk_explain *job, const vk_message_payload *payload) {
    vk_verdict verdict;
    vk_grant_moment moment = {.installed =
                                  job->grant->account.pre_installed || job->state.install.enabled,
                              .now = job->now,
                              .relaxed = job->key.relaxed};
    vk_status status =
        vk_grant_evaluate_message(job->grant, &job->key.policy, payload, &moment, &verdict);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot judge the message", status);
    }
    vk_explain_take_verdict(job, &verdict);
    vk_verdict_clear(&verdict);
    return VK_EXIT_OK;
}

static vk_exit judge(vk_cli *cli, vk_explain *job, const vk_message_payload *payload) {
    if (!job->key.has_policy) {
        vk_explain_refuse(job, "policy", "the key has no policy, so it signs nothing");
    } else if (job->grant == NULL) {
        vk_explain_refuse(job, "grant",
                          "the key has no grant: no account's owner has approved it yet");
    } else if (job->spends.count > 0) {
        vk_explain_refuse(job, "spend", vk_spend_no_message);
    } else {
        vk_exit exit = evaluate(cli, job, payload);
        return exit == VK_EXIT_OK ? vk_explain_touch(cli, job, NULL) : exit;
    }
    return VK_EXIT_OK;
}

/* ---- The whole ---- */

/* Whether the permission is installed; a message costs no budget. */
static vk_exit load_install(vk_cli *cli, vk_explain *job) {
    if (!job->key.has_policy) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_grant_state_read(cli, &job->key, job->grant, &job->state);
    free(job->state.rules);
    job->state.rules = NULL;
    return exit;
}

static vk_exit load(vk_cli *cli, vk_explain *job, vk_cli_message *message) {
    vk_exit exit = vk_explain_open_key(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_load(cli, &job->key, &job->grants);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_message_choose(cli, &job->key, &job->grants, message, &job->grant);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grant_spends_read(cli, &job->key, job->grant, &job->spends);
    }
    return exit == VK_EXIT_OK ? load_install(cli, job) : exit;
}

static vk_exit say(vk_cli *cli, const vk_explain *job, const vk_message_payload *payload) {
    vk_out_open(&cli->out, NULL, '{');
    vk_explain_headline(&cli->out, job);
    describe(&cli->out, payload);
    vk_explain_findings(cli, job);
    vk_out_close(&cli->out, '}');
    return job->judgement.refusal == NULL ? VK_EXIT_OK : VK_EXIT_REFUSED;
}

vk_exit vk_explain_message(vk_cli *cli) {
    vk_explain job = {.now = 0};
    vk_cli_message message = {.content = {.len = 0}};
    vk_exit exit = vk_read_time(cli, VK_OPT_AT, (uint64_t)time(NULL), &job.now);
    if (exit == VK_EXIT_OK) {
        exit = vk_message_read(cli, &message);
    }
    if (exit == VK_EXIT_OK) {
        exit = load(cli, &job, &message);
    }
    if (exit == VK_EXIT_OK) {
        exit = judge(cli, &job, &message.payload);
    }
    if (exit == VK_EXIT_OK) {
        exit = say(cli, &job, &message.payload);
    }
    vk_message_clear(&message);
    vk_explain_clear(&job);
    return exit;
}
