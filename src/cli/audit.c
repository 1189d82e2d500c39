/* audit list, audit verify, audit accept. */
#include "cli/audit_record.h"
#include "cli/input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LAST_DEFAULT 50

/* ---- Which records ---- */

typedef struct listing {
    vk_cli *cli;
    vk_key_labels labels;
    const char *label; /* of --label, or NULL */
    vk_buf id;         /* of --id, or empty */
    bool denied;
    uint64_t last, count, skip;
} listing;

static bool is_of_key(const listing *l, const vk_journal_record *record) {
    if (l->label == NULL && l->id.len == 0) {
        return true;
    }
    const vk_key_label *key =
        record->point.len == 65 ? vk_key_label_of(&l->labels, record->point.data) : NULL;
    return key != NULL && (l->label == NULL || strcmp(key->label, l->label) == 0) &&
           (l->id.len == 0 || vk_bytes_equal(vk_buf_view(&key->id), vk_buf_view(&l->id)));
}

static bool is_wanted(const listing *l, const vk_journal_record *record) {
    return is_of_key(l, record) && (!l->denied || record->event == VK_EVENT_DENIED);
}

static vk_status count_one(void *context, const vk_journal_record *record) {
    listing *l = context;
    l->count += is_wanted(l, record);
    return VK_OK;
}

static vk_status say_one(void *context, const vk_journal_record *record) {
    listing *l = context;
    vk_out *out = &l->cli->out;
    if (!is_wanted(l, record)) {
        return VK_OK;
    }
    if (l->skip > 0) {
        l->skip--;
        return VK_OK;
    }
    vk_buf json = {0};
    vk_audit_say_record(out, &l->labels, record);
    if (out->json) {
        vk_audit_put_json(&json, &l->labels, record);
        vk_out_raw(out, NULL, vk_buf_view(&json));
    }
    vk_buf_clear(&json);
    return vk_buf_status(&out->text);
}

static vk_exit walk(vk_cli *cli, vk_token *token, vk_journal_fn each, listing *l) {
    vk_error err = {0};
    vk_status status = vk_journal_each(token, 0, each, l, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot read the journal", status, &err);
}

/* A name that no key has finds nothing, which would look like a key that did nothing. */
static vk_exit check_key(vk_cli *cli, const listing *l) {
    bool found = l->label == NULL && l->id.len == 0;
    for (size_t i = 0; i < l->labels.count && !found; i++) {
        const vk_key_label *key = &l->labels.list[i];
        found = (l->label == NULL || strcmp(key->label, l->label) == 0) &&
                (l->id.len == 0 || vk_bytes_equal(vk_buf_view(&key->id), vk_buf_view(&l->id)));
    }
    return found ? VK_EXIT_OK
                 : vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no such key on the token \"%s\"",
                               cli->token_label);
}

static vk_exit read_filter(vk_cli *cli, listing *l) {
    vk_exit exit = VK_EXIT_OK;
    l->last = LAST_DEFAULT;
    l->label = vk_opt(cli, VK_OPT_LABEL);
    l->denied = vk_opt_flag(cli, VK_OPT_DENIED);
    if (vk_opt_flag(cli, VK_OPT_LAST)) {
        exit = vk_read_u64(cli, VK_OPT_LAST, INT64_MAX, &l->last);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ID)) {
        exit = vk_read_hex(cli, VK_OPT_ID, 255, &l->id);
    }
    return exit;
}

static vk_exit list(vk_cli *cli, vk_token *token, listing *l) {
    vk_out *out = &cli->out;
    vk_exit exit = vk_key_labels_load(cli, token, &l->labels);
    if (exit == VK_EXIT_OK) {
        exit = check_key(cli, l);
    }
    if (exit == VK_EXIT_OK) {
        exit = walk(cli, token, count_one, l);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    l->skip = l->count > l->last ? l->count - l->last : 0;
    vk_say_in(out, VK_STYLE_HEAD,
              l->count > 0 ? "TIME                  KEY                      NO  WHAT\n"
                           : "There are no records.\n");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_u64(out, "count", l->count);
    vk_out_open(out, "records", '[');
    exit = walk(cli, token, say_one, l);
    vk_out_close(out, ']');
    vk_out_close(out, '}');
    return exit;
}

vk_exit vk_cmd_audit_list(vk_cli *cli) {
    vk_token *token = NULL;
    listing l = {.cli = cli};
    vk_exit exit = read_filter(cli, &l);
    if (exit == VK_EXIT_OK) {
        exit = vk_store_open(cli, &token);
    }
    if (exit == VK_EXIT_OK) {
        exit = list(cli, token, &l);
    }
    vk_token_close(token);
    vk_key_labels_clear(&l.labels);
    vk_buf_clear(&l.id);
    return exit;
}

/* ---- Verification ---- */

static void say_finding(vk_out *out, const vk_key_labels *labels,
                        const vk_journal_finding *finding) {
    vk_buf name = {0};
    bool of_own_chain = finding->point65[0] == 0;
    if (!finding->of_token) {
        vk_audit_put_name(&name, labels,
                          (vk_bytes){finding->point65, of_own_chain ? 0 : sizeof finding->point65});
        vk_buf_put_text(&name, ": ");
    }
    vk_say_in(out, VK_STYLE_BAD, finding->what);
    vk_say(out, ": %.*s%s\n", (int)name.len, (const char *)name.data, finding->text);
    vk_buf_clear(&name);
}

static void put_finding(vk_out *out, const vk_key_labels *labels,
                        const vk_journal_finding *finding) {
    bool has_key = !finding->of_token && finding->point65[0] != 0;
    const vk_key_label *key = has_key ? vk_key_label_of(labels, finding->point65) : NULL;
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "what", finding->what);
    if (has_key) {
        vk_out_bytes(out, "key", (vk_bytes){finding->point65, sizeof finding->point65});
    }
    if (key != NULL) {
        vk_out_text(out, "label", key->label);
    }
    if (finding->sequence > 0) {
        vk_out_u64(out, "sequence", (uint64_t)finding->sequence);
    }
    if (finding->number > 0) {
        vk_out_u64(out, "number", (uint64_t)finding->number);
    }
    vk_out_text(out, "text", finding->text);
    vk_out_close(out, '}');
}

typedef struct verification {
    vk_cli *cli;
    vk_key_labels labels;
} verification;

static void say_found(void *context, const vk_journal_finding *finding) {
    verification *v = context;
    say_finding(&v->cli->out, &v->labels, finding);
    put_finding(&v->cli->out, &v->labels, finding);
}

static void say_check(vk_out *out, const vk_journal_check *check) {
    vk_say(out, "%" PRId64 " record%s in %" PRId64 " chain%s", check->records,
           check->records == 1 ? "" : "s", check->chains, check->chains == 1 ? "" : "s");
    if (check->records > 0) {
        vk_say(out, ", number %" PRId64 " to %" PRId64, check->first, check->last);
    }
    if (check->dropped > 0) {
        vk_say(out, "; checkpoints stand for the %" PRId64 " before them", check->dropped);
    }
    vk_say(out, ".\n");
    if (check->findings == 0) {
        vk_say_in(out, VK_STYLE_GOOD, "Nothing was edited, removed or put in another place.\n");
    }
    vk_say(out, check->macs_checked
                    ? "The MACs are the token's.\n"
                    : "Only the chains were checked: without a PIN the MACs cannot be, and who "
                      "rewrote a chain to its end is not found.\n");
    if (!check->anchor_checked) {
        vk_say(out, "There is no anchor file to compare with: an older copy of the token is not "
                    "found.\n");
    } else if (check->findings == 0) {
        vk_say(out, "The token goes with its anchor file.\n");
    }
}

static void put_check(vk_out *out, const vk_journal_check *check) {
    vk_out_u64(out, "records", (uint64_t)check->records);
    vk_out_u64(out, "chains", (uint64_t)check->chains);
    vk_out_u64(out, "first", (uint64_t)check->first);
    vk_out_u64(out, "last", (uint64_t)check->last);
    vk_out_u64(out, "dropped", (uint64_t)check->dropped);
    vk_out_bool(out, "macsChecked", check->macs_checked);
    vk_out_bool(out, "anchorChecked", check->anchor_checked);
    vk_out_bool(out, "verified", check->findings == 0);
}

static vk_exit verify(vk_cli *cli, vk_token *token, verification *v) {
    vk_out *out = &cli->out;
    vk_journal_check check;
    vk_error err = {0};
    vk_exit exit = vk_key_labels_load(cli, token, &v->labels);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_open(out, "findings", '[');
    vk_status status = vk_journal_verify(token, say_found, v, &check, &err);
    vk_out_close(out, ']');
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot check the journal", status, &err);
    }
    say_check(out, &check);
    put_check(out, &check);
    vk_out_close(out, '}');
    return check.findings == 0 ? VK_EXIT_OK : VK_EXIT_TAMPERED;
}

vk_exit vk_cmd_audit_verify(vk_cli *cli) {
    vk_token *token = NULL;
    verification v = {.cli = cli};
    vk_exit exit = vk_store_open(cli, &token);
    if (exit == VK_EXIT_OK) {
        exit = vk_store_login_if_given(cli, token);
    }
    if (exit == VK_EXIT_OK) {
        exit = verify(cli, token, &v);
    }
    vk_token_close(token);
    vk_key_labels_clear(&v.labels);
    return exit;
}

/* ---- Accepting ---- */

vk_exit vk_cmd_audit_accept(vk_cli *cli) {
    vk_token *token = NULL;
    vk_error err = {0};
    vk_exit exit = vk_store_open_so(cli, &token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_journal_accept(token, &err);
    vk_token_close(token);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot accept the state", status, &err);
    }
    vk_say(&cli->out,
           "The state of the token \"%s\" is accepted: its budgets are what the file says.\n",
           cli->token_label);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_text(&cli->out, "token", cli->token_label);
    vk_out_bool(&cli->out, "accepted", true);
    vk_out_close(&cli->out, '}');
    return VK_EXIT_OK;
}
