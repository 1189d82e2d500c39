/* What a whole operation takes of an asset. */
#include "policy/execute_read.h"

#include <valetkey/spend.h>

#include <stdio.h>

static vk_status check_targets(const vk_execution *execution, const vk_address *account,
                               char reason[VK_REASON_MAX]) {
    if (!vk_execution_calls_itself(execution, account)) {
        return VK_OK;
    }
    snprintf(reason, VK_REASON_MAX,
             "what a function of the account itself takes cannot be counted: it can make other "
             "calls");
    return VK_DENIED;
}

vk_status vk_spend_of_operation(const vk_spend_asset *asset, const vk_grant *grant,
                                const vk_userop *op, vk_u256 *amount, char reason[VK_REASON_MAX]) {
    vk_execution execution = {0};
    vk_error err = {0};
    vk_status status = vk_grant_calls(grant, op->call_data, &execution, &err);
    if (status == VK_ERR_MEMORY) {
        return status;
    }
    if (status != VK_OK) {
        snprintf(reason, VK_REASON_MAX, "what the operation takes cannot be counted: %.300s",
                 err.message[0] != '\0' ? err.message : vk_status_text(status));
        return VK_DENIED;
    }
    status = check_targets(&execution, &grant->account.account, reason);
    if (status == VK_OK) {
        status = vk_spend_of_calls(asset, &execution, amount, reason);
    }
    vk_execution_clear(&execution);
    return status;
}
