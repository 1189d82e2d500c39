/*
 * A token on disk: one SQLite file. PINs, sealed keys, grants, budgets.
 *
 * Thread safety: a vk_token may be used from several threads; every function takes its lock, and
 * calls back, if it does, while it holds it. Several processes may open one file. After
 * fork the child must not touch a vk_token of the parent (pkcs11/ forgets them by process id); it
 * may open the same file for itself (VK_ERR_BUSY if another thread used a token at the moment of
 * the fork).
 *
 * Durability: every function that changes the token returns VK_OK only when the change is on disk.
 */
#ifndef VK_TOKEN_TOKEN_H
#define VK_TOKEN_TOKEN_H

#include "base/curve.h"
#include <valetkey/lint.h>
#include <valetkey/verdict.h>

typedef struct vk_token vk_token;
typedef struct vk_enrolment vk_enrolment; /* see enrolment.h */

typedef enum vk_role { VK_ROLE_NONE = 0, VK_ROLE_USER, VK_ROLE_SO } vk_role;

#define VK_TOKEN_LABEL_LEN 32
#define VK_TOKEN_SERIAL_LEN 16
#define VK_PIN_MIN 4
#define VK_PIN_MAX 255
#define VK_PIN_TRIES 10

/* ---- The directory ---- */

/* $VALETKEY_HOME, $XDG_DATA_HOME/valetkey or ~/.local/share/valetkey. VK_ERR_NOT_FOUND if none of
 * the variables is set. Free with vk_text_free. */
VK_MUST_USE vk_status vk_home_path(char **out);
/* Paths of the ordinary token files there (SERIAL.db), oldest first; free each and the array with
 * vk_home_free. A missing directory is an empty list. VK_ERR_PERMISSIONS if others can write to it,
 * or it is not ours. */
VK_MUST_USE vk_status vk_home_tokens(const char *home, char ***paths, size_t *count, vk_error *err);
/* The same of the files with the keys of one security key each (SERIAL.fido2.db). */
VK_MUST_USE vk_status vk_home_device_stores(const char *home, char ***paths, size_t *count,
                                            vk_error *err);
void vk_home_free(char **paths, size_t count);
/* Removes what processes left behind that were killed while they made a token, if it can. */
void vk_home_sweep(const char *home);

/* As many devices can be named, as long as a socket's path may be. */
#define VK_FIDO2_DEVICES_MAX 16
#define VK_FIDO2_DEVICE_LEN 112
#define VK_FIDO2_TIMEOUT_DEFAULT 30
#define VK_FIDO2_TIMEOUT_MAX 600

/* Which security keys are looked for. */
typedef enum vk_fido2_search {
    VK_FIDO2_ON = 0,     /* those that are plugged in, and those of fido2-device */
    VK_FIDO2_CONFIGURED, /* those of fido2-device */
    VK_FIDO2_OFF
} vk_fido2_search;

/* What the file valetkey.conf there says. */
typedef struct vk_home_settings {
    bool default_sudo;     /* of tokens made from now on: "default-policy = sudo"; otherwise "none",
                              the default */
    vk_lint_level lint;    /* "lint = error", "off", or "warn", the default */
    uint64_t lint_allowed; /* "lint-allow = CODE ...": VK_LINT_BITs of what may stay */
    vk_fido2_search fido2; /* "fido2 = on", "configured" or "off"; $VALETKEY_FIDO2 comes first */
    bool fido2_reset;      /* "fido2-reset = on": C_InitToken may wipe them */
    unsigned fido2_timeout; /* "fido2-timeout = SECONDS" that one waits for a touch */
    /* "fido2-device = unix:PATH", one a line: sockets of authenticators, beside those that are
     * plugged in. */
    size_t fido2_device_count;
    char fido2_devices[VK_FIDO2_DEVICES_MAX][VK_FIDO2_DEVICE_LEN + 1];
} vk_home_settings;

/* A missing file means all defaults; so does a line that is not understood, or a file that others
 * can write to, and both are a failure. */
VK_MUST_USE vk_status vk_home_settings_read(const char *home, vk_home_settings *out, vk_error *err);

/* ---- Tokens ---- */

/* What is written into the journal (see journal.h). */
typedef enum vk_journal_mode {
    VK_JOURNAL_OFF = 0,
    VK_JOURNAL_ON = 1, /* but for keys under sudo that remember nothing and want no touch */
    VK_JOURNAL_ALL = 2 /* those too */
} vk_journal_mode;

#define VK_JOURNAL_MAX_DEFAULT 100000
#define VK_JOURNAL_MAX_LEAST 100
#define VK_JOURNAL_MAX_MOST 1000000000

typedef struct vk_token_settings {
    bool default_sudo; /* a key made without a policy gets sudo */
    vk_journal_mode journal;
    int64_t journal_max; /* records; the oldest are dropped beyond them */
} vk_token_settings;

typedef struct vk_token_info {
    char label[VK_TOKEN_LABEL_LEN + 1];   /* UTF-8, without the padding */
    char serial[VK_TOKEN_SERIAL_LEN + 1]; /* lower-case hex */
    bool user_pin_set, has_so_pin;
    unsigned so_tries_left, user_tries_left; /* VK_PIN_TRIES down to 0: locked */
    bool read_only;                          /* the file cannot be written */
    bool is_device_store;                    /* by the file's name */
    size_t enrolments;                       /* see enrolment.h */
    size_t touch_enrolments;                 /* those of them that a touch alone is enough for */
    vk_token_settings settings;
} vk_token_info;

typedef struct vk_token_new {
    const char *label;
    const uint8_t *so_pin;
    size_t so_pin_len;
    bool default_sudo;
    /* A security key that unlocks the token from the start; NULL: none does. */
    const vk_enrolment *enrolment;
    const uint8_t *enrolment_secret32;
    /* It holds the keys that are on a security key: SERIAL.fido2.db. It needs the enrolment, a
     * verified one, but no so_pin: then there is no SO (VK_ERR_PIN_NOT_SET at a login). */
    bool is_device_store;
} vk_token_new;

/* Makes the directory (0700) and the file (0600) as needed. */
VK_MUST_USE vk_status vk_token_create(const char *home, const vk_token_new *args, vk_token **out,
                                      vk_error *err);
VK_MUST_USE vk_status vk_token_open(const char *path, vk_token **out, vk_error *err);
/* Wipes what is secret. */
void vk_token_close(vk_token *token);
const char *vk_token_path(const vk_token *token);
/* While somebody is logged in, the settings are authenticated (VK_ERR_INTEGRITY). */
VK_MUST_USE vk_status vk_token_get_info(vk_token *token, vk_token_info *out);
VK_MUST_USE vk_status vk_token_get_settings(vk_token *token, vk_token_settings *out, vk_error *err);
/* Needs the SO PIN; removes every object, the user PIN and the enrolments, and turns every
 * hardening rule on; budgets, spend rules, the journal and its settings stay. Of args the label,
 * the SO PIN and default_sudo count. VK_ERR_INTEGRITY if the old settings were edited. */
VK_MUST_USE vk_status vk_token_reinit(vk_token *token, const vk_token_new *args, vk_error *err);

/* ---- Hardening ---- */

/* The hardening rules that the SO turned off. Authenticated while somebody is logged in
 * (VK_ERR_INTEGRITY). */
VK_MUST_USE vk_status vk_token_relaxed(vk_token *token, vk_hardening_set *out, vk_error *err);
/* Turns some off and others on, the rest stay as they are. SO login. VK_ERR_PROHIBITED for one that
 * is not of vk_hardening_switchable. */
VK_MUST_USE vk_status vk_token_relax(vk_token *token, vk_hardening_set relax,
                                     vk_hardening_set harden, vk_error *err);

/*
 * ---- PINs ----
 *
 * A new PIN of the wrong length is VK_ERR_PIN_LENGTH. A PIN that is no PIN, whatever its length, is
 * counted on disk before the answer; where that fails, as long as the token is open
 * (VK_ERR_STORE_FULL and the like; a read-only token says VK_ERR_PIN_INCORRECT).
 */

/* One role at a time: VK_ERR_EXISTS. */
VK_MUST_USE vk_status vk_token_login(vk_token *token, vk_role role, const uint8_t *pin, size_t len);
/* Checks the PIN of whoever is logged in again (context login). */
VK_MUST_USE vk_status vk_token_check_pin(vk_token *token, const uint8_t *pin, size_t len);
void vk_token_logout(vk_token *token);
vk_role vk_token_role(vk_token *token);
/* Needs the SO's login. */
VK_MUST_USE vk_status vk_token_init_user_pin(vk_token *token, const uint8_t *pin, size_t len);
/* role says whose PIN; the old one is checked and counted like a login. */
VK_MUST_USE vk_status vk_token_set_pin(vk_token *token, vk_role role, const uint8_t *old_pin,
                                       size_t old_len, const uint8_t *new_pin, size_t new_len);

/* ---- Keys ---- */

/* Where the private key is. Of one that is elsewhere the token has the record alone, and judges. */
typedef enum vk_key_home {
    VK_HOME_TOKEN = 0, /* sealed here */
    VK_HOME_FIDO2 = 1, /* on a security key, under the record's credential id */
    VK_HOME_REMOTE = 2 /* with a browser, or another authenticator that nobody here can ask */
} vk_key_home;

/*
 * One session key: both halves of the pair. Attributes that only PKCS#11 gives a meaning are kept
 * as encoded lists (see token/attrs.h), one a half; the store looks into them for label and id
 * only.
 */
typedef struct vk_key_record {
    int64_t id;      /* never reused within a token */
    int64_t version; /* changes with the record, but not with its grants and its state */
    vk_curve curve;
    uint8_t point65[65];
    bool has_private, has_public;
    vk_buf private_attrs, public_attrs;
    char *policy; /* JSON; NULL: none */
    /* P-256 */
    char *rp_id, *origin;
    vk_buf credential_id; /* empty when only its hash is known */
    vk_hash authenticator_id_hash;
    bool use_sign_count;
    vk_key_home home;
    bool has_blob; /* elsewhere: the credential's credBlob is SHA-256 of the policy */
    /* Not authenticated, for people. */
    char *last_denial; /* NULL: none */
} vk_key_record;

void vk_key_record_clear(vk_key_record *record);

/* What names an object; also the columns of the search index. */
typedef struct vk_key_names {
    vk_bytes private_label, private_ckid, public_label, public_ckid;
} vk_key_names;

/*
 * Adds a pair; record->id, version and last_denial are set or ignored. secret32 NULL: only the
 * public half, of which point65, curve, public_attrs and public names are kept. VK_ERR_EXISTS if
 * the token has the private half of this point already; a public half without private is completed,
 * and keeps its id. So is a private half without public (user login). Read a completed record
 * again. Needs a login (a public half alone does not).
 *
 * Of a pair whose home is not VK_HOME_TOKEN secret32 is ignored, and may be NULL: 32 random bytes
 * that nobody uses are sealed in its place, so that the seal vouches for the record and its grants
 * as for any other. VK_ERR_ARGUMENT unless it is of P-256 and, with VK_HOME_FIDO2, has a credential
 * id; or for has_blob with VK_HOME_TOKEN.
 */
VK_MUST_USE vk_status vk_token_key_add(vk_token *token, vk_key_record *record,
                                       const vk_key_names *names, const uint8_t *secret32,
                                       vk_error *err);
/* The pair with this index, of which record->curve, point65, has_private and has_public, names and
 * secret32 are wanted; what they point to is good until the next call. It runs while the token is
 * locked for writing and must not call vk_token_ functions. */
typedef vk_status (*vk_key_next_fn)(void *context, size_t index, vk_key_record **record,
                                    vk_key_names *names, uint8_t secret32[32], vk_error *err);
/* Adds that many pairs in one transaction: all of them, or none. Needs a login. */
VK_MUST_USE vk_status vk_token_keys_add(vk_token *token, size_t count, vk_key_next_fn next,
                                        void *context, vk_error *err);
/* A copy; clear it. VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_token_key_get(vk_token *token, int64_t id, vk_key_record *out);
/* Rewrites attributes, has_public and names, reseals (user login) if there is a private half. The
 * other members stay what they are in the store. VK_ERR_MISMATCH if record->version is not the
 * stored one: read it again. */
VK_MUST_USE vk_status vk_token_key_update(vk_token *token, const vk_key_record *record,
                                          const vk_key_names *names, vk_error *err);
/* Gives a key a policy: SO login, no grant yet, not on a security key (VK_ERR_PROHIBITED).
 * Reseals. */
VK_MUST_USE vk_status vk_token_key_set_policy(vk_token *token, int64_t id, const char *policy,
                                              vk_error *err);
/* Sets one of the private attributes, which its user may not be able to; empty: it has none any
 * more. SO login. Reseals. The words are the reason of the record that the key's chain gets about
 * it. */
VK_MUST_USE vk_status vk_token_key_set_attr(vk_token *token, int64_t id, uint64_t type,
                                            vk_bytes value, const char *words, vk_error *err);
/* Removes one half or both; the grants, the policy and what else only the private half needs go
 * with it; budgets stay. User login if there is a private half. VK_ERR_NOT_FOUND if none of them
 * exists. */
VK_MUST_USE vk_status vk_token_key_remove(vk_token *token, int64_t id, bool private_half,
                                          bool public_half);
VK_MUST_USE vk_status vk_token_key_set_denial(vk_token *token, int64_t id, const char *reason);

/* Ids, ascending, of keys whose name matches: NULL members match everything; halves are matched
 * separately (either half suffices). Free with free(). */
typedef struct vk_key_filter {
    const vk_bytes *label;
    const vk_bytes *ckid;
    const uint8_t *point65;
    /* Of the key, or of a grant's account; alone, without the others. */
    const vk_address *address, *account;
} vk_key_filter;
VK_MUST_USE vk_status vk_token_key_find(vk_token *token, const vk_key_filter *filter, int64_t **ids,
                                        size_t *count);

/* What a key has, as far as its row says so: nothing of it is authenticated. */
typedef struct vk_key_outline {
    int64_t id;
    bool has_private, has_public, has_policy, has_grants;
    bool is_remote; /* VK_HOME_REMOTE */
    vk_bytes private_attrs, public_attrs;
} vk_key_outline;
/* key is good until it returns. Must not call vk_token_ functions. */
typedef void (*vk_key_outline_fn)(void *context, const vk_key_outline *key);
/* Up to max keys in the order of their ids, from behind *after on, which starts as 0 and is moved
 * on; it stays where it is when there are no more. */
VK_MUST_USE vk_status vk_token_key_outlines(vk_token *token, int64_t *after, size_t max,
                                            vk_key_outline_fn each, void *context);

/*
 * The secret, after checking that the record is exactly what was sealed, and that the key has the
 * grants that it had then (VK_ERR_INTEGRITY if not; VK_ERR_MISMATCH if it has another version by
 * now: read it again). Their ids, an int64_t each in ascending order, are appended to grant_ids:
 * what vk_token_grants gives must be the same. Needs the user's login. Wipe the secret; that of a
 * key whose home is elsewhere is zero, which is no key.
 */
VK_MUST_USE vk_status vk_token_key_unseal(vk_token *token, const vk_key_record *record,
                                          uint8_t secret32[32], vk_buf *grant_ids, vk_error *err);

/* Is the record what the key's seal says? VK_ERR_INTEGRITY if not. Needs the user's login. */
VK_MUST_USE vk_status vk_token_key_vouch(vk_token *token, const vk_key_record *record,
                                         vk_error *err);

/* A number that a change of keys or grants changes, in other processes too; decisions leave it.
 * Cheap: looked up at most once a millisecond, and up to VK_GENERATION_AGE_MS old while the token
 * is busy. */
#define VK_GENERATION_AGE_MS 100
VK_MUST_USE vk_status vk_token_generation(vk_token *token, uint64_t *out);

/* VK_ERR_STORE if the token's file was removed or replaced since it was opened. Cheap, as above;
 * and does not wait for a thread that writes. */
VK_MUST_USE vk_status vk_token_check_present(vk_token *token, vk_error *err);

/* ---- Grants ---- */

typedef struct vk_grant_record {
    int64_t id;
    int64_t key_id;
    char *json; /* see valetkey/grant.h */
    uint64_t chain_id;
    vk_address entry_point, account;
    uint8_t permission_id[4];
} vk_grant_record;

void vk_grant_record_clear(vk_grant_record *record);
/* Adds the grant and, if it is the first for its (public key, chain, EntryPoint, account,
 * permissionId), its budget. User login. VK_ERR_EXISTS if the key has a grant for that chain and
 * account with that permissionId. */
VK_MUST_USE vk_status vk_token_grant_add(vk_token *token, vk_grant_record *record, vk_error *err);
/* All grants of a key in order; free with vk_grant_records_free. Authenticated (VK_ERR_INTEGRITY)
 * when somebody is logged in. */
VK_MUST_USE vk_status vk_token_grants(vk_token *token, int64_t key_id, vk_grant_record **out,
                                      size_t *count, vk_error *err);
void vk_grant_records_free(vk_grant_record *records, size_t count);

/* ---- Budgets ---- */

/* Whose budget it is: SHA-256(point || chain || EntryPoint || account || permissionId). */
VK_MUST_USE vk_status vk_budget_subject(const uint8_t point65[65], const vk_grant_record *grant,
                                        vk_hash *out);

/* The state of a grant's budget. */
typedef struct vk_budget {
    bool enabled;         /* an operation in enable mode was signed */
    vk_u256 enable_nonce; /* its nonce */
    uint32_t sign_count;  /* WebAuthn, of the key's last assertion under this grant */
    size_t count;         /* one a rule of the policy, at most VK_POLICIES_MAX */
    vk_rule_state *rules; /* owned */
} vk_budget;

void vk_budget_clear(vk_budget *budget);
/* For display: reads, and checks if somebody is logged in. rule_count sizes a fresh one. */
VK_MUST_USE vk_status vk_token_budget_get(vk_token *token, const vk_grant_record *grant,
                                          size_t rule_count, vk_budget *out, vk_error *err);

/* ---- Decisions ---- */

/* What the journal keeps of a decision; members that do not apply are empty. */
typedef struct vk_journal_entry {
    const char *form; /* which mechanism */
    vk_hash policy;   /* SHA-256 of the policy's text */
    const vk_grant_record *grant;
    bool has_operation;
    vk_hash operation; /* userOpHash, or the digest that was to be signed */
    /* All that was to be signed; not kept, but tells a denial that is repeated. */
    vk_bytes payload;
    const char *hardening; /* the hardening rule that decided; decide may set it */
    const char *touched;   /* which security key was touched before it was signed; NULL: none */
} vk_journal_entry;

/*
 * Decides upon what was spent, and changes it to what is spent afterwards if it returns VK_OK; its
 * changes are dropped otherwise. budget->count and the place of budget->rules stay. It runs on any
 * of the threads that decide at that moment, while the others wait: it must not sign, nor call
 * vk_token_ functions. A denial is VK_DENIED with its rule as err->path and its reason.
 */
typedef vk_status (*vk_decide_fn)(void *context, vk_budget *budget, vk_nonce_charge *charge,
                                  vk_error *err);

/* What an operation spends of a spend rule (see token/spend.h), at most. */
typedef struct vk_spend {
    int64_t rule_id;
    vk_u256 amount;
} vk_spend;

#define VK_SPENDS_MAX 16

typedef struct vk_decision {
    int64_t key_id;
    int64_t key_version; /* as the caller knows it */
    uint8_t point65[65];
    /* Whose budget; NULL: none is needed, and decide, which is given none, only repeats what was
     * decided. Id 0 stands for the key's own, which digests are counted in: its chain, EntryPoint
     * and account are zero. */
    const vk_grant_record *grant;
    size_t rule_count;
    vk_hash operation; /* userOpHash, or the digest; of what is counted for the nonce */
    vk_u256 nonce;
    vk_hash spend_rules; /* the spend rules that the caller knows: their digest */
    size_t spend_count;  /* one for each of them that names the grant */
    const vk_spend *spends;
    bool is_trial; /* what it changes is dropped in any case */
    vk_decide_fn decide;
    void *context;
    vk_journal_entry *entry; /* NULL: nothing is written into the journal */
} vk_decision;

/* A denial that is repeated within this time, word for word, is written once. */
#define VK_DENIAL_REPEATS_MS 5000

/*
 * Runs the decision with the token locked for every other writer, in other processes too. What it
 * changed, and its record in the journal, are durable when VK_OK is returned; otherwise it has
 * changed nothing, but a denial, and what was found to be edited, is in the journal and the key's
 * last denial, if it could be written. Decisions of several threads share one wait for the disk.
 *
 * User login. VK_ERR_MISMATCH if the key has another version by now, or there are other spend
 * rules: read them again; VK_ERR_NOT_FOUND if the key or the grant is gone; VK_ERR_INTEGRITY also
 * if the token's file was put back from a copy and a budget is needed.
 */
VK_MUST_USE vk_status vk_token_decide(vk_token *token, const vk_decision *decision, vk_error *err);

/*
 * The key, which is elsewhere, answered with an assertion that has this sign count. VK_DENIED with
 * the rule "signCount" unless it is higher than that of every assertion under any of the key's
 * grants, or all of them are 0; else it is the grant's from now on. One durable transaction; a
 * denial writes nothing, not in the journal either.
 *
 * User login. VK_ERR_MISMATCH if the point is another key's; VK_ERR_NOT_FOUND, VK_ERR_INTEGRITY as
 * for a decision.
 */
VK_MUST_USE vk_status vk_token_count_assertion(vk_token *token, const vk_grant_record *grant,
                                               const uint8_t point65[65], uint32_t sign_count,
                                               vk_error *err);

#endif
