#include "gate/denial.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

vk_status vk_gate_deny(vk_error *err, const char *rule, const char *reason) {
    return vk_fail(err, VK_DENIED, rule, "%s", reason);
}

vk_status vk_gate_explain(vk_error *err, vk_status status) {
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

/* What is added must not be lost: a reason that is too long for both is cut. */
static void add(vk_error *err, const char *text) {
    size_t room = sizeof err->message - 1 - strlen(text);
    size_t len = strlen(err->message);
    len = len < room ? len : room;
    snprintf(err->message + len, sizeof err->message - len, "%s", text);
}

vk_status vk_denial_of(vk_error *err, const vk_verdict *verdict) {
    char text[80];
    vk_status status = vk_fail(err, VK_DENIED, verdict->rule, "%s", verdict->reason);
    if (err != NULL && verdict->hardening != NULL) {
        snprintf(text, sizeof text, " (hardening rule %s)", verdict->hardening);
        add(err, text);
    }
    return status;
}

void vk_denial_name_grant(vk_error *err, const vk_grant *grant) {
    char account[43], text[96];
    if (err == NULL) {
        return;
    }
    vk_address_text(&grant->account.account, account);
    snprintf(text, sizeof text, " (account %s on chain %" PRIu64 ")", account, grant->chain_id);
    add(err, text);
}
