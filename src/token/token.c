#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "token/fork.h"
#include "token/home.h"
#include "token/migrate.h"

void vk_token_lock(vk_token *token) {
    pthread_mutex_lock(&token->lock);
}

void vk_token_unlock(vk_token *token) {
    pthread_mutex_unlock(&token->lock);
}

vk_status vk_token_explain(vk_error *err, vk_status status) {
    if (status != VK_OK && err != NULL && err->status != status) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    return status;
}

vk_status vk_token_begin(vk_token *token, vk_error *err) {
    if (err != NULL) {
        *err = (vk_error){0};
    }
    vk_token_lock(token);
    vk_status status = vk_db_begin(&token->db, err);
    if (status == VK_OK) {
        status = vk_schema_check(&token->db, err);
        status = status == VK_OK ? VK_OK : vk_db_end(&token->db, status, err);
    }
    if (status != VK_OK) {
        vk_token_unlock(token);
        return status;
    }
    vk_trust_look_again(token);
    return VK_OK;
}

vk_status vk_token_mark_changed(vk_token *token, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_STATE_CHANGED);
    return vk_query_run(&query, err);
}

/* What a change of the records writes about itself. */
static vk_status mark(vk_token *token, bool *moved, vk_error *err) {
    vk_status status = vk_token_mark_changed(token, err);
    return status == VK_OK ? vk_state_bump(token, moved, err) : status;
}

vk_status vk_token_finish(vk_token *token, vk_status status, vk_error *err) {
    bool moved = false;
    if (status == VK_OK) {
        status = mark(token, &moved, err);
    }
    status = vk_db_end(&token->db, status, err);
    /* Whatever the scope knows is of before, or was not committed. */
    vk_scope_clear(&token->scope);
    if (status == VK_OK) {
        vk_token_changed(token);
    }
    if (status == VK_OK && moved) {
        vk_trust_committed(token);
    }
    return vk_token_explain(err, status);
}

vk_status vk_token_end(vk_token *token, vk_status status, vk_error *err) {
    status = vk_token_finish(token, status, err);
    vk_token_unlock(token);
    return status;
}

vk_status vk_token_finish_decisions(vk_token *token, vk_status status, vk_error *err) {
    status = vk_db_end(&token->db, status, err);
    if (status != VK_OK) {
        vk_scope_clear(&token->scope);
        memset(token->recent, 0, sizeof token->recent);
    } else if (token->scope.has_changed) {
        vk_trust_committed(token);
    }
    return vk_token_explain(err, status);
}

vk_status vk_token_end_decisions(vk_token *token, vk_status status, vk_error *err) {
    status = vk_token_finish_decisions(token, status, err);
    vk_token_unlock(token);
    return status;
}

vk_status vk_token_end_logins(vk_token *token, vk_status status, vk_error *err) {
    status = vk_db_end(&token->db, status, err);
    if (status == VK_OK) {
        vk_token_changed(token);
    }
    vk_token_unlock(token);
    return vk_token_explain(err, status);
}

vk_status vk_token_needs(const vk_token *token, vk_role role) {
    return token->role == role ? VK_OK : VK_ERR_NOT_LOGGED_IN;
}

vk_status vk_token_needs_login(const vk_token *token) {
    return token->keys != NULL ? VK_OK : VK_ERR_NOT_LOGGED_IN;
}

void vk_token_forget(vk_token *token) {
    vk_token_keys_free(token->keys);
    vk_scope_clear(&token->scope);
    vk_trust_end(token);
    token->keys = NULL;
    token->role = VK_ROLE_NONE;
}

void vk_token_changed(vk_token *token) {
    atomic_fetch_add(&token->generation, 1);
}

/* ---- Opening ---- */

static vk_status read_serial(vk_token *token, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_READ);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK &&
        !vk_column_fixed(&query, 0, (uint8_t *)token->serial, VK_TOKEN_SERIAL_LEN)) {
        status = vk_row_broken(err);
    }
    vk_query_end(&query);
    return status == VK_ERR_NOT_FOUND ? vk_row_broken(err) : status;
}

static vk_status copy_path(vk_token *token, const char *path) {
    vk_buf copy = {0};
    vk_buf_put_text(&copy, path);
    token->path = vk_buf_take_text(&copy);
    return token->path != NULL ? VK_OK : VK_ERR_MEMORY;
}

static vk_status open_db(vk_token *token, vk_error *err) {
    vk_fork_hold();
    vk_status status = vk_fork_clean(err);
    if (status == VK_OK) {
        status = vk_db_open(&token->db, token->path, err);
    }
    if (status == VK_OK) {
        vk_fork_add(token);
    }
    vk_fork_release();
    return status;
}

static void close_db(vk_token *token) {
    vk_fork_hold();
    vk_fork_remove(token);
    vk_db_close(&token->db);
    vk_fork_release();
}

static vk_status open_into(vk_token *token, const char *path, vk_error *err) {
    vk_status status = copy_path(token, path);
    if (status == VK_OK) {
        status = vk_file_check_token(path, err);
    }
    if (status == VK_OK) {
        status = open_db(token, err);
    }
    return status == VK_OK ? read_serial(token, err) : status;
}

vk_status vk_token_open(const char *path, vk_token **out, vk_error *err) {
    *out = NULL;
    vk_token *token = calloc(1, sizeof *token);
    if (token == NULL) {
        return VK_ERR_MEMORY;
    }
    pthread_mutex_init(&token->lock, NULL);
    token->budgets_checked = -1;
    atomic_init(&token->generation, 1);
    atomic_init(&token->looked_up_ms, INT64_MIN / 2);
    atomic_init(&token->present_ms, -1);
    vk_status status = vk_group_init(&token->group);
    if (status == VK_OK) {
        status = open_into(token, path, err);
    }
    if (status != VK_OK) {
        vk_token_close(token);
        return status;
    }
    *out = token;
    return VK_OK;
}

void vk_token_close(vk_token *token) {
    if (token == NULL) {
        return;
    }
    vk_token_forget(token);
    close_db(token);
    vk_text_free(token->path);
    vk_group_destroy(&token->group);
    pthread_mutex_destroy(&token->lock);
    free(token);
}

const char *vk_token_path(const vk_token *token) {
    return token->path;
}

/* ---- What it says about itself ---- */

static vk_status read_label(vk_token *token, vk_token_info *out) {
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_READ);
    vk_status status = vk_query_row(&query, NULL);
    if (status == VK_OK) {
        vk_bytes label = vk_column_blob(&query, 1);
        snprintf(out->label, sizeof out->label, "%.*s", (int)label.len, (const char *)label.data);
    }
    vk_query_end(&query);
    return status;
}

static vk_status read_info(vk_token *token, vk_token_info *out) {
    vk_status status = read_label(token, out);
    if (status == VK_OK) {
        status = vk_settings_read(token, &out->settings, NULL);
    }
    if (status == VK_OK) {
        status = vk_pin_tries(token, VK_ROLE_SO, &out->has_so_pin, &out->so_tries_left);
    }
    if (status == VK_OK) {
        status = vk_pin_tries(token, VK_ROLE_USER, &out->user_pin_set, &out->user_tries_left);
    }
    return status == VK_OK
               ? vk_enrolments_count(token, &out->enrolments, &out->touch_enrolments, NULL)
               : status;
}

bool vk_token_is_device_store(const vk_token *token) {
    const char *slash = strrchr(token->path, '/');
    return vk_home_is_device_store(slash != NULL ? slash + 1 : token->path);
}

vk_status vk_token_get_info(vk_token *token, vk_token_info *out) {
    *out = (vk_token_info){0};
    vk_token_lock(token);
    memcpy(out->serial, token->serial, sizeof out->serial);
    out->read_only = token->db.read_only;
    out->is_device_store = vk_token_is_device_store(token);
    vk_status status = read_info(token, out);
    vk_token_unlock(token);
    return status;
}

static int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

vk_status vk_token_data_version(vk_token *token, int64_t *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_DATA_VERSION);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        *out = vk_column_int(&query, 0);
    }
    vk_query_end(&query);
    return status;
}

static void read_hash(const vk_query *query, int column, vk_hash *out) {
    if (!vk_column_fixed(query, column, out->b, sizeof out->b)) {
        *out = (vk_hash){{0}};
    }
}

static vk_status read_changes(vk_token *token, vk_changes *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_STATE_CHANGES);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        out->count = vk_column_int(&query, 0);
        read_hash(&query, 1, &out->settings);
        read_hash(&query, 2, &out->relaxed);
        read_hash(&query, 3, &out->spend_rules);
    }
    vk_query_end(&query);
    return status;
}

vk_status vk_token_look_up(vk_token *token, vk_error *err) {
    int64_t version = 0;
    vk_changes changes = token->changes;
    vk_status status = vk_token_data_version(token, &version, err);
    if (status == VK_OK && version != token->data_version) {
        status = vk_schema_check(&token->db, err);
        status = status == VK_OK ? read_changes(token, &changes, err) : status;
    }
    if (status != VK_OK) {
        return status == VK_ERR_NOT_FOUND ? vk_row_broken(err) : status;
    }
    if (memcmp(&changes, &token->changes, sizeof changes) != 0) {
        token->changes = changes;
        vk_token_changed(token);
    }
    token->data_version = version;
    atomic_store(&token->looked_up_ms, clock_ms());
    return VK_OK;
}

/* Whoever holds the lock for long looks up the changes as well. */
static bool lock_for_look_up(vk_token *token, int64_t age_ms) {
    if (age_ms > VK_GENERATION_AGE_MS) {
        vk_token_lock(token);
        return true;
    }
    return pthread_mutex_trylock(&token->lock) == 0;
}

vk_status vk_token_generation(vk_token *token, uint64_t *out) {
    vk_status status = VK_OK;
    int64_t age_ms = clock_ms() - atomic_load(&token->looked_up_ms);
    if (age_ms != 0 && lock_for_look_up(token, age_ms)) {
        status = vk_token_look_up(token, NULL);
        vk_token_unlock(token);
    }
    *out = atomic_load(&token->generation);
    return status;
}

vk_status vk_token_check_present(vk_token *token, vk_error *err) {
    int64_t now = clock_ms();
    if (atomic_load(&token->present_ms) == now) {
        return VK_OK;
    }
    vk_status status = vk_db_check_present(&token->db, err);
    if (status == VK_OK) {
        atomic_store(&token->present_ms, now);
    }
    return status;
}
