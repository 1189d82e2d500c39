/* One key of the ledger, as it is on the token. */
#include "crash/inspect.h"

#include "crash/operation.h"

#include <inttypes.h>
#include <string.h>

bool inspect_key(worker *w, ledger_key *key);

typedef struct found {
    CK_OBJECT_HANDLE private_key, public_key;
    uint8_t address20[20]; /* secp256k1 */
    uint64_t gas_left, count_left;
    bool has_grant;
} found;

static bool fail_key(worker *w, const ledger_key *key, const char *what) {
    return ledger_fail(w->l, "%s: %s", key->label, what);
}

/* ---- Is it there? ---- */

/* A key whose removal was interrupted between its halves: the removal goes on. */
static bool finish_removal(worker *w, ledger_key *key, CK_OBJECT_HANDLE public_key) {
    CK_RV rv = w->c.f->C_DestroyObject(w->c.session, public_key);
    atomic_store(&key->exists, FACT_NO);
    return rv == CKR_OK || work_failed(w, "removing the public half", key->label, rv);
}

static bool settle_existence(worker *w, ledger_key *key, found *out) {
    CK_ULONG private_count = 0, public_count = 0;
    CK_RV rv = client_find(&w->c, CKO_PRIVATE_KEY, key->label, &out->private_key, &private_count);
    if (rv == CKR_OK) {
        rv = client_find(&w->c, CKO_PUBLIC_KEY, key->label, &out->public_key, &public_count);
    }
    if (rv != CKR_OK) {
        return work_failed(w, "finding", key->label, rv);
    }
    int fact = atomic_load(&key->exists);
    if (fact == FACT_LEAVING && private_count == 0 && public_count == 1) {
        return finish_removal(w, key, out->public_key);
    }
    bool is_there = private_count == 1 && public_count == 1;
    bool is_gone = private_count == 0 && public_count == 0;
    if (!(is_there && fact != FACT_NO) && !(is_gone && fact != FACT_YES)) {
        return ledger_fail(w->l, "%s: %lu private and %lu public halves (%d)", key->label,
                           private_count, public_count, fact);
    }
    atomic_store(&key->exists, is_there ? FACT_YES : FACT_NO);
    return true;
}

/* ---- Its policy and its grant ---- */

static bool settle_policy(worker *w, ledger_key *key, const found *f) {
    char text[1024];
    CK_ULONG len = sizeof text - 1;
    CK_RV rv = client_read(&w->c, f->private_key, CKA_VALETKEY_POLICY, text, &len);
    int fact = key->kind == KIND_LATE ? atomic_load(&key->policy) : FACT_YES;
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID && fact != FACT_YES) {
        atomic_store(&key->policy, FACT_NO);
        return true;
    }
    if (rv != CKR_OK || fact == FACT_NO) {
        return work_failed(w, "the policy", key->label, rv);
    }
    text[len] = '\0';
    char *expected = operation_policy(key);
    bool same = strcmp(text, expected) == 0;
    vk_text_free(expected);
    atomic_store(&key->policy, FACT_YES);
    return same || fail_key(w, key, "its policy is another one");
}

static bool settle_grant(worker *w, ledger_key *key, found *f) {
    uint8_t chain_ids[8 * 1024];
    CK_ULONG len = sizeof chain_ids;
    int fact = atomic_load(&key->grant);
    CK_RV rv = client_read(&w->c, f->private_key, CKA_VALETKEY_CHAIN_IDS, chain_ids, &len);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID && atomic_load(&key->policy) != FACT_YES) {
        len = 0;
    } else if (rv != CKR_OK) {
        return work_failed(w, "the chain ids", key->label, rv);
    }
    CK_ULONG full = 8 * (1 + atomic_load(&key->more_grants));
    f->has_grant = len == full;
    atomic_store(&key->grant, f->has_grant ? FACT_YES : FACT_NO);
    bool fits = (len == full && fact != FACT_NO) || (len == 0 && fact != FACT_YES);
    return fits || ledger_fail(w->l, "%s: %lu bytes of chain ids (%d)", key->label, len, fact);
}

/* ---- Its budget ---- */

static uint64_t read_number(const uint8_t *data, size_t len) {
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | data[i];
    }
    return value;
}

static bool read_left(worker *w, const ledger_key *key, found *f) {
    uint8_t gas[32], count[8];
    CK_ULONG gas_len = sizeof gas, count_len = sizeof count;
    CK_RV rv = client_read(&w->c, f->private_key, CKA_VALETKEY_GAS_LEFT, gas, &gas_len);
    if (rv == CKR_OK) {
        rv = client_read(&w->c, f->private_key, CKA_VALETKEY_COUNT_LEFT, count, &count_len);
    }
    if (rv != CKR_OK || gas_len != sizeof gas || count_len != sizeof count) {
        return work_failed(w, "what is left", key->label, rv);
    }
    f->gas_left = read_number(gas, sizeof gas);
    f->count_left = read_number(count, sizeof count);
    return true;
}

static bool is_between(worker *w, const ledger_key *key, const char *what, uint64_t used,
                       uint64_t least, uint64_t most) {
    return (used >= least && used <= most) ||
           ledger_fail(w->l,
                       "%s: %s: the token remembers %" PRIu64 ", %" PRIu64 " has left, %" PRIu64
                       " was asked for",
                       key->label, what, used, least, most);
}

/* What has left is within the budget, and remembered; and nothing that nobody asked for is. */
static bool check_budget(worker *w, const ledger_key *key, found *f) {
    ledger_sum left = ledger_sum_of(w->l, key, false), asked = ledger_sum_of(w->l, key, true);
    if (left.used > key->count_allowed) {
        return ledger_fail(w->l, "%s: %" PRIu64 " operations have left, of %" PRIu64, key->label,
                           left.used, key->count_allowed);
    }
    if (key->kind == KIND_DIGEST) {
        return true;
    }
    if (left.spent > key->gas_allowed) {
        return ledger_fail(w->l, "%s: %" PRIu64 " wei have left, of %" PRIu64, key->label,
                           left.spent, key->gas_allowed);
    }
    return !f->has_grant ||
           (read_left(w, key, f) &&
            is_between(w, key, "operations", key->count_allowed - f->count_left, left.used,
                       asked.used) &&
            is_between(w, key, "wei", key->gas_allowed - f->gas_left, left.spent, asked.spent));
}

/* An approval installs the permission once: one operation may carry it. */
static bool check_approval(worker *w, const ledger_key *key) {
    bool seen[LEDGER_NONCES] = {false};
    unsigned nonces = 0;
    for (unsigned i = 0; i < atomic_load(&w->l->signature_count); i++) {
        const ledger_signature *s = &w->l->signatures[i];
        if (s->key == (unsigned)(key - w->l->keys) && s->mode == MODE_ENABLE && s->left &&
            !seen[s->nonce]) {
            seen[s->nonce] = true;
            nonces++;
        }
    }
    return nonces <= 1 || fail_key(w, key, "operations with two nonces carry the approval");
}

/* ---- What has left ---- */

static bool can_verify(const ledger_signature *s) {
    return atomic_load(&s->outcome) == OUTCOME_SIGNED && !s->verified &&
           !(s->mode == MODE_ENABLE && s->whole);
}

static bool verify_all(worker *w, const ledger_key *key, found *f) {
    CK_ULONG len = sizeof f->address20;
    if (key->kind == KIND_PASSKEY) {
        return true;
    }
    CK_RV rv = client_read(&w->c, f->private_key, CKA_VALETKEY_ADDRESS, f->address20, &len);
    if (rv != CKR_OK) {
        return work_failed(w, "the address", key->label, rv);
    }
    for (unsigned i = 0; i < atomic_load(&w->l->signature_count); i++) {
        ledger_signature *s = &w->l->signatures[i];
        if (s->key != (unsigned)(key - w->l->keys) || !can_verify(s)) {
            continue;
        }
        if (!operation_verifies(w->l, s, f->address20)) {
            return ledger_fail(w->l, "%s: signature %u does not verify", key->label, i);
        }
        s->verified = true;
    }
    return true;
}

/* The sign count of an assertion: where authenticatorData, the first of the encoded members, ends.
 */
static uint32_t sign_count(const ledger_signature *s) {
    vk_webauthn_assertion assertion;
    size_t location;
    const vk_bytes encoded = {s->bytes + 1, s->len - 1};
    if (vk_webauthn_decode(encoded, &assertion, &location, NULL) != VK_OK ||
        assertion.auth_data.len != VK_WEBAUTHN_AUTH_DATA_LEN) {
        return 0;
    }
    return (uint32_t)read_number(assertion.auth_data.data + 33, 4);
}

/* No two assertions have the same count, and none has 0. */
static bool check_sign_counts(worker *w, const ledger_key *key) {
    static bool seen[LEDGER_SIGNATURES];
    memset(seen, 0, sizeof seen);
    for (unsigned i = 0; i < atomic_load(&w->l->signature_count); i++) {
        const ledger_signature *s = &w->l->signatures[i];
        if (s->key != (unsigned)(key - w->l->keys) || atomic_load(&s->outcome) != OUTCOME_SIGNED) {
            continue;
        }
        uint32_t count = sign_count(s);
        if (count == 0 || count >= LEDGER_SIGNATURES || seen[count]) {
            return ledger_fail(w->l, "%s: the sign count %u came twice or is wrong", key->label,
                               count);
        }
        seen[count] = true;
    }
    return true;
}

/* ---- Using it ---- */

typedef struct expectation {
    bool either;        /* what a killed process asked for decides, and nobody knows */
    const char *reason; /* NULL: it must sign */
} expectation;

static bool has_mode(const ledger *l, const ledger_key *key, ledger_mode mode, bool with_open) {
    for (unsigned i = 0; i < atomic_load(&l->signature_count); i++) {
        const ledger_signature *s = &l->signatures[i];
        bool counts = s->left || (with_open && atomic_load(&s->outcome) == OUTCOME_OPEN);
        if (s->key == (unsigned)(key - l->keys) && s->mode == mode && counts) {
            return true;
        }
    }
    return false;
}

static expectation expect_budget(const ledger_key *key, const found *f, uint64_t cost) {
    if (key->kind == KIND_FREE) {
        return (expectation){.reason = NULL};
    }
    if (cost > f->gas_left) {
        return (expectation){.reason = "gas: "};
    }
    return (expectation){.reason = f->count_left == 0 ? "rate-limit: " : NULL};
}

static expectation expect_digest(worker *w, const ledger_key *key) {
    if (key->kind == KIND_SUDO || ledger_sum_of(w->l, key, true).used < key->count_allowed) {
        return (expectation){.reason = NULL};
    }
    bool is_full = ledger_sum_of(w->l, key, false).used == key->count_allowed;
    return (expectation){.reason = "rate-limit: ", .either = !is_full};
}

static expectation expect(worker *w, const ledger_key *key, const found *f, uint64_t cost) {
    if (key->kind == KIND_DIGEST || key->kind == KIND_SUDO) {
        return expect_digest(w, key);
    }
    if (atomic_load(&key->policy) != FACT_YES) {
        return (expectation){.reason = "policy: the key has no policy"};
    }
    if (!f->has_grant) {
        return (expectation){.reason = "grant: the key has no grant"};
    }
    if (key->kind == KIND_ENABLE && !has_mode(w->l, key, MODE_ENABLE, true)) {
        return (expectation){.reason = "nonce: "};
    }
    expectation e = expect_budget(key, f, cost);
    e.either = key->kind == KIND_ENABLE && !has_mode(w->l, key, MODE_ENABLE, false);
    return e;
}

static bool is_denied_for(worker *w, const ledger_key *key, const found *f, const char *reason) {
    char text[1024];
    CK_ULONG len = sizeof text - 1;
    CK_RV rv = client_read(&w->c, f->private_key, CKA_VALETKEY_LAST_DENIAL, text, &len);
    if (rv != CKR_OK) {
        return work_failed(w, "the last denial", key->label, rv);
    }
    text[len] = '\0';
    return strncmp(text, reason, strlen(reason)) == 0 ||
           ledger_fail(w->l, "%s: refused not by \"%s\", but: %s", key->label, reason, text);
}

/* An operation that nobody signed before. */
static ledger_signature *new_entry(worker *w, ledger_key *key) {
    ledger_signature *entry = ledger_signature_new(w->l, key);
    if (entry != NULL) {
        unsigned next = atomic_load(&key->next_nonce);
        entry->nonce = next < LEDGER_NONCES ? next : LEDGER_NONCES - 1;
        atomic_store(&key->next_nonce, entry->nonce + 1);
        bool is_digest = key->kind == KIND_DIGEST || key->kind == KIND_SUDO;
        entry->mode = is_digest ? MODE_DIGEST : MODE_DEFAULT;
        operation_price(entry, &w->d);
    }
    return entry;
}

static bool use(worker *w, ledger_key *key, const found *f) {
    if (atomic_load(&key->next_nonce) >= LEDGER_NONCES) {
        return true;
    }
    ledger_signature *entry = new_entry(w, key);
    if (entry == NULL) {
        return true;
    }
    expectation e = expect(w, key, f, entry->gas * entry->fee);
    CK_RV rv = work_sign_entry(w, f->private_key, entry);
    entry->left = rv == CKR_OK;
    bool is_refusal = rv == CKR_FUNCTION_REJECTED || rv == CKR_KEY_FUNCTION_NOT_PERMITTED;
    if (rv != CKR_OK && !is_refusal) {
        return work_failed(w, "C_Sign", key->label, rv);
    }
    if (e.either) {
        return true;
    }
    if (is_refusal != (e.reason != NULL)) {
        return ledger_fail(w->l, "%s: C_Sign answers 0x%lx; expected: %s", key->label, rv,
                           e.reason != NULL ? e.reason : "a signature");
    }
    return !is_refusal || is_denied_for(w, key, f, e.reason);
}

bool inspect_key(worker *w, ledger_key *key) {
    found f = {0};
    if (!settle_existence(w, key, &f)) {
        return false;
    }
    if (atomic_load(&key->exists) == FACT_NO) {
        atomic_store(&key->grant, FACT_NO);
        return true;
    }
    return settle_policy(w, key, &f) && settle_grant(w, key, &f) &&
           (!ledger_has_budget(key->kind) || check_budget(w, key, &f)) && check_approval(w, key) &&
           verify_all(w, key, &f) && (key->kind != KIND_PASSKEY || check_sign_counts(w, key)) &&
           use(w, key, &f);
}
