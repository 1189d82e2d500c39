/* sign: a UserOperation through C_Sign. */
#include "cli/grants.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/passkey.h"
#include "cli/session.h"
#include "cli/signed.h"
#include "cli/step_up.h"

#include <inttypes.h>
#include <valetkey/pkcs11.h>

typedef struct sign_job {
    vk_buf text; /* as read */
    vk_userop_request request;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant;
    vk_buf payload;
    vk_buf signature;
} sign_job;

static void clear_job(sign_job *job) {
    vk_buf_clear(&job->text);
    vk_userop_clear(&job->request.op);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    vk_buf_clear(&job->payload);
    vk_buf_clear(&job->signature);
}

/* The module takes a bare operation only where the key has one grant. */
static vk_exit make_payload(vk_cli *cli, sign_job *job, bool had_chain_id) {
    vk_bytes text = vk_trim(vk_buf_view(&job->text));
    bool is_json = text.len > 0 && text.data[0] == '{';
    if (!is_json || had_chain_id || !job->request.has_chain_id) {
        text = is_json ? text : vk_buf_view(&job->text);
        vk_buf_put(&job->payload, text.data, text.len);
    } else {
        vk_address entry_point = vk_entry_point_address(job->request.op.entry_point);
        vk_request_begin(&job->payload, job->request.chain_id, &entry_point);
        vk_buf_put(&job->payload, text.data, text.len);
        vk_buf_put_text(&job->payload, "}");
    }
    return vk_buf_status(&job->payload) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

/* Without a grant for it the operation goes to the module all the same: it knows why not. */
static vk_exit choose_grant(vk_cli *cli, sign_job *job) {
    vk_exit exit = vk_grants_load(cli, &job->key, &job->grants);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_operation(cli, &job->grants, &job->text, &job->request);
    }
    bool had_chain_id = job->request.has_chain_id;
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_choose(cli, &job->grants, &job->request, &job->grant);
    }
    if (exit == VK_EXIT_OK && job->grant == NULL && job->grants.count > 1) {
        exit = vk_grants_none(cli, &job->key, &job->grants, &job->request);
    }
    if (exit == VK_EXIT_OK && job->grants.count > 1) {
        job->request.has_chain_id = true;
        job->request.chain_id = job->grant->chain_id;
    }
    return exit == VK_EXIT_OK ? make_payload(cli, job, had_chain_id) : exit;
}

static vk_exit sign(vk_cli *cli, sign_job *job) {
    CK_MECHANISM_TYPE mechanism =
        vk_opt_flag(cli, VK_OPT_SESSION) ? CKM_VALETKEY_USEROP_SESSION : CKM_VALETKEY_USEROP;
    vk_step_up_announce(&job->key, job->grant, &job->request.op);
    return vk_signature_make(cli, mechanism, &job->key, vk_buf_view(&job->payload),
                             &job->signature);
}

static vk_exit sign_here(vk_cli *cli, sign_job *job) {
    vk_exit exit = choose_grant(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = sign(cli, job);
    }
    return exit == VK_EXIT_OK
               ? vk_signed_say(cli, &job->request.op, job->grant,
                               vk_opt_flag(cli, VK_OPT_SESSION) ? "sessionPart" : "signature",
                               vk_buf_view(&job->signature))
               : exit;
}

/* The key is with a browser. */
static vk_exit ask_browser(vk_cli *cli, sign_job *job) {
    const char *input = vk_opt(cli, VK_OPT_INPUT);
    vk_buf text = {0};
    vk_buf_printf(&text, "valetkey passkey assertion --label '%s' --input %s --assertion FILE",
                  job->key.label, input != NULL ? input : "-");
    char *next = vk_buf_take_text(&text);
    vk_exit exit =
        next != NULL ? vk_passkey_ask(cli, &job->text, &job->key, next) : vk_cli_no_memory(cli);
    vk_text_free(next);
    return exit;
}

static vk_exit sign_operation(vk_cli *cli) {
    sign_job job = {0};
    if (vk_opt_flag(cli, VK_OPT_SESSION) && vk_opt_flag(cli, VK_OPT_OPERATION)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--session and --operation exclude each other: a "
                           "session part is no finished signature");
    }
    vk_exit exit = vk_read_operation(cli, &job.text);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select_signing(cli, &job.key);
    }
    if (exit == VK_EXIT_OK) {
        exit = job.key.remote ? ask_browser(cli, &job) : sign_here(cli, &job);
    }
    clear_job(&job);
    return exit;
}

vk_exit vk_cmd_sign(vk_cli *cli) {
    if (vk_message_given(cli)) {
        return vk_sign_message(cli);
    }
    vk_exit exit = vk_message_check_unused(cli);
    return exit == VK_EXIT_OK ? sign_operation(cli) : exit;
}
