#include "gate/denial.h"
#include "gate/internal.h"

#include <stdlib.h>
#include <string.h>

/* What a verdict means: VK_DENIED with its rule and reason, or *charge to be remembered. */
static vk_status take_verdict(vk_status status, vk_verdict *verdict, vk_journal_entry *entry,
                              vk_nonce_charge *charge, vk_error *err) {
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    if (!verdict->allowed) {
        status = vk_denial_of(err, verdict);
        entry->hardening = verdict->hardening;
    }
    *charge = verdict->charge;
    vk_verdict_clear(verdict);
    return status;
}

/* ---- What is written down ---- */

static const char *form_name(vk_gate_form form) {
    static const char *const names[] = {
        [VK_GATE_USEROP] = "userop",         [VK_GATE_USEROP_SESSION] = "userop-session",
        [VK_GATE_DIGEST] = "digest",         [VK_GATE_TEXT] = "text",
        [VK_GATE_TYPED_DATA] = "typed-data", [VK_GATE_MESSAGE_REQUEST] = "message-request",
        [VK_GATE_OTHER_DIGEST] = "digest",   [VK_GATE_AGREEMENT] = "agreement",
        [VK_GATE_ASSERTION] = "assertion",   [VK_GATE_LOGIN] = "login"};
    return names[form];
}

vk_journal_entry vk_gate_entry(const vk_gate_question *question, const vk_hash *hash) {
    vk_journal_entry entry = {.form = form_name(question->form),
                              .policy = question->loaded->policy_hash,
                              .payload = question->payload};
    if (hash != NULL) {
        entry.has_operation = true;
        entry.operation = *hash;
    }
    return entry;
}

/* A login is worth a record whatever the key's policy is, and without one. */
bool vk_gate_is_journaled(const vk_gate_question *question) {
    return question->form == VK_GATE_LOGIN ? question->loaded->journals_logins
                                           : question->loaded->is_journaled;
}

vk_decision vk_gate_decision_with(const vk_gate_question *question, vk_journal_entry *entry) {
    const vk_loaded *loaded = question->loaded;
    vk_decision decision = {.key_id = loaded->record.id,
                            .key_version = loaded->record.version,
                            .rule_count = loaded->policy.count,
                            .spend_rules = loaded->spend_rules,
                            .entry = vk_gate_is_journaled(question) ? entry : NULL};
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
    vk_decision decision = vk_gate_decision_with(question, entry);
    decision.decide = repeat;
    decision.context = o;
    return vk_token_decide(question->gate->token, &decision, err);
}

void vk_gate_note(const vk_gate_question *question, const vk_hash *hash, vk_status status,
                  const vk_error *why) {
    vk_error ignored_err;
    if (status == VK_DENIED) {
        vk_journal_entry entry = vk_gate_entry(question, hash);
        outcome o = {status, *why};
        vk_status ignored = write_outcome(question, &entry, &o, &ignored_err);
        (void)ignored;
    }
}

void vk_gate_note_unsigned(const vk_gate_question *question, const vk_hash *hash, vk_status status,
                           const vk_error *why) {
    vk_error noted = {0};
    bool is_asked_again = status == VK_ERR_MISMATCH; /* see vk_gate_sign */
    bool is_device = question->loaded->record.home == VK_HOME_FIDO2;
    if (status == VK_OK || is_asked_again || !is_device) {
        return;
    }
    const char *rule = why->path[0] != '\0' ? why->path : "device";
    const char *reason = why->message[0] != '\0' ? why->message : vk_status_text(status);
    vk_gate_note(question, hash, vk_fail(&noted, VK_DENIED, rule, "%s", reason), &noted);
}

vk_status vk_gate_record(const vk_gate_question *question, vk_journal_entry *entry,
                         vk_status status, vk_error *err) {
    vk_error ignored_err;
    outcome o = {.status = status};
    if (status == VK_DENIED) {
        o.err = *err;
        vk_status ignored = write_outcome(question, entry, &o, &ignored_err);
        (void)ignored;
        return status;
    }
    if (status != VK_OK || !vk_gate_is_journaled(question)) {
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

static const char *touched_text(const vk_gate_decision *decision) {
    return decision->touched.len > 0 ? (const char *)decision->touched.data : NULL;
}

/* ---- Digests ---- */

/* Whose digest, and the record of what is decided. */
typedef struct digest_job {
    const vk_loaded *loaded;
    vk_journal_entry *entry;
} digest_job;

static vk_status evaluate_digest(const digest_job *job, vk_rule_state *states,
                                 vk_nonce_charge *charge, vk_error *err) {
    vk_verdict verdict;
    vk_status status =
        vk_policy_evaluate_digest(&job->loaded->policy, vk_clock_now(), charge, states, &verdict);
    return take_verdict(status, &verdict, job->entry, charge, err);
}

static vk_status decide_digest_budget(void *context, vk_budget *budget, vk_nonce_charge *charge,
                                      vk_error *err) {
    return evaluate_digest(context, budget->rules, charge, err);
}

/* Digests name no account: they are counted in the key's own budget, each digest once. */
static vk_status reserve_digest(const vk_gate_question *question, vk_journal_entry *entry,
                                bool is_trial, vk_error *err) {
    vk_loaded *loaded = question->loaded;
    digest_job job = {.loaded = loaded, .entry = entry};
    vk_grant_record own = {.key_id = loaded->record.id};
    vk_decision decision = vk_gate_decision_with(question, entry);
    decision.grant = &own;
    decision.is_trial = is_trial;
    decision.operation = entry->operation;
    decision.nonce = vk_u256_from_be(entry->operation.b, sizeof entry->operation.b);
    decision.decide = decide_digest_budget;
    decision.context = &job;
    vk_status status = vk_policy_permission_id(&loaded->policy, &loaded->signer, own.permission_id);
    return status == VK_OK ? vk_token_decide(question->gate->token, &decision, err)
                           : vk_gate_explain(err, status);
}

static vk_status evaluate_plain_digest(const digest_job *job, vk_error *err) {
    vk_nonce_charge charge = {0};
    vk_rule_state *states = calloc(job->loaded->policy.count, sizeof *states);
    if (states == NULL) {
        return vk_gate_explain(err, VK_ERR_MEMORY);
    }
    vk_status status = evaluate_digest(job, states, &charge, err);
    free(states);
    return status;
}

vk_status vk_gate_decide_digest(const vk_gate_question *question, const vk_hash *digest,
                                const vk_gate_decision *decision, vk_error *err) {
    vk_journal_entry entry = vk_gate_entry(question, digest);
    entry.touched = touched_text(decision);
    if (vk_policy_has_state(&question->loaded->policy)) {
        return reserve_digest(question, &entry, decision->is_trial, err);
    }
    digest_job job = {.loaded = question->loaded, .entry = &entry};
    vk_status status = evaluate_plain_digest(&job, err);
    return status == VK_OK && decision->is_trial ? VK_OK
                                                 : vk_gate_record(question, &entry, status, err);
}

/* ---- UserOperations ---- */

/* What a decision about an operation is made of, and what comes out of it. */
typedef struct reservation {
    const vk_loaded *loaded;
    const vk_gate_request *request;
    vk_journal_entry *entry;
    vk_gate_decision *decision;
    bool enabled;
    vk_status counted; /* VK_DENIED, and why: what it spends cannot be told */
    char uncounted[VK_REASON_MAX];
    vk_spend spends[VK_SPENDS_MAX];
} reservation;

static vk_status evaluate(const reservation *r, vk_rule_state *states, vk_nonce_charge *charge,
                          vk_error *err) {
    const vk_loaded *loaded = r->loaded;
    const vk_grant *grant = &r->request->grant->grant;
    vk_address guards[VK_GRANT_GUARDS_MAX];
    vk_verdict_request asked = {.op = &r->request->request.op,
                                .now = vk_clock_now(),
                                .charge = *charge,
                                .guards = guards,
                                .guard_count = vk_grant_guards(grant, &loaded->signer, guards),
                                .relaxed = loaded->relaxed};
    vk_verdict verdict;
    vk_status status = vk_grant_evaluate(grant, &loaded->policy, &asked, states, &verdict);
    return take_verdict(status, &verdict, r->entry, charge, err);
}

static vk_status check_mode(const vk_gate_request *request, vk_budget *budget, vk_error *err) {
    char reason[VK_REASON_MAX];
    bool installs = false;
    vk_install install = {.enabled = budget->enabled, .enable_nonce = budget->enable_nonce};
    const vk_userop *op = &request->request.op;
    vk_status status = vk_grant_check_mode(&request->grant->grant, &install, op, &installs, reason);
    if (status == VK_DENIED) {
        return vk_gate_deny(err, "nonce", reason);
    }
    if (status == VK_OK && installs) {
        budget->enabled = true;
        budget->enable_nonce = op->nonce;
    }
    return status;
}

/* Every assertion has a higher count than those that were signed before it. */
static vk_status count_assertion(const vk_loaded *loaded, vk_budget *budget,
                                 vk_gate_decision *decision, vk_error *err) {
    if (!loaded->record.use_sign_count) {
        decision->sign_count = 0;
        return VK_OK;
    }
    if (decision->sign_count == 0) {
        decision->sign_count = budget->sign_count + 1;
    }
    if (decision->sign_count <= budget->sign_count) {
        return vk_fail(err, VK_DENIED, "signCount",
                       "the assertion has the sign count %u, but %u was signed since: write the "
                       "operation again",
                       decision->sign_count, budget->sign_count);
    }
    budget->sign_count = decision->sign_count;
    return VK_OK;
}

/* A key of several accounts says which of them its reason is about. */
static vk_status name_grant(const reservation *r, vk_status status, vk_error *err) {
    if (status == VK_DENIED && r->loaded->grant_count > 1) {
        vk_denial_name_grant(err, &r->request->grant->grant);
    }
    return status;
}

static vk_status decide_budget(void *context, vk_budget *budget, vk_nonce_charge *charge,
                               vk_error *err) {
    reservation *r = context;
    vk_grant_first_states(&r->request->grant->grant, &r->loaded->policy, budget->rules);
    vk_status status = check_mode(r->request, budget, err);
    if (status == VK_OK) {
        status = evaluate(r, budget->rules, charge, err);
    }
    if (status == VK_OK) {
        status = count_assertion(r->loaded, budget, r->decision, err);
    }
    if (status == VK_OK && r->counted == VK_DENIED) {
        status = vk_gate_deny(err, "spend", r->uncounted);
    }
    r->enabled = budget->enabled;
    return name_grant(r, status, err);
}

/* What the operation takes of each spend rule: no matter of the budget, so it is told before. */
static vk_status count_spends(reservation *r) {
    const vk_loaded_grant *grant = r->request->grant;
    vk_status status = grant->spend_count <= VK_SPENDS_MAX ? VK_OK : VK_ERR_SIZE;
    for (size_t i = 0; i < grant->spend_count && status == VK_OK; i++) {
        r->spends[i].rule_id = grant->spends[i].rule_id;
        status = vk_spend_of_operation(&grant->spends[i].asset, &grant->grant,
                                       &r->request->request.op, &r->spends[i].amount, r->uncounted);
    }
    r->counted = status;
    return status == VK_DENIED ? VK_OK : status;
}

static vk_status reserve(const vk_gate_question *question, reservation *r, vk_error *err) {
    vk_decision asked = vk_gate_decision_with(question, r->entry);
    asked.grant = &r->request->grant->record;
    asked.operation = r->request->hash;
    asked.nonce = r->request->request.op.nonce;
    asked.is_trial = r->decision->is_trial;
    asked.decide = decide_budget;
    asked.context = r;
    asked.spends = r->spends;
    asked.spend_count = r->request->grant->spend_count;
    vk_status status = count_spends(r);
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    status = vk_token_decide(question->gate->token, &asked, err);
    if (status == VK_OK && !asked.is_trial) {
        atomic_store(&r->request->grant->enabled, r->enabled);
    }
    return status;
}

static bool needs_budget(const vk_loaded *loaded, const vk_gate_request *request) {
    bool waits =
        vk_grant_has_approval(&request->grant->grant) && !atomic_load(&request->grant->enabled);
    return request->grant->spend_count > 0 || request->uses_approval || waits ||
           loaded->record.use_sign_count || vk_policy_has_state(&loaded->policy);
}

static vk_status evaluate_plain(const reservation *r, vk_error *err) {
    vk_nonce_charge charge = {0};
    vk_rule_state *states = calloc(r->loaded->policy.count, sizeof *states);
    if (states == NULL) {
        return vk_gate_explain(err, VK_ERR_MEMORY);
    }
    vk_status status = evaluate(r, states, &charge, err);
    free(states);
    return name_grant(r, status, err);
}

vk_status vk_gate_decide(const vk_gate_question *question, const vk_gate_request *request,
                         vk_gate_decision *decision, vk_error *err) {
    vk_journal_entry entry = vk_gate_entry(question, &request->hash);
    reservation r = {
        .loaded = question->loaded, .request = request, .entry = &entry, .decision = decision};
    entry.grant = &request->grant->record;
    entry.touched = touched_text(decision);
    if (needs_budget(question->loaded, request)) {
        return reserve(question, &r, err);
    }
    vk_status status = evaluate_plain(&r, err);
    return status == VK_OK && decision->is_trial ? VK_OK
                                                 : vk_gate_record(question, &entry, status, err);
}
