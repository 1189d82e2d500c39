/* passkey register: a new passkey, on the token or on a security key, that a passkey server knows.
 */
#include "cli/findings.h"
#include "cli/input.h"
#include "cli/makekey.h"
#include "cli/passkey_peer.h"
#include "cli/session.h"

#include <string.h>
#include <valetkey/eth.h>
#include <valetkey/pkcs11.h>

typedef struct register_job {
    vk_passkey_server *server;
    vk_passkey_creation wanted;
    bool on_security_key;
    vk_new_key new_key;
    CK_OBJECT_HANDLE public_key, private_key;
    vk_key_info key;
    vk_passkey_facts facts;
    vk_buf attestation, client_data, auth_data; /* what the server gets */
} register_job;

static void clear_job(register_job *job) {
    vk_passkey_close(job->server);
    vk_passkey_creation_clear(&job->wanted);
    vk_new_key_clear(&job->new_key);
    vk_key_info_clear(&job->key);
    vk_passkey_facts_clear(&job->facts);
    vk_buf_clear(&job->attestation);
    vk_buf_clear(&job->client_data);
    vk_buf_clear(&job->auth_data);
}

/* ---- Before anything is made ---- */

static vk_exit read_options(vk_cli *cli, register_job *job) {
    vk_error err = {0};
    vk_exit exit = VK_EXIT_OK;
    job->new_key.p256 = true;
    if (vk_opt(cli, VK_OPT_LABEL)[0] == '\0') {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "a key's label must not be empty");
    }
    if (exit == VK_EXIT_OK && vk_passkey_check_name(vk_opt(cli, VK_OPT_NAME), &err) != VK_OK) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "--name: %s", err.message);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ID)) {
        exit = vk_read_hex(cli, VK_OPT_ID, 255, &job->new_key.id);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_findings_check_options(cli);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_POLICY)) {
        exit = vk_new_key_read_policy(cli, &job->new_key);
    }
    return exit;
}

/* Security keys are what is in removable slots. */
static vk_exit look_at_slot(vk_cli *cli, register_job *job) {
    CK_SLOT_INFO info;
    CK_RV rv = cli->module.f->C_GetSlotInfo(cli->slot, &info);
    job->on_security_key = rv == CKR_OK && (info.flags & CKF_REMOVABLE_DEVICE) != 0;
    if (rv == CKR_OK && job->on_security_key && vk_opt_flag(cli, VK_OPT_SIGN_COUNT)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--sign-count is not for security keys: they count for themselves");
    }
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot look at the slot", rv);
}

static vk_exit begin(vk_cli *cli, register_job *job) {
    vk_exit exit = read_options(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_peer_open(cli, &job->server);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = look_at_slot(cli, job);
    }
    return exit == VK_EXIT_OK ? vk_new_key_check_label(cli) : exit;
}

static vk_exit ask_server(vk_cli *cli, register_job *job) {
    vk_error err = {0};
    vk_status status =
        vk_passkey_begin_registration(job->server, vk_opt(cli, VK_OPT_NAME), &job->wanted, &err);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_fail_with(cli, "cannot register", status, &err);
}

/* ---- The key ---- */

static void put_wishes(const register_job *job, vk_template *t) {
    const vk_passkey_creation *wanted = &job->wanted;
    vk_template_text(t, CKA_VALETKEY_USER_HANDLE, wanted->user_id);
    if (job->on_security_key) {
        vk_template_bytes(t, CKA_VALETKEY_REGISTRATION_CHALLENGE, vk_buf_view(&wanted->challenge));
        vk_template_bool(t, CKA_VALETKEY_DISCOVERABLE, wanted->discoverable);
    }
}

static vk_exit generate(vk_cli *cli, register_job *job) {
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    vk_template public_half = {0}, private_half = {0};
    vk_new_key_common(cli, &job->new_key, &public_half);
    vk_new_key_public(&job->new_key, &public_half);
    vk_new_key_common(cli, &job->new_key, &private_half);
    vk_new_key_private(cli, &job->new_key, &private_half);
    put_wishes(job, &private_half);
    CK_RV rv = cli->module.f->C_GenerateKeyPair(
        cli->session, &mechanism, public_half.attrs, public_half.count, private_half.attrs,
        private_half.count, &job->public_key, &job->private_key);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot make the key", rv);
}

/* A key that the server does not know is of no use. */
static void remove_key(vk_cli *cli, const register_job *job) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    CK_RV first = f->C_DestroyObject(cli->session, job->private_key);
    CK_RV second = f->C_DestroyObject(cli->session, job->public_key);
    if (first != CKR_OK || second != CKR_OK) {
        vk_exit ignored = vk_cli_hint(cli, VK_EXIT_SERVER,
                                      "the new key could not be removed: \"valetkey key remove "
                                      "--label '%s'\"",
                                      vk_opt(cli, VK_OPT_LABEL));
        (void)ignored;
    }
}

/* ---- What the server gets ---- */

static vk_exit fail_made(vk_cli *cli, vk_status status) {
    return vk_cli_fail_status(cli, "cannot describe the new key", status);
}

static vk_status describe_token_key(register_job *job, const char *rp_id) {
    vk_auth_data data = {.flags = VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV | VK_WEBAUTHN_FLAG_AT,
                         .credential_id = vk_buf_view(&job->facts.credential_id)};
    vk_buf origin = {0};
    memcpy(data.point65, job->key.point65, sizeof data.point65);
    vk_buf_put(&origin, job->facts.origin.data, job->facts.origin.len);
    char *text = vk_buf_take_text(&origin);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_webauthn_create_client_data(vk_buf_view(&job->wanted.challenge), text,
                                                      &job->client_data);
    vk_text_free(text);
    if (status == VK_OK) {
        status = vk_sha256((vk_bytes){(const uint8_t *)rp_id, strlen(rp_id)}, &data.rp_id_hash);
    }
    return status == VK_OK ? vk_passkey_attest_none(&data, &job->auth_data, &job->attestation)
                           : status;
}

/* The authenticator's own attestation, if the server wants to see it. */
static vk_status take_attestation(register_job *job, const vk_buf *object) {
    vk_attestation attestation;
    vk_auth_data data;
    vk_status status = vk_attestation_read(vk_buf_view(object), &attestation, NULL);
    if (status == VK_OK) {
        status = vk_auth_data_read(attestation.auth_data, &data, NULL);
    }
    if (status != VK_OK) {
        return status;
    }
    if (!job->wanted.attestation) {
        return vk_passkey_attest_none(&data, &job->auth_data, &job->attestation);
    }
    vk_buf_put(&job->auth_data, attestation.auth_data.data, attestation.auth_data.len);
    vk_buf_put(&job->attestation, object->data, object->len);
    status = vk_buf_status(&job->auth_data);
    return status == VK_OK ? vk_buf_status(&job->attestation) : status;
}

static vk_exit describe_device_key(vk_cli *cli, register_job *job) {
    vk_buf object = {0};
    vk_exit exit = vk_object_get(cli, job->key.object, CKA_VALETKEY_ATTESTATION, &object, NULL);
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, job->key.object, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                             &job->client_data, NULL);
    }
    if (exit == VK_EXIT_OK) {
        vk_status status = take_attestation(job, &object);
        exit = status == VK_OK ? VK_EXIT_OK : fail_made(cli, status);
    }
    vk_buf_clear(&object);
    return exit;
}

static vk_exit describe(vk_cli *cli, register_job *job) {
    vk_exit exit = vk_key_read(cli, job->private_key, &job->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_facts_read(cli, &job->key, &job->facts);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    if (job->on_security_key) {
        return describe_device_key(cli, job);
    }
    vk_status status = describe_token_key(job, vk_opt(cli, VK_OPT_RP_ID));
    return status == VK_OK ? VK_EXIT_OK : fail_made(cli, status);
}

static vk_exit send(vk_cli *cli, const register_job *job) {
    vk_error err = {0};
    vk_passkey_created created = {.credential_id = vk_buf_view(&job->facts.credential_id),
                                  .attestation_object = vk_buf_view(&job->attestation),
                                  .client_data = vk_buf_view(&job->client_data),
                                  .auth_data = vk_buf_view(&job->auth_data),
                                  .roams = job->on_security_key};
    memcpy(created.point65, job->key.point65, sizeof created.point65);
    vk_status status = vk_passkey_finish_registration(job->server, vk_opt(cli, VK_OPT_NAME),
                                                      &job->wanted, &created, &err);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_fail_with(cli, "cannot register", status, &err);
}

static vk_exit make_and_send(vk_cli *cli, register_job *job) {
    vk_exit exit = vk_new_key_choose_id(cli, &job->new_key);
    if (exit == VK_EXIT_OK) {
        exit = generate(cli, job);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = describe(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = send(cli, job);
    }
    if (exit != VK_EXIT_OK) {
        remove_key(cli, job);
    }
    return exit;
}

vk_exit vk_cmd_passkey_register(vk_cli *cli) {
    register_job job = {0};
    vk_exit exit = begin(cli, &job);
    if (exit == VK_EXIT_OK) {
        exit = ask_server(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = make_and_send(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        vk_passkey_say(cli, "Registered", &job.key, vk_buf_view(&job.facts.credential_id),
                       job.server);
    }
    clear_job(&job);
    return exit;
}
