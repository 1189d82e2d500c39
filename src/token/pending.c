#include "token/pending.h"

#include <stdlib.h>
#include <time.h>

#include "token/store.h"

void vk_pending_clear(vk_pending *pending) {
    vk_buf_clear(&pending->payload);
    vk_buf_clear(&pending->object_id);
    vk_text_free(pending->assertion);
    *pending = (vk_pending){0};
}

/* ---- Time ---- */

static uint64_t seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec;
}

static vk_moment now(void) {
    return (vk_moment){seconds_of(CLOCK_REALTIME), seconds_of(CLOCK_MONOTONIC)};
}

static bool is_within(uint64_t made, uint64_t then) {
    return made <= then && then - made < VK_PENDING_SECONDS;
}

/* On both clocks: one that is set back, again and again, keeps nothing alive. */
static bool is_alive(const vk_moment *made, const vk_moment *then) {
    return is_within(made->wall, then->wall) && is_within(made->steady, then->steady);
}

static void bind_moment(vk_query *query, const vk_moment *moment) {
    vk_query_int(query, (int64_t)moment->wall);
    vk_query_int(query, (int64_t)moment->steady);
}

/* ---- Rows ---- */

static void put_pending(vk_buf *out, const vk_token *token, const vk_pending *pending) {
    vk_row_head(out, "pending", token->serial);
    vk_canonical_u64(out, (uint64_t)pending->id);
    vk_canonical_u64(out, (uint64_t)pending->key_id);
    vk_canonical_u64(out, (uint64_t)pending->grant_id);
    vk_canonical_u64(out, pending->made.wall);
    vk_canonical_u64(out, pending->made.steady);
    vk_canonical_bytes(out, (vk_bytes){pending->digest.b, 32});
    vk_canonical_bytes(out, (vk_bytes){pending->userop_hash.b, 32});
    vk_canonical_u64(out, pending->sign_count);
    vk_canonical_bytes(out, vk_buf_view(&pending->payload));
    vk_canonical_bytes(out, vk_buf_view(&pending->object_id));
    vk_canonical_text(out, pending->assertion);
}

/* As VK_SQL_PENDING_READ and VK_SQL_PENDING_FIND select them. */
enum column {
    COL_ID,
    COL_KEY_ID,
    COL_GRANT_ID,
    COL_MADE_WALL,
    COL_MADE_STEADY,
    COL_DIGEST,
    COL_USEROP_HASH,
    COL_SIGN_COUNT,
    COL_PAYLOAD,
    COL_OBJECT_ID,
    COL_ASSERTION,
    COL_MAC
};

static bool parse_fixed(const vk_query *query, vk_pending *out) {
    int64_t sign_count = vk_column_int(query, COL_SIGN_COUNT);
    out->id = vk_column_int(query, COL_ID);
    out->key_id = vk_column_int(query, COL_KEY_ID);
    out->grant_id = vk_column_int(query, COL_GRANT_ID);
    out->made.wall = (uint64_t)vk_column_int(query, COL_MADE_WALL);
    out->made.steady = (uint64_t)vk_column_int(query, COL_MADE_STEADY);
    out->sign_count = (uint32_t)sign_count;
    return sign_count >= 0 && sign_count <= UINT32_MAX &&
           vk_column_fixed(query, COL_DIGEST, out->digest.b, 32) &&
           vk_column_fixed(query, COL_USEROP_HASH, out->userop_hash.b, 32);
}

static vk_status parse(const vk_token *token, const vk_query *query, vk_pending *out,
                       vk_error *err) {
    vk_bytes payload = vk_column_blob(query, COL_PAYLOAD);
    vk_bytes object_id = vk_column_blob(query, COL_OBJECT_ID);
    if (!parse_fixed(query, out)) {
        return vk_row_broken(err);
    }
    vk_buf_put(&out->payload, payload.data, payload.len);
    vk_buf_put(&out->object_id, object_id.data, object_id.len);
    vk_status status = vk_column_text(query, COL_ASSERTION, &out->assertion);
    if (status != VK_OK) {
        return status == VK_ERR_INTEGRITY ? vk_row_broken(err) : status;
    }
    vk_buf data = {0};
    put_pending(&data, token, out);
    return vk_row_check(token, &data, vk_column_blob(query, COL_MAC), err);
}

/* Ends the query. A row whose time is over is not there. */
static vk_status read_one(vk_token *token, vk_query *query, vk_pending *out, vk_error *err) {
    vk_moment then = now();
    vk_status status = vk_query_row(query, err);
    if (status == VK_OK) {
        status = parse(token, query, out, err);
    }
    if (status == VK_OK && !is_alive(&out->made, &then)) {
        status = VK_ERR_NOT_FOUND;
    }
    vk_query_end(query);
    if (status != VK_OK) {
        vk_pending_clear(out);
    }
    return status;
}

vk_status vk_token_pending_get(vk_token *token, int64_t id, vk_pending *out, vk_error *err) {
    *out = (vk_pending){0};
    vk_token_lock(token);
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_READ);
        vk_query_int(&query, id);
        status = read_one(token, &query, out, err);
    }
    vk_token_unlock(token);
    return status;
}

vk_status vk_token_pending_find(vk_token *token, int64_t key_id, const vk_hash *digest,
                                vk_pending *out, vk_error *err) {
    *out = (vk_pending){0};
    vk_token_lock(token);
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_FIND);
        vk_query_int(&query, key_id);
        vk_query_blob(&query, (vk_bytes){digest->b, sizeof digest->b});
        status = read_one(token, &query, out, err);
    }
    vk_token_unlock(token);
    return status;
}

/* ---- Listing ---- */

static vk_status remove_expired(vk_token *token, const vk_moment *then, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_EXPIRE);
    bind_moment(&query, then);
    vk_query_int(&query, VK_PENDING_SECONDS - 1);
    return vk_query_run(&query, err);
}

/* Nobody waits for it, and nothing depends on it: expired rows are not read. */
static void try_to_remove_expired(vk_token *token, const vk_moment *then) {
    vk_status ignored = vk_db_try_begin(&token->db);
    if (ignored == VK_OK) {
        ignored = vk_db_end(&token->db, remove_expired(token, then, NULL), NULL);
    }
    (void)ignored;
}

/* The ids of those that are alive; *expired: there are others. */
static vk_status collect(vk_query *query, const vk_moment *then, vk_buf *ids, bool *expired,
                         vk_error *err) {
    vk_status status = VK_OK;
    while (vk_query_next(query, &status, err)) {
        int64_t id = vk_column_int(query, 0);
        const vk_moment made = {(uint64_t)vk_column_int(query, 1),
                                (uint64_t)vk_column_int(query, 2)};
        if (is_alive(&made, then)) {
            vk_buf_put(ids, &id, sizeof id);
        } else {
            *expired = true;
        }
    }
    return status == VK_OK ? vk_buf_status(ids) : status;
}

static vk_status list(vk_token *token, int64_t key_id, vk_buf *ids, vk_error *err) {
    vk_moment then = now();
    bool expired = false;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_LIST);
    vk_query_int(&query, key_id);
    status = collect(&query, &then, ids, &expired, err);
    vk_query_end(&query);
    if (expired) {
        try_to_remove_expired(token, &then);
    }
    return status;
}

vk_status vk_token_pending_list(vk_token *token, int64_t key_id, int64_t **ids, size_t *count,
                                vk_error *err) {
    vk_buf found = {0};
    *ids = NULL;
    *count = 0;
    vk_token_lock(token);
    vk_status status = list(token, key_id, &found, err);
    vk_token_unlock(token);
    if (status != VK_OK) {
        vk_buf_clear(&found);
        return status;
    }
    *count = found.len / sizeof **ids;
    *ids = (int64_t *)(void *)found.data;
    return VK_OK;
}

/* ---- Adding ---- */

static vk_status count_of_key(vk_token *token, int64_t key_id, int64_t *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_COUNT);
    vk_query_int(&query, key_id);
    vk_status status = vk_query_row(&query, err);
    *out = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    return status;
}

static vk_status check_room(vk_token *token, int64_t key_id, vk_error *err) {
    int64_t count;
    vk_status status = count_of_key(token, key_id, &count, err);
    if (status == VK_OK && count >= VK_PENDING_KEY_MAX) {
        return vk_fail(err, VK_ERR_STORE_FULL, NULL,
                       "%d operations of this key wait to be signed already: sign them, destroy "
                       "their objects, or wait %d seconds",
                       VK_PENDING_KEY_MAX, VK_PENDING_SECONDS);
    }
    return status;
}

/* Counts grow with every assertion: what was written first can be signed first. */
static vk_status check_sign_count(vk_token *token, vk_pending *pending, vk_error *err) {
    if (pending->sign_count == 0) {
        return VK_OK;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_SIGN_COUNT);
    vk_query_int(&query, pending->grant_id);
    vk_status status = vk_query_row(&query, err);
    int64_t highest = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    if (status != VK_OK || highest < pending->sign_count) {
        return status;
    }
    if (highest >= UINT32_MAX) {
        return vk_fail(err, VK_ERR_RANGE, NULL, "the sign count has reached its end");
    }
    pending->sign_count = (uint32_t)highest + 1;
    return VK_ERR_MISMATCH;
}

static vk_status remove_same(vk_token *token, const vk_pending *pending, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_REMOVE_SAME);
    vk_query_int(&query, pending->key_id);
    vk_query_blob(&query, (vk_bytes){pending->userop_hash.b, 32});
    return vk_query_run(&query, err);
}

static vk_status insert(vk_token *token, vk_pending *pending, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_INSERT);
    vk_query_int(&query, pending->key_id);
    vk_query_int(&query, pending->grant_id);
    bind_moment(&query, &pending->made);
    vk_query_blob(&query, (vk_bytes){pending->digest.b, 32});
    vk_query_blob(&query, (vk_bytes){pending->userop_hash.b, 32});
    vk_query_int(&query, pending->sign_count);
    vk_query_blob(&query, vk_buf_view(&pending->payload));
    vk_query_blob(&query, vk_buf_view(&pending->object_id));
    vk_query_text(&query, pending->assertion);
    vk_status status = vk_query_run(&query, err);
    if (status == VK_OK) {
        pending->id = sqlite3_last_insert_rowid(token->db.handle);
    }
    return status;
}

static vk_status authenticate(vk_token *token, const vk_pending *pending, vk_error *err) {
    uint8_t mac[32];
    vk_buf data = {0};
    put_pending(&data, token, pending);
    vk_status status = vk_row_mac(token->keys, &data, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_SET_MAC);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    vk_query_int(&query, pending->id);
    return vk_query_run(&query, err);
}

/* What is expired makes room first; so does the one that is replaced. */
static vk_status make_room(vk_token *token, vk_pending *pending, vk_error *err) {
    vk_status status = remove_expired(token, &pending->made, err);
    if (status == VK_OK) {
        status = remove_same(token, pending, err);
    }
    if (status == VK_OK) {
        status = check_room(token, pending->key_id, err);
    }
    return status == VK_OK ? check_sign_count(token, pending, err) : status;
}

static vk_status add(vk_token *token, vk_pending *pending, vk_error *err) {
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = make_room(token, pending, err);
    }
    if (status == VK_OK) {
        status = insert(token, pending, err);
    }
    return status == VK_OK ? authenticate(token, pending, err) : status;
}

static vk_status check_sizes(const vk_pending *pending, vk_error *err) {
    if (pending->payload.len > VK_PENDING_PAYLOAD_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL,
                       "the operation has %zu bytes; as a data object it may have %zu",
                       pending->payload.len, VK_PENDING_PAYLOAD_MAX);
    }
    if (pending->object_id.len > VK_PENDING_OBJECT_ID_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "the object id has %zu bytes; it may have %d",
                       pending->object_id.len, VK_PENDING_OBJECT_ID_MAX);
    }
    return VK_OK;
}

vk_status vk_token_pending_add(vk_token *token, vk_pending *pending, vk_error *err) {
    vk_status status = check_sizes(pending, err);
    if (status != VK_OK) {
        return status;
    }
    vk_token_lock(token);
    status = vk_db_begin(&token->db, err);
    if (status == VK_OK) {
        pending->made = now();
        status = vk_db_end(&token->db, add(token, pending, err), err);
    }
    vk_token_unlock(token);
    return status;
}

/* ---- Removing ---- */

static vk_status remove_one(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PENDING_REMOVE);
    vk_query_int(&query, id);
    status = vk_query_run(&query, err);
    bool removed = status == VK_OK && sqlite3_changes(token->db.handle) > 0;
    return status == VK_OK && !removed ? VK_ERR_NOT_FOUND : status;
}

vk_status vk_token_pending_remove(vk_token *token, int64_t id, vk_error *err) {
    vk_token_lock(token);
    vk_status status = vk_db_begin(&token->db, err);
    if (status == VK_OK) {
        status = vk_db_end(&token->db, remove_one(token, id, err), err);
    }
    vk_token_unlock(token);
    return status;
}
