/* key import, session import: a key made elsewhere, with its policy and its first grants. */
#include "cli/findings.h"
#include "cli/grants.h"
#include "cli/input.h"
#include "cli/keyfile.h"
#include "cli/makekey.h"
#include "cli/session.h"
#include "cli/step_up.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The SDK's text for one chain, and the grant that is made of it. */
typedef struct import_text {
    vk_bytes text; /* a view into the job's file */
    vk_buf grant;  /* JSON */
} import_text;

typedef struct import_job {
    vk_new_key key;
    uint8_t secret[32];
    uint8_t point65[65];
    vk_buf file; /* of --serialized */
    vk_chain_list chains;
    import_text *texts; /* owned, one a chain; none without --serialized */
    size_t text_count;
} import_job;

static vk_exit check_options(vk_cli *cli) {
    static const vk_option with_grant[] = {
        VK_OPT_CHAIN_ID,     VK_OPT_KERNEL_VERSION, VK_OPT_ENTRY_POINT, VK_OPT_OWNER,
        VK_OPT_ENABLE_NONCE, VK_OPT_SPENT,          VK_OPT_USED};
    bool serialized = vk_opt_flag(cli, VK_OPT_SERIALIZED);
    if (serialized && vk_opt_flag(cli, VK_OPT_POLICY)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--policy and --serialized exclude each other: a serialized account "
                           "has its policy inside");
    }
    if (serialized && !vk_opt_flag(cli, VK_OPT_CHAIN_ID)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--serialized needs --chain-id N: the text does not say its chain");
    }
    for (size_t i = 0; i < sizeof with_grant / sizeof with_grant[0]; i++) {
        if (!serialized && vk_opt_flag(cli, with_grant[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is for --serialized only",
                               vk_opt_name(with_grant[i]));
        }
    }
    return VK_EXIT_OK;
}

/* ---- The file ---- */

/* The next line that is not empty; *rest moves behind it. Empty: there is none. */
static vk_bytes next_line(vk_bytes *rest) {
    vk_bytes line = {0};
    while (rest->len > 0 && line.len == 0) {
        const uint8_t *end = memchr(rest->data, '\n', rest->len);
        size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
        size_t taken = len + (end != NULL);
        line = vk_trim((vk_bytes){rest->data, len});
        *rest = (vk_bytes){rest->data + taken, rest->len - taken};
    }
    return line;
}

static size_t count_lines(vk_bytes text) {
    size_t count = 0;
    while (next_line(&text).len > 0) {
        count++;
    }
    return count;
}

/* A text for each chain, in the order of --chain-id. */
static vk_exit split_file(vk_cli *cli, import_job *job) {
    vk_bytes rest = vk_buf_view(&job->file);
    size_t count = count_lines(rest);
    if (count != job->chains.count) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           "there %s %zu serialized account%s in %s, one a line, but --chain-id "
                           "names %zu chain%s",
                           count == 1 ? "is" : "are", count, count == 1 ? "" : "s",
                           vk_opt(cli, VK_OPT_SERIALIZED), job->chains.count,
                           job->chains.count == 1 ? "" : "s");
    }
    job->texts = calloc(count, sizeof *job->texts);
    if (job->texts == NULL) {
        return vk_cli_no_memory(cli);
    }
    for (job->text_count = 0; job->text_count < count; job->text_count++) {
        job->texts[job->text_count].text = next_line(&rest);
    }
    return VK_EXIT_OK;
}

/* The policy is that of the first; the grants of the others are checked against it. */
static vk_exit take_policy(vk_cli *cli, import_job *job) {
    vk_serialized_account account;
    vk_error err = {0};
    vk_bytes text = job->texts[0].text;
    if (vk_serialized_read((const char *)text.data, text.len, &account, &err) != VK_OK) {
        return vk_cli_fail_error(cli, "the serialized account cannot be read", &err);
    }
    vk_buf_put_text(&job->key.policy, account.policies);
    vk_serialized_clear(&account);
    return vk_buf_status(&job->key.policy) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit read_serialized(vk_cli *cli, import_job *job) {
    vk_exit exit = vk_read_chains(cli, &job->chains);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_file(cli, vk_opt(cli, VK_OPT_SERIALIZED),
                            VK_SERIALIZED_MAX * job->chains.count, &job->file);
    }
    if (exit == VK_EXIT_OK) {
        exit = split_file(cli, job);
    }
    return exit == VK_EXIT_OK ? take_policy(cli, job) : exit;
}

static vk_exit read_policies(vk_cli *cli, import_job *job) {
    if (vk_opt_flag(cli, VK_OPT_SERIALIZED)) {
        return read_serialized(cli, job);
    }
    return vk_opt_flag(cli, VK_OPT_POLICY) ? vk_new_key_read_policy(cli, &job->key) : VK_EXIT_OK;
}

/* ---- The key ---- */

/* The library does not keep the private key that a serialized account may carry. */
static bool inner_secret(const import_job *job, uint8_t secret32[32]) {
    bool found = false;
    for (size_t i = 0; i < job->text_count && !found; i++) {
        vk_bytes text = job->texts[i].text;
        found = vk_serialized_read_private_key((const char *)text.data, text.len, secret32, NULL) ==
                VK_OK;
    }
    return found;
}

static vk_exit read_secret(vk_cli *cli, import_job *job) {
    const char *path = vk_opt(cli, VK_OPT_KEY_FILE);
    vk_exit exit = VK_EXIT_OK;
    if (path != NULL) {
        exit = vk_secret_from_file(cli, path, job->key.p256, job->secret);
    } else if (job->text_count == 0) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "say where the private key is: --key-file FILE");
    } else if (!inner_secret(job, job->secret)) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the serialized account has no private key in it");
        exit = vk_cli_hint(cli, exit, "give it with --key-file FILE");
    }
    return exit == VK_EXIT_OK ? vk_secret_point(cli, job->key.p256, job->secret, job->point65)
                              : exit;
}

static vk_exit read_signer(vk_cli *cli, const import_job *job, vk_signer *out) {
    if (!job->key.p256) {
        vk_address address = vk_address_of_point(job->point65);
        *out = vk_signer_ecdsa(&address);
        return VK_EXIT_OK;
    }
    vk_hash id_hash;
    if (job->key.credential_id_hash.len == sizeof id_hash.b) {
        memcpy(id_hash.b, job->key.credential_id_hash.data, sizeof id_hash.b);
    } else if (job->key.credential_id.len > 0) {
        id_hash = vk_keccak256(vk_buf_view(&job->key.credential_id));
    } else {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "a passkey's permission depends on its credential id: give "
                           "--authenticator-id TEXT or --authenticator-id-hash HEX");
    }
    *out = vk_signer_webauthn(job->point65, &id_hash);
    return VK_EXIT_OK;
}

/* ---- The grants ---- */

/* The first failure says of which chain it is, where there are several. */
static vk_exit fail_grant(vk_cli *cli, const import_job *job, size_t i, const vk_error *err) {
    vk_exit exit = vk_cli_fail_error(cli, "the serialized account does not fit the key", err);
    return job->text_count > 1
               ? vk_cli_hint(cli, exit, "that is the one in line %zu, for chain %" PRIu64, i + 1,
                             job->chains.list[i])
               : exit;
}

static vk_exit look_at_grant(vk_cli *cli, const import_job *job, size_t i, const vk_policy *policy,
                             const vk_signer *signer) {
    vk_grant grant;
    vk_error err = {0};
    vk_exit exit = VK_EXIT_OK;
    vk_bytes json = vk_buf_view(&job->texts[i].grant);
    if (vk_grant_read((const char *)json.data, json.len, policy, signer, &grant, &err) != VK_OK) {
        return fail_grant(cli, job, i, &err);
    }
    if (i == 0) {
        vk_lint_subject about = {grant.entry_point_version, &grant.account.account};
        exit = vk_findings_of(cli, policy, &about);
    }
    vk_grant_clear(&grant);
    return exit;
}

/* Looks at the grants as the module will, before anything is written. */
static vk_exit check_grants(vk_cli *cli, const import_job *job, const vk_signer *signer) {
    vk_policy policy;
    vk_error err = {0};
    vk_bytes json = vk_buf_view(&job->key.policy);
    vk_exit exit = VK_EXIT_OK;
    if (vk_policy_read((const char *)json.data, json.len, &policy, &err) != VK_OK) {
        return vk_cli_fail_error(cli, "the policy in the serialized account is not accepted", &err);
    }
    for (size_t i = 0; i < job->text_count && exit == VK_EXIT_OK; i++) {
        exit = look_at_grant(cli, job, i, &policy, signer);
    }
    vk_policy_clear(&policy);
    return exit;
}

/* What the options say of all the grants. */
static vk_exit read_grant_options(vk_cli *cli, vk_grant_text *text, vk_owner *owner) {
    vk_exit exit = VK_EXIT_OK;
    if (vk_opt_flag(cli, VK_OPT_KERNEL_VERSION)) {
        exit = vk_read_kernel(cli, &text->kernel);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ENTRY_POINT)) {
        exit = vk_read_entry_point(cli, &text->entry_point);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_OWNER)) {
        exit = vk_owner_read(cli, owner);
        text->owner = owner;
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_time(cli, VK_OPT_INSTALLED_AT, 0, &text->installed_at);
    }
    return exit == VK_EXIT_OK ? vk_grant_start_read(cli, &text->start) : exit;
}

static vk_exit write_grants(vk_cli *cli, import_job *job, const vk_grant_text *common) {
    uint64_t nonces[VK_CHAINS_MAX] = {0};
    vk_status status = VK_OK;
    vk_exit exit = vk_opt_flag(cli, VK_OPT_ENABLE_NONCE)
                       ? vk_read_enable_nonces(cli, job->text_count, nonces)
                       : VK_EXIT_OK;
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    for (size_t i = 0; i < job->text_count && status == VK_OK; i++) {
        vk_grant_text text = *common;
        text.chain_id = job->chains.list[i];
        text.serialized = job->texts[i].text;
        text.enable_nonce = nonces[i];
        vk_grant_text_write(&text, &job->texts[i].grant);
        status = vk_buf_status(&job->texts[i].grant);
    }
    return status == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit make_grants(vk_cli *cli, import_job *job) {
    vk_owner owner;
    vk_signer signer;
    vk_grant_text common = {.chain_id = 0};
    vk_exit exit = read_grant_options(cli, &common, &owner);
    if (exit == VK_EXIT_OK) {
        exit = read_signer(cli, job, &signer);
    }
    if (exit == VK_EXIT_OK) {
        exit = write_grants(cli, job, &common);
    }
    return exit == VK_EXIT_OK ? check_grants(cli, job, &signer) : exit;
}

/* ---- All of it ---- */

static vk_exit prepare(vk_cli *cli, import_job *job) {
    vk_exit exit = vk_new_key_read(cli, &job->key);
    if (exit == VK_EXIT_OK) {
        exit = check_options(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_policies(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_secret(cli, job);
    }
    if (exit == VK_EXIT_OK && job->text_count > 0) {
        exit = make_grants(cli, job);
    }
    if (exit == VK_EXIT_OK && job->key.id.len == 0) {
        /* The same key gets the same id again. */
        vk_hash hash;
        vk_status status = vk_sha256((vk_bytes){job->point65, sizeof job->point65}, &hash);
        vk_buf_put(&job->key.id, hash.b, 8);
        exit = status == VK_OK ? VK_EXIT_OK : vk_cli_fail_status(cli, "cannot make an id", status);
    }
    return exit;
}

static vk_exit create_private(vk_cli *cli, const import_job *job, CK_OBJECT_HANDLE *out) {
    vk_template t = {0};
    vk_template_ulong(&t, CKA_CLASS, &vk_class_private);
    vk_new_key_common(cli, &job->key, &t);
    vk_template_bytes(&t, CKA_EC_PARAMS, vk_curve_params(job->key.p256));
    vk_template_bytes(&t, CKA_VALUE, (vk_bytes){job->secret, sizeof job->secret});
    vk_new_key_private(cli, &job->key, &t);
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, out);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot import the private key", rv);
}

static vk_exit create_public(vk_cli *cli, const import_job *job, CK_OBJECT_HANDLE *out) {
    uint8_t der_point[67];
    vk_template t = {0};
    vk_point_write(job->point65, der_point);
    vk_template_ulong(&t, CKA_CLASS, &vk_class_public);
    vk_new_key_common(cli, &job->key, &t);
    vk_new_key_public(&job->key, &t);
    vk_template_bytes(&t, CKA_EC_POINT, (vk_bytes){der_point, sizeof der_point});
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, out);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot import the public key", rv);
}

static vk_exit add_grants(vk_cli *cli, const import_job *job) {
    const char *label = vk_opt(cli, VK_OPT_LABEL);
    vk_bytes bytes = {(const uint8_t *)label, strlen(label)};
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < job->text_count && exit == VK_EXIT_OK; i++) {
        exit = vk_grant_add(cli, bytes, vk_buf_view(&job->texts[i].grant));
    }
    return exit;
}

/* The private key brought a public half along; nothing else on the token has the label. */
static void undo(vk_cli *cli, CK_OBJECT_HANDLE private_key) {
    vk_handles found = {0};
    cli->module.f->C_DestroyObject(cli->session, private_key);
    vk_exit exit = vk_key_handles(cli, CKO_PUBLIC_KEY, &found);
    for (size_t i = 0; exit == VK_EXIT_OK && i < found.count; i++) {
        cli->module.f->C_DestroyObject(cli->session, found.list[i]);
    }
    free(found.list);
}

/* All of it or nothing. */
static vk_exit create(vk_cli *cli, const import_job *job, CK_OBJECT_HANDLE *public_key) {
    CK_OBJECT_HANDLE private_key = 0;
    vk_exit exit = create_private(cli, job, &private_key);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = create_public(cli, job, public_key);
    if (exit == VK_EXIT_OK) {
        exit = add_grants(cli, job);
    }
    if (exit != VK_EXIT_OK) {
        undo(cli, private_key);
    }
    return exit;
}

static void clear(import_job *job) {
    vk_wipe(job->secret, sizeof job->secret);
    vk_new_key_clear(&job->key);
    for (size_t i = 0; i < job->text_count; i++) {
        vk_buf_clear(&job->texts[i].grant);
    }
    free(job->texts);
    vk_buf_clear(&job->file);
}

vk_exit vk_cmd_key_import(vk_cli *cli) {
    import_job job = {0};
    CK_OBJECT_HANDLE public_key = 0;
    vk_exit exit = prepare(cli, &job);
    if (exit == VK_EXIT_OK) {
        exit = vk_step_up_from_options(cli, &job.key.step_up);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_new_key_check_label(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = create(cli, &job, &public_key);
    }
    if (exit == VK_EXIT_OK) {
        const vk_new_key_news news = {.verb = "Imported", .has_grant = job.text_count > 0};
        exit = vk_new_key_say(cli, public_key, &news);
    }
    clear(&job);
    return exit;
}

/* The same, where --serialized must be there: the table of commands says so. */
vk_exit vk_cmd_session_import(vk_cli *cli) {
    return vk_cmd_key_import(cli);
}
