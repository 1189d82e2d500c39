/*
 * The touch of a security key that a software key's step-up rule wants. It is asked for after a
 * verdict that allows and before anything is reserved: who does not touch spends nothing.
 */
#include "gate/denial.h"
#include "gate/device_internal.h"
#include "gate/internal.h"
#include "token/attrs.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

#define DEVICES_MAX 64

/* ---- The rule of a key ---- */

static vk_bytes stored(const vk_key_record *record) {
    vk_bytes json = {NULL, 0};
    return vk_attrs_get(&record->private_attrs, VK_ATTR_STEP_UP, &json) ? json
                                                                        : (vk_bytes){NULL, 0};
}

vk_status vk_gate_check_step_up(const vk_key_record *record, vk_error *err) {
    vk_step_up rule;
    vk_bytes json = stored(record);
    if (json.len == 0) {
        return VK_OK;
    }
    vk_status status = vk_step_up_read((const char *)json.data, json.len, &rule, err);
    if (status == VK_OK) {
        vk_step_up_clear(&rule);
    }
    return status;
}

/* It was checked before it was sealed. */
vk_status vk_gate_load_step_up(vk_loaded *loaded, vk_error *err) {
    vk_error inner = {0};
    vk_bytes json = stored(&loaded->record);
    if (json.len == 0) {
        return VK_OK;
    }
    loaded->step_up = calloc(1, sizeof *loaded->step_up);
    if (loaded->step_up == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_step_up_read((const char *)json.data, json.len, loaded->step_up, &inner);
    if (status == VK_OK || status == VK_ERR_MEMORY) {
        return status;
    }
    return vk_fail(err, VK_ERR_INTEGRITY, NULL, "the key's step-up rule cannot be read: %s",
                   inner.message);
}

static vk_status check_is_here(vk_gate *gate, int64_t key_id, vk_error *err) {
    vk_key_record record;
    vk_status status = vk_token_key_get(gate->token, key_id, &record);
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    bool is_here = record.home == VK_HOME_TOKEN;
    vk_key_record_clear(&record);
    return is_here ? VK_OK
                   : vk_fail(err, VK_ERR_PROHIBITED, NULL,
                             "the private key is elsewhere: there it is asked for, or touched");
}

vk_status vk_gate_set_step_up(vk_gate *gate, int64_t key_id, const char *json, size_t json_len,
                              vk_error *err) {
    char words[128] = "the SO took the step-up rule away";
    vk_step_up rule;
    vk_status status = VK_OK;
    if (json_len > 0) {
        status = vk_step_up_read(json, json_len, &rule, err);
    }
    if (status != VK_OK) {
        return status;
    }
    if (json_len > 0) {
        snprintf(words, sizeof words, "the SO set a step-up rule, with the security key \"%s\"",
                 rule.device.name);
        vk_step_up_clear(&rule);
    }
    status = check_is_here(gate, key_id, err);
    return status == VK_OK
               ? vk_token_key_set_attr(gate->token, key_id, VK_ATTR_STEP_UP,
                                       (vk_bytes){(const uint8_t *)json, json_len}, words, err)
               : status;
}

/* ---- Which security key ---- */

static vk_status not_here(const vk_step_up_device *wanted, vk_error *err) {
    return vk_fail(err, VK_ERR_REMOVED, NULL,
                   "this needs a touch of the security key \"%s\", which is not plugged in",
                   wanted->name);
}

static vk_status cannot_tell(const vk_step_up_device *wanted, vk_status status, const vk_error *why,
                             vk_error *err) {
    return vk_fail(err, status, NULL,
                   "whether the security key \"%s\" is plugged in, whose touch this needs, cannot "
                   "be told: %s",
                   wanted->name, why->message[0] != '\0' ? why->message : vk_status_text(status));
}

/* One that cannot be asked may be the one. Each may be in use, so that its turn is waited for. */
static vk_status find_device(const vk_touch *touch, const vk_step_up_device *wanted,
                             vk_device **out, vk_error *err) {
    const vk_bytes id = {wanted->credential_id, wanted->credential_id_len};
    vk_device *devices[DEVICES_MAX];
    size_t count = touch != NULL ? touch->devices(touch->context, devices, DEVICES_MAX) : 0;
    vk_error said = {0};
    vk_status found = not_here(wanted, &said);
    for (size_t i = 0; i < count; i++) {
        vk_error why = {0};
        bool is_it;
        touch->asks(touch->context, devices[i]);
        vk_status status =
            vk_fido2_proves(devices[i]->fido2, wanted->rp_id, id, wanted->point65, &is_it, &why);
        if (is_it || status == VK_ERR_CANCELED) {
            *out = devices[i];
            return status;
        }
        if (status != VK_OK && status != VK_ERR_REMOVED) {
            found = cannot_tell(wanted, status, &why, &said);
        }
    }
    *err = said;
    return found;
}

/* ---- The assertion ---- */

static const char domain[] = "valetkey step-up 1";

/* What is touched for: this operation, now. Random bytes keep an answer from being used again. */
static vk_status make_challenge(const vk_step_up_request *request, vk_hash *out) {
    uint8_t nonce[32];
    vk_buf data = {0};
    if (RAND_bytes(nonce, sizeof nonce) != 1) {
        return VK_ERR_CRYPTO;
    }
    vk_buf_put(&data, domain, sizeof domain);
    vk_buf_put(&data, nonce, sizeof nonce);
    vk_buf_put(&data, request->hash->b, sizeof request->hash->b);
    uint64_t chain_id = request->grant != NULL ? request->grant->record.chain_id : 0;
    vk_address account = {{0}};
    account = request->grant != NULL ? request->grant->record.account : account;
    for (int shift = 56; shift >= 0; shift -= 8) {
        vk_buf_put_byte(&data, (uint8_t)(chain_id >> shift));
    }
    vk_buf_put(&data, account.b, sizeof account.b);
    vk_status status = vk_buf_status(&data);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&data), out);
    }
    vk_buf_clear(&data);
    return status;
}

/* In the form of a login, which no account takes for an operation's signature, should the
 * credential ever be one's. */
static vk_status ask_with(vk_device *device, const vk_step_up_device *wanted,
                          const vk_hash *challenge, const char *origin, vk_error *err) {
    vk_fido2_answer answer;
    vk_buf client_data = {0};
    vk_fido2_question question = {
        .rp_id = wanted->rp_id,
        .origin = origin,
        .credential_id = {wanted->credential_id, wanted->credential_id_len},
        .point65 = wanted->point65,
        .challenge = {challenge->b, sizeof challenge->b},
        .touch_only = !wanted->verified};
    vk_status status = vk_webauthn_login_client_data(question.challenge, origin, &client_data);
    if (status == VK_OK) {
        question.client_data = vk_buf_view(&client_data);
        status = vk_fido2_assert(device->fido2, &question, &answer, err);
    }
    vk_buf_clear(&client_data);
    return status;
}

/* The names of what it can come to, as somebody reads them who has several security keys. */
static vk_status name_device(vk_status status, const vk_step_up_device *wanted, vk_error *err) {
    switch (status) {
    case VK_DENIED:
        return vk_fail(err, status, "touch", "the touch was declined on the security key \"%s\"",
                       wanted->name);
    case VK_ERR_NOT_FOUND:
    case VK_ERR_REMOVED:
        return not_here(wanted, err);
    case VK_ERR_CANCELED:
        return vk_fail(err, status, NULL,
                       "the security key \"%s\" was not touched in time, or that was cancelled",
                       wanted->name);
    case VK_ERR_NOT_LOGGED_IN:
        return vk_fail(err, status, NULL,
                       "the security key \"%s\" has to verify its user: log in to its own slot",
                       wanted->name);
    default:
        return status;
    }
}

static vk_status ask(const vk_touch *touch, const vk_step_up_device *wanted,
                     const vk_hash *challenge, vk_error *err) {
    char origin[sizeof "https://" + VK_STEP_UP_RP_ID_MAX];
    vk_device *device = NULL;
    snprintf(origin, sizeof origin, "https://%s", wanted->rp_id);
    vk_status status = find_device(touch, wanted, &device, err);
    if (status == VK_OK) {
        status = ask_with(device, wanted, challenge, origin, err);
    }
    if (touch != NULL) {
        touch->asks(touch->context, NULL);
    }
    return name_device(status, wanted, err);
}

/* Who waited for a touch comes late: the user may have logged out, or the SO changed the key. What
 * is reserved or written down afterwards would show it, but not every signature is. */
static vk_status check_still(const vk_gate_question *question, vk_error *err) {
    const vk_loaded *before = question->loaded;
    vk_loaded *now;
    vk_status status = vk_loaded_get(question->gate, before->record.id, &now, err);
    if (status != VK_OK) {
        return status;
    }
    bool is_same = now->record.version == before->record.version;
    vk_loaded_put(now);
    return is_same ? VK_OK : VK_ERR_MISMATCH; /* see vk_gate_sign */
}

/* ---- Both ---- */

vk_status vk_gate_ask_touch(const vk_gate_question *question, const vk_step_up_request *request,
                            vk_buf *touched, vk_error *err) {
    const vk_step_up_device *wanted = &question->loaded->step_up->device;
    vk_hash challenge;
    vk_status status = make_challenge(request, &challenge);
    if (status == VK_OK) {
        status = ask(question->touch, wanted, &challenge, err);
    }
    if (status == VK_DENIED) {
        vk_journal_entry entry = vk_gate_entry(question, request->hash);
        entry.grant = request->grant != NULL ? &request->grant->record : NULL;
        return vk_gate_record(question, &entry, status, err);
    }
    if (status == VK_OK) {
        status = check_still(question, err);
    }
    if (status == VK_OK) {
        vk_buf_printf(touched, "the security key \"%s\" was touched: %s", wanted->name,
                      request->reason);
        vk_buf_put_byte(touched, '\0');
        status = vk_buf_status(touched);
    }
    return status;
}

vk_status vk_gate_step_up(const vk_gate_question *question, const vk_gate_request *request,
                          vk_gate_decision *decision, vk_error *err) {
    const vk_loaded *loaded = question->loaded;
    char reason[VK_REASON_MAX];
    bool needed;
    if (loaded->step_up == NULL) {
        return VK_OK;
    }
    vk_status status = vk_step_up_judge(loaded->step_up, &request->grant->grant,
                                        &request->request.op, &needed, reason);
    if (status != VK_OK || !needed) {
        return status;
    }
    vk_gate_decision trial = *decision;
    trial.is_trial = true;
    status = vk_gate_decide(question, request, &trial, err);
    if (status != VK_OK) {
        return status;
    }
    const vk_step_up_request asked = {
        .hash = &request->hash, .grant = request->grant, .reason = reason};
    return vk_gate_ask_touch(question, &asked, &decision->touched, err);
}

void vk_gate_decision_clear(vk_gate_decision *decision) {
    vk_buf_clear(&decision->touched);
}
