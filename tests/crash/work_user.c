/* What a logged-in user does: keys, grants, signatures. */
#include "crash/operation.h"
#include "crash/work.h"

#include <string.h>

/* ---- Keys ---- */

static bool is_p256(const ledger_key *key) {
    return key->kind == KIND_PASSKEY;
}

static void invent(worker *w, ledger_key *key, bool imported) {
    key->gas_allowed = OPERATION_GAS_MIN * OPERATION_FEE_MAX * (4 + dice_below(&w->d, 16));
    key->count_allowed = 4 + dice_below(&w->d, 20);
    key->imported = imported;
    for (size_t i = 0; i < sizeof key->secret; i++) {
        key->secret[i] = (uint8_t)(dice_below(&w->d, 254) + 1); /* below the order, not 0 */
    }
}

static CK_RV make(worker *w, ledger_key *key) {
    CK_OBJECT_HANDLE handle;
    char *policy = key->kind != KIND_LATE ? operation_policy(key) : NULL;
    const client_key wanted = {.label = key->label,
                               .p256 = is_p256(key),
                               .use_sign_count = is_p256(key),
                               .secret32 = key->imported ? key->secret : NULL,
                               .policy = policy};
    ledger_step_begin(w->me, key->imported ? STEP_IMPORT : STEP_GENERATE);
    atomic_store(&key->exists, FACT_COMING);
    CK_RV rv = client_make(&w->c, &wanted, &handle);
    vk_text_free(policy);
    return rv;
}

static bool needs_grant(ledger_kind kind) {
    return kind != KIND_DIGEST && kind != KIND_SUDO && kind != KIND_LATE;
}

bool work_make(worker *w, ledger_kind kind, bool imported) {
    ledger_key *key = ledger_key_new(w->l, kind);
    if (key == NULL) {
        return true;
    }
    invent(w, key, imported);
    return work_make_key(w, key);
}

bool work_make_key(worker *w, ledger_key *key) {
    CK_RV rv = make(w, key);
    if (rv != CKR_OK) {
        return work_failed(w, "making", key->label, rv);
    }
    if (key->kind != KIND_LATE) {
        atomic_store(&key->policy, FACT_YES);
    }
    atomic_store(&key->exists, FACT_YES);
    return !needs_grant(key->kind) || work_grant(w, key);
}

bool work_import_again(worker *w, ledger_key *key) {
    CK_RV rv = make(w, key);
    if (rv != CKR_OK) {
        return work_failed(w, "importing again", key->label, rv);
    }
    atomic_store(&key->exists, FACT_YES);
    return !needs_grant(key->kind) || work_grant(w, key);
}

static CK_RV destroy(worker *w, CK_OBJECT_CLASS class, const ledger_key *key) {
    CK_OBJECT_HANDLE object;
    CK_ULONG count;
    CK_RV rv = client_find(&w->c, class, key->label, &object, &count);
    return rv != CKR_OK || count == 0 ? rv : w->c.f->C_DestroyObject(w->c.session, object);
}

bool work_remove(worker *w, ledger_key *key) {
    ledger_step_begin(w->me, STEP_REMOVE);
    atomic_fetch_add(&key->removals, 1);
    atomic_store(&key->exists, FACT_LEAVING);
    atomic_store(&key->grant, FACT_LEAVING);
    CK_RV rv = destroy(w, CKO_PRIVATE_KEY, key);
    if (rv == CKR_OK) {
        rv = destroy(w, CKO_PUBLIC_KEY, key);
    }
    if (rv != CKR_OK) {
        return work_failed(w, "removing", key->label, rv);
    }
    /* Once more: somebody may have looked after the first, and have found the old object. */
    atomic_fetch_add(&key->removals, 1);
    atomic_store(&key->grant, FACT_NO);
    atomic_store(&key->exists, FACT_NO);
    return true;
}

/* ---- Grants ---- */

/* An uncompressed point in a DER OCTET STRING. */
#define EC_POINT_LEN 67

static CK_RV read_signer(worker *w, const ledger_key *key, CK_OBJECT_HANDLE object,
                         vk_signer *out) {
    uint8_t address20[20], point[EC_POINT_LEN];
    vk_hash id_hash;
    CK_ULONG len = is_p256(key) ? sizeof point : sizeof address20;
    if (!is_p256(key)) {
        CK_RV rv = client_read(&w->c, object, CKA_VALETKEY_ADDRESS, address20, &len);
        *out = operation_signer(address20);
        return rv;
    }
    CK_RV rv = client_read(&w->c, object, CKA_EC_POINT, point, &len);
    if (rv == CKR_OK) {
        len = sizeof id_hash.b;
        rv = client_read(&w->c, object, CKA_VALETKEY_AUTHENTICATOR_ID_HASH, id_hash.b, &len);
        *out = vk_signer_webauthn(point + 2, &id_hash);
    }
    return rv;
}

static CK_RV grant(worker *w, const ledger_key *key, uint64_t chain_id, uint8_t id4[4]) {
    CK_OBJECT_HANDLE object;
    CK_ULONG count, len = 4;
    vk_signer signer;
    CK_RV rv = client_find(&w->c, CKO_PRIVATE_KEY, key->label, &object, &count);
    if (rv == CKR_OK) {
        rv = count == 1 ? read_signer(w, key, object, &signer) : CKR_KEY_HANDLE_INVALID;
    }
    if (rv == CKR_OK) {
        rv = client_read(&w->c, object, CKA_VALETKEY_PERMISSION_ID, id4, &len);
    }
    if (rv == CKR_OK) {
        char *json = operation_grant(w->l, key, chain_id, &signer);
        rv = client_grant(&w->c, key->label, json);
        vk_text_free(json);
    }
    return rv;
}

bool work_grant(worker *w, ledger_key *key) {
    ledger_step_begin(w->me, STEP_GRANT);
    atomic_store(&key->grant, FACT_COMING);
    CK_RV rv = grant(w, key, OPERATION_CHAIN_ID, key->permission_id);
    if (rv != CKR_OK) {
        return work_failed(w, "granting", key->label, rv);
    }
    atomic_store(&key->grant, FACT_YES);
    return true;
}

bool work_grant_chain(worker *w, ledger_key *key, uint64_t chain_id) {
    uint8_t id4[4];
    ledger_step_begin(w->me, STEP_GRANT);
    CK_RV rv = grant(w, key, chain_id, id4);
    atomic_fetch_add(&key->more_grants, rv == CKR_OK);
    return rv == CKR_OK || work_failed(w, "another grant", key->label, rv);
}

/* ---- Signatures ---- */

CK_RV work_sign_entry(worker *w, CK_OBJECT_HANDLE key, ledger_signature *entry) {
    CK_MECHANISM_TYPE mechanism = entry->mode == MODE_DIGEST ? CKM_ECDSA
                                  : entry->whole             ? CKM_VALETKEY_USEROP
                                                             : CKM_VALETKEY_USEROP_SESSION;
    vk_buf payload = operation_payload(w->l, entry, OPERATION_CHAIN_ID);
    CK_ULONG len = sizeof entry->bytes;
    CK_RV rv = client_sign(&w->c, key, mechanism, vk_buf_view(&payload), entry->bytes, &len);
    entry->len = len;
    atomic_store(&entry->outcome, rv == CKR_OK ? OUTCOME_SIGNED : OUTCOME_REFUSED);
    vk_buf_clear(&payload);
    return rv;
}

/* A new nonce mostly, else one that was used before: a retry with another price. */
static unsigned choose_nonce(worker *w, ledger_key *key) {
    unsigned next = atomic_load(&key->next_nonce);
    bool is_new = next == 0 || (next < key->count_allowed + 4 && dice_percent(&w->d, 60));
    if (!is_new || next >= LEDGER_NONCES) {
        return dice_below(&w->d, next < LEDGER_NONCES ? next : LEDGER_NONCES);
    }
    next = atomic_fetch_add(&key->next_nonce, 1);
    return next < LEDGER_NONCES ? next : 0;
}

static void choose(worker *w, ledger_key *key, ledger_signature *entry) {
    entry->nonce = choose_nonce(w, key);
    entry->whole = dice_percent(&w->d, 50);
    entry->mode = key->kind == KIND_DIGEST || key->kind == KIND_SUDO ? MODE_DIGEST : MODE_DEFAULT;
    /* Two operations compete for the approval. */
    if (key->kind == KIND_ENABLE && dice_percent(&w->d, 25)) {
        entry->mode = MODE_ENABLE;
        entry->nonce = dice_below(&w->d, 2);
    }
    operation_price(entry, &w->d);
}

bool work_can_sign(const ledger_key *key) {
    return atomic_load(&key->grant) == FACT_YES || key->kind == KIND_DIGEST ||
           key->kind == KIND_SUDO;
}

/* Another thread may have removed it in the meantime, and imported it again. */
static bool was_removed(const ledger_key *key, unsigned removals) {
    return atomic_load(&key->exists) != FACT_YES || atomic_load(&key->removals) != removals;
}

bool work_sign(worker *w) {
    ledger_key *key = work_pick(w, work_can_sign);
    return key == NULL || work_sign_with(w, key);
}

bool work_sign_with(worker *w, ledger_key *key) {
    CK_OBJECT_HANDLE object;
    CK_ULONG count;
    unsigned removals = atomic_load(&key->removals);
    CK_RV rv = client_find(&w->c, CKO_PRIVATE_KEY, key->label, &object, &count);
    if (rv != CKR_OK || count == 0) {
        return (rv == CKR_OK && (w->restless || was_removed(key, removals))) ||
               work_failed(w, "finding", key->label, rv);
    }
    ledger_signature *entry = ledger_signature_new(w->l, key);
    if (entry == NULL) {
        return true;
    }
    choose(w, key, entry);
    ledger_step_begin(w->me, STEP_SIGN);
    rv = work_sign_entry(w, object, entry);
    return rv == CKR_OK || rv == CKR_FUNCTION_REJECTED ||
           (rv == CKR_KEY_HANDLE_INVALID && was_removed(key, removals)) ||
           work_failed(w, "C_Sign", key->label, rv);
}
