#include "crash/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

ledger *ledger_new(void) {
    void *memory = mmap(NULL, sizeof(ledger), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        abort();
    }
    return memory;
}

void ledger_free(ledger *l) {
    munmap(l, sizeof *l);
}

bool ledger_fail(ledger *l, const char *format, ...) {
    int none = 0;
    if (atomic_compare_exchange_strong(&l->failed, &none, 1)) {
        va_list args;
        va_start(args, format);
        vsnprintf(l->failure, sizeof l->failure, format, args);
        va_end(args);
    }
    return false;
}

void ledger_step_begin(ledger_member *member, ledger_step step) {
    atomic_store(&member->step, step);
    atomic_fetch_add(&member->at, 1);
}

const char *ledger_step_name(ledger_step step) {
    static const char *const names[STEPS] = {
        [STEP_IDLE] = "nothing",         [STEP_START] = "starting",
        [STEP_SIGN] = "signing",         [STEP_READ] = "reading attributes",
        [STEP_FIND] = "finding objects", [STEP_GENERATE] = "making a key",
        [STEP_IMPORT] = "importing",     [STEP_GRANT] = "adding a grant",
        [STEP_POLICY] = "a policy",      [STEP_REMOVE] = "removing a key",
        [STEP_PIN] = "changing a PIN",   [STEP_TOKEN] = "making a token",
        [STEP_LOGIN] = "logging in",     [STEP_FINISH] = "finishing",
    };
    return names[step];
}

/* ---- Entries ---- */

/* The next free index below limit, or limit. */
static unsigned claim(_Atomic unsigned *count, unsigned limit) {
    unsigned index = atomic_load(count);
    while (index < limit && !atomic_compare_exchange_weak(count, &index, index + 1)) {
    }
    return index;
}

ledger_key *ledger_key_new(ledger *l, ledger_kind kind) {
    unsigned index = claim(&l->key_count, LEDGER_KEYS);
    if (index == LEDGER_KEYS) {
        return NULL;
    }
    ledger_key *key = &l->keys[index];
    key->kind = kind;
    snprintf(key->label, sizeof key->label, "key %u", index);
    return key;
}

ledger_signature *ledger_signature_new(ledger *l, const ledger_key *key) {
    unsigned index = claim(&l->signature_count, LEDGER_SIGNATURES);
    if (index == LEDGER_SIGNATURES) {
        return NULL;
    }
    ledger_signature *signature = &l->signatures[index];
    signature->key = (unsigned)(key - l->keys);
    return signature;
}

bool ledger_has_budget(ledger_kind kind) {
    return kind != KIND_FREE && kind != KIND_SUDO;
}

static bool has_bytes(const ledger_signature *signature) {
    uint8_t any = 0;
    for (size_t i = 0; i < sizeof signature->bytes; i++) {
        any |= signature->bytes[i];
    }
    return any != 0;
}

void ledger_settle(ledger *l) {
    for (unsigned i = 0; i < atomic_load(&l->signature_count); i++) {
        ledger_signature *s = &l->signatures[i];
        int outcome = atomic_load(&s->outcome);
        s->left = s->left || outcome == OUTCOME_SIGNED || has_bytes(s);
        if (s->left && outcome == OUTCOME_REFUSED) {
            ledger_fail(l, "C_Sign refused, but signature %u of %s was written", i,
                        l->keys[s->key].label);
        }
    }
}

/* ---- Sums ---- */

static bool counts(const ledger_signature *signature, bool with_open) {
    return signature->left || (with_open && atomic_load(&signature->outcome) == OUTCOME_OPEN);
}

ledger_sum ledger_sum_of(const ledger *l, const ledger_key *key, bool with_open) {
    uint64_t dearest[MODES][LEDGER_NONCES] = {{0}};
    ledger_sum sum = {0};
    for (unsigned i = 0; i < atomic_load(&l->signature_count); i++) {
        const ledger_signature *s = &l->signatures[i];
        if (s->key != (unsigned)(key - l->keys) || !counts(s, with_open)) {
            continue;
        }
        uint64_t *nonce = &dearest[s->mode][s->nonce];
        uint64_t cost = s->mode == MODE_DIGEST ? 1 : s->gas * s->fee;
        *nonce = cost > *nonce ? cost : *nonce;
    }
    for (unsigned i = 0; i < MODES * LEDGER_NONCES; i++) {
        uint64_t cost = dearest[i / LEDGER_NONCES][i % LEDGER_NONCES];
        sum.used += cost != 0;
        sum.spent += cost;
    }
    return sum;
}

/* ---- Random numbers ---- */

/* splitmix64 */
uint64_t dice_next(dice *d) {
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

dice dice_new(uint64_t seed, uint64_t stream) {
    dice mixed = {seed};
    return (dice){dice_next(&mixed) ^ (stream * 0xd1342543de82ef95u)};
}

unsigned dice_below(dice *d, unsigned limit) {
    return (unsigned)(dice_next(d) % limit);
}

bool dice_percent(dice *d, unsigned percent) {
    return dice_below(d, 100) < percent;
}
