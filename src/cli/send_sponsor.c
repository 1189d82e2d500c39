/* Who pays for an operation: the paymaster's part of it. */
#include "cli/send.h"

#include "policy/operation_text.h"

/* So often a paymaster may come with another part than the gas was estimated with. */
#define ROUNDS 2

/* ---- What it says ---- */

/* A limit that it named once holds until it names another. */
static void keep_limits(const vk_sponsoring *before, vk_sponsoring *now) {
    if (!now->has_verification_gas_limit) {
        now->has_verification_gas_limit = before->has_verification_gas_limit;
        now->verification_gas_limit = before->verification_gas_limit;
    }
    if (!now->has_post_op_gas_limit) {
        now->has_post_op_gas_limit = before->has_post_op_gas_limit;
        now->post_op_gas_limit = before->post_op_gas_limit;
    }
}

static void put_sponsoring(vk_sending *s) {
    const vk_sponsoring *from = &s->sponsoring;
    if (s->op.entry_point == VK_ENTRY_POINT_0_6) {
        s->op.paymaster_and_data = vk_buf_view(&from->paymaster_and_data);
        return;
    }
    s->op.has_paymaster = true;
    s->op.paymaster = from->paymaster;
    s->op.paymaster_data = vk_buf_view(&from->paymaster_data);
    if (from->has_verification_gas_limit) {
        s->op.paymaster_verification_gas_limit = from->verification_gas_limit;
    }
    if (from->has_post_op_gas_limit) {
        s->op.paymaster_post_op_gas_limit = from->post_op_gas_limit;
    }
}

typedef vk_status (*paymaster_call)(vk_paymaster *paymaster, const vk_userop *op,
                                    const vk_address *entry_point, vk_sponsoring *out,
                                    vk_error *err);

static vk_exit ask(vk_cli *cli, vk_sending *s, paymaster_call call) {
    vk_sponsoring answer = {.is_final = false};
    vk_error err = {0};
    vk_status status = call(s->paymaster, &s->op, &s->grant->entry_point, &answer, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "the paymaster does not pay", status, &err);
    }
    keep_limits(&s->sponsoring, &answer);
    vk_sponsoring_clear(&s->sponsoring);
    s->sponsoring = answer;
    put_sponsoring(s);
    return vk_send_check_caps(cli, s, VK_SERVER_PAYMASTER);
}

vk_exit vk_send_ask_sponsor(vk_cli *cli, vk_sending *s) {
    return ask(cli, s, vk_paymaster_stub_data);
}

/* ---- What it says another time ---- */

/* The paymaster's part of an operation. */
typedef struct part {
    vk_address paymaster;
    size_t data_len;
    vk_u256 verification_gas_limit, post_op_gas_limit;
} part;

static part part_of(const vk_userop *op) {
    part out = {.data_len = op->entry_point == VK_ENTRY_POINT_0_6 ? op->paymaster_and_data.len
                                                                  : op->paymaster_data.len,
                .verification_gas_limit = op->paymaster_verification_gas_limit,
                .post_op_gas_limit = op->paymaster_post_op_gas_limit};
    (void)vk_operation_paymaster(op, &out.paymaster);
    return out;
}

static void warn_of_limit(const vk_sending *s, const char *name, const vk_u256 *before,
                          const vk_u256 *now) {
    char was[79], is[79];
    if (vk_u256_cmp(now, before) > 0) {
        vk_u256_decimal(before, was);
        vk_u256_decimal(now, is);
        vk_cli_warn("the paymaster %s asks for more than before: %s %s, after %s",
                    vk_paymaster_name(s->paymaster), name, is, was);
    }
}

static void warn_of_address(const vk_sending *s, const part *before, const part *now) {
    char was[43], is[43];
    if (!vk_address_equal(&before->paymaster, &now->paymaster)) {
        vk_address_text(&before->paymaster, was);
        vk_address_text(&now->paymaster, is);
        vk_cli_warn("the paymaster %s lets another contract pay than before: %s, after %s",
                    vk_paymaster_name(s->paymaster), is, was);
    }
}

static void warn_of_data(const vk_sending *s, const part *before, const part *now) {
    if (now->data_len > before->data_len) {
        vk_cli_warn("the paymaster %s comes with more data than before: %zu bytes, after %zu",
                    vk_paymaster_name(s->paymaster), now->data_len, before->data_len);
    }
}

static void warn(const vk_sending *s, const part *before, const part *now) {
    warn_of_address(s, before, now);
    warn_of_data(s, before, now);
    warn_of_limit(s, "paymasterVerificationGasLimit", &before->verification_gas_limit,
                  &now->verification_gas_limit);
    warn_of_limit(s, "paymasterPostOpGasLimit", &before->post_op_gas_limit,
                  &now->post_op_gas_limit);
}

/* Higher limits cost more, and are counted so; they make no estimate wrong. */
static bool holds_estimate(const part *before, const part *now) {
    return vk_address_equal(&before->paymaster, &now->paymaster) &&
           now->data_len <= before->data_len;
}

/* ---- For good ---- */

static vk_exit ask_for_good(vk_cli *cli, vk_sending *s, bool *holds) {
    const part before = part_of(&s->op);
    vk_exit exit = ask(cli, s, vk_paymaster_data);
    if (exit == VK_EXIT_OK) {
        const part now = part_of(&s->op);
        warn(s, &before, &now);
        *holds = holds_estimate(&before, &now);
    }
    return exit;
}

static vk_exit fail_fickle(vk_cli *cli, const vk_sending *s) {
    vk_buf left = {0};
    vk_send_put_unsigned(s, &left);
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_SERVER,
                    "the paymaster %s says something else each time that it is asked, so nobody "
                    "knows what the operation costs: %.*s",
                    vk_paymaster_name(s->paymaster), (int)left.len, (const char *)left.data);
    vk_buf_clear(&left);
    return exit;
}

vk_exit vk_send_sponsored(vk_cli *cli, vk_sending *s) {
    bool holds = s->sponsoring.is_final;
    vk_exit exit = VK_EXIT_OK;
    for (int i = 0; i < ROUNDS && !holds && exit == VK_EXIT_OK; i++) {
        if (i > 0) {
            exit = vk_send_estimate(cli, s);
        }
        if (exit == VK_EXIT_OK) {
            exit = ask_for_good(cli, s, &holds);
        }
    }
    return exit == VK_EXIT_OK && !holds ? fail_fickle(cli, s) : exit;
}
