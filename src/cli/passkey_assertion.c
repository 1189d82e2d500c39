/* passkey assertion: the finished signature of an operation, from the answer of a browser. */
#include "cli/grants.h"
#include "cli/input.h"
#include "cli/passkey.h"
#include "cli/session.h"
#include "cli/signed.h"

#include <inttypes.h>
#include <valetkey/pkcs11.h>

typedef struct assertion_job {
    vk_buf text; /* of the operation, as read */
    vk_assertion_response answer;
    vk_userop_request request;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant;
    vk_buf signature;
} assertion_job;

static void clear_job(assertion_job *job) {
    vk_buf_clear(&job->text);
    vk_assertion_response_clear(&job->answer);
    vk_userop_clear(&job->request.op);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    vk_buf_clear(&job->signature);
}

/* ---- The key ---- */

static vk_exit check_credential(vk_cli *cli, const vk_key_info *key,
                                const vk_assertion_response *answer) {
    vk_buf id = {0};
    if (answer->id.len == 0) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_CREDENTIAL_ID, &id, NULL);
    if (exit == VK_EXIT_OK && !vk_bytes_equal(vk_buf_view(&id), vk_buf_view(&answer->id))) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the assertion is of another passkey than \"%s\"",
                           key->label);
    }
    vk_buf_clear(&id);
    return exit;
}

vk_exit vk_passkey_check_remote(vk_cli *cli, const vk_key_info *key) {
    if (key->remote) {
        return VK_EXIT_OK;
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" is not with a browser", key->label);
    return vk_cli_hint(cli, exit, "it signs itself: \"valetkey sign --help\"");
}

/* Also before the operation is looked at: an answer of another passkey is the plainer mistake. */
static vk_exit select_passkey(vk_cli *cli, assertion_job *job) {
    vk_exit exit = vk_key_select_signing(cli, &job->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_check_remote(cli, &job->key);
    }
    return exit == VK_EXIT_OK ? check_credential(cli, &job->key, &job->answer) : exit;
}

/* ---- The signature ---- */

static vk_exit make_payload(vk_cli *cli, const vk_grant *grant, const vk_userop *op,
                            const vk_assertion_response *answer, vk_buf *out) {
    vk_address entry_point = vk_entry_point_address(op->entry_point);
    vk_request_begin(out, grant->chain_id, &entry_point);
    vk_status status = vk_userop_write_json(op, out);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot write the operation", status);
    }
    vk_buf_put_text(out, ",\"assertion\":");
    vk_assertion_members_write(answer, out);
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

vk_exit vk_passkey_answer(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                          const vk_userop *op, const vk_assertion_response *answer,
                          vk_buf *signature) {
    vk_buf payload = {0};
    vk_exit exit = check_credential(cli, key, answer);
    if (exit == VK_EXIT_OK) {
        exit = make_payload(cli, grant, op, answer, &payload);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_signature_make(cli, CKM_VALETKEY_USEROP_ASSERTION, key, vk_buf_view(&payload),
                                 signature);
    }
    vk_buf_clear(&payload);
    return exit;
}

/* ---- The command ---- */

static vk_exit finish(vk_cli *cli, assertion_job *job) {
    vk_exit exit = vk_grants_of_operation(cli, &job->key, &job->text, &job->grants, &job->request,
                                          &job->grant);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_answer(cli, &job->key, job->grant, &job->request.op, &job->answer,
                                 &job->signature);
    }
    return exit == VK_EXIT_OK ? vk_signed_say(cli, &job->request.op, job->grant, "signature",
                                              vk_buf_view(&job->signature))
                              : exit;
}

vk_exit vk_cmd_passkey_assertion(vk_cli *cli) {
    assertion_job job = {.grant = NULL};
    vk_exit exit = vk_read_operation(cli, &job.text);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_read_assertion(cli, &job.answer);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = select_passkey(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = finish(cli, &job);
    }
    clear_job(&job);
    return exit;
}
