#include "net/thirdweb_state.h"

#include "net/chain_state.h"
#include "net/node_part.h"

#include <string.h>

/* One account. */
typedef struct asking {
    vk_node *node;
    const vk_address *account;
} asking;

static vk_status no_memory(vk_error *err, vk_status status) {
    return vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

/* Asks, and clears the call. */
static vk_status ask(const asking *a, vk_buf *call, vk_buf *answer, vk_error *err) {
    vk_status status = vk_buf_status(call);
    vk_buf_clear(answer);
    status = status == VK_OK
                 ? vk_node_call_latest(a->node, a->account, vk_buf_view(call), answer, err)
                 : no_memory(err, status);
    vk_buf_clear(call);
    return status;
}

/* What cannot be read is the node's failure, or that of an account which is none of thirdweb's. */
static vk_status judge(const asking *a, vk_status status, const vk_error *why, vk_error *err) {
    if (status == VK_OK || status == VK_ERR_MEMORY) {
        return status == VK_OK ? VK_OK : no_memory(err, status);
    }
    return vk_fail(err, VK_ERR_SERVER, NULL,
                   "%s, asked for the account's signers, says what no account of thirdweb says: %s",
                   vk_node_name(a->node), why->message);
}

static vk_status ask_bool(const asking *a, vk_buf *call, bool *out, vk_error *err) {
    vk_buf answer = {0};
    vk_error why = {0};
    vk_status status = ask(a, call, &answer, err);
    if (status == VK_OK) {
        status = judge(a, vk_manage_read_bool(vk_buf_view(&answer), out, &why), &why, err);
    }
    vk_buf_clear(&answer);
    return status;
}

/* ---- A signer ---- */

static vk_status ask_is_admin(const asking *a, const vk_address *who, bool *out, vk_error *err) {
    vk_buf call = {0};
    vk_thirdweb_ask_is_admin(who, &call);
    return ask_bool(a, &call, out, err);
}

static vk_status ask_is_active(const asking *a, const vk_address *who, bool *out, vk_error *err) {
    vk_buf call = {0};
    vk_thirdweb_ask_is_active(who, &call);
    return ask_bool(a, &call, out, err);
}

static vk_status ask_session(const asking *a, const vk_address *signer, vk_thirdweb_session *out,
                             vk_error *err) {
    vk_buf call = {0}, answer = {0};
    vk_error why = {0};
    vk_thirdweb_ask_permissions(signer, &call);
    vk_status status = ask(a, &call, &answer, err);
    if (status == VK_OK) {
        status = vk_thirdweb_read_permissions(vk_buf_view(&answer), signer, out, &why);
        status = judge(a, status, &why, err);
    }
    vk_buf_clear(&answer);
    return status;
}

static vk_status ask_signer(const asking *a, const vk_address *signer, vk_thirdweb_state *out,
                            vk_error *err) {
    vk_status status = ask_is_admin(a, signer, &out->is_admin, err);
    if (status == VK_OK) {
        status = ask_is_active(a, signer, &out->is_active, err);
    }
    return status == VK_OK ? ask_session(a, signer, &out->session, err) : status;
}

vk_status vk_node_thirdweb_state(vk_node *node, const vk_address *account, const vk_address *signer,
                                 vk_thirdweb_state *out, vk_error *err) {
    const asking a = {node, account};
    vk_thirdweb_state state = {.is_deployed = false};
    vk_status status = vk_node_has_code(node, account, &state.is_deployed, err);
    if (status == VK_OK && state.is_deployed) {
        status = ask_signer(&a, signer, &state, err);
    }
    if (status == VK_OK) {
        *out = state;
    }
    return status;
}

void vk_thirdweb_state_clear(vk_thirdweb_state *state) {
    vk_thirdweb_session_clear(&state->session);
    *state = (vk_thirdweb_state){.is_deployed = false};
}

/* ---- Admins ---- */

vk_status vk_node_thirdweb_is_admin(vk_node *node, const vk_address *account, const vk_address *who,
                                    bool *out, vk_error *err) {
    const asking a = {node, account};
    return ask_is_admin(&a, who, out, err);
}

vk_status vk_node_thirdweb_admins(vk_node *node, const vk_address *account, size_t *out,
                                  vk_error *err) {
    const asking a = {node, account};
    vk_buf call = {0}, answer = {0};
    vk_error why = {0};
    vk_thirdweb_ask_admins(&call);
    vk_status status = ask(&a, &call, &answer, err);
    if (status == VK_OK) {
        status = judge(&a, vk_thirdweb_read_admins(vk_buf_view(&answer), out, &why), &why, err);
    }
    vk_buf_clear(&answer);
    return status;
}

/* ---- A request ---- */

#define REVERTED 3 /* of eth_call, where the node's words say nothing */

/* A signature that is nobody's makes the account revert, as does a function that it has not; but
 * this one was verified before. */
static bool is_reverted(const asking *a, vk_status status) {
    const vk_refusal *refusal = vk_rpc_refusal(vk_node_rpc(a->node));
    return status == VK_ERR_SERVER && refusal != NULL &&
           (refusal->code == REVERTED || strstr(refusal->words, "revert") != NULL);
}

static vk_status read_fate(const asking *a, vk_bytes answer, vk_thirdweb_fate *out, vk_error *err) {
    bool is_good, is_admin = false;
    vk_address admin;
    vk_error why = {0};
    vk_status status =
        judge(a, vk_thirdweb_read_request(answer, &is_good, &admin, &why), &why, err);
    if (status == VK_OK && !is_good) {
        status = ask_is_admin(a, &admin, &is_admin, err);
    }
    if (status == VK_OK) {
        *out = is_good ? VK_THIRDWEB_GOOD : is_admin ? VK_THIRDWEB_USED : VK_THIRDWEB_NO_ADMIN;
    }
    return status;
}

vk_status vk_node_thirdweb_request(vk_node *node, const vk_address *account,
                                   const vk_thirdweb_request *request,
                                   const uint8_t signature65[65], vk_thirdweb_fate *out,
                                   vk_error *err) {
    const asking a = {node, account};
    vk_buf call = {0}, answer = {0};
    vk_status status = vk_thirdweb_ask_request(
        request, VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT, signature65, &call, err);
    if (status == VK_OK) {
        status = ask(&a, &call, &answer, err);
    }
    if (is_reverted(&a, status)) {
        *out = VK_THIRDWEB_OLD;
        status = VK_OK;
    } else if (status == VK_OK) {
        status = read_fate(&a, vk_buf_view(&answer), out, err);
    }
    vk_buf_clear(&call);
    vk_buf_clear(&answer);
    return status;
}
