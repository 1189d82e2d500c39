#include "pkcs11/view.h"
#include "pkcs11/attribute.h"
#include "pkcs11/hide.h"

#include <stdlib.h>
#include <string.h>

/* ---- One view ---- */

static void destroy(vk_view *view) {
    vk_grant_records_free(view->grants, view->grant_count);
    vk_policy_clear(&view->policy);
    vk_text_free(view->denial);
    vk_key_record_clear(&view->record);
    pthread_mutex_destroy(&view->lock);
    free(view);
}

void vk_view_put(vk_view *view) {
    if (view != NULL && atomic_fetch_sub(&view->users, 1) == 1) {
        destroy(view);
    }
}

static vk_status load(vk_slot *slot, int64_t key_id, vk_view **out) {
    vk_view *view = calloc(1, sizeof *view);
    if (view == NULL) {
        return VK_ERR_MEMORY;
    }
    if (pthread_mutex_init(&view->lock, NULL) != 0) {
        free(view);
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_token_key_get(slot->token, key_id, &view->record);
    if (status != VK_OK) {
        view->record = (vk_key_record){0};
        destroy(view);
        return status;
    }
    const vk_buf *private_half = &view->record.private_attrs;
    const vk_buf *public_half = &view->record.public_attrs;
    view->may_sign = vk_stored_bool(private_half, CKA_SIGN, true);
    view->always_authenticate = vk_stored_bool(private_half, CKA_ALWAYS_AUTHENTICATE, false);
    view->may_verify = vk_stored_bool(public_half, CKA_VERIFY, true);
    view->public_is_private = vk_stored_bool(public_half, CKA_PRIVATE, false);
    view->slot = slot;
    atomic_init(&view->users, 1);
    *out = view;
    return VK_OK;
}

vk_status vk_view_vouch(vk_view *view, vk_error *err) {
    if (atomic_load(&view->is_vouched)) {
        return VK_OK;
    }
    vk_status status = vk_gate_vouches(view->slot->gate, view->record.id,
                                       vk_buf_view(&view->record.private_attrs), err);
    if (status == VK_ERR_MISMATCH) {
        vk_views_drop(&view->slot->views);
    }
    atomic_store(&view->is_vouched, status == VK_OK);
    return status;
}

static void read_policy(vk_view *view) {
    const char *json = view->record.policy;
    vk_error err = {0};
    view->policy_read = true;
    if (json == NULL || !view->record.has_private) {
        return;
    }
    vk_status status = vk_policy_read(json, strlen(json), &view->policy, &err);
    view->has_policy = status == VK_OK;
    if (!view->has_policy) {
        view->policy = (vk_policy){0};
        vk_debug("the policy of a key cannot be read: %s", err.message);
    }
}

const vk_policy *vk_view_policy(vk_view *view) {
    pthread_mutex_lock(&view->lock);
    if (!view->policy_read) {
        read_policy(view);
    }
    pthread_mutex_unlock(&view->lock);
    return view->has_policy ? &view->policy : NULL;
}

static void read_grants(vk_view *view) {
    vk_error err = {0};
    vk_status status = vk_token_grants(view->slot->token, view->record.id, &view->grants,
                                       &view->grant_count, &err);
    view->grants_read = true;
    if (status != VK_OK) {
        view->grants = NULL;
        view->grant_count = 0;
        vk_debug("the grants of a key cannot be read: %s: %s", vk_status_text(status), err.message);
    }
}

const vk_grant_record *vk_view_grants(vk_view *view, size_t *count) {
    pthread_mutex_lock(&view->lock);
    if (!view->grants_read) {
        read_grants(view);
    }
    pthread_mutex_unlock(&view->lock);
    *count = view->grant_count;
    return view->grants;
}

void vk_view_set_denial(vk_view *view, const char *text) {
    vk_buf copy = {0};
    if (text != NULL) {
        vk_buf_put_text(&copy, text);
    }
    pthread_mutex_lock(&view->lock);
    vk_text_free(view->denial);
    view->denial = text != NULL ? vk_buf_take_text(&copy) : NULL;
    pthread_mutex_unlock(&view->lock);
}

bool vk_view_denial(vk_view *view, vk_buf *out) {
    pthread_mutex_lock(&view->lock);
    bool is_here = view->denial != NULL;
    if (is_here) {
        vk_buf_put_text(out, view->denial);
    }
    pthread_mutex_unlock(&view->lock);
    return is_here;
}

const vk_grant_record *vk_view_grant(vk_view *view, int64_t grant_id) {
    size_t count;
    const vk_grant_record *grants = vk_view_grants(view, &count);
    for (size_t i = 0; i < count; i++) {
        if (grants[i].id == grant_id) {
            return &grants[i];
        }
    }
    return NULL;
}

/* ---- Those that are kept ---- */

vk_status vk_views_init(vk_views *views) {
    return pthread_mutex_init(&views->lock, NULL) == 0 ? VK_OK : VK_ERR_MEMORY;
}

static void drop_locked(vk_views *views) {
    for (size_t i = 0; i < VK_VIEWS_KEPT; i++) {
        vk_view_put(views->kept[i]);
        views->kept[i] = NULL;
    }
    views->changes++;
}

void vk_views_drop(vk_views *views) {
    pthread_mutex_lock(&views->lock);
    drop_locked(views);
    pthread_mutex_unlock(&views->lock);
}

static vk_view **place_of(vk_views *views, int64_t key_id) {
    return &views->kept[(uint64_t)key_id % VK_VIEWS_KEPT];
}

/* The kept view, counted up, or NULL; *changes says what keep has to be told. */
static vk_view *look_up(vk_views *views, int64_t key_id, uint64_t generation, uint64_t *changes) {
    pthread_mutex_lock(&views->lock);
    if (views->generation != generation) {
        drop_locked(views);
        views->generation = generation;
    }
    vk_view *view = *place_of(views, key_id);
    if (view != NULL && view->record.id == key_id) {
        atomic_fetch_add(&view->users, 1);
    } else {
        view = NULL;
    }
    *changes = views->changes;
    pthread_mutex_unlock(&views->lock);
    return view;
}

/* Keeps a view that was read after look_up, unless something has changed since. */
static void keep(vk_views *views, vk_view *view, uint64_t changes) {
    pthread_mutex_lock(&views->lock);
    if (views->changes == changes) {
        vk_view **place = place_of(views, view->record.id);
        vk_view_put(*place);
        *place = view;
        atomic_fetch_add(&view->users, 1);
    }
    pthread_mutex_unlock(&views->lock);
}

static vk_status find_or_load(vk_slot *slot, int64_t key_id, vk_view **out) {
    uint64_t generation, changes;
    vk_status status = vk_token_generation(slot->token, &generation);
    if (status != VK_OK) {
        return status;
    }
    *out = look_up(&slot->views, key_id, generation, &changes);
    if (*out != NULL) {
        return VK_OK;
    }
    status = load(slot, key_id, out);
    if (status == VK_OK) {
        keep(&slot->views, *out, changes);
    }
    return status;
}

vk_status vk_view_get(vk_slot *slot, int64_t key_id, vk_view **out) {
    vk_status status = find_or_load(slot, key_id, out);
    if (status == VK_OK && vk_hides((*out)->record.curve)) {
        vk_view_put(*out);
        *out = NULL;
        return VK_ERR_NOT_FOUND;
    }
    return status;
}
