#include <string.h>

#include "token/fork.h"
#include "token/home.h"

static vk_status check_label(const vk_token_new *args, vk_error *err) {
    if (args->label == NULL || args->so_pin == NULL) {
        return VK_ERR_ARGUMENT;
    }
    if (strlen(args->label) > VK_TOKEN_LABEL_LEN) {
        return vk_fail(err, VK_ERR_SIZE, "label", "the label has %zu bytes, at most %d fit",
                       strlen(args->label), VK_TOKEN_LABEL_LEN);
    }
    return VK_OK;
}

static vk_status check_args(const vk_token_new *args, vk_error *err) {
    vk_status status = check_label(args, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_pin_check_length(args->so_pin_len);
    return status == VK_OK ? VK_OK : vk_fail(err, status, "pin", "%s", vk_status_text(status));
}

static vk_status insert_token(vk_db *db, const char *serial, const vk_token_new *args,
                              const vk_token_keys *keys, vk_error *err) {
    uint8_t default_mac[32], budgets_mac[32];
    vk_status status = vk_row_default_mac(keys, serial, args->default_sudo, default_mac);
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
    vk_query_blob(&query, (vk_bytes){default_mac, sizeof default_mac});
    vk_query_int(&query, 0);
    vk_query_blob(&query, (vk_bytes){budgets_mac, sizeof budgets_mac});
    return vk_query_run(&query, err);
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
        status = vk_pin_write(db, serial, VK_ROLE_SO, args->so_pin, args->so_pin_len, keys->token);
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
        status = vk_home_draft_new(home, &draft, err);
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

static vk_status write_setup(vk_token *token, const vk_token_new *args, const vk_token_keys *keys,
                             vk_error *err) {
    uint8_t mac[32];
    vk_status status = vk_row_default_mac(keys, token->serial, args->default_sudo, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_SETUP);
    vk_query_text(&query, args->label);
    vk_query_int(&query, args->default_sudo);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    return vk_query_run(&query, err);
}

static vk_status remove_user_pin(vk_token *token, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PIN_REMOVE);
    vk_query_int(&query, VK_ROLE_USER);
    return vk_query_run(&query, err);
}

static vk_status remove_all(vk_token *token, vk_sql sql, vk_error *err) {
    vk_query query = vk_query_start(&token->db, sql);
    return vk_query_run(&query, err);
}

static vk_status start_over(vk_token *token, const vk_token_new *args, const vk_token_keys *keys,
                            vk_error *err) {
    vk_status status = vk_db_begin(&token->db, err);
    if (status != VK_OK) {
        return status;
    }
    status = remove_all(token, VK_SQL_PENDING_REMOVE_ALL, err);
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_GRANT_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_all(token, VK_SQL_KEY_REMOVE_ALL, err);
    }
    if (status == VK_OK) {
        status = remove_user_pin(token, err);
    }
    if (status == VK_OK) {
        status = write_setup(token, args, keys, err);
    }
    if (status == VK_OK) {
        status = vk_relaxed_reset(token, err);
    }
    if (status == VK_OK) {
        status = vk_token_mark_changed(token, err);
    }
    return vk_db_end(&token->db, status, err);
}

/* Callers pass the old default on, which they read without a login: it must be the true one. */
static vk_status check_old_default(vk_token *token, const vk_token_keys *keys, vk_error *err) {
    uint8_t mac[32];
    bool old;
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_READ);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK && !vk_column_flag(&query, 2, &old)) {
        status = vk_row_broken(err);
    }
    if (status == VK_OK) {
        status = vk_row_default_mac(keys, token->serial, old, mac);
    }
    if (status == VK_OK) {
        vk_bytes stored = vk_column_blob(&query, 3);
        bool same = stored.len == sizeof mac && vk_equal_secret(stored.data, mac, sizeof mac);
        status = same ? VK_OK : vk_row_broken(err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status reinit(vk_token *token, const vk_token_new *args, vk_token_keys *keys,
                        vk_error *err) {
    vk_status status =
        vk_pin_unwrap(token, VK_ROLE_SO, args->so_pin, args->so_pin_len, keys->token);
    if (status == VK_OK) {
        status = vk_token_keys_derive(keys);
    }
    if (status == VK_OK) {
        status = check_old_default(token, keys, err);
    }
    if (status == VK_OK) {
        status = start_over(token, args, keys, err);
    }
    if (status == VK_OK) {
        token->unsaved_failures[VK_ROLE_USER] = 0;
        vk_token_forget(token);
        vk_token_changed(token);
    }
    return status;
}

vk_status vk_token_reinit(vk_token *token, const vk_token_new *args, vk_error *err) {
    vk_status status = check_label(args, err);
    if (status != VK_OK) {
        return status;
    }
    vk_token_keys *keys = vk_token_keys_new();
    if (keys == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_token_lock(token);
    status = reinit(token, args, keys, err);
    vk_token_unlock(token);
    vk_token_keys_free(keys);
    return status;
}
