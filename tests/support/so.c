#include "support/so.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(vk_status status, const char *what) {
    if (status != VK_OK) {
        fprintf(stderr, "so: %s: %s\n", what, vk_status_text(status));
        abort();
    }
}

static vk_token *open_token(const char *label) {
    char **paths = NULL, *home = NULL;
    size_t count = 0;
    vk_token *found = NULL;
    must(vk_home_path(&home), "home");
    must(vk_home_tokens(home, &paths, &count, NULL), "tokens");
    for (size_t i = 0; i < count && found == NULL; i++) {
        vk_token_info info;
        must(vk_token_open(paths[i], &found, NULL), "open");
        must(vk_token_get_info(found, &info), "info");
        if (strcmp(info.label, label) != 0) {
            vk_token_close(found);
            found = NULL;
        }
    }
    vk_home_free(paths, count);
    vk_text_free(home);
    must(found == NULL ? VK_ERR_NOT_FOUND : VK_OK, label);
    return found;
}

static vk_token *log_in(const char *label, const char *so_pin) {
    vk_token *token = open_token(label);
    must(vk_token_login(token, VK_ROLE_SO, (const uint8_t *)so_pin, strlen(so_pin)), "login");
    return token;
}

void so_relax(const char *label, const char *so_pin, vk_hardening_set relaxed) {
    vk_token *token = log_in(label, so_pin);
    must(vk_token_relax(token, relaxed, VK_HARDENING_ALL & ~relaxed, NULL), "relax");
    vk_token_close(token);
}

void so_journal(const char *label, const char *so_pin, vk_journal_mode mode) {
    vk_token *token = log_in(label, so_pin);
    vk_token_settings settings;
    must(vk_token_get_settings(token, &settings, NULL), "settings");
    must(vk_token_set_journal(token, mode, settings.journal_max, NULL), "journal");
    vk_token_close(token);
}

static void name_grants(vk_token *token, const char *name, int64_t key_id) {
    vk_grant_record *grants;
    size_t count;
    must(vk_token_grants(token, key_id, &grants, &count, NULL), "grants");
    for (size_t i = 0; i < count; i++) {
        must(vk_token_spend_name(token, name, &grants[i], true, NULL), "name");
    }
    vk_grant_records_free(grants, count);
}

void so_spend(const char *label, const char *so_pin, const vk_spend_rule *rule,
              const char *key_label) {
    vk_token *token = log_in(label, so_pin);
    vk_bytes wanted = {(const uint8_t *)key_label, strlen(key_label)};
    int64_t *ids;
    size_t count;
    must(vk_token_spend_set(token, rule, NULL), "set");
    must(vk_token_key_find(token, &(vk_key_filter){.label = &wanted}, &ids, &count), "find");
    for (size_t i = 0; i < count; i++) {
        name_grants(token, rule->name, ids[i]);
    }
    free(ids);
    vk_token_close(token);
}
