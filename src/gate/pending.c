/*
 * The standard way to a signature: an operation is judged when it is written, its digest is signed
 * when it is asked for, and the verdict is repeated then.
 */
#include "token/pending.h"
#include "base/json.h"
#include "gate/internal.h"

#include <stdlib.h>
#include <string.h>

#define PEND_TRIES 10

/* ---- What there is to sign ---- */

/* {"authenticatorData":"0x...","clientDataJSON":"..."} */
static vk_status put_assertion(const vk_gate_to_sign *to_sign, char **out) {
    vk_buf json = {0}, client_data = {0};
    vk_buf_put(&client_data, to_sign->client_data.data, to_sign->client_data.len);
    char *text = vk_buf_take_text(&client_data);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_buf_put_text(&json, "{\"authenticatorData\":\"");
    vk_hex_put(&json, (vk_bytes){to_sign->auth_data, sizeof to_sign->auth_data});
    vk_buf_put_text(&json, "\",\"clientDataJSON\":");
    vk_json_put_string(&json, text);
    vk_buf_put_text(&json, "}");
    vk_text_free(text);
    *out = vk_buf_take_text(&json);
    return *out != NULL ? VK_OK : VK_ERR_MEMORY;
}

/* What the row says of the operation, for the sign count that it has. */
static vk_status describe(const vk_loaded *loaded, const vk_gate_request *request,
                          vk_pending *pending) {
    vk_gate_to_sign to_sign;
    pending->userop_hash = request->hash;
    vk_text_free(pending->assertion);
    pending->assertion = NULL;
    vk_status status =
        vk_gate_to_sign_make(loaded, &pending->userop_hash, pending->sign_count, &to_sign);
    if (status == VK_OK && to_sign.client_data.len > 0) {
        status = put_assertion(&to_sign, &pending->assertion);
    }
    pending->digest = to_sign.digest;
    vk_gate_to_sign_clear(&to_sign);
    return status;
}

/* ---- Writing ---- */

/* What is written, and the row it becomes. */
typedef struct pend_job {
    vk_bytes payload, object_id;
    vk_pending row;
} pend_job;

static vk_status fill(const vk_loaded *loaded, const vk_gate_request *request, pend_job *job) {
    vk_pending *row = &job->row;
    row->key_id = loaded->record.id;
    row->grant_id = request->grant->record.id;
    vk_buf_put(&row->payload, job->payload.data, job->payload.len);
    vk_buf_put(&row->object_id, job->object_id.data, job->object_id.len);
    vk_status status = vk_buf_status(&row->payload);
    return status == VK_OK ? vk_buf_status(&row->object_id) : status;
}

/* Another process may take the sign count first: then the next one. */
static vk_status add(vk_gate *gate, const vk_loaded *loaded, const vk_gate_request *request,
                     vk_pending *pending, vk_error *err) {
    vk_status status = VK_ERR_MISMATCH;
    for (int i = 0; i < PEND_TRIES && status == VK_ERR_MISMATCH; i++) {
        status = describe(loaded, request, pending);
        if (status == VK_OK) {
            status = vk_token_pending_add(gate->token, pending, err);
        }
    }
    return status == VK_ERR_MISMATCH
               ? vk_fail(err, VK_ERR_BUSY, NULL, "other processes keep taking the sign counts")
               : status;
}

static vk_status pend_request(const vk_gate_question *question, const vk_gate_request *request,
                              pend_job *job, vk_error *err) {
    vk_gate_decision decision = {.is_trial = true};
    vk_status status = vk_gate_decide(question, request, &decision, err);
    if (status != VK_OK) {
        return status;
    }
    job->row.sign_count = decision.sign_count;
    status = fill(question->loaded, request, job);
    return status == VK_OK ? add(question->gate, question->loaded, request, &job->row, err)
                           : status;
}

static vk_status pend_once(vk_gate_question *question, int64_t key_id, pend_job *job,
                           vk_error *err) {
    vk_gate_request request = {0};
    vk_status status = vk_gate_load(question, key_id, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_gate_home_allows(question->loaded, VK_GATE_DIGEST, err);
    if (status == VK_OK) {
        status = vk_gate_request_read(question->loaded, job->payload, &request, err);
    }
    if (status == VK_OK) {
        status = pend_request(question, &request, job, err);
        vk_gate_request_clear(&request);
    } else {
        vk_gate_note(question, request.has_hash ? &request.hash : NULL, status, err);
    }
    vk_loaded_put(question->loaded);
    return status;
}

vk_status vk_gate_pend(vk_gate *gate, int64_t key_id, vk_bytes payload, vk_bytes object_id,
                       int64_t *id, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    vk_gate_question question = {.gate = gate, .form = VK_GATE_USEROP, .payload = payload};
    pend_job job = {.payload = payload, .object_id = object_id};
    vk_status status = pend_once(&question, key_id, &job, why);
    /* Another process changed the key less than a moment ago: look at it again, once. */
    if (status == VK_ERR_MISMATCH) {
        vk_gate_forget(gate);
        vk_pending_clear(&job.row);
        status = pend_once(&question, key_id, &job, why);
    }
    if (status == VK_ERR_MISMATCH) {
        status = vk_fail(why, VK_ERR_BUSY, NULL, "other processes keep changing the key");
    }
    *id = job.row.id;
    vk_pending_clear(&job.row);
    return status;
}

/* ---- Signing ---- */

static vk_status none_waits(vk_error *err, const char *what) {
    return vk_fail(err, VK_DENIED, "digest",
                   "%s: a digest hides what it stands for, so this key signs one only for an "
                   "operation that was written as a valetkey-userop data object, once, within %d "
                   "seconds",
                   what, VK_PENDING_SECONDS);
}

vk_status vk_gate_pending_any(vk_gate *gate, const vk_loaded *loaded, vk_error *err) {
    int64_t *ids;
    size_t count;
    vk_status status = vk_token_pending_list(gate->token, loaded->record.id, &ids, &count, err);
    free(ids);
    return status == VK_OK && count == 0 ? none_waits(err, "no operation waits for its signature")
                                         : status;
}

/* The row says which operation it is; what there is to sign for it is made again. */
static vk_status check_digest(const vk_loaded *loaded, const vk_gate_request *request,
                              const vk_pending *pending, vk_error *err) {
    vk_pending again = {.sign_count = pending->sign_count};
    vk_status status = describe(loaded, request, &again);
    bool same = memcmp(again.digest.b, pending->digest.b, sizeof again.digest.b) == 0;
    vk_pending_clear(&again);
    if (status == VK_OK && !same) {
        return vk_fail(err, VK_ERR_INTEGRITY, NULL, "the digest is not that of its operation");
    }
    return status;
}

/* Nobody signs it after this one, whatever happens then. */
static vk_status use_up(const vk_gate_question *question, const vk_pending *pending,
                        vk_error *err) {
    vk_status status = vk_token_pending_remove(question->gate->token, pending->id, err);
    if (status == VK_ERR_NOT_FOUND) {
        status = none_waits(err, "the operation with this digest was signed meanwhile");
        vk_gate_note(question, &pending->userop_hash, status, err);
    }
    return status;
}

/* Who waits for a touch may come too late for what waits: then nothing is to be spent. */
static vk_status step_up(const vk_gate_question *question, const vk_gate_request *request,
                         const vk_pending *pending, vk_gate_decision *decision, vk_error *err) {
    vk_pending now;
    vk_status status = vk_gate_step_up(question, request, decision, err);
    if (status != VK_OK || decision->touched.len == 0) {
        return status;
    }
    status = vk_token_pending_get(question->gate->token, pending->id, &now, err);
    if (status == VK_OK) {
        vk_pending_clear(&now);
    }
    if (status == VK_ERR_NOT_FOUND) {
        status = none_waits(err, "the touch came too late for the operation with this digest");
        vk_gate_note(question, &pending->userop_hash, status, err);
    }
    return status;
}

static vk_status sign_request(const vk_gate_question *question, const vk_gate_request *request,
                              const vk_pending *pending, uint8_t signature64[64], vk_error *err) {
    vk_gate_decision decision = {.sign_count = pending->sign_count};
    vk_status status = check_digest(question->loaded, request, pending, err);
    if (status == VK_OK) {
        status = step_up(question, request, pending, &decision, err);
    }
    if (status == VK_OK) {
        status = vk_gate_decide(question, request, &decision, err);
    }
    if (status == VK_OK) {
        status = use_up(question, pending, err);
    }
    vk_gate_decision_clear(&decision);
    if (status != VK_OK) {
        return status;
    }
    status = vk_key_sign(question->loaded->key, &pending->digest, signature64, NULL);
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

static vk_status sign_pending(const vk_gate_question *question, const vk_pending *pending,
                              uint8_t signature64[64], vk_error *err) {
    vk_gate_request request;
    vk_status status =
        vk_gate_request_read(question->loaded, vk_buf_view(&pending->payload), &request, err);
    if (status != VK_OK) {
        vk_gate_note(question, &pending->userop_hash, status, err);
        return status;
    }
    status = sign_request(question, &request, pending, signature64, err);
    vk_gate_request_clear(&request);
    return status;
}

vk_status vk_gate_pending_sign(const vk_gate_question *question, const vk_hash *digest,
                               uint8_t signature64[64], bool *found, vk_error *err) {
    vk_pending pending;
    vk_status status = vk_token_pending_find(question->gate->token, question->loaded->record.id,
                                             digest, &pending, err);
    *found = status != VK_ERR_NOT_FOUND;
    if (status != VK_OK) {
        return *found ? status : none_waits(err, "no operation waits with this digest");
    }
    status = sign_pending(question, &pending, signature64, err);
    vk_pending_clear(&pending);
    return status;
}
