/* sign-message, sign-typed-data, and sign of either: a message through C_Sign. */
#include "cli/message.h"
#include "cli/session.h"
#include "cli/signed.h"
#include "cli/step_up.h"

#include <inttypes.h>
#include <valetkey/pkcs11.h>

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
        vk_step_up_announce_other(&job.key, "the message");
        exit = vk_signature_make(cli, job.mechanism, &job.key, vk_buf_view(&job.payload),
                                 &job.signature);
    }
    if (exit == VK_EXIT_OK) {
        say_signature(&cli->out, &job);
    }
    clear_job(&job);
    return exit;
}

vk_exit vk_cmd_sign_message(vk_cli *cli) {
    return vk_message_given(cli)
               ? vk_sign_message(cli)
               : vk_cli_fail(cli, VK_EXIT_USAGE,
                             "say what to sign: --message TEXT, or --message-file FILE (- is "
                             "standard input)");
}

/* The option is required. */
vk_exit vk_cmd_sign_typed_data(vk_cli *cli) {
    return vk_sign_message(cli);
}
