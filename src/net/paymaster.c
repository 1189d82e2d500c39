#include "net/paymaster_read.h"

#include "net/params.h"
#include "net/rpc.h"
#include <stdlib.h>
#include <string.h>

struct vk_paymaster {
    vk_rpc *rpc;
    uint64_t chain_id;
    char *context; /* JSON; a secret, maybe */
};

vk_status vk_paymaster_open(const vk_chain_config *config, vk_paymaster **out, vk_error *err) {
    vk_http_config http = vk_node_config_http(&config->paymaster);
    const char *context = config->paymaster_context;
    vk_paymaster *paymaster = calloc(1, sizeof *paymaster);
    *out = NULL;
    if (paymaster == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    paymaster->chain_id = config->chain_id;
    paymaster->context = strdup(context != NULL ? context : "{}");
    vk_status status = paymaster->context != NULL
                           ? vk_rpc_open(&http, &paymaster->rpc, err)
                           : vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    if (status != VK_OK) {
        vk_paymaster_close(paymaster);
        return status;
    }
    *out = paymaster;
    return VK_OK;
}

void vk_paymaster_close(vk_paymaster *paymaster) {
    if (paymaster == NULL) {
        return;
    }
    vk_rpc_close(paymaster->rpc);
    if (paymaster->context != NULL) {
        vk_wipe(paymaster->context, strlen(paymaster->context));
        free(paymaster->context);
    }
    free(paymaster);
}

const char *vk_paymaster_name(const vk_paymaster *paymaster) {
    return vk_rpc_name(paymaster->rpc);
}

static vk_status read_final(const cJSON *reply, const vk_userop *op, vk_sponsoring *out,
                            vk_error *err) {
    vk_status status = vk_sponsoring_check(reply, op, err);
    return status == VK_OK ? vk_sponsoring_read(reply, op->entry_point, out, err) : status;
}

static vk_status read_stub(const cJSON *reply, const vk_userop *op, vk_sponsoring *out,
                           vk_error *err) {
    return vk_sponsoring_read(reply, op->entry_point, out, err);
}

typedef struct question {
    const char *method;
    vk_status (*read)(const cJSON *reply, const vk_userop *op, vk_sponsoring *out, vk_error *err);
} question;

static vk_status ask(vk_paymaster *paymaster, const question *what, const vk_userop *op,
                     const vk_address *entry_point, vk_sponsoring *out, vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    cJSON *params =
        VK_PARAMS(vk_params_userop(op), vk_params_address(entry_point),
                  vk_params_number(paymaster->chain_id), cJSON_CreateRaw(paymaster->context));
    *out = (vk_sponsoring){0};
    vk_status status = vk_rpc_call(paymaster->rpc, what->method, params, &reply, err);
    if (status == VK_OK) {
        status = what->read(reply, op, out, &why);
        status = vk_rpc_read(paymaster->rpc, what->method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

vk_status vk_paymaster_stub_data(vk_paymaster *paymaster, const vk_userop *op,
                                 const vk_address *entry_point, vk_sponsoring *out, vk_error *err) {
    static const question stub = {"pm_getPaymasterStubData", read_stub};
    return ask(paymaster, &stub, op, entry_point, out, err);
}

vk_status vk_paymaster_data(vk_paymaster *paymaster, const vk_userop *op,
                            const vk_address *entry_point, vk_sponsoring *out, vk_error *err) {
    static const question final = {"pm_getPaymasterData", read_final};
    return ask(paymaster, &final, op, entry_point, out, err);
}
