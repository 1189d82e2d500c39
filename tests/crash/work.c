#include "crash/work.h"

#include "crash/operation.h"

#include <stdio.h>
#include <string.h>

void work_pin(unsigned number, bool so, char out[24]) {
    snprintf(out, 24, "%s-pin-%04u", so ? "so" : "user", number);
}

static bool is_logout(CK_RV rv) {
    return rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_KEY_HANDLE_INVALID ||
           rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_OPERATION_NOT_INITIALIZED;
}

bool work_failed(worker *w, const char *what, const char *label, CK_RV rv) {
    return (w->restless && is_logout(rv)) || ledger_fail(w->l, "%s of %s: 0x%lx", what, label, rv);
}

/* ---- Starting ---- */

static CK_RV login_with(worker *w, CK_USER_TYPE user, unsigned number) {
    char pin[24];
    work_pin(number, user == CKU_SO, pin);
    return client_login(&w->c, user, pin);
}

/* Another process may be changing the PIN: which of the two it is shows when it is tried. */
CK_RV work_login(worker *w, CK_USER_TYPE user) {
    ledger_pin *pin = user == CKU_SO ? &w->l->so_pin : &w->l->user_pin;
    CK_RV rv = CKR_PIN_INCORRECT;
    for (int i = 0; i < 3 && rv == CKR_PIN_INCORRECT; i++) {
        unsigned now = atomic_load(&pin->now), next = atomic_load(&pin->next);
        rv = login_with(w, user, now);
        if (rv == CKR_PIN_INCORRECT && next != now) {
            rv = login_with(w, user, next);
        }
    }
    return rv;
}

bool work_start(worker *w, CK_USER_TYPE user) {
    ledger_step_begin(w->me, STEP_START);
    client_load(&w->c);
    if (!client_slot(&w->c, WORK_LABEL, &w->c.slot)) {
        return ledger_fail(w->l, "the token is not there");
    }
    CK_RV rv = client_open(&w->c);
    if (rv == CKR_OK) {
        ledger_step_begin(w->me, STEP_LOGIN);
        rv = work_login(w, user);
    }
    return rv == CKR_OK || work_failed(w, "opening and login", WORK_LABEL, rv);
}

bool work_fork(const worker *w, ledger_member *me, uint64_t seed, worker *out) {
    *out = *w;
    out->me = me;
    out->d = dice_new(seed, (uint64_t)(me - w->l->members));
    CK_RV rv = client_open(&out->c);
    return rv == CKR_OK || work_failed(out, "C_OpenSession", WORK_LABEL, rv);
}

ledger_key *work_pick(worker *w, bool (*is_wanted)(const ledger_key *key)) {
    unsigned count = atomic_load(&w->l->key_count);
    if (count == 0) {
        return NULL;
    }
    unsigned start = dice_below(&w->d, count);
    for (unsigned i = 0; i < count; i++) {
        ledger_key *key = &w->l->keys[(start + i) % count];
        if (atomic_load(&key->exists) == FACT_YES && is_wanted(key)) {
            return key;
        }
    }
    return NULL;
}

/* ---- Reading ---- */

#define FOUND_MAX 600

static CK_RV find_all(worker *w, CK_OBJECT_HANDLE found[FOUND_MAX], CK_ULONG *count) {
    CK_RV rv = w->c.f->C_FindObjectsInit(w->c.session, NULL, 0);
    if (rv == CKR_OK) {
        rv = w->c.f->C_FindObjects(w->c.session, found, FOUND_MAX, count);
    }
    return rv == CKR_OK ? w->c.f->C_FindObjectsFinal(w->c.session) : rv;
}

/* What does not apply to an object, objects that are gone by now, and a key with very many grants
 * are no failures. */
static bool may_be_read(CK_RV rv) {
    return rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
           rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_BUFFER_TOO_SMALL;
}

bool work_read(worker *w) {
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL,
                                              CKA_VALUE,
                                              CKA_VALETKEY_POLICY,
                                              CKA_VALETKEY_STATE,
                                              CKA_VALETKEY_POLICY_TEXT,
                                              CKA_VALETKEY_GAS_LEFT,
                                              CKA_VALETKEY_ACCOUNTS,
                                              CKA_VALETKEY_LAST_DENIAL,
                                              CKA_VALETKEY_ENABLE_DATA,
                                              CKA_EC_POINT,
                                              CKA_VALETKEY_COUNT_LEFT,
                                              CKA_VALETKEY_SIGN_COUNT};
    CK_OBJECT_HANDLE found[FOUND_MAX];
    CK_ULONG count = 0;
    ledger_step_begin(w->me, STEP_FIND);
    CK_RV rv = find_all(w, found, &count);
    if (rv != CKR_OK) {
        return work_failed(w, "C_FindObjects", WORK_LABEL, rv);
    }
    ledger_step_begin(w->me, STEP_READ);
    for (size_t i = 0; i < sizeof types / sizeof types[0] && count > 0; i++) {
        uint8_t value[16384];
        CK_ULONG len = sizeof value;
        rv = client_read(&w->c, found[dice_below(&w->d, (unsigned)count)], types[i], value, &len);
        if (!may_be_read(rv)) {
            return work_failed(w, "C_GetAttributeValue", WORK_LABEL, rv);
        }
    }
    return true;
}

/* ---- PINs ---- */

bool work_change_pin(worker *w, ledger_pin *pin, bool so) {
    char old[24], new[24];
    unsigned now = atomic_load(&pin->now);
    ledger_step_begin(w->me, STEP_PIN);
    work_pin(now, so, old);
    work_pin(now + 1, so, new);
    atomic_store(&pin->next, now + 1);
    CK_RV rv = w->c.f->C_SetPIN(w->c.session, (CK_UTF8CHAR *)old, strlen(old), (CK_UTF8CHAR *)new,
                                strlen(new));
    if (rv != CKR_OK) {
        return work_failed(w, "C_SetPIN", so ? "SO" : "user", rv);
    }
    atomic_store(&pin->now, now + 1);
    return true;
}

/* ---- The SO's steps ---- */

bool work_set_policy(worker *w, ledger_key *key) {
    ledger_step_begin(w->me, STEP_POLICY);
    char *policy = operation_policy(key);
    atomic_store(&key->policy, FACT_COMING);
    CK_RV rv = client_data(&w->c, VK_APPLICATION_POLICY, key->label, policy);
    vk_text_free(policy);
    if (rv != CKR_OK) {
        return work_failed(w, "setting the policy", key->label, rv);
    }
    atomic_store(&key->policy, FACT_YES);
    return true;
}

void work_token_label(const ledger *l, const ledger_token *token, unsigned number, char out[32]) {
    snprintf(out, 32, "side %u.%u", (unsigned)(token - l->tokens), number);
}

static CK_RV init_token(worker *w, CK_SLOT_ID slot, const ledger_token *token, unsigned number) {
    char label[32];
    work_token_label(w->l, token, number, label);
    ledger_step_begin(w->me, STEP_TOKEN);
    return client_init_token(&w->c, slot, CLIENT_SO_PIN, label);
}

bool work_new_token(worker *w) {
    unsigned index = atomic_load(&w->l->token_count);
    if (index == LEDGER_TOKENS) {
        return true;
    }
    ledger_token *token = &w->l->tokens[index];
    atomic_store(&token->exists, FACT_COMING);
    atomic_store(&w->l->token_count, index + 1);
    CK_RV rv = init_token(w, client_empty_slot(&w->c), token, 0);
    if (rv != CKR_OK) {
        return work_failed(w, "C_InitToken", "a new token", rv);
    }
    atomic_store(&token->exists, FACT_YES);
    return true;
}

bool work_renew_token(worker *w, ledger_token *token) {
    char label[32];
    CK_SLOT_ID slot;
    unsigned now = atomic_load(&token->label);
    work_token_label(w->l, token, now, label);
    if (!client_slot(&w->c, label, &slot)) {
        return ledger_fail(w->l, "the token \"%s\" is gone", label);
    }
    atomic_store(&token->next_label, now + 1);
    CK_RV rv = init_token(w, slot, token, now + 1);
    if (rv != CKR_OK) {
        return work_failed(w, "C_InitToken again", label, rv);
    }
    atomic_store(&token->label, now + 1);
    return true;
}
