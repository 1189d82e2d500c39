/* passkey login: the answer to a passkey server's challenge. */
#include "cli/passkey_peer.h"
#include "cli/session.h"
#include "cli/signed.h"
#include "cli/step_up.h"

#include "base/json.h"
#include <string.h>
#include <valetkey/pkcs11.h>

#define ANSWER_MAX 65536

typedef struct login_job {
    vk_passkey_server *server;
    vk_key_info key;
    vk_passkey_facts facts;
    vk_passkey_request request;
    vk_buf auth_data, client_data, signature; /* of the answer */
} login_job;

static void clear_job(login_job *job) {
    vk_passkey_close(job->server);
    vk_key_info_clear(&job->key);
    vk_passkey_facts_clear(&job->facts);
    vk_passkey_request_clear(&job->request);
    vk_buf_clear(&job->auth_data);
    vk_buf_clear(&job->client_data);
    vk_buf_clear(&job->signature);
}

/* ---- The key ---- */

static vk_exit check_rp_id(vk_cli *cli, const login_job *job) {
    vk_buf rp_id = {0};
    const char *wanted = vk_opt(cli, VK_OPT_RP_ID);
    vk_exit exit = vk_object_get(cli, job->key.object, CKA_VALETKEY_RP_ID, &rp_id, NULL);
    bool same =
        vk_bytes_equal(vk_buf_view(&rp_id), (vk_bytes){(const uint8_t *)wanted, strlen(wanted)});
    if (exit == VK_EXIT_OK && !same) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the rpId of the key \"%s\" is \"%.*s\", not \"%s\"",
                           job->key.label, (int)rp_id.len, (const char *)rp_id.data, wanted);
    }
    vk_buf_clear(&rp_id);
    return exit;
}

static vk_exit choose_key(vk_cli *cli, login_job *job) {
    vk_exit exit = vk_key_select(cli, CKO_PRIVATE_KEY, &job->key);
    if (exit == VK_EXIT_OK && !job->key.p256) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" is no passkey: it is on secp256k1",
                           job->key.label);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_rp_id(cli, job);
    }
    return exit == VK_EXIT_OK ? vk_passkey_facts_read(cli, &job->key, &job->facts) : exit;
}

/* ---- The challenge ---- */

static vk_exit ask_server(vk_cli *cli, login_job *job) {
    vk_error err = {0};
    vk_status status = vk_passkey_begin_login(job->server, &job->request, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot log in", status, &err);
    }
    if (!vk_passkey_request_allows(&job->request, vk_buf_view(&job->facts.credential_id))) {
        return vk_cli_fail(
            cli, VK_EXIT_INPUT,
            "%s asks for other passkeys than the key \"%s\": register it there first",
            vk_passkey_name(job->server), job->key.label);
    }
    return VK_EXIT_OK;
}

/* ---- The answer ---- */

static void put_request(vk_cli *cli, const login_job *job, vk_buf *out) {
    vk_buf_put_text(out, "{\"challenge\":\"");
    vk_base64url_put(out, vk_buf_view(&job->request.challenge));
    vk_buf_put_text(out, "\",\"rpId\":");
    vk_json_put_string(out, vk_opt(cli, VK_OPT_RP_ID));
    vk_buf_put_byte(out, '}');
}

static vk_status read_answer(const vk_buf *text, login_job *job, vk_error *err) {
    cJSON *json = NULL;
    const char *client_data;
    vk_status status = vk_json_parse(vk_buf_view(text), ANSWER_MAX, &json, err);
    if (status == VK_OK) {
        status = vk_json_bytes(json, "authenticatorData", NULL, ANSWER_MAX, &job->auth_data, err);
    }
    if (status == VK_OK) {
        status = vk_json_bytes(json, "signature", NULL, VK_P256_DER_MAX, &job->signature, err);
    }
    if (status == VK_OK) {
        status = vk_json_text(json, "clientDataJSON", NULL, &client_data, err);
    }
    if (status == VK_OK) {
        vk_buf_put_text(&job->client_data, client_data);
    }
    cJSON_Delete(json);
    return status;
}

static vk_exit answer(vk_cli *cli, login_job *job) {
    vk_buf request = {0}, text = {0};
    vk_error err = {0};
    put_request(cli, job, &request);
    vk_step_up_announce_other(&job->key, "the login");
    vk_exit exit =
        vk_signature_make(cli, CKM_VALETKEY_PASSKEY_LOGIN, &job->key, vk_buf_view(&request), &text);
    if (exit == VK_EXIT_OK && read_answer(&text, job, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "the module's answer cannot be read", &err);
    }
    vk_buf_clear(&request);
    vk_buf_clear(&text);
    return exit;
}

static vk_exit send(vk_cli *cli, const login_job *job) {
    vk_error err = {0};
    const vk_passkey_assertion assertion = {.credential_id = vk_buf_view(&job->facts.credential_id),
                                            .auth_data = vk_buf_view(&job->auth_data),
                                            .client_data = vk_buf_view(&job->client_data),
                                            .signature_der = vk_buf_view(&job->signature),
                                            .user_handle = vk_buf_view(&job->facts.user_handle),
                                            .roams = job->facts.on_security_key};
    vk_status status = vk_passkey_finish_login(job->server, &assertion, job->key.point65, &err);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_fail_with(cli, "cannot log in", status, &err);
}

vk_exit vk_cmd_passkey_login(vk_cli *cli) {
    login_job job = {0};
    vk_exit exit = vk_passkey_peer_open(cli, &job.server);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = choose_key(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = ask_server(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = answer(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = send(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        vk_passkey_say(cli, "Logged in", &job.key, vk_buf_view(&job.facts.credential_id),
                       job.server);
    }
    clear_job(&job);
    return exit;
}
