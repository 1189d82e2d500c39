/* What an operation may cost, whatever the servers say: the user's caps. */
#include "cli/send.h"

#include "cli/input.h"
#include "policy/operation_text.h"
#include "policy/text.h"

#define GWEI_DECIMALS 9
#define WAIT_SECONDS 120

/* ---- Where they come from ---- */

static vk_exit read_option(vk_cli *cli, vk_option option, const char *name, vk_cap *out) {
    if (!vk_opt_flag(cli, option)) {
        return VK_EXIT_OK;
    }
    out->from = name;
    return vk_read_wei(cli, option, &out->wei);
}

vk_exit vk_send_read_caps(vk_cli *cli, vk_sending *s) {
    vk_exit exit = read_option(cli, VK_OPT_MAX_FEE, "--max-fee", &s->max_fee);
    if (exit == VK_EXIT_OK) {
        exit = read_option(cli, VK_OPT_MAX_COST, "--max-cost", &s->max_cost);
    }
    s->wait_seconds = WAIT_SECONDS;
    return exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_TIMEOUT)
               ? vk_read_duration(cli, VK_OPT_TIMEOUT, &s->wait_seconds)
               : exit;
}

static void take(vk_cap *cap, bool has, const vk_u256 *wei, const char *name) {
    if (cap->from == NULL && has) {
        *cap = (vk_cap){.from = name, .wei = *wei};
    }
}

void vk_send_take_caps(vk_sending *s) {
    const vk_chain_config *config = &s->config;
    take(&s->max_fee, config->has_max_fee_per_gas, &config->max_fee_per_gas,
         "\"maxFeePerGas\" in the chain file");
    take(&s->max_cost, config->has_max_cost, &config->max_cost, "\"maxCost\" in the chain file");
}

/* ---- Whether they hold ---- */

static void put_who(vk_buf *out, const vk_sending *s, vk_server who) {
    switch (who) {
    case VK_SERVER_NODE:
        vk_buf_printf(out, "the node %s", vk_node_name(s->node));
        break;
    case VK_SERVER_BUNDLER:
        vk_buf_printf(out, "the bundler %s", vk_bundler_name(s->bundler));
        break;
    case VK_SERVER_PAYMASTER:
        vk_buf_printf(out, "the paymaster %s", vk_paymaster_name(s->paymaster));
        break;
    default:
        vk_buf_put_text(out, "the operation");
    }
    vk_buf_put_text(out, " asks for ");
}

void vk_send_put_unsigned(const vk_sending *s, vk_buf *out) {
    if (!s->has_request) {
        vk_buf_put_text(out, "nothing was signed");
        return;
    }
    vk_buf_put_text(out, "the operation was not signed; the request was, and is good until ");
    vk_put_any_time(out, &s->request_end);
}

static vk_exit hint_caps(vk_cli *cli, vk_exit exit, const vk_sending *s) {
    vk_buf left = {0};
    vk_send_put_unsigned(s, &left);
    exit = vk_cli_hint(cli, exit,
                       "%.*s; try again later, or allow more with --max-fee AMOUNT and --max-cost "
                       "AMOUNT",
                       (int)left.len, (const char *)left.data);
    vk_buf_clear(&left);
    return exit;
}

static vk_exit fail(vk_cli *cli, const vk_sending *s, vk_server who, const vk_buf *what) {
    vk_exit code = who == VK_SERVER_NONE ? VK_EXIT_INPUT : VK_EXIT_SERVER;
    if (vk_buf_status(what) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = vk_cli_fail(cli, code, "%.*s", (int)what->len, (const char *)what->data);
    return hint_caps(cli, exit, s);
}

static void put_gwei(vk_buf *out, const vk_u256 *wei) {
    char text[82];
    vk_u256_scaled(wei, GWEI_DECIMALS, text);
    vk_buf_printf(out, "%s gwei", text);
}

static vk_exit check_fee(vk_cli *cli, const vk_sending *s, vk_server who) {
    vk_buf what = {0};
    if (s->max_fee.from == NULL || vk_u256_cmp(&s->op.max_fee_per_gas, &s->max_fee.wei) <= 0) {
        return VK_EXIT_OK;
    }
    put_who(&what, s, who);
    put_gwei(&what, &s->op.max_fee_per_gas);
    vk_buf_put_text(&what, " a gas, more than the ");
    put_gwei(&what, &s->max_fee.wei);
    vk_buf_printf(&what, " of %s", s->max_fee.from);
    vk_exit exit = fail(cli, s, who, &what);
    vk_buf_clear(&what);
    return exit;
}

static void put_cost(const vk_sending *s, const vk_u256 *gas, const vk_u256 *cost, vk_buf *out) {
    char count[79];
    vk_u256_decimal(gas, count);
    vk_put_ether(out, cost);
    vk_buf_printf(out, " (%s gas at ", count);
    put_gwei(out, &s->op.max_fee_per_gas);
    vk_buf_put_text(out, ")");
}

static vk_exit check_cost(vk_cli *cli, const vk_sending *s, vk_server who) {
    vk_u256 gas, cost;
    vk_buf what = {0};
    bool fits = vk_operation_cost(&s->op, &gas, &cost);
    if (s->max_cost.from == NULL || (fits && vk_u256_cmp(&cost, &s->max_cost.wei) <= 0)) {
        return VK_EXIT_OK;
    }
    put_who(&what, s, who);
    vk_buf_put_text(&what, "gas that may cost ");
    if (fits) {
        put_cost(s, &gas, &cost, &what);
    } else {
        vk_buf_put_text(&what, "what does not fit 256 bits");
    }
    vk_buf_put_text(&what, " in all, more than the ");
    vk_put_ether(&what, &s->max_cost.wei);
    vk_buf_printf(&what, " of %s", s->max_cost.from);
    vk_exit exit = fail(cli, s, who, &what);
    vk_buf_clear(&what);
    return exit;
}

vk_exit vk_send_check_caps(vk_cli *cli, const vk_sending *s, vk_server who) {
    vk_exit exit = check_fee(cli, s, who);
    return exit == VK_EXIT_OK ? check_cost(cli, s, who) : exit;
}
