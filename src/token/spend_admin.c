/* Spend rules as the SO sets them. */
#include "policy/spend_text.h"
#include "token/journal.h"
#include "token/spend.h"
#include "token/store.h"

#include <stdlib.h>
#include <string.h>

/* ---- The frame of every change ---- */

/* What is changed, within the transaction: the scope's rules, which are forgotten at its end. */
typedef struct change {
    vk_token *token;
    vk_state *state;
    vk_spend_set *set;
    vk_buf words; /* for the journal */
} change;

static vk_status begin(vk_token *token, change *c, vk_error *err) {
    *c = (change){.token = token};
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = vk_trust_needed(token, err);
    }
    if (status == VK_OK) {
        status = vk_scope_open(token, &c->state, err);
    }
    return status == VK_OK ? vk_scope_spends(token, &c->set, err) : status;
}

static vk_status finish(change *c, vk_error *err) {
    char *words = vk_buf_take_text(&c->words);
    vk_status status = words != NULL ? VK_OK : VK_ERR_MEMORY;
    if (status == VK_OK) {
        status = vk_spends_digest(c->token, c->set, &c->set->digest);
    }
    if (status == VK_OK) {
        c->state->spend_rules = c->set->digest;
        status = vk_journal_note(c->token, VK_EVENT_SETTINGS, err, "%s", words);
    }
    vk_text_free(words);
    return status == VK_OK ? vk_scope_flush(c->token, err) : status;
}

static vk_status no_rule(const char *name, vk_error *err) {
    return vk_fail(err, VK_ERR_NOT_FOUND, "name", "there is no spend rule \"%.64s\"", name);
}

/* ---- Making and changing ---- */

static vk_status check_name(const char *name, vk_error *err) {
    size_t len = strlen(name);
    bool good = len > 0 && len <= VK_SPEND_NAME_MAX;
    for (size_t i = 0; i < len && good; i++) {
        good = name[i] >= ' ' && name[i] <= '~';
    }
    return good ? VK_OK
                : vk_fail(err, VK_ERR_FORMAT, "name",
                          "the name of a spend rule is 1 to %d printable ASCII characters",
                          VK_SPEND_NAME_MAX);
}

static vk_status check_rule(const vk_spend_rule *rule, vk_error *err) {
    if (rule->period == 0 || rule->period > VK_SPEND_PERIOD_MAX) {
        return vk_fail(err, VK_ERR_RANGE, "period",
                       "a period of %llu seconds is not from 1 second to %llu days",
                       (unsigned long long)rule->period,
                       (unsigned long long)(VK_SPEND_PERIOD_MAX / 86400));
    }
    if (rule->asset.native != vk_address_is_zero(&rule->asset.token)) {
        return vk_fail(err, VK_ERR_FORMAT, "asset",
                       "a spend rule is about native value or about a token with an address");
    }
    return check_name(rule->name, err);
}

static bool same_asset(const vk_spend_asset *a, const vk_spend_asset *b) {
    return a->native == b->native && a->chain_id == b->chain_id &&
           vk_address_equal(&a->token, &b->token);
}

static int64_t next_id(const change *c) {
    int64_t id = c->state->counter;
    for (size_t i = 0; i < c->set->count; i++) {
        id = c->set->rules[i].id > id ? c->set->rules[i].id : id;
    }
    return id + 1;
}

static vk_status add(change *c, const vk_spend_rule *wanted, vk_spend_rule **out, vk_error *err) {
    vk_spend_set *set = c->set;
    if (set->count >= VK_SPEND_RULES_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "name", "a token has at most %d spend rules",
                       VK_SPEND_RULES_MAX);
    }
    vk_spend_rule *grown = realloc(set->rules, (set->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return VK_ERR_MEMORY;
    }
    set->rules = grown;
    grown[set->count] = (vk_spend_rule){.id = next_id(c), .asset = wanted->asset};
    memcpy(grown[set->count].name, wanted->name, sizeof wanted->name);
    *out = &grown[set->count++];
    return vk_spend_write_state(c->token, *out, err);
}

static void say_rule(vk_buf *out, const vk_spend_rule *rule, const char *what) {
    vk_buf_printf(out, "the spend rule \"%s\" %s: at most ", rule->name, what);
    vk_put_spend_amount(out, &rule->asset, &rule->limit);
    vk_buf_put_text(out, " in ");
    vk_put_duration(out, rule->period);
    vk_buf_put_text(out, ", ");
    vk_put_spend_asset(out, &rule->asset);
}

static vk_status change_rule(change *c, const vk_spend_rule *wanted, vk_error *err) {
    vk_spend_rule *rule = vk_spend_find(c->set, wanted->name);
    const char *what = rule != NULL ? "is changed" : "is set";
    vk_status status = VK_OK;
    if (rule != NULL && !same_asset(&rule->asset, &wanted->asset)) {
        return vk_fail(err, VK_ERR_EXISTS, "name",
                       "the spend rule \"%s\" is about something else: remove it first",
                       rule->name);
    }
    if (rule == NULL) {
        status = add(c, wanted, &rule, err);
    }
    if (status == VK_OK) {
        rule->limit = wanted->limit;
        rule->period = wanted->period;
        say_rule(&c->words, rule, what);
        status = vk_spend_write(c->token, rule, err);
    }
    return status;
}

static vk_status set_rule(vk_token *token, const vk_spend_rule *wanted, vk_error *err) {
    change c;
    vk_status status = begin(token, &c, err);
    if (status == VK_OK) {
        status = change_rule(&c, wanted, err);
    }
    if (status == VK_OK) {
        status = finish(&c, err);
    }
    vk_buf_clear(&c.words);
    return status;
}

vk_status vk_token_spend_set(vk_token *token, const vk_spend_rule *rule, vk_error *err) {
    vk_status status = check_rule(rule, err);
    if (status == VK_OK) {
        status = vk_token_begin(token, err);
    }
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, set_rule(token, rule, err), err);
}

/* ---- Removing ---- */

static vk_status take_out(change *c, const char *name, vk_error *err) {
    vk_spend_rule *rule = vk_spend_find(c->set, name);
    if (rule == NULL) {
        return no_rule(name, err);
    }
    say_rule(&c->words, rule, "is removed");
    vk_status status = vk_spend_remove(c->token, rule->id, err);
    vk_spend_rule *end = c->set->rules + c->set->count;
    free(rule->grants);
    memmove(rule, rule + 1, (size_t)(end - rule - 1) * sizeof *rule);
    c->set->count--;
    return status;
}

static vk_status remove_rule(vk_token *token, const char *name, vk_error *err) {
    change c;
    vk_status status = begin(token, &c, err);
    if (status == VK_OK) {
        status = take_out(&c, name, err);
    }
    if (status == VK_OK) {
        status = finish(&c, err);
    }
    vk_buf_clear(&c.words);
    return status;
}

vk_status vk_token_spend_remove(vk_token *token, const char *name, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, remove_rule(token, name, err), err);
}

/* ---- Naming grants ---- */

static size_t rules_that_name(const vk_spend_set *set, const vk_hash *subject) {
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        count += vk_spend_names(&set->rules[i], subject);
    }
    return count;
}

static vk_status check_naming(const vk_spend_set *set, const vk_spend_rule *rule,
                              const vk_grant_record *grant, const vk_hash *subject, vk_error *err) {
    if (rule->asset.chain_id != grant->chain_id) {
        return vk_fail(err, VK_ERR_MISMATCH, "chainId",
                       "the spend rule \"%s\" is for chain %llu, but the grant for chain %llu",
                       rule->name, (unsigned long long)rule->asset.chain_id,
                       (unsigned long long)grant->chain_id);
    }
    if (vk_spend_names(rule, subject)) {
        return vk_fail(err, VK_ERR_EXISTS, "grant",
                       "the spend rule \"%s\" names this grant already", rule->name);
    }
    if (rule->grant_count >= VK_SPEND_GRANTS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "grant", "a spend rule names at most %d grants",
                       VK_SPEND_GRANTS_MAX);
    }
    return rules_that_name(set, subject) < VK_SPENDS_MAX
               ? VK_OK
               : vk_fail(err, VK_ERR_SIZE, "grant", "at most %d spend rules can name a grant",
                         VK_SPENDS_MAX);
}

static vk_status add_grant(vk_spend_rule *rule, const vk_hash *subject) {
    vk_hash *grown = realloc(rule->grants, (rule->grant_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return VK_ERR_MEMORY;
    }
    rule->grants = grown;
    grown[rule->grant_count++] = *subject;
    return VK_OK;
}

static vk_status drop_grant(vk_spend_rule *rule, const vk_hash *subject, vk_error *err) {
    for (size_t i = 0; i < rule->grant_count; i++) {
        if (memcmp(rule->grants[i].b, subject->b, sizeof subject->b) == 0) {
            rule->grants[i] = rule->grants[--rule->grant_count];
            return VK_OK;
        }
    }
    return vk_fail(err, VK_ERR_NOT_FOUND, "grant", "the spend rule \"%s\" does not name this grant",
                   rule->name);
}

static void say_naming(vk_buf *out, const vk_spend_rule *rule, const vk_grant_record *grant,
                       const uint8_t point65[65], bool is_named) {
    vk_buf_printf(out, "the spend rule \"%s\" %s the grant of the key ", rule->name,
                  is_named ? "names" : "does not name any more");
    vk_hex_put(out, (vk_bytes){point65, 65});
    vk_buf_put_text(out, " for the account ");
    vk_put_address(out, &grant->account);
    vk_buf_put_text(out, " on ");
    vk_put_chain(out, grant->chain_id);
}

static vk_status change_naming(change *c, const char *name, const vk_grant_record *grant,
                               bool is_named, vk_error *err) {
    int64_t version;
    uint8_t point65[65];
    vk_hash subject;
    vk_spend_rule *rule = vk_spend_find(c->set, name);
    if (rule == NULL) {
        return no_rule(name, err);
    }
    vk_status status = vk_store_key_point(c->token, grant->key_id, &version, point65, err);
    if (status == VK_OK) {
        status = vk_scope_subject(c->token, grant, version, &subject, err);
    }
    if (status == VK_OK && is_named) {
        status = check_naming(c->set, rule, grant, &subject, err);
    }
    if (status == VK_OK) {
        status = is_named ? add_grant(rule, &subject) : drop_grant(rule, &subject, err);
    }
    if (status == VK_OK) {
        say_naming(&c->words, rule, grant, point65, is_named);
        status = vk_spend_write(c->token, rule, err);
    }
    return status;
}

static vk_status name_grant(vk_token *token, const char *name, const vk_grant_record *grant,
                            bool is_named, vk_error *err) {
    change c;
    vk_status status = begin(token, &c, err);
    if (status == VK_OK) {
        status = change_naming(&c, name, grant, is_named, err);
    }
    if (status == VK_OK) {
        status = finish(&c, err);
    }
    vk_buf_clear(&c.words);
    return status;
}

vk_status vk_token_spend_name(vk_token *token, const char *name, const vk_grant_record *grant,
                              bool is_named, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, name_grant(token, name, grant, is_named, err), err);
}
