/*
 * What the processes of a crash test say before and after each step, in memory that they share and
 * that outlives them. A signature is made into this memory: what stands there has left the process.
 *
 * Thread safety: each entry has one writer at a time; what others read of it is atomic.
 */
#ifndef VK_TESTS_LEDGER_H
#define VK_TESTS_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_KEYS 160
#define LEDGER_NONCES 64 /* of a key and a mode */
#define LEDGER_SIGNATURES 20000
#define LEDGER_SIGNATURE_MAX 3072
#define LEDGER_MEMBERS 64 /* threads of all processes */
#define LEDGER_TOKENS 64

/* Is it on the token? What is coming or leaving when its process is killed may be either. */
typedef enum ledger_fact { FACT_NO = 0, FACT_COMING, FACT_YES, FACT_LEAVING } ledger_fact;

typedef enum ledger_kind {
    KIND_BUDGET,  /* gas and count, permission installed */
    KIND_ENABLE,  /* gas and count, with the owner's approval */
    KIND_LATE,    /* the same as KIND_BUDGET, its policy set by the SO */
    KIND_PASSKEY, /* P-256: gas and count, assertions counted */
    KIND_DIGEST,  /* sudo and count: signs digests */
    KIND_FREE,    /* call and timestamp: nothing to count */
    KIND_SUDO,    /* digests, nothing to count */
    KINDS
} ledger_kind;

typedef struct ledger_key {
    _Atomic int exists, policy, grant; /* ledger_fact */
    ledger_kind kind;
    char label[24];
    const char *policy_text; /* NULL: what its kind and budget say */
    bool imported;           /* its secret is known */
    uint8_t secret[32];
    uint64_t gas_allowed, count_allowed; /* wei, operations */
    uint8_t permission_id[4];            /* written before grant is FACT_YES */
    _Atomic unsigned next_nonce, removals;
    _Atomic unsigned more_grants; /* on other chains */
} ledger_key;

typedef enum ledger_mode { MODE_DEFAULT, MODE_ENABLE, MODE_DIGEST, MODES } ledger_mode;
typedef enum ledger_outcome { OUTCOME_OPEN = 0, OUTCOME_SIGNED, OUTCOME_REFUSED } ledger_outcome;

typedef struct ledger_signature {
    _Atomic int outcome; /* ledger_outcome; OPEN: the process ended in C_Sign */
    unsigned key, nonce;
    ledger_mode mode;
    bool whole;        /* the finished signature, not only the session's part */
    uint64_t gas, fee; /* units, wei a unit */
    bool left;         /* set by ledger_settle */
    bool verified;     /* by the inspection */
    unsigned long len;
    uint8_t bytes[LEDGER_SIGNATURE_MAX]; /* zero before C_Sign */
} ledger_signature;

/* What a thread is doing, for the watchdog and for the count of where it was killed. */
typedef enum ledger_step {
    STEP_IDLE,
    STEP_START,
    STEP_SIGN,
    STEP_READ,
    STEP_FIND,
    STEP_GENERATE,
    STEP_IMPORT,
    STEP_GRANT,
    STEP_POLICY,
    STEP_REMOVE,
    STEP_PIN,
    STEP_TOKEN,
    STEP_LOGIN,
    STEP_FINISH,
    STEPS
} ledger_step;

typedef struct ledger_member {
    _Atomic int step;         /* ledger_step */
    _Atomic unsigned long at; /* how many steps were taken */
} ledger_member;

/* A PIN is its number. While one is changed, next is another than now. */
typedef struct ledger_pin {
    _Atomic unsigned now, next;
} ledger_pin;

/* The tokens beside the one that signs. */
typedef struct ledger_token {
    _Atomic int exists;          /* ledger_fact */
    _Atomic unsigned label;      /* number in its label */
    _Atomic unsigned next_label; /* another one while it is made anew */
} ledger_token;

typedef struct ledger {
    _Atomic unsigned key_count, signature_count, token_count;
    ledger_key keys[LEDGER_KEYS];
    ledger_signature signatures[LEDGER_SIGNATURES];
    ledger_member members[LEDGER_MEMBERS];
    ledger_token tokens[LEDGER_TOKENS];
    ledger_pin user_pin, so_pin;
    _Atomic unsigned ready; /* processes that work */
    _Atomic bool stop;      /* end in order */
    _Atomic int failed;
    char failure[1024];
} ledger;

/* Shared with every child that is forked afterwards. Aborts without memory. */
ledger *ledger_new(void);
void ledger_free(ledger *l);

/* Keeps the first failure; false, so that it can be returned. */
bool ledger_fail(ledger *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ledger_step_begin(ledger_member *member, ledger_step step);
const char *ledger_step_name(ledger_step step);

/* A new entry, or NULL: the ledger is full. */
ledger_key *ledger_key_new(ledger *l, ledger_kind kind);
ledger_signature *ledger_signature_new(ledger *l, const ledger_key *key);

bool ledger_has_budget(ledger_kind kind);
/* Once no process works: says of each signature whether it has left. A failure if one has left a
 * call that was refused. */
void ledger_settle(ledger *l);

/*
 * The chain's arithmetic, over one key's signatures: of the operations with one nonce one can be
 * included, at worst the dearest. used: different nonces; spent: wei.
 */
typedef struct ledger_sum {
    uint64_t used, spent;
} ledger_sum;
/* Of what has left, as far as it is settled; with_open: and of what a process asked for that then
 * ended. */
ledger_sum ledger_sum_of(const ledger *l, const ledger_key *key, bool with_open);

/* ---- Random numbers: of a thread, from a seed ---- */

typedef struct dice {
    uint64_t state;
} dice;
dice dice_new(uint64_t seed, uint64_t stream);
uint64_t dice_next(dice *d);
unsigned dice_below(dice *d, unsigned limit);
bool dice_percent(dice *d, unsigned percent);

#endif
