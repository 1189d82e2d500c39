#include "gate/denial.h"
#include "gate/internal.h"
#include "gate/loose_key.h"
#include "policy/spend_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Digests ---- */

/* Without a grant there is no operation that could wait, and an ordinary key needs no look. */
static bool may_wait(const vk_loaded *loaded) {
    return !vk_policy_is_sudo(&loaded->policy) || loaded->grant_count > 0;
}

/* It hides what it stands for, so a rule about that always wants a touch. */
static vk_status step_up_digest(const vk_gate_question *question, const vk_hash *digest,
                                vk_gate_decision *decision, vk_error *err) {
    const vk_step_up_request asked = {.hash = digest, .reason = vk_step_up_digest};
    if (question->loaded->step_up == NULL) {
        return VK_OK;
    }
    const vk_gate_decision trial = {.is_trial = true};
    vk_status status = vk_gate_decide_digest(question, digest, &trial, err);
    return status == VK_OK ? vk_gate_ask_touch(question, &asked, &decision->touched, err) : status;
}

static vk_status sign_freely(const vk_gate_question *question, const vk_hash *digest,
                             uint8_t signature64[64], vk_error *err) {
    vk_gate_decision decision = {0};
    vk_status status = step_up_digest(question, digest, &decision, err);
    if (status == VK_OK) {
        status = vk_gate_decide_digest(question, digest, &decision, err);
    }
    vk_gate_decision_clear(&decision);
    if (status != VK_OK) {
        return status;
    }
    status = vk_key_sign(question->loaded->key, digest, signature64, NULL);
    return status == VK_OK ? VK_OK : vk_gate_explain(err, status);
}

/* Under sudo, unless what it spends is to be seen. */
static bool signs_freely(const vk_loaded *loaded) {
    return vk_policy_is_sudo(&loaded->policy) && !vk_loaded_is_counted(loaded);
}

/* A digest that stands for an operation is signed as that operation. */
static vk_status sign_known(const vk_gate_question *question, const vk_hash *digest,
                            uint8_t signature64[64], vk_error *err) {
    bool found = false;
    vk_status status = VK_OK;
    if (may_wait(question->loaded)) {
        status = vk_gate_pending_sign(question, digest, signature64, &found, err);
    }
    if (found) {
        return status;
    }
    if (signs_freely(question->loaded)) {
        return sign_freely(question, digest, signature64, err);
    }
    if (vk_policy_is_sudo(&question->loaded->policy)) {
        status = vk_gate_deny(err, "spend", vk_spend_no_digest);
    }
    vk_gate_note(question, NULL, status, err);
    return status;
}

static vk_status sign_digest(const vk_gate_question *question, uint8_t *out, size_t *out_len,
                             vk_error *err) {
    vk_hash digest;
    vk_bytes payload = question->payload;
    bool fitting = payload.len == sizeof digest.b || signs_freely(question->loaded);
    if (!fitting || vk_digest_fit(payload, &digest) != VK_OK) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "a digest has 32 bytes, not %zu", payload.len);
    }
    bool fits = out != NULL && *out_len >= 64;
    *out_len = 64;
    if (!fits) {
        return out == NULL ? VK_OK : VK_ERR_BUFFER;
    }
    return sign_known(question, &digest, out, err);
}

/* ---- UserOperations ---- */

static vk_status put_around(const vk_gate_request *request, vk_gate_form form,
                            const vk_buf *signer_part, vk_buf *out) {
    const vk_grant *grant = &request->grant->grant;
    vk_buf part = {0};
    vk_grant_session_part(grant, vk_buf_view(signer_part), &part);
    vk_status status = vk_buf_status(&part);
    if (status == VK_OK && form == VK_GATE_USEROP_SESSION) {
        vk_buf_put(out, part.data, part.len);
    } else if (status == VK_OK) {
        status = vk_grant_attach(grant, &request->request.op, vk_buf_view(&part), out);
    }
    vk_buf_clear(&part);
    return status == VK_OK ? vk_buf_status(out) : status;
}

static vk_status finish(const vk_gate_question *question, const vk_gate_request *request,
                        uint32_t sign_count, vk_buf *out, vk_error *err) {
    vk_buf signer_part = {0};
    const vk_gate_signing signing = {.gate = question->gate,
                                     .loaded = question->loaded,
                                     .grant = request->grant,
                                     .challenge = request->hash,
                                     .sign_count = sign_count};
    vk_status status = vk_gate_signer_part(&signing, &signer_part, err);
    if (status == VK_OK) {
        status = put_around(request, question->form, &signer_part, out);
        status = status == VK_OK ? VK_OK : vk_gate_explain(err, status);
    }
    vk_buf_clear(&signer_part);
    return status;
}

static vk_status sign_request(const vk_gate_question *question, const vk_gate_request *request,
                              uint8_t *out, size_t *out_len, vk_error *err) {
    vk_gate_form form = question->form;
    size_t len = form == VK_GATE_USEROP ? request->full_len : request->session_len;
    bool fits = out != NULL && *out_len >= len;
    *out_len = len;
    if (!fits) {
        return out == NULL ? VK_OK : VK_ERR_BUFFER;
    }
    vk_gate_decision decision = {0};
    vk_status status = vk_gate_step_up(question, request, &decision, err);
    if (status == VK_OK) {
        status = vk_gate_decide(question, request, &decision, err);
    }
    vk_gate_decision_clear(&decision);
    if (status != VK_OK) {
        return status;
    }
    vk_buf signature = {0};
    status = finish(question, request, decision.sign_count, &signature, err);
    vk_gate_note_unsigned(question, &request->hash, status, err);
    if (status == VK_OK && signature.len != len) {
        status = vk_gate_explain(err, VK_ERR_CRYPTO);
    }
    if (status == VK_OK) {
        memcpy(out, signature.data, len);
    }
    vk_buf_clear(&signature);
    return status;
}

static vk_status sign_userop(const vk_gate_question *question, uint8_t *out, size_t *out_len,
                             vk_error *err) {
    vk_gate_request request;
    vk_status status = vk_gate_request_read(question->loaded, question->payload, &request, err);
    if (status != VK_OK) {
        vk_gate_note(question, request.has_hash ? &request.hash : NULL, status, err);
        return status;
    }
    status = sign_request(question, &request, out, out_len, err);
    vk_gate_request_clear(&request);
    return status;
}

/* ---- Entry ---- */

/* A login spends nothing, so it needs no policy. */
static vk_status check_policy(const vk_loaded *loaded, vk_gate_form form, vk_error *err) {
    return loaded->policy.count == 0 && form != VK_GATE_LOGIN
               ? vk_gate_deny(err, "policy", "the key has no policy, so it signs nothing")
               : VK_OK;
}

/* What an ordinary key does, and no session key. */
static vk_status check_ordinary(const vk_loaded *loaded, vk_gate_form form, vk_error *err) {
    if (form == VK_GATE_OTHER_DIGEST && !signs_freely(loaded)) {
        return vk_gate_deny(err, "sudo",
                            "only keys under sudo sign other hashes than those of operations");
    }
    if (form == VK_GATE_AGREEMENT && loaded->step_up != NULL) {
        return vk_gate_deny(err, "touch", "a key that wants touches agrees on no secrets");
    }
    bool agrees = signs_freely(loaded) && !vk_policy_has_state(&loaded->policy);
    if (form == VK_GATE_AGREEMENT && !agrees) {
        return vk_gate_deny(err, "sudo",
                            "only keys under sudo that count nothing agree on secrets");
    }
    return VK_OK;
}

/* A digest of a key that does not sign any: an operation has to wait for it. */
static vk_status check_waiting(const vk_gate_question *question, vk_error *err) {
    vk_status status = vk_gate_pending_any(question->gate, question->loaded, err);
    return status == VK_DENIED && vk_policy_is_sudo(&question->loaded->policy)
               ? vk_gate_deny(err, "spend", vk_spend_no_digest)
               : status;
}

static vk_status check_form(const vk_gate_question *question, vk_error *err) {
    const vk_loaded *loaded = question->loaded;
    vk_gate_form form = question->form;
    vk_status status = check_policy(loaded, form, err);
    if (status == VK_OK) {
        status = vk_gate_home_allows(loaded, form, err);
    }
    if (status == VK_OK && form == VK_GATE_LOGIN) {
        status = vk_gate_login_allows(loaded, err);
    }
    if (status == VK_OK && form == VK_GATE_DIGEST && !signs_freely(loaded)) {
        status = check_waiting(question, err);
    }
    if (status == VK_OK && vk_gate_is_message(form)) {
        status = vk_gate_message_allows(loaded, err);
    }
    return status == VK_OK ? check_ordinary(loaded, form, err) : status;
}

/* A key that was edited cannot be loaded, so all there is to note it in is its row. The answer
 * stands whether or not it can be noted. */
static void note_edited(vk_gate *gate, int64_t key_id, vk_status status, const vk_error *err) {
    char text[VK_ERROR_MESSAGE_MAX + sizeof "integrity: "];
    if (status == VK_ERR_INTEGRITY) {
        snprintf(text, sizeof text, "integrity: %s", err->message);
        vk_status ignored = vk_token_key_set_denial(gate->token, key_id, text);
        (void)ignored;
    }
}

vk_status vk_gate_load(vk_gate_question *question, int64_t key_id, vk_error *err) {
    vk_status status = vk_loaded_get(question->gate, key_id, &question->loaded, err);
    if (status != VK_OK) {
        note_edited(question->gate, key_id, status, err);
    }
    return status;
}

static vk_status load_and_compare(vk_gate *gate, int64_t key_id, vk_bytes private_attrs,
                                  vk_error *err) {
    vk_gate_question question = {.gate = gate};
    vk_status status = vk_gate_load(&question, key_id, err);
    if (status != VK_OK) {
        return status;
    }
    bool same = vk_bytes_equal(vk_buf_view(&question.loaded->record.private_attrs), private_attrs);
    vk_loaded_put(question.loaded);
    return same ? VK_OK : vk_fail(err, VK_ERR_MISMATCH, NULL, "the key was changed meanwhile");
}

/* The key that is ready may be older than an edit that the caller's attributes come from: then it
 * is read anew, which is when the edit shows. */
vk_status vk_gate_vouches(vk_gate *gate, int64_t key_id, vk_bytes private_attrs, vk_error *err) {
    vk_status status = load_and_compare(gate, key_id, private_attrs, err);
    if (status == VK_ERR_MISMATCH) {
        vk_loaded_forget(gate, key_id);
        status = load_and_compare(gate, key_id, private_attrs, err);
    }
    return status;
}

vk_status vk_gate_allows(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    vk_gate_question question = {.gate = gate, .form = form};
    vk_status status = vk_gate_load(&question, key_id, why);
    if (status != VK_OK) {
        return status;
    }
    status = check_form(&question, why);
    vk_gate_note(&question, NULL, status, why);
    vk_loaded_put(question.loaded);
    return status;
}

static vk_status sign_form(const vk_gate_question *question, uint8_t *out, size_t *out_len,
                           vk_error *err) {
    switch (question->form) {
    case VK_GATE_DIGEST:
    case VK_GATE_OTHER_DIGEST:
        return sign_digest(question, out, out_len, err);
    case VK_GATE_TEXT:
    case VK_GATE_TYPED_DATA:
    case VK_GATE_MESSAGE_REQUEST:
        return vk_gate_sign_message(question, out, out_len, err);
    case VK_GATE_ASSERTION:
        return vk_gate_sign_assertion(question, out, out_len, err);
    case VK_GATE_LOGIN:
        return vk_gate_sign_login(question, out, out_len, err);
    default:
        return sign_userop(question, out, out_len, err);
    }
}

static vk_status sign_once(vk_gate_question *question, int64_t key_id, uint8_t *out,
                           size_t *out_len, vk_error *err) {
    vk_status status = vk_gate_load(question, key_id, err);
    if (status != VK_OK) {
        return status;
    }
    status = check_policy(question->loaded, question->form, err);
    if (status == VK_OK) {
        status = vk_gate_home_allows(question->loaded, question->form, err);
    }
    if (status == VK_OK) {
        status = sign_form(question, out, out_len, err);
    } else {
        vk_gate_note(question, NULL, status, err);
    }
    vk_loaded_put(question->loaded);
    return status;
}

vk_status vk_gate_sign(vk_gate *gate, int64_t key_id, vk_gate_form form, vk_bytes payload,
                       const vk_touch *touch, uint8_t *out, size_t *out_len, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    vk_gate_question question = {.gate = gate, .form = form, .payload = payload, .touch = touch};
    vk_status status = sign_once(&question, key_id, out, out_len, why);
    /* Another process changed the key less than a moment ago: look at it again, once. */
    if (status == VK_ERR_MISMATCH) {
        vk_gate_forget(gate);
        status = sign_once(&question, key_id, out, out_len, why);
    }
    if (status == VK_ERR_MISMATCH) {
        status = vk_fail(why, VK_ERR_BUSY, NULL, "other processes keep changing the key");
    }
    return status;
}

/* ---- Diffie-Hellman ---- */

static vk_status agree(const vk_gate_question *question, const uint8_t peer65[65], uint8_t x32[32],
                       vk_error *err) {
    vk_status status = check_form(question, err);
    if (status == VK_OK) {
        status = vk_key_agree(question->loaded->key, peer65, x32);
        return status == VK_OK ? VK_OK : vk_gate_explain(err, status);
    }
    vk_gate_note(question, NULL, status, err);
    return status;
}

vk_status vk_gate_agree(vk_gate *gate, int64_t key_id, const uint8_t peer65[65], uint8_t x32[32],
                        vk_error *err) {
    vk_gate_question question = {.gate = gate, .form = VK_GATE_AGREEMENT};
    vk_status status = vk_gate_load(&question, key_id, err);
    if (status == VK_OK) {
        status = agree(&question, peer65, x32, err);
        vk_loaded_put(question.loaded);
    }
    return status;
}
