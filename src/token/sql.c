#include "token/db.h"

#define KEY_COLUMNS                                                                                \
    "version, curve, point, has_private, has_public, private_attrs, public_attrs, policy, rp_id,"  \
    " origin, credential_id, authenticator_id_hash, use_sign_count, sealed, last_denial,"          \
    " private_label, private_ckid, public_label, public_ckid, address, home, has_blob"

#define ENROLMENT_COLUMNS "id, name, rp_id, credential_id, salt, point, verified, wrapped"

#define PASSKEY_COLUMNS                                                                            \
    "id, user_id, name, rp_id, credential_id, point, sign_count, transports, created_at, mac"

#define NONCE_COLUMNS                                                                              \
    "gas, counted_at, mac, signed_at, included_at, signed_count, operations, spends"

#define PENDING_COLUMNS                                                                            \
    "key_id, grant_id, made_wall, made_steady, digest, userop_hash, sign_count, payload,"          \
    " object_id, assertion, mac"

/* As vk_journal_parse reads them. */
#define JOURNAL_RECORDS                                                                            \
    "SELECT j.number, k.point, j.sequence, j.time, j.event, j.form, j.policy, j.chain_id,"         \
    " j.account, j.permission_id, j.operation, j.rule, j.reason, j.hardening, j.before,"           \
    " j.after, j.previous, j.last, j.hash, j.mac, k.id IS NULL"                                    \
    " FROM journal j LEFT JOIN journal_key k ON k.id = j.journal_key"

const char *const vk_sql_texts[VK_SQL_STATEMENTS] = {
    [VK_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [VK_SQL_COMMIT] = "COMMIT",
    [VK_SQL_ROLLBACK] = "ROLLBACK",
    [VK_SQL_PART_BEGIN] = "SAVEPOINT part",
    [VK_SQL_PART_KEEP] = "RELEASE part",
    [VK_SQL_PART_DROP] = "ROLLBACK TO part",
    [VK_SQL_DATA_VERSION] = "PRAGMA data_version",
    [VK_SQL_SENTINEL] = "SELECT id FROM token WHERE id = 0",
    [VK_SQL_BEGIN_READ] = "BEGIN",
    [VK_SQL_STATE_READ] = "SELECT counter, number, head, anchored, mac, spend_rules"
                          " FROM state WHERE id = 1",
    [VK_SQL_STATE_WRITE] = "INSERT INTO state VALUES(1, 0, ?1, ?2, ?3, ?4, ?5, ?6)"
                           " ON CONFLICT(id) DO UPDATE SET counter = ?1, number = ?2, head = ?3,"
                           " anchored = ?4, mac = ?5, spend_rules = ?6",
    [VK_SQL_STATE_CHANGES] = "SELECT changes, default_mac, relaxed_mac, spend_rules"
                             " FROM state, token WHERE state.id = 1 AND token.id = 1",
    [VK_SQL_STATE_CHANGED] = "UPDATE state SET changes = changes + 1 WHERE id = 1",

    [VK_SQL_TOKEN_INSERT] = "INSERT INTO token(id, serial, label, default_sudo, default_mac,"
                            " budget_count, budget_mac) VALUES(1, ?, ?, ?, ?, ?, ?)",
    [VK_SQL_TOKEN_READ] = "SELECT serial, label, default_sudo, default_mac, budget_count,"
                          " budget_mac FROM token WHERE id = 1",
    [VK_SQL_TOKEN_LABEL] = "UPDATE token SET label = ?",
    [VK_SQL_SETTINGS_READ] =
        "SELECT default_sudo, default_mac, journal, journal_max,"
        " (SELECT length(mac) FROM state WHERE id = 1) FROM token WHERE id = 1",
    [VK_SQL_SETTINGS_WRITE] = "UPDATE token SET default_sudo = ?, journal = ?, journal_max = ?,"
                              " default_mac = ?",
    [VK_SQL_TOKEN_BUDGETS] = "UPDATE token SET budget_count = ?, budget_mac = ?",
    [VK_SQL_TOKEN_RELAXED] = "SELECT relaxed, relaxed_mac FROM token WHERE id = 1",
    [VK_SQL_TOKEN_RELAX] = "UPDATE token SET relaxed = ?, relaxed_mac = ?",

    [VK_SQL_PIN_READ] = "SELECT tries_left, scrypt_n, scrypt_r, scrypt_p, salt, wrapped"
                        " FROM pin WHERE role = ?",
    [VK_SQL_PIN_WRITE] = "INSERT OR REPLACE INTO pin VALUES(?, ?, ?, ?, ?, ?, ?)",
    [VK_SQL_PIN_TRIES] = "UPDATE pin SET tries_left = ? WHERE role = ?",
    [VK_SQL_PIN_REMOVE] = "DELETE FROM pin WHERE role = ?",

    [VK_SQL_ENROLMENT_READ] = "SELECT " ENROLMENT_COLUMNS " FROM enrolment WHERE id = ?",
    [VK_SQL_ENROLMENT_LIST] = "SELECT " ENROLMENT_COLUMNS " FROM enrolment ORDER BY id",
    [VK_SQL_ENROLMENT_COUNT] =
        "SELECT count(*), count(*) FILTER (WHERE verified = 0) FROM enrolment",
    [VK_SQL_ENROLMENT_SAME] = "SELECT id FROM enrolment WHERE credential_id = ?",
    [VK_SQL_ENROLMENT_INSERT] = "INSERT INTO enrolment(name, rp_id, credential_id, salt, point,"
                                " verified, wrapped) VALUES(?, ?, ?, ?, ?, ?, x'')",
    [VK_SQL_ENROLMENT_WRAP] = "UPDATE enrolment SET wrapped = ? WHERE id = ?",
    [VK_SQL_ENROLMENT_REMOVE] = "DELETE FROM enrolment WHERE id = ?",
    [VK_SQL_ENROLMENT_REMOVE_ALL] = "DELETE FROM enrolment",

    [VK_SQL_KEY_READ] = "SELECT id, " KEY_COLUMNS " FROM key WHERE id = ?",
    [VK_SQL_KEY_OF_POINT] = "SELECT id FROM key WHERE point = ?",
    [VK_SQL_KEY_INSERT] = "INSERT INTO key(" KEY_COLUMNS ")"
                          " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                          " ?)",
    [VK_SQL_KEY_UPDATE] = "UPDATE key SET (" KEY_COLUMNS ")"
                          " = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                          " WHERE id = ?",
    [VK_SQL_KEY_REMOVE] = "DELETE FROM key WHERE id = ?",
    [VK_SQL_KEY_REMOVE_ALL] = "DELETE FROM key",
    [VK_SQL_KEY_SEALED] = "SELECT version, sealed FROM key WHERE id = ?",
    [VK_SQL_KEY_RESEAL] = "UPDATE key SET sealed = ? WHERE id = ?",
    [VK_SQL_KEY_DENIAL] = "UPDATE key SET last_denial = ?1 WHERE id = ?2"
                          " AND last_denial IS NOT ?1",
    [VK_SQL_KEY_STATE] = "SELECT version, has_private, point, has_public FROM key WHERE id = ?",
    [VK_SQL_KEY_FIND_ALL] = "SELECT id FROM key ORDER BY id",
    [VK_SQL_KEY_FIND_LABEL] = "SELECT id FROM key WHERE private_label = ?1"
                              " UNION SELECT id FROM key WHERE public_label = ?1 ORDER BY 1",
    [VK_SQL_KEY_FIND_CKID] = "SELECT id FROM key WHERE private_ckid = ?1"
                             " UNION SELECT id FROM key WHERE public_ckid = ?1 ORDER BY 1",
    [VK_SQL_KEY_FIND_BOTH] = "SELECT id FROM key WHERE private_label = ?1 AND private_ckid = ?2"
                             " UNION SELECT id FROM key"
                             " WHERE public_label = ?1 AND public_ckid = ?2 ORDER BY 1",
    [VK_SQL_KEY_FIND_POINT] =
        "SELECT id FROM key WHERE point = ?3 AND"
        " ((?1 IS NULL OR private_label = ?1) AND (?2 IS NULL OR private_ckid = ?2)"
        " OR (?1 IS NULL OR public_label = ?1) AND (?2 IS NULL OR public_ckid = ?2))",

    [VK_SQL_KEY_FIND_ADDRESS] = "SELECT id FROM key WHERE address = ? ORDER BY id",
    [VK_SQL_KEY_FIND_ACCOUNT] = "SELECT DISTINCT key_id FROM approval WHERE account = ?"
                                " ORDER BY key_id",
    [VK_SQL_KEY_OUTLINES] = "SELECT id, has_private, has_public, policy IS NOT NULL,"
                            " EXISTS(SELECT 1 FROM approval WHERE key_id = key.id), public_attrs,"
                            " home, private_attrs FROM key WHERE id > ? ORDER BY id LIMIT ?",

    [VK_SQL_GRANT_INSERT] = "INSERT INTO approval(key_id, json, chain_id, entry_point, account,"
                            " permission_id, mac) VALUES(?, ?, ?, ?, ?, ?, x'')",
    [VK_SQL_GRANT_MAC] = "SELECT mac FROM approval WHERE id = ?",
    [VK_SQL_GRANT_SET_MAC] = "UPDATE approval SET mac = ? WHERE id = ?",
    [VK_SQL_GRANT_SAME] = "SELECT id FROM approval WHERE key_id = ? AND chain_id = ?"
                          " AND account = ? AND permission_id = ?",
    [VK_SQL_GRANT_OF_KEY] =
        "SELECT a.id, a.key_id, a.json, a.chain_id, a.entry_point, a.account, a.permission_id,"
        " a.mac, k.point FROM approval a JOIN key k ON k.id = a.key_id"
        " WHERE a.key_id = ? ORDER BY a.id",
    [VK_SQL_GRANT_COUNT] = "SELECT count(*) FROM approval WHERE key_id = ?",
    [VK_SQL_GRANT_IDS] = "SELECT id FROM approval WHERE key_id = ? ORDER BY id",
    [VK_SQL_GRANT_REMOVE] = "DELETE FROM approval WHERE key_id = ?",
    [VK_SQL_GRANT_REMOVE_ALL] = "DELETE FROM approval",

    [VK_SQL_BUDGET_COUNT] = "SELECT count(*) FROM budget",
    [VK_SQL_BUDGET_READ] = "SELECT id, enabled, enable_nonce, sign_count, rules, mac"
                           " FROM budget WHERE subject = ?",
    [VK_SQL_BUDGET_LIST] = "SELECT id, enabled, enable_nonce, sign_count, rules, mac, subject"
                           " FROM budget ORDER BY subject",
    [VK_SQL_BUDGET_WRITE] =
        "INSERT INTO budget(subject, enabled, enable_nonce, sign_count, rules, mac)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(subject) DO UPDATE"
        " SET enabled = ?2, enable_nonce = ?3, sign_count = ?4, rules = ?5, mac = ?6",
    [VK_SQL_NONCE_READ] = "SELECT " NONCE_COLUMNS " FROM nonce WHERE budget_id = ? AND nonce = ?",
    [VK_SQL_NONCE_LIST] = "SELECT " NONCE_COLUMNS ", nonce FROM nonce WHERE budget_id = ?"
                          " ORDER BY nonce",
    [VK_SQL_NONCE_WRITE] = "INSERT OR REPLACE INTO nonce(budget_id, nonce, " NONCE_COLUMNS ")"
                           " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [VK_SQL_NONCE_REMOVE] = "DELETE FROM nonce WHERE budget_id = ? AND nonce = ?",

    [VK_SQL_SPEND_LIST] = "SELECT r.id, name, native, chain_id, token, allowed, period, grants,"
                          " open, included, mac FROM spend_rule r LEFT JOIN spend_state s"
                          " ON s.rule_id = r.id ORDER BY r.id",
    [VK_SQL_SPEND_WRITE] = "INSERT OR REPLACE INTO spend_rule VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [VK_SQL_SPEND_REMOVE] = "DELETE FROM spend_rule WHERE id = ?",
    [VK_SQL_SPEND_STATE_WRITE] = "INSERT OR REPLACE INTO spend_state VALUES(?, ?, ?, ?)",
    [VK_SQL_SPEND_STATE_REMOVE] = "DELETE FROM spend_state WHERE rule_id = ?",

    [VK_SQL_OBJECT_READ] = "SELECT version, class, is_private, attrs FROM object WHERE id = ?",
    [VK_SQL_OBJECT_INSERT] = "INSERT INTO object(version, class, is_private, attrs, label, ckid)"
                             " VALUES(1, ?, ?, x'', ?, ?)",
    [VK_SQL_OBJECT_WRITE] = "UPDATE object SET (version, attrs, label, ckid) = (?, ?, ?, ?)"
                            " WHERE id = ?",
    [VK_SQL_OBJECT_REMOVE] = "DELETE FROM object WHERE id = ?",
    [VK_SQL_OBJECT_REMOVE_ALL] = "DELETE FROM object",
    [VK_SQL_OBJECT_FIND_ALL] = "SELECT id FROM object WHERE is_private <= ?1"
                               " AND (?2 IS NULL OR class = ?2) ORDER BY id",
    [VK_SQL_OBJECT_FIND_LABEL] =
        "SELECT id FROM object WHERE label = ?3 AND is_private = 0 AND (?2 IS NULL OR class = ?2)"
        " UNION SELECT id FROM object WHERE is_private = 1 AND ?1 = 1"
        " AND (?2 IS NULL OR class = ?2) ORDER BY 1",
    [VK_SQL_OBJECT_FIND_CKID] =
        "SELECT id FROM object WHERE ckid = ?3 AND is_private = 0 AND (?2 IS NULL OR class = ?2)"
        " UNION SELECT id FROM object WHERE is_private = 1 AND ?1 = 1"
        " AND (?2 IS NULL OR class = ?2) ORDER BY 1",

    [VK_SQL_NODE_READ] = "SELECT sealed FROM node WHERE chain_id = ?",
    [VK_SQL_NODE_LIST] = "SELECT chain_id FROM node ORDER BY chain_id",
    [VK_SQL_NODE_WRITE] = "INSERT OR REPLACE INTO node VALUES(?, ?)",
    [VK_SQL_NODE_REMOVE] = "DELETE FROM node WHERE chain_id = ?",
    [VK_SQL_NODE_REMOVE_ALL] = "DELETE FROM node",

    [VK_SQL_PASSKEY_FIND] = "SELECT " PASSKEY_COLUMNS " FROM passkey_user WHERE credential_id = ?",
    [VK_SQL_PASSKEY_LIST] = "SELECT " PASSKEY_COLUMNS " FROM passkey_user ORDER BY id",
    [VK_SQL_PASSKEY_NUMBER] = "SELECT count(*) FROM passkey_user",
    [VK_SQL_PASSKEY_INSERT] =
        "INSERT INTO passkey_user(user_id, name, rp_id, credential_id, point, sign_count,"
        " transports, created_at, mac) VALUES(?, ?, ?, ?, ?, 0, ?, ?, x'')",
    [VK_SQL_PASSKEY_COUNT] = "UPDATE passkey_user SET sign_count = ?, mac = ? WHERE id = ?",
    [VK_SQL_PASSKEY_REMOVE] = "DELETE FROM passkey_user WHERE id = ?",
    [VK_SQL_PASSKEY_REMOVE_ALL] = "DELETE FROM passkey_user",

    [VK_SQL_PENDING_READ] = "SELECT id, " PENDING_COLUMNS " FROM pending WHERE id = ?",
    [VK_SQL_PENDING_FIND] = "SELECT id, " PENDING_COLUMNS " FROM pending"
                            " WHERE key_id = ? AND digest = ? ORDER BY id DESC LIMIT 1",
    [VK_SQL_PENDING_LIST] = "SELECT id, made_wall, made_steady FROM pending"
                            " WHERE ?1 = 0 OR key_id = ?1 ORDER BY id DESC",
    [VK_SQL_PENDING_COUNT] = "SELECT count(*) FROM pending WHERE key_id = ?",
    [VK_SQL_PENDING_SIGN_COUNT] = "SELECT max(sign_count) FROM pending WHERE grant_id = ?",
    [VK_SQL_PENDING_INSERT] = "INSERT INTO pending(" PENDING_COLUMNS ")"
                              " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'')",
    [VK_SQL_PENDING_SET_MAC] = "UPDATE pending SET mac = ? WHERE id = ?",
    [VK_SQL_PENDING_REMOVE] = "DELETE FROM pending WHERE id = ?",
    [VK_SQL_PENDING_REMOVE_SAME] = "DELETE FROM pending WHERE key_id = ? AND userop_hash = ?",
    [VK_SQL_PENDING_REMOVE_KEY] = "DELETE FROM pending WHERE key_id = ?",
    [VK_SQL_PENDING_REMOVE_ALL] = "DELETE FROM pending",
    [VK_SQL_PENDING_EXPIRE] = "DELETE FROM pending WHERE NOT (?1 - made_wall BETWEEN 0 AND ?3"
                              " AND ?2 - made_steady BETWEEN 0 AND ?3)",
    [VK_SQL_CHAIN_READ] = "SELECT id, sequence, head, mac FROM journal_key WHERE point = ?",
    [VK_SQL_CHAIN_LAST] = "SELECT coalesce(max(id), 0) FROM journal_key",
    [VK_SQL_CHAIN_WRITE] = "INSERT INTO journal_key VALUES(?1, ?2, ?3, ?4, ?5)"
                           " ON CONFLICT(id) DO UPDATE SET sequence = ?3, head = ?4, mac = ?5",
    [VK_SQL_CHAIN_ALL] = "SELECT id, point, sequence, head, mac FROM journal_key ORDER BY id",
    [VK_SQL_CHAIN_ENDS] =
        "SELECT k.id, k.point, coalesce(j.sequence, k.sequence), coalesce(j.hash, k.head)"
        " FROM journal_key k LEFT JOIN (SELECT journal_key, sequence, hash, max(number)"
        " FROM journal GROUP BY journal_key) j ON j.journal_key = k.id",
    [VK_SQL_JOURNAL_INSERT] = "INSERT INTO journal VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                              " ?, ?, ?, ?, ?, ?)",
    [VK_SQL_JOURNAL_READ] = JOURNAL_RECORDS " WHERE j.number >= ? ORDER BY j.number",
    /* A receipt comes soon after the signature, so the search ends soon; the numbers are those of
     * vk_journal_event. */
    [VK_SQL_JOURNAL_SIGNED] = JOURNAL_RECORDS
    " WHERE j.journal_key = ? AND j.operation = ? AND j.event = 1 ORDER BY j.number DESC LIMIT 1",
    [VK_SQL_JOURNAL_RECEIPT] = JOURNAL_RECORDS
    " WHERE j.journal_key = ? AND j.operation = ? AND j.event = 10 ORDER BY j.number DESC LIMIT 1",
    /* By what it says of its own chain, or of all. */
    [VK_SQL_JOURNAL_CHECKPOINT] =
        "SELECT CASE WHEN operation = ?3 THEN operation ELSE substr(before, 17) END FROM journal"
        " WHERE event = ?1 AND (operation = ?3 OR substr(before, 9, 8) = ?2)"
        " ORDER BY operation = ?3 DESC LIMIT 1",
    [VK_SQL_JOURNAL_HASH] = "SELECT hash FROM journal WHERE number = ?",
    /* Both in one SELECT would read all of them. */
    [VK_SQL_JOURNAL_ENDS] = "SELECT coalesce((SELECT min(number) FROM journal), 0),"
                            " coalesce((SELECT max(number) FROM journal), 0)",
    [VK_SQL_JOURNAL_DROPPED] =
        "SELECT k.point, j.sequence, j.hash FROM journal j JOIN journal_key k"
        " ON k.id = j.journal_key WHERE j.number <= ? ORDER BY j.number",
    [VK_SQL_JOURNAL_DROP] = "DELETE FROM journal WHERE number <= ?",
};
