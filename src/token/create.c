#include <string.h>

#include "token/enrolment.h"
#include "token/fork.h"
#include "token/home.h"
#include "token/journal.h"
#include "token/migrate.h"

static vk_status check_label(const vk_token_new *args, vk_error *err) {
    if (args->label == NULL) {
        return VK_ERR_ARGUMENT;
    }
    if (strlen(args->label) > VK_TOKEN_LABEL_LEN) {
        return vk_fail(err, VK_ERR_SIZE, "label", "the label has %zu bytes, at most %d fit",
                       strlen(args->label), VK_TOKEN_LABEL_LEN);
    }
    return VK_OK;
}

/* Somebody has to be able to log in: to an ordinary token the SO, to a device's store its device.
 */
static bool has_login(const vk_token_new *args) {
    return args->is_device_store ? args->enrolment != NULL : args->so_pin != NULL;
}

static bool is_enrolment_sound(const vk_token_new *args) {
    return args->enrolment == NULL ||
           (args->enrolment_secret32 != NULL && vk_enrolment_is_sound(args->enrolment) &&
            (args->enrolment->verified || !args->is_device_store));
}

static vk_status check_args(const vk_token_new *args, vk_error *err) {
    vk_status status = check_label(args, err);
    if (status == VK_OK && (!has_login(args) || !is_enrolment_sound(args))) {
        status = VK_ERR_ARGUMENT;
    }
    if (status != VK_OK || args->so_pin == NULL) {
        return status;
    }
    status = vk_pin_check_length(args->so_pin_len);
    return status == VK_OK ? VK_OK : vk_fail(err, status, "pin", "%s", vk_status_text(status));
}

/* The row that the schema has made already gets its first MAC. */
static vk_status write_state(vk_db *db, const char *serial, const vk_token_keys *keys,
                             vk_error *err) {
    uint8_t mac[32];
    vk_state state = {0};
    vk_status status = vk_state_mac(keys, serial, &state, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(db, VK_SQL_STATE_WRITE);
    vk_query_int(&query, 0);
    vk_query_int(&query, 0);
    vk_query_blob(&query, (vk_bytes){state.head.b, 32});
    vk_query_int(&query, 0);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    vk_query_blob(&query, (vk_bytes){NULL, 0});
    return vk_query_run(&query, err);
}

static vk_status insert_token(vk_db *db, const char *serial, const vk_token_new *args,
                              const vk_token_keys *keys, vk_error *err) {
    uint8_t settings_mac[32], budgets_mac[32];
    vk_token_settings settings;
    vk_settings_default(&settings);
    settings.default_sudo = args->default_sudo;
    vk_status status = vk_settings_mac(keys, serial, &settings, settings_mac);
    if (status == VK_OK) {
        status = vk_row_budgets_mac(keys, serial, 0, budgets_mac);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(db, VK_SQL_TOKEN_INSERT);
    vk_query_text(&query, serial);
    vk_query_text(&query, args->label);
    vk_query_int(&query, args->default_sudo);
    vk_query_blob(&query, (vk_bytes){settings_mac, sizeof settings_mac});
    vk_query_int(&query, 0);
    vk_query_blob(&query, (vk_bytes){budgets_mac, sizeof budgets_mac});
    return vk_query_run(&query, err);
}

/* What opens the token. */
static vk_status insert_logins(vk_db *db, const char *serial, const vk_token_new *args,
                               const vk_token_keys *keys, vk_error *err) {
    vk_status status = VK_OK;
    if (args->so_pin != NULL) {
        status = vk_pin_write(db, serial, VK_ROLE_SO, args->so_pin, args->so_pin_len, keys->token);
    }
    if (status != VK_OK || args->enrolment == NULL) {
        return status;
    }
    vk_enrolment enrolment = *args->enrolment;
    return vk_enrolment_write(db, serial, &enrolment, args->enrolment_secret32, keys->token, err);
}

static vk_status insert_rows(vk_db *db, const char *serial, const vk_token_new *args,
                             vk_error *err) {
    vk_token_keys *keys = vk_token_keys_new();
    if (keys == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_crypt_random(keys->token, sizeof keys->token);
    if (status == VK_OK) {
        status = vk_token_keys_derive(keys);
    }
    if (status == VK_OK) {
        status = insert_token(db, serial, args, keys, err);
    }
    if (status == VK_OK) {
        status = write_state(db, serial, keys, err);
    }
    if (status == VK_OK) {
        status = insert_logins(db, serial, args, keys, err);
    }
    vk_token_keys_free(keys);
    return status;
}

static vk_status fill(const vk_home_draft *draft, const vk_token_new *args, vk_error *err) {
    vk_db db;
    vk_fork_hold();
    vk_status status = vk_db_make(&db, draft->draft_path, err);
    if (status == VK_OK) {
        status = insert_rows(&db, draft->serial, args, err);
        vk_db_close(&db);
    }
    vk_fork_release();
    return status;
}

vk_status vk_token_create(const char *home, const vk_token_new *args, vk_token **out,
                          vk_error *err) {
    vk_home_draft draft;
    *out = NULL;
    vk_status status = check_args(args, err);
    if (status == VK_OK) {
        status = vk_home_draft_new(home, args->is_device_store, &draft, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = fill(&draft, args, err);
    if (status == VK_OK) {
        status = vk_home_draft_publish(&draft, err);
    }
    if (status == VK_OK) {
        status = vk_token_open(draft.path, out, err);
    }
    vk_home_draft_end(&draft);
    return status;
}

/* ---- Starting over ---- */

static vk_status write_label(vk_token *token, const char *label, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_LABEL);
    vk_query_text(&query, label);
    return vk_query_run(&query, err);
}

static vk_status remove_all(vk_token *token, vk_sql sql, vk_error *err) {
    vk_query query = vk_query_start(&token->db, sql);
    return vk_query_run(&query, err);
}

static vk_status remove_everything(vk_token *token, vk_error *err) {
    vk_status status = remove_all(token, VK_SQL_PENDING_REMOVE_ALL, err);
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_NODE_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_PASSKEY_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_OBJECT_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_GRANT_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_KEY_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_ENROLMENT_REMOVE_ALL, err);
    }
    return status == VK_OK ? vk_pin_remove(&token->db, VK_ROLE_USER, err) : status;
}

/* Callers pass the old default on, which they read without a login: it must be the true one. */
static vk_status write_setup(vk_token *token, const vk_token_new *args, vk_error *err) {
    vk_token_settings settings;
    vk_status status = vk_settings_read(token, &settings, err);
    if (status != VK_OK) {
        return status;
    }
    settings.default_sudo = args->default_sudo;
    status = vk_settings_write(token, &settings, err);
    return status == VK_OK ? write_label(token, args->label, err) : status;
}

/* A state that is not whole, or not to be trusted, takes no records, and must not keep the SO from
 * starting over. */
static vk_status note_it(vk_token *token, vk_error *err) {
    vk_status status = vk_scope_begin(token, NULL, err);
    if (status == VK_OK) {
        status = vk_journal_note(token, VK_EVENT_INITIALIZED, err,
                                 "the SO initialized the token again: all keys are gone");
    }
    if (status == VK_OK) {
        status = vk_scope_flush(token, err);
    }
    return status == VK_ERR_INTEGRITY ? VK_OK : status;
}

static vk_status change(vk_token *token, const vk_token_new *args, vk_error *err) {
    vk_status status = note_it(token, err);
    if (status == VK_OK) {
        status = write_setup(token, args, err);
    }
    if (status == VK_OK) {
        status = vk_relaxed_reset(token, err);
    }
    return status == VK_OK ? remove_everything(token, err) : status;
}

static vk_status start_over(vk_token *token, const vk_token_new *args, vk_error *err) {
    vk_status status = vk_db_begin(&token->db, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_schema_check(&token->db, err);
    if (status == VK_OK) {
        status = change(token, args, err);
    }
    return vk_token_finish(token, status, err);
}

/* Like a login of the SO's, in whose place it stands. */
static vk_status reinit_as_so(vk_token *token, const vk_token_new *args, vk_token_keys *keys,
                              vk_error *err) {
    vk_token_forget(token);
    token->keys = keys;
    token->role = VK_ROLE_SO;
    vk_trust_begin(token);
    token->trust.is_starting_over = true;
    vk_status status = start_over(token, args, err);
    if (status == VK_OK) {
        token->unsaved_failures[VK_ROLE_USER] = 0;
    }
    vk_token_forget(token);
    return status;
}

static vk_status reinit(vk_token *token, const vk_token_new *args, vk_error *err) {
    vk_token_keys *keys = vk_token_keys_new();
    if (keys == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status =
        vk_pin_unwrap(token, VK_ROLE_SO, args->so_pin, args->so_pin_len, keys->token);
    if (status == VK_OK) {
        status = vk_token_keys_derive(keys);
    }
    if (status != VK_OK) {
        vk_token_keys_free(keys);
        return status;
    }
    return reinit_as_so(token, args, keys, err);
}

vk_status vk_token_reinit(vk_token *token, const vk_token_new *args, vk_error *err) {
    vk_status status = args->so_pin != NULL ? check_label(args, err) : VK_ERR_ARGUMENT;
    if (status != VK_OK) {
        return status;
    }
    vk_token_lock(token);
    status = reinit(token, args, err);
    vk_token_unlock(token);
    return status;
}
