/* passkey import: a passkey that a browser made, with its policy. */
#include "cli/makekey.h"
#include "cli/passkey.h"
#include "cli/session.h"

#include <string.h>
#include <time.h>
#include <valetkey/pkcs11.h>

typedef struct import_job {
    vk_new_key key;
    vk_registration_response answer;
    vk_buf challenge, trust;
    vk_credential credential;
} import_job;

static void clear_job(import_job *job) {
    vk_new_key_clear(&job->key);
    vk_registration_response_clear(&job->answer);
    vk_buf_clear(&job->challenge);
    vk_buf_clear(&job->trust);
}

/* ---- What it is ---- */

static vk_exit read_answer(vk_cli *cli, import_job *job) {
    vk_exit exit = vk_passkey_read_registration(cli, &job->answer);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_read_challenge(cli, &job->challenge);
    }
    return exit == VK_EXIT_OK ? vk_passkey_read_trust(cli, &job->trust) : exit;
}

/* The token checks all of this again, and the trust anchors; but it has no words. */
static vk_exit check(vk_cli *cli, import_job *job) {
    const vk_ceremony ceremony = {.challenge = vk_buf_view(&job->challenge),
                                  .rp_id = vk_opt(cli, VK_OPT_RP_ID),
                                  .origin = vk_opt(cli, VK_OPT_ORIGIN),
                                  .require_user_verified = true};
    vk_error err = {0};
    vk_status status =
        vk_credential_register(&ceremony, vk_buf_view(&job->answer.attestation_object),
                               vk_buf_view(&job->answer.client_data), NULL, &job->credential, &err);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "the registration does not hold", status, &err);
    }
    if (job->answer.id.len > 0 &&
        !vk_bytes_equal(vk_buf_view(&job->answer.id), job->credential.id)) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the registration does not hold: its id is not that of the attestation");
    }
    return VK_EXIT_OK;
}

/* The same passkey gets the same id again. */
static vk_exit default_id(vk_cli *cli, import_job *job) {
    vk_hash hash;
    if (job->key.id.len > 0) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_sha256(job->credential.id, &hash);
    vk_buf_put(&job->key.id, hash.b, 8);
    return status == VK_OK && vk_buf_status(&job->key.id) == VK_OK
               ? VK_EXIT_OK
               : vk_cli_fail_status(cli, "cannot make an id", status);
}

static vk_exit prepare(vk_cli *cli, import_job *job) {
    job->key.p256 = true;
    vk_exit exit = vk_new_key_read_passkey(cli, &job->key);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_POLICY)) {
        exit = vk_new_key_read_policy(cli, &job->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_answer(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = check(cli, job);
    }
    return exit == VK_EXIT_OK ? default_id(cli, job) : exit;
}

/* ---- The object ---- */

static vk_exit create(vk_cli *cli, const import_job *job, CK_OBJECT_HANDLE *out) {
    vk_template t = {0};
    vk_template_ulong(&t, CKA_CLASS, &vk_class_public);
    vk_new_key_common(cli, &job->key, &t);
    vk_new_key_public(&job->key, &t);
    vk_template_text(&t, CKA_VALETKEY_RP_ID, vk_opt(cli, VK_OPT_RP_ID));
    vk_template_text(&t, CKA_VALETKEY_ORIGIN, vk_opt(cli, VK_OPT_ORIGIN));
    vk_template_bytes(&t, CKA_VALETKEY_ATTESTATION, vk_buf_view(&job->answer.attestation_object));
    vk_template_bytes(&t, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                      vk_buf_view(&job->answer.client_data));
    vk_template_bytes(&t, CKA_VALETKEY_REGISTRATION_CHALLENGE, vk_buf_view(&job->challenge));
    if (job->trust.len > 0) {
        vk_template_bytes(&t, CKA_VALETKEY_TRUST_ANCHORS, vk_buf_view(&job->trust));
    }
    if (job->key.policy.len > 0) {
        vk_template_bytes(&t, CKA_VALETKEY_POLICY, vk_buf_view(&job->key.policy));
    }
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, out);
    if (rv == CKR_TEMPLATE_INCONSISTENT) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "the token has this passkey already");
    }
    if (rv == CKR_ATTRIBUTE_VALUE_INVALID && job->trust.len > 0) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the attestation (%s) does not chain to a certificate of --trust",
                           vk_attestation_format_text(job->credential.format));
    }
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot import the passkey", rv);
}

static const char *attestation_text(const import_job *job) {
    static const char *const texts[] = {
        [VK_ATTESTED_NOT] = "none: nothing says what made it",
        [VK_ATTESTED_SELF] = "self: signed by the passkey alone",
        [VK_ATTESTED_SIGNED] = "signed: by a certificate that nobody vouched for",
        [VK_ATTESTED_TRUSTED] = "trusted: its certificate chains to one of --trust"};
    return texts[job->trust.len > 0 ? VK_ATTESTED_TRUSTED : job->credential.attestation];
}

vk_exit vk_cmd_passkey_import(vk_cli *cli) {
    import_job job = {0};
    CK_OBJECT_HANDLE key = 0;
    vk_exit exit = prepare(cli, &job);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_check_label(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = create(cli, &job, &key);
    }
    if (exit == VK_EXIT_OK) {
        const vk_new_key_news news = {.verb = "Imported", .attestation = attestation_text(&job)};
        exit = vk_new_key_say(cli, key, &news);
    }
    clear_job(&job);
    return exit;
}
