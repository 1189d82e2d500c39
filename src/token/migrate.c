/*
 * The schema: the tables of its first version, and what each later version adds. A new token gets
 * all of them in turn, so an old token that was brought up to date cannot differ from it.
 */
#include "token/migrate.h"

#include <stdio.h>
#include <valetkey/eth.h>

#include "token/db_status.h"

/*
 * Version 1. Numbers beyond 63 bits are stored as the signed integer of the same bits. A column of
 * the search index is NULL where the key has no such half.
 */
static const char base[] =
    "PRAGMA application_id = 5655296;"

    "CREATE TABLE token("
    " id INTEGER PRIMARY KEY CHECK(id = 1), serial TEXT NOT NULL, label TEXT NOT NULL,"
    " default_sudo INTEGER NOT NULL, default_mac BLOB NOT NULL,"
    " budget_count INTEGER NOT NULL, budget_mac BLOB NOT NULL);"

    "CREATE TABLE pin("
    " role INTEGER PRIMARY KEY, tries_left INTEGER NOT NULL,"
    " scrypt_n INTEGER NOT NULL, scrypt_r INTEGER NOT NULL, scrypt_p INTEGER NOT NULL,"
    " salt BLOB NOT NULL, wrapped BLOB NOT NULL);"

    "CREATE TABLE key("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, curve INTEGER NOT NULL,"
    " point BLOB NOT NULL UNIQUE, has_private INTEGER NOT NULL, has_public INTEGER NOT NULL,"
    " private_attrs BLOB NOT NULL, public_attrs BLOB NOT NULL,"
    " policy TEXT, rp_id TEXT, origin TEXT, credential_id BLOB NOT NULL,"
    " authenticator_id_hash BLOB NOT NULL, use_sign_count INTEGER NOT NULL,"
    " sealed BLOB, last_denial TEXT,"
    " private_label BLOB, private_ckid BLOB, public_label BLOB, public_ckid BLOB);"
    "CREATE INDEX key_private_label ON key(private_label, private_ckid);"
    "CREATE INDEX key_public_label ON key(public_label, public_ckid);"
    "CREATE INDEX key_private_ckid ON key(private_ckid);"
    "CREATE INDEX key_public_ckid ON key(public_ckid);"

    "CREATE TABLE approval("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, key_id INTEGER NOT NULL, json TEXT NOT NULL,"
    " chain_id INTEGER NOT NULL, entry_point BLOB NOT NULL, account BLOB NOT NULL,"
    " permission_id BLOB NOT NULL, mac BLOB NOT NULL);"
    "CREATE INDEX approval_key ON approval(key_id);"

    "CREATE TABLE budget("
    " id INTEGER PRIMARY KEY, subject BLOB NOT NULL UNIQUE, enabled INTEGER NOT NULL,"
    " enable_nonce BLOB NOT NULL, sign_count INTEGER NOT NULL, rules BLOB NOT NULL,"
    " mac BLOB NOT NULL);"

    "CREATE TABLE nonce("
    " budget_id INTEGER NOT NULL, nonce BLOB NOT NULL, gas BLOB NOT NULL,"
    " counted_at INTEGER NOT NULL, mac BLOB NOT NULL,"
    " PRIMARY KEY(budget_id, nonce)) WITHOUT ROWID;";

/* Version 2: settings of the journal, the token's state as a whole, and tables that no program
 * filled before version 5 replaced them. */
static const char state[] =
    "ALTER TABLE token ADD COLUMN journal INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE token ADD COLUMN journal_max INTEGER NOT NULL DEFAULT 100000;"

    "CREATE TABLE state("
    " id INTEGER PRIMARY KEY CHECK(id = 1), changes INTEGER NOT NULL, counter INTEGER NOT NULL,"
    " number INTEGER NOT NULL, head BLOB NOT NULL, anchored INTEGER NOT NULL, mac BLOB NOT NULL);"
    "INSERT INTO state VALUES(1, 0, 0, 0, zeroblob(32), 0, x'');"

    "CREATE TABLE chain("
    " id INTEGER PRIMARY KEY, point BLOB NOT NULL UNIQUE, sequence INTEGER NOT NULL,"
    " head BLOB NOT NULL, mac BLOB NOT NULL);"

    "CREATE TABLE journal("
    " number INTEGER PRIMARY KEY, chain_id INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " time INTEGER NOT NULL, event INTEGER NOT NULL, form INTEGER NOT NULL, policy BLOB NOT NULL,"
    " chain INTEGER NOT NULL, account BLOB NOT NULL, permission_id BLOB NOT NULL,"
    " operation BLOB NOT NULL, rule TEXT NOT NULL, reason TEXT NOT NULL, hardening TEXT NOT NULL,"
    " before BLOB NOT NULL, after BLOB NOT NULL, hash BLOB NOT NULL, mac BLOB NOT NULL);";

/* Version 3: operations that wait to be signed as digests. */
static const char pending[] =
    "CREATE TABLE pending("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, key_id INTEGER NOT NULL, grant_id INTEGER NOT NULL,"
    " made_wall INTEGER NOT NULL, made_steady INTEGER NOT NULL, digest BLOB NOT NULL,"
    " userop_hash BLOB NOT NULL, sign_count INTEGER NOT NULL, payload BLOB NOT NULL,"
    " object_id BLOB NOT NULL, assertion TEXT, mac BLOB NOT NULL);"
    "CREATE INDEX pending_digest ON pending(key_id, digest);";

/* Version 4: the hardening rules that are off. No MAC, and no names: none was ever turned off. */
static const char relaxed[] = "ALTER TABLE token ADD COLUMN relaxed TEXT NOT NULL DEFAULT '';"
                              "ALTER TABLE token ADD COLUMN relaxed_mac BLOB NOT NULL DEFAULT x'';";

/* Version 5: the journal. */
static const char journal[] =
    "DROP TABLE chain; DROP TABLE journal;"

    "CREATE TABLE journal_key("
    " id INTEGER PRIMARY KEY, point BLOB NOT NULL UNIQUE, sequence INTEGER NOT NULL,"
    " head BLOB NOT NULL, mac BLOB NOT NULL);"

    "CREATE TABLE journal("
    " number INTEGER PRIMARY KEY, journal_key INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " time INTEGER NOT NULL, event INTEGER NOT NULL, form TEXT NOT NULL, policy BLOB NOT NULL,"
    " chain_id INTEGER NOT NULL, account BLOB NOT NULL, permission_id BLOB NOT NULL,"
    " operation BLOB NOT NULL, rule TEXT NOT NULL, reason TEXT NOT NULL, hardening TEXT NOT NULL,"
    " before BLOB NOT NULL, after BLOB NOT NULL, previous BLOB NOT NULL, last BLOB NOT NULL,"
    " hash BLOB NOT NULL, mac BLOB NOT NULL);";

/* Version 6: which operations a nonce was signed for, since when, and what they spend. */
static const char reservations[] =
    "ALTER TABLE nonce ADD COLUMN signed_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE nonce ADD COLUMN included_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE nonce ADD COLUMN signed_count INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE nonce ADD COLUMN operations BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE nonce ADD COLUMN spends BLOB NOT NULL DEFAULT x'';"
    "CREATE TABLE node("
    " chain_id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);";

/* Version 7: spend rules. The token's state vouches for all of them together. */
static const char spend_rules[] =
    "ALTER TABLE state ADD COLUMN spend_rules BLOB NOT NULL DEFAULT x'';"
    "CREATE TABLE spend_rule("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, native INTEGER NOT NULL,"
    " chain_id INTEGER NOT NULL, token BLOB NOT NULL, allowed BLOB NOT NULL,"
    " period INTEGER NOT NULL, grants BLOB NOT NULL);"
    "CREATE TABLE spend_state("
    " rule_id INTEGER PRIMARY KEY, open BLOB NOT NULL, included BLOB NOT NULL,"
    " mac BLOB NOT NULL);";

/* Version 8: keys are found by their Ethereum address, NULL on another curve, and by the accounts
 * of their grants. */
static const char addresses[] =
    "ALTER TABLE key ADD COLUMN address BLOB;"
    "UPDATE key SET address = ethereum_address(point) WHERE curve = 1;"
    "CREATE INDEX key_address ON key(address) WHERE address IS NOT NULL;"
    "CREATE INDEX approval_account ON approval(account);";

/* Version 9: certificates and data of PKCS#11's clients. A private one has no names that could be
 * searched. */
static const char objects[] =
    "CREATE TABLE object("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, class INTEGER NOT NULL,"
    " is_private INTEGER NOT NULL, attrs BLOB NOT NULL, label BLOB, ckid BLOB);"
    "CREATE INDEX object_label ON object(label);"
    "CREATE INDEX object_ckid ON object(ckid);"
    "CREATE INDEX object_private ON object(is_private);";

/* Version 10: keys that are elsewhere, and security keys that unlock the token. */
static const char security_keys[] =
    "ALTER TABLE key ADD COLUMN home INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE key ADD COLUMN has_blob INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE enrolment("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, rp_id TEXT NOT NULL,"
    " credential_id BLOB NOT NULL UNIQUE, salt BLOB NOT NULL, point BLOB NOT NULL,"
    " wrapped BLOB NOT NULL);";

/* Version 11: who registered with the passkey server that the token serves. */
static const char passkey_users[] =
    "CREATE TABLE passkey_user("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, name TEXT NOT NULL,"
    " rp_id TEXT NOT NULL, credential_id BLOB NOT NULL UNIQUE, point BLOB NOT NULL,"
    " sign_count INTEGER NOT NULL, transports TEXT NOT NULL, created_at INTEGER NOT NULL,"
    " mac BLOB NOT NULL);";

/* Version 12: security keys that unlock the token by a touch alone. Those of before verify. */
static const char touches[] =
    "ALTER TABLE enrolment ADD COLUMN verified INTEGER NOT NULL DEFAULT 1;";

/* Version 13: receipts of operations, which are records of the journal. Signatures are not in the
 * index, so they cost what they did. */
static const char receipts[] =
    "CREATE INDEX journal_receipt ON journal(operation) WHERE event = 10;";

/* One text a version, the first leads to version 2. Published texts never change: append. */
static const char *const steps[] = {state,         pending,       relaxed,   journal,
                                    reservations,  spend_rules,   addresses, objects,
                                    security_keys, passkey_users, touches,   receipts};

#define STEPS ((int64_t)(sizeof steps / sizeof steps[0]))

int64_t vk_schema_version(void) {
    return STEPS + 1;
}

vk_status vk_schema_read_version(vk_db *db, int64_t *out, vk_error *err) {
    return vk_db_pragma_int(db, "PRAGMA user_version", out, err);
}

static vk_status write_version(vk_db *db, vk_error *err) {
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %lld", (long long)vk_schema_version());
    return vk_db_run_text(db, sql, err);
}

/* What SQLite cannot compute. NULL of what is no point. */
static void ethereum_address(sqlite3_context *context, int count, sqlite3_value **values) {
    const uint8_t *point65 = sqlite3_value_blob(values[0]);
    if (count == 1 && sqlite3_value_bytes(values[0]) == 65 && point65 != NULL) {
        vk_address address = vk_address_of_point(point65);
        sqlite3_result_blob(context, address.b, sizeof address.b, SQLITE_TRANSIENT);
    }
}

static vk_status add_functions(vk_db *db, vk_error *err) {
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int rc = sqlite3_create_function(db->handle, "ethereum_address", 1, flags, NULL,
                                     ethereum_address, NULL, NULL);
    return rc == SQLITE_OK ? VK_OK : vk_db_fail(db, rc, err);
}

static vk_status run_steps(vk_db *db, int64_t version, vk_error *err) {
    vk_status status = add_functions(db, err);
    for (int64_t i = version - 1; i < STEPS && status == VK_OK; i++) {
        status = vk_db_run_text(db, steps[i], err);
    }
    return status == VK_OK ? write_version(db, err) : status;
}

vk_status vk_schema_make_tables(vk_db *db, vk_error *err) {
    vk_status status = vk_db_run_text(db, base, err);
    return status == VK_OK ? run_steps(db, 1, err) : status;
}

vk_status vk_schema_make(vk_db *db, vk_error *err) {
    vk_status status = vk_db_begin(db, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_db_end(db, vk_schema_make_tables(db, err), err);
}

/* The version is read again: another process may have been faster. */
vk_status vk_schema_migrate(vk_db *db, vk_error *err) {
    int64_t version;
    vk_status status = vk_db_begin(db, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_schema_read_version(db, &version, err);
    if (status == VK_OK && version < vk_schema_version()) {
        status = run_steps(db, version, err);
    }
    return vk_db_end(db, status, err);
}
