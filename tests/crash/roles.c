#include "crash/roles.h"

/* ---- What threads do, a step at a time ---- */

/* So many keys that the budgets of some last, so few that others run out. */
static bool make_some(worker *w) {
    static const ledger_kind often[] = {KIND_BUDGET, KIND_BUDGET, KIND_ENABLE, KIND_LATE,
                                        KIND_LATE,   KIND_DIGEST, KIND_FREE,   KIND_PASSKEY};
    ledger_kind kind = often[dice_below(&w->d, sizeof often / sizeof often[0])];
    processes_sleep_us(dice_below(&w->d, 4000));
    return work_make(w, kind, dice_percent(&w->d, 50));
}

static bool waits_for_grant(const ledger_key *key) {
    return key->kind == KIND_LATE && atomic_load(&key->policy) == FACT_YES &&
           atomic_load(&key->grant) == FACT_NO;
}

static bool may_be_removed(const ledger_key *key) {
    return key->kind == KIND_BUDGET && key->imported && atomic_load(&key->grant) == FACT_YES;
}

/* A key that was removed and imported again has the budget that it had. */
static bool remove_and_import(worker *w) {
    ledger_key *key = work_pick(w, may_be_removed);
    return key == NULL || (work_remove(w, key) && work_import_again(w, key));
}

static bool maker_step(worker *w) {
    ledger_key *waiting = work_pick(w, waits_for_grant);
    if (waiting != NULL) {
        return work_grant(w, waiting);
    }
    if (dice_percent(&w->d, 2)) {
        return work_change_pin(w, &w->l->user_pin, false);
    }
    return dice_percent(&w->d, 20) ? remove_and_import(w) : make_some(w);
}

static bool waits_for_policy(const ledger_key *key) {
    return key->kind == KIND_LATE && atomic_load(&key->policy) == FACT_NO;
}

static bool so_step(worker *w) {
    ledger_key *waiting = work_pick(w, waits_for_policy);
    if (waiting != NULL) {
        return work_set_policy(w, waiting);
    }
    if (dice_percent(&w->d, 1)) {
        return work_change_pin(w, &w->l->so_pin, true);
    }
    ledger_step_begin(w->me, STEP_IDLE);
    processes_sleep_us(500);
    return true;
}

static bool token_step(worker *w) {
    processes_sleep_us(dice_below(&w->d, 150000)); /* PINs cost much computing */
    unsigned count = atomic_load(&w->l->token_count);
    ledger_token *token = &w->l->tokens[count == 0 ? 0 : dice_below(&w->d, count)];
    if (atomic_load(&token->exists) == FACT_YES && dice_percent(&w->d, 60)) {
        return work_renew_token(w, token);
    }
    return work_new_token(w);
}

/* ---- Processes ---- */

static bool be(role as, ledger *l, unsigned process, uint64_t seed) {
    static const work_step steps[ROLES][ROLE_THREADS - 1] = {
        [ROLE_MAKER] = {maker_step, work_sign, work_sign},
        [ROLE_SIGNER] = {work_sign, work_sign, work_sign},
        [ROLE_SO] = {so_step, work_read, token_step},
    };
    worker w = {.l = l, .me = &l->members[process * ROLE_THREADS]};
    if (!work_start(&w, as == ROLE_SO ? CKU_SO : CKU_USER) ||
        !processes_threads(&w, steps[as], ROLE_THREADS - 1, 0, seed)) {
        return false;
    }
    client_stop(&w.c);
    return !atomic_load(&l->failed);
}

static bool be_maker(ledger *l, unsigned process, uint64_t seed) {
    return be(ROLE_MAKER, l, process, seed);
}

static bool be_signer(ledger *l, unsigned process, uint64_t seed) {
    return be(ROLE_SIGNER, l, process, seed);
}

static bool be_so(ledger *l, unsigned process, uint64_t seed) {
    return be(ROLE_SO, l, process, seed);
}

pid_t role_start(ledger *l, role as, unsigned process, uint64_t seed) {
    static const process_body bodies[ROLES] = {
        [ROLE_MAKER] = be_maker, [ROLE_SIGNER] = be_signer, [ROLE_SO] = be_so};
    return processes_fork(bodies[as], l, process, seed);
}
