/*
 * A bot that pays: one transfer of ether a minute out of a smart account, signed by a session key
 * on a token, until the token says that its budget is spent, or SIGTERM comes.
 *
 *     cc -std=c11 bot.c bot-token.c bot-servers.c -o bot \
 *         $(pkg-config --cflags --libs valetkey p11-kit-1 libcurl libcjson)
 *     valetkey session create --label bot ...        # its key, and the owner's approval
 *     ./bot main bot pin ~/.local/share/valetkey/chains.json 0x7099...79C8 1000
 *
 * The key is a secp256k1 key with a permission of a Kernel account (0.3.0 on). The bot does not
 * have it, and the token judges every operation itself. So neither who breaks into the bot nor the
 * servers that it asks get more than the policy allows, and what they say is only checked as far as
 * it has to be understood.
 *
 * Whatever fails ends the bot, and whoever started it starts it again: of systemd's,
 * Restart=on-failure, RestartSec=60 and RestartPreventExitStatus=2 3. That pays nothing twice, as
 * an operation that is still under way has the nonce of the next.
 *
 * Exit status: 0 it was told to stop, or all rounds are over; 1 something failed; 2 usage; 3 the
 * token refuses.
 */
#define _POSIX_C_SOURCE 200809L
#include "bot.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECEIPT_SECONDS 120

/* False: it is time to stop. The signals are blocked all the time, so none is lost. */
static bool rest(bot *b, time_t seconds) {
    const struct timespec time = {.tv_sec = seconds};
    int got = -1;
    do {
        got = b->stopped ? 0 : sigtimedwait(&b->signals, NULL, &time);
    } while (got < 0 && errno == EINTR);
    b->stopped = b->stopped || got > 0;
    return !b->stopped;
}

/* ---- The account on the chain ---- */

/* What a contract answers. */
static vk_buf call_contract(const bot *b, const vk_address *to, vk_buf data) {
    char address[43];
    vk_address_text(to, address);
    vk_buf params = bot_text("[{\"to\":\"%s\",\"data\":\"", address);
    vk_hex_put(&params, vk_buf_view(&data));
    vk_buf_put_text(&params, "\"},\"latest\"]");
    bot_must(vk_buf_status(&data), "eth_call", NULL);
    vk_buf_clear(&data);
    return bot_ask_bytes(b->node, "eth_call", params);
}

static bool is_deployed(const bot *b) {
    char address[43];
    vk_address_text(&b->grant.account.account, address);
    vk_buf code = bot_ask_bytes(b->node, "eth_getCode", bot_text("[\"%s\",\"latest\"]", address));
    bool is_there = code.len > 0;
    vk_buf_clear(&code);
    return is_there;
}

static bool is_installed(const bot *b) {
    vk_buf data = {0};
    vk_permission_config config;
    vk_manage_ask_permission_config(b->grant.account.permission_id, &data);
    vk_buf answer = call_contract(b, &b->grant.account.account, data);
    bot_must(vk_manage_read_permission_config(vk_buf_view(&answer), &config, NULL),
             "permissionConfig", NULL);
    vk_buf_clear(&answer);
    return vk_manage_is_installed(&config, &b->signer);
}

/* EntryPoint.getNonce(address,uint192). The lane says what the operation is: of this permission,
 * and whether it brings the owner's approval along. */
static vk_u256 next_nonce(const bot *b, vk_nonce_mode mode) {
    static const uint8_t get_nonce[4] = {0x35, 0x56, 0x7e, 0x1a};
    const vk_u256 custom = {{0}};
    vk_kernel_nonce form = {.mode = (uint8_t)mode, .type = VK_NONCE_PERMISSION};
    uint8_t lane[24];
    vk_buf data = {0};
    memcpy(form.identifier, b->grant.account.permission_id, 4);
    bot_must(vk_kernel_nonce_key(b->grant.kernel, &form, &custom, lane), "nonce", NULL);
    vk_buf_put(&data, get_nonce, sizeof get_nonce);
    vk_buf_put_zeros(&data, 12);
    vk_buf_put(&data, b->grant.account.account.b, 20);
    vk_buf_put_zeros(&data, 8);
    vk_buf_put(&data, lane, sizeof lane);
    vk_buf answer = call_contract(b, &b->grant.entry_point, data);
    if (answer.len != 32 || memcmp(answer.data, lane, sizeof lane) != 0) {
        bot_die(1, "the EntryPoint answers with no nonce of the lane");
    }
    vk_u256 nonce = vk_u256_from_be(answer.data, answer.len);
    vk_buf_clear(&answer);
    return nonce;
}

/* ---- One operation ---- */

/* All but what it costs. The operation's views stay the grant's and call_data's. */
static void build(const bot *b, const vk_call *transfer, vk_userop *op, vk_buf *call_data) {
    const vk_grant *grant = &b->grant;
    const vk_execution execution = {.call_count = 1, .calls = (vk_call[]){*transfer}};
    vk_error err = {0};
    bool deployed = is_deployed(b), installed = deployed && is_installed(b);
    if (!installed && !vk_grant_has_approval(grant)) {
        bot_die(1,
                "the account does not have the permission, and no approval that would install it");
    }
    bot_must(vk_execution_encode(&execution, call_data), "the call", NULL);
    *op = (vk_userop){.entry_point = grant->entry_point_version,
                      .sender = grant->account.account,
                      .nonce = next_nonce(b, installed ? VK_NONCE_DEFAULT : VK_NONCE_ENABLE),
                      .call_data = vk_buf_view(call_data)};
    if (!deployed) {
        vk_account account;
        op->has_factory = true;
        op->factory_data = vk_buf_view(&grant->account.factory_data);
        bot_must(vk_account_read(op->factory_data, grant->kernel, &account, &err), "factory", &err);
        bot_must(vk_account_factory(&account, &op->factory, &err), "factory", &err);
        vk_account_clear(&account);
    }
}

static vk_u256 get_quantity(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    vk_u256 out = {{0}};
    bot_must(text == NULL ? VK_ERR_FORMAT : vk_u256_read_hex(text, strlen(text), &out), name, NULL);
    return out;
}

/* The operation in a text. */
static vk_buf write_operation(const vk_userop *op, vk_buf before, const char *after) {
    bot_must(vk_userop_write_json(op, &before), "operation", NULL);
    vk_buf_put_text(&before, after);
    return before;
}

/* What eth_sendUserOperation and the estimate take. */
static vk_buf operation_params(const bot *b, const vk_userop *op) {
    char after[64];
    snprintf(after, sizeof after, ",\"%s\"]", b->entry_point);
    return write_operation(op, bot_text("["), after);
}

static void ask_fees(const bot *b, vk_userop *op) {
    /* ZeroDev's bundlers call it zd_getUserOperationGasPrice. */
    cJSON *fees = bot_ask(b->bundler, "pimlico_getUserOperationGasPrice", bot_text("[]"));
    const cJSON *standard = cJSON_GetObjectItemCaseSensitive(fees, "standard");
    op->max_fee_per_gas = get_quantity(standard, "maxFeePerGas");
    op->max_priority_fee_per_gas = get_quantity(standard, "maxPriorityFeePerGas");
    cJSON_Delete(fees);
}

/* override: for the estimate only, the code of other contracts; NULL: as it is. */
static void ask_gas(const bot *b, vk_userop *op, const vk_buf *override) {
    vk_buf params = operation_params(b, op);
    if (override != NULL) {
        params.len--; /* the bracket at its end */
        vk_buf_put(&params, override->data, override->len);
    }
    cJSON *gas = bot_ask(b->bundler, "eth_estimateUserOperationGas", params);
    op->pre_verification_gas = get_quantity(gas, "preVerificationGas");
    op->call_gas_limit = get_quantity(gas, "callGasLimit");
    op->verification_gas_limit = get_quantity(gas, "verificationGasLimit");
    cJSON_Delete(gas);
}

/* Bundlers try with far more gas than is needed. A gas policy's budget may be too small for that,
 * so a policy that says yes to everything stands in for it, and its own gas is added. */
static void ask_gas_without_policy(const bot *b, vk_userop *op) {
    static const char json[] = "[{\"type\":\"sudo\"}]";
    const vk_u256 more = vk_u256_from_u64(80000);
    char sudo_address[43], gas_address[43];
    vk_userop unpaid = *op;
    vk_policy sudo;
    bot_must(vk_policy_read(json, sizeof json - 1, &sudo, NULL), "sudo", NULL);
    vk_address_text(&sudo.rules[0].address, sudo_address);
    vk_address_text(&b->gas_policy, gas_address);
    vk_buf code =
        bot_ask_bytes(b->node, "eth_getCode", bot_text("[\"%s\",\"latest\"]", sudo_address));
    vk_buf override = bot_text(",{\"%s\":{\"code\":\"", gas_address);
    vk_hex_put(&override, vk_buf_view(&code));
    vk_buf_put_text(&override, "\"}}]");
    /* Nor does alto tell it if the account pays. */
    unpaid.max_fee_per_gas = unpaid.max_priority_fee_per_gas = (vk_u256){{0}};
    ask_gas(b, &unpaid, &override);
    if (vk_u256_is_zero(&unpaid.verification_gas_limit) ||
        !vk_u256_add(&unpaid.verification_gas_limit, &more, &op->verification_gas_limit)) {
        bot_die(1, "the bundler does not say what verification costs");
    }
    vk_policy_clear(&sudo);
    vk_buf_clear(&code);
    vk_buf_clear(&override);
}

/* Fees, and gas for a signature that is only as long as the one to come. */
static void price(const bot *b, vk_userop *op) {
    vk_buf part = {0}, stub = {0};
    bot_must(vk_permission_stub(b->signer.kind, &part), "stub", NULL);
    bot_must(vk_grant_attach(&b->grant, op, vk_buf_view(&part), &stub), "stub", NULL);
    op->signature = vk_buf_view(&stub);
    ask_fees(b, op);
    ask_gas(b, op, NULL);
    if (vk_u256_is_zero(&op->verification_gas_limit)) {
        ask_gas_without_policy(b, op);
    }
    op->signature = (vk_bytes){0};
    vk_buf_clear(&part);
    vk_buf_clear(&stub);
}

/* Once only. If no answer comes, the bundler may have it all the same. */
static void send_once(const bot *b, const vk_userop *op, const char *hash) {
    vk_error err = {0};
    vk_buf params = operation_params(b, op);
    cJSON *result = bot_try_ask(b->bundler, "eth_sendUserOperation", params, &err);
    if (err.status == VK_DENIED) {
        bot_die(1, "the bundler does not take it: %s", err.message);
    }
    const char *answer = cJSON_GetStringValue(result);
    if (answer == NULL || strcmp(answer, hash) != 0) {
        fprintf(stderr, "bot: it is not known whether the bundler has %s\n", hash);
    }
    cJSON_Delete(result);
}

static const char *get_text(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

/* It is what the bundler says, so the token gives no budget back for it. */
static void take_receipt(bot *b, const cJSON *from, vk_receipt *receipt, const char *hash) {
    const cJSON *transaction = cJSON_GetObjectItemCaseSensitive(from, "receipt");
    const char *in = get_text(transaction, "transactionHash"), *why = get_text(from, "reason");
    const vk_u256 block = get_quantity(transaction, "blockNumber");
    char ether[82];
    bot_must(vk_hex_read_fixed(in, strlen(in), receipt->transaction.b, 32), "receipt", NULL);
    receipt->success = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(from, "success"));
    receipt->block = vk_u256_low64(&block);
    receipt->actual_gas_cost = get_quantity(from, "actualGasCost");
    if (!receipt->success) {
        snprintf(receipt->reason, sizeof receipt->reason, "%s", why);
    }
    bot_host(b->bundler, receipt->bundler, sizeof receipt->bundler);
    vk_u256_scaled(&receipt->actual_gas_cost, 18, ether);
    printf("%s: %s, for %s ether\n", hash, receipt->success ? "paid" : "the transfer failed",
           ether);
    bot_write_receipt(b, receipt);
}

static void wait_for_receipt(bot *b, vk_receipt *receipt, const char *hash) {
    for (int i = 0; i < RECEIPT_SECONDS; i++) {
        vk_error ignored;
        vk_buf params = bot_text("[\"%s\"]", hash);
        cJSON *answer = bot_try_ask(b->bundler, "eth_getUserOperationReceipt", params, &ignored);
        bool is_there = cJSON_IsObject(answer);
        if (is_there) {
            take_receipt(b, answer, receipt, hash);
        }
        cJSON_Delete(answer);
        if (is_there) {
            return;
        }
        if (!rest(b, 1)) {
            printf("%s: stopped, but it may still be included\n", hash);
            return;
        }
    }
    bot_die(1, "%s was not included within %d seconds, but may still be", hash, RECEIPT_SECONDS);
}

static void pay(bot *b, const vk_call *transfer) {
    vk_userop op;
    vk_hash hash;
    vk_buf call_data = {0}, hash_hex = {0};
    bot_check_budget(b);
    build(b, transfer, &op, &call_data);
    price(b, &op);
    vk_buf request =
        bot_text("{\"chainId\":%" PRIu64 ",\"entryPoint\":\"%s\",\"userOp\":", b->grant.chain_id,
                 b->entry_point);
    request = write_operation(&op, request, "}");
    vk_buf signature = bot_sign(b, &request);
    op.signature = vk_buf_view(&signature);
    bot_must(vk_userop_hash(&op, b->grant.chain_id, &b->grant.entry_point, &hash), "hash", NULL);
    vk_hex_put(&hash_hex, (vk_bytes){hash.b, sizeof hash.b});
    char *hash_text = bot_take_text(&hash_hex);
    send_once(b, &op, hash_text);
    wait_for_receipt(b,
                     &(vk_receipt){.operation = hash,
                                   .chain_id = b->grant.chain_id,
                                   .account = op.sender,
                                   .nonce = op.nonce},
                     hash_text);
    vk_text_free(hash_text);
    vk_buf_clear(&call_data);
    vk_buf_clear(&request);
    vk_buf_clear(&signature);
}

/* ---- The bot ---- */

static const char usage[] = "usage: bot [-c CHAIN-ID] [-i SECONDS] [-n ROUNDS] TOKEN LABEL "
                            "PIN-FILE CHAINS-FILE TO WEI";

static vk_u256 read_number(const char *text, unsigned bits) {
    vk_u256 number = {{0}};
    if (vk_u256_read_decimal(text, strlen(text), &number) != VK_OK ||
        !vk_u256_fits(&number, bits)) {
        bot_die(2, "\"%s\" is no such number; %s", text, usage);
    }
    return number;
}

static void check_chain(const bot *b, const char *url) {
    char wanted[67];
    vk_u256 chain_id = vk_u256_from_u64(b->grant.chain_id);
    cJSON *answer = bot_ask(url, "eth_chainId", bot_text("[]"));
    const char *got = cJSON_GetStringValue(answer);
    vk_u256_hex(&chain_id, wanted);
    if (got == NULL || strcmp(got, wanted) != 0) {
        bot_die(1, "a server is on another chain than %" PRIu64, b->grant.chain_id);
    }
    cJSON_Delete(answer);
}

int main(int argc, char **argv) {
    bot b = {.stopped = false};
    uint64_t chain_id = 0, interval = 60, rounds = UINT64_MAX;
    for (int option; (option = getopt(argc, argv, "c:i:n:")) != -1;) {
        uint64_t *to = option == 'c' ? &chain_id : option == 'i' ? &interval : &rounds;
        if (option == '?') {
            bot_die(2, "%s", usage);
        }
        vk_u256 number = read_number(optarg, option == 'i' ? 31 : 64);
        *to = vk_u256_low64(&number);
    }
    if (argc - optind != 6) {
        bot_die(2, "%s", usage);
    }
    argv += optind;
    /* Before anything that may start threads. */
    sigemptyset(&b.signals);
    sigaddset(&b.signals, SIGTERM);
    sigaddset(&b.signals, SIGINT);
    sigprocmask(SIG_BLOCK, &b.signals, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    curl_global_init(CURL_GLOBAL_DEFAULT);

    vk_call transfer = {.value = read_number(argv[5], 256)};
    bot_must(vk_address_read(argv[4], strlen(argv[4]), &transfer.target), argv[4], NULL);
    bot_open_module(&b);
    bot_log_in(&b, argv[0], argv[2]);
    bot_read_grant(&b, argv[1], chain_id);
    bot_read_chains(&b, argv[3]);
    check_chain(&b, b.node);
    check_chain(&b, b.bundler);
    for (uint64_t done = 0; done < rounds && rest(&b, done == 0 ? 0 : (time_t)interval); done++) {
        pay(&b, &transfer);
    }

    vk_grant_clear(&b.grant);
    free(b.node);
    free(b.bundler);
    curl_global_cleanup();
    return 0;
}
