#include "gate/internal.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

#define LOAD_TRIES 10

static void destroy(vk_loaded *loaded) {
    for (size_t i = 0; i < loaded->grant_count; i++) {
        vk_grant_record_clear(&loaded->grants[i].record);
        vk_grant_clear(&loaded->grants[i].grant);
        free(loaded->grants[i].spends);
    }
    free(loaded->grants);
    vk_policy_clear(&loaded->policy);
    vk_key_record_clear(&loaded->record);
    vk_key_free(loaded->key);
    if (loaded->step_up != NULL) {
        vk_step_up_clear(loaded->step_up);
        free(loaded->step_up);
    }
    free(loaded);
}

void vk_loaded_put(vk_loaded *loaded) {
    if (loaded != NULL && atomic_fetch_sub(&loaded->users, 1) == 1) {
        destroy(loaded);
    }
}

static vk_loaded **bucket_of(vk_gate *gate, int64_t key_id) {
    return &gate->table.buckets[(uint64_t)key_id % VK_LOADED_BUCKETS];
}

/* Takes the key out of the table; the table's own use of it ends. */
static void drop(vk_gate *gate, vk_loaded **link) {
    vk_loaded *loaded = *link;
    *link = loaded->next;
    gate->table.count--;
    vk_loaded_put(loaded);
}

static void drop_all(vk_gate *gate) {
    for (size_t i = 0; i < VK_LOADED_BUCKETS; i++) {
        while (gate->table.buckets[i] != NULL) {
            drop(gate, &gate->table.buckets[i]);
        }
    }
}

void vk_loaded_forget_all(vk_gate *gate) {
    pthread_mutex_lock(&gate->lock);
    drop_all(gate);
    gate->forgotten++;
    pthread_mutex_unlock(&gate->lock);
}

/* Where the key hangs; NULL stands there if it is not loaded. */
static vk_loaded **link_of(vk_gate *gate, int64_t key_id) {
    vk_loaded **link = bucket_of(gate, key_id);
    while (*link != NULL && (*link)->record.id != key_id) {
        link = &(*link)->next;
    }
    return link;
}

static void drop_key(vk_gate *gate, int64_t key_id) {
    vk_loaded **link = link_of(gate, key_id);
    if (*link != NULL) {
        drop(gate, link);
    }
}

void vk_loaded_forget(vk_gate *gate, int64_t key_id) {
    pthread_mutex_lock(&gate->lock);
    drop_key(gate, key_id);
    pthread_mutex_unlock(&gate->lock);
}

static vk_loaded *look_up(vk_gate *gate, int64_t key_id, uint64_t generation) {
    vk_loaded **link = link_of(gate, key_id), *loaded = *link;
    if (loaded == NULL) {
        return NULL;
    }
    if (loaded->generation != generation) {
        drop(gate, link);
        return NULL;
    }
    atomic_fetch_add(&loaded->users, 1);
    return loaded;
}

static void insert(vk_gate *gate, vk_loaded *loaded) {
    drop_key(gate, loaded->record.id);
    if (gate->table.count >= VK_LOADED_MAX) {
        drop_all(gate);
    }
    vk_loaded **bucket = bucket_of(gate, loaded->record.id);
    atomic_fetch_add(&loaded->users, 1);
    loaded->next = *bucket;
    *bucket = loaded;
    gate->table.count++;
}

static vk_status load_policy(vk_loaded *loaded, vk_error *err) {
    const char *policy = loaded->record.policy;
    vk_status status = vk_gate_signer(&loaded->record, &loaded->signer);
    if (status != VK_OK || policy == NULL) {
        return status;
    }
    status = vk_sha256((vk_bytes){(const uint8_t *)policy, strlen(policy)}, &loaded->policy_hash);
    return status == VK_OK ? vk_policy_read(policy, strlen(policy), &loaded->policy, err) : status;
}

/* grant_ids: those that the seal vouches for. */
static vk_status load_secret(vk_gate *gate, vk_loaded *loaded, vk_buf *grant_ids, vk_error *err) {
    uint8_t secret32[32];
    vk_status status = vk_token_key_unseal(gate->token, &loaded->record, secret32, grant_ids, err);
    if (status == VK_OK && loaded->record.home == VK_HOME_TOKEN) {
        status = vk_key_load(loaded->record.curve, secret32, &loaded->key);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

static vk_status load_grant(vk_loaded *loaded, vk_grant_record *record, vk_error *err) {
    vk_loaded_grant *grant = &loaded->grants[loaded->grant_count];
    vk_status status = vk_grant_read_checked(record->json, strlen(record->json), &loaded->policy,
                                             &loaded->signer, &grant->grant, err);
    if (status == VK_OK) {
        grant->record = *record;
        *record = (vk_grant_record){0};
        loaded->grant_count++;
    }
    return status;
}

static bool are_same(const vk_grant_record *records, size_t count, const vk_buf *grant_ids) {
    bool same = grant_ids->len == count * sizeof(int64_t);
    for (size_t i = 0; i < count && same; i++) {
        same = memcmp(grant_ids->data + i * sizeof(int64_t), &records[i].id, sizeof(int64_t)) == 0;
    }
    return same;
}

/* VK_ERR_MISMATCH: others than a moment ago. */
static vk_status read_grants(vk_gate *gate, const vk_loaded *loaded, const vk_buf *grant_ids,
                             vk_grant_record **out, size_t *count, vk_error *err) {
    vk_status status = vk_token_grants(gate->token, loaded->record.id, out, count, err);
    if (status == VK_OK && !are_same(*out, *count, grant_ids)) {
        vk_grant_records_free(*out, *count);
        return vk_fail(err, VK_ERR_MISMATCH, NULL, "the key's grants were changed");
    }
    return status;
}

static vk_status load_grants(vk_gate *gate, vk_loaded *loaded, const vk_buf *grant_ids,
                             vk_error *err) {
    if (loaded->policy.count == 0) {
        return VK_OK;
    }
    vk_grant_record *records = NULL;
    size_t count = 0;
    vk_status status = read_grants(gate, loaded, grant_ids, &records, &count, err);
    if (status != VK_OK) {
        return status;
    }
    loaded->grants = calloc(count > 0 ? count : 1, sizeof *loaded->grants);
    status = loaded->grants == NULL ? VK_ERR_MEMORY : VK_OK;
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        status = load_grant(loaded, &records[i], err);
    }
    vk_grant_records_free(records, count);
    return status;
}

bool vk_loaded_is_counted(const vk_loaded *loaded) {
    for (size_t i = 0; i < loaded->grant_count; i++) {
        if (loaded->grants[i].spend_count > 0) {
            return true;
        }
    }
    return false;
}

static vk_status load_grant_spends(const vk_loaded *loaded, vk_loaded_grant *grant,
                                   const vk_spend_set *set) {
    vk_hash subject;
    vk_status status = vk_budget_subject(loaded->record.point65, &grant->record, &subject);
    grant->spends = calloc(set->count + 1, sizeof *grant->spends);
    if (status != VK_OK || grant->spends == NULL) {
        return status != VK_OK ? status : VK_ERR_MEMORY;
    }
    for (size_t i = 0; i < set->count; i++) {
        const vk_spend_rule *rule = &set->rules[i];
        if (vk_spend_names(rule, &subject)) {
            grant->spends[grant->spend_count++] = (vk_loaded_spend){rule->id, rule->asset};
        }
    }
    return VK_OK;
}

static vk_status load_spends(vk_gate *gate, vk_loaded *loaded, vk_error *err) {
    vk_spend_set set;
    vk_status status = vk_token_spends(gate->token, &set, err);
    loaded->spend_rules = set.digest;
    for (size_t i = 0; i < loaded->grant_count && status == VK_OK; i++) {
        status = load_grant_spends(loaded, &loaded->grants[i], &set);
    }
    vk_spend_set_clear(&set);
    return status;
}

/* A key that signs everything and counts nothing is an ordinary one: the SO says whether its
 * signatures are worth a record each. */
static vk_status load_journaling(vk_gate *gate, vk_loaded *loaded, vk_error *err) {
    vk_token_settings settings;
    vk_status status = vk_token_get_settings(gate->token, &settings, err);
    bool is_plain = vk_policy_is_sudo(&loaded->policy) && !vk_policy_has_state(&loaded->policy) &&
                    !vk_loaded_is_counted(loaded) && loaded->step_up == NULL;
    loaded->journals_logins = status == VK_OK && settings.journal >= VK_JOURNAL_ON;
    loaded->is_journaled = status == VK_OK && loaded->policy.count > 0 &&
                           settings.journal >= (is_plain ? VK_JOURNAL_ALL : VK_JOURNAL_ON);
    return status;
}

/* Unsealing comes first: it is what says that the rest of the record can be trusted. */
static vk_status load_members(vk_gate *gate, vk_loaded *loaded, vk_error *err) {
    vk_buf grant_ids = {0};
    vk_status status = load_secret(gate, loaded, &grant_ids, err);
    if (status == VK_OK) {
        status = vk_token_relaxed(gate->token, &loaded->relaxed, err);
    }
    if (status == VK_OK) {
        status = load_policy(loaded, err);
    }
    if (status == VK_OK) {
        status = vk_gate_load_step_up(loaded, err);
    }
    if (status == VK_OK) {
        status = load_grants(gate, loaded, &grant_ids, err);
    }
    vk_buf_clear(&grant_ids);
    if (status == VK_OK) {
        status = load_spends(gate, loaded, err);
    }
    return status == VK_OK ? load_journaling(gate, loaded, err) : status;
}

static vk_status load_once(vk_gate *gate, int64_t key_id, uint64_t generation, vk_loaded **out,
                           vk_error *err) {
    vk_loaded *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) {
        return VK_ERR_MEMORY;
    }
    atomic_init(&loaded->users, 1);
    loaded->generation = generation;
    vk_status status = vk_token_key_get(gate->token, key_id, &loaded->record);
    if (status == VK_OK && !loaded->record.has_private) {
        status = VK_ERR_NOT_FOUND;
    }
    if (status == VK_OK) {
        status = load_members(gate, loaded, err);
    }
    if (status != VK_OK) {
        destroy(loaded);
        return status;
    }
    *out = loaded;
    return VK_OK;
}

/* A record that is changed between its reading and its unsealing is read again. */
static vk_status load(vk_gate *gate, int64_t key_id, uint64_t generation, vk_loaded **out,
                      vk_error *err) {
    vk_status status = VK_ERR_MISMATCH;
    for (int i = 0; i < LOAD_TRIES && status == VK_ERR_MISMATCH; i++) {
        status = load_once(gate, key_id, generation, out, err);
    }
    return status;
}

vk_status vk_loaded_get(vk_gate *gate, int64_t key_id, vk_loaded **out, vk_error *err) {
    uint64_t generation;
    /* A token that was taken away signs nothing more, not even what needs no record. */
    vk_status status = vk_token_check_present(gate->token, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_token_generation(gate->token, &generation);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    pthread_mutex_lock(&gate->lock);
    vk_loaded *loaded = look_up(gate, key_id, generation);
    uint64_t forgotten = gate->forgotten;
    pthread_mutex_unlock(&gate->lock);
    if (loaded == NULL) {
        status = load(gate, key_id, generation, &loaded, err);
        if (status != VK_OK) {
            return status;
        }
        pthread_mutex_lock(&gate->lock);
        /* A logout in the meantime must not leave a key behind. */
        if (forgotten == gate->forgotten) {
            insert(gate, loaded);
        }
        pthread_mutex_unlock(&gate->lock);
    }
    *out = loaded;
    return VK_OK;
}
