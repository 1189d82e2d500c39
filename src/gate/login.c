#include "gate/login.h"
#include "base/json.h"
#include "gate/denial.h"
#include "gate/internal.h"
#include "token/attrs.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <string.h>
#include <valetkey/credential.h>
#include <valetkey/eth.h>

/* ---- Who may ---- */

static bool is_allowed(const vk_loaded *loaded) {
    vk_bytes value;
    return vk_attrs_get(&loaded->record.private_attrs, VK_ATTR_LOGIN_ALLOWED, &value) &&
           value.len == 1 && value.data[0] == 1;
}

vk_status vk_gate_login_allows(const vk_loaded *loaded, vk_error *err) {
    if (loaded->record.curve != VK_CURVE_P256) {
        return vk_fail(err, VK_DENIED, "login", "only P-256 keys are passkeys");
    }
    if (loaded->grant_count == 0 || is_allowed(loaded)) {
        return VK_OK;
    }
    return loaded->record.home == VK_HOME_TOKEN
               ? vk_fail(err, VK_DENIED, "login",
                         "the key has a grant, so it answers no server before the SO allows it: "
                         "valetkey key set --allow-logins")
               : vk_fail(err, VK_DENIED, "login",
                         "the key has a grant, so it answers no server: keep a separate passkey "
                         "for logins");
}

static vk_status check_asked(const vk_loaded *loaded, const vk_login_request *request,
                             vk_error *err) {
    const vk_key_record *record = &loaded->record;
    if (strcmp(request->rp_id, record->rp_id) != 0) {
        return vk_fail(err, VK_DENIED, "login", "the key's rpId is \"%.100s\", not \"%.100s\"",
                       record->rp_id, request->rp_id);
    }
    if (request->origin != NULL && strcmp(request->origin, record->origin) != 0) {
        return vk_fail(err, VK_DENIED, "login", "the key's origin is \"%.100s\", not \"%.100s\"",
                       record->origin, request->origin);
    }
    return VK_OK;
}

vk_status vk_gate_set_logins(vk_gate *gate, int64_t key_id, const char *text, size_t len,
                             vk_error *err) {
    const vk_bytes value = {(const uint8_t *)text, len};
    const vk_bytes yes = {(const uint8_t *)VK_LOGINS_ALLOWED, strlen(VK_LOGINS_ALLOWED)};
    const vk_bytes no = {(const uint8_t *)VK_LOGINS_REFUSED, strlen(VK_LOGINS_REFUSED)};
    uint8_t flag = vk_bytes_equal(value, yes) ? 1 : 0;
    vk_key_record record;
    if (flag == 0 && !vk_bytes_equal(value, no)) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "what the SO says of logins is \"" VK_LOGINS_ALLOWED
                       "\" or \"" VK_LOGINS_REFUSED "\"");
    }
    vk_status status = vk_token_key_get(gate->token, key_id, &record);
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    bool is_passkey = record.curve == VK_CURVE_P256;
    vk_key_record_clear(&record);
    if (!is_passkey) {
        return vk_fail(err, VK_ERR_FORMAT, NULL, "only P-256 keys answer logins");
    }
    return vk_token_key_set_attr(gate->token, key_id, VK_ATTR_LOGIN_ALLOWED, (vk_bytes){&flag, 1},
                                 flag == 1 ? "the SO allowed logins" : "the SO forbade logins",
                                 err);
}

/* ---- The answer ---- */

/* What is signed, and by what. */
typedef struct login {
    const vk_gate_question *question;
    vk_login_request request;
    vk_buf client_data;
    uint32_t sign_count;
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    uint8_t signature64[64];
} login;

static void clear_login(login *l) {
    vk_login_request_clear(&l->request);
    vk_buf_clear(&l->client_data);
}

static vk_status put_der(const uint8_t signature64[64], vk_buf *out) {
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature64, 32, NULL), *s = BN_bin2bn(signature64 + 32, 32, NULL);
    unsigned char *der = NULL;
    if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(signature);
        return VK_ERR_MEMORY;
    }
    int len = i2d_ECDSA_SIG(signature, &der);
    ECDSA_SIG_free(signature);
    if (len <= 0) {
        return VK_ERR_MEMORY;
    }
    vk_hex_put(out, (vk_bytes){der, (size_t)len});
    OPENSSL_free(der);
    return VK_OK;
}

static vk_status put_client_data(const vk_buf *client_data, vk_buf *out) {
    vk_buf copy = {0};
    vk_buf_put(&copy, client_data->data, client_data->len);
    char *text = vk_buf_take_text(&copy);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_json_put_string(out, text);
    vk_text_free(text);
    return VK_OK;
}

static vk_status put_answer(const login *l, vk_buf *out) {
    vk_buf_put_text(out, "{\"authenticatorData\":\"");
    vk_hex_put(out, (vk_bytes){l->auth_data, sizeof l->auth_data});
    vk_buf_put_text(out, "\",\"clientDataJSON\":");
    vk_status status = put_client_data(&l->client_data, out);
    vk_buf_put_text(out, ",\"signature\":\"");
    if (status == VK_OK) {
        status = put_der(l->signature64, out);
    }
    vk_buf_put_text(out, "\"}");
    return status == VK_OK ? vk_buf_status(out) : status;
}

/* With the longest signature that there is. */
static vk_status measure(const login *l, size_t *out) {
    login longest = *l;
    vk_buf text = {0};
    memset(longest.signature64, 0xff, sizeof longest.signature64);
    vk_status status = put_answer(&longest, &text);
    *out = text.len;
    vk_buf_clear(&text);
    return status;
}

/* ---- The decision ---- */

static vk_status count(void *context, vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    login *l = context;
    (void)charge;
    (void)err;
    l->sign_count = ++budget->sign_count;
    return VK_OK;
}

/* Logins are counted for themselves: servers see no other assertions. */
static vk_status decide_and_count(login *l, vk_journal_entry *entry, vk_error *err) {
    const vk_gate_question *question = l->question;
    const vk_grant_record own = {.key_id = question->loaded->record.id};
    vk_decision decision = vk_gate_decision_with(question, entry);
    decision.grant = &own;
    decision.rule_count = 0;
    decision.decide = count;
    decision.context = l;
    return vk_token_decide(question->gate->token, &decision, err);
}

/* Who it logs in is not in a rule about calls, so a key with one always wants the touch. */
static vk_status step_up(const login *l, vk_journal_entry *entry, vk_buf *touched, vk_error *err) {
    const vk_step_up_request asked = {.hash = &entry->operation, .reason = vk_step_up_login};
    if (l->question->loaded->step_up == NULL) {
        return VK_OK;
    }
    vk_status status = vk_gate_ask_touch(l->question, &asked, touched, err);
    entry->touched = touched->len > 0 ? (const char *)touched->data : NULL;
    return status;
}

static vk_status decide(login *l, vk_error *err) {
    vk_hash hash;
    vk_buf touched = {0};
    vk_status status = vk_sha256(vk_buf_view(&l->client_data), &hash);
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    vk_journal_entry entry = vk_gate_entry(l->question, &hash);
    status = step_up(l, &entry, &touched, err);
    if (status == VK_OK) {
        status = l->question->loaded->record.use_sign_count
                     ? decide_and_count(l, &entry, err)
                     : vk_gate_record(l->question, &entry, VK_OK, err);
    }
    vk_buf_clear(&touched);
    return status;
}

/* ---- The signature ---- */

static vk_status sign_here(login *l) {
    const vk_loaded *loaded = l->question->loaded;
    vk_hash digest;
    vk_status status =
        vk_webauthn_auth_data(loaded->record.rp_id, VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV,
                              l->sign_count, l->auth_data);
    if (status == VK_OK) {
        status = vk_webauthn_digest((vk_bytes){l->auth_data, sizeof l->auth_data},
                                    vk_buf_view(&l->client_data), &digest);
    }
    return status == VK_OK ? vk_key_sign(loaded->key, &digest, l->signature64, NULL) : status;
}

static vk_status sign(login *l, vk_error *err) {
    return l->question->loaded->record.home == VK_HOME_FIDO2
               ? vk_gate_device_login(l->question, vk_buf_view(&l->request.challenge),
                                      vk_buf_view(&l->client_data), l->auth_data, l->signature64,
                                      err)
               : vk_gate_explain(err, sign_here(l));
}

static vk_status answer(login *l, size_t max, uint8_t *out, size_t *out_len, vk_error *err) {
    vk_buf text = {0};
    vk_status status = decide(l, err);
    if (status == VK_OK) {
        status = sign(l, err);
    }
    if (status == VK_OK) {
        status = vk_gate_explain(err, put_answer(l, &text));
    }
    if (status == VK_OK && text.len > max) {
        status = vk_gate_explain(err, VK_ERR_CRYPTO);
    }
    if (status == VK_OK) {
        memcpy(out, text.data, text.len);
        *out_len = text.len;
    }
    vk_buf_clear(&text);
    return status;
}

static vk_status prepare(login *l, vk_error *err) {
    const vk_loaded *loaded = l->question->loaded;
    vk_status status = vk_login_request_read(l->question->payload, &l->request, err);
    if (status == VK_OK) {
        status = vk_gate_login_allows(loaded, err);
    }
    if (status == VK_OK) {
        status = check_asked(loaded, &l->request, err);
    }
    if (status == VK_OK) {
        status = vk_gate_explain(
            err, vk_webauthn_login_client_data(vk_buf_view(&l->request.challenge),
                                               loaded->record.origin, &l->client_data));
    }
    if (status != VK_OK) {
        vk_gate_note(l->question, NULL, status, err);
    }
    return status;
}

vk_status vk_gate_sign_login(const vk_gate_question *question, uint8_t *out, size_t *out_len,
                             vk_error *err) {
    login l = {.question = question};
    size_t max = 0;
    vk_status status = prepare(&l, err);
    if (status == VK_OK) {
        status = vk_gate_explain(err, measure(&l, &max));
    }
    bool fits = out != NULL && *out_len >= max;
    if (status == VK_OK && !fits) {
        *out_len = max;
        status = out == NULL ? VK_OK : VK_ERR_BUFFER;
    } else if (status == VK_OK) {
        status = answer(&l, max, out, out_len, err);
    }
    clear_login(&l);
    return status;
}
