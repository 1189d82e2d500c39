#include "gate/denial.h"
#include "gate/internal.h"

#include <stdio.h>
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
        status = vk_denial_of(err, verdict);
    }
    *charge = verdict->charge;
    vk_verdict_clear(verdict);
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
static vk_status reserve_digest(vk_gate *gate, vk_loaded *loaded, const vk_hash *digest,
                                vk_error *err) {
    vk_grant_record own = {.key_id = loaded->record.id};
    vk_decision decision = {.grant = &own,
                            .key_version = loaded->record.version,
                            .rule_count = loaded->policy.count,
                            .nonce = vk_u256_from_be(digest->b, sizeof digest->b),
                            .decide = decide_digest_budget,
                            .context = loaded};
    vk_status status = vk_policy_permission_id(&loaded->policy, &loaded->signer, own.permission_id);
    return status == VK_OK ? vk_token_decide(gate->token, &decision, err)
                           : explain_status(err, status);
}

static vk_status decide_digest(vk_gate *gate, vk_loaded *loaded, const vk_hash *digest,
                               vk_error *err) {
    if (vk_policy_has_state(&loaded->policy)) {
        return reserve_digest(gate, loaded, digest, err);
    }
    vk_rule_state *states = calloc(loaded->policy.count, sizeof *states);
    if (states == NULL) {
        return explain_status(err, VK_ERR_MEMORY);
    }
    vk_nonce_charge charge = {0};
    vk_status status = evaluate_digest(loaded, states, &charge, err);
    free(states);
    return status;
}

/* Without a grant there is no operation that could wait, and an ordinary key needs no look. */
static bool may_wait(const vk_loaded *loaded) {
    return !vk_policy_is_sudo(&loaded->policy) || loaded->grant_count > 0;
}

static vk_status sign_freely(vk_gate *gate, vk_loaded *loaded, const vk_hash *digest,
                             uint8_t signature64[64], vk_error *err) {
    vk_status status = decide_digest(gate, loaded, digest, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_key_sign(loaded->key, digest, signature64, NULL);
    return status == VK_OK ? VK_OK : explain_status(err, status);
}

/* A digest that stands for an operation is signed as that operation. */
static vk_status sign_known(vk_gate *gate, vk_loaded *loaded, const vk_hash *digest,
                            uint8_t signature64[64], vk_error *err) {
    bool found = false;
    vk_status status = VK_OK;
    if (may_wait(loaded)) {
        status = vk_gate_pending_sign(gate, loaded, digest, signature64, &found, err);
    }
    bool is_free = vk_policy_is_sudo(&loaded->policy);
    return found || !is_free ? status : sign_freely(gate, loaded, digest, signature64, err);
}

static vk_status sign_digest(vk_gate *gate, vk_loaded *loaded, vk_bytes payload, uint8_t *out,
                             size_t *out_len, vk_error *err) {
    vk_hash digest;
    if (payload.len != sizeof digest.b) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "a digest has 32 bytes, not %zu", payload.len);
    }
    bool fits = out != NULL && *out_len >= 64;
    *out_len = 64;
    if (!fits) {
        return out == NULL ? VK_OK : VK_ERR_BUFFER;
    }
    memcpy(digest.b, payload.data, sizeof digest.b);
    return sign_known(gate, loaded, &digest, out, err);
}

/* ---- UserOperations ---- */

static vk_status evaluate(const vk_loaded *loaded, const vk_gate_request *request,
                          vk_rule_state *states, vk_nonce_charge *charge, vk_error *err) {
    const vk_grant *grant = &request->grant->grant;
    vk_address guards[VK_GRANT_GUARDS_MAX];
    vk_verdict_request asked = {.op = &request->request.op,
                                .now = vk_gate_now(),
                                .charge = *charge,
                                .guards = guards,
                                .guard_count = vk_grant_guards(grant, &loaded->signer, guards),
                                .relaxed = loaded->relaxed};
    vk_verdict verdict;
    vk_status status = vk_grant_evaluate(grant, &loaded->policy, &asked, states, &verdict);
    return take_verdict(status, &verdict, charge, err);
}

static vk_status check_mode(const vk_gate_request *request, vk_budget *budget, vk_error *err) {
    char reason[VK_REASON_MAX];
    bool installs = false;
    vk_install install = {.enabled = budget->enabled, .enable_nonce = budget->enable_nonce};
    const vk_userop *op = &request->request.op;
    vk_status status = vk_grant_check_mode(&request->grant->grant, &install, op, &installs, reason);
    if (status == VK_DENIED) {
        return deny(err, "nonce", reason);
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

/* What a decision about an operation is made of. */
typedef struct reservation {
    const vk_loaded *loaded;
    const vk_gate_request *request;
    vk_gate_decision *decision;
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
    if (status == VK_OK) {
        status = count_assertion(r->loaded, budget, r->decision, err);
    }
    r->enabled = budget->enabled;
    return status;
}

/* The verdict and what it moves, in one transaction that is durable when this returns VK_OK. */
static vk_status reserve(vk_gate *gate, const vk_loaded *loaded, const vk_gate_request *request,
                         vk_gate_decision *decision, vk_error *err) {
    reservation r = {.loaded = loaded, .request = request, .decision = decision};
    vk_decision asked = {.grant = &request->grant->record,
                         .key_version = loaded->record.version,
                         .rule_count = loaded->policy.count,
                         .nonce = request->request.op.nonce,
                         .is_trial = decision->is_trial,
                         .decide = decide_budget,
                         .context = &r};
    vk_status status = vk_token_decide(gate->token, &asked, err);
    if (status == VK_OK && !decision->is_trial) {
        atomic_store(&request->grant->enabled, r.enabled);
    }
    return status;
}

static bool needs_store(const vk_loaded *loaded, const vk_gate_request *request) {
    bool waits =
        vk_grant_has_approval(&request->grant->grant) && !atomic_load(&request->grant->enabled);
    return request->uses_approval || waits || loaded->record.use_sign_count ||
           vk_policy_has_state(&loaded->policy);
}

vk_status vk_gate_decide(vk_gate *gate, const vk_loaded *loaded, const vk_gate_request *request,
                         vk_gate_decision *decision, vk_error *err) {
    if (needs_store(loaded, request)) {
        return reserve(gate, loaded, request, decision, err);
    }
    vk_rule_state *states = calloc(loaded->policy.count, sizeof *states);
    if (states == NULL) {
        return explain_status(err, VK_ERR_MEMORY);
    }
    vk_nonce_charge charge = {0};
    vk_status status = evaluate(loaded, request, states, &charge, err);
    free(states);
    return status;
}

static vk_status finish(const vk_loaded *loaded, const vk_gate_request *request, vk_gate_form form,
                        uint32_t sign_count, vk_buf *out) {
    const vk_grant *grant = &request->grant->grant;
    vk_buf signer_part = {0}, part = {0};
    vk_status status =
        vk_gate_signer_part(loaded, &request->hash, grant->chain_id, sign_count, &signer_part);
    vk_grant_session_part(grant, vk_buf_view(&signer_part), &part);
    if (status == VK_OK && form == VK_GATE_USEROP_SESSION) {
        vk_buf_put(out, part.data, part.len);
    } else if (status == VK_OK) {
        status = vk_grant_attach(grant, &request->request.op, vk_buf_view(&part), out);
    }
    status = status == VK_OK ? vk_buf_status(&part) : status;
    vk_buf_clear(&signer_part);
    vk_buf_clear(&part);
    return status;
}

static vk_status sign_request(vk_gate *gate, const vk_loaded *loaded,
                              const vk_gate_request *request, vk_gate_form form, uint8_t *out,
                              size_t *out_len, vk_error *err) {
    size_t len = form == VK_GATE_USEROP ? request->full_len : request->session_len;
    bool fits = out != NULL && *out_len >= len;
    *out_len = len;
    if (!fits) {
        return out == NULL ? VK_OK : VK_ERR_BUFFER;
    }
    vk_gate_decision decision = {0};
    vk_status status = vk_gate_decide(gate, loaded, request, &decision, err);
    if (status != VK_OK) {
        return status;
    }
    vk_buf signature = {0};
    status = finish(loaded, request, form, decision.sign_count, &signature);
    if (status == VK_OK && signature.len != len) {
        status = VK_ERR_CRYPTO;
    }
    if (status == VK_OK) {
        memcpy(out, signature.data, len);
    } else {
        status = explain_status(err, status);
    }
    vk_buf_clear(&signature);
    return status;
}

static vk_status sign_userop(vk_gate *gate, const vk_loaded *loaded, vk_gate_form form,
                             vk_bytes payload, uint8_t *out, size_t *out_len, vk_error *err) {
    vk_gate_request request;
    vk_status status = vk_gate_request_read(loaded, payload, &request, err);
    if (status != VK_OK) {
        return status;
    }
    status = sign_request(gate, loaded, &request, form, out, out_len, err);
    if (status == VK_DENIED && loaded->grant_count > 1) {
        vk_denial_name_grant(err, &request.grant->grant);
    }
    vk_gate_request_clear(&request);
    return status;
}

/* ---- Entry ---- */

static vk_status check_policy(const vk_loaded *loaded, vk_error *err) {
    return loaded->policy.count == 0
               ? deny(err, "policy", "the key has no policy, so it signs nothing")
               : VK_OK;
}

static vk_status check_form(vk_gate *gate, const vk_loaded *loaded, vk_gate_form form,
                            vk_error *err) {
    vk_status status = check_policy(loaded, err);
    if (status == VK_OK && form == VK_GATE_DIGEST && !vk_policy_is_sudo(&loaded->policy)) {
        status = vk_gate_pending_any(gate, loaded, err);
    }
    if (status == VK_OK && vk_gate_is_message(form)) {
        status = vk_gate_message_allows(loaded, err);
    }
    return status;
}

/* For people only: the answer stands whether or not it can be noted. */
void vk_gate_note(vk_gate *gate, int64_t key_id, vk_status status, const vk_error *err) {
    if (status != VK_DENIED && status != VK_ERR_INTEGRITY) {
        return;
    }
    char text[VK_ERROR_PATH_MAX + VK_ERROR_MESSAGE_MAX + 2];
    snprintf(text, sizeof text, "%s: %s", status == VK_DENIED ? err->path : "integrity",
             err->message);
    vk_status ignored = vk_token_key_set_denial(gate->token, key_id, text);
    (void)ignored;
}

static vk_status allows(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_error *err) {
    vk_loaded *loaded;
    vk_status status = vk_loaded_get(gate, key_id, &loaded, err);
    if (status == VK_OK) {
        status = check_form(gate, loaded, form, err);
        vk_loaded_put(loaded);
    }
    return status;
}

vk_status vk_gate_allows(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    vk_status status = allows(gate, key_id, form, why);
    vk_gate_note(gate, key_id, status, why);
    return status;
}

static vk_status sign_form(vk_gate *gate, vk_loaded *loaded, vk_gate_form form, vk_bytes payload,
                           uint8_t *out, size_t *out_len, vk_error *err) {
    switch (form) {
    case VK_GATE_DIGEST:
        return sign_digest(gate, loaded, payload, out, out_len, err);
    case VK_GATE_TEXT:
    case VK_GATE_TYPED_DATA:
    case VK_GATE_MESSAGE_REQUEST:
        return vk_gate_sign_message(gate, loaded, form, payload, out, out_len, err);
    default:
        return sign_userop(gate, loaded, form, payload, out, out_len, err);
    }
}

static vk_status sign_once(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_bytes payload,
                           uint8_t *out, size_t *out_len, vk_error *err) {
    vk_loaded *loaded;
    vk_status status = vk_loaded_get(gate, key_id, &loaded, err);
    if (status != VK_OK) {
        return status;
    }
    status = check_policy(loaded, err);
    if (status == VK_OK) {
        status = sign_form(gate, loaded, form, payload, out, out_len, err);
    }
    vk_loaded_put(loaded);
    return status;
}

vk_status vk_gate_sign(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_bytes payload,
                       uint8_t *out, size_t *out_len, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    vk_status status = sign_once(gate, key_id, form, payload, out, out_len, why);
    /* Another process changed the key less than a moment ago: look at it again, once. */
    if (status == VK_ERR_MISMATCH) {
        vk_gate_forget(gate);
        status = sign_once(gate, key_id, form, payload, out, out_len, why);
    }
    if (status == VK_ERR_MISMATCH) {
        status = vk_fail(why, VK_ERR_BUSY, NULL, "other processes keep changing the key");
    }
    vk_gate_note(gate, key_id, status, why);
    return status;
}
