/* send: from calls to an operation that is included. */
#include "cli/send.h"

#include "cli/explain.h"
#include "cli/input.h"
#include "cli/send_thirdweb.h"
#include "cli/session.h"
#include "cli/signed.h"
#include "cli/step_up.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <valetkey/pkcs11.h>

/* ---- Which session ---- */

static vk_exit fail_choice(vk_cli *cli, const vk_sending *s, size_t count) {
    vk_exit exit =
        count == 0
            ? vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the key \"%s\" has no such grant", s->key.label)
            : vk_cli_fail(cli, VK_EXIT_USAGE, "the key \"%s\" has %zu grants to send for",
                          s->key.label, count);
    return vk_cli_hint(cli, exit,
                       count == 0 ? "\"valetkey key show\" lists its grants"
                                  : "choose one with --chain-id N, --account ADDRESS, or both");
}

vk_exit vk_send_choose_grant(vk_cli *cli, vk_sending *s) {
    vk_grant_choice choice;
    vk_exit exit = vk_grants_load(cli, &s->key, &s->grants);
    if (exit == VK_EXIT_OK) {
        exit = vk_grant_choice_read(cli, &choice);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    size_t count = vk_grants_chosen(&s->grants, &choice, &s->grant);
    return count == 1 ? VK_EXIT_OK : fail_choice(cli, s, count);
}

/* ---- What is signed ---- */

vk_exit vk_send_write_request(vk_cli *cli, vk_sending *s) {
    s->op.signature = s->mode;
    vk_buf_clear(&s->request);
    vk_request_begin(&s->request, s->grant->chain_id, &s->grant->entry_point);
    vk_status status = vk_userop_write_json(&s->op, &s->request);
    vk_buf_put_byte(&s->request, '}');
    if (status == VK_OK) {
        status = vk_buf_status(&s->request);
    }
    if (status == VK_OK) {
        status = vk_userop_hash(&s->op, s->grant->chain_id, &s->grant->entry_point, &s->hash);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot write the operation", status);
}

/* An operation that wants an enabled plug-in's mode says so where the signature will stand. */
static void keep_mode(vk_sending *s) {
    static const uint8_t enabled[4] = {0, 0, 0, 1};
    if (s->grant->kind == VK_GRANT_PLUGIN && vk_grant_has_approval(s->grant) &&
        !vk_grant_installs(s->grant, &s->op)) {
        s->mode = (vk_bytes){enabled, sizeof enabled};
    }
}

/* What it is for chooses the grant. */
vk_exit vk_send_take_operation(vk_cli *cli, vk_sending *s, vk_option option) {
    vk_buf text = {0};
    vk_userop_request request = {.has_chain_id = false};
    vk_exit exit = vk_read_file(cli, vk_opt(cli, option), VK_USEROP_MAX, &text);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_of_operation(cli, &s->key, &text, &s->grants, &request, &s->grant);
    }
    s->op = request.op;
    if (exit == VK_EXIT_OK) {
        keep_mode(s);
    }
    vk_buf_clear(&text);
    return exit == VK_EXIT_OK ? vk_send_claim(cli, s, &s->op.nonce) : exit;
}

/* Who pays is judged too: a policy may demand a paymaster. */
static vk_exit build_calls(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_send_choose_grant(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_connect(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_build(cli, s);
    }
    return exit == VK_EXIT_OK && s->paymaster != NULL ? vk_send_ask_terms(cli, s) : exit;
}

static vk_exit prepare(vk_cli *cli, vk_sending *s) {
    vk_exit exit;
    if (vk_opt_flag(cli, VK_OPT_USEROP)) {
        exit = vk_send_take_operation(cli, s, VK_OPT_USEROP);
        exit = exit == VK_EXIT_OK ? vk_send_connect(cli, s) : exit;
    } else {
        exit = build_calls(cli, s);
    }
    return exit == VK_EXIT_OK ? vk_send_write_request(cli, s) : exit;
}

static vk_exit price(vk_cli *cli, vk_sending *s) {
    vk_exit exit = VK_EXIT_OK;
    if (!vk_opt_flag(cli, VK_OPT_USEROP)) {
        exit = vk_send_price(cli, s);
    } else {
        exit = vk_send_check_caps(cli, s, VK_SERVER_NONE);
    }
    return exit == VK_EXIT_OK ? vk_send_write_request(cli, s) : exit;
}

/* Nothing is signed; but the journal is the user's to write, who is not asked for a PIN. */
vk_exit vk_send_begin_unsigned(vk_cli *cli) {
    bool has_pin = vk_opt_flag(cli, VK_OPT_PIN_FILE) || vk_opt_flag(cli, VK_OPT_PIN_FD) ||
                   vk_opt_flag(cli, VK_OPT_UNLOCK) || vk_opt_flag(cli, VK_OPT_DEVICE_PIN_FILE);
    return has_pin ? vk_session_begin_user(cli, false) : vk_session_begin(cli, false);
}

/* ---- What the key would say ---- */

static vk_exit judge(vk_cli *cli, const vk_sending *s, vk_explain *job) {
    *job = (vk_explain){.now = (uint64_t)time(NULL)};
    vk_buf_put(&job->text, s->request.data, s->request.len);
    vk_exit exit = vk_buf_status(&job->text) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_explain_load(cli, job);
    }
    return exit == VK_EXIT_OK ? vk_explain_judge(cli, job) : exit;
}

/* ---- Without sending ---- */

static vk_exit say_operation(vk_cli *cli, const vk_explain *job) {
    vk_out *out = &cli->out;
    vk_bytes text = vk_buf_view(&job->text);
    vk_out_open(out, NULL, '{');
    vk_explain_headline(out, job);
    vk_exit exit = vk_explain_operation(cli, job);
    vk_explain_findings(cli, job);
    vk_say_in(out, VK_STYLE_HEAD, "Operation\n");
    vk_say(out, "%.*s\n", (int)text.len, (const char *)text.data);
    vk_out_raw(out, "operation", text);
    vk_out_close(out, '}');
    return exit == VK_EXIT_OK && job->judgement.refusal != NULL ? VK_EXIT_REFUSED : exit;
}

/* What is not refused is judged once more with what it costs. */
static vk_exit explain(vk_cli *cli, vk_sending *s) {
    vk_explain job;
    vk_exit exit = judge(cli, s, &job);
    if (exit == VK_EXIT_OK && job.judgement.refusal == NULL) {
        vk_explain_clear(&job);
        job = (vk_explain){.now = 0};
        exit = vk_send_check_thirdweb(cli, s);
        exit = exit == VK_EXIT_OK ? price(cli, s) : exit;
        exit = exit == VK_EXIT_OK ? judge(cli, s, &job) : exit;
    }
    if (exit == VK_EXIT_OK && job.judgement.refusal == NULL) {
        exit = vk_send_write_output(cli, vk_buf_view(&s->request));
    }
    if (exit == VK_EXIT_OK) {
        exit = say_operation(cli, &job);
    }
    vk_explain_clear(&job);
    return exit;
}

static vk_exit dry_run(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = prepare(cli, s);
    }
    return exit == VK_EXIT_OK ? explain(cli, s) : exit;
}

vk_exit vk_send_say_dry(vk_cli *cli, const vk_sending *s, const char *who) {
    vk_bytes text = vk_buf_view(&s->request);
    vk_say(&cli->out, "%s would sign:\n%.*s\n", who, (int)text.len, (const char *)text.data);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_bytes(&cli->out, "userOpHash", (vk_bytes){s->hash.b, sizeof s->hash.b});
    vk_out_raw(&cli->out, "operation", text);
    vk_out_close(&cli->out, '}');
    return VK_EXIT_OK;
}

/* ---- For good ---- */

/* Calls become an operation that is another at the next call: it has to be kept for the browser. */
static vk_exit check_key(vk_cli *cli, const vk_sending *s) {
    bool output = vk_opt_flag(cli, VK_OPT_OUTPUT);
    if (!s->key.remote && output) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                                   "the key \"%s\" signs at once, so --output has nothing to keep",
                                   s->key.label);
        return vk_cli_hint(cli, exit, "with --dry-run, it writes the operation and sends nothing");
    }
    if (!s->key.remote || output || vk_opt_flag(cli, VK_OPT_USEROP)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                               "the private half of the key \"%s\" is with a browser, which has to "
                               "sign",
                               s->key.label);
    return vk_cli_hint(cli, exit,
                       "add --output op.json, which keeps the operation, and ask the browser what "
                       "is printed; then \"valetkey send --label '%s' --userop op.json --assertion "
                       "FILE\"",
                       s->key.label);
}

static vk_exit sign(vk_cli *cli, vk_sending *s) {
    vk_buf_clear(&s->signature);
    vk_step_up_announce(&s->key, s->grant, &s->op);
    vk_exit exit = vk_signature_make(cli, CKM_VALETKEY_USEROP, &s->key, vk_buf_view(&s->request),
                                     &s->signature);
    s->op.signature = vk_buf_view(&s->signature);
    return exit;
}

/* Before a bundler is asked what it costs: it would know only that the account says no. */
static vk_exit would_refuse(vk_cli *cli, const vk_sending *s, bool *out) {
    vk_explain job;
    vk_exit exit = judge(cli, s, &job);
    *out = exit == VK_EXIT_OK && job.judgement.refusal != NULL;
    vk_explain_clear(&job);
    return exit;
}

/* The key says why not, and has it in its journal. */
static vk_exit refuse(vk_cli *cli, vk_sending *s) {
    vk_exit exit = sign(cli, s);
    return exit == VK_EXIT_OK
               ? vk_cli_fail(cli, VK_EXIT_REFUSED,
                             "the operation was refused, and is not any more: try again")
               : exit;
}

/* By a key of this token, or of a security key. */
static vk_exit send_here(vk_cli *cli, vk_sending *s) {
    vk_exit exit = sign(cli, s);
    return exit == VK_EXIT_OK ? vk_send_off(cli, s) : exit;
}

static vk_exit send_prepared(vk_cli *cli, vk_sending *s) {
    bool refuses = false;
    vk_exit exit = would_refuse(cli, s, &refuses);
    if (exit == VK_EXIT_OK && refuses) {
        return s->key.remote ? vk_send_ask_browser(cli, s) : refuse(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_check_thirdweb(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = price(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_check_outbox(cli, s);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return s->key.remote ? vk_send_ask_browser(cli, s) : send_here(cli, s);
}

static vk_exit send_new(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_session_begin_user(cli, true);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select_signing(cli, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_key(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = prepare(cli, s);
    }
    return exit == VK_EXIT_OK ? send_prepared(cli, s) : exit;
}

/* ---- Once more ---- */

/* The grant is that of the operation that was kept. */
static vk_exit choose_kept_grant(vk_cli *cli, vk_sending *s, const vk_outgoing *item) {
    vk_exit exit = vk_grants_load(cli, &s->key, &s->grants);
    for (size_t i = 0; i < s->grants.count && exit == VK_EXIT_OK; i++) {
        const vk_grant *grant = &s->grants.list[i];
        if (grant->chain_id == item->chain_id &&
            vk_address_equal(&grant->entry_point, &item->entry_point) &&
            vk_address_equal(&grant->account.account, &item->op.sender)) {
            s->grant = grant;
        }
    }
    return exit == VK_EXIT_OK && s->grant == NULL
               ? vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                             "the key \"%s\" has no grant for the account of this operation",
                             s->key.label)
               : exit;
}

static vk_exit read_kept(vk_cli *cli, vk_outgoing *item) {
    const char *text = vk_opt(cli, VK_OPT_RESUME);
    vk_hash hash;
    if (vk_hex_read_fixed(text, strlen(text), hash.b, sizeof hash.b) != VK_OK) {
        return vk_bad_value(cli, VK_OPT_RESUME, "the userOpHash, 0x and 64 digits");
    }
    return vk_outbox_get(cli, &hash, item);
}

/* A nonce says whose validator checks the signature. */
static bool is_of_session(const vk_userop *op) {
    return op->entry_point != VK_ENTRY_POINT_0_6 &&
           vk_kernel_nonce_decode(&op->nonce).type == VK_NONCE_PERMISSION;
}

static bool is_the_owners(const vk_sending *s) {
    return s->grant->kind == VK_GRANT_PERMISSION && !is_of_session(&s->op);
}

static vk_exit resume(vk_cli *cli, vk_sending *s) {
    vk_outgoing item = {.chain_id = 0};
    vk_exit exit = read_kept(cli, &item);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    s->op = item.op;
    s->hash = item.hash;
    s->was_kept = true;
    exit = vk_send_begin_unsigned(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = choose_kept_grant(cli, s, &item);
    }
    if (exit == VK_EXIT_OK) {
        s->as_owner = is_the_owners(s);
        exit = vk_send_connect(cli, s);
    }
    return exit == VK_EXIT_OK ? vk_send_off_again(cli, s) : exit;
}

/* What an owner or an admin signed is no key's: the operation says all that is needed. */
static vk_exit resume_alone(vk_cli *cli, vk_sending *s) {
    vk_outgoing item = {.chain_id = 0};
    vk_exit exit = read_kept(cli, &item);
    const vk_grant any = {.chain_id = item.chain_id,
                          .entry_point_version = item.op.entry_point,
                          .entry_point = item.entry_point};
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    s->op = item.op;
    s->hash = item.hash;
    s->was_kept = true;
    if (is_of_session(&s->op)) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                           "a session key signed this operation, whose journal gets the receipt");
        return vk_cli_hint(cli, exit, "name the key with --label");
    }
    s->grant = &any;
    s->as_owner = true;
    exit = vk_send_connect(cli, s);
    exit = exit == VK_EXIT_OK ? vk_send_off_again(cli, s) : exit;
    s->grant = NULL;
    return exit;
}

static bool has_key(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_LABEL) || vk_opt_flag(cli, VK_OPT_ID);
}

static vk_exit resume_any(vk_cli *cli, vk_sending *s) {
    return has_key(cli) ? resume(cli, s) : resume_alone(cli, s);
}

/* ---- What was asked for ---- */

/* What an option has no use for. */
static const struct exclusion {
    vk_option option, other;
} exclusions[] = {
    {VK_OPT_RESUME, VK_OPT_DRY_RUN},   {VK_OPT_RESUME, VK_OPT_OUTPUT},
    {VK_OPT_RESUME, VK_OPT_ASSERTION}, {VK_OPT_RESUME, VK_OPT_MAX_FEE},
    {VK_OPT_RESUME, VK_OPT_MAX_COST},  {VK_OPT_RESUME, VK_OPT_LANE},
    {VK_OPT_RESUME, VK_OPT_PAYMASTER}, {VK_OPT_SIGNED, VK_OPT_DRY_RUN},
    {VK_OPT_SIGNED, VK_OPT_OUTPUT},    {VK_OPT_SIGNED, VK_OPT_ASSERTION},
    {VK_OPT_SIGNED, VK_OPT_PAYMASTER}, {VK_OPT_SIGNED, VK_OPT_LANE},
    {VK_OPT_USEROP, VK_OPT_OUTPUT},    {VK_OPT_USEROP, VK_OPT_PAYMASTER},
    {VK_OPT_USEROP, VK_OPT_LANE},      {VK_OPT_ASSERTION, VK_OPT_DRY_RUN},
    {VK_OPT_SIGNED, VK_OPT_MAX_FEE},   {VK_OPT_SIGNED, VK_OPT_MAX_COST},
    {VK_OPT_CALL, VK_OPT_ASSERTION},
};

static vk_exit check_exclusions(vk_cli *cli) {
    for (size_t i = 0; i < sizeof exclusions / sizeof exclusions[0]; i++) {
        const struct exclusion *e = &exclusions[i];
        if (vk_opt_flag(cli, e->option) && vk_opt_flag(cli, e->other)) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s and --%s exclude each other",
                               vk_opt_name(e->option), vk_opt_name(e->other));
        }
    }
    return VK_EXIT_OK;
}

static vk_exit check_options(vk_cli *cli) {
    static const vk_option sources[] = {VK_OPT_CALL, VK_OPT_USEROP, VK_OPT_SIGNED, VK_OPT_RESUME};
    size_t count = 0;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        count += vk_opt_flag(cli, sources[i]);
    }
    if (count != 1) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say one of --call TARGET,VALUE,DATA (once or more), --userop FILE, "
                           "--signed FILE and --resume HASH");
    }
    vk_exit exit = check_exclusions(cli);
    return exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_CALL) ? vk_send_check_calls(cli) : exit;
}

static vk_exit run(vk_cli *cli, vk_sending *s) {
    return vk_opt_flag(cli, VK_OPT_RESUME)      ? resume_any(cli, s)
           : vk_opt_flag(cli, VK_OPT_SIGNED)    ? vk_send_signed(cli, s)
           : vk_opt_flag(cli, VK_OPT_ASSERTION) ? vk_send_answered(cli, s)
           : vk_opt_flag(cli, VK_OPT_DRY_RUN)   ? dry_run(cli, s)
                                                : send_new(cli, s);
}

vk_exit vk_cmd_send(vk_cli *cli) {
    vk_sending s = {.grant = NULL};
    vk_exit exit = check_options(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_read_caps(cli, &s);
    }
    if (exit == VK_EXIT_OK) {
        exit = run(cli, &s);
    }
    vk_sending_clear(&s);
    return exit;
}
