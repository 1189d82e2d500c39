/* sign: a UserOperation through C_Sign. */
#include "cli/grants.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/session.h"
#include "cli/signed.h"

#include <inttypes.h>
#include <string.h>
#include <valetkey/pkcs11.h>

/* Most signatures fit at once; the module says when one does not. */
#define FIRST_SIGNATURE_SIZE 4096

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
        vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
        vk_buf_printf(&job->payload, "{\"chainId\":%" PRIu64 ",\"entryPoint\":\"",
                      job->request.chain_id);
        vk_hex_put(&job->payload, (vk_bytes){entry_point.b, 20});
        vk_buf_put_text(&job->payload, "\",\"userOp\":");
        vk_buf_put(&job->payload, text.data, text.len);
        vk_buf_put_text(&job->payload, "}");
    }
    return vk_buf_status(&job->payload) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

/* Without a grant for it the operation goes to the module all the same: it knows why not. */
static vk_exit choose_grant(vk_cli *cli, sign_job *job) {
    bool had_chain_id = job->request.has_chain_id;
    vk_exit exit = vk_grants_load(cli, &job->key, &job->grants);
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

static CK_RV sign_once(vk_cli *cli, sign_job *job, size_t size, size_t *len) {
    CK_ULONG out_len = size;
    vk_buf_clear(&job->signature);
    vk_buf_put_zeros(&job->signature, size);
    if (vk_buf_status(&job->signature) != VK_OK) {
        return CKR_HOST_MEMORY;
    }
    CK_RV rv = cli->module.f->C_Sign(cli->session, job->payload.data, job->payload.len,
                                     job->signature.data, &out_len);
    *len = out_len;
    return rv;
}

static CK_RV run_signature(vk_cli *cli, sign_job *job) {
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP, NULL, 0};
    size_t len = FIRST_SIGNATURE_SIZE;
    if (vk_opt_flag(cli, VK_OPT_SESSION)) {
        mechanism.mechanism = CKM_VALETKEY_USEROP_SESSION;
    }
    CK_RV rv = cli->module.f->C_SignInit(cli->session, &mechanism, job->key.object);
    if (rv == CKR_OK) {
        rv = sign_once(cli, job, len, &len);
    }
    if (rv == CKR_BUFFER_TOO_SMALL) {
        rv = sign_once(cli, job, len, &len);
    }
    job->signature.len = rv == CKR_OK ? len : 0;
    return rv;
}

static vk_exit tell_refusal(vk_cli *cli, const sign_job *job) {
    vk_buf denial = {0};
    vk_exit exit = vk_key_denial(cli, job->key.object, &denial);
    if (exit == VK_EXIT_OK) {
        exit = vk_cli_refused(cli, "refused", (const char *)denial.data);
        exit = vk_cli_hint(cli, exit, "\"valetkey explain\" shows what each rule says");
    }
    vk_buf_clear(&denial);
    return exit;
}

/* What the token has kept about a file that was edited, or put back from a copy. */
static vk_exit tell_damage(vk_cli *cli, const sign_job *job, CK_RV rv) {
    vk_buf kept = {0};
    vk_exit exit = vk_key_denial(cli, job->key.object, &kept);
    const char *text = (const char *)kept.data;
    if (exit == VK_EXIT_OK && strncmp(text, "anchor: ", strlen("anchor: ")) == 0) {
        exit = vk_cli_fail(cli, VK_EXIT_TAMPERED, "cannot sign: %s", text);
    } else if (exit == VK_EXIT_OK) {
        exit = vk_cli_fail_rv(cli, "cannot sign", rv);
    }
    vk_buf_clear(&kept);
    return exit;
}

static vk_exit fail_read_only(vk_cli *cli, CK_RV rv) {
    vk_exit exit = vk_cli_fail_rv(cli, "cannot sign", rv);
    return vk_cli_hint(cli, exit,
                       "a key that counts nothing signs there once the SO has switched the journal "
                       "off: \"valetkey token set --journal off\"");
}

static vk_exit sign(vk_cli *cli, sign_job *job) {
    CK_RV rv = run_signature(cli, job);
    if (rv == CKR_DEVICE_ERROR) {
        return tell_damage(cli, job, rv);
    }
    if (rv == CKR_TOKEN_WRITE_PROTECTED) {
        return fail_read_only(cli, rv);
    }
    if (rv == CKR_FUNCTION_REJECTED || rv == CKR_KEY_FUNCTION_NOT_PERMITTED) {
        return tell_refusal(cli, job);
    }
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot sign", rv);
}

static vk_exit sign_operation(vk_cli *cli) {
    sign_job job = {0};
    if (vk_opt_flag(cli, VK_OPT_SESSION) && vk_opt_flag(cli, VK_OPT_OPERATION)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--session and --operation exclude each other: a "
                           "session part is no finished signature");
    }
    vk_exit exit = vk_read_operation(cli, &job.text, &job.request);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PRIVATE_KEY, &job.key);
    }
    if (exit == VK_EXIT_OK) {
        exit = choose_grant(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = sign(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_signed_say(cli, &job.request.op, job.grant,
                             vk_opt_flag(cli, VK_OPT_SESSION) ? "sessionPart" : "signature",
                             vk_buf_view(&job.signature));
    }
    clear_job(&job);
    return exit;
}

vk_exit vk_cmd_sign(vk_cli *cli) {
    return vk_message_given(cli) ? vk_sign_message(cli) : sign_operation(cli);
}
