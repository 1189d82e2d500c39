#include "net/bundler_read.h"

#include "net/params.h"
#include "net/rpc.h"
#include <stdlib.h>
#include <string.h>

struct vk_bundler {
    vk_rpc *rpc;
    vk_rpc *sending; /* what goes over it is never sent twice */
    vk_gas_price_source gas_price;
};

vk_status vk_bundler_open(const vk_chain_config *config, vk_bundler **out, vk_error *err) {
    vk_http_config http = vk_node_config_http(&config->bundler);
    vk_bundler *bundler = calloc(1, sizeof *bundler);
    *out = NULL;
    if (bundler == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    bundler->gas_price = config->gas_price;
    vk_status status = vk_rpc_open(&http, &bundler->rpc, err);
    http.tries = 1;
    if (status == VK_OK) {
        status = vk_rpc_open(&http, &bundler->sending, err);
    }
    if (status != VK_OK) {
        vk_bundler_close(bundler);
        return status;
    }
    *out = bundler;
    return VK_OK;
}

void vk_bundler_close(vk_bundler *bundler) {
    if (bundler != NULL) {
        vk_rpc_close(bundler->rpc);
        vk_rpc_close(bundler->sending);
        free(bundler);
    }
}

const char *vk_bundler_name(const vk_bundler *bundler) {
    return vk_rpc_name(bundler->rpc);
}

vk_status vk_bundler_chain_id(vk_bundler *bundler, uint64_t *out, vk_error *err) {
    static const char method[] = "eth_chainId";
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(bundler->rpc, method, cJSON_CreateArray(), &reply, err);
    if (status == VK_OK) {
        status = vk_reply_u64(reply, "result", NULL, out, &why);
        status = vk_rpc_read(bundler->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

vk_status vk_bundler_supports(vk_bundler *bundler, const vk_address *entry_point, bool *out,
                              vk_error *err) {
    static const char method[] = "eth_supportedEntryPoints";
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(bundler->rpc, method, cJSON_CreateArray(), &reply, err);
    if (status == VK_OK) {
        status = vk_bundler_read_supports(reply, entry_point, out, &why);
        status = vk_rpc_read(bundler->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

/* ---- Gas and fees ---- */

static cJSON *op_params(const vk_userop *op, const vk_address *entry_point) {
    return VK_PARAMS(vk_params_userop(op), vk_params_address(entry_point));
}

/* {"0x...":{"code":"0x..."}} */
static cJSON *override_param(const vk_code_override *override) {
    char address[43];
    vk_address_text(&override->address, address);
    cJSON *account = vk_params_with(cJSON_CreateObject(), "code",
                                    vk_params_hex(override->code.data, override->code.len));
    return vk_params_with(cJSON_CreateObject(), address, account);
}

static cJSON *estimate_params(const vk_userop *op, const vk_address *entry_point,
                              const vk_code_override *override) {
    return override == NULL ? op_params(op, entry_point)
                            : VK_PARAMS(vk_params_userop(op), vk_params_address(entry_point),
                                        override_param(override));
}

static vk_status ask_estimate(vk_bundler *bundler, const vk_userop *op,
                              const vk_address *entry_point, const vk_code_override *override,
                              vk_gas_estimate *out, vk_error *err) {
    static const char method[] = "eth_estimateUserOperationGas";
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status =
        vk_rpc_call(bundler->rpc, method, estimate_params(op, entry_point, override), &reply, err);
    if (status == VK_OK) {
        status = vk_bundler_read_estimate(reply, out, &why);
        status = vk_rpc_read(bundler->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

/* Some (alto 0.0.20) give no gas for verification if the account pays for itself, but do for an
 * operation without fees. */
static vk_status estimate_without_fees(vk_bundler *bundler, const vk_userop *op,
                                       const vk_address *entry_point,
                                       const vk_code_override *override, vk_gas_estimate *estimate,
                                       vk_error *err) {
    const vk_u256 zero = {{0}};
    vk_userop free_op = *op;
    vk_gas_estimate again;
    free_op.max_fee_per_gas = free_op.max_priority_fee_per_gas = zero;
    vk_status status = ask_estimate(bundler, &free_op, entry_point, override, &again, err);
    if (status == VK_OK) {
        estimate->verification_gas_limit = again.verification_gas_limit;
    }
    return status;
}

vk_status vk_bundler_estimate(vk_bundler *bundler, const vk_userop *op,
                              const vk_address *entry_point, const vk_code_override *override,
                              vk_gas_estimate *out, vk_error *err) {
    vk_gas_estimate estimate;
    vk_status status = ask_estimate(bundler, op, entry_point, override, &estimate, err);
    if (status == VK_OK && vk_u256_is_zero(&estimate.verification_gas_limit) &&
        !vk_u256_is_zero(&op->max_fee_per_gas)) {
        status = estimate_without_fees(bundler, op, entry_point, override, &estimate, err);
    }
    if (status == VK_OK) {
        *out = estimate;
    }
    return status;
}

/* Of a call without parameters. "Method not found", "invalid request", "invalid parameters",
 * "method not supported": servers do not agree. */
static bool is_method_unknown(const vk_rpc *rpc) {
    const vk_refusal *refusal = vk_rpc_refusal(rpc);
    return refusal != NULL && (refusal->code == -32601 || refusal->code == -32600 ||
                               refusal->code == -32602 || refusal->code == -32004);
}

static vk_status ask_fees(vk_bundler *bundler, const char *method, vk_fees *out, vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(bundler->rpc, method, cJSON_CreateArray(), &reply, err);
    if (status == VK_OK) {
        status = vk_bundler_read_fees(reply, out, &why);
        status = vk_rpc_read(bundler->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

vk_status vk_bundler_fees(vk_bundler *bundler, vk_fees *out, vk_error *err) {
    static const struct {
        vk_gas_price_source source;
        const char *method;
    } calls[] = {{VK_GAS_PRICE_PIMLICO, "pimlico_getUserOperationGasPrice"},
                 {VK_GAS_PRICE_ZERODEV, "zd_getUserOperationGasPrice"}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (bundler->gas_price != VK_GAS_PRICE_ANY && bundler->gas_price != calls[i].source) {
            continue;
        }
        vk_status status = ask_fees(bundler, calls[i].method, out, err);
        if (status == VK_OK || bundler->gas_price != VK_GAS_PRICE_ANY ||
            !is_method_unknown(bundler->rpc)) {
            return status;
        }
    }
    return vk_fail(err, VK_ERR_NOT_FOUND, NULL,
                   "%s is not asked for fees, or knows no call for that", vk_bundler_name(bundler));
}

/* ---- Sending ---- */

/* Whatever cannot be read may stand for an operation that was taken. */
static vk_status read_sent(const vk_bundler *bundler, const char *method, const cJSON *reply,
                           const vk_hash *expected, bool *is_unknown, vk_error *err) {
    vk_hash hash;
    vk_error why = {0};
    vk_status status = vk_bundler_read_hash(reply, &hash, &why);
    status = vk_rpc_read(bundler->sending, method, status, &why, err);
    if (status == VK_OK && memcmp(&hash, expected, sizeof hash) != 0) {
        status = vk_fail(err, VK_ERR_MISMATCH, NULL,
                         "%s, asked for %s, answers with the hash of another operation",
                         vk_bundler_name(bundler), method);
    }
    *is_unknown = status != VK_OK;
    return status;
}

vk_status vk_bundler_send(vk_bundler *bundler, const vk_userop *op, const vk_address *entry_point,
                          const vk_hash *expected, bool *is_unknown, vk_error *err) {
    static const char method[] = "eth_sendUserOperation";
    cJSON *reply = NULL;
    vk_status status =
        vk_rpc_call(bundler->sending, method, op_params(op, entry_point), &reply, err);
    if (status == VK_OK) {
        status = read_sent(bundler, method, reply, expected, is_unknown, err);
    } else {
        *is_unknown = vk_rpc_is_unknown(bundler->sending);
    }
    cJSON_Delete(reply);
    return status;
}

/* ---- What became of it ---- */

static vk_status ask_known(vk_bundler *bundler, const char *method, const vk_hash *operation,
                           vk_status (*reader)(const cJSON *, bool *, vk_error *), bool *out,
                           vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status =
        vk_rpc_call(bundler->rpc, method, VK_PARAMS(vk_params_hash(operation)), &reply, err);
    if (status == VK_OK) {
        status = reader(reply, out, &why);
        status = vk_rpc_read(bundler->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

/* Alto knows by its hash only what is included; of what waits another call tells, which others
 * refuse. */
vk_status vk_bundler_knows(vk_bundler *bundler, const vk_hash *operation, bool *out,
                           vk_error *err) {
    bool is_known = false;
    vk_status status = ask_known(bundler, "eth_getUserOperationByHash", operation,
                                 vk_bundler_read_known, &is_known, err);
    if (status == VK_OK && !is_known) {
        vk_error refused = {0};
        status = ask_known(bundler, "pimlico_getUserOperationStatus", operation,
                           vk_bundler_read_status, &is_known, &refused);
        if (status != VK_OK && vk_rpc_refusal(bundler->rpc) == NULL) {
            return vk_fail(err, status, NULL, "%s", refused.message);
        }
        status = VK_OK;
    }
    if (status == VK_OK) {
        *out = is_known;
    }
    return status;
}

vk_status vk_bundler_receipt(vk_bundler *bundler, const vk_hash *operation,
                             const vk_address *sender, bool *found, vk_operation_receipt *out,
                             vk_error *err) {
    static const char method[] = "eth_getUserOperationReceipt";
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status =
        vk_rpc_call(bundler->rpc, method, VK_PARAMS(vk_params_hash(operation)), &reply, err);
    if (status == VK_OK) {
        status = vk_bundler_read_receipt(reply, operation, sender, found, out, &why);
        status = vk_rpc_read(bundler->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}
