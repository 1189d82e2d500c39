#include "token/store.h"

static bool is_role(vk_role role) {
    return role == VK_ROLE_USER || role == VK_ROLE_SO;
}

vk_status vk_login_enter(vk_token *token, vk_role role, vk_token_keys *keys, vk_status status) {
    if (status == VK_OK) {
        status = vk_token_keys_derive(keys);
    }
    if (status != VK_OK) {
        vk_token_keys_free(keys);
        return status;
    }
    token->keys = keys;
    token->role = role;
    vk_trust_begin(token);
    return VK_OK;
}

static vk_status log_in(vk_token *token, vk_role role, const uint8_t *pin, size_t len) {
    if (token->role != VK_ROLE_NONE) {
        return VK_ERR_EXISTS;
    }
    vk_token_keys *keys = vk_token_keys_new();
    if (keys == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_pin_unwrap(token, role, pin, len, keys->token);
    return vk_login_enter(token, role, keys, status);
}

vk_status vk_token_login(vk_token *token, vk_role role, const uint8_t *pin, size_t len) {
    if (!is_role(role)) {
        return VK_ERR_ARGUMENT;
    }
    vk_token_lock(token);
    vk_status status = log_in(token, role, pin, len);
    vk_token_unlock(token);
    return status;
}

vk_status vk_login_check_key(const vk_token *token, const uint8_t token_key32[32]) {
    return vk_equal_secret(token->keys->token, token_key32, 32) ? VK_OK : VK_ERR_INTEGRITY;
}

vk_status vk_token_check_pin(vk_token *token, const uint8_t *pin, size_t len) {
    uint8_t key[32];
    vk_token_lock(token);
    vk_status status = VK_ERR_NOT_LOGGED_IN;
    if (token->role != VK_ROLE_NONE) {
        status = vk_pin_unwrap(token, token->role, pin, len, key);
    }
    if (status == VK_OK) {
        status = vk_login_check_key(token, key);
    }
    vk_token_unlock(token);
    vk_wipe(key, sizeof key);
    return status;
}

void vk_token_logout(vk_token *token) {
    vk_token_lock(token);
    vk_token_forget(token);
    vk_token_unlock(token);
}

vk_role vk_token_role(vk_token *token) {
    vk_token_lock(token);
    vk_role role = token->role;
    vk_token_unlock(token);
    return role;
}

static vk_status replace_pin(vk_token *token, vk_role role, const uint8_t *pin, size_t len,
                             const uint8_t token_key32[32]) {
    vk_status status = vk_db_begin(&token->db, NULL);
    if (status == VK_OK) {
        status = vk_pin_write(&token->db, token->serial, role, pin, len, token_key32);
        status = vk_db_end(&token->db, status, NULL);
    }
    if (status == VK_OK) {
        token->unsaved_failures[role] = 0;
        vk_token_changed(token);
    }
    return status;
}

vk_status vk_token_init_user_pin(vk_token *token, const uint8_t *pin, size_t len) {
    vk_token_lock(token);
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = vk_pin_check_length(len);
    }
    if (status == VK_OK) {
        status = replace_pin(token, VK_ROLE_USER, pin, len, token->keys->token);
    }
    vk_token_unlock(token);
    return status;
}

vk_status vk_token_set_pin(vk_token *token, vk_role role, const uint8_t *old_pin, size_t old_len,
                           const uint8_t *new_pin, size_t new_len) {
    uint8_t key[32];
    if (!is_role(role)) {
        return VK_ERR_ARGUMENT;
    }
    vk_token_lock(token);
    vk_status status = vk_pin_check_length(new_len);
    if (status == VK_OK) {
        status = vk_pin_unwrap(token, role, old_pin, old_len, key);
    }
    if (status == VK_OK) {
        status = replace_pin(token, role, new_pin, new_len, key);
    }
    vk_token_unlock(token);
    vk_wipe(key, sizeof key);
    return status;
}
