/* Messages: the account's signature (ERC-1271) of a text or of typed data. */
#include "gate/denial.h"
#include "gate/internal.h"
#include "policy/spend_text.h"

#include <inttypes.h>
#include <string.h>

#define ECDSA_LEN 65 /* r || s || v */

/* A message, understood: whose grant it is for and how long its signature will be. */
typedef struct request {
    vk_message_payload payload;
    vk_loaded_grant *grant; /* of the loaded key */
    size_t len;
} request;

/* ---- Reading ---- */

bool vk_gate_is_message(vk_gate_form form) {
    return form == VK_GATE_TEXT || form == VK_GATE_TYPED_DATA || form == VK_GATE_MESSAGE_REQUEST;
}

static vk_payload_form payload_form(vk_gate_form form) {
    return form == VK_GATE_TEXT         ? VK_PAYLOAD_TEXT
           : form == VK_GATE_TYPED_DATA ? VK_PAYLOAD_TYPED_DATA
                                        : VK_PAYLOAD_REQUEST;
}

static vk_status no_grant(const vk_message_payload *payload, vk_error *err) {
    char account[43];
    vk_address_text(&payload->account, account);
    return vk_fail(err, VK_DENIED, "grant",
                   "the key has no grant for the account %s on chain %" PRIu64, account,
                   payload->chain_id);
}

static vk_status choose(const vk_loaded *loaded, const vk_message_payload *payload,
                        vk_loaded_grant **out, vk_error *err) {
    if (loaded->grant_count == 0) {
        return vk_gate_deny(
            err, "grant",
            "the key has no grant: no account's owner has approved it yet (see valetkey "
            "approve)");
    }
    if (loaded->grant_count > 1 && !payload->has_account) {
        return vk_fail(err, VK_ERR_FORMAT, "account",
                       "the key has %zu grants: say which account is meant with "
                       "CKM_VALETKEY_MESSAGE_REQUEST",
                       loaded->grant_count);
    }
    for (size_t i = 0; i < loaded->grant_count; i++) {
        if (vk_grant_is_addressed(&loaded->grants[i].grant, payload)) {
            *out = &loaded->grants[i];
            return VK_OK;
        }
    }
    return no_grant(payload, err);
}

/* A signature of the right length that nobody made shows how long the finished one is. */
static vk_status measure(const vk_loaded *loaded, request *r, vk_error *err) {
    vk_buf key = {0}, whole = {0};
    size_t key_len = 0;
    vk_error why = {0};
    vk_status status = vk_gate_signer_len(loaded, &key_len);
    if (status == VK_OK) {
        vk_buf_put_zeros(&key, key_len);
        status = vk_grant_message_signature(&r->grant->grant, &r->payload, vk_buf_view(&key),
                                            &whole, &why);
    }
    r->len = whole.len;
    vk_buf_clear(&key);
    vk_buf_clear(&whole);
    if (status == VK_ERR_UNSUPPORTED) {
        return vk_gate_deny(err, "account", why.message);
    }
    return status == VK_OK ? VK_OK : vk_gate_explain(err, status);
}

static vk_status read_request(const vk_loaded *loaded, vk_gate_form form, vk_bytes payload,
                              request *out, vk_error *err) {
    *out = (request){.len = 0};
    vk_status status = vk_message_payload_read(payload, payload_form(form), &out->payload, err);
    if (status == VK_OK) {
        status = choose(loaded, &out->payload, &out->grant, err);
    }
    return status == VK_OK ? measure(loaded, out, err) : status;
}

/* ---- The decision ---- */

/* What is asked and what became of it; the verdict is to be cleared. */
typedef struct decision {
    const vk_loaded *loaded;
    vk_journal_entry *entry;
    const request *request;
    vk_verdict verdict;
    uint32_t sign_count; /* of the assertion; 0: the key does not count */
} decision;

/* VK_DENIED if the verdict is no. */
static vk_status judge(decision *d, bool enabled, vk_error *err) {
    const vk_grant *grant = &d->request->grant->grant;
    vk_grant_moment moment = {.installed = grant->account.pre_installed || enabled,
                              .now = vk_clock_now(),
                              .relaxed = d->loaded->relaxed};
    vk_status status = vk_grant_evaluate_message(grant, &d->loaded->policy, &d->request->payload,
                                                 &moment, &d->verdict);
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    d->entry->hardening = d->verdict.hardening;
    return d->verdict.allowed ? VK_OK : vk_denial_of(err, &d->verdict);
}

static vk_status judge_and_count(void *context, vk_budget *budget, vk_nonce_charge *charge,
                                 vk_error *err) {
    decision *d = context;
    charge->present = false; /* a message has no nonce that something could be charged for */
    vk_status status = judge(d, budget->enabled, err);
    if (status == VK_OK) {
        d->sign_count = ++budget->sign_count;
    }
    return status;
}

/* A passkey that counts its assertions: the count moves before the signature leaves. */
static vk_status decide_and_count(const vk_gate_question *question, decision *d, vk_error *err) {
    vk_decision in_store = vk_gate_decision_with(question, d->entry);
    in_store.grant = &d->request->grant->record;
    in_store.decide = judge_and_count;
    in_store.context = d;
    return vk_token_decide(question->gate->token, &in_store, err);
}

/* Once a permission is there it stays, as far as the token knows. */
static vk_status read_enabled(vk_gate *gate, const decision *d, bool *out, vk_error *err) {
    vk_loaded_grant *grant = d->request->grant;
    *out = grant->grant.account.pre_installed || atomic_load(&grant->enabled);
    if (*out) {
        return VK_OK;
    }
    vk_budget budget;
    vk_status status =
        vk_token_budget_get(gate->token, &grant->record, d->loaded->policy.count, &budget, err);
    if (status == VK_OK) {
        *out = budget.enabled;
        vk_budget_clear(&budget);
    }
    return status;
}

/* A message may be a permit, or an order, that others spend with; a replayable one also where
 * another grant of the key is counted. */
static vk_status check_counted(const decision *d, vk_error *err) {
    const request *r = d->request;
    bool counted =
        r->grant->spend_count > 0 || (r->payload.replayable && vk_loaded_is_counted(d->loaded));
    return counted ? vk_gate_deny(err, "spend", vk_spend_no_message) : VK_OK;
}

/* The verdict, and what it moves, durably. The contracts keep no state of messages, so only a
 * passkey's count does. */
static vk_status decide(const vk_gate_question *question, decision *d, vk_error *err) {
    bool enabled;
    vk_status status = check_counted(d, err);
    if (status == VK_OK && d->loaded->record.use_sign_count) {
        return decide_and_count(question, d, err);
    }
    if (status == VK_OK) {
        status = read_enabled(question->gate, d, &enabled, err);
    }
    if (status == VK_OK) {
        status = judge(d, enabled, err);
    }
    return vk_gate_record(question, d->entry, status, err);
}

vk_status vk_gate_message_allows(const vk_loaded *loaded, vk_error *err) {
    if ((loaded->policy.permission_flag & VK_FLAG_NOT_FOR_SIGNATURE) != 0) {
        return vk_gate_deny(err, "permission", "the permission is not for message signatures");
    }
    return VK_OK;
}

/* ---- The signature ---- */

static vk_status put_ecdsa(const vk_loaded *loaded, const vk_message *message, vk_buf *out) {
    vk_hash digest;
    uint8_t signature65[ECDSA_LEN];
    int recovery_id = 0;
    vk_status status = vk_message_ecdsa_digest(message, &digest, NULL);
    if (status == VK_OK) {
        status = vk_key_sign(loaded->key, &digest, signature65, &recovery_id);
    }
    if (status == VK_OK) {
        signature65[ECDSA_LEN - 1] = (uint8_t)(27 + recovery_id);
        vk_buf_put(out, signature65, sizeof signature65);
    }
    return status;
}

static vk_status put_assertion(vk_gate_signing *signing, const vk_message *message, vk_buf *out,
                               vk_error *err) {
    vk_status status = vk_message_digest(message, &signing->challenge, NULL);
    return status == VK_OK ? vk_gate_signer_part(signing, out, err) : vk_gate_explain(err, status);
}

static vk_status put_key_part(vk_gate_signing *signing, const request *r, vk_buf *out,
                              vk_error *err) {
    vk_message message;
    vk_grant_message(&r->grant->grant, &r->payload, &message);
    if (signing->loaded->signer.kind == VK_SIGNER_WEBAUTHN) {
        return put_assertion(signing, &message, out, err);
    }
    vk_status status = put_ecdsa(signing->loaded, &message, out);
    return status == VK_OK ? VK_OK : vk_gate_explain(err, status);
}

static vk_status finish(vk_gate_signing *signing, const request *r, vk_buf *out, vk_error *err) {
    vk_buf key = {0};
    vk_status status = put_key_part(signing, r, &key, err);
    if (status == VK_OK) {
        status =
            vk_grant_message_signature(&r->grant->grant, &r->payload, vk_buf_view(&key), out, NULL);
        status = status == VK_OK && out->len != r->len ? VK_ERR_CRYPTO : status;
        status = status == VK_OK ? VK_OK : vk_gate_explain(err, status);
    }
    vk_buf_clear(&key);
    return status;
}

/* The verdict alone, then the touch: the rule is about calls, which a message has none of. */
static vk_status step_up(const vk_gate_question *question, decision *d, vk_buf *touched,
                         vk_error *err) {
    const vk_step_up_request asked = {.hash = &d->request->payload.hash,
                                      .grant = d->request->grant,
                                      .reason = vk_step_up_message};
    bool enabled;
    if (question->loaded->step_up == NULL) {
        return VK_OK;
    }
    vk_status status = check_counted(d, err);
    if (status == VK_OK) {
        status = read_enabled(question->gate, d, &enabled, err);
    }
    if (status == VK_OK) {
        status = judge(d, enabled, err);
        vk_verdict_clear(&d->verdict);
    }
    if (status != VK_OK) {
        return vk_gate_record(question, d->entry, status, err);
    }
    status = vk_gate_ask_touch(question, &asked, touched, err);
    d->entry->touched = touched->len > 0 ? (const char *)touched->data : NULL;
    return status;
}

static vk_status decide_and_sign(const vk_gate_question *question, const request *r, vk_buf *out,
                                 vk_error *err) {
    vk_journal_entry entry = vk_gate_entry(question, &r->payload.hash);
    decision d = {.loaded = question->loaded, .entry = &entry, .request = r};
    entry.grant = &r->grant->record;
    vk_buf touched = {0};
    vk_status status = step_up(question, &d, &touched, err);
    if (status == VK_OK) {
        status = decide(question, &d, err);
    }
    vk_verdict_clear(&d.verdict);
    vk_buf_clear(&touched);
    if (status == VK_DENIED && question->loaded->grant_count > 1) {
        vk_denial_name_grant(err, &r->grant->grant);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_gate_signing signing = {.gate = question->gate,
                               .loaded = question->loaded,
                               .grant = r->grant,
                               .sign_count = d.sign_count};
    status = finish(&signing, r, out, err);
    vk_gate_note_unsigned(question, &r->payload.hash, status, err);
    return status;
}

vk_status vk_gate_sign_message(const vk_gate_question *question, uint8_t *out, size_t *out_len,
                               vk_error *err) {
    request r;
    vk_status status = read_request(question->loaded, question->form, question->payload, &r, err);
    if (status != VK_OK) {
        vk_gate_note(question, NULL, status, err);
        return status;
    }
    bool fits = out != NULL && *out_len >= r.len;
    *out_len = r.len;
    if (!fits) {
        return out == NULL ? VK_OK : VK_ERR_BUFFER;
    }
    vk_buf signature = {0};
    status = decide_and_sign(question, &r, &signature, err);
    if (status == VK_OK) {
        memcpy(out, signature.data, r.len);
    }
    vk_buf_clear(&signature);
    return status;
}
