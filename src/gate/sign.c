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
        status = deny(err, verdict->rule, verdict->reason);
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

/* Digests name no account: they are counted in the key's own budget, each digest once. */
static vk_status reserve_digest(vk_gate *gate, const vk_loaded *loaded, const vk_hash *digest,
                                vk_error *err) {
    vk_grant_record own = {.key_id = loaded->record.id};
    vk_u256 nonce = vk_u256_from_be(digest->b, sizeof digest->b);
    vk_reservation *reservation;
    vk_budget budget = {0};
    vk_nonce_charge charge = {0};
    vk_status status = vk_policy_permission_id(&loaded->policy, &loaded->signer, own.permission_id);
    if (status == VK_OK) {
        status =
            vk_reservation_begin(gate->token, &own, loaded->record.version, loaded->policy.count,
                                 &nonce, &reservation, &budget, &charge, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = evaluate_digest(loaded, budget.rules, &charge, err);
    if (status == VK_OK) {
        status = vk_reservation_commit(reservation, &budget, &charge, err);
    } else {
        vk_reservation_rollback(reservation);
    }
    vk_budget_clear(&budget);
    return status;
}

static vk_status decide_digest(vk_gate *gate, const vk_loaded *loaded, const vk_hash *digest,
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

static vk_status sign_digest(vk_gate *gate, const vk_loaded *loaded, vk_bytes payload, uint8_t *out,
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
    vk_status status = decide_digest(gate, loaded, &digest, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_key_sign(loaded->key, &digest, out, NULL);
    return status == VK_OK ? VK_OK : explain_status(err, status);
}

/* ---- UserOperations ---- */

static vk_status evaluate(const vk_loaded *loaded, const vk_gate_request *request,
                          vk_rule_state *states, vk_nonce_charge *charge, vk_error *err) {
    vk_verdict_request asked = {
        .op = &request->request.op, .now = vk_gate_now(), .charge = *charge};
    vk_verdict verdict;
    vk_status status =
        vk_grant_evaluate(&request->grant->grant, &loaded->policy, &asked, states, &verdict);
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

/* The verdict and what it moves, in one transaction that is durable when this returns VK_OK. */
static vk_status reserve(vk_gate *gate, const vk_loaded *loaded, const vk_gate_request *request,
                         uint32_t *sign_count, vk_error *err) {
    vk_reservation *reservation;
    vk_budget budget = {0};
    vk_nonce_charge charge = {0};
    vk_status status = vk_reservation_begin(
        gate->token, &request->grant->record, loaded->record.version, loaded->policy.count,
        &request->request.op.nonce, &reservation, &budget, &charge, err);
    if (status != VK_OK) {
        return status;
    }
    vk_grant_first_states(&request->grant->grant, &loaded->policy, budget.rules);
    status = check_mode(request, &budget, err);
    if (status == VK_OK) {
        status = evaluate(loaded, request, budget.rules, &charge, err);
    }
    if (status == VK_OK && loaded->record.use_sign_count) {
        budget.sign_count++;
    }
    if (status == VK_OK) {
        status = vk_reservation_commit(reservation, &budget, &charge, err);
    } else {
        vk_reservation_rollback(reservation);
    }
    if (status == VK_OK) {
        *sign_count = loaded->record.use_sign_count ? budget.sign_count : 0;
        atomic_store(&request->grant->enabled, budget.enabled);
    }
    vk_budget_clear(&budget);
    return status;
}

static bool needs_store(const vk_loaded *loaded, const vk_gate_request *request) {
    bool waits =
        vk_grant_has_approval(&request->grant->grant) && !atomic_load(&request->grant->enabled);
    return request->uses_approval || waits || loaded->record.use_sign_count ||
           vk_policy_has_state(&loaded->policy);
}

static vk_status decide(vk_gate *gate, const vk_loaded *loaded, const vk_gate_request *request,
                        uint32_t *sign_count, vk_error *err) {
    if (needs_store(loaded, request)) {
        return reserve(gate, loaded, request, sign_count, err);
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
    uint32_t sign_count = 0;
    vk_status status = decide(gate, loaded, request, &sign_count, err);
    if (status != VK_OK) {
        return status;
    }
    vk_buf signature = {0};
    status = finish(loaded, request, form, sign_count, &signature);
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
    vk_gate_request_clear(&request);
    return status;
}

/* ---- Entry ---- */

static vk_status check_form(const vk_loaded *loaded, vk_gate_form form, vk_error *err) {
    if (loaded->policy.count == 0) {
        return deny(err, "policy", "the key has no policy, so it signs nothing");
    }
    if (form == VK_GATE_DIGEST && !vk_policy_is_sudo(&loaded->policy)) {
        return deny(err, "policy",
                    "a digest hides what it stands for: this key's policy depends on content, so "
                    "it signs UserOperations only (CKM_VALETKEY_USEROP)");
    }
    return VK_OK;
}

/* For people only: the answer stands whether or not it can be noted. */
static void note(vk_gate *gate, int64_t key_id, vk_status status, const vk_error *err) {
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
        status = check_form(loaded, form, err);
        vk_loaded_put(loaded);
    }
    return status;
}

vk_status vk_gate_allows(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    vk_status status = allows(gate, key_id, form, why);
    note(gate, key_id, status, why);
    return status;
}

static vk_status sign_once(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_bytes payload,
                           uint8_t *out, size_t *out_len, vk_error *err) {
    vk_loaded *loaded;
    vk_status status = vk_loaded_get(gate, key_id, &loaded, err);
    if (status != VK_OK) {
        return status;
    }
    status = check_form(loaded, form, err);
    if (status == VK_OK) {
        status = form == VK_GATE_DIGEST
                     ? sign_digest(gate, loaded, payload, out, out_len, err)
                     : sign_userop(gate, loaded, form, payload, out, out_len, err);
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
    note(gate, key_id, status, why);
    return status;
}
