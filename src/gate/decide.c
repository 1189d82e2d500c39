#include "gate/internal.h"

#include <stdlib.h>
#include <string.h>

/* A verdict names its rule; so does a refusal that came before the rules. */
static vk_status deny(vk_error *err, const char *rule, const char *reason) {
    return vk_fail(err, VK_DENIED, rule, "%s", reason);
}

static vk_status explain_status(vk_error *err, vk_status status) {
    return vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

/* What a verdict means: VK_DENIED with its rule and reason, or *charge to be remembered. */
static vk_status take_verdict(vk_status status, vk_verdict *verdict, vk_nonce_charge *charge,
                              vk_error *err) {
    if (status != VK_OK) {
        return explain_status(err, status);
    }
    if (!verdict->allowed) {
        status = deny(err, verdict->rule, verdict->reason);
    }
    *charge = verdict->charge;
    vk_verdict_clear(verdict);
    return status;
}

/* ---- What is written down ---- */

static const char *form_name(vk_gate_form form) {
    static const char *const names[] = {[VK_GATE_USEROP] = "userop",
                                        [VK_GATE_USEROP_SESSION] = "userop-session",
                                        [VK_GATE_DIGEST] = "digest"};
    return names[form];
}

static vk_journal_entry entry_of(const vk_gate_question *question, const vk_hash *hash) {
    vk_journal_entry entry = {.form = form_name(question->form),
                              .policy = question->loaded->policy_hash,
                              .payload = question->payload};
    if (hash != NULL) {
        entry.has_operation = true;
        entry.operation = *hash;
    }
    return entry;
}

static vk_decision decision_of(const vk_gate_question *question, vk_journal_entry *entry) {
    const vk_loaded *loaded = question->loaded;
    vk_decision decision = {.key_id = loaded->record.id,
                            .key_version = loaded->record.version,
                            .rule_count = loaded->policy.count,
                            .entry = loaded->is_journaled ? entry : NULL};
    memcpy(decision.point65, loaded->record.point65, sizeof decision.point65);
    return decision;
}

/* ---- Decided already ---- */

typedef struct outcome {
    vk_status status;
    vk_error err;
} outcome;

static vk_status repeat(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    const outcome *o = context;
    (void)budget;
    (void)charge;
    return o->status == VK_OK ? VK_OK : vk_fail(err, o->status, o->err.path, "%s", o->err.message);
}

static vk_status write_outcome(const vk_gate_question *question, vk_journal_entry *entry,
                               outcome *o, vk_error *err) {
    vk_decision decision = decision_of(question, entry);
    decision.decide = repeat;
    decision.context = o;
    return vk_token_decide(question->gate->token, &decision, err);
}

void vk_gate_note(const vk_gate_question *question, const vk_hash *hash, vk_status status,
                  const vk_error *why) {
    vk_error ignored_err;
    vk_journal_entry entry = entry_of(question, hash);
    outcome o = {status, *why};
    if (status == VK_DENIED) {
        vk_status ignored = write_outcome(question, &entry, &o, &ignored_err);
        (void)ignored;
    }
}

/* A verdict that moved nothing still leaves its record before the signature leaves. */
static vk_status record_outcome(const vk_gate_question *question, vk_journal_entry *entry,
                                vk_status status, vk_error *err) {
    vk_error ignored_err;
    outcome o = {.status = status};
    if (status == VK_DENIED) {
        o.err = *err;
        vk_status ignored = write_outcome(question, entry, &o, &ignored_err);
        (void)ignored;
        return status;
    }
    if (status != VK_OK || !question->loaded->is_journaled) {
        return status;
    }
    status = write_outcome(question, entry, &o, err);
    if (status == VK_ERR_READ_ONLY) {
        return vk_fail(err, status, NULL,
                       "the token cannot be written, so neither can its journal, which the SO can "
                       "switch off: valetkey token set --journal off");
    }
    return status;
}

/* ---- Digests ---- */

static vk_status evaluate_digest(const vk_loaded *loaded, vk_rule_state *states,
                                 vk_nonce_charge *charge, vk_error *err) {
    vk_verdict verdict;
    vk_status status =
        vk_policy_evaluate_digest(&loaded->policy, vk_gate_now(), charge, states, &verdict);
    return take_verdict(status, &verdict, charge, err);
}

static vk_status decide_digest_budget(void *context, vk_budget *budget, vk_nonce_charge *charge,
                                      vk_error *err) {
    return evaluate_digest(context, budget->rules, charge, err);
}

/* Digests name no account: they are counted in the key's own budget, each digest once. */
static vk_status reserve_digest(const vk_gate_question *question, vk_journal_entry *entry,
                                vk_error *err) {
    vk_loaded *loaded = question->loaded;
    vk_grant_record own = {.key_id = loaded->record.id};
    vk_decision decision = decision_of(question, entry);
    decision.grant = &own;
    decision.nonce = vk_u256_from_be(entry->operation.b, sizeof entry->operation.b);
    decision.decide = decide_digest_budget;
    decision.context = loaded;
    vk_status status = vk_policy_permission_id(&loaded->policy, &loaded->signer, own.permission_id);
    return status == VK_OK ? vk_token_decide(question->gate->token, &decision, err)
                           : explain_status(err, status);
}

static vk_status evaluate_plain_digest(const vk_loaded *loaded, vk_error *err) {
    vk_nonce_charge charge = {0};
    vk_rule_state *states = calloc(loaded->policy.count, sizeof *states);
    if (states == NULL) {
        return explain_status(err, VK_ERR_MEMORY);
    }
    vk_status status = evaluate_digest(loaded, states, &charge, err);
    free(states);
    return status;
}

vk_status vk_gate_decide_digest(const vk_gate_question *question, const vk_hash *digest,
                                vk_error *err) {
    vk_journal_entry entry = entry_of(question, digest);
    if (vk_policy_has_state(&question->loaded->policy)) {
        return reserve_digest(question, &entry, err);
    }
    vk_status status = evaluate_plain_digest(question->loaded, err);
    return record_outcome(question, &entry, status, err);
}

/* ---- UserOperations ---- */

static vk_status evaluate(const vk_loaded *loaded, const vk_gate_request *request,
                          vk_rule_state *states, vk_nonce_charge *charge, vk_error *err) {
    const vk_grant *grant = &request->grant->grant;
    vk_verdict_request asked = {.op = &request->request.op,
                                .chain_id = grant->chain_id,
                                .now = vk_gate_now(),
                                .selector = grant->account.selector,
                                .charge = *charge};
    vk_verdict verdict;
    vk_status status = vk_policy_evaluate(&loaded->policy, &asked, states, &verdict);
    return take_verdict(status, &verdict, charge, err);
}

static vk_status check_mode(const vk_gate_request *request, vk_budget *budget, vk_error *err) {
    char reason[VK_REASON_MAX];
    bool installs = false;
    vk_install install = {.enabled = budget->enabled, .enable_nonce = budget->enable_nonce};
    const vk_u256 *nonce = &request->request.op.nonce;
    vk_status status =
        vk_grant_check_mode(&request->grant->grant, &install, nonce, &installs, reason);
    if (status == VK_DENIED) {
        return deny(err, "nonce", reason);
    }
    if (status == VK_OK && installs) {
        budget->enabled = true;
        budget->enable_nonce = *nonce;
    }
    return status;
}

/* What a decision about an operation is made of, and what comes out of it. */
typedef struct reservation {
    const vk_loaded *loaded;
    const vk_gate_request *request;
    uint32_t sign_count;
    bool enabled;
} reservation;

static vk_status decide_budget(void *context, vk_budget *budget, vk_nonce_charge *charge,
                               vk_error *err) {
    reservation *r = context;
    vk_grant_first_states(&r->request->grant->grant, &r->loaded->policy, budget->rules);
    vk_status status = check_mode(r->request, budget, err);
    if (status == VK_OK) {
        status = evaluate(r->loaded, r->request, budget->rules, charge, err);
    }
    if (status == VK_OK && r->loaded->record.use_sign_count) {
        r->sign_count = ++budget->sign_count;
    }
    r->enabled = budget->enabled;
    return status;
}

static vk_status reserve(const vk_gate_question *question, const vk_gate_request *request,
                         vk_journal_entry *entry, uint32_t *sign_count, vk_error *err) {
    reservation r = {.loaded = question->loaded, .request = request};
    vk_decision decision = decision_of(question, entry);
    decision.grant = &request->grant->record;
    decision.nonce = request->request.op.nonce;
    decision.decide = decide_budget;
    decision.context = &r;
    vk_status status = vk_token_decide(question->gate->token, &decision, err);
    if (status == VK_OK) {
        *sign_count = r.sign_count;
        atomic_store(&request->grant->enabled, r.enabled);
    }
    return status;
}

static bool needs_budget(const vk_loaded *loaded, const vk_gate_request *request) {
    bool installed =
        request->grant->grant.account.pre_installed || atomic_load(&request->grant->enabled);
    return request->enable_mode || !installed || loaded->record.use_sign_count ||
           vk_policy_has_state(&loaded->policy);
}

static vk_status evaluate_plain(const vk_loaded *loaded, const vk_gate_request *request,
                                vk_error *err) {
    vk_nonce_charge charge = {0};
    vk_rule_state *states = calloc(loaded->policy.count, sizeof *states);
    if (states == NULL) {
        return explain_status(err, VK_ERR_MEMORY);
    }
    vk_status status = evaluate(loaded, request, states, &charge, err);
    free(states);
    return status;
}

vk_status vk_gate_decide(const vk_gate_question *question, const vk_gate_request *request,
                         uint32_t *sign_count, vk_error *err) {
    vk_journal_entry entry = entry_of(question, &request->hash);
    entry.grant = &request->grant->record;
    *sign_count = 0;
    if (needs_budget(question->loaded, request)) {
        return reserve(question, request, &entry, sign_count, err);
    }
    vk_status status = evaluate_plain(question->loaded, request, err);
    return record_outcome(question, &entry, status, err);
}
