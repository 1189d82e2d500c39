#include "token/fork.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static vk_token *open_tokens; /* linked by next_open */
static bool was_forked;       /* they are the parent's */

static void release(void) {
    pthread_mutex_unlock(&lock);
}

static void release_in_child(void) {
    was_forked = open_tokens != NULL;
    pthread_mutex_unlock(&lock);
}

static void hold(void) {
    pthread_mutex_lock(&lock);
}

static void watch_forks(void) {
    pthread_atfork(hold, release, release_in_child);
}

void vk_fork_hold(void) {
    pthread_once(&once, watch_forks);
    hold();
}

void vk_fork_release(void) {
    release();
}

/*
 * The connection is closed, the rest of the token left alone: it is the parent's. A checkpoint is
 * the parent's business too.
 */
static bool close_inherited(vk_token *token) {
    if (pthread_mutex_trylock(&token->lock) != 0) {
        return false;
    }
    sqlite3_db_config(token->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    vk_db_close(&token->db);
    pthread_mutex_unlock(&token->lock);
    return true;
}

vk_status vk_fork_clean(vk_error *err) {
    while (was_forked && open_tokens != NULL) {
        if (!close_inherited(open_tokens)) {
            return vk_fail(err, VK_ERR_BUSY, open_tokens->path,
                           "the process was forked while another thread used the token");
        }
        open_tokens = open_tokens->next_open;
    }
    was_forked = false;
    return VK_OK;
}

void vk_fork_add(vk_token *token) {
    token->next_open = open_tokens;
    open_tokens = token;
}

void vk_fork_remove(const vk_token *token) {
    vk_token **link = &open_tokens;
    while (*link != NULL && *link != token) {
        link = &(*link)->next_open;
    }
    if (*link != NULL) {
        *link = token->next_open;
    }
}
