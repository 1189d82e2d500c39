/* key create --count: many keys at once, straight on the token's file. */
#include "cli/findings.h"
#include "cli/input.h"
#include "cli/makekey.h"
#include "cli/store.h"

#include "gate/gate.h"
#include "token/attrs.h"
#include "token/crypt.h"
#include <valetkey/pkcs11.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANDOM_ID_LEN 8
#define LABEL_MAX 1024
#define COUNT_MAX 10000000
#define START_MAX UINT64_C(1000000000000)

typedef struct job {
    vk_cli *cli;
    uint64_t start, count, made;
    vk_buf label; /* of the key at hand */
    uint8_t id[RANDOM_ID_LEN];
} job;

static vk_status put_label(job *j, uint64_t index) {
    j->label.len = 0;
    vk_buf_printf(&j->label, "%s-%" PRIu64, vk_opt(j->cli, VK_OPT_LABEL), j->start + index);
    return vk_buf_status(&j->label);
}

static char *label_text(job *j, uint64_t index) {
    return put_label(j, index) == VK_OK ? vk_buf_take_text(&j->label) : NULL;
}

/* ---- What is asked for ---- */

static vk_exit read_numbers(vk_cli *cli, job *j) {
    vk_exit exit = vk_read_u64(cli, VK_OPT_HOW_MANY, COUNT_MAX, &j->count);
    if (exit == VK_EXIT_OK && j->count == 0) {
        exit = vk_bad_value(cli, VK_OPT_HOW_MANY, "1 or more");
    }
    j->start = 1;
    return exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_START)
               ? vk_read_u64(cli, VK_OPT_START, START_MAX, &j->start)
               : exit;
}

static vk_exit read_job(vk_cli *cli, job *j) {
    vk_exit exit = read_numbers(cli, j);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ID)) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--id and --count exclude each other: every key has an id of its own");
    }
    if (exit == VK_EXIT_OK && put_label(j, j->count - 1) != VK_OK) {
        exit = vk_cli_no_memory(cli);
    }
    if (exit == VK_EXIT_OK && j->label.len > LABEL_MAX) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "a key's label has at most %d bytes, not %zu",
                           LABEL_MAX, j->label.len);
    }
    return exit;
}

/* Before anything is made: labels are how keys are called. */
static vk_exit check_label(job *j, vk_token *token, uint64_t index) {
    int64_t *ids = NULL;
    size_t found = 0;
    vk_status status = put_label(j, index);
    const vk_bytes label = vk_buf_view(&j->label);
    if (status == VK_OK) {
        status = vk_token_key_find(token, &(vk_key_filter){.label = &label}, &ids, &found);
    }
    free(ids);
    if (status != VK_OK) {
        return vk_cli_fail_status(j->cli, "cannot look for keys", status);
    }
    if (found == 0) {
        return VK_EXIT_OK;
    }
    vk_exit exit =
        vk_cli_fail(j->cli, VK_EXIT_INPUT, "the token \"%s\" has a key labelled \"%.*s\" already",
                    j->cli->token_label, (int)label.len, (const char *)label.data);
    return vk_cli_hint(j->cli, exit, "choose another label, or begin behind it with --start");
}

static vk_exit check_labels(job *j, vk_token *token) {
    vk_exit exit = VK_EXIT_OK;
    for (uint64_t i = 0; i < j->count && exit == VK_EXIT_OK; i++) {
        exit = check_label(j, token, i);
    }
    return exit;
}

/* ---- The record, as C_GenerateKeyPair would fill it ---- */

static vk_status copy_option(const vk_cli *cli, vk_option option, char **out) {
    const char *text = vk_opt(cli, option);
    *out = text != NULL ? strdup(text) : NULL;
    return text != NULL && *out == NULL ? VK_ERR_MEMORY : VK_OK;
}

static vk_status set_flag(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, CK_BBOOL value) {
    return vk_attrs_set(attrs, type, (vk_bytes){&value, sizeof value});
}

static vk_status set_flags(vk_key_record *record) {
    vk_status status = set_flag(&record->private_attrs, CKA_SIGN, CK_TRUE);
    if (status == VK_OK) {
        status = set_flag(&record->private_attrs, CKA_LOCAL, CK_TRUE);
    }
    if (status == VK_OK) {
        status = set_flag(&record->public_attrs, CKA_PRIVATE, CK_FALSE);
    }
    if (status == VK_OK) {
        status = set_flag(&record->public_attrs, CKA_VERIFY, CK_TRUE);
    }
    return status == VK_OK ? set_flag(&record->public_attrs, CKA_LOCAL, CK_TRUE) : status;
}

static vk_status fill(const vk_cli *cli, const vk_new_key *key, vk_key_record *out) {
    *out = (vk_key_record){.curve = key->p256 ? VK_CURVE_P256 : VK_CURVE_SECP256K1,
                           .use_sign_count = vk_opt_flag(cli, VK_OPT_SIGN_COUNT)};
    vk_status status = set_flags(out);
    if (status == VK_OK && key->policy.len > 0) {
        out->policy = strndup((const char *)key->policy.data, key->policy.len);
        status = out->policy != NULL ? VK_OK : VK_ERR_MEMORY;
    }
    if (status == VK_OK && key->step_up.len > 0) {
        status =
            vk_attrs_set(&out->private_attrs, CKA_VALETKEY_STEP_UP, vk_buf_view(&key->step_up));
    }
    if (status == VK_OK) {
        status = copy_option(cli, VK_OPT_RP_ID, &out->rp_id);
    }
    return status == VK_OK ? copy_option(cli, VK_OPT_ORIGIN, &out->origin) : status;
}

static vk_status set_names(vk_buf *attrs, vk_bytes label, vk_bytes id) {
    vk_status status = vk_attrs_set(attrs, CKA_LABEL, label);
    return status == VK_OK ? vk_attrs_set(attrs, CKA_ID, id) : status;
}

static vk_status name_key(void *context, size_t index, vk_key_record *record, vk_key_names *names) {
    job *j = context;
    vk_status status = put_label(j, index);
    if (status == VK_OK) {
        status = vk_crypt_random(j->id, sizeof j->id);
    }
    const vk_bytes label = vk_buf_view(&j->label), id = {j->id, sizeof j->id};
    if (status == VK_OK) {
        status = set_names(&record->private_attrs, label, id);
    }
    if (status == VK_OK) {
        status = set_names(&record->public_attrs, label, id);
    }
    *names = (vk_key_names){label, id, label, id};
    return status;
}

/* ---- Making them ---- */

/* A line that replaces itself, for people who wait. */
static void note_made(void *context, size_t count) {
    job *j = context;
    j->made = count;
    if (isatty(STDERR_FILENO) && !j->cli->out.json) {
        fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " keys%s", j->made, j->count,
                j->made == j->count ? "\n" : "");
    }
}

static vk_exit fail(job *j, vk_status status, vk_error *err) {
    vk_exit exit = vk_cli_fail_with(j->cli, "cannot make the keys", status, err);
    return j->made == 0 ? exit
                        : vk_cli_hint(j->cli, exit,
                                      "%" PRIu64 " of them are made; the others begin with "
                                      "--start %" PRIu64,
                                      j->made, j->start + j->made);
}

static vk_exit generate(job *j, vk_token *token, vk_key_record *record) {
    vk_gate *gate = NULL;
    vk_error err = {0};
    const vk_gate_many many = {
        .count = j->count, .name = name_key, .made = note_made, .context = j};
    vk_status status = vk_gate_new(token, &gate);
    if (status == VK_OK) {
        status = vk_gate_generate_many(gate, record, &many, &err);
        vk_gate_free(gate);
    }
    return status == VK_OK ? VK_EXIT_OK : fail(j, status, &err);
}

/* ---- Telling ---- */

/* As the record's policy shows itself, the token's default included. */
static vk_exit read_policy(vk_cli *cli, const vk_key_record *record, vk_key_info *out) {
    vk_error err = {0};
    *out = (vk_key_info){.p256 = record->curve == VK_CURVE_P256};
    if (record->policy == NULL) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_policy_read(record->policy, strlen(record->policy), &out->policy, &err);
    out->has_policy = status == VK_OK;
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "the policy cannot be read", status, &err);
}

static void out_keys(vk_cli *cli, const job *j, const vk_key_info *info, const char *first,
                     const char *last) {
    vk_out *out = &cli->out;
    vk_out_open(out, NULL, '{');
    vk_out_u64(out, "count", j->count);
    vk_out_text(out, "firstLabel", first);
    vk_out_text(out, "lastLabel", last);
    vk_out_text(out, "type", vk_key_type_text(info));
    vk_out_open(out, "rules", '[');
    for (size_t i = 0; info->has_policy && i < info->policy.count; i++) {
        vk_out_text(out, NULL, vk_rule_name(info->policy.rules[i].kind));
    }
    vk_out_close(out, ']');
    vk_out_findings(out, &cli->findings);
    vk_out_close(out, '}');
}

static vk_exit say(job *j, const vk_key_record *record) {
    vk_out *out = &j->cli->out;
    vk_key_info info;
    char *first = label_text(j, 0), *last = label_text(j, j->count - 1);
    vk_exit exit = first == NULL || last == NULL ? vk_cli_no_memory(j->cli)
                                                 : read_policy(j->cli, record, &info);
    if (exit == VK_EXIT_OK) {
        vk_say(out, "Made %" PRIu64 " %s key%s, \"%s\" to \"%s\", on the token \"%s\".\n", j->count,
               info.p256 ? "P-256" : "secp256k1", j->count == 1 ? "" : "s", first, last,
               j->cli->token_label);
        vk_say_in(out, VK_STYLE_HEAD, "Policy\n");
        vk_key_say_policy(out, &info);
        out_keys(j->cli, j, &info, first, last);
        vk_key_info_clear(&info);
    }
    vk_text_free(first);
    vk_text_free(last);
    return exit;
}

static vk_exit make(job *j, vk_token *token, const vk_new_key *key) {
    vk_key_record record;
    vk_exit exit = check_labels(j, token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = fill(j->cli, key, &record);
    exit = status == VK_OK ? generate(j, token, &record) : vk_cli_no_memory(j->cli);
    if (exit == VK_EXIT_OK) {
        exit = say(j, &record);
    }
    vk_key_record_clear(&record);
    return exit;
}

vk_exit vk_new_keys_make(vk_cli *cli, const vk_new_key *key) {
    job j = {.cli = cli};
    vk_token *token = NULL;
    vk_exit exit = read_job(cli, &j);
    if (exit == VK_EXIT_OK) {
        exit = vk_store_open_user(cli, &token);
    }
    if (exit == VK_EXIT_OK) {
        exit = make(&j, token, key);
        vk_token_close(token);
    }
    vk_buf_clear(&j.label);
    return exit;
}
