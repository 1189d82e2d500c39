/* What a node says of an account, and of a factory. */
#include "cli/account.h"

#include "cli/chain_file.h"
#include "cli/input.h"
#include "net/chain_state.h"

#include <inttypes.h>
#include <string.h>

static vk_exit fail(vk_cli *cli, vk_status status, vk_error *err) {
    return vk_cli_fail_with(cli, "cannot ask the node", status, err);
}

static vk_exit check_chain(vk_cli *cli, const vk_node *node, uint64_t said, uint64_t wanted) {
    return said == wanted ? VK_EXIT_OK
                          : vk_cli_fail(cli, VK_EXIT_SERVER,
                                        "%s is on chain %" PRIu64 ", but was asked about chain "
                                        "%" PRIu64,
                                        vk_node_name(node), said, wanted);
}

/* The node of --chain-id; *out is closed by the caller in any case. */
static vk_exit open_node(vk_cli *cli, uint64_t *chain_id, vk_node **out) {
    vk_chain_config config = {.chain_id = 0};
    uint64_t said = 0;
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, chain_id);
    if (exit == VK_EXIT_OK) {
        exit = vk_chain_file_read(cli, *chain_id, &config);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = vk_chain_node_open(cli, &config, out, &said);
    vk_chain_config_clear(&config);
    return exit == VK_EXIT_OK ? check_chain(cli, *out, said, *chain_id) : exit;
}

/* ---- The account ---- */

typedef struct chain_facts {
    uint64_t chain_id;
    bool is_deployed;
    vk_u256 balance, deposit; /* wei */
    bool has_nonce;           /* Kernel 0.3.0 on */
    uint32_t current_nonce;   /* of approvals */
} chain_facts;

static vk_status ask_deployed(vk_node *node, const vk_smart_account *account, chain_facts *out,
                              vk_error *err) {
    static const uint8_t no_permission[4];
    vk_account_state state;
    if (account->kind == VK_SMART_ACCOUNT_THIRDWEB || account->kernel < VK_KERNEL_0_3_0) {
        return vk_node_has_code(node, &account->account, &out->is_deployed, err);
    }
    vk_status status = vk_node_account_state(node, &account->account, no_permission, &state, err);
    if (status == VK_OK) {
        out->is_deployed = state.is_deployed;
        out->has_nonce = true;
        out->current_nonce = state.current_nonce;
    }
    return status;
}

static vk_status ask(vk_node *node, const vk_smart_account *account, chain_facts *out,
                     vk_error *err) {
    vk_address entry_point = vk_entry_point_address(account->entry_point);
    vk_status status = ask_deployed(node, account, out, err);
    if (status == VK_OK) {
        status = vk_node_balance(node, &account->account, &out->balance, err);
    }
    return status == VK_OK
               ? vk_node_deposit(node, &entry_point, &account->account, &out->deposit, err)
               : status;
}

static void put_amount(vk_out *out, const char *name, const vk_u256 *wei) {
    char ether[82], text[79];
    vk_u256_scaled(wei, 18, ether);
    vk_u256_decimal(wei, text);
    vk_say_field(out, name, "%s ether", ether);
    vk_out_text(out, name, text);
}

static void put_facts(vk_out *out, const chain_facts *facts) {
    char head[64];
    snprintf(head, sizeof head, "On chain %" PRIu64 "\n", facts->chain_id);
    vk_say_in(out, VK_STYLE_HEAD, head);
    vk_say_field(out, "deployed", "%s", facts->is_deployed ? "yes" : "no");
    vk_out_open(out, "chain", '{');
    vk_out_u64(out, "chainId", facts->chain_id);
    vk_out_bool(out, "deployed", facts->is_deployed);
    put_amount(out, "balance", &facts->balance);
    put_amount(out, "deposit", &facts->deposit);
    if (facts->has_nonce) {
        vk_say_field(out, "currentNonce", "%" PRIu32, facts->current_nonce);
        vk_out_u64(out, "currentNonce", facts->current_nonce);
    }
    vk_out_close(out, '}');
}

vk_exit vk_account_say_chain(vk_cli *cli, const vk_smart_account *account) {
    vk_node *node = NULL;
    vk_error err = {0};
    chain_facts facts = {.is_deployed = false};
    if (!vk_opt_flag(cli, VK_OPT_CHAIN_ID)) {
        return vk_opt_flag(cli, VK_OPT_CHAINS)
                   ? vk_cli_fail(cli, VK_EXIT_USAGE, "--chains needs --chain-id N")
                   : VK_EXIT_OK;
    }
    vk_exit exit = open_node(cli, &facts.chain_id, &node);
    if (exit == VK_EXIT_OK) {
        vk_status status = ask(node, account, &facts, &err);
        exit = status == VK_OK ? VK_EXIT_OK : fail(cli, status, &err);
    }
    vk_node_close(node);
    if (exit == VK_EXIT_OK) {
        put_facts(&cli->out, &facts);
    }
    return exit;
}

/* ---- The factory ---- */

static vk_exit read_implementation(vk_cli *cli, const vk_node *node, vk_bytes answer,
                                   vk_address *out) {
    static const uint8_t zero[12];
    bool is_address = answer.len == 32 && memcmp(answer.data, zero, sizeof zero) == 0;
    if (is_address) {
        memcpy(out->b, answer.data + sizeof zero, sizeof out->b);
    }
    return is_address && !vk_address_is_zero(out)
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_SERVER,
                             "%s knows no accountImplementation() of the factory",
                             vk_node_name(node));
}

vk_exit vk_account_ask_implementation(vk_cli *cli, const vk_address *factory, vk_address *out) {
    static const uint8_t selector[4] = {0x11, 0x46, 0x4f, 0xbe}; /* accountImplementation() */
    vk_node *node = NULL;
    vk_error err = {0};
    vk_buf answer = {0};
    uint64_t chain_id = 0;
    vk_exit exit = open_node(cli, &chain_id, &node);
    if (exit == VK_EXIT_OK) {
        vk_status status = vk_node_call_latest(node, factory, (vk_bytes){selector, sizeof selector},
                                               &answer, &err);
        exit = status == VK_OK ? read_implementation(cli, node, vk_buf_view(&answer), out)
                               : fail(cli, status, &err);
    }
    vk_node_close(node);
    vk_buf_clear(&answer);
    return exit;
}
