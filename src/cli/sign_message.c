/* sign of a message: a text or typed data through C_Sign. */
#include "cli/message.h"
#include "cli/session.h"

#include <inttypes.h>
#include <valetkey/pkcs11.h>

/* Most signatures fit at once; the module says when one does not. */
#define FIRST_SIGNATURE_SIZE 4096

typedef struct message_job {
    vk_cli_message message;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant; /* NULL: the key has none */
    CK_MECHANISM_TYPE mechanism;
    vk_buf payload;
    vk_buf signature;
} message_job;

static void clear_job(message_job *job) {
    vk_message_clear(&job->message);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    vk_buf_clear(&job->payload);
    vk_buf_clear(&job->signature);
}

/* ---- What C_Sign gets ---- */

static void put_request(message_job *job) {
    const vk_message_payload *payload = &job->message.payload;
    const vk_buf *content = &job->message.content;
    vk_buf *out = &job->payload;
    vk_buf_printf(out, "{\"chainId\":%" PRIu64 ",\"account\":\"", payload->chain_id);
    vk_hex_put(out, (vk_bytes){payload->account.b, sizeof payload->account.b});
    vk_buf_printf(out, "\",\"deployed\":%s,\"replayable\":%s,",
                  payload->undeployed ? "false" : "true", payload->replayable ? "true" : "false");
    if (payload->is_typed_data) {
        vk_buf_put_text(out, "\"typedData\":");
        vk_buf_put(out, content->data, content->len);
        vk_buf_put_text(out, "}");
    } else {
        vk_buf_put_text(out, "\"message\":{\"raw\":\"");
        vk_hex_put(out, vk_buf_view(content));
        vk_buf_put_text(out, "\"}}");
    }
}

/* Without a grant the message goes to the module all the same: it knows why it does not sign. */
static vk_exit make_payload(vk_cli *cli, message_job *job) {
    const vk_buf *content = &job->message.content;
    const vk_message_payload *payload = &job->message.payload;
    if (job->grants.count <= 1 && !payload->replayable && !payload->undeployed) {
        job->mechanism = payload->is_typed_data ? CKM_VALETKEY_TYPED_DATA : CKM_VALETKEY_MESSAGE;
        vk_buf_put(&job->payload, content->data, content->len);
    } else {
        job->mechanism = CKM_VALETKEY_MESSAGE_REQUEST;
        put_request(job);
    }
    return vk_buf_status(&job->payload) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit prepare(vk_cli *cli, message_job *job) {
    vk_exit exit = vk_key_select(cli, CKO_PRIVATE_KEY, &job->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_load(cli, &job->key, &job->grants);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_message_choose(cli, &job->key, &job->grants, &job->message, &job->grant);
    }
    return exit == VK_EXIT_OK ? make_payload(cli, job) : exit;
}

/* ---- The signature ---- */

static CK_RV sign_once(vk_cli *cli, message_job *job, size_t size, size_t *len) {
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

static CK_RV run_signature(vk_cli *cli, message_job *job) {
    CK_MECHANISM mechanism = {job->mechanism, NULL, 0};
    size_t len = FIRST_SIGNATURE_SIZE;
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

static vk_exit sign(vk_cli *cli, message_job *job) {
    CK_RV rv = run_signature(cli, job);
    if (rv != CKR_FUNCTION_REJECTED && rv != CKR_KEY_FUNCTION_NOT_PERMITTED) {
        return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot sign", rv);
    }
    vk_buf denial = {0};
    vk_exit exit = vk_key_denial(cli, job->key.object, &denial);
    if (exit == VK_EXIT_OK) {
        exit = vk_cli_refused(cli, "refused", (const char *)denial.data);
        exit = vk_cli_hint(cli, exit, "\"valetkey explain\" shows what each rule says");
    }
    vk_buf_clear(&denial);
    return exit;
}

static void say_signature(vk_out *out, const message_job *job) {
    const vk_message_payload *payload = &job->message.payload;
    if (!out->json) {
        vk_out_hex_line(out, vk_buf_view(&job->signature));
        return;
    }
    vk_out_open(out, NULL, '{');
    vk_out_bytes(out, "signature", vk_buf_view(&job->signature));
    vk_out_u64(out, "chainId", payload->chain_id);
    vk_out_address(out, "account", &payload->account);
    vk_out_bytes(out, "hash", (vk_bytes){payload->hash.b, sizeof payload->hash.b});
    vk_out_close(out, '}');
}

vk_exit vk_sign_message(vk_cli *cli) {
    message_job job = {0};
    vk_exit exit = vk_message_read(cli, &job.message);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = prepare(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = sign(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        say_signature(&cli->out, &job);
    }
    clear_job(&job);
    return exit;
}
