/* userop attach: the public rest around the session key's part. */
#include "cli/digestpart.h"
#include "cli/input.h"
#include "cli/session.h"
#include "cli/signed.h"

#include <string.h>

#define PART_FILE_MAX ((size_t)64 << 10)

typedef struct attach_job {
    vk_buf text;
    vk_userop_request request;
    vk_buf part;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant;
    vk_hash hash; /* of the operation */
    vk_buf signature;
} attach_job;

static void clear_job(attach_job *job) {
    vk_buf_clear(&job->text);
    vk_userop_clear(&job->request.op);
    vk_buf_clear(&job->part);
    vk_key_info_clear(&job->key);
    vk_grants_clear(&job->grants);
    vk_buf_clear(&job->signature);
}

static vk_exit part_is_no_hex(vk_cli *cli) {
    return vk_cli_fail(cli, VK_EXIT_INPUT, "the session part is not hex bytes");
}

/* The bytes of a bare signature may look like anything, also like hex. */
static bool is_hex(const vk_buf *file, vk_bytes text) {
    return file->len != VK_BARE_SIGNATURE_LEN && text.len >= 2 && memcmp(text.data, "0x", 2) == 0;
}

/* "0x..." itself, or a file with the bytes or their hex. */
static vk_exit read_part(vk_cli *cli, vk_buf *part) {
    const char *value = vk_opt(cli, VK_OPT_SESSION_PART);
    if (strncmp(value, "0x", 2) == 0) {
        return vk_hex_read(value, strlen(value), PART_FILE_MAX, part) == VK_OK
                   ? VK_EXIT_OK
                   : part_is_no_hex(cli);
    }
    vk_buf file = {0};
    vk_exit exit = vk_read_file(cli, value, PART_FILE_MAX, &file);
    vk_bytes text = vk_trim(vk_buf_view(&file));
    if (exit == VK_EXIT_OK && is_hex(&file, text)) {
        vk_status status = vk_hex_read((const char *)text.data, text.len, PART_FILE_MAX, part);
        exit = status == VK_OK ? VK_EXIT_OK : part_is_no_hex(cli);
    } else if (exit == VK_EXIT_OK) {
        vk_buf_put(part, file.data, file.len);
    }
    vk_buf_clear(&file);
    return exit;
}

static bool ecdsa_part_holds(const vk_key_info *key, vk_bytes part, const vk_hash *hash) {
    vk_hash digest = vk_eip191_hash(hash);
    vk_address signer;
    return part.len == 65 && vk_ecdsa_recover(&digest, part.data, &signer) == VK_OK &&
           vk_address_equal(&signer, &key->signer.address);
}

static vk_exit hash_operation(vk_cli *cli, attach_job *job) {
    vk_status status = vk_userop_hash(&job->request.op, job->grant->chain_id,
                                      &job->grant->entry_point, &job->hash);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot hash the operation", status);
}

static vk_exit complete_part(vk_cli *cli, attach_job *job) {
    bool is_bare = job->part.len == VK_BARE_SIGNATURE_LEN;
    if (vk_opt_flag(cli, VK_OPT_ASSERTION) && !(is_bare && job->key.p256)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--assertion belongs to the bare signature of a passkey (64 bytes); "
                           "this part has %zu bytes, of a %s key",
                           job->part.len, vk_key_type_text(&job->key));
    }
    vk_exit exit = hash_operation(cli, job);
    if (exit == VK_EXIT_OK && is_bare) {
        exit = vk_digest_part(cli, &job->key, job->grant, &job->hash, &job->part);
    }
    return exit;
}

/* A part that belongs to another key or operation would be found out by the chain only. */
static vk_exit check_part(vk_cli *cli, const attach_job *job) {
    vk_error err = {0};
    vk_bytes inner;
    if (!vk_grant_signer_part(job->grant, vk_buf_view(&job->part), &inner)) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           job->grant->kind == VK_GRANT_PERMISSION
                               ? "a session part begins with 0xff, a bare signature has 64 bytes; "
                                 "this is something else (%zu bytes)"
                               : "this is no session part (%zu bytes)",
                           job->part.len);
    }
    bool holds = job->key.p256
                     ? vk_webauthn_verify(inner, &job->hash, job->key.point65, &err) == VK_OK
                     : ecdsa_part_holds(&job->key, inner, &job->hash);
    if (!holds) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                                   "the session part is not the key's signature of this operation");
        return vk_cli_hint(cli, exit,
                           "sign the very same operation again with \"valetkey sign "
                           "--session\"");
    }
    return VK_EXIT_OK;
}

static vk_exit choose_grant(vk_cli *cli, attach_job *job) {
    char field[32], reason[VK_REASON_MAX];
    vk_exit exit = vk_grants_of_operation(cli, &job->key, &job->text, &job->grants, &job->request,
                                          &job->grant);
    if (exit == VK_EXIT_OK && vk_grant_match(job->grant, &job->request, field, reason) != VK_OK) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the operation is not for this key: %s", reason);
    }
    return exit;
}

static vk_exit attach(vk_cli *cli, attach_job *job) {
    vk_status status =
        vk_grant_attach(job->grant, &job->request.op, vk_buf_view(&job->part), &job->signature);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make the signature", status);
}

vk_exit vk_cmd_attach(vk_cli *cli) {
    attach_job job = {0};
    vk_exit exit = vk_read_operation(cli, &job.text);
    if (exit == VK_EXIT_OK) {
        exit = read_part(cli, &job.part);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin(cli, false);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job.key);
    }
    if (exit == VK_EXIT_OK) {
        exit = choose_grant(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = complete_part(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_part(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = attach(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_signed_say(cli, &job.request.op, job.grant, "signature",
                             vk_buf_view(&job.signature));
    }
    clear_job(&job);
    return exit;
}
